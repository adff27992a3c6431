# Art. 9: the party is told of its rights, which and how, and signs for it.
# shellcheck shell=bash
art_09_end() {
	expect_rows \
		"rights_step document 1: 9 document_missing warning" \
		"rights_step field 1: 9 document_incomplete warning" \
		"rights_step signature 1: 9 document_unsigned warning" \
		"rights_told document 1: 9 document_missing warning" \
		"rights_told field 1: 9 document_incomplete warning"
	expect_report "9 document_missing warning 2" "9 document_incomplete warning 2" "9 document_unsigned warning 1"
}
