#!/bin/bash
# Goal: an action that has to be recorded is held against what its officers' recorders brought: from
# start to end, ninety seconds short, not at all, unsuitable with a reason, advised, broken off by an
# empty battery, two officers together, and a clock that is a minute ahead (Art. 11, 12, 22).
# Takes 35 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
stack kill-alertd 15 >/dev/null	# when judging is done is said here

is() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

# What was to be stored in time is over.
base=$(($(date +%s) - 30 * 3600))
declare -A at=([covered]=0 [short]=1 [missing]=2 [unsuitable]=3 [advised]=4 [battery]=5 [together]=6 [drift]=7)
for what in "${!at[@]}"; do at[$what]=$((base + at[$what] * 2400)); done

# shoot RECORDER OFFICER FROM TO SKEW END: one recording, its clock ahead by SKEW; life by recorder
declare -A life_dseq life_prev
shoot() {
	local id=$1 dir=$DOCK/$1 media n=${life_dseq[$1]:-0}
	mkdir -p "$dir"
	media=$(printf '%s/SEG_%06d.mp4' "$dir" "$n")
	head -c 3001 /dev/urandom >"$media"
	life_prev[$id]=$("$BUILD/sidecar" sign --key "$DOCK/$id.sec" --media "$media" --device "$id" \
		--rec "$(cat /proc/sys/kernel/random/uuid)" --seq 0 --dseq "$n" \
		--prev "${life_prev[$id]:-$(printf '%064d' 0)}" --start "$(utc $(($3 + $5)))" \
		--end "$(utc $(($4 + $5)))" --clock rtc --boot 1 --mono-start $((($3 - base + 60) * 1000)) \
		--mono-end $((($4 - base + 60) * 1000)) --officer "$2" --last 1 --end-reason "$6")
	life_dseq[$id]=$((n + 1))
}

for id in REC-981 REC-982 REC-983; do
	new_key "$id"
	enroll "$id" "S${id#REC-}" "$DOCK/$id.pub"
done
t=${at[covered]} && shoot REC-981 019001 $((t - 5)) $((t + 610)) 0 button
t=${at[short]} && shoot REC-981 019001 "$t" $((t + 510)) 0 button
t=${at[battery]} && shoot REC-981 019001 "$t" $((t + 300)) 0 battery
shoot REC-981 019001 $((t + 420)) $((t + 605)) 0 button
t=${at[together]} && shoot REC-981 019001 $((t - 5)) $((t + 320)) 0 button
shoot REC-982 019002 $((t + 300)) $((t + 610)) 0 button
t=${at[drift]} && shoot REC-983 019001 $((t + 1)) $((t + 605)) 60 button

# ------ what was to be recorded ------

sql "INSERT INTO case_file (\"case\", revision, kind, origin, named, procedure, urgent, major, contentious,
	unit, title, started_at, reason)
	VALUES ('C98', 1, 'penalty', 'own', false, 'general', false, false, true, 'QH-2', 'c', now(), 'r')"
act() {
	sql "WITH a AS (INSERT INTO action (action, revision, \"case\", stage, step, start_at, end_at, place,
			av_unsuitable, reason)
		VALUES (gen_random_uuid(), 1, 'C98', 'investigation', '$2', to_timestamp($3), to_timestamp($3 + 600),
			'$1', nullif('${4:-}', ''), 'r') RETURNING action)
		INSERT INTO action_officer (action, revision, officer, certificate, shown)
		SELECT a.action, 1, o, 'Z', true FROM a, unnest('{019001,019002}'::text[]) AS o"
}
for what in covered short missing battery together drift; do
	act "$what" inspection "${at[$what]}"
done
act unsuitable sealing "${at[unsuitable]}" "in a court room"
act advised on_the_spot "${at[advised]}"
# Not an hour over: what is missing may still come.
act recent inspection $(($(date +%s) - 3600))
act papers discussion "${at[covered]}"

visit() {
	plug_mtp A1 "$DOCK/$1" "S${1#REC-}" "battery=90,clock-offset=$2,no-clock-set=1"
	stack wait >/dev/null
	stack undock A1
	await_dock "$(slot A1) == \"empty\""
	await_dock ".backlog == 0"
}
visit REC-981 0
visit REC-982 0
visit REC-983 60

# What alertd does.
judge() {
	"$BUILD/coverage-drive" "host=$PGHOST dbname=$PGDATABASE user=dv_alert" >/dev/null ||
		fail "coverage was not judged"
}
# The dock brought something new: that is waited for a minute.
sql "UPDATE coverage_due SET due_at = now() WHERE due_at < now() + interval '2 minutes'"
judge

verdicts=$(sql "SELECT string_agg(place || ' ' || verdict || ' ' || coalesce((SELECT string_agg(
	h ->> 'class' || ' ' || (h ->> 'reason'), ', ') FROM jsonb_array_elements(holes) h
	WHERE h ->> 'grade' <> 'tolerated'), '-'), E'\n' ORDER BY place) FROM coverage_list")
is "verdicts" "$verdicts" "advised missing unexplained nothing
battery short technical battery
covered covered -
drift covered -
missing missing unexplained nothing
short short unexplained stopped
together covered -
unsuitable unsuitable unexplained nothing"
ok "each action is judged by what was recorded of it"

is "findings" "$(sql "SELECT string_agg(a.place || ' ' || f.code || ' ' || f.severity || ' ' || f.article, E'\n'
	ORDER BY a.place) FROM finding_list f JOIN action_current a ON a.action::text = f.subject")" \
"advised av_advised_missing notice 22
battery coverage_short violation 12
missing av_missing violation 11
short coverage_short violation 12"
is "what may still come" "$(sql "SELECT count(*) FROM coverage c JOIN action a USING (action) WHERE a.place = 'recent'")" 0
is "it is looked at when its time is over" "$(sql "SELECT due_at = end_at + interval '24 hours'
	FROM coverage_due JOIN action_current a USING (action) WHERE a.place = 'recent'")" t
ok "findings cite their articles, and nothing is missing before its time"

# The dock reads a clock to a second.
is "ninety seconds are missing" "$(sql "SELECT abs(extract(epoch FROM (h ->> 'to')::timestamptz
	- (h ->> 'from')::timestamptz) - 90) < 3 FROM coverage_list, jsonb_array_elements(holes) h WHERE place = 'short'
	AND h ->> 'grade' = 'finding'")" t
is "each officer's part" "$(sql "SELECT string_agg(o ->> 'officer' || ' ' || ((o ->> 'covered_ms')::bigint + 5000) / 10000, ', ')
	FROM coverage_list, jsonb_array_elements(officers) o WHERE place = 'together'")" "019001 32, 019002 30"
is "a minute ahead, which was taken off" "$(sql "SELECT (abs((u ->> 'offset_ms')::bigint - 60000) < 3000) || ' '
	|| (u ->> 'says') FROM coverage_list, jsonb_array_elements(used) u WHERE place = 'drift'")" 'true ["clock_off"]'
ok "where, by whom, and how far off"

# ------ judged again ------

before=$(sql "SELECT count(*) FROM coverage") found=$(sql "SELECT count(*) FROM finding")
sql "INSERT INTO coverage_due SELECT action, now() FROM coverage_list ON CONFLICT DO NOTHING"
judge
is "the same is nothing new" "$(sql "SELECT count(*) FROM coverage") $(sql "SELECT count(*) FROM finding")" "$before $found"
# The recording of another officer turns up, is linked by hand, and fills the hole.
t=${at[short]}
shoot REC-982 019009 $((t + 400)) $((t + 650)) 0 button
visit REC-982 0
sql "INSERT INTO link (action, kind, object, how, why)
	SELECT a.action, 'recording', 'REC-982/' || s.recording, 'hand', 'w' FROM action_current a, segment s
	WHERE a.place = 'short' AND s.recorder = 'REC-982' AND s.start_at > to_timestamp($t)
		AND s.start_at < to_timestamp($t + 600)"
sql "UPDATE coverage_due SET due_at = now() WHERE due_at < now() + interval '2 minutes'"
judge
is "covered after all" "$(sql "SELECT verdict || number FROM coverage_list WHERE place = 'short'")" covered2
ok "judged again finds nothing twice, and takes what comes later"

# ------ shown ------

id=$(sql "SELECT action FROM coverage_list WHERE place = 'battery'")
vaultctl coverage show "$id" --lang en >"$DOCK/shown" && fail "a hole, and nothing was found" || [ $? -eq 1 ]
grep -q 'SHORT.*Art. 11' "$DOCK/shown" || fail "shown: $(cat "$DOCK/shown")"
grep -q 'technical' "$DOCK/shown" || fail "the hole is not shown"
vaultctl coverage show C98 --lang zh >"$DOCK/shown" || [ $? -eq 1 ]
grep -q '不适宜录像的理由：in a court room' "$DOCK/shown" || fail "the reason is not shown"
vaultctl coverage show C98 --json >"$DOCK/shown" || [ $? -eq 1 ]
jq -e 'length == 8' "$DOCK/shown" >/dev/null || fail "not all as JSON"
ok "vaultctl shows it"
