#!/bin/bash
# Goal: whatever somebody types, whatever a card is called and whatever became of
# the vault: vaultctl answers with the right exit status and a sentence that
# names the object, its sums are those of its rows, and nothing that a card says
# reaches the terminal as more than text.
# Takes 35 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
for tool in minisign jq b2sum; do
	command -v $tool >/dev/null || { echo "$tool is not installed: run tools/setup"; exit 77; }
done
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-ctl.XXXXXX")
clean() { cluster_end; rm -rf "$dir"; }
trap clean EXIT
export LC_ALL=C.UTF-8
out=$dir/out

fail() { echo "FAILED: $1"; cat -v "$out" 2>/dev/null | head -40; exit 1; }
ok() { echo "ok: $1"; }
v() { "$BUILD/vaultctl" --config "$dir/conf" --lang en "$@"; }

# expect STATUS TEXT ARGUMENT...: the status, and the text somewhere in what it says.  No output
# whatever has a control character but the ends of its lines.
expect() {
	local status=0 want=$1 text=$2
	shift 2
	v "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || fail "vaultctl $*: exit $status instead of $want"
	grep -qF -e "$text" "$out" || fail "vaultctl $*: does not say \"$text\""
	! LC_ALL=C tr -d '\n' <"$out" | LC_ALL=C grep -q '[[:cntrl:]]' ||
		fail "vaultctl $*: control characters"
}
# silent TEXT: the last output has it not
silent() { ! grep -qF -e "$1" "$out" || fail "\"$1\" has no place here"; }
is() { [ "$2" = "$3" ] || { echo "$2"; echo "instead of: $3"; fail "$1"; }; }

cluster_start
mkdir -p "$dir/vault/objects"
cat >"$dir/conf" <<END
station = "QH-01"
database = "host=$CLUSTER dbname=dv user=postgres"
vault = "$dir/vault"
control = "$dir/control"
seal_key = "$dir/seal.key"
slot "A1" { port = "1-1" }
END

# ------ before there is anything ------
expect 0 'good, station QH-01, 1 slots' config check
is "config as JSON" "$(v config check --json | jq -c '[.good, .station, .slots]')" '[true,"QH-01",1]'
echo 'colour = "red"' >"$dir/bad.conf"
expect 1 'bad.conf:1: ' config check --config "$dir/bad.conf"
expect 4 'none.conf: No such file' recorder list --config "$dir/none.conf"
expect 4 'dv_supervisor' report integrity
expect 1 'pending' db status --sql sql
expect 2 "$dir/nosql" db migrate --sql "$dir/nosql"
expect 1 'BAD' doctor --sql sql
{ v doctor --sql sql --json 2>/dev/null || [ $? -eq 1 ]; } | jq -e 'map(select(.good | not)) | length >= 3' >/dev/null ||
	fail "doctor as JSON has every complaint"
expect 1 'pending' db migrate --sql sql --dry-run
is "a dry run migrates nothing" "$(db postgres "SELECT to_regnamespace('dv') IS NULL")" t
expect 0 'the database is up to date' db migrate --sql sql
expect 0 'up to date: 0 applied' db migrate --sql sql
expect 0 'applied' db status --sql sql
ok "configuration and migrations"

# ------ what is no command ------
expect 2 'usage:'
expect 0 'recorder enroll' help
expect 2 'no such command: recorder fry' recorder fry
expect 2 '\x1b[2J' $'\e[2J'
expect 2 ' zh ' status --lang fr
expect 2 '--lang: a value is missing' status --lang
expect 2 '--all: no such option' status --all
expect 2 'x: one argument too many' status x
expect 2 'ID is missing' recorder show
expect 2 '没有这个命令' --lang zh recorder fry
ok "the command line"

# ------ recorders ------
cd "$dir"
for name in one two; do minisign -G -W -p $name.pub -s $name.sec >/dev/null; done
cd - >/dev/null
# As minisign prints it, and with the leading zeros that it leaves out.
printed=$(head -n 1 "$dir/one.pub" | grep -o '[0-9A-F]*$')
one=$(printf '%16s' "$printed" | tr ' ' 0)
head -c 40 "$dir/one.pub" >"$dir/torn.pub"
long=$(printf '%0501d' 7)
usb=1209:5a01:SN1
enroll() { expect "$1" "$2" recorder enroll "${@:3}"; }
enroll 2 'ID is missing' --usb $usb --reason r
enroll 2 'a b: an id is 1 to 32' 'a b' --usb $usb --reason r
enroll 2 "REC/1: an id is" REC/1 --usb $usb --reason r
enroll 2 '李: an id is' REC-1 --officer 李 --usb $usb --reason r
enroll 2 'U 1: an id is' REC-1 --unit 'U 1' --usb $usb --reason r
enroll 2 '--usb: not a USB identity' REC-1 --reason r
for bad in 1209 1209:5a0 0x12:5a01 1209:5a01: -209:5a01 ' 209:5a01'; do
	enroll 2 "$bad: not a USB identity" REC-1 --usb "$bad" --reason r
done
enroll 2 'say why with --reason' REC-1 --usb $usb
enroll 2 'say why with --reason' REC-1 --usb $usb --reason '  '
enroll 2 'at most 500' REC-1 --usb $usb --reason "$long"
enroll 2 "$dir/none.pub: No such file" REC-1 --usb $usb --reason r --key "$dir/none.pub"
enroll 2 "$dir/torn.pub: " REC-1 --usb $usb --reason r --key "$dir/torn.pub"
enroll 2 'colour: no such option' REC-1 --usb $usb --reason r --colour red
enroll 0 'dry run' REC-1 --usb $usb --reason r --key "$dir/one.pub" --dry-run
is "what was refused left nothing" "$(db postgres 'SELECT count(*) FROM dv.recorder')" 0
enroll 0 'REC-1 is enrolled' REC-1 --usb $usb --reason "${long:1}" --key "$dir/one.pub" --unit U1 --officer 019123
enroll 2 'recorder REC-1 is enrolled with the same USB identity: retire it first' REC-2 --usb $usb --reason r
enroll 2 'recorder REC-1 is enrolled with the same' REC-2 --usb $usb --reason r --dry-run
enroll 2 "key $one belongs to another recorder" REC-2 --usb 1209:5a01:SN2 --reason r --key "$dir/one.pub"
enroll 0 'REC-2 is enrolled' REC-2 --usb 1209:5a01:SN2 --reason r --unit U2
enroll 0 'REC-1 is enrolled' REC-1 --usb $usb --reason again --unit U1 --officer 019123
is "the same again is no revision" "$(db postgres "SELECT count(*) FROM dv.recorder WHERE recorder = 'REC-1'")" 1
enroll 0 'REC-OLD is enrolled' REC-OLD --usb 1209:5a01:SN3 --reason r --unit U1
is "a change as JSON" "$(v recorder enroll REC-2 --usb 1209:5a01:SN2 --reason moved --unit U3 --json |
	jq -c '[.recorder, .unit, .state, (.key_list | length)]')" '["REC-2","U3","enrolled",0]'

key() { expect "$1" "$2" recorder key "${@:3}"; }
key 2 'add|revoke is missing' REC-1
key 2 'say why' REC-1 add "$dir/two.pub"
key 2 'REC-9 is not enrolled: enrol it first' REC-9 add "$dir/two.pub" --reason r
key 2 'REC-9 is not enrolled' REC-9 add "$dir/two.pub" --reason r --dry-run
key 0 'enrolled for REC-1: key' REC-1 add "$dir/two.pub" --reason r
key 2 'recorder REC-1 has no key 0000000000000000: look at its keys' REC-1 revoke 0000000000000000 --reason r
key 0 'dry run' REC-1 revoke "$one" --reason lost --dry-run
key 2 'no key: not a key id' REC-1 revoke 'no key' --reason lost
key 0 "key $one is revoked" REC-1 revoke "$printed" --reason lost
key 2 "key $one of recorder REC-1 is revoked already" REC-1 revoke "$one" --reason lost
key 2 "key $one of recorder REC-1 is revoked: make a new key" REC-1 add "$dir/one.pub" --reason r
expect 0 "$one" recorder show REC-1
expect 2 'no recorder REC-9 (vaultctl recorder list' recorder show REC-9

retire() { expect "$1" "$2" recorder retire "${@:3}"; }
retire 2 'say why' REC-OLD
retire 2 'REC-9 is not enrolled: look at the list' REC-9 --reason r
retire 2 'REC-9 is not enrolled' REC-9 --reason r --dry-run
retire 0 'dry run' REC-OLD --reason r --dry-run
retire 0 'REC-OLD is retired' REC-OLD --reason $'broken\e[31m'
retire 2 'REC-OLD is not enrolled' REC-OLD --reason r
expect 0 REC-1 recorder list
silent REC-OLD
expect 0 REC-OLD recorder list --all
ok "recorders"

# ------ evidence: three recorders, one of them retired since, and a stranger ------
# blob TEXT: a file of the vault; prints its address
blob() {
	local hash
	hash=$(printf %s "$1" | b2sum -l 256 | cut -d ' ' -f 1)
	mkdir -p "$dir/vault/objects/${hash:0:2}/${hash:2:2}"
	printf %s "$1" >"$dir/vault/objects/${hash:0:2}/${hash:2:2}/$hash"
	echo "$hash"
}
uid() { printf '%08d-0000-8000-8000-000000000000' "$1"; }
# A made-up digest of n, where nothing is stored under it.
digest() { printf '%064x' "$1"; }
base() { jq -nc --arg type "$1" --arg session "$(uid "$2")" '{v: 1, type: $type, session: $session, station: "QH-01"}'; }
session() {	# N RECORDER
	base session "$1" | jq -c --arg recorder "$2" '. + {slot: "A1", port: "1-1",
		usb: {vid: "1209", pid: "5a01", serial: "\u001b]0;S\u0007", manufacturer: null, product: "P"},
		recorder: (if $recorder == "" then null else $recorder end), started: "2026-11-23T08:00:00.000Z"}'
}
end() { base end "$1" | jq -c '. + {ended: "2026-11-23T08:05:00.000Z", outcome: "released", reason: null,
	planned: 1, stored: 1, known: 0, failed: 0, bytes: 4}'; }
segment() {	# SESSION RECORDER N RECORDING START END PATH
	base segment "$1" | jq -c --arg recorder "$2" --arg segment "$(uid "$3")" --arg recording "$(uid "$4")" \
		--arg start "$5" --arg till "$6" --arg path "$7" --arg blob "$(blob "blob$3")" \
		--arg fingerprint "$(digest "$3")" --argjson size "$((4 + ${#3}))" '. + {
		segment: $segment, recorder: $recorder, recording: $recording, seq: 0, path: $path, path_raw: "00",
		size: $size, blob: $blob, fingerprint: $fingerprint, stored: "2026-11-23T08:02:00.000Z",
		start: $start, "end": $till, time_source: "manifest",
		claims: {created: null, modified: null, accessed: null}, officer: "-", assurance: "sealed_at_dock",
		signature: "unsigned", digest: "not_claimed", manifest: null, seal: null, findings: []}'
}
finding() {	# SESSION RECORDER CODE KIND SUBJECT DETAIL
	base finding "$1" | jq -c --arg recorder "$2" --arg code "$3" --arg kind "$4" --arg subject "$5" \
		--argjson detail "$6" '. + {finding: {code: $code, subject_kind: $kind, subject: $subject, fact: "",
		recorder: (if $recorder == "" then null else $recorder end), at: "2026-11-22T16:20:00.000Z",
		severity: null, confidence: 0.5, detail: $detail}}'
}
hostile='DCIM/\u001b[2J\u001b]0;owned\u0007\nforged: line\u009b1m\u202e.mp4'
{
	session 1 REC-1
	segment 1 REC-1 11 101 2026-11-22T15:50:00.000Z 2026-11-22T16:15:00.000Z DCIM/执法.mp4
	segment 1 REC-1 12 101 2026-11-22T16:30:00.000Z 2026-11-22T16:45:00.000Z "$(printf '%b' "$hostile")"
	finding 1 REC-1 gap recording "REC-1/$(uid 101)" "{\"path\": \"$hostile\", \"missing_ms\": 900000}"
	finding 1 REC-1 checksum_mismatch segment "$(uid 12)" "{\"path\": \"$hostile\"}"
	end 1
	session 2 REC-2
	segment 2 REC-2 21 102 2026-11-20T02:00:00.000Z 2026-11-20T02:10:00.000Z '=cmd|calc.mp4'
	end 2
	session 3 REC-OLD
	segment 3 REC-OLD 31 103 2026-11-20T02:00:00.000Z 2099-01-01T00:00:00.000Z DCIM/1.mp4
	end 3
	session 4 ''
	finding 4 '' unknown_recorder slot QH-01/A1 '{"serial": "\u001b[2J"}'
} | jq -sc . >"$dir/records"
ingest() { psql -h "$CLUSTER" -U dv_ingest -d dv -X -q -A -t -v ON_ERROR_STOP=1 \
	-v records="$(cat "$dir/records")" <<<"SELECT dv.ingest(:'records'::jsonb)"; }
report() { v report integrity --json "$@" || [ $? -eq 1 ]; }
is "fourteen records are new" "$(ingest)" 14
report | jq -S 'del(.made_at)' >"$dir/before"
is "again: none is" "$(ingest)" 0
report | jq -S 'del(.made_at)' | cmp -s - "$dir/before" || fail "again changes the report"

# ------ the report ------
is "totals" "$(jq -c '.totals | [.recorders, .sessions, .recordings, .segments, .duration_ms, .bytes,
	.findings, .violations, .warnings, .by_code.gap]' "$dir/before")" '[3,4,3,4,3000000,24,3,2,1,1]'
# A stranger has no line, and brings nothing but a session and findings.
jq -e '. as $r | ["recordings", "segments", "duration_ms", "bytes", "violations"] |
	all(. as $k | ([$r.recorders[][$k]] | add) == $r.totals[$k])' "$dir/before" >/dev/null ||
	fail "the rows do not add up to the totals"
is "one unit" "$(report --unit U1 | jq -c '[.totals.segments, .totals.findings, [.recorders[].recorder]]')" \
	'[3,2,["REC-1","REC-OLD"]]'
is "one recorder" "$(report --recorder REC-2 | jq -c '[.totals.segments, .totals.findings]')" '[1,0]'
expect 0 'Nothing was found' report integrity --recorder REC-2
expect 0 'Nothing was found' report integrity --from 2020-01-01 --to 2020-01-02
expect 0 'Nothing was found' report integrity --recorder REC-OLD --from 2020-01-01 --to 2020-01-02
expect 2 'no recorder REC-9' report integrity --recorder REC-9
expect 2 'no recorder of unit U9' report integrity --unit U9
expect 2 'no recorder of unit' report integrity --unit ''
expect 2 '--format: table, json, csv, xlsx or pdf' report integrity --format xml
expect 2 '--from is after --to' report integrity --from 2026-11-24 --to 2026-11-23
expect 2 'yesterday: not a day; write' report integrity --from yesterday
expect 1 '\x1b[2J' report integrity
grep -q '^forged' "$out" && fail "a file name makes a line of its own"
v report integrity --format csv >"$dir/csv" || [ $? -eq 1 ]
is "CSV has a line a finding" "$(wc -l <"$dir/csv")" 4
! tr -d '\r\n' <"$dir/csv" | LC_ALL=C grep -q '[[:cntrl:]]' || fail "CSV has control characters"
expect 1 '执法记录完整性报告' report integrity --lang zh
status=0; v report integrity >/dev/full 2>/dev/null || status=$?
is "a report that is not written is none" $status 4
ok "the report"

# ------ the rest of what can be looked at ------
expect 1 checksum_mismatch finding list
expect 1 gap finding list --code gap --recorder REC-1 --unit U1
silent checksum_mismatch
expect 0 '(none)' finding list --recorder REC-2
expect 0 '(none)' finding list --code overlap
expect 2 'no recorder REC-9' finding list --recorder REC-9
expect 2 'no recorder of unit U9' finding list --unit U9
expect 2 'no rule has the code gapp' finding list --code gapp
found=$(v finding list --code gap --json | jq -r '.[0].finding' || true)
expect 0 'confidence 50 %' finding show "$found"
expect 0 '\x1b[2J' finding show "$found"
expect 2 'no finding junk' finding show junk
expect 2 "no finding $(uid 9)" finding show "$(uid 9)"
expect 0 "$(uid 101)" recording list --recorder REC-1
is "altered segments count for their recording" "$(v recording list --recorder REC-1 --json | jq '.[0].findings')" 2
expect 2 'no recorder REC-9' recording list --recorder REC-9
expect 0 checksum_mismatch recording show "REC-1/$(uid 101)"
expect 0 '\x0aforged: line\xc2\x9b1m\xe2\x80\xae' recording show "$(uid 101)"
expect 2 "no recording REC-2/$(uid 101)" recording show "REC-2/$(uid 101)"
expect 2 'no recording REC-1/x' recording show REC-1/x
expect 0 '0:10:00' recording show "REC-2/$(uid 102)"
expect 0 '0:00:00' recording list --recorder REC-OLD	# 72 years are a clock, no recording
expect 0 '█╳█···' timeline REC-1 2026-11-23
is "a segment over midnight is on both days" "$(v timeline REC-1 2026-11-22 --json | jq '.segments | length')" 1
expect 0 '(none)' timeline REC-2 2026-11-23
expect 2 'no recorder REC-9' timeline REC-9 2026-11-23
expect 2 '2026-02-30: not a day' timeline REC-1 2026-02-30
expect 0 '4 segments' status
is "no dockd is null" "$(v status --json | jq -c .dock)" null
expect 4 'dockd does not answer' dock list
expect 4 'dockd does not answer' dock watch
ok "findings, recordings, timeline, status"

# ------ whoever looks is in the log, before he sees anything ------
acts() { db postgres "SELECT count(*) FROM dv.act"; }
# act: what the log says of the last one, and what the catalog knows of it beside
act() { db postgres "SELECT e.act || ' ' || array_to_string(e.objects, ' ') || ' by ' || a.by || ' (' ||
	(convert_from(e.leaf, 'UTF8')::jsonb ->> 'role') || ') ' || coalesce(a.detail ->> 'command', '')
	FROM dv.act a JOIN dv.custody_event e ON e.key = a.act::text ORDER BY e.event DESC LIMIT 1"; }
me=$(id -un)
expect 0 checksum_mismatch recording show "$(uid 101)"
is "a recording" "$(act)" "view recording:REC-1/$(uid 101) by $me (dv_supervisor) recording show"
expect 0 '█╳█···' timeline REC-1 2026-11-23
is "a day" "$(act)" "view recorder:REC-1 by $me (dv_supervisor) timeline"
expect 0 'confidence' finding show "$found"
is "a finding" "$(act)" "view finding:$found by $me (dv_supervisor) finding show"
before=$(acts)
expect 2 'no recording' recording show REC-1/x
expect 0 '(none)' timeline REC-2 2026-11-23
expect 2 'no finding' finding show "$(uid 9)"
expect 0 "$(uid 101)" recording list --recorder REC-1
is "lists, and what is not there, are nothing seen" "$(acts)" "$before"
db postgres "REVOKE EXECUTE ON FUNCTION dv.do_act(text, text[], text, text, jsonb) FROM dv_supervisor, dv_read"
for what in "recording show $(uid 101)" "timeline REC-1 2026-11-23" "finding show $found"; do
	# shellcheck disable=SC2086	# words
	expect 4 'permission denied' $what
	silent checksum_mismatch; silent '█'; silent confidence
done
db postgres "GRANT EXECUTE ON FUNCTION dv.do_act(text, text[], text, text, jsonb) TO dv_supervisor, dv_read"
ok "what is shown is in the log"

# ------ verify ------
object() { local h; h=$(printf %s "$1" | b2sum -l 256 | cut -d ' ' -f 1); echo "$dir/vault/objects/${h:0:2}/${h:2:2}/$h"; }
verdicts() { v verify vault --json || true; }
expect 0 '4 blobs checked, 24 B: 4 whole, 0 damaged, 0 unreadable, 0 missing, 0 unrecorded' verify vault
for what in "$(uid 11)" "REC-1/$(uid 101)" "$(basename "$(object blob11)")"; do
	expect 0 'whole' verify "$what"
done
for what in junk "$(uid 99)" "REC-9/$(uid 101)" "$(digest 7)" ''; do
	expect 2 "no object $what" verify "$what"
done
scrub() { db postgres "SELECT array_to_string(objects, ' ') || ' ' || (detail - 'bytes') FROM dv.act
	WHERE kind = 'scrub' ORDER BY done_at DESC LIMIT 1"; }
scrubbed() {	# CHECKED WHOLE DAMAGED MISSING UNRECORDED [BAD]
	echo "{\"bad\": [${6-}], \"whole\": $2, \"checked\": \"$1\", \"damaged\": $3, \"missing\": $4, \"unreadable\": 0, \"unrecorded\": $5}"
}
expect 0 'whole' verify vault
is "a check is in the log" "$(scrub)" " $(scrubbed vault 4 0 0 0)"
expect 0 'whole' verify "REC-1/$(uid 101 | tr a-f A-F)"
is "and about what" "$(scrub)" "recording:REC-1/$(uid 101) $(scrubbed "REC-1/$(uid 101 | tr a-f A-F)" 2 0 0 0)"
stray=$(blob stray)
expect 1 "UNRECORDED $stray" verify vault
is "with what was found" "$(scrub)" "blob:$stray $(scrubbed vault 4 0 0 1 "{\"blob\": \"$stray\", \"verdict\": \"unrecorded\"}")"
rm "$(object stray)"
: >"$dir/vault/objects/"$'\e[2J\xff\nx'
expect 1 'FOREIGN  \x1b[2J\xff\x0ax' verify vault
is "foreign as JSON" "$(verdicts | jq -c '[.unrecorded, .objects[0].verdict]')" '[1,"foreign"]'
rm "$dir/vault/objects/"$'\e[2J\xff\nx'
printf %s blob1X >"$(object blob11)"
expect 3 "DAMAGED  $(basename "$(object blob11)")" verify vault
expect 3 'DAMAGED' verify "$(uid 11)"
expect 0 'whole' verify "$(uid 12)"
rm "$(object blob11)" "$(object blob21)"
ln -s /etc/hostname "$(object blob11)"
expect 3 "MISSING  $(basename "$(object blob21)")" verify vault
is "as JSON" "$(verdicts | jq -c '[.whole, .damaged, .missing, .unrecorded]')" '[2,1,1,1]'
rm "$(object blob11)"
blob blob11 >/dev/null; blob blob21 >/dev/null
# A sector that cannot be read: a file whose first byte answers EIO, as a process's memory does.
unreadable() {
	unshare "${unshare[@]}" sh -c 'mount --bind /proc/$$/mem "$1" || exit 77; shift; exec "$@"' - \
		"$(object blob11)" "$BUILD/vaultctl" --config "$dir/conf" --lang en verify vault >"$out" 2>&1
}
if [ "$EUID" -eq 0 ]; then unshare=(-m); else unshare=(-rm); fi
status=0; unreadable || status=$?
case $status in
3)	grep -q "^UNREADABLE $(basename "$(object blob11)")" "$out" || fail "a bad sector is not told"
	grep -q '3 whole, 0 damaged, 1 unreadable' "$out" || fail "a bad sector hides the rest" ;;
1|77)	echo "skipped: no mount here, so no sector that cannot be read" ;;
*)	fail "a bad sector: exit $status" ;;
esac
mv "$dir/vault" "$dir/gone"
expect 4 'is its disk mounted?' verify vault
expect 0 'cannot be reached' status
is "no vault is null" "$(v status --json | jq -c .vault_free_bytes)" null
mv "$dir/gone" "$dir/vault"
ok "verify"

# ------ what the dock learned of recorders and their cards ------
expect 0 '(none)' recorder checks
expect 0 '(none)' recorder checks REC-1
expect 2 'no recorder REC-9' recorder checks REC-9
expect 2 'no recorder REC-9' recorder cleared REC-9
expect 2 'no recorder REC-9' recorder inventory REC-9
expect 2 'no recorder REC-9' session list --recorder REC-9
expect 2 'ID is missing' recorder inventory
expect 0 'no whole card ledger of recorder REC-1' recorder inventory REC-1
is "no ledger is null" "$(v recorder inventory REC-1 --json)" null
check() {	# SESSION RECORDER PHASE AT BATTERY OFFSET
	base check "$1" | jq -c --arg recorder "$2" --arg phase "$3" --arg at "$4" --argjson battery "$5" \
		--argjson offset "$6" '. + {recorder: $recorder, phase: $phase, at: $at, battery: $battery,
		free: 1536, capacity: 1073741824, clock_offset_ms: $offset, clock_uncertainty_ms: 20,
		clock_set: false, faults: ["worn\u001b[2J", "no answer"], findings: []}'
}
part() {	# SESSION RECORDER PART PARTS TEXT
	base inventory "$1" | jq -c --arg recorder "$2" --argjson part "$3" --argjson parts "$4" --arg text "$5" \
		--arg blob "$(digest 7)" '. + {recorder: $recorder, at: "2026-11-23T08:04:00.000Z", part: $part,
		parts: $parts, files: 2, entries: $text, blob: $blob, signature_blob: null}'
}
file() {	# TYPE SESSION RECORDER PATH
	base "$1" "$2" | jq -c --arg recorder "$3" --arg path "$4" --arg blob "$(digest 8)" '. + {
		recorder: $recorder, at: "2026-11-23T08:04:00.000Z", path: $path, path_raw: "44", size: 2048, blob: $blob}'
}
{
	check 2 REC-2 dock 2026-11-23T08:00:01.000Z 80 -1500
	check 2 REC-2 undock 2026-11-23T09:00:00.000Z null null | jq -c '. + {free: null, capacity: null}'
	part 2 REC-2 0 2 $'1 - A.mp4\n1 - '
	part 2 REC-2 1 2 $'\e[2J.mp4\n'
	part 3 REC-2 0 2 'not whole'
	file clearing 2 REC-2 "$(printf '%b' "$hostile")"
	file cleared 2 REC-2 "$(printf '%b' "$hostile")" | jq -c '. + {ok: false, why: "write-protected", findings: []}'
	session 5 '' | jq -c '. + {usb: null, slot: "import", port: "import"}'
	base import 5 | jq -c '. + {at: "2026-11-23T08:00:00.000Z", kind: "folder", source: "/mnt/stick", by: "li",
		officer: null, unit: null, case: null, reason: "r"}'
	base unlocked 1 | jq -c '. + {at: "2026-11-23T08:00:00.000Z", model: "maker-1", from: {vid: "4255", pid: "0001",
		serial: null, manufacturer: null, product: null}}'
} | jq -sc . >"$dir/records"
is "ten records are new" "$(ingest)" 10
expect 0 '-1.5 s' recorder checks REC-2
grep -q 'taken out' "$out" || fail "no check when it was taken out"
grep -qF 'worn\x1b[2J; no answer' "$out" || fail "faults are not told"
expect 0 '80 %' recorder list
expect 0 '1.5 KiB' recorder show REC-2
expect 0 '2026-11-23 17:00:00' recorder show REC-2
is "a recorder as JSON" "$(v recorder show REC-2 --json | jq -c '[.battery, .free, .clock_offset_ms, .check_phase,
	.last_undocked_at]')" '[80,1536,-1500,"dock","2026-11-23T09:00:00.000Z"]'
is "checks as JSON" "$(v recorder checks --json | jq -c 'map([.phase, .battery])')" '[["undock",null],["dock",80]]'
expect 0 'card ledger of REC-2: 2026-11-23 16:04:00 (Asia/Shanghai), 2 files' recorder inventory REC-2
grep -qxF '1 - \x1b[2J.mp4' "$out" || fail "the parts of a ledger are not put together"
is "a ledger as JSON" "$(v recorder inventory REC-2 --json | jq -c '[.complete, (.entries | length)]')" '[true,23]'
expect 0 'write-protected' recorder cleared REC-2
is "cleared as JSON" "$(v recorder cleared REC-2 --json | jq -c 'map([.ok, .size])')" '[[false,2048]]'
expect 0 '/mnt/stick' session list
expect 0 'maker-1' session list --recorder REC-1
silent /mnt/stick
expect 0 '取出时' recorder checks --lang zh
ok "checks, ledgers, clearing, sessions"

# ------ ten thousand findings; and then nobody is there ------
psql -h "$CLUSTER" -U dv_ingest -d dv -X -q -A -t -v ON_ERROR_STOP=1 -o /dev/null <<-END
	SELECT dv.judge('$(uid 1)', jsonb_agg(jsonb_build_object('code', 'empty_file', 'subject_kind', 'recorder',
		'subject', 'REC-1', 'recorder', 'REC-1', 'fact', n::text, 'at', '2026-11-22T16:20:00.000Z',
		'detail', jsonb_build_object('path', 'DCIM/' || n)))) FROM generate_series(1, 10000) AS n
END
is "all of them" "$(report | jq -c '[.totals.findings, (.findings | length), .findings_omitted]')" '[10003,10003,0]'
v report integrity >"$out" 2>&1 || true
is "each in words" "$(grep -c 'empty_file' "$out")" 10000
cluster_stop immediate
expect 4 'cannot connect' report integrity
expect 4 'cannot connect' verify vault
expect 4 'cannot connect' recorder retire REC-1 --reason r
ok "many findings, and no catalog"
echo "all passed"
