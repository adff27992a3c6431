#!/bin/bash
# Goal: what leaves is asked for, decided by the head, sealed for who asked, written once, handed over against a receipt, and is
# in the register; stock age, tar and VERIFY.txt take it.  No space, a kill before and after its digest is on record, two
# processes at once, a catalog that goes away: never two packages, and no approval is burnt.  What the law keeps secret, a wrong
# person, a day that is over, a clock set back: refused.  What leaves otherwise is found.
# Takes 40 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
if [ "${IN_NAMESPACE:-}" != 1 ] && unshare --mount --propagation private true 2>/dev/null; then
	IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0"
fi
for tool in age age-keygen minisign openssl jq script; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
# shellcheck source=tests/dock.sh
. tests/dock.sh
DOCK_CLOCK=1 dock_begin
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
is() { [ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""; }
state() { as sun disclosure show "$1" --json | jq -r .state; }
ask() {	# LOGIN ARGUMENT...: its id
	as "$1" disclosure request "${@:2}" --capacity party --right "制度第三十六条" --purpose "申请行政复议" "${why[@]}" --json >"$out" ||
		{ cat "$out"; fail "request ${*:2}"; }
	jq -re .disclosure "$out"
}
approved() {	# ARGUMENT...: asked for and approved: its id
	local id
	id=$(ask sun --asked-by 王小明 "$@")
	as qian disclosure decide "$id" --approve --until "$day" "${why[@]}" >"$out" || { cat "$out"; fail "decide"; }
	echo "$id"
}

# waits LOGIN: for what somebody else has not let go of
waits() { [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = '$1'")" = 1 ]; }
let_go() { echo "COMMIT;" >&"${HOLD[1]}"; eval "exec ${HOLD[1]}>&-"; wait "$HOLD_PID" || true; }

v unit set QH --name 清河县市场监督管理局 "${why[@]}" >/dev/null
v officer set 019001 --name 张三 --certificate C-001 --unit QH --from 2020-01-01 "${why[@]}" >/dev/null
for person in sun:supervisor:019001 qian:head fa:legal shen:auditor; do
	IFS=: read -r login role officer <<<"$person"
	v person add "$login" --name "$login" --unit QH --roles "$role" ${officer:+--officer "$officer"} "${why[@]}" >/dev/null
done
new_key REC-A
enroll REC-A SA "$DOCK/REC-A.pub"
signed_card "$DOCK/card" REC-A 3 300000
plain_card "$DOCK/card" 1 50000
plug A1 "$DOCK/card" SA
stack wait >/dev/null
recording=REC-A/$(sql "SELECT DISTINCT recording FROM segment WHERE manifest IS NOT NULL")
first=$(sql "SELECT segment FROM segment WHERE manifest IS NOT NULL ORDER BY seq LIMIT 1")
secret=$(sql "SELECT segment FROM segment WHERE manifest IS NULL")
day=$(sql "SELECT today() + 10")
age-keygen -o "$DOCK/wang.key" 2>/dev/null
key=$(age-keygen -y "$DOCK/wang.key")
mkdir "$DOCK/disk" "$DOCK/small"

# ------ asking and deciding ------

expect 2 'for whom it is sealed' as sun disclosure request "$first" --asked-by 王小明 --capacity party --right x --purpose x "${why[@]}"
expect 2 '--recipient:' as sun disclosure request "$first" --asked-by 王小明 --capacity party --right x --purpose x \
	--recipient "${key%?}q" "${why[@]}"
# Of low order: everybody would open it.
expect 2 '--recipient:' as sun disclosure request "$first" --asked-by 王小明 --capacity party --right x --purpose x \
	--recipient age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z "${why[@]}"
expect 4 'supervisor or legal' as qian disclosure request "$first" --asked-by 王小明 --capacity party --right x --purpose x \
	--recipient "$key" "${why[@]}"
one=$(ask sun "$recording" --asked-by 王小明 --recipient "$key")
expect 4 'has not decided yet' as sun disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}"
expect 4 'role head' as sun disclosure decide "$one" --approve --until "$day" "${why[@]}"
expect 2 'until when' as qian disclosure decide "$one" --approve --until 2027-12-31 "${why[@]}"
expect 2 'one of the two' as qian disclosure decide "$one" --approve "${why[@]}"
expect 0 'nothing was changed' as qian disclosure decide "$one" --approve --until "$day" "${why[@]}" --dry-run
expect 0 'approved until' as qian disclosure decide "$one" --approve --until "$day" "${why[@]}"
expect 2 'decided already' as qian disclosure decide "$one" --refuse "${why[@]}"
higher=$(approved "$secret" "$first" --recipient "$key")
expect 0 '' as fa class set "segment:$secret" trade_secret "${why[@]}"
expect 1 "segment $secret is a trade secret (Art. 37)" as fa disclosure request "$recording" "$secret" --asked-by 李四 --capacity party --right x \
	--purpose x --recipient "$key" "${why[@]}" --dry-run
expect 1 "segment $secret is a trade secret (Art. 37)" as fa disclosure request "$recording" "$secret" --asked-by 李四 --capacity party --right x \
	--purpose x --recipient "$key" "${why[@]}"
is "the refused request is in the register" "$(as shen disclosure list --json | jq -r '.[] | select(.state == "refused_by_law") | .asked_by + " " +
	(.refused_objects | tostring)')" "李* 1"
expect 2 "$secret (trade_secret)" as sun disclosure package "$higher" "$DOCK/disk/p.tar.age" "${why[@]}"
# Its owner may have it: packed by who was given leave to read it.
owner=$(approved "$secret" --owner --recipient "$key")
expect 4 'you see 0 of them' as sun disclosure package "$owner" "$DOCK/owner.tar.age" "${why[@]}"
expect 0 '' as qian grant give sun "segment:$secret" --until "$day" "${why[@]}"
expect 0 'on the register' as sun disclosure package "$owner" "$DOCK/owner.tar.age" "${why[@]}"
expect 4 'supervision office' as qian disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}"
expect 0 'nothing was changed' as sun disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}" --dry-run
is "nothing began" "$(state "$one") $(ls "$DOCK/disk")" "approved "
# Decided on twice at once: the second waits, and sees the first.
twice=$(ask sun "$first" --asked-by 王小明 --recipient "$key")
coproc HOLD { exec psql -XAtq -U qian; }
echo "BEGIN; SELECT dv.disclosure_decide('$twice', false, NULL, 'scenario') IS NULL;" >&"${HOLD[1]}"
read -r _ <&"${HOLD[0]}"
DOCKVAULT_LOGIN=qian "$BUILD/vaultctl" --lang en disclosure decide "$twice" --approve --until "$day" "${why[@]}" >"$DOCK/second" 2>&1 &
second=$!
await 30 "the second waits" waits qian
let_go
status=0
wait $second || status=$?
is "the second decision" "$status $(grep -c 'decided already' "$DOCK/second") $(state "$twice")" "2 1 refused"
ok "asked for, refused where the law says so, on record, and decided by the head"

# ------ it is written, whatever happens ------

expect 2 'no such folder' as sun disclosure package "$one" "$DOCK/nowhere/p.tar.age" "${why[@]}"
expect 2 'cannot be shown' as sun disclosure package "$one" "$DOCK/disk/"$'\001'.age "${why[@]}"
touch "$DOCK/disk/taken"
expect 2 'is there already' as sun disclosure package "$one" "$DOCK/disk/taken" "${why[@]}"
rm "$DOCK/disk/taken"
failed=0
if [ "${IN_NAMESPACE:-}" = 1 ]; then
	mount -t tmpfs -o size=700k tmpfs "$DOCK/small"
	expect 4 'No space left' as sun disclosure package "$one" "$DOCK/small/p.tar.age" "${why[@]}"
	is "a full disk leaves nothing" "$(state "$one") $(ls "$DOCK/small")" "approved "
	umount "$DOCK/small"
	failed=1
fi

# held COMMAND: run it while the digest cannot be entered; $package is the process, which waits for that
held() {
	coproc HOLD { exec psql -XAtq; }
	echo "BEGIN; LOCK TABLE dv.disclosure_sealed IN SHARE MODE; SELECT 'held';" >&"${HOLD[1]}"
	read -r _ <&"${HOLD[0]}"
	DOCKVAULT_LOGIN=sun "$BUILD/vaultctl" --lang en disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}" >"$DOCK/held" 2>&1 &
	package=$!
	await 30 "the package is whole, its digest waits" waits sun
}
end_backend() { sql "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'sun'" >/dev/null; }

# The catalog goes away: whether it was entered is not known, so the part stays.
held
expect 4 'another process is writing' as sun disclosure package "$one" "$DOCK/disk/q.tar.age" "${why[@]}"
end_backend
status=0
wait "$package" || status=$?
is "the catalog went away" "$status $(ls "$DOCK/disk")" "4 p.tar.age.$((failed + 1)).part"
grep -q 'run this again' "$DOCK/held" || fail "what to do is not said: $(cat "$DOCK/held")"
let_go
is "it is open" "$(state "$one")" begun

# Killed: the part of before is taken away first, and on record.
held
is "one part alone" "$(ls "$DOCK/disk")" "p.tar.age.$((failed + 2)).part"
kill -9 "$package"
end_backend
wait "$package" 2>/dev/null || true
let_go
is "killed, it is open" "$(state "$one")" begun
mv "$DOCK/disk" "$DOCK/unplugged"
mkdir "$DOCK/else"
expect 4 'has to be looked at' as sun disclosure package "$one" "$DOCK/else/p.tar.age" "${why[@]}"
mv "$DOCK/unplugged" "$DOCK/disk"

# Killed when the catalog has it: it gets its name, and nothing is written again.
held
kill -9 "$package"
wait "$package" 2>/dev/null || true
let_go
await 10 "the digest is on record" eval '[ "$(state "$one")" = sealed ]'
is "its name is missing" "$(ls "$DOCK/disk")" "p.tar.age.$((failed + 3)).part"
expect 0 'on the register' as sun disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}"
is "it has it" "$(ls "$DOCK/disk")" p.tar.age
expect 0 'is made already' as sun disclosure package "$one" "$DOCK/disk/p.tar.age" "${why[@]}"
expect 0 'is made already' as sun disclosure package "$one" "$DOCK/else/again.tar.age" "${why[@]}"
is "and there is no other" "$(ls "$DOCK/else")" ""
is "the register has its digest" "$(as sun disclosure show "$one" --json | jq -r '.sha256 + " " + (.attempts | tostring)')" \
	"$(sha256sum <"$DOCK/disk/p.tar.age" | cut -d ' ' -f 1) $((failed + 3))"
mv "$DOCK/disk/p.tar.age" "$DOCK/handed.tar.age"
expect 2 'an approval is used once' as sun disclosure package "$one" "$DOCK/else/again.tar.age" "${why[@]}"
ok "no space, no catalog, kill -9 before and after, two at once: one package"

# ------ whoever gets it ------

mkdir "$DOCK/bag"
age -d -i "$DOCK/wang.key" "$DOCK/handed.tar.age" | tar -x -C "$DOCK/bag" --strip-components 1 || fail "stock age and tar do not take it"
is "its media" "$(find "$DOCK/bag/data/media" -type f | wc -l)" 3
sed -n 's/^    \$ //p' "$DOCK/bag/data/VERIFY.txt" >"$DOCK/script"
(cd "$DOCK/bag" && sh -e "$DOCK/script") >"$out" 2>&1 || { tail -n 5 "$out"; fail "VERIFY.txt"; }
expect 0 "" v verify-package "$DOCK/bag" --key "$DOCK/stack/keys/export.pub"
age-keygen -o "$DOCK/other.key" 2>/dev/null
! age -d -i "$DOCK/other.key" "$DOCK/handed.tar.age" >/dev/null 2>&1 || fail "another's key opens it"

echo "correct horse battery" >"$DOCK/passphrase"
chmod 600 "$DOCK/passphrase"
two=$(approved "$first" --passphrase)
expect 2 '--passphrase-file' env DOCKVAULT_LOGIN=sun setsid -w "$BUILD/vaultctl" --lang en disclosure package "$two" "$DOCK/two.tar.age" "${why[@]}"
expect 0 'on the register' as sun disclosure package "$two" "$DOCK/two.tar.age" "${why[@]}" --passphrase-file "$DOCK/passphrase"
touch "$DOCK/tty"
{ await 30 "age asks" grep -q passphrase "$DOCK/tty"; cat "$DOCK/passphrase"; } |
	script -qefc "age -d -o $DOCK/two.tar $DOCK/two.tar.age" "$DOCK/tty" >/dev/null || { cat "$DOCK/tty"; fail "age does not take the passphrase"; }
expect 0 "" v verify-package "$DOCK/two.tar" --key "$DOCK/stack/keys/export.pub"
ok "stock age, tar, VERIFY.txt and verify-package take it"

# ------ what leaves otherwise; receipts; days ------

is "nothing left otherwise" "$(sql "SELECT count(*) FROM finding WHERE code = 'unapproved_export'")" 0
expect 0 'unapproved_export' as sun export "$first" "$DOCK/copy" "${why[@]}"
is "an export is found" "$(sql "SELECT count(*) || ' ' || min(detail ->> 'by') FROM finding WHERE code = 'unapproved_export'")" "1 sun"
expect 2 'no object case:NO-1' as sun export --archive NO-1 "$DOCK/copy2" "${why[@]}"

expect 2 'nothing has left' as sun disclosure receipt "$(ask sun "$first" --asked-by 王小明 --recipient "$key")" --received-by 王小明 --at 2026-12-01
three=$(approved "$first" --recipient "$key")
at_clock +2h
expect 0 'receipt entered' as sun disclosure receipt "$one" --received-by 王小明 --at "$(sql "SELECT utc(now() - interval '1 minute')")"
is "who got it" "$(as sun disclosure list --format csv | grep -c '王小明.*王小明')" 1
is "is covered for who audits" "$(as shen disclosure list --format csv | grep -c '王小明')" 0
at_clock +11d
expect 2 'was good until' as sun disclosure package "$three" "$DOCK/three.tar.age" "${why[@]}"
is "its day is over" "$(state "$three")" lapsed
at_clock +5d
is "no receipt after 15 days" "$(sql "SELECT string_agg(subject, ' ' ORDER BY at) FROM finding WHERE code = 'disclosure_unreceipted'")" "$owner $two"
expect 0 "" v verify log
ok "receipts, days that are over, and what left otherwise"

dock_finish
echo "disclosure: 1 passed, 0 failed"
