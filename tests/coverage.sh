#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Branch coverage of core/ and audit/ by their unit tests, with plain gcov: at least 95 % each.
# Builds out of tree in a directory of its own and removes it. Branches on lines with assert() do
# not count: a test that takes the other one would be a crash. Prints TAP.
#   tests/coverage.sh          one line per file, one test per folder (part of make check: ~10 s)
#   tests/coverage.sh --missed also the lines with branches that no test takes
set -u
least=95
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES MFLAGS # ours is a make of its own
top=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

core="types rule match timeline plan engine fold template virtual golden property fitness calendar brake hours
    session oracle gaps rule_tests rules_brake rules_message"
audit="tree entry verify store tamper reader fault"
tests=""
for t in $core $audit; do tests="$tests tests/unit/test_$t"; done
for t in "$top"/tests/unit/test_more_*.c; do
    [ -e "$t" ] && tests="$tests tests/unit/$(basename "$t" .c)"
done

bail() { # WHAT LOG
    echo "Bail out! $1"
    tail -20 "$2" | sed 's/^/# /'
    exit 1
}

echo 1..2
if [ -e "$top/config.status" ]; then # built in the tree: a clean copy of it is needed
    cp -a "$top" "$dir/src" && make -C "$dir/src" distclean >"$dir/log" 2>&1 ||
        bail "the tree cannot be copied" "$dir/log"
    top=$dir/src
fi
mkdir "$dir/build" && cd "$dir/build" || exit 1
# The compiler's own gcov reads what it wrote.
CC=gcc "$top/configure" --enable-coverage CFLAGS= >"$dir/log" 2>&1 ||
    bail "configure failed" "$dir/log"
# shellcheck disable=SC2086
make -j2 $tests >"$dir/log" 2>&1 || bail "the tests cannot be built" "$dir/log"
top_srcdir=$top top_builddir=$dir/build CMOCKA_MESSAGE_OUTPUT=STDOUT
export top_srcdir top_builddir CMOCKA_MESSAGE_OUTPUT
for t in $tests; do
    "./$t" >"$dir/log" 2>&1 || bail "$t fails" "$dir/log"
done

n=0
for folder in core audit; do
    n=$((n + 1))
    for src in "$top"/watchdog/"$folder"/*.c; do
        f=$folder/$(basename "$src")
        gcov -b -c -t -o "watchdog/${f%.c}.gcda" "$src" 2>/dev/null |
            awk -v file="$f" -v missed="${1:-}" '
            /^ *-: *0:Source:/ { ours = index($0, "watchdog/" file) > 0; next }
            /^branch/ && ours && !asserts {
                all++
                if (/never executed/ || /taken 0/) {
                    gap++
                    if (missed == "--missed" && line != shown) { print "# " line; shown = line }
                }
                next
            }
            /^ *[-#=0-9*]+: *[0-9]+:/ { line = $0; asserts = /assert\(/ }
            END { print "file", file, all + 0, all - gap }'
    done >"$dir/$folder"
    grep '^#' "$dir/$folder"
    awk -v n=$n -v folder=$folder -v least=$least '
        $1 == "file" {
            all += $3; taken += $4
            if ($3) printf "# %-24s %4d of %4d branches  %5.1f %%\n", $2, $4, $3, 100 * $4 / $3
        }
        END {
            p = all ? 100 * taken / all : 0
            printf "%sok %d - branch coverage of %s/ is %.1f %% (%d of %d), at least %d %%\n",
                p < least ? "not " : "", n, folder, p, taken, all, least
            exit p < least
        }' "$dir/$folder" || failed=1
done
exit "${failed:-0}"
