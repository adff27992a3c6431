#!/bin/bash
# Goal: whoever holds a sidecar can check it with stock tools alone, and we
# believe what stock tools sign.
#
#   our writer    -> minisign -Vm, cksum -c, b2sum, sha256sum
#   stock minisign, prehashed and legacy -> our verifier
#   one byte changed -> both refuse, for either signer
set -eu -o pipefail

for tool in minisign cksum b2sum; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
sidecar=$BUILD/sidecar
zeros=$(printf '%064d' 0)

ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; exit 1; }
# refuses WHAT COMMAND...: the command must run and say no (status 1)
refuses() {
	local what=$1 status=0
	shift
	"$@" >out 2>&1 || status=$?
	[ "$status" -eq 1 ] || { cat out; fail "$what (status $status instead of 1)"; }
	ok "$what"
}

minisign -G -W -p rec.pub -s rec.sec >/dev/null
minisign -G -W -p other.pub -s other.sec >/dev/null

# sign NAME.mp4 SEQ PREV LAST
sign() {
	"$sidecar" sign --key rec.sec --media "$1" --device REC-000123 \
		--rec 0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b --seq "$2" --dseq "$2" --prev "$3" \
		--start 2026-11-23T12:42:58.123Z --end 2026-11-23T12:47:58.120Z --clock rtc \
		--boot 42 --mono-start 1234567 --mono-end 1534564 --officer 019123 --last "$4" \
		--end-reason button --mark 2026-11-23T12:44:10.000Z
}

head -c 300000 /dev/urandom >VID_0001.mp4
head -c 70001 /dev/urandom >'VID (2) = b.mp4'
: >empty.mp4
first=$(sign VID_0001.mp4 0 "$zeros" 0)
second=$(sign 'VID (2) = b.mp4' 1 VID_0001.bwm 0)
sign empty.mp4 2 "$second" 1 >/dev/null

[ "$first" = "$(b2sum -l 256 VID_0001.bwm | cut -d' ' -f1)" ] || fail "digest of a manifest"
grep -qx "prev $first" 'VID (2) = b.bwm' || fail "the chain of manifests"
grep -qx "prev $second" empty.bwm || fail "the chain of manifests"
ok "manifests are chained by what b2sum -l 256 prints"

for bwm in VID_0001.bwm 'VID (2) = b.bwm' empty.bwm; do
	minisign -Vm "$bwm" -p rec.pub >/dev/null || fail "minisign -Vm $bwm"
	ok "minisign -Vm accepts $bwm"
	cksum -c "$bwm" 2>/dev/null >out || fail "cksum -c $bwm"
	[ "$(grep -c ': OK$' out)" -eq 2 ] || fail "cksum -c $bwm checked $(cat out)"
	ok "cksum -c checks both digests of $bwm"
	tail -n 2 "$bwm" | cksum --strict --warn -c >/dev/null || fail "cksum --strict $bwm"
	tail -n 1 "$bwm" | sha256sum --strict -c >/dev/null || fail "sha256sum --strict $bwm"
	ok "cksum --strict and sha256sum --strict take the checksum lines of $bwm"
	"$sidecar" verify --pub rec.pub "$bwm" >out || { cat out; fail "our verifier, $bwm"; }
	grep -qx 'media: ok' out || fail "our verifier did not look at the media of $bwm"
	ok "our verifier accepts $bwm"
done

"$sidecar" inventory --key rec.sec --device REC-000123 --dseq 3 --prev empty.bwm \
	--nonce "$first" --out inventory.bwm >/dev/null
"$sidecar" event --key rec.sec --device REC-000123 --dseq 4 --prev inventory.bwm --what power-on \
	--detail 'self-test passed, 2 of 2' --time 2026-11-23T12:42:00.000Z --out event.bwm >/dev/null
for bwm in inventory.bwm event.bwm; do
	minisign -Vm "$bwm" -p rec.pub >/dev/null || fail "minisign -Vm $bwm"
	"$sidecar" verify --pub rec.pub "$bwm" >/dev/null || fail "our verifier, $bwm"
	ok "both accept $bwm"
done

for kind in '' -l; do
	name=stock${kind:-}.bwm
	cp VID_0001.bwm "$name"
	minisign -S $kind -m "$name" -s rec.sec -t "device=REC-000123	dseq=0" >/dev/null
	"$sidecar" verify --pub rec.pub "$name" >out || { cat out; fail "stock signature ${kind:-}"; }
	grep -q "^signature: valid ($([ -z "$kind" ] && echo prehashed || echo legacy)," out ||
		{ cat out; fail "which kind the stock signature ${kind:-} is"; }
	ok "our verifier accepts what minisign -S $kind signed"
	refuses "and refuses it under another key" "$sidecar" verify --pub other.pub "$name"
	sed 's/^officer 019123$/officer 019124/' VID_0001.bwm >"$name"
	refuses "and refuses it for another text" "$sidecar" verify --pub rec.pub "$name"
	cp VID_0001.bwm "$name"
	sed -i 's/dseq=0$/dseq=1/' "$name.minisig"
	refuses "and refuses another trusted comment" "$sidecar" verify --pub rec.pub "$name"
done

cp VID_0001.bwm changed.bwm
cp VID_0001.bwm.minisig changed.bwm.minisig
sed -i 's/^seq 0$/seq 1/' changed.bwm
refuses "minisign refuses a changed manifest" minisign -Vm changed.bwm -p rec.pub
refuses "our verifier refuses a changed manifest" "$sidecar" verify --pub rec.pub changed.bwm
printf 'x' | dd of=VID_0001.mp4 bs=1 seek=150000 conv=notrunc status=none
cmp -s <(tail -c +150001 VID_0001.mp4 | head -c 1) <(printf 'x') || fail "changing the media"
refuses "cksum refuses changed media" cksum -c VID_0001.bwm
refuses "our verifier refuses changed media" "$sidecar" verify --pub rec.pub VID_0001.bwm
