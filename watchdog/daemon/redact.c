/* SPDX-License-Identifier: Apache-2.0
 *
 * Erasure reaches registrations, too: in the stored bodies of closed messages, recipients whose
 * person was erased lose their names and addresses. Retention's passes bring messages here; bodies
 * of open ones are needed until they close, and of young ones (72 h) to answer repeated
 * registrations. The new body has a salt and a commitment of its own in the log; the old salt is
 * gone, so that the old commitment can no longer be tied to anybody.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "daemon/loop_int.h"

#define MARK "erased-" /* and the person's number: users must stay distinct */

/* Replaces what the body says of a user; false: it says nothing any more. */
static bool blank(json_t *body, const char *user, int64_t person)
{
    json_t *list = json_object_get(body, "recipients"), *item;
    char mark[40];
    bool any = false;
    size_t i;

    if (!user || aw_starts(user, MARK))
        return false;
    snprintf(mark, sizeof(mark), MARK "%lld", (long long)person);
    json_array_foreach(list, i, item)
    {
        if (!aw_streq(aw_json_str(item, "user"), user))
            continue;
        json_array_set_new(list, i, json_pack("{s:s}", "user", mark));
        any = true;
    }
    return any;
}

int aw_redact(struct aw_loop *l, aw_id message, bool *ret_any, struct aw_err *err)
{
    struct aw_erased erased[AW_MAX_RECIPIENTS];
    struct aw_msg *m = NULL;
    json_t *body = NULL;
    unsigned n = 0;
    bool any = false;
    int r = aw_store_erased(l->store, message, erased, AW_COUNT(erased), &n, err);

    *ret_any = false;
    if (r || n == 0)
        return r;
    r = aw_msg_get(l, message, &m, err);
    if (r == AW_OK)
        r = aw_json_parse(m->row.body, m->row.n_body, m->row.n_body, &body, err);
    for (unsigned i = 0; r == AW_OK && i < n; i++)
        if (erased[i].n < m->reg.n_recipients)
            any = blank(body, m->reg.recipients[erased[i].n].user, erased[i].person) || any;
    if (r == AW_OK && any) {
        char *text = json_dumps(body, JSON_COMPACT);

        r = aw_store_redact(l->store, message, text, strlen(text), err);
        free(text);
    }
    json_decref(body);
    *ret_any = r == AW_OK && any;
    return r;
}
