-- The integrity report, the timeline and the lists.
BEGIN;
SELECT no_plan();
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U1', 'r', 'li');
SELECT dv.enroll('REC-2', 1, 2, 'S2', '019124', 'U2', 'r', 'li');
SELECT dv.enroll('REC-3', 1, 2, 'S3', NULL, 'U1', 'never docked', 'li');
SELECT dv.enroll('REC-4', 1, 2, 'S4', NULL, 'U1', 'gone', 'li'), dv.retire('REC-4', 'lost', 'li');

SELECT results_eq($$SELECT dv.believed_ms('2026-11-20Z', '2026-11-20Z'::timestamptz + t::interval)
		    FROM unnest(ARRAY['0', '1 ms', '24 h', '24 h 1 ms', '-1 ms', NULL]) AS t$$,
	'VALUES (0::bigint), (1), (86400000), (0), (0), (0)', 'a segment lasts a day at most');

-- Recorded on the 20th, docked by the catalog's clock today.
SELECT ingest(r_session(1, 'REC-1'),
	r_segment(1, 'REC-1', 1, 1, 0, '2026-11-20T02:00:00.000Z'),
	r_segment(1, 'REC-1', 2, 1, 1, '2026-11-20T02:05:00.000Z'),
	r_segment(1, 'REC-1', 3, 2, 0, '2026-11-20T15:58:00.000Z'),	-- over midnight in Shanghai
	r_end(1),
	r_session(2, 'REC-2'), r_manifest(2, 'REC-2', 4, 4, 4, 0),
	r_segment(2, 'REC-2', 4, 4, 0, '2026-11-21T02:00:00.000Z', digest('bwm', 4)), r_end(2),
	r_session(3, NULL), r_finding(3, f('tap_unknown', NULL, 'QH-01/A3')));
SELECT dv.judge(uid('sess', 1), jsonb_build_array(f('tap_late', 'REC-1', 'REC-1/' || uid('rec', 1)),
	f('tap_gap', 'REC-1', 'REC-1/' || uid('rec', 1), 'x', 'notice')));
SELECT dv.judge(uid('sess', 2), '[]');

CREATE TEMPORARY TABLE today AS SELECT dv.day_of(now()) AS d;
CREATE TEMPORARY TABLE report AS SELECT dv.report_integrity(d, d) AS r FROM today;

SELECT is(r - 'made_at' - 'recorders' - 'findings', jsonb_build_object('from', d, 'to', d, 'unit', NULL,
	'recorder', NULL, 'findings_omitted', 0, 'totals',
	'{"recorders": 3, "sessions": 3, "recordings": 3, "segments": 4, "signed_by_recorder": 1,
	  "sealed_at_dock": 3, "imported": 0, "duration_ms": 1200000, "bytes": 400, "findings": 3, "violations": 1,
	  "warnings": 1, "notices": 1, "infos": 0,
	  "by_code": {"tap_late": 1, "tap_gap": 1, "tap_unknown": 1}}'::jsonb), 'the whole of today')
FROM report, today;
SELECT is(r -> 'recorders', '[
	{"recorder": "REC-1", "unit": "U1", "officer": "019123", "sessions": 1, "recordings": 2, "segments": 3,
	 "signed_by_recorder": 0, "sealed_at_dock": 3, "imported": 0, "duration_ms": 900000, "bytes": 300,
	 "violations": 1, "warnings": 0, "notices": 1, "infos": 0},
	{"recorder": "REC-2", "unit": "U2", "officer": "019124", "sessions": 1, "recordings": 1, "segments": 1,
	 "signed_by_recorder": 1, "sealed_at_dock": 0, "imported": 0, "duration_ms": 300000, "bytes": 100,
	 "violations": 0, "warnings": 0, "notices": 0, "infos": 0},
	{"recorder": "REC-3", "unit": "U1", "officer": null, "sessions": 0, "recordings": 0, "segments": 0,
	 "signed_by_recorder": 0, "sealed_at_dock": 0, "imported": 0, "duration_ms": 0, "bytes": 0,
	 "violations": 0, "warnings": 0, "notices": 0, "infos": 0}]'::jsonb, 'a line a recorder') FROM report;
SELECT is(jsonb_agg(x - 'raised_at' - 'id' - 'text_zh' - 'text_en' - 'next_step_zh' - 'next_step_en'),
	jsonb_build_array(
	jsonb_build_object('code', 'tap_gap', 'article', 12, 'severity', 'notice', 'recorder', 'REC-1', 'unit', 'U1',
		'subject_kind', 'recording', 'subject', 'REC-1/' || uid('rec', 1), 'at', '2026-11-20T02:05:00.000Z',
		'session', uid('sess', 1), 'confidence', NULL, 'detail', '{"path": "x"}'::jsonb),
	jsonb_build_object('code', 'tap_late', 'article', 32, 'severity', 'violation', 'recorder', 'REC-1',
		'unit', 'U1', 'subject_kind', 'recording', 'subject', 'REC-1/' || uid('rec', 1),
		'at', '2026-11-20T02:05:00.000Z', 'session', uid('sess', 1), 'confidence', NULL,
		'detail', '{"path": "x"}'::jsonb),
	jsonb_build_object('code', 'tap_unknown', 'article', 33, 'severity', 'warning', 'recorder', NULL,
		'unit', NULL, 'subject_kind', 'recording', 'subject', 'QH-01/A3', 'at', '2026-11-20T02:05:00.000Z',
		'session', uid('sess', 3), 'confidence', NULL, 'detail', '{"path": "x"}'::jsonb)),
	'the findings, with their articles') FROM report, jsonb_array_elements(r -> 'findings') AS x;
SELECT ok(bool_and(x ?& ARRAY['id', 'raised_at', 'text_zh', 'text_en', 'next_step_zh', 'next_step_en']),
	'and in words') FROM report, jsonb_array_elements(r -> 'findings') AS x;

-- What was recorded days ago is not in the report of those days: it came today.
SELECT is(dv.report_integrity('2026-11-01', d - 1) -> 'totals' -> 'segments', '0', 'not in the days before') FROM today;
SELECT is(dv.report_integrity(d - 1, d) #> '{totals,segments}', '4', 'the last day is included') FROM today;
SELECT is(dv.report_integrity(d, d + 1) #> '{totals,segments}', '4', 'the first day is included') FROM today;
SELECT is(dv.report_integrity(d + 1, d + 2) #> '{totals,segments}', '0', 'not in the days after') FROM today;
SELECT is(dv.report_integrity(d + 1, d + 2) -> 'findings', '[]', 'no findings either') FROM today;

SELECT is(dv.report_integrity(d, d, 'U2') #> '{totals,segments}', '1', 'one unit') FROM today;
SELECT is(dv.report_integrity(d, d, 'U2') -> 'findings', '[]', 'without the findings of others') FROM today;
SELECT is(jsonb_array_length(dv.report_integrity(d, d, 'U1') -> 'recorders'), 2, 'two recorders in it') FROM today;
SELECT is(dv.report_integrity(d, d, NULL, 'REC-1') #> '{totals,findings}', '2', 'one recorder') FROM today;
SELECT is(dv.report_integrity(d, d, NULL, NULL, 1) -> 'findings_omitted', '2', 'what is left out is counted') FROM today;
SELECT throws_ok($$SELECT dv.report_integrity('2026-11-02', '2026-11-01')$$, '22023', NULL, 'a period backwards');

-- The unit at the time stays, when the recorder goes to another.
SELECT dv.enroll('REC-1', 1, 2, 'S1', '019123', 'U9', 'moved', 'li');
SELECT is(dv.report_integrity(d, d, 'U1') #> '{totals,segments}', '3', 'evidence stays with its unit') FROM today;
SELECT is(dv.report_integrity(d, d, 'U9') #> '{totals,segments}', '0', 'and does not move') FROM today;

-- Summaries are what counting the evidence gives.
SELECT results_eq($$SELECT recorder, sum(segments), sum(recordings), sum(bytes), sum(sessions) FROM dv.day_summary
		    GROUP BY 1 ORDER BY 1$$,
	$$SELECT coalesce(s.recorder, ''), (SELECT count(*)::numeric FROM dv.segment g WHERE g.recorder = s.recorder),
		(SELECT count(*)::numeric FROM dv.recording c WHERE c.recorder = s.recorder),
		coalesce((SELECT sum(size) FROM dv.segment g WHERE g.recorder = s.recorder), 0), count(*)::numeric
	  FROM dv.dock_session s GROUP BY s.recorder ORDER BY 1$$, 'the summaries agree with the evidence');

-- ---- timeline and lists ----

SELECT results_eq($$SELECT seq::integer, start_at FROM dv.timeline('REC-1', '2026-11-20')$$,
	$$VALUES (0, '2026-11-20T02:00:00Z'::timestamptz), (1, '2026-11-20T02:05:00Z'), (0, '2026-11-20T15:58:00Z')$$,
	'a day in order');
SELECT results_eq($$SELECT start_at FROM dv.timeline('REC-1', '2026-11-21')$$,
	$$VALUES ('2026-11-20T15:58:00Z'::timestamptz)$$, 'what goes over midnight is on both days');
SELECT is_empty($$SELECT * FROM dv.timeline('REC-1', '2026-11-19')$$, 'nothing the day before');
SELECT set_eq($$SELECT code FROM dv.timeline_findings('REC-1', '2026-11-20')$$, ARRAY['tap_gap', 'tap_late'],
	'findings of the day');
SELECT results_eq($$SELECT segments, duration_ms, assurance, findings FROM dv.recording_list
		    WHERE recording = uid('rec', 1)$$,
	$$VALUES (2::bigint, 600000::bigint, 'sealed_at_dock', 2::bigint)$$, 'a recording');
SELECT dv.judge(uid('sess', 1), jsonb_build_array(f('checksum_mismatch', 'REC-1', uid('REC-1', 2)::text)
	|| '{"subject_kind": "segment"}'));
SELECT is((SELECT findings FROM dv.recording_list WHERE recording = uid('rec', 1)), 3::bigint,
	'an altered segment counts for its recording');
SELECT is((SELECT findings FROM dv.recording_list WHERE recording = uid('rec', 2)), 0::bigint,
	'and for no other');
SELECT results_eq($$SELECT outcome, findings FROM dv.session_list ORDER BY session$$,
	$$VALUES ('released', 3::bigint), ('released', 0), ('open', 1)$$, 'the sessions');
SELECT is(dv.status() - 'schema_version' - 'database_bytes' - 'server_version',
	'{"recorders": 3, "sessions": 3, "sessions_open": 1, "sessions_unjudged": 0, "recordings": 3,
	  "segments": 4, "bytes": 400, "findings": 4, "last_docked_at": "2026-11-23T08:00:00.000Z"}', 'the status');

SELECT * FROM finish();
ROLLBACK;
