/* SPDX-License-Identifier: Apache-2.0
 *
 * The slow oracle: rules.md read literally, written apart from the engine and sharing nothing with
 * it but the values (struct aw_rule, the registration, the lines). tests/unit/test_oracle.c lets
 * both decide about the same random cases and compares them line by line. A difference is a bug of
 * one of them, and the text of rules.md says of which.
 *
 * It keeps a list of everything that was planned and everything that happened, goes from instant to
 * instant, and computes anew at each what is due; nothing is folded, encoded or cached. One thread,
 * no I/O; it allocates, for a test.
 */
#ifndef AW_TESTS_ORACLE_H
#define AW_TESTS_ORACLE_H

#include "core/virtual.h"

/* As aw_virtual_run(): the same input, the same lines. Returns 0, or what `line` returned. */
int oracle_run(const struct aw_virtual_input *in,
               int (*line)(void *ctx, const struct aw_virtual_line *l), void *ctx);

#endif
