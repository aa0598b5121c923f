/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines against an entry: what is taken, what is refused and in which words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ctl/cmd.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "a file"},
    {"MORE", 0, AW_VAL_NUMBER, AW_OPTIONAL | AW_MANY, NULL, "numbers"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"switch", 's', AW_VAL_NONE, 0, NULL, "a switch"},
    {"text", 't', AW_VAL_TEXT, AW_MANY, NULL, "texts"},
    {"wait", 0, AW_VAL_DURATION, 0, NULL, "a time"},
    {"paint", 0, AW_VAL_CHOICE, 0, colours, "a colour"},
    {"count", 'c', AW_VAL_NUMBER, 0, NULL, "a number"},
    {NULL},
};
static const struct aw_param needed[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why"},
    {NULL},
};
static const struct aw_cmd_entry entry = {
    .noun = "things", .verb = "do", .summary = "x", .args = args, .flags = flags};
static const struct aw_cmd_entry strict = {
    .noun = "things", .verb = "end", .summary = "x", .flags = needed, .remote = true};

static struct aw_ctl ctl;
static struct aw_err err;

#define PARSE(e, ...)                                                                              \
    ({                                                                                             \
        char *argv_[] = {__VA_ARGS__};                                                             \
        aw_ctl_parse(&ctl, &(e), (int)AW_COUNT(argv_), argv_, &err);                               \
    })

static void takes(void **state)
{
    assert_int_equal(PARSE(entry, "f", "1", "--switch", "22", "--text=a=b", "-t", "c", "-tx"), 0);
    assert_int_equal(ctl.n_args, 3);
    assert_string_equal(ctl.args[2], "22");
    assert_string_equal(aw_ctl_flag(&ctl, "switch"), "");
    assert_string_equal(aw_ctl_nth(&ctl, "text", 0), "a=b");
    assert_string_equal(aw_ctl_nth(&ctl, "text", 1), "c");
    assert_string_equal(aw_ctl_nth(&ctl, "text", 2), "x");
    assert_null(aw_ctl_nth(&ctl, "text", 3));
    assert_null(aw_ctl_flag(&ctl, "paint"));
    assert_int_equal(aw_ctl_number(&ctl, "count", 7), 7);

    assert_int_equal(PARSE(entry, "--paint", "green", "-c5", "--", "--odd-name"), 0);
    assert_string_equal(ctl.args[0], "--odd-name");
    assert_int_equal(aw_ctl_number(&ctl, "count", 7), 5);
    assert_int_equal(PARSE(entry, "-", "--wait", "1h30m"), 0); /* "-" is an argument */
    assert_int_equal(PARSE(entry, "f", "--text", ""), 0);
    assert_string_equal(aw_ctl_flag(&ctl, "text"), "");
    assert_int_equal(PARSE(entry, "--help"), 0); /* nothing else is asked for */
    assert_true(ctl.help);
    assert_int_equal(PARSE(strict, "--reason", "r", "--socket", "/s"), 0);
}

static void refuses(void **state)
{
    static const struct {
        const char *argv[3], *says;
    } cases[] = {
        {{"f", "--swich"}, "did you mean --switch?"},
        {{"f", "-x"}, "unknown flag -x"},
        {{"f", "--socket"}, "unknown flag --socket"}, /* no remote command */
        {{"f", "--switch=1"}, "takes no value"},
        {{"f", "--text"}, "--text needs a value"},
        {{"f", "--wait", "10"}, "takes a duration"},
        {{"f", "--paint", "gren"}, "did you mean \"green\"?"},
        {{"f", "--count", "-1"}, "whole number"},
        {{"f", "--count", "9999999999"}, "whole number"},
        {{"f", "x"}, "MORE takes a whole number"},
        {{"--switch"}, "FILE is missing"},
        {{""}, "FILE takes a path"},
        {{"f", "-s", "-s"}, "given twice"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        char *argv[3];
        int argc = 0;
        while (argc < 3 && cases[i].argv[argc]) {
            argv[argc] = (char *)cases[i].argv[argc];
            argc++;
        }
        assert_int_equal(aw_ctl_parse(&ctl, &entry, argc, argv, &err), AW_EINVAL);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %u says: %s", i, err.text);
    }
    assert_int_equal(PARSE(strict, "--token-file", "x"), AW_EINVAL);
    assert_non_null(strstr(err.text, "--reason is required"));
    assert_int_equal(PARSE(strict, "--reason", "r", "left"), AW_EINVAL);
    assert_non_null(strstr(err.text, "\"left\" is one argument too many"));
}

static void is_bounded(void **state)
{
    char *many[AW_MAX_ARGS + 2];
    for (unsigned i = 0; i < AW_COUNT(many); i++)
        many[i] = "1";
    assert_int_equal(aw_ctl_parse(&ctl, &entry, AW_COUNT(many), many, &err), AW_EINVAL);
    for (unsigned i = 0; i < AW_COUNT(many); i++)
        many[i] = "--text=a";
    assert_int_equal(aw_ctl_parse(&ctl, &entry, AW_COUNT(many), many, &err), AW_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
