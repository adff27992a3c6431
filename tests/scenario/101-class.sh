#!/bin/bash
# Goal: what is classified is read by who may and covered from everybody else, whatever program they use: at import and later, by a recording, a
# case, a link; one person raises a class and two lower it; leave to read has its end; who asks for more is refused, and on record; a state secret
# is not taken in, and what came in is shut away and never given out.  In both languages, and the log is whole after it.
# Takes 12 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
unset LC_ALL LC_MESSAGES
export LANG=C.UTF-8
DOCK_CLOCK=1 dock_begin
out=$DOCK/out

v() { "$BUILD/vaultctl" --lang "${in:-en}" "$@"; }
as() { DOCKVAULT_LOGIN=$1 v "${@:2}"; }
is() { [ "$2" = "$3" ] || { echo "--- has:"; echo "$2"; echo "--- wants:"; echo "$3"; fail "$1"; }; }
# expect LOGIN STATUS TEXT ARGUMENT...
expect() {
	local status=0 login=$1 want=$2 text=$3
	shift 3
	as "$login" "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || { cat "$out"; fail "$login: $*: exit $status instead of $want"; }
	grep -qF -e "$text" "$out" || { cat "$out"; fail "$login: $*: does not say \"$text\""; }
}
# absent TEXT: it was not said
absent() { ! grep -qF -e "$1" "$out" || { cat "$out"; fail "says \"$1\""; }; }

sql "SELECT unit_set('QH', NULL, '清河局', false, 'scenario'); SELECT unit_set('QH-1', 'QH', 'one', false, 'scenario');
	SELECT officer_set('019001', '张三', 'C-1', NULL, 'QH-1', '2020-01-01', NULL, 'scenario');
	SELECT officer_set('019002', '李四', 'C-2', NULL, 'QH-1', '2020-01-01', NULL, 'scenario')" >/dev/null
for person in zhang:officer:QH-1:019001 wang:unit_head:QH-1: qian:head:QH: sun:supervisor:QH: zhou:supervisor:QH-1:019002 fa:legal:QH: shen:auditor:QH:; do
	IFS=: read -r login role unit officer <<<"$person"
	v person add "$login" --name "$login" --unit "$unit" --roles "$role" ${officer:+--officer "$officer"} --reason scenario >/dev/null
done
new_key REC-1
vaultctl recorder enroll REC-1 --usb 1209:5a01:S1 --key "$DOCK/REC-1.pub" --officer 019001 --unit QH-1 --reason scenario >/dev/null
signed_card "$DOCK/card" REC-1 2 30001
plug A1 "$DOCK/card" S1
stack wait >/dev/null
await_dock ".backlog == 0"
recording=$(sql "SELECT recorder || '/' || recording FROM recording LIMIT 1")
segment=$(sql "SELECT segment FROM segment ORDER BY seq LIMIT 1")
day=$(sql "SELECT day_of(start_at) FROM segment LIMIT 1")
path=$(sql "SELECT path FROM segment WHERE segment = '$segment'")

# ------ nobody said anything: internal ------

expect shen 0 "$path" recording show "$recording"
expect shen 0 "internal" class show "$recording"
in=zh expect shen 0 "内部资料" class show "segment:$segment"
expect zhang 4 "takes the role" class set "recording:$recording" personal --reason scenario
expect sun 2 "there is none" class set "recording:REC-1/00000000-0000-0000-0000-000000000000" personal --reason scenario
expect sun 2 "classes are" class set "recording:$recording" secret --reason scenario
expect sun 2 "write segment:UUID" class set "finding:$segment" personal --reason scenario
expect sun 2 "say why" class set "recording:$recording" personal
expect wang 0 "nothing was changed" class set "recording:$recording" personal --reason "家中" --dry-run
ok "what nobody classified is internal"

# ------ personal: not for who audits ------

in=zh expect wang 0 "现为：个人隐私" class set "recording:$recording" personal --reason "当事人家中"
expect zhang 0 "$path" recording show "$recording"
in=zh expect shen 4 "不在您的查阅权限内（第三十五、三十七条）" recording show "$recording"
absent "$path"
expect shen 0 "***" recording list --json
absent "019001"
is "it is there, and counted" "$(as shen recording list --json | jq -c '.[] | [.segments, .covered, .officer, .start_at]')" '[2,"personal","***",null]'
expect shen 0 "covered from you" timeline REC-1 "$day"
absent "$path"
for format in table json csv xlsx pdf; do
	as shen report integrity --format $format --out "$DOCK/report.$format" >/dev/null || [ $? -eq 1 ] || fail "a report as $format"
done
is "a report counts it" "$(jq .totals.segments "$DOCK/report.json")" 2
is "nor by another program" "$(psql -XAtq -U shen -c "SELECT count(*) FROM dv.segment UNION ALL SELECT count(*) FROM dv.manifest")" $'0\n0'
expect shen 4 "beyond what you may read" verify "$segment"
expect shen 4 "beyond what you may read" log prove "$segment"
expect sun 0 "whole" verify "$segment"
is "each object once" "$(sql "SELECT string_agg(subject_kind || ' ' || (detail ->> 'by'), ', ' ORDER BY subject_kind) FROM finding WHERE code = 'read_outside_grant'")" "recording shen, segment shen"
as sun finding list --code read_outside_grant --json >"$out" || true	# it found some: status 1
is "with its article" "$(jq -c '[.[] | [.article, .severity]] | unique' "$out")" '[[35,"violation"]]'
is "and acts" "$(sql "SELECT count(*) FROM act WHERE kind = 'read_refused'")" 3
ok "what is beyond somebody's reading is covered, counted, and who asks for it is found"

# ------ one raises, two lower ------

expect sun 2 "nobody makes it internal alone" class set "recording:$recording" internal --reason scenario
in=zh expect sun 0 "由另一人审定" class lower "recording:$recording" internal --reason "录错"
id=$(as fa class list --proposed --json | jq -r '.[0].lowering')
expect sun 4 "another person decides" class decide "$id" --approve --reason scenario
expect wang 4 "takes the role" class decide "$id" --approve --reason scenario
expect fa 2 "name one of" class decide "$id" --reason scenario
expect fa 0 "nothing was changed" class decide "$id" --approve --reason scenario --dry-run
in=zh expect fa 0 "已批准提案" class decide "$id" --approve --reason "确认"
expect fa 2 "decided already" class decide "$id" --approve --reason scenario
expect shen 0 "$path" recording show "$recording"
ok "one person raises a class, and two lower it"

# ------ a case, and a link that goes ------

as wang case open K-1 --kind penalty --origin own --title "商业秘密案" --unit QH-1 --procedure simple --officer 019001 --officer 019002 --reason scenario >/dev/null
action=$(as wang action add K-1 --step application --start "$(utc "$(($(date +%s) - 3600))")" --end "$(utc "$(($(date +%s) - 1800))")" --place 清河路 \
	--officer 019001:C-1:shown --officer 019002:C-2:shown --reason scenario --json | jq -r .action)
link=$(as wang link add "$action" --recording "$recording" --reason scenario --json | jq -r .link)
as fa class set case:K-1 trade_secret --reason "配方" >/dev/null
expect sun 4 "trade secret" recording show "$recording"
expect zhang 4 "trade secret" recording show "$recording"
expect sun 0 "case" class show "$recording"
is "by its case" "$(as sun class show "$recording" --json | jq -c '[.class, .own, [.follows[] | .kind, .class], .unread]')" '["trade_secret","internal",["case","trade_secret"],2]'
as wang link remove "$link" --reason "linked by mistake" >/dev/null
expect sun 4 "trade secret" recording show "$recording"
is "what came by a case stays" "$(as sun class show "$recording" --json | jq -r '.own')" trade_secret
ok "a case's class is its recordings', and stays when a link goes"

# ------ leave to read ------

until=$(TZ=Asia/Shanghai date -d '1 day' +%F)
expect sun 4 "to themselves" grant give sun "recording:$recording" --until "$until" --reason scenario
expect wang 4 "takes the role" grant give zhang "recording:$recording" --until "$until" --reason scenario
expect sun 2 "there is none that is open" grant give nobody "recording:$recording" --until "$until" --reason scenario
expect sun 2 "--until" grant give zhang "recording:$recording" --reason scenario
in=zh expect sun 0 "已授权 zhang 查阅" grant give zhang "recording:$recording" --until "$until" --reason "办案"
expect qian 0 "may read" grant give sun "segment:$segment" --until "$until" --reason "review"
expect zhang 0 "$path" recording show "$recording"
is "one of the two" "$(psql -XAtq -U sun -c "SELECT segment FROM dv.segment")" "$segment"
expect sun 0 "whole" verify "$segment"
expect sun 4 "whose secret it is" export "$segment" "$DOCK/package" --reason scenario
[ ! -e "$DOCK/package" ] || fail "a trade secret was given to anybody"
grant=$(as sun grant list --login sun --json | jq -r '.[0].read_grant')
expect qian 0 "taken back" grant end "$grant" --reason "done"
expect sun 4 "beyond what you may read" verify "$segment"
expect sun 0 "taken back" grant list --login sun --all
at_clock +72h
expect zhang 4 "beyond what you may read" recording show "$recording"
ok "leave to read is given by another, and ends"

# ------ at import ------

echo "配方" >"$DOCK/formula.pdf"
expect sun 2 "nothing was taken in" import "$DOCK/formula.pdf" --class state_secret --reason scenario
in=zh expect sun 2 "国家秘密不得存入本系统" import "$DOCK/formula.pdf" --class state_secret --reason scenario
expect sun 2 "takes two people" import "$DOCK/formula.pdf" --class public --reason scenario
is "no session, no byte" "$(sql "SELECT count(*) FROM dock_import")" 0
v import "$DOCK/formula.pdf" --class trade_secret --unit QH-1 --reason scenario >/dev/null
await_dock ".backlog == 0"
imported=$(sql "SELECT segment FROM segment WHERE path = 'formula.pdf'")
is "of its class from the start" "$(sql "SELECT class_of('$imported')")" trade_secret
is "which nobody reads" "$(psql -XAtq -U sun -c "SELECT count(*) FROM dv.segment WHERE segment = '$imported' UNION ALL SELECT count(*) FROM dv.dock_import")" $'0\n0'
mkdir -p "$DOCK/inbox/unsorted"
cp "$DOCK/formula.pdf" "$DOCK/inbox/unsorted/other.pdf"
echo more >>"$DOCK/inbox/unsorted/other.pdf"
expect dv_inbox 2 "nothing was taken in" inbox "$DOCK/inbox" --class state_secret --reason scenario
v inbox "$DOCK/inbox" --class personal --reason scenario >/dev/null
await_dock ".backlog == 0"
is "the watched folder's, too" "$(sql "SELECT class_of(segment) FROM segment WHERE path = 'other.pdf'")" personal
ok "a class is said at import, and a state secret is not taken in"

# ------ a state secret that came in ------

in=zh expect sun 0 "国家秘密" class set "recording:$recording" state_secret --reason "涉密会议"
is "found" "$(sql "SELECT string_agg(severity || ' ' || subject, ',') FROM finding WHERE code = 'secret_found'")" "violation $recording"
for who in sun qian fa wang zhang shen; do
	is "$who reads none of it" "$(psql -XAtq -U $who -c "SELECT count(*) FROM dv.segment WHERE recorder = 'REC-1'")" 0
done
until=$(TZ=Asia/Shanghai date -d '30 days' +%F)
expect sun 4 "the head of the bureau gives leave" grant give zhou "recording:$recording" --until "$until" --reason scenario
expect qian 0 "may read" grant give zhou "recording:$recording" --until "$until" --reason "the office for secrets"
expect zhou 0 "$path" recording show "$recording"
in=zh expect zhou 4 "never given out" export "$recording" "$DOCK/package" --reason scenario
[ ! -e "$DOCK/package" ] || fail "a state secret was given out"
status=0
v export "$recording" "$DOCK/package" --reason scenario >"$out" 2>&1 || status=$?
[ $status -eq 4 ] || fail "nor by a program's login: $status"
[ ! -e "$DOCK/package" ] || fail "a state secret was given out by a program's login"
ok "a state secret is shut away, and never given out"

# ------ the log ------

expect zhou 4 "does not see every row" verify log
v verify log >"$out" 2>&1 || { cat "$out"; fail "the log is not whole"; }
is "the same from the facts" "$(sql "CREATE TEMP TABLE was AS SELECT * FROM segment_class; CREATE TEMP TABLE were AS SELECT * FROM recording_class;
	SELECT classes_rebuild() > 0; SELECT count(*) FROM (TABLE was EXCEPT TABLE segment_class) AS x; SELECT count(*) FROM (TABLE were EXCEPT TABLE recording_class) AS x")" $'t\n0\n0'
dock_finish
