# Art. 24: service by post: registration, proof and receipt.
# shellcheck shell=bash
art_24_end() {
	expect_rows \
		"served_post fact 1: 24 document_incomplete violation" \
		"service_post_papers document 1: 24 document_missing violation"
	expect_report "24 document_missing violation 1" "24 document_incomplete violation 1"
}
