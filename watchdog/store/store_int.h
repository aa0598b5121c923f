/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the store: its state, and what its files offer one another. Core thread only.
 *
 *   db.c             a connection, its statements, errors
 *   sqlite.c         open, close, the turn, checkpoints
 *   sqlite_log.c     entries and the tree
 *   sqlite_pages.c   the key map's pages
 *   sqlite_message.c messages and timelines as rows
 *   sqlite_apply.c   facts as entries and rows
 *   sqlite_reply.c   codes of texts, numbers that want none
 *   sqlite_*.c       the other tables
 *   fact.c           facts as entries and back
 *   sqlite_reader.c  reading for other threads
 *   sqlite_census.c  people whom nothing names any more
 *   migrate.c        an older layout becomes this one
 *   verify*.c        the auditor's side
 */
#ifndef AW_STORE_STORE_INT_H
#define AW_STORE_STORE_INT_H

#include "store/db.h"
#include "store/keymap.h"
#include "store/store.h"

/* A row of key_page, remembered so that merging needs no search. */
struct aw_page {
    int64_t id;
    uint32_t n;    /* pairs */
    aw_time until; /* when the last of its pairs that age has aged, 0: none does */
};

struct aw_pages {
    struct aw_page *p; /* by id, ascending */
    size_t n, cap;
    size_t sweep; /* next page to rid of pairs that stand for nothing any more */
    bool sweeping;
};

/* What a turn changes in memory, and a rollback restores. */
struct aw_turn_state {
    struct aw_tree tree;
    struct aw_idgen ids;
    aw_time ts; /* of the newest entry */
    int64_t orphans;
};

/* Who is named by any row, while people are counted (sqlite_census.c). */
struct aw_census {
    uint8_t *named; /* a bit for each person up to `last`; NULL: no census is under way */
    int64_t last;
    unsigned stage; /* which table */
    int64_t at;     /* rows up to here were looked at */
};

struct aw_store {
    struct aw_db db;
    char *path;
    int lock;    /* descriptor of PATH.lock */
    bool open;   /* inside a turn */
    int broken;  /* the code that made it unusable, 0: none */
    aw_time now; /* of the turn */
    struct aw_turn_state at, before;
    struct aw_head head; /* committed */
    struct aw_keymap keys;
    uint8_t numbers[32]; /* secret under which a phone number is kept */
    struct aw_pages pages;
    struct aw_census census;
    int64_t idle_at;         /* devices up to here were looked at for their age */
    struct aw_buf entry;     /* the entry being built */
    int wal_pages, wal_done; /* frames in the WAL, and those already in the file */
    bool truncate;           /* something was erased: the WAL must go */
    bool truncating;         /* ... in this turn */
};

/* PATH.lock against a second writer: AW_EBUSY. */
int aw_store_lock(struct aw_store *s, struct aw_err *err);
/* Closes and frees, whatever there is. */
void aw_store_release(struct aw_store *s);

/* A person is named by this turn; and the end of a census. */
void aw_census_name(struct aw_store *s, int64_t person);
void aw_census_free(struct aw_store *s);

/* Remembers what makes the store unusable; returns r. */
int aw_store_note(struct aw_store *s, int r);

/* Appends an entry: fills in seq and ts, builds, hashes, inserts. msg, prev are copied. */
int aw_log_append(struct aw_store *s, struct aw_entry *e, struct aw_err *err);
/* A person's text: salt and commitment for the next entry, kept in `detail` under its seq. */
int aw_log_detail(struct aw_store *s, const char *text, uint8_t ret_content[32],
                  struct aw_err *err);
/* Reads the front, checks it against the tiles and leaves; sets tree and ts. */
int aw_log_load(struct aw_store *s, struct aw_err *err);
int aw_log_write_front(struct aw_store *s, struct aw_err *err);

/* Counts the orphans; at open. */
int aw_orphans_load(struct aw_store *s, struct aw_err *err);

int aw_pages_load(struct aw_store *s, aw_time now, struct aw_err *err);
int aw_pages_write(struct aw_store *s, struct aw_err *err); /* the turn's pairs, at commit */
int aw_pages_merge(struct aw_store *s, struct aw_err *err); /* a bounded step, when idle */

/* The person, and the newest attempt (0: none yet), of a timeline. AW_ENOENT. */
int aw_newest_attempt(struct aw_store *s, aw_id timeline, int64_t *ret_person, aw_id *ret,
                      struct aw_err *err);

#define AW_NUMBER_KEPT 16 /* bytes of a number's commitment that stand beside a code */

/* Remembers the code of a text: its attempt is found by number and code. */
void aw_reply_remember(struct aw_store *s, const char *account, const char *phone, const char *code,
                       aw_id attempt);
/* What stands for a phone number, in the log and in rows. scope: an app or "", of a code its
 * account. */
void aw_number_commit(uint8_t ret[32], const uint8_t secret[32], const char *scope,
                      const char *phone);
/* Whether the newest row of a number says out. */
int aw_number_is_out(struct aw_db *db, const uint8_t secret[32], const char *app, const char *phone,
                     bool *ret, struct aw_err *err);

/* What stands for a device in the log; also for the auditor. person 0: nobody is logged in. */
void aw_device_commit(uint8_t ret[32], const uint8_t salt[32], const char *registration_id,
                      int64_t person, const char *alias, const char *platform);
/* A person is erased: their devices go. */
int aw_devices_forget(struct aw_store *s, int64_t person, const char *actor, struct aw_err *err);
/* Devices where nobody has been logged in for long. */
int aw_devices_prune(struct aw_store *s, unsigned most, unsigned *ret_rows, struct aw_err *err);

/* What stands for a person's user id in the log. */
int aw_person_commitment(struct aw_store *s, int64_t person, uint8_t ret[32], struct aw_err *err);

/* What stands for a registration in its entry; also for the auditor. */
void aw_registration_commit(uint8_t ret[32], const uint8_t salt[32], const char *app,
                            const char *key, const char *ext, const char *body, size_t n);
/* What stands for a row of api_key in its entry: SHA-256 over its columns. */
void aw_key_digest(uint8_t ret[32], const struct aw_key_row *k);
/* A line of the list whose SHA-256 stands for the table ruleset in rules.loaded. */
void aw_ruleset_list(struct aw_buf *out, const char *file, const uint8_t sha256[32]);

/* Row of the timeline table (columns id, n, person, state, due, level, late, last, plan from
 * col 0 on) as a value. AW_ECORRUPT. */
int aw_row_timeline(sqlite3_stmt *q, struct aw_timeline *ret, struct aw_err *err);
/* Row of api_key, texts valid until the next step. */
int aw_row_key(sqlite3_stmt *q, struct aw_key_row *ret, struct aw_err *err);

/* --- reading (sqlite_reader.c, reader_delivery.c) --- */

#define AW_LOOK_MAX 10000 /* rows looked at in one list */
#define AW_ID_LAST  INT64_MAX

struct aw_reader {
    const char *path; /* of the reading ops */
    struct aw_db db;  /* h is NULL until first used */
};
int aw_reader_begin(struct aw_reader *r);
/* Ends the transaction; a connection that failed is opened afresh the next time. */
int aw_reader_end(struct aw_reader *r, int rc);

int aw_read_deliveries(struct aw_reader *r, const char *app, int state, aw_id message, aw_id before,
                       unsigned limit, aw_id *ret_next,
                       int (*row)(void *arg, const struct aw_delivery_row *d), void *arg);
int aw_read_delivery(struct aw_reader *r, const char *app, aw_id id,
                     int (*row)(void *arg, const struct aw_delivery_row *d),
                     int (*try)(void *arg, const struct aw_delivery_try_row *t), void *arg);
int aw_read_rule_stats(struct aw_reader *r, const struct aw_stats_query *q, bool *ret_cut,
                       int (*row)(void *arg, const struct aw_rule_stats_row *s), void *arg);
/* The columns of a delivery, from the first. */
void aw_row_delivery(sqlite3_stmt *q, struct aw_delivery *ret);

#endif
