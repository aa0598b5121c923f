/* SPDX-License-Identifier: Apache-2.0
 *
 * The YAML files of a directory in name order: *.yaml in the directory itself, without hidden
 * files, sub-directories and *.test.yaml. Used for rules and templates.
 */
#ifndef AW_CONF_DIR_H
#define AW_CONF_DIR_H

#include "conf/diag.h"

struct aw_dir {
    char **paths;
    unsigned n;
};

/* Problems go to diag: a directory that cannot be read, too many files (E100), *.yml (W103). */
void aw_dir_read(const char *path, unsigned max, struct aw_dir *ret, struct aw_diag *diag);
void aw_dir_free(struct aw_dir *d);

#endif
