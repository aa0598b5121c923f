/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of the enums and the way back, forms of templates, and of the log: devices in entries,
 * registrations that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "audit/verify.h"
#include "base/buf.h"
#include "base/mem.h"
#include "core/template.h"
#include "core/types.h"

#define AT ((aw_time)1795370400000) /* 2026-11-22T18:00:00Z */

/* --- words ---------------------------------------------------------------------------------- */

/* Each value has a text of its own that leads back to it; others lead nowhere. */
#define THERE_AND_BACK(fn, type, count)                                                            \
    do {                                                                                           \
        type got;                                                                                  \
        for (int i = 0; i < (int)(count); i++) {                                                   \
            got = (type)((i + 1) % (int)(count));                                                  \
            assert_int_equal(fn##_parse(fn##_name((type)i), &got), 0);                             \
            assert_int_equal(got, i);                                                              \
        }                                                                                          \
        assert_int_equal(fn##_parse("nonsense", &got), AW_EINVAL);                                 \
        assert_int_equal(fn##_parse("", &got), AW_EINVAL);                                         \
        assert_int_equal(got, (count)-1);                                                          \
    } while (0)

static void words_there_and_back(void **state)
{
    enum aw_level level = AW_SENT;

    (void)state;
    THERE_AND_BACK(aw_kind, enum aw_kind, AW_N_KINDS);
    THERE_AND_BACK(aw_priority, enum aw_priority, AW_N_PRIORITIES);
    THERE_AND_BACK(aw_state, enum aw_state, AW_N_STATES);
    THERE_AND_BACK(aw_source, enum aw_source, AW_N_SOURCES);
    THERE_AND_BACK(aw_outcome, enum aw_outcome, AW_N_OUTCOMES);
    THERE_AND_BACK(aw_negative, enum aw_negative, AW_N_NEGATIVES);
    THERE_AND_BACK(aw_why, enum aw_why, AW_N_WHYS);
    for (int l = AW_ACCEPTED; l < AW_N_LEVELS; l++) {
        assert_int_equal(aw_level_parse(aw_level_name((enum aw_level)l), &level), 0);
        assert_int_equal(level, l);
    }
    assert_int_equal(aw_level_parse(aw_level_name(AW_LEVEL_NONE), &level), AW_EINVAL);
    assert_int_equal(level, AW_ACKNOWLEDGED);
}

static void reasons_for_putting_off(void **state)
{
    static const char *const those[] = {"settle", "channel", "silence", "limit", "brake", "hours"};
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < AW_COUNT(those); i++) {
        enum aw_why why;
        assert_int_equal(aw_why_parse(those[i], &why), 0);
        assert_true(aw_why_defers(why));
    }
    for (int w = 0; w < AW_N_WHYS; w++)
        n += aw_why_defers((enum aw_why)w);
    assert_int_equal(n, AW_COUNT(those));
}

/* --- templates ------------------------------------------------------------------------------ */

static void forms_by_provider(void **state)
{
    const struct aw_provider a = {.name = "a"}, b = {.name = "b"}, c = {.name = "c"};
    const struct aw_template_form forms[] = {{.provider = &a}, {.provider = &b}};
    const struct aw_template_text text = {.forms = forms, .n_forms = AW_COUNT(forms)}, none = {0};

    (void)state;
    assert_ptr_equal(aw_template_form(&text, &a), &forms[0]);
    assert_ptr_equal(aw_template_form(&text, &b), &forms[1]);
    assert_null(aw_template_form(&text, &c));
    assert_null(aw_template_form(&none, &a));
}

/* --- entries -------------------------------------------------------------------------------- */

static void devices_of_a_claim(void **state)
{
    static const int64_t devices[] = {7, 5};
    struct aw_buf one = AW_BUF_INIT(AW_ENTRY_MAX), two = AW_BUF_INIT(AW_ENTRY_MAX);
    struct aw_entry e, back;
    struct aw_err err;
    void *owner;

    (void)state;
    aw_entry_init(&e);
    e.ts = AT;
    e.kind = AW_ENTRY_CLAIMED;
    e.devices = devices;
    e.n_devices = 2;
    assert_int_equal(aw_entry_build(&one, &e), 0);
    assert_non_null(strstr(aw_buf_str(&one), "\"devices\":[7,5]"));
    assert_int_equal(aw_entry_parse(one.p, one.n, &back, &owner, &err), 0);
    assert_int_equal(back.n_devices, 2);
    assert_int_equal(back.devices[1], 5);
    assert_int_equal(aw_entry_build(&two, &back), 0);
    assert_string_equal(aw_buf_str(&one), aw_buf_str(&two));
    aw_entry_release(owner);
    aw_buf_free(&one);
    aw_buf_free(&two);
}

static void note(void *ctx, const struct aw_finding *f)
{
    aw_buf_printf(ctx, "%s\n", f->text);
}

/* What the auditor says of one entry. */
static void expect_finding(const struct aw_entry *e, const char *want)
{
    struct aw_buf body = AW_BUF_INIT(AW_ENTRY_MAX), found = AW_BUF_INIT(1 << 16);
    struct aw_verifier *v = aw_verifier_new(-1, NULL, note, &found);
    const struct aw_entry *parsed;
    uint8_t leaf[32];

    assert_int_equal(aw_entry_build(&body, e), 0);
    aw_tree_leaf(leaf, body.p, body.n);
    aw_verifier_row(v,
                    &(struct aw_log_row){.seq = e->seq,
                                         .msg = e->msg,
                                         .prev = e->prev,
                                         .body = body.p,
                                         .n_body = body.n,
                                         .leaf = leaf,
                                         .n_leaf = sizeof leaf},
                    &parsed);
    assert_string_equal(aw_buf_str(&found), want);
    assert_int_equal(aw_verifier_findings(v), want[0] != 0);
    aw_verifier_free(v);
    aw_buf_free(&body);
    aw_buf_free(&found);
}

static void odd_chains_are_found(void **state)
{
#define ODD "a registration with a predecessor, or without recipients\n"
    static const int64_t persons[] = {1};
    struct aw_entry e, good;

    (void)state;
    aw_entry_init(&good);
    good.ts = AT;
    good.kind = AW_ENTRY_REGISTERED;
    good.msg = 77;
    good.persons = persons;
    good.n_persons = 1;
    expect_finding(&good, "");
    e = good;
    e.prev = 0;
    expect_finding(&e, ODD);
    e = good;
    e.msg = 0;
    expect_finding(&e, ODD);
    e = good;
    e.n_persons = 0;
    expect_finding(&e, ODD);
    e = good;
    e.kind = AW_ENTRY_HEARTBEAT;
    e.msg = 0;
    e.n = 0; /* of a recipient, but of no message */
    expect_finding(&e, "");
    e.prev = 0;
    expect_finding(&e, "prev of an entry that is about no timeline\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_there_and_back), cmocka_unit_test(reasons_for_putting_off),
        cmocka_unit_test(forms_by_provider),    cmocka_unit_test(devices_of_a_claim),
        cmocka_unit_test(odd_chains_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
