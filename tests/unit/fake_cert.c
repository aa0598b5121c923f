/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_cert.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

static X509 *make_cert(EVP_PKEY *key, const struct fake_cert *c)
{
    bool usual = c->from == 0 && c->until == 0;
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, c->san);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), usual ? -3600 : c->from);
    X509_gmtime_adj(X509_getm_notAfter(cert), usual ? 86400 : c->until);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fake", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    X509_add_ext(cert, ext, -1);
    X509_EXTENSION_free(ext);
    X509_sign(cert, key, EVP_sha256());
    return cert;
}

SSL_CTX *fake_cert_ctx(const struct fake_cert *c)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_cert(key, c);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    FILE *out = fopen(c->ca_file, "we");
    bool good = out && PEM_write_X509(out, cert) == 1 && SSL_CTX_use_certificate(ctx, cert) == 1 &&
                SSL_CTX_use_PrivateKey(ctx, key) == 1;
    if (good && c->version) {
        SSL_CTX_set_security_level(ctx, 0); /* else OpenSSL itself has no old versions */
        good = SSL_CTX_set_min_proto_version(ctx, c->version) == 1 &&
               SSL_CTX_set_max_proto_version(ctx, c->version) == 1;
    }
    if (out)
        fclose(out);
    X509_free(cert);
    EVP_PKEY_free(key);
    if (good)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}
