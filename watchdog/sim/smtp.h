/* SPDX-License-Identifier: Apache-2.0
 *
 * A mail server that keeps nothing but the record: STARTTLS and AUTH PLAIN or LOGIN (any user, one
 * password) are required before MAIL. A thread per connection, at most 64; a mail of at most 1 MiB
 * to at most 100 recipients; 60 s without a byte end a connection.
 *
 * Personalities by address: bounce@ is refused (550), slow@ is put off once (450), then accepted.
 */
#ifndef AW_SIM_SMTP_H
#define AW_SIM_SMTP_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "sim/sim.h"

struct aw_sim_smtp;

/* Listens on a numeric address; port 0 takes a free one. Takes a reference of tls. */
int aw_sim_smtp_start(struct aw_sim *sim, const char *address, unsigned port, SSL_CTX *tls,
                      const char *password, struct aw_sim_smtp **ret, unsigned *ret_port,
                      struct aw_err *err);
/* Ends all connections and waits for their threads. */
void aw_sim_smtp_free(struct aw_sim_smtp *s);

#endif
