/* SPDX-License-Identifier: Apache-2.0
 *
 * What providers tell us, made fit for the log: one clean line that names neither the recipient
 * nor a secret. Any thread.
 */
#ifndef AW_CHAN_DETAIL_H
#define AW_CHAN_DETAIL_H

#include <stddef.h>

#include "core/channel.h"

#define AW_DETAIL_MAX 200 /* bytes of a detail text */

/* One line of valid UTF-8 without control bytes, at most AW_DETAIL_MAX bytes. */
void aw_detail_clean(char dst[AW_DETAIL_MAX + 1], const char *text, size_t n);

/* The same, with the addresses of the recipient and the secrets of the channel masked. */
void aw_detail(char dst[AW_DETAIL_MAX + 1], const struct aw_send *s, const char *text, size_t n);

#endif
