/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate authority and one server certificate, made at each start, so that clients can
 * check a real chain. Both keys stay in memory; only the authority's certificate is written.
 */
#ifndef AW_SIM_TLS_H
#define AW_SIM_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"

/* Writes the authority to ca_path; the server is named localhost, 127.0.0.1, ::1 and address. */
int aw_sim_tls_make(const char *ca_path, const char *address, SSL_CTX **ret, struct aw_err *err);

#endif
