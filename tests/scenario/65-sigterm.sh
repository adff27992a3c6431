#!/bin/bash
# Goal: SIGTERM in the middle of everything ends dockd within five seconds; sessions in flight are
# recorded as interrupted, no child is left, and docked again all comes in.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000651
enroll REC-000651 S651 "$DOCK/REC-000651.pub"
enroll REC-000652 S652
signed_card "$DOCK/signed" REC-000651 4 1500001
plain_card "$DOCK/plain" 2 100001
dockd=$(cut -d' ' -f1 "$DOCK/stack/pid/dockd")

# One in the middle of its content, one in the middle of its listing.
plug A1 "$DOCK/signed" S651 "delay-us=20000"
await_dock '[.slots[] | select(.slot == "A1") | .bytes_done][0] > 0'
plug A2 "$DOCK/plain" S652 "delay-us=200000"
await_dock "[$(slot A2)] == [\"reading\"]"
lister=$(pgrep -P "$dockd" -x dock-lister) || fail "no lister at work"
began=$(date +%s%N)
stack kill-dockd 15
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 5000 ] || fail "it took $took ms"
kill -0 "$lister" 2>/dev/null && fail "the lister is left"
grep -q 'not everything ended' "$DOCK/stack/log/dockd" && fail "it had to be cut off"
ok "ended after $took ms"

# Again and again, wherever a file just is: between two files, in its seal, in its record.
for at in 1 1400000 1500001 1500002 2900000 3000002 3000003 4500004; do
	stack undock A1
	stack start-dockd
	plug A1 "$DOCK/signed" S651 "delay-us=2000"
	await_dock "[.slots[] | select(.slot == \"A1\") | .bytes_done >= $at or .state == \"safe\"][0]"
	stack kill-dockd 15
done
ok "ended at eight more moments"

stack undock A1
stack undock A2
# As a child that a killed dockd left on its way to exec: it holds the lock a moment longer.
exec {held}< <(exec flock "$DOCK/stack/state/dockd.lock" sh -c 'echo held; exec sleep 0.5')
read -r _ <&"$held"
stack start-dockd
plug A1 "$DOCK/signed" S651
plug A2 "$DOCK/plain" S652
stack wait >/dev/null
await_dock '.backlog == 0'
[ "$(sql "SELECT count(*) FROM dock_session_end WHERE outcome = 'interrupted' AND reason LIKE 'dockd ended;%'")" -ge 2 ] ||
	fail "not two sessions that were interrupted by dockd's end"
expect_segments REC-000651 "$DOCK/signed"
expect_segments REC-000652 "$DOCK/plain"
expect_settled
[ "$(sql "SELECT count(*) FROM finding")" = 0 ] || { vaultctl finding list --json | jq -c ".[] | [.code, .detail]"; fail "findings of nothing"; }
dock_finish
ok "docked again, all came in"
