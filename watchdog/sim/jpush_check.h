/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of POST /v3/push, checked as JPush does: unknown keys in known objects 1009, missing
 * ones 1002, wrong values 1003, too much 1005. Pure: bytes in, a request or a refusal out.
 */
#ifndef AW_SIM_JPUSH_CHECK_H
#define AW_SIM_JPUSH_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct aw_sim_push_request {
    json_t *body;       /* owner of all texts; release with aw_sim_push_request_free */
    unsigned platforms; /* of enum aw_sim_platform */
    const json_t *alias, *rids, *tag, *tag_and, *tag_not; /* non-empty lists, or NULL */
    bool nobody; /* a kind of audience to which nobody here belongs: segments, ... */
    const char *cid;
    int64_t sendno, time_to_live;
    uint64_t override_msg_id;              /* 0: none */
    bool notification, message, countable; /* countable: mutable-content, so iOS can report */
    const char *ref, *msg; /* extras.aw_ref, extras.aw_msg of whichever part has them */
    char why[256];         /* of a refusal */
};

/* 0, or the code of JPush with its text in ret->why. Always free the request. */
int aw_sim_push_parse(const char *p, size_t n, struct aw_sim_push_request *ret);
/* Tags and aliases: 1 to 40 bytes; letters, digits, Chinese and a few signs. */
bool aw_sim_valid_alias(const char *s);
bool aw_sim_valid_rid(const char *s);
void aw_sim_push_request_free(struct aw_sim_push_request *rq);

#endif
