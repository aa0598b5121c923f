/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports that a provider hands out once, to whoever asks first. So we are the only reader of an
 * account: one question at a time, by one channel where several share it, and the next one leaves
 * only after the turn that made the answer to the last durable. What was handed out travels as
 * receipts and replies ahead of the report itself.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define PULL_PACE   (5 * AW_SECOND) /* the provider wants no more */
#define PULL_FAILED AW_MINUTE
#define PULL_FULL   500 /* a full batch: there is more */
#define PULL_MOST   AW_HOUR

/* The first channel of an account pulls for all of them. */
static bool reads(const struct aw_loop *l, const struct aw_channel *ch)
{
    const struct aw_env_conf *conf = l->live->conf;
    char ours[AW_ACCOUNT_MAX], its[AW_ACCOUNT_MAX];

    aw_channel_account(ch, ours);
    for (const struct aw_channel *c = conf->channels; c != ch; c++) {
        aw_channel_account(c, its);
        if (strcmp(its, ours) == 0 && aw_streq(aw_channel_get(c, "reports"), "pull"))
            return false;
    }
    return true;
}

void aw_pull(struct aw_loop *l, const struct aw_channel *ch, aw_time *next)
{
    struct aw_account *a = aw_account(l, ch->name);
    struct aw_query *q;

    if (a->asking || !reads(l, ch))
        return;                          /* the answer wakes us */
    if (a->pull_at > l->now + PULL_MOST) /* wall time was set back */
        a->pull_at = l->now;
    if (a->pull_at > l->now) {
        if (!*next || a->pull_at < *next)
            *next = a->pull_at;
        return;
    }
    q = aw_calloc(1, sizeof(*q));
    q->channel = ch;
    q->what = a->replies_next ? AW_ASK_REPLIES : AW_ASK_REPORTS;
    q->now = l->now;
    a->asking = 1;
    aw_fx_query(l, q);
}

/* Reports and replies in turn, each as often as the channel says. */
void aw_pulled(struct aw_loop *l, struct aw_account *a, const struct aw_report *rep)
{
    aw_ms every = aw_channel_num(rep->channel, "report_every", 15 * AW_SECOND);
    bool replies = rep->what == AW_ASK_REPLIES;

    if (!rep->answered) {
        a->pull_at = l->now + (every > PULL_FAILED ? every : PULL_FAILED);
        return;
    }
    if (rep->n_taken < PULL_FULL)
        a->replies_next = !replies;
    a->pull_at = l->now + PULL_PACE;
    if (replies && rep->n_taken < PULL_FULL && every > 2 * PULL_PACE)
        a->pull_at = l->now + every - PULL_PACE;
}
