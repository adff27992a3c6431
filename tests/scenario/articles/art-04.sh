# Art. 4: the checklists are data: a row with a deadline of its own, proposed by one person and approved by another, is asked for
# from the day on from which it is in force, and of what began before it is not.
# shellcheck shell=bash
art_04_begin() {
	local day proposal
	day=$(sql "SELECT day_of(now()) + 1")
	v rule show complaint_entered --json | jq --arg day "$day" '{what: "requirement", code: "levy_told", valid_from: $day, body: (.versions | last | .body
		| .article = 4 | .kinds = ["levy"] | .condition = {contentious: true} | .deadline = "P5D" | .deadline_from = "started"
		| .text_zh = "争议征收应当登记。" | .text_en = "A contentious levy is entered.")}' >"$DOCK/levy.json"
	as fa rule propose "$DOCK/levy.json" --reason scenario >"$DOCK/out" || { cat "$DOCK/out"; fail "Art. 4: it is not proposed"; }
	proposal=$(sql "SELECT proposal FROM rule_proposal WHERE code = 'levy_told'")
	refused 4 "another person" as fa rule approve "$proposal" --reason scenario
	as qian rule approve "$proposal" --reason scenario >/dev/null
	opened C-04-before '{"kind": "levy", "contentious": true}'
}
art_04_after() {
	case $1 in
	24h)	opened V-04 '{"kind": "levy", "contentious": true}'
		opened C-04 '{"kind": "levy", "contentious": true}'
		is "both are owed" "$(owed V-04) $(owed C-04)" "step_overdue 5 days step_overdue 5 days"
		call wang "SELECT t.paper('C-04', 'complaint_record', NULL, NULL, NULL)" >/dev/null
		is "answered" "$(owed V-04) $(owed C-04)" "step_overdue 5 days -" ;;
	7d)	is "five days later" "$(of_case V-04)" "4 step_overdue warning" ;;
	esac
}
art_04_end() {
	is "V-04" "$(of_case V-04)" "4 step_overdue warning"
	is "which cites its row" "$(sql "SELECT requirement || ' ' || requirement_version || ' ' || (at = started_at + interval '5 days')
		FROM finding JOIN case_file USING (\"case\") WHERE \"case\" = 'V-04'")" "levy_told 1 true"
	is "C-04, and one of before" "$(of_case C-04) $(of_case C-04-before)" "- -"
	expect_report "4 step_overdue warning 1"
}
