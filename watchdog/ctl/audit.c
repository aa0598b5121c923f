/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch audit`: verify (needs no daemon: it opens the database read-only), tail, head.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "ctl/lang.h"
#include "codec/words.h"
#include "audit/verify.h"
#include "store/store.h"

/* --- verify ---------------------------------------------------------------------------------- */

struct verify {
    const struct aw_ctl *ctl;
    json_t *findings;
    int shown; /* percent on the terminal, -1: none yet */
};

static void on_progress(void *ctx, int64_t done, int64_t total)
{
    struct verify *v = ctx;
    int percent = total > 0 ? (int)(100 * done / total) : 100;
    if (percent == v->shown)
        return;
    v->shown = percent;
    fprintf(stderr, "\rverifying %3d %%", percent);
    fflush(stderr);
}

static void end_progress(struct verify *v)
{
    if (v->shown >= 0)
        fprintf(stderr, "\r%*s\r", 20, "");
    v->shown = -1;
}

static void on_found(void *ctx, const struct aw_finding *f)
{
    struct verify *v = ctx;
    end_progress(v);
    const struct aw_out *o = &v->ctl->out;
    json_t *seq = f->seq >= 0 ? json_integer(f->seq) : json_null();
    json_array_append_new(
        v->findings, json_pack("{s:o,s:s,s:s}", "seq", seq, "place", f->place, "text", f->text));
    if (o->json)
        return;
    if (o->tty)
        fprintf(o->f, "%s%s%s %s: %s\n", aw_out_on(o, AW_BAD), aw_out_mark(o, AW_MARK_BAD),
                aw_out_off(o, AW_BAD), f->place, f->text);
    else
        fprintf(o->f, "finding\t%s\t%s\n", f->place, f->text);
}

static void print_json(const struct aw_ctl *ctl, const char *db, const struct verify *v,
                       const struct aw_verify_options *opt, const struct aw_verify_result *r)
{
    char root[2 * AW_SHA256 + 1], at_root[2 * AW_SHA256 + 1], first[AW_TIME_TEXT],
        last[AW_TIME_TEXT];
    aw_hex(root, r->root, sizeof r->root);
    aw_hex(at_root, opt->at_root, sizeof opt->at_root);
    aw_time_print(first, r->first);
    aw_time_print(last, r->last);
    json_t *at = opt->at_size < 0
                     ? json_null()
                     : json_pack("{s:I,s:s}", "size", (json_int_t)opt->at_size, "root", at_root);
    json_t *out =
        json_pack("{s:s,s:b,s:I,s:I,s:I,s:I,s:s,s:s,s:s,s:o,s:O}", "db", db, "ok", r->findings == 0,
                  "entries", (json_int_t)r->entries, "timelines", (json_int_t)r->timelines,
                  "attempts", (json_int_t)r->attempts, "evidence", (json_int_t)r->evidence, "root",
                  root, "first", first, "last", last, "at", at, "findings", v->findings);
    aw_out_json(&ctl->out, out);
    json_decref(out);
}

static void print_verdict(const struct aw_ctl *ctl, const struct aw_verify_options *opt,
                          const struct aw_verify_result *r)
{
    const struct aw_out *o = &ctl->out;
    char head[96];
    aw_root_print(head, r->entries, r->root);
    if (!o->tty) {
        fprintf(o->f, "%s\t%lld\t%u\t%s\n", r->findings ? "broken" : "verified",
                (long long)r->entries, r->findings, head);
    } else if (r->findings) {
        fprintf(o->f, "%s%u findings in %lld entries.%s What is named above cannot be trusted.\n",
                aw_out_on(o, AW_BAD), r->findings, (long long)r->entries, aw_out_off(o, AW_BAD));
    } else {
        const char *mark = aw_out_mark(o, AW_MARK_GOOD);
        fprintf(o->f, "%s %lld entries: none missing, none altered, the tree fits\n", mark,
                (long long)r->entries);
        fprintf(o->f,
                "%s %lld timelines, %lld attempts, %lld pieces of evidence follow from "
                "the entries\n",
                mark, (long long)r->timelines, (long long)r->attempts, (long long)r->evidence);
        if (r->pruned)
            fprintf(o->f,
                    "%s %lld messages were pruned after their retention; their entries stay\n",
                    mark, (long long)r->pruned);
        if (opt->at_size >= 0)
            fprintf(o->f, "%s the log of %lld entries noted outside is its beginning\n", mark,
                    (long long)opt->at_size);
        fprintf(o->f, "head %s\n", head);
    }
    if (opt->at_size < 0)
        fprintf(stderr, "Not proven: a rewritten log cannot be told without a root noted outside: "
                        "ackwatch audit head, then audit verify --at SIZE:ROOT\n");
}

static int exec_verify(struct aw_ctl *ctl)
{
    struct verify v = {.ctl = ctl, .findings = json_array(), .shown = -1};
    struct aw_verify_options opt = {.at_size = -1, .found = on_found, .ctx = &v};
    struct aw_verify_result result = {0};
    const char *db = aw_ctl_flag(ctl, "db"), *at = aw_ctl_flag(ctl, "at");
    struct aw_err err;
    int code = AW_EXIT_DONE;
    if (!db)
        db = AW_STATEDIR "/ackwatch.db";
    if (isatty(STDERR_FILENO) && ctl->out.tty)
        opt.progress = on_progress;
    if (at && aw_root_parse(at, &opt.at_size, opt.at_root) < 0)
        code = aw_ctl_say(AW_EXIT_USAGE, "--at takes SIZE:ROOT as `audit head` prints it");
    else if (aw_store_verify(db, &opt, &result, &err) < 0)
        code = aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    end_progress(&v);
    if (code == AW_EXIT_DONE) {
        if (ctl->out.json)
            print_json(ctl, db, &v, &opt, &result);
        else
            print_verdict(ctl, &opt, &result);
        code = result.findings ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
    }
    json_decref(v.findings);
    return code;
}

/* --- head ------------------------------------------------------------------------------------ */

static int exec_head(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_get(c, &v, "/v1/audit/head") : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    char when[AW_TIME_TEXT];
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        fprintf(ctl->out.f, "%lld:%s\t%s\n",
                (long long)json_integer_value(json_object_get(v, "size")),
                aw_json_str(v, "root") ?: "", aw_out_when(&ctl->out, when, aw_json_str(v, "at")));
    return AW_EXIT_DONE;
}

/* --- tail ------------------------------------------------------------------------------------ */

void aw_entry_print(const struct aw_out *o, const json_t *row)
{
    if (o->json) {
        json_dumpf(row, o->f, JSON_COMPACT);
        fputc('\n', o->f);
        return;
    }
    const json_t *e = json_object_get(row, "entry");
    const json_t *n = json_object_get(e, "n");
    char when[AW_TIME_TEXT], recipient[24] = "-";
    struct aw_buf what = AW_BUF_INIT(512), why = AW_BUF_INIT(512), line = AW_BUF_INIT(2048);
    if (json_is_integer(n))
        snprintf(recipient, sizeof recipient, "%lld", (long long)json_integer_value(n));
    aw_words_entry(aw_lang(), e, &what);
    aw_words_why(aw_lang(), e, &why);
    const char *kind = aw_json_str(e, "kind") ?: "-", *msg = aw_json_str(e, "msg") ?: "-";
    long long seq = json_integer_value(json_object_get(row, "seq"));
    if (!aw_streq(kind, aw_buf_str(&what))) /* else it has no words of its own */
        aw_out_clean(&line, aw_buf_str(&what));
    const char *at = aw_out_when(o, when, aw_json_str(e, "ts"));
    if (o->tty)
        fprintf(o->f, "%8lld  %s  %-17s  %s  %-17s  %s%s%s\n", seq, at, msg, recipient, kind,
                aw_buf_str(&line), line.n && why.n ? ": " : "", aw_buf_str(&why));
    else
        fprintf(o->f, "%lld\t%s\t%s\t%s\t%s\t%s\t%s\n", seq, at, msg, recipient, kind,
                line.n ? aw_buf_str(&line) : "-", why.n ? aw_buf_str(&why) : "-");
    aw_buf_free(&what);
    aw_buf_free(&why);
    aw_buf_free(&line);
}

/* Prints entries from *seq to the end, and moves *seq there. */
static int print_from(struct aw_ctl *ctl, struct aw_client *c, json_int_t *seq)
{
    for (;;) {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        int code = aw_client_get(c, &v, "/v1/audit/entries?from=%lld&limit=500", (long long)*seq);
        if (code != AW_EXIT_DONE)
            return code;
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(v, "data"), i, row)
        {
            aw_entry_print(&ctl->out, row);
            *seq = json_integer_value(json_object_get(row, "seq")) + 1;
        }
        if (!json_is_integer(json_object_get(v, "next")))
            return AW_EXIT_DONE;
    }
}

static int exec_tail(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *head = NULL;
    int code = c ? aw_client_get(c, &head, "/v1/audit/head") : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    json_int_t seq =
        json_integer_value(json_object_get(head, "size")) - aw_ctl_number(ctl, "lines", 20);
    if (seq < 0)
        seq = 0;
    for (;;) {
        code = print_from(ctl, c, &seq);
        fflush(ctl->out.f);
        if (code != AW_EXIT_DONE || !aw_ctl_flag(ctl, "follow"))
            return code;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
}

static const struct aw_param verify_flags[] = {
    {"db", 0, AW_VAL_FILE, 0, NULL, "the database (" AW_STATEDIR "/ackwatch.db)"},
    {"at", 0, AW_VAL_TEXT, 0, NULL, "SIZE:ROOT noted outside, as audit head prints it"},
    {NULL},
};
static const char *const verify_examples[] = {"audit verify --db /var/lib/ackwatch/ackwatch.db",
                                              "audit verify --db copy.db --at 1204:3f9a...", NULL};
static const struct aw_param tail_flags[] = {
    {"lines", 'n', AW_VAL_NUMBER, 0, NULL, "how many entries from the end (20)"},
    {"follow", 'f', AW_VAL_NONE, 0, NULL, "go on with what is appended"},
    {NULL},
};
static const char *const tail_examples[] = {"audit tail -f", "audit tail -n 1000 --json", NULL};
static const char *const head_examples[] = {"audit head >> /mnt/worm/ackwatch-heads", NULL};

const struct aw_cmd_entry aw_cmd_audit_verify = {
    .noun = "audit",
    .verb = "verify",
    .summary = "prove that the log is whole and that the state follows from it",
    .text = "Needs no daemon, and may run beside one. Recomputes every hash, the tree, the chain "
            "of each timeline, and every state row from its entries; each finding names its place "
            "(exit code 3). Without --at it cannot tell a log that was rewritten and hashed anew "
            "as a whole: note heads outside.",
    .flags = verify_flags,
    .examples = verify_examples,
    .exec = exec_verify,
};
const struct aw_cmd_entry aw_cmd_audit_tail = {
    .noun = "audit",
    .verb = "tail",
    .summary = "the newest entries of the log",
    .text = "With --json one object a line: seq, leaf, entry.",
    .flags = tail_flags,
    .remote = true,
    .examples = tail_examples,
    .exec = exec_tail,
};
const struct aw_cmd_entry aw_cmd_audit_head = {
    .noun = "audit",
    .verb = "head",
    .summary = "size and root of the log, to be noted outside",
    .remote = true,
    .examples = head_examples,
    .exec = exec_head,
};
