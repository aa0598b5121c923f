/* SPDX-License-Identifier: Apache-2.0
 *
 * One table of words, one of sentences by kind of entry. See words.h.
 */
#include "codec/words.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"

static const struct {
    const char *word, *en, *zh;
} words[] = {
    /* states and rungs */
    {"open", "open", "进行中"},
    {"confirmed", "confirmed", "已确认"},
    {"exhausted", "exhausted", "未送达确认，步骤已尽"},
    {"expired", "expired", "已过期"},
    {"cancelled", "cancelled", "已取消"},
    {"released", "released", "已免除"},
    {"none", "nothing known", "未知"},
    {"accepted", "accepted by the provider", "服务商已受理"},
    {"sent", "passed on by the provider", "服务商已转发"},
    {"delivered", "delivered", "已送达"},
    {"displayed", "displayed", "已展示"},
    {"opened", "opened", "已打开"},
    {"acknowledged", "acknowledged", "已确认收到"},
    /* outcomes and negative facts */
    {"no_target", "no device behind the address", "该地址没有设备"},
    {"refused", "refused for good", "被永久拒绝"},
    {"throttled", "asked to wait", "被限流，稍后再试"},
    {"auth", "our credentials were refused", "凭证被拒绝"},
    {"transient", "failed for a while", "暂时失败"},
    {"unknown", "outcome unknown", "结果未知"},
    {"dropped", "not sent any more", "不再发送"},
    {"missing", "there is no such address", "没有该类地址"},
    {"bounced", "bounced", "被退回"},
    {"opted_out", "opted out", "已退订"},
    /* sources */
    {"send", "the provider's answer", "服务商应答"},
    {"report", "the provider's report", "服务商回执查询"},
    {"callback", "the provider's receipt", "服务商回执"},
    {"app", "the application", "应用"},
    {"page", "the confirmation page", "确认页面"},
    {"reply", "a reply", "回复"},
    {"operator", "an operator", "运维人员"},
    /* kinds of steps */
    {"push", "push", "推送"},
    {"sms", "SMS", "短信"},
    {"email", "e-mail", "邮件"},
    {"im", "IM", "即时消息"},
    {"call", "call", "电话"},
    {"webhook", "webhook", "回调"},
    /* reasons */
    {"why:due", "its time had come", "到达计划时间"},
    {"why:advanced", "an earlier step could not reach anybody", "前一步骤无人可达，提前执行"},
    {"why:retry", "the try before failed for a while", "上次尝试暂时失败"},
    {"why:next_target", "the target before refused for good", "前一对象永久拒绝"},
    {"why:next_channel", "the channel before did not get through", "前一通道未成功"},
    {"why:already_sent", "the application had sent it", "应用已自行发送"},
    {"why:unless", "no longer needed", "已无必要"},
    {"why:goal", "the goal is reached", "目标已达到"},
    {"why:no_contact", "nobody there has such an address", "无可用地址"},
    {"why:dead_address", "the address has failed before", "该地址先前已失败"},
    {"why:opted_out", "the number wants no texts", "该号码已退订"},
    {"why:past", "a later step is due already", "登记时已过期，执行更晚的步骤"},
    {"why:collapsed", "missed during a downtime, a later one runs", "停机期间错过，合并到后续"},
    {"why:settle", "a receipt is being asked for", "正在查询回执"},
    {"why:deadline", "the deadline came first", "已到截止时间"},
    {"why:max_age", "too old", "超过最长时限"},
    {"why:tries_spent", "no try got through", "多次尝试均失败"},
    {"why:throttled", "the provider asked us to wait", "服务商要求等待"},
    {"why:downtime", "we were down", "停机"},
    {"why:cancelled", "a person cancelled", "人工取消"},
    {"why:released", "others confirmed the message", "其他人已确认"},
    {"why:exhausted", "nobody confirmed", "无人确认"},
    {"why:next_round", "the next round takes its place", "由下一轮取代"},
    {"why:snoozed", "a person holds the plan", "人工暂停"},
    {"why:claim", "somebody else takes care of it", "已有他人认领"},
    {"why:resumed", "a person ended the hold", "人工恢复"},
    {"why:escalated", "a person escalated", "人工升级"},
    {"why:channel", "no channel can be sent to now", "暂无可用通道"},
    {"why:proven", "a receipt proves the try before", "回执已证明上次尝试成功"},
    {"why:restart", "in flight when the process ended", "进程结束时仍在途"},
    /* sentences: what became of a firing */
    {"registered", "registered", "已登记"},
    {"claimed", "is sent", "发送"},
    {"try", "try", "第"},
    {"skipped", "is skipped", "跳过"},
    {"deferred", "is put off", "推迟"},
    {"is advanced", "is moved up", "提前"},
    {"moved", "the deadline moves", "截止时间顺延"},
    {"held", "held for", "暂停"},
    {"resumed", "the hold is over", "恢复"},
    {"escalated", "escalated to", "升级至"},
    {"message", "message", "消息"},
    {"breaker", "breaker", "熔断器"},
};

const char *aw_word(enum aw_lang lang, const char *word)
{
    for (unsigned i = 0; i < AW_COUNT(words); i++)
        if (aw_streq(words[i].word, word))
            return lang == AW_LANG_ZH ? words[i].zh : words[i].en;
    return word;
}

static void put(struct aw_buf *out, const char *s)
{
    if (s)
        aw_buf_printf(out, "%s%s", out->n ? " " : "", s);
}

/* "sms", "push, round 2" and the channel or the person it goes to, if any. */
static void put_firing(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, aw_json_str(e, "do") ?: aw_json_str(e, "step")));
    json_int_t round = json_integer_value(json_object_get(e, "round"));
    if (round > 1)
        aw_buf_printf(out, " #%lld", (long long)round);
}

static void say_registered(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "registered"));
}

static void say_claimed(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put_firing(lang, e, out);
    put(out, aw_word(lang, "claimed"));
    json_int_t number = json_integer_value(json_object_get(e, "number"));
    if (number > 1)
        aw_buf_printf(out, " (%s %lld)", aw_word(lang, "try"), (long long)number);
}

static void say_skipped(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put_firing(lang, e, out);
    put(out, aw_word(lang, "skipped"));
}

static void say_deferred(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put_firing(lang, e, out);
    put(out, aw_word(lang, "deferred"));
}

static void say_advanced(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_json_str(e, "step"));
    put(out, aw_word(lang, "is advanced"));
}

static void say_outcome(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, aw_json_str(e, "outcome") ?: "unknown"));
    json_int_t code = json_integer_value(json_object_get(e, "code"));
    if (code)
        aw_buf_printf(out, " (%lld)", (long long)code);
}

static void say_evidence(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, aw_json_str(e, "level") ?: "none"));
    if (aw_json_str(e, "source"))
        aw_buf_printf(out, " (%s)", aw_word(lang, aw_json_str(e, "source")));
}

static void say_negative(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    if (aw_json_str(e, "do"))
        aw_buf_printf(out, "%s: ", aw_word(lang, aw_json_str(e, "do")));
    aw_buf_puts(out, aw_word(lang, aw_json_str(e, "negative") ?: "unknown"));
}

static void say_moved(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "moved"));
}

/* From `from` to `at`: a length is the same in every zone. */
static void put_length(const json_t *e, struct aw_buf *out)
{
    const char *from = aw_json_str(e, "from") ?: "", *at = aw_json_str(e, "at") ?: "";
    char text[AW_TIME_TEXT];
    aw_time a, b;
    if (aw_time_parse(from, strlen(from), &a) < 0 || aw_time_parse(at, strlen(at), &b) < 0)
        return;
    aw_duration_print(text, b - a);
    put(out, text);
}

static void say_held(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "held"));
    put_length(e, out);
}

static void say_resumed(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "resumed"));
}

static void say_escalated(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "escalated"));
    put(out, aw_json_str(e, "step"));
}

static void say_ended(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, aw_json_str(e, "state") ?: "open"));
}

static void say_message_ended(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "message"));
    say_ended(lang, e, out);
}

/* "sms paused", "sms breaker open" */
static void say_channel(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    const char *state = aw_json_str(e, "state") ?: "";
    bool breaker =
        !aw_streq(state, "paused") && !aw_streq(state, "resumed") && !aw_streq(state, "stopped");
    put(out, aw_json_str(e, "channel"));
    put(out, breaker ? aw_word(lang, "breaker") : NULL);
    put(out, aw_word(lang, state));
}

static const struct {
    const char *kind;
    void (*say)(enum aw_lang lang, const json_t *e, struct aw_buf *out);
} sentences[] = {
    {"message.registered", say_registered}, {"firing.claimed", say_claimed},
    {"firing.skipped", say_skipped},        {"firing.deferred", say_deferred},
    {"firing.advanced", say_advanced},      {"attempt.outcome", say_outcome},
    {"evidence.recorded", say_evidence},    {"address.failed", say_negative},
    {"timeline.moved", say_moved},          {"timeline.ended", say_ended},
    {"message.ended", say_message_ended},   {"timeline.held", say_held},
    {"timeline.resumed", say_resumed},      {"timeline.escalated", say_escalated},
    {"channel.changed", say_channel},
};

void aw_words_entry(enum aw_lang lang, const json_t *entry, struct aw_buf *out)
{
    const char *kind = aw_json_str(entry, "kind");
    struct aw_buf b = AW_BUF_INIT(512);
    for (unsigned i = 0; i < AW_COUNT(sentences); i++)
        if (aw_streq(sentences[i].kind, kind))
            sentences[i].say(lang, entry, &b);
    aw_buf_puts(out, b.n ? aw_buf_str(&b) : kind ? kind : "?");
    aw_buf_free(&b);
}

void aw_words_why(enum aw_lang lang, const json_t *entry, struct aw_buf *out)
{
    const char *why = aw_json_str(entry, "why"), *level = aw_json_str(entry, "level");
    if (!why)
        return;
    char key[64];
    snprintf(key, sizeof key, "why:%s", why);
    const char *text = aw_word(lang, key);
    aw_buf_puts(out, text == key ? why : text);
    if (level && (aw_streq(why, "unless") || aw_streq(why, "goal")))
        aw_buf_printf(out, ": %s", aw_word(lang, level));
}

bool aw_words_again(const json_t *entry)
{
    const char *kind = aw_json_str(entry, "kind");
    return aw_streq(kind, "message.ended") ||
           (aw_streq(kind, "address.failed") && aw_json_str(entry, "attempt")) ||
           (aw_streq(kind, "evidence.recorded") && aw_streq(aw_json_str(entry, "source"), "send"));
}
