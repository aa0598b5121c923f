/* SPDX-License-Identifier: Apache-2.0
 *
 * Mail, the worker's side: one process, one thread, one mail at a time. It holds the SMTP password
 * while a mail is under way and nothing else, and is killed at the deadline by the daemon: libesmtp
 * looks up and connects without limit, leaks and may crash.
 */
#include "chan/mail_job.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <auth-client.h>
#include <curl/curl.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/dispatch.h"
#include "codec/json.h"
#include "codec/jsonw.h"

#define LINE_MAX_BYTES (8 * 1024 * 1024)
#define TIMEOUT_MIN    1000 /* ms; libesmtp takes no less */

void aw_mail_decide(struct aw_mail_verdict *v, enum aw_outcome outcome, int status, const char *fmt,
                    ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    v->outcome = outcome;
    v->status = status;
    aw_detail_clean(v->detail, text, strlen(text));
}

enum aw_outcome aw_mail_refusal(int code)
{
    static const int login[] = {530, 534, 535, 538};
    for (unsigned i = 0; i < AW_COUNT(login); i++)
        if (code == login[i])
            return AW_OUT_AUTH;
    return code / 100 == 4 ? AW_OUT_TRANSIENT : AW_OUT_REFUSED;
}

/* --- towards the daemon -------------------------------------------------------------------- */

static bool write_line(int fd, struct aw_buf *line)
{
    aw_buf_putc(line, '\n');
    for (size_t at = 0; at < line->n;) {
        ssize_t n = write(fd, line->p + at, line->n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool report(int fd, const struct aw_mail_verdict *v)
{
    AW_AUTO(aw_buf_free) struct aw_buf line = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    aw_jw_init(&w, &line);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "outcome", aw_outcome_name(v->outcome));
    aw_jw_int(&w, "status", v->status);
    aw_jw_str(&w, "detail", v->detail);
    aw_jw_end(&w, '}');
    return write_line(fd, &line);
}

void aw_mail_handed(const struct aw_mail_job *job)
{
    AW_AUTO(aw_buf_free) struct aw_buf line = AW_BUF_INIT(64);
    aw_buf_puts(&line, "{\"handed\":true}");
    if (!write_line(job->fd, &line))
        _exit(1); /* the daemon is gone: nobody would ever learn how this mail ended */
}

/* --- one mail --- */

static const char *text_or(const json_t *job, const char *key, const char *def)
{
    const char *v = aw_json_str(job, key);
    return v ? v : def;
}

/* One line of the daemon: a mail. False when it cannot be read. */
static bool do_job(int fd, const char *line, size_t n)
{
    json_t *job = NULL;
    struct aw_mail_verdict v = {.outcome = AW_OUT_TRANSIENT};
    if (aw_json_parse(line, n, LINE_MAX_BYTES, &job, NULL) != 0)
        return false;
    json_t *message = json_object_get(job, "message"), *password = json_object_get(job, "password");
    struct aw_mail_job mail = {
        .fd = fd,
        .host = text_or(job, "host", ""),
        .hello = text_or(job, "hello", "localhost"),
        .ca_file = text_or(job, "ca_file", ""),
        .user = aw_json_str(job, "user"),
        .password = text_or(job, "password", ""),
        .from = text_or(job, "from", ""),
        .to = text_or(job, "to", ""),
        .envid = aw_json_str(job, "envid"),
        .port = (unsigned)json_integer_value(json_object_get(job, "port")),
        .timeout = (long)json_integer_value(json_object_get(job, "timeout_ms")),
        .text = message ? json_string_value(message) : "",
        .n_text = json_string_length(message),
    };
    if (mail.timeout < TIMEOUT_MIN)
        mail.timeout = TIMEOUT_MIN;
    if (aw_streq(aw_json_str(job, "tls"), "implicit"))
        aw_mail_curl(&mail, &v);
    else
        aw_mail_esmtp(&mail, &v);
    if (json_is_string(password))
        aw_wipe((char *)json_string_value(password), json_string_length(password));
    json_decref(job);
    return report(fd, &v);
}

int aw_mail_worker_main(int fd)
{
    AW_AUTO(aw_buf_free) struct aw_buf in = AW_BUF_INIT(LINE_MAX_BYTES);
    char part[16384];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* a core would hold the password */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* the daemon decides when a mail is given up */
    signal(SIGTERM, SIG_IGN);
    auth_client_init();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        aw_buf_add(&in, part, (size_t)n);
        aw_wipe(part, (size_t)n);
        if (in.over)
            return 1;
        if (in.p[in.n - 1] != '\n') /* the daemon sends one line and waits for its answer */
            continue;
        bool good = do_job(fd, in.p, in.n - 1);
        aw_wipe(in.p, in.n);
        aw_buf_reset(&in);
        if (!good)
            return 1;
    }
    curl_global_cleanup();
    auth_client_exit();
    return 0;
}
