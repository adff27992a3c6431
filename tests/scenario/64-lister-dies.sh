#!/bin/bash
# Goal: a dock-lister that dies or hangs ends its own session as device_fault,
# and the session beside it does not notice.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin 'lister_timeout_ms = 1500'
enroll REC-000641 S641
enroll REC-000642 S642
plain_card "$DOCK/slow" 2 100001
dockd_pid() { cut -d' ' -f1 "$DOCK/stack/pid/dockd"; }
# The one child that lists: the other session has none any more when this is asked.
lister_pid() { pgrep -P "$(dockd_pid)" -x dock-lister; }

# send SIGNAL: to the lister of A1, while a second recorder comes in
send() {
	plain_card "$DOCK/beside$1" 3 400001
	# Each answer takes 100 ms: time enough to meet the lister.
	plug A1 "$DOCK/slow" S641 "delay-us=100000"
	await_dock "[$(slot A1)] == [\"reading\"]"
	kill "-$1" "$(lister_pid)"
	plug A2 "$DOCK/beside$1" S642
	stack wait >/dev/null
	vaultctl dock list --json >"$DOCK/list"
	jq -e "[$(slot A1), $(slot A2)] == [\"fault\", \"safe\"]" "$DOCK/list" >/dev/null ||
		{ cat "$DOCK/list"; fail "signal $1"; }
	stack undock A1
	stack undock A2
	await_dock "[$(slot A1), $(slot A2)] == [\"empty\", \"empty\"]"
}

send KILL
send ABRT		# not SEGV, which a sanitizer takes for a fault of its own
send STOP
ok "killed, crashed, stopped: a fault of that session alone"
[ -z "$(lister_pid)" ] || fail "a lister is left"

await_dock ".backlog == 0"
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'device_fault'")" = 3 ] ||
	{ vaultctl finding list; fail "not one finding each"; }

plug A1 "$DOCK/slow" S641
stack wait >/dev/null
expect_segments REC-000641 "$DOCK/slow"
expect_segments REC-000642 "$DOCK"/beside*
expect_settled
dock_finish
ok "docked again, it comes in"
