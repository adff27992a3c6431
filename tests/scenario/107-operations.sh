#!/bin/bash
# Goal: the commands of docs/OPERATIONS.md do what it says: every block marked `sh run` is run, in order, on a
# station that has taken in recordings, with the damage done before those that are about it.
# Takes 20 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
# shellcheck source=tests/dock.sh
. tests/dock.sh

dock_begin
export ETC=$DOCK/stack/keys SECOND=$DOCK/second VAULT=$DOCK/stack/vault BACKUP=$DOCK/backup
SUPERUSER=$(id -un)
export SUPERUSER
ln -s ../dockvault.conf "$ETC/dockvault.conf"
mkdir "$SECOND"

# What the text's commands are on this station: programs that devstack runs, not systemd.
systemctl() {
	local verb=$1 unit
	shift
	for unit in "$@"; do
		case $verb in
		stop)		stack "kill-$unit" 15 ;;
		start)		stack "start-$unit" ;;
		restart)	stack "kill-$unit" 15 && stack "start-$unit" ;;
		*)		echo "systemctl $verb: not of this station"; return 1 ;;
		esac >/dev/null
	done
}
# People of a trial are no users of this machine.
runuser() { local login=$2; shift 3; DOCKVAULT_LOGIN=$login "$@"; }
# Migrations are where the package has them; here they are in the tree.
vaultctl() {
	case "$1 ${2:-}" in
	'db status'|'doctor '*)	"$BUILD/vaultctl" "$@" --sql sql ;;
	*)	"$BUILD/vaultctl" "$@" ;;
	esac
}

vaultctl recorder enroll REC-1 --usb 4255:0001:S1 --reason "first" >/dev/null
plain_card "$DOCK/card" 3 200000
stack dock A1 "$DOCK/card" --serial S1 --vid 4255 --pid 0001 >/dev/null
stack wait >/dev/null
[ "$(sql 'SELECT count(*) FROM segment')" -ge 3 ] || fail "nothing was taken in"

a_blob() { find "$VAULT/objects" -type f -size +100k | sort | head -n 1; }

# What happened before a block that is named for it.
before() {
	case $1 in
	damaged)	# one bit of one file
		local blob; blob=$(a_blob)
		chattr -i "$blob" 2>/dev/null || true
		chmod u+w "$blob"
		printf '\001' | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none ;;
	dead-disk)
		chattr -R -i "$VAULT" 2>/dev/null || true
		mv "$VAULT" "$DOCK/dead" ;;
	esac
}

blocks=0 name='' text='' in=0
while IFS= read -r line <&4; do
	case $in$line in
	'0```sh run'*)	in=1 name=${line#'```sh run'} name=${name# } text='' ;;
	'1```')
		in=0 blocks=$((blocks + 1))
		before "$name"
		status=0
		set +e		# not in a condition, where -e would mean nothing
		(set -eu; eval "$text") >"$DOCK/said" 2>&1
		status=$?
		set -e
		if [ "$status" -ne 0 ]; then
			cat "$DOCK/said"
			fail "docs/OPERATIONS.md: this block does not do: $text"
		fi
		ok "block $blocks${name:+ ($name)}: $(head -n 1 <<<"$text")" ;;
	1*)	text+=$line$'\n' ;;
	esac
done 4<docs/OPERATIONS.md
[ "$blocks" -ge 8 ] || fail "only $blocks blocks were found to run"
[ "$in" = 0 ] || fail "a block does not end"
# Of the disk that died every file is back, with its bytes; of the one that was damaged what was bad is kept.
back=0
while IFS= read -r file; do
	cmp -s "$file" "$VAULT/objects/${file#"$DOCK/dead/objects/"}" || fail "not as it was: $file"
	back=$((back + 1))
done < <(find "$DOCK/dead/objects" -type f)
[ "$back" -ge 6 ] || fail "only $back files were on the disk that died"
[ "$(find "$DOCK/dead/aside" -type f | wc -l)" = 1 ] || fail "the damaged bytes were not set aside"
ok "all $back files that the dead disk had are back, and the bad bytes are kept"

# What was sealed by the key that was lost is checked as before, and what comes in now is sealed by the new one.
vaultctl recorder enroll REC-2 --usb 4255:0001:S2 --reason "second" >/dev/null
plain_card "$DOCK/card2" 1 200000
stack dock A2 "$DOCK/card2" --serial S2 --vid 4255 --pid 0001 >/dev/null
stack wait >/dev/null
for recorder in REC-1 REC-2; do
	vaultctl verify "$(sql "SELECT segment FROM segment WHERE recorder = '$recorder' LIMIT 1")" >"$DOCK/said" 2>&1 ||
		fail "a segment of $recorder is not whole: $(cat "$DOCK/said")"
done
[ "$(sql 'SELECT count(DISTINCT seal_manifest) FROM segment')" -ge 4 ] || fail "not each was sealed"
ok "old seals and new ones stand"
