/* SPDX-License-Identifier: Apache-2.0
 *
 * The contact directory. A contact as stored is a JSON object without its user, which is put in
 * front of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "http/call.h"

/* {"user":"li", and the members of the stored object. */
static void put_contact(struct aw_jsonw *w, const char *user, const char *json, size_t n,
                        bool opted_out)
{
    aw_jw_object(w, NULL);
    aw_jw_str(w, "user", user);
    if (n > 2) { /* more than {} */
        aw_buf_putc(w->out, ',');
        aw_buf_add(w->out, json + 1, n - 2);
    }
    if (opted_out) {
        aw_jw_array(w, "opted_out");
        aw_jw_str(w, NULL, "sms");
        aw_jw_end(w, ']');
    }
    aw_jw_end(w, '}');
}

static void answer_contact(struct aw_call *call, const char *json, size_t n, bool opted_out)
{
    struct aw_buf out = AW_BUF_INIT(64 << 10);
    struct aw_jsonw w;
    aw_jw_init(&w, &out);
    put_contact(&w, call->params[0], json, n, opted_out);
    aw_call_json(call, 200, &out, NULL, 0);
}

/* ---- GET /v1/contacts ------------------------------------------------------------------------ */

struct contacts {
    struct aw_jsonw w;
    unsigned n;
    int64_t last;
};

static int contact_row(void *arg, const struct aw_contact_row *c)
{
    struct contacts *list = arg;
    put_contact(&list->w, c->user, c->json ? c->json : "", c->json ? strlen(c->json) : 0, false);
    list->n++;
    list->last = c->person;
    return 0;
}

void aw_do_contacts(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct contacts list = {0};
    struct aw_reader *r;
    int64_t after;
    unsigned limit;
    char cursor[32];

    if (!aw_call_limit(call, 50, 500, &limit) || !aw_call_number(call, "after", &after) ||
        !(r = aw_call_reader(call)))
        return;
    aw_list_open(&list.w, &out);
    int rc = call->api->env.reading.contacts(r, call->app, after, limit, contact_row, &list);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the contacts cannot be read now");
        return;
    }
    snprintf(cursor, sizeof(cursor), "%lld", (long long)list.last);
    aw_call_list(call, &list.w, list.n == limit ? cursor : NULL);
}

/* ---- /v1/contacts/{user} --------------------------------------------------------------------- */

/* A command about the user in the path; NULL: the call has ended. */
static struct aw_cmd *contact_cmd(struct aw_call *call, enum aw_cmd_type type)
{
    if (!aw_valid_user(call->params[0])) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "a user id is 1 to %d bytes of UTF-8 without control characters",
                        AW_USER_MAX);
        return NULL;
    }
    struct aw_cmd *cmd = aw_call_cmd(call, type);
    memcpy(cmd->u.contact.user, call->params[0], strlen(call->params[0]) + 1);
    return cmd;
}

static void got(struct aw_call *call, struct aw_cmd *cmd)
{
    if (!aw_call_refused(call, cmd))
        answer_contact(call, cmd->reply.body ? cmd->reply.body : "", cmd->reply.n_body,
                       cmd->reply.opted_out);
}

static void put(struct aw_call *call, struct aw_cmd *cmd)
{
    if (!aw_call_refused(call, cmd))
        answer_contact(call, cmd->u.contact.json, cmd->u.contact.n_json, false);
}

static void deleted(struct aw_call *call, struct aw_cmd *cmd)
{
    if (!aw_call_refused(call, cmd))
        answer_contact(call, "", 0, false);
}

void aw_do_contact_get(struct aw_call *call)
{
    struct aw_cmd *cmd = contact_cmd(call, AW_CMD_CONTACT_GET);
    if (cmd)
        aw_call_submit(call, cmd, got);
}

void aw_do_contact_put(struct aw_call *call)
{
    struct aw_cmd *cmd = contact_cmd(call, AW_CMD_CONTACT_PUT);
    struct aw_fault fault = {0};

    if (!cmd)
        return;
    if (aw_request_contact(call->view->body, call->view->n_body, &cmd->u.contact.json,
                           &cmd->u.contact.n_json, &fault) < 0) {
        aw_call_fault(call, &fault);
        aw_cmd_free(cmd);
        return;
    }
    aw_call_submit(call, cmd, put);
}

void aw_do_contact_delete(struct aw_call *call)
{
    struct aw_cmd *cmd = contact_cmd(call, AW_CMD_CONTACT_DELETE);
    if (cmd)
        aw_call_submit(call, cmd, deleted);
}
