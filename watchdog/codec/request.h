/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of the API to values, by field tables: type, length, charset, range. Unknown members are
 * refused with the nearest name. Problems land in cmd->reply (code, pointer, detail). The same
 * function serves HTTP, `rules simulate --send` and rule tests.
 */
#ifndef AW_CODEC_REQUEST_H
#define AW_CODEC_REQUEST_H

#include "core/cmd.h"

/* Problem found while parsing: code, JSON Pointer, text. */
struct aw_fault {
    enum aw_problem problem;
    char pointer[128];
    char detail[256];
};

/* POST /v1/messages. Takes a copy of the bytes. now bounds already_sent.at (a day back at most,
 * not in the future by more than 5 min); 0 for a stored body, which was checked when it came. On 0
 * *ret is filled (aw_registration_free). */
int aw_request_registration(const char *p, size_t n, aw_time now, struct aw_registration *ret,
                            struct aw_fault *fault);

/* POST /v1/messages/{id}/acks into cmd->u.ack (all but message). */
int aw_request_ack(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);

/* A line of POST /v1/acks:batch: the same with `message`, or `external_id` in its place, which is
 * then in ext, else "". */
#define AW_EXTERNAL_ID 256
int aw_request_ack_line(const char *p, size_t n, struct aw_cmd *cmd, char ext[AW_EXTERNAL_ID],
                        struct aw_fault *fault);

/* POST ...:cancel: {reason} into cmd->u.cancel. */
int aw_request_cancel(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);

/* POST ...:snooze, :resume, :escalate, :claim: {reason, ...} into cmd->u.act (all but message).
 * if_seq is -1 when it is not given. */
int aw_request_act(const char *p, size_t n, enum aw_act what, struct aw_cmd *cmd,
                   struct aw_fault *fault);

/* PUT /v1/contacts/{user}: {name?, alias?, registration_ids?, phone?, email?, im?, lang?, tz?,
 * manager?}; compact JSON as stored in *ret_json (aw_free). */
int aw_request_contact(const char *p, size_t n, char **ret_json, size_t *ret_n,
                       struct aw_fault *fault);

/* POST /v1/keys: {name, app?, scopes: [..]} into cmd->u.key (all but id and hash). */
int aw_request_key(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);

/* POST /v1/channels/{name}:test: {to} into cmd->u.test.to. */
int aw_request_test(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);

/* POST /v1/channels/{name}:dsn: what a report of a mail server says. */
struct aw_request_dsn {
    char mark[64];   /* of the mail: ENVID, or the local part of its Message-Id */
    char action[16]; /* of RFC 3464 */
    aw_time at;      /* 0: not given */
};
int aw_request_dsn(const char *p, size_t n, struct aw_request_dsn *ret, struct aw_fault *fault);

/* POST /v1/silences: {match, until or for, from?, author?, reason}, into cmd->u.silence; what the
 * matcher holds is checked by who knows its fields. */
int aw_request_silence(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);
/* POST /v1/channels/{name}:pause: {reason, for?: "30m"}, :resume: {reason}, into cmd->u.channel. */
/* POST /v1/rules:apply into u.reload. */
int aw_request_apply(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);
int aw_request_channel(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);

/* A contact's stored JSON to addresses; texts live in *ret_owner (json_t, free with
 * aw_addresses_free_owner). */
int aw_contact_addresses(const char *json, size_t n, struct aw_addresses *ret, void **ret_owner);
void aw_addresses_free_owner(void *owner);

/* Checks of single fields, also used by conf/: true when fine. */
/* PUT /v1/sessions/{registration_id}: {user, alias?, platform?, seq?, at?}. */
int aw_request_session(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);
/* A line of POST /v1/sessions:batch: {registration_id, logout?, user (not of a logout), ...}. */
int aw_request_session_line(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);
/* POST /v1/users/{user}/inbox:read: {messages: [1 to 500 ids]}. */
#define AW_INBOX_MAX 500
int aw_request_inbox_read(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault);
bool aw_valid_user(const char *s);
bool aw_valid_device(const char *s); /* a registration id: 1 to 64 letters, digits, . _ - */
bool aw_valid_phone(const char *s);  /* ^\+[1-9][0-9]{6,14}$ */
bool aw_valid_email(const char *s);  /* reliability.md 5.5: refuse, never repair */
/* W3C Trace Context, version 00; other texts are not carried on. */
bool aw_valid_traceparent(const char *s);
bool aw_valid_lang(const char *s); /* en, zh-CN, zh-Hans-CN */
bool aw_valid_name(const char *s); /* a name of the rule language: letters of any script, digits,
                                      . _ - , 1 to AW_NAME_MAX bytes, not starting with . or - */

#endif
