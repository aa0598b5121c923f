/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule tests (NAME.test.yaml) and the files of `rules simulate`: YAML or JSON to the input of
 * core/virtual.h, and the runner that compares lines with `expect` (docs/rules.md section 5).
 */
#ifndef AW_CONF_TESTS_H
#define AW_CONF_TESTS_H

#include "conf/coverage.h"
#include "conf/diag.h"
#include "conf/env.h"
#include "conf/rules.h"
#include "core/virtual.h"

/* A list of events ({at, from, level}, {at, act: cancel}, {at, attempt: step, result}). Events that
 * this version does not carry out are refused. Texts live in the list's own memory. */
struct aw_events {
    struct aw_virtual_event *list;
    unsigned n;
    void *owner;
};
int aw_events_parse(const struct aw_source_file *f, struct aw_events *ret, struct aw_diag *diag);
void aw_events_free(struct aw_events *e);

/* A registration as file: the body of POST /v1/messages plus `at` (RFC 3339; default now0). YAML
 * or JSON. */
int aw_send_parse(const struct aw_source_file *f, aw_time now0, struct aw_registration *ret,
                  aw_time *ret_at, struct aw_diag *diag);

/* How one test went; lives as long as the call of report. */
struct aw_test_report {
    const char *name;
    bool passed;
    const char *explain; /* what differs, in time order, with the lines of the rule; or NULL */
    const char *diff;    /* expected and actual as a unified diff; NULL: passed, or no run */
};
struct aw_test_options {
    const char *run;              /* only tests whose name matches this glob; NULL: all */
    struct aw_coverage *coverage; /* is added to; or NULL */
    void (*report)(void *ctx, const struct aw_test_report *r);
    void *ctx;
    bool (*go_on)(void *ctx); /* asked before each test: false leaves the rest out; NULL: all run */
};
struct aw_test_result {
    unsigned passed, failed;
};
/* Runs the tests of one NAME.test.yaml. Rule files it names are relative to it. Each test yields
 * one report. Problems of the file itself go to diag, result AW_EINVAL. */
int aw_tests_run(const char *path, const struct aw_test_options *o, struct aw_test_result *ret,
                 struct aw_diag *diag);

#endif
