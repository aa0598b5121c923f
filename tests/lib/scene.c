/* SPDX-License-Identifier: Apache-2.0
 *
 * The story behind the tests of the store. Facts are made by hand and folded by the core, so that
 * neither engine nor rules are needed.
 */
#include "scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define RULE_TEXT "version: 1\nrules: []\n"
#define START     ((aw_time)1795370515000) /* 2026-11-22 */

static void must(struct scene *sc, int r, const char *what)
{
    if (r) {
        fprintf(stderr, "# scene: %s: %d %s\n", what, r, sc->err.text);
        abort();
    }
}

/* --- files ---------------------------------------------------------------------------------- */

void scene_rmdir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d)) != NULL)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(dir);
}

static void copy_file(const char *from, const char *to)
{
    char *p;
    size_t n;
    unlink(to);
    if (aw_file_read(from, 1u << 30, &p, &n, NULL))
        return; /* no WAL, say */
    FILE *f = fopen(to, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f))
        abort();
    aw_free(p);
}

void scene_copy(const char *from, const char *to)
{
    static const char *const suffixes[] = {"", "-wal"};
    char a[256], b[256];
    for (unsigned i = 0; i < AW_COUNT(suffixes); i++) {
        snprintf(a, sizeof a, "%s%s", from, suffixes[i]);
        snprintf(b, sizeof b, "%s%s", to, suffixes[i]);
        copy_file(a, b);
    }
    snprintf(b, sizeof b, "%s-shm", to);
    unlink(b);
}

int scene_reopen(struct scene *sc)
{
    struct aw_store_options opt = {.vfs = sc->vfs, .create = true, .cache_kib = 2048};
    aw_store_close(sc->s);
    sc->s = NULL;
    return aw_store_open(sc->path, &opt, sc->now, &sc->s, &sc->err);
}

void scene_init(struct scene *sc)
{
    *sc = (struct scene){.vfs = sc->vfs, .from = sc->from, .now = START};
    snprintf(sc->dir, sizeof sc->dir, "/tmp/aw-store-XXXXXX");
    if (!mkdtemp(sc->dir))
        abort();
    snprintf(sc->path, sizeof sc->path, "%s/test.db", sc->dir);
    if (sc->from)
        scene_copy(sc->from, sc->path);
    must(sc, scene_reopen(sc), "open");
}

void scene_free(struct scene *sc)
{
    aw_store_close(sc->s);
    scene_rmdir(sc->dir);
}

/* --- moves ---------------------------------------------------------------------------------- */

int scene_begin(struct scene *sc)
{
    sc->now += AW_SECOND;
    return aw_store_begin(sc->s, sc->now, &sc->err);
}

int scene_commit(struct scene *sc)
{
    int r = aw_store_commit(sc->s, &sc->err);
    if (r)
        aw_store_rollback(sc->s);
    return r;
}

int scene_setup(struct scene *sc)
{
    struct aw_rule rule = {.name = "must-read"};
    const char *name = "rules.yaml", *text = RULE_TEXT;
    size_t size = strlen(text);
    struct aw_ruleset set = {.n = 1};
    int r;

    aw_sha256(sc->sha256, text, size);
    memcpy(rule.sha256, sc->sha256, 32);
    if ((r = aw_store_app(sc->s, "shop", &sc->app, &sc->err)) ||
        (r = aw_store_rule(sc->s, &rule, text, size, &sc->rule, &sc->err)))
        return r;
    return aw_store_ruleset_put(sc->s, &set, &(struct aw_rule_files){&name, &text, &size, 1},
                                &(struct aw_rule_files){0}, "core", &sc->err);
}

static int open_timelines(struct scene *sc, aw_id id, unsigned n, struct aw_timeline *tls)
{
    struct aw_fact f = {.type = AW_FACT_OPENED,
                        .at = sc->now,
                        .registered = sc->now,
                        .next_due = sc->now + AW_MINUTE};
    for (unsigned i = 0; i < n; i++) {
        char user[32];
        int64_t person;
        snprintf(user, sizeof user, "u%u", i);
        int r = aw_store_person(sc->s, sc->app, user, true, "core", &person, &sc->err);
        if (r)
            return r;
        aw_timeline_init(&tls[i], id, (uint16_t)i, person);
        if ((r = aw_timeline_apply(&tls[i], &f)))
            return r;
    }
    return 0;
}

int scene_register(struct scene *sc, const char *key, const char *ext, unsigned n, aw_id *ret)
{
    struct aw_timeline *tls = aw_calloc(n, sizeof *tls);
    aw_id id = aw_id_take(aw_store_ids(sc->s), sc->now, n);
    char body[200];
    struct aw_registration reg = {.external_id = ext, .raw = body};
    uint8_t digest[32];
    int r;

    reg.n_raw = (size_t)snprintf(body, sizeof body,
                                 "{\"title\":\"Order %lld\",\"priority\":\"high\"}", (long long)id);
    aw_sha256(digest, body, reg.n_raw);
    r = open_timelines(sc, id, n, tls);
    if (r == 0)
        r = aw_store_register(sc->s, &reg, sc->app, sc->rule, "must-read", sc->sha256, key, digest,
                              "key:1", tls, n, 0, &sc->err);
    aw_free(tls);
    if (r == 0)
        *ret = id;
    return r;
}

static int apply(struct scene *sc, aw_id msg, unsigned n, struct aw_fact *facts, unsigned n_facts,
                 const struct aw_fact_note *notes, const char *actor)
{
    struct aw_timeline *tl = aw_malloc(sizeof *tl);
    int r = aw_store_timeline(sc->s, msg + n, tl, &sc->err);
    for (unsigned i = 0; i < n_facts && r == 0; i++) {
        if (!facts[i].person)
            facts[i].person = tl->person;
        if (tl->state != AW_OPEN)
            facts[i].next_due = 0;
        if (facts[i].counts)
            facts[i].counts = facts[i].level > tl->level;
        r = aw_timeline_apply(tl, &facts[i]);
    }
    if (r == 0)
        r = aw_store_apply(sc->s, msg, tl, facts, n_facts, notes, actor, &sc->err);
    aw_free(tl);
    return r;
}

int scene_claim(struct scene *sc, aw_id msg, unsigned n, unsigned step, enum aw_kind kind,
                int64_t person, aw_id merged_into, aw_id *ret)
{
    aw_id id = aw_id_take(aw_store_ids(sc->s), sc->now, 1);
    struct aw_fact f = {.type = AW_FACT_CLAIMED,
                        .step = (uint8_t)step,
                        .kind = (uint8_t)kind,
                        .round = 1,
                        .number = 1,
                        .last_round = true,
                        .attempt = id,
                        .ref = id,
                        .person = person,
                        .why = AW_WHY_DUE,
                        .next_due = sc->now + AW_MINUTE};
    struct aw_fact_note note = {.step_id = step ? "text" : "push",
                                .channel = step ? "carrier" : "jpush",
                                .cid = step ? NULL : "cid-1",
                                .merged_into = merged_into};
    char code[8] = "";
    int r = 0;
    if (kind == AW_SMS && !merged_into) { /* as the daemon does where a text shows {{code}} */
        r = aw_store_code(sc->s, msg + n, person, note.channel, SCENE_PHONE, id, code, &sc->err);
        note.reply_code = code;
        note.phone = SCENE_PHONE;
        note.account = note.channel;
    }
    if (r == 0)
        r = apply(sc, msg, n, &f, 1, &note, "core");
    if (r == 0)
        *ret = id;
    return r;
}

int scene_outcome(struct scene *sc, aw_id msg, unsigned n, aw_id attempt, enum aw_outcome outcome)
{
    struct aw_fact f = {.type = AW_FACT_OUTCOME,
                        .attempt = attempt,
                        .outcome = outcome,
                        .next_due = sc->now + AW_MINUTE};
    struct aw_fact_note note = {
        .http_status = 200, .provider_id = "18446744073709551000", .text = "ok"};
    int r = apply(sc, msg, n, &f, 1, &note, "channel:jpush");
    return r || outcome != AW_OUT_ACCEPTED ? r : scene_evidence(sc, msg, n, attempt, AW_ACCEPTED);
}

int scene_evidence(struct scene *sc, aw_id msg, unsigned n, aw_id attempt, enum aw_level level)
{
    struct aw_fact f = {.type = AW_FACT_EVIDENCE,
                        .attempt = attempt,
                        .level = level,
                        .source = AW_SRC_REPORT,
                        .counts = true,
                        .at = sc->now - AW_SECOND,
                        .next_due = sc->now + AW_MINUTE};
    return apply(sc, msg, n, &f, 1, NULL, "channel:jpush");
}

static int end(struct scene *sc, aw_id msg, unsigned n, struct aw_fact *facts, unsigned n_facts,
               const struct aw_fact_note *notes)
{
    unsigned counts[AW_N_STATES];
    struct aw_stored_message m;
    struct aw_timeline *tl;
    int r = apply(sc, msg, n, facts, n_facts, notes, "key:1");

    if (r || (r = aw_store_message(sc->s, msg, &m, &sc->err)))
        return r;
    aw_stored_message_free(&m);
    if ((r = aw_store_counts(sc->s, msg, m.n, counts, &sc->err)) || counts[AW_OPEN])
        return r;
    tl = aw_malloc(sizeof *tl);
    if ((r = aw_store_timeline(sc->s, msg + n, tl, &sc->err)) == 0)
        r = aw_store_message_ended(sc->s, msg, tl, aw_message_fold(m.needed, counts), &sc->err);
    aw_free(tl);
    return r;
}

int scene_ack(struct scene *sc, aw_id msg, unsigned n)
{
    struct aw_fact facts[] = {{.type = AW_FACT_EVIDENCE,
                               .level = AW_ACKNOWLEDGED,
                               .source = AW_SRC_APP,
                               .counts = true,
                               .next_due = sc->now + AW_MINUTE},
                              {.type = AW_FACT_ENDED, .state = AW_CONFIRMED, .why = AW_WHY_GOAL}};
    struct aw_fact_note notes[2] = {{.detail = "{\"by\":\"张三\",\"device\":\"phone\"}"}};
    return end(sc, msg, n, facts, 2, notes);
}

static int cancel(struct scene *sc, aw_id msg, unsigned n)
{
    struct aw_fact f = {.type = AW_FACT_ENDED, .state = AW_CANCELLED, .why = AW_WHY_CANCELLED};
    struct aw_fact_note note = {.detail = "sent by mistake"};
    return end(sc, msg, n, &f, 1, &note);
}

/* Somebody holds it for an hour, and wants its second step all the same. */
static int act(struct scene *sc, aw_id msg, unsigned n)
{
    struct aw_fact facts[] = {{.type = AW_FACT_HELD,
                               .from = sc->now,
                               .at = sc->now + AW_HOUR,
                               .moved = AW_HOUR,
                               .why = AW_WHY_SNOOZED,
                               .next_due = sc->now + AW_HOUR},
                              {.type = AW_FACT_ESCALATED,
                               .step = 1,
                               .round = 1,
                               .at = sc->now,
                               .why = AW_WHY_ESCALATED,
                               .next_due = sc->now}};
    struct aw_fact_note notes[2] = {{.detail = "lunch"}, {.detail = "no lunch", .step_id = "text"}};
    return end(sc, msg, n, facts, 2, notes);
}

/* --- the story ------------------------------------------------------------------------------ */

#define TURN(move)                                                                                 \
    do {                                                                                           \
        must(sc, scene_begin(sc), "begin");                                                        \
        must(sc, move, #move);                                                                     \
        must(sc, scene_commit(sc), "commit");                                                      \
        must(sc, aw_store_checkpoint(sc->s, false, &sc->err), "checkpoint");                       \
    } while (0)

static void tell_people(struct scene *sc)
{
    static const struct aw_channel_change holds[] = {
        {.channel = "sms", .state = "paused", .reason = "asked by Li Si"},
        {.channel = "sms", .state = "resumed"},
        {.channel = "mail", .state = "open"},
        {.channel = "mail", .state = "stopped", .code = 535, .text = "535 no"},
        {.channel = "push", .state = "paused", .until = AW_DAY},
        {.channel = "push", .state = "paused", .until = 2 * AW_DAY},
    };
    struct aw_key_row key = {.id = 1, .name = "app", .app = "shop", .scopes = 7};
    const char *contact = "{\"phone\":\"" SCENE_PHONE "\"}";
    int64_t boss, gone;
    bool news;

    key.created = sc->now;
    TURN(aw_store_person(sc->s, sc->app, "boss", true, "key:1", &boss, &sc->err));
    TURN(aw_store_contact_put(sc->s, boss, contact, strlen(contact), "key:1", &sc->err));
    TURN(aw_store_person(sc->s, sc->app, "gone", true, "key:1", &gone, &sc->err));
    TURN(aw_store_contact_put(sc->s, gone, NULL, 0, "key:1", &sc->err));
    TURN(aw_store_key_put(sc->s, &key, "uid:0", &sc->err));
    for (int out = 1; out >= 0; out--)
        TURN(aw_store_opt_out(sc->s, "shop", SCENE_PHONE, out, "carrier", "channel:carrier", &news,
                              &sc->err));
    TURN(aw_store_opt_out(sc->s, "", SCENE_PHONE, true, "all", "channel:all", &news, &sc->err));
    TURN(aw_store_downtime_put(sc->s, sc->now - AW_HOUR, sc->now, "stopped", &sc->err));
    for (unsigned i = 0; i < AW_COUNT(holds); i++)
        TURN(aw_store_channel(sc->s, &holds[i], "core", &sc->err));
    static const struct aw_silence_row silences[] = {
        {.app = "", .since = 5, .until = 50, .body = "{\"match\":{\"class\":\"a\"}}"},
        {.app = "shop", .since = 6, .until = 60, .body = "{\"match\":{\"class\":\"b\"}}"}};
    int64_t silence = 0;
    for (unsigned i = 0; i < AW_COUNT(silences); i++)
        TURN(aw_store_silence_put(sc->s, &silences[i], "key:1", &silence, &sc->err));
    TURN(aw_store_silence_end(sc->s, silence, "ended", "enough", "key:1", &sc->err));
    TURN(aw_store_notice(sc->s, "tries-spent", "an SMS got through nowhere", &sc->err));
    TURN(aw_store_alive_put(sc->s, sc->now, &sc->err));
}

void scene_story(struct scene *sc, unsigned n)
{
    aw_id one, two, three, id, push, sms, more;
    int64_t boss;

    TURN(scene_setup(sc));
    tell_people(sc);
    must(sc, aw_store_person(sc->s, sc->app, "boss", false, "core", &boss, &sc->err), "boss");

    TURN(scene_register(sc, "key-1", "order-1", 3, &one));
    TURN(scene_claim(sc, one, 0, 0, AW_PUSH, 0, 0, &push));
    TURN(scene_outcome(sc, one, 0, push, AW_OUT_ACCEPTED));
    TURN(scene_evidence(sc, one, 0, push, AW_DELIVERED));
    TURN(scene_ack(sc, one, 0));
    TURN(scene_claim(sc, one, 1, 1, AW_SMS, boss, 0, &sms));
    TURN(scene_claim(sc, one, 2, 1, AW_SMS, boss, sms, &more));
    TURN(scene_outcome(sc, one, 1, sms, AW_OUT_REFUSED));
    TURN(scene_outcome(sc, one, 2, more, AW_OUT_REFUSED));
    TURN(scene_ack(sc, one, 1));
    TURN(scene_ack(sc, one, 2));

    TURN(scene_register(sc, "key-2", NULL, 1, &two));
    TURN(scene_claim(sc, two, 0, 0, AW_PUSH, 0, 0, &push));
    TURN(scene_register(sc, NULL, "order-3", 2, &three));
    TURN(cancel(sc, three, 0));
    TURN(cancel(sc, three, 1));
    TURN(act(sc, two, 0));
    for (unsigned i = 0; i < n; i++) {
        char key[32];
        snprintf(key, sizeof key, "more-%u", i);
        TURN(scene_register(sc, key, NULL, 1, &id));
        if (i % 3 == 0)
            TURN(scene_ack(sc, id, 0));
    }
}
