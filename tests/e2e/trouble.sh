#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What goes wrong around a daemon that itself is fine: a disk that fills up, providers that answer
# nonsense, nothing, errors, or refuse our key. Nothing is lost, nobody is told wrongly. Prints TAP.
set -u
# A small disk of our own, where that is allowed: then all of this runs in its own mount namespace.
if [ -z "${AW_OWN_MOUNTS+x}" ]; then
    [ "$(id -u)" = 0 ] && as=-m || as=-rm
    unshare $as mount -t tmpfs ackwatch /mnt 2>/dev/null && AW_OWN_MOUNTS=yes exec unshare $as "$0"
    AW_OWN_MOUNTS=
fi
. "$(dirname "$0")/peers.sh"

cat >people.json <<'END'
[{"user":"li","alias":"li","phone":"+9990000001","email":"li@e2e.invalid","push":"online","delay":"100ms"}]
END
body() { # KEY CLASS: a registration
    printf '{"external_id":"%s","app":"shop","class":"%s","title":"t","recipients":[{"user":"li",
        "alias":"li","phone":"+9990000001","email":"li@e2e.invalid"}]}' "$1" "$2" >body
}

# --- providers -----------------------------------------------------------------------------------------

start_sim
write_env
cat >rules/one.yaml <<'END'
version: 1
rules:
  - {name: push-only, match: {class: push}, until: delivered, deadline: 1h,
     check: {first: 1s, every: 1s}, steps: [{id: push, at: 0s, do: push}]}
  - {name: sms-only, match: {class: sms}, until: acknowledged, deadline: 1h, steps: [{id: text, at: 0s, do: sms}]}
  - {name: mail-only, match: {class: mail}, until: acknowledged, deadline: 1h, steps: [{id: mail, at: 0s, do: email}]}
END
start_daemon
T=$(key all messages:read messages:write acks:write)
[ -n "$T" ] || bail "no key"
attempts() { http "$T" GET "/v1/messages/ext:$1/attempts" >status; }
# tried KEY EXPRESSION: of the attempts as JSON j
tried() { attempts "$1" && [ "$(json out "$2")" = 1 ]; }
outcomes="(SELECT group_concat(value->>'outcome', ' ') FROM json_each(j, '\$.data'))"
refs="(SELECT count(DISTINCT value->>'ref') FROM json_each(j, '\$.data'))"

# The first try of each meets the fault, a later one is accepted, all of a firing under one reference.
# A push that meets a closed connection is repeated by libcurl: its token makes that harmless.
first=   # the name of the message whose first try is looked at, and how it may end
bitten() { tried "${first%%=*}" "json_extract(j, '\$.data[0].outcome') GLOB '${first#*=}'"; }
settled() {
    tried "${first%%=*}" "$outcomes GLOB '*accepted' AND $refs = 1 AND
        ('${first#*=}' LIKE '%accepted%' OR json_array_length(j, '\$.data') >= 2)"
}
for f in html/transient/transient/unknown 'reset/[ua]*/unknown/[tu]*' http500/transient/transient/transient \
    hang/unknown/unknown/unknown '429/throttled/t*/t*'; do
    IFS=/ read -r kind push sms smtp <<<"$f"
    now=
    for p in push:push:"$push" sms:sms:"$sms" smtp:mail:"$smtp"; do
        IFS=: read -r part class want <<<"$p"
        fault "$part" "$kind" 1
        body "$part-$kind" "$class"
        is "$part, $kind: registered all the same" "$(register "$T" body)" 201
        now="$now $part-$kind=$want"
    done
    set -f
    for first in $now; do
        check "... first try of ${first/=/: }" within 8 bitten
    done
    for first in $now; do # before the next fault, which a late try would meet
        [ "${first#*=}" != '[ua]*' ] || first="${first%%=*}=accepted"
        check "... ${first%%=*}: then accepted, under one reference" within 20 settled
    done
    set +f
done
exits "channels list" 0 aw channels list --json
check "... knows failures" [ "$(json out "(SELECT count(*) FROM json_each(j) WHERE value->>'failed' > 0)")" = 3 ]

# --- a key that is refused ---------------------------------------------------------------------------------

printf %s wrongwrongwrongwrong1234 >jpush.secret
exits "a wrong master secret is loaded" 0 aw rules reload
before=$(taken "v->>'what' = 'mail' AND v->>'to' = 'ops@e2e.invalid' AND v->>'text' LIKE '%refuses our credentials%'")
for i in 1 2 3; do
    body "auth$i" push
    register "$T" body >status
done
check "the push is refused as auth" within 8 tried auth1 "$outcomes LIKE 'auth%'"
body auth4 push
register "$T" body >status
stopped() { aw channels list --json >out && [ "$(json out "(SELECT count(*) FROM json_each(j) WHERE value->>'state' = 'stopped')")" = 1 ]; }
check "... which stops the channel" within 8 stopped
check "... and the next waits, unsent" tried auth4 "json_array_length(j, '\$.data') = 0"
exits "channels list" 0 aw channels list
says "auth, code 1004"
exits "status says degraded" 3 aw status
says "is stopped: its provider refuses our credentials"
told() { [ "$(taken "v->>'what' = 'mail' AND v->>'to' = 'ops@e2e.invalid' AND v->>'text' LIKE '%refuses our credentials%'")" -eq $((before + 1)) ]; }
check "the operators are told" within 8 told
sleep 1
check "... once" told
check "the secret is not in the attempts" bash -c '! grep -q wrongwrong out daemon.log'
exits "the log verifies" 0 ackwatch audit verify --db ackwatch.db
stop_daemon
is "a clean stop" $? 0

# --- disks that fill up ------------------------------------------------------------------------------------

# The disk of this test stays small, which is worth a warning of its own.
well() { aw status >out 2>err || grep -qE '^problems[^,]*"only [0-9]+ MiB are left for the store"\]' out; }

big() { # NAME: half a megabyte to keep
    {
        printf '{"external_id":"%s","app":"shop","class":"push","title":"t","extras":{"a":["' "$1"
        head -c 500000 /dev/zero | tr '\0' x
        printf '"]},"recipients":[{"user":"li","alias":"li"}]}'
    } >body
}
fill() { # registers until it is refused: STATUS CODE of that
    local i status
    for i in $(seq 100); do
        big "$1$i"
        status=$(register "$T" body)
        [ "$status" = 201 ] || break
        taken_in=$i
    done
    refusal="$status $(json out "j->>'code'")"
}
ack() { # KEY: the status
    http "$T" POST "/v1/messages/ext:$1/acks" -H 'Content-Type: application/json' -d '{"recipient":"li"}'
}
small() { # KEY: the status of a registration
    body "$1" push
    register "$T" body
}
again() { [ "$(small back)" = 201 ]; }
full_told() { # WHAT WORD: is full, was full
    was_taken "v->>'what' = 'mail' AND v->>'to' = 'ops@$1' AND v->>'text' LIKE '%disk $2 full%'"
}
# disk_full WHAT MAKE_ROOM...: the daemon runs on $store, which is full or has little room; its
# operators are ops@WHAT
disk_full() {
    local what=$1 i
    shift
    T=$(key all messages:read messages:write acks:write)
    [ -n "$T" ] || bail "no key on $what"
    for i in 1 2 3 4 5; do
        [ "$(small "s$i")" = 201 ] || bail "$what: nothing is taken"
    done
    taken_in=0
    before_full
    fill f
    is "$what: a registration is refused" "$refusal" "507 store-full"
    is "... a small one too" "$(small s6)" 507
    acked=0
    for i in 1 2 3 4 5; do
        local status
        status=$(ack s$i)
        [ "$status" = 200 ] && acked=$((acked + 1))
        # Where the reserve cannot exist they land while the log file has room; a refusal is honest.
        [ "$what" = limit ] && [ "$status" = 507 ] && status=200
        is "... acknowledgement $i lands" "$status" 200
    done
    is "... /readyz says no" "$(http x GET '/readyz?verbose')" 503
    says "disk is full"
    exits "... and so does status" 3 aw status
    # There, too, the notice may find no room: then it comes when there is some.
    [ "$what" = limit ] || check "... the operators are told" within 25 full_told "$what" is
    "$@"
    [ "$what" = limit ] && check "... the operators are told" within 25 full_told "$what" '%'
    check "... when there is room registrations are taken again" within 15 again
    check "... and status knows of nothing, or of little room" well
    exits "... the log verifies" 0 ackwatch audit verify --db "$store/ackwatch.db"
    is "... what was answered 201 is there, no more" "$(sqlite3 -readonly "$store/ackwatch.db" \
        "SELECT count(*) FROM message")" $((taken_in + 6))
    is "... what was answered 200, too" "$(sqlite3 -readonly "$store/ackwatch.db" \
        "SELECT count(*) FROM timeline WHERE level = 6")" "$acked"
    stop_daemon
    is "... a clean stop" $? 0
}

# A limit on the size of files is one that everybody can set; a quota behaves alike.
mkdir limited
store=$dir/limited
write_env
sed -i 's/ops@e2e.invalid/ops@limit/' ackwatch.yaml
before_full() { :; }
start_daemon prlimit --fsize=$((3 << 20)):unlimited
disk_full limit prlimit --pid "$daemon" --fsize=unlimited:unlimited

if [ -n "${AW_OWN_MOUNTS:-}" ]; then
    mkdir disk
    mount -t tmpfs -o size=40m ackwatch disk || bail "no tmpfs"
    store=$dir/disk
    write_env
    before_full() { dd if=/dev/zero of=disk/fill bs=64k 2>dd.err; }
    sed -i 's/ops@e2e.invalid/ops@disk/' ackwatch.yaml
    start_daemon
    disk_full disk rm disk/fill
    umount disk
else
    n=$((n + 1))
    echo "ok $n - a full disk # SKIP no right to mount one"
fi
check "no sanitizer spoke" bash -c '! grep -E "Sanitizer|runtime error" daemon.log sim.log'

echo "1..$n"
exit $failed
