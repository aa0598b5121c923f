/* SPDX-License-Identifier: Apache-2.0
 *
 * Pushes that hold pushes: the batch of single pushes, keyed by their cids, and the push over an
 * app group, of which this account is the only app.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "sim/jpush.h"
#include "sim/jpush_store.h"

#define BODY_MAX  ((size_t)1 << 20)
#define BATCH_MAX 1000

/* One push of the batch as a push of its own: `target` becomes the audience, the key its cid. */
static json_t *single(json_t *push, const char *cid, const char *kind)
{
    json_t *o = json_copy(push), *target = json_object_get(push, "target");
    if (!json_is_object(o))
        return o; /* refused when it is carried out */
    json_object_set_new(o, "audience", json_pack("{s:[O]}", kind, target ? target : json_null()));
    json_object_set_new(o, "cid", json_string(cid));
    json_object_del(o, "target");
    return o;
}

/* The answer as a value; an answer that is empty is an empty object. */
static json_t *run(struct aw_sim *sim, const char *p, size_t n)
{
    struct aw_sim_reply r = {.status = 500};
    struct aw_err err;
    json_t *answer = NULL;
    aw_sim_jpush_carry_out(sim, p, n, true, &r);
    aw_json_parse(aw_buf_str(&r.body), r.body.n, BODY_MAX, &answer, &err);
    aw_sim_reply_free(&r);
    return answer ? answer : json_object();
}

/* In a batch the msg_id is a number and there is no sendno. */
static json_t *row(json_t *answer)
{
    uint64_t id;
    json_object_del(answer, "sendno");
    if (aw_json_u64(json_object_get(answer, "msg_id"), &id) == 0)
        json_object_set_new(answer, "msg_id", json_integer((json_int_t)id));
    return answer;
}

static void batch(struct aw_sim *sim, struct aw_sim_call *c, const char *kind)
{
    json_t *body = NULL, *push;
    struct aw_err err;
    const char *cid;
    aw_json_parse(c->view->body, c->view->n_body, BODY_MAX, &body, &err);
    json_t *list = json_object_get(body, "pushlist");
    size_t n = json_object_size(list);
    if (n == 0 || n > BATCH_MAX) {
        aw_sim_jpush_error(c->reply, 400, n ? 1003 : 1002, "Invalid value of 'pushlist'.", 0);
        json_decref(body);
        return;
    }
    json_t *answer = json_object();
    json_object_foreach(list, cid, push)
    {
        json_t *one = single(push, cid, kind);
        char *text = json_dumps(one, JSON_COMPACT | JSON_ENCODE_ANY);
        json_object_set_new(answer, cid, row(run(sim, text, strlen(text))));
        free(text);
        json_decref(one);
    }
    json_decref(body);
    aw_sim_reply_json(c->reply, 200, answer);
}

void aw_sim_jpush_batch_regid(struct aw_sim *sim, struct aw_sim_call *c)
{
    batch(sim, c, "registration_id");
}

void aw_sim_jpush_batch_alias(struct aw_sim *sim, struct aw_sim_call *c)
{
    batch(sim, c, "alias");
}

/* One member per app of the group. */
void aw_sim_jpush_group(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *answer = run(sim, c->view->body, c->view->n_body);
    aw_sim_reply_json(c->reply, 200, json_pack("{s:o}", sim->jpush->app_key, answer));
}
