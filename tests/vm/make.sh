# For make_PART of check-vm: what recorders would have left, below $dir.
#
# shellcheck shell=bash disable=SC2154	# $dir is check-vm's

# shellcheck disable=SC2034
unwritten=()		# images that must not change

now=$(date +%s)
utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000Z; }
seconds=60

# segments NAME ID REC COUNT: signed files of some MiB, the last one a minute ago
segments() {
	local name=$1 id=$2 rec=$3 count=$4 i media start prev last
	local folder=$dir/$name/DCIM/执法100
	mkdir -p "$folder"
	minisign -G -W -p "$dir/$name.pub" -s "$dir/$name.sec" >/dev/null
	prev=$(printf '%064d' 0)
	for ((i = 0; i < count; i++)); do
		start=$((now - (count - i + 1) * seconds))
		media=$folder/DCAM_$(printf '%06d' "$i").mp4
		head -c $((2500000 + i * 333333)) /dev/urandom >"$media"
		last=$((i == count - 1))
		prev=$("$BUILD/sidecar" sign --key "$dir/$name.sec" --media "$media" --device "$id" \
			--rec "$rec" --seq "$i" --dseq "$i" --prev "$prev" --start "$(utc "$start")" \
			--end "$(utc $((start + seconds)))" --clock rtc --boot 1 \
			--mono-start $((i * seconds * 1000)) --mono-end $(((i + 1) * seconds * 1000)) \
			--officer 019123 --last "$last" \
			--end-reason "$([ "$last" -eq 1 ] && echo button || echo none)")
	done
}

# files FOLDER NAME:BYTES...: that nobody signed
files() {
	local folder=$dir/$1 file
	shift
	for file; do
		mkdir -p "$(dirname "$folder/${file%:*}")"
		head -c "${file#*:}" /dev/urandom >"$folder/${file%:*}"
	done
}

# card NAME SIZE [MKFS-OPTION...]: NAME.img with what is in the folder NAME, by stock tools
card() {
	truncate -s "$2" "$dir/$1.img"
	mkfs.fat "${@:3}" "$dir/$1.img" >/dev/null
	mcopy -s -m -i "$dir/$1.img" "$dir/$1"/* ::/
}
