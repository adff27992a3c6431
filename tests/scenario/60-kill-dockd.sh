#!/bin/bash
# Goal: dockd killed at 20 random moments of an ingest and started again loses nothing and doubles
# nothing.  Two recorders each time: one whose segments are signed, one that the dock seals.
# Takes 40 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000601
enroll REC-000601 S601 "$DOCK/REC-000601.pub"
enroll REC-000602 S602
rounds=20

for ((i = 0; i < rounds; i++)); do
	signed_card "$DOCK/signed/$i" REC-000601 3 700001
	# Of another size each time: of the same size and time, they would look like the ones before.
	plain_card "$DOCK/plain/$i" 2 $((900001 + i))
	plug A1 "$DOCK/signed/$i" S601
	plug A2 "$DOCK/plain/$i" S602
	# Not waiting for anything: the moment is what is random.
	sleep "0.$(printf '%03d' $((RANDOM % 450)))"
	stack kill-dockd >/dev/null
	stack start-dockd >/dev/null
	stack wait >/dev/null
	stack undock A1
	stack undock A2
	await_dock "[$(slot A1), $(slot A2)] == [\"empty\", \"empty\"]"
done
await_dock ".backlog == 0"

expect_segments REC-000601 "$DOCK/signed"
expect_segments REC-000602 "$DOCK/plain"
expect_settled strays
expect_seals
[ "$(sql "SELECT count(*) FROM segment WHERE recorder = 'REC-000601' AND assurance <> 'signed_by_recorder'")" = 0 ] ||
	fail "a signed segment is not taken for one"
expect_other_cards
interrupted=$(sql "SELECT count(*) FROM dock_session_end WHERE outcome = 'interrupted'")
[ "$interrupted" -gt 0 ] || fail "no kill came in the middle of a session"
dock_finish
ok "$rounds kills, $interrupted of them interrupted a session: nothing lost, nothing doubled"
