/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparing: each audited table is walked once, in order of its key, beside what the log makes of
 * it. A row that is changed, missing or too many is a finding that names the row and the last entry
 * that determined it.
 */
#include "store/verify_fold.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/store_int.h"

struct cmp {
    struct aw_fold *f;
    sqlite3_stmt *q; /* stands on the row */
    char place[96];
};

static void differs(struct cmp *c, int64_t seq, const char *what)
{
    aw_verifier_found(c->f->v, seq, c->place, "%s is not what entry %lld left", what,
                      (long long)seq);
}

/* A row that entry `seq` pruned (-1: none did). */
static bool remains(struct cmp *c, int64_t seq)
{
    if (seq >= 0)
        aw_verifier_found(c->f->v, seq, c->place, "the row is still there; entry %lld pruned it",
                          (long long)seq);
    return seq >= 0;
}

static void extra(struct cmp *c)
{
    aw_verifier_found(c->f->v, -1, c->place, "there is a row that no entry made");
}

static bool same_int(const struct cmp *c, int col, int64_t v)
{
    return sqlite3_column_int64(c->q, col) == v;
}

/* A text, and NULL where there is none. */
static bool same_text(const struct cmp *c, int col, const char *s)
{
    return aw_streq((const char *)sqlite3_column_text(c->q, col), s);
}

static bool same_bytes(const struct cmp *c, int col, const void *p, size_t n)
{
    return (size_t)sqlite3_column_bytes(c->q, col) == n &&
           (n == 0 || memcmp(sqlite3_column_blob(c->q, col), p, n) == 0);
}

/* Reports the first column of a row that differs. */
#define EXPECT(c, seq, holds, name)                                                                \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            differs(c, seq, name);                                                                 \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* --- tables --------------------------------------------------------------------------------- */

static void place_timeline(struct cmp *c, const char *what, aw_id msg, unsigned n)
{
    char text[AW_ID_TEXT];
    aw_id_print(text, "msg_", msg);
    snprintf(c->place, sizeof c->place, "%s %s n %u", what, text, n);
}

static void place_id(struct cmp *c, const char *what, const char *prefix, int64_t id)
{
    char text[AW_ID_TEXT];
    aw_id_print(text, prefix, id);
    snprintf(c->place, sizeof c->place, "%s %s", what, text);
}

static void place_number(struct cmp *c, const char *what, int64_t id)
{
    snprintf(c->place, sizeof c->place, "%s %lld", what, (long long)id);
}

/* Columns id, app, rule, sha256, ext, body, registered, n, key, salt, digest, needed. */
static void message_row(struct cmp *c)
{
    struct aw_fold_message *m = aw_folded_find(&c->f->messages, sqlite3_column_int64(c->q, 0));
    const char *app = (const char *)sqlite3_column_text(c->q, 1);
    uint8_t salt[32], content[32], digest[32];

    place_id(c, "message", "msg_", sqlite3_column_int64(c->q, 0));
    if (!m) {
        extra(c);
        return;
    }
    m->seen = true;
    if (remains(c, m->pruned))
        return;
    const char *body = (const char *)sqlite3_column_text(c->q, 5);
    size_t n_body = (size_t)sqlite3_column_bytes(c->q, 5);
    EXPECT(c, m->seq, app && aw_col_bytes(c->q, 9, salt, sizeof salt), "app or salt");
    EXPECT(c, m->seq, same_text(c, 2, m->rule) && same_bytes(c, 3, m->sha256, 32), "rule");
    EXPECT(c, m->seq, same_int(c, 6, m->registered), "registered");
    EXPECT(c, m->seq, same_int(c, 7, m->n), "n");
    EXPECT(c, m->seq, same_int(c, 11, m->needed), "needed");
    aw_registration_commit(content, salt, app, (const char *)sqlite3_column_text(c->q, 8),
                           (const char *)sqlite3_column_text(c->q, 4), body, n_body);
    EXPECT(c, m->seq, memcmp(content, m->content, 32) == 0, "body (or app, key, ext, salt)");
    aw_sha256(digest, body, n_body);
    EXPECT(c, m->seq, same_bytes(c, 10, digest, 32), "digest");
}

/* Columns id, n, person, state, due, level, late, last, plan, tried. */
static void timeline_row(struct cmp *c)
{
    struct aw_fold_timeline *t = aw_folded_find(&c->f->timelines, sqlite3_column_int64(c->q, 0));
    unsigned n = (unsigned)sqlite3_column_int(c->q, 1);

    if (!t) {
        place_timeline(c, "timeline", sqlite3_column_int64(c->q, 0), 0);
        extra(c);
        return;
    }
    place_timeline(c, "timeline", t->id - t->n, t->n);
    t->seen = true;
    if (remains(c, aw_fold_pruned(c->f, t->id)) || t->bad)
        return;
    EXPECT(c, t->last, n == t->n, "n");
    EXPECT(c, t->last, same_int(c, 2, t->person), "person");
    EXPECT(c, t->last, same_int(c, 3, t->state), "state");
    EXPECT(c, t->last, same_int(c, 4, t->due), "due");
    EXPECT(c, t->last, same_int(c, 5, t->level), "level");
    EXPECT(c, t->last, same_int(c, 6, t->late), "late");
    EXPECT(c, t->last, same_int(c, 7, t->last), "last");
    EXPECT(c, t->last, same_bytes(c, 8, t->plan, t->n_plan), "plan");
    EXPECT(c, t->last, same_int(c, 9, t->tried), "tried");
}

/* Columns as in the statement attempts_from. */
static void attempt_row(struct cmp *c)
{
    struct aw_fold_attempt *a = aw_folded_find(&c->f->attempts, sqlite3_column_int64(c->q, 0));

    place_id(c, "attempt", "att_", sqlite3_column_int64(c->q, 0));
    if (!a) {
        extra(c);
        return;
    }
    a->seen = true;
    if (remains(c, aw_fold_pruned(c->f, a->msg + a->n)))
        return;
    EXPECT(c, a->seq, same_int(c, 1, a->ref), "ref");
    EXPECT(c, a->seq, same_int(c, 2, a->msg) && same_int(c, 3, a->n), "msg or n");
    EXPECT(c, a->seq, same_int(c, 4, a->previous), "previous");
    EXPECT(c, a->seq, same_int(c, 5, a->merged_into), "merged_into");
    EXPECT(c, a->seq, same_int(c, 6, a->shared), "shared");
    EXPECT(c, a->seq, same_int(c, 7, a->step) && same_text(c, 8, a->step_id), "step");
    EXPECT(c, a->seq, same_int(c, 9, a->kind), "kind");
    EXPECT(c, a->seq, same_int(c, 10, a->round) && same_int(c, 11, a->number), "round or number");
    EXPECT(c, a->seq, same_int(c, 12, a->person), "person");
    EXPECT(c, a->seq, same_text(c, 13, a->channel), "channel");
    EXPECT(c, a->seq, same_int(c, 14, a->at), "at");
    EXPECT(c, a->seq, same_int(c, 15, a->level), "level");
    EXPECT(c, a->seq, same_int(c, 16, a->outcome), "outcome");
    EXPECT(c, a->seq, same_int(c, 17, a->done_at), "done_at");
    EXPECT(c, a->seq, same_int(c, 18, a->http_status) && same_int(c, 19, a->code),
           "http_status or code");
    EXPECT(c, a->seq, same_text(c, 20, a->provider_id), "provider_id");
    EXPECT(c, a->seq, same_text(c, 21, a->detail), "detail");
}

/* Columns id, tl, attempt, level, source, person, at. */
static void evidence_row(struct cmp *c)
{
    struct aw_fold_evidence *e = aw_folded_find(&c->f->evidence, sqlite3_column_int64(c->q, 0));

    place_number(c, "evidence", sqlite3_column_int64(c->q, 0));
    if (!e) {
        extra(c);
        return;
    }
    e->seen = true;
    if (remains(c, aw_fold_pruned(c->f, e->timeline)))
        return;
    EXPECT(c, e->seq, same_int(c, 1, e->timeline), "tl");
    EXPECT(c, e->seq, same_int(c, 2, e->attempt), "attempt");
    EXPECT(c, e->seq, same_int(c, 3, e->level) && same_int(c, 4, e->source), "level or source");
    EXPECT(c, e->seq, same_int(c, 5, e->person), "person");
    EXPECT(c, e->seq, same_int(c, 6, e->at), "at");
}

static bool opens(struct cmp *c, int col, const uint8_t salt[32], const char *field,
                  const uint8_t commitment[32])
{
    uint8_t got[32];
    aw_commit(got, salt, field, sqlite3_column_text(c->q, col),
              (size_t)sqlite3_column_bytes(c->q, col));
    return memcmp(got, commitment, sizeof got) == 0;
}

/* Columns id, app, user, salt, contact, reported. */
static void person_row(struct cmp *c)
{
    struct aw_fold_person *p = aw_folded_find(&c->f->persons, sqlite3_column_int64(c->q, 0));
    bool has_user = sqlite3_column_type(c->q, 2) != SQLITE_NULL;
    bool has_contact = sqlite3_column_type(c->q, 4) != SQLITE_NULL;
    uint8_t salt[32];

    place_number(c, "person", sqlite3_column_int64(c->q, 0));
    if (!p) {
        extra(c);
        return;
    }
    p->seen = true;
    EXPECT(c, p->seq, has_user != p->erased, "user (erased or not)");
    EXPECT(c, p->seq, has_contact == p->has_contact, "contact");
    EXPECT(c, p->reported ? p->reported : p->seq, same_int(c, 5, p->reported), "reported");
    if (p->erased)
        return;
    EXPECT(c, p->seq, aw_col_bytes(c->q, 3, salt, sizeof salt), "salt");
    EXPECT(c, p->seq, opens(c, 2, salt, "user", p->user), "user");
    EXPECT(c, p->seq, !has_contact || opens(c, 4, salt, "contact", p->contact), "contact");
}

/* Columns id, app, registration_id, salt, person, alias, platform. */
static void device_row(struct cmp *c)
{
    struct aw_fold_device *d = aw_folded_find(&c->f->devices, sqlite3_column_int64(c->q, 0));
    uint8_t salt[32], content[32];

    place_number(c, "device", sqlite3_column_int64(c->q, 0));
    if (!d) {
        extra(c);
        return;
    }
    d->seen = true;
    if (remains(c, d->forgotten ? d->seq : -1))
        return;
    EXPECT(c, d->seq, aw_col_bytes(c->q, 3, salt, sizeof salt), "salt");
    EXPECT(c, d->seq, same_int(c, 4, d->person), "person");
    aw_device_commit(content, salt, (const char *)sqlite3_column_text(c->q, 2),
                     sqlite3_column_int64(c->q, 4), (const char *)sqlite3_column_text(c->q, 5),
                     (const char *)sqlite3_column_text(c->q, 6));
    EXPECT(c, d->seq, memcmp(content, d->content, sizeof content) == 0,
           "registration_id (or alias, platform)");
}

/* Columns seq, salt, text. */
static void detail_row(struct cmp *c)
{
    struct aw_fold_detail *d = aw_folded_find(&c->f->details, sqlite3_column_int64(c->q, 0));
    uint8_t salt[32];

    place_number(c, "detail", sqlite3_column_int64(c->q, 0));
    if (!d) {
        extra(c);
        return;
    }
    d->seen = true;
    if (remains(c, aw_fold_pruned(c->f, d->timeline)))
        return;
    EXPECT(c, d->seq, aw_col_bytes(c->q, 1, salt, sizeof salt), "salt");
    EXPECT(c, d->seq, opens(c, 2, salt, "detail", d->content), "text");
}

static void key_row(struct cmp *c)
{
    struct aw_fold_detail *k = aw_folded_find(&c->f->keys, sqlite3_column_int64(c->q, 0));
    struct aw_key_row row;
    uint8_t digest[32];

    place_number(c, "api_key", sqlite3_column_int64(c->q, 0));
    if (!k) {
        extra(c);
        return;
    }
    k->seen = true;
    EXPECT(c, k->seq, aw_row_key(c->q, &row, NULL) == 0 && row.name && row.app, "the row");
    aw_key_digest(digest, &row);
    EXPECT(c, k->seq, memcmp(digest, k->content, sizeof digest) == 0, "the row");
}

/* Columns id, since, until. */
static void downtime_row(struct cmp *c)
{
    struct aw_fold_downtime *d = aw_folded_find(&c->f->downtimes, sqlite3_column_int64(c->q, 0));

    place_number(c, "downtime", sqlite3_column_int64(c->q, 0));
    if (!d) {
        extra(c);
        return;
    }
    d->seen = true;
    EXPECT(c, d->seq, same_int(c, 1, d->from) && same_int(c, 2, d->to), "since or until");
}

/* Columns id, number, out. */
static void opt_out_row(struct cmp *c)
{
    struct aw_fold_number *n = aw_folded_find(&c->f->numbers, sqlite3_column_int64(c->q, 0));

    place_number(c, "opt_out", sqlite3_column_int64(c->q, 0));
    if (!n) {
        extra(c);
        return;
    }
    n->seen = true;
    EXPECT(c, n->seq, same_bytes(c, 1, n->number, sizeof n->number), "number");
    EXPECT(c, n->seq, same_int(c, 2, n->out), "out");
}

/* Columns id, channel, state, since, until. */
static void hold_row(struct cmp *c)
{
    struct aw_fold_hold *h = aw_folded_find(&c->f->holds, sqlite3_column_int64(c->q, 0));

    place_number(c, "channel_hold", sqlite3_column_int64(c->q, 0));
    if (!h || h->over) {
        extra(c);
        return;
    }
    h->seen = true;
    EXPECT(c, h->seq, same_text(c, 1, h->channel) && same_text(c, 2, h->state), "channel or state");
    EXPECT(c, h->seq, same_int(c, 3, h->since) && same_int(c, 4, h->until), "since or until");
}

/* Columns id, app, since, until. */
static void silence_row(struct cmp *c)
{
    struct aw_fold_silence *s = aw_folded_find(&c->f->silences, sqlite3_column_int64(c->q, 0));

    place_number(c, "silence", sqlite3_column_int64(c->q, 0));
    if (!s || s->over) {
        extra(c);
        return;
    }
    s->seen = true;
    EXPECT(c, s->seq, same_text(c, 1, s->app), "app");
    EXPECT(c, s->seq, same_int(c, 2, s->since) && same_int(c, 3, s->until), "since or until");
}

/* Columns sha256, text: the key is the hash. */
static void rule_text_row(struct cmp *c)
{
    uint8_t sha[32];
    char hex[65];
    aw_sha256(sha, sqlite3_column_text(c->q, 1), (size_t)sqlite3_column_bytes(c->q, 1));
    aw_hex(hex, sha, sizeof sha);
    snprintf(c->place, sizeof c->place, "rule_text %.16s", hex);
    if (!same_bytes(c, 0, sha, sizeof sha))
        aw_verifier_found(c->f->v, -1, c->place, "sha256 is not the hash of text");
}

/* --- walks ---------------------------------------------------------------------------------- */

static int walk(struct cmp *c, struct aw_db *db, enum aw_sql what, struct aw_arg from,
                void (*row)(struct cmp *c), struct aw_err *err)
{
    int r = aw_db_bind(db, what, &c->q, err, &from, 1);
    while (r == 0 && (r = aw_db_step(db, c->q, err)) == 1) {
        row(c);
        r = 0;
    }
    aw_db_done(c->q);
    return r;
}

/* Rows that the log made and did not prune, and no table has. */
#define MISSING(c, list, type, seq_member, pruned, ...)                                            \
    for (size_t i = 0; i < (list)->n; i++) {                                                       \
        const struct type *x = &((const struct type *)(list)->p)[i];                               \
        if (!x->seen && !(pruned)) {                                                               \
            __VA_ARGS__;                                                                           \
            aw_verifier_found((c)->f->v, x->seq_member, (c)->place,                                \
                              "the row is missing; its last entry is %lld",                        \
                              (long long)x->seq_member);                                           \
        }                                                                                          \
    }

static void missing(struct cmp *c)
{
    struct aw_fold *f = c->f;
    MISSING(c, &f->messages, aw_fold_message, seq, x->pruned >= 0,
            place_id(c, "message", "msg_", x->id))
    MISSING(c, &f->timelines, aw_fold_timeline, last, aw_fold_pruned(f, x->id) >= 0,
            place_timeline(c, "timeline", x->id - x->n, x->n))
    MISSING(c, &f->attempts, aw_fold_attempt, seq, aw_fold_pruned(f, x->msg + x->n) >= 0,
            place_id(c, "attempt", "att_", x->id))
    MISSING(c, &f->evidence, aw_fold_evidence, seq, aw_fold_pruned(f, x->timeline) >= 0,
            place_number(c, "evidence", x->seq))
    MISSING(c, &f->persons, aw_fold_person, seq, false, place_number(c, "person", x->id))
    MISSING(c, &f->details, aw_fold_detail, seq, aw_fold_pruned(f, x->timeline) >= 0,
            place_number(c, "detail", x->id))
    MISSING(c, &f->keys, aw_fold_detail, seq, false, place_number(c, "api_key", x->id))
    MISSING(c, &f->downtimes, aw_fold_downtime, seq, false, place_number(c, "downtime", x->seq))
    MISSING(c, &f->numbers, aw_fold_number, seq, false, place_number(c, "opt_out", x->seq))
    MISSING(c, &f->devices, aw_fold_device, seq, x->forgotten, place_number(c, "device", x->id))
    MISSING(c, &f->holds, aw_fold_hold, seq, x->over, place_number(c, "channel_hold", x->seq))
    MISSING(c, &f->silences, aw_fold_silence, seq, x->over, place_number(c, "silence", x->seq))
}

/* Columns id, list. Not every loading has a row: a set that came back like the one before, and
 * those of before this table have none. */
static void ruleset_row(struct cmp *c)
{
    const struct aw_fold_detail *set =
        aw_folded_find(&c->f->rulesets, sqlite3_column_int64(c->q, 0));
    uint8_t sha[32];

    place_number(c, "ruleset_was", sqlite3_column_int64(c->q, 0));
    if (!set) {
        extra(c);
        return;
    }
    aw_sha256(sha, sqlite3_column_text(c->q, 1), (size_t)sqlite3_column_bytes(c->q, 1));
    EXPECT(c, sqlite3_column_int64(c->q, 0), memcmp(sha, set->content, sizeof sha) == 0, "list");
}

static int compare_ruleset(struct cmp *c, struct aw_db *db, struct aw_err *err)
{
    struct aw_buf list = AW_BUF_INIT(SIZE_MAX / 2);
    uint8_t sha[32], content[32];
    int r = aw_db_query(db, AW_SQL_RULESET, &c->q, err);
    while (r == 0 && (r = aw_db_step(db, c->q, err)) == 1) {
        if (aw_col_bytes(c->q, 2, sha, sizeof sha))
            aw_ruleset_list(&list, (const char *)sqlite3_column_text(c->q, 0), sha);
        r = 0;
    }
    aw_db_done(c->q);
    aw_sha256(content, aw_buf_str(&list), list.n);
    snprintf(c->place, sizeof c->place, "ruleset");
    if (r == 0 && c->f->rules_seq >= 0 && memcmp(content, c->f->rules, sizeof content) != 0)
        differs(c, c->f->rules_seq, "the list of files");
    else if (r == 0 && c->f->rules_seq < 0 && list.n)
        extra(c);
    aw_buf_free(&list);
    return r;
}

int aw_fold_compare(struct aw_fold *f, struct aw_db *db, struct aw_err *err)
{
    struct cmp c = {.f = f};
    int r;
    if ((r = walk(&c, db, AW_SQL_MESSAGES_ALL, I(INT64_MIN), message_row, err)) ||
        (r = walk(&c, db, AW_SQL_TIMELINES_FROM, I(INT64_MIN), timeline_row, err)) ||
        (r = walk(&c, db, AW_SQL_ATTEMPTS_FROM, I(INT64_MIN), attempt_row, err)) ||
        (r = walk(&c, db, AW_SQL_EVIDENCE_FROM, I(INT64_MIN), evidence_row, err)) ||
        (r = walk(&c, db, AW_SQL_PERSONS_FROM, I(INT64_MIN), person_row, err)) ||
        (r = walk(&c, db, AW_SQL_DEVICES_FROM, I(INT64_MIN), device_row, err)) ||
        (r = walk(&c, db, AW_SQL_DETAILS_FROM, I(INT64_MIN), detail_row, err)) ||
        (r = walk(&c, db, AW_SQL_KEYS_FROM, I(INT64_MIN), key_row, err)) ||
        (r = walk(&c, db, AW_SQL_DOWNTIMES_FROM, I(INT64_MIN), downtime_row, err)) ||
        (r = walk(&c, db, AW_SQL_OPT_OUTS_FROM, I(INT64_MIN), opt_out_row, err)) ||
        (r = walk(&c, db, AW_SQL_HOLDS_FROM, I(INT64_MIN), hold_row, err)) ||
        (r = walk(&c, db, AW_SQL_SILENCES_FROM, I(INT64_MIN), silence_row, err)) ||
        (r = walk(&c, db, AW_SQL_RULE_TEXTS_FROM, B("", 0), rule_text_row, err)) ||
        (r = walk(&c, db, AW_SQL_RULESETS_FROM, I(INT64_MIN), ruleset_row, err)) ||
        (r = compare_ruleset(&c, db, err)))
        return r;
    missing(&c);
    return 0;
}
