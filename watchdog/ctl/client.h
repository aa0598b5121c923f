/* SPDX-License-Identifier: Apache-2.0
 *
 * The API as seen from the command line: one request, one JSON answer. Over the control socket
 * (peer uid is the right), or over HTTP(S) with a key from a file; a key never stands in argv.
 *
 * What goes wrong is printed on stderr here, once: code, detail, pointer of the problem. One
 * thread; a client keeps its connection.
 */
#ifndef AW_CTL_CLIENT_H
#define AW_CTL_CLIENT_H

#include <jansson.h>

#include "ctl/cmd.h"

#define AW_CTL_SOCKET AW_RUNDIR "/ctl.sock"

struct aw_client;

struct aw_client_options {
    const char *socket;     /* used when url is NULL */
    const char *url;        /* http://host:port or https://... */
    const char *token_file; /* or NULL */
};

/* NULL when the token file or the address cannot be used; said on stderr. */
struct aw_client *aw_client_new(const struct aw_client_options *o);
struct aw_client *aw_client_of(const struct aw_ctl *ctl); /* from flags and environment */
void aw_client_free(struct aw_client *c);
static inline void aw_client_cleanup(struct aw_client **c)
{
    aw_client_free(*c);
}

/* body NULL: none. idem: Idempotency-Key or NULL. On AW_EXIT_DONE *ret is the answer (may be NULL
 * to drop it), else the exit code that the problem stands for. */
int aw_client_call(struct aw_client *c, const char *method, const char *path, const char *body,
                   const char *idem, json_t **ret);
int aw_client_get(struct aw_client *c, json_t **ret, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* POSTs lines of JSON (NDJSON), of which each has an answer of its own: on AW_EXIT_DONE *ret is the
 * array of these. */
int aw_client_lines(struct aw_client *c, const char *path, const char *body, json_t **ret);

/* GETs a stream without end (text/event-stream), behind last_id unless that is "". take() gets the
 * bytes, and ends it by false. *ret_began: the stream was there. AW_EXIT_DONE: it ended. */
int aw_client_stream(struct aw_client *c, const char *path, const char *last_id,
                     bool (*take)(void *arg, const char *p, size_t n), void *arg, bool *ret_began);

/* The problem's code of the last call that was refused ("not-found"), or "". */
const char *aw_client_problem(const struct aw_client *c);

/* Silences problems: the caller looks at aw_client_problem and decides. */
void aw_client_quiet(struct aw_client *c, bool quiet);

/* Percent-encodes s into a text that the caller frees (aw_free). */
char *aw_client_escape(const char *s);

static inline void aw_json_cleanup(json_t **v)
{
    json_decref(*v);
}

#endif
