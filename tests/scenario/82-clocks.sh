#!/bin/bash
# Goal: clocks that are wrong are said to be, accuse nobody of what they cannot know, and break
# nothing: never set, decades ahead, hours ahead, local time for UTC, directory times of any year.
# And a key that was revoked signs nothing from then on.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
dock_begin
new_key REC-000821
enroll REC-000821 S821 "$DOCK/REC-000821.pub"
enroll REC-000822 S822
card=$DOCK/card
mkdir "$card" "$DOCK/plain"

# take BOOT CLOCK SECONDS [MONO]: one recording of ten seconds that ended so long from now
take() {
	local end=$(($(date +%s) + $3)) mono=${4:-0} media
	media=$(printf '%s/SEG_%06d.mp4' "$card" "$dseq")
	head -c 3001 /dev/urandom >"$media"
	prev=$("$BUILD/sidecar" sign --key "$DOCK/REC-000821.sec" --media "$media" --device REC-000821 \
		--rec "$(cat /proc/sys/kernel/random/uuid)" --seq 0 --dseq "$dseq" --prev "$prev" \
		--start "$(utc $((end - 10)))" --end "$(utc "$end")" --clock "$2" --boot "$1" \
		--mono-start $((mono * 1000)) --mono-end $((mono * 1000 + 10000)) \
		--officer 019001 --last 1 --end-reason button)
	dseq=$((dseq + 1))
}
visit() {
	plug A1 "$1" "$2"
	stack wait >/dev/null
	stack undock A1
	await_dock "$(slot A1) == \"empty\""
	await_dock ".backlog == 0"
}
expect_found() {
	sql "SELECT code || ' ' || article || ' ' || severity || ' ' || (detail ->> 'path')
		FROM finding_list WHERE recorder = '$1'" | sort >"$DOCK/found"
	printf '%s\n' "${@:2}" | sort | diff - "$DOCK/found" || fail "not what was to be found of $1"
}

year=$((365 * 86400))
take 1 unset $((-20 * year))		# nobody may be called late by such a clock
take 1 rtc -7200 60			# and setting it is no jump
take 2 rtc 20				# within what clocks may differ
take 3 rtc 200				# a little ahead
take 4 rtc $((8 * 3600 - 600))		# local time for UTC
take 5 rtc $((50 * year))
take 6 rtc -600				# and back
for when in 1980-01-01T00:00:02 2000-01-01 2099-12-31 2107-12-31T12:00:00; do
	head -c 3001 /dev/urandom >"$DOCK/plain/${when:0:4}.MP4"
	touch -d "$when" "$DOCK/plain/${when:0:4}.MP4"
done
visit "$card" S821
visit "$DOCK/plain" S822
expected=("clock_drift 13 warning SEG_000003.mp4" "clock_drift 13 violation SEG_000004.mp4"
	"clock_drift 13 violation SEG_000005.mp4" "clock_jump 12 warning SEG_000006.mp4")
expect_found REC-000821 "${expected[@]}"
expect_found REC-000822 "late_upload 32 violation 2000.MP4" "clock_drift 13 warning 2099.MP4"
expect_segments REC-000821 "$card"
expect_segments REC-000822 "$DOCK/plain"

# Revoked before the recording ended: taken in, and not believed.
key=$(vaultctl recorder show REC-000821 --json | jq -r '.. | .key_id? // empty' | head -n 1)
vaultctl recorder key REC-000821 revoke "$key" --reason "scenario" >/dev/null
take 7 rtc 25
visit "$card" S821
expected+=("signature_invalid 35 violation SEG_000007.mp4")
expect_found REC-000821 "${expected[@]}"
[ "$(sql "SELECT signature || ' ' || assurance FROM segment WHERE path = 'SEG_000007.mp4'")" = \
	"key_revoked sealed_at_dock" ] || fail "a revoked key signed something"

# What reads by days and months bears it.
vaultctl report integrity --format json >"$DOCK/report" || [ $? -eq 1 ]
jq -e '.totals.segments == 12' "$DOCK/report" >/dev/null || fail "the report has not all"
vaultctl timeline REC-000821 "$(TZ=Asia/Shanghai date -d "+$((50 * 365)) days" +%F)" >/dev/null
[ "$(sql "SELECT count(*) FROM pg_inherits WHERE inhparent = 'segment'::regclass")" -le 5 ] ||
	fail "a lying clock made partitions"
expect_settled
expect_seals
ok "wrong clocks are said to be wrong, and nothing more"
