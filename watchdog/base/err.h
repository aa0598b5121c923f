/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes and error texts.
 *
 * A function that can fail returns 0 or a negative AW_E*, and puts a sentence for people into an
 * optional `struct aw_err`, always its last argument. On the way up a caller may prefix context
 * with aw_wrap(); whoever ends the journey (daemon/ or ctl/) logs it once. Outputs are named
 * ret_* and are untouched on failure. Nothing here allocates. Any thread.
 */
#ifndef AW_BASE_ERR_H
#define AW_BASE_ERR_H

enum aw_errno {
    AW_OK = 0,
    AW_EINVAL = -1,    /* the input is wrong */
    AW_ENOENT = -2,    /* no such object */
    AW_ELIMIT = -3,    /* a limit of ours was reached */
    AW_EIO = -4,       /* disk, socket or library failed */
    AW_ECONFLICT = -5, /* the object is in another state */
    AW_EBUSY = -6,     /* a queue is full, a lock is held: try later */
    AW_ECORRUPT = -7,  /* stored data contradicts itself */
    AW_EPERM = -8,     /* not allowed */
    AW_ETIMEDOUT = -9, /* a deadline passed */
    AW_ENOSPC = -10,   /* the disk is full */
    AW_EPROTO = -11,   /* the peer answered something we cannot read */
};

#define AW_ERR_MAX 512

struct aw_err {
    char text[AW_ERR_MAX]; /* UTF-8, no line end; cut when too long */
};

/* Writes the text (replacing what stood there; err may be NULL) and returns code. */
int aw_fail(struct aw_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that stands in err (err may be NULL) and returns code. */
int aw_wrap(struct aw_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The name of a code: "invalid", "not found", ... Never NULL. */
const char *aw_strerror(int code);

#endif
