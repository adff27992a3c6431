-- What names claim, whether challenges are answered, and what nobody is late with.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019124', 'U2', 'r', 'li');

-- ---- names ----

SELECT is(ingest(r_session(1, 'REC-1'),
	r_segment(1, 'REC-1', 1, 1, 0) || '{"time_source": "name", "important": true, "officer": "019009"}',
	r_segment(1, 'REC-1', 2, 2, 0) || '{"time_source": "name", "end": null, "important": false}',
	r_segment(1, 'REC-1', 3, 3, 0) || '{"time_source": "directory"}',
	r_segment(1, 'REC-1', 4, 4, 0) || '{"time_source": "directory", "end": null}', r_end(1)), 6, 'taken in');
SELECT results_eq('SELECT path::text, time_source, important, officer::text FROM dv.segment_list ORDER BY path',
	$$VALUES ('DCIM/1.mp4', 'name', true, '019009'), ('DCIM/2.mp4', 'name', false, '019123'),
	('DCIM/3.mp4', 'directory', false, '019123'), ('DCIM/4.mp4', 'directory', false, '019123')$$,
	'a record that says nothing of it is not important');
SELECT results_eq('SELECT important FROM dv.recording_list ORDER BY recording',
	ARRAY[true, false, false, false], 'nor is its recording');
SELECT results_eq($$SELECT path, end_ms FROM dv.chain_context(uid('sess', 1)) WHERE what = 'plain'$$,
	$$VALUES ('DCIM/1.mp4', dv.epoch_ms('2026-11-20T02:05:00Z')), ('DCIM/2.mp4', dv.epoch_ms('2026-11-20T02:00:00Z')),
	('DCIM/3.mp4', dv.epoch_ms('2026-11-20T02:05:00Z'))$$,
	'a name that tells the start alone can be late, a directory without an end cannot');
SELECT alike(try_as('dv_ingest', format('SELECT dv.ingest(%L)', jsonb_build_array(
	r_segment(1, 'REC-1', 9, 9, 0) || '{"time_source": "rumour"}'))), '23514 %', 'no other source');

SELECT ingest(r_session(2, 'IMPORT') || '{"usb": null}', r_import(2),
	r_segment(2, 'IMPORT', 20, 20, 0) || '{"assurance": "imported"}', r_end(2));
SELECT is_empty($$SELECT * FROM dv.chain_context(uid('sess', 2))$$, 'nobody is late with what is no recorder''s');

-- ---- challenges ----

-- One day: docked at 8 with manifest n, challenged (challenge n) when it ended.
CREATE FUNCTION pg_temp.day(n integer, VARIADIC more jsonb[] DEFAULT '{}') RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	d text := '2026-11-' || n;
BEGIN
	PERFORM ingest(VARIADIC ARRAY[r_session(n, 'REC-2', d || 'T08:00:00.000Z')] || more ||
		ARRAY[r_challenge(n, 'REC-2', n) || jsonb_build_object('at', d || 'T08:04:00.000Z'), r_end(n)]);
	RETURN dv.judge(uid('sess', n), '[]');
END
$$;
CREATE FUNCTION pg_temp.signed(n integer, a_dseq integer) RETURNS jsonb LANGUAGE sql
	RETURN r_manifest(n, 'REC-2', a_dseq, a_dseq, a_dseq, 0)
		|| jsonb_build_object('at', '2026-11-' || n || 'T08:01:00.000Z');
CREATE FUNCTION pg_temp.answer(n integer, a_dseq integer, challenge integer) RETURNS jsonb LANGUAGE sql
	RETURN pg_temp.signed(n, a_dseq) || jsonb_build_object('kind', 'inventory', 'rec', NULL, 'seq', NULL,
		'media_blake2b', NULL, 'nonce', digest('nonce', challenge));
SELECT is(pg_temp.day(10, pg_temp.signed(10, 0)), 0, 'no challenge before: nothing to answer');
SELECT is(pg_temp.day(11), 0, 'nothing signed since: nothing to answer with');
SELECT is(pg_temp.day(12, pg_temp.signed(12, 1)), 1, 'signed, and did not answer');
SELECT is(dv.judge(uid('sess', 12), '[]'), 0, 'once');
SELECT results_eq($$SELECT severity::text, confidence::numeric, subject::text FROM dv.finding WHERE code = 'challenge_unanswered'$$,
	$$VALUES ('notice', 0.3, 'REC-2')$$, 'it may not know how');
SELECT is(pg_temp.day(13, pg_temp.signed(13, 2), pg_temp.answer(13, 3, 12)), 0, 'answered');
SELECT is(pg_temp.day(14, pg_temp.answer(14, 4, 12)), 1, 'the challenge of two days ago is not the last');
SELECT results_eq($$SELECT severity::text, confidence::numeric FROM dv.finding WHERE code = 'challenge_unanswered'
		AND fact = 'challenge ' || digest('nonce', 13)$$, $$VALUES ('warning', 0.8)$$, 'it knows how');
SELECT is(pg_temp.day(15, pg_temp.answer(15, 5, 14) || '{"signature": "invalid"}', pg_temp.signed(15, 6)), 1,
	'a forged answer is none');
SELECT is(pg_temp.day(16, pg_temp.answer(16, 2, 15) || jsonb_build_object('manifest', digest('other', 2))), 1,
	'an answer from the past');
SELECT results_eq($$SELECT code, detail -> 'dseq', detail -> 'known_dseq' FROM dv.finding WHERE recorder = 'REC-2'
		AND fact = 'challenge ' || digest('nonce', 15)$$, $$VALUES ('chain_break', '2'::jsonb, '6'::jsonb)$$, 'is found out');
SELECT is(pg_temp.day(17, pg_temp.signed(17, 1), pg_temp.signed(17, 6)), 0, 'what was known before is nothing new');
SELECT ingest(r_session(18, 'REC-2', '2026-11-18T08:00:00.000Z'), pg_temp.signed(18, 7),
	r_end(18) || '{"outcome": "interrupted"}');
SELECT is(dv.judge(uid('sess', 18), '[]'), 0, 'the answer may still be on the card');
SELECT ingest(r_session(19, 'REC-2', '2026-11-19T08:00:00.000Z') || '{"usb": null}', r_import(19),
	pg_temp.signed(19, 8), r_end(19));
SELECT is(dv.judge(uid('sess', 19), '[]'), 0, 'nor is anything missing in what a person chose');
SELECT finish();
ROLLBACK;
