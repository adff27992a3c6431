# Art. 34: the supervision office keeps and sees all; everybody else what is theirs, row by row.
# shellcheck shell=bash
art_34_begin() {
	v person add h34 --name h34 --unit U-34 --roles unit_head --reason scenario >/dev/null
	v officer set 019034 --name 王五 --certificate C-34 --unit U-34 --from 2020-01-01 --reason scenario >/dev/null
	v person add o34 --name o34 --officer 019034 --unit U-34 --roles officer --reason scenario >/dev/null
	opened C-34
	opened V-34 '{"officers": [{"officer": "019034"}]}'
	shoot C-34 019034 $((t0 - 7200)) $((t0 - 7100))
	shoot V-34 019001 $((t0 - 7200)) $((t0 - 7100))
	entered C-34
	unit=QH entered V-34
	docked C-34
	docked V-34
}
# seen LOGIN: cases and recordings of those of this article that are shown
art_34_seen() {
	call "$1" "SELECT concat_ws(' ', (SELECT string_agg(\"case\", ' ' ORDER BY \"case\") FROM case_current WHERE \"case\" IN ('C-34', 'V-34')),
		(SELECT string_agg('rec:' || recorder, ' ' ORDER BY recorder) FROM recording WHERE recorder LIKE '%-34'))"
}
art_34_end() {
	is "the supervision office" "$(art_34_seen sun)" "C-34 V-34 rec:C-34 rec:V-34"
	is "the head of its unit" "$(art_34_seen h34)" "C-34 V-34 rec:C-34"
	is "an officer" "$(art_34_seen o34)" "V-34 rec:C-34"
	is "another" "$(art_34_seen zhang)" "C-34 rec:V-34"
	is "the legal office" "$(art_34_seen fa)" "C-34 V-34"
	refused 1 "permission denied" art_34_seen xu
	refused 4 "takes the role supervisor" as h34 report sign --month 2020-01 --reason scenario
	is "nothing is wrong" "$(found "f.unit = 'U-34'")" "-"
	expect_report ""
}
