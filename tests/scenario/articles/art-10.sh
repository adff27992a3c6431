# Art. 10: the papers of eight ways of taking evidence, who signed them, and that a refusal is on record.
# shellcheck shell=bash
art_10_end() {
	expect_rows \
		"appraisal_ordered document 1: 10 document_missing warning" \
		"appraisal_ordered signature 1: 10 document_unsigned warning" \
		"appraisal_papers document 1: 10 document_missing warning" \
		"appraisal_papers signature 1: 10 document_unsigned warning" \
		"hearing_minutes document 1: 10 document_missing warning" \
		"hearing_minutes signature 1: 10 document_unsigned warning" \
		"hearing_papers document 1: 10 document_missing warning" \
		"hearing_papers signature 1: 10 document_unsigned warning" \
		"inspection_papers document 1: 10 document_missing warning" \
		"inspection_papers signature 1: 10 document_unsigned warning" \
		"obtaining_papers document 1: 10 document_missing warning" \
		"obtaining_papers signature 1: 10 document_unsigned warning" \
		"other_papers document 1: 10 document_missing warning" \
		"other_papers signature 1: 10 document_unsigned warning" \
		"questioning_papers document 1: 10 document_missing warning" \
		"questioning_papers signature 1: 10 document_unsigned warning" \
		"sampling_papers document 1: 10 document_missing warning" \
		"sampling_papers signature 1: 10 document_unsigned warning" \
		"statement_papers document 1: 10 document_missing warning" \
		"statement_papers signature 1: 10 document_unsigned warning" \
		"refusal_recorded fact 13: 10 document_incomplete warning"
	expect_report "10 document_missing warning 10" "10 document_unsigned warning 10" "10 document_incomplete warning 13"
}
