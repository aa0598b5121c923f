#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit as `make` fills it in: systemd takes it, and its exposure is at most 1.5. The scale can
# tell: without its sandbox the same unit scores above.
set -u
unit=${top_builddir:-.}/contrib/systemd/ackwatchd.service
users=${top_srcdir:-.}/contrib/systemd/ackwatch.conf
threshold=15
if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo "1..0 # SKIP no systemd-analyze here: apt-get install systemd"
    exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/aw-unit-XXXXXX")
trap 'rm -rf "$dir"' EXIT
out=$dir/out

report() { # NUMBER NAME CODE: of a command whose words are in $out
    if [ "$3" -eq 0 ]; then
        echo "ok $1 - $2"
    else
        echo "not ok $1 - $2"
        sed 's/^/# /' "$out"
    fi
}
exposure() { # FILE
    systemd-analyze security --no-pager --offline=true --threshold=$threshold "$1" >"$out" 2>&1
}

echo 1..5
grep -n '@[a-z]*@' "$unit" >"$out"
report 1 "no path is left open" $((! $?))

# verify wants programs and manual pages that are installed
sed 's,^\(Exec[A-Za-z]*\)=[^ ]*,\1=/bin/true,' "$unit" >"$dir/ackwatchd.service"
systemd-analyze verify --man=no "$dir/ackwatchd.service" >"$out" 2>&1
code=$?
grep -q 'ackwatchd.service' "$out" && code=1 # an unknown key is a warning only
report 2 "systemd takes the unit" $code

exposure "$unit"
report 3 "exposure is at most $threshold tenths" $?

sed '/^Restrict/d; /^SystemCall/d; /^Capability/d; /^Private/d; /^Protect/d' "$unit" \
    >"$dir/open.service"
exposure "$dir/open.service"
report 4 "... and above without the sandbox" $((! $?))

if command -v systemd-sysusers >/dev/null 2>&1; then
    mkdir -p "$dir/root/etc" && systemd-sysusers --root="$dir/root" - <"$users" >"$out" 2>&1 &&
        grep -q '^ackwatch:' "$dir/root/etc/passwd"
    report 5 "systemd-sysusers makes the user of the unit" $?
else
    echo "ok 5 - systemd-sysusers makes the user of the unit # SKIP not installed"
fi
