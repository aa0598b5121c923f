/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside codec/: a JSON object to a struct by a table of fields. One row says name, type, length,
 * check and the words for people; unknown and missing members, wrong types and lengths are refused
 * here, with a JSON Pointer, once for all bodies of the API. Texts in the result point into the
 * JSON value or into `texts`.
 */
#ifndef AW_CODEC_FIELDS_H
#define AW_CODEC_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/tz.h"
#include "codec/request.h"

struct aw_take {
    struct aw_fault *fault;
    json_t *texts; /* owns the texts of scalars that were no texts */
    aw_time now;
    size_t n_pointer; /* in use of fault->pointer */
};

enum aw_field_flag {
    AW_F_REQUIRED = 1,
    AW_F_MULTILINE = 2, /* LF, CR and TAB pass */
    AW_F_EMPTY = 4,     /* may be "" */
};

#define AW_FIELDS_MAX 24

struct aw_field {
    const char *name;
    /* Fills the member at `dst`; 0 or what aw_take_refuse returned. */
    int (*take)(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);
    size_t offset; /* of the member in the struct */
    unsigned flags;
    size_t max;                   /* bytes of a text, items of a list */
    bool (*valid)(const char *s); /* of texts, may be NULL */
    const char *want;             /* "a phone number such as +8613812345678" */
};

/* Writes problem and detail; the pointer is the place reached. Returns AW_EINVAL. */
int aw_take_refuse(struct aw_take *t, enum aw_problem p, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One step down; give the result to aw_take_up. */
size_t aw_take_down(struct aw_take *t, const char *member);
size_t aw_take_item(struct aw_take *t, size_t index);
void aw_take_up(struct aw_take *t, size_t mark);

/* fields end with a row without a name. */
int aw_take_object(struct aw_take *t, const struct aw_field *fields, json_t *object, void *dst);

/* Rows' functions: const char *; aw_time; char[max + 1]; const char * of a text or a u64. */
int aw_take_text(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);
int aw_take_time(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);
int aw_take_copy(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);
int aw_take_number_text(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);

/* A scalar as text, kept in t->texts if need be; NULL for null, lists and objects. */
const char *aw_take_scalar(struct aw_take *t, json_t *v);

/* Parses a body and takes the object. *ret_root is the caller's, also NULL on failure. */
int aw_take_body(struct aw_take *t, const char *p, size_t n, size_t max,
                 const struct aw_field *fields, void *dst, json_t **ret_root);

/* Into struct aw_addresses. */
int aw_take_registration_ids(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst);

/* clang-format off */
/* Rows for the addresses that recipients and contacts share; AT is the offset of the struct
 * aw_addresses in what is filled. */
#define AW_ADDRESS(AT, MEMBER) ((AT) + offsetof(struct aw_addresses, MEMBER))
#define AW_ADDRESS_ROWS(AT)                                                                        \
    {"alias", aw_take_text, AW_ADDRESS(AT, alias), 0, 128, NULL, "an alias"},                      \
    {"registration_ids", aw_take_registration_ids, AT, 0, AW_MAX_REGISTRATION_IDS, NULL,           \
     "a list of registration ids"},                                                                \
    {"phone", aw_take_text, AW_ADDRESS(AT, phone), 0, 16, aw_valid_phone,                          \
     "a phone number such as +8613812345678"},                                                     \
    {"email", aw_take_text, AW_ADDRESS(AT, email), 0, 320, aw_valid_email,                         \
     "a mail address such as li@example.com"},                                                     \
    {"lang", aw_take_text, AW_ADDRESS(AT, lang), 0, 35, aw_valid_lang,                             \
     "a language such as zh-CN"},                                                                  \
    {"tz", aw_take_text, AW_ADDRESS(AT, tz), 0, 64, aw_zone_name_valid, "a zone such as Asia/Shanghai"}
/* clang-format on */

#endif
