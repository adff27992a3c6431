# Art. 3: five stages, in their order; recordings of other devices are kept as those of recorders are.
# shellcheck shell=bash
art_03_begin() {
	local stage action
	opened C-03
	for stage in investigation decision execution archive; do
		happened wang C-03 stage "{\"detail\": {\"stage\": \"$stage\"}}"
	done
	opened V-03
	happened wang V-03 stage '{"detail": {"stage": "decision"}}'
	refused 2 "does not go back" as wang case event V-03 --kind stage --detail stage=investigation --reason scenario
	refused 1 "belongs to stage" call wang "SELECT action_add('{\"case\": \"V-03\", \"step\": \"inspection\", \"stage\": \"decision\",
		\"start_at\": \"$(moment $((t0 - 3600)))\", \"place\": \"x\", \"reason\": \"x\", \"officers\": [{\"officer\": \"019001\"}]}')"
	head -c 5001 /dev/urandom >"$DOCK/counter.mp4"
	v import "$DOCK/counter.mp4" --unit U-03 --case C-03 --reason scenario >/dev/null
	art_03_segment=$(sql "SELECT segment FROM segment WHERE unit = 'U-03'")
	action=$(took_place C-03 application $((t0 - 3600)) $((t0 - 3000)))
	as wang link add "$action" --segment "$art_03_segment" --reason scenario >/dev/null
}
art_03_end() {
	is "where the two stand" "$(sql "SELECT case_stage('C-03') || ' ' || case_stage('V-03')")" "archive decision"
	is "a film of the counter" "$(sql "SELECT assurance || ' ' || (size = 5001) || ' ' || EXISTS (SELECT FROM custody_event
		WHERE source = 'segment' AND key = segment::text) FROM segment WHERE segment = '$art_03_segment'")" "imported true true"
	as sun verify "$art_03_segment" >"$DOCK/out" || { cat "$DOCK/out"; fail "Art. 3: the film is not whole"; }
	is "nothing is wrong with either" "$(found "f.unit = 'U-03'")" "-"
	expect_report ""
}
