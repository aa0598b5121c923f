/* SPDX-License-Identifier: Apache-2.0
 *
 * Most commands ask the daemon for objects and show members of them. Which ones, and how, is a list
 * of columns; fetching, --json, paging and the table are the same for all.
 */
#ifndef AW_CTL_ROWS_H
#define AW_CTL_ROWS_H

#include "ctl/client.h"

enum aw_show {
    AW_SHOW_TEXT,  /* texts, numbers; true and false as yes and no; lists with commas */
    AW_SHOW_NAME,  /* what the row is called */
    AW_SHOW_TIME,  /* RFC 3339, shown as aw_out_when does */
    AW_SHOW_STATE, /* a word that is good, bad or neither; on a terminal with its mark */
    AW_SHOW_SHORT, /* the first 12 characters of a hash */
    AW_SHOW_FIRST, /* the first member's value of an object: a title by language */
};

struct aw_column {
    const char *head;   /* NULL ends a list of columns */
    const char *member; /* "rule.name" is the member name of the member rule */
    enum aw_show show;
};

/* An array of objects, or one object, as a table. */
void aw_rows_print(const struct aw_out *o, const struct aw_column *columns, const json_t *rows);

/* The same, or as JSON with --json. Returns AW_EXIT_DONE. */
int aw_ctl_show(const struct aw_ctl *ctl, const struct aw_column *columns, const json_t *v);

/* GETs {"data": [...], "next": cursor} from path and shows data. each (or NULL) may change a row
 * before. Returns an exit code. */
int aw_ctl_list(struct aw_ctl *ctl, const struct aw_column *columns, const char *path,
                void (*each)(const struct aw_ctl *ctl, json_t *row));

/* POSTs body, which it takes over; NULL: it could not be made, since an argument is not UTF-8. */
int aw_ctl_post(struct aw_ctl *ctl, const char *path, json_t *body, json_t **ret);

/* "PREFIX<name, percent-encoded>SUFFIX"; aw_free. */
char *aw_ctl_path(const char *prefix, const char *name, const char *suffix);

/* PATH?limit=N[&after=CURSOR][&FLAG=VALUE...] of the flags that were given; names: flags whose name
 * is that of the parameter, NULL-terminated, or NULL. aw_free. */
char *aw_ctl_query(const struct aw_ctl *ctl, const char *path, const char *const *names);

#endif
