/* SPDX-License-Identifier: Apache-2.0
 *
 * base/guard.c: which addresses may be reached, how ranges are written, what a URL names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"

static struct sockaddr_storage address(const char *text, unsigned port)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&ss;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&ss;
    if (strchr(text, ':')) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
    }
    return ss;
}

#define SA(ss) ((const struct sockaddr *)(const void *)&(ss))

/* First and last of each denied range, and their neighbours outside. */
static const struct {
    const char *address;
    bool denied;
} edges[] = {
    {"0.0.0.0", true},
    {"0.255.255.255", true},
    {"1.0.0.0", false},
    {"9.255.255.255", false},
    {"10.0.0.0", true},
    {"10.255.255.255", true},
    {"11.0.0.0", false},
    {"100.63.255.255", false},
    {"100.64.0.0", true},
    {"100.127.255.255", true},
    {"100.128.0.0", false},
    {"126.255.255.255", false},
    {"127.0.0.0", true},
    {"127.255.255.255", true},
    {"128.0.0.0", false},
    {"169.253.255.255", false},
    {"169.254.169.254", true},
    {"169.255.0.0", false},
    {"172.15.255.255", false},
    {"172.16.0.0", true},
    {"172.31.255.255", true},
    {"172.32.0.0", false},
    {"191.255.255.255", false},
    {"192.0.0.0", true},
    {"192.0.0.255", true},
    {"192.0.1.0", false},
    {"192.0.2.1", true},
    {"192.0.3.0", false},
    {"192.88.98.255", false},
    {"192.88.99.1", true},
    {"192.88.100.0", false},
    {"192.167.255.255", false},
    {"192.168.0.0", true},
    {"192.169.0.0", false},
    {"198.17.255.255", false},
    {"198.18.0.0", true},
    {"198.19.255.255", true},
    {"198.20.0.0", false},
    {"198.51.100.7", true},
    {"198.51.101.0", false},
    {"203.0.113.7", true},
    {"203.0.114.0", false},
    {"223.255.255.255", false},
    {"224.0.0.0", true},
    {"239.255.255.255", true},
    {"240.0.0.0", true},
    {"255.255.255.255", true},
    {"::", true},
    {"::1", true},
    {"::127.0.0.1", true},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::808:808", true},
    {"64:ff9b:1::1", true},
    {"100::1", true},
    {"fc00::1", true},
    {"fdff::1", true},
    {"fe80::1", true},
    {"fec0::1", true},
    {"ff02::1", true},
    {"1fff::1", true},
    {"2000::1", false},
    {"2001::1", true},
    {"2001:0:ffff::1", true},
    {"2001:1::1", false},
    {"2001:db8::1", true},
    {"2001:db9::1", false},
    {"2002:7f00:1::", true},
    {"2003::1", false},
    {"2606:4700::1111", false},
    {"3fff:ffff::1", false},
    {"4000::1", true},
};

static void public_addresses_alone(void **state)
{
    for (unsigned i = 0; i < AW_COUNT(edges); i++) {
        struct sockaddr_storage ss = address(edges[i].address, 443);
        struct aw_guard g = {.port = 443};
        struct aw_err err;
        if (!!aw_guard_denied(SA(ss)) != edges[i].denied)
            fail_msg("%s", edges[i].address);
        assert_int_equal(aw_guard_check(&g, SA(ss), &err), edges[i].denied ? AW_EPERM : AW_OK);
    }
    struct sockaddr sa = {.sa_family = AF_UNIX};
    assert_int_equal(aw_guard_check(&(struct aw_guard){.port = 443}, &sa, NULL), AW_EPERM);
}

static struct aw_range range(const char *text)
{
    struct aw_range r;
    struct aw_err err;
    if (aw_range_parse(text, &r, &err) != AW_OK)
        fail_msg("%s: %s", text, err.text);
    return r;
}

static void what_is_allowed(void **state)
{
    struct aw_range allow[] = {range("127.0.0.0/8"), range("fd12::/16"), range("8.8.8.8")};
    struct aw_guard g = {.allow = allow, .n_allow = 3, .port = 8080, .plain = true};
    const struct {
        const char *address;
        unsigned port;
        bool plain, fine;
        const char *says;
    } cases[] = {
        {"127.0.0.1", 8080, true, true, NULL},
        {"127.9.9.9", 443, true, true, NULL},
        {"fd12:3::4", 8080, true, true, NULL},
        {"8.8.8.8", 8080, true, true, NULL},
        {"127.0.0.1", 22, true, false, "port 22 of 127.0.0.1"},
        {"128.0.0.1", 8080, true, false, "without TLS"},
        {"128.0.0.1", 8080, false, true, NULL},
        {"10.1.2.3", 8080, false, false,
         "10.1.2.3 is not reached (10.0.0.0/8, private network): if that is meant, add allow: "
         "[\"10.1.2.3/32\"] to the channel"},
        {"::ffff:127.0.0.1", 8080, false, false, "IPv4 in IPv6"},
        {"fd13::1", 8080, false, false, "allow: [\"fd13::1/128\"]"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct sockaddr_storage ss = address(cases[i].address, cases[i].port);
        struct aw_err err = {""};
        g.plain = cases[i].plain;
        assert_int_equal(aw_guard_check(&g, SA(ss), &err), cases[i].fine ? AW_OK : AW_EPERM);
        if (cases[i].says && !strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].address, err.text);
    }
}

static void ranges_as_text(void **state)
{
    static const char *const good[][2] = {
        {"127.0.0.1", "127.0.0.1/32"},  {"0.0.0.0/0", "0.0.0.0/0"},
        {"10.1.0.0/16", "10.1.0.0/16"}, {"::/0", "::/0"},
        {"fd00::/8", "fd00::/8"},       {"2001:DB8::1", "2001:db8::1/128"},
    };
    static const char *const bad[] = {"",
                                      "/8",
                                      "127.0.0.1/",
                                      "127.0.0.1/33",
                                      "127.0.0.1/8",
                                      "127.1",
                                      "0177.0.0.1",
                                      "localhost",
                                      "::1/129",
                                      "fd00::1/8",
                                      "10.0.0.0/08",
                                      "10.0.0.0/+8",
                                      "10.0.0.0 /8",
                                      "1.2.3.4.5",
                                      "fe80::1%lo/64",
                                      "[::1]",
                                      "10.0.0.0/8/8"};
    char text[AW_RANGE_TEXT];
    struct aw_range r;
    for (unsigned i = 0; i < AW_COUNT(good); i++) {
        r = range(good[i][0]);
        aw_range_print(&r, text);
        assert_string_equal(text, good[i][1]);
    }
    for (unsigned i = 0; i < AW_COUNT(bad); i++)
        if (aw_range_parse(bad[i], &r, NULL) != AW_EINVAL)
            fail_msg("%s", bad[i]);
}

static void literal_hosts(void **state)
{
    static const struct {
        const char *url, *address; /* NULL: a name */
    } cases[] = {
        {"http://127.0.0.1:8080/x", "127.0.0.1"},
        {"https://0x7f.1/x", "127.0.0.1"},
        {"https://2130706433?x", "127.0.0.1"},
        {"https://LocalHost", "127.0.0.1"},
        {"https://[::1]:9/", "::1"},
        {"https://[::1", "::1"},
        {"https://127.0.0.1.example.com/", NULL},
        {"https://example.com/127.0.0.1", NULL},
        {"https://[v1.x]/", NULL},
        {"https:///", NULL},
        {"", NULL},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct sockaddr_storage ss, want;
        bool literal = aw_guard_literal(cases[i].url, &ss);
        if (literal != (cases[i].address != NULL))
            fail_msg("%s", cases[i].url);
        if (literal) {
            want = address(cases[i].address, 0);
            assert_memory_equal(&ss, &want, sizeof ss);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_alone),
        cmocka_unit_test(what_is_allowed),
        cmocka_unit_test(ranges_as_text),
        cmocka_unit_test(literal_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
