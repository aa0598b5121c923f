/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries to bytes and back. One table of members drives both directions, so that what is written
 * can always be read; its order is the order of the members in the bytes. Lists of persons and
 * their commitments are the only members with a shape of their own.
 */
#include "audit/entry.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "codec/jsonw.h"

enum type {
    T_SEQ,    /* int64_t, absent when negative */
    T_INDEX,  /* int, absent when negative */
    T_INT,    /* int, absent when 0 */
    T_NUMBER, /* int64_t, absent when 0 */
    T_TIME,   /* absent when 0 */
    T_KIND,   /* enum aw_entry_kind */
    T_ID,     /* shown with prefix, absent when 0 */
    T_TEXT,   /* absent when NULL */
    T_BOOL,   /* absent when false */
    T_HASH,   /* 32 bytes, absent when NULL */
};

struct member {
    const char *name;
    enum type type;
    size_t offset;
    const char *prefix; /* of ids */
};

#define M(field, type)                                                                             \
    {                                                                                              \
#field, type, offsetof(struct aw_entry, field), NULL                                       \
    }
#define M_ID(field, prefix)                                                                        \
    {                                                                                              \
#field, T_ID, offsetof(struct aw_entry, field), prefix                                     \
    }

static const struct member members[] = {
    M(seq, T_SEQ),
    M(ts, T_TIME),
    M(kind, T_KIND),
    M_ID(msg, "msg_"),
    M(n, T_INDEX),
    M(prev, T_SEQ),
    M(actor, T_TEXT),
    M(step, T_TEXT),
    M(step_index, T_INDEX),
    {"do", T_TEXT, offsetof(struct aw_entry, kind_do), NULL},
    M(round, T_INT),
    M(number, T_INT),
    M(via, T_INT),
    M(pos, T_INT),
    M_ID(attempt, "att_"),
    M_ID(ref, "aw_"),
    M_ID(merged_into, "att_"),
    M(person, T_NUMBER),
    M(key, T_NUMBER),
    M(device, T_NUMBER),
    M(count, T_INT),
    M(state, T_TEXT),
    M(level, T_TEXT),
    M(source, T_TEXT),
    M(outcome, T_TEXT),
    M(negative, T_TEXT),
    M(why, T_TEXT),
    M(by, T_TEXT),
    M(channel, T_TEXT),
    M(last_round, T_BOOL),
    M(unsent, T_BOOL),
    M(counts, T_BOOL),
    M(stands, T_BOOL),
    M(late, T_BOOL),
    M(at, T_TIME),
    M(registered, T_TIME),
    M(next_due, T_TIME),
    M(moved, T_NUMBER),
    M(http_status, T_INT),
    M(code, T_INT),
    M(provider_id, T_TEXT),
    M(text, T_TEXT),
    M(rule, T_TEXT),
    M(sha256, T_HASH),
    M(content, T_HASH),
    M(needed, T_INT),
    M(from, T_TIME),
    M(to, T_TIME),
    M(kinds, T_INT),
    M(env, T_TEXT),
};

static const char *const kind_names[] = {
#define X(id, text) text,
    AW_ENTRY_KINDS
#undef X
};

const char *aw_entry_kind_name(enum aw_entry_kind k)
{
    return (unsigned)k < AW_N_ENTRY_KINDS ? kind_names[k] : "?";
}

void aw_entry_init(struct aw_entry *e)
{
    memset(e, 0, sizeof *e);
    e->prev = -1;
    e->n = e->step_index = -1;
}

/* --- to bytes ------------------------------------------------------------------------------- */

static void write_member(struct aw_jsonw *w, const struct member *m, const void *p)
{
    switch (m->type) {
    case T_SEQ:
        if (*(const int64_t *)p >= 0)
            aw_jw_int(w, m->name, *(const int64_t *)p);
        break;
    case T_INDEX:
        if (*(const int *)p >= 0)
            aw_jw_int(w, m->name, *(const int *)p);
        break;
    case T_INT:
        if (*(const int *)p)
            aw_jw_int(w, m->name, *(const int *)p);
        break;
    case T_NUMBER:
        if (*(const int64_t *)p)
            aw_jw_int(w, m->name, *(const int64_t *)p);
        break;
    case T_TIME:
        if (*(const aw_time *)p)
            aw_jw_time(w, m->name, *(const aw_time *)p);
        break;
    case T_KIND:
        aw_jw_str(w, m->name, aw_entry_kind_name(*(const enum aw_entry_kind *)p));
        break;
    case T_ID:
        if (*(const aw_id *)p)
            aw_jw_id(w, m->name, m->prefix, *(const aw_id *)p);
        break;
    case T_TEXT:
        if (*(const char *const *)p)
            aw_jw_str(w, m->name, *(const char *const *)p);
        break;
    case T_BOOL:
        if (*(const bool *)p)
            aw_jw_bool(w, m->name, true);
        break;
    case T_HASH:
        if (*(const uint8_t *const *)p)
            aw_jw_hex(w, m->name, *(const uint8_t *const *)p, AW_SHA256);
        break;
    }
}

int aw_entry_build(struct aw_buf *out, const struct aw_entry *e)
{
    struct aw_jsonw w;
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    for (unsigned i = 0; i < AW_COUNT(members); i++)
        write_member(&w, &members[i], (const char *)e + members[i].offset);
    if (e->persons) {
        aw_jw_array(&w, "persons");
        for (unsigned i = 0; i < e->n_persons; i++)
            aw_jw_int(&w, NULL, e->persons[i]);
        aw_jw_end(&w, ']');
    }
    if (e->n_devices) {
        aw_jw_array(&w, "devices");
        for (unsigned i = 0; i < e->n_devices; i++)
            aw_jw_int(&w, NULL, e->devices[i]);
        aw_jw_end(&w, ']');
    }
    if (e->person_commitments) {
        aw_jw_array(&w, "person_commitments");
        for (unsigned i = 0; i < e->n_persons; i++)
            aw_jw_hex(&w, NULL, e->person_commitments[i], AW_SHA256);
        aw_jw_end(&w, ']');
    }
    aw_jw_end(&w, '}');
    return out->over || out->n > AW_ENTRY_MAX ? AW_ELIMIT : 0;
}

/* --- and back ------------------------------------------------------------------------------- */

struct owner {
    json_t *root;
    int64_t *persons, *devices;
    uint8_t (*commitments)[AW_SHA256];
    uint8_t hashes[2][AW_SHA256];
    unsigned n_hashes;
};

static bool read_int(const json_t *v, int64_t min, int64_t max, int64_t *ret)
{
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
        return false;
    *ret = json_integer_value(v);
    return true;
}

static bool read_hash(const json_t *v, uint8_t ret[AW_SHA256])
{
    return json_is_string(v) && json_string_length(v) == 2 * AW_SHA256 &&
           aw_unhex(ret, json_string_value(v), 2 * AW_SHA256) == 0;
}

static bool read_kind(const json_t *v, enum aw_entry_kind *ret)
{
    for (unsigned k = 0; k < AW_N_ENTRY_KINDS; k++)
        if (aw_streq(json_string_value(v), kind_names[k])) {
            *ret = (enum aw_entry_kind)k;
            return true;
        }
    return false;
}

static bool read_member(struct owner *o, const struct member *m, const json_t *v, void *p)
{
    int64_t i;
    const char *s = json_string_value(v);
    switch (m->type) {
    case T_SEQ:
        return read_int(v, 0, INT64_MAX, p);
    case T_INDEX:
    case T_INT:
        if (!read_int(v, m->type == T_INDEX ? 0 : INT_MIN, INT_MAX, &i))
            return false;
        *(int *)p = (int)i;
        return true;
    case T_NUMBER:
        return read_int(v, INT64_MIN, INT64_MAX, p);
    case T_TIME:
        return s && aw_time_parse(s, json_string_length(v), p) == 0;
    case T_KIND:
        return read_kind(v, p);
    case T_ID:
        return s && aw_id_parse(s, m->prefix, p) == 0;
    case T_TEXT:
        *(const char **)p = s;
        return s != NULL;
    case T_BOOL:
        *(bool *)p = json_is_true(v);
        return json_is_boolean(v);
    case T_HASH:
        *(const uint8_t **)p = o->hashes[o->n_hashes];
        return read_hash(v, o->hashes[o->n_hashes++]);
    }
    return false;
}

static bool read_numbers(const json_t *v, int64_t **ret, unsigned *ret_n)
{
    size_t n = json_array_size(v);
    int64_t *list = aw_calloc(n + 1, sizeof *list);
    aw_free(*ret); /* named twice */
    *ret = list;
    *ret_n = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        if (!read_int(json_array_get(v, i), 0, INT64_MAX, &list[i]))
            return false;
    return json_is_array(v);
}

static bool read_persons(struct owner *o, const json_t *v, struct aw_entry *e)
{
    bool fine = read_numbers(v, &o->persons, &e->n_persons);
    e->persons = o->persons;
    return fine;
}

static bool read_devices(struct owner *o, const json_t *v, struct aw_entry *e)
{
    bool fine = read_numbers(v, &o->devices, &e->n_devices);
    e->devices = o->devices;
    return fine;
}

/* Comes after `persons` in the bytes, and is as long. */
static bool read_commitments(struct owner *o, const json_t *v, struct aw_entry *e)
{
    size_t n = json_array_size(v);
    if (!json_is_array(v) || !e->persons || n != e->n_persons)
        return false;
    o->commitments = aw_calloc(n + 1, sizeof *o->commitments);
    for (size_t i = 0; i < n; i++)
        if (!read_hash(json_array_get(v, i), o->commitments[i]))
            return false;
    e->person_commitments = (const uint8_t(*)[AW_SHA256])o->commitments;
    return true;
}

static bool read_any(struct owner *o, const char *name, const json_t *v, struct aw_entry *e)
{
    if (aw_streq(name, "persons"))
        return read_persons(o, v, e);
    if (aw_streq(name, "devices"))
        return read_devices(o, v, e);
    if (aw_streq(name, "person_commitments"))
        return read_commitments(o, v, e);
    for (unsigned i = 0; i < AW_COUNT(members); i++)
        if (aw_streq(name, members[i].name))
            return read_member(o, &members[i], v, (char *)e + members[i].offset);
    return false;
}

int aw_entry_parse(const char *body, size_t n, struct aw_entry *ret, void **ret_owner,
                   struct aw_err *err)
{
    struct aw_entry e;
    struct owner *o = aw_calloc(1, sizeof *o);
    const char *name;
    json_t *v;

    aw_entry_init(&e);
    e.seq = -1;
    e.kind = AW_N_ENTRY_KINDS;
    if (aw_json_parse(body, n, AW_ENTRY_MAX, &o->root, err)) {
        aw_entry_release(o);
        return aw_wrap(err, AW_ECORRUPT, "entry is no JSON");
    }
    if (!json_is_object(o->root)) {
        aw_entry_release(o);
        return aw_fail(err, AW_ECORRUPT, "entry is no JSON object");
    }
    json_object_foreach(o->root, name, v)
    {
        if (!read_any(o, name, v, &e)) {
            int r = aw_fail(err, AW_ECORRUPT, "entry has an odd member \"%.64s\"", name);
            aw_entry_release(o);
            return r;
        }
    }
    if (e.seq < 0 || !e.ts || e.kind == AW_N_ENTRY_KINDS) {
        aw_entry_release(o);
        return aw_fail(err, AW_ECORRUPT, "entry lacks seq, ts or kind");
    }
    *ret = e;
    *ret_owner = o;
    return 0;
}

void aw_entry_release(void *owner)
{
    struct owner *o = owner;
    if (!o)
        return;
    json_decref(o->root);
    aw_free(o->persons);
    aw_free(o->devices);
    aw_free(o->commitments);
    aw_free(o);
}

void aw_commit(uint8_t out[32], const uint8_t salt[32], const char *field, const void *value,
               size_t n)
{
    size_t n_field = strlen(field);
    uint8_t *p = aw_malloc(4 + n_field + 1 + n + 1);
    memcpy(p, "aw1|", 4);
    memcpy(p + 4, field, n_field);
    p[4 + n_field] = '|';
    if (n)
        memcpy(p + 5 + n_field, value, n);
    aw_hmac256(out, salt, 32, p, 5 + n_field + n);
    aw_free(p);
}
