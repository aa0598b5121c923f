/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of providers and their settings: conf/ checks channels of the environment file against
 * it, the documents are made from it, chan/ reads the values back by key. Keys that every channel
 * has (provider, app, weight, concurrency, timeout) are not here but members of struct aw_channel.
 * Constant data, any thread.
 */
#include "core/channel.h"

#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        .key = NULL                                                                                \
    }

static const struct aw_setting jpush[] = {
    {"app_key", AW_SET_TEXT, .required = true, .help = "AppKey of the application, 24 characters"},
    {"master_secret", AW_SET_SECRET, .required = true, .help = "Master Secret of that AppKey"},
    {"push_url", AW_SET_URL, .def = "https://api.jpush.cn/v3/",
     .help = "base of the Push API in the zone of the application"},
    {"report_url", AW_SET_URL, .def = "https://report.jpush.cn/v3/",
     .help = "base of the Report API in the zone of the application"},
    {"apns_production", AW_SET_BOOL, .def = "true",
     .help = "iOS builds signed for production (true) or for development (false)"},
    {"hmos_category", AW_SET_TEXT,
     .help = "category of HarmonyOS notifications that we build; without it none is built"},
    {"report_budget", AW_SET_NUMBER, .min = 1, .max = 100000,
     .help = "questions a minute to the Report API; without it half of what the account allows"},
    {"tier", AW_SET_CHOICE, .def = "free", .choices = "free vip",
     .help = "vip: may be asked about each device, and sends callbacks"},
    {"callback_secret", AW_SET_SECRET,
     .help = "last part of the callback URL /in/CHANNEL/SECRET; without it HTTP Basic must fit"},
    {"callback_list", AW_SET_TEXT, .def = "data",
     .help = "member of a callback that holds the events, where the body is not the list itself"},
    {"callback_id", AW_SET_TEXT, .def = "msg_id", .help = "member of an event: the message's id"},
    {"callback_params", AW_SET_TEXT, .def = "params",
     .help = "member of an event: what we gave along with the push"},
    END,
};

#define GATEWAY_NAMES "to text ref receipt_url user password"

#define CA_FILE                                                                                    \
    {                                                                                              \
        "ca_file", AW_SET_PATH,                                                                    \
            .help = "certificate authorities of a private one (PEM), in place of the system's"     \
    }

static const struct aw_setting gateway[] = {
    {"url", AW_SET_URL, .required = true, .help = "where an SMS is handed in"},
    CA_FILE,
    {"method", AW_SET_CHOICE, .def = "POST", .choices = "POST GET", .help = "HTTP method"},
    {"format", AW_SET_CHOICE, .def = "form", .choices = "form json query",
     .help = "how the fields travel: form or JSON body, or in the query"},
    {"fields", AW_SET_PAIRS, .required = true, .choices = GATEWAY_NAMES,
     .help = "name: text with {{to}} {{text}} {{ref}} {{receipt_url}} {{user}} {{password}}"},
    {"headers", AW_SET_PAIRS, .choices = GATEWAY_NAMES,
     .help = "further request headers, name: text as in fields"},
    {"user", AW_SET_TEXT, .help = "user of HTTP Basic, unless a field holds {{password}}"},
    {"password", AW_SET_SECRET, .help = "its password"},
    {"success_status", AW_SET_TEXT, .def = "200-299",
     .help = "HTTP statuses that mean taken: numbers and ranges with blanks between"},
    {"success_pointer", AW_SET_TEXT,
     .help = "JSON Pointer to the gateway's own code; without it the status decides"},
    {"success_value", AW_SET_TEXT, .def = "0", .help = "value there that means taken"},
    {"refused_values", AW_SET_TEXT,
     .help = "values there, with blanks between, that mean: never for this number"},
    {"id_pointer", AW_SET_TEXT, .help = "JSON Pointer to the gateway's id of the SMS"},
    {"receipt_secret", AW_SET_SECRET,
     .help = "last part of the URL of receipts and replies, /in/CHANNEL/SECRET"},
    {"receipt_ref", AW_SET_TEXT, .def = "ref", .help = "name in the receipt that holds {{ref}}"},
    {"receipt_status", AW_SET_TEXT, .def = "status",
     .help = "name in the receipt that holds the status"},
    {"receipt_delivered", AW_SET_TEXT, .def = "DELIVRD",
     .help = "statuses, with blanks between, that mean: the handset has it"},
    {"receipt_failed", AW_SET_TEXT, .def = "UNDELIV REJECTD",
     .help = "statuses, with blanks between, that mean: it never will"},
    {"receipt_sent", AW_SET_TEXT,
     .help = "statuses, with blanks between, that mean: the carrier has it"},
    {"reply_from", AW_SET_TEXT, .def = "from", .help = "name in a reply that holds its number"},
    {"reply_text", AW_SET_TEXT, .def = "text", .help = "name in a reply that holds what it says"},
    {"reply_charset", AW_SET_TEXT, .def = "charset",
     .help = "name in a reply that holds the charset of the text: UTF-16BE, else UTF-8"},
    {"reply_prefix", AW_SET_TEXT,
     .help = "put before numbers that come without + or 00, such as +86; without it a +"},
    {"reply_answer", AW_SET_CHOICE, .def = "send", .choices = "send body none",
     .help = "how a reply is answered: by a text, in the answer to its request, not at all"},
    END,
};

static const struct aw_setting smtp[] = {
    {"host", AW_SET_TEXT, .required = true, .help = "mail server; its certificate must name it"},
    {"port", AW_SET_NUMBER, .def = "587", .min = 1, .max = 65535,
     .help = "submission port; 465 with tls: implicit"},
    {"tls", AW_SET_CHOICE, .def = "starttls", .choices = "starttls implicit",
     .help = "starttls: before anything else is said; implicit: from the first byte"},
    {"ca_file", AW_SET_PATH, .def = "/etc/ssl/certs/ca-certificates.crt",
     .help = "certificate authorities that the server's certificate is checked against (PEM)"},
    {"user", AW_SET_TEXT, .help = "user of AUTH; without it nobody logs in"},
    {"password", AW_SET_SECRET, .help = "its password, only ever sent inside TLS"},
    {"from", AW_SET_TEXT, .required = true, .help = "address of the sender"},
    {"from_name", AW_SET_TEXT, .help = "name shown beside it"},
    END,
};

static const struct aw_setting webhook[] = {
    {"url", AW_SET_URL, .required = true, .help = "where events are posted"},
    {"secret", AW_SET_SECRET, .required = true,
     .help = "key of the Standard Webhooks signature: whsec_<base64>, or any text"},
    {"previous_secret", AW_SET_SECRET,
     .help = "a second key that signs too, while receivers change to a new one"},
    CA_FILE,
    END,
};

#define ROBOT_URL "the robot's webhook URL as its group shows it: it is the key"

static const struct aw_setting wecom[] = {
    {"url", AW_SET_SECRET, .required = true, .help = ROBOT_URL},
    END,
};

static const struct aw_setting signed_robot[] = {
    {"url", AW_SET_SECRET, .required = true, .help = ROBOT_URL},
    {"secret", AW_SET_SECRET, .help = "key of its signature, when the robot demands one"},
    END,
};

static const struct aw_setting jsms[] = {
    {"app_key", AW_SET_TEXT, .required = true, .help = "AppKey of the application, 24 characters"},
    {"master_secret", AW_SET_SECRET, .required = true, .help = "Master Secret of that AppKey"},
    {"temp_id", AW_SET_NUMBER, .min = 1, .max = INT32_MAX,
     .help = "audited template of texts whose own template names none; may use {{title}} {{body}} "
             "and, in steps with one, {{link}}"},
    {"sign_id", AW_SET_NUMBER, .min = 1, .max = INT32_MAX,
     .help = "audited signature; without it the application's default"},
    {"url", AW_SET_URL, .def = "https://api.sms.jpush.cn/v1/", .help = "base of the SMS API"},
    {"reports", AW_SET_CHOICE, .def = "none", .choices = "none pull callback",
     .help = "pull: we alone ask, what is asked for is handed out once; callback: to /in/CHANNEL"},
    {"report_every", AW_SET_DURATION, .def = "15000", .min = 5000, .max = 3600000,
     .help = "pull: how often reports, and replies, are asked for"},
    {"callback_secret", AW_SET_SECRET,
     .help = "callback: last part of the URL /in/CHANNEL/SECRET, beside the signature"},
    {"callback_window", AW_SET_DURATION, .def = "86400000", .min = 60000, .max = 259200000,
     .help = "callback: how far its timestamp may be from our time; repeats come after 12 h"},
    END,
};

static const struct aw_setting jsms_form[] = {
    {"temp_id", AW_SET_NUMBER, .required = true, .min = 1, .max = INT32_MAX,
     .help = "the audited template that says the same"},
    {"sign_id", AW_SET_NUMBER, .min = 1, .max = INT32_MAX,
     .help = "audited signature; without it the channel's"},
    {"para", AW_SET_PAIRS,
     .help = "its parameters: name: text with {{names}}; without it title, "
             "body and link"},
    END,
};

static const struct aw_setting jmessage[] = {
    {"app_key", AW_SET_TEXT, .required = true, .help = "AppKey of the application, 24 characters"},
    {"master_secret", AW_SET_SECRET, .required = true, .help = "Master Secret of that AppKey"},
    {"from", AW_SET_TEXT, .required = true, .help = "user name of an administrator: the sender"},
    {"url", AW_SET_URL, .def = "https://api.im.jpush.cn/v1/", .help = "base of the IM API"},
    END,
};

/* To wait for a receipt before a send whose fate is unknown is repeated. */
#define RECEIPT_WAIT AW_MINUTE

const struct aw_provider aw_providers[] = {
    {"jpush", AW_PUSH, jpush, .reports = true, .by_id = true, .best = AW_DELIVERED,
     .repeats = AW_REPEATS_BY_KEY, .repeat_life = 23 * AW_HOUR, .throttle = AW_MINUTE},
    {"gateway", AW_SMS, gateway, .receipts = true, .best = AW_DELIVERED, .throttle = 30 * AW_SECOND,
     .unknown = RECEIPT_WAIT},
    {"smtp", AW_EMAIL, smtp, .best = AW_DELIVERED, .throttle = 5 * AW_MINUTE},
    {"webhook", AW_WEBHOOK, webhook, .best = AW_ACCEPTED, .repeats = AW_REPEATS_BY_KEY,
     .throttle = 30 * AW_SECOND},
    {"wecom", AW_IM, wecom, .best = AW_ACCEPTED, .limits = {{20, AW_MINUTE}},
     .throttle = AW_MINUTE},
    {"dingtalk", AW_IM, signed_robot, .best = AW_ACCEPTED, .limits = {{20, AW_MINUTE}},
     .throttle = 10 * AW_MINUTE},
    {"feishu", AW_IM, signed_robot, .best = AW_ACCEPTED,
     .limits = {{100, AW_MINUTE}, {5, AW_SECOND}}, .throttle = AW_MINUTE},
    {"jsms", AW_SMS, jsms, .by_id = true, .best = AW_DELIVERED, .form = jsms_form,
     .throttle = AW_MINUTE},
    {"jmessage", AW_IM, jmessage, .best = AW_ACCEPTED, .throttle = AW_MINUTE},
    {.name = NULL},
};

static const struct aw_setting heartbeat[] = {
    {"url", AW_SET_URL, .required = true, .help = "where a monitor waits for us"},
    END,
};

const struct aw_provider aw_provider_heartbeat = {"heartbeat", AW_WEBHOOK, heartbeat,
                                                  .reports = false, .best = AW_ACCEPTED};

const struct aw_provider *aw_provider_find(const char *name)
{
    for (const struct aw_provider *p = aw_providers; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
