/* SPDX-License-Identifier: Apache-2.0
 *
 * A client for tests that writes requests byte by byte as a test wants them, right or wrong, and
 * reads answers strictly.
 */
#ifndef AW_TESTS_RAWHTTP_H
#define AW_TESTS_RAWHTTP_H

#include <stdbool.h>
#include <stddef.h>

struct raw_answer {
    int status; /* 0: the connection ended without one */
    char head[8192];
    char *body; /* free() or raw_done */
    size_t n_body;
};

int raw_connect(unsigned port);
int raw_connect_unix(const char *path); /* -1 when nobody listens */
void raw_send(int fd, const char *p, size_t n);
void raw_sends(int fd, const char *text);
/* Reads one answer, no byte more. head: no body follows, whatever Content-Length says. */
void raw_read(int fd, bool head, struct raw_answer *ret);
bool raw_ended(int fd, int ms);   /* the peer closes within ms, without another byte */
bool raw_drained(int fd, int ms); /* the same, whatever it still sends before */
/* The value of a header into dst, "" without it. */
const char *raw_header(const struct raw_answer *a, const char *name, char *dst, size_t cap);
void raw_done(struct raw_answer *a);
/* connect, send, read, close */
void raw_once(unsigned port, const char *request, struct raw_answer *ret);

#endif
