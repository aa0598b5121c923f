/* SPDX-License-Identifier: Apache-2.0
 *
 * The log in the words of people: what an entry means and why it was decided, in English and
 * Chinese. Pure.
 */
#ifndef AW_CODEC_WORDS_H
#define AW_CODEC_WORDS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"

/* A word of the project (state, level, kind, reason, kind of entry); unknown ones as they are. */
const char *aw_word(enum aw_lang lang, const char *word);

/* What happened: "sms sent to the provider", "delivered (report)", "exhausted". */
void aw_words_entry(enum aw_lang lang, const json_t *entry, struct aw_buf *out);
/* Why: "its time had come", "delivered already"; adds nothing when the entry names no reason. */
void aw_words_why(enum aw_lang lang, const json_t *entry, struct aw_buf *out);

/* True for an entry that says to people what another one says, too: the acceptance beside the
 * outcome, the bad address beside the refusal, the end of the message beside that of its timeline.
 * JSON has them all. */
bool aw_words_again(const json_t *entry);

#endif
