#!/bin/bash
# Goal: a backup that was not finished is none, one that was changed is not restored, one that is overdue is found, and a catalog
# and a vault of different days say so.
#
#   killed in the middle, pg_dump failing, something disposed of meanwhile, a full disk, two at once, a damaged blob
#   a bit flipped in each kind of file, a blob missing, another key's signature, places that are not empty
#   an older backup beside a checkpoint that somebody kept; last week's catalog with today's vault, and the reverse
# Takes 30 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck source=tests/backup.sh
. tests/backup.sh
DOCK_CLOCK=1 backup_begin
backup >/dev/null 2>&1
first=$(newest)
dock A2 REC-2 2
another_second
backup >/dev/null 2>&1
second=$(newest)

# ------ what goes wrong while it is made ------

# pg_dump says that it is at work, and waits: what is done meanwhile is done in the middle.
mkdir "$DOCK/bin"
mkfifo "$DOCK/at-work" "$DOCK/go-on"
cat >"$DOCK/bin/pg_dump" <<END
#!/bin/sh
echo \$PPID >$DOCK/at-work
read -r _ <$DOCK/go-on
exec $(command -v pg_dump) "\$@"
END
chmod +x "$DOCK/bin/pg_dump"
in_the_middle() { PATH=$DOCK/bin:$PATH backup; }
another_second
in_the_middle >"$DOCK/middle" 2>&1 &
maker=$!
read -r vaultctl_pid <"$DOCK/at-work"
expect 2 'another backup is being made there' backup
kill -9 "$vaultctl_pid"
if wait $maker 2>/dev/null; then fail "it ended well although it was killed"; fi
echo >"$DOCK/go-on"
[ "$(find "$DOCK/disk" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail "more or less than one .part"
[ "$(newest)" = "$second" ] || fail "what was killed looks like a backup"
another_second
printf '#!/bin/sh\nexit 3\n' >"$DOCK/bin/pg_dump"
expect 4 'pg_dump ended with status 3' in_the_middle
[ "$(find "$DOCK/disk" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] || fail "a .part was left"
if mkdir "$DOCK/small" && mount -t tmpfs -o size=1m tmpfs "$DOCK/small" 2>/dev/null; then
	expect 4 'No space left' as zhou backup "$DOCK/small" "${opened[@]}" "${why[@]}"
	[ -z "$(ls -A "$DOCK/small")" ] || fail "a full disk was left full"
	umount "$DOCK/small"
else
	echo "a full disk: not tried, no file system can be mounted here"
fi
victim=$(sql "SELECT encode(blob, 'hex') FROM segment ORDER BY size DESC, blob LIMIT 1")
mkdir "$DOCK/other"
flip "$(blob_path "$victim")" 100
expect 3 "$victim: not what its address says" as zhou backup "$DOCK/other" "${opened[@]}" "${why[@]}"
[ "$(find "$DOCK/other"/*Z/vault -type f | wc -l)" = $(($(blobs) - 1)) ] || fail "not all others were backed up"
another_second
mv "$(blob_path "$victim")" "$DOCK/gone"
expect 3 '1 blobs that the catalog names are not in the backup' as zhou backup "$DOCK/other" "${opened[@]}" "${why[@]}"
mv "$DOCK/gone" "$(blob_path "$victim")"
flip "$(blob_path "$victim")" 100
# A list that somebody changed is not taken from.
another_second
flip "$DOCK/other/$(cd "$DOCK/other" && find . -name '*Z' | sort | tail -n 1)/vault.sha256" 3
expect 0 'this backup is not whole or was changed' as zhou backup "$DOCK/other" "${opened[@]}" "${why[@]}"
rm -r "$DOCK/other"
ok "what was not finished is no backup, and what is damaged is named"

# ------ overdue ------

overdue() { [ "$(sql "SELECT count(*) FROM finding WHERE code = 'backup_overdue'")" = "$1" ]; }
at_clock +6d
overdue 0 || fail "found too early"
at_clock +25h
await 30 "a backup that is overdue is found" overdue 1
ok "none for seven days is found"

# ------ something is disposed of meanwhile ------

# In one catalog, as the program that disposes does it: begun on record, its bytes gone, the tombstone.
cat >"$DOCK/bin/pg_dump" <<END
#!/bin/sh
echo \$PPID >$DOCK/at-work
read -r _ <$DOCK/go-on
exec $(command -v pg_dump) "\$@"
END
mkdir "$DOCK/other"
another_second
PATH=$DOCK/bin:$PATH as zhou backup "$DOCK/other" "${opened[@]}" "${why[@]}" --json >"$DOCK/middle" 2>/dev/null &
maker=$!
read -r _ <"$DOCK/at-work"
psql -XAtq -v ON_ERROR_STOP=1 >/dev/null <<END
SET ROLE dv_owner; SET search_path = dv;
INSERT INTO disposal_plan (plan, day, objects, bytes, digest, reason)
	VALUES ('00000000-0000-4000-8000-000000000001', current_date, 1, 1, sha256('x'), 'scenario');
INSERT INTO disposal_begun (segment, plan, blob) SELECT segment, '00000000-0000-4000-8000-000000000001', blob
	FROM segment WHERE blob = decode('$victim', 'hex');
INSERT INTO tombstone (segment, plan, blob, size, facts, stores, blob_kept)
	SELECT segment, '00000000-0000-4000-8000-000000000001', blob, size, '{}', '{vault}', false
	FROM segment WHERE blob = decode('$victim', 'hex');
END
rm -f "$(blob_path "$victim")"
echo >"$DOCK/go-on"
read -r _ <"$DOCK/at-work"	# once more: what was dumped before names what is gone
echo >"$DOCK/go-on"
wait $maker || { cat "$DOCK/middle"; fail "a backup beside a disposal"; }
jq -e '.missing == 0' "$DOCK/middle" >/dev/null || { cat "$DOCK/middle"; fail "what was disposed of is said to be missing"; }
beside=$(jq -r .path "$DOCK/middle")
! grep -q "^$victim" "$beside/blobs.list" || fail "the dump is of before the disposal"
[ ! -e "$beside/vault/${victim:0:2}/${victim:2:2}/$victim" ] || fail "what was disposed of is in the backup"
ok "what is disposed of meanwhile is in neither half"

# ------ what is not whole is not restored ------

dock A2 REC-2 1
cp "$DOCK/stack/custody/checkpoint" "$DOCK/newer"
cp -a "$DOCK/stack/custody" "$DOCK/custody"
minisign -G -W -p "$DOCK/mallory.pub" -s "$DOCK/mallory.sec" >/dev/null
all_gone
expect 3 "not signed by the dock's key" restore "$second" --key "$DOCK/mallory.pub"
cp -a "$second" "$DOCK/bad"
blob=vault/${victim:0:2}/${victim:2:2}/$victim
rm "$DOCK/bad/$blob"
expect 3 "$victim" restore "$DOCK/bad"
cp "$second/$blob" "$DOCK/bad/$blob"
while read -r file offset words; do
	flip "$DOCK/bad/$file" "$offset"
	expect 3 "$words" restore "$DOCK/bad"
	flip "$DOCK/bad/$file" "$offset"
done <<END
$blob 70000 $victim: not what the backup's lists say
database.dump 3000 database.dump: not what the backup's lists say
vault.sha256 3 vault.sha256: not what the backup's lists say
custody/checkpoint 40 custody/checkpoint: not what the backup's lists say
conf/dockvault.conf 4 conf/dockvault.conf: not what the backup's lists say
backup.json 30 backup.json: not what the backup's lists say
SHA256SUMS 3 not signed by the dock's key
keys.tar.age 400 changed, cut or continued
END
expect 0 'nothing was changed' restore "$DOCK/bad" --dry-run
nothing_written
mkdir "$DOCK/new"
touch "$DOCK/new/something"
expect 2 'not empty' restore "$second"
rm -r "$DOCK/new"
ok "what is not whole, or whose it is not, is found before anything is written"

# ------ of another day ------

# What the superuser is given is what was checked, whatever becomes of the medium meanwhile.
cp -a "$first" "$DOCK/changing"
cat >"$DOCK/bin/pg_restore" <<END
#!/bin/sh
: >$DOCK/changing/database.dump
exec $(command -v pg_restore) "\$@"
END
chmod +x "$DOCK/bin/pg_restore"
on_a_bad_medium() { PATH=$DOCK/bin:$PATH restore "$DOCK/changing" "$@"; }
expect 1 'are lost (Art. 33)' on_a_bad_medium --checkpoint "$DOCK/newer"
[ ! -s "$DOCK/changing/database.dump" ] || fail "it was not changed"
[ ! -e "$DOCK/new/database.dump" ] || fail "a dump was left"
grep -q 'verified against\|leaves checked' "$DOCK/said" || { cat "$DOCK/said"; fail "it was not verified"; }
ok "what came after the backup is named, where somebody kept a head of it"

# Last week's catalog beside today's log and vault.
export DOCKVAULT_CONF=$DOCK/new/dockvault.conf
mv "$DOCK/new/custody" "$DOCK/new/custody.first"
cp -a "$DOCK/custody" "$DOCK/new/custody"
expect 3 'the catalog has no event for this leaf' v verify log
grep -qF 'see first that all three came from the same backup' "$DOCK/said" || { cat "$DOCK/said"; fail "no next step"; }
rm -r "$DOCK/new/custody"
mv "$DOCK/new/custody.first" "$DOCK/new/custody"
cp -an "$second/vault/." "$DOCK/new/vault/objects/"
# Within a day of its coming a blob may be on its way in: it is counted, and found after that.
got=0
v verify log >"$DOCK/said" 2>&1 || got=$?	# 1: no custodyd seals here what waited in the backup
[ "$got" -le 1 ] && grep -qF "$(($(find "$second/vault" -type f | wc -l) - $(find "$first/vault" -type f | wc -l))) more on their way in" "$DOCK/said" ||
	{ cat "$DOCK/said"; fail "blobs that nobody recorded are not counted"; }

# Today's catalog beside last week's vault.
unset DOCKVAULT_CONF
dropdb -h "$CLUSTER" -U postgres dv
createdb -h "$CLUSTER" -U postgres dv
rm -r "$DOCK/new"
expect 0 'log and every blob verified' restore "$second"
rm -r "$DOCK/new/vault"
mkdir "$DOCK/new/vault"
cp -a "$first/vault" "$DOCK/new/vault/objects"
export DOCKVAULT_CONF=$DOCK/new/dockvault.conf
expect 3 'BLOB MISSING' v verify log
grep -qF 'see first that all three came from the same backup' "$DOCK/said" || { cat "$DOCK/said"; fail "no next step"; }
ok "a catalog, a log and a vault of different days say so, and what to do first"
