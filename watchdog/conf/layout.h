/* SPDX-License-Identifier: Apache-2.0
 *
 * One layout for files of the rule language (`rules fmt`): two blanks a level, one blank in flow
 * maps, cells of flow maps that stand below each other in columns, lines of at most 100. What is
 * written as a block stays one, and so does what is written in braces; scalars, order and comments
 * stay as they are. Pure.
 */
#ifndef AW_CONF_LAYOUT_H
#define AW_CONF_LAYOUT_H

#include "base/buf.h"
#include "conf/diag.h"

/* The file laid out, into out. AW_EINVAL with the reason in diag: it is no YAML that we read, or
 * has what cannot be kept (E180): a comment within braces, a text over several lines. The result
 * was parsed again, and is the same value with the same comments. */
int aw_layout(const struct aw_source_file *f, struct aw_buf *out, struct aw_diag *diag);

#endif
