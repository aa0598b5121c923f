#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Parts of the documents that are copies: the tables of ARCHITECTURE.md. `refresh.sh` writes them,
# `refresh.sh check` only compares (make check does).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
doc=$top/docs/ARCHITECTURE.md
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
awk -v schema="$top/watchdog/store/schema.sql" '
    /^<!-- schema -->$/ {
        print; print "```sql"
        while ((getline line < schema) > 0) {
            if (line ~ /^-- --- views/) break
            print line
        }
        print "```"; skip = 1; next
    }
    /^<!-- end -->$/ { skip = 0 }
    !skip' "$doc" >"$tmp"
if [ "${1:-}" = check ]; then
    echo 1..1
    if cmp -s "$tmp" "$doc"; then
        echo "ok 1 - docs/ARCHITECTURE.md shows the tables as they are"
    else
        echo "not ok 1 - docs/ARCHITECTURE.md is behind schema.sql: run docs/refresh.sh"
    fi
else
    cat "$tmp" >"$doc"
fi
