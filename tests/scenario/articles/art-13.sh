# Art. 13: before use: battery, room, clock, faults.  Looked at when a recorder is docked and when it is taken out.
# shellcheck shell=bash
art_13_begin() {
	local r
	shoot V-13 019001 $((t0 - 9000)) $((t0 - 8900))
	shoot C-13 019001 $((t0 - 9000)) $((t0 - 8900))
	for r in V-13 C-13 V-13-fault; do entered "$r"; done
	docked_mtp V-13 "battery=15,clock-offset=400,free=1000000"
	docked_mtp C-13 "battery=95,free=40000000000"
	"$BUILD/mkcard" "$DOCK/garbage.img" --size 40M --sin boot-garbage >/dev/null
	card=$DOCK/garbage.img docked V-13-fault
}
art_13_docked() {
	local slot
	for slot in $(sql "SELECT slot FROM dock_session WHERE recorder IN ('V-13', 'C-13')"); do
		stack undock "$slot"
		await_dock "$(slot "$slot") == \"empty\" and .backlog == 0"
	done
}
art_13_end() {
	is "empty, full, and its clock 400 seconds ahead" "$(sql "SELECT string_agg(concat_ws(' ', code, severity, detail ->> 'phase'), ', '
		ORDER BY code, detail ->> 'phase') FROM finding WHERE recorder = 'V-13'")" \
		"battery_low warning dock, battery_low warning undock, clock_drift violation dock, storage_low warning undock"
	is "its clock was set" "$(sql "SELECT bool_or(clock_set) FROM dock_check WHERE recorder = 'V-13'")" t
	is "ready for use" "$(of_recorder C-13)" "-"
	is "a card that cannot be read" "$(of_recorder V-13-fault)" "13 device_fault warning"
	expect_report "13 battery_low warning 2" "13 clock_drift violation 1" "13 storage_low warning 1" "13 device_fault warning 1"
}
