# Art. 25: lien service: its receipt, and a recording of it.
# shellcheck shell=bash
declare -A art_25
art_25_begin() {
	local step n=12
	for step in service_lien; do
		ago='24 hours' opened "V-25-$step" '{}'
		ago='24 hours' opened "C-25-$step" '{}'
		art_25[V-$step]=$(av_action "V-25-$step" "$step" $n)
		art_25[C-$step]=$(av_action "C-25-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-25-unsuitable '{}'
	art_25[unsuitable]=$(av_action C-25-unsuitable service_lien 12 '{"av_unsuitable": "a court room"}')
}
art_25_docked() {
	local step
	for step in service_lien; do linked "C-25-$step"; done
	for step in service_lien; do is "$step, while it may still come" "$(of_case "V-25-$step")" "-"; done
}
art_25_end() {
	local step
	for step in service_lien; do
		is "$step, not recorded" "$(of_case "V-25-$step"), $(verdict "${art_25[V-$step]}")" "25 av_missing violation, mandatory missing"
		is "$step, recorded" "$(of_case "C-25-$step"), $(verdict "${art_25[C-$step]}")" "-, mandatory covered"
	done
	is "unsuitable" "$(of_case C-25-unsuitable), $(verdict "${art_25[unsuitable]}")" "-, mandatory unsuitable"
	expect_av service_lien_av mandatory
	expect_rows \
		"served_lien fact 1: 25 document_incomplete violation" \
		"service_lien_papers document 1: 25 document_missing violation" \
		"service_lien_papers field 1: 25 document_incomplete violation" \
		"service_lien_papers signature 1: 25 document_unsigned violation"
	expect_report "25 av_missing violation 1" "25 document_missing violation 1" "25 document_incomplete violation 2" "25 document_unsigned violation 1"
}
