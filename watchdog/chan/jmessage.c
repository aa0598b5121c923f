/* SPDX-License-Identifier: Apache-2.0
 *
 * JMessage: a text from an administrator's account to the user whose name is the `im` address. Our
 * references go into its extras, so that the application can acknowledge by them. A message id
 * proves acceptance and no more: there is no receipt per message, and no idempotency. No network
 * here; any thread.
 */
#include "chan/jiguang.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"

#define TEXT_MAX  3900 /* bytes in JSON; msg_body holds 4096 */
#define NAME_MIN  4
#define NAME_MAX  128
#define NAME_CHAR "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-@"

static const struct aw_code_class classes[] = {
    {803001, 803002, AW_OUT_TRANSIENT, NULL}, /* system */
    {803003, 803003, AW_OUT_NO_TARGET, NULL}, /* nobody of that name */
    {803010, 803010, AW_OUT_THROTTLED, NULL}, /* frequency */
    {898000, 898000, AW_OUT_TRANSIENT, NULL}, /* the series 898 and 899 mean the same */
    {898002, 898002, AW_OUT_NO_TARGET, NULL},
    {898007, 898009, AW_OUT_AUTH, NULL},
    {898016, 898016, AW_OUT_AUTH, NULL},
    {898030, 898030, AW_OUT_TRANSIENT, NULL},
    {899000, 899000, AW_OUT_TRANSIENT, NULL}, /* internal error */
    {899002, 899002, AW_OUT_NO_TARGET, NULL}, /* nobody of that name */
    {899007, 899009, AW_OUT_AUTH, NULL},      /* no such application or secret */
    {899016, 899016, AW_OUT_AUTH, NULL},      /* `from` is no administrator */
    {899030, 899030, AW_OUT_TRANSIENT, NULL}, /* time-out */
    {0},
};

static bool is_name(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n >= NAME_MIN && n <= NAME_MAX && strspn(s, NAME_CHAR) == n && !strchr("_.-@", s[0]);
}

static void write_body(struct aw_jsonw *w, const struct aw_send *s)
{
    AW_AUTO(aw_buf_free) struct aw_buf all = AW_BUF_INIT(AW_BODY_MAX), text = all;
    if (s->title && !aw_streq(s->title, s->text))
        aw_buf_printf(&all, "%s\n", s->title);
    aw_buf_puts(&all, s->text);
    aw_call_cut(&text, aw_buf_str(&all), all.n, TEXT_MAX);
    aw_jw_object(w, "msg_body");
    aw_jw_str(w, "text", aw_buf_str(&text));
    aw_jw_object(w, "extras");
    if (s->message)
        aw_jw_id(w, "aw_msg", "msg_", s->message);
    aw_jw_id(w, "aw_ref", "aw_", s->ref);
    aw_jw_end(w, '}');
    aw_jw_end(w, '}');
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const char *from = aw_channel_get(s->channel, "from");
    struct aw_jsonw w;
    (void)env;
    if (aw_jiguang_begin(c, s->channel, "messages", err) != 0)
        return AW_EINVAL;
    if (!is_name(from))
        return aw_fail(err, AW_EINVAL, "channel %s: \"from\" is not a user name of JMessage",
                       s->channel->name);
    if (!is_name(s->im) || !s->text)
        return aw_fail(err, AW_EINVAL,
                       "a message needs a text and, as im address, a user name of "
                       "JMessage (4 to 128 letters, digits, _ . - @)");
    aw_jw_init(&w, &c->body);
    aw_jw_object(&w, NULL);
    aw_jw_int(&w, "version", 1);
    aw_jw_str(&w, "target_type", "single");
    aw_jw_str(&w, "target_id", s->im);
    aw_jw_str(&w, "from_type", "admin");
    aw_jw_str(&w, "from_id", from);
    aw_jw_str(&w, "msg_type", "text");
    write_body(&w, s);
    aw_jw_end(&w, '}');
    return aw_call_check(c, err);
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    aw_jiguang_read(s, r, classes, ret);
}

const struct aw_provider_ops aw_jmessage_ops = {
    .name = "jmessage",
    .build = build,
    .read = read_reply,
};
