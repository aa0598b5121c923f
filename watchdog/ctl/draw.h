/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands that draw or explain share: the formats of pictures.
 */
#ifndef AW_CTL_DRAW_H
#define AW_CTL_DRAW_H

#include "codec/picture.h"
#include "ctl/cmd.h"

extern const char *const aw_picture_formats[]; /* for the flag --format */

/* Draws in one of the formats; a text is as wide as the terminal. */
void aw_ctl_draw(const struct aw_out *o, const struct aw_picture *p, const char *format,
                 struct aw_buf *out);

#endif
