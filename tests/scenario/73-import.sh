#!/bin/bash
# Goal: what a person brings is taken in like a recorder, and called no more than it is: a folder,
# an image of a card, a file; signed segments of an enrolled recorder are verified; whatever cannot
# be read is a finding; interrupted and repeated, nothing is doubled and nothing is lost.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin "bandwidth_slot = 4"
new_key REC-000730
enroll REC-000730 S730 "$DOCK/REC-000730.pub"

import() { vaultctl import "$@"; }
# The session that an import was, by the folder it came from.
session_of() { sql "SELECT session FROM session_list WHERE import_source = '$(realpath "$1")'
	ORDER BY started_at DESC LIMIT 1"; }
settle() { await_dock '.backlog == 0'; }
# expect SQL VALUE WHAT
expect() {
	local found
	found=$(sql "$1")
	[ "$found" = "$2" ] || fail "$3: $found, not $2"
}

# ------ a folder of an enrolled recorder: verified, and imported all the same ------

signed_card "$DOCK/folder/DCIM" REC-000730 3 300001
plain_card "$DOCK/folder/数据" 2 100001
import "$DOCK/folder" --recorder REC-000730 --reason "the recorder's plug is broken" >"$DOCK/out"
grep -q "$(session_of "$DOCK/folder")" "$DOCK/out" || fail "it does not say which session it was"
settle
expect_segments REC-000730 "$DOCK/folder"
expect "SELECT DISTINCT assurance FROM segment WHERE recorder = 'REC-000730'" imported \
	"what was imported"
expect "SELECT signature, digest, count(*) FROM segment WHERE recorder = 'REC-000730'
	GROUP BY 1, 2 ORDER BY 1" $'unsigned|not_claimed|2\nvalid|ok|3' "signatures"
expect "SELECT DISTINCT seal_dseq IS NULL, signature FROM segment WHERE recorder = 'REC-000730'
	ORDER BY 2" $'f|unsigned\nt|valid' "what nobody signed is sealed"
expect "SELECT DISTINCT code FROM finding ORDER BY 1" signature_missing "what was found"
expect "SELECT outcome, import_kind, vid IS NULL, unit IS NULL FROM session_list" \
	"released|folder|t|t" "the session"
ok "a folder: signed segments of an enrolled recorder are verified"

# ------ again: nothing is doubled ------

before=$(sql "SELECT count(*) FROM segment")
import "$DOCK/folder" --recorder REC-000730 --reason "again" >/dev/null
settle
expect "SELECT count(*) FROM segment" "$before" "segments after doing it again"
expect "SELECT known, stored FROM session_list WHERE session = '$(session_of "$DOCK/folder")'" "5|0" \
	"all of it known"
ok "again: nothing is doubled"

# ------ whose it is ------

mkdir "$DOCK/pdf"
head -c 5000 /dev/urandom >"$DOCK/pdf/笔录 1.pdf"
(cd "$DOCK/pdf" && import "./笔录 1.pdf" --officer 019001 --unit QH-01 --case C-2026-7 \
	--reason "scan of the record" --json) >"$DOCK/out"
jq -e '.outcome == "released" and .files_total == 1 and .usb == null' "$DOCK/out" >/dev/null ||
	fail "$(cat "$DOCK/out")"
settle
expect "SELECT import_kind, officer, unit, import_case, import_reason, import_by LIKE '_% (uid $(id -u))',
	import_source FROM session_list WHERE import_case IS NOT NULL" \
	"file|019001|QH-01|C-2026-7|scan of the record|t|$DOCK/pdf/笔录 1.pdf" "the file's session"
expect "SELECT path, unit, assurance, recorder FROM segment WHERE recorder = 'IMPORT'" \
	"笔录 1.pdf|QH-01|imported|IMPORT" "the file"
expect "SELECT count(*) FROM finding WHERE recorder = 'IMPORT'" 0 "findings about a document"
vaultctl session list --json >"$DOCK/out"
jq -e '[.[] | select(.import_case == "C-2026-7")] | length == 1 and .[0].unit == "QH-01"' "$DOCK/out" \
	>/dev/null || fail "session list: $(cat "$DOCK/out")"
vaultctl --lang en session list | grep C-2026-7 >/dev/null ||
	fail "session list does not name the case"
vaultctl recording list --unit QH-01 --json | jq -e '.[0].assurance == "imported"' >/dev/null ||
	fail "recording list does not say that it was imported"
vaultctl report integrity --unit QH-01 --json >"$DOCK/out"
jq -e '.totals.imported == 1 and .totals.segments == 1' "$DOCK/out" >/dev/null ||
	fail "report: $(cat "$DOCK/out")"
vaultctl --lang en report integrity --unit QH-01 | grep 'imported' >/dev/null ||
	fail "the report does not tell imports apart"
ok "a file from a relative path, with officer, unit, case and reason"

# ------ what is no file, what cannot be read, what does not fit its sidecar ------

signed_card "$DOCK/odd" REC-000730 1 200001
printf X | dd of="$(ls "$DOCK"/odd/*.mp4)" bs=1 seek=1000 conv=notrunc status=none
plain_card "$DOCK/odd" 1 1000
ln -s /etc/passwd "$DOCK/odd/link.mp4"
ln -s "$DOCK/folder" "$DOCK/odd/linked"
mkfifo "$DOCK/odd/pipe"
mknod "$DOCK/odd/zero" c 1 5 2>/dev/null || mkfifo "$DOCK/odd/zero"
import "$DOCK/odd" --recorder REC-000730 --reason "what a person may have" >/dev/null 2>"$DOCK/err" ||
	fail "troubles are no failure"
grep -q "4 things in it were left out" "$DOCK/err" || fail "it does not say what is missing: $(cat "$DOCK/err")"
settle
odd=$(session_of "$DOCK/odd")
expect "SELECT detail ->> 'path' FROM finding WHERE session = '$odd' AND code = 'import_incomplete'
	ORDER BY 1" $'link.mp4\nlinked\npipe\nzero' "what was left out"
expect "SELECT count(*) FROM finding WHERE session = '$odd' AND code = 'checksum_mismatch'" 1 \
	"a file that is not what its sidecar says"
expect "SELECT count(*) FROM segment WHERE session = '$odd'" 2 "segments of odd things"
expect "SELECT count(*) FROM finding WHERE code IN ('device_fault', 'foreign_file', 'battery_low',
	'storage_low', 'name_gap', 'late_upload', 'card_changed', 'deleted_on_recorder')" 0 \
	"findings that only a recorder can have"
ok "links, devices and a damaged sidecar are findings"

# ------ the image of a card, with what was deleted from it ------

plain_card "$DOCK/card/DCIM" 3 150001
for f in "$DOCK"/card/DCIM/*; do deleted=$(basename "$f"); done
"$BUILD/mkcard" "$DOCK/card.img" --size 16M --exfat --label CARD --dir "$DOCK/card" \
	--delete "/DCIM/$deleted" >/dev/null
import "$DOCK/card.img" --image --recorder REC-000730 --reason "the recorder burnt" >/dev/null
settle
image=$(session_of "$DOCK/card.img")
expect "SELECT import_kind, stored, deleted, card ->> 'filesystem' FROM session_list
	WHERE session = '$image'" "image|2|1|exfat" "the image"
expect "SELECT count(*) FROM finding WHERE session = '$image' AND code = 'deleted_on_recorder'" 1 \
	"deleted files of an image"
import "$DOCK/pdf/笔录 1.pdf" --image --reason "no image at all" >/dev/null 2>"$DOCK/err" &&
	fail "a document is no image of a card"
[ -s "$DOCK/err" ] || fail "it does not say why"
ok "the image of a card, with a deleted file"

# ------ what is refused, and why ------

refused() {
	local status=0
	import "$@" >"$DOCK/out" 2>&1 || status=$?
	[ $status -ne 0 ] && [ -s "$DOCK/out" ] || fail "not refused: import $*"
	echo "refused ($status): $(tail -n 1 "$DOCK/out")"
}
refused "$DOCK/nowhere" --reason x
refused "$DOCK/folder"
refused "$DOCK/odd/pipe" --reason x
refused "$DOCK/folder" --image --reason x
refused "$DOCK/folder" --recorder NOBODY --reason x
refused "$DOCK/folder" --case "a b" --reason x
mkdir "$DOCK/closed"
head -c 1000 /dev/urandom >"$DOCK/closed/a.mp4"
chmod 700 "$DOCK/closed"
if [ "$(id -u)" = 0 ] && chmod 755 "$DOCK" && setpriv --reuid 65534 --regid 65534 --clear-groups \
	test ! -r "$DOCK/closed" 2>/dev/null; then
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$BUILD/vaultctl" import \
		"$DOCK/closed" --reason x >"$DOCK/out" 2>&1 || status=$?
	[ $status -ne 0 ] || fail "what one may not read was imported"
	echo "another user: $(tail -n 1 "$DOCK/out")"
fi
[ -z "$(sql "SELECT 1 FROM segment WHERE path LIKE '%a.mp4'")" ] || fail "it was imported"
ok "what cannot be brought is refused"

# ------ vaultctl killed, dockd killed, the catalog away; and once more ------

mkdir "$DOCK/large"
for i in 1 2 3 4; do head -c 6000001 /dev/urandom >"$DOCK/large/$i.mp4"; done
reading() { await_dock "[.slots[] | select(.slot == \"import-1\") | .bytes_done > 3000000] == [true]"; }
gone() { await_dock '[.slots[] | select(.slot | tostring | startswith("import"))] == []'; }
"$BUILD/vaultctl" import "$DOCK/large" --reason "killed" >/dev/null 2>&1 &
person=$!
reading
kill -KILL "$person"
wait "$person" || true
gone
settle
expect "SELECT outcome FROM session_list WHERE session = '$(session_of "$DOCK/large")'" interrupted \
	"an import whose vaultctl was killed"

"$BUILD/vaultctl" import "$DOCK/large" --reason "dockd is killed" >/dev/null 2>&1 &
person=$!
reading
restart_dockd 9
wait "$person" && fail "vaultctl does not notice that dockd is gone"
settle

stack stop-db
await_dock '.catalog | not'
import "$DOCK/large" --reason "the catalog is away" >/dev/null 2>"$DOCK/err" || fail "$(cat "$DOCK/err")"
stack start-db
await_dock '.catalog and .backlog == 0' 50
import "$DOCK/large" --reason "again" >/dev/null
settle
expect "SELECT count(*), count(DISTINCT blob) FROM segment WHERE path LIKE '_.mp4'" "4|4" \
	"nothing doubled, nothing lost"
expect_segments IMPORT "$DOCK/large" "$DOCK/pdf"
expect_settled strays
dock_finish
ok "killed, killed, and without the catalog: nothing is doubled, nothing is lost"
