/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements, page views; and the small commands: look-ups, contacts,
 * keys, reload. Evidence about somebody we never sent to, or after the end, is recorded or
 * answered, and starts nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/request.h"
#include "daemon/loop_int.h"

int aw_cmd_message(struct aw_loop *l, struct aw_cmd *cmd, aw_id id, struct aw_msg **ret,
                   struct aw_err *err)
{
    int r = aw_msg_get(l, id, ret, err);

    if (r == AW_OK && cmd->app && cmd->app[0] && !aw_streq(cmd->app, (*ret)->app))
        r = AW_ENOENT;
    if (r == AW_ENOENT) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such message");
        *ret = NULL;
        r = AW_OK;
    }
    return r;
}

int aw_recipient_index(const struct aw_msg *m, const char *user)
{
    for (unsigned i = 0; i < m->reg.n_recipients; i++)
        if (strcmp(m->reg.recipients[i].user, user) == 0)
            return (int)i;
    return -1;
}

static void reply_state(struct aw_loop *l, struct aw_cmd *cmd, struct aw_msg *m)
{
    cmd->reply.id = m->row.id;
    cmd->reply.state = l->tl.state;
    cmd->reply.first = l->up.n_facts > 0;
    cmd->reply.at = l->now;
}

static int give_evidence(struct aw_loop *l, struct aw_cmd *cmd, struct aw_msg *m,
                         const struct aw_event *ev, const char *detail, struct aw_err *err)
{
    struct aw_fact_note note = {.detail = detail};
    int r = aw_judge(l, m, ev, cmd->actor, &note, err);

    if (r == AW_OK)
        reply_state(l, cmd, m);
    return r;
}

/* Under `by: anyone` an acknowledgement by another user is that user's own, and counts when the
 * timeline had sent them something. */
static int ack_by_other(struct aw_loop *l, struct aw_cmd *cmd, struct aw_msg *m,
                        struct aw_event *ev, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    int r = aw_store_person(l->store, m->row.app, cmd->u.ack.by, false, "core", &ev->person, err);

    if (r == AW_OK)
        r = aw_store_sent_to(l->store, l->tl.id, ev->person, a, err);
    if (r == AW_OK) {
        ev->sent = true;
        ev->attempt = a->id;
        ev->known = a->level;
    } else if (r == AW_ENOENT) {
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/by",
                      "nothing was sent to this user about the recipient");
        r = AW_OK;
    }
    aw_free(a);
    return r;
}

int aw_turn_ack(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .level = cmd->u.ack.level,
                          .source = cmd->u.ack.source,
                          .at = cmd->u.ack.at ? cmd->u.ack.at : l->now};
    struct aw_msg *m;
    int n, r = aw_cmd_message(l, cmd, cmd->u.ack.message, &m, err);

    if (r || !m)
        return r;
    n = aw_recipient_index(m, cmd->u.ack.user);
    if (n < 0) {
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/recipient", "not a recipient of this message");
        return AW_OK;
    }
    r = aw_store_timeline(l->store, m->row.id + n, &l->tl, err);
    if (r)
        return r;
    ev.person = l->tl.person;
    if (m->rule->by == AW_BY_ANYONE && cmd->u.ack.by[0] &&
        !aw_streq(cmd->u.ack.by, cmd->u.ack.user)) {
        r = ack_by_other(l, cmd, m, &ev, err);
        if (r || cmd->reply.problem)
            return r;
    }
    if (cmd->u.ack.device[0]) {
        struct aw_stored_device d;

        r = aw_store_device_find(l->store, cmd->u.ack.device, &d, err);
        if (r && r != AW_ENOENT)
            return r;
        ev.device = r == AW_OK && d.app == m->row.app ? d.id : 0;
    }
    l->opt.stats->acks++;
    return give_evidence(l, cmd, m, &ev, cmd->u.ack.detail_json, err);
}

/* The page as one recipient's timeline takes it (l->tl, m); a: the send to somebody else whose link
 * it is, or NULL. */
static int page_of(struct aw_loop *l, struct aw_cmd *cmd, struct aw_msg *m,
                   const struct aw_stored_attempt *a, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .source = AW_SRC_PAGE,
                          .at = l->now,
                          .level = cmd->u.page.confirm ? AW_ACKNOWLEDGED : AW_OPENED,
                          .person = l->tl.person};

    if (a) {
        ev.person = a->person;
        ev.attempt = a->id;
        ev.known = a->level;
        ev.sent = true;
    }
    return give_evidence(l, cmd, m, &ev, NULL, err);
}

/* The link of a send to a third person is about all recipients whom that send names. */
static int page_of_other(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    struct aw_msg *m;
    int r = aw_store_attempt(l->store, cmd->u.page.timeline, a, err);

    for (unsigned i = 0; r == AW_OK && i <= a->n_merged; i++) {
        r = aw_judge_load(l, i < a->n_merged ? a->merged[i].timeline : a->message + (aw_id)a->n, &m,
                          err);
        if (r == AW_OK)
            r = page_of(l, cmd, m, a, err);
        else if (r == AW_ENOENT && i < a->n_merged)
            r = AW_OK; /* pruned since */
    }
    aw_free(a);
    return r;
}

int aw_turn_page(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_msg *m;
    int r = aw_judge_load(l, cmd->u.page.timeline, &m, err);

    r = r == AW_ENOENT ? page_of_other(l, cmd, err) : r ? r : page_of(l, cmd, m, NULL, err);
    if (r == AW_ENOENT) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such message");
        return AW_OK;
    }
    l->opt.stats->acks += r == AW_OK && cmd->u.page.confirm;
    return r;
}

/* A caller that sees several apps may mean either of two messages: the answer says so, for what
 * comes next may be a cancel. */
int aw_turn_lookup(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_env_conf *conf = l->live->conf;
    const char *found = NULL;

    for (unsigned i = 0; i < conf->n_apps; i++) {
        int64_t app;
        aw_id id;

        if (cmd->app && cmd->app[0] && !aw_streq(cmd->app, conf->apps[i]))
            continue;
        int r = aw_store_app(l->store, conf->apps[i], &app, err);
        if (r == AW_OK)
            r = aw_store_find_external(l->store, app, cmd->u.lookup.external_id, &id, err);
        if (r == AW_ENOENT)
            continue;
        if (r)
            return r;
        if (found) {
            aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "",
                          "messages of the apps %s and %s have this external id: name the message "
                          "by its own id",
                          found, conf->apps[i]);
            return AW_OK;
        }
        found = conf->apps[i];
        cmd->reply.id = id;
    }
    if (!found)
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no message has this external id");
    return AW_OK;
}

static int contact_opted_out(struct aw_loop *l, struct aw_cmd *cmd, const char *app,
                             struct aw_err *err)
{
    struct aw_addresses a = {0};
    void *owner;
    int r = aw_contact_addresses(cmd->reply.body, cmd->reply.n_body, &a, &owner);

    if (r)
        return aw_fail(err, r, "the contact of %s cannot be read", cmd->u.contact.user);
    if (a.phone)
        r = aw_store_opted_out(l->store, app, a.phone, &cmd->reply.opted_out, err);
    aw_addresses_free_owner(owner);
    return r;
}

static int contact_get(struct aw_loop *l, struct aw_cmd *cmd, const char *app, int64_t person,
                       struct aw_err *err)
{
    char *user;
    int r = aw_store_person_get(l->store, person, &user, &cmd->reply.body, err);

    if (r)
        return r;
    aw_free(user);
    if (!cmd->reply.body)
        return AW_ENOENT;
    cmd->reply.n_body = strlen(cmd->reply.body);
    cmd->reply.number = person;
    return contact_opted_out(l, cmd, app, err);
}

int aw_turn_contact(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const char *app = aw_cmd_app(l, cmd, NULL);
    bool put = cmd->type == AW_CMD_CONTACT_PUT;
    int64_t app_row, person;
    int r;

    if (!app)
        return AW_OK;
    r = aw_store_app(l->store, app, &app_row, err);
    if (r == AW_OK)
        r = aw_store_person(l->store, app_row, cmd->u.contact.user, put, cmd->actor, &person, err);
    if (r == AW_OK && cmd->type == AW_CMD_CONTACT_GET)
        r = contact_get(l, cmd, app, person, err);
    else if (r == AW_OK)
        r = aw_store_contact_put(l->store, person, put ? cmd->u.contact.json : NULL,
                                 cmd->u.contact.n_json, cmd->actor, err);
    l->prune.erased |= r == AW_OK && cmd->type == AW_CMD_CONTACT_DELETE;
    if (r != AW_ENOENT)
        return r;
    aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such contact");
    return AW_OK;
}

/* Finds the key that is to be revoked. */
struct key_search {
    int64_t id;
    struct aw_key_row row;
    char name[AW_NAME_MAX + 1], app[AW_NAME_MAX + 1];
    int64_t highest;
};

static int key_row(void *arg, const struct aw_key_row *k)
{
    struct key_search *s = arg;

    if (k->id > s->highest)
        s->highest = k->id;
    if (k->id == s->id) {
        s->row = *k;
        snprintf(s->name, sizeof(s->name), "%s", k->name);
        snprintf(s->app, sizeof(s->app), "%s", k->app);
        s->row.name = s->name;
        s->row.app = s->app;
    }
    return 0;
}

int aw_turn_key(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct key_search s = {.id = cmd->u.key.id};
    int r = aw_store_keys(l->store, key_row, &s, err);

    if (r)
        return r;
    if (cmd->type == AW_CMD_KEY_REVOKE) {
        bool foreign = cmd->app && cmd->app[0] && !aw_streq(cmd->app, s.row.app);
        if (!s.row.id || foreign) {
            aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such key");
            return AW_OK;
        }
        s.row.revoked = s.row.revoked ? s.row.revoked : l->now;
    } else {
        if (cmd->u.key.app[0] && !aw_live_has_app(l->live, cmd->u.key.app)) {
            aw_cmd_refuse(cmd, AW_P_VALIDATION, "/app",
                          "no such app: %s; see `apps` of the environment file", cmd->u.key.app);
            return AW_OK;
        }
        s.row = (struct aw_key_row){.id = s.highest + 1,
                                    .name = cmd->u.key.name,
                                    .app = cmd->u.key.app,
                                    .scopes = cmd->u.key.scopes,
                                    .created = l->now,
                                    .expires = cmd->u.key.length ? l->now + cmd->u.key.length : 0};
        memcpy(s.row.hash, cmd->u.key.hash, sizeof(s.row.hash));
    }
    r = aw_store_key_put(l->store, &s.row, cmd->actor, err);
    cmd->reply.number = s.row.id;
    cmd->reply.at = l->now;
    l->keys_changed = true;
    return r;
}
