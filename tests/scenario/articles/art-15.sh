# Art. 15: sealing and seizing: papers, and a recording; freezing: papers.
# shellcheck shell=bash
declare -A art_15
art_15_begin() {
	local step n=6
	for step in sealing seizure; do
		ago='24 hours' opened "V-15-$step" '{}'
		ago='24 hours' opened "C-15-$step" '{}'
		art_15[V-$step]=$(av_action "V-15-$step" "$step" $n)
		art_15[C-$step]=$(av_action "C-15-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-15-unsuitable '{}'
	art_15[unsuitable]=$(av_action C-15-unsuitable sealing 6 '{"av_unsuitable": "a court room"}')
}
art_15_docked() {
	local step
	for step in sealing seizure; do linked "C-15-$step"; done
	for step in sealing seizure; do is "$step, while it may still come" "$(of_case "V-15-$step")" "-"; done
}
art_15_end() {
	local step
	for step in sealing seizure; do
		is "$step, not recorded" "$(of_case "V-15-$step"), $(verdict "${art_15[V-$step]}")" "15 av_missing violation, mandatory missing"
		is "$step, recorded" "$(of_case "C-15-$step"), $(verdict "${art_15[C-$step]}")" "-, mandatory covered"
	done
	is "unsuitable" "$(of_case C-15-unsuitable), $(verdict "${art_15[unsuitable]}")" "-, mandatory unsuitable"
	expect_av sealing_av mandatory seizure_av mandatory
	expect_rows \
		"freezing_papers document 1: 15 document_missing violation" \
		"sealing_papers document 2: 15 document_missing violation" \
		"sealing_papers signature 2: 15 document_unsigned violation"
	expect_report "15 av_missing violation 2" "15 document_missing violation 3" "15 document_unsigned violation 2"
}
