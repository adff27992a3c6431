#!/bin/bash
# Goal: what lies in the watched folder is taken in for the case that its folder names, moved away
# and never lost: files that are being written wait, links, pipes and strangers' folders are put aside with a
# sentence, and a run that is killed anywhere, or repeated, doubles nothing.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin "bandwidth_slot = 4"

in=$DOCK/inbox
day=$(TZ=Asia/Shanghai date +%F)
inbox() { vaultctl --lang en inbox "$in" --reason "watched folder" "$@"; }
settle() { await_dock '.backlog == 0'; }
is() { [ "$2" = "$3" ] || { cat "$DOCK/out"; fail "$1: '$2', not '$3'"; }; }
# run STATUS WANTED: with that exit status, saying how many were taken, put aside, left
run() {
	local status=0 want=$1 counts=$2
	shift 2
	inbox "$@" >"$DOCK/out" 2>&1 || status=$?
	is "inbox: its exit status" "$status" "$want"
	is "inbox: what it did" "$(tail -n 1 "$DOCK/out")" "$counts"
}
why() { cat "$in/.failed/$day/$1.why"; }
# Leaves of what is there, our own folders too.
tree() { (cd "$in" && find . ! -type d | sort | tr '\n' ' '); }
media() { head -c "${2:-5000}" /dev/urandom >"$1"; }

mkdir -p "$in"/{C-1,C-2,C-3,C-9,unsorted,camera-hall-1}
psql -XAtq -v ON_ERROR_STOP=1 -U "$(id -un)" -c "INSERT INTO dv.case_file (\"case\", revision, kind, origin, named,
	procedure, urgent, major, contentious, unit, title, started_at, reason)
	SELECT c, 1, 'inspection', 'own', false, 'general', false, false, false, 'QH', c, now(), 'scenario'
	FROM unnest(ARRAY['C-1', 'C-2', 'C-3']) AS c;
	INSERT INTO dv.case_event (\"case\", kind, at) VALUES ('C-2', 'concluded', now()), ('C-3', 'concluded', now()),
	('C-3', 'archived', now())"

# ------ taken, each for its case ------

media "$in/C-1/笔录 1.pdf"
media "$in/C-2/photo.jpg"
media "$in/unsorted/sound.wav"
media "$in/camera-hall-1/20261123-1000.mp4"
run 0 "dry run: nothing was changed" --dry-run
is "after a trial" "$(tree)" "./C-1/笔录 1.pdf ./C-2/photo.jpg ./camera-hall-1/20261123-1000.mp4 ./unsorted/sound.wav "
run 0 "4 taken, 0 put aside, 0 left for the next run"
settle
is "where they are" "$(tree)" "./.done/$day/C-1/笔录 1.pdf ./.done/$day/C-2/photo.jpg \
./.done/$day/camera-hall-1/20261123-1000.mp4 ./.done/$day/unsorted/sound.wav "
is "what they are" "$(sql "SELECT string_agg(concat_ws(' ', import_source, coalesce(import_case, '-'),
	coalesce(officer, '-'), coalesce(unit, '-')), ',' ORDER BY import_source) FROM session_list")" \
"$in/C-1/笔录 1.pdf C-1 - -,$in/C-2/photo.jpg C-2 - -,$in/unsorted/sound.wav - - -,\
camera hall-1: $in/camera-hall-1/20261123-1000.mp4 - - -"
is "who put them there" "$(sql "SELECT DISTINCT import_reason FROM session_list")" "watched folder (file of uid $(id -u))"
expect_segments IMPORT "$in/.done"
run 0 "" 
ok "files are taken for the case that their folder names, of a fixed camera, and of no case"

# ------ put aside, with a sentence in both languages ------

media "$in/C-9/a.pdf"
media "$in/C-3/late.pdf"
media "$in/alone.pdf"
mkdir "$in/案件七" "$in/C-1/deep"
media "$in/案件七/b.pdf"
media "$in/C-1/deep/c.pdf"
media "$DOCK/secret"
ln -s "$DOCK/secret" "$in/C-1/link.pdf"
mkfifo "$in/C-1/pipe"
ln -s "$DOCK" "$in/C-7"
before=$(sql "SELECT count(*) FROM dock_session")
run 1 "0 taken, 7 put aside, 1 left for the next run"
is "sessions" "$(sql "SELECT count(*) FROM dock_session")" "$before"
grep -q 'deep: left' "$DOCK/out" || fail "it does not say that a folder was left"
[ -f "$in/C-1/deep/c.pdf" ] || fail "a folder in a folder was touched"
[ -L "$in/.failed/$day/C-1/link.pdf" ] || fail "a link was followed"
[ -p "$in/.failed/$day/C-1/pipe" ] || fail "a pipe is gone"
why C-9/a.pdf | grep -q '没有案件 C-9（第三条）' || fail "not in Chinese: $(why C-9/a.pdf)"
why C-9/a.pdf | grep -q 'there is no case C-9 (Art. 3): .*case open' || fail "not in English: $(why C-9/a.pdf)"
why C-3/late.pdf | grep -q 'takes nothing any more .*Art. 32.*reopen' || fail "$(why C-3/late.pdf)"
why alone.pdf | grep -q 'lies in no folder .*unsorted' || fail "$(why alone.pdf)"
why 案件七/b.pdf | grep -q '文件夹 案件七 不是案件编号' || fail "$(why 案件七/b.pdf)"
why C-1/link.pdf | grep -q 'a link, a pipe, a device.*not opened' || fail "$(why C-1/link.pdf)"
why C-7 | grep -q 'a link, a pipe' || fail "a link in place of a folder: $(why C-7)"
rm -r "$in/C-1/deep"
media "$in/C-9/a.pdf"
run 1 "0 taken, 1 put aside, 0 left for the next run"
why 'C-9/a.pdf~2' | grep -q 'no case C-9' || fail "a second of that name has no sentence"
ok "what cannot be taken is put aside, unopened, and told why"

# ------ being written ------

media "$in/C-1/slow.mp4" 3000
exec {writer}>>"$in/C-1/slow.mp4"
media "$in/C-1/copying.mp4.part"
run 0 "0 taken, 0 put aside, 1 left for the next run"
grep -q 'slow.mp4: left .*writing' "$DOCK/out" || fail "it does not say that it is written"
exec {writer}>&-
run 0 "1 taken, 0 put aside, 0 left for the next run"
rm "$in/C-1/copying.mp4.part"
ok "what somebody writes waits"

# ------ killed while it is brought; and the same file again ------

media "$in/C-1/long.mp4" 30000000
sessions=$(sql "SELECT count(*) FROM dock_session")
"$BUILD/vaultctl" inbox "$in" --reason "watched folder" >"$DOCK/out" 2>&1 &
inbox=$!
await_dock '[.slots[] | select(.slot | startswith("import")) | select(.bytes_done > 1000000)] | length > 0'
status=0
inbox >"$DOCK/out" 2>&1 || status=$?
is "another run meanwhile" "$status" 4
grep -q 'another run' "$DOCK/out" || fail "it does not say why it does nothing"
kill -9 "$inbox"
wait "$inbox" 2>/dev/null || true
await_dock '[.slots[] | select(.slot | startswith("import"))] | length == 0'
settle
[ -f "$in/C-1/long.mp4" ] || fail "a file that was not taken in is gone"
run 0 "1 taken, 0 put aside, 0 left for the next run"
settle
is "sessions, the one that was killed too" "$(sql "SELECT count(*) FROM dock_session")" $((sessions + 2))
is "how the first ended" "$(sql "SELECT outcome FROM session_list WHERE import_source LIKE '%long.mp4'
	ORDER BY started_at LIMIT 1")" interrupted
# Killed between the import and the rename: it lies there still.
segments=$(sql "SELECT count(*) FROM segment")
cp -p "$in/.done/$day/C-1/long.mp4" "$in/C-1/long.mp4"
run 0 "1 taken, 0 put aside, 0 left for the next run"
settle
is "segments after the same again" "$(sql "SELECT count(*) FROM segment")" "$segments"
cmp "$in/.done/$day/C-1/long.mp4" "$in/.done/$day/C-1/long.mp4~2"
rm "$in/.done/$day/C-1/long.mp4~2"
expect_segments IMPORT "$in/.done"
ok "killed or repeated, nothing is doubled and nothing is lost"

# ------ dockd, or the catalog, away ------

media "$in/C-1/later.pdf"
stack stop-db
await_dock '.catalog | not'
status=0
inbox >"$DOCK/out" 2>&1 || status=$?
is "without the catalog" "$status" 4
[ -f "$in/C-1/later.pdf" ] || fail "it was taken though nobody knows its case"
stack start-db
settle
stack kill-dockd 15 >/dev/null
status=0
inbox >"$DOCK/out" 2>&1 || status=$?
is "without dockd" "$status" 4
[ -f "$in/C-1/later.pdf" ] || fail "it was moved though dockd does not have it"
stack start-dockd >/dev/null
run 0 "1 taken, 0 put aside, 0 left for the next run"
settle

# ------ by hand, of a fixed camera ------

media "$DOCK/counter.mp4"
status=0
vaultctl --lang en import "$DOCK/counter.mp4" --fixed-camera hall-2 --officer 019001 --reason x >"$DOCK/out" 2>&1 || status=$?
is "of a fixed camera and an officer" "$status" 2
vaultctl import "$DOCK/counter.mp4" --fixed-camera hall-2 --unit QH --reason "the counter that day" >/dev/null
settle
is "of a fixed camera" "$(sql "SELECT import_source, officer IS NULL, unit FROM session_list
	WHERE import_source LIKE 'camera hall-2%'")" "camera hall-2: $DOCK/counter.mp4|t|QH"
expect_settled
dock_finish
ok "dockd or the catalog away leaves all where it is"
