#!/bin/bash
# Goal: vaultctl recorder probe tells what is in a slot, reads nothing of a stranger, and drafts a
# block for recorders.d that dockd takes and that names the recordings.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
enroll REC-000750 S750
mkdir -p "$DOCK/card/DCIM/100MEDIA"
for i in 1 2 3 4 5; do
	head -c 10001 /dev/urandom \
		>"$DOCK/card/DCIM/100MEDIA/BWC_750001_000${i}_2026112${i}_10${i}500.mp4"
done
probe() { vaultctl --lang en recorder probe "$@"; }

probe A1 | grep '^slot A1: empty$' >/dev/null || fail "an empty slot"
if probe Z9 >"$DOCK/out" 2>&1; then fail "a slot that does not exist"; fi
grep -q 'no slot Z9' "$DOCK/out" || fail "$(cat "$DOCK/out")"

plug_mtp A1 "$DOCK/card" STRANGER
stack wait >/dev/null
probe A1 >"$DOCK/out"
grep -q 'serial STRANGER' "$DOCK/out" || fail "$(cat "$DOCK/out")"
grep -q 'nothing of it was read' "$DOCK/out" || fail "$(cat "$DOCK/out")"
! grep -q 'BWC_' "$DOCK/out" || fail "a stranger's names"
probe A1 --json | jq -e '.probe.seen == null and .probe.class == "mtp" and .slot.state == "refused"' \
	>/dev/null || fail "$(probe A1 --json)"
stack undock A1
ok "of a stranger only what USB tells"

plug_mtp A2 "$DOCK/card" S750
stack wait >/dev/null
probe A2 >"$DOCK/out"
for text in 'interface MTP' 'volume: ' 'MTP device: ' 'GetObject' '5 files' 'BWC_750001_0001_' \
	    'names = { "BWC_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}.{ext}" }' \
	    'DCIM/100MEDIA"'; do
	grep -qF "$text" "$DOCK/out" || { cat "$DOCK/out"; fail "it does not say: $text"; }
done
stack undock A2
await_dock "[$(slot A2)] == [\"empty\"]"
"$BUILD/mkcard" "$DOCK/card.img" --size 16M --exfat --label CARD --dir "$DOCK/card" >/dev/null
plug A2 "$DOCK/card.img" S750
stack wait >/dev/null
probe A2 --json >"$DOCK/out"
jq -e '.probe.class == "storage" and .probe.lock == "none" and .probe.seen.files == 5 and
	(.probe.seen.paths | length) == 5 and .probe.seen.card.volumes[0].filesystem == "exfat" and
	(.probe.seen.card.units | length) == 1 and .slot.recorder == "REC-000750"' "$DOCK/out" >/dev/null ||
	fail "$(cat "$DOCK/out")"
ok "of an enrolled recorder its card and a sample of its names"

mkdir "$DOCK/models"
jq -r .draft "$DOCK/out" >"$DOCK/models/draft.conf"
echo "recorders = \"$DOCK/models\"" >>"$DOCK/stack/dockvault.conf"
vaultctl config check >/dev/null || { cat "$DOCK/models/draft.conf"; fail "the draft is no block"; }
stack undock A2
await_dock "[$(slot A2)] == [\"empty\"]"
restart_dockd 15
for f in "$DOCK"/card/DCIM/100MEDIA/*_0001_*; do mv "$f" "${f/_0001_/_0011_}"; done
"$BUILD/mkcard" "$DOCK/card2.img" --size 16M --exfat --label CARD --dir "$DOCK/card" >/dev/null
plug A2 "$DOCK/card2.img" S750
stack wait >/dev/null
await_dock '.backlog == 0'
model=$(probe A2 --json | jq -r '.probe.model')
[ "$model" = 1209:5a01 ] || fail "the draft is not used: $model"
[ "$(sql "SELECT time_source, start_at AT TIME ZONE 'Asia/Shanghai' FROM segment
	WHERE path LIKE '%_0011_%'")" = "name|2026-11-21 10:15:00" ] || fail "names into records:
	$(sql "SELECT path, time_source, start_at FROM segment")"
expect_settled
dock_finish
ok "the draft is taken, and what names claim is in the records"
