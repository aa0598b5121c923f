#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A dictionary for fuzz_rules (libFuzzer, AFL++): every key and word that the schemas know, and what
# YAML is made of. dict.sh ACKWATCH prints it.
set -eu
LC_ALL=C
export LC_ALL
for file in rules tests env; do
    "$1" rules schema "$file" --lang en
done | grep -v '"description"\|"title": "\|"pattern"\|"label"\|\$ref' |
    grep -o '"[A-Za-z0-9_.]*"' | sort -u
printf '"%s"\n' '0s' '5m' '1h30m' '9999999999d' '-1s' 'until ' 'contact:' 'user:' 'oncall:' '80%' \
    'labels.' 'extras.' '{{' '}}' ': ' '- ' '{' '}' '[' ']' ', ' '|' '>' '&a' '*a' '!!str' '%YAML' \
    '---' '...' '# aw: allow W131 ' '\x0a' '\x0a  ' '\x0a      ' '\x09' '\x0d' '\xef\xbb\xbf' \
    '\xe8\xa7\x84\xe5\x88\x99' '\xf0\x9f\x98\x80' '\xff' '\x00' '\x22' "'"
