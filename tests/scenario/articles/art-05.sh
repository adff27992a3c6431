# Art. 5: applications: each paper of them, its words and who signed.
# shellcheck shell=bash
art_05_end() {
	expect_rows \
		"application_accepted document 1: 5 document_missing info" \
		"application_corrected field 1: 5 document_incomplete info" \
		"application_corrected signature 1: 5 document_unsigned info" \
		"application_entered document 1: 5 document_missing info" \
		"application_receipt document 1: 5 document_missing info" \
		"application_supplement field 1: 5 document_incomplete info"
	expect_report "5 document_incomplete info 2" "5 document_missing info 3" "5 document_unsigned info 1"
}
