#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The proxies of docs/operations.md, as they stand there, in front of a daemon: nginx and haproxy,
# unpacked from their Debian packages into the build tree. The page and receipts pass, nothing else
# does, and what smugglers send runs no second request behind them. Prints TAP.
set -u
. "$(dirname "$0")/peers.sh"
unpack_packages proxies haproxy nginx liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 ||
    { echo "1..0 # SKIP the packages of nginx and haproxy cannot be fetched: $unpack_error"; exit 0; }
root=$unpacked
libraries=$root/usr/lib/x86_64-linux-gnu
[ -d "$libraries" ] || libraries=$(dirname "$(find "$root" -name 'liblua5.3.so*' | head -n 1)")

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ack.example.com \
    -addext subjectAltName=DNS:ack.example.com -keyout key.pem -out cert.pem 2>openssl.log ||
    bail "openssl cannot make a certificate"
cat cert.pem key.pem >both.pem
echo '[{"user":"li","alias":"li","email":"li@e2e.invalid"}]' >people.json
start_sim
write_env
start_daemon
T=$(key all messages:read messages:write acks:write)
free() { "$build/tests/e2e/mailprobe" --free-port; }
block() { awk -v head="\`\`\`$1" '$0 == head { on = 1; next } /^```/ { on = 0 } on' "$src/docs/operations.md"; }

proxies=''
stop_proxies() {
    local pid
    for pid in $proxies; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    proxies=''
}
trap 'stop_proxies; cleanup' EXIT

nginx_port=$(free)
{
    echo "pid $dir/nginx.pid; error_log $dir/nginx.log; daemon off; worker_processes 1; events {} http { access_log off;"
    for t in client_body proxy fastcgi uwsgi scgi; do echo "${t}_temp_path $dir/$t;"; done
    block nginx | sed "s|/etc/ssl/ack.pem|$dir/cert.pem|;s|/etc/ssl/private/ack.key|$dir/key.pem|
        s|listen 443|listen 127.0.0.1:$nginx_port|;s|127.0.0.1:9364|127.0.0.1:$port|"
    echo "}"
} >nginx.conf
haproxy_port=$(free)
block haproxy | sed "s|/etc/haproxy/ack.pem|$dir/both.pem|;s|bind :443|bind 127.0.0.1:$haproxy_port|
    s|127.0.0.1:9364|127.0.0.1:$port|" >haproxy.cfg
with() { LD_LIBRARY_PATH=$libraries "$@"; }
exits "nginx takes the configuration" 0 with "$root/usr/sbin/nginx" -t -p "$dir" -c "$dir/nginx.conf"
exits "haproxy takes the configuration" 0 with "$root/usr/sbin/haproxy" -c -f haproxy.cfg
# Not through a function: the pid must be that of the program.
LD_LIBRARY_PATH=$libraries "$root/usr/sbin/nginx" -p "$dir" -c "$dir/nginx.conf" >nginx.err 2>&1 </dev/null &
proxies="$proxies $!"
LD_LIBRARY_PATH=$libraries "$root/usr/sbin/haproxy" -f haproxy.cfg >haproxy.log 2>&1 </dev/null &
proxies="$proxies $!"

through() { # PORT PATH [CURL ARGUMENTS...]: the status
    local at=$1 path=$2
    shift 2
    curl -sS -m 10 -o out -w '%{http_code}' --cacert cert.pem --resolve "ack.example.com:$at:127.0.0.1" \
        --path-as-is "$@" "https://ack.example.com:$at$path" 2>err
}
# A raw request over TLS; what comes back goes to out.
raw() { # PORT TEXT (as for printf)
    printf "$2" | timeout 2 openssl s_client -quiet -verify_quiet -connect "127.0.0.1:$1" -servername ack.example.com \
        >out 2>err
}
R=$(key ops ops)
# How often a page was asked for: what smugglers hide is a GET of one.
pages() {
    http "$R" GET '/v1/requests?limit=1000' >status
    json out "(SELECT count(*) FROM json_each(j, '\$.data') WHERE value->>'method' = 'GET' AND value->>'route' = '/a/{token}')"
}

for proxy in nginx haproxy; do
    at=${proxy}_port
    at=${!at}
    up() { [ "$(through "$at" /a/x)" = 404 ]; }
    check "$proxy passes the page on" within 10 up
    is "... and its answer is ours" "$(grep -c 'not valid' out)" 1
    is "... a receipt by POST" "$(through "$at" /in/nobody/x -d 'a=b')" 404
    check "... nothing of the API" [ "$(through "$at" /v1/messages -H "Authorization: Bearer $T")" != 200 ]
    for path in /a/../v1/messages /a/%2e%2e/v1/messages /a/..%2fv1/messages //a/x /a//x '/a/%00' '/a/%0d%0aX:y' \
        /metrics /livez; do
        check "... not $path" [ "$(through "$at" "$path" -H "Authorization: Bearer $T")" != 200 ]
    done
    after='GET /a/smuggled HTTP/1.1\r\nHost: ack.example.com\r\n\r\n'
    post='POST /a/x HTTP/1.1\r\nHost: ack.example.com\r\n'
    i=0 before=$(pages)
    check "the daemon remembers pages" [ "$before" -gt 0 ]
    for text in "${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$after" \
        "${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n$after" \
        "${post}Content-Length: 0\r\nContent-Length: 62\r\n\r\n$after" \
        "${post}Transfer-Encoding: xchunked\r\nContent-Length: 62\r\n\r\n$after" \
        "${post}Transfer-Encoding : chunked\r\nContent-Length: 62\r\n\r\n$after" \
        "${post}Transfer-Encoding:\n chunked\r\nContent-Length: 62\r\n\r\n$after" \
        "${post}X: y\nContent-Length: 0\r\nContent-Length: 62\r\n\r\n$after" \
        "${post}Content-Length: 62\r\nX: y\rContent-Length: 0\r\n\r\n$after" \
        "${post}Transfer-Encoding: chunked\r\n\r\n3e;\n\r\n${after}\r\n0\r\n\r\n" \
        "${post}Transfer-Encoding: chunked\r\n\r\n3e;a=b\r\n${after}\r\n0\r\n\r\n"; do
        i=$((i + 1))
        raw "$at" "$text"
        is "... smuggler $i brings nothing behind $proxy" "$(pages)" "$before"
    done
done
check "the daemon lives" alive
stop_proxies
stop_daemon
is "a clean stop" $? 0
echo "1..$n"
exit $failed
