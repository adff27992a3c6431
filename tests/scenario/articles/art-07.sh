# Art. 7: a complaint under a name is taken up, or the person is told, within 7 days; that it is not taken up is no answer.
# shellcheck shell=bash
art_07_begin() {
	local c
	for c in V-07 V-07-dropped C-07-told C-07-taken; do opened "$c" '{"origin": "complaint", "named": true}'; done
	opened C-07-nameless '{"origin": "complaint"}'
	refused 1 "only a complaint" call wang "SELECT case_open('{\"case\": \"X-07\", \"kind\": \"penalty\", \"origin\": \"own\", \"named\": true,
		\"title\": \"x\", \"unit\": \"U-07\", \"reason\": \"x\", \"officers\": [{\"officer\": \"019001\"}]}')"
	happened wang V-07-dropped not_taken_up
	happened wang C-07-told informed
	happened wang C-07-taken stage '{"detail": {"stage": "investigation"}}'
	is "owed" "$(owed V-07), $(owed V-07-dropped)" "complaint_unanswered 7 days, complaint_unanswered 7 days"
	is "not owed" "$(owed C-07-told) $(owed C-07-taken) $(owed C-07-nameless)" "- - -"
}
art_07_after() {
	case $1 in
	24h)	is "after a day" "$(of_case V-07)" "-" ;;
	7d)	is "after 7 days" "$(of_case V-07)" "7 complaint_unanswered warning" ;;
	esac
}
art_07_end() {
	is "V-07" "$(of_case V-07)" "7 complaint_unanswered warning"
	is "dropped, of which there is no paper either" "$(of_case V-07-dropped)" \
		"7 document_missing warning, 7 document_missing warning, 7 complaint_unanswered warning"
	is "C-07" "$(of_case C-07-told) $(of_case C-07-taken) $(of_case C-07-nameless)" "- - -"
	expect_rows "complaint_entered document 1: 7 document_missing warning" "complaint_informed document 1: 7 document_missing warning" \
		"complaint_informed field 1: 7 document_incomplete warning"
	expect_report "7 complaint_unanswered warning 2" "7 document_missing warning 4" "7 document_incomplete warning 1"
}
