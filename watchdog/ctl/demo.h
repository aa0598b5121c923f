/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch demo`, in parts:
 *   demo.c        the command: set up, run to the end of the story, check, clean up
 *   demo_setup.c  the directory with configuration, people, secrets; where programs and rules lie
 *   demo_child.c  starting and stopping ackwatchd and ackwatch-sim
 *   demo_clock.c  the stepped clock: moves only when all three parties are idle
 *   demo_story.c  the app server: registers, and acts for the people as the providers' record shows
 *   demo_feed.c   the log of the daemon as events in an order that a seed repeats
 *   demo_view.c   drawing: in place on a terminal, one line per event, or JSON
 *   demo_check.c  what was promised against the simulator's own record; the summary
 *
 * One thread; everything hangs on one struct aw_demo.
 */
#ifndef AW_CTL_DEMO_H
#define AW_CTL_DEMO_H

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

#include "base/id.h"
#include "core/types.h"
#include "ctl/client.h"
#include "codec/words.h"

#define AW_DEMO_PEOPLE    4
#define AW_DEMO_RULE      "order-status"
#define AW_DEMO_OPERATORS "operators@demo.invalid"
#define AW_DEMO_EVENTS    4096

/* What the four people are like; a seed decides who is who. */
enum aw_demo_role { AW_DEMO_ONLINE, AW_DEMO_LATE, AW_DEMO_OFFLINE, AW_DEMO_NO_DEVICE };

enum aw_demo_answer { AW_DEMO_NEVER, AW_DEMO_BY_APP, AW_DEMO_BY_LINK };

struct aw_demo_person {
    const char *user;     /* id, also the alias */
    const char *names[2]; /* by enum aw_lang */
    enum aw_demo_role role;
    /* How they answer: when a record line `after` about them is seen, `delay` later. */
    enum aw_demo_answer answer;
    const char *after; /* "delivered", "sms", "mail" */
    aw_ms delay;
    /* What came of it. */
    char message[AW_ID_TEXT]; /* id */
    char token[64];           /* of the confirmation link */
    aw_time opens, acts;      /* instants at which they open the link, and answer; 0: not planned */
    char state[24], level[24];
};

/* One line of the log about a person. */
struct aw_demo_event {
    aw_time at;
    int person; /* index */
    unsigned rank;
    json_t *entry;
    json_t *claim; /* of the attempt that it is about (for a claim: itself), or NULL; borrowed */
};

struct aw_demo_child {
    const char *name;
    pid_t pid;
    int step_fd; /* our end */
};

struct aw_demo {
    struct aw_ctl *ctl;
    enum aw_lang lang;
    uint64_t seed;
    unsigned speed; /* virtual seconds per real one */
    enum { AW_DEMO_DRAW, AW_DEMO_PLAIN, AW_DEMO_JSON } mode;

    char dir[PATH_MAX / 2];
    bool keep;
    struct aw_demo_child sim, daemon;
    unsigned sim_port, smtp_port, daemon_port;
    struct aw_client *admin, *app, *record;

    aw_time start, now, end; /* virtual; end: the deadline of the messages */
    struct aw_demo_person people[AW_DEMO_PEOPLE];

    json_int_t next_entry;  /* of the log */
    json_int_t next_record; /* of the simulator */
    json_t *sends;          /* the record, whole */
    struct aw_demo_event *events;
    unsigned n_events, n_shown;
    json_t *planned[AW_DEMO_PEOPLE]; /* firings still to come */
    unsigned drawn;                  /* lines on the terminal that are drawn over */
};

/* Set by SIGINT, SIGTERM, SIGHUP: the number of the signal. */
extern volatile sig_atomic_t aw_demo_signal;

/* All return 0, or a negative value after saying on stderr what is wrong. */

int aw_demo_dir(struct aw_demo *d, const char *keep);
void aw_demo_dir_remove(struct aw_demo *d);
int aw_demo_write_people(struct aw_demo *d);
/* sim: what the simulator said when it was ready */
int aw_demo_write_config(struct aw_demo *d, const json_t *sim);
/* The absolute path of a program of ours, or of the rules directory; NULL, said on stderr. */
char *aw_demo_program(const char *name);
char *aw_demo_rules(void);

int aw_demo_start_sim(struct aw_demo *d, json_t **ret_ready);
int aw_demo_start_daemon(struct aw_demo *d);
/* Asks to stop, waits at most 10 s, then kills. */
int aw_demo_stop(struct aw_demo_child *c);

/* Waits until daemon and simulator are idle. */
int aw_demo_settle(struct aw_demo *d);
/* The next instant with work for anybody but the story; 0: none. */
int aw_demo_next(struct aw_demo *d, aw_time *ret);
/* Moves both clocks to t, and waits until they are idle there. */
int aw_demo_move(struct aw_demo *d, aw_time t);

void aw_demo_cast(struct aw_demo *d);
int aw_demo_register(struct aw_demo *d);
/* Reads the record and plans answers; carries out those that are due. */
int aw_demo_read_record(struct aw_demo *d);
int aw_demo_act(struct aw_demo *d);
aw_time aw_demo_next_act(const struct aw_demo *d);

/* A line of the record that is a send: its kind and our reference in it ("" if it has none). */
bool aw_demo_is_send(const json_t *line, enum aw_kind *ret_kind, char ref[64]);

int aw_demo_feed(struct aw_demo *d);
/* To whom an event's attempt went, when it was somebody else than the recipient; else NULL. */
const char *aw_demo_other(const struct aw_demo *d, const struct aw_demo_event *e);
bool aw_demo_over(const struct aw_demo *d);

void aw_demo_show(struct aw_demo *d);                /* new events; redraws on a terminal */
void aw_demo_pace(struct aw_demo *d, aw_time until); /* lets real time pass on the way there */

/* The summary; the exit code. */
int aw_demo_finish(struct aw_demo *d);

#endif
