/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ports.h"
#include "daemon/rule_tools.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "chan/chan.h"
#include "codec/digest.h"
#include "codec/jsonw.h"
#include "daemon/loop_int.h"
#include "daemon/status.h"

#define USES_AT_ONCE 16 /* written in a turn */

struct key {
    int64_t id;
    char app[AW_NAME_MAX + 1];
    uint32_t scopes;
    uint8_t hash[32];
    bool revoked;
    aw_time expires;
    aw_time used, written; /* last; as the row has it */
};

struct aw_ports {
    struct aw_status_source source;
    const struct aw_clock *clock;
    const char *store_path;
    uint8_t token_secret[32];
    _Atomic unsigned rate;
    pthread_mutex_t lock; /* keys */
    struct key *keys;
    unsigned n_keys;
};

/* --- keys ---------------------------------------------------------------------------------------
 */

struct key_list {
    struct key *keys;
    unsigned n;
};

static int add_key(void *arg, const struct aw_key_row *row)
{
    struct key_list *list = arg;
    struct key *k;

    list->keys = aw_realloc(list->keys, (list->n + 1) * sizeof(*list->keys));
    k = &list->keys[list->n++];
    memset(k, 0, sizeof(*k));
    k->id = row->id;
    k->scopes = row->scopes;
    k->revoked = row->revoked != 0;
    k->expires = row->expires;
    k->used = k->written = row->used;
    memcpy(k->hash, row->hash, sizeof(k->hash));
    snprintf(k->app, sizeof(k->app), "%s", row->app ? row->app : "");
    return 0;
}

void aw_ports_keys_changed(void *ctx, struct aw_store *store)
{
    struct aw_ports *p = ctx;
    struct key_list list = {0};
    struct key *old;
    struct aw_err err;

    if (aw_store_keys(store, add_key, &list, &err)) {
        aw_free(list.keys);
        return; /* the old table goes on; the next change or start reads again */
    }
    pthread_mutex_lock(&p->lock);
    old = p->keys;
    for (unsigned i = 0; i < p->n_keys && i < list.n; i++) /* ids only rise: the same places */
        if (old[i].id == list.keys[i].id)
            list.keys[i].used = old[i].used;
    p->keys = list.keys;
    p->n_keys = list.n;
    pthread_mutex_unlock(&p->lock);
    aw_free(old);
}

/* A few a call, so that a turn stays short: the others have theirs in the next. */
int aw_ports_keys_used(void *ctx, struct aw_store *store, struct aw_err *err)
{
    struct aw_ports *p = ctx;
    int r = AW_OK;

    for (unsigned i = 0, n = 0; i < p->n_keys && n < USES_AT_ONCE && r == AW_OK; i++) {
        struct key *k = &p->keys[i]; /* only this thread replaces the table */
        pthread_mutex_lock(&p->lock);
        aw_time used = k->used;
        bool news = used && (k->written == 0 || used - k->written >= AW_HOUR);
        if (news)
            k->written = used;
        pthread_mutex_unlock(&p->lock);
        if (!news)
            continue;
        r = aw_store_key_used(store, k->id, used, err);
        n++;
    }
    return r;
}

static int check_key(void *ctx, int64_t id, const uint8_t hash[32], struct aw_caller *ret)
{
    static const struct key nobody;
    struct aw_ports *p = ctx;
    struct key k = nobody, *found = NULL;
    aw_time now = aw_clock_wall(p->clock);
    bool fine;

    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < p->n_keys; i++)
        if (p->keys[i].id == id) {
            found = &p->keys[i];
            k = *found;
        }
    /* Compared also when unknown, so that time does not tell. */
    fine = aw_equal_ct(k.hash, hash, sizeof(k.hash)) && found && !k.revoked &&
           (k.expires == 0 || now < k.expires);
    if (fine)
        found->used = now;
    pthread_mutex_unlock(&p->lock);
    if (!fine)
        return AW_ENOENT;
    ret->key = k.id;
    ret->scopes = k.scopes;
    ret->rate = p->rate;
    memcpy(ret->app, k.app, sizeof(ret->app));
    return AW_OK;
}

static void key_failed(void *ctx, const char *peer, bool many)
{
    struct aw_ports *p = ctx;

    p->source.stats->auth_failures++;
    aw_log(AW_LOG_WARN, "auth-failed", "peer=%s refused=%s", peer, many ? "yes" : "no");
}

void aw_ports_settings(struct aw_ports *p, const struct aw_env_conf *conf)
{
    p->rate = conf->requests_per_second;
}

/* --- tokens
 * --------------------------------------------------------------------------------------- */

static void token_print(void *ctx, aw_id timeline, char dst[40])
{
    aw_token_print(((struct aw_ports *)ctx)->token_secret, timeline, dst);
}

static int token_parse(void *ctx, const char *token, aw_id *ret)
{
    return aw_token_parse(((struct aw_ports *)ctx)->token_secret, token, ret);
}

static int token_mark(void *ctx, const char *mark, aw_id *ret)
{
    return aw_mark_parse(((struct aw_ports *)ctx)->token_secret, mark, ret);
}

/* --- what providers send
 * --------------------------------------------------------------------------- */

static void receive(void *ctx, const struct aw_inbound *in, struct aw_news *ret)
{
    struct aw_ports *p = ctx;
    struct aw_live *live = aw_live_box_get(p->source.box);
    const struct aw_channel *ch = aw_live_channel(live, in->channel);
    const struct aw_provider_ops *ops = ch ? aw_provider_ops_find(ch->provider->name) : NULL;

    memset(ret, 0, sizeof(*ret));
    if (ops && ops->receive) {
        ops->receive(ch, in, ret);
    } else {
        ret->refused = AW_P_NOT_FOUND;
        snprintf(ret->detail, sizeof(ret->detail), "there is nothing at this path");
    }
    aw_live_drop(live);
}

/* --- all of it
 * ------------------------------------------------------------------------------------- */

struct aw_ports *aw_ports_new(struct aw_live_box *box, struct aw_stats *stats,
                              const struct aw_clock *clock, const char *store_path)
{
    struct aw_ports *p = aw_calloc(1, sizeof(*p));

    p->source.box = box;
    p->source.stats = stats;
    p->source.clock = clock;
    p->source.store = store_path;
    p->clock = clock;
    p->store_path = store_path;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void aw_ports_free(struct aw_ports *p)
{
    if (!p)
        return;
    aw_wipe(p->token_secret, sizeof(p->token_secret));
    aw_free(p->keys);
    pthread_mutex_destroy(&p->lock);
    aw_free(p);
}

int aw_ports_start(struct aw_ports *p, struct aw_store *store, struct aw_err *err)
{
    int r = aw_store_secret(store, "tokens", p->token_secret, err);

    if (r == AW_OK)
        aw_ports_keys_changed(p, store);
    return r;
}

void aw_ports_fill(struct aw_ports *p, struct aw_http_env *env)
{
    env->clock = p->clock;
    env->version = PACKAGE_VERSION;
    env->keys.ctx = p;
    env->keys.check = check_key;
    env->keys.failed = key_failed;
    env->tokens.ctx = p;
    env->tokens.print = token_print;
    env->tokens.parse = token_parse;
    env->tokens.mark = token_mark;
    aw_status_fill(&p->source, &env->status);
    aw_rule_tools_fill(&p->source, &env->tools);
    env->receiving.ctx = p;
    env->receiving.receive = receive;
    aw_store_reading(p->store_path, &env->reading);
}
