/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels of the environment: what every channel has, by the table below, and what its provider
 * wants, by the provider's own table (core/provider.c). Values of settings stay texts; they are
 * checked here, so that chan/ can trust them.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/env_int.h"
#include "conf/setting.h"

static void read_provider(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    struct aw_channel *c = base;
    const char *names[32];
    unsigned n = 0;
    for (const struct aw_provider *p = aw_providers; p->name != NULL && n < 31; p++)
        names[n++] = p->name;
    names[n] = NULL;
    if (aw_schema_word(r, v, names, "provider") >= 0)
        c->provider = aw_provider_find(v->text);
}

static const char *const blind_words[] = {"escalate", "hold", NULL};
static const char *const unknown_words[] = {"resend", "hold", NULL};

#define CHANNEL(field) .at = offsetof(struct aw_channel, field)
static const struct aw_key channel_keys[] = {
    {"provider", AW_KEY_NAME, AW_KEY_REQUIRED, CHANNEL(provider), .read = read_provider,
     .help = "jpush, gateway (SMS over HTTP), jsms, smtp, webhook, jmessage, or a robot: wecom, "
             "dingtalk, "
             "feishu"},
    {"app", AW_KEY_NAME, 0, CHANNEL(app), .help = "the only app that may use it; default all"},
    {"weight", AW_KEY_NUMBER, 0, CHANNEL(weight), .max = 1000, .def = "100",
     .help = "order among the channels of a kind: high first"},
    {"concurrency", AW_KEY_NUMBER, 0, CHANNEL(concurrency), .min = 1, .max = 64, .def = "4",
     .help = "requests at one time"},
    {"timeout", AW_KEY_DURATION, 0, CHANNEL(timeout), .min = AW_SECOND, .max = 5 * AW_MINUTE,
     .def = "20s", .help = "hard deadline of one request"},
    {"allow", AW_KEY_OTHER, 0, .read = aw_env_read_allow,
     .help = "addresses it may reach though not public, or without TLS: 127.0.0.1, 10.1.0.0/16"},
    {"on_blind", AW_KEY_WORD, 0, CHANNEL(on_blind), .words = blind_words, .def = "escalate",
     .help = "when its receipts cannot be seen: escalate all the same, or hold"},
    {"on_unknown", AW_KEY_WORD, 0, CHANNEL(on_unknown), .words = unknown_words, .def = "resend",
     .help = "when it is unknown whether it was sent: resend with the same key, or hold"},
    {NULL},
};

static void check_channel(struct aw_reader *r, const struct aw_yaml *map,
                          const struct aw_yaml *fallback, void *base);

const struct aw_shape aw_shape_channel = {.what = "a channel",
                                          .keys = channel_keys,
                                          .size = sizeof(struct aw_channel),
                                          .name_at = offsetof(struct aw_channel, name),
                                          .open = true,
                                          .check = check_channel};

static bool is_common(const char *key)
{
    for (const struct aw_key *k = channel_keys; k->key != NULL; k++)
        if (strcmp(k->key, key) == 0)
            return true;
    return false;
}

static void check_unknown(struct aw_reader *r, const struct aw_provider *p,
                          const struct aw_yaml *map)
{
    const char *names[64];
    unsigned n = 0;
    for (const struct aw_setting *s = p->settings; s->key != NULL && n < 40; s++)
        names[n++] = s->key;
    for (const struct aw_key *k = channel_keys; k->key != NULL && n < 63; k++)
        names[n++] = k->key;
    names[n] = NULL;
    for (const struct aw_yaml *v = map->child; v != NULL; v = v->next) {
        unsigned i = 0;
        while (i < n && strcmp(names[i], v->key) != 0)
            i++;
        if (i < n || is_common(v->key))
            continue;
        char hint[256];
        aw_schema_suggest(r, hint, v->key, names);
        aw_schema_key_error(r, v, "E102", hint, "unknown key \"%s\" in a channel of provider %s",
                            v->key, p->name);
    }
}

static const char *read_secret(struct aw_reader *r, const struct aw_channel *c,
                               const struct aw_setting *s, const struct aw_yaml *v)
{
    struct aw_env_owned *o = r->ctx;
    struct aw_secret from;
    if (!aw_secret_form(r, v, &from) || o->n_secrets == AW_MAX_SECRETS)
        return NULL;
    o->secrets[o->n_secrets++] = (struct aw_env_secret){c, s->key, from};
    return r->lenient ? NULL : aw_secret_read(r, v, &from);
}

static void check_channel(struct aw_reader *r, const struct aw_yaml *map,
                          const struct aw_yaml *fallback, void *base)
{
    struct aw_channel *c = base;
    const char *secret;
    if (c->provider == NULL)
        return;
    check_unknown(r, c->provider, map);
    if (c->on_blind == AW_BLIND_HOLDS && !c->provider->reports)
        aw_schema_key_error(r, aw_yaml_get(map, "on_blind"), "E112", "take it out",
                            "%s cannot be asked for receipts: nobody is ever blind there",
                            c->provider->name);
    struct aw_channel_setting *list =
        aw_arena_alloc(r->arena, aw_setting_room(c->provider->settings) * sizeof(*list));
    c->settings = list;
    for (const struct aw_setting *s = c->provider->settings; s->key != NULL; s++) {
        const struct aw_yaml *v = aw_yaml_get(map, s->key);
        if (v == NULL && s->required && !r->lenient)
            aw_schema_key_error(r, map, "E101", s->help, "a channel of provider %s needs \"%s\"",
                                c->provider->name, s->key);
        if (v == NULL && s->def != NULL)
            list[c->n_settings++] = (struct aw_channel_setting){s->key, s->def};
        if (v == NULL)
            continue;
        if (s->type != AW_SET_SECRET)
            c->n_settings += aw_setting_read(r, s, v, list + c->n_settings);
        else if ((secret = read_secret(r, c, s, v)) != NULL)
            list[c->n_settings++] = (struct aw_channel_setting){s->key, secret};
    }
    aw_env_check_allow(r, c, map);
}
