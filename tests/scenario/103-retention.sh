#!/bin/bash
# Goal: what is due is planned, approved by two, waits fourteen days that were lived, and goes from every store, killed
# wherever it may be; nothing else goes, whatever clock, plan, tombstone or second copy says.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck disable=SC2317	# dock_begin calls it
DOCK_CLOCK=1 dock_begin
mkdir "$DOCK/second"
echo "copy \"second\" { path = \"$DOCK/second\" }" >>"$DOCK/stack/dockvault.conf"
export LC_ALL=C.UTF-8
out=$DOCK/out

expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>"$out.err" || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want: $(cat "$out" "$out.err")"
	grep -qF -e "$text" "$out" "$out.err" || fail "$*: does not say \"$text\": $(cat "$out" "$out.err")"
}
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }
retention() { vaultctl --lang en retention "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login retention "$@"; }
noted() { [ "$(sql "SELECT count(*) FROM clock_day WHERE day = today()")" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM retention_pass WHERE swept_on = today()")" = 1 ]; }
day() { at_clock "$1"; await 60 "the day is noted" noted; }
second_path() { echo "$DOCK/second/objects/${1:0:2}/${1:2:2}/$1"; }
blob_of() { sql "SELECT hex(blob) FROM segment WHERE path LIKE '%$1%'"; }
segment_of() { sql "SELECT segment FROM segment WHERE path LIKE '%$1%'"; }
recording_of() { sql "SELECT recorder || '/' || recording FROM segment WHERE path LIKE '%$1%'"; }

# ------ evidence, in two stores ------

vaultctl unit set QH --name 清河县局 --reason "letter 1" >/dev/null
for person in jian:supervisor fa:legal ju:head ma:admin; do
	vaultctl person add "${person%:*}" --name "${person%:*}" --roles "${person#*:}" --unit QH --reason "letter 1" >/dev/null
done
mkdir "$DOCK/in"
for n in a b c d e f; do
	mkdir "$DOCK/in/$n"
	head -c 20000 /dev/urandom >"$DOCK/in/$n/REC_$n.mp4"
done
cp "$DOCK/in/e/REC_e.mp4" "$DOCK/in/f/REC_f.mp4"	# two recordings of the same bytes
for n in a b c d e f; do
	vaultctl import "$DOCK/in/$n" --unit QH --reason "scenario" >/dev/null
done
await_dock '.backlog == 0'
is "six segments" "$(sql "SELECT count(*) FROM segment")" 6
DOCKVAULT_LOGIN=ma vaultctl store set second --holds all --reason "a second disk" >/dev/null
DOCKVAULT_LOGIN=ma vaultctl scrub --empty --store second >/dev/null
is "five blobs of media in the second store" "$(for n in a b c d e; do ls "$(second_path "$(blob_of REC_$n)")"; done | wc -l)" 5
ok "six segments, in two stores"

# ------ a clock that is put forward ------

expect 2 'nothing is due' as jian plan --reason "first"
day +400d
await 30 "what lies between is found" eval '[ "$(sql "SELECT count(*) FROM finding WHERE code = '"'clock_jumped'"'")" = 1 ]'
expect 2 'no day was noted' as jian plan --reason "year"
expect 1 'put forward' retention clock
expect 0 'the machine was off' as jian clock --lived "$(sql "SELECT today()")" --reason "closed for rebuilding"
expect 0 'waiting for a person' retention list
[ "$(retention list --json | jq '.reviews | length')" = 6 ] || fail "six recordings wait for a look"
expect 2 'nothing is due' as jian plan --reason "not looked at"
await 30 "the week's notice" eval '[ "$(sql "SELECT count(*) FROM finding WHERE code = '"'disposal_due'"'")" -ge 1 ]'
ok "a year ahead, nothing goes by itself"

# ------ looked at, planned, approved ------

for n in a b c e f; do
	expect 0 'it may go' as jian review "$(recording_of REC_$n)" --dispose --reason "no case"
done
expect 0 'waits for a look' retention plan --explain "$(segment_of REC_d)"
expect 0 'it is kept' as jian review "$(recording_of REC_d)" --keep --reason "asked for"
expect 0 'may go' retention plan --explain "$(segment_of REC_a)"
expect 0 'looked at and kept' retention plan --explain "$(recording_of REC_d)"
expect 0 'dry run' as jian plan --reason "trial" --dry-run
is "a trial makes no plan" "$(sql "SELECT count(*) FROM disposal_plan")" 0
expect 0 'two other people approve' as jian plan --reason "yearly"
plan=$(sql "SELECT plan FROM disposal_plan")
expect 0 'the plan is whole' retention show "$plan" --objects
is "five of them" "$(sql "SELECT objects FROM disposal_plan")" 5
sql "SELECT convert_from(document, 'UTF8') FROM disposal_plan_signed" | tr -d '\n' >"$DOCK/document"
sql "SELECT signature FROM disposal_plan_signed" >"$DOCK/document.minisig"
minisign -Vm "$DOCK/document" -x "$DOCK/document.minisig" -p "$DOCK/stack/keys/export.pub" >/dev/null || fail "minisign does not believe it"
expect 4 'yourself' as jian approve "$plan" --reason "mine"
expect 4 'takes the role' as ma approve "$plan" --reason "no"
psql -XAtqc "ALTER TABLE dv.disposal_item DISABLE TRIGGER ALL; UPDATE dv.disposal_item SET segment = '$(segment_of REC_d)' WHERE number = 2"
expect 3 'not what was frozen' as fa approve "$plan" --reason "x"
is "a changed plan is found" "$(sql "SELECT count(*) FROM finding WHERE code = 'disposal_plan_changed'")" 1
psql -XAtqc "UPDATE dv.disposal_item SET segment = x.segment FROM (SELECT segment FROM dv.segment WHERE path ~ 'REC_[abcef]' AND segment NOT IN
	(SELECT segment FROM dv.disposal_item)) AS x WHERE number = 2; ALTER TABLE dv.disposal_item ENABLE TRIGGER ALL;
	ALTER TABLE dv.disposal_item ENABLE ALWAYS TRIGGER append_only"
expect 0 'one more person' as fa approve "$plan" --reason "looked at"
expect 0 'approved by two' as ju approve "$plan" --reason "agreed"
expect 0 '0 objects disposed' as ma run
ok "planned, signed, approved by two others"

# ------ fourteen days, each of them ------

day +1d
day +1d
expect 0 '0 objects disposed' retention run
day +13d
is "by the clock they are over" "$(sql "SELECT state FROM disposal_plan_list")" approved
expect 0 '0 objects disposed' retention run
# The days between, as they would have been noted: what a fortnight takes is not for a scenario.
sql "INSERT INTO clock_day (day, noted_at) SELECT today() - n, day_start(today() - n) + interval '1 hour'
	FROM generate_series(1, 12) AS n ON CONFLICT DO NOTHING"
sql "INSERT INTO hold (kind, subject, review_on, reason) VALUES ('segment', '$(segment_of REC_c)', today() + 90, 'a suit')"
ok "nothing goes before they are over"

# ------ killed wherever it may be ------

# The vault's disk is away: the second store's copies are gone, the vault's are there, and nothing is written.
mv "$DOCK/stack/vault/objects" "$DOCK/stack/vault/away"
mkdir "$DOCK/stack/vault/not-mounted"
expect 4 'vault' retention run
is "begun" "$(sql "SELECT count(*) FROM disposal_begun")" 4
is "no tombstone" "$(sql "SELECT count(*) FROM tombstone")" 0
mv "$DOCK/stack/vault/away" "$DOCK/stack/vault/objects"
# Killed once the bytes of the first are gone and before that is written: somebody holds the table.
exec {to}> >(exec psql -XAtq >"$DOCK/psql" 2>&1)
holder=$!
echo "BEGIN; LOCK TABLE dv.tombstone IN SHARE MODE; SELECT 'held';" >&"$to"
await 30 "the table is held" grep -q held "$DOCK/psql"
"$BUILD/vaultctl" retention run >"$out" 2>&1 &	# itself, not a shell around it
run=$!
waits() { [ "$(psql -XAtqc "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dv_keep' AND wait_event_type = 'Lock'")" = 1 ]; }
await 30 "the executor waits" waits
kill -9 "$run"
wait "$run" 2>/dev/null || true
# And what it had asked for with it: the server would carry that out all the same.
keeps() { [ "$(psql -XAtqc "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dv_keep'")" = "$1" ]; }
psql -XAtqc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dv_keep'" >/dev/null
await 30 "the executor's connection is over" keeps 0
echo "ROLLBACK;" >&"$to"
exec {to}>&-
wait "$holder" || true
is "still no tombstone" "$(sql "SELECT count(*) FROM tombstone")" 0
left=0
for n in a b e; do [ ! -e "$(blob_path "$(blob_of REC_$n)")" ] || left=$((left + 1)); done
is "one blob is gone, and is not written yet" "$left" 2
expect 0 '4 objects disposed' retention run
is "the rest of it" "$(sql "SELECT string_agg(path || ' ' || blob_kept || ' ' || array_to_string(stores, '+'), ', ' ORDER BY path)
	FROM tombstone JOIN segment USING (segment)" | sed 's|[^ ]*/||g')" \
	"REC_a.mp4 false vault+second, REC_b.mp4 false vault+second, REC_e.mp4 false vault+second, REC_f.mp4 false vault+second"
is "spared" "$(sql "SELECT path || ' ' || cause FROM disposal_spared JOIN segment USING (segment)" | sed 's|[^ ]*/||g')" "REC_c.mp4 held"
for n in a b e; do
	[ ! -e "$(blob_path "$(blob_of REC_$n)")" ] || fail "REC_$n is in the vault"
	[ ! -e "$(second_path "$(blob_of REC_$n)")" ] || fail "REC_$n is in the second store"
done
for n in c d; do
	[ -e "$(blob_path "$(blob_of REC_$n)")" ] || fail "REC_$n is gone"
done
expect 0 '0 objects disposed' retention run
ok "killed, resumed: each once, in every store, and nothing else"

# ------ what is left of it ------

sealed() { [ "$(sql "SELECT (entries - coalesce((SELECT max(size) FROM custody_checkpoint), 0))::bigint FROM log_head()")" = 0 ]; }
await 60 "the log has all of it" sealed
expect 0 '3 more blobs' vaultctl --lang en verify vault
expect 0 '3 more blobs are gone by right' vaultctl --lang en verify log
expect 2 'was disposed of by plan' vaultctl --lang en export "$(segment_of REC_a)" --tar "$DOCK/x.tar" --reason "x"
vaultctl recording show "$(recording_of REC_a)" --json | jq -e --arg p "$plan" '.[0].segment_list[0].disposed.plan == $p' >/dev/null ||
	fail "the recording does not say that it is gone"
expect 0 'the certificate of plan' retention certificate "$plan" --out "$DOCK/c.pdf" --list "$DOCK/c.txt"
[ -z "${KEEP_CERTIFICATE:-}" ] || cp "$DOCK/c.pdf" "$KEEP_CERTIFICATE"
minisign -Vm "$DOCK/c.pdf" -p "$DOCK/stack/keys/export.pub" >/dev/null || fail "minisign does not believe the certificate"
pdftotext -layout "$DOCK/c.pdf" "$out"
for said in 'Certificate of disposal' "$plan" "$(sha256sum <"$DOCK/c.txt" | cut -c1-64)" "$(segment_of REC_a | cut -c1-13)" '被保全 held' 'looked at'; do
	tr -d ' \n' <"$out" | grep -qF "$(tr -d ' ' <<<"$said")" || fail "the certificate lacks $said: $(cat "$out")"
done
is "the list has all" "$(wc -l <"$DOCK/c.txt")" 5
ok "tombstones, a certificate, and nothing is missing"

# ------ lies ------

# Bytes that are there although they went; and a tombstone that nobody approved.
gone=$(blob_of REC_a) d=$(blob_of REC_d)
install -D -m 0440 "$DOCK/in/a/REC_a.mp4" "$(blob_path "$gone")"
mv "$(blob_path "$d")" "$DOCK/kept"
psql -XAtq -v ON_ERROR_STOP=1 <<SQL
INSERT INTO dv.disposal_begun (segment, plan, blob) VALUES ('$(segment_of REC_d)', '$plan', '\x$d');
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
VALUES ('$(segment_of REC_d)', '$plan', '\x$d', 20000, '{}', '{vault,second}', false);
SQL
await 60 "the log has it" sealed
expect 3 "$d" vaultctl --lang en verify log
grep -q "NOT DISPOSED $gone" "$out" || fail "bytes that went and are there: $(cat "$out")"
grep -q "MISSING $d\|$d.*not in the vault" "$out" || fail "a forged tombstone excuses a missing blob: $(cat "$out")"
is "both are found" "$(sql "SELECT string_agg(code || ' ' || subject, ', ' ORDER BY code) FROM finding WHERE code LIKE 'blob%'")" \
	"blob_missing $d, blob_not_disposed $gone"
ok "bytes put back, and a tombstone that is none, are found"

echo "retention: 8 passed, 0 failed"
