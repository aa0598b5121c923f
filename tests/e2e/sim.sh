#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ackwatch-sim as a program on the real clock, spoken to by curl: HTTP details that SDKs depend on,
# ordered faults, the SMS gateway, the mail server, hooks, options, the end. Prints TAP by hand.
set -u

sim="${top_builddir:-.}/ackwatch-sim"
dir=$(mktemp -d)
n=0 failed=0 pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT

# check DESCRIPTION COMMAND...: one TAP line
check() {
    local what=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        failed=1
    fi
}
is() { # DESCRIPTION GOT WANTED
    check "$1" [ "$2" = "$3" ]
    [ "$2" = "$3" ] || printf '# got %s\n# wanted %s\n' "$2" "$3"
}
like() { # DESCRIPTION GOT REGEX
    check "$1" grep -Eq -- "$3" <<<"$2"
    grep -Eq -- "$3" <<<"$2" || printf '# got %s\n# wanted %s\n' "$2" "$3"
}

start() { # OPTIONS...
    "$sim" --tls-dir "$dir" "$@" >"$dir/ready" 2>"$dir/err" &
    pid=$!
    for _ in $(seq 200); do
        [ -s "$dir/ready" ] && break
        sleep 0.05
    done
    base=http://127.0.0.1:$(sed -n 's/.*"http_port":\([0-9]*\).*/\1/p' "$dir/ready")
    smtp=smtp://127.0.0.1:$(sed -n 's/.*"smtp_port":\([0-9]*\).*/\1/p' "$dir/ready")
}
stop() { # exit code of the program in $?
    kill "$pid"
    wait "$pid"
    local code=$?
    pid=
    return $code
}

key=sim0appkey0for0tests0001:sim0secret0for0tests0001
get() { curl -s -m 10 -u "$key" "$base$1"; }
post() { curl -s -m 10 -u "$key" -H 'Content-Type: application/json' -d "$2" "$base$1"; }
status() { curl -s -m 10 -o /dev/null -w '%{http_code}' -u "$key" "$@"; }
fault() { post /sim/fault "{\"what\":\"$1\",\"kind\":\"$2\",\"count\":${3:-1}}" >/dev/null; }
push_body() { # ALIAS [MORE]
    echo "{\"platform\":\"all\",\"audience\":{\"alias\":[\"$1\"]},\"notification\":{\"alert\":\"x\"}${2:-}}"
}
push() { post /v3/push "$(push_body "$@")"; }
recorded() { get '/sim/record?limit=10000' | grep -o '{"n":[^}]*}' | grep -c -- "$1"; }

cat >"$dir/people.json" <<'EOF'
[{"user":"li","alias":"li","phone":"+8613800000001","email":"li@sim.invalid"},
 {"user":"ana","alias":"ana","push":"none","phone":"+8613800000002","sms":"refused"}]
EOF

# --- options ---------------------------------------------------------------------------------
"$sim" --help >"$dir/help"
is '--help ends with 0' $? 0
like '--help names the options' "$(cat "$dir/help")" 'step-fd'
"$sim" --no-such-option >/dev/null 2>"$dir/usage"
is 'an unknown option ends with 2' $? 2
like 'and shows the usage' "$(cat "$dir/usage")" 'Usage:'
"$sim" >/dev/null 2>&1
is 'without --tls-dir it ends with 2' $? 2
"$sim" --tls-dir "$dir" --port 70000 >/dev/null 2>&1
is 'a port above 65535 ends with 2' $? 2
echo '[{"user":"a","pusch":1}]' >"$dir/bad.json"
"$sim" --tls-dir "$dir" --people "$dir/bad.json" >/dev/null 2>"$dir/log"
is 'a broken people file ends with 1' $? 1
like 'and names file, person and member' "$(cat "$dir/log")" 'bad.json.*person 1.*pusch'
"$sim" --tls-dir "$dir/missing" >/dev/null 2>"$dir/log"
is 'a directory that is not there ends with 1' $? 1
like 'and is named' "$(cat "$dir/log")" "missing/ca.pem.*No such file"
"$sim" --tls-dir "$dir" --jpush-key short:key >/dev/null 2>&1
is 'a JPush key that SDKs would refuse ends with 1' $? 1

start --people "$dir/people.json"
like 'the ready line tells ports and credentials' "$(cat "$dir/ready")" \
    '^\{"http_port":[1-9][0-9]*,"smtp_port":[1-9][0-9]*,"ca_file":".*/ca.pem","jpush_app_key":"[0-9a-z]{24}","jpush_master_secret":"[0-9a-z]{24}","smtp_password":".*"\}$'

# --- JPush: framing ------------------------------------------------------------------------
answer=$(curl -si -u "$key" -d "$(push_body li ',"options":{"sendno":18}')" "$base/v3/push" | tr -d '\r')
like 'a push succeeds with exactly two keys' "$answer" '^\{"sendno":"18","msg_id":"[0-9]{17}"\}$'
like 'the type is application/json' "$answer" '^Content-Type: application/json$'
like 'X-Rate-Limit-Limit' "$answer" '^X-Rate-Limit-Limit: 600$'
like 'X-Rate-Limit-Remaining' "$answer" '^X-Rate-Limit-Remaining: 599$'
like 'X-Rate-Limit-Reset' "$answer" '^X-Rate-Limit-Reset: [0-9]+$'
like 'the length is told' "$answer" '^Content-Length: [0-9]+$'
like 'the quota of reports is another one' "$(curl -si -u "$key" "$base/v3/received?msg_ids=1")" \
    'X-Rate-Limit-Limit: 2400'
like 'without sendno it is 0' "$(push li)" '^\{"sendno":"0",'
like 'doubled slashes' "$(curl -s -u "$key" -d "$(push_body li)" "$base/v3//push")" '"msg_id"'
like 'a slash before the query' "$(get '/v3/push/cid/?count=1')" '"cidlist"'
is 'no credentials' "$(curl -s "$base/v3/push" -d '{}')" '{"error":{"code":1004,"message":"Authen failed"}}'
is 'are 401' "$(curl -s -o /dev/null -w '%{http_code}' -u a:b "$base/v3/push" -d '{}')" 401
like 'wrong ones for a report' "$(curl -s -u a:b "$base/v3/received?msg_ids=1")" '"code":3001'
like 'GET of a push' "$(get /v3/push)" '"code":1001'
is 'is 405' "$(status "$base/v3/push")" 405
is 'an unknown path is 404' "$(status "$base/v3/nothing")" 404
id=$(push li | sed 's/.*"msg_id":"\([0-9]*\)".*/\1/')
is 'DELETE answers 200, a type and no body' \
    "$(curl -s -u "$key" -X DELETE -w '%{http_code} %{content_type} %{size_download}' "$base/v3/push/$id")" \
    '200 application/json 0'
is 'a report without msg_ids is refused' "$(get /v3/received)" \
    '{"error":{"code":3002,"message":"Invalid parameter `msg_ids`."}}'
is 'right after the push only the msg_id is known' "$(get "/v3/received/detail?msg_ids=$id")" \
    "[{\"msg_id\":\"$id\"}]"
like 'a fresh id has no status' \
    "$(post /v3/status/message "{\"msg_id\":$id,\"registration_ids\":[\"1a0018970a8b0c1d2e3\"]}")" \
    'Msgid does not exist.*3002|3002.*Msgid does not exist'
like 'a msg_id as text is refused' \
    "$(post /v3/status/message "{\"msg_id\":\"$id\",\"registration_ids\":[\"1a0018970a8b0c1d2e3\"]}")" \
    'Invalid parameter `msg_id`'
like 'a form is refused' "$(curl -s -u "$key" -d a=b "$base/v3/status/message")" 'not a valid JSON format'

# --- JPush: refusals -----------------------------------------------------------------------
like '1011 carries a msg_id as a number' "$(push ana)" \
    '"error":\{"code":1011,.*255 days"\},"msg_id":[0-9]{17}\}'
is 'and is 400' "$(status -d "$(push_body nobody)" "$base/v3/push")" 400
like '1003 for what is no JSON' "$(post /v3/push '{')" '"code":1003'
like '1009 for an unknown key' "$(push li ',"options":{"ttl":1}')" '"code":1009.*ttl'
like '1003 for an unknown override_msg_id' "$(push li ',"options":{"override_msg_id":29273455998601743}')" '"code":1003'
like '1003 for a foreign cid' "$(push li ',"cid":"0123456789abcdef01234567-1"')" '"code":1003'
before=$(recorded '"what":"push"')
like 'validate answers like a push' "$(post /v3/push/validate "$(push_body li)")" '"msg_id":"[0-9]{17}"'
like 'and refuses like one' "$(post /v3/push/validate "$(push_body ana)")" '"code":1011'
is 'and takes nothing' "$(recorded '"what":"push"')" "$before"
check 'refusals are recorded with their user' [ "$(recorded '"what":"refused","user":"ana","of":"push".*1011')" -ge 1 ]

# --- JPush: cid ----------------------------------------------------------------------------
pool=$(get '/v3/push/cid?count=500')
is 'the pool gives ten at most' "$(grep -o 'sim0appkey' <<<"$pool" | wc -l)" 10
cid=$(sed 's/.*\["\([^"]*\)".*/\1/' <<<"$pool")
like 'a cid is the app key and a UUID' "$cid" '^sim0appkey0for0tests0001-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$'
first=$(push li ",\"cid\":\"$cid\"")
is 'a repeated cid gets the first answer' "$(push li ",\"cid\":\"$cid\"")" "$first"
is 'which the record says' "$(recorded '"replayed":true')" 1
like 'a count of nothing is refused' "$(get '/v3/push/cid?count=0')" '"code":1003'
like 'so is a type that is none' "$(get '/v3/push/cid?type=mail')" '"code":1003'

# --- faults --------------------------------------------------------------------------------
fault push http500 2
like 'http500' "$(push li)" '"code":1000'
is 'as often as ordered' "$(status -d "$(push_body li)" "$base/v3/push")" 500
like 'then all is well' "$(push li)" '"msg_id"'
fault push html
like 'html' "$(curl -si -u "$key" -d "$(push_body li)" "$base/v3/push" | tr -d '\r')" '^Content-Type: text/html'
fault report 429
answer=$(curl -si -u "$key" "$base/v3/received?msg_ids=1" | tr -d '\r')
like '429' "$answer" '"code":2002'
like 'leaves nothing' "$answer" '^X-Rate-Limit-Remaining: 0$'
like 'for five seconds' "$answer" '^X-Rate-Limit-Reset: 5$'
fault cid full_then_ok
is 'full_then_ok' "$(status "$base/v3/push/cid")" 503
before=$(recorded '"what":"push"')
fault push reset
push li >/dev/null
is 'reset: the connection closes' $? 52
is 'and nothing was taken' "$(recorded '"what":"push"')" "$before"
cid=$(get '/v3/push/cid' | sed 's/.*\["\([^"]*\)".*/\1/')
fault push drop_after
push li ",\"cid\":\"$cid\"" >/dev/null
is 'drop_after: the answer is lost' $? 52
is 'the push was taken' "$(recorded '"what":"push"')" $((before + 1))
like 'and its cid finds the answer' "$(push li ",\"cid\":\"$cid\"")" '"msg_id"'
fault push slow
before=$(recorded '"kind":"slow"')
{ time -p push li >"$dir/slow"; } 2>"$dir/time" &
slow=$!
until [ "$(recorded '"kind":"slow"')" -gt "$before" ]; do sleep 0.05; done
fault push hang
curl -s -m 0.5 -u "$key" -d "$(push_body li)" "$base/v3/push" >/dev/null
is 'hang: no answer' $? 28
like 'a fault that is none' "$(post /sim/fault '{"what":"push","kind":"flood"}')" '"error"'

# --- SMS -----------------------------------------------------------------------------------
sms() { curl -s -m 10 "$base/sms/send" "$@"; }
is 'SMS by form' "$(sms --data-urlencode 'to=+8613800000001' -d text=a -d ref=r1)" '{"code":0,"id":"sms-1"}'
is 'SMS by JSON' "$(sms -H 'Content-Type: application/json' -d '{"to":"+8613800000001","text":"办公通知","ref":"r2"}')" \
    '{"code":0,"id":"sms-2"}'
is 'SMS by query' "$(sms -G --data-urlencode 'to=+8613800000001' -d 'text=a&ref=r3')" '{"code":0,"id":"sms-3"}'
is 'the record has text, reference and user' \
    "$(recorded '"what":"sms","user":"li","to":"+8613800000001","text":"办公通知","ref":"r2"')" 1
like 'without a number' "$(sms -d text=a)" "\"code\":1003.*'to'"
like 'with a receipt address that is none' "$(sms --data-urlencode 'to=+1' -d 'text=a&dlr=file:///etc')" "'dlr'"
is 'a refused number' "$(sms --data-urlencode 'to=+9990000002' -d text=a)" '{"code":1001,"message":"invalid number"}'
is 'a refused person' "$(sms --data-urlencode 'to=+8613800000002' -d text=a)" '{"code":1001,"message":"invalid number"}'
like 'a limited number says when' "$(curl -si "$base/sms/send" --data-urlencode 'to=+9990000003' -d text=a)" 'Retry-After: 60'
flaky() { sms -o /dev/null -w '%{http_code} ' --data-urlencode 'to=+9990000006' -d text=a -d "ref=$1"; }
is 'a flaky number fails twice, per message' "$(flaky x; flaky y; flaky x; flaky x; flaky x)" '503 503 503 200 200 '
sms --data-urlencode 'to=+9990000007' -d text=a -d ref=lost >/dev/null
is 'a lost answer' $? 52
is 'of an SMS that was taken' "$(recorded '"ref":"lost"')" 1
like 'the second try is answered' "$(sms --data-urlencode 'to=+9990000007' -d text=a -d ref=lost)" '"code":0'
fault sms http500
is 'faults work here too' "$(status -d 'to=1&text=a' "$base/sms/send")" 500

# --- hooks ---------------------------------------------------------------------------------
is 'a hook takes anything' "$(status -H 'webhook-id: aw_1' -d '{"a":1}' "$base/hook/app")" 200
is 'and records it' "$(get /sim/record?limit=10000 | grep -c '"what":"webhook","name":"app","status":200,"webhook_id":"aw_1"')" 1
is 'fail500' "$(status -d x "$base/hook/fail500")" 500
is 'gone410' "$(status -d x "$base/hook/gone410")" 410

# --- mail ----------------------------------------------------------------------------------
cat >"$dir/mail" <<'EOF'
From: Ackwatch <aw@example.com>
To: li@sim.invalid
Subject: =?UTF-8?B?5Yqe5YWs6YCa55+l?=
Message-ID: <aw_0000000000001@node>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

caf=C3=A9
.
..two
EOF
mail() { # TO, curl options
    local to=$1
    shift
    curl -s -m 10 --url "$smtp" --ssl-reqd --cacert "$dir/ca.pem" --user u:sim-password \
        --mail-from aw@example.com --mail-rcpt "$to" --crlf -T "$dir/mail" "$@"
}
mail li@sim.invalid
is 'a mail by STARTTLS and AUTH' $? 0
get '/sim/record?limit=10000' >"$dir/record"
check 'is recorded: user, recipient, subject, id, text with its dots' grep -Fq \
    '"what":"mail","user":"li","to":"li@sim.invalid","subject":"办公通知","message_id":"aw_0000000000001@node","text":"café\n.\n..two\n"' \
    "$dir/record"
mail li@sim.invalid --login-options AUTH=LOGIN
is 'AUTH LOGIN' $? 0
curl -s -m 10 --url "$smtp" --mail-from a@b --mail-rcpt c@d -T "$dir/mail"
is 'without TLS it is refused' $? 55
mail li@sim.invalid --user u:wrong
is 'a wrong password is refused' $? 67
mail bounce@sim.invalid -v 2>"$dir/log"
is 'bounce@ is refused' $? 55
like 'for good' "$(cat "$dir/log")" '< 550 5.1.1'
mail slow@sim.invalid -v 2>"$dir/log"
like 'slow@ is put off' "$(cat "$dir/log")" '< 450 4.2.0'
mail slow@sim.invalid
is 'once' $? 0
fault smtp full_then_ok
mail li@sim.invalid -v 2>"$dir/log"
like 'a full server' "$(cat "$dir/log")" '< 452 '
fault smtp http500
mail li@sim.invalid -v 2>"$dir/log"
like 'an internal error' "$(cat "$dir/log")" '< 451 '
before=$(recorded '"what":"mail"')
fault smtp drop_after
mail li@sim.invalid
check 'a lost answer' [ $? -ne 0 ]
is 'of a mail that was taken' "$(recorded '"what":"mail"')" $((before + 1))
fault smtp reset
mail li@sim.invalid
check 'a connection that closes' [ $? -ne 0 ]
fault smtp html
mail li@sim.invalid -m 0.5
check 'an answer that is none' [ $? -ne 0 ]
before=$(recorded '"what":"mail"')
mails=()
for _ in 1 2 3 4 5 6 7 8; do
    mail li@sim.invalid &
    mails+=($!)
done
wait "${mails[@]}"
is 'eight at a time' "$(recorded '"what":"mail"')" $((before + 8))
head -c 1200000 /dev/zero | tr '\0' 'a' | fold -w 900 >"$dir/mail"
mail li@sim.invalid -v 2>"$dir/log"
like 'a mail beyond 1 MiB is refused' "$(cat "$dir/log")" '< 552 '

wait $slow
like 'the slow answer came' "$(cat "$dir/slow")" '"msg_id"'
like 'after three seconds' "$(cat "$dir/time")" '^real 3\.'

# --- the end, while a request hangs ----------------------------------------------------------
stop
is 'SIGTERM ends it with 0' $? 0
is 'without a word' "$(cat "$dir/err")" ''

echo secret-of-mine >"$dir/password"
start --smtp-password-file "$dir/password" --jpush-key 0123456789abcdef01234567:76543210fedcba9876543210
check 'credentials of others are not printed' sh -c '! grep -q "secret" "$1"' - "$dir/ready"
like 'they hold' "$(curl -s -u 0123456789abcdef01234567:76543210fedcba9876543210 "$base/v3/push/cid")" '0123456789abcdef01234567-'
like 'instead of the built-in ones' "$(get /v3/push/cid)" '1004'
echo x >"$dir/mail"
mail li@sim.invalid --user u:secret-of-mine
is 'for mail too' $? 0
stop
is 'and it ends again' $? 0

echo "1..$n"
exit $failed
