/* SPDX-License-Identifier: Apache-2.0
 *
 * Every file that people write is described by tables: a *shape* is a map with its keys, a *key*
 * has a type, limits, a default, a sentence of help, and the place in a C struct where its value
 * goes. One walker (aw_schema_map) checks a YAML map against its shape and fills the struct; the
 * same tables are walked to print the reference, and will give JSON Schema and the manual.
 *
 *   shape -> keys -> (type, limits, words, default, help, child shape) -> offset in a C struct
 *
 * A key without `read` is read by the reader of its type; one with `read` fills what needs more
 * than a type (its type still tells the documents what it looks like). Texts land in the arena.
 * Problems go to the reader's list and reading goes on, so that one run finds them all; the
 * caller compares diag->n_errors before and after.
 */
#ifndef AW_CONF_SCHEMA_H
#define AW_CONF_SCHEMA_H

#include "conf/arena.h"
#include "base/time.h"
#include "conf/diag.h"

/* Bytes of a file, of any kind. */
#define AW_CONF_FILE_MAX ((size_t)1 << 20)

enum aw_key_type {                /* C type at the offset */
                   AW_KEY_TEXT,   /* const char *, one line, min to max bytes */
                   AW_KEY_NAME,   /* const char *, a name of the rule language */
                   AW_KEY_PATH,   /* const char *, made relative to the file's directory */
                   AW_KEY_URL,    /* const char *, http or https */
                   AW_KEY_WORD,   /* unsigned or enum: min + place in `words` */
                   AW_KEY_WORDS,  /* one or a list: unsigned array of at most max, each once */
                   AW_KEY_NAMES,  /* one or a list: const char * array of at most max, each once */
                   AW_KEY_NUMBER, /* unsigned, min to max */
                   AW_KEY_FACTOR, /* unsigned: hundredths, min to max */
                   AW_KEY_BOOL,   /* bool */
                   AW_KEY_DURATION, /* aw_ms, min to max */
                   AW_KEY_TIME,     /* aw_time, RFC 3339 */
                   AW_KEY_MAP,      /* the child's struct itself */
                   AW_KEY_LIST,     /* pointer to child structs, 1 to max */
                   AW_KEY_NAMED,    /* likewise; a map of names, each of which lands in name_at */
                   AW_KEY_OTHER,    /* by `read` alone */
};

enum {
    AW_KEY_REQUIRED = 1,
    AW_KEY_OWN_ONLY = 2, /* never taken from `defaults` */
    AW_KEY_STRICT = 4,   /* required, unless the reader is lenient */
};

struct aw_reader {
    const struct aw_source_file *file;
    struct aw_diag *diag;
    struct aw_arena *arena;
    bool lenient;    /* AW_ENV_LENIENT */
    const char *dir; /* what relative paths are relative to; NULL: the working directory */
    void *ctx;       /* of the file's own readers */
    const struct aw_shape *root; /* of the file; set by the first map read */
};

struct aw_key;
typedef void aw_key_read(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base);

struct aw_key {
    const char *key;
    enum aw_key_type type;
    unsigned flags;
    size_t at;   /* offset of the value */
    size_t n_at; /* offset of the count (unsigned), for lists */
    int64_t min, max;
    const char *const *words; /* ends with NULL */
    const char *def;          /* as it would stand in the file; NULL: none */
    const struct aw_shape *child;
    aw_key_read *read;
    const char *help; /* one line, no full stop */
};

struct aw_shape {
    const char *what;                     /* "a step" */
    const struct aw_key *keys;            /* ends with key NULL */
    size_t size;                          /* of the C struct */
    size_t name_at;                       /* AW_KEY_NAMED: offset of the name */
    bool (*valid_name)(const char *name); /* NULL: a name of the rule language */
    bool open;                            /* further keys are the business of `check` */
    /* Looks at the whole map once its keys are read; may be NULL. */
    void (*check)(struct aw_reader *r, const struct aw_yaml *map, const struct aw_yaml *fallback,
                  void *base);
};

/* The described files, for the documents. */
extern const struct aw_shape aw_shape_rules, aw_shape_env, aw_shape_template, aw_shape_tests;

/* Parses the file's text and returns its root, or NULL with the reason in diag; *ret_doc owns it,
 * and stays untouched on failure. */
const struct aw_yaml *aw_schema_parse(const struct aw_source_file *f, struct aw_yaml_doc **ret_doc,
                                      struct aw_diag *diag);

/* Reads map into base (zeroed by the caller). Keys that are absent are taken from fallback
 * (`defaults`), then from the table. */
void aw_schema_map(struct aw_reader *r, const struct aw_shape *s, const struct aw_yaml *map,
                   const struct aw_yaml *fallback, void *base);
/* Reads the keys that are there, as in `defaults`: nothing is required, filled in or compared. */
void aw_schema_members(struct aw_reader *r, const struct aw_shape *s, const struct aw_yaml *map,
                       void *base);
/* Reads one value by its key's type, `read` aside. */
void aw_schema_value(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                     void *base);
/* An item by its index, NULL beyond the last; a scalar is a list of itself. */
const struct aw_yaml *aw_schema_item(const struct aw_yaml *v, unsigned i);
unsigned aw_schema_items(const struct aw_yaml *v);

/* Checks for readers: each reports its problem and returns NULL or false. */
const char *aw_schema_scalar(struct aw_reader *r, const struct aw_yaml *v, const char *wanted);
bool aw_schema_is_map(struct aw_reader *r, const struct aw_yaml *v, const char *what);
bool aw_schema_duration(struct aw_reader *r, const struct aw_yaml *v, aw_ms min, aw_ms max,
                        aw_ms *ret);
bool aw_schema_number(struct aw_reader *r, const struct aw_yaml *v, int64_t min, int64_t max,
                      int64_t *ret);
/* The place of a word in a list, or -1. what: "kind". */
int aw_schema_word(struct aw_reader *r, const struct aw_yaml *v, const char *const *words,
                   const char *what);
bool aw_schema_name(struct aw_reader *r, const struct aw_yaml *v);
/* A text of at most max bytes without control characters (multiline: but line ends). */
const char *aw_schema_text(struct aw_reader *r, const struct aw_yaml *v, size_t min, size_t max,
                           bool multiline);
const char *aw_schema_path(struct aw_reader *r, const char *path);
const char *aw_schema_url(struct aw_reader *r, const struct aw_yaml *v);

/* Problems at a value (underlined whole) and at a member's key. */
void aw_schema_error(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                     const char *hint, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void aw_schema_key_error(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                         const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void aw_schema_warn(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                    const char *hint, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void aw_schema_key_warn(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                        const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* A text in the language of the diagnostics; formats and hints above are translated there. */
__attribute__((format_arg(2))) static inline const char *aw_schema_t(const struct aw_reader *r,
                                                                     const char *text)
{
    return aw_t(r->diag->lang, text);
}
/* `did you mean "x"? valid: a, b, c` */
void aw_schema_suggest(const struct aw_reader *r, char hint[256], const char *word,
                       const char *const *words);

/* One line per built key: path, what may stand there, default, help. */
void aw_schema_reference(const struct aw_shape *s, const char *prefix, struct aw_buf *out);

#endif
