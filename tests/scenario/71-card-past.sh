#!/bin/bash
# Goal: what happened to a card away from the dock shows at the next docking, as a sign with a
# confidence, by kind, and once: files that vanished, were altered, renamed, back-dated; deleted
# entries, whether the recorder wrote over its oldest or somebody chose; numbers that are missing;
# files that no recorder makes; what a computer opened, and what was put into a signed recording.  A docking while the catalog is away hides nothing.
# Takes 35 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
is() { [ "$2" = "$3" ] || { vaultctl finding list || true; fail "$1: '$2', not '$3'"; }; }

# visit SERIAL IMAGE-OR-FOLDER: dock it, wait, take it away
visit() {
	plug A1 "$2" "$1"
	stack wait >/dev/null
	stack undock A1
	await_dock "$(slot A1) == \"empty\""
}
settled() { await_dock '.backlog == 0 and .catalog'; }
# found RECORDER: code, kind or cause, confidence, files, in the order of their names
found() {
	sql "SELECT string_agg(code || ' ' || coalesce(detail ->> 'kind', detail ->> 'cause', '') || ' '
		|| coalesce(trim_scale(confidence)::text, '-') || ' ' || coalesce(detail ->> 'files', '1'), ', '
		ORDER BY code, detail ->> 'kind', detail ->> 'cause', confidence)
		FROM finding WHERE recorder = '$1' AND code <> 'late_upload'"
}
# dcam DIR NUMBER MINUTES-AGO BYTES: a recording named as common recorders name it
now=$(date +%s)
dcam() {
	local at=$((now - $3 * 60)) path
	path=$(printf '%s/DCIM/DCAM_000711_%06d_%s.mp4' "$1" "$2" "$(TZ=Asia/Shanghai date -d "@$at" +%Y%m%d_%H%M%S)")
	mkdir -p "$1/DCIM"
	head -c "$4" /dev/urandom >"$path"
	touch -d "@$at" "$path"
}

# ------ vanished, altered, renamed, back-dated; a second docking says nothing twice ------

enroll REC-000711 S711
card=$DOCK/card
for i in 1 2 3 4 5; do dcam "$card" "$i" $((600 - i * 10)) 50001; done
visit S711 "$card"
settled
is "a first docking" "$(found REC-000711)" ""
file() { ls "$card/DCIM/"*"_$(printf '%06d' "$1")_"*; }
rm "$(file 1)"						# the dock has it
printf 'XX' | dd of="$(file 2)" bs=1 seek=100 conv=notrunc status=none
touch -d "@$((now - 60))" "$(file 2)"			# not longer, and later: altered
mv "$(file 3)" "$card/DCIM/MOVED.mp4"			# the same size and time below another name
head -c 40001 /dev/urandom >"$card/DCIM/OLD.mp4"	# new, and claims to be from before
touch -d "@$((now - 90000))" "$card/DCIM/OLD.mp4"
visit S711 "$card"
settled
changed="card_changed altered 0.8 1, card_changed backdated 0.4 1, card_changed renamed 0.6 1"
changed+=", card_changed vanished_stored 0.3 1"
is "changed away from the dock" "$(sql "SELECT count(*) FROM finding WHERE code NOT IN ('card_changed', 'late_upload')")" 0
is "changed away from the dock" "$(found REC-000711)" "$changed"
is "how it is called" "$(sql "SELECT count(*) FROM finding_list WHERE code = 'card_changed'
	AND text_zh LIKE '%迹象%' AND article = 35")" 4
visit S711 "$card"
settled
is "docked again" "$(found REC-000711)" "$changed"
ok "vanished, altered, renamed and back-dated files are signs, each told once"

# ------ the catalog away at one docking ------

stack stop-db
await_dock '.catalog | not'
rm "$(file 4)"
visit S711 "$card"
stack start-db
settled
is "while the catalog was away" "$(sql "SELECT count(*) FROM finding WHERE code = 'card_changed'")" 4
visit S711 "$card"
settled
is "what vanished before that" "$(sql "SELECT count(*) FROM finding WHERE code = 'card_changed'
	AND detail ->> 'kind' = 'vanished_stored'")" 2
ok "what changed before a docking without the catalog is found at the next"

# ------ deleted entries: the recorder's loop, and somebody's choice ------

enroll REC-000712 S712
enroll REC-000713 S713
for id in 2 3; do
	for i in 1 2 3 4; do dcam "$DOCK/loop$id" "$i" $((600 - i * 10)) 9000001; done
done
path() { echo "/DCIM/$(basename "$(ls "$DOCK/loop$1/DCIM/"*"_$(printf '%06d' "$2")_"*)")"; }
# Full, and the oldest is gone; room, and one in the middle is gone.
"$BUILD/mkcard" "$DOCK/loop2.img" --size 64M --dir "$DOCK/loop2" --delete "$(path 2 1)" \
	--hollow 36000000:/DCIM/FILLER.mp4@$((now - 100))
"$BUILD/mkcard" "$DOCK/loop3.img" --size 256M --dir "$DOCK/loop3" --delete "$(path 3 3)"
visit S712 "$DOCK/loop2.img"
visit S713 "$DOCK/loop3.img"
settled
is "written over" "$(found REC-000712)" "deleted_on_recorder loop 0.2 1, storage_low  - 1"
is "chosen" "$(found REC-000713)" "deleted_on_recorder selective 0.9 1"
visit S713 "$DOCK/loop3.img"
settled
is "chosen, docked again" "$(found REC-000713)" "deleted_on_recorder selective 0.9 1"
ok "a recorder that writes over its oldest is told from somebody who chooses"

# ------ missing numbers, foreign files ------

cat >"$DOCK/stack/recorders.d/dcam-714.conf" <<'CONF'
model "dcam-714" {
	serial = "S714"
	names = { "DCAM_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}.{ext}" }
	folders = { "LOG" }
	megabytes_per_hour = 1
}
CONF
restart_dockd 15
enroll REC-000714 S714
for i in 1 2; do dcam "$DOCK/gap" "$i" $((600 - i * 10)) 30001; done
visit S714 "$DOCK/gap"
settled
is "no gap yet" "$(found REC-000714)" ""
for i in 6 7; do dcam "$DOCK/gap" "$i" $((60 - i)) 30001; done
mkdir "$DOCK/gap/LOG"
echo "log" >"$DOCK/gap/LOG/today.txt"
head -c 3000 /dev/urandom >"$DOCK/gap/setup.exe"
head -c 3000 /dev/urandom >"$DOCK/gap/papers.docx"
visit S714 "$DOCK/gap"
settled
is "numbers and strangers" "$(sql "SELECT string_agg(code || ' ' || coalesce(detail ->> 'kind', ''), ', '
	ORDER BY code, detail ->> 'kind') FROM finding WHERE recorder = 'REC-000714'
	AND code IN ('name_gap', 'foreign_file')")" \
	"foreign_file document, foreign_file program, name_gap "
before=$(sql "SELECT count(*) FROM finding")
visit S714 "$DOCK/gap"
settled
is "docked again" "$(sql "SELECT count(*) FROM finding")" "$before"
ok "missing numbers and foreign files, once each"

# ------ copied off: opened by a computer, and by the recorder itself ------

for i in 1 2 3 4 5 6; do dcam "$DOCK/copied" "$i" $((600 - i * 10)) 30001; done
path() { echo "/DCIM/$(basename "$(ls "$DOCK/copied/DCIM/"*"_$(printf '%06d' "$1")_"*)")"; }
# opened N...: a card like that, of which these were opened after the last docking
opened() {
	local i options=()
	for i in "$@"; do options+=(--opened "$(path "$i")@$(($(date +%s) + 10))"); done
	rm -f "$DOCK/copied.img"
	"$BUILD/mkcard" "$DOCK/copied.img" --exfat --dir "$DOCK/copied" ${options[@]+"${options[@]}"}
}
for id in 5 6 7; do
	enroll "REC-00071$id" "S71$id"
	opened
	visit "S71$id" "$DOCK/copied.img"
done
settled
opened 2 4
visit S715 "$DOCK/copied.img"
opened 1 2 3 4 5 6
visit S716 "$DOCK/copied.img"
mkdir "$DOCK/copied/System Volume Information"
head -c 76 /dev/urandom >"$DOCK/copied/System Volume Information/IndexerVolumeGuid"
touch -d "@$((now + 10))" "$DOCK/copied/System Volume Information/IndexerVolumeGuid"
opened 3
visit S717 "$DOCK/copied.img"
settled
copied() { sql "SELECT concat_ws(' ', detail ->> 'kind', trim_scale(confidence), severity, detail ->> 'files',
	detail ->> 'bystanders', detail ->> 'traces') FROM finding WHERE code = 'copied_off_recorder' AND recorder = '$1'"; }
is "two of six were opened" "$(copied REC-000715)" "accessed 0.7 violation 2 4 0"
is "all were: the recorder does so itself" "$(copied REC-000716)" ""
is "one, in a computer" "$(copied REC-000717)" "accessed 0.85 violation 1 5 1"
is "foreign files" "$(sql "SELECT count(*) FROM finding WHERE code = 'foreign_file' AND recorder = 'REC-000717'")" 0
ok "what a computer opened is told from what a recorder opens itself"

# ------ put into a signed recording ------

new_key REC-000718
enroll REC-000718 S718 "$DOCK/REC-000718.pub"
signed_card "$DOCK/signed" REC-000718 3 20001
visit S718 "$DOCK/signed"
settled
is "a signed recording" "$(found REC-000718)" ""
media=$DOCK/signed/SEG_900000.mp4
head -c 20001 /dev/urandom >"$media"
# shellcheck disable=SC2154	# dock.sh's, which goes on with them
"$BUILD/sidecar" sign --key "$DOCK/REC-000718.sec" --media "$media" --device REC-000718 \
	--rec "$(cat /proc/sys/kernel/random/uuid)" --seq 0 --dseq "$dseq" --prev "$prev" \
	--start "$(utc $((clock - 18)))" --end "$(utc $((clock - 14)))" --clock rtc --boot 1 \
	--mono-start $(((clock - 18 - booted) * 1000)) --mono-end $(((clock - 14 - booted) * 1000)) \
	--officer 019001 --last 1 --end-reason button >/dev/null
visit S718 "$DOCK/signed"
settled
is "a fourth, inside it" "$(sql "SELECT concat_ws(' ', code, severity, trim_scale(confidence), article,
	(detail -> 'inserted' ->> 'path') LIKE '%SEG_900000%') FROM finding_list WHERE recorder = 'REC-000718'
	AND code <> 'card_changed'")" "inserted violation 0.8 12 t"
expect_settled
dock_finish
ok "a signed file that was put into a recording has no place there"
