/* SPDX-License-Identifier: Apache-2.0
 *
 * GET of messages and their attempts. Addresses are masked unless asked for (?reveal=true).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "http/call.h"

#define MAX_STORED ((size_t)2 << 20) /* a stored registration is below that */

/* ---- masking ----------------------------------------------------------------------------- */

static void mask(json_t *v)
{
    char text[512];
    size_t i;
    json_t *item;

    if (json_is_string(v)) {
        aw_mask(text, sizeof(text), json_string_value(v));
        json_string_set(v, text);
    }
    json_array_foreach(v, i, item)
    {
        mask(item);
    }
}

static void mask_recipients(json_t *registration)
{
    static const char *const members[] = {"alias", "registration_ids", "phone", "email", "im"};
    size_t i;
    json_t *recipient;

    json_array_foreach(json_object_get(registration, "recipients"), i, recipient)
    {
        for (size_t k = 0; k < AW_COUNT(members); k++)
            mask(json_object_get(recipient, members[k]));
    }
}

/* ---- one message as JSON ------------------------------------------------------------------- */

static const char *const count_names[AW_N_STATES] = {
    [AW_OPEN] = "open",       [AW_CONFIRMED] = "confirmed", [AW_EXHAUSTED] = "exhausted",
    [AW_EXPIRED] = "expired", [AW_CANCELLED] = "cancelled", [AW_RELEASED] = "released",
};

enum detail { SHORT, MASKED, REVEALED };

static void put_registration(struct aw_jsonw *w, const struct aw_message_row *m, json_t *body,
                             enum detail detail)
{
    if (detail == REVEALED) {
        aw_jw_raw(w, "registration", m->body, m->n_body);
        return;
    }
    mask_recipients(body);
    char *text = json_dumps(body, JSON_COMPACT);
    aw_jw_raw(w, "registration", text ? text : "null", text ? strlen(text) : 4);
    free(text);
}

/* Firings that are put off: how many for which reason, and until when the last of them. */
static void put_waiting(struct aw_jsonw *w, const struct aw_message_row *m)
{
    aw_jw_object(w, "waiting");
    for (unsigned i = 0; i < AW_N_WHYS; i++)
        if (m->waiting[i])
            aw_jw_int(w, aw_why_name(i), m->waiting[i]);
    aw_jw_end(w, '}');
    aw_jw_time(w, "waiting_until", m->waits_until);
}

static void put_message(struct aw_jsonw *w, const struct aw_message_row *m, enum detail detail)
{
    json_t *body = NULL;

    /* What is stored was checked; if it cannot be read, its members are null. */
    aw_json_parse(m->body, m->n_body, MAX_STORED, &body, NULL);
    const char *priority = aw_json_str(body, "priority");
    aw_jw_object(w, NULL);
    aw_jw_id(w, "id", "msg_", m->id);
    aw_jw_str(w, "external_id", m->external_id);
    aw_jw_str(w, "app", m->app);
    aw_jw_object(w, "rule");
    aw_jw_str(w, "name", m->rule);
    aw_jw_hex(w, "sha256", m->sha256, 32);
    aw_jw_end(w, '}');
    aw_jw_str(w, "title", aw_json_str(body, "title"));
    aw_jw_str(w, "priority", priority ? priority : aw_priority_name(AW_NORMAL));
    aw_jw_str(w, "state", aw_state_name(m->state));
    aw_jw_str(w, "level", aw_level_name(m->level));
    aw_jw_time(w, "registered_at", m->registered);
    aw_jw_time(w, "next_due", m->due);
    aw_jw_int(w, "seq", m->seq);
    aw_jw_object(w, "recipients");
    aw_jw_int(w, "total", m->n_recipients);
    aw_jw_int(w, "needed", m->needed ? m->needed : m->n_recipients);
    for (unsigned s = 0; s < AW_N_STATES; s++)
        aw_jw_int(w, count_names[s], m->counts[s]);
    aw_jw_end(w, '}');
    if (detail != SHORT)
        put_waiting(w, m);
    if (detail != SHORT)
        put_registration(w, m, body, detail);
    aw_jw_end(w, '}');
    json_decref(body);
}

/* ---- GET /v1/messages ---------------------------------------------------------------------- */

static int list_row(void *arg, const struct aw_message_row *m)
{
    put_message(arg, m, SHORT);
    return 0;
}

struct filter {
    int state;
    char rule[AW_NAME_MAX + 1];
    unsigned limit;
    aw_id before;
};

/* False: the call has ended. */
static bool take_filter(struct aw_call *call, struct filter *f)
{
    char state[32], after[AW_ID_TEXT + 8];
    enum aw_state s = AW_OPEN;

    if (!aw_call_limit(call, 50, 500, &f->limit) ||
        !aw_call_query(call, "state", state, sizeof(state)) ||
        !aw_call_query(call, "rule", f->rule, sizeof(f->rule)) ||
        !aw_call_query(call, "after", after, sizeof(after)))
        return false;
    if (state[0] && aw_state_parse(state, &s) < 0) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter state: open, confirmed, exhausted, expired, cancelled or "
                        "released");
        return false;
    }
    if (after[0] && aw_id_parse(after, "msg_", &f->before) < 0) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter after: take it from `next` of the page before");
        return false;
    }
    f->state = state[0] ? (int)s : -1;
    return true;
}

void aw_do_messages(struct aw_call *call)
{
    const struct aw_reading *reading = &call->api->env.reading;
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct filter f = {0};
    struct aw_jsonw w;
    struct aw_reader *r;
    aw_id next = 0;
    char cursor[AW_ID_TEXT];

    if (!take_filter(call, &f) || !(r = aw_call_reader(call)))
        return;
    aw_list_open(&w, &out);
    int rc = reading->messages(r, call->app, f.state, f.rule[0] ? f.rule : NULL, f.before, f.limit,
                               &next, list_row, &w);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the messages cannot be read now");
        return;
    }
    aw_id_print(cursor, "msg_", next);
    aw_call_list(call, &w, next ? cursor : NULL);
}

/* ---- GET /v1/messages/{message} ------------------------------------------------------------- */

struct one {
    struct aw_jsonw w;
    enum detail detail;
};

static int one_row(void *arg, const struct aw_message_row *m)
{
    struct one *one = arg;
    put_message(&one->w, m, one->detail);
    return 0;
}

void aw_do_message(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct one one = {.detail = MASKED};
    struct aw_reader *r;
    char reveal[8];

    if (!aw_call_query(call, "reveal", reveal, sizeof(reveal)) || !(r = aw_call_reader(call)))
        return;
    if (strcmp(reveal, "true") == 0)
        one.detail = REVEALED;
    aw_jw_init(&one.w, &out);
    int rc = call->api->env.reading.message(r, call->app, call->message, one_row, &one);
    aw_call_release(call, r);
    if (rc == 0 && out.n > 0) {
        aw_call_json(call, 200, &out, NULL, 0);
        return;
    }
    aw_buf_free(&out);
    if (rc == 0 || rc == AW_ENOENT)
        aw_call_not_found(call, "message");
    else
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the message cannot be read now");
}

/* ---- GET /v1/messages/{message}/attempts ------------------------------------------------------
 */

struct attempts {
    struct aw_jsonw w;
    unsigned n;
    aw_id last;
};

static int seen_row(void *arg, const struct aw_message_row *m)
{
    *(bool *)arg = true;
    return 0;
}

static int attempt_row(void *arg, const struct aw_attempt_row *a)
{
    struct attempts *list = arg;
    struct aw_jsonw *w = &list->w;

    aw_jw_object(w, NULL);
    aw_jw_id(w, "id", "att_", a->id);
    aw_jw_id(w, "ref", "aw_", a->ref);
    aw_jw_int(w, "n", a->n);
    aw_jw_str(w, "step", a->step_id);
    aw_jw_str(w, "do", aw_kind_name(a->kind));
    aw_jw_int(w, "round", a->round);
    aw_jw_int(w, "number", a->number);
    aw_jw_str(w, "channel", a->channel);
    aw_jw_str(w, "user", a->user);
    aw_jw_str(w, "outcome", aw_outcome_name(a->outcome));
    aw_jw_str(w, "level", aw_level_name(a->level));
    aw_jw_str(w, "provider_id", a->provider_id);
    aw_jw_time(w, "at", a->at);
    aw_jw_time(w, "done_at", a->done_at);
    aw_jw_int(w, "http_status", a->http_status);
    aw_jw_int(w, "code", a->code);
    aw_jw_str(w, "detail", a->detail);
    aw_jw_end(w, '}');
    list->n++;
    list->last = a->id;
    return 0;
}

void aw_do_attempts(struct aw_call *call)
{
    const struct aw_reading *reading = &call->api->env.reading;
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct attempts list = {0};
    struct aw_reader *r;
    char after[AW_ID_TEXT + 8], cursor[AW_ID_TEXT];
    unsigned limit;
    bool seen = false;
    aw_id from = 0;

    if (!aw_call_limit(call, 500, 1000, &limit) ||
        !aw_call_query(call, "after", after, sizeof(after)))
        return;
    if (after[0] && aw_id_parse(after, "att_", &from) < 0) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter after: take it from `next` of the page before");
        return;
    }
    if (!(r = aw_call_reader(call)))
        return;
    aw_list_open(&list.w, &out);
    int rc = reading->message(r, call->app, call->message, seen_row, &seen);
    if (rc == 0 && seen)
        rc = reading->attempts(r, call->message, from, limit, attempt_row, &list);
    aw_call_release(call, r);
    if (rc == 0 && seen) {
        aw_id_print(cursor, "att_", list.last);
        aw_call_list(call, &list.w, list.n == limit ? cursor : NULL);
        return;
    }
    aw_buf_free(&out);
    if (rc == 0 || rc == AW_ENOENT)
        aw_call_not_found(call, "message");
    else
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the attempts cannot be read now");
}
