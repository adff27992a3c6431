# Art. 36: copies for a party: asked for, consented to by the head, sealed, handed over, and in the register; refused where the law keeps
# it secret, on record.  What goes wrong while it is written is in 104-disclosure.
# shellcheck shell=bash
art_36_begin() {
	local r
	for r in C-36 V-36; do
		shoot $r 019001 $((t0 - 7200)) $((t0 - 7100))
		entered $r
		docked $r
	done
	age-keygen -o "$DOCK/party.key" 2>/dev/null
}
art_36_end() {
	local object secret id ask=(--asked-by 王小明 --capacity party --right "制度第三十六条" --purpose "复议" --recipient "$(age-keygen -y "$DOCK/party.key")"
		--reason "asked for by the party")
	object=$(sql "SELECT segment FROM segment WHERE recorder = 'C-36'")
	secret=$(sql "SELECT segment FROM segment WHERE recorder = 'V-36'")
	call fa "SELECT class_set('segment', '$secret', 'trade_secret', 'scenario')" >/dev/null
	refused 1 "Art. 37" as sun disclosure request "$object" "$secret" "${ask[@]}"
	is "the refusal is on record" "$(sql "SELECT string_agg(class || ' ' || refused, ',') FROM disclosure_object WHERE segment = '$secret'")" "trade_secret owner"
	refused 4 "supervisor or legal" as wang disclosure request "$object" "${ask[@]}"
	id=$(as sun disclosure request "$object" "${ask[@]}" --json | jq -r .disclosure)
	refused 4 "not decided" as sun disclosure package "$id" "$DOCK/copy.tar.age" --reason scenario
	refused 4 "role head" as sun disclosure decide "$id" --approve --until "$(sql "SELECT today() + 5")" --reason scenario
	as qian disclosure decide "$id" --approve --until "$(sql "SELECT today() + 5")" --reason scenario >/dev/null
	as sun disclosure package "$id" "$DOCK/copy.tar.age" --reason scenario >"$DOCK/out" 2>&1 || { cat "$DOCK/out"; fail "Art. 36: no copy"; }
	refused 2 "used once" as sun disclosure package "$(mv "$DOCK/copy.tar.age" "$DOCK/handed.age" && echo "$id")" "$DOCK/again.tar.age" --reason scenario
	age -d -i "$DOCK/party.key" -o "$DOCK/copy.tar" "$DOCK/handed.age"
	v verify-package "$DOCK/copy.tar" --key "$DOCK/stack/keys/export.pub" >"$DOCK/out" 2>&1 || { cat "$DOCK/out"; fail "Art. 36: the copy is not whole"; }
	as sun disclosure receipt "$id" --received-by 王小明 --at "$(sql "SELECT utc(now())")" >/dev/null
	is "the register" "$(as shen disclosure list --json | jq -r '[.[] | .state + " " + .asked_by] | join(", ")')" "refused_by_law 王**, received 王**"
	is "nothing left otherwise" "$(found "f.code = 'unapproved_export' AND f.detail -> 'objects' @> '[\"segment:$object\"]'")" "-"
	expect_report ""
}
