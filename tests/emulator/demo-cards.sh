#!/bin/bash
# tests/emulator/demo-cards.sh OUTDIR - four recorders' cards with known faults.
#
#   clean     three recordings of three signed segments, and the event of switching on: nothing
#             is wrong with it
#   late      ended more than 24 hours ago; the third of five segments of one recording is
#             missing; in another the clock jumps by an hour between two segments
#   tampered  one segment altered after signing, one sidecar with another officer written in,
#             and the entry of a deleted file
#   unknown   nobody enrolled it, and it signs nothing
#
# Writes OUTDIR/NAME.img, OUTDIR/NAME.pub and OUTDIR/recorders, a line each:
#   name id vid pid serial officer unit
# Segments are real MP4, made once; times are counted back from now.
set -eu -o pipefail

out=${1:?usage: demo-cards.sh OUTDIR}
BUILD=$(realpath "${BUILD:-$(dirname "$0")/../../build}")
mkdir -p "$out"
out=$(realpath "$out")
now=$(date +%s)
seconds=3	# of one segment

# One take, cut at key frames: every segment starts a file of its own, as in a recorder.
take() {
	[ ! -e "$out/take/000.mp4" ] || return 0
	mkdir -p "$out/take"
	ffmpeg -nostdin -loglevel error -y \
	    -f lavfi -i "testsrc2=size=640x360:rate=25,format=yuv420p" -f lavfi -i "sine=440" \
	    -t $((24 * seconds)) -c:v libx264 -preset ultrafast -g $((25 * seconds)) \
	    -c:a aac -b:a 64k -flags +bitexact \
	    -f segment -segment_time "$seconds" -reset_timestamps 1 "$out/take/%03d.mp4"
	next_take=0
}
next_take=0

utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000Z; }
local_name() { TZ=Asia/Shanghai date -d "@$1" +%Y%m%d_%H%M%S; }

# begin NAME ID OFFICER UNIT BOOTED: a recorder, switched on at that second
begin() {
	name=$1 id=$2 officer=$3 unit=$4 booted=$5
	dir=$out/$name; rm -rf "$dir"; mkdir -p "$dir/DCIM/100MEDIA"
	key=$out/$name.sec
	rm -f "$key" "$out/$name.pub"
	minisign -G -W -p "$out/$name.pub" -s "$key" >/dev/null
	dseq=0 prev=$(printf '%064d' 0) jump=0
	echo "$name $id 1209 5a01 SN${id#REC-} $officer $unit" >>"$out/recorders"
}

# event WHAT DETAIL AT
event() {
	local file
	file=$dir/DCIM/100MEDIA/EVENT_$(printf '%06d' "$dseq").bwm
	prev=$("$BUILD/sidecar" event --key "$key" --device "$id" --dseq "$dseq" --prev "$prev" \
		--what "$1" --detail "$2" --time "$(utc "$3")" --out "$file")
	touch -d "@$3" "$file" "$file.minisig"
	dseq=$((dseq + 1))
}

# segment REC SEQ START LAST REASON: START by the true clock; what the recorder claims is
# `jump` seconds off.  Leaves the path in `media`.
segment() {
	local claimed=$(($3 + jump)) mono=$((($3 - booted) * 1000))
	media=$dir/DCIM/100MEDIA/DCAM_${id#REC-}_$(printf '%06d' "$dseq")_$(local_name "$claimed").mp4
	cp "$out/take/$(printf '%03d' "$next_take").mp4" "$media"
	next_take=$((next_take + 1))
	prev=$("$BUILD/sidecar" sign --key "$key" --media "$media" --device "$id" --rec "$1" \
		--seq "$2" --dseq "$dseq" --prev "$prev" --start "$(utc "$claimed")" \
		--end "$(utc $((claimed + seconds)))" --clock rtc --boot 7 --mono-start "$mono" \
		--mono-end $((mono + seconds * 1000)) --officer "$officer" --last "$4" \
		--end-reason "$5")
	touch -d "@$((claimed + seconds))" "$media" "${media%.mp4}.bwm" "${media%.mp4}.bwm.minisig"
	dseq=$((dseq + 1))
}

# recording REC START SEGMENTS
recording() {
	local i
	for ((i = 0; i < $3 - 1; i++)); do
		segment "$1" "$i" $(($2 + i * seconds)) 0 none
	done
	segment "$1" "$i" $(($2 + i * seconds)) 1 button
}

# card [OPTION...]: the image of the recorder begun last
card() {
	"$BUILD/mkcard" "$out/$name.img" --size 64M --mbr --label "$1" --dir "$dir" "${@:2}"
}

rm -f "$out/recorders"
take

begin clean REC-000101 019101 QH-SC01 $((now - 4 * 3600))
event power-on self-test-passed $((now - 4 * 3600))
recording 11111111-0000-4000-8000-000000000001 $((now - 3 * 3600)) 3
recording 11111111-0000-4000-8000-000000000002 $((now - 2 * 3600)) 3
recording 11111111-0000-4000-8000-000000000003 $((now - 1 * 3600)) 3
card CLEAN

begin late REC-000102 019102 QH-SC01 $((now - 34 * 3600))
start=$((now - 33 * 3600)) rec=22222222-0000-4000-8000-000000000001
segment $rec 0 $start 0 none
segment $rec 1 $((start + seconds)) 0 none
segment $rec 2 $((start + 2 * seconds)) 0 none
rm "$media" "${media%.mp4}.bwm" "${media%.mp4}.bwm.minisig"
segment $rec 3 $((start + 3 * seconds)) 0 none
segment $rec 4 $((start + 4 * seconds)) 1 button
start=$((now - 32 * 3600)) rec=22222222-0000-4000-8000-000000000002
segment $rec 0 $start 0 none
jump=3600
segment $rec 1 $((start + seconds)) 1 button
card LATE

begin tampered REC-000103 019103 QH-SC02 $((now - 3 * 3600))
start=$((now - 2 * 3600)) rec=33333333-0000-4000-8000-000000000001
segment $rec 0 $start 0 none
segment $rec 1 $((start + seconds)) 0 none
printf 'X' | dd of="$media" bs=1 seek=$(($(stat -c %s "$media") / 2)) conv=notrunc status=none
segment $rec 2 $((start + 2 * seconds)) 0 none
sed -i 's/^officer .*/officer 019999/' "${media%.mp4}.bwm"
segment $rec 3 $((start + 3 * seconds)) 1 button
card TAMPERED --add "$out/take/000.mp4:/DCIM/100MEDIA/PRIVATE.MP4@$((now - 5000))" \
	--delete /DCIM/100MEDIA/PRIVATE.MP4

name=unknown dir=$out/unknown
rm -rf "$dir"; mkdir -p "$dir/DCIM"
cp "$out/take/001.mp4" "$dir/DCIM/MOV00001.MP4"
card UNKNOWN
