#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The official JPush SDK for Node (jpush-async 4.1.0, from npm, unmodified) makes its push, report
# and device calls against ackwatch-sim. Its hosts are hard-coded: in a user namespace of our own
# their names lead to loopback and port 443 is free to take, with a certificate of our own authority.
# Where there are no namespaces, a preload redirects these hosts and says so. Prints TAP.
set -u
self=$(realpath "$0")

build=$(realpath "${top_builddir:-.}")
src=$(realpath "${top_srcdir:-.}")/tests/e2e/sdk
export top_builddir=$build top_srcdir=${src%/tests/e2e/sdk}
cache=$build/tests/e2e/sdk-modules
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-sdk-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}

fetch() { # once; kept in the build tree
    [ -e "$cache/done" ] && return
    rm -rf "$cache" && mkdir -p "$cache" && cp "$src"/package*.json "$cache" || return
    (cd "$cache" && timeout 120 npm ci --no-audit --no-fund --ignore-scripts >log 2>&1) || return
    touch "$cache/done"
}

make_certificates() {
    local ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    openssl req -x509 $ec -subj /CN=test-ca -keyout ca.key -out ca.pem &&
        openssl req $ec -subj /CN=api.jpush.cn -keyout leaf.key -out leaf.csr &&
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 2 -out leaf.crt -extfile \
            <(echo subjectAltName=DNS:api.jpush.cn,DNS:report.jpush.cn,DNS:device.jpush.cn) &&
        cat leaf.crt leaf.key >leaf.pem
}

wait_for() { # FILE
    for _ in $(seq 200); do
        [ -s "$1" ] && return
        sleep 0.05
    done
    echo "Bail out! $1 stays empty"
    exit 1
}

# Runs the calls; in a namespace when $1 is "namespace".
run() {
    local preload=()
    cd "$dir" || exit 1
    mkdir tls # the simulator's own authority
    "$build/ackwatch-sim" --tls-dir tls --people people.json >sim.json 2>sim.log &
    sim=$!
    trap 'kill $sim ${front:-} 2>/dev/null; wait 2>/dev/null' EXIT
    wait_for sim.json
    field() { sed -n "s/.*\"$1\":\"\{0,1\}\([A-Za-z0-9]*\).*/\1/p" sim.json; }
    export SIM_URL=http://127.0.0.1:$(field http_port)
    export SIM_KEY=$(field jpush_app_key) SIM_SECRET=$(field jpush_master_secret)
    if [ "$1" = namespace ]; then
        node "$src/front.js" leaf.pem "$(field http_port)" >front.out 2>front.log &
        front=$!
        wait_for front.out
        export NODE_EXTRA_CA_CERTS=$dir/ca.pem
    else
        preload=(-r "$src/redirect.js")
    fi
    NODE_PATH=$cache/node_modules timeout 120 node "${preload[@]}" "$src/sdk.js"
}

# Again inside the namespace: names lead to loopback, then the calls.
if [ "${1:-}" = inside ]; then
    dir=$2
    trap - EXIT
    ip link set lo up && mount --bind "$dir/hosts" /etc/hosts || exit 1
    run namespace
    exit
fi

command -v node >/dev/null && command -v npm >/dev/null || skip 'no node and npm here'
fetch || skip "npm cannot fetch jpush-async: $(tail -n 1 "$cache/log")"
cd "$dir" || exit 1
make_certificates >openssl.log 2>&1 || { cat openssl.log; exit 1; }
printf '127.0.0.1 localhost api.jpush.cn report.jpush.cn device.jpush.cn\n' >hosts
cat >people.json <<'END'
[{"user": "li", "alias": "li", "registration_ids": ["1a0aaaaaaaaaaaaaaa1"], "delay": "10ms"},
 {"user": "wang", "alias": "wang", "registration_ids": ["1a0aaaaaaaaaaaaaaa2"], "delay": "10ms"},
 {"user": "new", "registration_ids": ["1a0aaaaaaaaaaaaaaa3"], "delay": "10ms"}]
END
if unshare -Urnm sh -c "ip link set lo up && mount --bind $dir/hosts /etc/hosts" 2>/dev/null; then
    echo '# over TLS, in a user namespace where the names of JPush lead to the simulator'
    unshare -Urnm bash "$self" inside "$dir"
else
    echo '# no user namespaces: a preload redirects the hosts, over plain HTTP'
    run preload
fi
