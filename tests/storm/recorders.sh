# The recorders of a storm: each a card or folder with recordings, and what the catalog has to say
# of it in the end.
#
#   storm_recorders STORM COUNT	makes and enrols them; fills the arrays below
#   rnd N			R = 0..N-1, by the seed.  Never in a subshell, where bash
#				begins anew
#
# Below $cards, what is expected:
#   segments	"RECORDER BLOB", each once
#   findings	"RECORDER CODE", as often as it is to be found
#   allowed	"RECORDER CODE", found or not: what the weather may lead to
#
# shellcheck shell=bash

rnd() { R=$(((RANDOM * 32768 + RANDOM) % $1)); }
pick() { rnd $(($# - 1)); local -n into=$1; shift; into=${*:R+1:1}; }

# By recorder: what it is called, the words after `devstack dock SLOT`, the faults that it always
# has, and which of storage and MTP it speaks.
ids=() mediums=() options=() steady=() speaks=()
cards='' strangers=0

expect_finding() { echo "$1 $2" >>"$cards/findings"; }
allow_finding() { echo "$1 $2" >>"$cards/allowed"; }

# ------ content ------

# Numbered and timed as the family of DCAMs does, one after the other.
dcam_files() {
	local at=$(($(date +%s) - 3600)) i name
	mkdir -p "$1/DCIM"
	for ((i = 0; i < $2; i++, at += 60)); do
		name=$(TZ=Asia/Shanghai date -d "@$at" +"DCAM_0001_$(printf %04d "$i")_%Y%m%d_%H%M%S.MP4")
		head -c "$(($3 + i))" /dev/urandom >"$1/DCIM/$name"
		touch -d "@$((at + 50))" "$1/DCIM/$name"
	done
}

# A folder a day and channel, begin and end in the name.
dahua_files() {
	local at=$(($(date +%s) - 3600)) i name day
	day=$1/mpt/$(TZ=Asia/Shanghai date -d "@$at" +%Y-%m-%d)/001/dav
	for ((i = 0; i < $2; i++, at += 60)); do
		mkdir -p "$day/$(TZ=Asia/Shanghai date -d "@$at" +%H)"
		name=$(TZ=Asia/Shanghai date -d "@$at" +%H/%H.%M.%S)-$(TZ=Asia/Shanghai date -d "@$((at + 50))" +%H.%M.%S)
		head -c "$(($3 + i))" /dev/urandom >"$day/$name[M][0@0][0].mp4"
		touch -d "@$((at + 50))" "$day/$name[M][0@0][0].mp4"
	done
}

# content DIR ID: recordings of a kind; sets key for one that signs
content() {
	local n bytes kind
	rnd 3; n=$((R + 2))
	rnd 500000; bytes=$((R + 1000))
	key='' family=''
	pick kind signed signed plain dcam dahua
	case $kind in
	signed)
		new_key "$2"
		key=$DOCK/$2.pub dseq=0 prev=$(printf '%064d' 0)
		clock=$(($(date +%s) - 7200)) booted=$clock
		signed_card "$1" "$2" "$n" "$bytes" ;;
	plain)	plain_card "$1" "$n" "$bytes" ;;
	*)	"${kind}_files" "$1" "$n" "$bytes" ;;
	esac
}

# expect_files ID DIR: all that is in it now, sidecars aside
expect_files() {
	find "$2" -type f ! -name '*.bwm' ! -name '*.minisig' -print0 | xargs -0 b2sum -l 256 |
		sed "s/^\([0-9a-f]*\).*/$1 \1/" >>"$cards/segments"
}

# A byte of a signed recording is another, at the same size and time.
alter() {
	local file
	file=$(find "$2" -name '*.mp4' | sort | head -n 1)
	touch -r "$file" "$cards/time"
	printf X | dd of="$file" bs=1 seek=500 conv=notrunc status=none
	touch -r "$cards/time" "$file"
	expect_finding "$1" checksum_mismatch
}

# ------ kinds of recorders ------

# image FILE DIR OPTION...: with more than half of it free, as it should be
image() { "$BUILD/mkcard" "$1" --size 300M "${@:3}" --dir "$2"; }

# A file that was there and is not, in front of the others; its size is no other's.
deleted_entry() {
	head -c 7777 /dev/urandom >"$cards/gone"
	made=(--add "$cards/gone:/GONE.MP4@$(($(date +%s) - 9000))" --delete /GONE.MP4)
	expect_finding "$1" deleted_on_recorder
}

disk_fat() {
	made=()
	rnd 4
	[ "$R" -ne 0 ] || deleted_entry "$1"
	rnd 2
	image "$2.img" "$2" --mbr $([ "$R" -ne 0 ] || echo --fragment) "${made[@]}"
}
disk_exfat() { image "$2.img" "$2" --gpt --exfat; }
disk_4096() { image "$2.img" "$2" --block 4096 --mbr; options[n]="--block 4096"; }

# A second card in it, with files of its own.
disk_units() {
	plain_card "$2.second" 2 200001
	# Whoever signs signs everything.
	[ -z "$key" ] || { expect_finding "$1" signature_missing; expect_finding "$1" signature_missing; }
	image "$2.img" "$2" --mbr
	image "$2.second.img" "$2.second" --exfat --gpt
	expect_files "$1" "$2.second"
	options[n]="--lun $2.second.img"
}

# One recording has a sector that cannot be read: it is kept as zeros, and said.
disk_bad_sector() {
	local file=$2/BROKEN.mp4 at
	head -c 100000 /dev/urandom >"$file"
	echo "here $1 breaks" >>"$file"
	head -c 60000 /dev/urandom >>"$file"
	image "$2.img" "$2" --mbr
	at=$(grep -obUaF -m 1 "here $1 breaks" "$2.img" | head -n 1 | cut -d: -f1)
	steady[n]=bad-sector=$((at / 512))
	# On a card that is not fragmented a file lies in one piece.
	at=$((at % 512 + 0)) at=$((100000 - at))
	dd if=/dev/zero of="$file" bs=1 seek="$at" count=512 conv=notrunc status=none
	expect_finding "$1" unreadable_file
}

unlock_by_scsi() { options[n]+=" --unlock scsi:d01122330000 --locked-as 1209:5a00"; }
unlock_by_mtp() { options[n]+=" --unlock mtp:9F01:5 --locked-as 1209:5a02"; }

# recorder ID: number n of the storm
recorder() {
	local dir=$cards/$1 kind
	options[n]='' steady[n]='' ids[n]=$1 speaks[n]=disk mediums[n]=$dir.img
	content "$dir" "$1"
	[ -z "$key" ] || { rnd 4; [ "$R" -ne 0 ] || alter "$1" "$dir"; }
	pick kind fat fat exfat 4096 units bad_sector mtp mtp mtp
	if [ $kind = mtp ]; then
		speaks[n]=mtp mediums[n]=$dir options[n]=--mtp
		pick kind '' mtp-ops=-95C1 mtp-ops=-95C1-101B mtp-ops=-95C4 mtp-ops=-9803-9805
		steady[n]=$kind
	else
		[ -z "$key" ] || [ $kind != bad_sector ] || kind=fat
		"disk_$kind" "$1" "$dir"
	fi
	expect_files "$1" "$dir"
	rnd 6
	case $R in
	0)	unlock_by_scsi ;;
	1)	unlock_by_mtp ;;
	esac
	enroll "$1" "$1" ${key:+"$key"}
}

storm_recorders() {
	local n stranger
	ids=() mediums=() options=() steady=() speaks=()
	cards=$DOCK/storm
	rm -rf "$cards"
	mkdir "$cards"
	touch "$cards"/{segments,findings,allowed}
	for ((n = 0; n < $2; n++)); do
		recorder "$(printf 'REC-%05d-%02d' "$1" "$n")"
	done
	# One that nobody knows: none of it is read.
	stranger=$(printf 'STRANGER-%05d' "$1")
	ids[n]=$stranger mediums[n]=${mediums[0]} options[n]=${options[0]} speaks[n]=${speaks[0]}
	steady[n]=''
	strangers=$((strangers + 1))
}
