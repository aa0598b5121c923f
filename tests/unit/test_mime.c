/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/mime.h: exact bytes of small mails, the shape of all lines, decoding back, refusals.
 */
#include "codec/mime.h"

#include <stdio.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/mem.h"
#include "base/str.h"

static const struct aw_mail sample = {
    .from_address = "ackwatch@example.com",
    .to_address = "li@sim.invalid",
    .subject = "Order 42",
    .text = "It is on its way.\n",
    .message_id = "aw_0000000000011@node-1.example.com",
    .date = 1795312970114,
};

/* Every line within 76 characters and CRLF, no bare CR or LF, only printable ASCII. */
static void assert_shape(const struct aw_buf *b, size_t longest)
{
    const char *s = aw_buf_str(b);
    assert_int_equal(strlen(s), b->n);
    while (*s) {
        size_t n = strcspn(s, "\r\n");
        assert_true(n <= longest);
        assert_memory_equal(s + n, "\r\n", 2);
        assert_false(n == 1 && *s == '.');
        for (size_t i = 0; i < n; i++)
            assert_in_range(s[i], ' ', '~');
        s += n + 2;
    }
}

static struct aw_buf build(const struct aw_mail *m)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    struct aw_err err = {""};
    if (aw_mime_build(&b, m, &err) != 0)
        fail_msg("%s", err.text);
    return b;
}

static void a_plain_mail(void **state)
{
    struct aw_buf b = build(&sample);
    assert_string_equal(aw_buf_str(&b), "Date: Sun, 22 Nov 2026 02:02:50 +0000\r\n"
                                        "From: <ackwatch@example.com>\r\n"
                                        "To: <li@sim.invalid>\r\n"
                                        "Subject: Order 42\r\n"
                                        "Message-ID: <aw_0000000000011@node-1.example.com>\r\n"
                                        "MIME-Version: 1.0\r\n"
                                        "Auto-Submitted: auto-generated\r\n"
                                        "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: quoted-printable\r\n"
                                        "\r\n"
                                        "It is on its way.\r\n");
    aw_buf_free(&b);
}

static void a_chinese_mail_with_html(void **state)
{
    struct aw_mail m = sample;
    m.from_name = "订单 Ackwatch";
    m.subject = "订单已发货";
    m.text = "您的订单已发货\n";
    m.html = "<p>You = here</p>";
    struct aw_buf b = build(&m);
    assert_shape(&b, 76);
    assert_non_null(strstr(b.p, "\r\nFrom: =?UTF-8?B?6K6i5Y2VIEFja3dhdGNo?="
                                " <ackwatch@example.com>\r\n"));
    assert_non_null(strstr(b.p, "\r\nSubject: =?UTF-8?B?6K6i5Y2V5bey5Y+R6LSn?=\r\n"));
    const char *mark = strstr(b.p, "boundary=\"=_");
    assert_non_null(mark);
    char boundary[35];
    snprintf(boundary, sizeof boundary, "%.34s", mark + 10);
    char line[64];
    snprintf(line, sizeof line, "\r\n--%s\r\n", boundary);
    const char *first = strstr(b.p, line);
    assert_non_null(first);
    assert_non_null(strstr(first + 4, line));
    snprintf(line, sizeof line, "\r\n--%s--\r\n", boundary);
    assert_string_equal(b.p + b.n - strlen(line), line);
    assert_non_null(strstr(b.p, "base64\r\n\r\n5oKo55qE6K6i5Y2V5bey5Y+R6LSnDQo=\r\n"));
    assert_non_null(strstr(b.p, "quoted-printable\r\n\r\n<p>You =3D here</p>\r\n"));
    struct aw_buf again = build(&m);
    assert_string_equal(b.p, again.p); /* the same bytes on every try */
    aw_buf_free(&again);
    aw_buf_free(&b);
}

/* Undoes quoted-printable and CRLF. */
static void unquote(struct aw_buf *out, const char *s)
{
    for (; *s; s++) {
        uint8_t byte;
        if (aw_starts(s, "=\r\n"))
            s += 2;
        else if (*s == '=' && aw_unhex(&byte, s + 1, 2) == 0)
            aw_buf_putc(out, (char)byte), s += 2;
        else if (*s != '\r')
            aw_buf_putc(out, *s);
    }
}

static const char long_line[] =
    "a line of more than seventy-six characters that has to be broken softly somewhere . . . "
    "................................................................................. .\n";

static void hostile_bodies_stay_inside(void **state)
{
    static const char *const bodies[] = {
        ".\nMAIL FROM:<a@b>\n",
        "\n.\n.\n",
        "a\r.\rb",
        "..\n",
        "trailing blank \nand tab\t\n",
        "=3D=\n=",
        "no end",
        "",
        "\n\n\n",
        "From here\n",
        "bell\a and nul-free\n",
        long_line,
        "ééééééééé mostly plain ascii text follows so that it stays quoted printable, you see.\n",
    };
    for (size_t i = 0; i < AW_COUNT(bodies); i++) {
        struct aw_mail m = sample;
        m.text = bodies[i];
        struct aw_buf b = build(&m), back = AW_BUF_INIT(10000), want = AW_BUF_INIT(10000);
        assert_shape(&b, 76);
        const char *body = strstr(b.p, "\r\n\r\n") + 4;
        if (strstr(b.p, "quoted-printable")) {
            unquote(&back, body);
            for (const char *s = bodies[i]; *s; s++)
                if (*s != '\r' || s[1] != '\n')
                    aw_buf_putc(&want, *s == '\r' ? '\n' : *s);
            if (want.n && want.p[want.n - 1] != '\n')
                aw_buf_putc(&want, '\n');
            assert_string_equal(aw_buf_str(&back), aw_buf_str(&want));
        }
        aw_buf_free(&b);
        aw_buf_free(&back);
        aw_buf_free(&want);
    }
}

static void long_chinese_body(void **state)
{
    struct aw_buf text = AW_BUF_INIT(100000);
    for (int i = 0; i < 2000; i++)
        aw_buf_puts(&text, i % 50 ? "通知" : "\n");
    struct aw_mail m = sample;
    m.text = aw_buf_str(&text);
    struct aw_buf b = build(&m), joined = AW_BUF_INIT(100000), want = AW_BUF_INIT(100000);
    assert_shape(&b, 76);
    for (const char *s = strstr(b.p, "\r\n\r\n") + 4; *s; s++)
        if (*s != '\r' && *s != '\n')
            aw_buf_putc(&joined, *s);
    char *plain = aw_malloc(joined.n);
    size_t n;
    assert_int_equal(aw_unb64(plain, joined.n, joined.p, joined.n, &n), 0);
    for (const char *s = text.p; *s; s++)
        aw_buf_printf(&want, "%s%c", *s == '\n' ? "\r" : "", *s);
    aw_buf_puts(&want, "\r\n");
    assert_int_equal(n, want.n);
    assert_memory_equal(plain, want.p, n);
    aw_free(plain);
    aw_buf_free(&want);
    aw_buf_free(&joined);
    aw_buf_free(&b);
    aw_buf_free(&text);
}

/* Header text back from folds and B-words. */
static void decode_header(struct aw_buf *out, const char *s)
{
    bool word_before = false;
    while (*s) {
        if (aw_starts(s, "\r\n")) {
            s += 2;
        } else if (word_before && *s == ' ' && strspn(s, " \r\n") && aw_starts(s + 1, "=?")) {
            s++; /* a blank between two encoded words does not count */
        } else if (aw_starts(s, "=?UTF-8?B?")) {
            const char *end = strstr(s + 10, "?=");
            char bytes[64];
            size_t n;
            assert_non_null(end);
            assert_true(end + 2 - s <= 75);
            assert_int_equal(aw_unb64(bytes, sizeof bytes, s + 10, (size_t)(end - s - 10), &n), 0);
            assert_true(n <= 45 && aw_utf8_valid(bytes, n));
            aw_buf_add(out, bytes, n);
            s = end + 2;
            word_before = true;
        } else {
            aw_buf_putc(out, *s++);
            word_before = false;
        }
    }
}

static void headers(void **state)
{
    static const char *const values[] = {
        "plain",
        "",
        "two  blanks",
        " leading",
        "trailing ",
        "=?UTF-8?B?eA==?=",
        "é",
        "a subject that is quite long and has to be folded somewhere before it reaches its end ok",
        "https://example.com/a/very/long/address/without/any/blank/that/cannot/be/folded/at/all/x",
        "订单已发货订单已发货订单已发货订单已发货订单已发货订单已发货订单已发货订单已发货",
        "🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚🚚",
        "a (comment) \"quoted\" <x@y>, z; =3D",
    };
    static const char *const names[] = {"S", "Subject", "X-Ackwatch-A-Rather-Long-Header-Name"};
    for (size_t k = 0; k < AW_COUNT(names); k++)
        for (size_t i = 0; i < AW_COUNT(values); i++) {
            struct aw_buf b = AW_BUF_INIT(10000), back = AW_BUF_INIT(10000);
            assert_int_equal(aw_mime_header(&b, names[k], values[i], NULL), 0);
            assert_shape(&b, 76);
            assert_true(aw_starts(b.p, names[k]));
            decode_header(&back, b.p + strlen(names[k]) + 2);
            assert_string_equal(aw_buf_str(&back), values[i]);
            aw_buf_free(&b);
            aw_buf_free(&back);
        }
}

static void refused_headers(void **state)
{
    static const char *const bad[] = {"a\nBcc: x@y", "a\r\n b", "a\rb",     "\x01",
                                      "a\x7f",       "\xff",    "\xc2\x85", "tab\there"};
    struct aw_buf b = AW_BUF_INIT(1000);
    struct aw_err err;
    for (size_t i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_mime_header(&b, "Subject", bad[i], &err), AW_EINVAL);
    assert_int_equal(aw_mime_header(&b, "", "x", &err), AW_EINVAL);
    assert_int_equal(aw_mime_header(&b, "A:B", "x", &err), AW_EINVAL);
    assert_int_equal(aw_mime_header(&b, "A\r\nB", "x", &err), AW_EINVAL);
    assert_int_equal(b.n, 0);
    aw_buf_free(&b);
}

static void refused_mails(void **state)
{
    struct aw_mail m[] = {sample, sample, sample, sample, sample, sample, sample, sample};
    m[0].to_address = "li@sim.invalid>\r\nRCPT TO:<x@y";
    m[1].from_address = "nobody";
    m[2].message_id = "no host";
    m[3].subject = "a\nb";
    m[4].from_name = "a\nb";
    m[5].text = "\xff";
    m[6].html = "\xff";
    m[7].date = -1;
    for (size_t i = 0; i < AW_COUNT(m); i++) {
        struct aw_buf b = AW_BUF_INIT(10000);
        struct aw_err err = {""};
        assert_int_equal(aw_mime_build(&b, &m[i], &err), AW_EINVAL);
        assert_true(strlen(err.text) > 0);
        assert_null(strstr(err.text, "sim.invalid")); /* no addresses in error texts */
        assert_int_equal(b.n, 0);
    }
    struct aw_buf small = AW_BUF_INIT(100);
    struct aw_err err;
    assert_int_equal(aw_mime_build(&small, &sample, &err), AW_ELIMIT);
    aw_buf_free(&small);
}

static void mailbox_names(void **state)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"Ackwatch Ops", "\r\nFrom: Ackwatch Ops <ackwatch@example.com>\r\n"},
        {"", "\r\nFrom: <ackwatch@example.com>\r\n"},
        {"Ack, Inc.", "\r\nFrom: =?UTF-8?B?QWNrLCBJbmMu?= <ackwatch@example.com>\r\n"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_mail m = sample;
        m.from_name = rows[i].name;
        struct aw_buf b = build(&m);
        assert_non_null(strstr(b.p, rows[i].line));
        aw_buf_free(&b);
    }
    struct aw_mail m = sample;
    m.from_name = "A name that is so long that the address must go to the next line";
    struct aw_buf b = build(&m);
    assert_shape(&b, 76);
    assert_non_null(strstr(b.p, "next line\r\n <ackwatch@example.com>\r\n"));
    aw_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail),
        cmocka_unit_test(a_chinese_mail_with_html),
        cmocka_unit_test(hostile_bodies_stay_inside),
        cmocka_unit_test(long_chinese_body),
        cmocka_unit_test(headers),
        cmocka_unit_test(refused_headers),
        cmocka_unit_test(refused_mails),
        cmocka_unit_test(mailbox_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
