# Art. 6: the general procedure, ex officio, is approved within 24 hours of its start, urgent or not; the form says all that it has to.
# shellcheck shell=bash
art_06_begin() {
	local c
	for c in V-06 V-06-late C-06; do opened "$c" '{"procedure": "general"}'; done
	opened V-06-urgent '{"procedure": "general", "urgent_reason": "fire"}'
	opened C-06-urgent '{"procedure": "general", "urgent_reason": "fire"}'
	opened C-06-simple
	opened C-06-asked '{"procedure": "general", "kind": "licence", "origin": "application"}'
	refused 1 "urgent_reason" call wang "SELECT case_open('{\"case\": \"X-06\", \"kind\": \"penalty\", \"origin\": \"own\", \"urgent\": true,
		\"title\": \"x\", \"unit\": \"U-06\", \"reason\": \"x\", \"officers\": [{\"officer\": \"019001\"}]}')"
	refused 4 "takes the role head" as wang case event V-06 --kind approved --reason scenario
	as qian case event C-06 --kind approved --reason scenario >/dev/null
	is "owed" "$(owed V-06), $(owed V-06-urgent)" "approval_overdue 18:00:00 1 day, approval_overdue 18:00:00 1 day"
	is "not owed" "$(owed C-06) $(owed C-06-simple) $(owed C-06-asked)" "- - -"
}
art_06_after() {
	case $1 in
	18h)	is "after 18 hours" "$(of_case V-06)" "6 approval_due notice"
		happened qian C-06-urgent approved ;;
	24h)	is "after 24 hours" "$(of_case V-06)" "6 approval_due notice, 6 approval_overdue violation"
		happened qian V-06-late approved ;;
	esac
}
art_06_end() {
	local c
	for c in V-06 V-06-late V-06-urgent; do
		is "$c" "$(of_case "$c")" "6 approval_due notice, 6 approval_overdue violation"
	done
	is "each at its moment" "$(sql "SELECT string_agg((f.at - c.started_at)::text, ' ' ORDER BY f.at) FROM finding f JOIN case_file c USING (\"case\")
		WHERE f.\"case\" = 'V-06'")" "18:00:00 1 day"
	is "C-06" "$(of_case C-06) $(of_case C-06-simple) $(of_case C-06-asked)" "- - -"
	is "approved after 18 hours, and before 24" "$(of_case C-06-urgent)" "6 approval_due notice"
	is "owed still" "$(owed V-06) $(owed V-06-late) $(owed C-06-urgent)" "approval_overdue 18:00:00 1 day found - -"
	expect_rows "start_approval document 1: 6 document_missing violation" "start_approval field 1: 6 document_incomplete violation" \
		"start_approval signature 1: 6 document_unsigned violation" "start_legal_opinion field 1: 6 document_incomplete violation" \
		"start_legal_opinion signature 1: 6 document_unsigned violation"
	expect_report "6 approval_due notice 4" "6 approval_overdue violation 3" "6 document_missing violation 1" \
		"6 document_incomplete violation 2" "6 document_unsigned violation 2"
}
