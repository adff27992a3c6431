# Art. 16: the record of drafting a decision.
# shellcheck shell=bash
art_16_end() {
	expect_rows \
		"drafting document 1: 16 document_missing warning" \
		"drafting field 1: 16 document_incomplete warning"
	expect_report "16 document_missing warning 1" "16 document_incomplete warning 1"
}
