#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/operations.md names every class of log line, every notice and every metric of the daemon, and
# nothing that the daemon does not have.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
doc=$top/docs/operations.md
cd "$top/watchdog" || exit 1
src=$(find . -name '*.c' -not -path './sim/*' -not -path './ctl/*' | sort)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/aw-ops-XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# One line a file, so that calls over several lines are seen.
flat() { for f in $src; do tr '\n' ' ' <"$f"; echo; done; }
flat | grep -oE 'aw_log\(AW_LOG_[A-Z]+, *"[a-z-]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u >"$tmp/log"
flat | grep -oE 'aw_store_notice(_about)?\([a-z>-]+, *"[a-z-]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u >"$tmp/notice"
flat | grep -oE 'metric\(out, *"[a-z_]+"' | sed 's/.*"\(.*\)"/\1/' | sort -u >"$tmp/metric"

table() { # HEAD: first cells of the table under that head
    awk -v head="| $1 |" 'index($0, head) == 1 { on = 1; next } !/^\|/ { on = 0 } on' "$doc" |
        sed -n 's/^| `\([^`]*\)`.*/\1/p' | sort -u
}
n=0
compare() { # HEAD WHAT
    n=$((n + 1))
    table "$1" >"$tmp/doc"
    if [ -s "$tmp/$1" ] && diff "$tmp/doc" "$tmp/$1" >"$tmp/diff"; then
        echo "ok $n - docs/operations.md has the $2 of the daemon"
    else
        echo "not ok $n - docs/operations.md (<) has other $2 than the daemon (>)"
        sed 's/^/# /' "$tmp/diff"
    fi
}
echo 1..3
mv "$tmp/log" "$tmp/class"
compare class "log lines"
compare notice notices
compare metric metrics
