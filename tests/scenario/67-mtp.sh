#!/bin/bash
# Goal: a recorder that shows files, not sectors: signed and unsigned recordings come in whole, by
# whatever operations it has; unplugged in the middle it goes on there; whatever it gets wrong ends
# with a finding, and the next docking works.
# Takes 20 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin

# ------ signed and unsigned, by every way to read ------

ways=("" "mtp-ops=-95C1" "mtp-ops=-95C1-101B" "mtp-ops=-95C4" "mtp-ops=-9803-9805")
new_key REC-000670
enroll REC-000670 S670 "$DOCK/REC-000670.pub"
enroll REC-000671 S671
for i in "${!ways[@]}"; do
	signed_card "$DOCK/signed/$i" REC-000670 2 300001
	plain_card "$DOCK/plain/$i" 2 200001
	plug_mtp A1 "$DOCK/signed/$i" S670 "${ways[i]}"
	plug_mtp A2 "$DOCK/plain/$i" S671 "${ways[i]}"
	stack wait >/dev/null
	await_dock "[$(slot A1), $(slot A2)] == [\"safe\", \"safe\"]"
	stack undock A1
	stack undock A2
	await_dock "[$(slot A1), $(slot A2)] == [\"empty\", \"empty\"]"
done
await_dock '.backlog == 0'
expect_segments REC-000670 "$DOCK/signed"
expect_segments REC-000671 "$DOCK/plain"
[ "$(sql "SELECT count(*) FROM segment WHERE recorder = 'REC-000670'
	AND assurance <> 'signed_by_recorder'")" = 0 ] || fail "a signature was lost on the way"
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'unreadable_file'")" = 0 ] ||
	fail "files could not be read"
ok "${#ways[@]} ways to read: signed and unsigned recordings are whole"

# ------ unplugged in the middle of a large file ------

enroll REC-000672 S672
mkdir -p "$DOCK/large"
head -c 40000001 /dev/urandom >"$DOCK/large/LARGE.mp4"
plug_mtp A3 "$DOCK/large" S672 "unplug-at=30000000"
await_dock "[$(slot A3)] == [\"empty\"]"
plug_mtp A3 "$DOCK/large" S672
stack wait >/dev/null
expect_segments REC-000672 "$DOCK/large"
kept=$(sed -n 's/.*LARGE.mp4: \([0-9]*\) of 40000001 bytes are there.*/\1/p' "$DOCK/stack/log/dockd")
[ "${kept:-0}" -gt 20000000 ] || fail "read again from the beginning: ${kept:-nothing} was kept"
stack undock A3
ok "interrupted at 30000000 bytes, it went on at $kept"

# ------ what it gets wrong ------

faults=("wrong-tid=1" "wrong-phase=1" "dataset-cut=20" "array-bomb=1" "string-open=1"
	"container-length=12" "store-removed-at=100000" "size-changes=1" "handle-gone=3")
enroll REC-000673 S673
plain_card "$DOCK/wrong" 2 200001
for fault in "${faults[@]}"; do
	before=$(sql "SELECT count(*) FROM finding WHERE recorder = 'REC-000673'")
	plug_mtp A4 "$DOCK/wrong" S673 "$fault"
	stack wait --timeout 120 >/dev/null
	await_dock '.backlog == 0'
	state=$(vaultctl dock list --json | jq -r "$(slot A4)")
	after=$(sql "SELECT count(*) FROM finding WHERE recorder = 'REC-000673'")
	[ "$state" = safe ] || [ "$after" -gt "$before" ] || fail "$fault: $state without a finding"
	echo "$fault: $state, $((after - before)) findings"
	stack undock A4 2>/dev/null || true
	await_dock "[$(slot A4)] == [\"empty\"]"
done
plug_mtp A4 "$DOCK/wrong" S673
stack wait >/dev/null
await_dock "[$(slot A4)] == [\"safe\"]"
expect_settled
dock_finish
ok "${#faults[@]} faults: each ended, and the next docking worked"
