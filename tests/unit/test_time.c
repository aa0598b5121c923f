/* SPDX-License-Identifier: Apache-2.0
 *
 * base/time.h and base/clock.h.
 */
#include "base/time.h"

#include <string.h>
#include <time.h>

#include "../lib/unit.h"
#include "base/clock.h"
#include "base/mem.h"

static void instants(void **state)
{
    static const struct {
        const char *text;
        aw_time t;
        const char *printed;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
        {"2026-11-22T02:02:50.114Z", 1795312970114, "2026-11-22T02:02:50.114Z"},
        {"2026-11-22T10:02:50.114999999+08:00", 1795312970114, "2026-11-22T02:02:50.114Z"},
        {"2026-11-21t20:32:50.1-05:30", 1795312970100, "2026-11-22T02:02:50.100Z"},
        {"2000-02-29T23:59:59z", 951868799000, "2000-02-29T23:59:59.000Z"},
        {"2016-12-31T23:59:60Z", 1483228799000, "2016-12-31T23:59:59.000Z"},
        {"1970-01-01T01:00:00+01:00", 0, "1970-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", 253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        aw_time t = -1;
        char text[AW_TIME_TEXT];
        assert_int_equal(aw_time_parse(rows[i].text, strlen(rows[i].text), &t), 0);
        assert_true(t == rows[i].t);
        aw_time_print(text, t);
        assert_string_equal(text, rows[i].printed);
    }
}

static void bad_instants(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T02:02:50",
        "2026-11-22 02:02:50Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T02:60:00Z",
        "2026-11-22T02:02:61Z",
        "2026-11-22T02:02:50.Z",
        "2026-11-22T02:02:50.1234567890Z",
        "2026-11-22T02:02:50+8:00",
        "2026-11-22T02:02:50+0800",
        "2026-11-22T02:02:50+24:00",
        "2026-11-22T02:02:50ZZ",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "26-11-22T02:02:50Z",
        "+2026-11-22T02:02:50Z",
        "2026-11-22T02:02:50,5Z",
        "2026-1-22T02:02:50Z",
        "2026-11-22T2:02:50Z",
    };
    for (size_t i = 0; i < AW_COUNT(bad); i++) {
        aw_time t = 42;
        assert_int_equal(aw_time_parse(bad[i], strlen(bad[i]), &t), AW_EINVAL);
        assert_int_equal(t, 42);
    }
    aw_time t;
    assert_int_equal(aw_time_parse("2026-11-22T02:02:50Z\0", 21, &t), AW_EINVAL);
}

/* Against libc, over 400 years and a step that meets every day of the year. */
static void calendar_agrees_with_libc(void **state)
{
    for (time_t s = 0; s < (time_t)400 * 366 * 86400; s += 86400 * 5 + 3661) {
        struct tm tm;
        char want[AW_TIME_TEXT], got[AW_TIME_TEXT];
        gmtime_r(&s, &tm);
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        aw_time_print(got, (aw_time)s * 1000);
        assert_string_equal(got, want);
        aw_time back;
        assert_int_equal(aw_time_parse(got, strlen(got), &back), 0);
        assert_true(back == (aw_time)s * 1000);
    }
}

static void odd_instants_still_print(void **state)
{
    char text[AW_TIME_TEXT];
    aw_time_print(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    aw_time_print(text, INT64_MAX);
    assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
    aw_time_print(text, INT64_MIN);
    assert_string_equal(text, "-292275055-05-16T16:47:04.192Z");
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        aw_ms d;
        const char *printed;
    } rows[] = {
        {"0s", 0, "0s"},
        {"90s", 90000, "1m30s"},
        {"5m", 300000, "5m"},
        {"1h30m", 5400000, "1h30m"},
        {"90m", 5400000, "1h30m"},
        {"3d", 3 * AW_DAY, "3d"},
        {"24h", AW_DAY, "1d"},
        {"250ms", 250, "250ms"},
        {"1d2h3m4s5ms", AW_DAY + 2 * AW_HOUR + 3 * AW_MINUTE + 4005, "1d2h3m4s5ms"},
        {"1d5ms", AW_DAY + 5, "1d5ms"},
        {"3650d", 3650 * AW_DAY, "3650d"},
        {"10h22m", 10 * AW_HOUR + 22 * AW_MINUTE, "10h22m"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        aw_ms d = -1;
        char text[AW_TIME_TEXT];
        assert_int_equal(aw_duration_parse(rows[i].text, strlen(rows[i].text), &d), 0);
        assert_true(d == rows[i].d);
        aw_duration_print(text, d);
        assert_string_equal(text, rows[i].printed);
    }
    char text[AW_TIME_TEXT];
    aw_duration_print(text, -1500);
    assert_string_equal(text, "-1s500ms");
    aw_duration_print(text, INT64_MIN);
    assert_string_equal(text, "-106751991167d7h12m55s808ms");
}

static void bad_durations(void **state)
{
    static const char *const bad[] = {
        "",       "5",     "s",     "5 m",      " 5m",
        "5m ",    "30x",   "1m1h",  "1h1h",     "1h30",
        "-5m",    "+5m",   "1.5h",  "05m",      "1M",
        "1w",     "5ms5s", "3651d", "3650d1ms", "99999999999999999999s",
        "1h,30m", "5min",
    };
    for (size_t i = 0; i < AW_COUNT(bad); i++) {
        aw_ms d = 42;
        assert_int_equal(aw_duration_parse(bad[i], strlen(bad[i]), &d), AW_EINVAL);
        assert_int_equal(d, 42);
    }
}

static void clocks(void **state)
{
    struct aw_clock c;
    aw_clock_init_stepped(&c, 1000);
    assert_int_equal(aw_clock_wall(&c), 1000);
    aw_clock_step(&c, 2000);
    assert_int_equal(aw_clock_wall(&c), 2000);
    aw_clock_step(&c, 1500); /* never back */
    assert_int_equal(aw_clock_wall(&c), 2000);

    aw_clock_init_real(&c);
    aw_time before = (aw_time)time(NULL) * 1000 - AW_SECOND;
    assert_in_range(aw_clock_wall(&c) - before, 0, 3600 * 1000);
    aw_clock_step(&c, 1); /* does not concern a real one */
    assert_true(aw_clock_wall(&c) >= before);
    aw_boot boot = aw_clock_boot();
    assert_true(boot > 0 && aw_clock_boot() >= boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants),
        cmocka_unit_test(bad_instants),
        cmocka_unit_test(calendar_agrees_with_libc),
        cmocka_unit_test(odd_instants_still_print),
        cmocka_unit_test(durations),
        cmocka_unit_test(bad_durations),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
