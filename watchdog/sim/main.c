/* SPDX-License-Identifier: Apache-2.0
 *
 * ackwatch-sim: the providers of Ackwatch on loopback, for the demo and for tests. This file reads
 * the options, starts the parts and ends them in the opposite order.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/step.h"
#include "base/str.h"
#include "sim/jpush.h"
#include "sim/jsms.h"
#include "sim/poster.h"
#include "sim/sim.h"
#include "sim/smtp.h"
#include "sim/sms.h"
#include "sim/timer.h"
#include "sim/tls.h"
#include "sim/web.h"

#define DEFAULT_KEY      "sim0appkey0for0tests0001"
#define DEFAULT_SECRET   "sim0secret0for0tests0001"
#define DEFAULT_PASSWORD "sim-password"
#define KEY_LENGTH       24 /* older SDKs insist on it */

static const char help[] =
    "Usage: ackwatch-sim --tls-dir DIR [options]\n"
    "Plays the providers of Ackwatch on loopback: JPush, an SMS gateway, a mail server, webhooks.\n"
    "Prints one line of JSON when ready, with its ports and its credentials if they are the\n"
    "built-in ones. Nothing leaves this machine but receipts, to the addresses that requests "
    "name.\n"
    "\n"
    "  --tls-dir DIR          where ca.pem is written, for clients of the mail server (required)\n"
    "  --address ADDRESS      numeric address to listen on (127.0.0.1)\n"
    "  --port PORT            HTTP port; 0 takes a free one (0)\n"
    "  --smtp-port PORT       SMTP port; 0 takes a free one (0)\n"
    "  --people FILE          JSON list of imaginary people and how their phones behave\n"
    "  --seed N               chooses delays that are not given; the same seed, the same run (1)\n"
    "  --receipt-url URL      where SMS receipts go when a request names no dlr\n"
    "  --jpush-callback URL   where JPush posts what it delivered; without it nothing is posted\n"
    "  --jsms-callback URL    where JSMS posts reports and replies; without it they are asked for\n"
    "  --jpush-key KEY:SECRET the JPush account, 24 letters and digits each\n"
    "  --smtp-password-file FILE\n"
    "                         the password of every mail user\n"
    "  --step-fd N            take the time from this socket instead of the clock\n"
    "  --help                 this text\n"
    "\n"
    "HTTP: POST /v3/push, POST /v3/push/validate, GET /v3/push/cid, DELETE /v3/push/ID,\n"
    "  POST /v3/push/batch/{regid,alias}/single, POST /v3/grouppush, GET /v3/received,\n"
    "  GET /v3/received/detail, POST /v3/status/message, GET /v3/messages,\n"
    "  GET /v3/messages/detail, GET /v3/users, /v3/devices, /v3/aliases, /v3/tags, /sms/send,\n"
    "  POST /v1/messages, GET /v1/report, GET /v1/reply (JSMS, with the account of JPush),\n"
    "  POST /hook/NAME, GET /sim/record?from=N&limit=N, POST /sim/people,\n"
    "  POST /sim/person, POST /sim/reply, POST /sim/fault\n"
    "Magic phones +9990000001 to +9990000009: delivered, refused, limited for 60 s, late, no\n"
    "  receipt, 503 twice, answer lost, replies Y, replies STOP. Mail to bounce@ is refused, to\n"
    "  slow@ put off once. Registration ids sim-online, sim-offline, sim-expired. Hooks fail500,\n"
    "  gone410.\n";

struct options {
    const char *address, *tls_dir, *people, *receipt_url, *jpush_key, *password_file;
    const char *jpush_callback, *jsms_callback;
    uint64_t port, smtp_port, seed;
    int step_fd; /* -1: real clock */
};

struct program {
    struct aw_sim sim;
    struct aw_http_server *web;
    struct aw_sim_smtp *smtp;
    struct aw_stepper *stepper;
    char *app_key, *secret, *password, *ca_path;
    unsigned http_port, smtp_port;
};

/* --- options ------------------------------------------------------------------------------ */

static bool number(const char *text, uint64_t max, uint64_t *ret)
{
    return aw_parse_u64(text, strlen(text), max, ret) == 0;
}

static int usage(const char *why)
{
    fprintf(stderr, "ackwatch-sim: %s\n%s", why, help);
    return 2;
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
    enum {
        ADDRESS,
        TLS_DIR,
        PEOPLE,
        RECEIPT_URL,
        JPUSH_KEY,
        PASSWORD_FILE,
        JPUSH_CALLBACK,
        JSMS_CALLBACK,
        N_TEXTS
    };
    enum { PORT = N_TEXTS, SMTP_PORT, SEED, STEP_FD, HELP };
    static const struct option longs[] = {{"address", 1, NULL, ADDRESS},
                                          {"tls-dir", 1, NULL, TLS_DIR},
                                          {"people", 1, NULL, PEOPLE},
                                          {"receipt-url", 1, NULL, RECEIPT_URL},
                                          {"jpush-key", 1, NULL, JPUSH_KEY},
                                          {"smtp-password-file", 1, NULL, PASSWORD_FILE},
                                          {"port", 1, NULL, PORT},
                                          {"smtp-port", 1, NULL, SMTP_PORT},
                                          {"seed", 1, NULL, SEED},
                                          {"step-fd", 1, NULL, STEP_FD},
                                          {"jpush-callback", 1, NULL, JPUSH_CALLBACK},
                                          {"jsms-callback", 1, NULL, JSMS_CALLBACK},
                                          {"help", 0, NULL, HELP},
                                          {0}};
    const char **texts[N_TEXTS] = {&o->address,        &o->tls_dir,      &o->people,
                                   &o->receipt_url,    &o->jpush_key,    &o->password_file,
                                   &o->jpush_callback, &o->jsms_callback};
    uint64_t fd = 0;
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        bool ok = c != '?';
        if (c == HELP) {
            fputs(help, stdout);
            return 0;
        }
        if (c >= 0 && c < N_TEXTS)
            *texts[c] = optarg;
        else if (c == PORT || c == SMTP_PORT)
            ok = number(optarg, 65535, c == PORT ? &o->port : &o->smtp_port);
        else if (c == SEED)
            ok = number(optarg, UINT64_MAX, &o->seed);
        else if (c == STEP_FD && (ok = number(optarg, 65535, &fd)))
            o->step_fd = (int)fd;
        if (!ok)
            return usage("an option or its value is wrong");
    }
    if (optind < argc)
        return usage("there are only options");
    return o->tls_dir ? -1 : usage("--tls-dir is missing");
}

static bool valid_key(const char *s, size_t n)
{
    return n == KEY_LENGTH &&
           strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >= n;
}

/* --- starting ----------------------------------------------------------------------------- */

static int read_accounts(struct program *p, const struct options *o, struct aw_err *err)
{
    const char *pair = o->jpush_key ? o->jpush_key : DEFAULT_KEY ":" DEFAULT_SECRET;
    const char *colon = strchr(pair, ':');
    size_t n = 0;
    if (!colon || !valid_key(pair, (size_t)(colon - pair)) ||
        !valid_key(colon + 1, strlen(colon + 1)))
        return aw_fail(err, AW_EINVAL, "--jpush-key: 24 letters and digits, ':', and 24 more");
    p->app_key = aw_strndup(pair, (size_t)(colon - pair));
    p->secret = aw_strdup(colon + 1);
    if (!o->password_file) {
        p->password = aw_strdup(DEFAULT_PASSWORD);
        return 0;
    }
    int rc = aw_file_read(o->password_file, 1024, &p->password, &n, err);
    if (rc == 0)
        p->password[strcspn(p->password, "\r\n")] = 0;
    return rc;
}

static int read_people(struct program *p, const struct options *o, struct aw_err *err)
{
    char *text = NULL;
    size_t n = 0;
    int rc = o->people ? aw_file_read(o->people, (size_t)64 << 20, &text, &n, err) : 0;
    if (rc == 0)
        rc = aw_sim_people_parse(text ? text : "[]", text ? n : 2, &p->sim.people, err);
    if (rc != 0 && text)
        aw_wrap(err, rc, "%s", o->people);
    aw_free(text);
    return rc;
}

static int start_servers(struct program *p, const struct options *o, struct aw_err *err)
{
    struct aw_buf path = AW_BUF_INIT(4096);
    SSL_CTX *tls = NULL;
    aw_buf_printf(&path, "%s/ca.pem", o->tls_dir);
    p->ca_path = aw_buf_take(&path, NULL);
    int rc = aw_sim_tls_make(p->ca_path, o->address, &tls, err);
    if (rc == 0)
        rc = aw_sim_smtp_start(&p->sim, o->address, (unsigned)o->smtp_port, tls, p->password,
                               &p->smtp, &p->smtp_port, err);
    SSL_CTX_free(tls);
    if (rc == 0) {
        p->web = aw_sim_web_start(&p->sim, o->address, (unsigned)o->port, &p->http_port, err);
        rc = p->web ? 0 : AW_EIO;
    }
    return rc;
}

/* --- the stepped clock -------------------------------------------------------------------- */

static void step_poll(void *ctx, struct aw_step_state *ret)
{
    struct program *p = ctx;
    aw_sim_lock(&p->sim);
    ret->busy = aw_http_active(p->web) > aw_sim_timer_hung(&p->sim) || p->sim.mails > 0 ||
                aw_sim_poster_busy(&p->sim);
    ret->activity = p->sim.activity;
    ret->next = aw_sim_sched_next(p->sim.sched);
    aw_sim_unlock(&p->sim);
}

static void step_now(void *ctx, aw_time now)
{
    struct program *p = ctx;
    aw_sim_lock(&p->sim);
    aw_sim_timer_step(&p->sim, now);
    aw_sim_unlock(&p->sim);
}

static void step_stop(void *ctx)
{
    kill(getpid(), SIGTERM);
}

/* --- from start to end -------------------------------------------------------------------- */

static void init_sim(struct program *p, const struct options *o)
{
    struct aw_sim *sim = &p->sim;
    pthread_mutex_init(&sim->lock, NULL);
    if (o->step_fd >= 0)
        aw_clock_init_stepped(&sim->clock, 0);
    else
        aw_clock_init_real(&sim->clock);
    sim->people_from = aw_sim_now(sim);
    sim->seed = o->seed;
    sim->record = aw_sim_record_new(AW_SIM_RECORD_MAX);
    sim->sched = aw_sim_sched_new(sim);
    sim->jpush = aw_sim_jpush_new(p->app_key, p->secret);
    if (o->jpush_callback)
        aw_sim_jpush_callback_to(sim->jpush, o->jpush_callback);
    sim->jsms = aw_sim_jsms_new(p->app_key, p->secret, o->jsms_callback);
    sim->sms = aw_sim_sms_new(o->receipt_url);
    sim->timer = aw_sim_timer_start(sim);
    sim->poster = aw_sim_poster_start(sim);
}

static void free_sim(struct aw_sim *sim)
{
    aw_sim_poster_free(sim->poster);
    aw_sim_sms_free(sim->sms);
    aw_sim_jsms_free(sim->jsms);
    aw_sim_jpush_free(sim->jpush);
    aw_sim_sched_free(sim->sched);
    aw_sim_record_free(sim->record);
    pthread_mutex_destroy(&sim->lock);
}

static void say_ready(const struct program *p, const struct options *o)
{
    json_t *line = json_pack("{s:i, s:i, s:s, s:s}", "http_port", (int)p->http_port, "smtp_port",
                             (int)p->smtp_port, "ca_file", p->ca_path, "jpush_app_key", p->app_key);
    if (!o->jpush_key)
        json_object_set_new(line, "jpush_master_secret", json_string(DEFAULT_SECRET));
    if (!o->password_file)
        json_object_set_new(line, "smtp_password", json_string(DEFAULT_PASSWORD));
    json_dumpf(line, stdout, JSON_COMPACT);
    json_decref(line);
    putchar('\n');
    fflush(stdout);
}

static int serve(struct program *p, const struct options *o, const sigset_t *ends)
{
    struct aw_err err;
    int rc = start_servers(p, o, &err), got;
    const struct aw_step_ops ops = {p, step_poll, step_now, step_stop};
    if (rc == 0 && o->step_fd >= 0 && !(p->stepper = aw_step_start(o->step_fd, &ops)))
        rc = aw_fail(&err, AW_EIO, "cannot serve --step-fd %d", o->step_fd);
    if (rc == 0) {
        say_ready(p, o);
        sigwait(ends, &got);
    } else {
        aw_log(AW_LOG_ERR, "start", "error=\"%s\"", err.text);
    }
    aw_step_free(p->stepper);
    aw_sim_smtp_free(p->smtp);
    if (p->web)
        aw_http_quiesce(p->web);
    aw_sim_timer_free(p->sim.timer); /* drops what hangs, so that the server can end */
    aw_http_server_free(p->web);
    return rc == 0 ? 0 : 1;
}

static int run(struct program *p, const struct options *o, const sigset_t *ends)
{
    struct aw_err err;
    int rc = read_accounts(p, o, &err);
    if (rc == 0)
        rc = read_people(p, o, &err);
    if (rc != 0) {
        aw_log(AW_LOG_ERR, "start", "error=\"%s\"", err.text);
        return 1;
    }
    init_sim(p, o);
    rc = serve(p, o, ends);
    free_sim(&p->sim);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {.address = "127.0.0.1", .seed = 1, .step_fd = -1};
    struct program p = {0};
    sigset_t ends;
    int code = read_options(argc, argv, &o);
    if (code >= 0)
        return code;
    if (o.step_fd >= 0) /* whoever steps us must not leave us behind */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    aw_log_init(AW_LOG_INFO, 0);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);

    code = run(&p, &o, &ends);

    curl_global_cleanup();
    aw_sim_people_free(p.sim.people);
    aw_free(p.app_key);
    aw_free(p.secret);
    aw_free(p.password);
    aw_free(p.ca_path);
    return code;
}
