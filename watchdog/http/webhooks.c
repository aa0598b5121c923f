/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks to the application: what was delivered, what waits, and once more.
 */
#include <string.h>

#include "http/call.h"

static void put_delivery(struct aw_jsonw *w, const struct aw_delivery_row *row)
{
    const struct aw_delivery *d = &row->d;

    aw_jw_id(w, "id", "evt_", d->id);
    aw_jw_str(w, "event", aw_callback_events[d->event]);
    aw_jw_str(w, "app", row->app);
    aw_jw_id(w, "message", "msg_", d->message);
    aw_jw_str(w, "external_id", row->external_id);
    aw_jw_str(w, "recipient", row->user);
    aw_jw_int(w, "sequence", d->seq);
    aw_jw_time(w, "at", d->at);
    aw_jw_str(w, "state", aw_delivery_states[d->state]);
    aw_jw_int(w, "tries", d->n_tries);
    aw_jw_time(w, "next_try_at", d->due);
}

/* ---- GET /v1/webhooks/deliveries ---------------------------------------------------------------
 */

static int list_row(void *arg, const struct aw_delivery_row *row)
{
    aw_jw_object(arg, NULL);
    put_delivery(arg, row);
    aw_jw_end(arg, '}');
    return 0;
}

struct filter {
    int state;
    aw_id message, before;
    unsigned limit;
};

/* False: the call has ended. */
static bool take_filter(struct aw_call *call, struct filter *f)
{
    char state[32], message[AW_ID_TEXT + 8], after[AW_ID_TEXT + 8];

    if (!aw_call_limit(call, 50, 500, &f->limit) ||
        !aw_call_query(call, "state", state, sizeof(state)) ||
        !aw_call_query(call, "message", message, sizeof(message)) ||
        !aw_call_query(call, "after", after, sizeof(after)))
        return false;
    f->state = -1;
    for (int i = 0; i < AW_N_DELIVERY_STATES; i++)
        if (strcmp(state, aw_delivery_states[i]) == 0)
            f->state = i;
    if (state[0] && f->state < 0)
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter state: waiting, delivered, failed, gone or stopped");
    else if (message[0] && aw_id_parse(message, "msg_", &f->message) < 0)
        aw_call_problem(call, AW_P_VALIDATION, "", "query parameter message: as in msg_...");
    else if (after[0] && aw_id_parse(after, "evt_", &f->before) < 0)
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter after: take it from `next` of the page before");
    else
        return true;
    return false;
}

void aw_do_deliveries(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct filter f = {0};
    struct aw_jsonw w;
    struct aw_reader *r;
    char cursor[AW_ID_TEXT];
    aw_id next;

    if (!take_filter(call, &f) || !(r = aw_call_reader(call)))
        return;
    aw_list_open(&w, &out);
    int rc = call->api->env.reading.deliveries(r, call->app, f.state, f.message, f.before, f.limit,
                                               &next, list_row, &w);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the deliveries cannot be read now");
        return;
    }
    aw_id_print(cursor, "evt_", next);
    aw_call_list(call, &w, next ? cursor : NULL);
}

/* ---- GET /v1/webhooks/deliveries/{delivery} ----------------------------------------------------
 */

static int one_row(void *arg, const struct aw_delivery_row *row)
{
    aw_jw_object(arg, NULL);
    put_delivery(arg, row);
    aw_jw_array(arg, "attempts");
    return 0;
}

static int try_row(void *arg, const struct aw_delivery_try_row *t)
{
    aw_jw_object(arg, NULL);
    aw_jw_int(arg, "number", t->number);
    aw_jw_time(arg, "at", t->at);
    aw_jw_str(arg, "channel", t->channel);
    aw_jw_str(arg, "outcome", aw_outcome_name(t->outcome));
    aw_jw_int(arg, "http_status", t->http_status);
    aw_jw_str(arg, "detail", t->detail);
    aw_jw_end(arg, '}');
    return 0;
}

/* False: the call has ended. */
static bool take_id(struct aw_call *call, aw_id *ret)
{
    if (aw_id_parse(call->params[0], "evt_", ret) == 0)
        return true;
    aw_call_not_found(call, "delivery");
    return false;
}

void aw_do_delivery(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct aw_reader *r;
    struct aw_jsonw w;
    aw_id id;

    if (!take_id(call, &id) || !(r = aw_call_reader(call)))
        return;
    aw_jw_init(&w, &out);
    int rc = call->api->env.reading.delivery(r, call->app, id, one_row, try_row, &w);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        if (rc == AW_ENOENT)
            aw_call_not_found(call, "delivery");
        else
            aw_call_problem(call, AW_P_STORE_FAILED, "", "the delivery cannot be read now");
        return;
    }
    aw_jw_end(&w, ']');
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}

/* ---- POST /v1/webhooks/deliveries/{delivery}:redeliver -----------------------------------------
 */

static void redelivered(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_id(&a.w, "id", "evt_", cmd->u.redeliver.delivery);
    aw_jw_str(&a.w, "state", aw_delivery_states[AW_DELIVERY_WAITING]);
    aw_jw_time(&a.w, "next_try_at", cmd->reply.at);
    aw_answer_close(call, &a, 202);
}

void aw_do_redeliver(struct aw_call *call)
{
    aw_id id;

    if (!take_id(call, &id))
        return;
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_REDELIVER);
    cmd->u.redeliver.delivery = id;
    aw_call_submit(call, cmd, redelivered);
}
