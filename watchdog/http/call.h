/* SPDX-License-Identifier: Apache-2.0
 *
 * A call: one admitted request on its way through a handler. It is made on an http thread, may
 * travel to the core thread and back inside a command, and ends with its one answer: each
 * aw_call_* marked "ends" answers and frees it.
 */
#ifndef AW_HTTP_CALL_H
#define AW_HTTP_CALL_H

#include <pthread.h>
#include <stdatomic.h>

#include "codec/jsonw.h"
#include "codec/request.h"
#include "http/auth.h"
#include "http/http.h"
#include "http/requests.h"
#include "http/routes.h"

#define AW_REQUEST_ID 24
#define AW_LIST_MAX   ((size_t)64 << 20) /* bytes of an answer */

struct aw_api {
    struct aw_http_env env;
    uint64_t seed; /* of request ids */
    atomic_uint_least64_t n_requests;
    struct aw_auth *auth;
    pthread_mutex_t lock; /* readers */
    struct aw_reader **readers;
    unsigned n_readers;
    struct aw_hub *hub;           /* events.c */
    struct aw_requests *requests; /* requests.c */
};

struct aw_call {
    struct aw_api *api;
    struct aw_http_request *rq;
    const struct aw_http_view *view;
    const struct aw_route *route;
    char params[AW_PARAMS][AW_PARAM_MAX];
    char request_id[AW_REQUEST_ID];
    aw_boot began;
    const char *problem; /* code of the refusal that ends it */
    struct aw_caller caller;
    char app[AW_NAME_MAX + 1]; /* in force: of the key, or ?app= of one that may see all */
    char actor[48];
    char allow[64];                      /* methods, when the wrong one was used */
    char rate_policy[48], rate_left[48]; /* RateLimit headers, "" : none */
    aw_id message;                       /* of a {message} route */
    void (*next)(struct aw_call *call);
    void (*done)(struct aw_call *call, struct aw_cmd *cmd);
    /* What a handler must remember until its command is done. */
    char *stored; /* of a conflict: the first registration; owned */
    size_t n_stored;
    unsigned n_recipients;
    char external_id[256], token[AW_TOKEN_TEXT];
    aw_id timeline;
    enum aw_state state;
    struct aw_batch *batch; /* batch.c */
};

/* ---- answers: each ends the call (answer.c) ---- */
void aw_call_text(struct aw_call *call, int status, const char *type, const char *text, size_t n,
                  const struct aw_http_header *headers, unsigned n_headers);
/* out: application/json; is freed. */
void aw_call_json(struct aw_call *call, int status, struct aw_buf *out,
                  const struct aw_http_header *headers, unsigned n_headers);
void aw_call_problem(struct aw_call *call, enum aw_problem p, const char *pointer, const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));
void aw_call_refuse(struct aw_call *call, enum aw_problem p, const char *pointer,
                    const char *detail);
void aw_call_fault(struct aw_call *call, const struct aw_fault *fault);
/* {"data": an array that a port writes} */
void aw_call_array(struct aw_call *call, void (*write)(void *ctx, struct aw_buf *out));
void aw_call_not_found(struct aw_call *call, const char *what);
/* A list {"data":[...],"next":cursor|null} that was opened with aw_list_open. */
void aw_list_open(struct aw_jsonw *w, struct aw_buf *out);
void aw_call_list(struct aw_call *call, struct aw_jsonw *w, const char *cursor);

/* An answer of one object to a command that is done: open, put members into w, close (ends the
 * call). False: the command was refused, the call has ended. */
struct aw_answer {
    struct aw_buf out;
    struct aw_jsonw w;
};
bool aw_answer_open(struct aw_call *call, struct aw_cmd *cmd, struct aw_answer *a);
void aw_answer_close(struct aw_call *call, struct aw_answer *a, int status);

/* A problem's JSON; call may be NULL (refused by the server itself). */
void aw_problem_json(struct aw_buf *out, enum aw_problem p, int status, const char *pointer,
                     const char *detail, const char *request_id);
void aw_request_id(struct aw_api *api, char dst[AW_REQUEST_ID]);

/* Counts a request without a valid token or secret; true: too many of this peer, answer 429. */
bool aw_call_failed(struct aw_call *call);

/* ---- the way to the core thread (call.c) ---- */

/* A command in the caller's name. */
struct aw_cmd *aw_call_cmd(struct aw_call *call, enum aw_cmd_type type);
/* Hands cmd over; done(call, cmd) comes later, on the core thread (or at once when the queue is
 * full), and must end the call or send it on with aw_call_again. cmd is freed afterwards. */
void aw_call_submit(struct aw_call *call, struct aw_cmd *cmd,
                    void (*done)(struct aw_call *call, struct aw_cmd *cmd));
/* For the first line of a done(): true when the command was refused, then the call has ended. */
bool aw_call_refused(struct aw_call *call, struct aw_cmd *cmd);
/* Reads the body into cmd; false: it cannot be, the call has ended and cmd is freed. */
bool aw_call_body(struct aw_call *call, struct aw_cmd *cmd,
                  int (*read)(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault));
/* Goes on with next() on an http thread. The call may be gone when this returns. */
void aw_call_again(struct aw_call *call, void (*next)(struct aw_call *call));

/* ---- reading (call.c) ---- */
struct aw_reader *aw_api_reader(struct aw_api *api); /* NULL: the store cannot be read now */
void aw_api_release(struct aw_api *api, struct aw_reader *r);
struct aw_reader *aw_call_reader(struct aw_call *call); /* NULL: ended with a problem */
void aw_call_release(struct aw_call *call, struct aw_reader *r);
/* ?limit=, 1 to max; false: the call has ended. */
bool aw_call_limit(struct aw_call *call, unsigned def, unsigned max, unsigned *ret);
/* ?NAME= as a number of at most 18 digits; 0 when absent. */
bool aw_call_number(struct aw_call *call, const char *name, int64_t *ret);
/* ?NAME= as text, "" when absent. */
bool aw_call_query(struct aw_call *call, const char *name, char *dst, size_t cap);

/* ?lang=, English when absent. */
bool aw_call_lang(struct aw_call *call, enum aw_lang *ret);

/* ---- what the routes of one and of many share ---- */

/* Parses a registration into cmd, but for its key. app: of the caller, afterwards the one in force
 * (cmd->app stays the caller's to set). AW_EINVAL with *fault. */
int aw_register_take(const struct aw_call *call, const char *p, size_t n, struct aw_cmd *cmd,
                     char app[AW_NAME_MAX + 1], struct aw_fault *fault);
/* Why a key stands for something else: in which members the bodies differ. On an http thread;
 * stored NULL: not known any more. */
#define AW_CONFLICT_TEXT 768
void aw_conflict_text(char dst[AW_CONFLICT_TEXT], const char *key, const char *stored,
                      size_t n_stored, const char *given, size_t n_given);
/* Members of the answers, into an object that is open. */
void aw_put_registered(struct aw_jsonw *w, const struct aw_reply *r, const char *external_id,
                       unsigned n_recipients);
void aw_put_acked(struct aw_jsonw *w, const struct aw_cmd *cmd);
/* What a session report has led to: members of the object in the reply's body. */
void aw_put_session(struct aw_jsonw *w, const struct aw_reply *r);

/* ---- handlers, one per row of the route table ---- */
void aw_do_register(struct aw_call *call);
void aw_do_register_batch(struct aw_call *call);
void aw_do_ack_batch(struct aw_call *call);
void aw_do_messages(struct aw_call *call);
void aw_do_message(struct aw_call *call);
void aw_do_timeline(struct aw_call *call);
void aw_do_attempts(struct aw_call *call);
void aw_do_ack(struct aw_call *call);
void aw_do_cancel(struct aw_call *call);
void aw_do_snooze(struct aw_call *call);
void aw_do_resume(struct aw_call *call);
void aw_do_escalate(struct aw_call *call);
void aw_do_claim(struct aw_call *call);
void aw_do_login(struct aw_call *call);
void aw_do_logout(struct aw_call *call);
void aw_do_session_batch(struct aw_call *call);
void aw_do_devices(struct aw_call *call);
void aw_do_inbox_read(struct aw_call *call);
void aw_do_contacts(struct aw_call *call);
void aw_do_contact_get(struct aw_call *call);
void aw_do_contact_put(struct aw_call *call);
void aw_do_contact_delete(struct aw_call *call);
void aw_do_rules(struct aw_call *call);
void aw_do_rule(struct aw_call *call);
void aw_do_rules_check(struct aw_call *call);
void aw_do_rules_test(struct aw_call *call);
void aw_do_rules_simulate(struct aw_call *call);
void aw_do_rules_explain(struct aw_call *call);
void aw_do_reload(struct aw_call *call);
void aw_do_apply(struct aw_call *call);
void aw_do_rules_history(struct aw_call *call);
void aw_do_rules_stats(struct aw_call *call);
void aw_do_rules_file(struct aw_call *call);
void aw_do_channels(struct aw_call *call);
void aw_do_channel_test(struct aw_call *call);
void aw_do_channel_pause(struct aw_call *call);
void aw_do_channel_resume(struct aw_call *call);
void aw_do_silences(struct aw_call *call);
void aw_do_silence_add(struct aw_call *call);
void aw_do_silence_end(struct aw_call *call);
void aw_do_keys(struct aw_call *call);
void aw_do_key_create(struct aw_call *call);
void aw_do_key_revoke(struct aw_call *call);
void aw_do_audit_head(struct aw_call *call);
void aw_do_audit_entries(struct aw_call *call);
void aw_do_events(struct aw_call *call);
void aw_do_requests(struct aw_call *call);
void aw_do_deliveries(struct aw_call *call);
void aw_do_delivery(struct aw_call *call);
void aw_do_redeliver(struct aw_call *call);
void aw_do_status(struct aw_call *call);
void aw_do_livez(struct aw_call *call);
void aw_do_readyz(struct aw_call *call);
void aw_do_metrics(struct aw_call *call);
void aw_do_page(struct aw_call *call);
void aw_do_dsn(struct aw_call *call);
void aw_do_receipt(struct aw_call *call);

#endif
