-- Months come when they are needed, and a lying clock makes none.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', NULL, NULL, 'r', 'li');
SELECT ingest(r_session(1, 'REC-1'));

CREATE FUNCTION pg_temp.partition_of(n integer) RETURNS text LANGUAGE sql AS
	$$SELECT tableoid::regclass::text FROM dv.segment WHERE segment = tap.uid('REC-1', n)$$;
CREATE FUNCTION pg_temp.months() RETURNS bigint LANGUAGE sql AS
	$$SELECT count(*) FROM pg_inherits WHERE inhparent = 'dv.segment'::regclass
	  AND inhrelid <> 'dv.segment_other'::regclass$$;

SELECT is(pg_temp.months(), 0::bigint, 'none at first');
-- This month and the last, cut in Shanghai: 16:00 UTC of the last day is the first.
CREATE TEMPORARY TABLE cut AS SELECT dv.day_start(date_trunc('month', dv.day_of(now()))::date) AS at;
SELECT ingest(r_segment(1, 'REC-1', 1, 1, 0, dv.utc(at)),
	      r_segment(1, 'REC-1', 2, 1, 1, dv.utc(at - interval '1 ms'))) FROM cut;
SELECT is(pg_temp.months(), 2::bigint, 'two months');
SELECT is(pg_temp.partition_of(1), 'dv.segment_' || to_char(dv.day_of(at), 'YYYY_MM'), 'the first moment of a month')
FROM cut;
SELECT is(pg_temp.partition_of(2), 'dv.segment_' || to_char(dv.day_of(at) - 1, 'YYYY_MM'), 'the moment before')
FROM cut;
SELECT is(to_char(at AT TIME ZONE 'UTC', 'HH24:MI'), '16:00', 'months begin in Shanghai') FROM cut;

SELECT ingest(r_segment(1, 'REC-1', 3, 1, 2, '2000-01-01T00:00:00.000Z'),
	      r_segment(1, 'REC-1', 4, 1, 3, '2100-12-31T23:00:00.000Z'),
	      r_segment(1, 'REC-1', 5, 1, 4, dv.utc(now() - interval '2 years 1 day')),
	      r_segment(1, 'REC-1', 6, 1, 5, dv.utc(now() + interval '1 month 1 day')));
SELECT is(pg_temp.months(), 2::bigint, 'far moments make no month');
SELECT is(pg_temp.partition_of(n), 'dv.segment_other', 'they lie with the others')
FROM generate_series(3, 6) AS n;

-- A month in which rows lie with the others already stays there.
SELECT is(dv.ingest(jsonb_build_array(r_segment(1, 'REC-1', 7, 1, 6, dv.utc(now() + interval '1 month 1 day'))
	)), 1, 'another of that time');
INSERT INTO dv.segment_place VALUES (uid('x', 1), now() - interval '20 months');
INSERT INTO dv.segment_other SELECT uid('x', 1), now() - interval '20 months', recorder, recording, seq, session,
	unit, path, path_raw, size, blob, fingerprint, stored_at, start_at, end_at, time_source, claim_created,
	claim_modified, claim_accessed, officer, assurance, signature, digest
FROM dv.segment WHERE segment = uid('REC-1', 1);
SELECT is(ingest(r_segment(1, 'REC-1', 8, 1, 7, dv.utc(now() - interval '20 months'))), 1, 'a month that is taken');
SELECT is(pg_temp.partition_of(8), 'dv.segment_other', 'evidence is not moved');
SELECT is(pg_temp.months(), 2::bigint, 'no partition for it');

SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = inhrelid AND tgname = 'append_only'), 1::bigint,
	inhrelid::regclass || ' refuses changes')
FROM pg_inherits WHERE inhparent = 'dv.segment'::regclass;

SELECT * FROM finish();
ROLLBACK;
