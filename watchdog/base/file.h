/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading small files whole, with a limit. Errors name the path and the cause.
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

#endif
