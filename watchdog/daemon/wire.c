/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/step.h"
#include "chan/dispatch.h"
#include "http/http.h"
#include "daemon/ballast.h"
#include "daemon/listen.h"
#include "daemon/loop.h"
#include "daemon/ports.h"
#include "daemon/service.h"

#define STOP_WAIT     (10 * AW_SECOND)
#define LAST_WORDS    (200 * 1000) /* microseconds */
#define EXIT_SOFTWARE 70           /* sysexits: the store failed, going on would guess */

struct aw_daemon {
    struct aw_clock clock;
    struct aw_live_box box;
    struct aw_stats stats;
    struct aw_store *store;
    struct aw_loop *loop;
    struct aw_ports *ports;
    struct aw_dispatch *dispatch;
    struct aw_chan_env chan_env;
    struct aw_api *api;
    struct aw_http_server *server;
    struct aw_stepper *stepper;
    pthread_t core;
    bool core_runs;
    _Atomic int draining;
    char *config, *store_path, *ballast, *node, *public_url, *socket;
    char self[4096];
    struct aw_listeners listeners;
};

static void renewed(void *ctx, const struct aw_env_conf *was, const struct aw_env_conf *is)
{
    struct aw_daemon *d = ctx;

    aw_listeners_renew(&d->listeners, was, is);
    aw_ports_settings(d->ports, is);
    aw_log_certificates(is, aw_clock_wall(&d->clock));
}

/* --- the carrier: chan/ as the loop sees it
 * ------------------------------------------------------- */

static unsigned carrier_room(void *ctx)
{
    struct aw_daemon *d = ctx;

    return d->draining ? 0 : aw_dispatch_room(d->dispatch);
}

static void carrier_send(void *ctx, struct aw_send *s)
{
    aw_dispatch_send(((struct aw_daemon *)ctx)->dispatch, s);
    aw_free(s);
}

static void carrier_query(void *ctx, struct aw_query *q)
{
    aw_dispatch_query(((struct aw_daemon *)ctx)->dispatch, q);
    aw_free(q);
}

static void carrier_places(void *ctx, const char *channel, unsigned *ret_taken, unsigned *ret_limit)
{
    aw_dispatch_places(((struct aw_daemon *)ctx)->dispatch, channel, ret_taken, ret_limit);
}

static void carrier_cids(void *ctx, const struct aw_channel *ch, unsigned n)
{
    aw_dispatch_cids(((struct aw_daemon *)ctx)->dispatch, ch, n);
}

/* --- the stepped clock
 * ------------------------------------------------------------------------------ */

static void step_poll(void *ctx, struct aw_step_state *ret)
{
    struct aw_daemon *d = ctx;

    aw_loop_peek(d->loop, ret);
    ret->busy = ret->busy || aw_http_active(d->server) || aw_dispatch_active(d->dispatch);
}

static void step_now(void *ctx, aw_time t)
{
    struct aw_daemon *d = ctx;

    aw_clock_step(&d->clock, t);
    aw_loop_wake(d->loop);
}

static void step_stop(void *ctx)
{
    (void)ctx;
    kill(getpid(), SIGTERM);
}

/* --- start
 * -------------------------------------------------------------------------------------------- */

static void print_diag(const struct aw_diag *diag)
{
    struct aw_buf out = AW_BUF_INIT(1 << 20);

    aw_diag_print(diag, &out);
    fputs(aw_buf_str(&out), stderr);
    aw_buf_free(&out);
}

static int open_store(struct aw_daemon *d, const char *path, struct aw_err *err)
{
    struct aw_store_options opt = {.create = true};
    struct aw_buf ballast = AW_BUF_INIT(4096);
    int r = aw_store_open(path, &opt, aw_clock_wall(&d->clock), &d->store, err);

    d->store_path = aw_strdup(path);
    aw_buf_printf(&ballast, "%s.ballast", path);
    d->ballast = aw_buf_take(&ballast, NULL);
    if (r == AW_OK && !aw_ballast_refill(d->ballast))
        aw_log(AW_LOG_WARN, "ballast", "what=\"no room for the reserve of 16 MiB\" path=\"%s\"",
               d->ballast);
    return r;
}

/* The environment must load. Broken rules are survived when the store holds a good set. */
static int load_live(struct aw_daemon *d, struct aw_err *err)
{
    struct aw_live *live = NULL;
    struct aw_env_conf *conf;
    struct aw_diag diag;
    int r;

    aw_diag_init(&diag);
    r = aw_live_load(d->config, false, &live, &diag);
    print_diag(&diag);
    aw_diag_free(&diag);
    if (r == AW_OK) {
        r = open_store(d, live->conf->store, err);
    } else {
        aw_diag_init(&diag);
        if (aw_env_load(d->config, 0, &conf, &diag)) {
            aw_diag_free(&diag);
            return aw_fail(err, AW_EINVAL, "%s cannot be loaded", d->config);
        }
        r = open_store(d, conf->store, err);
        if (r == AW_OK && aw_live_load_last_good(d->config, d->store, &live, &diag))
            r = aw_fail(err, AW_EINVAL,
                        "no rules: the directory %s is broken and the store has "
                        "no earlier set",
                        conf->rules);
        aw_env_conf_free(conf);
        aw_diag_free(&diag);
        d->stats.last_good_rules = 1;
    }
    if (r)
        aw_live_drop(live);
    else
        aw_live_box_set(&d->box, live);
    return r;
}

static int start_core(struct aw_daemon *d, struct aw_err *err)
{
    struct aw_loop_options opt = {
        .config = d->config,
        .store = d->store,
        .clock = &d->clock,
        .box = &d->box,
        .stats = &d->stats,
        .ballast = d->ballast,
        .keys_changed = aw_ports_keys_changed,
        .keys_used = aw_ports_keys_used,
        .beat = aw_service_beat,
        .reloaded = renewed,
        .reloaded_ctx = d,
        .carrier = {d, carrier_room, carrier_send, carrier_query, carrier_cids,
                    aw_dispatch_has_cids, carrier_places},
    };
    int r;

    d->ports = aw_ports_new(&d->box, &d->stats, &d->clock, d->store_path);
    opt.keys_ctx = d->ports;
    opt.seed = 1; /* a stepped run repeats exactly */
    if (!d->clock.stepped)
        aw_random(&opt.seed, sizeof(opt.seed));
    d->loop = aw_loop_new(&opt);
    r = aw_store_begin(d->store, aw_clock_wall(&d->clock), err);
    if (r == AW_OK)
        r = aw_ports_start(d->ports, d->store, err);
    if (r == AW_OK)
        r = aw_store_commit(d->store, err);
    return r ? r : aw_loop_start(d->loop, err);
}

static int start_carriers(struct aw_daemon *d, struct aw_err *err)
{
    struct aw_live *live = aw_live_box_get(&d->box);
    ssize_t n = readlink("/proc/self/exe", d->self, sizeof(d->self) - 1);

    d->self[n > 0 ? n : 0] = '\0';
    d->node = aw_strdup(live->conf->node);
    d->public_url = live->conf->public_url ? aw_strdup(live->conf->public_url) : NULL;
    aw_live_drop(live);
    d->chan_env.clock = &d->clock;
    d->chan_env.node = d->node;
    d->chan_env.public_url = d->public_url;
    d->chan_env.self = d->self;
    d->chan_env.user_agent = "ackwatch/" PACKAGE_VERSION;
    aw_loop_submit(d->loop, &d->chan_env.submit);
    return aw_dispatch_new(&d->chan_env, &d->dispatch, err);
}

static int start_http(struct aw_daemon *d, struct aw_err *err)
{
    struct aw_http_server_options opt = {
        .handler = aw_api_handle, .limit = aw_api_limit, .problem = aw_api_problem};
    struct aw_live *live = aw_live_box_get(&d->box);
    struct aw_http_env env;
    int r;

    memset(&env, 0, sizeof(env));
    aw_ports_settings(d->ports, live->conf);
    aw_ports_fill(d->ports, &env);
    aw_loop_submit(d->loop, &env.submit);
    d->api = aw_api_new(&env);
    opt.ctx = d->api;
    opt.connections = aw_listeners_room(live->conf);
    d->server = aw_http_server_new(&opt);
    d->listeners.server = d->server;
    r = aw_listeners_start(&d->listeners, live->conf, err);
    aw_log_certificates(live->conf, aw_clock_wall(&d->clock));
    if (r == AW_OK && live->conf->socket) {
        d->socket = aw_strdup(live->conf->socket);
        r = aw_http_listen_unix(d->server, d->socket,
                                (void *)(uintptr_t)(AW_API_PUBLIC | AW_API_V1 | AW_API_OPS), err);
    }
    aw_live_drop(live);
    return r;
}

static void *core_main(void *arg)
{
    struct aw_daemon *d = arg;
    struct aw_err err;

    if (aw_loop_run(d->loop, &err)) {
        /* A failed commit may reappear: what was promised is on disk, nothing else may be. */
        aw_log(AW_LOG_ERR, "store-failed", "error=\"%s\"", err.text);
        usleep(LAST_WORDS); /* the refusals of this turn are on their way */
        _exit(EXIT_SOFTWARE);
    }
    return NULL;
}

static void tell_ready(struct aw_daemon *d, int fd)
{
    char line[512];
    int n = snprintf(line, sizeof(line), "{\"port\":%u,\"socket\":\"%s\"}\n", d->listeners.ports[0],
                     d->socket ? d->socket : "");

    if (fd >= 0 && write(fd, line, (size_t)n) != n)
        aw_log(AW_LOG_WARN, "ready", "what=\"nobody reads the ready line\"");
    aw_service_ready();
}

int aw_daemon_start(const struct aw_daemon_options *opt, struct aw_daemon **ret, struct aw_err *err)
{
    struct aw_daemon *d = aw_calloc(1, sizeof(*d));
    struct aw_step_ops ops = {d, step_poll, step_now, step_stop};
    int r;

    pthread_mutex_init(&d->box.lock, NULL);
    d->config = aw_strdup(opt->config);
    if (opt->step_fd >= 0)
        aw_clock_init_stepped(&d->clock, opt->step_start);
    else
        aw_clock_init_real(&d->clock);
    r = load_live(d, err);
    if (r == AW_OK)
        aw_env_hide_secrets(d->box.live->conf);
    if (r == AW_OK)
        r = start_core(d, err);
    if (r == AW_OK)
        r = start_carriers(d, err);
    if (r == AW_OK)
        r = start_http(d, err);
    if (r == AW_OK && pthread_create(&d->core, NULL, core_main, d))
        r = aw_fail(err, AW_EIO, "no thread can be made");
    d->core_runs = r == AW_OK;
    if (r) {
        aw_daemon_stop(d);
        return r;
    }
    if (opt->step_fd >= 0)
        d->stepper = aw_step_start(opt->step_fd, &ops);
    tell_ready(d, opt->ready_fd);
    *ret = d;
    return AW_OK;
}

void aw_daemon_reload(struct aw_daemon *d)
{
    aw_loop_reload(d->loop);
}

/* --- stop: the reverse
 * ---------------------------------------------------------------------------------- */

static void wait_for_requests(struct aw_daemon *d)
{
    aw_boot by = aw_clock_boot() + STOP_WAIT;

    while (aw_http_active(d->server) && aw_clock_boot() < by)
        usleep(10 * 1000);
}

void aw_daemon_stop(struct aw_daemon *d)
{
    aw_service_stopping();
    d->draining = 1;
    if (d->server)
        aw_http_quiesce(d->server);
    if (d->dispatch)
        aw_dispatch_stop(d->dispatch, STOP_WAIT);
    if (d->core_runs) {
        wait_for_requests(d);
        aw_loop_stop(d->loop);
        pthread_join(d->core, NULL);
    }
    aw_step_free(d->stepper);
    aw_loop_free(d->loop);
    if (d->server)
        aw_http_server_free(d->server);
    if (d->api)
        aw_api_free(d->api);
    if (d->dispatch)
        aw_dispatch_free(d->dispatch);
    aw_ports_free(d->ports);
    aw_store_close(d->store);
    aw_live_drop(d->box.live);
    pthread_mutex_destroy(&d->box.lock);
    if (d->socket)
        unlink(d->socket);
    aw_free(d->socket);
    aw_free(d->config);
    aw_free(d->store_path);
    aw_free(d->ballast);
    aw_free(d->node);
    aw_free(d->public_url);
    aw_free(d);
}

int aw_daemon_check(const char *config)
{
    struct aw_live *live = NULL;
    struct aw_diag diag;
    int r;

    aw_diag_init(&diag);
    r = aw_live_load(config, false, &live, &diag);
    if (r == AW_OK)
        aw_env_certificates(live->conf, aw_clock_os_wall(), &diag);
    print_diag(&diag);
    if (r == AW_OK)
        printf("%s: %u rules, %u templates, %u channels, %u operators: fine\n", config,
               live->rules.n, live->conf->templates.n, live->conf->n_channels,
               live->conf->n_operators);
    aw_diag_free(&diag);
    aw_live_drop(live);
    return r ? 1 : 0;
}
