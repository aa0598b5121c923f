/* SPDX-License-Identifier: Apache-2.0
 *
 * What `ackwatch` prints: a table on a terminal, tab-separated lines in a pipe, JSON when asked.
 *
 * Colour is used on a terminal only and never carries meaning alone. Text that came from elsewhere
 * is cleaned of control characters on its way to the terminal. One thread; a struct aw_out owns
 * nothing, a table owns its cells.
 */
#ifndef AW_CTL_OUT_H
#define AW_CTL_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/time.h"

enum aw_style { AW_PLAIN, AW_BOLD, AW_DIM, AW_GOOD, AW_WARN, AW_BAD };

struct aw_out {
    FILE *f;
    bool tty; /* f is a terminal */
    bool colour;
    bool utf8;      /* the locale takes marks beyond ASCII */
    bool json;      /* --json */
    bool reveal;    /* --reveal: addresses in full */
    unsigned width; /* columns of the terminal; 0 when piped */
};

/* colour: "auto", "always", "never" or NULL for auto. */
void aw_out_init(struct aw_out *o, FILE *f, const char *colour);

/* Escape sequence that begins a style, and the one that ends it; "" without colour. */
const char *aw_out_on(const struct aw_out *o, enum aw_style style);
const char *aw_out_off(const struct aw_out *o, enum aw_style style);

/* Marks that go with states: ● ▲ ✖ ✔ ○, or * ! x + o where the locale is not UTF-8. */
enum aw_mark { AW_MARK_DOT, AW_MARK_WARN, AW_MARK_BAD, AW_MARK_GOOD, AW_MARK_HOLLOW };
const char *aw_out_mark(const struct aw_out *o, enum aw_mark m);

/* Adds text without control characters (they become '?', tabs and line ends blanks). */
void aw_out_clean(struct aw_buf *dst, const char *text);

/* Local "2026-11-22 10:05:41" on a terminal, RFC 3339 UTC when piped; "-" for 0. */
const char *aw_out_time(const struct aw_out *o, char dst[AW_TIME_TEXT], aw_time t);
/* The same for a text of the API; NULL gives "-". */
const char *aw_out_when(const struct aw_out *o, char dst[AW_TIME_TEXT], const char *rfc3339);

/* One JSON value and a line end: indented on a terminal, compact when piped. */
void aw_out_json(const struct aw_out *o, const json_t *v);

/* --- tables ---------------------------------------------------------------------------------- */

struct aw_table {
    const char *const *heads; /* NULL-terminated; in capitals */
    unsigned n_cols;
    struct aw_cell {
        char *text;
        enum aw_style style;
    } * cells;
    unsigned n_cells, cap;
};

void aw_table_init(struct aw_table *t, const char *const *heads);
void aw_table_free(struct aw_table *t);
/* Cells in reading order; NULL shows "-". */
void aw_table_add(struct aw_table *t, enum aw_style style, const char *text);
void aw_table_addf(struct aw_table *t, enum aw_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Piped: lines of tab-separated cells without heads. Terminal: aligned by display width, the last
 * column cut at the terminal's edge. */
void aw_table_print(const struct aw_table *t, const struct aw_out *o);

#endif
