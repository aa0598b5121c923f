/* SPDX-License-Identifier: Apache-2.0
 *
 * See sms.h. The alphabet is sorted code points for bsearch; one walker (struct fill) puts the
 * characters into segments, and all questions are answered by it.
 */
#include "codec/sms.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* 3GPP TS 23.038 6.2.1, outside of ASCII. */
static const uint16_t basic[] = {0x00a1, 0x00a3, 0x00a4, 0x00a5, 0x00a7, 0x00bf, 0x00c4, 0x00c5,
                                 0x00c6, 0x00c7, 0x00c9, 0x00d1, 0x00d6, 0x00d8, 0x00dc, 0x00df,
                                 0x00e0, 0x00e4, 0x00e5, 0x00e6, 0x00e8, 0x00e9, 0x00ec, 0x00f1,
                                 0x00f2, 0x00f6, 0x00f8, 0x00f9, 0x00fc, 0x0393, 0x0394, 0x0398,
                                 0x039b, 0x039e, 0x03a0, 0x03a3, 0x03a6, 0x03a8, 0x03a9};
/* 6.2.1.1: behind an escape, two septets. */
static const char extension[] = "\f^{}\\[~]|";
#define EURO 0x20ac

/* What says the same in the alphabet: what word processors and keyboards put in unasked. */
static const struct instead {
    uint16_t c;
    char text[4];
} insteads[] = {
    {0x0009, " "},  {0x0060, "'"},  {0x00a0, " "},   {0x00a6, "|"},   {0x00a9, "(c)"},
    {0x00ab, "\""}, {0x00ad, "-"},  {0x00ae, "(R)"}, {0x00b4, "'"},   {0x00b7, "-"},
    {0x00bb, "\""}, {0x00c0, "A"},  {0x00c1, "A"},   {0x00c2, "A"},   {0x00c3, "A"},
    {0x00c8, "E"},  {0x00ca, "E"},  {0x00cb, "E"},   {0x00cc, "I"},   {0x00cd, "I"},
    {0x00ce, "I"},  {0x00cf, "I"},  {0x00d2, "O"},   {0x00d3, "O"},   {0x00d4, "O"},
    {0x00d5, "O"},  {0x00d7, "x"},  {0x00d9, "U"},   {0x00da, "U"},   {0x00db, "U"},
    {0x00dd, "Y"},  {0x00e1, "a"},  {0x00e2, "a"},   {0x00e3, "a"},   {0x00e7, "c"},
    {0x00ea, "e"},  {0x00eb, "e"},  {0x00ed, "i"},   {0x00ee, "i"},   {0x00ef, "i"},
    {0x00f3, "o"},  {0x00f4, "o"},  {0x00f5, "o"},   {0x00fa, "u"},   {0x00fb, "u"},
    {0x00fd, "y"},  {0x00ff, "y"},  {0x0160, "S"},   {0x0161, "s"},   {0x017d, "Z"},
    {0x017e, "z"},  {0x2002, " "},  {0x2003, " "},   {0x2009, " "},   {0x200b, ""},
    {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},   {0x2013, "-"},   {0x2014, "-"},
    {0x2015, "-"},  {0x2018, "'"},  {0x2019, "'"},   {0x201a, "'"},   {0x201c, "\""},
    {0x201d, "\""}, {0x201e, "\""}, {0x2022, "-"},   {0x2026, "..."}, {0x202f, " "},
    {0x2032, "'"},  {0x2033, "\""}, {0x2039, "'"},   {0x203a, "'"},   {0x2122, "TM"},
    {0x2212, "-"},  {0xfeff, ""},
};

static int by_code(const void *key, const void *item)
{
    uint16_t a = *(const uint16_t *)key, b;
    memcpy(&b, item, sizeof(b)); /* the first member of a struct instead, too */
    return (a > b) - (a < b);
}

/* Septets of a character, 0: not in the alphabet. */
static unsigned septets(int32_t c)
{
    uint16_t key = (uint16_t)c;
    if (c == EURO || (c > 0 && c < 0x80 && strchr(extension, c)))
        return 2;
    if (c < 0x80)
        return (c >= 0x20 && c != '`' && c != 0x7f) || c == '\n' || c == '\r';
    return c < 0x10000 && bsearch(&key, basic, AW_COUNT(basic), sizeof(basic[0]), by_code) != NULL;
}

static const char *instead_of(int32_t c)
{
    uint16_t key = (uint16_t)c;
    const struct instead *i =
        c < 0x10000 ? bsearch(&key, insteads, AW_COUNT(insteads), sizeof(insteads[0]), by_code)
                    : NULL;
    return i ? i->text : NULL;
}

static int32_t next(const char **pp, const char *end)
{
    const char *from = *pp;
    int32_t c = aw_utf8_next(pp, end);
    if (c >= 0)
        return c;
    *pp = from + 1;
    return '?';
}

/* Characters on their way into segments of `size` units. */
struct fill {
    enum aw_sms_coding coding;
    unsigned size, chars, units, segment, used;
};

static void fill_one(struct fill *f, int32_t c)
{
    unsigned w = f->coding == AW_SMS_GSM7 ? septets(c) : 1 + (c >= 0x10000);
    f->chars++;
    f->units += w;
    if (f->used + w > f->size) {
        f->segment++;
        f->used = 0;
    }
    f->used += w;
}

static void fill_all(struct fill *f, const char *p, const char *end, bool replaced)
{
    while (p < end) {
        int32_t c = next(&p, end);
        const char *i = replaced && !septets(c) ? instead_of(c) : NULL;
        if (!i)
            fill_one(f, c);
        for (; i && *i; i++)
            fill_one(f, *i);
    }
}

static void count(enum aw_sms_coding coding, const char *p, const char *end, bool replaced,
                  struct aw_sms_count *ret)
{
    struct fill f = {coding, UINT32_MAX, 0, 0, 0, 0};
    fill_all(&f, p, end, replaced);
    unsigned size = aw_sms_single(coding);
    if (f.units > size) {
        size = aw_sms_part(coding);
        f = (struct fill){.coding = coding, .size = size};
        fill_all(&f, p, end, replaced);
    }
    *ret = (struct aw_sms_count){coding, f.chars, f.units, f.segment + 1, size - f.used};
}

static enum aw_sms_coding coding_of(const char *p, const char *end)
{
    while (p < end)
        if (!septets(next(&p, end)))
            return AW_SMS_UCS2;
    return AW_SMS_GSM7;
}

unsigned aw_sms_single(enum aw_sms_coding coding)
{
    return coding == AW_SMS_GSM7 ? 160 : 70;
}

unsigned aw_sms_part(enum aw_sms_coding coding)
{
    return coding == AW_SMS_GSM7 ? 153 : 67;
}

const char *aw_sms_coding_name(enum aw_sms_coding coding)
{
    return coding == AW_SMS_GSM7 ? "GSM-7" : "UCS-2";
}

void aw_sms_count(const char *text, size_t n, struct aw_sms_count *ret)
{
    count(coding_of(text, text + n), text, text + n, false, ret);
}

unsigned aw_sms_segment_of(const char *text, size_t n, size_t at)
{
    struct aw_sms_count whole;
    aw_sms_count(text, n, &whole);
    struct fill f = {.coding = whole.coding,
                     .size = whole.segments > 1 ? aw_sms_part(whole.coding)
                                                : aw_sms_single(whole.coding)};
    const char *p = text, *upto = text + at;
    while (p <= upto)
        fill_one(&f, next(&p, text + n));
    return f.segment;
}

bool aw_sms_odd(const char *text, size_t n, struct aw_sms_odd *ret)
{
    const char *p = text, *end = text + n;
    unsigned position = 0, odd = 0;
    *ret = (struct aw_sms_odd){.all = true};
    while (p < end) {
        const char *at = p;
        int32_t c = next(&p, end);
        position++;
        if (septets(c))
            continue;
        const char *instead = instead_of(c);
        if (odd++ == 0) {
            ret->at = (size_t)(at - text);
            ret->position = position;
            ret->c = c;
            ret->instead = instead;
        }
        ret->all = ret->all && instead;
    }
    if (odd == 0)
        return false;
    ret->others = odd - 1;
    if (ret->all)
        count(AW_SMS_GSM7, text, end, true, &ret->fixed);
    return true;
}
