/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table as a manual page (roff, man macros) and as docs/cli.md (a test compares the
 * file in the repository with what is printed here).
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/diag.h"
#include "ctl/help.h"

/* Text for roff: backslash, leading dot or quote, and hyphens that must stay ASCII. */
static void roff(FILE *f, const char *s)
{
    bool start = true;
    for (; *s; s++) {
        if (start && (*s == '.' || *s == '\''))
            fputs("\\&", f);
        if (*s == '\\')
            fputs("\\e", f);
        else if (*s == '-')
            fputs("\\-", f);
        else
            fputc(*s, f);
        start = *s == '\n';
    }
}

static void roff_params(FILE *f, const struct aw_param *p, const char *dashes)
{
    for (; p && p->name; p++) {
        struct aw_buf b = AW_BUF_INIT(256);
        fputs(".TP\n\\fB", f);
        if (*dashes && p->letter)
            fprintf(f, "\\-%c\\fR, \\fB", p->letter);
        roff(f, dashes);
        roff(f, p->name);
        fputs("\\fR", f);
        if (*dashes && p->type != AW_VAL_NONE) {
            aw_param_value(p, &b);
            fputs(" \\fI", f);
            roff(f, aw_buf_str(&b));
            fputs("\\fR", f);
        }
        fputc('\n', f);
        roff(f, p->help);
        fputc('\n', f);
        aw_buf_free(&b);
    }
}

static void roff_command(FILE *f, const struct aw_cmd_entry *e)
{
    struct aw_buf b = AW_BUF_INIT(1024);
    aw_help_usage(e, &b);
    fputs(".SS ", f);
    roff(f, aw_buf_str(&b));
    fputc('\n', f);
    roff(f, e->summary);
    fputs(".\n", f);
    if (e->text) {
        fputs(".PP\n", f);
        roff(f, e->text);
        fputc('\n', f);
    }
    roff_params(f, e->args, "");
    roff_params(f, e->flags, "--");
    if (e->examples) {
        fputs(".PP\n.nf\n", f);
        for (unsigned i = 0; e->examples[i]; i++) {
            fputs("    ackwatch ", f);
            roff(f, e->examples[i]);
            fputc('\n', f);
        }
        fputs(".fi\n", f);
    }
    aw_buf_free(&b);
}

static const char description[] =
    "talks to ackwatchd(8) over its control socket, or over HTTP with an API key.\n.PP\n"
    "Standard output is the result, standard error the rest. On a terminal the result is a table "
    "with local times; in a pipe it is lines of tab\\-separated fields without heads, times in "
    "RFC 3339 UTC. Addresses of people are masked unless \\fB\\-\\-reveal\\fR is given.";

void aw_manual_roff(FILE *f)
{
    fputs(".\\\" Made by `ackwatch help --man` from the command table.\n"
          ".TH ACKWATCH 1 \"\" \"ackwatch " PACKAGE_VERSION "\" \"Ackwatch\"\n"
          ".SH NAME\nackwatch \\- command line of the delivery\\-assurance watchdog\n"
          ".SH SYNOPSIS\n\\fBackwatch\\fR \\fICOMMAND\\fR [\\fIVERB\\fR] [\\fIARGUMENTS\\fR] "
          "[\\fIFLAGS\\fR]\n.SH DESCRIPTION\n\\fBackwatch\\fR\n",
          f);
    fprintf(f, "%s\n.PP\nNo daemon is needed by", description);
    const char *comma = "";
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        if (!aw_cmd_table[i]->remote) {
            const struct aw_cmd_entry *e = aw_cmd_table[i];
            fprintf(f, "%s %s%s%s", comma, e->noun, e->verb ? " " : "", e->verb ? e->verb : "");
            comma = ",";
        }
    fputs(".\n.SH COMMANDS\n", f);
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        roff_command(f, aw_cmd_table[i]);
    fputs(".SH FLAGS OF COMMANDS THAT TALK TO THE DAEMON\n", f);
    roff_params(f, aw_flags_remote, "--");
    fputs(".SH FLAGS OF EVERY COMMAND\n", f);
    roff_params(f, aw_flags_global, "--");
    fputs(".SH EXIT STATUS\n", f);
    for (unsigned i = 0; i < AW_N_EXITS; i++) {
        fprintf(f, ".TP\n%u\n", i);
        roff(f, aw_exit_texts[i]);
        fputc('\n', f);
    }
    fputs(".SH ENVIRONMENT\n.TP\nACKWATCH_URL\nbase address of the API, instead of the socket\n"
          ".TP\nACKWATCH_TOKEN_FILE\nfile that holds the API key for it\n"
          ".TP\nNO_COLOR\nif set, no colour\n"
          ".SH SEE ALSO\nackwatchd(8), ackwatch\\-sim(1)\n",
          f);
}

/* --- docs/cli.md ----------------------------------------------------------------------------- */

/* The document is of no particular build: directories stand as a distribution has them. */
static void md_help(FILE *f, const char *text)
{
    static const struct {
        const char *here, *usual;
    } dirs[] = {{AW_SYSCONFDIR, "/etc/ackwatch"},
                {AW_STATEDIR, "/var/lib/ackwatch"},
                {AW_RUNDIR, "/run/ackwatch"}};
    while (*text) {
        unsigned i = 0;
        while (i < AW_COUNT(dirs) && !aw_starts(text, dirs[i].here))
            i++;
        if (i == AW_COUNT(dirs)) {
            fputc(*text++, f);
        } else {
            fputs(dirs[i].usual, f);
            text += strlen(dirs[i].here);
        }
    }
}

static void md_params(FILE *f, const char *title, const struct aw_param *p, const char *dashes)
{
    if (!p || !p->name)
        return;
    fprintf(f, "\n| %s | |\n|---|---|\n", title);
    for (; p->name; p++) {
        struct aw_buf b = AW_BUF_INIT(256);
        aw_param_value(p, &b);
        fprintf(f, "| `%s%s", dashes, p->name);
        if (*dashes && p->type != AW_VAL_NONE) {
            fputc(' ', f);
            for (const char *s = aw_buf_str(&b); *s; s++)
                fprintf(f, *s == '|' ? "\\|" : "%c", *s);
        }
        fputs("` | ", f);
        md_help(f, p->help);
        fprintf(f, "%s%s |\n", p->how & AW_MANY && *dashes ? " (may be repeated)" : "",
                p->how & AW_REQUIRED ? " (required)" : "");
        aw_buf_free(&b);
    }
}

static void md_command(FILE *f, const struct aw_cmd_entry *e)
{
    struct aw_buf b = AW_BUF_INIT(1024);
    aw_help_usage(e, &b);
    fprintf(f, "\n### %s%s%s\n\n`%s`\n\n%s.\n", e->noun, e->verb ? " " : "", e->verb ? e->verb : "",
            aw_buf_str(&b), e->summary);
    aw_buf_free(&b);
    if (e->text)
        fprintf(f, "\n%s\n", e->text);
    md_params(f, "argument", e->args, "");
    md_params(f, "flag", e->flags, "--");
    if (e->examples) {
        fputs("\n```console\n", f);
        for (unsigned i = 0; e->examples[i]; i++)
            fprintf(f, "$ ackwatch %s\n", e->examples[i]);
        fputs("```\n", f);
    }
}

void aw_manual_markdown(FILE *f)
{
    fputs("# The command line\n\n"
          "<!-- Made by `ackwatch help --markdown` from the command table; make check compares. "
          "-->\n\n"
          "`ackwatch COMMAND [VERB] [ARGUMENTS] [FLAGS]`. Standard output is the result, standard "
          "error the rest: a table with local times on a terminal, tab-separated lines without "
          "heads and RFC 3339 UTC in a pipe, JSON with the field names of the API with `--json`. "
          "Addresses of people are masked unless `--reveal` is given.\n\n"
          "| exit code | means |\n|---|---|\n",
          f);
    for (unsigned i = 0; i < AW_N_EXITS; i++)
        fprintf(f, "| %u | %s |\n", i, aw_exit_texts[i]);
    md_params(f, "flag of every command", aw_flags_global, "--");
    md_params(f, "flag of commands that talk to the daemon", aw_flags_remote, "--");
    for (const struct aw_noun *n = aw_nouns; n->name; n++) {
        fprintf(f, "\n## %s\n\n%s.\n", n->name, n->summary);
        for (unsigned i = 0; aw_cmd_table[i]; i++)
            if (strcmp(aw_cmd_table[i]->noun, n->name) == 0)
                md_command(f, aw_cmd_table[i]);
    }
}

/* A page: paragraphs, and examples (indented lines) as code. */
static void markdown_page(FILE *f, const char *page)
{
    bool code = false;
    for (const char *p = page; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if ((*p == ' ') != code)
            fputs("```\n", f);
        code = *p == ' ';
        fprintf(f, "%.*s\n", (int)strcspn(p, "\n"), p);
    }
    fputs(code ? "```\n\n" : "\n", f);
}

void aw_manual_codes(FILE *f)
{
    const char *code;
    fputs(
        "# Codes of diagnostics\n\nMade from the table behind `ackwatch help CODE` by `ackwatch "
        "help "
        "error-codes --markdown`.\nE: an error, nothing is loaded. W: a warning; it is allowed in "
        "one place by a comment\n`# aw: allow W113 and the reason` in its line or right above it."
        "\n\n",
        f);
    for (unsigned i = 0; (code = aw_diag_code(i)) != NULL; i++) {
        fprintf(f, "## %s\n\n", code);
        for (unsigned lang = 0; lang < AW_N_LANGS; lang++)
            markdown_page(f, aw_diag_page(lang, code));
    }
}
