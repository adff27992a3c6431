-- Backups: who notes one, what a backup is told, and that one that is overdue is found.
BEGIN;
SELECT no_plan();

SELECT person('ad', '{admin}'), person('su', '{supervisor}');
CREATE FUNCTION pg_temp.note(a_login text, a_place text DEFAULT '/backup/1', a_reason text DEFAULT 'tap', a_missing bigint DEFAULT 0)
	RETURNS text LANGUAGE sql AS $$
	SELECT do_as(a_login, format('SELECT dv.backup_note(%L, %L, %L, 7, 3, %s, 99, %L, %L)', a_place,
		'2026-11-27T01:00:00.000Z', '2026-11-27T02:00:00.000Z', a_missing, repeat('ab', 32), a_reason))
$$;

-- ---- due ----

SELECT is((SELECT (raised, due_ms)::text FROM dv.backup_sweep()), '(0,)', 'where nothing was docked nothing is to be lost');
SELECT is(ingest(r_session(1, 'REC-1')), 1, 'a docking');
SELECT is((SELECT raised FROM dv.backup_sweep()), CASE WHEN dv.backup_since() + interval '7 days' <= now() THEN 1 ELSE 0 END::bigint,
	'from then on it counts, though there never was a backup');
SELECT is((SELECT count(*) FROM dv.finding WHERE code = 'backup_overdue' AND detail ->> 'ever' = 'true'), 0::bigint, 'and is said so');

-- ---- who ----

SELECT matches(pg_temp.note('su'), '^42501 su may not do this', 'not a supervisor');
SELECT matches(pg_temp.note('ad', a_reason => ' '), '^22023 backup: its place and its reason', 'not without a reason');
SELECT matches(pg_temp.note('ad', a_place => ''), '^22023 backup: its place and its reason', 'not without a place');
SELECT matches(pg_temp.note('ad', a_missing => -1), '^23514', 'not with less than none missing');
SELECT is(pg_temp.note('ad'), '', 'the administrator notes one');
SELECT is((SELECT by || ' ' || place || ' ' || log_size FROM dv.backup), 'ad /backup/1 7', 'as it is');
SELECT is((SELECT count(*) FROM dv.custody_event WHERE act = 'backed_up'), 1::bigint, 'an act of the log');

-- ---- from then on ----

SELECT is((SELECT raised FROM dv.backup_sweep()), 0::bigint, 'a new one is not overdue');
SELECT is((SELECT due_ms FROM dv.backup_sweep()),
	ceil(extract(epoch FROM (SELECT entered_at + interval '7 days' FROM dv.backup)) * 1000)::bigint, 'until seven days later');
SET LOCAL session_replication_role = replica;
ALTER TABLE dv.backup DISABLE TRIGGER ALL;
UPDATE dv.backup SET entered_at = now() - interval '8 days';
ALTER TABLE dv.backup ENABLE TRIGGER ALL;
SET LOCAL session_replication_role = origin;
SELECT is((SELECT raised FROM dv.backup_sweep()), 1::bigint, 'then it is found');
SELECT is((SELECT raised FROM dv.backup_sweep()), 0::bigint, 'once');
SELECT is((SELECT severity || ' ' || (detail ->> 'ever') || ' ' || (at = date_trunc('milliseconds', (SELECT entered_at + interval '7 days' FROM dv.backup)))
	FROM dv.finding WHERE code = 'backup_overdue' AND detail ->> 'ever' = 'true'), 'warning true true', 'with its moment');

-- ---- what a backup is told ----

SELECT is((dv.backup_counts() ->> 'backup')::bigint, 1::bigint, 'how many rows');
SELECT is(ARRAY(SELECT jsonb_object_keys(dv.backup_counts()) ORDER BY 1), ARRAY(SELECT relname::text FROM pg_class
	WHERE relnamespace = 'dv'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1), 'of every table');
SELECT ok(count(*) FILTER (WHERE line LIKE '%CREATE ROLE ad LOGIN%') = 1 AND count(*) FILTER (WHERE line = 'GRANT dv_admin TO ad;') = 1
	AND count(*) FILTER (WHERE line LIKE '%CREATE ROLE dv\_ingest LOGIN%') = 1, 'who logs in, and what they may')
FROM dv.backup_roles() AS line;
SELECT is((SELECT array_agg(hash) FROM dv.backup_blobs()), (SELECT array_agg(dv.hex(hash) ORDER BY hash) FROM dv.blob),
	'what the vault holds');
SELECT is((SELECT count(*) FROM dv.backup_going('{}')), 0::bigint, 'nothing of nothing goes');

SELECT * FROM finish();
ROLLBACK;
