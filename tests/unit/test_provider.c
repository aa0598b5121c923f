/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of providers is whole and consistent; values are read back from channels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/channel.h"

static void providers_are_found_by_name(void **state)
{
    static const struct {
        const char *name;
        enum aw_kind kind;
        bool reports;
    } want[] = {
        {"jpush", AW_PUSH, true},       {"gateway", AW_SMS, false}, {"smtp", AW_EMAIL, false},
        {"webhook", AW_WEBHOOK, false}, {"wecom", AW_IM, false},    {"dingtalk", AW_IM, false},
        {"feishu", AW_IM, false},       {"jsms", AW_SMS, false},    {"jmessage", AW_IM, false}};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(want); i++) {
        const struct aw_provider *p = aw_provider_find(want[i].name);
        assert_non_null(p);
        assert_int_equal(p->kind, want[i].kind);
        assert_int_equal(p->reports, want[i].reports);
    }
    assert_null(aw_provider_find("jpus"));
    assert_null(aw_provider_find(""));
}

static void check_setting(const struct aw_setting *s)
{
    assert_non_null(s->help);
    assert_null(strchr(s->help, '\n'));
    if (s->required)
        assert_null(s->def);
    if (s->type == AW_SET_CHOICE)
        assert_non_null(s->def ? strstr(s->choices, s->def) : s->choices);
    if (s->type == AW_SET_NUMBER)
        assert_true(s->min < s->max);
    if (s->type == AW_SET_NUMBER && s->def)
        assert_in_range(strtol(s->def, NULL, 10), s->min, s->max);
    if (s->type == AW_SET_SECRET)
        assert_null(s->def); /* nobody runs with a secret out of the source */
}

static void settings_are_consistent(void **state)
{
    (void)state;
    for (const struct aw_provider *p = aw_providers; p->name; p++)
        for (const struct aw_setting *s = p->settings; s->key; s++) {
            check_setting(s);
            for (const struct aw_setting *other = s + 1; other->key; other++)
                assert_string_not_equal(s->key, other->key);
        }
}

static void values_are_read_back(void **state)
{
    static const struct aw_channel_setting set[] = {
        {"port", "587"}, {"name", "x"}, {"big", "99999999999999999999"}, {"fields.to", "{{to}}"}};
    const struct aw_channel c = {.settings = set, .n_settings = AW_COUNT(set)};
    (void)state;
    assert_string_equal(aw_channel_get(&c, "fields.to"), "{{to}}");
    assert_null(aw_channel_get(&c, "fields"));
    assert_int_equal(aw_channel_num(&c, "port", 1), 587);
    assert_int_equal(aw_channel_num(&c, "name", 7), 7);
    assert_int_equal(aw_channel_num(&c, "big", 7), 7);
    assert_int_equal(aw_channel_num(&c, "none", 7), 7);
}

static void a_freed_send_is_empty(void **state)
{
    struct aw_send s = {.attempt = 5, .arena = aw_strdup("alias"), .late_cid = aw_strdup("cid")};
    (void)state;
    s.alias = s.arena;
    aw_send_free(&s);
    assert_null(s.alias);
    assert_int_equal(s.attempt, 0);
    aw_send_free(&s); /* again does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_found_by_name),
        cmocka_unit_test(settings_are_consistent),
        cmocka_unit_test(values_are_read_back),
        cmocka_unit_test(a_freed_send_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
