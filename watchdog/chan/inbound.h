/* SPDX-License-Identifier: Apache-2.0
 *
 * What the providers share when they read a request to /in/...: who sent it, values by name,
 * times. Pure; any thread.
 */
#ifndef AW_CHAN_INBOUND_H
#define AW_CHAN_INBOUND_H

#include <jansson.h>

#include "chan/chan.h"

/* A request with its JSON body parsed, where it has one. */
struct aw_letter {
    const struct aw_channel *channel;
    const struct aw_inbound *in;
    struct aw_news *news;
    bool form;    /* the body is a form */
    json_t *json; /* or NULL */
};

/* False: the body says that it is JSON and is none, and the news is refused. */
bool aw_letter_open(struct aw_letter *l, const struct aw_channel *ch, const struct aw_inbound *in,
                    struct aw_news *news);
void aw_letter_close(struct aw_letter *l);

void aw_letter_refuse(struct aw_letter *l, enum aw_problem p, const char *why);

/* Is the path's last part the channel's secret under this setting? In a time that tells nothing. */
bool aw_letter_secret(const struct aw_letter *l, const char *setting);
/* Does HTTP Basic hold this user and password? The same. */
bool aw_letter_basic(const struct aw_letter *l, const char *user, const char *password);

/* A value by its name: a member of a JSON body, else of a form, else of the query. False when there
 * is none, or it is empty, too long or unclean. */
bool aw_letter_value(const struct aw_letter *l, const char *name, char *dst, size_t cap);
/* What a person wrote: of any length and bytes, made clean and cut to fit. wide: a value of a form
 * or query is UTF-16BE. */
void aw_letter_said(const struct aw_letter *l, const char *name, bool wide, struct aw_said *said);
/* The same from UTF-8 at hand. */
void aw_said_text(struct aw_said *said, const char *text, size_t n);
/* A GET with ?echostr= asks whether we are there: the answer is that text. True: it was one. */
bool aw_letter_echo(struct aw_letter *l);
/* Text of a scalar; false for others, and for what does not fit. */
bool aw_scalar_text(const json_t *v, char *dst, size_t cap);

/* True when one of the words of `list` (blanks or commas between) is `word`. */
bool aw_has_word(const char *list, const char *word);

#endif
