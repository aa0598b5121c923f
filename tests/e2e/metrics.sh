#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the daemon says of itself: /metrics as Prometheus' own promtool wants it, alarms that fire on
# these metrics and no others, /readyz?verbose, the heartbeat to an outside URL. promtool comes from
# its Debian package, unpacked into the build tree.
set -u
. "$(dirname "$0")/peers.sh"

cache=$build/tests/e2e/prometheus
promtool=$cache/usr/bin/promtool
unpack() {
    [ -x "$promtool" ] && return
    mkdir -p "$cache" || return
    (cd "$cache" && apt-get -q download prometheus >log 2>&1) || return
    dpkg-deb -x "$cache"/prometheus_*.deb "$cache" && rm -f "$cache"/prometheus_*.deb && [ -x "$promtool" ]
}
if ! unpack; then
    echo "1..0 # SKIP the package prometheus cannot be had: $(tail -n 1 "$cache/log" 2>/dev/null)"
    exit 0
fi

cat >people.json <<'END'
[{"user":"li","alias":"li","phone":"+9990000001","email":"li@e2e.invalid","push":"online","delay":"100ms"}]
END
start_sim
write_env
echo "heartbeat: {url: \"$sim_url/sim/record?limit=1\", every: 5s, allow: [127.0.0.1]}" >>ackwatch.yaml
start_daemon
token=$(key ops ops messages:write --app shop)
echo '{"class":"order","title":"t","external_id":"m1","app":"shop","recipients":[{"user":"li","phone":"+9990000001","alias":"li"}]}' >m.json
is "a message is registered" "$(register "$token" m.json)" 201
sent() { curl -sf "$url/metrics" | grep -q '^ackwatch_channel_outcomes_total{channel="push",outcome="[a-z_]*"} [1-9]'; }
check "a send has its outcome" within 10 sent

curl -sf "$url/metrics" >metrics
"$promtool" check metrics <metrics >out 2>err
is "promtool accepts /metrics" $? 0
check "... and has nothing to say" [ ! -s err ]
check "no metric carries an id or an address" eval '! grep -Eq "(msg|att|aw)_0|\+999|u-li" metrics'
check "commits are counted" grep -q '^ackwatch_commit_seconds_count [1-9]' metrics
check "bytes of the store" grep -q '^ackwatch_store_bytes [1-9]' metrics
check "ready" grep -qx 'ackwatch_ready 1' metrics

rules=$src/contrib/prometheus
exits "promtool accepts the alarms" 0 "$promtool" check rules "$rules/ackwatch.rules.yaml"
exits "... and they fire as they should" 0 "$promtool" test rules "$rules/ackwatch.rules.test.yaml"
grep -oE 'ackwatch_[a-z_]+' "$rules/ackwatch.rules.yaml" | sort -u >wanted
sed -nE 's/^(ackwatch_[a-z_]+).*/\1/p' metrics | sort -u >had
check "... on metrics that there are" [ -z "$(comm -23 wanted had)" ]

curl -sf "$url/readyz?verbose" >out
check "/readyz?verbose lists its checks" [ "$(json out "json_array_length(j, '\$.checks')")" -ge 8 ]
is "... all of them fine" "$(json out "(SELECT group_concat(value->>'check') FROM json_each(j, '\$.checks')
    WHERE value->>'state' <> 'ok')")" ""
aw status --json >out
is "status has them, too" "$(json out "j->>'state'")" ok
check "... check by check" [ "$(json out "json_array_length(j, '\$.checks')")" -ge 8 ]

beats() { curl -sf "$url/metrics" | grep -q "^ackwatch_heartbeats_total{result=\"$1\"} [1-9]"; }
check "the outside hears us" within 10 beats taken
sed -i "s|^heartbeat:.*|heartbeat: {url: \"http://127.0.0.1:9/\", every: 5s, allow: [127.0.0.1]}|" ackwatch.yaml
exits "a reload" 0 aw rules reload
check "... and it does not any more" within 20 beats lost
check "... which the journal has, without the URL" eval 'grep -q heartbeat-lost daemon.log &&
    ! grep -q "127.0.0.1:9/" daemon.log'
stop_daemon
echo "1..$n"
exit $failed
