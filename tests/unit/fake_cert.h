/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates made on the spot, for servers of tests: each signs itself, so that its own PEM file
 * is the authority that vouches for it.
 */
#ifndef AW_TESTS_FAKE_CERT_H
#define AW_TESTS_FAKE_CERT_H

#include <openssl/ssl.h>

struct fake_cert {
    const char *san;     /* "IP:127.0.0.1" or "DNS:name" */
    const char *ca_file; /* written: the certificate as PEM */
    long from, until;    /* s from now; both 0: from an hour ago until tomorrow */
    int version;         /* the only one of TLS, such as TLS1_1_VERSION; 0: OpenSSL's choice */
};

/* For a server; NULL when it cannot be made. SSL_CTX_free. */
SSL_CTX *fake_cert_ctx(const struct fake_cert *c);

#endif
