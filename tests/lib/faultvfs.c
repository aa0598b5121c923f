/* SPDX-License-Identifier: Apache-2.0
 *
 * Each file that is opened has a shadow: its bytes as of the last sync, and the writes since then
 * in order.
 */
#include "faultvfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#define MAX_FILES 16
#define SECTOR    512

struct change { /* a write, or with p NULL a truncation to `at` */
    sqlite3_int64 at;
    int n;
    uint8_t *p;
};

struct shadow {
    char path[256]; /* "": free */
    uint8_t *synced;
    size_t n_synced;
    struct change *changes;
    size_t n_changes;
};

struct file {
    sqlite3_file base;
    struct shadow *shadow; /* NULL: temporary */
    sqlite3_file *real;    /* stands behind this struct */
};

static sqlite3_vfs shim, *real_vfs;
static struct shadow shadows[MAX_FILES];
static struct {
    enum faultvfs_kind kind;
    unsigned left; /* 0: disarmed, or spent */
    bool sticky, hit;
} fault;

/* --- shadows -------------------------------------------------------------------------------- */

static void change_free(struct shadow *s)
{
    for (size_t i = 0; i < s->n_changes; i++)
        aw_free(s->changes[i].p);
    aw_free(s->changes);
    s->changes = NULL;
    s->n_changes = 0;
}

static void shadow_free(struct shadow *s)
{
    change_free(s);
    aw_free(s->synced);
    memset(s, 0, sizeof *s);
}

static struct shadow *shadow_of(const char *path)
{
    for (unsigned i = 0; i < MAX_FILES; i++)
        if (strcmp(shadows[i].path, path) == 0)
            return &shadows[i];
    return NULL;
}

/* A file that is opened anew; what it holds already is on the disk. */
static struct shadow *shadow_new(const char *path)
{
    struct shadow *s = shadow_of("");
    if (!s)
        abort();
    snprintf(s->path, sizeof s->path, "%s", path);
    if (access(path, F_OK) == 0 &&
        aw_file_read(path, 1u << 30, (char **)&s->synced, &s->n_synced, NULL))
        abort();
    return s;
}

static void shadow_change(struct shadow *s, sqlite3_int64 at, const void *p, int n)
{
    if (!s)
        return;
    s->changes = aw_realloc(s->changes, (s->n_changes + 1) * sizeof *s->changes);
    struct change *c = &s->changes[s->n_changes++];
    *c = (struct change){.at = at, .n = n, .p = p ? aw_malloc((size_t)n) : NULL};
    if (p)
        memcpy(c->p, p, (size_t)n);
}

static void carry_out(uint8_t **p, size_t *n, sqlite3_int64 at, const uint8_t *from, int n_from)
{
    size_t end = (size_t)at + (size_t)n_from;
    if (!from || end > *n) {
        *p = aw_realloc(*p, end + 1);
        if (end > *n)
            memset(*p + *n, 0, end - *n);
        *n = end;
    }
    if (from)
        memcpy(*p + at, from, (size_t)n_from);
}

static void shadow_sync(struct shadow *s)
{
    for (size_t i = 0; s && i < s->n_changes; i++)
        carry_out(&s->synced, &s->n_synced, s->changes[i].at, s->changes[i].p, s->changes[i].n);
    if (s)
        change_free(s);
}

/* --- faults --------------------------------------------------------------------------------- */

static int strike(enum faultvfs_kind kind)
{
    bool no_room = fault.kind == FAULTVFS_FULL || fault.kind == FAULTVFS_QUOTA;
    bool counts =
        fault.kind == kind || (no_room && kind == FAULTVFS_WRITE) || fault.kind == FAULTVFS_DEATH;
    if (!counts || !fault.left)
        return SQLITE_OK;
    if (fault.left > 1) {
        fault.left--;
        return SQLITE_OK;
    }
    if (!fault.sticky)
        fault.left = 0;
    fault.hit = true;
    if (fault.kind == FAULTVFS_FULL)
        return SQLITE_FULL;
    errno = fault.kind == FAULTVFS_QUOTA ? EDQUOT : EIO;
    return kind == FAULTVFS_SYNC ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
}

void faultvfs_arm(enum faultvfs_kind kind, unsigned at, bool sticky)
{
    fault.kind = kind;
    fault.left = at;
    fault.sticky = sticky;
    fault.hit = false;
}

void faultvfs_disarm(void)
{
    fault.left = 0;
}

bool faultvfs_hit(void)
{
    return fault.hit;
}

/* --- methods -------------------------------------------------------------------------------- */

#define REAL(f)              (((struct file *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__)

static int f_close(sqlite3_file *f)
{
    return CALL(f, xClose);
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return CALL(f, xRead, p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = strike(FAULTVFS_WRITE);
    if (rc)
        return rc;
    shadow_change(((struct file *)f)->shadow, at, p, n);
    return CALL(f, xWrite, p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = strike(FAULTVFS_WRITE);
    if (rc)
        return rc;
    shadow_change(((struct file *)f)->shadow, size, NULL, 0);
    return CALL(f, xTruncate, size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    int rc = strike(FAULTVFS_SYNC);
    (void)flags;
    if (rc)
        return rc;
    shadow_sync(((struct file *)f)->shadow);
    return SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return CALL(f, xFileSize, ret);
}

static int f_lock(sqlite3_file *f, int level)
{
    return CALL(f, xLock, level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return CALL(f, xUnlock, level);
}

static int f_check_lock(sqlite3_file *f, int *ret)
{
    return CALL(f, xCheckReservedLock, ret);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return CALL(f, xFileControl, op, arg);
}

static int f_sector(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int f_device(sqlite3_file *f)
{
    (void)f;
    return 0; /* promises nothing */
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return CALL(f, xShmMap, page, size, extend, ret);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return CALL(f, xShmLock, at, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    CALL(f, xShmBarrier);
}

static int f_shm_unmap(sqlite3_file *f, int remove)
{
    return CALL(f, xShmUnmap, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_check_lock,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *ret_flags)
{
    struct file *file = (struct file *)f;
    (void)vfs;
    file->real = (sqlite3_file *)(file + 1);
    file->shadow = path ? shadow_of(path) : NULL;
    if (path && !file->shadow)
        file->shadow = shadow_new(path);
    file->base.pMethods = NULL;
    int rc = real_vfs->xOpen(real_vfs, path, file->real, flags, ret_flags);
    if (rc == SQLITE_OK)
        file->base.pMethods = &methods;
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct shadow *s = shadow_of(path);
    (void)vfs;
    if (s)
        shadow_free(s);
    return real_vfs->xDelete(real_vfs, path, sync);
}

void faultvfs_register(void)
{
    if (real_vfs)
        return;
    real_vfs = sqlite3_vfs_find(NULL);
    shim = *real_vfs;
    shim.zName = FAULTVFS;
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    shim.xOpen = v_open;
    shim.xDelete = v_delete;
    sqlite3_vfs_register(&shim, 0);
}

void faultvfs_reset(void)
{
    for (unsigned i = 0; i < MAX_FILES; i++)
        shadow_free(&shadows[i]);
    faultvfs_disarm();
}

/* --- crashes -------------------------------------------------------------------------------- */

/* Whether sector `part` of change i reached the disk. */
static bool survives(unsigned seed, size_t i, int part)
{
    return seed && (seed == 1 || aw_mix(seed, i, (uint64_t)part) & 1);
}

static void image_one(const struct shadow *s, const char *to, unsigned seed)
{
    size_t n = s->n_synced;
    uint8_t *p = aw_malloc(n + 1);
    if (n)
        memcpy(p, s->synced, n);
    for (size_t i = 0; i < s->n_changes; i++) {
        const struct change *c = &s->changes[i];
        if (!c->p && survives(seed, i, 0))
            carry_out(&p, &n, c->at, NULL, 0);
        for (int at = 0; c->p && at < c->n; at += SECTOR)
            if (survives(seed, i, at))
                carry_out(&p, &n, c->at + at, c->p + at, c->n - at < SECTOR ? c->n - at : SECTOR);
    }
    FILE *f = fopen(to, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f))
        abort();
    aw_free(p);
}

void faultvfs_image(const char *path, const char *to, unsigned seed)
{
    static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
    char from[300], dest[300];
    struct shadow *s;
    for (unsigned i = 0; i < AW_COUNT(suffixes); i++) {
        snprintf(from, sizeof from, "%s%s", path, suffixes[i]);
        snprintf(dest, sizeof dest, "%s%s", to, suffixes[i]);
        unlink(dest);
        if ((s = shadow_of(dest)) != NULL)
            shadow_free(s);
        if ((s = shadow_of(from)) != NULL)
            image_one(s, dest, seed);
    }
}
