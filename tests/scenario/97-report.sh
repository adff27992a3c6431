#!/bin/bash
# Goal: a month's report says exactly what came in and what was found, in each of its formats; signed, its bytes
# are evidence and stay what they are whatever comes later; what was changed behind the log's back is found.
# Takes 35 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck disable=SC2119	# no lines of its own
dock_begin
export LC_ALL=C.UTF-8
out=$DOCK/out

expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>"$out.err" || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want: $(cat "$out" "$out.err")"
	grep -qF -e "$text" "$out" "$out.err" || fail "$*: does not say \"$text\": $(cat "$out" "$out.err")"
}
# is WHAT HAS WANTED
is() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }
report() { vaultctl --lang en report "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login report "$@"; }

# ------ people, recorders ------

vaultctl unit set QH --name 清河县局 --reason "letter 1" >/dev/null
vaultctl unit set QH-1 --name '=1+1' --parent QH --reason "letter 1" >/dev/null
for person in boss:supervisor:QH chief:unit_head:QH-1; do
	IFS=: read -r login role unit <<<"$person"
	vaultctl person add "$login" --name "$login" --roles "$role" --unit "$unit" --reason "letter 1" >/dev/null
done
new_key REC-1
vaultctl recorder enroll REC-1 --usb 1209:5a01:S1 --key "$DOCK/REC-1.pub" --officer 019001 --unit QH-1 \
	--reason "letter 1" >/dev/null

# ------ the month before: rows of its days ------

this=$(TZ=Asia/Shanghai date +%Y-%m)
last=$(date -d "$this-01 -1 day" +%Y-%m)
# Two recordings of an hour, in four segments; one was late.  Three findings: one answered, one overdue.
psql -XAtq -v ON_ERROR_STOP=1 >/dev/null <<SQL
SET search_path = dv, public;
SELECT ensure_months(ARRAY['$last-05T02:00:00Z'::timestamptz]);
INSERT INTO recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by, enrolled_at)
VALUES ('REC-9', 1, 1, 1, 'S9', '019002', 'QH', 'letter 0', 'x', '$last-01T00:00:00Z');
INSERT INTO dock_session (session, station, slot, port, vid, pid, serial, recorder, unit, officer, started_at, recorded_at)
VALUES ('00000000-0000-4000-8000-000000000001', 'QH-01', 'A1', '1-1', 1, 1, 'S9', 'REC-9', 'QH', '019002',
	'$last-05T08:00:00Z', '$last-05T08:00:00Z');
INSERT INTO blob (hash, size, stored_at) SELECT sha256(n::text::bytea), 1073741824, '$last-05T08:00:00Z' FROM generate_series(1, 4) AS n;
INSERT INTO recording (recorder, recording, session, unit, recorded_at)
SELECT 'REC-9', ('00000000-0000-4000-8001-00000000000' || n)::uuid, '00000000-0000-4000-8000-000000000001', 'QH', '$last-05T08:00:00Z'
FROM generate_series(0, 1) AS n;
CREATE TEMPORARY TABLE x AS SELECT n, ('00000000-0000-4000-8002-00000000000' || n)::uuid AS id, s + (n - 1) % 2 * interval '30 minutes' AS s
FROM (VALUES (1, '$last-05T02:00:00Z'::timestamptz), (2, '$last-05T02:00:00Z'), (3, '$last-03T02:00:00Z'), (4, '$last-05T04:00:00Z')) AS v(n, s);
INSERT INTO segment_place SELECT id, s FROM x;
INSERT INTO segment (segment, placed_at, recorder, recording, seq, session, unit, path, path_raw, size, blob, fingerprint, stored_at,
	start_at, end_at, time_source, officer, assurance, signature, digest, recorded_at)
SELECT id, s, 'REC-9', ('00000000-0000-4000-8001-00000000000' || (n - 1) / 2)::uuid, (n - 1) % 2, '00000000-0000-4000-8000-000000000001',
	'QH', n || '.mp4', 'x', 1073741824, sha256(n::text::bytea), sha256(n::text::bytea), '$last-05T08:00:00Z', s, s + interval '30 minutes',
	'manifest', '019002', 'sealed_at_dock', 'unsigned', 'not_claimed', '$last-05T08:00:00Z' FROM x;
INSERT INTO day_summary (recorded_day, recorder, unit, day, sessions, recordings, segments, duration_ms, bytes)
VALUES ('$last-05', 'REC-9', 'QH', '$last-05', 1, 1, 3, 5400000, 3221225472), ('$last-05', 'REC-9', 'QH', '$last-03', 0, 1, 1, 1800000, 1073741824);
INSERT INTO finding (finding, code, recorder, unit, officer, subject_kind, subject, fact, severity, at, detail, raised_at, session)
SELECT ('00000000-0000-4000-8003-00000000000' || n)::uuid, c, 'REC-9', 'QH', '019002', 'recording', 'REC-9/' || n, n::text, s,
	'$last-05T09:00:00Z', '{}', '$last-05T09:00:00Z', '00000000-0000-4000-8000-000000000001'
FROM (VALUES (1, 'gap', 'violation'), (2, 'late_upload', 'violation'), (3, 'battery_low', 'warning')) AS v(n, c, s);
INSERT INTO finding_summary SELECT '$last-05', recorder, unit, code, severity, 1 FROM finding;
INSERT INTO rectification (finding, number, kind, due_at, at)
SELECT finding, 1, 'opened', '$last-08T09:00:00Z', '$last-05T09:00:00Z' FROM finding;
INSERT INTO rectification (finding, number, kind, excused, at, reason_code, text)
SELECT ('00000000-0000-4000-8003-000000000001')::uuid, n, k, e, '$last-07T09:00:00Z', r, t
FROM (VALUES (2, 'acknowledged', NULL::boolean, NULL, NULL), (3, 'explained', NULL, 'battery', 'empty'), (4, 'closed', true, NULL, 'as said')) AS v(n, k, e, r, t);
INSERT INTO rectification (finding, number, kind, at) VALUES ('00000000-0000-4000-8003-000000000002', 2, 'escalated', '$last-08T09:00:00Z');
SELECT month_rebuild();
SQL
ok "a month's facts"

# ------ exactly, in each format ------

expect 1 'Monthly integrity report' report month --month "$last" --format table
grep -qE '^recordings +2 +0 +\+2 ' "$out" || fail "recordings: $(cat "$out")"
grep -qE '^hours +2\.0 +0\.0 +\+2\.0 ' "$out" || fail "hours"
grep -qE '^GiB +4\.0 ' "$out" || fail "GiB"
grep -qE '^segments stored within 24 h \(Art\. 32\) +3 ' "$out" || fail "in time"
grep -qE '^segments stored late \(Art\. 32\) +1 ' "$out" || fail "late"
grep -qE '^violations found +2 ' "$out" || fail "violations"
grep -qE '^gaps \(Art\. 12\) +1 ' "$out" || fail "gaps"
grep -qE '^closed, excused +1 ' "$out" || fail "excused"
grep -qE '^open at the end +2 ' "$out" || fail "open"
grep -qE '^open and overdue at the end +1 ' "$out" || fail "overdue"
grep -qE '^days to close, mean +2\.0 ' "$out" || fail "days"
grep -qE '^Art\. 12 +violation +.* 1 +1 +1 +0 +0 +0 +2\.0$' "$out" || fail "by article: $(cat "$out")"
expect 1 '月度完整性报告' vaultctl --lang zh report month --month "$last"
grep -qE '^录像 +2 ' "$out" || fail "in Chinese: $(cat "$out")"
report month --month "$last" --json >"$out" || [ $? -eq 1 ]
jq -e --arg m "$last" '.month == $m and .over and .totals.recordings == 2 and .totals.late == 1 and .totals.bytes == 4294967296
	and .totals.open == 2 and .totals.open_overdue == 1 and .totals.answer_max_ms == 172800000
	and .change.recordings == {by: 2, permille: null} and (.units | map(select(.unit == "QH"))[0].recordings == 2)
	and (.recorders | map(select(.recorder == "REC-9"))[0].days == {"03": 1800000, "05": 5400000})
	and (.days | map(select(.recordings > 0)) == [{day: ($m + "-05"), recordings: 2, segments: 4, duration_ms: 7200000, bytes: 4294967296,
		findings: 3}]) and (.findings | map(.answer) == ["closed", "opened", "opened"])' "$out" >/dev/null || fail "JSON: $(cat "$out")"
report month --month "$last" --by recorder --format csv >"$out" || [ $? -eq 1 ]
head -c 3 "$out" | cmp -s - <(printf '\xef\xbb\xbf') || fail "no byte order mark"
[ "$(grep -c $'\r$' "$out")" = "$(wc -l <"$out")" ] || fail "lines do not end in CR LF"
[ "$(sed -n 2p "$out" | cut -d, -f1-5)" = '"REC-9","QH",1,1,2' ] || fail "CSV: $(cat "$out")"
expect 1 "\"QH-1\",\"'=1+1\"," report month --month "$this" --by unit --format csv
report month --month "$last" --format xlsx --out "$DOCK/m.xlsx" || [ $? -eq 1 ]
unzip -p "$DOCK/m.xlsx" 'xl/worksheets/*.xml' >"$out"
! grep -q '<f>' "$out" || fail "a workbook with formulas"
grep -q '<t>REC-9</t>' "$out" || fail "the workbook lacks a recorder"
report month --month "$last" --format pdf --out "$DOCK/m.pdf" || [ $? -eq 1 ]
pdftotext -layout "$DOCK/m.pdf" "$out"
for said in 'Monthly integrity report' '^ *recordings +2 +0 +\+2' 'REC-9'; do
	grep -qE "$said" "$out" || fail "the PDF lacks $said: $(cat "$out")"
done
for format in xlsx pdf; do
	report integrity --from "$last-01" --to "$last-28" --format $format --out "$DOCK/i.$format" || [ $? -eq 1 ]
	[ -s "$DOCK/i.$format" ] || fail "the integrity report as $format"
done
pdftotext -layout "$DOCK/i.pdf" "$out"
grep -q 'REC-9' "$out" || fail "the integrity report as PDF"
ok "table, JSON, CSV, workbook and PDF say the same"

# ------ wrong words ------

expect 2 'is no month' report month --month 2026-13
expect 2 'is no month' report month --month 2026-1
expect 2 'unit, officer, recorder or article' report month --by weather
expect 2 'table, json, csv, xlsx or pdf' report month --format doc
expect 2 'NOWHERE' report month --month "$last" --unit NOWHERE
expect 2 'no report was signed as' report verify 00000000-0000-4000-8000-00000000000f
ok "what is mistyped is told"

# ------ signing ------

expect 4 'takes the role supervisor' as chief sign --month "$last" --reason "monthly"
expect 2 'the month is not over' as boss sign --month "$this" --reason "monthly"
expect 2 'say why' as boss sign --month "$last"
expect 0 'can be signed' as boss sign --month "$last" --reason "monthly" --dry-run
is "a dry run signs nothing" "$(sql "SELECT count(*) FROM report_signed")" 0
expect 0 'signed as' as boss sign --month "$last" --reason "monthly"
id=$(sql "SELECT report FROM report_signed")
is "its documents are evidence" "$(sql "SELECT count(*) FROM segment s, report_signed r, jsonb_array_elements(r.files) f
	WHERE s.segment = (f ->> 'segment')::uuid AND s.assurance = 'imported'")" 2
expect 2 'signed already' as boss sign --month "$last" --reason "again"
sql "SELECT convert_from(content, 'UTF8') FROM report_signed" | tr -d '\n' >"$DOCK/figures"
sql "SELECT signature FROM report_signed" >"$DOCK/figures.minisig"
minisign -Vm "$DOCK/figures" -x "$DOCK/figures.minisig" -p "$DOCK/stack/keys/export.pub" >/dev/null || fail "minisign does not believe it"
expect 0 "$id: whole" report verify "$id"
ok "signed by the supervisor, once, when the month was over; minisign agrees"

# ------ what was signed stays ------

psql -XAtq -v ON_ERROR_STOP=1 -c "SET search_path = dv" -c "INSERT INTO finding (finding, code, unit, subject_kind, subject, fact, severity, at, detail, raised_at)
	VALUES (gen_random_uuid(), 'gap', 'QH', 'recording', 'late', '', 'violation', now(), '{}', '$last-20T00:00:00Z')"
expect 1 'as it was signed' report month --month "$last" --json
cmp -s "$out" "$DOCK/figures" || fail "not the figures that were signed"
expect 1 'violations found' report month --month "$last"
grep -qE '^violations found +2 ' "$out" || fail "it moved"
expect 1 'violations found' report month --month "$last" --live
grep -qE '^violations found +3 ' "$out" || fail "live figures"
for format in pdf xlsx; do
	expect 1 'as it was signed' report month --month "$last" --format $format --out "$DOCK/frozen.$format"
	b2sum -l 256 "$DOCK/frozen.$format" | cut -d' ' -f1 >"$DOCK/sum"
	is "$format: byte for byte" "$(cat "$DOCK/sum")" "$(sql "SELECT f ->> 'blob' FROM report_signed, jsonb_array_elements(files) f WHERE f ->> 'format' = '$format'")"
done
pdftotext -layout "$DOCK/frozen.pdf" "$out"
grep -q 'boss' "$out" || fail "the PDF does not say who signed"
ok "what comes later changes nothing that was signed"

# ------ tampering ------

pdf=$(blob_path "$(sql "SELECT f ->> 'blob' FROM report_signed, jsonb_array_elements(files) f WHERE f ->> 'format' = 'pdf'")")
cp "$pdf" "$DOCK/kept.pdf"
chmod u+w "$pdf"
printf X | dd of="$pdf" bs=1 seek=100 conv=notrunc status=none
expect 3 '' report verify "$id"
expect 3 'damaged or missing' report month --month "$last" --format pdf --out "$DOCK/x.pdf"
[ ! -e "$DOCK/x.pdf" ] || fail "a damaged document was handed out"
cp "$DOCK/kept.pdf" "$pdf"
expect 0 'whole' report verify "$id"
psql -XAtq -c "ALTER TABLE dv.report_signed DISABLE TRIGGER ALL;
	UPDATE dv.report_signed SET content = c, sha256 = sha256(c) FROM (SELECT convert_to(replace(convert_from(content, 'UTF8'), '\"late\":1', '\"late\":0'), 'UTF8') AS c
		FROM dv.report_signed) AS x"
expect 3 'the signature is not of these figures' report verify "$id"
psql -XAtq -c "UPDATE dv.report_signed SET signature = 'x'"
expect 3 'the signature is not of these figures' report verify "$id"
vaultctl verify log >"$out" 2>&1 && fail "the log believes it"
grep -q report_signed "$out" || fail "the log does not name it: $(cat "$out")"
ok "a changed document, changed figures and another signature are found"

echo "report: 6 passed, 0 failed"
