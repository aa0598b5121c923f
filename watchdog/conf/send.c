/* SPDX-License-Identifier: Apache-2.0
 *
 * Registrations and events from files. A registration is the body of POST /v1/messages plus `at`;
 * so YAML is written out as JSON and goes through the API's own reader (codec/request.c), whose
 * JSON Pointer leads back to the place in the file.
 */
#include "conf/send.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/request.h"
#include "conf/tests.h"

enum { BODY_MAX = 4 << 20 };

/* --- registrations ------------------------------------------------------------------------- */

/* A plain scalar that JSON would type: inside of `push` and `extras` it keeps its type. */
static bool is_json_literal(const char *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (unsigned i = 0; i < AW_COUNT(words); i++)
        if (strcmp(s, words[i]) == 0)
            return true;
    size_t sign = s[0] == '-', digits = strspn(s + sign, "0123456789");
    return digits > 0 && digits < 19 && s[sign + digits] == '\0' && (s[sign] != '0' || digits == 1);
}

static void put_json(struct aw_jsonw *w, const char *key, const struct aw_yaml *v, bool typed)
{
    if (v->type == AW_YAML_SCALAR) {
        if (typed && !v->quoted && is_json_literal(v->text))
            aw_jw_raw(w, key, v->text, strlen(v->text));
        else
            aw_jw_str(w, key, v->text);
        return;
    }
    bool map = v->type == AW_YAML_MAP;
    if (map)
        aw_jw_object(w, key);
    else
        aw_jw_array(w, key);
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next)
        put_json(w, map ? item->key : NULL, item, typed);
    aw_jw_end(w, map ? '}' : ']');
}

/* The API's reader. The API wants a title; here one may be left out, and then matches nothing. */
static int take_body(const char *body, size_t n, bool titled, aw_time at,
                     struct aw_registration *ret, struct aw_fault *fault)
{
    int e = aw_request_registration(body, n, at, ret, fault);
    if (e == 0 && !titled)
        ret->title = NULL;
    return e;
}

/* The deepest node on the way of a JSON Pointer. */
static const struct aw_yaml *follow(const struct aw_yaml *v, const char *pointer)
{
    while (*pointer == '/') {
        char step[128];
        size_t n = 0;
        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            char c = *pointer;
            if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                c = *++pointer == '0' ? '~' : '/';
            if (n < sizeof(step) - 1)
                step[n++] = c;
        }
        step[n] = '\0';
        uint64_t i;
        const struct aw_yaml *next = NULL;
        if (v->type == AW_YAML_MAP)
            next = aw_yaml_get(v, step);
        else if (v->type == AW_YAML_LIST && aw_parse_u64(step, n, v->n, &i) == 0)
            next = aw_schema_item(v, (unsigned)i);
        if (next == NULL)
            return v;
        v = next;
    }
    return v;
}

bool aw_send_read(struct aw_reader *r, const struct aw_yaml *map, aw_time now0,
                  struct aw_registration *ret, aw_time *ret_at)
{
    static const struct aw_key at_key = {"at", AW_KEY_TIME};
    unsigned errors = r->diag->n_errors;
    aw_time at = now0;
    if (!aw_schema_is_map(r, map, "a registration"))
        return false;
    if (aw_yaml_get(map, "at") != NULL)
        aw_schema_value(r, &at_key, aw_yaml_get(map, "at"), &at);
    AW_AUTO(aw_buf_free) struct aw_buf body = AW_BUF_INIT(BODY_MAX);
    struct aw_jsonw w;
    aw_jw_init(&w, &body);
    aw_jw_object(&w, NULL);
    for (const struct aw_yaml *v = map->child; v != NULL; v = v->next)
        if (strcmp(v->key, "at") != 0)
            put_json(&w, v->key, v, strcmp(v->key, "push") == 0 || strcmp(v->key, "extras") == 0);
    bool titled = aw_yaml_get(map, "title") != NULL;
    if (!titled)
        aw_jw_str(&w, "title", "-");
    aw_jw_end(&w, '}');
    if (r->diag->n_errors > errors)
        return false;
    struct aw_fault fault = {0};
    if (take_body(aw_buf_str(&body), body.n, titled, at, ret, &fault) < 0) {
        const struct aw_yaml *v = follow(map, fault.pointer);
        if (v->type == AW_YAML_SCALAR && fault.problem != AW_P_UNKNOWN_MEMBER)
            aw_schema_error(r, v, "E170", NULL, "%s", fault.detail);
        else
            aw_schema_key_error(r, v, "E170", NULL, "%s", fault.detail);
        return false;
    }
    *ret_at = at;
    return true;
}

/* JSON as it is sent: `at` is taken out, the rest goes on unchanged. */
static int parse_json(const struct aw_source_file *f, aw_time now0, struct aw_registration *ret,
                      aw_time *ret_at, struct aw_diag *diag)
{
    const struct aw_yaml_place whole = {0};
    struct aw_err err;
    struct aw_fault fault = {0};
    json_t *root = NULL;
    aw_time at = now0;
    if (aw_json_parse(f->text, f->n, AW_CONF_FILE_MAX, &root, &err) < 0) {
        aw_diag_error(diag, f, whole, 0, "E171", NULL, "%s", err.text);
        return AW_EINVAL;
    }
    int e = 0;
    const char *s = aw_json_str(root, "at");
    if (json_object_get(root, "at") != NULL &&
        (s == NULL || aw_time_parse(s, strlen(s), &at) < 0)) {
        aw_diag_error(diag, f, whole, 0, "E115", "write for example \"2026-11-23T10:00:00+08:00\"",
                      "/at is not a date and time with its zone");
        e = AW_EINVAL;
    }
    json_object_del(root, "at");
    bool titled = json_object_get(root, "title") != NULL;
    if (!titled)
        json_object_set_new(root, "title", json_string("-"));
    char *body = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (e == 0 && take_body(body, strlen(body), titled, at, ret, &fault) < 0) {
        aw_diag_error(diag, f, whole, 0, "E170", NULL, "%s: %s", fault.pointer, fault.detail);
        e = AW_EINVAL;
    }
    free(body);
    if (e == 0)
        *ret_at = at;
    return e;
}

int aw_send_parse(const struct aw_source_file *f, aw_time now0, struct aw_registration *ret,
                  aw_time *ret_at, struct aw_diag *diag)
{
    if (f->text[strspn(f->text, " \t\r\n")] == '{')
        return parse_json(f, now0, ret, ret_at, diag);
    struct aw_arena arena = {0};
    struct aw_reader r = {.file = f, .diag = diag, .arena = &arena};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(f, &doc, diag);
    bool fine = root != NULL && aw_send_read(&r, root, now0, ret, ret_at);
    aw_yaml_free(doc);
    aw_arena_free(&arena);
    return fine ? 0 : AW_EINVAL;
}

/* --- events -------------------------------------------------------------------------------- */

static const char *const act_words[] = {"cancel", "snooze", "claim", "resume", "escalate", NULL};
static const enum aw_virtual_act acts[] = {AW_V_CANCEL, AW_V_SNOOZE, AW_V_CLAIM, AW_V_RESUME,
                                           AW_V_ESCALATE};
static const char *const is_words[] = {"up", "down", "blind", NULL};
static const char *const result_words[] = {"accepted", "refused", "no_target", "lost", NULL};
static const enum aw_outcome results[] = {AW_OUT_ACCEPTED, AW_OUT_REFUSED, AW_OUT_NO_TARGET,
                                          AW_OUT_UNKNOWN};

/* Which members the acts know besides `recipient` and `reason`. */
static const struct {
    const char *member;
    unsigned acts; /* a bit each */
} act_members[] = {
    {"for", 1 << AW_V_SNOOZE},
    {"until", 1 << AW_V_SNOOZE},
    {"from", 0}, /* whose evidence; who acts is `by`, about whom `recipient` */
    {"by",
     1 << AW_V_CANCEL | 1 << AW_V_SNOOZE | 1 << AW_V_CLAIM | 1 << AW_V_RESUME | 1 << AW_V_ESCALATE},
    {"step", 1 << AW_V_ESCALATE},
    {"recipient", 1 << AW_V_SNOOZE | 1 << AW_V_CLAIM | 1 << AW_V_RESUME | 1 << AW_V_ESCALATE},
};

static void check_act(struct aw_reader *r, const struct aw_yaml *map, const struct aw_event_in *e)
{
    const struct aw_yaml *v;
    for (unsigned i = 0; i < AW_COUNT(act_members); i++) {
        v = aw_yaml_get(map, act_members[i].member);
        if (v != NULL && !(act_members[i].acts & 1u << acts[e->act]))
            aw_schema_key_error(r, v, "E102", "take it out", "\"act: %s\" takes no \"%s\"",
                                act_words[e->act], act_members[i].member);
    }
    bool span = aw_yaml_get(map, "for") != NULL, until = aw_yaml_get(map, "until") != NULL;
    if (acts[e->act] == AW_V_SNOOZE && span + until != 1)
        aw_schema_error(r, map, "E101", "as in {at: 5m, act: snooze, for: 1h, reason: lunch}",
                        "a snooze needs one of \"for\" and \"until\"");
    else if (e->until_after > 0 && e->until_after <= e->after)
        aw_schema_error(r, aw_yaml_get(map, "until"), "E112",
                        "it counts from the registration, like at",
                        "the snooze ends before it begins");
}

/* Since the registration, like all times of events; or a date, as in the API. */
static void read_until(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_event_in *e = base;
    const char *s = aw_schema_scalar(r, v, "a duration or a date");
    if (s != NULL && aw_time_parse(s, strlen(s), &e->until_at) < 0)
        aw_schema_duration(r, v, AW_SECOND, INT64_MAX, &e->until_after);
}

/* A login or logout names the user, and the device; a device may also stand beside evidence. */
static void check_session(struct aw_reader *r, const struct aw_yaml *map)
{
    const struct aw_yaml *device = aw_yaml_get(map, "device"), *from = aw_yaml_get(map, "from");
    bool session = aw_yaml_get(map, "login") != NULL || aw_yaml_get(map, "logout") != NULL;
    if (session && device == NULL)
        aw_schema_error(r, map, "E101", "as in {at: 1h, login: li, device: phone}",
                        "a login or logout needs the key \"device\"");
    if (session && from != NULL)
        aw_schema_key_error(r, from, "E102", "take it out",
                            "\"login\" and \"logout\" name the user");
    if (!session && device != NULL && aw_yaml_get(map, "level") == NULL)
        aw_schema_key_error(r, device, "E102", "take it out",
                            "\"device\" belongs to evidence, a login or a logout");
}

/* Exactly one of the forms. */
static void check_event(struct aw_reader *r, const struct aw_yaml *map,
                        const struct aw_yaml *fallback, void *base)
{
    struct aw_event_in *e = base;
    const struct aw_yaml *level = aw_yaml_get(map, "level"), *act = aw_yaml_get(map, "act");
    const struct aw_yaml *attempt = aw_yaml_get(map, "attempt");
    const struct aw_yaml *login = aw_yaml_get(map, "login"), *logout = aw_yaml_get(map, "logout");
    const struct aw_yaml *inbox = aw_yaml_get(map, "inbox");
    const struct aw_yaml *channel = aw_yaml_get(map, "channel");
    unsigned errors = r->diag->n_errors;
    if ((level != NULL) + (act != NULL) + (attempt != NULL) + (login != NULL) + (logout != NULL) +
            (inbox != NULL) + (channel != NULL) !=
        1) {
        aw_schema_error(
            r, map, "E101",
            "{at, from, level}, {at, act, reason}, {at, attempt: step, result}, "
            "{at, login: user, device}, {at, logout: user, device}, {at, inbox: user} or "
            "{at, channel, is: down}",
            "an event needs one of \"level\", \"act\", \"attempt\", \"login\", "
            "\"logout\", \"inbox\" and \"channel\"");
        return;
    }
    check_session(r, map);
    if (level != NULL && aw_yaml_get(map, "from") == NULL)
        aw_schema_error(r, map, "E101", "a user", "evidence needs the key \"from\"");
    if (level == NULL && aw_yaml_get(map, "about") != NULL)
        aw_schema_key_error(r, aw_yaml_get(map, "about"), "E102", "take it out",
                            "\"about\" belongs to evidence");
    if ((attempt != NULL) != (aw_yaml_get(map, "result") != NULL))
        aw_schema_error(r, map, "E101", NULL, "\"attempt\" and \"result\" stand together");
    if ((channel != NULL) != (aw_yaml_get(map, "is") != NULL))
        aw_schema_error(r, map, "E101", NULL, "\"channel\" and \"is\" stand together");
    if (act != NULL && aw_streq(act->text, act_words[e->act]))
        check_act(r, map, e);
    for (unsigned i = 0; act == NULL && i < AW_COUNT(act_members); i++)
        if (act_members[i].acts != 0 && aw_yaml_get(map, act_members[i].member) != NULL)
            aw_schema_key_error(r, aw_yaml_get(map, act_members[i].member), "E102", "take it out",
                                "\"%s\" belongs to an act", act_members[i].member);
    if (r->diag->n_errors > errors)
        return;
    e->event = (struct aw_virtual_event){
        .act = level != NULL || inbox != NULL ? AW_V_EVIDENCE
               : act != NULL                  ? acts[e->act]
               : login != NULL                ? AW_V_LOGIN
               : logout != NULL               ? AW_V_LOGOUT
               : channel != NULL              ? AW_V_CHANNEL
                                              : AW_V_RESULT,
        .after = e->after,
        .from = act != NULL      ? e->recipient
                : login != NULL  ? e->login
                : logout != NULL ? e->logout
                : inbox != NULL  ? e->inbox
                                 : e->from,
        .device = e->device,
        .about = e->about,
        .channel = e->channel,
        .is = (enum aw_virtual_is)e->is,
        .level = e->level,
        .step = act != NULL ? e->step : e->attempt,
        .outcome = attempt != NULL ? results[e->result] : AW_OUT_NONE,
        .hold = e->until_after > 0 ? e->until_after - e->after : e->hold,
        .until = e->until_at,
        .by = e->by,
    };
}

#define EVENT(field) .at = offsetof(struct aw_event_in, field)
static const struct aw_key event_keys[] = {
    {"at", AW_KEY_DURATION, AW_KEY_REQUIRED, EVENT(after), .help = "time since registration"},
    {"from", AW_KEY_TEXT, 0, EVENT(from), .min = 1, .max = AW_USER_MAX, .help = "user"},
    {"level", AW_KEY_WORD, 0, EVENT(level), .min = AW_ACCEPTED, .words = aw_level_names,
     .help = "evidence: the rung"},
    {"act", AW_KEY_WORD, 0, EVENT(act), .words = act_words, .help = "a person acts"},
    {"for", AW_KEY_DURATION, 0, EVENT(hold), .min = AW_SECOND, .help = "snooze: for so long"},
    {"until", AW_KEY_OTHER, 0, .read = read_until,
     .help = "snooze: until so long after the registration, or until a date"},
    {"recipient", AW_KEY_TEXT, 0, EVENT(recipient), .min = 1, .max = AW_USER_MAX,
     .help = "the act is about this recipient alone"},
    {"step", AW_KEY_NAME, 0, EVENT(step),
     .help = "escalate: to this step, else to the next that has not fired"},
    {"reason", AW_KEY_TEXT, 0, EVENT(reason), .max = 512, .help = "why the person acts"},
    {"by", AW_KEY_TEXT, 0, EVENT(by), .max = AW_USER_MAX, .help = "who acts"},
    {"attempt", AW_KEY_NAME, 0, EVENT(attempt), .help = "step whose next attempts end like this"},
    {"result", AW_KEY_WORD, 0, EVENT(result), .words = result_words, .help = "how they end"},
    {"device", AW_KEY_TEXT, 0, EVENT(device), .min = 1, .max = AW_NAME_MAX,
     .help = "login, logout: which device; evidence: about which one"},
    {"about", AW_KEY_TEXT, 0, EVENT(about), .min = 1, .max = AW_USER_MAX,
     .help = "evidence about this recipient's message alone"},
    {"login", AW_KEY_TEXT, 0, EVENT(login), .min = 1, .max = AW_USER_MAX,
     .help = "this user logs in on the device"},
    {"logout", AW_KEY_TEXT, 0, EVENT(logout), .min = 1, .max = AW_USER_MAX,
     .help = "this user logs out there"},
    {"inbox", AW_KEY_TEXT, 0, EVENT(inbox), .min = 1, .max = AW_USER_MAX,
     .help = "this user reads the message in the inbox of the application"},
    {"channel", AW_KEY_NAME, 0, EVENT(channel),
     .help = "by its name, or the kind of a channel without one"},
    {"is", AW_KEY_WORD, 0, EVENT(is), .words = is_words,
     .help = "how the channel is from then on: down, up or blind"},
    {NULL},
};
const struct aw_shape aw_shape_event = {.what = "an event",
                                        .keys = event_keys,
                                        .size = sizeof(struct aw_event_in),
                                        .check = check_event};

struct event_list {
    const struct aw_event_in *list;
    unsigned n;
};
static const struct aw_key list_key = {"the file",
                                       AW_KEY_LIST,
                                       .at = offsetof(struct event_list, list),
                                       .n_at = offsetof(struct event_list, n),
                                       .max = AW_MAX_EVENTS,
                                       .child = &aw_shape_event};

int aw_events_parse(const struct aw_source_file *f, struct aw_events *ret, struct aw_diag *diag)
{
    unsigned errors = diag->n_errors;
    struct aw_arena *arena = aw_calloc(1, sizeof(*arena));
    struct aw_reader r = {.file = f, .diag = diag, .arena = arena};
    struct event_list in = {0};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(f, &doc, diag);
    if (root != NULL && (root->type != AW_YAML_MAP || root->n > 0)) /* an empty file: no events */
        aw_schema_value(&r, &list_key, root, &in);
    aw_yaml_free(doc);
    struct aw_events e = {.n = in.n, .owner = arena};
    if (diag->n_errors > errors) {
        aw_events_free(&e);
        return AW_EINVAL;
    }
    e.list = aw_arena_alloc(arena, in.n * sizeof(*e.list));
    for (unsigned i = 0; i < in.n; i++)
        e.list[i] = in.list[i].event;
    *ret = e;
    return 0;
}

void aw_events_free(struct aw_events *e)
{
    if (e->owner != NULL)
        aw_arena_free(e->owner);
    aw_free(e->owner);
    *e = (struct aw_events){0};
}
