# Art. 12: recorded from start to end, without a break, and the party was told.  Of what happens inside a recording a gap and a missing end
# are here; what is replayed, inserted or in another order is in 80-evidence and in tests/unit/check_chain.c.
# shellcheck shell=bash
declare -A art_12
art_12_begin() {
	local n=18
	for c in V-12-short C-12 V-12-untold; do ago='24 hours' opened "$c"; done
	art_12[short]=$(av_action V-12-short inspection $n)
	shoot REC-AV 019001 $(($(av $n) - 90)) $(($(av $n) + 480))
	art_12[whole]=$(av_action C-12 inspection $((n + 1)))
	recorded $((n + 1))
	art_12[untold]=$(av_action V-12-untold inspection $((n + 2)) '{"av_notice": false}')
	recorded $((n + 2))
	# Three recorders: a segment that is missing, a recording that has no end, and one that is as it should be.
	shoot V-12-gap 019001 $((t0 - 7200)) $((t0 - 6600)) 4
	rm "$DOCK/V-12-gap/SEG_000001".*
	shoot V-12-end 019001 $((t0 - 7200)) $((t0 - 6600)) 4
	rm "$DOCK/V-12-end/SEG_000003".*
	shoot C-12-rec 019001 $((t0 - 7200)) $((t0 - 6600)) 4
	for c in V-12-gap V-12-end C-12-rec; do
		entered "$c"
		docked "$c"
	done
}
art_12_docked() {
	for c in V-12-short C-12 V-12-untold; do linked "$c"; done
}
art_12_end() {
	is "two minutes short" "$(of_case V-12-short), $(verdict "${art_12[short]}")" "12 coverage_short violation, mandatory short"
	is "which two" "$(sql "SELECT string_agg(h ->> 'class' || ' ' || round(extract(epoch FROM (h ->> 'to')::timestamptz - (h ->> 'from')::timestamptz) / 10),
		', ') FROM coverage_list, jsonb_array_elements(holes) h WHERE action = '${art_12[short]}' AND h ->> 'grade' = 'finding'")" "unexplained 12"
	is "recorded, and the party was not told" "$(of_case V-12-untold), $(verdict "${art_12[untold]}")" "12 av_notice_missing warning, mandatory covered"
	is "from start to end, and told" "$(of_case C-12), $(verdict "${art_12[whole]}")" "-, mandatory covered"
	is "a segment is missing" "$(of_recorder V-12-gap)" "12 gap violation"
	is "no end" "$(of_recorder V-12-end)" "12 unfinished violation"
	is "nothing is missing" "$(of_recorder C-12-rec)" "-"
	expect_av ""
	expect_rows "av_notice fact 16: 12 av_notice_missing warning"
	expect_report "12 av_notice_missing warning 17" "12 coverage_short violation 1" "12 gap violation 1" "12 unfinished violation 1"
}
