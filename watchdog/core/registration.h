/* SPDX-License-Identifier: Apache-2.0
 *
 * A registration as a value: the body of POST /v1/messages, parsed and checked (codec/request.c).
 * Texts point into `owner` (the parsed JSON), which free_owner releases.
 */
#ifndef AW_CORE_REGISTRATION_H
#define AW_CORE_REGISTRATION_H

#include <stddef.h>

#include "base/time.h"
#include "core/types.h"

#define AW_MAX_REGISTRATION_IDS 10
#define AW_MAX_LABELS           32

struct aw_pair {
    const char *key, *value;
};

/* Addresses of a person; NULL where there is none. Also what the contact directory holds. */
struct aw_addresses {
    const char *alias;
    const char *registration_ids[AW_MAX_REGISTRATION_IDS];
    unsigned n_registration_ids;
    const char *phone; /* E.164 */
    const char *email;
    const char *im; /* account name on the im channel */
    const char *lang;
    const char *tz;
    const char *manager; /* user id; directory only */
    const char *name;    /* directory only */
};

struct aw_recipient {
    const char *user;
    struct aw_addresses given; /* what the registration says; the directory fills the rest */
};

#define AW_TRACE_TEXT 56 /* 00-<32 hex>-<16 hex>-<2 hex> */

struct aw_registration {
    const char *external_id; /* NULL if absent, like all texts below */
    const char *rule, *app, *class_, *title, *body, *chat, *from;
    enum aw_priority priority;
    struct aw_pair labels[AW_MAX_LABELS], extras[AW_MAX_LABELS]; /* scalar members as texts */
    unsigned n_labels, n_extras;
    const char *push_json; /* the provider's push object as compact JSON, or NULL */
    bool already_sent;
    aw_time sent_at;
    const char *sent_channel, *sent_provider_id;
    struct aw_recipient *recipients; /* each user once */
    unsigned n_recipients;
    char trace[AW_TRACE_TEXT]; /* traceparent of the request, or "" */
    const char *raw;           /* the body as received, kept in the store */
    size_t n_raw;
    void *owner;
    void (*free_owner)(void *owner);
};

void aw_registration_free(struct aw_registration *r); /* fields only, not r itself */

/* Whether there is an address of the kind. A webhook needs none: it goes to its channel's own. */
bool aw_addresses_have(const struct aw_addresses *a, enum aw_kind kind);

#endif
