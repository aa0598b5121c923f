/* SPDX-License-Identifier: Apache-2.0
 *
 * Silences, limits and the storm brake of a virtual run: what judge.c is in the daemon. Owned by
 * the run.
 */
#ifndef AW_CORE_VIRTUAL_BRAKE_H
#define AW_CORE_VIRTUAL_BRAKE_H

#include "core/brake.h"

struct aw_virtual_brake {
    const struct aw_brake_conf *conf;
    const struct aw_rule *rule;
    struct aw_match_input in;
    struct aw_brake *books;
    /* The addresses of a person for the timeline that is looked at. */
    void (*addresses)(void *ctx, int64_t person, struct aw_addresses *ret);
    /* The name of the channel at place `via` among those of a step and kind. */
    const char *(*channel)(void *ctx, const struct aw_step *s, enum aw_kind kind, unsigned via);
    void *ctx;
    aw_time now;
    /* Firings to third persons at this instant: the next of them is carried by the first. */
    struct aw_virtual_sent {
        int64_t person;
        unsigned step, kind, round;
    } * sent;
    unsigned n_sent, cap_sent;
};

/* Whether there is anything that could hold a firing back. */
bool aw_virtual_brakes(const struct aw_virtual_brake *b);
void aw_virtual_brake_free(struct aw_virtual_brake *b);
/* aw_world.restrain; recipient: whose timeline it is. */
void aw_virtual_restrain(struct aw_virtual_brake *b, int64_t recipient, aw_time now,
                         const struct aw_candidate *what, struct aw_restraint *ret);
/* A fact that the engine decided on. */
void aw_virtual_decided(struct aw_virtual_brake *b, int64_t recipient, aw_time now,
                        const struct aw_fact *f);

#endif
