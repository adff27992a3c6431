#!/bin/bash
# Goal: a whole case by the people whose it is: opened, approved by the head, an inspection with two officers, the
# recording of a docked recorder proposed and linked, papers imported and signed, a refusal on record, concluded, archived
# with an index that stock minisign checks; what is tampered with is found; reopened, it is archived again, and the
# first index stays.  Whoever has nothing to do with it sees none of it.
# Takes 45 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
unset DOCKVAULT_LOGIN
out=$DOCK/out why=(--reason "scenario")

v() { "$BUILD/vaultctl" --lang en "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
# expect EXIT TEXT COMMAND...
expect() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || { cat "$out"; fail "$*: exit $status instead of $want"; }
	grep -qF -e "$text" "$out" || { cat "$out"; fail "$*: does not say \"$text\""; }
}
# The id that an entry got.
made() { "$@" --json >"$out" || { cat "$out"; fail "$*"; }; jq -re '.[]' "$out"; }
shanghai() { TZ=Asia/Shanghai date -d "@$1" +%Y-%m-%dT%H:%M:%S; }

# ------ people ------

v unit set QH --name 清河县市场监督管理局 "${why[@]}" >/dev/null
v unit set QH-1 --name 执法一队 --parent QH "${why[@]}" >/dev/null
v officer set 019001 --name 张三 --certificate C-001 --unit QH-1 --from 2020-01-01 "${why[@]}" >/dev/null
v officer set 019002 --name 李四 --certificate C-002 --unit QH-1 --from 2020-01-01 "${why[@]}" >/dev/null
person() { v person add "$1" --name "$1" --unit "$2" "${@:3}" "${why[@]}" >/dev/null; }
person zhang QH-1 --roles officer --officer 019001
person li QH-1 --roles officer --officer 019002
person wang QH-1 --roles unit_head
person qian QH --roles head
person sun QH --roles supervisor
person shen QH --roles auditor

# ------ a case, from the start ------

started=$((clock - 3600))
expect 2 'kind is missing' as zhang case open QH-2026-1 --origin inspection --title 某店案 "${why[@]}"
expect 4 'nobody' v case open QH-2026-1 --kind inspection --origin inspection --title 某店案 "${why[@]}"
expect 0 'nothing was changed' as zhang case open QH-2026-1 --kind inspection --origin inspection --title 某店案 \
	--officer 019001 --officer 019002 --start "$(shanghai $started)" "${why[@]}" --dry-run
expect 0 'case QH-2026-1 is open' as zhang case open QH-2026-1 --kind inspection --origin inspection --title 某店案 \
	--officer 019001 --officer 019002 --start "$(shanghai $started)" "${why[@]}"
expect 2 'is open already' as zhang case open QH-2026-1 --kind inspection --origin inspection --title 某店案 "${why[@]}"
expect 0 'entered: party' as zhang case party QH-2026-1 --kind person --role party --name 王小二 \
	--identifier 110101199003070011
expect 2 'already' as zhang case party QH-2026-1 --kind person --role party --name 王小二
expect 4 'it takes the role head' as zhang case event QH-2026-1 --kind approved
expect 0 'entered: event' as qian case event QH-2026-1 --kind approved --reason 同意
as shen case show QH-2026-1 --json >"$out"
jq -e '.parties[0] | .name == "王**" and .covered and .phone == null' "$out" >/dev/null ||
	{ cat "$out"; fail "an auditor reads who the party is"; }
as li case show QH-2026-1 --json | jq -e '.parties[0].name == "王小二"' >/dev/null || fail "an officer of the case does not"
[ "$(sql "SELECT count(*) FROM act WHERE kind = 'view' AND objects = '{case:QH-2026-1}' AND by IN ('shen', 'li')")" = 2 ] ||
	fail "looking at it was not entered"
ok "opened, approved by the head; its party is covered for who only audits"

# ------ an inspection, recorded ------

new_key REC-000930
enroll REC-000930 S930 "$DOCK/REC-000930.pub"
from=$((clock - 60))
signed_card "$DOCK/card/DCIM" REC-000930 3 100001
to=$((clock + 60))
inspection() {
	as zhang action add QH-2026-1 --step inspection --start "$(shanghai $from)" --end "$(shanghai $to)" \
		--place "清河路 1 号" --officer 019001:C-001:shown --officer 019002:C-002:shown --av-notice yes "${why[@]}" "$@"
}
expect 2 'put the times in order' as zhang action add QH-2026-1 --step inspection --start "$(shanghai $to)" \
	--end "$(shanghai $from)" --place x --officer 019001 "${why[@]}"
expect 2 'is not that of officer' as zhang action add QH-2026-1 --step inspection --start "$(shanghai $from)" \
	--place x --officer 019001:C-002 "${why[@]}"
expect 2 'write ID' as zhang action add QH-2026-1 --step inspection --start "$(shanghai $from)" --place x \
	--officer 019001:C-001:yes "${why[@]}"
action=$(made inspection)
expect 2 'at another place' as li action add QH-2026-1 --step questioning --start "$(shanghai $((from + 30)))" \
	--end "$(shanghai $to)" --place "河东路 2 号" --officer 019002 "${why[@]}"
# At once from two desks: one of them is right.
for place in 东门 西门; do
	as li action add QH-2026-1 --step questioning --start "$(shanghai $((from - 600)))" --end "$(shanghai $((from - 540)))" \
		--place "$place" --officer 019002 "${why[@]}" >"$DOCK/$place" 2>&1 &
done
wait
[ "$(sql "SELECT count(*) FROM action WHERE place IN ('东门', '西门')")" = 1 ] || fail "an officer was at two places"
cat "$DOCK/东门" "$DOCK/西门" | grep -q 'was at another place' || fail "who came second was not told"
as li action change "$(sql "SELECT action FROM action WHERE place IN ('东门', '西门')")" --withdraw "${why[@]}" >/dev/null
plug A1 "$DOCK/card" S930
stack wait
await_dock ".backlog == 0"
recording=$(sql "SELECT DISTINCT recorder || '/' || recording FROM segment WHERE recorder = 'REC-000930'")
as zhang link propose QH-2026-1 --json >"$out"
jq -e --arg r "$recording" --arg a "$action" 'length == 1 and .[0].object == $r and .[0].action == $a
	and .[0].overlap_ms == 30000 and .[0].reason.officer == "019001" and .[0].reason.segments == 3' "$out" >/dev/null ||
	{ cat "$out"; fail "it is not proposed"; }
expect 2 'not proposed' as zhang link propose "$action" --accept "REC-000930/$(cat /proc/sys/kernel/random/uuid)" "${why[@]}"
expect 0 '1 proposals taken' as zhang link propose "$action" --accept all "${why[@]}"
expect 0 '(none)' as zhang link propose "$action"
expect 2 'already' as zhang link add "$action" --recording "$recording" "${why[@]}"
expect 2 'belongs to an action' as sun recording review "$recording" --verdict no_case "${why[@]}"
expect 0 'recording review' v help
as zhang action show "$action" --json >"$out"
jq -e '(.links | length == 1) and (.links[0].why | contains("same officer 019001, overlap 0:00:30"))
	and ([.officers[] | select(.shown)] | length == 2)' "$out" >/dev/null || { cat "$out"; fail "action show"; }
ok "an inspection of two officers, and its recording proposed and linked"

# ------ papers ------

echo "现场检查笔录" >"$DOCK/record.pdf"
paper() {
	as zhang document add QH-2026-1 "$DOCK/record.pdf" --kind inspection_record --title 现场检查笔录 --number "〔2026〕1 号" \
		--made "$(shanghai $to)" --field place=清河路 "${why[@]}" "$@"
}
expect 2 'document kind poem is not known' as zhang document add QH-2026-1 "$DOCK/record.pdf" --kind poem --title x "${why[@]}"
expect 0 'nothing was changed' paper --dry-run
[ "$(sql "SELECT count(*) FROM dock_import")" = 0 ] || fail "what was refused or tried was imported"
document=$(made paper)
[ "$(sql "SELECT count(*) FROM document d JOIN segment s USING (segment) JOIN blob b ON b.hash = s.blob
	WHERE d.document = '$document' AND s.assurance = 'imported' AND b.size = $(stat -c %s "$DOCK/record.pdf")")" = 1 ] ||
	fail "the scan is not in the vault"
expect 2 'already' paper
expect 0 'linked' as zhang link add "$action" --document "$document" "${why[@]}"
expect 2 'was made at' as zhang document sign "$document" --signer officer --name 张三 --at "$(shanghai $from)"
expect 0 'a signature' as zhang document sign "$document" --signer officer --name 张三
expect 0 'was not signed (Art. 10)' as zhang document sign "$document" --signer party --name 王小二 --refused "不愿签字，李四在场"
kept=$(made as li document add QH-2026-1 --kind rights_notice --title 权利告知书 --kept-where "三楼档案室" "${why[@]}")
wrong=$(made as li document add QH-2026-1 --kind rights_notice --title 错件 --kept-where "三楼档案室" "${why[@]}")
expect 0 'withdrawn' as li document withdraw "$wrong" "${why[@]}"
as li document list QH-2026-1 --json >"$out"
jq -e --arg d "$document" --arg w "$wrong" 'length == 3 and (.[] | select(.document == $d) |
	(.signatures | length == 2) and .fields.place == "清河路") and (.[] | select(.document == $w) | .withdrawn_at != null)' "$out" \
	>/dev/null || { cat "$out"; fail "document list"; }
ok "papers: scanned, signed and refused, kept elsewhere, withdrawn"

# ------ the end ------

expect 2 'conclude it first' as zhang case archive QH-2026-1 --incomplete-reason test
as zhang case close QH-2026-1 "${why[@]}" >"$out" 2>&1 || [ $? -eq 1 ] || { cat "$out"; fail "case close"; }
lacking=$(as zhang case check QH-2026-1 --json |
	jq '[.[] | select(.state == "missing" or .state == "incomplete" or .state == "unsigned")] | length') || true
[ "$lacking" -gt 0 ] || fail "nothing is lacking, and much is"
grep -q "$lacking lacking" "$out" || { cat "$out"; fail "case close does not say what is lacking"; }
expect 2 "$lacking things are missing" as zhang case archive QH-2026-1
expect 0 'revision 1' as zhang case archive QH-2026-1 --incomplete-reason "试点案卷"
expect 2 'is archived' as zhang case party QH-2026-1 --kind person --role witness --name 赵六
expect 2 'is archived' as li link add "$action" --document "$kept" "${why[@]}"
expect 0 'valid' as zhang case verify QH-2026-1 --out "$DOCK/index"
minisign -Vm "$DOCK/index" -x "$DOCK/index.minisig" -p "$DOCK/stack/keys/export.pub" >/dev/null ||
	fail "minisign does not check the index"
jq -e --arg d "$document" '.revision == 1 and (.rows.party | length == 1) and (.segments | length == 4) and
	([.rows.document[].document] | index($d) != null) and (.checklist | length > 0)' "$DOCK/index" >/dev/null ||
	{ jq . "$DOCK/index"; fail "the index"; }
! grep -e 王小二 -e 110101199003070011 -e 清河路 -e 张三 -e 019001 "$DOCK/index" || fail "the index tells who it is about"
[ "$(sql "SELECT incomplete ->> 'reason' || jsonb_array_length(incomplete -> 'missing') FROM case_archive")" = \
	"试点案卷$lacking" ] || fail "what it was archived without"
ok "concluded, archived with an index that says nobody's name, verified by minisign"

# ------ tampered with ------

# tamper SQL: by who owns the database, and past the triggers.
tamper() { psql -XAtq -v ON_ERROR_STOP=1 -c "SET session_replication_role = replica; SET search_path = dv; $1"; }
sql "ALTER TABLE document DISABLE TRIGGER append_only"
tamper "UPDATE document SET title = '别的笔录' WHERE document = '$document'"
expect 3 "document" as sun case verify QH-2026-1
grep -q 'says something else' "$out" || fail "another title is not found"
tamper "UPDATE document SET title = '现场检查笔录' WHERE document = '$document'"
sql "ALTER TABLE document ENABLE ALWAYS TRIGGER append_only"
expect 0 'valid' as sun case verify QH-2026-1
sql "ALTER TABLE case_archive DISABLE TRIGGER append_only"
sql "CREATE TABLE kept AS SELECT * FROM case_archive"
tamper "UPDATE case_archive SET index = convert_to(replace(convert_from(index, 'UTF8'), '\"inspection\"', '\"penalty\"'), 'UTF8'),
	sha256 = sha256(convert_to(replace(convert_from(index, 'UTF8'), '\"inspection\"', '\"penalty\"'), 'UTF8'))"
expect 3 'INVALID' as sun case verify QH-2026-1
tamper "UPDATE case_archive a SET index = k.index, sha256 = k.sha256 FROM kept k"
sql "DROP TABLE kept"
sql "ALTER TABLE case_archive ENABLE ALWAYS TRIGGER append_only"
blob=$(sql "SELECT encode(s.blob, 'hex') FROM document d JOIN segment s USING (segment) WHERE document = '$document'")
cp -p "$(blob_path "$blob")" "$DOCK/blob"
chmod u+w "$(blob_path "$blob")"
echo "别的" >"$(blob_path "$blob")"
expect 3 "$blob" as sun case verify QH-2026-1
cp -p "$DOCK/blob" "$(blob_path "$blob")"
minisign -G -W -p "$DOCK/other.pub" -s "$DOCK/other.sec" >/dev/null
expect 3 'INVALID' as sun case verify QH-2026-1 --key "$DOCK/other.pub"
ok "another title, another index, another scan, another key: found"

# ------ again ------

expect 0 'entered: event' as wang case event QH-2026-1 --kind reopened --reason "补证"
expect 2 'an archive copy is of one whole case that is archived' v export --archive QH-2026-1 "$DOCK/archive" "${why[@]}"
expect 0 'entered: party' as zhang case party QH-2026-1 --kind person --role witness --name 赵六
link=$(sql "SELECT link FROM link WHERE object = '$recording'")
expect 0 'removed' as zhang link remove "$link" "${why[@]}"
expect 0 'party ' as zhang case verify QH-2026-1
expect 0 'linked' as zhang link add "$action" --recording "$recording" "${why[@]}"
as zhang case close QH-2026-1 "${why[@]}" >"$out" 2>&1 || [ $? -eq 1 ] || { cat "$out"; fail "case close"; }
expect 0 'revision 2' as zhang case archive QH-2026-1 --incomplete-reason "试点案卷"
as zhang case verify QH-2026-1 --json >"$out"
jq -e '.revision == 2 and .signature == "valid" and (.changed + .missing + .bad == [])' "$out" >/dev/null ||
	{ cat "$out"; fail "revision 2"; }
expect 0 'party ' as zhang case verify QH-2026-1 --revision 1
expect 2 'no such archive' as zhang case verify QH-2026-1 --revision 3
v export case:QH-2026-1 --tar "$DOCK/case.tar" "${why[@]}" --json 2>/dev/null >"$out" || { cat "$out"; fail "export"; }
jq -e '.objects == 4' "$out" >/dev/null || { cat "$out"; fail "the export of a case is not its papers and recordings"; }
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'unapproved_export'")" = 1 ] || fail "an export that nobody approved is not found"
expect 0 '4 objects' v export --archive QH-2026-1 "$DOCK/archive" "${why[@]}"
[ "$(sql "SELECT count(*) FROM finding WHERE code = 'unapproved_export'")" = 1 ] || fail "an archive copy is an unapproved export"
ok "reopened and archived again; the first index stays; a copy of it is kept, and one that leaves is found"

dock_finish
