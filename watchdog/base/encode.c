/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex and both kinds of base64. Decoding is strict: what is not the one encoding of some bytes is
 * refused, so that two texts never mean the same token.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

void aw_hex(char *dst, const void *src, size_t n)
{
    const uint8_t *p = src;
    for (size_t i = 0; i < n; i++) {
        *dst++ = "0123456789abcdef"[p[i] >> 4];
        *dst++ = "0123456789abcdef"[p[i] & 15];
    }
    *dst = 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int aw_unhex(void *dst, const char *src, size_t n_src)
{
    uint8_t *out = dst;
    if (n_src % 2)
        return AW_EINVAL;
    for (size_t i = 0; i < n_src; i += 2) {
        int high = nibble(src[i]), low = nibble(src[i + 1]);
        if (high < 0 || low < 0)
            return AW_EINVAL;
        *out++ = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(char *dst, const char *set, bool pad, const uint8_t *p, size_t n)
{
    for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
        *dst++ = set[v >> 18];
        *dst++ = set[v >> 12 & 63];
        if (n > 1 || pad)
            *dst++ = n > 1 ? set[v >> 6 & 63] : '=';
        if (n > 2 || pad)
            *dst++ = n > 2 ? set[v & 63] : '=';
    }
    *dst = 0;
}

static int sextet(char c, const char *set)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == set[62] ? 62 : c == set[63] ? 63 : -1;
}

/* src without padding. */
static int decode(uint8_t *dst, size_t cap, const char *set, const char *src, size_t n,
                  size_t *ret_n)
{
    size_t n_out = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
    if (n % 4 == 1)
        return AW_EINVAL;
    if (n_out > cap)
        return AW_ELIMIT;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < n; i++) {
        int v = sextet(src[i], set);
        if (v < 0)
            return AW_EINVAL;
        bits = bits << 6 | (uint32_t)v;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            *dst++ = (uint8_t)(bits >> n_bits);
            bits &= (1u << n_bits) - 1;
        }
    }
    if (bits)
        return AW_EINVAL; /* left-over bits must be zero */
    *ret_n = n_out;
    return 0;
}

void aw_b64url(char *dst, const void *src, size_t n)
{
    encode(dst, url, false, src, n);
}

int aw_unb64url(void *dst, size_t cap, const char *src, size_t n_src, size_t *ret_n)
{
    return decode(dst, cap, url, src, n_src, ret_n);
}

void aw_b64(char *dst, const void *src, size_t n)
{
    encode(dst, standard, true, src, n);
}

int aw_unb64(void *dst, size_t cap, const char *src, size_t n_src, size_t *ret_n)
{
    if (n_src % 4)
        return AW_EINVAL;
    for (int pads = 0; pads < 2 && n_src && src[n_src - 1] == '='; pads++)
        n_src--;
    return decode(dst, cap, standard, src, n_src, ret_n);
}
