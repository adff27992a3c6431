-- What people look at, and what dockd asks beside ingest, about the facts of 011.

-- Newest first is for the statement to say.
CREATE VIEW dv.recorder_check_list AS
SELECT k.recorder, k.session, k.station, k.phase, k.checked_at, k.battery, k.free, k.capacity,
	k.clock_offset_ms, k.clock_uncertainty_ms, k.clock_set, to_jsonb(k.faults) AS faults,
	k.recorded_at
FROM dv.dock_check k;

-- Enrolled recorders that were docked, and since when each is out of its dock
-- (null: it is in it).  The check when it was taken out says so; where there
-- is none, because dockd was away then or is of an older release, the end of
-- its session does.  One that was released and checked may have stayed in its
-- slot to charge: it is out when the next one was put in.
CREATE VIEW dv.recorder_away AS
SELECT r.recorder, r.officer, r.unit, s.session, s.station, s.slot,
	CASE WHEN k.undocked_at IS NOT NULL THEN k.undocked_at
	     WHEN k.checked AND e.outcome IS DISTINCT FROM 'interrupted' THEN
		(SELECT min(n.started_at) FROM dv.dock_session n
		 WHERE n.station = s.station AND n.slot = s.slot AND n.started_at > s.started_at)
	     ELSE e.ended_at END AS undocked_at
FROM dv.recorder_current r
CROSS JOIN LATERAL (
	SELECT d.session, d.station, d.slot, d.started_at FROM dv.dock_session d
	WHERE d.recorder = r.recorder
		AND NOT EXISTS (SELECT FROM dv.dock_import i WHERE i.session = d.session)
	ORDER BY d.started_at DESC, d.session LIMIT 1
) AS s
LEFT JOIN dv.dock_session_end e ON e.session = s.session
CROSS JOIN LATERAL (
	SELECT max(c.checked_at) FILTER (WHERE c.phase = 'undock') AS undocked_at,
		count(*) > 0 AS checked
	FROM dv.dock_check c WHERE c.session = s.session
) AS k
WHERE r.retired_at IS NULL;

CREATE OR REPLACE VIEW dv.recorder_list AS
SELECT r.recorder, lpad(to_hex(r.vid), 4, '0') AS vid, lpad(to_hex(r.pid), 4, '0') AS pid,
	r.serial, r.officer, r.unit,
	CASE WHEN r.retired_at IS NULL THEN 'enrolled' ELSE 'retired' END AS state,
	(SELECT count(*) FROM dv.recorder_key k
	 WHERE k.recorder = r.recorder AND NOT EXISTS
		(SELECT FROM dv.recorder_key_revoked x
		 WHERE x.recorder = k.recorder AND x.key = k.key)) AS keys,
	r.reason, r.enrolled_at, r.enrolled_by, r.retired_at, r.retired_reason,
	(SELECT max(s.started_at) FROM dv.dock_session s
	 WHERE s.recorder = r.recorder AND NOT EXISTS
		(SELECT FROM dv.dock_import i WHERE i.session = s.session)) AS last_docked_at,
	k.checked_at, k.phase AS check_phase, k.battery, k.free, k.capacity, k.clock_offset_ms,
	k.clock_uncertainty_ms, to_jsonb(k.faults) AS faults,
	(SELECT max(u.checked_at) FROM dv.dock_check u
	 WHERE u.recorder = r.recorder AND u.phase = 'undock') AS last_undocked_at
FROM dv.recorder_current r
-- The last that learned anything: one taken out without warning answers nothing.
LEFT JOIN LATERAL (
	SELECT * FROM dv.dock_check c WHERE c.recorder = r.recorder
	ORDER BY num_nonnulls(c.battery, c.free, c.clock_offset_ms) = 0, c.checked_at DESC LIMIT 1
) AS k ON true;

CREATE OR REPLACE VIEW dv.session_list AS
SELECT s.session, s.station, s.slot, s.port, lpad(to_hex(s.vid), 4, '0') AS vid,
	lpad(to_hex(s.pid), 4, '0') AS pid, s.serial, s.manufacturer, s.product, s.recorder,
	coalesce(s.unit, i.unit)::dv.ident AS unit, coalesce(s.officer, i.officer)::dv.ident AS officer,
	s.started_at, l.listed_at, l.card, l.files, l.bytes AS listed_bytes, l.deleted,
	e.ended_at, coalesce(e.outcome, 'open') AS outcome, e.reason, e.planned, e.stored, e.known,
	e.failed, e.bytes, j.judged_at,
	(SELECT count(*) FROM dv.finding f WHERE f.session = s.session) AS findings,
	u.model AS unlocked_model, lpad(to_hex(u.vid), 4, '0') AS unlocked_vid,
	lpad(to_hex(u.pid), 4, '0') AS unlocked_pid, i.kind AS import_kind, i.source AS import_source,
	i.by AS import_by, i."case" AS import_case, i.reason AS import_reason
FROM dv.dock_session s
LEFT JOIN dv.dock_unlock u USING (session)
LEFT JOIN dv.dock_import i USING (session)
LEFT JOIN dv.dock_session_listed l USING (session)
LEFT JOIN dv.dock_session_end e USING (session)
LEFT JOIN dv.dock_session_judged j USING (session);

-- holes: those of the sighting that the row is about, the first.
CREATE OR REPLACE VIEW dv.segment_list AS
SELECT s.segment, s.placed_at, s.recorder, s.recording, s.seq, s.session, s.unit, s.officer, s.path,
	dv.hex(s.path_raw) AS path_raw, s.size, dv.hex(s.blob) AS blob, s.stored_at, s.start_at,
	s.end_at, dv.epoch_ms(s.end_at) - dv.epoch_ms(s.start_at) AS duration_ms, s.time_source,
	s.claim_created, s.claim_modified, s.claim_accessed, s.assurance, s.signature, s.digest,
	dv.hex(s.manifest) AS manifest, dv.hex(s.seal_manifest) AS seal_manifest,
	dv.hex(s.seal_signature) AS seal_signature, s.seal_dseq, s.recorded_at,
	h.holes, h.hole_bytes
FROM dv.segment s
CROSS JOIN LATERAL (
	SELECT count(*) AS holes, coalesce(sum(x.size), 0) AS hole_bytes FROM dv.segment_hole x
	WHERE x.session = s.session AND x.segment = s.segment
) AS h;

CREATE OR REPLACE VIEW dv.recording_list AS
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
		CASE WHEN bool_or(g.assurance = 'imported') THEN 'imported'
		     WHEN bool_and(g.assurance = 'signed_by_recorder')
		     THEN 'signed_by_recorder' ELSE 'sealed_at_dock' END AS assurance
	FROM dv.segment g WHERE g.recorder = r.recorder AND g.recording = r.recording
) AS s;

-- One row a card ledger.
CREATE VIEW dv.inventory_list AS
SELECT i.recorder, i.session, i.listed_at, i.files, i.parts, p.here = i.parts AS complete,
	p.bytes, dv.hex(i.blob) AS blob, dv.hex(i.signature_blob) AS signature_blob, i.recorded_at
FROM dv.card_inventory i
CROSS JOIN LATERAL (
	SELECT count(*) AS here, sum(octet_length(x.entries)) AS bytes FROM dv.card_inventory x
	WHERE x.session = i.session AND x.parts = i.parts
) AS p
WHERE i.part = 0;

-- One row a file that was to go, and what came of it (ok null: nothing is known).
CREATE VIEW dv.cleared_list AS
SELECT c.recorder, c.session, c.path, dv.hex(c.path_raw) AS path_raw, c.size,
	dv.hex(c.blob) AS blob, c.clearing_at, d.cleared_at, d.ok, d.why, c.recorded_at
FROM dv.card_clearing c
LEFT JOIN LATERAL (
	SELECT x.cleared_at, x.ok, x.why FROM dv.card_cleared x
	WHERE x.session = c.session AND x.path_raw = c.path_raw AND x.cleared_at >= c.clearing_at
	ORDER BY x.cleared_at LIMIT 1
) AS d ON true;

-- ---- for dockd ----

-- The card ledger of this session and the one before it of the same recorder,
-- part by part ('now', 'before'), and what was to be removed from the card
-- since that one ('cleared').  A ledger of which a part is missing is none.
CREATE FUNCTION dv.ledger(a_session uuid)
	RETURNS TABLE (what text, part integer, entries text, path text, path_raw text,
		       size numeric, ok boolean)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	this dock_session;
	before dock_session;
BEGIN
	SELECT * INTO this FROM dock_session s WHERE s.session = a_session;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'session % is not recorded', a_session
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT s.* INTO before FROM inventory_list l JOIN dock_session s USING (session)
	WHERE l.recorder = this.recorder AND l.complete AND s.started_at < this.started_at
	ORDER BY s.started_at DESC, s.session LIMIT 1;
	RETURN QUERY
	SELECT CASE WHEN i.session = a_session THEN 'now' ELSE 'before' END, i.part, i.entries::text,
		NULL::text, NULL::text, NULL::numeric, NULL::boolean
	FROM card_inventory i JOIN inventory_list l USING (session)
	WHERE i.session IN (a_session, before.session) AND i.recorder = this.recorder AND l.complete
	ORDER BY 1, 2;
	RETURN QUERY
	SELECT 'cleared', NULL::integer, NULL::text, c.path::text, c.path_raw, c.size::numeric, c.ok
	FROM cleared_list c
	WHERE c.recorder = this.recorder AND c.clearing_at >= before.started_at
	ORDER BY c.clearing_at DESC, c.path_raw LIMIT 65536;
END
$$;

-- Which of these blobs, by their place from 0, the catalog has as segments of
-- the session's recorder: only these may be removed from it.
CREATE FUNCTION dv.recorded(a_session uuid, a_blobs text[]) RETURNS TABLE (i integer)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_recorder text;
BEGIN
	SELECT s.recorder INTO a_recorder FROM dock_session s WHERE s.session = a_session;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'session % is not recorded', a_session
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY
	SELECT b.place::integer - 1 FROM unnest(a_blobs) WITH ORDINALITY AS b(hash, place)
	WHERE EXISTS (SELECT FROM segment g
		      WHERE g.blob = unhex(b.hash::digest_hex) AND g.recorder = a_recorder)
	ORDER BY 1;
END
$$;

-- Which of these files {path, size}, by their place from 0, came in from this
-- recorder before: whoever deletes such a one hides nothing.  cleared: the dock
-- removed it itself, as far as is known.  By the path as shown, which is all
-- that a card ledger has, and tells as much as its bytes.
CREATE FUNCTION dv.stored(a_recorder text, a_files jsonb)
	RETURNS TABLE (i integer, cleared boolean)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT f.place::integer - 1,
		(f.path, f.size) IN (SELECT c.path::text, c.size::numeric FROM cleared_list c
				     WHERE c.recorder = a_recorder AND c.ok IS NOT false)
	FROM (SELECT value ->> 'path' AS path, (value ->> 'size')::numeric AS size,
		     ordinality AS place
	      FROM jsonb_array_elements(a_files) WITH ORDINALITY) AS f
	WHERE (f.path, f.size) IN (SELECT g.path::text, g.size::numeric FROM segment g
				   WHERE g.recorder = a_recorder)
	ORDER BY 1
$$;

-- Raise `not_docked`, once for each time that an officer's recorder stays away
-- for more than a day.  Returns how many are new.
CREATE FUNCTION dv.sweep_not_docked() RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	most constant interval := interval '24 hours';
	late text[];
	x record;
	n integer := 0;
BEGIN
	SELECT array_agg(a.recorder::text) INTO late FROM recorder_away a
	WHERE a.officer IS NOT NULL AND a.undocked_at < now() - most
		AND NOT EXISTS (SELECT FROM finding f
			WHERE f.finding = finding_id('not_docked', a.recorder, a.session::text));
	PERFORM lock_recorders(late);
	-- Again: while waiting for the locks, one may have been docked.
	FOR x IN SELECT * FROM recorder_away a
		 WHERE a.recorder = ANY (late) AND a.officer IS NOT NULL
			AND a.undocked_at < now() - most
		 ORDER BY a.recorder
	LOOP
		n := n + raise_finding(x.session, jsonb_build_object('code', 'not_docked',
			'subject_kind', 'recorder', 'subject', x.recorder, 'recorder', x.recorder,
			'fact', x.session, 'at', utc(x.undocked_at + most),
			'detail', jsonb_build_object('undocked', utc(x.undocked_at),
				'officer', x.officer, 'station', x.station, 'slot', x.slot,
				'limit_ms', 86400000)))::integer;
	END LOOP;
	RETURN n;
END
$$;

-- ---- the report tells imports apart ----

DROP FUNCTION dv.report_recorders(date, date, text, text);
CREATE FUNCTION dv.report_recorders(a_from date, a_to date, a_unit text, a_recorder text)
	RETURNS TABLE (recorder text, unit text, sessions numeric, recordings numeric,
		       segments numeric, signed numeric, imported numeric, duration_ms numeric,
		       bytes numeric, violations numeric, warnings numeric, notices numeric,
		       infos numeric)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT b.recorder, b.unit, sum(b.sessions), sum(b.recordings), sum(b.segments),
		sum(b.signed), sum(b.imported), sum(b.duration_ms), sum(b.bytes),
		sum(b.n) FILTER (WHERE b.severity = 'violation'),
		sum(b.n) FILTER (WHERE b.severity = 'warning'),
		sum(b.n) FILTER (WHERE b.severity = 'notice'),
		sum(b.n) FILTER (WHERE b.severity = 'info')
	FROM (
		SELECT d.recorder, d.unit, d.sessions, d.recordings, d.segments, d.signed,
			d.imported, d.duration_ms, d.bytes, NULL::text AS severity, 0 AS n
		FROM day_summary d WHERE d.recorded_day BETWEEN a_from AND a_to
		UNION ALL
		SELECT f.recorder, f.unit, 0, 0, 0, 0, 0, 0, 0, f.severity, f.findings
		FROM finding_summary f WHERE f.raised_day BETWEEN a_from AND a_to
		UNION ALL	-- those that were not docked have their line, too
		SELECT c.recorder, coalesce(c.unit, ''), 0, 0, 0, 0, 0, 0, 0, NULL, 0
		FROM recorder_current c WHERE c.retired_at IS NULL
	) AS b
	WHERE (a_unit IS NULL OR b.unit = a_unit) AND (a_recorder IS NULL OR b.recorder = a_recorder)
	GROUP BY b.recorder, b.unit
$$;

CREATE OR REPLACE FUNCTION dv.report_integrity(a_from date, a_to date, a_unit text DEFAULT NULL,
				    a_recorder text DEFAULT NULL, a_max integer DEFAULT 20000)
	RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	totals jsonb;
	recorders jsonb;
	found jsonb;
BEGIN
	IF a_from IS NULL OR a_to IS NULL OR a_to < a_from THEN
		RAISE EXCEPTION 'report: the period ends before it begins'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT jsonb_build_object(
			'recorders', count(DISTINCT r.recorder) FILTER (WHERE r.recorder <> ''),
			'sessions', coalesce(sum(r.sessions), 0),
			'recordings', coalesce(sum(r.recordings), 0),
			'segments', coalesce(sum(r.segments), 0),
			'signed_by_recorder', coalesce(sum(r.signed), 0),
			'sealed_at_dock', coalesce(sum(r.segments - r.signed - r.imported), 0),
			'imported', coalesce(sum(r.imported), 0),
			'duration_ms', coalesce(sum(r.duration_ms), 0),
			'bytes', coalesce(sum(r.bytes), 0),
			'violations', coalesce(sum(r.violations), 0),
			'warnings', coalesce(sum(r.warnings), 0),
			'notices', coalesce(sum(r.notices), 0),
			'infos', coalesce(sum(r.infos), 0)),
		coalesce(jsonb_agg(jsonb_build_object(
			'recorder', r.recorder, 'unit', nullif(r.unit, ''),
			'officer', officer_of(r.recorder), 'sessions', r.sessions,
			'recordings', r.recordings, 'segments', r.segments,
			'signed_by_recorder', r.signed,
			'sealed_at_dock', r.segments - r.signed - r.imported, 'imported', r.imported,
			'duration_ms', r.duration_ms, 'bytes', r.bytes,
			'violations', coalesce(r.violations, 0), 'warnings', coalesce(r.warnings, 0),
			'notices', coalesce(r.notices, 0), 'infos', coalesce(r.infos, 0))
			ORDER BY r.recorder, r.unit) FILTER (WHERE r.recorder <> ''), '[]')
	INTO totals, recorders
	FROM report_recorders(a_from, a_to, a_unit, a_recorder) AS r;
	SELECT jsonb_build_object('findings', coalesce(sum(f.findings), 0),
			'by_code', coalesce((SELECT jsonb_object_agg(c.code, c.n) FROM
				(SELECT s.code, sum(s.findings) AS n FROM finding_summary s
				 WHERE s.raised_day BETWEEN a_from AND a_to
					AND (a_unit IS NULL OR s.unit = a_unit)
					AND (a_recorder IS NULL OR s.recorder = a_recorder)
				 GROUP BY s.code) AS c), '{}'))
		|| totals
	INTO totals
	FROM finding_summary f
	WHERE f.raised_day BETWEEN a_from AND a_to AND (a_unit IS NULL OR f.unit = a_unit)
		AND (a_recorder IS NULL OR f.recorder = a_recorder);
	found := report_findings(a_from, a_to, a_unit, a_recorder, a_max);
	RETURN jsonb_build_object('from', a_from, 'to', a_to, 'unit', a_unit, 'recorder', a_recorder,
		'made_at', utc(now()), 'totals', totals, 'recorders', recorders, 'findings', found,
		'findings_omitted', (totals ->> 'findings')::bigint - jsonb_array_length(found));
END
$$;
