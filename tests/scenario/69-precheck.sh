#!/bin/bash
# Goal: the check before use: at the dock battery and clock are looked at, the clock is set where the
# recorder's model says so, and when it is taken away storage and battery are judged.  A recorder in
# mass storage says nothing of its battery and is not accused of it.  Who is out for more than a day
# is found.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
cat >"$DOCK/stack/recorders.d/checked.conf" <<'CONF'
model "checked" {
	serial = "S69*"
	class = "mtp"
	clock_set = true
	megabytes_per_hour = 3600
}
CONF
restart_dockd 15
is() { [ "$2" = "$3" ] || { vaultctl recorder checks || true; fail "$1: '$2', not '$3'"; }; }
leave() {
	stack undock "$1"
	await_dock "$(slot "$1") == \"empty\" and .backlog == 0"
}
of() { echo "FROM finding_list WHERE recorder = '$1'"; }
vaultctl recorder enroll REC-000691 --usb 1209:5a01:S691 --officer 019001 --reason "scenario" >/dev/null
enroll REC-000692 S692
enroll REC-000693 X693
plain_card "$DOCK/mtp" 1 100001
plain_card "$DOCK/disk" 1 100001

# ------ low, wrong, small: found when each counts ------

plug_mtp A1 "$DOCK/mtp" S691 "battery=15,clock-offset=400,free=1000000"
plug A2 "$DOCK/disk" X693
stack wait >/dev/null
await_dock "[$(slot A1), $(slot A2)] == [\"safe\", \"safe\"] and .backlog == 0"
is "at the dock" "$(sql "SELECT string_agg(code || ' ' || article || ' ' || severity, ', ' ORDER BY code)
	$(of REC-000691)")" "battery_low 13 warning, clock_drift 13 violation"
is "how far off" "$(sql "SELECT (detail ->> 'offset_ms')::bigint BETWEEN 398000 AND 402000
	AND (detail ->> 'uncertainty_ms')::bigint BETWEEN 0 AND 2000
	$(of REC-000691) AND code = 'clock_drift'")" t
is "the clock was set" "$(sql "SELECT phase, clock_set, abs(clock_offset_ms) < 2000
	FROM dock_check WHERE recorder = 'REC-000691' ORDER BY checked_at" | tr '\n' ' ')" \
	"dock|f|f ready|t|t "
leave A1
is "when it goes" "$(sql "SELECT code || ' ' || article || ' ' || (detail ->> 'phase') $(of REC-000691)
	AND detail ->> 'phase' = 'undock' ORDER BY 1" | tr '\n' ',')" \
	"battery_low 13 undock,storage_low 13 undock,"
is "its checks" "$(vaultctl recorder checks REC-000691 --json | jq -r '[.[].phase] | sort | join(" ")')" \
	"dock ready undock"
ok "battery, clock and storage are judged at the dock and when it goes; the clock is set"

# ------ nothing is made up ------

leave A2
is "a recorder in mass storage" "$(sql "SELECT count(*) $(of REC-000693)")" 0
is "its battery and clock" "$(sql "SELECT count(*), count(battery), count(clock_offset_ms), count(free)
	FROM dock_check WHERE recorder = 'REC-000693'")" "3|0|0|3"

# ------ a clock that may not be set, one that is well ------

plug_mtp A3 "$DOCK/mtp" S692 "clock-offset=-90,no-clock-set=1,battery=90"
stack wait >/dev/null
await_dock "$(slot A3) == \"safe\" and .backlog == 0"
is "found once, though it stays" "$(sql "SELECT string_agg(code || ' ' || severity, ', ') $(of REC-000692)
	AND code = 'clock_drift'")" "clock_drift warning"
is "not set" "$(sql "SELECT bool_or(clock_set) FROM dock_check WHERE recorder = 'REC-000692'")" f
stack undock A3
await_dock "$(slot A3) == \"empty\" and .backlog == 0"
plug_mtp A3 "$DOCK/mtp" S692 "battery=90,free=40000000000"
stack wait >/dev/null
await_dock "$(slot A3) == \"safe\" and .backlog == 0"
before=$(sql "SELECT count(*) $(of REC-000692)")
leave A3
is "a recorder that is well" "$(sql "SELECT count(*) $(of REC-000692)")" "$before"
ok "a clock that cannot be set stays found; what is well is left in peace"

# ------ who stays away ------

is "not yet" "$(sql "SELECT sweep_not_docked()")" 0
# Nobody may change what is recorded, so the guards stand aside for the test.
sql "ALTER TABLE dock_check DISABLE TRIGGER USER" >/dev/null
sql "UPDATE dock_check SET checked_at = checked_at - interval '25 hours' WHERE phase = 'undock'" >/dev/null
sql "ALTER TABLE dock_check ENABLE TRIGGER USER" >/dev/null
# What follows is made anew, and found in the same transaction, or alertd would be first.
is "after 25 hours" "$(sql "SELECT sweep_not_docked() FROM deadlines_rebuild()")" 1
is "once" "$(sql "SELECT sweep_not_docked()")" 0
is "by whose officer" "$(sql "SELECT article || ' ' || (detail ->> 'officer')
	$(of REC-000691) AND code = 'not_docked'")" "32 019001"
expect_settled
dock_finish
ok "out for more than a day: found, once"
