#!/bin/bash
# Goal: what is due is found at its second, by the database's clock: not one before, not twice, and none is
# missed: over restarts, a stop of a year, a clock that is put back, a second alertd, and a database that
# was away.
# Takes 65 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
DOCK_CLOCK=1 dock_begin
trap 'second stop --signal 9 >/dev/null 2>&1 || true; dock_end' EXIT

fail() {
	echo "FAILED: $1"
	sql "SELECT code, subject, fact, warn_at, due_at, warned_at, raised_at, met_at, next_at, now() FROM deadline" || true
	tail -n 20 "$DOCK/stack/log/alertd" "$DOCK/stack/log/second" 2>/dev/null || true
	exit 1
}
is() { [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }
says() { grep -q -- "$1" "$DOCK/stack/log/${2:-alertd}"; }
second() { "$BUILD/stackproc" "$1" --pidfile "$DOCK/stack/pid/second" "${@:2}"; }
# found SUBJECT: what of these was found about it, in order (what papers lack is checked elsewhere)
found() { sql "SELECT string_agg(code, ' ' ORDER BY at, code) FROM finding WHERE subject = '$1' AND code IN ('approval_due',
	'approval_overdue', 'complaint_unanswered', 'correction_check_overdue', 'archive_due', 'archive_overdue', 'dock_due',
	'not_docked', 'unlinked_due', 'unlinked_recording')"; }
# Nothing is left that is due, nothing was found twice, and each finding is of the second when it was due.
expect_exact() {
	is "twice" "$(sql "SELECT count(*) FROM (SELECT FROM finding GROUP BY code, subject, fact HAVING count(*) > 1) AS x")" 0
	is "before its time" "$(sql "SELECT count(*) FROM finding WHERE raised_at < at")" 0
	is_swept || fail "something that is due was not found"
}
# case_of CASE ORIGIN NAMED PROCEDURE: started now
case_of() {
	sql "INSERT INTO case_file (\"case\", revision, kind, origin, named, procedure, urgent, major, contentious,
		unit, title, started_at, reason) VALUES ('$1', 1, 'penalty', '$2', $3, '$4', false, false, false,
		'QH', 'scenario', date_trunc('second', now()), 'scenario')"
}
event() {
	sql "INSERT INTO case_event (\"case\", kind, at, due_at) VALUES ('$1', '$2', date_trunc('second', now()), ${3:-NULL})"
}
# to_due CODE SUBJECT COLUMN OFFSET: put the clock so many seconds off that moment
to_due() {
	local by
	by=$(sql "SELECT floor(extract(epoch FROM $3 - clock_timestamp()))::bigint + $4
		FROM deadline WHERE code = '$1' AND subject = '$2' AND met_at IS NULL AND raised_at IS NULL")
	[ -n "$by" ] || fail "$1 of $2: nothing is due"
	at_clock "$(printf '%+ds' "$by")"
}
await 60 "alertd leads" says 'this alertd leads'

# ------ each at its second ------

# around CODE SUBJECT COLUMN FINDINGS-BEFORE FINDINGS-AFTER: not before, and then by itself, without being told
around() {
	to_due "$1" "$2" "$3" -3
	is "$1 of $2 before $3" "$(found "$2")" "$4"
	await 30 "$1 of $2: $5" found_is "$2" "$5"
	is "$1 of $2, at what time" "$(sql "SELECT bool_and(raised_at - at BETWEEN interval '0' AND interval '1.5 seconds')
		FROM finding WHERE subject = '$2' AND raised_at > clock_timestamp() - interval '60 seconds'")" t
}
found_is() { [ "$(found "$1")" = "$2" ]; }

case_of A-1 own false general
around approval_overdue A-1 warn_at "" "approval_due"
around approval_overdue A-1 due_at "approval_due" "approval_due approval_overdue"
case_of A-2 own false simple
case_of A-3 own false general
event A-3 approved
case_of A-4 complaint true simple
around complaint_unanswered A-4 due_at "" "complaint_unanswered"
is "a simple procedure needs no approval" "$(found A-2)" ""
is "what was approved in time is found late nowhere" "$(found A-3)" ""
event A-2 correction_ordered "now() + interval '5 days'"
around correction_check_overdue A-2 due_at "" "correction_check_overdue"
event A-3 concluded
around archive_overdue A-3 warn_at "" "archive_due"
event A-3 reopened
at_clock +15d
is "a case that was opened again is not to be archived" "$(found A-3)" "archive_due"
event A-3 concluded
around archive_overdue A-3 warn_at "archive_due" "archive_due archive_due"
around archive_overdue A-3 due_at "archive_due archive_due" "archive_due archive_due archive_overdue"
expect_exact
ok "approval, complaint, correction and archive: at their second"

# ------ recorders and what they bring ------

enroll REC-000951 S951
is "nobody's recorder" "$(sql "SELECT count(*) FROM deadline WHERE subject = 'REC-000951'")" 0
vaultctl recorder enroll REC-000951 --usb 1209:5a01:S951 --officer 019001 --reason "scenario" >/dev/null
around not_docked REC-000951 warn_at "" "dock_due"
around not_docked REC-000951 due_at "dock_due" "dock_due not_docked"
is "as dockd asks for it" "$(sql "SELECT sweep_not_docked()")" 0
plain_card "$DOCK/card" 1 100001
plug A1 "$DOCK/card" S951
stack wait >/dev/null
await_dock "$(slot A1) == \"safe\" and .backlog == 0"
is "in its dock" "$(sql "SELECT count(*) FROM deadline WHERE code = 'not_docked'")" 0
recording=$(sql "SELECT recorder || '/' || recording FROM recording")
around unlinked_recording "$recording" warn_at "" "unlinked_due"
around unlinked_recording "$recording" due_at "unlinked_due" "unlinked_due unlinked_recording"
expect_exact
ok "issued and never docked; came in and belongs to nothing"

# ------ over stops ------

case_of B-1 own false general
case_of B-2 own false general
stack kill-alertd 9
stack clock +25h >/dev/null
event B-2 approved		# an hour late, and nobody had looked
stack start-alertd
await 60 "it looks at what it missed" is_swept
is "killed across a deadline" "$(found B-1)" "approval_due approval_overdue"
is "met late before anybody looked" "$(found B-2)" "approval_due approval_overdue"
case_of B-3 complaint true general
stack kill-alertd 15
stack clock +366d >/dev/null
stack start-alertd
await 60 "it looks at what it missed in a year" is_swept
is "a stop of a year" "$(found B-3)" "approval_due approval_overdue complaint_unanswered"
is "when it was, and not when it was found" "$(sql "SELECT f.at = c.started_at + interval '24 hours' FROM finding f
	JOIN case_file c ON c.\"case\" = f.subject WHERE f.code = 'approval_overdue' AND f.subject = 'B-3'")" t
expect_exact
ok "killed, and stopped for a year: the same, at the same time, once"

# Of deadlines: that the clock was put back is found itself, and days that are noted tell of other things.
count_found() { sql "SELECT count(*) FROM finding WHERE code NOT LIKE 'clock%' AND code NOT IN ('disposal_due', 'scrub_overdue')"; }
before=$(count_found)
case_of B-4 own false general
at_clock -1h
at_clock +18h			# 17 hours on
is "put back by an hour" "$(found B-4)" ""
is "nothing came of it" "$(count_found)" "$before"
around approval_overdue B-4 warn_at "" "approval_due"
ok "a clock that is put back finds nothing early, and nothing again"

# ------ two of them ------

second start --log "$DOCK/stack/log/second" --ready notify -- "$BUILD/alertd"
await 60 "the second one waits" says 'waiting to take over' second
stack kill-alertd 9
await 60 "it takes over" says 'this alertd leads' second
around approval_overdue B-4 due_at "approval_due" "approval_due approval_overdue"
stack start-alertd
await 60 "the first one waits now" says 'waiting to take over'
second stop || fail "the second one did not end in good order"
await 60 "the first one leads again" says 'this alertd leads'
ok "one leads, another takes over when it dies"

# ------ without a database ------

case_of B-5 own false general
: >"$DOCK/stack/log/alertd"
stack stop-db
await 60 "the database's end is noticed" says 'catalog'
stack start-db
stack clock +25h >/dev/null
await 60 "it is there again" found_is B-5 "approval_due approval_overdue"
await 60 "all is found" is_swept
expect_exact

# ------ made anew ------

rows="SELECT md5(string_agg(d::text, ',' ORDER BY code, subject, fact)) FROM deadline d"
before=$(sql "$rows")
sql "DELETE FROM deadline"
sql "SELECT deadlines_rebuild()" >/dev/null
is "made anew from the facts" "$(sql "$rows")" "$before"
dock_finish
! grep -nE 'Sanitizer|runtime error|BUG|left open' "$DOCK/stack/log/alertd" "$DOCK/stack/log/second" >&2 || fail "alertd was not in order"
ok "the database was away; the rows can be made anew"
