/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 and HMAC-SHA256 through OpenSSL's EVP, digest fetched once per process. Abort on
 * internal failure of libcrypto: there is no state to go on with. Any thread.
 */
#ifndef AW_CODEC_DIGEST_H
#define AW_CODEC_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AW_SHA256 32

void aw_sha256(uint8_t out[AW_SHA256], const void *p, size_t n);
/* Over two pieces, for prefixes such as the 0x00 and 0x01 of RFC 6962. */
void aw_sha256_2(uint8_t out[AW_SHA256], const void *a, size_t n_a, const void *b, size_t n_b);
/* For those who sign with it. */
#define AW_SHA1 20
void aw_sha1(uint8_t out[AW_SHA1], const void *p, size_t n);
void aw_hmac256(uint8_t out[AW_SHA256], const void *key, size_t n_key, const void *p, size_t n);
bool aw_equal_ct(const void *a, const void *b, size_t n); /* constant time */

/* Standard Webhooks: "v1,<base64>" of HMAC(secret, id "." ts "." body). secret is "whsec_<base64>"
 * or raw text. dst holds 64 bytes. https://www.standardwebhooks.com */
void aw_webhook_sign(char dst[64], const char *secret, const char *id, int64_t ts, const char *body,
                     size_t n);

#endif
