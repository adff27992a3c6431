#!/bin/bash
# Goal: what a bureau's backup holds is the bureau: with all of it destroyed, it is restored into an empty folder and an
# empty server and proven whole; what is not whole is found before anything is written.
#
#   recorders docked, backed up, more docked, backed up again beside it; all destroyed; restored and proven
#   stock tools find the backup whole; no key is in the clear; who may not make one does not
# Takes 12 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck source=tests/backup.sh
. tests/backup.sh
backup_begin

# ------ one, and one beside it ------

(umask 077; echo short >"$DOCK/short"; echo 'correct horse battery stapler' >"$DOCK/wrong")
expect 2 'has at least 12 bytes' as zhou backup "$DOCK/disk" --passphrase-file "$DOCK/short" "${why[@]}"
expect 4 'takes the role admin' as sun backup "$DOCK/disk" "${opened[@]}" "${why[@]}"
expect 0 'nothing was changed' backup --dry-run
[ -z "$(ls -A "$DOCK/disk")" ] || fail "something was made"
first=$(backup --json 2>/dev/null | jq -r .path) || fail "backup"
[ "$first" = "$(newest)" ] || fail "another folder than was said"
[ "$(find "$first/vault" -type f | wc -l)" = "$(blobs)" ] || fail "not every blob is in it"
(cd "$first" && sha256sum --quiet -c SHA256SUMS ./*.sha256 && minisign -qVm SHA256SUMS -p "$DOCK/stack/keys/seal.pub") ||
	fail "stock tools do not find it whole"
(cd "$first/vault" && find . -type f -printf '%f  %P\n' | b2sum -l 256 --quiet -c) || fail "a blob is not what its name says"
for key in seal export custody; do
	! grep -rqF "$(tail -n 1 "$DOCK/stack/keys/$key.key")" "$first" || fail "$key.key is in the clear"
done
ok "a backup that stock tools find whole"

had=$(blobs)
dock A2 REC-2 2
another_second
backup --json >"$DOCK/second.json" 2>/dev/null
second=$(newest)
[ "$second" != "$first" ] || fail "no second one"
jq -e --argjson had "$had" --argjson has "$(blobs)" '.reused == $had and .copied + .linked == $has - $had and $has > $had
	and .missing == 0' "$DOCK/second.json" >/dev/null || { cat "$DOCK/second.json"; fail "not what is new, and that alone"; }
[ "$(sql "SELECT count(*) FROM backup")" = 2 ] || fail "not both are in the catalog"
ok "the next one links what is there and adds what is new"

# ------ all gone ------

all_gone
expect 2 'no key that was given opens it' v restore "$second" --to "$DOCK/new" --database "$CONNINFO" --superuser postgres \
	--passphrase-file "$DOCK/wrong"
blob=$(find "$second/vault" -type f -size +100k | sort | head -n 1)
flip "$blob" 70000
expect 3 "${blob##*/}: not what the backup's lists say" restore "$second"
flip "$blob" 70000
nothing_written
ok "a wrong passphrase, a flipped bit: found before anything is written"

/usr/bin/time -f %M -o "$DOCK/peak" "$BUILD/vaultctl" restore "$second" --to "$DOCK/new" --database "$CONNINFO" \
	--superuser postgres "${opened[@]}" --key "$DOCK/seal.pub" >"$DOCK/said" 2>&1 || { cat "$DOCK/said"; fail "restore"; }
grep -q 'log and every blob verified' "$DOCK/said" || { cat "$DOCK/said"; fail "nothing was proven"; }
[ -n "${SANITIZE:-}" ] || [ "$(tail -n 1 "$DOCK/peak")" -lt 65536 ] || fail "restoring took $(cat "$DOCK/peak") KiB"
(cd "$DOCK/new/vault/objects" && find . -type f -printf '%f  %P\n' | sort -k 1,1 >"$DOCK/there" && b2sum -l 256 --quiet -c "$DOCK/there")
[ "$(wc -l <"$DOCK/there")" = "$(find "$second/vault" -type f | wc -l)" ] || fail "blobs are missing"
for key in seal.key export.key custody.key seal.pub; do
	[ -s "$DOCK/new/keys/$key" ] || fail "$key was not restored"
done
[ "$(stat -c %a "$DOCK/new/keys/seal.key")" = 400 ] || fail "others may read the key"
export DOCKVAULT_CONF=$DOCK/new/dockvault.conf
as zhou person list >/dev/null || fail "a person's login was not restored"
expect 4 'takes the role admin' as sun backup "$DOCK/disk" "${opened[@]}" "${why[@]}"
expect 2 'not empty' restore "$second"
ok "restored into an empty place, and proven"
