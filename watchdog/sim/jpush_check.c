/* SPDX-License-Identifier: Apache-2.0
 *
 * One table says which members each object of a push may have, and of what type; a walk over it
 * finds unknown keys and wrong types. What a table cannot say stands in check_*().
 */
#include "sim/jpush_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "sim/people.h"

#define BODY_MAX    ((size_t)1 << 20)
#define NAMES_MAX   1000 /* aliases or registration ids */
#define TAGS_MAX    20
#define ANDROID_MAX 4000
#define IOS_MAX     2000
#define MESSAGE_MAX 4000

enum type {
    STRING,
    INTEGER,
    BOOLEAN,
    LIST,
    ANY,
    FREE,  /* an object of the caller's: extras and what we do not look into */
    KNOWN, /* an object with rows of its own, named like its key */
};

struct field {
    const char *object, *key;
    enum type type, other; /* either will do */
    int64_t low, high;     /* INTEGER, when not both 0 */
};

#define F(object, key, type)                                                                       \
    {                                                                                              \
        object, key, type, type, 0, 0                                                              \
    }
#define F2(object, key, type, other)                                                               \
    {                                                                                              \
        object, key, type, other, 0, 0                                                             \
    }

/* clang-format off */
static const struct field fields[] = {
    F("", "cid", STRING), F("", "platform", ANY), F2("", "audience", KNOWN, STRING),
    F("", "notification", KNOWN), F("", "message", KNOWN), F("", "options", KNOWN),
    F("", "sms_message", KNOWN), F("", "callback", FREE), F("", "live_activity", FREE),
    F("", "inapp_message", FREE), F("", "notification_3rd", FREE),
    F("audience", "tag", LIST), F("audience", "tag_and", LIST), F("audience", "tag_not", LIST),
    F("audience", "alias", LIST), F("audience", "registration_id", LIST),
    F("audience", "segment", LIST), F("audience", "abtest", LIST),
    F("audience", "live_activity_id", STRING), F("audience", "file", FREE),
    F2("notification", "alert", STRING, FREE), F("notification", "android", KNOWN),
    F("notification", "ios", KNOWN), F("notification", "hmos", FREE),
    F("notification", "quickapp", FREE), F("notification", "winphone", FREE),
    F("notification", "voip", FREE),
    F("android", "alert", STRING), F("android", "title", STRING),
    {"android", "builder_id", INTEGER, INTEGER, 0, 1000}, F("android", "channel_id", STRING),
    F("android", "category", STRING), {"android", "priority", INTEGER, INTEGER, -2, 2},
    {"android", "style", INTEGER, INTEGER, 0, 3}, {"android", "alert_type", INTEGER, INTEGER, -1, 7},
    F("android", "big_text", STRING), F("android", "inbox", FREE),
    F("android", "big_pic_path", STRING), F("android", "extras", FREE),
    F("android", "large_icon", STRING), F("android", "small_icon_uri", STRING),
    F("android", "icon_bg_color", STRING), F("android", "intent", FREE),
    F("android", "uri_activity", STRING), F("android", "uri_action", STRING),
    F("android", "badge_add_num", INTEGER), F("android", "badge_set_num", INTEGER),
    F("android", "badge_class", STRING), F("android", "sound", STRING),
    F("android", "show_begin_time", STRING), F("android", "show_end_time", STRING),
    F("android", "display_foreground", STRING), F("android", "custom_buttons", LIST),
    F2("ios", "alert", STRING, FREE), F2("ios", "sound", STRING, FREE),
    F2("ios", "badge", STRING, INTEGER), F("ios", "content-available", BOOLEAN),
    F("ios", "mutable-content", BOOLEAN), F("ios", "category", STRING), F("ios", "extras", FREE),
    F("ios", "thread-id", STRING), F("ios", "interruption-level", STRING),
    F("message", "msg_content", STRING), F("message", "title", STRING),
    F("message", "content_type", STRING), F("message", "extras", FREE),
    F("options", "sendno", INTEGER), {"options", "time_to_live", INTEGER, INTEGER, 0, 259200},
    {"options", "override_msg_id", INTEGER, INTEGER, 1, INT64_MAX},
    F("options", "apns_production", BOOLEAN), F("options", "apns_collapse_id", STRING),
    {"options", "big_push_duration", INTEGER, INTEGER, 0, 1400},
    {"options", "classification", INTEGER, INTEGER, 0, 1}, F("options", "third_party_channel", KNOWN),
    F("options", "target_event", LIST), F("options", "test_message", BOOLEAN),
    F("options", "receipt_id", STRING), F("options", "active_push", BOOLEAN),
    F("options", "need_backup", BOOLEAN), F("options", "business_operation_code", STRING),
    F("options", "test_model", BOOLEAN), F("options", "notification_3rd_ver", STRING),
    F("options", "auto_truncation", BOOLEAN), F("options", "mkt_enable", BOOLEAN),
    F("options", "notification_switch_filter", BOOLEAN), F("options", "alternate_set", BOOLEAN),
    F("options", "geofence", ANY), F("options", "portal_extra", FREE),
    F("third_party_channel", "xiaomi", FREE), F("third_party_channel", "huawei", FREE),
    F("third_party_channel", "honor", FREE), F("third_party_channel", "meizu", FREE),
    F("third_party_channel", "oppo", FREE), F("third_party_channel", "vivo", FREE),
    F("third_party_channel", "fcm", FREE), F("third_party_channel", "nio", FREE),
    F("third_party_channel", "asus", FREE), F("third_party_channel", "hmos", FREE),
    F("sms_message", "temp_id", INTEGER), F("sms_message", "signid", INTEGER),
    {"sms_message", "delay_time", INTEGER, INTEGER, 0, 86400}, F("sms_message", "temp_para", FREE),
    F("sms_message", "active_filter", BOOLEAN),
};
/* clang-format on */

__attribute__((format(printf, 3, 4))) static int refuse(struct aw_sim_push_request *rq, int code,
                                                        const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(rq->why, sizeof(rq->why), fmt, args);
    va_end(args);
    return code;
}

static bool has_type(const json_t *v, enum type type)
{
    switch (type) {
    case STRING:
        return json_is_string(v);
    case INTEGER:
        return json_is_integer(v);
    case BOOLEAN:
        return json_is_boolean(v);
    case LIST:
        return json_is_array(v);
    case ANY:
        return true;
    case FREE:
    case KNOWN:
        return json_is_object(v);
    }
    return false;
}

static const struct field *find_field(const char *object, const char *key)
{
    for (size_t i = 0; i < AW_COUNT(fields); i++)
        if (aw_streq(fields[i].object, object) && aw_streq(fields[i].key, key))
            return &fields[i];
    return NULL;
}

static int check_object(struct aw_sim_push_request *rq, const char *name, json_t *o)
{
    const char *key;
    json_t *v;
    json_object_foreach(o, key, v)
    {
        const struct field *f = find_field(name, key);
        if (!f)
            return refuse(rq, 1009, "The key '%.64s' is not supported.", key);
        if (!has_type(v, f->type) && !has_type(v, f->other))
            return refuse(rq, 1003, "The value of '%.64s' has the wrong type.", key);
        json_int_t i = json_integer_value(v);
        if (json_is_integer(v) && (f->low || f->high) && (i < f->low || i > f->high))
            return refuse(rq, 1003, "The value of '%.64s' is out of range.", key);
        int code = f->type == KNOWN && json_is_object(v) ? check_object(rq, key, v) : 0;
        if (code != 0)
            return code;
    }
    return 0;
}

static int check_platform(struct aw_sim_push_request *rq)
{
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = {{"android", AW_SIM_ANDROID},
                 {"ios", AW_SIM_IOS},
                 {"quickapp", 0},
                 {"hmos", 0},
                 {"winphone", 0}};
    const json_t *v = json_object_get(rq->body, "platform");
    if (!v)
        return refuse(rq, 1002, "Missing parameter '%s'.", "platform");
    if (aw_streq(json_string_value(v), "all")) {
        rq->platforms = AW_SIM_ANDROID | AW_SIM_IOS;
        return 0;
    }
    if (json_array_size(v) == 0)
        return refuse(rq, 1003, "Invalid value of '%s'.", "platform");
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *s = json_string_value(json_array_get(v, i));
        unsigned k = 0;
        while (k < AW_COUNT(names) && !aw_streq(s, names[k].name))
            k++;
        if (k == AW_COUNT(names))
            return refuse(rq, 1003, "Invalid value of '%s'.", "platform");
        rq->platforms |= names[k].bit;
    }
    return 0;
}

bool aw_sim_valid_alias(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 40)
        return false;
    for (; *s; s++)
        if (!((unsigned char)*s >= 0x80 || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
              (*s >= 'a' && *s <= 'z') || strchr("_@!#$&*+=.|", *s)))
            return false;
    return true;
}

bool aw_sim_valid_rid(const char *s)
{
    size_t n = strlen(s);
    if (aw_starts(s, "sim-"))
        return n <= 40;
    return n >= 11 && n <= 40 &&
           strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

static int check_names(struct aw_sim_push_request *rq, const char *key, size_t max,
                       bool (*valid)(const char *), const json_t **ret)
{
    const json_t *v = json_object_get(json_object_get(rq->body, "audience"), key);
    if (json_array_size(v) > max)
        return refuse(rq, 1003, "Too many values in '%s'.", key);
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *s = json_string_value(json_array_get(v, i));
        if (!s || !valid(s))
            return refuse(rq, 1003, "Invalid value in '%s'.", key);
    }
    *ret = json_array_size(v) ? v : NULL; /* an empty list counts as absent */
    return 0;
}

static int check_audience(struct aw_sim_push_request *rq)
{
    const json_t *others[2] = {0};
    const struct {
        const char *key;
        size_t max;
        bool (*valid)(const char *);
        const json_t **list;
    } kinds[] = {{"alias", NAMES_MAX, aw_sim_valid_alias, &rq->alias},
                 {"registration_id", NAMES_MAX, aw_sim_valid_rid, &rq->rids},
                 {"tag", TAGS_MAX, aw_sim_valid_alias, &rq->tag},
                 {"tag_and", TAGS_MAX, aw_sim_valid_alias, &rq->tag_and},
                 {"tag_not", TAGS_MAX, aw_sim_valid_alias, &rq->tag_not},
                 {"segment", 1, aw_sim_valid_alias, &others[0]},
                 {"abtest", 1, aw_sim_valid_alias, &others[1]}};
    const json_t *v = json_object_get(rq->body, "audience");
    if (!v)
        return refuse(rq, 1002, "Missing parameter '%s'.", "audience");
    if (json_is_string(v))
        return aw_streq(json_string_value(v), "all")
                   ? 0
                   : refuse(rq, 1003, "Invalid value of '%s'.", "audience");
    bool any = false;
    for (unsigned i = 0; i < AW_COUNT(kinds); i++) {
        int code = check_names(rq, kinds[i].key, kinds[i].max, kinds[i].valid, kinds[i].list);
        if (code != 0)
            return code;
        any |= *kinds[i].list != NULL;
    }
    rq->nobody = others[0] || others[1] || json_object_get(v, "live_activity_id") ||
                 json_object_get(v, "file");
    return any || rq->nobody ? 0 : refuse(rq, 1002, "Missing parameter '%s'.", "audience");
}

static size_t size_of(const json_t *v)
{
    return v ? json_dumpb(v, NULL, 0, JSON_COMPACT) : 0;
}

static int check_sizes(struct aw_sim_push_request *rq)
{
    const json_t *note = json_object_get(rq->body, "notification");
    const json_t *message = json_object_get(rq->body, "message");
    size_t android = size_of(json_object_get(note, "android")) +
                     size_of(json_object_get(note, "alert")) + size_of(message);
    if (android > ANDROID_MAX && (rq->platforms & AW_SIM_ANDROID))
        return refuse(rq, 1005, "The %s part is too large.", "android");
    if (size_of(json_object_get(note, "ios")) > IOS_MAX && (rq->platforms & AW_SIM_IOS))
        return refuse(rq, 1005, "The %s part is too large.", "ios");
    if (size_of(message) > MESSAGE_MAX)
        return refuse(rq, 1005, "The %s is too large.", "message");
    return 0;
}

static int check_content(struct aw_sim_push_request *rq)
{
    const json_t *note = json_object_get(rq->body, "notification");
    const json_t *message = json_object_get(rq->body, "message");
    const json_t *android = json_object_get(note, "android");
    const json_t *ios = json_object_get(note, "ios");
    rq->notification = json_object_size(note) > 0;
    rq->message = message != NULL;
    rq->countable = json_is_true(json_object_get(ios, "mutable-content"));
    if (!rq->notification && !rq->message && !json_object_get(rq->body, "live_activity"))
        return refuse(rq, 1002, "Missing parameter '%s'.", "notification or message");
    if (rq->message && !json_object_get(message, "msg_content"))
        return refuse(rq, 1002, "Missing parameter '%s'.", "msg_content");
    if (!json_object_get(note, "alert") && ((android && !json_object_get(android, "alert")) ||
                                            (ios && !json_object_get(ios, "alert"))))
        return refuse(rq, 1002, "Missing parameter '%s'.", "alert");
    return check_sizes(rq);
}

static int check_options(struct aw_sim_push_request *rq)
{
    const json_t *o = json_object_get(rq->body, "options");
    const json_t *sendno = json_object_get(o, "sendno");
    const json_t *ttl = json_object_get(o, "time_to_live");
    const char *collapse = aw_json_str(o, "apns_collapse_id");
    rq->sendno = json_integer_value(sendno);
    if (sendno && rq->sendno == 0)
        return refuse(rq, 1003, "Invalid value of '%s'.", "sendno");
    if (collapse && strlen(collapse) > 64)
        return refuse(rq, 1003, "Invalid value of '%s'.", "apns_collapse_id");
    rq->time_to_live = ttl ? json_integer_value(ttl) : 86400;
    rq->override_msg_id = (uint64_t)json_integer_value(json_object_get(o, "override_msg_id"));
    rq->cid = aw_json_str(rq->body, "cid");
    return 0;
}

static void find_extras(struct aw_sim_push_request *rq)
{
    json_t *note = json_object_get(rq->body, "notification");
    const json_t *parts[] = {json_object_get(note, "android"), json_object_get(note, "ios"),
                             json_object_get(rq->body, "message")};
    for (unsigned i = 0; i < AW_COUNT(parts); i++) {
        const json_t *extras = json_object_get(parts[i], "extras");
        if (!rq->ref)
            rq->ref = aw_json_str(extras, "aw_ref");
        if (!rq->msg)
            rq->msg = aw_json_str(extras, "aw_msg");
    }
}

int aw_sim_push_parse(const char *p, size_t n, struct aw_sim_push_request *ret)
{
    *ret = (struct aw_sim_push_request){0};
    struct aw_err err;
    if (n > BODY_MAX)
        return refuse(ret, 1005, "The %s is too large.", "body");
    if (aw_json_parse(p, n, BODY_MAX, &ret->body, &err) != 0 || !json_is_object(ret->body))
        return refuse(ret, 1003, "The %s is malformed.", "body");
    int code = check_object(ret, "", ret->body);
    int (*const checks[])(struct aw_sim_push_request *) = {check_platform, check_audience,
                                                           check_content, check_options};
    for (unsigned i = 0; code == 0 && i < AW_COUNT(checks); i++)
        code = checks[i](ret);
    if (code == 0)
        find_extras(ret);
    return code;
}

void aw_sim_push_request_free(struct aw_sim_push_request *rq)
{
    json_decref(rq->body);
    *rq = (struct aw_sim_push_request){0};
}
