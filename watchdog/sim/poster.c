/* SPDX-License-Identifier: Apache-2.0
 *
 * The poster thread.
 */
#include "sim/poster.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/timer.h"

#define TRIES       5
#define AGAIN_AFTER (10 * AW_SECOND)
#define TIMEOUT_MS  5000L
#define QUEUE_MAX   100000

struct aw_sim_poster {
    struct aw_sim *sim;
    pthread_t thread;
    pthread_cond_t wake;
    struct aw_sim_post *head, **tail;
    size_t n;
    bool under_way;
    _Atomic bool stopping;
    CURL *curl;
};

struct aw_sim_post *aw_sim_post_new(const char *url, const char *form, const char *what,
                                    const char *user, json_t *more)
{
    char *json = json_dumps(more, JSON_COMPACT);
    json_decref(more);
    const char *texts[] = {url ? url : "", form, what, user ? user : "", json};
    size_t size = sizeof(struct aw_sim_post);
    for (unsigned i = 0; i < AW_COUNT(texts); i++)
        size += strlen(texts[i]) + 1;
    struct aw_sim_post *post = aw_calloc(1, size);
    const char **places[] = {&post->url, &post->form, &post->what, &post->user, &post->more};
    char *p = (char *)(post + 1);
    for (unsigned i = 0; i < AW_COUNT(texts); i++) {
        size_t n = strlen(texts[i]) + 1;
        memcpy(p, texts[i], n);
        *places[i] = p;
        p += n;
    }
    free(json);
    return post;
}

static size_t ignore_body(char *p, size_t size, size_t n, void *ctx)
{
    return size * n;
}

static int stop_early(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    const struct aw_sim_poster *p = ctx;
    return p->stopping;
}

/* The HTTP status, 0 when there was none. */
static long transfer(struct aw_sim_poster *p, const struct aw_sim_post *post)
{
    struct curl_slist *headers = NULL;
    long status = 0;
    curl_easy_reset(p->curl);
    curl_easy_setopt(p->curl, CURLOPT_URL, post->url);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, post->form);
    curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(p->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(p->curl, CURLOPT_USERAGENT, "ackwatch-sim");
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, ignore_body);
    curl_easy_setopt(p->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(p->curl, CURLOPT_XFERINFOFUNCTION, stop_early);
    curl_easy_setopt(p->curl, CURLOPT_XFERINFODATA, p);
    if (post->basic) {
        struct aw_buf auth = AW_BUF_INIT(512);
        aw_buf_printf(&auth, "Authorization: Basic %s", post->basic);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        headers = curl_slist_append(headers, aw_buf_str(&auth));
        curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
        aw_buf_free(&auth);
    }
    if (curl_easy_perform(p->curl) == CURLE_OK)
        curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    return status;
}

static void note(struct aw_sim *sim, const struct aw_sim_post *post, long status)
{
    json_t *more = json_loads(post->more, 0, NULL);
    if (*post->url) {
        json_object_set_new(more, "try", json_integer(post->tries));
        json_object_set_new(more, "http_status", json_integer(status));
    }
    aw_sim_note(sim, post->what, *post->user ? post->user : NULL, more);
}

static void *run(void *arg)
{
    struct aw_sim_poster *p = arg;
    aw_sim_lock(p->sim);
    while (!p->stopping) {
        struct aw_sim_post *post = p->head;
        if (!post) {
            pthread_cond_wait(&p->wake, &p->sim->lock);
            continue;
        }
        p->head = post->next;
        if (!p->head)
            p->tail = &p->head;
        p->n--;
        p->under_way = true;
        post->tries++;
        aw_sim_unlock(p->sim);
        long status = transfer(p, post);
        aw_sim_lock(p->sim);
        p->under_way = false;
        note(p->sim, post, status);
        if ((status < 200 || status > 299) && post->tries < TRIES && !p->stopping)
            aw_sim_timer_at(p->sim, aw_sim_now(p->sim) + AGAIN_AFTER, aw_sim_poster_send, post);
        else
            aw_free(post);
    }
    aw_sim_unlock(p->sim);
    return NULL;
}

struct aw_sim_poster *aw_sim_poster_start(struct aw_sim *sim)
{
    struct aw_sim_poster *p = aw_calloc(1, sizeof(*p));
    p->sim = sim;
    p->tail = &p->head;
    p->curl = curl_easy_init();
    if (!p->curl)
        abort();
    pthread_cond_init(&p->wake, NULL);
    pthread_create(&p->thread, NULL, run, p);
    return p;
}

void aw_sim_poster_free(struct aw_sim_poster *p)
{
    aw_sim_lock(p->sim);
    p->stopping = true;
    pthread_cond_signal(&p->wake);
    aw_sim_unlock(p->sim);
    pthread_join(p->thread, NULL);
    while (p->head) {
        struct aw_sim_post *post = p->head;
        p->head = post->next;
        aw_free(post);
    }
    pthread_cond_destroy(&p->wake);
    curl_easy_cleanup(p->curl);
    aw_free(p);
}

void aw_sim_poster_send(void *ctx, void *arg)
{
    struct aw_sim *sim = ctx;
    struct aw_sim_poster *p = sim->poster;
    struct aw_sim_post *post = arg;
    if (!*post->url || p->n == QUEUE_MAX) {
        note(sim, post, 0);
        aw_free(post);
        return;
    }
    post->next = NULL;
    *p->tail = post;
    p->tail = &post->next;
    p->n++;
    pthread_cond_signal(&p->wake);
}

bool aw_sim_poster_busy(const struct aw_sim *sim)
{
    return sim->poster->n > 0 || sim->poster->under_way;
}
