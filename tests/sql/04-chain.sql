-- Which manifests a session's chain is judged with, and where the judgement goes.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', NULL, NULL, 'r', 'li');

-- Sessions 1 and 2 are history: n is counter and manifest alike.
SELECT ingest(r_session(1, 'REC-1'), r_session(9, 'REC-2'),
	r_manifest(1, 'REC-1', 3, 3, 103, 0),		-- the nearest below 10, believed
	r_manifest(1, 'REC-1', 5, 5, 105, 0, 'invalid'),-- nearer, not believed
	r_manifest(1, 'REC-1', 9, 9, 109, 0, 'invalid'),-- next to it: in, believed or not
	r_manifest(1, 'REC-1', 12, 12, 100, 7),		-- a recording that goes on
	r_manifest(1, 'REC-1', 1, 1, 100, 5),		-- far below, of the same recording
	r_manifest(1, 'REC-1', 2, 2, 102, 0),		-- far below, of another
	r_manifest(1, 'REC-1', 20, 20, 120, 0),		-- the nearest above
	r_manifest(1, 'REC-1', 21, 21, 121, 0),		-- behind it
	r_manifest(1, 'REC-1', 900, 900, 190, 0)
		|| jsonb_build_object('media_blake2b', digest('blob', 11)),	-- the same media
	r_manifest(1, 'REC-1', 810, 10, 181, 0),	-- the same counter
	r_manifest(9, 'REC-2', 11, 11, 111, 0),		-- another recorder
	r_segment(1, 'REC-1', 12, 100, 7, manifest => digest('bwm', 12)));
-- Session 3 is judged.
SELECT ingest(r_session(3, 'REC-1'),
	r_manifest(3, 'REC-1', 10, 10, 100, 6), r_manifest(3, 'REC-1', 11, 11, 101, 0),
	r_manifest(3, 'REC-1', 5000, 5000, 100, 9, 'invalid'),	-- forged: must not widen the span
	r_manifest(3, 'REC-1', 6000, 0, 100, 9)
		|| '{"kind": null, "dseq": null, "prev": null, "signature": "invalid"}',	-- not parsable
	r_manifest(3, 'REC-1', 14, 14, 114, 0)
		|| '{"kind": "event", "rec": null, "seq": null, "media_blake2b": null}',
	r_segment(3, 'REC-1', 10, 100, 6, manifest => digest('bwm', 10)),
	r_segment(3, 'REC-1', 70, 170, 0),
	r_segment(3, 'REC-1', 71, 171, 0, NULL));

CREATE TEMPORARY TABLE context AS
	SELECT c.*, m.n FROM dv.chain_context(uid('sess', 3)) c
	LEFT JOIN generate_series(0, 6001) AS m(n) ON digest('bwm', m.n) = c.manifest;

SELECT set_eq('SELECT n FROM context WHERE touched', ARRAY[10, 11, 14, 5000], 'touched by the session');
SELECT set_eq('SELECT n FROM context WHERE NOT touched', ARRAY[1, 3, 9, 12, 20, 810, 900], 'its neighbours');
SELECT set_eq('SELECT n FROM context WHERE NOT valid', ARRAY[9, 5000], 'not believed');
SELECT set_eq('SELECT n FROM context WHERE what <> ''plain'' AND has_media', ARRAY[10, 12], 'with media');
SELECT set_eq($$SELECT segment FROM context WHERE what = 'plain'$$, ARRAY[uid('REC-1', 70)::text],
	'a segment without sidecar, if its time is known');
SELECT is((SELECT stored_ms FROM context WHERE n = 10), dv.epoch_ms('2026-11-23T08:02:00Z'), 'stored then');
SELECT set_eq('SELECT what, clock FROM context', $$VALUES ('segment', 'rtc'), ('event', 'rtc'), ('plain', NULL)$$,
	'with the clock, where one is claimed');
SELECT is((SELECT end_ms FROM context WHERE what = 'plain'), dv.epoch_ms('2026-11-20T02:05:00Z'), 'ended then');

-- Docked again later: lateness counts from the first time the bytes were stored.
SELECT ingest(r_session(4, 'REC-1'), r_manifest(4, 'REC-1', 10, 10, 100, 6),
	r_segment(4, 'REC-1', 10, 100, 6, manifest => digest('bwm', 10)) || '{"stored": "2026-11-29T08:02:00.000Z"}');
SELECT is((SELECT stored_ms FROM dv.chain_context(uid('sess', 4)) WHERE manifest = digest('bwm', 10)),
	dv.epoch_ms('2026-11-23T08:02:00Z'), 'stored the first time');
-- A key enrolled later: believed once, believed.
SELECT ingest(r_manifest(4, 'REC-1', 9, 9, 109, 0));
SELECT is((SELECT valid FROM dv.chain_context(uid('sess', 4)) WHERE manifest = digest('bwm', 9)), true,
	'the better verdict counts');
-- The sidecar came a docking later than its media.
SELECT ingest(r_session(5, 'REC-1'), r_manifest(5, 'REC-1', 70, 70, 270, 0),
	r_segment(5, 'REC-1', 70, 270, 0, manifest => digest('bwm', 70)));
SELECT is((SELECT has_media FROM dv.chain_context(uid('sess', 5)) WHERE manifest = digest('bwm', 70)), true,
	'has the media that were there');
SELECT is_empty($$SELECT * FROM dv.chain_context(uid('sess', 5)) WHERE what = 'plain'$$, 'and is not plain');

SELECT throws_ok($$SELECT * FROM dv.chain_context(uid('sess', 99))$$, 'P0002', NULL, 'no such session');
SELECT ingest(r_session(6, NULL));
SELECT is_empty($$SELECT * FROM dv.chain_context(uid('sess', 6))$$, 'an unknown device has no chain');

-- ---- judging ----

SELECT is(dv.judge(uid('sess', 3), jsonb_build_array(f('tap_gap', 'REC-1', 'REC-1/a'), f('tap_late', 'REC-1', 'REC-1/a'))),
	2, 'two findings');
CREATE TEMPORARY TABLE before AS SELECT everything() AS state;
SELECT is(dv.judge(uid('sess', 3), jsonb_build_array(f('tap_gap', 'REC-1', 'REC-1/a'), f('tap_late', 'REC-1', 'REC-1/a'))),
	0, 'again: none');
SELECT is(everything(), (SELECT state FROM before), 'and nothing changed');
SELECT is((SELECT findings FROM dv.dock_session_judged WHERE session = uid('sess', 3)), 2, 'the session is judged');
SELECT is((dv.status() ->> 'sessions_unjudged')::integer, 0, 'sessions without end are not waited for');
SELECT throws_ok($$SELECT dv.judge(uid('sess', 3), '{}')$$, '22023', NULL, 'not a list');
SELECT throws_ok($$SELECT dv.judge(uid('sess', 99), '[]')$$, '23503', NULL, 'no such session to judge');

SELECT * FROM finish();
ROLLBACK;
