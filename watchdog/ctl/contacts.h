/* SPDX-License-Identifier: Apache-2.0
 *
 * What contacts.c and contacts_import.c share.
 */
#ifndef AW_CTL_CONTACTS_H
#define AW_CTL_CONTACTS_H

#include "ctl/client.h"
#include "ctl/cmd.h"

/* Of every command about contacts. */
#define AW_CONTACT_APP                                                                             \
    {                                                                                              \
        "app", 0, AW_VAL_TEXT, 0, NULL, "whose directory it is, where there are several apps"      \
    }

/* The path of a contact in the directory of --app; aw_free. */
char *aw_contact_path(const struct aw_ctl *ctl, const char *user);

/* PUT of a contact; the member "user" is taken out. Returns an exit code. */
int aw_contact_put(const struct aw_ctl *ctl, struct aw_client *c, const char *user,
                   json_t *contact);

/* Reads one CSV record (RFC 4180: quotes, doubled quotes, line ends inside quotes) at *pp into at
 * most max fields, which point into the text and are NUL-terminated there. *line counts on. Returns
 * the number of fields, AW_EINVAL (err) on a bad record (*pp is then behind its line), AW_ELIMIT on
 * too many fields. */
int aw_csv_record(char **pp, unsigned *line, char **fields, unsigned max, struct aw_err *err);

#endif
