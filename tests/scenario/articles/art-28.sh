# Art. 28: how the decision was performed; a correction is checked on its day.
# shellcheck shell=bash
art_28_begin() {
	local c
	for c in V-28 C-28; do
		opened "$c"
		happened wang "$c" correction_ordered "{\"due_at\": \"$(moment $((t0 + 5 * 86400)))\"}"
	done
	refused 2 "no correction was ordered" as wang case event C-06-simple --kind correction_checked --detail corrected=yes --reason scenario
}
art_28_after() {
	case $1 in
	24h)	happened wang C-28 correction_checked '{"detail": {"corrected": true}}'
		is "owed still, and not" "$(owed V-28 | cut -d' ' -f1) $(owed C-28)" "correction_check_overdue -" ;;
	7d)	is "after its day" "$(of_case V-28)" "28 correction_check_overdue warning" ;;
	esac
}
art_28_end() {
	is "V-28" "$(of_case V-28)" "28 correction_check_overdue warning"
	is "at its moment" "$(sql "SELECT at FROM finding WHERE \"case\" = 'V-28'")" "$(sql "SELECT '$(moment $((t0 + 5 * 86400)))'::timestamptz")"
	is "C-28" "$(of_case C-28)" "-"
	expect_rows "correction_checked document 1: 28 document_missing warning" "correction_checked field 1: 28 document_incomplete warning" \
		"correction_checked signature 1: 28 document_unsigned warning" "correction_ordered document 1: 28 document_missing warning" \
		"correction_papers document 1: 28 document_missing warning" "correction_papers field 1: 28 document_incomplete warning" \
		"correction_papers signature 1: 28 document_unsigned warning" "performance document 1: 28 document_missing warning" \
		"performance field 1: 28 document_incomplete warning"
	expect_report "28 correction_check_overdue warning 1" "28 document_missing warning 4" "28 document_incomplete warning 3" \
		"28 document_unsigned warning 2"
}
