#!/bin/bash
# Goal: units in a circle, officers without a unit, intervals that are backwards or lie across one another over midnight, a paper
# of two cases and words that there are not are refused by vaultctl with a sentence that says what to do.
# Takes 10 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/dv-bad.XXXXXX")
clean() { cluster_end; rm -rf "$dir"; }
trap clean EXIT
export LC_ALL=C.UTF-8
out=$dir/out why=(--reason scenario)

fail() { echo "FAILED: $1"; head -40 "$out" 2>/dev/null; exit 1; }
ok() { echo "ok: $1"; }
v() { "$BUILD/vaultctl" --config "$dir/conf" --lang en "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
# refused TEXT COMMAND...: as what is wrong is, with that sentence
refused() {
	local status=0 text=$1
	shift
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" = 2 ] || fail "$*: exit $status, not 2"
	grep -qF -e "$text" "$out" || fail "$*: does not say \"$text\""
}

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
v unit set QH --name 清河局 "${why[@]}" >/dev/null
v unit set QH-1 --name 一队 --parent QH "${why[@]}" >/dev/null
v officer set 019001 --name 张 --certificate C-1 --unit QH-1 --from 2020-01-01 "${why[@]}" >/dev/null
v officer set 019002 --name 李 --certificate C-2 --unit QH-1 --from 2020-01-01 "${why[@]}" >/dev/null
v person add wang --name wang --unit QH-1 --roles unit_head "${why[@]}" >/dev/null

# ------ what is mistyped ------

refused 'not below itself' v unit set QH --parent QH-1 --name 清河局 "${why[@]}"
refused 'not below itself' v unit set QH --parent QH --name 清河局 "${why[@]}"
refused 'without a unit' v officer set 019003 --name 王 --certificate C-3 --from 2020-01-01 "${why[@]}"
refused 'there is no unit QH-7' v officer set 019003 --name 王 --certificate C-3 --unit QH-7 --from 2020-01-01 "${why[@]}"
for c in A B; do
	as wang case open "$c" --kind penalty --origin own --procedure simple --title "$c" --officer 019001 --officer 019002 \
		--start 2026-01-01T08:00 "${why[@]}" >/dev/null
done
action() { as wang action add "$1" --step questioning --start "$2" --end "$3" --place "$4" --officer 019001:C-1:shown --officer 019002:C-2:shown "${why[@]}"; }
refused 'put the times in order' action A 2026-01-02T10:00 2026-01-02T09:00 x
refused 'put the times in order' action A 2026-01-02T10:00 2026-01-02T10:00 x
refused 'no moment' action A 10:00 11:00 x
action A 2026-01-02T23:00 2026-01-03T02:00 x >/dev/null
refused 'put the times or the officers right' action B 2026-01-03T01:59 2026-01-03T03:00 y
# The same moments, said in another zone.
refused 'put the times or the officers right' action B 2026-01-02T16:00:00Z 2026-01-02T17:00:00Z y
action B 2026-01-03T02:00 2026-01-03T03:00 y >/dev/null
as wang document add A --kind questioning_record --title 笔录 --number "〔2026〕1 号" --kept-where 三楼 "${why[@]}" >/dev/null
refused 'one case each' as wang document add B --kind questioning_record --title 笔录 --number "〔2026〕1 号" --kept-where 三楼 "${why[@]}"
document=$(db postgres "SELECT document FROM dv.document")
refused 'it is none of case B' as wang link add "$(db postgres "SELECT action FROM dv.action WHERE \"case\" = 'B'")" \
	--document "$document" "${why[@]}"
for wrong in "case open C --kind gift --origin own --title x" "case open C --kind penalty --origin sky --title x" \
	"case open C --kind penalty --origin own --procedure short --title x" "case event A --kind flown" \
	"case party A --kind ghost --role party --name x" "case party A --kind person --role king --name x" \
	"document sign $document --signer cat --name x"; do
	[[ $wrong == *" party "* || $wrong == *" sign "* ]] || wrong+=" --reason scenario"
	# shellcheck disable=SC2086	# words
	refused 'is not known: say one of' as wang $wrong
done
ok "what is mistyped is refused with what would be right"
