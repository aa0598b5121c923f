/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the people file, and finding a person by address.
 */
#include "sim/people.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "codec/json.h"
#include "sim/sms_kinds.h"

#define PEOPLE_MAX 200000
#define FILE_MAX   ((size_t)64 << 20)
#define TEXT_MAX   254

struct name {
    const char *key; /* owned by the person */
    const struct aw_sim_person *person;
    UT_hash_handle hh;
};

struct aw_sim_people {
    struct aw_sim_person *persons;
    size_t n;
    struct name *by[AW_SIM_N_ADDRESSES];
};

/* Registration ids that work without a people file. */
static const struct aw_sim_person magic[] = {
    {.user = "sim-online",
     .rids = {"sim-online"},
     .n_rids = 1,
     .platform = AW_SIM_ANDROID,
     .push = AW_SIM_ONLINE,
     .delay = -1},
    {.user = "sim-offline",
     .rids = {"sim-offline"},
     .n_rids = 1,
     .platform = AW_SIM_ANDROID,
     .push = AW_SIM_OFFLINE,
     .delay = -1},
    {.user = "sim-expired",
     .rids = {"sim-expired"},
     .n_rids = 1,
     .platform = AW_SIM_ANDROID,
     .push = AW_SIM_NO_DEVICE,
     .delay = -1},
};

static const char *const push_names[] = {"online", "offline", "", "none"};

static int add_name(struct aw_sim_people *p, enum aw_sim_address kind, const char *key,
                    const struct aw_sim_person *person, struct aw_err *err)
{
    struct name *have;
    HASH_FIND_STR(p->by[kind], key, have);
    if (have && have->person == person)
        return 0;
    if (have)
        return aw_fail(err, AW_EINVAL, "\"%s\" is also an address of \"%s\"", key,
                       have->person->user);
    struct name *name = aw_calloc(1, sizeof(*name));
    name->key = key;
    name->person = person;
    HASH_ADD_KEYPTR(hh, p->by[kind], name->key, strlen(name->key), name);
    return 0;
}

static int read_text(const json_t *v, const char *key, char **ret, struct aw_err *err)
{
    const char *s = json_string_value(v);
    size_t n = json_string_length(v);
    if (!s || n == 0 || n > TEXT_MAX || !aw_utf8_clean(s, n, false))
        return aw_fail(err, AW_EINVAL, "%s must be a text of 1 to %d bytes", key, TEXT_MAX);
    aw_free(*ret);
    *ret = aw_strdup(s);
    return 0;
}

static int read_duration(const json_t *v, const char *key, aw_ms *ret, struct aw_err *err)
{
    const char *s = json_string_value(v);
    if (!s || aw_duration_parse(s, strlen(s), ret) != 0)
        return aw_fail(err, AW_EINVAL, "%s must be a duration such as \"90s\"", key);
    return 0;
}

static int read_rids(const json_t *v, struct aw_sim_person *who, struct aw_err *err)
{
    if (!json_is_array(v) || json_array_size(v) > AW_SIM_DEVICES)
        return aw_fail(err, AW_EINVAL, "registration_ids must be a list of at most %d",
                       AW_SIM_DEVICES);
    for (size_t i = 0; i < json_array_size(v); i++) {
        int rc = read_text(json_array_get(v, i), "registration_ids", &who->rids[i], err);
        if (rc != 0)
            return rc;
        who->n_rids++;
    }
    return 0;
}

static int read_push(const json_t *v, struct aw_sim_person *who, struct aw_err *err)
{
    const char *s = json_string_value(v);
    for (unsigned i = 0; s && *s && i < AW_COUNT(push_names); i++)
        if (aw_streq(s, push_names[i])) {
            who->push = (enum aw_sim_push)i;
            return 0;
        }
    if (json_object_size(v) == 1 && json_object_get(v, "online_at")) {
        who->push = AW_SIM_ONLINE_LATER;
        return read_duration(json_object_get(v, "online_at"), "online_at", &who->online_after, err);
    }
    return aw_fail(err, AW_EINVAL,
                   "push must be \"online\", \"offline\", \"none\" or {\"online_at\": \"3m\"}");
}

static int read_platform(const json_t *v, struct aw_sim_person *who, struct aw_err *err)
{
    const char *s = json_string_value(v);
    if (!aw_streq(s, "android") && !aw_streq(s, "ios"))
        return aw_fail(err, AW_EINVAL, "platform must be \"android\" or \"ios\"");
    who->platform = aw_streq(s, "ios") ? AW_SIM_IOS : AW_SIM_ANDROID;
    return 0;
}

static int read_sms(const json_t *v, struct aw_sim_person *who, struct aw_err *err)
{
    int rc = read_text(v, "sms", &who->sms, err);
    if (rc == 0 && !aw_sim_sms_kind_named(who->sms))
        return aw_fail(err, AW_EINVAL, "sms: there is no kind \"%s\"", who->sms);
    return rc;
}

static int read_member(const char *key, const json_t *v, struct aw_sim_person *who,
                       struct aw_err *err)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = {{"user", &who->user},
                 {"alias", &who->alias},
                 {"phone", &who->phone},
                 {"email", &who->email}};
    for (unsigned i = 0; i < AW_COUNT(texts); i++)
        if (aw_streq(key, texts[i].key))
            return read_text(v, key, texts[i].text, err);
    if (aw_streq(key, "registration_ids"))
        return read_rids(v, who, err);
    if (aw_streq(key, "platform"))
        return read_platform(v, who, err);
    if (aw_streq(key, "push"))
        return read_push(v, who, err);
    if (aw_streq(key, "delay"))
        return read_duration(v, key, &who->delay, err);
    if (aw_streq(key, "sms"))
        return read_sms(v, who, err);
    return aw_fail(err, AW_EINVAL, "unknown member \"%s\"", key);
}

/* A device for an alias that names none: the id looks like a real one and depends on the user
 * only, so that it is the same in every run. */
static void give_device(struct aw_sim_person *who)
{
    static const uint8_t key[16];
    char hex[17];
    uint64_t h = aw_siphash(key, who->user, strlen(who->user));
    aw_hex(hex, &h, sizeof(h));
    struct aw_buf rid = AW_BUF_INIT(32);
    aw_buf_printf(&rid, "1a0%s", hex);
    who->rids[who->n_rids++] = aw_buf_take(&rid, NULL);
}

static int read_person(struct aw_sim_people *p, json_t *o, struct aw_sim_person *who,
                       struct aw_err *err)
{
    const char *key;
    json_t *v;
    int rc = 0;
    *who = (struct aw_sim_person){.platform = AW_SIM_ANDROID, .push = AW_SIM_ONLINE, .delay = -1};
    if (!json_is_object(o))
        return aw_fail(err, AW_EINVAL, "must be an object");
    json_object_foreach(o, key, v) if ((rc = read_member(key, v, who, err)) != 0) return rc;
    if (!who->user)
        return aw_fail(err, AW_EINVAL, "user is missing");
    if (who->alias && who->n_rids == 0)
        give_device(who);

    const char *const names[AW_SIM_N_ADDRESSES] = {
        [AW_SIM_ALIAS] = who->alias, [AW_SIM_PHONE] = who->phone, [AW_SIM_EMAIL] = who->email};
    for (int k = 0; rc == 0 && k < AW_SIM_N_ADDRESSES; k++)
        if (names[k])
            rc = add_name(p, (enum aw_sim_address)k, names[k], who, err);
    for (unsigned i = 0; rc == 0 && i < who->n_rids; i++)
        rc = add_name(p, AW_SIM_RID, who->rids[i], who, err);
    return rc;
}

int aw_sim_people_parse(const char *json, size_t n, struct aw_sim_people **ret, struct aw_err *err)
{
    json_t *list = NULL;
    int rc = aw_json_parse(json, n, FILE_MAX, &list, err);
    if (rc != 0)
        return rc;
    struct aw_sim_people *p = aw_calloc(1, sizeof(*p));
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        rc = aw_fail(err, AW_EINVAL, "must be a list of people");
    else if (count > PEOPLE_MAX)
        rc = aw_fail(err, AW_ELIMIT, "more than %d people", PEOPLE_MAX);
    else
        p->persons = aw_calloc(count + 1, sizeof(*p->persons));
    for (size_t i = 0; rc == 0 && i < count; i++) {
        p->n = i + 1;
        rc = read_person(p, json_array_get(list, i), &p->persons[i], err);
        if (rc != 0)
            aw_wrap(err, rc, "person %zu (%s)", i + 1,
                    p->persons[i].user ? p->persons[i].user : "no user");
    }
    json_decref(list);
    if (rc != 0)
        aw_sim_people_free(p);
    else
        *ret = p;
    return rc;
}

void aw_sim_people_free(struct aw_sim_people *p)
{
    if (!p)
        return;
    for (int k = 0; k < AW_SIM_N_ADDRESSES; k++) {
        struct name *name, *tmp;
        HASH_ITER(hh, p->by[k], name, tmp)
        {
            HASH_DEL(p->by[k], name);
            aw_free(name);
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        struct aw_sim_person *who = &p->persons[i];
        char *texts[] = {who->user, who->alias, who->phone, who->email, who->sms};
        for (unsigned t = 0; t < AW_COUNT(texts); t++)
            aw_free(texts[t]);
        for (unsigned d = 0; d < AW_SIM_DEVICES; d++)
            aw_free(who->rids[d]);
    }
    aw_free(p->persons);
    aw_free(p);
}

int aw_sim_people_set_push(struct aw_sim_people *p, const char *user, const json_t *push,
                           struct aw_err *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (aw_streq(p->persons[i].user, user))
            return read_push(push, &p->persons[i], err);
    return aw_fail(err, AW_ENOENT, "there is nobody called \"%s\"", user);
}

size_t aw_sim_people_count(const struct aw_sim_people *p)
{
    return p->n;
}

const struct aw_sim_person *aw_sim_people_at(const struct aw_sim_people *p, size_t i)
{
    return &p->persons[i];
}

const struct aw_sim_person *aw_sim_people_find(const struct aw_sim_people *p,
                                               enum aw_sim_address kind, const char *address)
{
    struct name *name;
    HASH_FIND_STR(p->by[kind], address, name);
    if (name)
        return name->person;
    for (unsigned i = 0; kind == AW_SIM_RID && i < AW_COUNT(magic); i++)
        if (aw_streq(address, magic[i].rids[0]))
            return &magic[i];
    return NULL;
}
