#!/bin/bash
# Goal: the supervision office is told, and told once, by mail, by chat and by log, whatever the servers do; and
# what did not arrive is there to be seen.
#
#   mail            read back by another's parser: both parts, subject, the same Message-ID when it comes again
#   servers that    hang, hang after the mail, refuse, come back later, hang up after 250 or before it,
#                   greet with 1 MB, have another's certificate, or do not accept the password
#   kill -9         between the server's word and ours: it comes again with its Message-ID, and is one notice
#   dead letters    are listed, and sent again by hand
#   robots          errcode, DingTalk's signature and our own by openssl, 1 MB of answer, limits, redirects
#   10,000          findings at once are 21 messages; the digest has them all
#
# What waits for its next attempt is made due by the owner of the tables: no test waits for a minute.
# Takes 90 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
# shellcheck source=tests/dock.sh
. tests/dock.sh
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
unset LC_ALL LC_MESSAGES
export LANG=en
dir=$(mktemp -d)
chmod 0711 "$dir"
proc() { "$BUILD/stackproc" "$@"; }
finish() {
	local p
	for p in "$dir"/*.pid; do
		proc stop --pidfile "$p" --signal 9 >/dev/null 2>&1 || true
	done
	[ -z "${CLUSTER:-}" ] || cluster_end
	rm -rf "$dir"
}
trap finish EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; tail -n 20 "$dir"/*.log 2>/dev/null || true; db postgres "SELECT * FROM dv.notice_list" | tail -n 20; exit 1; }
cluster_start
"$BUILD/catalog-drive" migrate "$CONNINFO user=postgres" sql >/dev/null
db postgres "CREATE ROLE nina LOGIN IN ROLE dv_person" "GRANT dv_supervisor TO nina" \
	"INSERT INTO dv.unit (unit, revision, name, closed, reason) VALUES ('QH', 1, 'QH', false, 't')" \
	"INSERT INTO dv.account (login, revision, name, unit, roles, reason) VALUES ('nina', 1, 'Nina', 'QH', '{supervisor}', 't')" \
	"INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en) VALUES
		('t_late', 32, 'violation', '入库迟到', 'it came late', '请入库', 'dock it')" >/dev/null

# ------ servers ------

mkdir "$dir/mail" "$dir/tls" "$dir/hook"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$dir/other.key" -out "$dir/other.pem" 2>/dev/null
serve() { proc start --pidfile "$dir/$1.pid" --log "$dir/$1.log" --ready line -- "${@:2}"; }
smtp=$(serve smtp "$BUILD/smtpd" "$dir/mail")
smtps=$(serve smtps "$BUILD/smtpd" "$dir/tls" "$dir/key.pem" "$dir/cert.pem")
hook=$(serve hook "$BUILD/webhookd" "$dir/hook")
mode() { echo "$1" >"$dir/mail/mode"; }
answer() { echo "$1" >"$dir/hook/answer"; }
last_of() { find "$1" -name "$2.*" | wc -l; }

printf 'hunter2\n' >"$dir/password"
printf 'TOKEN-0123\nSECabcdef\n' >"$dir/ding"
printf 'KEY-4567\n' >"$dir/wecom"
printf 'our own key\n' >"$dir/json"
chmod 0400 "$dir"/password "$dir"/ding "$dir"/wecom "$dir"/json
conf() {
	{
		printf '%s\n' 'station = "QH-01"' "database = \"$CONNINFO\""
		printf '%s\n' "$@"
	} >"$dir/dockvault.conf"
}
mail_channel="channel \"mail\" { kind = mail url = \"smtp://127.0.0.1:$smtp\" from = \"dock@example.cn\"
	to = \"a@example.cn, b@example.cn\" language = zh digest = none }"
conf "$mail_channel" \
	"channel \"tls\" { kind = mail url = \"smtps://127.0.0.1:$smtps\" from = \"dock@example.cn\" to = \"a@example.cn\"
		user = \"dock\" secret = \"$dir/password\" ca = \"$dir/cert.pem\" language = en digest = none at_once = none }" \
	"channel \"wrong\" { kind = mail url = \"smtps://127.0.0.1:$smtps\" from = \"dock@example.cn\" to = \"a@example.cn\"
		ca = \"$dir/other.pem\" digest = none at_once = none }" \
	"channel \"nobody\" { kind = mail url = \"smtp://127.0.0.1:9\" from = \"dock@example.cn\" to = \"a@example.cn\"
		digest = none at_once = none }" \
	"channel \"ding\" { kind = dingtalk url = \"http://127.0.0.1:$hook/robot/send\" secret = \"$dir/ding\" digest = none at_once = none }" \
	"channel \"wecom\" { kind = wecom url = \"http://127.0.0.1:$hook/cgi-bin/webhook/send\" secret = \"$dir/wecom\" digest = none at_once = none }" \
	"channel \"own\" { kind = json url = \"http://127.0.0.1:$hook/notice?from=dock\" secret = \"$dir/json\" digest = none at_once = none }" \
	"channel \"log\" { kind = syslog url = \"unix:$dir/log.socket\" digest = none at_once = none language = en }"
export DOCKVAULT_CONF=$dir/dockvault.conf DOCKVAULT_LOGIN=nina
vaultctl() { "$BUILD/vaultctl" "$@"; }
# test_is CHANNEL STATUS SENTENCE: a test ends so, and says so; and no secret does
test_is() {
	local got=0
	vaultctl notify test "$1" >"$dir/said" 2>&1 || got=$?
	[ "$got" = "$2" ] || fail "test of $1: $got: $(cat "$dir/said")"
	grep -qF -- "$3" "$dir/said" || fail "test of $1 said: $(cat "$dir/said")"
	! grep -qE 'hunter2|TOKEN-0123|SECabcdef|KEY-4567|our own key' "$dir/said" || fail "a secret was said"
}

# ------ mail, one by one ------

# Another's parser, which knows every fault of a message.
cat >"$dir/parse.py" <<'PY'
import email, email.policy, sys
raw = open(sys.argv[1], 'rb').read().split(b'\r\n', 1)
m = email.message_from_bytes(raw[1], policy=email.policy.default)
parts = list(m.iter_parts())
bad = m.defects + [d for p in parts for d in p.defects] + [d for v in m.values() for d in getattr(v, 'defects', [])]
assert not bad, bad
assert m.get_content_type() == 'multipart/alternative'
assert [p.get_content_type() for p in parts] == ['text/plain', 'text/html']
assert max(len(l) for l in raw[1].split(b'\r\n')) <= 78
assert all(a.addr_spec for a in m['To'].addresses)
print(raw[0].decode()); print(m['Message-ID']); print(m['Subject']); print(parts[0].get_content())
PY
test_is mail 0 '250 2.0.0 queued as 1'
python3 "$dir/parse.py" "$dir/mail/mail.1" >"$dir/parsed" || fail "the mail is not well-formed"
grep -qx 'X-Envelope: <dock@example.cn> <a@example.cn> <b@example.cn>' "$dir/parsed" || fail "envelope: $(head -n 1 "$dir/parsed")"
grep -qx '\[执法记录\] 测试通知' "$dir/parsed" || fail "subject: $(cat "$dir/parsed")"
grep -q '收到即说明该渠道可用' "$dir/parsed" || fail "text: $(cat "$dir/parsed")"
test_is tls 0 'queued as 1'
python3 "$dir/parse.py" "$dir/tls/mail.1" >"$dir/parsed"
grep -qx '\[Dockvault\] test' "$dir/parsed" || fail "in English, over TLS"
ok "a mail is what another's parser takes it for, also over TLS and with a password"

test_is wrong 4 'certificate'
test_is nobody 4 'smtp://127.0.0.1:9'
echo denied >"$dir/tls/mode"
test_is tls 4 'look at user and at the secret'
mode refuse; test_is mail 4 '550'
mode later; test_is mail 4 '451'
mode long; test_is mail 4 'smtp://127.0.0.1'
mode drop; test_is mail 0 'queued as 2'
mode lost; test_is mail 4 'smtp://127.0.0.1'
chmod 0444 "$dir/password"; test_is tls 4 'open to others'; chmod 0400 "$dir/password"
ok "refused, later, 1 MB of greeting, another's certificate, a wrong password, hung up: each is told apart"

# ------ robots, one by one ------

test_is ding 0 'errcode 0 ok'
n=$(last_of "$dir/hook" request)
url=$(head -n 1 "$dir/hook/request.$n")
[[ $url == "/robot/send?access_token=TOKEN-0123&timestamp="*"&sign="* ]] || fail "DingTalk was asked $url"
moment=${url#*timestamp=}; moment=${moment%%&*}
sign=$(printf '%s\n%s' "$moment" SECabcdef | openssl dgst -sha256 -hmac SECabcdef -binary | base64 | jq -sRr 'rtrimstr("\n") | @uri')
[ "${url##*sign=}" = "$sign" ] || fail "signature: ${url##*sign=} instead of $sign"
sed '1,/^$/d' "$dir/hook/request.$n" | jq -e '.msgtype == "text" and (.text.content | contains("测试通知"))' >/dev/null || fail "DingTalk's body"
ok "DingTalk's signature is what openssl makes it"

test_is wecom 0 'errcode 0'
grep -qx '/cgi-bin/webhook/send?key=KEY-4567' "$dir/hook/request.$(last_of "$dir/hook" request)" || fail "WeCom's URL"
test_is own 0 'errcode 0'
request=$dir/hook/request.$(last_of "$dir/hook" request)
grep -qx '/notice?from=dock' "$request" || fail "our own URL"
moment=$(sed -n 's/^X-Dockvault-Timestamp: //p' "$request")
sed '1,/^$/d' "$request" >"$dir/body"
sign=$({ printf '%s.' "$moment"; cat "$dir/body"; } | openssl dgst -sha256 -hmac 'our own key' | sed 's/.*= //')
grep -qx "X-Dockvault-Signature: $sign" "$request" || fail "our own signature"
jq -e --arg id "$(sed -n 's/^X-Dockvault-Notice: //p' "$request")" '.v == 1 and .notice == $id' "$dir/body" >/dev/null || fail "our own body"
ok "our own webhook's signature is what openssl makes it"

answer '200 {"errcode":310000,"errmsg":"sign not match"}'; test_is ding 4 'second line of the secret'
answer '200 {"errcode":93000,"errmsg":"invalid webhook url"}'; test_is wecom 4 "robot's key"
answer '200 {"errcode":130101,"errmsg":"send too fast"}'; test_is ding 4 'too many in a minute'
answer '200 <html>Dear user, please log in.'; test_is ding 4 'without an errcode'
answer '1048576 BIG'; test_is ding 4 'larger than 65536 bytes'
answer '302'; test_is own 4 'redirects are not followed'
answer '500 {"errcode":0}'; test_is wecom 4 'HTTP 500'
rm "$dir/hook/answer"
printf 'a b\n' >"$dir/bad"; chmod 0400 "$dir/bad"
sed "s|$dir/wecom|$dir/bad|" "$dir/dockvault.conf" >"$dir/bad.conf"
DOCKVAULT_CONF=$dir/bad.conf test_is wecom 4 "does not have what dockvault.conf(5) says"
test_is log 4 'log.socket: No such file'
[ "$(vaultctl notify list --json | jq '[.[] | select(.kind != "test")] | length')" = 0 ] || fail "tests are all there is"
[ "$(vaultctl notify list --json | jq '[.[] | select(.state == "sent")] | length')" = 6 ] || fail "six were sent"
ok "200 is not sent: errcode, 1 MB, a log-in page, a redirect"

# ------ what is found is told ------

found() { db postgres "INSERT INTO dv.finding (finding, code, recorder, unit, subject_kind, subject, fact, severity, at, detail)
	SELECT gen_random_uuid(), 't_late', 'REC' || chr(45) || '1', 'QH', 'recording', '$1/' || n, '', 'violation', now(), '{}'
	FROM generate_series(1, ${2:-1}) AS n" >/dev/null; }
due() { db postgres "UPDATE dv.notice_queue SET due_at = now()" "UPDATE dv.notice_pause SET until = now()" >/dev/null; }
start() { proc start --pidfile "$dir/notices.pid" --log "$dir/notices.log" --ready notify -- "$BUILD/alertd" --config "$dir/dockvault.conf" >/dev/null; }
stop() { proc stop --pidfile "$dir/notices.pid" "$@" >/dev/null; }
state_is() { [ "$(db postgres "SELECT string_agg(state || ' ' || attempts, ', ' ORDER BY created_at, notice) FROM dv.notice_list WHERE channel = 'mail' AND kind <> 'test'")" = "$1" ]; }
mails() { last_of "$dir/mail" mail; }

before=$(mails)
mode ok
start
found one
await 60 "a violation is mailed at once" state_is 'sent 1'
[ "$(mails)" = $((before + 1)) ] || fail "one mail"
python3 "$dir/parse.py" "$dir/mail/mail.$(mails)" >"$dir/parsed"
grep -qx '\[执法记录\] 违规：第32条 t_late REC-1 QH' "$dir/parsed" || fail "$(cat "$dir/parsed")"
grep -q '下一步：请入库' "$dir/parsed" || fail "the next step"
ok "a violation is told at once, with its article and next step"

mode later
found two
await 60 "greylisted" state_is 'sent 1, failed 1'
due
await 60 "and again" state_is 'sent 1, failed 2'
mode ok
due
await 60 "and taken" state_is 'sent 1, sent 3'
mode refuse
found three
await 60 "refused for good" state_is 'sent 1, sent 3, dead 1'
id=$(vaultctl notify list --dead --channel mail --json | jq -r '.[] | select(.kind == "at_once") | .notice') || true
[ -n "$id" ] || fail "a dead letter is listed"
! vaultctl notify list --dead >"$dir/said" || fail "dead letters are findings"
grep -q '550' "$dir/said" || fail "with what was said: $(cat "$dir/said")"
mode ok
vaultctl notify retry "$id" --reason "the mailbox is there now" --dry-run >/dev/null
state_is 'sent 1, sent 3, dead 1' || fail "a dry run changes nothing"
vaultctl notify retry "$id" --reason "the mailbox is there now" >/dev/null
await 60 "sent again by hand" state_is 'sent 1, sent 3, sent 3'
! vaultctl notify retry "$id" --reason "once more" 2>"$dir/said" || fail "what was sent is not sent again"
ok "greylisting is waited out; what is refused is a dead letter, and sent again by hand"

# The server has it, and we do not know: killed in between.
stop
count=$(mails)
mode hang-data
start
found four
await 60 "the server has the mail" eval "[ \$(mails) = $((count + 1)) ]"
stop --signal 9
state_is 'sent 1, sent 3, sent 3, queued 0' || fail "nothing is known of it"
mode ok
start
await 60 "it is sent again" state_is 'sent 1, sent 3, sent 3, sent 1'
[ "$(mails)" = $((count + 2)) ] || fail "twice, by mail"
message_id() { grep -a '^Message-ID:' "$dir/mail/mail.$1"; }
[ "$(message_id $((count + 1)))" = "$(message_id $((count + 2)))" ] || fail "another Message-ID"
cmp -s <(sed 1d "$dir/mail/mail.$((count + 1))") <(sed 1d "$dir/mail/mail.$((count + 2))") || fail "not the same mail"
ok "killed between word and row: the same mail again, and one notice"

# ------ a server that hangs holds up nobody else, and ends on time ------

stop
conf "$mail_channel" \
	"channel \"own\" { kind = json url = \"http://127.0.0.1:$hook/notice\" secret = \"$dir/json\" digest = none }"
mode hang
start
n=$(last_of "$dir/hook" request)
found five 3
own_sent() { [ "$(db postgres "SELECT count(*) FROM dv.notice_list WHERE channel = 'own' AND kind = 'at_once' AND state = 'sent'")" = "$1" ]; }
await 60 "the other channel is told meanwhile" own_sent 3
state_is 'sent 1, sent 3, sent 3, sent 1, queued 0, queued 0, queued 0' || fail "the mail hangs"
SECONDS=0
stop
[ $SECONDS -lt 5 ] || fail "stopping took $SECONDS s"
state_is 'sent 1, sent 3, sent 3, sent 1, queued 0, queued 0, queued 0' || fail "given up is no attempt"
mode ok
start
await 60 "and then they are sent" state_is 'sent 1, sent 3, sent 3, sent 1, sent 1, sent 1, sent 1'
ok "a server that hangs holds up neither other channels nor the end"

# ------ ten thousand at once, and the digest ------

stop
digest=$(TZ=Asia/Shanghai date +%H:%M)
conf "channel \"flood\" { kind = mail url = \"smtp://127.0.0.1:$smtp\" from = \"dock@example.cn\" to = \"a@example.cn\" digest = \"$digest\" }"
db postgres "ALTER TABLE dv.finding DISABLE TRIGGER counted" >/dev/null 2>&1 || true
found six 10000
count=$(mails)
start
flooded() { [ "$(db postgres "SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM dv.notice_list
	WHERE channel = 'flood' AND state = 'sent' GROUP BY kind) AS x")" = 'at_once 20, digest 1, more 1' ]; }
await 60 "ten thousand findings are 22 mails" flooded
[ "$(mails)" = $((count + 22)) ] || fail "$(mails) mails"
for ((i = count + 1; i <= count + 22; i++)); do
	python3 "$dir/parse.py" "$dir/mail/mail.$i" || fail "mail $i is not well-formed"
done >"$dir/parsed"
grep -qx '\[执法记录\] 另有 9980 项发现' "$dir/parsed" || fail "the one that counts the rest"
grep -q '新发现 10000 项' "$dir/parsed" || fail "the digest has them all"
grep -q '另有 9950 项未列出' "$dir/parsed" || fail "the worst fifty in full"
stop
start
found seven
await 60 "another waits in line" eval "[ \"\$(db postgres \"SELECT count(*) FROM dv.notice_pending WHERE channel = 'flood' AND urgent\")\" = 1 ]"
flooded || fail "and one more is not one more mail"
stop
ok "10,000 findings at once are 20 mails, one for the rest, and the digest"
! grep -lE 'hunter2|TOKEN-0123|SECabcdef|KEY-4567|our own key' "$dir"/*.log || fail "a secret is in a log"
! grep -nE 'Sanitizer|runtime error|BUG' "$dir/notices.log" || fail "not in order"
ok "no secret is in any log"
