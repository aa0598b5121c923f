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
    const char *word, *en;
} words[] = {
    /* states and rungs */
    {"open", N_("open")},
    {"confirmed", N_("confirmed")},
    {"exhausted", N_("exhausted")},
    {"expired", N_("expired")},
    {"cancelled", N_("cancelled")},
    {"released", N_("released")},
    {"none", N_("nothing known")},
    {"accepted", N_("accepted by the provider")},
    {"sent", N_("passed on by the provider")},
    {"delivered", N_("delivered")},
    {"displayed", N_("displayed")},
    {"opened", N_("opened")},
    {"acknowledged", N_("acknowledged")},
    /* outcomes and negative facts */
    {"no_target", N_("no device behind the address")},
    {"refused", N_("refused for good")},
    {"throttled", N_("asked to wait")},
    {"auth", N_("our credentials were refused")},
    {"transient", N_("failed for a while")},
    {"unknown", N_("outcome unknown")},
    {"dropped", N_("not sent any more")},
    {"missing", N_("there is no such address")},
    {"bounced", N_("bounced")},
    {"opted_out", N_("opted out")},
    /* sources */
    {"send", N_("the provider's answer")},
    {"report", N_("the provider's report")},
    {"callback", N_("the provider's receipt")},
    {"app", N_("the application")},
    {"page", N_("the confirmation page")},
    {"reply", N_("a reply")},
    {"operator", N_("an operator")},
    {"inbox", N_("the inbox of the application")},
    /* kinds of steps */
    {"push", N_("push")},
    {"sms", N_("SMS")},
    {"email", N_("e-mail")},
    {"im", N_("IM")},
    {"call", N_("call")},
    {"webhook", N_("webhook")},
    /* reasons */
    {"why:due", N_("its time had come")},
    {"why:advanced", N_("an earlier step could not reach anybody")},
    {"why:retry", N_("the try before failed for a while")},
    {"why:next_target", N_("the target before refused for good")},
    {"why:next_channel", N_("the channel before did not get through")},
    {"why:already_sent", N_("the application had sent it")},
    {"why:unless", N_("no longer needed")},
    {"why:goal", N_("the goal is reached")},
    {"why:no_contact", N_("nobody there has such an address")},
    {"why:dead_address", N_("the address has failed before")},
    {"why:opted_out", N_("the number wants no texts")},
    {"why:past", N_("a later step is due already")},
    {"why:collapsed", N_("missed during a downtime, a later one runs")},
    {"why:settle", N_("a receipt is being asked for")},
    {"why:deadline", N_("the deadline came first")},
    {"why:max_age", N_("too old")},
    {"why:tries_spent", N_("no try got through")},
    {"why:throttled", N_("the provider asked us to wait")},
    {"why:downtime", N_("we were down")},
    {"why:cancelled", N_("a person cancelled")},
    {"why:released", N_("others confirmed the message")},
    {"why:exhausted", N_("nobody confirmed")},
    {"why:next_round", N_("the next round takes its place")},
    {"why:snoozed", N_("a person holds the plan")},
    {"why:claim", N_("somebody else takes care of it")},
    {"why:resumed", N_("a person ended the hold")},
    {"why:escalated", N_("a person escalated")},
    {"why:channel", N_("no channel can be sent to now")},
    {"why:proven", N_("a receipt proves the try before")},
    {"why:suppressed", N_("another message is open")},
    {"why:silence", N_("silenced")},
    {"why:limit", N_("as many as the limits allow")},
    {"why:brake", N_("the storm brake holds")},
    {"why:let_go", N_("nothing holds it any more")},
    {"why:carried", N_("it goes along with another to the same person")},
    {"why:digest", N_("goes along with another")},
    {"why:hours", N_("not at this hour")},
    {"why:logged_out", N_("logged out everywhere")},
    {"why:logged_in", N_("logged in again")},
    {"why:other_account", N_("somebody else is logged in there")},
    {"why:hold_over", N_("logged out for too long")},
    {"why:restart", N_("in flight when the process ended")},
    {"why:catch_up", N_("missed in a downtime, and too old")},
    {"why:reopened", N_("nobody has closed it")},
    {"why:closed", N_("a person has closed it")},
    {"why:blind", N_("receipts cannot be seen")},
    {"why:on_unknown", N_("whether it was sent is unknown; it is not repeated")},
    /* sentences: what became of a firing */
    {"registered", N_("registered")},
    {"claimed", N_("is sent")},
    {"try", N_("try")},
    {"skipped", N_("is skipped")},
    {"deferred", N_("is put off")},
    {"is advanced", N_("is moved up")},
    {"let go", N_("waits no more")},
    {"moved", N_("the deadline moves")},
    {"held", N_("held for")},
    {"absent", N_("pushes wait for a login")},
    {"present", N_("pushes wait no more")},
    {"device", N_("a device is theirs no more")},
    {"resumed", N_("the hold is over")},
    {"escalated", N_("escalated to")},
    {"reopened", N_("open again")},
    {"closed", N_("closed")},
    {"message", N_("message")},
    {"breaker", N_("breaker")},
};

const char *aw_word(enum aw_lang lang, const char *word)
{
    for (unsigned i = 0; i < AW_COUNT(words); i++)
        if (aw_streq(words[i].word, word))
            return aw_t(lang, words[i].en);
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

static void say_let_go(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put_firing(lang, e, out);
    put(out, aw_word(lang, "let go"));
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
    if (aw_json_str(e, "step")) /* by hours, which hold a firing */
        put_firing(lang, e, out);
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

static void say_reopened(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "reopened"));
}

static void say_closed(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "closed"));
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

static void say_absent(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "absent"));
}

static void say_present(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "present"));
}

static void say_device(enum aw_lang lang, const json_t *e, struct aw_buf *out)
{
    put(out, aw_word(lang, "device"));
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
    {"channel.changed", say_channel},       {"firing.let_go", say_let_go},
    {"recipient.absent", say_absent},       {"recipient.present", say_present},
    {"recipient.device", say_device},       {"timeline.reopened", say_reopened},
    {"timeline.closed", say_closed},
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
    if (aw_json_str(entry, "by"))
        aw_buf_printf(out, ": %s", aw_json_str(entry, "by"));
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
