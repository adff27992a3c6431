#!/bin/bash
# Goal: every act is in the custody log once, in one order, and signed within five seconds, whatever
# happens to custodyd, its database and its disk; there is one sequencer at a time; and what contradicts
# what was signed is never signed, but said and found.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# A disk of our own to fill, which goes with the namespace; without the right to have one, that part is left out.
if [ -z "${IN_NAMESPACE:-}" ] && unshare --mount --propagation private true 2>/dev/null; then
	IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0"
fi
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
log=$DOCK/stack/custody
before_end() {
	second stop --signal 9 >/dev/null 2>&1 || true
	stack kill-custodyd 9 >/dev/null 2>&1 || true	# it may have been stopped
	! mountpoint -q "$log" || umount -l "$log"
}
trap 'before_end; dock_end' EXIT

fail() {
	echo "FAILED: $1"
	tail -n 20 "$DOCK/stack/log/custodyd" "$DOCK/stack/log/second" 2>/dev/null || true
	exit 1
}
says() { grep -q -- "$1" "$DOCK/stack/log/${2:-custodyd}"; }
forget_said() { : >"$DOCK/stack/log/custodyd"; }
is_all_signed() {
	[ "$(sql "SELECT (SELECT count(*) FROM custody_event) = (SELECT coalesce(max(size), 0) FROM custody_checkpoint)")" = t ]
}
await_signed() { await 60 "everything is signed" is_all_signed; }
size() { sed -n 2p "$log/checkpoint"; }
body() { head -n 3 "$1/checkpoint"; }
# acts N: so many acts, of the catalog's owner, in one transaction
acts() {
	sql "INSERT INTO act (kind, objects, by, reason, detail) SELECT 'view', ARRAY['case:' || i], 'scenario', 'scenario', '{}'
		FROM generate_series(1, $1) AS i"
}
# What is on the disk is whole, all checkpoints were of one tree, and each event has one place.
expect_whole() {
	local n
	n=$(sql "SELECT size || ' ' || encode(root, 'hex') FROM custody_checkpoint ORDER BY signed_at, size" |
		"$BUILD/log-check" "$log") || fail "the log is not whole"
	[ "$(sql "SELECT count(*) = $n AND count(DISTINCT event) = $n AND min(leaf_index) = 0 AND max(leaf_index) = $n - 1
		AND count(*) = (SELECT count(*) FROM custody_event) FROM custody_entry JOIN custody_event USING (event)")" = t ] ||
		fail "not each event has one place among $n"
}
pid() { cut -d' ' -f1 "$DOCK/stack/pid/$1"; }
# A second one beside the stack's own.
second() { "$BUILD/stackproc" "$1" --pidfile "$DOCK/stack/pid/second" "${@:2}"; }
start_second() {
	second start --log "$DOCK/stack/log/second" --ready notify -- "$BUILD/custodyd"
	await 60 "the second one waits" says 'waiting to take over' second
}

# ------ one act ------

await_signed
enroll REC-000891 S891
await_signed
[ "$(sql "SELECT max(c.signed_at - e.recorded_at) <= interval '5 seconds' FROM custody_event e JOIN custody_entry x USING (event)
	CROSS JOIN LATERAL (SELECT signed_at FROM custody_checkpoint WHERE size > leaf_index ORDER BY size LIMIT 1) AS c
	WHERE e.source = 'recorder'")" = t ] || fail "an act waited for its checkpoint for more than five seconds"
[ "$(stat -c %a "$log")" = 750 ] || fail "the log's folder is mode $(stat -c %a "$log")"
expect_whole
ok "an act is signed within five seconds"

# ------ killed ------

# Transactions of all sizes, some of which are rolled back and leave a gap in the numbers.
for ((i = 0; i < 150; i++)); do
	echo "INSERT INTO dv.act (kind, objects, by, reason, detail) SELECT 'view', ARRAY['case:' || i], 'scenario', 'scenario', '{}'
		FROM generate_series(1, $((RANDOM % 400 + 1))) AS i;"
	[ $((i % 5)) -ne 0 ] || echo "BEGIN; INSERT INTO dv.act (kind, objects, by, reason, detail)
		VALUES ('view', ARRAY['case:1'], 'scenario', 'scenario', '{}'); ROLLBACK;"
done >"$DOCK/load"
psql -Xqf "$DOCK/load" &
load=$!
kills=0
while [ $kills -lt 6 ] || kill -0 "$load" 2>/dev/null; do
	sleep 0.$((RANDOM % 8 + 1))
	stack kill-custodyd 9
	kills=$((kills + 1))
	stack start-custodyd
done
wait "$load" || fail "the acts were not done"
await_signed
expect_whole
ok "killed $kills times while $(size) acts came: each is in the log once"

# ------ two of them ------

start_second
forget_said
stack kill-custodyd 9
acts 3
await_signed
says 'this is the sequencer' second || fail "who signed?"
stack start-custodyd
await 60 "the first one waits now" says 'waiting to take over'
second stop || fail "the second one did not end in good order"
await 60 "the first one takes over" says 'this is the sequencer'
acts 3
await_signed
ok "a second one waits, and takes over"

start_second
forget_said
kill -STOP "$(pid custodyd)"
sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 25722 AND objid = 0 AND granted" >/dev/null
await 60 "the second one is the sequencer, and finds the files held" says 'lock: another process holds it' second
before=$(size)
acts 5
# It has not got the files, however often it asks.
: >"$DOCK/stack/log/second"
[ "$(size)" = "$before" ] || fail "signed by one that has not got the files"
kill -CONT "$(pid custodyd)"
await_signed
says 'goes on' second || fail "the second one did not go on"
second stop || fail "the second one did not end in good order"
await_signed
expect_whole
ok "one that was stopped and lost its connection lets go of the files before another signs"

# ------ without a database, without room ------

forget_said
stack stop-db
await 60 "the database's end is noticed" says 'catalog'
stack start-db
acts 3
await_signed
ok "the database was away and is back"

if [ -n "${IN_NAMESPACE:-}" ]; then
	stack kill-custodyd 15
	mkdir "$DOCK/full"
	mount -t tmpfs -o size=64m,mode=0750 tmpfs "$DOCK/full"
	cp -a "$log/." "$DOCK/full"
	mount --move "$DOCK/full" "$log"
	stack start-custodyd
	head -c 70000000 /dev/zero >"$log/filler" 2>/dev/null || true
	forget_said
	before=$(body "$log")
	acts 2000
	await 60 "it says that the disk is full" says 'No space left'
	[ "$(body "$log")" = "$before" ] || fail "signed without room for the leaves"
	rm "$log/filler"
	await_signed
	says 'goes on' || fail "it does not say that it goes on"
	expect_whole
	mkdir "$DOCK/back"
	stack kill-custodyd 15
	cp -a "$log/." "$DOCK/back"
	umount "$log"
	rm -rf "$log"
	mv "$DOCK/back" "$log"
	stack start-custodyd
	ok "the log's disk was full, and has room again"
fi

# ------ the past comes back ------

cp -a "$log" "$DOCK/old"
acts 700
await_signed
stack kill-custodyd 15
mv "$log" "$DOCK/new"
cp -a "$DOCK/old" "$log"
forget_said
stack start-custodyd
await 60 "files that are missing are written again" says 'they are written again'
await 60 "they are the same" cmp -s "$DOCK/new/checkpoint" "$log/checkpoint"
await_signed
# Tiles that were not full once, older checkpoints had: they need not come back.
diff -r -x lock -x '*.p' -x '*.tmp' "$DOCK/new" "$log" || fail "not the same files"
expect_whole
rm -rf "$DOCK/new"
ok "an old backup of the log's files is made up to what was signed, byte for byte"

# Acts that nobody has signed yet, come behind what was.
stack kill-custodyd 15
rm -rf "$log"
cp -a "$DOCK/old" "$log"
acts 5
stack start-custodyd
await_signed
expect_whole
ok "so it is while new acts wait"

stack kill-custodyd 15
rm -rf "$log"
stack start-custodyd
await_signed
await 60 "all files are there again" test -e "$log/checkpoint"
acts 1
await_signed
expect_whole
ok "so are all of them"

# ------ what is never signed ------

# tamper TABLE SQL: as who owns the database can
tamper() { sql "ALTER TABLE $1 DISABLE TRIGGER ALL; $2; ALTER TABLE $1 ENABLE TRIGGER ALL;
	ALTER TABLE $1 ENABLE ALWAYS TRIGGER append_only"; }
found() { [ "$(sql "SELECT count(*) FROM finding WHERE code = 'custody_log_inconsistent' AND detail ->> 'why' = '$1'")" -gt 0 ]; }
# refuses WHY WORDS
refuses() {
	await 60 "it refuses: $1" says "nothing is signed: .*$2"
	await 60 "a finding: $1" found "$1"
	acts 2
	[ "$(body "$log")" = "$before" ] || fail "$1: signed all the same"
}
await_signed
before=$(body "$log")
forget_said
tamper custody_entry "CREATE TABLE kept AS SELECT * FROM custody_entry ORDER BY leaf_index DESC LIMIT 3; DELETE FROM custody_entry WHERE event IN (SELECT event FROM kept)"
acts 1
refuses catalog_short 'verify log'
tamper custody_entry "INSERT INTO custody_entry SELECT * FROM kept; DROP TABLE kept"
await_signed
expect_whole
ok "entries that are missing: nothing is signed, until they are back"

before=$(body "$log")
forget_said
last="event = (SELECT event FROM custody_entry WHERE leaf_index = $(size) - 1)"
tamper custody_event "UPDATE custody_event SET leaf = leaf || ' ' WHERE $last"
acts 1
refuses leaf_differs 'another one in the catalog'
tamper custody_event "UPDATE custody_event SET leaf = substring(leaf FOR octet_length(leaf) - 1) WHERE $last"
await_signed
expect_whole
ok "an entry that was changed: nothing is signed"

before=$(body "$log")
forget_said
head="size = $(size)"
root=$(sql "SELECT root FROM custody_checkpoint WHERE $head")
tamper custody_checkpoint "UPDATE custody_checkpoint SET root = sha256(root) WHERE $head"
acts 1
refuses root_differs 'another tree'
tamper custody_checkpoint "UPDATE custody_checkpoint SET root = '$root' WHERE $head"
await_signed
expect_whole
ok "a checkpoint of another tree: nothing is signed"

before=$(body "$log")
stack kill-custodyd 15
sed -i 's|^\(log_origin = "[^"]*\)"|\1-of-another"|' "$DOCK/stack/dockvault.conf"
forget_said
stack start-custodyd
acts 1
refuses key_of_another_log 'log_origin'
stack kill-custodyd 15
sed -i 's|-of-another"|"|' "$DOCK/stack/dockvault.conf"
mv "$DOCK/stack/keys/custody.key" "$DOCK/stack/keys/right"
rm "$DOCK/stack/keys/custody.key.vkey"
vaultctl log keygen >/dev/null 2>&1
forget_said
stack start-custodyd
refuses key_changed 'the key that signed it'
stack kill-custodyd 15
mv -f "$DOCK/stack/keys/right" "$DOCK/stack/keys/custody.key"
ok "another key: nothing is signed"

chmod 0444 "$DOCK/stack/keys/custody.key"
if stack start-custodyd 2>"$DOCK/refused"; then
	fail "it starts with a key that everybody may read"
fi
grep -q 'custody.key.*0400' "$DOCK/refused" || { cat "$DOCK/refused"; fail "it does not say what is wrong with the key"; }
chmod 0400 "$DOCK/stack/keys/custody.key"
stack start-custodyd
await_signed
expect_whole
dock_finish
if grep -nE 'Sanitizer|runtime error|BUG|left open' "$DOCK/stack/log/custodyd" >&2; then
	fail "custodyd was not in order"
fi
ok "a key that others may read: it does not start"
