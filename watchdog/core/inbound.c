/* SPDX-License-Identifier: Apache-2.0 */
#include "core/inbound.h"

#include <string.h>

#include "base/mem.h"

void aw_news_free(struct aw_news *n)
{
    aw_free(n->receipts);
    aw_free(n->replies);
    memset(n, 0, sizeof(*n));
}

/* Room for one more: arrays grow by doubling from 8. */
static void *one_more(void *array, unsigned *n, size_t size)
{
    if (*n == 0 || (*n >= 8 && (*n & (*n - 1)) == 0))
        array = aw_realloc(array, (*n ? 2 * *n : 8) * size);
    memset((char *)array + *n * size, 0, size);
    ++*n;
    return array;
}

struct aw_receipt *aw_news_receipt(struct aw_news *n)
{
    if (n->n_receipts == AW_NEWS_MAX)
        return NULL;
    n->receipts = one_more(n->receipts, &n->n_receipts, sizeof(*n->receipts));
    return &n->receipts[n->n_receipts - 1];
}

struct aw_said *aw_news_reply(struct aw_news *n)
{
    if (n->n_replies == AW_NEWS_MAX)
        return NULL;
    n->replies = one_more(n->replies, &n->n_replies, sizeof(*n->replies));
    return &n->replies[n->n_replies - 1];
}
