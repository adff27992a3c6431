# Art. 14: preserving evidence: its reason, its object, its form.
# shellcheck shell=bash
art_14_end() {
	expect_rows \
		"preservation_papers document 1: 14 document_missing warning" \
		"preservation_papers field 1: 14 document_incomplete warning" \
		"preservation_papers signature 1: 14 document_unsigned warning"
	expect_report "14 document_missing warning 1" "14 document_incomplete warning 1" "14 document_unsigned warning 1"
}
