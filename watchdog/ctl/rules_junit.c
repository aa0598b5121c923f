/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of rule tests in the XML that CI systems read: a test suite for each file, a test case
 * for each test, and one in error for each problem of a file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "codec/json.h"
#include "ctl/cmd.h"
#include "ctl/rules.h"

#define XML_MAX ((size_t)64 << 20)

/* XML 1.0 has no way to say most control characters, nor U+FFFE and U+FFFF: they become '?'. */
static void put(struct aw_buf *b, const char *s)
{
    const char *end = s + strlen(s);
    while (s < end) {
        const char *from = s;
        int32_t c = aw_utf8_next(&s, end);
        if (c < 0) {
            s = from + 1;
            c = 0;
        }
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\n' || c == '\t')
            aw_buf_printf(b, "&#%d;", (int)c);
        else if (c < 0x20 || c == 0xFFFE || c == 0xFFFF)
            aw_buf_putc(b, '?');
        else
            aw_buf_add(b, from, (size_t)(s - from));
    }
}

static void put_attribute(struct aw_buf *b, const char *name, const char *value)
{
    aw_buf_printf(b, " %s=\"", name);
    put(b, value);
    aw_buf_putc(b, '"');
}

static void put_case(struct aw_buf *b, const char *file, const json_t *t)
{
    const char *explain = aw_json_str(t, "explain"), *diff = aw_json_str(t, "diff");
    aw_buf_puts(b, "    <testcase");
    put_attribute(b, "classname", file);
    put_attribute(b, "name", aw_json_str(t, "name") ?: "");
    aw_buf_printf(b, " time=\"%.6f\"", json_real_value(json_object_get(t, "seconds")));
    if (!explain) {
        aw_buf_puts(b, "/>\n");
        return;
    }
    struct aw_buf first = AW_BUF_INIT(1 << 16);
    aw_buf_add(&first, explain, strcspn(explain, "\n"));
    aw_buf_puts(b, ">\n      <failure");
    put_attribute(b, "message", aw_buf_str(&first));
    aw_buf_putc(b, '>');
    put(b, explain);
    if (diff)
        put(b, diff);
    aw_buf_puts(b, "</failure>\n    </testcase>\n");
    aw_buf_free(&first);
}

/* The tests of one file stand together in the list. Returns where the next file begins. */
static size_t put_suite(struct aw_buf *b, const json_t *tests, size_t from)
{
    const char *file = aw_json_str(json_array_get(tests, from), "file") ?: "";
    size_t n = from, failed = 0;
    double seconds = 0;
    for (; n < json_array_size(tests); n++) {
        const json_t *t = json_array_get(tests, n);
        if (!aw_streq(aw_json_str(t, "file"), file))
            break;
        failed += aw_json_str(t, "explain") != NULL;
        seconds += json_real_value(json_object_get(t, "seconds"));
    }
    aw_buf_puts(b, "  <testsuite");
    put_attribute(b, "name", file);
    aw_buf_printf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"%.6f\">\n", n - from,
                  failed, seconds);
    for (size_t i = from; i < n; i++)
        put_case(b, file, json_array_get(tests, i));
    aw_buf_puts(b, "  </testsuite>\n");
    return n;
}

static void put_errors(struct aw_buf *b, const struct aw_diag *d)
{
    if (!d->n_errors)
        return;
    unsigned kept = 0;
    for (unsigned i = 0; i < d->n; i++)
        kept += !d->items[i].warning;
    aw_buf_printf(b,
                  "  <testsuite name=\"files\" tests=\"%u\" failures=\"0\" errors=\"%u\" "
                  "time=\"0\">\n",
                  kept, kept);
    for (unsigned i = 0; i < d->n; i++) {
        const struct aw_diag_item *e = &d->items[i];
        char place[64];
        if (e->warning)
            continue;
        snprintf(place, sizeof(place), "%s at %u:%u", e->code, e->at.line, e->at.col);
        aw_buf_puts(b, "    <testcase");
        put_attribute(b, "classname", e->file);
        put_attribute(b, "name", place);
        aw_buf_puts(b, " time=\"0\">\n      <error");
        put_attribute(b, "message", e->text);
        aw_buf_puts(b, "/>\n    </testcase>\n");
    }
    aw_buf_puts(b, "  </testsuite>\n");
}

bool aw_junit_write(const char *path, const json_t *tests, const struct aw_diag *diag)
{
    struct aw_buf b = AW_BUF_INIT(XML_MAX);
    aw_buf_puts(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t i = 0; i < json_array_size(tests);)
        i = put_suite(&b, tests, i);
    put_errors(&b, diag);
    aw_buf_puts(&b, "</testsuites>\n");
    FILE *f = b.over ? NULL : fopen(path, "w");
    bool fine = f && fwrite(aw_buf_str(&b), 1, b.n, f) == b.n;
    if (f && fclose(f) != 0)
        fine = false;
    if (!fine)
        aw_ctl_say(0, "%s: %s", path, b.over ? "more results than fit" : strerror(errno));
    aw_buf_free(&b);
    return fine;
}
