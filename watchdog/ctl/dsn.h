/* SPDX-License-Identifier: Apache-2.0
 *
 * What a mail server says about a mail of ours: RFC 3464, read by GMime. Written by strangers:
 * every input has an answer, nothing in it is trusted but a mark that the daemon finds to be its
 * own.
 */
#ifndef AW_CTL_DSN_H
#define AW_CTL_DSN_H

#include <stdbool.h>
#include <stddef.h>

#define AW_DSN_MAX ((size_t)4 << 20) /* bytes of a mail that are read */

struct aw_dsn {
    bool report;   /* it is a report on delivery */
    char mark[64]; /* of a mail that may be ours, "": none */
    char
        action[16]; /* what became of it: failed, delayed, delivered, relayed, expanded; "": none */
    char status[16]; /* 5.1.1, or "" */
};

/* Of several recipients the best counts: somebody behind the address has it. */
void aw_dsn_read(const char *p, size_t n, struct aw_dsn *ret);

#endif
