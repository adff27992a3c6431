#!/bin/bash
# Goal: custodyd has its checkpoints cosigned by a witness and stamped by an authority, and waits for
# neither: one that is away, slow or wrong keeps no act from being signed, and is asked again; a witness that
# remembers another history is an outcry and a finding.  All that in the memory that was promised.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
# shellcheck source=tests/dock.sh
. tests/dock.sh
# shellcheck source=tests/tsa.sh
. tests/tsa.sh
dock_begin
peers=$DOCK/peers log=$DOCK/stack/custody
mkdir "$peers"
tsa_url=
serve() { "$BUILD/stackproc" "$1" --pidfile "$peers/serve.pid" "${@:2}"; }
end() {
	serve stop >/dev/null 2>&1 || true
	[ -z "${tsa_pid:-}" ] || kill "$tsa_pid" 2>/dev/null || true
	dock_end
}
trap end EXIT

begin_witness() {
	local line
	line=$(serve start --log "$peers/serve.log" --ready line -- "$BUILD/vaultctl" witness serve --key "$peers/w.key" \
		--state "$peers/state" --log "$DOCK/stack/keys/custody.key.vkey" --listen "127.0.0.1:${1:-0}")
	port=${line##*:}
	port=${port%%[!0-9]*}
}
fail() { echo "FAILED: $1"; tail -n 20 "$DOCK/stack/log/custodyd" "$peers/serve.log" 2>/dev/null || true; exit 1; }
says() { grep -q -- "$1" "$DOCK/stack/log/custodyd"; }
is_signed() {
	[ "$(sql "SELECT (SELECT count(*) FROM custody_event) = (SELECT coalesce(max(size), 0) FROM custody_checkpoint)")" = t ]
}
is_cosigned() { is_signed && grep -q '^— prosecutor.example/w1 ' "$log/checkpoint"; }
act() {
	sql "INSERT INTO act (kind, objects, by, reason, detail) VALUES ('view', '{case:1}', 'scenario', 'scenario', '{}')"
}
tokens() { find "$log/time" -name city.tsr | wc -l; }
more_tokens() { [ "$(tokens)" -gt "$1" ]; }
found() { sql "SELECT count(*) FROM finding WHERE code = '$1'"; }

vaultctl witness keygen prosecutor.example/w1 "$peers/w.key" >/dev/null 2>&1
vaultctl witness keygen court.example/w2 "$peers/gone.key" >/dev/null 2>&1
begin_witness
tsa_make "$peers/city" City
tsa_start "$peers/city"
cat >>"$DOCK/stack/dockvault.conf" <<END
witness "w1" { url = "http://127.0.0.1:$port" key = "$(cat "$peers/w.key.vkey")" }
witness "gone" { url = "http://127.0.0.1:1" key = "$(cat "$peers/gone.key.vkey")" }
authority "city" { url = "$tsa_url" ca = "$peers/city/ca.pem" interval_s = 1 }
authority "gone" { url = "http://127.0.0.1:1" ca = "$peers/city/ca.pem" }
END
stack kill-custodyd 15
stack start-custodyd
act
await 60 "cosigned" is_cosigned
await 60 "stamped" more_tokens 0
stamped=$(find "$log/time" -name city.tsr | head -n 1)
openssl ts -verify -data "${stamped%/*}/checkpoint" -in "$stamped" -CAfile "$peers/city/ca.pem" >"$peers/out" 2>&1 ||
	fail "openssl: $(cat "$peers/out")"
says '^custodyd: .*gone' || fail "it does not say that a peer is away"
ok "cosigned and stamped, whoever else is away"

# ------ nobody is waited for ------

serve stop >/dev/null
tsa_mode "$peers/city" slow 60000
for ((i = 0; i < 5; i++)); do
	act
	await 30 "signed while witness and authority are silent" is_signed
done
tsa_mode "$peers/city"
begin_witness "$port"
await 60 "cosigned when the witness is back" is_cosigned
before=$(tokens)
act
await 60 "stamped when the authority answers" more_tokens "$before"
[ "$(found witness_silent)$(found timestamp_missing)" = 00 ] || fail "silent for less than a day, and found"
ok "silent, and back"

# ------ silent for a day ------

# The cosignature of another that lies there when it is asked first is none of the one that is away.
await 60 "cosigned" is_cosigned
stack kill-custodyd 15
[ "$(cut -d' ' -f1,2 "$log/heard" | sort | tr '\n' ,)" = 'authority city,authority gone,witness gone,witness w1,' ] ||
	{ cat "$log/heard"; fail "when each was heard is not kept"; }
day=$((($(date +%s) - 90000) * 1000))
sed -i "s/^\(.* [0-9]*\) .*/\1 $day/" "$log/heard"
sql "INSERT INTO act (kind, objects, by, reason, detail) VALUES ('view', '{}', 'scenario', 'scenario', '{}')"
stack start-custodyd
await 60 "a silent witness is found" says 'witness gone: not heard since'
await 60 "and an authority" says 'authority gone: not heard since'
await_found() { [ "$(found witness_silent) $(found timestamp_missing)" = "1 1" ]; }
await 60 "both findings" await_found
await 60 "cosigned" is_cosigned
[ "$(found witness_silent) $(found timestamp_missing)" = "1 1" ] || fail "who was not asked for a day is not silent"
ok "silent for a day: a finding each, though it was started anew"

# ------ a fork ------

stack kill-custodyd 15
serve stop >/dev/null
"$BUILD/tlog-drive" make "$peers/rewritten" "$DOCK/stack/keys/custody.key" 4000 another >/dev/null
rm "$peers/state"
begin_witness "$port"
"$BUILD/courier" witness "$peers/rewritten" "$DOCK/stack/keys/custody.key.vkey" w1 "http://127.0.0.1:$port" \
	"$peers/w.key.vkey" 0 >"$peers/out" 2>&1
grep -q '^done 4000' "$peers/out" || fail "the rewritten log is not cosigned: $(cat "$peers/out")"
stack start-custodyd
act
is_found() { [ "$(found custody_log_forked)" = 1 ]; }
await 60 "the fork is found" is_found
says 'w1.*4000' || fail "it does not say what the witness has"
act
await 60 "acts are signed all the same" is_signed
ok "a witness that knows another history: $(grep -m 1 4000 "$DOCK/stack/log/custodyd")"

peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$(cut -d' ' -f1 "$DOCK/stack/pid/custodyd")/status")
case $BUILD in
*/build)	[ "$peak" -lt 32768 ] || fail "custodyd took $peak KiB" ;;
esac
stack kill-custodyd 15
dock_finish
if grep -nE 'Sanitizer|runtime error|BUG|left open|not everything ended' "$DOCK/stack/log/custodyd" >&2; then
	fail "custodyd was not in order"
fi
ok "in $peak KiB"
