/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of the tables of core/provider.c: settings of channels, and the forms of templates.
 */
#ifndef AW_CONF_SETTING_H
#define AW_CONF_SETTING_H

#include "conf/schema.h"
#include "core/channel.h"

/* How many values a list of settings has at most: a map of pairs has several. */
unsigned aw_setting_room(const struct aw_setting *list);

/* Reads the value of a setting that is no secret into dst, which has room; returns how many values
 * it has, 0 with the problem in r->diag when it is refused. */
unsigned aw_setting_read(struct aw_reader *r, const struct aw_setting *s, const struct aw_yaml *v,
                         struct aw_channel_setting *dst);

#endif
