/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of `ackwatch rules` share.
 */
#ifndef AW_CTL_RULES_H
#define AW_CTL_RULES_H

#include <jansson.h>
#include <stdbool.h>

#include "conf/diag.h"

/* Results of rule tests as JUnit XML: tests as `rules test --json` has them; the errors of files
 * that are none are test cases, too. False when the file cannot be written, said on stderr. */
bool aw_junit_write(const char *path, const json_t *tests, const struct aw_diag *diag);

#endif
