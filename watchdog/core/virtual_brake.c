/* SPDX-License-Identifier: Apache-2.0 */
#include "core/virtual_brake.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

bool aw_virtual_brakes(const struct aw_virtual_brake *b)
{
    return b->conf || b->rule->limits.given;
}

void aw_virtual_brake_free(struct aw_virtual_brake *b)
{
    aw_brake_free(b->books);
    aw_free(b->sent);
}

static const struct aw_brake_conf *conf_of(const struct aw_virtual_brake *b)
{
    static const struct aw_brake_conf nothing;

    return b->conf ? b->conf : &nothing;
}

static void at(struct aw_virtual_brake *b, aw_time now)
{
    if (!b->books)
        b->books = aw_brake_new();
    if (now != b->now)
        b->n_sent = 0;
    b->now = now;
}

static unsigned who_is(const struct aw_virtual_brake *b, int64_t person, enum aw_kind kind,
                       uint64_t ret[AW_WHO])
{
    static const uint8_t key[16];
    struct aw_addresses a = {0};

    b->addresses(b->ctx, person, &a);
    const char *address = aw_brake_address(&a, kind);
    return aw_brake_who(person, address ? aw_siphash(key, address, strlen(address)) : 0, ret);
}

static bool travels(const struct aw_virtual_brake *b, const struct aw_virtual_sent *s)
{
    for (unsigned i = 0; i < b->n_sent; i++)
        if (b->sent[i].person == s->person && b->sent[i].step == s->step &&
            b->sent[i].kind == s->kind && b->sent[i].round == s->round)
            return true;
    return false;
}

void aw_virtual_restrain(struct aw_virtual_brake *b, int64_t recipient, aw_time now,
                         const struct aw_candidate *what, struct aw_restraint *ret)
{
    uint64_t who[AW_WHO * AW_MAX_TO];
    struct aw_candidate w = *what;
    struct aw_outgoing o = {.in = &b->in,
                            .rule = b->rule,
                            .channel = b->channel(b->ctx, what->step, what->kind, what->via),
                            .kind = what->kind,
                            .who = who};

    at(b, now);
    for (unsigned i = 0; i < what->n_persons; i++) {
        struct aw_virtual_sent s = {.person = what->persons[i],
                                    .step = what->index,
                                    .kind = what->kind,
                                    .round = what->round};
        if (s.person != recipient && travels(b, &s))
            continue;
        o.n_who += who_is(b, s.person, what->kind, who + o.n_who);
    }
    w.carried = w.carried || o.n_who == 0;
    aw_brake_ask(b->books, conf_of(b), &o, &w, now, ret);
}

static void claimed(struct aw_virtual_brake *b, int64_t recipient, const struct aw_fact *f,
                    struct aw_outgoing *o)
{
    uint64_t who[AW_WHO];
    struct aw_virtual_sent s = {
        .person = f->person, .step = f->step, .kind = f->kind, .round = f->round};

    if (s.person != recipient && travels(b, &s))
        return;
    if (s.person != recipient) {
        if (b->n_sent == b->cap_sent) {
            b->cap_sent = b->cap_sent ? 2 * b->cap_sent : 16;
            b->sent = aw_realloc(b->sent, b->cap_sent * sizeof(*b->sent));
        }
        b->sent[b->n_sent++] = s;
    }
    o->who = who;
    o->n_who = who_is(b, f->person, (enum aw_kind)f->kind, who);
    aw_brake_take(b->books, conf_of(b), o, b->now);
}

void aw_virtual_decided(struct aw_virtual_brake *b, int64_t recipient, aw_time now,
                        const struct aw_fact *f)
{
    const struct aw_step *s = aw_rule_step(b->rule, f->step);
    struct aw_outgoing o = {.in = &b->in, .rule = b->rule, .kind = (enum aw_kind)f->kind};
    uint64_t who[AW_WHO];

    at(b, now);
    if (f->type == AW_FACT_CLAIMED && f->number == 1) {
        o.channel = b->channel(b->ctx, s, o.kind, f->via);
        claimed(b, recipient, f, &o);
    } else if (f->type == AW_FACT_DEFERRED && f->why == AW_WHY_BRAKE) {
        o.channel = b->channel(b->ctx, s, o.kind, 0);
        o.who = who;
        o.n_who = who_is(b, recipient, o.kind, who);
        aw_brake_wait(b->books, conf_of(b), &o, now,
                      &(struct aw_restraint){.why = f->why, .at = f->at, .bucket = f->via});
    }
}
