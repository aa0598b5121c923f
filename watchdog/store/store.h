/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: rows and log behind one writer. Only the core thread calls anything with a
 * `struct aw_store`; readers have handles of their own (aw_store_reading). The database file is
 * never touched but through SQLite; `PATH.lock` (flock) keeps a second daemon out.
 *
 * One turn is one transaction: aw_store_begin, any of the calls below, aw_store_commit. Every
 * change of an audited row and its log entry are made by the same call, so that neither can be
 * forgotten. After a rollback the in-memory parts (tree, key map, id) stand as before the turn.
 *
 * Errors: AW_ENOSPC (SQLITE_FULL): roll back, go on. AW_EIO, AW_ECORRUPT: the store is unusable,
 * the process must end (exit 70). A commit that fails with anything but AW_ENOSPC may reappear.
 */
#ifndef AW_STORE_STORE_H
#define AW_STORE_STORE_H

#include "audit/entry.h"
#include "audit/tree.h"
#include "core/channel.h"
#include "core/delivery.h"
#include "core/engine.h"
#include "core/ports.h"
#include "core/registration.h"
#include "core/session.h"

struct aw_store;

struct aw_store_options {
    const char *vfs;    /* NULL: the default; tests hand in a fault-injecting one */
    bool create;        /* make the file when it is not there */
    unsigned cache_kib; /* 0: 65536 */
};

int aw_store_open(const char *path, const struct aw_store_options *opt, aw_time now,
                  struct aw_store **ret, struct aw_err *err);
/* Checkpoints (TRUNCATE stays off: the WAL is kept for auditors) and closes. NULL is fine. */
void aw_store_close(struct aw_store *s);

int aw_store_begin(struct aw_store *s, aw_time now, struct aw_err *err);
int aw_store_commit(struct aw_store *s, struct aw_err *err);
void aw_store_rollback(struct aw_store *s);
/* A passive checkpoint slice when the WAL has grown by 250 pages; between turns. */
int aw_store_checkpoint(struct aw_store *s, bool idle, struct aw_err *err);

struct aw_idgen *aw_store_ids(struct aw_store *s);
void aw_store_head(struct aw_store *s, struct aw_head *ret); /* committed */

/* Appends an entry that changes no row (daemon.started, rules.loaded, request.refused, ...).
 * seq, ts are filled in. detail: text of a person, kept beside the log under a commitment (or
 * NULL). */
int aw_store_log(struct aw_store *s, struct aw_entry *e, const char *detail, struct aw_err *err);

/* --- apps, persons, contacts, keys --------------------------------------------------------- */

int aw_store_app(struct aw_store *s, const char *name, int64_t *ret, struct aw_err *err);
int aw_store_app_name(struct aw_store *s, int64_t app, char **ret /* aw_free */,
                      struct aw_err *err);
/* The number of a user; create: made when unknown (entry person.changed). AW_ENOENT. */
int aw_store_person(struct aw_store *s, int64_t app, const char *user, bool create,
                    const char *actor, int64_t *ret, struct aw_err *err);
/* User id and contact JSON (or NULL) of a number; copies (aw_free). AW_ENOENT when erased. */
int aw_store_person_get(struct aw_store *s, int64_t person, char **ret_user, char **ret_json,
                        struct aw_err *err);
/* Puts (json) or erases (NULL) a contact. */
int aw_store_contact_put(struct aw_store *s, int64_t person, const char *json, size_t n,
                         const char *actor, struct aw_err *err);
int aw_store_key_put(struct aw_store *s, const struct aw_key_row *k, const char *actor,
                     struct aw_err *err); /* also revokes: revoked set */
int aw_store_key_used(struct aw_store *s, int64_t key, aw_time at, struct aw_err *err);
int aw_store_keys(struct aw_store *s, int (*row)(void *arg, const struct aw_key_row *k), void *arg,
                  struct aw_err *err);

/* --- sessions (sqlite_session.c) ------------------------------------------------------------- */

struct aw_stored_device {
    int64_t id, app;
    char registration_id[AW_DEVICE_TEXT + 1];
    uint8_t salt[32];
    struct aw_session session;
    char alias[AW_ALIAS_TEXT + 1], platform[AW_PLATFORM_TEXT + 1]; /* "" : not known */
};
/* By registration id, of whatever app. AW_ENOENT. */
int aw_store_device_find(struct aw_store *s, const char *registration_id,
                         struct aw_stored_device *ret, struct aw_err *err);
/* Writes what a report has made of a device; id 0: a new one, which gets a number. With an entry
 * session.changed when anything but the report's date changed: why is login, logout or evicted,
 * person whose session began or ended (0: nobody's). */
int aw_store_device_put(struct aw_store *s, struct aw_stored_device *d, const char *why,
                        int64_t person, const char *actor, struct aw_err *err);
/* Where a person is logged in now, the longest unheard of first; at most AW_MAX_DEVICES.
 * *ret_taken: on some device where this person was, somebody else is. */
int aw_store_devices_of(struct aw_store *s, int64_t person,
                        struct aw_stored_device ret[AW_MAX_DEVICES], unsigned *ret_n,
                        bool *ret_taken, struct aw_err *err);
/* Whether a session of this person was ever reported. */
int aw_store_reported(struct aw_store *s, int64_t person, bool *ret, struct aw_err *err);

/* A message of this person waits for a login (aw_store_held: those, oldest first; pairs may outlive
 * what they stood for). */
void aw_store_hold(struct aw_store *s, int64_t person, aw_id message);
void aw_store_held_end(struct aw_store *s, int64_t person, aw_id message);
unsigned aw_store_held(struct aw_store *s, int64_t person, aw_id *ret, unsigned max);
/* Pushes to a person during the last day, newest first. */
#define AW_PUSH_LOOKED AW_DAY
void aw_store_pushed(struct aw_store *s, int64_t person, aw_id attempt);
unsigned aw_store_pushes(struct aw_store *s, int64_t person, aw_id *ret, unsigned max);
/* The devices that an attempt went to: numbers with blanks between. NULL: it was no push. aw_free
 */
int aw_store_attempt_devices(struct aw_store *s, aw_id attempt, char **ret, struct aw_err *err);

/* 32 secret bytes by name, made on first use ("tokens", ...). */
int aw_store_secret(struct aw_store *s, const char *name, uint8_t ret[32], struct aw_err *err);

/* --- rules ---------------------------------------------------------------------------------- */

/* The row of a rule: name + SHA-256 of its file's text, which is kept once. */
int aw_store_rule(struct aw_store *s, const struct aw_rule *r, const char *text, size_t n,
                  int64_t *ret, struct aw_err *err);
/* Name and file text of a rule row; copies. */
int aw_store_rule_get(struct aw_store *s, int64_t rule, char **ret_name, char **ret_text,
                      size_t *ret_n, struct aw_err *err);
/* The text of a rule file in a database that somebody else has open, by the beginning of its
 * SHA-256, at least 8 hexadecimal digits. AW_ENOENT; AW_EINVAL: no such digits, or several begin
 * so. */
int aw_store_rule_text(const char *path, const char *hex, struct aw_buf *out, struct aw_err *err);
/* Files as they were loaded. */
struct aw_rule_files {
    const char *const *names, *const *texts;
    const size_t *sizes;
    unsigned n;
};
/* The last good set, and those that were: file names and texts, with the tests that lay beside
 * them; put with its entry rules.loaded. */
int aw_store_ruleset_put(struct aw_store *s, const struct aw_ruleset *set,
                         const struct aw_rule_files *rules, const struct aw_rule_files *tests,
                         const char *actor, struct aw_err *err);
int aw_store_ruleset_get(struct aw_store *s,
                         int (*file)(void *arg, const char *name, const char *text, size_t n),
                         void *arg, struct aw_err *err);

/* --- messages ------------------------------------------------------------------------------- */

/* A message as the core needs it: the cold row. */
struct aw_stored_message {
    aw_id id;
    int64_t app, rule;
    unsigned n;      /* recipients */
    unsigned needed; /* aw_rule_needed */
    aw_time delayed; /* the first step, by a provider's budget, until then; 0: it was not */
    aw_time registered;
    char *body; /* registration as received; owned */
    size_t n_body;
    uint8_t digest[32]; /* SHA-256 of body */
    uint8_t salt[32];
    char trace[AW_TRACE_TEXT];
};
void aw_stored_message_free(struct aw_stored_message *m);
int aw_store_message(struct aw_store *s, aw_id id, struct aw_stored_message *ret,
                     struct aw_err *err); /* AW_ENOENT */

/* The message under an idempotency key of the last 72 h, resp. an external id (ever).
 * AW_ENOENT. */
int aw_store_find_key(struct aw_store *s, int64_t app, const char *key, aw_time now, aw_id *ret,
                      struct aw_err *err);
int aw_store_find_external(struct aw_store *s, int64_t app, const char *ext, aw_id *ret,
                           struct aw_err *err);

/* T1: message row, timeline rows (tls[i] after its OPENED fact was applied), entry
 * message.registered that opens them all, keys. id is tls[0].id. */
int aw_store_register(struct aw_store *s, const struct aw_registration *reg, int64_t app,
                      int64_t rule, const char *rule_name, const uint8_t sha256[32],
                      const char *key, const uint8_t digest[32], const char *actor,
                      struct aw_timeline *tls, unsigned n, unsigned needed, struct aw_err *err);
/* In the same turn: until when a provider's budget delays the first step, for answers to the same
 * key again. */
int aw_store_message_delayed(struct aw_store *s, aw_id id, aw_time until, struct aw_err *err);

/* --- timelines ------------------------------------------------------------------------------ */

int aw_store_timeline(struct aw_store *s, aw_id id, struct aw_timeline *ret,
                      struct aw_err *err); /* AW_ENOENT */

/* What stands beside a fact but is not the engine's business. */
struct aw_fact_note {
    const char *step_id;
    const char *env;         /* decisions: the environment that was live, or NULL */
    const char *channel;     /* claimed */
    const char *cid;         /* claimed: stored idempotency token, or NULL */
    const char *provider_id; /* outcome */
    int http_status, code;   /* outcome */
    const char *text;        /* outcome: cleaned provider text */
    const char *detail;      /* a person's words (cancel reason, ack details), or NULL */
    /* claimed: recipients n of the same message merged into this attempt (same third person) */
    aw_id merged_into; /* attempt that already carries this firing, or 0 */
    /* claimed: a text that shows this code, and the number that it goes to; or NULL */
    const char *reply_code, *phone, *account; /* account: aw_channel_account */
    int64_t address;     /* claimed: a hash of the address that it goes to, or 0 */
    const char *devices; /* claimed: of a push to the recipient, numbers with blanks between */
};

/* Writes the facts (entries, attempt and evidence rows) and the timeline row *tl, which the
 * engine has already brought to its new value. notes: one per fact, or NULL. Sets tl->last. */
int aw_store_apply(struct aw_store *s, aw_id message, struct aw_timeline *tl,
                   const struct aw_fact *facts, unsigned n_facts, const struct aw_fact_note *notes,
                   const char *actor, struct aw_err *err);

/* How many timelines of a message stand in each state. */
int aw_store_counts(struct aw_store *s, aw_id message, unsigned n, unsigned ret[AW_N_STATES],
                    struct aw_err *err);
/* Entry message.ended, in the chain of the timeline that brought it about. */
int aw_store_message_ended(struct aw_store *s, aw_id message, struct aw_timeline *cause,
                           enum aw_state state, struct aw_err *err);

/* Timelines whose due has come, oldest due first; *ret_n of at most max. */
int aw_store_due(struct aw_store *s, aw_time now, aw_id *ret, unsigned max, unsigned *ret_n,
                 struct aw_err *err);
/* Timelines whose due is still to come, behind the cursor (all zero at first), in the order of due;
 * the cursor moves behind the last. */
struct aw_later {
    aw_time due;
    int state;
    aw_id id;
};
int aw_store_later(struct aw_store *s, struct aw_later *cursor, aw_id *ret, unsigned max,
                   unsigned *ret_n, struct aw_err *err);
/* The message and the person of every open timeline. */
int aw_store_open_people(struct aw_store *s, void (*row)(void *arg, aw_id message, int64_t person),
                         void *arg, struct aw_err *err);
/* The same with the priorities of their messages. */
struct aw_due_row {
    aw_id id;
    enum aw_priority priority;
    unsigned rank; /* by due */
};
int aw_store_due_ranked(struct aw_store *s, aw_time now, struct aw_due_row *ret, unsigned max,
                        unsigned *ret_n, struct aw_err *err);
/* Timelines that are open, counted at start (then the core counts on). */
int aw_store_open_count(struct aw_store *s, int64_t *ret, struct aw_err *err);
/* The earliest due of all, 0: none. */
int aw_store_next_due(struct aw_store *s, aw_time *ret, struct aw_err *err);

/* --- attempts ------------------------------------------------------------------------------- */

/* A firing that travels with an attempt: another recipient's to the same third person, or another
 * message's in a digest. */
struct aw_merged {
    aw_id message, timeline, attempt;
    uint16_t round;
    uint8_t step;
};
#define AW_DIGEST_MOST 500 /* firings that a digest carries along */
#define AW_MERGED_MOST (AW_MAX_RECIPIENTS + AW_DIGEST_MOST)

struct aw_stored_attempt {
    aw_id id, ref, message;
    unsigned n; /* recipient; others in merged */
    unsigned step, round, number;
    enum aw_kind kind;
    int64_t person;
    char channel[AW_NAME_MAX + 1];
    char cid[128], provider_id[128];
    enum aw_outcome outcome;
    enum aw_level level; /* rung proven for this attempt */
    aw_time at, done_at;
    char reply_code[8];                      /* in its text, "" if none */
    uint8_t reply_number[16];                /* that it went to, keyed; where there is a code */
    struct aw_merged merged[AW_MERGED_MOST]; /* the first one aside, the newest first */
    unsigned n_merged;
};
int aw_store_attempt(struct aw_store *s, aw_id id, struct aw_stored_attempt *ret,
                     struct aw_err *err); /* AW_ENOENT */
/* Attempts without an outcome (at start: all of them are unknown), from `after` on. */
int aw_store_open_attempts(struct aw_store *s, aw_id after, aw_id *ret, unsigned max,
                           unsigned *ret_n, struct aw_err *err);
/* Stores the provider's token of an attempt before its send (not audited: a cache of theirs). */
int aw_store_set_cid(struct aw_store *s, aw_id attempt, const char *cid, struct aw_err *err);
/* The newest attempt of a timeline to this person that was sent, is on its way, or may have been;
 * AW_ENOENT. */
int aw_store_sent_to(struct aw_store *s, aw_id timeline, int64_t person,
                     struct aw_stored_attempt *ret, struct aw_err *err);
/* Of the tries of a timeline that carry this reference, the newest on the channel; AW_ENOENT. */
int aw_store_try_of(struct aw_store *s, aw_id timeline, aw_id ref, const char *channel,
                    struct aw_stored_attempt *ret, struct aw_err *err);
/* The newest accepted push of an earlier step to the same person, for override_msg_id:
 * provider id (or "") and when. */
int aw_store_last_push(struct aw_store *s, aw_id message, unsigned n, unsigned step,
                       char provider_id[128], aw_time *ret_at, struct aw_err *err);

/* First tries since an instant, the oldest first: what limits look back on. */
struct aw_sent {
    aw_id attempt, message;
    enum aw_kind kind;
    int64_t person, address, rule;
    const char *channel, *app;
};
int aw_store_sent_since(struct aw_store *s, aw_time since,
                        int (*row)(void *arg, const struct aw_sent *a), void *arg,
                        struct aw_err *err);

/* --- silences (sqlite_brake.c) -------------------------------------------------------------- */

struct aw_silence_row {
    int64_t id;      /* sequence of the entry that began it */
    const char *app; /* whose messages, "" for all */
    aw_time since, until;
    const char *body; /* {match, author, reason} as JSON: the detail of that entry */
};
/* Begins one (entry silence.changed); its id. */
int aw_store_silence_put(struct aw_store *s, const struct aw_silence_row *row, const char *actor,
                         int64_t *ret, struct aw_err *err);
/* Ends it: a person did (why "ended"), or its time has come ("expired"). AW_ENOENT. */
int aw_store_silence_end(struct aw_store *s, int64_t id, const char *why, const char *reason,
                         const char *actor, struct aw_err *err);
/* Those that stand. */
int aw_store_silences(struct aw_store *s, int (*row)(void *arg, const struct aw_silence_row *r),
                      void *arg, struct aw_err *err);

/* --- replies to texts (sqlite_reply.c) ------------------------------------------------------ */

/* A code for a text to this number over this account (aw_channel_account): the one that this person
 * had in an earlier text of the timeline there, or one that no text to the number had during the
 * last 72 h. "" when there is none left. */
int aw_store_code(struct aw_store *s, aw_id timeline, int64_t person, const char *account,
                  const char *phone, aw_id attempt, char ret[8], struct aw_err *err);
/* The newest text of the last 72 h to this number over this account with this code; code NULL: any
 * text with a code. AW_ENOENT. */
int aw_store_code_find(struct aw_store *s, const char *account, const char *phone, const char *code,
                       struct aw_stored_attempt *ret, struct aw_err *err);

/* A number wants no more texts (out), or wants them again (entry number.opted). scope: an app, ""
 * for all of them. *ret_news: it is not what stood before. */
int aw_store_opt_out(struct aw_store *s, const char *scope, const char *phone, bool out,
                     const char *channel, const char *actor, bool *ret_news, struct aw_err *err);
/* Whether a number wants no texts of an app. */
int aw_store_opted_out(struct aw_store *s, const char *app, const char *phone, bool *ret,
                       struct aw_err *err);

/* --- questions to providers (not audited) --------------------------------------------------- */

struct aw_poll {
    aw_id timeline, attempt;
    aw_time due;      /* when to ask next */
    aw_time urgent;   /* the firing that waits for the answer, 0: none */
    aw_time accepted; /* when the provider took it */
    unsigned n_asked;
    aw_time answered; /* last successful answer */
    aw_time heard;    /* last callback, 0: none; kept by aw_store_poll_heard alone */
    char channel[AW_NAME_MAX + 1];
    char provider_id[32];
    char devices[AW_DEVICES_MAX]; /* registration ids that it went to, blanks between, or "" */
    /* What the next question's time follows from, so that an answer without news reads no more
     * than this row. */
    int64_t rule;        /* row of the rule */
    aw_time ask_at;      /* ahead of a firing that waits for the answer, 0: none */
    enum aw_level level; /* proven for the attempt */
    unsigned hinted;     /* so often more to ask soon: a hint may be ahead of the report */
};
int aw_store_poll_put(struct aw_store *s, const struct aw_poll *p, struct aw_err *err);
/* Only due, n_asked, answered and hinted. */
int aw_store_poll_later(struct aw_store *s, const struct aw_poll *p, struct aw_err *err);
int aw_store_poll_delete(struct aw_store *s, aw_id timeline, aw_id attempt, struct aw_err *err);
int aw_store_polls_end(struct aw_store *s, aw_id timeline, struct aw_err *err);
/* Brings the polls of a timeline forward to at most `at`, with its urgency (at 0: no firing waits
 * for them). */
int aw_store_polls_urge(struct aw_store *s, aw_id timeline, aw_time at, aw_time urgent,
                        struct aw_err *err);
/* Due polls of a channel, the oldest first; or those whose firing is due in [from, to), the soonest
 * first. */
int aw_store_polls_due(struct aw_store *s, const char *channel, aw_time now, struct aw_poll *ret,
                       unsigned max, unsigned *ret_n, struct aw_err *err);
int aw_store_polls_urgent(struct aw_store *s, const char *channel, aw_time now, aw_time from,
                          aw_time to, struct aw_poll *ret, unsigned max, unsigned *ret_n,
                          struct aw_err *err);
/* AW_ENOENT. */
int aw_store_poll(struct aw_store *s, aw_id timeline, aw_id attempt, struct aw_poll *ret,
                  struct aw_err *err);
int aw_store_polls_of(struct aw_store *s, aw_id timeline, struct aw_poll *ret, unsigned max,
                      unsigned *ret_n, struct aw_err *err);
/* The provider speaks of the attempt by itself; nothing where it is not watched. */
int aw_store_poll_heard(struct aw_store *s, aw_id timeline, aw_id attempt, aw_time at,
                        struct aw_err *err);
/* Brings the poll of one attempt forward to at most `at`; AW_ENOENT when it is not watched. */
int aw_store_poll_hint(struct aw_store *s, aw_id timeline, aw_id attempt, aw_time at,
                       unsigned hinted, struct aw_err *err);
/* The earliest due of a channel's polls, 0: none. */
int aw_store_next_poll(struct aw_store *s, const char *channel, aw_time *ret, struct aw_err *err);

/* --- receipts ------------------------------------------------------------------------------- */

/* From the provider's id to an attempt, for 72 h; account: aw_channel_account. */
void aw_store_provider_put(struct aw_store *s, const char *account, const char *provider_id,
                           aw_id attempt);
int aw_store_provider_find(struct aw_store *s, const char *account, const char *provider_id,
                           struct aw_stored_attempt *ret, struct aw_err *err); /* AW_ENOENT */
/* A request that is told from others by its nonce: *ret_again when it came before (within 72 h),
 * AW_ECONFLICT when the nonce came with another sum. */
int aw_store_nonce(struct aw_store *s, const char *account, const char *nonce, uint64_t sum,
                   bool *ret_again);

/* Receipts of ids that nobody knows (yet) wait for 72 h; equal ones are one. */
#define AW_ORPHANS_MAX 10000
/* AW_ELIMIT when so many wait already. */
int aw_store_orphan_put(struct aw_store *s, const char *account, const struct aw_receipt *r,
                        struct aw_err *err);
/* Takes out those of an id that has become known. */
int aw_store_orphans_take(struct aw_store *s, const char *account, const char *provider_id,
                          struct aw_receipt *ret, unsigned max, unsigned *ret_n,
                          struct aw_err *err);
int aw_store_orphans_expire(struct aw_store *s, unsigned *ret_n, struct aw_err *err);

/* --- life of the daemon --------------------------------------------------------------------- */

/* When the last run was last known to live (not audited); 0 on a fresh store. */
int aw_store_alive_get(struct aw_store *s, aw_time *ret, struct aw_err *err);
int aw_store_alive_put(struct aw_store *s, aw_time now, struct aw_err *err);
/* Records a downtime (entry daemon.downtime; why: "stopped", "stalled", "suspended") and reads
 * those that end after `since`. */
int aw_store_downtime_put(struct aw_store *s, aw_time from, aw_time to, const char *why,
                          struct aw_err *err);
int aw_store_downtimes(struct aw_store *s, aw_time since, struct aw_span *ret, unsigned max,
                       unsigned *ret_n, struct aw_err *err);

/* Notices to operators: written in the turn that caused them, sent later, again until taken. */
struct aw_notice {
    int64_t id;
    aw_time at, due; /* due 0: done */
    unsigned n_tries;
    char what[96];  /* "tries-spent", "channel-auth", "exhausted-unreachable", ... */
    char text[512]; /* no personal data */
};
/* A channel changed (entry channel.changed). state: "paused", "stopped" (then a row is kept),
 * "resumed" (its rows go), or "open", "half_open", "closed" of its breaker. */
struct aw_channel_change {
    const char *channel, *state;
    aw_time until;         /* of a pause, 0: until resumed */
    int code, http_status; /* of the answer that brought it about */
    const char *text;      /* ours or a cleaned one of the provider, or NULL */
    const char *reason;    /* of a person, or NULL */
};
int aw_store_channel(struct aw_store *s, const struct aw_channel_change *c, const char *actor,
                     struct aw_err *err);
struct aw_channel_hold {
    char channel[AW_NAME_MAX + 1];
    bool stopped; /* else paused */
    aw_time since, until;
};
/* Held ones, oldest first; *ret_n is what there was room for. */
int aw_store_holds(struct aw_store *s, struct aw_channel_hold *ret, unsigned max, unsigned *ret_n,
                   struct aw_err *err);

/* One notice per `what` within 10 minutes, or until it was told; later ones are counted into it. */
int aw_store_notice(struct aw_store *s, const char *what, const char *text, struct aw_err *err);
/* The same, with notices about different things (channels) apart. */
int aw_store_notice_about(struct aw_store *s, const char *what, const char *thing, const char *text,
                          struct aw_err *err);
int aw_store_notices_due(struct aw_store *s, aw_time now, struct aw_notice *ret, unsigned max,
                         unsigned *ret_n, struct aw_err *err);
/* A try was made; next_due 0: it is over. */
int aw_store_notice_done(struct aw_store *s, int64_t id, aw_time next_due, struct aw_err *err);
/* None could be made. */
int aw_store_notice_later(struct aw_store *s, int64_t id, aw_time due, struct aw_err *err);

/* --- retention (sqlite_prune.c) -------------------------------------------------------------- */

struct aw_old_message {
    aw_id id;
    int64_t rule;
    unsigned n; /* recipients */
};
/* Messages between two ids, both excluded, oldest first; *ret_n of at most max. */
int aw_store_old_messages(struct aw_store *s, aw_id after, aw_id before, struct aw_old_message *ret,
                          unsigned max, unsigned *ret_n, struct aw_err *err);
/* Takes all rows of a message away, with the entry message.pruned: when all its timelines have
 * ended, no try is under way and its last entry is not younger than `since`; else nothing is done
 * and *ret_rows is 0. The log keeps its entries. */
int aw_store_prune_message(struct aw_store *s, const struct aw_old_message *m, aw_time since,
                           unsigned *ret_rows, struct aw_err *err);
/* Recipients of a closed message whose person was erased; none while it is open. */
struct aw_erased {
    unsigned n; /* recipient */
    int64_t person;
};
int aw_store_erased(struct aw_store *s, aw_id message, struct aw_erased *ret, unsigned max,
                    unsigned *ret_n, struct aw_err *err);
/* Gives a message another body, under a new salt, with the entry message.redacted. */
int aw_store_redact(struct aw_store *s, aw_id message, const char *body, size_t n,
                    struct aw_err *err);
/* A step of a census: people without a contact whom no timeline, try or proof names are erased. It
 * looks at `most` rows; *ret_more: it is not over. */
int aw_store_census(struct aw_store *s, unsigned most, unsigned *ret_erased, bool *ret_more,
                    struct aw_err *err);
/* Rows that go by age alone, at most `most` of each table; *ret_rows: how many went. */
int aw_store_prune_aged(struct aw_store *s, unsigned most, unsigned *ret_rows, struct aw_err *err);
/* What was pruned leaves no trace in the WAL either: it is cut at the next checkpoint that no
 * reader stands against; and pages of the key map forget it, one at each idle checkpoint. Inside a
 * turn. */
void aw_store_prune_done(struct aw_store *s);

/* --- callbacks to applications (not audited; callback.failed is) ----------------------------- */

/* A new one, waiting; id is made. */
int aw_store_delivery_put(struct aw_store *s, struct aw_delivery *d, struct aw_err *err);
int aw_store_delivery(struct aw_store *s, aw_id id, struct aw_delivery *ret,
                      struct aw_err *err); /* AW_ENOENT */
/* Writes due, state and the numbers of tries. */
int aw_store_delivery_set(struct aw_store *s, const struct aw_delivery *d, struct aw_err *err);
/* How its try number n_tries ended. channel, detail: or NULL. */
int aw_store_delivery_try(struct aw_store *s, const struct aw_delivery *d, enum aw_outcome outcome,
                          int http_status, const char *channel, const char *detail,
                          struct aw_err *err);
/* Entry callback.failed. */
int aw_store_delivery_failed(struct aw_store *s, const struct aw_delivery *d, const char *channel,
                             int http_status, struct aw_err *err);
int aw_store_deliveries_due(struct aw_store *s, int64_t app, aw_time now, struct aw_delivery *ret,
                            unsigned max, unsigned *ret_n, struct aw_err *err);
/* The next app, by number, for which any waits; AW_ENOENT. */
int aw_store_delivery_app(struct aw_store *s, int64_t after, int64_t *ret, struct aw_err *err);
/* When the next try of an app is due, 0: never. */
int aw_store_delivery_next(struct aw_store *s, int64_t app, aw_time *ret, struct aw_err *err);
int aw_store_deliveries_waiting(struct aw_store *s, int64_t *ret, struct aw_err *err);
/* Drops up to max of those that are over and were made before `before`. */
int aw_store_deliveries_drop(struct aw_store *s, aw_time before, unsigned max, struct aw_err *err);
/* An app whose endpoint wants no more; target: SHA-256 of its URL, NULL: it is tried again. */
int aw_store_delivery_stop(struct aw_store *s, int64_t app, const uint8_t target[32],
                           struct aw_err *err);
int aw_store_delivery_stopped(struct aw_store *s, int64_t app, const uint8_t target[32], bool *ret,
                              struct aw_err *err);

/* --- reading and verifying (any thread, read-only connections) ------------------------------ */

/* Fills the reading ops; path must live as long as they are used. */
void aw_store_reading(const char *path, struct aw_reading *ret);

/* What a store holds; counted row by row, in one read transaction (store/copy.c). */
struct aw_store_info {
    int64_t bytes, wal_bytes; /* of the files */
    int64_t free_bytes;       /* pages that the next rows will take */
    int64_t layout;           /* version of the tables */
    const char *sqlite;       /* version of the library */
    int64_t entries, messages, timelines, open, attempts, evidence, persons;
    aw_time alive;       /* when a daemon last said that it lives, 0: never */
    aw_time oldest_open; /* registration of the oldest open timeline, 0: none */
};
int aw_store_info(const char *path, struct aw_store_info *ret, struct aw_err *err);
/* Brings a store of an older layout to that of this program, in one transaction, with the entry
 * store.migrated; nobody else may have it open for writing (AW_EBUSY). say is told each change;
 * with dry_run all is rolled back. *ret_from: the layout that it had; the present one: nothing was
 * done. AW_EINVAL: another program's, or newer. */
struct aw_migrate_options {
    const char *vfs; /* as in aw_store_options */
    bool dry_run;
    const char *actor;
    aw_time now;
    void (*say)(void *ctx, const char *what);
    void *ctx;
};
int aw_store_migrate(const char *path, const struct aw_migrate_options *opt, int64_t *ret_from,
                     struct aw_err *err);
/* A copy of one moment (of any layout) under a new name, mode 0600, flushed; beside a living
 * daemon. AW_ECONFLICT when the name is taken, AW_ENOSPC; then nothing is left behind. */
int aw_store_backup(const char *path, const char *to, struct aw_err *err);

struct aw_finding; /* audit/verify.h */

struct aw_verify_options {
    int64_t at_size; /* -1: none */
    uint8_t at_root[32];
    void (*progress)(void *ctx, int64_t done, int64_t total); /* or NULL */
    void (*found)(void *ctx, const struct aw_finding *f);
    void *ctx;
};
struct aw_verify_result {
    int64_t entries, timelines, attempts, evidence;
    int64_t pruned; /* messages of which the entries alone are left */
    unsigned findings;
    uint8_t root[32];
    aw_time first, last;
};
/* L0 file, L1 leaves, L2 tree, L4 state: in one read transaction. 0 when it could be carried out
 * (findings may be > 0), AW_EIO or AW_ECORRUPT when the file cannot be read as ours. */
int aw_store_verify(const char *path, const struct aw_verify_options *opt,
                    struct aw_verify_result *ret, struct aw_err *err);

#endif
