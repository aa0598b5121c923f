/* SPDX-License-Identifier: Apache-2.0
 *
 * Fixtures of the tests of chan/. fix_core is a queue under a mutex: dispatch's thread puts, the
 * test takes.
 */
#include "chan_fix.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/guard.h"
#include "base/mem.h"

#define SETTINGS 64
#define COMMANDS 8192

static const struct aw_range loopback = {.bits = 8, .net = {127}};

struct aw_channel *fix_channel(const char *provider, const char *const *pairs)
{
    struct aw_channel *c = aw_calloc(1, sizeof *c);
    struct aw_channel_setting *set = aw_calloc(SETTINGS, sizeof *set);
    c->name = "test";
    c->provider = aw_provider_find(provider);
    c->settings = set;
    c->timeout = 2000;
    c->allow = &loopback;
    c->n_allow = 1;
    for (; *pairs; pairs += 2)
        set[c->n_settings++] = (struct aw_channel_setting){pairs[0], pairs[1]};
    for (const struct aw_setting *s = c->provider->settings; s->key; s++)
        if (s->def && !aw_channel_get(c, s->key))
            set[c->n_settings++] = (struct aw_channel_setting){s->key, s->def};
    return c;
}

void fix_channel_free(struct aw_channel *c)
{
    aw_free((void *)c->settings);
    aw_free(c);
}

struct fix_core {
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct aw_cmd *commands[COMMANDS];
    unsigned in, out, refuse;
};

struct fix_core *fix_core_new(void)
{
    struct fix_core *core = aw_calloc(1, sizeof *core);
    pthread_mutex_init(&core->lock, NULL);
    pthread_cond_init(&core->some, NULL);
    return core;
}

void fix_core_free(struct fix_core *core)
{
    for (; core->out < core->in; core->out++)
        aw_cmd_free(core->commands[core->out]);
    pthread_mutex_destroy(&core->lock);
    pthread_cond_destroy(&core->some);
    aw_free(core);
}

static int put(void *ctx, struct aw_cmd *cmd, bool proof)
{
    struct fix_core *core = ctx;
    int r = AW_EBUSY;
    pthread_mutex_lock(&core->lock);
    if (core->refuse) {
        core->refuse--;
    } else if (proof && core->in < COMMANDS) {
        core->commands[core->in++] = cmd;
        r = AW_OK;
    }
    pthread_cond_signal(&core->some);
    pthread_mutex_unlock(&core->lock);
    return r;
}

struct aw_submit fix_core_submit(struct fix_core *core)
{
    return (struct aw_submit){.ctx = core, .put = put};
}

void fix_core_refuse(struct fix_core *core, unsigned n)
{
    pthread_mutex_lock(&core->lock);
    core->refuse = n;
    pthread_mutex_unlock(&core->lock);
}

struct aw_cmd *fix_core_take(struct fix_core *core, aw_ms ms)
{
    struct timespec until;
    struct aw_cmd *cmd = NULL;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&core->lock);
    while (core->out == core->in && pthread_cond_timedwait(&core->some, &core->lock, &until) == 0)
        ;
    if (core->out < core->in)
        cmd = core->commands[core->out++];
    pthread_mutex_unlock(&core->lock);
    return cmd;
}
