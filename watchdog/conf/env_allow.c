/* SPDX-License-Identifier: Apache-2.0
 *
 * `allow` of a channel: the ranges of addresses that its requests may reach although they are not
 * public, or over http. Who may reach what is decided when a request connects (base/guard.h);
 * here the file is only compared with itself, so that a gateway on loopback is not first missed
 * when a message needs it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"
#include "conf/env_int.h"

void aw_env_read_allow(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_channel *c = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > AW_ALLOW_MAX) {
        aw_schema_error(r, v, "E112", "as in allow: [127.0.0.0/8, 10.1.2.3]",
                        "\"%s\" is one or a list of 1 to %d ranges of addresses", k->key,
                        AW_ALLOW_MAX);
        return;
    }
    struct aw_range *list = aw_arena_alloc(r->arena, n * sizeof(*list));
    for (unsigned i = 0; i < n; i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        const char *s = aw_schema_text(r, item, 1, AW_RANGE_TEXT, false);
        struct aw_err err;
        if (s == NULL)
            continue;
        if (aw_range_parse(s, &list[c->n_allow], &err) == 0)
            c->n_allow++;
        else
            aw_schema_error(r, item, "E116", "as in 127.0.0.0/8, 10.1.2.3 or fd00::/8",
                            "\"%s\": %s", s, err.text);
    }
    c->allow = list;
}

static bool allows(const struct aw_channel *c, const struct sockaddr *sa)
{
    for (unsigned i = 0; i < c->n_allow; i++)
        if (aw_range_has(&c->allow[i], sa))
            return true;
    return false;
}

/* One URL; the value is not printed, for that of a robot is a secret. */
static void check_url(struct aw_reader *r, const struct aw_channel *c, const char *key,
                      const char *url, const struct aw_yaml *at)
{
    struct sockaddr_storage ss;
    const struct sockaddr *sa = (const struct sockaddr *)(const void *)&ss;
    char hint[128], host[INET6_ADDRSTRLEN];
    bool literal = aw_guard_literal(url, &ss), plain = strncmp(url, "https:", 6) != 0;
    const char *why = literal ? aw_guard_denied(sa) : NULL;
    if (literal ? allows(c, sa) || (!why && !plain) : !plain || c->n_allow > 0)
        return;
    snprintf(hint, sizeof(hint), "%s",
             aw_schema_t(r, "use https, or allow: [the server's address]"));
    if (literal) {
        const void *addr = ss.ss_family == AF_INET6
                               ? (const void *)&((struct sockaddr_in6 *)(void *)&ss)->sin6_addr
                               : (const void *)&((struct sockaddr_in *)(void *)&ss)->sin_addr;
        inet_ntop(ss.ss_family, addr, host, sizeof(host));
        snprintf(hint, sizeof(hint), "allow: [\"%s/%d\"]", host,
                 ss.ss_family == AF_INET6 ? 128 : 32);
    }
    aw_schema_key_warn(r, at, "W110", hint, "\"%s\" of channel %s will not be reached: %s", key,
                       c->name, why ? why : aw_schema_t(r, "http without TLS"));
}

void aw_env_check_allow(struct aw_reader *r, const struct aw_channel *c, const struct aw_yaml *map)
{
    if (c->provider->kind == AW_EMAIL && c->n_allow > 0)
        aw_schema_key_error(r, aw_yaml_get(map, "allow"), "E102", "take it out",
                            "\"allow\" is for channels that speak HTTP");
    for (unsigned i = 0; i < c->n_settings && !r->lenient; i++) {
        const struct aw_channel_setting *s = &c->settings[i];
        size_t n = strlen(s->key);
        const struct aw_yaml *at = aw_yaml_get(map, s->key);
        if (n >= 3 && strcmp(s->key + n - 3, "url") == 0)
            check_url(r, c, s->key, s->value, at != NULL ? at : map);
    }
}
