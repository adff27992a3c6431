#!/bin/bash
# Goal: another office's machine, with nothing but its key, its state and the log's public key,
# cosigns what goes on from what it cosigned, and nothing else, whoever asks and whatever dies.
#
#   asked over HTTP, or looking by itself into a folder or at a URL
#   a fork with the log's own (stolen) key is refused loudly, and both heads are kept
#   what is no request of the protocol is refused as the protocol says
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/alter.sh
. tests/alter.sh
command -v curl >/dev/null || { echo "curl is not installed: tools/setup installs it"; exit 77; }
unset LC_ALL LC_MESSAGES
export LANG=en

dir=$(mktemp -d)
finish() {
	local pid
	for pid in "$dir"/*.pid; do
		[ ! -e "$pid" ] || "$BUILD/stackproc" stop --pidfile "$pid" >/dev/null 2>&1 || true
	done
	rm -rf "$dir"
}
trap finish EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; tail -n 20 "$dir"/*.log 2>/dev/null || true; exit 1; }

vaultctl() { "$BUILD/vaultctl" "$@"; }
drive() { "$BUILD/tlog-drive" "$@"; }
# status WANTED COMMAND...: it must end so; what it said is in $dir/said
status() {
	local wanted=$1 got=0
	shift
	"$@" >"$dir/said" 2>&1 || got=$?
	[ "$got" = "$wanted" ] || { cat "$dir/said"; fail "status $got instead of $wanted: $*"; }
}
says() { grep -qF -- "$1" "$dir/said" || { cat "$dir/said"; fail "nothing of \"$1\" was said"; }; }
log=$dir/log key=$dir/log.key
size_of() { sed -n 2p "$1"; }

# ------ keys ------

vaultctl log keygen evidence.example/test "$key" >"$dir/out" 2>/dev/null
cmp -s "$dir/out" "$key.vkey" || fail "what was printed is not the public key"
[ "$(stat -c %a "$key" "$key.vkey" | xargs)" = "400 444" ] || fail "modes of the key's files"
status 2 vaultctl log keygen evidence.example/test "$key"
vaultctl witness keygen prosecutor.example/w1 "$dir/w.key" --json >"$dir/out"
[ "$(jq -r .vkey "$dir/out")" = "$(cat "$dir/w.key.vkey")" ] || fail "the witness's public key"
status 2 vaultctl witness keygen 'two words' "$dir/other"
[ ! -e "$dir/other" ] || fail "a key without a name is there"
vaultctl log keygen evidence.example/test "$dir/thief.key" >/dev/null 2>&1
vaultctl log keygen evidence.example/other "$dir/elsewhere.key" >/dev/null 2>&1
mine=(--key "$dir/w.key" --state "$dir/state" --log "$key.vkey")
ok "keys are made once, for their owners"

status 2 vaultctl witness serve --key "$dir/w.key" --state "$dir/state" --log "$key.vkey"
status 2 vaultctl witness serve "${mine[@]}" --listen localhost
status 2 vaultctl witness serve --key "$key" --state "$dir/state" --log "$key.vkey" --listen 127.0.0.1:0
status 2 vaultctl witness check --key "$dir/w.key" --state "$dir/s" --log "$dir/w.key.vkey" "$log"
chmod 0440 "$dir/w.key"
status 2 vaultctl witness serve "${mine[@]}" --listen 127.0.0.1:0
says "chmod 0400"
chmod 0400 "$dir/w.key"
ok "refuses to begin with wrong files"

# ------ asked over HTTP ------

begin() {
	local line
	line=$("$BUILD/stackproc" start --pidfile "$dir/serve.pid" --log "$dir/serve.log" \
		--ready line -- "$BUILD/vaultctl" witness serve "${mine[@]}" --listen 127.0.0.1:0)
	port=${line##*:}
	url=http://127.0.0.1:$port
}
die() { "$BUILD/stackproc" stop --pidfile "$dir/serve.pid" --signal 9 >/dev/null; }
# post STATUS [CURL-OPTION...]: what is sent is $dir/request; the answer is in $dir/answer
post() {
	local wanted=$1 got
	shift
	got=$(curl -s -o "$dir/answer" -w '%{http_code} %{content_type}' --max-time 20 "$@" \
		--data-binary @"$dir/request" "$url/add-checkpoint") || true
	type=${got#* }
	[ "${got%% *}" = "$wanted" ] || { cat "$dir/answer"; fail "the answer is $got instead of $wanted"; }
}
asks() { drive request "$@" >"$dir/request"; }
# expect_kept N: pairs of heads, of whatever kind
expect_kept() {
	local kept
	kept=$(find "$dir" -name 'state.*.refused' | wc -l)
	[ "$kept" = "$1" ] || fail "$kept heads are kept instead of $1"
	kept=$(find "$dir" -name 'state.*.kept' | wc -l)
	[ "$kept" = "$1" ] || fail "$kept heads are kept beside $1"
}

begin
grep -q "nothing was cosigned before" "$dir/serve.log" || fail "the first use is not said"
# One that says nothing, and one that never comes to an end: what becomes of them is seen below.
exec {idle}<>"/dev/tcp/127.0.0.1/$port" {drip}<>"/dev/tcp/127.0.0.1/$port"
(while printf P 2>/dev/null && sleep 1; do :; done) 1>&"$drip" &

curl -s "$url/" >"$dir/answer"
grep -qx "witness $(cat "$dir/w.key.vkey")" "$dir/answer" || fail "it does not say who it is"
grep -qx "nothing was cosigned yet" "$dir/answer" || fail "it says that it cosigned something"
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/checkpoint")" = 404 ] || fail "another path"
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/add-checkpoint")" = 405 ] || fail "GET"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$url/")" = 405 ] || fail "DELETE"

drive make "$log" "$key" 300 >/dev/null
asks "$log" 0
post 200
grep -q "^— prosecutor.example/w1 [A-Za-z0-9+/=]*$" "$dir/answer" || fail "no cosignature"
[ "$(wc -l <"$dir/answer")" = 1 ] || fail "more than a cosignature"
[ "$(size_of "$dir/state")" = 300 ] || fail "the state is not what was cosigned"
grep -qF -- "$(cat "$dir/answer")" "$dir/state" || fail "the state is not cosigned"
post 409
[ "$type $(cat "$dir/answer")" = "text/x.tlog.size 300" ] || fail "a conflict without the size"
cp -r "$log" "$dir/past"
drive make "$log" "$key" 700 >/dev/null
asks "$log" 300
post 200
asks "$log" 1000
post 200
curl -s "$url/" | grep -qx 1000 || fail "it does not tell the last one"
expect_kept 0
ok "cosigns what goes on"

asks "$dir/past" 1000 300
post 400		# old is more than the size: it shrank
asks "$dir/past" 300
post 409
drive make "$dir/theirs" "$dir/elsewhere.key" 1200 >/dev/null
asks "$dir/theirs" 1000
post 404
drive make "$dir/forged" "$dir/thief.key" 1200 >/dev/null
asks "$dir/forged" 1000
post 403
asks "$log" 1000
cp "$dir/request" "$dir/good"
for change in 's/^old 1000$/old 01000/' 's/^old 1000$/old -1/' '1d' '2s/^$/AAAA\n/' \
	'2s/^$/@@@@\n/' '3s/$/\r/' '4s/.*/0&/' '5s/=$//' '6s/^$/more\n/' '$s/=$/*/' '$p' '$a\\'; do
	sed "$change" "$dir/good" >"$dir/request"
	cmp -s "$dir/good" "$dir/request" && printf 'x' >>"$dir/request"
	post 400
done
ok "refuses what shrinks, is of others, or is no request"

cp "$dir/good" "$dir/request"
post 411 -H 'Content-Length:'
post 400 -H 'Transfer-Encoding: chunked'
head -c 20000 /dev/zero >"$dir/request"
post 413
# raw STATUS TEXT: sent as it is
raw() {
	local answer fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	printf '%b' "$2" >&$fd
	read -r -t 20 answer <&$fd || true
	exec {fd}>&-
	[[ $answer == "HTTP/1.1 $1 "* ]] || fail "the answer is \"$answer\" instead of $1"
}
line='POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n'
raw 400 "${line}Content-Length: 5\r\nContent-Length: 5\r\n\r\nold 1"
raw 400 "${line}Content-Length: +5\r\n\r\nold 1"
raw 413 "${line}Content-Length: 99999999999999999999\r\n\r\n"
raw 411 "${line}\r\n"
: >"$dir/request"
post 400
curl -s "$url/" | grep -qx 1000 || fail "it does not go on"
expect_kept 0
ok "strict about how a request is sent"

# ------ with the log's own key ------

drive make "$dir/rewritten" "$key" 1000 rewritten >/dev/null
for round in 1 2; do
	asks "$dir/rewritten" 1000
	post 409
	asks "$dir/rewritten" 0
	post 409
done
[ "$type $(cat "$dir/answer")" = "text/x.tlog.size 1000" ] || fail "a fork without the size"
expect_kept 1
cmp -s "$dir"/state.fork-1000-1000-*.kept "$dir/state" || fail "our head is not kept"
cmp -s "$dir"/state.fork-1000-1000-*.refused "$dir/rewritten/checkpoint" || fail "theirs is not kept"
grep -q '分叉.*第33、35条' "$dir/serve.log" || fail "nothing is said in Chinese"
grep -q 'FORKED.*Art. 33, 35' "$dir/serve.log" || fail "nothing is said in English"
drive make "$dir/rewritten" "$key" 500 rewritten >/dev/null
asks "$dir/rewritten" 1000
post 422
asks "$dir/rewritten" 1000 0
post 422
expect_kept 2
cmp -s "$dir"/state.unproven-1000-1500-*.refused "$dir/rewritten/checkpoint" || fail "which was kept"
[ "$(size_of "$dir/state")" = 1000 ] || fail "the state followed a fork"
drive make "$log" "$key" 1 >/dev/null
asks "$log" 1000
post 200
ok "a log that was rewritten with its own key is refused, and both heads are kept"

# ended FD: the other side has closed it, or does so soon
ended() {
	local got=0
	read -r -t 40 -u "$1" _ || got=$?
	[ $got -eq 1 ]
}
ended "$idle" || fail "who says nothing is kept waiting for"
ended "$drip" || fail "who comes to no end is kept waiting for"
exec {idle}>&- {drip}>&-
ok "a connection has an end"

# ------ whatever dies ------

status 4 vaultctl witness serve "${mine[@]}" --listen 127.0.0.1:0
says "another witness program"
ln -s state "$dir/link"
status 4 vaultctl witness serve --key "$dir/w.key" --state "$dir/link" --log "$key.vkey" --listen 127.0.0.1:0
says "name the state itself"
for round in 1 2 3 4 5; do
	old=$(size_of "$log/checkpoint")
	drive make "$log" "$key" 7 >/dev/null
	asks "$log" "$old"
	post 200
	die
	begin
	post 409
	[ "$(cat "$dir/answer")" = "$((old + 7))" ] || fail "it forgot what it cosigned"
done
ok "killed after a cosignature, it remembers"

# Killed in the midst of requests: what was answered is never forgotten.  Prints each size that was.
hammer() {
	local size code
	while size=$(size_of "$log/checkpoint"); do
		asks "$log" "$(size_of "$dir/state")"
		code=$(curl -s -o /dev/null -w '%{http_code}' --data-binary @"$dir/request" \
			"$url/add-checkpoint") || return 0
		[ "$code" != 200 ] || echo "$size"
		drive make "$log" "$key" 3 >/dev/null
	done
}
for round in 1 2 3 4 5; do
	exec {answers}< <(hammer)
	for ((i = 0; i < round; i++)); do
		read -r -t 60 -u $answers answered || fail "nothing is answered"
	done
	die
	while read -r -u $answers more; do answered=$more; done
	exec {answers}<&-
	begin
	[ "$(size_of "$dir/state")" -ge "$answered" ] || fail "it forgot"
	asks "$log" "$(size_of "$dir/state")"
	post 200
done
ok "killed at work, it remembers"

# ------ looking by itself ------

die
status 0 vaultctl witness check "${mine[@]}" "$log" --json
drive make "$log" "$key" 4000 >/dev/null
vaultctl witness check "${mine[@]}" "$log" --out "$dir/cosigned" >"$dir/line" 2>/dev/null
[ "$(size_of "$dir/cosigned")" = "$(size_of "$log/checkpoint")" ] || fail "another was cosigned"
grep -qxF -- "$(cat "$dir/line")" "$dir/cosigned" || fail "--out has no cosignature"
base=$("$BUILD/stackproc" start --pidfile "$dir/http.pid" --log "$dir/http.log" --ready line -- \
	"$BUILD/http-folder" "$dir")
drive make "$log" "$key" 70000 >/dev/null
status 0 vaultctl witness check "${mine[@]}" "$base/log/" --json
[ "$(sed -n '/^{/,$p' "$dir/said" | jq -r '.verdict + " " + (.size | tostring)')" = \
	"cosigned $(size_of "$log/checkpoint")" ] || fail "over http"
status 0 vaultctl witness check "${mine[@]}" "$base/log"
ok "looks into a folder, and at a URL"

expect_kept 2
status 1 vaultctl witness check "${mine[@]}" "$dir/past"
says "an older copy"
status 2 vaultctl witness check "${mine[@]}" "$dir/theirs"
status 3 vaultctl witness check "${mine[@]}" "$base/forged"
expect_kept 2
drive make "$dir/rewritten" "$key" 80000 rewritten >/dev/null
status 3 vaultctl witness check "${mine[@]}" "$base/rewritten"
says "FORKED"
status 3 vaultctl witness check "${mine[@]}" "$dir/rewritten" --json
[ "$(sed -n '/^{/,$p' "$dir/said" | jq -r .verdict)" = fork ] || fail "a fork by another name"
expect_kept 3
status 4 vaultctl witness check "${mine[@]}" "$dir/nowhere"
status 4 vaultctl witness check "${mine[@]}" "$dir"
status 4 vaultctl witness check "${mine[@]}" "$base/nowhere"
status 4 vaultctl witness check "${mine[@]}" "http://127.0.0.1:1/"
for where in "$dir" "$base"; do
	cp -r "$log" "$dir/damaged"
	alter "$(find "$dir/damaged/tile/1" -type f | sort | tail -n 1)" 5
	status 3 vaultctl witness check "${mine[@]}" "$where/damaged"
	rm "$dir"/damaged/tile/1/*.p/*
	status 3 vaultctl witness check "${mine[@]}" "$where/damaged"
	rm -r "$dir/damaged"
done
expect_kept 3
sed -i '2s/.*/5/' "$dir/state"
status 3 vaultctl witness check "${mine[@]}" "$log"
says "not signed by the log"
cp "$dir/cosigned" "$dir/state"
status 0 vaultctl witness check "${mine[@]}" "$log"
ok "says what is wrong"

# ------ brought home ------

cat >"$dir/conf" <<END
station = "QH-01"
vault = "$dir/vault"
state = "$dir"
database = "dbname=none"
log = "$log"
log_origin = "evidence.example/test"
witness "w1" { url = "http://127.0.0.1:1" key = "$(cat "$dir/w.key.vkey")" }
slot "A1" { port = "1-1" }
END
cp "$key.vkey" "$log/log.vkey"
other=$(id -u)
[ "$other" != 0 ] || other=nobody
chmod 711 "$dir"
vaultctl witness check "${mine[@]}" "$log" --out "$dir/cosigned" >/dev/null 2>&1
status 0 vaultctl --config "$dir/conf" log cosign "$dir/cosigned" --dry-run
grep -q prosecutor "$log/checkpoint" && fail "a dry run has kept it"
chown -R "$other" "$log" 2>/dev/null || true
status 0 vaultctl --config "$dir/conf" log cosign "$dir/cosigned" --json
[ "$(stat -c %u "$log/checkpoint")" = "$(stat -c %u "$log")" ] || fail "its owner cannot read it"
[ "$(sed -n '/^{/,$p' "$dir/said" | jq -r '.witnesses | join(" ")')" = w1 ] || fail "whose it is"
grep -qxF -- "$(grep prosecutor "$dir/cosigned")" "$log/checkpoint" || fail "it is not in the log"
status 1 vaultctl --config "$dir/conf" log cosign "$dir/past/checkpoint"
status 3 vaultctl --config "$dir/conf" log cosign "$dir/forged/checkpoint"
sed '/prosecutor/s/ \([^ ]*\)....=*$/ \1AAA=/' "$dir/cosigned" >"$dir/spoilt"
status 3 vaultctl --config "$dir/conf" log cosign "$dir/spoilt"
status 4 vaultctl --config "$dir/conf" log cosign "$dir/nowhere"
ok "what was cosigned comes home"

# ------ ends ------

socket=$dir/socket
"$BUILD/stackproc" start --pidfile "$dir/serve.pid" --log "$dir/serve.log" --ready notify -- \
	"$BUILD/vaultctl" witness serve "${mine[@]}" --listen "unix:$socket" >/dev/null
curl -s --unix-socket "$socket" http://w/ | grep -qx "$(size_of "$dir/state")" || fail "at a path"
"$BUILD/stackproc" stop --pidfile "$dir/serve.pid" || fail "SIGTERM did not end it"
grep -q "ERROR\|abort" "$dir/serve.log" && fail "it did not end cleanly"
ok "SIGTERM ends it"
