#!/bin/bash
# Goal: kill -9 at any moment leaves no blob that is not whole, no temporary file, a journal that
# can be read, and everything that was reported durable.
#
# A writer puts blobs and journal records as fast as it can and is killed at 50 random moments;
# stock b2sum judges what is left.  A kill leaves the page cache as it is: what a power cut would
# take as well is argued in lib/vault/DESIGN.md.
set -eu -o pipefail
rounds=50
work=$(mktemp -d)
writer=
trap '[ -z "$writer" ] || kill -9 "$writer" 2>/dev/null; rm -rf "$work"' EXIT
fail() { echo "30-vault-kill: $*"; exit 1; }

mkdir "$work/journals"
for ((round = 1; round <= rounds; round++)); do
	"$BUILD/vault-writer" put "$work/vault" "$work/journals" "round-$round" "$round" \
		>>"$work/reported" 2>>"$work/complaints" &
	writer=$!
	sleep "0.0$((RANDOM % 90 + 10))"	# the random moment
	kill -9 "$writer" || fail "round $round: the writer ended by itself: $(cat "$work/complaints")"
	wait "$writer" 2>/dev/null || true
	writer=
done
[ ! -s "$work/complaints" ] || fail "the writer complained: $(cat "$work/complaints")"

# A kill may fall into the middle of printing a line; that line was not printed.
grep -E '^[0-9a-f]{64} [0-9]+$' "$work/reported" | sort >"$work/reported.sorted" ||
	fail "nothing was ever reported durable"
"$BUILD/vault-writer" records "$work/journals" 2>"$work/cuts" | sort >"$work/records.sorted" ||
	fail "a journal cannot be read: $(cat "$work/cuts")"
journals=$(find "$work/journals" -name 'round-*.journal' | wc -l)
lost=$(comm -23 "$work/reported.sorted" "$work/records.sorted" | wc -l)
[ "$lost" -eq 0 ] || fail "$lost records were reported durable and are lost"
[ -z "$(uniq -d "$work/records.sorted")" ] || fail "a record is there twice"

# Every file is a blob whose name is its digest.
(cd "$work/vault/objects" && find . -type f -printf '%P %m %s\n' | sort) >"$work/files"
awk '{ n = split($1, p, "/")
       if (n != 3 || length(p[3]) != 64 || p[1] p[2] != substr(p[3], 1, 4) || $2 != "440") {
		print "not a blob: " $0; bad = 1 } }
     END { exit bad }' "$work/files" || fail "something else than blobs is in the vault"
[ -z "$(find "$work/vault" ! -type d ! -type f)" ] || fail "something else than files is in the vault"
(cd "$work/vault/objects" && find . -type f -print0 | xargs -0 b2sum -l 256) |
	awk '{ n = split($2, p, "/"); if (p[n] != $1) { print "damaged: " $0; bad = 1 } } END { exit bad }' ||
	fail "a visible blob is not whole"

# Every record speaks of a blob that is there, with its size.
awk '{ n = split($1, p, "/"); print p[n], $3 }' "$work/files" | sort >"$work/blobs"
missing=$(comm -23 "$work/records.sorted" "$work/blobs" | wc -l)
[ "$missing" -eq 0 ] || fail "$missing records speak of blobs that are not there"

torn=$(awk '$2 > 0' "$work/cuts" | wc -l)
echo "30-vault-kill: $rounds kills, $journals journals ($torn with a torn tail)," \
	"$(wc -l <"$work/blobs") blobs, $(wc -l <"$work/records.sorted") records," \
	"$(wc -l <"$work/reported.sorted") reported: all whole"
