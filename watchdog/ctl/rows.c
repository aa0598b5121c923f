/* SPDX-License-Identifier: Apache-2.0
 *
 * See rows.h.
 */
#include "ctl/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"

enum { COLUMNS_MAX = 24, LISTED_MAX = 2048 };

static const struct word {
    const char *word;
    enum aw_style style;
} words[] = {
    {"ok", AW_GOOD},        {"ready", AW_GOOD},     {"confirmed", AW_GOOD}, {"accepted", AW_GOOD},
    {"delivered", AW_GOOD}, {"passed", AW_GOOD},    {"exhausted", AW_BAD},  {"expired", AW_BAD},
    {"refused", AW_BAD},    {"auth", AW_BAD},       {"no_target", AW_BAD},  {"failed", AW_BAD},
    {"stopped", AW_BAD},    {"down", AW_BAD},       {"failing", AW_WARN},   {"degraded", AW_WARN},
    {"paused", AW_WARN},    {"throttled", AW_WARN}, {"transient", AW_WARN}, {"unknown", AW_WARN},
    {"limited", AW_WARN},   {"blind", AW_WARN},
};

static enum aw_style style_of(const char *word)
{
    for (unsigned i = 0; i < AW_COUNT(words); i++)
        if (aw_streq(words[i].word, word))
            return words[i].style;
    return AW_PLAIN;
}

static void add_state(struct aw_table *t, const struct aw_out *o, const char *word)
{
    static const enum aw_mark marks[] = {[AW_PLAIN] = AW_MARK_HOLLOW,
                                         [AW_GOOD] = AW_MARK_DOT,
                                         [AW_WARN] = AW_MARK_WARN,
                                         [AW_BAD] = AW_MARK_BAD};
    enum aw_style style = style_of(word);
    if (o->tty && word)
        aw_table_addf(t, style, "%s %s", aw_out_mark(o, marks[style]), word);
    else
        aw_table_add(t, style, word);
}

static void value_text(const json_t *v, struct aw_buf *out)
{
    size_t i;
    json_t *item;
    if (json_is_string(v))
        aw_buf_puts(out, json_string_value(v));
    else if (json_is_boolean(v))
        aw_buf_puts(out, json_is_true(v) ? "yes" : "no");
    else if (json_is_integer(v))
        aw_buf_printf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        aw_buf_printf(out, "%g", json_real_value(v));
    json_array_foreach(v, i, item)
    {
        aw_buf_puts(out, i ? "," : "");
        if (!json_is_array(item))
            value_text(item, out);
    }
}

static const json_t *member_of(const json_t *row, const char *path)
{
    char name[64];
    for (; row && *path; path += strcspn(path, ".") + (strchr(path, '.') != NULL)) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "."), path);
        row = json_object_get(row, name);
    }
    return row;
}

static void add_cell(struct aw_table *t, const struct aw_out *o, const struct aw_column *c,
                     const json_t *row)
{
    char when[AW_TIME_TEXT];
    const json_t *v = member_of(row, c->member);
    void *first = c->show == AW_SHOW_FIRST ? json_object_iter((json_t *)v) : NULL;
    struct aw_buf text = AW_BUF_INIT(LISTED_MAX);
    value_text(first ? json_object_iter_value(first) : v, &text);
    const char *s = text.n ? aw_buf_str(&text) : NULL;
    switch (c->show) {
    case AW_SHOW_TIME:
        aw_table_add(t, AW_PLAIN, aw_out_when(o, when, s));
        break;
    case AW_SHOW_STATE:
        add_state(t, o, s);
        break;
    case AW_SHOW_SHORT:
        aw_table_addf(t, AW_PLAIN, "%.12s", s ? s : "-");
        break;
    default:
        aw_table_add(t, c->show == AW_SHOW_NAME ? AW_BOLD : AW_PLAIN, s);
    }
    aw_buf_free(&text);
}

static void add_row(struct aw_table *t, const struct aw_out *o, const struct aw_column *columns,
                    const json_t *row)
{
    for (const struct aw_column *c = columns; c->head; c++)
        add_cell(t, o, c, row);
}

void aw_rows_print(const struct aw_out *o, const struct aw_column *columns, const json_t *rows)
{
    const char *heads[COLUMNS_MAX + 1] = {NULL};
    for (unsigned i = 0; i < COLUMNS_MAX && columns[i].head; i++)
        heads[i] = columns[i].head;
    struct aw_table t;
    size_t i;
    json_t *row;
    aw_table_init(&t, heads);
    if (json_is_object(rows))
        add_row(&t, o, columns, rows);
    json_array_foreach(rows, i, row) add_row(&t, o, columns, row);
    aw_table_print(&t, o);
    aw_table_free(&t);
}

int aw_ctl_show(const struct aw_ctl *ctl, const struct aw_column *columns, const json_t *v)
{
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        aw_rows_print(&ctl->out, columns, v);
    return AW_EXIT_DONE;
}

int aw_ctl_list(struct aw_ctl *ctl, const struct aw_column *columns, const char *path,
                void (*each)(const struct aw_ctl *ctl, json_t *row))
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_call(c, "GET", path, NULL, NULL, &v) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    size_t i;
    json_t *row;
    const json_t *data = json_object_get(v, "data");
    json_array_foreach(data, i, row) if (each) each(ctl, row);
    aw_ctl_show(ctl, columns, data);
    if (aw_json_str(v, "next"))
        fprintf(stderr, "There is more: --after %s\n", aw_json_str(v, "next"));
    return AW_EXIT_DONE;
}

int aw_ctl_post(struct aw_ctl *ctl, const char *path, json_t *body, json_t **ret)
{
    if (!body)
        return aw_ctl_say(AW_EXIT_USAGE, "an argument is not valid UTF-8");
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    int code = c ? aw_client_call(c, "POST", path, text, NULL, ret) : AW_EXIT_USAGE;
    free(text);
    return code;
}

char *aw_ctl_path(const char *prefix, const char *name, const char *suffix)
{
    AW_AUTO_FREE char *escaped = aw_client_escape(name);
    struct aw_buf b = AW_BUF_INIT(3 * strlen(name) + 512);
    aw_buf_printf(&b, "%s%s%s", prefix, escaped, suffix);
    return aw_buf_take(&b, NULL);
}

char *aw_ctl_query(const struct aw_ctl *ctl, const char *path, const char *const *names)
{
    struct aw_buf b = AW_BUF_INIT(65536);
    aw_buf_printf(&b, "%s?limit=%ld", path, aw_ctl_number(ctl, "limit", 50));
    static const char *const cursor[] = {"after", NULL};
    for (const char *const *list = cursor; list; list = list == cursor ? names : NULL)
        for (unsigned i = 0; list[i]; i++) {
            const char *value = aw_ctl_flag(ctl, list[i]);
            AW_AUTO_FREE char *escaped = value ? aw_client_escape(value) : NULL;
            if (value)
                aw_buf_printf(&b, "&%s=%s", list[i], escaped);
        }
    return aw_buf_take(&b, NULL);
}
