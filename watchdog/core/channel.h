/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels as values (conf/env.c makes them, live until the next reload), the table of providers
 * with their settings, and what is handed to and comes back from chan/.
 */
#ifndef AW_CORE_CHANNEL_H
#define AW_CORE_CHANNEL_H

#include "base/clock.h"
#include "base/id.h"
#include "core/throttle.h"
#include "core/types.h"

enum aw_setting_type {
    AW_SET_TEXT,
    AW_SET_URL,      /* http or https, ends as given; no user info */
    AW_SET_SECRET,   /* {file: PATH} | {credential: NAME} | {env: NAME} in YAML */
    AW_SET_NUMBER,   /* min to max */
    AW_SET_BOOL,     /* true, false */
    AW_SET_CHOICE,   /* one of `choices` */
    AW_SET_DURATION, /* value kept in milliseconds as decimal text */
    AW_SET_PAIRS,    /* a map of text to text, kept as several settings "key.<name>" */
    AW_SET_PATH,
};

struct aw_setting {
    const char *key;
    enum aw_setting_type type;
    bool required;
    const char *def; /* the default as it is kept (a duration in milliseconds), or NULL */
    long min, max;
    const char *choices; /* "a b c"; AW_SET_PAIRS: the names that {{}} may hold in the texts */
    const char *help;    /* one line */
};

/* What a provider makes of a request that it has had before. */
enum aw_repeats {
    AW_REPEATS_SEND_AGAIN, /* a second delivery */
    AW_REPEATS_BY_KEY,     /* recognised by a key of ours: harmless */
    AW_REPEATS_REPLACE,    /* shown once: the second takes the place of the first */
};

#define AW_MAX_LIMITS 2 /* of a provider, 128 sends at most each */

/* The capability record: all that the rest of the program knows of a provider. */
struct aw_provider {
    const char *name; /* "jpush", "gateway", "smtp", "webhook" */
    enum aw_kind kind;
    const struct aw_setting *settings; /* ends with key NULL */
    bool reports;                      /* can be asked for receipts */
    bool by_id;                        /* its receipts may come with nothing but its own id */
    bool receipts;                     /* posts receipts that name our reference */
    enum aw_level best;                /* highest rung that it can prove by itself */
    /* What a template must say for it to carry its text (an audited template's number and so on),
     * ends with key NULL; NULL: it takes any text. Settings of these names in the channel stand in
     * for a form that is missing. */
    const struct aw_setting *form;
    enum aw_repeats repeats;
    aw_ms repeat_life;                    /* by key: how long it is remembered, 0: for good */
    struct aw_rate limits[AW_MAX_LIMITS]; /* kept ahead of sending; the longest window first */
    aw_ms throttle;                       /* to wait after "too much" that names no time */
    aw_ms unknown;                        /* to wait for a receipt before a send whose fate is
                                           * unknown is repeated, beside the usual back-off */
};

extern const struct aw_provider aw_providers[]; /* ends with name NULL */
const struct aw_provider *aw_provider_find(const char *name);
extern const struct aw_provider aw_provider_heartbeat; /* of `heartbeat:`; not in the table */

struct aw_channel_setting {
    const char *key, *value;
};

struct aw_range; /* base/guard.h */
/* Who asks whether a channel can be sent to. */
enum aw_claim_as {
    AW_AS_NEW,    /* a firing that has not waited for a channel */
    AW_AS_WAITED, /* one that has: its turn has come */
    AW_AS_RETRY,  /* another try on the same account: costs of the budget of retries */
    AW_AS_OTHER,  /* a try that comes from another channel; an operator's notice or test */
};

enum aw_on_blind { AW_BLIND_ESCALATES, AW_BLIND_HOLDS };
enum aw_on_unknown { AW_UNKNOWN_RESENDS, AW_UNKNOWN_HOLDS };

/* One configured provider account. */
struct aw_channel {
    const char *name;
    const char *app; /* NULL: every app */
    const struct aw_provider *provider;
    unsigned weight; /* order among the channels of a kind: high first */
    unsigned concurrency;
    aw_ms timeout;                             /* hard deadline of one request */
    enum aw_on_blind on_blind;                 /* receipts cannot be seen */
    enum aw_on_unknown on_unknown;             /* whether it was sent is unknown */
    const struct aw_channel_setting *settings; /* defaults filled in; secrets read */
    unsigned n_settings;
    const struct aw_range *allow; /* addresses that it may reach though they are not public, or
                                     without TLS */
    unsigned n_allow;
};

/* True when the channel carries only texts that have its provider's form. */
bool aw_channel_needs_form(const struct aw_channel *c);

/* The value of a setting, or NULL when it has none. */
const char *aw_channel_get(const struct aw_channel *c, const char *key);
long aw_channel_num(const struct aw_channel *c, const char *key, long def);
/* Whose account it is at the provider: channels with one application key share it. */
#define AW_ACCOUNT_MAX 256
void aw_channel_account(const struct aw_channel *c, char dst[AW_ACCOUNT_MAX]);
/* Whether the provider posts receipts to us over this channel. */
bool aw_channel_has_receipts(const struct aw_channel *c);
/* Requests at one time, at most: as configured, else what the kind bears. */
unsigned aw_channel_concurrency(const struct aw_channel *c);

/* What is to be sent: a copy owned by the struct (aw_send_free). All texts UTF-8, rendered. */
struct aw_send {
    aw_id attempt, ref;
    unsigned number;                  /* of the try */
    aw_id message;                    /* 0: an operator notice or a channel test */
    const struct aw_channel *channel; /* held by the daemon until the outcome is back */
    enum aw_kind kind;
    const char *alias;
    const char **registration_ids; /* the array is the struct's own */
    unsigned n_registration_ids;
    const char *phone, *email, *im;
    const char *lang;
    const char *title, *text, *html; /* html: mail only */
    const char *link;                /* to the confirmation page, or NULL */
    const char *code;                /* by which a reply confirms, or NULL */
    const char *push_json;           /* provider's push object of the application, or NULL */
    const char *mark;                /* email: reference with a proof, for reports; or NULL */
    const char *cid;                 /* stored idempotency token, or NULL */
    unsigned ttl;                    /* seconds, 0: default */
    const char *override_id;         /* provider id to replace, or NULL */
    const char *event_type;          /* webhook: CloudEvents type */
    const char *data_json;           /* webhook: CloudEvents data */
    struct aw_channel_setting *form; /* the template's form for the provider, texts expanded; the
                                        array is the struct's own */
    unsigned n_form;
    int64_t sequence;   /* webhook: of a callback to the app, 0: none */
    aw_time event_time; /* webhook: of what it tells, 0: time */
    const char *trace;  /* traceparent of the registration, or NULL */
    aw_time time;       /* instant of the claim */
    char *arena;        /* owns the texts */
    char *also;         /* owns a text that names further recipients */
    unsigned n_also;    /* how many it names */
    char *late_cid;     /* owns a cid that came after the claim */
};

/* What the form says, else the channel's setting, as a number. */
long aw_send_form_num(const struct aw_send *s, const char *key, long def);

void aw_send_free(struct aw_send *s);

/* How a send ended. */
struct aw_result {
    aw_id attempt;
    enum aw_outcome outcome;
    char provider_id[128]; /* "" when there is none */
    int http_status;       /* or SMTP code; 0 when no answer came */
    int code;              /* the provider's own code, 0 if none */
    char detail[256];      /* for people and the log: no personal data, no secret */
    aw_ms wait;            /* throttled: how long to wait */
    bool alone;            /* throttled: this recipient, not the account */
    bool unsent;           /* it never left us: says nothing about the provider */
    enum aw_level level;   /* rung proven by the answer, usually accepted */
};

#define AW_QUERY_MAX   100
#define AW_DEVICES_MAX 1024 /* bytes of a list of registration ids */

enum aw_ask {
    AW_ASK_COUNTS,  /* how often each item was received */
    AW_ASK_DEVICES, /* whether the first item was received by each of `devices` */
    AW_ASK_REVOKE,  /* no question: takes back the first item */
    AW_ASK_REPORTS, /* receipts that the provider hands out once */
    AW_ASK_REPLIES, /* replies, the same */
};

/* A question to a provider about attempts. */
struct aw_query {
    const struct aw_channel *channel;
    enum aw_ask what;
    aw_time now;
    unsigned n;
    struct {
        aw_id timeline, attempt;
        char provider_id[32];
        aw_time sent; /* a young message may not be known yet */
    } items[AW_QUERY_MAX];
    unsigned n_asked;             /* devices: how often this was asked before */
    char devices[AW_DEVICES_MAX]; /* registration ids, blanks between */
};

/* Its answer: for each item a rung, or AW_LEVEL_NONE for "no news, or unknown". Receipts and
 * replies that were handed out travel as commands of their own, ahead of it. */
struct aw_report {
    const struct aw_channel *channel;
    enum aw_ask what;
    bool answered;    /* the provider answered with a usable body */
    bool denied;      /* this account may not ask so */
    unsigned n_taken; /* receipts and replies handed out */
    unsigned n;
    struct {
        aw_id timeline, attempt;
        enum aw_level level;
    } items[AW_QUERY_MAX];
    int http_status;
    int rate_limit, rate_remaining, rate_reset; /* -1 when the header was absent; reset in s */
    char detail[256];
    char
        devices[AW_DEVICES_MAX]; /* that have the first item, blanks between; asked about devices */
};

#endif
