#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that the replay of a corpus can fail.
set -u
echo 1..1
if "${top_builddir:-.}/tests/fuzz/fuzz_seeded" "${top_srcdir:-.}/tests/fuzz/corpus/seeded" >/dev/null 2>&1; then
    echo "not ok 1 - the replay did not notice a seeded crash"
else
    echo "ok 1 - the replay fails on a seeded crash"
fi
