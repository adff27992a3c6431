# The main job: signed cards, one of them altered, and a stranger's.
#
# shellcheck shell=bash disable=SC2154

make_main() {
	segments clean REC-000201 44444444-0000-4000-8000-000000000001 4
	card clean 96M -F 32 -n CLEAN

	segments altered REC-000202 44444444-0000-4000-8000-000000000002 3
	printf 'X' | dd of="$dir/altered/DCIM/执法100/DCAM_000001.mp4" bs=1 seek=1000000 \
		conv=notrunc status=none
	card altered 96M -F 32 -n ALTERED
	mcopy -i "$dir/altered.img" "$dir/altered/DCIM/执法100/DCAM_000000.mp4" \
		::/DCIM/执法100/PRIVATE.MP4
	mdel -i "$dir/altered.img" ::/DCIM/执法100/PRIVATE.MP4

	files stranger DCIM/MOV00001.MP4:30000000
	card stranger 96M -F 32 -n STRANGER
	unwritten+=(clean altered stranger)
}

report() {
	local status=0
	vaultctl report integrity --format json || status=$?
	[ $status -le 1 ] || fail "no report"
}

# Bytes that were read from a device, by whomever.
bytes_read() {
	usbvm-qmp query-blockstats |
		jq -r --arg node "n-$1-0" '.return[] | select(."node-name" == $node) | .stats.rd_bytes'
}

run_main() {
	local expect found what recorder blob path name n=0
	vaultctl recorder enroll REC-000201 --usb 46f4:0001:SN000201 --key "$dir/clean.pub" \
		--officer 019123 --unit QH-SC01 --reason "check-vm" >/dev/null
	vaultctl recorder enroll REC-000202 --usb 46f4:0001:SN000202 --key "$dir/altered.pub" \
		--officer 019124 --unit QH-SC01 --reason "check-vm" >/dev/null

	plug A1 storage clean SN000201
	plug A2 storage altered SN000202
	plug A3 storage stranger SN000299
	await_states A1 safe A2 safe A3 refused
	[ "$(bytes_read stranger)" -lt 3000000 ] || fail "the stranger was read: $(bytes_read stranger) bytes"
	ok "two are safe to remove, the stranger is refused, unread"

	report >/tmp/report.json
	jq -e '.totals.segments == 7 and .totals.recordings == 2' /tmp/report.json >/dev/null ||
		{ jq .totals /tmp/report.json; fail "not everything came in"; }
	expect='REC-000202 checksum_mismatch
REC-000202 deleted_on_recorder
null unknown_recorder'
	found=$(jq -r '.findings[] | "\(.recorder) \(.code)"' /tmp/report.json | sort)
	[ "$found" = "$expect" ] || { jq .findings /tmp/report.json; fail "findings: $found"; }
	ok "the report has what is wrong with the cards, and nothing else"

	vaultctl verify vault >/dev/null || fail "the vault"
	vaultctl recording list --json | jq -r '.[] | "\(.recorder)/\(.recording)"' |
	while read -r recording; do
		vaultctl recording show "$recording" --json |
			jq -r '.[0].segment_list[] | "\(.recorder) \(.blob) \(.path)"'
	done >/tmp/segments
	while read -r recorder blob path; do
		case $recorder in REC-000201) name=clean ;; *) name=altered ;; esac
		[ "$(b2sum -l 256 <"$dir/$name/${path#/}" | cut -d' ' -f1)" = "$blob" ] ||
			fail "$path of $recorder is not what is on the card"
		n=$((n + 1))
	done </tmp/segments
	[ $n -eq 7 ] || fail "$n segments of 7"
	ok "every stored segment is, byte for byte, the file on the card"

	# Out, and in again: known, nothing doubled.
	for name in clean altered stranger; do usbvm-unplug "$name"; done
	await_states A1 empty A2 empty A3 empty
	ok "unplugged, the slots are empty"
	plug A2 storage clean SN000201
	await_states A2 safe
	report >/tmp/again.json
	for what in '.totals.segments, .totals.recordings, .totals.bytes' '[.findings[] | [.id, .code, .recorder]] | sort'; do
		[ "$(jq -c "$what" /tmp/report.json)" = "$(jq -c "$what" /tmp/again.json)" ] ||
			fail "docking twice changed $what: $(jq -c "$what" /tmp/again.json)"
	done
	ok "docked again, on another port, nothing is doubled"
	out clean A2
}
