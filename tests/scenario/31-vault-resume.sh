#!/bin/bash
# Goal: a put that is ended by kill -9 or SIGTERM at any moment is continued where its marks say, and
# the blob is the one that an undisturbed put would have made.
#
# Each of several blobs is put by a writer that is ended at random moments, over and over, until it is
# sealed.  What lies there in between is judged with stock tools: a mark's digest is that of the bytes
# before it, and the next run goes on from the last one.  A kill leaves the page cache as it is: what
# a power cut would take as well is argued in lib/vault/DESIGN.md.
# Takes 35 s
set -eu -o pipefail
blobs=6 size=$((90 * 1024 * 1024 + 4321)) runs_max=40
work=$(mktemp -d)
writer=
trap '[ -z "$writer" ] || kill -9 "$writer" 2>/dev/null; rm -rf "$work"' EXIT
fail() { echo "31-vault-resume: $*"; exit 1; }
partial=$work/vault/partial

# Sets want: what the last whole mark of the blob says, 0 without one; its digest must be right.
judge() {
	local data marks records digest
	want=0
	data=$(find "$partial" -name '*.data') marks=$(find "$partial" -name '*.marks')
	[ -n "$data" ] && [ -n "$marks" ] || return 0
	# Ended between its two names, it is a blob already.
	[ "$(stat -c %h "$data")" -eq 1 ] || return 0
	records=$(($(stat -c %s "$marks") / 64))
	[ "$records" -gt 0 ] || return 0
	want=$(od -An -t u8 -j $((records * 64 - 56)) -N 8 "$marks" | tr -d ' ')
	digest=$(od -An -v -t x1 -j $((records * 64 - 48)) -N 32 "$marks" | tr -d ' \n')
	[ "$(head -c "$want" "$data" | b2sum -l 256 | cut -d' ' -f1)" = "$digest" ] ||
		fail "a mark of $want bytes does not have their digest"
}

kills=0 terms=0 resumed=0
mkdir -p "$partial"
for ((blob = 1; blob <= blobs; blob++)); do
	for ((run = 1; ; run++)); do
		[ "$run" -le "$runs_max" ] || fail "blob $blob is not sealed after $runs_max runs"
		judge
		"$BUILD/vault-writer" resume "$work/vault" "$blob" "$size" >"$work/said" 2>"$work/complaints" &
		writer=$!
		# The random moment; later each time, since what is there is read again first.
		sleep "$(printf '%d.%03d' $((run / 20)) $((run % 20 * 50 + RANDOM % 50)))"
		signal=$([ $((RANDOM % 3)) -eq 0 ] && echo TERM || echo KILL)
		if kill "-$signal" "$writer" 2>/dev/null; then
			[ "$signal" = KILL ] && kills=$((kills + 1)) || terms=$((terms + 1))
		fi
		wait "$writer" 2>/dev/null || true
		writer=
		[ ! -s "$work/complaints" ] || fail "the writer complained: $(cat "$work/complaints")"
		if kept=$(grep -oP '^kept \K[0-9]+$' "$work/said"); then
			[ "$kept" = "$want" ] || fail "went on at $kept, the marks said $want"
			[ "$kept" -eq 0 ] || resumed=$((resumed + 1))
		fi
		address=$(grep -oP '^sealed \K[0-9a-f]{64}$' "$work/said") || continue
		[ "$address" = "$("$BUILD/vault-writer" bytes "$blob" "$size" | b2sum -l 256 | cut -d' ' -f1)" ] ||
			fail "the blob is not what was put"
		break
	done
	[ -z "$(ls "$partial")" ] || fail "something is left beside a sealed blob: $(ls "$partial")"
done
[ "$resumed" -gt 0 ] || fail "no run went on from where one was ended"

# Exactly these blobs, each whole and read-only.
(cd "$work/vault/objects" && find . -type f -printf '%f %m %s %n\n') |
	awk -v size="$size" '$2 != "440" || $3 != size || $4 != 1 { print "not a blob: " $0; bad = 1 } END { exit bad }' ||
	fail "something else than blobs is in the vault"
(cd "$work/vault/objects" && find . -type f -print0 | xargs -0 b2sum -l 256) |
	awk '{ n = split($2, p, "/"); if (p[n] != $1) { print "damaged: " $0; bad = 1 } } END { exit bad }' ||
	fail "a visible blob is not whole"
[ "$(find "$work/vault/objects" -type f | wc -l)" -eq "$blobs" ] || fail "blobs are missing"
echo "31-vault-resume: $blobs blobs, $kills kills, $terms terminations, $resumed times taken up:" \
	"all whole, none from the beginning when there was a mark"
