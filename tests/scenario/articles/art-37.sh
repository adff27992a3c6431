# Art. 37: secrets and privacy.  What there is: who a party is is told to those alone who have to do with the case, and the log has it salted.
# Classes of objects, their encryption and their rules come with classification.
# shellcheck shell=bash
art_37_begin() {
	opened C-37
	as wang case party C-37 --kind person --role party --name 王小二 --identifier 110101199003070011 --phone 13800000000 >/dev/null
}
art_37_named() { as "$1" case show C-37 --json | jq -r '.parties[0] | "\(.name) \(.covered)"'; }
art_37_end() {
	is "the officer whose case it is" "$(art_37_named zhang)" "王小二 false"
	is "who only audits" "$(art_37_named shen)" "王** true"
	refused 2 "none of yours" art_37_stranger
	is "the log tells nobody" "$(sql "SELECT count(*) FROM custody_event WHERE convert_from(leaf, 'UTF8') ~ '王小二|110101199003070011|13800000000'")" 0
	is "and can prove it" "$(sql "SELECT count(*) > 0 FROM custody_salt s JOIN custody_event e USING (event) WHERE e.source = 'party' AND s.field = 'name'")" t
	is "nothing is wrong" "$(found "f.unit = 'U-37'")" "-"
	expect_report ""
}
art_37_stranger() { as o34 case show C-37; }
