#!/bin/bash
# Goal: unplugged at 20 random bytes and docked again, a recorder loses nothing, and nothing is
# taken in twice.
# Takes 35 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000611
enroll REC-000611 S611 "$DOCK/REC-000611.pub"
rounds=20

for ((i = 0; i < rounds; i++)); do
	signed_card "$DOCK/card/$i" REC-000611 3 700001
	# 2.1 MB of content, read once more at heads and tails, and some of the file system.
	plug A1 "$DOCK/card/$i" S611 "unplug-at=$((1 + (RANDOM * 32768 + RANDOM) % 2600000))"
	await_dock "[$(slot A1)][0] | IN(\"empty\", \"safe\")"
	stack undock A1 || true		# it is gone already, or the byte lies behind the last one read
	await_dock "[$(slot A1)] == [\"empty\"]"
	plug A1 "$DOCK/card/$i" S611
	stack wait >/dev/null
	stack undock A1
	await_dock "[$(slot A1)] == [\"empty\"]"
done
await_dock ".backlog == 0"

expect_segments REC-000611 "$DOCK/card"
expect_settled
expect_other_cards
interrupted=$(sql "SELECT count(*) FROM dock_session_end WHERE outcome = 'interrupted'")
[ "$interrupted" -gt 0 ] || fail "no session was interrupted"

# In the middle of a large file: it goes on there, and so the card sends little more than the rest.
enroll REC-000612 S612
mkdir -p "$DOCK/large"
head -c 30000001 /dev/urandom >"$DOCK/large/LARGE.mp4"
plug A2 "$DOCK/large" S612 "unplug-at=22000000"
await_dock "[$(slot A2)] == [\"empty\"]"
plug A2 "$DOCK/large" S612
stack wait >/dev/null
await_dock ".backlog == 0"
expect_segments REC-000612 "$DOCK/large"
kept=$(sed -n 's/.*LARGE.mp4: \([0-9]*\) of 30000001 bytes are there.*/\1/p' "$DOCK/stack/log/dockd")
[ "${kept:-0}" -gt 19000000 ] || fail "read again from the beginning: ${kept:-nothing} was kept"
[ "$kept" -le 22000000 ] || fail "more was kept than was sent"
dock_finish
ok "a large file went on at $kept of 30000001 bytes: $((22000000 - kept)) were read again"
ok "$rounds times unplugged, $interrupted sessions interrupted: nothing lost, nothing doubled"
