/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks to applications, on a real store with a stepped clock: written with what they tell of,
 * tried for a day, never lost by a crash or a reload, each under one id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/digest.h"
#include "codec/request.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - name: order\n"
                            "    match: {class: order}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n";

#define PERSON(name) "{\"user\":\"" name "\",\"alias\":\"" name "\"}"
#define ORDER(list)                                                                                \
    "{\"class\":\"order\",\"title\":\"Order 42\",\"external_id\":\"o-42\",\"recipients\":[" list   \
    "]}"
#define ALL "[confirmed, exhausted, expired, recipient_confirmed]"

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, rules, T0);
    rig_environment(r, "apps: [shop]", "apps: {shop: {callbacks: {channel: hook, on: " ALL "}}}");
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    rig_free(r);
    test_free(r);
    return 0;
}

/* The newest send of a callback, NULL: none left since they were last forgotten. */
static const struct aw_send *callback(const struct rig *r)
{
    for (unsigned i = r->n_sends; i-- > 0;)
        if (r->sends[i]->sequence)
            return r->sends[i];
    return NULL;
}

static unsigned n_callbacks(const struct rig *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n_sends; i++)
        n += r->sends[i]->sequence != 0;
    return n;
}

static void answer(struct rig *r, aw_id id, enum aw_outcome outcome, int status)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_RESULT);

    cmd->u.result.attempt = id;
    cmd->u.result.outcome = outcome;
    cmd->u.result.http_status = status;
    snprintf(cmd->u.result.detail, sizeof(cmd->u.result.detail), "HTTP %d", status);
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
}

/* A message with one recipient, confirmed; its callback is on its way. */
static aw_id confirmed(struct rig *r, const char *key)
{
    aw_id m = rig_register(r, key, ORDER(PERSON("li")));

    assert_true(m > 0);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 1);
    return m;
}

static const char *state_of(struct rig *r)
{
    return aw_delivery_states[rig_sql(r, "SELECT state FROM delivery ORDER BY id LIMIT 1")];
}

static void assert_state(struct rig *r, enum aw_delivery_state state)
{
    assert_string_equal(state_of(r), aw_delivery_states[state]);
}

/* --- what is told ------------------------------------------------------------------------------
 */

static int row_is_durable(struct rig *r, const struct aw_send *s)
{
    char sql[128];

    if (!s->sequence)
        return 0;
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM delivery AS d JOIN log AS l ON l.seq = d.seq AND l.msg = d.msg "
             "WHERE d.id = %lld",
             (long long)s->attempt);
    return rig_sql(r, sql) == 1 ? 0 : -1;
}

static void test_one_message(void **state)
{
    struct rig *r = *state;
    char want[1024], id[AW_ID_TEXT];
    aw_id m;

    r->on_send = row_is_durable;
    m = confirmed(r, "k1");
    aw_id_print(id, "msg_", m);
    snprintf(want, sizeof(want),
             "{\"message\":\"%s\",\"external_id\":\"o-42\",\"app\":\"shop\",\"rule\":\"order\","
             "\"registered_at\":\"2026-11-22T10:00:00.000Z\",\"state\":\"confirmed\","
             "\"ended_at\":\"2026-11-22T10:00:00.000Z\",\"recipients\":{\"total\":1,\"open\":0,"
             "\"confirmed\":1,\"exhausted\":0,\"expired\":0,\"cancelled\":0,\"released\":0},"
             "\"timelines\":[{\"recipient\":\"li\",\"state\":\"confirmed\",\"level\":"
             "\"acknowledged\",\"late\":false}],\"timelines_omitted\":0}",
             id);
    assert_string_equal(callback(r)->data_json, want);
    assert_string_equal(callback(r)->event_type, "org.ackwatch.message.confirmed");
    assert_string_equal(callback(r)->channel->name, "hook");
    assert_int_equal(callback(r)->message, m);
    assert_int_equal(r->stats.deliveries_waiting, 1);
    answer(r, callback(r)->attempt, AW_OUT_ACCEPTED, 200);
    assert_state(r, AW_DELIVERY_DELIVERED);
    assert_int_equal(r->stats.deliveries_waiting, 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery_try WHERE http_status = 200"), 1);
    rig_forget_sends(r);
    rig_at(r, T0 + 2 * AW_DAY);
    assert_int_equal(n_callbacks(r), 0);
    assert_int_equal(rig_verify(r), 0);
}

static void test_the_trace_goes_along(void **state)
{
    static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const char body[] = ORDER(PERSON("li"));
    struct rig *r = *state;
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REGISTER);
    struct aw_fault fault;

    assert_int_equal(aw_request_registration(body, strlen(body), T0, &cmd->u.reg.reg, &fault), 0);
    snprintf(cmd->u.reg.reg.trace, sizeof(cmd->u.reg.reg.trace), "%s", trace);
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "k1");
    aw_sha256(cmd->u.reg.digest, body, strlen(body));
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    aw_id m = r->last.id;
    assert_string_equal(r->sends[0]->trace, trace); /* the push */
    rig_accept_all(r);
    rig_restart(r, true); /* stored with the message */
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    rig_turn(r);
    assert_string_equal(callback(r)->trace, trace);
    assert_int_equal(rig_verify(r), 0);
}

static void test_many_recipients(void **state)
{
    struct rig *r = *state;
    aw_id m = rig_register(r, "k1", ORDER(PERSON("li") "," PERSON("wei")));

    rig_accept_all(r);
    rig_forget_sends(r);
    rig_ack(r, m, "wei", AW_ACKNOWLEDGED);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 1);
    assert_string_equal(callback(r)->event_type, "org.ackwatch.recipient.confirmed");
    assert_non_null(
        strstr(callback(r)->data_json, "\"recipient\":\"wei\",\"state\":\"confirmed\""));
    answer(r, callback(r)->attempt, AW_OUT_ACCEPTED, 204);
    int64_t before = callback(r)->sequence;
    rig_forget_sends(r);
    rig_at(r, T0 + 31 * AW_MINUTE); /* li never answers */
    rig_at(r, T0 + 61 * AW_MINUTE);
    assert_int_equal(n_callbacks(r), 1);
    assert_string_equal(callback(r)->event_type, "org.ackwatch.message.exhausted");
    assert_non_null(strstr(callback(r)->data_json, "\"state\":\"exhausted\""));
    assert_non_null(strstr(callback(r)->data_json, "\"total\":2,\"open\":0,\"confirmed\":1"));
    assert_true(callback(r)->sequence > before);
    assert_int_equal(rig_verify(r), 0);
}

static void test_a_long_list_is_cut(void **state)
{
    struct rig *r = *state;
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    char user[16];

    rig_environment(r, ALL, "[confirmed]");
    aw_buf_puts(&b, "{\"class\":\"order\",\"title\":\"T\",\"recipients\":[");
    for (int i = 0; i < 120; i++)
        aw_buf_printf(&b, "%s{\"user\":\"u%d\",\"alias\":\"u%d\"}", i ? "," : "", i, i);
    aw_buf_puts(&b, "]}");
    aw_id m = rig_register(r, "k1", aw_buf_str(&b));
    aw_buf_free(&b);
    for (int i = 0; i < 120; i++) {
        assert_int_equal(n_callbacks(r), 0);
        snprintf(user, sizeof(user), "u%d", i);
        rig_ack(r, m, user, AW_ACKNOWLEDGED);
    }
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 1);
    assert_non_null(strstr(callback(r)->data_json, "\"recipient\":\"u99\""));
    assert_null(strstr(callback(r)->data_json, "\"recipient\":\"u100\""));
    assert_non_null(strstr(callback(r)->data_json, "\"timelines_omitted\":20}"));
}

static void test_a_cancel_is_the_apps_own(void **state)
{
    struct rig *r = *state;

    rig_cancel(r, rig_register(r, "k1", ORDER(PERSON("li") "," PERSON("wei"))));
    rig_turn(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery"), 0);
}

static void test_only_what_is_wanted(void **state)
{
    struct rig *r = *state;

    rig_environment(r, ALL, "[exhausted]");
    aw_id m = rig_register(r, "k1", ORDER(PERSON("li")));
    rig_accept_all(r);
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    rig_turn(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery"), 0);
    m = rig_register(r, "k2",
                     "{\"class\":\"order\",\"title\":\"T\",\"recipients\":[" PERSON("li") "]}");
    assert_true(m > 0);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_at(r, T0 + 31 * AW_MINUTE);
    rig_at(r, T0 + 61 * AW_MINUTE);
    assert_int_equal(n_callbacks(r), 1);
}

/* --- a day of tries -----------------------------------------------------------------------------
 */

static void test_a_day_of_tries(void **state)
{
    static const aw_ms waits[] = {10 * AW_SECOND, 30 * AW_SECOND, 2 * AW_MINUTE, 10 * AW_MINUTE,
                                  AW_HOUR,        3 * AW_HOUR,    8 * AW_HOUR,   12 * AW_HOUR};
    struct rig *r = *state;
    aw_time now = T0;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    int64_t sequence = callback(r)->sequence;
    for (unsigned i = 0; i <= AW_COUNT(waits); i++) {
        assert_int_equal(n_callbacks(r), 1);
        assert_int_equal(callback(r)->attempt, id); /* webhook-id stays */
        assert_int_equal(callback(r)->ref, id);
        assert_int_equal(callback(r)->sequence, sequence);
        assert_int_equal(callback(r)->time, now); /* the signature's time is that of the try */
        assert_int_equal(callback(r)->event_time, T0);
        assert_state(r, AW_DELIVERY_WAITING);
        rig_forget_sends(r);
        answer(r, id, i % 3 ? AW_OUT_TRANSIENT : i % 2 ? AW_OUT_AUTH : AW_OUT_REFUSED, 500);
        if (i == AW_COUNT(waits))
            break;
        rig_at(r, now + waits[i] - 1);
        assert_int_equal(n_callbacks(r), 0);
        rig_at(r, now += waits[i]);
    }
    assert_true(now - T0 > AW_DAY && now - T0 < 25 * AW_HOUR);
    assert_state(r, AW_DELIVERY_FAILED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery_try"), AW_DELIVERY_TRIES);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%callback.failed%'"), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'callback-failed'"), 1);
    assert_int_equal(r->stats.deliveries[AW_DELIVERY_FAILED], 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_busy_costs_no_try(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    answer(r, callback(r)->attempt, AW_OUT_THROTTLED, 0); /* never left the queue */
    assert_int_equal(rig_sql(r, "SELECT n_tries FROM delivery"), 0);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_SECOND);
    assert_int_equal(n_callbacks(r), 1);
}

static void pause_hook(struct rig *r, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = rig_cmd(r, type);

    cmd->app = "";
    snprintf(cmd->u.channel.name, sizeof(cmd->u.channel.name), "hook");
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(r->last.problem, AW_P_NONE);
}

/* Held by people: what waits is not touched, and goes on as it was. */
static void test_a_paused_channel(void **state)
{
    struct rig *r = *state;

    pause_hook(r, AW_CMD_CHANNEL_PAUSE);
    aw_id m = rig_register(r, "k1", ORDER(PERSON("li")));
    rig_accept_all(r);
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    rig_at(r, T0 + 26 * AW_HOUR);
    assert_int_equal(n_callbacks(r), 0);
    assert_state(r, AW_DELIVERY_WAITING);
    assert_int_equal(rig_sql(r, "SELECT due FROM delivery"), T0);
    assert_int_equal(rig_sql(r, "SELECT n_tries FROM delivery"), 0);
    pause_hook(r, AW_CMD_CHANNEL_RESUME);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 1);
}

/* --- nothing is lost ----------------------------------------------------------------------------
 */

static void test_a_crash_after_the_commit(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    rig_forget_sends(r);
    rig_restart(r, true); /* nobody knows whether it had left */
    assert_int_equal(r->stats.deliveries_waiting, 1);
    rig_at(r, T0 + 5 * AW_MINUTE);
    assert_int_equal(n_callbacks(r), 1);
    assert_int_equal(callback(r)->attempt, id);
    answer(r, id, AW_OUT_ACCEPTED, 200);
    assert_state(r, AW_DELIVERY_DELIVERED);
    assert_int_equal(rig_verify(r), 0);
}

static void test_a_crash_before_the_send(void **state)
{
    struct rig *r = *state;
    aw_id m;

    r->room = 0; /* the turn commits, and nothing can be sent in it */
    m = rig_register(r, "k1", ORDER(PERSON("li")));
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    assert_int_equal(n_callbacks(r), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery WHERE due IS NOT NULL"), 1);
    rig_restart(r, true);
    r->room = 4096;
    rig_at(r, T0 + AW_SECOND);
    assert_int_equal(n_callbacks(r), 1);
}

static void test_ids_never_repeat(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    rig_forget_sends(r);
    rig_restart(r, true); /* at the same instant: the highest id is found again */
    confirmed(r, "k2");
    assert_true(callback(r)->attempt > id);
}

static void test_a_reload_takes_the_channel_away(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    rig_environment(r, "{callbacks: {channel: hook, on: " ALL "}}", "{}");
    answer(r, id, AW_OUT_TRANSIENT, 503); /* of the value before */
    rig_forget_sends(r);
    rig_at(r, T0 + 10 * AW_SECOND);
    assert_int_equal(n_callbacks(r), 0);
    assert_state(r, AW_DELIVERY_WAITING);
    assert_int_equal(
        rig_sql(r, "SELECT count(*) FROM delivery_try WHERE detail LIKE 'no channel carries%'"), 1);
    rig_environment(r, "{shop: {}}", "{shop: {callbacks: {channel: hook}}}");
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(n_callbacks(r), 1);
    assert_int_equal(callback(r)->attempt, id);
}

static void test_places_are_few(void **state)
{
    struct rig *r = *state;

    for (int i = 0; i < 20; i++) {
        char key[16], body[256];

        snprintf(key, sizeof(key), "k%d", i);
        snprintf(body, sizeof(body),
                 "{\"class\":\"order\",\"title\":\"T\",\"recipients\":[" PERSON("li") "]}");
        rig_ack(r, rig_register(r, key, body), "li", AW_ACKNOWLEDGED);
    }
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 8);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery WHERE due IS NOT NULL"), 20);
    answer(r, callback(r)->attempt, AW_OUT_ACCEPTED, 200);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 9);
    r->room = 256; /* the rest is for firings */
    answer(r, callback(r)->attempt, AW_OUT_ACCEPTED, 200);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 9);
}

/* While the channel is paused they cost nothing: no try, no row written. */
static void test_many_wait_for_a_paused_channel(void **state)
{
    struct rig *r = *state;

    pause_hook(r, AW_CMD_CHANNEL_PAUSE);
    for (int i = 0; i < 100; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%d", i);
        rig_ack(
            r,
            rig_register(r, key,
                         "{\"class\":\"order\",\"title\":\"T\",\"recipients\":[" PERSON("li") "]}"),
            "li", AW_ACKNOWLEDGED);
    }
    rig_at(r, T0 + 10 * AW_MINUTE);
    assert_int_equal(n_callbacks(r), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery WHERE due = at AND n_tries = 0"),
                     100);
    pause_hook(r, AW_CMD_CHANNEL_RESUME);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 8);
    while (callback(r) && rig_sql(r, "SELECT count(*) FROM delivery WHERE state = 0") > 0) {
        rig_accept_all(r);
        rig_turn(r);
    }
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery WHERE state = 1"), 100);
}

static void test_nobody_waits_for_ever(void **state)
{
    struct rig *r = *state;

    pause_hook(r, AW_CMD_CHANNEL_PAUSE);
    rig_ack(r, rig_register(r, "k1", ORDER(PERSON("li"))), "li", AW_ACKNOWLEDGED);
    rig_at(r, T0 + 7 * AW_DAY - AW_MINUTE);
    assert_state(r, AW_DELIVERY_WAITING);
    rig_at(r, T0 + 7 * AW_DAY);
    rig_turn(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%callback.failed%'"), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'callback-failed'"), 1);
    assert_int_equal(r->stats.deliveries_waiting, 0);
}

static void test_old_ones_are_dropped(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    answer(r, callback(r)->attempt, AW_OUT_ACCEPTED, 200);
    rig_at(r, T0 + 7 * AW_DAY - AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery"), 1);
    rig_at(r, T0 + 7 * AW_DAY + 2 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery_try"), 0);
    assert_int_equal(rig_verify(r), 0);
}

/* --- 410 and people ------------------------------------------------------------------------------
 */

static void redeliver(struct rig *r, aw_id id, const char *app)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REDELIVER);

    cmd->app = app;
    cmd->u.redeliver.delivery = id;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
}

static void test_gone(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    answer(r, id, AW_OUT_REFUSED, 410);
    assert_state(r, AW_DELIVERY_GONE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%callback.failed%'"), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE text LIKE '%410%'"), 1);
    rig_forget_sends(r);
    rig_restart(r, true); /* remembered */
    aw_id m = rig_register(
        r, "k2", "{\"class\":\"order\",\"title\":\"T\",\"recipients\":[" PERSON("li") "]}");
    rig_accept_all(r);
    rig_ack(r, m, "li", AW_ACKNOWLEDGED);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM delivery WHERE state = 4"), 1);

    redeliver(r, id, "shop"); /* somebody believes in it: all goes on */
    assert_int_equal(r->last.problem, AW_P_NONE);
    rig_turn(r);
    assert_int_equal(callback(r)->attempt, id);
    answer(r, id, AW_OUT_ACCEPTED, 200);
    assert_state(r, AW_DELIVERY_DELIVERED);
    rig_forget_sends(r);
    confirmed(r, "k3");
    assert_int_equal(rig_verify(r), 0);
}

static void test_another_url_ends_the_stop(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    answer(r, callback(r)->attempt, AW_OUT_REFUSED, 410);
    rig_forget_sends(r);
    rig_environment(r, "http://127.0.0.1:1/hook", "http://127.0.0.1:1/hook2");
    confirmed(r, "k2");
}

static void test_redeliver(void **state)
{
    struct rig *r = *state;

    confirmed(r, "k1");
    aw_id id = callback(r)->attempt;
    redeliver(r, id, "shop");
    assert_int_equal(r->last.problem, AW_P_STATE_CONFLICT); /* on its way */
    answer(r, id, AW_OUT_ACCEPTED, 200);
    redeliver(r, id, "bank"); /* another app's */
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    redeliver(r, id + 1, "shop");
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    rig_forget_sends(r);
    redeliver(r, id, "");
    assert_int_equal(r->last.problem, AW_P_NONE);
    rig_turn(r);
    assert_int_equal(n_callbacks(r), 1);
    assert_int_equal(callback(r)->attempt, id);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%callback.again%'"), 1);
    answer(r, id, AW_OUT_ACCEPTED, 200);
    assert_int_equal(rig_sql(r, "SELECT n_tries FROM delivery"), 2);
    assert_int_equal(rig_verify(r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_one_message),
        TEST(test_the_trace_goes_along),
        TEST(test_many_recipients),
        TEST(test_a_long_list_is_cut),
        TEST(test_a_cancel_is_the_apps_own),
        TEST(test_only_what_is_wanted),
        TEST(test_a_day_of_tries),
        TEST(test_busy_costs_no_try),
        TEST(test_a_paused_channel),
        TEST(test_a_crash_after_the_commit),
        TEST(test_a_crash_before_the_send),
        TEST(test_ids_never_repeat),
        TEST(test_a_reload_takes_the_channel_away),
        TEST(test_places_are_few),
        TEST(test_many_wait_for_a_paused_channel),
        TEST(test_nobody_waits_for_ever),
        TEST(test_old_ones_are_dropped),
        TEST(test_gone),
        TEST(test_another_url_ends_the_stop),
        TEST(test_redeliver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
