# Clearing: what is kept is removed from the card by the kernel's own drivers, and nothing else.
#
# shellcheck shell=bash disable=SC2154

make_clear() {

	cat >"$dir/recorders.d/check.conf" <<-END
		model "cleared" {
			vid = "46f4"
			pid = "0001"
			serial = "CLEAR*"
			clear = true
			ledger = true
		}
	END
	files fat DCIM/执法记录/DCAM_000001.mp4:2500001 DCIM/LOWER_case.mp4:700000 NOTE.log:300 \
		DCIM/ALTERED.mp4:500000
	card fat 64M -F 32 -n FATCARD
	files clear-exfat DCIM/执法记录/长文件名_DCAM_000001.mp4:2500001 B.mp4:700000
	truncate -s 64M "$dir/clear-exfat.img"
	# A file that was not taken in whole stays.
	files holed DCIM/HOLED.mp4:1000001 DCIM/WHOLE.mp4:300001
	local mark
	mark=$(head -c 48 /dev/urandom | base64 -w 0)
	printf %s "$mark" | dd of="$dir/holed/DCIM/HOLED.mp4" bs=1 seek=524288 conv=notrunc status=none
	card holed 48M -F 32
	grep -obUaF -e "$mark" "$dir/holed.img" | cut -d: -f1 >"$dir/holed.at"
}

write_clear() {
	mkfs.exfat "$disk" >/dev/null
	mkdir -p /mnt/card
	mount -t exfat "$disk" /mnt/card
	cp -r "$dir/clear-exfat"/* /mnt/card
	umount /mnt/card
}

# What systemd would start.  The first time somebody is quicker, and changes a file on the card.
make_starter() {
	cat >/tmp/starter <<-'END'
		#!/bin/bash
		# BUILD BEFORE...
		set -eu
		if mkdir /tmp/altered 2>/dev/null; then
			exec 3>&1 >/tmp/starter.log 2>&1
			set -x
			echo 2-1:1.0 >/sys/bus/usb/drivers/usb-storage/bind
			udevadm settle --timeout=30
			until [ -b /dev/disk/by-label/FATCARD ]; do udevadm settle; done
			blockdev --setrw /dev/disk/by-label/FATCARD
			mkdir -p /mnt/alter
			mount -t vfat -o utf8 /dev/disk/by-label/FATCARD /mnt/alter
			printf X | dd of=/mnt/alter/DCIM/ALTERED.mp4 bs=1 seek=1000 conv=notrunc
			umount /mnt/alter
			echo 2-1:1.0 >/sys/bus/usb/drivers/usb-storage/unbind
			exec >&3 2>/tmp/clear.log
		fi
		exec "$1" 2>>/tmp/clear.log
	END
	chmod +x /tmp/starter
}

# cleared RECORDER: path and whether it is gone, as people are shown it
cleared() { vaultctl recorder cleared "$1" --json | jq -r '.[] | "\(.path) \(.ok)"' | sort; }
expect_cleared() {
	diff <(sort) <(cleared "$1") || { cat /tmp/clear.log; fail "$1: cleared is something else"; }
}

run_clear() {
	local port activate
	by_kernel clear-exfat write_clear
	# As on a station: disks are read-only for everybody else.
	mkdir -p /run/udev/rules.d
	cp systemd/70-dockvault.rules /run/udev/rules.d
	udevadm control --reload
	make_starter
	systemd-socket-activate --accept --inetd -E PATH -l /run/dock-clear.socket /tmp/starter \
		"$BUILD/dock-clear" >/tmp/activate.log 2>&1 &
	activate=$!
	enroll_usb REC-000240 46f4:0001:CLEAR1
	enroll_usb REC-000241 46f4:0001:CLEAR2
	enroll_usb REC-000242 46f4:0001:CLEAR3
	plug A1 storage fat CLEAR1
	await_states A1 safe
	plug A2 storage clear-exfat CLEAR2
	plug A3 storage "holed@$(($(cat "$dir/holed.at") / 512))" CLEAR3
	await_states A2 safe A3 safe
	await_dock '.backlog == 0'
	expect_segments REC-000240 "$dir/fat"
	expect_segments REC-000241 "$dir/clear-exfat"
	for port in 2-1 2-2 2-3; do
		[ ! -e "/sys/bus/usb/devices/$port:1.0/driver" ] || fail "the kernel still has $port"
	done
	ok "the kernel's driver is away from what was cleared"
	expect_cleared REC-000240 <<-END
		DCIM/执法记录/DCAM_000001.mp4 true
		DCIM/LOWER_case.mp4 true
		NOTE.log true
		DCIM/ALTERED.mp4 false
	END
	expect_cleared REC-000241 <<-END
		DCIM/执法记录/长文件名_DCAM_000001.mp4 true
		B.mp4 true
	END
	expect_cleared REC-000242 <<-END
		DCIM/WHOLE.mp4 true
	END
	ok "vaultctl shows what was removed, and what was not since it had changed"
	usbvm-unplug fat
	usbvm-unplug clear-exfat
	usbvm-unplug holed
	await_states A1 empty A2 empty A3 empty
	kill $activate
	wait $activate || true
	rm -r /run/udev/rules.d/70-dockvault.rules /run/dock-clear.socket
	udevadm control --reload
}

# on_card NAME: the files that are on it, says The Sleuth Kit; not its label, nor exFAT's own
on_card() {
	fls -r -p -u -F "$dir/$1.img" |
		sed -n '/Volume Label Entry)$/d; /\t\$/d; s/^r\/r [^:]*:\t//p' | sort
}

after_clear() {
	fsck.fat -n "$dir/fat.img" >"$dir/fsck" || { cat "$dir/fsck"; failed "fsck.fat: the card"; }
	fsck.fat -n "$dir/holed.img" >"$dir/fsck" || { cat "$dir/fsck"; failed "fsck.fat: the card"; }
	fsck.exfat -n "$dir/clear-exfat.img" >"$dir/fsck" || { cat "$dir/fsck"; failed "fsck.exfat"; }
	[ "$(on_card fat)" = DCIM/ALTERED.mp4 ] || failed "on the FAT card: $(on_card fat)"
	[ "$(on_card holed)" = DCIM/HOLED.mp4 ] || failed "on the second: $(on_card holed)"
	[ -z "$(on_card clear-exfat)" ] || failed "on the exFAT card: $(on_card clear-exfat)"
	ok "exactly what was stored is gone from the cards, and fsck finds them sound"
}
