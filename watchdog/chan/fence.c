/* SPDX-License-Identifier: Apache-2.0 */
#include "chan/fence.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Happy eyeballs come here once for each address; the last reason is as good as the first. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct aw_fence *f = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || aw_guard_check(&f->guard, &a->addr, &f->refused) != AW_OK)
        return CURL_SOCKET_BAD;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Before the request leaves. The connection may be one of another channel's request, which was
 * allowed more. */
static int on_ready(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct aw_fence *f = arg;
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&ss;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&ss;
    ss.ss_family = strchr(ip, ':') ? AF_INET6 : AF_INET;
    bool known = ss.ss_family == AF_INET6 ? inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1
                                          : inet_pton(AF_INET, ip, &v4->sin_addr) == 1;
    *(ss.ss_family == AF_INET6 ? &v6->sin6_port : &v4->sin_port) = htons((uint16_t)port);
    if (!known)
        aw_fail(&f->refused, AW_EPERM, "connected to what is no Internet address");
    else if (aw_guard_check(&f->guard, (struct sockaddr *)(void *)&ss, &f->refused) == AW_OK)
        return CURL_PREREQFUNC_OK;
    return CURL_PREREQFUNC_ABORT;
}

/* Scheme and port by libcurl's own parser, so that both mean the same URL. */
static CURLcode read_url(struct aw_fence *f, const char *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *port = NULL;
    if (!u)
        return CURLE_OUT_OF_MEMORY;
    CURLcode r = CURLE_URL_MALFORMAT;
    if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        f->guard.plain = strcmp(scheme, "https") != 0;
        f->guard.port = (unsigned)strtoul(port, NULL, 10);
        r = CURLE_OK;
    } else {
        aw_fail(&f->refused, AW_EPERM, "the URL cannot be used");
    }
    curl_free(scheme);
    curl_free(port);
    curl_url_cleanup(u);
    return r;
}

CURLcode aw_fence_set(struct aw_fence *f, CURL *h, const struct aw_http_call *c)
{
    f->guard = (struct aw_guard){.allow = c->allow, .n_allow = c->n_allow};
    CURLcode r = read_url(f, aw_buf_str(&c->url));
    if (r == CURLE_OK && f->guard.plain && c->n_allow == 0) {
        aw_fail(&f->refused, AW_EPERM,
                "http is not used without TLS: use https, or add the server's address to the "
                "channel, as in allow: [\"127.0.0.1/32\"]");
        return CURLE_UNSUPPORTED_PROTOCOL;
    }
    if (r != CURLE_OK)
        return r;
    r |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, c->n_allow ? "http,https" : "https");
    r |= curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_open);
    r |= curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, f);
    r |= curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_ready);
    r |= curl_easy_setopt(h, CURLOPT_PREREQDATA, f);
    return r;
}
