/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics: what, where, why, how to fix; all problems of a run, at most 100. Each has a place
 * (file:line:col, code points), a stable code, a text, a hint. The caret under the quoted line is
 * placed by display width. Codes and their pages: diag_codes.c (`ackwatch help E104`).
 */
#ifndef AW_CONF_DIAG_H
#define AW_CONF_DIAG_H

#include "base/buf.h"
#include "codec/yaml.h"

#define AW_DIAG_MAX 100

struct aw_diag_item {
    const char *file;        /* name as given, owned by the list */
    struct aw_yaml_place at; /* line 0: the problem concerns the whole file */
    unsigned width;          /* code points to underline, at least 1 */
    const char *code;
    bool warning;
    char text[256];
    char hint[256]; /* "did you mean "sms"?", or "" */
    char *line;     /* the source line, cut to what a terminal shows; NULL if none */
    unsigned caret; /* code points of `line` before the underline */
    unsigned utf16; /* column in UTF-16 units */
    unsigned first; /* an earlier line in which the trouble begins, or 0 */
    char *first_line;
};

/* Comments that allow warnings (conf/allow.h): those that did, so that idle ones are found. */
enum { AW_DIAG_ALLOWED = 256 };
struct aw_diag_allowed {
    const char *text; /* of the file, to know it by */
    unsigned line;    /* of the comment */
};

struct aw_diag {
    struct aw_diag_item *items;
    unsigned n;        /* kept */
    unsigned n_errors; /* all errors, kept or not */
    unsigned dropped;  /* problems beyond AW_DIAG_MAX */
    enum aw_lang lang; /* of texts and hints; set it after aw_diag_init */
    struct aw_diag_allowed allowed[AW_DIAG_ALLOWED];
    unsigned n_allowed;     /* warnings that a comment allowed, kept in `allowed` or not */
    struct aw_diag_cursor { /* of find_line */
        const char *text, *at;
        unsigned line;
    } cursor;
};

void aw_diag_init(struct aw_diag *d);
void aw_diag_free(struct aw_diag *d);

/* A file being read: name and bytes, to quote lines from. text may be NULL. */
struct aw_source_file {
    const char *name;
    const char *text;
    size_t n;
};

/* Texts and hints are English in the source; they are translated here, their arguments before.
 * The same code at the same place is kept once: a bad default does not repeat for each rule. */
void aw_diag_error(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at,
                   unsigned width, const char *code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
void aw_diag_warn(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at,
                  unsigned width, const char *code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/* A line of the file, without its end; cheap when lines are asked for in order. */
struct aw_str aw_diag_line(struct aw_diag *d, const struct aw_source_file *f, unsigned line);

/* What the YAML reader refused. */
void aw_diag_yaml(struct aw_diag *d, const struct aw_source_file *f, const struct aw_yaml_error *e);

/* E100 for a file that aw_file_read could not read; the path is not said twice. */
void aw_diag_unread(struct aw_diag *d, const char *path, const struct aw_err *err);

/* Sorted by file and place: text with quoted lines and caret; a JSON array; workflow commands of
 * GitHub, one a line. */
void aw_diag_print(const struct aw_diag *d, struct aw_buf *out);
void aw_diag_json(const struct aw_diag *d, struct aw_buf *out);
void aw_diag_github(const struct aw_diag *d, struct aw_buf *out);

/* The page of a code: a paragraph with an example and the way out; NULL if unknown. */
const char *aw_diag_page(enum aw_lang lang, const char *code);
/* The codes by index; NULL beyond the last. */
const char *aw_diag_code(unsigned i);

#endif
