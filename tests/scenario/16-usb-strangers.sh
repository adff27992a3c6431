#!/bin/bash
# Goal: strangers on USB: several of one serial, names of any bytes, another device on the same port,
# silent ones, ones that leave while they are asked. None holds up the others, and stopping is clean
# at every moment.
set -eu -o pipefail
for tool in umockdev-wrapper b2sum; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed; run tools/setup"; exit 77; }
done
dir=$(mktemp -d)
cd "$dir"
export TMPDIR=$dir

# So that the emulator sees the end of its standard input, and goes, when we do.
mkfifo tie ready
umockdev-wrapper "$BUILD/dock-emulator" --control "$dir/c" --tied <tie >ready 2>emulator.err &
exec 8>tie
root=$(cat ready)
trap '[ -z "${probe:-}" ] || kill "$probe" 2>/dev/null || true
      exec 8>&-; wait; cat emulator.err; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; sed 's/^/  seen: /' seen; exit 1; }

emulator() {
	local answer
	answer=$("$BUILD/dock-emulator" --control c --send "$1")
	[[ $answer == ok* ]] || fail "emulator: $1: $answer"
}

# expect PATTERN: a line like that was printed already or comes within half a minute.
expect() {
	local line
	while ! grep -qE "^$1\$" seen; do
		read -r -t 30 line <&9 || fail "no line like: $1"
		echo "$line" >>seen
	done
}
after() {	# after A B: A was seen, and B before it
	expect "$1"
	[ "$(grep -nE "^$1\$" seen | head -n 1 | cut -d: -f1)" -gt \
	  "$(grep -nE "^$2\$" seen | head -n 1 | cut -d: -f1)" ] || fail "$1 came before $2"
}

start_probe() {
	: >seen
	mkfifo lines
	UMOCKDEV_DIR=$root umockdev-wrapper "$BUILD/usbprobe" --read >lines 2>probe.err &
	probe=$!
	exec 9<lines
	rm lines
}
stop_probe() {
	local status=0
	kill -TERM "$probe"
	wait "$probe" || status=$?
	[ "$status" -eq 0 ] || { cat probe.err; fail "usbprobe ended with $status"; }
	probe=
	exec 9<&-
}

head -c $((4 << 20)) /dev/urandom >a.img
head -c $((3 << 20)) /dev/urandom >b.img
digest() { b2sum -l 256 "$1" | cut -d' ' -f1; }
a=$(digest a.img) b=$(digest b.img)
same="vid=1209 pid=5a01 serial=SN0001"
identity='SN0001\|Dockvault\|Body Camera'

# Three of one serial: there from the start, SuperSpeed, behind a hub with a stall and a short read.
emulator "dock 1-1 a.img $same"
start_probe
expect 'arrived 1-1 1209:5a01 storage'
expect 'arrived usb1 .* hub'
expect "identity 1-1 $identity"
expect "content 1-1 4194304 $a"
emulator "dock 1-2 b.img $same superspeed=1 block=4096"
emulator "dock 1-3.2 b.img $same fault=stall-at=1000000,short-at=2000000,not-ready=2"
expect 'disk 1-2 3145728 4096'
expect "content 1-2 3145728 $b"
expect 'arrived 1-3 .* hub'
expect 'disk 1-3\.2 3145728 512'
expect "content 1-3\.2 3145728 $b"

# Text of any kind, and none.
emulator "dock 1-4 b.img vid=0bda pid=0109 serial=%20 product=%E6%89%A7%E6%B3%95%1B[1m manufacturer=%20"
expect 'identity 1-4 \|\|执法�\[1m'
emulator 'undock 1-4'
expect 'left 1-4'

# Another one in its place, on the same port with a new address.
emulator "dock 1-4 b.img vid=1209 pid=5a02 serial=OTHER"
after 'arrived 1-4 1209:5a02 storage' 'left 1-4'
expect 'identity 1-4 OTHER\|.*'
expect "content 1-4 3145728 $b"

# Silent from the start: said after a while, and the others go on meanwhile.
emulator "dock 1-5 a.img $same fault=no-answer=1"
emulator "dock 1-6 b.img $same"
expect "content 1-6 3145728 $b"
after 'identity 1-5 error -110' "content 1-6 3145728 $b"
# And unplugged while it is asked who it is.
emulator "dock 1-7 a.img $same fault=no-answer=1"
expect 'arrived 1-7 .*'
emulator 'undock 1-7'
after 'left 1-7' 'identity 1-7 error -19'

# Stopping: idle; then with transfers in flight, one being asked, one just there.
stop_probe
emulator 'undock 1-1'
emulator "dock 1-1 a.img $same fault=delay-us=20000"
emulator 'undock 1-2'
emulator "dock 1-2 a.img $same fault=hang-at=0"
start_probe
expect 'disk 1-1 .*'
expect 'disk 1-2 .*'
expect 'arrived 1-5 .*'
stop_probe

[ "$(digest a.img) $(digest b.img)" = "$a $b" ] || fail "an image was written to"
