-- Coverage: which actions are judged, when, by which facts, and what comes of it.
BEGIN;
SELECT no_plan();

SELECT person('zhang', '{officer}', 'QH-2', '019123');
SELECT person('li', '{officer}', 'QH-2', '019124');
SELECT person('else', '{officer}', 'QH-3', '019200');
SELECT person('jian', '{supervisor}');
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'QH-2', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019124', 'QH-2', 'r', 'li');
SELECT dv.enroll('REC-9', 1, 2, 'S9', '019200', 'QH-3', 'r', 'li');

INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit,
	title, started_at, reason)
VALUES ('C1', 1, 'penalty', 'own', false, 'general', false, false, false, 'QH-2', 'c', '2026-11-20T00:00:00Z', 'r');
INSERT INTO dv.case_officer ("case", officer, lead, leaves) VALUES ('C1', '019124', true, false),
	('C1', '019123', false, false);

-- Revision r of action n, of this step, ten minutes from start; with both officers.
CREATE FUNCTION tap.act(n integer, a_step text, a_start text, r integer DEFAULT 1, a_minutes integer DEFAULT 10,
			a_unsuitable text DEFAULT NULL, a_withdrawn boolean DEFAULT false)
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, av_unsuitable,
		withdrawn, reason)
	VALUES (uid('act', n), r, 'C1', 'investigation', a_step, a_start::timestamptz,
		a_start::timestamptz + a_minutes * interval '1 minute', 'p', a_unsuitable, a_withdrawn, 'r');
	INSERT INTO dv.action_officer (action, revision, officer, certificate, shown)
	VALUES (uid('act', n), r, '019123', 'Z1', true), (uid('act', n), r, '019124', 'Z2', true);
$$;
CREATE FUNCTION tap.due(n integer) RETURNS timestamptz LANGUAGE sql AS $$
	SELECT due_at FROM dv.coverage_due WHERE action = uid('act', n) $$;
CREATE FUNCTION tap.facts(n integer) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dv.coverage_facts(a) FROM dv.action_current x JOIN dv.action a USING (action, revision)
	WHERE x.action = uid('act', n) $$;

-- ---- when ----

SELECT act(1, 'inspection', '2026-11-20T02:00:00Z');
SELECT is(due(1), now(), 'one that is long over is due at once');
SELECT act(2, 'inspection', dv.utc(now() - interval '1 hour'));
SELECT is(due(2), date_trunc('milliseconds', now() - interval '1 hour') + interval '24 hours 10 minutes',
	'one of today when what was recorded must be stored');
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, place, reason)
VALUES (uid('act', 3), 1, 'C1', 'investigation', 'inspection', now(), 'p', 'r');
SELECT is(due(3), NULL, 'one under way is not');
SELECT act(4, 'inspection', '2026-11-20T02:00:00Z');
SELECT act(4, 'inspection', '2026-11-20T02:00:00Z', 2, 10, NULL, true);
SELECT is(due(4), NULL, 'nor one that was withdrawn');
SELECT act(5, 'discussion', '2026-11-20T02:00:00Z');
SELECT is(due(5), now(), 'one that needs no recording is looked at');

SET LOCAL ROLE dv_alert;
CREATE TEMPORARY TABLE next AS SELECT facts FROM dv.coverage_next(10);
RESET ROLE;
SELECT results_eq('SELECT facts ->> ''action'' FROM next', $$VALUES (uid('act', 1)::text)$$,
	'what is due comes, the rest does not');
SELECT is(due(5), NULL, 'and what needs no recording is let go');
SELECT is((SELECT facts - 'limits' FROM next), jsonb_build_object('action', uid('act', 1), 'revision', 1,
	'start_ms', 1795140000000, 'end_ms', 1795140600000, 'officers', '["019123", "019124"]'::jsonb,
	'left_out', 0, 'not_docked', 0, 'segments', '[]'::jsonb), 'facts of one that has no recordings');
SELECT is((SELECT facts -> 'limits' FROM next), '{"continuous_ms": 2000, "notice_ms": 5000, "overlap_ms": 2000,
	"clock_off_ms": 30000, "unchecked_ms": 30000}'::jsonb, 'the parameters of the day');

-- ---- facts ----

-- Three segments of the time, one of another day, one of another's recorder.
SELECT ingest(r_session(1, 'REC-1'), r_check(1, 'REC-1', 'dock', '2026-11-23T08:00:02.000Z')
		|| '{"battery": 3, "faults": ["x"]}',
	r_manifest(1, 'REC-1', 1, 1, 1, 0), r_segment(1, 'REC-1', 1, 1, 0, '2026-11-20T02:00:00.000Z', digest('bwm', 1)),
	r_segment(1, 'REC-1', 2, 2, 0, '2026-11-20T02:05:00.000Z'),
	r_segment(1, 'REC-1', 3, 3, 0, '2026-11-21T02:05:00.000Z'),
	r_segment(1, 'REC-1', 4, 4, 0, NULL), r_end(1));
SELECT ingest(r_session(2, 'REC-9'), r_segment(2, 'REC-9', 9, 9, 0) || '{"officer": "019200"}', r_end(2));
SELECT is((SELECT count(*)::integer FROM jsonb_array_elements(facts(1) -> 'segments')), 2,
	'segments of the officers present, of that time');
SELECT is((SELECT s FROM jsonb_array_elements(facts(1) -> 'segments') AS s WHERE s ->> 'recording' = uid('rec', 1)::text),
	jsonb_build_object('recorder', 'REC-1', 'recording', uid('rec', 1), 'seq', 0, 'source', 'manifest',
	'signed', true, 'forged', false, 'clock_unset', false, 'dseq', 1, 'boot', 1, 'mono_start_ms', 0,
	'mono_end_ms', 300000, 'end', 'button', 'start_ms', 1795140000000, 'end_ms', 1795140300000, 'officer', 0,
	'linked', false) || jsonb_build_object('clock_offset_ms', -1500, 'clock_uncertainty_ms', 20, 'docked_ms',
	1795420802000, 'battery', 3, 'free', 1, 'fault', true), 'what is known of a signed one');
SELECT is((SELECT s - '{recorder,recording,seq,officer,linked}'::text[] FROM jsonb_array_elements(facts(1) -> 'segments') AS s
	WHERE s ->> 'recording' = uid('rec', 2)::text) - '{clock_offset_ms,clock_uncertainty_ms,docked_ms,battery,free,fault}'::text[],
	'{"source": "manifest", "signed": false, "forged": false, "start_ms": 1795140300000, "end_ms": 1795140600000}',
	'and of one that is not');
INSERT INTO dv.link (action, kind, object, how, why)
VALUES (uid('act', 1), 'recording', 'REC-9/' || uid('rec', 9), 'hand', 'w');
SELECT is((SELECT s -> 'linked' FROM jsonb_array_elements(facts(1) -> 'segments') AS s WHERE s ->> 'recorder' = 'REC-9'),
	'true', 'what is linked, whoever''s it is');
SELECT is((SELECT s -> 'officer' FROM jsonb_array_elements(facts(1) -> 'segments') AS s WHERE s ->> 'recorder' = 'REC-9'),
	NULL, 'and is none of those present');
SELECT act(6, 'inspection', dv.utc(now() + interval '1 hour'));
SELECT is(facts(6) -> 'not_docked', '2', 'recorders that did not come back since');

-- ---- judged ----

CREATE FUNCTION tap.judge(n integer, a_verdict text, a_holes jsonb DEFAULT '[]', a_grade text DEFAULT 'finding',
			  a_revision integer DEFAULT 1) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r text;
BEGIN
	SET LOCAL ROLE dv_alert;
	r := dv.coverage_judged(jsonb_build_object('action', uid('act', n), 'revision', a_revision,
		'verdict', a_verdict, 'grade', a_grade, 'confidence', 0.9, 'wanted_ms', 600000, 'covered_ms',
		CASE a_verdict WHEN 'missing' THEN 0 WHEN 'covered' THEN 600000 ELSE 500000 END, 'proven_ms', 0,
		'uncertainty_ms', 20, 'holes', a_holes, 'officers', '[]'::jsonb, 'used', '[]'::jsonb,
		'doubts', '{}'::jsonb));
	RESET ROLE;
	RETURN r;
END
$$;
CREATE FUNCTION tap.found(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', code, severity, coalesce(article::text, '-'), requirement, unit, officer,
		confidence), E'\n' ORDER BY raised_at, code, fact) FROM dv.finding WHERE subject = uid('act', n)::text $$;
\set hole '[{"from": "2026-11-20T02:08:20.000Z", "to": "2026-11-20T02:10:00.000Z", "class": "unexplained", "grade": "finding"}]'

SELECT isnt(due(1), NULL, 'it is due');
SELECT is(judge(1, 'missing'), 'stored', 'a judgement is stored');
SELECT is(found(1), 'av_missing violation 11 inspection_av QH-2 019124 0.900',
	'nothing of what is mandatory: a violation of the row''s article, answered by who leads the case');
SELECT is(due(1), NULL, 'and it is due no more');
SELECT is(judge(1, 'missing'), 'same', 'the same again is nothing');
SELECT is(judge(1, 'short', :'hole'), 'stored', 'another is');
SELECT is(judge(1, 'short', :'hole'), 'same', 'once');
SELECT is(found(1), E'av_missing violation 11 inspection_av QH-2 019124 0.900\n'
	'coverage_short violation 12 inspection_av QH-2 019124 0.900', 'some of it: of its own article');
SELECT is(judge(1, 'missing'), 'stored', 'back to the first');
SELECT is((SELECT count(*)::integer FROM dv.finding WHERE subject = uid('act', 1)::text), 2, 'is the same finding');
SELECT is((SELECT array_agg(number || verdict ORDER BY number) FROM dv.coverage WHERE action = uid('act', 1)),
	'{1missing,2short,3missing}', 'all judgements are kept');
SELECT is((SELECT verdict FROM dv.coverage_list WHERE action = uid('act', 1)), 'missing', 'the last one counts');
SELECT is(judge(1, 'covered', '[]', 'tolerated'), 'stored', 'it is covered after all');
SELECT is((SELECT count(*)::integer FROM dv.finding WHERE subject = uid('act', 1)::text), 2, 'which is no finding');
SELECT is((SELECT at FROM dv.finding WHERE code = 'coverage_short'), '2026-11-20T02:08:20Z'::timestamptz,
	'it was so when the hole began');
SELECT is(judge(1, 'missing', '[]', 'finding', 2), 'changed', 'of a revision that is not the newest: not stored');

-- Only a notice.
SELECT act(7, 'inspection', '2026-11-20T03:00:00Z');
SELECT is(judge(7, 'short', :'hole', 'notice'), 'stored', 'a short hole');
SELECT is(found(7), 'coverage_short notice 12 inspection_av QH-2 019124 0.900', 'is a notice');

-- Unsuitable: no finding; and recorded all the same.
SELECT act(8, 'sealing', '2026-11-20T04:00:00Z', 1, 10, 'in a court room');
SELECT is(judge(8, 'missing'), 'stored', 'a reason is on record');
SELECT is((SELECT verdict || requirement FROM dv.coverage_list WHERE action = uid('act', 8)), 'unsuitablesealing_av', 'unsuitable');
SELECT is(found(8), NULL, 'is no finding');
SELECT is(judge(8, 'covered'), 'stored', 'unless it was');
SELECT is((SELECT verdict FROM dv.coverage_list WHERE action = uid('act', 8)), 'covered', 'recorded');

-- Advised.
SELECT act(9, 'on_the_spot', '2026-11-20T05:00:00Z');
SELECT is((SELECT count(*)::integer FROM dv.action_av(uid('act', 9))), 0, 'nothing is advised');
INSERT INTO dv.case_file SELECT "case", 2, kind, origin, named, procedure, urgent, urgent_reason, major, true, unit,
	title, started_at, reason FROM dv.case_file WHERE "case" = 'C1';
SELECT isnt(due(9), NULL, 'a case that became contentious has its actions judged');
SELECT is(judge(9, 'short', :'hole'), 'stored', 'some of it was recorded');
SELECT is(found(9), NULL, 'which will do');
SELECT is(judge(9, 'missing'), 'stored', 'nothing was');
SELECT is(found(9), 'av_advised_missing notice 22 simple_av QH-2 019124 0.900', 'is a notice');

-- What may still be stored in time.
SELECT is(judge(2, 'short', :'hole'), 'waits', 'the time to store it is not over');
SELECT is(found(2), NULL, 'so nothing is found');
SELECT is(due(2), date_trunc('milliseconds', now() - interval '1 hour') + interval '24 hours 10 minutes', 'until it is');
SELECT is(judge(2, 'covered'), 'stored', 'but it may be covered before');
SELECT is(due(2), NULL, 'and is done');

-- ---- what makes it due again ----

DELETE FROM dv.coverage_due;
SELECT ingest(r_session(3, 'REC-2'), r_segment(3, 'REC-2', 31, 31, 0, '2026-11-20T02:03:00.000Z')
	|| '{"officer": "019124"}', r_end(3));
SELECT is(due(1), now() + interval '1 minute', 'a recording of that time');
SELECT is(due(9), NULL, 'not of another');
DELETE FROM dv.coverage_due;
SELECT lives_ok($$INSERT INTO dv.link_removed (link, reason) SELECT link, 'r' FROM dv.link$$, 'a link that went');
SELECT is(due(1), now() + interval '1 minute', 'too');
SELECT is(dv.coverage_due_rebuild(), 2::bigint, 'made anew: what no judgement is there for');
SELECT results_eq($$SELECT action FROM dv.coverage_due ORDER BY 1$$,
	$$VALUES (uid('act', 5)), (uid('act', 6))$$, 'those');

-- ---- who sees it ----

SELECT is(do_as('zhang', $$SELECT 1 / count(*) FROM dv.coverage$$), '', 'whoever is in the case');
SELECT is(do_as('jian', $$SELECT 1 / count(*) FROM dv.coverage_list$$), '', 'the supervision office');
SELECT is(do_as('else', $$SELECT 1 / count(*) FROM dv.coverage$$), '22012 division by zero', 'nobody else');
SELECT alike(try_as('dv_read', $$SELECT dv.coverage_judged('{}')$$), '42501%', 'alertd alone judges');
SELECT alike(try_as('dv_owner', $$UPDATE dv.coverage SET verdict = 'covered'$$), '42501%', 'nothing is changed');

SELECT * FROM finish();
ROLLBACK;
