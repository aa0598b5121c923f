/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch listen`: the log as it grows, for whoever builds against it. Each event is printed and,
 * with --forward-to, posted to a program on this machine, signed as the webhooks of the daemon are.
 *
 * The stream is resumed behind the last event that was dealt with, so nothing is lost and nothing
 * comes twice, whatever happens to the daemon; an event is dealt with once the program has
 * answered, with whatever status. One thread: while a program does not answer, the log waits.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "ctl/sse.h"

#define AGAIN_S    1
#define SECRET_MAX 1024

struct listen {
    struct aw_ctl *ctl;
    char last[24]; /* id of the last event that was dealt with, "" before the first */
    const char *to;
    char *secret;
    CURL *post;
};

/* --- forwarding ------------------------------------------------------------------------------ */

/* Only what cannot leave the machine, unless that is wanted. */
static bool is_here(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return aw_streq(host, "localhost") || aw_streq(host, "[::1]");
}

static int check_target(const struct aw_ctl *ctl, const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL, *scheme = NULL;
    bool fine = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (aw_streq(scheme, "http") || aw_streq(scheme, "https"));
    int code = AW_EXIT_DONE;
    if (!fine)
        code = aw_ctl_say(AW_EXIT_USAGE, "--forward-to takes a URL such as "
                                         "http://127.0.0.1:8000/hook");
    else if (!aw_ctl_flag(ctl, "allow-remote") && !is_here(host))
        code = aw_ctl_say(AW_EXIT_USAGE,
                          "--forward-to: %s is not this machine; say --allow-remote if the log may "
                          "go there",
                          host);
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(u);
    return code;
}

static size_t drop(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

/* The key of the signatures: from a file, or a new one, which is shown. */
static int take_secret(struct listen *l)
{
    const char *path = aw_ctl_flag(l->ctl, "secret-file");
    struct aw_err err;
    size_t n;
    if (path) {
        if (aw_file_read(path, SECRET_MAX, &l->secret, &n, &err) < 0)
            return aw_ctl_say(AW_EXIT_USAGE, "%s", err.text);
        l->secret[strcspn(l->secret, "\r\n")] = '\0';
        return *l->secret ? AW_EXIT_DONE : aw_ctl_say(AW_EXIT_USAGE, "%s holds no secret", path);
    }
    uint8_t raw[24];
    char text[64] = "whsec_";
    aw_random(raw, sizeof raw);
    aw_b64(text + strlen(text), raw, sizeof raw);
    l->secret = aw_strdup(text);
    fprintf(stderr, "Signed with %s (in this run; --secret-file keeps one)\n", l->secret);
    return AW_EXIT_DONE;
}

static int forward_begin(struct listen *l)
{
    l->to = aw_ctl_flag(l->ctl, "forward-to");
    if (!l->to)
        return AW_EXIT_DONE;
    int code = check_target(l->ctl, l->to);
    if (code == AW_EXIT_DONE)
        code = take_secret(l);
    if (code != AW_EXIT_DONE)
        return code;
    l->post = curl_easy_init();
    if (!l->post)
        abort();
    curl_easy_setopt(l->post, CURLOPT_URL, l->to);
    curl_easy_setopt(l->post, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->post, CURLOPT_PROXY, "");
    curl_easy_setopt(l->post, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(l->post, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(l->post, CURLOPT_USERAGENT, "ackwatch/" PACKAGE_VERSION);
    curl_easy_setopt(l->post, CURLOPT_WRITEFUNCTION, drop);
    return AW_EXIT_DONE;
}

/* The entry as a CloudEvent; its number in the log is its id, so a repeat shows. */
static char *cloud_event(const struct aw_sse_event *e, const char *id)
{
    json_t *entry = json_loads(e->data, 0, NULL);
    char type[96];
    snprintf(type, sizeof type, "org.ackwatch.%s", e->type);
    json_t *v =
        json_pack("{s:s,s:s,s:s,s:s,s:s*,s:s*,s:s,s:o*}", "specversion", "1.0", "id", id, "source",
                  "ackwatch-listen", "type", type, "subject", aw_json_str(entry, "msg"), "time",
                  aw_json_str(entry, "ts"), "datacontenttype", "application/json", "data", entry);
    char *text = json_dumps(v, JSON_COMPACT);
    json_decref(v);
    return text;
}

static CURLcode post_once(struct listen *l, const char *id, const char *body, long *ret_status)
{
    char line[3][160], signature[64];
    aw_time now = aw_clock_os_wall() / AW_SECOND;
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/cloudevents+json; charset=utf-8");
    aw_webhook_sign(signature, l->secret, id, now, body, strlen(body));
    snprintf(line[0], sizeof line[0], "webhook-id: %s", id);
    snprintf(line[1], sizeof line[1], "webhook-timestamp: %lld", (long long)now);
    snprintf(line[2], sizeof line[2], "webhook-signature: %s", signature);
    for (unsigned i = 0; i < AW_COUNT(line); i++)
        headers = curl_slist_append(headers, line[i]);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(l->post, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(l->post, CURLOPT_POSTFIELDS, body);
    CURLcode r = curl_easy_perform(l->post);
    curl_easy_getinfo(l->post, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    return r;
}

/* Until there is an answer: a program that is being restarted misses nothing. */
static void forward(struct listen *l, const struct aw_sse_event *e)
{
    char id[40];
    long status = 0;
    CURLcode r;
    snprintf(id, sizeof id, "log_%s", e->id);
    char *body = cloud_event(e, id);
    for (bool said = false; (r = post_once(l, id, body, &status)) != CURLE_OK; said = true) {
        if (!said)
            aw_ctl_say(0, "%s: %s; event %s waits for it", l->to, curl_easy_strerror(r), e->id);
        nanosleep(&(struct timespec){.tv_sec = AGAIN_S}, NULL);
    }
    free(body);
    if (status < 200 || status > 299)
        aw_ctl_say(0, "%s answered %ld to event %s (%s)", l->to, status, e->id, e->type);
}

/* --- the stream ------------------------------------------------------------------------------ */

static bool take_event(void *arg, const struct aw_sse_event *e)
{
    struct listen *l = arg;
    const struct aw_out *o = &l->ctl->out;
    if (e->data && o->json) {
        fprintf(o->f, "%s\n", e->data);
    } else if (e->data) {
        json_t *row = json_object();
        json_object_set_new(row, "seq", json_integer(strtoll(e->id, NULL, 10)));
        json_object_set_new(row, "entry", json_loads(e->data, 0, NULL));
        aw_entry_print(o, row);
        json_decref(row);
    }
    if (fflush(o->f) != 0)
        return false;
    if (e->data && l->to)
        forward(l, e);
    if (*e->id)
        snprintf(l->last, sizeof l->last, "%s", e->id);
    return true;
}

static bool take_bytes(void *arg, const char *p, size_t n)
{
    return aw_sse_feed(arg, p, n);
}

/* The daemon or its machine is away, maybe not for long. */
static bool is_away(int code)
{
    return code == AW_EXIT_DONE || code == AW_EXIT_UNREACHABLE || code == AW_EXIT_TIME;
}

/* Goes on until the stream is refused, or the first one cannot be had. */
static int follow(struct listen *l, struct aw_client *c, const char *path)
{
    struct aw_sse sse;
    aw_sse_init(&sse, take_event, l);
    int code;
    for (bool first = true, said = false;; first = false) {
        bool began = false;
        aw_sse_reset(&sse);
        aw_client_quiet(c, !first && said);
        code = aw_client_stream(c, path, l->last, take_bytes, &sse, &began);
        if (ferror(l->ctl->out.f)) {
            code = AW_EXIT_FAILED;
            break;
        }
        if ((first && !began) || !is_away(code))
            break;
        said = !began;
        if (began)
            aw_ctl_say(0, "the stream ended; going on behind event %s", l->last);
        nanosleep(&(struct timespec){.tv_sec = AGAIN_S}, NULL);
    }
    aw_sse_free(&sse);
    return code;
}

static int exec(struct aw_ctl *ctl)
{
    struct listen l = {.ctl = ctl};
    const char *types = aw_ctl_flag(ctl, "types"), *after = aw_ctl_flag(ctl, "after");
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    if (!c)
        return AW_EXIT_USAGE;
    if (after)
        snprintf(l.last, sizeof l.last, "%s", after);
    int code = forward_begin(&l);
    if (code == AW_EXIT_DONE) {
        AW_AUTO_FREE char *escaped = aw_client_escape(types ? types : "");
        struct aw_buf path = AW_BUF_INIT(8192);
        aw_buf_printf(&path, "/v1/events%s%s", types ? "?types=" : "", escaped);
        code = follow(&l, c, aw_buf_str(&path));
        aw_buf_free(&path);
    }
    curl_easy_cleanup(l.post);
    if (l.secret)
        aw_wipe(l.secret, strlen(l.secret));
    aw_free(l.secret);
    return code;
}

static const struct aw_param flags[] = {
    {"types", 0, AW_VAL_TEXT, 0, NULL,
     "kinds of entries, with * and ?, separated by commas: 'timeline.*,message.ended'"},
    {"after", 0, AW_VAL_NUMBER, 0, NULL, "begin behind this event instead of now"},
    {"forward-to", 0, AW_VAL_TEXT, 0, NULL,
     "POST each event there, as a CloudEvent with a Standard Webhooks signature"},
    {"secret-file", 0, AW_VAL_FILE, 0, NULL,
     "key of the signatures; without it a new one is shown"},
    {"allow-remote", 0, AW_VAL_NONE, 0, NULL, "--forward-to may name another machine"},
    {NULL},
};
static const char *const examples[] = {
    "listen", "listen --types 'timeline.*' --json",
    "listen --types timeline.ended --forward-to http://127.0.0.1:8000/ackwatch", NULL};

const struct aw_cmd_entry aw_cmd_listen = {
    .noun = "listen",
    .summary = "follow the log, and hand its events to a program on this machine",
    .text =
        "Goes on behind the last event when the daemon was away: nothing is lost, nothing comes "
        "twice. With --json one entry a line. A program that cannot be reached is tried again "
        "until it answers; any answer counts as taken. Ends with Ctrl-C.",
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};
