#!/bin/bash
# Goal: a recorder whose model says so is left a challenge at the end of each session; one that
# answers is believed, one that signs on without an answer is found out, and the challenge itself is
# nobody's evidence.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
mkdir "$DOCK/models"
cat >"$DOCK/models/asks.conf" <<END
model "asks" {
	vid = "1209"
	challenge = "DVCHAL.TXT"
}
END
echo "recorders = \"$DOCK/models\"" >>"$DOCK/stack/dockvault.conf"
restart_dockd 15
new_key REC-000740
enroll REC-000740 S740 "$DOCK/REC-000740.pub"
card=$DOCK/card
mkdir -p "$card/DCIM"

# One docking, from plugging to taking out.  day [FAULT]
day() {
	stack dock A1 "$card" --mtp --writable --vid 1209 --pid 5a01 --serial S740 \
		${1:+--fault "$1"} >/dev/null
	stack wait >/dev/null
	await_dock "[$(slot A1)] == [\"safe\"]"
	stack undock A1
	await_dock "[$(slot A1)] == [\"empty\"] and .backlog == 0"
}
# The cards of this scenario are recorded in no time, which the card ledger finds odd.
findings() { sql "SELECT string_agg(code || ' ' || severity, ', ' ORDER BY code, severity)
	FROM finding WHERE code NOT IN ('card_changed')"; }
expect_findings() { [ "$(findings)" = "$1" ] || { vaultctl finding list; fail "$2: $(findings)"; }; }
# Answer as the recorder would: the next manifest of its life is an inventory.
answer() {
	local nonce name
	nonce=$(sed -n 's/^nonce //p' "$card/DVCHAL.TXT")
	name=$(printf '%s/DCIM/INV_%06d.bwm' "$card" "$dseq")
	prev=$("$BUILD/sidecar" inventory --key "$DOCK/REC-000740.sec" --device REC-000740 \
		--dseq "$dseq" --prev "$prev" --nonce "$nonce" --out "$name")
	dseq=$((dseq + 1))
}

signed_card "$card/DCIM" REC-000740 2 50001
day
[ "$(head -n 1 "$card/DVCHAL.TXT")" = dockvault-challenge/v1 ] || fail "no challenge was left"
grep -q '^recorder REC-000740$' "$card/DVCHAL.TXT" || fail "it asks somebody else"
[ "$(sed -n 's/^nonce //p' "$card/DVCHAL.TXT")" = \
	"$(sql "SELECT encode(nonce, 'hex') FROM card_challenge")" ] || fail "another is recorded"
expect_findings "" "nothing was to be answered"
ok "a challenge is left and recorded"

first=$(cat "$card/DVCHAL.TXT")
signed_card "$card/DCIM" REC-000740 2 50001
day
expect_findings "challenge_unanswered notice" "signed on, and never answered any"
[ "$(cat "$card/DVCHAL.TXT")" != "$first" ] || fail "the challenge is not a fresh one"
[ "$(sql "SELECT count(*) FROM segment WHERE path LIKE '%DVCHAL%'")" = 0 ] ||
	fail "the dock's own challenge was taken in"
ok "a recorder that never answered: a notice"

answer
signed_card "$card/DCIM" REC-000740 1 50001
day
expect_findings "challenge_unanswered notice" "answered"
[ "$(sql "SELECT count(*) FROM manifest m JOIN card_challenge c ON c.nonce = m.nonce")" = 1 ] ||
	fail "the answer is not recorded as one"
day
expect_findings "challenge_unanswered notice" "nothing was signed since"
ok "answered, and asked again"

signed_card "$card/DCIM" REC-000740 1 50001
day
expect_findings "challenge_unanswered notice, challenge_unanswered warning" "it knows how to answer"
ok "a recorder that knows how and does not: a warning"

# It signed two more, which are gone; the answer tells how many there were.
prev=$(printf '%064d' 1) dseq=$((dseq + 2))
answer
day
expect_findings "challenge_unanswered notice, challenge_unanswered warning, gap violation" \
	"what is missing at the end of the chain"
ok "an answer whose number is too high: a gap at the tail"

# It keeps the last one and lets nothing be written: the session is none the worse.
old=$(cat "$card/DVCHAL.TXT")
day "mtp-ops=-100B"
[ "$(cat "$card/DVCHAL.TXT")" = "$old" ] || fail "written to a recorder that takes nothing"
expect_settled
dock_finish
ok "a recorder that takes none is taken in all the same"
