# Art. 26: entrusted or forwarded service: why, and its receipt.
# shellcheck shell=bash
art_26_end() {
	expect_rows \
		"served_entrusted fact 1: 26 document_incomplete violation" \
		"service_entrusted_papers document 1: 26 document_missing violation" \
		"service_entrusted_papers field 1: 26 document_incomplete violation" \
		"service_entrusted_papers signature 1: 26 document_unsigned violation"
	expect_report "26 document_missing violation 1" "26 document_incomplete violation 2" "26 document_unsigned violation 1"
}
