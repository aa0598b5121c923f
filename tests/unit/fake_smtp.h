/* SPDX-License-Identifier: Apache-2.0
 *
 * An SMTP server in a thread, on a free port of 127.0.0.1, that misbehaves at one named place. It
 * speaks STARTTLS with a certificate made on the spot, and remembers what it was told.
 */
#ifndef AW_TESTS_FAKE_SMTP_H
#define AW_TESTS_FAKE_SMTP_H

#include <stdbool.h>

enum fake_fault {
    FAKE_NONE,
    FAKE_GREETING_554,  /* not at all */
    FAKE_GREETING_421,  /* and hangs up, as with every 421 */
    FAKE_GREETING_HANG, /* says nothing */
    FAKE_GREETING_DRIP, /* a greeting that never ends, byte by byte */
    FAKE_NO_STARTTLS,   /* does not offer it */
    FAKE_STARTTLS_454,
    FAKE_INJECT,       /* plain text after the answer to STARTTLS */
    FAKE_INJECT_EARLY, /* the same, already with the answer to EHLO */
    FAKE_NO_AUTH,      /* offers no AUTH */
    FAKE_NTLM_FIRST,   /* offers NTLM before PLAIN */
    FAKE_AUTH_535,
    FAKE_AUTH_454,
    FAKE_MAIL_DROP, /* hangs up at MAIL */
    FAKE_MAIL_421,
    FAKE_MAIL_530,
    FAKE_MAIL_552,
    FAKE_RCPT_450,
    FAKE_RCPT_550,
    FAKE_DATA_421,
    FAKE_DATA_451,  /* refuses DATA */
    FAKE_DATA_DROP, /* hangs up instead of 354 */
    FAKE_END_554,   /* refuses after the final dot */
    FAKE_END_421,
    FAKE_END_452,
    FAKE_END_DROP,     /* hangs up after the final dot */
    FAKE_END_HANG,     /* says nothing after the final dot */
    FAKE_END_DRIP,     /* an answer that never ends, byte by byte */
    FAKE_END_NONSENSE, /* answers no SMTP after the final dot */
    FAKE_END_LONG,     /* that answer has FAKE_LONG_LINES lines more */
    FAKE_LONG,         /* and so has every other */
    FAKE_SLOW,         /* every answer comes byte by byte, and whole */
};

#define FAKE_LONG_LINES 1000

struct fake_smtp;
/* san: "IP:127.0.0.1" or "DNS:name"; the certificate is written to ca_file (PEM). */
struct fake_smtp *fake_smtp_new(const char *san, const char *ca_file);
unsigned fake_smtp_port(const struct fake_smtp *f);
void fake_smtp_fault(struct fake_smtp *f, enum fake_fault fault); /* also forgets what it saw */
void fake_smtp_implicit(struct fake_smtp *f, bool implicit);      /* TLS from the first byte */
/* Everything that was said in the last conversation, plain and in TLS, one command a line, the
 * message included. Waits for its end; valid until the next. */
const char *fake_smtp_seen(struct fake_smtp *f);
void fake_smtp_free(struct fake_smtp *f);

#endif
