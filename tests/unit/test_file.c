/* SPDX-License-Identifier: Apache-2.0
 *
 * Files written whole: created once, replaced under their mode, nothing left over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

static char dir[] = "/tmp/aw-file-XXXXXX", path[64];
static struct aw_err err;

static int setup(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/f", dir);
    return 0;
}

static int teardown(void **state)
{
    unlink(path);
    return rmdir(dir); /* fails when anything is left over */
}

static void holds(const char *text)
{
    AW_AUTO_FREE char *got = NULL;
    size_t n;
    assert_int_equal(aw_file_read(path, 1000, &got, &n, &err), 0);
    assert_string_equal(got, text);
}

static void a_file_is_created_once(void **state)
{
    assert_int_equal(aw_file_create(path, "one", 3, 0640, &err), 0);
    assert_int_equal(aw_file_create(path, "two", 3, 0640, &err), AW_ECONFLICT);
    holds("one");
    assert_int_equal(aw_file_create("/nowhere/f", "", 0, 0600, &err), AW_EIO);
    assert_non_null(strstr(err.text, "/nowhere/f"));
}

static void a_file_is_replaced_under_its_mode(void **state)
{
    struct stat st;
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(aw_file_replace(path, "three", 5, &err), 0);
    holds("three");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(aw_file_replace(path, "four", 4, &err), 0); /* or created */
    holds("four");
    assert_int_equal(aw_file_replace("/nowhere/f", "x", 1, &err), AW_EIO);
}

static void what_cannot_be_written_is_said(void **state)
{
    assert_int_equal(aw_file_replace("/dev/full/x", "x", 1, &err), AW_EIO);
    assert_int_equal(aw_dir_sync(dir, &err), 0);
    assert_int_equal(aw_dir_sync("/nowhere", &err), AW_EIO);
    holds("four");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_created_once),
        cmocka_unit_test(a_file_is_replaced_under_its_mode),
        cmocka_unit_test(what_cannot_be_written_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
