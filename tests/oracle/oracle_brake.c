/* SPDX-License-Identifier: Apache-2.0
 *
 * "5. `suppress`, silences, `limits` [...]: defer or skip, with the name of what did it." Only one
 * message is there, so nothing suppresses it.
 */
#include "oracle/oracle_int.h"

#include <stdio.h>
#include <string.h>

void ora_sent(struct ora *o, const struct ora_tl *tl, const char *user, enum aw_kind kind)
{
    if (o->n_sends < ORA_SENDS)
        o->sends[o->n_sends++] = (struct ora_send){tl, o->now, user, kind, false};
}

/* The first instant at which one more to this person fits: as long as the window that ends then has
 * fewer than n. */
static aw_time fits_at(struct ora *o, const char *user, enum aw_kind kind, struct aw_rate r)
{
    unsigned n = 0;

    for (unsigned i = o->n_sends; i-- > 0;) {
        const struct ora_send *s = &o->sends[i];
        if (s->kind == kind && strcmp(s->user, user) == 0 && s->at > o->now - r.per && ++n == r.n)
            return s->at + r.per;
    }
    return o->now;
}

/* "a breach defers", until all of those whom it reaches may have one more. */
static aw_time limited(struct ora *o, const struct ora_flight *to, enum aw_kind kind,
                       char by[ORA_BY])
{
    const struct aw_limits *l = o->rule->limits.given ? &o->rule->limits
                                : o->in->brake        ? o->in->brake->limits
                                                      : NULL;
    aw_time until = o->now;

    for (unsigned u = 0; l && u < to->n; u++) {
        for (unsigned i = 0; i < l->per_recipient[kind].n; i++) {
            struct aw_rate r = l->per_recipient[kind].list[i];
            aw_time at = fits_at(o, to->users[u], kind, r);
            char per[AW_TIME_TEXT];
            if (at <= until)
                continue;
            until = at;
            aw_duration_print(per, r.per);
            snprintf(by, ORA_BY, "%s %u/%s", aw_kind_name(kind), r.n, per);
        }
    }
    return until;
}

/* A silence puts off to its end what its matcher covers: here, all or nothing. */
static aw_time silenced(struct ora *o, char by[ORA_BY])
{
    const struct aw_brake_conf *b = o->in->brake;

    for (unsigned i = 0; b && i < b->n_silences; i++) {
        const struct aw_silence *s = &b->silences[i];
        if (o->now >= s->from && o->now < s->until) {
            snprintf(by, ORA_BY, "%s", s->name);
            return s->until;
        }
    }
    return o->now;
}

/* What keeps a firing back now, and until when; NONE: nothing. */
enum aw_why ora_restrained(struct ora *o, const struct ora_firing *f, const struct ora_flight *to,
                           aw_time *ret_until, char by[ORA_BY])
{
    *ret_until = silenced(o, by);
    if (*ret_until > o->now)
        return AW_WHY_SILENCE;
    if (f->wanted) /* "hours and limits do not" apply to an escalate */
        return AW_WHY_NONE;
    *ret_until = limited(o, to, f->kind, by);
    return *ret_until > o->now ? AW_WHY_LIMIT : AW_WHY_NONE;
}
