#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# SMS through a real Kannel: bearerbox, smsbox and fakesmsc, unpacked from their Debian packages into
# the build tree and run without privileges on ports of loopback. Nothing is installed. A text goes
# out, its report comes in, the reply with its code acknowledges, and the answer goes back to the
# phone; STOP and START. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

packages="kannel kannel-extras libct4 libmariadb3 libhiredis0.14 libpcre3 libpq5"
phone=+9990000001 stranger=+9990000077 service=1069

unpack_packages kannel $packages ||
    { echo "1..0 # SKIP the packages of kannel cannot be fetched: $unpack_error"; exit 0; }
root=$unpacked

# --- the peers --------------------------------------------------------------------------------------

ports=()
while [ ${#ports[@]} -lt 5 ]; do
    p=$("$build/tests/e2e/mailprobe" --free-port)
    [[ " ${ports[*]} " == *" $p "* ]] || ports+=("$p")
done
admin=${ports[0]} boxes=${ports[1]} smsc=${ports[2]} sendsms=${ports[3]} own=${ports[4]}

cat >kannel.conf <<END
group = core
admin-port = $admin
admin-interface = "127.0.0.1"
admin-password = x
smsbox-port = $boxes
smsbox-interface = "127.0.0.1"
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake
port = $smsc
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $sendsms
sendsms-interface = "127.0.0.1"
global-sender = $service

group = sendsms-user
username = ackwatch
password = kannel-password
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "http://127.0.0.1:$own/in/sms/kannel-secret?from=%p&text=%b&charset=%C"
omit-empty = true
accept-x-kannel-headers = true
max-messages = 1
END
libs=$(echo "$root"/usr/lib/*-linux-gnu):$(echo "$root"/lib/*-linux-gnu) # libpcre3 is in /lib
open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
peer() { # NAME COMMAND...: in the background, its output to NAME.log
    local name=$1
    shift
    LD_LIBRARY_PATH=$libs "$@" >>"$name.log" 2>&1 &
    others="$! $others"
}
start_kannel() {
    peer bearerbox "$root/usr/sbin/bearerbox" -v 4 kannel.conf
    within 10 open "$boxes" || bail "bearerbox does not start: $(tail -n 1 bearerbox.log)"
    peer smsbox "$root/usr/sbin/smsbox" -v 4 kannel.conf
    within 10 open "$sendsms" || bail "smsbox does not start: $(tail -n 1 smsbox.log)"
}
# The phone network: one connection that first says what a phone wrote, then shows what phones get.
phone_pid=
: >phone.log
phone_says() { # NUMBER TYPE TEXT
    [ -z "$phone_pid" ] || { kill "$phone_pid"; wait "$phone_pid" 2>/dev/null; }
    LD_LIBRARY_PATH=$libs "$root/usr/lib/kannel/test/fakesmsc" -H 127.0.0.1 -r "$smsc" -i 3600 \
        "$1 $service $2 $3" >>phone.log 2>&1 &
    phone_pid=$!
    others="$phone_pid $others"
}
# All that phones got, one a line: from, to (without +), coding, text; UCS-2 of ASCII as ASCII.
got() {
    sed -n 's/.*Got message [0-9]*: <\(.*\)>.*/\1/p' phone.log |
        sed 's/%00//g; s/+/ /g; s/%3A/:/g; s/  */ /g'
}
got_like() { got | grep -Eq -- "$1"; }

# --- the daemon -------------------------------------------------------------------------------------

printf kannel-password >kannel.password
printf kannel-secret >kannel.secret
mkdir -p rules templates
cat >ackwatch.yaml <<END
version: 1
node: e2e.invalid
listen:
  - {address: 127.0.0.1, port: $own, faces: [public, api, ops]}
socket: $dir/ctl.sock
store: $dir/ackwatch.db
rules: $dir/rules
templates: $dir/templates
public_url: http://127.0.0.1:$own
apps: [shop]
operators:
  - {channel: sms, to: "+9990000099"}
channels:
  sms:
    provider: gateway
    timeout: 5s
    allow: [127.0.0.1]
    url: http://127.0.0.1:$sendsms/cgi-bin/sendsms
    method: GET
    format: query
    user: ackwatch
    password: {file: kannel.password}
    fields:
      username: "{{user}}"
      password: "{{password}}"
      to: "{{to}}"
      text: "{{text}}"
      coding: "2"
      charset: UTF-8
      dlr-mask: "31"
      dlr-url: "{{receipt_url}}?ref={{ref}}&status=%d"
    receipt_secret: {file: kannel.secret}
    receipt_delivered: "1"
    receipt_failed: "2 16"
    receipt_sent: "8"
    reply_answer: body
END
cat >templates/code.yaml <<'END'
version: 1
sms:
  en: {text: "{{title}}: reply {{code}}"}
  zh-CN: {text: "{{title}}，回复 {{code}} 确认"}
END
cat >rules/order.yaml <<'END'
version: 1
rules:
  - name: order
    match: {class: order}
    until: acknowledged
    deadline: 1h
    steps:
      - {id: text, at: 0s, do: sms, template: code}
END
start_daemon
T=$(key all messages:read messages:write contacts:write)
[ -n "$T" ] || bail "no key: $(tail -n 1 err)"
order() { # EXTERNAL-ID TITLE LANG: the status
    printf '{"external_id":"%s","class":"order","title":"%s","recipients":[{"user":"li","phone":"%s","lang":"%s"}]}' \
        "$1" "$2" "$phone" "$3" >order.json
    register "$T" order.json
}
last_is() { [ "$(sql "SELECT $1 FROM timeline ORDER BY id DESC LIMIT 1")" = "$2" ]; }
answers() { sql "SELECT count(*) FROM log WHERE body LIKE '%reply.answered%' AND body LIKE '%\"$1\"%'"; }

# --- there and back ---------------------------------------------------------------------------------

start_kannel
phone_says $stranger text hello
within 5 grep -q "sent message 1" phone.log
is "an order is registered" "$(order o1 'Order 42' en)" 201
check "its text arrives at the phone" within 10 got_like "^$service ${phone#+} .*Order 42: reply [0-9]{4}$"
check "Kannel's report makes it delivered" within 10 last_is level 3
is "... by callback (that it was sent may come later, and is no news then)" \
    "$(sql "SELECT max(level) FROM evidence WHERE source = 2")" 3
code=$(got | sed -n 's/.*reply \([0-9]*\)$/\1/p' | tail -n 1)

phone_says $phone text "ACK $((10#$code == 1111 ? 2222 : 1111))"
check "a wrong code gets a hint" within 10 got_like "^$service ${phone#+} text This code is unknown"
check "... and proves nothing" last_is state 0
phone_says $phone text "ack $code"
check "the code acknowledges" within 10 last_is state 1
check "the answer goes back to the phone" within 10 got_like "^$service ${phone#+} text Confirmed, thank you\.$"
is "the log has it from the reply" "$(sql "SELECT body->>'source', body->>'actor' FROM log
    WHERE body->>'kind' = 'evidence.recorded' ORDER BY seq DESC LIMIT 1")" 'reply|channel:sms'
is "... and what was answered" "$(answers confirmed)" 1

# A Chinese one, answered from a keyboard of full width (UTF-16BE, percent-encoded).
is "another is registered" "$(order o2 '订单' zh-CN)" 201
check "its text arrives" within 10 got_like "ucs-2 %8B%A2SU.* [0-9]{4} "
code=$(sql "SELECT reply_code FROM attempt ORDER BY id DESC LIMIT 1")
phone_says $phone ucs2 "$(sed 's/./%FF%1&/g' <<<"$code")"
check "digits of full width acknowledge" within 10 last_is state 1
check "the answer is Chinese" within 10 got_like "^$service ${phone#+} ucs-2 %5D%F2xn%8B%A4%FF%0C%8C"

# --- STOP -------------------------------------------------------------------------------------------

phone_says $phone text STOP
check "STOP is answered" within 10 got_like "You will get no more texts"
is "a further order is registered" "$(order o3 'Order 44' en)" 201
skipped() { [ "$(sql "SELECT count(*) FROM log WHERE body LIKE '%firing.skipped%opted_out%'")" = 1 ]; }
check "its text is skipped" within 10 skipped
http "$T" PUT /v1/contacts/li -H 'Content-Type: application/json' -d "{\"phone\":\"$phone\"}" >/dev/null
is "the contact says so" "$(http "$T" GET /v1/contacts/li; json out "j->>'\$.opted_out[0]'")" '200sms'
phone_says $phone text start
opted_in() { http "$T" GET /v1/contacts/li >/dev/null; [ "$(json out "j->>'opted_out'")" = '' ]; }
check "START takes it back" within 10 opted_in
is "and a further order" "$(order o4 'Order 45' en)" 201
check "... arrives" within 10 got_like "Order 45: reply"

check "a stranger was never answered" eval '! got_like "${stranger#+}"'
is "nor is any number in the log" "$(sql "SELECT count(*) FROM log WHERE body LIKE '%99900000%'")" 0
exits "the log proves itself" 0 ackwatch audit verify --db "$dir/ackwatch.db"
check "the daemon ends well" stop_daemon
got | sed 's/^/# phones got: /'

echo "1..$n"
exit $failed
