#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `ackwatch sim`: a simulator as a newcomer starts it, an environment made of what it prints, people
# and providers changed while a daemon works with them.
set -u
. "$(dirname "$0")/cli-lib.sh"

exits "no simulator" 7 sim inbox --sim http://127.0.0.1:1
ackwatch sim start --port 0 --smtp-port 0 >printed.yaml 2>start.err </dev/null &
starter=$! pids="$pids $!"
check "the simulator starts" until_true 200 grep -q from: printed.yaml
S="--sim $(sed -n 's|.*push_url: \(http://[0-9.:]*\)/.*|\1|p' printed.yaml)"
exits "what it prints is an environment" 0 config check --config printed.yaml
out_has "0 errors"
mkdir rules && cp "$src/rules/order-status.yaml" rules/ && cp -r "$src/rules/templates" rules/
{
    sed "s|public_url: .*|public_url: ${S#--sim }/hook|; s|^rules: .*|rules: rules|" printed.yaml
    # JSMS, whose calls the simulator keeps as those of a webhook
    printf '  audited: {provider: jsms, allow: [127.0.0.1], app_key: k, temp_id: 5, weight: 1,\n'
    printf '    master_secret: {file: sim/jpush.secret}, url: "%s/hook/"}\n' "${S#--sim }"
    printf 'listen: [{address: 127.0.0.1, port: 0}]\n'
} >ackwatch.yaml
cat >rules/audited.yaml <<'END'
version: 1
rules:
  - name: audited
    match: {class: audited}
    until: acknowledged
    deadline: 1h
    steps: [{id: text, at: 0s, do: sms, via: audited, template: audited}]
END
cat >rules/templates/audited.yaml <<'END'
version: 1
sms: {zh-CN: {text: "订单 {{title}}", jsms: {temp_id: 77, para: {name: "{{user}}", what: "{{title}} {{extras.no}}"}}}}
END
start_daemon
A="--socket $dir/sim/ctl.sock"

exits "a phone goes off" 0 sim set li offline $S
exits "somebody who is not there" 5 sim set nobody offline $S
exits "a state that is none" 2 sim set li asleep $S
exits "a provider's state for a person" 2 sim set li slow $S
exits "a push" 0 channels test push --to li $A
exits "the inbox" 0 sim inbox $S
check "... has nothing for li" bash -c '! grep -q delivered out'
ackwatch sim inbox -f $S --json >inbox &
pids="$pids $!"
exits "the phone comes back" 0 sim set li online $S --json
check "... and gets its push" until_true 100 grep -q '"what":"delivered"' inbox

exits "an SMS" 0 channels test sms --to +9990000101 $A
check "... arrives" until_true 100 grep -q '"what":"sms"' inbox
exits "ana answers" 0 sim reply ana "ACK 42" $S
exits "... and by number" 0 sim reply +9990000101 "确认" $S
exits "who has got none" 5 sim reply wang hello $S
err_has "wang"
exits "a number that has got none" 6 sim reply +9990000999 hello $S
check "the answers went out" until_true 100 grep -q '"text":"确认"' inbox

exits "the gateway fails" 0 sim set sms 5xx $S
exits "... so a test does" 1 channels test sms --to +9990000101 $A
exits "... until it answers again" 0 sim set sms online $S
exits "... and a test arrives" 0 channels test sms --to +9990000101 $A
exits "mail" 0 channels test mail --to ana@sim.invalid $A
check "... arrives, too" until_true 100 grep -q '"what":"mail","user":"ana"' inbox

cat >audited.json <<'END'
{"class": "audited", "title": "到了 吗", "external_id": "a1", "extras": {"no": "42"},
 "recipients": [{"user": "zhao", "phone": "+8613800000000"}]}
END
exits "a message by a template that was audited" 0 messages register -f audited.json $A
check "... is sent by the form of its text" until_true 100 grep -qF \
    '{\"mobile\":\"13800000000\",\"temp_id\":77,\"temp_para\":{\"name\":\"zhao\",\"what\":\"到了 吗 42\"}}' inbox
kill $daemon
wait $daemon
kill $(cat /proc/$starter/task/$starter/children)
wait $starter
check "the simulator ends with what it ran" [ $? -eq 0 ]
exits "a flag that is none" 2 sim start --prt 0
err_has "--port"

finish
