/* SPDX-License-Identifier: Apache-2.0
 *
 * ackwatch-sim as a child on a stepped clock, and its HTTP calls through libcurl. Whatever goes
 * wrong fails the test.
 */
#ifndef AW_TESTS_SIM_RIG_H
#define AW_TESTS_SIM_RIG_H

#include <curl/curl.h>
#include <jansson.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/step.h"

#define SIM_START ((aw_time)1795312800000) /* 2026-11-22T02:00:00Z, 10 o'clock in China */

struct sim_rig {
    pid_t pid;
    int step; /* our end */
    char dir[64], base[64], hook[80];
    char *userpwd;
    aw_time now;
    long status;        /* of the last call */
    struct aw_buf body; /* of the last call */
    CURL *curl;
};

/* Starts it, with the people that sim_rig.c knows, at SIM_START. */
void sim_start(struct sim_rig *r);
/* The end of the step socket must end the program, cleanly. */
void sim_stop(struct sim_rig *r);

/* As the demo does it: waits until it is idle twice with one activity. */
struct aw_step_state sim_settle(struct sim_rig *r);
/* Moves the clock from event to event, and then to the end of the span. */
void sim_pass(struct sim_rig *r, aw_ms span);

/* The answer as JSON (json_decref), NULL when it is empty. body may be NULL. */
json_t *sim_call(struct sim_rig *r, const char *method, const char *path, const char *body);
/* A call that must be refused with this JPush code. */
void sim_refused(struct sim_rig *r, const char *method, const char *path, const char *body,
                 int code);
/* Pushes to an alias; the msg_id (aw_free). more: further members, with a leading comma. */
char *sim_push(struct sim_rig *r, const char *alias, const char *more);
/* Sends an SMS with its receipt to r->hook; to without the plus. */
void sim_sms(struct sim_rig *r, const char *to, const char *ref, int code);

/* The only row of a report. */
const json_t *sim_row(json_t *report);
/* The value of a counter in /v3/received/detail: -1 null, -2 absent. */
int sim_counter(struct sim_rig *r, const char *id, const char *name);
/* The status of a device in /v3/status/message, or minus the error code. */
int sim_device(struct sim_rig *r, const char *id, const char *rid, const char *more);
/* How many lines of the record are of this kind and user (NULL: any). */
unsigned sim_recorded(struct sim_rig *r, const char *what, const char *user);

#endif
