#!/bin/bash
# Goal: what is stored is read again, and what is not as it should be is found, named with its next step, and made
# good where there is a whole copy:
#
#   one bit         flipped in either store: repaired from the other, the bad bytes kept aside
#   gone, extra     a blob, in either store; a file that no record names; a folder with a blob's name
#   EIO             on one block: repaired, and what cannot be read is kept aside
#   no whole copy   a violation, once, until there is one again
#   not mounted     an empty place, or another disk's: nothing is judged
#   full, read-only a second disk: said, and what is owed stays owed
#   kill -9         in the middle: one batch is read again, and the run is closed as it stood
#   set back        a vault from last week beside today's catalog, and the reverse
#   a drill         scrub, finding, notice and repair all fire, and it fails where one does not
# Takes 12 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# A disk of our own needs a mount namespace, and that root: without, that part is left out.
if [ "$(id -u)" -eq 0 ] && [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=1 exec unshare --mount bash "$0"
fi
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
# shellcheck source=tests/dock.sh
. tests/dock.sh			# for await
export LC_ALL=C.UTF-8
unset DOCKVAULT_LOGIN
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-scrub.XXXXXX")
chmod 0711 "$dir"
out=$dir/out
proc() { "$BUILD/stackproc" "$@"; }
finish() {
	local p
	for p in "$dir"/*.pid; do
		proc stop --pidfile "$p" --signal 9 >/dev/null 2>&1 || true
	done
	! mountpoint -q "$dir/second" || umount "$dir/second"
	cluster_end
	rm -rf "$dir"
}
trap finish EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; cat -v "$out" 2>/dev/null | head -40; exit 1; }
v() { "$BUILD/vaultctl" --config "$dir/conf" --lang en "$@"; }
ma() { DOCKVAULT_LOGIN=ma v "$@"; }
# expect STATUS TEXT COMMAND...
expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want"
	grep -qF -e "$text" "$out" || fail "$*: does not say \"$text\""
}
q() { psql -h "$CLUSTER" -U postgres -d dv -XAtq -v ON_ERROR_STOP=1 -c "SET search_path = dv" -c "$1"; }
# is WHAT HAS WANTED
is() { [ "$2" = "$3" ] || { echo "$2"; echo "instead of: $3"; fail "$1"; }; }
tally() { jq -r ".[0] | [.checked, .whole, .damaged, .missing, .unreadable, .repaired, .made] | join(\" \")" "$out"; }
# scrubbed STATUS "CHECKED WHOLE DAMAGED MISSING UNREADABLE REPAIRED MADE" OPTION...
scrubbed() {
	local status=0 want=$1 counts=$2
	shift 2
	v scrub --json "$@" >"$out" 2>"$dir/err" || status=$?
	[ "$status" -eq "$want" ] || { cat "$dir/err"; fail "scrub $*: exit $status instead of $want"; }
	is "scrub $*" "$(tally)" "$counts"
}
states() { q "SELECT string_agg(state || ' ' || n, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM copy
	WHERE store = '$1' GROUP BY state) AS x"; }
found() { q "SELECT count(*) FROM finding WHERE code = '$1'"; }
path() { echo "$dir/$1/objects/${2:0:2}/${2:2:2}/$2"; }

cluster_start
"$BUILD/catalog-drive" migrate "$CONNINFO user=postgres" sql >/dev/null
db postgres "CREATE ROLE ma LOGIN IN ROLE dv_person" "GRANT dv_admin TO ma" \
	"INSERT INTO dv.unit (unit, revision, name, closed, reason) VALUES ('QH', 1, 'QH', false, 't')" \
	"INSERT INTO dv.account (login, revision, name, unit, roles, reason) VALUES ('ma', 1, 'Ma', 'QH', '{admin}', 't')" >/dev/null
mkdir -p "$dir/vault/objects" "$dir/vault/partial" "$dir/second" "$dir/log" "$dir/hook"
proc start --pidfile "$dir/hook.pid" --log "$dir/hook.log" --ready line -- "$BUILD/webhookd" "$dir/hook" >"$dir/port"
printf 'our own key\n' >"$dir/key"
chmod 0400 "$dir/key"
cat >"$dir/conf" <<END
station = "QH-01"
vault = "$dir/vault"
vault_immutable = false
state = "$dir/state"
database = "host=$CLUSTER dbname=dv"
control = "$dir/control"
log = "$dir/log"
copy "second" { path = "$dir/second/vault" }
channel "own" { kind = "json" url = "http://127.0.0.1:$(cat "$dir/port")/hook" secret = "$dir/key" language = "en" }
END

# store N BYTES: a blob as the dock leaves one; its address
store() {
	local hash
	head -c "$2" /dev/urandom >"$dir/blob"
	hash=$(b2sum -l 256 "$dir/blob" | cut -d' ' -f1)
	mkdir -p "$(dirname "$(path vault "$hash")")"
	mv "$dir/blob" "$(path vault "$hash")"
	chmod 0440 "$(path vault "$hash")"
	echo "$hash"
}
blobs=()
for i in $(seq 24); do blobs+=("$(store "$i" $((i % 4 == 0 ? 2500000 + i : 3000 * i)))"); done
values=$(for b in "${blobs[@]}"; do printf "('\\\\x%s', %s, now())," "$b" "$(stat -c %s "$(path vault "$b")")"; done)
q "INSERT INTO blob (hash, size, stored_at) VALUES ${values%,}"
# As custodyd places them.
q "INSERT INTO custody_entry (leaf_index, event) SELECT row_number() OVER (ORDER BY event) - 1, event FROM custody_event"

# ------ one store ------

expect 2 "no store third" v scrub --store third
expect 2 "from 1 to 2" v scrub --streams 3
scrubbed 0 "24 24 0 0 0 0 0" --all --streams 2
is "other digests" "$(q "SELECT encode(sha256, 'hex') FROM blob_digest WHERE blob = '\\x${blobs[3]}'")" \
	"$(sha256sum "$(path vault "${blobs[3]}")" | cut -d' ' -f1)"
is "and SM3" "$(q "SELECT encode(sm3, 'hex') FROM blob_digest WHERE blob = '\\x${blobs[4]}'")" \
	"$(openssl dgst -sm3 -r "$(path vault "${blobs[4]}")" | cut -d' ' -f1)"
scrubbed 0 "0 0 0 0 0 0 0"
ok "all was read once, with other digests, and nothing is due twice"

# ------ a second store ------

expect 2 "--reason" ma store set second --holds all
expect 0 "dry run" ma store set second --holds all --reason "a second disk" --dry-run
expect 0 "second is entered" ma store set second --holds all --reason "a second disk"
scrubbed 0 "24 0 0 0 0 0 24" --store second
for b in "${blobs[@]}"; do cmp -s "$(path vault "$b")" "$(path second/vault "$b")" || fail "$b is not copied"; done
expect 0 "second" v store list
scrubbed 0 "24 24 0 0 0 0 0" --store second --all
ok "a second store has a copy of each, and each was read back"

# flip STORE HASH [BYTE]
flip() {
	local p; p=$(path "$1" "$2")
	chmod u+w "$p"
	printf "\\x$(printf '%02x' $((0x$(xxd -s "${3:-100}" -l 1 -p "$p") ^ 4)))" |
		dd of="$p" bs=1 seek="${3:-100}" conv=notrunc status=none
	chmod u-w "$p"
}

flip vault "${blobs[3]}" 1500000
rm -f "$(path vault "${blobs[4]}")"
rm -f "$(path vault "${blobs[5]}")"
mkdir "$(path vault "${blobs[5]}")"
flip second/vault "${blobs[6]}"
truncate -s 0 "$(path second/vault "${blobs[7]}")"
scrubbed 1 "24 21 2 1 0 3 0" --store vault --all
scrubbed 1 "24 22 2 0 0 2 0" --store second --all
for b in "${blobs[@]}"; do cmp -s "$(path vault "$b")" "$(path second/vault "$b")" || fail "$b is not repaired"; done
is "findings" "$(found storage_repaired) $(found storage_damaged)" "5 0"
[ -d "$dir/vault/aside/${blobs[5]}.1" ] && [ -s "$dir/vault/aside/${blobs[3]}.1" ] || fail "what was bad is not kept"
is "the bad bytes" "$(stat -c %s "$dir/vault/aside/${blobs[3]}.1")" "$(stat -c %s "$(path vault "${blobs[3]}")")"
flip vault "${blobs[3]}"
scrubbed 1 "24 23 1 0 0 1 0" --store vault --all
[ -s "$dir/vault/aside/${blobs[3]}.2" ] || fail "it took the place of what was kept before"
is "what happened" "$(q "SELECT string_agg(kind, ' ' ORDER BY event) FROM copy_event WHERE blob = '\\x${blobs[3]}' AND store = 'vault'")" \
	"damaged set_aside repaired damaged set_aside repaired"
ok "a flipped bit, a missing blob, a folder in its place, an empty file: repaired, and kept"

# ------ no whole copy ------

flip vault "${blobs[8]}"
flip second/vault "${blobs[8]}" 200
expect 3 "${blobs[8]}" v scrub --store vault --all
is "a violation" "$(q "SELECT severity || ' ' || (detail ->> 'was') FROM finding WHERE code = 'storage_damaged'")" "violation damaged"
[ ! -e "$dir/vault/aside/${blobs[8]}.1" ] || fail "set aside, though nothing takes its place"
v scrub --store vault --all >/dev/null && fail "it is damaged still"
is "once" "$(found storage_damaged)" 1
flip second/vault "${blobs[8]}" 200	# as from a backup
scrubbed 1 "24 23 1 0 0 1 0" --store vault --all
is "once there is a whole one" "$(states vault)" "present 24"
ok "where no copy is whole it is a violation, until there is one"

# ------ EIO on one block ------

cat >"$dir/eio.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
ssize_t pread(int fd, void *p, size_t len, off_t at)
{
	ssize_t (*next)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	const char *bad = getenv("EIO_PATH");
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (bad != NULL && n > 0 && (path[n] = 0, strcmp(path, bad) == 0) &&
	    at <= 1400000 && at + (off_t)len > 1400000) {
		errno = EIO;
		return -1;
	}
	return next(fd, p, len, at);
}
END
if cc -shared -fPIC -O1 -o "$dir/eio.so" "$dir/eio.c" -ldl 2>/dev/null; then
	export EIO_PATH
	EIO_PATH=$(realpath "$(path second/vault "${blobs[11]}")")
	status=0
	LD_PRELOAD=$dir/eio.so ASAN_OPTIONS=verify_asan_link_order=0 v scrub --store second --all --json >"$out" 2>"$dir/err" || status=$?
	unset EIO_PATH
	is "EIO on one block ($(cat "$dir/err"))" "$status $(tally)" "1 24 23 0 0 1 1 0"
	q "SELECT detail ->> 'error' FROM copy_event WHERE kind = 'unreadable'" | grep -q "check the disk and the kernel log" ||
		fail "the next step is not named"
	[ -s "$dir/second/vault/aside/${blobs[11]}.1" ] || fail "what could not be read is gone"
	ok "a block that cannot be read: repaired"
fi

# ------ extra files, and a log that knows more ------

extra=$(store 99 5000)
touch "$dir/vault/objects/README"
expect 1 "is not recorded in the catalog" v scrub --store vault --all
is "extra" "$(q "SELECT string_agg(subject, ' ' ORDER BY subject) FROM finding WHERE code = 'blob_unlogged'")" "README"
# Younger than a day, and the dock does not answer: it may be on its way.
grep -q "1 on their way in" "$out" || fail "what came in a moment ago is accused"
printf 'example.cn/x\n999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.cn/x %s\n' \
	"$(head -c 68 /dev/zero | base64 -w0)" >"$dir/log/checkpoint"
v scrub --store vault --all >"$out" 2>&1 && fail "the log has more than the catalog"
is "a catalog from last week" "$(q "SELECT subject || ' ' || (detail ->> 'log_size') FROM finding WHERE code = 'catalog_is_older'")" "vault 999999"
rm -f "$dir/log/checkpoint" "$dir/vault/objects/README" "$(path vault "$extra")"
ok "what no record names, and a catalog that was set back"

# ------ not mounted ------

mv "$dir/second/vault" "$dir/away"
expect 4 "is its disk mounted?" v scrub --store second --all
mkdir -p "$dir/second/vault/objects"
expect 4 "another disk is mounted there, or none" v scrub --store second --all
is "nothing was judged" "$(states second)" "present 24"
rmdir "$dir/second/vault/objects" "$dir/second/vault"
mv "$dir/away" "$dir/second/vault"
ok "a disk that is not mounted says nothing of its copies"

# ------ full, read-only ------

if [ -n "${IN_NAMESPACE:-}" ]; then
	mv "$dir/second/vault" "$dir/away"
	mount -t tmpfs -o size=7m,mode=0711 none "$dir/second"
	mkdir -p "$dir/second/vault/objects" "$dir/second/vault/partial"
	expect 3 "free space on its disk" v scrub --store second --all --empty
	is "what there was room for" "$(($(q "SELECT count(*) FROM copy WHERE store = 'second' AND state = 'present'") > 2))" 1
	mount -o remount,size=40m "$dir/second"
	v scrub --store second --bad >"$out" 2>&1 || true
	is "a new disk is filled" "$(states second)" "present 24"
	rm -f "$(path second/vault "${blobs[2]}")"
	mount -o remount,ro "$dir/second"
	expect 3 "Read-only file system" v scrub --store second --all
	mount -o remount,rw "$dir/second"
	v scrub --store second --all >"$out" 2>&1 || true
	is "and goes on" "$(states second)" "present 24"
	umount "$dir/second"
	mv "$dir/away" "$dir/second/vault"
	ok "a disk that is full, read-only, new"
fi

# ------ kill -9, and SIGTERM ------

goes_on() { [ "$(q "SELECT count(*) FROM scrub_open WHERE store = 'vault'")" = 1 ]; }

q "UPDATE copy SET looked_at = NULL, checked_at = NULL, check_at = since + interval '1 hour' WHERE store = 'vault'"
"$BUILD/vaultctl" --config "$dir/conf" scrub --store vault --bandwidth 2 >"$out" 2>&1 &
pid=$!
await 30 "a scrub of the vault goes on" goes_on
expect 2 "another scrub of it is going on" v scrub --store vault
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
scrubbed 0 "24 24 0 0 0 0 0" --store vault
is "closed as it stood" "$(q "SELECT count(*) FROM scrub_run WHERE interrupted AND store = 'vault'")" 1
q "UPDATE copy SET looked_at = NULL, checked_at = NULL, check_at = since + interval '1 hour' WHERE store = 'vault'"
"$BUILD/vaultctl" --config "$dir/conf" --lang en scrub --store vault --bandwidth 2 >"$out" 2>&1 &
pid=$!
await 30 "a scrub of the vault goes on" goes_on
kill -TERM "$pid"
wait "$pid" || fail "SIGTERM ends it in good order"
grep -q "stopped as asked" "$out" || fail "it does not say so"
v scrub --store vault >"$out" 2>&1
is "all was read" "$(q "SELECT count(*) FROM copy WHERE store = 'vault' AND checked_at IS NULL")" 0
ok "killed in the middle, and ended: the next one goes on"

# ------ a vault that was set back ------

late=()
for i in $(seq 12); do late+=("$(store "$i" 2000)"); done
for b in "${late[@]}"; do q "INSERT INTO blob (hash, size, stored_at) VALUES ('\\x$b', 2000, now())"; rm -f "$(path vault "$b")"; done
v scrub --store vault --all >"$out" 2>&1 && fail "a dozen is missing"
is "a vault from last week" "$(q "SELECT detail ->> 'missing' FROM finding WHERE code = 'store_is_older'")" 12
is "and each is known" "$(states vault)" "missing 12, present 24"
is "made anew from the facts" "$(q "CREATE TEMPORARY TABLE was AS SELECT * FROM copy; SELECT copies_rebuild() > 0;
	SELECT count(*) FROM ((SELECT * FROM was EXCEPT SELECT * FROM copy) UNION ALL (SELECT * FROM copy EXCEPT SELECT * FROM was)) AS x")" "t
0"
ok "a vault that was set back"

# ------ a report ------

v scrub --report >"$out" 2>&1 && fail "a dozen is missing, and the report says all is well"
grep -q "second" "$out" || fail "the report does not name the stores"
v scrub --report --json >"$out" || true
is "the report" "$(jq -r '.stores[0] | [.store, .present, .missing] | join(" ")' "$out")" "vault 24 12"
v scrub --report --format csv --out "$dir/report.csv" || true
head -c 3 "$dir/report.csv" | cmp -s - <(printf '\xef\xbb\xbf') || fail "no CSV"
v scrub --report --format pdf --out "$dir/report.pdf" || true
head -c 5 "$dir/report.pdf" | grep -q '%PDF' || fail "no PDF"
ok "the report as a table, JSON, CSV and PDF"

# ------ a drill ------

q "DELETE FROM notice_news"
expect 1 "no channel" v drill --reason "the quarter's" --wait 0
is "repaired all the same" "$(q "SELECT count(*) FROM copy c JOIN drill d USING (blob) WHERE c.state = 'present'")" 2
proc start --pidfile "$dir/alertd.pid" --log "$dir/alertd.log" --ready notify -- "$BUILD/alertd" --config "$dir/conf"
expect 0 "all fired" v drill --reason "the quarter's" --wait 30
is "one blob for all drills" "$(q "SELECT count(DISTINCT blob) || ' ' || count(*) FROM drill")" "1 2"
is "passed and not" "$(q "SELECT string_agg(passed::text, ' ' ORDER BY ended_at) FROM drill_end")" "false true"
is "a notice in the month's report" "$(q "SELECT DISTINCT severity FROM finding WHERE detail ? 'drill'")" "notice"
expect 0 "nothing was changed" v drill --reason x --dry-run
ok "a drill: scrub, finding, notice and repair fire, and it fails where one does not"
