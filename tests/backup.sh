# What the scenarios of backups share: a station whose administrator is zhou, what is backed up to, and by which passphrase.
#
#	. tests/dock.sh; . tests/backup.sh; DOCK_CLOCK=1 backup_begin
#	backup [OPTION...]		to $DOCK/disk
#	newest				the last whole one there
#	dock SLOT ID N			a card of N files more, docked and recorded
#	all_gone			the station is destroyed, but for $DOCK/seal.pub; an empty server is there
#	restore BACKUP [OPTION...]	into $DOCK/new and that server
#
# shellcheck shell=bash
# shellcheck source=tests/cluster.sh
. tests/cluster.sh

v() { "$BUILD/vaultctl" "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
# expect STATUS WORDS COMMAND...
expect() {
	local wanted=$1 words=$2 got=0
	shift 2
	"$@" >"$DOCK/said" 2>&1 || got=$?
	[ "$got" = "$wanted" ] || { cat "$DOCK/said"; fail "status $got instead of $wanted: $*"; }
	grep -qF -- "$words" "$DOCK/said" || { cat "$DOCK/said"; fail "nothing of \"$words\" was said: $*"; }
}
why=(--reason scenario)

backup_begin() {
	local who
	unset LC_ALL LC_MESSAGES DOCKVAULT_LOGIN
	export LANG=en
	dock_begin
	trap 'cluster_end; dock_end' EXIT
	v unit set QH --name 局 "${why[@]}" >/dev/null
	for who in zhou:admin sun:supervisor; do
		v person add "${who%:*}" --name "${who%:*}" --unit QH --roles "${who#*:}" "${why[@]}" >/dev/null
	done
	(umask 077; echo 'correct horse battery staple' >"$DOCK/words")
	opened=(--passphrase-file "$DOCK/words")
	mkdir "$DOCK/disk"
	new_key REC-1
	enroll REC-1 REC-1 "$DOCK/REC-1.pub"
	enroll REC-2 REC-2
	signed_card "$DOCK/cards/one" REC-1 3 200000
	plug A1 "$DOCK/cards/one" REC-1
	dock A2 REC-2 4
}

backup() { as zhou backup "$DOCK/disk" "${opened[@]}" "${why[@]}" "$@"; }
newest() { find "$DOCK/disk" -mindepth 1 -maxdepth 1 -name '*Z' | sort | tail -n 1; }
blobs() { sql "SELECT count(*) FROM blob"; }
dock() {
	plain_card "$DOCK/cards/$1-$2-$3" "$3" 150000
	plug "$1" "$DOCK/cards/$1-$2-$3" "$2"
	stack wait >/dev/null || fail "docking $2"
	stack undock "$1" >/dev/null
}
# Backups are called by the second.
another_second() { local now; now=$(date +%s); until [ "$(date +%s)" != "$now" ]; do :; done; }

all_gone() {
	cp "$DOCK/stack/keys/seal.pub" "$DOCK/seal.pub"
	stack down >/dev/null || fail "the stack did not end"
	rm -rf "$DOCK/stack/vault" "$DOCK/stack/state" "$DOCK/stack/custody" "$DOCK/stack/keys" "$DOCK/stack/pg" \
		"$DOCK/stack/dockvault.conf"
	unset DOCKVAULT_CONF PGHOST PGDATABASE
	cluster_start
}
restore() { v restore "$1" --to "$DOCK/new" --database "$CONNINFO" --superuser postgres "${opened[@]}" "${@:2}"; }
nothing_written() {
	[ ! -e "$DOCK/new" ] || fail "something was written"
	[ "$(db postgres "SELECT count(*) FROM pg_namespace WHERE nspname = 'dv'")" = 0 ] || fail "the database was written"
}
# flip FILE OFFSET: one bit; the same again puts it back
flip() {
	local byte
	chmod u+w "$1"
	byte=$(xxd -p -s "$2" -l 1 "$1")
	printf '%b' "$(printf '\\x%02x' $((0x$byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
