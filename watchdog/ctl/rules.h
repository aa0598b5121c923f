/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of `ackwatch rules` share.
 */
#ifndef AW_CTL_RULES_H
#define AW_CTL_RULES_H

#include <jansson.h>
#include <stdbool.h>

#include "conf/diag.h"
#include "ctl/cmd.h"

/* Results of rule tests as JUnit XML: tests as `rules test --json` has them; the errors of files
 * that are none are test cases, too. False when the file cannot be written, said on stderr. */
bool aw_junit_write(const char *path, const json_t *tests, const struct aw_diag *diag);

/* Prints a test made of a message that the daemon has, and runs it. Returns an exit code. */
int aw_rules_record(struct aw_ctl *ctl, const char *id);

#endif
