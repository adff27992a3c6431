#!/bin/bash
# Goal: while the database is away recorders are recognised and taken in, and shown as stored, not
# recorded; not even dockd's death then loses anything; all is recorded when it is back.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000621
enroll REC-000621 S621 "$DOCK/REC-000621.pub"
enroll REC-000622 S622
await_dock ".catalog"
# The configuration dockd runs with is in the custody log, each time that it is another.
conf_noted() { sql "SELECT string_agg(detail #>> '{changed,sha256,is}', ' ' ORDER BY done_at)
	FROM act JOIN custody_event e ON e.key = act.act::text
	WHERE kind = 'config_changed' AND detail ->> 'what' LIKE 'config % dockd'"; }
first=$(sha256sum <"$DOCK/stack/dockvault.conf" | cut -d ' ' -f 1)
signed_card "$DOCK/first" REC-000621 3 300001
signed_card "$DOCK/second" REC-000621 3 300001
plain_card "$DOCK/plain" 3 300001

[ "$(conf_noted)" = "$first" ] || { conf_noted; fail "the configuration is not in the log"; }
stack stop-db
await_dock ".catalog | not"
# The later card first: judged before the earlier one, it would seem to have a gap before it.
plug A1 "$DOCK/first" S621
plug A2 "$DOCK/plain" S622
plug A3 "$DOCK/plain" STRANGER
stack wait >/dev/null
vaultctl dock list --json >"$DOCK/list"
jq -e '[.slots[] | select(.slot == ("A1", "A2")) | .state == "safe" and (.recorded | not)] | all' \
	"$DOCK/list" >/dev/null || { cat "$DOCK/list"; fail "not shown as stored, not yet recorded"; }
jq -e ".backlog == 3 and ([$(slot A3)] == [\"refused\"])" "$DOCK/list" >/dev/null ||
	{ cat "$DOCK/list"; fail "backlog or refusal"; }
ok "taken in while the database is away, and shown so"

echo '# another' >>"$DOCK/stack/dockvault.conf"
restart_dockd 9
stack wait >/dev/null
vaultctl dock list --json >"$DOCK/list"
jq -e "[$(slot A1), $(slot A2), $(slot A3)] == [\"safe\", \"safe\", \"refused\"]" "$DOCK/list" >/dev/null ||
	{ cat "$DOCK/list"; fail "not recognised after a start without the database"; }
ok "a dockd that starts without the database knows its recorders"

stack undock A1
await_dock "[$(slot A1)] == [\"empty\"]"
plug A1 "$DOCK/second" S621
stack wait >/dev/null
stack start-db
await_dock ".backlog == 0 and .catalog" 50
vaultctl dock list --json | jq -e '[.slots[] | select(.slot == "A1") | .recorded] == [true]' >/dev/null ||
	fail "the slot does not say that it is recorded now"

expect_segments REC-000621 "$DOCK/first" "$DOCK/second"
# Without the database nobody knows what was stored before, so it was read twice and sealed twice.
expect_segments REC-000622 "$DOCK/plain"
expect_settled
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'unknown_recorder'")" -gt 0 ] ||
	fail "the stranger was not found"
expect_other_cards unknown_recorder
[ "$(conf_noted)" = "$first $(sha256sum <"$DOCK/stack/dockvault.conf" | cut -d ' ' -f 1)" ] ||
	{ conf_noted; fail "another configuration is not in the log, or one is there twice"; }
dock_finish
ok "all recorded when the database is back"
ok "each configuration is in the custody log once"
