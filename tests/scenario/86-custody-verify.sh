#!/bin/bash
# Goal: what was done with evidence is told in order and proven, by whom and why; a log, a catalog and
# a vault that agree are said to; and each way in which they do not is found as what it is, said with
# its article and the next step, and raised once.
# Takes 85 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/alter.sh
. tests/alter.sh
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck source=tests/tsa.sh
. tests/tsa.sh
export LC_ALL=C.UTF-8
log=

# shellcheck disable=SC2119	# no line of its own
dock_begin
log=$DOCK/stack/custody
out=$DOCK/out
v() { vaultctl --lang en "$@"; }
# expect STATUS TEXT ARGUMENT...: vaultctl ends so and says that
expect() {
	local want=$1 text=$2 status=0
	shift 2
	vaultctl --lang "${speak:-en}" "$@" >"$out" 2>&1 || status=$?
	[ $status -eq "$want" ] || { cat "$out"; fail "vaultctl $*: status $status, expected $want"; }
	grep -qF -- "$text" "$out" || { cat "$out"; fail "vaultctl $*: does not say \"$text\""; }
}
silent() { ! grep -qF -- "$1" "$out" || { cat "$out"; fail "says \"$1\""; }; }
is() { [ "$2" = "$3" ] || fail "$1: $2, expected $3"; }
# All that there is has been signed.
is_sealed() {
	[ "$(sql "SELECT count(*) FROM custody_event")" = "$(sed -n 2p "$log/checkpoint")" ] &&
		[ "$(sql "SELECT max(size) FROM custody_checkpoint")" = "$(sed -n 2p "$log/checkpoint")" ]
}
await_sealed() { await 30 "everything is sealed" is_sealed; }
# found_is WHAT STATUS CODE...: verify log --dry-run finds these, each so often, and ends so.  While no
# custodyd is there for long, on a busy machine, that events wait is found beside them.
found_is() {
	local what=$1 want=$2 status=0 beside=none
	shift 2
	if [ -n "$began" ] && [ $((SECONDS - began)) -gt 50 ] && [[ "$*" != *custody_event_waiting* ]]; then
		beside=custody_event_waiting
	fi
	# shellcheck disable=SC2086	# words
	vaultctl verify log --dry-run --json $options >"$DOCK/json" 2>"$DOCK/err" || status=$?
	is "$what" "$(jq -r --arg beside "$beside" '.findings[] | select(.code != $beside) |
		"\(.code) \(.subject_kind) \(.subject): \(.fact)"' "$DOCK/json" | sort)" \
		"$(printf '%s\n' "$@" | sed '/^$/d' | sort)"
	! jq -e --arg beside "$beside" '.findings | any(.code == $beside)' "$DOCK/json" >/dev/null ||
		want=$((want == 0 ? 1 : want))
	is "$what: status" "$status" "$want"
	ok "$what"
}
options=''
began=''	# when custodyd was stopped

# ------ evidence comes in ------

new_key REC-000861
enroll REC-000861 S861 "$DOCK/REC-000861.pub"
signed_card "$DOCK/card" REC-000861 90 20000
plug A1 "$DOCK/card" S861
stack wait >/dev/null
await_sealed

expect 0 "Log, catalog and vault agree." verify log --dry-run
found_is "what came in is whole" 0 ""
is "leaves" "$(jq .leaves "$DOCK/json")" "$(sql "SELECT count(*) FROM custody_event")"
is "blobs" "$(jq .blobs "$DOCK/json")" "$(sql "SELECT count(*) FROM blob")"
is "checkpoints" "$(jq .checkpoints "$DOCK/json")" "$(sql "SELECT count(*) FROM custody_checkpoint")"
is "rows" "$(jq .rows "$DOCK/json")" "$(sql "SELECT sum((xpath('/row/n/text()', query_to_xml(
	format('SELECT count(*) AS n FROM dv.%I', source), true, true, '')))[1]::text::bigint) FROM custody_source")"
is "a dry run leaves no act" "$(sql "SELECT count(*) FROM act WHERE kind = 'scrub'")" 0
expect 0 "Log, catalog and vault agree." verify log
is "that all was read is an act" "$(sql "SELECT detail - 'bytes' FROM act WHERE kind = 'scrub'")" \
	"$(sql "SELECT jsonb_build_object('checked', 'log', 'blobs', count(*), 'missing', 0, 'damaged', 0, 'unrecorded', 0) FROM blob")"
expect 0 "looked for by name and size alone" verify log --presence
is "and nothing else is" "$(sql "SELECT count(*) FROM act WHERE kind = 'scrub'")" 1
await_sealed
ok "log, catalog and vault agree"

# ------ history ------

segment=$(sql "SELECT segment FROM segment ORDER BY seal_dseq LIMIT 1")
recording=$(sql "SELECT recorder || '/' || recording FROM segment LIMIT 1")
blob=$(sql "SELECT encode(blob, 'hex') FROM segment WHERE segment = '$segment'")
for object in "$segment" "$recording" "$blob" recorder:REC-000861 "session:$(sql "SELECT session FROM dock_session")"; do
	await_sealed	# that it was verified is an event itself
	expect 0 "custody log example.cn/dockvault/QH-01" verify "$object"
	is "each event of $object is proven" "$(grep -c '^    sealed as leaf .*: proven$' "$out")" "$(grep -c '^20' "$out")"
	[ "$(grep -c '^20' "$out")" -ge 5 ] || fail "$object has no history"
	is "$object: in order" "$(sed -n 's/.*sealed as leaf \([0-9]*\),.*/\1/p' "$out")" \
		"$(sed -n 's/.*sealed as leaf \([0-9]*\),.*/\1/p' "$out" | sort -n)"
done
expect 0 "by: $(id -un)" verify recorder:REC-000861
expect 0 "why: scenario" verify recorder:REC-000861
expect 0 "verdict: assurance signed by recorder, digest ok, signature valid" verify "$segment"
speak=zh expect 0 "已封入日志第" verify "$segment"
speak=zh expect 0 "结论：可信等级 记录仪签名" verify "$segment"
await_sealed
is "in JSON" "$(v verify "$segment" --json | jq -r '[.history[] | .verdict] | unique | join(" ")')" proven
expect 2 "no object recorder:REC-000000" verify recorder:REC-000000
expect 2 "no object REC-000861" verify REC-000861
# Every act has words.
await_sealed
v log show --from 0 --json >"$DOCK/leaves" || fail "log show"
is "all leaves" "$(jq length "$DOCK/leaves")" "$(sed -n 2p "$log/checkpoint")"
for speak in zh en; do
	expect 0 " leaves shown of " --lang en log show --from 0
	vaultctl --lang $speak log show --from 0 >"$out"
	for act in $(jq -r '.[].leaf.act' "$DOCK/leaves" | sort -u); do
		[ "$act" = verdict ] || [ "$act" = imported ] || ! grep -q "  $act  " "$out" || fail "no word for $act"
	done
done
unset speak
is "some leaves" "$(v log show --from 3 --to 5 --json | jq -c '[.[].leaf_index]')" '[3,4,5]'
is "the newest" "$(v log show --json | jq length)" 100
expect 2 "not the number of a leaf" log show --from -1
ok "what was done is told, in order, by whom and why"

# ------ proofs ------

v log prove "$segment" --out "$DOCK/proofs" >/dev/null || fail "log prove"
for proof in "$DOCK"/proofs/*.tlog-proof; do
	head -n 1 "$proof" | grep -qx 'c2sp.org/tlog-proof@v1' || fail "$proof is none"
	diff <(sed '1,/^$/d' "$proof") "$log/checkpoint" || fail "$proof leads to another checkpoint"
	i=$(sed -n 's/^index //p' "$proof")
	is "leaf $i" "$(cat "$DOCK/proofs/leaf-$i.json")" \
		"$(jq -r ".[] | select(.leaf_index == $i) | .leaf" -c "$DOCK/leaves")"
done
expect 2 "no object x:y" log prove x:y
speak=zh expect 0 "签名有效：example.cn/dockvault/QH-01" log checkpoint
is "checkpoint" "$(v log checkpoint --json | jq -r '"\(.origin) \(.verdict) \(.catalog.waiting)"')" \
	"example.cn/dockvault/QH-01 signed 0"
minisign -G -W -p "$DOCK/x.pub" -s "$DOCK/x.sec" >/dev/null
v --config <(sed 's/^log_key.*/log_key = "'"${DOCK//\//\\/}"'\/other.key"/' "$DOCK/stack/dockvault.conf") log keygen >/dev/null 2>&1 ||
	fail "another key"
expect 3 "LOG DAMAGED checkpoint: not signed by the log's key" verify log --dry-run --key "$DOCK/other.key.vkey"
is "that is said once, and of all before" "$(grep -c '^LOG DAMAGED' "$out")" 2
expect 3 "NOT SIGNED" log checkpoint --key "$DOCK/other.key.vkey"
expect 4 "none.vkey" verify log --dry-run --key "$DOCK/none.vkey"
ok "each event is proven against the signed checkpoint"

# ------ whoever is outside ------

# damage FILE COMMAND...: keep it, and let the command change it; spoil AT: one byte of it
damage() { cp -p "$1" "$DOCK/kept"; damaged=$1; shift; "$@"; }
mend() { cp -p "$DOCK/kept" "$damaged"; }
spoil() { alter "$damaged" "$1"; }

tsa_make "$DOCK/city" City
for i in 1 2; do vaultctl witness keygen prosecutor.example/w$i "$DOCK/w$i.key" >/dev/null 2>&1; done
cp "$DOCK/stack/dockvault.conf" "$DOCK/peers.conf"
cat >>"$DOCK/peers.conf" <<END
witness "w1" { url = "http://127.0.0.1:1" key = "$(cat "$DOCK/w1.key.vkey")" }
witness "w2" { url = "http://127.0.0.1:1" key = "$(cat "$DOCK/w2.key.vkey")" }
authority "city" { url = "http://127.0.0.1:1" ca = "$DOCK/city/ca.pem" }
END
options="--presence --config $DOCK/peers.conf"
await_sealed
size=$(sed -n 2p "$log/checkpoint")
# stamp BYTES-OF: over these bytes, as if it were over the checkpoint of this size
stamp() {
	openssl ts -query -data "$1" -sha256 -cert -out "$DOCK/query" 2>/dev/null
	openssl ts -reply -config "$DOCK/city/tsa.cnf" -queryfile "$DOCK/query" -out "$log/time/$size/city.tsr" 2>/dev/null
}
mkdir -p "$log/time/$size"
cp "$log/checkpoint" "$log/time/$size/checkpoint"
stamp "$log/checkpoint"
vaultctl witness check --key "$DOCK/w1.key" --state "$DOCK/w.state" --log "$DOCK/stack/keys/custody.key.vkey" "$log" \
	--out "$DOCK/cosigned" >/dev/null 2>&1 || fail "the witness refuses"
vaultctl --config "$DOCK/peers.conf" log cosign "$DOCK/cosigned" >/dev/null || fail "log cosign"
found_is "cosigned and stamped" 0 ""
is "so far" "$(jq -c '[.time_stamps, .witnesses[0].size, .witnesses[1].size]' "$DOCK/json")" "[1,$size,0]"
expect 0 "witness w1: cosigned up to $size leaves" verify log --dry-run --config "$DOCK/peers.conf"
expect 0 "witness w1: cosigned at $(TZ=Asia/Shanghai date +%Y-)" log checkpoint --config "$DOCK/peers.conf"
grep -q "time stamp of city: .*, over the first $size leaves" "$out" || fail "no time stamp is told"
grep -q "witness w2: has not cosigned" "$out" || fail "who has not cosigned is not told"
damage "$log/time/$size/city.tsr" stamp "$DOCK/w1.key.vkey"
found_is "a time stamp over other bytes" 3 "custody_leaf_damaged log time/$size/city.tsr: other_data"
expect 1 "time stamp of city: does not count (over other bytes)" log checkpoint --config "$DOCK/peers.conf"
mend
damage "$log/time/$size/checkpoint" sed -i '3{s/^\(.\{20\}\)A/\1B/;t;s/^\(.\{20\}\)./\1A/}' "$log/time/$size/checkpoint"
found_is "the bytes that were stamped" 3 "custody_leaf_damaged log time/$size/checkpoint: signature"
mend
# w1's line with another character in its signature
damage "$log/checkpoint" sed -i '/w1/{s/^\(.\{60\}\)A/\1B/;t;s/^\(.\{60\}\)./\1A/}' "$log/checkpoint"
found_is "a witness's signature" 3 "custody_leaf_damaged log w1: cosignature"
mend
mkdir -p "$log/time/7"
"$BUILD/tlog-drive" make "$DOCK/forked" "$DOCK/stack/keys/custody.key" 7 >/dev/null
cp "$DOCK/forked/checkpoint" "$log/time/7/checkpoint"
found_is "another beginning that the log's key signed" 3 "custody_log_forked log time/7/checkpoint: root"
rm -r "$log/time/7"
found_is "all of them mended" 0 ""
options=

# ------ what waits ------

stack kill-custodyd 15 >/dev/null
began=$SECONDS
enroll REC-000862 S862
expect 0 "not sealed in the log yet" verify recorder:REC-000862
expect 1 "not sealed yet, so there is no proof" log prove recorder:REC-000862
is "one waits" "$(v log checkpoint --json | jq .catalog.waiting)" "$(sql "SELECT count(*) FROM custody_event
	LEFT JOIN custody_entry USING (event) WHERE leaf_index IS NULL")"
found_is "what waits for a moment is nothing to be found" 0 ""
[ "$(jq .waiting "$DOCK/json")" -gt 0 ] || fail "and is counted"

# ------ rows ------

off() { psql -XAtq -c "ALTER TABLE dv.$1 DISABLE TRIGGER ALL"; }
for table in segment "segment_$(date -u +%Y_%m)" segment_other custody_event custody_entry blob recorder; do
	off "$table" 2>/dev/null || true
done
sql "UPDATE segment SET end_at = end_at + interval '1 hour' WHERE segment = '$segment'"
found_is "a changed row" 3 "custody_row_changed row segment/$segment: column end_at"
expect 3 "proven, but the catalog's row is NOT what it says (end_at)" verify "$segment"
expect 3 "ROW CHANGED segment/$segment: column end_at is not what the log says" verify log --presence
grep -qF '(Art. 35)' "$out" || fail "no article"
raised() { sql "SELECT count(*) FROM finding WHERE code = 'custody_row_changed' AND subject = 'segment/$segment' AND fact = 'column end_at'"; }
is "it is raised" "$(raised)" 1
speak=zh expect 3 "记录被改 segment/$segment：列 end_at 与日志登记的不符" verify log --presence
is "once" "$(raised)" 1
expect 1 "custody_row_changed" finding list --code custody_row_changed
sql "UPDATE segment SET end_at = end_at - interval '1 hour' WHERE segment = '$segment'"
sql "CREATE TABLE kept AS SELECT * FROM segment WHERE segment = '$segment'; DELETE FROM segment WHERE segment = '$segment'"
found_is "a row that is gone" 3 "custody_row_missing row segment/$segment: "
sql "INSERT INTO segment SELECT * FROM kept"
sql "INSERT INTO recorder SELECT 'REC-000869', revision, vid, pid, 'x', officer, unit, reason, now(), enrolled_by, enrolled_role
	FROM recorder WHERE recorder = 'REC-000862'"
found_is "a row that was never logged" 3 "custody_row_unlogged row recorder/REC-000869/1: "
sql "DELETE FROM recorder WHERE recorder = 'REC-000869'"
sql "ALTER TABLE rule RENAME TO rule_kept; CREATE VIEW rule AS SELECT * FROM rule_kept;
	GRANT SELECT ON rule TO dv_read"
found_is "a view in the place of a table" 3 "custody_row_changed object dv.rule: no table"
sql "DROP VIEW rule; ALTER TABLE rule_kept RENAME TO rule"

# ------ events ------

event=$(sql "SELECT event FROM custody_event WHERE source = 'segment' AND key = '$segment'")
index=$(sql "SELECT leaf_index FROM custody_entry WHERE event = $event")
leaf=$(sql "SELECT encode(leaf, 'hex') FROM custody_event WHERE event = $event")
sql "UPDATE custody_event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'S86', 'S87'), 'UTF8')
	WHERE event = $event; UPDATE custody_event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'),
	'signed_by_recorder', 'imported'), 'UTF8') WHERE event = $event; UPDATE segment SET assurance = 'imported' WHERE segment = '$segment'"
found_is "row and event changed alike" 3 "custody_event_changed event $event: leaf"
expect 3 "NOT what leaf $index of the log says" verify "$segment"
expect 3 "is not the log's leaf and cannot be proven" log prove "$segment"
sql "UPDATE custody_event SET leaf = decode('$leaf', 'hex') WHERE event = $event; UPDATE segment SET assurance = 'signed_by_recorder'
	WHERE segment = '$segment'"
sql "UPDATE custody_event SET objects = ARRAY['segment:x'] WHERE event = $event"
found_is "an event hidden from its object" 3 "custody_event_changed event $event: column objects"
sql "UPDATE custody_event SET objects = ARRAY(SELECT jsonb_array_elements_text(convert_from(leaf, 'UTF8')::jsonb -> 'objects'))
	WHERE event = $event"
sql "CREATE TABLE kept_event AS SELECT * FROM custody_event WHERE event = $event; DELETE FROM custody_event WHERE event = $event"
found_is "an event that is gone" 3 "custody_event_changed event $event: gone" "custody_row_unlogged row segment/$segment: "
sql "DELETE FROM custody_entry WHERE event = $event"
found_is "with its place" 3 "custody_event_changed event leaf $index: gone" "custody_row_unlogged row segment/$segment: "
sql "INSERT INTO custody_event OVERRIDING SYSTEM VALUE SELECT * FROM kept_event; INSERT INTO custody_entry VALUES ($index, $event)"
found_is "all as it was" 0 ""

# ------ files of the log ------

damage "$log/tile/entries/000" sed -i '0,/rule_changed/s//rule_Changed/' "$log/tile/entries/000"
i=$(jq -r 'first(.[] | select(.leaf | tostring | contains("rule_changed"))) | .leaf_index' "$DOCK/leaves")
found_is "an altered leaf" 3 "custody_leaf_damaged log leaf $i: leaf"
mend
damage "$log/tile/entries/000" truncate -s -1 "$log/tile/entries/000"
found_is "a bundle that was cut" 3 "custody_leaf_damaged log tile/entries/000: unreadable"
sql "UPDATE custody_event SET act = 'x' WHERE event = (SELECT event FROM custody_entry WHERE leaf_index = 7)"
found_is "events are held to their hashes then" 3 "custody_leaf_damaged log tile/entries/000: unreadable" \
	"custody_event_changed event $(sql "SELECT event FROM custody_entry WHERE leaf_index = 7"): column act"
sql "UPDATE custody_event SET act = convert_from(leaf, 'UTF8')::jsonb ->> 'act'
	WHERE event = (SELECT event FROM custody_entry WHERE leaf_index = 7)"
mend
damage "$log/tile/0/000" spoil 320
found_is "an altered hash" 3 "custody_leaf_damaged log tile/0/000: leaf 10"
grep -q 'cannot be compared before' "$DOCK/err" || fail "what was signed before is not accused"
mend
damage "$log/tile/1/000.p/$(($(sed -n 2p "$log/checkpoint") / 256))" spoil 5
found_is "an altered hash above" 3 "custody_leaf_damaged log ${damaged#"$log/"}: hash"
mend
damage "$log/checkpoint" sed -i '3s/^./!/' "$log/checkpoint"
found_is "no checkpoint at all" 3 "custody_leaf_damaged log checkpoint: forged" \
	"custody_log_inconsistent log $(sed -n 2p "$DOCK/kept"): smaller"
mend
damage "$log/checkpoint" sed -i '2s/.*/7/' "$log/checkpoint"
found_is "a checkpoint of another size" 3 "custody_leaf_damaged log checkpoint: forged" "custody_leaf_damaged log checkpoint: root" \
	"custody_log_inconsistent log $(sed -n 2p "$DOCK/kept"): smaller"
mend
damage "$log/checkpoint" true
sql "SELECT note FROM custody_checkpoint ORDER BY size LIMIT 1" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$log/checkpoint"
found_is "the log cut back to what was signed first" 3 "custody_log_inconsistent log $(sed -n 2p "$DOCK/kept"): smaller"
mend
options="--from 300" found_is "from a leaf on" 0 ""
[ "$(jq .leaves "$DOCK/json")" = $(($(sed -n 2p "$log/checkpoint") - 300)) ] || fail "which are counted"

# ------ blobs ------

file=$(blob_path "$blob")
cp -p "$file" "$DOCK/blob"
mv "$file" "$DOCK/away"
found_is "a blob that is gone" 3 "blob_missing blob $blob: missing"
head -c 20000 /dev/urandom >"$file"
options=--presence found_is "a swapped one of the same size has its name and size" 0 ""
found_is "and not its digest" 3 "blob_changed blob $blob: digest"
truncate -s 5 "$file"
options=--presence found_is "a shorter one has not its size" 3 "blob_changed blob $blob: size"
rm -f "$file"
mv "$DOCK/away" "$file"
stray=$(printf stray | b2sum -l 256 | cut -d' ' -f1)
mkdir -p "$(dirname "$(blob_path "$stray")")"
printf stray >"$(blob_path "$stray")"
: >"$DOCK/stack/vault/objects/readme"
found_is "bytes that no event speaks of, and what is no blob" 1 "blob_unlogged blob $stray: unlogged" "blob_unlogged blob readme: foreign"
# While something is being taken in nobody is accused.
plug A2 "$DOCK/card" S862 delay-us=100000
await_dock "$(slot A2) == \"reading\" or $(slot A2) == \"identifying\""
options=--presence found_is "while the dock is busy it may be on its way" 1 "blob_unlogged blob readme: foreign"
[ "$(jq .on_their_way "$DOCK/json")" -ge 1 ] || fail "it is counted"
stack undock A2
rm -f "$(blob_path "$stray")" "$DOCK/stack/vault/objects/readme"
stack wait >/dev/null

# ------ personal data that was erased ------

event=$(sql "SELECT event FROM custody_event WHERE source = 'recorder' AND key = 'REC-000861/1'")
psql -XAtq -U dv_supervisor -c "SELECT dv.erase_personal($event, 'reason', 'request', 'zhang')" >/dev/null
expect 0 "personal data in it was erased by an act" verify recorder:REC-000861
found_is "what was erased by an act accuses nobody" 0 ""
is "and is counted" "$(jq .untold "$DOCK/json")" 1

# ------ late ------

is_late() { [ $((SECONDS - began)) -gt 61 ]; }
await 62 "a minute is over" is_late
found_is "events that wait too long" 1 "custody_event_waiting event $(sql "SELECT min(event) FROM custody_event
	LEFT JOIN custody_entry USING (event) WHERE leaf_index IS NULL"): "
expect 1 "NOT SEALED for over a minute" verify recorder:REC-000862
stack start-custodyd >/dev/null
await_sealed
began=''
found_is "custodyd is back: nothing waits" 0 ""
expect 0 "Log, catalog and vault agree." verify log

# ------ checkpoints that nobody signed ------

stack kill-custodyd 15 >/dev/null
damage "$log/checkpoint" sed -i '3s/^./!/' "$log/checkpoint"
for command in "verify $segment" "log show" "log checkpoint" "log prove $segment"; do
	# shellcheck disable=SC2086	# words
	expect 3 "line 3" $command
	silent "nothing was signed yet"
done
mend
damage "$log/checkpoint" sed -i '2s/.*/4611686018427387904/' "$log/checkpoint"
expect 3 "LOG DAMAGED checkpoint: the signature is not right" verify log --dry-run --presence
[ "$(wc -l <"$out")" -lt 30 ] || fail "a size that nobody signed is believed"
for command in "log show --to 3" "log prove $segment"; do
	# shellcheck disable=SC2086	# words
	expect 3 "NOT SIGNED by" $command
done
mend
stack start-custodyd >/dev/null
ok "a checkpoint that nobody signed is neither believed nor called good"

# ------ what hides ------

signature=$(sql "SELECT DISTINCT encode(m.signature_blob, 'hex') FROM manifest_seen m JOIN segment s USING (recorder, manifest)
	WHERE s.segment = '$segment'")
mv "$(blob_path "$signature")" "$DOCK/away"
expect 3 "$signature" verify "$segment"
mv "$DOCK/away" "$(blob_path "$signature")"
# A page of a thousand with one that is no address hides nothing behind it.
sql "ALTER DOMAIN address DROP CONSTRAINT address_check; INSERT INTO blob VALUES ('\\x00', 1, now(), now());
	INSERT INTO blob SELECT decode(lpad(to_hex(i), 64, '0'), 'hex'), 1, now(), now() FROM generate_series(1, 1005) AS i"
v verify log --dry-run --presence --json >"$DOCK/json" 2>/dev/null || true
is "blobs that were never there" "$(jq '[.findings[] | select(.code == "blob_missing")] | length' "$DOCK/json")" 1006
sql "UPDATE blob SET hash = '\\xff' WHERE hash = '\\x00'"
status=0
v verify vault --json >"$DOCK/json" 2>"$DOCK/err" || status=$?
is "what was found counts where it cannot go on" "$status $(jq -c '[.all_checked, .missing]' "$DOCK/json")" "3 [false,1005]"
expect 3 "Not all could be checked" verify vault
sql "DELETE FROM blob WHERE size = 1; ALTER DOMAIN address ADD CONSTRAINT address_check CHECK (octet_length(VALUE) = 32)"
ok "a signature that is gone, and rows without an address, hide nothing"

# ------ what cannot be looked at ------

mv "$DOCK/stack/vault/objects" "$DOCK/stack/vault/objects.away"
expect 4 "is its disk mounted?" verify log --dry-run
silent "agree"
mv "$DOCK/stack/vault/objects.away" "$DOCK/stack/vault/objects"
stack stop-db >/dev/null
expect 4 "cannot connect" verify log
stack start-db >/dev/null
ok "what cannot be looked at is not called good"
dock_finish
