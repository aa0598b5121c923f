#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Seeded bugs: each *.patch is one plausible mistake, and the suite must turn red on it. The patched
# file is compiled alone and linked in front of the libraries, so that a mutant costs seconds. A
# patch begins with "Mutant:" (what it is) and "Tests:" (which test programs must notice: one of
# them at least).
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${top_builddir:-.}
cd "$build" || exit 1
. ./tests/mutants/flags # COMPILE, LINK, LIBS
tmp=$(mktemp -d "${TMPDIR:-/tmp}/aw-mutants-XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
unset CMOCKA_MESSAGE_OUTPUT

set -- "$here"/*.patch
tests=$(sed -n 's/^Tests: *//p' "$@" | tr ' ' '\n' | sort -u)
echo "1..$(($# + $(echo "$tests" | wc -l)))"
n=0

compile() { # SOURCE OBJECT
    eval "$COMPILE -I'$top/tests' -I'$top/watchdog/$(dirname "${1#"$top"/watchdog/}")' -c -o '$2' '$1'" >"$tmp/out" 2>&1
}
sources() { # TEST: what it is made of
    case $1 in
    test_oracle) echo "unit/test_oracle.c" && (cd "$top/tests" && ls oracle/*.c) ;;
    test_golden) echo "$(cd "$top/tests" && ls unit/golden*.c) unit/test_golden.c unit/core_world.c" ;;
    *) echo "unit/$1.c lib/rig.c lib/faultvfs.c" ;;
    esac
}
compile_test() { # TEST: each source once; the list of objects in TEST.objects
    mkdir -p "$tmp/unit" "$tmp/lib" "$tmp/oracle"
    for c in $(sources "$1"); do
        [ -f "$tmp/$c.o" ] || compile "$top/tests/$c" "$tmp/$c.o" || return 1
        printf "'%s' " "$tmp/$c.o"
    done >"$tmp/$1.objects"
}
link() { # TEST MUTANT-OBJECT OUTPUT
    eval "$LINK -o '$3' $(cat "$tmp/$1.objects") $2 $LIBS" >"$tmp/out" 2>&1
}
quiet_run() { # PROGRAM
    ASAN_OPTIONS=detect_leaks=0 timeout 120 "$1" >"$tmp/out" 2>&1
}

# The suite must be green without a mutant, or red would say nothing.
for t in $tests; do
    n=$((n + 1))
    if compile_test "$t" && link "$t" "" "$tmp/$t" && quiet_run "$tmp/$t"; then
        echo "ok $n - $t passes without a mutant"
    else
        echo "not ok $n - $t passes without a mutant"
        tail -20 "$tmp/out" | sed 's/^/# /'
    fi
done
for p; do
    n=$((n + 1))
    what=$(sed -n 's/^Mutant: *//p' "$p")
    file=$(sed -n 's|^+++ b/||p' "$p" | head -1)
    mkdir -p "$tmp/src/$(dirname "$file")"
    cp "$top/$file" "$tmp/src/$file"
    if ! patch -s -p1 -d "$tmp/src" <"$p" >"$tmp/out" 2>&1 || ! compile "$tmp/src/$file" "$tmp/mutant.o"; then
        echo "not ok $n - $what: the patch does not fit $file any more"
        sed 's/^/# /' "$tmp/out" | head -20
        continue
    fi
    noticed=
    for t in $(sed -n 's/^Tests: *//p' "$p"); do
        if link "$t" "'$tmp/mutant.o'" "$tmp/run"; then
            quiet_run "$tmp/run" || noticed="$noticed $t"
        else
            sed 's/^/# /' "$tmp/out" | head -20
        fi
    done
    if [ -n "$noticed" ]; then
        echo "ok $n - noticed by$noticed: $what"
    else
        echo "not ok $n - nobody notices: $what"
    fi
done
