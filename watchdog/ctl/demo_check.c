/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the demo: what the daemon says is held against what the simulated providers saw, the
 * daemon is stopped, the log is verified, and the summary printed. Done only if all of it fits.
 */
#include <string.h>

#include "audit/verify.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"
#include "store/store.h"

struct tally {
    unsigned registered, delivered, acknowledged, exhausted;
    unsigned sends[AW_N_KINDS];  /* that the providers saw */
    unsigned claims[AW_N_KINDS]; /* that the log has */
    int64_t entries;
    char head[96];
    bool verified, wrong;
};

static const char *const words[2][9] = {
    {"registered", "delivered", "acknowledged", "exhausted", "sent", "log verified",
     "the log DOES NOT VERIFY", "entries, none missing or altered, the state follows from them",
     "Look further"},
    {"已登记", "已送达", "已确认", "未确认（步骤已尽）", "发送", "日志已验证", "日志未通过验证",
     "条，无缺失、无篡改，状态可由日志推得", "继续查看"},
};

static void complain(struct tally *t, const char *what, const char *more)
{
    t->wrong = true;
    aw_ctl_say(0, "%s%s%s", what, *more ? ": " : "", more);
}

/* --- the providers' record against the log --------------------------------------------------- */

/* Mail to the operators is no step of a timeline; the log has it as operators.told. */
static bool is_notice(const json_t *line)
{
    return aw_streq(aw_json_str(line, "to"), AW_DEMO_OPERATORS);
}

static bool is_claimed(const struct aw_demo *d, const char *ref, const char *kind)
{
    for (unsigned i = 0; i < d->n_events; i++) {
        const json_t *e = d->events[i].entry;
        if (aw_streq(aw_json_str(e, "kind"), "firing.claimed") &&
            aw_streq(aw_json_str(e, "ref"), ref) && aw_streq(aw_json_str(e, "do"), kind))
            return true;
    }
    return false;
}

static void count_sends(const struct aw_demo *d, struct tally *t)
{
    size_t i;
    json_t *line;
    json_array_foreach(d->sends, i, line)
    {
        enum aw_kind kind;
        char ref[64];
        if (!aw_demo_is_send(line, &kind, ref) || is_notice(line))
            continue;
        t->sends[kind]++;
        if (!is_claimed(d, ref, aw_kind_name(kind)))
            complain(t, "a provider saw a send of which the log has no intent", ref);
    }
    for (unsigned k = 0; k < d->n_events; k++) {
        const json_t *e = d->events[k].entry;
        enum aw_kind kind;
        if (aw_streq(aw_json_str(e, "kind"), "firing.claimed") && aw_json_str(e, "do") &&
            !aw_json_str(e, "merged_into") && aw_kind_parse(aw_json_str(e, "do"), &kind) == 0)
            t->claims[kind]++;
    }
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (t->sends[k] != t->claims[k]) {
            char text[80];
            snprintf(text, sizeof text, "%s: %u and %u", aw_kind_name(k), t->sends[k],
                     t->claims[k]);
            complain(t, "providers and log disagree on the number of sends", text);
        }
}

static void count_people(const struct aw_demo *d, struct tally *t)
{
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        const struct aw_demo_person *p = &d->people[i];
        enum aw_level level;
        t->registered += p->message[0] != '\0';
        t->delivered += aw_level_parse(p->level, &level) == 0 && level >= AW_DELIVERED;
        t->acknowledged += aw_streq(p->state, "confirmed");
        t->exhausted += aw_streq(p->state, "exhausted");
    }
    if (t->registered != AW_DEMO_PEOPLE || !t->acknowledged || !t->exhausted || !t->sends[AW_SMS] ||
        !t->sends[AW_EMAIL])
        complain(t, "the story did not take the course that was promised", "");
}

/* --- the log --------------------------------------------------------------------------------- */

static void on_found(void *ctx, const struct aw_finding *f)
{
    complain(ctx, f->place, f->text);
}

static void verify(struct aw_demo *d, struct tally *t)
{
    char db[PATH_MAX];
    struct aw_err err;
    struct aw_verify_options opt = {.at_size = -1, .found = on_found, .ctx = t};
    struct aw_verify_result r = {0};
    snprintf(db, sizeof db, "%s/ackwatch.db", d->dir);
    if (aw_demo_stop(&d->daemon) < 0)
        complain(t, "ackwatchd did not stop cleanly", "");
    aw_demo_stop(&d->sim);
    if (aw_store_verify(db, &opt, &r, &err) < 0)
        complain(t, "the log cannot be verified", err.text);
    else
        t->verified = r.findings == 0;
    t->entries = r.entries;
    aw_root_print(t->head, r.entries, r.root);
}

/* --- the summary ----------------------------------------------------------------------------- */

static void print_json(const struct aw_demo *d, const struct tally *t)
{
    json_t *sends = json_object();
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (t->sends[k])
            json_object_set_new(sends, aw_kind_name(k), json_integer(t->sends[k]));
    json_t *v =
        json_pack("{s:{s:i,s:i,s:i,s:i,s:o,s:I,s:b,s:b}}", "summary", "registered",
                  (int)t->registered, "delivered", (int)t->delivered, "acknowledged",
                  (int)t->acknowledged, "exhausted", (int)t->exhausted, "sends", sends, "entries",
                  (json_int_t)t->entries, "verified", t->verified, "ok", !t->wrong && t->verified);
    json_dumpf(v, d->ctl->out.f, JSON_COMPACT);
    fputc('\n', d->ctl->out.f);
    json_decref(v);
}

static void print_text(const struct aw_demo *d, const struct tally *t)
{
    FILE *f = d->ctl->out.f;
    const char *const *w = words[d->lang];
    fprintf(f, "\n%s %u   %s %u   %s %u   %s %u\n", w[0], t->registered, w[1], t->delivered, w[2],
            t->acknowledged, w[3], t->exhausted);
    fprintf(f, "%s", w[4]);
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (t->sends[k])
            fprintf(f, "   %s %u", aw_word(d->lang, aw_kind_name(k)), t->sends[k]);
    fputc('\n', f);
    if (t->verified)
        fprintf(f, "%s: %lld %s\n", w[5], (long long)t->entries, w[7]);
    else
        fprintf(f, "%s\n", w[6]);
    fprintf(f, "\n%s\n", w[8]);
    if (d->keep) {
        fprintf(f, "  ackwatch audit verify --db %s/ackwatch.db\n", d->dir);
        fprintf(f, "  sqlite3 -readonly %s/ackwatch.db 'SELECT * FROM v_timeline'\n", d->dir);
    } else {
        fprintf(f, "  ackwatch demo --keep DIR    then: ackwatch audit verify --db "
                   "DIR/ackwatch.db\n");
    }
    fprintf(f, "  ackwatch demo --seed %llu      another story\n", (unsigned long long)d->seed + 1);
    fprintf(f, "  ackwatch help               all commands\n");
}

int aw_demo_finish(struct aw_demo *d)
{
    struct tally t = {0};
    count_sends(d, &t);
    count_people(d, &t);
    verify(d, &t);
    if (d->mode == AW_DEMO_JSON)
        print_json(d, &t);
    else
        print_text(d, &t);
    return !t.wrong && t.verified ? AW_EXIT_DONE : AW_EXIT_FAILED;
}
