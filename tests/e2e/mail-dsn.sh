#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Reports of a real mail server: exim4 takes the daemon's mails, and pipes what it reports back into
# `ackwatch channels dsn`: a success, a bounce that came after it had accepted, and one while the
# daemon is away. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"
. "$src/tests/e2e/exim.sh"

probe=$build/tests/e2e/mailprobe
install_exim

# --- the mail server --------------------------------------------------------------------------------

port=$("$probe" --free-port) own=$("$probe" --free-port)
routers="
ackwatch_dsn:
  driver = accept
  local_parts = ackwatch
  transport = ackwatch_dsn
full:
  driver = redirect
  local_parts = full
  allow_fail
  data = :fail: the mailbox is full for good"
transports="
ackwatch_dsn:
  driver = pipe
  command = $exim/ackwatch channels dsn mail --url http://127.0.0.1:$own --token-file $exim/token
  user = $uid
  group = $gid
  temp_errors = 75
  log_output
  environment = ASAN_OPTIONS=detect_leaks=0"
cp "$build/ackwatch" "$exim/" # the build tree may be out of reach for nobody
run_exim "$port" "$tls_lines
dsn_advertise_hosts = *" || bail "exim does not start"

# --- the daemon -------------------------------------------------------------------------------------

printf 'pass word' >smtp.secret
chmod 600 smtp.secret
mkdir -p rules
cat >ackwatch.yaml <<END
version: 1
node: e2e.invalid
listen:
  - {address: 127.0.0.1, port: $own, faces: [public, api, ops]}
socket: $dir/ctl.sock
store: $dir/ackwatch.db
rules: $dir/rules
public_url: http://127.0.0.1:$own
apps: [shop]
operators:
  - {channel: mail, to: ops@e2e.invalid}
channels:
  mail:
    provider: smtp
    timeout: 5s
    host: localhost
    port: $port
    ca_file: $exim/ca.pem
    user: shop
    password: {file: smtp.secret}
    from: ackwatch@e2e.invalid
END
cat >rules/order.yaml <<'END'
version: 1
rules:
  - name: order
    match: {class: order}
    until: acknowledged
    deadline: 1h
    steps:
      - {id: mail, at: 0s, do: email}
      - {id: boss, at: 30m, do: email, to: "contact:boss"}
END
start_daemon
T=$(key all messages:read messages:write contacts:write)
key dsn receipts:write >"$exim/token"
chmod 600 "$exim/token"
[ -z "$as" ] || chown "$uid:$gid" "$exim/token"
[ -n "$T" ] && [ -s "$exim/token" ] || bail "no keys: $(tail -n 1 err)"
http "$T" PUT /v1/contacts/boss -H 'Content-Type: application/json' -d '{"email":"boss@e2e.invalid"}' >status
order() { # EXTERNAL-ID ADDRESS: the status
    printf '{"external_id":"%s","class":"order","title":"Order %s","recipients":[{"user":"li","email":"%s"}]}' \
        "$1" "$1" "$2" >order.json
    register "$T" order.json
}
sql_is() { [ "$(sql "$1")" = "$2" ]; }
log_has() { grep -q -- "$1" "$exim/log/mainlog"; }

# --- success ----------------------------------------------------------------------------------------

is "an order is registered" "$(order o1 li@e2e.invalid)" 201
check "the server takes its mail" within 10 log_has '<= ackwatch@e2e.invalid .*id=aw_'
check "its success report makes it delivered" within 15 sql_is \
    "SELECT level FROM timeline ORDER BY id LIMIT 1" 3
is "... as what a provider told us" "$(sql "SELECT body->>'actor', body->>'source', body->>'level'
    FROM log WHERE body->>'kind' = 'evidence.recorded' ORDER BY seq DESC LIMIT 1")" \
    'channel:mail|callback|delivered'
check "the pipe says what it did" within 5 log_has 'delivered .*: taken'
mark=$(sed -n 's/.* id=\(aw_[^@]*\)@e2e.*/\1/p' "$exim/log/mainlog" | head -n 1)
like "the mark is our reference with a proof" "$mark" '^aw_[0-9A-HJKMNP-TV-Z]{13}\.[0-9a-f]{20}$'

# --- a bounce, and the next step ---------------------------------------------------------------------

is "another order is registered" "$(order o2 full@e2e.invalid)" 201
check "its bounce marks the address" within 15 sql_is \
    "SELECT count(*) FROM log WHERE body LIKE '%address.failed%' AND body LIKE '%\"bounced\"%'" 1
check "the next step comes at once" within 10 sql_is \
    "SELECT count(*) FROM attempt WHERE step_id = 'boss'" 1
check "... and arrives" within 15 sql_is "SELECT level FROM attempt WHERE step_id = 'boss'" 3

# --- forged and foreign mails -----------------------------------------------------------------------

dsn() { "$build/ackwatch" channels dsn mail --url "http://127.0.0.1:$own" --token-file "$exim/token"; }
report() { # MARK ACTION
    printf 'Subject: report\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nOriginal-Envelope-Id: %s\n\nAction: %s\n--b--\n' "$1" "$2"
}
piped() { # CODE WORDS, the mail on stdin
    dsn >out 2>err
    local code=$?
    [ $code -eq "$1" ] && grep -qF -- "$2" out
}
before=$(sql "SELECT count(*) FROM log")
check "a forged mark is nobody's" piped 0 "not a mail of ours" < <(report "${mark%????}0000" failed)
check "a report without a mark neither" piped 0 "no mail of ours" < <(report none failed)
check "a mail that is no report says so" piped 0 "not a report" <<<"Subject: hello"
check "nothing at all too" piped 0 "not a report" </dev/null
check "an action that acknowledges is none" piped 0 "not a report" < <(report "$mark" acknowledged)
is "and nothing was recorded" "$(sql "SELECT count(*) FROM log")" "$before"
misnamed() { # NAME WORDS: the mail is kept, and stderr says why
    report "$mark" failed | "$build/ackwatch" channels dsn "$1" --url "http://127.0.0.1:$own" \
        --token-file "$exim/token" >out 2>err
    [ "${PIPESTATUS[1]}" = 75 ] && grep -qF -- "$2" err
}
check "a channel that there is not: the mail is kept" misnamed nowhere "no such channel"
key reader messages:read >reader
check "a key without the scope is refused, the mail is kept" \
    [ "$(report "$mark" failed | "$build/ackwatch" channels dsn mail --url "http://127.0.0.1:$own" \
        --token-file reader >out 2>err; echo $?)" = 75 ]
check "the control socket will do" \
    [ "$(report "$mark" delayed | aw channels dsn mail >out 2>err; echo $?)" = 0 ]

# --- the daemon is away -----------------------------------------------------------------------------

mv "$exim/token" "$exim/away" # for exim, as good as no daemon
is "a last order" "$(order o3 wei@e2e.invalid)" 201
check "its report finds no way in, the server keeps it" within 15 log_has 'T=ackwatch_dsn defer'
check "... and nothing is proven" sql_is "SELECT level FROM timeline ORDER BY id DESC LIMIT 1" 1
mv "$exim/away" "$exim/token"
check "it comes again" within 20 sql_is "SELECT level FROM timeline ORDER BY id DESC LIMIT 1" 3
stop_daemon
check "while the daemon is away the mail is kept" \
    [ "$(report "$mark" failed | dsn >out 2>err; echo $?)" = 75 ]
start_daemon
exits "the log proves itself" 0 ackwatch audit verify --db "$dir/ackwatch.db"
is "no address is in it" "$(sql "SELECT count(*) FROM log WHERE body LIKE '%e2e.invalid%'")" 0
check "the daemon does not carry the reader of mails" \
    eval '! ldd "$build/ackwatchd" | grep -q gmime && ldd "$build/ackwatch" | grep -q gmime'
check "the daemon ends well" stop_daemon
[ $failed = 0 ] || sed 's/^/# exim: /' "$exim/log/mainlog" | tail -n 40

echo "1..$n"
exit $failed
