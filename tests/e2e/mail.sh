#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Mail against a real server: exim4, unpacked from its Debian package into the build tree and run
# without privileges on a port of loopback. Nothing is installed, the host's own mail is left alone.
#
# exim refuses to run where the user Debian-exim does not exist; libnss_wrapper shows it a passwd
# file of ours that has it. It refuses to deliver as root too: started by root, all of it runs as
# nobody. Prints TAP by hand.
set -u

probe=$(realpath "${top_builddir:-.}")/tests/e2e/mailprobe
cache=$(realpath "${top_builddir:-.}")/tests/e2e/exim4
packages="exim4-daemon-light libnss-wrapper libgnutls-dane0 libunbound8 libidn12 libnsl2"
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-mail-XXXXXX")
n=0 failed=0 exim=
trap '[ -z "$exim" ] || kill "$exim" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

check() { # DESCRIPTION COMMAND...: one TAP line
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
like() { # DESCRIPTION GOT REGEX
    check "$1" grep -Eq -- "$3" <<<"$2"
    grep -Eq -- "$3" <<<"$2" || printf '# got %s\n# wanted %s\n' "$2" "$3"
}
bail() {
    echo "Bail out! $1"
    exit 1
}

# The packages, fetched once and kept in the build tree.
unpack() {
    [ -e "$cache/done" ] && return
    mkdir -p "$cache/deb" "$cache/root" || return
    # apt's own user may not reach the build tree; it then warns and fetches as we are.
    (cd "$cache/deb" && apt-get -q download $packages >"$cache/log" 2>&1) || return
    for deb in "$cache"/deb/*.deb; do
        dpkg-deb -x "$deb" "$cache/root" || return
    done
    chmod u-s "$cache/root/usr/sbin/exim4" || return
    touch "$cache/done"
}

make_certificates() { # a test authority, a server certificate, and an authority of somebody else
    local days="-days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl req -x509 $days -subj /CN=test-ca -keyout "$dir/ca.key" -out "$dir/ca.pem" &&
        openssl req -x509 $days -subj /CN=other-ca -keyout "$dir/other.key" -out "$dir/other.pem" &&
        openssl req $days -subj /CN=localhost -keyout "$dir/tls.key" -out "$dir/tls.csr" &&
        openssl x509 -req -in "$dir/tls.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days 2 \
            -CAcreateserial -extfile <(echo subjectAltName=DNS:localhost) -out "$dir/tls.pem"
} >>"$dir/openssl.log" 2>&1

write_config() { # PORT TLS_LINE
    cat >"$dir/conf" <<END
exim_path = $dir/exim4
exim_user = $uid
exim_group = $gid
keep_environment = LD_PRELOAD : LD_LIBRARY_PATH : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = $dir/spool
log_file_path = $dir/log/%slog
pid_file_path = $dir/pid
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = $1${implicit:+ : $implicit}
${implicit:+tls_on_connect_ports = $implicit}
$2
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
host_lookup =
rfc1413_query_timeout = 0s
begin acl
rcpt:
  deny    !authenticated = *
          message = authenticate first
  deny    local_parts = nobody
          message = 550 5.1.1 nobody@\$domain: no such person
  defer   local_parts = later
          message = 450 4.2.1 come back later
  accept
begin routers
local:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = $dir/mail
  maildir_format
  user = $uid
  group = $gid
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{shop}}{eq{\$auth3}{pass word}}}}
  server_set_id = \$auth2
END
}

run_exim() { # PORT TLS_LINE
    write_config "$@"
    LD_LIBRARY_PATH=$dir/lib LD_PRELOAD=$dir/lib/libnss_wrapper.so NSS_WRAPPER_PASSWD=$dir/passwd \
        NSS_WRAPPER_GROUP=$dir/group $as "$dir/exim4" -C "$dir/conf" -bdf -q5s \
        >>"$dir/out" 2>&1 &
    exim=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        kill -0 "$exim" 2>/dev/null || break
        sleep 0.1
    done
    cat "$dir/out" "$dir"/log/* >&2
    return 1
}
stop_exim() {
    kill "$exim" 2>/dev/null
    wait "$exim" 2>/dev/null
    exim=
}

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
if ! unpack; then
    echo "1..0 # SKIP the packages of exim4 cannot be fetched: $(tail -n 1 "$cache/log" 2>/dev/null)"
    exit 0
fi
uid=$(id -u) gid=$(id -g) as=
if [ "$uid" = 0 ]; then
    uid=65534 gid=65534
    as="setpriv --reuid=$uid --regid=$gid --clear-groups"
fi
make_certificates || bail "openssl: $(tail -n 1 "$dir/openssl.log")"
mkdir -p "$dir/spool" "$dir/log" "$dir/mail" "$dir/lib"
cp "$cache/root/usr/sbin/exim4" "$dir/" # the build tree may be out of reach for nobody
cp -P "$cache"/root/usr/lib/*-linux-gnu/lib*.so* "$dir/lib/"
printf 'Debian-exim:x:%d:%d::/nonexistent:/bin/false\n' "$uid" "$gid" >"$dir/passwd"
printf 'Debian-exim:x:%d:\n' "$gid" >"$dir/group"
chmod 755 "$dir"
[ -z "$as" ] || chown -R "$uid:$gid" "$dir"

port=$("$probe" --free-port) implicit=$("$probe" --free-port)
run_exim "$port" "tls_advertise_hosts = *
tls_certificate = $dir/tls.pem
tls_privatekey = $dir/tls.key" || bail "exim does not start"

got=$("$probe" "$port" "$dir/ca.pem" shop "pass word" li@sim.invalid)
like "a mail is accepted after STARTTLS and AUTH" "$got" '^accepted 250 [0-9]+ 250 .*OK id='
for _ in $(seq 100); do
    [ -n "$(ls "$dir/mail/new" 2>/dev/null)" ] && break
    sleep 0.1
done
arrived=$(ls -d "$dir"/mail/new/* 2>/dev/null | head -n 1)
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
like "it came by TLS, logged in" "$(cat "$dir/log/mainlog")" 'X=TLS1\.2:.* A=plain:shop'

got=$("$probe" "$port" "$dir/ca.pem" shop "pass word" nobody@sim.invalid)
like "an unknown recipient is refused, and not named" "$got" \
    '^refused 550 [0-9]+ recipient: 550 .*\*\*\*.* no such person$'
got=$("$probe" "$port" "$dir/ca.pem" shop "pass word" later@sim.invalid)
like "a greylisted recipient is transient" "$got" '^transient 450 [0-9]+ recipient: 450 '
got=$("$probe" "$port" "$dir/ca.pem" shop wrong li@sim.invalid)
like "a wrong password is an auth failure" "$got" '^auth 535 [0-9]+ the login was refused$'
got=$("$probe" "$port" "$dir/other.pem" shop "pass word" li@sim.invalid)
like "another authority's certificate is refused" "$got" \
    "^transient 0 [0-9]+ the server's certificate is refused: "
sleep 0.3
check "none of these was delivered" [ "$(ls "$dir/mail/new" | wc -l)" = 1 ]

# the same server on a port where TLS comes first
got=$("$probe" --implicit "$implicit" "$dir/ca.pem" shop "pass word" wang@sim.invalid)
like "a mail is accepted over implicit TLS" "$got" '^accepted 250 [0-9]+ 250 .*OK id='
for _ in $(seq 100); do
    [ "$(ls "$dir/mail/new" | wc -l)" = 2 ] && break
    sleep 0.1
done
arrived=$(grep -l wang@sim.invalid "$dir"/mail/new/* | head -n 1)
check "it arrived whole, dots included" [ "$(part text/plain "${arrived:-/nonexistent}" | tr -d '\r')" = \
    "$(printf '请确认。\n.\n.hidden dot\nPlease confirm.')" ]
got=$("$probe" --implicit "$implicit" "$dir/ca.pem" shop "pass word" nobody@sim.invalid)
like "an unknown recipient is refused there too" "$got" \
    '^refused 550 [0-9]+ recipient: 550 .*\*\*\*.* no such person$'
got=$("$probe" --implicit "$implicit" "$dir/ca.pem" shop wrong li@sim.invalid)
like "a wrong password is an auth failure there too" "$got" '^auth 535 [0-9]+ the login was refused$'
got=$("$probe" --implicit "$implicit" "$dir/other.pem" shop "pass word" li@sim.invalid)
like "another authority's certificate is refused there too" "$got" \
    "^transient 0 [0-9]+ the server's certificate is refused: "
got=$("$probe" --implicit "$port" "$dir/ca.pem" shop "pass word" li@sim.invalid)
like "a port that speaks plain text first is transient" "$got" '^transient 0 '
check "nothing more was delivered" [ "$(ls "$dir/mail/new" | wc -l)" = 2 ]
stop_exim

port=$("$probe" --free-port) implicit=
run_exim "$port" "tls_advertise_hosts =" || bail "exim does not start without TLS"
got=$("$probe" "$port" "$dir/ca.pem" shop "pass word" li@sim.invalid)
like "without STARTTLS nothing is sent" "$got" '^transient 0 [0-9]+ the server offers no STARTTLS$'
check "nor was anything received" [ "$(ls "$dir/mail/new" | wc -l)" = 2 ]
stop_exim
got=$("$probe" "$port" "$dir/ca.pem" shop "pass word" li@sim.invalid)
like "a server that is down is transient" "$got" '^transient 0 [0-9]+ cannot connect: '

got=$("$probe" --hang "$dir/hang.pem" li@sim.invalid 700)
like "no answer after the final dot is unknown" "$got" '^unknown 0 [0-9]+ time ran out after '
check "within the time-out" [ "$(cut -d ' ' -f 3 <<<"$got")" -lt 1500 ]

echo "1..$n"
exit $failed
