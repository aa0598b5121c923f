/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking sockets with a limit of 10 s on every read, so that a test fails and does not hang.
 */
#include "rawhttp.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int raw_connect(unsigned port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 10};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
        return fd;
    close(fd);
    return -1;
}

int raw_connect_unix(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 10};
    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
        return fd;
    close(fd);
    return -1;
}

void raw_send(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return; /* the peer has closed: the answer tells */
        p += done;
        n -= (size_t)done;
    }
}

void raw_sends(int fd, const char *text)
{
    raw_send(fd, text, strlen(text));
}

const char *raw_header(const struct raw_answer *a, const char *name, char *dst, size_t cap)
{
    dst[0] = 0;
    for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        size_t n = strlen(name);
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *value = line + 2 + n + 1;
            value += strspn(value, " ");
            snprintf(dst, cap, "%.*s", (int)strcspn(value, "\r\n"), value);
            break;
        }
    }
    return dst;
}

void raw_read(int fd, bool head, struct raw_answer *ret)
{
    size_t n = 0;
    char length[32];

    memset(ret, 0, sizeof(*ret));
    while (n + 1 < sizeof(ret->head) && recv(fd, ret->head + n, 1, 0) == 1)
        if (++n >= 4 && memcmp(ret->head + n - 4, "\r\n\r\n", 4) == 0)
            break;
    if (n < 4 || sscanf(ret->head, "HTTP/1.%*c %d", &ret->status) != 1) {
        ret->status = 0;
        return;
    }
    size_t want = strtoul(raw_header(ret, "Content-Length", length, sizeof(length)), NULL, 10);
    if (head || ret->status == 100)
        want = 0;
    ret->body = calloc(1, want + 1);
    while (ret->n_body < want) {
        ssize_t got = recv(fd, ret->body + ret->n_body, want - ret->n_body, 0);
        if (got <= 0)
            break;
        ret->n_body += (size_t)got;
    }
}

bool raw_ended(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;
    return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, MSG_DONTWAIT) <= 0;
}

bool raw_drained(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c[512];
    while (poll(&p, 1, ms) == 1)
        if (recv(fd, c, sizeof(c), MSG_DONTWAIT) <= 0)
            return true;
    return false;
}

void raw_done(struct raw_answer *a)
{
    free(a->body);
    a->body = NULL;
}

void raw_once(unsigned port, const char *request, struct raw_answer *ret)
{
    int fd = raw_connect(port);
    raw_sends(fd, request);
    raw_read(fd, strncmp(request, "HEAD", 4) == 0, ret);
    close(fd);
}
