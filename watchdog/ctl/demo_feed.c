/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's log as the demo's events. The log is read after every instant; what one instant
 * brought is ordered by person and step, since outcomes of one instant may arrive in any order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"

static int person_of(const struct aw_demo *d, const json_t *entry)
{
    const char *message = aw_json_str(entry, "msg");
    for (int i = 0; message && i < AW_DEMO_PEOPLE; i++)
        if (aw_streq(d->people[i].message, message))
            return i;
    return -1;
}

/* Where an entry stands among those of one instant and person: by step, and within a step in the
 * order in which things follow from each other. */
static unsigned rank_of(const json_t *entry, const json_t *claim)
{
    static const char *const kinds[] = {
        "message.registered", "firing.advanced", "firing.claimed", "firing.skipped",
        "firing.deferred",    "attempt.outcome", "address.failed", "evidence.recorded",
        "timeline.moved",     "timeline.ended",  "message.ended"};
    const char *kind = aw_json_str(entry, "kind"), *what = aw_json_str(claim ? claim : entry, "do");
    const json_t *index = json_object_get(claim ? claim : entry, "step_index");
    unsigned step = json_is_integer(index) ? (unsigned)json_integer_value(index) : AW_MAX_STEPS - 1;
    unsigned k = 0;
    enum aw_kind type = AW_PUSH;
    while (k < AW_COUNT(kinds) && !aw_streq(kinds[k], kind))
        k++;
    if (what)
        aw_kind_parse(what, &type);
    if (k == 0)
        return 0;
    if (aw_streq(kind, "timeline.ended") || aw_streq(kind, "message.ended"))
        step = AW_MAX_STEPS - 1;
    /* everything after the end comes behind it, the exhausted step among it */
    return 1 + ((step * AW_N_KINDS + type) * 16 + k);
}

/* The claim of the attempt that an entry is about. */
static json_t *claim_of(const struct aw_demo *d, json_t *entry)
{
    const char *attempt = aw_json_str(entry, "attempt");
    if (aw_streq(aw_json_str(entry, "kind"), "firing.claimed"))
        return entry;
    for (unsigned i = 0; attempt && i < d->n_events; i++)
        if (d->events[i].claim == d->events[i].entry &&
            aw_streq(aw_json_str(d->events[i].entry, "attempt"), attempt))
            return d->events[i].entry;
    return NULL;
}

static void add(struct aw_demo *d, json_t *entry)
{
    json_t *claim = claim_of(d, entry);
    int person = person_of(d, entry);
    const char *ts = aw_json_str(entry, "ts");
    aw_time at;
    if (person < 0 || d->n_events == AW_DEMO_EVENTS || !ts ||
        aw_time_parse(ts, strlen(ts), &at) < 0)
        return;
    d->events[d->n_events++] =
        (struct aw_demo_event){at, person, rank_of(entry, claim), json_incref(entry), claim};
}

static int by_instant(const void *pa, const void *pb)
{
    const struct aw_demo_event *a = pa, *b = pb;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->person != b->person)
        return a->person - b->person;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    json_int_t sa = json_integer_value(json_object_get(a->entry, "seq"));
    json_int_t sb = json_integer_value(json_object_get(b->entry, "seq"));
    return sa < sb ? -1 : sa > sb;
}

static int read_log(struct aw_demo *d)
{
    for (;;) {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        if (aw_client_get(d->admin, &v, "/v1/audit/entries?from=%lld&limit=1000",
                          (long long)d->next_entry) != AW_EXIT_DONE)
            return -1;
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(v, "data"), i, row)
        {
            d->next_entry = json_integer_value(json_object_get(row, "seq")) + 1;
            add(d, json_object_get(row, "entry"));
        }
        if (!json_is_integer(json_object_get(v, "next")))
            return 0;
    }
}

/* State and plan of one person's only timeline. */
static int read_timeline(struct aw_demo *d, unsigned i)
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    struct aw_demo_person *p = &d->people[i];
    if (aw_client_get(d->admin, &v, "/v1/messages/%s/timeline", p->message) != AW_EXIT_DONE)
        return -1;
    const json_t *t = json_array_get(json_object_get(v, "data"), 0);
    snprintf(p->state, sizeof p->state, "%s", aw_json_str(t, "state") ?: "");
    snprintf(p->level, sizeof p->level, "%s", aw_json_str(t, "level") ?: "");
    json_decref(d->planned[i]);
    d->planned[i] = json_incref(json_object_get(t, "planned"));
    return 0;
}

int aw_demo_feed(struct aw_demo *d)
{
    unsigned before = d->n_events;
    if (aw_demo_read_record(d) < 0 || read_log(d) < 0)
        return -1;
    qsort(d->events + before, d->n_events - before, sizeof *d->events, by_instant);
    if (before == d->n_events)
        return 0;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        if (read_timeline(d, i) < 0)
            return -1;
    return 0;
}

bool aw_demo_is_send(const json_t *line, enum aw_kind *ret_kind, char ref[64])
{
    static const struct {
        const char *what;
        enum aw_kind kind;
    } sends[] = {{"push", AW_PUSH}, {"sms", AW_SMS}, {"mail", AW_EMAIL}};
    const char *what = aw_json_str(line, "what");
    const char *text = aw_json_str(line, "ref");
    if (aw_streq(what, "refused")) /* it had been sent, and was turned down */
        what = aw_json_str(line, "of");
    /* of mail: REFERENCE[.MARK]@NODE */
    if (aw_streq(what, "mail") && !text)
        text = aw_json_str(line, "message_id");
    for (unsigned i = 0; i < AW_COUNT(sends); i++)
        if (aw_streq(sends[i].what, what)) {
            *ret_kind = sends[i].kind;
            snprintf(ref, 64, "%.*s", text ? (int)strcspn(text, ".@") : 0, text ? text : "");
            return true;
        }
    return false;
}

const char *aw_demo_other(const struct aw_demo *d, const struct aw_demo_event *e)
{
    const char *ours = e->claim ? aw_json_str(e->claim, "ref") : NULL;
    for (size_t i = json_array_size(d->sends); ours && i-- > 0;) {
        const json_t *line = json_array_get(d->sends, i);
        const char *user = aw_json_str(line, "user");
        enum aw_kind kind;
        char ref[64];
        if (!aw_demo_is_send(line, &kind, ref) || !aw_streq(ref, ours))
            continue;
        if (!user) /* nobody the simulator knows */
            user = aw_json_str(line, "to");
        return aw_streq(user, d->people[e->person].user) ? NULL : user;
    }
    return NULL;
}

bool aw_demo_over(const struct aw_demo *d)
{
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        if (aw_streq(d->people[i].state, "open") || !d->people[i].state[0])
            return false;
    return true;
}
