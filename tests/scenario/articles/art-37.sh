# Art. 37: secrets and privacy.  Who a party is is told to those alone who have to do with the case, and the log has it salted; what is classified
# is read by who may, and covered from others; a state secret is not taken in, and what came in is shut away.
# shellcheck shell=bash
declare -A art_37
art_37_begin() {
	local r
	opened C-37
	as wang case party C-37 --kind person --role party --name 王小二 --identifier 110101199003070011 --phone 13800000000 >/dev/null
	for r in secret home; do
		shoot REC-37 019001 $((t0 - 6000)) $((t0 - 5900))
		art_37[$r]=REC-37/$rec
	done
	entered REC-37
	docked REC-37
}
art_37_docked() {
	as fa class set "recording:${art_37[home]}" personal --reason "a party's home" >/dev/null
	as sun class set "recording:${art_37[secret]}" state_secret --reason "a map" >/dev/null
	echo plan >"$DOCK/plan.pdf"
	refused 2 "nothing was taken in" as sun import "$DOCK/plan.pdf" --class state_secret --unit U-37 --reason scenario
	refused 2 "alone" as sun class set "recording:${art_37[home]}" internal --reason scenario
}
art_37_named() { as "$1" case show C-37 --json | jq -r '.parties[0] | "\(.name) \(.covered)"'; }
art_37_reads() { as "$1" recording list --recorder REC-37 --json | jq -r --arg r "${2#*/}" '.[] | select(.recording == $r) | "\(.segments) \(.covered)"'; }
art_37_end() {
	is "the officer whose case it is" "$(art_37_named zhang)" "王小二 false"
	is "who only audits" "$(art_37_named shen)" "王** true"
	refused 2 "none of yours" art_37_stranger
	is "the log tells nobody" "$(sql "SELECT count(*) FROM custody_event WHERE convert_from(leaf, 'UTF8') ~ '王小二|110101199003070011|13800000000'")" 0
	is "and can prove it" "$(sql "SELECT count(*) > 0 FROM custody_salt s JOIN custody_event e USING (event) WHERE e.source = 'party' AND s.field = 'name'")" t
	is "somebody's home, whose work it is" "$(art_37_reads zhang "${art_37[home]}")" "1 null"
	is "and who only audits" "$(art_37_reads shen "${art_37[home]}")" "1 personal"
	is "a state secret, to anybody" "$(for w in zhang sun qian shen; do art_37_reads $w "${art_37[secret]}"; done | sort -u)" "1 state_secret"
	refused 4 "never given out" v export "${art_37[secret]}" "$DOCK/art37" --reason scenario
	is "a secret is found" "$(of_subject "${art_37[secret]}")" "37 secret_found violation"
	is "and what is personal is not" "$(of_subject "${art_37[home]}")" "-"
	is "and nothing else" "$(found "f.unit = 'U-37'")" "37 secret_found violation"
	expect_report "37 secret_found violation 1"
}
art_37_stranger() { as o34 case show C-37; }
