#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Canaries: a daemon whose every secret setting holds a text that stands nowhere else, and personal
# data likewise. Sends, failures, refusals, reloads; then they are looked for in the log (all of it),
# in the arguments and the environment of the process, in all that the API and the command line
# answer, and, the personal data aside, in the files of the store. Prints TAP.
set -u
. "$(dirname "$0")/peers.sh"

person='[{"user":"li","alias":"canary-alias","phone":"+9990000417","email":"canary-person@e2e.invalid","push":"online"}]'
echo "$person" >people.json
start_sim
write_env

# --- every secret setting of every provider ------------------------------------------------------------

# A channel of each provider with all its secrets; what else it needs comes from the example.
secret() { # NAME: makes the file NAME.secret with a canary
    printf 'canary-secret-%s-%s' "$1" "$(head -c 12 /dev/urandom | base64 | tr -d '+/=')" >"$1.secret"
}
for s in sms-password dingtalk feishu jsms chat env credential; do
    secret $s
done
mkdir -p credentials
mv credential.secret credentials/hook
echo "https://127.0.0.1:1/cgi-bin/webhook/send?key=canary-secret-url" >wecom.secret
echo "https://127.0.0.1:1/robot/send?access_token=canary-secret-url" >robot.secret
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj /CN=x \
    -keyout tls.secret -out tls.pem 2>openssl.log || bail "openssl cannot make a certificate"
sed -i -e 's|hook.secret}|nothing}|' -e 's|{file: nothing}|{credential: hook}|' \
    -e '/^    url: .*sms.send/a\    user: canary-user\n    password: {file: sms-password.secret}\n    receipt_secret: {env: CANARY_RECEIPTS}\n    receipt_ref: ref\n    receipt_status: status\n    receipt_delivered: "DELIVRD"' \
    -e 's|^  - {address.*|&\n  - {address: 127.0.0.1, port: 0, faces: [public], tls: {certificate: tls.pem, key: {file: tls.secret}}}|' \
    ackwatch.yaml
cat >>ackwatch.yaml <<END
  robot:
    provider: wecom
    timeout: 1s
    url: {file: wecom.secret}
  ding:
    provider: dingtalk
    timeout: 1s
    url: {file: robot.secret}
    secret: {file: dingtalk.secret}
  fei:
    provider: feishu
    timeout: 1s
    url: {file: robot.secret}
    secret: {file: feishu.secret}
  short:
    provider: jsms
    timeout: 1s
    url: $sim_url/v1/
    app_key: "$(json sim.json "j->>'jpush_app_key'")"
    master_secret: {file: jsms.secret}
    temp_id: 1
  talk:
    provider: jmessage
    timeout: 1s
    url: $sim_url/v1/
    app_key: "$(json sim.json "j->>'jpush_app_key'")"
    master_secret: {file: chat.secret}
    from: admin
END
cat >rules/one.yaml <<'END'
version: 1
rules:
  - name: all
    match: {class: all}
    until: acknowledged
    deadline: 1h
    check: {first: 1s, every: 1s}
    steps:
      - {id: push, at: 0s, do: push}
      - {id: text, at: 0s, do: sms, via: [sms]}
      - {id: jsms, at: 0s, do: sms, via: [short]}
      - {id: mail, at: 0s, do: email}
      - {id: wecom, at: 0s, do: im, via: [robot]}
      - {id: ding, at: 0s, do: im, via: [ding]}
      - {id: fei, at: 0s, do: im, via: [fei]}
      - {id: talk, at: 0s, do: im, via: [talk]}
      - {id: hook, at: 0s, do: webhook}
END
sed -i "s|^templates: .*|&|" ackwatch.yaml
exits "the settings are fine" 0 env "CREDENTIALS_DIRECTORY=$dir/credentials" "CANARY_RECEIPTS=$(cat env.secret)" \
    ackwatch config check --config ackwatch.yaml
cat out err >>answers
printf '#!/bin/sh\nexec "$@" --verbose\n' >verbose
chmod +x verbose
start_daemon env "CREDENTIALS_DIRECTORY=$dir/credentials" "CANARY_RECEIPTS=$(cat env.secret)" ./verbose
T=$(key all admin)
[ -n "$T" ] || bail "no key"
printf %s "${T##*_}" >token.secret

# --- a life: sends that land, faults, refusals ------------------------------------------------------------

message() { # KEY
    printf '{"external_id":"%s","app":"shop","class":"all","title":"canary-title","body":"canary-body",
        "recipients":[{"user":"canary-user-id","alias":"canary-alias","phone":"+9990000417",
        "email":"canary-person@e2e.invalid"}]}' "$1" >body
}
http "$T" PUT "/v1/contacts/canary-user-id?app=shop" -H 'Content-Type: application/json' \
    -d '{"im":"canary-im","name":"canary-name"}' >status
# Each fault meets a send of each channel.
tried() { # KEY N: at least N attempts of the message have an outcome
    http "$T" GET "/v1/messages/ext:$1/attempts" >status
    cat out >>answers
    [ "$(json out "(SELECT count(*) FROM json_each(j, '\$.data') WHERE value->>'outcome' IS NOT NULL)")" -ge "$2" ]
}
for f in none http500 html reset 429; do
    [ $f = none ] || for part in push sms smtp; do
        fault $part $f 1
    done
    message "m-$f"
    is "fault $f: registered" "$(register "$T" body)" 201
    cat out >>answers
    # Channels that failed before wait, or hand over: then fewer have come to an end by now.
    check "... and tried through the channels" within 60 tried "m-$f" "$([ $f = none ] && echo 9 || echo 4)"
done
printf canary-secret-wrong >jpush.secret
printf canary-secret-wrong >smtp.secret
exits "wrong secrets are loaded" 0 aw rules reload
message m-wrong
is "registered" "$(register "$T" body)" 201
check "... and refused by the providers" within 60 tried m-wrong 3
printf 'canary-secret-one\ncanary-secret-two' >smtp.secret
exits "a secret of two lines is refused" 3 aw rules reload
cat out err >>answers
printf canary-secret-wrong >smtp.secret
chmod 644 smtp.secret
exits "one that others can read too" 3 aw rules reload
cat out err >>answers
chmod 600 smtp.secret
exits "and all is well again, a variable included" 0 aw rules reload

# --- all that answers ---------------------------------------------------------------------------------------

ask() { # METHOD PATH [CURL ARGUMENTS...]
    http "$T" "$@" -D heads >status
    cat heads out >>answers
}
message m-none
for path in /v1/messages?app=shop /v1/messages/ext:m-none /v1/messages/ext:m-none/timeline \
    /v1/messages/ext:m-wrong/attempts /v1/rules /v1/rules/all /v1/channels /v1/keys /v1/audit/head \
    '/v1/audit/entries?limit=1000' /v1/status /livez '/readyz?verbose' /metrics /nothing \
    '/v1/messages?limit=x' /in/sms/wrong "/in/sms/$(cat env.secret)?ref=x" /in/nobody/x /a/wrong; do
    ask GET "$path"
done
for channel in push sms mail robot ding fei short talk hook; do
    ask POST "/v1/channels/$channel:test" -H 'Content-Type: application/json' -d '{"to":"li"}'
done
ask POST /v1/messages -H 'Content-Type: application/json' -d "$(cat body) "
ask POST /v1/keys -H 'Content-Type: application/json' -d '{"name":1}'
http "${T}x" GET /v1/status -D heads >status
cat heads out >>answers
for words in 'config show --config ackwatch.yaml' 'channels list' 'status' 'doctor --config ackwatch.yaml' 'keys list' \
    'messages list --app shop' 'audit verify --db ackwatch.db'; do
    # shellcheck disable=SC2086
    CREDENTIALS_DIRECTORY=$dir/credentials CANARY_RECEIPTS=$(cat env.secret) ackwatch $words \
        $([ "${words#*config}" != "$words" ] || [ "${words#*--db}" != "$words" ] || echo --socket "$dir/ctl.sock") >>answers 2>&1
done

# --- and none is found --------------------------------------------------------------------------------------------

# All secrets, whole, one a line; and what only they begin with. Lines of PEM frames are no secret.
{
    for f in ./*.secret credentials/hook; do
        grep -v -- ----- "$f"
        echo
    done | sed '/^$/d'
    printf 'canary-secret\n'
    printf %s "$(cat jpush.secret)" | base64
    json sim.json "j->>'jpush_master_secret'"
    json sim.json "j->>'smtp_password'"
} | sort -u >secrets
is "there are canaries enough" "$([ "$(wc -l <secrets)" -ge 14 ] && echo yes)" yes
none() { # FILE...: no canary in any
    local hits
    hits=$(grep -aFo -f secrets -- "$@" | sort | uniq -c | head -n 5)
    [ -z "$hits" ] || { echo "$hits" >err; false; }
}
tr '\0' '\n' <"/proc/$daemon/cmdline" >cmdline
check "the daemon's arguments can be read" test -s cmdline
check "no secret in its arguments" none cmdline
if cat "/proc/$daemon/environ" >environ.raw 2>err; then
    tr '\0' '\n' <environ.raw >environ
    check "its environment can be read" test -s environ
    check "no secret in its environment, though it came with one" none environ
else
    check "not even its own user can read its environment" grep -q 'Permission denied' err
fi
check "the log has debug lines" grep -q level=debug daemon.log
check "no secret in the log" none daemon.log
check "the answers are many" [ "$(wc -c <answers)" -gt 20000 ]
check "no secret in any answer" none answers
check "no secret in the store" none ackwatch.db ackwatch.db-wal
people() { ! grep -aEo 'canary-(person|alias|title|body|im|name|user-id)[a-z@.]*|9990000417' "$@" >err; }
check "no personal data in the log" people daemon.log
sql "SELECT body FROM log" >entries
check "the store's log has entries" [ "$(wc -l <entries)" -gt 20 ]
check "no personal data in them" people entries
check "the search finds what is there" bash -c 'grep -qaF -f secrets ./*.secret'
if [ "$(id -u)" = 0 ] || grep -q __asan_init "$(command -v ackwatchd)"; then
    n=$((n + 1))
    echo "ok $n - others of its user cannot look into its memory # SKIP root may, and a sanitizer must"
else
    check "others of its user cannot look into its memory" [ "$(stat -c %U "/proc/$daemon/mem")" = root ]
fi
stop_daemon
is "a clean stop" $? 0
check "no secret in the store at rest" none ackwatch.db ackwatch.db-wal
echo "1..$n"
exit $failed
