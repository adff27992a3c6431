# Art. 32: the file is archived within 30 days of the act's end; what was recorded is stored within 24 hours, and nobody keeps it.
# shellcheck shell=bash
art_32_begin() {
	local c
	for c in V-32 C-32 C-32-open; do
		ago='1 hour' opened "$c" '{"kind": "inspection"}'
		[ "$c" = C-32-open ] || happened wang "$c" concluded "{\"at\": \"$(moment "$t0")\"}"
	done
	is "owed" "$(owed V-32) / $(owed C-32-open)" "archive_overdue 20 days 30 days / -"
	shoot V-32-late 019001 $((t0 - 95000)) $((t0 - 94000)) 2
	shoot C-32-late 019001 $((t0 - 80000)) $((t0 - 79000)) 2
	shoot C-32-dock 019003 $((t0 - 80000)) $((t0 - 79000))
	for c in V-32-late C-32-late C-32-dock V-32-dock; do entered "$c"; done
	for c in V-32-late C-32-late; do docked "$c"; done
	for c in V-32-dock C-32-dock; do v recorder issue "$c" --officer 019003 --reason scenario >/dev/null; done
	docked C-32-dock
}
art_32_docked() {
	is "in its dock, and not" "$(owed C-32-dock) / $(owed V-32-dock)" "- / not_docked 18:00:00 1 day"
}
art_32_after() {
	case $1 in
	18h)	is "after 18 hours" "$(of_recorder V-32-dock)" "32 dock_due notice" ;;
	24h)	is "after 24 hours" "$(of_recorder V-32-dock)" "32 dock_due notice, 32 not_docked violation" ;;
	7d)	as wang case archive C-32 >"$DOCK/out" 2>&1 || { cat "$DOCK/out"; fail "Art. 32: it is not archived"; }
		as wang case verify C-32 >"$DOCK/out" || { cat "$DOCK/out"; fail "Art. 32: its index"; } ;;
	20d)	is "after 20 days" "$(of_case V-32)" "32 archive_due notice" ;;
	esac
}
art_32_end() {
	is "not archived" "$(of_case V-32)" "32 archive_due notice, 32 archive_overdue violation"
	is "at its moment" "$(sql "SELECT string_agg((f.at - e.at)::text, ' ' ORDER BY f.at) FROM finding f JOIN case_event e USING (\"case\")
		WHERE f.\"case\" = 'V-32' AND e.kind = 'concluded'")" "20 days 30 days"
	is "archived, and not at its end" "$(of_case C-32) $(of_case C-32-open)" "- -"
	is "stored late" "$(of_recorder V-32-late)" "32 late_upload violation"
	is "stored in time" "$(of_recorder C-32-late)" "-"
	is "not docked" "$(of_recorder V-32-dock)" "32 dock_due notice, 32 not_docked violation"
	is "whose it is" "$(sql "SELECT DISTINCT officer FROM finding WHERE recorder = 'V-32-dock'")" 019003
	is "docked" "$(of_recorder C-32-dock)" "-"
	expect_report "32 archive_due notice 1" "32 archive_overdue violation 1" "32 late_upload violation 1" "32 dock_due notice 1" \
		"32 not_docked violation 1"
}
