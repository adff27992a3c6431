# Art. 23: direct service, and that the decision is served at all.
# shellcheck shell=bash
art_23_end() {
	expect_rows \
		"decision_served event 1: 23 document_missing violation" \
		"served_direct fact 1: 23 document_incomplete violation" \
		"service_direct_papers document 1: 23 document_missing violation" \
		"service_direct_papers signature 1: 23 document_unsigned violation"
	expect_report "23 document_missing violation 2" "23 document_incomplete violation 1" "23 document_unsigned violation 1"
}
