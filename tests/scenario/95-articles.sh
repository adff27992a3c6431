#!/bin/bash
# Goal: each article of the regulation that asks for something is broken, and kept, side by side in one stretch of 31 days: what is found of
# either, what is owed and when, and what the monthly report says of its unit are exactly what they should be.  What each article's
# part is is in tests/scenario/articles/art-NN.sh.  Of the rows of the checklists one an article is broken; all of
# them are with ARTICLES=all, as `make check-articles` does.
# Takes 100 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck source=tests/scenario/articles/common.sh
. tests/scenario/articles/common.sh

before_stack=models
models() {
	mkdir -p "$DOCK/stack/recorders.d"
	local r
	for r in V C; do
		printf 'model "checked-%s" {\n\tserial = "S%s-13"\n\tclass = "mtp"\n\tclock_set = true\n\tmegabytes_per_hour = 3600\n}\n' $r $r
	done >"$DOCK/stack/recorders.d/checked.conf"
}
DOCK_CLOCK=1 DOCK_SLOTS=24 dock_begin
unset DOCKVAULT_LOGIN
art=00
fail() { echo "FAILED: $1"; tail -n 5 "$DOCK/stack/log/alertd" "$DOCK/stack/log/dockd" 2>/dev/null || true; exit 1; }

# ------ who there is ------

articles=()
for file in tests/scenario/articles/art-*.sh; do
	# shellcheck source=/dev/null
	. "$file"
	file=${file##*/art-}
	articles+=("${file%.sh}")
done
{
	echo "SELECT dv.unit_set('QH', NULL, 'bureau', false, 'scenario');"
	for art in "${articles[@]}"; do echo "SELECT dv.unit_set('U-$art', 'QH', 'of article $art', false, 'scenario');"; done
	for n in 1:QH 2:QH 3:U-32; do echo "SELECT dv.officer_set('01900${n%:*}', 'officer', 'C-${n%:*}', NULL, '${n#*:}', '2020-01-01', NULL, 'scenario');"; done
	cat tests/scenario/articles/rows.psql
} | psql -XAtq -v ON_ERROR_STOP=1 >/dev/null
for person in zhang:officer:019001 li:officer:019002 wang:unit_head qian:head sun:supervisor fa:legal shen:auditor xu:witness; do
	IFS=: read -r login role officer <<<"$person"
	v person add "$login" --name "$login" --unit QH --roles "$role" ${officer:+--officer "$officer"} --reason scenario >/dev/null
done
# What the articles reckon from.
# shellcheck disable=SC2034
began=$(sql "SELECT now()") t0=$(date +%s)

# every PHASE [ARGUMENT]: that part of each article that has one
every() {
	local phase=$1
	shift
	for art in "${articles[@]}"; do
		! declare -F "art_${art}_$phase" >/dev/null || "art_${art}_$phase" "$@"
	done
}
is_judged() { [ "$(sql "SELECT count(*) FROM coverage_due WHERE due_at <= now()")" = 0 ]; }
# More time for whatever is not about answering: its articles are others.
more_time() {
	call sun "SELECT finding_assign(f, NULL, now() + interval '300 days', 'scenario') FROM (SELECT array_agg(s.finding) AS f
		FROM finding_state s WHERE s.unit <> 'U-38' AND s.state <> 'closed' AND s.joins IS NULL) AS x WHERE f IS NOT NULL" >/dev/null
}

# ------ what happened ------

every begin
art=11 unit=QH entered REC-AV
docked_mtp REC-AV "battery=95,clock-offset=0,no-clock-set=1"
stack wait >/dev/null
await_dock ".backlog == 0"
every docked
# What was recorded for other articles is of no case.
call sun "SELECT recording_review(r.recorder, r.recording, 'no_case', 'scenario') FROM recording r WHERE r.recorder <> 'REC-35'
	AND NOT EXISTS (SELECT FROM link_current l WHERE l.object = r.recorder || '/' || r.recording
		OR l.object IN (SELECT s.segment::text FROM segment s WHERE s.recorder = r.recorder AND s.recording = r.recording))" >/dev/null
ok "all of it happened"

for step in +18h:18h +6h:24h +6d:7d +13d:20d +10d:30d; do
	at_clock "${step%:*}"
	await 60 "coverage is judged, ${step#*:} on" is_judged
	every after "${step#*:}"
	more_time
done
ok "31 days later"

# ------ what came of it ------

for art in "${articles[@]}"; do
	"art_${art}_end"
	ok "Art. $((10#$art)): $(sed -n '1s/^# Art\. [0-9]*: //p' "tests/scenario/articles/art-$art.sh")"
done
art=00
[ "${ARTICLES:-}" != all ] || is "rows that nothing here is about" "$(sql "SELECT string_agg((r).requirement, ' ') FROM t.now() r WHERE (r).av = 'none' AND (r).deadline IS NULL
	AND (r).requirement NOT IN (SELECT requirement FROM t.row)")" ""
is "articles that nothing here is about" "$(comm -13 <(printf "%s\n" "${articles[@]}") <(seq -w 2 38))" ""
dock_finish
