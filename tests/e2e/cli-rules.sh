#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The tools for rules: scenarios, new rules and their layout; then with a daemon that runs them.
set -u
. "$(dirname "$0")/cli-lib.sh"

# --- scenarios --------------------------------------------------------------------------------------

exits "scenarios" 0 rules simulate "$src/rules/order-status.yaml" \
    --scenario nobody-acks --scenario ack@1m --scenario phone-off
printf '%s\t%s\t%s\t%s\t%s\n' \
    order-status nobody-acks exhausted +30m 'push 4, sms 3, email 2' \
    order-status ack@1m confirmed +1m 'push 1' \
    order-status phone-off confirmed +6m 'push 2, sms 1' >golden
out_is golden
exits "all scenarios" 0 rules simulate "$src/rules/order-status.yaml" --scenario all
check "... among them an answer between any two steps" grep -q '	ack@7m30s	confirmed	+7m30s	push 2, sms 1$' out
exits "... of a directory" 0 rules simulate "$src/rules" --scenario nobody-acks
check "... a line for each rule" [ "$(cut -f 2,3 out | uniq)" = "nobody-acks	exhausted" ]
check "... each of them" [ "$(wc -l <out)" = "$(ls "$src"/rules/*.test.yaml | wc -l)" ]
exits "what a person would have received" 0 rules simulate "$src/rules/payment-alert.yaml" \
    --scenario phone-off --texts --lang zh-CN
out_has "是您本人操作吗？请打开官方应用确认。"
exits "... as JSON" 0 rules simulate "$src/rules/payment-alert.yaml" --scenario phone-off --json
check "... with counts and texts" holds "j->>'\$[0].sent.sms' = 1 AND j->>'\$[0].state' = 'confirmed' AND
    j->>'\$[0].received[1].after_ms' = 60000 AND
    j->>'\$[0].received[1].text' LIKE '%Was this you? Please confirm in our app.'"
cat >push.yaml <<'END'
at: "2026-11-23T10:00:00+08:00"
class: order
title: It shipped
external_id: o1
recipients: [{user: li, alias: li, phone: "+9990000001", lang: en}]
END
exits "a scenario for a registration of ours" 0 rules simulate "$src/rules" --send push.yaml \
    --scenario nobody-acks --json --at 2026-11-24T08:00:00+08:00
check "... from the instant that was asked for" holds "json_array_length(j) = 1 AND
    j->>'\$[0].at' = '2026-11-24T00:30:00.000Z' AND j->>'\$[0].sent.push' = 2"
exits "its texts" 0 rules simulate "$src/rules" --send push.yaml --texts
out_has "Your order: It shipped. Please open the app to confirm."
exits "a scenario that is none" 2 rules simulate "$src/rules/order-status.yaml" --scenario nobody
err_has "nobody-acks, ack@TIME"
exits "a time that is none" 2 rules simulate "$src/rules/order-status.yaml" --scenario all --at noon
exits "events and a scenario" 2 rules simulate "$src/rules/order-status.yaml" --scenario all --events x

finish
