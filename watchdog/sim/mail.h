/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a mail as its receiver would: the headers that a person sees, and the plain text part.
 * Tolerant and bounded: anything is a mail, what is missing is "". Pure.
 */
#ifndef AW_SIM_MAIL_H
#define AW_SIM_MAIL_H

#include <stddef.h>

#include "base/buf.h"

struct aw_sim_mail {
    struct aw_buf subject;    /* RFC 2047 decoded */
    struct aw_buf message_id; /* without angle brackets */
    struct aw_buf text;       /* the first text/plain part, decoded, LF line ends */
};

/* ret must be empty; free it with aw_sim_mail_free. */
void aw_sim_mail_parse(const char *p, size_t n, struct aw_sim_mail *ret);
void aw_sim_mail_free(struct aw_sim_mail *m);

#endif
