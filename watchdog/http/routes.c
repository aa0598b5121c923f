/* SPDX-License-Identifier: Apache-2.0 */
#include "http/routes.h"

#include <stdio.h>
#include <string.h>

#include "http/call.h"

enum face { V1 = AW_API_V1, OPS = AW_API_OPS, PUB = AW_API_PUBLIC };
enum scope {
    M_READ = AW_SCOPE_MESSAGES_READ,
    M_WRITE = AW_SCOPE_MESSAGES_WRITE,
    ACKS = AW_SCOPE_ACKS_WRITE,
    SESSIONS = AW_SCOPE_SESSIONS_WRITE,
    CONTACTS = AW_SCOPE_CONTACTS_WRITE,
    RULES = AW_SCOPE_RULES_READ,
    AUDIT = AW_SCOPE_AUDIT_READ,
    OPER = AW_SCOPE_OPS,
    ADMIN = AW_SCOPE_ADMIN,
    RECEIPTS = AW_SCOPE_RECEIPTS_WRITE,
};
enum body { SMALL = 16 << 10, BIG = 1 << 20, MANY = 4 << 20 };
enum flag { JSON = AW_ROUTE_JSON, PROOF = AW_ROUTE_PROOF, LINES = AW_ROUTE_LINES };

const struct aw_route aw_routes[] = {
    /* method, path, face, scope, body, flags, query, handler */
    {"POST", "/v1/messages", V1, M_WRITE, BIG, JSON, "", aw_do_register},
    {"POST", "/v1/messages:batch", V1, M_WRITE, MANY, LINES, "", aw_do_register_batch},
    {"POST", "/v1/acks:batch", V1, ACKS, MANY, LINES | PROOF, "", aw_do_ack_batch},
    {"GET", "/v1/messages", V1, M_READ, 0, 0, "state rule limit after", aw_do_messages},
    {"GET", "/v1/messages/{message}", V1, M_READ, 0, 0, "reveal", aw_do_message},
    {"GET", "/v1/messages/{message}/timeline", V1, M_READ, 0, 0,
     "limit after recipient lang explain", aw_do_timeline},
    {"GET", "/v1/messages/{message}/attempts", V1, M_READ, 0, 0, "limit after", aw_do_attempts},
    {"POST", "/v1/messages/{message}/acks", V1, ACKS, SMALL, JSON | PROOF, "", aw_do_ack},
    {"POST", "/v1/messages/{message}:cancel", V1, M_WRITE, SMALL, JSON, "", aw_do_cancel},
    {"POST", "/v1/messages/{message}:snooze", V1, M_WRITE, SMALL, JSON, "", aw_do_snooze},
    {"POST", "/v1/messages/{message}:resume", V1, M_WRITE, SMALL, JSON, "", aw_do_resume},
    {"POST", "/v1/messages/{message}:escalate", V1, M_WRITE, SMALL, JSON, "", aw_do_escalate},
    {"POST", "/v1/messages/{message}:claim", V1, M_WRITE, SMALL, JSON, "", aw_do_claim},
    {"POST", "/v1/sessions:batch", V1, SESSIONS, MANY, LINES | PROOF, "", aw_do_session_batch},
    {"PUT", "/v1/sessions/{device}", V1, SESSIONS, SMALL, JSON | PROOF, "", aw_do_login},
    {"DELETE", "/v1/sessions/{device}", V1, SESSIONS, 0, PROOF, "user seq at", aw_do_logout},
    {"GET", "/v1/users/{user}/devices", V1, SESSIONS, 0, 0, "", aw_do_devices},
    {"POST", "/v1/users/{user}/inbox:read", V1, ACKS, SMALL, JSON | PROOF, "", aw_do_inbox_read},
    {"GET", "/v1/contacts", V1, CONTACTS, 0, 0, "limit after", aw_do_contacts},
    {"GET", "/v1/contacts/{user}", V1, CONTACTS, 0, 0, "", aw_do_contact_get},
    {"PUT", "/v1/contacts/{user}", V1, CONTACTS, SMALL, JSON, "", aw_do_contact_put},
    {"DELETE", "/v1/contacts/{user}", V1, CONTACTS, 0, 0, "", aw_do_contact_delete},
    {"GET", "/v1/rules", V1, RULES, 0, 0, "", aw_do_rules},
    {"GET", "/v1/rules/{rule}", V1, RULES, 0, 0, "", aw_do_rule},
    {"POST", "/v1/rules:check", V1, RULES, BIG, JSON, "lang", aw_do_rules_check},
    {"POST", "/v1/rules:test", V1, RULES, BIG, JSON, "lang", aw_do_rules_test},
    {"POST", "/v1/rules:simulate", V1, RULES, BIG, JSON, "lang", aw_do_rules_simulate},
    {"POST", "/v1/rules:explain", V1, RULES, BIG, JSON, "lang", aw_do_rules_explain},
    {"POST", "/v1/rules:reload", V1, OPER, 0, 0, "", aw_do_reload},
    {"POST", "/v1/rules:apply", V1, OPER, SMALL, JSON, "", aw_do_apply},
    {"GET", "/v1/rules:history", V1, RULES, 0, 0, "limit", aw_do_rules_history},
    {"GET", "/v1/rules:stats", V1, RULES, 0, 0, "since rule", aw_do_rules_stats},
    {"GET", "/v1/rules:file", V1, RULES, 0, 0, "sha256", aw_do_rules_file},
    {"GET", "/v1/channels", V1, OPER, 0, 0, "", aw_do_channels},
    {"POST", "/v1/channels/{channel}:dsn", V1, RECEIPTS, SMALL, JSON | PROOF, "", aw_do_dsn},
    {"POST", "/v1/channels/{channel}:test", V1, OPER, SMALL, JSON, "", aw_do_channel_test},
    {"POST", "/v1/channels/{channel}:pause", V1, OPER, SMALL, JSON, "", aw_do_channel_pause},
    {"POST", "/v1/channels/{channel}:resume", V1, OPER, SMALL, JSON, "", aw_do_channel_resume},
    {"GET", "/v1/silences", V1, OPER, 0, 0, "", aw_do_silences},
    {"POST", "/v1/silences", V1, OPER, SMALL, JSON, "", aw_do_silence_add},
    {"DELETE", "/v1/silences/{silence}", V1, OPER, 0, 0, "reason", aw_do_silence_end},
    {"GET", "/v1/keys", V1, ADMIN, 0, 0, "", aw_do_keys},
    {"POST", "/v1/keys", V1, ADMIN, SMALL, JSON, "", aw_do_key_create},
    {"DELETE", "/v1/keys/{key}", V1, ADMIN, 0, 0, "", aw_do_key_revoke},
    {"GET", "/v1/audit/head", V1, AUDIT, 0, 0, "", aw_do_audit_head},
    {"GET", "/v1/audit/entries", V1, AUDIT, 0, 0, "from limit", aw_do_audit_entries},
    {"GET", "/v1/events", V1, M_READ, 0, 0, "types", aw_do_events},
    {"GET", "/v1/requests", V1, OPER, 0, 0, "limit after", aw_do_requests},
    {"GET", "/v1/webhooks/deliveries", V1, M_READ, 0, 0, "state message limit after",
     aw_do_deliveries},
    {"GET", "/v1/webhooks/deliveries/{delivery}", V1, M_READ, 0, 0, "", aw_do_delivery},
    {"POST", "/v1/webhooks/deliveries/{delivery}:redeliver", V1, M_WRITE, 0, 0, "",
     aw_do_redeliver},
    {"GET", "/v1/status", V1, OPER, 0, 0, "", aw_do_status},
    {"GET", "/livez", OPS, 0, 0, 0, NULL, aw_do_livez},
    {"GET", "/readyz", OPS, 0, 0, 0, NULL, aw_do_readyz},
    {"GET", "/metrics", OPS, 0, 0, 0, NULL, aw_do_metrics},
    {"GET", "/a/{token}", PUB, 0, 0, PROOF, NULL, aw_do_page},
    {"POST", "/a/{token}", PUB, 0, SMALL, PROOF, NULL, aw_do_page},
    {"GET", "/in/{channel}", PUB, 0, 0, PROOF, NULL, aw_do_receipt},
    {"POST", "/in/{channel}", PUB, 0, AW_INBOUND_MAX, PROOF, NULL, aw_do_receipt},
    {"GET", "/in/{channel}/{secret}", PUB, 0, 0, PROOF, NULL, aw_do_receipt},
    {"POST", "/in/{channel}/{secret}", PUB, 0, AW_INBOUND_MAX, PROOF, NULL, aw_do_receipt},
    {0},
};

/* A parameter takes one segment, less what the pattern wants at its end (":cancel"). */
static bool take_param(const char **pattern, const char **path, char *dst)
{
    *pattern = strchr(*pattern, '}') + 1;
    size_t n = strcspn(*path, "/"), n_tail = strcspn(*pattern, "/");

    if (n <= n_tail || memcmp(*path + n - n_tail, *pattern, n_tail) != 0)
        return false;
    if (aw_percent_decode(*path, n - n_tail, false, dst, AW_PARAM_MAX) < 0)
        return false;
    *path += n;
    *pattern += n_tail;
    return true;
}

static bool match(const char *pattern, const char *path, char params[AW_PARAMS][AW_PARAM_MAX])
{
    unsigned n = 0;
    while (*pattern) {
        if (*pattern == '{') {
            if (!take_param(&pattern, &path, params[n++]))
                return false;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

static void add_method(char *allow, const char *method)
{
    size_t n = strlen(allow);
    snprintf(allow + n, 64 - n, "%s%s%s", n ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct aw_route *aw_route_find(const char *method, const char *path, unsigned faces,
                                     char params[AW_PARAMS][AW_PARAM_MAX], char *ret_allow)
{
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    ret_allow[0] = 0;
    for (const struct aw_route *r = aw_routes; r->method; r++) {
        if (!(r->face & faces) || !match(r->path, path, params))
            continue;
        if (strcmp(r->method, method) == 0)
            return r;
        add_method(ret_allow, r->method);
    }
    return NULL;
}

bool aw_route_knows(const char *names, const char *name)
{
    size_t n = strlen(name);
    while (*names) {
        size_t word = strcspn(names, " ");
        if (n == word && memcmp(names, name, n) == 0)
            return true;
        names += word + strspn(names + word, " ");
    }
    return false;
}
