/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch NOUN VERB`: finds the entry of the command in the table, parses the rest against it,
 * runs it. stdout is the result, stderr the rest; exit codes stand in cmd.h.
 */
#include <locale.h>
#include <stdio.h>

#include "base/str.h"
#include "ctl/cmd.h"
#include "ctl/help.h"
#include "ctl/lang.h"

static bool asks_help(const char *s)
{
    return aw_streq(s, "-h") || aw_streq(s, "--help");
}

static int unknown(const char *noun, const char *verb)
{
    const char *near = aw_cmd_nearest(noun, verb);
    return aw_ctl_say(AW_EXIT_USAGE, "unknown %s \"%s\"%s%s%s; see `ackwatch help%s%s`",
                      verb ? "verb" : "command", verb ? verb : noun,
                      near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "",
                      verb ? " " : "", verb ? noun : "");
}

static int run(const struct aw_cmd_entry *e, int argc, char **argv)
{
    struct aw_ctl ctl;
    struct aw_err err;
    if (aw_ctl_parse(&ctl, e, argc, argv, &err) < 0) {
        aw_ctl_say(AW_EXIT_USAGE, "%s", err.text);
        fprintf(stderr, "See `ackwatch help %s%s%s`.\n", e->noun, e->verb ? " " : "",
                e->verb ? e->verb : "");
        return AW_EXIT_USAGE;
    }
    aw_out_init(&ctl.out, stdout, aw_ctl_flag(&ctl, "color"));
    ctl.out.json = aw_ctl_flag(&ctl, "json");
    ctl.out.reveal = aw_ctl_flag(&ctl, "reveal");
    if (ctl.help) {
        aw_help_command(e, stdout);
        return AW_EXIT_DONE;
    }
    return e->exec(&ctl);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        aw_help_overview(stderr);
        return AW_EXIT_USAGE;
    }
    if (asks_help(argv[1])) {
        aw_help_overview(stdout);
        return AW_EXIT_DONE;
    }
    const char *noun = aw_streq(argv[1], "--version") ? "version" : argv[1];
    const struct aw_cmd_entry *e = aw_cmd_find(noun, NULL);
    if (e)
        return run(e, argc - 2, argv + 2);
    if (!aw_cmd_is_noun(noun))
        return unknown(noun, NULL);
    if (argc < 3 || asks_help(argv[2])) {
        aw_help_noun(noun, argc < 3 ? stderr : stdout);
        return argc < 3 ? AW_EXIT_USAGE : AW_EXIT_DONE;
    }
    e = aw_cmd_find(noun, argv[2]);
    return e ? run(e, argc - 3, argv + 3) : unknown(noun, argv[2]);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    aw_lang_set(aw_lang_of_environment());
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("ackwatch: stdout");
        return code ? code : AW_EXIT_FAILED;
    }
    return code;
}
