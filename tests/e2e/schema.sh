#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Our JSON Schemas in other hands: ajv validates what we ship and what the documents show, and refuses
# what `rules check` refuses, as far as a schema can say it; yaml-language-server completes with them.
# Both come from npm, once, into the build tree. Prints TAP.
set -u
build=$(realpath "${top_builddir:-.}")
top=$(realpath "${top_srcdir:-.}")
src=$top/tests/e2e/schema
cache=$build/tests/e2e/schema-modules
export PATH=$build:$PATH LC_ALL=C.UTF-8
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-schema-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}
fetch() { # once; kept in the build tree
    [ -e "$cache/done" ] && return
    rm -rf "$cache" && mkdir -p "$cache" && cp "$src"/package*.json "$cache" || return
    (cd "$cache" && timeout 120 npm ci --no-audit --no-fund --ignore-scripts >log 2>&1) || return
    touch "$cache/done"
}
command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are not installed"
fetch || skip "npm cannot fetch ajv: $(tail -n 1 "$cache/log" 2>/dev/null)"

cd "$dir" || exit 1
mkdir schemas good bad
for file in rules tests env templates; do
    ackwatch rules schema $file >schemas/$file.json
    ackwatch rules schema $file --lang zh-CN >schemas/$file.zh-CN.json
done

# What is shipped.
for f in "$top"/rules/*.yaml; do
    case $f in
    *.test.yaml) echo "good tests $f" ;;
    *) echo "good rules $f" && echo "good rules.zh-CN $f" ;;
    esac
done >cases
for f in "$top"/rules/templates/*.yaml; do echo "good templates $f"; done >>cases
echo "good env $top/contrib/ackwatch.example.yaml" >>cases

# What the documents show: whole files only.
awk -v dir=good 'FNR == 1 { doc = FILENAME; gsub(/.*\/|\.md/, "", doc) }
    /^```yaml/ { f = dir "/" doc "-" ++n ".yaml"; on = 1; next }
    /^```/ { on = 0 }
    on { print >f }' "$top"/README.md "$top"/docs/*.md
for f in good/*.yaml; do
    if grep -q '^tests:' "$f"; then
        echo "good tests $f"
    elif grep -q '^rules:$' "$f"; then
        echo "good rules $f"
    elif grep -Eq '^(push|sms|email|im|call|webhook):' "$f" && grep -q '^version:' "$f"; then
        echo "good templates $f"
    elif grep -Eq '^(listen|operators):' "$f" && grep -q '^version:' "$f"; then
        echo "good env $f"
    fi
done >>cases

# What `rules check` refuses for a reason that a schema can give.
for f in "$top"/tests/e2e/bad-rules/*.yaml; do
    codes=$(ackwatch rules check "$f" --json |
        grep -o '"code":"E[0-9]*"' | grep -Ev 'E00|E01|E10[56]|E11[12]|E12|E13|E14|E15')
    [ -z "$codes" ] || echo "bad rules $f"
done >>cases

cp "$src"/*.js "$cache" # where they find their modules
{
    node "$cache/validate.js" schemas cases
    node "$cache/complete.js" "$cache/node_modules/yaml-language-server/bin/yaml-language-server" \
        "$dir/schemas/rules.json" "$dir/schemas/rules.zh-CN.json"
} >lines 2>err || echo "not ok - the programs of npm run" >>lines
sed 's/^/# /' err
awk '/^(not )?ok - / { sub(/ok - /, "ok " ++n " - ") } { print } /^not ok/ { bad = 1 }
    END { print "1.." n; exit bad }' lines
