#!/bin/bash
# Goal: the four demo recorders give exactly the planted findings, each with its article, and the
# clean one gives none; docking them a second time changes nothing; nothing is left running.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'tools/devstack down --dir "$dir/stack" >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; exit 1; }

tools/devstack up --dir "$dir/stack" >/dev/null
exports=$(tools/devstack env --dir "$dir/stack")
eval "$exports"
tests/emulator/demo-cards.sh "$dir/cards"

while read -r name id vid pid serial officer unit; do
	"$BUILD/vaultctl" recorder enroll "$id" --usb "$vid:$pid:$serial" \
		--key "$dir/cards/$name.pub" --officer "$officer" --unit "$unit" --reason "scenario"
done <"$dir/cards/recorders"
images=(clean late tampered unknown)
serials=(SN000101 SN000102 SN000103 SN000199)

dock_all() {
	local i
	for i in 0 1 2 3; do
		sha256sum "$dir/cards/${images[i]}.img"
		tools/devstack dock "A$((i + 1))" "$dir/cards/${images[i]}.img" --vid 1209 --pid 5a01 \
			--serial "${serials[i]}" --dir "$dir/stack" >/dev/null
	done >"$dir/sums"
	tools/devstack wait --dir "$dir/stack" --timeout 120
	sha256sum --quiet -c "$dir/sums" || fail "a card was written to"
}
report() { "$BUILD/vaultctl" report integrity --format json || [ $? -eq 1 ]; }

dock_all
report >"$dir/first.json"

expect=$(cat <<'TEXT'
REC-000102 12 clock_jump
REC-000102 12 gap
REC-000102 32 late_upload
REC-000102 32 late_upload
REC-000103 35 checksum_mismatch
REC-000103 35 deleted_on_recorder
REC-000103 35 signature_invalid
null 35 unknown_recorder
TEXT
)
found=$(jq -r '.findings[] | "\(.recorder) \(.article) \(.code)"' "$dir/first.json" | sort)
[ "$found" = "$expect" ] || { diff <(echo "$expect") <(echo "$found"); fail "not the planted findings"; }
jq -e '.totals.segments == 9 + 6 + 4 and .totals.recordings == 3 + 2 + 1' "$dir/first.json" >/dev/null ||
	{ jq .totals "$dir/first.json"; fail "not everything came in"; }
jq -e '[.recorders[] | select(.recorder == "REC-000101")][0].signed_by_recorder == 9' \
	"$dir/first.json" >/dev/null || fail "the clean recorder is not all signed"
"$BUILD/vaultctl" verify vault

# Every stored segment is, byte for byte, what lay on the card.
"$BUILD/vaultctl" recording list --json | jq -r '.[] | "\(.recorder)/\(.recording)"' |
while read -r recording; do
	"$BUILD/vaultctl" recording show "$recording" --json |
		jq -r '.[0].segment_list[] | "\(.recorder) \(.blob) \(.path)"'
done >"$dir/segments"
while read -r recorder blob path; do
	case $recorder in
	REC-000101) name=clean ;; REC-000102) name=late ;; *) name=tampered ;;
	esac
	[ "$(b2sum -l 256 <"$dir/cards/$name/${path#/}" | cut -d' ' -f1)" = "$blob" ] ||
		fail "$path of $recorder is not what was on the card"
done <"$dir/segments"
[ "$(wc -l <"$dir/segments")" -eq 19 ]

# Again: nothing new but the sessions and the refusal of this docking.
for slot in A1 A2 A3 A4; do tools/devstack undock "$slot" --dir "$dir/stack" >/dev/null; done
dock_all
report >"$dir/second.json"
for what in '.totals.segments, .totals.recordings, .totals.bytes' \
	    '[.findings[] | select(.code != "unknown_recorder") | .id] | sort'; do
	[ "$(jq -c "$what" "$dir/first.json")" = "$(jq -c "$what" "$dir/second.json")" ] ||
		fail "docking twice doubled something: $what"
done

tools/devstack down --dir "$dir/stack"
tools/devstack status --dir "$dir/stack" && fail "something still runs"
echo "ok: exactly the planted findings, once"
