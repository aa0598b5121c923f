/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of rules and of the environment that hold firings back: limits, suppress, storm, silences.
 */
#ifndef AW_CONF_BRAKE_H
#define AW_CONF_BRAKE_H

#include "conf/env.h"
#include "conf/schema.h"
#include "core/brake.h"

extern const struct aw_shape aw_shape_limits;   /* struct aw_limits */
extern const struct aw_shape aw_shape_suppress; /* struct aw_rule */
extern const struct aw_shape aw_shape_storm;    /* struct aw_storm_brake */
extern const struct aw_shape aw_shape_silence;  /* struct aw_silence */

/* Into the struct aw_limits at k->at. */
void aw_limits_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                    void *base);
/* Into the struct aw_env_conf: a storm brake, where there is one; silences by name. */
void aw_storm_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                   void *base);
void aw_silences_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base);
/* What of an environment holds firings back, as a value that points into it. NULL: nothing. */
struct aw_brake_conf aw_brake_conf_of(const struct aw_env_conf *e);
/* A silence as JSON, {match, author, reason}, which is YAML, too; into the arena. What is wrong
 * goes to diag, AW_EINVAL. */
int aw_silence_parse(const char *json, size_t n, struct aw_arena *arena, struct aw_silence *ret,
                     struct aw_diag *diag);
/* Terms of a matcher as a YAML flow map, which is JSON, too. */
void aw_match_show(const struct aw_match_term *terms, unsigned n, struct aw_buf *out);
/* The three keys of the environment as YAML. */
void aw_brake_show(const struct aw_env_conf *e, struct aw_buf *out);

#endif
