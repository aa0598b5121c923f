/* SPDX-License-Identifier: Apache-2.0
 *
 * Small helpers on channels and sends as values. A channel is constant for as long as anybody
 * holds it; a send belongs to one thread at a time. Nothing here blocks.
 */
#include "core/channel.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SENDING_DEFAULT 8
#define MAILING_DEFAULT 2 /* each is a process */

const char *aw_channel_get(const struct aw_channel *c, const char *key)
{
    for (unsigned i = 0; i < c->n_settings; i++)
        if (strcmp(c->settings[i].key, key) == 0)
            return c->settings[i].value;
    return NULL;
}

long aw_channel_num(const struct aw_channel *c, const char *key, long def)
{
    const char *text = aw_channel_get(c, key);
    uint64_t v;
    if (!text || aw_parse_u64(text, strlen(text), INT64_MAX, &v) != 0)
        return def;
    return (long)v;
}

bool aw_channel_needs_form(const struct aw_channel *c)
{
    for (const struct aw_setting *s = c->provider->form; s && s->key; s++)
        if (s->required && !aw_channel_get(c, s->key))
            return true;
    return false;
}

long aw_send_form_num(const struct aw_send *s, const char *key, long def)
{
    const struct aw_channel form = {.settings = s->form, .n_settings = s->n_form};
    return aw_channel_num(&form, key, aw_channel_num(s->channel, key, def));
}

void aw_channel_account(const struct aw_channel *c, char dst[AW_ACCOUNT_MAX])
{
    const char *key = aw_channel_get(c, "app_key");
    snprintf(dst, AW_ACCOUNT_MAX, "%s %s", key ? c->provider->name : "channel",
             key ? key : c->name);
}

bool aw_channel_has_receipts(const struct aw_channel *c)
{
    return c->provider->receipts && aw_channel_get(c, "receipt_secret");
}

unsigned aw_channel_concurrency(const struct aw_channel *c)
{
    if (c->concurrency)
        return c->concurrency;
    return c->provider->kind == AW_EMAIL ? MAILING_DEFAULT : SENDING_DEFAULT;
}

void aw_send_free(struct aw_send *s)
{
    aw_free(s->arena);
    aw_free(s->late_cid);
    aw_free(s->also);
    aw_free(s->registration_ids);
    aw_free(s->form);
    *s = (struct aw_send){0};
}
