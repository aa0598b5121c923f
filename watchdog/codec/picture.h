/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan, or what became of one, as a picture: rows on one time axis, drawn to scale. Builders make
 * the value (picture_rule.c from a rule, picture_message.c from the answer of GET .../timeline),
 * renderers draw it (picture_svg.c, picture_text.c, picture_mermaid.c); none knows the others.
 *
 * All times in a picture count from its zero, in ms. Texts are clean (aw_pic_dup); renderers
 * escape. A picture is bounded (AW_PIC_ROWS, AW_PIC_ITEMS): what is left out is counted and said.
 * Pure; a value belongs to one thread.
 */
#ifndef AW_CODEC_PICTURE_H
#define AW_CODEC_PICTURE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/time.h"
#include "codec/words.h"
#include "core/rule.h"
#include "core/virtual.h"

enum {
    AW_PIC_ROWS = 70, /* a plan can address 64 targets besides the recipient */
    AW_PIC_ITEMS = 1000,
    AW_PIC_SPANS = 64,
    AW_PIC_ROUNDS = 65535,
};
#define AW_PIC_BYTES ((size_t)4 << 20) /* of a drawing */

/* What stands on a row. No meaning is carried by colour alone: each has a shape of its own. */
enum aw_pic_mark {
    AW_PIC_SENT,
    AW_PIC_FAILED,
    AW_PIC_SKIPPED,
    AW_PIC_PROOF,     /* a rung was reached */
    AW_PIC_CONFIRMED, /* the end that was wanted */
    AW_PIC_ENDED,     /* another end */
    AW_PIC_ACT,       /* a person did something, or something moved the plan */
    AW_PIC_PLANNED,
    AW_PIC_DEADLINE,
    AW_PIC_N_MARKS
};

struct aw_pic_item {
    aw_ms at;
    aw_ms every; /* rounds after the first one stand at intervals of this */
    unsigned rounds;
    enum aw_pic_mark mark;
    char *text;
};

struct aw_pic_row {
    char *name;
    aw_ms past, end; /* the line: solid up to `past`, dashed from there to `end` */
    struct aw_pic_item *items;
    unsigned n, cap;
    unsigned left_out;
};

struct aw_pic_span { /* nothing goes out in [from, to) */
    aw_ms from, to;
    int row; /* -1: all */
    char *text;
};

struct aw_picture {
    enum aw_lang lang;
    char *title, *note;
    aw_time zero;   /* 0: a plan without a date */
    aw_ms now;      /* -1: no such line */
    aw_ms deadline; /* -1: none is drawn */
    struct aw_pic_row rows[AW_PIC_ROWS];
    struct aw_pic_span spans[AW_PIC_SPANS];
    unsigned n_rows, n_spans;
    unsigned left_out; /* rows */
};

void aw_picture_init(struct aw_picture *p, enum aw_lang lang);
void aw_picture_free(struct aw_picture *p);

/* --- building (picture.c) -------------------------------------------------------------------- */

/* A text as pictures have it: without control characters, whole in UTF-8, at most 512 bytes; what
 * the other functions here are given goes through it. aw_free. */
char *aw_pic_dup(const char *text);
/* The row of that name, made when there is none; -1: there are too many. */
int aw_pic_row(struct aw_picture *p, const char *name);
/* A further row, even when another has the name. */
int aw_pic_row_add(struct aw_picture *p, const char *name);
/* Returns the item to be changed further, valid until the next; NULL: no room, or row is -1. */
struct aw_pic_item *aw_pic_add(struct aw_picture *p, int row, aw_ms at, enum aw_pic_mark mark,
                               const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The item has further rounds; its text says so. */
void aw_pic_repeat(const struct aw_picture *p, struct aw_pic_item *it, aw_ms every,
                   unsigned rounds);
void aw_pic_span(struct aw_picture *p, int row, aw_ms from, aw_ms to, const char *text);
/* Items in order of time, at one instant as they were added; the last thing that builders do. */
void aw_pic_sort(struct aw_picture *p);

/* What a rule would do if nobody ever answered, as it stands in the file. */
void aw_picture_rule(struct aw_picture *p, const struct aw_rule *rule);
/* What it would do from a certain instant on: the lines of a virtual run (core/virtual.h). */
void aw_picture_run_open(struct aw_picture *p, const struct aw_rule *rule, aw_time at);
int aw_picture_run_line(struct aw_picture *p, const struct aw_rule *rule,
                        const struct aw_virtual_line *l);
void aw_picture_run_close(struct aw_picture *p, const struct aw_rule *rule);
/* Past and planned timelines of a message: the answer of GET /v1/messages/{id}/timeline; title of
 * the message, may be NULL. AW_EINVAL: that is not such an answer. */
int aw_picture_message(struct aw_picture *p, const json_t *answer, const char *title);

/* --- drawing --------------------------------------------------------------------------------- */

struct aw_pic_text {
    unsigned width; /* columns, at least 40 */
    bool utf8;
};

/* A whole document: no scripts, nothing from elsewhere, light and dark. */
void aw_picture_svg(const struct aw_picture *p, struct aw_buf *out);
void aw_picture_text(const struct aw_picture *p, const struct aw_pic_text *how, struct aw_buf *out);
/* A gantt diagram. */
void aw_picture_mermaid(const struct aw_picture *p, struct aw_buf *out);

/* --- what renderers share (picture.c) --------------------------------------------------------- */

/* Last instant of the picture, at least 1. */
aw_ms aw_pic_length(const struct aw_picture *p);
/* "1h30m", "1.5s" is "1s500ms"; at most the two largest units that are there. */
void aw_pic_when(char dst[AW_TIME_TEXT], aw_ms at);
/* The picture as sentences, for those who cannot see it. */
void aw_pic_describe(const struct aw_picture *p, struct aw_buf *out);
const char *aw_pic_mark_word(enum aw_lang lang, enum aw_pic_mark m);

/* Labels hang from their instants like flags, to the right, each in a lane below the line. */
struct aw_pic_flag {
    int x, w;      /* in the units of the drawing; sorted by x */
    unsigned lane; /* the answer */
};
/* Chooses lanes so that no label covers another one or the staff of another; returns how many there
 * are. Flags with w 0 have no label and take no lane. */
unsigned aw_pic_lanes(struct aw_pic_flag *f, unsigned n);

/* The units that one ms gets of so much room: as many as leave room for the labels, of that width
 * each and an indent, but no less than half of what there is. */
double aw_pic_scale(const struct aw_picture *p, double room, double (*width)(const char *text),
                    double indent);

#endif
