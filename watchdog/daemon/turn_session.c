/* SPDX-License-Identifier: Apache-2.0
 *
 * Logins and logouts, and what follows from them in the same turn: from the commit on nothing is
 * sent to a device that was somebody else's before. Pushes to it that nobody has received are taken
 * back (those of the last day: the provider takes no older ones); where they went to other devices
 * of that person too, they are sent to these again. What waited for a login is due now.
 *
 * One person is logged in on at most AW_MAX_DEVICES devices: the one longest unheard of makes room.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"
#include "daemon/loop_int.h"

#define PUSHES_MAX 1000 /* of one person, looked at */
#define HELD_MAX   10000

/* --- a device is somebody's no more ------------------------------------------------------------
 */

static bool went_to(const char *devices, int64_t id)
{
    while (*devices) {
        char *end;
        if (strtoll(devices, &end, 10) == id)
            return true;
        devices = *end ? end + 1 : end;
    }
    return false;
}

/* The person was there, and is on another device that the push went to. */
static bool has_other(const char *devices, const struct aw_stored_device *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (went_to(devices, list[i].id))
            return true;
    return false;
}

static int send_again(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_AGAIN,
                          .attempt = a->id,
                          .step = (uint8_t)a->step,
                          .kind = (uint8_t)a->kind,
                          .round = (uint16_t)a->round};
    struct aw_msg *m;
    int r = aw_judge_load(l, a->message + a->n, &m, err);

    if (r || l->tl.person != a->person)
        return r;
    return aw_judge(l, m, &ev, "core", NULL, err);
}

/* Takes the push back, if nobody has it; again: on the person's other devices it is sent anew. */
static int take_back(struct aw_loop *l, const struct aw_stored_attempt *a, bool again,
                     struct aw_err *err)
{
    const struct aw_channel *ch = aw_live_channel(l->live, a->channel);
    struct aw_poll p = {.timeline = a->message + a->n, .attempt = a->id};
    int r;

    if (a->level >= AW_DELIVERED || a->outcome != AW_OUT_ACCEPTED || !a->provider_id[0] || !ch ||
        !ch->provider->reports || strlen(a->provider_id) >= sizeof(p.provider_id))
        return AW_OK;
    memcpy(p.channel, a->channel, sizeof(p.channel));
    memcpy(p.provider_id, a->provider_id, strlen(a->provider_id) + 1);
    r = aw_polls_revoke(l, &p, 1, err);
    return r == AW_OK && again ? send_again(l, a, err) : r;
}

/* The device leaves the count of those that the last push went to. */
static int leave_count(struct aw_loop *l, aw_id timeline, int64_t device, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_DEVICE, .device = device};
    struct aw_msg *m;
    int r = aw_judge_load(l, timeline, &m, err);

    if (r || l->tl.state != AW_OPEN || !aw_timeline_device(&l->tl, device))
        return r;
    return aw_judge(l, m, &ev, "core", NULL, err);
}

static int left_one(struct aw_loop *l, aw_id attempt, int64_t device,
                    const struct aw_stored_device *others, unsigned n, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    char *devices = NULL;
    int r = aw_store_attempt(l->store, attempt, a, err);

    if (r == AW_OK)
        r = aw_store_attempt_devices(l->store, attempt, &devices, err);
    if (r == AW_OK && devices && went_to(devices, device)) {
        r = leave_count(l, a->message + a->n, device, err);
        if (r == AW_OK)
            r = take_back(l, a, has_other(devices, others, n), err);
    }
    aw_free(devices);
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r; /* pruned */
}

/* After the device's row has changed. */
static int left(struct aw_loop *l, int64_t person, const struct aw_stored_device *d,
                struct aw_err *err)
{
    struct aw_stored_device others[AW_MAX_DEVICES];
    aw_id *list = aw_malloc(PUSHES_MAX * sizeof(*list));
    unsigned n_others, n = aw_store_pushes(l->store, person, list, PUSHES_MAX);
    bool taken;
    int r = aw_store_devices_of(l->store, person, others, &n_others, &taken, err);

    aw_fx_withdraw(l, d->registration_id);
    for (unsigned i = 0; i < n && r == AW_OK; i++)
        r = left_one(l, list[i], d->id, others, n_others, err);
    aw_free(list);
    return r;
}

/* A push was under way while its device changed hands. */
int aw_session_look_again(struct aw_loop *l, aw_id attempt, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    struct aw_stored_device list[AW_MAX_DEVICES];
    char *devices = NULL;
    unsigned n = 0, here = 0, went = 0;
    bool taken;
    int r = aw_store_attempt(l->store, attempt, a, err);

    if (r == AW_OK)
        r = aw_store_attempt_devices(l->store, attempt, &devices, err);
    if (r == AW_OK && devices && devices[0])
        r = aw_store_devices_of(l->store, a->person, list, &n, &taken, err);
    for (unsigned i = 0; i < n; i++)
        here += went_to(devices, list[i].id);
    for (const char *p = devices ? devices : ""; *p; went++) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    if (r == AW_OK && here < went)
        r = take_back(l, a, here > 0, err);
    aw_free(devices);
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r;
}

/* --- somebody is back --------------------------------------------------------------------------
 */

static int release_one(struct aw_loop *l, int64_t person, const char *user, aw_id message,
                       const struct aw_event *ev, bool count_only, unsigned *n, struct aw_err *err)
{
    struct aw_msg *m;
    int at, r = aw_msg_get(l, message, &m, err);

    if (r == AW_ENOENT)
        return AW_OK; /* pruned */
    if (r)
        return r;
    at = aw_recipient_index(m, user);
    if (at < 0)
        return AW_OK;
    r = aw_store_timeline(l->store, m->row.id + at, &l->tl, err);
    if (r || l->tl.person != person || !aw_timeline_absent(&l->tl, l->now) ||
        (count_only && m->rule->presence.on_login != AW_ON_LOGIN_DIGEST))
        return r;
    ++*n;
    return count_only ? AW_OK : aw_judge(l, m, ev, "core", NULL, err);
}

/* Oldest first. Where rules want a digest, the oldest message's push tells of all of them. */
static int came(struct aw_loop *l, int64_t person, const char *user, struct aw_err *err)
{
    aw_id *list = aw_malloc(HELD_MAX * sizeof(*list));
    unsigned n = aw_store_held(l->store, person, list, HELD_MAX), digest = 0, told = 0, done = 0;
    int r = AW_OK;

    for (unsigned i = 0; i < n && r == AW_OK; i++)
        r = release_one(l, person, user, list[i], NULL, true, &digest, err);
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        struct aw_event ev = {.type = AW_EV_LOGIN};
        struct aw_msg *m;

        r = aw_msg_get(l, list[i], &m, err);
        if (r == AW_OK && digest > 1 && m->rule->presence.on_login == AW_ON_LOGIN_DIGEST) {
            ev.why = told ? AW_WHY_DIGEST : AW_WHY_NONE;
            ev.count = told ? 0 : (uint16_t)(digest < UINT16_MAX ? digest : UINT16_MAX);
        }
        done = 0;
        if (r == AW_OK)
            r = release_one(l, person, user, list[i], &ev, false, &done, err);
        told += done && ev.count;
        aw_store_held_end(l->store, person, list[i]);
        r = r == AW_ENOENT ? AW_OK : r;
    }
    aw_free(list);
    return r;
}

/* --- reports -----------------------------------------------------------------------------------
 */

struct report {
    struct aw_loop *l;
    struct aw_cmd *cmd;
    const char *app;
    int64_t app_row, person;
    struct aw_stored_device d;
    bool known;
    char evicted[AW_DEVICE_TEXT + 1];
};

static void put_device(struct aw_jsonw *w, const struct aw_stored_device *d, const char *user)
{
    aw_jw_str(w, "registration_id", d->registration_id);
    aw_jw_str(w, "user", user);
    aw_jw_str(w, "alias", d->alias[0] ? d->alias : NULL);
    aw_jw_str(w, "platform", d->platform[0] ? d->platform : NULL);
    if (d->session.seq >= 0)
        aw_jw_int(w, "seq", d->session.seq);
    aw_jw_time(w, "at", d->session.at);
}

static int answer(struct report *x, enum aw_session_verdict verdict, struct aw_err *err)
{
    static const char *const words[] = {
        [AW_SESSION_TAKEN] = "taken", [AW_SESSION_KNOWN] = "known", [AW_SESSION_LATE] = "late"};
    struct aw_buf out = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    char *user = NULL, *json = NULL;
    int r = x->d.session.person
                ? aw_store_person_get(x->l->store, x->d.session.person, &user, &json, err)
                : AW_OK;

    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    put_device(&w, &x->d, user);
    aw_jw_str(&w, "report", words[verdict]);
    if (x->evicted[0])
        aw_jw_str(&w, "evicted", x->evicted);
    aw_jw_end(&w, '}');
    aw_free(user);
    aw_free(json);
    x->cmd->reply.first = verdict == AW_SESSION_TAKEN;
    x->cmd->reply.body = aw_buf_take(&out, &x->cmd->reply.n_body);
    return r;
}

/* Room for one more device. */
static int make_room(struct report *x, struct aw_err *err)
{
    struct aw_stored_device list[AW_MAX_DEVICES];
    unsigned n;
    bool taken;
    int r = aw_store_devices_of(x->l->store, x->person, list, &n, &taken, err);

    if (r || n < AW_MAX_DEVICES)
        return r;
    for (unsigned i = 0; i < n; i++)
        if (list[i].id == x->d.id)
            return AW_OK;
    memcpy(x->evicted, list[0].registration_id, sizeof(x->evicted));
    list[0].session.person = 0;
    list[0].alias[0] = '\0';
    r = aw_store_device_put(x->l->store, &list[0], "evicted", x->person, x->cmd->actor, err);
    return r ? r : left(x->l, x->person, &list[0], err);
}

static int take(struct report *x, const struct aw_session *next, struct aw_err *err)
{
    const char *user = x->cmd->u.session.user;
    bool login = x->cmd->u.session.login;
    int64_t was = x->d.session.person, whose = login ? x->person : was ? was : x->person;
    int r = login ? make_room(x, err) : AW_OK;

    if (r)
        return r;
    if (was != next->person)
        x->d.alias[0] = '\0';
    x->d.session = *next;
    if (login && x->cmd->u.session.alias[0])
        memcpy(x->d.alias, x->cmd->u.session.alias, sizeof(x->d.alias));
    if (login && x->cmd->u.session.platform[0])
        memcpy(x->d.platform, x->cmd->u.session.platform, sizeof(x->d.platform));
    r = aw_store_device_put(x->l->store, &x->d, login ? "login" : "logout", whose, x->cmd->actor,
                            err);
    if (r == AW_OK && was && was != next->person)
        r = left(x->l, was, &x->d, err);
    return r == AW_OK && login ? came(x->l, x->person, user, err) : r;
}

/* The device as it is known; false: refused. */
static int find(struct report *x, bool *ret_fine, struct aw_err *err)
{
    struct aw_cmd *cmd = x->cmd;
    int r = aw_store_device_find(x->l->store, cmd->u.session.device, &x->d, err);

    *ret_fine = true;
    x->known = r == AW_OK;
    if (r == AW_OK && x->d.app != x->app_row) {
        aw_cmd_refuse(cmd, AW_P_FOREIGN_DEVICE, "",
                      "this registration id was reported by another app");
        *ret_fine = false;
    } else if (cmd->u.session.at > x->l->now + AW_SESSION_SKEW) {
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/at",
                      "the report comes from the future: check the "
                      "clock of the server that sends it");
        *ret_fine = false;
    }
    if (r == AW_ENOENT) {
        memset(&x->d, 0, sizeof(x->d));
        x->d.app = x->app_row;
        memcpy(x->d.registration_id, cmd->u.session.device, sizeof(x->d.registration_id));
        r = AW_OK;
    }
    return r;
}

int aw_turn_session(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct report x = {.l = l, .cmd = cmd, .app = aw_cmd_app(l, cmd, NULL)};
    struct aw_session_report report = {
        .login = cmd->u.session.login, .seq = cmd->u.session.seq, .at = cmd->u.session.at};
    struct aw_session next;
    enum aw_session_verdict verdict;
    bool fine = false;
    int r;

    if (!x.app)
        return AW_OK;
    r = aw_store_app(l->store, x.app, &x.app_row, err);
    if (r == AW_OK)
        r = find(&x, &fine, err);
    if (r == AW_OK && fine && cmd->u.session.user[0])
        r = aw_store_person(l->store, x.app_row, cmd->u.session.user, true, cmd->actor, &x.person,
                            err);
    if (r || !fine)
        return r;
    report.person = x.person;
    verdict = aw_session_judge(x.known ? &x.d.session : NULL, &report, l->now, &next);
    l->opt.stats->sessions++;
    if (verdict == AW_SESSION_TAKEN)
        r = take(&x, &next, err);
    return r ? r : answer(&x, verdict, err);
}

int aw_turn_devices(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const char *app = aw_cmd_app(l, cmd, NULL);
    struct aw_stored_device list[AW_MAX_DEVICES];
    struct aw_buf out = AW_BUF_INIT(64 << 10);
    struct aw_jsonw w;
    int64_t app_row, person = 0;
    unsigned n = 0;
    bool taken;
    int r;

    if (!app)
        return AW_OK;
    r = aw_store_app(l->store, app, &app_row, err);
    if (r == AW_OK)
        r = aw_store_person(l->store, app_row, cmd->u.session.user, false, cmd->actor, &person,
                            err);
    if (r == AW_OK)
        r = aw_store_devices_of(l->store, person, list, &n, &taken, err);
    if (r && r != AW_ENOENT)
        return r;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_array(&w, "data");
    for (unsigned i = 0; i < n; i++) {
        aw_jw_object(&w, NULL);
        put_device(&w, &list[i], cmd->u.session.user);
        aw_jw_end(&w, '}');
    }
    aw_jw_end(&w, ']');
    aw_jw_end(&w, '}');
    cmd->reply.body = aw_buf_take(&out, &cmd->reply.n_body);
    return AW_OK;
}

/* --- read in the inbox -------------------------------------------------------------------------
 */

static int read_one(struct aw_loop *l, struct aw_cmd *cmd, aw_id message, bool *ret_known,
                    struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_EVIDENCE, .source = AW_SRC_INBOX, .at = l->now};
    struct aw_msg *m;
    int n, r = aw_msg_get(l, message, &m, err);

    *ret_known = false;
    if (r)
        return r == AW_ENOENT ? AW_OK : r;
    n = aw_recipient_index(m, cmd->u.inbox.user);
    if (n < 0 || (cmd->app && cmd->app[0] && !aw_streq(cmd->app, m->app)))
        return AW_OK;
    *ret_known = true;
    r = aw_store_timeline(l->store, m->row.id + n, &l->tl, err);
    ev.level = m->rule->inbox_read ? m->rule->inbox_read : AW_OPENED;
    ev.person = l->tl.person;
    if (r == AW_OK)
        r = aw_judge(l, m, &ev, cmd->actor, NULL, err);
    cmd->reply.n_changed += r == AW_OK && l->up.n_facts > 0;
    return r;
}

int aw_turn_inbox(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    int r = AW_OK;

    for (unsigned i = 0; i < cmd->u.inbox.n && r == AW_OK; i++) {
        bool known;

        r = read_one(l, cmd, cmd->u.inbox.messages[i], &known, err);
        cmd->reply.number += known;
    }
    cmd->reply.at = l->now;
    return r;
}
