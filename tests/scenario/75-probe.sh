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
day=$(date -d '5 days ago' +%Y%m%d)
for i in 1 2 3 4 5; do
	head -c 10001 /dev/urandom >"$DOCK/card/DCIM/100MEDIA/BWC_750001_000${i}_${day}_10${i}500.mp4"
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
sed -i 's/{ss}.{ext}/{ss}[_IMP:important].{ext}/' "$DOCK/models/draft.conf"
vaultctl config check >/dev/null || { cat "$DOCK/models/draft.conf"; fail "the draft is no block"; }
stack undock A2
await_dock "[$(slot A2)] == [\"empty\"]"
restart_dockd 15
new=BWC_750001_0011_${day}_101500_IMP.mp4
head -c 10001 /dev/urandom >"$DOCK/card/DCIM/100MEDIA/$new"
"$BUILD/mkcard" "$DOCK/card2.img" --size 16M --exfat --label CARD --dir "$DOCK/card" >/dev/null
plug A2 "$DOCK/card2.img" S750
stack wait >/dev/null
await_dock '.backlog == 0'
model=$(probe A2 --json | jq -r '.probe.model')
[ "$model" = 1209:5a01 ] || fail "the draft is not used: $model"
claims=$(sql "SELECT time_source, important, to_char(start_at AT TIME ZONE 'Asia/Shanghai',
	'YYYYMMDD_HH24MISS') FROM segment WHERE path LIKE '%$new'")
[ "$claims" = "name|t|${day}_101500" ] || fail "names are not in the records: $claims"
vaultctl recording list --json | jq -e '[.[] | select(.important)] | length == 1' >/dev/null ||
	fail "recording list does not say what is important"
late=$(sql "SELECT confidence FROM finding WHERE code = 'late_upload' AND detail ->> 'path' LIKE '%$new'")
[ "$late" = 0.500 ] || fail "five days late by its name: confidence ${late:-none}"
expect_settled
dock_finish
ok "the draft is taken, and what names claim is in the records"
