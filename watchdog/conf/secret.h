/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets are named in the environment file and read from elsewhere: {file: PATH},
 * {credential: NAME} (a file in $CREDENTIALS_DIRECTORY, as systemd lays out) or {env: NAME}. Error
 * texts name the place, never the content.
 */
#ifndef AW_CONF_SECRET_H
#define AW_CONF_SECRET_H

#include "conf/schema.h"

/* Takes a variable out of the process's environment, where /proc shows it, and keeps it for later
 * loads; bounded, the first 64. Before there are threads. */
void aw_secret_hide(const char *variable);

/* Where a secret comes from: all that is ever shown of it. */
struct aw_secret {
    const char *how;  /* "file", "credential" or "env" */
    const char *name; /* path or name */
};

/* Checks the form of v; false with the problem in r->diag. */
bool aw_secret_form(struct aw_reader *r, const struct aw_yaml *v, struct aw_secret *ret);

/* Reads it into the arena, which wipes it; NULL with the problem in r->diag. A secret is one line
 * of text, a key in PEM form (aw_secret_text) may be many. */
const char *aw_secret_read(struct aw_reader *r, const struct aw_yaml *v, const struct aw_secret *s);
const char *aw_secret_text(struct aw_reader *r, const struct aw_yaml *v, const struct aw_secret *s);

#endif
