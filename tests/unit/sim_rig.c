/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting ackwatch-sim, its clock, its calls.
 */
#include "sim_rig.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"

static const char people[] =
    "[{\"user\":\"li\",\"alias\":\"li\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa1\"],\"delay\":"
    "\"1s\"},"
    "{\"user\":\"wang\",\"alias\":\"wang\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa2\"],"
    "\"push\":{\"online_at\":\"3m\"},\"delay\":\"1s\"},"
    "{\"user\":\"zhao\",\"alias\":\"zhao\",\"platform\":\"ios\",\"delay\":\"2s\"},"
    "{\"user\":\"chen\",\"alias\":\"chen\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa4\"],"
    "\"push\":\"offline\"}]";

/* --- the program -------------------------------------------------------------------------- */

static json_t *parse(const char *p, size_t n)
{
    json_t *v = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
    if (!v)
        fail_msg("not JSON: %.*s", (int)n, p);
    return v;
}

static void spawn(struct sim_rig *r, const char *people_file, int out, int step)
{
    char program[512], fd[16];
    posix_spawn_file_actions_t actions;
    const char *top = getenv("top_builddir");
    snprintf(program, sizeof(program), "%s/ackwatch-sim", top ? top : ".");
    snprintf(fd, sizeof(fd), "%d", step);
    char *argv[] = {program,  "--tls-dir", r->dir,      "--people", (char *)people_file,
                    "--seed", "7",         "--step-fd", fd,         NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    assert_int_equal(posix_spawn(&r->pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
}

static void read_ready(struct sim_rig *r, int fd)
{
    char line[1024];
    size_t n = 0;
    while (n < sizeof(line) && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    json_t *ready = parse(line, n);
    int port = (int)json_integer_value(json_object_get(ready, "http_port"));
    snprintf(r->base, sizeof(r->base), "http://127.0.0.1:%d", port);
    snprintf(r->hook, sizeof(r->hook), "%s/hook/dlr", r->base);
    struct aw_buf pair = AW_BUF_INIT(128);
    aw_buf_printf(&pair, "%s:%s", aw_json_str(ready, "jpush_app_key"),
                  aw_json_str(ready, "jpush_master_secret"));
    r->userpwd = aw_buf_take(&pair, NULL);
    json_decref(ready);
}

static void ask(struct sim_rig *r, const char *question, struct aw_step_state *ret)
{
    struct aw_err err;
    if (aw_step_ask(r->step, question, ret, &err) != 0)
        fail_msg("%s", err.text);
}

struct aw_step_state sim_settle(struct sim_rig *r)
{
    struct aw_step_state a, b;
    ask(r, "poll", &a);
    for (;; a = b) {
        ask(r, "poll", &b);
        if (!a.busy && !b.busy && a.activity == b.activity)
            return b;
        usleep(1000);
    }
}

static struct aw_step_state go_to(struct sim_rig *r, aw_time t)
{
    char question[64];
    struct aw_step_state state;
    r->now = t;
    snprintf(question, sizeof(question), "now %lld", (long long)t);
    ask(r, question, &state);
    return sim_settle(r);
}

void sim_pass(struct sim_rig *r, aw_ms span)
{
    aw_time end = r->now + span;
    for (struct aw_step_state s = sim_settle(r); s.next && s.next <= end;)
        s = go_to(r, s.next > r->now ? s.next : r->now);
    go_to(r, end);
}

void sim_start(struct sim_rig *r)
{
    int out[2], step[2];
    char file[128];
    *r = (struct sim_rig){.body = AW_BUF_INIT(16 << 20), .curl = curl_easy_init()};
    snprintf(r->dir, sizeof(r->dir), "/tmp/sim-steps-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(file, sizeof(file), "%s/people.json", r->dir);
    FILE *f = fopen(file, "we");
    assert_non_null(f);
    fputs(people, f);
    fclose(f);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, step), 0);
    fcntl(step[0], F_SETFD, FD_CLOEXEC);
    spawn(r, file, out[1], step[1]);
    close(out[1]);
    close(step[1]);
    r->step = step[0];
    read_ready(r, out[0]);
    close(out[0]);
    go_to(r, SIM_START);
}

void sim_stop(struct sim_rig *r)
{
    int status;
    char file[128];
    close(r->step);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof(file), "%s/%s", r->dir, i ? "ca.pem" : "people.json");
        unlink(file);
    }
    rmdir(r->dir);
    aw_buf_free(&r->body);
    aw_free(r->userpwd);
    curl_easy_cleanup(r->curl);
}

/* --- calls -------------------------------------------------------------------------------- */

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    aw_buf_add(ctx, p, size * n);
    return size * n;
}

json_t *sim_call(struct sim_rig *r, const char *method, const char *path, const char *body)
{
    char url[4096];
    snprintf(url, sizeof(url), "%s%s", r->base, path);
    aw_buf_reset(&r->body);
    curl_easy_reset(r->curl);
    curl_easy_setopt(r->curl, CURLOPT_URL, url);
    curl_easy_setopt(r->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(r->curl, CURLOPT_USERPWD, r->userpwd);
    curl_easy_setopt(r->curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, &r->body);
    if (body)
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, body);
    CURLcode rc = curl_easy_perform(r->curl);
    if (rc != CURLE_OK)
        fail_msg("%s: %s", path, curl_easy_strerror(rc));
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &r->status);
    return r->body.n ? parse(aw_buf_str(&r->body), r->body.n) : NULL;
}

static int code_of(const json_t *answer)
{
    return (int)json_integer_value(json_object_get(json_object_get(answer, "error"), "code"));
}

void sim_refused(struct sim_rig *r, const char *method, const char *path, const char *body,
                 int code)
{
    json_t *answer = sim_call(r, method, path, body);
    assert_int_equal(code_of(answer), code);
    json_decref(answer);
}

char *sim_push(struct sim_rig *r, const char *alias, const char *more)
{
    char body[1024];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"%s\"]},\"notification\":{\"alert\":"
             "\"x\"}%s}",
             alias, more);
    json_t *answer = sim_call(r, "POST", "/v3/push", body);
    const char *id = aw_json_str(answer, "msg_id");
    if (!id)
        fail_msg("push: %s", aw_buf_str(&r->body));
    char *copy = aw_strdup(id);
    json_decref(answer);
    return copy;
}

const json_t *sim_row(json_t *report)
{
    assert_int_equal(json_array_size(report), 1);
    return json_array_get(report, 0);
}

int sim_counter(struct sim_rig *r, const char *id, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "/v3/received/detail?msg_ids=%s", id);
    json_t *report = sim_call(r, "GET", path, NULL);
    const json_t *v = json_object_get(sim_row(report), name);
    int n = !v ? -2 : json_is_null(v) ? -1 : (int)json_integer_value(v);
    json_decref(report);
    return n;
}

int sim_device(struct sim_rig *r, const char *id, const char *rid, const char *more)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"msg_id\":%s,\"registration_ids\":[\"%s\"]%s}", id, rid, more);
    json_t *answer = sim_call(r, "POST", "/v3/status/message", body);
    const json_t *item = json_object_get(answer, rid);
    int n = item ? (int)json_integer_value(json_object_get(item, "status")) : -code_of(answer);
    json_decref(answer);
    return n;
}

unsigned sim_recorded(struct sim_rig *r, const char *what, const char *user)
{
    unsigned n = 0;
    json_t *page = sim_call(r, "GET", "/sim/record?limit=10000", NULL);
    json_t *data = json_object_get(page, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *line = json_array_get(data, i);
        n += aw_streq(aw_json_str(line, "what"), what) &&
             (!user || aw_streq(aw_json_str(line, "user"), user));
    }
    json_decref(page);
    return n;
}

void sim_sms(struct sim_rig *r, const char *to, const char *ref, int code)
{
    char body[512];
    snprintf(body, sizeof(body), "to=%%2B%s&text=hello&ref=%s&dlr=%s", to, ref, r->hook);
    json_t *answer = sim_call(r, "POST", "/sms/send", body);
    assert_int_equal(json_integer_value(json_object_get(answer, "code")), code);
    json_decref(answer);
}
