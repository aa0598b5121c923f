/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses our own HTTP requests may reach: none inside a network of the machine, unless
 * the channel allows its range. Decided on the address that is about to be connected to, after
 * names and odd spellings were resolved, so that none of them can deceive. Pure functions over
 * values, no allocation; any thread.
 */
#ifndef AW_BASE_GUARD_H
#define AW_BASE_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

#define AW_ALLOW_MAX  16 /* ranges of a channel */
#define AW_RANGE_TEXT 64 /* bytes that aw_range_print needs */

/* A range of addresses. An IPv4 range and the mapped IPv6 range are different ones. */
struct aw_range {
    bool v6;
    uint8_t bits;    /* of the prefix: 0 to 32, or 128 */
    uint8_t net[16]; /* network order; the first 4 for IPv4; host bits zero */
};

/* "127.0.0.0/8", "fd00::/8", or an address, which is a range of one. AW_EINVAL, with a text: also
 * for host bits that are set, since then the range is not what its writer believes. */
int aw_range_parse(const char *text, struct aw_range *ret, struct aw_err *err);
void aw_range_print(const struct aw_range *r, char dst[AW_RANGE_TEXT]);
/* AF_INET and AF_INET6; false for any other family. */
bool aw_range_has(const struct aw_range *r, const struct sockaddr *sa);

struct aw_guard {
    const struct aw_range *allow;
    unsigned n_allow;
    unsigned port; /* of the channel's URL */
    bool plain;    /* http: allowed ranges only */
};

/* AW_OK, or AW_EPERM with the address, its range, the cause and what to add to the channel. */
int aw_guard_check(const struct aw_guard *g, const struct sockaddr *sa, struct aw_err *err);

/* The name of the range that keeps an address from being reached by default ("10.0.0.0/8, private
 * network"), or NULL. */
const char *aw_guard_denied(const struct sockaddr *sa);

/* The host of a URL as a literal address, in any spelling that a resolver takes for one
 * ("localhost", "127.1", "0x7f000001", "[::1]"); false when it is a name. For warnings only. */
bool aw_guard_literal(const char *url, struct sockaddr_storage *ret);

#endif
