# What happens to recorders and dock in a storm, in any order and at any moment.
#
#   storm_weather STEPS	that many accidents; whatever is plugged or stopped then stays so
#   storm_peace		all are docked once more, without faults, until all is recorded
#
# Faults that a session may end of as the device's own allow device_fault of that recorder; those
# that only interrupt do not.
#
# shellcheck shell=bash

slots=12
plugged=()		# by slot: the number of the recorder, or ''
killed=0		# SIGKILLs so far: what they leave in the vault nobody may speak of

say() { printf '\t%s %s\n' "$(date +%T.%3N)" "$1" >>"$cards/log"; }

# dock_recorder SLOT NUMBER [FAULT]
dock_recorder() {
	local fault=${steady[$2]}
	fault=$fault${fault:+${3:+,}}${3:-}
	plugged[$1]=$2
	say "plug A$1 ${ids[$2]} ${options[$2]} $fault"
	# shellcheck disable=SC2086	# words
	stack dock "A$1" "${mediums[$2]}" --vid 1209 --pid 5a01 --serial "${ids[$2]}" \
		${options[$2]} ${fault:+--fault "$fault"} >/dev/null
}

# One that a fault unplugged is gone already.
undock_slot() {
	plugged[$1]=''
	say "unplug A$1"
	stack undock "A$1" 2>/dev/null || true
}

# ------ accidents ------

# What only interrupts: the recorder is as good as before.
harmless_fault() {
	pick fault unplug-at stall-at short-at
	rnd 2500000
	fault+=="$R"
}

# After this the dock may call the device faulty, or a file unreadable.
disk_fault() {
	pick fault lie-at hang-at phase-error not-ready csw-tag csw-sig
	case $fault in
	*-at)			rnd 2500000 ;;
	phase-error|not-ready)	rnd 40 ;;
	*)			R=1 ;;
	esac
	fault+=="$R"
}
mtp_fault() {
	pick fault hang-at busy handle-gone store-removed-at wrong-tid wrong-phase dataset-cut size-changes
	case $fault in
	*-at)			rnd 2500000 ;;
	busy|handle-gone)	rnd 6; R=$((R + 1)) ;;
	dataset-cut)		rnd 60 ;;
	*)			R=1 ;;
	esac
	fault+=="$R"
}

# An object that stays gone until it is docked anew is what a card without it would be: a
# signature, a manifest or a recording that is not there, as long as that lasts.
allow_missing() {
	local code
	for code in signature_missing signature_invalid gap; do allow_finding "$1" $code; done
}

is_plugged() {
	local other
	for other in "${plugged[@]}"; do [ "$other" != "$1" ] || return 0; done
	return 1
}

plug_any() {
	local slot who fault=''
	rnd $slots; slot=$((R + 1))
	rnd ${#ids[@]}; who=$R
	[ -z "${plugged[slot]:-}" ] || undock_slot $slot
	! is_plugged "$who" || return 0
	rnd 8
	case $R in
	[0-2])	harmless_fault ;;
	3)	"${speaks[who]}_fault"
		allow_finding "${ids[who]}" device_fault
		allow_finding "${ids[who]}" unreadable_file
		[[ $fault != *handle-gone* ]] || allow_missing "${ids[who]}" ;;
	esac
	dock_recorder $slot "$who" "$fault"
}

unplug_any() {
	rnd $slots
	[ -z "${plugged[R + 1]:-}" ] || undock_slot $((R + 1))
}

restart_any() {
	pick R 9 9 15
	say "kill -$R dockd"
	[ "$R" -ne 9 ] || killed=$((killed + 1))
	restart_dockd "$R"
}

db=up outages=0
database_any() {
	outages=$((outages + 1))
	say "database, was $db"
	if [ $db = up ]; then stack stop-db; db=down; else stack start-db; db=up; fi
}

# Whichever is there: its session ends as the device's fault.
kill_lister() {
	local pid who
	pid=$(pgrep -P "$(cut -d' ' -f1 "$DOCK/stack/pid/dockd")" -x dock-lister | tail -n 1) || return 0
	say "kill dock-lister $pid"
	kill -KILL "$pid" 2>/dev/null || return 0
	for who in "${plugged[@]}"; do
		[ -z "$who" ] || allow_finding "${ids[who]}" device_fault
	done
}

storm_weather() {
	local step
	plugged=()
	for ((step = 0; step < $1; step++)); do
		rnd 20
		case $R in
		[0-9]|1[01])	plug_any ;;
		1[2-4])		unplug_any ;;
		1[56])		restart_any ;;
		17)		database_any ;;
		*)		kill_lister ;;
		esac
		# Not waiting for anything: the moment is what is random.
		rnd 150
		sleep "0.$(printf %03d "$R")"
	done
}

# ------ peace ------

unplug_all() {
	local slot
	for ((slot = 1; slot <= slots; slot++)); do
		[ -z "${plugged[slot]:-}" ] || undock_slot $slot
	done
	# One that leaves in the course of its unlocking is meant to: what went wrong stays on show.
	await_dock '[.slots[] | .state == "empty" or (.note | contains("unlock command"))] | all' 60
}

storm_peace() {
	local n
	[ $db = up ] || { stack start-db; db=up; }
	unplug_all
	await_dock '.catalog and .backlog == 0' 60
	for n in "${!ids[@]}"; do
		dock_recorder $((n + 1)) "$n"
	done
	stack wait --timeout 100 >/dev/null
	await_dock '.backlog == 0' 60
	vaultctl dock list --json >"$cards/peace"
	unplug_all
	await_dock '.backlog == 0' 60
}
