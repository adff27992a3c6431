#!/bin/bash
# Goal: the database's superuser knows how `verify log` reads the catalog, and so puts something between
# a table and whoever reads it, or an event where it is read with the rows and not with the log. Each
# way is found, and all is called good once it is undone.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/dock.sh
. tests/dock.sh
export LC_ALL=C.UTF-8
# shellcheck disable=SC2119	# no line of its own
dock_begin
log=$DOCK/stack/custody

placed() { sql "SELECT count(*) FROM custody_entry"; }
is_sealed() {
	[ "$(sql "SELECT count(*) FROM custody_event LEFT JOIN custody_entry USING (event)
		WHERE leaf_index IS NULL")" = 0 ] && [ "$(placed)" = "$(sed -n 2p "$log/checkpoint")" ]
}
await_sealed() { await 30 "all is sealed" is_sealed; }
# found WHAT STATUS [CODE SUBJECT]...: what verify log finds, all of it, and how it ends; the code alone
# where the database may take either for the one
found() {
	local what=$1 want=$2 status=0 is
	shift 2
	vaultctl --lang en verify log --dry-run --json >"$DOCK/json" || status=$?
	is=$(jq -r '.findings[] | "\(.code) \(.subject)"' "$DOCK/json" | sort -u)
	[ "${!#}" != "custody_event_changed" ] || is=$(cut -d' ' -f1 <<<"$is" | sort -u)
	[ "$is" = "$(printf '%s\n' "$@" | sort)" ] || { jq . "$DOCK/json"; fail "$what: found '$is'"; }
	[ "$status" = "$want" ] || fail "$what: status $status, expected $want"
	ok "$what"
}
# What no trigger, and no key, stands in the way of.
force() { sql "SET session_replication_role = replica; $1"; }
open_up() { sql "ALTER TABLE $1 DISABLE TRIGGER ALL"; }

enroll REC-000883 S883
enroll REC-000884 S884
await_sealed
for table in recorder custody_event custody_entry custody_salt; do open_up $table; done
found "as it came in" 0 ''

# ------ between a table and whoever reads it ------

force "ALTER TABLE recorder ADD COLUMN t jsonb; UPDATE recorder AS r SET t = to_jsonb(r.*) - 't'
	; UPDATE recorder SET unit = 'QH-09' WHERE recorder = 'REC-000883'"
found "a column that is called as the row is" 3 "custody_row_changed recorder/REC-000883/1" \
	"custody_row_changed recorder/REC-000884/1"
force "UPDATE recorder SET unit = NULL WHERE recorder = 'REC-000883'; ALTER TABLE recorder DROP COLUMN t"
found "without it" 0 ''

sql "CREATE TYPE public.told AS (was text); CREATE FUNCTION public.told(public.told) RETURNS json
		LANGUAGE sql AS 'SELECT to_json((\$1).was)'
	; CREATE CAST (public.told AS json) WITH FUNCTION public.told(public.told)"
force "ALTER TABLE recorder ADD COLUMN told public.told"
found "a column of a type that tells JSON what it likes" 3 "custody_row_changed dv.recorder.told"
force "ALTER TABLE recorder DROP COLUMN told"
sql "DROP CAST (public.told AS json); CREATE FUNCTION public.text_of(bigint) RETURNS text LANGUAGE sql AS 'SELECT ''17'''
	; CREATE CAST (bigint AS text) WITH FUNCTION public.text_of(bigint)"
found "a cast of one's own between PostgreSQL's types" 3 "custody_row_changed cast bigint AS text"
sql "DROP CAST (bigint AS text); CREATE FUNCTION pg_catalog.encode(dv.address, text) RETURNS text
	LANGUAGE sql AS 'SELECT ''00'''"
found "a function among PostgreSQL's own" 3 "custody_row_changed function encode"
sql "DROP FUNCTION pg_catalog.encode(dv.address, text); CREATE FUNCTION public.more(dv.address, bytea) RETURNS boolean
	LANGUAGE sql AS 'SELECT false'; CREATE OPERATOR pg_catalog.> (LEFTARG = dv.address, RIGHTARG = bytea,
	FUNCTION = public.more)"
found "an operator among PostgreSQL's own" 3 "custody_row_changed operator >"
sql "DROP OPERATOR pg_catalog.> (dv.address, bytea)"
found "without all of them" 0 ''

# ------ row-level security, which every table has ------

sql "ALTER POLICY all_rows ON recorder USING (recorder <> 'REC-000884')"
found "a policy that shows not all" 3 "custody_row_changed dv.recorder" "custody_row_missing recorder/REC-000884/1"
sql "ALTER POLICY all_rows ON recorder USING (true)
	; CREATE POLICY less ON custody_salt AS RESTRICTIVE FOR SELECT USING (field <> 'reason')"
found "a policy that takes some away, of salts" 3 "custody_row_changed dv.custody_salt" \
	"custody_row_changed recorder/REC-000883/1" "custody_row_changed recorder/REC-000884/1" "custody_row_changed store/vault/1"
sql "DROP POLICY less ON custody_salt; DROP POLICY to_supervisor ON custody_salt
	; CREATE POLICY to_supervisor ON custody_salt FOR SELECT TO dv_supervisor USING (NOT event IN
		(SELECT e.event FROM custody_event e WHERE e.source IN ('party', 'disclosure_name')))"
found "one that covers the salts of parties alone" 0 ''
sql "ALTER POLICY to_supervisor ON custody_salt USING (true)
	; CREATE POLICY more ON recorder FOR SELECT USING (recorder = 'REC-000883')"
found "one more, beside one that shows all" 0 ''
sql "DROP POLICY more ON recorder; DROP POLICY all_rows ON recorder"
found "none" 3 "custody_row_changed dv.recorder" "custody_row_missing recorder/REC-000883/1" \
	"custody_row_missing recorder/REC-000884/1"
sql "CREATE POLICY all_rows ON recorder FOR SELECT TO dv_all USING (true)"
found "with all as it was" 0 ''
# custodyd may have noted some of it by itself.
sql "ALTER POLICY all_rows ON recorder USING (recorder <> 'REC-000999'); SELECT note_roles()
	; ALTER POLICY all_rows ON recorder USING (true); SELECT note_roles()" >/dev/null
[ "$(sql "SELECT count(*) FROM act WHERE kind = 'roles_changed'
	AND detail -> 'changed' ->> 'policy all_rows of recorder' LIKE '%REC-000999%'")" = 2 ] || fail "a changed policy is not noted"
ok "who changes a policy is noted to have changed the rights"
await_sealed

# ------ an event that is none of the log's ------

# The event of a row of his own, taken away before the log has it: $event, in the table public.mine.
make() {
	stack kill-custodyd 15 >/dev/null
	sql "ALTER TABLE recorder ENABLE ALWAYS TRIGGER logged
		; INSERT INTO recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by)
		SELECT 'REC-666666', 1, vid, pid, 'S6', officer, unit, reason, enrolled_by FROM recorder
			WHERE recorder = 'REC-000883'
		; ALTER TABLE recorder DISABLE TRIGGER logged
		; CREATE TABLE public.mine AS SELECT * FROM custody_event ORDER BY event DESC LIMIT 1
		; CREATE TABLE public.salts AS SELECT s.* FROM custody_salt s JOIN public.mine USING (event)
		; DELETE FROM custody_event WHERE event = (SELECT event FROM public.mine)
		; DELETE FROM custody_salt WHERE event = (SELECT event FROM public.mine)"
	stack start-custodyd >/dev/null
}
# renumber NUMBER AT: give it another number and moment
renumber() {
	sql "UPDATE public.mine SET event = $1, recorded_at = '$2', leaf = convert_to(regexp_replace(regexp_replace(
			convert_from(leaf, 'UTF8'), '\"event\":[0-9]+', '\"event\":$1'),
			'\"at\":\"[^\"]*\"', '\"at\":' || to_json('$2'::timestamptz)::text), 'UTF8')
		; UPDATE public.salts SET event = $1"
}
put() { sql "$1; INSERT INTO custody_event SELECT * FROM public.mine; INSERT INTO custody_salt SELECT * FROM public.salts"; }

gap=$(sql "SELECT nextval('custody_event_event_seq')")
make
event=$(sql "SELECT event FROM public.mine")
found "a row whose event was taken away" 3 "custody_row_unlogged recorder/REC-666666/1"

renumber "$event" "$(date -u -d '2 minutes ago' '+%F %T+00')"
put "ALTER TABLE custody_entry DROP CONSTRAINT custody_entry_leaf_index_check
	; INSERT INTO custody_entry (leaf_index, event) VALUES (-1, $event)"
found "an event at a place before the log's first" 1 "custody_event_waiting $event"
force "DELETE FROM custody_entry WHERE leaf_index < 0; DELETE FROM custody_event WHERE event = $event
	; DELETE FROM custody_salt WHERE event = $event"

put "ALTER TABLE custody_entry DROP CONSTRAINT custody_entry_pkey
	; INSERT INTO custody_entry (leaf_index, event) VALUES (5, $event)"
found "a second event at one place" 3 custody_event_changed
force "DELETE FROM custody_entry WHERE event = $event; DELETE FROM custody_event WHERE event = $event
	; DELETE FROM custody_salt WHERE event = $event; ALTER TABLE custody_entry ADD PRIMARY KEY (leaf_index)"

# Beside a sealed one of its number, which PostgreSQL holds to be the only one.
renumber 5 "2026-11-27 00:00:00+00"
kept=$(sql "SELECT count(*) FROM custody_salt WHERE event = 5")
[ "$kept" = 0 ] || fail "event 5 has salts: take another"
sql "SET allow_system_table_mods = on
	; UPDATE pg_index SET indisunique = false WHERE indexrelid = 'custody_event_pkey'::regclass"
put "SET search_path = dv"
sql "SET allow_system_table_mods = on
	; UPDATE pg_index SET indisunique = true WHERE indexrelid = 'custody_event_pkey'::regclass"
found "a second event of one number" 3 custody_event_changed
force "DELETE FROM custody_event WHERE event = 5 AND key = 'REC-666666/1'; DELETE FROM custody_salt WHERE event = 5"

# Where custodyd has been already, and from a day that is far off.
sql "ALTER TABLE recorder ENABLE ALWAYS TRIGGER logged"
enroll REC-000885 S885
await_sealed
renumber "$gap" "2099-01-01 00:00:00+00"
put "SET search_path = dv"
found "an event that is to wait for ever" 1 "custody_event_waiting $gap"
force "DELETE FROM custody_event WHERE event = $gap; DELETE FROM custody_salt WHERE event = $gap
	; DELETE FROM recorder WHERE recorder = 'REC-666666'"
found "all as it was" 0 ''
dock_finish
