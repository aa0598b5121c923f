/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms of keys whose reader takes more, or another thing, than their type says. By the name of the
 * shape and of the key.
 */
#include <string.h>

#include "base/mem.h"
#include "conf/json_schema.h"

#define TEXT "{\"$use\": \"text\"}"
#define TITLE                                                                                      \
    "{\"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1, \"maxLength\": 256}"
#define NAME     "{\"$use\": \"name\"}"
#define DURATION "{\"$use\": \"duration\"}"
#define CHILD    "{\"$use\": \"child\"}"

/* A map of languages to something. */
#define BY_LANG(what)                                                                              \
    "{\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": {\"$use\": \"lang\"}, "       \
    "\"additionalProperties\": " what "}"
/* One, or a list of them, each once. */
#define SOME(what, max)                                                                            \
    "{\"anyOf\": [" what ", {\"type\": \"array\", \"minItems\": 1, \"maxItems\": " max             \
    ", \"uniqueItems\": true, \"items\": " what "}]}"
#define SECRET                                                                                     \
    "{\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": 1, "                          \
    "\"additionalProperties\": "                                                                   \
    "false, \"properties\": {\"file\": {\"type\": \"string\"}, \"credential\": {\"type\": "        \
    "\"string\"}, \"env\": {\"type\": \"string\"}}}"
#define TARGET                                                                                     \
    "{\"anyOf\": [{\"enum\": [\"recipient\", \"manager\"]}, {\"type\": \"string\", \"pattern\": "  \
    "\"^(contact:|user:|oncall:).{1,128}$\"}]}"
#define GLOBS SOME(TEXT, "64")
#define PRIORITY                                                                                   \
    "{\"anyOf\": [{\"enum\": [\"low\", \"normal\", \"high\", \"critical\"]}, {\"type\": "          \
    "\"string\", \"pattern\": \"[*?]\"}]}"
#define MATCH                                                                                      \
    "{\"type\": \"object\", \"properties\": {\"app\": " GLOBS ", \"class\": " GLOBS                \
    ", \"priority\": " SOME(PRIORITY,                                                              \
                            "64") ", \"channel\": " GLOBS ", \"title\": " GLOBS                    \
                                  "}, \"patternProperties\": {\"^(labels|extras)[.].+$\": " GLOBS  \
                                  "}, \"additionalProperties\": false}"
#define RATE                                                                                       \
    "{\"type\": \"string\", \"pattern\": "                                                         \
    "\"^[1-9][0-9]*/([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$\"}"
#define DAYS                                                                                       \
    "{\"type\": \"string\", \"pattern\": "                                                         \
    "\"^(all|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)$\"}"
#define TIME_OF_DAY "{\"type\": \"string\", \"pattern\": \"^([01][0-9]|2[0-4]):[0-5][0-9]$\"}"
#define DATE        "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define DATES       SOME("{\"type\": \"string\", \"pattern\": \"^" DATE "([.]{2}" DATE ")?$\"}", "1000")
#define LOCAL       "{\"type\": \"string\", \"pattern\": \"^" DATE "T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$\"}"
#define RATES       SOME(RATE, "8")

static const struct {
    const char *shape, *key, *json;
} forms[] = {
    {"rules", "rules", "{\"type\": \"array\", \"minItems\": 1, \"items\": " CHILD "}"},
    {"rules", "defaults", "{\"$use\": \"members\"}"},
    {"a rule", "title", "{\"anyOf\": [" TITLE ", " BY_LANG(TITLE) "]}"},
    {"a rule", "match", MATCH},
    {"suppress", "if_open", MATCH},
    {"a silence", "match", MATCH},
    {"the storm brake", "recipient", RATE},
    {"the storm brake", "rule", RATE},
    {"the storm brake", "channel", RATE},
    {"the storm brake", "app", RATE},
    {"the storm brake", "reserve",
     "{\"type\": \"string\", \"pattern\": \"^([0-9]|[1-8][0-9]|90)%$\"}"},
    {"limits per recipient", "push", RATES},
    {"limits per recipient", "sms", RATES},
    {"limits per recipient", "email", RATES},
    {"limits per recipient", "im", RATES},
    {"limits per recipient", "call", RATES},
    {"limits per recipient", "webhook", RATES},
    {"a rule", "of",
     "{\"anyOf\": [{\"enum\": [\"each\", \"any\"]}, {\"type\": \"integer\", \"minimum\": 1}, "
     "{\"type\": \"string\", \"pattern\": \"^([1-9][0-9]*|[1-9][0-9]?%|100%)$\"}]}"},
    {"a rule", "exhausted", CHILD},
    {"a rule", "hours", SOME(CHILD, "16")},
    {"a window", "days", SOME(DAYS, "7")},
    {"a window", "from", TIME_OF_DAY},
    {"a window", "to", TIME_OF_DAY},
    {"a calendar", "closed", DATES},
    {"a calendar", "also_open", DATES},
    {"an override", "from", LOCAL},
    {"an override", "to", LOCAL},
    {"an override", "person", TEXT},
    {"a rotation", "start", LOCAL},
    {"a rotation", "people",
     "{\"anyOf\": [" TEXT
     ", {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 100, \"items\": " TEXT "}]}"},
    {"a rule", "catch_up", "{\"anyOf\": [{\"enum\": [\"always\", \"never\"]}, " DURATION "]}"},
    {"a step", "unless",
     "{\"anyOf\": [{\"$use\": \"words\"}, {\"type\": \"object\", \"required\": [\"rung\"], "
     "\"additionalProperties\": false, \"properties\": {\"rung\": {\"$use\": \"words\"}, "
     "\"devices\": {\"enum\": [\"any\", \"all\"]}}}]}"},
    {"a step", "to", SOME(TARGET, "16")},
    {"the exhausted step", "to", SOME(TARGET, "16")},
    {"a step", "ttl",
     "{\"anyOf\": [" DURATION ", {\"type\": \"string\", \"pattern\": \"^until [^ ]+$\"}]}"},
    {"the exhausted step", "ttl",
     "{\"anyOf\": [" DURATION ", {\"type\": \"string\", \"pattern\": \"^until [^ ]+$\"}]}"},
    {"a step", "replaces", NAME},
    {"the exhausted step", "replaces", NAME},
    {"presence", "on_expiry", NAME},
    {"repeat", "times",
     "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000}, {\"const\": "
     "\"until_goal\"}]}"},
    {"a test", "send", "{\"type\": \"object\"}"},
    {"tests", "rules", "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}"},
    {"tests", "environment", "{\"anyOf\": [{\"type\": \"string\"}, " CHILD "]}"},
    {"an event", "until",
     "{\"anyOf\": [" DURATION ", {\"type\": \"string\", \"pattern\": \"^[0-9]{4}-\"}]}"},
    {"an expectation", "targets", "{\"type\": \"array\", \"items\": " TEXT "}"},
    {"an expectation", "to", TEXT},
    {"tls", "key", SECRET},
    {"a channel", "allow", SOME("{\"type\": \"string\"}", "64")},
    {"the heartbeat", "allow", SOME("{\"type\": \"string\"}", "64")},
    {"the environment", "apps",
     "{\"anyOf\": [{\"type\": \"array\", \"minItems\": 1, \"items\": " NAME
     "}, {\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": " NAME
     ", \"additionalProperties\": {\"anyOf\": [" CHILD ", {\"type\": \"null\"}]}}]}"},
    {"a template", "push", BY_LANG(CHILD)},
    {"a template", "sms", BY_LANG(CHILD)},
    {"a template", "email", BY_LANG(CHILD)},
    {"a template", "im", BY_LANG(CHILD)},
    {"a template", "call", BY_LANG(CHILD)},
    {"a template", "webhook", BY_LANG(CHILD)},
    {"an SMS text", "jsms", "{\"$use\": \"form\"}"},
};

const char *aw_json_form(const char *shape, const char *key)
{
    for (unsigned i = 0; i < AW_COUNT(forms); i++)
        if (strcmp(forms[i].key, key) == 0 && strcmp(forms[i].shape, shape) == 0)
            return forms[i].json;
    return NULL;
}
