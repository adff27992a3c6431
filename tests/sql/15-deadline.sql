-- What is due when: rows follow from facts, and a sweep finds each at its moment, once.
BEGIN;
SELECT no_plan();

-- Deadlines have been there for a year.
ALTER TABLE dv.schema_version DISABLE TRIGGER USER;
UPDATE dv.schema_version SET applied_at = now() - interval '1 year' WHERE number = 27;
ALTER TABLE dv.schema_version ENABLE TRIGGER USER;

CREATE FUNCTION pg_temp.case_of(a_case text, ago interval, a_origin text DEFAULT 'own', a_named boolean DEFAULT false,
		a_procedure text DEFAULT 'general', a_revision integer DEFAULT 1) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit,
		title, started_at, reason)
	VALUES (a_case, a_revision, 'fee', a_origin, a_named, a_procedure, false, false, false, 'U1', 't', now() - ago, 'tap')
$$;
-- entered: how long ago
CREATE FUNCTION pg_temp.event(a_case text, a_kind text, entered interval DEFAULT '0', a_due interval DEFAULT NULL,
		a_detail jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.case_event ("case", kind, at, due_at, detail, entered_at)
	VALUES (a_case, a_kind, now() - entered, now() + a_due, a_detail, now() - entered)
$$;
CREATE FUNCTION pg_temp.sweep() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s record;
BEGIN
	SET LOCAL ROLE dv_alert;
	SELECT * INTO s FROM dv.sweep(500);
	RESET ROLE;
	RETURN s.warned || ' ' || s.raised || CASE WHEN s.more THEN ' and more' ELSE '' END;
END
$$;
CREATE FUNCTION pg_temp.found(a_subject text) RETURNS text LANGUAGE sql
	RETURN (SELECT coalesce(string_agg(code, ' ' ORDER BY at, code), '') FROM dv.finding WHERE subject = a_subject);
SELECT pg_temp.sweep();

-- ---- cases: one second before, and at that second ----

SELECT pg_temp.case_of('A-1', '24 hours'), pg_temp.case_of('A-2', '23:59:59'), pg_temp.case_of('A-3', '18 hours'),
	pg_temp.case_of('A-4', '17:59:59'), pg_temp.case_of('A-5', '25 hours', 'own', false, 'simple'),
	pg_temp.case_of('A-6', '25 hours'), pg_temp.case_of('A-7', '25 hours'), pg_temp.case_of('A-8', '25 hours'),
	pg_temp.event('A-6', 'approved', '1 hour'), pg_temp.event('A-7', 'approved', '0:59:59'),
	pg_temp.event('A-8', 'approved', '8 hours');
SELECT is(pg_temp.sweep(), '5 2', 'five are or were near, two passed');
SELECT is(pg_temp.sweep(), '0 0', 'once');
SELECT is(pg_temp.found(subject), finds, subject || ' ' || what) FROM (VALUES
	('A-1', 'approval_due approval_overdue', 'started a day ago'), ('A-2', 'approval_due', 'one second less'),
	('A-3', 'approval_due', 'started 18 hours ago'), ('A-4', '', 'one second less'),
	('A-5', '', 'is of the simple procedure'), ('A-6', 'approval_due', 'was approved at the last moment'),
	('A-7', 'approval_due approval_overdue', 'a second later'), ('A-8', '', 'in time')) AS x(subject, finds, what);
SELECT results_eq($$SELECT severity::text, at, unit::text, "case"::text, detail ->> 'due' FROM dv.finding
	WHERE code = 'approval_overdue' AND subject = 'A-1'$$,
	$$SELECT 'violation', date_trunc('milliseconds', now()), 'U1', 'A-1', dv.utc(now())$$, 'at its moment, of its case and unit');
SELECT set_eq($$SELECT subject FROM dv.deadline WHERE subject LIKE 'A-%'$$, ARRAY['A-1', 'A-2', 'A-3', 'A-4'],
	'what was met is owed no more, and what was found and is not met stays');
SELECT pg_temp.event('A-1', 'approved'), pg_temp.case_of('A-2', '1 day', 'own', false, 'simple', 2),
	pg_temp.case_of('A-3', '2 hours', 'own', false, 'general', 2);
SELECT set_eq($$SELECT subject, due_at - now() FROM dv.deadline WHERE subject LIKE 'A-%'$$, $$VALUES ('A-3', interval '22 hours'),
	('A-4', interval '6:00:01')$$, 'met, no more of that procedure, started later');

SELECT pg_temp.case_of(c, '7 days', 'complaint', c <> 'B-2', 'simple')
FROM unnest(ARRAY['B-1', 'B-2', 'B-3', 'B-4', 'B-5']) AS c;
SELECT pg_temp.event('B-3', 'informed', '1 day'), pg_temp.event('B-4', 'not_taken_up', '1 day'),
	pg_temp.event('B-5', 'stage', '1 day', NULL, '{"stage": "investigation"}');
SELECT is(pg_temp.sweep(), '0 2', 'two complaints are not answered');
SELECT set_eq($$SELECT subject FROM dv.finding WHERE code = 'complaint_unanswered'$$, ARRAY['B-1', 'B-4'],
	'one is not, and of one the complainant does not know');

SELECT pg_temp.case_of('C-1', '60 days', 'own', false, 'simple'), pg_temp.event('C-1', 'correction_ordered', '9 days', '-2 days'),
	pg_temp.event('C-1', 'correction_ordered', '9 days', '-1 day'), pg_temp.event('C-1', 'correction_ordered', '9 days', '1 day');
SELECT pg_temp.event('C-1', 'correction_checked', '30 hours', NULL, jsonb_build_object('order', min(number)))
FROM dv.case_event WHERE "case" = 'C-1';
SELECT is(pg_temp.sweep(), '0 2', 'one check was late, one was not made');
SELECT is((SELECT count(*) FROM dv.deadline WHERE subject = 'C-1'), 2::bigint, 'two are owed still');
SELECT pg_temp.event('C-1', 'correction_checked');
SELECT is((SELECT count(*) FROM dv.deadline WHERE subject = 'C-1'), 0::bigint, 'a check that names none is of all');

SELECT pg_temp.case_of(c, '90 days', 'own', false, 'simple') FROM unnest(ARRAY['D-1', 'D-2', 'D-3', 'D-4']) AS c;
SELECT pg_temp.event('D-1', 'concluded', '30 days'), pg_temp.event('D-2', 'concluded', '29 days 23:59:59'),
	pg_temp.event('D-3', 'concluded', '40 days'), pg_temp.event('D-3', 'concluded', '5 days'),
	pg_temp.event('D-3', 'reopened', '15 days'), pg_temp.event('D-3', 'concluded', '3 days'),
	pg_temp.event('D-4', 'concluded', '60 days'), pg_temp.event('D-4', 'archived', '15 days');
SELECT is(pg_temp.sweep(), '4 2', 'archives');
SELECT is(pg_temp.found(subject), finds, subject || ' ' || what) FROM (VALUES
	('D-1', 'archive_due archive_overdue', 'was concluded 30 days ago'), ('D-2', 'archive_due', 'one second less'),
	('D-3', 'archive_due', 'was opened again'), ('D-4', 'archive_due archive_overdue', 'was archived, but late'))
	AS x(subject, finds, what);
SELECT set_eq($$SELECT subject, due_at - now() FROM dv.deadline WHERE code = 'archive_overdue'$$,
	$$VALUES ('D-1', interval '0'), ('D-2', interval '1 second'), ('D-3', interval '27 days')$$,
	'from where it was concluded first since then');

-- ---- recorders ----

CREATE FUNCTION pg_temp.issued(a_recorder text, a_revision integer, a_officer text, ago interval) RETURNS void
	LANGUAGE sql AS $$
	INSERT INTO dv.recorder (recorder, revision, vid, pid, serial, officer, unit, reason, enrolled_by, enrolled_at)
	VALUES (a_recorder, a_revision, 1, 2, a_recorder, a_officer, 'U1', 'r', 'li', now() - ago)
$$;
SELECT pg_temp.issued('R-1', 1, '1', '24 hours'), pg_temp.issued('R-2', 1, '2', '23:59:59'),
	pg_temp.issued('R-3', 1, NULL, '9 days'), pg_temp.issued('R-4', 1, NULL, '9 days'),
	pg_temp.issued('R-4', 2, '4', '20 hours'), pg_temp.issued('R-5', 1, '5', '9 days'), pg_temp.issued('R-5', 2, '6', '1 hour');
SELECT is(pg_temp.sweep(), '4 2', 'issued and never docked');
SELECT is(pg_temp.found(subject), finds, subject || ' ' || what) FROM (VALUES
	('R-1', 'dock_due not_docked', 'a day ago'), ('R-2', 'dock_due', 'one second less'), ('R-3', '', 'to nobody'),
	('R-4', 'dock_due', 'since it is somebody''s'), ('R-5', 'dock_due not_docked', 'a transfer sets no clock back'))
	AS x(subject, finds, what);
SELECT is((SELECT officer::text FROM dv.finding WHERE code = 'not_docked' AND subject = 'R-1'), '1', 'whose it is');
SELECT dv.retire('R-2', 'r', 'li');
SELECT is((SELECT count(*) FROM dv.deadline WHERE subject = 'R-2'), 0::bigint, 'one that is retired is not waited for');

-- ---- recordings ----

INSERT INTO dv.dock_session (session, station, slot, port, recorder, started_at)
SELECT uid('sess', 900), 'S', 'A1', '1-1', 'R-3', now();
CREATE FUNCTION pg_temp.came(n integer, ago interval, a_recorder text DEFAULT 'R-3') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dv.recording (recorder, recording, session, unit, recorded_at)
	VALUES (a_recorder, uid('rec', n), uid('sess', 900), 'U1', now() - ago);
	RETURN a_recorder || '/' || uid('rec', n);
END
$$;
CREATE FUNCTION pg_temp.link(n integer, a_kind text, a_object text, ago interval) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.link (link, action, kind, object, how, why, entered_at)
	VALUES (uid('link', n), uid('act', 1), a_kind, a_object, 'hand', 'tap', now() - ago)
$$;
-- A segment of recording n, of the same number.
CREATE FUNCTION pg_temp.segment(n integer, a_recorder text DEFAULT 'R-3') RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.blob (hash, size, stored_at) VALUES (dv.unhex(digest('d', n)), 1, now());
	INSERT INTO dv.segment_place VALUES (uid('dseg', n), now());
	INSERT INTO dv.segment (segment, placed_at, recorder, recording, seq, session, path, path_raw, size, blob, fingerprint,
		stored_at, time_source, assurance, signature, digest)
	VALUES (uid('dseg', n), now(), a_recorder, uid('rec', n), 0, uid('sess', 900), 'x', 'x', 1, dv.unhex(digest('d', n)),
		dv.unhex(digest('f', n)), now(), 'none', 'sealed_at_dock', 'unsigned', 'not_claimed')
$$;
SELECT pg_temp.came(1, '30 days'), pg_temp.came(2, '29 days 23:59:59'), pg_temp.came(3, '19 days 23:59:59'),
	pg_temp.came(4, '40 days'), pg_temp.came(5, '40 days'), pg_temp.came(6, '40 days'), pg_temp.came(7, '40 days'),
	pg_temp.came(8, '25 days', 'IMPORT'), pg_temp.came(9, '40 days', 'IMPORT');
SELECT pg_temp.segment(5), pg_temp.segment(8, 'IMPORT'), pg_temp.segment(9, 'IMPORT');
SELECT pg_temp.link(1, 'recording', 'R-3/' || uid('rec', 4), '19 days'), pg_temp.link(2, 'segment', uid('dseg', 5)::text, '10 days'),
	pg_temp.link(3, 'recording', 'R-3/' || uid('rec', 7), '39 days');
INSERT INTO dv.recording_review (recorder, recording, verdict, why, entered_at)
VALUES ('R-3', uid('rec', 6), 'no_case', 'tap', now() - interval '9 days');
INSERT INTO dv.link_removed (link, reason, entered_at) VALUES (uid('link', 3), 'tap', now() - interval '2 days');
INSERT INTO dv.document ("case", kind, title, made_at, segment, entered_at)
VALUES ('A-1', 'letter', 't', now(), uid('dseg', 8), now() - interval '24 days');
SELECT is(pg_temp.sweep(), '6 4', 'recordings');
SELECT is(pg_temp.found(a_recorder || '/' || uid('rec', n)), finds, what) FROM (VALUES
	('R-3', 1, 'unlinked_due unlinked_recording', 'after 30 days'), ('R-3', 2, 'unlinked_due', 'one second less'),
	('R-3', 3, '', '20 days less a second'), ('R-3', 4, 'unlinked_due', 'linked after 21 days'),
	('R-3', 5, 'unlinked_due', 'a segment of it after 30'), ('R-3', 6, 'unlinked_due unlinked_recording', 'reviewed after 31'),
	('R-3', 7, 'unlinked_recording', 'linked in time, and the link was taken away'),
	('IMPORT', 8, '', 'the scan of a document'), ('IMPORT', 9, 'unlinked_due unlinked_recording', 'imported'))
	AS x(a_recorder, n, finds, what);
SELECT is((SELECT count(*) FROM dv.deadline WHERE code = 'unlinked_recording'), 5::bigint, 'and what is linked is owed no more');

-- ---- findings ----

SELECT is((SELECT count(*) FROM dv.deadline WHERE code = 'rectification_overdue'),
	(SELECT count(*) FROM dv.finding_state WHERE state <> 'closed' AND joins IS NULL AND due_at IS NOT NULL),
	'each finding that is to be answered has a day');
SELECT is(pg_temp.found(finding::text), '', 'not yet') FROM dv.finding WHERE code = 'approval_overdue' AND subject = 'A-1';
UPDATE dv.finding_state SET due_at = now() WHERE code = 'approval_overdue' AND subject = 'A-1';
SELECT is(pg_temp.sweep(), '0 1', 'its day passed');
SELECT is(pg_temp.found(f.finding::text), 'rectification_overdue', 'found') FROM dv.finding f
WHERE f.code = 'approval_overdue' AND f.subject = 'A-1';
SELECT is((SELECT count(*) FROM dv.rectification WHERE kind = 'escalated'), 1::bigint, 'and the head is told');
SELECT is(pg_temp.sweep(), '0 0', 'once');
SELECT is((SELECT count(*) FROM dv.deadline d JOIN dv.finding f ON d.subject = f.finding::text
	WHERE f.code = 'rectification_overdue'), 0::bigint, 'that somebody is overdue is not overdue in turn');

-- ---- thresholds are data ----

SELECT pg_temp.case_of('E-0', '-3 days');
INSERT INTO dv.rule_version (code, version, valid_from, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
SELECT code, 100, dv.day_of(now()) + 1, article, severity, text_zh, text_en, next_step_zh, next_step_en, '{"limit": "PT1H"}'
FROM dv.rule WHERE code = 'approval_overdue';
SELECT is((SELECT due_at - now() FROM dv.deadline WHERE subject = 'A-3'), interval '22 hours', 'those of tomorrow change nothing');
SELECT is((SELECT due_at - since FROM dv.deadline WHERE subject = 'E-0'), interval '1 hour', 'but what was entered and is to start then');
SELECT pg_temp.case_of('E-1', '-3 days');
SELECT is((SELECT due_at - since FROM dv.deadline WHERE subject = 'E-1'), interval '1 hour', 'and what is entered later and starts then');

-- ---- in parts, and what was left ----

SELECT pg_temp.case_of('F-' || n, n * interval '1 second' + interval '24 hours') FROM generate_series(1, 7) AS n;
SELECT results_eq('SELECT due, warned, raised, more FROM dv.sweep(3)', 'VALUES (3, 3, 3, true)', 'three of seven');
SELECT set_eq($$SELECT subject FROM dv.finding WHERE code = 'approval_overdue' AND subject LIKE 'F-%'$$,
	ARRAY['F-5', 'F-6', 'F-7'], 'the longest due first');
SELECT results_eq('SELECT due, warned, raised, more FROM dv.sweep(5)', 'VALUES (4, 4, 4, false)', 'and the rest');
SELECT cmp_ok((SELECT due_ms FROM dv.next_due()), '>=', (SELECT floor(extract(epoch FROM min(next_at)) * 1000)::bigint
	FROM dv.deadline), 'the next is not before its moment');
DELETE FROM dv.deadline WHERE subject = 'F-1';
SELECT dv.deadlines_rebuild();
UPDATE dv.deadline SET raised_at = NULL, warned_at = NULL WHERE subject = 'F-2';
SELECT is(pg_temp.sweep(), '0 0', 'a row or a mark that was lost finds nothing again');

-- ---- made anew, after a random history ----

SELECT setseed(0.42);
SELECT pg_temp.case_of('G-' || n, random() * interval '60 days', CASE WHEN random() < 0.5 THEN 'complaint' ELSE 'own' END,
	false, CASE WHEN random() < 0.5 THEN 'general' ELSE 'simple' END) FROM generate_series(1, 60) AS n;
DO $$
DECLARE
	n integer;
	x double precision;
BEGIN
	FOR n IN 1000 .. 1300 LOOP
		x := random();
		CASE WHEN x < 0.4 THEN
			PERFORM pg_temp.event('G-' || (1 + floor(random() * 60))::integer, (ARRAY['approved', 'informed', 'concluded', 'archived',
				'reopened', 'stage', 'correction_checked'])[1 + floor(random() * 7)::integer], random() * interval '40 days');
		WHEN x < 0.5 THEN
			PERFORM pg_temp.event('G-' || (1 + floor(random() * 60))::integer, 'correction_ordered', '50 days',
				(random() - 0.5) * interval '40 days');
		WHEN x < 0.7 THEN
			PERFORM pg_temp.came(n, random() * interval '60 days');
		WHEN x < 0.8 THEN
			PERFORM pg_temp.link(n, 'recording', recorder || '/' || recording, random() * interval '30 days')
			FROM dv.recording ORDER BY random() LIMIT 1;
		WHEN x < 0.85 THEN
			INSERT INTO dv.link_removed (link, reason) SELECT link, 'tap' FROM dv.link l
			WHERE NOT EXISTS (SELECT FROM dv.link_removed r WHERE r.link = l.link) ORDER BY random() LIMIT 1;
		WHEN x < 0.9 THEN
			PERFORM pg_temp.issued('G-' || n, 1, CASE WHEN random() < 0.7 THEN '1' END, random() * interval '40 hours');
		ELSE
			PERFORM dv.sweep(20);
		END CASE;
	END LOOP;
	WHILE (SELECT s.due > 0 FROM dv.sweep(500) s) LOOP
	END LOOP;
END
$$;
CREATE TEMPORARY TABLE kept AS SELECT d::text AS r FROM dv.deadline d;
CREATE TEMPORARY TABLE findings AS SELECT count(*) AS n FROM dv.finding;
SELECT cmp_ok((SELECT count(*) FROM dv.deadline), '>', 100::bigint, 'there are rows to compare');
SELECT dv.deadlines_rebuild();
SELECT set_eq('SELECT d::text FROM dv.deadline d', 'SELECT r FROM kept', 'made anew: the same rows');
DELETE FROM dv.deadline;
SELECT dv.deadlines_rebuild();
SELECT set_eq('SELECT d::text FROM dv.deadline d', 'SELECT r FROM kept', 'and from nothing');
SELECT is(pg_temp.sweep(), '0 0', 'there is nothing to be found in them');
SELECT is((SELECT count(*) FROM dv.finding), (SELECT n FROM findings), 'and nothing was');

-- ---- who may ----

SELECT matches(try_as('dv_alert', 'SELECT FROM dv.' || t), '^42501 permission denied', 'alertd reads no ' || t)
FROM unnest(ARRAY['deadline', 'finding', 'case_file', 'deadline_list']) AS t;
SELECT matches(try_as(r, 'SELECT dv.sweep()'), '^42501 permission denied', r || ' does not sweep')
FROM unnest(ARRAY['dv_ingest', 'dv_admin', 'dv_supervisor', 'dv_custody']) AS r;
SELECT is(try_as('dv_alert', f), '', f) FROM unnest(ARRAY['SELECT dv.sweep(1)', 'SELECT * FROM dv.next_due()',
	'SELECT dv.alert_lock()']) AS f;

SELECT * FROM finish();
ROLLBACK;
