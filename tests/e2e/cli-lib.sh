# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the command line share: a directory of their own, TAP by hand, JSON by sqlite3.
# Sourced; ends with `finish`.

build=$(realpath "${top_builddir:-.}")
src=$(realpath "${top_srcdir:-.}")
export PATH=$build:$PATH LC_ALL=C.UTF-8 TZ=UTC
unset ACKWATCH_URL ACKWATCH_TOKEN_FILE NO_COLOR
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-cli-XXXXXX")
n=0 failed=0 pids=
trap '[ -z "$pids" ] || kill $pids 2>/dev/null; wait; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
umask 077
cd "$dir" || exit 1

check() { # DESCRIPTION COMMAND...: one TAP line
    local what=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        sed 's/^/# out: /' out | head -20
        sed 's/^/# err: /' err | head -20
        failed=1
    fi
}
# run CODE ARGUMENTS...: ackwatch must end with CODE; keeps out and err
run() {
    local want=$1 got
    shift
    ackwatch "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$want" ] || { echo "exit $got, wanted $want: ackwatch $*" >>err; return 1; }
}
exits() { local what=$1; shift; check "$what" run "$@"; }
out_has() { check "... and says: $1" grep -qF -- "$1" out; }
err_has() { check "... and says on stderr: $1" grep -qF -- "$1" err; }
out_is() { check "... and prints exactly that" diff -u "$1" out; }
# JSON through the sqlite3 shell: j is the text of a file, l its lines as one array
json() { # FILE EXPRESSION
    sqlite3 :memory: "WITH f AS (SELECT trim(CAST(readfile('$1') AS TEXT), char(10)) AS j),
        g AS (SELECT j, '[' || replace(j, char(10), ',') || ']' AS l FROM f) SELECT $2 FROM g"
}
holds() { [ "$(json out "$1")" = 1 ]; }
lines() { # COUNT CONDITION: so many lines of out have it; v is the line
    [ "$(json out "(SELECT count(*) FROM (SELECT value AS v FROM json_each(l)) WHERE $2)")" -eq "$1" ]
}
silent() { [ ! -s "$1" ]; }

# until_true N COMMAND...: waits for the command to succeed, N tenths of a second at most
until_true() {
    local left=$1
    shift
    while ! "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}
# The providers, with people.json; sim MEMBER is one of the line that they begin with.
start_sim() {
    cat >people.json <<'END'
[{"user":"li","alias":"li","push":"online","delay":"0s","phone":"+9990000001"},
 {"user":"wang","alias":"wang","push":"offline"}]
END
    ackwatch-sim --people people.json --tls-dir "$dir" >sim.json 2>sim.log &
    pids=$!
    for _ in $(seq 200); do [ -s sim.json ] && break; sleep 0.05; done
    [ -s sim.json ] || { echo "Bail out! ackwatch-sim does not start"; exit 1; }
}
sim() { json sim.json "j->>'$1'"; }
# ackwatch.yaml with all of them, and one rule.
write_env() {
    printf %s "$(sim jpush_master_secret)" >jpush.secret
    printf %s "$(sim smtp_password)" >smtp.secret
    printf secret >receipt.secret
    mkdir rules && cp "$src/rules/order-status.yaml" rules/ && cp -r "$src/rules/templates" rules/
    cat >ackwatch.yaml <<END
version: 1
node: cli.invalid
listen:
  - {address: 127.0.0.1, port: 0, faces: [public, api, ops]}
socket: $dir/ctl.sock
store: $dir/ackwatch.db
rules: $dir/rules
templates: $dir/rules/templates
public_url: http://127.0.0.1:9
operators:
  - {channel: mail, to: ops@cli.invalid}
channels:
  push:
    provider: jpush
    allow: [127.0.0.1]
    app_key: "$(sim jpush_app_key)"
    master_secret: {file: jpush.secret}
    push_url: http://127.0.0.1:$(sim http_port)/v3/
    report_url: http://127.0.0.1:$(sim http_port)/v3/
  sms:
    provider: gateway
    allow: [127.0.0.1]
    url: http://127.0.0.1:$(sim http_port)/sms/send
    fields: {to: "{{to}}", text: "{{text}}", ref: "{{ref}}"}
    success_pointer: /code
    refused_values: "1001"
    receipt_secret: {file: receipt.secret}
  mail:
    provider: smtp
    host: 127.0.0.1
    port: $(sim smtp_port)
    ca_file: "$(sim ca_file)"
    user: ackwatch
    password: {file: smtp.secret}
    from: ackwatch@cli.invalid
END
}
# ackwatchd; then $daemon is its number, $port where it listens and $A the flags to reach it.
start_daemon() {
    [ -p ready ] || mkfifo ready
    ackwatchd --config ackwatch.yaml --ready-fd 5 5>ready 2>daemon.log &
    pids="$pids $!" daemon=$!
    timeout 20 head -n 1 ready >ready.json
    port=$(json ready.json "j->>'port'")
    [ -n "$port" ] || { echo "Bail out! ackwatchd does not start"; sed 's/^/# /' daemon.log; exit 1; }
    A="--socket $dir/ctl.sock"
}

finish() { # the last line
    echo "1..$n"
    exit $failed
}
