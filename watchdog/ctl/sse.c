/* SPDX-License-Identifier: Apache-2.0
 *
 * See sse.h; https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6.
 */
#include "ctl/sse.h"

#include <string.h>

#include "base/str.h"

void aw_sse_init(struct aw_sse *s, bool (*take)(void *arg, const struct aw_sse_event *e), void *arg)
{
    *s = (struct aw_sse){.take = take, .arg = arg};
    s->line = s->id = s->type = s->data = AW_BUF_INIT(AW_SSE_MAX);
}

void aw_sse_reset(struct aw_sse *s)
{
    aw_buf_reset(&s->line);
    aw_buf_reset(&s->id);
    aw_buf_reset(&s->type);
    aw_buf_reset(&s->data);
    s->has_data = s->has_any = false;
}

void aw_sse_free(struct aw_sse *s)
{
    aw_buf_free(&s->line);
    aw_buf_free(&s->id);
    aw_buf_free(&s->type);
    aw_buf_free(&s->data);
}

static bool give(struct aw_sse *s)
{
    struct aw_sse_event e = {.id = aw_buf_str(&s->id),
                             .type = s->type.n ? aw_buf_str(&s->type) : "message",
                             .data = s->has_data ? aw_buf_str(&s->data) : NULL};
    bool go_on = !s->has_any || s->take(s->arg, &e);
    aw_sse_reset(s);
    return go_on;
}

static void set(struct aw_buf *b, const char *value)
{
    aw_buf_reset(b);
    aw_buf_puts(b, value);
}

static bool take_line(struct aw_sse *s)
{
    if (s->line.n && s->line.p[s->line.n - 1] == '\r')
        s->line.p[--s->line.n] = '\0';
    if (!s->line.n)
        return give(s);
    char *name = s->line.p, *value = strchr(name, ':');
    if (value)
        *value++ = '\0';
    else
        value = name + strlen(name);
    value += *value == ' ';
    bool known = true;
    if (aw_streq(name, "id")) {
        set(&s->id, value);
    } else if (aw_streq(name, "event")) {
        set(&s->type, value);
    } else if (aw_streq(name, "data")) {
        aw_buf_puts(&s->data, s->has_data ? "\n" : "");
        aw_buf_puts(&s->data, value);
        s->has_data = true;
    } else {
        known = false;
    }
    s->has_any = s->has_any || known;
    aw_buf_reset(&s->line);
    return !s->data.over;
}

bool aw_sse_feed(struct aw_sse *s, const char *p, size_t n)
{
    while (n > 0) {
        const char *lf = memchr(p, '\n', n);
        size_t part = lf ? (size_t)(lf - p) : n;
        aw_buf_add(&s->line, p, part);
        if (s->line.over || (lf && !take_line(s)))
            return false;
        part += lf != NULL;
        p += part;
        n -= part;
    }
    return true;
}
