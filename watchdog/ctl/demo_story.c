/* SPDX-License-Identifier: Apache-2.0
 *
 * The app server of the demo, and the people behind the phones. It knows of the world what an app
 * server knows: its own requests, and what reaches its users' devices, which it reads off the
 * simulator's record. It acts through the public API and the public confirmation page only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"

static const struct {
    const char *user, *en, *zh;
} cast[AW_DEMO_PEOPLE] = {
    {"zhang", "Zhang", "张三"},
    {"li", "Li", "李四"},
    {"wang", "Wang", "王磊"},
    {"ana", "Ana", "安娜"},
};

/* A number in [low, high] that the seed chooses for a purpose. */
static aw_ms choose(const struct aw_demo *d, uint64_t what, uint64_t who, aw_ms low, aw_ms high)
{
    return low + (aw_ms)(aw_mix(d->seed, what, who) % (uint64_t)(high - low + 1));
}

/* How a role answers. Variants differ by seed; nobody offline ever does, so that one is exhausted,
 * and whoever is online does at once. */
static void direct(struct aw_demo *d, struct aw_demo_person *p, unsigned i)
{
    bool variant = choose(d, 2, p->role, 0, 1);
    switch (p->role) {
    case AW_DEMO_ONLINE:
        p->answer = AW_DEMO_BY_APP;
        p->after = "delivered";
        p->delay = choose(d, 3, i, 12, 100) * AW_SECOND;
        break;
    case AW_DEMO_LATE:
        p->answer = variant ? AW_DEMO_BY_LINK : AW_DEMO_BY_APP;
        p->after = "mail";
        p->delay = choose(d, 3, i, 40, 440) * AW_SECOND;
        break;
    case AW_DEMO_NO_DEVICE:
        p->answer = variant ? AW_DEMO_BY_APP : AW_DEMO_BY_LINK;
        p->after = variant ? "sms" : "mail";
        p->delay = choose(d, 3, i, 30, 160) * AW_SECOND;
        break;
    case AW_DEMO_OFFLINE:
        p->answer = AW_DEMO_NEVER;
        break;
    }
}

void aw_demo_cast(struct aw_demo *d)
{
    unsigned shift = (unsigned)choose(d, 1, 0, 0, AW_DEMO_PEOPLE - 1);
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        struct aw_demo_person *p = &d->people[i];
        p->user = cast[i].user;
        p->names[AW_LANG_EN] = cast[i].en;
        p->names[AW_LANG_ZH] = cast[i].zh;
        p->role = (enum aw_demo_role)((i + shift) % AW_DEMO_PEOPLE);
        direct(d, p, i);
    }
}

/* --- registering ----------------------------------------------------------------------------- */

/* The administrator makes a key over the socket; the app uses it over HTTP. */
static int make_key(struct aw_demo *d)
{
    static const char ask[] =
        "{\"name\":\"demo\",\"app\":\"default\",\"scopes\":[\"messages:read\","
        "\"messages:write\",\"acks:write\",\"contacts:write\"]}";
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    char path[PATH_MAX], url[64];
    if (aw_client_call(d->admin, "POST", "/v1/keys", ask, NULL, &v) != AW_EXIT_DONE)
        return -1;
    snprintf(path, sizeof path, "%s/app.token", d->dir);
    FILE *f = fopen(path, "wex");
    if (!f)
        return aw_ctl_say(-1, "%s cannot be written", path);
    fputs(aw_json_str(v, "token") ?: "", f);
    fclose(f);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", d->daemon_port);
    d->app = aw_client_new(&(struct aw_client_options){.url = url, .token_file = path});
    return d->app ? 0 : -1;
}

static int put_contact(struct aw_demo *d, const char *user, unsigned number, const char *manager)
{
    char path[128], phone[24], mail[64];
    snprintf(path, sizeof path, "/v1/contacts/%s", user);
    snprintf(phone, sizeof phone, "+99900001%02u", number);
    snprintf(mail, sizeof mail, "%s@demo.invalid", user);
    json_t *v = json_pack("{s:s,s:s,s:s,s:s,s:s*}", "alias", user, "phone", phone, "email", mail,
                          "lang", d->lang == AW_LANG_ZH ? "zh-CN" : "en", "manager", manager);
    char *body = json_dumps(v, JSON_COMPACT);
    int code = aw_client_call(d->app, "PUT", path, body, NULL, NULL);
    free(body);
    json_decref(v);
    return code == AW_EXIT_DONE ? 0 : -1;
}

static int register_one(struct aw_demo *d, unsigned i)
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    struct aw_demo_person *p = &d->people[i];
    bool zh = d->lang == AW_LANG_ZH;
    char order[32], title[64], body[160];
    snprintf(order, sizeof order, "order-%u", 41 + i);
    snprintf(title, sizeof title, zh ? "订单 %u 已发货" : "Order %u has shipped", 41 + i);
    snprintf(body, sizeof body,
             zh ? "请确认收货时间：明天 9 点到 12 点。"
                : "Please confirm the delivery: tomorrow between 9 and 12.");
    json_t *ask =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:[{s:s}]}", "external_id", order, "class", "order",
                  "priority", "high", "title", title, "body", body, "recipients", "user", p->user);
    char *text = json_dumps(ask, JSON_COMPACT);
    json_decref(ask);
    int code = aw_client_call(d->app, "POST", "/v1/messages", text, order, &v);
    free(text);
    if (code != AW_EXIT_DONE)
        return -1;
    snprintf(p->message, sizeof p->message, "%s", aw_json_str(v, "id") ?: "");
    const char *deadline = aw_json_str(v, "deadline");
    aw_time end;
    if (deadline && aw_time_parse(deadline, strlen(deadline), &end) == 0 && end > d->end)
        d->end = end;
    return 0;
}

int aw_demo_register(struct aw_demo *d)
{
    if (make_key(d) < 0 || put_contact(d, "boss", 99, NULL) < 0 ||
        put_contact(d, "duty", 98, NULL) < 0)
        return -1;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        if (put_contact(d, d->people[i].user, i, "boss") < 0)
            return -1;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        if (register_one(d, i) < 0 || aw_demo_settle(d) < 0)
            return -1;
    return 0;
}

/* --- people act ------------------------------------------------------------------------------ */

static struct aw_demo_person *person_of(struct aw_demo *d, const char *user)
{
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        if (aw_streq(d->people[i].user, user))
            return &d->people[i];
    return NULL;
}

/* The token of the confirmation link in a text, if there is one. */
static void find_token(struct aw_demo_person *p, const char *text)
{
    const char *at = text ? strstr(text, "/a/") : NULL;
    if (!at)
        return;
    at += strlen("/a/");
    size_t n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    if (n && n < sizeof p->token)
        snprintf(p->token, sizeof p->token, "%.*s", (int)n, at);
}

static void read_line(struct aw_demo *d, json_t *line)
{
    struct aw_demo_person *p = person_of(d, aw_json_str(line, "user"));
    json_array_append(d->sends, line);
    if (!p)
        return;
    const char *what = aw_json_str(line, "what");
    if (aw_streq(what, "mail") || aw_streq(what, "sms"))
        find_token(p, aw_json_str(line, "text"));
    if (p->answer == AW_DEMO_NEVER || p->acts || !aw_streq(what, p->after))
        return;
    p->acts = d->now + p->delay;
    if (p->answer == AW_DEMO_BY_LINK)
        p->opens = d->now + p->delay / 2;
}

int aw_demo_read_record(struct aw_demo *d)
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (aw_client_get(d->record, &v, "/sim/record?from=%lld", (long long)d->next_record) !=
        AW_EXIT_DONE)
        return -1;
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(v, "data"), i, line)
    {
        read_line(d, line);
        d->next_record = json_integer_value(json_object_get(line, "n")) + 1;
    }
    return 0;
}

static int ack_in_app(struct aw_demo *d, const struct aw_demo_person *p)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/messages/%s/acks", p->message);
    json_t *ask = json_pack("{s:s,s:s}", "recipient", p->user, "level", "acknowledged");
    char *body = json_dumps(ask, JSON_COMPACT);
    json_decref(ask);
    int code = aw_client_call(d->app, "POST", path, body, NULL, NULL);
    free(body);
    return code == AW_EXIT_DONE ? 0 : -1;
}

static int use_link(struct aw_demo *d, const struct aw_demo_person *p, const char *method)
{
    char path[128];
    if (!*p->token)
        return aw_ctl_say(-1, "the %s for %s carries no confirmation link", p->after, p->user);
    snprintf(path, sizeof path, "/a/%s", p->token);
    return aw_client_call(d->app, method, path, NULL, NULL, NULL) == AW_EXIT_DONE ? 0 : -1;
}

/* Takes a planned instant that has come. */
static bool take(struct aw_demo *d, aw_time *planned)
{
    if (!*planned || *planned > d->now)
        return false;
    *planned = INT64_MAX; /* done; never again */
    return true;
}

int aw_demo_act(struct aw_demo *d)
{
    if (aw_demo_read_record(d) < 0)
        return -1;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        struct aw_demo_person *p = &d->people[i];
        int r = 0;
        if (take(d, &p->opens))
            r = use_link(d, p, "GET");
        if (r == 0 && take(d, &p->acts))
            r = p->answer == AW_DEMO_BY_LINK ? use_link(d, p, "POST") : ack_in_app(d, p);
        if (r < 0 || aw_demo_settle(d) < 0)
            return -1;
    }
    return 0;
}

aw_time aw_demo_next_act(const struct aw_demo *d)
{
    aw_time next = INT64_MAX;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        const struct aw_demo_person *p = &d->people[i];
        if (p->opens && p->opens < next)
            next = p->opens;
        if (p->acts && p->acts < next)
            next = p->acts;
    }
    return next == INT64_MAX ? 0 : next;
}
