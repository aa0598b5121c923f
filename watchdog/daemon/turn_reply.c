/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies to texts. A text that shows {{code}} gets one that is its own among all texts to that
 * number over that account; whoever writes it back from there acknowledges. STOP and START are kept
 * per number. What is written back to a person is a courtesy: it goes to numbers that had a text
 * with a code and to nobody else, is logged before it is sent, is tried once, and is rationed per
 * number, so that two machines cannot talk to each other for ever.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define TALKERS     4096    /* numbers remembered; the oldest is forgotten */
#define ANSWERS     5       /* at once */
#define ANSWER_EACH AW_HOUR /* and then one */
#define WRONG_MOST  20      /* codes in an hour; further ones are not looked at */

/* --- what is written back ------------------------------------------------------------------------
 */

enum verdict { NOTHING, CONFIRMED, ALREADY, NOTED, OVER, UNKNOWN_CODE, NO_CODE, STOPPED, STARTED };

static const struct {
    const char *word; /* in the log */
    const char *en, *zh;
} answers[] = {
    [NOTHING] = {"nothing", NULL, NULL},
    [CONFIRMED] = {"confirmed", "Confirmed, thank you.", "已确认，谢谢。"},
    [ALREADY] = {"already", "This was confirmed before.", "此前已确认，无需重复回复。"},
    [NOTED] = {"noted", "Noted. The recipient has not confirmed yet.",
               "已记录，收件人本人尚未确认。"},
    [OVER] = {"over", "This needs no confirmation any more.", "该消息已无需确认。"},
    [UNKNOWN_CODE] = {"unknown_code",
                      "This code is unknown or too old. Please reply with the code of the message.",
                      "确认码不存在或已过期，请回复短信中的确认码。"},
    [NO_CODE] = {"no_code", "To confirm, please reply with the code of the message.",
                 "如需确认，请回复短信中的确认码。"},
    [STOPPED] = {"stopped", "You will get no more texts from here. Reply START to get them again.",
                 "已退订，将不再收到此类短信。回复“恢复”可重新接收。"},
    [STARTED] = {"started", "You will get texts again. Reply STOP to end them.",
                 "已恢复接收短信，回复 TD 退订。"},
};

/* One reply on its way through. */
struct talk {
    struct aw_loop *l;
    struct aw_cmd *cmd;
    const struct aw_channel *channel;
    struct aw_talker *talker;
    const char *number;
    char account[AW_ACCOUNT_MAX];
    struct aw_reply_text text;
    struct aw_stored_attempt *a; /* a text to this number */
    bool known;                  /* it had one with a code */
    int64_t person;              /* whom that went to */
    bool chinese;                /* the language of the person */
};

/* --- who writes ----------------------------------------------------------------------------------
 */

static struct aw_talker *talker_of(struct aw_loop *l, const char *number)
{
    struct aw_talker *t;

    HASH_FIND_STR(l->talkers, number, t);
    if (t)
        return t;
    if (HASH_COUNT(l->talkers) >= TALKERS) {
        t = l->talkers; /* uthash iterates in order of insertion */
        HASH_DEL(l->talkers, t);
        aw_free(t);
    }
    t = aw_calloc(1, sizeof(*t));
    memcpy(t->number, number, strlen(number) + 1);
    t->answers = ANSWERS;
    t->at = t->wrong_since = l->now;
    HASH_ADD_STR(l->talkers, number, t);
    return t;
}

void aw_talkers_free(struct aw_loop *l)
{
    struct aw_talker *t, *next;

    HASH_ITER(hh, l->talkers, t, next)
    {
        HASH_DEL(l->talkers, t);
        aw_free(t);
    }
}

/* Takes one of the answers that the number may still get. */
static bool may_answer(struct aw_loop *l, struct aw_talker *t)
{
    if (l->now > t->at)
        t->answers += (double)(l->now - t->at) / ANSWER_EACH;
    if (t->answers > ANSWERS)
        t->answers = ANSWERS;
    t->at = l->now;
    if (t->answers < 1)
        return false;
    t->answers -= 1;
    return true;
}

/* A number that writes wrong codes is guessing, or somebody guesses in its name. */
static bool guesses(struct aw_loop *l, struct aw_talker *t)
{
    if (l->now < t->wrong_since || l->now - t->wrong_since >= AW_HOUR) {
        t->wrong = 0;
        t->wrong_since = l->now;
    }
    return t->wrong >= WRONG_MOST;
}

/* --- codes of texts ------------------------------------------------------------------------------
 */

static bool form_shows_code(const struct aw_template_form *f)
{
    for (unsigned i = 0; f && i < f->n_settings; i++)
        if (strstr(f->settings[i].value, "{{code}}"))
            return true;
    return false;
}

/* Our text shows it, or the provider's audited template may. */
static bool shows_code(struct aw_loop *l, const struct aw_step *step, const struct aw_channel *ch,
                       const char *lang)
{
    const struct aw_template_text *t =
        step->template_name
            ? aw_template_find(&l->live->conf->templates, step->template_name, AW_SMS, lang)
            : NULL;

    if (ch->provider->form && !aw_channel_needs_form(ch))
        return true;
    return t && ((t->text && strstr(t->text, "{{code}}")) ||
                 form_shows_code(aw_template_form(t, ch->provider)));
}

int aw_code_for(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                const struct aw_channel *ch, struct aw_marks *ret, struct aw_err *err)
{
    const struct aw_step *step = aw_rule_step(m->rule, f->step);
    struct aw_view view = aw_view_of(l, m, &l->tl);
    struct aw_address_book book;
    int r;

    if (f->kind != AW_SMS)
        return AW_OK;
    r = aw_addresses_of(&view, f->person, &book, err);
    if (r == AW_OK && book.a.phone && strlen(book.a.phone) < sizeof(ret->phone) &&
        shows_code(l, step, ch, book.a.lang)) {
        memcpy(ret->phone, book.a.phone, strlen(book.a.phone) + 1);
        aw_channel_account(ch, ret->account);
        r = aw_store_code(l->store, l->tl.id, f->person, ret->account, ret->phone, f->attempt,
                          ret->code, err);
    }
    aw_address_book_free(&book);
    return r;
}

/* --- acknowledging -------------------------------------------------------------------------------
 */

/* The language of whom the text went to; without one that of the number's country. */
static int know_language(struct talk *t, struct aw_err *err)
{
    struct aw_msg *m;
    struct aw_view view;
    struct aw_address_book book;
    int r = aw_judge_load(t->l, t->a->message + t->a->n, &m, err);

    if (r)
        return r;
    view = aw_view_of(t->l, m, &t->l->tl);
    r = aw_addresses_of(&view, t->a->person, &book, err);
    if (r == AW_OK && book.a.lang)
        t->chinese = aw_starts(book.a.lang, "zh");
    aw_address_book_free(&book);
    return r;
}

/* What one recipient's timeline makes of it. */
static int acknowledge(struct talk *t, aw_id timeline, enum verdict *ret, struct aw_err *err)
{
    struct aw_loop *l = t->l;
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .level = AW_ACKNOWLEDGED,
                          .known = t->a->level,
                          .source = AW_SRC_REPLY,
                          .attempt = t->a->id,
                          .person = t->a->person,
                          .sent = true,
                          .at = t->cmd->u.said.r.at ? t->cmd->u.said.r.at : l->now};
    enum aw_state was;
    struct aw_msg *m;
    int r = aw_judge_load(l, timeline, &m, err);

    if (r)
        return r;
    was = l->tl.state;
    r = aw_judge(l, m, &ev, t->cmd->actor, NULL, err);
    if (r)
        return r;
    if (was == AW_CANCELLED || was == AW_RELEASED)
        *ret = OVER;
    else if (l->tl.level < AW_ACKNOWLEDGED && !l->tl.acked_by)
        *ret = NOTED; /* a third person's */
    else
        *ret = l->up.n_facts ? CONFIRMED : ALREADY;
    return AW_OK;
}

/* All recipients that the text was about; one that is confirmed by it decides the answer. */
static int acknowledge_all(struct talk *t, enum verdict *ret, struct aw_err *err)
{
    int r = acknowledge(t, t->a->message + t->a->n, ret, err);

    for (unsigned i = 0; r == AW_OK && i < t->a->n_merged; i++) {
        enum verdict v;

        r = acknowledge(t, t->a->merged[i].timeline, &v, err);
        if (r == AW_ENOENT) /* pruned since */
            r = AW_OK;
        else if (r == AW_OK && v == CONFIRMED)
            *ret = v;
    }
    t->l->opt.stats->acks++;
    return r;
}

static int take_codes(struct talk *t, enum verdict *ret, struct aw_err *err)
{
    int r = AW_ENOENT;

    if (guesses(t->l, t->talker)) {
        aw_log(AW_LOG_WARN, "reply-guessing", "channel=%s", t->channel->name);
        return AW_OK;
    }
    for (unsigned i = 0; r == AW_ENOENT && i < t->text.n_codes; i++)
        r = aw_store_code_find(t->l->store, t->account, t->number, t->text.codes[i], t->a, err);
    if (r == AW_OK) {
        t->person = t->a->person;
        r = know_language(t, err);
        if (r == AW_OK)
            r = acknowledge_all(t, ret, err);
    }
    if (r != AW_ENOENT)
        return r;
    t->talker->wrong++;
    *ret = UNKNOWN_CODE;
    return AW_OK;
}

static int take_opt(struct talk *t, bool out, enum verdict *ret, struct aw_err *err)
{
    const char *scope = t->channel->app ? t->channel->app : "";
    bool news = false;
    int r = aw_store_opt_out(t->l->store, scope, t->number, out, t->channel->name, t->cmd->actor,
                             &news, err);

    *ret = !out ? STARTED : news ? STOPPED : NOTHING;
    return r;
}

/* --- answering -----------------------------------------------------------------------------------
 */

static int log_answer(struct talk *t, enum verdict v, aw_id attempt, struct aw_err *err)
{
    struct aw_entry e;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_ANSWERED;
    e.actor = "core";
    e.channel = t->channel->name;
    e.attempt = attempt;
    e.person = t->person;
    e.why = answers[v].word;
    return aw_store_log(t->l->store, &e, NULL, err);
}

/* As a text of its own over the same channel. */
static int answer_by_text(struct talk *t, enum verdict v, const char *text, struct aw_err *err)
{
    struct aw_loop *l = t->l;
    struct aw_send *s;

    if (l->full || aw_fx_room(l) == 0 || aw_channel_needs_form(t->channel) ||
        aw_channel_free_at(l, t->channel, AW_AS_OTHER))
        return AW_OK;
    s = aw_render_plain(l, t->channel, t->number, NULL, text);
    aw_fx_send(l, s, aw_flight_new(l, s->attempt, AW_FLIGHT_ANSWER, t->channel, AW_AS_OTHER));
    return log_answer(t, v, s->attempt, err);
}

static int answer(struct talk *t, enum verdict v, struct aw_err *err)
{
    const char *how = aw_channel_get(t->channel, "reply_answer");
    const char *text = t->chinese ? answers[v].zh : answers[v].en;
    bool out = false;
    int r = AW_OK;

    /* A confirmation happens once per recipient: it needs no ration. */
    if (!t->known || !text || aw_streq(how, "none") ||
        (v != CONFIRMED && !may_answer(t->l, t->talker)))
        return AW_OK;
    if (v != STOPPED) /* who wants no texts gets no other */
        r = aw_store_opted_out(t->l->store, t->channel->app ? t->channel->app : "", t->number, &out,
                               err);
    if (r || out)
        return r;
    if (!aw_streq(how, "body"))
        return answer_by_text(t, v, text, err);
    t->cmd->reply.body = aw_strdup(text);
    t->cmd->reply.n_body = strlen(text);
    return log_answer(t, v, 0, err);
}

static int take(struct talk *t, enum verdict *ret, struct aw_err *err)
{
    switch (t->text.says) {
    case AW_SAYS_CODE:
        return take_codes(t, ret, err);
    case AW_SAYS_STOP:
        return take_opt(t, true, ret, err);
    case AW_SAYS_START:
        return take_opt(t, false, ret, err);
    default:
        *ret = NO_CODE;
        return AW_OK;
    }
}

/* Whether the number had a text with a code, and in which language. */
static int know(struct talk *t, struct aw_err *err)
{
    int r = aw_store_code_find(t->l->store, t->account, t->number, NULL, t->a, err);

    t->known = r == AW_OK;
    t->chinese = aw_starts(t->number, "+86");
    if (r == AW_OK) {
        t->person = t->a->person;
        r = know_language(t, err);
    }
    return r == AW_ENOENT ? AW_OK : r;
}

int aw_turn_reply(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_said *said = &cmd->u.said.r;
    const struct aw_channel *ch = aw_live_channel(l->live, cmd->u.said.channel);
    struct talk t = {.l = l, .cmd = cmd, .channel = ch};
    enum verdict v = NOTHING;
    char number[AW_NUMBER_MAX];
    int r;

    if (!ch || ch->provider->kind != AW_SMS ||
        aw_number_read(said->from, aw_channel_get(ch, "reply_prefix"), number)) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such channel, or no such number");
        aw_log(AW_LOG_WARN, "reply-unread", "channel=%s", cmd->u.said.channel);
        return AW_OK;
    }
    if (!aw_nonce_holds(l, cmd, ch->name, cmd->u.said.nonce, cmd->u.said.sum))
        return AW_OK;
    t.number = number;
    aw_channel_account(ch, t.account);
    t.talker = talker_of(l, number);
    t.a = aw_malloc(sizeof(*t.a));
    aw_reply_read(said->text, strlen(said->text), &t.text);
    l->opt.stats->replies++;
    r = know(&t, err);
    if (r == AW_OK)
        r = take(&t, &v, err);
    if (r == AW_OK)
        r = answer(&t, v, err);
    aw_free(t.a);
    return r;
}
