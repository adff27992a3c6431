# What measuring dockd's own code over card images needs: a stack without its dockd, cards, a clock.
#
#	recorders, files, mib	set before; . tests/bench/bench.sh; begin
#
# shellcheck shell=bash

# shellcheck source=tests/dock.sh
. tests/dock.sh

# need_room BYTES: on the disk of the build folder, where all of it is put
need_room() {
	local room
	mkdir -p "$BUILD/bench"
	export BUILD TMPDIR=$BUILD/bench
	room=$(df --output=avail -B1 "$TMPDIR" | tail -n 1)
	[ "$room" -gt "$1" ] ||
		{ echo "bench: $TMPDIR: needs $(($1 / 1000000000)) GB, has $((room / 1000000000))"; exit 1; }
	[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt $(($1 / 1024)) ] ||
		echo "bench: not enough memory for all files at once: the disk is measured as well"
}

# ------ the stack: PostgreSQL of devstack; its dockd makes room for ours ------

name() { printf 'REC-%s%05d' "$1" "$2"; }	# S: it signs, U: it does not

begin() {
	local i
	DOCK_SLOTS=$((recorders > 8 ? recorders : 8)) dock_begin
	stack kill-dockd 15 >/dev/null
	stack=$DOCK/stack
	# What a lister had in RAM, only one that knows it can tell: lister_peak.c.
	listers=$BUILD/bench/lister_peak.kib
	sed -i "s|^\(lister = \).*|\1\"$BUILD/bench/lister_peak\"|" "$stack/dockvault.conf"
	grep -q lister_peak "$stack/dockvault.conf" || fail "no lister in the configuration"
	postmaster=$(head -n 1 "$stack/pg/postmaster.pid")
	for ((i = 1; i <= recorders; i++)); do
		new_key "$(name S "$i")"
	done
}

# An empty vault, an empty catalog, the recorders enrolled.
fresh() {
	local i id
	rm -rf "$stack/vault" "$stack/state" "$DOCK/copy"
	mkdir -m 0700 "$stack/vault" "$stack/state"
	PGDATABASE=postgres psql -Xq -c "DROP DATABASE IF EXISTS dockvault" \
		-c "CREATE DATABASE dockvault"
	vaultctl db migrate --sql sql >/dev/null
	for ((i = 1; i <= recorders; i++)); do
		id=$(name S "$i")
		enroll "$id" "$id" "$DOCK/$id.pub"
		id=$(name U "$i")
		enroll "$id" "$id"
	done
	PGDATABASE=postgres psql -Xq -c CHECKPOINT
	sync
}

# ------ cards ------

# cards signed|unsigned: an image of each recorder's files, with or without its sidecars
cards() {
	local i dir
	for ((i = 1; i <= recorders; i++)); do
		dir=$DOCK/source/$i
		[ "$1" = signed ] || rm "$dir"/*.bwm "$dir"/*.minisig
		"$BUILD/mkcard" "$DOCK/$i.img" --size $((files * mib + files * mib / 8 + 64))M --mbr \
			--dir "$dir"
	done
	sync
}

# Memory that lies free in a virtual machine may have gone back to its host, and costs whoever takes
# it anew several times what copying into it does; one side takes a lot, the other hardly any.  So
# let memory be full of cache that may go, as on a machine that has been up for days: of holes, which
# cost no disk.  Then both sides find what they read in memory.
holes=0
warm() {
	holes=$((holes + 1))
	truncate -s "$(awk '/^MemFree/ { print $2 }' /proc/meminfo)K" "$DOCK/hole.$holes"
	cat "$DOCK/hole.$holes" >/dev/null
	cat "$@" >/dev/null
}

make_files() {
	local i
	for ((i = 1; i <= recorders; i++)); do
		dseq=0 prev=$(printf '%064d' 0)
		signed_card "$DOCK/source/$i" "$(name S "$i")" "$files" $((mib * 1048576))
	done
}

# ------ measuring ------

# timed OUT COMMAND...: sets wall and cpu, in seconds; the command must succeed
timed() {
	local out=$1 TIMEFORMAT='%R %U %S' user system
	shift
	{ time "$@" >"$out" 2>"$out.log"; } 2>"$DOCK/time" || { cat "$out.log"; fail "$1"; }
	read -r wall user system <"$DOCK/time"
	cpu=$(awk -v u="$user" -v s="$system" 'BEGIN { print u + s }')
}

# CPU seconds of PostgreSQL so far: it is not ours to wait for.
database_cpu() {
	local pids
	pids=$(pgrep -d ' ' -P "$postmaster")
	# shellcheck disable=SC2086	# a list
	{ cut -d' ' -f14-17 "/proc/$postmaster/stat"
	  for pid in $pids; do cut -d' ' -f14,15 "/proc/$pid/stat" 2>/dev/null || true; done
	} | awk -v hz="$(getconf CLK_TCK)" '{ for (i = 1; i <= NF; i++) n += $i } END { print n / hz }'
}

# Our blobs have their names' sums, says somebody else.
check_vault() {
	local sum
	while read -r sum; do
		echo "$sum  $(blob_path "$sum")"
	done <"$DOCK/ours.sums" | b2sum -l 256 --quiet --check ||
		fail "the vault does not hold what the catalog says"
}

# Each docking had a lister at least, and all have told what they had.
listers_told() {
	[ "$(wc -l <"$listers")" -ge "$(sql "SELECT count(*) FROM dock_session")" ] ||
		fail "listers that did not tell their memory"
}
highest() { sort -n "$1" | tail -n 1; }
median() { sort -n "$1" | sed -n "$((rounds / 2 + 1))p"; }

machine() {
	echo "$(nproc) cores of $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)," \
		"$(cp --version | head -n 1), libsodium $(pkg-config --modversion libsodium)," \
		"PostgreSQL $(psql -XAtc "SHOW server_version")"
}
