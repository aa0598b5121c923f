/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON Schemas: every key has a form and a sentence in both languages, every reference leads
 * somewhere. What they take and refuse is shown by tests/e2e/schema.sh.
 */
#include "../lib/unit.h"

#include <string.h>

#include "base/str.h"
#include "conf/json_schema.h"

static bool has_form(const json_t *v)
{
    static const char *const any[] = {"type", "enum", "const", "anyOf", "allOf", NULL};
    for (unsigned i = 0; any[i] != NULL; i++)
        if (json_object_get(v, any[i]) != NULL)
            return true;
    return false;
}

static void check_reference(const json_t *root, const char *ref)
{
    const char *name = ref + strlen("#/definitions/");
    assert_true(aw_starts(ref, "#/definitions/"));
    if (json_object_get(json_object_get(root, "definitions"), name) == NULL)
        fail_msg("%s leads nowhere", ref);
}

/* All of a schema; of a map's properties each. */
static void check_node(const json_t *root, const json_t *v, const char *name)
{
    const char *key;
    json_t *child;
    size_t i;
    json_object_foreach((json_t *)v, key, child)
    {
        const char *inner;
        json_t *property;
        if (aw_streq(key, "$ref"))
            check_reference(root, json_string_value(child));
        else if (aw_streq(key, "properties"))
            json_object_foreach(child, inner,
                                property) if (!has_form(property) &&
                                              json_object_get(property, "required") == NULL &&
                                              json_object_get(property, "items") == NULL)
                fail_msg("%s: \"%s\" has no form: add it to conf/json_forms.c", name, inner);
        check_node(root, child, aw_streq(key, "properties") ? name : key);
    }
    json_array_foreach(v, i, child) check_node(root, child, name);
}

static void every_key_has_a_form(void **state)
{
    for (const char *const *name = aw_json_schema_names; *name != NULL; name++)
        for (unsigned lang = 0; lang < AW_N_LANGS; lang++) {
            json_t *v = aw_json_schema(*name, lang);
            assert_non_null(v);
            check_node(v, v, *name);
            json_decref(v);
        }
    assert_null(aw_json_schema("other", AW_LANG_EN));
}

static json_t *rule_key(json_t *schema, const char *key)
{
    return json_object_get(
        json_object_get(json_object_get(json_object_get(schema, "definitions"), "rule"),
                        "properties"),
        key);
}

static void sentences_in_both_languages(void **state)
{
    json_t *en = aw_json_schema("rules", AW_LANG_EN), *zh = aw_json_schema("rules", AW_LANG_ZH);
    const char *key;
    json_t *value;
    json_object_foreach(
        json_object_get(json_object_get(json_object_get(en, "definitions"), "rule"), "properties"),
        key, value)
    {
        const char *a = json_string_value(json_object_get(value, "description"));
        const char *b = json_string_value(json_object_get(rule_key(zh, key), "description"));
        if (a == NULL || b == NULL || strcmp(a, b) == 0)
            fail_msg("%s: %s, %s", key, a != NULL ? a : "none", b != NULL ? b : "none");
    }
    json_decref(en);
    json_decref(zh);
}

static void words_limits_and_defaults(void **state)
{
    json_t *v = aw_json_schema("rules", AW_LANG_EN), *until = rule_key(v, "until");
    json_t *words = json_object_get(until, "enum");
    assert_int_equal(json_array_size(words), 6);
    assert_string_equal(json_string_value(json_array_get(words, 0)), "accepted");
    assert_int_equal(json_integer_value(json_object_get(rule_key(v, "steps"), "maxItems")), 64);
    assert_true(json_is_false(json_object_get(
        json_object_get(json_object_get(v, "definitions"), "rule"), "additionalProperties")));
    /* What defaults may hold is not required of them, and a name is no default. */
    json_t *defaults = json_object_get(json_object_get(v, "definitions"), "rule-defaults");
    assert_null(json_object_get(defaults, "required"));
    assert_null(json_object_get(json_object_get(defaults, "properties"), "name"));
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_a_form),
        cmocka_unit_test(sentences_in_both_languages),
        cmocka_unit_test(words_limits_and_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
