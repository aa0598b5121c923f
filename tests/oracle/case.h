/* SPDX-License-Identifier: Apache-2.0
 *
 * Random cases for the engine and the oracle: a rule, people, a registration and a history, as one
 * value that can be copied and cut down. Times are multiples of five minutes for the most part, so
 * that many things fall on one instant. The same seed gives the same case everywhere.
 */
#ifndef AW_TESTS_CASE_H
#define AW_TESTS_CASE_H

#include "base/buf.h"
#include "core/virtual.h"
#include "lib/dice.h"

#define CASE_STEPS      6
#define CASE_RECIPIENTS 3
#define CASE_PEOPLE     6
#define CASE_EVENTS     10

#define CASE_CALENDARS 2
#define CASE_WINDOWS   2

struct ora_case {
    uint64_t seed;
    aw_time at; /* of the registration */
    struct aw_rule rule;
    struct aw_step steps[CASE_STEPS], exhausted;
    struct aw_registration reg;
    struct aw_recipient recipients[CASE_RECIPIENTS];
    struct aw_virtual_person people[CASE_PEOPLE];
    unsigned n_people;
    struct aw_virtual_event events[CASE_EVENTS];
    unsigned n_events;
    /* The environment. */
    struct aw_almanac almanac;
    struct aw_calendar calendars[CASE_CALENDARS];
    struct aw_window windows[CASE_CALENDARS][CASE_WINDOWS];
    struct aw_dates closed[CASE_CALENDARS], also_open[CASE_CALENDARS];
    struct aw_rotation rotation;
    const char *on_duty[3];
    struct aw_override override;
    struct aw_hours hours[2];
    struct aw_brake_conf brake;
    struct aw_silence silence;
    bool sessions; /* people log in and out */
};

void case_make(struct ora_case *c, uint64_t seed);
/* The input for either side; its pointers are into *c. */
struct aw_virtual_input case_input(struct ora_case *c);
/* Rule, send, people and events as the YAML of a rule file and its test. */
void case_print(const struct ora_case *c, struct aw_buf *out);

/* Cuts one part out of a case (part counts from 0): an event, a step, a recipient, a person, or
 * one of the keys. False: there is no such part. */
bool case_cut(struct ora_case *c, unsigned part);

/* For the other parts of the generator: */
aw_ms case_instant(struct dice *d, unsigned most); /* multiples of five minutes */
/* case_env.c: zones, calendars, rotations, hours, and when it all begins. */
const char *case_zone(struct dice *d); /* or NULL */
void case_make_env(struct ora_case *c, struct dice *d);
void case_env_input(struct ora_case *c, struct aw_virtual_input *in);
void case_env_print(const struct ora_case *c, struct aw_buf *out);
void case_hours_print(const struct ora_case *c, struct aw_buf *out);
bool case_env_cut(struct ora_case *c, unsigned how);

#endif
