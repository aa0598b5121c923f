/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person wrote back to an SMS, and the number it came from. Whatever a phone makes of four
 * digits is taken: full width, lower case, blanks and punctuation, words around them. Pure, any
 * thread; every input has an answer.
 */
#ifndef AW_CODEC_REPLY_H
#define AW_CODEC_REPLY_H

#include <stddef.h>

#define AW_CODE_LEAST  4 /* digits of a code */
#define AW_CODE_MOST   6
#define AW_REPLY_CODES 4    /* looked at in one text */
#define AW_REPLY_TEXT  2048 /* bytes of a text that are read; what follows is not */
#define AW_NUMBER_MAX  17   /* bytes of a number as text: + and 15 digits, NUL */

enum aw_reply_says {
    AW_SAYS_WORDS, /* nothing that we understand */
    AW_SAYS_CODE,  /* digits that may be a code */
    AW_SAYS_STOP,  /* no more texts to this number */
    AW_SAYS_START, /* texts again */
};

struct aw_reply_text {
    enum aw_reply_says says;
    unsigned n_codes;
    char codes[AW_REPLY_CODES][AW_CODE_MOST + 1]; /* in order of likelihood */
};

void aw_reply_read(const char *text, size_t n, struct aw_reply_text *ret);

/* The words that mean stop, and start: for the documents. NULL-terminated. */
extern const char *const aw_stop_words[], *const aw_start_words[];

/* A sender's number as E.164 ("+8613812345678"): blanks and punctuation go, 00 is +, and a number
 * without either gets `prefix` ("+86") in front, or "+" when prefix is NULL. AW_EINVAL when that
 * is no number (a sender's name, a short code). */
int aw_number_read(const char *from, const char *prefix, char ret[AW_NUMBER_MAX]);

#endif
