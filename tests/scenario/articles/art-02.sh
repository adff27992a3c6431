# Art. 2: six kinds of act, and no seventh.
# shellcheck shell=bash
art_02_begin() {
	local kind
	for kind in licence penalty compulsion levy fee inspection; do
		as wang case open "C-02-$kind" --kind "$kind" --origin own --procedure simple --unit U-02 --title scenario \
			--officer 019001 --reason scenario >/dev/null || fail "Art. 2: a case of kind $kind"
	done
	refused 2 "gift" as wang case open V-02 --kind gift --origin own --procedure simple --unit U-02 --title scenario \
		--officer 019001 --reason scenario
}
art_02_end() {
	is "one of each, and nothing of the other" "$(sql "SELECT string_agg(kind, ' ' ORDER BY kind) FROM case_current WHERE unit = 'U-02'")" \
		"compulsion fee inspection levy licence penalty"
	is "nothing is wrong with any" "$(found "f.unit = 'U-02'")" "-"
	expect_report ""
}
