/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch db`: info, backup, migrate. The first two open the database read-only and may run
 * beside a daemon; migrate writes, and needs it stopped.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/clock.h"
#include "base/mem.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "store/db.h"
#include "store/store.h"

static const char *path_of(const struct aw_ctl *ctl)
{
    const char *path = aw_ctl_flag(ctl, "db");
    return path ? path : AW_STATEDIR "/ackwatch.db";
}

/* --- info ------------------------------------------------------------------------------------ */

static json_t *when_json(aw_time t)
{
    char text[AW_TIME_TEXT];
    aw_time_print(text, t);
    return t ? json_string(text) : json_null();
}

static json_t *info_json(const char *path, const struct aw_store_info *i)
{
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"bytes", i->bytes},         {"wal_bytes", i->wal_bytes}, {"free_bytes", i->free_bytes},
        {"layout", i->layout},       {"entries", i->entries},     {"messages", i->messages},
        {"timelines", i->timelines}, {"open", i->open},           {"attempts", i->attempts},
        {"evidence", i->evidence},   {"persons", i->persons},
    };
    json_t *v = json_pack("{s:s,s:s,s:s,s:o,s:o}", "db", path, "ackwatch", PACKAGE_VERSION,
                          "sqlite", i->sqlite, "alive_at", when_json(i->alive), "oldest_open_at",
                          when_json(i->oldest_open));
    for (unsigned n = 0; n < AW_COUNT(numbers); n++)
        json_object_set_new(v, numbers[n].name, json_integer((json_int_t)numbers[n].value));
    return v;
}

static void print_info(const struct aw_ctl *ctl, const json_t *info)
{
    static const char *const heads[] = {"WHAT", "VALUE", NULL};
    struct aw_table t;
    const char *key;
    json_t *v;
    aw_table_init(&t, heads);
    json_object_foreach((json_t *)info, key, v)
    {
        char when[AW_TIME_TEXT];
        aw_table_add(&t, AW_PLAIN, key);
        if (json_is_integer(v))
            aw_table_addf(&t, AW_PLAIN, "%lld", (long long)json_integer_value(v));
        else if (strlen(key) > 3 && strcmp(key + strlen(key) - 3, "_at") == 0)
            aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, json_string_value(v)));
        else
            aw_table_add(&t, AW_PLAIN, json_string_value(v));
    }
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
}

static int exec_info(struct aw_ctl *ctl)
{
    const char *path = path_of(ctl);
    struct aw_store_info info;
    struct aw_err err;
    if (aw_store_info(path, &info, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    AW_AUTO(aw_json_cleanup) json_t *v = info_json(path, &info);
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        print_info(ctl, v);
    return AW_EXIT_DONE;
}

/* --- backup ---------------------------------------------------------------------------------- */

static void on_found(void *ctx, const struct aw_finding *f)
{
    (void)ctx;
    aw_ctl_say(0, "%s: %s", f->place, f->text);
}

static void print_backup(const struct aw_ctl *ctl, const char *to, const struct aw_store_info *info,
                         const struct aw_verify_result *r)
{
    const struct aw_out *o = &ctl->out;
    char head[96];
    aw_root_print(head, r->entries, r->root);
    if (o->json) {
        json_t *v =
            json_pack("{s:s,s:I,s:b,s:I,s:I,s:s}", "file", to, "bytes", (json_int_t)info->bytes,
                      "ok", r->findings == 0, "findings", (json_int_t)r->findings, "entries",
                      (json_int_t)r->entries, "head", head);
        aw_out_json(o, v);
        json_decref(v);
    } else if (o->tty) {
        fprintf(o->f, "%s %s: %lld bytes, %lld entries, %s\nhead %s\n",
                aw_out_mark(o, r->findings ? AW_MARK_BAD : AW_MARK_GOOD), to,
                (long long)info->bytes, (long long)r->entries,
                r->findings ? "NOT whole: see above" : "verified", head);
    } else {
        fprintf(o->f, "%s\t%s\t%lld\t%s\n", r->findings ? "broken" : "verified", to,
                (long long)info->bytes, head);
    }
}

static int exec_backup(struct aw_ctl *ctl)
{
    const char *path = path_of(ctl), *to = ctl->args[0];
    struct aw_verify_options opt = {.at_size = -1, .found = on_found};
    struct aw_verify_result result = {0};
    struct aw_store_info info;
    struct aw_err err;
    int r = aw_store_backup(path, to, &err);
    if (r == AW_ECONFLICT)
        return aw_ctl_say(AW_EXIT_CONFLICT, "%s", err.text);
    if (r == 0 && (r = aw_store_verify(to, &opt, &result, &err)) == 0)
        r = aw_store_info(to, &info, &err);
    if (r)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    print_backup(ctl, to, &info, &result);
    return result.findings ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

/* --- migrate --------------------------------------------------------------------------------- */

static void print_change(void *ctx, const char *what)
{
    const struct aw_out *o = ctx;
    if (!o->json)
        fprintf(o->f, o->tty ? "  %s\n" : "change\t%s\n", what);
}

static int migrate(struct aw_ctl *ctl, const char *path, const char *actor, bool dry_run,
                   int64_t *ret_from)
{
    struct aw_migrate_options opt = {.dry_run = dry_run,
                                     .actor = actor,
                                     .now = aw_clock_os_wall(),
                                     .say = print_change,
                                     .ctx = &ctl->out};
    struct aw_err err;
    int r = aw_store_migrate(path, &opt, ret_from, &err);
    if (r == AW_EBUSY)
        return aw_ctl_say(AW_EXIT_CONFLICT, "%s: stop it first: systemctl stop ackwatchd",
                          err.text);
    return r ? aw_ctl_say(AW_EXIT_FAILED, "%s", err.text) : AW_EXIT_DONE;
}

static void print_migrated(const struct aw_out *o, const char *path, int64_t from, bool dry_run,
                           const char *backup)
{
    const char *done = from == AW_STORE_LAYOUT ? "nothing to do"
                       : dry_run               ? "would go"
                                               : "migrated";
    if (o->json) {
        json_t *v = json_pack("{s:s,s:I,s:i,s:b,s:s?}", "db", path, "from", (json_int_t)from, "to",
                              AW_STORE_LAYOUT, "changed", from != AW_STORE_LAYOUT && !dry_run,
                              "backup", backup);
        aw_out_json(o, v);
        json_decref(v);
        return;
    }
    fprintf(o->f, o->tty ? "%s: layout %lld to %d: %s\n" : "%s\t%lld\t%d\t%s\n", path,
            (long long)from, AW_STORE_LAYOUT, done);
    if (o->tty && backup)
        fprintf(o->f, "the database as it was: %s\n", backup);
}

static int exec_migrate(struct aw_ctl *ctl)
{
    const char *path = path_of(ctl);
    bool dry_run = aw_ctl_flag(ctl, "dry-run") != NULL;
    AW_AUTO(aw_buf_free) struct aw_buf backup = AW_BUF_INIT(4096);
    struct aw_store_info info;
    char actor[32];
    int64_t from = AW_STORE_LAYOUT;
    struct aw_err err;

    snprintf(actor, sizeof actor, "uid:%u", (unsigned)geteuid());
    if (aw_store_info(path, &info, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    aw_buf_printf(&backup, "%s.layout-%lld", path, (long long)info.layout);
    bool old = info.layout < AW_STORE_LAYOUT;
    if (old && !dry_run && aw_store_backup(path, aw_buf_str(&backup), &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "no backup, nothing was changed: %s", err.text);
    int code = old ? migrate(ctl, path, actor, dry_run, &from) : AW_EXIT_DONE;
    if (code == AW_EXIT_DONE)
        print_migrated(&ctl->out, path, from, dry_run,
                       old && !dry_run ? aw_buf_str(&backup) : NULL);
    return code;
}

/* --- entries --------------------------------------------------------------------------------- */

static const struct aw_param flags[] = {
    {"db", 0, AW_VAL_FILE, 0, NULL, "the database (" AW_STATEDIR "/ackwatch.db)"},
    {NULL},
};
static const struct aw_param backup_args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "the copy; must not be there yet"},
    {NULL},
};
static const char *const info_examples[] = {"db info", "db info --db copy.db --json", NULL};
static const char *const backup_examples[] = {
    "db backup /var/backups/ackwatch-2026-11-22.db",
    "db backup /var/backups/new.db >> /mnt/worm/ackwatch-heads", NULL};

const struct aw_cmd_entry aw_cmd_db_info = {
    .noun = "db",
    .verb = "info",
    .summary = "size, rows and versions of the database",
    .text = "Needs no daemon, and may run beside one. Rows are counted, which takes seconds for "
            "millions of messages.",
    .flags = flags,
    .examples = info_examples,
    .exec = exec_info,
};
const struct aw_cmd_entry aw_cmd_db_backup = {
    .noun = "db",
    .verb = "backup",
    .summary = "copy the database while the daemon runs, and verify the copy",
    .text = "The copy is one moment of the store in one file, flushed to disk before it gets its "
            "name, then verified as audit verify does (exit code 3 when something is found; the "
            "copy stays). It holds personal data and the store's own keys: mode 0600. Exit code 6 "
            "when FILE is there already.",
    .args = backup_args,
    .flags = flags,
    .examples = backup_examples,
    .exec = exec_backup,
};

static const struct aw_param migrate_flags[] = {
    {"db", 0, AW_VAL_FILE, 0, NULL, "the database (" AW_STATEDIR "/ackwatch.db)"},
    {"dry-run", 0, AW_VAL_NONE, 0, NULL, "print what would be changed, and change nothing"},
    {NULL},
};
static const char *const migrate_examples[] = {"db migrate --dry-run", "db migrate", NULL};

const struct aw_cmd_entry aw_cmd_db_migrate = {
    .noun = "db",
    .verb = "migrate",
    .summary = "bring the database of an older version to the layout of this one",
    .text =
        "The daemon refuses a database of an older layout, and this is the way on. The daemon "
        "must be stopped (exit code 6 when it runs). A backup is made first as FILE.layout-N "
        "beside it, which needs as much room again. Then everything changes in one transaction, "
        "with an entry in the log. Run it as the daemon's user: runuser -u ackwatch. "
        "audit verify afterwards proves that nothing was lost.",
    .flags = migrate_flags,
    .examples = migrate_examples,
    .exec = exec_migrate,
};
