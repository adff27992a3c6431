# A dozen recorders, or CHECK_VM_STORM of them (up to 15), in and out faster than they can be read, and dockd
# killed while they are.
#
# shellcheck shell=bash disable=SC2154

storm=${CHECK_VM_STORM:-12}

make_storm() {
	local i
	for ((i = 1; i <= storm; i++)); do
		files "storm$i" "DCIM/S$i.mp4:$((1500000 + i))" "DCIM/T$i.mp4:$((400000 + i))"
		card "storm$i" 8M
		unwritten+=("storm$i")
	done
}

plug_all() {
	local i
	for ((i = 1; i <= storm; i++)); do plug "A$i" storage "storm$i" "STORM$i"; done
}
unplug_all() {
	local i
	for ((i = 1; i <= storm; i++)); do usbvm-unplug "storm$i"; done
}

run_storm() {
	local i states=()
	for ((i = 1; i <= storm; i++)); do
		enroll_usb "REC-0003$(printf %02d "$i")" "46f4:0001:STORM$i"
		states+=("A$i" safe)
	done
	for i in 1 2; do
		plug_all
		unplug_all
	done
	plug_all
	await_dock 'any(.slots[]; .state == "reading" or .state == "identifying")' "$seconds"
	restart_dockd 9
	await_dock 'any(.slots[]; .state == "safe")' "$seconds"
	restart_dockd 9
	await_states "${states[@]}"
	await_dock '.backlog == 0' "$seconds"
	for ((i = 1; i <= storm; i++)); do
		expect_segments "REC-0003$(printf %02d "$i")" "$dir/storm$i"
	done
	expect_settled strays
	unplug_all
	ok "$storm plugged and unplugged three times, dockd killed twice: nothing lost, nothing doubled"
}
