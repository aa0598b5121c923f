/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch db`: info, backup. Both open the database read-only and may run beside a daemon.
 */
#include <string.h>

#include "audit/verify.h"
#include "base/mem.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "store/store.h"

static const char *path_of(const struct aw_ctl *ctl)
{
    const char *path = aw_ctl_flag(ctl, "db");
    return path ? path : AW_STATEDIR "/ackwatch.db";
}

/* --- info ------------------------------------------------------------------------------------ */

static json_t *info_json(const char *path, const struct aw_store_info *i)
{
    char alive[AW_TIME_TEXT];
    aw_time_print(alive, i->alive);
    json_t *at = i->alive ? json_string(alive) : json_null();
    return json_pack("{s:s,s:I,s:I,s:I,s:s,s:s,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "db", path,
                     "bytes", (json_int_t)i->bytes, "wal_bytes", (json_int_t)i->wal_bytes, "layout",
                     (json_int_t)i->layout, "ackwatch", PACKAGE_VERSION, "sqlite", i->sqlite,
                     "alive_at", at, "entries", (json_int_t)i->entries, "messages",
                     (json_int_t)i->messages, "timelines", (json_int_t)i->timelines, "open",
                     (json_int_t)i->open, "attempts", (json_int_t)i->attempts, "evidence",
                     (json_int_t)i->evidence, "persons", (json_int_t)i->persons);
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
        else if (strcmp(key, "alive_at") == 0)
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
