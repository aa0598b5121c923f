#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/SECURITY.md: every file that it names exists and holds the word named behind it, every line of
# the checklist names one, and what it says is never used is not. `security.sh check FILE` looks at
# another document; without arguments the lint also proves that it can fail.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1

named() { # DOCUMENT: prints what is wrong with its names
    grep -oE '`(tests|watchdog|contrib)/[^`]*`' "$1" | tr -d '`' | sort -u | while read -r name; do
        file=${name%%:*}
        word=${name#"$file"}
        word=${word#: }
        if [ ! -e "$file" ]; then
            echo "no file $file"
        elif [ -n "$word" ] && ! grep -qwF -- "$word" "$file"; then
            echo "$file has no $word"
        fi
    done
}
bare() { # DOCUMENT: rows of the checklist without a name
    awk '/^## Checklist/ { on = 1 } /^## Known/ { on = 0 }
        on && /^\|/ && !/^\| what/ && !/^\|---/ && !/`(tests|watchdog|contrib)\//' "$1"
}
problems() {
    named "$1"
    bare "$1"
}
if [ "${1:-}" = check ]; then
    problems "$2"
    exit 0
fi

n=0
say() { # DESCRIPTION PROBLEMS
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "$2" | sed 's/^/# /'
    fi
}
say "docs/SECURITY.md names tests that exist" "$(problems docs/SECURITY.md)"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/aw-security-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/bad.md" <<'END'
## Checklist
| what | test |
|---|---|
| a | `tests/unit/test_nothing.c` |
| b | `tests/unit/test_gate.c: test_nothing` |
| c | none |
| d | `tests/unit/test_gate.c: test_head` |
END
found=$(problems "$tmp/bad.md" | wc -l)
say "the lint finds the three mistakes of a bad one" "$([ "$found" -eq 3 ] || echo "it found $found")"
# never: what of the HTTP library is not used
never='MHD_create_post_processor|MHD_digest_auth|MHD_basic_auth|MHD_USE_THREAD_PER_CONNECTION|MHD_ALLOW_UPGRADE|INSANITY'
say "nothing of the HTTP library that is never used" "$(grep -rnE "$never" watchdog)"
echo "1..$n"
