# For scenarios that dock recorders: a stack of their own, and cards that can be told apart.
#
#   . tests/dock.sh; dock_begin		stack below $DOCK/stack, $slots of vaultctl's exports
#   signed_card DIR ID N BYTES		N more signed segments of recorder ID, as one recording
#   plain_card DIR N BYTES		N files that nobody signed
#   DOCK_SLOTS=N dock_begin		more slots than eight
#   DOCK_CLOCK=1 dock_begin		the database has a clock of its own ...
#   DOCK_CLOCKS=1 dock_begin		... and so have dockd, custodyd and vaultctl, and what `faked` runs
#   at_clock +25h			... which is put on by so much, and alertd has found all that is due by then
#   expect_segments RECORDER DIR...	exactly the files of these folders are recorded, each once
#   expect_other_cards [CODE]		nothing was found but that, and that the cards were others
#
# shellcheck shell=bash

fail() { echo "FAILED: $1"; tail -n 30 "$DOCK/stack/log/dockd" 2>/dev/null || true; exit 1; }
ok() { echo "ok: $1"; }

DOCK=
dock_end() {
	[ -n "$DOCK" ] || return 0
	tools/devstack down --dir "$DOCK/stack" >/dev/null 2>&1 || true
	! mountpoint -q "$DOCK/stack/vault" || umount "$DOCK/stack/vault"
	rm -rf "$DOCK"
}

stack() { tools/devstack "$1" --dir "$DOCK/stack" "${@:2}"; }
# By the stack's clock, where everything has that one.
# shellcheck disable=SC2086	# a list of words
faked() { env ${FAKED:-} "$@"; }
vaultctl() { faked "$BUILD/vaultctl" "$@"; }
sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "SET search_path = dv" -c "$1"; }

# dock_begin [LINE...]: lines that dockvault.conf gets as well; before_stack is called before all
dock_begin() {
	local exports
	DOCK=$(mktemp -d)
	trap dock_end EXIT
	${before_stack:-:}
	stack up ${DOCK_SLOTS:+--slots "$DOCK_SLOTS"} ${DOCK_CLOCK:+--clock} ${DOCK_CLOCKS:+--clocks} >/dev/null
	exports=$(stack env)
	eval "$exports"
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" >>"$DOCK/stack/dockvault.conf"
		restart_dockd 15
	fi
}

restart_dockd() {
	stack kill-dockd "$1" >/dev/null
	stack start-dockd >/dev/null
}

# enroll ID SERIAL [KEY]
enroll() {
	vaultctl recorder enroll "$1" --usb "1209:5a01:$2" ${3:+--key "$3"} \
		--reason "scenario" >/dev/null
}

# plug SLOT FOLDER-OR-IMAGE SERIAL [FAULT]
plug() {
	stack dock "$1" "$2" --vid 1209 --pid 5a01 --serial "$3" ${4:+--fault "$4"} >/dev/null
}
# plug_mtp SLOT FOLDER SERIAL [FAULT]: one that serves the folder by MTP
plug_mtp() {
	stack dock "$1" "$2" --mtp --vid 1209 --pid 5a01 --serial "$3" ${4:+--fault "$4"} >/dev/null
}
# plug_locked SLOT UNLOCK FOLDER-OR-IMAGE SERIAL [OPTION...]: as 1209:5a00 until it was told UNLOCK
plug_locked() {
	stack dock "$1" "$3" --unlock "$2" --locked-as 1209:5a00 --vid 1209 --pid 5a01 --serial "$4" \
		"${@:5}" >/dev/null
}

utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000Z; }

# The state of signing goes on from card to card: one life of one recorder.
dseq=0 prev=$(printf '%064d' 0) clock=$(($(date +%s) - 7200)) booted=$clock
new_key() { minisign -G -W -p "$DOCK/$1.pub" -s "$DOCK/$1.sec" >/dev/null; }
signed_card() {
	local dir=$1 id=$2 n=$3 bytes=$4 i media rec last end
	rec=$(cat /proc/sys/kernel/random/uuid)
	mkdir -p "$dir"
	for ((i = 0; i < n; i++)); do
		media=$(printf '%s/SEG_%06d.mp4' "$dir" "$dseq")
		head -c "$bytes" /dev/urandom >"$media"
		last=0 end=none
		[ $i -lt $((n - 1)) ] || { last=1 end=button; }
		prev=$("$BUILD/sidecar" sign --key "$DOCK/$id.sec" --media "$media" --device "$id" \
			--rec "$rec" --seq "$i" --dseq "$dseq" --prev "$prev" \
			--start "$(utc "$clock")" --end "$(utc $((clock + 10)))" --clock rtc --boot 1 \
			--mono-start $(((clock - booted) * 1000)) \
			--mono-end $(((clock - booted + 10) * 1000)) --officer 019001 \
			--last "$last" --end-reason "$end")
		touch -d "@$((clock + 10))" "$media" "${media%.mp4}.bwm" "${media%.mp4}.bwm.minisig"
		clock=$((clock + 10)) dseq=$((dseq + 1))
	done
}

plain_card() {
	local i
	mkdir -p "$1"
	for ((i = 0; i < $2; i++)); do
		head -c "$3" /dev/urandom >"$1/MOV_$(printf '%04d' "$i")_$RANDOM.mp4"
	done
}

expect_segments() {
	local recorder=$1 dir
	shift
	for dir in "$@"; do
		find "$dir" -type f ! -name '*.bwm' ! -name '*.minisig' -print0 |
			xargs -0 b2sum -l 256 | cut -d' ' -f1
	done | sort >"$DOCK/expected"
	sql "SELECT encode(blob, 'hex') FROM segment WHERE recorder = '$recorder'" | sort >"$DOCK/found"
	diff "$DOCK/expected" "$DOCK/found" || fail "$recorder: not what was on the cards, each once"
}

# Where each docking has another card below the same recorder, that is seen, and is all that is: what
# was stored is not there any more, and what is there is older than the last docking.
expect_other_cards() {
	local found
	found=$(sql "SELECT DISTINCT code || ' ' || coalesce(detail ->> 'kind', '') || ' ' || severity
		FROM finding_list WHERE code <> '${1:-}' ORDER BY 1" | tr '\n' ',')
	case $found in
	""|"card_changed backdated notice,card_changed vanished_stored notice,"|\
	"card_changed vanished_stored notice,") ;;
	*)	vaultctl finding list || true
		fail "more than other cards was found: $found" ;;
	esac
}

# No manifest of ours is there twice, and each names the one before it.
expect_seals() {
	local broken
	broken=$(sql "SELECT count(*) - count(DISTINCT seal_dseq) FROM segment WHERE seal_dseq IS NOT NULL")
	[ "$broken" = 0 ] || fail "a dseq of the dock's seals was used twice"
	sql "SELECT encode(seal_manifest, 'hex') FROM segment WHERE seal_dseq IS NOT NULL" |
	while read -r seal; do
		prev_of_seal=$(sed -n 's/^prev //p' "$(blob_path "$seal")")
		[ "$prev_of_seal" = "$(printf '%064d' 0)" ] || [ -e "$(blob_path "$prev_of_seal")" ] ||
			fail "the seal before $seal is not in the vault"
		minisign -Vm "$(blob_path "$seal")" -p "$DOCK/stack/keys/seal.pub" \
			-x "$(blob_path "$(sql "SELECT encode(seal_signature, 'hex') FROM segment
				WHERE encode(seal_manifest, 'hex') = '$seal' LIMIT 1")")" >/dev/null ||
			fail "seal $seal is not what the dock's key signed"
	done
}
blob_path() { echo "$DOCK/stack/vault/objects/${1:0:2}/${1:2:2}/$1"; }

# Nothing is owed any more: no journal, no damage, and nothing in the vault that nobody speaks of.
# With "strays", a dockd that was killed may have stored a blob of which it did not come to speak.
expect_settled() {
	local wrong='.damaged + .missing + .unrecorded'
	[ "${1:-}" != strays ] || wrong='.damaged + .missing'

	[ -z "$(ls -A "$DOCK/stack/state/journal" 2>/dev/null)" ] || fail "journals were left behind"
	vaultctl verify vault --json >"$DOCK/verify" || true
	jq -e "$wrong == 0 and .whole > 0" "$DOCK/verify" >/dev/null ||
		{ cat "$DOCK/verify"; fail "the vault is not whole"; }
	[ "$(sql "SELECT count(*) FROM dock_session s WHERE NOT EXISTS (SELECT FROM dock_session_judged j
		WHERE j.session = s.session)")" = 0 ] || fail "a session was not judged"
	[ "$(sql "SELECT count(*) FROM dock_session_end
		WHERE outcome = 'released' AND stored + known + failed < planned")" = 0 ] ||
		fail "a card was released that was not gone through"
}

# The last line of a scenario: everything ends in good order, and no sanitizer complained.
dock_finish() {
	stack down >/dev/null || fail "the stack did not end"
	if grep -nE 'Sanitizer|runtime error|BUG|left open' "$DOCK/stack/log/dockd" >&2; then
		fail "dockd was not in order"
	fi
}

# await SECONDS WHAT COMMAND...: until the command succeeds.  For what several programs bring about in
# their own order (a file of the log, then a row of the catalog), of which no one event tells.
await() {
	local until=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $until ] || fail "never came true: $what"
		sleep 0.05
	done
}

is_swept() { [ "$(sql "SELECT coalesce(due_ms > now_ms, true) FROM next_due()")" = t ]; }
at_clock() {
	stack clock "$1" >/dev/null || fail "the clock stays where it is"
	await 60 "alertd has looked at what is due after $1" is_swept
}

# await_dock JQ-CONDITION [SECONDS]: until what dockd tells makes it true.  One jq is told everything: where
# starting one takes longer than dockd takes to tell the next, one a line would fall behind.
await_dock() {
	local status=0 watch from
	exec {from}< <(exec timeout "${2:-30}" "$BUILD/vaultctl" dock watch --json 2>/dev/null)
	watch=$!
	if jq -ne "first(inputs | select($1)) | true" <&"$from" >/dev/null; then
		kill "$watch" 2>/dev/null || true
		wait "$watch" || true
		exec {from}<&-
		return 0
	fi
	wait "$watch" || status=$?
	fail "never came true: $1 (status $status): $(vaultctl dock list)"
}
# The state of a slot, in jq.
slot() { echo "(.slots[] | select(.slot == \"$1\") | .state)"; }
