/* SPDX-License-Identifier: Apache-2.0
 *
 * JSMS: an SMS by a template that JSMS audited (temp_id): the one that our template's form names,
 * with the parameters that stand there, else the channel's. Without parameters in the form they are
 * the title, the body (our text) and, where there is one, the link of the send; the audited
 * template uses those it names. Numbers of mainland China only. There is no idempotency, but JSMS
 * itself refuses to repeat a text to a number within a short time, which then has had it. No
 * network here; any thread.
 */
#include "chan/jsms.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"

#define HOME       "+86"
#define ONE_NUMBER 50009

static const struct aw_code_class classes[] = {
    {50001, 50002, AW_OUT_AUTH, NULL},                /* no such application or secret */
    {50008, 50008, AW_OUT_AUTH, NULL},                /* SMS not switched on */
    {ONE_NUMBER, ONE_NUMBER, AW_OUT_THROTTLED, NULL}, /* enough for this one; others go on */
    {50013, 50014, AW_OUT_AUTH, NULL},                /* no such template; no money */
    {50019, 50019, AW_OUT_TRANSIENT, NULL},           /* internal error */
    {50020, 50021, AW_OUT_AUTH, NULL},                /* template not audited, or refused */
    {50025, 50025, AW_OUT_AUTH, NULL},                /* template of the wrong type */
    {50033, 50033, AW_OUT_AUTH, NULL},                /* no quota for the application */
    {50034, 50034, AW_OUT_ACCEPTED, NULL}, /* the number had this very text a moment ago */
    {50035, 50036, AW_OUT_AUTH, NULL},     /* our address; the application is blacklisted */
    {50042, 50047, AW_OUT_AUTH, NULL},     /* template or signature at fault */
    {50052, 50053, AW_OUT_AUTH, NULL},
    {50101, 50105, AW_OUT_AUTH, NULL},
    {0},
};

#define PARA "para."

/* The parameters of the form; false: it names none. */
static bool form_paras(struct aw_jsonw *w, const struct aw_send *s)
{
    bool any = false;
    for (unsigned i = 0; i < s->n_form; i++) {
        if (!aw_starts(s->form[i].key, PARA))
            continue;
        aw_jw_str(w, s->form[i].key + strlen(PARA), s->form[i].value);
        any = true;
    }
    return any;
}

static void own_paras(struct aw_jsonw *w, const struct aw_send *s)
{
    if (s->title && *s->title)
        aw_jw_str(w, "title", s->title);
    aw_jw_str(w, "body", s->text);
    if (s->link)
        aw_jw_str(w, "link", s->link);
    if (s->code)
        aw_jw_str(w, "code", s->code);
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    long temp = aw_send_form_num(s, "temp_id", 0);
    long sign = aw_send_form_num(s, "sign_id", 0);
    struct aw_jsonw w;
    (void)env;
    if (aw_jiguang_begin(c, s->channel, "messages", err) != 0)
        return AW_EINVAL;
    if (!temp || !s->text)
        return aw_fail(err, AW_EINVAL,
                       "an SMS of JSMS needs a text, and a temp_id of its template or the channel");
    if (!s->phone || !aw_starts(s->phone, HOME))
        return aw_fail(err, AW_EINVAL, "JSMS takes only numbers that begin with " HOME);
    aw_jw_init(&w, &c->body);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "mobile", s->phone + strlen(HOME));
    if (sign)
        aw_jw_int(&w, "sign_id", sign);
    aw_jw_int(&w, "temp_id", temp);
    aw_jw_object(&w, "temp_para");
    if (!form_paras(&w, s))
        own_paras(&w, s);
    aw_jw_end(&w, '}');
    aw_jw_end(&w, '}');
    return aw_call_check(c, err);
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    aw_jiguang_read(s, r, classes, ret);
    ret->alone = ret->code == ONE_NUMBER;
}

const struct aw_provider_ops aw_jsms_ops = {
    .name = "jsms",
    .build = build,
    .read = read_reply,
    .build_query = aw_jsms_build_query,
    .read_query = aw_jsms_read_query,
    .receive = aw_jsms_receive,
};
