/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies to texts in the core loop: who is acknowledged by which, what is written back, and who is
 * left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] =
    "  - name: order\n"
    "    match: {class: order}\n"
    "    until: acknowledged\n"
    "    deadline: 2h\n"
    "    steps:\n"
    "      - {id: text, at: 0s, do: sms, via: sms, template: code,\n"
    "         repeat: {every: 10m, times: 3}}\n"
    "      - {id: other, at: 35m, do: sms, via: sms-b, template: code}\n"
    "      - {id: boss, at: 1h, do: sms, to: manager, via: sms, template: code}\n"
    "  - name: plain\n"
    "    match: {class: plain}\n"
    "    until: acknowledged\n"
    "    deadline: 30m\n"
    "    steps:\n"
    "      - {id: text, at: 0s, do: sms}\n"
    "      - {id: mail, at: 10m, do: email}\n";

#define LI    "+8613800001234"
#define WEI   "+8613800001235"
#define WANG  "+8613900000001"
#define TO_LI "{\"user\":\"li\",\"phone\":\"" LI "\",\"email\":\"li@sim.invalid\"}"
#define BOTH                                                                                       \
    TO_LI ",{\"user\":\"wei\",\"phone\":\"" WEI "\",\"lang\":\"en\",\"email\":\"w@sim.invalid\"}"
#define ORDER(list) "{\"class\":\"order\",\"title\":\"Order 42\",\"recipients\":[" list "]}"

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, rules, T0);
    rig_contact(r, "wang", "{\"phone\":\"" WANG "\"}");
    rig_contact(r, "li", "{\"manager\":\"wang\",\"lang\":\"en\"}");
    rig_contact(r, "wei", "{\"manager\":\"wang\"}");
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_verify(r), 0);
    rig_free(r);
    test_free(r);
    return 0;
}

static const struct aw_send *last_to(const struct rig *r, const char *phone)
{
    for (unsigned i = r->n_sends; i-- > 0;)
        if (aw_streq(r->sends[i]->phone, phone))
            return r->sends[i];
    fail_msg("nothing was sent to %s", phone);
    return NULL;
}

static unsigned sent_to(const struct rig *r, const char *phone)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n_sends; i++)
        n += aw_streq(r->sends[i]->phone, phone);
    return n;
}

/* The code in the newest text to a number. */
static void code_to(const struct rig *r, const char *phone, char code[8])
{
    const struct aw_send *s = last_to(r, phone);

    assert_non_null(s->code);
    assert_non_null(strstr(s->text, s->code));
    snprintf(code, 8, "%s", s->code);
}

static void say(struct rig *r, const char *phone, const char *words, const char *code)
{
    char text[128];

    snprintf(text, sizeof(text), "%s%s", words, code);
    rig_say(r, "sms", phone, text);
    assert_int_equal(r->last.problem, AW_P_NONE);
}

/* What was written back as a text, NULL: nothing. Forgets all sends. */
static const char *answered(struct rig *r, const char *phone)
{
    static char text[256];
    bool any = r->n_sends > 0;

    if (any) {
        assert_int_equal(r->n_sends, 1);
        assert_string_equal(r->sends[0]->phone, phone);
        snprintf(text, sizeof(text), "%s", r->sends[0]->text);
    }
    rig_forget_sends(r);
    return any ? text : NULL;
}

static int64_t state_of(struct rig *r, unsigned n)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT state FROM timeline WHERE n = %u ORDER BY id DESC LIMIT 1",
             n);
    return rig_sql(r, sql);
}

/* --- codes ---------------------------------------------------------------------------------------
 */

static void a_reply_with_the_code_acknowledges(void **state)
{
    struct rig *r = *state;
    char code[8], text[512];

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    code_to(r, LI, code);
    rig_accept_all(r);
    rig_forget_sends(r);
    say(r, LI, " ack:", code);
    assert_int_equal(state_of(r, 0), AW_CONFIRMED);
    assert_string_equal(answered(r, LI), "Confirmed, thank you.");
    rig_sql_text(r,
                 "SELECT body FROM log WHERE body LIKE '%evidence.recorded%' ORDER BY seq DESC"
                 " LIMIT 1",
                 text, sizeof(text));
    assert_non_null(strstr(text, "\"source\":\"reply\""));
    assert_non_null(strstr(text, "\"actor\":\"channel:sms\""));
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%reply.answered%'"
                                " AND body LIKE '%confirmed%'"),
                     1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%13800001234%'"), 0);
    say(r, LI, "", code);
    assert_string_equal(answered(r, LI), "This was confirmed before.");
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM evidence WHERE source = 5"), 1);
}

/* Each recipient's code is good from the recipient's number alone. */
static void only_who_was_texted(void **state)
{
    struct rig *r = *state;
    char li[8], wei[8];

    rig_register(r, "k1", ORDER(BOTH));
    rig_turn(r);
    code_to(r, LI, li);
    code_to(r, WEI, wei);
    rig_accept_all(r);
    rig_forget_sends(r);
    if (strcmp(li, wei) != 0) {
        say(r, WEI, "", li);
        assert_non_null(strstr(answered(r, WEI), "unknown or too old"));
    }
    assert_int_equal(state_of(r, 0), AW_OPEN);
    rig_say(r, "sms-b", LI, li); /* another channel never sent it */
    assert_int_equal(state_of(r, 0), AW_OPEN);
    assert_null(answered(r, LI));
    rig_say(r, "sms", "+8613999999999", li); /* a stranger */
    assert_null(answered(r, LI));
    say(r, WEI, "１", wei); /* five digits: not the code */
    assert_int_equal(state_of(r, 1), AW_OPEN);
    rig_forget_sends(r);
    say(r, WEI, "", wei);
    assert_int_equal(state_of(r, 1), AW_CONFIRMED);
    assert_int_equal(state_of(r, 0), AW_OPEN);
}

static void repeats_keep_the_code_and_channels_have_their_own(void **state)
{
    struct rig *r = *state;
    char first[8], code[8];

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    code_to(r, LI, first);
    rig_accept_all(r);
    rig_restart(r, true);
    rig_at(r, T0 + 10 * AW_MINUTE);
    code_to(r, LI, code);
    assert_string_equal(code, first);
    rig_accept_all(r);
    rig_at(r, T0 + 35 * AW_MINUTE);
    assert_string_equal(last_to(r, LI)->channel->name, "sms-b");
    code_to(r, LI, code);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_restart(r, true); /* codes outlive it */
    rig_say(r, "sms-b", "13800001234", code);
    assert_int_equal(state_of(r, 0), AW_CONFIRMED);
    assert_string_equal(r->last.body, "Confirmed, thank you."); /* in the answer itself */
    assert_int_equal(r->n_sends, 0);
}

/* The manager's reply is evidence of the manager; the recipient has not confirmed. */
static void a_third_person(void **state)
{
    struct rig *r = *state;
    char code[8];

    rig_register(r, "k1", ORDER(BOTH));
    for (unsigned i = 0; i <= 6; i++) {
        rig_at(r, T0 + i * 10 * AW_MINUTE);
        rig_accept_all(r);
    }
    assert_int_equal(sent_to(r, WANG), 1); /* one text about both */
    code_to(r, WANG, code);
    rig_forget_sends(r);
    say(r, WANG, "", code);
    assert_int_equal(state_of(r, 0), AW_OPEN);
    assert_int_equal(state_of(r, 1), AW_OPEN);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM evidence WHERE source = 5"), 2);
    assert_string_equal(answered(r, WANG), "已记录，收件人本人尚未确认。");
}

static void after_the_end(void **state)
{
    struct rig *r = *state;
    char code[8];
    aw_id msg = rig_register(r, "k1", ORDER(TO_LI));

    rig_turn(r);
    code_to(r, LI, code);
    rig_accept_all(r);
    rig_cancel(r, msg);
    rig_forget_sends(r);
    say(r, LI, "", code);
    assert_int_equal(state_of(r, 0), AW_CANCELLED);
    assert_string_equal(answered(r, LI), "This needs no confirmation any more.");

    rig_register(r, "k2", ORDER(TO_LI));
    rig_turn(r);
    code_to(r, LI, code);
    rig_accept_all(r);
    rig_at(r, T0 + 3 * AW_HOUR);
    rig_forget_sends(r);
    assert_int_equal(state_of(r, 0), AW_EXHAUSTED);
    say(r, LI, "", code);
    assert_int_equal(rig_sql(r, "SELECT late FROM timeline ORDER BY id DESC LIMIT 1"), 1);
    assert_string_equal(answered(r, LI), "Confirmed, thank you.");
}

/* --- without a code ------------------------------------------------------------------------------
 */

static void words_prove_nothing(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    say(r, LI, "OK", "");
    assert_int_equal(state_of(r, 0), AW_OPEN);
    assert_string_equal(answered(r, LI), "To confirm, please reply with the code of the message.");
    rig_say(r, "sms", WANG, "hello");
    assert_null(answered(r, WANG));
}

/* A text without a code leaves nothing to answer by. */
static void texts_without_a_code(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", "{\"class\":\"plain\",\"title\":\"Order\",\"recipients\":[" TO_LI "]}");
    rig_turn(r);
    assert_null(last_to(r, LI)->code);
    rig_accept_all(r);
    rig_forget_sends(r);
    say(r, LI, "", "1234");
    assert_int_equal(state_of(r, 0), AW_OPEN);
    assert_null(answered(r, LI));
}

static void what_cannot_be_read(void **state)
{
    struct rig *r = *state;

    rig_say(r, "sms", "BANK", "1234");
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    rig_say(r, "mail", LI, "1234");
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    rig_say(r, "gone", LI, "1234");
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
}

/* --- rations -------------------------------------------------------------------------------------
 */

static void two_machines_do_not_talk_for_ever(void **state)
{
    struct rig *r = *state;
    unsigned n = 0;

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    for (unsigned i = 0; i < 50; i++) {
        say(r, LI, "I am not at my desk", "");
        n += answered(r, LI) != NULL;
    }
    assert_int_equal(n, 5);
    rig_at(r, T0 + AW_MINUTE + AW_HOUR);
    rig_forget_sends(r);
    for (unsigned i = 0; i < 50; i++) {
        say(r, LI, "I am not at my desk", "");
        n += answered(r, LI) != NULL;
    }
    assert_int_equal(n, 6);
}

static void guessing_ends(void **state)
{
    struct rig *r = *state;
    char code[8];

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    code_to(r, LI, code);
    rig_accept_all(r);
    for (unsigned i = 0; i < 20; i++)
        say(r, LI, "", strcmp(code, "0000") ? "0000" : "1111");
    say(r, LI, "", code); /* not looked at any more */
    assert_int_equal(state_of(r, 0), AW_OPEN);
    rig_at(r, T0 + AW_HOUR);
    say(r, LI, "", code);
    assert_int_equal(state_of(r, 0), AW_CONFIRMED);
}

/* --- STOP ----------------------------------------------------------------------------------------
 */

static void stop_and_start(void **state)
{
    struct rig *r = *state;
    char text[256];

    rig_register(r, "k1", ORDER(BOTH));
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    say(r, LI, "退订", "");
    assert_non_null(strstr(answered(r, LI), "no more texts"));
    rig_at(r, T0 + 10 * AW_MINUTE);
    assert_int_equal(sent_to(r, LI), 0);
    assert_int_equal(sent_to(r, WEI), 1);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_sql_text(r,
                 "SELECT body ->> '$.why' FROM log WHERE body LIKE '%firing.skipped%'"
                 " ORDER BY seq DESC LIMIT 1",
                 text, sizeof(text));
    assert_string_equal(text, "opted_out");

    /* Of another message too, and after a restart. */
    rig_restart(r, true);
    rig_register(r, "k2", ORDER(TO_LI));
    rig_turn(r);
    assert_int_equal(sent_to(r, LI), 0);
    say(r, LI, "start", "");
    rig_forget_sends(r);
    rig_at(r, T0 + 20 * AW_MINUTE);
    assert_int_equal(sent_to(r, LI), 2);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%number.opted%'"), 2);
}

/* Who wants no texts gets none but the one that says so, whatever they write. */
static void no_texts_after_stop(void **state)
{
    struct rig *r = *state;
    char code[8];

    rig_register(r, "k1", ORDER(TO_LI));
    rig_turn(r);
    code_to(r, LI, code);
    rig_accept_all(r);
    rig_forget_sends(r);
    say(r, LI, "stop", "");
    assert_int_equal(sent_to(r, LI), 1);
    say(r, LI, "stop", "");
    say(r, LI, "hello?", "");
    say(r, LI, "0", "");
    say(r, LI, "", code);
    assert_int_equal(state_of(r, 0), AW_CONFIRMED); /* it counts all the same */
    assert_int_equal(sent_to(r, LI), 1);
    say(r, LI, "start", "");
    assert_int_equal(sent_to(r, LI), 2);
}

/* A mail carries a mark that only we can make, the same on every try. */
static void marks_of_mails(void **state)
{
    struct rig *r = *state;
    uint8_t secret[32], other[32] = {1};
    char mark[AW_MARK_TEXT];
    const struct aw_send *mail;
    struct aw_err err;
    aw_id ref;

    rig_register(r, "k1", "{\"class\":\"plain\",\"title\":\"Order\",\"recipients\":[" TO_LI "]}");
    rig_accept_all(r);
    rig_at(r, T0 + 10 * AW_MINUTE);
    mail = r->sends[r->n_sends - 1];
    assert_int_equal(mail->kind, AW_EMAIL);
    assert_int_equal(aw_store_secret(r->store, "tokens", secret, &err), 0);
    assert_int_equal(aw_mark_parse(secret, mail->mark, &ref), 0);
    assert_int_equal(ref, mail->ref);
    aw_mark_print(other, ref, mark);
    assert_int_equal(aw_mark_parse(secret, mark, &ref), AW_ENOENT);
    for (size_t i = 0; mail->mark[i]; i++) {
        snprintf(mark, sizeof(mark), "%s", mail->mark);
        mark[i] = mark[i] == '1' ? '2' : '1';
        assert_int_equal(aw_mark_parse(secret, mark, &ref), AW_ENOENT);
        mark[i] = '\0';
        assert_int_equal(aw_mark_parse(secret, mark, &ref), AW_ENOENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reply_with_the_code_acknowledges, setup, teardown),
        cmocka_unit_test_setup_teardown(only_who_was_texted, setup, teardown),
        cmocka_unit_test_setup_teardown(repeats_keep_the_code_and_channels_have_their_own, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_third_person, setup, teardown),
        cmocka_unit_test_setup_teardown(after_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(words_prove_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_without_a_code, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(two_machines_do_not_talk_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(guessing_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_and_start, setup, teardown),
        cmocka_unit_test_setup_teardown(no_texts_after_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(marks_of_mails, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
