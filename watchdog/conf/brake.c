/* SPDX-License-Identifier: Apache-2.0
 *
 * `limits` and `suppress` of rules; `limits`, `storm` and `silences` of the environment. A rate is
 * written 5/1h: five in any hour.
 */
#include "conf/brake.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/env.h"
#include "conf/rules_int.h"

struct aw_brake_conf aw_brake_conf_of(const struct aw_env_conf *e)
{
    if (e == NULL)
        return (struct aw_brake_conf){0};
    return (struct aw_brake_conf){.limits = e->limits.given ? &e->limits : NULL,
                                  .storm = e->storm,
                                  .silences = e->silences,
                                  .n_silences = e->n_silences};
}

/* --- rates ---------------------------------------------------------------------------------- */

static bool read_rate(struct aw_reader *r, const struct aw_yaml *v, unsigned most,
                      struct aw_rate *ret)
{
    const char *s = aw_schema_scalar(r, v, "a rate such as 5/1h");
    const char *slash = s != NULL ? strchr(s, '/') : NULL;
    uint64_t n;
    aw_ms per;
    if (s == NULL)
        return false;
    if (slash == NULL || aw_parse_u64(s, (size_t)(slash - s), most, &n) < 0 || n == 0 ||
        aw_duration_parse(slash + 1, strlen(slash + 1), &per) < 0 || per < AW_SECOND ||
        per > 31 * AW_DAY) {
        char hint[96];
        snprintf(hint, sizeof(hint), "a number up to %u, a slash, and 1s to 31d, as in 5/1h", most);
        aw_schema_error(r, v, "E116", hint, "\"%s\" is not a rate", s);
        return false;
    }
    *ret = (struct aw_rate){.n = (unsigned)n, .per = per};
    return true;
}

/* --- limits --------------------------------------------------------------------------------- */

static void read_rates(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_rates *rates = (struct aw_rates *)(void *)((char *)base + k->at);
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > AW_MAX_RATES) {
        aw_schema_error(r, v, "E112", "as in [2/1m, 5/1h]", "\"%s\" is a list of 1 to %d rates",
                        k->key, AW_MAX_RATES);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        if (read_rate(r, aw_schema_item(v, i), AW_LIMIT_MOST, &rates->list[rates->n]))
            rates->n++;
}

#define RATES(kind, word)                                                                          \
    {                                                                                              \
        word, AW_KEY_OTHER, 0, .at = offsetof(struct aw_limits, per_recipient[kind]),              \
                               .read = read_rates,                                                 \
                               .help = "rates, all of which hold, as in [2/1m, 5/1h]"              \
    }
static const struct aw_key recipient_keys[] = {
    RATES(AW_PUSH, "push"),
    RATES(AW_SMS, "sms"),
    RATES(AW_EMAIL, "email"),
    RATES(AW_IM, "im"),
    RATES(AW_CALL, "call"),
    RATES(AW_WEBHOOK, "webhook"),
    {NULL},
};
static const struct aw_shape recipient_shape = {"limits per recipient", recipient_keys};

static const struct aw_key limits_keys[] = {
    {"per_recipient", AW_KEY_MAP, AW_KEY_REQUIRED, .child = &recipient_shape,
     .help = "what one person, or one address, gets of a kind, of all messages of the app"},
    {NULL},
};
const struct aw_shape aw_shape_limits = {"limits", limits_keys};

void aw_limits_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                    void *base)
{
    struct aw_limits *l = (struct aw_limits *)(void *)((char *)base + k->at);
    l->given = true;
    aw_schema_map(r, k->child, v, NULL, l);
}

/* --- suppress ------------------------------------------------------------------------------- */

static void read_if_open(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_rule *rule = base;
    rule->suppress = true;
    aw_rules_read_terms(r, v, &rule->if_open, &rule->n_if_open);
}

static const struct aw_key suppress_keys[] = {
    {"if_open", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_if_open,
     .help = "which messages: fields as in match"},
    {NULL},
};
const struct aw_shape aw_shape_suppress = {"suppress", suppress_keys};

/* --- storm brake ---------------------------------------------------------------------------- */

static void read_bucket(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                        void *base)
{
    read_rate(r, v, AW_RATE_MOST, (struct aw_rate *)(void *)((char *)base + k->at));
}

static void read_percent(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_storm_brake *s = base;
    const char *text = aw_schema_scalar(r, v, "a share such as 20%");
    size_t n = text != NULL ? strlen(text) : 0;
    uint64_t share = 0;
    if (text == NULL)
        return;
    if (n < 2 || text[n - 1] != '%' || aw_parse_u64(text, n - 1, 90, &share) < 0)
        aw_schema_error(r, v, "E116", "0% to 90%", "\"%s\" is not a share", text);
    s->reserve = (unsigned)share;
}

#define STORM(field) .at = offsetof(struct aw_storm_brake, field)
#define BUCKET(of)   .at = offsetof(struct aw_storm_brake, rate[of]), .read = read_bucket
static const struct aw_key storm_keys[] = {
    {"recipient", AW_KEY_OTHER, 0, BUCKET(AW_OF_RECIPIENT),
     .help = "what one person gets of all kinds, as in 10/10m"},
    {"rule", AW_KEY_OTHER, 0, BUCKET(AW_OF_RULE), .help = "what one rule sends, as in 600/1m"},
    {"channel", AW_KEY_OTHER, 0, BUCKET(AW_OF_CHANNEL), .help = "what goes over one channel"},
    {"app", AW_KEY_OTHER, 0, BUCKET(AW_OF_APP), .help = "what one app sends"},
    {"reserve", AW_KEY_OTHER, 0, STORM(reserve), .read = read_percent, .def = "20%",
     .help = "share of each that only critical messages use, 0% to 90%"},
    {"digest", AW_KEY_NUMBER, 0, STORM(digest), .max = 100000, .def = "50",
     .help = "when more wait for one person, one carries all of them; 0: never"},
    {NULL},
};
const struct aw_shape aw_shape_storm = {"the storm brake", storm_keys,
                                        sizeof(struct aw_storm_brake)};

void aw_storm_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v, void *base)
{
    struct aw_env_conf *e = base;
    e->storm = aw_arena_alloc(r->arena, sizeof(*e->storm));
    aw_schema_map(r, k->child, v, NULL, e->storm);
}

/* --- silences ------------------------------------------------------------------------------- */

static void read_matcher(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_silence *s = base;
    aw_rules_read_terms(r, v, &s->match, &s->n_match);
    if (v->type == AW_YAML_MAP && v->n == 0)
        aw_schema_error(r, v, "E112", "for everything: {class: \"*\"} or {app: \"*\"}",
                        "a silence names what it is about");
}

#define SILENCE(field) .at = offsetof(struct aw_silence, field)
static const struct aw_key silence_keys[] = {
    {"match", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_matcher,
     .help = "which messages: fields as in match of a rule"},
    {"from", AW_KEY_TIME, 0, SILENCE(from), .help = "when it begins; default at once"},
    {"until", AW_KEY_TIME, AW_KEY_REQUIRED, SILENCE(until), .help = "when it ends"},
    {"author", AW_KEY_TEXT, AW_KEY_REQUIRED, SILENCE(author), .min = 1, .max = 128,
     .help = "who wants it"},
    {"reason", AW_KEY_TEXT, AW_KEY_REQUIRED, SILENCE(reason), .min = 1, .max = 1000, .help = "why"},
    {NULL},
};
const struct aw_shape aw_shape_silence = {.what = "a silence",
                                          .keys = silence_keys,
                                          .size = sizeof(struct aw_silence),
                                          .name_at = offsetof(struct aw_silence, name)};

static const struct aw_key stored_keys[] = {
    {"match", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_matcher, .help = "fields as in match"},
    {"author", AW_KEY_TEXT, AW_KEY_REQUIRED, SILENCE(author), .min = 1, .max = 128, .help = "who"},
    {"reason", AW_KEY_TEXT, AW_KEY_REQUIRED, SILENCE(reason), .min = 1, .max = 1000, .help = "why"},
    {NULL},
};
static const struct aw_shape stored_shape = {"a silence", stored_keys, sizeof(struct aw_silence)};

int aw_silence_parse(const char *json, size_t n, struct aw_arena *arena, struct aw_silence *ret,
                     struct aw_diag *diag)
{
    const struct aw_source_file f = {.name = "silence", .text = json, .n = n};
    struct aw_reader r = {.file = &f, .diag = diag, .arena = arena};
    struct aw_yaml_doc *doc = NULL;
    unsigned errors = diag->n_errors;
    const struct aw_yaml *root = aw_schema_parse(&f, &doc, diag);
    if (root != NULL)
        aw_schema_map(&r, &stored_shape, root, NULL, ret);
    aw_yaml_free(doc);
    return diag->n_errors == errors ? 0 : AW_EINVAL;
}

void aw_silences_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct aw_env_conf *e = base;
    aw_schema_value(r, k, v, base);
    const struct aw_yaml *item = e->n_silences > 0 ? v->child : NULL;
    for (unsigned i = 0; i < e->n_silences; i++, item = item->next)
        if (e->silences[i].until != 0 && e->silences[i].from >= e->silences[i].until)
            aw_schema_error(r, aw_yaml_get(item, "until"), "E112", NULL,
                            "the silence ends before it begins");
}
