-- What people look at.  Read with the rights of the caller, who has dv_read.

CREATE VIEW dv.recorder_list AS
SELECT r.recorder, lpad(to_hex(r.vid), 4, '0') AS vid, lpad(to_hex(r.pid), 4, '0') AS pid,
	r.serial, r.officer, r.unit,
	CASE WHEN r.retired_at IS NULL THEN 'enrolled' ELSE 'retired' END AS state,
	(SELECT count(*) FROM dv.recorder_key k
	 WHERE k.recorder = r.recorder AND NOT EXISTS
		(SELECT FROM dv.recorder_key_revoked x
		 WHERE x.recorder = k.recorder AND x.key = k.key)) AS keys,
	r.reason, r.enrolled_at, r.enrolled_by, r.retired_at, r.retired_reason,
	(SELECT max(s.started_at) FROM dv.dock_session s
	 WHERE s.recorder = r.recorder) AS last_docked_at
FROM dv.recorder_current r;

CREATE VIEW dv.recorder_key_list AS
SELECT k.recorder, k.key_id, dv.hex(k.key) AS key, k.valid_from, k.valid_to, k.reason, k.added_at,
	k.added_by, x.revoked_at, x.reason AS revoked_reason
FROM dv.recorder_key k
LEFT JOIN dv.recorder_key_revoked x USING (recorder, key);

CREATE VIEW dv.session_list AS
SELECT s.session, s.station, s.slot, s.port, lpad(to_hex(s.vid), 4, '0') AS vid,
	lpad(to_hex(s.pid), 4, '0') AS pid, s.serial, s.manufacturer, s.product, s.recorder, s.unit,
	s.officer, s.started_at, l.listed_at, l.card, l.files, l.bytes AS listed_bytes, l.deleted,
	e.ended_at, coalesce(e.outcome, 'open') AS outcome, e.reason, e.planned, e.stored, e.known,
	e.failed, e.bytes, j.judged_at,
	(SELECT count(*) FROM dv.finding f WHERE f.session = s.session) AS findings
FROM dv.dock_session s
LEFT JOIN dv.dock_session_listed l USING (session)
LEFT JOIN dv.dock_session_end e USING (session)
LEFT JOIN dv.dock_session_judged j USING (session);

CREATE VIEW dv.segment_list AS
SELECT s.segment, s.placed_at, s.recorder, s.recording, s.seq, s.session, s.unit, s.officer, s.path,
	dv.hex(s.path_raw) AS path_raw, s.size, dv.hex(s.blob) AS blob, s.stored_at, s.start_at,
	s.end_at, dv.epoch_ms(s.end_at) - dv.epoch_ms(s.start_at) AS duration_ms, s.time_source,
	s.claim_created, s.claim_modified, s.claim_accessed, s.assurance, s.signature, s.digest,
	dv.hex(s.manifest) AS manifest, dv.hex(s.seal_manifest) AS seal_manifest,
	dv.hex(s.seal_signature) AS seal_signature, s.seal_dseq, s.recorded_at
FROM dv.segment s;

CREATE VIEW dv.recording_list AS
SELECT r.recorder, r.recording, r.unit, r.session, s.officer, s.start_at, s.end_at, s.segments,
	s.duration_ms, s.bytes, s.assurance, s.stored_at, r.recorded_at,
	-- About it as a whole and about its segments; an array, so that the index is used.
	(SELECT count(*) FROM dv.finding f WHERE f.subject = ANY (ARRAY(
		SELECT r.recorder || '/' || r.recording
		UNION ALL SELECT g.segment::text FROM dv.segment g
		WHERE g.recorder = r.recorder AND g.recording = r.recording))) AS findings
FROM dv.recording r
CROSS JOIN LATERAL (
	SELECT min(g.start_at) AS start_at, max(g.end_at) AS end_at, count(*) AS segments,
		sum(g.size) AS bytes, max(g.stored_at) AS stored_at, min(g.officer) AS officer,
		sum(dv.believed_ms(g.start_at, g.end_at))::bigint AS duration_ms,
		-- Only as good as its weakest segment.
		CASE WHEN bool_and(g.assurance = 'signed_by_recorder')
		     THEN 'signed_by_recorder' ELSE 'sealed_at_dock' END AS assurance
	FROM dv.segment g WHERE g.recorder = r.recorder AND g.recording = r.recording
) AS s;

CREATE VIEW dv.finding_list AS
SELECT f.finding, f.code, r.article, f.severity, f.recorder, f.unit, f.subject_kind, f.subject,
	f.fact, f.at, f.raised_at, f.session, f.confidence, f.detail, r.text_zh, r.text_en,
	r.next_step_zh, r.next_step_en
FROM dv.finding f
JOIN dv.rule r USING (code);

-- The segments of a recorder that touch one Shanghai day.  A segment is a file
-- of minutes: looking back one day for its start is looking far enough.
CREATE FUNCTION dv.timeline(a_recorder text, a_day date) RETURNS SETOF dv.segment_list
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT * FROM segment_list
	WHERE recorder = a_recorder
		AND placed_at >= day_start(a_day) - interval '1 day'
		AND placed_at < day_start(a_day + 1)
		AND start_at < day_start(a_day + 1) AND end_at > day_start(a_day)
	ORDER BY start_at, seq
$$;

-- The findings of a recorder that lie on one Shanghai day.
CREATE FUNCTION dv.timeline_findings(a_recorder text, a_day date) RETURNS SETOF dv.finding_list
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT * FROM finding_list
	WHERE recorder = a_recorder AND at >= day_start(a_day) AND at < day_start(a_day + 1)
	ORDER BY at, code
$$;

-- The state of the whole, for status and doctor.
CREATE FUNCTION dv.status() RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_build_object(
		'schema_version', (SELECT max(number) FROM schema_version),
		'recorders', (SELECT count(*) FROM recorder_current WHERE retired_at IS NULL),
		'sessions', (SELECT coalesce(sum(sessions), 0) FROM day_summary),
		'sessions_open', (SELECT count(*) FROM dock_session s WHERE NOT EXISTS
			(SELECT FROM dock_session_end e WHERE e.session = s.session)),
		'sessions_unjudged', (SELECT count(*) FROM dock_session_end e WHERE NOT EXISTS
			(SELECT FROM dock_session_judged j WHERE j.session = e.session)),
		'last_docked_at', (SELECT utc(max(started_at)) FROM dock_session),
		'recordings', (SELECT coalesce(sum(recordings), 0) FROM day_summary),
		'segments', (SELECT coalesce(sum(segments), 0) FROM day_summary),
		'bytes', (SELECT coalesce(sum(bytes), 0) FROM day_summary),
		'findings', (SELECT coalesce(sum(findings), 0) FROM finding_summary),
		'database_bytes', pg_database_size(current_database()),
		'server_version', current_setting('server_version'))
$$;
