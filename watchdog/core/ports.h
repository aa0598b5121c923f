/* SPDX-License-Identifier: Apache-2.0
 *
 * The small ops structs through which http/ and chan/ reach what they may not include: the inbox,
 * reading, keys, status, tokens, rules. daemon/ fills them in. Rows are values; texts in them are
 * valid only during the callback.
 */
#ifndef AW_CORE_PORTS_H
#define AW_CORE_PORTS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "core/cmd.h"
#include "core/delivery.h"
#include "core/timeline.h"

/* Towards the core thread. */
struct aw_submit {
    void *ctx;
    /* 0: the command is under way and done() will be called; AW_EBUSY: queue full, still ours.
     * proof: acknowledgements, receipts and outcomes, which have their own room. */
    int (*put)(void *ctx, struct aw_cmd *cmd, bool proof);
};

struct aw_message_row {
    aw_id id;
    const char *app, *rule;
    const uint8_t *sha256;   /* 32 bytes */
    const char *external_id; /* or NULL */
    const char *body;        /* registration as received */
    size_t n_body;
    aw_time registered;
    unsigned n_recipients;
    unsigned needed; /* that confirm it, 0: each */
    unsigned counts[AW_N_STATES];
    enum aw_state state; /* the fold */
    aw_time due;         /* earliest of its timelines, 0: none */
    enum aw_level level; /* lowest of its timelines */
    int64_t seq;         /* log sequence of its newest entry */
    /* Firings that are put off, by why, and until when the last of them; of one message only. */
    unsigned waiting[AW_N_WHYS];
    aw_time waits_until; /* 0: none waits */
};

struct aw_timeline_row {
    aw_id id;
    unsigned n;
    const char *user; /* "" when erased */
    enum aw_state state;
    enum aw_level level;
    aw_time due;
    bool late;
    const struct aw_timeline *value; /* decoded */
};

struct aw_attempt_row {
    aw_id id, ref;
    unsigned n; /* recipient */
    unsigned step;
    const char *step_id;
    enum aw_kind kind;
    unsigned round, number;
    const char *channel, *user; /* user: whom it went to */
    enum aw_outcome outcome;
    enum aw_level level;
    const char *provider_id; /* or NULL */
    aw_time at, done_at;
    int http_status, code;
    const char *detail;
};

struct aw_entry_row {
    int64_t seq;
    const char *body; /* JSON */
    size_t n_body;
    const uint8_t *leaf; /* 32 bytes */
};

struct aw_head {
    int64_t size;
    uint8_t root[32];
    aw_time at;
};

struct aw_key_row {
    int64_t id;
    const char *name, *app;
    uint32_t scopes;
    uint8_t hash[32];
    aw_time created, revoked; /* 0: live */
    aw_time expires;          /* not taken from this instant on; 0: no end */
    aw_time used;             /* last, to the hour; 0: never */
};

struct aw_delivery_row {
    struct aw_delivery d;
    const char *app, *external_id, *user; /* external_id, user: or NULL */
};

struct aw_delivery_try_row {
    unsigned number;
    aw_time at;
    enum aw_outcome outcome;
    int http_status;
    const char *channel, *detail; /* or NULL */
};

struct aw_contact_row {
    int64_t person;
    const char *user;
    const char *json; /* the contact as stored */
};

/* A set of rules from the entry `loaded` on; lists: a line "SHA-256 file" for each file. */
struct aw_ruleset_row {
    int64_t seq;
    const char *rules, *tests;
    const char *loaded;  /* entry rules.loaded */
    const char *applied; /* entry rules.applied behind it, or NULL: found at start or by a reload */
    const char *reason;  /* of the person who applied it, or NULL */
};

/* What came of the timelines of one rule. */
struct aw_stats_channel {
    const char *name;
    enum aw_kind kind;
    uint64_t n_sent;
};
struct aw_rule_stats_row {
    const char *rule;
    uint64_t states[AW_N_STATES]; /* timelines */
    const struct aw_stats_channel *channels;
    unsigned n_channels;
    uint64_t n_confirmed; /* with a time to confirmation: from registration to the goal */
    aw_ms confirmed[3];   /* p50, p90, p99 */
    uint64_t n_sms;       /* to recipients, in steps with `unless` */
    uint64_t n_avoidable; /* of them: evidence that would have skipped it came after it left */
    aw_ms waits[3];       /* that would have saved half, nine in ten, all of those */
};
struct aw_stats_query {
    const char *app;  /* "": all */
    const char *rule; /* NULL: all */
    aw_time since;
    unsigned limit; /* timelines looked at, from the newest on */
    /* The rung of `unless` of each step of a rule (NONE: none), from the text of its file. */
    int (*unless)(void *ctx, const char *rule, const char *text, size_t n,
                  enum aw_level ret[AW_MAX_STEPS]);
    void *ctx;
};

/* Reading. One handle per HTTP thread (open/close); every call is a consistent read of committed
 * rows. Callbacks return 0 to go on, else the iteration ends with that value. */
struct aw_reader;
struct aw_reading {
    void *ctx;
    struct aw_reader *(*open)(void *ctx);
    void (*close)(struct aw_reader *r);
    /* app "" sees all; a foreign id is AW_ENOENT like an absent one. */
    int (*message)(struct aw_reader *r, const char *app, aw_id id,
                   int (*row)(void *arg, const struct aw_message_row *m), void *arg);
    /* Newest first, older than `before` (0: from the end); at most limit rows that pass the filter
     * (state -1: any), looking at no more than 10,000 messages; *ret_next: where to go on, or 0. */
    int (*messages)(struct aw_reader *r, const char *app, int state, const char *rule, aw_id before,
                    unsigned limit, aw_id *ret_next,
                    int (*row)(void *arg, const struct aw_message_row *m), void *arg);
    int (*timelines)(struct aw_reader *r, aw_id message, unsigned from, unsigned limit,
                     int (*row)(void *arg, const struct aw_timeline_row *t), void *arg);
    int (*attempts)(struct aw_reader *r, aw_id message, aw_id after, unsigned limit,
                    int (*row)(void *arg, const struct aw_attempt_row *a), void *arg);
    /* Entries of one message (its chains), oldest first. */
    int (*history)(struct aw_reader *r, aw_id message, unsigned limit,
                   int (*row)(void *arg, const struct aw_entry_row *e), void *arg);
    /* Entries from seq on; app "" only (the caller checks the scope). */
    int (*entries)(struct aw_reader *r, int64_t from, unsigned limit,
                   int (*row)(void *arg, const struct aw_entry_row *e), void *arg);
    int (*head)(struct aw_reader *r, struct aw_head *ret);
    int (*contacts)(struct aw_reader *r, const char *app, int64_t after, unsigned limit,
                    int (*row)(void *arg, const struct aw_contact_row *c), void *arg);
    /* Callbacks to applications, newest first, older than `before` (0: from the end), as messages;
     * state -1: any; message 0: any. */
    int (*deliveries)(struct aw_reader *r, const char *app, int state, aw_id message, aw_id before,
                      unsigned limit, aw_id *ret_next,
                      int (*row)(void *arg, const struct aw_delivery_row *d), void *arg);
    int (*delivery)(struct aw_reader *r, const char *app, aw_id id,
                    int (*row)(void *arg, const struct aw_delivery_row *d),
                    int (*try)(void *arg, const struct aw_delivery_try_row *t), void *arg);
    int (*keys)(struct aw_reader *r, int (*row)(void *arg, const struct aw_key_row *k), void *arg);
    /* A row for each rule that has timelines; *ret_cut: older ones were not looked at. */
    int (*rule_stats)(struct aw_reader *r, const struct aw_stats_query *q, bool *ret_cut,
                      int (*row)(void *arg, const struct aw_rule_stats_row *s), void *arg);
    /* Sets of rules that were live, newest first. */
    int (*rulesets)(struct aw_reader *r, unsigned limit,
                    int (*row)(void *arg, const struct aw_ruleset_row *s), void *arg);
    /* The text of a rule file that is or was live, or of a test beside one; AW_ENOENT. */
    int (*rule_text)(struct aw_reader *r, const uint8_t sha256[32], struct aw_buf *out);
};

#define AW_SCOPES                                                                                  \
    X(MESSAGES_READ, "messages:read")                                                              \
    X(MESSAGES_WRITE, "messages:write")                                                            \
    X(ACKS_WRITE, "acks:write")                                                                    \
    X(SESSIONS_WRITE, "sessions:write")                                                            \
    X(RULES_READ, "rules:read")                                                                    \
    X(CONTACTS_WRITE, "contacts:write")                                                            \
    X(AUDIT_READ, "audit:read")                                                                    \
    X(OPS, "ops")                                                                                  \
    X(ADMIN, "admin")                                                                              \
    X(RECEIPTS_WRITE, "receipts:write")

enum aw_scope_bit {
#define X(id, text) AW_SCOPE_BIT_##id,
    AW_SCOPES
#undef X
        AW_N_SCOPES
};
enum aw_scope {
#define X(id, text) AW_SCOPE_##id = 1 << AW_SCOPE_BIT_##id,
    AW_SCOPES
#undef X
};
extern const char *const aw_scope_names[]; /* by bit, NULL-terminated (ports.c) */
int aw_scopes_parse(const char *list /* blank- or comma-separated */, uint32_t *ret);

/* Who a token is. 0, or AW_ENOENT: unknown, revoked or expired. Constant-time compare of the hash
 * is the port's job. */
struct aw_caller {
    int64_t key;
    char app[AW_NAME_MAX + 1]; /* "" : all */
    uint32_t scopes;
    unsigned rate; /* requests a second that it may make; 0: no limit */
};
struct aw_keys {
    void *ctx;
    int (*check)(void *ctx, int64_t key_id, const uint8_t secret_hash[32], struct aw_caller *ret);
    /* A request of this peer had no valid token; many: it is refused for a while. */
    void (*failed)(void *ctx, const char *peer, bool many);
};

/* Confirmation tokens: 32 base64url characters naming a timeline, or a send to somebody
 * other than its recipient; keyed MAC inside. */
struct aw_tokens {
    void *ctx;
    void (*print)(void *ctx, aw_id timeline, char dst[40]);
    int (*parse)(void *ctx, const char *token, aw_id *ret_timeline);
    /* The reference that a mail was marked with; AW_ENOENT for a mark that is not ours. */
    int (*mark)(void *ctx, const char *mark, aw_id *ret_ref);
};

struct aw_pin; /* a rule that is held */

/* One screen of state: members of the JSON of GET /v1/status, written by the daemon. */
struct aw_status {
    void *ctx;
    void (*json)(void *ctx, struct aw_buf *out);     /* status object */
    void (*channels)(void *ctx, struct aw_buf *out); /* JSON array for GET /v1/channels */
    void (*rules)(void *ctx, struct aw_buf *out);    /* JSON array for GET /v1/rules */
    /* The file text of a rule as loaded; AW_ENOENT. */
    int (*rule_text)(void *ctx, const char *name, struct aw_buf *out);
    /* The rule that a message is pinned to, from what is loaded or else from its text (NULL: not
     * known); NULL when there is no such rule in it. Ends with unpin. */
    struct aw_pin *(*pin)(void *ctx, const char *rule, const uint8_t sha256[32], const char *text,
                          size_t n);
    void (*unpin)(struct aw_pin *pin);
    /* Firings still to come of a timeline under it, as a JSON array of {at, step, do, round,
     * unless?, every?, rounds_left?}; returns its deadline. */
    aw_time (*planned)(const struct aw_pin *pin, const struct aw_timeline *tl, struct aw_buf *out);
    /* Why its next step is when it is, and what could change it: a JSON array of {code, text}. */
    void (*explain)(const struct aw_pin *pin, const struct aw_timeline *tl, aw_time now,
                    enum aw_lang lang, struct aw_buf *out);
    /* JSON arrays: texts of what is wrong; {check, state, text} of each check. */
    bool (*ready)(void *ctx, struct aw_buf *why_not, struct aw_buf *checks);
    void (*metrics)(void *ctx, struct aw_buf *out); /* Prometheus text */
    /* For struct aw_stats_query. */
    int (*unless)(void *ctx, const char *rule, const char *text, size_t n,
                  enum aw_level ret[AW_MAX_STEPS]);
};

/* Rules that are sent to be looked at: nothing of them is kept, or read from this machine. */
enum aw_tool { AW_TOOL_CHECK, AW_TOOL_TEST, AW_TOOL_SIMULATE, AW_TOOL_EXPLAIN };
struct aw_tool_job {
    enum aw_tool tool;
    enum aw_lang lang;
    const char *app;  /* of the caller; "" is any */
    const char *body; /* JSON, as the API documents it */
    size_t n;
    struct aw_buf *out; /* the answer */
    /* When it is refused: */
    enum aw_problem problem;
    char pointer[128], detail[256];
};
struct aw_tools {
    void *ctx;
    /* Runs it in the calling thread, for two seconds at most; one at a time: AW_P_BUSY. */
    void (*run)(void *ctx, struct aw_tool_job *job);
};

/* What providers send us: verified and decoded by the provider's own code in chan/, before
 * anything is submitted. */
struct aw_receiving {
    void *ctx;
    /* *ret is the caller's to free (aw_news_free). An unknown channel, and one whose provider
     * sends nothing, are refused as not found. */
    void (*receive)(void *ctx, const struct aw_inbound *in, struct aw_news *ret);
};

/* All that http/ is handed. */
struct aw_http_env {
    const struct aw_clock *clock;
    struct aw_submit submit;
    struct aw_reading reading;
    struct aw_keys keys;
    struct aw_tokens tokens;
    struct aw_status status;
    struct aw_receiving receiving;
    struct aw_tools tools;
    const char *version;
};

/* All that chan/ is handed. */
struct aw_chan_env {
    const struct aw_clock *clock;
    struct aw_submit submit; /* RESULT, REPORT and CIDS commands, proof lane */
    const char *node;        /* host part of Message-Id, CloudEvents source */
    const char *self;        /* path of this executable, for mail workers */
    const char *user_agent;
    const char *public_url; /* base of the receipt URLs that gateways are told, or NULL */
};

#endif
