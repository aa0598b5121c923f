/* SPDX-License-Identifier: Apache-2.0
 *
 * Helpers of the tests of conf/: a temporary directory, files in it, and problems as short texts.
 */
#ifndef TESTS_CONF_UTIL_H
#define TESTS_CONF_UTIL_H

#include "conf/diag.h"

/* A fresh directory, removed with all in it by conf_dir_remove. */
const char *conf_dir(void);
void conf_dir_remove(void);
/* Writes DIR/name (making one level of sub-directory) and returns its path, valid until removal. */
const char *conf_file(const char *name, const char *text);

/* "6:13 E104, 7:5 W101": place and code of each problem in order, and empties the list. */
const char *conf_codes(struct aw_diag *d);
/* Takes the marks '^' out of a text: each is the place of the next of codes ("E101 E104"). Both
 * results are valid until the next call; places looks like what conf_codes returns. */
struct conf_marked {
    const char *text, *places;
};
struct conf_marked conf_unmark(const char *marked, const char *codes);

/* The printed form, and empties the list. */
const char *conf_print(struct aw_diag *d);

#endif
