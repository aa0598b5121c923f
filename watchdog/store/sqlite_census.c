/* SPDX-License-Identifier: Apache-2.0
 *
 * The census: people whom no row names any more, and of whom no contact is kept, are erased, so
 * that user ids do not outlive the messages that brought them. It goes over timelines, tries,
 * proofs and devices in bounded steps and notes who is named (a bit each), then over people.
 * Whoever is named by a turn in the meantime is noted by that turn; who came later is not looked
 * at. A step that is rolled back costs nothing but that its people are looked at by the next
 * census.
 */
#include "store/store_int.h"

#include <string.h>

#include "base/mem.h"

static const enum aw_sql names_people[] = {AW_SQL_TIMELINE_PEOPLE, AW_SQL_ATTEMPT_PEOPLE,
                                           AW_SQL_EVIDENCE_PEOPLE, AW_SQL_DEVICE_PEOPLE};

void aw_census_name(struct aw_store *s, int64_t person)
{
    struct aw_census *c = &s->census;
    if (c->named && person > 0 && person <= c->last)
        c->named[person / 8] |= (uint8_t)(1u << person % 8);
}

void aw_census_free(struct aw_store *s)
{
    aw_free(s->census.named);
    s->census = (struct aw_census){0};
}

static int start(struct aw_store *s, struct aw_err *err)
{
    int64_t last = 0;
    int r = aw_db_int(&s->db, AW_SQL_PERSON_LAST, &last, err);
    if (r && r != AW_ENOENT)
        return r;
    s->census = (struct aw_census){.last = last, .named = aw_calloc((size_t)last / 8 + 1, 1)};
    return 0;
}

/* Rows of one table from c->at on; *ret_n: how many there were. */
static int note_some(struct aw_store *s, unsigned most, unsigned *ret_n, struct aw_err *err)
{
    struct aw_census *c = &s->census;
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, names_people[c->stage], &q, err, I(c->at), I(most));
    *ret_n = 0;
    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        c->at = sqlite3_column_int64(q, 0);
        aw_census_name(s, sqlite3_column_int64(q, 1));
        ++*ret_n;
        r = 0;
    }
    aw_db_done(q);
    return r;
}

/* People without a contact from c->at on; those whom nobody named are erased. */
static int erase_some(struct aw_store *s, unsigned most, unsigned *ret_n, unsigned *ret_erased,
                      struct aw_err *err)
{
    struct aw_census *c = &s->census;
    int64_t *list = aw_calloc(most, sizeof *list);
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_PERSONS_PLAIN, &q, err, I(c->at), I(c->last), I(most));
    while (r == 0 && n < most && (r = aw_db_step(&s->db, q, err)) == 1) {
        list[n++] = sqlite3_column_int64(q, 0);
        r = 0;
    }
    aw_db_done(q);
    for (unsigned i = 0; i < n && r == 0; i++) {
        c->at = list[i];
        if (c->named[list[i] / 8] & 1u << list[i] % 8)
            continue;
        r = aw_store_contact_put(s, list[i], NULL, 0, "core", err);
        ++*ret_erased;
    }
    aw_free(list);
    *ret_n = n;
    return r;
}

int aw_store_census(struct aw_store *s, unsigned most, unsigned *ret_erased, bool *ret_more,
                    struct aw_err *err)
{
    struct aw_census *c = &s->census;
    unsigned n = 0;
    int r = 0;

    *ret_erased = 0;
    if (!c->named && (r = start(s, err)))
        return aw_store_note(s, r);
    bool counting = c->stage < AW_COUNT(names_people);
    r = counting ? note_some(s, most, &n, err) : erase_some(s, most, &n, ret_erased, err);
    *ret_more = true;
    if (r == 0 && n < most && counting) {
        c->stage++;
        c->at = 0;
    } else if (r == 0 && n < most) {
        aw_census_free(s);
        *ret_more = false;
    }
    return aw_store_note(s, r);
}
