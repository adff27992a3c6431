# For the files of this folder, art-NN.sh: one an article.  Each is sourced by tests/scenario/95-articles.sh, after tests/dock.sh,
# and has of these what it needs:
#
#	art_NN_begin		what happened: the violation, and its clean twin, in a unit of its own, U-NN
#	art_NN_docked		after that, once the cards that it made are in the vault
#	art_NN_after MARK	the clock is MARK (18h 24h 7d 20d 30d) on, and alertd has found what was due by then
#	art_NN_end		what was found of each, and what the report says, exactly
#
# The violations of an article's unit are V-NN..., the clean twins C-NN...
#
# shellcheck shell=bash

is() { [ "$2" = "$3" ] || { echo "--- has:"; echo "$2"; echo "--- wants:"; echo "$3"; fail "Art. $art: $1"; }; }
v() { "$BUILD/vaultctl" --lang en "$@"; }
as() { local login=$1; shift; DOCKVAULT_LOGIN=$login v "$@"; }
# call LOGIN SQL: an entry function, as that person
call() { psql -XAtq -v ON_ERROR_STOP=1 -U "$1" -c "SET search_path = dv, t" -c "$2"; }
# refused STATUS TEXT COMMAND...: with that sentence
refused() {
	local status=0 want=$1 text=$2
	shift 2
	"$@" >"$DOCK/out" 2>&1 || status=$?
	[ "$status" = "$want" ] || { cat "$DOCK/out"; fail "Art. $art: $*: exit $status, not $want"; }
	grep -qF -e "$text" "$DOCK/out" || { cat "$DOCK/out"; fail "Art. $art: $*: does not say \"$text\""; }
}
# made COMMAND...: the id of what it made
made() { "$@" --json >"$DOCK/out" || { cat "$DOCK/out"; fail "Art. $art: $*"; }; jq -re '.[]' "$DOCK/out"; }
moment() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

# opened CASE [FIELDS]: by the head of the units, begun now; of the simple procedure, which asks for no approval
opened() {
	call wang "SELECT case_open('{\"case\": \"$1\", \"kind\": \"penalty\", \"origin\": \"own\", \"procedure\": \"simple\",
		\"title\": \"$1\", \"unit\": \"U-$art\", \"reason\": \"scenario\",
		\"officers\": [{\"officer\": \"019001\"}, {\"officer\": \"019002\"}]}'::jsonb
		|| jsonb_build_object('started_at', t.at('${ago:-0 seconds}')) || '${2:-{\}}')" >/dev/null
}
# happened LOGIN CASE KIND [FIELDS]: now
happened() {
	call "$1" "SELECT case_event_add(jsonb_build_object('case', '$2', 'kind', '$3', 'note', 'scenario') || '${4:-{\}}')" >/dev/null
}
# took_place CASE STEP START END [FIELDS]: an action of two officers; its id
took_place() {
	call wang "SELECT action_add('{\"case\": \"$1\", \"step\": \"$2\", \"start_at\": \"$(moment "$3")\", \"end_at\": \"$(moment "$4")\",
		\"place\": \"清河路 1 号\", \"av_notice\": true, \"reason\": \"scenario\", \"officers\":
		[{\"officer\": \"019001\", \"certificate\": \"C-1\", \"shown\": true},
		 {\"officer\": \"019002\", \"certificate\": \"C-2\", \"shown\": true}]}'::jsonb || '${5:-{\}}')"
}

# found WHERE: what was found, each with article and severity
found() {
	sql "SELECT coalesce(string_agg(format('%s %s %s', coalesce(f.article, (rule_at(f.code, day_of(f.at))).article), f.code, f.severity), ', '
		ORDER BY f.at, f.code), '-') FROM finding f WHERE $1"
}
of_case() { found "f.\"case\" = '$1'"; }
of_recorder() { found "f.recorder = '$1'"; }
of_subject() { found "f.subject = '$1'"; }
# owed CASE-OR-SUBJECT: what is owed, when it is warned of and when it is due, after it began
owed() {
	sql "SELECT coalesce(string_agg(concat_ws(' ', code, warn_at - since, due_at - since, CASE WHEN raised_at IS NOT NULL THEN 'found' END), ', '
		ORDER BY code, fact), '-') FROM deadline_list WHERE subject = '$1'"
}

# expect_rows LINE...: of each row of this article, "REQUIREMENT PART N: FINDING" for each way in which N cases lack it;
# and none of their clean twins has anything.  Without ARTICLES=all, of the first of these lines alone.
rows_left_out=
expect_rows() {
	local row='' part='' line kept=()
	[ "${ARTICLES:-}" = all ] || read -r row part _ <<<"$1"
	rows_left_out=
	for line in "$@"; do
		if [ -z "$row" ] || [[ $line == "$row $part "* ]]; then kept+=("$line"); else rows_left_out+=$line$'\n'; fi
	done
	call wang "SELECT t.rows($((10#$art)), nullif('$row', ''), nullif('$part', ''))" >/dev/null || fail "Art. $art: its rows cannot be entered"
	is "clean twins of its rows" "$(sql "SELECT string_agg(requirement || ': ' || what, E'\n') FROM t.found
		WHERE article = $((10#$art)) AND part = 'nothing' AND what <> '-'")" ""
	is "its rows, each broken" "$(sql "SELECT format('%s %s %s: %s', requirement, part, cases, what) FROM t.found
		WHERE article = $((10#$art)) AND part <> 'nothing' ORDER BY requirement, part")" "$(printf '%s\n' "${kept[@]}" | sort)"
}
# expect_av REQUIREMENT...: these rows of the article ask for a recording, and no others
expect_av() {
	is "rows that ask for a recording" "$(sql "SELECT string_agg((r).requirement || ' ' || (r).av, ' ' ORDER BY (r).requirement)
		FROM t.now() r WHERE (r).article = $((10#$art)) AND (r).av <> 'none'")" "$*"
}

# reported [FIELD]: lines of the months' reports by article of this unit, "ARTICLE CODE SEVERITY N", added up
reported() {
	local month
	for month in $(sql "SELECT to_char(generate_series(month_of('$began'), month_of(now()), interval '1 month'), 'YYYY-MM')"); do
		as sun report month --month "$month" --unit "U-$art" --by article --json || [ $? -eq 1 ]
	done | jq -rs --arg f "${1:-raised}" '[.[].articles[]] | group_by([.article, .code, .severity])
		| map("\(.[0].article) \(.[0].code) \(.[0].severity) \(map(.[$f]) | add)") | .[] | select(endswith(" 0") | not)'
}
# expect_report LINE...: less what was left out of the article's rows ("REQUIREMENT PART N: LINE-WITHOUT-ITS-NUMBER")
expect_report() {
	is "lines of the report" "$(reported | sort)" "$({ printf '%s\n' "$@"; printf 'left out\n%s' "$rows_left_out"; } | awk '
		$0 == "left out" { out = 1; next }
		!out && NF { n = $NF; sub(/ [0-9]+$/, ""); lines[$0] += n }
		out && NF { n = $3; sub(/^[^:]*: /, ""); lines[$0] -= n }
		END { for (l in lines) if (lines[l] != 0) print l " " lines[l] }' | sort)"
	rows_left_out=
}
# verdict ACTION: of coverage
verdict() { sql "SELECT av || ' ' || verdict FROM coverage_list WHERE action = '$1'"; }

# ------ recorders ------

# shoot RECORDER OFFICER FROM TO [SEGMENTS]: one recording, in as many segments, on its card; its id in $rec
declare -A life_dseq life_prev
shoot() {
	local id=$1 officer=$2 from=$3 to=$4 n=${5:-1} dir=$DOCK/$1 i media a b last
	rec=$(cat /proc/sys/kernel/random/uuid)
	mkdir -p "$dir"
	[ -e "$DOCK/$id.sec" ] || new_key "$id"
	for ((i = 0; i < n; i++)); do
		media=$(printf '%s/SEG_%06d.mp4' "$dir" "${life_dseq[$id]:-0}")
		a=$((from + (to - from) * i / n)) b=$((from + (to - from) * (i + 1) / n)) last=$((i == n - 1))
		head -c 3001 /dev/urandom >"$media"
		life_prev[$id]=$("$BUILD/sidecar" sign --key "$DOCK/$id.sec" --media "$media" --device "$id" --rec "$rec" --seq "$i" \
			--dseq "${life_dseq[$id]:-0}" --prev "${life_prev[$id]:-$(printf '%064d' 0)}" --start "$(utc "$a")" --end "$(utc "$b")" \
			--clock rtc --boot 1 --mono-start $(((a - t0 + 200000) * 1000)) --mono-end $(((b - t0 + 200000) * 1000)) \
			--officer "$officer" --last "$last" --end-reason "$([ "$last" = 1 ] && echo button || echo none)")
		life_dseq[$id]=$((${life_dseq[$id]:-0} + 1))
		touch -d "@$b" "$media" "${media%.mp4}.bwm" "${media%.mp4}.bwm.minisig"
	done
}
# entered RECORDER [OPTION...]: enrolled, with the key of its card if it has one, of this article's unit
entered() {
	local key=()
	[ ! -e "$DOCK/$1.pub" ] || key=(--key "$DOCK/$1.pub")
	v recorder enroll "$1" --usb "1209:5a01:S$1" --unit "${unit:-U-$art}" "${key[@]}" "${@:2}" --reason scenario >/dev/null
}
# docked RECORDER [FAULT]: its card, in the next slot, where it stays
slots=0
docked() { slots=$((slots + 1)); plug "A$slots" "${card:-$DOCK/$1}" "S$1" ${2:+"$2"}; }
docked_mtp() { slots=$((slots + 1)); plug_mtp "A$slots" "$DOCK/$1" "S$1" "$2"; }

# av N: when the Nth of the actions begins that are to be recorded, of ten minutes each
av() { echo $((t0 - 20 * 3600 + $1 * 1200)); }
# recorded N: from before it to after it, by the recorder of officer 019001
recorded() { shoot REC-AV 019001 $(($(av "$1") - 90)) $(($(av "$1") + 690)); }
# av_action CASE STEP N [FIELDS]
av_action() { took_place "$1" "$2" "$(av "$3")" $(($(av "$3") + 600)) "${4:-}"; }
# linked CASE: what is proposed for its actions is taken
linked() { as wang link propose "$1" --accept all --reason scenario >/dev/null; }
