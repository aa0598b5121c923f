/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rulestats.h"

#include "base/mem.h"

/* Milliseconds under names; null when nothing was measured. */
static void spans(struct aw_jsonw *w, const char *name, const char *const names[3],
                  const aw_ms values[3], bool any)
{
    aw_jw_object(w, name);
    for (unsigned i = 0; i < 3; i++) {
        if (any)
            aw_jw_int(w, names[i], values[i]);
        else
            aw_jw_str(w, names[i], NULL); /* null */
    }
    aw_jw_end(w, '}');
}

void aw_rulestats_write(struct aw_jsonw *w, const struct aw_rule_stats_row *s)
{
    static const char *const confirmed[] = {"p50", "p90", "p99"};
    static const char *const waits[] = {"half", "nine_in_ten", "all"};

    aw_jw_object(w, NULL);
    aw_jw_str(w, "rule", s->rule);
    aw_jw_object(w, "timelines");
    for (unsigned i = 0; i < AW_N_STATES; i++)
        aw_jw_int(w, aw_state_name((enum aw_state)i), (int64_t)s->states[i]);
    aw_jw_end(w, '}');
    aw_jw_array(w, "sent");
    for (unsigned i = 0; i < s->n_channels; i++) {
        aw_jw_object(w, NULL);
        aw_jw_str(w, "channel", s->channels[i].name);
        aw_jw_str(w, "kind", aw_kind_name(s->channels[i].kind));
        aw_jw_int(w, "count", (int64_t)s->channels[i].n_sent);
        aw_jw_end(w, '}');
    }
    aw_jw_end(w, ']');
    spans(w, "confirmed_ms", confirmed, s->confirmed, s->n_confirmed > 0);
    aw_jw_int(w, "sms", (int64_t)s->n_sms);
    aw_jw_int(w, "avoidable_sms", (int64_t)s->n_avoidable);
    spans(w, "wait_ms", waits, s->waits, s->n_avoidable > 0);
    aw_jw_end(w, '}');
}
