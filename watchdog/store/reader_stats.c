/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of rules: see sqlite_reader.c. Timelines are looked at from the newest on, each by its
 * entries, from its newest back along the chain. Bounds: timelines by the caller, 10,000 entries of
 * one, 1,000 rules, 64 channels of one.
 */
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { MAX_ENTRIES = 10000, MAX_RULES = 1000, MAX_CHANNELS = 64, MAX_SENDS = 1024 };

struct spans { /* durations, for percentiles */
    aw_ms *p;
    size_t n;
};

struct rule {
    int64_t row;
    char *name;
    enum aw_level unless[AW_MAX_STEPS];
    struct aw_rule_stats_row s;
    struct aw_stats_channel channels[MAX_CHANNELS];
    struct spans confirmed, waits;
};

struct send { /* a claim of the timeline */
    aw_id attempt;
    aw_time at;
    enum aw_kind kind;
    int step;
    bool own; /* to the recipient */
};

struct proof {
    aw_id attempt;
    aw_time came, at; /* at: what it says itself, 0: nothing */
    enum aw_level level;
};

struct stats {
    struct aw_reader *r;
    const struct aw_stats_query *q;
    struct rule *rules[MAX_RULES];
    unsigned n_rules;
    /* The message at hand: timelines of one come one after the other. */
    aw_id message;
    aw_time registered;
    struct rule *rule; /* NULL: not to be counted */
    /* The timeline at hand. */
    struct send sends[MAX_SENDS];
    struct proof proofs[MAX_SENDS];
    unsigned n_sends, n_proofs;
    aw_time ended;
};

static void add_span(struct spans *s, aw_ms span)
{
    if ((s->n & (s->n - 1)) == 0)
        s->p = aw_realloc(s->p, (s->n ? 2 * s->n : 1) * sizeof(*s->p));
    s->p[s->n++] = span;
}

static int by_span(const void *a, const void *b)
{
    aw_ms x = *(const aw_ms *)a, y = *(const aw_ms *)b;
    return (x > y) - (x < y);
}

/* The smallest that so many of a hundred do not exceed. */
static aw_ms percentile(const struct spans *s, unsigned hundredths)
{
    return s->n ? s->p[(s->n * hundredths + 99) / 100 - 1] : 0;
}

/* --- rules ----------------------------------------------------------------------------------- */

static struct rule *new_rule(struct stats *s, int64_t row, const char *name, const char *text,
                             size_t n)
{
    if (s->n_rules == MAX_RULES)
        return NULL;
    struct rule *r = aw_calloc(1, sizeof(*r));
    r->row = row;
    r->name = aw_strdup(name);
    if (s->q->unless(s->q->ctx, name, text, n, r->unless) < 0)
        memset(r->unless, 0, sizeof(r->unless));
    return s->rules[s->n_rules++] = r;
}

/* Texts of one rule change; each row of the table `rule` has steps of its own. */
static int rule_of(struct stats *s, int64_t row, struct rule **ret)
{
    sqlite3_stmt *q;
    for (unsigned i = 0; i < s->n_rules; i++)
        if (s->rules[i]->row == row) {
            *ret = s->rules[i];
            return 0;
        }
    int rc = aw_db_query(&s->r->db, AW_SQL_RULE, &q, NULL, I(row));
    *ret = NULL;
    if (rc == 0 && (rc = aw_db_step(&s->r->db, q, NULL)) == 1) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        if (!s->q->rule || aw_streq(s->q->rule, name))
            *ret = new_rule(s, row, name, (const char *)sqlite3_column_text(q, 1),
                            (size_t)sqlite3_column_bytes(q, 1));
        rc = 0;
    }
    aw_db_done(q);
    return rc;
}

static int message_of(struct stats *s, aw_id message)
{
    sqlite3_stmt *q;
    int64_t row = -1;
    if (s->message == message)
        return 0;
    s->message = message;
    s->rule = NULL;
    int rc = aw_db_query(&s->r->db, AW_SQL_STATS_MESSAGE, &q, NULL, I(message));
    if (rc == 0 && (rc = aw_db_step(&s->r->db, q, NULL)) == 1) {
        const char *app = (const char *)sqlite3_column_text(q, 2);
        s->registered = sqlite3_column_int64(q, 0);
        if (!s->q->app[0] || aw_streq(s->q->app, app))
            row = sqlite3_column_int64(q, 1);
        rc = 0;
    }
    aw_db_done(q);
    return rc || row < 0 ? rc : rule_of(s, row, &s->rule);
}

/* --- one timeline ---------------------------------------------------------------------------- */

static void count_send(struct rule *r, const char *channel, enum aw_kind kind)
{
    struct aw_stats_channel *c = r->channels;
    for (unsigned i = 0; i < r->s.n_channels; i++, c++)
        if (aw_streq(c->name, channel)) {
            c->n_sent++;
            return;
        }
    if (r->s.n_channels < MAX_CHANNELS) {
        *c = (struct aw_stats_channel){aw_strdup(channel), kind, 1};
        r->s.n_channels++;
    }
}

static void take(struct stats *s, const struct aw_entry *e, int64_t person)
{
    if (e->kind == AW_ENTRY_CLAIMED && s->n_sends < MAX_SENDS) {
        struct send *d = &s->sends[s->n_sends];
        enum aw_kind kind;
        if (!e->kind_do || aw_kind_parse(e->kind_do, &kind))
            return;
        *d = (struct send){e->attempt, e->ts, kind, e->step_index, e->person == person};
        s->n_sends++;
        if (e->channel && !e->merged_into)
            count_send(s->rule, e->channel, d->kind);
    } else if (e->kind == AW_ENTRY_EVIDENCE && s->n_proofs < MAX_SENDS) {
        enum aw_level level;
        if (e->level && !aw_level_parse(e->level, &level) && e->person == person)
            s->proofs[s->n_proofs++] = (struct proof){e->attempt, e->ts, e->at, level};
    } else if (e->kind == AW_ENTRY_ENDED && !s->ended) {
        s->ended = e->ts;
    }
}

/* Back along the chain to the registration, which is another's, too. */
static int walk(struct stats *s, int64_t last, int64_t person)
{
    int rc = 0;
    s->n_sends = s->n_proofs = 0;
    s->ended = 0;
    for (unsigned i = 0; rc == 0 && last >= 0 && i < MAX_ENTRIES; i++) {
        sqlite3_stmt *q;
        struct aw_entry e;
        void *owner = NULL;
        rc = aw_db_query(&s->r->db, AW_SQL_STATS_ENTRY, &q, NULL, I(last));
        last = -1;
        if (rc == 0 && (rc = aw_db_step(&s->r->db, q, NULL)) == 1) {
            rc = aw_entry_parse((const char *)sqlite3_column_text(q, 0),
                                (size_t)sqlite3_column_bytes(q, 0), &e, &owner, NULL);
            if (rc == 0 && e.n >= 0) {
                take(s, &e, person);
                last = e.prev;
            }
            aw_entry_release(owner);
        }
        aw_db_done(q);
    }
    return rc;
}

static const struct send *send_of(const struct stats *s, aw_id attempt)
{
    for (unsigned i = 0; i < s->n_sends; i++)
        if (s->sends[i].attempt == attempt)
            return &s->sends[i];
    return NULL;
}

/* How long the text should have waited for this proof: of another send that was on its way, or of
 * something that had happened when the text left. 0: it would not have helped. */
static aw_ms wait_for(const struct stats *s, const struct send *text, const struct proof *p,
                      enum aw_level unless)
{
    const struct send *of = p->attempt ? send_of(s, p->attempt) : NULL;
    bool before = of ? of->kind != AW_SMS && of->at < text->at : p->at && p->at < text->at;
    return before && p->level >= unless && p->came > text->at ? p->came - text->at : 0;
}

static void count_texts(struct stats *s)
{
    for (unsigned i = 0; i < s->n_sends; i++) {
        const struct send *text = &s->sends[i];
        bool steps = text->step >= 0 && text->step < AW_MAX_STEPS;
        enum aw_level unless = steps ? s->rule->unless[text->step] : AW_LEVEL_NONE;
        aw_ms wait = 0;
        if (text->kind != AW_SMS || !text->own || unless == AW_LEVEL_NONE)
            continue;
        s->rule->s.n_sms++;
        for (unsigned k = 0; k < s->n_proofs; k++) {
            aw_ms w = wait_for(s, text, &s->proofs[k], unless);
            if (w && (!wait || w < wait))
                wait = w;
        }
        if (wait)
            add_span(&s->rule->waits, wait);
    }
}

static int timeline(struct stats *s, sqlite3_stmt *q)
{
    int64_t n = sqlite3_column_int64(q, 1), person = sqlite3_column_int64(q, 2);
    int state = sqlite3_column_int(q, 3);
    int rc = message_of(s, sqlite3_column_int64(q, 0) - n);
    if (rc || !s->rule || state < 0 || state >= AW_N_STATES)
        return rc;
    s->rule->s.states[state]++;
    rc = walk(s, sqlite3_column_int64(q, 4), person);
    if (state == AW_CONFIRMED && s->ended)
        add_span(&s->rule->confirmed, s->ended - s->registered);
    count_texts(s);
    return rc;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* Rows of one name, that is texts of one rule, become one. */
static void merge(struct rule *to, struct rule *from)
{
    for (unsigned i = 0; i < AW_N_STATES; i++)
        to->s.states[i] += from->s.states[i];
    for (unsigned i = 0; i < from->s.n_channels; i++) {
        struct aw_stats_channel *c = &from->channels[i];
        count_send(to, c->name, c->kind);
        for (unsigned k = 0; k < to->s.n_channels; k++)
            if (aw_streq(to->channels[k].name, c->name))
                to->channels[k].n_sent += c->n_sent - 1;
    }
    for (size_t i = 0; i < from->confirmed.n; i++)
        add_span(&to->confirmed, from->confirmed.p[i]);
    for (size_t i = 0; i < from->waits.n; i++)
        add_span(&to->waits, from->waits.p[i]);
    to->s.n_sms += from->s.n_sms;
}

static void finish(struct rule *r)
{
    struct spans *const spans[] = {&r->confirmed, &r->waits};
    for (unsigned i = 0; i < AW_COUNT(spans); i++)
        if (spans[i]->n)
            qsort(spans[i]->p, spans[i]->n, sizeof(aw_ms), by_span);
    r->s.rule = r->name;
    r->s.channels = r->channels;
    r->s.n_confirmed = r->confirmed.n;
    r->s.n_avoidable = r->waits.n;
    r->s.confirmed[0] = percentile(&r->confirmed, 50);
    r->s.confirmed[1] = percentile(&r->confirmed, 90);
    r->s.confirmed[2] = percentile(&r->confirmed, 99);
    r->s.waits[0] = percentile(&r->waits, 50);
    r->s.waits[1] = percentile(&r->waits, 90);
    r->s.waits[2] = percentile(&r->waits, 100);
}

static int by_name(const void *a, const void *b)
{
    const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->row > y->row) - (x->row < y->row);
}

static int give(struct stats *s, int (*row)(void *arg, const struct aw_rule_stats_row *r),
                void *arg)
{
    int rc = 0;
    if (s->n_rules)
        qsort(s->rules, s->n_rules, sizeof(*s->rules), by_name);
    for (unsigned i = 0, n; i < s->n_rules && rc == 0; i += n) {
        for (n = 1; i + n < s->n_rules && aw_streq(s->rules[i]->name, s->rules[i + n]->name); n++)
            merge(s->rules[i], s->rules[i + n]);
        finish(s->rules[i]);
        rc = row(arg, &s->rules[i]->s);
    }
    return rc;
}

static void stats_free(struct stats *s)
{
    for (unsigned i = 0; i < s->n_rules; i++) {
        struct rule *r = s->rules[i];
        for (unsigned k = 0; k < r->s.n_channels; k++)
            aw_free((char *)r->channels[k].name);
        aw_free(r->confirmed.p);
        aw_free(r->waits.p);
        aw_free(r->name);
        aw_free(r);
    }
    aw_free(s);
}

int aw_read_rule_stats(struct aw_reader *r, const struct aw_stats_query *query, bool *ret_cut,
                       int (*row)(void *arg, const struct aw_rule_stats_row *s), void *arg)
{
    struct stats *s = aw_calloc(1, sizeof(*s));
    sqlite3_stmt *q = NULL;
    unsigned n = 0;
    int rc = aw_reader_begin(r);
    s->r = r;
    s->q = query;
    *ret_cut = false;
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_STATS_TIMELINES, &q, NULL, I(aw_id_first(query->since)));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        if (n++ == query->limit) {
            *ret_cut = true;
            rc = 0;
            break;
        }
        rc = timeline(s, q);
    }
    aw_db_done(q);
    rc = aw_reader_end(r, rc);
    if (rc == 0)
        rc = give(s, row, arg);
    stats_free(s);
    return rc;
}
