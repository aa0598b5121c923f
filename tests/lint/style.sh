#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Banned functions, SPDX lines, length of files and functions, formatting.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
n=0
report() { # NAME OUTPUT
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "$2" | sed 's/^/# /' | head -40
    fi
}
echo 1..6
cd "$top" || exit 1
src=$(find watchdog tests -name '*.[ch]' -not -path 'tests/lint/fixture/*' | sort)

report "no banned functions" "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strtok|atoi|atol|gmtime|localtime|setenv|gets)\(' $src)"
report "every file has its SPDX line" "$(for f in $src; do head -2 "$f" | grep -q SPDX || echo "$f"; done)"
report "no file over 600 lines" "$(for f in $src; do l=$(wc -l <"$f"); [ "$l" -gt 600 ] && echo "$f: $l"; done)"
report "no function over 100 lines" "$(awk '
    FNR == 1 { start = 0 }
    /^[a-zA-Z_].*\)[ \t]*$/ || /^[a-zA-Z_].*,[ \t]*$/ { head = $0; headline = FNR }
    /^\{/ { start = FNR; name = head }
    /^\}/ { if (start && FNR - start > 100) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }
' $(find watchdog -name '*.c'))"
report "headers stand alone" "$(for f in $(find watchdog -name '*.h' -not -name '*_gen.h' | sort); do
    printf '#include "%s"\n' "${f#watchdog/}" |
        ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Iwatchdog -I"${top_builddir:-.}/watchdog" -fsyntax-only -x c - 2>&1 | grep -q error && echo "$f"; done)"
if command -v clang-format >/dev/null 2>&1; then
    report "clang-format changes nothing" "$(for f in $src; do clang-format "$f" | cmp -s - "$f" || echo "$f"; done)"
else
    echo "ok 6 - clang-format changes nothing # SKIP clang-format is not installed"
fi
