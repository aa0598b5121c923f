/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/events: the log as server-sent events. The id of an event is its number in the log, so
 * whoever comes back with Last-Event-ID goes on behind it: nothing is lost, nothing comes twice.
 *
 * Threads: a stream is filled on its http thread, a page of the log at a time. One poller thread
 * looks at the head of the log at most every 200 ms, while there are streams, and wakes them when
 * it has grown, or for a sign of life every 15 s. The hub's lock guards the list of streams; it is
 * taken before the server's. At most 256 streams.
 */
#include "http/events.h"

#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "http/call.h"

#define STREAMS_MAX 256
#define TICK_MS     200
#define ALIVE_MS    15000
#define PAGE        256         /* entries looked at in one go */
#define PAGE_BYTES  (256 << 10) /* and about how many bytes of them */
#define OUT_MAX     ((size_t)2 << 20)
#define KNOWN       256 /* messages remembered, a power of two */
#define TYPES_MAX   256

struct stream {
    struct aw_api *api;
    struct aw_http_request *rq;
    struct stream *prev, *next; /* under the hub's lock */
    char app[AW_NAME_MAX + 1];
    bool whole; /* also what is about no message */
    char types[TYPES_MAX];
    bool by_key; /* and which: a key that is revoked sees nothing more */
    int64_t key, from;
    uint8_t hash[32];
    struct aw_buf out; /* written from `sent` on */
    size_t sent;
    _Atomic aw_boot last; /* when something was sent */
    struct {
        aw_id message;
        bool ours;
    } known[KNOWN];
};

struct aw_hub {
    struct aw_api *api;
    pthread_t thread;
    pthread_mutex_t lock;
    int news; /* an eventfd: the first stream, or the end */
    struct stream *streams;
    unsigned n;
    bool over;
};

/* ---- the poller ---------------------------------------------------------------------------- */

static int64_t log_size(struct aw_api *api)
{
    struct aw_head head = {.size = -1};
    struct aw_reader *r = aw_api_reader(api);

    if (r) {
        api->env.reading.head(r, &head);
        aw_api_release(api, r);
    }
    return head.size;
}

static void wake_streams(struct aw_hub *hub, bool changed)
{
    aw_boot now = aw_clock_boot();

    for (struct stream *s = hub->streams; s; s = s->next)
        if (changed || now - s->last >= ALIVE_MS)
            aw_http_wake(s->rq);
}

/* Until a tick is over, or, without streams, until there is one; false at the end. */
static bool wait_tick(struct aw_hub *hub)
{
    struct pollfd p = {.fd = hub->news, .events = POLLIN};
    eventfd_t dropped;

    pthread_mutex_lock(&hub->lock);
    bool idle = !hub->streams;
    pthread_mutex_unlock(&hub->lock);
    if (poll(&p, 1, idle ? -1 : TICK_MS) > 0)
        eventfd_read(hub->news, &dropped);
    pthread_mutex_lock(&hub->lock);
    bool over = hub->over;
    pthread_mutex_unlock(&hub->lock);
    return !over;
}

static void *poller(void *arg)
{
    struct aw_hub *hub = arg;
    int64_t seen = -1;

    while (wait_tick(hub)) {
        int64_t size = log_size(hub->api);
        pthread_mutex_lock(&hub->lock);
        wake_streams(hub, size != seen);
        pthread_mutex_unlock(&hub->lock);
        seen = size;
    }
    return NULL;
}

struct aw_hub *aw_hub_new(struct aw_api *api)
{
    struct aw_hub *hub = aw_calloc(1, sizeof(*hub));

    hub->api = api;
    hub->news = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&hub->lock, NULL);
    pthread_create(&hub->thread, NULL, poller, hub);
    return hub;
}

void aw_hub_free(struct aw_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->over = true;
    pthread_mutex_unlock(&hub->lock);
    eventfd_write(hub->news, 1);
    pthread_join(hub->thread, NULL);
    close(hub->news);
    pthread_mutex_destroy(&hub->lock);
    aw_free(hub);
}

static bool enter(struct aw_hub *hub, struct stream *s)
{
    pthread_mutex_lock(&hub->lock);
    bool fits = hub->n < STREAMS_MAX;
    if (fits) {
        if (hub->n++ == 0)
            eventfd_write(hub->news, 1);
        s->next = hub->streams;
        if (s->next)
            s->next->prev = s;
        hub->streams = s;
    }
    pthread_mutex_unlock(&hub->lock);
    return fits;
}

static void leave(void *arg)
{
    struct stream *s = arg;
    struct aw_hub *hub = s->api->hub;

    pthread_mutex_lock(&hub->lock);
    hub->n--;
    if (s->prev)
        s->prev->next = s->next;
    else
        hub->streams = s->next;
    if (s->next)
        s->next->prev = s->prev;
    pthread_mutex_unlock(&hub->lock);
    aw_buf_free(&s->out);
    aw_free(s);
}

/* ---- a page of the log --------------------------------------------------------------------- */

struct page {
    struct aw_buf text; /* the entries, one behind the other */
    size_t end[PAGE];
    int64_t seq[PAGE];
    unsigned n;
};

/* The bytes are copied: whose message it is cannot be asked while the log is being read. */
static int keep_entry(void *arg, const struct aw_entry_row *e)
{
    struct page *page = arg;

    aw_buf_add(&page->text, e->body, e->n_body);
    page->seq[page->n] = e->seq;
    page->end[page->n++] = page->text.n;
    return page->n == PAGE || page->text.n >= PAGE_BYTES;
}

/* The value of a member that is a text of plain characters, found by what stands before it: members
 * of entries have a fixed order, and seq, ts, kind and msg come first. */
static const char *member(const char *p, size_t n, const char *lead, size_t *ret_n)
{
    const char *v = memmem(p, n, lead, strlen(lead)), *end;

    if (!v)
        return NULL;
    v += strlen(lead);
    end = memchr(v, '"', n - (size_t)(v - p));
    *ret_n = end ? (size_t)(end - v) : 0;
    return end ? v : NULL;
}

static bool wanted_type(const struct stream *s, const char *kind)
{
    char glob[TYPES_MAX];
    const char *list = s->types;

    while (*list) {
        size_t n = strcspn(list, ",");
        snprintf(glob, sizeof(glob), "%.*s", (int)n, list);
        if (fnmatch(glob, kind, 0) == 0)
            return true;
        list += n + (list[n] == ',');
    }
    return !s->types[0];
}

static int is_there(void *arg, const struct aw_message_row *m)
{
    *(bool *)arg = true;
    return 0;
}

static int is_ours(struct stream *s, struct aw_reader *r, aw_id message, bool *ret)
{
    unsigned slot = (unsigned)((uint64_t)message * 0x9E3779B97F4A7C15u >> 56) % KNOWN;
    bool ours = false;
    int rc = 0;

    if (s->known[slot].message != message) {
        rc = s->api->env.reading.message(r, s->app, message, is_there, &ours);
        if (rc < 0 && rc != AW_ENOENT)
            return rc;
        s->known[slot].message = message;
        s->known[slot].ours = ours;
    }
    *ret = s->known[slot].ours;
    return 0;
}

/* Writes the entry as an event if this stream is to see it. */
static int give(struct stream *s, struct aw_reader *r, int64_t seq, const char *p, size_t n)
{
    char kind[64], id[AW_ID_TEXT + 8];
    size_t n_kind = 0, n_msg = 0;
    const char *k = member(p, n, "\"kind\":\"", &n_kind), *msg;
    aw_id message;
    bool ours = s->whole;
    int rc = 0;

    if (!k || n_kind >= sizeof(kind))
        return AW_ECORRUPT;
    snprintf(kind, sizeof(kind), "%.*s", (int)n_kind, k);
    if (!wanted_type(s, kind))
        return 0;
    msg = aw_starts(k + n_kind, "\",\"msg\":\"")
              ? member(k, n - (size_t)(k - p), "\"msg\":\"", &n_msg)
              : NULL;
    if (msg && !s->app[0]) {
        ours = true;
    } else if (msg && n_msg < sizeof(id)) {
        snprintf(id, sizeof(id), "%.*s", (int)n_msg, msg);
        rc = aw_id_parse(id, "msg_", &message);
        if (rc == 0)
            rc = is_ours(s, r, message, &ours);
    }
    if (rc == 0 && ours)
        aw_buf_printf(&s->out, "id: %lld\nevent: %s\ndata: %.*s\n\n", (long long)seq, kind, (int)n,
                      p);
    return rc;
}

static int give_page(struct stream *s, struct aw_reader *r, const struct page *page)
{
    size_t at = 0;
    int rc = 0;

    for (unsigned i = 0; i < page->n && rc == 0; i++) {
        rc = give(s, r, page->seq[i], page->text.p + at, page->end[i] - at);
        at = page->end[i];
        if (rc == 0)
            s->from = page->seq[i] + 1;
    }
    /* Nothing for this stream in all of it: an id without data moves the peer's Last-Event-ID on,
     * and lets others have the thread before the next page. */
    if (rc == 0 && page->n > 0 && s->out.n == 0)
        aw_buf_printf(&s->out, "id: %lld\n\n", (long long)(s->from - 1));
    return rc;
}

static int next_page(struct stream *s)
{
    struct page *page = aw_calloc(1, sizeof(*page));
    struct aw_reader *r = aw_api_reader(s->api);
    int rc = AW_EIO;

    page->text = AW_BUF_INIT(OUT_MAX);
    if (r) {
        rc = s->api->env.reading.entries(r, s->from, PAGE, keep_entry, page);
        if (rc >= 0)
            rc = give_page(s, r, page);
        aw_api_release(s->api, r);
    }
    aw_buf_free(&page->text);
    aw_free(page);
    return s->out.over ? AW_ELIMIT : rc;
}

/* False when the key was revoked meanwhile. */
static bool is_welcome(const struct stream *s)
{
    const struct aw_keys *keys = &s->api->env.keys;
    struct aw_caller caller;

    return !s->by_key || keys->check(keys->ctx, s->key, s->hash, &caller) == 0;
}

/* The stream ends when the log cannot be read; who comes back goes on where it was. */
static ssize_t fill(void *arg, char *dst, size_t cap)
{
    struct stream *s = arg;
    aw_boot now = aw_clock_boot();

    if (s->sent == s->out.n) {
        s->sent = 0;
        aw_buf_reset(&s->out);
        if (!is_welcome(s) || next_page(s) < 0)
            return -1;
        if (!s->out.n && now - s->last >= ALIVE_MS)
            aw_buf_puts(&s->out, ": alive\n\n");
    }
    size_t n = s->out.n - s->sent < cap ? s->out.n - s->sent : cap;
    if (n > 0) {
        memcpy(dst, s->out.p + s->sent, n);
        s->sent += n;
        s->last = now;
    }
    return (ssize_t)n;
}

/* ---- the request --------------------------------------------------------------------------- */

/* Where to begin: behind Last-Event-ID, or with what comes next. False: the call has ended. */
static bool take_place(struct aw_call *call, struct stream *s)
{
    const char *last = aw_http_header(call->rq, "Last-Event-ID");
    int64_t size = log_size(call->api);
    uint64_t n;

    if (size < 0) {
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the log cannot be read now");
        return false;
    }
    s->from = size;
    if (!last || !*last) { /* the place, so that who is cut off at once can come back to it */
        if (size > 0)
            aw_buf_printf(&s->out, "id: %lld\n\n", (long long)size - 1);
        return true;
    }
    if (aw_parse_u64(last, strlen(last), INT64_MAX - 1, &n) < 0 || (int64_t)n >= size) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "Last-Event-ID: the id of an event of this log, which has %lld",
                        (long long)size);
        return false;
    }
    s->from = (int64_t)n + 1;
    return true;
}

static bool take_types(struct aw_call *call, struct stream *s)
{
    if (!aw_call_query(call, "types", s->types, sizeof(s->types)))
        return false;
    if (!s->types[strspn(s->types, "abcdefghijklmnopqrstuvwxyz_.*?,")])
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "",
                    "query parameter types: kinds of entries, with * and ?, separated by commas");
    return false;
}

static void take_caller(const struct aw_call *call, struct stream *s)
{
    const char *given = aw_http_header(call->rq, "Authorization");

    memcpy(s->app, call->app, sizeof(s->app));
    s->whole = !call->app[0] && call->caller.scopes & (AW_SCOPE_AUDIT_READ | AW_SCOPE_ADMIN);
    s->by_key = given && aw_token_read(given + strlen("Bearer "), &s->key, s->hash) == 0;
}

void aw_do_events(struct aw_call *call)
{
    struct stream *s = aw_calloc(1, sizeof(*s));
    struct aw_http_header id = {"Request-Id", call->request_id};

    s->api = call->api;
    s->rq = call->rq;
    s->out = AW_BUF_INIT(OUT_MAX);
    s->last = aw_clock_boot();
    take_caller(call, s);
    if (!take_place(call, s) || !take_types(call, s)) {
        aw_buf_free(&s->out);
        aw_free(s);
        return;
    }
    if (!enter(call->api->hub, s)) {
        aw_buf_free(&s->out);
        aw_free(s);
        aw_call_problem(call, AW_P_BUSY, "", "there are %d streams, and no more may be",
                        STREAMS_MAX);
        return;
    }
    aw_requests_note(call, 200, NULL);
    aw_http_stream(call->rq, "text/event-stream", &(struct aw_http_stream){fill, leave, s}, &id, 1);
    aw_free(call);
}
