/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of mail servers, as exim and postfix write them and as nobody should.
 */
#include "ctl/dsn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/file.h"
#include "base/mem.h"

#define MARK "aw_004HMASW90002.0123456789abcdef0123"

static void reports(void **state)
{
    static const struct {
        const char *file, *action, *status, *mark;
    } rows[] = {
        {"exim-bounce", "failed", "5.0.0", MARK},
        {"postfix-success", "delivered", "2.1.5", MARK}, /* the best of two recipients */
        {"base64", "delayed", "4.4.1", MARK},
        {"plain", "", "", ""},
        {"no-status", "", "", ""},
        {"no-boundary", "", "", ""},
        {"nested", "", "", ""},
        {"many", "failed", "", ""},
    };
    const char *top = getenv("top_srcdir");
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        char path[512], *bytes;
        struct aw_err err;
        struct aw_dsn dsn;
        size_t n;
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/dsn/%s", top ? top : "..", rows[i].file);
        assert_int_equal(aw_file_read(path, AW_DSN_MAX, &bytes, &n, &err), 0);
        aw_dsn_read(bytes, n, &dsn);
        aw_free(bytes);
        assert_string_equal(dsn.action, rows[i].action);
        assert_string_equal(dsn.status, rows[i].status);
        assert_string_equal(dsn.mark, rows[i].mark);
        assert_int_equal(dsn.report, rows[i].action[0] != '\0');
    }
}

/* A mail of levels without end, and one longer than is looked at. */
static void bounds(void **state)
{
    size_t n = AW_DSN_MAX + 1000;
    char *mail = aw_malloc(n + 100);
    struct aw_dsn dsn;
    size_t at = 0;
    for (unsigned i = 0; at < n; i++)
        at += (size_t)snprintf(mail + at, 100,
                               "Content-Type: multipart/report; boundary=b%u\n\n--b%u\n", i, i);
    aw_dsn_read(mail, n, &dsn);
    assert_false(dsn.report);
    at = (size_t)snprintf(mail, 200,
                          "Content-Type: multipart/report; boundary=b\n\n--b\n"
                          "Content-Type: message/delivery-status\n\nAction: failed\n\n--b\n");
    memset(mail + at, 'x', n - at);
    aw_dsn_read(mail, n, &dsn);
    assert_true(dsn.report);
    aw_dsn_read("", 0, &dsn);
    assert_false(dsn.report);
    aw_free(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
