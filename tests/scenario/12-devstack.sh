#!/bin/bash
# Goal: the private stack keeps its promises: side by side, below a folder closed to others, under a
# path too long for sockets, as root and as an ordinary user; nothing of it stays behind.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
unset DEVSTACK_TEMPLATE		# databases are made here
root=$PWD
dir=$(mktemp -d)
short=$dir/s1
long=$dir/closed/$(printf 'long%.0s' {1..30})
mkdir -m 0700 "$dir/closed"
stack() { "$root/tools/devstack" "$@"; }
finish() {
	local one
	for one in "$short" "$long" "$dir/user/run"; do
		stack down --dir "$one" >/dev/null 2>&1 || true
	done
	rm -rf "$dir"
}
trap finish EXIT
fail() { echo "FAILED: $1"; exit 1; }
states() { "$BUILD/vaultctl" --config "$1/dockvault.conf" dock list --json | jq -r '.slots[].state'; }

# Side by side, each with its own recorder, database and vault.
stack up --dir "$short" >/dev/null
stack up --dir "$long" >/dev/null
elsewhere=$(cat "$long/sockets")
[ -S "$elsewhere/dockd" ] || fail "no socket for the long path"
mkdir "$dir/files"
echo "not much of a recording" >"$dir/files/A.MP4"
"$BUILD/vaultctl" --config "$short/dockvault.conf" recorder enroll REC-1 --usb 1209:5a01:ONE \
	--reason "scenario" >/dev/null
stack dock A8 "$dir/files" --vid 1209 --pid 5a01 --serial ONE --dir "$short"
stack wait --dir "$short" --timeout 30
[ "$(states "$short" | tr '\n' ' ')" = "empty empty empty empty empty empty empty safe " ] ||
	fail "not what was docked: $(states "$short")"
[ "$(states "$long" | sort -u)" = empty ] || fail "a recorder is seen by both stacks"

# Up again changes nothing that runs; a dockd that was killed comes back to the same recorder.
before=$(cat "$short/pid/dockd")
stack up --dir "$short" >/dev/null
[ "$(cat "$short/pid/dockd")" = "$before" ] || fail "up started a second dockd"
stack kill-dockd --dir "$short"
stack status --dir "$short" >/dev/null && fail "status does not tell that dockd is gone"
stack start-dockd --dir "$short"
stack wait --dir "$short" --timeout 30
stack stop-db --dir "$short"
stack start-db --dir "$short"
[ "$("$BUILD/vaultctl" --config "$short/dockvault.conf" recording list --json | jq length)" = 1 ] ||
	fail "the recording is not there, once"

# What it refuses, and what wait does with a recorder that never answers.
stack dock A1 "$dir/files/A.MP4" --mtp --dir "$short" 2>/dev/null && fail "a file is no folder"
stack dock A9 "$dir/files" --dir "$short" 2>/dev/null && fail "docked at no slot"
stack dock A8 "$dir/files" --dir "$short" 2>/dev/null && fail "docked at a slot that is taken"
stack undock A2 --dir "$short" 2>/dev/null && fail "undocked what is not there"
stack undock A8 --dir "$short"
stack dock A8 "$dir/files" --vid 1209 --pid 5a01 --serial ONE --fault no-answer=1 --dir "$short"
stack wait --dir "$short" --timeout 1 2>"$dir/why" && fail "wait did not wait"
grep -q "not quiet after 1 s" "$dir/why" || { cat "$dir/why"; fail "wait does not say for what"; }

# Down, and up again on the same data.
stack down --dir "$short"
[ ! -e "$short/s" ] || fail "sockets stayed"
stack up --dir "$short" >/dev/null
[ "$("$BUILD/vaultctl" --config "$short/dockvault.conf" recording list --json | jq length)" = 1 ] ||
	fail "the data did not survive"
stack down --dir "$short"
stack down --dir "$long"
[ ! -e "$elsewhere" ] || fail "the folder of sockets stayed"

# As an ordinary user, where we may become one.
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=nobody --regid=nogroup --clear-groups \
		test -x "$BUILD/dockd" -a -r tools/devstack; then
	mkdir -m 0700 "$dir/user"
	chmod 0711 "$dir"
	chown nobody: "$dir/user"
	# shellcheck disable=SC2016	# the inner shell's
	(cd "$dir/user" && setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$dir/user" \
		bash -eu -c '"$0" up >/dev/null; "$0" dock A1 "$1"; "$0" wait --timeout 30; "$0" down' \
		"$root/tools/devstack" "$dir/files") || fail "not as an ordinary user"
fi

for process in /proc/[0-9]*; do
	command=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
	[[ $command != *"$dir"* ]] || [ "${process#/proc/}" = $$ ] || fail "still runs: $command"
done
echo "ok: stacks side by side, and nothing of them stayed"
