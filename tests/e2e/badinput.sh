#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Bad input to the real programs: requests, rule files, environment files, a second daemon, secrets.
# Each has a stable code, a place and a clear text, and changes nothing. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

cat >people.json <<'END'
[{"user":"li","alias":"li","phone":"+9990000001","email":"li@e2e.invalid"}]
END
# Secrets of which no trace may be left.
jpush_secret=canaryjpush0123456789abc smtp_secret=canary-smtp-password hook_secret=canary-hook-secret
printf %s "$smtp_secret" >sim.secret
start_sim --jpush-key "sim0appkey0for0tests0001:$jpush_secret" --smtp-password-file sim.secret
sed -i 's/}$/,"jpush_app_key":"sim0appkey0for0tests0001"}/' sim.json
write_env
start_daemon

T=$(key all messages:read messages:write acks:write contacts:write rules:read)
S=$(key shop messages:read messages:write acks:write --app shop)
R=$(key reader messages:read --app shop)
[ -n "$T" ] && [ -n "$S" ] && [ -n "$R" ] || bail "no keys: $(tail -n 1 err)"

# --- requests --------------------------------------------------------------------------------------

counts() { sql "SELECT (SELECT count(*) FROM message) || ' ' || (SELECT count(*) FROM timeline)"; }
# refused WHAT STATUS CODE POINTER METHOD PATH [CURL ARGUMENTS...], as token; POINTER - : none
token=$T
refused() {
    local what=$1 status=$2 code=$3 pointer=$4 before after got want
    shift 4
    before=$(counts)
    got=$(http "$token" "$@")
    after=$(counts)
    [ "$(json out "json_valid(j)")" = 1 ] &&
        got="$got $(json out "j->>'code'") $(json out "coalesce(j->>'\$.errors[0].pointer', '-')")"
    want="$status $code $pointer"
    is "$what: $want" "$got, rows $after" "$want, rows $before"
    [ "$got, rows $after" = "$want, rows $before" ] || sed 's/^/# /' out
}
J=(-H 'Content-Type: application/json')
post() { # WHAT STATUS CODE POINTER BODY [CURL ARGUMENTS...], a registration
    local what=$1 status=$2 code=$3 pointer=$4
    printf '%s' "$5" >body
    shift 5
    refused "$what" "$status" "$code" "$pointer" POST /v1/messages "${J[@]}" --data-binary @body "$@"
}

good='"external_id":"o1","app":"shop","class":"order","title":"t","recipients":[{"user":"li","alias":"li"}]'
printf '{%s}' "$good" >good.json
is "a good one first" "$(register "$T" good.json)" 201
id=$(json out "j->>'id'")

post "nothing" 400 bad-json - ''
post "broken JSON" 400 bad-json - '{"title":'
post "text behind it" 400 bad-json - "{$good} x"
post "bad UTF-8" 400 bad-json - "{$good,\"body\":\"$(printf '\xff\xfe')\"}"
post "an overlong form" 400 bad-json - "{$good,\"body\":\"$(printf '\xc0\xaf')\"}"
post "half a surrogate pair" 400 bad-json - "{$good,\"body\":\"\\ud800\"}"
post "NUL in a text" 400 bad-json - "{$good,\"body\":\"a\\u0000b\"}"
post "a key twice" 400 bad-json - "{$good,\"title\":\"u\"}"
post "deep nesting" 400 bad-json - "{$good,\"extras\":{\"a\":$(printf '[%.0s' $(seq 5000))}"
post "a number beyond all" 400 bad-json - "{$good,\"extras\":{\"a\":1e999}}"
post "an array" 422 validation - '[]'
post "no title" 422 validation /title '{"external_id":"o2","recipients":[{"user":"li"}]}'
post "a title that is a number" 422 validation /title "{${good/\"title\":\"t\"/\"title\":1}}"
post "recipients that are a map" 422 validation /recipients '{"external_id":"o2","title":"t","recipients":{}}'
post "no recipients" 422 validation /recipients '{"external_id":"o2","title":"t","recipients":[]}'
post "a recipient that is a text" 422 validation /recipients/1 \
    '{"external_id":"o2","title":"t","recipients":[{"user":"li"},"li"]}'
post "a phone that is none" 422 validation /recipients/0/phone \
    '{"external_id":"o2","title":"t","recipients":[{"user":"li","phone":"12"}]}'
post "a priority that is none" 422 validation /priority "{$good,\"priority\":\"hihg\"}"
says 'did you mean \"high\"'
post "an unknown member" 422 unknown-member /titel "{$good,\"titel\":\"t\"}"
says 'did you mean \"title\"'
post "an unknown member inside" 422 unknown-member /recipients/0/emial \
    '{"external_id":"o2","title":"t","recipients":[{"user":"li","emial":"x"}]}'
says 'did you mean \"email\"'
post "a member with / and ~" 422 unknown-member '/a~1b~0c' "{$good,\"a/b~c\":1}"
post "control characters" 422 validation /title "{${good/\"t\"/\"a\\u0007\"}}"
post "no key" 422 idempotency-key-required - '{"app":"shop","class":"order","title":"t","recipients":[{"user":"li"}]}'
post "a key of 300 bytes" 422 validation - "{$good}" -H "Idempotency-Key: $(printf 'k%.0s' $(seq 300))"
post "an app that is not there" 422 validation /app "{${good/shop/shpo}}"
post "an unknown rule" 422 rule-not-found /rule "{${good/o1/o3},\"rule\":\"ordr-status\"}"
post "no rule matches" 422 no-rule-matched - \
    '{"external_id":"o4","app":"shop","title":"t","recipients":[{"user":"li","alias":"li"}]}'
# manager and duty are not in the directory, so a recipient without address is out of reach
post "a recipient out of reach" 422 recipient-unreachable /recipients/1 \
    '{"external_id":"o5","app":"shop","class":"order","title":"t","recipients":[{"user":"li","alias":"li"},{"user":"ghost"}]}'
post "sent in the future" 422 validation /already_sent/at "{${good/o1/o6},\"already_sent\":{\"at\":\"2099-01-01T00:00:00Z\"}}"
post "sent through no channel" 422 validation /already_sent/channel \
    "{${good/o1/o6},\"already_sent\":{\"at\":\"$(date -u +%FT%TZ)\",\"channel\":\"psh\"}}"
post "push with our audience" 422 validation /push/audience "{${good/o1/o7},\"push\":{\"audience\":\"all\"}}"
post "another body under the key" 409 idempotency-key-reused - "{${good/\"t\"/\"u\"}}"
says title
is "... and the first body still answers" "$(register "$T" good.json) $(json out "j->>'id'")" "201 $id"

head -c 2000000 /dev/zero | tr '\0' ' ' >blanks
{ printf '{%s' "$good" && cat blanks && echo '}'; } >big
refused "a body of 2 MB" 413 too-large - POST /v1/messages "${J[@]}" --data-binary @big
refused "... in chunks" 413 too-large - POST /v1/messages "${J[@]}" -H 'Transfer-Encoding: chunked' \
    --data-binary @big
refused "a long path" 414 too-large - GET "/v1/messages/$(printf 'x%.0s' $(seq 2000))"
refused "a form" 415 unsupported-media-type - POST /v1/messages -d a=b
refused "no type" 415 unsupported-media-type - POST /v1/messages -H 'Content-Type:' --data-binary @good.json
refused "a method" 405 method-not-allowed - PUT /v1/messages "${J[@]}" --data-binary @good.json
refused "a route" 404 not-found - GET /v1/mesages
refused "a parameter" 422 unknown-member - GET '/v1/messages?stat=open'
refused "a value of a parameter" 422 validation - GET '/v1/messages?state=opn'
refused "a limit" 422 validation - GET '/v1/messages?limit=0'
refused "what is no id" 404 not-found - GET /v1/messages/42
refused "no such message" 404 not-found - GET /v1/messages/msg_0000000000001
refused "an ack for nobody" 422 validation /recipient POST "/v1/messages/$id/acks" "${J[@]}" -d '{"recipient":"wang"}'
refused "an ack of no rung" 422 validation /level POST "/v1/messages/$id/acks" "${J[@]}" \
    -d '{"recipient":"li","level":"snet"}'
refused "a contact's phone" 422 validation /phone PUT "/v1/contacts/li?app=shop" "${J[@]}" -d '{"phone":"1"}'
refused "a contact's member" 422 unknown-member /phon PUT "/v1/contacts/li?app=shop" "${J[@]}" -d '{"phon":"1"}'
is "a link that we did not make" "$(http x GET /a/AAAAAAAAAAAAAAAAAAAAAA)" 404
refused "a receipt with a wrong secret" 404 not-found - GET '/in/sms/wrong?ref=x&status=DELIVRD'

printf '{%s}' "${good/shop/bank}" >bank.json
is "a message of another app" "$(register "$T" bank.json)" 201
bank=$(json out "j->>'id'")
token=$S
refused "another app's message" 404 not-found - GET "/v1/messages/$bank"
cp out foreign
refused "... answers like none at all" 404 not-found - GET "/v1/messages/${bank%?????}00000"
strip() { sed 's/req_[0-9A-Z]*//; s/msg_[0-9A-Z]*//' "$1"; }
check "... word for word" diff <(strip foreign) <(strip out)
refused "... its timeline" 404 not-found - GET "/v1/messages/$bank/timeline"
refused "... its acks" 404 not-found - POST "/v1/messages/$bank/acks" "${J[@]}" -d '{"recipient":"li"}'
refused "... its cancel" 404 not-found - POST "/v1/messages/$bank:cancel" "${J[@]}" -d '{"reason":"x"}'
post "... registering for it" 422 validation /app "{${good/shop/bank}}"
token=$R
post "a key without the scope" 403 scope-missing - "{$good}"
says messages:write
token=canary-wrong-token
refused "a wrong token" 401 unauthenticated - GET /v1/messages
check "... is not repeated" bash -c '! grep -q canary out'
check "the daemon lives, no 5xx was answered" alive
curl -sf "$url/metrics" >out
check "... says its own count" bash -c '! grep -E "^ackwatch_http.*(code|status)=\"5[0-9]*\"} [1-9]" out'

# --- rule files ------------------------------------------------------------------------------------

bad=$src/tests/e2e/bad-rules
sha() { curl -sf --unix-socket ctl.sock http://localhost/v1/status >status && json status "j->>'rules_sha256'"; }
before=$(sha)
named() { # FILE PLACE CODE: in out or err
    grep -qF "$1:$2: error $3" out err
}
check "no fixture is forgotten" diff <(cd "$bad" && ls -- *.yaml) \
    <(grep -v '^#' "$bad/expected" | cut -d ' ' -f 1)
check_ok() { # FILE PLACE CODE: check, reload
    run 3 ackwatch rules check "$bad/$1" --env ackwatch.yaml && named "$1" "$2" "$3" || return 1
    cp "$bad/$1" rules/
    run 3 aw rules reload && named "$1" "$2" "$3" && grep -q "^ *[0-9]* | " err # quoted, on a line
    local ok=$?
    rm "rules/$1"
    [ $ok -eq 0 ] && [ "$(sha)" = "$before" ]
}
cp "$bad/key-unknown.yaml" "$bad/no-unit.yaml" rules/
kill -HUP "$daemon"
check "SIGHUP: refused, too" within 5 grep -q reload-refused daemon.log
check "... with the place in the log" within 5 grep -q 'key-unknown.yaml:8:38' daemon.log
is "... the old set goes on" "$(sha)" "$before"
sed 's/o1/o8/' good.json >o8.json
is "... and takes registrations" "$(register "$T" o8.json)" 201
rm rules/key-unknown.yaml rules/no-unit.yaml
grep -v '^#' "$bad/expected" >list
while read -r file place code <&4; do
    check "rules/$file: $place $code, in check and reload" check_ok "$file" "$place" "$code"
done 4<list

cp "$bad/key-unknown.yaml" "$bad/no-unit.yaml" rules/
exits "ackwatchd --check" 1 ackwatchd --config ackwatch.yaml --check
says "key-unknown.yaml:8:38: error E102"
says "no-unit.yaml:8:24: error E110"
exits "config check" 3 ackwatch config check --config ackwatch.yaml
says "key-unknown.yaml:8:38"

stop_daemon
is "a clean stop" $? 0
start_daemon
is "a start with these goes on with the last good set" "$(sha)" "$before"
is "... takes registrations" "$(sed 's/o1/o9/' good.json >o9.json; register "$T" o9.json)" 201
is "... /readyz says no" "$(http x GET '/readyz?verbose')" 503
says "last good set"
exits "... status says degraded" 3 aw status
says "last good set"
check "... the operators are told by mail" within 10 was_taken \
    "v->>'what' = 'mail' AND v->>'to' = 'ops@e2e.invalid' AND v->>'text' LIKE '%last good set%'"
rm rules/key-unknown.yaml rules/no-unit.yaml
exits "repaired, a reload is enough" 0 aw rules reload
exits "... and all is well" 0 aw status

# --- environment files -------------------------------------------------------------------------------

check_says_it() { run 1 ackwatchd --config bad.yaml --check && grep -qE "bad.yaml:$1: error $2" err; }
# env_bad WHAT PLACE CODE SED: a start and --check with the changed file
env_bad() {
    local what=$1 place=$2 code=$3
    sed "$4" ackwatch.yaml >bad.yaml
    exits "environment, $what" 1 timeout 10 ackwatchd --config bad.yaml
    check "... at bad.yaml:$place $code" grep -qE "bad.yaml:$place: error $code" err
    check "... --check alike" check_says_it "$place" "$code"
}
env_bad "an unknown key" '2:1' E102 's/^node/nod/'
says 'did you mean "node"'
env_bad "no operators" '1:1' E101 '/^operators/,+1d'
env_bad "operators through no channel" '[0-9]+:[0-9]+' E120 's/{channel: mail/{channel: mial/'
env_bad "operators by push" '[0-9]+:[0-9]+' E163 's/{channel: mail/{channel: push/'
env_bad "a provider" '[0-9]+:15' E104 's/provider: smtp/provider: smpt/'
env_bad "a channel without its host" '[0-9]+:[0-9]+' E101 '/host: 127.0.0.1/d'
env_bad "a secret in the file" '[0-9]+:[0-9]+' E161 's/{file: smtp.secret}/canary-inline/'
env_bad "a secret that is not there" '[0-9]+:[0-9]+' E161 's/smtp.secret/none.secret/'
env_bad "a port" '[0-9]+:[0-9]+' E112 's/port: 0,/port: 70000,/'
env_bad "an address" '[0-9]+:[0-9]+' E116 's/address: 127.0.0.1/address: localhost/'
env_bad "broken YAML" '[0-9]+:[0-9]+' E001 's/^apps: .*/apps: [shop/'
chmod 644 smtp.secret
env_bad "a secret for everybody" '[0-9]+:[0-9]+' E162 's/x/x/'
says chmod
chmod 600 smtp.secret
: >smtp.empty
env_bad "an empty secret" '[0-9]+:[0-9]+' E161 's/smtp.secret/smtp.empty/'
exits "no environment file" 1 ackwatchd --config none.yaml
says none.yaml
sed "s|^rules:.*|rules: $dir/nowhere|; s|^store:.*|store: $dir/new.db|; s|ctl.sock|c2.sock|" ackwatch.yaml >bad.yaml
exits "no rules and none in the store" 1 timeout 10 ackwatchd --config bad.yaml
says nowhere
sed "s|^store:.*|store: $dir/people.json|; s|ctl.sock|c2.sock|" ackwatch.yaml >bad.yaml
cp people.json people.kept
exits "a store that is no database" 1 timeout 10 ackwatchd --config bad.yaml
says people.json
check "... which stays as it was" cmp people.json people.kept
sqlite3 other.db 'CREATE TABLE t(x); PRAGMA application_id = 7'
sed "s|^store:.*|store: $dir/other.db|; s|ctl.sock|c2.sock|" ackwatch.yaml >bad.yaml
exits "a database of somebody else" 1 timeout 10 ackwatchd --config bad.yaml
says "other.db"
sed "s|port: 0,|port: $port,|; s|^store:.*|store: $dir/o2.db|; s|ctl.sock|c2.sock|" ackwatch.yaml >bad.yaml
exits "a port that is taken" 1 timeout 10 ackwatchd --config bad.yaml
says "$port"
exits "an unknown option" 2 ackwatchd --cofnig x

# --- a second daemon ---------------------------------------------------------------------------------

exits "a second daemon on the same file" 1 timeout 10 ackwatchd --config ackwatch.yaml
says "ackwatch.db"
grep -qi 'another\|already' err
check "... is told why" [ $? -eq 0 ]
check "... the first is unharmed" alive
is "... takes registrations" "$(sed 's/o1/o10/' good.json >o10.json; register "$T" o10.json)" 201
exits "... and has its socket" 0 aw status

# --- one external id in two apps -----------------------------------------------------------------------

sed 's/"app":"shop"/"app":"bank"/' good.json >bank.json
is "another app may use the same external id" "$(register "$T" bank.json)" 201
token=$T
refused "who sees both must say which" 409 state-conflict - GET /v1/messages/ext:o1
refused "... before anything is done to one" 409 state-conflict - POST /v1/messages/ext:o1:cancel \
    "${J[@]}" -d '{"reason":"which?"}'
is "... an app means its own" "$(http "$S" GET /v1/messages/ext:o1) $(json out "j->>'id'")" "200 $id"

# --- secrets -----------------------------------------------------------------------------------------

check "a push was sent" within 10 was_taken "v->>'what' = 'push'"
exits "channels by mail" 0 aw channels test mail --to li@e2e.invalid
exits "channels by webhook" 0 aw channels test hook --to x
ps -o args= -p "$daemon" >args
tr '\0' '\n' <"/proc/$daemon/cmdline" >>args
pgrep -P "$daemon" | while read -r p; do tr '\0' '\n' <"/proc/$p/cmdline"; done >>args
exits "config show" 0 ackwatch config show --config ackwatch.yaml
cat out >>args
stop_daemon
is "a clean stop" $? 0
secret=$(cut -d_ -f3- <<<"$T") # it may hold a "_" itself
check "no secret in database, log, arguments or what is shown" bash -c \
    "! grep -laF -e '$jpush_secret' -e '$smtp_secret' -e '$hook_secret' -e '$secret' -e canary-inline \
        ackwatch.db ackwatch.db-wal daemon.log args sim.log"
for s in "$jpush_secret" "$smtp_secret"; do
    check "... nor as base64" bash -c "! grep -laF -e '$(printf %s "$s" | base64)' ackwatch.db ackwatch.db-wal daemon.log"
done
check "no address in the log" bash -c "! grep -E 'li@e2e|9990000001' daemon.log"
exits "the log verifies" 0 ackwatch audit verify --db ackwatch.db
check "no sanitizer spoke" bash -c '! grep -E "Sanitizer|runtime error" daemon.log sim.log'

echo "1..$n"
exit $failed
