#!/bin/bash
# Goal: units, officers, accounts and recorders are entered by vaultctl; an officer sees their own and nothing
# else; a transfer leaves where it was what was recorded before; whoever is closed comes in no more; and each
# wrong word is refused with what to do.
# Takes 20 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
command -v jq >/dev/null || { echo "jq is not installed: run tools/setup"; exit 77; }
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-people.XXXXXX")
clean() { cluster_end; rm -rf "$dir"; }
trap clean EXIT
export LC_ALL=C.UTF-8
out=$dir/out
unset DOCKVAULT_LOGIN

fail() { echo "FAILED: $1"; cat -v "$out" 2>/dev/null | head -40; exit 1; }
ok() { echo "ok: $1"; }
v() { "$BUILD/vaultctl" --config "$dir/conf" --lang en "$@"; }
# as LOGIN ARGUMENT...: by a person's own login
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want"
	grep -qF -e "$text" "$out" || fail "$*: does not say \"$text\""
}
# is WHAT HAS WANTED
is() { [ "$2" = "$3" ] || { echo "$2"; echo "instead of: $3"; fail "$1"; }; }
why=(--reason "letter 7")

cluster_start
mkdir -p "$dir/vault/objects"
cat >"$dir/conf" <<END
station = "QH-01"
database = "host=$CLUSTER dbname=dv"
vault = "$dir/vault"
control = "$dir/control"
seal_key = "$dir/seal.key"
slot "A1" { port = "1-1" }
END
"$BUILD/catalog-drive" migrate "$CONNINFO user=postgres" sql >/dev/null

# ------ units ------
expect 0 'QH is entered' v unit set QH --name 清河县市场监督管理局 "${why[@]}"
expect 0 'QH-1 is entered' v unit set QH-1 --name 执法一队 --parent QH "${why[@]}"
expect 0 'QH-2 is entered' v unit set QH-2 --name 执法二队 --parent QH "${why[@]}"
expect 0 'nothing was changed' v unit set QH-2 --name 执法二队 "${why[@]}"
expect 0 'nothing was changed' v unit set QH-3 --name 三队 --parent QH "${why[@]}" --dry-run
is "a dry run enters nothing" "$(v unit list --json | jq length)" 3
expect 2 'a unit is not below itself' v unit set QH --parent QH-2 "${why[@]}"
expect 2 'there is no unit QH-9' v unit set QH-4 --name x --parent QH-9 "${why[@]}"
expect 2 'unit QH-1 below it is open' v unit set QH --close "${why[@]}"
expect 2 'say why' v unit set QH-4 --name x --parent QH
expect 0 'QH-0 is entered' v unit set QH-0 --name 撤销 --parent QH "${why[@]}"
expect 0 'QH-0 is changed' v unit set QH-0 --close "${why[@]}"
expect 2 'unit QH-0 is closed' v unit set QH-00 --name x --parent QH-0 "${why[@]}"
is "closed ones are out of sight" "$(v unit list --json | jq -r 'map(.unit) | join(" ")')" "QH QH-1 QH-2"
is "but there" "$(v unit list --all --json | jq -r '.[] | select(.unit == "QH-0").state')" closed
for i in $(seq 2 16); do
	parent=D$((i - 1)); [ "$i" -gt 2 ] || parent=QH
	[ "$i" -eq 16 ] || v unit set D"$i" --name level --parent "$parent" "${why[@]}" >/dev/null
done
expect 0 'D16 is entered' v unit set D16 --name level --parent D15 "${why[@]}"
expect 2 'more than 16 levels' v unit set D17 --name level --parent D16 "${why[@]}"
expect 2 'more than 16 levels' v unit set D2 --parent QH-1 "${why[@]}"
ok "units are a tree, of sixteen levels"

# ------ officers ------
expect 0 '019123 is entered' v officer set 019123 --name 张三 --certificate ZJ-1 --unit QH-1 "${why[@]}"
expect 0 '019124 is entered' v officer set 019124 --name 李四 --certificate ZJ-2 --unit QH-2 "${why[@]}"
expect 2 'there is no unit QH-9' v officer set 019125 --name x --certificate ZJ-3 --unit QH-9 "${why[@]}"
expect 2 'without a unit' v officer set 019125 --name x --certificate ZJ-3 "${why[@]}"
expect 2 'unit QH-0 is closed' v officer set 019125 --name x --certificate ZJ-3 --unit QH-0 "${why[@]}"
expect 2 "certificate ZJ-1 is officer 019123's" v officer set 019125 --name x --certificate ZJ-1 --unit QH-1 "${why[@]}"
expect 2 'ends (2026-01-01) before it begins (2026-02-01)' v officer set 019125 --name x --certificate ZJ-3 \
	--unit QH-1 --from 2026-02-01 --to 2026-01-01 "${why[@]}"
expect 0 '019126 is entered' v officer set 019126 --name 王五 --certificate ZJ-4 --unit QH-1 --from 2025-01-01 \
	--to 2025-06-30 "${why[@]}"
expect 2 'is in the period from 2025-01-01 to 2025-06-30: begin on 2025-07-01' v officer set 019126 --unit QH-2 \
	--from 2025-03-01 "${why[@]}"
expect 2 'was entered already' v officer set 019126 --unit QH-2 --from 2024-03-01 "${why[@]}"
expect 0 '019126' v officer list --all
is "who left is out of sight" "$(v officer list --json | jq -r 'map(.officer) | join(" ")')" "019123 019124"
expect 2 'officer 019123 is in it' v unit set QH-1 --close "${why[@]}"
ok "officers have a unit, a certificate and a period"

# ------ accounts ------
expect 0 'zhang is entered' v person add zhang --name 张三 --officer 019123 --roles officer "${why[@]}"
expect 0 'li is entered' v person add li --name 李四 --officer 019124 --roles officer "${why[@]}"
expect 0 'qian is entered' v person add qian --name 钱 --unit QH-1 --roles unit_head "${why[@]}"
expect 0 'sun is entered' v person add sun --name 孙 --unit QH --roles supervisor "${why[@]}"
expect 0 'zhou is entered' v person add zhou --name 周 --unit QH --roles admin "${why[@]}"
expect 2 'has the account zhang already' v person add zhang2 --name 张三 --officer 019123 --roles officer "${why[@]}"
expect 2 "nobody's account" v person add postgres --name x --unit QH --roles admin "${why[@]}"
expect 2 'begins with neither dv_ nor pg_' v person add dv_admin --name x --unit QH --roles admin "${why[@]}"
expect 2 'is of unit QH-1, not QH-2' v person add zhang --unit QH-2 --roles officer "${why[@]}"
expect 2 "is officer 019123's, and stays so" v person add zhang --officer 019124 --roles officer "${why[@]}"
expect 2 'the role officer takes an officer' v person add wu --name 吴 --unit QH --roles officer "${why[@]}"
expect 2 'roles are supervisor' v person add wu --name 吴 --unit QH --roles king "${why[@]}"
expect 4 'nobody changes their own account' as zhou person add zhou --roles admin,supervisor "${why[@]}"
expect 4 'permission denied' as zhang person add wu --name 吴 --unit QH --roles head "${why[@]}"
expect 0 'wu is entered' as zhou person add wu --name 吴 --unit QH --roles head "${why[@]}"
is "by whom" "$(db postgres "SELECT by FROM dv.account_current WHERE login = 'wu'")" zhou
ok "accounts are people's, one each"

# ------ recorders, and whose recordings are whose ------

# ingest SESSION RECORDER OFFICER RECORDING START: a recording of one segment, as dockd hands it over
ingest() {
	local hash
	hash=$(sha256sum <<<"$*" | cut -c1-64)
	db dv_ingest "SELECT dv.ingest('[$(jq -cn --arg s "00000000-0000-4000-8000-00000000000$1" --arg r "$2" --arg o "$3" \
		--arg rec "00000000-0000-4000-9000-00000000000$4" --arg at "$5" --arg h "$hash" \
		'{v: 1, type: "session", station: "QH-01", session: $s, slot: "A1", port: "1-1", recorder: $r, started: $at,
		  usb: {vid: "1d6b", pid: "00ff", serial: "S1", manufacturer: null, product: "X"}}'),$(jq -cn \
		--arg s "00000000-0000-4000-8000-00000000000$1" --arg r "$2" --arg o "$3" \
		--arg rec "00000000-0000-4000-9000-00000000000$4" --arg at "$5" --arg h "$hash" \
		'{v: 1, type: "segment", station: "QH-01", session: $s, segment: ($rec | sub("9000"; "a000")), recorder: $r,
		  recording: $rec, seq: 0, path: "a.mp4", path_raw: "612e6d7034", size: 100, blob: $h, fingerprint: $h,
		  stored: $at, start: $at, end: $at, time_source: "directory", officer: $o, manifest: null, seal: null,
		  claims: {created: null, modified: null, accessed: null}, findings: [], assurance: "sealed_at_dock",
		  signature: "unsigned", digest: "not_claimed"}')]')" >/dev/null
}
# seen LOGIN: their recordings, in order
seen() { as "$1" recording list --json | jq -r 'map(.recording[-1:]) | sort | join(" ")'; }

v recorder enroll REC-1 --usb 1234:abcd:S1 --unit QH-1 "${why[@]}" >/dev/null
v recorder enroll REC-2 --usb 1234:abcd:S2 --unit QH-2 "${why[@]}" >/dev/null
expect 2 'is not in service today' v recorder issue REC-1 --officer 019126 "${why[@]}"
expect 2 'is not in service today' v recorder issue REC-1 --officer 019999 "${why[@]}"
expect 2 'is not enrolled' v recorder issue REC-9 --officer 019123 "${why[@]}"
expect 2 'issued to nobody' v recorder return REC-1 "${why[@]}"
expect 0 'is issued to 019123' v recorder issue REC-1 --officer 019123 "${why[@]}"
expect 2 'enter its return first' v recorder issue REC-1 --officer 019124 "${why[@]}"
expect 0 'is changed' v officer set 019124 --certified-to 2026-01-31 "${why[@]}"
expect 2 'certificate ZJ-2 ended on 2026-01-31' v recorder issue REC-2 --officer 019124 "${why[@]}"
expect 0 'is changed' v officer set 019124 --certified-to open "${why[@]}"
expect 0 'is issued to 019124' v recorder issue REC-2 --officer 019124 "${why[@]}"
ingest 1 REC-1 019123 1 "$(date -u +%FT%T.000Z)"
ingest 2 REC-2 019124 2 "$(date -u +%FT%T.000Z)"
is "an officer sees their own" "$(seen zhang), $(seen li)" "1, 2"
is "a unit's head those of the unit" "$(seen qian)" 1
is "the supervision office all" "$(seen sun)" "1 2"
is "and the recorders" "$(as zhang recorder list --json | jq -r 'map(.recorder) | join(" ")')" REC-1
ok "who sees which"

# ------ a transfer ------
expect 0 '019123 is changed' v officer set 019123 --unit QH-2 --from "$(TZ=Asia/Shanghai date +%F)" "${why[@]}"
expect 0 'REC-1 is issued to 019123' v recorder issue REC-1 --officer 019123 "${why[@]}"
ingest 3 REC-1 019123 3 "$(date -u +%FT%T.000Z)"
is "what was recorded before stays with the unit of then" \
	"$(db postgres "SELECT string_agg(right(recording::text, 1) || unit, ' ' ORDER BY recording) FROM dv.recording")" "1QH-1 2QH-2 3QH-2"
is "its head sees that, and no more" "$(seen qian)" 1
is "and the officer both" "$(seen zhang)" "1 3"
expect 0 'REC-1 is returned' v recorder return REC-1 "${why[@]}"
expect 0 'is issued to 019124' v recorder issue REC-1 --officer 019124 "${why[@]}"
is "who had it" "$(v recorder history REC-1 --json | jq -r '.[] | "\(.officer) \(.unit) \(.returned_at != null)"')" \
	$'019124 QH-2 false\n019123 QH-2 true\n019123 QH-1 true'
is "whose it is now sees no recording of before" "$(seen li)" 2
for what in damaged lost; do
	expect 4 'it takes the role supervisor or unit_head' as zhang recorder $what REC-1 "${why[@]}"
	expect 2 "none of your unit's" as qian recorder $what REC-1 "${why[@]}"
	expect 2 'not imported' as sun recorder $what REC-1 --attach 00000000-0000-4000-8000-000000000009 "${why[@]}"
	expect 2 "not a segment's id" as sun recorder $what REC-1 --attach x "${why[@]}"
	expect 2 'say why with --reason' as sun recorder $what REC-1
	expect 0 'nothing was changed' as sun recorder $what REC-1 --dry-run "${why[@]}"
	is "a trial reports nothing" "$(db postgres "SELECT count(*) FROM dv.finding WHERE code = 'device_$what'")" 0
	expect 0 "REC-1 is reported $what" as sun recorder $what REC-1 "${why[@]}"
	is "a finding about the recorder" "$(db postgres "SELECT severity, subject, detail ->> 'by', detail ->> 'reason'
		FROM dv.finding WHERE code = 'device_$what'")" "violation|REC-1|sun|letter 7"
done
ok "damage and loss are reported by who answers for them"
expect 0 'retired' v recorder retire REC-2 "${why[@]}"
expect 2 'is retired' v recorder issue REC-2 --officer 019124 "${why[@]}"
ok "a transfer moves nobody's recordings"

# ------ closed ------
expect 0 'li is closed' v person close li "${why[@]}"
expect 4 'not permitted to log in' as li recording list
expect 2 'there is none to close' v person close nobody "${why[@]}"
is "out of sight, not gone" "$(v person list --json | jq -r 'map(.login) | join(" ")')/$(v person list --all --json |
	jq -r '.[] | select(.login == "li").state')" "qian sun wu zhang zhou/closed"
expect 0 'li is changed' v person add li --roles officer "${why[@]}"
is "and back" "$(seen li)" 2
ok "a closed account lets nobody in"

# ------ all of it is in the log ------
is "every change is an event" "$(db postgres "SELECT count(*) FROM dv.custody_event WHERE act IN ('unit_changed',
	'officer_changed', 'account_changed')")" "$(db postgres "SELECT (SELECT count(*) FROM dv.unit)
	+ (SELECT count(*) FROM dv.officer) + (SELECT count(*) FROM dv.account)")"
is "and what of rights it changed an act, by who did it" "$(db postgres "SELECT count(*) > 5, bool_or(by = 'zhou'), bool_or(by = 'dv_admin')
	FROM dv.act WHERE kind = 'roles_changed' AND detail -> 'changed' ? 'role zhang in dv_officer' OR by IN ('zhou', 'dv_admin')")" "t|t|t"
ok "custody"
