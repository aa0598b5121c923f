/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch contacts`: list, show, set. (import has a file of its own.) Addresses are masked unless
 * --reveal is given, in tables and in JSON alike.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/contacts.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

static const struct aw_column columns[] = {
    {"USER", "user", AW_SHOW_NAME},
    {"NAME", "name", 0},
    {"ALIAS", "alias", 0},
    {"PHONE", "phone", 0},
    {"EMAIL", "email", 0},
    {"IM", "im", 0},
    {"LANG", "lang", 0},
    {"TZ", "tz", 0},
    {"MANAGER", "manager", 0},
    {NULL},
};

/* Members that are addresses. */
static const char *const addresses[] = {"alias", "phone", "email", "im"};

static json_t *masked(const char *text)
{
    char dst[256];
    aw_mask(dst, sizeof dst, text);
    return json_string(dst);
}

static void mask(const struct aw_ctl *ctl, json_t *contact)
{
    if (ctl->out.reveal)
        return;
    for (unsigned i = 0; i < AW_COUNT(addresses); i++) {
        const char *text = aw_json_str(contact, addresses[i]);
        if (text)
            json_object_set_new(contact, addresses[i], masked(text));
    }
    json_t *ids = json_object_get(contact, "registration_ids");
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (json_string_value(json_array_get(ids, i)))
            json_array_set_new(ids, i, masked(json_string_value(json_array_get(ids, i))));
}

char *aw_contact_path(const struct aw_ctl *ctl, const char *user)
{
    const char *app = aw_ctl_flag(ctl, "app");
    AW_AUTO_FREE char *query = app ? aw_ctl_path("?app=", app, "") : NULL;
    return aw_ctl_path("/v1/contacts/", user, query ? query : "");
}

static int exec_list(struct aw_ctl *ctl)
{
    static const char *const names[] = {"app", NULL};
    AW_AUTO_FREE char *path = aw_ctl_query(ctl, "/v1/contacts", names);
    return aw_ctl_list(ctl, columns, path, mask);
}

static int print_one(const struct aw_ctl *ctl, json_t *contact)
{
    mask(ctl, contact);
    if (!ctl->out.json && json_object_get(contact, "opted_out"))
        fputs("The phone number wants no texts: its owner wrote STOP.\n", stderr);
    return aw_ctl_show(ctl, columns, contact);
}

static int exec_show(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = aw_contact_path(ctl, ctl->args[0]);
    int code = c ? aw_client_get(c, &v, "%s", path) : AW_EXIT_USAGE;
    return code == AW_EXIT_DONE ? print_one(ctl, v) : code;
}

/* --- set ------------------------------------------------------------------------------------- */

static const struct aw_param set_flags[] = {
    {"name", 0, AW_VAL_TEXT, 0, NULL, "name for people"},
    {"alias", 0, AW_VAL_TEXT, 0, NULL, "push alias"},
    {"registration-id", 0, AW_VAL_TEXT, AW_MANY, NULL, "push registration id of a device"},
    {"phone", 0, AW_VAL_TEXT, 0, NULL, "phone number with country code: +8613800001234"},
    {"email", 0, AW_VAL_TEXT, 0, NULL, "mail address"},
    {"im", 0, AW_VAL_TEXT, 0, NULL, "account on the IM channel"},
    {"lang", 0, AW_VAL_TEXT, 0, NULL, "language of texts: zh-CN, en"},
    {"tz", 0, AW_VAL_TEXT, 0, NULL, "time zone: Asia/Shanghai"},
    {"manager", 0, AW_VAL_TEXT, 0, NULL, "user id of the manager"},
    AW_CONTACT_APP,
    {"reveal", 0, AW_VAL_NONE, 0, NULL, "show addresses in full"},
    {NULL},
};

/* Lays the given flags over a contact; an empty value removes the member. */
static int overlay(const struct aw_ctl *ctl, json_t *contact)
{
    json_t *ids = json_array();
    for (unsigned i = 0; i < ctl->n_given; i++) {
        const char *name = ctl->given[i].flag->name, *value = ctl->given[i].value;
        bool ours = false;
        for (const struct aw_param *p = set_flags; p->name; p++)
            ours = ours || (p == ctl->given[i].flag && p->type == AW_VAL_TEXT);
        if (!ours || aw_streq(name, "app"))
            continue;
        bool is_id = aw_streq(name, "registration-id");
        json_t *text = *value ? json_string(value) : NULL;
        if (*value && !text) {
            json_decref(ids);
            return aw_ctl_say(AW_EXIT_USAGE, "--%s is not valid UTF-8", name);
        }
        if (is_id && text)
            json_array_append_new(ids, text);
        else if (is_id)
            json_object_del(contact, "registration_ids");
        else if (text)
            json_object_set_new(contact, name, text);
        else
            json_object_del(contact, name);
    }
    if (json_array_size(ids))
        json_object_set(contact, "registration_ids", ids);
    json_decref(ids);
    return AW_EXIT_DONE;
}

int aw_contact_put(const struct aw_ctl *ctl, struct aw_client *c, const char *user, json_t *contact)
{
    AW_AUTO_FREE char *path = aw_contact_path(ctl, user);
    json_object_del(contact, "user");
    json_object_del(contact, "opted_out");
    char *body = json_dumps(contact, JSON_COMPACT);
    int code = aw_client_call(c, "PUT", path, body, NULL, NULL);
    free(body);
    return code;
}

static int exec_set(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = aw_contact_path(ctl, ctl->args[0]);
    if (!c)
        return AW_EXIT_USAGE;
    aw_client_quiet(c, true);
    int code = aw_client_get(c, &v, "%s", path);
    aw_client_quiet(c, false);
    if (code == AW_EXIT_NO_OBJECT)
        v = json_object();
    else if (code != AW_EXIT_DONE) /* once more, to say what is wrong */
        return aw_client_get(c, &v, "%s", path);
    /* members that the directory leaves open come as null; they are not to be put back */
    const char *key;
    json_t *member;
    void *tmp;
    json_object_foreach_safe(v, tmp, key, member)
    {
        if (json_is_null(member))
            json_object_del(v, key);
    }
    code = overlay(ctl, v);
    if (code == AW_EXIT_DONE)
        code = aw_contact_put(ctl, c, ctl->args[0], v);
    if (code != AW_EXIT_DONE)
        return code;
    json_object_set_new(v, "user", json_string(ctl->args[0]));
    return print_one(ctl, v);
}

static const struct aw_param list_flags[] = {
    {"limit", 0, AW_VAL_NUMBER, 0, NULL, "at most N contacts, 1 to 500 (50)"},
    {"after", 0, AW_VAL_TEXT, 0, NULL, "go on behind this cursor of an earlier list"},
    AW_CONTACT_APP,
    {"reveal", 0, AW_VAL_NONE, 0, NULL, "show addresses in full"},
    {NULL},
};
static const struct aw_param user_args[] = {
    {"USER", 0, AW_VAL_TEXT, 0, NULL, "user id of the application"},
    {NULL},
};
static const struct aw_param show_flags[] = {
    AW_CONTACT_APP,
    {"reveal", 0, AW_VAL_NONE, 0, NULL, "show addresses in full"},
    {NULL},
};
static const char *const list_examples[] = {"contacts list", NULL};
static const char *const show_examples[] = {"contacts show li --reveal", NULL};
static const char *const set_examples[] = {"contacts set li --phone +8613800001234 --manager wang",
                                           "contacts set li --phone ''", NULL};

const struct aw_cmd_entry aw_cmd_contacts_list = {
    .noun = "contacts",
    .verb = "list",
    .summary = "people and their addresses",
    .flags = list_flags,
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_contacts_show = {
    .noun = "contacts",
    .verb = "show",
    .summary = "one person",
    .args = user_args,
    .flags = show_flags,
    .remote = true,
    .examples = show_examples,
    .exec = exec_show,
};
const struct aw_cmd_entry aw_cmd_contacts_set = {
    .noun = "contacts",
    .verb = "set",
    .summary = "make or change a person; an empty value removes it",
    .args = user_args,
    .flags = set_flags,
    .remote = true,
    .examples = set_examples,
    .exec = exec_set,
};
