/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels to the core thread: one struct for requests of the API, results of sends and
 * reports. Plain data, copied or owned, put into the inbox; after the COMMIT of the turn that
 * carried it out, the core thread calls done(cmd), and the command belongs to its sender again.
 */
#ifndef AW_CORE_CMD_H
#define AW_CORE_CMD_H

#include "base/id.h"
#include "core/channel.h"
#include "core/inbound.h"
#include "core/registration.h"
#include "core/session.h"

enum aw_cmd_type {
    AW_CMD_REGISTER,
    AW_CMD_ACK,
    AW_CMD_CANCEL,
    AW_CMD_PAGE,    /* confirmation page: viewed (GET) or confirmed (POST) */
    AW_CMD_RECEIPT, /* what a provider says of something sent, by callback or by a pull */
    AW_CMD_LOOKUP,  /* external id -> message id */
    AW_CMD_CONTACT_GET,
    AW_CMD_CONTACT_PUT,
    AW_CMD_CONTACT_DELETE,
    AW_CMD_KEY_CREATE,
    AW_CMD_KEY_REVOKE,
    AW_CMD_CHANNEL_TEST, /* answered when the outcome is back */
    AW_CMD_CHANNEL_PAUSE,
    AW_CMD_CHANNEL_RESUME,
    AW_CMD_SILENCES, /* those that stand, as JSON in reply.body */
    AW_CMD_SILENCE_ADD,
    AW_CMD_SILENCE_END,
    AW_CMD_RELOAD,
    AW_CMD_REDELIVER, /* a callback to the app is sent again */
    /* from chan/, never answered; done() frees */
    AW_CMD_RESULT,
    AW_CMD_REPORT,
    AW_CMD_CIDS,
    AW_CMD_REPLY,   /* a person's reply, by callback or by a pull: u.said */
    AW_CMD_ACT,     /* a person snoozes, resumes, escalates, claims */
    AW_CMD_SESSION, /* a user logs in on a device, or out */
    AW_CMD_DEVICES,
    AW_CMD_INBOX, /* a user has read messages in the inbox of the application */
};

enum aw_act { AW_ACT_SNOOZE, AW_ACT_RESUME, AW_ACT_ESCALATE, AW_ACT_CLAIM, AW_N_ACTS };

/* The stable codes of problems; the API's `code` is the name (aw_problem_name), the HTTP status
 * and title come from the same table (cmd.c). */
enum aw_problem {
    AW_P_NONE,
    AW_P_BAD_JSON,           /* 400 bad-json */
    AW_P_VALIDATION,         /* 422 validation */
    AW_P_UNKNOWN_MEMBER,     /* 422 unknown-member */
    AW_P_KEY_REQUIRED,       /* 422 idempotency-key-required */
    AW_P_KEY_REUSED,         /* 409 idempotency-key-reused */
    AW_P_RULE_NOT_FOUND,     /* 422 rule-not-found */
    AW_P_NO_RULE_MATCHED,    /* 422 no-rule-matched */
    AW_P_RULE_REFUSES,       /* 422 rule-refuses: e.g. no step at 0s and not already sent */
    AW_P_UNREACHABLE,        /* 422 recipient-unreachable */
    AW_P_UNAUTHENTICATED,    /* 401 unauthenticated */
    AW_P_SCOPE_MISSING,      /* 403 scope-missing */
    AW_P_NOT_FOUND,          /* 404 not-found */
    AW_P_METHOD_NOT_ALLOWED, /* 405 method-not-allowed */
    AW_P_STATE_CONFLICT,     /* 409 state-conflict */
    AW_P_TOO_LARGE,          /* 413 too-large */
    AW_P_UNSUPPORTED_TYPE,   /* 415 unsupported-media-type */
    AW_P_BUSY,               /* 503 busy, with Retry-After */
    AW_P_STORE_FULL,         /* 507 store-full */
    AW_P_STORE_FAILED,       /* 503 store-failed */
    AW_P_BAD_REQUEST,        /* 400 bad-request: the gate */
    AW_P_RELOAD_REFUSED,     /* 422 reload-refused */
    AW_P_NOT_READY,          /* 503 not-ready */
    AW_P_INTERNAL,           /* 500 internal */
    AW_P_RATE_LIMITED,       /* 429 rate-limited, with Retry-After */
    AW_P_STATE_MOVED,        /* 409 state-moved: the act names an older state */
    AW_P_CLAIM_REFUSED,      /* 409 claim-refused: the rule has no claim */
    AW_P_TOO_FAST,           /* 429 too-fast, with Retry-After */
    AW_P_FOREIGN_DEVICE,     /* 409 device-of-another-app */
    AW_N_PROBLEMS
};

struct aw_problem_info {
    const char *code;
    int status;
    const char *title; /* English, short */
};
const struct aw_problem_info *aw_problem_info(enum aw_problem p);

struct aw_reply {
    enum aw_problem problem; /* AW_P_NONE: done */
    char detail[256];        /* why, for people */
    char pointer[128];       /* JSON Pointer of the offending member, or "" */
    aw_id id;                /* message (register, cancel, lookup, page) */
    bool replayed;           /* register: the key was known, body equal */
    bool first;              /* ack: it was news */
    bool opted_out;          /* contact: its phone number wants no texts */
    enum aw_state state;     /* of the timeline (ack, page) or the message */
    aw_time at;              /* registered, acknowledged, ... */
    aw_time due;             /* register: first firing */
    aw_time delayed;         /* register: until when no channel takes it, or 0 */
    aw_time deadline;
    char step[AW_NAME_MAX + 1]; /* of that firing */
    enum aw_kind kind;
    char rule[AW_NAME_MAX + 1];
    char app[AW_NAME_MAX + 1]; /* register: whose message it is */
    uint8_t sha256[32];
    char *body; /* aw_free; stored bytes: the known registration (replay, conflict), a contact
                   (JSON); reload refused: the diagnostics; channel test: the provider id */
    size_t n_body;
    unsigned n_changed; /* act: timelines; `due`: when the first of them is looked at next */
    aw_time until;      /* act: end of the hold that ends last, 0: none is running */
    int64_t seq;        /* act: log sequence that the message stands at now */
    int64_t number; /* key id, person number; reload: rules loaded; channel test: enum aw_outcome */
};

struct aw_cmd {
    enum aw_cmd_type type;
    const char *app; /* of the caller's key; "" for admin without an app */
    char actor[48];  /* "key:3", "uid:0", "page", "channel:sms"; goes into the log */
    union {
        struct {
            struct aw_registration reg;
            char idem[256];     /* Idempotency-Key or external_id: the key in force */
            uint8_t digest[32]; /* SHA-256 of the body */
        } reg;
        struct {
            aw_id message;
            char user[AW_USER_MAX + 1];
            enum aw_level level;
            enum aw_source source;           /* app or operator */
            char device[AW_DEVICE_TEXT + 1]; /* on which it happened, or "" */
            aw_time at;                      /* 0: now */
            char by[AW_USER_MAX + 1]; /* who says so; "": the recipient, or the app for them */
            char *detail_json;        /* by, device, evidence as given, or NULL; owned */
        } ack;
        struct {
            aw_id message;
            char reason[512];
        } cancel;
        struct {
            enum aw_act what;
            aw_id message;
            char user[AW_USER_MAX + 1]; /* "": all recipients */
            char reason[512];
            char by[AW_USER_MAX + 1];   /* claim: who, or "" */
            char step[AW_NAME_MAX + 1]; /* escalate, "": the next */
            aw_ms span;                 /* snooze: for so long, or */
            aw_time until;              /* until then */
            int64_t if_seq;             /* the state that the person saw, -1: any */
        } act;
        struct {
            char device[AW_DEVICE_TEXT + 1]; /* registration id */
            char user[AW_USER_MAX + 1];      /* login: who; logout: whose, or ""; devices: whose */
            char alias[AW_ALIAS_TEXT + 1], platform[AW_PLATFORM_TEXT + 1];
            bool login;
            int64_t seq; /* -1: none */
            aw_time at;  /* 0: now */
        } session;
        struct {
            char user[AW_USER_MAX + 1];
            aw_id *messages; /* owned */
            unsigned n;
        } inbox;
        struct {
            aw_id timeline;
            bool confirm;
        } page;
        struct {
            char channel[AW_NAME_MAX + 1];
            char nonce[40]; /* as in struct aw_news */
            uint64_t sum;
            struct aw_receipt r;
        } receipt;
        struct {
            char channel[AW_NAME_MAX + 1];
            char nonce[40];
            uint64_t sum;
            struct aw_said r;
        } said;
        struct {
            char external_id[256];
        } lookup;
        struct {
            char user[AW_USER_MAX + 1];
            char *json; /* put: the contact as checked, compact; owned */
            size_t n_json;
        } contact;
        struct {
            int64_t id; /* create: unset; revoke: which */
            char name[AW_NAME_MAX + 1];
            char app[AW_NAME_MAX + 1];
            uint32_t scopes;
            aw_ms length;     /* create: of its life; 0: no end */
            uint8_t hash[32]; /* SHA-256 of the whole token's secret part */
        } key;
        struct {
            char channel[AW_NAME_MAX + 1];
            char to[256];
        } test;
        struct {
            aw_id delivery;
        } redeliver;
        struct {
            char name[AW_NAME_MAX + 1];
            char reason[512];
            aw_ms length; /* pause: how long, 0: until resumed */
        } channel;
        struct {              /* reload: all zero, or rules are applied by a person */
            char reason[512]; /* "": nobody applied anything */
            bool rolled_back, force;
            char sha256[65]; /* hex, of the set that is meant to be found; "": any */
        } reload;
        struct {
            int64_t id;       /* end: which; add: afterwards its own */
            aw_time from;     /* add: 0: at once */
            aw_time until;    /* add: its end, or */
            aw_ms length;     /* so long */
            char author[128]; /* add: "": whoever asks */
            char reason[512];
            char *match; /* add: the matcher as compact JSON; owned */
        } silence;
        struct aw_result result;
        struct aw_report *report; /* owned */
        struct {
            const struct aw_channel *channel;
            char **cids; /* owned, each aw_free */
            unsigned n;
        } cids;
    } u;
    struct aw_reply reply;
    void (*done)(struct aw_cmd *cmd); /* called once, on the core thread (or at shutdown) */
    void *owner;                      /* of the sender */
};

struct aw_cmd *aw_cmd_new(enum aw_cmd_type type); /* zeroed */
void aw_cmd_free(struct aw_cmd *cmd);             /* and everything it owns */

/* Records a problem in the reply (first one wins). */
void aw_cmd_refuse(struct aw_cmd *cmd, enum aw_problem p, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
