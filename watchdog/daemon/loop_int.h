/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the core loop: its state, and what its files offer one another. Core thread only.
 *
 *   loop.c          the turn
 *   loop_port.c     the inbox as a port; what any thread may ask
 *   life.c          start and stop
 *   turn_register.c T1: a registration becomes rows
 *   turn_evidence.c acks, page, contacts, keys
 *   turn_release.c  the message as a whole: its end, and who is released
 *   turn_act.c      people act: cancel, snooze, resume, escalate, claim
 *   turn_due.c      T2: claims of what is due
 *   turn_result.c   T3: outcomes, tokens, channel tests, notices to operators
 *   turn_reply.c    replies to texts, and what is written back
 *   turn_delivery.c callbacks to applications, until they are taken
 *   turn_poll.c     questions to providers and their answers
 *   turn_receipt.c  what providers say without being asked
 *   judge.c         one event through the engine into the store, and what follows from it
 *   people.c        messages, persons, addresses as the engine's world
 *   fence.c         to which devices a push may go
 *   turn_session.c  logins, logouts, and what follows from them
 *   render.c        a claim as texts to send
 *   watch.c         clocks, lateness, receipts, heartbeat
 *   redact.c        people who were erased leave the bodies of messages
 *   prune.c         retention, in slices between turns
 *   brake.c         what holds firings back: limits, silences, storm brake; and lets them go
 *   silences.c      what operators put off until a date
 *   digest.c        one send for many that wait for one person
 *   suppress.c      which messages of a person are open
 *   channels.c      the health of channels: who may be sent to, pauses and stops
 *   effects.c       what leaves after the commit, and what is in flight
 */
#ifndef AW_DAEMON_LOOP_INT_H
#define AW_DAEMON_LOOP_INT_H

#include "codec/reply.h"
#include "core/fitness.h"
#include "daemon/loop.h"
#include "daemon/watch.h"

/* A message as the core needs it: cold row, parsed registration, its pinned rule. */
struct aw_msg {
    struct aw_stored_message row;
    struct aw_registration reg;
    const struct aw_rule *rule;
    char *app;
    aw_id key; /* of the cache */
    uint64_t used;
    UT_hash_handle hh;
};

/* A pinned rule, parsed once and kept. */
struct aw_pinned {
    int64_t row;
    struct aw_rules *owner; /* NULL: lives in the present set (held) */
    struct aw_live *live;
    const struct aw_rule *rule;
    UT_hash_handle hh;
};

#define AW_DELIVERY_DATA_MAX (256 * 1024) /* bytes of an event's data */

enum aw_flight_for {
    AW_FLIGHT_FIRING,
    AW_FLIGHT_NOTICE,
    AW_FLIGHT_TEST,
    AW_FLIGHT_BEAT,
    AW_FLIGHT_ANSWER,
    AW_FLIGHT_DELIVERY,
};

/* One send under way, from the claim to its result. */
struct aw_flight {
    aw_id attempt;
    enum aw_flight_for what;
    aw_id timeline;       /* firing */
    int64_t notice;       /* notice */
    int64_t app;          /* delivery, which is the attempt */
    struct aw_cmd *test;  /* channel test: answered with the result */
    struct aw_live *live; /* held */
    char *devices;        /* that a push goes to, or NULL */
    struct aw_send *send; /* while it waits for a token (cid), else NULL */
    aw_boot token_by;     /* then: the instant to go without */
    long turn;            /* that made it */
    char channel[AW_NAME_MAX + 1];
    struct aw_fitness_send health;
    bool counted; /* by the channel's health, and not ended there */
    UT_hash_handle hh;
};

/* A send that carries further firings of its kind to the same person, while they are gathered. */
struct aw_digest {
    int64_t person;
    enum aw_kind kind;
    aw_id timeline, attempt, ref;
    const char *channel;
    struct aw_send *send;
    unsigned n;           /* carried along */
    struct aw_buf titles; /* of all of them, the first one's too */
};

/* Firings of one turn that are one attempt: to third persons, of the same message, step, kind,
 * round and person; and next tries under one reference, which travelled together before. */
struct aw_merge {
    struct {
        aw_id message; /* or the reference */
        int64_t person;
        unsigned step, kind, round;
        bool retry;
    } key;
    aw_id message, attempt, ref;
    struct aw_send *send;
    struct aw_digest *digest; /* next tries of one, or NULL */
    UT_hash_handle hh;
};

/* Per channel: its health, idempotency tokens at hand, and the budget of questions. */
struct aw_account {
    char name[AW_NAME_MAX + 1];
    const struct aw_provider *provider; /* of the health; NULL: it has none yet */
    struct aw_fitness health;
    struct {
        bool stopped;
        enum aw_breaker breaker;
    } written;                  /* what the log knows */
    int last_status, last_code; /* of the last send that was not accepted */
    char last_detail[256];
    char **cids;
    unsigned n_cids;
    aw_time cids_at; /* when they were fetched */
    bool fetching;
    double budget, budget_rate; /* questions allowed now; more a minute */
    aw_time budget_at;
    int limit;                    /* what the provider says the account has a minute, 0: unknown */
    aw_time denied_till;          /* the account may not ask about devices */
    aw_time pull_at;              /* reports that are handed out once: not before */
    bool replies_next;            /* and which */
    aw_time blocked_till;         /* provider said: no more before */
    unsigned asking;              /* queries in flight */
    unsigned accepted, delivered; /* sends taken in the window, and those with a receipt */
    unsigned usual; /* percent of the windows before, the best of them counting most */
    aw_time window_at;
    UT_hash_handle hh;
};

/* A query in flight for a timeline. */
struct aw_asked {
    aw_id timeline;
    unsigned n;
    bool hinted; /* something happened meanwhile: the answer may be older */
    UT_hash_handle hh;
};

/* A number that writes to us: how many answers it may still get, and its wrong codes. */
struct aw_talker {
    char number[AW_NUMBER_MAX];
    double answers;
    unsigned wrong;
    aw_time at, wrong_since;
    UT_hash_handle hh;
};

/* What a turn leaves undone, and until when the core may sleep. */
struct aw_outlook {
    bool more;
    aw_time next_poll; /* when there is something to ask, and it may be asked; 0: never */
    bool overdue;      /* something should have been asked by now */
    aw_ms prune;       /* until the next slice of a pass, -1: none is under way */
};

struct aw_effects {
    struct aw_send **sends;
    unsigned n_sends, cap_sends;
    struct aw_query **queries;
    unsigned n_queries, cap_queries;
    aw_id *asked; /* timelines of these queries */
    unsigned n_asked, cap_asked;
    struct {
        const struct aw_channel *channel;
        unsigned n;
    } cids[8];
    unsigned n_cids;
};

/* Retention: a pass over all closed messages that are old enough, in slices between turns. */
struct aw_prune {
    bool under_way;   /* a pass is */
    bool any;         /* this pass took something away */
    bool wide;        /* this pass looks for people who were erased, too */
    bool erased;      /* somebody was: the next pass is wide, and soon */
    aw_time wide_at;  /* the last wide pass began, 0: none yet */
    aw_id at;         /* messages up to here were looked at */
    aw_time pass_at;  /* the last pass began, 0: none yet */
    aw_boot slice_at; /* the last slice */
};

/* When more is due than a turn can take, as after an opening of hours: what comes next, by
 * priority, then by due. Looked up again when it is used up or a second old, so that what is urgent
 * and new does not stand behind it. */
#define AW_AHEAD 4096
struct aw_ahead {
    struct aw_due_row *list;
    unsigned n, next;
    aw_time at;
};

struct aw_loop {
    struct aw_loop_options opt;
    struct aw_store *store;
    struct aw_inbox *inbox;
    struct aw_live *live; /* present one, held */
    aw_time now;          /* of this turn */
    struct aw_effects fx;
    struct aw_merge *merges;
    struct aw_msg *messages; /* cache */
    uint64_t use;
    struct aw_pinned *pinned;
    struct aw_flight *flights;
    unsigned n_waiting; /* flights that wait for a token */
    struct aw_account *accounts;
    struct aw_asked *asked;
    struct aw_talker *talkers; /* oldest first */
    struct aw_brakes *brakes;
    struct aw_digests *digests; /* who waits */
    struct aw_digest *digest;   /* that is being formed, or NULL */
    struct aw_digest claimed;   /* the last claim that had waited for the brake; send NULL: none */
    struct aw_silences *silences;
    bool silences_stale;          /* a turn was rolled back: the rows are read again */
    struct aw_suppress *suppress; /* NULL: no rule has asked yet */
    aw_id recover_after;          /* start: open attempts up to here are done */
    bool recovering;              /* start: missed firings wait for receipts */
    aw_boot recover_by;
    aw_time delivery_due; /* the next try of a callback, 0: none, or an outcome comes first */
    aw_time delivery_dropped_at;
    aw_time alive_at, root_at, rules_told_at;
    aw_boot beat_at; /* 0: not yet */
    int64_t root_size;
    bool keys_changed;    /* in this turn: the table of live keys is read again */
    struct aw_cmd **held; /* outcomes that found no room on the disk: taken again each turn */
    unsigned n_held, cap_held;
    bool full; /* disk: no registrations, no claims */
    bool full_told;
    bool full_untold; /* it was full, and there was no room to tell of it */
    aw_time full_at;
    struct aw_ahead ahead;
    struct aw_prune prune;
    struct aw_watch watch;
    struct aw_watch_news news; /* not yet in the log */
    aw_ms late;                /* worst lateness of the present spell, 0: none */
    aw_id beat_attempt;        /* of the last heartbeat */
    aw_boot beaten_at;
    aw_id *confirmed; /* messages of this turn: those still open are to be released */
    unsigned n_confirmed, cap_confirmed;
    bool releasing;        /* one of them: it has ended when all of it is done */
    struct aw_timeline tl; /* scratch: too large for the stack of every helper */
    struct aw_update up;
    struct aw_span spans[64];
    unsigned n_spans;
    bool spans_known;
    _Atomic int stopping, reloading;
    _Atomic long pending; /* commands put and not yet finished */
    _Atomic uint64_t activity;
    _Atomic aw_time next;
    _Atomic int in_turn, kicked;
    _Atomic aw_boot turn_since,
        turn_ms;                 /* begin of the present turn, 0: none; how long they take */
    struct aw_live *retired[16]; /* by reloads, until nothing under way points into them */
    unsigned n_retired;
};

/* The engine's view of people and channels for one recipient. */
struct aw_view {
    struct aw_loop *l;
    const struct aw_msg *m; /* NULL while there is none (registration not yet decided) */
    const struct aw_registration *reg;
    const struct aw_rule *rule; /* NULL while it has none */
    const char *app;
    int64_t app_row;
    unsigned n;     /* recipient */
    int64_t person; /* its number; 0 while it has none (registration not yet decided) */
    struct aw_err err;
};

/* --- life.c ----------------------------------------------------------------------------------- */

int aw_life_stop(struct aw_loop *l, struct aw_err *err); /* records a stop, in a turn of its own */

/* --- judge.c ---------------------------------------------------------------------------------- */

/* Engine, store, then claims -> sends, end -> fold of the message, accepted -> polls. l->tl holds
 * the timeline (loaded by the caller or by aw_judge_load) and afterwards its new value. */
int aw_judge(struct aw_loop *l, struct aw_msg *m, const struct aw_event *ev, const char *actor,
             const struct aw_fact_note *outcome_note, struct aw_err *err);
/* How the engine opens a timeline: its OPENED fact, on l->tl as scratch; changes nothing. */
int aw_judge_open(struct aw_loop *l, const struct aw_rule *rule, struct aw_view *v,
                  const struct aw_event *ev, struct aw_fact *ret, struct aw_err *err);
/* Whether an attempt of this turn carries such a firing to a third person. */
bool aw_merge_known(struct aw_loop *l, const struct aw_msg *m, int64_t person, unsigned step,
                    enum aw_kind kind, unsigned round);
/* Loads timeline and its message. */
int aw_judge_load(struct aw_loop *l, aw_id timeline, struct aw_msg **ret, struct aw_err *err);

/* --- turn_release.c ----------------------------------------------------------------------------
 */

/* A timeline has ended (l->tl): so may have the message. */
int aw_message_end(struct aw_loop *l, struct aw_msg *m, struct aw_err *err);
int aw_turn_release(struct aw_loop *l, struct aw_err *err);

/* --- people.c --------------------------------------------------------------------------------- */

int aw_msg_get(struct aw_loop *l, aw_id id, struct aw_msg **ret, struct aw_err *err);
/* The same for a message registered in this turn, which need not be read and parsed again. row: as
 * stored, but without body (reg->raw has it) and salt. Takes the registration. */
int aw_msg_adopt(struct aw_loop *l, const struct aw_stored_message *row, const char *app,
                 struct aw_registration *reg, struct aw_msg **ret, struct aw_err *err);
void aw_msgs_trim(struct aw_loop *l, unsigned keep);
const struct aw_rule *aw_rule_pinned(struct aw_loop *l, int64_t row, struct aw_err *err);
void aw_pinned_forget(struct aw_loop *l, bool all);

/* The people of a message as its recipient of this timeline sees them. */
struct aw_view aw_view_of(struct aw_loop *l, const struct aw_msg *m, const struct aw_timeline *tl);
void aw_view_world(struct aw_view *v, struct aw_world *ret);
void aw_sight_world(struct aw_view *v, struct aw_world *ret); /* sight.c */

/* Addresses of a person: what the registration gives, then the directory. */
struct aw_address_book {
    struct aw_addresses a;
    char *user, *json;
    void *owner;
    /* Filled in by the fence: */
    bool reported; /* sessions of theirs were; then these are the devices, by number and text */
    unsigned is;   /* some of enum aw_whereabouts */
    unsigned n_numbers;
    int64_t numbers[AW_MAX_DEVICES];
    char devices[AW_MAX_DEVICES][AW_DEVICE_TEXT + 1];
};
int aw_addresses_of(struct aw_view *v, int64_t person, struct aw_address_book *ret,
                    struct aw_err *err);
void aw_address_book_free(struct aw_address_book *b);

/* --- fence.c ---------------------------------------------------------------------------------- */

/* Where a push to the person may go now: alias and registration ids of the book become that. */
int aw_fence(struct aw_view *v, int64_t person, struct aw_address_book *b, struct aw_err *err);
/* aw_addresses_of, and the fence. */
int aw_push_addresses_of(struct aw_view *v, int64_t person, struct aw_address_book *ret,
                         struct aw_err *err);
/* As in struct aw_world; ctx is a view. */
unsigned aw_fence_presence(void *ctx, int64_t person);
unsigned aw_fence_devices(void *ctx, int64_t person, int64_t ret[AW_MAX_DEVICES]);
/* The devices of a push, as they stand beside its attempt; *ret_known: sessions were reported. */
#define AW_DEVICE_NUMBERS (AW_MAX_DEVICES * 21)
int aw_fence_note(struct aw_view *v, int64_t person, char dst[AW_DEVICE_NUMBERS], bool *ret_known,
                  struct aw_err *err);

/* --- render.c --------------------------------------------------------------------------------- */

/* What a claim is marked with, beside its reference. */
struct aw_marks {
    char *cid;                 /* token of the provider, or NULL; aw_free */
    char code[8];              /* in a text, by which a reply confirms, or "" */
    char phone[AW_NUMBER_MAX]; /* that such a text goes to */
    char account[AW_ACCOUNT_MAX];
};
/* A code for a text that shows one; else *ret is left alone. */
int aw_code_for(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                const struct aw_channel *ch, struct aw_marks *ret, struct aw_err *err);

/* A claim as a send: addresses of the person it goes to, texts in that person's language. */
int aw_render(struct aw_loop *l, struct aw_msg *m, const struct aw_timeline *tl,
              const struct aw_fact *f, const struct aw_channel *ch, const struct aw_marks *marks,
              struct aw_send **ret, struct aw_err *err);
/* Makes the send the text of a digest: of the template of that name, else of our own. */
void aw_render_digest(struct aw_loop *l, struct aw_digest *d);
/* Names one more recipient in a merged send. */
void aw_render_add(struct aw_loop *l, struct aw_msg *m, struct aw_send *s, unsigned n);
/* An event for an application, over a webhook. */
struct aw_send *aw_render_event(struct aw_loop *l, const struct aw_channel *ch,
                                const struct aw_msg *m, const struct aw_delivery *d,
                                const char *type, const char *data);
/* A plain text to an operator, or a channel test. */
struct aw_send *aw_render_plain(struct aw_loop *l, const struct aw_channel *ch, const char *to,
                                const char *title, const char *text);
void aw_token_print(const uint8_t secret[32], aw_id timeline, char dst[40]);
int aw_token_parse(const uint8_t secret[32], const char *token, aw_id *ret);
/* The reference of a mail with a MAC, by which a report of a mail server finds it:
 * aw_0123456789ABC.0123456789abcdef0123. AW_ENOENT when it was not made here. */
#define AW_MARK_TEXT 48
void aw_mark_print(const uint8_t secret[32], aw_id ref, char dst[AW_MARK_TEXT]);
int aw_mark_parse(const uint8_t secret[32], const char *mark, aw_id *ret);

/* --- effects.c -------------------------------------------------------------------------------- */

void aw_fx_send(struct aw_loop *l, struct aw_send *s, struct aw_flight *f);
void aw_fx_query(struct aw_loop *l, struct aw_query *q);
void aw_fx_asked(struct aw_loop *l, aw_id timeline); /* that query is about it */
void aw_fx_cids(struct aw_loop *l, const struct aw_channel *ch, unsigned n);
void aw_fx_release(struct aw_loop *l); /* after the commit */
void aw_fx_drop(struct aw_loop *l);    /* after a rollback */
/* A command is over: an answer does not point to its channel any more. */
void aw_fx_answered(struct aw_loop *l, const struct aw_cmd *cmd);
/* Lets go of what reloads replaced and nothing under way points to. */
void aw_fx_forget_retired(struct aw_loop *l);
void aw_flight_end(struct aw_loop *l, struct aw_flight *f);
struct aw_flight *aw_flight_new(struct aw_loop *l, aw_id attempt, enum aw_flight_for what,
                                const struct aw_channel *ch, enum aw_claim_as as);
struct aw_flight *aw_flight_find(struct aw_loop *l, aw_id attempt);
struct aw_account *aw_account(struct aw_loop *l, const char *channel);
/* A token of the pool (owned by the caller), or NULL; asks for more when it runs low. */
char *aw_cid_take(struct aw_loop *l, const struct aw_channel *ch);
/* Lets go of sends that have waited long enough for a token. */
void aw_tokens_overdue(struct aw_loop *l);
aw_ms aw_tokens_wait(struct aw_loop *l); /* until the next of them, -1: none */
unsigned aw_fx_room(struct aw_loop *l);  /* claims that may still be made in this turn */

/* --- brake.c ---------------------------------------------------------------------------------- */

int aw_brakes_start(struct aw_loop *l, struct aw_err *err);
void aw_brakes_free(struct aw_loop *l);
/* The part of the engine's world that holds firings back. */
void aw_brakes_world(struct aw_view *v, struct aw_world *ret);
/* A hash of the address of the kind that counts beside the person, 0: none. */
int64_t aw_brakes_address(struct aw_view *v, int64_t person, enum aw_kind kind);
/* A fact of l->tl that the engine decided on; not of a claim that another one carries. */
void aw_brakes_decided(struct aw_loop *l, const struct aw_msg *m, const struct aw_fact *f,
                       int64_t address);
/* Something that put firings off may be over before its time: they are looked at, in some turns. */
void aw_brakes_look_again(struct aw_loop *l);
int aw_brakes_turn(struct aw_loop *l, bool *ret_more, struct aw_err *err);

/* The settings are others than before: what waits is looked at again. */
void aw_brakes_changed(struct aw_loop *l);

/* --- silences.c ------------------------------------------------------------------------------- */

int aw_silences_start(struct aw_loop *l, struct aw_err *err);
int aw_silences_reread(struct aw_loop *l, struct aw_err *err); /* after a rollback */
void aw_silences_free(struct aw_loop *l);
/* All that stand, into conf; they live until the next change. */
void aw_silences_list(struct aw_loop *l, struct aw_brake_conf *conf);
int aw_silences_expire(struct aw_loop *l, struct aw_err *err);
int aw_turn_silences(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_silence_add(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_silence_end(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);

/* --- digest.c --------------------------------------------------------------------------------- */

/* The brake holds what the engine asks about. */
void aw_digest_braked(struct aw_loop *l, const struct aw_candidate *what);
/* A fact of l->tl: a firing waits for the brake, or does so no more. */
void aw_digest_note(struct aw_loop *l, const struct aw_fact *f);
/* One more title for its text, while there is room. */
void aw_digest_title(struct aw_digest *d, const struct aw_msg *m);
/* Carries along what waits for the same person, if that is `most` firings or more. */
int aw_digest_form(struct aw_loop *l, struct aw_digest *c, unsigned most, struct aw_err *err);
/* The next try of one: its text tells of this message, too. */
void aw_digest_again(struct aw_loop *l, const struct aw_msg *m, struct aw_merge *merge);
void aw_digests_free(struct aw_loop *l);
/* The number that makes a digest, 0: never. */
unsigned aw_brakes_digest(const struct aw_loop *l);

/* --- suppress.c --------------------------------------------------------------------------------
 */

void aw_suppress_world(struct aw_view *v, struct aw_world *ret);
/* A timeline has opened or ended. */
void aw_suppress_note(struct aw_loop *l, const struct aw_timeline *tl);
/* What was noted may not be so: it is read again when somebody asks. */
void aw_suppress_forget(struct aw_loop *l);
void aw_suppress_free(struct aw_loop *l);

/* --- channels.c ------------------------------------------------------------------------------- */

/* When the channel can be sent to: 0 now. */
aw_time aw_channel_free_at(struct aw_loop *l, const struct aw_channel *ch, enum aw_claim_as as);
/* For people: when it is expected to take a new send; 0: now, -1: nobody knows (it was stopped, or
 * paused until somebody resumes it). */
aw_time aw_channel_expected(struct aw_loop *l, const struct aw_channel *ch);
/* A firing or try waits for the channel until `at`, which aw_channel_free_at had named. */
void aw_channel_queue(struct aw_loop *l, const struct aw_channel *ch, aw_time at);
/* A flight is a send under way; it ends once, with its result or (NULL) without one. */
void aw_channel_begin(struct aw_loop *l, struct aw_flight *f, const struct aw_channel *ch,
                      enum aw_claim_as as);
void aw_channel_end(struct aw_loop *l, struct aw_flight *f, const struct aw_result *res);
/* What changed goes into the log, before the commit; after it, what is shown is up to date. */
int aw_channels_write(struct aw_loop *l, struct aw_err *err);
void aw_channels_written(struct aw_loop *l);
int aw_channels_start(struct aw_loop *l, struct aw_err *err);
void aw_channels_reloaded(struct aw_loop *l, const struct aw_live *was);

/* --- turn_*.c: one command each; problems go into the reply, errors end the turn ----------------
 */

int aw_turn_register(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_ack(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_cancel(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_act(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_page(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_receipt(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_reply(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
void aw_talkers_free(struct aw_loop *l);
int aw_turn_lookup(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_contact(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_key(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_redeliver(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_reload(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_channel(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_test(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_result(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_report(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_cids(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);

/* Reads the clocks, once a turn; what they tell is written by aw_turn_watch, and forgotten when
 * that was committed. */
void aw_watch_look(struct aw_loop *l);
int aw_turn_watch(struct aw_loop *l, struct aw_err *err);
void aw_watch_kept(struct aw_loop *l);
/* How late the oldest due step is: the beginning and the end of a spell are written. */
int aw_watch_late(struct aw_loop *l, aw_ms lag, struct aw_err *err);
/* A channel took a send, resp. proved one to have arrived. */
int aw_watch_sent(struct aw_loop *l, const char *channel, struct aw_err *err);
void aw_watch_receipt(struct aw_loop *l, const char *channel, enum aw_level known,
                      enum aw_level level);
/* Sends one when it is time and all is well; its result. */
void aw_watch_heartbeat(struct aw_loop *l);
void aw_watch_heard(struct aw_loop *l, const struct aw_result *res);

/* Takes a slice of what has outlived its retention away, in a transaction of its own, when a pass
 * is due: at once when the core is idle, else now and then. *ret_wait_ms: until there is more to
 * do, -1: not soon. */
int aw_prune_slice(struct aw_loop *l, bool idle, aw_ms *ret_wait_ms, struct aw_err *err);
/* Takes people who were erased out of the body of a closed message; *ret_any: it changed. */
int aw_redact(struct aw_loop *l, aw_id message, bool *ret_any, struct aw_err *err);

void aw_loop_reload_now(struct aw_loop *l); /* puts a reload into the inbox */

/* Claims; *ret_more when the limit of a turn was reached. */
int aw_turn_due(struct aw_loop *l, bool *ret_more, struct aw_err *err);
/* The attempt of a firing that travels with another; 0 when it is over. */
int aw_joined_try(struct aw_loop *l, const struct aw_merged *m, aw_id *ret, struct aw_err *err);
/* Gives open attempts of the last run the outcome `unknown`; *ret_more while some are left. */
int aw_turn_recover(struct aw_loop *l, bool *ret_more, struct aw_err *err);
/* Receipts of the accepted attempts among the facts of l->up will be asked for. */
int aw_poll_begin(struct aw_loop *l, struct aw_msg *m, struct aw_err *err);
int aw_turn_polls(struct aw_loop *l, struct aw_outlook *o, struct aw_err *err);
/* The registration ids that a send goes to (aw_free), NULL when nobody will ask about them. */
char *aw_poll_devices(const struct aw_send *s);
/* Reports that are handed out once: asks when it is time (*next: when it will be); an answer. */
void aw_pull(struct aw_loop *l, const struct aw_channel *ch, aw_time *next);
void aw_pulled(struct aw_loop *l, struct aw_account *a, const struct aw_report *rep);
/* A question about the timeline is over, or was never asked. */
bool aw_asked_end(struct aw_loop *l, aw_id timeline); /* true: hinted meanwhile */
/* Something happened to the attempt: it is asked about now, also after its timeline's end. */
int aw_poll_hint(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_err *err);
/* The provider's id of an accepted attempt is known: receipts that waited for it are taken. */
int aw_receipts_begin(struct aw_loop *l, aw_id attempt, struct aw_err *err);
/* Lets go of receipts whose id has never become known. */
int aw_orphans_old(struct aw_loop *l, struct aw_err *err);
/* False: a nonce that came with other data; the command is refused. Also for replies. */
bool aw_nonce_holds(struct aw_loop *l, struct aw_cmd *cmd, const char *channel, const char *nonce,
                    uint64_t sum);
int aw_polls_revoke(struct aw_loop *l, const struct aw_poll *polls, unsigned n, struct aw_err *err);
int aw_turn_notices(struct aw_loop *l, struct aw_err *err);

/* The message of a command, within the caller's app: a foreign one and an absent one are alike,
 * *ret is NULL then and the command refused. */
int aw_cmd_message(struct aw_loop *l, struct aw_cmd *cmd, aw_id id, struct aw_msg **ret,
                   struct aw_err *err);
/* The place of a user among the recipients, -1: is none. */
int aw_recipient_index(const struct aw_msg *m, const char *user);

int aw_turn_session(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_devices(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
int aw_turn_inbox(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);
/* A push was accepted: is it still on its devices where it may be? */
int aw_session_look_again(struct aw_loop *l, aw_id attempt, struct aw_err *err);
/* The device is somebody else's: what waits to leave for it does not. */
void aw_fx_withdraw(struct aw_loop *l, const char *registration_id);
/* A claim that cannot be sent: its outcome comes back like any other. */
void aw_fail_claim(struct aw_loop *l, aw_id attempt, enum aw_outcome outcome, aw_ms wait,
                   const char *why);

/* The timeline of recipient n, or the message (-1), has ended by the newest entry of l->tl: the app
 * will be told, if it wants to be. */
int aw_delivery_note(struct aw_loop *l, const struct aw_msg *m, int n, enum aw_state state,
                     struct aw_err *err);
int aw_turn_deliveries(struct aw_loop *l, struct aw_err *err);
int aw_delivery_result(struct aw_loop *l, const struct aw_flight *f, const struct aw_result *res,
                       struct aw_err *err);
/* Data of the event as JSON; uses l->tl. */
int aw_delivery_data(struct aw_loop *l, const struct aw_msg *m, const struct aw_delivery *d,
                     struct aw_buf *out, struct aw_err *err);

/* The app of a command: of its key, else named, else the only one. Refuses in the reply. */
const char *aw_cmd_app(struct aw_loop *l, struct aw_cmd *cmd, const char *named);

#endif
