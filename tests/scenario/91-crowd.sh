#!/bin/bash
# Goal: 32 recorders that come in at once, half of them by MTP, are all taken in; dockd and its
# listers stay within their memory.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
recorders=32
DOCK_SLOTS=$recorders dock_begin
for ((i = 1; i <= recorders; i++)); do
	id=$(printf 'REC-0091%02d' "$i")
	enroll "$id" "$id"
	plain_card "$DOCK/card/$id" 3 200001
	[ $((i % 2)) -eq 0 ] || "$BUILD/mkcard" "$DOCK/card/$id.img" --size 64M --mbr --dir "$DOCK/card/$id"
done

# memory PID: the most it ever had in RAM, in KiB
memory() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
dockd=$(cut -d' ' -f1 "$DOCK/stack/pid/dockd")

began=${EPOCHREALTIME/./} lister=0
for ((i = 1; i <= recorders; i++)); do
	id=$(printf 'REC-0091%02d' "$i")
	if [ $((i % 2)) -eq 0 ]; then
		plug_mtp "A$i" "$DOCK/card/$id" "$id"
	else
		plug "A$i" "$DOCK/card/$id.img" "$id"
	fi
	for pid in $(pgrep -P "$dockd" -x dock-lister); do
		kib=$(memory "$pid") || true
		[ "${kib:-0}" -le $lister ] || lister=$kib
	done
done
stack wait --timeout 120 >/dev/null
await_dock '.backlog == 0'
took=$(((${EPOCHREALTIME/./} - began) / 1000))
await_dock '[.slots[].state == "safe"] | all'
for ((i = 1; i <= recorders; i++)); do
	id=$(printf 'REC-0091%02d' "$i")
	expect_segments "$id" "$DOCK/card/$id"
done
peak=$(memory "$dockd")
expect_settled
expect_seals
# A sanitizer's own memory is no measure.
if ! grep -q __asan_init "$BUILD/dockd"; then
	[ "$peak" -lt $((96 * 1024)) ] || fail "dockd had $peak KiB in memory"
	[ "$lister" -lt $((24 * 1024)) ] || fail "a dock-lister had $lister KiB in memory"
fi
dock_finish
ok "$recorders recorders in $took ms; at most $peak KiB of dockd, $lister KiB of a lister"
