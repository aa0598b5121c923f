/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule tests under an environment that holds firings back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/tests.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_test_result result;
static char explained[16384];

static void report(void *ctx, const struct aw_test_report *r)
{
    size_t n = strlen(explained);
    snprintf(explained + n, sizeof(explained) - n, "%s %s\n%s", r->passed ? "ok" : "not ok",
             r->name, r->passed ? "" : r->explain);
}

static int run(const char *path, const char *only)
{
    const struct aw_test_options o = {.run = only, .report = report};
    return aw_tests_run(path, &o, &result, &diag);
}

static int teardown(void **state)
{
    aw_diag_free(&diag);
    conf_dir_remove();
    return 0;
}

/* Limits, silences and the storm brake of the environment hold firings back here as in the daemon.
 */
static void environment_holds_back(void **state)
{
    conf_file("r.yaml",
              "version: 1\nrules:\n  - name: r\n    until: acknowledged\n    deadline: 2h\n"
              "    steps:\n      - {id: a, at: 0s, do: sms}\n"
              "      - {id: b, at: 1m, do: sms}\n"
              "      - {id: c, at: 30m, do: [push, email], to: manager}\n");
    assert_int_equal(
        run(conf_file(
                "r.test.yaml",
                "rules: [r.yaml]\n"
                "environment:\n"
                "  limits: {per_recipient: {sms: 1/10m}}\n"
                "  storm: {app: 1/5m, reserve: 0%}\n"
                "  silences: {move: {match: {class: x}, until: \"2026-11-23T13:00:00Z\", "
                "author: chen, reason: r}}\n"
                "people:\n"
                "  li: {phone: \"+9990000001\", manager: wang}\n"
                "  wo: {phone: \"+9990000002\", manager: wang}\n"
                "  wang: {alias: wang, email: w@sim.invalid}\n"
                "tests:\n"
                "  - name: limit and brake\n"
                "    send: {at: \"2026-11-23T10:00:00Z\", class: y, recipients: [{user: li}]}\n"
                "    expect:\n"
                "      - {at: 0s, do: sms, to: li}\n"
                "      - {at: 10m, do: sms, to: li}\n"
                "      - {at: 30m, do: push, to: li}\n"
                "      - {at: 35m, do: email, to: li}\n"
                "  - name: two recipients, one manager\n"
                "    send: {at: \"2026-11-23T10:00:00Z\", class: y, priority: critical, "
                "recipients: [{user: li}, {user: wo}]}\n"
                "    expect:\n"
                "      - {at: 0s, do: sms, to: li}\n"
                "      - {at: 5m, do: sms, to: wo}\n"
                "      - {at: 10m, do: sms, to: li}\n"
                "      - {at: 15m, do: sms, to: wo}\n"
                "      - {at: 30m, do: push, to: li}\n"
                "      - {at: 30m, do: push, to: wo}\n" /* one attempt carries both */
                "      - {at: 35m, do: email, to: li}\n"
                "      - {at: 40m, do: email, to: wo}\n"
                "  - name: silenced beyond the deadline\n"
                "    send: {at: \"2026-11-23T10:00:00Z\", class: x, recipients: [{user: li}]}\n"
                "    expect: [{at: 2h, state: exhausted, to: li}]\n"),
            NULL),
        0);
    if (result.passed != 3)
        fail_msg("%s", explained);
}

/* A channel has one bucket, whether a step names it or it is the first of its kind. */
static void bucket_of_a_channel(void **state)
{
    conf_file("r.yaml", "version: 1\nrules:\n  - name: r\n    until: acknowledged\n"
                        "    deadline: 2h\n    steps:\n"
                        "      - {id: a, at: 0s, do: sms, via: big}\n"
                        "      - {id: b, at: 1m, do: sms}\n"
                        "      - {id: c, at: 2m, do: sms, via: small}\n");
    conf_file("env.yaml",
              "operators: [{channel: big, to: \"+9990000009\"}]\n"
              "channels:\n"
              "  small: {provider: gateway, weight: 1, url: \"https://s.invalid/\", method: POST, "
              "format: json, fields: {to: \"{{to}}\", text: \"{{text}}\"}}\n"
              "  big: {provider: gateway, url: \"https://b.invalid/\", method: POST, "
              "format: json, fields: {to: \"{{to}}\", text: \"{{text}}\"}}\n"
              "storm: {channel: 1/10m, reserve: 0%}\n");
    assert_int_equal(
        run(conf_file("r.test.yaml",
                      "rules: [r.yaml]\nenvironment: env.yaml\n"
                      "people: {li: {phone: \"+9990000001\"}}\n"
                      "tests:\n"
                      "  - name: the second over the same channel waits\n"
                      "    send: {at: \"2026-11-23T10:00:00Z\", recipients: [{user: li}]}\n"
                      "    expect:\n"
                      "      - {at: 0s, do: sms, to: li}\n"
                      "      - {at: 2m, do: sms, to: li}\n"
                      "      - {at: 10m, do: sms, to: li}\n"),
            NULL),
        0);
    if (result.passed != 1)
        fail_msg("%s", explained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(environment_holds_back, teardown),
        cmocka_unit_test_teardown(bucket_of_a_channel, teardown),
    };

    aw_diag_init(&diag);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
