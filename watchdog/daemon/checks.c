/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "codec/jsonw.h"

#define LATE        (30 * AW_SECOND) /* the oldest due step may be so late before we are not ready */
#define TURN_MOST   (15 * AW_SECOND) /* a turn is made each second, whatever happens */
#define COMMIT_MOST (5 * AW_SECOND)
#define COMMIT_SLOW 1000000 /* microseconds */
#define STEP_RECENT (10 * AW_MINUTE)
#define MIB         ((uint64_t)1 << 20)
#define ROOM_LEAST  (64 * MIB)
#define WAL_MOST    (256 * MIB)

struct verdict {
    enum aw_health health;
    char text[200];
};

static struct verdict verdict(enum aw_health h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static struct verdict verdict(enum aw_health h, const char *fmt, ...)
{
    struct verdict v = {.health = h};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(v.text, sizeof(v.text), fmt, ap);
    va_end(ap);
    return v;
}

aw_ms aw_checks_lag(const struct aw_status_source *s)
{
    aw_time due = s->stats->oldest_due, now = aw_clock_wall(s->clock);

    return due && due < now ? now - due : 0;
}

/* --- one by one ------------------------------------------------------------------------------- */

static struct verdict check_core(const struct aw_status_source *s)
{
    aw_boot at = s->stats->turned_at, since = aw_clock_boot() - at;

    if (at && !s->clock->stepped && since > TURN_MOST) /* a stepped one sleeps for long */
        return verdict(AW_HEALTH_FAIL, "the core loop has not come round for %llds",
                       (long long)(since / AW_SECOND));
    return verdict(AW_HEALTH_OK, "%ld turns", s->stats->turns);
}

static struct verdict check_commit(const struct aw_status_source *s)
{
    aw_boot since = s->stats->commit_since;
    int64_t last = s->stats->commit_last;

    if (since && aw_clock_boot() - since > COMMIT_MOST)
        return verdict(AW_HEALTH_FAIL, "a commit has waited for the disk for %llds",
                       (long long)((aw_clock_boot() - since) / AW_SECOND));
    if (last > COMMIT_SLOW)
        return verdict(AW_HEALTH_WARN, "the last commit took %.1fs: the disk is slow",
                       (double)last / 1000000);
    return verdict(AW_HEALTH_OK, "the last commit took %.1fms", (double)last / 1000);
}

static struct verdict check_due(const struct aw_status_source *s)
{
    aw_ms lag = aw_checks_lag(s);

    if (lag > LATE)
        return verdict(AW_HEALTH_FAIL, "the oldest due step is more than 30s late");
    return verdict(AW_HEALTH_OK, "%lldms late", (long long)lag);
}

static struct verdict check_rules(const struct aw_status_source *s)
{
    if (s->stats->last_good_rules)
        return verdict(AW_HEALTH_FAIL, "the rules directory is broken: the last good set goes on");
    if (s->stats->reload_refused)
        return verdict(AW_HEALTH_WARN, "the last reload was refused: the files are not what runs");
    return verdict(AW_HEALTH_OK, "what is on disk is what runs");
}

static struct verdict check_channels(const struct aw_status_source *s)
{
    const struct aw_stats *st = s->stats;

    for (unsigned i = 0; i < st->n_channels; i++) {
        const struct aw_channel_stats *c = &st->channels[i];

        if (c->stopped)
            return verdict(AW_HEALTH_WARN,
                           "channel %s is stopped: its provider refuses our credentials", c->name);
        if (c->paused)
            return verdict(AW_HEALTH_WARN, "channel %s is paused", c->name);
        if (c->breaker)
            return verdict(AW_HEALTH_WARN, "channel %s does not work", c->name);
        if (c->silent)
            return verdict(AW_HEALTH_WARN, "channel %s sends no receipts any more", c->name);
    }
    return verdict(AW_HEALTH_OK, "%u in use", (unsigned)st->n_channels);
}

static struct verdict check_disk(const struct aw_status_source *s)
{
    struct statvfs v;

    if (s->stats->disk_full)
        return verdict(AW_HEALTH_FAIL, "the disk is full: registrations are refused");
    if (!s->store || statvfs(s->store, &v) < 0)
        return verdict(AW_HEALTH_OK, "not full");
    uint64_t room = (uint64_t)v.f_bavail * v.f_frsize;

    if (room < ROOM_LEAST && room < (uint64_t)v.f_blocks * v.f_frsize / 10)
        return verdict(AW_HEALTH_WARN, "only %llu MiB are left for the store",
                       (unsigned long long)(room / MIB));
    return verdict(AW_HEALTH_OK, "%llu MiB left", (unsigned long long)(room / MIB));
}

/* A reader that never ends keeps the WAL from being cut. */
static struct verdict check_store(const struct aw_status_source *s)
{
    struct aw_buf wal = AW_BUF_INIT(8192);
    struct stat st = {0};

    aw_buf_printf(&wal, "%s-wal", s->store ? s->store : "");
    if (stat(aw_buf_str(&wal), &st) < 0)
        st.st_size = 0;
    aw_buf_free(&wal);
    return verdict((uint64_t)st.st_size > WAL_MOST ? AW_HEALTH_WARN : AW_HEALTH_OK,
                   "the WAL has %llu MiB%s", (unsigned long long)st.st_size / MIB,
                   (uint64_t)st.st_size > WAL_MOST ? ": does a reader never end?" : "");
}

static struct verdict check_clock(const struct aw_status_source *s)
{
    aw_time at = s->stats->step_at, now = aw_clock_wall(s->clock);
    aw_ms by = s->stats->step_by;

    if (at && now >= at && now - at < STEP_RECENT)
        return verdict(AW_HEALTH_WARN, "the clock was set %s by %.1fs", by < 0 ? "back" : "forward",
                       (double)(by < 0 ? -by : by) / 1000);
    return verdict(AW_HEALTH_OK, "set %ld times since the start", s->stats->steps);
}

/* --- all -------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct verdict (*check)(const struct aw_status_source *s);
} checks[] = {
    {"core", check_core},         {"commit", check_commit}, {"store", check_store},
    {"disk", check_disk},         {"due", check_due},       {"rules", check_rules},
    {"channels", check_channels}, {"clock", check_clock},
};

enum aw_health aw_checks(const struct aw_status_source *s, struct aw_buf *problems,
                         struct aw_buf *list)
{
    static const char *const names[] = {"ok", "warn", "fail"};
    struct aw_buf unused[2] = {AW_BUF_INIT(8192), AW_BUF_INIT(8192)};
    enum aw_health worst = AW_HEALTH_OK;
    struct aw_jsonw p, l;

    aw_jw_init(&p, problems ? problems : &unused[0]);
    aw_jw_init(&l, list ? list : &unused[1]);
    aw_jw_array(&p, NULL);
    aw_jw_array(&l, NULL);
    for (size_t i = 0; i < AW_COUNT(checks); i++) {
        struct verdict v = checks[i].check(s);

        worst = v.health > worst ? v.health : worst;
        if (v.health != AW_HEALTH_OK)
            aw_jw_str(&p, NULL, v.text);
        aw_jw_object(&l, NULL);
        aw_jw_str(&l, "check", checks[i].name);
        aw_jw_str(&l, "state", names[v.health]);
        aw_jw_str(&l, "text", v.text);
        aw_jw_end(&l, '}');
    }
    aw_jw_end(&p, ']');
    aw_jw_end(&l, ']');
    aw_buf_free(&unused[0]);
    aw_buf_free(&unused[1]);
    return worst;
}
