#!/bin/bash
# Goal: a locked recorder of the emulator is one device until it was told the one right thing; then
# it leaves, and comes back on the same port as the other, for that docking only.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
mkdir "$dir/pid" "$dir/card"
proc() { "$BUILD/stackproc" "$1" --pidfile "$dir/pid/emulator" "${@:2}"; }
trap 'proc stop || true; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; tail -n 20 "$dir/seen" "$dir/log"; exit 1; }
head -c 100000 /dev/urandom >"$dir/card/A.mp4"
"$BUILD/mkcard" "$dir/card.img" --size 34M --dir "$dir/card"

testbed=$(TMPDIR=$dir proc start --log "$dir/log" --ready line -- \
	umockdev-wrapper "$BUILD/dock-emulator" --control "$dir/control")
emulator() { "$BUILD/dock-emulator" --control "$dir/control" --send "$1" >"$dir/status" || fail "$1"; }
tell() { UMOCKDEV_DIR=$testbed umockdev-wrapper "$BUILD/usbtell" "$@" >"$dir/seen" 2>&1; }
serial() { cat "$testbed/sys/devices/usb1/1-1/serial" 2>/dev/null || true; }

# cbw LENGTH CDB: a bulk-only command of vendor D0
cbw() {
	printf '55534243 01000000 %s 00 00 %02x %s%0*d' "$1" $((${#2} / 2)) "$2" $((32 - ${#2})) 0 |
		tr -d ' '
}
passed=55534253010000000000000000
new=1209:5a01 old=1209:5a00
as="vid=1209 pid=5a01 locked-as=$old"

# By a SCSI command, to storage; again locked when it is docked again.
for _ in 1 2; do
	emulator "dock 1-1 $dir/card.img $as serial=UNLOCKED unlock=scsi:d0112233"
	[ -z "$(serial)" ] || fail "a locked recorder has a serial"
	tell $new 00 && fail "it is there before it was unlocked"
	tell $old "$(cbw 00000000 d0112234)" || fail "it does not answer another command"
	grep -q "^$passed" "$dir/seen" && fail "another command unlocks"
	tell $old --until $new "$(cbw 00000000 d0112233)" || fail "it did not come back"
	[ "$(serial)" = UNLOCKED ] || fail "it came back as another"
	emulator "undock 1-1"
done

# By a SCSI command, to MTP, in spite of being storage before.
emulator "dock 1-1 $dir/card mtp=1 $as serial=MTP unlock=scsi:d0112233"
tell $old --until $new "$(cbw 00000000 d0112233)" || fail "it did not come back with MTP"
session=10000000010002100000000001000000
tell $new $session || fail "no session"
grep -q "^0c00000003000120" "$dir/seen" || fail "no session: another answer"
emulator "undock 1-1"

# By a vendor's operation, to storage.
emulator "dock 1-1 $dir/card.img $as serial=DISK unlock=mtp:9F01:5"
tell $old $session 100000000100019f0100000006000000 || fail "it does not answer another parameter"
grep -q "^0c00000003001d20" "$dir/seen" || fail "another parameter unlocks"
emulator "undock 1-1"
emulator "dock 1-1 $dir/card.img $as serial=DISK unlock=mtp:9F01:5"
tell $old --until $new $session 100000000100019f0100000005000000 || fail "not by the operation"
[ "$(serial)" = DISK ] || fail "it came back as another"
emulator "undock 1-1"

# Pulled out before it is back.
emulator "dock 1-1 $dir/card.img $as unlock=scsi:d0"
tell $old "$(cbw 00000000 d0)" || fail "it does not take the command"
emulator "undock 1-1"
emulator status
[ "$(cat "$dir/status")" = ok ] || fail "something is docked: $(cat "$dir/status")"

# One that takes the command, and never comes back; its port is free.
emulator "dock 1-1 $dir/card.img $as unlock=scsi:d0 fault=unlock-fails=1"
tell $old "$(cbw 00000000 d0)" || fail "it does not take the command"
emulator status
[ "$(cat "$dir/status")" = ok ] || fail "something is docked: $(cat "$dir/status")"
emulator "dock 1-1 $dir/card.img"
proc stop
echo "ok: locked recorders come back as what they are, and only when told so"
