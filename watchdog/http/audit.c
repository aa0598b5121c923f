/* SPDX-License-Identifier: Apache-2.0
 *
 * The log over HTTP: its head for whoever wants to note it, its entries for an auditor. The
 * entries are of all apps, so a key of one app is not shown them.
 */
#include <string.h>

#include "http/call.h"

void aw_do_audit_head(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(4096);
    struct aw_head head;
    struct aw_jsonw w;
    struct aw_reader *r = aw_call_reader(call);

    if (!r)
        return;
    int rc = call->api->env.reading.head(r, &head);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the head of the log cannot be read now");
        return;
    }
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_int(&w, "size", head.size);
    aw_jw_hex(&w, "root", head.root, sizeof(head.root));
    aw_jw_time(&w, "at", head.at);
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}

struct entries {
    struct aw_jsonw w;
    unsigned n;
    int64_t last;
};

static int entry_row(void *arg, const struct aw_entry_row *e)
{
    struct entries *list = arg;
    struct aw_jsonw *w = &list->w;

    aw_jw_object(w, NULL);
    aw_jw_int(w, "seq", e->seq);
    aw_jw_hex(w, "leaf", e->leaf, 32);
    aw_jw_raw(w, "entry", e->body, e->n_body);
    aw_jw_end(w, '}');
    list->n++;
    list->last = e->seq;
    return 0;
}

void aw_do_audit_entries(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct entries list = {0};
    struct aw_reader *r;
    int64_t from;
    unsigned limit;

    if (call->caller.app[0]) {
        aw_call_problem(call, AW_P_SCOPE_MISSING, "",
                        "the log is of all apps; this takes a key without an app");
        return;
    }
    if (!aw_call_limit(call, 100, 1000, &limit) || !aw_call_number(call, "from", &from) ||
        !(r = aw_call_reader(call)))
        return;
    aw_list_open(&list.w, &out);
    int rc = call->api->env.reading.entries(r, from, limit, entry_row, &list);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the log cannot be read now");
        return;
    }
    aw_jw_end(&list.w, ']');
    if (list.n == limit)
        aw_jw_int(&list.w, "next", list.last + 1);
    else
        aw_jw_str(&list.w, "next", NULL);
    aw_jw_end(&list.w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}
