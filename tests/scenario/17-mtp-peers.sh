#!/bin/bash
# Goal: what others wrote takes the emulator's MTP recorder for one: libmtp and gphoto2 list what is
# in the folder, by object and by property list, fetch it to the last byte, send and delete.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
for program in mtp-files mtp-getfile mtp-detect gphoto2; do
	command -v "$program" >/dev/null || { echo "$program is not installed: tools/setup"; exit 77; }
done
dir=$(mktemp -d)
mkdir "$dir/pid" "$dir/out"
proc() { "$BUILD/stackproc" "$1" --pidfile "$dir/pid/emulator" "${@:2}"; }
trap 'proc stop || true; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; tail -n 20 "$dir/seen" "$dir/log"; exit 1; }

testbed=$(TMPDIR=$dir proc start --log "$dir/log" --ready line -- \
	umockdev-wrapper "$BUILD/dock-emulator" --control "$dir/control")
emulator() { "$BUILD/dock-emulator" --control "$dir/control" --send "$1" >/dev/null || fail "$1"; }
peer() {
	(cd "$dir/out" && HOME=$dir UMOCKDEV_DIR=$testbed exec timeout 60 umockdev-wrapper "$@") \
		>"$dir/seen" 2>&1
}

# Lengths around the packet and the header, a name that is not ASCII, folders in folders.
card=$dir/card
mkdir -p "$card/DCIM/100MEDIA"
head -c 3000001 /dev/urandom >"$card/DCIM/100MEDIA/A.mp4"
head -c 1048576 /dev/urandom >"$card/DCIM/100MEDIA/B.mp4"
head -c $((1048576 - 12)) /dev/urandom >"$card/DCIM/header.bin"
head -c 500 /dev/urandom >"$card/packet.bin"
printf 'a note\n' >"$card/执法 记录.txt"
: >"$card/empty.log"
digests() { find "$1" -type f -print0 | xargs -0 b2sum -l 256 | cut -d' ' -f1 | sort; }
digests "$card" >"$dir/expected"

# The listing of libmtp: name and size of every file, however it asks for them.
expect_listed() {
	peer mtp-files || fail "mtp-files: $1"
	sed -n 's/^   Filename: //p; s/^   File size \([0-9]*\) .*/\1/p' "$dir/seen" |
		paste - - | sort >"$dir/listed"
	find "$card" -type f -printf '%f\t%s\n' | sort | diff - "$dir/listed" ||
		fail "mtp-files lists other files: $1"
}
fetch_all() {
	local id
	rm -f "$dir/out"/*
	sed -n 's/^File ID: //p' "$dir/seen" >"$dir/ids"
	while read -r id; do
		peer mtp-getfile "$id" "file$id" || fail "mtp-getfile $id: $1"
	done <"$dir/ids"
	digests "$dir/out" | diff "$dir/expected" - || fail "mtp-getfile fetches other bytes: $1"
}

# Taken for an Android device; and, without its operation, for another one.
emulator "dock 1-1 $card mtp=1 serial=PEER"
peer mtp-detect || fail "mtp-detect"
grep -q "Serial number: PEER" "$dir/seen" || fail "mtp-detect: no serial"
grep -q "Battery level 80 of 100" "$dir/seen" || fail "mtp-detect: no battery"
expect_listed android
fetch_all android
emulator "undock 1-1"
emulator "dock 1-2 $card mtp=1 superspeed=1 fault=mtp-ops=-95C1"
expect_listed "no android"
fetch_all "no android"
emulator "undock 1-2"
# Where there is no GetObjectHandles, this is from the property list of all objects.
emulator "dock 1-2 $card mtp=1 fault=mtp-ops=-95C1-1007"
peer mtp-folders || fail "mtp-folders"
grep -qP '^1\tDCIM$' "$dir/seen" || fail "mtp-folders: no DCIM"
grep -qP '\t  100MEDIA$' "$dir/seen" || fail "mtp-folders: no 100MEDIA in DCIM"
emulator "undock 1-2"
emulator "dock 1-2 $card mtp=1 superspeed=1"
echo "ok: libmtp lists and fetches every file, byte for byte"

rm -f "$dir/out"/*
peer gphoto2 --get-all-files || fail "gphoto2"
digests "$dir/out" | diff "$dir/expected" - || fail "gphoto2 fetches other bytes"
peer gphoto2 --summary || fail "gphoto2 --summary"
grep -q "Date & Time(0x5011).*$(TZ=Asia/Shanghai date +%Y)" "$dir/seen" || fail "gphoto2: no clock"
emulator "undock 1-2"
echo "ok: gphoto2 does, too"

# A file beyond 4 GiB: its size does not fit an ObjectInfo.
truncate -s 5G "$card/big.avi"
for ops in -95C1 -95C1-9805; do
	emulator "dock 1-3 $card mtp=1 fault=mtp-ops=$ops"
	expect_listed "5 GiB, without $ops"
	emulator "undock 1-3"
done
rm "$card/big.avi"

# What they send and delete is sent and deleted.
emulator "dock 1-4 $card mtp=1 fault=writable=1"
cp "$card/packet.bin" "$dir/out/new.bin"
peer mtp-sendfile new.bin new.bin || fail "mtp-sendfile"
cmp "$card/new.bin" "$card/packet.bin" || fail "other bytes than were sent"
peer gphoto2 --folder /store_00010001 --delete-file packet.bin || fail "gphoto2 --delete-file"
[ ! -e "$card/packet.bin" ] || fail "not deleted"
[ -e "$card/DCIM/header.bin" ] || fail "too much is deleted"
proc stop
echo "ok: files beyond 4 GiB, sending and deleting"
