/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment as text: the effective settings as YAML that could be read again, and the
 * reference of all keys. Secrets appear as where they come from; their values are not looked at.
 */
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"
#include "conf/brake.h"
#include "conf/env_int.h"

/* A scalar that reads back as itself. */
void aw_env_show_text(struct aw_buf *out, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-";
    if (s[0] != '\0' && s[strspn(s, plain)] == '\0' && strspn(s, ".@+-") == 0) {
        aw_buf_puts(out, s);
        return;
    }
    aw_buf_putc(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            aw_buf_putc(out, '\\');
        aw_buf_putc(out, *s);
    }
    aw_buf_putc(out, '"');
}

static void put(struct aw_buf *out, const char *indent, const char *key, const char *value)
{
    if (value == NULL)
        return;
    aw_buf_printf(out, "%s", indent);
    aw_env_show_text(out, key);
    aw_buf_puts(out, ": ");
    aw_env_show_text(out, value);
    aw_buf_putc(out, '\n');
}

static void show_tls(const struct aw_tls *t, struct aw_buf *out)
{
    if (t->certificate == NULL)
        return;
    aw_buf_puts(out, ", tls: {certificate: ");
    aw_env_show_text(out, t->certificate);
    if (t->client_ca != NULL) {
        aw_buf_puts(out, ", client_ca: ");
        aw_env_show_text(out, t->client_ca);
    }
    aw_buf_printf(out, ", key: {%s: ", t->key_how);
    aw_env_show_text(out, t->key_name);
    aw_buf_puts(out, "}}");
}

static void show_listen(const struct aw_env_conf *e, struct aw_buf *out)
{
    static const char *const names[] = {"public", "api", "ops"};
    aw_buf_puts(out, "listen:\n");
    for (unsigned i = 0; i < e->n_listen; i++) {
        const struct aw_listen *l = &e->listen[i];
        aw_buf_puts(out, "  - {address: ");
        aw_env_show_text(out, l->address);
        aw_buf_printf(out, ", port: %u, faces: [", l->port);
        const char *comma = "";
        for (unsigned f = 0; f < AW_COUNT(names); f++)
            if (l->faces & 1u << f) {
                aw_buf_printf(out, "%s%s", comma, names[f]);
                comma = ", ";
            }
        aw_buf_printf(out, "], per_address: %u", l->per_address);
        show_tls(&l->tls, out);
        aw_buf_puts(out, "}\n");
    }
}

static enum aw_setting_type type_of(const struct aw_channel *c, const char *key)
{
    for (const struct aw_setting *s = c->provider->settings; s->key != NULL; s++)
        if (strcmp(s->key, key) == 0)
            return s->type;
    return AW_SET_PAIRS;
}

static void show_setting(const struct aw_channel *c, const struct aw_channel_setting *s,
                         const char **pairs, struct aw_buf *out)
{
    char text[AW_TIME_TEXT];
    uint64_t ms = 0;
    size_t n;
    switch (type_of(c, s->key)) {
    case AW_SET_SECRET:
        break; /* shown by where it comes from */
    case AW_SET_DURATION:
        aw_parse_u64(s->value, strlen(s->value), INT64_MAX, &ms);
        aw_duration_print(text, (aw_ms)ms);
        put(out, "    ", s->key, text);
        break;
    case AW_SET_PAIRS:
        n = strcspn(s->key, ".");
        if (*pairs == NULL || strncmp(*pairs, s->key, n + 1) != 0)
            aw_buf_printf(out, "    %.*s:\n", (int)n, s->key);
        *pairs = s->key;
        put(out, "      ", s->key + n + 1, s->value);
        break;
    default:
        put(out, "    ", s->key, s->value);
    }
}

static void show_allow(const struct aw_channel *c, struct aw_buf *out)
{
    char range[AW_RANGE_TEXT];
    for (unsigned i = 0; i < c->n_allow; i++) {
        aw_range_print(&c->allow[i], range);
        aw_buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "    allow: [", range);
    }
    aw_buf_puts(out, c->n_allow > 0 ? "]\n" : "");
}

static void show_channel(const struct aw_env_owned *o, const struct aw_channel *c,
                         struct aw_buf *out)
{
    char text[AW_TIME_TEXT];
    aw_buf_printf(out, "  %s:\n    provider: %s\n", c->name, c->provider->name);
    put(out, "    ", "app", c->app);
    aw_duration_print(text, c->timeout);
    aw_buf_printf(out, "    weight: %u\n    concurrency: %u\n    timeout: %s\n", c->weight,
                  c->concurrency, text);
    show_allow(c, out);
    const char *pairs = NULL;
    for (unsigned i = 0; i < c->n_settings; i++)
        show_setting(c, &c->settings[i], &pairs, out);
    for (unsigned i = 0; i < o->n_secrets; i++) {
        const struct aw_env_secret *s = &o->secrets[i];
        if (s->channel != c)
            continue;
        aw_buf_printf(out, "    %s: {%s: ", s->key, s->from.how);
        aw_env_show_text(out, s->from.name);
        aw_buf_puts(out, "}\n");
    }
}

void aw_env_show(const struct aw_env_conf *e, struct aw_buf *out)
{
    const struct aw_env_owned *o = (const struct aw_env_owned *)(const void *)e;
    char text[AW_TIME_TEXT];
    aw_buf_puts(out, "version: 1\n");
    put(out, "", "node", e->node);
    put(out, "", "public_url", e->public_url);
    put(out, "", "zone", e->zone);
    aw_duration_print(text, e->retention);
    put(out, "", "retention", text);
    show_listen(e, out);
    put(out, "", "socket", e->socket);
    put(out, "", "store", e->store);
    put(out, "", "rules", e->rules);
    put(out, "", "templates", e->templates_dir);
    aw_buf_printf(out, "requests_per_second: %u\n", e->requests_per_second);
    if (e->heartbeat != NULL) {
        aw_buf_puts(out, "heartbeat:\n");
        put(out, "    ", "url", e->heartbeat->url.value);
        aw_duration_print(text, e->heartbeat->every);
        put(out, "    ", "every", text);
        show_allow(&e->heartbeat->channel, out);
    }
    if (e->n_operators > 0)
        aw_buf_puts(out, "operators:\n");
    for (unsigned i = 0; i < e->n_operators; i++) {
        aw_buf_printf(out, "  - channel: %s\n", e->operators[i].channel);
        put(out, "    ", "to", e->operators[i].to);
    }
    aw_brake_show(e, out);
    aw_env_show_apps(e, out);
    aw_env_show_almanac(&e->almanac, out);
    aw_buf_puts(out, e->n_channels > 0 ? "channels:\n" : "");
    for (unsigned i = 0; i < e->n_channels; i++)
        show_channel(o, &e->channels[i], out);
}

static void print_duration_default(const char *def, struct aw_buf *out)
{
    char text[AW_TIME_TEXT];
    uint64_t ms = 0;
    aw_parse_u64(def, strlen(def), INT64_MAX, &ms);
    aw_duration_print(text, (aw_ms)ms);
    aw_buf_printf(out, ", default %s", text);
}

static void provider_reference(const struct aw_provider *p, struct aw_buf *out)
{
    static const char *const forms[] = {
        [AW_SET_TEXT] = "text",          [AW_SET_URL] = "URL",
        [AW_SET_SECRET] = "secret",      [AW_SET_NUMBER] = "number",
        [AW_SET_BOOL] = "true or false", [AW_SET_CHOICE] = "one of",
        [AW_SET_DURATION] = "duration",  [AW_SET_PAIRS] = "map of names and texts",
        [AW_SET_PATH] = "path",
    };
    aw_buf_printf(out, "\nchannels of provider %s (%s)\n", p->name, aw_kind_name(p->kind));
    for (const struct aw_setting *s = p->settings; s->key != NULL; s++) {
        aw_buf_printf(out, "%-28s %s", s->key, forms[s->type]);
        if (s->type == AW_SET_CHOICE)
            aw_buf_printf(out, " %s", s->choices);
        if (s->type == AW_SET_NUMBER)
            aw_buf_printf(out, " %ld to %ld", s->min, s->max);
        if (s->required)
            aw_buf_puts(out, ", required");
        else if (s->type == AW_SET_DURATION && s->def != NULL)
            print_duration_default(s->def, out);
        else if (s->def != NULL)
            aw_buf_printf(out, ", default %s", s->def);
        aw_buf_printf(out, ": %s\n", s->help);
    }
}

void aw_env_reference(struct aw_buf *out)
{
    aw_schema_reference(&aw_shape_env, "", out);
    for (const struct aw_provider *p = aw_providers; p->name != NULL; p++)
        provider_reference(p, out);
}
