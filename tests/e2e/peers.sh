# SPDX-License-Identifier: Apache-2.0
#
# For tests that need a daemon and its providers: sourced, not run. Gives an empty directory to work
# in, TAP lines, ackwatch-sim as JPush, SMS gateway and mail server, and an environment file. What was
# started here ends with the test, by its pid.

build=$(realpath "${top_builddir:-.}")
src=$(realpath "${top_srcdir:-.}")
export PATH=$build:$PATH LC_ALL=C.UTF-8 TZ=UTC
unset ACKWATCH_URL ACKWATCH_TOKEN_FILE NO_COLOR CREDENTIALS_DIRECTORY
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-e2e-XXXXXX")
n=0 failed=0 sim_pid='' daemon='' others=''
umask 077
cd "$dir" || exit 1

cleanup() {
    local pid
    for pid in $daemon $others $sim_pid; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    cd / && rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

bail() {
    echo "Bail out! $1"
    sed 's/^/# /' daemon.log 2>/dev/null | tail -n 20
    exit 1
}
check() { # DESCRIPTION COMMAND...: one TAP line
    local what=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        for f in out err; do
            [ -s $f ] && cut -c 1-400 $f | tail -n 12 | sed "s/^/# $f: /"
        done
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
# run CODE COMMAND...: must end with CODE; keeps out and err
run() {
    local want=$1 got
    shift
    "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$want" ] || { echo "exit $got, wanted $want: $*" >>err; return 1; }
}
exits() { local what=$1; shift; check "$what" run "$@"; }
says() { check "... and says: $1" grep -qF -- "$1" out err; }
within() { # SECONDS COMMAND...: true once the command is
    local end=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}
json() { # FILE EXPRESSION; j is the text of the file
    sqlite3 :memory: "WITH f AS (SELECT CAST(readfile('$1') AS TEXT) AS j) SELECT $2 FROM f"
}
sql() { sqlite3 -readonly "file:$dir/ackwatch.db?mode=ro" ".timeout 2000" "$1"; }

# --- packages ---------------------------------------------------------------------------------------

# unpack_packages NAME PACKAGE...: fetched once into the build tree, where they stand unpacked under
# $unpacked; $unpack_error says why they do not.
unpack_packages() {
    local cache=$build/tests/e2e/peers/$1 deb lock
    shift
    unpacked=$cache/root unpack_error='' # for whoever sources this
    mkdir -p "$cache/deb" "$unpacked" || return
    exec {lock}>"$cache/lock" && flock "$lock" || return # tests run side by side
    if [ -e "$cache/done" ]; then
        exec {lock}>&-
        return
    fi
    # apt's own user may not reach the build tree; it then warns and fetches as we are.
    if ! (cd "$cache/deb" && apt-get -q download "$@" >"$cache/log" 2>&1); then
        unpack_error=$(tail -n 1 "$cache/log")
        return 1
    fi
    for deb in "$cache"/deb/*.deb; do
        dpkg-deb -x "$deb" "$unpacked" || return
    done
    touch "$cache/done"
    exec {lock}>&-
}

# --- the providers ---------------------------------------------------------------------------------

start_sim() { # people.json stands there
    mkdir -p tls
    ackwatch-sim --people people.json --tls-dir tls "$@" >sim.json 2>sim.log &
    sim_pid=$!
    within 10 test -s sim.json || bail "ackwatch-sim does not start"
    sim_url=http://127.0.0.1:$(json sim.json "j->>'http_port'")
    smtp_port=$(json sim.json "j->>'smtp_port'")
}
fault() { # PART KIND COUNT
    curl -sf -m 5 -o /dev/null -H 'Content-Type: application/json' \
        -d "{\"what\":\"$1\",\"kind\":\"$2\",\"count\":$3}" "$sim_url/sim/fault"
}
# taken CONDITION: how many lines of the simulator's record hold it; v is the line
taken() {
    curl -sf -m 5 "$sim_url/sim/record?limit=10000" >record
    json record "(SELECT count(*) FROM (SELECT value AS v FROM json_each(j, '\$.data')) WHERE $1)"
}
was_taken() { [ "$(taken "$1")" -gt 0 ]; }

# --- the daemon -------------------------------------------------------------------------------------

write_env() { # the environment file, with rules and templates of our library
    printf %s "${jpush_secret:-$(json sim.json "j->>'jpush_master_secret'")}" >jpush.secret
    printf %s "${smtp_secret:-$(json sim.json "j->>'smtp_password'")}" >smtp.secret
    printf %s "${hook_secret:-whsec_aG9vay1zZWNyZXQ=}" >hook.secret
    cat >ackwatch.yaml <<END
version: 1
node: e2e.invalid
listen:
  - {address: 127.0.0.1, port: 0, faces: [public, api, ops]}
socket: $dir/ctl.sock
store: ${store:-$dir}/ackwatch.db
rules: $dir/rules
templates: $dir/rules/templates
public_url: http://127.0.0.1:9
apps: [shop, bank]
operators:
  - {channel: mail, to: ops@e2e.invalid}
channels:
  push:
    provider: jpush
    allow: [127.0.0.1]
    timeout: 1s
    app_key: "$(json sim.json "j->>'jpush_app_key'")"
    master_secret: {file: jpush.secret}
    push_url: $sim_url/v3/
    report_url: $sim_url/v3/
  sms:
    provider: gateway
    allow: [127.0.0.1]
    timeout: 1s
    url: $sim_url/sms/send
    fields: {to: "{{to}}", text: "{{text}}", ref: "{{ref}}"}
    success_pointer: /code
    refused_values: "1001"
  mail:
    provider: smtp
    timeout: 3s
    host: 127.0.0.1
    port: $smtp_port
    ca_file: "$dir/tls/ca.pem"
    user: ackwatch
    password: {file: smtp.secret}
    from: ackwatch@e2e.invalid
  hook:
    provider: webhook
    allow: [127.0.0.1]
    url: $sim_url/hook/app
    secret: {file: hook.secret}
END
    mkdir -p rules
    cp "$src/rules/order-status.yaml" rules/
    cp -r "$src/rules/templates" rules/
}
start_daemon() { # [COMMAND...] before ackwatchd, such as prlimit
    rm -f ready
    mkfifo ready
    "$@" ackwatchd --config ackwatch.yaml --ready-fd 5 5>ready 2>>daemon.log &
    daemon=$!
    timeout 20 head -n 1 ready >ready.json
    port=$(json ready.json "j->>'port'")
    [ -n "$port" ] || bail "ackwatchd does not start"
    url=http://127.0.0.1:$port
}
stop_daemon() { # its exit code
    kill "$daemon" && wait "$daemon"
    local code=$?
    daemon=''
    return $code
}
alive() { kill -0 "$daemon" && curl -sf -m 5 -o /dev/null "$url/livez"; }
aw() { ackwatch "$@" --socket "$dir/ctl.sock"; }
key() { # NAME SCOPE... [--app APP]: prints the token
    local name=$1 args=()
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --app) args+=(--app "$2") && shift ;;
        *) args+=(--scope "$1") ;;
        esac
        shift
    done
    aw keys create "$name" "${args[@]}" 2>>err
}
# http TOKEN METHOD PATH [CURL ARGUMENTS...]: the status; the body goes to out
http() {
    local token=$1 method=$2 path=$3
    shift 3
    curl -sS -m 20 -o out -w '%{http_code}' -X "$method" -H "Authorization: Bearer $token" \
        "$@" "$url$path" 2>err
}
register() { # TOKEN FILE: the status
    http "$1" POST /v1/messages -H 'Content-Type: application/json' --data-binary "@$2"
}
