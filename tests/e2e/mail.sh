#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Mail against a real server: exim4, unpacked into the build tree. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"
. "$src/tests/e2e/exim.sh"

probe=$build/tests/e2e/mailprobe

header() { # NAME FILE: the value, unfolded, B-words decoded
    awk -v want="$1:" '
        /^\r?$/ { exit }
        /^[ \t]/ { if (on) value = value $0; next }
        { on = index($0, want) == 1; if (on) value = substr($0, length(want) + 2) }
        END { print value }' "$2" | tr -d '\r' |
        sed 's/?=[ \t]*=?/?=\n=?/g; s/=?UTF-8?B?/\n&/g; s/?=/&\n/g' |
        while IFS= read -r part || [ -n "$part" ]; do
            case $part in
            '=?UTF-8?B?'*) sed 's/^=?UTF-8?B?//; s/?=$//' <<<"$part" | base64 -d ;;
            *) printf %s "$part" ;;
            esac
        done
}
part() { # TYPE FILE: the decoded body of the MIME part
    awk -v want="$1" '
        { sub(/\r$/, "") }
        /^--/ { on = body = 0; enc = "" ; next }
        body { print enc "\t" $0; next }
        tolower($0) ~ "^content-type: " want { on = 1 }
        tolower($0) ~ /^content-transfer-encoding: / { enc = tolower($2) }
        on && /^$/ { body = 1 }' "$2" >"$dir/part"
    case $(head -n 1 "$dir/part") in
    base64*) cut -f 2- "$dir/part" | base64 -d ;;
    *) cut -f 2- "$dir/part" | sed -e ':a' -e '/=$/ { N; s/=\n//; ta' -e '}' |
        sed 's/=\([0-9A-F][0-9A-F]\)/\\x\1/g' | while IFS= read -r l; do printf '%b\n' "$l"; done ;;
    esac
}

[ -x "$probe" ] || bail "no $probe"
install_exim

port=$("$probe" --free-port) implicit=$("$probe" --free-port)
run_exim "$port" "$tls_lines" "$implicit" || bail "exim does not start"

got=$("$probe" "$port" "$exim/ca.pem" shop "pass word" li@sim.invalid)
like "a mail is accepted after STARTTLS and AUTH" "$got" '^accepted 250 [0-9]+ 250 .*OK id='
for _ in $(seq 100); do
    [ -n "$(ls "$exim/mail/new" 2>/dev/null)" ] && break
    sleep 0.1
done
arrived=$(ls -d "$exim"/mail/new/* 2>/dev/null | head -n 1)
check "it arrived" [ -s "${arrived:-/nonexistent}" ]
like "its subject is whole" "$(header Subject "$arrived")" \
    '^订单 42 无人确认 – order 42 is not confirmed by anybody$'
like "its Message-ID is our reference" "$(header Message-ID "$arrived")" \
    '^<aw_0000000000001@node.example>$'
like "its sender has a name" "$(header From "$arrived")" '看门 Ackwatch.*<ackwatch@node.example>'
like "it says that a program wrote it" "$(header Auto-Submitted "$arrived")" '^auto-generated$'
check "its text is whole, dots included" [ "$(part text/plain "$arrived" | tr -d '\r')" = \
    "$(printf '请确认。\n.\n.hidden dot\nPlease confirm.')" ]
like "its HTML is whole" "$(part text/html "$arrived" | tr -d '\r')" \
    '^<p>请确认 <a href="https://ack.example/a/1">confirm</a></p>$'
like "it came by TLS, logged in" "$(cat "$exim/log/mainlog")" 'X=TLS1\.2:.* A=plain:shop'

got=$("$probe" "$port" "$exim/ca.pem" shop "pass word" nobody@sim.invalid)
like "an unknown recipient is refused, and not named" "$got" \
    '^refused 550 [0-9]+ recipient: 550 .*\*\*\*.* no such person$'
got=$("$probe" "$port" "$exim/ca.pem" shop "pass word" later@sim.invalid)
like "a greylisted recipient is transient" "$got" '^transient 450 [0-9]+ recipient: 450 '
got=$("$probe" "$port" "$exim/ca.pem" shop wrong li@sim.invalid)
like "a wrong password is an auth failure" "$got" '^auth 535 [0-9]+ the login was refused$'
got=$("$probe" "$port" "$exim/other.pem" shop "pass word" li@sim.invalid)
like "another authority's certificate is refused" "$got" \
    "^transient 0 [0-9]+ the server's certificate is refused: "
sleep 0.3
check "none of these was delivered" [ "$(ls "$exim/mail/new" | wc -l)" = 1 ]

# the same server on a port where TLS comes first
got=$("$probe" --implicit "$implicit" "$exim/ca.pem" shop "pass word" wang@sim.invalid)
like "a mail is accepted over implicit TLS" "$got" '^accepted 250 [0-9]+ 250 .*OK id='
for _ in $(seq 100); do
    [ "$(ls "$exim/mail/new" | wc -l)" = 2 ] && break
    sleep 0.1
done
arrived=$(grep -l wang@sim.invalid "$exim"/mail/new/* | head -n 1)
check "it arrived whole, dots included" [ "$(part text/plain "${arrived:-/nonexistent}" | tr -d '\r')" = \
    "$(printf '请确认。\n.\n.hidden dot\nPlease confirm.')" ]
got=$("$probe" --implicit "$implicit" "$exim/ca.pem" shop "pass word" nobody@sim.invalid)
like "an unknown recipient is refused there too" "$got" \
    '^refused 550 [0-9]+ recipient: 550 .*\*\*\*.* no such person$'
got=$("$probe" --implicit "$implicit" "$exim/ca.pem" shop wrong li@sim.invalid)
like "a wrong password is an auth failure there too" "$got" '^auth 535 [0-9]+ the login was refused$'
got=$("$probe" --implicit "$implicit" "$exim/other.pem" shop "pass word" li@sim.invalid)
like "another authority's certificate is refused there too" "$got" \
    "^transient 0 [0-9]+ the server's certificate is refused: "
got=$("$probe" --implicit "$port" "$exim/ca.pem" shop "pass word" li@sim.invalid)
like "a port that speaks plain text first is transient" "$got" '^transient 0 '
check "nothing more was delivered" [ "$(ls "$exim/mail/new" | wc -l)" = 2 ]
stop_exim

port=$("$probe" --free-port) implicit=
run_exim "$port" "tls_advertise_hosts =" || bail "exim does not start without TLS"
got=$("$probe" "$port" "$exim/ca.pem" shop "pass word" li@sim.invalid)
like "without STARTTLS nothing is sent" "$got" '^transient 0 [0-9]+ the server offers no STARTTLS$'
check "nor was anything received" [ "$(ls "$exim/mail/new" | wc -l)" = 2 ]
stop_exim
got=$("$probe" "$port" "$exim/ca.pem" shop "pass word" li@sim.invalid)
like "a server that is down is transient" "$got" '^transient 0 [0-9]+ cannot connect: '

got=$("$probe" --hang "$exim/hang.pem" li@sim.invalid 700)
like "no answer after the final dot is unknown" "$got" '^unknown 0 [0-9]+ time ran out after '
check "within the time-out" [ "$(cut -d ' ' -f 3 <<<"$got")" -lt 1500 ]

echo "1..$n"
exit $failed
