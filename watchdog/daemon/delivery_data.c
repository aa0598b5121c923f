/* SPDX-License-Identifier: Apache-2.0
 *
 * What a callback tells the application: read from the rows when it is sent, so that the row of the
 * callback holds nothing personal. User ids are the application's own; addresses never appear.
 */
#include "codec/jsonw.h"
#include "daemon/loop_int.h"

#define LIST_MAX 100 /* recipients named one by one */

static void put_message(struct aw_jsonw *w, const struct aw_msg *m)
{
    aw_jw_id(w, "message", "msg_", m->row.id);
    aw_jw_str(w, "external_id", m->reg.external_id);
    aw_jw_str(w, "app", m->app);
    aw_jw_str(w, "rule", m->rule->name);
    aw_jw_time(w, "registered_at", m->row.registered);
}

static void put_timeline(struct aw_jsonw *w, const struct aw_msg *m, const struct aw_timeline *tl)
{
    aw_jw_str(w, "recipient", m->reg.recipients[tl->n].user);
    aw_jw_str(w, "state", aw_state_name(tl->state));
    aw_jw_str(w, "level", aw_level_name(tl->level));
    aw_jw_bool(w, "late", tl->late);
}

static int put_timelines(struct aw_loop *l, const struct aw_msg *m, struct aw_jsonw *w,
                         struct aw_err *err)
{
    unsigned n = m->row.n < LIST_MAX ? m->row.n : LIST_MAX;
    int r = AW_OK;

    aw_jw_array(w, "timelines");
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        r = aw_store_timeline(l->store, m->row.id + i, &l->tl, err);
        if (r)
            break;
        aw_jw_object(w, NULL);
        put_timeline(w, m, &l->tl);
        aw_jw_end(w, '}');
    }
    aw_jw_end(w, ']');
    aw_jw_int(w, "timelines_omitted", m->row.n - n);
    return r;
}

static int put_whole(struct aw_loop *l, const struct aw_msg *m, const struct aw_delivery *d,
                     struct aw_jsonw *w, struct aw_err *err)
{
    unsigned counts[AW_N_STATES];
    int r = aw_store_counts(l->store, m->row.id, m->row.n, counts, err);

    if (r)
        return r;
    aw_jw_str(w, "state", aw_callback_events[d->event]);
    aw_jw_time(w, "ended_at", d->at);
    aw_jw_object(w, "recipients");
    aw_jw_int(w, "total", m->row.n);
    for (unsigned i = 0; i < AW_N_STATES; i++)
        aw_jw_int(w, aw_state_name(i), counts[i]);
    aw_jw_end(w, '}');
    return put_timelines(l, m, w, err);
}

int aw_delivery_data(struct aw_loop *l, const struct aw_msg *m, const struct aw_delivery *d,
                     struct aw_buf *out, struct aw_err *err)
{
    struct aw_jsonw w;
    int r;

    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    put_message(&w, m);
    if (d->n < 0) {
        r = put_whole(l, m, d, &w, err);
    } else {
        r = aw_store_timeline(l->store, m->row.id + d->n, &l->tl, err);
        if (r == AW_OK)
            put_timeline(&w, m, &l->tl);
        aw_jw_time(&w, "ended_at", d->at);
    }
    aw_jw_end(&w, '}');
    return r;
}
