/* SPDX-License-Identifier: Apache-2.0
 *
 * The record: a ring of lines, each rendered once when it is added.
 */
#include "sim/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define BYTES_MAX ((size_t)128 << 20)
#define TEXT_MAX  8192

struct aw_sim_record {
    char **lines; /* line n stands at n % max */
    size_t max, n, bytes;
    uint64_t next; /* the number of the next line */
};

struct aw_sim_record *aw_sim_record_new(size_t max)
{
    struct aw_sim_record *r = aw_calloc(1, sizeof(*r));
    r->lines = aw_calloc(max, sizeof(*r->lines));
    r->max = max;
    r->next = 1;
    return r;
}

static uint64_t first(const struct aw_sim_record *r)
{
    return r->next - r->n;
}

static void drop_oldest(struct aw_sim_record *r)
{
    char **slot = &r->lines[first(r) % r->max];
    r->bytes -= strlen(*slot);
    free(*slot);
    *slot = NULL;
    r->n--;
}

void aw_sim_record_free(struct aw_sim_record *r)
{
    if (!r)
        return;
    while (r->n)
        drop_oldest(r);
    aw_free(r->lines);
    aw_free(r);
}

void aw_sim_record_add(struct aw_sim_record *r, aw_time at, const char *what, const char *user,
                       json_t *more)
{
    char when[AW_TIME_TEXT];
    aw_time_print(when, at);
    json_t *o = json_pack("{s:I, s:s, s:s, s:s*}", "n", (json_int_t)r->next, "at", when, "what",
                          what, "user", user);
    json_object_update_missing(o, more);
    json_decref(more);
    char *line = json_dumps(o, JSON_COMPACT);
    json_decref(o);

    r->bytes += strlen(line);
    while (r->n && (r->n == r->max || r->bytes > BYTES_MAX))
        drop_oldest(r);
    r->lines[r->next++ % r->max] = line;
    r->n++;
}

void aw_sim_record_page(const struct aw_sim_record *r, uint64_t from, size_t limit,
                        struct aw_buf *out)
{
    if (from < first(r))
        from = first(r);
    aw_buf_puts(out, "{\"data\":[");
    uint64_t n = from;
    for (; n < r->next && n - from < limit; n++) {
        if (n != from)
            aw_buf_putc(out, ',');
        aw_buf_puts(out, r->lines[n % r->max]);
    }
    aw_buf_printf(out, "],\"next\":%" PRIu64 ",\"dropped\":%" PRIu64 "}", n, first(r) - 1);
}

json_t *aw_sim_text(const char *p, size_t n)
{
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);
    const char *end = p + n;
    while (p < end && b.n + 4 < TEXT_MAX) {
        const char *next = p;
        if (aw_utf8_next(&next, end) < 0) {
            aw_buf_putc(&b, '?');
            p++;
        } else {
            aw_buf_add(&b, p, (size_t)(next - p));
            p = next;
        }
    }
    json_t *text = json_stringn(aw_buf_str(&b), b.n);
    aw_buf_free(&b);
    return text;
}
