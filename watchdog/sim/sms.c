/* SPDX-License-Identifier: Apache-2.0
 *
 * The SMS gateway. Kinds of behaviour that differ between first and later tries count tries per
 * number and reference, in a table of at most 10,000 rows whose oldest go. So does the table of the
 * last SMS of each phone, which it answers when it is told to.
 */
#include "sim/sms.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "codec/json.h"
#include "sim/poster.h"
#include "sim/sms_kinds.h"
#include "sim/timer.h"

#define TRIES_MAX    10000
#define LAST_MAX     10000
#define LIMITED_FOR  (60 * AW_SECOND)
#define REPLY_AFTER  (5 * AW_SECOND)
#define REFUSED_CODE 1001

struct tries {
    char *key;
    unsigned n;
    aw_time first;
    UT_hash_handle hh;
};

/* The last SMS that a phone has got. */
struct last {
    char *phone, *url, *ref, *id, *user;
    UT_hash_handle hh;
};

struct aw_sim_sms {
    char *receipt_url;
    uint64_t sent;
    struct tries *tries;
    struct last *last;
};

struct message {
    char to[64], text[4096], ref[256], dlr[2048], mo[2048];
};

static const struct {
    const char *name;
    size_t offset, size;
    bool required;
} members[] = {
    {"to", offsetof(struct message, to), sizeof(((struct message *)0)->to), true},
    {"text", offsetof(struct message, text), sizeof(((struct message *)0)->text), true},
    {"ref", offsetof(struct message, ref), sizeof(((struct message *)0)->ref), false},
    {"dlr", offsetof(struct message, dlr), sizeof(((struct message *)0)->dlr), false},
    {"mo", offsetof(struct message, mo), sizeof(((struct message *)0)->mo), false},
};

struct aw_sim_sms *aw_sim_sms_new(const char *receipt_url)
{
    struct aw_sim_sms *s = aw_calloc(1, sizeof(*s));
    s->receipt_url = receipt_url ? aw_strdup(receipt_url) : NULL;
    return s;
}

static void forget_tries(struct aw_sim_sms *s, struct tries *t)
{
    HASH_DEL(s->tries, t);
    aw_free(t->key);
    aw_free(t);
}

static void forget_last(struct aw_sim_sms *s, struct last *l)
{
    HASH_DEL(s->last, l);
    char *texts[] = {l->phone, l->url, l->ref, l->id, l->user};
    for (unsigned i = 0; i < AW_COUNT(texts); i++)
        aw_free(texts[i]);
    aw_free(l);
}

void aw_sim_sms_free(struct aw_sim_sms *s)
{
    if (!s)
        return;
    while (s->last)
        forget_last(s, s->last);
    while (s->tries)
        forget_tries(s, s->tries);
    aw_free(s->receipt_url);
    aw_free(s);
}

void aw_sim_sms_error(struct aw_sim_reply *r, int status, int code, const char *message)
{
    aw_sim_reply_json(r, status, json_pack("{s:i, s:s}", "code", code, "message", message));
}

/* --- reading ------------------------------------------------------------------------------ */

static int read_member(const struct aw_http_view *v, const json_t *json, const char *name,
                       char *dst, size_t cap)
{
    const char *s = aw_json_str(json, name);
    if (!json)
        return aw_form_value(v->n_body ? v->body : v->query, name, dst, cap);
    if (!s)
        return AW_ENOENT;
    if (strlen(s) >= cap)
        return AW_ELIMIT;
    memcpy(dst, s, strlen(s) + 1);
    return 0;
}

/* The name of the member that is missing or wrong; NULL: all is well. */
static const char *read_message(struct aw_sim_call *c, struct message *m)
{
    const char *type = aw_http_header(c->rq, "Content-Type"), *wrong = NULL;
    json_t *json = NULL;
    struct aw_err err;
    *m = (struct message){0};
    if (type && strncasecmp(type, "application/json", 16) == 0 &&
        aw_json_parse(c->view->body, c->view->n_body, (size_t)1 << 20, &json, &err) != 0)
        return "body";
    for (unsigned i = 0; i < AW_COUNT(members); i++) {
        char *dst = (char *)m + members[i].offset;
        int rc = read_member(c->view, json, members[i].name, dst, members[i].size);
        bool bad = rc != 0 && (rc != AW_ENOENT || members[i].required);
        if (bad || !aw_utf8_valid(dst, strlen(dst)) || (members[i].required && !*dst)) {
            wrong = members[i].name;
            break;
        }
    }
    json_decref(json);
    if (!wrong && *m->dlr && !aw_starts(m->dlr, "http://") && !aw_starts(m->dlr, "https://"))
        wrong = "dlr";
    return wrong;
}

/* --- what becomes of it ------------------------------------------------------------------- */

static struct tries *count_try(struct aw_sim *sim, const struct message *m)
{
    struct aw_sim_sms *s = sim->sms;
    struct aw_buf key = AW_BUF_INIT(512);
    struct tries *t;
    aw_buf_printf(&key, "%s\n%s", m->to, m->ref);
    HASH_FIND(hh, s->tries, aw_buf_str(&key), key.n, t);
    if (!t) {
        if (HASH_COUNT(s->tries) == TRIES_MAX)
            forget_tries(s, s->tries);
        t = aw_calloc(1, sizeof(*t));
        t->key = aw_strdup(aw_buf_str(&key));
        t->first = aw_sim_now(sim);
        HASH_ADD_KEYPTR(hh, s->tries, t->key, key.n, t);
    }
    aw_buf_free(&key);
    t->n++;
    return t;
}

static void add_pair(struct aw_buf *form, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    aw_buf_printf(form, "%s%s=%s", form->n ? "&" : "", name, escaped);
    curl_free(escaped);
}

static void plan_reply(struct aw_sim *sim, const struct last *l, const char *text, aw_time at)
{
    struct aw_buf form = AW_BUF_INIT(65536);
    add_pair(&form, "ref", l->ref);
    add_pair(&form, "id", l->id);
    add_pair(&form, "from", l->phone);
    add_pair(&form, "text", text);
    aw_sim_timer_at(sim, at, aw_sim_poster_send,
                    aw_sim_post_new(l->url, aw_buf_str(&form), "reply", l->user,
                                    json_pack("{s:s, s:s, s:s, s:s}", "from", l->phone, "ref",
                                              l->ref, "id", l->id, "text", text)));
    aw_buf_free(&form);
}

static void plan_receipt(struct aw_sim *sim, const struct message *m, const char *user,
                         const char *id, const struct aw_sim_sms_kind *kind)
{
    const char *url = *m->dlr ? m->dlr : sim->sms->receipt_url;
    aw_time at =
        aw_sim_now(sim) +
        (kind->after ? kind->after : aw_sim_between(sim, user ? user : m->to, "sms", 2000, 6000));
    struct aw_buf form = AW_BUF_INIT(8192);
    add_pair(&form, "ref", m->ref);
    add_pair(&form, "id", id);
    add_pair(&form, "status", kind->receipt);
    aw_sim_timer_at(sim, at, aw_sim_poster_send,
                    aw_sim_post_new(url, aw_buf_str(&form), "receipt", user,
                                    json_pack("{s:s, s:s, s:s, s:s}", "to", m->to, "ref", m->ref,
                                              "id", id, "status", kind->receipt)));
    aw_buf_free(&form);
    if (kind->reply)
        plan_reply(sim,
                   &(struct last){.phone = (char *)m->to,
                                  .url = (char *)m->mo,
                                  .ref = (char *)m->ref,
                                  .id = (char *)id,
                                  .user = (char *)user},
                   kind->reply, at + REPLY_AFTER);
}

static void remember_last(struct aw_sim_sms *s, const struct message *m, const char *user,
                          const char *id)
{
    const char *url = *m->mo ? m->mo : *m->dlr ? m->dlr : s->receipt_url;
    struct last *l;
    HASH_FIND_STR(s->last, m->to, l);
    if (l)
        forget_last(s, l);
    else if (HASH_COUNT(s->last) == LAST_MAX)
        forget_last(s, s->last);
    l = aw_calloc(1, sizeof(*l));
    l->phone = aw_strdup(m->to);
    l->url = aw_strdup(url ? url : "");
    l->ref = aw_strdup(m->ref);
    l->id = aw_strdup(id);
    l->user = user ? aw_strdup(user) : NULL;
    HASH_ADD_KEYPTR(hh, s->last, l->phone, strlen(l->phone), l);
}

static void accept_sms(struct aw_sim *sim, struct aw_sim_call *c, const struct message *m,
                       const char *user, const struct aw_sim_sms_kind *kind)
{
    struct aw_buf id = AW_BUF_INIT(64);
    aw_buf_printf(&id, "sms-%llu", (unsigned long long)++sim->sms->sent);
    aw_sim_note(sim, "sms", user,
                json_pack("{s:s, s:o, s:s, s:s}", "to", m->to, "text",
                          aw_sim_text(m->text, strlen(m->text)), "ref", m->ref, "id",
                          aw_buf_str(&id)));
    remember_last(sim->sms, m, user, aw_buf_str(&id));
    if (kind->receipt)
        plan_receipt(sim, m, user, aw_buf_str(&id), kind);
    aw_sim_reply_json(c->reply, 200, json_pack("{s:i, s:s}", "code", 0, "id", aw_buf_str(&id)));
    aw_buf_free(&id);
}

static void refuse(struct aw_sim *sim, struct aw_sim_call *c, const struct message *m,
                   const char *user, int status, int code, const char *why)
{
    aw_sim_note(sim, "refused", user,
                json_pack("{s:s, s:i, s:i, s:s, s:s}", "of", "sms", "status", status, "code", code,
                          "to", m->to, "ref", m->ref));
    aw_sim_sms_error(c->reply, status, code, why);
}

void aw_sim_sms_send(struct aw_sim *sim, struct aw_sim_call *c)
{
    struct message m;
    const char *wrong = read_message(c, &m);
    if (wrong) {
        struct aw_buf why = AW_BUF_INIT(64);
        aw_buf_printf(&why, "'%s' is missing or invalid", wrong);
        aw_sim_note(sim, "refused", NULL, json_pack("{s:s, s:i}", "of", "sms", "status", 400));
        aw_sim_sms_error(c->reply, 400, 1003, aw_buf_str(&why));
        aw_buf_free(&why);
        return;
    }
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_PHONE, m.to);
    const char *user = who ? who->user : NULL;
    const struct aw_sim_sms_kind *kind =
        who && who->sms ? aw_sim_sms_kind_named(who->sms) : aw_sim_sms_kind_of(m.to);
    const struct tries *t = kind->answer == AW_SIM_SMS_ACCEPT ? NULL : count_try(sim, &m);

    if (kind->answer == AW_SIM_SMS_REFUSE) {
        refuse(sim, c, &m, user, 200, REFUSED_CODE, "invalid number");
    } else if (kind->answer == AW_SIM_SMS_LIMITED && aw_sim_now(sim) - t->first < LIMITED_FOR) {
        aw_sim_reply_header(c->reply, "Retry-After",
                            (t->first + LIMITED_FOR - aw_sim_now(sim) + 999) / AW_SECOND);
        refuse(sim, c, &m, user, 429, 2002, "BUSINESS_LIMIT_CONTROL");
    } else if (kind->answer == AW_SIM_SMS_FLAKY && t->n <= 2) {
        refuse(sim, c, &m, user, 503, 1030, "try again");
    } else {
        accept_sms(sim, c, &m, user, kind);
        if (kind->answer == AW_SIM_SMS_DROP && t->n == 1)
            c->reply->end = AW_SIM_DROP;
    }
}

void aw_sim_sms_reply(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = NULL;
    const char *to, *text;
    struct aw_err err;
    struct last *l = NULL;
    aw_json_parse(c->view->body, c->view->n_body, 8192, &body, &err);
    bool fine = json_unpack(body, "{s:s, s:s !}", "to", &to, "text", &text) == 0;
    if (fine)
        HASH_FIND_STR(sim->sms->last, to, l);
    if (!fine) {
        aw_sim_sms_error(c->reply, 400, 1003, "{\"to\": phone, \"text\": T} is wanted");
    } else if (!l || !*l->url) {
        aw_sim_sms_error(c->reply, 409, 1003,
                         l ? "its last SMS names nowhere to answer to" : "it has got no SMS");
    } else {
        plan_reply(sim, l, text, aw_sim_now(sim));
        aw_sim_reply_json(c->reply, 200, json_pack("{s:s}", "ref", l->ref));
    }
    json_decref(body);
}
