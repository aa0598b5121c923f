/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table of `ackwatch`. One entry describes one command completely: what it is called,
 * what it takes, what it says about itself, what it runs. Parsing, help, the man page, completion
 * and docs/cli.md are all made from it, so that none of them can differ from the others.
 *
 * Entries are constants in the file of their noun; table.c lists them. One thread.
 */
#ifndef AW_CTL_CMD_H
#define AW_CTL_CMD_H

#include <stdbool.h>

#include "base/err.h"
#include "ctl/out.h"

/* Exit codes; aw_exit_texts (table.c) says what each means. */
enum aw_exit {
    AW_EXIT_DONE,
    AW_EXIT_FAILED,
    AW_EXIT_USAGE,
    AW_EXIT_PROBLEMS,
    AW_EXIT_NOT_ALLOWED,
    AW_EXIT_NO_OBJECT,
    AW_EXIT_CONFLICT,
    AW_EXIT_UNREACHABLE,
    AW_EXIT_TIME,
    AW_N_EXITS
};
extern const char *const aw_exit_texts[AW_N_EXITS];

enum aw_value {
    AW_VAL_NONE, /* flags only: a switch */
    AW_VAL_TEXT,
    AW_VAL_NUMBER,   /* 0 to 1,000,000,000 */
    AW_VAL_DURATION, /* 10m, 1h30m */
    AW_VAL_FILE,
    AW_VAL_DIR,
    AW_VAL_CHOICE, /* one of `choices` */
};

enum { AW_OPTIONAL = 1, AW_MANY = 2, AW_REQUIRED = 4 /* flags are optional otherwise */ };

/* An argument (name in capitals) or a flag (name without dashes). Lists end with name NULL. */
struct aw_param {
    const char *name;
    char letter; /* short form of a flag, or 0 */
    enum aw_value type;
    unsigned how;
    const char *const *choices; /* NULL-terminated */
    const char *help;
};

struct aw_ctl;

struct aw_cmd_entry {
    const char *noun;
    const char *verb;                    /* NULL: the noun is the whole command */
    const char *summary;                 /* one line, no full stop */
    const char *text;                    /* more, or NULL; plain paragraphs */
    const struct aw_param *args, *flags; /* or NULL */
    bool remote;                     /* talks to the daemon: takes --socket, --url, --token-file */
    const char *const *examples;     /* NULL-terminated command lines without "ackwatch " */
    int (*exec)(struct aw_ctl *ctl); /* returns enum aw_exit */
};

struct aw_noun {
    const char *name, *summary;
};

extern const struct aw_cmd_entry *const aw_cmd_table[]; /* ends with NULL */
extern const struct aw_noun aw_nouns[];                 /* in order of help; name NULL ends */
extern const struct aw_param aw_flags_global[];         /* of every command */
extern const struct aw_param aw_flags_remote[];         /* of commands that talk to the daemon */

bool aw_cmd_is_noun(const char *name);
/* The entry, or NULL; verb NULL finds commands without one. */
const struct aw_cmd_entry *aw_cmd_find(const char *noun, const char *verb);
/* The nearest noun (verb NULL) or verb of the noun, or NULL. */
const char *aw_cmd_nearest(const char *noun, const char *verb);
/* Calls f for every flag that an entry takes: its own, remote, global. */
void aw_cmd_each_flag(const struct aw_cmd_entry *e,
                      void (*f)(void *arg, const struct aw_param *flag), void *arg);
/* What stands for a value in usage lines: "FILE", "N", "zh-CN|en". */
void aw_param_value(const struct aw_param *p, struct aw_buf *out);

#define AW_MAX_ARGS  256
#define AW_MAX_GIVEN 64

/* One command line, parsed. */
struct aw_ctl {
    const struct aw_cmd_entry *entry;
    struct aw_out out;
    const char *args[AW_MAX_ARGS];
    unsigned n_args;
    struct {
        const struct aw_param *flag;
        const char *value; /* "" for a switch */
    } given[AW_MAX_GIVEN];
    unsigned n_given;
    bool help;
};

/* Parses what follows the command's name. AW_EINVAL: err says what is wrong and what was meant. */
int aw_ctl_parse(struct aw_ctl *ctl, const struct aw_cmd_entry *e, int argc, char **argv,
                 struct aw_err *err);

/* The value of a flag, NULL when it was not given; nth counts repeated ones from 0. */
const char *aw_ctl_flag(const struct aw_ctl *ctl, const char *name);
const char *aw_ctl_nth(const struct aw_ctl *ctl, const char *name, unsigned nth);
long aw_ctl_number(const struct aw_ctl *ctl, const char *name, long def);

/* "ackwatch: text" on stderr; returns code. */
int aw_ctl_say(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
