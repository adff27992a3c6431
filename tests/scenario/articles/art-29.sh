# Art. 29: a written demand comes before enforcement and before the court.
# shellcheck shell=bash
art_29_end() {
	expect_rows \
		"demand_heard document 1: 29 document_missing violation" \
		"demand_heard field 1: 29 document_incomplete violation" \
		"demand_made document 1: 29 document_missing violation" \
		"demand_papers document 1: 29 document_missing violation" \
		"demand_served document 1: 29 document_missing violation" \
		"demand_served signature 1: 29 document_unsigned violation" \
		"demanded_before_court event 1: 29 document_missing violation" \
		"demanded_before_enforcing event 1: 29 document_missing violation"
	expect_report "29 document_missing violation 6" "29 document_incomplete violation 1" "29 document_unsigned violation 1"
}
