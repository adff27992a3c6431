#!/bin/bash
# Goal: a vault that is full, read-only or taken away pauses the session, which says so and goes on by
# itself once the vault is back; nothing is called stored that cannot be found; dockd does not start
# on a vault that is not its own.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# A disk of our own needs a mount namespace, and that root: without, that part is left out.
if [ "$(id -u)" -eq 0 ] && [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=1 exec unshare --mount bash "$0"
fi
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
enroll REC-000811 S811
vault=$DOCK/stack/vault

# pauses DIR WORDS: what is docked waits, and says so
pauses() {
	plug A1 "$1" S811
	await_dock "$(slot A1) == \"paused\""
	note=$(vaultctl dock list --json | jq -r '.slots[] | select(.slot == "A1") | .note')
	[[ $note == *"$2"* ]] || fail "expected '$2', it says: $note"
}
# goes_on DIR...: what paused ends well, and all of these are stored
goes_on() {
	await_dock "$(slot A1) == \"safe\"" 60
	stack undock A1
	await_dock "$(slot A1) == \"empty\""
	expect_segments REC-000811 "$@"
	expect_settled
}

# Moved away, and something else in its place.
plain_card "$DOCK/first" 2 100001
plug A1 "$DOCK/first" S811
goes_on "$DOCK/first"
mv "$vault" "$DOCK/moved"
mkdir "$vault"
plain_card "$DOCK/second" 2 100001
pauses "$DOCK/second" "no longer the directory that was opened"
[ "$(sql "SELECT count(*) FROM segment")" = 2 ] || fail "recorded as stored, and nobody can find it"
rmdir "$vault"
mv "$DOCK/moved" "$vault"
goes_on "$DOCK/first" "$DOCK/second"

# dockd does not start on an empty mount point.
mv "$vault" "$DOCK/moved"
mkdir "$vault"
stack kill-dockd 15
stack start-dockd 2>"$DOCK/why" && fail "dockd started on a vault that is not its own"
grep -q "the last seal of this station is not in it" "$DOCK/why" || { cat "$DOCK/why"; fail "why not?"; }
rm -r "$vault"
mv "$DOCK/moved" "$vault"
stack start-dockd

[ -n "${IN_NAMESPACE:-}" ] || { ok "a vault that was away (no disk to fill: not root)"; exit 0; }

# A disk of 5 MiB: full in the middle of a session, then read-only, then all is well.
stack kill-dockd 15
mv "$vault" "$DOCK/moved"
mkdir -m 0700 "$vault"
mount -t tmpfs -o size=5m,mode=0700 none "$vault"
trap 'stack down >/dev/null 2>&1 || true; umount "$vault"; dock_end' EXIT
cp -a "$DOCK/moved/." "$vault"
stack start-dockd
plain_card "$DOCK/third" 4 1500001
pauses "$DOCK/third" "free space on its disk"
found=$(sql "SELECT count(*) FROM segment")
[ "$found" -gt 4 ] && [ "$found" -lt 8 ] || fail "not in the middle: $found segments"
mount -o remount,size=20m "$vault"
goes_on "$DOCK/first" "$DOCK/second" "$DOCK/third"
mount -o remount,ro "$vault"
plain_card "$DOCK/fourth" 1 100001
pauses "$DOCK/fourth" "Read-only file system"
mount -o remount,rw "$vault"
goes_on "$DOCK/first" "$DOCK/second" "$DOCK/third" "$DOCK/fourth"
ok "a vault that was away, full and read-only: waited for, and nothing lost"
