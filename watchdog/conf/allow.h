/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments that allow one warning in one place:
 *
 *     # aw: allow W113 the second push is the reminder that the owner asked for
 *     - {id: again, at: 30s, do: push}
 *
 * The comment stands in the line of the warning, behind what it is about, or in the comment lines
 * at most 16 lines right above it; for a warning about the whole file, in the comment lines that
 * the file begins with. One code a comment, and a reason: without one it allows nothing. Errors
 * cannot be allowed.
 */
#ifndef AW_CONF_ALLOW_H
#define AW_CONF_ALLOW_H

#include "conf/diag.h"

/* True when a comment allows this warning; it is then counted in d. */
bool aw_allowed(struct aw_diag *d, const struct aw_source_file *f, unsigned line, const char *code);

/* W100 for comments without a code or a reason, and for those that allowed nothing. After all
 * warnings about the file were given. */
void aw_allow_check(struct aw_diag *d, const struct aw_source_file *f);

#endif
