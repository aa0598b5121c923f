#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The tools for rules: scenarios, new rules and their layout; then with a daemon that runs them.
set -u
. "$(dirname "$0")/cli-lib.sh"

# --- scenarios --------------------------------------------------------------------------------------

exits "scenarios" 0 rules simulate "$src/rules/order-status.yaml" \
    --scenario nobody-acks --scenario ack@1m --scenario phone-off
printf '%s\t%s\t%s\t%s\t%s\n' \
    order-status nobody-acks exhausted +30m 'push 4, sms 3, email 2' \
    order-status ack@1m confirmed +1m 'push 1' \
    order-status phone-off confirmed +6m 'push 2, sms 1' >golden
out_is golden
exits "a channel that is down" 0 rules simulate "$src/rules/order-status.yaml" --scenario sms-down
out_is <(printf 'order-status\tsms-down\texhausted\t+30m\tpush 4, email 2\n')
exits "all channels blind" 0 rules simulate "$src/rules/order-status.yaml" --scenario blind --json
check "... and the plan goes on" holds "j->>'\$[0].state' = 'exhausted' AND j->>'\$[0].sent.sms' = 3"
exits "a channel that is not there" 2 rules simulate "$src/rules/order-status.yaml" --scenario carrier-down
exits "all scenarios" 0 rules simulate "$src/rules/order-status.yaml" --scenario all
check "... among them each kind that fails" [ "$(grep -c -e -down -e blind out)" = 4 ]
check "... and an answer between any two steps" grep -q '	ack@7m30s	confirmed	+7m30s	push 2, sms 1$' out
exits "a rule that names a calendar, without one" 3 rules simulate "$src/rules/must-read.yaml" --scenario all
exits "... of a directory" 0 rules simulate "$src/rules" --scenario nobody-acks \
    --env "$src/contrib/ackwatch.example.yaml"
check "... a line for each rule" [ "$(cut -f 2,3 out | uniq)" = "nobody-acks	exhausted" ]
check "... each of them" [ "$(wc -l <out)" = "$(ls "$src"/rules/*.test.yaml | wc -l)" ]
exits "what a person would have received" 0 rules simulate "$src/rules/payment-alert.yaml" \
    --scenario phone-off --texts --lang zh-CN
out_has "是您本人操作吗？请打开官方应用确认。"
exits "... as JSON" 0 rules simulate "$src/rules/payment-alert.yaml" --scenario phone-off --json
check "... with counts and texts" holds "j->>'\$[0].sent.sms' = 1 AND j->>'\$[0].state' = 'confirmed' AND
    j->>'\$[0].received[1].after_ms' = 60000 AND
    j->>'\$[0].received[1].text' LIKE '%Was this you? Please confirm in our app.'"
cat >push.yaml <<'END'
at: "2026-11-23T10:00:00+08:00"
class: order
title: It shipped
external_id: o1
recipients: [{user: li, alias: li, phone: "+9990000001", lang: en}]
END
exits "a scenario for a registration of ours" 0 rules simulate "$src/rules/order-status.yaml" --send push.yaml \
    --scenario nobody-acks --json --at 2026-11-24T08:00:00+08:00
check "... from the instant that was asked for" holds "json_array_length(j) = 1 AND
    j->>'\$[0].at' = '2026-11-24T00:30:00.000Z' AND j->>'\$[0].sent.push' = 2"
exits "its texts" 0 rules simulate "$src/rules/order-status.yaml" --send push.yaml --texts
out_has "Your order: It shipped. Please open the app to confirm."
exits "a scenario that is none" 2 rules simulate "$src/rules/order-status.yaml" --scenario nobody
err_has "nobody-acks, ack@TIME"
exits "a time that is none" 2 rules simulate "$src/rules/order-status.yaml" --scenario all --at noon
exits "events and a scenario" 2 rules simulate "$src/rules/order-status.yaml" --scenario all --events x

# --- a rule of one's own ----------------------------------------------------------------------------

exits "a new rule" 0 rules new 快递 --dir .
out_has ./快递.test.yaml
exits "... is fine" 0 rules check 快递.yaml
exits "... and tested" 0 rules test 快递.yaml --coverage
out_has "steps 100 %"
exits "... and not written over" 6 rules new 快递
mkdir own
exits "one from the library" 0 rules new parcel --from order-status --dir own --json
check "... with its texts" holds "json_array_length(j) = 5"
exits "... is fine" 0 rules check own
out_has "0 errors, 0 warnings"
exits "... and tested" 0 rules test own --coverage
check "... for a class of its own" grep -q 'match: {class: parcel}' own/parcel.yaml
exits "from a rule that is not there" 5 rules new x --from nothing
exits "a name that is none" 2 rules new 'a b'

# --- one layout -------------------------------------------------------------------------------------

exits "the library is laid out" 0 rules fmt --check "$src/rules"
check "... every file" silent out
for rule in "$src"/rules/*.test.yaml; do
    ackwatch rules new "copy-$(basename "$rule" .test.yaml)" --from "$(basename "$rule" .test.yaml)" \
        --dir own >>copies 2>&1 || echo "$rule" >>uncopied
done
check "each rule of the library can be copied" [ ! -e uncopied ]
exits "... and all copies work together" 0 rules test own --coverage
exits "... without a warning" 0 rules check own
out_has "0 errors, 0 warnings"
sed 's/: {/:   { /; s/$/  /' own/parcel.yaml >wide.yaml
exits "what is not laid out" 3 rules fmt --check wide.yaml --json
check "... is named" holds "j->>'\$[0].file' = 'wide.yaml' AND j->>'\$[0].changed'"
chmod 640 wide.yaml
exits "... and laid out" 0 rules fmt wide.yaml
check "... as it was" cmp -s wide.yaml own/parcel.yaml
check "... under its mode" [ "$(stat -c %a wide.yaml)" = 640 ]
exits "standard input" 0 rules fmt - --check
printf 'a: {b: 1, # why\n  c: 2}\n' >kept.yaml && cp kept.yaml kept
exits "what cannot be kept" 3 rules fmt kept.yaml
err_has "kept.yaml:1:1: error E180"
check "... stays" cmp -s kept kept.yaml

# --- rules that are live ----------------------------------------------------------------------------

exits "apply without an environment" 3 rules apply own --env none.yaml --reason x
start_sim
write_env
cp "$src/rules/order-status.test.yaml" rules/
start_daemon
E="--env ackwatch.yaml $A"
exits "apply without a daemon" 7 rules apply own --env ackwatch.yaml --reason x --socket none.sock
exits "the history begins with what was found" 0 rules history $A --json
check "... at the start" holds "json_array_length(j) = 1 AND j->>'\$[0].how' = 'loaded' AND
    j->>'\$[0].files[0].file' LIKE '%/rules/order-status.yaml' AND json_array_length(j, '\$[0].tests') = 1"
mkdir next && cp rules/*.yaml next/ && cp "$src"/rules/account-security*.yaml next/
exits "without a reason" 2 rules apply next $E
sed -i 's/at: 5m,  do: sms/at: 4m,  do: sms/' next/order-status.yaml
exits "rules whose tests fail" 3 rules apply next $E --reason faster
err_has "nobody ever answers"
check "... are not live" cmp -s rules/order-status.yaml "$src/rules/order-status.yaml"
sed -i 's/{at: 5m, do: sms/{at: 4m, do: sms/; s/nothing_after: 5m/nothing_after: 4m/' next/order-status.test.yaml
exits "a look at them" 0 rules apply next $E --reason faster --dry-run
check "... changes nothing" cmp -s rules/order-status.yaml "$src/rules/order-status.yaml"
exits "rules that are right" 0 rules apply next $E --reason 'text a minute sooner'
check "... are in their place" cmp -s rules/order-status.yaml next/order-status.yaml
check "... with what was there" [ -f rules/templates/order.yaml ]
check "... and nothing is left over" [ ! -e .rules.new ]
exits "... and loaded" 0 rules list $A --json
check "... both" holds "json_array_length(j) = 2"
exits "once more" 0 rules apply next $E --reason again
err_has "live already"
exits "who did it" 0 rules history $A --json
check "... and why" holds "json_array_length(j) = 2 AND j->>'\$[0].how' = 'applied' AND
    j->>'\$[0].actor' = 'uid:$(id -u)' AND j->>'\$[0].reason' = 'text a minute sooner' AND
    NOT j->>'\$[0].forced'"
sed -i 's/at: 4m,  do: sms/at: 3m,  do: sms/' next/order-status.yaml
exits "by force" 0 rules apply next $E --reason 'no time for tests' --force
exits "... which is written down" 0 rules history $A --json
check "... as such" holds "j->>'\$[0].forced'"
printf 'version: 1\nrules: nonsense\n' >next/broken.yaml
exits "rules that cannot be loaded" 3 rules apply next $E --reason x --force
check "... change nothing" [ ! -e rules/broken.yaml ]
exec 9>.rules.lock
flock 9
exits "two at once" 6 rules apply next $E --reason x
exec 9>&-
exits "back to the ones before" 0 rules rollback $E --reason 'too soon'
check "... with their tests" bash -c 'grep -q "at: 4m,  do: sms" rules/order-status.yaml &&
    grep -q "at: 4m, do: sms" rules/order-status.test.yaml'
exits "its history" 0 rules history $A --json
first=$(json out "substr(j->>'\$[3].sha256', 1, 10)")
exits "to the first" 0 rules rollback $E --reason 'start over' --to "$first"
check "... whose files are there, and no others" [ "$(cd rules && echo *.yaml)" = "order-status.test.yaml order-status.yaml" ]
check "... as they were" cmp -s rules/order-status.yaml "$src/rules/order-status.yaml"
exits "to one that never was" 5 rules rollback $E --reason x --to 0000

# --- cut off in the middle --------------------------------------------------------------------------

mkdir one two
cp "$src"/rules/order-status*.yaml one/
cp "$src"/rules/order-status*.yaml "$src"/rules/account-security*.yaml "$src"/rules/payment-alert*.yaml two/
sum() { (cd "$1" && cat *.yaml | sha256sum); }
whole() { [ "$(sum rules)" = "$(sum one)" ] || [ "$(sum rules)" = "$(sum two)" ]; }
ackwatch rules apply one $E --reason start >/dev/null 2>&1
cut=0
{ for ms in $(seq 20 9 260); do
    for to in two one; do
        timeout -s KILL "$(printf 0.%03d $ms)" ackwatch rules apply $to $E --reason cut >/dev/null 2>&1
        [ $? -ne 137 ] || cut=$((cut + 1))
        whole && [ -f rules/templates/order.yaml ] || echo "$ms $to" >>torn
    done
done; } 2>/dev/null # the shell tells of each that was killed
check "killed whenever ($cut times), one set or the other is there" [ ! -e torn ]
check "... and it was" [ $cut -gt 5 ]
exits "what was left over is cleared" 0 rules apply two $E --reason 'and on'
check "... all of it" [ ! -e .rules.new ]
exits "back to one" 0 rules apply one $E --reason 'and back'

# --- what came of them ------------------------------------------------------------------------------

exits "figures of nothing" 0 rules stats $A --json
check "... are none" holds "json_array_length(j->'data') = 0"
cat >next/order-status.yaml <<'END'
version: 1
rules:
  - name: hasty   # sends the text before the phone can have answered
    until: acknowledged
    deadline: 1h
    check: {first: 1s, every: 1s, settle: 0s}
    steps:
      - {id: push, at: 0s, do: push}
      - {id: text, at: 1s, do: sms, unless: delivered}
END
rm -f next/*.test.yaml next/broken.yaml next/account-security.yaml
exits "a hasty rule" 0 rules apply next $E --reason 'to see what it costs'
S="--sim http://127.0.0.1:$(sim http_port)"
exits "the phone is off" 0 sim set li offline $S
for i in 1 2; do
    echo "{\"external_id\":\"s$i\",\"title\":\"t\",\"recipients\":[{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+9990000001\"}]}" >m.json
    ackwatch messages register -f m.json $A >/dev/null
done
texted() { ackwatch messages show "ext:$1" $A --json | grep -q '"do":"sms"'; }
check "the text leaves" until_true 150 texted s1
check "... also the other one" until_true 150 texted s2
exits "the phone is on again" 0 sim set li online $S
delivered() { ackwatch messages show "ext:$1" $A --json | grep -q '"level":"delivered"'; }
check "the push arrives after the text" until_true 150 delivered s1
check "... also the other one" until_true 150 delivered s2
exits "one is acknowledged" 0 messages ack ext:s1 --recipient li $A
exits "figures" 0 rules stats $A --json
check "... by state" holds "j->>'\$.data[0].rule' = 'hasty' AND j->>'\$.data[0].timelines.confirmed' = 1 AND
    j->>'\$.data[0].timelines.open' = 1 AND j->>'\$.data[0].confirmed_ms.p50' > 1000"
check "... by channel" grep -q '{"channel":"sms","kind":"sms","count":2}' out
check "... and the texts that were not needed" holds "j->>'\$.data[0].avoidable_sms' = 2 AND
    j->>'\$.data[0].wait_ms.all' > 0"
cp out golden

# --- a test made of a real case ---------------------------------------------------------------------

recorded() { # DESCRIPTION MESSAGE: the test is printed, passes, and names nobody
    exits "$1" 0 rules test --record "$2" $A
    check "... without names and numbers" bash -c '! grep -qE "\bli\b|9990000001[^\"]|wang" out'
}
recorded "a test made of the one that was acknowledged" ext:s1
out_has "level: acknowledged"
out_has "{at: 1s, do: sms, to: person1, step: text}"
ackwatch rules rollback $E --to "$first" --reason 'the usual ones again' >/dev/null
ackwatch contacts set li --alias li --phone +9990000001 --email li@sim.invalid --manager wang $A >/dev/null
ackwatch contacts set wang --alias wang $A >/dev/null
ackwatch contacts set duty --email duty@sim.invalid $A >/dev/null
for i in 1 2 3; do
    echo "{\"external_id\":\"r$i\",\"class\":\"order\",\"title\":\"t\",\"recipients\":[{\"user\":\"li\"}]}" >m.json
    ackwatch messages register -f m.json $A >/dev/null
done
ackwatch messages escalate ext:r1 --step boss --reason 'now' $A >/dev/null
ackwatch messages snooze ext:r2 --for 30m --reason 'lunch' $A >/dev/null 2>&1
ackwatch messages resume ext:r2 --reason 'back' $A >/dev/null 2>&1
ackwatch messages cancel ext:r2 --reason 'taken back' $A >/dev/null
ackwatch messages ack ext:r1 --recipient li $A >/dev/null
recorded "... of one that was escalated" ext:r1
out_has "act: escalate, step: boss"
out_has "targets: [person2]"
recorded "... of one that was cancelled" ext:r2
out_has "act: snooze, for: 30m"
out_has "state: cancelled"
exits "... of one that is not there" 5 rules test --record ext:none $A
exits "figures" 0 rules stats $A --json
cp out golden
exits "... from the file" 0 rules stats --db ackwatch.db --json
out_is golden
exits "... of another rule" 0 rules stats --rule payment-alert $A
check "... nothing" silent out
exits "... of a file that is not there" 1 rules stats --db none.db
err_has "none.db: No such file or directory"
exits "the log holds" 0 audit verify --db ackwatch.db
kill $daemon && wait $daemon
exits "... also after the end" 0 audit verify --db ackwatch.db
check "... with the reasons" [ "$(sqlite3 ackwatch.db "SELECT group_concat(in_words, ', ') FROM
    v_operator_actions WHERE action = 'rules.applied' AND in_words LIKE '%over'")" = "start over" ]

finish
