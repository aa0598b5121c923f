/* SPDX-License-Identifier: Apache-2.0
 *
 * One mail as bytes (RFC 5322, 2045-2047): headers folded at 76, non-ASCII header text as B-words
 * of at most 45 bytes cut at code points, bodies as quoted-printable or base64 so that no bare CR
 * or LF and no line of "." can exist. Refuses control characters in header values, never repairs.
 */
#ifndef AW_CODEC_MIME_H
#define AW_CODEC_MIME_H

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"

struct aw_mail {
    const char *from_address, *from_name; /* name may be NULL */
    const char *to_address;
    const char *subject;
    const char *text;       /* text/plain, required */
    const char *html;       /* text/html or NULL: multipart/alternative */
    const char *message_id; /* without angle brackets: ref@node */
    aw_time date;
};

/* The whole message with CRLF line ends, including the From, To, Subject, Date, Message-ID,
 * MIME-Version, Auto-Submitted: auto-generated headers. The boundary is made from message_id. */
int aw_mime_build(struct aw_buf *out, const struct aw_mail *m, struct aw_err *err);

/* One header value: RFC 2047 where needed, folded; exposed for tests and fuzzing. */
int aw_mime_header(struct aw_buf *out, const char *name, const char *value, struct aw_err *err);

#endif
