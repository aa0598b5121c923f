#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libawcore.a links with libc alone, and calls nothing that is not a value: no clock, no I/O, no
# threads, no randomness.
set -u
echo 1..2
lib=${top_builddir:-.}/libawcore.a
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
printf 'int main(void){return 0;}\n' >"$tmp/main.c"
flags=""
nm -u "$lib" 2>/dev/null | grep -q __asan && flags="-fsanitize=address,undefined"
nm -u "$lib" 2>/dev/null | grep -q '__gcov' && flags="$flags --coverage"
if ${CC:-cc} $flags -o "$tmp/a" "$tmp/main.c" -Wl,--whole-archive "$lib" -Wl,--no-whole-archive 2>"$tmp/err"; then
    echo "ok 1 - libawcore.a links with libc alone"
else
    echo "not ok 1 - libawcore.a links with libc alone"
    sed 's/^/# /' "$tmp/err" | head -20
fi
bad=$(nm -u "$lib" | awk '$1 == "U" {print $2}' | sort -u |
    grep -E '^(time|clock_gettime|gettimeofday|rand|random|getrandom|getenv|open|read|write|socket|fopen|pthread_.*|sleep|usleep|poll|select)$')
if [ -z "$bad" ]; then
    echo "ok 2 - libawcore.a calls nothing but values"
else
    echo "not ok 2 - libawcore.a calls $bad"
fi
