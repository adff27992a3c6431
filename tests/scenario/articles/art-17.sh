# Art. 17: a major decision is reviewed by the legal office, whose opinion is on record.
# shellcheck shell=bash
art_17_end() {
	expect_rows \
		"legal_review field 1: 17 document_incomplete warning" \
		"legal_review signature 1: 17 document_unsigned warning" \
		"legal_review_made document 1: 17 document_missing warning"
	expect_report "17 document_missing warning 1" "17 document_incomplete warning 1" "17 document_unsigned warning 1"
}
