/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside a mail worker: one mail as it came from the daemon, how it ended, and the two ways of
 * sending it: STARTTLS by libesmtp (mail_esmtp.c), TLS from the first byte by libcurl
 * (mail_curl.c).
 */
#ifndef AW_CHAN_MAIL_JOB_H
#define AW_CHAN_MAIL_JOB_H

#include "chan/detail.h"
#include "core/types.h"

struct aw_mail_job {
    int fd;                                                           /* towards the daemon */
    const char *host, *hello, *ca_file, *user, *password, *from, *to; /* user: or NULL */
    const char *envid; /* under which the server shall report success and failure, or NULL */
    unsigned port;
    long timeout;     /* ms */
    const char *text; /* the message, lines ended by CR LF */
    size_t n_text;
};

struct aw_mail_verdict {
    enum aw_outcome outcome;
    int status; /* of the deciding answer, 0: none */
    char detail[AW_DETAIL_MAX + 1];
};

void aw_mail_decide(struct aw_mail_verdict *v, enum aw_outcome outcome, int status, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
/* What a refusal of the server means: at the login, for now, or for good. */
enum aw_outcome aw_mail_refusal(int code);
/* Tells the daemon that the server may have the message from now on. */
void aw_mail_handed(const struct aw_mail_job *job);

void aw_mail_esmtp(const struct aw_mail_job *job, struct aw_mail_verdict *v);
void aw_mail_curl(const struct aw_mail_job *job, struct aw_mail_verdict *v);

#endif
