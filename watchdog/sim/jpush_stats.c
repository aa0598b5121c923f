/* SPDX-License-Identifier: Apache-2.0
 *
 * The reports that only a VIP account may ask for: what became of a push in all, and how many users
 * there are. Null is what cannot be counted here: displays and clicks.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/jpush.h"
#include "sim/jpush_store.h"

#define DURATION_MAX 60 /* hours, days, months in one answer */

struct numbers {
    int64_t target[2], received[2]; /* android, ios */
};

static struct numbers count(const struct aw_sim_push_entry *e)
{
    struct numbers n = {0};
    for (unsigned i = 0; i < e->n_targets; i++) {
        bool ios = e->targets[i].platform == AW_SIM_IOS;
        n.target[ios]++;
        n.received[ios] += e->targets[i].state == AW_SIM_TARGET_DELIVERED;
    }
    return n;
}

static json_t *msg_id(const struct aw_sim_push_entry *e)
{
    return json_sprintf("%llu", (unsigned long long)e->msg_id);
}

/* GET /v3/messages, the old layout. */
static json_t *old_row(const struct aw_sim *sim, const struct aw_sim_push_entry *e, const void *arg)
{
    struct numbers n = count(e);
    return json_pack(
        "{s:o, s:{s:I, s:I, s:I, s:n, s:n}, s:{s:I, s:I, s:n, s:n, s:I, s:I}, s:{s:n, s:n, s:n}}",
        "msg_id", msg_id(e), "android", "received", n.received[0], "target", n.target[0],
        "online_push", n.received[0], "click", "msg_click", "ios", "apns_sent", n.target[1],
        "apns_target", n.target[1], "apns_received", "click", "target", n.target[1], "received",
        n.received[1], "winphone", "mpns_target", "mpns_sent", "click");
}

static json_t *leaf(int64_t target, int64_t received)
{
    return json_pack("{s:I, s:I, s:I, s:n, s:n}", "target", target, "sent", target, "received",
                     received, "display", "click");
}

/* GET /v3/messages/detail */
static json_t *new_row(const struct aw_sim *sim, const struct aw_sim_push_entry *e, const void *arg)
{
    struct numbers n = count(e);
    json_t *part = leaf(n.target[0] + n.target[1], n.received[0] + n.received[1]);
    json_object_set_new(part, "sub_android",
                        json_pack("{s:o}", "jg_android", leaf(n.target[0], n.received[0])));
    json_object_set_new(part, "sub_ios",
                        json_pack("{s:o}", "apns", leaf(n.target[1], n.received[1])));
    return json_pack("{s:o, s:{s:o}}", "msg_id", msg_id(e), "details",
                     e->notification ? "notification" : "message", part);
}

void aw_sim_jpush_messages(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_rows(sim, c, "/v3/messages", old_row, NULL);
}

void aw_sim_jpush_messages_detail(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_rows(sim, c, "/v3/messages/detail", new_row, NULL);
}

/* GET /v3/users: every phone was always there, and all of it is in the first span. */
void aw_sim_jpush_users(struct aw_sim *sim, struct aw_sim_call *c)
{
    static const struct {
        const char *name;
        size_t start; /* length of a start in this unit */
    } units[] = {{"HOUR", 13}, {"DAY", 10}, {"MONTH", 7}};
    char unit[8] = "", start[24] = "", duration[8] = "";
    uint64_t spans = 0;
    int64_t devices[2] = {0};
    bool ok = aw_http_query(c->view, "time_unit", unit, sizeof(unit)) == 0 &&
              aw_http_query(c->view, "start", start, sizeof(start)) == 0 &&
              aw_http_query(c->view, "duration", duration, sizeof(duration)) == 0 &&
              aw_parse_u64(duration, strlen(duration), 1000000, &spans) == 0 && spans > 0;
    unsigned u = 0;
    while (u < AW_COUNT(units) && !aw_streq(unit, units[u].name))
        u++;
    if (!ok || u == AW_COUNT(units)) {
        aw_sim_jpush_error(c->reply, 400, 3002, "Invalid parameter.", 0);
    } else if (strlen(start) != units[u].start) {
        aw_sim_jpush_error(c->reply, 400, 3004, "time_unit and start do not match.", 0);
    } else if (spans > DURATION_MAX) {
        aw_sim_jpush_error(c->reply, 400, 3005, "The span is too long.", 0);
    } else {
        for (size_t i = 0; i < aw_sim_people_count(sim->people); i++) {
            const struct aw_sim_person *who = aw_sim_people_at(sim->people, i);
            devices[who->platform == AW_SIM_IOS] += who->n_rids;
        }
        json_t *item = json_pack("{s:s, s:{s:i, s:I, s:I}, s:{s:i, s:I, s:I}}", "time", start,
                                 "android", "new", 0, "online", devices[0], "active", devices[0],
                                 "ios", "new", 0, "online", devices[1], "active", devices[1]);
        aw_sim_reply_json(c->reply, 200,
                          json_pack("{s:s, s:s, s:I, s:[o]}", "time_unit", unit, "start", start,
                                    "duration", (json_int_t)spans, "items", item));
    }
}
