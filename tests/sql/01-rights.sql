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
	('unit', 'evidence'), ('officer', 'evidence'), ('account', 'evidence'),
	('case_file', 'evidence'), ('case_officer', 'evidence'), ('party', 'evidence'),
	('case_event', 'evidence'), ('action', 'evidence'), ('action_officer', 'evidence'),
	('document', 'evidence'), ('document_withdrawn', 'evidence'), ('document_signature', 'evidence'),
	('link', 'evidence'), ('link_removed', 'evidence'), ('recording_review', 'evidence'),
	('case_archive', 'evidence'), ('rule_version', 'evidence'), ('rule_proposal', 'evidence'),
	('rule_decision', 'evidence'), ('requirement', 'evidence'), ('rectification', 'evidence'),
	('coverage', 'evidence'), ('notice', 'evidence'), ('notice_attempt', 'evidence'),
	('report_signed', 'evidence'), ('recorder_report', 'evidence'),
	('store', 'evidence'), ('copy_event', 'evidence'), ('copy_read', 'evidence'), ('blob_digest', 'evidence'),
	('scrub_run', 'evidence'), ('drill', 'evidence'), ('drill_end', 'evidence'), ('copy', 'derived'),
	('scrub_open', 'derived'),
	('hold', 'evidence'), ('hold_review', 'evidence'), ('hold_released', 'evidence'),
	('custody_salt', 'erasable'),
	('day_summary', 'derived'), ('finding_summary', 'derived'), ('custody_noted', 'derived'),
	('finding_state', 'derived'), ('finding_open', 'derived'), ('deadline', 'derived'),
	('coverage_due', 'derived'), ('notice_queue', 'derived'), ('notice_news', 'derived'),
	('notice_pending', 'derived'), ('notice_pause', 'derived'), ('month_summary', 'derived'),
	('month_action', 'derived'), ('month_finding', 'derived'),
	('case_touched', 'internal'),	-- a list of the owner's functions
	('rule', 'reference'), ('custody_source', 'reference'), ('step', 'reference'),
	('document_kind', 'reference'), ('document_field', 'reference'), ('article', 'reference');
INSERT INTO kinds VALUES	-- classes (045)
	('class_rule', 'evidence'), ('classification', 'evidence'), ('class_lowering', 'evidence'),
	('class_lowering_decision', 'evidence'), ('read_grant', 'evidence'), ('read_grant_ended', 'evidence'),
	('segment_class', 'derived'), ('recording_class', 'derived');

INSERT INTO kinds SELECT unnest(ARRAY['disclosure', 'disclosure_object', 'disclosure_name', 'disclosure_decision',
	'disclosure_attempt', 'disclosure_failed', 'disclosure_sealed', 'disclosure_receipt']), 'evidence';
INSERT INTO kinds VALUES ('backup', 'evidence');

INSERT INTO kinds	-- retention and disposal (050)
SELECT unnest(ARRAY['retention_rule', 'retention_mark', 'retention_mark_removed', 'retention_review', 'clock_day', 'clock_said',
	'disposal_plan', 'disposal_item', 'disposal_chunk', 'disposal_plan_signed', 'disposal_decision', 'disposal_recalled',
	'disposal_spared', 'disposal_begun', 'tombstone']), 'evidence'
UNION ALL SELECT unnest(ARRAY['retention_state', 'retention_dirty', 'retention_pass', 'disposal_progress']), 'derived';

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

-- Every right of every role on every table: reading is all there is, and of a month by itself not even that.
CREATE TEMPORARY TABLE roles (role text PRIMARY KEY, reads text NOT NULL);	-- of tables: all, none, witness
INSERT INTO roles VALUES ('public', 'none'), ('dv_ingest', 'none'), ('dv_custody', 'none'), ('dv_alert', 'none'),
	('dv_inbox', 'none'),
	('dv_keep', 'none'),
	('dv_person', 'none'), ('dv_all', 'none'), ('dv_some', 'none'), ('dv_witness', 'witness'),
	('dv_read', 'all'), ('dv_admin', 'all'), ('dv_auditor', 'all'), ('dv_supervisor', 'names'),
	('dv_head', 'names'), ('dv_legal', 'names'), ('dv_unit_head', 'parties'), ('dv_officer', 'parties');
SELECT is(array_agg(privilege ORDER BY privilege) FILTER (WHERE has_table_privilege(role, 'dv.' || name, privilege)),
	CASE WHEN NOT is_partition AND kind <> 'internal' AND CASE reads
			WHEN 'all' THEN name NOT IN ('party', 'disclosure_name')
			WHEN 'parties' THEN name <> 'disclosure_name'
			WHEN 'names' THEN true
			WHEN 'witness' THEN name IN ('custody_checkpoint', 'custody_entry')
			ELSE false END
		THEN ARRAY['SELECT'] END,
	role || ' on ' || name)
FROM tables, roles, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
		AS privilege
GROUP BY role, reads, name, kind, is_partition;

SELECT is(array_agg(rolname::text ORDER BY rolname), (SELECT array_agg(role ORDER BY role) FROM
		(SELECT role FROM roles WHERE role <> 'public' UNION ALL SELECT 'dv_owner') AS x),
	'these are the roles')
FROM pg_roles WHERE rolname LIKE 'dv\_%';
SELECT is(array_agg(rolname::text ORDER BY rolname),
	ARRAY['dv_admin', 'dv_alert', 'dv_custody', 'dv_inbox', 'dv_ingest', 'dv_keep', 'dv_supervisor'],
	'programs log in, and nobody as the owner or a group')
FROM pg_roles WHERE rolname LIKE 'dv\_%' AND rolcanlogin;
SELECT is(array_agg(rolname::text), NULL, 'no role is more than ordinary')
FROM pg_roles WHERE rolname LIKE 'dv\_%'
	AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls);
SELECT is(array_agg(g.rolname || ' in ' || r.rolname ORDER BY r.rolname, g.rolname),
	ARRAY['dv_admin in dv_all', 'dv_auditor in dv_all', 'dv_head in dv_all', 'dv_supervisor in dv_all',
		'dv_admin in dv_read', 'dv_auditor in dv_read', 'dv_head in dv_read', 'dv_legal in dv_read',
		'dv_officer in dv_read', 'dv_supervisor in dv_read', 'dv_unit_head in dv_read',
		'dv_legal in dv_some', 'dv_officer in dv_some', 'dv_unit_head in dv_some'],
	'and these are in others')
FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles g ON g.oid = m.member
WHERE (r.rolname LIKE 'dv\_%' OR g.rolname LIKE 'dv\_%') AND NOT g.rolsuper;

CREATE TEMPORARY TABLE may_run (role text, name text);
INSERT INTO may_run
SELECT 'dv_ingest', unnest(ARRAY[
	'chain_context', 'ingest', 'judge', 'known', 'ledger', 'note_config', 'recorded', 'recorders',
	'stored', 'sweep_not_docked'])
UNION ALL
SELECT 'dv_custody', unnest(ARRAY[
	'log_finding', 'log_head', 'log_leaves', 'log_lock', 'log_sequence', 'log_signed',
	'log_state', 'note_config', 'note_roles'])
UNION ALL
SELECT 'dv_inbox', 'case_takes'
UNION ALL
SELECT 'dv_alert', unnest(ARRAY[
	'alert_lock', 'coverage_due_at', 'coverage_judged', 'coverage_next', 'coverage_postpone', 'next_due',
	'note_config', 'notice_answered', 'notice_next', 'notices_make', 'sweep'])
UNION ALL
SELECT 'dv_person', unnest(ARRAY[
	'me', 'action_add', 'action_change', 'case_archive', 'case_change', 'case_event_add',
	'case_officer_set', 'case_open', 'document_add', 'document_refuse', 'document_sign',
	'document_withdraw', 'finding_acknowledge', 'finding_assign', 'finding_explain',
	'finding_review', 'link_add', 'link_remove', 'notice_retry', 'notice_test',
	'notice_test_answered', 'party_add', 'recorder_report', 'recording_review', 'report_sign', 'rule_decide',
	'rule_propose', 'scan_of'])
UNION ALL
SELECT 'dv_person', unnest(ARRAY['hold_add', 'hold_reach', 'hold_release', 'hold_review', 'holds_over'])
UNION ALL
SELECT 'dv_read', unnest(ARRAY[
	'action_av', 'action_facts', 'actions_of', 'am_legal', 'believed_ms', 'case_archive_index',
	'case_asked', 'case_check', 'case_facts', 'case_needs_since', 'case_parties', 'case_segments',
	'case_stage', 'case_state', 'counted_officer', 'day_of', 'day_start', 'do_act',
	'documents_of', 'duration_of', 'epoch_ms', 'facts', 'facts_of_action', 'hex', 'lacks',
	'has_role', 'log_state', 'masked_name', 'masked_number', 'me', 'month_articles',
	'month_change', 'month_coverage', 'month_days', 'month_json', 'month_lines', 'month_of',
	'month_recorders', 'month_strips', 'month_total', 'month_worst', 'my_accounts', 'my_actions',
	'has_role', 'my_answers', 'my_cases', 'my_officer', 'my_recorders', 'my_recordings', 'my_subjects',
	'my_units', 'officer_at', 'officer_day', 'officer_of', 'recorders_at', 'regulation', 'report_findings',
	'report_integrity', 'report_month', 'report_recorders', 'requirements_at', 'rule_at',
	'rule_body', 'rule_body_at', 'rule_changes', 'rule_columns', 'rule_limit', 'rule_whole',
	'rules_at', 'says', 'status', 'timeline', 'timeline_findings', 'today', 'unhex', 'units_below', 'utc', 'words_of'])
UNION ALL
SELECT 'dv_admin', unnest(ARRAY[
	'account_set', 'enroll', 'key_add', 'key_revoke', 'log_finding', 'login_failed',
	'note_config', 'note_roles', 'officer_set', 'recorder_issue', 'recorder_return', 'retire',
	'unit_set'])
UNION ALL
SELECT 'dv_supervisor', unnest(ARRAY[
	'erase_personal', 'log_finding']);
INSERT INTO may_run SELECT r, unnest(ARRAY['backup_blobs', 'backup_counts', 'backup_going', 'backup_roles', 'backup_state'])
FROM unnest(ARRAY['dv_admin', 'dv_keep']) AS r
UNION ALL VALUES ('dv_person', 'backup_note'), ('dv_keep', 'backup_note'), ('dv_alert', 'backup_sweep');
INSERT INTO may_run SELECT 'dv_alert', unnest(ARRAY['notice_answered', 'notice_next', 'notices_make'])
UNION ALL SELECT 'dv_person', unnest(ARRAY['notice_retry', 'notice_test', 'notice_test_answered']);
INSERT INTO may_run SELECT r, unnest(ARRAY[
	'drill_begin', 'drill_blob', 'drill_end', 'drill_told', 'scrub_begin', 'scrub_end', 'scrub_extra', 'scrub_found',
	'scrub_lock', 'scrub_next', 'scrub_one', 'scrub_sample', 'scrub_unrecorded', 'store_names'])
FROM unnest(ARRAY['dv_keep', 'dv_person']) AS r
UNION ALL SELECT unnest(ARRAY['dv_admin', 'dv_person']), 'store_set'
UNION ALL VALUES ('dv_alert', 'scrub_watch'), ('dv_read', 'fixity');
INSERT INTO may_run SELECT 'dv_person', unnest(ARRAY['disclosure_begin', 'disclosure_decide', 'disclosure_fail',
	'disclosure_lock', 'disclosure_look', 'disclosure_receipt', 'disclosure_request', 'disclosure_seal'])
UNION ALL SELECT 'dv_read', 'disclosure_register';
INSERT INTO may_run	-- classes (045)
SELECT 'dv_person', unnest(ARRAY['class_set', 'class_lower', 'class_decide', 'grant_give', 'grant_end'])
UNION ALL
SELECT 'dv_read', unnest(ARRAY[
	'class_body_at', 'class_columns', 'class_of', 'class_rank', 'class_rule_at', 'class_show', 'class_whole',
	'covered_on', 'events_about', 'higher_class', 'may_read', 'my_granted', 'my_hidden', 'my_hidden_blobs', 'my_hidden_events',
	'my_hidden_names', 'my_hidden_recorders', 'my_hidden_recordings', 'my_hidden_segments', 'my_hidden_sessions',
	'my_hidden_subjects', 'my_unread', 'read_refused', 'rule_kept_apart', 'sees_all']);
INSERT INTO may_run	-- retention and disposal (050)
SELECT 'dv_person', unnest(ARRAY['clock_say', 'disposal_decide', 'disposal_plan', 'disposal_recall', 'disposal_sign',
	'retention_mark_remove', 'retention_mark_set', 'retention_review'])
UNION ALL SELECT r, f FROM unnest(ARRAY['dv_keep', 'dv_admin']) AS r,
	unnest(ARRAY['disposal_done', 'disposal_next', 'disposal_still']) AS f
UNION ALL SELECT 'dv_alert', 'retention_daily'
UNION ALL SELECT 'dv_read', unnest(ARRAY['blobs_disposed', 'clock_problem', 'disposal_certificate', 'disposal_gone', 'disposal_gone_of',
	'disposal_recovery', 'disposal_stands', 'retention_body_at', 'retention_columns', 'retention_explain', 'retention_rules_at', 'retention_whole']);
-- Whoever reads may run what readers may.
INSERT INTO may_run SELECT r.role, m.name FROM may_run m, roles r
WHERE m.role = 'dv_read' AND r.role <> 'dv_read' AND r.reads IN ('all', 'parties', 'names');

SELECT is(has_function_privilege(role, p.oid, 'EXECUTE'),
	EXISTS (SELECT FROM may_run m WHERE m.role = r.role AND m.name = p.proname),
	role || ' executes ' || p.proname)
FROM pg_proc p, roles r
WHERE p.pronamespace = 'dv'::regnamespace;
SELECT is(array_agg(name), NULL, 'every function named here exists')
FROM may_run WHERE name NOT IN (SELECT proname FROM pg_proc WHERE pronamespace = 'dv'::regnamespace);

-- What readers run with the owner's rights shows rows that policies hide: each of these tells of whoever asks,
-- what is no secret, or looks itself at who it is (parties, and a file's index, which names them).
-- Classes (045): of which class something is, and what is covered from whoever asks, by ids alone.  Disposal (050): plans and
-- certificates whole, for who sees plans, without the facts of what is covered.
SELECT is(array_agg(DISTINCT proname::text ORDER BY proname::text), (SELECT array_agg(n ORDER BY n) FROM unnest(ARRAY['am_legal', 'case_archive_index',
	'case_parties', 'disclosure_register', 'do_act', 'has_role', 'log_state', 'me', 'my_accounts', 'my_actions', 'my_answers', 'my_cases',
	'my_officer', 'my_recorders', 'my_recordings', 'my_subjects', 'my_units', 'officer_at', 'units_below']
	|| ARRAY['class_of', 'class_show', 'covered_on', 'events_about', 'may_read', 'my_granted', 'my_hidden', 'my_hidden_blobs',
	'my_hidden_events', 'my_hidden_names', 'my_hidden_recorders', 'my_hidden_recordings', 'my_hidden_segments',
	'my_hidden_sessions', 'my_hidden_subjects', 'my_unread', 'read_refused', 'sees_all']
	|| ARRAY['blobs_disposed', 'clock_problem', 'disposal_certificate', 'disposal_gone', 'disposal_gone_of', 'retention_explain']) AS n), 'readers run these with the owner''s rights')
FROM pg_proc p WHERE p.pronamespace = 'dv'::regnamespace AND prosecdef
	AND has_function_privilege('dv_read', p.oid, 'EXECUTE');

-- A function with its owner's rights must not find other people's objects.
SELECT is(array_agg(proname::text), NULL, 'functions with rights look nowhere else')
FROM pg_proc
WHERE pronamespace = 'dv'::regnamespace AND prosecdef
	AND NOT coalesce(proconfig @> CASE proname WHEN 'make_login' THEN ARRAY['search_path=pg_catalog, pg_temp']
		ELSE ARRAY['search_path=dv, pg_temp'] END, false);
-- Logins are made by whoever may; the owner may not, and nobody but it asks.
SELECT is(array_agg(proname::text), ARRAY['make_login'], 'the owner owns every function but one')
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
SELECT matches(try_as(role, 'SELECT FROM dv.' || name), '^42501 permission denied', role || ' reads no ' || name)
FROM tables, unnest(ARRAY['dv_custody', 'dv_alert', 'dv_person', 'dv_inbox', 'dv_keep']) AS role;
SELECT matches(try_as('dv_admin', $$SELECT dv.make_login('x', '{}')$$), '^42501 permission denied',
	'the admin makes no login by itself');
SELECT matches(try_as('dv_supervisor', $$SELECT dv.account_set('x', 'x', NULL, 'U1', '{head}', 'r')$$),
	'^42501 permission denied', 'the supervisor makes no account');
SELECT matches(try_as('dv_custody', 'INSERT INTO dv.custody_entry VALUES (1000000, 1)'),
	'^42501 permission denied', 'and gives no place of its own choice');
SELECT is(try_as('dv_supervisor', $$SELECT dv.report_integrity(current_date, current_date)$$), '',
	'the supervisor has the report');
SELECT is(try_as('dv_supervisor', 'SELECT count(*) FROM dv.' || viewname), '',
	'the supervisor reads ' || viewname)
FROM pg_views WHERE schemaname = 'dv' AND viewname NOT IN ('finding_step', 'action_judged', 'hold_key', 'hold_scope');	-- the owner's

SELECT * FROM finish();
ROLLBACK;
