/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch templates`: what people will read, before anybody does. All verbs work on files,
 * without a daemon: list, show, check, and render, which expands as the daemon does and says what
 * an SMS costs.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/sms.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

#define DEFAULT_DIR AW_SYSCONFDIR "/rules/templates"
#define DATA_MAX    ((size_t)1 << 20)
#define TEXT_MAX    ((size_t)64 << 10)

/* --- loading --------------------------------------------------------------------------------- */

struct texts {
    char *dir;
    struct aw_templates list;
    struct aw_diag diag;
};

static void texts_cleanup(struct texts *t)
{
    aw_templates_free(&t->list);
    aw_diag_free(&t->diag);
    aw_free(t->dir);
}

/* The directory, or the one named templates in it: a rules directory will do. */
static char *dir_of(const char *given)
{
    struct stat st;
    struct aw_buf b = AW_BUF_INIT(8192);
    aw_buf_printf(&b, "%s/templates", given);
    if (stat(aw_buf_str(&b), &st) == 0 && S_ISDIR(st.st_mode))
        return aw_buf_take(&b, NULL);
    aw_buf_free(&b);
    return aw_strdup(given);
}

static int load(const char *dir, struct texts *t)
{
    *t = (struct texts){.dir = dir_of(dir ? dir : DEFAULT_DIR)};
    aw_diag_init(&t->diag);
    t->diag.lang = aw_lang();
    return aw_templates_load(t->dir, &t->list, &t->diag);
}

/* The templates of --dir; problems are said on stderr. */
static int load_flag(const struct aw_ctl *ctl, struct texts *t)
{
    return load(aw_ctl_flag(ctl, "dir"), t) < 0 ? aw_local_complain(&t->diag) : AW_EXIT_DONE;
}

static const struct aw_template *find(const struct texts *t, const char *name)
{
    const char **names = aw_calloc(t->list.n + 1, sizeof *names);
    const struct aw_template *found = NULL;
    for (unsigned i = 0; i < t->list.n; i++) {
        names[i] = t->list.list[i].name;
        if (aw_streq(names[i], name))
            found = &t->list.list[i];
    }
    const char *near = found ? NULL : aw_nearest(name, names);
    if (!found)
        aw_ctl_say(0, "there is no template \"%s\" in %s%s%s%s", name, t->dir,
                   near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    aw_free(names);
    return found;
}

/* --- rendering ------------------------------------------------------------------------------- */

struct render {
    const json_t *data; /* or NULL */
    const char *lang;
    json_t *samples; /* names that got a sample */
};

static const char *value(void *ctx, const char *name)
{
    const struct render *r = ctx;
    const char *dot = strchr(name, '.');
    const json_t *from = r->data;
    if (dot)
        from = json_object_get(from, aw_starts(name, "extras.") ? "extras" : "labels");
    const char *v = json_string_value(json_object_get(from, dot ? dot + 1 : name));
    if (v)
        return v;
    json_object_set_new(r->samples, name, json_true());
    return aw_template_sample(name, r->lang);
}

static json_t *expand(struct render *r, const char *text, enum aw_escape esc)
{
    if (!text)
        return json_null();
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);
    aw_template_expand(&out, text, esc, value, r);
    json_t *v = json_stringn(aw_buf_str(&out), out.n);
    aw_buf_free(&out);
    return v;
}

static json_t *sms_json(const char *text)
{
    struct aw_sms_count c;
    struct aw_sms_odd odd;
    aw_sms_count(text, strlen(text), &c);
    json_t *v = json_pack("{s:s,s:i,s:i,s:i,s:i}", "coding", aw_sms_coding_name(c.coding),
                          "characters", (int)c.chars, "units", (int)c.units, "segments",
                          (int)c.segments, "room", (int)c.room);
    if (aw_sms_odd(text, strlen(text), &odd) && odd.all) {
        const char *at = text + odd.at, *after = at;
        aw_utf8_next(&after, text + strlen(text));
        json_object_set_new(v, "odd",
                            json_pack("{s:s%,s:i,s:s,s:i,s:i}", "character", at,
                                      (size_t)(after - at), "position", (int)odd.position,
                                      "instead", odd.instead, "others", (int)odd.others,
                                      "segments_without", (int)odd.fixed.segments));
    }
    return v;
}

static json_t *forms_json(struct render *r, const struct aw_template_text *t)
{
    json_t *forms = json_object();
    for (unsigned i = 0; i < t->n_forms; i++) {
        json_t *form = json_object();
        for (unsigned k = 0; k < t->forms[i].n_settings; k++)
            json_object_set_new(form, t->forms[i].settings[k].key,
                                expand(r, t->forms[i].settings[k].value, AW_ESC_LINE));
        json_object_set_new(forms, t->forms[i].provider->name, form);
    }
    return forms;
}

/* One text as the daemon would send it (daemon/render.c). */
static json_t *render_one(const struct aw_template *tpl, const struct aw_template_text *t,
                          const json_t *data)
{
    struct render r = {.data = data, .lang = t->lang, .samples = json_object()};
    bool titled = t->kind == AW_PUSH || t->kind == AW_EMAIL;
    json_t *v =
        json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "template", tpl->name, "kind",
                  aw_kind_name(t->kind), "lang", t->lang, "title",
                  titled ? expand(&r, t->title ? t->title : "{{title}}", AW_ESC_LINE) : json_null(),
                  "text", expand(&r, t->text, t->kind == AW_SMS ? AW_ESC_LINE : AW_ESC_TEXT),
                  "html", expand(&r, t->html, AW_ESC_HTML), "forms", forms_json(&r, t));
    if (t->kind == AW_SMS)
        json_object_set_new(v, "sms", sms_json(aw_json_str(v, "text")));
    json_t *names = json_array();
    const char *name;
    json_t *unused;
    json_object_foreach(r.samples, name, unused) json_array_append_new(names, json_string(name));
    json_object_set_new(v, "samples", names);
    json_decref(r.samples);
    return v;
}

static void print_lines(const struct aw_out *o, const char *label, const char *text)
{
    struct aw_buf line = AW_BUF_INIT(TEXT_MAX);
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        AW_AUTO_FREE char *part = aw_strndup(text, n);
        aw_buf_reset(&line);
        aw_out_clean(&line, part);
        fprintf(o->f, "  %-6s%s\n", label, aw_buf_str(&line));
        text += n + (text[n] == '\n');
        label = "";
    }
    aw_buf_free(&line);
}

static void print_price(const struct aw_out *o, const json_t *sms)
{
    json_int_t n = json_integer_value(json_object_get(sms, "segments"));
    const json_t *odd = json_object_get(sms, "odd");
    fprintf(o->f, "        %s%s, %lld characters, %lld segment%s (%lld units left)%s\n",
            aw_out_on(o, n > 1 ? AW_WARN : AW_DIM), aw_json_str(sms, "coding"),
            (long long)json_integer_value(json_object_get(sms, "characters")), (long long)n,
            n == 1 ? "" : "s", (long long)json_integer_value(json_object_get(sms, "room")),
            aw_out_off(o, n > 1 ? AW_WARN : AW_DIM));
    if (odd && json_integer_value(json_object_get(odd, "segments_without")) < n)
        fprintf(o->f, "        %s \"%s\", character %lld, is why: write \"%s\", and it is %lld\n",
                aw_out_mark(o, AW_MARK_WARN), aw_json_str(odd, "character"),
                (long long)json_integer_value(json_object_get(odd, "position")),
                aw_json_str(odd, "instead"),
                (long long)json_integer_value(json_object_get(odd, "segments_without")));
}

static void print_rendered(const struct aw_out *o, const json_t *v)
{
    const char *provider, *key;
    json_t *form, *text;
    size_t i;
    fprintf(o->f, "%s%s %s%s\n", aw_out_on(o, AW_BOLD), aw_json_str(v, "kind"),
            aw_json_str(v, "lang"), aw_out_off(o, AW_BOLD));
    print_lines(o, "title", aw_json_str(v, "title"));
    print_lines(o, "text", aw_json_str(v, "text"));
    print_lines(o, "html", aw_json_str(v, "html"));
    if (json_object_get(v, "sms"))
        print_price(o, json_object_get(v, "sms"));
    json_object_foreach(json_object_get(v, "forms"), provider, form)
        json_object_foreach(form, key, text)
            fprintf(o->f, "  %s  %s: %s\n", provider, key, json_string_value(text));
    json_array_foreach(json_object_get(v, "samples"), i, text)
        fprintf(o->f, i ? ", %s" : "        sample values: %s", json_string_value(text));
    fputs(i ? "\n\n" : "\n", o->f);
}

/* --- render ---------------------------------------------------------------------------------- */

static int bad_name(const char *name)
{
    const char *near = aw_nearest(name, aw_template_names);
    return aw_ctl_say(AW_EXIT_USAGE,
                      "--data: no text can use \"%s\"%s%s%s; names: title body link code user "
                      "rule message step recipient deadline app, extras and labels",
                      name, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int check_data(json_t *data)
{
    const char *name;
    json_t *v;
    json_object_foreach(data, name, v)
    {
        bool map = aw_streq(name, "extras") || aw_streq(name, "labels"), known = map;
        for (unsigned i = 0; aw_template_names[i]; i++)
            known = known || aw_streq(name, aw_template_names[i]);
        if (!known)
            return bad_name(name);
        if (map ? !json_is_object(v) : !json_is_string(v))
            return aw_ctl_say(AW_EXIT_USAGE, "--data: \"%s\" is a %s", name,
                              map ? "map of texts" : "text");
    }
    return AW_EXIT_DONE;
}

static int read_data(const char *path, json_t **ret)
{
    size_t n;
    struct aw_err err;
    AW_AUTO_FREE char *text = aw_ctl_read(path, DATA_MAX, &n);
    if (!text)
        return AW_EXIT_FAILED;
    if (aw_json_parse(text, n, DATA_MAX, ret, &err) < 0)
        return aw_ctl_say(AW_EXIT_USAGE, "--data: %s", err.text);
    return json_is_object(*ret) ? check_data(*ret)
                                : aw_ctl_say(AW_EXIT_USAGE, "--data: an object is wanted");
}

static json_t *render_all(const struct texts *t, const struct aw_template *tpl, const char *kind,
                          const char *lang, const json_t *data)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < tpl->n_texts; i++) {
        const struct aw_template_text *x = &tpl->texts[i];
        if (kind && !aw_streq(kind, aw_kind_name(x->kind)))
            continue;
        if (!lang || aw_template_find(&t->list, tpl->name, x->kind, lang) == x)
            json_array_append_new(list, render_one(tpl, x, data));
    }
    return list;
}

static int exec_render(struct aw_ctl *ctl)
{
    static const struct aw_column columns[] = {
        {"KIND", "kind", 0},
        {"LANG", "lang", 0},
        {"TITLE", "title", 0},
        {"TEXT", "text", 0},
        {"CODING", "sms.coding", 0},
        {"SEGMENTS", "sms.segments", 0},
        {NULL},
    };
    AW_AUTO(texts_cleanup) struct texts t;
    AW_AUTO(aw_json_cleanup) json_t *data = NULL, *list = NULL;
    int code = load_flag(ctl, &t);
    const struct aw_template *tpl = code == AW_EXIT_DONE ? find(&t, ctl->args[0]) : NULL;
    if (!tpl)
        return code == AW_EXIT_DONE ? AW_EXIT_NO_OBJECT : code;
    if (aw_ctl_flag(ctl, "data") && (code = read_data(aw_ctl_flag(ctl, "data"), &data)))
        return code;
    list = render_all(&t, tpl, aw_ctl_flag(ctl, "kind"), aw_ctl_flag(ctl, "lang"), data);
    if (!json_array_size(list))
        return aw_ctl_say(AW_EXIT_NO_OBJECT, "template \"%s\" has no text for %s", tpl->name,
                          aw_ctl_flag(ctl, "kind"));
    size_t i;
    json_t *v;
    if (!ctl->out.tty || ctl->out.json)
        return aw_ctl_show(ctl, columns, list);
    json_array_foreach(list, i, v) print_rendered(&ctl->out, v);
    return AW_EXIT_DONE;
}

/* --- list, show, check ----------------------------------------------------------------------- */

static void add_member(json_t *row, const char *key, const char *text)
{
    json_t *list = json_object_get(row, key);
    if (!list)
        json_object_set_new(row, key, list = json_array());
    json_array_append_new(list, json_string(text));
}

/* A row for each kind of a template. */
static void list_template(json_t *rows, const struct aw_template *tpl)
{
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        json_t *row = NULL;
        json_int_t most = 0;
        for (unsigned i = 0; i < tpl->n_texts; i++) {
            const struct aw_template_text *x = &tpl->texts[i];
            if (x->kind != k)
                continue;
            if (!row)
                row = json_pack("{s:s,s:s}", "template", tpl->name, "kind", aw_kind_name(x->kind));
            add_member(row, "langs", x->lang);
            for (unsigned f = 0; f < x->n_forms; f++)
                add_member(row, "forms", x->forms[f].provider->name);
            AW_AUTO(aw_json_cleanup) json_t *v = render_one(tpl, x, NULL);
            json_int_t n =
                json_integer_value(json_object_get(json_object_get(v, "sms"), "segments"));
            most = n > most ? n : most;
        }
        if (row && most)
            json_object_set_new(row, "segments", json_integer(most));
        if (row)
            json_array_append_new(rows, row);
    }
}

static int exec_list(struct aw_ctl *ctl)
{
    static const struct aw_column columns[] = {
        {"TEMPLATE", "template", AW_SHOW_NAME},
        {"KIND", "kind", 0},
        {"LANGS", "langs", 0},
        {"SEGMENTS", "segments", 0},
        {"FORMS", "forms", 0},
        {NULL},
    };
    AW_AUTO(texts_cleanup) struct texts t;
    AW_AUTO(aw_json_cleanup) json_t *rows = json_array();
    int code = load_flag(ctl, &t);
    if (code != AW_EXIT_DONE)
        return code;
    for (unsigned i = 0; i < t.list.n; i++)
        list_template(rows, &t.list.list[i]);
    return aw_ctl_show(ctl, columns, rows);
}

static int exec_show(struct aw_ctl *ctl)
{
    AW_AUTO(texts_cleanup) struct texts t;
    int code = load_flag(ctl, &t);
    const struct aw_template *tpl = code == AW_EXIT_DONE ? find(&t, ctl->args[0]) : NULL;
    if (!tpl)
        return code == AW_EXIT_DONE ? AW_EXIT_NO_OBJECT : code;
    struct aw_buf path = AW_BUF_INIT(8192);
    size_t n;
    aw_buf_printf(&path, "%s/%s.yaml", t.dir, tpl->name);
    AW_AUTO_FREE char *text = aw_ctl_read(aw_buf_str(&path), DATA_MAX, &n);
    if (text && ctl->out.json) {
        json_t *v = json_pack("{s:s,s:s,s:s}", "template", tpl->name, "file", aw_buf_str(&path),
                              "text", text);
        aw_out_json(&ctl->out, v);
        json_decref(v);
    } else if (text) {
        fputs(text, ctl->out.f);
    }
    aw_buf_free(&path);
    return text ? AW_EXIT_DONE : AW_EXIT_FAILED;
}

static int exec_check(struct aw_ctl *ctl)
{
    AW_AUTO(texts_cleanup) struct texts t;
    load(ctl->n_args ? ctl->args[0] : NULL, &t);
    int code = aw_local_report(ctl, &t.diag);
    const struct aw_out *o = &ctl->out;
    if (code != AW_EXIT_DONE || o->json)
        return code;
    unsigned n = 0;
    for (unsigned i = 0; i < t.list.n; i++)
        n += t.list.list[i].n_texts;
    fputs(o->tty ? "✔ " : "", o->f);
    AW_LOCAL_COUNT(o, t.list.n, _("%u template"), _("%u templates"));
    AW_LOCAL_COUNT(o, n, _(", %u text"), _(", %u texts"));
    fputs(_(": 0 errors"), o->f);
    AW_LOCAL_COUNT(o, t.diag.n, _(", %u warning"), _(", %u warnings"));
    fputc('\n', o->f);
    return code;
}

/* --- entries --------------------------------------------------------------------------------- */

#define DIR_FLAG                                                                                   \
    {                                                                                              \
        "dir", 0, AW_VAL_DIR, 0, NULL,                                                             \
            "directory of templates, or of rules with one in it (" DEFAULT_DIR ")"                 \
    }

static const struct aw_param name_args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "a template: NAME.yaml in the directory"},
    {NULL},
};
static const struct aw_param dir_flags[] = {DIR_FLAG, {NULL}};
static const struct aw_param render_flags[] = {
    {"kind", 0, AW_VAL_CHOICE, 0, aw_kind_names, "only this kind"},
    {"lang", 0, AW_VAL_TEXT, 0, NULL, "the text that a reader of this language gets: en, zh-CN"},
    {"data", 0, AW_VAL_FILE, 0, NULL,
     "values as a JSON object, {\"title\": \"...\", \"extras\": {...}}; - is standard input; what "
     "is missing gets a sample"},
    DIR_FLAG,
    {NULL},
};
static const struct aw_param check_args[] = {
    {"DIR", 0, AW_VAL_DIR, AW_OPTIONAL, NULL,
     "directory of templates, or of rules with one in it (" DEFAULT_DIR ")"},
    {NULL},
};
static const char *const list_examples[] = {"templates list --dir rules/", NULL};
static const char *const show_examples[] = {"templates show order", NULL};
static const char *const render_examples[] = {
    "templates render order --kind sms --lang zh-CN",
    "templates render order --kind email --data order42.json", NULL};
static const char *const check_examples[] = {"templates check rules/templates", NULL};

const struct aw_cmd_entry aw_cmd_templates_list = {
    .noun = "templates",
    .verb = "list",
    .summary = "texts by kind and language, and the segments of their SMS",
    .text = "Needs no daemon. SEGMENTS is the most that a language takes with values of usual "
            "length; FORMS are the providers that are told an audited template.",
    .flags = dir_flags,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_templates_show = {
    .noun = "templates",
    .verb = "show",
    .summary = "the file of a template",
    .args = name_args,
    .flags = dir_flags,
    .examples = show_examples,
    .exec = exec_show,
};
const struct aw_cmd_entry aw_cmd_templates_render = {
    .noun = "templates",
    .verb = "render",
    .summary = "the final texts, and what an SMS costs",
    .text = "Needs no daemon. For each kind and language: the text as it would be sent, for an "
            "SMS its coding and segments, for audited templates their numbers and parameters.",
    .args = name_args,
    .flags = render_flags,
    .examples = render_examples,
    .exec = exec_render,
};
const struct aw_cmd_entry aw_cmd_templates_check = {
    .noun = "templates",
    .verb = "check",
    .summary = "check templates; names every problem with its place",
    .text = "Needs no daemon. Exit code 3 when there are errors; what only costs money is a "
            "warning. Whether the rules find the forms that their channels need is checked by "
            "`rules check --env`.",
    .args = check_args,
    .examples = check_examples,
    .exec = exec_check,
};
