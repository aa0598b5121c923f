#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pictures and explanations: rules graph, diff and explain from files, a message's timeline and its
# reasons from a running daemon, and the same tools over HTTP. Prints TAP.
set -u
. "$(dirname "$0")/cli-lib.sh"

# --- graph ------------------------------------------------------------------------------------------

well_formed() { ! command -v xmllint >/dev/null || xmllint --noout --nonet "$1"; }
for rule in order-status must-read; do
    exits "draw $rule" 0 rules graph "$src/rules/$rule.yaml"
    check "... in 80 columns" [ "$(awk '{ gsub(/[^ -~]/, "x"); print length }' out | sort -n | tail -1)" -le 240 ]
    exits "... as SVG" 0 rules graph "$src/rules/$rule.yaml" --format svg
    check "... which is well-formed" well_formed out
    check "... without scripts or links" sh -c '! grep -qE "<script|<image|href|url\(" out'
    out_has '<title id="t">'
    out_has '<desc id="d">'
    out_has 'prefers-color-scheme:dark'
    exits "... for Mermaid" 0 rules graph "$src/rules/$rule.yaml" --format mermaid
    out_has 'dateFormat YYYY-MM-DD HH:mm:ss'
done
exits "a picture of one rule of many" 0 rules graph "$src/rules" --rule must-read --format svg --lang zh-CN
out_has '办公通知'
exits "one picture a file" 2 rules graph "$src/rules" --format svg
err_has "--rule"
exits "a rule that there is not" 5 rules graph "$src/rules" --rule nix
exits "... in JSON all of them" 0 rules graph "$src/rules" --json --format svg
check "... one object each" holds "json_array_length(j) = $(ls "$src/rules" | grep -c '[a-z]\.yaml$') -
    $(ls "$src/rules" | grep -c '\.test\.yaml$')"
exits "from an instant on" 0 rules graph "$src/rules/order-status.yaml" --at 2026-11-23T22:00:00+08:00
out_has '5m text: SMS'
printf 'version: 1\ncalendars: {night: {zone: Asia/Shanghai, open: [{days: all, from: "22:00", to: "08:00"}]}}\n' >env.yaml
cat >quiet.yaml <<'END'
version: 1
rules:
  - name: quiet
    until: acknowledged
    deadline: 4h
    hours: {calendar: night, inside: hold, then: shift}
    steps:
      - {id: push, at: 0s, do: push}
      - {id: again, at: 2m, do: push, unless: delivered}
      - {id: text, at: 5m, do: sms, unless: delivered}
END
exits "through the night" 0 rules graph quiet.yaml --at 2026-11-23T21:58:00+08:00 --env env.yaml
out_has '2m - 10h2m: not at this hour'
out_has '10h5m text: SMS'
exits "... shaded in the drawing" 0 rules graph quiet.yaml --at 2026-11-23T21:58:00+08:00 --env env.yaml --format svg
out_has '<rect class="hold"'
check "... well-formed" well_formed out
exits "no instant" 2 rules graph "$src/rules/order-status.yaml" --at tomorrow
exits "a file with errors" 3 rules graph /dev/null

for rule in "$src"/rules/*.yaml; do
    name=$(basename "$rule" .yaml)
    case $name in *.test) continue ;; esac
    exits "draw $name again" 0 rules graph "$rule" --format svg
    check "... docs/pictures has it, else: make pictures" cmp -s out "$src/docs/pictures/$name.svg"
    check "... and docs/library.md shows it" grep -qF "(pictures/$name.svg)" "$src/docs/library.md"
done
check "no picture without its rule" [ "$(ls "$src/docs/pictures" | wc -l)" -eq \
    "$(ls "$src"/rules/*.yaml | grep -vc '\.test\.yaml$')" ]

# --- diff -------------------------------------------------------------------------------------------

sed -e 's/at: 5m,  do: sms/at: 8m,  do: sms/' -e 's/deadline: 30m/deadline: 40m/' \
    "$src/rules/order-status.yaml" >new.yaml
exits "the same" 0 rules diff "$src/rules/order-status.yaml" "$src/rules/order-status.yaml"
check "... says nothing" silent out
exits "another one" 3 rules diff "$src/rules/order-status.yaml" new.yaml
printf '%s\t%s\t%s\t%s\n' \
    order-status changed deadline-later 'the deadline is 10 minutes later: 40m instead of 30m' \
    order-status changed later 'SMS (text) comes 3 minutes later: at 8m instead of 5m' >want
out_is want
exits "... in Chinese" 3 rules diff "$src/rules/order-status.yaml" new.yaml --lang zh-CN
out_has '推后 3 分钟'
exits "... in JSON" 3 rules diff "$src/rules/order-status.yaml" new.yaml --json
check "... with codes" holds "j->>'\$[1].code' = 'later' AND j->>'\$[1].rule' = 'order-status'"
exits "a directory and a file" 3 rules diff "$src/rules" new.yaml --rule must-read
out_has 'it is gone'
exits "a rule that neither has" 5 rules diff "$src/rules" new.yaml --rule nix
exits "a file that there is not" 1 rules diff new.yaml none.yaml

# --- explain, from files ----------------------------------------------------------------------------

exits "which rule" 0 rules explain "$src/rules" --class order --priority high
out_has "$(printf 'order-status\ttakes\tmatch\tclass is "order"')"
out_has "$(printf 'must-read\tnot\tno-match\tclass is "order", it wants "office"')"
exits "none" 3 rules explain "$src/rules" --class nix
err_has "no rule takes it"
exits "a field that is missing" 3 rules explain "$src/rules/must-read.yaml" --priority high
out_has 'the message has no class, it wants "office"'
exits "a rule by name" 0 rules explain "$src/rules" --rule must-read
out_has "$(printf 'order-status\tunasked\tnamed\tthe registration names "must-read"')"
exits "... in JSON, with what would happen" 0 rules explain "$src/rules" --class order --json
check "... as the simulator has it" holds "j->>'rule' = 'order-status' AND
    j->>'\$.lines[0].what' = 'fired' AND j->>'\$.lines[0].after_ms' = 0"
printf '{"class":"order","labels":{"a":"b"},"recipients":[{"user":"li","alias":"li"}]}' >send.json
exits "a registration" 0 rules explain "$src/rules" --send send.json
exits "a label without a value" 2 rules explain "$src/rules" --class order --label nix
exits "a priority that is none" 2 rules explain "$src/rules" --priority huge

# --- with a daemon ----------------------------------------------------------------------------------

start_sim
write_env
start_daemon
printf '{"class":"order","title":"订单 <7>","external_id":"o7","recipients":[{"user":"li","alias":"li"},{"user":"wang","alias":"wang"}]}' >reg.json
exits "register" 0 messages register -f reg.json $A
exits "snooze" 0 messages snooze ext:o7 --for 1h --recipient li --reason lunch $A
exits "why then" 0 rules explain ext:o7 $A
out_has "$(printf 'li\theld\ta person holds the plan until')"
out_has "$(printf 'wang\tplan\tthe rule has it 2m after the registration')"
out_has "$(printf 'wang\tcould-skip\tit is skipped once the message is delivered')"
exits "its plan in Chinese" 0 messages show ext:o7 --lang zh-CN $A
out_has "除非已送达"
exits "... in Chinese" 0 rules explain ext:o7 --lang zh-CN $A
out_has '登记后 2m'
exits "... in JSON" 0 rules explain ext:o7 --json $A
check "... per recipient" holds "j->>'\$[0].explain[0].code' = 'next'"
cp rules/order-status.yaml kept.yaml
sed -i 's/at: 2m,/at: 3m,/' rules/order-status.yaml
exits "another rule takes its place" 0 rules reload $A
exits "... but not for this message" 0 rules explain ext:o7 $A
out_has "$(printf 'wang\tplan\tthe rule has it 2m after the registration')"
cp kept.yaml rules/order-status.yaml
exits "... and back" 0 rules reload $A
exits "a message that there is not" 5 rules explain ext:nix $A
exits "its picture" 0 messages show ext:o7 --format text $A
out_has '2m again: push, unless delivered'
exits "... as SVG, one recipient" 0 messages show ext:o7 --format svg --recipient wang $A
check "... well-formed" well_formed out
check "... of that one" sh -c 'grep -q ">wang<" out && ! grep -q ">li<" out'
out_has '订单 &#60;7&#62;'

get() { curl -s --unix-socket ctl.sock -H "$1" "http://x$2" >out 2>err; }
post() { curl -s --unix-socket ctl.sock -H 'Content-Type: application/json' -d "$2" "http://x$1" >out 2>err; }
get 'Accept: image/svg+xml' "/v1/messages/ext:o7/timeline?recipient=li"
check "a picture over HTTP" sh -c 'head -c 5 out | grep -q "<svg "'
check "... well-formed" well_formed out
post /v1/rules:explain '{"registration":{"class":"order","recipients":[{"user":"li","alias":"li"}]}}'
check "explain over HTTP" holds "j->>'rule' = 'order-status' AND j->>'\$.rules[0].verdict' = 'takes'"
post /v1/rules:simulate '{"registration":{"class":"order","at":"2026-11-23T10:00:00Z","recipients":[{"user":"li","alias":"li"}]},
    "events":[{"at":"3m","from":"li","level":"acknowledged"}]}'
check "simulate over HTTP" holds "j->>'\$.lines[2].what' = 'confirmed' AND j->>'\$.lines[2].after_ms' = 180000"
post /v1/rules:simulate '{"registration":{"class":"nix","recipients":[{"user":"li","alias":"li"}]}}'
check "... no rule" holds "j->>'code' = 'no-rule-matched'"
post /v1/rules:simulate '{"registration":{"class":"order","recipients":[{"user":"li","alias":"li"}]},"events":[{"at":"3m"}]}'
check "... events that are none" holds "j->>'code' = 'validation' AND j->>'\$.errors[0].pointer' = '/events'"
post '/v1/rules:check?lang=zh-CN' '{"files":[{"name":"a.yaml","text":"version: 1\nrules:\n  - nam: x\n"}]}'
check "check over HTTP" holds "j->>'ok' = 0 AND j->>'\$.problems[0].code' = 'E102' AND j->>'\$.problems[0].line' = 3"
files() { # NAME PATH...: as the member files
    sqlite3 :memory: "SELECT json_object('files', json_array($(while [ $# -gt 0 ]; do
        printf "json_object('name', '%s', 'text', CAST(readfile('%s') AS TEXT))" "$1" "$2"
        shift 2
        [ $# -eq 0 ] || printf ', '
    done)))"
}
sed 's/template: [a-z]*, *//; s/, template: [a-z]*//' "$src/rules/order-status.yaml" >order-status.yaml
post /v1/rules:test "$(files order-status.yaml order-status.yaml order-status.test.yaml "$src/rules/order-status.test.yaml")"
check "test over HTTP" holds "j->>'ok' = 1 AND j->>'failed' = 0 AND j->>'passed' > 5"
sed 's/at: 5m, do: sms/at: 6m, do: sms/' "$src/rules/order-status.test.yaml" >wrong.test.yaml
post /v1/rules:test "$(files order-status.yaml order-status.yaml wrong.test.yaml wrong.test.yaml)"
check "... one that fails explains itself" holds "j->>'ok' = 0 AND j->>'failed' > 0 AND
    (SELECT count(*) FROM json_each(j->'tests') WHERE value->>'explain' LIKE '%sms%') > 0"
for rules in '[/etc/passwd]' '[../rules/order-status.yaml]' x.yaml '[order-status.yaml]'; do
    printf 'rules: %s\ntests: []\n' "$rules" >one.test.yaml
    post /v1/rules:test "$(files one.test.yaml one.test.yaml)"
    check "... reads no files of the machine: $rules" holds "j->>'code' = 'validation'"
done
for env in /etc/passwd '{templates: /etc}' '{channels: {x: {provider: gateway}}}'; do
    printf 'rules: [a.yaml]\nenvironment: %s\ntests: []\n' "$env" >one.test.yaml
    post /v1/rules:test "$(files a.yaml order-status.yaml one.test.yaml one.test.yaml)"
    check "... nor of an environment: $env" holds "j->>'code' = 'validation'"
done
post /v1/rules:test '{"files":[{"name":"../x.yaml","text":""}]}'
check "... writes none either" holds "j->>'\$.errors[0].pointer' = '/files/0'"
check "... and leaves nothing behind" sh -c '! ls -d /tmp/ackwatch-test-* 2>/dev/null | grep -q .'
post /v1/rules:check '{"file":[]}'
check "a typo" holds "j->>'code' = 'unknown-member'"
post /v1/rules:check '{"files":[]}'
check "nothing to check" holds "j->>'code' = 'validation'"
kept=$(sha256sum rules/order-status.yaml | cut -c1-12)
exits "diff with what the store kept" 3 rules diff "$kept" new.yaml --db ackwatch.db
out_has "3 minutes later"
exits "... which it did not" 5 rules diff 00000000 new.yaml --db ackwatch.db
finish
