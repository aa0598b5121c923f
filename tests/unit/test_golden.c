/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden traces: each file of tests/golden/ is a story, with the engine's decisions between its
 * lines. The runner copies the lines of the story, writes what the engine decides under each, and
 * compares the result with the file. With AW_GOLDEN_WRITE=1 it writes the file instead: read the
 * difference before you commit it.
 *
 *   # text                                   what the story shows
 *   rule until=RUNG deadline=D max_age=D settle=D by=anyone reopen=D closed catch_up=never|D
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
 *   > resume, > escalate [STEP]
 *   > busy KIND VIA D                        that channel can be sent to from then on
 *   > hold REASON NAME D, > hold nothing     that holds firings back (silence, limit, brake) until then
 *   > suppress NAME, > suppress nothing      so does another message
 *   > let_go, > carry STEP KIND ROUND        what put firings off may be over; one is carried along
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

/* --- words ---------------------------------------------------------------------------------- */

static void __attribute__((noreturn)) bad(const struct story *s, const char *what)
{
    fail_msg("%s:%u: %s", s->file, s->line, what);
    abort();
}

static aw_ms duration(const struct story *s, const char *text)
{
    aw_ms d;
    if (aw_duration_parse(text, strlen(text), &d) != 0)
        bad(s, "a duration is expected");
    return d;
}

static unsigned number(const struct story *s, const char *text)
{
    uint64_t v;
    if (aw_parse_u64(text, strlen(text), 1000000, &v) != 0)
        bad(s, "a number is expected");
    return (unsigned)v;
}

/* The value of key=value among the words, or NULL. */
static const char *get(const struct story *s, const char *key)
{
    size_t n = strlen(key);
    for (unsigned i = 1; i < s->n_words; i++)
        if (strncmp(s->words[i], key, n) == 0 && s->words[i][n] == '=')
            return s->words[i] + n + 1;
    return NULL;
}

static bool flag(const struct story *s, const char *word)
{
    for (unsigned i = 1; i < s->n_words; i++)
        if (strcmp(s->words[i], word) == 0)
            return true;
    return false;
}

static const char *word(const struct story *s, unsigned i)
{
    if (i >= s->n_words)
        bad(s, "something is missing");
    return s->words[i];
}

static enum aw_level level(const struct story *s, const char *text)
{
    enum aw_level l;
    if (aw_level_parse(text, &l) != 0)
        bad(s, "a rung is expected");
    return l;
}

static enum aw_kind kind(const struct story *s, const char *text)
{
    enum aw_kind k;
    if (aw_kind_parse(text, &k) != 0)
        bad(s, "a kind is expected");
    return k;
}

static const struct claim *claim(const struct story *s, const char *text)
{
    unsigned n = text[0] == '#' ? number(s, text + 1) : 0;
    if (n == 0 || n > s->n_claims)
        bad(s, "an attempt is expected");
    return &s->claims[n - 1];
}

/* --- the rule and its people ---------------------------------------------------------------- */

static void read_rule(struct story *s)
{
    struct aw_rule *r = &s->x.rule.r;
    const char *v;

    if ((v = get(s, "until")))
        r->until = level(s, v);
    if ((v = get(s, "deadline")))
        r->deadline = duration(s, v);
    if ((v = get(s, "max_age")))
        r->max_age = duration(s, v);
    if ((v = get(s, "settle")))
        r->check.settle = duration(s, v);
    if ((v = get(s, "by")))
        r->by = strcmp(v, "anyone") == 0 ? AW_BY_ANYONE : AW_BY_RECIPIENT;
    if ((v = get(s, "reopen")))
        r->reopen_after = duration(s, v);
    r->reopen_unless_closed |= flag(s, "closed");
    if ((v = get(s, "catch_up")))
        r->catch_up = strcmp(v, "never") == 0 ? AW_CATCH_UP_NEVER : duration(s, v);
}

static void read_targets(struct story *s, struct aw_step *step, char *list)
{
    for (char *t; (t = strsep(&list, ","));) {
        if (strcmp(t, "recipient") == 0)
            world_target(&s->x, step, AW_TO_RECIPIENT, NULL);
        else if (strcmp(t, "manager") == 0)
            world_target(&s->x, step, AW_TO_MANAGER, NULL);
        else if (aw_starts(t, "contact:"))
            world_target(&s->x, step, AW_TO_CONTACT, t + 8);
        else if (aw_starts(t, "user:"))
            world_target(&s->x, step, AW_TO_USER, t + 5);
        else if (aw_starts(t, "oncall:"))
            world_target(&s->x, step, AW_TO_ONCALL, t + 7);
        else
            bad(s, "a target is expected");
    }
}

static void read_step(struct story *s)
{
    bool last = strcmp(s->words[0], "exhausted") == 0;
    const char *v = get(s, "at");
    struct aw_step *step =
        world_step(&s->x, last ? "exhausted" : word(s, 1), v ? duration(s, v) : 0, AW_PUSH);

    if (!(v = get(s, "do")))
        bad(s, "do is missing");
    step->n_kinds = 0;
    for (char *list = (char *)v, *k; (k = strsep(&list, ","));)
        step->kinds[step->n_kinds++] = kind(s, k);
    if ((v = get(s, "to")))
        read_targets(s, step, (char *)v);
    else
        world_target(&s->x, step, AW_TO_RECIPIENT, NULL);
    if (get(s, "pick"))
        step->pick = AW_PICK_ALL;
    if ((v = get(s, "unless")))
        step->unless = level(s, v);
    if ((v = get(s, "every"))) {
        step->every = duration(s, v);
        step->times = strcmp(get(s, "times"), "goal") == 0 ? 0 : number(s, get(s, "times"));
    }
    if (get(s, "devices"))
        step->all_devices = s->x.rule.r.by_device = true;
    if (get(s, "if_no_contact"))
        step->if_no_contact = AW_NO_CONTACT_SKIP;
    if ((v = get(s, "via")))
        step->n_via = number(s, v);
}

static void read_presence(struct story *s)
{
    struct aw_presence *p = &s->x.rule.r.presence;
    const char *v;

    p->logged_out = strcmp(word(s, 1), "hold") == 0 ? AW_LOGGED_OUT_HOLD : AW_LOGGED_OUT_SKIP;
    if ((v = get(s, "hold_max")))
        p->hold_max = duration(s, v);
    if ((v = get(s, "on_login")))
        p->on_login = strcmp(v, "drop") == 0 ? AW_ON_LOGIN_DROP : AW_ON_LOGIN_DIGEST;
    if ((v = get(s, "on_expiry")))
        p->on_expiry = aw_rule_step_index(&s->x.rule.r, v);
}

static void read_person(struct story *s)
{
    unsigned p = world_person(&s->x, word(s, 1));

    for (unsigned i = 2; i < s->n_words; i++) {
        if (aw_starts(s->words[i], "manager="))
            s->x.w.manager = world_person(&s->x, s->words[i] + 8);
        else
            s->x.w.has[p - 1][kind(s, s->words[i])] = true;
    }
}

static void read_channels(struct story *s)
{
    for (unsigned i = 1; i < s->n_words; i++) {
        char *eq = strchr(s->words[i], '=');
        if (!eq)
            bad(s, "KIND=N is expected");
        *eq = '\0';
        s->x.w.channels[kind(s, s->words[i])] = number(s, eq + 1);
    }
}

/* --- the story ------------------------------------------------------------------------------ */

static void event(struct story *s, const struct aw_event *ev)
{
    unsigned first = s->n_claims;

    if (world_event(&s->x, ev) != 0)
        bad(s, "the engine refuses");
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
    const char *sent = get(s, "sent");
    event(s, &(struct aw_event){.type = AW_EV_REGISTER,
                                .at = WORLD_START - (sent ? duration(s, sent) : 0),
                                .already_sent = flag(s, "already_sent")});
}

static void do_run(struct story *s)
{
    run_until(s, WORLD_START + duration(s, word(s, 1)));
}

static void do_at(struct story *s)
{
    s->x.env.now = WORLD_START + duration(s, word(s, 1));
}

static void do_down(struct story *s)
{
    s->downtimes[s->x.env.n_downtimes++] = (struct aw_span){WORLD_START + duration(s, word(s, 1)),
                                                            WORLD_START + duration(s, word(s, 2))};
}

static void do_outcome(struct story *s)
{
    const char *wait = get(s, "wait");
    struct aw_event ev = {.type = AW_EV_OUTCOME,
                          .attempt = claim(s, word(s, 1))->id,
                          .at = wait ? s->x.env.now + duration(s, wait) : 0,
                          .why = flag(s, "restart") ? AW_WHY_RESTART : AW_WHY_NONE};
    if (aw_outcome_parse(word(s, 2), &ev.outcome) != 0)
        bad(s, "an outcome is expected");
    event(s, &ev);
}

static void do_evidence(struct story *s)
{
    const char *about = get(s, "about"), *known = get(s, "known"), *on = get(s, "on");
    event(s, &(struct aw_event){.type = AW_EV_EVIDENCE,
                                .person = world_person(&s->x, word(s, 1)),
                                .level = level(s, word(s, 2)),
                                .source = AW_SRC_APP,
                                .attempt = about ? claim(s, about)->id : 0,
                                .device = on ? number(s, on) : 0,
                                .sent = flag(s, "sent"),
                                .known = known ? level(s, known) : AW_LEVEL_NONE});
}

static void do_negative(struct story *s)
{
    const struct claim *c = claim(s, word(s, 1));
    struct aw_event ev = {.type = AW_EV_NEGATIVE,
                          .attempt = c->id,
                          .person = c->person,
                          .step = c->step,
                          .kind = c->kind,
                          .round = c->round};
    if (aw_negative_parse(word(s, 2), &ev.negative) != 0)
        bad(s, "a negative fact is expected");
    event(s, &ev);
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
    event(s, &(struct aw_event){
                 .type = AW_EV_HOLD, .at = s->x.env.now + duration(s, word(s, 1)), .why = why});
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
        bad(s, "a step is expected");
    event(s, &(struct aw_event){.type = AW_EV_ESCALATE, .step = (uint8_t)step});
}

static void do_absent(struct story *s)
{
    s->x.w.is[world_person(&s->x, word(s, 1)) - 1] = AW_IS_ABSENT;
}

static void do_taken(struct story *s)
{
    s->x.w.is[world_person(&s->x, word(s, 1)) - 1] = AW_IS_TAKEN;
}

static void do_here(struct story *s)
{
    s->x.w.is[world_person(&s->x, word(s, 1)) - 1] = 0;
}

static void do_login(struct story *s)
{
    const char *count = get(s, "count");
    s->x.w.is[0] = 0;
    event(s, &(struct aw_event){.type = AW_EV_LOGIN,
                                .why = flag(s, "digest") ? AW_WHY_DIGEST : AW_WHY_NONE,
                                .count = count ? (uint16_t)number(s, count) : 0});
}

static void do_devices(struct story *s)
{
    s->x.w.n_devices = 0;
    for (unsigned i = 1; i < s->n_words; i++)
        s->x.w.devices[s->x.w.n_devices++] = number(s, s->words[i]);
}

static void do_gone(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_DEVICE, .device = number(s, word(s, 1))});
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
    s->x.w.busy[kind(s, word(s, 1))][number(s, word(s, 2))] = WORLD_START + duration(s, word(s, 3));
}

/* hold REASON NAME D, hold nothing; the same for what suppresses, which has no end. */
static void do_hold(struct story *s)
{
    bool suppress = strcmp(s->words[0], "suppress") == 0;
    struct aw_restraint *r = suppress ? &s->x.w.suppressed : &s->x.w.held;

    world_brake(&s->x);
    *r = (struct aw_restraint){.why = AW_WHY_SUPPRESSED};
    if (strcmp(word(s, 1), "nothing") == 0)
        r->why = AW_WHY_NONE;
    else if (!suppress && aw_why_parse(word(s, 1), &r->why) != 0)
        bad(s, "a reason is expected");
    else if (!suppress)
        r->at = WORLD_START + duration(s, word(s, 3));
    if (r->why != AW_WHY_NONE)
        snprintf(r->by, sizeof(r->by), "%s", word(s, suppress ? 1 : 2));
}

static void do_let_go(struct story *s)
{
    event(s, &(struct aw_event){.type = AW_EV_LET_GO});
}

static void do_carry(struct story *s)
{
    int step = aw_rule_step_index(&s->x.rule.r, word(s, 1));
    if (step < 0)
        bad(s, "a step is expected");
    event(s, &(struct aw_event){.type = AW_EV_CARRY,
                                .step = (uint8_t)step,
                                .kind = (uint8_t)kind(s, word(s, 2)),
                                .round = (uint16_t)number(s, word(s, 3))});
}

static void do_lose(struct story *s)
{
    s->x.w.has[world_person(&s->x, word(s, 1)) - 1][kind(s, word(s, 2))] = false;
}

static void do_stop(struct story *s)
{
    s->x.w.out[world_person(&s->x, word(s, 1)) - 1] = true;
}

static void do_start(struct story *s)
{
    s->x.w.out[world_person(&s->x, word(s, 1)) - 1] = false;
}

static void read_seed(struct story *s)
{
    s->x.env.seed = number(s, word(s, 1));
}

static const struct verb {
    const char *word;
    void (*run)(struct story *s);
} headers[] = {{"rule", read_rule},        {"step", read_step},         {"exhausted", read_step},
               {"person", read_person},    {"channels", read_channels}, {"seed", read_seed},
               {"presence", read_presence}},
  verbs[] = {{"register", do_register}, {"run", do_run},         {"at", do_at},
             {"down", do_down},         {"outcome", do_outcome}, {"evidence", do_evidence},
             {"negative", do_negative}, {"cancel", do_cancel},   {"release", do_release},
             {"snooze", do_snooze},     {"claim", do_claim},     {"resume", do_resume},
             {"escalate", do_escalate}, {"auto", do_auto},       {"querying", do_querying},
             {"quiet", do_quiet},       {"lose", do_lose},       {"stop", do_stop},
             {"start", do_start},       {"busy", do_busy},       {"absent", do_absent},
             {"taken", do_taken},       {"here", do_here},       {"login", do_login},
             {"devices", do_devices},   {"gone", do_gone},
             {"hold", do_hold},         {"suppress", do_hold},   {"let_go", do_let_go},
             {"carry", do_carry}};

static void run_line(struct story *s, char *line)
{
    bool act = line[0] == '>';
    const struct verb *v = act ? verbs : headers;
    unsigned n = act ? AW_COUNT(verbs) : AW_COUNT(headers);

    s->n_words = 0;
    for (char *w = line + act, *end; *(w += strspn(w, " ")); w = end) {
        end = w + strcspn(w, " ");
        if (*end)
            *end++ = '\0';
        if (s->n_words == AW_COUNT(s->words))
            bad(s, "too many words");
        s->words[s->n_words++] = w;
    }
    for (unsigned i = 0; i < n && s->n_words > 0; i++) {
        if (strcmp(v[i].word, s->words[0]) == 0) {
            v[i].run(s);
            return;
        }
    }
    bad(s, "not a line of a story");
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
