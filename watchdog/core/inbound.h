/* SPDX-License-Identifier: Apache-2.0
 *
 * What providers say without being asked: one request to /in/... as bytes (struct aw_inbound), and
 * what a provider's `receive` makes of it (struct aw_news): an answer, receipts, replies. The same
 * receipts and replies come from reports that are pulled. Plain values; a news is bounded.
 */
#ifndef AW_CORE_INBOUND_H
#define AW_CORE_INBOUND_H

#include "base/buf.h"
#include "base/id.h"
#include "core/types.h"

#define AW_NEWS_MAX    1000                 /* receipts, or replies, of one request */
#define AW_INBOUND_MAX ((size_t)256 * 1024) /* bytes of its body */

/* A request as it came. Texts live as long as the call. */
struct aw_inbound {
    const char *channel;       /* decoded */
    const char *secret;        /* last part of the path, decoded; "" when there is none */
    const char *method;        /* GET, POST */
    const char *query;         /* raw, "" */
    const char *type;          /* Content-Type, "" */
    const char *authorization; /* "" */
    const char *body;          /* NUL behind it */
    size_t n_body;
    aw_time now;
};

/* What a provider says about something that we sent. Found by our own reference, where that came
 * back, else by the provider's id. */
struct aw_receipt {
    aw_id ref;             /* 0: none */
    char provider_id[128]; /* "": none */
    enum aw_level level;
    enum aw_negative negative;
    bool alarm; /* the account is at fault: operators are told of `code` */
    int code;   /* the provider's own, 0: none */
    bool hint;  /* proves nothing: the provider is asked about the attempt now */
    aw_time at; /* the provider's date, 0: none */
};

/* What a person answered. */
struct aw_said {
    char from[32];         /* phone number, as given but for blanks */
    char text[1024];       /* clean UTF-8, cut */
    char provider_id[128]; /* of the message answered, or of the reply; "": none */
    aw_time at;            /* 0: now */
};

struct aw_news {
    int refused;      /* 0, or the enum aw_problem that is the answer; then nothing else counts */
    char detail[160]; /* why, for people; no secret, no personal data */
    char text[320];   /* the answer's text under 200; of a single reply, what is written back */
    const char *wide; /* header that says 2 where that text goes beyond ASCII, or NULL */
    /* Where a request can be told from others: the same nonce with the same sum is a repetition,
     * with another sum a forgery. "": it cannot. */
    char nonce[40];
    uint64_t sum;
    struct aw_receipt *receipts;
    struct aw_said *replies;
    unsigned n_receipts, n_replies;
};

void aw_news_free(struct aw_news *n);
/* Zeroed and counted; NULL when there are AW_NEWS_MAX already. */
struct aw_receipt *aw_news_receipt(struct aw_news *n);
struct aw_said *aw_news_reply(struct aw_news *n);

#endif
