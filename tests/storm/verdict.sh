# What has to be so after a storm, whatever it was like.
#
#   storm_verdict	fails with a sentence, or says nothing
#
# shellcheck shell=bash

of_storm() { echo "recorder IN ($(printf "'%s'," "${ids[@]}" | sed 's/,$//'))"; }

# In peace each recorder was taken in, and the stranger was not.
expect_peace() {
	local n want state
	for n in "${!ids[@]}"; do
		want=safe
		[[ ${ids[n]} != STRANGER* ]] || want=refused
		state=$(jq -r ".slots[$n].state" "$cards/peace")
		[ "$state" = $want ] || fail "${ids[n]} in A$((n + 1)) ended $state: $(jq -c ".slots[$n]" "$cards/peace")"
	done
}

# Each file once, with its bytes; beside it no more than what a docking with a fault left of it, of
# which the catalog says that something is missing.
expect_segments_once() {
	sql "SELECT recorder, blob FROM segment_list WHERE $(of_storm) AND holes = 0" |
		tr '|' ' ' | sort >"$cards/whole"
	sql "SELECT recorder, blob FROM segment_list WHERE $(of_storm)" |
		tr '|' ' ' | sort >"$cards/found"
	sort -o "$cards/segments" "$cards/segments"
	[ -z "$(comm -23 "$cards/segments" "$cards/found")" ] ||
		{ comm -3 "$cards/segments" "$cards/found"; fail "a file is not stored"; }
	[ -z "$(comm -13 "$cards/segments" "$cards/whole")" ] ||
		{ comm -3 "$cards/segments" "$cards/whole"; fail "stored twice, or with other bytes"; }
}

expect_findings() {
	sql "SELECT recorder, code FROM finding WHERE $(of_storm)" | tr '|' ' ' | sort >"$cards/judged"
	sort -o "$cards/findings" "$cards/findings"
	[ -z "$(comm -23 "$cards/findings" "$cards/judged")" ] ||
		{ comm -3 "$cards/findings" "$cards/judged"; fail "a finding is missing"; }
	comm -13 "$cards/findings" "$cards/judged" | grep -vxFf "$cards/allowed" >"$cards/more" || true
	[ ! -s "$cards/more" ] || {
		cat "$cards/more"
		sql "SELECT recorder, code, detail FROM finding WHERE $(of_storm)"
		fail "findings of nothing"
	}
	[ "$(sql "SELECT count(DISTINCT detail->'usb'->>'serial') FROM finding WHERE code = 'unknown_recorder'")" -le $strangers ] ||
		fail "a recorder that is enrolled was taken for a stranger"
}

# All is stored: what interrupted puts left was taken up.  Without the database a file that is stored
# is read again, and what that leaves when it is interrupted stays until it is swept.
expect_no_partials() {
	local left
	[ $outages -eq 0 ] || return 0
	left=$(ls -A "$DOCK/stack/vault/partial" 2>/dev/null || true)
	[ -z "$left" ] || fail "partials are left: $left"
}

storm_verdict() {
	expect_peace
	expect_segments_once
	expect_findings
	expect_settled $([ $killed -eq 0 ] || echo strays)
	expect_seals_chain
	expect_no_partials
	! grep -nE 'Sanitizer|runtime error|BUG|left open' "$DOCK/stack/log/dockd" ||
		fail "dockd was not in order"
}

# Each seal names the one before, and none is used twice; the signatures are checked at the end.
expect_seals_chain() {
	[ "$(sql "SELECT count(*) - count(DISTINCT seal_dseq) FROM segment WHERE seal_dseq IS NOT NULL")" = 0 ] ||
		fail "a dseq of the dock's seals was used twice"
}
