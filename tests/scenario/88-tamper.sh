#!/bin/bash
# Goal: the attacker owns the database and is root on the vault's disk, and later holds the log's key.  He
# changes a row, deletes one, puts one back with other content past and through the triggers, swaps
# a blob and removes one, alters a leaf: `verify log` says of each what it is, and calls all good once it is
# undone.  At last he writes the whole log anew, so that everything on the machine agrees: the witness in
# another office refuses it and keeps both signed heads.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
export LC_ALL=C.UTF-8
dock_begin
log=$DOCK/stack/custody

is_sealed() {
	[ "$(sql "SELECT count(*) FROM custody_event")" = "$(sed -n 2p "$log/checkpoint")" ]
}
await_sealed() { await 30 "all is sealed" is_sealed; }
# found WHAT STATUS [CODE SUBJECT]...: what verify log finds, all of it, and how it ends
found() {
	local what=$1 want=$2 status=0 is
	shift 2
	await_sealed
	vaultctl --lang en verify log --dry-run --json >"$DOCK/json" || status=$?
	is=$(jq -r '.findings[] | "\(.code) \(.subject)"' "$DOCK/json" | sort -u)
	[ "$is" = "$(printf '%s\n' "$@" | sort)" ] || { jq . "$DOCK/json"; fail "$what: found '$is'"; }
	[ "$status" = "$want" ] || fail "$what: status $status, expected $want"
	ok "$what"
}
# As its owner: no trigger stands in the way, or each does its work again.
triggers() { psql -XAtq -v ON_ERROR_STOP=1 -c "ALTER TABLE dv.$2 $1 TRIGGER ALL"; }
# by_force TABLE SQL
by_force() {
	local table
	for table in $1; do triggers DISABLE "$table"; done
	sql "$2"
	for table in $1; do triggers ENABLE "$table"; done
}

new_key REC-000881
enroll REC-000881 S881 "$DOCK/REC-000881.pub"
signed_card "$DOCK/card" REC-000881 4 300001
plug A1 "$DOCK/card" S881
stack wait >/dev/null
stack undock A1
await_dock "$(slot A1) == \"empty\""
found "as it came in" 0 ''

# The other office has its own machine, and looks now and then.
witness() {
	vaultctl --lang en --config /nonexistent witness check --key "$DOCK/witness.key" \
		--state "$DOCK/witness.state" --log "$DOCK/log.vkey" "$log"
}
cp "$DOCK/stack/keys/custody.key.vkey" "$DOCK/log.vkey"
vaultctl witness keygen court.example/witness "$DOCK/witness.key" >/dev/null 2>&1
witness >"$DOCK/cosigned" 2>&1 || { cat "$DOCK/cosigned"; fail "the witness did not cosign"; }
cp "$log/checkpoint" "$DOCK/head"
ok "the witness cosigned $(sed -n 2p "$DOCK/head") leaves"

# ------ the database's superuser ------

part=$(sql "SELECT tableoid::regclass FROM segment LIMIT 1")
part="segment ${part##*.}"	# where the month's segments are
segment=$(sql "SELECT segment FROM segment ORDER BY seal_dseq, path LIMIT 1")
by_force "$part" "CREATE TABLE public.kept AS SELECT * FROM segment WHERE segment = '$segment'
	; UPDATE segment SET officer = '019999' WHERE segment = '$segment'"
found "a row was changed" 3 "custody_row_changed segment/$segment"
by_force "$part" "DELETE FROM segment WHERE segment = '$segment'"
found "a row was deleted" 3 "custody_row_missing segment/$segment"
by_force "$part" "INSERT INTO segment SELECT * FROM public.kept"
found "the same row is back" 0 ''
finding=$(sql "SELECT finding FROM finding LIMIT 1")
if [ -n "$finding" ]; then
	by_force finding "CREATE TABLE public.kept_finding AS SELECT * FROM finding WHERE finding = '$finding'
		; DELETE FROM finding WHERE finding = '$finding'"
	found "a finding was made to vanish" 3 "custody_row_missing finding/$finding"
	by_force finding "INSERT INTO finding SELECT * FROM public.kept_finding"
fi
event=$(sql "SELECT event FROM custody_event WHERE source = 'segment' AND key = '$segment'")
by_force custody_event "UPDATE custody_event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'),
	'signed_by_recorder', 'imported'), 'UTF8') WHERE event = $event"
by_force "$part" "UPDATE segment SET assurance = 'imported' WHERE segment = '$segment'"
found "row and event were changed alike" 3 "custody_event_changed $event"
by_force custody_event "UPDATE custody_event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'),
	'\"imported\"', '\"signed_by_recorder\"'), 'UTF8') WHERE event = $event"
by_force "$part" "UPDATE segment SET assurance = 'signed_by_recorder' WHERE segment = '$segment'"
found "both are as they were" 0 ''

# ------ root on the vault's disk ------

blob=$(sql "SELECT encode(blob, 'hex') FROM segment WHERE segment = '$segment'")
file=$(blob_path "$blob")
mv "$file" "$DOCK/blob"
found "a blob was removed" 3 "blob_missing $blob"
head -c 300001 /dev/urandom >"$file"
found "a blob was swapped for one of its size" 3 "blob_changed $blob"
rm -f "$file"
mv "$DOCK/blob" "$file"
other=$(printf 'brought along' | b2sum -l 256 | cut -d' ' -f1)
mkdir -p "$(dirname "$(blob_path "$other")")"
printf 'brought along' >"$(blob_path "$other")"
found "a blob was brought" 1 "blob_unlogged $other"
rm -f "$(blob_path "$other")"
size=$(sed -n 2p "$log/checkpoint")
bundle=$(printf '%s/tile/entries/%03d' "$log" $((size / 256 - (size % 256 == 0))))
[ $((size % 256)) -eq 0 ] || bundle+=.p/$((size % 256))
at=$(grep -abo -m 1 '"role":"dv_ingest"' "$bundle" | head -n 1 | cut -d: -f1)
cp -p "$bundle" "$DOCK/bundle"
printf 'dv_admiN' | dd of="$bundle" bs=1 seek=$((at + 8)) conv=notrunc status=none
await_sealed
status=0
vaultctl --lang en verify log --dry-run --json >"$DOCK/json" || status=$?
[ "$status" = 3 ] && jq -e '.findings | length > 0 and all(.code == "custody_leaf_damaged")' "$DOCK/json" >/dev/null ||
	{ jq . "$DOCK/json"; fail "an altered leaf: status $status"; }
ok "a leaf was altered"
cp -p "$DOCK/bundle" "$bundle"
found "and put right again" 0 ''

# ------ put back with valid links, through the triggers: it has an event, a leaf and a proof ------

by_force "$part" "DELETE FROM segment WHERE segment = '$segment'"
sql "UPDATE public.kept SET officer = '019999'; INSERT INTO segment SELECT * FROM public.kept"
found "a row was put back with other content and a leaf of its own" 3 "custody_row_changed segment/$segment"
status=0
vaultctl --lang en verify log >"$DOCK/told" 2>&1 || status=$?
[ "$status" = 3 ] || fail "verify log ends with $status"
grep -q "Art\. 35" "$DOCK/told" || { cat "$DOCK/told"; fail "no article is named"; }
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'custody_row_changed' AND severity = 'violation'")" -ge 1 ] ||
	fail "no finding was raised"
ok "and is raised as a violation"
await_sealed
witness >"$DOCK/cosigned" 2>&1 || { cat "$DOCK/cosigned"; fail "the log that went on was not cosigned"; }
cp "$log/checkpoint" "$DOCK/head"

# ------ the stolen key: the past as it suits him, every leaf, tile and signature made anew ------

stack kill-custodyd 15 >/dev/null
by_force "custody_event custody_entry custody_checkpoint custody_salt finding $part" "DELETE FROM custody_entry WHERE event IN (SELECT event FROM custody_event
		WHERE source = 'segment' AND key = '$segment' OR source = 'finding' AND act = 'finding_raised'
			AND convert_from(leaf, 'UTF8') LIKE '%custody_row_changed%')
	; DELETE FROM finding WHERE code = 'custody_row_changed'
	; DELETE FROM custody_event e WHERE NOT EXISTS (SELECT FROM custody_entry x WHERE x.event = e.event)
	; DELETE FROM custody_salt s WHERE NOT EXISTS (SELECT FROM custody_event e WHERE e.event = s.event)
	; DELETE FROM segment WHERE segment = '$segment'
	; DELETE FROM custody_checkpoint
	; CREATE TABLE public.places AS SELECT row_number() OVER (ORDER BY leaf_index) - 1 AS i, event FROM custody_entry
	; TRUNCATE custody_entry; INSERT INTO custody_entry (leaf_index, event) SELECT i, event FROM public.places"
find "$log" -mindepth 1 -delete
sql "INSERT INTO segment SELECT * FROM public.kept"
stack start-custodyd >/dev/null
while [ "$(sed -n 2p "$log/checkpoint" 2>/dev/null || echo 0)" -lt "$(sed -n 2p "$DOCK/head")" ]; do
	sql "INSERT INTO act (kind, objects, by, reason, detail) VALUES ('view', '{case:1}', 'he', 'to catch up', '{}')"
	await_sealed
done
found "the whole log was written anew with its key: nothing here can tell" 0 ''
status=0
witness >"$DOCK/refused" 2>&1 || status=$?
[ "$status" = 3 ] || { cat "$DOCK/refused"; fail "the witness: status $status"; }
cat "$DOCK/refused"
kept=$(find "$DOCK" -maxdepth 1 -name 'witness.state.*.kept') refused=$(find "$DOCK" -maxdepth 1 -name 'witness.state.*.refused')
[ -n "$kept" ] && [ -n "$refused" ] || fail "both heads are not kept"
origin=$(sed -n 1p "$DOCK/head")
for head in "$kept" "$refused"; do
	grep -q "^— $origin " "$head" || fail "$head is not signed by the log"
done
[ "$(sed -n 2,3p "$kept")" = "$(sed -n 2,3p "$DOCK/head")" ] || fail "the head that was cosigned is not kept"
[ "$(sed -n 2,3p "$refused")" = "$(sed -n 2,3p "$log/checkpoint")" ] || fail "the other head is not kept"
ok "the witness refuses it, and keeps both heads, each with the log's own signature"
dock_finish
