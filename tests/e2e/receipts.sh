#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Receipts of JPush and JSMS: callbacks that make us ask, reports about each device, reports that are
# handed out once, signed posts; a provider that is down, a crash. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

own=$("$build/tests/e2e/mailprobe" --free-port)
cat >people.json <<'EOF'
[{"user":"li","alias":"li","registration_ids":["1a0018970a8fd04d8d5","02078f0f1b8"],
  "phone":"+8613800000001"},
 {"user":"wei","alias":"wei","phone":"+8613800000002","sms":"undelivered"},
 {"user":"ana","alias":"ana","phone":"+8613800000003","sms":"replies"}]
EOF
rule() { # NAME CLASS STEP...
    printf '  - {name: %s, match: {class: %s}, until: %s, deadline: 2h, check: {first: 10m, every: 10m},\n' "$1" "$1" "$2"
    printf '     steps: [%s]}\n' "$3"
}
environment() { # REPORTS: a way of JSMS
    write_env
    rm -rf rules && mkdir rules
    { echo "version: 1"; echo "rules:"
      rule push acknowledged '{id: push, at: 0s, do: push}, {id: text, at: 1h, do: sms, via: sms, unless: delivered}'
      rule text acknowledged '{id: text, at: 0s, do: sms, via: jsms}, {id: more, at: 1h, do: sms, via: sms, unless: delivered}'
    } >rules/rules.yaml
    sed -i -e "s/port: 0,/port: $own,/" -e '/^templates:/d' -e 's/^    report_url:/    tier: vip\n&/' ackwatch.yaml
    cat >>ackwatch.yaml <<EOF
  jsms:
    provider: jsms
    weight: 0
    allow: [127.0.0.1]
    timeout: 2s
    url: $sim_url/v1/
    app_key: "$(json sim.json "j->>'jpush_app_key'")"
    master_secret: {file: jpush.secret}
    temp_id: 7
    reports: $1
    report_every: 5s
EOF
}
order() { # EXTERNAL-ID CLASS USER MORE: the status
    printf '{"external_id":"%s","class":"%s","title":"Order","recipients":[{"user":"%s"%s}]}' \
        "$1" "$2" "$3" "$4" >order.json
    register "$T" order.json
}
of() { sql "SELECT $2 FROM timeline AS t JOIN message AS m ON m.id = t.id WHERE m.ext = '$1'"; }
level_is() { [ "$(of "$1" t.level)" = "$2" ]; }
evidence_of() { sql "SELECT count(*) FROM evidence AS e JOIN message AS m ON m.id = e.tl WHERE m.ext = '$1' AND e.level = 3"; }
post() { # PATH CURL ARGUMENTS...: the status
    local path=$1
    shift
    curl -sS -m 5 -o out -w '%{http_code}' "$@" "$url/in/$path" 2>err
}

# --- callbacks --------------------------------------------------------------------------------------

start_sim --jpush-callback "http://127.0.0.1:$own/in/push" --jsms-callback "http://127.0.0.1:$own/in/jsms"
environment callback
start_daemon
T=$(key all messages:read messages:write contacts:write acks:write --app shop)
[ -n "$T" ] || bail "no key: $(tail -n 1 err)"

is "a push to two devices" "$(order p1 push li ',"registration_ids":["1a0018970a8fd04d8d5","02078f0f1b8"]')" 201
check "JPush calls back" within 10 was_taken "v->>'what' = 'jpush-callback' AND v->>'http_status' = 200"
check "... which makes us ask about its devices, long before the rule would" within 20 level_is p1 3
is "... by a report, not by the callback" "$(sql "SELECT group_concat(DISTINCT source) FROM evidence WHERE level = 3")" 1
check "... about each device" was_taken "v->>'path' = '/v3/status/message' AND v->>'ids' = 2"
is "... and once it is known, no more" "$(sql "SELECT count(*) FROM poll")" 0
is "a push to an alias" "$(order p2 push li ',"alias":"li"')" 201
check "... is asked about by counts" within 20 level_is p2 3
check "... " was_taken "v->>'path' = '/v3/received/detail'"

is "a text over JSMS" "$(order t1 text li ',"phone":"+8613800000001"')" 201
check "JSMS posts its report, signed" within 15 was_taken "v->>'what' = 'jsms-callback' AND v->>'http_status' = 200"
check "... which proves it" within 5 level_is t1 3
is "a text that fails" "$(order t2 text wei ',"phone":"+8613800000002"')" 201
bounced() { [ "$(sql "SELECT count(*) FROM log WHERE body LIKE '%bounced%'")" = 1 ]; }
check "... is bounced" within 15 bounced

is "echostr" "$(post 'jsms?echostr=Ab12Cd34')$(cat out)" 200Ab12Cd34
is "a post that is not signed" "$(post jsms -d 'nonce=1&timestamp=1&type=SMS_REPORT&data={}&signature=0')" 401
is "a callback from somebody else" "$(post push -H 'Content-Type: application/json' -d '[{"msg_id":1}]')" 401
is "... with wrong keys" "$(post push -u a:b -H 'Content-Type: application/json' -d '[{"msg_id":1}]')" 401
is "a channel that takes nothing" "$(post mail -d a=b)" 404
is "no channel" "$(post nothing -d a=b)" 404
is "too much" "$(head -c 300000 /dev/zero | tr '\0' a | post push --data-binary @-)" 413

# signed NONCE DATA: a post of JSMS
signed() {
    local key secret at sum
    key=$(json sim.json "j->>'jpush_app_key'") secret=$(json sim.json "j->>'jpush_master_secret'")
    at=$(date +%s000)
    at=${fixed_at:-$at}
    sum=$(printf 'appKey=%s&appMasterSecret=%s&nonce=%s&timestamp=%s' "$key" "$secret" "$1" "$at" |
        sha1sum | cut -d' ' -f1)
    post jsms --data-urlencode "nonce=$1" --data-urlencode "timestamp=$at" -d type=SMS_REPORT \
        --data-urlencode "data=$2" -d "signature=$sum"
}
is "the provider's test button: an id that nobody knows is kept" \
    "$(signed 11 '{"msgId":"1857496","status":4001,"phone":"13000000000"}')" 200
is "... once, however often it comes" \
    "$(signed 11 '{"msgId":"1857496","status":4001,"phone":"13000000000"}')$(sql 'SELECT count(*) FROM orphan')" 2001
is "its nonce with other data is a forgery" "$(signed 11 '{"msgId":"1857497","status":4001}')" 409
is "an old timestamp" "$(fixed_at=1492150740274 signed 12 '{"msgId":"1","status":4001}')" 401
check "... and the log names it" grep -q receipt-forged daemon.log
id=$(sql "SELECT provider_id FROM attempt WHERE channel = 'jsms' ORDER BY id LIMIT 1")
for i in $(seq 20); do signed "2$i" "{\"msgId\":\"$id\",\"status\":4001}" >>codes; done
is "twenty more reports of one text" "$(sort -u <<<"$(fold -w3 codes)")" 200
is "... are one proof" "$(evidence_of t1)" 1
is "an order that has ended" "$(http "$T" POST /v1/messages/ext:p2/acks -H 'Content-Type: application/json' -d '{"recipient":"li"}')" 200
check "the daemon ends well" stop_daemon

# --- asking -----------------------------------------------------------------------------------------

kill "$sim_pid" && wait "$sim_pid" 2>/dev/null
rm -f sim.json
start_sim
environment pull
start_daemon
is "a text, while reports are asked for" "$(order t3 text li ',"phone":"+8613800000001"')" 201
check "... its report is handed out to us" within 25 level_is t3 3
is "a reply is handed out too" "$(order t4 text ana ',"phone":"+8613800000003"')" 201
check "... to the same reader" within 30 was_taken "v->>'what' = 'jsms-reply' AND v->>'records' > 0"
is "nobody asks too often" "$(taken "v->>'of' = 'jsms' AND v->>'code' = 50009")" 0
is "a callback is not taken now" "$(signed 31 '{"msgId":"1","status":4001}')" 404

# A crash, while the provider has the next report.
is "a text before a crash" "$(order t5 text li ',"phone":"+8613800000001"')" 201
check "... is taken" within 10 was_taken "v->>'what' = 'sms' AND v->>'id' IS NOT NULL"
taken_id() { [ -n "$(sql "SELECT a.provider_id FROM attempt AS a JOIN message AS m ON m.id = a.msg WHERE m.ext = 't5'")" ]; }
check "... and accepted" within 10 taken_id
kill -9 "$daemon" && wait "$daemon" 2>/dev/null
start_daemon
check "its report arrives after the restart" within 30 level_is t5 3
exits "the log proves itself" 0 ackwatch audit verify --db "$dir/ackwatch.db"
check "no secret in the log" eval '! grep -qF "$(cat jpush.secret)" daemon.log'
check "no number in the log" eval '[ "$(sql "SELECT count(*) FROM log WHERE body LIKE '"'%138000000%'"'")" = 0 ]'
check "the daemon ends well" stop_daemon

echo "1..$n"
exit $failed
