/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch completion SHELL`: a script for bash, zsh or fish, made from the command table. It is
 * static: completing never runs ackwatch.
 */
#include <string.h>

#include "base/str.h"
#include "ctl/help.h"

/* The words that follow `noun`: its verbs, or nothing. */
static void verbs_of(const char *noun, struct aw_buf *out)
{
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        if (aw_streq(aw_cmd_table[i]->noun, noun) && aw_cmd_table[i]->verb)
            aw_buf_printf(out, "%s%s", out->n ? " " : "", aw_cmd_table[i]->verb);
}

static void add_flag(void *arg, const struct aw_param *flag)
{
    struct aw_buf *out = arg;
    aw_buf_printf(out, "%s--%s", out->n ? " " : "", flag->name);
}

/* The choices of an entry's first argument, if it has any. */
static void add_choices(const struct aw_cmd_entry *e, struct aw_buf *out)
{
    if (e->args && e->args->type == AW_VAL_CHOICE)
        for (unsigned i = 0; e->args->choices[i]; i++)
            aw_buf_printf(out, "%s%s", out->n ? " " : "", e->args->choices[i]);
}

static void name_of(const struct aw_cmd_entry *e, const char *between, struct aw_buf *out)
{
    aw_buf_printf(out, "%s%s%s", e->noun, e->verb ? between : "", e->verb ? e->verb : "");
}

/* One `case` of values after a flag, per distinct flag with choices. */
struct seen {
    FILE *f;
    const char *names[128];
    unsigned n;
};

static void bash_value(void *arg, const struct aw_param *flag)
{
    struct seen *s = arg;
    for (unsigned i = 0; i < s->n; i++)
        if (aw_streq(s->names[i], flag->name))
            return;
    if (flag->type == AW_VAL_NONE || s->n == 128)
        return;
    s->names[s->n++] = flag->name;
    fprintf(s->f, "        --%s) ", flag->name);
    if (flag->type == AW_VAL_CHOICE) {
        fputs("COMPREPLY=($(compgen -W '", s->f);
        for (unsigned i = 0; flag->choices[i]; i++)
            fprintf(s->f, "%s%s", i ? " " : "", flag->choices[i]);
        fputs("' -- \"$cur\"))", s->f);
    } else if (flag->type == AW_VAL_FILE) {
        fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", s->f);
    } else if (flag->type == AW_VAL_DIR) {
        fputs("COMPREPLY=($(compgen -d -- \"$cur\"))", s->f);
    } else {
        fputs("COMPREPLY=()", s->f);
    }
    fputs("; return ;;\n", s->f);
}

/* The body shared by bash and zsh (through bashcompinit). */
static void bash(FILE *f)
{
    fputs("_ackwatch() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    case $prev in\n",
          f);
    struct seen s = {.f = f};
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        aw_cmd_each_flag(aw_cmd_table[i], bash_value, &s);
    fputs("    esac\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='", f);
    for (const struct aw_noun *n = aw_nouns; n->name; n++)
        fprintf(f, "%s%s", n == aw_nouns ? "" : " ", n->name);
    fputs("'\n    else\n        case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n", f);
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        const struct aw_cmd_entry *e = aw_cmd_table[i];
        struct aw_buf name = AW_BUF_INIT(256), words = AW_BUF_INIT(4096);
        name_of(e, " ", &name);
        add_choices(e, &words);
        aw_cmd_each_flag(e, add_flag, &words);
        if (e->verb)
            fprintf(f, "        '%s')", aw_buf_str(&name));
        else
            fprintf(f, "        '%s '*)", aw_buf_str(&name));
        fprintf(f, " words='%s' ;;\n", aw_buf_str(&words));
        aw_buf_free(&name);
        aw_buf_free(&words);
    }
    for (const struct aw_noun *n = aw_nouns; n->name; n++) {
        struct aw_buf verbs = AW_BUF_INIT(1024);
        verbs_of(n->name, &verbs);
        if (verbs.n)
            fprintf(f, "        '%s '*) [ \"$COMP_CWORD\" -eq 2 ] && words='%s' ;;\n", n->name,
                    aw_buf_str(&verbs));
        aw_buf_free(&verbs);
    }
    fputs("        esac\n    fi\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    case $cur in -*) ;; *) [ \"$COMP_CWORD\" -gt 1 ] && [ ${#COMPREPLY[@]} -eq 0 ] &&\n"
          "        COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n    esac\n"
          "}\n"
          "complete -o filenames -F _ackwatch ackwatch\n",
          f);
}

static void fish_quoted(FILE *f, const char *s)
{
    fputc('\'', f);
    for (; *s; s++)
        fprintf(f, *s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
    fputc('\'', f);
}

struct fish {
    FILE *f;
    const struct aw_cmd_entry *e;
};

static void fish_flag(void *arg, const struct aw_param *flag)
{
    struct fish *s = arg;
    fprintf(s->f, "complete -c ackwatch -n '__fish_seen_subcommand_from %s", s->e->noun);
    if (s->e->verb)
        fprintf(s->f, "; and __fish_seen_subcommand_from %s", s->e->verb);
    fprintf(s->f, "' -l %s", flag->name);
    if (flag->letter)
        fprintf(s->f, " -s %c", flag->letter);
    if (flag->type == AW_VAL_CHOICE) {
        fputs(" -x -a '", s->f);
        for (unsigned i = 0; flag->choices[i]; i++)
            fprintf(s->f, "%s%s", i ? " " : "", flag->choices[i]);
        fputc('\'', s->f);
    } else if (flag->type == AW_VAL_FILE || flag->type == AW_VAL_DIR) {
        fputs(" -r -F", s->f);
    } else if (flag->type != AW_VAL_NONE) {
        fputs(" -x", s->f);
    }
    fputs(" -d ", s->f);
    fish_quoted(s->f, flag->help);
    fputc('\n', s->f);
}

static void fish(FILE *f)
{
    for (const struct aw_noun *n = aw_nouns; n->name; n++) {
        fprintf(f, "complete -c ackwatch -f -n __fish_use_subcommand -a %s -d ", n->name);
        fish_quoted(f, n->summary);
        fputc('\n', f);
    }
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        const struct aw_cmd_entry *e = aw_cmd_table[i];
        struct aw_buf words = AW_BUF_INIT(4096);
        add_choices(e, &words);
        if (e->verb || words.n) {
            struct aw_buf verbs = AW_BUF_INIT(1024);
            verbs_of(e->noun, &verbs);
            fprintf(f,
                    "complete -c ackwatch -f -n '__fish_seen_subcommand_from %s; and not "
                    "__fish_seen_subcommand_from %s' -a '%s' -d ",
                    e->noun, e->verb ? aw_buf_str(&verbs) : aw_buf_str(&words),
                    e->verb ? e->verb : aw_buf_str(&words));
            fish_quoted(f, e->summary);
            fputc('\n', f);
            aw_buf_free(&verbs);
        }
        aw_buf_free(&words);
        struct fish s = {f, e};
        aw_cmd_each_flag(e, fish_flag, &s);
    }
}

void aw_completion_print(const char *shell, FILE *f)
{
    fprintf(f, "%s made by `ackwatch completion %s` from the command table\n",
            aw_streq(shell, "zsh") ? "#compdef ackwatch\n#" : "#", shell);
    if (aw_streq(shell, "zsh"))
        fputs("autoload -U +X bashcompinit && bashcompinit\n", f);
    if (aw_streq(shell, "fish"))
        fish(f);
    else
        bash(f);
}

static int exec(struct aw_ctl *ctl)
{
    aw_completion_print(ctl->args[0], ctl->out.f);
    return AW_EXIT_DONE;
}

static const char *const shells[] = {"bash", "zsh", "fish", NULL};
static const struct aw_param args[] = {
    {"SHELL", 0, AW_VAL_CHOICE, 0, shells, "bash, zsh or fish"},
    {NULL},
};
static const char *const examples[] = {"completion bash > ~/.local/share/bash-completion/"
                                       "completions/ackwatch",
                                       NULL};

const struct aw_cmd_entry aw_cmd_completion = {
    .noun = "completion",
    .summary = "print the completion script of a shell",
    .args = args,
    .examples = examples,
    .exec = exec,
};
