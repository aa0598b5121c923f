/* SPDX-License-Identifier: Apache-2.0
 *
 * Silences: those of the environment file, and those of people, which are rows. Each of the latter
 * is parsed once; the list that the brake looks at holds both, the file's first. One that has come
 * to its end is taken away, and the log says so. Core thread; at most AW_MAX_SILENCES.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"
#include "conf/brake.h"
#include "daemon/loop_int.h"

struct kept {
    struct aw_arena arena;
    struct aw_silence s;
    char name[AW_ID_TEXT], *app, *body;
};

struct aw_silences {
    struct kept **kept;
    unsigned n_kept;
    struct aw_silence *all; /* what the brake looks at */
};

static struct aw_silences *silences(struct aw_loop *l)
{
    if (!l->silences)
        l->silences = aw_calloc(1, sizeof(*l->silences));
    return l->silences;
}

static void kept_free(struct kept *k)
{
    aw_arena_free(&k->arena);
    aw_free(k->app);
    aw_free(k->body);
    aw_free(k);
}

void aw_silences_free(struct aw_loop *l)
{
    struct aw_silences *x = l->silences;

    for (unsigned i = 0; x && i < x->n_kept; i++)
        kept_free(x->kept[i]);
    if (x) {
        aw_free(x->kept);
        aw_free(x->all);
    }
    aw_free(x);
}

void aw_silences_list(struct aw_loop *l, struct aw_brake_conf *conf)
{
    struct aw_silences *x = silences(l);
    const struct aw_env_conf *e = l->live->conf;

    x->all = aw_realloc(x->all, (e->n_silences + x->n_kept + 1) * sizeof(*x->all));
    for (unsigned i = 0; i < e->n_silences; i++)
        x->all[i] = e->silences[i];
    for (unsigned i = 0; i < x->n_kept; i++)
        x->all[e->n_silences + i] = x->kept[i]->s;
    conf->silences = x->all;
    conf->n_silences = e->n_silences + x->n_kept;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The first problem of the text goes into err. */
static int parse(const struct aw_silence_row *row, struct kept **ret, struct aw_err *err)
{
    struct kept *k = aw_calloc(1, sizeof(*k));
    struct aw_diag diag;
    int r;

    aw_diag_init(&diag);
    k->body = aw_strdup(row->body);
    k->app = row->app[0] ? aw_strdup(row->app) : NULL;
    r = aw_silence_parse(k->body, strlen(k->body), &k->arena, &k->s, &diag);
    if (r)
        aw_fail(err, AW_EINVAL, "%s%s%s", diag.items[0].text, diag.items[0].hint[0] ? "; " : "",
                diag.items[0].hint);
    aw_diag_free(&diag);
    k->s.app = k->app;
    k->s.from = row->since;
    k->s.until = row->until;
    *ret = k;
    if (r)
        kept_free(k);
    return r;
}

static void keep(struct aw_silences *x, struct kept *k, int64_t id)
{
    k->s.id = id;
    aw_id_print(k->name, "sil_", (aw_id)id);
    k->s.name = k->name;
    x->kept = aw_realloc(x->kept, (x->n_kept + 1) * sizeof(struct kept *));
    x->kept[x->n_kept++] = k;
}

struct load {
    struct aw_silences *x;
    struct aw_err *err;
};

static int load(void *arg, const struct aw_silence_row *row)
{
    struct load *load = arg;
    struct kept *k;
    int r = parse(row, &k, load->err);

    if (r == AW_OK)
        keep(load->x, k, row->id);
    return r ? AW_ECORRUPT : AW_OK;
}

int aw_silences_start(struct aw_loop *l, struct aw_err *err)
{
    struct load x = {silences(l), err};

    return aw_store_silences(l->store, load, &x, err);
}

/* --- what stands, for people ------------------------------------------------------------------ */

static void show(struct aw_jsonw *w, const struct aw_silence *s)
{
    struct aw_buf match = AW_BUF_INIT(64 * 1024);

    aw_match_show(s->match, s->n_match, &match);
    aw_jw_object(w, NULL);
    aw_jw_str(w, "id", s->name);
    aw_jw_str(w, "source", s->id ? "api" : "file");
    aw_jw_str(w, "app", s->app);
    aw_jw_raw(w, "match", aw_buf_str(&match), match.n);
    if (s->from)
        aw_jw_time(w, "from", s->from);
    aw_jw_time(w, "until", s->until);
    aw_jw_str(w, "author", s->author);
    aw_jw_str(w, "reason", s->reason);
    aw_jw_end(w, '}');
    aw_buf_free(&match);
}

static bool sees(const struct aw_cmd *cmd, const struct aw_silence *s)
{
    return !cmd->app[0] || !s->app || aw_streq(cmd->app, s->app);
}

int aw_turn_silences(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_buf out = AW_BUF_INIT((size_t)4 << 20);
    const struct aw_env_conf *e = l->live->conf;
    const struct aw_silences *x = silences(l);

    for (unsigned i = 0; i < e->n_silences + x->n_kept; i++) {
        const struct aw_silence *s =
            i < e->n_silences ? &e->silences[i] : &x->kept[i - e->n_silences]->s;
        struct aw_jsonw w;

        if (s->until <= l->now || !sees(cmd, s))
            continue;
        aw_jw_init(&w, &out);
        show(&w, s);
        aw_buf_putc(&out, '\n');
    }
    cmd->reply.body = aw_buf_take(&out, &cmd->reply.n_body);
    return AW_OK;
}

/* --- begun, ended ----------------------------------------------------------------------------- */

static char *body_of(const struct aw_cmd *cmd)
{
    struct aw_buf out = AW_BUF_INIT(128 * 1024);
    struct aw_jsonw w;
    size_t n;

    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_raw(&w, "match", cmd->u.silence.match, strlen(cmd->u.silence.match));
    aw_jw_str(&w, "author", cmd->u.silence.author[0] ? cmd->u.silence.author : cmd->actor);
    aw_jw_str(&w, "reason", cmd->u.silence.reason);
    aw_jw_end(&w, '}');
    return aw_buf_take(&out, &n);
}

int aw_turn_silence_add(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_silences *x = silences(l);
    AW_AUTO_FREE char *body = body_of(cmd);
    struct aw_silence_row row = {.app = cmd->app, .since = cmd->u.silence.from, .body = body};
    struct aw_buf out = AW_BUF_INIT(64 * 1024);
    struct aw_jsonw w;
    struct kept *k;
    struct aw_err why;
    int64_t id;
    int r;

    if (!row.since)
        row.since = l->now;
    row.until = cmd->u.silence.until ? cmd->u.silence.until : row.since + cmd->u.silence.length;
    if (row.until <= l->now || row.until <= row.since)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/until", "a silence ends in the future");
    else if (x->n_kept >= AW_MAX_SILENCES)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "", "%d silences stand: end some", AW_MAX_SILENCES);
    else if (parse(&row, &k, &why))
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/match", "%s", why.text);
    if (cmd->reply.problem)
        return AW_OK;
    r = aw_store_silence_put(l->store, &row, cmd->actor, &id, err);
    if (r) {
        kept_free(k);
        return r;
    }
    keep(x, k, id);
    aw_brakes_changed(l);
    aw_jw_init(&w, &out);
    show(&w, &k->s);
    cmd->u.silence.id = id;
    cmd->reply.body = aw_buf_take(&out, &cmd->reply.n_body);
    return AW_OK;
}

static void forget(struct aw_silences *x, unsigned i)
{
    kept_free(x->kept[i]);
    x->kept[i] = x->kept[--x->n_kept];
}

int aw_turn_silence_end(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_silences *x = silences(l);
    unsigned i = 0;
    int r;

    while (i < x->n_kept && (x->kept[i]->s.id != cmd->u.silence.id || !sees(cmd, &x->kept[i]->s) ||
                             (cmd->app[0] && !x->kept[i]->app)))
        i++;
    if (i == x->n_kept) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such silence");
        return AW_OK;
    }
    r = aw_store_silence_end(l->store, cmd->u.silence.id, "ended", cmd->u.silence.reason,
                             cmd->actor, err);
    if (r)
        return r;
    forget(x, i);
    cmd->reply.at = l->now;
    aw_brakes_changed(l);
    return AW_OK;
}

int aw_silences_expire(struct aw_loop *l, struct aw_err *err)
{
    struct aw_silences *x = silences(l);
    bool any = false;
    int r = AW_OK;

    for (unsigned i = x->n_kept; i-- > 0 && r == AW_OK;) {
        if (x->kept[i]->s.until > l->now)
            continue;
        r = aw_store_silence_end(l->store, x->kept[i]->s.id, "expired", NULL, "core", err);
        if (r == AW_OK)
            forget(x, i);
        any = true;
    }
    if (any)
        aw_brakes_changed(l);
    return r;
}

/* After a rollback: what stands is what the rows say. */
int aw_silences_reread(struct aw_loop *l, struct aw_err *err)
{
    struct aw_silences *x = silences(l);
    int r;

    while (x->n_kept)
        forget(x, x->n_kept - 1);
    r = aw_silences_start(l, err);
    aw_brakes_changed(l);
    return r;
}
