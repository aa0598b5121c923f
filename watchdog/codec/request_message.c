/* SPDX-License-Identifier: Apache-2.0
 *
 * The registration, POST /v1/messages. Everything that the value points into hangs on its owner:
 * the parsed JSON, texts made from numbers, the recipients, the bytes as received. 1 MiB and 1,000
 * recipients at most.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/fields.h"

#define MAX_BODY    ((size_t)1 << 20)
#define MAX_TITLE   1000
#define MAX_TEXT    16384
#define MAX_PUSH    16384
#define MAX_VALUE   4096 /* bytes of a label or of a scalar extra */
#define SENT_PAST   AW_DAY
#define SENT_FUTURE (5 * AW_MINUTE)

struct owner {
    json_t *root, *texts;
    char *raw, *push;
    struct aw_recipient *recipients;
};

static void free_owner(void *p)
{
    struct owner *o = p;
    json_decref(o->root);
    json_decref(o->texts);
    aw_free(o->raw);
    aw_free(o->push);
    aw_free(o->recipients);
    aw_free(o);
}

/* ---- members ---- */

static int take_priority(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = json_string_value(v);
    if (s && aw_priority_parse(s, dst) == 0)
        return 0;
    const char *near = s ? aw_nearest(s, aw_priority_names) : NULL;
    if (near)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s; did you mean \"%s\"?", f->want,
                              near);
    return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
}

/* Scalar members as pairs. With `only_scalars` others are refused, else left to the raw body. */
static int take_pairs(struct aw_take *t, const struct aw_field *f, json_t *v, bool only_scalars,
                      struct aw_pair *pairs, unsigned *ret_n)
{
    unsigned n = 0;
    const char *key;
    json_t *value;
    if (!json_is_object(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    json_object_foreach(v, key, value)
    {
        size_t mark = aw_take_down(t, key), n_key = strlen(key);
        if (n_key < 1 || n_key > f->max || !aw_utf8_clean(key, n_key, false))
            return aw_take_refuse(t, AW_P_VALIDATION,
                                  "a key has 1 to %zu bytes, no control characters", f->max);
        const char *text = aw_take_scalar(t, value);
        if (!text && only_scalars)
            return aw_take_refuse(t, AW_P_VALIDATION, "expected a text, a number or true or false");
        if (text && (strlen(text) > MAX_VALUE || !aw_utf8_clean(text, strlen(text), true)))
            return aw_take_refuse(t, AW_P_VALIDATION,
                                  "longer than %d bytes, or with control characters", MAX_VALUE);
        if (text && n == AW_MAX_LABELS)
            return aw_take_refuse(t, AW_P_VALIDATION, "more than %d members", AW_MAX_LABELS);
        if (text)
            pairs[n++] = (struct aw_pair){key, text};
        aw_take_up(t, mark);
    }
    *ret_n = n;
    return 0;
}

static int take_labels(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    struct aw_registration *r = dst;
    return take_pairs(t, f, v, true, r->labels, &r->n_labels);
}

static int take_extras(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    struct aw_registration *r = dst;
    return take_pairs(t, f, v, false, r->extras, &r->n_extras);
}

static int take_push(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    static const char *const ours[] = {"audience", "cid"};
    struct aw_registration *r = dst;
    struct owner *o = r->owner;
    if (!json_is_object(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    for (size_t i = 0; i < AW_COUNT(ours); i++)
        if (json_object_get(v, ours[i])) {
            aw_take_down(t, ours[i]);
            return aw_take_refuse(t, AW_P_VALIDATION,
                                  "\"%s\" is set by Ackwatch for each recipient; leave it out",
                                  ours[i]);
        }
    o->push = json_dumps(v, JSON_COMPACT);
    if (!o->push || strlen(o->push) > f->max)
        return aw_take_refuse(t, AW_P_VALIDATION, "more than %zu bytes of JSON", f->max);
    r->push_json = o->push;
    return 0;
}

static const struct aw_field sent_fields[] = {
    {"at", aw_take_time, offsetof(struct aw_registration, sent_at), AW_F_REQUIRED, 0, NULL,
     "an instant"},
    {"channel", aw_take_text, offsetof(struct aw_registration, sent_channel), 0, AW_NAME_MAX,
     aw_valid_name, "the name of a channel"},
    {"provider_id", aw_take_number_text, offsetof(struct aw_registration, sent_provider_id), 0, 127,
     NULL, "the provider's id"},
    {0},
};

static int take_already_sent(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    struct aw_registration *r = dst;
    int code = aw_take_object(t, sent_fields, v, r);
    if (code)
        return code;
    bool near = r->sent_at >= t->now - SENT_PAST && r->sent_at <= t->now + SENT_FUTURE;
    if (t->now && !near) {
        aw_take_down(t, "at");
        return aw_take_refuse(t, AW_P_VALIDATION,
                              "must be at most a day ago and not in the future");
    }
    r->already_sent = true;
    return 0;
}

/* ---- recipients ---- */

static const struct aw_field recipient_fields[] = {
    {"user", aw_take_text, offsetof(struct aw_recipient, user), AW_F_REQUIRED, AW_USER_MAX,
     aw_valid_user, "a user id"},
    AW_ADDRESS_ROWS(offsetof(struct aw_recipient, given)),
    {0},
};

static void merge_ids(struct aw_addresses *a, const struct aw_addresses *more)
{
    for (unsigned i = 0; i < more->n_registration_ids; i++) {
        bool known = false;
        for (unsigned k = 0; k < a->n_registration_ids && !known; k++)
            known = aw_streq(a->registration_ids[k], more->registration_ids[i]);
        if (!known && a->n_registration_ids < AW_MAX_REGISTRATION_IDS)
            a->registration_ids[a->n_registration_ids++] = more->registration_ids[i];
    }
}

/* The same user again: what stood first wins, what was missing is added. */
static void merge(struct aw_addresses *a, const struct aw_addresses *more)
{
#define FILL(member) a->member = a->member ? a->member : more->member
    FILL(alias);
    FILL(phone);
    FILL(email);
    FILL(lang);
    FILL(tz);
#undef FILL
    merge_ids(a, more);
}

static int take_recipients(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    struct aw_registration *r = dst;
    struct owner *o = r->owner;
    size_t n = json_array_size(v), i;
    if (!n || n > f->max)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    o->recipients = r->recipients = aw_calloc(n, sizeof *r->recipients);
    json_t *seen = json_object(), *one;
    int code = 0;
    json_array_foreach(v, i, one)
    {
        size_t mark = aw_take_item(t, i);
        struct aw_recipient next = {0};
        code = aw_take_object(t, recipient_fields, one, &next);
        if (code)
            break;
        json_t *index = json_object_get(seen, next.user);
        if (index) {
            merge(&r->recipients[json_integer_value(index)].given, &next.given);
        } else {
            json_object_set_new(seen, next.user, json_integer(r->n_recipients));
            r->recipients[r->n_recipients++] = next;
        }
        aw_take_up(t, mark);
    }
    json_decref(seen);
    return code;
}

/* ---- the body ---- */

static bool no_overrides(const char *s)
{
    for (const char *end = s + strlen(s); s != end;) {
        int32_t c = aw_utf8_next(&s, end);
        if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            return false;
    }
    return true;
}

#define AT(member) offsetof(struct aw_registration, member)
static const struct aw_field fields[] = {
    {"external_id", aw_take_text, AT(external_id), 0, 255, NULL, "an id"},
    {"rule", aw_take_text, AT(rule), 0, AW_NAME_MAX, aw_valid_name, "the name of a rule"},
    {"app", aw_take_text, AT(app), 0, AW_NAME_MAX, aw_valid_name, "the name of an app"},
    {"class", aw_take_text, AT(class_), 0, 128, NULL, "a class"},
    {"priority", take_priority, AT(priority), 0, 0, NULL, "low, normal, high or critical"},
    {"labels", take_labels, 0, 0, 64, NULL, "an object of texts"},
    {"title", aw_take_text, AT(title), AW_F_REQUIRED, MAX_TITLE, no_overrides,
     "a title (it may not turn the direction of writing)"},
    {"body", aw_take_text, AT(body), AW_F_MULTILINE | AW_F_EMPTY, MAX_TEXT, no_overrides,
     "a text (it may not turn the direction of writing)"},
    {"extras", take_extras, 0, 0, 64, NULL, "an object"},
    {"chat", aw_take_text, AT(chat), 0, 128, NULL, "the id of a chat"},
    {"from", aw_take_text, AT(from), 0, AW_USER_MAX, aw_valid_user, "a user id"},
    {"push", take_push, 0, 0, MAX_PUSH, NULL, "the provider's push object"},
    {"already_sent", take_already_sent, 0, 0, 0, NULL, "an object"},
    {"recipients", take_recipients, 0, AW_F_REQUIRED, AW_MAX_RECIPIENTS, NULL,
     "a list of 1 to 1000 recipients"},
    {0},
};
#undef AT

int aw_request_registration(const char *p, size_t n, aw_time now, struct aw_registration *ret,
                            struct aw_fault *fault)
{
    struct owner *o = aw_calloc(1, sizeof *o);
    struct aw_registration r = {.priority = AW_NORMAL, .owner = o, .free_owner = free_owner};
    o->texts = json_array();
    struct aw_take t = {.fault = fault, .texts = o->texts, .now = now};
    int code = aw_take_body(&t, p, n, MAX_BODY, fields, &r, &o->root);
    if (code) {
        free_owner(o);
        return code;
    }
    r.raw = o->raw = aw_strndup(p, n); /* JSON: no NUL inside */
    r.n_raw = n;
    *ret = r;
    return 0;
}
