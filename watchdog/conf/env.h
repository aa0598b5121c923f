/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment file (ackwatch.yaml) to values. Operations own it; it reloads as a whole or not
 * at all. Secrets are named in it and read here, from a file, a systemd credential or the
 * environment; they are wiped in aw_env_conf_free and never printed. contrib/ackwatch.example.yaml
 * shows every key. Relative paths are relative to the file.
 */
#ifndef AW_CONF_ENV_H
#define AW_CONF_ENV_H

#include "conf/diag.h"
#include "core/brake.h"
#include "core/calendar.h"
#include "core/channel.h"
#include "core/delivery.h"
#include "core/registration.h"
#include "core/template.h"

enum aw_face { AW_FACE_PUBLIC = 1, AW_FACE_API = 2, AW_FACE_OPS = 4 };

struct aw_tls {
    const char *certificate, *client_ca; /* paths; no certificate: no TLS; client_ca may be NULL */
    const char *key_how, *key_name;      /* where the key comes from */
    const char *certificate_pem, *key_pem, *client_ca_pem; /* texts; NULL when lenient */
    aw_time from, until;                                   /* the certificate is valid */
};

struct aw_listen {
    const char *address; /* numeric, default 127.0.0.1 */
    unsigned port;       /* default 9364; 0 takes a free one (demo, tests) */
    unsigned faces;
    unsigned per_address; /* most connections from one address; 0: as many as they like */
    struct aw_tls tls;
};

struct aw_operator {
    const char *channel; /* an email or webhook or sms channel */
    const char *to;      /* address; NULL for a webhook */
};

struct aw_callbacks {    /* of an app: what it is told, and where */
    const char *channel; /* a webhook; NULL: nothing */
    unsigned on;         /* bits of enum aw_callback_event */
};

struct aw_person_conf { /* people: user -> addresses, for tests and `rules simulate --env` */
    const char *user;
    struct aw_addresses a;
};

/* A sign of life to the outside, sent while all is well. */
struct aw_heartbeat {
    struct aw_channel channel; /* of its own: name "heartbeat", one setting */
    struct aw_channel_setting url;
    aw_ms every;
};

struct aw_env_conf {
    const char *file;
    const char *node;       /* default: host name */
    const char *public_url; /* base of confirmation links, e.g. https://ack.example.com */
    const char *zone;
    struct aw_listen *listen;
    unsigned n_listen;
    const char *socket; /* control socket path, default RUNSTATEDIR/ackwatch/ctl.sock */
    const char *store;  /* database path */
    const char *rules;  /* directory */
    const char *templates_dir;
    aw_ms retention;                /* of closed messages whose rule names none */
    struct aw_heartbeat *heartbeat; /* NULL: none */
    struct aw_operator *operators;  /* at least one */
    unsigned n_operators;
    const char **apps; /* at least one; default {"default"} */
    unsigned n_apps;
    struct aw_callbacks *callbacks; /* of each app */
    struct aw_channel *channels;
    unsigned n_channels;
    struct aw_almanac almanac; /* calendars and rotations */
    struct aw_limits limits;
    struct aw_storm_brake *storm; /* NULL: none */
    struct aw_silence *silences;
    unsigned n_silences;
    unsigned requests_per_second; /* of one key; acknowledgements and receipts aside */
    struct aw_templates templates;
    struct aw_person_conf *people;
    unsigned n_people;
    uint8_t sha256[32]; /* of the file's bytes */
};

/* AW_ENV_LENIENT: for tests and simulate: operators, store, secrets are not required, people
 * allowed to be the whole file. */
enum { AW_ENV_LENIENT = 1 };

int aw_env_load(const char *path, unsigned flags, struct aw_env_conf **ret, struct aw_diag *diag);
void aw_env_conf_free(struct aw_env_conf *e);

/* Takes secrets that come from variables out of the process's environment; loads still find them.
 * Before there are threads. */
void aw_env_hide_secrets(const struct aw_env_conf *e);

/* Warns of certificates that are not valid at `now` or will not be in AW_CERT_SOON. */
void aw_env_certificates(const struct aw_env_conf *e, aw_time now, struct aw_diag *diag);
#define AW_CERT_SOON (14 * 24 * 60 * 60 * (aw_ms)1000)

/* The effective settings as YAML, secrets as {from: file}: `ackwatch config show`. */
void aw_env_show(const struct aw_env_conf *e, struct aw_buf *out);

/* Templates of a directory NAME.yaml (conf/templates.c), also used by aw_env_load. */
int aw_templates_load(const char *dir, struct aw_templates *ret, struct aw_diag *diag);
/* One file's text, as the only template; name as of the file, "order.yaml". */
int aw_templates_parse(const char *name, const char *text, size_t n, struct aw_templates *ret,
                       struct aw_diag *diag);
void aw_templates_free(struct aw_templates *t);
/* A value of usual length for a {{name}}, in Chinese where lang is (conf/template_check.c). */
const char *aw_template_sample(const char *name, const char *lang);

/* The settings table of the environment file for docs and config help: one line per key. */
void aw_env_reference(struct aw_buf *out);

#endif
