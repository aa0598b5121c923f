/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden traces: each file of tests/golden/ is a story, with the engine's decisions between its
 * lines. The runner copies the lines of the story, writes what the engine decides under each, and
 * compares the result with the file. With AW_GOLDEN_WRITE=1 it writes the file instead: read the
 * difference before you commit it.
 *
 *   # text                                   what the story shows
 *   rule until=RUNG deadline=D max_age=D settle=D by=anyone reopen=D closed catch_up=never|D
 *   calendar NAME from=D to=D                open every day, from and to so long after 00:00 UTC;
 *                                            the registration is at 18:00
 *   hours NAME inside=hold|skip|send [then=keep] [kinds=KIND,KIND] [except=PRIORITY,PRIORITY]
 *   priority PRIORITY                        of the message
 *   oncall NAME                              who is on duty
 *   step ID at=D do=KIND,KIND to=TARGET,TARGET pick=all unless=RUNG every=D times=N|goal
 *        if_no_contact=skip via=N            via: number of channels
 *        devices=all
 *   presence hold|skip [hold_max=D] [on_login=drop|digest] [on_expiry=STEP], after the steps
 *   exhausted do=KIND to=TARGET
 *   person NAME KIND... manager=NAME         the first one is the recipient
 *   channels KIND=N
 *   seed N
 *   > register [already_sent] [sent=D]       sent: so long ago
 *   > run D                                  moves the clock, decides what falls due on the way
 *   > at D                                   moves the clock only, as if the process stood still
 *   > down D D                               a downtime is recorded
 *   > outcome #N OUTCOME [wait=D] [restart]  of attempt N; `> auto` accepts from here on at once
 *   > evidence PERSON RUNG [about=#N] [known=RUNG] [on=N] [sent]   sent: to somebody else, before
 *   > negative #N WHAT                       a receipt says so
 *   > absent PERSON, > taken PERSON          logged out; somebody else is on the phone
 *   > here PERSON                            logged in, and nobody has told the engine
 *   > login [digest] [count=N]               of the recipient
 *   > devices N N N, > gone N                the recipient's; one is theirs no more
 *   > snooze D, > claim D                    somebody holds the plan for so long
 *   > ttl STEP ID                            how long its push lives now, with `ttl: until ID`
 *   > resume, > escalate [STEP]
 *   > blind [D], > sees, > keep_unknown     receipts cannot be seen: escalate, or hold and look
 *                                           again at D; on_unknown: hold
 *   > busy KIND VIA D                       that channel can be sent to from then on
 *   > hold REASON NAME D, > hold nothing    that holds firings back (silence, limit, brake) until
 *                                           then
 *   > suppress NAME, > suppress nothing     so does another message
 *   > let_go, > carry STEP KIND ROUND       what put firings off may be over; one is carried along
 *   > cancel, > release, > querying, > quiet (no query in flight), > lose PERSON KIND
 *
 * A decision is: instant, fact, details, and after the arrow the timeline's next due. Instants are
 * counted from the registration.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "golden.h"

/* --- the story ------------------------------------------------------------------------------ */

static void event(struct story *s, const struct aw_event *ev)
{
    unsigned first = s->n_claims;

    if (world_event(&s->x, ev) != 0)
        golden_bad(s, "the engine refuses");
    golden_put(s);
    for (unsigned i = first, n = s->n_claims; s->automatic && i < n; i++)
        event(s, &(struct aw_event){.type = AW_EV_OUTCOME,
                                    .attempt = s->claims[i].id,
                                    .outcome = AW_OUT_ACCEPTED});
}

static void run_until(struct story *s, aw_time until)
{
    while (s->x.tl.due != 0 && s->x.tl.due <= until) {
        if (s->x.tl.due > s->x.env.now)
            s->x.env.now = s->x.tl.due;
        event(s, &(struct aw_event){.type = AW_EV_DUE});
    }
    if (until > s->x.env.now)
        s->x.env.now = until;
}

static void do_register(struct story *s)
{
    const char *sent = golden_get(s, "sent");
    event(s, &(struct aw_event){.type = AW_EV_REGISTER,
                                .at = WORLD_START - (sent ? golden_duration(s, sent) : 0),
                                .already_sent = golden_flag(s, "already_sent")});
}

static void do_run(struct story *s)
{
    run_until(s, WORLD_START + golden_duration(s, golden_word(s, 1)));
}

static void do_at(struct story *s)
{
    s->x.env.now = WORLD_START + golden_duration(s, golden_word(s, 1));
}

static void do_down(struct story *s)
{
    s->downtimes[s->x.env.n_downtimes++] =
        (struct aw_span){WORLD_START + golden_duration(s, golden_word(s, 1)),
                         WORLD_START + golden_duration(s, golden_word(s, 2))};
}

static void do_outcome(struct story *s)
{
    const char *wait = golden_get(s, "wait");
    struct aw_event ev = {.type = AW_EV_OUTCOME,
                          .attempt = golden_claim(s, golden_word(s, 1))->id,
                          .at = wait ? s->x.env.now + golden_duration(s, wait) : 0,
                          .why = golden_flag(s, "restart") ? AW_WHY_RESTART : AW_WHY_NONE};
    if (aw_outcome_parse(golden_word(s, 2), &ev.outcome) != 0)
        golden_bad(s, "an outcome is expected");
    event(s, &ev);
}

static void do_evidence(struct story *s)
{
    const char *about = golden_get(s, "about"), *known = golden_get(s, "known"),
               *on = golden_get(s, "on");
    event(s, &(struct aw_event){.type = AW_EV_EVIDENCE,
                                .person = world_person(&s->x, golden_word(s, 1)),
                                .level = golden_level(s, golden_word(s, 2)),
                                .source = AW_SRC_APP,
                                .attempt = about ? golden_claim(s, about)->id : 0,
                                .device = on ? golden_number(s, on) : 0,
                                .sent = golden_flag(s, "sent"),
                                .known = known ? golden_level(s, known) : AW_LEVEL_NONE});
}

static void do_negative(struct story *s)
{
    const struct claim *c = golden_claim(s, golden_word(s, 1));
    struct aw_event ev = {.type = AW_EV_NEGATIVE,
                          .attempt = c->id,
                          .person = c->person,
                          .step = c->step,
                          .kind = c->kind,
                          .round = c->round};
    if (aw_negative_parse(golden_word(s, 2), &ev.negative) != 0)
        golden_bad(s, "a negative fact is expected");
    event(s, &ev);
}

static void do_ttl(struct story *s)
{
    int step = aw_rule_step_index(&s->x.rule.r, golden_word(s, 1));
    int until = aw_rule_step_index(&s->x.rule.r, golden_word(s, 2));
    char text[AW_TIME_TEXT];
    if (step < 0 || until < 0)
        golden_bad(s, "two steps are expected");
    s->x.rule.steps[step].ttl_until = until;
    aw_duration_print(text,
                      aw_engine_ttl(&s->x.rule.r, &s->x.tl, (unsigned)step, &s->x.env) * AW_SECOND);
    aw_buf_printf(&s->out, "  lives for %s\n", text);
}

static void do_cancel(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_CANCEL});
}

static void do_release(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_RELEASE});
}

static void hold(struct story *s, enum aw_why why)
{
    event(s, &(struct aw_event){.type = AW_EV_HOLD,
                                .at = s->x.env.now + golden_duration(s, golden_word(s, 1)),
                                .why = why});
}

static void do_snooze(struct story *s)
{
    hold(s, AW_WHY_SNOOZED);
}

static void do_claim(struct story *s)
{
    hold(s, AW_WHY_CLAIM);
}

static void do_resume(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_RESUME});
}

static void do_escalate(struct story *s)
{
    int step = s->n_words > 1 ? aw_rule_step_index(&s->x.rule.r, s->words[1]) : AW_STEP_NEXT;
    if (step < 0)
        golden_bad(s, "a step is expected");
    event(s, &(struct aw_event){.type = AW_EV_ESCALATE, .step = (uint8_t)step});
}

static void do_absent(struct story *s)
{
    s->x.w.is[world_person(&s->x, golden_word(s, 1)) - 1] = AW_IS_ABSENT;
}

static void do_taken(struct story *s)
{
    s->x.w.is[world_person(&s->x, golden_word(s, 1)) - 1] = AW_IS_TAKEN;
}

static void do_here(struct story *s)
{
    s->x.w.is[world_person(&s->x, golden_word(s, 1)) - 1] = 0;
}

static void do_login(struct story *s)
{
    const char *count = golden_get(s, "count");
    s->x.w.is[0] = 0;
    event(s, &(struct aw_event){.type = AW_EV_LOGIN,
                                .why = golden_flag(s, "digest") ? AW_WHY_DIGEST : AW_WHY_NONE,
                                .count = count ? (uint16_t)golden_number(s, count) : 0});
}

static void do_devices(struct story *s)
{
    s->x.w.n_devices = 0;
    for (unsigned i = 1; i < s->n_words; i++)
        s->x.w.devices[s->x.w.n_devices++] = golden_number(s, s->words[i]);
}

static void do_gone(struct story *s)
{
    event(s,
          &(struct aw_event){.type = AW_EV_DEVICE, .device = golden_number(s, golden_word(s, 1))});
}

static void do_auto(struct story *s)
{
    s->automatic = true;
}

static void do_querying(struct story *s)
{
    s->x.env.querying = true;
}

static void do_quiet(struct story *s)
{
    s->x.env.querying = false;
}

static void do_busy(struct story *s)
{
    s->x.w.busy[golden_kind(s, golden_word(s, 1))][golden_number(s, golden_word(s, 2))] =
        WORLD_START + golden_duration(s, golden_word(s, 3));
}

static void do_blind(struct story *s)
{
    s->x.w.sight = strcmp(s->words[0], "sees") == 0 ? AW_SEES : AW_BLIND_GO;
    if (s->n_words > 1) {
        s->x.w.sight = AW_BLIND_HOLD;
        s->x.w.seen_at = WORLD_START + golden_duration(s, golden_word(s, 1));
    }
}

static void do_keep_unknown(struct story *s)
{
    s->x.w.holds_unknown = true;
}

/* hold REASON NAME D, hold nothing; the same for what suppresses, which has no end. */
static void do_hold(struct story *s)
{
    bool suppress = strcmp(s->words[0], "suppress") == 0;
    struct aw_restraint *r = suppress ? &s->x.w.suppressed : &s->x.w.held;

    world_brake(&s->x);
    *r = (struct aw_restraint){.why = AW_WHY_SUPPRESSED};
    if (strcmp(golden_word(s, 1), "nothing") == 0)
        r->why = AW_WHY_NONE;
    else if (!suppress && aw_why_parse(golden_word(s, 1), &r->why) != 0)
        golden_bad(s, "a reason is expected");
    else if (!suppress)
        r->at = WORLD_START + golden_duration(s, golden_word(s, 3));
    if (r->why != AW_WHY_NONE)
        snprintf(r->by, sizeof(r->by), "%s", golden_word(s, suppress ? 1 : 2));
}

static void do_let_go(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_LET_GO});
}

static void do_carry(struct story *s)
{
    int step = aw_rule_step_index(&s->x.rule.r, golden_word(s, 1));
    if (step < 0)
        golden_bad(s, "a step is expected");
    event(s, &(struct aw_event){.type = AW_EV_CARRY,
                                .step = (uint8_t)step,
                                .kind = (uint8_t)golden_kind(s, golden_word(s, 2)),
                                .round = (uint16_t)golden_number(s, golden_word(s, 3))});
}

static void do_lose(struct story *s)
{
    s->x.w.has[world_person(&s->x, golden_word(s, 1)) - 1][golden_kind(s, golden_word(s, 2))] =
        false;
}

static void do_stop(struct story *s)
{
    s->x.w.out[world_person(&s->x, golden_word(s, 1)) - 1] = true;
}

static void do_start(struct story *s)
{
    s->x.w.out[world_person(&s->x, golden_word(s, 1)) - 1] = false;
}

static const struct verb {
    const char *word;
    void (*run)(struct story *s);
} verbs[] = {{"register", do_register},
             {"run", do_run},
             {"at", do_at},
             {"down", do_down},
             {"outcome", do_outcome},
             {"evidence", do_evidence},
             {"negative", do_negative},
             {"cancel", do_cancel},
             {"release", do_release},
             {"snooze", do_snooze},
             {"claim", do_claim},
             {"resume", do_resume},
             {"escalate", do_escalate},
             {"auto", do_auto},
             {"querying", do_querying},
             {"quiet", do_quiet},
             {"lose", do_lose},
             {"stop", do_stop},
             {"start", do_start},
             {"busy", do_busy},
             {"absent", do_absent},
             {"ttl", do_ttl},
             {"taken", do_taken},
             {"here", do_here},
             {"login", do_login},
             {"devices", do_devices},
             {"gone", do_gone},
             {"hold", do_hold},
             {"suppress", do_hold},
             {"let_go", do_let_go},
             {"carry", do_carry},
             {"blind", do_blind},
             {"sees", do_blind},
             {"keep_unknown", do_keep_unknown}};

static void run_line(struct story *s, char *line)
{
    bool act = line[0] == '>';

    s->n_words = 0;
    for (char *w = line + act, *end; *(w += strspn(w, " ")); w = end) {
        end = w + strcspn(w, " ");
        if (*end)
            *end++ = '\0';
        if (s->n_words == AW_COUNT(s->words))
            golden_bad(s, "too many words");
        s->words[s->n_words++] = w;
    }
    if (!act && s->n_words > 0 && golden_head(s, s->words[0]))
        return;
    for (unsigned i = 0; act && i < AW_COUNT(verbs) && s->n_words > 0; i++) {
        if (strcmp(verbs[i].word, s->words[0]) == 0) {
            verbs[i].run(s);
            return;
        }
    }
    golden_bad(s, "not a line of a story");
}

/* --- files ---------------------------------------------------------------------------------- */

static const char *golden_path(const char *name)
{
    static char path[1024];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/tests/golden/%s", top ? top : ".", name);
    return path;
}

static char *read_all(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s: cannot be read", path);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

static void compare(const struct story *s, const char *path, const char *want, const char *got)
{
    if (getenv("AW_GOLDEN_WRITE")) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(got, f);
        fclose(f);
        return;
    }
    for (unsigned line = 1; *want || *got; line++) {
        size_t n = strcspn(want, "\n"), m = strcspn(got, "\n");
        if (n != m || memcmp(want, got, n) != 0)
            fail_msg("%s:%u:\n    expected: %.*s\n    decided:  %.*s", s->file, line, (int)n, want,
                     (int)m, got);
        want += n + (want[n] == '\n');
        got += m + (got[m] == '\n');
    }
}

static void test_trace(void **state)
{
    static struct story s;
    const char *path = golden_path(*state), *want = read_all(path);

    memset(&s, 0, sizeof(s));
    s.file = *state;
    s.out = AW_BUF_INIT(1 << 20);
    world_init(&s.x);
    s.x.env.downtimes = s.downtimes;
    for (const char *p = want; *p;) {
        char line[512];
        size_t n = strcspn(p, "\n");
        s.line++;
        assert_true(n < sizeof(line));
        if (p[0] != ' ') { /* decisions are written anew */
            aw_buf_add(&s.out, p, n);
            aw_buf_putc(&s.out, '\n');
        }
        memcpy(line, p, n);
        line[n] = '\0';
        if (n > 0 && p[0] != '#' && p[0] != ' ')
            run_line(&s, line);
        p += n + (p[n] == '\n');
    }
    compare(&s, path, want, aw_buf_str(&s.out));
    aw_buf_free(&s.out);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
    static struct CMUnitTest tests[256];
    static char names[256][64];
    size_t n = 0;
    DIR *d = opendir(golden_path(""));

    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (len < 7 || len >= sizeof(names[0]) || strcmp(e->d_name + len - 6, ".trace") != 0 ||
            n == AW_COUNT(tests))
            continue;
        memcpy(names[n], e->d_name, len + 1);
        tests[n] = (struct CMUnitTest){
            .name = names[n], .test_func = test_trace, .initial_state = names[n]};
        n++;
    }
    if (d)
        closedir(d);
    if (n == 0) {
        fprintf(stderr, "no traces in %s\n", golden_path(""));
        return 1;
    }
    qsort(tests, n, sizeof(tests[0]), by_name);
    return _cmocka_run_group_tests("golden", tests, n, NULL, NULL);
}
