# Art. 8: two officers, whose certificates were noted and shown, at each of nine steps.
# shellcheck shell=bash
art_08_end() {
	expect_rows \
		"officers_shown fact 9: 8 officers_insufficient violation"
	expect_report "8 officers_insufficient violation 9"
}
