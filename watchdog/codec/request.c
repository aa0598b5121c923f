/* SPDX-License-Identifier: Apache-2.0
 *
 * The small bodies of the API: acknowledgement, cancel, contact, key, channel test. Each is one
 * table and a few lines; the registration has its own file (request_message.c). On failure the
 * command is as it was.
 */
#include "codec/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "codec/fields.h"
#include "codec/json.h"
#include "core/ports.h"

#define MAX_SMALL_BODY 16384
#define MAX_EVIDENCE   4096 /* bytes of evidence as compact JSON */

/* Compact JSON that aw_free takes. Fails for want of memory only, which ends the process. */
static char *dump(const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT);
    if (!text)
        abort();
    return text;
}

/* ---- acknowledgement ---- */

struct ack {
    char user[AW_USER_MAX + 1];
    enum aw_level level;
    aw_time at;
    const char *by, *device;
    json_t *evidence;
    aw_id message; /* lines of a batch name it themselves, or the external id */
    char external_id[AW_EXTERNAL_ID];
};

static int take_message(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = json_string_value(v);
    if (!s || aw_id_parse(s, "msg_", dst) < 0)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    return 0;
}

static int take_level(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    enum aw_level level = AW_LEVEL_NONE;
    const char *s = json_string_value(v);
    if (!s || aw_level_parse(s, &level) < 0 || level < AW_DELIVERED)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(enum aw_level *)dst = level;
    return 0;
}

static int take_evidence(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > f->max)
        return aw_take_refuse(t, AW_P_VALIDATION, "more than %zu bytes of JSON", f->max);
    *(json_t **)dst = v;
    return 0;
}

/* clang-format off */
#define ACK_ROWS                                                                                   \
    {"recipient", aw_take_copy, offsetof(struct ack, user), AW_F_REQUIRED, AW_USER_MAX,            \
     aw_valid_user, "a user id"},                                                                  \
    {"level", take_level, offsetof(struct ack, level), 0, 0, NULL,                                 \
     "delivered, displayed, opened or acknowledged"},                                              \
    {"at", aw_take_time, offsetof(struct ack, at), 0, 0, NULL, "an instant"},                      \
    {"by", aw_take_text, offsetof(struct ack, by), 0, AW_USER_MAX, NULL, "a person"},              \
    {"device", aw_take_text, offsetof(struct ack, device), 0, 128, NULL, "a device"},              \
    {"evidence", take_evidence, offsetof(struct ack, evidence), 0, MAX_EVIDENCE, NULL, "evidence"}
/* clang-format on */

static const struct aw_field ack_fields[] = {ACK_ROWS, {0}};

static const struct aw_field ack_line_fields[] = {
    {"message", take_message, offsetof(struct ack, message), 0, 0, NULL,
     "an id such as msg_004HMASW90000"},
    {"external_id", aw_take_copy, offsetof(struct ack, external_id), 0, AW_EXTERNAL_ID - 1, NULL,
     "an external id"},
    ACK_ROWS,
    {0},
};

/* by, device and evidence as given, compact; NULL when none is there. */
static char *ack_detail(const struct ack *a)
{
    if (!a->by && !a->device && !a->evidence)
        return NULL;
    json_t *detail =
        json_pack("{s:s*, s:s*, s:O*}", "by", a->by, "device", a->device, "evidence", a->evidence);
    char *text = dump(detail);
    json_decref(detail);
    return text;
}

static void give_ack(const struct ack *a, struct aw_cmd *cmd)
{
    memcpy(cmd->u.ack.user, a->user, sizeof a->user);
    cmd->u.ack.message = a->message;
    cmd->u.ack.level = a->level;
    cmd->u.ack.source = AW_SRC_APP;
    cmd->u.ack.at = a->at;
    if (a->by)
        memcpy(cmd->u.ack.by, a->by, strlen(a->by) + 1);
    cmd->u.ack.detail_json = ack_detail(a);
    if (a->device && strlen(a->device) <= AW_DEVICE_TEXT)
        memcpy(cmd->u.ack.device, a->device, strlen(a->device) + 1);
}

int aw_request_ack(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct ack a = {.level = AW_ACKNOWLEDGED};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, ack_fields, &a, &root);
    if (!code)
        give_ack(&a, cmd);
    json_decref(root);
    return code;
}

int aw_request_ack_line(const char *p, size_t n, struct aw_cmd *cmd, char ext[AW_EXTERNAL_ID],
                        struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct ack a = {.level = AW_ACKNOWLEDGED};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, ack_line_fields, &a, &root);
    if (!code && !a.message == !a.external_id[0])
        code = aw_take_refuse(&t, AW_P_VALIDATION, "expected one of message and external_id");
    if (!code) {
        memcpy(ext, a.external_id, AW_EXTERNAL_ID);
        give_ack(&a, cmd);
    }
    json_decref(root);
    return code;
}

/* ---- cancel ---- */

int aw_request_cancel(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    static const struct aw_field fields[] = {
        {"reason", aw_take_copy, 0, AW_F_REQUIRED, sizeof cmd->u.cancel.reason - 1, NULL,
         "a reason"},
        {0},
    };
    struct aw_take t = {.fault = fault};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, fields, cmd->u.cancel.reason, &root);
    json_decref(root);
    return code;
}

/* ---- snooze, resume, escalate, claim ---- */

struct act {
    char user[AW_USER_MAX + 1], reason[512], by[AW_USER_MAX + 1], step[AW_NAME_MAX + 1];
    aw_ms span;
    aw_time until;
    int64_t if_seq;
};

static int take_span(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = json_string_value(v);
    if (!s || aw_duration_parse(s, json_string_length(v), dst) < 0 || *(aw_ms *)dst < AW_SECOND)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    return 0;
}

static int take_seq(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(int64_t *)dst = json_integer_value(v);
    return 0;
}

/* clang-format off */
#define ACT_ROWS                                                                                   \
    {"reason", aw_take_copy, offsetof(struct act, reason), AW_F_REQUIRED, 511, NULL, "a reason"},  \
    {"recipient", aw_take_copy, offsetof(struct act, user), 0, AW_USER_MAX, aw_valid_user,         \
     "a user id"}
#define SEEN_ROW                                                                                   \
    {"if_seq", take_seq, offsetof(struct act, if_seq), 0, 0, NULL,                                 \
     "the `seq` of the message as a number"}
/* clang-format on */

static const struct aw_field snooze_fields[] = {
    ACT_ROWS,
    {"for", take_span, offsetof(struct act, span), 0, 0, NULL, "a duration such as 30m"},
    {"until", aw_take_time, offsetof(struct act, until), 0, 0, NULL, "an instant"},
    SEEN_ROW,
    {0},
};
static const struct aw_field resume_fields[] = {ACT_ROWS, {0}};
static const struct aw_field escalate_fields[] = {
    ACT_ROWS,
    {"step", aw_take_copy, offsetof(struct act, step), 0, AW_NAME_MAX, aw_valid_name,
     "the id of a step"},
    SEEN_ROW,
    {0},
};
static const struct aw_field claim_fields[] = {
    ACT_ROWS,
    {"by", aw_take_copy, offsetof(struct act, by), 0, AW_USER_MAX, aw_valid_user, "a user id"},
    {0},
};
static const struct aw_field *const act_fields[AW_N_ACTS] = {
    [AW_ACT_SNOOZE] = snooze_fields,
    [AW_ACT_RESUME] = resume_fields,
    [AW_ACT_ESCALATE] = escalate_fields,
    [AW_ACT_CLAIM] = claim_fields,
};

int aw_request_act(const char *p, size_t n, enum aw_act what, struct aw_cmd *cmd,
                   struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct act a = {.if_seq = -1};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, act_fields[what], &a, &root);
    json_decref(root);
    if (!code && what == AW_ACT_SNOOZE && !a.span == !a.until)
        code = aw_take_refuse(&t, AW_P_VALIDATION, "expected one of for and until");
    if (code)
        return code;
    cmd->u.act.what = what;
    memcpy(cmd->u.act.user, a.user, sizeof a.user);
    memcpy(cmd->u.act.reason, a.reason, sizeof a.reason);
    memcpy(cmd->u.act.by, a.by, sizeof a.by);
    memcpy(cmd->u.act.step, a.step, sizeof a.step);
    cmd->u.act.span = a.span;
    cmd->u.act.until = a.until;
    cmd->u.act.if_seq = a.if_seq;
    return 0;
}

/* ---- report of a mail server ---- */

int aw_request_dsn(const char *p, size_t n, struct aw_request_dsn *ret, struct aw_fault *fault)
{
    static const struct aw_field fields[] = {
        {"mark", aw_take_copy, offsetof(struct aw_request_dsn, mark), AW_F_REQUIRED, 63, NULL,
         "the mark of a mail"},
        {"action", aw_take_copy, offsetof(struct aw_request_dsn, action), AW_F_REQUIRED, 15, NULL,
         "failed, delayed, delivered, relayed or expanded"},
        {"at", aw_take_time, offsetof(struct aw_request_dsn, at), 0, 0, NULL, "an instant"},
        {0},
    };
    struct aw_take t = {.fault = fault};
    json_t *root;
    *ret = (struct aw_request_dsn){.at = 0};
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, fields, ret, &root);
    json_decref(root);
    return code;
}

/* ---- channel test ---- */

int aw_request_test(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    static const struct aw_field fields[] = {
        {"to", aw_take_copy, 0, AW_F_REQUIRED, sizeof cmd->u.test.to - 1, NULL, "an address"},
        {0},
    };
    struct aw_take t = {.fault = fault};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, fields, cmd->u.test.to, &root);
    json_decref(root);
    return code;
}

/* ---- silences ---- */

struct silence {
    json_t *match;
    aw_time from, until;
    aw_ms length;
    char author[128], reason[512];
};

static int take_match(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_object(v) || json_object_size(v) == 0)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(json_t **)dst = v;
    return 0;
}

static int take_length(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);

int aw_request_silence(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
#define SILENCE(member) offsetof(struct silence, member)
    static const struct aw_field fields[] = {
        {"match", take_match, SILENCE(match), AW_F_REQUIRED, 0, NULL,
         "fields and values such as {\"class\": \"office\"}"},
        {"from", aw_take_time, SILENCE(from), 0, 0, NULL, "a date and time"},
        {"until", aw_take_time, SILENCE(until), 0, 0, NULL, "a date and time"},
        {"for", take_length, SILENCE(length), 0, 0, NULL,
         "a duration of at least a second, such as 2h"},
        {"author", aw_take_copy, SILENCE(author), 0, sizeof(((struct silence *)0)->author) - 1,
         NULL, "who wants it"},
        {"reason", aw_take_copy, SILENCE(reason), AW_F_REQUIRED,
         sizeof(((struct silence *)0)->reason) - 1, NULL, "a reason"},
        {0},
    };
#undef SILENCE
    struct aw_take t = {.fault = fault};
    struct silence s = {.match = NULL};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, fields, &s, &root);

    if (code == 0 && (s.until != 0) == (s.length != 0))
        code = aw_take_refuse(&t, AW_P_VALIDATION, "a silence ends: give one of until and for");
    if (code == 0) {
        cmd->u.silence.from = s.from;
        cmd->u.silence.until = s.until;
        cmd->u.silence.length = s.length;
        memcpy(cmd->u.silence.author, s.author, sizeof s.author);
        memcpy(cmd->u.silence.reason, s.reason, sizeof s.reason);
        cmd->u.silence.match = dump(s.match);
    }
    json_decref(root);
    return code;
}

/* ---- channel paused, resumed ---- */

/* Given as a duration of the rule language. */
static int take_length(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = json_string_value(v);
    aw_ms length;

    if (!s || aw_duration_parse(s, strlen(s), &length) != 0 || length < AW_SECOND)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(aw_ms *)dst = length;
    return 0;
}

struct hold {
    char reason[512];
    aw_ms length;
};

int aw_request_channel(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    static const struct aw_field fields[] = {
        {"reason", aw_take_copy, offsetof(struct hold, reason), AW_F_REQUIRED,
         sizeof(((struct hold *)0)->reason) - 1, NULL, "a reason"},
        {"for", take_length, offsetof(struct hold, length), 0, 0, NULL,
         "a duration of at least a second, such as 30m"},
        {0},
    };
    static const struct aw_field resume[] = {
        {"reason", aw_take_copy, offsetof(struct hold, reason), AW_F_REQUIRED,
         sizeof(((struct hold *)0)->reason) - 1, NULL, "a reason"},
        {0},
    };
    struct aw_take t = {.fault = fault};
    struct hold hold = {.length = 0};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY,
                            cmd->type == AW_CMD_CHANNEL_PAUSE ? fields : resume, &hold, &root);

    if (code == 0) {
        memcpy(cmd->u.channel.reason, hold.reason, sizeof hold.reason);
        cmd->u.channel.length = hold.length;
    }
    json_decref(root);
    return code;
}

/* ---- rules applied ---- */

static int take_bool(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_boolean(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected true or false");
    *(bool *)dst = json_is_true(v);
    return 0;
}

static bool is_sha256(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

int aw_request_apply(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
#define RELOAD(field) offsetof(struct aw_cmd, u.reload.field)
    static const struct aw_field fields[] = {
        {"reason", aw_take_copy, RELOAD(reason), AW_F_REQUIRED, sizeof cmd->u.reload.reason - 1,
         NULL, "a reason"},
        {"rollback", take_bool, RELOAD(rolled_back), 0, 0, NULL, NULL},
        {"force", take_bool, RELOAD(force), 0, 0, NULL, NULL},
        {"sha256", aw_take_copy, RELOAD(sha256), 0, 64, is_sha256, "64 hexadecimal digits"},
        {0},
    };
#undef RELOAD
    struct aw_take t = {.fault = fault};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, fields, cmd, &root);
    json_decref(root);
    return code;
}

/* ---- key ---- */

struct key {
    char name[AW_NAME_MAX + 1], app[AW_NAME_MAX + 1];
    uint32_t scopes;
    aw_ms length;
};

static int take_scopes(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    uint32_t scopes = 0, one;
    size_t i;
    json_t *item;
    if (!json_array_size(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    json_array_foreach(v, i, item)
    {
        size_t mark = aw_take_item(t, i);
        const char *s = json_string_value(item);
        if (!s || !*s || strpbrk(s, " ,") || aw_scopes_parse(s, &one) < 0) {
            const char *near = s ? aw_nearest(s, aw_scope_names) : NULL;
            return aw_take_refuse(t, AW_P_VALIDATION, "no such scope%s%s%s",
                                  near ? ", did you mean \"" : "", near ? near : "",
                                  near ? "\"?" : "");
        }
        scopes |= one;
        aw_take_up(t, mark);
    }
    *(uint32_t *)dst = scopes;
    return 0;
}

static const struct aw_field key_fields[] = {
    {"name", aw_take_copy, offsetof(struct key, name), AW_F_REQUIRED, AW_NAME_MAX, aw_valid_name,
     "a name"},
    {"app", aw_take_copy, offsetof(struct key, app), 0, AW_NAME_MAX, aw_valid_name,
     "the name of an app"},
    {"scopes", take_scopes, offsetof(struct key, scopes), AW_F_REQUIRED, 0, NULL,
     "a list of scopes such as \"messages:read\""},
    {"for", take_length, offsetof(struct key, length), 0, 0, NULL,
     "a duration of at least a second, such as 90d"},
    {0},
};

int aw_request_key(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct key k = {0};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, key_fields, &k, &root);
    if (!code) {
        memcpy(cmd->u.key.name, k.name, sizeof k.name);
        memcpy(cmd->u.key.app, k.app, sizeof k.app);
        cmd->u.key.scopes = k.scopes;
        cmd->u.key.length = k.length;
    }
    json_decref(root);
    return code;
}

/* ---- contact ---- */

static const struct aw_field contact_fields[] = {
    {"name", aw_take_text, AW_ADDRESS(0, name), 0, 128, NULL, "a name"},
    AW_ADDRESS_ROWS(0),
    {"im", aw_take_text, AW_ADDRESS(0, im), 0, 128, NULL, "an account"},
    {"manager", aw_take_text, AW_ADDRESS(0, manager), 0, AW_USER_MAX, aw_valid_user, "a user id"},
    {0},
};

int aw_request_contact(const char *p, size_t n, char **ret_json, size_t *ret_n,
                       struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct aw_addresses a = {0};
    json_t *root;
    int code = aw_take_body(&t, p, n, MAX_SMALL_BODY, contact_fields, &a, &root);
    if (!code) {
        *ret_json = dump(root);
        *ret_n = strlen(*ret_json);
    }
    json_decref(root);
    return code;
}

int aw_contact_addresses(const char *json, size_t n, struct aw_addresses *ret, void **ret_owner)
{
    struct aw_fault fault;
    struct aw_take t = {.fault = &fault};
    struct aw_addresses a = {0};
    json_t *root;
    int code = aw_take_body(&t, json, n, MAX_SMALL_BODY, contact_fields, &a, &root);
    if (code) {
        json_decref(root);
        return code;
    }
    *ret = a;
    *ret_owner = root;
    return 0;
}

void aw_addresses_free_owner(void *owner)
{
    json_decref(owner);
}
