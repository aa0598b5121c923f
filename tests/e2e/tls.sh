#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# HTTPS by the files of a certificate: real clients, versions, client certificates, new files by a
# reload under load, and files that cannot be used. Prints TAP.
set -u
. "$(dirname "$0")/peers.sh"

# --- authorities and certificates -------------------------------------------------------------------

quiet() { "$@" >>openssl.log 2>&1; }
authority() { # NAME
    quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj "/CN=$1" \
        -keyout "$1.key" -out "$1.pem" || bail "openssl cannot make an authority"
}
# issue AUTHORITY NAME DAYS: NAME.pem and NAME.key for localhost
issue() {
    quiet openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$2.key" -out "$2.csr" &&
        quiet openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial \
            -days "$3" -copy_extensions copy -out "$2.pem" || bail "openssl cannot issue $2"
}
authority ca
authority others
issue ca first 30
issue ca second 30
issue ca soon 3
issue ca gone 0
issue ca app 30
issue others stranger 30
openssl pkey -in first.key -aes256 -passout pass:x -out locked.key 2>>openssl.log

# --- a daemon with two listeners ----------------------------------------------------------------------

echo '[{"user":"li","alias":"li"}]' >people.json
start_sim
write_env
place() { # LINE FOR THE TLS OF THE FIRST, AND OF THE SECOND LISTENER
    sed -i "/^listen:/,/^socket:/{/^  - /d;s|^listen:|&\n  - {address: 127.0.0.1, port: 0, faces: [public, api, ops], tls: {$1}}\n  - {address: 127.0.0.1, port: 0, faces: [ops], per_address: 3, tls: {$2}}|}" ackwatch.yaml
}
install_cert() { # NAME TO
    cp "$1.key" "$2.key.new" && mv "$2.key.new" "$2.key"
    cp "$1.pem" "$2.pem.new" && mv "$2.pem.new" "$2.pem"
}
install_cert first a
install_cert first b
place 'certificate: a.pem, key: {file: a.key}' 'certificate: b.pem, key: {file: b.key}, client_ca: ca.pem'
exits "the settings are fine" 0 ackwatch config check --config ackwatch.yaml
exits "config show" 0 ackwatch config show --config ackwatch.yaml
says 'key: {file: '
start_daemon
second=$(sed -n 's/.*msg=listen .*port=\([0-9]*\).*/\1/p' daemon.log | sed -n 2p)
get() { # CURL ARGUMENTS...: the status, or 000
    curl -sS -m 10 -o out -w '%{http_code}' "$@" 2>err
}
is "HTTPS is served" "$(get --cacert ca.pem "https://localhost:$port/livez")" 200
is "... not to who trusts another authority" "$(get --cacert others.pem "https://localhost:$port/livez")" 000
is "... and no plain HTTP there" "$(get "http://localhost:$port/livez")" 000
is "a body over TLS" "$(get --cacert ca.pem -d '{}' "https://localhost:$port/v1/messages")" 401
talk() { # ARGUMENTS OF s_client...: true when a handshake came about
    openssl s_client -connect "127.0.0.1:$port" -CAfile ca.pem -verify_return_error "$@" </dev/null \
        >out 2>err
}
check "TLS 1.3" talk -tls1_3
check "TLS 1.2" talk -tls1_2
for old in -tls1_1 -tls1; do
    check "no TLS 1${old#-tls1}" bash -c "! openssl s_client -connect 127.0.0.1:$port $old -cipher ALL:@SECLEVEL=0 </dev/null >out 2>err"
done
for weak in AES256-SHA AES128-GCM-SHA256 ECDHE-ECDSA-AES256-SHA DHE-RSA-AES256-GCM-SHA384; do
    check "no $weak" bash -c "! openssl s_client -connect 127.0.0.1:$port -tls1_2 -cipher $weak:@SECLEVEL=0 </dev/null >out 2>err"
done

# --- certificates of clients ------------------------------------------------------------------------------

client() { get --cacert ca.pem "$@" "https://localhost:$second/livez"; }
is "without a certificate of its own a client is refused" "$(client)" 403
is "with one of another authority too" "$(client --cert stranger.pem --key stranger.key)" 403
is "with one of ours it passes" "$(client --cert app.pem --key app.key)" 200

# --- connections from one address ----------------------------------------------------------------------------

held=
full() { # one more is held until a client is closed: those before may still be counted
    exec {fd}<>"/dev/tcp/127.0.0.1/$second"
    held="$held $fd"
    [ "$(client --cert app.pem --key app.key)" = 000 ]
}
check "more connections of an address are closed" within 5 full
for fd in $held; do
    eval "exec $fd>&-"
done
freed() { [ "$(client --cert app.pem --key app.key)" = 200 ]; }
check "... and welcome once the others are gone" within 5 freed

# --- new files ------------------------------------------------------------------------------------------------

subject() { talk && openssl x509 -noout -subject <out 2>>err; }
is "the first certificate is shown" "$(subject)" "subject=CN = first"
T=$(key all messages:read)
curl -sN -m 60 --cacert ca.pem -H "Authorization: Bearer $T" "https://localhost:$port/v1/events" >events 2>&1 &
stream=$!
# Somebody asks all the time, now on a new connection, now on an old one.
(
    while [ ! -e enough ]; do
        curl -sS -m 10 --cacert ca.pem -o /dev/null -w '%{http_code}\n' "https://localhost:$port/livez" \
            --next -sS -m 10 --cacert ca.pem -o /dev/null -w '%{http_code}\n' "https://localhost:$port/livez"
    done >asked 2>&1
) &
asker=$!
for i in 1 2 3; do
    for name in second first; do
        install_cert $name a
        exits "reload $i, certificate $name" 0 aw rules reload
        is "... is shown at once" "$(subject)" "subject=CN = $name"
    done
done
touch enough
wait $asker
is "... and no request failed, of $(wc -l <asked)" "$(grep -vc '^200$' asked)" 0
ended() { ! kill -0 $stream 2>/dev/null; }
check "streams end, to come again" within 5 ended
threads() { [ "$(ls "/proc/$daemon/task" | wc -l)" -le "$1" ]; }
check "listeners of old certificates go away" within 10 threads 16
echo 'not a certificate' >a.pem
exits "a reload with a broken file is refused" 3 aw rules reload
is "... and the old certificate stays" "$(subject)" "subject=CN = first"
install_cert soon a
exits "a certificate that ends soon is taken" 0 aw rules reload
check "... and the log says so" grep -q 'level=warning msg=certificate .*a.pem expires at' daemon.log
exits "doctor warns" 0 ackwatch doctor --config ackwatch.yaml
says "expires at"

# --- files that cannot be used ------------------------------------------------------------------------------------

# bad WHAT TEXT CERTIFICATE KEY: config check refuses it with the text
bad() {
    place "certificate: $3, key: $4" 'certificate: b.pem, key: {file: b.key}'
    exits "$1" 3 ackwatch config check --config ackwatch.yaml
    says "$2"
}
cp first.key open.key
chmod 644 open.key
bad "no such certificate" "nothing.pem: No such file" nothing.pem '{file: first.key}'
bad "a key for a certificate" "holds no certificate in PEM form" first.key '{file: first.key}'
bad "a certificate for a key" "it holds no private key in PEM form" first.pem '{file: ca.pem}'
bad "no such key" "cannot open" first.pem '{file: nothing.key}'
bad "a key of another" "the key belongs to another certificate" first.pem '{file: second.key}'
bad "a key with a password" "locked by a password" first.pem '{file: locked.key}'
bad "a key that others can read" "is not safe" first.pem '{file: open.key}'
bad "a key in the file itself" "secrets never stand in this file" first.pem 'abc'
bad "a word too many" "did you mean" first.pem '{file: first.key}, cerificate: x'
exits "E164 has a page" 0 ackwatch help E164
says "PEM form"
place 'certificate: gone.pem, key: {file: gone.key}' 'certificate: b.pem, key: {file: b.key}'
exits "one that has expired is said" 0 ackwatch config check --config ackwatch.yaml
says "expired at"
check "no key stands in the log" bash -c '! grep -qF -f <(grep -hv -- ----- *.key) daemon.log'
stop_daemon
is "a clean stop" $? 0
echo "1..$n"
exit $failed
