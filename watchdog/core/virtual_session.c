/* SPDX-License-Identifier: Apache-2.0 */
#include "core/virtual_session.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/engine.h"

void aw_v_sessions_free(struct aw_v_sessions *s)
{
    aw_free(s->list);
    *s = (struct aw_v_sessions){0};
}

/* The entry of a user and a device, made when it is not there. */
static struct aw_v_session *entry(struct aw_v_sessions *s, const char *user, const char *device)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->list[i].user, user) == 0 && strcmp(s->list[i].device, device) == 0)
            return &s->list[i];
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 8;
        s->list = aw_realloc(s->list, s->cap * sizeof(*s->list));
    }
    s->list[s->n] = (struct aw_v_session){.user = user, .device = device};
    return &s->list[s->n++];
}

void aw_v_login(struct aw_v_sessions *s, const char *user, const char *device)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->list[i].device, device) == 0)
            s->list[i].here = false;
    entry(s, user, device)->here = true;
}

void aw_v_logout(struct aw_v_sessions *s, const char *user, const char *device)
{
    entry(s, user, device)->here = false;
}

bool aw_v_is_known(const struct aw_v_sessions *s, const char *user)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->list[i].user, user) == 0)
            return true;
    return false;
}

int64_t aw_v_device(const struct aw_v_sessions *s, const char *device)
{
    for (unsigned i = 0; device && i < s->n; i++)
        if (strcmp(s->list[i].device, device) == 0)
            return i + 1;
    return 0;
}

const char *aw_v_user_on(const struct aw_v_sessions *s, const char *device)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->list[i].here && strcmp(s->list[i].device, device) == 0)
            return s->list[i].user;
    return NULL;
}

static bool is_given(const struct aw_addresses *given, const char *device)
{
    bool any = !given || given->n_registration_ids == 0;

    for (unsigned i = 0; !any && i < given->n_registration_ids; i++)
        any = strcmp(given->registration_ids[i], device) == 0;
    return any;
}

/* Of the devices that a registration names, somebody else is logged in on each. */
static bool all_taken(const struct aw_v_sessions *s, const char *user,
                      const struct aw_addresses *given)
{
    for (unsigned i = 0; given && i < given->n_registration_ids; i++) {
        const char *who = aw_v_user_on(s, given->registration_ids[i]);
        if (!who || strcmp(who, user) == 0)
            return false;
    }
    return given && given->n_registration_ids > 0;
}

unsigned aw_v_whereabouts(const struct aw_v_sessions *s, const char *user,
                          const struct aw_addresses *given)
{
    bool known = false, taken = false;

    for (unsigned i = 0; i < s->n; i++) {
        const struct aw_v_session *e = &s->list[i];
        if (strcmp(e->user, user) != 0)
            continue;
        known = true;
        if (e->here && is_given(given, e->device))
            return 0;
        taken = taken || (!e->here && aw_v_user_on(s, e->device));
    }
    if (!known)
        return all_taken(s, user, given) ? AW_IS_TAKEN : 0;
    return AW_IS_ABSENT | (taken ? AW_IS_TAKEN : 0);
}

unsigned aw_v_devices(const struct aw_v_sessions *s, const char *user,
                      const struct aw_addresses *given, int64_t ret[AW_MAX_DEVICES])
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n && n < AW_MAX_DEVICES; i++) {
        const struct aw_v_session *e = &s->list[i];
        if (e->here && strcmp(e->user, user) == 0 && is_given(given, e->device))
            ret[n++] = aw_v_device(s, e->device);
    }
    return n;
}
