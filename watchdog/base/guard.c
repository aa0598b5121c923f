/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define HTTPS 443

/* Never part of the Internet, or a way from there into a network of ours. */
static const struct denied {
    const char *range, *what;
} denied[] = {
    {"0.0.0.0/8", "0.0.0.0/8, this host"},
    {"10.0.0.0/8", "10.0.0.0/8, private network"},
    {"100.64.0.0/10", "100.64.0.0/10, carrier-grade NAT"},
    {"127.0.0.0/8", "127.0.0.0/8, loopback"},
    {"169.254.0.0/16", "169.254.0.0/16, link-local, metadata of clouds"},
    {"172.16.0.0/12", "172.16.0.0/12, private network"},
    {"192.0.0.0/24", "192.0.0.0/24, protocol assignments"},
    {"192.0.2.0/24", "192.0.2.0/24, documentation"},
    {"192.88.99.0/24", "192.88.99.0/24, 6to4 relays"},
    {"192.168.0.0/16", "192.168.0.0/16, private network"},
    {"198.18.0.0/15", "198.18.0.0/15, benchmarks"},
    {"198.51.100.0/24", "198.51.100.0/24, documentation"},
    {"203.0.113.0/24", "203.0.113.0/24, documentation"},
    {"224.0.0.0/4", "224.0.0.0/4, multicast"},
    {"240.0.0.0/4", "240.0.0.0/4, reserved"},
    {"::/128", "::, this host"},
    {"::1/128", "::1, loopback"},
    {"::ffff:0:0/96", "::ffff:0:0/96, IPv4 in IPv6"},
    {"64:ff9b::/96", "64:ff9b::/96, NAT64"},
    {"fc00::/7", "fc00::/7, private network"},
    {"fe80::/10", "fe80::/10, link-local"},
    {"ff00::/8", "ff00::/8, multicast"},
    {"2001::/32", "2001::/32, Teredo"},
    {"2001:db8::/32", "2001:db8::/32, documentation"},
    {"2002::/16", "2002::/16, 6to4"},
};
static const struct aw_range global_v6 = {.v6 = true, .bits = 3, .net = {0x20}};

static const uint8_t *bytes_of(const struct sockaddr *sa)
{
    return sa->sa_family == AF_INET6
               ? ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr
               : (const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr;
}

static unsigned port_of(const struct sockaddr *sa)
{
    return ntohs(sa->sa_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)sa)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)sa)->sin_port);
}

int aw_range_parse(const char *text, struct aw_range *ret, struct aw_err *err)
{
    struct aw_range r = {.v6 = strchr(text, ':') != NULL};
    unsigned size = r.v6 ? 128 : 32;
    uint64_t bits = size;
    char host[INET6_ADDRSTRLEN];
    size_t n = strcspn(text, "/");
    if (n >= sizeof host ||
        (text[n] && aw_parse_u64(text + n + 1, strlen(text + n + 1), size, &bits) != AW_OK))
        return aw_fail(err, AW_EINVAL, "not a range of addresses");
    memcpy(host, text, n);
    host[n] = '\0';
    if (inet_pton(r.v6 ? AF_INET6 : AF_INET, host, r.net) != 1)
        return aw_fail(err, AW_EINVAL, "not a range of addresses");
    r.bits = (uint8_t)bits;
    for (unsigned i = r.bits; i < size; i++)
        if (r.net[i / 8] >> (7 - i % 8) & 1)
            return aw_fail(err, AW_EINVAL, "bits are set behind the prefix");
    *ret = r;
    return AW_OK;
}

void aw_range_print(const struct aw_range *r, char dst[AW_RANGE_TEXT])
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(r->v6 ? AF_INET6 : AF_INET, r->net, host, sizeof host);
    snprintf(dst, AW_RANGE_TEXT, "%s/%u", host, r->bits);
}

bool aw_range_has(const struct aw_range *r, const struct sockaddr *sa)
{
    if (sa->sa_family != (r->v6 ? AF_INET6 : AF_INET))
        return false;
    const uint8_t *addr = bytes_of(sa);
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    if (memcmp(addr, r->net, whole) != 0)
        return false;
    return rest == 0 || (addr[whole] ^ r->net[whole]) >> (8 - rest) == 0;
}

const char *aw_guard_denied(const struct sockaddr *sa)
{
    if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
        return "not an Internet address";
    for (unsigned i = 0; i < AW_COUNT(denied); i++) {
        struct aw_range r;
        if (aw_range_parse(denied[i].range, &r, NULL) == AW_OK && aw_range_has(&r, sa))
            return denied[i].what;
    }
    if (sa->sa_family == AF_INET6 && !aw_range_has(&global_v6, sa))
        return "outside of 2000::/3, reserved";
    return NULL;
}

static bool allowed(const struct aw_guard *g, const struct sockaddr *sa)
{
    for (unsigned i = 0; i < g->n_allow; i++)
        if (aw_range_has(&g->allow[i], sa))
            return true;
    return false;
}

int aw_guard_check(const struct aw_guard *g, const struct sockaddr *sa, struct aw_err *err)
{
    char host[INET6_ADDRSTRLEN] = "?";
    const char *why = aw_guard_denied(sa);
    if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
        return aw_fail(err, AW_EPERM, "%s", why);
    inet_ntop(sa->sa_family, bytes_of(sa), host, sizeof host);
    if (port_of(sa) != HTTPS && port_of(sa) != g->port)
        return aw_fail(err, AW_EPERM, "port %u of %s is not that of the channel's URL", port_of(sa),
                       host);
    if (allowed(g, sa))
        return AW_OK;
    unsigned bits = sa->sa_family == AF_INET6 ? 128 : 32;
    if (why)
        return aw_fail(err, AW_EPERM,
                       "%s is not reached (%s): if that is meant, add allow: [\"%s/%u\"] to the "
                       "channel",
                       host, why, host, bits);
    if (g->plain)
        return aw_fail(err, AW_EPERM,
                       "%s is not reached without TLS: use https, or add allow: [\"%s/%u\"] to "
                       "the channel",
                       host, host, bits);
    return AW_OK;
}

bool aw_guard_literal(const char *url, struct sockaddr_storage *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret;
    const char *at = strstr(url, "://");
    char host[256];
    at = at ? at + 3 : url;
    bool bracket = *at == '[';
    size_t n = strcspn(at += bracket, bracket ? "]" : ":/?#");
    if (n == 0 || n >= sizeof host)
        return false;
    memcpy(host, at, n);
    host[n] = '\0';
    memset(ret, 0, sizeof *ret);
    ret->ss_family = bracket ? AF_INET6 : AF_INET;
    if (bracket)
        return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
    if (strcasecmp(host, "localhost") == 0)
        memcpy(host, "127.0.0.1", sizeof "127.0.0.1");
    return inet_aton(host, &v4->sin_addr) == 1;
}
