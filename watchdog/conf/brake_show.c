/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/brake.h"

#include "base/str.h"

/* Field names as match has them. */
static const char *const field_names[] = {
    [AW_MATCH_APP] = "app",         [AW_MATCH_CLASS] = "class",   [AW_MATCH_PRIORITY] = "priority",
    [AW_MATCH_CHANNEL] = "channel", [AW_MATCH_LABEL] = "labels.", [AW_MATCH_EXTRA] = "extras.",
    [AW_MATCH_TITLE] = "title",
};

/* Quoted for YAML: double quotes know the escapes of JSON. */
static void put_quoted(struct aw_buf *out, const char *a, const char *b)
{
    const char *parts[] = {a, b};
    aw_buf_putc(out, '"');
    for (unsigned i = 0; i < 2; i++)
        for (const char *p = parts[i]; p != NULL && *p != '\0'; p++) {
            if (*p == '"' || *p == '\\')
                aw_buf_putc(out, '\\');
            aw_buf_putc(out, *p);
        }
    aw_buf_putc(out, '"');
}

void aw_match_show(const struct aw_match_term *terms, unsigned n, struct aw_buf *out)
{
    aw_buf_putc(out, '{');
    for (unsigned i = 0; i < n; i++) {
        aw_buf_puts(out, i > 0 ? ", " : "");
        put_quoted(out, field_names[terms[i].field], terms[i].key);
        aw_buf_puts(out, ": [");
        for (unsigned g = 0; g < terms[i].n_globs; g++) {
            aw_buf_puts(out, g > 0 ? ", " : "");
            put_quoted(out, terms[i].globs[g], NULL);
        }
        aw_buf_putc(out, ']');
    }
    aw_buf_putc(out, '}');
}

static void put_rate(struct aw_buf *out, struct aw_rate rate)
{
    char per[AW_TIME_TEXT];
    aw_duration_print(per, rate.per);
    aw_buf_printf(out, "%u/%s", rate.n, per);
}

static void show_limits(const struct aw_limits *l, struct aw_buf *out)
{
    aw_buf_puts(out, "limits:\n  per_recipient:\n");
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        const struct aw_rates *r = &l->per_recipient[k];
        if (r->n == 0)
            continue;
        aw_buf_printf(out, "    %s: [", aw_kind_name(k));
        for (unsigned i = 0; i < r->n; i++) {
            aw_buf_puts(out, i > 0 ? ", " : "");
            put_rate(out, r->list[i]);
        }
        aw_buf_puts(out, "]\n");
    }
}

static void show_storm(const struct aw_storm_brake *s, struct aw_buf *out)
{
    aw_buf_puts(out, "storm:\n");
    for (unsigned i = 0; i < AW_N_BUCKETS; i++) {
        if (s->rate[i].n == 0)
            continue;
        aw_buf_printf(out, "  %s: ", aw_bucket_names[i]);
        put_rate(out, s->rate[i]);
        aw_buf_putc(out, '\n');
    }
    aw_buf_printf(out, "  reserve: %u%%\n  digest: %u\n", s->reserve, s->digest);
}

static void show_silence(const struct aw_silence *s, struct aw_buf *out)
{
    char at[AW_TIME_TEXT];
    aw_buf_printf(out, "  %s:\n    match: ", s->name);
    aw_match_show(s->match, s->n_match, out);
    if (s->from != 0) {
        aw_time_print(at, s->from);
        aw_buf_printf(out, "\n    from: \"%s\"", at);
    }
    aw_time_print(at, s->until);
    aw_buf_printf(out, "\n    until: \"%s\"\n    author: ", at);
    put_quoted(out, s->author, NULL);
    aw_buf_puts(out, "\n    reason: ");
    put_quoted(out, s->reason, NULL);
    aw_buf_putc(out, '\n');
}

void aw_brake_show(const struct aw_env_conf *e, struct aw_buf *out)
{
    if (e->limits.given)
        show_limits(&e->limits, out);
    if (e->storm != NULL)
        show_storm(e->storm, out);
    if (e->n_silences > 0)
        aw_buf_puts(out, "silences:\n");
    for (unsigned i = 0; i < e->n_silences; i++)
        show_silence(&e->silences[i], out);
}
