#!/bin/bash
# Goal: with the vault's disk full a session pauses and says so, nothing is called stored that is
# not, and it goes on by itself when there is room; unplugged meanwhile, it is interrupted.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# A disk of our own, which goes with the namespace.
if [ -z "${IN_NAMESPACE:-}" ]; then
	unshare --mount --propagation private true 2>/dev/null ||
		{ echo "a mount namespace cannot be made here; run it as root"; exit 77; }
	IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0"
fi
# shellcheck source=tests/dock.sh
. tests/dock.sh
# With what an interrupted pull left there.
left=partial/$(printf '%064d' 1)
make_disk() {
	mkdir -p "$DOCK/stack/vault"
	mount -t tmpfs -o size=3m tmpfs "$DOCK/stack/vault"
	mkdir "$DOCK/stack/vault/partial"
	head -c 1000000 /dev/zero >"$DOCK/stack/vault/$left.data"
	: >"$DOCK/stack/vault/$left.marks"
}
before_stack=make_disk dock_begin
enroll REC-000661 S661
enroll REC-000662 S662
plain_card "$DOCK/card" 4 1200001
plain_card "$DOCK/other" 1 1200001

plug A1 "$DOCK/card" S661
await_dock "[$(slot A1)] == [\"paused\"]"
vaultctl dock list --json | jq -e '.slots[0] | .note != "" and .outcome == null' >/dev/null || fail "no word why"
plug A2 "$DOCK/other" S662
await_dock "[$(slot A2)] == [\"paused\"]"
[ ! -e "$DOCK/stack/vault/$left.data" ] || fail "what nobody goes on with has not made room"
stored=$(sql "SELECT count(*) FROM segment")
[ "$stored" -lt 4 ] || fail "more is called stored than there is room for"
stack undock A2
await_dock "[$(slot A2)] == [\"empty\"]"
ok "paused, with $stored of 4 files stored; unplugged while it waited"

mount -o remount,size=64m "$DOCK/stack/vault"
stack wait >/dev/null
await_dock '.backlog == 0'
[ "$(vaultctl dock list --json | jq -r "$(slot A1)")" = safe ] || fail "$(vaultctl dock list)"
expect_segments REC-000661 "$DOCK/card"
[ "$(sql "SELECT outcome FROM dock_session_end JOIN dock_session USING (session) WHERE recorder = 'REC-000662'")" = interrupted ] ||
	fail "unplugged while it waited is not interrupted"
plug A2 "$DOCK/other" S662
stack wait >/dev/null
expect_segments REC-000662 "$DOCK/other"
expect_settled
expect_seals
dock_finish
ok "room again: it went on by itself"
