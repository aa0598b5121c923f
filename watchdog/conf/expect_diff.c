/* SPDX-License-Identifier: Apache-2.0
 *
 * Expected beside actual, as a unified diff whose lines are expectations: what stands behind a '+'
 * can be taken into the test. What was skipped stands between them as comments, since it explains.
 */
#include "conf/expect.h"

#include "base/str.h"

/* A user or a name as YAML: bare where that cannot be read as anything else. */
static void put_word(struct aw_buf *out, const char *s)
{
    bool bare = *s != '\0';
    for (const char *p = s; *p != '\0' && bare; p++)
        bare = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
               (p > s && (*p == '_' || *p == '-' || *p == '.'));
    if (bare) {
        aw_buf_puts(out, s);
        return;
    }
    aw_buf_putc(out, '"');
    for (const char *p = s; *p != '\0'; p++)
        aw_buf_printf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    aw_buf_putc(out, '"');
}

static void put_named(struct aw_buf *out, const char *key, const char *value)
{
    if (value == NULL)
        return;
    aw_buf_printf(out, ", %s: ", key);
    put_word(out, value);
}

static void put_head(struct aw_buf *out, aw_ms at, const char *key, const char *word)
{
    char text[AW_TIME_TEXT];
    aw_duration_print(text, at);
    aw_buf_printf(out, "{at: %s, %s: %s", text, key, word);
}

static void put_tail(struct aw_buf *out, const char *to, const char *step, unsigned round,
                     const char *const *targets, unsigned n_targets)
{
    put_named(out, "to", to);
    put_named(out, "step", step);
    if (round > 1)
        aw_buf_printf(out, ", round: %u", round);
    for (unsigned i = 0; i < n_targets; i++) {
        aw_buf_puts(out, i == 0 ? ", targets: [" : ", ");
        put_word(out, targets[i]);
    }
    aw_buf_puts(out, n_targets > 0 ? "]}" : "}");
}

void aw_expect_print(struct aw_buf *out, const struct aw_virtual_line *l)
{
    if (l->what == AW_V_STATE) {
        put_head(out, l->after, "state", aw_state_name(l->state));
        put_tail(out, l->to, NULL, 0, NULL, 0);
        return;
    }
    bool other = l->n_targets != 1 || !aw_streq(l->targets[0], l->to);
    put_head(out, l->after, "do", aw_kind_name(l->kind));
    put_tail(out, l->to, l->step, l->round, l->targets, other ? l->n_targets : 0);
}

static void put_expected(struct aw_buf *out, const struct aw_expect *e)
{
    bool state = e->form == AW_EXPECT_STATE;
    aw_buf_puts(out, "-- ");
    put_head(out, e->at, state ? "state" : "do",
             state ? aw_state_name(e->state) : aw_kind_name(e->kind));
    put_tail(out, e->to, e->step, e->round, (const char *const *)e->targets, e->n_targets);
    aw_buf_putc(out, '\n');
}

static void put_actual(struct aw_buf *out, const struct aw_virtual_line *l, bool seen)
{
    char at[AW_TIME_TEXT];
    if (l->what == AW_V_FIRED || l->what == AW_V_STATE) {
        aw_buf_puts(out, seen || l->what == AW_V_STATE ? " - " : "+- ");
        aw_expect_print(out, l);
        aw_buf_putc(out, '\n');
        return;
    }
    aw_duration_print(at, l->after);
    aw_buf_printf(out, " # %s: %s %s %s (%s)\n", at, l->step, aw_kind_name(l->kind),
                  aw_virtual_what_name(l), aw_why_name(l->why));
}

/* The earliest expectation behind place `done` of those at one time, in the order (at, place). */
static int next_expected(const struct aw_expect *expect, unsigned n, const bool *met, int done)
{
    int best = -1;
    for (unsigned i = 0; i < n; i++) {
        bool behind = done < 0 || expect[i].at > expect[done].at ||
                      (expect[i].at == expect[done].at && (int)i > done);
        if (!met[i] && behind && expect[i].form != AW_EXPECT_NOTHING_AFTER &&
            (best < 0 || expect[i].at < expect[best].at))
            best = (int)i;
    }
    return best;
}

void aw_expect_diff(const struct aw_expect *expect, unsigned n, const bool *met,
                    const struct aw_lines *lines, struct aw_buf *out)
{
    aw_buf_puts(out, "--- expected\n+++ actual\n");
    int e = next_expected(expect, n, met, -1);
    for (unsigned j = 0; j <= lines->n; j++) {
        for (; e >= 0 && (j == lines->n || expect[e].at <= lines->list[j].after);
             e = next_expected(expect, n, met, e))
            put_expected(out, &expect[e]);
        if (j < lines->n)
            put_actual(out, &lines->list[j], lines->seen[j]);
    }
    for (unsigned i = 0; i < n; i++)
        if (expect[i].form == AW_EXPECT_NOTHING_AFTER) {
            char at[AW_TIME_TEXT];
            aw_duration_print(at, expect[i].at);
            aw_buf_printf(out, " - {nothing_after: %s}\n", at);
        }
}
