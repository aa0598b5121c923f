/* SPDX-License-Identifier: Apache-2.0
 *
 * The small values of core: scopes, settings of channels, providers, what a registration owns, who
 * has which address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/channel.h"
#include "core/delivery.h"
#include "core/inbound.h"
#include "core/ports.h"
#include "core/registration.h"

static void scopes_by_name(void **state)
{
    uint32_t scopes = 77;

    (void)state;
    assert_int_equal(aw_scopes_parse("", &scopes), 0);
    assert_int_equal(scopes, 0);
    assert_int_equal(aw_scopes_parse(" messages:write, acks:write ops", &scopes), 0);
    assert_int_equal(scopes, AW_SCOPE_MESSAGES_WRITE | AW_SCOPE_ACKS_WRITE | AW_SCOPE_OPS);
    assert_int_equal(aw_scopes_parse("ops messages:writ", &scopes), AW_EINVAL);
    assert_int_equal(aw_scopes_parse("messages:xrite", &scopes), AW_EINVAL);
    for (unsigned i = 0; i < AW_N_SCOPES; i++) {
        assert_int_equal(aw_scopes_parse(aw_scope_names[i], &scopes), 0);
        assert_int_equal(scopes, (uint32_t)1 << i);
    }
}

static void settings_of_a_channel(void **state)
{
    const struct aw_channel_setting settings[] = {{"port", "587"}, {"host", "mail"}};
    const struct aw_channel c = {.settings = settings, .n_settings = AW_COUNT(settings)};

    (void)state;
    assert_string_equal(aw_channel_get(&c, "host"), "mail");
    assert_null(aw_channel_get(&c, "user"));
    assert_int_equal(aw_channel_num(&c, "port", 25), 587);
    assert_int_equal(aw_channel_num(&c, "host", 25), 25);
    assert_int_equal(aw_channel_num(&c, "user", 25), 25);
}

static void providers_by_name(void **state)
{
    (void)state;
    for (const struct aw_provider *p = aw_providers; p->name; p++)
        assert_ptr_equal(aw_provider_find(p->name), p);
    assert_null(aw_provider_find("jpus"));
}

static void owner_is_freed(void *owner)
{
    ++*(int *)owner;
}

static void a_registration_owns_its_owner(void **state)
{
    int freed = 0;
    struct aw_registration reg = {.owner = &freed, .free_owner = owner_is_freed, .title = "t"};

    (void)state;
    aw_registration_free(&reg);
    assert_int_equal(freed, 1);
    assert_null(reg.title);
    aw_registration_free(&reg); /* nothing is left */
    assert_int_equal(freed, 1);
}

static void who_has_which_address(void **state)
{
    static const struct aw_addresses none,
        all = {.alias = "a", .phone = "p", .email = "e", .im = "i"},
        device = {.n_registration_ids = 1};

    (void)state;
    for (int k = 0; k < AW_N_KINDS; k++) {
        assert_true(aw_addresses_have(&all, (enum aw_kind)k));
        assert_int_equal(aw_addresses_have(&none, (enum aw_kind)k), k == AW_WEBHOOK);
    }
    assert_true(aw_addresses_have(&device, AW_PUSH));
    assert_false(aw_addresses_have(&device, AW_SMS));
}

/* Receipts and replies of one request: counted, zeroed, bounded. */
static void news_are_bounded(void **state)
{
    struct aw_news n = {0};

    (void)state;
    for (unsigned i = 0; i < AW_NEWS_MAX; i++) {
        struct aw_receipt *r = aw_news_receipt(&n);
        struct aw_said *s = aw_news_reply(&n);
        assert_non_null(r);
        assert_non_null(s);
        assert_int_equal(r->level, AW_LEVEL_NONE);
        assert_string_equal(s->text, "");
        r->level = AW_DELIVERED;
        s->text[0] = 'x';
    }
    assert_null(aw_news_receipt(&n));
    assert_null(aw_news_reply(&n));
    assert_int_equal(n.n_receipts, AW_NEWS_MAX);
    assert_int_equal(n.n_replies, AW_NEWS_MAX);
    aw_news_free(&n);
}

/* A form of the template goes before the channel's setting, that before the default. */
static void forms_of_a_send(void **state)
{
    static const struct aw_setting form[] = {
        {.key = "temp_id", .required = true}, {.key = "sign"}, {0}};
    const struct aw_provider plain = {.name = "p"}, strict = {.name = "s", .form = form};
    const struct aw_channel_setting settings[] = {{"temp_id", "7"}};
    struct aw_channel_setting of_send[] = {{"temp_id", "9"}};
    struct aw_channel c = {.provider = &strict};
    struct aw_send s = {.channel = &c};

    (void)state;
    assert_true(aw_channel_needs_form(&c));
    assert_int_equal(aw_send_form_num(&s, "temp_id", 5), 5);
    c.settings = settings;
    c.n_settings = 1;
    assert_false(aw_channel_needs_form(&c));
    assert_int_equal(aw_send_form_num(&s, "temp_id", 5), 7);
    s.form = of_send;
    s.n_form = 1;
    assert_int_equal(aw_send_form_num(&s, "temp_id", 5), 9);
    c.provider = &plain;
    assert_false(aw_channel_needs_form(&c));
}

static void accounts_of_channels(void **state)
{
    const struct aw_provider push = {.name = "jpush", .receipts = true},
                             mail = {.name = "smtp", .kind = AW_EMAIL};
    const struct aw_channel_setting settings[] = {{"app_key", "K"}, {"receipt_secret", "S"}};
    struct aw_channel a = {.name = "a", .provider = &push, .settings = settings, .n_settings = 2},
                      b = {.name = "b", .provider = &mail};
    char account[AW_ACCOUNT_MAX], other[AW_ACCOUNT_MAX];

    (void)state;
    aw_channel_account(&a, account);
    assert_string_equal(account, "jpush K");
    a.name = "a2"; /* the same account by another name */
    aw_channel_account(&a, other);
    assert_string_equal(account, other);
    aw_channel_account(&b, other);
    assert_string_equal(other, "channel b");

    assert_true(aw_channel_has_receipts(&a));
    assert_false(aw_channel_has_receipts(&b));
    a.n_settings = 1;
    assert_false(aw_channel_has_receipts(&a));

    assert_true(aw_channel_concurrency(&a) > aw_channel_concurrency(&b));
    b.concurrency = 5;
    assert_int_equal(aw_channel_concurrency(&b), 5);
}

static void callbacks_have_a_day(void **state)
{
    aw_ms sum = 0, most = 0;

    (void)state;
    for (unsigned i = 1; i < AW_DELIVERY_TRIES; i++) {
        aw_ms plain = aw_delivery_wait(i, 0);

        for (uint64_t seed = 1; seed < 1000; seed += 7) {
            aw_ms wait = aw_delivery_wait(i, seed * UINT64_C(0x9e3779b97f4a7c15));
            assert_true(wait >= plain && wait < plain + plain / 10);
            most = wait > most ? wait : most;
        }
        sum += plain;
    }
    assert_true(most > 12 * AW_HOUR); /* there is jitter */
    assert_true(sum > AW_DAY && sum < 25 * AW_HOUR);
    assert_int_equal(aw_delivery_wait(0, 0), 0);
    assert_int_equal(aw_delivery_wait(AW_DELIVERY_TRIES, 0), 0);
    for (int i = 0; i < AW_N_STATES; i++) {
        int event = aw_callback_event_of((enum aw_state)i);
        bool told = i == AW_CONFIRMED || i == AW_EXHAUSTED || i == AW_EXPIRED;
        assert_int_equal(event >= 0, told);
        if (told)
            assert_string_equal(aw_callback_events[event], aw_state_name((enum aw_state)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_by_name),        cmocka_unit_test(settings_of_a_channel),
        cmocka_unit_test(providers_by_name),     cmocka_unit_test(a_registration_owns_its_owner),
        cmocka_unit_test(who_has_which_address), cmocka_unit_test(news_are_bounded),
        cmocka_unit_test(callbacks_have_a_day),  cmocka_unit_test(forms_of_a_send),
        cmocka_unit_test(accounts_of_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
