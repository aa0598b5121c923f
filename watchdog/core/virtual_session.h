/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is logged in where, in a virtual run: a list of users and devices as they were named by
 * events. Devices are numbered by their first appearance. It may allocate; texts stay the events'.
 */
#ifndef AW_CORE_VIRTUAL_SESSION_H
#define AW_CORE_VIRTUAL_SESSION_H

#include "core/registration.h"
#include "core/timeline.h"

struct aw_v_session {
    const char *user, *device;
    bool here; /* logged in */
};

struct aw_v_sessions {
    struct aw_v_session *list;
    unsigned n, cap;
};

void aw_v_sessions_free(struct aw_v_sessions *s);
void aw_v_login(struct aw_v_sessions *s, const char *user, const char *device);
void aw_v_logout(struct aw_v_sessions *s, const char *user, const char *device);

/* Whether any session of the user was ever named. */
bool aw_v_is_known(const struct aw_v_sessions *s, const char *user);
/* The number of a device, 0: nobody was ever there. */
int64_t aw_v_device(const struct aw_v_sessions *s, const char *device);
/* Who is logged in there, or NULL. */
const char *aw_v_user_on(const struct aw_v_sessions *s, const char *device);

/* As in struct aw_world. given: registration ids that the registration names for this user, or
 * NULL. */
unsigned aw_v_whereabouts(const struct aw_v_sessions *s, const char *user,
                          const struct aw_addresses *given);
unsigned aw_v_devices(const struct aw_v_sessions *s, const char *user,
                      const struct aw_addresses *given, int64_t ret[AW_MAX_DEVICES]);

#endif
