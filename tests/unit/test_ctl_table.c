/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table is consistent, and what is made from it has everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "ctl/help.h"

/* What must not get lost. */
static const char *const promised[] = {
    "demo",
    "status",
    "messages list",
    "messages show",
    "messages watch",
    "messages register",
    "messages ack",
    "messages cancel",
    "messages snooze",
    "messages resume",
    "messages escalate",
    "messages claim",
    "rules check",
    "rules test",
    "rules list",
    "rules show",
    "rules reload",
    "rules simulate",
    "contacts list",
    "contacts show",
    "contacts set",
    "contacts import",
    "channels list",
    "channels test",
    "channels limits",
    "channels pause",
    "channels resume",
    "keys create",
    "keys list",
    "keys revoke",
    "audit verify",
    "audit tail",
    "audit head",
    "config check",
    "config show",
    "db info",
    "db backup",
    "doctor",
    "completion",
    "version",
    "help",
    "templates list",
    "templates show",
    "templates render",
    "templates check",
};

static void has_every_command(void **state)
{
    for (unsigned i = 0; i < AW_COUNT(promised); i++) {
        char noun[32];
        const char *blank = strchr(promised[i], ' ');
        snprintf(noun, sizeof noun, "%.*s", (int)strcspn(promised[i], " "), promised[i]);
        const struct aw_cmd_entry *e = aw_cmd_find(noun, blank ? blank + 1 : NULL);
        if (!e)
            fail_msg("%s is missing", promised[i]);
    }
}

static void check_params(const struct aw_cmd_entry *e, const struct aw_param *list, bool flags)
{
    bool optional = false;
    for (const struct aw_param *p = list; p && p->name; p++) {
        assert_non_null(p->help);
        assert_true(strlen(p->help) > 0 && p->help[strlen(p->help) - 1] != '.');
        assert_int_equal(p->type == AW_VAL_CHOICE, p->choices != NULL);
        if (flags) {
            assert_true(strspn(p->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(p->name));
            continue;
        }
        assert_true(strspn(p->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(p->name));
        assert_int_not_equal(p->type, AW_VAL_NONE);
        assert_false(optional && !(p->how & AW_OPTIONAL)); /* optional ones come last */
        assert_false((p->how & AW_MANY) && p[1].name);     /* many: the last one */
        optional = optional || (p->how & AW_OPTIONAL);
    }
}

struct names {
    const char *list[64];
    unsigned n;
};

static void collect(void *arg, const struct aw_param *flag)
{
    struct names *names = arg;
    for (unsigned i = 0; i < names->n; i++) {
        assert_string_not_equal(names->list[i], flag->name);
    }
    names->list[names->n++] = flag->name;
}

static void is_consistent(void **state)
{
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        const struct aw_cmd_entry *e = aw_cmd_table[i];
        struct names names = {.n = 0};
        assert_true(aw_cmd_is_noun(e->noun));
        assert_non_null(e->exec);
        assert_non_null(e->summary);
        assert_int_not_equal(e->summary[strlen(e->summary) - 1], '.');
        assert_ptr_equal(aw_cmd_find(e->noun, e->verb), e); /* no two have one name */
        if (e->verb)
            assert_null(aw_cmd_find(e->noun, NULL)); /* a noun has verbs, or is a command */
        check_params(e, e->args, false);
        check_params(e, e->flags, true);
        aw_cmd_each_flag(e, collect, &names); /* no flag twice */
    }
    for (const struct aw_noun *n = aw_nouns; n->name; n++) {
        bool used = false;
        for (unsigned i = 0; aw_cmd_table[i]; i++)
            used = used || aw_streq(aw_cmd_table[i]->noun, n->name);
        assert_true(used);
    }
}

/* Every example is a command line that parses. */
static void examples_parse(void **state)
{
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        const struct aw_cmd_entry *e = aw_cmd_table[i];
        for (unsigned k = 0; e->examples && e->examples[k]; k++) {
            char line[512], *argv[32], *rest = line, *word;
            int argc = 0;
            snprintf(line, sizeof line, "%s", e->examples[k]);
            line[strcspn(line, "'|>&")] = '\0'; /* what the shell would read */
            while ((word = strsep(&rest, " ")))
                if (*word)
                    argv[argc++] = word;
            bool cut = strlen(line) < strlen(e->examples[k]) && strchr(e->examples[k], '\'');
            int skip = e->verb ? 2 : 1;
            assert_string_equal(argv[0], e->noun);
            if (e->verb)
                assert_string_equal(argv[1], e->verb);
            struct aw_ctl ctl;
            struct aw_err err = {""};
            if (!cut && aw_ctl_parse(&ctl, e, argc - skip, argv + skip, &err) < 0)
                fail_msg("%s: %s", e->examples[k], err.text);
        }
    }
}

static char *print(void (*what)(FILE *f))
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    what(f);
    fclose(f);
    return text;
}

static char *script(const char *shell)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    aw_completion_print(shell, f);
    fclose(f);
    return text;
}

/* Everything that is made from the table. */
struct made {
    char *md, *man, *bash, *zsh, *fish;
    const struct aw_cmd_entry *e;
};

__attribute__((format(printf, 2, 3))) static void has(const char *text, const char *fmt, ...)
{
    char want[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(want, sizeof want, fmt, ap);
    va_end(ap);
    if (!strstr(text, want))
        fail_msg("missing: %s", want);
}

/* The line of a script that belongs to an entry names the flag. */
static void completes(const char *text, const struct aw_cmd_entry *e, const char *flag)
{
    char lead[96], want[64];
    snprintf(lead, sizeof lead, "        '%s %s", e->noun, e->verb ? e->verb : "'*) ");
    snprintf(want, sizeof want, "--%s", flag);
    const char *line = strstr(text, lead);
    if (!line || !memmem(line, strcspn(line, "\n"), want, strlen(want)))
        fail_msg("%s: no %s", lead, want);
}

static void flag_is_everywhere(void *arg, const struct aw_param *flag)
{
    const struct made *m = arg;
    char roff[96];
    unsigned n = 0;
    completes(m->bash, m->e, flag->name);
    completes(m->zsh, m->e, flag->name);
    has(m->md, "`--%s", flag->name);
    for (const char *s = flag->name; *s; s++)
        n += (unsigned)snprintf(roff + n, sizeof roff - n, *s == '-' ? "\\-" : "%c", *s);
    has(m->man, "\\-\\-%s\\fR", roff);
    if (m->e->verb)
        has(m->fish, "from %s; and __fish_seen_subcommand_from %s' -l %s", m->e->noun, m->e->verb,
            flag->name);
    else
        has(m->fish, "from %s' -l %s", m->e->noun, flag->name);
}

/* The manual page, docs/cli.md and the scripts of all shells name every command and every flag. */
static void all_is_complete(void **state)
{
    struct made m = {.md = print(aw_manual_markdown),
                     .man = print(aw_manual_roff),
                     .bash = script("bash"),
                     .zsh = script("zsh"),
                     .fish = script("fish")};
    for (unsigned i = 0; aw_cmd_table[i]; i++) {
        m.e = aw_cmd_table[i];
        const char *verb = m.e->verb ? m.e->verb : "", *blank = m.e->verb ? " " : "";
        has(m.md, "\n### %s%s%s\n", m.e->noun, blank, verb);
        has(m.man, ".SS ackwatch %s%s%s", m.e->noun, blank, verb);
        aw_cmd_each_flag(m.e, flag_is_everywhere, &m);
    }
    free(m.md);
    free(m.man);
    free(m.bash);
    free(m.zsh);
    free(m.fish);
}

static void docs_are_current(void **state)
{
    char path[4096], *want = print(aw_manual_markdown);
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/docs/cli.md", top ? top : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *have = calloc(1, 1 << 20);
    size_t n = fread(have, 1, (1 << 20) - 1, f);
    fclose(f);
    if (n != strlen(want) || memcmp(have, want, n) != 0)
        fail_msg("docs/cli.md is old: ackwatch help --markdown > docs/cli.md");
    free(have);
    free(want);
}

static void suggests(void **state)
{
    assert_string_equal(aw_cmd_nearest("mesages", NULL), "messages");
    assert_string_equal(aw_cmd_nearest("messages", "lst"), "list");
    assert_null(aw_cmd_nearest("messages", "frobnicate"));
    assert_null(aw_cmd_nearest("qqqqqqqq", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_every_command), cmocka_unit_test(is_consistent),
        cmocka_unit_test(examples_parse),    cmocka_unit_test(all_is_complete),
        cmocka_unit_test(docs_are_current),  cmocka_unit_test(suggests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
