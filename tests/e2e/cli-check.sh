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

# --- what is wrong ----------------------------------------------------------------------------------

cat >four.yaml <<'END'
version: 1
rules:
  - name: 订单通知
    untill: opened
    deadline: 30
    steps:
      - {id: 推送, at: 0s, do: push}
      - {id: 短信, at: 5m, do: smss, unles: delivered}
END
exits "four mistakes under Chinese names" 3 rules check four.yaml
cat >want <<'END'
four.yaml:4:5: error E102: unknown key "untill" in a rule
      4 |     untill: opened
        |     ^~~~~~ did you mean "until"?
four.yaml:5:15: error E110: "30" is not a duration with a unit
      5 |     deadline: 30
        |               ^~ write 30s, 30m, 30h or 30d
four.yaml:8:30: error E104: unknown kind "smss"
      8 |       - {id: 短信, at: 5m, do: smss, unles: delivered}
        |                                ^~~~ did you mean "sms"?
four.yaml:8:36: error E102: unknown key "unles" in a step
      8 |       - {id: 短信, at: 5m, do: smss, unles: delivered}
        |                                      ^~~~~ did you mean "unless"?
4 errors, 0 warnings; ackwatch help CODE explains
END
sed -i 's/ valid: .*//' out
out_is want
exits "... as JSON" 3 rules check four.yaml --format json
check "... with places" holds "j->>'\$[2].code' = 'E104' AND j->>'\$[2].line' = 8 AND j->>'\$[2].col' = 30"
exits "... for GitHub" 3 rules check four.yaml --format github
out_has '::error file=four.yaml,line=8,col=30,endColumn=34,title=E104::unknown kind "smss"%0Adid you mean "sms"?'
printf 'version: 1\nrules:\n  - name: 😀😀x 👍🏽\n    😀é: x\n' >wide.yaml
run 3 rules check wide.yaml --json
check "... columns as editors count them" holds "EXISTS (SELECT 1 FROM json_each(j) WHERE value->>'line' = 3 AND value->>'col' = 11)"

cat >indent.yaml <<'END'
version: 1
rules:
  - name: 订单通知
    until: opened
       deadline: 24h
    steps: [{id: 推送, at: 0s, do: push}]
END
exits "a wrong indent" 3 rules check indent.yaml
cat >want <<'END'
indent.yaml:5:16: error E001: this line is not indented as YAML needs: lines 4 to 5 were read as one value, "opened deadline", and then came ":"
      4 |     until: opened
      5 |        deadline: 24h
        |                ^ put "deadline" under the "u" of "until" (4 blanks, not 7)
1 error, 0 warnings; ackwatch help CODE explains
END
out_is want
sed -i 's/^ *deadline/   deadline/' indent.yaml
exits "... too few" 3 rules check indent.yaml
out_has 'put "deadline" under the "u" of "until" (4 blanks, not 3)'
sed 's/unles: .*}/repeat: {every: 1m, times: lots}}/' four.yaml >times.yaml
exits "rounds that are no number" 3 rules check times.yaml
out_has 'write digits, or until_goal'
exits "a key one level too high" 3 rules check <(printf 'version: 1\nrules: []\ndeadline: 1h\n')
out_has 'it is a key of a rule'
exits "in Chinese" 3 rules check four.yaml --lang zh-CN
out_has '错误 E104: 未知的种类“smss”'
{ echo 'version: 1' && echo 'rules:' && for i in $(seq 150); do echo "  - $i"; done; } >many.yaml
exits "more than a hundred" 3 rules check many.yaml
out_has "50 more problems are not shown"
exits "one page for each code" 0 help E104 --lang zh-CN
out_has "do: smss"
exits "... and for warnings how they are allowed" 0 help W113
out_has "# aw: allow W113"
check "docs/rules-codes.md is current" diff -q <(ackwatch help error-codes --markdown) "$src/docs/rules-codes.md"

# --- what is fine -----------------------------------------------------------------------------------

exits "the rule library has no warnings" 0 rules check "$src/rules"
out_has "0 errors, 0 warnings"
out_has "not proven here:"
exits "... nor as single files, tests among them" 0 rules check "$src"/rules/*.yaml
out_has "0 errors, 0 warnings"
mkdir lone && cat >lone/order.yaml <<'END'
version: 1
rules: [{name: order, until: opened, deadline: 1h, steps: [{id: push, at: 0s, do: push}]}]
END
exits "a file without tests" 0 rules check lone
out_has "lone/order.yaml: warning W119"
sed -i '1i # aw: allow W119 it is tried on the test system' lone/order.yaml
exits "... which is allowed" 0 rules check lone
out_has "0 errors, 0 warnings, 1 allowed"
cat >people.yaml <<'END'
people: {duty: {email: duty@sim.invalid}}
END
sed -i 's/do: push}/do: sms, to: "contact:duty"}/' lone/order.yaml
exits "an address that nobody has" 0 rules check lone --env people.yaml
out_has "W123"
cat >limits.yaml <<'END'
limits: {per_recipient: {sms: [1/1h]}}
END
sed -i 's/to: "contact:duty"}/repeat: {every: 5m, times: 2}}/' lone/order.yaml
exits "more than the environment lets through" 0 rules check lone --env limits.yaml
out_has "lone/order.yaml:3:52: warning W125"
sed -i 's/repeat: .*}}]}/to: "contact:duty"}]}/; s/contact:duty/contact:dudy/' lone/order.yaml
exits "a contact that does not exist" 3 rules check lone --env people.yaml
out_has 'did you mean "duty"'

# --- the schema -------------------------------------------------------------------------------------

for file in rules tests env templates; do
    exits "schema of $file" 0 rules schema $file
    check "... is JSON" holds "json_valid(j)"
done
"$src/tests/fuzz/dict.sh" ackwatch >dict
check "a dictionary for fuzzing, from the schema" bash -c '
    grep -qx "\"unless\"" dict && grep -qx "\"first_reachable\"" dict && [ "$(wc -l <dict)" -gt 150 ] &&
    ! grep -qvx "\".*\"" dict'

finish
