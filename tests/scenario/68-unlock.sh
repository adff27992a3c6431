#!/bin/bash
# Goal: recorders that are locked until their maker's command came are unlocked by a block of
# recorders.d, by SCSI and by MTP: one session over both arrivals, recorded as `unlocked`, and the
# files are in; docked again they are unlocked again.  One that never comes back says so, and its
# slot is free for the next; one that nobody enrolled is refused unread.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin

cat >"$DOCK/stack/recorders.d/locked.conf" <<'CONF'
model "locked-disk" {
	vid = "1209"
	pid = "5a00"
	class = "storage"
	unlock_scsi = "d0 11 22 33 00 00"
	wait_ms = 2000
}
model "locked-mtp" {
	vid = "1209"
	pid = "5a00"
	class = "mtp"
	unlock_mtp = "9F01"
	unlock_params = "5"
	wait_ms = 2000
}
CONF
restart_dockd 15
disk=scsi:d01122330000 mtp=mtp:9F01:5
enroll REC-000681 S681
enroll REC-000682 S682

is() { [ "$2" = "$3" ] || { vaultctl dock list; fail "$1: '$2', not '$3'"; }; }
leave() {
	stack undock "$1" 2>/dev/null || true
	await_dock "$(slot "$1") == \"empty\""
}
note() { vaultctl dock list --json | jq -r ".slots[] | select(.slot == \"$1\") | .note"; }

# ------ by SCSI and by MTP, twice ------

plain_card "$DOCK/disk" 2 200001
plain_card "$DOCK/mtp" 2 200001
for round in 1 2; do
	plug_locked A1 $disk "$DOCK/disk" S681
	plug_locked A2 $mtp "$DOCK/mtp" S682 --mtp
	stack wait >/dev/null
	await_dock "[$(slot A1), $(slot A2)] == [\"safe\", \"safe\"] and .backlog == 0"
	is "sessions after docking $round" "$(sql "SELECT count(*) FROM dock_session")" $((2 * round))
	is "of them unlocked" "$(sql "SELECT count(*) FROM dock_unlock")" $((2 * round))
	leave A1
	leave A2
done
expect_segments REC-000681 "$DOCK/disk"
expect_segments REC-000682 "$DOCK/mtp"
is "which blocks" "$(sql "SELECT string_agg(DISTINCT model, ' ' ORDER BY model) FROM dock_unlock")" \
	"locked-disk locked-mtp"
is "what they were" "$(sql "SELECT DISTINCT to_hex(vid), to_hex(pid), serial FROM dock_unlock")" "1209|5a00|"
is "what they are" "$(sql "SELECT count(*) FROM dock_session WHERE pid = 23041
	AND recorder IS NOT NULL")" 4
is "findings" "$(sql "SELECT count(*) FROM finding")" 0
ok "unlocked by SCSI and by MTP, at each docking anew, one session each"

# ------ one that never comes back, of its own or by a hand ------

plug_locked A3 $disk "$DOCK/disk" S681 --fault unlock-fails=1
await_dock "$(slot A3) == \"fault\""
[[ $(note A3) == *"did not come back within 2 s"* ]] || fail "the slot says: $(note A3)"
plug_locked A4 $disk "$DOCK/disk" S681
grep -q "slot A4: 1209:5a00 is a locked" < <(timeout 10 tail -n +1 -f "$DOCK/stack/log/dockd") ||
	fail "A4 was not told to unlock"
stack undock A4
await_dock "$(slot A4) | IN(\"fault\", \"empty\")"
[ "$(vaultctl dock list --json | jq -r "$(slot A4)")" = empty ] ||
	[[ $(note A4) == *"did not come back within 2 s"* ]] || fail "A4 says: $(note A4)"
# Their slots take what comes next.
stack undock A3 2>/dev/null || true
plug_locked A3 $disk "$DOCK/disk" S681
await_dock "$(slot A3) == \"safe\""
leave A3
plug A4 "$DOCK/mtp" S682
await_dock "$(slot A4) == \"safe\""
leave A4
ok "what does not come back is told, and its slot takes the next"

# ------ the wrong command, and a stranger ------

plug_locked A5 scsi:d0ffffff0000 "$DOCK/disk" S681
await_dock "$(slot A5) == \"fault\""
leave A5
plug_locked A6 $disk "$DOCK/disk" STRANGER
await_dock "$(slot A6) == \"refused\" and .backlog == 0"
is "of the stranger" "$(sql "SELECT count(*) FROM segment WHERE recorder NOT IN ('REC-000681', 'REC-000682')")" 0
is "the stranger's session" "$(sql "SELECT serial FROM dock_session s JOIN dock_session_end e USING (session)
	WHERE e.outcome = 'refused'")" STRANGER
leave A6
expect_settled
dock_finish
ok "another command unlocks nothing; a stranger is unlocked, and not read"
