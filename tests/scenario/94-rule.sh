#!/bin/bash
# Goal: a legal officer changes a rule and a requirement, another person decides, and nobody else and
# nothing of the past is touched: what was so yesterday is judged and cited by the words of yesterday,
# what is so after the change by the new ones.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
command -v jq >/dev/null || { echo "jq is not installed: run tools/setup"; exit 77; }
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-rule.XXXXXX")
clean() { cluster_end; rm -rf "$dir"; }
trap clean EXIT
export LC_ALL=C.UTF-8
out=$dir/out

fail() { echo "FAILED: $1"; cat "$out" 2>/dev/null | head -40; exit 1; }
ok() { echo "ok: $1"; }
# as LOGIN ARGUMENT...
as() { DOCKVAULT_LOGIN=$1 "$BUILD/vaultctl" --config "$dir/conf" --lang "${LANGUAGE_OF:-en}" "${@:2}"; }
# expect LOGIN STATUS TEXT ARGUMENT...
expect() {
	local status=0 login=$1 want=$2 text=$3
	shift 3
	as "$login" "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || fail "$login: $*: exit $status instead of $want"
	grep -qF -e "$text" "$out" || fail "$login: $*: does not say \"$text\""
}
is() { [ "$2" = "$3" ] || { echo "$2"; echo "instead of: $3"; fail "$1"; }; }

cluster_start
mkdir "$dir/vault"
cat >"$dir/conf" <<END
station = "QH-01"
log_origin = "example.cn/dockvault/QH-01"
database = "host=$CLUSTER dbname=dv"
vault = "$dir/vault"
slot "A1" { port = "1-1" }
END
"$BUILD/catalog-drive" migrate "$CONNINFO user=postgres" sql >"$out" 2>&1 || fail "migrate"
db postgres "INSERT INTO dv.unit (unit, revision, name, closed, reason) VALUES ('QH', 1, '清河局', false, 'scenario')"
for person in fa:legal lv:legal ju:head chen:officer; do
	db postgres "CREATE ROLE ${person%:*} LOGIN IN ROLE dv_person, dv_${person#*:}" \
		"INSERT INTO dv.account (login, revision, name, officer, unit, roles, reason)
		 VALUES ('${person%:*}', 1, '${person%:*}', $([ "$person" = chen:officer ] && echo "'019123'" || echo NULL), 'QH', '{${person#*:}}', 'scenario')"
done
today=$(TZ=Asia/Shanghai date +%F)
tomorrow=$(TZ=Asia/Shanghai date -d 'tomorrow' +%F)
later=$(TZ=Asia/Shanghai date -d '3 days' +%F)

# ------ looking ------

expect chen 0 "inspection_av" rule list --article 11
expect chen 0 "现场检查（勘验）应当同时进行音像记录" rule list --article 11 --lang zh
is "article 11" "$(as lv rule list --article 11 --json | jq -r '[.[].code] | join(" ")')" \
	"hearing_av inspection_av sampling_av av_missing"
is "the first day" "$(as lv rule list --at 2000-01-01 --json)" "$(as lv rule list --json)"
expect lv 2 "not an article" rule list --article 41
expect lv 2 "not a day" rule list --at yesterday
expect lv 2 "no rule no_such" rule show no_such
expect lv 0 "in force from" rule show archive_overdue
ok "whoever reads anything reads rules, of any day"

# ------ proposing ------

# proposal WHAT CODE DAY FILTER: the newest version of it, changed by the filter, in $dir/p.json
proposal() {
	as lv rule show "$2" --json | jq --arg what "$1" --arg code "$2" --arg day "$3" \
		"{what: \$what, code: \$code, valid_from: \$day, body: (.versions | last | .body | $4)}" >"$dir/p.json"
}
proposal rule archive_overdue "$tomorrow" '.text_zh = "新的文字。" | .text_en = "New words." | .severity = "warning"'
expect chen 4 "takes the role legal" rule propose "$dir/p.json" --reason "why"
expect fa 2 "--reason" rule propose "$dir/p.json"
expect fa 0 "New words." rule propose "$dir/p.json" --reason "why" --dry-run
grep -qF "dry run: nothing was changed" "$out" || fail "a dry run says that it is one"
grep -qF "violation" "$out" || fail "what it was is shown"
is "a dry run" "$(db postgres "SELECT count(*) FROM dv.rule_proposal")" 0
expect fa 0 "another person decides" rule propose "$dir/p.json" --reason "clearer words"
id=$(db postgres "SELECT proposal FROM dv.rule_proposal")
expect lv 0 "$id" rule list --proposed
expect lv 0 "New words." rule show archive_overdue
ok "a proposal is shown with what it changes, and kept when it is meant"

echo '{"what": "rule"' >"$dir/bad.json"
expect fa 2 "not JSON" rule propose "$dir/bad.json" --reason "why"
echo '{"what": "rule", "code": "gap", "valid_from": "'"$tomorrow"'", "body": []}' >"$dir/bad.json"
expect fa 2 "rule show" rule propose "$dir/bad.json" --reason "why"
head -c 300000 /dev/zero | tr '\0' ' ' >"$dir/bad.json"
expect fa 2 "bad.json" rule propose "$dir/bad.json" --reason "why"
jq --arg day "$today" '.valid_from = $day' "$dir/p.json" >"$dir/bad.json"
expect fa 2 "a day that has begun is not judged anew" rule propose "$dir/bad.json" --reason "why"
jq 'del(.body.text_zh)' "$dir/p.json" >"$dir/bad.json"
expect fa 2 "text_zh is missing" rule propose "$dir/bad.json" --reason "why"
proposal requirement inspection_papers "$tomorrow" '.documents = [["diary"]]'
expect fa 2 "diary is not known here" rule propose "$dir/p.json" --reason "why"
proposal requirement inspection_papers "$tomorrow" '.condition = {"moon": "full"}'
expect fa 2 "there is no fact moon" rule propose "$dir/p.json" --reason "why"
is "refusals" "$(db postgres "SELECT count(*) FROM dv.rule_proposal")" 1
ok "what cannot be a rule is refused, with what would be"

# ------ deciding ------

expect fa 4 "another person decides" rule approve "$id" --reason "why"
expect chen 4 "takes the role" rule approve "$id" --reason "why"
expect ju 2 "no proposal" rule approve 00000000-0000-4000-8000-000000000000 --reason "why"
expect ju 2 "no proposal" rule approve first --reason "why"
expect ju 0 "dry run" rule approve "$id" --reason "why" --dry-run
is "a dry run" "$(db postgres "SELECT count(*) FROM dv.rule_decision")" 0
expect ju 0 "New words." rule approve "$id" --reason "agreed"
grep -qF "in force from $tomorrow on" "$out" || fail "from when it is in force"
expect lv 2 "decided already" rule reject "$id" --reason "why"
proposal requirement start_approval "$later" '.severity = "info"'
as fa rule propose "$dir/p.json" --reason "less of it" --json >"$out"
id=$(jq -r .proposal "$out")
is "changes" "$(jq -r '[.changes[] | "\(.name) \(.was) \(.becomes)"] | join(", ")' "$out")" "severity violation info"
expect lv 0 "rejected" rule reject "$id" --reason "no"
is "rejected" "$(as lv rule list --at "$later" --json | jq -r '.[] | select(.code == "start_approval") | .version')" 1
proposal requirement start_approval "$tomorrow" '.fields += ["evidence"]
	| .text_zh = "审批表还应当载明证据材料。" | .text_en = "The form has the evidence as well."'
expect fa 0 "another person decides" rule propose "$dir/p.json" --reason "evidence from the start"
id=$(db postgres "SELECT proposal FROM dv.rule_proposal_list WHERE state = 'proposed'")
LANGUAGE_OF=zh expect ju 0 "已批准，自 $tomorrow 起施行" rule approve "$id" --reason "同意"
ok "another person approves or rejects, once, seeing what changes"

# ------ judged by the rule of its day ------

case_of() {
	db postgres "INSERT INTO dv.case_file (\"case\", revision, kind, origin, named, procedure, urgent, major, contentious,
			unit, title, started_at, reason, by)
		VALUES ('$1', 1, 'penalty', 'own', false, 'general', false, false, false, 'QH', '$1', '$2', 'scenario', 'chen')" \
		"INSERT INTO dv.document (\"case\", kind, title, made_at, kept_where, fields, by)
		VALUES ('$1', 'start_approval_form', 'form', '$2', 'cabinet', '{\"start_reason\": \"x\", \"party_facts\": \"x\",
			\"handler_opinion\": \"x\", \"unit_opinion\": \"x\", \"head_opinion\": \"x\"}', 'chen')" \
		"INSERT INTO dv.document_signature (document, signer, name, signed_at, by)
		SELECT document, s, s, '$2', 'chen' FROM dv.document, unnest('{officer,unit_head,head}'::text[]) AS s
		WHERE \"case\" = '$1'"
}
check() { db postgres "SELECT version, state, what FROM dv.case_check('$1') WHERE requirement = 'start_approval'"; }
case_of OLD "$today 23:59:59.999+08"
case_of NEW "$tomorrow 00:00:00+08"
is "the case of today" "$(check OLD)" "1|met|{}"
is "the case of tomorrow" "$(check NEW)" '2|not_due|{"fields": ["evidence"]}'
ok "a case is judged by the requirement of the day on which it began"

for n in OLD:"$today 23:59:59.999+08" NEW:"$tomorrow 00:00:00+08"; do
	db postgres "SELECT dv.raise_finding(NULL, jsonb_build_object('code', 'archive_overdue', 'subject_kind', 'case',
		'subject', '${n%%:*}', 'case', '${n%%:*}', 'fact', 'concluded', 'at', dv.utc('${n#*:}'), 'detail', '{}'::jsonb))" >/dev/null
done
cited() {
	as ju finding list --code archive_overdue --json | jq -r ".[] | select(.subject == \"$1\") | \"\(.severity): \(.text_en)\""
}
# "Something was found" is its exit status.
set +o pipefail
is "the finding of today" "$(cited OLD)" "violation: The case file was not archived within 30 days of the end of the act."
is "the finding of tomorrow" "$(cited NEW)" "warning: New words."
set -o pipefail
ok "a finding cites the rule of the day on which it was so"

is "the log" "$(db postgres "SELECT string_agg(act || ' ' || n, ', ' ORDER BY act) FROM (SELECT act, count(*) AS n
	FROM dv.custody_event WHERE act IN ('rule_proposed', 'rule_decided') GROUP BY act) AS x")" \
	"rule_decided 3, rule_proposed 3"
ok "who proposed and who decided is in the custody log"
