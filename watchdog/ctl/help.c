/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch help`, `-h` of every command, the topics: all made from the command table.
 */
#include "ctl/help.h"
#include "ctl/lang.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/env.h"

#define WIDTH      96
#define NAME_WIDTH 24

void aw_help_usage(const struct aw_cmd_entry *e, struct aw_buf *out)
{
    aw_buf_printf(out, "ackwatch %s%s%s", e->noun, e->verb ? " " : "", e->verb ? e->verb : "");
    for (const struct aw_param *p = e->args; p && p->name; p++)
        aw_buf_printf(out, " %s%s%s%s", p->how & AW_OPTIONAL ? "[" : "", p->name,
                      p->how & AW_MANY ? "..." : "", p->how & AW_OPTIONAL ? "]" : "");
    bool optional = false;
    for (const struct aw_param *p = e->flags; p && p->name; p++) {
        if (p->how & AW_REQUIRED) {
            aw_buf_printf(out, " --%s ", p->name);
            aw_param_value(p, out);
        } else {
            optional = true;
        }
    }
    aw_buf_puts(out, optional ? " [FLAGS]" : "");
}

/* Words in lines of WIDTH columns; `at` columns of the first one are used, the others begin with
 * `indent` blanks. */
static void print_words(FILE *f, const char *text, size_t at, int indent)
{
    for (bool first = true; *text; first = false) {
        size_t n = strcspn(text, " \n"), w = aw_display_width(text, n);
        if (!first && at + 1 + w > WIDTH) {
            fprintf(f, "\n%*s", indent, "");
            at = (size_t)indent;
        } else if (!first) {
            fputc(' ', f);
            at++;
        }
        fprintf(f, "%.*s", (int)n, text);
        at += w;
        text += n;
        text += *text != '\0';
    }
    fputc('\n', f);
}

static void print_params(FILE *f, const char *title, const struct aw_param *p, const char *dashes)
{
    if (!p || !p->name)
        return;
    fprintf(f, "\n%s\n", _(title));
    for (; p->name; p++) {
        struct aw_buf b = AW_BUF_INIT(1024);
        if (*dashes && p->letter)
            aw_buf_printf(&b, "-%c, ", p->letter);
        aw_buf_printf(&b, "%s%s", dashes, p->name);
        if (*dashes && p->type != AW_VAL_NONE) {
            aw_buf_putc(&b, ' ');
            aw_param_value(p, &b);
        }
        if (b.n > NAME_WIDTH)
            fprintf(f, "  %s\n%*s", aw_buf_str(&b), NAME_WIDTH + 4, "");
        else
            fprintf(f, "  %-*s  ", NAME_WIDTH, aw_buf_str(&b));
        aw_buf_reset(&b);
        aw_buf_printf(&b, "%s%s", _(p->help),
                      p->how & AW_MANY && *dashes ? _(" (may be repeated)") : "");
        print_words(f, aw_buf_str(&b), NAME_WIDTH + 4, NAME_WIDTH + 4);
        aw_buf_free(&b);
    }
}

void aw_help_command(const struct aw_cmd_entry *e, FILE *f)
{
    struct aw_buf b = AW_BUF_INIT(1024);
    aw_help_usage(e, &b);
    fprintf(f, "%s\n\n", _(e->summary));
    fprintf(f, _("Usage: %s\n"), aw_buf_str(&b));
    aw_buf_free(&b);
    if (e->examples) {
        fprintf(f, "\n%s\n", _("Examples"));
        for (unsigned i = 0; e->examples[i]; i++)
            fprintf(f, "  ackwatch %s\n", e->examples[i]);
    }
    if (e->text) {
        fputc('\n', f);
        print_words(f, _(e->text), 0, 0);
    }
    print_params(f, N_("Arguments"), e->args, "");
    print_params(f, N_("Flags"), e->flags, "--");
    if (e->remote)
        print_params(f, N_("Connection"), aw_flags_remote, "--");
    print_params(f, N_("Everywhere"), aw_flags_global, "--");
}

void aw_help_noun(const char *noun, FILE *f)
{
    for (const struct aw_noun *n = aw_nouns; n->name; n++)
        if (aw_streq(n->name, noun))
            fprintf(f, "ackwatch %s: %s\n\n", noun, _(n->summary));
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        if (aw_streq(aw_cmd_table[i]->noun, noun))
            fprintf(f, "  %-10s %s\n", aw_cmd_table[i]->verb, _(aw_cmd_table[i]->summary));
    fprintf(f, _("\nMore: ackwatch help %s VERB\n"), noun);
}

void aw_help_overview(FILE *f)
{
    fputs(_("ackwatch: the command line of the delivery-assurance watchdog\n\n"
            "Usage: ackwatch COMMAND [VERB] [ARGUMENTS] [FLAGS]\n"),
          f);
    for (const struct aw_noun *n = aw_nouns; n->name; n++) {
        fprintf(f, "\n%-11s %s\n", n->name, _(n->summary));
        for (unsigned i = 0; aw_cmd_table[i]; i++)
            if (aw_streq(aw_cmd_table[i]->noun, n->name) && aw_cmd_table[i]->verb)
                fprintf(f, "  %-10s  %s\n", aw_cmd_table[i]->verb, _(aw_cmd_table[i]->summary));
    }
    fputs(
        _("\nMore: ackwatch help COMMAND [VERB], ackwatch help exit-codes,\n"
          "      ackwatch help error-codes, ackwatch help environment\nNew here? ackwatch demo\n"),
        f);
}

/* --- topics ---------------------------------------------------------------------------------- */

static void topic_exit_codes(struct aw_ctl *ctl)
{
    for (unsigned i = 0; i < AW_N_EXITS; i++)
        fprintf(ctl->out.f, "%u  %s\n", i, _(aw_exit_texts[i]));
}

static void topic_environment(struct aw_ctl *ctl)
{
    struct aw_buf b = AW_BUF_INIT(256 * 1024);
    aw_env_reference(&b);
    fputs(aw_buf_str(&b), ctl->out.f);
    aw_buf_free(&b);
}

static void topic_codes(struct aw_ctl *ctl)
{
    const char *code;
    for (unsigned i = 0; (code = aw_diag_code(i)) != NULL; i++) {
        const char *page = aw_diag_page(aw_lang(), code);
        fprintf(ctl->out.f, "%s  %.*s\n", code, (int)strcspn(page, "\n"), page);
    }
}

static const struct topic {
    const char *name, *summary;
    void (*print)(struct aw_ctl *ctl);
} topics[] = {
    {"exit-codes", "what the exit codes mean", topic_exit_codes},
    {"error-codes", "the codes of diagnostics; a page each: help E104", topic_codes},
    {"environment", "every key of the environment file", topic_environment},
};

/* Paragraphs in lines of the screen's width, examples (indented) as they are. */
static void print_page(FILE *f, const char *code, const char *page)
{
    for (const char *p = page; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        AW_AUTO_FREE char *line = aw_strndup(p, strcspn(p, "\n"));
        if (*line == ' ')
            fprintf(f, "%s\n", line);
        else
            print_words(f, line, 0, 0);
    }
    if (*code == 'W') {
        fputc('\n', f);
        fprintf(f, _("To allow it in one place, write above it: # aw: allow %s and the reason\n"),
                code);
    }
}

static const char *nearest_code(const char *name)
{
    const char *codes[256] = {NULL}, *code;
    for (unsigned i = 0; i < AW_COUNT(codes) - 1 && (code = aw_diag_code(i)) != NULL; i++)
        codes[i] = code;
    return aw_nearest(name, codes);
}

static int help_topic(struct aw_ctl *ctl, const char *name)
{
    const char *names[AW_COUNT(topics) + 1] = {NULL};
    for (unsigned i = 0; i < AW_COUNT(topics); i++) {
        names[i] = topics[i].name;
        if (aw_streq(topics[i].name, name)) {
            topics[i].print(ctl);
            return AW_EXIT_DONE;
        }
    }
    const char *page = aw_diag_page(aw_lang(), name);
    if (page) {
        print_page(ctl->out.f, name, page);
        return AW_EXIT_DONE;
    }
    const char *near = aw_nearest(name, names);
    if (!near)
        near = aw_cmd_nearest(name, NULL);
    if (!near)
        near = nearest_code(name);
    return aw_ctl_say(AW_EXIT_USAGE, "no help on \"%s\"%s%s%s", name,
                      near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The whole tree, for tools. */
static json_t *params_json(const struct aw_param *p)
{
    json_t *list = json_array();
    for (; p && p->name; p++) {
        struct aw_buf b = AW_BUF_INIT(256);
        aw_param_value(p, &b);
        json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:b,s:s}", "name", p->name, "value",
                                              aw_buf_str(&b), "required", p->how & AW_REQUIRED,
                                              "many", (p->how & AW_MANY) != 0, "help", p->help));
        aw_buf_free(&b);
    }
    return list;
}

static int help_json(struct aw_ctl *ctl)
{
    json_t *list = json_array();
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        const struct aw_cmd_entry *e = aw_cmd_table[i];
        json_array_append_new(list, json_pack("{s:s,s:s?,s:s,s:b,s:o,s:o}", "noun", e->noun, "verb",
                                              e->verb, "summary", e->summary, "remote", e->remote,
                                              "arguments", params_json(e->args), "flags",
                                              params_json(e->flags)));
    }
    aw_out_json(&ctl->out, list);
    json_decref(list);
    return AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    const char *noun = ctl->n_args > 0 ? ctl->args[0] : NULL;
    const char *verb = ctl->n_args > 1 ? ctl->args[1] : NULL;
    if (aw_ctl_flag(ctl, "man")) {
        aw_manual_roff(ctl->out.f);
    } else if (aw_ctl_flag(ctl, "markdown")) {
        (aw_streq(noun, "error-codes") ? aw_manual_codes : aw_manual_markdown)(ctl->out.f);
    } else if (ctl->out.json) {
        return help_json(ctl);
    } else if (!noun) {
        aw_help_overview(ctl->out.f);
    } else if (aw_cmd_find(noun, verb)) {
        aw_help_command(aw_cmd_find(noun, verb), ctl->out.f);
    } else if (aw_cmd_is_noun(noun) && !verb) {
        aw_help_noun(noun, ctl->out.f);
    } else if (aw_cmd_is_noun(noun)) {
        const char *near = aw_cmd_nearest(noun, verb);
        return aw_ctl_say(AW_EXIT_USAGE, "unknown verb \"%s\"%s%s%s", verb,
                          near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    } else {
        return help_topic(ctl, noun);
    }
    return AW_EXIT_DONE;
}

static const struct aw_param args[] = {
    {"COMMAND", 0, AW_VAL_TEXT, AW_OPTIONAL, NULL,
     "a command, a topic (exit-codes, error-codes, environment), or an error code such as E104"},
    {"VERB", 0, AW_VAL_TEXT, AW_OPTIONAL, NULL, "a verb of the command"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"man", 0, AW_VAL_NONE, 0, NULL, "print the manual page ackwatch(1) as roff"},
    {"markdown", 0, AW_VAL_NONE, 0, NULL,
     "print docs/cli.md; with error-codes, docs/rules-codes.md"},
    {NULL},
};
static const char *const examples[] = {"help messages watch", "help E104", "help exit-codes", NULL};

const struct aw_cmd_entry aw_cmd_help = {
    .noun = "help",
    .summary = "help on commands, exit codes, error codes",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
