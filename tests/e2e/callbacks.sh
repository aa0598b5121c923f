#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Callbacks to an application: the real daemon and a receiver of another make, which keeps what it is
# posted; signatures are computed by openssl. Kill -9, a secret that changes, a redirect, 410, an
# address that is not allowed. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

cat >people.json <<'END'
[{"user":"li","alias":"li","phone":"+9990000001","email":"li@e2e.invalid"}]
END
start_sim
write_env
mkdir hooks
mkfifo hooked
"$build/tests/e2e/hooked" hooks >hooked &
others=$!
hooks=http://127.0.0.1:$(timeout 10 head -n 1 hooked)
old=whsec_aG9vay1zZWNyZXQ= new=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
sed -i 's/^apps: .*/apps: {shop: {callbacks: {channel: hook}}, bank: {}}/' ackwatch.yaml
target() { # STATUS: the path, which is what the receiver answers
    sed -i "/^  hook:/,\$s#url: .*#url: $hooks/$1#" ackwatch.yaml
}
target 503
start_daemon
aw() { ackwatch "$@" --socket "$dir/ctl.sock"; }
T=$(key shop messages:read messages:write acks:write --app shop)
B=$(key bank messages:read messages:write acks:write --app bank)
[ -n "$T" ] && [ -n "$B" ] || bail "no keys: $(tail -n 1 err)"

trace=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
confirmed() { # EXTERNAL-ID: a message that li has confirmed
    local body='{"class":"order","title":"t","external_id":"'$1'","recipients":[{"user":"li","alias":"li"}]}'
    [ "$(http "$T" POST /v1/messages -H 'Content-Type: application/json' -H "traceparent: $trace" \
        -d "$body")" = 201 ] &&
        [ "$(http "$T" POST "/v1/messages/ext:$1/acks" -H 'Content-Type: application/json' \
            -d '{"recipient":"li"}')" = 200 ]
}
of() { sql "SELECT $2 FROM delivery AS d JOIN message AS m ON m.id = d.msg WHERE m.ext = '$1'"; }
state_is() { [ "$(of "$1" d.state)" = "$2" ]; } # 0 waiting 1 delivered 2 failed 3 gone 4 stopped
id_of() { # EXTERNAL-ID: of its delivery
    http "$T" GET "/v1/webhooks/deliveries?limit=500" >/dev/null
    json out "(SELECT value->>'id' FROM json_each(j, '\$.data') WHERE value->>'external_id' = '$1')"
}
tried() { [ "$(of "$1" d.n_tries)" -ge "$2" ]; }
head_of() { sed -n "s/^$2: *\(.*\)\r\$/\1/Ip" "hooks/$1.head"; } # NUMBER HEADER
sign() { # NUMBER SECRET: the signature that the request should have
    local hex
    hex=$(printf %s "${2#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \n')
    printf 'v1,%s' "$({ printf '%s.%s.' "$(head_of "$1" webhook-id)" "$(head_of "$1" webhook-timestamp)"
        cat "hooks/$1.body"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64 -w0)"
}
posts() { ls hooks | grep -c head; }

# --- an endpoint that does not answer well, and a crash ------------------------------------------------

check "a message is confirmed" confirmed o1
check "... and its callback is tried" within 10 tried o1 1
is "... signed" "$(head_of 1 webhook-signature)" "$(sign 1 "$old")"
is "... as CloudEvents" "$(head_of 1 content-type)" "application/cloudevents+json; charset=utf-8"
is "... of what became of it" "$(json hooks/1.body "j->>'type' || ' ' || (j->>'\$.data.external_id') ||
    ' ' || (j->>'\$.data.state') || ' ' || (j->>'\$.data.timelines[0].recipient')")" \
    "org.ackwatch.message.confirmed o1 confirmed li"
is "... in the trace of its registration" \
    "$(head_of 1 traceparent) $(json hooks/1.body "j->>'traceparent'")" "$trace $trace"
check "... naming the message" [ "$(json hooks/1.body "j->>'subject' = j->>'\$.data.message'")" = 1 ]
check "... and no address" bash -c '! grep -E "9990000001|e2e.invalid\"[^,]|alias" hooks/1.body'
id=$(id_of o1)
is "... under an id of its own" "$(head_of 1 webhook-id)" "$id"
exits "webhooks deliveries" 0 aw webhooks deliveries --state waiting
says "$id"
exits "webhooks deliveries ID" 0 aw webhooks deliveries "$id"
says 503

kill -9 "$daemon"
wait "$daemon" 2>/dev/null
daemon=''
target 200
printf %s "$new" >hook.secret
printf %s "$old" >previous.secret
sed -i 's|    secret: {file: hook.secret}|&\n    previous_secret: {file: previous.secret}|' ackwatch.yaml
start_daemon
exits "webhooks redeliver, after a kill" 0 aw webhooks redeliver "$id"
check "... and it is taken" within 10 state_is o1 1
last=$(posts)
is "... under the same id" "$(head_of "$last" webhook-id)" "$id"
is "... signed with both secrets" "$(head_of "$last" webhook-signature)" \
    "$(sign "$last" "$new") $(sign "$last" "$old")"
cp "hooks/$last.body" intact
sed -i 's/confirmed/exhausted/' "hooks/$last.body"
check "... which a changed body does not have" [ "$(head_of "$last" webhook-signature)" != \
    "$(sign "$last" "$new") $(sign "$last" "$old")" ]
cp intact "hooks/$last.body"

# --- without anybody's help ---------------------------------------------------------------------------

check "another message is confirmed" confirmed o2
check "... and told at once" within 10 state_is o2 1
check "... in a later place of the sequence" [ "$(json "hooks/$(posts).body" "j->>'sequence'")" \> \
    "$(json "hooks/$last.body" "j->>'sequence'")" ]

# --- a redirect ----------------------------------------------------------------------------------------

target 302
exits "an endpoint that redirects" 0 aw rules reload
check "... is posted to" confirmed o3
check "... and the callback goes on waiting" within 10 tried o3 1
check "... since it is not followed" bash -c '! grep -l followed hooks/*.head'
check "... and was not taken" state_is o3 0

# --- an address that nobody allowed --------------------------------------------------------------------

sed -i '/^  hook:/,$s/allow: .*/allow: [127.0.0.2]/' ackwatch.yaml
exits "an address that is not allowed" 0 aw rules reload
before=$(posts)
check "... has its message" confirmed o4
check "... tries" within 10 tried o4 1
is "... and reaches nobody" "$(posts)" "$before"
exits "... for a reason" 0 aw webhooks deliveries "$(id_of o4)"
says '127.0.0.1 is not reached (127.0.0.0/8, loopback): if that is meant, add allow: ["127.0.0.1/32"]'
exits "config check warns" 0 ackwatch config check --config ackwatch.yaml
says W110
sed -i '/^  hook:/,$s/allow: .*/allow: [127.0.0.1]/' ackwatch.yaml

# --- gone ----------------------------------------------------------------------------------------------

target 410
exits "an endpoint that is gone" 0 aw rules reload
check "... has its message" confirmed o5
check "... and is believed" within 10 state_is o5 3
check "... the log says so" [ "$(sql "SELECT count(*) FROM log WHERE body LIKE '%callback.failed%'")" = 1 ]
check "... operators are told" within 10 was_taken "v->>'what' = 'mail' AND v->>'text' LIKE '%410 Gone%'"
before=$(posts)
check "the next message" confirmed o6
check "... is not even tried" within 10 state_is o6 4
is "... really" "$(posts)" "$before"
target 200
exits "another URL" 0 aw rules reload
check "... takes the next" confirmed o7
check "... at once" within 10 state_is o7 1
exits "... and those of before, by hand" 0 aw webhooks redeliver "$(id_of o5)" "$(id_of o6)"
check "... gone" within 10 state_is o5 1
check "... stopped" within 10 state_is o6 1

# --- whose they are ---------------------------------------------------------------------------------------

is "another app" "$(http "$B" GET /v1/webhooks/deliveries)" 200
is "... sees none" "$(json out "json_array_length(j, '\$.data')")" 0
is "... nor one" "$(http "$B" GET "/v1/webhooks/deliveries/$id")" 404
is "... nor has it sent again" "$(http "$B" POST "/v1/webhooks/deliveries/$id:redeliver")" 404
is "what is no id" "$(http "$T" GET "/v1/webhooks/deliveries/evt_x")" 404
is "an unknown state" "$(http "$T" GET "/v1/webhooks/deliveries?state=lost")" 422
is "its own app" "$(http "$T" POST "/v1/webhooks/deliveries/$id:redeliver")" 202
is "metrics know them" "$(curl -sf "$url/metrics" | grep -c '^ackwatch_callbacks_total{state="gone"} 1$')" 1

stop_daemon
is "a clean stop" $? 0
exits "the log verifies" 0 ackwatch audit verify --db ackwatch.db
check "secrets are nowhere" bash -c "! grep -laF -e '$new' -e '$old' daemon.log hooks/* ackwatch.db out err"
check "no sanitizer spoke" bash -c '! grep -E "Sanitizer|runtime error" daemon.log sim.log'

echo "1..$n"
exit $failed
