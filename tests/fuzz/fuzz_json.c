/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/json.h: what is accepted is the same value after writing and reading again.
 */
#include "codec/json.h"

#include <stdlib.h>
#include <string.h>

#define MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    json_t *v = NULL, *again = NULL;
    struct aw_err err = {""};
    char names[256];
    if (aw_json_parse((const char *)p, n, MAX, &v, &err) != 0) {
        if (v || !err.text[0])
            abort();
        return 0;
    }
    char *text = json_dumps(v, JSON_COMPACT);
    if (!text || aw_json_parse(text, strlen(text), 4 * MAX, &again, NULL) != 0 ||
        !json_equal(v, again))
        abort();
    aw_json_diff((const char *)p, n, text, strlen(text), names, sizeof names);
    if (names[0])
        abort();
    const char *key;
    json_t *member;
    json_object_foreach(v, key, member)
    {
        uint64_t id;
        if (aw_json_u64(member, &id) == 0 && !json_is_integer(member) && !aw_json_str(v, key))
            abort();
    }
    free(text);
    json_decref(again);
    json_decref(v);
    return 0;
}
