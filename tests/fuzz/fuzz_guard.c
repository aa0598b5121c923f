/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of addresses and the hosts of URLs. Up to the first LF stands a range, then a URL. What
 * is read is printed and read again as the same; an address in the range is found in it. Links
 * libawbase.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void range(const char *text)
{
    struct aw_range r, again;
    char printed[AW_RANGE_TEXT];
    struct sockaddr_storage ss = {0};
    if (aw_range_parse(text, &r, NULL) != AW_OK)
        return;
    aw_range_print(&r, printed);
    check(aw_range_parse(printed, &again, NULL) == AW_OK);
    check(again.v6 == r.v6 && again.bits == r.bits && memcmp(again.net, r.net, sizeof r.net) == 0);
    ss.ss_family = r.v6 ? AF_INET6 : AF_INET;
    if (r.v6)
        memcpy(&((struct sockaddr_in6 *)(void *)&ss)->sin6_addr, r.net, 16);
    else
        memcpy(&((struct sockaddr_in *)(void *)&ss)->sin_addr, r.net, 4);
    const struct sockaddr *sa = (const struct sockaddr *)(const void *)&ss;
    struct aw_guard g = {.allow = &r, .n_allow = 1};
    check(aw_range_has(&r, sa));
    check(aw_guard_check(&g, sa, NULL) == AW_OK); /* port 0 is that of the guard */
    g.n_allow = 0;
    check((aw_guard_check(&g, sa, NULL) == AW_OK) == (aw_guard_denied(sa) == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct sockaddr_storage ss;
    char *text = aw_strndup((const char *)p, n);
    char *url = strchr(text, '\n');
    if (url)
        *url++ = '\0';
    range(text);
    if (url && aw_guard_literal(url, &ss))
        check(ss.ss_family == AF_INET || ss.ss_family == AF_INET6);
    aw_free(text);
    return 0;
}
