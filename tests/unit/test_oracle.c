/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine against the oracle (tests/oracle): random rules, people and histories, line by line.
 * A difference is cut down to the least case that still shows it and printed as YAML, with what
 * both sides say.
 *
 * AW_ORACLE_CASES and AW_ORACLE_SEED change what runs; AW_ORACLE_FAILURES how many differences are
 * shown before it stops (1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "oracle/case.h"
#include "oracle/oracle.h"

static int take(void *ctx, const struct aw_virtual_line *l)
{
    struct aw_buf *b = ctx;
    char text[AW_TIME_TEXT];

    aw_duration_print(text, l->after);
    aw_buf_printf(b, "%s %s %s", text, l->to, aw_virtual_what_name(l));
    if (l->step)
        aw_buf_printf(b, " %s/%u %s", l->step, l->round, aw_kind_name(l->kind));
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(b, "%s%s", i ? "," : ">", l->targets[i]);
    aw_buf_printf(b, " (%s)", aw_why_name(l->why));
    if (l->level)
        aw_buf_printf(b, " %s", aw_level_name(l->level));
    if (l->by)
        aw_buf_printf(b, " by %s", l->by);
    if (l->until) {
        aw_duration_print(text, l->until - (l->at - l->after));
        aw_buf_printf(b, " until %s", text);
    }
    aw_buf_putc(b, '\n');
    return 0;
}

static struct {
    struct aw_buf engine, oracle;
} say = {AW_BUF_INIT(1 << 22), AW_BUF_INIT(1 << 22)};

static bool agree(struct ora_case *c)
{
    struct aw_virtual_input in = case_input(c);
    struct aw_err err = {""};

    aw_buf_reset(&say.engine);
    aw_buf_reset(&say.oracle);
    int e = aw_virtual_run(&in, take, &say.engine, &err);
    if (e != 0)
        aw_buf_printf(&say.engine, "error %d: %s\n", e, err.text);
    oracle_run(&in, take, &say.oracle);
    return strcmp(aw_buf_str(&say.engine), aw_buf_str(&say.oracle)) == 0;
}

/* As long as a part can go and they still differ, it goes. */
static void shrink(struct ora_case *c)
{
    struct ora_case less = *c;
    bool again = true;

    for (unsigned most = 20; again && most > 0; most--) {
        again = false;
        for (unsigned part = 0; less = *c, case_cut(&less, part);) {
            if (memcmp(&less, c, sizeof(less)) != 0 && !agree(&less)) {
                *c = less;
                again = true;
            } else {
                part++;
            }
        }
    }
}

static void show(struct ora_case *c)
{
    struct aw_buf text = AW_BUF_INIT(1 << 20);

    shrink(c);
    agree(c);
    case_print(c, &text);
    fprintf(stderr, "# AW_ORACLE_SEED=%llu AW_ORACLE_CASES=1\n%s--- engine\n%s--- oracle\n%s\n",
            (unsigned long long)c->seed, aw_buf_str(&text), aw_buf_str(&say.engine),
            aw_buf_str(&say.oracle));
    aw_buf_free(&text);
}

static void test_engine_as_oracle(void **state)
{
    static struct ora_case c;
    uint64_t seed = dice_setting("AW_ORACLE_SEED", 1), n = dice_setting("AW_ORACLE_CASES", 40000);
    uint64_t failures = 0, most = dice_setting("AW_ORACLE_FAILURES", 1);

    (void)state;
    for (uint64_t i = seed; i < seed + n && failures < most; i++) {
        case_make(&c, i);
        if (!agree(&c)) {
            failures++;
            show(&c);
        }
    }
    aw_buf_free(&say.engine);
    aw_buf_free(&say.oracle);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_as_oracle),
    };
    return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
