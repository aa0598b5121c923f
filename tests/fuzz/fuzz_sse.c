/* SPDX-License-Identifier: Apache-2.0
 *
 * ctl/sse.h: in whatever pieces the bytes come, the events are the same. First byte: the size of
 * the pieces.
 */
#include "ctl/sse.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t key[16];

struct sum {
    uint64_t hash;
    unsigned n;
};

static bool take(void *arg, const struct aw_sse_event *e)
{
    struct sum *s = arg;
    const char *texts[] = {e->id, e->type, e->data ? e->data : "\x01"};
    for (int i = 0; i < 3; i++)
        s->hash = s->hash * 31 + aw_siphash(key, texts[i], strlen(texts[i]));
    if (strchr(e->id, '\n') || strchr(e->type, '\n'))
        abort();
    return ++s->n < 1000;
}

static struct sum run(const char *p, size_t n, size_t piece)
{
    struct sum sum = {0};
    struct aw_sse s;
    aw_sse_init(&s, take, &sum);
    for (size_t at = 0; at < n; at += piece)
        if (!aw_sse_feed(&s, p + at, n - at < piece ? n - at : piece))
            break;
    aw_sse_free(&s);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2 || n > 65536)
        return 0;
    struct sum whole = run((const char *)p + 1, n - 1, n);
    struct sum parts = run((const char *)p + 1, n - 1, 1 + p[0] % 16);
    if (whole.hash != parts.hash || whole.n != parts.n)
        abort();
    return 0;
}
