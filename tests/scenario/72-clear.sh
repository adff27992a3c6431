#!/bin/bash
# Goal: a recorder is cleared only where its model says so, and only of what is stored, recorded,
# whole in the vault when read back, and the same when the recorder's copy is read once more.  What
# fails of that stays on it and is found.  dockd killed in the middle leaves no file without a word
# about it, and the card ledger accuses nobody of what the dock removed.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
cat >"$DOCK/stack/recorders.d/cleared.conf" <<'CONF'
model "cleared" {
	serial = "C72*"
	class = "mtp"
	clear = true
	megabytes_per_hour = 1
}
CONF
restart_dockd 15
is() { [ "$2" = "$3" ] || { vaultctl finding list || true; fail "$1: '$2', not '$3'"; }; }
# visit SLOT FOLDER SERIAL [FAULT]: a recorder, writable unless said, is docked and taken away
visit() {
	plug_mtp "$1" "$2" "$3" "${4:-writable=1}"
	stack wait >/dev/null
	await_dock "$(slot "$1") == \"safe\" and .backlog == 0"
	stack undock "$1"
	await_dock "$(slot "$1") == \"empty\" and .backlog == 0"
}
files() { find "$1" -type f | wc -l; }
found() { sql "SELECT string_agg(code || ' ' || coalesce(detail ->> 'path', detail ->> 'kind', ''), ', '
	ORDER BY code, detail ->> 'path') FROM finding WHERE recorder = '$1'"; }
cleared() { sql "SELECT count(*) FROM cleared_list WHERE recorder = '$1' AND ok"; }

# ------ off unless said, on with its sidecars ------

new_key REC-000720
enroll REC-000720 C720 "$DOCK/REC-000720.pub"
enroll REC-000721 S721
plain_card "$DOCK/off" 2 100001
visit A1 "$DOCK/off" S721
is "not asked for" "$(files "$DOCK/off")" 2
signed_card "$DOCK/on" REC-000720 3 300001
cp -a "$DOCK/on" "$DOCK/was"
visit A1 "$DOCK/on" C720
is "what is left" "$(files "$DOCK/on")" 0
is "recorded as cleared" "$(cleared REC-000720)" 9
expect_segments REC-000720 "$DOCK/was"
visit A1 "$DOCK/on" C720
clock=$(($(date +%s) - 25))
signed_card "$DOCK/on" REC-000720 2 300001
visit A1 "$DOCK/on" C720
is "docked again, with new ones" "$(files "$DOCK/on"), $(cleared REC-000720)" "0, 15"
is "findings" "$(found REC-000720)" ""
ok "cleared where the model says so, media and sidecars, and nobody is accused of it"

# ------ known from an earlier docking ------

enroll REC-000722 C722
plain_card "$DOCK/known" 2 100001
visit A2 "$DOCK/known" C722 battery=80
is "it cannot delete" "$(files "$DOCK/known"), $(found REC-000722)" "2, "
visit A2 "$DOCK/known" C722
is "stored before, cleared now" "$(files "$DOCK/known"), $(found REC-000722)" "0, "
ok "what was stored at an earlier docking goes, too"

# ------ damaged in the vault ------

enroll REC-000723 C723
plain_card "$DOCK/damaged" 2 100001
visit A3 "$DOCK/damaged" C723 battery=80
victim=$(find "$DOCK/damaged" -type f | head -n 1)
blob=$(blob_path "$(b2sum -l 256 <"$victim" | cut -d' ' -f1)")
chmod u+w "$blob"
cp -p "$blob" "$DOCK/whole"
printf 'XX' | dd of="$blob" bs=1 seek=500 conv=notrunc status=none
visit A3 "$DOCK/damaged" C723
[ -e "$victim" ] || fail "a file was removed whose blob is damaged"
is "the others go" "$(files "$DOCK/damaged")" 1
is "damaged" "$(found REC-000723)" "clear_failed $(basename "$victim")"
cat "$DOCK/whole" >"$blob"
ok "a file whose blob is damaged stays, and is found"

# ------ changed on the recorder between the two readings ------

enroll REC-000724 C724
mkdir "$DOCK/changed"
head -c 300001 /dev/urandom >"$DOCK/changed/A.mp4"
visit A4 "$DOCK/changed" C724 battery=80
# As long, with the same ends, at the same time: no fingerprint tells it from the one that is stored.
touch -r "$DOCK/changed/A.mp4" "$DOCK/time"
printf 'XX' | dd of="$DOCK/changed/A.mp4" bs=1 seek=150000 conv=notrunc status=none
touch -r "$DOCK/time" "$DOCK/changed/A.mp4"
visit A4 "$DOCK/changed" C724
is "it is not what is stored" "$(files "$DOCK/changed"), $(found REC-000724)" "1, clear_failed A.mp4"
ok "what is not the same when it is read once more stays, and is found"

# ------ the recorder refuses ------

enroll REC-000725 C725
plain_card "$DOCK/refuses" 1 100001
visit A5 "$DOCK/refuses" C725 writable=1,no-delete=1
is "refused" "$(files "$DOCK/refuses"), $(found REC-000725 | cut -d' ' -f1)" "1, clear_failed"
ok "a recorder that refuses to delete is found"

# ------ dockd killed in the middle ------

enroll REC-000726 C726
for round in 1 2 3; do
	plain_card "$DOCK/killed$round" 12 700001
	plug_mtp A6 "$DOCK/killed$round" C726 writable=1
	# Not waiting for anything: the moment is what is random.
	while [ "$(files "$DOCK/killed$round")" -gt $((12 - round * 3)) ]; do :; done
	stack kill-dockd >/dev/null
	left=$(files "$DOCK/killed$round")
	stack start-dockd >/dev/null
	stack wait >/dev/null
	await_dock "$(slot A6) == \"safe\" and .backlog == 0"
	is "killed with $left of 12 left, the rest is cleared" "$(files "$DOCK/killed$round")" 0
	stack undock A6
	await_dock "$(slot A6) == \"empty\" and .backlog == 0"
	[ "$left" -gt 0 ] && [ "$left" -lt 12 ] && interrupted=1
done
[ "${interrupted:-}" ] || fail "no kill came in the middle of a clearing"
is "every file has its word" "$(sql "SELECT count(DISTINCT path) FROM cleared_list
	WHERE recorder = 'REC-000726' AND ok IS NOT false")" 36
is "nobody is accused" "$(found REC-000726)" ""
if grep "card ledger in the catalog is damaged" "$DOCK/stack/log/dockd"; then
	sql "SELECT entries FROM card_inventory ORDER BY recorder, listed_at"
	fail "a ledger is not read as it was written"
fi
expect_settled strays
dock_finish
ok "killed in the middle: each file is there or was said to go, and nobody is accused"
