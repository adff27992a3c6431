#!/bin/bash
# Goal: a time-stamp authority vouches for the log, and stock openssl says so of what is kept.
#
#   stamped            -> `openssl ts -verify` takes LOG/time/SIZE/checkpoint and NAME.tsr
#   stamped already    -> nobody is asked
#   a second authority -> stamps the same bytes
#   refused, ill, a page, another's token, nobody there, not trusted
#                      -> nothing is kept, it says why, and it is stamped when all is well again
#   a byte changed     -> openssl refuses it
set -eu -o pipefail

command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
. tests/tsa.sh
. tests/alter.sh
dir=$(mktemp -d)
pids=()
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; exit 1; }

# kept SIZE NAME: what is kept of that size by that authority, for stock openssl
kept() {
	openssl ts -verify -data "$dir/log/time/$1/checkpoint" -in "$dir/log/time/$1/$2.tsr" \
		-CAfile "$dir/$2/ca.pem" >"$dir/out" 2>&1 && grep -qx 'Verification: OK' "$dir/out"
}
grow() { "$BUILD/tlog-drive" make "$dir/log" "$dir/log.key" "$1" >"$dir/out"; }
# errand NAME WANT [SENTENCE]: an errand to that authority ends so, and says so
errand() {
	local name=$1 want=$2 got
	got=$("$BUILD/courier" stamp "$dir/log" "$dir/log.key.vkey" "$name" "${urls[$name]}" \
		"$dir/$name/ca.pem" 2>"$dir/why") || fail "the courier to $name: $(cat "$dir/why")"
	[[ $got == "$want"\ * ]] || fail "$name: $got instead of $want: $(cat "$dir/why")"
	[ -z "${3:-}" ] || grep -qF "$3" "$dir/why" || fail "$name said: $(cat "$dir/why")"
}

"$BUILD/vaultctl" log keygen evidence.example/vault-01/custody "$dir/log.key" >"$dir/out" 2>&1 ||
	fail "no key: $(cat "$dir/out")"
declare -A urls
for name in city court; do
	tsa_make "$dir/$name" "Authority of the $name"
	tsa_start "$dir/$name"
	urls[$name]=$tsa_url
	pids+=("$tsa_pid")
done

grow 70
before=$(date +%s)
errand city 'done 70'
kept 70 city || fail "openssl refuses what is kept: $(cat "$dir/out")"
told=$(openssl ts -reply -in "$dir/log/time/70/city.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
[ "$(date -d "$told" +%s)" -ge $((before - 1)) ] || fail "the token is of $told"
ok "openssl takes the token of 70 leaves"
cmp "$dir/log/checkpoint" "$dir/log/time/70/checkpoint" || fail "other bytes were stamped"

errand city 'nothing 70' 'is stamped'
errand court 'done 70'
kept 70 court || fail "openssl refuses the second token: $(cat "$dir/out")"
kept 70 city || fail "openssl refuses the first token now: $(cat "$dir/out")"
ok "two authorities stamped the same bytes"

# At whatever goes wrong nothing is kept.
grow 10
for mode in refuse page reject other; do
	case $mode in
	refuse)	why='HTTP status 500' ;;
	page)	why='is this the address of a time-stamp authority?' ;;
	reject)	why='the authority refuses, status 2' ;;
	other)	why='the time stamp is over other bytes' ;;
	esac
	tsa_mode "$dir/city" $mode
	errand city 'later 0' "$why"
	[ ! -e "$dir/log/time/80" ] || fail "$mode: something was kept: $(ls "$dir/log/time/80")"
	ok "$mode: $(cat "$dir/why")"
done
tsa_mode "$dir/city"
cp "$dir/city/ca.pem" "$dir/ca.pem"
cp "$dir/court/ca.pem" "$dir/city/ca.pem"
errand city 'later 0' 'the authority is not one that is trusted'
cp "$dir/ca.pem" "$dir/city/ca.pem"
url=${urls[city]}
kill "${pids[0]}"
wait "${pids[0]}" || fail "the authority ended with $?"
errand city 'later 0' "$url"
[ ! -e "$dir/log/time/80" ] || fail "something was kept: $(ls "$dir/log/time/80")"
ok "nobody there: $(cat "$dir/why")"

tsa_start "$dir/city"
pids[0]=$tsa_pid
urls[city]=$tsa_url
tsa_mode "$dir/city" 'slow 1500'
errand city 'done 80'
kept 80 city || fail "openssl refuses what is kept at last: $(cat "$dir/out")"
ok "stamped when all was well again, slowly"

alter "$dir/log/time/80/checkpoint" 40
! kept 80 city || fail "openssl takes a changed checkpoint"
ok "openssl refuses a changed checkpoint"
