/* SPDX-License-Identifier: Apache-2.0
 *
 * A receiver of callbacks for tests: answers POST /NNN with the status NNN (a 3xx leads to
 * /200?followed), and keeps each request as files in the directory given: N.head, N.body. Prints
 * its port, then serves one request after the other until it is killed. libc alone.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char request[1 << 20];

static int put(const char *dir, unsigned number, const char *suffix, const char *text, size_t n)
{
    char part[512], whole[512];
    snprintf(part, sizeof part, "%s/part", dir);
    snprintf(whole, sizeof whole, "%s/%u.%s", dir, number, suffix);
    FILE *f = fopen(part, "w");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        return -1;
    return rename(part, whole);
}

/* Length of the head, when head and body are whole; else 0. */
static size_t whole(size_t n)
{
    char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\ncontent-length:");
    if (!end)
        return 0;
    size_t head = (size_t)(end + 4 - request);
    return n >= head + (length && length < end ? strtoul(length + 16, NULL, 10) : 0) ? head : 0;
}

static void serve(int fd, const char *dir, unsigned number)
{
    char answer[256];
    size_t n = 0, head = 0;
    ssize_t k;
    while (!head && n + 1 < sizeof request &&
           (k = recv(fd, request + n, sizeof request - 1 - n, 0)) > 0) {
        request[n += (size_t)k] = '\0';
        head = whole(n);
    }
    const char *path = strchr(request, '/');
    unsigned long status = path ? strtoul(path + 1, NULL, 10) : 0;
    if (!head || status < 200 || status > 599)
        return;
    if (put(dir, number, "body", request + head, n - head) != 0 ||
        put(dir, number, "head", request, head) != 0)
        exit(1);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 %lu As-Asked\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n",
                        status, status / 100 == 3 ? "Location: /200?followed\r\n" : "");
    if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) != size)
        perror("send");
}

int main(int argc, char **argv)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
    if (argc != 2 || fd < 0 || bind(fd, (struct sockaddr *)&sa, n) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
        return 1;
    printf("%u\n", ntohs(sa.sin_port));
    fflush(stdout);
    for (unsigned i = 1; (peer = accept(fd, NULL, NULL)) >= 0; i++) {
        request[0] = '\0';
        serve(peer, argv[1], i);
        close(peer);
    }
    return 1;
}
