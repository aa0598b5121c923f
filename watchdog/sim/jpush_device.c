/* SPDX-License-Identifier: Apache-2.0
 *
 * The Device API: devices, aliases, tags. What it changes is seen by the next push at once. An
 * update that succeeds is answered {}, which every official SDK takes.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "sim/device.h"
#include "sim/jpush.h"
#include "sim/jpush_check.h"
#include "sim/jpush_store.h"

#define BODY_MAX   ((size_t)1 << 20)
#define TAGS_MAX   100  /* in one list of one call */
#define RIDS_MAX   1000 /* in one list of one call */
#define TAGS_SHOWN 100
#define MOBILE_MAX 20
#define PLATFORMS  (AW_SIM_ANDROID | AW_SIM_IOS)

static void invalid(struct aw_sim_call *c, const char *what)
{
    aw_sim_jpush_error(c->reply, 400, 7002, what, 0);
}

static void done(struct aw_sim *sim, struct aw_sim_call *c, const char *what, const char *name)
{
    sim->activity++;
    aw_sim_note(sim, "device", NULL, json_pack("{s:s, s:s}", "call", what, "of", name));
    aw_sim_reply_json(c->reply, 200, json_object());
}

static json_t *read_body(const struct aw_sim_call *c)
{
    json_t *body = NULL;
    struct aw_err err;
    aw_json_parse(c->view->body, c->view->n_body, BODY_MAX, &body, &err);
    return body;
}

/* Absent, or a list of at most max texts that are valid. */
static bool good_list(const json_t *list, size_t max, bool (*valid)(const char *))
{
    if (list && (!json_is_array(list) || json_array_size(list) > max))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (!s || !valid(s))
            return false;
    }
    return true;
}

/* The platforms named in the query; 0: a name that is none. An empty value is refused, too. */
static unsigned platforms(const struct aw_sim_call *c)
{
    char text[64], *save = NULL;
    unsigned ret = 0;
    int rc = aw_http_query(c->view, "platform", text, sizeof(text));
    if (rc == AW_ENOENT)
        return PLATFORMS;
    for (char *s = rc == 0 ? strtok_r(text, ",", &save) : NULL; s; s = strtok_r(NULL, ",", &save)) {
        bool android = aw_streq(s, "android"), ios = aw_streq(s, "ios");
        if (!android && !ios && !aw_streq(s, "hmos") && !aw_streq(s, "winphone"))
            return 0;
        ret |= (android ? AW_SIM_ANDROID : 0) | (ios ? AW_SIM_IOS : 0) | 1u << 8;
    }
    return ret;
}

/* --- one device --------------------------------------------------------------------------- */

static json_t *text_or_null(const char *s)
{
    return s && *s ? json_string(s) : json_null();
}

void aw_sim_jpush_device_get(struct aw_sim *sim, struct aw_sim_call *c)
{
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, c->rest);
    const struct aw_sim_device *d = aw_sim_device_find(sim, c->rest);
    if (!who) {
        invalid(c, "Invalid registration_id.");
        return;
    }
    bool tagged = d && json_array_size(d->tags) > 0;
    aw_sim_reply_json(c->reply, 200,
                      json_pack("{s:o, s:o, s:o}", "tags",
                                tagged ? json_incref(d->tags) : json_null(), "alias",
                                text_or_null(aw_sim_device_alias(sim, who, c->rest)), "mobile",
                                text_or_null(d ? d->mobile : NULL)));
}

static bool empty_text(const json_t *v)
{
    return json_is_string(v) && json_string_length(v) == 0;
}

/* NULL, or what is wrong. */
static const char *check_update(const json_t *body)
{
    const json_t *tags = json_object_get(body, "tags"), *alias = json_object_get(body, "alias"),
                 *mobile = json_object_get(body, "mobile");
    if (!json_is_object(body))
        return "Invalid body.";
    if (tags && !empty_text(tags) &&
        (!json_is_object(tags) ||
         !good_list(json_object_get(tags, "add"), TAGS_MAX, aw_sim_valid_alias) ||
         !good_list(json_object_get(tags, "remove"), TAGS_MAX, aw_sim_valid_alias)))
        return "Invalid tags.";
    if (alias && !empty_text(alias) &&
        (!json_is_string(alias) || !aw_sim_valid_alias(json_string_value(alias))))
        return "Invalid alias.";
    if (mobile && (!json_is_string(mobile) || json_string_length(mobile) > MOBILE_MAX))
        return "Invalid mobile.";
    return NULL;
}

struct tally {
    const char *but;
    unsigned n;
};

static void count_others(void *arg, const struct aw_sim_person *who, const char *rid)
{
    struct tally *t = arg;
    t->n += !aw_streq(rid, t->but);
}

static bool alias_full(const struct aw_sim *sim, const char *alias, const char *rid)
{
    struct tally t = {rid, 0};
    if (alias && *alias)
        aw_sim_alias_each(sim, alias, PLATFORMS, count_others, &t);
    return t.n >= AW_SIM_ALIAS_DEVICES;
}

/* False: no room for all of them. */
static bool set_tags(struct aw_sim_device *d, const json_t *tags)
{
    const json_t *add = json_object_get(tags, "add"), *remove = json_object_get(tags, "remove");
    bool room = true;
    if (empty_text(tags))
        json_array_clear(d->tags);
    for (size_t i = 0; i < json_array_size(remove); i++)
        aw_sim_device_untag(d, json_string_value(json_array_get(remove, i)));
    for (size_t i = 0; i < json_array_size(add); i++)
        room &= aw_sim_device_tag(d, json_string_value(json_array_get(add, i)));
    return room;
}

void aw_sim_jpush_device_set(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = read_body(c);
    const char *alias = aw_json_str(body, "alias"), *mobile = aw_json_str(body, "mobile");
    const char *wrong = check_update(body);
    struct aw_sim_device *d = wrong ? NULL : aw_sim_device_touch(sim, c->rest);
    if (wrong) {
        invalid(c, wrong);
    } else if (!d) {
        invalid(c, "Invalid registration_id.");
    } else if (alias_full(sim, alias, c->rest)) {
        aw_sim_jpush_error(c->reply, 400, 7015, "The alias has too many devices.", 0);
    } else if (!set_tags(d, json_object_get(body, "tags"))) {
        invalid(c, "Too many tags.");
    } else {
        if (alias)
            aw_sim_device_bind(d, alias);
        if (mobile) {
            aw_free(d->mobile);
            d->mobile = aw_strdup(mobile);
        }
        done(sim, c, "update", c->rest);
    }
    json_decref(body);
}

/* POST /v3/devices/status: who was connected within the last ten minutes. */
void aw_sim_jpush_device_status(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = read_body(c), *rids = json_object_get(body, "registration_ids");
    if (json_array_size(rids) == 0 || !good_list(rids, RIDS_MAX, aw_sim_valid_rid)) {
        invalid(c, "Invalid registration_ids.");
        json_decref(body);
        return;
    }
    json_t *answer = json_object();
    for (size_t i = 0; i < json_array_size(rids); i++) {
        const char *rid = json_string_value(json_array_get(rids, i));
        const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, rid);
        bool online = who && (who->push == AW_SIM_ONLINE ||
                              (who->push == AW_SIM_ONLINE_LATER &&
                               sim->people_from + who->online_after <= aw_sim_now(sim)));
        json_object_set_new(answer, rid, who ? json_pack("{s:b}", "online", online) : json_null());
    }
    aw_sim_reply_json(c->reply, 200, answer);
    json_decref(body);
}

/* --- aliases ------------------------------------------------------------------------------ */

static void list_rid(void *arg, const struct aw_sim_person *who, const char *rid)
{
    if (json_array_size(arg) < AW_SIM_ALIAS_DEVICES)
        json_array_append_new(arg, json_string(rid));
}

void aw_sim_jpush_alias_get(struct aw_sim *sim, struct aw_sim_call *c)
{
    unsigned which = platforms(c);
    if (!which || !aw_sim_valid_alias(c->rest)) {
        invalid(c, which ? "Invalid alias." : "Invalid platform.");
        return;
    }
    json_t *list = json_array();
    aw_sim_alias_each(sim, c->rest, which, list_rid, list);
    aw_sim_reply_json(c->reply, 200, json_pack("{s:o}", "registration_ids", list));
}

struct unbinding {
    struct aw_sim *sim;
    const json_t *only; /* NULL: all */
    json_t *rids;
};

static void gather(void *arg, const struct aw_sim_person *who, const char *rid)
{
    struct unbinding *u = arg;
    bool wanted = !u->only;
    for (size_t i = 0; i < json_array_size(u->only); i++)
        wanted |= aw_streq(json_string_value(json_array_get(u->only, i)), rid);
    if (wanted)
        json_array_append_new(u->rids, json_string(rid));
}

/* Gathers first: unbinding changes what is walked over. */
static void unbind(struct aw_sim *sim, const char *alias, unsigned which, const json_t *only)
{
    struct unbinding u = {sim, only, json_array()};
    aw_sim_alias_each(sim, alias, which, gather, &u);
    for (size_t i = 0; i < json_array_size(u.rids); i++) {
        const char *rid = json_string_value(json_array_get(u.rids, i));
        aw_sim_device_bind(aw_sim_device_touch(sim, rid), NULL);
    }
    json_decref(u.rids);
}

void aw_sim_jpush_alias_delete(struct aw_sim *sim, struct aw_sim_call *c)
{
    unsigned which = platforms(c);
    if (!which || !aw_sim_valid_alias(c->rest)) {
        invalid(c, which ? "Invalid alias." : "Invalid platform.");
        return;
    }
    unbind(sim, c->rest, which, NULL);
    done(sim, c, "delete alias", c->rest);
}

void aw_sim_jpush_alias_set(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = read_body(c);
    json_t *remove = json_object_get(json_object_get(body, "registration_ids"), "remove");
    if (!aw_sim_valid_alias(c->rest) || !remove || !good_list(remove, RIDS_MAX, aw_sim_valid_rid)) {
        invalid(c, "Invalid alias or registration_ids.");
    } else {
        unbind(sim, c->rest, PLATFORMS, remove);
        done(sim, c, "unbind", c->rest);
    }
    json_decref(body);
}

/* --- tags --------------------------------------------------------------------------------- */

void aw_sim_jpush_tags(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *seen = json_object(), *list = json_array(), *v;
    const char *tag;
    for (const struct aw_sim_device *d = sim->jpush->devices; d; d = d->hh.next)
        for (size_t i = 0; i < json_array_size(d->tags); i++)
            json_object_set_new(seen, json_string_value(json_array_get(d->tags, i)), json_true());
    json_object_foreach(seen, tag, v)
    {
        if (json_array_size(list) < TAGS_SHOWN)
            json_array_append_new(list, json_string(tag));
    }
    json_decref(seen);
    aw_sim_reply_json(c->reply, 200, json_pack("{s:o}", "tags", list));
}

/* GET /v3/tags/TAG/registration_ids/RID */
void aw_sim_jpush_tag_get(struct aw_sim *sim, struct aw_sim_call *c)
{
    static const char middle[] = "/registration_ids/";
    const char *m = strstr(c->rest, middle);
    if (!m || m == c->rest || strchr(m + sizeof(middle) - 1, '/')) {
        aw_sim_jpush_error(c->reply, 404, 7010, "The API does not exist.", 0);
        return;
    }
    AW_AUTO_FREE char *tag = aw_strndup(c->rest, (size_t)(m - c->rest));
    const char *rid = m + sizeof(middle) - 1;
    if (!aw_sim_valid_alias(tag) || !aw_sim_people_find(sim->people, AW_SIM_RID, rid)) {
        invalid(c, "Invalid tag or registration_id.");
        return;
    }
    aw_sim_reply_json(c->reply, 200,
                      json_pack("{s:b}", "result", aw_sim_device_tagged(sim, rid, tag)));
}

void aw_sim_jpush_tag_set(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = read_body(c), *rids = json_object_get(body, "registration_ids");
    json_t *lists[] = {json_object_get(rids, "remove"), json_object_get(rids, "add")};
    bool room = true;
    if (!json_is_object(rids) || !aw_sim_valid_alias(c->rest) ||
        !good_list(lists[0], RIDS_MAX, aw_sim_valid_rid) ||
        !good_list(lists[1], RIDS_MAX, aw_sim_valid_rid)) {
        invalid(c, "Invalid tag or registration_ids.");
        json_decref(body);
        return;
    }
    for (unsigned k = 0; k < AW_COUNT(lists); k++)
        for (size_t i = 0; i < json_array_size(lists[k]); i++) {
            struct aw_sim_device *d =
                aw_sim_device_touch(sim, json_string_value(json_array_get(lists[k], i)));
            if (d && k == 0)
                aw_sim_device_untag(d, c->rest);
            else if (d)
                room &= aw_sim_device_tag(d, c->rest);
        }
    if (room)
        done(sim, c, "tag", c->rest);
    else
        invalid(c, "Too many tags.");
    json_decref(body);
}

void aw_sim_jpush_tag_delete(struct aw_sim *sim, struct aw_sim_call *c)
{
    unsigned which = platforms(c);
    if (!which || !aw_sim_valid_alias(c->rest)) {
        invalid(c, which ? "Invalid tag." : "Invalid platform.");
        return;
    }
    for (struct aw_sim_device *d = sim->jpush->devices; d; d = d->hh.next) {
        const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, d->rid);
        if (who && (who->platform & which))
            aw_sim_device_untag(d, c->rest);
    }
    done(sim, c, "delete tag", c->rest);
}
