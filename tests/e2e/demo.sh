#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo keeps its promise for several seeds, repeats a seed exactly, and leaves nothing behind.
# Prints TAP by hand.
set -u

build=$(realpath "${top_builddir:-.}")
export LC_ALL=C.UTF-8
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-demo-test-XXXXXX")
n=0 failed=0
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export TMPDIR=$dir/tmp
mkdir "$TMPDIR"
cd "$dir" || exit 1

check() { # DESCRIPTION COMMAND...: one TAP line
    local what=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        tail -n 15 out err 2>/dev/null | sed 's/^/# /'
        failed=1
    fi
}
demo() { "$build/ackwatch" demo --speed 1000000 "$@" >out 2>err; }
objects() { # so many lines of out are JSON and have a member
    sqlite3 :memory: "SELECT count(*) FROM json_each('[' || replace(trim(CAST(readfile('out') AS TEXT),
        char(10)), char(10), ',') || ']') WHERE value->>'$1' IS NOT NULL"
}
one_summary_last() {
    local all
    all=$(wc -l <out)
    [ "$(objects '$.entry.kind')" -eq $((all - 1)) ] && tail -n 1 out | grep -q '"ok":true'
}
clean() { [ -z "$(ls -A "$TMPDIR")" ]; }

for seed in 1 2 3; do
    check "seed $seed" demo --plain --seed $seed
    check "... registered 4, some acknowledged, one exhausted" \
        grep -Eq '^registered 4 .*acknowledged [1-9].*exhausted 1' out
    check "... an SMS and an e-mail" grep -Eq '^sent .*SMS [1-9].*e-mail [1-9]' out
    check "... log verified" grep -q '^log verified' out
    check "... no id in the lines" bash -c '! grep -Eq "(msg|att|aw)_[0-9A-Z]" out'
    mv out story$seed
done
check "seeds differ" bash -c '! cmp -s story1 story2 && ! cmp -s story2 story3'
demo --plain --seed 2
check "a seed repeats exactly" cmp out story2
check "JSON" demo --json --seed 4
check "... one object a line, the summary last" one_summary_last
check "Chinese" demo --plain --lang zh-CN --seed 5
check "... speaks it" grep -q '日志已验证' out
check "nothing is left" clean

check "--keep" demo --plain --keep "$dir/kept"
verify() { "$build/ackwatch" audit verify --db "$1" >out 2>err; }
check "... keeps a log that verifies" verify "$dir/kept/ackwatch.db"
check "... not twice into one directory" bash -c "! '$build/ackwatch' demo --keep '$dir/kept' 2>err"
check "nothing else is left" clean

children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
alive() { # any of the pids that is more than a zombie
    local pid
    for pid in $1; do
        grep -Eqs '^State:[[:space:]]+[^Z]' "/proc/$pid/status" && return 0
    done
    return 1
}
for sig in INT TERM KILL; do
    "$build/ackwatch" demo --plain --speed 1 >out 2>err &
    pid=$!
    for _ in $(seq 100); do grep -q registered out 2>/dev/null && break; sleep 0.1; done
    kids=$(children $pid)
    check "SIG$sig: both children run" [ "$(wc -w <<<"$kids")" = 2 ]
    kill -$sig $pid
    wait $pid 2>/dev/null
    check "... ends by the signal" [ $? -eq $((128 + $(kill -l $sig))) ]
    [ $sig = KILL ] && sleep 0.8
    check "... and no child lives" bash -c "$(declare -f alive); ! alive '$kids'"
    [ $sig = KILL ] || check "... and no file is left" clean
done

echo "1..$n"
exit $failed
