# Art. 11: inspection, sampling and hearing are recorded, unless that is unsuitable for a reason.
# shellcheck shell=bash
declare -A art_11
art_11_begin() {
	local step n=0
	for step in inspection sampling hearing; do
		ago='24 hours' opened "V-11-$step" '{}'
		ago='24 hours' opened "C-11-$step" '{}'
		art_11[V-$step]=$(av_action "V-11-$step" "$step" $n)
		art_11[C-$step]=$(av_action "C-11-$step" "$step" $((n + 1)))
		recorded $((n + 1))
		n=$((n + 2))
	done
	ago='24 hours' opened C-11-unsuitable '{}'
	art_11[unsuitable]=$(av_action C-11-unsuitable inspection 0 '{"av_unsuitable": "a court room"}')
}
art_11_docked() {
	local step
	for step in inspection sampling hearing; do linked "C-11-$step"; done
	for step in inspection sampling hearing; do is "$step, while it may still come" "$(of_case "V-11-$step")" "-"; done
}
art_11_end() {
	local step
	for step in inspection sampling hearing; do
		is "$step, not recorded" "$(of_case "V-11-$step"), $(verdict "${art_11[V-$step]}")" "11 av_missing violation, mandatory missing"
		is "$step, recorded" "$(of_case "C-11-$step"), $(verdict "${art_11[C-$step]}")" "-, mandatory covered"
	done
	is "unsuitable" "$(of_case C-11-unsuitable), $(verdict "${art_11[unsuitable]}")" "-, mandatory unsuitable"
	expect_av hearing_av mandatory inspection_av mandatory sampling_av mandatory
	expect_report "11 av_missing violation 3"
}
