/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates by OpenSSL: P-256, valid from yesterday for thirty days of real time.
 */
#include "sim/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/random.h"

#define DAY 86400L

struct issued {
    EVP_PKEY *key;
    X509 *cert;
};

static void issued_free(struct issued *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->cert);
}

static bool set_serial(X509 *cert)
{
    uint64_t serial;
    aw_random(&serial, sizeof(serial));
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1;
}

static bool set_name(X509 *cert, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1, 0) == 1;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* Signed by `by`, or by itself when NULL. names: subjectAltName, or NULL for an authority. */
static bool issue(struct issued *ret, const char *cn, const char *names, const struct issued *by)
{
    ret->key = EVP_EC_gen("P-256");
    ret->cert = X509_new();
    if (!ret->key || !ret->cert)
        return false;
    if (!by)
        by = ret;
    X509 *cert = ret->cert;
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_name(cert, cn) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), 30 * DAY) &&
           X509_set_pubkey(cert, ret->key) == 1 &&
           X509_set_issuer_name(cert, X509_get_subject_name(by->cert)) == 1 &&
           add_extension(cert, by->cert, NID_basic_constraints,
                         names ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
           add_extension(cert, by->cert, NID_key_usage,
                         names ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign") &&
           add_extension(cert, by->cert, NID_subject_key_identifier, "hash") &&
           (!names || add_extension(cert, by->cert, NID_subject_alt_name, names)) &&
           X509_sign(cert, by->key, EVP_sha256()) > 0;
}

static int write_pem(const char *path, X509 *cert, struct aw_err *err)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return aw_fail(err, AW_EIO, "cannot write %s: %m", path);
    bool ok = PEM_write_X509(f, cert) == 1;
    ok = fclose(f) == 0 && ok;
    return ok ? 0 : aw_fail(err, AW_EIO, "cannot write %s: %m", path);
}

static SSL_CTX *make_context(const struct issued *server)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate(ctx, server->cert) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, server->key) == 1)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

int aw_sim_tls_make(const char *ca_path, const char *address, SSL_CTX **ret, struct aw_err *err)
{
    struct issued ca = {0}, server = {0};
    struct aw_buf names = AW_BUF_INIT(256);
    int rc = 0;
    aw_buf_puts(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
    if (strcmp(address, "127.0.0.1") != 0 && strcmp(address, "::1") != 0)
        aw_buf_printf(&names, ",IP:%s", address);
    SSL_CTX *ctx = NULL;
    if (issue(&ca, "ackwatch-sim authority", NULL, NULL) &&
        issue(&server, "localhost", aw_buf_str(&names), &ca))
        ctx = make_context(&server);
    if (!ctx)
        rc = aw_fail(err, AW_EIO, "cannot make certificates: %s",
                     ERR_reason_error_string(ERR_peek_last_error()));
    else
        rc = write_pem(ca_path, ca.cert, err);
    if (rc == 0)
        *ret = ctx;
    else
        SSL_CTX_free(ctx);
    issued_free(&server);
    issued_free(&ca);
    aw_buf_free(&names);
    return rc;
}
