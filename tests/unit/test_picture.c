/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures: labels never cover each other, whatever is drawn is well-formed, nothing of a text gets
 * out of its place. Random plans are read back by libxml2's xmllint, where there is one.
 */
#include "../lib/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"

static uint64_t seed;

static unsigned rnd(unsigned n)
{
    static uint64_t i;
    return (unsigned)(aw_mix(seed, ++i, 0) % n);
}

/* --- labels ------------------------------------------------------------------------------------
 */

static int by_x(const void *a, const void *b)
{
    const struct aw_pic_flag *p = a, *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

/* No label reaches over another in its lane, or over the staff of one further down. */
static void expect_apart(const struct aw_pic_flag *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = i + 1; k < n; k++) {
            if (f[i].w == 0 || f[k].w == 0)
                continue;
            if (f[k].x == f[i].x)
                assert_true(f[k].lane > f[i].lane);
            else if (f[k].x <= f[i].x + f[i].w)
                assert_true(f[i].lane > f[k].lane);
        }
}

static void test_lanes(void **state)
{
    struct aw_pic_flag f[64];

    for (seed = 1; seed <= 2000; seed++) {
        unsigned n = rnd(65), reach = 1 + rnd(900);
        for (unsigned i = 0; i < n; i++)
            f[i] = (struct aw_pic_flag){.x = (int)rnd(reach), .w = (int)rnd(200)};
        qsort(f, n, sizeof(f[0]), by_x);
        unsigned lanes = aw_pic_lanes(f, n);
        assert_true(lanes <= n);
        for (unsigned i = 0; i < n; i++)
            assert_true(f[i].w == 0 || f[i].lane < lanes);
        expect_apart(f, n);
    }
}

static void test_lanes_are_few(void **state)
{
    struct aw_pic_flag far[] = {{.x = 0, .w = 50}, {.x = 60, .w = 50}, {.x = 120, .w = 50}};
    struct aw_pic_flag near[] = {{.x = 0, .w = 50}, {.x = 10, .w = 50}, {.x = 10, .w = 5}};

    assert_int_equal(aw_pic_lanes(far, 3), 1);
    assert_int_equal(aw_pic_lanes(near, 3), 3);
    assert_int_equal(near[1].lane, 0);
    assert_int_equal(near[2].lane, 1);
    assert_int_equal(near[0].lane, 2);
}

/* --- drawings ----------------------------------------------------------------------------------
 */

static const char *const texts[] = {
    "push",
    "短信，除非已送达，一直到有人确认为止",
    "<script>alert(1)</script>",
    "a & b \"c\" 'd'",
    "]]>",
    "e\xCC\x81\xCC\x81\xCC\x81",
    "\xF0\x9F\x98\x80 smile",
    "tab\tline\nbell\x07",
    "%s%n",
    "",
    ("a very long label that no picture has room for, so that it must be cut somewhere near here, "
     "and what is cut is still in its title"),
    "--> <!-- -->",
    "\xFF\xFE broken",
    "\xEF\xBF\xBE"};

static const char *text(void)
{
    return texts[rnd(AW_COUNT(texts))];
}

static void draw_random(struct aw_picture *p)
{
    aw_picture_init(p, rnd(2) ? AW_LANG_ZH : AW_LANG_EN);
    aw_ms reach = 1 + rnd(rnd(2) ? 1000 : 2000000000);
    p->title = rnd(8) ? aw_pic_dup(text()) : NULL;
    p->note = rnd(8) ? aw_pic_dup(text()) : NULL;
    p->now = rnd(2) ? (aw_ms)rnd((unsigned)reach) : -1;
    p->deadline = rnd(2) ? reach : -1;
    p->zero = rnd(2) ? 1795312800000 : 0;
    unsigned n_rows = rnd(10) ? rnd(6) : 80;
    for (unsigned i = 0; i < n_rows; i++) {
        int row = rnd(2) ? aw_pic_row(p, text()) : aw_pic_row_add(p, text());
        for (unsigned k = rnd(70); k > 0; k--) {
            struct aw_pic_item *it = aw_pic_add(
                p, row, rnd((unsigned)reach), (enum aw_pic_mark)rnd(AW_PIC_N_MARKS), "%s", text());
            if (it && rnd(4) == 0)
                aw_pic_repeat(p, it, 1 + rnd((unsigned)reach), 1 + rnd(20));
        }
        if (row >= 0) {
            p->rows[row].past = rnd((unsigned)reach);
            p->rows[row].end = rnd((unsigned)reach);
        }
    }
    for (unsigned i = rnd(5) ? rnd(4) : 80; i > 0; i--)
        aw_pic_span(p, (int)rnd(p->n_rows + 1) - 1, rnd((unsigned)reach), rnd((unsigned)reach),
                    text());
    aw_pic_sort(p);
}

static void expect_text(const struct aw_buf *b, unsigned width)
{
    assert_true(b->n == 0 || aw_utf8_clean(b->p, b->n, true));
    for (const char *p = aw_buf_str(b); *p;) {
        size_t n = strcspn(p, "\n");
        assert_true(aw_display_width(p, n) <= width);
        p += n + (p[n] == '\n');
    }
}

static void draw_all(const struct aw_picture *p, FILE *xml)
{
    struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);
    struct aw_pic_text how = {.width = 40 + rnd(100), .utf8 = rnd(2)};

    aw_picture_svg(p, &b);
    assert_false(b.over);
    assert_true(aw_utf8_valid(b.p, b.n));
    assert_null(strstr(b.p, "<script"));
    assert_null(strstr(b.p, "-9223372036854775808")); /* a number that went wrong */
    fwrite(b.p, 1, b.n, xml);
    aw_buf_reset(&b);
    aw_picture_text(p, &how, &b);
    assert_false(b.over);
    expect_text(&b, how.width);
    aw_buf_reset(&b);
    aw_picture_mermaid(p, &b);
    assert_false(b.over);
    assert_true(aw_utf8_valid(b.p, b.n));
    aw_buf_free(&b);
}

/* They are one document, so that one reader has them all; ids are each drawing's own. */
static void test_random(void **state)
{
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    char path[] = "/tmp/aw-pictures-XXXXXX", command[128];
    FILE *xml = fdopen(mkstemp(path), "w");

    assert_non_null(xml);
    fputs("<all>", xml);
    for (seed = 1; seed <= 300; seed++) {
        draw_random(p);
        draw_all(p, xml);
        aw_picture_free(p);
    }
    fputs("</all>", xml);
    assert_int_equal(fclose(xml), 0);
    aw_free(p);
    if (system("command -v xmllint >/dev/null") != 0) {
        unlink(path);
        print_message("xmllint is not installed: not read back\n");
        skip();
    }
    snprintf(command, sizeof(command), "xmllint --huge --nonet --noout %s", path);
    int rc = system(command);
    if (rc == 0)
        unlink(path);
    assert_int_equal(rc, 0);
}

/* --- what a rule's picture says -----------------------------------------------------------------
 */

static const struct aw_title titles[] = {{"en", "Parcel"}, {"zh-CN", "包裹"}};
static const struct aw_step steps[] = {
    {.id = "push", .kinds = {AW_PUSH}, .n_kinds = 1, .to = {{AW_TO_RECIPIENT}}, .n_to = 1},
    {.id = "boss",
     .at = 5 * AW_MINUTE,
     .kinds = {AW_PUSH, AW_SMS},
     .n_kinds = 2,
     .to = {{AW_TO_MANAGER}, {AW_TO_ONCALL, "noc"}},
     .n_to = 2,
     .unless = AW_OPENED,
     .every = 10 * AW_MINUTE},
};
static const struct aw_step exhausted = {.id = "exhausted",
                                         .kinds = {AW_EMAIL},
                                         .n_kinds = 1,
                                         .to = {{AW_TO_CONTACT, "duty"}},
                                         .n_to = 1};
static const struct aw_rule rule = {.name = "parcel",
                                    .titles = titles,
                                    .n_titles = 2,
                                    .until = AW_ACKNOWLEDGED,
                                    .deadline = 30 * AW_MINUTE,
                                    .max_age = AW_DAY,
                                    .steps = steps,
                                    .n_steps = 2,
                                    .exhausted = &exhausted};

static void test_rule_text(void **state)
{
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    struct aw_pic_text how = {.width = 76, .utf8 = true};
    struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);

    aw_picture_init(p, AW_LANG_EN);
    aw_picture_rule(p, &rule);
    aw_picture_text(p, &how, &b);
    assert_string_equal(
        aw_buf_str(&b),
        "parcel - Parcel\n"
        "until acknowledged, deadline 30m\n"
        "\n"
        "0       5m                                        30m\n"
        "recipient\n"
        "○┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄□\n"
        "└ 0 push: push                                    └ 30m deadline\n"
        "\n"
        "manager, oncall:noc\n"
        "┄┄┄┄┄┄┄┄○┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄∘┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄∘┄┄┄┄┄┄┄\n"
        "        └ 5m boss: push + SMS, unless opened, every 10m, 3 rounds\n"
        "\n"
        "contact:duty\n"
        "┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄○\n"
        "                                                  └ 30m exhausted: e-mail\n"
        "\n"
        "○ planned  □ deadline\n");
    aw_buf_reset(&b);
    how.utf8 = false;
    aw_picture_text(p, &how, &b);
    for (const char *s = aw_buf_str(&b); *s; s++)
        assert_true((unsigned char)*s < 128);
    aw_picture_free(p);
    aw_buf_free(&b);
    aw_free(p);
}

static void test_rule_mermaid(void **state)
{
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);

    aw_picture_init(p, AW_LANG_ZH);
    aw_picture_rule(p, &rule);
    aw_picture_mermaid(p, &b);
    assert_string_equal(aw_buf_str(&b),
                        "gantt\n"
                        "    title parcel - 包裹\n"
                        "    dateFormat YYYY-MM-DD HH:mm:ss\n"
                        "    axisFormat %H:%M:%S\n"
                        "    section 收件人\n"
                        "    0 push： 推送 :milestone, 2000-01-01 00:00:00, 0d\n"
                        "    30m 截止 :crit, milestone, 2000-01-01 00:30:00, 0d\n"
                        "    section 主管, oncall：noc\n"
                        "    5m boss： 推送 + 短信，除非已打开，每 10m 一轮，共 3 轮 "
                        ":2000-01-01 00:05:00, 2000-01-01 00:25:00\n"
                        "    section contact：duty\n"
                        "    30m exhausted： 邮件 :milestone, 2000-01-01 00:30:00, 0d\n");
    aw_picture_free(p);
    aw_buf_free(&b);
    aw_free(p);
}

/* --- a message ---------------------------------------------------------------------------------
 */

static const char message[] =
    "{'id': 'msg_1', 'now': '2026-11-22T02:06:00.000Z',"
    "'message': [{'ts': '2026-11-22T02:00:00.000Z', 'kind': 'message.registered'}],"
    "'data': ["
    "{'user': 'li', 'state': 'open', 'deadline': '2026-11-22T02:40:00.000Z', 'past': ["
    "{'ts': '2026-11-22T02:00:00.010Z', 'kind': 'firing.claimed', 'do': 'push', 'attempt': 'a1'},"
    "{'ts': '2026-11-22T02:00:01.000Z', 'kind': 'attempt.outcome', 'attempt': 'a1',"
    "  'outcome': 'accepted'},"
    "{'ts': '2026-11-22T02:00:01.000Z', 'kind': 'evidence.recorded', 'level': 'accepted',"
    "  'source': 'send'},"
    "{'ts': '2026-11-22T02:05:00.000Z', 'kind': 'firing.claimed', 'do': 'sms', 'attempt': 'a2'},"
    "{'ts': '2026-11-22T02:05:01.000Z', 'kind': 'attempt.outcome', 'attempt': 'a2',"
    "  'outcome': 'refused'},"
    "{'ts': '2026-11-22T02:05:30.000Z', 'kind': 'timeline.held', 'why': 'snoozed',"
    "  'from': '2026-11-22T02:05:30.000Z', 'at': '2026-11-22T02:15:30.000Z'}],"
    "'planned': ["
    "{'at': '2026-11-22T02:20:00.000Z', 'step': 'mail', 'do': 'email', 'round': 1,"
    "  'unless': 'opened'},"
    "{'at': '2026-11-22T02:25:00.000Z', 'step': 'boss', 'do': 'push', 'round': 2, 'every': '5m',"
    "  'rounds_left': 3},"
    "{'at': '2026-11-22T02:25:00.000Z', 'step': 'boss', 'do': 'sms', 'round': 2, 'every': '5m',"
    "  'rounds_left': 3}]},"
    "{'user': '', 'state': 'confirmed', 'deadline': null, 'planned': [], 'past': ["
    "{'ts': '2026-11-22T02:01:00.000Z', 'kind': 'firing.skipped', 'do': 'sms', 'why': 'unless',"
    "  'level': 'delivered'},"
    "{'ts': '2026-11-22T02:02:00.000Z', 'kind': 'evidence.recorded', 'level': 'acknowledged',"
    "  'source': 'app'},"
    "{'ts': '2026-11-22T02:02:00.000Z', 'kind': 'timeline.ended', 'state': 'confirmed'}]}]}";

static json_t *parse(const char *text)
{
    json_t *v;
    char *copy = aw_strdup(text);

    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    v = json_loads(copy, 0, NULL);
    aw_free(copy);
    assert_non_null(v);
    return v;
}

static void test_message(void **state)
{
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    struct aw_pic_text how = {.width = 80, .utf8 = false};
    struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);
    json_t *v = parse(message);

    aw_picture_init(p, AW_LANG_EN);
    assert_int_equal(aw_picture_message(p, v, "Order 42"), 0);
    aw_picture_text(p, &how, &b);
    assert_string_equal(
        aw_buf_str(&b),
        "Order 42\n"
        "msg_1, registered 2026-11-22T02:00:00.000Z\n"
        "\n"
        "0  2m 5m                  20m   25m                40m\n"
        "li\n"
        ":: 5m30s - 15m30s: on hold\n"
        "*=====x!N:::::::::::------o-----o-----.------.-----]\n"
        "|     ||                  |     |                  ` 40m deadline\n"
        "|     ||                  |     ` 25m boss: push + SMS #2, every 5m, 4 rounds\n"
        "|     ||                  ` 20m mail: e-mail, unless opened\n"
        "|     |` 5m30s held for 10m: a person holds the plan\n"
        "|     ` 5m SMS is sent, refused for good\n"
        "` 0 push is sent\n"
        "\n"
        "(erased)\n"
        "=/=+    N\n"
        " | | 2m acknowledged (the application)\n"
        " | ` 2m confirmed\n"
        " ` 1m SMS is skipped: no longer needed: delivered\n"
        "\n"
        "* sent  x failed  / skipped  ^ evidence  + confirmed  ! changed  o planned\n"
        "] deadline\n");
    aw_picture_free(p);
    json_object_del(v, "id");
    aw_picture_init(p, AW_LANG_EN);
    assert_int_equal(aw_picture_message(p, v, NULL), AW_EINVAL);
    aw_picture_free(p);
    json_decref(v);
    aw_buf_free(&b);
    aw_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes),        cmocka_unit_test(test_lanes_are_few),
        cmocka_unit_test(test_random),       cmocka_unit_test(test_rule_text),
        cmocka_unit_test(test_rule_mermaid), cmocka_unit_test(test_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
