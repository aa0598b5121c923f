/* SPDX-License-Identifier: Apache-2.0
 *
 * How many parts an SMS takes, which is what it costs. A text of the GSM 7-bit default alphabet and
 * its extension table (3GPP TS 23.038; no national language tables) has 160 septets, or 153 in each
 * part of several; one character outside of it makes the whole text UCS-2: 70 units, or 67. A
 * character that takes two units (escape and letter, or a surrogate pair) never lies in two parts.
 * Pure, any thread.
 */
#ifndef AW_CODEC_SMS_H
#define AW_CODEC_SMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aw_sms_coding { AW_SMS_GSM7, AW_SMS_UCS2 };

struct aw_sms_count {
    enum aw_sms_coding coding;
    unsigned chars;    /* code points */
    unsigned units;    /* septets, or 16-bit units of UTF-16 */
    unsigned segments; /* 1 for an empty text, too */
    unsigned room;     /* units that still fit into the last segment */
};

/* Units of a segment: of the only one, and of each of several. */
unsigned aw_sms_single(enum aw_sms_coding coding);
unsigned aw_sms_part(enum aw_sms_coding coding);
const char *aw_sms_coding_name(enum aw_sms_coding coding); /* "GSM-7", "UCS-2" */

/* text: n bytes of valid UTF-8; what is malformed counts as '?'. */
void aw_sms_count(const char *text, size_t n, struct aw_sms_count *ret);

/* The segment, from 0, in which the byte at `at` (less than n) lies. */
unsigned aw_sms_segment_of(const char *text, size_t n, size_t at);

/* A character outside of the GSM alphabet. */
struct aw_sms_odd {
    size_t at;                 /* byte offset of the first */
    unsigned position;         /* in characters, from 1 */
    int32_t c;                 /* code point */
    const char *instead;       /* GSM text that says the same, or NULL */
    unsigned others;           /* further characters outside of the alphabet, repeats included */
    bool all;                  /* each of them has an `instead` */
    struct aw_sms_count fixed; /* with all replaced; meaningful when `all` */
};

/* False when there is none. */
bool aw_sms_odd(const char *text, size_t n, struct aw_sms_odd *ret);

#endif
