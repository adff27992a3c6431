# Art. 19: collective discussion: a record or minutes.
# shellcheck shell=bash
art_19_end() {
	expect_rows \
		"discussion_papers document 1: 19 document_missing warning" \
		"discussion_papers signature 1: 19 document_unsigned warning"
	expect_report "19 document_missing warning 1" "19 document_unsigned warning 1"
}
