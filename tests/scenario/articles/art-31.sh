# Art. 31: applications to the court, and what came of them.
# shellcheck shell=bash
art_31_end() {
	expect_rows \
		"court_applied document 1: 31 document_missing violation" \
		"court_result document 1: 31 document_missing violation"
	expect_report "31 document_missing violation 2"
}
