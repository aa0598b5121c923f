#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The proof that the log gives: on the database of a demo and of a live daemon it holds; every entry,
# state row or tree row that is changed behind our back is found and named; a log that was rewritten
# and hashed anew is refused by whoever noted a root. Prints TAP by hand.
set -u
. "$(dirname "$0")/peers.sh"

# --- the demo's database -----------------------------------------------------------------------------

exits "the demo" 0 ackwatch demo --plain --seed 1 --speed 1000000 --keep "$dir/kept"
db=kept/ackwatch.db
exits "its log verifies after the clean stop" 0 ackwatch audit verify --db $db --json
root=$(json out "j->>'root'")
size=$(json out "j->>'entries'")
check "... and has a root" [ -n "$root" -a "$size" -gt 20 ]
head=$size:$root

# tampered WHAT SQL TEXT...: on a fresh copy; verify must exit 3 and name each TEXT
tampered() {
    local what=$1 sql=$2 text
    shift 2
    rm -f copy.db copy.db-wal copy.db-shm
    cp $db copy.db
    [ ! -s $db-wal ] || cp $db-wal copy.db-wal
    if ! sqlite3 -bail copy.db "$sql; SELECT changes()" >changes 2>err || [ "$(tail -n 1 changes)" = 0 ]; then
        check "tampered, $what" false
        return
    fi
    exits "tampered, $what" 3 ackwatch audit verify --db copy.db
    for text in "$@"; do
        check "... and says: $text" grep -qF -- "$text" <(tr '\t' ' ' <out)
    done
}
one() { sqlite3 -readonly $db "$1"; }
seq=$(one "SELECT seq FROM log WHERE body LIKE '%\"firing.claimed\"%' LIMIT 1")
tampered "the text of an entry" "UPDATE log SET body = replace(body, 'claimed', 'skipped') WHERE seq = $seq" "log $seq"
tampered "a date in an entry" "UPDATE log SET body = replace(body, '\"ts\":\"20', '\"ts\":\"19') WHERE seq = $seq" "log $seq"
tampered "the hash of an entry" "UPDATE log SET leaf = zeroblob(32) WHERE seq = $seq" "log $seq"
tampered "whose entry it is" "UPDATE log SET msg = msg + 1 WHERE seq = $seq" "log $seq"
tampered "what stands before it" "UPDATE log SET prev = prev - 1 WHERE seq = $seq" "log $seq"
tampered "an entry taken out" "DELETE FROM log WHERE seq = $seq" "log $seq"
tampered "two entries swapped" "UPDATE log SET seq = -1 WHERE seq = $seq;
    UPDATE log SET seq = $seq WHERE seq = $((seq + 1)); UPDATE log SET seq = $((seq + 1)) WHERE seq = -1" "log $seq"
tampered "the tail deleted" "DELETE FROM log WHERE seq >= $((size - 3))" log_front "$((size - 3))"
tampered "the newest entry deleted" "DELETE FROM log WHERE seq = $((size - 1))" log_front "$((size - 1))"
tampered "an entry added" "INSERT INTO log SELECT $size, NULL, NULL, leaf, body FROM log WHERE seq = $seq" "log $size"
tampered "the right edge of the tree" \
    "UPDATE log_front SET peaks = CAST(zeroblob(32) || substr(peaks, 33) AS BLOB)" "log_front"
tampered "the size of the tree" "UPDATE log_front SET size = size - 1" "log_front"
tampered "no right edge" "DELETE FROM log_front" "log_front"

msg=$(one "SELECT message FROM v_message_ids LIMIT 1")
mid=$(one "SELECT id FROM message LIMIT 1")
tampered "the state of a timeline" "UPDATE timeline SET state = 3 - state WHERE id = $mid" "timeline $msg n 0" state
tampered "its rung" "UPDATE timeline SET level = (level + 1) % 7 WHERE id = $mid" "timeline $msg n 0" level
tampered "confirmed in time" "UPDATE timeline SET late = 1 - late WHERE id = $mid" "timeline $msg n 0" late
tampered "when it is due" "UPDATE timeline SET due = 4102444800000 WHERE id = $mid" "timeline $msg n 0" due
tampered "its person" "UPDATE timeline SET person = person + 1 WHERE id = $mid" "timeline $msg n 0" person
tampered "its plan" "UPDATE timeline SET plan = zeroblob(length(plan)) WHERE id = $mid" "timeline $msg n 0" plan
tampered "a timeline deleted" "DELETE FROM timeline WHERE id = $mid" "timeline $msg"
tampered "a timeline added" "INSERT INTO timeline SELECT id + 5000, n, person, state, due, level, late,
    last, tried, plan FROM timeline WHERE id = $mid" timeline
tampered "the outcome of an attempt" "UPDATE attempt SET outcome = 1 + outcome % 8 WHERE id =
    (SELECT min(id) FROM attempt)" "attempt att_" outcome
tampered "its provider's id" "UPDATE attempt SET provider_id = '1' WHERE id = (SELECT min(id) FROM attempt
    WHERE provider_id IS NOT NULL)" "attempt att_" provider_id
tampered "when it was made" "UPDATE attempt SET at = at - 1 WHERE id = (SELECT max(id) FROM attempt)" "attempt att_"
tampered "an attempt deleted" "DELETE FROM attempt WHERE id = (SELECT max(id) FROM attempt)" "attempt att_"
tampered "an attempt added" "INSERT INTO attempt(id, ref, msg, n, step, step_id, kind, round, number, person,
    channel, at, level) SELECT id + 1, ref, msg, n, step, step_id, kind, round, number, person, channel, at, level
    FROM attempt ORDER BY id DESC LIMIT 1" attempt
tampered "the rung of a proof" "UPDATE evidence SET level = 1 + level % 6 WHERE id = (SELECT min(id) FROM evidence)" evidence
tampered "the source of a proof" "UPDATE evidence SET source = source + 1 WHERE id = (SELECT min(id) FROM evidence)" evidence
tampered "a proof deleted" "DELETE FROM evidence WHERE id = (SELECT max(id) FROM evidence)" evidence
tampered "a proof added" "INSERT INTO evidence SELECT id + 1000000, tl, attempt, 6, source, person, at FROM evidence LIMIT 1" evidence
tampered "the text of a message" "UPDATE message SET body = replace(body, '\"title\"', '\"titel\"') WHERE id = $mid" "message $msg"
tampered "its idempotency key" "UPDATE message SET key = 'x' WHERE id = $mid" "message $msg"
tampered "its salt" "UPDATE message SET salt = zeroblob(32) WHERE id = $mid" "message $msg"
tampered "its date" "UPDATE message SET registered = registered + 1 WHERE id = $mid" "message $msg"
tampered "its rule" "UPDATE message SET rule = rule + 1 WHERE id = $mid" "message $msg"
tampered "a message deleted" "DELETE FROM message WHERE id = $mid" "message $msg"
tampered "a message added" "INSERT INTO message SELECT id + 100000, app, rule, n, registered, key, ext, digest, salt,
    body, trace, needed, delayed FROM message WHERE id = $mid" message
tampered "who somebody is" "UPDATE person SET user = 'x' WHERE id = (SELECT min(id) FROM person)" person
tampered "an address" "UPDATE person SET contact = replace(contact, '999', '888') WHERE id = (SELECT min(id)
    FROM person WHERE contact LIKE '%999%')" person
tampered "the scopes of a key" "UPDATE api_key SET scopes = scopes + 1" api_key
tampered "the text of a rule" "UPDATE rule_text SET text = text || ' '" rule
tampered "a trigger" "CREATE TRIGGER t AFTER UPDATE ON timeline BEGIN SELECT 1; END;
    UPDATE alive SET at = at" "trigger t"
tampered "a view" "DROP VIEW v_late; CREATE VIEW v_late AS SELECT 1; UPDATE alive SET at = at" "view v_late"
tampered "an index" "DROP INDEX tl_due; UPDATE alive SET at = at" "index tl_due"

rm -f copy.db*
head -c $(($(stat -c %s $db) / 2)) $db >copy.db
exits "half a file" 1 ackwatch audit verify --db copy.db
cp $db copy.db
printf 'XXXXXXXXXXXXXXXX' | dd of=copy.db bs=1 seek=$(($(stat -c %s $db) / 2)) conv=notrunc 2>dd.err
check "16 bytes in the middle of the file" bash -c \
    'ackwatch audit verify --db copy.db >out 2>err; [ $? -eq 3 ] || [ $? -eq 1 ]'

# --- rewritten and hashed anew ---------------------------------------------------------------------

cp $db copy.db
exits "a forger rewrites an entry and every hash" 0 "$build/tests/e2e/rehash" copy.db 0 '"text":"' '"text":"1'
exits "... which holds in itself" 0 ackwatch audit verify --db copy.db
says "a rewritten log cannot be told"
exits "... but not against the head noted before" 3 ackwatch audit verify --db copy.db --at "$head"
says "$size"
exits "... and the true one does" 0 ackwatch audit verify --db $db --at "$head"
exits "... nor against one of before" 3 ackwatch audit verify --db copy.db --at "1:$(
    one "SELECT lower(hex(leaf)) FROM log WHERE seq = 0")"
exits "... as the true one does" 0 ackwatch audit verify --db $db --at "1:$(
    one "SELECT lower(hex(leaf)) FROM log WHERE seq = 0")"
exits "a head of the future" 3 ackwatch audit verify --db $db --at "$((size + 1)):$root"

# --- beside a running daemon ---------------------------------------------------------------------------

echo '[{"user":"li","alias":"li"}]' >people.json
start_sim
write_env
start_daemon
T=$(key all messages:write acks:write audit:read)
for i in $(seq 60); do
    echo "next"
    echo "url = \"$url/v1/messages\""
    echo "header = \"Content-Type: application/json\""
    echo "header = \"Authorization: Bearer $T\""
    echo "header = \"Idempotency-Key: k$i\""
    echo "output = /dev/null"
    echo 'data = "{\"app\":\"shop\",\"class\":\"order\",\"title\":\"t\",\"recipients\":[{\"user\":\"li\",\"alias\":\"li\"},{\"user\":\"wang\",\"alias\":\"wang\"}]}"'
done | sed 1d >many
curl -sS -f -K - <many 2>err
check "60 messages" [ $? -eq 0 ]
enough() { [ "$(sql "SELECT count(*) FROM log")" -gt 256 ]; }
check "... give more than 256 entries" within 10 enough
exits "the log verifies while it grows" 0 ackwatch audit verify --db ackwatch.db
exits "a head" 0 aw audit head
head=$(cut -f 1 out)
exits "... holds a moment later" 0 ackwatch audit verify --db ackwatch.db --at "$head"
stop_daemon
is "a clean stop" $? 0
db=ackwatch.db
exits "... and after it" 0 ackwatch audit verify --db ackwatch.db --at "$head"
tampered "a tile" "UPDATE log_tile SET hash = zeroblob(32)" "tile"
tampered "a tile deleted" "DELETE FROM log_tile" "tile"
tampered "a tile too many" "INSERT INTO log_tile VALUES(2, 0, zeroblob(32))" "tile"
sqlite3 ackwatch.db "UPDATE log_tile SET hash = zeroblob(32)"
exits "a daemon does not start on a tile that does not fit" 1 timeout 10 ackwatchd --config ackwatch.yaml
says "audit verify"
check "no sanitizer spoke" bash -c '! grep -E "Sanitizer|runtime error" daemon.log sim.log'

echo "1..$n"
exit $failed
