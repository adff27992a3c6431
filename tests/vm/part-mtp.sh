# MTP by two other hands: QEMU's usb-mtp, which has no 64-bit reads, and umtp-responder on a gadget of the
# kernel's, which has.  libmtp reads both beside dockd, gphoto2 the first: on the second it timed out, why
# was not looked into.
#
# shellcheck shell=bash disable=SC2154

make_mtp() {
	files mtp1 DCIM/100MEDIA/A.mp4:3000001 "DCIM/执法 1.mp4:1048576" packet.log:500
	files mtp2 DCIM/B.mp4:1048564 C.mp4:2000000
	files large LARGE.mp4:30000001
	files umtp DCIM/100MEDIA/U1.mp4:3000001 DCIM/U2.mp4:1048576 packet.log:512
	files umtp-large BIG.mp4:30000001
}

digests() { find "$1" -type f -print0 | xargs -0 b2sum -l 256 | cut -d' ' -f1 | sort; }

# It times out now and then in its first words to a device, here as on other slow machines.
gphoto() {
	local n
	for n in 1 2 3; do
		! timeout 120 gphoto2 "$@" || return 0
	done
	return 1
}

# by_libmtp NAME FOLDER, by_gphoto NAME FOLDER: fetches every file of the device that is plugged in
by_libmtp() {
	local id
	rm -rf /tmp/libmtp
	mkdir /tmp/libmtp
	(
		cd /tmp/libmtp
		timeout 120 mtp-files >/tmp/mtp-files 2>&1 || exit
		sed -n 's/^File ID: //p' /tmp/mtp-files | while read -r id; do
			timeout 120 mtp-getfile "$id" "file$id" >/tmp/mtp-getfile 2>&1 || exit
		done
	) || fail "$1: libmtp: $(tail -c 500 /tmp/mtp-files)"
	digests "$2" >/tmp/expected
	digests /tmp/libmtp | diff /tmp/expected - || fail "$1: libmtp fetches other files"
}
by_gphoto() {
	rm -rf /tmp/gphoto
	mkdir /tmp/gphoto
	(cd /tmp/gphoto && gphoto --get-all-files --force-overwrite >/tmp/gphoto.log 2>&1) ||
		fail "$1: gphoto2: $(tail -c 500 /tmp/gphoto.log)"
	digests "$2" >/tmp/expected
	digests /tmp/gphoto | diff /tmp/expected - || fail "$1: gphoto2 fetches other files"
}

# interrupted SLOT RECORDER FOLDER UNPLUG PLUG: out in the middle of a large file, and in again
interrupted() {
	local found
	await_dock "(.slots[] | select(.slot == \"$1\") | .bytes_done) > 8000000" "$seconds"
	"$4"
	await_states "$1" empty
	"$5"
	await_states "$1" safe
	await_dock '.backlog == 0'
	expect_segments "$2" "$3"
	found=$(sql "SELECT outcome || ' ' || count(*) FROM dock_session_end JOIN dock_session USING (session)
		WHERE recorder = '$2' AND outcome <> 'released' GROUP BY outcome")
	[ "$found" = "interrupted 1" ] || fail "$2: not interrupted once: ${found:-not at all}"
	sed -n 's/.*: \([0-9]* of [0-9]* bytes are there\).*/\1/p' "$DOCK/stack/log/dockd" | tail -n 1
}

# ------ QEMU ------

pull_large() { usbvm-unplug large; }
plug_large() { plug M4 mtp large MTPLARGE; }

run_qemu() {
	usbvm-plug mtp mtp1 "$dir/mtp1" bus=xhci0.0,port=15	# a port without a slot
	await_dock 'any(.slots[]; .port == "1-15")' "$seconds"
	by_libmtp usb-mtp "$dir/mtp1"
	by_gphoto usb-mtp "$dir/mtp1"
	usbvm-unplug mtp1
	plug M1 mtp mtp1 ''
	await_states M1 refused
	vaultctl recorder enroll REC-000230 --from-slot M1 --reason "check-vm" >/dev/null
	enroll_usb REC-000231 46f4:0004:MTP2
	out mtp1 M1
	plug M1 mtp mtp1 ''
	plug M2 mtp mtp2 MTP2
	await_states M1 safe M2 safe
	await_dock '.backlog == 0'
	expect_segments REC-000230 "$dir/mtp1"
	expect_segments REC-000231 "$dir/mtp2"
	ok "two of QEMU's MTP devices: what dockd, libmtp and gphoto2 read is the same"
	out mtp1 M1
	out mtp2 M2

	enroll_usb REC-000232 46f4:0004:MTPLARGE
	plug_large
	interrupted M4 REC-000232 "$dir/large" pull_large plug_large
	out large M4
	ok "unplugged in the middle of a large file, it is taken in once"
}

# ------ umtp-responder ------

gadget=/sys/kernel/config/usb_gadget/recorder

# gadget_up SERIAL: all but the descriptors, which are umtprd's
gadget_up() {
	modprobe -a dummy_hcd libcomposite usb_f_fs
	mkdir $gadget
	mkdir $gadget/{strings/0x409,configs/c.1,configs/c.1/strings/0x409,functions/ffs.mtp}
	echo 0x1d6b >$gadget/idVendor
	echo 0x0100 >$gadget/idProduct
	echo "$1" >$gadget/strings/0x409/serialnumber
	echo Viveris >$gadget/strings/0x409/manufacturer
	echo "umtp responder" >$gadget/strings/0x409/product
	ln -s $gadget/functions/ffs.mtp $gadget/configs/c.1
	mkdir -p /dev/ffs-mtp /var/lib/umtp
	mount -t functionfs mtp /dev/ffs-mtp
}
# The gadget can be bound once the responder has written its descriptors.
gadget_plug() {
	local n=0
	umtprd >/tmp/umtprd.log 2>&1 &
	umtprd=$!
	until echo dummy_udc.0 2>/dev/null >$gadget/UDC; do
		[ $((n++)) -lt 2000 ] || fail "the gadget cannot be plugged in: $(tail -n 5 /tmp/umtprd.log)"
		udevadm settle
	done
}
# A responder of its own for each docking: one that is unplugged opens its endpoints anew, sooner or later,
# and that unbinds the gadget, which may be plugged in again by then.
gadget_unplug() {
	echo >$gadget/UDC
	kill "$umtprd" 2>/dev/null || true
	wait "$umtprd" 2>/dev/null || true
}
gadget_down() {
	umount /dev/ffs-mtp
	rm $gadget/configs/c.1/ffs.mtp
	rmdir $gadget/configs/c.1/strings/0x409 $gadget/configs/c.1 $gadget/functions/ffs.mtp \
		$gadget/strings/0x409 $gadget
}

run_umtp() {
	gadget_up UMTP1
	cp -r "$dir/umtp"/* /var/lib/umtp
	stack kill-dockd 15 >/dev/null
	gadget_plug
	by_libmtp umtp-responder "$dir/umtp"
	enroll_usb REC-000235 1d6b:0100:UMTP1
	stack start-dockd >/dev/null
	await_states G1 safe
	await_dock '.backlog == 0'
	expect_segments REC-000235 "$dir/umtp"
	ok "umtp-responder: what dockd and libmtp read is the same"
	gadget_unplug
	await_states G1 empty
	cp "$dir/umtp-large"/* /var/lib/umtp
	gadget_plug
	interrupted G1 REC-000235 /var/lib/umtp gadget_unplug gadget_plug
	gadget_unplug
	await_states G1 empty
	gadget_down
	ok "unplugged in the middle of a large file, it is taken in once, and nothing else again"
}

run_mtp() {
	# Slow enough that there is a middle.
	echo "bandwidth_slot = 3" >>"$DOCK/stack/dockvault.conf"
	restart_dockd 15
	run_qemu
	run_umtp
	sed -i '/^bandwidth_slot/d' "$DOCK/stack/dockvault.conf"
	restart_dockd 15
}
