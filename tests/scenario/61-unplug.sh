#!/bin/bash
# Goal: unplugged at 20 random bytes and docked again, a recorder loses nothing, and nothing is
# taken in twice.
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
dock_finish
ok "$rounds times unplugged, $interrupted sessions interrupted: nothing lost, nothing doubled"
