/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of single fields. They refuse, they never repair.
 */
#include <string.h>

#include "base/str.h"
#include "codec/fields.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool aw_valid_user(const char *s)
{
    size_t n = strlen(s);
    return n >= 1 && n <= AW_USER_MAX && aw_utf8_clean(s, n, false);
}

bool aw_valid_device(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++)
        if (!is_letter(s[n]) && !is_digit(s[n]) && !strchr("._-", s[n]))
            return false;
    return n >= 1 && n <= AW_DEVICE_TEXT;
}

bool aw_valid_phone(const char *s)
{
    if (s[0] != '+' || s[1] < '1' || s[1] > '9')
        return false;
    size_t n = 1;
    while (is_digit(s[n + 1]))
        n++;
    return !s[n + 1] && n >= 7 && n <= 15;
}

/* Labels of letters, digits and inner hyphens, joined by single dots. */
static bool valid_domain(const char *s)
{
    char before = '.';
    if (!*s || strlen(s) > 255)
        return false;
    for (; *s; before = *s++) {
        bool edge = before == '.' || s[1] == '.' || !s[1];
        if (!is_letter(*s) && !is_digit(*s) && (edge || (*s != '-' && *s != '.')))
            return false;
    }
    return true;
}

bool aw_valid_email(const char *s)
{
    const char *at = strchr(s, '@');
    if (!at || at == s || at - s > 64)
        return false;
    for (const char *p = s; p != at; p++) /* ASCII: we do not speak SMTPUTF8 */
        if (*p <= ' ' || *p >= 0x7f || strchr("<>\"(),:;\\", *p))
            return false;
    return valid_domain(at + 1);
}

/* ISO 639-1: a text is most often given a country (cn, jp) or a word in the place of a language. */
static const char languages[] =
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy "
    "da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy "
    "hz "
    "ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li "
    "ln "
    "lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa "
    "pi "
    "pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th "
    "ti "
    "tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ";

bool aw_valid_lang(const char *s)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz",
                      upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t n = strspn(s, lower);
    const char code[] = {s[0], n > 1 ? s[1] : ' ', ' ', '\0'};
    if ((n != 2 && n != 3) || (n == 2 && strstr(languages, code) == NULL))
        return false;
    s += n;
    if (s[0] == '-' && strspn(s + 1, upper) == 1 && strspn(s + 2, lower) == 3)
        s += 5; /* Hans */
    if (s[0] == '-' && (strspn(s + 1, upper) == 2 || strspn(s + 1, "0123456789") == 3))
        s += strspn(s + 1, upper) == 2 ? 3 : 4; /* CN, 419 */
    return s[0] == '\0';
}

/* Blocks beyond ASCII that hold punctuation, blanks, symbols, private or invisible characters. */
static bool is_no_letter(int32_t c)
{
    static const struct {
        int32_t first, last;
    } blocks[] = {
        {0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},       {0xbb, 0xbf},
        {0xd7, 0xd7},     {0xf7, 0xf7},     {0x2000, 0x2bff},   {0x2e00, 0x2e7f},
        {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030},   {0xe000, 0xf8ff},
        {0xfe00, 0xfe6f}, {0xfeff, 0xff0f}, {0xff1a, 0xff20},   {0xff3b, 0xff40},
        {0xff5b, 0xff65}, {0xffe0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (c >= blocks[i].first && c <= blocks[i].last)
            return true;
    return false;
}

bool aw_valid_traceparent(const char *s)
{
    static const char shape[] = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
    bool id = false, parent = false; /* not all zeros */
    size_t i = 0;
    for (; s[i] && shape[i]; i++) {
        if (shape[i] == 'h' ? !strchr("0123456789abcdef", s[i]) : s[i] != shape[i])
            return false;
        id |= i >= 3 && i < 35 && s[i] != '0';
        parent |= i >= 36 && i < 52 && s[i] != '0';
    }
    return !s[i] && !shape[i] && id && parent;
}

bool aw_valid_name(const char *s)
{
    size_t n = strlen(s);
    if (n < 1 || n > AW_NAME_MAX || s[0] == '.' || s[0] == '-')
        return false;
    for (const char *end = s + n; s != end;) {
        int32_t c = aw_utf8_next(&s, end);
        bool plain = c < 0x80 && c > 0 &&
                     (is_letter((char)c) || is_digit((char)c) || strchr("._-", (char)c));
        if (!plain && (c < 0x80 || is_no_letter(c)))
            return false;
    }
    return true;
}
