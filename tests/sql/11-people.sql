-- Who reads which rows: every role, every table and view of the schema.
--
-- What is expected is written here for each, as a condition that whoever reads all evaluates; a table or a view
-- that is not in the list, or has no row-level security, fails, and so does one whose rows are all seen, or none,
-- where the condition says some: it would tell nothing.
BEGIN;
SELECT no_plan();

-- ---- two units, an officer and a recorder in each ----

SELECT is(dv.unit_set('QH', NULL, 'bureau', false, 'tap') || dv.unit_set('QH-1', 'QH', 'one', false, 'tap')
	|| dv.unit_set('QH-2', 'QH', 'two', false, 'tap'), 'mademademade', 'a bureau of two units');
SELECT is(dv.officer_set('01900' || n, 'officer ' || n, 'ZJ-' || n, NULL, 'QH-' || n, '2026-01-01', NULL, 'tap'), 'made',
	'officer ' || n)
FROM generate_series(1, 2) AS n;

CREATE TEMPORARY TABLE people (login text PRIMARY KEY, roles text[], unit text, officer text);
INSERT INTO people VALUES
	('t_super', '{supervisor}', 'QH', NULL), ('t_head', '{head}', 'QH', NULL),
	('t_auditor', '{auditor}', 'QH', NULL), ('t_admin', '{admin}', 'QH', NULL),
	('t_legal', '{legal}', 'QH', NULL), ('t_uh', '{unit_head}', 'QH', NULL),
	('t_uh1', '{unit_head}', 'QH-1', NULL), ('t_uh2', '{unit_head}', 'QH-2', NULL),
	('t_of1', '{officer}', 'QH-1', '019001'), ('t_of2', '{officer}', 'QH-2', '019002'),
	('t_witness', '{witness}', 'QH', NULL), ('t_closed', '{supervisor}', 'QH', NULL);
SELECT is(dv.account_set(login, login, officer, unit, roles, 'tap'), 'made', login) FROM people;
SELECT is(dv.account_set('t_closed', NULL, NULL, NULL, '{}', 'tap'), 'closed', 't_closed');
CREATE ROLE t_nobody LOGIN IN ROLE dv_person;	-- without an account
CREATE ROLE t_ghost LOGIN IN ROLE dv_person, dv_officer, dv_unit_head, dv_legal;	-- in groups, without an account
UPDATE people SET roles = '{}' WHERE login = 't_closed';
INSERT INTO people VALUES ('t_nobody', '{}', NULL, NULL), ('t_ghost', '{ghost}', NULL, NULL);

SELECT is(dv.enroll('REC-' || n, 1, 2, 'S' || n, NULL, 'QH-' || n, 'tap', 'tap'), 'enrolled', 'recorder ' || n)
FROM generate_series(1, 2) AS n;
SELECT is(dv.recorder_issue('REC-' || n, '01900' || n, 'tap'), 'issued', 'is issued') FROM generate_series(1, 2) AS n;
SELECT dv.key_add('REC-' || n, '001122334455667' || n, sha256(('k' || n)::bytea), NULL, NULL, 'tap', 'tap'),
	dv.key_revoke('REC-' || n, '001122334455667' || n, NULL, 'tap', 'tap')
FROM generate_series(1, 2) AS n;

-- All that a dock brings, of each.
SELECT ok(ingest(r_session(n, 'REC-' || n), r_unlocked(n), r_listed(n),
		r_check(n, 'REC-' || n, 'dock', '2026-11-23T08:00:02.000Z'), r_manifest(n, 'REC-' || n, n, 1, n, 0),
		r_segment(n, 'REC-' || n, n, n, 0, '2026-11-20T02:00:00.000Z', digest('bwm', n))
			|| jsonb_build_object('officer', '01900' || n),
		r_finding(n, f('tap_gap', 'REC-' || n, 'REC-' || n || '/' || uid('rec', n))),
		r_inventory(n, 'REC-' || n, 0, 1), r_clearing(n, 'REC-' || n, n), r_cleared(n, 'REC-' || n, n, true),
		r_challenge(n, 'REC-' || n, n), r_end(n)) > 0, 'what the dock brings')
FROM generate_series(1, 2) AS n;
SELECT dv.judge(uid('sess', n), '[]') FROM generate_series(1, 2) AS n;
-- An import of each unit, and a segment seen again, with a hole.
SELECT ok(ingest(r_session(10 + n, NULL), r_import(10 + n) || jsonb_build_object('unit', 'QH-' || n, 'officer',
	'01900' || n)) > 0, 'an import') FROM generate_series(1, 2) AS n;
INSERT INTO dv.segment_seen (session, segment, recorder, stored_at, signature, digest, assurance)
SELECT uid('sess', 10 + n), uid('REC-' || n, n), 'REC-' || n, now(), 'unsigned', 'not_claimed', 'imported'
FROM generate_series(1, 2) AS n ON CONFLICT DO NOTHING;
INSERT INTO dv.segment_hole (session, segment, "offset", size)
SELECT uid('sess', n), uid('REC-' || n, n), 0, 1 FROM generate_series(1, 2) AS n;
INSERT INTO dv.act (kind, objects, by, detail) VALUES ('view', '{}', 'tap', '{}');
INSERT INTO dv.custody_checkpoint (size, root, note) VALUES (1, sha256('x'), 'x');
INSERT INTO dv.custody_entry (leaf_index, event) VALUES (0, 1);

-- A case of each unit; officer 1 was in a second one of the other.
INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title,
	started_at, reason)
SELECT 'C' || n, 1, 'penalty', 'inspection', false, 'general', false, false, false, 'QH-' || (n - 1) % 2 + 1, 'tap', now(), 'tap'
FROM generate_series(1, 4) AS n;
INSERT INTO dv.case_officer ("case", officer, lead, leaves) VALUES ('C1', '019001', true, false),
	('C2', '019002', true, false), ('C4', '019001', false, false), ('C4', '019001', false, true),
	('C3', '019002', true, false);
INSERT INTO dv.party ("case", kind, role, name, identifier, address, phone)
SELECT 'C' || n, 'person', 'party', '张三丰', '110101199001011218', 'somewhere', '13800138000'
FROM generate_series(1, 4) AS n;
INSERT INTO dv.case_event ("case", kind, at) SELECT 'C' || n, 'note', now() FROM generate_series(1, 4) AS n;
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, reason)
SELECT uid('act', n), 1, 'C' || n, 'investigation', 'tap_step', '2026-11-20 10:00+08', '2026-11-20 10:05+08', 'x', 'tap'
FROM generate_series(1, 4) AS n;
INSERT INTO dv.action_officer (action, revision, officer, shown) SELECT uid('act', n), 1, '01900' || n, true
FROM generate_series(1, 2) AS n;
INSERT INTO dv.document (document, "case", kind, title, made_at, kept_where)
SELECT uid('doc', n), 'C' || (n - 1) % 4 + 1, 'tap_kind', 'x', now(), 'shelf' FROM generate_series(1, 6) AS n;
INSERT INTO dv.document_signature (document, signer, name, signed_at) SELECT uid('doc', n), 'party', 'x', now()
FROM generate_series(1, 2) AS n;
INSERT INTO dv.document_withdrawn (document, reason) SELECT uid('doc', n), 'tap' FROM generate_series(5, 6) AS n;
INSERT INTO dv.link (link, action, kind, object, how, why)
SELECT uid('link', n), uid('act', (n - 1) % 2 + 1), 'document', uid('doc', n)::text, 'hand', 'tap'
FROM generate_series(1, 4) AS n;
INSERT INTO dv.link_removed (link, reason) SELECT uid('link', n), 'tap' FROM generate_series(3, 4) AS n;
INSERT INTO dv.recording_review (recorder, recording, verdict, why)
SELECT 'REC-' || n, uid('rec', n), 'no_case', 'tap' FROM generate_series(1, 2) AS n;
INSERT INTO dv.case_archive ("case", revision, index, sha256, signature, key_id, incomplete)
SELECT 'C' || n, 1, 'x', sha256('x'), 'x', '0011223344556677', '[]' FROM generate_series(1, 4) AS n;
SELECT ok(dv.raise_finding(NULL, jsonb_build_object('code', 'tap_late', 'subject_kind', 'case', 'subject', 'C' || n,
	'case', 'C' || n, 'unit', 'QH-' || n, 'officer', '01900' || n, 'at', '2026-11-20T02:00:00.000Z')), 'about a case')
FROM generate_series(1, 2) AS n;

-- About a segment, and nothing else is said of whose it is.
SELECT ok(dv.raise_finding(NULL, jsonb_build_object('code', 'tap_late', 'subject_kind', 'segment', 'subject',
	uid('REC-' || n, n), 'unit', 'QH-' || n, 'at', '2026-11-20T02:00:00.000Z')), 'about a segment') FROM generate_series(1, 2) AS n;

-- What is made of them.
INSERT INTO dv.coverage (action, number, revision, "case", requirement, requirement_version, av, verdict, confidence,
	wanted_ms, covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts)
SELECT uid('act', n), 1, 1, 'C' || n, 'tap', 1, 'mandatory', 'missing', 1, 1000, 0, 0, 0, '[]', '[]', '[]', '{}'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.coverage_due (action, due_at) SELECT uid('act', n), now() FROM generate_series(1, 2) AS n
ON CONFLICT DO NOTHING;
INSERT INTO dv.month_action (action, month, unit, av, verdict, wanted_ms, covered_ms)
SELECT uid('act', n), '2026-11-01', 'QH-' || n, 'mandatory', 'missing', 1000, 0 FROM generate_series(1, 2) AS n
ON CONFLICT DO NOTHING;
INSERT INTO dv.deadline (code, subject_kind, subject, fact, since, due_at, detail)
SELECT 'tap_late', 'case', 'C' || n, 'tap', now(), now() + interval '1 day', jsonb_build_object('unit', 'QH-' || n,
	'officer', '01900' || n) FROM generate_series(1, 2) AS n;
INSERT INTO dv.report_signed (kind, from_day, to_day, unit, content, sha256, files, signature, key_id, reason)
SELECT 'month', '2026-11-01', '2026-11-30', 'QH-' || n, 'x', sha256('x'), '[]', 'x', '0011223344556677', 'tap'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.rule_proposal (proposal, what, code, valid_from, body, reason)
VALUES (uid('prop', 1), 'rule', 'tap_late', '2026-01-01', '{}', 'tap');
INSERT INTO dv.rule_decision (proposal, approved, reason) VALUES (uid('prop', 1), false, 'tap');
INSERT INTO dv.notice (notice, channel, kind, subject, body) VALUES (uid('ntc', 1), 'tap', 'digest', 'tap', '{}');
INSERT INTO dv.notice_attempt (notice, number, outcome, answer) VALUES (uid('ntc', 1), 1, 'failed', 'tap');
INSERT INTO dv.notice_queue (notice, channel, due_at) VALUES (uid('ntc', 1), 'tap', now()) ON CONFLICT DO NOTHING;
INSERT INTO dv.notice_pause (channel, until) VALUES ('tap', now());
INSERT INTO dv.notice_pending (channel, finding, number, urgent, digest)
SELECT 'tap', finding, 1, false, true FROM dv.finding LIMIT 1 ON CONFLICT DO NOTHING;

INSERT INTO dv.copy_event (store, blob, kind, run, detail) VALUES ('vault', sha256('c'), 'damaged', uid('run', 1), '{"size": 7}');
INSERT INTO dv.copy_read (run, number, store, whole, other) VALUES (uid('run', 1), 1, 'vault', sha256('c'), '');
INSERT INTO dv.blob_digest (blob, sha256, sm3, run) VALUES (sha256('c'), sha256('d'), sha256('e'), uid('run', 1));
-- Keeping, and the end of it (050): a tombstone in each unit.
INSERT INTO dv.retention_mark (mark_id, kind, subject, mark, reason) VALUES (uid('mark', 1), 'case', 'C1', 'complaint', 'tap');
INSERT INTO dv.retention_mark_removed (mark_id, reason) VALUES (uid('mark', 1), 'tap');
INSERT INTO dv.retention_review (recorder, recording, verdict, reason) SELECT recorder, recording, 'keep', 'tap' FROM dv.recording LIMIT 1;
INSERT INTO dv.clock_said (day, verdict, reason) SELECT day, 'lived', 'tap' FROM dv.clock_day LIMIT 1;
INSERT INTO dv.disposal_plan (plan, day, objects, bytes, digest, reason) VALUES (uid('plan', 1), '2026-11-27', 1, 1, sha256('f'), 'tap');
INSERT INTO dv.disposal_item VALUES (uid('plan', 1), 1, uid('none', 1), sha256('f'), 1, 'unlinked', 1, '2026-11-27');
INSERT INTO dv.disposal_chunk VALUES (uid('plan', 1), 0, sha256('f'));
INSERT INTO dv.disposal_plan_signed (plan, document, sha256, signature, key_id)
VALUES (uid('plan', 1), 'f', sha256('f'), 'f', '0123456789ABCDEF');
INSERT INTO dv.disposal_decision (plan, approved, reason) VALUES (uid('plan', 1), true, 'tap');
INSERT INTO dv.disposal_recalled (plan, reason) VALUES (uid('plan', 1), 'tap');
INSERT INTO dv.disposal_spared (plan, segment, cause, reason) VALUES (uid('plan', 1), uid('none', 1), 'held', 'tap');
INSERT INTO dv.disposal_progress VALUES (uid('plan', 1), 1);
INSERT INTO dv.disposal_begun (segment, plan, blob) SELECT DISTINCT ON (unit) segment, uid('plan', 1), blob FROM dv.segment ORDER BY unit, segment;
INSERT INTO dv.tombstone (segment, plan, blob, size, facts, stores, blob_kept)
SELECT segment, plan, blob, 1, '{}', '{vault}', false FROM dv.disposal_begun;
INSERT INTO dv.retention_state (segment, recorder, recording, unit, blob, size, class, rule, version, due_on, review, in_case)
VALUES (uid('none', 2), 'X', uid('none', 3), 'QH-1', sha256('f'), 1, 'internal', 'unlinked', 1, '2026-01-01', true, false);
INSERT INTO dv.scrub_run (run, store, everything, interrupted, by, started_at, ended_at, checked, bytes, whole, damaged, missing,
	unreadable, repaired, made) VALUES (uid('run', 1), 'vault', false, false, 'zhang', now(), now(), 1, 7, 0, 1, 0, 0, 0, 0);
INSERT INTO dv.drill (drill, store, blob, reason, by) VALUES (uid('dri', 1), 'vault', sha256('f'), '演练', 'zhang');
INSERT INTO dv.drill_end (drill, passed, steps, by) VALUES (uid('dri', 1), true, '{}', 'zhang');
INSERT INTO dv.scrub_open (store, run, everything, since, by, started_at, told_at)
VALUES ('vault', uid('run', 2), false, now(), 'tap', now(), now());
-- What was asked for.
INSERT INTO dv.disclosure (disclosure, capacity, right_of, purpose, owner, refused, reason)
VALUES (uid('disc', 1), 'party', 'tap', 'tap', false, false, 'tap');
INSERT INTO dv.disclosure_name (disclosure, what, name) VALUES (uid('disc', 1), 'asked_by', '王小明');
INSERT INTO dv.disclosure_object (disclosure, segment, class) VALUES (uid('disc', 1), uid('REC-1', 1), 'internal');
INSERT INTO dv.disclosure_decision (disclosure, approved, expires_at, reason) VALUES (uid('disc', 1), true, now(), 'tap');
INSERT INTO dv.disclosure_attempt (disclosure, number, act, host, path)
SELECT uid('disc', 1), n, uid('dact', n), 'tap', '/tap' FROM generate_series(1, 2) AS n;
INSERT INTO dv.disclosure_failed (disclosure, number, why) VALUES (uid('disc', 1), 1, 'tap');
INSERT INTO dv.disclosure_sealed (disclosure, number, sha256, size) VALUES (uid('disc', 1), 2, sha256(''), 1);
INSERT INTO dv.disclosure_receipt (disclosure, received_at) VALUES (uid('disc', 1), now());
INSERT INTO dv.backup (place, started_at, ended_at, log_size, blobs, missing, bytes, digest, reason)
VALUES ('/backup', now(), now(), 1, 1, 0, 1, sha256('x'), 'tap');
INSERT INTO dv.hold (hold, kind, subject, review_on, reason) SELECT uid('hold', n), 'officer', '01900' || n, dv.today() + 1, 'tap'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.hold_review (hold, number, review_on, reason) VALUES (uid('hold', 1), 1, dv.today() + 2, 'tap');
INSERT INTO dv.hold_released (hold, reason) VALUES (uid('hold', 2), 'tap');

-- A recorder that was another's, and is retired; and an officer's transfer, which moves nothing that is here.
SELECT is(dv.enroll('REC-' || n + 2, 1, 2, 'T' || n, '01900' || n, 'QH-' || n, 'tap', 'tap'), 'enrolled', 'a spare one')
FROM generate_series(1, 2) AS n;
SELECT dv.retire('REC-' || n + 2, 'tap', 'tap') FROM generate_series(1, 2) AS n;
INSERT INTO dv.recorder_report (recorder, kind, reason) SELECT 'REC-' || n, 'damaged', 'tap' FROM generate_series(1, 2) AS n;
SELECT is(dv.enroll('REC-5', 1, 2, 'X', '019001', 'QH-1', 'tap', 'tap'), 'enrolled', 'officer 1 has it');
SELECT is(dv.enroll('REC-5', 1, 2, 'X', '019002', 'QH-2', 'tap', 'tap'), 'changed', 'and then officer 2');

-- ---- what is expected ----

-- uh, of, le: what of a table a unit's head, an officer, the legal office sees; 'true' all, 'false' nothing,
-- null: it may not be asked.  {units} and {officer} are theirs.  keys: by what rows are compared, where a view
-- counts what its reader sees; null: as they are.
CREATE TEMPORARY TABLE expected (name text PRIMARY KEY, uh text, "of" text, le text, keys text);
CREATE FUNCTION pg_temp.expect(names text, uh text, "of" text, le text, keys text DEFAULT NULL) RETURNS void
	LANGUAGE sql AS $$
	INSERT INTO expected SELECT n, $2, $3, $4, $5 FROM regexp_split_to_table($1, '\s+') AS n
$$;
CREATE TEMPORARY TABLE words (word text PRIMARY KEY, uh text, "of" text);
INSERT INTO words VALUES
	('{session}', 'SELECT s.session FROM dv.dock_session s LEFT JOIN dv.dock_import i USING (session) '
			'WHERE coalesce(s.unit, i.unit) = ANY ({units})',
		'SELECT s.session FROM dv.dock_session s LEFT JOIN dv.dock_import i USING (session) '
			'WHERE coalesce(s.officer, i.officer) = {officer}'),
	('{segment}', 'SELECT segment FROM dv.segment WHERE unit = ANY ({units})',
		'SELECT segment FROM dv.segment WHERE officer = {officer}'),
	('{recording}', 'SELECT recorder, recording FROM dv.segment WHERE unit = ANY ({units})',
		'SELECT recorder, recording FROM dv.segment WHERE officer = {officer}'),
	('{recorder}', 'SELECT recorder FROM dv.recorder_current WHERE unit = ANY ({units})',
		'SELECT recorder FROM dv.recorder_current WHERE officer = {officer}'),
	('{case}', 'SELECT "case" FROM dv.case_current WHERE unit = ANY ({units})',
		'SELECT "case" FROM dv.case_officer_current WHERE officer = {officer} AND NOT leaves');

SELECT pg_temp.expect('blob manifest manifest_seen segment_seen segment_known card_inventory card_clearing card_cleared '
	'card_challenge custody_source custody_event custody_entry custody_checkpoint custody_noted custody_salt act '
	'cleared_list inventory_list', 'false', 'false', 'false');
SELECT pg_temp.expect('retention_rule', 'true', 'true', 'true');
SELECT pg_temp.expect('retention_mark retention_mark_removed retention_review clock_day clock_said clock_lived_day disposal_plan '
	'disposal_item disposal_chunk disposal_plan_signed disposal_decision disposal_recalled disposal_spared disposal_begun '
	'disposal_progress disposal_plan_list retention_state retention_dirty retention_pass', 'false', 'false', 'true');
SELECT pg_temp.expect('retention_review_list', 'false', 'false', 'true', 'recorder, recording');
SELECT pg_temp.expect('tombstone', 'segment IN ({segment})', 'segment IN ({segment})', 'true');
SELECT pg_temp.expect('store store_current copy copy_event copy_read blob_digest scrub_run scrub_open drill drill_end',
	'false', 'false', 'false');
SELECT pg_temp.expect('schema_version rule unit officer unit_current officer_current officer_serving step '
	'document_kind document_field article rule_version requirement rule_proposal rule_decision rule_list '
	'rule_proposal_list', 'true', 'true', 'true');
SELECT pg_temp.expect('unit_list', 'true', 'true', 'true', 'unit, name');
SELECT pg_temp.expect('officer_list', 'true', 'true', 'true', 'officer, name, unit');
SELECT pg_temp.expect('account account_current', 'unit = ANY ({units}) OR login = {login}', 'login = {login}',
	'login = {login}');
SELECT pg_temp.expect('recorder recorder_current recorder_report recorder_retired recorder_key recorder_key_revoked recorder_key_list '
	'recorder_assignment dock_check recorder_check_list', 'recorder IN ({recorder})', 'recorder IN ({recorder})', 'false');
SELECT pg_temp.expect('recorder_list recorder_away', 'recorder IN ({recorder})',
	'recorder IN ({recorder})', 'false', 'recorder, unit');
SELECT pg_temp.expect('dock_session dock_session_listed dock_session_end dock_session_judged dock_unlock dock_import',
	'session IN ({session})', 'session IN ({session})', 'false');
SELECT pg_temp.expect('session_list', 'session IN ({session})', 'session IN ({session})', 'false',
	'session, unit, officer, outcome, unlocked_model, import_kind');
SELECT pg_temp.expect('segment segment_list segment_place segment_hole', 'segment IN ({segment})', 'segment IN ({segment})',
	'false');
SELECT pg_temp.expect('recording recording_list', '(recorder, recording) IN ({recording})',
	'(recorder, recording) IN ({recording})', 'false');
SELECT pg_temp.expect('finding', 'unit = ANY ({units})', 'officer = {officer} OR subject IN '
	'(SELECT x FROM dv.segment, unnest(ARRAY[segment::text, recorder || ''/'' || recording]) AS x '
	'WHERE officer = {officer})', '"case" IS NOT NULL');
SELECT pg_temp.expect('finding_list', 'unit = ANY ({units})', 'finding IN (SELECT finding FROM dv.finding '
	'WHERE officer = {officer}) OR subject IN (SELECT x FROM dv.segment, '
	'unnest(ARRAY[segment::text, recorder || ''/'' || recording]) AS x WHERE officer = {officer})',
	'finding IN (SELECT finding FROM dv.finding WHERE "case" IS NOT NULL)');
SELECT pg_temp.expect('finding_state', 'unit = ANY ({units})', 'officer = {officer}', '"case" <> ''''');
SELECT pg_temp.expect('answer_list', 'unit = ANY ({units})', 'officer = {officer}', '"case" IS NOT NULL');
SELECT pg_temp.expect('rectification', 'finding IN (SELECT finding FROM dv.finding WHERE unit = ANY ({units}))',
	'finding IN (SELECT finding FROM dv.finding WHERE officer = {officer})',
	'finding IN (SELECT finding FROM dv.finding WHERE "case" IS NOT NULL)');
SELECT pg_temp.expect('day_summary finding_summary', 'unit = ANY ({units})', 'false', 'false');
SELECT pg_temp.expect('case_file case_officer case_event action document case_archive case_current '
	'case_officer_current action_current party_list party', '"case" IN ({case})', '"case" IN ({case})', 'true');
SELECT pg_temp.expect('case_list action_list document_list document_current', '"case" IN ({case})', '"case" IN ({case})', 'true');
SELECT pg_temp.expect('action_officer link link_current link_list', 'action IN (SELECT action FROM dv.action WHERE "case" IN ({case}))',
	'action IN (SELECT action FROM dv.action WHERE "case" IN ({case}))', 'true');
SELECT pg_temp.expect('document_signature document_withdrawn',
	'document IN (SELECT document FROM dv.document WHERE "case" IN ({case}))',
	'document IN (SELECT document FROM dv.document WHERE "case" IN ({case}))', 'true');
SELECT pg_temp.expect('link_removed',
	'link IN (SELECT link FROM dv.link JOIN dv.action USING (action) WHERE "case" IN ({case}))',
	'link IN (SELECT link FROM dv.link JOIN dv.action USING (action) WHERE "case" IN ({case}))', 'true');
SELECT pg_temp.expect('recording_review', '(recorder, recording) IN ({recording})',
	'(recorder, recording) IN ({recording})', 'false');
SELECT pg_temp.expect('link_proposal', '"case" IN ({case}) AND (recorder, recording) IN ({recording})',
	'"case" IN ({case}) AND (recorder, recording) IN ({recording})', 'false');
SELECT pg_temp.expect('month_summary month_finding finding_open', 'unit = ANY ({units})', 'officer = {officer}', 'false');
-- For the owner's functions alone.
SELECT pg_temp.expect('finding_step action_judged case_touched', NULL, NULL, NULL);
SELECT pg_temp.expect('notice notice_attempt notice_queue notice_pause notice_news notice_pending notice_list', 'false', 'false',
	'false');
SELECT pg_temp.expect('deadline', $$detail ->> 'unit' = ANY ({units})$$, $$detail ->> 'officer' = {officer}$$, 'false');
SELECT pg_temp.expect('deadline_list', 'unit = ANY ({units})', 'officer = {officer}', 'false');
SELECT pg_temp.expect('coverage coverage_list', '"case" IN ({case})', '"case" IN ({case})', 'true');
SELECT pg_temp.expect('coverage_due', 'action IN (SELECT action FROM dv.action WHERE "case" IN ({case}))',
	'action IN (SELECT action FROM dv.action WHERE "case" IN ({case}))', 'true');
SELECT pg_temp.expect('hold hold_review hold_released hold_open hold_list', 'false', 'false', 'true');
SELECT pg_temp.expect('hold_key hold_scope', NULL, NULL, NULL);
SELECT pg_temp.expect('backup', 'false', 'false', 'false');
SELECT pg_temp.expect('month_action report_signed', 'unit = ANY ({units})', 'false', 'false');
-- Classes (045): nothing here is of one that somebody does not read, so nothing is covered; tests/sql/24 has the other.
SELECT pg_temp.expect('class_rule', 'true', 'true', 'true');
SELECT pg_temp.expect('classification classification_current class_lowering class_lowering_decision class_lowering_list', 'false', 'false', 'true');
SELECT pg_temp.expect('read_grant read_grant_open read_grant_list', 'login = {login}', 'login = {login}', 'login = {login}');
SELECT pg_temp.expect('read_grant_ended', g, g, g) FROM (VALUES
	('read_grant IN (SELECT read_grant FROM dv.read_grant WHERE login = {login})')) AS x(g);
SELECT pg_temp.expect('segment_class recording_class segment_masked finding_masked', 'false', 'false', 'false');
INSERT INTO dv.classification (kind, subject, revision, class, reason) VALUES ('segment', uid('REC-1', 1)::text, 1, 'public', 'tap'),
	('recording', 'REC-1/' || uid('rec', 1), 1, 'internal', 'tap');
INSERT INTO dv.class_lowering (lowering, kind, subject, revision, class, reason) VALUES (uid('low', 1), 'case', 'C4', 0, 'public', 'tap');
INSERT INTO dv.class_lowering_decision (lowering, approved, reason) VALUES (uid('low', 1), false, 'tap');
INSERT INTO dv.read_grant (read_grant, login, kind, subject, class, until, reason)
SELECT uid('gr', n), login, 'case', 'C4', 'internal', now() + interval '1 day', 'tap'
FROM people, generate_series(1, 8) AS n WHERE login = CASE (n + 1) / 2 WHEN 1 THEN 't_uh1' WHEN 2 THEN 't_uh2' WHEN 3 THEN 't_of1' ELSE 't_of2' END;
INSERT INTO dv.read_grant_ended (read_grant, reason) SELECT uid('gr', n), 'tap' FROM generate_series(1, 8, 2) AS n;

SELECT pg_temp.expect('disclosure disclosure_object disclosure_decision disclosure_attempt disclosure_failed '
	'disclosure_sealed disclosure_receipt', 'false', 'false', 'true');
SELECT pg_temp.expect('disclosure_name', NULL, NULL, 'true');

-- ---- and what is seen ----

CREATE TEMPORARY VIEW relations AS
SELECT relname::text AS name, relkind FROM pg_class
WHERE relnamespace = 'dv'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition;
SELECT ok(name IN (SELECT name FROM expected), name || ': it is said who sees what of it') FROM relations;
SELECT is(array_agg(name), NULL, 'what is said is of something') FROM expected
WHERE name NOT IN (SELECT name FROM relations);
SELECT is(array_agg(relname::text), NULL, 'every table has row-level security')
FROM pg_class WHERE relnamespace = 'dv'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
	AND NOT relrowsecurity;
SELECT is(array_agg(relname::text ORDER BY relname), ARRAY['finding_masked', 'party_list', 'segment_masked'],
	'every view asks with the rights of who reads, but those that cover what they show')
FROM pg_class WHERE relnamespace = 'dv'::regnamespace AND relkind = 'v'
	AND NOT coalesce(reloptions @> '{security_invoker=true}', false);
SELECT is(array_agg(polname::text), NULL, 'policies are for reading, for a group that is known, and permit; one of all people covers (045)')
FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
WHERE relnamespace = 'dv'::regnamespace AND (polname <> 'covered' OR polpermissive OR polroles <> '{0}')
	AND (polcmd <> 'r' OR NOT polpermissive OR NOT polroles <@ ARRAY(SELECT oid FROM pg_roles WHERE rolname IN ('dv_all', 'dv_some', 'dv_unit_head',
		'dv_officer', 'dv_legal', 'dv_witness', 'dv_supervisor', 'dv_head', 'dv_admin', 'dv_auditor')));

-- The keys of the rows that a condition is true of, as whoever is connected; or why there are none.
CREATE FUNCTION pg_temp.rows_of(a_name text, a_keys text, a_condition text) RETURNS text[]
	LANGUAGE plpgsql AS $$
DECLARE
	list text[];
BEGIN
	EXECUTE format('SELECT coalesce(array_agg(k ORDER BY k), ''{}'') FROM (SELECT row(%s)::text AS k FROM dv.%I AS t '
		       'WHERE %s) AS x', coalesce(a_keys, 't.*'), a_name, a_condition) INTO list;
	RETURN list;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN ARRAY['refused'];
END
$$;
CREATE FUNCTION pg_temp.seen_by(a_login text, a_name text, a_keys text) RETURNS text[]
	LANGUAGE plpgsql AS $$
DECLARE
	list text[];
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_login);
	list := pg_temp.rows_of(a_name, a_keys, 'true');
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN list;
END
$$;

-- A condition as it is for one of these people.
CREATE FUNCTION pg_temp.condition_of(p people, e expected) RETURNS text
	LANGUAGE plpgsql AS $$
DECLARE
	c text := CASE p.roles[1] WHEN 'unit_head' THEN e.uh WHEN 'officer' THEN e."of" WHEN 'legal' THEN e.le END;
	w words;
BEGIN
	FOR w IN SELECT * FROM words LOOP
		c := replace(c, w.word, CASE p.roles[1] WHEN 'unit_head' THEN w.uh ELSE w."of" END);
	END LOOP;
	c := replace(replace(c, '{officer}', quote_nullable(p.officer)), '{login}', quote_literal(p.login));
	RETURN replace(c, '{units}', quote_literal(ARRAY(SELECT dv.units_below(p.unit))::text) || '::text[]');
END
$$;

-- Those who see part of it.
CREATE TEMPORARY TABLE parts AS
SELECT p.login, p.roles[1] AS role, e.name, pg_temp.condition_of(p, e) AS condition, e.keys,
	pg_temp.rows_of(e.name, e.keys, 'true') AS everything,
	CASE WHEN pg_temp.condition_of(p, e) IS NULL THEN ARRAY['refused']
		ELSE pg_temp.rows_of(e.name, e.keys, pg_temp.condition_of(p, e)) END
		AS theirs
FROM people p, expected e WHERE p.roles[1] IN ('unit_head', 'officer', 'legal');
SELECT is(pg_temp.seen_by(login, name, keys), theirs, login || ' of ' || name) FROM parts
WHERE name <> 'party_list';
SELECT isnt(everything, '{}', name || ' has rows') FROM parts WHERE name NOT LIKE '%\_masked' GROUP BY name, everything;
SELECT ok(theirs <> '{}' AND theirs <> everything, name || ': some of it is of ' || login || ', and some is not')
FROM parts WHERE condition NOT IN ('true', 'false') AND role IN ('unit_head', 'officer') AND login <> 't_uh';

-- Those who see all, parties apart.
SELECT is(pg_temp.seen_by(p.login, e.name, NULL), CASE WHEN coalesce(e.uh, e.le) IS NULL
		OR (e.name IN ('party', 'disclosure_name') AND p.roles[1] IN ('admin', 'auditor'))
		THEN ARRAY['refused'] ELSE pg_temp.rows_of(e.name, NULL, CASE WHEN e.name = 'custody_salt'
			AND p.roles[1] IN ('admin', 'auditor') THEN 'event NOT IN (SELECT event FROM dv.custody_event '
				'WHERE source IN (''party'', ''disclosure_name''))' ELSE 'true' END) END,
	p.login || ' of ' || e.name)
FROM people p, expected e WHERE p.roles[1] IN ('supervisor', 'head', 'auditor', 'admin')
	AND e.name NOT IN ('party_list', 'unit_list', 'officer_list');
SELECT ok(EXISTS (SELECT FROM dv.custody_salt WHERE event IN (SELECT event FROM dv.custody_event WHERE source = s)),
	'there are salts of ' || s) FROM unnest(ARRAY['party', 'disclosure_name']) AS s;

-- Those who see none.
SELECT is(pg_temp.seen_by(p.login, e.name, e.keys), CASE WHEN p.roles[1] = 'witness'
		AND e.name IN ('custody_checkpoint', 'custody_entry') THEN pg_temp.rows_of(e.name, e.keys, 'true')
	ELSE ARRAY['refused'] END, p.login || ' of ' || e.name)
FROM people p, expected e WHERE p.login IN ('t_witness', 't_closed', 't_nobody');
-- In groups, and nobody's account: what is no secret, and nothing that is somebody's.
SELECT is(pg_temp.seen_by('t_ghost', e.name, e.keys), CASE WHEN coalesce(e.uh, e.le) IS NULL THEN ARRAY['refused']
		WHEN e.uh = 'true' AND e."of" = 'true'
		THEN pg_temp.rows_of(e.name, e.keys, 'true') ELSE '{}' END, 't_ghost of ' || e.name)
FROM expected e;
-- A group alone is not enough, and an account alone is not either.
REVOKE dv_officer FROM t_of2;
SELECT is(pg_temp.seen_by('t_of2', 'segment', NULL), ARRAY['refused'], 'an officer whose group was taken away');
GRANT dv_officer TO t_of2;

-- ---- parties, covered ----

SELECT is(pg_temp.seen_by(p.login, 'party_list', '"case", name, identifier'),
	ARRAY(SELECT format('(%s,张**,11**************18)', c) FROM unnest(CASE p.login
		WHEN 't_uh1' THEN '{C1,C3}' WHEN 't_uh2' THEN '{C2,C4}' WHEN 't_of1' THEN '{C1}'
		WHEN 't_of2' THEN '{C2,C3}' ELSE '{C1,C2,C3,C4}' END::text[]) AS c), p.login || ' sees parties covered')
FROM people p WHERE p.roles[1] NOT IN ('witness', 'ghost');
SELECT is(dv.masked_number(n), m, 'covered: ' || n) FROM (VALUES ('1', '*'), ('1234567', '*******'),
	('12345678', '12****78')) AS x(n, m);
SELECT is(dv.masked_name(n), m, 'covered: ' || n) FROM (VALUES ('王', '王*'), ('欧阳修', '欧**')) AS x(n, m);

-- ---- months ----

SELECT lives_ok($$SELECT dv.ensure_months(ARRAY[now(), now() - interval '3 months'])$$, 'months are made');
SELECT cmp_ok(count(*), '>=', 3::bigint, 'and are there') FROM pg_inherits WHERE inhparent = 'dv.segment'::regclass;
SELECT matches(do_as(login, 'SELECT FROM ' || inhrelid::regclass), '^42501 permission denied',
	login || ' reads no month by itself: ' || inhrelid::regclass)
FROM pg_inherits, people WHERE inhparent = 'dv.segment'::regclass;
SELECT is(pg_temp.seen_by('t_of1', 'segment', 'segment'), ARRAY['(' || uid('REC-1', 1) || ')'],
	'by the whole, what is theirs, in whichever month');

-- ---- what is asked once a statement ----

CREATE FUNCTION pg_temp.plan_of(a_login text, a_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	list text := '';
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', a_login);
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || a_query LOOP
		list := list || line || E'\n';
	END LOOP;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN list;
END
$$;
CREATE TEMPORARY TABLE plans AS
SELECT name, fn, pg_temp.plan_of(login, 'SELECT * FROM dv.' || name) AS plan
FROM (VALUES ('t_uh1', 'recording', 'my_units'), ('t_uh1', 'segment', 'my_units'), ('t_uh1', 'day_summary', 'my_units'),
	('t_of1', 'recorder', 'my_recorders'), ('t_of1', 'finding', 'my_subjects')) AS x(login, name, fn);
SELECT is((SELECT count(*) FROM regexp_matches(plan, fn || '\(', 'g')), 1::bigint, name || ': ' || fn || '() is asked once')
FROM plans;
SELECT matches(plan, 'InitPlan [^\n]*\n[^\n]*Result\n[^\n]*Output: (dv\.)?' || fn || '\(\)', name || ': before all rows')
FROM plans;
SELECT doesnt_match(plan, '(Filter|Cond): [^\n]*' || fn, name || ': and not of each') FROM plans;
-- With as many rows as there may be, an index has them.
SET LOCAL enable_seqscan = off;
SELECT matches(pg_temp.plan_of('t_of1', 'SELECT segment FROM dv.segment'), 'Index Cond: \([^\n]*officer',
	'an officer''s segments are found by an index');
SELECT matches(pg_temp.plan_of('t_of1', 'SELECT recording FROM dv.recording'), 'Index Cond: [^\n]*recording = ANY',
	'an officer''s recordings are');
SELECT matches(pg_temp.plan_of('t_uh1', 'SELECT recording FROM dv.recording'), 'Index Cond: [^\n]*unit[^\n]* = ANY',
	'a unit''s recordings are');
SELECT matches(pg_temp.plan_of('t_of1', 'SELECT finding FROM dv.finding'), 'BitmapOr', 'an officer''s findings are');
RESET enable_seqscan;

-- ---- what people enter ----

-- Officer 1 goes to the other unit: who had what stays, and so does what was recorded.
SELECT is(dv.officer_set('019001', NULL, NULL, NULL, 'QH-2', dv.today(), NULL, 'transfer'), 'changed', 'a transfer');
SELECT is(dv.recorder_issue('REC-1', '019001', 'transfer'), 'issued', 'takes the recorder along');
SELECT is((SELECT array_agg(officer || ' ' || unit ORDER BY issued_at, unit) FROM dv.recorder_assignment
	WHERE recorder = 'REC-1'), ARRAY['019001 QH-1', '019001 QH-2'], 'both issues are there');
SELECT is((SELECT array_agg(unit::text ORDER BY recorder) FROM dv.recording), ARRAY['QH-1', 'QH-2'],
	'recordings are where they were');
SELECT is(pg_temp.seen_by('t_uh1', 'recording', 'recorder'), ARRAY['(REC-1)'], 'and so is who sees them');
SELECT is((dv.officer_at('019001', d)).unit::text, u, 'the unit on ' || d) FROM (VALUES (dv.today(), 'QH-2'),
	(dv.today() - 1, 'QH-1'), ('2025-12-31', NULL)) AS x(d, u);

-- Groups are what the account says, whatever somebody did to them meanwhile.
GRANT dv_admin, dv_owner TO t_of2;
SELECT is(dv.account_set('t_of2', NULL, NULL, NULL, '{officer}', 'as before'), 'unchanged', 'the same roles');
SELECT is((SELECT array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
	WHERE m.member = 't_of2'::regrole), ARRAY['dv_officer', 'dv_person'], 'and no other groups');
SELECT ok(NOT rolcanlogin, 'whoever is closed logs in no more') FROM pg_roles WHERE rolname = 't_closed';

CREATE ROLE t_stranger LOGIN;
CREATE ROLE t_mighty LOGIN SUPERUSER IN ROLE dv_person;
SELECT throws_like(sql, message, message) FROM (VALUES
	($$SELECT dv.account_set('t_stranger', 'x', NULL, 'QH', '{admin}', 'r')$$, '%nobody''s account%'),
	($$SELECT dv.account_set('t_ghost', 'x', NULL, 'QH', '{admin}', 'r')$$, '%nobody''s account%'),
	($$SELECT dv.make_login('t_stranger', '{admin}')$$, '%was not made for a person%'),
	($$SELECT dv.make_login('t_mighty', '{admin}')$$, '%was not made for a person%'),
	($$SELECT dv.make_login('postgres', '{}')$$, '%was not made for a person%'),
	($$SELECT dv.make_login('dv_admin', '{}')$$, '%not one of a person%'),
	($$SELECT dv.make_login('t_new', '{owner}')$$, '%not one of a person%'),
	($$SELECT dv.make_login('t_new', '{admin, read}')$$, '%not one of a person%'),
	($$SELECT dv.account_set('t new', 'x', NULL, 'QH', '{admin}', 'r')$$, '%a login is%'),
	($$SELECT dv.account_set('t_new', '', NULL, 'QH', '{admin}', 'r')$$, '%give it a name%'),
	($$SELECT dv.account_set('t_new', 'x', NULL, 'QH', '{admin}', ' ')$$, '%say why%'),
	($$SELECT dv.account_set('t_new', 'x', NULL, NULL, '{admin}', 'r')$$, '%without a unit%'),
	($$SELECT dv.account_set('t_new', 'x', '019009', 'QH', '{officer}', 'r')$$, '%not in service%'),
	($$SELECT dv.unit_set('QH', 'QH', 'x', false, 'r')$$, '%not below itself%'),
	($$SELECT dv.unit_set('QH', 'QH-2', 'x', false, 'r')$$, '%not below itself%'),
	($$SELECT dv.unit_set('QH-1', 'QH', 'x', true, 'r')$$, '%account t\_of1 is of it%'),
	($$SELECT dv.officer_set('019002', NULL, 'ZJ-1', NULL, NULL, NULL, NULL, 'r')$$, '%is officer 019001''s%'),
	($$SELECT dv.recorder_issue('REC-3', '019001', 'r')$$, '%is retired%'),
	($$SELECT dv.recorder_issue('REC-2', '019001', 'r')$$, '%enter its return first%'),
	($$SELECT dv.recorder_issue('REC-9', '019001', 'r')$$, '%not enrolled%')) AS x(sql, message);
SELECT is(do_as('t_admin', $$SELECT dv.account_set('t_admin', NULL, NULL, NULL, '{admin,supervisor}', 'r')$$),
	'42501 account t_admin: nobody changes their own account: ask another admin', 'nobody makes himself more');
SELECT is(do_as('t_admin', $$SELECT dv.account_set('t_new', 'x', NULL, 'QH', '{auditor}', 'r')$$), '', 'an admin makes accounts');
SELECT is((SELECT by FROM dv.account WHERE login = 't_new'), 't_admin', 'by their own login');
SELECT ok((SELECT detail -> 'changed' ? 'role t_new in dv_auditor' FROM dv.act WHERE kind = 'roles_changed'
	AND by = 't_admin'), 'and what of rights it changed is an act of theirs');
SELECT matches(do_as(login, $$SELECT dv.unit_set('X', 'QH', 'x', false, 'r')$$), '^42501 permission denied',
	login || ' enters no unit') FROM people WHERE roles[1] <> 'admin' OR roles = '{}';
-- Who was an admin, and is still in the group.
SELECT is(dv.account_set('t_admin', NULL, NULL, NULL, '{auditor}', 'no admin any more'), 'changed', 'no admin any more');
GRANT dv_admin TO t_admin;
SELECT matches(do_as('t_admin', $$SELECT dv.unit_set('X', 'QH', 'x', false, 'r')$$), '^42501 t_admin may not do this',
	'the group alone is not enough');

-- ---- acts ----

SELECT is(do_as('t_of1', $$SELECT dv.do_act('view', '{}', 'somebody', NULL, '{}')$$), '', 'who may see says that they look');
SELECT is((SELECT by FROM dv.act WHERE role = 't_of1'), 't_of1', 'by who they are, whatever is said');
SELECT matches(do_as(login, $$SELECT dv.do_act('export', '{}', 'x', 'r', '{}')$$), '^42501', login || ' exports nothing')
FROM people WHERE roles = '{}' OR roles[1] <> 'supervisor';
SELECT is(do_as('t_super', $$SELECT dv.do_act('export', '{}', 'x', 'r', '{}')$$), '', 'the supervision office does');

-- ---- what is noted of rights ----

SELECT dv.note_roles();
ALTER POLICY all_rows ON dv.blob USING (size > 0);
CREATE POLICY more ON dv.act FOR SELECT TO public USING (true);
ALTER VIEW dv.segment_list SET (security_invoker = false);
ALTER TABLE dv.manifest DISABLE ROW LEVEL SECURITY;
ALTER ROLE t_closed LOGIN;
SELECT ok(dv.note_roles(), 'changed policies are noted');
SELECT is((SELECT array_agg(n ORDER BY n) FROM dv.act, jsonb_object_keys(detail -> 'changed') AS n
		WHERE kind = 'roles_changed' AND detail -> 'changed' ? 'policy more of act'),
	ARRAY['policy all_rows of blob', 'policy more of act', 'role t_closed', 'row security of manifest',
		'view segment_list'], 'by name');

SELECT * FROM finish();
ROLLBACK;
