#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# contrib/quickstart among fakes: apt, sudo, configure and make only note that they were called.
# What it installs, when it does nothing, what it counts. Prints TAP by hand.
set -u

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

is() { # DESCRIPTION GOT WANTED
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '# got %s\n# wanted %s\n' "$2" "$3"
        failed=1
    fi
}
has() { # DESCRIPTION TEXT PART
    case $2 in
    *"$3"*) is "$1" yes yes ;;
    *) is "$1" "$2" "...$3..." ;;
    esac
}

fake() { # NAME, script on stdin
    { echo '#!/bin/bash'; cat; } >"$1"
    chmod +x "$1"
}

# --- a machine -------------------------------------------------------------------------------
bin=$dir/bin
mkdir "$bin"
for tool in bash env cat sed find awk cut head nproc mkdir touch chmod dirname rm; do
    ln -s "$(command -v $tool)" "$bin/$tool"
done
fake "$bin/dpkg-query" <<'EOF'
case " $(cat "$FAKE/absent" 2>/dev/null) " in *" ${*: -1} "*) exit 1 ;; esac
printf installed
EOF
fake "$bin/apt-get" <<'EOF'
echo "apt-get $*" >>"$FAKE/calls"
EOF
fake "$bin/id" <<'EOF'
cat "$FAKE/uid"
EOF
fake "$dir/sudo" <<'EOF'
echo sudo >>"$FAKE/calls"
exec "$@"
EOF
fake "$bin/make" <<'EOF'
echo "make ${*/-j*/-j}" | sed "s|$FAKE/tree/||; s| --no-print-directory -j||" >>"$FAKE/calls"
printf '#!/bin/bash\necho "ackwatch $*"\n' >"$2/ackwatch"
chmod +x "$2/ackwatch"
case "$*" in
*clang*) [ ! -e "$FAKE/clang-fails" ] ;;
*" check" | *" check-threads") [ ! -e "$FAKE/suite" ] || { cat "$FAKE/suite" >"$2/test-suite.log"; false; } ;;
esac
EOF

# --- a clone ---------------------------------------------------------------------------------
tree=$dir/tree
mkdir -p "$tree/contrib" "$tree/watchdog"
cp "$top_srcdir/contrib/quickstart" "$tree/contrib/"
touch "$tree/configure.ac" "$tree/Makefile.am" "$tree/watchdog/Makefile.inc"
fake "$tree/autogen.sh" <<'EOF'
echo autogen >>"$FAKE/calls"
printf '#!/bin/bash\necho "configure $*" >>"$FAKE/calls"\ntouch Makefile config.status\n' >configure
chmod +x configure
touch Makefile.in
EOF

export FAKE=$dir
run() { # ARGUMENTS; stdout in $out, all else in $err, calls in $calls, exit code in $code
    : >"$dir/calls"
    out=$(PATH=$bin "$tree/contrib/quickstart" "$@" 2>"$dir/err")
    code=$?
    err=$(cat "$dir/err")
    calls=$(tr '\n' ';' <"$dir/calls")
}
later() { # FILE becomes younger than all the rest
    sleep 0.02
    touch "$1"
    sleep 0.02
}

# --- building --------------------------------------------------------------------------------
echo 0 >"$dir/uid"
run build
is 'a first run makes configure, configures, makes' "$calls" \
    'autogen;configure -q;make -C build/quick all;'
run build
is 'a second run only makes' "$calls" 'make -C build/quick all;'
later "$tree/watchdog/Makefile.inc"
run build
is 'a changed fragment makes configure anew' "$calls" 'autogen;configure -q;make -C build/quick all;'
later "$tree/configure.ac"
run build
is 'so does a changed configure.ac' "$calls" 'autogen;configure -q;make -C build/quick all;'
run demo --plain --seed 1
is 'demo runs what was built, with its arguments' "$out" 'ackwatch demo --plain --seed 1'
run
is 'demo is the default' "$out" 'ackwatch demo'
PATH=$bin "$tree/contrib/quickstart" build <&- >/dev/null 2>&1
is 'a closed stdin does not matter' $? 0

# --- packages --------------------------------------------------------------------------------
echo libyaml-dev uthash-dev clang >"$dir/absent"
run build
is 'what is missing is installed' "$calls" \
    'apt-get -q update;apt-get -q -y --no-install-recommends install libyaml-dev uthash-dev;make -C build/quick all;'
has 'and named with its purpose' "$err" 'libyaml-dev  (rules and environment)'
echo 1000 >"$dir/uid"
run build
is 'a user without sudo gets an error' "$code" 1
has 'that says what to do' "$err" 'as root: apt-get install libyaml-dev uthash-dev'
mv "$dir/sudo" "$bin/sudo"
run build
has 'with sudo it is used' "$calls" 'sudo;apt-get -q update;sudo;apt-get -q -y'
: >"$dir/absent"
run build
is 'but not when nothing is missing' "$calls" 'make -C build/quick all;'

# --- checking --------------------------------------------------------------------------------
summary() { printf '# TOTAL: 9\n# PASS:  %s\n# SKIP:  1\n# XFAIL: 0\n# FAIL:  %s\n# XPASS: 0\n# ERROR: %s\n\n.. contents::\n' "$@" >"$dir/suite"; }
summary 7 0 0
run check
is 'check compiles with clang, tests with sanitizers, and threads apart' "$calls" \
    'configure -q CC=clang --enable-werror;make -C build/clang -k all;make -C build/clang -k check TESTS=;configure -q --enable-werror --with-sanitizer=address,undefined;make -C build/check all;make -C build/check check;configure -q --with-sanitizer=thread;make -C build/threads check-threads;'
is 'and counts both suites' "$out/$code" '14 passed, 0 failed/0'
run check
is 'again without configuring' "$calls" \
    'make -C build/clang -k all;make -C build/clang -k check TESTS=;make -C build/check all;make -C build/check check;make -C build/threads check-threads;'
summary 5 2 1
run check
is 'failures and errors fail' "$out/$code" '10 passed, 6 failed/1'
summary 7 0 0
touch "$dir/clang-fails"
run check
is 'so does clang' "$out/$code" '14 passed, 1 failed/1'
rm "$dir/clang-fails" "$dir/suite"
run check
is 'so does a suite that did not run' "$out/$code" '0 passed, 2 failed/1'

# --- mistakes --------------------------------------------------------------------------------
run frobnicate
is 'an unknown command is a usage error' "$code" 2
has 'and shows the usage' "$err" 'Usage: contrib/quickstart'
mv "$tree" "$dir/a tree"
tree="$dir/a tree"
run build
is 'a path with blanks is refused' "$code" 1
has 'with the reason' "$err" 'automake cannot build under a path with blanks'

echo "1..$n"
exit $failed
