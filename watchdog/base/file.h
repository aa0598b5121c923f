/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing small files whole. Errors name the path and the cause.
 */
#ifndef AW_BASE_FILE_H
#define AW_BASE_FILE_H

#include <stddef.h>

#include "base/err.h"

/* The bytes, NUL-terminated (aw_free), at most max; AW_ENOENT, AW_ELIMIT, AW_EIO. */
int aw_file_read(const char *path, size_t max, char **ret, size_t *ret_n, struct aw_err *err);
/* The same for files that decide what we do: refused when everybody may write to them (AW_EPERM).
 */
int aw_file_read_closed(const char *path, size_t max, char **ret, size_t *ret_n,
                        struct aw_err *err);

/* Creates a file with these bytes, flushed to the disk; AW_ECONFLICT when there is one. */
int aw_file_create(const char *path, const char *text, size_t n, unsigned mode, struct aw_err *err);
/* Replaces a file, or creates it (mode 0666 less the umask): afterwards either the old or the new
 * bytes stand there, whatever is cut off, under the mode of the old ones. */
int aw_file_replace(const char *path, const char *text, size_t n, struct aw_err *err);
/* Flushes a directory, so that names that were made or moved in it last. */
int aw_dir_sync(const char *path, struct aw_err *err);

#endif
