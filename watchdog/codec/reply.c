/* SPDX-License-Identifier: Apache-2.0
 *
 * A text is reduced to its letters (upper case, without blanks) and its groups of digits. The
 * letters decide about STOP and START, the groups are codes. No allocation.
 */
#include "codec/reply.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "codec/fields.h"

#define LETTERS 32 /* bytes; more is no word of ours */
#define GROUPS  8  /* of digits that are looked at */

/* What carriers and their customers use: the English words everywhere, TD (tui ding), T and N in
 * mainland China, beside the Chinese ones in both scripts. */
const char *const aw_stop_words[] = {"STOP", "STOPALL", "UNSUBSCRIBE", "QUIT", "TD",
                                     "T",    "N",       "退订",        "退訂", NULL};
const char *const aw_start_words[] = {"START", "UNSTOP", "恢复", "恢復", "订阅", "訂閱", NULL};

struct reading {
    char letters[LETTERS + 1];
    unsigned n_letters; /* bytes */
    bool many;          /* more letters than any word of ours */
    struct {
        char digits[AW_CODE_MOST + 1];
        unsigned n;    /* digits, also those that found no room */
        bool attached; /* no letter stands between it and the group before */
    } groups[GROUPS];
    unsigned n_groups;
    bool in_group, letter_since;
};

/* Full width to ASCII, small to capital. */
static int32_t plain(int32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xff01 - '!';
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static void take_digit(struct reading *r, char digit)
{
    if (!r->in_group) {
        if (r->n_groups == GROUPS)
            return;
        r->groups[r->n_groups].attached = r->n_groups > 0 && !r->letter_since;
        r->n_groups++;
    }
    unsigned *n = &r->groups[r->n_groups - 1].n;
    if (*n < AW_CODE_MOST)
        r->groups[r->n_groups - 1].digits[*n] = digit;
    *n += 1;
    r->in_group = true;
    r->letter_since = false;
}

static void take_letter(struct reading *r, const char *bytes, size_t n)
{
    r->in_group = false;
    r->letter_since = true;
    if (r->n_letters + n > LETTERS) {
        r->many = true;
        return;
    }
    memcpy(r->letters + r->n_letters, bytes, n);
    r->n_letters += (unsigned)n;
}

/* Letters are what no sign is: ASCII letters, and beyond ASCII what a name may hold. */
static void take(struct reading *r, int32_t c, const char *at, size_t n)
{
    char ascii = (char)c, text[5] = "";
    if (c >= '0' && c <= '9') {
        take_digit(r, ascii);
    } else if (c >= 'A' && c <= 'Z') {
        take_letter(r, &ascii, 1);
    } else if (c >= 0x80 && n < sizeof text && aw_valid_name(memcpy(text, at, n))) {
        take_letter(r, at, n);
    } else {
        r->in_group = false;
    }
}

/* A word of one letter is a word only when it is all there is: "N 1234" may well be a code. */
static bool says(const struct reading *r, const char *const *words)
{
    if (r->many || (r->n_letters == 1 && r->n_groups))
        return false;
    for (; *words; words++)
        if (strcmp(r->letters, *words) == 0)
            return true;
    return false;
}

static void add_code(struct aw_reply_text *ret, const char *digits)
{
    for (unsigned i = 0; i < ret->n_codes; i++)
        if (strcmp(ret->codes[i], digits) == 0)
            return;
    if (ret->n_codes < AW_REPLY_CODES)
        memcpy(ret->codes[ret->n_codes++], digits, strlen(digits) + 1);
}

/* "12 34": groups with nothing but signs between them are one code too. */
static void add_joined(const struct reading *r, struct aw_reply_text *ret)
{
    char all[AW_CODE_MOST + 1] = "";
    unsigned n = 0;
    for (unsigned i = 0; i < r->n_groups; i++) {
        if ((i && !r->groups[i].attached) || n + r->groups[i].n > AW_CODE_MOST)
            return;
        memcpy(all + n, r->groups[i].digits, r->groups[i].n);
        n += r->groups[i].n;
    }
    if (r->n_groups > 1 && n >= AW_CODE_LEAST)
        add_code(ret, all);
}

void aw_reply_read(const char *text, size_t n, struct aw_reply_text *ret)
{
    struct reading r = {.letters = ""};
    const char *end = text + aw_utf8_cut(text, n, AW_REPLY_TEXT);

    memset(ret, 0, sizeof *ret);
    while (text != end) {
        const char *at = text;
        int32_t c = aw_utf8_next(&text, end);
        if (c < 0)
            text++; /* a broken byte is no letter */
        take(&r, plain(c), at, (size_t)(text - at));
    }
    if (says(&r, aw_stop_words)) {
        ret->says = AW_SAYS_STOP;
        return;
    }
    if (says(&r, aw_start_words)) {
        ret->says = AW_SAYS_START;
        return;
    }
    add_joined(&r, ret);
    for (unsigned i = 0; i < r.n_groups; i++)
        if (r.groups[i].n >= AW_CODE_LEAST && r.groups[i].n <= AW_CODE_MOST)
            add_code(ret, r.groups[i].digits);
    if (ret->n_codes)
        ret->says = AW_SAYS_CODE;
}

int aw_number_read(const char *from, const char *prefix, char ret[AW_NUMBER_MAX])
{
    char digits[64] = "", number[96];
    size_t n = 0;
    bool plus = false;

    for (const char *p = from; *p; p++) {
        if (*p >= '0' && *p <= '9' && n + 1 < sizeof digits)
            digits[n++] = *p;
        else if (*p == '+' && n == 0 && !plus)
            plus = true;
        else if (!strchr(" -.()", *p))
            return AW_EINVAL;
    }
    bool zeros = !plus && aw_starts(digits, "00");
    aw_format(number, sizeof number, "%s%s",
              plus || zeros ? "+"
              : prefix      ? prefix
                            : "+",
              zeros ? digits + 2 : digits);
    if (strlen(number) >= AW_NUMBER_MAX || !aw_valid_phone(number))
        return AW_EINVAL;
    memcpy(ret, number, strlen(number) + 1);
    return AW_OK;
}
