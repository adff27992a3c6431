# Art. 38: what was found is answered: acknowledged, explained, reviewed by another person, closed or reopened; a gap is excused by a document
# alone; what nobody answers is the head's.
# shellcheck shell=bash
declare -A art_38
art_38_begin() {
	local c
	for c in V-38 C-38 V-38-again C-38-excused; do
		ago='24 hours' opened "$c"
		took_place "$c" questioning $((t0 - 3600)) $((t0 - 3000)) '{"officers": [{"officer": "019001", "certificate": "C-1", "shown": true}]}' >/dev/null
		art_38[$c]=$(sql "SELECT finding FROM finding WHERE \"case\" = '$c'")
		is "$c" "$(of_case "$c")" "8 officers_insufficient violation"
	done
	is "owed" "$(sql "SELECT string_agg(DISTINCT code || ' ' || due_at - since, ' ') FROM deadline_list WHERE unit = 'U-38'")" \
		"rectification_overdue 3 days"
	refused 2 "acknowledged first" as wang finding explain "${art_38[C-38]}" --because forgotten --reason scenario
	refused 2 "there is none" as o34 finding ack "${art_38[C-38]}"
	for c in C-38 V-38-again C-38-excused; do as wang finding ack "${art_38[$c]}" >/dev/null; done
	refused 2 "explained first" as sun finding review "${art_38[C-38]}" --verdict closed --reason scenario
	as wang finding explain "${art_38[C-38]}" "${art_38[V-38-again]}" --because forgotten --reason "the other was left out" >/dev/null
	as wang finding explain "${art_38[C-38-excused]}" --because battery --reason "empty" >/dev/null
}
art_38_after() {
	local d f
	case $1 in
	18h)	refused 4 "takes the role supervisor" as wang finding review "${art_38[C-38]}" --verdict closed --reason scenario
		as sun finding review "${art_38[C-38]}" --verdict closed --reason "so it was" >/dev/null
		as sun finding review "${art_38[V-38-again]}" --verdict reopened --reason "who was it?" >/dev/null
		f=${art_38[C-38-excused]}
		refused 2 "takes a document" as sun finding review "$f" --verdict excused --reason scenario
		as sun finding review "$f" --verdict reopened --reason "show it" >/dev/null
		as wang finding ack "$f" >/dev/null
		refused 2 "neither a document nor imported" as wang finding explain "$f" --because battery --reason empty \
			--attach 00000000-0000-4000-8000-000000000000
		d=$(made as wang document add C-38-excused --kind other_evidence_record --title "报修单" --kept-where "三楼" --reason scenario)
		as wang finding explain "$f" --because battery --reason empty --attach "$d" >/dev/null
		as sun finding review "$f" --verdict excused --reason "a broken battery" >/dev/null ;;
	7d)	is "nobody answered" "$(of_subject "${art_38[V-38]}")" "38 rectification_overdue violation"
		# To another, and back: the head is told once a deadline, and of nothing that is about that.
		call sun "SELECT finding_assign(ARRAY['${art_38[V-38]}'::uuid], 'zhang', now() + interval '2 days', 'scenario')" >/dev/null
		is "nobody answered again" "$(of_subject "${art_38[V-38-again]}")" "38 rectification_overdue violation"
		f=${art_38[V-38-again]}
		as wang finding ack "$f" >/dev/null
		as wang finding explain "$f" --because corrected --reason "Li was there, too" >/dev/null
		as sun finding review "$f" --verdict closed --reason "so it was" >/dev/null ;;
	20d)	call sun "SELECT finding_assign(ARRAY['${art_38[V-38]}'::uuid], 'wang', now() + interval '2 days', 'scenario')" >/dev/null ;;
	esac
}
art_38_steps() { sql "SELECT string_agg(concat_ws(' ', kind, CASE WHEN by <> 'dv_alert' THEN by END), ', ' ORDER BY number) FROM rectification WHERE finding = '${art_38[$1]}'"; }
art_38_end() {
	is "the steps of V-38" "$(art_38_steps V-38)" "opened wang, escalated, assigned sun, escalated, assigned sun, escalated"
	is "of C-38" "$(art_38_steps C-38)" "opened wang, acknowledged wang, explained wang, closed sun"
	is "of V-38-again" "$(art_38_steps V-38-again)" "opened wang, acknowledged wang, explained wang, reopened sun, escalated, acknowledged wang, explained wang, closed sun"
	is "of C-38-excused" "$(art_38_steps C-38-excused)" \
		"opened wang, acknowledged wang, explained wang, reopened sun, acknowledged wang, explained wang, closed sun"
	is "where they stand" "$(sql "SELECT string_agg(concat_ws(' ', \"case\", state, CASE WHEN overdue THEN 'overdue' END, CASE WHEN excused THEN 'excused' END), ', '
		ORDER BY \"case\") FROM finding_state WHERE unit = 'U-38' AND code = 'officers_insufficient'")" \
		"C-38 closed, C-38-excused closed excused, V-38 open overdue, V-38-again closed"
	is "overdue since" "$(sql "SELECT round(extract(epoch FROM o.at - f.raised_at) / 3600, 3) FROM finding o JOIN finding f ON f.finding::text = o.subject
		WHERE o.subject = '${art_38[V-38]}' ORDER BY o.at LIMIT 1")" 72.000
	is "nothing is overdue because of that" "$(sql "SELECT count(*) FROM finding_state WHERE code = 'rectification_overdue'")" 0
	expect_report "8 officers_insufficient violation 4" "38 rectification_overdue violation 4"
	is "closed, in the report" "$(reported closed)" "8 officers_insufficient violation 3"
	is "reopened" "$(reported reopened)" "8 officers_insufficient violation 2"
	is "overdue" "$(reported overdue)" "8 officers_insufficient violation 4"
	is "excused" "$(reported excused)" "8 officers_insufficient violation 1"
}
