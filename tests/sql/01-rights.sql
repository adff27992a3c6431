-- Nobody may change evidence, and everybody may do only what is written here.
-- A table, a role or a function that is not in these lists fails the test.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE kinds (name text PRIMARY KEY, kind text NOT NULL);
INSERT INTO kinds VALUES
	('schema_version', 'evidence'), ('recorder', 'evidence'), ('recorder_key', 'evidence'),
	('recorder_key_revoked', 'evidence'), ('recorder_retired', 'evidence'),
	('dock_session', 'evidence'), ('dock_session_listed', 'evidence'),
	('dock_session_end', 'evidence'), ('dock_session_judged', 'evidence'), ('blob', 'evidence'),
	('manifest', 'evidence'), ('manifest_seen', 'evidence'), ('recording', 'evidence'),
	('segment', 'evidence'), ('segment_place', 'evidence'), ('segment_seen', 'evidence'),
	('segment_known', 'evidence'), ('finding', 'evidence'),
	('dock_unlock', 'evidence'), ('dock_import', 'evidence'), ('dock_check', 'evidence'),
	('card_inventory', 'evidence'), ('card_clearing', 'evidence'), ('card_cleared', 'evidence'),
	('card_challenge', 'evidence'), ('segment_hole', 'evidence'),
	('custody_event', 'evidence'), ('custody_entry', 'evidence'),
	('custody_checkpoint', 'evidence'), ('act', 'evidence'),
	('custody_salt', 'erasable'),
	('day_summary', 'derived'), ('finding_summary', 'derived'), ('custody_noted', 'derived'),
	('rule', 'reference'), ('custody_source', 'reference');

-- A month of its own, so that a partition made by ingest is among the tables.
SELECT enroll FROM dv.enroll('REC-1', 1, 2, 'S', NULL, 'U1', 'test', 'tester');
SELECT is(ingest(r_session(1, 'REC-1'), r_segment(1, 'REC-1', 1, 1, 0,
	dv.utc(date_trunc('day', now())))), 2, 'a segment of this month');

CREATE TEMPORARY VIEW tables AS
SELECT c.relname::text AS name, c.relispartition AS is_partition,
	CASE WHEN c.relispartition THEN 'evidence' ELSE k.kind END AS kind
FROM pg_class c LEFT JOIN kinds k ON k.name = c.relname
WHERE c.relnamespace = 'dv'::regnamespace AND c.relkind IN ('r', 'p');

SELECT ok(kind IS NOT NULL, 'table ' || name || ' is of a kind known here') FROM tables;
SELECT is((SELECT count(*) FROM tables WHERE is_partition AND name <> 'segment_other'), 1::bigint,
	'ingest made one partition');
SELECT is(array_agg(name), NULL, 'every table named here exists')
FROM kinds WHERE name NOT IN (SELECT name FROM tables);

-- ---- the trigger: for every role, the owner and the superuser included ----

SELECT matches(try_as(role, format(verb, name)), '^42501 dv\.' || name || ' is append-only',
	role || ': ' || format(verb, name))
FROM tables,
	unnest(ARRAY['postgres', 'dv_owner']) AS role,
	unnest(ARRAY['DELETE FROM dv.%I', 'DELETE FROM dv.%I WHERE false', 'TRUNCATE dv.%I CASCADE'])
		AS verb
WHERE kind = 'evidence';

SELECT matches(try_as(role, format('UPDATE dv.%I SET %I = %I', name,
		(SELECT attname FROM pg_attribute WHERE attrelid = ('dv.' || name)::regclass AND attnum = 1),
		(SELECT attname FROM pg_attribute WHERE attrelid = ('dv.' || name)::regclass AND attnum = 1))),
	'^42501 dv\.' || name || ' is append-only', role || ': UPDATE ' || name)
FROM tables, unnest(ARRAY['postgres', 'dv_owner']) AS role
WHERE kind = 'evidence';

-- Not even where a subscriber's ordinary triggers would be silent.
SET LOCAL session_replication_role = replica;
SELECT matches(try_as('postgres', format('DELETE FROM dv.%I', name)), '^42501 dv\.' || name || ' is append-only',
	'as a replica: DELETE FROM ' || name)
FROM tables WHERE kind = 'evidence';
SET LOCAL session_replication_role = origin;

-- A salt is erased by an act, and otherwise stays what it is.
SELECT matches(try_as(role, verb), '^42501 dv\.custody_salt', role || ': ' || verb)
FROM unnest(ARRAY['postgres', 'dv_owner']) AS role,
	unnest(ARRAY['DELETE FROM dv.custody_salt', 'TRUNCATE dv.custody_salt',
		'UPDATE dv.custody_salt SET salt = salt']) AS verb;

-- ---- the grants ----

-- Every right of every role on every table: reading is all there is.
SELECT is(array_agg(privilege ORDER BY privilege) FILTER (WHERE has_table_privilege(role, 'dv.' || name, privilege)),
	CASE WHEN role IN ('dv_read', 'dv_admin', 'dv_supervisor')
			AND (NOT is_partition OR name = 'segment_other')
		THEN ARRAY['SELECT'] END,
	role || ' on ' || name)
FROM tables,
	unnest(ARRAY['dv_ingest', 'dv_custody', 'dv_read', 'dv_admin', 'dv_supervisor', 'public']) AS role,
	unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
		AS privilege
GROUP BY role, name, is_partition;

SELECT is(array_agg(rolname::text ORDER BY rolname),
	ARRAY['dv_admin', 'dv_custody', 'dv_ingest', 'dv_owner', 'dv_read', 'dv_supervisor'],
	'these are the roles')
FROM pg_roles WHERE rolname LIKE 'dv\_%';
SELECT is(array_agg(rolname::text ORDER BY rolname), ARRAY['dv_owner', 'dv_read'],
	'nobody logs in as the owner or the group')
FROM pg_roles WHERE rolname LIKE 'dv\_%' AND NOT rolcanlogin;
SELECT is(array_agg(rolname::text), NULL, 'no role is more than ordinary')
FROM pg_roles WHERE rolname LIKE 'dv\_%'
	AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls);
SELECT is(array_agg(g.rolname || ' in ' || r.rolname ORDER BY g.rolname),
	ARRAY['dv_admin in dv_read', 'dv_supervisor in dv_read'], 'and these are in others')
FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles g ON g.oid = m.member
WHERE (r.rolname LIKE 'dv\_%' OR g.rolname LIKE 'dv\_%') AND NOT g.rolsuper;

CREATE TEMPORARY TABLE may_run (role text, name text);
INSERT INTO may_run
SELECT 'dv_ingest', unnest(ARRAY['ingest', 'known', 'recorders', 'chain_context', 'judge',
	'ledger', 'recorded', 'stored', 'sweep_not_docked', 'note_config'])
UNION ALL
SELECT 'dv_custody', unnest(ARRAY['log_lock', 'log_sequence', 'log_leaves', 'log_signed', 'log_head', 'log_state',
	'log_finding', 'note_roles', 'note_config'])
UNION ALL
SELECT role, unnest(ARRAY['utc', 'epoch_ms', 'day_of', 'believed_ms', 'day_start', 'hex', 'unhex', 'officer_of',
	'timeline', 'timeline_findings', 'status', 'report_findings', 'report_recorders',
	'report_integrity', 'log_state'])
FROM unnest(ARRAY['dv_read', 'dv_admin', 'dv_supervisor']) AS role
UNION ALL
SELECT 'dv_admin', unnest(ARRAY['enroll', 'retire', 'key_add', 'key_revoke', 'log_finding',
	'note_roles', 'note_config', 'login_failed', 'do_act'])
UNION ALL
SELECT 'dv_supervisor', unnest(ARRAY['log_finding', 'do_act', 'erase_personal']);

SELECT is(has_function_privilege(role, p.oid, 'EXECUTE'),
	EXISTS (SELECT FROM may_run m WHERE m.role = r.role AND m.name = p.proname),
	role || ' executes ' || p.proname)
FROM pg_proc p, unnest(ARRAY['dv_ingest', 'dv_custody', 'dv_read', 'dv_admin', 'dv_supervisor', 'public']) AS r(role)
WHERE p.pronamespace = 'dv'::regnamespace;

-- A function with its owner's rights must not find other people's objects.
SELECT is(array_agg(proname::text), NULL, 'functions with rights look nowhere else')
FROM pg_proc
WHERE pronamespace = 'dv'::regnamespace AND prosecdef
	AND NOT coalesce(proconfig @> ARRAY['search_path=dv, pg_temp'], false);
SELECT is(array_agg(proname::text), NULL, 'the owner owns every function')
FROM pg_proc WHERE pronamespace = 'dv'::regnamespace AND pg_get_userbyid(proowner) <> 'dv_owner';
SELECT is(array_agg(relname::text), NULL, 'and every table and view')
FROM pg_class WHERE relnamespace = 'dv'::regnamespace AND pg_get_userbyid(relowner) <> 'dv_owner';

-- ---- the same by trying ----

SELECT matches(try_as('dv_ingest', 'SELECT FROM dv.segment'), '^42501 permission denied',
	'dockd reads no table');
SELECT matches(try_as('dv_ingest', $$SELECT dv.enroll('X', 1, 2, '', NULL, NULL, 'r', 'b')$$),
	'^42501 permission denied', 'dockd enrols nobody');
SELECT matches(try_as('dv_supervisor', $$SELECT dv.retire('REC-1', 'r', 'b')$$),
	'^42501 permission denied', 'the supervisor retires nobody');
SELECT matches(try_as('dv_admin', $$SELECT dv.ingest('[]')$$), '^42501 permission denied',
	'the admin brings no evidence');
SELECT matches(try_as('dv_admin', $$INSERT INTO dv.finding DEFAULT VALUES$$),
	'^42501 permission denied', 'the admin writes no finding');
SELECT matches(try_as('dv_admin', 'CREATE TABLE dv.x ()'), '^42501 permission denied',
	'the admin makes no table');
SELECT matches(try_as('dv_custody', 'SELECT FROM dv.' || name), '^42501 permission denied',
	'custodyd reads no ' || name)
FROM tables;
SELECT matches(try_as('dv_custody', 'INSERT INTO dv.custody_entry VALUES (1000000, 1)'),
	'^42501 permission denied', 'and gives no place of its own choice');
SELECT is(try_as('dv_supervisor', $$SELECT dv.report_integrity(current_date, current_date)$$), '',
	'the supervisor has the report');
SELECT is(try_as('dv_supervisor', 'SELECT count(*) FROM dv.' || viewname), '',
	'the supervisor reads ' || viewname)
FROM pg_views WHERE schemaname = 'dv';

SELECT * FROM finish();
ROLLBACK;
