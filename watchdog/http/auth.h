/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of keys: "aw_" + 8 Crockford characters of the key's number + "_" + 43 base64url
 * characters of secret. Stored is only the SHA-256 of the secret part. And two counts in tables of
 * fixed size: failures per peer, requests per key. Any thread.
 */
#ifndef AW_HTTP_AUTH_H
#define AW_HTTP_AUTH_H

#include "core/ports.h"

#define AW_TOKEN_TEXT 64 /* 3 + 8 + 1 + 43 and NUL, rounded up */

/* A fresh secret part and its hash; the number is known only once the key is stored. */
void aw_secret_new(char secret[AW_TOKEN_TEXT], uint8_t hash[32]);
void aw_token_text(char dst[AW_TOKEN_TEXT], int64_t key, const char *secret);
/* The key and the hash of a token's text. AW_EINVAL. */
int aw_token_read(const char *token, int64_t *ret_key, uint8_t ret_hash[32]);

struct aw_auth;
struct aw_auth *aw_auth_new(void);
void aw_auth_free(struct aw_auth *a);
/* Counts a failure of peer; true when it is one too many (more than 10 within a minute). */
bool aw_auth_failed(struct aw_auth *a, const char *peer, aw_boot now);
/* Takes a request out of the bucket of a key that holds `rate` and gains as many a second; false
 * when it is empty. *ret_left: whole requests left. */
bool aw_auth_spend(struct aw_auth *a, int64_t key, unsigned rate, aw_boot now, unsigned *ret_left);

#endif
