#!/bin/bash
# Goal: dock-lister, jailed, lists cards made by stock tools and by mkcard byte for byte, and comes
# to an end with a clear word on every hostile one, on cards with bad sectors, and when dockd goes.
# Takes 25 s
set -eu -o pipefail

for tool in mkfs.fat mkfs.exfat dump.exfat mcopy mdel minfo mmd sfdisk jq; do
	PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
PATH=$PATH:/usr/sbin
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
lister=$BUILD/dock-lister
export MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8

fail() { echo "FAILED: $1"; exit 1; }
list() { timeout 40 "$BUILD/list-image" "$@"; }
# same IMAGE PATH FILE: what the extents of PATH say is FILE
same() {
	list --cat "$2" "$lister" "$1" | cmp -s - "$3" || fail "$1: content of $2"
}
# expect IMAGE WHAT JQ: the listing makes the expression true
expect() {
	list "$lister" "$1" >out.json || fail "$2: list-image exited $?"
	jq -e "$3" out.json >/dev/null || { jq . out.json; fail "$2"; }
	echo "ok: $2"
}

head -c 3000000 /dev/urandom >big.mp4
head -c 70001 /dev/urandom >odd.mp4
: >empty
long='执法记录仪_2026-11-23_市场监管局_秦淮分局_警号019123_第0001段.mp4'

# fill IMAGE@@OFFSET: a card as stock tools leave it
fill() {
	mmd -i "$1" ::/DCIM ::/DCIM/100MEDIA
	for i in $(seq 40); do mcopy -i "$1" odd.mp4 "::/DCIM/filler$i"; done
	for i in $(seq 1 2 39); do mdel -i "$1" "::/DCIM/filler$i"; done
	mcopy -m -i "$1" big.mp4 ::/DCIM/100MEDIA/MOVI0001.mp4
	mcopy -m -i "$1" odd.mp4 "::/DCIM/100MEDIA/$long"
	mcopy -i "$1" empty ::/EMPTY.TXT
	mcopy -i "$1" odd.mp4 "::/DCIM/100MEDIA/gone later.mp4"
	mdel -i "$1" "::/DCIM/100MEDIA/gone later.mp4"
}
# sound IMAGE PREFIX
sound() {
	same "$1" "$2DCIM/100MEDIA/MOVI0001.mp4" big.mp4
	same "$1" "$2DCIM/100MEDIA/$long" odd.mp4
	same "$1" "$2DCIM/filler2" odd.mp4
	expect "$1" "$1: every name, the deleted ones, the claims" "
		.troubles == [] and ([.files[] | select(.deleted | not)] | length) == 23 and
		([.files[] | select(.deleted)] | length) == 21 and
		any(.files[]; .deleted and .path == \"$2DCIM/100MEDIA/gone later.mp4\" and .size == 70001) and
		all(.files[]; .trouble == \"\")"
	[ "$(jq -r ".files[] | select(.path == \"$2DCIM/100MEDIA/MOVI0001.mp4\") | .modified" out.json |
	     cut -c1-15)" = "$(date -r big.mp4 +%FT%H:%M | cut -c1-15)" ] || fail "$1: modified claim"
}

truncate -s 64M bare.img
mkfs.fat -F 32 -n REC01 bare.img >/dev/null
fill bare.img
sound bare.img ''
jq -e '.filesystem == "fat32" and .label == "REC01"' out.json >/dev/null || fail "label"

truncate -s 16M fat16.img
mkfs.fat -F 16 -s 1 fat16.img >/dev/null
fill fat16.img
sound fat16.img ''

truncate -s 70M mbr.img
printf 'start=2048,type=c\n' | sfdisk -q mbr.img
mkfs.fat -F 32 --offset 2048 mbr.img >/dev/null
fill mbr.img@@1M
sound mbr.img ''

truncate -s 140M gpt.img
printf 'start=2048,size=131072,type=uefi\nstart=135168,size=131072,type=uefi\n' | sfdisk -q -X gpt gpt.img
mkfs.fat -F 32 --offset 2048 gpt.img 65536 >/dev/null 2>&1
mkfs.fat -F 32 --offset 135168 gpt.img 65536 >/dev/null 2>&1
mcopy -i gpt.img@@1M odd.mp4 ::/first.mp4
fill gpt.img@@66M
same gpt.img first.mp4 odd.mp4
same gpt.img "partition-2/DCIM/100MEDIA/$long" odd.mp4
echo "ok: a partition table of two"

truncate -s 600M sector4096.img
mkfs.fat -F 32 -S 4096 sector4096.img >/dev/null
mcopy -i sector4096.img odd.mp4 ::/a.mp4
list --block 4096 --cat a.mp4 "$lister" sector4096.img | cmp -s - odd.mp4 || fail "sectors of 4096"
echo "ok: sectors of 4096"

"$BUILD/mkcard" pieces.img --fragment --add big.mp4:/DCIM/A.MP4 --add odd.mp4:/DCIM/B.MP4
same pieces.img DCIM/A.MP4 big.mp4
same pieces.img DCIM/B.MP4 odd.mp4
expect pieces.img "a file in many pieces" \
	'.files[] | select(.path == "DCIM/A.MP4") | .extents | length > 100'

# Its battery went while it was writing: the size was never written, the clusters are there.
truncate -s 8M unfinished.img
mkfs.fat unfinished.img >/dev/null
mcopy -i unfinished.img odd.mp4 ::/A.MP4
mcopy -i unfinished.img empty ::/B.MP4
at=$(grep -abo 'A       MP4' unfinished.img | head -n 1 | cut -d: -f1)
printf '\0\0\0\0' | dd of=unfinished.img bs=1 seek=$((at + 28)) conv=notrunc status=none
expect unfinished.img "a recording that was never ended is not called empty" \
	'(.files[] | select(.path == "A.MP4") | .size == 0 and (.trouble | test("clusters"))) and
	 (.files[] | select(.path == "B.MP4") | .trouble == "")'

# The same, where the size was written now and then: what it says is read, and the card told of.
for kind in 12,64 16,4 32,1; do
	bits=${kind%,*}
	rm -f longer.img
	truncate -s 64M longer.img
	mkfs.fat -F "$bits" -s "${kind#*,}" longer.img >/dev/null
	mcopy -i longer.img big.mp4 ::/A.MP4
	mcopy -i longer.img odd.mp4 ::/B.MP4
	at=$(grep -abo 'A       MP4' longer.img | head -n 1 | cut -d: -f1)
	printf '\350\003\0\0' | dd of=longer.img bs=1 seek=$((at + 28)) conv=notrunc status=none
	expect longer.img "FAT$bits: a recording whose size is behind its clusters" \
		'(.files[] | select(.path == "A.MP4") | .size == 1000 and .trouble == "") and
		 (.troubles | length == 1 and .[0].path == "A.MP4" and
			(.[0] | tostring | test("more clusters")))'
	cmp -s <(list --cat A.MP4 "$lister" longer.img) <(head -c 1000 big.mp4) || fail "what its size says"
done

truncate -s 64M exfat.img
mkfs.exfat -L REC07 exfat.img >/dev/null
expect exfat.img "exFAT, empty" '.filesystem == "exfat" and .files == [] and .troubles == [] and
	.label == "REC07"'

# What is free is counted; fsck and we agree on FAT32, dump.exfat and we on exFAT.
free=$(minfo -i bare.img :: | sed -n 's/^free clusters=//p')
expect bare.img "free space of FAT32" ".volumes[0].free == $free * 512"
free=$(dump.exfat exfat.img | sed -n 's/^Free Clusters:[[:space:]]*//p')
expect exfat.img "free space of exFAT" ".volumes[0].free == $free * 4096"

# exFAT as recorders leave it, bare, in pieces, and in sectors of 4096.
exfat_card() {
	"$BUILD/mkcard" "$1" --exfat --size 300M --label REC08 "${@:2}" --add big.mp4:/DCIM/A.MP4 \
		--add "odd.mp4:/DCIM/$long@2026-11-23T12:42:59.120Z" --add odd.mp4:/gone.mp4 \
		--add empty:/EMPTY --reserve 4000000:/DCIM/A.MP4 --delete /gone.mp4
}
exfat_sound() {	# IMAGE [--block 4096]
	list "${@:2}" "$lister" "$1" >out.json || fail "$1: list-image exited $?"
	jq -e --arg long "$long" '
		def file(path): .files[] | select(.path == path);
		.troubles == [] and .label == "REC08" and (.files | length) == 4 and
		(file("DCIM/A.MP4") | .size == 4000000 and .valid == 3000000) and
		(file("DCIM/" + $long) | .modified == "2026-11-23T20:42:59" and .valid == 70001) and
		(file("gone.mp4") | .deleted and .size == 70001) and (file("EMPTY") | .size == 0)' \
		out.json >/dev/null || { jq . out.json; fail "$1: what it has"; }
	list "${@:2}" --cat "DCIM/$long" "$lister" "$1" | cmp -s - odd.mp4 || fail "$1: content"
	# behind the valid data are zeros, whatever lies there
	list "${@:2}" --cat DCIM/A.MP4 "$lister" "$1" >back
	cmp -s back <(cat big.mp4; head -c 1000000 /dev/zero) || fail "$1: valid data"
	echo "ok: $1: names, claims, valid data, deleted entries"
}
exfat_card exfat-bare.img; exfat_sound exfat-bare.img
exfat_card exfat-pieces.img --fragment; exfat_sound exfat-pieces.img
exfat_card exfat-4096.img --block 4096; exfat_sound exfat-4096.img --block 4096
"$BUILD/mkcard" huge.img --exfat --size 64G --hollow 5G:/HUGE.MP4
expect huge.img "a file of 5 GiB" '.troubles == [] and
	(.files[0] | .size == 5368709120 and ([.extents[][1]] | add) >= .size)'

# Several volumes below a GPT, also in sectors of 4096; several units.
for block in 512 4096; do
	"$BUILD/mkcard" two.img --gpt --block $block --size 700M --add odd.mp4:/a.mp4 \
		--volume --exfat --label TWO --add big.mp4:/b.mp4
	list --block $block "$lister" two.img >out.json
	jq -e '.troubles == [] and ([.volumes[].filesystem] == ["fat32", "exfat"]) and
		[.files[].path] == ["a.mp4", "partition-2/b.mp4"]' out.json >/dev/null ||
		fail "two volumes, sectors of $block"
	list --block $block --cat partition-2/b.mp4 "$lister" two.img | cmp -s - big.mp4 ||
		fail "the second volume, sectors of $block"
	echo "ok: two volumes below a GPT, sectors of $block"
done
list "$lister" bare.img exfat-bare.img >out.json
jq -e '([.volumes[].unit] == [0, 1]) and any(.files[]; .path == "EMPTY.TXT" and .unit == 0) and
	any(.files[]; .path == "unit-2/DCIM/A.MP4" and .unit == 1)' out.json >/dev/null || fail "two units"
list --cat "unit-2/DCIM/$long" "$lister" bare.img exfat-bare.img | cmp -s - odd.mp4 || fail "the second unit"
echo "ok: two units"

# A large card's FAT and bitmap are read a window at a time.
for kind in "" --exfat; do
	# shellcheck disable=SC2086	# no kind is no option
	"$BUILD/mkcard" large.img $kind --size 256G --add big.mp4:/A.MP4 --hollow 3G:/B.MP4
	list "$lister" large.img >out.json
	jq -e '.troubles == [] and .volumes[0].free > 200000000000' out.json >/dev/null || fail "256 GB"
	kib=$(jq .resident_kib out.json)
	# (a sanitizer has memory of its own)
	[ "$kib" -lt $((24 * 1024)) ] || ldd "$lister" | grep -q asan || nm "$lister" | grep -q __asan ||
		fail "256 GB: $kib KiB resident"
	echo "ok: 256 GB ${kind:-FAT32}: $kib KiB resident"
done
rm -f large.img huge.img

# A sector that cannot be read costs what lies in it, and nothing else.
at=$(list "$lister" bare.img | jq '.files[] | select(.path == "EMPTY.TXT" | not) | .extents[0][0] // empty' | sort -n | head -n 1)
[ -n "$at" ] || fail "no extents"
list --bad "$at" "$lister" bare.img >out.json || fail "a bad sector in a file: status $?"
jq -e '[.files[] | select(.deleted | not)] | length == 23' out.json >/dev/null || fail "a bad sector in a file"
echo "ok: a bad sector in a file costs no listing"
list --bad 0 "$lister" bare.img >out.json || fail "a bad boot sector: status $?"
jq -e '.troubles[0].text | test("cannot be read at byte 0")' out.json >/dev/null || fail "a bad boot sector"
echo "ok: a bad boot sector is said"

# Every sin: an end within seconds, whatever is sound is still there.
"$BUILD/mkcard" --help 2>&1 | sed -n 's/^      \([a-z][a-z0-9-]*\) .*/\1/p' >sins
[ "$(wc -l <sins)" -ge 20 ] || fail "mkcard's sins"
# sin_card SIN: with a sound file beside it
sin_card() {
	case $1 in
	exfat-*) set -- "$1" --exfat ;;
	gpt-*)	set -- "$1" --gpt ;;
	esac
	"$BUILD/mkcard" sin.img "${@:2}" --add odd.mp4:/DCIM/sound.mp4 --sin "$1" >/dev/null
}
while read -r sin; do
	sin_card "$sin"
	began=$SECONDS
	status=0
	list "$lister" sin.img >out.json || status=$?
	[ "$status" -eq 0 ] || fail "$sin: status $status"
	[ $((SECONDS - began)) -lt 15 ] || fail "$sin: took $((SECONDS - began)) s"
	case $sin in
	boot-*|part-*|truncated|exfat-boot-shifts|gpt-ent*)
		jq -e '.troubles != [] or any(.files[]; .path == "DCIM/sound.mp4")' out.json >/dev/null ||
			fail "$sin: neither files nor a word" ;;
	*)	same sin.img DCIM/sound.mp4 odd.mp4 ;;
	esac
	echo "ok: $sin: $(jq -c '[(.files | length), (.troubles | length)]' out.json)"
done <sins

# said SIN JQ
said() {
	sin_card "$1"
	expect sin.img "$1 is said" "$2"
}
said dir-loop 'any(.troubles[]; .path == "SIN/LOOP" and (.text | test("contains itself")))'
said size-beyond 'any(.files[]; .path == "SIN/endless.mp4" and (.trouble | test("claims 4294967295")))'
said short-chain 'any(.files[]; .path == "SIN/short-chain.mp4" and (.trouble | test("^only")))'
said fat-cycle 'any(.files[]; .path == "SIN/cycle.mp4" and .extents == [] and .trouble != "")'
said cluster-range '[.files[] | select(.trouble | test("begins nowhere"))] | length == 3'
said zero-size 'any(.files[]; .path == "SIN/zero.mp4" and .size == 0 and .trouble == "")'
said name-dotdot 'any(.files[]; .path == "SIN/\\x2e.") and any(.files[]; .path == "SIN/\\x2e")'
said name-gbk 'any(.files[]; .path == "SIN/录像01.MP4" and (.raw | endswith("c2bccff130312e4d5034")))'
said name-surrogate 'any(.files[]; .path == "SIN/\\x00\\xd8a.mp4")'
said times-odd 'any(.files[]; .path == "SIN/time-0.mp4" and .modified == "")'
said flood '.bytes <= 8388608 and any(.troubles[]; .text | test("more entries"))'
said exfat-set-sum 'any(.troubles[]; .path == "SIN/sum.mp4" and (.text | test("contradict")))'
said exfat-set-cut 'any(.troubles[]; .path == "SIN" and (.text | test("entries of this directory are cut")))'
said exfat-valid-beyond 'any(.files[]; .path == "SIN/valid.mp4" and .valid == 100 and .trouble == "")'
said exfat-fat-ring 'any(.files[]; .path == "SIN/ring.mp4" and .extents == [] and (.trouble | test("a ring")))'
said exfat-dir-loop '[.troubles[] | select(.text | test("contains itself"))] | length == 2'
said exfat-bitmap-none '.volumes[0].free == -1 and any(.troubles[]; .text | test("allocation bitmap"))'
said exfat-boot-sum 'any(.troubles[]; .text | test("its backup is used"))'
said gpt-crc 'any(.troubles[]; .text | test("its backup is used"))'
said gpt-entries 'any(.troubles[]; .text | test("so is its backup"))'
said gpt-backwards 'any(.troubles[]; .text == "partition 2 ends before it begins")'
said part-loop 'any(.troubles[]; .text | test("a ring"))'
said part-beyond 'any(.troubles[]; .text | test("behind the end of the card"))'

# dockd goes, or the lister dies: no hang on either side.
status=0; list --gone-after 2 "$lister" bare.img >out.json || status=$?
[ "$status" -eq 1 ] && jq -e '.signal == 0' out.json >/dev/null || fail "dockd gone: status $status"
echo "ok: without dockd it ends by itself"
for signal in 9 11; do
	status=0; list --signal-at "2:$signal" "$lister" bare.img >out.json || status=$?
	# (a sanitizer catches SIGSEGV and exits)
	[ "$status" -eq 1 ] && jq -e ".signal == $signal or $signal == 11" out.json >/dev/null ||
		fail "signal $signal: status $status"
	echo "ok: killed by $signal, nothing is left"
done
status=0; "$lister" </dev/null 2>err || status=$?
[ "$status" -eq 1 ] && grep -q 'not a socket' err || fail "started by hand"
echo "ok: started by hand it says what it is for"
