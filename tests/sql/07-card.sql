-- What is learned of a recorder at the dock and done to its card, and what dockd asks about it.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019124', 'U2', 'r', 'li');
SELECT throws_ok($$SELECT dv.enroll('IMPORT', 1, 2, 'S3', NULL, NULL, 'r', 'li')$$, '23514', NULL,
	'no recorder is called what imports are called');

-- ---- into rows, once however often they come ----

CREATE TEMPORARY TABLE batch AS SELECT ARRAY[
	r_session(1, 'REC-1'), r_unlocked(1), r_check(1, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z')
		|| '{"faults": ["the card is worn", "no answer to 5011"]}'
		|| jsonb_build_object('findings', jsonb_build_array(f('battery_low', 'REC-1', 'REC-1'))),
	r_segment(1, 'REC-1', 1, 1, 0) || '{"holes": [{"offset": 0, "size": 10}, {"offset": 90, "size": 10}]}',
	r_segment(1, 'REC-1', 2, 2, 0) || '{"holes": []}',
	r_segment(1, 'REC-1', 3, 3, 0) || '{"holes": null}',
	r_inventory(1, 'REC-1', 0, 2), r_inventory(1, 'REC-1', 1, 2),
	r_clearing(1, 'REC-1', 1), r_cleared(1, 'REC-1', 1, true),
	r_clearing(1, 'REC-1', 2), r_cleared(1, 'REC-1', 2, false)
		|| jsonb_build_object('findings', jsonb_build_array(f('clear_failed', 'REC-1', 'REC-1', 'a'))),
	r_challenge(1, 'REC-1', 1), r_end(1)] AS records;
SELECT is((SELECT ingest(VARIADIC records) FROM batch), 14, 'fourteen records are new');
CREATE TEMPORARY TABLE before AS SELECT everything() AS state;
SELECT is((SELECT ingest(VARIADIC records) FROM batch), 0, 'again: none is new');
SELECT is((SELECT ingest(VARIADIC records[3:9]) FROM batch), 0, 'a part of them: none is new');
SELECT is(everything(), (SELECT state FROM before), 'and nothing changed');
SELECT is((SELECT count(*) FROM dv.blob WHERE hash = dv.unhex(digest('ledger', 1))), 1::bigint,
	'the ledger is a blob of ours');

SELECT results_eq($$SELECT phase, battery, free::bigint, capacity::bigint, clock_offset_ms, clock_uncertainty_ms::bigint,
		clock_set, faults FROM dv.recorder_check_list$$,
	$$VALUES ('dock', 80, 1000::bigint, 64000::bigint, -1500::bigint, 20::bigint, false,
		'["the card is worn", "no answer to 5011"]'::jsonb)$$, 'the check');
SELECT results_eq('SELECT unlocked_model, unlocked_vid, unlocked_pid, vid, import_kind FROM dv.session_list',
	$$VALUES ('maker-1'::dv.words, '4255', '0001', '1d6b', NULL::text)$$, 'what it was, and what it is');
SELECT results_eq('SELECT path::text, holes, hole_bytes FROM dv.segment_list ORDER BY path',
	$$VALUES ('DCIM/1.mp4', 2::bigint, 20::numeric), ('DCIM/2.mp4', 0, 0), ('DCIM/3.mp4', 0, 0)$$,
	'what the card did not give');
SELECT is_empty($$SELECT * FROM dv.known('REC-1', digest('fp', 1))$$, 'a file with holes is read again');
SELECT isnt_empty($$SELECT * FROM dv.known('REC-1', digest('fp', 3))$$, 'one without is known');
SELECT results_eq('SELECT files::integer, parts, complete, bytes FROM dv.inventory_list',
	$$VALUES (7, 2, true, 34::bigint)$$, 'the ledger');
SELECT results_eq('SELECT path::text, ok, why::text FROM dv.cleared_list ORDER BY path',
	$$VALUES ('DCIM/1.mp4', true, NULL), ('DCIM/2.mp4', false, 'write-protected')$$, 'what was cleared');
SELECT set_eq('SELECT code, severity::text FROM dv.finding',
	$$VALUES ('battery_low', 'warning'), ('clear_failed', 'warning')$$, 'their findings');

-- Tried again later in the session, it is another attempt; and one of which nobody heard.
SELECT is(ingest(r_clearing(1, 'REC-1', 2, '2026-11-23T08:05:00.000Z'),
		 r_cleared(1, 'REC-1', 2, true, '2026-11-23T08:05:01.000Z'),
		 r_clearing(1, 'REC-1', 3, '2026-11-23T08:05:00.000Z')), 3, 'three more');
SELECT results_eq('SELECT path::text, ok FROM dv.cleared_list ORDER BY path, clearing_at',
	$$VALUES ('DCIM/1.mp4', true), ('DCIM/2.mp4', false), ('DCIM/2.mp4', true), ('DCIM/3.mp4', NULL)$$,
	'each attempt has its outcome');

-- Zeros that a card gave are another sighting of the same bytes.
SELECT is(ingest(r_session(2, 'REC-1', '2026-11-24T08:00:00.000Z'), r_segment(2, 'REC-1', 1, 1, 0)), 2, 'read whole');
SELECT is((SELECT holes FROM dv.segment_list WHERE path = 'DCIM/1.mp4'), 2::bigint, 'the first sighting stays what it was');

-- ---- a note comes before the session that it names ----

SELECT is(ingest(r_check(3, 'REC-1', 'undock', '2026-11-25T09:00:00.000Z') || '{"battery": null, "free": null,
		"capacity": null, "clock_offset_ms": null, "clock_uncertainty_ms": null}'
		|| jsonb_build_object('findings', jsonb_build_array(f('storage_low', 'REC-1', 'REC-1'))),
	r_clearing(3, 'REC-1', 9), r_cleared(3, 'REC-1', 9, true), r_challenge(3, 'REC-1', 2)), 4,
	'a check before its session');
SELECT is((SELECT session FROM dv.finding WHERE code = 'storage_low'), uid('sess', 3), 'with its finding');
SELECT results_eq($$SELECT last_undocked_at, check_phase, battery FROM dv.recorder_list WHERE recorder = 'REC-1'$$,
	$$VALUES ('2026-11-25T09:00:00Z'::timestamptz, 'dock', 80)$$,
	'the last check is the last that learned anything');
SELECT is(ingest(r_session(3, 'REC-1', '2026-11-25T08:00:00.000Z'), r_end(3)), 2, 'the session comes later');
SELECT is((SELECT findings FROM dv.session_list WHERE session = uid('sess', 3)), 1::bigint, 'and has it');

-- ---- an import ----

SELECT is(ingest(r_session(4, NULL) || '{"usb": null, "slot": "import", "port": "import"}', r_import(4),
	r_segment(4, 'IMPORT', 40, 40, 0) || '{"assurance": "imported"}'
		|| jsonb_build_object('findings', jsonb_build_array(f('tap_gap', 'IMPORT', 'IMPORT/40'))),
	r_end(4)), 4, 'what a person brought');
SELECT results_eq($$SELECT vid, unit::text, officer::text, import_kind, import_source::text, import_by, import_case::text,
		import_reason FROM dv.session_list WHERE session = uid('sess', 4)$$,
	$$VALUES (NULL::text, 'U7', '019123', 'folder', '/mnt/stick', 'li', '〔2026〕12 号', 'recorder lost')$$,
	'who brought what, and why');
SELECT is((SELECT unit::text FROM dv.segment WHERE recorder = 'IMPORT'), 'U7', 'its unit is the one he named');
SELECT is((SELECT unit::text FROM dv.finding WHERE recorder = 'IMPORT'), 'U7', 'its findings'' too');
SELECT is((SELECT assurance FROM dv.recording_list WHERE recorder = 'IMPORT'), 'imported', 'and it is no better');
CREATE TEMPORARY TABLE today AS SELECT dv.day_of(now()) AS d;
SELECT is(dv.report_integrity(d, d, 'U7') -> 'totals' @> '{"imported": 1, "sealed_at_dock": 0, "signed_by_recorder": 0,
	"segments": 1}', true, 'the report tells it apart') FROM today;
SELECT is((SELECT last_docked_at FROM dv.recorder_list WHERE recorder = 'REC-2'), NULL, 'not docked yet');
SELECT is(ingest(r_session(5, 'REC-2') || '{"usb": null, "slot": "import", "port": "import"}', r_import(5)), 2,
	'an import for a recorder');
SELECT is((SELECT last_docked_at FROM dv.recorder_list WHERE recorder = 'REC-2'), NULL, 'is no docking');

-- ---- what is refused, and by which name ----

CREATE TEMPORARY TABLE refused (what text, record jsonb, state text, message text);
INSERT INTO refused VALUES
	('a battery of 101 percent', r_check(9, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z') || '{"battery": 101}', '23514', 'check'),
	('a phase nobody knows', r_check(9, 'REC-1', 'lunch', '2026-11-23T08:00:01.000Z'), '23514', 'check'),
	('a check of nobody', r_check(9, NULL, 'dock', '2026-11-23T08:00:01.000Z'), '23502', 'check'),
	('faults that are none', r_check(9, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z') - 'faults', '23502', 'check'),
	('a fault that is null', r_check(9, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z') || '{"faults": [null]}', '23514', 'check'),
	('65 faults', r_check(9, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z')
		|| jsonb_build_object('faults', array_fill('x'::text, ARRAY[65])), '23514', 'check'),
	('a check whose finding is none', r_check(9, 'REC-1', 'dock', '2026-11-23T08:00:01.000Z')
		|| jsonb_build_object('findings', jsonb_build_array(f('no_such', 'REC-1', 'x'))), '23503', 'check'),
	('an unlock before its session', r_unlocked(77), '23503', 'unlocked'),
	('an unlock from nothing', r_unlocked(1) || '{"from": null}', '22023', 'unlocked'),
	('an unlock from a bad device', jsonb_set(r_unlocked(1), '{from,vid}', '"12"'), '22023', 'unlocked'),
	('an import of another kind', r_import(1) || '{"kind": "tape"}', '23514', 'import'),
	('an import by nobody', r_import(1) || '{"by": " "}', '23514', 'import'),
	('an import without a reason', r_import(1) || '{"reason": null}', '23502', 'import'),
	('an import before its session', r_import(77), '23503', 'import'),
	('a part beyond the last', r_inventory(9, 'REC-1', 2, 2), '23514', 'inventory'),
	('65 parts', r_inventory(9, 'REC-1', 0, 65), '23514', 'inventory'),
	('entries without end', r_inventory(9, 'REC-1', 0, 1)
		|| jsonb_build_object('entries', repeat('x', 524289)), '23514', 'inventory'),
	('a ledger that is nowhere', r_inventory(9, 'REC-1', 0, 1) || '{"blob": null}', '23502', 'inventory'),
	('a path without end', r_clearing(9, 'REC-1', 1)
		|| jsonb_build_object('path_raw', repeat('00', 1025)), '23514', 'clearing'),
	('a failure without a reason', r_cleared(9, 'REC-1', 1, false) || '{"why": null}', '23514', 'cleared'),
	('neither gone nor there', r_cleared(9, 'REC-1', 1, true) || '{"ok": null}', '23502', 'cleared'),
	('half a nonce', r_challenge(9, 'REC-1', 1) || '{"nonce": "00ff"}', '23514', 'challenge'),
	('holes that are none', r_segment(1, 'REC-1', 50, 1, 0) || '{"holes": 7}', '22023', 'segment'),
	('a hole beyond the end', r_segment(1, 'REC-1', 50, 1, 0) || '{"holes": [{"offset": 90, "size": 11}]}', '22023', 'segment'),
	('an empty hole', r_segment(1, 'REC-1', 50, 1, 0) || '{"holes": [{"offset": 90, "size": 0}]}', '23514', 'segment'),
	('a hole without size', r_segment(1, 'REC-1', 50, 1, 0) || '{"holes": [{"offset": 90}]}', '23502', 'segment'),
	('a session that says nothing of its device', r_session(60, 'REC-1') - 'usb', '22023', 'session'),
	('a device without a product', jsonb_set(r_session(60, 'REC-1'), '{usb,pid}', 'null'), '22023', 'session'),
	('a finding of no session', r_finding(77, f('tap_gap', 'REC-1', 'x')), '23503', 'finding');
CREATE TEMPORARY TABLE unharmed AS SELECT everything() AS state;
SELECT alike(try_as('dv_ingest', format('SELECT dv.ingest(%L)', jsonb_build_array(r_session(61, 'REC-1'), record))),
	state || ' record 2 (' || message || ' of session ' || (record ->> 'session') || '): %', 'refused: ' || what)
FROM refused;
SELECT is(everything(), (SELECT state FROM unharmed), 'and of such batches nothing stays');

-- ---- the ledger of a session and the one before it ----

SELECT is(ingest(r_session(10, 'REC-2', '2026-11-10T08:00:00.000Z'), r_inventory(10, 'REC-2', 0, 1),
	r_session(11, 'REC-2', '2026-11-11T08:00:00.000Z'), r_inventory(11, 'REC-2', 0, 2),
		r_inventory(11, 'REC-2', 1, 2), r_clearing(11, 'REC-2', 1, '2026-11-11T09:00:00.000Z'),
	r_session(12, 'REC-2', '2026-11-12T08:00:00.000Z'), r_inventory(12, 'REC-2', 1, 2),	-- a part is missing
		r_clearing(12, 'REC-2', 2, '2026-11-12T09:00:00.000Z')
			|| '{"modified": "2026-11-12T16:59:58"}', r_cleared(12, 'REC-2', 2, false, '2026-11-12T09:00:01.000Z'),
	r_clearing(10, 'REC-2', 3, '2026-11-10T09:00:00.000Z'),
	r_session(13, 'REC-2', '2026-11-13T08:00:00.000Z'), r_inventory(13, 'REC-2', 0, 1),
	r_session(14, 'REC-1', '2026-11-12T10:00:00.000Z'), r_inventory(14, 'REC-1', 0, 1),	-- another's
	r_session(15, NULL, '2026-11-12T10:00:00.000Z')), 16, 'dockings with ledgers');
SELECT results_eq($$SELECT what, part, entries, path, path_raw, size::integer, ok FROM dv.ledger(uid('sess', 13))$$,
	$$VALUES ('before', 0, E'session 11 part 0\n', NULL::text, NULL::text, NULL::integer, NULL::boolean),
		('before', 1, E'session 11 part 1\n', NULL, NULL, NULL, NULL),
		('now', 0, E'session 13 part 0\n', NULL, NULL, NULL, NULL),
		('cleared', NULL, NULL, 'DCIM/2.mp4', '4443494d2f32', 100, false),
		('cleared', NULL, NULL, 'DCIM/1.mp4', '4443494d2f31', 100, NULL)$$,
	'the last whole one, and what was cleared since');
SELECT results_eq($$SELECT modified FROM dv.ledger(uid('sess', 13)) WHERE what = 'cleared'$$,
	$$VALUES ('2026-11-12T16:59:58'), (NULL)$$, 'with the time of change, where it is known');
SELECT results_eq($$SELECT what, part FROM dv.ledger(uid('sess', 12)) WHERE what <> 'cleared'$$,
	$$VALUES ('before', 0), ('before', 1)$$, 'a ledger of which a part is missing is none');
SELECT results_eq($$SELECT what, entries FROM dv.ledger(uid('sess', 10))$$,
	$$VALUES ('now', E'session 10 part 0\n')$$, 'the first has none before it, and nothing to excuse');
SELECT is_empty($$SELECT * FROM dv.ledger(uid('sess', 15))$$, 'a stranger has none');
SELECT throws_ok($$SELECT * FROM dv.ledger(uid('sess', 99))$$, 'P0002', NULL, 'not before the session is recorded');

-- ---- what may be removed, and what nobody hid ----

SELECT is(ingest(r_segment(1, 'REC-1', 50, 50, 0), r_segment(1, 'REC-1', 51, 51, 0), r_clearing(1, 'REC-1', 51),
	r_cleared(1, 'REC-1', 51, false)), 4, 'one more on the card, and one that would not go');

SELECT results_eq(format('SELECT * FROM dv.recorded(%L, %L)', uid('sess', 1),
		ARRAY[digest('blob', 9), digest('blob', 2), digest('blob', 40), digest('blob', 1)]),
	'VALUES (1), (3)', 'recorded, of this recorder');
SELECT is_empty(format('SELECT * FROM dv.recorded(%L, %L)', uid('sess', 15), ARRAY[digest('blob', 1)]),
	'a stranger has nothing recorded');
SELECT is_empty(format('SELECT * FROM dv.recorded(%L, ''{}'')', uid('sess', 1)), 'nothing is nothing');
SELECT throws_ok($$SELECT * FROM dv.recorded(uid('sess', 99), '{}')$$, 'P0002', NULL, 'no such session');
SELECT throws_ok($$SELECT * FROM dv.recorded(uid('sess', 1), '{00}')$$, '23514', NULL, 'not an address');
SELECT results_eq($$SELECT * FROM dv.stored('REC-1', '[{"path": "DCIM/3.mp4", "size": 100},
		{"path": "DCIM/3.mp4", "size": 101}, {"path": "DCIM/none.mp4", "size": 100},
		{"path": "DCIM/1.mp4", "size": 100}, {"path": "DCIM/50.mp4", "size": 100}, {"path": "DCIM/51.mp4", "size": 100}]')$$,
	'VALUES (0, true), (3, true), (4, false), (5, false)', 'stored before, by path and size, and what the dock removed');
-- Segments claim 2026-11-20T10:05:00; of the first three that were cleared no time is known.
SELECT is(ingest(r_segment(1, 'REC-1', 53, 53, 0), r_clearing(1, 'REC-1', 53) || '{"modified": "2026-11-20T10:05:00"}',
	r_segment(1, 'REC-1', 54, 54, 0), r_clearing(1, 'REC-1', 54) || '{"modified": "2026-11-21T10:05:00"}',
	r_cleared(1, 'REC-1', 54, true) || '{"modified": "2026-11-21T10:05:00"}'), 5, 'cleared, and their times are known');
SELECT results_eq($$SELECT * FROM dv.stored('REC-1', '[
		{"path": "DCIM/53.mp4", "size": 100, "modified": "2026-11-20T10:05:00"},
		{"path": "DCIM/53.mp4", "size": 100, "modified": "2026-11-20T10:05:02"},
		{"path": "DCIM/53.mp4", "size": 100, "modified": null},
		{"path": "DCIM/54.mp4", "size": 100, "modified": "2026-11-20T10:05:00"},
		{"path": "DCIM/3.mp4", "size": 100, "modified": "2026-11-20T10:05:00"},
		{"path": "DCIM/3.mp4", "size": 100, "modified": "2026-11-20T10:05:02"}]')$$,
	'VALUES (0, true), (2, true), (3, false), (4, true)', 'by the time of change, too, where both sides know it');
SELECT results_eq($$SELECT modified FROM dv.cleared_list WHERE path IN ('DCIM/53.mp4', 'DCIM/54.mp4') ORDER BY path$$,
	$$VALUES ('2026-11-20T10:05:00'), ('2026-11-21T10:05:00')$$, 'as the device wrote it');
SELECT is_empty($$SELECT * FROM dv.stored('REC-2', '[{"path": "DCIM/3.mp4", "size": 100}]')$$, 'by its recorder alone');
SELECT throws_ok($$SELECT * FROM dv.stored('REC-1', '{}')$$, '22023', NULL, 'not a list');

-- ---- who was not docked for a day ----

SELECT dv.enroll('REC-' || n, 1, 2, 'S' || n, CASE WHEN n <> 29 THEN '0192' || n END, 'U3', 'r', 'li')
FROM generate_series(20, 30) AS n;
CREATE FUNCTION pg_temp.ago(hours numeric) RETURNS text LANGUAGE sql
	RETURN dv.utc(date_trunc('second', now()) - hours * interval '1 hour');
-- n is the recorder and the session; each in a slot of its own.
CREATE FUNCTION pg_temp.docked(n integer, recorder text, hours numeric, outcome text DEFAULT 'released') RETURNS integer
	LANGUAGE sql RETURN ingest(r_session(n, recorder, pg_temp.ago(hours)) || jsonb_build_object('slot', 'S' || n),
		r_end(n) || jsonb_build_object('ended', pg_temp.ago(hours - 0.1), 'outcome', outcome));
SELECT is(pg_temp.docked(n, 'REC-' || n, 50), 2, 'docked: ' || n) FROM generate_series(20, 25) AS n;
-- 20: no check at all; 21: taken out two days ago; 22: an hour ago; 23: it still charges; 24: it did, until
-- another took its slot; 25: docked again, two days late.
SELECT ingest(r_check(21, 'REC-21', 'ready', pg_temp.ago(49.5)), r_check(21, 'REC-21', 'undock', pg_temp.ago(48)),
	r_check(22, 'REC-22', 'undock', pg_temp.ago(1)), r_check(23, 'REC-23', 'ready', pg_temp.ago(49.5)),
	r_check(24, 'REC-24', 'ready', pg_temp.ago(49.5)),
	r_session(124, NULL, pg_temp.ago(30)) || '{"slot": "S24"}',
	r_session(125, 'REC-25', pg_temp.ago(2)) || '{"slot": "S25"}',
	-- 26: unplugged while it was read; 27: it is being read since yesterday; 29: nobody's; 30: retired.
	r_session(127, 'REC-27', pg_temp.ago(26)) || '{"slot": "S27"}');
SELECT pg_temp.docked(26, 'REC-26', 50, 'interrupted'), pg_temp.docked(29, 'REC-29', 50), pg_temp.docked(30, 'REC-30', 50);
SELECT ingest(r_check(26, 'REC-26', 'dock', pg_temp.ago(50)));
SELECT dv.retire('REC-30', 'broken', 'li');

CREATE FUNCTION pg_temp.sweep() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	n integer;
BEGIN
	SET LOCAL ROLE dv_ingest;
	n := dv.sweep_not_docked();
	RESET ROLE;
	RETURN n;
END
$$;
CREATE TEMPORARY TABLE swept AS SELECT pg_temp.sweep() AS n;
SELECT is((SELECT n FROM swept), (SELECT count(*)::integer FROM dv.finding WHERE code = 'not_docked'), 'as many as it says');
SELECT is((SELECT sum(findings) FROM dv.finding_summary WHERE code = 'not_docked'), (SELECT n FROM swept)::numeric,
	'and as many in the summary');
SELECT set_eq($$SELECT recorder::text FROM dv.finding WHERE code = 'not_docked' AND unit = 'U3'$$,
	ARRAY['REC-20', 'REC-21', 'REC-24', 'REC-25', 'REC-26'], 'these are, or were, away for more than a day');
SELECT results_eq($$SELECT subject_kind, subject, session, severity::text, dv.utc(at), detail ->> 'undocked', detail ->> 'officer'
	FROM dv.finding WHERE recorder = 'REC-21' AND code = 'not_docked'$$,
	$$SELECT 'recorder', 'REC-21', uid('sess', 21), 'violation', pg_temp.ago(24), pg_temp.ago(48), '019221'$$,
	'since when, and whose it is');
SELECT is((SELECT undocked_at FROM dv.recorder_away WHERE recorder = 'REC-24')::text,
	(SELECT started_at FROM dv.dock_session WHERE session = uid('sess', 124))::text, 'out when the next came in');
SELECT is(pg_temp.sweep(), 0, 'once each');
SELECT ingest(r_check(20, 'REC-20', 'undock', pg_temp.ago(47)));
SELECT is(pg_temp.sweep(), 0, 'also when it turns out since when exactly');
SELECT pg_temp.docked(220, 'REC-20', 40);
SELECT is(pg_temp.sweep(), 1, 'and once more when it stays away again');

-- ---- the words of rules ----

SELECT set_eq($$SELECT code, article FROM dv.rule WHERE code IN ('battery_low', 'storage_low', 'not_docked', 'name_gap',
		'foreign_file', 'card_changed', 'clear_failed', 'challenge_unanswered')$$,
	$$VALUES ('battery_low', 13), ('storage_low', 13), ('not_docked', 32), ('name_gap', 12), ('foreign_file', 35),
		('card_changed', 35), ('clear_failed', 33), ('challenge_unanswered', 12)$$, 'each cites its article');
SELECT ok(text_zh LIKE '%迹象%' AND text_en LIKE '%sign%', code || ' is a sign, no proof')
FROM dv.rule WHERE code IN ('name_gap', 'foreign_file', 'card_changed', 'challenge_unanswered', 'deleted_on_recorder');

SELECT is(ingest(r_clearing(9, 'REC-1', 52) || '{"path_raw": ""}'), 1,
	'an object of MTP may have no name at all');

SELECT * FROM finish();
ROLLBACK;
