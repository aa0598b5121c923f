/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the environment reader share: env.c (the tables and the file), env_listen.c
 * (listeners), env_hours.c (calendars and rotations), env_channel.c (channels and their providers'
 * settings), env_allow.c (addresses that channels may reach), env_show.c (printing), and tests.c,
 * which reads an environment that stands inside of a test file.
 */
#ifndef AW_CONF_ENV_INT_H
#define AW_CONF_ENV_INT_H

#include "conf/env.h"
#include "conf/schema.h"
#include "conf/secret.h"

enum {
    AW_MAX_LISTEN = 16,
    AW_MAX_APPS = 64,
    AW_MAX_CHANNELS = 64,
    AW_MAX_SECRETS = 256,
    AW_MAX_PEOPLE = 1000,
    AW_MAX_SILENCES_FILE = 100,
    AW_MAX_CALENDARS = 64,
    AW_MAX_ROTATIONS = 64
};

struct aw_env_secret { /* of a channel: where it comes from */
    const struct aw_channel *channel;
    const char *key;
    struct aw_secret from;
};

/* An environment with all that it owns; the reader's ctx. */
struct aw_env_owned {
    struct aw_env_conf pub; /* first */
    struct aw_arena arena;
    struct aw_env_secret *secrets; /* room for AW_MAX_SECRETS */
    unsigned n_secrets;
    struct aw_zones *zones;
};

extern const struct aw_shape aw_shape_listen;  /* struct aw_listen */
extern const struct aw_shape aw_shape_channel; /* struct aw_channel */
extern const struct aw_shape aw_shape_person;  /* struct aw_person_conf */

/* The channel of this name; NULL: E120 is reported there. */
const struct aw_channel *aw_env_channel(struct aw_reader *r, const struct aw_env_conf *e,
                                        const char *name, const struct aw_yaml *at);

extern const struct aw_shape aw_shape_calendar; /* struct aw_calendar */
extern const struct aw_shape aw_shape_rotation; /* struct aw_rotation */

/* A zone of the system; NULL: E117 is reported at v. */
const struct aw_tz *aw_env_zone(struct aw_reader *r, const struct aw_yaml *v, const char *name);
/* A text as YAML, in quotes. */
void aw_env_show_text(struct aw_buf *out, const char *s);
void aw_env_show_almanac(const struct aw_almanac *a, struct aw_buf *out);
/* What calendars need of the environment beside themselves. */
void aw_env_complete_almanac(struct aw_env_owned *o);

/* `apps`: a list of names, or a map of names to what is particular about each (env_apps.c). */
extern const struct aw_shape aw_shape_app;
void aw_env_read_apps(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base);
void aw_env_check_apps(struct aw_reader *r, const struct aw_env_conf *e,
                       const struct aw_yaml *apps);
void aw_env_show_apps(const struct aw_env_conf *e, struct aw_buf *out);

/* Key `allow` of a channel; and what its URLs will need of it, as far as it can be seen from the
 * file: a warning. */
void aw_env_read_allow(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base);
void aw_env_check_allow(struct aw_reader *r, const struct aw_channel *c, const struct aw_yaml *map);

/* An environment from a map of an open file; dir: what its paths are relative to, or NULL. */
int aw_env_read(const struct aw_source_file *f, const struct aw_yaml *map, const char *dir,
                unsigned flags, struct aw_env_conf **ret, struct aw_diag *diag);

/* The directory of a path, in the arena; NULL for the working directory. */
const char *aw_env_dir_of(struct aw_arena *arena, const char *path);

#endif
