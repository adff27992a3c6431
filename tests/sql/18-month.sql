-- The month's counters and its report: each fact counted once, in its month, and the same when counted anew.
BEGIN;
SELECT no_plan();

-- Everything that is derived here, as one value.
CREATE FUNCTION pg_temp.counters() RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(
		'summary', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.month, x.recorder, x.unit, x.officer) FROM dv.month_summary x),
		'finding', (SELECT jsonb_agg(to_jsonb(x) ORDER BY to_jsonb(x)::text) FROM dv.month_finding x),
		'open', (SELECT jsonb_agg(to_jsonb(x) ORDER BY to_jsonb(x)::text) FROM dv.finding_open x),
		'action', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.action) FROM dv.month_action x))
$$;
CREATE FUNCTION pg_temp.same_anew(why text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	kept jsonb := pg_temp.counters();
BEGIN
	PERFORM dv.month_rebuild();
	RETURN is(pg_temp.counters(), kept, why);
END
$$;
-- A line of a report.
CREATE FUNCTION pg_temp.line(r json, list text, key text, wanted text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT x FROM jsonb_array_elements(r::jsonb -> list) AS x WHERE x ->> key IS NOT DISTINCT FROM wanted
$$;
-- Of an object these members alone.
CREATE FUNCTION pg_temp.only(o jsonb, VARIADIC keys text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg(k, o -> k) FROM unnest(keys) AS k
$$;

-- ---- borders ----

SELECT is(dv.month_of('2026-10-31T15:59:59.999Z'), '2026-10-01'::date, 'the 31st, to midnight in Shanghai');
SELECT is(dv.month_of('2026-10-31T16:00:00Z'), '2026-11-01'::date, 'the 1st, from midnight on');
SELECT is(dv.month_of('2028-02-29T15:59:59Z'), '2028-02-01'::date, 'a leap day');
SELECT is(dv.stored_late('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'), false, '24 hours are in time');
SELECT is(dv.stored_late('2026-11-01T00:00:00Z', '2026-11-02T00:00:00.001Z'), true, 'a millisecond more is late');
SELECT is(dv.stored_late(NULL, '2026-11-02T00:00:00Z'), NULL, 'when it ended, nobody knows');
SELECT is(array_agg(dv.counted_officer(o)), ARRAY['019123', '', '', ''], 'whose number may be counted')
FROM unnest(ARRAY['019123', NULL, E'x\n', repeat('9', 33)]) AS o;

-- ---- what comes in ----

SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'new', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019124', 'U2', 'new', 'li');
SELECT dv.enroll('REC-3', 1, 2, 'S3', '019125', 'U1', 'new', 'li');
SELECT ingest(
	r_session(1, 'REC-1'),
	-- Stored 2026-11-23T08:02Z: the first ended three days before, the second an hour before.
	r_segment(1, 'REC-1', 1, 1, 0, '2026-11-20T02:00:00.000Z'),
	r_segment(1, 'REC-1', 2, 1, 1, '2026-11-23T07:00:00.000Z') || '{"officer": "019999"}',
	r_segment(1, 'REC-1', 3, 2, 0, NULL),
	r_segment(1, 'REC-1', 4, 3, 0, '2026-11-23T06:00:00.000Z') || '{"assurance": "imported", "officer": "-"}',
	r_end(1), r_session(2, 'REC-2'), r_manifest(2, 'REC-2', 5, 5, 5, 0),
	r_segment(2, 'REC-2', 5, 5, 0, '2026-11-23T05:00:00.000Z', digest('bwm', 5)));
CREATE TEMPORARY TABLE this AS SELECT dv.month_of(now()) AS m;

SELECT results_eq($$SELECT recorder, unit, officer, sessions, recordings, segments, signed, imported, in_time, late,
		duration_ms, bytes FROM dv.month_summary ORDER BY 1, 2, 3$$,
	$$VALUES ('REC-1', 'U1', '', 0::bigint, 1::bigint, 1::bigint, 0::bigint, 1::bigint, 1::bigint, 0::bigint, 300000::bigint, 100::numeric),
		('REC-1', 'U1', '019123', 1, 2, 2, 0, 0, 0, 1, 300000, 200),
		('REC-1', 'U1', '019999', 0, 0, 1, 0, 0, 1, 0, 300000, 100),
		('REC-2', 'U2', '019123', 0, 1, 1, 1, 0, 1, 0, 300000, 100),
		('REC-2', 'U2', '019124', 1, 0, 0, 0, 0, 0, 0, 0, 0)$$, 'by recorder and officer, of this month');
SELECT is(array_agg(DISTINCT month), ARRAY[m], 'in the month of storing') FROM dv.month_summary, this GROUP BY m;
SELECT pg_temp.same_anew('counted anew it is the same, a recording of two officers included');

-- The later segment comes first: whose recording it is stays with it.
SELECT ingest(r_segment(1, 'REC-1', 7, 9, 1, '2026-11-23T07:10:00.000Z') || '{"officer": "019999"}',
	r_segment(1, 'REC-1', 6, 9, 0, '2026-11-23T07:05:00.000Z'));
SELECT is((SELECT recordings FROM dv.month_summary WHERE officer = '019999'), 1::bigint, 'the first that came says whose');
SELECT pg_temp.same_anew('and so it does when counted anew');

CREATE TEMPORARY TABLE kept AS SELECT pg_temp.counters() AS c;
SELECT ingest(r_session(1, 'REC-1'), r_segment(1, 'REC-1', 1, 1, 0, '2026-11-20T02:00:00.000Z'));
SELECT is(pg_temp.counters(), c, 'the same again counts nothing') FROM kept;

-- ---- findings ----

-- Finding n of REC-1, raised at that moment; it was so on some other day.
CREATE FUNCTION pg_temp.raise(n integer, a_code text, a_severity text, a_raised timestamptz,
			      a_recorder text DEFAULT 'REC-1', a_unit text DEFAULT 'U1', a_officer text DEFAULT '019123')
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.finding (finding, code, recorder, unit, officer, subject_kind, subject, fact, severity, at,
				session, detail, raised_at)
	VALUES (uid('find', n), a_code, a_recorder, a_unit, a_officer, 'recorder', 'subject ' || n, n::text,
		a_severity, '2026-01-01T00:00:00Z', uid('sess', 1), '{}', a_raised)
$$;
-- Step k of its answer.
CREATE FUNCTION pg_temp.step(n integer, k integer, a_kind text, a_at timestamptz, a_due timestamptz DEFAULT NULL,
			     a_excused boolean DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.rectification (finding, number, kind, at, due_at, excused, reason_code, text)
	VALUES (uid('find', n), k, a_kind, a_at, a_due, CASE WHEN a_kind = 'closed' THEN coalesce(a_excused, false) END,
		CASE WHEN a_kind = 'explained' THEN 'battery' END, CASE WHEN a_kind = 'explained' THEN 'empty' END)
$$;
INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en)
VALUES ('tap_art15', 15, 'violation', '-', '-', '-', '-');

-- 1: asked in September, closed on 31 October: 40 days.  2: asked on 31 October, overdue in November,
-- explained, not believed, closed at last; excused.  3: a notice that nobody has to answer.
-- 4: raised when November is a second old; stays open, and overdue.  5: closed, and reopened.
SELECT pg_temp.raise(1, 'tap_gap', 'violation', '2026-09-21T04:00:00Z'),
	pg_temp.step(1, 1, 'opened', '2026-09-21T04:00:00Z', '2026-09-28T04:00:00Z'),
	pg_temp.step(1, 2, 'acknowledged', '2026-10-02T04:00:00Z'),
	pg_temp.step(1, 3, 'closed', '2026-10-31T15:59:59.999Z');
SELECT pg_temp.raise(2, 'gap', 'violation', '2026-10-31T15:59:59Z'),
	pg_temp.step(2, 1, 'opened', '2026-10-31T15:59:59Z', '2026-11-03T00:00:00Z'),
	pg_temp.step(2, 2, 'escalated', '2026-11-03T00:00:00Z'),
	pg_temp.step(2, 3, 'acknowledged', '2026-11-03T01:00:00Z'),
	pg_temp.step(2, 4, 'explained', '2026-11-04T00:00:00Z', '2026-11-11T00:00:00Z'),
	pg_temp.step(2, 5, 'reopened', '2026-11-05T00:00:00Z', '2026-11-10T00:00:00Z'),
	pg_temp.step(2, 6, 'explained', '2026-11-06T00:00:00Z', '2026-11-13T00:00:00Z'),
	pg_temp.step(2, 7, 'closed', '2026-11-07T15:59:59Z', NULL, true);
SELECT pg_temp.raise(3, 'tap_late', 'notice', '2026-11-01T00:00:00Z'),
	pg_temp.step(3, 1, 'opened', '2026-11-01T00:00:00Z'), pg_temp.step(3, 2, 'closed', '2026-11-02T00:00:00Z');
SELECT pg_temp.raise(4, 'tap_unknown', 'warning', '2026-10-31T16:00:00Z', NULL, NULL, NULL),
	pg_temp.step(4, 1, 'opened', '2026-10-31T16:00:00Z', '2026-11-05T00:00:00Z'),
	pg_temp.step(4, 2, 'escalated', '2026-11-05T00:00:00Z'),
	pg_temp.step(4, 3, 'assigned', '2026-11-06T00:00:00Z'),	-- to another owner, without another deadline
	pg_temp.step(4, 4, 'escalated', '2026-11-20T00:00:00Z');
SELECT pg_temp.raise(5, 'tap_late', 'violation', '2026-11-10T00:00:00Z', 'REC-2', 'U2'),
	pg_temp.step(5, 1, 'opened', '2026-11-10T00:00:00Z', '2026-11-20T00:00:00Z'),
	pg_temp.step(5, 2, 'closed', '2026-11-11T00:00:00Z'),
	pg_temp.step(5, 3, 'reopened', '2026-11-12T00:00:00Z', '2026-11-14T00:00:00Z'),
	pg_temp.step(5, 4, 'escalated', '2026-11-14T00:00:00Z'),
	pg_temp.step(5, 5, 'assigned', '2026-11-15T00:00:00Z', '2026-12-15T00:00:00Z');
-- 6: cites the checklist's article, not its rule's.
INSERT INTO dv.finding (finding, code, unit, subject_kind, subject, fact, severity, at, session, detail, raised_at, article)
VALUES (uid('find', 6), 'tap_gap', 'U1', 'case', 'C-1', '', 'warning', '2026-11-12T00:00:00Z', uid('sess', 1), '{}',
	'2026-11-12T00:00:00Z', 15);

SELECT results_eq($$SELECT to_char(month, 'MM'), article, code, severity::text, raised, asked, closed, reopened, returned,
		overdue, relieved, excused, answer_ms, answer_max_ms FROM dv.month_finding ORDER BY 1, 2, 3, recorder$$,
	$$VALUES ('09', 12, 'tap_gap', 'violation', 1::bigint, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint),
		('10', 12, 'gap', 'violation', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
		('10', 12, 'tap_gap', 'violation', 0, 0, 1, 0, 0, 0, 0, 0, 3499199999, 3499199999),
		('11', 12, 'gap', 'violation', 0, 0, 1, 1, 0, 1, 1, 1, 604800000, 604800000),
		('11', 15, 'tap_gap', 'warning', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		('11', 32, 'tap_late', 'notice', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		('11', 32, 'tap_late', 'violation', 1, 1, 1, 1, 1, 1, 1, 0, 86400000, 86400000),
		('11', 33, 'tap_unknown', 'warning', 1, 1, 0, 0, 0, 1, 0, 0, 0, 0)$$,
	'each step in its month: what was asked, answered, in time or not');
SELECT results_eq($$SELECT recorder, code, open, overdue FROM dv.finding_open ORDER BY 2$$,
	$$VALUES ('REC-2', 'tap_late', 1::bigint, 0::bigint), ('', 'tap_unknown', 1, 1)$$, 'what is open now');
SELECT pg_temp.same_anew('counted anew it is the same');

-- ---- the report ----

CREATE TEMPORARY TABLE reports AS
SELECT dv.report_month('2026-10-01') AS oct, dv.report_month('2026-11-01') AS nov, dv.report_month('2026-09-01') AS sep;

SELECT is(pg_temp.only(oct::jsonb -> 'totals', 'violations', 'warnings', 'asked', 'closed', 'open', 'open_overdue', 'answer_max_ms'),
	'{"violations": 1, "warnings": 0, "asked": 1, "closed": 1, "open": 1, "open_overdue": 0, "answer_max_ms": 3499199999}',
	'October: what was open at its end, not what is now') FROM reports;
SELECT is(pg_temp.only(sep::jsonb -> 'totals', 'asked', 'open', 'open_overdue'),
	'{"asked": 1, "open": 1, "open_overdue": 0}', 'September') FROM reports;
SELECT is(pg_temp.only(nov::jsonb -> 'totals', 'violations', 'warnings', 'notices', 'gaps', 'asked', 'closed', 'reopened',
		'overdue', 'excused', 'open', 'open_overdue', 'answer_mean_ms', 'answer_max_ms'),
	'{"violations": 1, "warnings": 2, "notices": 1, "gaps": 0, "asked": 2, "closed": 2, "reopened": 2, "overdue": 3,
	  "excused": 1, "open": 2, "open_overdue": 1, "answer_mean_ms": 345600000, "answer_max_ms": 604800000}', 'November') FROM reports;
SELECT is(nov::jsonb -> 'before' ->> 'closed', '1', 'beside the month before') FROM reports;
SELECT is(nov::jsonb #> '{change,closed}', '{"by": 1, "permille": 1000}', 'twice as many') FROM reports;
SELECT is(nov::jsonb #> '{change,overdue}', '{"by": 3, "permille": null}', 'of nothing there is no share') FROM reports;
SELECT is(oct::jsonb #> '{before,open}', sep::jsonb #> '{totals,open}', 'what one month says of the one before is what that one says') FROM reports;

SELECT is(jsonb_agg(pg_temp.only(x, 'article', 'code', 'severity', 'raised', 'closed', 'open', 'open_overdue')),
	'[{"article": 12, "code": "gap", "severity": "violation", "raised": 0, "closed": 1, "open": 0, "open_overdue": 0},
	  {"article": 15, "code": "tap_gap", "severity": "warning", "raised": 1, "closed": 0, "open": 0, "open_overdue": 0},
	  {"article": 32, "code": "tap_late", "severity": "violation", "raised": 1, "closed": 1, "open": 1, "open_overdue": 0},
	  {"article": 32, "code": "tap_late", "severity": "notice", "raised": 1, "closed": 0, "open": 0, "open_overdue": 0},
	  {"article": 33, "code": "tap_unknown", "severity": "warning", "raised": 1, "closed": 0, "open": 1, "open_overdue": 1}]'::jsonb,
	'by article') FROM reports, jsonb_array_elements(nov::jsonb -> 'articles') AS x;
SELECT is(jsonb_agg(ARRAY[x ->> 'code', x ->> 'article', x ->> 'severity', x ->> 'answer']),
	'[["tap_late", "32", "violation", "reopened"], ["tap_unknown", "33", "warning", "opened"],
	  ["tap_gap", "15", "warning", "none"], ["tap_late", "32", "notice", "closed"]]'::jsonb, 'findings, worst first')
FROM reports, jsonb_array_elements(nov::jsonb -> 'findings') AS x;
SELECT is(x ->> 'answer', 'opened', 'how it stood when the month ended') FROM reports, jsonb_array_elements(oct::jsonb -> 'findings') AS x;
SELECT is((nov::jsonb -> 'findings_omitted')::integer, 0, 'none is left out') FROM reports;
SELECT is(dv.report_month('2026-11-01', NULL, NULL, 1)::jsonb ->> 'findings_omitted', '3', 'what is left out is counted');

CREATE TEMPORARY TABLE now_report AS SELECT dv.report_month(m) AS r FROM this;
SELECT is(pg_temp.only(pg_temp.line(r, 'units', 'unit', 'U1'), 'enrolled', 'docked', 'sessions', 'recordings', 'segments', 'in_time', 'late',
		'sealed_at_dock', 'imported', 'bytes'),
	'{"enrolled": 2, "docked": 1, "sessions": 1, "recordings": 4, "segments": 6, "in_time": 4, "late": 1, "sealed_at_dock": 5,
	  "imported": 1, "bytes": 600}', 'a unit') FROM now_report;
SELECT is(pg_temp.only(pg_temp.line(r, 'officers', 'officer', '019123'), 'recordings', 'segments', 'late'),
	'{"recordings": 3, "segments": 4, "late": 1}', 'an officer, of two recorders') FROM now_report;
SELECT is(pg_temp.only(pg_temp.line(r, 'recorders', 'recorder', 'REC-3'), 'enrolled', 'docked', 'segments'),
	'{"enrolled": 1, "docked": 0, "segments": 0}', 'one that was not docked has its line') FROM now_report;
SELECT is(array_agg(x ->> 'recorder' ORDER BY n), ARRAY['REC-1', 'REC-2', 'REC-3'], 'in order')
FROM now_report, jsonb_array_elements(r::jsonb -> 'recorders') WITH ORDINALITY AS y(x, n);
SELECT is(jsonb_array_length(r::jsonb -> 'days'), extract(day FROM m + interval '1 month - 1 day')::integer, 'each day has its line')
FROM now_report, this;
SELECT is(pg_temp.only(x, 'recordings', 'segments', 'duration_ms', 'bytes'),
	'{"recordings": 5, "segments": 7, "duration_ms": 1800000, "bytes": 700}', 'today')
FROM now_report, jsonb_array_elements(r::jsonb -> 'days') AS x WHERE x ->> 'day' = dv.day_of(now())::text;
-- Whatever this month is: where it recorded is told apart from when that came in.
SELECT is(pg_temp.line(r, 'recorders', 'recorder', 'REC-1') ->> 'other_days_ms',
	CASE WHEN m = '2026-11-01' THEN '0' ELSE '1500000' END, 'a strip') FROM now_report, this;

-- Everything and a part say the same.
SELECT is(dv.report_month(m, NULL, by)::jsonb -> (by || 's'), (SELECT jsonb_agg(x - 'days' - 'other_days_ms' || CASE WHEN by = 'recorder'
		THEN '{"days": null, "other_days_ms": null}'::jsonb ELSE '{}' END ORDER BY n) FROM jsonb_array_elements(r::jsonb -> (by || 's')) WITH ORDINALITY AS y(x, n)),
	'by ' || by) FROM now_report, this, unnest(ARRAY['unit', 'officer', 'recorder', 'article']) AS by;
SELECT is(dv.report_month(m, NULL, 'unit')::jsonb -> 'recorders', 'null', 'and nothing else') FROM this;
SELECT is(dv.report_month('2020-01-01')::jsonb #>> '{totals,recordings}', '0', 'of a month that nobody knows anything of: nought');
SELECT throws_ok($$SELECT dv.report_month('2026-11-02')$$, '22023', NULL, 'no month');
SELECT throws_ok($$SELECT dv.report_month('2026-11-01', NULL, 'weather')$$, '22023', NULL, 'by nothing that is counted');

-- One unit is it and what is below it.
INSERT INTO dv.unit (unit, revision, parent, name, closed, reason) VALUES
	('QH', 1, NULL, '清河县局', false, 'tap'), ('U1', 1, 'QH', '一所', false, 'tap'), ('U2', 1, 'QH', '二所', false, 'tap');
SELECT is(dv.report_month(m, 'U2')::jsonb #>> '{totals,segments}', '1', 'one unit') FROM this;
SELECT is(dv.report_month(m, 'QH')::jsonb #>> '{totals,segments}', '7', 'with those below') FROM this;
SELECT is(pg_temp.line(dv.report_month(m), 'units', 'unit', 'U1') ->> 'unit_name', '一所', 'by name') FROM this;

-- The unit of then stays, and so does who was enrolled when the month ended.
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U2', 'moved', 'li');
SELECT is(dv.report_month(m, 'U1')::jsonb #>> '{totals,segments}', '6', 'evidence stays with its unit') FROM this;
SELECT is(dv.report_month((m - interval '1 month')::date)::jsonb #>> '{totals,enrolled}', '0', 'nobody was enrolled then') FROM this;

-- ---- coverage ----

INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title, started_at, reason, entered_at)
SELECT 'C-' || n, 1, 'penalty', 'inspection', false, 'general', false, false, false, 'U1', 'x', '2026-10-01T00:00:00Z', 'tap', '2026-10-01T00:00:00Z'
FROM generate_series(1, 2) AS n;
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, reason)
SELECT uid('acti', n), 1, 'C-' || (1 + n % 2), 'investigation', 'inspection', e - interval '1 hour', e, 'x', 'tap'
FROM (VALUES (1, '2026-10-31T15:59:59Z'::timestamptz), (2, '2026-10-31T16:00:00Z'), (3, '2026-11-05T00:00:00Z'),
	(4, '2026-11-06T00:00:00Z'), (5, '2026-11-07T00:00:00Z')) AS a(n, e);
CREATE FUNCTION pg_temp.judge(n integer, k integer, a_verdict text, covered bigint, a_av text DEFAULT 'mandatory', a_at timestamptz DEFAULT now(), rev integer DEFAULT 1)
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO dv.coverage (action, number, revision, "case", requirement, requirement_version, av, verdict, confidence, wanted_ms,
		covered_ms, proven_ms, uncertainty_ms, holes, officers, used, doubts, judged_at)
	VALUES (uid('acti', n), k, rev, 'C-' || (1 + n % 2), 'tap', 1, a_av, a_verdict, 1, 3600000, covered, 0, 0, '[]', '[]', '[]', '{}', a_at)
$$;
SELECT pg_temp.judge(1, 1, 'missing', 0), pg_temp.judge(2, 1, 'missing', 0), pg_temp.judge(3, 1, 'short', 1800000),
	pg_temp.judge(4, 1, 'unsuitable', 0), pg_temp.judge(5, 1, 'covered', 3600000, 'advised');
SELECT is((dv.report_month('2026-11-01')::jsonb -> 'coverage') - ARRAY['unit', 'total'],
	'{"wanted": 3, "covered": 0, "short": 1, "missing": 1, "unsuitable": 1, "wanted_ms": 10800000, "covered_ms": 1800000,
	  "advised": 1, "advised_covered": 1}', 'what was to be recorded');
SELECT is(dv.report_month('2026-10-01')::jsonb #>> '{coverage,wanted}', '1', 'by the action''s end');
SELECT pg_temp.judge(2, 2, 'covered', 3600000);
SELECT is(pg_temp.only(dv.report_month('2026-11-01')::jsonb -> 'coverage', 'wanted', 'covered', 'missing', 'covered_ms'),
	'{"wanted": 3, "covered": 1, "missing": 0, "covered_ms": 5400000}', 'judged again, it moves');
-- The case goes to another unit: what was judged stays, what is judged now goes with it.
INSERT INTO dv.case_file ("case", revision, kind, origin, named, procedure, urgent, major, contentious, unit, title, started_at, reason, entered_at)
SELECT 'C-2', 2, 'penalty', 'inspection', false, 'general', false, false, false, 'U2', 'x', '2026-10-01T00:00:00Z', 'tap', now() + interval '1 second';
SELECT pg_temp.judge(3, 2, 'short', 1800000, 'mandatory', now() - interval '1 day');
SELECT is(jsonb_agg(ARRAY[x ->> 'unit', x ->> 'wanted']), '[["U1", "3"]]'::jsonb, 'under the unit that had the case then')
FROM jsonb_array_elements(dv.report_month('2026-11-01')::jsonb -> 'coverage_units') AS x;
INSERT INTO dv.action (action, revision, "case", stage, step, start_at, end_at, place, reason, withdrawn)
VALUES (uid('acti', 3), 2, 'C-2', 'investigation', 'inspection', '2026-11-04T23:00:00Z', '2026-11-05T00:00:00Z', 'x', 'mistake', true);
SELECT is(dv.report_month('2026-11-01')::jsonb #>> '{coverage,wanted}', '2', 'withdrawn, it is none');
SELECT pg_temp.same_anew('counted anew it is the same');

-- ---- an officer's day ----

INSERT INTO dv.action_officer (action, revision, officer, shown) VALUES (uid('acti', 2), 1, '019123', true);
SELECT is(jsonb_array_length(dv.officer_day('019123', '2026-11-20') -> 'recordings'), 1, 'a recording of that day');
SELECT is(jsonb_array_length(dv.officer_day('019123', '2026-11-23') -> 'recordings'), 2, 'of two recorders');
SELECT is(dv.officer_day('019123', '2026-11-21'), '{"officer": "019123", "day": "2026-11-21", "recordings": [], "actions": [],
	"findings": [], "covered": 0}', 'a day off');
SELECT is(dv.officer_day('019123', '2026-10-31') #>> '{actions,0,coverage}', 'covered', 'an action over midnight, on its first day');
SELECT is(dv.officer_day('019123', '2026-11-01') #>> '{actions,0,coverage}', 'covered', 'and on its last');
SELECT is(jsonb_array_length(dv.officer_day('019123', '2026-01-01') -> 'findings'), 4, 'findings about the officer');

-- ---- who sees what ----

SELECT person('chief1', ARRAY['unit_head'], 'U1');
SELECT person('boss1', ARRAY['supervisor'], 'QH');
SELECT person('beat1', ARRAY['officer'], 'U2', '019123');
CREATE FUNCTION pg_temp.seen(who text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n text;
BEGIN
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', who);
	SELECT string_agg(recorder || ' ' || officer, ', ' ORDER BY recorder, officer) INTO n FROM (SELECT DISTINCT recorder, officer
		FROM dv.month_summary WHERE segments > 0) AS x;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN n;
END
$$;
SELECT is(pg_temp.seen('chief1'), 'REC-1 , REC-1 019123, REC-1 019999', 'a unit head: the unit''s');
SELECT is(pg_temp.seen('beat1'), 'REC-1 019123, REC-2 019123', 'an officer: their own');
SELECT is(pg_temp.seen('boss1'), 'REC-1 , REC-1 019123, REC-1 019999, REC-2 019123', 'the supervisor: all');
SELECT is(do_as('chief1', 'SELECT dv.report_month(''2026-11-01'')'), '', 'a unit head has the report, too');
SELECT matches(do_as('chief1', 'SELECT dv.month_rebuild()'), '^42501', 'and does not count');

-- ---- signing ----

-- Two files that are stored.
SELECT ingest(r_segment(1, 'REC-1', 20, 20, 0, '2026-11-23T08:00:00.000Z'), r_segment(1, 'REC-1', 21, 21, 0, '2026-11-23T08:00:00.000Z'));
CREATE FUNCTION pg_temp.files(a_size integer DEFAULT 100) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_array(
		jsonb_build_object('format', 'pdf', 'segment', uid('REC-1', 20), 'blob', digest('blob', 20), 'size', a_size),
		jsonb_build_object('format', 'xlsx', 'segment', uid('REC-1', 21), 'blob', digest('blob', 21), 'size', 100))
$$;
CREATE FUNCTION pg_temp.figures(a_month date, a_unit text DEFAULT NULL) RETURNS bytea LANGUAGE sql AS $$
	SELECT convert_to(dv.canonical(dv.report_month(a_month, a_unit)::jsonb - ARRAY['made_at', 'over']), 'UTF8')
$$;
CREATE FUNCTION pg_temp.sign(who text, a_month date, a_content bytea, a_files jsonb DEFAULT pg_temp.files(), a_unit text DEFAULT NULL)
	RETURNS text LANGUAGE sql AS $$
	SELECT do_as(who, format('SELECT dv.report_sign(%L, %L, %L, %L, ''signature'', ''0123456789ABCDEF'', ''monthly'')',
		a_month, a_unit, a_content, a_files))
$$;
SELECT matches(pg_temp.sign('chief1', '2026-10-01', pg_temp.figures('2026-10-01')), '^42501 .*supervisor', 'a unit head signs none');
SELECT matches(pg_temp.sign('boss1', m, pg_temp.figures(m)), '^22023 .*not over', 'a month that goes on is not signed') FROM this;
SELECT matches(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-09-01')), '^22023 .*not the figures', 'nor other figures');
SELECT matches(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-10-01'), '[]'), '^22023 .*PDF', 'nor without its files');
SELECT matches(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-10-01'), pg_temp.files(101)), '^P0002 .*import it',
	'nor with files that are not stored');
SELECT is(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-10-01')), '', 'it is signed');
SELECT matches(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-10-01')), '^23505 .*signed already', 'and not twice');
SELECT is(pg_temp.sign('boss1', '2026-10-01', pg_temp.figures('2026-10-01', 'U1'), pg_temp.files(), 'U1'), '', 'a unit''s is another');
SELECT is(array_agg(concat_ws(' ', act, cardinality(objects)) ORDER BY event), ARRAY['report_signed 1', 'report_signed 2'], 'each is an event')
FROM dv.custody_event WHERE source = 'report_signed';
SELECT is(array_agg(by::text), ARRAY['boss1', 'boss1'], 'by who was connected') FROM dv.report_signed;
SELECT throws_ok('UPDATE dv.report_signed SET by = ''x''', '42501', NULL, 'and stays');

SELECT * FROM finish();
ROLLBACK;
