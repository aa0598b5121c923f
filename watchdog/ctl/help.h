/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that the command table says about itself: help texts (help.c), the man page
 * ackwatch(1) and docs/cli.md (manual.c), shell completion (completion.c).
 */
#ifndef AW_CTL_HELP_H
#define AW_CTL_HELP_H

#include <stdio.h>

#include "ctl/cmd.h"

void aw_help_overview(FILE *f);
void aw_help_noun(const char *noun, FILE *f);
void aw_help_command(const struct aw_cmd_entry *e, FILE *f);

/* "ackwatch messages show ID [--flag]...": the usage line of a command. */
void aw_help_usage(const struct aw_cmd_entry *e, struct aw_buf *out);

void aw_manual_roff(FILE *f);     /* ackwatch(1) */
void aw_manual_markdown(FILE *f); /* docs/cli.md */
void aw_manual_codes(FILE *f);    /* docs/rules-codes.md */

/* shell: bash, zsh or fish. */
void aw_completion_print(const char *shell, FILE *f);

#endif
