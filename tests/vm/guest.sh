#!/bin/bash
# tests/vm/guest.sh DIR - inside the machine of check-vm: dock its cards, compare what is reported
# with what is on them.  DIR has NAME.img, NAME.pub and the files in NAME/.
set -eu -o pipefail
dir=$1
cd "$(dirname "$0")/../.."
stack=/mnt/station
fail() {
	echo "FAILED: $1"
	tail -n 60 "$stack/log/dockd" || true
	exit 1
}
ok() { echo "ok: $1"; }

mkdir -p $stack
mount -t ext4 /dev/vda $stack
chmod 0755 $stack
# xHCI's second bus is the one of SuperSpeed devices, which QEMU's are.
tools/devstack up --dir $stack --bus 2 >/dev/null || fail "the station did not start"
eval "$(tools/devstack env --dir $stack)"
vaultctl() { "$BUILD/vaultctl" "$@"; }
report() { vaultctl report integrity --format json || [ $? -eq 1 ]; }
state() { vaultctl dock list --json | jq -r --arg slot "$1" '.slots[] | select(.slot == $slot) | .state'; }
# port SLOT: of the machine's first controller
plug() { usbvm-plug storage "$2" "$dir/$2.img" "serial=$3,bus=xhci0.0,port=${1#A}"; }
settled() { tools/devstack wait --dir $stack --timeout 120 || fail "not quiet: $1"; }

vaultctl recorder enroll REC-000201 --usb 46f4:0001:SN000201 --key "$dir/clean.pub" \
	--officer 019123 --unit QH-SC01 --reason "check-vm" >/dev/null
vaultctl recorder enroll REC-000202 --usb 46f4:0001:SN000202 --key "$dir/altered.pub" \
	--officer 019124 --unit QH-SC01 --reason "check-vm" >/dev/null

plug A1 clean SN000201
plug A2 altered SN000202
plug A3 stranger SN000299
settled "three recorders"
[ "$(state A1) $(state A2) $(state A3)" = "safe safe refused" ] ||
	fail "states: $(state A1) $(state A2) $(state A3)"
ok "two are safe to remove, the stranger is refused"

report >/tmp/report.json
jq -e '.totals.segments == 7 and .totals.recordings == 2' /tmp/report.json >/dev/null ||
	{ jq .totals /tmp/report.json; fail "not everything came in"; }
expect='REC-000202 checksum_mismatch
REC-000202 deleted_on_recorder
null unknown_recorder'
found=$(jq -r '.findings[] | "\(.recorder) \(.code)"' /tmp/report.json | sort)
[ "$found" = "$expect" ] || { jq .findings /tmp/report.json; fail "findings: $found"; }
ok "the report has what is wrong with the cards, and nothing else"

vaultctl verify vault >/dev/null || fail "the vault"
vaultctl recording list --json | jq -r '.[] | "\(.recorder)/\(.recording)"' |
while read -r recording; do
	vaultctl recording show "$recording" --json | jq -r '.[0].segment_list[] | "\(.recorder) \(.blob) \(.path)"'
done >/tmp/segments
n=0
while read -r recorder blob path; do
	case $recorder in REC-000201) name=clean ;; *) name=altered ;; esac
	[ "$(b2sum -l 256 <"$dir/$name/${path#/}" | cut -d' ' -f1)" = "$blob" ] ||
		fail "$path of $recorder is not what is on the card"
	n=$((n + 1))
done </tmp/segments
[ $n -eq 7 ] || fail "$n segments of 7"
ok "every stored segment is, byte for byte, the file on the card"

# Out, and in again: known, nothing doubled.
coproc WATCH { exec timeout 60 "$BUILD/vaultctl" dock watch --json; }
for name in clean altered stranger; do usbvm-unplug "$name"; done
while read -r line <&"${WATCH[0]}"; do
	! jq -e '[.slots[] | select(.slot == "A1" or .slot == "A2" or .slot == "A3") | .state] == ["empty", "empty", "empty"]' \
		>/dev/null <<<"$line" || break
done
kill "$WATCH_PID" 2>/dev/null || fail "unplugged, and not empty"
wait "$WATCH_PID" || true
ok "unplugged, the slots are empty"
plug A2 clean SN000201
settled "a second docking"
report >/tmp/again.json
for what in '.totals.segments, .totals.recordings, .totals.bytes' '[.findings[].id] | sort'; do
	[ "$(jq -c "$what" /tmp/report.json)" = "$(jq -c "$what" /tmp/again.json)" ] ||
		fail "docking twice changed $what"
done
ok "docked again, on another port, nothing is doubled"

tools/devstack down --dir $stack || fail "the station did not stop"
umount $stack || fail "something still uses the station's disk"
ok "stopped, and nothing is left"
