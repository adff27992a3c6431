# Cards of several kinds: two in one recorder, exFAT by the kernel's own driver on two partitions,
# sectors of 4096 bytes, a sector that cannot be read; and one by USB Attached SCSI.
#
# shellcheck shell=bash disable=SC2154

make_cards() {
	files lun0 DCIM/A.mp4:1500001 DCIM/B.mp4:700000
	files lun1 DCIM/C.mp4:900001
	card lun0 48M -F 32
	card lun1 48M -F 32
	files wide DCIM/执法/WIDE_0001.mp4:2000003 NOTE.log:5000
	card wide 300M -S 4096 -F 32

	# One sector of HOLE.mp4, at 2 MiB and 6 KiB, is told apart by what is in it.
	files hole DCIM/HOLE.mp4:4000001 DCIM/WELL.mp4:1000000
	mark=$(head -c 48 /dev/urandom | base64 -w 0)
	printf %s "$mark" | dd of="$dir/hole/DCIM/HOLE.mp4" bs=1 seek=$((2097152 + 6144)) conv=notrunc status=none
	card hole 48M -F 32
	grep -obUaF -e "$mark" "$dir/hole.img" | cut -d: -f1 >"$dir/hole.at"

	files exfat1 DCIM/执法记录/长文件名_DCAM_000001.mp4:2500001 DCIM/100/B.mp4:800000
	files exfat2 DCIM/SECOND.mp4:600001
	files gone DCIM/GONE.mp4:300000
	truncate -s 128M "$dir/exfat.img"
	sgdisk -n 1:2048:+60M -n 2:0:0 -t 1:0700 -t 2:0700 "$dir/exfat.img" >/dev/null
	files attached DCIM/UAS_0001.mp4:3000001
	card attached 48M -F 32
	unwritten+=(lun0 lun1 wide hole attached)
}

# written PARTITION FOLDER [GONE]: files of a folder onto an exFAT volume, by the kernel
written() {
	mkfs.exfat "$1" >/dev/null
	mkdir -p /mnt/card
	mount -t exfat "$1" /mnt/card
	cp -r "$dir/$2"/* /mnt/card
	if [ $# -gt 2 ]; then
		cp "$dir/$3/DCIM/GONE.mp4" /mnt/card/DCIM
		sync
		rm /mnt/card/DCIM/GONE.mp4
	fi
	umount /mnt/card
}

# by_kernel NAME COMMAND...: with NAME's disk as $disk, while dockd is not there
by_kernel() {
	local name=$1 device disk=
	shift
	stack kill-dockd 15 >/dev/null
	coproc BLOCKS { exec udevadm monitor --udev --subsystem-match=block; }
	usbvm-plug storage "$name" "$dir/$name.img" bus=xhci0.0,port=15
	while [ -z "$disk" ]; do
		for device in /sys/block/sd*; do
			[ ! -e "$device" ] || disk=/dev/${device##*/}
		done
		[ -n "$disk" ] || read -r -t 30 -u "${BLOCKS[0]}" || fail "no disk of $name"
	done
	kill "$BLOCKS_PID"
	wait "$BLOCKS_PID" 2>/dev/null || true
	udevadm settle --timeout=30
	"$@"
	usbvm-unplug "$name"
	stack start-dockd >/dev/null
}

write_exfat() {
	written "${disk}1" exfat1 gone
	written "${disk}2" exfat2
}

run_cards() {
	local at found
	by_kernel exfat write_exfat
	(cd "$dir" && sha256sum exfat.img >>sums)
	enroll_usb REC-000220 46f4:0001:SN000220
	enroll_usb REC-000221 46f4:0001:SN000221
	enroll_usb REC-000222 46f4:0001:SN000222
	enroll_usb REC-000223 46f4:0001:SN000223
	enroll_usb REC-000224 46f4:0003:SN000224
	plug A8 uas attached SN000224
	plug A4 bot lun0:lun1 SN000220
	plug A5 storage exfat SN000221
	plug A6 bot wide%4096 SN000222
	plug A7 storage "hole@$(($(cat "$dir/hole.at") / 512))" SN000223
	await_states A4 safe A5 safe A6 safe A7 safe A8 safe
	await_dock '.backlog == 0'
	expect_segments REC-000220 "$dir/lun0" "$dir/lun1"
	ok "both units of one recorder came in"
	expect_segments REC-000221 "$dir/exfat1" "$dir/exfat2"
	[ "$(sql "SELECT count(*) FROM finding WHERE recorder = 'REC-000221' AND code = 'deleted_on_recorder'
		AND detail::text LIKE '%GONE.mp4%'")" = 1 ] || fail "the deleted file was not found"
	ok "exFAT as the kernel writes it, on two partitions: all files, and the one that was deleted"
	expect_segments REC-000222 "$dir/wide"
	[ "$(sql "SELECT count(*) FROM finding WHERE recorder = 'REC-000222'")" = 0 ] ||
		fail "findings of the card with sectors of 4096 bytes"
	ok "sectors of 4096 bytes"
	expect_segments REC-000224 "$dir/attached"
	ok "a device that speaks USB Attached SCSI alone"

	found=$(sql "SELECT code FROM finding WHERE recorder = 'REC-000223'")
	[ "$found" = unreadable_file ] || fail "findings of the bad sector: $found"
	at=$(sql "SELECT h.\"offset\" || ' ' || h.size FROM segment_hole h JOIN segment s USING (segment)
		WHERE s.recorder = 'REC-000223'")
	[ "$at" = "2103296 512" ] || fail "holes: $at"
	cp "$dir/hole/DCIM/HOLE.mp4" /tmp/HOLE.mp4
	dd if=/dev/zero of=/tmp/HOLE.mp4 bs=512 seek=$((2103296 / 512)) count=1 conv=notrunc status=none
	mkdir -p /tmp/holed
	mv /tmp/HOLE.mp4 /tmp/holed
	cp "$dir/hole/DCIM/WELL.mp4" /tmp/holed
	expect_segments REC-000223 /tmp/holed
	ok "of a file with a bad sector, all but its 512 bytes is kept, and where they are"
	out lun0 A4
	out exfat A5
	out wide A6
	out hole A7
	out attached A8
}
