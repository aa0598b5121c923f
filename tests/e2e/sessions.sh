#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The fence between accounts with real programs: li and wang share a phone. What waits for li while
# wang is on it, what is taken back, what li gets on coming back, through a kill of the daemon; the
# commands and the API on the way. Numbers of edges as in the references. Loopback only; TAP by hand.
set -u
. "$(dirname "$0")/cli-lib.sh"

start_sim
write_env
cat >rules/held.yaml <<'END'
version: 1
rules:
  - name: held
    match: {class: held}
    until: acknowledged
    deadline: 1h
    max_age: 2d
    inbox_read: acknowledged
    presence: {logged_out: hold, hold_max: 24h}
    steps:
      - {id: push, at: 0s, do: push}
      - {id: text, at: 30m, do: sms}
END
start_daemon
phone=sim-offline watch=sim-online

register() { # EXTERNAL_ID
    printf '{"class":"held","title":"for li","external_id":"%s","recipients":[{"user":"li","alias":"li","phone":"+9990000001"}]}\n' \
        "$1" >message.json
    ackwatch messages register -f message.json $A >/dev/null
}
what() { # EXTERNAL_ID: its newest entries
    ackwatch messages show "ext:$1" --attempts --json $A >shown 2>/dev/null
}
record() { curl -s "http://127.0.0.1:$(sim http_port)/sim/record?limit=1000" >record.json; }
recorded() { # COUNT CONDITION: so many pushes and revocations have it
    record
    [ "$(json record.json "(SELECT count(*) FROM (SELECT value AS v FROM json_each(j, '\$.data')) WHERE $2)")" -eq "$1" ]
}
pushed() { recorded "$1" "v->>'what' = 'push'"; }
logged() { # COUNT TEXT: so many entries hold it
    ackwatch audit tail -n 1000 --json $A >tail.out 2>/dev/null
    [ "$(grep -c "$2" tail.out)" -eq "$1" ]
}

# --- reports ----------------------------------------------------------------------------------------

exits "nobody is logged in anywhere" 0 sessions list li --json $A
check "... an empty list" holds "json_array_length(j->'data') = 0 OR j = '[]' OR j = ''"
exits "li logs in" 0 sessions login $phone li --platform android --seq 1 --reveal --json $A
check "... and that is known" holds "j->>'registration_id' = '$phone' AND j->>'user' = 'li' AND
    j->>'report' = 'taken' AND j->>'seq' = 1"
exits "the same again" 0 sessions login $phone li --seq 1 --json $A
check "... was known" holds "j->>'report' = 'known'"
exits "where is li" 0 sessions list li --reveal $A
out_has "$phone"
exits "masked without --reveal" 0 sessions list li $A
check "... indeed" bash -c "! grep -q $phone out"
exits "a registration id that is none" 1 sessions login 'a b' li $A
exits "an alias of 41 bytes" 1 sessions login $phone li --alias aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde $A

# --- a push goes to the device of the session, and back ---------------------------------------------

check "a message for li" register m1
check "... is pushed to the phone" until_true 100 pushed 1
accepted() { what m1; grep -q accepted shown; }
check "... and taken" until_true 100 accepted
exits "edge 35: li logs out" 0 sessions logout $phone --user li --seq 2 --json $A
check "... taken in" holds "j->>'report' = 'taken'"
check "... nobody had it: it is taken back" until_true 100 recorded 1 "v->>'what' = 'revoke'"

# --- somebody else on the phone ---------------------------------------------------------------------

exits "edge 36: wang logs in on the same phone" 0 sessions login $phone wang --seq 3 $A
exits "a logout of li that comes late" 0 sessions logout $phone --user li --seq 2 --json $A
check "... changes nothing" holds "j->>'report' = 'late' AND j->>'user' = 'wang'"
check "a message for li" register m2
check "... another one" register m3
held() { logged 2 recipient.absent; }
check "... both wait" until_true 100 held
check "... nothing more was pushed" pushed 1

# --- a crash, and li comes back ---------------------------------------------------------------------

kill -9 $daemon
wait $daemon 2>/dev/null
start_daemon
exits "after a kill wang is still there" 0 sessions list wang --reveal $A
out_has "$phone"
check "... and nothing was pushed" pushed 1
exits "edge 37: li logs in elsewhere" 0 sessions login $watch li $A
check "... and gets both" until_true 100 pushed 3
pushes() { # the messages, in the order of their claims
    ackwatch audit tail -n 1000 --json $A >tail.out
    grep -o '"kind":"firing.claimed","msg":"msg_[0-9A-Z]*"' tail.out | grep -o 'msg_[0-9A-Z]*' | tail -2
}
ids() { for m in m2 m3; do ackwatch messages show ext:$m --json $A | grep -o '"id": *"msg_[0-9A-Z]*"' | head -1 | grep -o 'msg_[0-9A-Z]*'; done; }
check "... the older one first" [ "$(pushes)" = "$(ids)" ]

# --- the inbox, the log -----------------------------------------------------------------------------

id=$(ids | head -1)
curl -s --unix-socket "$dir/ctl.sock" -H 'Content-Type: application/json' -o out \
    "http://x/v1/users/li/inbox:read" -d "{\"messages\":[\"$id\"]}"
check "li reads one in the inbox" holds "j->>'read' = 1 AND j->>'known' = 1"
confirmed() { ackwatch messages show ext:m2 --json $A >shown && grep -q '"state": *"confirmed"' shown; }
check "... which confirms it" until_true 50 confirmed
curl -s --unix-socket "$dir/ctl.sock" -H 'Content-Type: application/x-ndjson' -o out \
    "http://x/v1/sessions:batch" --data-binary "{\"registration_id\":\"$watch\",\"logout\":true}
{\"registration_id\":\"$watch\",\"user\":\"li\",\"at\":\"2001-01-01T00:00:00Z\"}
"
check "a batch" lines 2 "v->>'status' = 200"
check "... whose second line is late" lines 1 "v->>'\$.session.report' = 'late'"
exits "the log is whole" 0 audit verify --db "$dir/ackwatch.db"
check "... and names no device" bash -c "! grep -q sim-o tail.out"

finish
