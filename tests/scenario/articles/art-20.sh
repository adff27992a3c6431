# Art. 20: the head approves the decision, with an opinion and a signature.
# shellcheck shell=bash
art_20_end() {
	expect_rows \
		"head_approval document 1: 20 document_missing warning" \
		"head_approval field 1: 20 document_incomplete warning" \
		"head_approval signature 1: 20 document_unsigned warning"
	expect_report "20 document_missing warning 1" "20 document_incomplete warning 1" "20 document_unsigned warning 1"
}
