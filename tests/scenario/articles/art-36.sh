# Art. 36: copies for a party.  What there is: the supervision office exports, for a reason, with a certificate, and that is an act of the log;
# nobody else does.  The request, the head's consent and what a class forbids come with disclosure.
# shellcheck shell=bash
art_36_begin() {
	shoot C-36 019001 $((t0 - 7200)) $((t0 - 7100))
	entered C-36
	docked C-36
}
art_36_end() {
	local object
	object=$(sql "SELECT segment FROM segment WHERE recorder = 'C-36'")
	refused 4 "supervis" as wang export "$object" "$DOCK/copy" --reason "asked for by the party"
	[ ! -e "$DOCK/copy" ] || fail "Art. 36: it was exported all the same"
	refused 2 "--reason" as sun export "$object" "$DOCK/copy"
	as sun export "$object" "$DOCK/copy" --reason "asked for by the party" >"$DOCK/out" 2>&1 || { cat "$DOCK/out"; fail "Art. 36: no copy"; }
	v verify-package "$DOCK/copy" --key "$DOCK/stack/keys/export.pub" >"$DOCK/out" 2>&1 || { cat "$DOCK/out"; fail "Art. 36: the copy is not whole"; }
	is "who exported it" "$(sql "SELECT string_agg(by, ' ') FROM act WHERE kind = 'export' AND '{segment:$object}' && objects::text[]")" sun
	expect_report ""
}
