/* SPDX-License-Identifier: Apache-2.0
 *
 * The three differ in the names of the members and in their codes, so that they are a table.
 */
#include "sim/robot.h"

#include <string.h>

#include "base/str.h"
#include "codec/json.h"

#define BODY_MAX 20480

struct robot {
    const char *name, *type, *outer, *inner; /* members of the body */
    const char *code, *message;              /* members of the answer */
    int limited, unknown, malformed;
    size_t max; /* bytes of the text */
};

static const struct robot wecom = {"wecom",  "msgtype", "text", "content", "errcode",
                                   "errmsg", 45009,     93000,  40058,     2048};
static const struct robot dingtalk = {"dingtalk", "msgtype", "text", "content", "errcode",
                                      "errmsg",   130101,    300001, 40035,     20000};
static const struct robot feishu = {"feishu", "msg_type", "content", "text", "code",
                                    "msg",    11232,      19001,     9499,   20480};

static void answer(struct aw_sim *sim, struct aw_sim_call *c, const struct robot *r, int code,
                   const char *message)
{
    if (code)
        aw_sim_note(sim, "refused", NULL,
                    json_pack("{s:s, s:s, s:i}", "of", "im", "robot", r->name, "code", code));
    aw_sim_reply_json(c->reply, 200, json_pack("{s:i, s:s}", r->code, code, r->message, message));
}

static void post(struct aw_sim *sim, struct aw_sim_call *c, const struct robot *r)
{
    json_t *body = NULL;
    if (aw_json_parse(c->view->body, c->view->n_body, BODY_MAX, &body, NULL) != 0)
        body = NULL;
    const char *text = aw_json_str(json_object_get(body, r->outer), r->inner);
    if (aw_streq(c->rest, "unknown")) {
        answer(sim, c, r, r->unknown, "invalid webhook url");
    } else if (!text || strlen(text) > r->max || !aw_streq(aw_json_str(body, r->type), "text")) {
        answer(sim, c, r, r->malformed, "Bad Request");
    } else if (aw_streq(c->rest, "limited")) {
        answer(sim, c, r, r->limited, "frequency limit");
    } else {
        aw_sim_note(sim, "im", NULL,
                    json_pack("{s:s, s:o, s:O}", "robot", r->name, "key",
                              aw_sim_text(c->rest, strlen(c->rest)), "body", body));
        answer(sim, c, r, 0, "ok");
    }
    json_decref(body);
}

void aw_sim_robot_wecom(struct aw_sim *sim, struct aw_sim_call *c)
{
    post(sim, c, &wecom);
}

void aw_sim_robot_dingtalk(struct aw_sim *sim, struct aw_sim_call *c)
{
    post(sim, c, &dingtalk);
}

void aw_sim_robot_feishu(struct aw_sim *sim, struct aw_sim_call *c)
{
    post(sim, c, &feishu);
}
