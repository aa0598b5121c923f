/* SPDX-License-Identifier: Apache-2.0
 *
 * Listeners of the environment: where HTTP is served, what is served there, and TLS by the files of
 * a certificate and its key. The files are read here, so that a reload brings new ones in, and
 * checked, so that a mistake has a place and a way out.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "codec/cert.h"
#include "conf/env_int.h"

enum { PEM_MAX = 256 << 10, MAX_PER_ADDRESS = 4096 };

static void read_address(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_listen *l = base;
    unsigned char addr[sizeof(struct in6_addr)];
    const char *s = aw_schema_text(r, v, 1, 64, false);
    if (s == NULL)
        return;
    if (inet_pton(AF_INET, s, addr) != 1 && inet_pton(AF_INET6, s, addr) != 1)
        aw_schema_error(r, v, "E116", "as in 127.0.0.1, 0.0.0.0 or ::1",
                        "\"%s\" is not a numeric address", s);
    l->address = s;
}

static void read_faces(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_listen *l = base;
    struct {
        unsigned list[3], n;
    } faces = {0};
    struct aw_key inner = *k;
    inner.at = 0;
    inner.n_at = sizeof(faces.list);
    aw_schema_value(r, &inner, v, &faces);
    for (unsigned i = 0; i < faces.n; i++)
        l->faces |= 1u << faces.list[i];
}

/* --- TLS ----------------------------------------------------------------------------------------
 */

#define TLS(field) .at = offsetof(struct aw_tls, field)

static void read_key(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                     void *base)
{
    struct aw_tls *t = base;
    struct aw_secret from;
    if (!aw_secret_form(r, v, &from))
        return;
    t->key_how = from.how;
    t->key_name = from.name;
    if (!r->lenient)
        t->key_pem = aw_secret_text(r, v, &from);
}

static const struct aw_key tls_keys[] = {
    {"certificate", AW_KEY_PATH, AW_KEY_REQUIRED, TLS(certificate),
     .help = "file of the certificate and those between it and its authority, in PEM form"},
    {"key", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_key,
     .help = "its private key: {file: PATH}, {credential: NAME} or {env: NAME}"},
    {"client_ca", AW_KEY_PATH, 0, TLS(client_ca),
     .help = "file of authorities; clients must show a certificate of one of them"},
    {NULL},
};

/* The text of a file of certificates, or NULL with the problem at its key. */
static const char *read_certificate(struct aw_reader *r, const struct aw_yaml *v, const char *path,
                                    struct aw_cert *ret)
{
    AW_AUTO_FREE char *text = NULL;
    struct aw_err err;
    size_t n;
    if (aw_file_read(path, PEM_MAX, &text, &n, &err) < 0) {
        aw_schema_error(r, v, "E164", NULL, "%s", err.text);
        return NULL;
    }
    if (aw_cert_read(text, ret, &err) < 0) {
        aw_schema_error(r, v, "E164", NULL, "%s: %s", path, err.text);
        return NULL;
    }
    return aw_arena_strn(r->arena, text, n);
}

static void check_tls(struct aw_reader *r, const struct aw_yaml *map,
                      const struct aw_yaml *fallback, void *base)
{
    struct aw_tls *t = base;
    struct aw_cert own = {0}, ca;
    struct aw_err err;
    if (r->lenient || t->certificate == NULL)
        return;
    t->certificate_pem = read_certificate(r, aw_yaml_get(map, "certificate"), t->certificate, &own);
    t->from = own.from;
    t->until = own.until;
    if (t->client_ca != NULL)
        t->client_ca_pem = read_certificate(r, aw_yaml_get(map, "client_ca"), t->client_ca, &ca);
    if (t->certificate_pem != NULL && t->key_pem != NULL &&
        aw_cert_fits(t->certificate_pem, t->key_pem, &err) < 0)
        aw_schema_error(r, aw_yaml_get(map, "key"), "E164", NULL, "the key from %s %s: %s",
                        t->key_how, t->key_name, err.text);
}

static const struct aw_shape tls_shape = {
    .what = "tls", .keys = tls_keys, .size = sizeof(struct aw_tls), .check = check_tls};

/* --- a listener ---------------------------------------------------------------------------------
 */

/* In the order of the bits of enum aw_face. */
static const char *const face_words[] = {"public", "api", "ops", NULL};
#define LISTEN(field) .at = offsetof(struct aw_listen, field)
static const struct aw_key listen_keys[] = {
    {"address", AW_KEY_TEXT, 0, LISTEN(address), .def = "127.0.0.1", .read = read_address,
     .help = "numeric address"},
    {"port", AW_KEY_NUMBER, 0, LISTEN(port), .max = 65535, .def = "9364",
     .help = "TCP port; 0 takes a free one"},
    {"faces", AW_KEY_WORDS, 0, LISTEN(faces), .max = 3, .words = face_words,
     .def = "public api ops", .read = read_faces, .help = "which routes are served there"},
    {"per_address", AW_KEY_NUMBER, 0, LISTEN(per_address), .max = MAX_PER_ADDRESS, .def = "0",
     .help = "most connections from one address; 0 for any number, as behind a proxy"},
    {"tls", AW_KEY_MAP, 0, LISTEN(tls), .child = &tls_shape, .help = "serve HTTPS"},
    {NULL},
};
const struct aw_shape aw_shape_listen = {"a listener", listen_keys, sizeof(struct aw_listen)};

void aw_env_certificates(const struct aw_env_conf *e, aw_time now, struct aw_diag *diag)
{
    const struct aw_source_file file = {.name = e->file};
    for (unsigned i = 0; i < e->n_listen; i++) {
        const struct aw_tls *t = &e->listen[i].tls;
        char when[AW_TIME_TEXT];
        if (t->certificate_pem == NULL || (now >= t->from && t->until - now > AW_CERT_SOON))
            continue;
        aw_time_print(when, now < t->from ? t->from : t->until);
        aw_diag_warn(diag, &file, (struct aw_yaml_place){0}, 1, "W111",
                     "put a new one in its place, then reload", "the certificate %s %s %s",
                     t->certificate,
                     aw_t(diag->lang, now < t->from    ? N_("is not valid before")
                                      : now > t->until ? N_("expired at")
                                                       : N_("expires at")),
                     when);
    }
}
