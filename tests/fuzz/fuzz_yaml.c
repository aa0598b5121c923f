/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/yaml.h: a tree is within its limits and its places never go back; an error has a place,
 * a code and a whole text.
 */
#include "codec/yaml.h"

#include <stdlib.h>
#include <string.h>

#define MAX ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(int holds)
{
    if (!holds)
        abort();
}

static int before(struct aw_yaml_place a, struct aw_yaml_place b)
{
    return a.line < b.line || (a.line == b.line && a.col <= b.col);
}

static void walk(const struct aw_yaml *node, unsigned depth)
{
    check(depth <= 32 && node->at.line >= 1 && node->at.col >= 1 && before(node->at, node->end));
    if (node->type == AW_YAML_SCALAR) {
        check(node->text && !node->child && aw_utf8_clean(node->text, strlen(node->text), true));
        return;
    }
    unsigned n = 0;
    for (const struct aw_yaml *c = node->child; c; c = c->next, n++) {
        check(!c->next || before(c->at, c->next->at));
        if (node->type == AW_YAML_MAP) {
            check(c->key && before(c->key_at, c->at));
            if (n < 100)
                check(aw_yaml_get(node, c->key) == c); /* keys are unique */
        } else {
            check(!c->key);
        }
        walk(c, c->type == AW_YAML_SCALAR ? depth : depth + 1);
    }
    check(n == node->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error e = {0};
    if (aw_yaml_parse((const char *)p, n, MAX, AW_LANG_EN, &doc, &e) != 0) {
        check(!doc && e.code && e.code[0] == 'E' && e.at.line >= 1 && e.at.col >= 1);
        check(e.text[0] && aw_utf8_valid(e.text, strlen(e.text)));
        return 0;
    }
    walk(aw_yaml_root(doc), 1);
    aw_yaml_free(doc);
    return 0;
}
