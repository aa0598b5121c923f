/* SPDX-License-Identifier: Apache-2.0 */
#include "http/auth.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "codec/digest.h"

#define N_ID     8
#define N_SECRET 43
#define SLOTS    1024 /* peers and keys watched; one that shares a slot takes it over */
#define MOST     10
#define WINDOW   (60 * 1000)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct slot {
    uint64_t peer; /* hash; 0: free */
    aw_boot since;
    unsigned failures;
};

struct bucket {
    int64_t key; /* 0: free */
    aw_boot at;
    uint64_t millis; /* thousandths of a request */
};

struct aw_auth {
    pthread_mutex_t lock;
    uint8_t key[16];
    struct slot slots[SLOTS];
    struct bucket buckets[SLOTS];
};

void aw_secret_new(char secret[AW_TOKEN_TEXT], uint8_t hash[32])
{
    uint8_t raw[32];
    aw_random(raw, sizeof(raw));
    aw_b64url(secret, raw, sizeof(raw));
    aw_wipe(raw, sizeof(raw));
    aw_sha256(hash, secret, strlen(secret));
}

void aw_token_text(char dst[AW_TOKEN_TEXT], int64_t key, const char *secret)
{
    char id[N_ID + 1];
    for (int i = N_ID - 1; i >= 0; i--, key >>= 5)
        id[i] = digits[key & 31];
    id[N_ID] = 0;
    snprintf(dst, AW_TOKEN_TEXT, "aw_%s_%.43s", id, secret);
}

int aw_token_read(const char *token, int64_t *ret_key, uint8_t ret_hash[32])
{
    int64_t key = 0;
    if (strlen(token) != 3 + N_ID + 1 + N_SECRET || memcmp(token, "aw_", 3) != 0 ||
        token[3 + N_ID] != '_')
        return AW_EINVAL;
    for (int i = 0; i < N_ID; i++) {
        const char *at = strchr(digits, token[3 + i]);
        if (!at)
            return AW_EINVAL;
        key = key << 5 | (at - digits);
    }
    aw_sha256(ret_hash, token + 3 + N_ID + 1, N_SECRET);
    *ret_key = key;
    return 0;
}

struct aw_auth *aw_auth_new(void)
{
    struct aw_auth *a = aw_calloc(1, sizeof(*a));
    pthread_mutex_init(&a->lock, NULL);
    aw_random(a->key, sizeof(a->key));
    return a;
}

void aw_auth_free(struct aw_auth *a)
{
    if (!a)
        return;
    pthread_mutex_destroy(&a->lock);
    aw_free(a);
}

bool aw_auth_failed(struct aw_auth *a, const char *peer, aw_boot now)
{
    uint64_t hash = aw_siphash(a->key, peer, strlen(peer)) | 1;
    struct slot *s = &a->slots[(hash >> 1) % SLOTS];

    pthread_mutex_lock(&a->lock);
    if (s->peer != hash || now - s->since >= WINDOW)
        *s = (struct slot){.peer = hash, .since = now};
    if (s->failures <= MOST)
        s->failures++;
    bool many = s->failures > MOST;
    pthread_mutex_unlock(&a->lock);
    return many;
}

bool aw_auth_spend(struct aw_auth *a, int64_t key, unsigned rate, aw_boot now, unsigned *ret_left)
{
    struct bucket *b = &a->buckets[(uint64_t)key % SLOTS];
    uint64_t most = (uint64_t)rate * 1000;

    pthread_mutex_lock(&a->lock);
    if (b->key != key)
        *b = (struct bucket){.key = key, .at = now, .millis = most};
    uint64_t gained = now > b->at ? (uint64_t)(now - b->at) * rate : 0;
    b->millis = b->millis + gained > most ? most : b->millis + gained;
    b->at = now;
    bool fine = b->millis >= 1000;
    if (fine)
        b->millis -= 1000;
    *ret_left = (unsigned)(b->millis / 1000);
    pthread_mutex_unlock(&a->lock);
    return fine;
}
