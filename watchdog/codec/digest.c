/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashes. Fetching the digest once doubles the rate of small hashes compared with EVP_sha256() per
 * call; the context is per thread for the same reason.
 */
#include "codec/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define SECRET_MAX 128 /* bytes of a decoded webhook secret */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *sha256, *sha1;

static void free_context(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    if (!sha256 || !sha1 || pthread_key_create(&context_key, free_context) != 0)
        abort();
}

static EVP_MD_CTX *context(void)
{
    pthread_once(&once, fetch);
    EVP_MD_CTX *ctx = pthread_getspecific(context_key);
    if (!ctx) {
        ctx = EVP_MD_CTX_new();
        if (!ctx || pthread_setspecific(context_key, ctx) != 0)
            abort();
    }
    return ctx;
}

void aw_sha256_2(uint8_t out[AW_SHA256], const void *a, size_t n_a, const void *b, size_t n_b)
{
    EVP_MD_CTX *ctx = context();
    if (!EVP_DigestInit_ex2(ctx, sha256, NULL) || (n_a && !EVP_DigestUpdate(ctx, a, n_a)) ||
        (n_b && !EVP_DigestUpdate(ctx, b, n_b)) || !EVP_DigestFinal_ex(ctx, out, NULL))
        abort();
}

void aw_sha256(uint8_t out[AW_SHA256], const void *p, size_t n)
{
    aw_sha256_2(out, p, n, NULL, 0);
}

void aw_sha1(uint8_t out[AW_SHA1], const void *p, size_t n)
{
    EVP_MD_CTX *ctx = context();
    if (!EVP_DigestInit_ex2(ctx, sha1, NULL) || (n && !EVP_DigestUpdate(ctx, p, n)) ||
        !EVP_DigestFinal_ex(ctx, out, NULL))
        abort();
}

void aw_hmac256(uint8_t out[AW_SHA256], const void *key, size_t n_key, const void *p, size_t n)
{
    context();
    if (n_key > INT_MAX ||
        !HMAC(sha256, n_key ? key : "", (int)n_key, n ? p : (const void *)"", n, out, NULL))
        abort();
}

bool aw_equal_ct(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void aw_webhook_sign(char dst[64], const char *secret, const char *id, int64_t ts, const char *body,
                     size_t n)
{
    uint8_t decoded[SECRET_MAX], mac[AW_SHA256];
    const void *key = secret;
    size_t n_key = strlen(secret), n_decoded;
    if (aw_starts(secret, "whsec_") &&
        aw_unb64(decoded, sizeof decoded, secret + 6, n_key - 6, &n_decoded) == 0) {
        key = decoded;
        n_key = n_decoded;
    }
    struct aw_buf signed_text = AW_BUF_INIT(SIZE_MAX / 2);
    aw_buf_printf(&signed_text, "%s.%lld.", id, (long long)ts);
    aw_buf_add(&signed_text, body, n);
    aw_hmac256(mac, key, n_key, aw_buf_str(&signed_text), signed_text.n);
    memcpy(dst, "v1,", 3);
    aw_b64(dst + 3, mac, sizeof mac);
    aw_buf_free(&signed_text);
    aw_wipe(decoded, sizeof decoded);
}
