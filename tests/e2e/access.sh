#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who may do what, and whose is it: every route x every scope x own and other app, against a running
# daemon (tests/e2e/access.c). Prints TAP.
set -u
. "$(dirname "$0")/peers.sh"
echo '[{"user":"li","alias":"li"}]' >people.json
start_sim
write_env
sed -i 's|^apps: .*|apps:\n  shop: {callbacks: {channel: hook, on: [confirmed]}}\n  bank: {}|' ackwatch.yaml
start_daemon
scopes='messages:read messages:write acks:write sessions:write rules:read contacts:write audit:read ops admin receipts:write'
{
    for s in $scopes; do
        echo "$s $(key "${s/:/-}" "$s" --app shop)"
        echo "*$s $(key "all-${s/:/-}" "$s")"
    done
    # shellcheck disable=SC2086
    echo "bank $(key bank $scopes --app bank)"
} >tokens
T=$(key all admin)
http "$T" PUT '/v1/contacts/li?app=shop' -H 'Content-Type: application/json' -d '{"phone":"+9990000001"}' >status
cat >body <<'END'
{"external_id":"mine","app":"shop","rule":"order-status","title":"t","recipients":[{"user":"li","alias":"li"}]}
END
[ "$(register "$T" body)" = 201 ] || bail "no message: $(cat out)"
message=$(json out "j->>'id'")
sed 's/mine/told/' body >body2
[ "$(register "$T" body2)" = 201 ] || bail "no second message: $(cat out)"
http "$T" POST /v1/messages/ext:told/acks -H 'Content-Type: application/json' -d '{"recipient":"li"}' >status
called() {
    http "$T" GET '/v1/webhooks/deliveries?app=shop' >status
    delivery=$(json out "j->>'\$.data[0].id'")
    [ -n "$delivery" ]
}
within 5 called || bail "the app is not called back"
"$build/tests/e2e/access" "$port" "$message" "$delivery" <tokens | grep -v '^1\.\.' >lines || bail "no lines"
cat lines
n=$(grep -Ec '^(not )?ok' lines)
grep -q '^not ok' lines && failed=1
check "there are routes enough" [ "$n" -ge 25 ]
http "$T" GET /v1/messages/ext:mine >status
check "the message is untouched" [ "$(json out "j->>'state'")" = open ]
http "$T" GET '/v1/contacts/li?app=shop' >status
check "so is the contact" grep -q 9990000001 out
exits "and the keys" 0 aw keys list --json
check "... are all live" [ "$(json out "(SELECT count(*) FROM json_each(j) WHERE value->>'revoked_at' IS NOT NULL)")" = 0 ]
stop_daemon
is "a clean stop" $? 0
echo "1..$n"
exit $failed
