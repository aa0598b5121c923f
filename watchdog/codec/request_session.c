/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies about sessions and the inbox.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/fields.h"

#define BODY_MAX (16 << 10)

static bool valid_alias(const char *s)
{
    return *s && aw_utf8_clean(s, strlen(s), false);
}

static bool valid_platform(const char *s)
{
    for (const char *p = s; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '_' && *p != '-')
            return false;
    return *s;
}

static int take_seq(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > AW_SEQ_MAX)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(int64_t *)dst = json_integer_value(v);
    return 0;
}

static int take_bool(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_boolean(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    *(bool *)dst = json_is_true(v);
    return 0;
}

struct session {
    char device[AW_DEVICE_TEXT + 1], user[AW_USER_MAX + 1], alias[AW_ALIAS_TEXT + 1];
    char platform[AW_PLATFORM_TEXT + 1];
    bool logout;
    int64_t seq;
    aw_time at;
};

/* clang-format off */
#define SESSION_ROWS(USER_FLAGS)                                                                   \
    {"user", aw_take_copy, offsetof(struct session, user), USER_FLAGS, AW_USER_MAX, aw_valid_user, \
     "a user id"},                                                                                 \
    {"alias", aw_take_copy, offsetof(struct session, alias), 0, AW_ALIAS_TEXT, valid_alias,        \
     "an alias of at most 40 bytes"},                                                              \
    {"platform", aw_take_copy, offsetof(struct session, platform), 0, AW_PLATFORM_TEXT,            \
     valid_platform, "a platform such as android or ios"},                                         \
    {"seq", take_seq, offsetof(struct session, seq), 0, 0, NULL, "a number that rises"},           \
    {"at", aw_take_time, offsetof(struct session, at), 0, 0, NULL, "an instant"}
/* clang-format on */

static const struct aw_field session_fields[] = {SESSION_ROWS(AW_F_REQUIRED), {0}};

static const struct aw_field line_fields[] = {
    {"registration_id", aw_take_copy, offsetof(struct session, device), AW_F_REQUIRED,
     AW_DEVICE_TEXT, aw_valid_device, "a registration id"},
    {"logout", take_bool, offsetof(struct session, logout), 0, 0, NULL, "true or false"},
    SESSION_ROWS(0),
    {0},
};

static void give(const struct session *s, struct aw_cmd *cmd)
{
    memcpy(cmd->u.session.user, s->user, sizeof s->user);
    memcpy(cmd->u.session.alias, s->alias, sizeof s->alias);
    memcpy(cmd->u.session.platform, s->platform, sizeof s->platform);
    cmd->u.session.login = !s->logout;
    cmd->u.session.seq = s->seq;
    cmd->u.session.at = s->at;
}

int aw_request_session(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct session s = {.seq = -1};
    json_t *root;
    int code = aw_take_body(&t, p, n, BODY_MAX, session_fields, &s, &root);

    if (!code)
        give(&s, cmd);
    json_decref(root);
    return code;
}

int aw_request_session_line(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    struct aw_take t = {.fault = fault};
    struct session s = {.seq = -1};
    json_t *root;
    int code = aw_take_body(&t, p, n, BODY_MAX, line_fields, &s, &root);

    if (!code && !s.logout && !s.user[0])
        code = aw_take_refuse(&t, AW_P_VALIDATION, "a login names its user");
    if (!code && s.logout && (s.alias[0] || s.platform[0]))
        code = aw_take_refuse(&t, AW_P_VALIDATION, "a logout has no alias and no platform");
    if (!code) {
        memcpy(cmd->u.session.device, s.device, sizeof s.device);
        give(&s, cmd);
    }
    json_decref(root);
    return code;
}

struct inbox {
    aw_id *list;
    unsigned n;
};

static int take_messages(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    struct inbox *box = dst;
    size_t i;
    json_t *one;

    if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > f->max)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    aw_free(box->list);
    box->list = aw_calloc(json_array_size(v), sizeof *box->list);
    json_array_foreach(v, i, one)
    {
        size_t mark = aw_take_item(t, i);
        if (!json_is_string(one) || aw_id_parse(json_string_value(one), "msg_", &box->list[i]) != 0)
            return aw_take_refuse(t, AW_P_VALIDATION, "expected an id such as msg_004HMASW90000");
        aw_take_up(t, mark);
    }
    box->n = (unsigned)i;
    return 0;
}

int aw_request_inbox_read(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault)
{
    static const struct aw_field fields[] = {
        {"messages", take_messages, 0, AW_F_REQUIRED, AW_INBOX_MAX, NULL,
         "a list of 1 to 500 message ids"},
        {0},
    };
    struct aw_take t = {.fault = fault};
    struct inbox box = {0};
    json_t *root;
    int code = aw_take_body(&t, p, n, BODY_MAX, fields, &box, &root);

    json_decref(root);
    if (code) {
        aw_free(box.list);
        return code;
    }
    cmd->u.inbox.messages = box.list;
    cmd->u.inbox.n = box.n;
    return 0;
}
