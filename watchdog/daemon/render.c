/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/jsonw.h"
#include "daemon/loop_int.h"

#define TEXT_MAX  (64 * 1024)
#define NAMES_MAX 512

/* --- confirmation tokens: 8 bytes timeline, 16 bytes MAC -----------------------------------------
 */

static void token_mac(const uint8_t secret[32], char what, aw_id id, uint8_t mac[32])
{
    uint8_t text[9] = {(uint8_t)what};

    for (int i = 0; i < 8; i++)
        text[i + 1] = (uint8_t)((uint64_t)id >> (56 - 8 * i));
    aw_hmac256(mac, secret, 32, text, sizeof(text));
}

void aw_token_print(const uint8_t secret[32], aw_id timeline, char dst[40])
{
    uint8_t raw[24], mac[32];

    for (int i = 0; i < 8; i++)
        raw[i] = (uint8_t)((uint64_t)timeline >> (56 - 8 * i));
    token_mac(secret, 'a', timeline, mac);
    memcpy(raw + 8, mac, 16);
    aw_b64url(dst, raw, sizeof(raw));
}

int aw_token_parse(const uint8_t secret[32], const char *token, aw_id *ret)
{
    uint8_t raw[24], mac[32];
    size_t n;
    uint64_t id = 0;

    if (strlen(token) != 32 || aw_unb64url(raw, sizeof(raw), token, 32, &n) || n != sizeof(raw))
        return AW_ENOENT;
    for (int i = 0; i < 8; i++)
        id = id << 8 | raw[i];
    token_mac(secret, 'a', (aw_id)id, mac);
    if (!aw_equal_ct(mac, raw + 8, 16))
        return AW_ENOENT;
    *ret = (aw_id)id;
    return AW_OK;
}

/* --- marks of mails --------------------------------------------------------------------------- */

#define MARK_MAC 10 /* bytes */

void aw_mark_print(const uint8_t secret[32], aw_id ref, char dst[AW_MARK_TEXT])
{
    char id[AW_ID_TEXT], hex[2 * MARK_MAC + 1];
    uint8_t mac[32];

    token_mac(secret, 'm', ref, mac);
    aw_id_print(id, "aw_", ref);
    aw_hex(hex, mac, MARK_MAC);
    snprintf(dst, AW_MARK_TEXT, "%s.%s", id, hex);
}

int aw_mark_parse(const uint8_t secret[32], const char *mark, aw_id *ret)
{
    char id[AW_ID_TEXT], again[AW_MARK_TEXT];
    size_t n = strcspn(mark, ".");
    aw_id ref;

    if (n >= sizeof(id) || strlen(mark) >= AW_MARK_TEXT)
        return AW_ENOENT;
    memcpy(id, mark, n);
    id[n] = '\0';
    if (aw_id_parse(id, "aw_", &ref))
        return AW_ENOENT;
    aw_mark_print(secret, ref, again);
    if (strlen(again) != strlen(mark) || !aw_equal_ct(again, mark, strlen(mark)))
        return AW_ENOENT;
    *ret = ref;
    return AW_OK;
}

/* --- packing: all texts of a send in one block ---------------------------------------------------
 */

struct pack {
    struct aw_buf text;
    struct {
        const char **slot;
        size_t at;
    } fix[128];
    unsigned n;
};

static void pack_text(struct pack *p, const char **slot, const char *s, size_t n)
{
    if (p->n == AW_COUNT(p->fix))
        return;
    p->fix[p->n].slot = slot;
    p->fix[p->n++].at = p->text.n;
    aw_buf_add(&p->text, s, n);
    aw_buf_putc(&p->text, '\0');
}

static void pack(struct pack *p, const char **slot, const char *s)
{
    if (s)
        pack_text(p, slot, s, strlen(s));
}

static char *pack_end(struct pack *p)
{
    size_t n;
    char *block = aw_buf_take(&p->text, &n);

    for (unsigned i = 0; i < p->n; i++)
        *p->fix[i].slot = block + p->fix[i].at;
    return block;
}

/* --- the values of {{names}} ---------------------------------------------------------------------
 */

struct values {
    const struct aw_msg *m;
    const struct aw_step *step;
    const char *link, *code, *user, *recipient;
    char count[8]; /* of a digest: messages */
    char message[AW_ID_TEXT], deadline[AW_TIME_TEXT];
};

static const char *pair_value(const struct aw_pair *list, unsigned n, const char *key)
{
    for (unsigned i = 0; i < n; i++)
        if (aw_streq(list[i].key, key))
            return list[i].value;
    return NULL;
}

static const char *value(void *ctx, const char *name)
{
    const struct values *v = ctx;
    const struct {
        const char *name, *value;
    } table[] = {
        {"title", v->m->reg.title},  {"body", v->m->reg.body},
        {"link", v->link},           {"code", v->code},
        {"user", v->user},           {"rule", v->m->rule->name},
        {"message", v->message},     {"step", v->step ? v->step->id : NULL},
        {"recipient", v->recipient}, {"deadline", v->deadline},
        {"app", v->m->app},          {"count", v->count[0] ? v->count : NULL},
    };

    for (size_t i = 0; i < AW_COUNT(table); i++)
        if (aw_streq(table[i].name, name))
            return table[i].value;
    if (aw_starts(name, "extras."))
        return pair_value(v->m->reg.extras, v->m->reg.n_extras, name + 7);
    if (aw_starts(name, "labels."))
        return pair_value(v->m->reg.labels, v->m->reg.n_labels, name + 7);
    return NULL;
}

static void expand(struct pack *p, const char **slot, const char *text, enum aw_escape esc,
                   struct values *v)
{
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);

    if (!text)
        return;
    aw_template_expand(&out, text, esc, value, v);
    pack_text(p, slot, aw_buf_str(&out), out.n);
    aw_buf_free(&out);
}

/* What the template says for the provider: pairs hold {{names}}, the rest stays as it is. */
static void form(struct pack *p, struct aw_send *s, const struct aw_template_form *f,
                 struct values *v)
{
    if (!f)
        return;
    s->form = aw_calloc(f->n_settings, sizeof(*s->form));
    s->n_form = f->n_settings;
    for (unsigned i = 0; i < f->n_settings; i++) {
        pack(p, &s->form[i].key, f->settings[i].key);
        expand(p, &s->form[i].value, f->settings[i].value, AW_ESC_LINE, v);
    }
}

/* One push for all that waited: it names how many. The template `digest`, if there is one. */
static void digest(struct aw_loop *l, struct pack *p, struct aw_send *s, struct values *v)
{
    const struct aw_template_text *t =
        aw_template_find(&l->live->conf->templates, "digest", s->kind, s->lang);
    bool zh = s->lang && aw_starts(s->lang, "zh");

    expand(p, &s->title, t && t->title ? t->title : "{{app}}", AW_ESC_LINE, v);
    expand(p, &s->text,
           t && t->text ? t->text
           : zh         ? "您有 {{count}} 条未读消息"
                        : "{{count}} messages are waiting for you",
           AW_ESC_TEXT, v);
}

static void texts(struct aw_loop *l, struct pack *p, struct aw_send *s, const struct aw_step *step,
                  struct values *v)
{
    const struct aw_template_text *t =
        step->template_name
            ? aw_template_find(&l->live->conf->templates, step->template_name, s->kind, s->lang)
            : NULL;
    enum aw_escape body = s->kind == AW_SMS ? AW_ESC_LINE : AW_ESC_TEXT;

    if (!t) {
        pack(p, &s->title, v->m->reg.title ? v->m->reg.title : v->m->rule->name);
        pack(p, &s->text, v->m->reg.body ? v->m->reg.body : v->m->reg.title);
        return;
    }
    expand(p, &s->title, t->title ? t->title : "{{title}}", AW_ESC_LINE, v);
    expand(p, &s->text, t->text ? t->text : "{{title}}", body, v);
    expand(p, &s->html, t->html, AW_ESC_HTML, v);
    form(p, s, aw_template_form(t, s->channel->provider), v);
}

/* --- one send ------------------------------------------------------------------------------------
 */

static void addresses(struct pack *p, struct aw_send *s, const struct aw_addresses *a)
{
    const char **ids = NULL;

    pack(p, &s->alias, a->alias);
    pack(p, &s->phone, a->phone);
    pack(p, &s->email, a->email);
    pack(p, &s->im, a->im);
    if (a->n_registration_ids) {
        ids = aw_calloc(a->n_registration_ids, sizeof(*ids));
        s->registration_ids = ids;
        s->n_registration_ids = a->n_registration_ids;
    }
    for (unsigned i = 0; i < a->n_registration_ids; i++)
        pack(p, &ids[i], a->registration_ids[i]);
}

static void event_data(struct pack *p, struct aw_send *s, const struct values *v,
                       const struct aw_fact *f)
{
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);
    struct aw_jsonw w;

    if (s->kind != AW_WEBHOOK)
        return;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "message", v->message);
    aw_jw_str(&w, "external_id", v->m->reg.external_id);
    aw_jw_str(&w, "rule", v->m->rule->name);
    aw_jw_str(&w, "step", v->step->id);
    aw_jw_int(&w, "round", f->round);
    aw_jw_str(&w, "recipient", v->recipient);
    aw_jw_str(&w, "title", v->m->reg.title);
    aw_jw_end(&w, '}');
    pack(p, &s->data_json, aw_buf_str(&out));
    pack(p, &s->event_type,
         f->step == AW_STEP_EXHAUSTED ? "org.ackwatch.timeline.exhausted"
                                      : "org.ackwatch.firing.claimed");
    aw_buf_free(&out);
}

/* The push of the named step, or what it replaced itself. Only on the recipient's own phones. */
static int override_id(struct aw_loop *l, struct aw_msg *m, const struct aw_timeline *tl,
                       const struct aw_step *step, struct pack *p, struct aw_send *s,
                       struct aw_err *err)
{
    char id[128];
    aw_time at;
    int r;

    if (step->replaces < 0 || s->kind != AW_PUSH)
        return AW_OK;
    r = aw_store_last_push(l->store, m->row.id, tl->n, (unsigned)step->replaces + 1, id, &at, err);
    if (r == AW_OK && id[0] && l->now - at < AW_DAY)
        pack(p, &s->override_id, id);
    return r == AW_ENOENT ? AW_OK : r;
}

/* The recipient's link; that of a send to somebody else says which send it was. */
static void link_text(struct aw_loop *l, const struct aw_timeline *tl, const struct aw_fact *f,
                      const struct aw_step *step, char *dst, size_t cap)
{
    uint8_t secret[32];
    char token[40];
    struct aw_err err;

    dst[0] = '\0';
    if (!step->ack_link || !l->live->conf->public_url ||
        aw_store_secret(l->store, "tokens", secret, &err))
        return;
    aw_token_print(secret, f->person == tl->person ? tl->id : f->ref, token);
    snprintf(dst, cap, "%s/a/%s", l->live->conf->public_url, token);
}

static void mark(struct aw_loop *l, struct pack *p, struct aw_send *s)
{
    uint8_t secret[32];
    char text[AW_MARK_TEXT];
    struct aw_err err;

    if (s->kind != AW_EMAIL || aw_store_secret(l->store, "tokens", secret, &err))
        return;
    aw_mark_print(secret, s->ref, text);
    pack(p, &s->mark, text);
}

static void values_init(struct values *v, const struct aw_msg *m, const struct aw_step *step,
                        const struct aw_timeline *tl)
{
    memset(v, 0, sizeof(*v));
    v->m = m;
    v->step = step;
    v->recipient = m->reg.recipients[tl->n].user;
    aw_id_print(v->message, "msg_", m->row.id);
    aw_time_print(v->deadline, tl->base + m->rule->deadline + tl->moved);
}

int aw_render(struct aw_loop *l, struct aw_msg *m, const struct aw_timeline *tl,
              const struct aw_fact *f, const struct aw_channel *ch, const struct aw_marks *marks,
              struct aw_send **ret, struct aw_err *err)
{
    const struct aw_step *step = aw_rule_step(m->rule, f->step);
    struct aw_view view = aw_view_of(l, m, tl);
    struct aw_world world;
    struct aw_env env = {.now = l->now, .world = &world, .priority = m->reg.priority};
    struct aw_address_book book;
    struct aw_send *s;
    struct pack p = {.text = AW_BUF_INIT(8 * TEXT_MAX)};
    struct values v;
    char link[512];
    int r = f->kind == AW_PUSH ? aw_push_addresses_of(&view, f->person, &book, err)
                               : aw_addresses_of(&view, f->person, &book, err);

    if (r)
        return r;
    aw_view_world(&view, &world);
    s = aw_calloc(1, sizeof(*s));
    s->attempt = f->attempt;
    s->ref = f->ref;
    s->number = f->number;
    s->message = m->row.id;
    s->channel = ch;
    s->kind = f->kind;
    s->time = l->now;
    s->lang = book.a.lang;
    s->ttl = f->kind == AW_PUSH ? aw_engine_ttl(m->rule, tl, f->step, &env) : 0;
    /* Who may not confirm gets no link. */
    link[0] = '\0';
    if (f->person == tl->person || m->rule->by == AW_BY_ANYONE)
        link_text(l, tl, f, step, link, sizeof(link));
    values_init(&v, m, step, tl);
    v.link = link;
    v.code = marks->code[0] ? marks->code : NULL;
    v.user = book.user ? book.user : v.recipient;
    if (f->why == AW_WHY_DIGEST && tl->absence.count > 1) {
        snprintf(v.count, sizeof(v.count), "%u", tl->absence.count);
        digest(l, &p, s, &v);
    } else {
        texts(l, &p, s, step, &v);
    }
    addresses(&p, s, &book.a);
    event_data(&p, s, &v, f);
    pack(&p, &s->link, link[0] ? link : NULL);
    pack(&p, &s->code, v.code);
    pack(&p, &s->cid, marks->cid);
    pack(&p, &s->trace, m->reg.trace[0] ? m->reg.trace : NULL);
    mark(l, &p, s);
    pack(&p, &s->lang, book.a.lang);
    if (f->person == tl->person) {
        pack(&p, &s->push_json, m->reg.push_json);
        r = override_id(l, m, tl, step, &p, s, err);
    }
    s->arena = pack_end(&p);
    aw_address_book_free(&book);
    if (r) {
        aw_send_free(s);
        aw_free(s);
        return r;
    }
    *ret = s;
    return AW_OK;
}

void aw_render_add(struct aw_loop *l, struct aw_msg *m, struct aw_send *s, unsigned n)
{
    const char *user = m->reg.recipients[n].user;
    struct pack p = {.text = AW_BUF_INIT(TEXT_MAX)};
    struct aw_buf text = AW_BUF_INIT(TEXT_MAX);

    /* The text names everybody concerned, up to a bound. */
    if (s->n_also++ < NAMES_MAX)
        aw_buf_printf(&text, "%s%s%s", s->text ? s->text : "", s->n_also == 1 ? "\n+ " : ", ",
                      user);
    else
        aw_buf_puts(&text, s->text ? s->text : "");
    pack(&p, &s->text, aw_buf_str(&text));
    aw_free(s->also);
    s->also = pack_end(&p);
    aw_buf_free(&text);
}

void aw_render_digest(struct aw_loop *l, struct aw_digest *d)
{
    const struct aw_template_text *t =
        aw_template_find(&l->live->conf->templates, "digest", d->kind, d->send->lang);
    struct aw_registration reg = {0};
    struct aw_rule rule = {.name = "digest"};
    struct aw_msg m = {.rule = &rule};
    struct values v = {.m = &m};
    struct pack p = {.text = AW_BUF_INIT(2 * TEXT_MAX)};
    struct aw_buf text = AW_BUF_INIT(2 * TEXT_MAX);
    bool zh = d->send->lang && aw_starts(d->send->lang, "zh");
    char title[64];

    snprintf(title, sizeof(title), zh ? "%u 条消息待查看" : "%u messages wait", d->n + 1);
    aw_buf_printf(&text, zh ? "%s：%s" : "%s: %s", title, aw_buf_str(&d->titles));
    reg.title = title;
    reg.body = aw_buf_str(&d->titles);
    m.reg = reg;
    for (unsigned i = 0; i < d->send->n_form; i++) /* those of the message that goes first */
        d->send->form[i] = (struct aw_channel_setting){0};
    aw_free(d->send->form);
    d->send->form = NULL;
    d->send->n_form = 0;
    d->send->html = d->send->push_json = d->send->code = d->send->override_id = NULL;
    pack(&p, &d->send->title, title);
    pack(&p, &d->send->text, aw_buf_str(&text));
    if (t) {
        expand(&p, &d->send->title, t->title ? t->title : "{{title}}", AW_ESC_LINE, &v);
        expand(&p, &d->send->text, t->text ? t->text : "{{title}}: {{body}}",
               d->kind == AW_SMS ? AW_ESC_LINE : AW_ESC_TEXT, &v);
        expand(&p, &d->send->html, t->html, AW_ESC_HTML, &v);
        form(&p, d->send, aw_template_form(t, d->send->channel->provider), &v);
    }
    aw_free(d->send->also);
    d->send->also = pack_end(&p);
    aw_buf_free(&text);
}

struct aw_send *aw_render_plain(struct aw_loop *l, const struct aw_channel *ch, const char *to,
                                const char *title, const char *text)
{
    struct aw_send *s = aw_calloc(1, sizeof(*s));
    struct pack p = {.text = AW_BUF_INIT(TEXT_MAX)};
    struct aw_buf data = AW_BUF_INIT(TEXT_MAX);
    struct aw_jsonw w;

    s->attempt = s->ref = aw_id_take(aw_store_ids(l->store), l->now, 1);
    s->number = 1;
    s->channel = ch;
    s->kind = ch->provider->kind;
    s->time = l->now;
    pack(&p, &s->title, title);
    pack(&p, &s->text, text);
    switch (s->kind) {
    case AW_PUSH:
        pack(&p, &s->alias, to);
        break;
    case AW_EMAIL:
        pack(&p, &s->email, to);
        break;
    case AW_IM:
        pack(&p, &s->im, to);
        break;
    default:
        pack(&p, &s->phone, to);
        break;
    }
    aw_jw_init(&w, &data);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "title", title);
    aw_jw_str(&w, "text", text);
    aw_jw_end(&w, '}');
    pack(&p, &s->data_json, aw_buf_str(&data));
    pack(&p, &s->event_type, "org.ackwatch.notice");
    aw_buf_free(&data);
    s->arena = pack_end(&p);
    return s;
}

struct aw_send *aw_render_event(struct aw_loop *l, const struct aw_channel *ch,
                                const struct aw_msg *m, const struct aw_delivery *d,
                                const char *type, const char *data)
{
    struct aw_send *s = aw_calloc(1, sizeof(*s));
    struct pack p = {.text = AW_BUF_INIT(AW_DELIVERY_DATA_MAX + TEXT_MAX)};

    s->attempt = s->ref = d->id;
    s->number = d->n_tries + 1;
    s->message = d->message;
    s->channel = ch;
    s->kind = AW_WEBHOOK;
    s->time = l->now;
    s->event_time = d->at;
    s->sequence = d->seq;
    pack(&p, &s->event_type, type);
    pack(&p, &s->data_json, data);
    pack(&p, &s->trace, m->reg.trace[0] ? m->reg.trace : NULL);
    s->arena = pack_end(&p);
    return s;
}
