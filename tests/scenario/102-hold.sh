#!/bin/bash
# Goal: what a case, an officer or a period needs is held by those who may, looked at again by its day, and
# lifted by another; a hold and a removal that meet see one another, or the answer says what was too late;
# a review that nobody made is found by alertd's sweep.
# Takes 6 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
command -v jq >/dev/null || { echo "jq is not installed: run tools/setup"; exit 77; }
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
# shellcheck source=tests/dock.sh
. tests/dock.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-hold.XXXXXX")
clean() { cluster_end; rm -rf "$dir"; }
trap clean EXIT
export LC_ALL=C.UTF-8
out=$dir/out
unset DOCKVAULT_LOGIN

fail() { echo "FAILED: $1"; cat -v "$out" 2>/dev/null | head -40; exit 1; }
v() { "$BUILD/vaultctl" --config "$dir/conf" --lang en "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want"
	grep -qF -e "$text" "$out" || fail "$*: does not say \"$text\""
}
is() { [ "$2" = "$3" ] || { echo "$2"; echo "instead of: $3"; fail "$1"; }; }
why=(--reason "letter 7" --review "$(date -d '+30 days' +%F)")

cluster_start
mkdir -p "$dir/vault/objects"
cat >"$dir/conf" <<END
station = "QH-01"
database = "host=$CLUSTER dbname=dv"
vault = "$dir/vault"
control = "$dir/control"
seal_key = "$dir/seal.key"
slot "A1" { port = "1-1" }
END
"$BUILD/catalog-drive" migrate "$CONNINFO user=postgres" sql >/dev/null
"$BUILD/catalog-drive" ingest "$CONNINFO user=dv_ingest" 20 >/dev/null
v unit set QH --name 清河 --reason tap >/dev/null
for p in jian:supervisor fa:legal ju:head zhang:admin; do
	v person add "${p%%:*}" --name "${p%%:*}" --unit QH --roles "${p##*:}" --reason tap >/dev/null
done
q() { psql -h "$CLUSTER" -U postgres -d dv -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }
segment=$(q "SELECT segment FROM dv.segment ORDER BY segment LIMIT 1")
recording=$(q "SELECT recorder || '/' || recording FROM dv.segment WHERE segment = '$segment'")
day=$(q "SELECT dv.day_of(min(placed_at)) FROM dv.segment")

# ------ placed ------
expect 2 'there is no segment' as jian hold add segment:00000000-0000-4000-8000-000000000000 "${why[@]}"
expect 2 'name what is to be held as' as jian hold add "$segment" "${why[@]}"
expect 2 'name what is to be held as' as jian hold add bucket:x "${why[@]}"
expect 4 'it takes the role' as zhang hold add segment:"$segment" "${why[@]}"
expect 2 'review' as jian hold add segment:"$segment" --reason x
expect 2 'say why' as jian hold add segment:"$segment" --review 2027-01-01
expect 2 'days are of a period' as jian hold add segment:"$segment" --from 2026-01-01 "${why[@]}"
expect 0 'nothing was changed' as jian hold add segment:"$segment" "${why[@]}" --dry-run
expect 0 'it covers 1 objects' as jian hold add segment:"$segment" "${why[@]}"
expect 0 'it covers' as fa hold add recording:"$recording" "${why[@]}"
expect 0 'it covers' as ju hold add period --from "$day" --to "$day" "${why[@]}"
is "three holds" "$(as zhang hold list --json | jq -r 'map(.kind) | sort | join(" ")')" "period recording segment"
is "all of them on one segment" "$(as jian hold list --object segment:"$segment" --json | jq length)" 3
ok "holds are placed by those who may"

# ------ looked at again, lifted ------
id=$(as jian hold list --json | jq -r '.[] | select(.kind == "segment").hold')
expect 4 'another person releases it' as jian hold release "$id" --reason over
expect 0 'entered: the review' as jian hold review "$id" --review "$(date -d '+60 days' +%F)" --reason "still in court"
expect 0 'still in court' as fa hold show "$id"
expect 0 'released: hold' as fa hold release "$id" --reason over
expect 2 'it is released already' as ju hold release "$id" --reason over
is "released ones are out of sight" "$(as jian hold list --json | jq length)" 2
is "but there" "$(as jian hold list --all --json | jq -r '.[-1].released_by')" fa
ok "and lifted by another"

q "INSERT INTO dv.hold (kind, subject, review_on, reason, entered_at)
   VALUES ('segment', '$segment', dv.today() - 1, 'r', now() - interval '9 days')"
is "a review that is overdue is found" "$(psql -h "$CLUSTER" -U dv_alert -d dv -X -A -t -c 'SELECT raised FROM dv.sweep()')" 1
is "and marked" "$(as jian hold list --json | jq -r '.[0].state')" review_due

# ------ a hold and a removal meet ------
expect 0 'released: hold' as jian hold release "$(as jian hold list --json | jq -r '.[] | select(.kind == "period").hold')" \
	--reason over
other=$(q "SELECT segment FROM dv.segment WHERE dv.day_of(placed_at) = '$day' AND NOT segment IN
	(SELECT dv.held(ARRAY(SELECT segment FROM dv.segment))) LIMIT 1")
is "one that is not held" "$(q "SELECT count(*) FROM dv.held(ARRAY['$other'::uuid])")" 0
mkfifo "$dir/in"
psql -h "$CLUSTER" -U postgres -d dv -X -A -t -q <"$dir/in" >"$dir/removal" 2>&1 &
removal=$!
exec 5>"$dir/in"
cat >&5 <<END
BEGIN;
SELECT pg_advisory_xact_lock(25730, 1);	-- the gate, as dv.disposal_next() has it
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason)
VALUES ('00000000-0000-4000-8000-000000000001', dv.today(), 1, 1, sha256('x'), 'tap');
INSERT INTO dv.disposal_begun (segment, plan, blob)
SELECT segment, '00000000-0000-4000-8000-000000000001', blob FROM dv.segment
WHERE segment = '$other' AND NOT EXISTS (SELECT FROM dv.held(ARRAY['$other'::uuid]));
SELECT 'begun';
END
await 30 "a removal is begun" grep -q begun "$dir/removal"
as jian hold add period --from "$day" --to "$day" "${why[@]}" >"$out" 2>&1 &
hold=$!
waits() { [ "$(q "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 25730 AND objid = 1 AND NOT granted")" = 1 ]; }
await 30 "the hold waits for the removal" waits
echo "COMMIT;" >&5
exec 5>&-
wait "$removal"
wait "$hold" || fail "the hold: exit $?"
grep -qF 'TOO LATE for these: 0 are gone, the removal of 1 is begun' "$out" || fail "a hold that came too late says so"
grep -qF "segment:$other" "$out" || fail "and of what"
expect 2 'nothing left to hold' as jian hold add segment:"$other" "${why[@]}"
ok "a hold waits for a removal that is being begun, and says what was too late"
is "what is held is not begun" "$(q "SELECT count(*) FROM dv.held(ARRAY['$segment'::uuid])")" 1
expect 0 'TOO LATE' as fa hold show "$(as jian hold list --object segment:"$other" --json | jq -r '.[] | select(.kind == "period").hold')"
DOCKVAULT_LOGIN=fa "$BUILD/vaultctl" --config "$dir/conf" --lang zh hold list | grep -q 保全 || fail "in Chinese"
