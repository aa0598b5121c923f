/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/digest.h against published vectors.
 */
#include "codec/digest.h"

#include <pthread.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/mem.h"
#include "base/str.h"

static void sha256_of_nist(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        uint8_t hash[AW_SHA256], pieces[AW_SHA256];
        char hex[2 * AW_SHA256 + 1];
        size_t n = strlen(rows[i].text);
        aw_sha256(hash, rows[i].text, n);
        aw_hex(hex, hash, sizeof hash);
        assert_string_equal(hex, rows[i].hex);
        for (size_t cut = 0; cut <= n; cut++) {
            aw_sha256_2(pieces, rows[i].text, cut, rows[i].text + cut, n - cut);
            assert_memory_equal(pieces, hash, sizeof hash);
        }
    }
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than the block). */
static void hmac_of_rfc_4231(void **state)
{
    uint8_t mac[AW_SHA256], key[131];
    char hex[2 * AW_SHA256 + 1];
    memset(key, 0x0b, 20);
    aw_hmac256(mac, key, 20, "Hi There", 8);
    aw_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    aw_hmac256(mac, "Jefe", 4, "what do ya want for nothing?", 28);
    aw_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    aw_hmac256(mac, key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54);
    aw_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    aw_hmac256(mac, "", 0, NULL, 0);
    aw_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void constant_time_compare(void **state)
{
    assert_true(aw_equal_ct("abc", "abc", 3));
    assert_false(aw_equal_ct("abc", "abd", 3));
    assert_true(aw_equal_ct("a", "b", 0));
}

/* The example of the Standard Webhooks libraries. */
static void standard_webhooks(void **state)
{
    static const char body[] = "{\"test\": 2432232314}";
    char raw[64], sign[64], from_raw[64];
    uint8_t key[32];
    size_t n_key;
    aw_webhook_sign(sign, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                    1614265330, body, strlen(body));
    assert_string_equal(sign, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    /* a secret of other form is taken as it stands */
    assert_int_equal(aw_unb64(key, sizeof key, "cmF3IHNlY3JldA==", 16, &n_key), 0);
    memcpy(raw, key, n_key);
    raw[n_key] = 0;
    aw_webhook_sign(from_raw, raw, "id", 1, "x", 1);
    aw_webhook_sign(sign, "whsec_cmF3IHNlY3JldA==", "id", 1, "x", 1);
    assert_string_equal(sign, from_raw);
    aw_webhook_sign(sign, "whsec_not base64", "id", 1, "", 0);
    assert_true(aw_starts(sign, "v1,"));
}

static void *hash_in_a_thread(void *arg)
{
    for (int i = 0; i < 1000; i++)
        aw_sha256(arg, "abc", 3);
    return NULL;
}

static void threads(void **state)
{
    uint8_t out[4][AW_SHA256];
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, hash_in_a_thread, out[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    for (int i = 1; i < 4; i++)
        assert_memory_equal(out[i], out[0], AW_SHA256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_nist),
        cmocka_unit_test(hmac_of_rfc_4231),
        cmocka_unit_test(constant_time_compare),
        cmocka_unit_test(standard_webhooks),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
