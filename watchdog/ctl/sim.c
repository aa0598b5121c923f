/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch sim`: the simulated providers, for whoever tries rules on one machine. start runs
 * ackwatch-sim; the other verbs talk to a running one over its own HTTP paths.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"
#include "ctl/rows.h"

#define SIM_PORT  "9370"
#define SMTP_PORT "9371"
#define SIM_URL   "http://127.0.0.1:" SIM_PORT
#define FOREVER   1000000000

static struct aw_client *sim_client(const struct aw_ctl *ctl)
{
    const char *url = aw_ctl_flag(ctl, "sim");
    return aw_client_new(&(struct aw_client_options){.url = url ? url : SIM_URL});
}

/* POSTs to the simulator; takes body over, NULL: an argument is not UTF-8. */
static int sim_post(const struct aw_ctl *ctl, const char *path, json_t *body, json_t **ret)
{
    if (!body)
        return aw_ctl_say(AW_EXIT_USAGE, "an argument is not valid UTF-8");
    AW_AUTO(aw_client_cleanup) struct aw_client *c = sim_client(ctl);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    int code = c ? aw_client_call(c, "POST", path, text, NULL, ret) : AW_EXIT_USAGE;
    free(text);
    return code;
}

/* --- start ----------------------------------------------------------------------------------- */

static const char default_people[] =
    "[{\"user\": \"li\", \"alias\": \"li\", \"phone\": \"+9990000001\", \"email\": "
    "\"li@sim.invalid\"},\n"
    " {\"user\": \"ana\", \"alias\": \"ana\", \"push\": \"offline\", \"phone\": "
    "\"+9990000101\", \"email\": \"ana@sim.invalid\"},\n"
    " {\"user\": \"wang\", \"alias\": \"wang\", \"phone\": \"+9990000102\", \"email\": "
    "\"wang@sim.invalid\"}]\n";

static int write_once(const char *dir, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wxe");
    if (!f && errno == EEXIST)
        return 0;
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        return aw_ctl_say(-1, "%s: %s", path, strerror(errno));
    return 0;
}

/* An environment that points at the simulator, whole, with absolute paths: it can be used at once.
 */
static const char environment[] =
    "# An environment for ackwatchd, pointed at `ackwatch sim start`.\n"
    "version: 1\n"
    "node: sim.invalid\n"
    "public_url: http://127.0.0.1:9364\n"
    "socket: %2$s/ctl.sock\n"
    "store: %2$s/ackwatch.db\n"
    "rules: %5$s\n"
    "calendars: {night: {zone: recipient, open: [{days: all, from: \"22:00\", to: \"08:00\"}]}}\n"
    "rotations: {noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:00\", turn: 7d, people: "
    "[li]}}\n"
    "operators:\n"
    "  - {channel: mail, to: ops@sim.invalid}\n"
    "channels:\n"
    "  push:\n"
    "    provider: jpush\n"
    "    allow: [127.0.0.1]\n"
    "    app_key: \"%1$s\"\n"
    "    master_secret: {file: %2$s/jpush.secret}\n"
    "    push_url: http://127.0.0.1:%3$d/v3/\n"
    "    report_url: http://127.0.0.1:%3$d/v3/\n"
    "  sms:\n"
    "    provider: gateway\n"
    "    allow: [127.0.0.1]\n"
    "    url: http://127.0.0.1:%3$d/sms/send\n"
    "    fields: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{ref}}\", dlr: \"{{receipt_url}}\"}\n"
    "    success_pointer: /code\n"
    "    refused_values: \"1001\"\n"
    "    receipt_secret: {file: %2$s/receipt.secret}\n"
    "  mail:\n"
    "    provider: smtp\n"
    "    host: 127.0.0.1\n"
    "    port: %4$d\n"
    "    ca_file: %2$s/ca.pem\n"
    "    user: ackwatch\n"
    "    password: {file: %2$s/smtp.secret}\n"
    "    from: ackwatch@sim.invalid\n";

static void print_environment(const struct aw_out *o, const char *dir, const json_t *ready)
{
    int http = (int)json_integer_value(json_object_get(ready, "http_port"));
    int smtp = (int)json_integer_value(json_object_get(ready, "smtp_port"));
    AW_AUTO_FREE char *rules = aw_demo_rules();
    fprintf(o->f, environment, aw_json_str(ready, "jpush_app_key"), dir, http, smtp,
            rules ? rules : "rules");
}

static int write_secrets(const char *dir, const json_t *ready)
{
    const char *key = aw_json_str(ready, "jpush_master_secret");
    const char *password = aw_json_str(ready, "smtp_password");
    if (!key || !password)
        return aw_ctl_say(-1, "ackwatch-sim does not say its credentials: another version?");
    if (write_once(dir, "jpush.secret", key) < 0 || write_once(dir, "smtp.secret", password) < 0)
        return -1;
    return write_once(dir, "receipt.secret", "sim-receipts");
}

/* In the child: its first line goes into the pipe. */
static void become(const char *program, const struct aw_ctl *ctl, const char *dir, int out)
{
    char people[PATH_MAX];
    const char *given = aw_ctl_flag(ctl, "people");
    snprintf(people, sizeof people, "%s/people.json", dir);
    const char *port = aw_ctl_flag(ctl, "port"), *smtp = aw_ctl_flag(ctl, "smtp-port");
    const char *seed = aw_ctl_flag(ctl, "seed");
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(out, STDOUT_FILENO);
    execl(program, "ackwatch-sim", "--tls-dir", dir, "--people", given ? given : people, "--port",
          port ? port : SIM_PORT, "--smtp-port", smtp ? smtp : SMTP_PORT, "--seed",
          seed ? seed : "1", NULL);
    _exit(127);
}

static int serve(struct aw_ctl *ctl, const char *dir, pid_t pid, int ready_fd)
{
    char line[4096];
    json_t *ready = NULL;
    int status = 0;
    FILE *f = fdopen(ready_fd, "re");
    if (f && fgets(line, sizeof line, f) &&
        aw_json_parse(line, strlen(line), sizeof line, &ready, NULL) == 0) {
        if (write_secrets(dir, ready) < 0)
            kill(pid, SIGTERM);
        else if (ctl->out.json)
            aw_out_json(&ctl->out, ready);
        else
            print_environment(&ctl->out, dir, ready);
        fflush(ctl->out.f);
        fprintf(stderr,
                "The simulator runs until Ctrl-C. Beside it, with what was printed in a file:\n"
                "  ackwatchd --config FILE\n"
                "  ackwatch channels test push --to li --socket %s/ctl.sock\n"
                "  ackwatch sim inbox -f\n",
                dir);
    }
    bool began = ready != NULL;
    json_decref(ready);
    if (f)
        fclose(f);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return began && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? AW_EXIT_DONE : AW_EXIT_FAILED;
}

static int exec_start(struct aw_ctl *ctl)
{
    const char *given = aw_ctl_flag(ctl, "dir");
    int fds[2];
    if (!given)
        given = "sim";
    if (mkdir(given, 0700) < 0 && errno != EEXIST)
        return aw_ctl_say(AW_EXIT_FAILED, "%s: %s", given, strerror(errno));
    char *dir = realpath(given, NULL);
    AW_AUTO_FREE char *program = aw_demo_program("ackwatch-sim");
    if (!dir || !program || write_once(dir, "people.json", default_people) < 0 || pipe(fds) < 0) {
        free(dir);
        return AW_EXIT_FAILED;
    }
    umask(077);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the simulator; we go when it has gone */
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGINT, SIG_DFL);
        close(fds[0]);
        become(program, ctl, dir, fds[1]);
    }
    close(fds[1]);
    int code = pid > 0 ? serve(ctl, dir, pid, fds[0])
                       : aw_ctl_say(AW_EXIT_FAILED, "%s: %s", program, strerror(errno));
    free(dir);
    return code;
}

/* --- set ------------------------------------------------------------------------------------- */

static const char *const parts[] = {"push", "report", "cid", "sms", "smtp", NULL};
static const char *const states[] = {"online", "offline", "slow", "5xx", "unknown", NULL};

/* What a state is for a person's phone, and for a provider. */
static const struct {
    const char *state, *push, *fault;
} meanings[] = {{"online", "online", NULL},
                {"offline", "offline", "reset"},
                {"slow", NULL, "slow"},
                {"5xx", NULL, "http500"},
                {"unknown", "none", "drop_after"}};

static int exec_set(struct aw_ctl *ctl)
{
    const char *name = ctl->args[0], *state = ctl->args[1];
    bool part = false;
    unsigned m = 0;
    for (unsigned i = 0; parts[i]; i++)
        part = part || aw_streq(parts[i], name);
    while (!aw_streq(meanings[m].state, state))
        m++;
    int code;
    if (part)
        code = sim_post(ctl, "/sim/fault",
                        json_pack("{s:s,s:s,s:i}", "what", name, "kind",
                                  meanings[m].fault ? meanings[m].fault : "http500", "count",
                                  meanings[m].fault ? FOREVER : 0),
                        NULL);
    else if (meanings[m].push)
        code = sim_post(ctl, "/sim/person",
                        json_pack("{s:s,s:s}", "user", name, "push", meanings[m].push), NULL);
    else
        return aw_ctl_say(AW_EXIT_USAGE,
                          "%s is for a provider (push report cid sms smtp); the phone of a person "
                          "is online, offline or unknown",
                          state);
    if (code == AW_EXIT_DONE && !ctl->out.json)
        fprintf(ctl->out.f, "%s\t%s\n", name, state);
    else if (code == AW_EXIT_DONE)
        fprintf(ctl->out.f, "{\"name\":\"%s\",\"state\":\"%s\"}\n", name, state);
    return code;
}

/* --- inbox, reply ---------------------------------------------------------------------------- */

/* What reaches people, and what they answer. */
static const char *const reaching[] = {"delivered", "sms", "mail", "im", "webhook", "reply", NULL};

static bool reaches(const json_t *row)
{
    for (unsigned i = 0; reaching[i]; i++)
        if (aw_streq(aw_json_str(row, "what"), reaching[i]))
            return true;
    return false;
}

static void print_row(const struct aw_out *o, const json_t *row)
{
    char when[AW_TIME_TEXT];
    static const char *const places[] = {"to", "from", "registration_id", "name", "robot"};
    const char *place = NULL, *text = aw_json_str(row, "subject");
    struct aw_buf clean = AW_BUF_INIT(65536);
    if (o->json) {
        json_dumpf(row, o->f, JSON_COMPACT);
        fputc('\n', o->f);
        return;
    }
    for (unsigned i = 0; !place && i < AW_COUNT(places); i++)
        place = aw_json_str(row, places[i]);
    aw_out_clean(&clean, text ? text : aw_json_str(row, "text") ?: "");
    fprintf(o->f, o->tty ? "%s  %-9s  %-8s  %-22s  %s\n" : "%s\t%s\t%s\t%s\t%s\n",
            aw_out_when(o, when, aw_json_str(row, "at")), aw_json_str(row, "what") ?: "-",
            aw_json_str(row, "user") ?: "-", place ?: "-", clean.n ? aw_buf_str(&clean) : "-");
    aw_buf_free(&clean);
}

static int exec_inbox(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = sim_client(ctl);
    bool follow = aw_ctl_flag(ctl, "follow");
    json_int_t from = 1;
    int code = c ? AW_EXIT_DONE : AW_EXIT_USAGE;
    while (code == AW_EXIT_DONE) {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        size_t i, n = 0;
        json_t *row;
        code = aw_client_get(c, &v, "/sim/record?from=%lld&limit=1000", (long long)from);
        json_array_foreach(json_object_get(v, "data"), i, row)
        {
            if (reaches(row))
                print_row(&ctl->out, row);
            from = json_integer_value(json_object_get(row, "n")) + 1;
            n++;
        }
        fflush(ctl->out.f);
        if (code != AW_EXIT_DONE || n > 0)
            continue;
        if (!follow)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    }
    return code;
}

static int exec_reply(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = sim_client(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL, *answer = NULL;
    const char *phone = ctl->args[0];
    int code = c ? AW_EXIT_DONE : AW_EXIT_USAGE;
    size_t i;
    json_t *row;
    if (code == AW_EXIT_DONE && *phone != '+') { /* a name: where it last got an SMS */
        code = aw_client_get(c, &v, "/sim/record?limit=10000");
        phone = NULL;
        json_array_foreach(json_object_get(v, "data"), i,
                           row) if (aw_streq(aw_json_str(row, "what"), "sms") &&
                                    aw_streq(aw_json_str(row, "user"), ctl->args[0])) phone =
            aw_json_str(row, "to");
        if (code == AW_EXIT_DONE && !phone)
            return aw_ctl_say(AW_EXIT_NO_OBJECT, "nobody called \"%s\" has got an SMS",
                              ctl->args[0]);
    }
    if (code == AW_EXIT_DONE)
        code = sim_post(ctl, "/sim/reply",
                        json_pack("{s:s,s:s}", "to", phone, "text", ctl->args[1]), &answer);
    if (code == AW_EXIT_DONE && ctl->out.json)
        aw_out_json(&ctl->out, answer);
    else if (code == AW_EXIT_DONE)
        fprintf(ctl->out.f, "replied\t%s\n", phone);
    return code;
}

/* --- entries --------------------------------------------------------------------------------- */

#define SIM_FLAG                                                                                   \
    {                                                                                              \
        "sim", 0, AW_VAL_TEXT, 0, NULL, "base address of the simulator (" SIM_URL ")"              \
    }

static const struct aw_param start_flags[] = {
    {"dir", 0, AW_VAL_DIR, 0, NULL, "where its certificate, people and secrets are kept (sim)"},
    {"people", 0, AW_VAL_FILE, 0, NULL,
     "imaginary people and their phones; without it DIR/people.json, made with three of them"},
    {"port", 0, AW_VAL_NUMBER, 0, NULL, "HTTP port (" SIM_PORT "); 0 takes a free one"},
    {"smtp-port", 0, AW_VAL_NUMBER, 0, NULL, "SMTP port (" SMTP_PORT "); 0 takes a free one"},
    {"seed", 0, AW_VAL_NUMBER, 0, NULL, "chooses delays; the same seed, the same run (1)"},
    {NULL},
};
static const struct aw_param set_args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL,
     "a person of the people file, or a provider: push report cid sms smtp"},
    {"STATE", 0, AW_VAL_CHOICE, 0, states,
     "a phone is online, offline or unknown to its provider; a provider answers (online), is "
     "offline, slow, has errors (5xx), or takes what it gets without an answer (unknown)"},
    {NULL},
};
static const struct aw_param inbox_flags[] = {
    {"follow", 'f', AW_VAL_NONE, 0, NULL, "go on as things come"}, SIM_FLAG, {NULL}};
static const struct aw_param sim_flags[] = {SIM_FLAG, {NULL}};
static const struct aw_param reply_args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "a person, or a phone number with +"},
    {"TEXT", 0, AW_VAL_TEXT, 0, NULL, "what the person writes back"},
    {NULL},
};
static const char *const start_examples[] = {"sim start > ackwatch.yaml", NULL};
static const char *const set_examples[] = {"sim set li offline", "sim set sms 5xx", NULL};
static const char *const inbox_examples[] = {"sim inbox -f", NULL};
static const char *const reply_examples[] = {"sim reply li 'ACK 4821'", NULL};

const struct aw_cmd_entry aw_cmd_sim_start = {
    .noun = "sim",
    .verb = "start",
    .summary = "play the providers on this machine",
    .text = "Runs ackwatch-sim until Ctrl-C, and prints an environment that points at it. "
            "Nothing leaves this machine.",
    .flags = start_flags,
    .examples = start_examples,
    .exec = exec_start,
};
const struct aw_cmd_entry aw_cmd_sim_set = {
    .noun = "sim",
    .verb = "set",
    .summary = "change how a phone or a provider behaves from now on",
    .args = set_args,
    .flags = sim_flags,
    .examples = set_examples,
    .exec = exec_set,
};
const struct aw_cmd_entry aw_cmd_sim_inbox = {
    .noun = "sim",
    .verb = "inbox",
    .summary = "what has reached people, and what they answered",
    .flags = inbox_flags,
    .examples = inbox_examples,
    .exec = exec_inbox,
};
const struct aw_cmd_entry aw_cmd_sim_reply = {
    .noun = "sim",
    .verb = "reply",
    .summary = "answer the last SMS of a person",
    .args = reply_args,
    .flags = sim_flags,
    .examples = reply_examples,
    .exec = exec_reply,
};
