/* SPDX-License-Identifier: Apache-2.0
 *
 * Files on this machine, read without a daemon: what rules.c, rules_simulate.c and config.c share.
 */
#ifndef AW_CTL_LOCAL_H
#define AW_CTL_LOCAL_H

#include "conf/env.h"
#include "conf/rules.h"
#include "ctl/cmd.h"

/* What rules may refer to, as an environment file has it. */
struct aw_local_world {
    struct aw_rules_world world;
    const char **names[AW_N_KINDS]; /* owned; channels by kind */
    unsigned channels[AW_N_KINDS];  /* how many */
};
void aw_local_world_init(struct aw_local_world *w, const struct aw_env_conf *env);
void aw_local_world_free(struct aw_local_world *w);

/* The templates beside a rule file, or in a directory of them, where an installation has them;
 * empty when there are none. */
struct aw_templates aw_local_templates(const char *path, struct aw_diag *d);

/* All diagnostics to stdout (text or JSON array) resp. stderr; returns AW_EXIT_PROBLEMS when there
 * are errors, else AW_EXIT_DONE. */
int aw_local_report(const struct aw_ctl *ctl, const struct aw_diag *d);
int aw_local_complain(const struct aw_diag *d);

/* Prints a number and what it counts: ONE is the text of "1 error", MANY that of "2 errors"; a
 * macro, so that the compiler sees both formats. N is evaluated twice. */
#define AW_LOCAL_COUNT(o, n, one, many) fprintf((o)->f, (n) == 1 ? (one) : (many), n)

#endif
