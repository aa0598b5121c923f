#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many at once: batches of registrations and acknowledgements against the real daemon, and the
# stream of events that they bring about. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

cat >people.json <<'END'
[{"user":"li","alias":"li","phone":"+9990000001","email":"li@e2e.invalid"}]
END
start_sim
write_env
start_daemon
events() { # TOKEN FILE LAST-ID: in the background
    curl -sSN -o "$2" -H "Authorization: Bearer $1" -H "Last-Event-ID: $3" "$url/v1/events" &
}
seen() { grep -c "^event: $2\$" "$1"; }
logged() { sql "SELECT count(*) FROM log WHERE json_extract(body, '\$.kind') = '$1'"; }

T=$(key shop messages:read messages:write acks:write --app shop)
B=$(key bank messages:read messages:write acks:write --app bank)
[ -n "$T" ] && [ -n "$B" ] || bail "no keys: $(tail -n 1 err)"

A=$(key auditor messages:read audit:read)
events "$A" all 0
events "$T" shop.events 0
events "$B" bank.events 0
readers=$(jobs -p | tail -n 3)

batch() { # TOKEN PATH FILE: the status; the results go to out
    http "$1" POST "$2" -H 'Content-Type: application/x-ndjson' --data-binary "@$3"
}
# results EXPRESSION: over the lines of out, as v, numbered i from 0
results() {
    sqlite3 :memory: "WITH f AS (SELECT '[' || replace(trim(CAST(readfile('out') AS TEXT),
        char(10)), char(10), ',') || ']' AS j),
        l AS (SELECT key AS i, value AS v FROM f, json_each(j)) SELECT $1 FROM l"
}
good() { # EXTERNAL-ID
    printf '{"external_id":"%s","class":"order","title":"t","recipients":[{"user":"li","alias":"li"}]}\n' "$1"
}

# --- registrations ---------------------------------------------------------------------------------

for ((i = 0; i < 1000; i++)); do good "o$i"; done >thousand
is "a thousand registrations" "$(batch "$T" /v1/messages:batch thousand)" 200
is "... each 201, in order" "$(results "count(*) FILTER (WHERE v->>'status' = 201
    AND v->>'external_id' = 'o' || i AND v->>'replayed' = 0)")" 1000
is "... and durable" "$(sql "SELECT count(*) FROM message")" 1000
results "v->>'id'" >ids
is "again" "$(batch "$T" /v1/messages:batch thousand)" 200
is "... are the same, replayed" "$(results "v->>'id'" | cmp - ids && results "sum(v->>'replayed')")" 1000
is "... and nothing more" "$(sql "SELECT count(*) FROM message")" 1000

{ good n1; echo '{"title":'; good n2; sed 's/"t"/"other"/' <<<"$(good o1)"
    echo '{"external_id":"n3","rule":"nowhere","title":"t","recipients":[{"user":"li","alias":"li"}]}'
    sed 's/{/{"app":"bank",/' <<<"$(good n4)"; good n1; } >mixed
is "good and bad lines" "$(batch "$T" /v1/messages:batch mixed)" 200
is "... each with its own result" "$(results "group_concat(v->>'status', ' ')")" \
    "201 400 201 409 422 422 201"
is "... a problem says why" "$(results "max(v->>'\$.problem.code') FILTER (WHERE i = 4)")" rule-not-found
is "... a line repeated in its batch is a replay" \
    "$(results "count(DISTINCT v->>'id') FILTER (WHERE i IN (0, 6))")" 1

{ cat thousand; good more; } >toomany
is "one line too many" "$(batch "$T" /v1/messages:batch toomany)" 413
is "... registers nothing" "$(sql "SELECT count(*) FROM message")" 1002

# --- acknowledgements ------------------------------------------------------------------------------

for ((i = 0; i < 500; i++)); do printf '{"external_id":"o%d","recipient":"li"}\n' $i; done >acks
head -n 1000 ids | tail -n 500 | sed 's/.*/{"message":"&","recipient":"li"}/' >>acks
is "a thousand acknowledgements" "$(batch "$T" /v1/acks:batch acks)" 200
is "... each of the message that its line names" "$(paste <(results "v->>'message'") ids |
    awk '$1 == $2' | wc -l)" 1000
is "... confirmed, for the first time" "$(results "count(*) FILTER (WHERE v->>'status' = 200
    AND v->>'state' = 'confirmed' AND v->>'first')")" 1000
is "... and durable" "$(sql "SELECT count(*) FROM timeline WHERE state = 1")" 1000
{ head -n 1 acks; echo '{"external_id":"nobody","recipient":"li"}'
    echo '{"external_id":"o1","recipient":"wang"}'; echo '{"recipient":"li"}'; } >few
batch "$T" /v1/acks:batch few >/dev/null
is "good and bad lines" "$(results "group_concat(v->>'status', ' ')")" "200 404 422 422"
tail -n 1 acks >foreign
batch "$B" /v1/acks:batch foreign >/dev/null
is "a message of another app" "$(results "v->>'status'")" 404

# --- events ----------------------------------------------------------------------------------------

caught_up() { [ "$(seen all message.ended)" = "$(logged message.ended)" ]; }
check "the stream catches up" within 10 caught_up
last=$(grep '^id: ' all | tail -n 1 | cut -c 5-)
sql "SELECT body FROM log WHERE seq BETWEEN 1 AND $last" >logged
once() { sed -n 's/^data: //p' all | head -n "$(wc -l <logged)" | cmp -s logged -; } # more may come
check "... with every entry once, in order" within 10 once
is "an app sees its own" "$(seen shop.events message.ended)" "$(logged message.ended)"
is "... and nothing of the daemon's" "$(seen shop.events daemon.started)" 0
is "another app sees nothing" "$(grep -c '^data' bank.events)" 0
events "$A" tail $((last - 10))
tail_reader=$!
check "going on behind an entry" within 10 grep -qs "^id: $last" tail
is "... begins with the next" "$(head -n 1 tail)" "id: $((last - 9))"

begun=$SECONDS
stop_daemon
is "a clean stop, with streams open" $? 0
check "... that does not wait for them" [ $((SECONDS - begun)) -lt 5 ]
for p in $readers $tail_reader; do
    wait "$p"
    is "a stream was ended properly" $? 0
done
exits "the log verifies" 0 ackwatch audit verify --db ackwatch.db
check "no sanitizer spoke" bash -c '! grep -E "Sanitizer|runtime error" daemon.log sim.log'

echo "1..$n"
exit $failed
