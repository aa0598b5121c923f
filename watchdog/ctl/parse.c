/* SPDX-License-Identifier: Apache-2.0
 *
 * A command line against the entry of its command: flags anywhere, `--flag VALUE` or
 * `--flag=VALUE`, `-x VALUE`, `--` ends flags. Everything is checked by type; what is unknown is
 * refused with the nearest name, never guessed.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "ctl/cmd.h"
#include "ctl/lang.h"

struct lookup { /* one pass over the flags of an entry */
    const char *name;
    size_t n;
    char letter;
    const struct aw_param *found;
    const char *names[64];
    unsigned n_names;
};

static void look(void *arg, const struct aw_param *flag)
{
    struct lookup *l = arg;
    if (l->letter ? flag->letter == l->letter
                  : strlen(flag->name) == l->n && memcmp(flag->name, l->name, l->n) == 0)
        l->found = flag;
    if (l->n_names + 1 < 64)
        l->names[l->n_names++] = flag->name;
}

static int unknown_flag(const struct aw_cmd_entry *e, struct lookup *l, const char *given,
                        struct aw_err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)l->n, l->name ? l->name : "");
    const char *near = l->name ? aw_nearest(name, l->names) : NULL;
    return aw_fail(err, AW_EINVAL, "unknown flag %s of `%s%s%s`%s%s%s", given, e->noun,
                   e->verb ? " " : "", e->verb ? e->verb : "", near ? ", did you mean --" : "",
                   near ? near : "", near ? "?" : "");
}

static int check_choice(const struct aw_param *p, const char *shown, const char *value,
                        struct aw_err *err)
{
    for (unsigned i = 0; p->choices[i]; i++)
        if (aw_streq(p->choices[i], value))
            return 0;
    struct aw_buf b = AW_BUF_INIT(256);
    aw_param_value(p, &b);
    const char *near = aw_nearest(value, p->choices);
    aw_fail(err, AW_EINVAL, "%s takes %s, not \"%s\"%s%s%s", shown, aw_buf_str(&b), value,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    aw_buf_free(&b);
    return AW_EINVAL;
}

static int check_value(const struct aw_param *p, bool is_flag, const char *value,
                       struct aw_err *err)
{
    char shown[80];
    snprintf(shown, sizeof shown, "%s%s", is_flag ? "--" : "", p->name);
    uint64_t number;
    aw_ms duration;
    switch (p->type) {
    case AW_VAL_NUMBER:
        if (aw_parse_u64(value, strlen(value), 1000000000, &number) < 0)
            return aw_fail(err, AW_EINVAL, "%s takes a whole number, not \"%s\"", shown, value);
        return 0;
    case AW_VAL_DURATION:
        if (aw_duration_parse(value, strlen(value), &duration) < 0)
            return aw_fail(err, AW_EINVAL,
                           "%s takes a duration such as 90s, 10m or 1h30m, not "
                           "\"%s\"",
                           shown, value);
        return 0;
    case AW_VAL_CHOICE:
        return check_choice(p, shown, value, err);
    case AW_VAL_FILE:
    case AW_VAL_DIR:
        return *value ? 0 : aw_fail(err, AW_EINVAL, "%s takes a path, not \"\"", shown);
    case AW_VAL_NONE:
    case AW_VAL_TEXT:
        return 0;
    }
    return 0;
}

static bool is_everywhere(const struct aw_param *flag)
{
    const struct aw_param *p = aw_flags_global;
    while (p->name && p != flag)
        p++;
    return p == flag;
}

static int add_flag(struct aw_ctl *ctl, const struct aw_param *flag, const char *value,
                    struct aw_err *err)
{
    if (!(flag->how & AW_MANY) && aw_ctl_flag(ctl, flag->name))
        return aw_fail(err, AW_EINVAL, "--%s is given twice", flag->name);
    if (ctl->n_given == AW_MAX_GIVEN)
        return aw_fail(err, AW_EINVAL, "more than %u flags", AW_MAX_GIVEN);
    int r = check_value(flag, true, value, err);
    if (r < 0)
        return r;
    enum aw_lang lang;
    if (is_everywhere(flag) && aw_streq(flag->name, "lang") && aw_lang_parse(value, &lang) == 0)
        aw_lang_set(lang);
    ctl->given[ctl->n_given].flag = flag;
    ctl->given[ctl->n_given++].value = value;
    return 0;
}

/* Takes argv[*i], a flag, and its value, which may be the next one. */
static int take_flag(struct aw_ctl *ctl, int argc, char **argv, int *i, struct aw_err *err)
{
    const char *given = argv[*i], *value = NULL;
    struct lookup l = {0};
    if (given[1] == '-') {
        l.name = given + 2;
        l.n = strcspn(l.name, "=");
        if (l.name[l.n])
            value = l.name + l.n + 1;
    } else {
        l.letter = given[1];
        if (given[2])
            value = given + 2;
    }
    aw_cmd_each_flag(ctl->entry, look, &l);
    if (!l.found)
        return unknown_flag(ctl->entry, &l, given, err);
    if (l.found->type == AW_VAL_NONE) {
        if (value)
            return aw_fail(err, AW_EINVAL, "--%s takes no value", l.found->name);
        value = "";
    } else if (!value) {
        if (*i + 1 >= argc)
            return aw_fail(err, AW_EINVAL, "--%s needs a value", l.found->name);
        value = argv[++*i];
    }
    return add_flag(ctl, l.found, value, err);
}

static int check_args(const struct aw_ctl *ctl, struct aw_err *err)
{
    const struct aw_param *p = ctl->entry->args;
    unsigned i = 0;
    for (; p && p->name; p++) {
        if (i == ctl->n_args) {
            if (p->how & AW_OPTIONAL)
                continue;
            return aw_fail(err, AW_EINVAL, "%s is missing: %s", p->name, p->help);
        }
        unsigned end = p->how & AW_MANY ? ctl->n_args : i + 1;
        for (; i < end; i++) {
            int r = check_value(p, false, ctl->args[i], err);
            if (r < 0)
                return r;
        }
    }
    if (i < ctl->n_args)
        return aw_fail(err, AW_EINVAL, "\"%s\" is one argument too many", ctl->args[i]);
    for (p = ctl->entry->flags; p && p->name; p++)
        if ((p->how & AW_REQUIRED) && !aw_ctl_flag(ctl, p->name))
            return aw_fail(err, AW_EINVAL, "--%s is required: %s", p->name, p->help);
    return 0;
}

int aw_ctl_parse(struct aw_ctl *ctl, const struct aw_cmd_entry *e, int argc, char **argv,
                 struct aw_err *err)
{
    *ctl = (struct aw_ctl){.entry = e};
    bool flags = true;
    for (int i = 0; i < argc; i++) {
        int r = 0;
        if (flags && aw_streq(argv[i], "--"))
            flags = false;
        else if (flags && argv[i][0] == '-' && argv[i][1])
            r = take_flag(ctl, argc, argv, &i, err);
        else if (ctl->n_args == AW_MAX_ARGS)
            r = aw_fail(err, AW_EINVAL, "more than %u arguments", AW_MAX_ARGS);
        else
            ctl->args[ctl->n_args++] = argv[i];
        if (r < 0)
            return r;
    }
    if (aw_ctl_flag(ctl, "help")) {
        ctl->help = true;
        return 0;
    }
    return check_args(ctl, err);
}

const char *aw_ctl_nth(const struct aw_ctl *ctl, const char *name, unsigned nth)
{
    for (unsigned i = 0; i < ctl->n_given; i++)
        if (aw_streq(ctl->given[i].flag->name, name) && nth-- == 0)
            return ctl->given[i].value;
    return NULL;
}

const char *aw_ctl_flag(const struct aw_ctl *ctl, const char *name)
{
    return aw_ctl_nth(ctl, name, 0);
}

long aw_ctl_number(const struct aw_ctl *ctl, const char *name, long def)
{
    const char *value = aw_ctl_flag(ctl, name);
    uint64_t number;
    if (!value || aw_parse_u64(value, strlen(value), 1000000000, &number) < 0)
        return def;
    return (long)number;
}

int aw_ctl_say(int code, const char *fmt, ...)
{
    va_list ap;
    fflush(stdout);
    fputs("ackwatch: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return code;
}
