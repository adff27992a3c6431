# Art. 33: kept whole, and nobody changes an original: by no login of the database, and what is done behind its back is found.  That each
# reading is an act of the log is here too; discs are in 87-package; that what leaves takes an approval is in art-36, and in art-35 that it is
# found otherwise.
# shellcheck shell=bash
art_33_begin() {
	shoot C-33 019001 $((t0 - 7200)) $((t0 - 7100))
	shoot V-33 019001 $((t0 - 7200)) $((t0 - 7100))
	entered C-33
	entered V-33
	docked C-33
	docked V-33
}
art_33_end() {
	local login code=0 file object
	for login in dv_admin dv_supervisor dv_ingest wang sun; do
		refused 1 "permission denied" call "$login" "UPDATE segment SET officer = 'x'"
		refused 1 "permission denied" call "$login" "DELETE FROM segment"
	done
	object=$(sql "SELECT segment FROM segment WHERE recorder = 'C-33'")
	as sun verify "$object" >"$DOCK/out" || { cat "$DOCK/out"; fail "Art. 33: whole, and said not to be"; }
	file=$(blob_path "$(sql "SELECT encode(blob, 'hex') FROM segment WHERE recorder = 'V-33'")")
	chmod u+w "$file"
	printf X | dd of="$file" bs=1 seek=100 conv=notrunc status=none
	v verify log >"$DOCK/out" 2>&1 || code=$?
	[ "$code" = 3 ] || { cat "$DOCK/out"; fail "Art. 33: changed, and the log says $code"; }
	is "what was changed" "$(found "f.code LIKE 'blob%' OR f.code LIKE 'custody%'") $(sql "SELECT string_agg(subject, ' ') FROM finding
		WHERE code LIKE 'blob%'")" "35 blob_changed violation $(basename "$file")"
	refused 3 "" as sun verify "$(sql "SELECT segment FROM segment WHERE recorder = 'V-33'")"
	object=$(sql "SELECT recorder || '/' || recording FROM recording WHERE recorder = 'C-33'")
	as sun recording show "$object" >/dev/null
	is "who looked" "$(sql "SELECT string_agg(by, ' ') FROM act WHERE kind = 'view' AND '{recording:$object}' && objects::text[]")" sun
	is "of the recorders" "$(of_recorder C-33) $(of_recorder V-33)" "- -"
	# The vault is no unit's.
	expect_report ""
}
