/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/listen.h"

#include <sys/resource.h>

#include "base/log.h"
#include "base/str.h"

enum {
    OTHERS = 512, /* descriptors of the store, of transfers to providers, of mail workers */
    MOST_CONNECTIONS = 12000,
};

unsigned aw_listeners_room(const struct aw_env_conf *conf)
{
    struct rlimit files = {.rlim_cur = 1024};
    rlim_t share = 0, n = conf->n_listen + (conf->socket != NULL);

    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur > OTHERS)
        share = (files.rlim_cur - OTHERS) / n;
    return share > MOST_CONNECTIONS ? MOST_CONNECTIONS : share < 64 ? 64 : (unsigned)share;
}

struct given {
    struct aw_http_tls tls;
    struct aw_http_listen_options opt;
};

static const struct aw_http_listen_options *options_of(const struct aw_listen *ln, struct given *g)
{
    g->tls = (struct aw_http_tls){ln->tls.certificate_pem, ln->tls.key_pem, ln->tls.client_ca_pem};
    g->opt = (struct aw_http_listen_options){.tls = ln->tls.certificate ? &g->tls : NULL,
                                             .per_address = ln->per_address};
    return &g->opt;
}

int aw_listeners_start(struct aw_listeners *l, const struct aw_env_conf *conf, struct aw_err *err)
{
    for (unsigned i = 0; i < conf->n_listen; i++) {
        const struct aw_listen *ln = &conf->listen[i];
        struct given g;
        int r = aw_http_listen(l->server, ln->address, ln->port, (void *)(uintptr_t)ln->faces,
                               options_of(ln, &g), &l->ports[i], err);
        if (r)
            return r;
        aw_log(AW_LOG_INFO, "listen", "address=%s port=%u tls=%s", ln->address, l->ports[i],
               ln->tls.certificate ? "yes" : "no");
    }
    return AW_OK;
}

static bool same_place(const struct aw_listen *a, const struct aw_listen *b)
{
    return aw_streq(a->address, b->address) && a->port == b->port && a->faces == b->faces &&
           !a->tls.certificate == !b->tls.certificate;
}

static bool same_options(const struct aw_listen *a, const struct aw_listen *b)
{
    return a->per_address == b->per_address &&
           aw_streq(a->tls.certificate_pem, b->tls.certificate_pem) &&
           aw_streq(a->tls.key_pem, b->tls.key_pem) &&
           aw_streq(a->tls.client_ca_pem, b->tls.client_ca_pem);
}

bool aw_listeners_moved(const struct aw_env_conf *was, const struct aw_env_conf *is)
{
    if (was->n_listen != is->n_listen)
        return true;
    for (unsigned i = 0; i < is->n_listen; i++)
        if (!same_place(&was->listen[i], &is->listen[i]))
            return true;
    return false;
}

void aw_listeners_renew(struct aw_listeners *l, const struct aw_env_conf *was,
                        const struct aw_env_conf *is)
{
    for (unsigned i = 0; i < is->n_listen && i < was->n_listen; i++) {
        const struct aw_listen *ln = &is->listen[i];
        struct given g;
        struct aw_err err;
        if (!same_place(&was->listen[i], ln) || same_options(&was->listen[i], ln))
            continue;
        if (aw_http_renew(l->server, ln->address, l->ports[i], options_of(ln, &g), &err))
            aw_log(AW_LOG_ERR, "listen", "error=\"%s\" what=\"the old certificate stays\"",
                   err.text);
        else
            aw_log(AW_LOG_INFO, "listen", "address=%s port=%u what=renewed", ln->address,
                   l->ports[i]);
    }
}

void aw_log_certificates(const struct aw_env_conf *conf, aw_time now)
{
    struct aw_diag diag;

    aw_diag_init(&diag);
    aw_env_certificates(conf, now, &diag);
    for (unsigned i = 0; i < diag.n; i++)
        aw_log(AW_LOG_WARN, "certificate", "what=\"%s\"", diag.items[i].text);
    aw_diag_free(&diag);
}
