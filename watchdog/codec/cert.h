/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates and keys in PEM form, looked at before a listener is given them: the TLS library of
 * the server only says that it does not start. Any thread.
 */
#ifndef AW_CODEC_CERT_H
#define AW_CODEC_CERT_H

#include "base/err.h"
#include "base/time.h"

struct aw_cert {
    aw_time from, until; /* valid between */
};

/* The first certificate of a chain, all of which must be readable. AW_EINVAL. */
int aw_cert_read(const char *pem, struct aw_cert *ret, struct aw_err *err);
/* Whether key is the private key of the first certificate. AW_EINVAL. */
int aw_cert_fits(const char *pem, const char *key, struct aw_err *err);

#endif
