/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the virtual run share: virtual.c runs it, virtual_world.c is its world.
 */
#ifndef AW_CORE_VIRTUAL_INT_H
#define AW_CORE_VIRTUAL_INT_H

#include "core/virtual.h"
#include "core/virtual_brake.h"
#include "core/virtual_session.h"

struct member { /* a recipient of the run */
    struct aw_timeline tl;
    /* Per step and kind: the first event not yet used up as a result of its attempts. */
    unsigned used[AW_MAX_STEPS + 1][AW_N_KINDS];
    unsigned *sent;               /* by person: attempts that left, or may have left */
    const char *over[AW_MAX_VIA]; /* channels that carried something to the recipient */
    unsigned n_over;
};

struct run {
    const struct aw_virtual_input *in;
    struct aw_virtual_event *events; /* sorted */
    struct member *members;          /* one per recipient */
    struct member *present;          /* whose world the engine looks at */
    struct aw_v_sessions sessions;
    struct aw_idgen ids;
    struct aw_env env;
    struct aw_world world;
    struct aw_virtual_brake brake;
    struct aw_update up;
    int (*line)(void *ctx, const struct aw_virtual_line *l);
    void *ctx;
    unsigned n_lines;
    struct aw_err *err;
};

static inline unsigned aw_v_recipients(const struct run *r)
{
    return r->in->reg->n_recipients;
}

const char *aw_v_user_of(const struct run *r, int64_t person);
/* The number of anybody whom the run knows; 0: nobody. */
int64_t aw_v_number_of(const struct run *r, const char *user);
/* Fills in r->world, but for what restrains. */
void aw_v_world(struct run *r);
void aw_v_restrain(void *ctx, const struct aw_candidate *what, struct aw_restraint *ret);
void aw_v_addresses_of(void *ctx, int64_t person, struct aw_addresses *ret);
/* The name of the channel at place `via` among those of a step and kind; ctx: the run. */
const char *aw_v_channel_of(void *ctx, const struct aw_step *s, enum aw_kind kind, unsigned via);
/* A claim to the recipient goes over this channel. */
void aw_v_note_channel(struct run *r, struct member *m, const struct aw_fact *claim);

#endif
