/* SPDX-License-Identifier: Apache-2.0
 *
 * A daemon for tests of http/: a core thread that answers commands with replies set by the test,
 * a store of a few rows, keys, tokens, status. And a real server on loopback before the API.
 */
#ifndef AW_TESTS_HTTP_FAKE_H
#define AW_TESTS_HTTP_FAKE_H

#include <jansson.h>

#include "core/ports.h"
#include "rawhttp.h"

#define FAKE_NOW      1795312800000 /* 2026-11-22T02:00:00Z */
#define FAKE_MSG      ((aw_id)0x12345678900000)
#define FAKE_TOKEN_OK "tokentokentokentokentokentoken12"

struct fake {
    /* The next command gets this reply; body is copied. */
    struct aw_reply reply;
    const char *reply_body;
    bool full;       /* put() says AW_EBUSY */
    bool stuck;      /* commands stay until fake_release() */
    bool unreadable; /* the reader cannot be opened */
    bool not_ready;
    unsigned rate;                        /* of every key */
    _Atomic unsigned n_failed, n_refused; /* that the port heard of */
    /* What the core thread saw last. */
    _Atomic unsigned n_cmds;
    struct aw_cmd seen; /* flat copy; owned pointers are not valid */
    char seen_app[AW_NAME_MAX + 1];
    char seen_json[2048]; /* ack detail, contact */
    bool seen_proof;
    unsigned n_recipients;
    /* What the provider's code makes of a request (only its counts and texts), and was given. */
    struct aw_news news;
    struct aw_inbound in; /* texts are gone */
    char in_text[512];    /* all of them, blanks between */
    /* What the readers were asked. */
    char read_app[AW_NAME_MAX + 1];
    int read_state;
    unsigned read_limit;
    aw_id read_before;
    aw_id next; /* the cursor they give back */
    unsigned readers_open;
};

extern struct fake fake;
/* Entries behind the first four of the log: those of even number are about FAKE_MSG, the others
 * about a message of another app; every third is timeline.ended, the others firing.claimed. */
extern _Atomic int fake_more;
extern _Atomic int fake_revoked; /* a key that is good no more; 0: none */
extern unsigned fake_port;       /* all faces */
extern unsigned fake_port_ops;   /* ops only */
extern char fake_socket[64];     /* control socket, all but public */

int fake_start(void **state);
int fake_stop(void **state);
int fake_reset(void **state); /* before each test */
void fake_release(void);      /* lets stuck commands go */

/* The token of key `id`: 1 all scopes but admin, of app shop; 2 none, of app shop; 3 admin, without
 * app; 10 + bit that scope alone, without app. */
const char *fake_token(int id);

/* One request with the token of a key (0: none) and, if any, a JSON body. */
void fake_call(const char *method, const char *path, int key, const char *body,
               struct raw_answer *ret);
/* The same with further header lines, each with its CRLF. */
void fake_call_with(const char *method, const char *path, int key, const char *headers,
                    const char *body, struct raw_answer *ret);

/* The answer's body as JSON; the caller decrefs. */
json_t *answer_json(const struct raw_answer *a);
void expect_body(const struct raw_answer *a, int status, const char *json);
void expect_problem(const struct raw_answer *a, int status, const char *code);

#endif
