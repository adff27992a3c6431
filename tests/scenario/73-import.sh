#!/bin/bash
# Goal: what a person brings is taken in like a recorder, and called no more than it is: a folder,
# an image of a card, a file; signed segments of an enrolled recorder are verified; whatever cannot
# be read is a finding; interrupted and repeated, nothing is doubled and nothing is lost.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
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

head -c 5000 /dev/urandom >"$DOCK/笔录 1.pdf"
(cd "$DOCK" && import "./笔录 1.pdf" --officer 019001 --unit QH-01 --case C-2026-7 \
	--reason "scan of the record" --json) >"$DOCK/out"
jq -e '.outcome == "released" and .files_total == 1 and .usb == null' "$DOCK/out" >/dev/null ||
	fail "$(cat "$DOCK/out")"
settle
expect "SELECT import_kind, officer, unit, import_case, import_reason, import_by <> '', import_source
	FROM session_list WHERE import_case IS NOT NULL" \
	"file|019001|QH-01|C-2026-7|scan of the record|t|$DOCK/笔录 1.pdf" "the file's session"
expect "SELECT path, unit, assurance, recorder FROM segment WHERE recorder = 'IMPORT'" \
	"笔录 1.pdf|QH-01|imported|IMPORT" "the file"
expect "SELECT count(*) FROM finding WHERE recorder = 'IMPORT'" 0 "findings about a document"
vaultctl session list --json >"$DOCK/out"
jq -e '[.[] | select(.import_case == "C-2026-7")] | length == 1 and .[0].unit == "QH-01"' "$DOCK/out" \
	>/dev/null || fail "session list: $(cat "$DOCK/out")"
vaultctl --lang en session list | grep -q "imported: file" || vaultctl --lang en session list
vaultctl recording list --unit QH-01 --json | jq -e '.[0].assurance == "imported"' >/dev/null ||
	fail "recording list does not say that it was imported"
vaultctl recording list --unit QH-01
vaultctl report integrity --unit QH-01 --json >"$DOCK/out"
jq -e '.totals.imported == 1 and .totals.segments == 1' "$DOCK/out" >/dev/null ||
	fail "report: $(cat "$DOCK/out")"
vaultctl report integrity --unit QH-01
ok "a file from a relative path, with officer, unit, case and reason"
dock_finish
