# Measurement, not part of the check (make bench-vm): how fast a recorder is read, against what people
# would read it with.  Both sides read the same bytes from the same device, in turn, and drop them.
#
#   storage	bench_usb, dockd's own way from libusb to its blocks, against
#		dd if=/dev/sdX of=/dev/null bs=1M iflag=direct
#   MTP		bench_usb against mtp-getfile ID /dev/null, whole commands; QEMU's device against
#		gphoto2 --get-file N --stdout as well
#
# then dockd with everything that is behind it, from plugging in to safe to remove.
#
# shellcheck shell=bash disable=SC2154

rounds=${BENCH_VM_ROUNDS:-5}
disk_bytes=$((192 * 1048576))
object_bytes=$((192 * 1048576))
gadget_bytes=$((48 * 1048576))	# dummy_hcd carries some 20 MB/s

make_bench() {
	files bench BENCH.mp4:$object_bytes
	files bench-gadget BENCH.mp4:$gadget_bytes
	files bench-disk DCIM/BENCH.mp4:$((disk_bytes - 16 * 1048576))
	card bench-disk $disk_bytes -F 32
	unwritten+=(bench-disk)
}

now_s() { date +%s.%N; }
# timed FILE OUT COMMAND...: adds its wall clock to the file, in seconds
timed() {
	local file=$1 out=$2 from to
	shift 2
	from=$(now_s)
	timeout 300 "$@" >"$out" 2>/tmp/bench.err || fail "$*: $(tail -n 3 /tmp/bench.err)"
	to=$(now_s)
	awk -v a="$from" -v b="$to" 'BEGIN { print b - a }' >>"/tmp/bench/$file"
}
median() { sort -n "/tmp/bench/$1" | sed -n "$(((rounds + 1) / 2))p"; }
# compare TITLE BYTES OURS THEIRS
compare() {
	awk -v t="$1" -v n="$2" -v a="$(median "$3")" -v b="$(median "$4")" 'BEGIN {
		printf "%-44s %7.3f s %6.1f MB/s | %7.3f s %6.1f MB/s | %.2f x\n",
			t, a, n / a / 1e6, b, n / b / 1e6, b / a }'
}

driver=/sys/bus/usb/drivers/usb-storage

# The disk of port 2-1 under the kernel's driver.
disk_there() {
	local found n
	for ((n = 0; n < 300; n++)); do
		# Just plugged in, it may not be there yet, or be bound by the kernel itself.
		[ -e "$driver/2-1:1.0" ] || { echo 2-1:1.0 >$driver/bind; } 2>/dev/null || true
		udevadm settle
		found=$(find /sys/bus/usb/devices/2-1:1.0/ -path '*/block/sd*' -name 'sd?' -print -quit 2>/dev/null || true)
		[ -z "$found" ] || break
	done
	[ -n "$found" ] || fail "no disk of port 2-1"
	disk=/dev/${found##*/}
}

bench_disk() {
	local i disk
	usbvm-plug storage bench-disk "$dir/bench-disk.img" bus=xhci0.0,port=1
	for ((i = 0; i <= rounds; i++)); do
		[ $i -ne 1 ] || rm -f /tmp/bench/disk.*	# the first does not count
		disk_there
		timed disk.dd-all /dev/null dd if="$disk" of=/dev/null bs=1M iflag=direct
		sed -n 's/.* copied, \([0-9.e-]*\) s,.*/\1/p' /tmp/bench.err >>/tmp/bench/disk.dd
		timed disk.ours-all /tmp/bench.out "$BUILD/bench/bench_usb" 2-1 $disk_bytes
		cat /tmp/bench.out >>/tmp/bench/disk.ours
	done
	compare "usb-storage: dockd's reading | dd" $disk_bytes disk.ours disk.dd
	usbvm-unplug bench-disk
}

there() { udevadm wait --timeout=60 "/sys/bus/usb/devices/$1" || fail "no device at $1"; }

# object_of FILE: its handle, by libmtp
object_of() {
	mtp-files 2>/tmp/bench.err | sed -n "/^File ID: /h; /Filename: $1\$/{ x; s/^File ID: //p; }"
}

# bench_mtp NAME PORT WAY BYTES FOLDER: the folder as gphoto2 has it
bench_mtp() {
	local i handle bytes=$4
	handle=$(object_of BENCH.mp4) || fail "mtp-files: $(tail -n 3 /tmp/bench.err)"
	[ -n "$handle" ] || fail "libmtp does not see BENCH.mp4"
	for ((i = 0; i <= rounds; i++)); do
		[ $i -ne 1 ] || rm -f "/tmp/bench/$1".*
		timed "$1.libmtp" /dev/null mtp-getfile "$handle" /dev/null
		timed "$1.ours" /tmp/bench.out "$BUILD/bench/bench_usb" "$2" "$bytes" "$3"
		cat /tmp/bench.out >>"/tmp/bench/$1.reading"
		[ -z "$5" ] || timed "$1.gphoto" /dev/null gphoto2 --get-file 1 --folder "$5" --stdout
	done
	compare "$1: dockd's reading | mtp-getfile" "$bytes" "$1.ours" "$1.libmtp"
	if [ -n "$5" ]; then
		compare "$1: dockd's reading | gphoto2" "$bytes" "$1.ours" "$1.gphoto"
	else
		echo "$1: not by gphoto2, which gets no answer in time"
	fi
	awk -v a="$(median "$1.reading")" -v n="$bytes" 'BEGIN {
		printf "  without finding and opening the device %.3f s, %.1f MB/s\n", a, n / a / 1e6 }'
}

gphoto_folder() { gphoto --list-files 2>/dev/null | sed -n "s/^There is 1 file in folder '\(.*\)'.*/\1/p"; }

# end_to_end TITLE SLOT BYTES PLUG...: everything, once
end_to_end() {
	local title=$1 slot=$2 bytes=$3 from
	shift 3
	from=$(now_s)
	"$@"
	await_states "$slot" safe
	awk -v t="$title" -v a="$from" -v b="$(now_s)" -v n="$bytes" 'BEGIN {
		printf "%-44s %7.3f s %6.1f MB/s\n", t, b - a, n / (b - a) / 1e6 }'
}

run_bench() {
	mkdir -p /tmp/bench
	# shellcheck source=tests/vm/part-mtp.sh
	. tests/vm/part-mtp.sh
	stack kill-dockd 15 >/dev/null
	echo "$(uname -r), $(dd --version | head -n 1)," \
		"$(dpkg-query -W -f '${Package} ${Version}, ' mtp-tools libmtp9 gphoto2 umtp-responder libusb-1.0-0)" \
		"QEMU $(usbvm-mon 'info version' | tr -d '\r\n'), median of $rounds"
	bench_disk
	usbvm-plug mtp bench "$dir/bench" bus=xhci0.0,port=2
	there 1-2
	bench_mtp usb-mtp 1-2 32 $object_bytes "$(gphoto_folder)"
	usbvm-unplug bench
	gadget_up BENCH
	cp -r "$dir/bench-gadget"/* /var/lib/umtp
	gadget_plug
	there 3-1
	bench_mtp umtp-responder 3-1 64 $gadget_bytes ""
	gadget_unplug

	enroll_usb REC-000250 46f4:0001:BENCH
	enroll_usb REC-000251 46f4:0004:BENCH
	enroll_usb REC-000252 1d6b:0100:BENCH
	stack start-dockd >/dev/null
	end_to_end "usb-storage, plugged in to safe to remove" A1 $disk_bytes plug A1 storage bench-disk BENCH
	out bench-disk A1
	end_to_end "usb-mtp, the same" M2 $object_bytes plug M2 mtp bench BENCH
	out bench M2
	end_to_end "umtp-responder, the same" G1 $gadget_bytes gadget_plug
	gadget_unplug
	await_states G1 empty
	gadget_down
}
