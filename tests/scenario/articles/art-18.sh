# Art. 18: where experts are asked, minutes of it or their opinion.
# shellcheck shell=bash
art_18_end() {
	expect_rows \
		"expert_papers document 1: 18 document_missing warning" \
		"expert_papers signature 1: 18 document_unsigned warning"
	expect_report "18 document_missing warning 1" "18 document_unsigned warning 1"
}
