/* SPDX-License-Identifier: Apache-2.0
 *
 * Output: tables on a terminal and in a pipe, times, colour, cleaned text, CSV, words of the log,
 * rows of objects. Input: server-sent events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/types.h"
#include "ctl/contacts.h"
#include "ctl/out.h"
#include "ctl/rows.h"
#include "ctl/sse.h"
#include "codec/words.h"

static const char *const heads[] = {"NAME", "STATE", "TITLE", NULL};

static char *print_table(struct aw_out *o)
{
    char *text = NULL;
    size_t n = 0;
    struct aw_table t;
    o->f = open_memstream(&text, &n);
    aw_table_init(&t, heads);
    aw_table_add(&t, AW_BOLD, "李四");
    aw_table_add(&t, AW_GOOD, "ok");
    aw_table_add(&t, AW_PLAIN, "a\tb\nc\033[31m");
    aw_table_add(&t, AW_PLAIN, "wang");
    aw_table_add(&t, AW_PLAIN, NULL);
    aw_table_addf(&t, AW_PLAIN, "%s", "订单已发货，请尽快确认收货时间");
    aw_table_print(&t, o);
    aw_table_free(&t);
    fclose(o->f);
    return text;
}

static void pipes_tabs(void **state)
{
    struct aw_out o = {.tty = false};
    char *text = print_table(&o);
    assert_string_equal(text, "李四\tok\ta b c?[31m\n"
                              "wang\t-\t订单已发货，请尽快确认收货时间\n");
    free(text);
}

static void aligns_by_width(void **state)
{
    struct aw_out o = {.tty = true, .width = 30};
    char *text = print_table(&o);
    assert_string_equal(text, "NAME  STATE  TITLE\n"
                              "李四  ok     a b c?[31m\n"
                              "wang  -      订单已发货，请尽\n"); /* cut at 30 cells */
    free(text);
    o.colour = true;
    text = print_table(&o);
    assert_non_null(strstr(text, "\033[32mok\033[0m     a b c?[31m"));
    free(text);
}

static void colours_only_terminals(void **state)
{
    struct aw_out o;
    FILE *f = fopen("/dev/null", "w");
    static char term[] = "TERM=xterm";
    putenv(term);
    aw_out_init(&o, f, NULL);
    assert_false(o.tty);
    assert_false(o.colour);
    assert_string_equal(aw_out_on(&o, AW_BAD), "");
    aw_out_init(&o, f, "always");
    assert_true(o.colour);
    aw_out_init(&o, f, "never");
    assert_false(o.colour);
    fclose(f);
}

static void prints_times(void **state)
{
    char dst[AW_TIME_TEXT];
    struct aw_out o = {.tty = false};
    static char zone[] = "TZ=CST-8";
    putenv(zone);
    tzset();
    assert_string_equal(aw_out_time(&o, dst, 1795399200123), "2026-11-23T02:00:00.123Z");
    assert_string_equal(aw_out_time(&o, dst, 0), "-");
    assert_string_equal(aw_out_when(&o, dst, NULL), "-");
    assert_string_equal(aw_out_when(&o, dst, "nonsense"), "-");
    o.tty = true;
    assert_string_equal(aw_out_when(&o, dst, "2026-11-23T02:00:00Z"), "2026-11-23 10:00:00");
}

static void marks_without_utf8(void **state)
{
    struct aw_out o = {.utf8 = false};
    assert_string_equal(aw_out_mark(&o, AW_MARK_BAD), "x");
    o.utf8 = true;
    assert_string_equal(aw_out_mark(&o, AW_MARK_BAD), "✖");
}

static void reads_csv(void **state)
{
    char text[] = "a,\"b \"\"c\"\", d\",\r\n\"two\nlines\",x\n\n\"open", *p = text, *f[4];
    unsigned line = 1;
    struct aw_err err;
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), 3);
    assert_string_equal(f[0], "a");
    assert_string_equal(f[1], "b \"c\", d");
    assert_string_equal(f[2], "");
    assert_int_equal(line, 2);
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), 2);
    assert_string_equal(f[0], "two\nlines");
    assert_int_equal(line, 4);
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), 1); /* the empty line */
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), AW_EINVAL);
    char wrong[] = "\"a\"b,c\nd,e\n", wide[] = "1,2,3,4,5\n";
    p = wrong;
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), AW_EINVAL);
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), 2); /* goes on behind the line */
    assert_string_equal(f[1], "e");
    p = wide;
    assert_int_equal(aw_csv_record(&p, &line, f, 4, &err), AW_ELIMIT);
}

static void says(const char *json, enum aw_lang lang, const char *what, const char *why)
{
    json_t *e = json_loads(json, 0, NULL);
    struct aw_buf b = AW_BUF_INIT(512);
    assert_non_null(e);
    aw_words_entry(lang, e, &b);
    assert_string_equal(aw_buf_str(&b), what);
    aw_buf_reset(&b);
    aw_words_why(lang, e, &b);
    assert_string_equal(aw_buf_str(&b), why);
    aw_buf_free(&b);
    json_decref(e);
}

static void words_of_the_log(void **state)
{
    says("{\"kind\":\"firing.claimed\",\"do\":\"sms\",\"round\":2,\"number\":3,\"why\":\"due\"}",
         AW_LANG_EN, "SMS #2 is sent (try 3)", "its time had come");
    says("{\"kind\":\"firing.skipped\",\"do\":\"push\",\"round\":1,\"why\":\"unless\","
         "\"level\":\"delivered\"}",
         AW_LANG_EN, "push is skipped", "no longer needed: delivered");
    says("{\"kind\":\"evidence.recorded\",\"level\":\"acknowledged\",\"source\":\"page\"}",
         AW_LANG_ZH, "已确认收到 (确认页面)", "");
    says("{\"kind\":\"attempt.outcome\",\"outcome\":\"no_target\",\"code\":1011}", AW_LANG_EN,
         "no device behind the address (1011)", "");
    says("{\"kind\":\"channel.changed\",\"channel\":\"sms\",\"state\":\"paused\"}", AW_LANG_EN,
         "sms paused", "");
    says("{\"kind\":\"channel.changed\",\"channel\":\"sms\",\"state\":\"half_open\"}", AW_LANG_EN,
         "sms breaker half_open", "");
    says("{\"kind\":\"from.the.future\",\"why\":\"new_reason\"}", AW_LANG_EN, "from.the.future",
         "new_reason");
    says("{}", AW_LANG_EN, "?", "");
}

static void words_of_every_reason(void **state)
{
    for (unsigned why = AW_WHY_NONE + 1; why < AW_N_WHYS; why++) {
        char key[64];
        snprintf(key, sizeof key, "why:%s", aw_why_name(why));
        assert_string_not_equal(aw_word(AW_LANG_EN, key), key);
        assert_string_not_equal(aw_word(AW_LANG_ZH, key), key);
    }
}

/* --- rows of objects ------------------------------------------------------------------------- */

static const struct aw_column columns[] = {
    {"NAME", "name", AW_SHOW_NAME},
    {"STATE", "state", AW_SHOW_STATE},
    {"AT", "at", AW_SHOW_TIME},
    {"HASH", "sha", AW_SHOW_SHORT},
    {"TITLE", "title", AW_SHOW_FIRST},
    {"RULE", "rule.of.it", 0},
    {"LIST", "list", 0},
    {"YES", "yes", 0},
    {NULL},
};

static char *print_rows(struct aw_out *o, const char *json)
{
    char *text = NULL;
    size_t n = 0;
    json_t *v = json_loads(json, 0, NULL);
    o->f = open_memstream(&text, &n);
    aw_rows_print(o, columns, v);
    fclose(o->f);
    json_decref(v);
    return text;
}

static void shows_members(void **state)
{
    struct aw_out o = {.tty = false};
    char *text =
        print_rows(&o, "[{\"name\":\"a\",\"state\":\"ok\",\"at\":\"2026-11-22T10:00:00Z\","
                       "\"sha\":\"0123456789abcdef\",\"title\":{\"zh\":\"题\",\"en\":\"t\"},"
                       "\"rule\":{\"of\":{\"it\":7}},\"list\":[\"x\",2,true],\"yes\":false},"
                       "{\"name\":null,\"rule\":{\"of\":3},\"list\":[],\"title\":{}}]");
    assert_string_equal(text, "a\tok\t2026-11-22T10:00:00.000Z\t0123456789ab\t题\t7\tx,2,yes\tno\n"
                              "-\t-\t-\t-\t-\t-\t-\t-\n");
    free(text);
    text = print_rows(&o, "{\"name\":\"one\"}"); /* an object is a row */
    assert_string_equal(text, "one\t-\t-\t-\t-\t-\t-\t-\n");
    free(text);
    text = print_rows(&o, "[]");
    assert_string_equal(text, "");
    free(text);
}

/* A state is never colour alone. */
static void marks_states(void **state)
{
    struct aw_out o = {.tty = true, .width = 200};
    char *text =
        print_rows(&o, "[{\"state\":\"ok\"},{\"state\":\"paused\"},{\"state\":\"expired\"},"
                       "{\"state\":\"open\"}]");
    assert_non_null(strstr(text, "* ok "));
    assert_non_null(strstr(text, "! paused "));
    assert_non_null(strstr(text, "x expired "));
    assert_non_null(strstr(text, "o open "));
    free(text);
}

/* --- server-sent events ----------------------------------------------------------------------- */

static bool keep_event(void *arg, const struct aw_sse_event *e)
{
    aw_buf_printf(arg, "%s|%s|%s;", e->id, e->type, e->data ? e->data : "(none)");
    return strcmp(e->id, "stop") != 0;
}

static void reads_events(void **state)
{
    static const char text[] = "id: 7\nevent: a.b\ndata: {\"x\":1}\n\n"
                               ": alive\n\n"
                               "id: 9\n\n"
                               "data:one\ndata: two\r\n\r\n"
                               "retry: 5\n\nid: stop\ndata: x\n\nid: 11\ndata: never\n\n";
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct aw_buf got = AW_BUF_INIT(4096);
        struct aw_sse s;
        bool more = true;
        aw_sse_init(&s, keep_event, &got);
        for (size_t at = 0; more && at < sizeof text - 1; at += piece)
            more = aw_sse_feed(&s, text + at,
                               sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece);
        assert_false(more);
        assert_string_equal(aw_buf_str(&got), "7|a.b|{\"x\":1};9|message|(none);"
                                              "|message|one\ntwo;stop|message|x;");
        aw_sse_free(&s);
        aw_buf_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_tabs),       cmocka_unit_test(aligns_by_width),
        cmocka_unit_test(prints_times),     cmocka_unit_test(colours_only_terminals),
        cmocka_unit_test(reads_csv),        cmocka_unit_test(marks_without_utf8),
        cmocka_unit_test(words_of_the_log), cmocka_unit_test(words_of_every_reason),
        cmocka_unit_test(shows_members),    cmocka_unit_test(marks_states),
        cmocka_unit_test(reads_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
