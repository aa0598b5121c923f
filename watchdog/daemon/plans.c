/* SPDX-License-Identifier: Apache-2.0
 *
 * Pinned rules for http threads: what a message's rule still has planned for a timeline. A rule
 * that is loaded is held with its whole set; of one that was replaced the text in the store is read
 * again. Any thread. See status.h.
 */
#include <string.h>

#include "base/mem.h"
#include "codec/explain.h"
#include "codec/jsonw.h"
#include "core/engine.h"
#include "daemon/status.h"

struct aw_pin {
    const struct aw_rule *rule;
    struct aw_live *live;   /* whose it is, or */
    struct aw_rules *owner; /* read for this pin alone */
};

static struct aw_rules *parse(const char *rule, const char *text, size_t n)
{
    struct aw_rules *set = NULL;
    struct aw_diag diag;

    if (!text)
        return NULL;
    aw_diag_init(&diag);
    aw_rules_parse(rule, text, n, NULL, &set, &diag);
    aw_diag_free(&diag);
    return set;
}

static void unpin(struct aw_pin *pin)
{
    if (!pin)
        return;
    aw_live_drop(pin->live);
    aw_rules_free(pin->owner);
    aw_free(pin);
}

static struct aw_pin *pin(void *ctx, const char *rule, const uint8_t sha256[32], const char *text,
                          size_t n)
{
    struct aw_status_source *s = ctx;
    struct aw_pin *p = aw_calloc(1, sizeof(*p));

    p->live = aw_live_box_get(s->box);
    p->rule = aw_ruleset_find(&p->live->rules, rule);
    if (p->rule && memcmp(p->rule->sha256, sha256, 32) == 0)
        return p;
    aw_live_drop(p->live);
    p->live = NULL;
    p->owner = parse(rule, text, n);
    p->rule = p->owner ? aw_ruleset_find(&p->owner->set, rule) : NULL;
    if (p->rule)
        return p;
    unpin(p);
    return NULL;
}

/* --- what is planned ---------------------------------------------------------------------------
 */

/* Rounds behind this one: by their number, and those due at the deadline or before. */
static aw_ms rounds_left(const struct aw_step *s, unsigned round, aw_time due, aw_time deadline)
{
    aw_ms n = due > deadline ? 0 : (deadline - due) / s->every;

    return s->times && n > (aw_ms)s->times - round ? (aw_ms)s->times - round : n;
}

static void put_step(struct aw_jsonw *w, const struct aw_rule *r, const struct aw_timeline *tl,
                     unsigned index, enum aw_kind kind)
{
    const struct aw_step *step = &r->steps[index];
    char every[AW_TIME_TEXT];
    unsigned round;
    aw_time due = aw_engine_due(r, tl, index, kind, &round);
    const struct aw_track *t = aw_timeline_track(tl, index, kind);

    if (!due)
        return;
    aw_jw_object(w, NULL);
    aw_jw_time(w, "at", due);
    aw_jw_str(w, "step", step->id);
    aw_jw_str(w, "do", aw_kind_name(kind));
    aw_jw_int(w, "round", round);
    if (t && t->due && aw_why_defers(t->why))
        aw_jw_str(w, "waits_for", aw_why_name(t->why));
    if (step->unless)
        aw_jw_str(w, "unless", aw_level_name(step->unless));
    if (step->every) {
        aw_duration_print(every, step->every);
        aw_jw_str(w, "every", every);
        aw_jw_int(w, "rounds_left", rounds_left(step, round, due, aw_deadline(r, tl)));
    }
    aw_jw_end(w, '}');
}

static aw_time planned(const struct aw_pin *pin, const struct aw_timeline *tl, struct aw_buf *out)
{
    const struct aw_rule *r = pin->rule;
    struct aw_jsonw w;

    aw_jw_init(&w, out);
    aw_jw_array(&w, NULL);
    for (unsigned i = 0; tl->state == AW_OPEN && i < r->n_steps; i++)
        for (unsigned k = 0; k < r->steps[i].n_kinds; k++)
            put_step(&w, r, tl, i, r->steps[i].kinds[k]);
    aw_jw_end(&w, ']');
    return tl->state == AW_OPEN ? aw_deadline(r, tl) : 0;
}

/* --- why ----------------------------------------------------------------------------------------
 */

static void put_note(void *ctx, const char *code, const char *text)
{
    struct aw_jsonw *w = ctx;

    aw_jw_object(w, NULL);
    aw_jw_str(w, "code", code);
    aw_jw_str(w, "text", text);
    aw_jw_end(w, '}');
}

static void explain(const struct aw_pin *pin, const struct aw_timeline *tl, aw_time now,
                    enum aw_lang lang, struct aw_buf *out)
{
    struct aw_jsonw w;
    struct aw_explain e = {lang, &w, put_note};

    aw_jw_init(&w, out);
    aw_jw_array(&w, NULL);
    aw_explain_timeline(&e, pin->rule, tl, now);
    aw_jw_end(&w, ']');
}

void aw_plans_fill(struct aw_status *ret)
{
    ret->pin = pin;
    ret->unpin = unpin;
    ret->planned = planned;
    ret->explain = explain;
}
