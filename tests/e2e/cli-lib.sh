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

finish() { # the last line
    echo "1..$n"
    exit $failed
}
