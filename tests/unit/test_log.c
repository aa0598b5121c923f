/* SPDX-License-Identifier: Apache-2.0
 *
 * base/log.h and base/file.h: standard error goes into a file meanwhile, and is read back.
 */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static char path[] = "/tmp/aw-test-log-XXXXXX";
static int saved;

static int capture(void **state)
{
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    int fd = mkstemp(path);
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    return fd < 0 || saved < 0 || dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0;
}

static int restore(void **state)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    return unlink(path);
}

static char *written(void)
{
    char *text;
    size_t n;
    assert_int_equal(aw_file_read(path, 100000, &text, &n, NULL), 0);
    assert_int_equal(strlen(text), n);
    return text;
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    while ((text = strstr(text, what)))
        n++, text++;
    return n;
}

static void lines_and_levels(void **state)
{
    aw_log_init(AW_LOG_INFO, 1);
    aw_log(AW_LOG_INFO, "listen", "address=%s port=%d", "127.0.0.1", 9364);
    aw_log(AW_LOG_DEBUG, "detail", "x=1");
    aw_log(AW_LOG_ERR, "bare", "%s", "");
    AW_AUTO_FREE char *text = written();
    assert_string_equal(text, "<6>msg=listen address=127.0.0.1 port=9364\n<3>msg=bare\n");
}

static void with_time(void **state)
{
    aw_log_init(AW_LOG_DEBUG, 0);
    aw_log(AW_LOG_WARN, "slow", "ms=%d", 7);
    aw_log(AW_LOG_DEBUG, "detail", "x=1");
    AW_AUTO_FREE char *text = written();
    assert_true(aw_starts(text, "time=2"));
    assert_non_null(strstr(text, "Z level=warning msg=slow ms=7\n"));
    assert_non_null(strstr(text, "Z level=debug msg=detail x=1\n"));
}

static void no_line_can_be_forged(void **state)
{
    aw_log_init(AW_LOG_INFO, 1);
    aw_log(AW_LOG_INFO, "x", "v=\"%s\"", "a\n<3>msg=forged\x1b[2J \xff 通 \x7f");
    AW_AUTO_FREE char *text = written();
    assert_string_equal(text, "<6>msg=x v=\"a\\x0a<3>msg=forged\\x1b[2J \\xff 通 \\x7f\"\n");
    aw_log(AW_LOG_INFO, "y", "v=\"%s\"", "\u202eabc\u2028\u2066");
    AW_AUTO_FREE char *more = written();
    assert_non_null(strstr(more, "v=\"\\xe2\\x80\\xaeabc\\xe2\\x80\\xa8\\xe2\\x81\\xa6\"\n"));
}

static void long_lines_are_cut(void **state)
{
    char big[5000];
    memset(big, 1, sizeof big - 1);
    big[sizeof big - 1] = 0;
    aw_log_init(AW_LOG_INFO, 1);
    aw_log(AW_LOG_INFO, "x", "v=%s", big);
    AW_AUTO_FREE char *text = written();
    assert_int_equal(count(text, "\n"), 1);
    assert_in_range(strlen(text), 2000, 2200);
}

static void floods_are_counted(void **state)
{
    aw_log_init(AW_LOG_INFO, 1);
    for (int i = 0; i < 25; i++)
        aw_log(AW_LOG_INFO, "flood", "i=%d", i);
    aw_log(AW_LOG_INFO, "other", "i=1");
    AW_AUTO_FREE char *text = written();
    assert_int_equal(count(text, "msg=flood i="), 10);
    assert_int_equal(count(text, "msg=other"), 1);
    /* when its place in the table is needed, what was held back is summed up */
    for (int i = 0; i < 100; i++) {
        char what[24];
        snprintf(what, sizeof what, "class%d", i);
        aw_log(AW_LOG_INFO, what, "i=%d", i);
    }
    AW_AUTO_FREE char *more = written();
    assert_int_equal(count(more, "msg=flood suppressed=15\n"), 1);
    assert_int_equal(count(more, "msg=class"), 100);
}

static void files(void **state)
{
    char *text = NULL;
    size_t n;
    struct aw_err err;
    assert_int_equal(aw_file_read("/nonexistent/x", 10, &text, &n, &err), AW_ENOENT);
    assert_string_equal(err.text, "/nonexistent/x: No such file or directory");
    assert_int_equal(aw_file_read("/tmp", 10, &text, &n, &err), AW_EIO);
    assert_string_equal(err.text, "/tmp: Is a directory");
    assert_int_equal(write(STDERR_FILENO, "12345678\0009", 10), 10);
    assert_int_equal(aw_file_read(path, 9, &text, &n, &err), AW_ELIMIT);
    assert_true(aw_starts(err.text, path));
    assert_null(text);
    assert_int_equal(aw_file_read(path, 10, &text, &n, &err), 0);
    assert_int_equal(n, 10);
    assert_memory_equal(text, "12345678\0009", 11);
    aw_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_and_levels, capture, restore),
        cmocka_unit_test_setup_teardown(with_time, capture, restore),
        cmocka_unit_test_setup_teardown(no_line_can_be_forged, capture, restore),
        cmocka_unit_test_setup_teardown(long_lines_are_cut, capture, restore),
        cmocka_unit_test_setup_teardown(floods_are_counted, capture, restore),
        cmocka_unit_test_setup_teardown(files, capture, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
