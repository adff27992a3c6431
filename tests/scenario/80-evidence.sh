#!/bin/bash
# Goal: what somebody does to a card between two dockings is found, said once, and costs no original:
# an altered copy that comes first keeps nobody from taking in the original, and a card that cannot
# be listed is not called safe.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000801
enroll REC-000801 S801 "$DOCK/REC-000801.pub"
enroll REC-000802 S802

# visit IMAGE SERIAL: dock it, wait, take it away; the slot's last words are in $state
visit() {
	plug A1 "$1" "$2"
	stack wait >/dev/null
	state=$(vaultctl dock list --json | jq -r '.slots[] | select(.slot == "A1") | "\(.state): \(.note)"')
	stack undock A1
	await_dock "$(slot A1) == \"empty\""
}
expect() { [ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"; }
# expect_found WHAT [CODE PATH-OR-KIND]...: that was found since the last time, no more
expect_found() {
	sql "SELECT finding, code || ' ' || coalesce(detail ->> 'path', detail ->> 'kind')
		FROM finding" | sort >"$DOCK/now"
	expect "$(printf '%s\n' "${@:2}" | sort)" \
		"$(comm -13 "$DOCK/before" "$DOCK/now" | cut -d'|' -f2 | sort)" "$1"
	mv "$DOCK/now" "$DOCK/before"
}
: >"$DOCK/before"

# The altered copy is the same but for one byte in the middle: no fingerprint tells them apart.
signed_card "$DOCK/original" REC-000801 3 500001
cp -a "$DOCK/original" "$DOCK/altered"
printf 'XX' | dd of="$DOCK/altered/SEG_000001.mp4" bs=1 seek=250000 conv=notrunc status=none
touch -r "$DOCK/original/SEG_000001.mp4" "$DOCK/altered/SEG_000001.mp4"
visit "$DOCK/altered" S801
expect_found "the altered copy" "checksum_mismatch SEG_000001.mp4"
visit "$DOCK/original" S801
expect_found "the original behind it"
visit "$DOCK/altered" S801
expect_found "the altered copy again"
original=$(b2sum -l 256 <"$DOCK/original/SEG_000001.mp4" | cut -d' ' -f1)
expect signed_by_recorder "$(sql "SELECT assurance FROM segment WHERE encode(blob, 'hex') = '$original'")" \
	"the original is not evidence"
expect_segments REC-000801 "$DOCK/original" "$DOCK/altered/SEG_000001.mp4"

# What lies beside another file, what has another name, what lost its sidecar.
cp -a "$DOCK/original" "$DOCK/moved"
for part in bwm bwm.minisig; do
	mv "$DOCK/moved/SEG_000000.$part" "$DOCK/moved/SEG_000009.$part"
done
mv "$DOCK/moved/SEG_000002.mp4" "$DOCK/moved/OTHER.mp4"
visit "$DOCK/moved" S801
expect_found "moved about" "card_changed renamed" "signature_missing OTHER.mp4" "signature_missing SEG_000000.mp4"
visit "$DOCK/moved" S801
expect_found "moved about, again"

# A card of which nothing can be listed; one of which a part cannot; one with two bad places.
head -c 100001 /dev/urandom >"$DOCK/good.mp4"
"$BUILD/mkcard" "$DOCK/garbage.img" --size 40M --add "$DOCK/good.mp4:/GOOD.MP4" --sin boot-garbage
visit "$DOCK/garbage.img" S802
[[ $state == "fault: the card has no partition table"* ]] || fail "called '$state'"
expect_found "a card without file system" "device_fault "
"$BUILD/mkcard" "$DOCK/loop.img" --size 40M --add "$DOCK/good.mp4:/GOOD.MP4" --sin dir-loop \
	--sin cluster-range
visit "$DOCK/loop.img" S802
expect "safe: 1 faults of the card, and 3 of 4 files could not be read: see the findings" "$state" \
	"a card with a fault"
expect_found "a card with a fault" "device_fault SIN/LOOP" "unreadable_file SIN/beyond.mp4" \
	"unreadable_file SIN/far-beyond.mp4" "unreadable_file SIN/one.mp4"
expect_segments REC-000802 "$DOCK/good.mp4"
expect_settled
expect_seals
ok "altered, moved and unreadable: found, said once, no original lost"
