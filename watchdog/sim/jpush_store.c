/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory of the simulated JPush, bounded: tables in order of arrival whose oldest rows go.
 */
#include "sim/jpush_store.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/device.h"

#define PUSHES_MAX 100000
#define CIDS_MAX   200000
#define PUSH_KEPT  (28 * AW_DAY)
#define CID_VALID  AW_DAY

static char *basic(const char *prefix, const char *user, const char *secret)
{
    struct aw_buf pair = AW_BUF_INIT(256);
    aw_buf_printf(&pair, "%s%s:%s", prefix, user, secret);
    char *ret = aw_malloc(4 * ((pair.n + 2) / 3) + 1);
    aw_b64(ret, aw_buf_str(&pair), pair.n);
    aw_buf_free(&pair);
    return ret;
}

struct aw_sim_jpush *aw_sim_jpush_new(const char *app_key, const char *secret)
{
    struct aw_sim_jpush *jp = aw_calloc(1, sizeof(*jp));
    jp->app_key = aw_strdup(app_key);
    jp->basic = basic("", app_key, secret);
    jp->group_basic = basic("group-", app_key, secret);
    return jp;
}

void aw_sim_jpush_callback_to(struct aw_sim_jpush *jp, const char *url)
{
    aw_free(jp->callback);
    jp->callback = aw_strdup(url);
}

void aw_sim_push_entry_free(struct aw_sim_push_entry *e)
{
    for (unsigned i = 0; i < e->n_targets; i++) {
        aw_free(e->targets[i].user);
        aw_free(e->targets[i].rid);
    }
    aw_free(e->targets);
    json_decref(e->callback);
    aw_free(e->ref);
    aw_free(e->msg);
    aw_free(e);
}

static void forget_push(struct aw_sim_jpush *jp, struct aw_sim_push_entry *e)
{
    aw_sim_jpush_withdraw(jp, e);
    HASH_DEL(jp->pushes, e);
    aw_sim_push_entry_free(e);
}

static void forget_cid(struct aw_sim_jpush *jp, struct aw_sim_cid *cid)
{
    HASH_DEL(jp->cids, cid);
    aw_free(cid->text);
    aw_free(cid);
}

void aw_sim_jpush_free(struct aw_sim_jpush *jp)
{
    if (!jp)
        return;
    while (jp->pushes)
        forget_push(jp, jp->pushes);
    while (jp->cids)
        forget_cid(jp, jp->cids);
    aw_free(jp->app_key);
    aw_free(jp->callback);
    aw_free(jp->basic);
    aw_free(jp->group_basic);
    aw_sim_devices_free(jp->devices);
    aw_free(jp);
}

struct aw_sim_push_entry *aw_sim_jpush_find(struct aw_sim *sim, uint64_t msg_id)
{
    struct aw_sim_push_entry *e;
    HASH_FIND(hh, sim->jpush->pushes, &msg_id, sizeof(msg_id), e);
    return e && aw_sim_now(sim) - e->at <= PUSH_KEPT ? e : NULL;
}

void aw_sim_jpush_remember(struct aw_sim_jpush *jp, struct aw_sim_push_entry *e)
{
    if (HASH_COUNT(jp->pushes) == PUSHES_MAX)
        forget_push(jp, jp->pushes);
    HASH_ADD(hh, jp->pushes, msg_id, sizeof(e->msg_id), e);
}

struct aw_sim_cid *aw_sim_jpush_find_cid(struct aw_sim *sim, const char *text)
{
    struct aw_sim_cid *cid;
    HASH_FIND_STR(sim->jpush->cids, text, cid);
    return cid && aw_sim_now(sim) - cid->issued <= CID_VALID ? cid : NULL;
}

struct aw_sim_cid *aw_sim_jpush_issue_cid(struct aw_sim *sim)
{
    struct aw_sim_jpush *jp = sim->jpush;
    while (jp->cids &&
           (HASH_COUNT(jp->cids) == CIDS_MAX || aw_sim_now(sim) - jp->cids->issued > CID_VALID))
        forget_cid(jp, jp->cids);

    struct aw_sim_cid *cid = aw_calloc(1, sizeof(*cid));
    char count[24];
    snprintf(count, sizeof(count), "%llu", (unsigned long long)++jp->cids_made);
    uint64_t a = aw_sim_hash(sim, count, "cid"), b = aw_sim_hash(sim, count, "cid, second half");
    struct aw_buf text = AW_BUF_INIT(128);
    aw_buf_printf(&text, "%s-%08x-%04x-4%03x-a%03x-%012llx", jp->app_key, (unsigned)(a >> 32),
                  (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff,
                  (unsigned long long)(b & 0xffffffffffff));
    cid->text = aw_buf_take(&text, NULL);
    cid->issued = aw_sim_now(sim);
    HASH_ADD_KEYPTR(hh, jp->cids, cid->text, strlen(cid->text), cid);
    return cid;
}

/* 17 digits, so that it does not survive a double. */
uint64_t aw_sim_jpush_new_msg_id(struct aw_sim *sim)
{
    for (;;) {
        char count[24];
        snprintf(count, sizeof(count), "%llu", (unsigned long long)++sim->jpush->pushes_made);
        uint64_t id = 10000000000000000 + aw_sim_hash(sim, count, "msg_id") % 90000000000000000;
        if (!aw_sim_jpush_find(sim, id))
            return id;
    }
}

static struct aw_sim_mailbox *mailbox_of(struct aw_sim_jpush *jp, const char *rid)
{
    struct aw_sim_mailbox *box;
    HASH_FIND_STR(jp->mailboxes, rid, box);
    return box;
}

void aw_sim_mailbox_take(struct aw_sim_jpush *jp, const char *rid, uint64_t msg_id)
{
    struct aw_sim_mailbox *box = mailbox_of(jp, rid);
    if (!box)
        return;
    unsigned kept = 0;
    for (unsigned i = 0; i < box->n; i++)
        if (box->msg_ids[i] != msg_id)
            box->msg_ids[kept++] = box->msg_ids[i];
    box->n = kept;
    if (kept == 0) {
        HASH_DEL(jp->mailboxes, box);
        aw_free(box->rid);
        aw_free(box);
    }
}

static void push_out(struct aw_sim *sim, const char *rid, uint64_t msg_id)
{
    struct aw_sim_push_entry *e = aw_sim_jpush_find(sim, msg_id);
    for (unsigned i = 0; e && i < e->n_targets; i++)
        if (aw_streq(e->targets[i].rid, rid) && e->targets[i].state == AW_SIM_TARGET_WAITING)
            e->targets[i].state = AW_SIM_TARGET_GONE;
}

void aw_sim_mailbox_put(struct aw_sim *sim, const char *rid, uint64_t msg_id)
{
    struct aw_sim_mailbox *box = mailbox_of(sim->jpush, rid);
    if (!box) {
        box = aw_calloc(1, sizeof(*box));
        box->rid = aw_strdup(rid);
        HASH_ADD_KEYPTR(hh, sim->jpush->mailboxes, box->rid, strlen(box->rid), box);
    }
    for (unsigned i = 0; i < box->n; i++)
        if (box->msg_ids[i] == msg_id)
            return;
    if (box->n == AW_SIM_STORED) {
        push_out(sim, rid, box->msg_ids[0]);
        memmove(box->msg_ids, box->msg_ids + 1, (AW_SIM_STORED - 1) * sizeof(box->msg_ids[0]));
        box->n--;
    }
    box->msg_ids[box->n++] = msg_id;
}

void aw_sim_jpush_withdraw(struct aw_sim_jpush *jp, struct aw_sim_push_entry *e)
{
    for (unsigned i = 0; i < e->n_targets; i++)
        if (e->targets[i].state == AW_SIM_TARGET_WAITING) {
            e->targets[i].state = AW_SIM_TARGET_GONE;
            aw_sim_mailbox_take(jp, e->targets[i].rid, e->msg_id);
        }
}
