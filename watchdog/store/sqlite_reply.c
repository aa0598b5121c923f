/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies to texts: codes, and numbers that want no texts. A code is found by account, number and
 * digits through the key map, for 72 h; the hit is checked against its attempt. A phone number
 * stands nowhere in clear but in the directory and in registrations: elsewhere it is an HMAC under
 * a secret of this store, so that an opt-out outlives the contact that it came from.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

#include "audit/entry.h"
#include "base/hash.h"
#include "base/str.h"

#define DRAWS 8 /* of a code of one length, before it gets a digit more */

/* --- numbers -------------------------------------------------------------------------------- */

void aw_number_commit(uint8_t ret[32], const uint8_t secret[32], const char *scope,
                      const char *phone)
{
    char value[AW_ACCOUNT_MAX + 32];
    int n = snprintf(value, sizeof value, "%s|%s", scope, phone);
    aw_commit(ret, secret, "number", value, (size_t)n);
}

static int is_out(struct aw_db *db, const uint8_t secret[32], const char *scope, const char *phone,
                  bool *ret, struct aw_err *err)
{
    uint8_t number[32];
    int64_t out = 0;
    aw_number_commit(number, secret, scope, phone);
    int r = aw_db_int(db, AW_SQL_OPT_OUT, &out, err, B(number, sizeof number));
    *ret = out != 0;
    return r == AW_ENOENT ? 0 : r;
}

int aw_number_is_out(struct aw_db *db, const uint8_t secret[32], const char *app, const char *phone,
                     bool *ret, struct aw_err *err)
{
    int r = is_out(db, secret, "", phone, ret, err);
    return r || *ret || !*app ? r : is_out(db, secret, app, phone, ret, err);
}

int aw_store_opted_out(struct aw_store *s, const char *app, const char *phone, bool *ret,
                       struct aw_err *err)
{
    return aw_store_note(s, aw_number_is_out(&s->db, s->numbers, app, phone, ret, err));
}

int aw_store_opt_out(struct aw_store *s, const char *scope, const char *phone, bool out,
                     const char *channel, const char *actor, bool *ret_news, struct aw_err *err)
{
    struct aw_entry e;
    uint8_t number[32];
    bool was;
    int r = is_out(&s->db, s->numbers, scope, phone, &was, err);

    *ret_news = was != out;
    if (r || was == out)
        return aw_store_note(s, r);
    aw_number_commit(number, s->numbers, scope, phone);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_NUMBER;
    e.actor = actor;
    e.channel = channel;
    e.why = out ? "out" : "in";
    e.content = number;
    if ((r = aw_log_append(s, &e, err)))
        return r;
    return aw_store_note(
        s, aw_db_run(&s->db, AW_SQL_OPT_OUT_PUT, err, I(e.seq), B(number, sizeof number), I(out)));
}

/* --- codes ---------------------------------------------------------------------------------- */

/* code NULL: the key of the number alone. */
static uint64_t code_hash(const struct aw_store *s, const char *account, const char *phone,
                          const char *code)
{
    char key[AW_ACCOUNT_MAX + 64];
    snprintf(key, sizeof key, "code|%s|%s|%s", account, phone, code ? code : "");
    return aw_keymap_hash(&s->keys, AW_KEY_ATTEMPT, 0, key);
}

/* The next attempt of the last 72 h under a hash, 0: none. */
static aw_id next_text(const struct aw_store *s, uint64_t hash, size_t *cursor)
{
    aw_id id;
    do {
        id = aw_keymap_next(&s->keys, hash, cursor);
    } while (id && aw_id_time(id) + AW_KEY_WINDOW < s->now);
    return id;
}

void aw_reply_remember(struct aw_store *s, const char *account, const char *phone, const char *code,
                       aw_id attempt)
{
    uint64_t number = code_hash(s, account, phone, NULL);
    size_t cursor = 0;
    aw_id known = next_text(s, number, &cursor);

    aw_keymap_add(&s->keys, code_hash(s, account, phone, code), attempt);
    /* One pair for a number will do; it is renewed before it has aged. */
    if (!known || aw_id_time(known) + AW_KEY_WINDOW / 2 < s->now)
        aw_keymap_add(&s->keys, number, attempt);
}

int aw_store_code_find(struct aw_store *s, const char *account, const char *phone, const char *code,
                       struct aw_stored_attempt *ret, struct aw_err *err)
{
    uint64_t hash = code_hash(s, account, phone, code);
    uint8_t number[32];
    size_t cursor = 0;
    aw_id id, newest = 0;
    int r = 0;

    aw_number_commit(number, s->numbers, account, phone);
    while (r == 0 && (id = next_text(s, hash, &cursor)) != 0) {
        r = aw_store_attempt(s, id, ret, err);
        if (r == 0 && id > newest && ret->reply_code[0] &&
            (!code || strcmp(ret->reply_code, code) == 0) &&
            memcmp(ret->reply_number, number, AW_NUMBER_KEPT) == 0)
            newest = id;
        if (r == AW_ENOENT) /* pruned: the pair outlived it */
            r = 0;
    }
    if (r)
        return r;
    return newest ? aw_store_attempt(s, newest, ret, err)
                  : aw_fail(err, AW_ENOENT, "no text to this number has this code");
}

/* The code of an earlier text of the timeline to this person and number; "" when
 * there is none, or it may be somebody else's by now. */
static int earlier_code(struct aw_store *s, aw_id timeline, int64_t person,
                        const uint8_t number[32], char ret[8], struct aw_err *err)
{
    int64_t recipient;
    aw_id at = 0;
    int r = aw_newest_attempt(s, timeline, &recipient, &at, err);

    ret[0] = '\0';
    while (r == 0 && at && !ret[0] && aw_id_time(at) + AW_KEY_WINDOW > s->now) {
        sqlite3_stmt *q;
        uint8_t kept[AW_NUMBER_KEPT];
        r = aw_db_query(&s->db, AW_SQL_ATTEMPT_CODE, &q, err, I(at));
        if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
            if (sqlite3_column_int64(q, 1) == person && aw_col_bytes(q, 3, kept, sizeof kept) &&
                memcmp(kept, number, sizeof kept) == 0)
                aw_col_copy(q, 2, ret, 8);
            at = sqlite3_column_int64(q, 0);
            r = 0;
        } else if (r == 0) {
            r = aw_fail(err, AW_ECORRUPT, "an attempt of a timeline is missing");
        }
        aw_db_done(q);
    }
    return r;
}

int aw_store_code(struct aw_store *s, aw_id timeline, int64_t person, const char *account,
                  const char *phone, aw_id attempt, char ret[8], struct aw_err *err)
{
    static const uint64_t size[] = {10000, 100000, 1000000};
    uint8_t number[32];
    int r;

    aw_number_commit(number, s->numbers, account, phone);
    r = earlier_code(s, timeline, person, number, ret, err);
    for (unsigned i = 0; r == 0 && !ret[0] && i < DRAWS * 3; i++) {
        uint64_t draw[2] = {(uint64_t)attempt, i};
        size_t cursor = 0;
        unsigned digits = 4 + i / DRAWS;
        snprintf(ret, 8, "%0*u", (int)digits,
                 (unsigned)(aw_siphash(s->keys.secret, draw, sizeof draw) % size[i / DRAWS]));
        if (next_text(s, code_hash(s, account, phone, ret), &cursor))
            ret[0] = '\0';
    }
    return aw_store_note(s, r);
}
