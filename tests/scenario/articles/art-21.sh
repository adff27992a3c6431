# Art. 21: the decision has its legal form, and reasons.
# shellcheck shell=bash
art_21_end() {
	expect_rows \
		"decision_form document 1: 21 document_missing warning" \
		"decision_form field 1: 21 document_incomplete warning"
	expect_report "21 document_missing warning 1" "21 document_incomplete warning 1"
}
