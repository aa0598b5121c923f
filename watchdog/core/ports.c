/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes by name.
 */
#include "core/ports.h"

#include <string.h>

const char *const aw_scope_names[] = {
#define X(id, text) text,
    AW_SCOPES
#undef X
        NULL};

static int scope_bit(const char *s, size_t n)
{
    for (int i = 0; i < AW_N_SCOPES; i++)
        if (strlen(aw_scope_names[i]) == n && memcmp(aw_scope_names[i], s, n) == 0)
            return i;
    return -1;
}

int aw_scopes_parse(const char *list, uint32_t *ret)
{
    uint32_t scopes = 0;
    while (*(list += strspn(list, " ,"))) {
        size_t n = strcspn(list, " ,");
        int bit = scope_bit(list, n);
        if (bit < 0)
            return AW_EINVAL;
        scopes |= (uint32_t)1 << bit;
        list += n;
    }
    *ret = scopes;
    return 0;
}
