#!/bin/bash
# Goal: whatever a recorder, its card or its sidecars do wrong: a clear end for that session, a
# finding where it matters, the rest of the card taken in, and dockd and the neighbours unmoved.
# Takes 20 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
began=$(cut -d' ' -f1 "$DOCK/stack/pid/dockd")

leave_all() {
	local i
	for i in 1 2 3 4 5 6 7 8; do stack undock "A$i" 2>/dev/null || true; done
	await_dock '[.slots[].state == "empty"] | all'
}
codes() { sql "SELECT coalesce(string_agg(DISTINCT code, ' '), '') FROM finding WHERE recorder = '$1'"; }

# ------ the wire ------

# A fault, the state of the slot in the end, how many of three files come in, and the findings.
faults=(
	"stall-at=500000	safe	3	"
	"short-at=500000	safe	3	"
	"phase-error=9		safe	3	"
	"not-ready=3		safe	3	"
	"lie-at=500000		safe	3	"
	"bad-sector=SECTOR	safe	3	unreadable_file"
	"grow=1			safe	3	device_fault"
	"csw-tag=1		fault	0	device_fault"
	"csw-sig=1		fault	0	device_fault"
	"no-medium=1		fault	0	device_fault"
	"shrink=100		fault	0	device_fault"
	"no-answer=1		fault	0	"
)
# The middle of the second file, wherever it came to lie.
sector_of() { grep -obUaF -m 1 "$(cat "$2")" "$1" | head -n 1 | cut -d: -f1 | awk '{ print int($1 / 512) }'; }

n=0
for row in "${faults[@]}"; do
	read -r fault state files codes <<<"$row"
	id=$(printf 'REC-0063%02d' "$n") slot=$((n % 8 + 1))
	[ $slot -ne 1 ] || leave_all
	enroll "$id" "S63$n"
	plain_card "$DOCK/card$n" 2 300001
	{ head -c 200000 /dev/urandom; echo "here-$n-it-breaks"; head -c 100000 /dev/urandom; } \
		>"$DOCK/card$n/MARKED.mp4"
	"$BUILD/mkcard" "$DOCK/card$n.img" --size 64M --mbr --dir "$DOCK/card$n"
	echo "here-$n-it-breaks" >"$DOCK/mark"
	fault=${fault/SECTOR/$(sector_of "$DOCK/card$n.img" "$DOCK/mark")}
	plug "A$slot" "$DOCK/card$n.img" "S63$n" "$fault"
	[ $slot -ne 8 ] && [ $n -ne $((${#faults[@]} - 1)) ] || {
		stack wait --timeout 60 >/dev/null
		vaultctl dock list --json >>"$DOCK/lists"
	}
	n=$((n + 1))
done
await_dock '.backlog == 0'
for ((i = 0; i < n; i++)); do
	read -r fault state files codes <<<"${faults[i]}"
	id=$(printf 'REC-0063%02d' "$i")
	got=$(jq -rs ".[$((i / 8))].slots[$((i % 8))].state" "$DOCK/lists")
	[ "$got" = "$state" ] || { jq -c '.slots[] | [.slot, .state, .note, .usb.serial]' "$DOCK/lists"; fail "$fault: $got, not $state"; }
	got=$(sql "SELECT count(*) FROM segment WHERE recorder = '$id'")
	[ "$got" = "$files" ] || fail "$fault: $got files came in, not $files"
	[ "$(codes "$id")" = "$codes" ] || fail "$fault: findings: $(codes "$id"), not $codes"
done
leave_all
ok "$n faults on the wire"

# ------ the card ------

enroll REC-006390 S6390
plain_card "$DOCK/good" 3 100001
sins=(dir-loop dir-root dir-cycle fat-cycle size-beyond short-chain free-chain cluster-range fat-range
      cross-link zero-size no-chain name-dotdot name-slash name-control name-255 name-surrogate
      name-case name-gbk name-broken times-odd deep)
args=()
for sin in "${sins[@]}"; do args+=(--sin "$sin"); done
"$BUILD/mkcard" "$DOCK/sins.img" --size 64M --mbr --dir "$DOCK/good" "${args[@]}"
plug A1 "$DOCK/sins.img" S6390
whole=(boot-garbage boot-sector-513 boot-cluster-0 boot-fat-huge boot-root-beyond truncated part-loop)
for i in "${!whole[@]}"; do
	enroll "REC-00639$((i + 1))" "S639$((i + 1))"
	"$BUILD/mkcard" "$DOCK/whole$i.img" --size 64M --mbr --dir "$DOCK/good" --sin "${whole[i]}"
	plug "A$((i + 2))" "$DOCK/whole$i.img" "S639$((i + 1))"
done
stack wait --timeout 60 >/dev/null
await_dock '.backlog == 0'
[ "$(vaultctl dock list --json | jq -r "$(slot A1)")" = safe ] || fail "a card of sins: $(vaultctl dock list)"
while read -r blob; do
	[ "$(sql "SELECT count(*) FROM segment WHERE recorder = 'REC-006390' AND encode(blob, 'hex') = '$blob'")" = 1 ] ||
		fail "a good file beside the sins did not come in"
done < <(b2sum -l 256 "$DOCK"/good/* | cut -d' ' -f1)
[[ $(codes REC-006390) == *unreadable_file* ]] || fail "no finding of what cannot be read: $(codes REC-006390)"
leave_all
ok "${#sins[@]} sins on one card and ${#whole[@]} ruined cards"

# ------ the sidecars ------

new_key REC-006399
enroll REC-006399 S6399 "$DOCK/REC-006399.pub"
dir=$DOCK/forged
signed_card "$dir" REC-006399 9 50001
mapfile -t bwm < <(ls "$dir"/*.bwm)
head -c 20000 /dev/zero | tr '\0' 'x' >>"${bwm[0]}"		# over the limit
printf '\0' >>"${bwm[1]}"					# a NUL behind it
sed -i '2{p}' "${bwm[2]}"					# a key twice
sed -i 's/$/\r/' "${bwm[3]}"					# CRLF
sed -i 's/^dseq .*/dseq 99999999999999999999/' "${bwm[4]}"	# a number that overflows
sed -i 's/^start-utc 20/start-utc 19/' "${bwm[5]}"		# before 2000
cp "${bwm[7]}.minisig" "${bwm[6]}.minisig"			# the signature of another file
head -c 8000 /dev/urandom >>"${bwm[7]}.minisig"			# a signature over the limit
: >"${bwm[8]}"							# nothing at all
plug A1 "$dir" S6399
stack wait >/dev/null
await_dock '.backlog == 0'
[ "$(vaultctl dock list --json | jq -r "$(slot A1)")" = safe ] || fail "forged sidecars: $(vaultctl dock list)"
invalid=$(sql "SELECT count(*) FROM finding WHERE recorder = 'REC-006399' AND code = 'signature_invalid'")
[ "$invalid" = 9 ] || { vaultctl finding list --recorder REC-006399; fail "$invalid of 9 sidecars are found invalid"; }
[ "$(sql "SELECT count(*) FROM segment WHERE recorder = 'REC-006399' AND assurance <> 'sealed_at_dock'")" = 0 ] ||
	fail "a forged sidecar vouches for a segment"
for file in "$dir"/*; do
	[ -e "$(blob_path "$(b2sum -l 256 <"$file" | cut -d' ' -f1)")" ] || fail "$file is not in the vault"
done
ok "9 forged sidecars; every byte is kept all the same"

expect_settled
expect_seals
[ "$(cut -d' ' -f1 "$DOCK/stack/pid/dockd")" = "$began" ] && kill -0 "$began" || fail "dockd did not live through it"
dock_finish
