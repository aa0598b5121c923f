/* SPDX-License-Identifier: Apache-2.0
 *
 * `apps` of the environment: a list of names, or a map of names to what is particular about each,
 * which is what the app is told by callback, and over which channel.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/env_int.h"

struct app {
    const char *name;
    struct callbacks {
        const char *channel;
        unsigned on[AW_N_CALLBACK_EVENTS], n_on;
    } callbacks;
};

#define CALLBACKS(field) .at = offsetof(struct callbacks, field)
static const struct aw_key callbacks_keys[] = {
    {"channel", AW_KEY_NAME, AW_KEY_REQUIRED, CALLBACKS(channel),
     .help = "a webhook channel that the app may use"},
    {"on", AW_KEY_WORDS, 0, CALLBACKS(on), offsetof(struct callbacks, n_on),
     .max = AW_N_CALLBACK_EVENTS, .words = aw_callback_events, .def = "confirmed exhausted expired",
     .help = "what the app is told of"},
    {NULL},
};
static const struct aw_shape callbacks_shape = {"callbacks", callbacks_keys,
                                                sizeof(struct callbacks)};

static const struct aw_key app_keys[] = {
    {"callbacks", AW_KEY_MAP, 0, .at = offsetof(struct app, callbacks), .child = &callbacks_shape,
     .help = "how the app is told what became of its messages"},
    {NULL},
};
const struct aw_shape aw_shape_app = {.what = "an app",
                                      .keys = app_keys,
                                      .size = sizeof(struct app),
                                      .name_at = offsetof(struct app, name)};

void aw_env_read_apps(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct aw_env_conf *e = base;
    struct {
        const char *names[AW_MAX_APPS];
        struct app *list;
        unsigned n;
    } apps = {0};
    bool map = v->type == AW_YAML_MAP;
    struct aw_key inner = *k;
    inner.type = map ? AW_KEY_NAMED : AW_KEY_NAMES;
    inner.min = map;
    inner.at = map ? offsetof(__typeof__(apps), list) : offsetof(__typeof__(apps), names);
    inner.n_at = offsetof(__typeof__(apps), n);
    aw_schema_value(r, &inner, v, &apps);
    e->apps = aw_arena_alloc(r->arena, (apps.n + 1) * sizeof(*e->apps));
    e->callbacks = aw_arena_alloc(r->arena, (apps.n + 1) * sizeof(*e->callbacks));
    for (unsigned i = 0; i < apps.n; i++) {
        const struct app *a = map ? &apps.list[i] : NULL;
        struct aw_callbacks *c = &e->callbacks[e->n_apps];
        if (map && a->name == NULL)
            continue; /* refused */
        e->apps[e->n_apps++] = map ? a->name : apps.names[i];
        c->channel = map ? a->callbacks.channel : NULL;
        for (unsigned w = 0; map && w < a->callbacks.n_on; w++)
            c->on |= 1u << a->callbacks.on[w];
    }
}

void aw_env_check_apps(struct aw_reader *r, const struct aw_env_conf *e, const struct aw_yaml *apps)
{
    for (unsigned i = 0; i < e->n_apps; i++) {
        const char *name = e->callbacks[i].channel;
        if (name == NULL)
            continue;
        const struct aw_yaml *at =
            aw_yaml_get(aw_yaml_get(aw_yaml_get(apps, e->apps[i]), "callbacks"), "channel");
        const struct aw_channel *c = aw_env_channel(r, e, name, at);
        if (c == NULL || c->provider == NULL)
            continue;
        if (c->provider->kind != AW_WEBHOOK)
            aw_schema_error(r, at, "E120", "name a channel of provider webhook",
                            "channel \"%s\" carries %s, not callbacks", name,
                            aw_kind_name(c->provider->kind));
        else if (c->app != NULL && !aw_streq(c->app, e->apps[i]))
            aw_schema_error(r, at, "E120", "each app has its own channel, or one without app:",
                            "channel \"%s\" is for app %s alone", name, c->app);
    }
}

void aw_env_show_apps(const struct aw_env_conf *e, struct aw_buf *out)
{
    aw_buf_puts(out, "apps:\n");
    for (unsigned i = 0; i < e->n_apps; i++) {
        const struct aw_callbacks *c = &e->callbacks[i];
        const char *comma = "";
        aw_buf_printf(out, "  %s: {", e->apps[i]);
        if (c->channel != NULL) {
            aw_buf_printf(out, "callbacks: {channel: %s, on: [", c->channel);
            for (unsigned w = 0; w < AW_N_CALLBACK_EVENTS; w++)
                if (c->on & 1u << w) {
                    aw_buf_printf(out, "%s%s", comma, aw_callback_events[w]);
                    comma = ", ";
                }
            aw_buf_puts(out, "]}");
        }
        aw_buf_puts(out, "}\n");
    }
}
