# Art. 30: six ways of enforcement, each with its papers; removing an obstruction is recorded.
# shellcheck shell=bash
declare -A art_30
art_30_begin() {
	local step n=16
	for step in enforce_removal; do
		ago='24 hours' opened "V-30-$step" '{}'
		ago='24 hours' opened "C-30-$step" '{}'
		art_30[V-$step]=$(av_action "V-30-$step" "$step" $n)
		art_30[C-$step]=$(av_action "C-30-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-30-unsuitable '{}'
	art_30[unsuitable]=$(av_action C-30-unsuitable enforce_removal 16 '{"av_unsuitable": "a court room"}')
}
art_30_docked() {
	local step
	for step in enforce_removal; do linked "C-30-$step"; done
	for step in enforce_removal; do is "$step, while it may still come" "$(of_case "V-30-$step")" "-"; done
}
art_30_end() {
	local step
	for step in enforce_removal; do
		is "$step, not recorded" "$(of_case "V-30-$step"), $(verdict "${art_30[V-$step]}")" "30 av_missing violation, mandatory missing"
		is "$step, recorded" "$(of_case "C-30-$step"), $(verdict "${art_30[C-$step]}")" "-, mandatory covered"
	done
	is "unsuitable" "$(of_case C-30-unsuitable), $(verdict "${art_30[unsuitable]}")" "-, mandatory unsuitable"
	expect_av enforce_removal_av mandatory
	expect_rows \
		"enforced_fine fact 1: 30 document_incomplete violation" \
		"enforce_fine_papers document 1: 30 document_missing violation" \
		"enforced_transfer fact 1: 30 document_incomplete violation" \
		"enforce_transfer_papers document 1: 30 document_missing violation" \
		"enforced_auction fact 1: 30 document_incomplete violation" \
		"enforce_auction_papers document 1: 30 document_missing violation" \
		"enforced_removal fact 1: 30 document_incomplete violation" \
		"enforce_removal_papers document 1: 30 document_missing violation" \
		"enforced_substitute fact 1: 30 document_incomplete violation" \
		"enforce_substitute_papers document 1: 30 document_missing violation" \
		"enforced_other fact 1: 30 document_incomplete violation" \
		"enforce_other_papers document 1: 30 document_missing violation"
	expect_report "30 av_missing violation 1" "30 document_missing violation 6" "30 document_incomplete violation 6"
}
