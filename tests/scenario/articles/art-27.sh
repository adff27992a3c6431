# Art. 27: service by public notice: its papers, and a recording of it.
# shellcheck shell=bash
declare -A art_27
art_27_begin() {
	local step n=14
	for step in service_public; do
		ago='24 hours' opened "V-27-$step" '{}'
		ago='24 hours' opened "C-27-$step" '{}'
		art_27[V-$step]=$(av_action "V-27-$step" "$step" $n)
		art_27[C-$step]=$(av_action "C-27-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-27-unsuitable '{}'
	art_27[unsuitable]=$(av_action C-27-unsuitable service_public 14 '{"av_unsuitable": "a court room"}')
}
art_27_docked() {
	local step
	for step in service_public; do linked "C-27-$step"; done
	for step in service_public; do is "$step, while it may still come" "$(of_case "V-27-$step")" "-"; done
}
art_27_end() {
	local step
	for step in service_public; do
		is "$step, not recorded" "$(of_case "V-27-$step"), $(verdict "${art_27[V-$step]}")" "27 av_missing violation, mandatory missing"
		is "$step, recorded" "$(of_case "C-27-$step"), $(verdict "${art_27[C-$step]}")" "-, mandatory covered"
	done
	is "unsuitable" "$(of_case C-27-unsuitable), $(verdict "${art_27[unsuitable]}")" "-, mandatory unsuitable"
	expect_av service_public_av mandatory
	expect_rows \
		"served_public fact 1: 27 document_incomplete violation" \
		"service_public_paper document 1: 27 document_missing violation" \
		"service_public_record document 1: 27 document_missing violation" \
		"service_public_record field 1: 27 document_incomplete violation" \
		"service_public_record signature 1: 27 document_unsigned violation"
	expect_report "27 av_missing violation 1" "27 document_missing violation 2" "27 document_incomplete violation 2" "27 document_unsigned violation 1"
}
