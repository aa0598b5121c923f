/* SPDX-License-Identifier: Apache-2.0
 *
 * What files of several nouns share: paths and timelines of messages, the table of channels,
 * reading a file or standard input.
 */
#ifndef AW_CTL_NOUNS_H
#define AW_CTL_NOUNS_H

#include "ctl/client.h"

/* Reads a file, or standard input for "-"; said on stderr, NULL. */
char *aw_ctl_read(const char *path, size_t max, size_t *ret_n);

/* "/v1/messages/ID" for msg_... or ext:...; NULL, said on stderr, when it is neither. aw_free. */
char *aw_message_path(const char *id);

/* The timelines of GET .../timeline in text: past solid, planned hollow. */
void aw_timelines_print(const struct aw_ctl *ctl, const json_t *answer);

/* A line for an entry of the log, {"seq", "entry"}. */
void aw_entry_print(const struct aw_out *o, const json_t *row);

/* The answer of GET /v1/status as lines for people. */
void aw_status_print(const struct aw_out *o, const json_t *status);

void aw_channels_print(const struct aw_ctl *ctl, const json_t *list);

#endif
