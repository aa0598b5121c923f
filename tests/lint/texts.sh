#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every marked text of the tools has its translation, and no translation is left over or broken.
# Proves on a source with one more text, and on a translation with one entry less, that it can fail.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v xgettext >/dev/null 2>&1; then
    echo "1..0 # SKIP gettext is not installed"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
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
missing() { msgcmp "$1" "$2" 2>&1 | grep -v '^msgcmp: '; } # TRANSLATION COLLECTED
empty() { [ -n "$1" ] || echo "nothing was found"; }
po=$top/po/zh_CN.po

echo 1..5
"$top/po/update.sh" pot >"$tmp/all.pot" 2>"$tmp/err"
report "the marked texts can be collected" "$(cat "$tmp/err"; [ -s "$tmp/all.pot" ] || echo none)"
report "each is translated; po/update.sh lists what is not" "$(missing "$po" "$tmp/all.pot")"
report "translations take the same arguments" "$(msgfmt --check-format --output-file=/dev/null "$po" 2>&1)"

mkdir -p "$tmp/more" && cp -r "$top/watchdog" "$tmp/more/watchdog"
echo 'const char *more = N_("one text more");' >"$tmp/more/watchdog/ctl/more.c"
"$top/po/update.sh" pot "$tmp/more" >"$tmp/more.pot" 2>&1
report "a text without a translation would be found" \
    "$(empty "$(missing "$po" "$tmp/more.pot" | grep -F 'not defined')")"
sed '/^msgstr "警告"/s/警告//' "$po" >"$tmp/less.po"
report "an empty translation would be found" \
    "$(empty "$(missing "$tmp/less.po" "$tmp/all.pot" | grep -F 'untranslated')")"
