# Art. 35: what is forbidden.  (1) not recording is with Art. 11 and 12; (2) changing; (3) copying off: what a card shows of it is here and in
# 71-card-past; reading beyond one's grant, and an export that nobody approved, are here; (4) recording what has nothing to do with enforcement; (5) damage.
# shellcheck shell=bash
declare -A art_35
art_35_begin() {
	local r
	shoot V-35-cut 019001 $((t0 - 7200)) $((t0 - 6600)) 3
	printf 'XX' | dd of="$DOCK/V-35-cut/SEG_000001.mp4" bs=1 seek=500 conv=notrunc status=none
	touch -d "@$((t0 - 6700))" "$DOCK/V-35-cut/SEG_000001.mp4"
	shoot V-35-key 019001 $((t0 - 7200)) $((t0 - 6600))
	rm "$DOCK/V-35-key.sec" "$DOCK/V-35-key.pub"
	new_key V-35-key	# another than it signed with
	shoot C-35 019001 $((t0 - 7200)) $((t0 - 6600)) 3
	for r in 1 2 3; do	# numbered as common recorders do; somebody chose one and deleted it
		mkdir -p "$DOCK/V-35-deleted/DCIM"
		head -c 9000001 /dev/urandom >"$DOCK/V-35-deleted/DCIM/MOV_000$r.mp4"
		touch -d "@$((t0 - 7200 + r * 600))" "$DOCK/V-35-deleted/DCIM/MOV_000$r.mp4"
	done
	"$BUILD/mkcard" "$DOCK/deleted.img" --size 256M --dir "$DOCK/V-35-deleted" --delete /DCIM/MOV_0002.mp4 >/dev/null
	for r in linked unlinked training private covered; do
		shoot REC-35 019001 $((t0 - 6000)) $((t0 - 5900))
		art_35[$r]=REC-35/$rec
	done
	for r in V-35-cut V-35-key C-35 V-35-deleted REC-35 V-35-broken; do entered "$r"; done
	for r in V-35-cut V-35-key C-35 REC-35; do docked "$r"; done
	card=$DOCK/deleted.img docked V-35-deleted
	ago='24 hours' opened C-35
}
art_35_docked() {
	local action r
	action=$(took_place C-35 application $((t0 - 6000)) $((t0 - 5900)))
	as wang link add "$action" --recording "${art_35[linked]}" --reason scenario >/dev/null
	as sun recording review "${art_35[training]}" --verdict no_case --reason "a lesson" >/dev/null
	as sun recording review "${art_35[private]}" --verdict unrelated --reason "a party" >/dev/null
	refused 2 "already" as sun recording review "${art_35[private]}" --verdict unrelated --reason "a party"
	as sun recording review "${art_35[covered]}" --verdict no_case --reason "a lesson" >/dev/null
	as sun class set "recording:${art_35[covered]}" trade_secret --reason "a formula" >/dev/null
	as qian grant give sun "recording:${art_35[covered]}" --until "$(TZ=Asia/Shanghai date -d "@$((t0 + 86400))" +%F)" --reason "to review it" >/dev/null
	as sun recording show "${art_35[covered]}" >/dev/null
	refused 4 "beyond what you may read" as zhang recording show "${art_35[covered]}"
	refused 4 "beyond what you may read" as zhang recording show "${art_35[covered]}"
	refused 4 "takes the role" as zhang recorder damaged V-35-broken --reason "thrown at a wall"
	as wang recorder damaged V-35-broken --reason "thrown at a wall" >/dev/null
	is "owed" "$(owed "${art_35[unlinked]}") / $(owed "${art_35[linked]}")$(owed "${art_35[training]}")$(owed "${art_35[private]}")" \
		"unlinked_recording 20 days 30 days / ---"
}
art_35_after() {
	[ "$1" = 20d ] || return 0
	is "after 20 days" "$(of_subject "${art_35[unlinked]}")" "35 unlinked_due notice"
}
art_35_end() {
	local object
	object=$(sql "SELECT segment FROM segment WHERE recorder = 'C-35' LIMIT 1")
	refused 4 "supervis" as wang export "$object" "$DOCK/taken" --reason "asked for by a friend"
	[ ! -e "$DOCK/taken" ] || fail "Art. 35: it was exported all the same"
	as sun export "$object" "$DOCK/taken" --reason "asked for by a friend" >/dev/null 2>&1
	is "(3) an export that nobody approved" "$(found "f.code = 'unapproved_export' AND f.detail -> 'objects' @> '[\"segment:$object\"]'")" \
		"35 unapproved_export violation"
	is "(2) altered" "$(of_recorder V-35-cut)" "35 checksum_mismatch violation"
	is "(2) signed by another key" "$(of_recorder V-35-key)" "35 key_unknown violation"
	is "(2) chosen and deleted" "$(of_recorder V-35-deleted)" "35 deleted_on_recorder violation"
	is "(2) untouched" "$(of_recorder C-35)" "-"
	is "(3) read beyond one's grant" "$(found "f.subject = '${art_35[covered]}' AND f.officer = '019001'")" "35 read_outside_grant violation"
	is "(3) and with leave" "$(of_subject "${art_35[covered]}")" "35 read_outside_grant violation"
	is "(4) not linked" "$(of_subject "${art_35[unlinked]}")" "35 unlinked_due notice, 35 unlinked_recording violation"
	is "(4) a party" "$(of_subject "${art_35[private]}")" "35 unrelated_recording violation"
	is "(4) a lesson" "$(of_subject "${art_35[training]}")" "-"
	is "(4) of a case" "$(of_subject "${art_35[linked]}")" "-"
	is "(5) broken" "$(of_recorder V-35-broken)" "35 device_damaged violation"
	expect_report "35 checksum_mismatch violation 1" "35 key_unknown violation 1" "35 deleted_on_recorder violation 1" "35 unlinked_due notice 1" \
		"35 unlinked_recording violation 1" "35 unrelated_recording violation 1" "35 device_damaged violation 1"
}
