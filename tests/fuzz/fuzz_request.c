/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/request.h: the first byte says which body. What is taken keeps every promise of the value;
 * what is refused has a problem, a pointer and words.
 */
#include "codec/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define NOW ((aw_time)1795312970114)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_registration(const char *p, size_t n, const struct aw_registration *r)
{
    check(r->title && r->title[0] && strlen(r->title) <= 1000);
    check(r->n_raw == n && strlen(r->raw) == n && memcmp(r->raw, p, n) == 0);
    check(r->n_labels <= AW_MAX_LABELS && r->n_extras <= AW_MAX_LABELS);
    check(r->n_recipients >= 1 && r->n_recipients <= AW_MAX_RECIPIENTS);
    check(!r->push_json || (r->push_json[0] == '{' && strlen(r->push_json) <= 16384));
    check(!r->already_sent || r->sent_at <= NOW + 5 * AW_MINUTE);
    for (unsigned i = 0; i < r->n_recipients; i++) {
        const struct aw_recipient *one = &r->recipients[i];
        check(aw_valid_user(one->user));
        check(!one->given.phone || aw_valid_phone(one->given.phone));
        check(!one->given.email || aw_valid_email(one->given.email));
        for (unsigned k = 0; k < i && i < 20; k++)
            check(strcmp(one->user, r->recipients[k].user) != 0);
    }
}

static void take_contact(const char *p, size_t n, struct aw_fault *f, int *code)
{
    char *json = NULL;
    size_t n_json;
    *code = aw_request_contact(p, n, &json, &n_json, f);
    if (*code)
        return;
    struct aw_addresses a;
    void *owner = NULL;
    check(strlen(json) == n_json);
    check(aw_contact_addresses(json, n_json, &a, &owner) == 0);
    aw_addresses_free_owner(owner);
    aw_free(json);
}

static void take_session(const char *p, size_t n, bool line, struct aw_fault *f, int *code)
{
    struct aw_cmd cmd = {0};
    *code = line ? aw_request_session_line(p, n, &cmd, f) : aw_request_session(p, n, &cmd, f);
    if (*code)
        return;
    check(!line || aw_valid_device(cmd.u.session.device));
    check(!cmd.u.session.login || aw_valid_user(cmd.u.session.user));
    check(cmd.u.session.seq >= -1 && cmd.u.session.seq <= AW_SEQ_MAX);
}

static void take_ack(const char *p, size_t n, struct aw_fault *f, int *code)
{
    struct aw_cmd cmd = {0};
    *code = aw_request_ack(p, n, &cmd, f);
    if (*code == 0)
        check(aw_valid_user(cmd.u.ack.user) && cmd.u.ack.level >= AW_DELIVERED);
    aw_free(cmd.u.ack.detail_json);
}

static void take_act(const char *p, size_t n, uint8_t letter, struct aw_fault *f, int *code)
{
    enum aw_act what = letter == 'S'   ? AW_ACT_SNOOZE
                       : letter == 'R' ? AW_ACT_RESUME
                       : letter == 'E' ? AW_ACT_ESCALATE
                                       : AW_ACT_CLAIM;
    struct aw_cmd cmd = {0};
    *code = aw_request_act(p, n, what, &cmd, f);
    if (*code)
        return;
    check(cmd.u.act.what == what && cmd.u.act.reason[0] && cmd.u.act.if_seq >= -1);
    check(!cmd.u.act.user[0] || aw_valid_user(cmd.u.act.user));
    check((what == AW_ACT_SNOOZE) == (cmd.u.act.span > 0 || cmd.u.act.until > 0));
    check(!cmd.u.act.span || !cmd.u.act.until);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!n)
        return 0;
    const char *p = (const char *)bytes + 1;
    struct aw_registration r = {0};
    struct aw_cmd cmd = {0};
    struct aw_fault f;
    int code = 0;
    n--;
    switch (bytes[0]) {
    case 'a':
        take_ack(p, n, &f, &code);
        break;
    case 'c':
        take_contact(p, n, &f, &code);
        break;
    case 'k':
        code = aw_request_key(p, n, &cmd, &f);
        break;
    case 't':
        code = aw_request_test(p, n, &cmd, &f);
        break;
    case 'x':
        code = aw_request_cancel(p, n, &cmd, &f);
        break;
    case 'l':
    case 'L':
        take_session(p, n, bytes[0] == 'L', &f, &code);
        break;
    case 'i':
        code = aw_request_inbox_read(p, n, &cmd, &f);
        check(code || (cmd.u.inbox.n >= 1 && cmd.u.inbox.n <= AW_INBOX_MAX));
        aw_free(cmd.u.inbox.messages);
        break;
    case 'q':
        code = aw_request_silence(p, n, &cmd, &f);
        check(code || ((cmd.u.silence.until != 0) != (cmd.u.silence.length != 0) &&
                       cmd.u.silence.match[0] == '{' && cmd.u.silence.reason[0]));
        aw_free(cmd.u.silence.match);
        break;
    case 'S':
    case 'R':
    case 'E':
    case 'C':
        take_act(p, n, bytes[0], &f, &code);
        break;
    default:
        code = aw_request_registration(p, n, NOW, &r, &f);
        if (code == 0)
            check_registration(p, n, &r);
        aw_registration_free(&r);
    }
    if (code)
        check(f.problem != AW_P_NONE && f.detail[0] && aw_utf8_valid(f.detail, strlen(f.detail)) &&
              aw_utf8_valid(f.pointer, strlen(f.pointer)));
    else
        check(f.problem == AW_P_NONE);
    return 0;
}
