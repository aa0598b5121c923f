/* SPDX-License-Identifier: Apache-2.0
 *
 * One SMTP conversation, on a thread of its own that may block.
 */
#ifndef AW_SIM_SMTP_SESSION_H
#define AW_SIM_SMTP_SESSION_H

#include <openssl/ssl.h>

#include "sim/sim.h"

struct aw_sim_smtp_options {
    struct aw_sim *sim;
    SSL_CTX *tls;
    const char *password;
};

/* Talks until the peer or the server ends it. fd stays open: the caller closes it. */
void aw_sim_smtp_talk(const struct aw_sim_smtp_options *opt, int fd);

#endif
