#!/bin/bash
# Goal: the log's own courier brings its checkpoints to another office's witness, and knows a fork
# from a witness that is away or forgot.
#
#   cosigned, grown, cosigned again; what the courier forgot the witness tells
#   away            -> later, and cosigned when it is back
#   log rewritten with its own key: as large, larger, smaller -> refused, the log is not cosigned
#   another's log   -> later, with what to do
#   a time stamp is over what the log signed, whatever witnesses add
set -eu -o pipefail
cd "$(dirname "$0")/../.."
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
. tests/tsa.sh
unset LC_ALL LC_MESSAGES
export LANG=en
dir=$(mktemp -d)
finish() {
	"$BUILD/stackproc" stop --pidfile "$dir/serve.pid" >/dev/null 2>&1 || true
	[ -z "${tsa_pid:-}" ] || kill "$tsa_pid" 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; tail -n 20 "$dir"/*.log 2>/dev/null || true; exit 1; }

origin=evidence.example/test
"$BUILD/vaultctl" log keygen $origin "$dir/log.key" >/dev/null 2>&1
"$BUILD/vaultctl" log keygen $origin "$dir/thief.key" >/dev/null 2>&1
"$BUILD/vaultctl" log keygen evidence.example/other "$dir/other.key" >/dev/null 2>&1
"$BUILD/vaultctl" witness keygen prosecutor.example/w1 "$dir/w.key" >/dev/null 2>&1
make_log() { "$BUILD/tlog-drive" make "$dir/$1" "$dir/$2.key" "${@:3}" >/dev/null; }
begin() {
	local line
	line=$("$BUILD/stackproc" start --pidfile "$dir/serve.pid" --log "$dir/serve.log" \
		--ready line -- "$BUILD/vaultctl" witness serve --key "$dir/w.key" \
		--state "$dir/state" --log "$dir/log.key.vkey" --listen "127.0.0.1:${1:-0}")
	port=${line##*:}
}
end() { "$BUILD/stackproc" stop --pidfile "$dir/serve.pid" >/dev/null; }
# errand LOG KEY HAS WANT [SENTENCE]: it ends so, and says so
errand() {
	local got
	got=$("$BUILD/courier" witness "$dir/$1" "$dir/$2.key.vkey" w1 "http://127.0.0.1:$port" \
		"$dir/w.key.vkey" "$3" 2>"$dir/why") || fail "the courier: $(cat "$dir/why")"
	[[ $got == "$4"\ * ]] || fail "$got instead of $4: $(cat "$dir/why")"
	[ -z "${5:-}" ] || grep -qF "$5" "$dir/why" || fail "it said: $(cat "$dir/why")"
}
cosigned() { grep -q '^— prosecutor.example/w1 ' "$dir/$1/checkpoint"; }

begin
make_log log log 300
errand log log 0 'done 300'
cosigned log || fail "the cosignature is not in the log"
errand log log 300 'nothing 300' 'its cosignature is there'
make_log log log 700
! cosigned log || fail "a new checkpoint is cosigned by nobody"
errand log log 300 'done 1000'
make_log log log 7
errand log log 0 'done 1007'	# the courier began anew
make_log log log 7
errand log log 300 'done 1014'	# it has an old size in mind
[ "$(sed -n 2p "$dir/state")" = 1014 ] || fail "the witness has $(sed -n 2p "$dir/state")"
ok "cosigned, from whatever the courier has in mind"

end
make_log log log 7
errand log log 1014 'later 0' "http://127.0.0.1:$port"
begin "$port"
errand log log 1014 'done 1021'
ok "cosigned when the witness is back"

make_log rewritten log 1014 rewritten
errand rewritten log 0 'refused 0' 'of which there are only 1014 here'
make_log rewritten log 7 rewritten
errand rewritten log 0 'refused 0' 'it has cosigned another log of 1021 leaves'
errand rewritten log 1021 'refused 0' 'it has cosigned another log of 1021 leaves'
make_log rewritten log 7 rewritten
errand rewritten log 1021 'refused 0' 'is not the beginning of the 1028 leaves here'
errand rewritten log 0 'refused 0' 'is not the beginning of the 1028 leaves here'
! cosigned rewritten || fail "a fork is cosigned"
ok "a log that was rewritten with its own key is refused: $(cat "$dir/why")"

make_log forged thief 1200
errand forged thief 0 'later 0' "it does not take the signature of $origin: give it"
make_log elsewhere other 1200
errand elsewhere other 0 'later 0' 'it does not know the log evidence.example/other: give it'
errand log log 1021 'nothing 1021'
ok "another's log is none of its business: $(cat "$dir/why")"

cosigned log || fail "the log lost its cosignature"
tsa_make "$dir/city" City
tsa_start "$dir/city"
"$BUILD/courier" stamp "$dir/log" "$dir/log.key.vkey" city "$tsa_url" "$dir/city/ca.pem" \
	>"$dir/out" 2>"$dir/why" || fail "the courier: $(cat "$dir/why")"
grep -q '^done 1021 ' "$dir/out" || fail "$(cat "$dir/out" "$dir/why")"
cmp -s <(grep -v '^— prosecutor' "$dir/log/checkpoint") "$dir/log/time/1021/checkpoint" ||
	fail "what was stamped is not what the log signed"
openssl ts -verify -data "$dir/log/time/1021/checkpoint" -in "$dir/log/time/1021/city.tsr" \
	-CAfile "$dir/city/ca.pem" >"$dir/out" 2>&1 || fail "openssl: $(cat "$dir/out")"
ok "a time stamp is over what the log signed"
