#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `ackwatch rules check` as its users meet it, and the language in which the tools answer. Prints TAP.
set -u

. "$(dirname "$0")/cli-lib.sh"

# --- the language -----------------------------------------------------------------------------------

printf 'version: 1\n---\n' >two.yaml
speaks() { # LANGUAGE VARIABLE=VALUE... [-- FLAG...]
    local want='a second document' vars=()
    [ "$1" = zh ] && want='第二个文档'
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        vars+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    env -u LC_ALL -u LC_MESSAGES -u LANG -u LANGUAGE "${vars[@]}" \
        ackwatch rules check two.yaml "$@" >out 2>err
    grep -qF -- "$want" out
}
check "English without a locale" speaks en A=b
check "LANG, not installed" speaks zh LANG=zh_CN.UTF-8
check "LC_MESSAGES before LANG" speaks en LANG=zh_CN LC_MESSAGES=en_GB.UTF-8
check "LC_ALL before both" speaks zh LANG=C LC_MESSAGES=en LC_ALL=zh_CN
check "LANGUAGE before them" speaks zh LC_ALL=C.UTF-8 LANGUAGE=fr:zh_CN:en
check "... but not in the C locale" speaks en LC_ALL=C LANGUAGE=zh_CN
check "a language that we do not have" speaks en LANG=fr_FR.UTF-8
check "--lang before all" speaks zh LC_ALL=C -- --lang zh-CN
check "... both ways" speaks en LANG=zh_CN -- --lang=en
exits "--lang takes two values" 2 rules check two.yaml --lang fr
err_has '--lang'

finish
