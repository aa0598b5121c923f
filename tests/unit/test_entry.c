/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries: bytes as documented, and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "audit/entry.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"

static void the_smallest(void **state)
{
    struct aw_buf b = AW_BUF_INIT(AW_ENTRY_MAX);
    struct aw_entry e;
    (void)state;
    aw_entry_init(&e);
    e.ts = 1795370515123;
    e.kind = AW_ENTRY_HEARTBEAT;
    assert_int_equal(aw_entry_build(&b, &e), 0);
    assert_string_equal(aw_buf_str(&b),
                        "{\"seq\":0,\"ts\":\"2026-11-22T18:01:55.123Z\",\"kind\":\"heartbeat\"}");
    aw_buf_free(&b);
}

/* Every member, in its place in the bytes. */
static void fill(struct aw_entry *e)
{
    static const int64_t persons[] = {3, 4};
    static const uint8_t commitments[2][32] = {{1}, {2}};
    static const uint8_t sha[32] = {0xab}, content[32] = {0xcd};
    aw_entry_init(e);
    *e = (struct aw_entry){.seq = 9,
                           .ts = 1795370515123,
                           .kind = AW_ENTRY_CLAIMED,
                           .msg = 77,
                           .n = 0,
                           .prev = 8,
                           .actor = "core",
                           .step = "text",
                           .step_index = 0,
                           .kind_do = "sms",
                           .round = 2,
                           .number = 3,
                           .via = 4,
                           .pos = 5,
                           .attempt = 78,
                           .ref = 79,
                           .merged_into = 80,
                           .person = 6,
                           .key = 7,
                           .state = "open",
                           .level = "sent",
                           .source = "report",
                           .outcome = "refused",
                           .negative = "bounced",
                           .why = "due",
                           .channel = "c\"h",
                           .last_round = true,
                           .unsent = true,
                           .counts = true,
                           .late = true,
                           .at = 1795370515124,
                           .registered = 1795370515125,
                           .next_due = 1795370515126,
                           .moved = -5,
                           .http_status = 200,
                           .code = -1,
                           .provider_id = "18446744073709551615",
                           .text = "文\n",
                           .rule = "must-read",
                           .sha256 = sha,
                           .content = content,
                           .persons = persons,
                           .person_commitments = commitments,
                           .n_persons = 2,
                           .from = 1795370515127,
                           .to = 1795370515128};
}

static void every_member_there_and_back(void **state)
{
    struct aw_buf one = AW_BUF_INIT(AW_ENTRY_MAX), two = AW_BUF_INIT(AW_ENTRY_MAX);
    struct aw_entry e, back;
    struct aw_err err;
    void *owner;
    (void)state;
    fill(&e);
    assert_int_equal(aw_entry_build(&one, &e), 0);
    assert_int_equal(aw_entry_parse(one.p, one.n, &back, &owner, &err), 0);
    assert_int_equal(aw_entry_build(&two, &back), 0);
    assert_string_equal(aw_buf_str(&one), aw_buf_str(&two));
    assert_int_equal(back.attempt, 78);
    assert_int_equal(back.persons[1], 4);
    assert_int_equal(back.person_commitments[1][0], 2);
    assert_int_equal(back.sha256[0], 0xab);
    assert_int_equal(back.content[0], 0xcd);
    assert_string_equal(back.text, "文\n");
    aw_entry_release(owner);
    aw_buf_free(&one);
    aw_buf_free(&two);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (unsigned k = 0; k < AW_N_ENTRY_KINDS; k++) {
        struct aw_buf b = AW_BUF_INIT(AW_ENTRY_MAX);
        struct aw_entry e, back;
        void *owner;
        aw_entry_init(&e);
        e.ts = 1;
        e.kind = (enum aw_entry_kind)k;
        assert_int_equal(aw_entry_build(&b, &e), 0);
        assert_int_equal(aw_entry_parse(b.p, b.n, &back, &owner, NULL), 0);
        assert_int_equal(back.kind, k);
        assert_int_equal(back.n, -1);
        assert_int_equal(back.prev, -1);
        assert_int_equal(back.step_index, -1);
        aw_entry_release(owner);
        aw_buf_free(&b);
    }
    assert_string_equal(aw_entry_kind_name(AW_N_ENTRY_KINDS), "?");
}

static void odd_ones_are_refused(void **state)
{
#define HEAD "{\"seq\":0,\"ts\":\"2026-11-22T18:01:55.123Z\",\"kind\":\"heartbeat\""
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"seq\":0}",
        "{\"seq\":-1,\"ts\":\"2026-11-22T18:01:55.123Z\",\"kind\":\"heartbeat\"}",
        "{\"seq\":0,\"ts\":5,\"kind\":\"heartbeat\"}",
        "{\"seq\":0,\"ts\":\"2026-11-22T18:01:55.123Z\",\"kind\":\"nonsense\"}",
        HEAD ",\"colour\":1}",
        HEAD ",\"n\":-1}",
        HEAD ",\"n\":1.5}",
        HEAD ",\"round\":3000000000}",
        HEAD ",\"msg\":\"msg_1\"}",
        HEAD ",\"msg\":5}",
        HEAD ",\"why\":5}",
        HEAD ",\"late\":1}",
        HEAD ",\"sha256\":\"ab\"}",
        HEAD ",\"content\":5}",
        HEAD ",\"persons\":5}",
        HEAD ",\"persons\":[\"x\"]}",
        HEAD ",\"person_commitments\":[]}",
        HEAD ",\"persons\":[1],\"person_commitments\":[]}",
        HEAD ",\"persons\":[1],\"person_commitments\":[5]}",
        HEAD ",\"late\":false,\"late\":1}",
        HEAD ",\"persons\":[-1]}",
        HEAD ",\"persons\":{}}",
        HEAD ",\"person_commitments\":{}}",
        HEAD ",\"persons\":[1],\"person_commitments\":[\"zz\"]}",
        HEAD ",\"at\":\"yesterday\"}",
        HEAD ",\"sha256\":\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"}",
        "[1]",
        "{\"ts\":\"2026-11-22T18:01:55.123Z\",\"kind\":\"heartbeat\"}",
        "{\"seq\":0,\"kind\":\"heartbeat\"}",
        "{\"seq\":0,\"ts\":\"2026-11-22T18:01:55.123Z\"}",
        HEAD ",\"late\":\"yes\"}",
        HEAD ",\"late\":null}",
        HEAD ",\"seq\":1}",
    };
    struct aw_entry e;
    struct aw_err err;
    void *owner;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_entry_parse(bad[i], strlen(bad[i]), &e, &owner, &err), AW_ECORRUPT);
    assert_int_equal(aw_entry_parse(HEAD "}", strlen(HEAD) + 1, &e, &owner, &err), 0);
    aw_entry_release(owner);
    assert_int_equal(aw_entry_parse(HEAD ",\"late\":false}", strlen(HEAD) + 14, &e, &owner, &err),
                     0);
    assert_false(e.late);
    aw_entry_release(owner);
    aw_entry_release(NULL);
}

static void a_thousand_recipients_fit(void **state)
{
    struct aw_buf b = AW_BUF_INIT(AW_ENTRY_MAX);
    int64_t persons[1000];
    uint8_t(*commitments)[32] = aw_calloc(1000, sizeof *commitments);
    struct aw_entry e;
    (void)state;
    fill(&e);
    for (int i = 0; i < 1000; i++)
        persons[i] = 9999999999999 + i;
    e.persons = persons;
    e.person_commitments = (const uint8_t(*)[32])commitments;
    e.n_persons = 1000;
    assert_int_equal(aw_entry_build(&b, &e), 0);

    aw_buf_reset(&b);
    char *text = aw_malloc(AW_ENTRY_MAX);
    memset(text, 'x', AW_ENTRY_MAX - 1);
    text[AW_ENTRY_MAX - 1] = 0;
    e.text = text;
    assert_int_equal(aw_entry_build(&b, &e), AW_ELIMIT);
    struct aw_buf large = AW_BUF_INIT(4 * AW_ENTRY_MAX); /* the limit is ours, not the buffer's */
    assert_int_equal(aw_entry_build(&large, &e), AW_ELIMIT);
    aw_buf_free(&large);
    aw_free(text);
    aw_free(commitments);
    aw_buf_free(&b);
}

static void commitments(void **state)
{
    uint8_t salt[32] = {1}, a[32], b[32];
    (void)state;
    aw_commit(a, salt, "user", "anna", 4);
    aw_hmac256(b, salt, 32, "aw1|user|anna", 13);
    assert_memory_equal(a, b, 32);
    aw_commit(b, salt, "user", "", 0);
    assert_memory_not_equal(a, b, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest),
        cmocka_unit_test(every_member_there_and_back),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(odd_ones_are_refused),
        cmocka_unit_test(a_thousand_recipients_fit),
        cmocka_unit_test(commitments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
