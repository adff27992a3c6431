-- Records into rows: once, however often they come.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', NULL, NULL, 'r', 'li');

CREATE TEMPORARY TABLE batch AS SELECT ARRAY[
	r_session(1, 'REC-1'), r_listed(1),
	r_manifest(1, 'REC-1', 1, 10, 1, 0), r_segment(1, 'REC-1', 1, 1, 0, manifest => digest('bwm', 1)),
	r_manifest(1, 'REC-1', 2, 11, 1, 1)
		|| jsonb_build_object('findings', jsonb_build_array(f('tap_gap', 'REC-1', 'REC-1/y'))),
	r_segment(1, 'REC-1', 2, 1, 1, '2026-11-20T02:05:00.000Z', digest('bwm', 2))
		|| jsonb_build_object('findings', jsonb_build_array(f('tap_gap', 'REC-1', 'REC-1/x', 'a'),
								    f('tap_gap', 'REC-1', 'REC-1/x', 'b', 'notice'))),
	r_finding(1, f('tap_unknown', NULL, 'QH-01/A2')),
	r_end(1)] AS records;

SELECT is((SELECT ingest(VARIADIC records) FROM batch), 8, 'eight records are new');
CREATE TEMPORARY TABLE before AS SELECT everything() AS state;
SELECT is((SELECT ingest(VARIADIC records) FROM batch), 0, 'again: none is new');
SELECT is(everything(), (SELECT state FROM before), 'and nothing changed');
SELECT is((SELECT ingest(VARIADIC records[3:5]) FROM batch), 0, 'a part of them: none is new');
SELECT is(everything(), (SELECT state FROM before), 'and nothing changed');

SELECT results_eq('SELECT sessions, recordings, segments, signed, duration_ms, bytes, unit, day
		   FROM dv.day_summary WHERE recorder = ''REC-1'' ORDER BY day',
	$$VALUES (0::bigint, 1::bigint, 2::bigint, 2::bigint, 600000::bigint, 200::numeric, 'U1', '2026-11-20'::date),
		 (1, 0, 0, 0, 0, 0, 'U1', '2026-11-23')$$, 'the days are counted');
SELECT results_eq('SELECT recorder, code, severity::text, findings FROM dv.finding_summary ORDER BY 1, 2, 3',
	$$VALUES ('', 'tap_unknown', 'warning', 1::bigint), ('REC-1', 'tap_gap', 'notice', 1),
		 ('REC-1', 'tap_gap', 'violation', 2)$$, 'the findings are counted');
SELECT is((SELECT unit::text FROM dv.segment LIMIT 1), 'U1', 'the unit of that day is kept');
SELECT is((SELECT count(*) FROM dv.blob), 6::bigint, 'media and sidecars are blobs');
SELECT is((SELECT finding FROM dv.finding WHERE fact = 'a'),
	encode(substr(sha256(E'tap_gap\nREC-1/x\na'), 1, 16), 'hex')::uuid, 'the id of a finding is derived');

-- Two sessions between one another, and the first one's tail again.
SELECT is((SELECT ingest(r_session(2, 'REC-2'), records[8], r_segment(2, 'REC-2', 3, 3, 0), records[4],
			 r_session(3, 'REC-1'), records[1]) FROM batch), 3, 'three of six are new');

-- Docked again: the same segment is seen, not made.
CREATE TEMPORARY TABLE summary AS SELECT * FROM dv.day_summary;
SELECT is(ingest(r_segment(3, 'REC-1', 1, 1, 0, manifest => digest('bwm', 1))), 1, 'seen by another session');
SELECT is((SELECT count(*) FROM dv.segment WHERE segment = uid('REC-1', 1)), 1::bigint, 'one segment');
SELECT is((SELECT count(*) FROM dv.segment_seen WHERE segment = uid('REC-1', 1)), 2::bigint, 'two sightings');
SELECT set_eq('SELECT * FROM dv.day_summary', 'SELECT * FROM summary', 'no counter moved');
-- A segment without start has no place of its own but when it was stored.
SELECT is(ingest(r_segment(3, 'REC-1', 9, 9, 0, NULL)), 1, 'no time known');
SELECT is(ingest(r_session(4, 'REC-1'), r_segment(4, 'REC-1', 9, 9, 0, NULL)
	|| '{"stored": "2026-12-24T08:02:00.000Z"}'), 2, 'docked again in another month');
SELECT is((SELECT count(*) FROM dv.segment WHERE segment = uid('REC-1', 9)), 1::bigint, 'is one segment still');

-- Two recorders claim one recording.
SELECT is(ingest(r_segment(2, 'REC-2', 4, 1, 0)), 1, 'another recorder, the same recording id');
SELECT is((SELECT count(*) FROM dv.recording WHERE recording = uid('rec', 1)), 2::bigint, 'are two recordings');

-- Known again.
SELECT is((SELECT blob FROM dv.known('REC-1', digest('fp', 1))), digest('blob', 1), 'a file is known');
SELECT is((SELECT size FROM dv.known('REC-1', digest('fp', 1))), 100::numeric, 'with its size');
SELECT is_empty($$SELECT * FROM dv.known('REC-2', digest('fp', 1))$$, 'to its recorder alone');
SELECT is_empty($$SELECT * FROM dv.known('REC-1', digest('fp', 8))$$, 'and others are not');

-- An absurd length is not recording time.
SELECT is(ingest(r_segment(3, 'REC-1', 20, 20, 0) || '{"end": "2099-01-01T00:00:00.000Z"}',
		 r_segment(3, 'REC-1', 21, 20, 1) || '{"end": "2026-11-19T00:00:00.000Z"}'), 2, 'lying clocks');
SELECT is((SELECT sum(duration_ms) FROM dv.day_summary WHERE recorder = 'REC-1'), 600000::numeric,
	'add no time');
-- As large as 64 bits are.
SELECT is(ingest(r_manifest(3, 'REC-1', 30, 18446744073709551615, 30, 0)), 1, 'the last counter there is');

-- ---- what is refused, and by which name ----

CREATE TEMPORARY TABLE refused (what text, record jsonb, state text, message text);
INSERT INTO refused VALUES
	('no session', r('segment', 1) - 'session', '23502', 'record 2 (segment of session none): '),
	('no such type', r('blob', 1), '22023', 'record 2 (blob of session ' || uid('sess', 1)),
	('no type', r('x', 1) - 'type', '22023', 'record 2 (no type of session '),
	('another version', r_end(1) || '{"v": 2}', '22023', 'record 2 (end'),
	('a session not begun', r_end(77), '23503', 'record 2 (end of session ' || uid('sess', 77)),
	('a short digest', r_segment(3, 'REC-1', 40, 1, 0) || '{"blob": "00"}', '23514', 'record 2 (segment'),
	('a digest in capitals', r_segment(3, 'REC-1', 40, 1, 0) || jsonb_build_object('blob', repeat('AA', 32)),
		'23514', 'record 2 (segment'),
	('a moment without zone', r_segment(3, 'REC-1', 40, 1, 0) || '{"stored": "2026-11-20T02:00:00"}',
		'23514', 'record 2 (segment'),
	('a moment in 1999', r_segment(3, 'REC-1', 40, 1, 0) || '{"start": "1999-11-20T02:00:00.000Z"}',
		'23514', 'record 2 (segment'),
	('a day that is none', r_segment(3, 'REC-1', 40, 1, 0) || '{"start": "2026-02-30T02:00:00.000Z"}',
		'22008', 'record 2 (segment'),
	('a negative size', r_segment(3, 'REC-1', 40, 1, 0) || '{"size": -1}', '23514', 'record 2 (segment'),
	('a size of 65 bits', r_segment(3, 'REC-1', 40, 1, 0) || '{"size": 18446744073709551616}', '23514',
		'record 2 (segment'),
	('no size', r_segment(3, 'REC-1', 40, 1, 0) || '{"size": null}', '23502', 'record 2 (segment'),
	('another size for a blob', r_segment(3, 'REC-1', 1, 1, 0) || '{"size": 101}', '22023', 'record 2 (segment'),
	('a verdict nobody knows', r_segment(3, 'REC-1', 40, 1, 0) || '{"signature": "fine"}', '23514',
		'record 2 (segment'),
	('a path without end', r_segment(3, 'REC-1', 40, 1, 0) || jsonb_build_object('path', repeat('x', 4097)),
		'23514', 'record 2 (segment'),
	('an id with a slash', r_session(50, 'REC/1'), '23514', 'record 2 (session'),
	('a rule nobody knows', r_finding(3, f('no_such_rule', 'REC-1', 'x')), '23503',
		'record 2 (finding of session ' || uid('sess', 3) || '): finding no_such_rule: there is no such rule'),
	('no finding', r('finding', 3), '22023', 'record 2 (finding'),
	('a finding about nothing', r_finding(3, f('tap_gap', 'REC-1', '')), '23514', 'record 2 (finding'),
	('findings that are none', r_segment(3, 'REC-1', 41, 1, 0) || '{"findings": 7}', '22023', 'record 2 (segment'),
	('a manifest without counter', r_manifest(3, 'REC-1', 42, 1, 1, 0) - 'dseq', '23514', 'record 2 (manifest'),
	('a vendor in decimal', jsonb_set(r_session(50, 'REC-1'), '{usb,vid}', '"12345"'), '22023', 'record 2 (session');

CREATE TEMPORARY TABLE unharmed AS SELECT everything() AS state;
SELECT alike(try_as('dv_ingest', format('SELECT dv.ingest(%L)', jsonb_build_array(r_session(60, 'REC-1'), record))),
	replace(state || ' ' || message, '_', '\_') || '%', 'refused: ' || what)
FROM refused;
SELECT is(everything(), (SELECT state FROM unharmed), 'and of such batches nothing stays');
SELECT matches(try_as('dv_ingest', format('SELECT dv.ingest(%L)', x)), '^22023 records: not a list',
	'not a list of records: ' || left(x, 10))
FROM unnest(ARRAY['{}', '7', 'null', (SELECT jsonb_agg(1)::text FROM generate_series(1, 1025))]) AS x;
SELECT is(dv.ingest('[]'), 0, 'nothing is nothing');

SELECT * FROM finish();
ROLLBACK;
