#!/bin/bash
# tests/vm/guest.sh DIR PART... - inside the machine of check-vm: one station, and each part's run_PART
# in turn.  DIR is what the parts made: NAME.img, NAME.pub and the files in NAME/.
#
#   plug SLOT KIND NAME[@SECTOR][%BYTES][:NAME...] SERIAL [OPTION,...]	see usbvm.sh
#   out NAME SLOT		unplugged, and dockd has noticed
#   await_states SLOT STATE...	until the slots are in these states
#
# Slots A1 to A15 are the ports of the first controller for SuperSpeed, M1 to M15 the same ones at high
# speed, G1 is the kernel's gadget.
set -eu -o pipefail
dir=$1
shift
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# What is above $DOCK/stack is the disk of the machine.
DOCK=/mnt/station
seconds=${CHECK_VM_PATIENCE:-150}

port_of() { case $1 in A*) echo "2-${1#A}" ;; M*) echo "1-${1#M}" ;; *) echo 3-1 ;; esac; }

begin() {
	local i
	modprobe -a vfat exfat nls_cp936 nls_utf8 nls_iso8859-1
	mkdir -p $DOCK
	mount -t ext4 /dev/vda $DOCK
	chmod 0755 $DOCK
	# xHCI's second bus is the one of SuperSpeed devices, which QEMU's disks are.
	stack up --bus 2 >/dev/null || fail "the station did not start"
	eval "$(stack env)"
	cp -r "$dir/recorders.d/." $DOCK/stack/recorders.d
	{
		for i in {9..15}; do echo "slot \"A$i\" { port = \"$(port_of "A$i")\" }"; done
		for i in {1..12}; do echo "slot \"M$i\" { port = \"$(port_of "M$i")\" }"; done
		echo "slot \"G1\" { port = \"$(port_of G1)\" }"
		echo "clear = \"/run/dock-clear.socket\""
	} >>$DOCK/stack/dockvault.conf
	restart_dockd 15
}

plug() {
	local kind=$2 name=${3%%[@:%]*} path=
	if [ "$kind" = mtp ]; then
		path=$dir/$3
	else
		local one rest=()
		IFS=: read -r -a rest <<<"$3"
		for one in "${rest[@]}"; do
			one=${one%%[@%]*}.img${one#"${one%%[@%]*}"}
			path+=${path:+:}$dir/$one
		done
	fi
	usbvm-plug "$kind" "$name" "$path" "${4:+serial=$4,}bus=xhci0.0,port=${1:1}${5:+,$5}" ||
		fail "$3 cannot be plugged in"
}

await_states() {
	local want='' i=1
	while [ $i -lt $# ]; do
		want+="${want:+ and }$(slot "${!i}") == "
		i=$((i + 1))
		want+="\"${!i}\""
		i=$((i + 1))
	done
	await_dock "$want" "$seconds"
}

out() {
	usbvm-unplug "$1" || fail "$1 cannot be unplugged"
	await_states "$2" empty
}

enroll_usb() {	# ID VID:PID:SERIAL
	vaultctl recorder enroll "$1" --usb "$2" --reason "check-vm" >/dev/null
}

begin
ok "the station is up after $(cut -d. -f1 /proc/uptime) s"
for part; do
	# shellcheck source=/dev/null
	. "tests/vm/part-$part.sh"
	"run_$part"
	echo "part $part is over after $(cut -d. -f1 /proc/uptime) s"
done
expect_settled strays
dock_finish
umount $DOCK || fail "something still uses the station's disk"
ok "stopped, and nothing is left"
