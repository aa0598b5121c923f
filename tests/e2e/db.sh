#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `ackwatch db` and `ackwatch doctor`: what a store holds, a copy of it while a real ackwatchd writes,
# a start from the copy, what a doctor sees. No provider is needed: nothing listens where the channels
# point. Prints TAP by hand.
set -u

build=$(realpath "${top_builddir:-.}")
src=$(realpath "${top_srcdir:-.}")
export PATH=$build:$PATH LC_ALL=C.UTF-8 TZ=UTC
unset ACKWATCH_URL ACKWATCH_TOKEN_FILE
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-db-XXXXXX")
n=0 failed=0 daemon=
trap '[ -z "$daemon" ] || kill $daemon 2>/dev/null; wait; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
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
run() { # CODE ARGUMENTS...: ackwatch must end with CODE; keeps out and err
    local want=$1 got
    shift
    ackwatch "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$want" ] || { echo "exit $got, wanted $want: ackwatch $*" >>err; return 1; }
}
exits() { local what=$1; shift; check "$what" run "$@"; }
err_has() { check "... and says on stderr: $1" grep -qF -- "$1" err; }
holds() { # EXPRESSION: j is the text of out
    [ "$(sqlite3 :memory: "WITH f AS (SELECT CAST(readfile('out') AS TEXT) AS j) SELECT $1 FROM f")" = 1 ]
}

mkdir rules
cat >rules/r.yaml <<'END'
version: 1
rules:
  - {name: r, until: acknowledged, deadline: 30m, steps: [{id: push, at: 0s, do: push}]}
END
printf x >secret && chmod 600 secret
cat >ackwatch.yaml <<END
version: 1
node: db.invalid
listen: [{address: 127.0.0.1, port: 0, faces: [api, ops]}]
socket: $dir/ctl.sock
store: $dir/ackwatch.db
rules: $dir/rules
operators: [{channel: mail, to: ops@db.invalid}]
channels:
  push: {provider: jpush, allow: 127.0.0.1, app_key: 0123456789abcdef01234567, master_secret: {file: secret},
         push_url: "http://127.0.0.1:9/", report_url: "http://127.0.0.1:9/"}
  mail: {provider: smtp, host: 127.0.0.1, port: 9, user: u, password: {file: secret},
         from: a@db.invalid}
END
start() {
    rm -f ready && mkfifo ready
    ackwatchd --config ackwatch.yaml --ready-fd 5 5>ready 2>>daemon.log &
    daemon=$!
    read -r -t 60 _ <ready || { sed 's/^/# /' daemon.log; echo "Bail out! no daemon"; exit 1; }
}
stop() { kill $daemon && wait $daemon; daemon=; }
register() { # EXTERNAL_ID
    echo "{\"title\":\"t\",\"external_id\":\"$1\",\"recipients\":[{\"user\":\"li\",\"alias\":\"li\"}]}" >m.json
    run 0 messages register -f m.json --socket ctl.sock
}

exits "info of nothing" 1 db info --db ackwatch.db
err_has "there is no ackwatch.db"
exits "info of another file" 1 db info --db ackwatch.yaml
exits "backup of nothing" 1 db backup b.db --db ackwatch.db
check "... leaves nothing" bash -c '! ls b.db* 2>/dev/null'
start
check "messages are registered" eval 'register one && register two'

exits "info beside the daemon" 0 db info --db ackwatch.db --json
check "... counts" holds "j->>'messages' = 2 AND j->>'timelines' = 2 AND j->>'open' = 2 AND
    j->>'persons' = 1 AND j->>'entries' > 2 AND j->>'layout' = 3 AND j->>'oldest_open_at' > '2020' AND j->>'bytes' > 4096 AND
    j->>'wal_bytes' > 0 AND j->>'alive_at' > '2020' AND j->>'sqlite' IS NOT NULL"
exits "info as lines" 0 db info --db ackwatch.db
check "... one a line" grep -qx "messages	2" out

exits "backup beside the daemon" 0 db backup b.db --db ackwatch.db --json
check "... verified" holds "j->>'ok' AND j->>'findings' = 0 AND j->>'entries' > 2"
check "... one file for its owner only" bash -c '[ "$(ls b.db*)" = b.db ] &&
    [ "$(stat -c %a b.db)" = 600 ]'
check "... and without a WAL" [ "$(od -An -tu1 -j18 -N1 b.db | tr -d ' ')" = 1 ]
cp b.db b.before
exits "the name is taken" 6 db backup b.db --db ackwatch.db
err_has "is there already"
check "... and stays what it was" cmp b.db b.before
exits "no such directory" 1 db backup none/b.db --db ackwatch.db
check "the disk is full" bash -c "trap '' XFSZ; ulimit -f 16
    ! ackwatch db backup full.db --db ackwatch.db >out 2>err"
check "... and nothing is left behind" bash -c '! ls full.db* 2>/dev/null'
check "the daemon goes on" register three

# --- doctor -----------------------------------------------------------------------------------------

found() { # CHECK STATE: the doctor's word on it
    holds "(SELECT count(*) FROM json_each(j, '\$.checks') WHERE value->>'check' = '$1' AND
        value->>'state' = '$2' AND (value->>'way_out' = '') = ('$2' = 'ok'))"
}
sick() { # DESCRIPTION CHECK CONFIG: that check, and so the doctor, fails
    exits "$1" 3 doctor --config "$3" --json
    check "... and it is the $2" eval "found $2 fail && holds \"NOT j->>'ok'\""
}
exits "the doctor is content" 0 doctor --config ackwatch.yaml --json
check "... with all of it" holds "j->>'ok' AND json_array_length(j, '\$.checks') = 12"
for what in config secrets store layout wal providers socket daemon; do
    check "... with $what" found $what ok
done
check "... but for providers, where nothing listens" found reach warn
exits "lines for pipes" 0 doctor --config ackwatch.yaml
check "... of four cells" awk -F'\t' 'NF != 4 { bad = 1 } END { exit bad || NR != 12 }' out
sed 's/provider: smtp/provider: smpt/' ackwatch.yaml >typo.yaml
sick "a mistake in the settings" config typo.yaml
sick "no settings" config none.yaml
chmod 644 secret
sick "a secret that others may read" secrets ackwatch.yaml
chmod 600 secret
sed 's/password: {file: secret}/password: {credential: mail}/' ackwatch.yaml >credential.yaml
exits "a secret that systemd keeps" 0 doctor --config credential.yaml --json
check "... is a warning" eval 'found secrets warn && found config ok && found providers ok'
chmod 644 ackwatch.db
sick "a store that others may read" store ackwatch.yaml
chmod 640 ackwatch.db
sed 's|report_url: "http://127.0.0.1|report_url: "http://no-such-host.invalid|' ackwatch.yaml >name.yaml
sick "a provider's name that does not resolve" providers name.yaml
sed "s|^store: .*|store: $dir/nowhere/a.db|" ackwatch.yaml >nowhere.yaml
sick "a directory that is not there" disk nowhere.yaml

stop
sick "no daemon" socket ackwatch.yaml
check "... so that it cannot be asked" found daemon warn

# --- restore ----------------------------------------------------------------------------------------

exits "backup of a stopped store" 0 db backup later.db --db ackwatch.db
exits "... holds what came later" 0 db info --db later.db --json
check "... all three" holds "j->>'messages' = 3"
rm ackwatch.db*
cp b.db ackwatch.db
start
exits "a start from the backup" 0 messages list --socket ctl.sock --json
check "... has its messages" holds "json_array_length(j) = 2"
check "... knows their keys, takes new ones" register three
stop
exits "... and verifies" 0 audit verify --db ackwatch.db

sqlite3 ackwatch.db "UPDATE timeline SET state = 1 WHERE id = (SELECT min(id) FROM timeline)"
exits "a store that was changed by hand" 3 db backup forged.db --db ackwatch.db
err_has "timeline"
check "... is copied all the same" [ -s forged.db ]

# --- an older layout --------------------------------------------------------------------------------

exits "migrate where there is nothing to do" 0 db migrate --db ackwatch.db --json
check "... does nothing" holds "j->>'from' = 3 AND NOT j->>'changed' AND j->>'backup' IS NULL"
rm ackwatch.db*
sqlite3 ackwatch.db <"$src/tests/layouts/1.sql" && sqlite3 ackwatch.db 'PRAGMA journal_mode = WAL' >out
chmod 640 ackwatch.db
check "a daemon refuses an older layout" eval '! ackwatchd --config ackwatch.yaml 2>err'
err_has "has layout 1, this ackwatch needs layout 3: stop the daemon and run ackwatch db migrate"
exits "so does the doctor" 3 doctor --config ackwatch.yaml --json
check "... and names the way out" eval "found layout fail && holds \"j LIKE '%ackwatch db migrate%'\""
exits "audit verify does, too" 1 audit verify --db ackwatch.db
err_has "ackwatch db migrate"
exits "info does not" 0 db info --db ackwatch.db --json
check "... and says which" holds "j->>'layout' = 1 AND j->>'messages' = 6"
exits "a trial" 0 db migrate --dry-run --db ackwatch.db
check "... says what it would do" grep -q '^change	extend table attempt$' out
check "... and does not" [ "$(sqlite3 ackwatch.db 'PRAGMA user_version')" = 1 ]
check "... and leaves no backup" bash -c '! ls ackwatch.db.layout-* 2>/dev/null'
exits "migrate" 0 db migrate --db ackwatch.db --json
check "... with a backup" holds "j->>'from' = 1 AND j->>'to' = 3 AND j->>'changed' AND
    j->>'backup' = 'ackwatch.db.layout-1'"
check "... of the old one" [ "$(sqlite3 ackwatch.db.layout-1 'PRAGMA user_version')" = 1 ]
exits "... verifies" 0 audit verify --db ackwatch.db
start
check "a daemon goes on with it" register four
exits "... and is not migrated under" 0 db migrate --db ackwatch.db
stop
exits "... and verifies" 0 audit verify --db ackwatch.db
sqlite3 ackwatch.db 'PRAGMA user_version = 99'
check "a daemon refuses a newer layout" eval '! ackwatchd --config ackwatch.yaml 2>err'
err_has "made by a newer ackwatch"

echo "1..$n"
exit $failed
