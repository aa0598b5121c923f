#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The command line as its users meet it: first what needs no daemon, then every verb against a real
# ackwatchd with ackwatch-sim as the providers. Loopback only; prints TAP by hand.
set -u

. "$(dirname "$0")/cli-lib.sh"

# --- without a daemon ------------------------------------------------------------------------------

exits "no arguments: usage on stderr" 2
check "... and nothing on stdout" silent out
exits "help" 0 help
out_has "messages"
exits "-h of a verb" 0 messages watch -h
out_has "--timeout"
exits "help of a verb is the same" 0 help messages watch
out_has "--timeout"
exits "exit codes" 0 help exit-codes
out_has "8  time ran out"
exits "the page of an error code" 0 help E104
exits "an unknown command" 2 mesages
err_has 'did you mean "messages"'
exits "an unknown verb" 2 messages lst
err_has 'did you mean "list"'
exits "an unknown flag" 2 messages list --stat open
err_has 'did you mean --state'
exits "a wrong value" 2 messages list --state opn
err_has 'did you mean "open"'
exits "a noun alone" 2 rules
exits "version" 0 version --json
check "... is JSON" holds "j->>'version' IS NOT NULL"
for shell in bash zsh fish; do
    exits "completion $shell" 0 completion $shell
done
ackwatch completion bash >out
check "the bash script parses" bash -n out
check "docs/cli.md is current" diff -q <(ackwatch help --markdown) "$src/docs/cli.md"
ackwatch help --man >out
check "the manual page has no warnings" bash -c '! command -v man >/dev/null ||
    [ -z "$(MANROFFSEQ= man --warnings -l out 2>&1 >/dev/null)" ]'
check "a full disk is noticed" bash -c '! ackwatch help >/dev/full 2>err'

exits "no daemon" 7 status --socket "$dir/none.sock"
err_has "is ackwatchd running?"
exits "no daemon at a URL" 7 status --url http://127.0.0.1:1
exits "a URL that is none" 2 status --url ftp://example.com
exits "socket and URL" 2 status --socket x --url http://127.0.0.1:1
exits "a token file that is not there" 2 status --url http://127.0.0.1:1 --token-file none

# --- rules ------------------------------------------------------------------------------------------

exits "the rule library is fine" 0 rules check "$src/rules"
out_has "0 errors, 0 warnings"
exits "... its tests pass" 0 rules test "$src/rules"
check "... and none fails" bash -c 'grep -q ^passed out && ! grep -q ^failed out'
exits "a test that is not there" 5 rules test "$src/rules" --run nosuch
err_has 'no test has a name like "nosuch"'
exits "tests as JSON" 0 rules test "$src/rules/order-status.yaml" --run '*1011*' --json
check "... just the one" holds "json_array_length(j->'tests') = 1 AND j->>'\$.tests[0].passed'"
cat >bad.yaml <<'END'
version: 1
rules:
  - name: 订单
    until: acknowledged
    deadline: 30m
    steps:
      - {id: push, at: 0s, do: smss}
END
exits "a mistake in a rule" 3 rules check bad.yaml
out_has "bad.yaml:7:32"
out_has 'did you mean "sms"'
exits "... as JSON" 3 rules check bad.yaml --json
check "... with its place" holds "j->>'\$[0].line' = 7"
exits "a file that is not there" 3 rules check none.yaml
cat >bad.test.yaml <<END
rules: [$src/rules/order-status.yaml]
people: {li: {alias: li, manager: li}, duty: {email: duty@sim.invalid}}
tests:
  - name: expects too much
    send: {at: "2026-11-23T10:00:00+08:00", class: order, title: t, external_id: o, recipients: [{user: li}]}
    events: [{at: 1m, from: li, level: acknowledged}]
    expect: [{at: 0s, do: sms, to: li}]
END
cp "$src/rules/order-status.yaml" .
sed -i "s|\[$src/rules/|[|" bad.test.yaml
exits "a test that fails" 3 rules test bad.test.yaml --diff --junit results.xml
out_has "failed"
err_has 'expected at 0s: sms for li'
err_has '+- {at: 0s, do: push, to: li, step: push}'
check "the results as XML" grep -q '<testsuite name="bad.test.yaml" tests="1" failures="1"' results.xml
if command -v xmllint >/dev/null; then
    check "... which is well-formed" xmllint --noout results.xml
else
    check "... which is well-formed # SKIP xmllint (libxml2-utils) is not there" true
fi
sed 's/do: sms, to: li/do: push, to: li, targets: [wang]/' bad.test.yaml >zh.test.yaml
exits "... in Chinese" 3 rules test zh.test.yaml --lang zh-CN
err_has "）触发 push"
rm zh.test.yaml
exits "a rule without tests is not covered" 3 rules test . --coverage
out_has 'no test fires: order-status, step "text"'
exits "the library is covered" 0 rules test "$src/rules" --coverage
out_has "steps 100 %"
exits "... as JSON" 0 rules test "$src/rules" --coverage --json
check "... with its percentage" holds "j->>'\$.coverage.percent' = 100"

cat >send.yaml <<'END'
at: "2026-11-23T10:00:00+08:00"
class: order
title: 订单已发货
external_id: o1
recipients: [{user: li}, {user: ana}]
END
cat >events.yaml <<'END'
- {at: 3s, from: li, level: delivered}
- {at: 11m, from: li, level: acknowledged}
- {at: 0s, attempt: push, from: ana, result: no_target}
- {at: 3m, from: ana, level: acknowledged}
END
cat >env.yaml <<'END'
people:
  li: {alias: li, phone: "+9990000001", email: li@sim.invalid, manager: wang}
  ana: {alias: ana, phone: "+9990000002"}
  wang: {alias: wang}
END
cat >golden <<'END'
{"at":"2026-11-23T02:00:00.000Z","after_ms":0,"to":"li","what":"fired","step":"push","round":1,"do":"push","targets":["li"],"why":{"reason":"due"}}
{"at":"2026-11-23T02:00:00.000Z","after_ms":0,"to":"ana","what":"fired","step":"push","round":1,"do":"push","targets":["ana"],"why":{"reason":"due"}}
{"at":"2026-11-23T02:00:00.000Z","after_ms":0,"to":"ana","what":"fired","step":"text","round":1,"do":"sms","targets":["ana"],"why":{"reason":"advanced"}}
{"at":"2026-11-23T02:02:00.000Z","after_ms":120000,"to":"li","what":"skipped","step":"again","round":1,"do":"push","targets":[],"why":{"reason":"unless","level":"delivered"}}
END
exits "simulate" 0 rules simulate order-status.yaml --send send.yaml --events events.yaml \
    --env env.yaml --json
head -4 out >out4 && cp out out.all && cp out4 out
out_is golden
cp out.all out
check "each line is an object with its members" lines "$(wc -l <out)" "v->>'at' IS NOT NULL AND
    v->>'after_ms' IS NOT NULL AND v->>'to' IS NOT NULL AND v->>'what' IS NOT NULL AND
    json_type(v, '\$.why') = 'object'"
check "li is confirmed at 11m" lines 1 "v->>'to' = 'li' AND v->>'what' = 'confirmed' AND
    v->>'after_ms' = 660000"
check "nothing after the end" bash -c 'tail -n 1 out | grep -q confirmed'
exits "simulate as a table" 0 rules simulate order-status.yaml --send send.yaml --env env.yaml
out_has "exhausted"
echo '[{at: 1m, act: snooze, for: 1h, reason: lunch, recipient: li}]' >acts.yaml
exits "simulate a snooze" 0 rules simulate order-status.yaml --send send.yaml --events acts.yaml \
    --env env.yaml --json
check "... is held, and goes on" lines 2 "v->>'to' = 'li' AND (v->>'what' = 'held' AND
    v->>'\$.why.reason' = 'snoozed' AND v->>'\$.why.until' = '2026-11-23T03:01:00.000Z' OR
    v->>'step' = 'again' AND v->>'what' = 'fired' AND v->>'after_ms' = 3720000)"
echo '[{at: 1m, act: claim, by: wang}]' >acts.yaml
exits "simulate a claim that is refused" 3 rules simulate order-status.yaml --send send.yaml \
    --events acts.yaml --env env.yaml
err_has "claim: {hold"
exits "simulate without a match" 3 rules simulate "$src/rules/must-read.yaml" --send send.yaml
exits "simulate without addresses" 0 rules simulate order-status.yaml --send send.yaml
err_has "the daemon would refuse this registration"
exits "simulate without --send" 2 rules simulate order-status.yaml
sed 's/class/clas/' send.yaml >wrong.yaml
exits "simulate with an unknown member" 3 rules simulate order-status.yaml --send wrong.yaml
err_has 'clas'

# --- a daemon ---------------------------------------------------------------------------------------

start_sim
write_env
exits "config check" 0 config check --config ackwatch.yaml
out_has "0 errors"
exits "config show" 0 config show --config ackwatch.yaml
check "... without the secret" bash -c "! grep -qF '$(cat jpush.secret)' out"
exits "config show as JSON" 0 config show --config ackwatch.yaml --json
check "... is an object" holds "json_type(j) = 'object'"
sed 's/provider: smtp/provider: smpt/' ackwatch.yaml >broken.yaml
exits "config check finds a mistake" 3 config check --config broken.yaml
out_has 'did you mean "smtp"'
exits "config show of a broken file" 3 config show --config broken.yaml

start_daemon

exits "status" 0 status $A
out_has "version"
exits "status as JSON" 0 status $A --json
check "... says ok" holds "j->>'state' = 'ok'"

exits "a key" 0 keys create shop --scope messages:write --scope messages:read --scope acks:write $A
check "... is the only thing on stdout" bash -c '[ "$(wc -l <out)" = 1 ] && grep -q ^aw_ out'
cp out token && chmod 600 token
exits "a key with a wrong scope" 2 keys create shop --scope messages:wrte $A
err_has 'did you mean "messages:write"'
exits "keys" 0 keys list $A --json
check "... show no token" bash -c '! grep -qF "$(cut -d_ -f3- token)" out'
key=$(json out "j->>'\$[0].id'")
U="--url http://127.0.0.1:$port --token-file token"
exits "a key without the right" 4 keys list $U
err_has "scope-missing"
echo aw_00000000_x >wrong.token
exits "a wrong key" 4 messages list --url "http://127.0.0.1:$port" --token-file wrong.token
exits "a key for a while" 0 keys create visitor --scope messages:read --for 2s $A
cp out brief.token && chmod 600 brief.token
B="--url http://127.0.0.1:$port --token-file brief.token"
check "... is taken until then" until_true 100 run 4 messages list $B
exits "a key without an end" 0 messages list $U
in_keys() { run 0 keys list $A --json && holds "$1"; }
check "... says when it was used" until_true 150 in_keys "j->>'\$[0].used_at' IS NOT NULL"
check "... and the other when it ended" in_keys "j->>'\$[0].expires_at' IS NULL AND
    j->>'\$[1].expires_at' > j->>'\$[1].created_at'"
check "the token is nowhere in arguments or logs" bash -c '! grep -qF "$(cut -d_ -f3- token)" daemon.log'

exits "a contact" 0 contacts set li --alias li --phone +9990000001 --email li@sim.invalid $A
exits "... is masked" 0 contacts show li $A --json
check "... in JSON too" bash -c '! grep -q 9990000001 out'
exits "... unless revealed" 0 contacts show li --reveal $A --json
check "... has the number" holds "j->>'phone' = '+9990000001'"
exits "a member more" 0 contacts set li --manager wang $A
exits "... leaves the rest" 0 contacts show li --reveal $A
out_has "+9990000001"
exits "of an app" 0 contacts show li --app default $A
exits "... that there is" 1 contacts set li --manager wang --app nothing $A
err_has "no such app"
check "... and says so once" bash -c '[ "$(grep -c "no such app" err)" = 1 ]'
exits "nobody" 5 contacts show nobody $A
err_has "not-found"
exits "a bad number" 1 contacts set li --phone 123 $A
err_has "/phone"
printf 'user,phone,manager\nwang,+9990000003,\nzhao,12,wang\n"x, y",,wang\n' >staff.csv
exits "import with a bad row" 3 contacts import staff.csv $A
err_has "staff.csv:3"
exits "... changes nothing" 5 contacts show wang $A
exits "import of the good rows" 3 contacts import staff.csv --partial $A
check "... counts them" grep -q 'imported	2' out
exits "... and they are there" 0 contacts show "x, y" $A
exits "contacts" 0 contacts list $A
check "... three" bash -c '[ "$(wc -l <out)" = 3 ]'
printf 'usr\nx\n' >staff.csv
exits "import with a bad header" 1 contacts import staff.csv $A
err_has 'did you mean "user"'

exits "rules" 0 rules list $A
out_has "order-status"
exits "a rule" 0 rules show order-status $A
check "... is the file" diff -q out rules/order-status.yaml
exits "no such rule" 5 rules show nothing $A
exits "reload" 0 rules reload $A
cp bad.yaml rules/
exits "reload of a broken set" 3 rules reload $A
err_has "reload-refused"
rm rules/bad.yaml

exits "channels" 0 channels list $A
out_has "jpush"
exits "channel test" 0 channels test sms --to +9990000001 $A
out_has "accepted"
exits "channel test, refused" 1 channels test sms --to +9990000002 $A
exits "no such channel" 5 channels test nothing --to x $A

echo '{"class":"order","title":"订单已发货","external_id":"o1","recipients":[{"user":"li"}]}' >m.json
exits "register" 0 messages register -f m.json $U --json
id=$(json out "j->>'id'")
exits "again with the same key" 0 messages register -f m.json $U --json
check "... is the same message" holds "j->>'id' = '$id'"
sed 's/已发货/已取消/' m.json >m2.json
exits "another body under that key" 6 messages register -f m2.json $U
err_has "idempotency-key-reused"
exits "no key" 1 messages register -f - $U
exits "from standard input" 0 messages list $U
echo '{"class":"order","titel":"x","external_id":"o2","recipients":[{"user":"li"}]}' >m3.json
exits "a typo in the body" 1 messages register -f m3.json $U
err_has "titel"
printf '%s\n' "$(sed 's/o1/b1/' m.json)" "$(sed 's/o1/b2/' m.json)" >lines
exits "a batch" 0 messages register --batch -f lines $U --json
check "... a result a line" test "$(grep -c '"external_id"' out)" -eq 2
cat m3.json >>lines
exits "a batch with a bad line" 3 messages register --batch -f lines $U
out_has "titel"
exits "a batch has no key" 2 messages register --batch -f lines --key k $U
exits "no such message" 5 messages show msg_0000000000001 $U
exits "what is no id" 2 messages show 42 $U
exits "list" 0 messages list --state open $U
check "... as tab-separated fields" bash -c "cut -f1 out | grep -qx $id"
exits "show by external id" 0 messages show ext:o1 $U
out_has "planned"
exits "attempts" 0 messages show "$id" --attempts $U --json
check "... one push so far" holds "json_array_length(j, '\$.attempts') = 1"
exits "watch, but time runs out" 8 messages watch "$id" --timeout 1s $U
err_has "1s is over"
exits "watch for what there is not" 2 messages watch "$id" --until acknowleged $U
exits "ack" 0 messages ack "$id" --level opened --by "the test" $U --json
check "... is news" holds "j->>'first' AND j->>'level' = 'opened' AND j->>'state' = 'open'"
exits "watch until opened" 0 messages watch "$id" --until opened --timeout 20s $U
exits "ack for somebody else" 1 messages ack "$id" --recipient nobody $U
err_has "/recipient"
exits "ack in full" 0 messages ack "$id" $U
out_has "confirmed"
exits "watch to the end" 0 messages watch "$id" $U
out_has "acknowledged"
exits "cancel of what has ended" 6 messages cancel "$id" --reason late $U
sed 's/"o1"/"o5"/' m.json >m5.json
exits "register one to act on" 0 messages register -f m5.json $U
exits "a snooze says how long" 2 messages snooze ext:o5 --reason x $U
err_has "--for 30m"
exits "a snooze has a reason" 2 messages snooze ext:o5 --for 10m $U
exits "a snooze beyond max_age" 1 messages snooze ext:o5 --for 300d --reason x $U
err_has "/for"
err_has "max_age"
exits "snooze" 0 messages snooze ext:o5 --for 10m --reason "li is on a plane" $U --json
check "... says until when" holds "j->>'changed' = 1 AND length(j->>'held_until') = 24"
err_has "Undo: ackwatch messages resume ext:o5 --reason REASON"
exits "show a held message" 0 messages show ext:o5 $U
out_has "	held	"
out_has "a person holds the plan, by key:"
exits "... as JSON" 0 messages show ext:o5 $U --json
check "... the plan is that after the hold" holds "j->>'\$.timelines[0].held.until' <
    j->>'\$.timelines[0].planned[0].at' AND j->>'seq' = j->>'\$.timelines[0].seq'"
exits "resume" 0 messages resume ext:o5 --reason "landed" $U
err_has "Undo: ackwatch messages snooze ext:o5"
exits "resume again" 0 messages resume ext:o5 --reason "landed" $U
err_has "Nothing was held"
exits "a claim that the rule does not know" 6 messages claim ext:o5 --by wang --reason "mine" $U
err_has "claim"
exits "escalate from an older state" 6 messages escalate ext:o5 --if-seq 0 --reason "now" $U
err_has "look again"
exits "escalate to no step" 1 messages escalate ext:o5 --step txet --reason "now" $U
err_has 'did you mean "text"'
exits "escalate" 0 messages escalate ext:o5 --step text --reason "now" $U
out_has "text"
exits "watch until the SMS is out" 0 messages watch ext:o5 --until accepted --timeout 20s $U
exits "who did what" 0 messages show ext:o5 $U
out_has "escalated to text"
exits "act on nothing" 5 messages resume ext:none --reason x $U
sed 's/"o1"/"o4"/' m.json >m4.json
exits "register another" 0 messages register -f m4.json $U
exits "cancel" 0 messages cancel ext:o4 --reason "order withdrawn" $U
out_has "cancelled"
exits "watch for a state that does not come" 1 messages watch ext:o4 --until confirmed $U

exits "audit head" 0 audit head $A
head=$(cut -f1 out)
exits "audit tail" 0 audit tail -n 5 $A
check "... five entries" bash -c '[ "$(wc -l <out)" = 5 ]'
exits "audit tail as JSON" 0 audit tail -n 3 --json $A
check "... one object a line" lines 3 "v->>'seq' > 0 AND length(v->>'leaf') = 64 AND
    v->>'\$.entry.kind' IS NOT NULL"
check "what people did is in the view" test "$(sqlite3 -readonly ackwatch.db "SELECT count(*) FROM
    v_operator_actions WHERE action LIKE 'timeline.%' AND in_words IN ('li is on a plane', 'landed',
    'now') AND actor LIKE 'key:%'")" -ge 3
exits "audit verify, live" 0 audit verify --db ackwatch.db
err_has "a rewritten log cannot be told"
exits "audit verify at a head" 0 audit verify --db ackwatch.db --at "$head" --json
check "... says so" holds "j->>'ok' AND j->>'\$.at.size' > 0 AND
    json_array_length(j, '\$.findings') = 0"
exits "audit verify at a wrong head" 3 audit verify --db ackwatch.db --at "${head%?????}00000"
exits "audit verify, nonsense" 2 audit verify --db ackwatch.db --at nonsense
exits "audit verify of no database" 1 audit verify --db m.json
exits "revoke" 0 keys revoke "$key" $A
exits "... works at once" 4 messages list $U

kill $daemon && wait $daemon
check "the daemon stops with 0" [ $? -eq 0 ]
exits "audit verify after the stop" 0 audit verify --db ackwatch.db
cp ackwatch.db broken.db
sqlite3 broken.db "UPDATE timeline SET state = 1 - state WHERE id = (SELECT min(id) FROM timeline)"
exits "audit verify names a changed row" 3 audit verify --db broken.db
out_has "timeline"

finish
