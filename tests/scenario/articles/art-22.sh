# Art. 22: the simple procedure has its seven items; where it is likely to be disputed a recording is advised.
# shellcheck shell=bash
declare -A art_22
art_22_begin() {
	local step n=10
	for step in on_the_spot; do
		ago='24 hours' opened "V-22-$step" '{"contentious": true}'
		ago='24 hours' opened "C-22-$step" '{"contentious": true}'
		art_22[V-$step]=$(av_action "V-22-$step" "$step" $n)
		art_22[C-$step]=$(av_action "C-22-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-22-unsuitable '{"contentious": true}'
	art_22[unsuitable]=$(av_action C-22-unsuitable on_the_spot 10 '{"av_unsuitable": "a court room"}')
}
art_22_docked() {
	local step
	for step in on_the_spot; do linked "C-22-$step"; done
	for step in on_the_spot; do is "$step, while it may still come" "$(of_case "V-22-$step")" "-"; done
}
art_22_end() {
	local step
	for step in on_the_spot; do
		is "$step, not recorded" "$(of_case "V-22-$step"), $(verdict "${art_22[V-$step]}")" "22 av_advised_missing notice, advised missing"
		is "$step, recorded" "$(of_case "C-22-$step"), $(verdict "${art_22[C-$step]}")" "-, advised covered"
	done
	is "unsuitable" "$(of_case C-22-unsuitable), $(verdict "${art_22[unsuitable]}")" "-, advised unsuitable"
	expect_av simple_av advised
	expect_rows \
		"simple_entered fact 1: 22 document_incomplete warning" \
		"simple_items document 1: 22 document_missing warning" \
		"simple_items field 1: 22 document_incomplete warning" \
		"simple_items signature 1: 22 document_unsigned warning" \
		"simple_papers document 1: 22 document_missing warning" \
		"simple_papers signature 1: 22 document_unsigned warning"
	expect_report "22 av_advised_missing notice 1" "22 document_missing warning 2" "22 document_incomplete warning 2" "22 document_unsigned warning 2"
}
