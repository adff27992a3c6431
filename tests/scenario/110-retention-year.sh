#!/bin/bash
# Goal: a year of a vault goes by.  Each month a recorder is docked, a case is opened, recorded, closed and archived, and both stores
# are read again; holds, marks, classes and leave to read; rules that are changed; plans made, refused, approved, recalled from, disposed
# of; copies asked for, refused, handed over; the vault's disk dies, and at last the machine.  What ends is told by the log, the scrub, the
# register and the reports alike: no byte is lost that should be there, and none is left that should not.
# Takes 240 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
for tool in age age-keygen minisign jq; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck disable=SC2119	# no lines of its own
DOCK_CLOCKS=1 dock_begin
unset DOCKVAULT_LOGIN
export LC_ALL=C.UTF-8
out=$DOCK/out why=(--reason "scenario") second=$DOCK/second
mkdir "$second"
echo "copy \"second\" { path = \"$second\" }" >>"$DOCK/stack/dockvault.conf"

v() { vaultctl --lang en "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
call() { psql -XAtq -v ON_ERROR_STOP=1 -U "$1" -c "SET search_path = dv" -c "$2"; }
# expect EXIT TEXT COMMAND...
expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || { cat "$out"; fail "$*: exit $status instead of $want"; }
	grep -qF -e "$text" "$out" || { cat "$out"; fail "$*: does not say \"$text\""; }
}
# refuses COMMAND...: with a sentence, and not because something cannot be reached
refuses() {
	local status=0
	"$@" >"$out" 2>&1 || status=$?
	[[ $status =~ ^[124]$ ]] && [ -s "$out" ] || { cat "$out"; fail "$*: exit $status"; }
	! grep -qE 'cannot be reached|does not answer|timed out' "$out" || { cat "$out"; fail "$*: away"; }
}
is() { [ "$2" = "$3" ] || { diff <(echo "$2") <(echo "$3") || true; fail "$1: not what it should be"; }; }
now() { faked date +%s; }
moment() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
today() { sql "SELECT today()"; }
noted() { [ "$(sql "SELECT count(*) FROM clock_day WHERE day = today()")" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM retention_pass WHERE swept_on = today()")" = 1 ]; }
day() { at_clock "$1"; await 60 "the day is noted" noted; }
found() { sql "SELECT count(*) FROM finding WHERE code = '$1'"; }
in_vault() { find "$DOCK/stack/vault/objects" -type f -printf '%f\n' | sort; }
in_second() { find "$second/objects" -type f -printf '%f\n' | sort; }

# ------ who there is, and two stores ------

v unit set QH --name 清河县局 "${why[@]}" >/dev/null
for n in 1 2; do v officer set 01900$n --name "officer $n" --certificate C-$n --unit QH --from 2020-01-01 "${why[@]}" >/dev/null; done
for person in zhang:officer:019001 li:officer:019002 wang:unit_head qian:head sun:supervisor ren:supervisor fa:legal shen:auditor ma:admin; do
	IFS=: read -r login role officer <<<"$person"
	v person add "$login" --name "$login" --unit QH --roles "$role" ${officer:+--officer "$officer"} "${why[@]}" >/dev/null
done
new_key REC-1
v recorder enroll REC-1 --usb 1209:5a01:S1 --key "$DOCK/REC-1.pub" --officer 019001 --unit QH "${why[@]}" >/dev/null
as ma store set second --holds all "${why[@]}" >/dev/null
scrub() { local s; for s in vault second; do v scrub --store $s >"$out" 2>&1 || { cat "$out"; fail "scrub of $s: $?"; }; done; }

# The file of an inspection is kept for ninety days from its archiving: what the legal office says, and the head approves.
jq -n --arg day "$(sql "SELECT today() + 1")" '{what: "retention", code: "case_other", valid_from: $day, body: {article: 32, classes: null,
	case_kinds: ["licence", "levy", "fee", "inspection"], linked: true, marks: null, keep: "P90D", since: "case_archived", review: false,
	text_zh: "检查等案件的资料：自归档起保存九十日。", text_en: "Of cases of inspection: ninety days from archiving."}}' >"$DOCK/rule.json"
as fa rule propose "$DOCK/rule.json" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "the rule is not proposed"; }
expect 4 'another person' as fa rule approve "$(sql "SELECT proposal FROM rule_proposal")" "${why[@]}"
expect 0 '' as qian rule approve "$(sql "SELECT proposal FROM rule_proposal")" "${why[@]}"
ok "people, a recorder, two stores, a rule of the bureau's own"

# ------ months ------

declare -A recording blobs
booted=$(($(now) - 86400))
# filmed NAME: a recording of two segments, on the recorder's card
filmed() {
	local before
	before=$(find "$DOCK/card" -name '*.mp4' 2>/dev/null | sort || true)
	clock=$(($(now) - 7200 + filming * 60)) filming=$((filming + 1))
	signed_card "$DOCK/card/DCIM" REC-1 2 20001
	files[$1]=$(comm -13 <(echo "$before") <(find "$DOCK/card" -name '*.mp4' | sort))
}
# docked: what is on the card, and which of it is which
docked() {
	local name file
	plug A1 "$DOCK/card" S1
	stack wait >/dev/null
	await_dock ".backlog == 0"
	stack undock A1 >/dev/null
	for name in "${!files[@]}"; do
		# shellcheck disable=SC2086	# paths of ours
		blobs[$name]=$(b2sum -l 256 ${files[$name]} | cut -d' ' -f1)
		file=${blobs[$name]%%$'\n'*}
		recording[$name]=$(sql "SELECT recorder || '/' || recording FROM segment WHERE blob = '\\x$file'")
		[ -n "${recording[$name]}" ] || fail "$name was not recorded"
	done
}
# a_case NAME RECORDING: an inspection that was recorded, concluded and archived
a_case() {
	local action at
	at=$(($(now) - 7000))
	call zhang "SELECT case_open(jsonb_build_object('case', '$1', 'kind', 'inspection', 'origin', 'inspection', 'title', '$1', 'unit', 'QH',
		'procedure', 'simple', 'started_at', '$(moment $((at - 600)))', 'reason', 'scenario',
		'officers', '[{\"officer\": \"019001\"}, {\"officer\": \"019002\"}]'::jsonb))" >/dev/null
	action=$(call zhang "SELECT action_add(jsonb_build_object('case', '$1', 'step', 'inspection', 'start_at', '$(moment "$at")', 'end_at',
		'$(moment $((at + 300)))', 'place', '清河路 1 号', 'av_notice', true, 'reason', 'scenario', 'officers',
		'[{\"officer\": \"019001\", \"certificate\": \"C-1\", \"shown\": true}, {\"officer\": \"019002\", \"certificate\": \"C-2\", \"shown\": true}]'::jsonb))")
	call zhang "SELECT link_add(jsonb_build_object('action', '$action', 'kind', 'recording', 'object', '${recording[$2]}', 'why', 'scenario'))" >/dev/null
}
concluded() {
	call wang "SELECT case_event_add('{\"case\": \"$1\", \"kind\": \"concluded\", \"note\": \"scenario\"}')" >/dev/null
	as wang case archive "$1" --incomplete-reason scenario >"$out" 2>&1 || { cat "$out"; fail "$1 is not archived"; }
}
# no_case NAME...: each belongs to no case
no_case() { local n; for n; do as sun recording review "${recording[$n]}" --verdict no_case "${why[@]}" >/dev/null; done; }

for month in 1 2 3 4 5 6; do
	day +30d
	declare -A files=()
	filming=0
	filmed "case-$month"
	filmed "free-$month"
	if [ "$month" = 1 ]; then for n in goes recalled held linked rule; do filmed "$n"; done; fi
	docked
	a_case "C-$month" "case-$month"
	concluded "C-$month"
	no_case "free-$month"
	[ "$month" != 1 ] || no_case goes recalled held linked rule
	case $month in
	2)	as sun retention mark "recording:${recording[free-2]}" obstruction "${why[@]}" >/dev/null
		as sun class set "recording:${recording[free-1]}" trade_secret "${why[@]}" >/dev/null
		as sun class set "recording:${recording[rule]}" personal "${why[@]}" >/dev/null
		expect 2 'lower' as sun class set "recording:${recording[free-1]}" internal "${why[@]}" ;;
	3)	as fa hold add "recording:${recording[free-3]}" --review "$(sql "SELECT today() + 365")" "${why[@]}" >/dev/null
		as sun class set "recording:${recording[free-2]}" state_secret "${why[@]}" >/dev/null ;;
	4)	refuses as zhang recording show "${recording[free-1]}"
		is "what is beyond leave to read" "$(found read_outside_grant)" 1
		as qian grant give zhang "recording:${recording[free-1]}" --until "$(sql "SELECT today() + 5")" "${why[@]}" >/dev/null
		expect 0 '' as zhang recording show "${recording[free-1]}" ;;
	5)	refuses as zhang recording show "${recording[free-1]}" ;;
	esac
	scrub
	is "the stores" "$(in_second)" "$(in_vault)"
done
ok "six months of dockings, cases and scrubs"

# ------ a backup, and the vault's disk dies ------

(umask 077; echo 'correct horse battery staple' >"$DOCK/words")
mkdir "$DOCK/backups"
backup() { as ma backup "$DOCK/backups" --passphrase-file "$DOCK/words" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "backup"; }; }
backup
before=$(in_vault)
stack kill-dockd 15 >/dev/null
mv "$DOCK/stack/vault/objects" "$DOCK/dead"
expect 4 'mounted' v scrub --store vault
is "what was not found out accuses nothing" "$(found storage_damaged)" 0
# A new disk: an empty store.
mkdir "$DOCK/stack/vault/objects"
stack start-dockd >/dev/null
expect 4 'not one of the copies' v scrub --store vault
v scrub --store vault --all --empty >"$out" 2>&1 || [ $? -le 3 ] || { cat "$out"; fail "scrub of the new disk"; }
is "every blob is there again" "$(in_vault)" "$before"
v verify vault --json >"$out" || { cat "$out"; fail "the vault is not whole"; }
jq -e '.damaged + .missing + .unrecorded == 0' "$out" >/dev/null || { cat "$out"; fail "the vault is not whole"; }
rm -rf "$DOCK/dead"
ok "the vault's disk died, and was made again from the second one"

# ------ disclosure ------

day +30d
declare -A files=()
filming=0
filmed case-7
docked
a_case C-7 case-7
age-keygen -o "$DOCK/wang.key" 2>/dev/null
recipient=$(age-keygen -y "$DOCK/wang.key")
request() { as sun disclosure request "$@" --capacity party --right "制度第三十六条" --purpose "申请行政复议" --recipient "$recipient" "${why[@]}" --json; }
asked() { request "$@" >"$out" || { cat "$out"; fail "request $*"; }; jq -re .disclosure "$out"; }
refuses request --asked-by 王小明 "${recording[free-1]}"	# a trade secret, and not its owner's
refuses request --asked-by 王小明 "${recording[free-2]}"	# a state secret
wish=$(asked --asked-by 王小明 "${recording[case-7]}")
refuses as sun disclosure decide "$wish" --approve --until "$(sql "SELECT today() + 5")" "${why[@]}"
refuses as sun disclosure package "$wish" "$DOCK/early.tar.age" "${why[@]}"
expect 0 '' as qian disclosure decide "$wish" --approve --until "$(sql "SELECT today() + 5")" "${why[@]}"
late=$(asked --asked-by 李小红 "${recording[case-7]}")
expect 0 '' as qian disclosure decide "$late" --approve --until "$(sql "SELECT today() + 1")" "${why[@]}"
refused=$(asked --asked-by 赵六 "${recording[case-7]}")
expect 0 '' as qian disclosure decide "$refused" --refuse "${why[@]}"
expect 0 '' as sun disclosure package "$wish" "$DOCK/copy.tar.age" "${why[@]}"
expect 0 'copy.tar.age: is made already' as sun disclosure package "$wish" "$DOCK/again.tar.age" "${why[@]}"
refuses as sun disclosure package "$refused" "$DOCK/refused.tar.age" "${why[@]}"
mkdir "$DOCK/opened"
age -d -i "$DOCK/wang.key" "$DOCK/copy.tar.age" | tar --warning=no-timestamp -x -C "$DOCK/opened" || fail "stock age does not open it"
is "what left is the recording" "$(find "$DOCK/opened" -name '*.mp4' -exec b2sum -l 256 {} + | cut -d' ' -f1 | sort)" "$(sort <<<"${blobs[case-7]}")"
v verify-package "$DOCK/opened"/* --key "$DOCK/stack/keys/export.pub" >"$out" 2>&1 || { cat "$out"; fail "the package is not whole"; }
day +2d
refuses as sun disclosure package "$late" "$DOCK/late.tar.age" "${why[@]}"
expect 0 '' as sun disclosure receipt "$wish" --received-by 王小明 --at "$(moment "$(now)")"
is "nothing else was written" "$(find "$DOCK" -maxdepth 1 -name '*.age*' -printf '%f ')" "copy.tar.age "
is "nothing left without leave so far" "$(found unapproved_export)" 0
as sun export "${recording[case-7]}" --tar "$DOCK/otherwise.tar" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "export"; }
is "what left otherwise is found" "$(found unapproved_export)" 1
concluded C-7
ok "copies asked for: refused, let out once, too late, and what left otherwise"

# ------ what may go ------

for month in 8 9; do
	day +29d
	declare -A files=()
	filming=0
	filmed "case-$month"
	docked
	a_case "C-$month" "case-$month"
	scrub
done
refuses as sun retention review "${recording[goes]}" --dispose	# no reason
for n in goes recalled held linked rule free-1 free-2 free-3; do
	as sun retention review "${recording[$n]}" --dispose "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "review of $n"; }
done
segments() { sql "SELECT segment FROM segment WHERE recorder || '/' || recording = '${recording[$1]}' ORDER BY seq"; }
names() { local n; for n; do segments "$n"; done | sort; }
expect 0 'permanent' as sun retention plan --explain "$(segments free-2 | head -n 1)"
expect 0 '' as sun retention plan --explain "$(segments free-3 | head -n 1)"
as sun retention plan "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "no plan"; }
plan=$(sql "SELECT plan FROM disposal_plan")
# Of the cases those whose ninety days are over; of the others what was looked at, after its six months.
is "what is planned" "$(sql "SELECT segment FROM disposal_item ORDER BY segment")" \
	"$(names case-1 case-2 case-3 case-4 case-5 goes recalled held linked rule free-1)"
expect 4 'yourself' as sun retention approve "$plan" "${why[@]}"
refuses as zhang retention approve "$plan" "${why[@]}"
expect 0 'one more' as qian retention approve "$plan" "${why[@]}"
refuses as qian retention approve "$plan" "${why[@]}"
# Whoever owns the database puts another one into it.
victim=$(segments case-9 | head -n 1)
psql -XAtqc "ALTER TABLE dv.disposal_item DISABLE TRIGGER ALL; CREATE TABLE was AS SELECT * FROM dv.disposal_item WHERE number = 1;
	UPDATE dv.disposal_item SET segment = '$victim' WHERE number = 1"
expect 3 'frozen' as fa retention approve "$plan" "${why[@]}"
is "a plan that was changed is found" "$(found disposal_plan_changed)" 1
psql -XAtqc "UPDATE dv.disposal_item i SET segment = was.segment FROM was WHERE i.plan = was.plan AND i.number = 1; DROP TABLE was;
	ALTER TABLE dv.disposal_item ENABLE TRIGGER ALL; ALTER TABLE dv.disposal_item ENABLE ALWAYS TRIGGER append_only"
expect 0 'two' as fa retention approve "$plan" "${why[@]}"
ok "planned, and approved by two others"

# ------ fourteen days ------

gone() { sql "SELECT count(*) FROM tombstone"; }
for n in 1 2 3; do day +1d; done
expect 0 '' as ren retention recall "$plan" "$(segments recalled | head -n 1)" "${why[@]}"
expect 0 '' as fa hold add "recording:${recording[held]}" --review "$(sql "SELECT today() + 90")" "${why[@]}"
call wang "SELECT case_open(jsonb_build_object('case', 'C-open', 'kind', 'inspection', 'origin', 'inspection', 'title', 'x', 'unit', 'QH', 'procedure',
	'simple', 'started_at', '$(moment $(($(now) - 3600)))', 'reason', 'scenario', 'officers', '[{\"officer\": \"019002\"}]'::jsonb))" >/dev/null
action=$(call wang "SELECT action_add(jsonb_build_object('case', 'C-open', 'step', 'questioning', 'start_at', '$(moment $(($(now) - 3000)))', 'end_at',
	'$(moment $(($(now) - 2900)))', 'place', 'x', 'reason', 'scenario', 'officers', '[{\"officer\": \"019002\"}]'::jsonb))")
call sun "SELECT link_add(jsonb_build_object('action', '$action', 'kind', 'recording', 'object', '${recording[linked]}', 'why', 'scenario'))" >/dev/null
call wang "SELECT case_event_add('{\"case\": \"C-2\", \"kind\": \"reopened\", \"note\": \"scenario\"}')" >/dev/null
# What is personal and of no case is kept for longer from tomorrow on.
jq -n --arg day "$(sql "SELECT today() + 1")" '{what: "retention", code: "personal_unlinked", valid_from: $day, body: {article: 37, classes: ["personal"], case_kinds: null,
	linked: false, marks: null, keep: "P900D", since: "stored", review: true, text_zh: "涉及个人隐私的资料延长保存。", text_en: "Personal: kept longer."}}' >"$DOCK/rule.json"
as fa rule propose "$DOCK/rule.json" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "the second rule is not proposed"; }
as qian rule approve "$(sql "SELECT proposal FROM rule_proposal WHERE code = 'personal_unlinked'")" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "nor approved"; }
for n in 4 5; do day +1d; done
# A clock that is a year ahead, and is put right again: nothing goes, and nothing is unlocked.
day +365d
expect 1 'clock' as ma retention clock
as ma retention run >"$out" 2>&1 || true
is "nothing goes by a clock" "$(gone)" 0
refuses as sun disclosure package "$late" "$DOCK/late.tar.age" "${why[@]}"
wrong=$(today)
at_clock -365d
as ma retention run >"$out" 2>&1 || true
is "nor while it is behind what was noted" "$(gone)" 0
as sun retention clock --wrong "$wrong" "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "the clock is not said to have been wrong"; }
for n in 6 7 8 9 10 11 12 13; do day +1d; done
expect 0 '' as ma retention run
is "nothing goes before the days were lived" "$(gone)" 0
for n in 14 15; do day +1d; done
# Killed at any moment: what was begun is concluded, once.
for n in 0.05 0.1 0.2; do timeout -s KILL $n env DOCKVAULT_LOGIN=ma "$BUILD/vaultctl" retention run >/dev/null 2>&1 || true; done
as ma retention run >"$out" 2>&1 || { cat "$out"; fail "retention run"; }
is "what went" "$(sql "SELECT segment FROM tombstone ORDER BY segment")" "$(names case-1 case-3 case-4 case-5 goes free-1)"
is "what was spared" "$(sql "SELECT DISTINCT cause FROM disposal_spared ORDER BY cause" | xargs)" "held in_case recalled rule"
for n in case-1 case-3 case-4 case-5 goes free-1; do
	for blob in ${blobs[$n]}; do
		for path in "$(blob_path "$blob")" "$second/objects/${blob:0:2}/${blob:2:2}/$blob"; do
			[ ! -e "$path" ] || fail "$n is still there"
		done
	done
done
refuses as sun disclosure request --asked-by x --capacity party --right x --purpose x --recipient "$recipient" "${recording[goes]}" "${why[@]}"
as sun retention certificate "$plan" --out "$DOCK/certificate.pdf" >"$out" 2>&1 || { cat "$out"; fail "certificate"; }
[ "$(head -c 5 "$DOCK/certificate.pdf")" = %PDF- ] || fail "the certificate is no PDF"
refuses as fa hold add "recording:${recording[goes]}" --review "$(sql "SELECT today() + 90")" "${why[@]}"
refuses as fa hold release "$(sql "SELECT hold FROM hold WHERE subject = '${recording[held]}'")" "${why[@]}"
ok "what went is what was approved, less what spoke against it when its turn came"

# The recorder still has it, and it is docked once more: what was disposed of does not come back.
declare -A files=()
filming=0
filmed case-10
docked
is "nothing came back" "$(sql "SELECT count(*) FROM tombstone t JOIN copy c ON c.blob = t.blob WHERE c.state <> 'removed' AND NOT t.blob_kept")" 0
for month in 11 12; do day +28d; scrub; done
# Somebody is told, from now on; and the drill shows that they are.
mkdir "$DOCK/hook"
proc() { "$BUILD/stackproc" "$1" --pidfile "$DOCK/hook.pid" "${@:2}"; }
trap 'proc stop >/dev/null 2>&1 || true; dock_end' EXIT
proc start --log "$DOCK/hook.log" --ready line -- "$BUILD/webhookd" "$DOCK/hook" >"$DOCK/port"
(umask 077; echo 'our own key' >"$DOCK/hook.key")
chmod 0400 "$DOCK/hook.key"
echo "channel \"own\" { kind = \"json\" url = \"http://127.0.0.1:$(cat "$DOCK/port")/hook\" secret = \"$DOCK/hook.key\" }" >>"$DOCK/stack/dockvault.conf"
stack kill-alertd 15 >/dev/null
stack start-alertd >/dev/null
v drill "${why[@]}" >"$out" 2>&1 || { cat "$out"; fail "drill"; }
proc stop >/dev/null
ok "a year is over"

# ------ do they agree? ------

# What the catalog says should be there: every blob, but those that are gone by right.
should() { sql "SELECT hex(hash) FROM blob b WHERE NOT EXISTS (SELECT FROM copy c WHERE c.blob = b.hash AND c.store = 'vault' AND c.state = 'removed')
	ORDER BY 1"; }
agree() {
	is "the vault" "$(in_vault)" "$(should)"
	v scrub --store vault --all >"$out" 2>&1 || { cat "$out"; fail "the last scrub"; }
	v verify log --json >"$out" || { jq -c . "$out" | head -c 3000; fail "verify log"; }
	jq -e '[.. | objects | .code? // empty] | length == 0' "$out" >/dev/null || { cat "$out"; fail "verify log found something"; }
	v verify vault --json >"$out" || { cat "$out"; fail "verify vault"; }
}
agree
v scrub --store second --all >"$out" 2>&1 || { cat "$out"; fail "the last scrub of the second"; }
is "the second store" "$(in_second)" "$(in_vault)"
as sun disclosure list --format csv >"$DOCK/register.csv"
is "the register" "$(sql "SELECT count(*) FROM disclosure")" "$(($(wc -l <"$DOCK/register.csv") - 1))"
is "let out" "$(as sun disclosure list --json | jq '[.[] | select(.sealed_at != null)] | length')" 1
as sun report integrity --from "$(sql "SELECT today() - 400")" --json >"$out" || [ $? -eq 1 ] || { cat "$out"; fail "report"; }
is "the report counts what was found" "$(jq '[.findings[] | select(.code == "unapproved_export")] | length' "$out")" 1
# Besides what was done on purpose: what the cases and recorders of such a year lack, which are seconds of a recording and one officer.
is "nothing else was found" "$(sql "SELECT DISTINCT code FROM finding WHERE severity = 'violation' AND code NOT IN ('unapproved_export', 'read_outside_grant',
	'disposal_plan_changed', 'secret_found', 'storage_damaged', 'rectification_overdue') ORDER BY 1" | xargs)" "av_missing coverage_short not_docked officers_insufficient unlinked_recording"
ok "log, scrub, register and reports agree"

# ------ and the machine is lost ------

sleep_a_second() { local s=$SECONDS; until [ "$SECONDS" != "$s" ]; do :; done; }
sleep_a_second
backup
newest=$(find "$DOCK/backups" -mindepth 1 -maxdepth 1 -name '*Z' | sort | tail -n 1)
was=$(in_vault)
cp "$DOCK/stack/keys/seal.pub" "$DOCK/seal.pub"
stack down >/dev/null || fail "the stack did not end"
rm -rf "$DOCK/stack/vault" "$DOCK/stack/state" "$DOCK/stack/custody" "$DOCK/stack/keys" "$DOCK/stack/pg" "$DOCK/stack/dockvault.conf" "$second"
unset DOCKVAULT_CONF PGHOST PGDATABASE
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
trap 'cluster_end; dock_end' EXIT	# the hook has ended
cluster_start
v restore "$newest" --to "$DOCK/new" --database "$CONNINFO" --superuser postgres --passphrase-file "$DOCK/words" --key "$DOCK/seal.pub" >"$out" 2>&1 ||
	{ cat "$out"; fail "restore"; }
is "every byte is there again, and no other" "$(find "$DOCK/new/vault/objects" -type f -printf '%f\n' | sort)" "$was"
ok "restored, and proven"
