#!/bin/bash
# Goal: recorders of the emulator are what libusb takes for recorders: they come and go, several are
# read at once to the last byte, one's fault is no other's, a killed reader leaves nothing behind.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
mkdir "$dir/pid"
proc() { "$BUILD/stackproc" "$1" --pidfile "$dir/pid/$2" "${@:3}"; }
trap '[ -z "${probe_pid:-}" ] || kill -9 "$probe_pid" 2>/dev/null || true; proc stop emulator || true
      rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; sed 's/^/     /' "$dir/seen" "$dir/emulator.log"; exit 1; }

testbed=$(TMPDIR=$dir proc start emulator --log "$dir/emulator.log" --ready line -- \
	umockdev-wrapper "$BUILD/dock-emulator" --control "$dir/control")
emulator() { "$BUILD/dock-emulator" --control "$dir/control" --send "$1" >/dev/null || fail "$1"; }

probe() {
	: >"$dir/seen"
	coproc PROBE { UMOCKDEV_DIR=$testbed exec umockdev-wrapper "$BUILD/usbprobe" "$@" 2>&1; }
	# shellcheck disable=SC2153	# bash sets it
	probe_pid=$PROBE_PID
}
# Read lines until one matches; 20 s for each is far more than it takes.
expect() {
	local line
	grep -qE -- "$1" "$dir/seen" && return
	while read -r -t 20 line <&"${PROBE[0]}"; do
		echo "$line" >>"$dir/seen"
		[[ $line =~ $1 ]] && return
	done
	fail "no line like: $1"
}
end_probe() {
	local status=0
	kill -TERM "$probe_pid"
	wait "$probe_pid" || status=$?
	probe_pid=
	[ "$status" -eq 0 ] || fail "the probe ended with status $status"
}
digest() { b2sum -l 256 "$1" | cut -d' ' -f1; }

# Cards that differ, and ports behind hubs.
ports=(1-1 1-2 1-3 1-4.1 1-4.2 1-5.3.1)
for i in "${!ports[@]}"; do
	head -c $((2000000 + i * 100000)) /dev/urandom >"$dir/file"
	"$BUILD/mkcard" "$dir/${ports[i]}.img" --size 34M --add "$dir/file:/DCIM/A.MP4"
	truncate -s 4M "$dir/${ports[i]}.img"
done

# Three are there before, three come later; all are read at once.
for port in 1-1 1-4.1 1-5.3.1; do emulator "dock $port $dir/$port.img serial=S$port"; done
probe --read
for port in 1-2 1-3 1-4.2; do emulator "dock $port $dir/$port.img serial=S$port superspeed=1"; done
for port in "${ports[@]}"; do
	expect "^identity $port S${port}[|]Dockvault[|]Body Camera$"
	expect "^content $port 4194304 $(digest "$dir/$port.img")$"
done

# Faults of one; the others are read meanwhile.
for port in "${ports[@]}"; do emulator "undock $port"; expect "^left $port$"; done
: >"$dir/seen"
emulator "dock 1-1 $dir/1-1.img fault=unplug-at=2000000"
emulator "dock 1-2 $dir/1-2.img fault=bad-sector=3000"
emulator "dock 1-3 $dir/1-3.img fault=stall-at=1000000"
emulator "dock 1-4.1 $dir/1-4.1.img fault=short-at=1500000"
emulator "dock 1-4.2 $dir/1-4.2.img fault=delay-us=100"
expect "^left 1-1$"
expect "^unreadable 1-2 1048576 "	# the mebibyte with sector 3000; the rest is there
expect "^content 1-2 3145728 "
for port in 1-3 1-4.1 1-4.2; do expect "^content $port 4194304 "; done
expect "^content 1-4.2 4194304 $(digest "$dir/1-4.2.img")$"
emulator "dock 1-1 $dir/1-1.img"
expect "^content 1-1 4194304 $(digest "$dir/1-1.img")$"
end_probe

# Unplugged by hand in the middle of reading.
for port in 1-1 1-2 1-3 1-4.1 1-4.2; do emulator "undock $port"; done
probe --read
emulator "dock 1-1 $dir/1-1.img fault=delay-us=2000"
expect "^disk 1-1 "
emulator "undock 1-1"
expect "^left 1-1$"
end_probe

# Killed in the middle of reading: the next one claims and reads all the same.
emulator "dock 1-1 $dir/1-1.img fault=delay-us=1000"
probe --read
expect "^disk 1-1 "
kill -9 "$probe_pid"
wait "$probe_pid" 2>/dev/null || true
probe --read
expect "^content 1-1 4194304 $(digest "$dir/1-1.img")$"
end_probe
emulator "undock 1-1"

# One that serves files: its session opens, and again after whoever read it was killed.
mkdir "$dir/files"
emulator "dock 1-3 $dir/files mtp=1 serial=FILES"
probe --read
expect "^mtp 1-3 [1-9][0-9]+ 2001$"
end_probe
emulator "undock 1-3"
emulator "dock 1-3 $dir/files mtp=1 fault=delay-us=20000"
probe --read
expect "^identity 1-3 "
kill -9 "$probe_pid"
wait "$probe_pid" 2>/dev/null || true
probe --read
expect "^mtp 1-3 [1-9][0-9]+ 2001$"
end_probe
emulator "undock 1-3"
emulator "dock 1-3 $dir/files mtp=1 fault=no-answer=1"
probe --read
expect "^arrived 1-3 .* mtp$"
emulator "undock 1-3"
expect "^left 1-3$"
end_probe

# More pluggings than a bus has numbers.
for ((i = 0; i < 140; i++)); do
	emulator "dock 1-2 $dir/1-2.img"
	emulator "undock 1-2"
done
emulator "dock 1-2 $dir/1-2.img serial=LAST"
probe --read
expect "^identity 1-2 LAST[|]"
expect "^content 1-2 4194304 $(digest "$dir/1-2.img")$"
end_probe

# It refuses what it cannot do, and takes its folder along.
for bad in "dock 1-2 $dir/1-1.img" "dock 1-4 $dir/1-1.img" "dock 1-9 $dir/none.img" \
	   "dock 2-1 $dir/1-1.img" "dock 1-9 $dir/1-1.img fault=nonsense" "undock 1-9" \
	   "dock 1-9 $dir/1-1.img%zz"; do
	! "$BUILD/dock-emulator" --control "$dir/control" --send "$bad" >/dev/null 2>&1 ||
		fail "took: $bad"
done
proc stop emulator
[ -z "$(find "$dir" -maxdepth 1 -name 'umockdev.*')" ] || fail "the testbed's folder stayed"
echo "ok: recorders came, were read, failed and went"
