/* SPDX-License-Identifier: Apache-2.0
 *
 * A page for every code: what it means, an example, the way out. E0xx come from codec/yaml.c,
 * E1xx and W1xx from conf/. docs/rules-codes.md is made from it. A test fails when a code of the
 * sources has no page.
 */
#include <string.h>

#include "base/mem.h"
#include "conf/diag.h"

struct page {
    const char *code, *text;
};

static const struct page pages[] = {
    {"E001", "The text is not YAML. Most often a line is indented by one blank too many or too "
             "few: then it becomes part of the value above.\n"
             "  until: opened\n"
             "     deadline: 24h      <- continues \"opened\"\n"
             "Put the keys of one map under each other. A value that contains \": \" or \" #\" "
             "needs quotes."},
    {"E002", "Anchors (&name) and aliases (*name) are not read: what a rule does must stand "
             "where the rule stands. Write the value out, or use defaults:."},
    {"E003", "Tags such as !!str are not read: every field knows its own type. Take the tag out."},
    /* xgettext:no-c-format */
    {"E004", "A line that begins with % is a directive of YAML; none is read. Take it out, or put "
             "the text in quotes."},
    {"E005", "A key stands twice in one map, so one of the values would be lost. Keep one."},
    {"E006", "A tab stands in the file, most often as indentation. YAML wants blanks; most editors "
             "can change that. In a text write \"\\t\" in double quotes."},
    {"E007", "A second document begins here (---). One file holds one document: make two files."},
    {"E008", "The text is nested deeper than 32 levels. No file of ours needs that: look for an "
             "unclosed [ or {."},
    {"E009",
     "The file is larger than 1 MiB, or holds too many elements. Make several files of it."},
    {"E010", "The file is not clean UTF-8: it begins with a byte order mark, or holds a byte or "
             "character that must not stand in a text. Save it as UTF-8 without a mark."},
    {"E011", "A key is a list or a map. Keys are plain texts."},
    {"E100", "A file or directory cannot be read. The text says why; check its path, its rights, "
             "and that it is not too large."},
    {"E101", "A key that is required is missing.\n"
             "  - {name: must-read, until: acknowledged, steps: [...]}   <- deadline is missing\n"
             "Add it; the hint says what it is for."},
    {"E102", "A key is not known here. A typing error in a rule must not be ignored.\n"
             "  unles: delivered       <- unless\n"
             "The hint names the nearest key, and all that may stand here."},
    {"E103", "The value has another form than the key wants: a list where a text belongs, a text "
             "where a map belongs, or nothing.\n"
             "  check: 30s             <- check: {every: 30s}"},
    {"E104", "A word of a closed list is not one of them: a kind, a rung, a priority, a provider "
             "and so on.\n"
             "  do: smss               <- sms\n"
             "The hint lists them."},
    {"E105", "Two rules have the same name. Names are unique over all files, because messages, "
             "tests and people refer to them. Rename one; the hint says where the other stands."},
    {"E106", "Two steps of a rule have the same id, or a step is called \"exhausted\". A step that "
             "has fired never fires again, and is known by its id: give each its own."},
    {"E107", "Something is listed twice where once is enough, as in do: [push, push]."},
    {"E110", "A duration needs a unit: s, m, h or d, or several from large to small.\n"
             "  at: 5                  <- 5s, 5m, 5h or 5d\n"
             "  at: 1h30m"},
    {"E111", "A number is written with digits only, without sign, blanks or leading zeros; a "
             "factor may have two decimals, as in 1.5."},
    {"E112", "A value is too small, too large, too long, or there are too many. The text names "
             "the limits."},
    {"E113", "A text is too long, empty, or holds control characters."},
    {"E114", "A name holds letters of any script, digits, '.', '_' and '-', does not begin with "
             "'.' or '-', and has at most 64 bytes. Names of people are 1 to 128 bytes without "
             "control characters; languages are written as in en or zh-CN."},
    {"E115", "A date and time is written as in \"2026-11-23T10:00:00+08:00\", with its zone."},
    {"E116", "An address cannot be used: a phone number is + and digits with the country code, a "
             "URL begins with https:// or http:// and holds no password, a listener has a numeric "
             "address."},
    {"E117", "A time zone is not in the zone database of this machine. Zones are written as in "
             "Asia/Shanghai, Europe/Berlin or UTC; ls /usr/share/zoneinfo lists them. Without any, "
             "install the package tzdata."},
    {"E118",
     "A time of day is written as in \"22:00\", in quotes, a date as in \"2026-10-01\", two "
     "with what lies between as in \"2026-10-01..2026-10-07\", and a local time as in "
     "\"2026-01-05T09:00:00\". A window that ends before it begins ends on the next day."},
    {"E120", "A channel is not configured, or carries another kind than the step does. Channels "
             "stand in the environment file under channels:."},
    {"E121", "A template does not exist. Templates are the files NAME.yaml in the templates "
             "directory."},
    {"E122", "A template has no text for a kind that the step does.\n"
             "  {do: [push, sms], template: notice}   <- notice.yaml needs push: and sms:"},
    {"E123", "A contact or user is not in the directory of this test or simulation. Add the "
             "person under people:."},
    {"E124", "A template text uses {{name}} with a name that is not known, or a {{ is not closed."},
    {"E125", "A channel of the step carries only texts of templates that its provider has audited, "
             "and the template here does not say which.\n"
             "  sms: {zh-CN: {text: \"...\", jsms: {temp_id: 123}}}\n"
             "Add the form to each language of that kind, or temp_id to the channel, or name by "
             "via a channel that takes any text."},
    {"E126", "A text is longer than its kind carries, or holds what the provider refuses. The "
             "text names the limit."},
    {"E127", "A calendar is not in the environment file. Calendars stand under calendars:, in a "
             "test under environment:.\n"
             "  calendars: {night: {zone: recipient, open: [{days: all, from: \"22:00\", to: "
             "\"08:00\"}]}}"},
    {"E128", "A rotation is not in the environment file. Rotations stand under rotations:, in a "
             "test under environment:.\n"
             "  rotations: {noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:00\", turn: 7d, "
             "people: [chen, li]}}"},
    {"E130", "ttl or replaces refers to a step that does not fit. ttl: until ID names a later "
             "step; replaces: ID names an earlier step that does push."},
    {"E131", "A step is due after the deadline of its rule, so it would never run. Move it before "
             "the deadline, or make the deadline longer."},
    {"E132", "A step that repeats until the goal would run more than 1,000 times before the "
             "deadline. Make \"every\" longer."},
    {"E140", "via lists channels of one kind, so it needs a step of one kind. Make a step of each "
             "kind, at the same instant."},
    {"E141", "ttl and replaces are about a push on a phone; the step does no push."},
    {"E160", "The rules directory holds no rule. Without rules no message can be registered. Copy "
             "one of the shipped rules, or write one."},
    {"E161", "A secret cannot be read. Secrets never stand in the environment file; it names "
             "where they are:\n"
             "  password: {file: /etc/ackwatch/secrets/mail}\n"
             "  password: {credential: mail}     a file in $CREDENTIALS_DIRECTORY (systemd)\n"
             "  password: {env: MAIL_PASSWORD}"},
    {"E162", "A file with a secret may be opened by others. Do chmod 600 FILE; or let it belong "
             "to root and the group of the service, and do chmod 640 FILE."},
    {"E163", "Operators cannot be told in this way. They are told by e-mail (to: address), SMS "
             "(to: number) or a webhook (no to)."},
    {"E164",
     "A listener cannot serve TLS with these files. It wants the certificate and its private "
     "key, both in PEM form, the key without a password and of this certificate:\n"
     "  tls: {certificate: /etc/ackwatch/tls/cert.pem, key: {file: /etc/ackwatch/secrets/tls}}\n"
     "openssl x509 -in FILE -noout -subject -dates shows what a certificate is."},
    {"E170", "The registration in the file would be refused by POST /v1/messages too; the text "
             "is that of the API."},
    {"E171", "A file that begins with { is read as JSON, and this is not JSON."},
    {"E180",
     "The layout cannot be made anew without losing something. `rules fmt` keeps the order, the "
     "scalars and the comments of a file, and proves it by reading its result again. Move a "
     "comment out of the braces, write a text in one line, or lay the file out by hand."},
    {"E181",
     "A test beside the rules fails, so the rules are not taken over: what they do is not what "
     "their owner expects. `ackwatch rules test DIR --diff` shows the difference. `ackwatch "
     "rules apply --force` takes them over all the same, and the log says so."},
    {"W100", "A comment that begins with # aw: allows one warning in one place: in its line, or in "
             "the line below.\n"
             "  # aw: allow W113 the second push is the reminder that the owner asked for\n"
             "It names a code and gives a reason. One that names no code, gives no reason, or "
             "allows what is not there, is in nobody's interest: correct it or take it out."},
    {"W101", "A rule can never be chosen: a rule before it takes every message that it would "
             "take. Put the special rule first, or make its match narrower. A registration that "
             "names the rule still gets it."},
    {"W102", "Some rounds of a repeat are due after the deadline; they do not run."},
    {"W103", "A file ends in .yml. Only files that end in .yaml are read."},
    {"W104", "ack_link: true gives the text its {{link}} to the confirmation page, but the text of "
             "the step has no {{link}}, so nobody sees it. Use a template that shows it."},
    {"W105", "{{code}} or {{link}} is not whole in the first segment of an SMS: a phone that gets "
             "the parts late or out of order shows a link that cannot be touched. Put it first, "
             "or shorten what stands before it."},
    {"W106",
     "hours hold a step so long that it cannot run: with then: keep the deadline does not wait "
     "for it; no hold moves max_age; and a calendar that is open all week lets nothing out.\n"
     "  hours: {calendar: night, inside: hold, then: keep}   <- and deadline: 2h"},
    {"W107", "An SMS takes more than one segment, and each is paid for. One holds 160 characters "
             "of the GSM alphabet, or 70 of any other; of several, 153 or 67."},
    {"W108", "One character outside of the GSM alphabet, most often a curly quote or a long dash "
             "that a word processor put in, makes UCS-2 of the whole SMS: 70 characters a "
             "segment instead of 160. Write the plain form that the hint names."},
    {"W110", "A URL of a channel leads to an address that is not public, or is not https. Requests "
             "go to public addresses over TLS only, unless the channel allows the server's "
             "address or its range:\n"
             "  allow: [127.0.0.1]         a gateway on this machine\n"
             "  allow: [10.1.0.0/16]       a network of ours"},
    {"W111", "The certificate of a listener is not valid now, or will not be in two weeks. Clients "
             "refuse it then. Renew it; systemctl reload ackwatchd takes the new files into use."},
    {"W109", "A step looks at a rung that nothing sent before it can prove by itself. A text or an "
             "e-mail proves delivered, a robot or a webhook only accepted; more comes from an app "
             "that gets a push, from the confirmation page (ack_link: true) or from a reply with "
             "{{code}}. So the step always runs. An application that reports the rung through the "
             "API is a reason to allow this."},
    {"W112",
     "A rule for critical messages tells nobody else when the recipient stays silent. Let a "
     "step go to a manager, a contact or a rotation, or add exhausted:.\n"
     "  exhausted: {do: email, to: \"contact:duty\", template: exhausted}"},
    {"W113",
     "The same people are told by the same kind within a minute. That looks like a fault to "
     "them, and providers count it as a flood."},
    {"W115", "A text shows a value whose name sounds like a password, a number of an identity card "
             "or a diagnosis. Pushes show on locked screens, and texts pass through many hands. "
             "Say what it is about, and show the value behind a log-in."},
    {"W116", "The Chinese text of an SMS holds an address of the web. Carriers of mainland China "
             "reject most of these unless the template was audited. Have it audited and add its "
             "form, or use {{link}} with a domain that is filed with the provider."},
    {"W119",
     "A rule file has no tests beside it. NAME.test.yaml says what must happen, in the words "
     "of the business; ackwatch rules test runs it, and a reload refuses rules whose tests "
     "fail. ackwatch rules test --coverage shows steps that no test reaches."},
    {"W121",
     "The goal of a rule cannot be proven by anything that is sent to the recipient, so every "
     "message of it ends exhausted. An app that gets a push can confirm, the confirmation "
     "page (ack_link: true) and a reply with {{code}} can. An application that confirms "
     "through the API is a reason to allow this."},
    {"W122",
     "A template lacks a language that other texts of the rule have. Its readers get another "
     "language there."},
    {"W123",
     "Nobody whom a step names has an address of its kind, so it reaches nobody: a text to a "
     "contact that has only an e-mail address. Known from people: of the environment."},
    {"W124",
     "A goal or an unless that makes no difference: the goal ends a timeline before a higher "
     "rung could skip a step, and accepted is met as soon as a provider takes the first "
     "send."},
    {"W125", "The limits of a rule, or of the environment, let through less than one message of it "
             "sends when nobody confirms: "
             "what is beyond waits, and ends skipped at the deadline."},
    {"W126",
     "A text or a call leaves before the first receipt of the push can be known, so it also "
     "goes to those whom the push reached at once. Receipts are asked for check.first after "
     "a send."},
    {"W127",
     "displayed is reported by few vendors; in most cases only the app itself can say that it "
     "showed a message, on iOS with a notification service extension. Without that, the "
     "step always runs, or the goal is never met. delivered and opened are known "
     "everywhere."},
    {"W128", "A step looks for proof less than ten seconds after the step before it. Nothing is "
             "proven so fast, so it always runs."},
    {"W129", "Carriers of mainland China do not deliver promotional texts from 20:00 to 08:00; the "
             "text is refused, and paid for. Add hours: with a calendar of the night."},
    {"W130", "A step stands behind one that is due later. Steps run by their time, wherever they "
             "stand, but people read them from top to bottom."},
    {"W131", "No step is due at 0s. Something must be sent at once: a registration without "
             "already_sent is refused. Where all applications send the first push themselves and "
             "say so, allow it."},
};

const char *aw_diag_code(unsigned i)
{
    return i < AW_COUNT(pages) ? pages[i].code : NULL;
}

const char *aw_diag_page(enum aw_lang lang, const char *code)
{
    for (unsigned i = 0; i < AW_COUNT(pages); i++)
        if (strcmp(pages[i].code, code) == 0)
            return aw_t(lang, pages[i].text);
    return NULL;
}
