#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Commands that look on while a daemon works: listen (through a kill of the daemon), logs tail, top.
# Real programs on loopback.
set -u
. "$(dirname "$0")/cli-lib.sh"

count() { [ "$(grep -c . "$2" 2>/dev/null)" -ge "$1" ]; }
register() { # FROM TO: messages o<FROM>..o<TO>
    local i
    for i in $(seq "$1" "$2"); do
        printf '{"class":"order","title":"订单 %s","external_id":"o%s","recipients":[{"user":"li","alias":"li"}]}\n' "$i" "$i"
    done >orders.ndjson
    ackwatch messages register --batch -f orders.ndjson $A >/dev/null
}

start_sim
write_env
start_daemon

# --- listen -----------------------------------------------------------------------------------------

exits "listen to nobody" 7 listen --socket "$dir/none.sock"
exits "forward to another machine" 2 listen --forward-to http://192.0.2.1/x $A
err_has "--allow-remote"
exits "forward to what is no URL" 2 listen --forward-to ftp://127.0.0.1/x $A
exits "kinds that are none" 1 listen --types 'Ö' $A
exits "an event that there is not" 1 listen --after 99999999 $A

perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
    $| = 1; print $s->sockport, "\n"; while ($c = $s->accept) { sysread $c, $b, 9999; syswrite $c,
    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c }' >gateway.port &
pids="$pids $!"
check "a proxy is up" until_true 100 count 1 gateway.port
exits "... whose daemon is away" 7 listen --url "http://127.0.0.1:$(cat gateway.port)"

size() { ackwatch audit head $A | cut -d: -f1; }
first=$(size)
ackwatch listen --json $A >events.out 2>events.err &
listener=$! pids="$pids $!"
ackwatch listen --types timeline.ended,message.registered --forward-to "http://127.0.0.1:$(sim http_port)/hook/app" \
    $A >forward.out 2>forward.err &
forwarder=$! pids="$pids $!"
connected() { ackwatch logs tail --path /v1/events --json $A >seen && count 2 seen; }
check "both are connected" until_true 100 connected
check "register some" register 1 5
for i in 1 2; do ackwatch messages ack ext:o$i $A >/dev/null; done
check "events come" until_true 100 count 7 events.out
kill -9 $daemon
wait $daemon 2>/dev/null
start_daemon
check "register more after a kill" register 6 10
check "... the listener comes back" until_true 200 grep -q 'going on behind event' events.err
ackwatch messages ack ext:o7 $A >/dev/null
all_there() { # every entry from the first to the present end, once, in order
    last=$(size)
    [ "$(json events.out "(SELECT group_concat(value->>'seq') FROM json_each(l))")" = \
        "$(seq -s, "$first" $((last - 1)))" ]
}
check "... nothing is lost, nothing came twice" until_true 200 all_there
sim_hooks() {
    curl -s "http://127.0.0.1:$(sim http_port)/sim/record?limit=1000" >record.json
    [ "$(json record.json "(SELECT count(*) FROM json_each(j, '\$.data') WHERE value->>'what' = 'webhook')")" -ge "$1" ]
}
check "each of the chosen kinds was forwarded" until_true 200 sim_hooks 13
hook() { # the number of posts with a condition
    json record.json "(SELECT count($1) FROM (SELECT value AS v, value->>'body' AS b FROM json_each(j, '\$.data')
        WHERE value->>'what' = 'webhook'))"
}
check "... once each, signed, as CloudEvents" [ "$(hook "DISTINCT v->>'webhook_id'")" = 13 ]
check "... of the kinds" [ "$(hook "CASE WHEN b->>'type' IN ('org.ackwatch.timeline.ended',
    'org.ackwatch.message.registered') AND v->>'webhook_signature' LIKE 'v1,%' AND
    'org.ackwatch.' || (b->>'\$.data.kind') = b->>'type' THEN 1 END")" = 13 ]
secret=$(grep -o 'whsec_[A-Za-z0-9+/=]*' forward.err)
sign() { # the first hook's signature, computed by openssl
    local id ts
    id=$(json record.json "(SELECT value->>'webhook_id' FROM json_each(j, '\$.data') WHERE value->>'what' = 'webhook' LIMIT 1)")
    ts=$(json record.json "(SELECT value->>'webhook_timestamp' FROM json_each(j, '\$.data') WHERE value->>'what' = 'webhook' LIMIT 1)")
    json record.json "(SELECT value->>'body' FROM json_each(j, '\$.data') WHERE value->>'what' = 'webhook' LIMIT 1)" |
        tr -d '\n' >body
    key=$(printf %s "${secret#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \n')
    printf 'v1,%s' "$({ printf '%s.%s.' "$id" "$ts"; cat body; } |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w0)"
}
check "... with the key that was shown" [ "$(sign)" = \
    "$(json record.json "(SELECT value->>'webhook_signature' FROM json_each(j, '\$.data') WHERE value->>'what' = 'webhook' LIMIT 1)")" ]
kill $listener $forwarder
wait $listener $forwarder 2>/dev/null

# --- logs -------------------------------------------------------------------------------------------

exits "requests" 0 logs tail $A
out_has "/v1/messages:batch"
exits "a request that is refused" 5 messages show msg_0000000000000 $A
exits "requests by status" 0 logs tail --status 4xx --json $A
check "... only those" lines 0 "v->>'status' < 400"
check "... with the problem, and the route for the path" lines 1 "v->>'problem' = 'not-found' AND
    v->>'route' = '/v1/messages/{message}/timeline' OR v->>'route' = '/v1/messages/{message}'"
check "... and no id" bash -c '! grep -q msg_000 out'
exits "requests by route and method" 0 logs tail --path '/v1/messages*' --method POST -n 1 $A
check "... the newest" [ "$(wc -l <out)" -eq 1 ]
exits "a status that is none" 2 logs tail --status 4x $A
ackwatch logs tail -f -n 0 --path /v1/rules --json $A >tail.out &
pids="$pids $!"
rules_seen() { ackwatch rules list $A >/dev/null; grep -q '/v1/rules' tail.out; }
check "followed" until_true 100 rules_seen

# --- top --------------------------------------------------------------------------------------------

exits "top without a terminal: one picture" 0 top $A
out_has "open messages, most overdue first"
check "... with a line for each open message" [ "$(grep -c '^msg_' out)" = "$(ackwatch messages list --state open $A | grep -c .)" ]
exits "... as JSON" 0 top $A --json
check "... with its three parts" holds "j->>'\$.status.state' = 'ok' AND
    json_array_length(j, '\$.channels') = 3 AND json_array_length(j, '\$.messages') = 7 AND
    j->>'\$.messages[0].due' LIKE '%in %'"
if command -v script >/dev/null; then
    # keys: sort, pause, quit; the screen must be put back
    printf spq | timeout 20 script -qec "stty cols 100 rows 30; ackwatch top $A" typescript >top.out 2>&1
    check "on a terminal it ends with q" [ $? -eq 0 ]
    check "... drew the picture" grep -q 'oldest first' top.out
    check "... paused" grep -q 'paused' top.out
    check "... and put the screen back" bash -c 'tail -c 40 top.out | grep -qF "$(printf "\033[?1049l")"'
else
    echo "# SKIP top on a terminal: no script(1)"
fi

finish
