-- The integrity report (regulation Art. 32, 33, 38).
--
-- A period is whole Shanghai days, both ends included, on which the catalog
-- learned of things: a recording that ended days ago and was docked today is
-- in today's report.  Totals are read from the day summaries, never from
-- segments.

CREATE FUNCTION dv.report_findings(a_from date, a_to date, a_unit text, a_recorder text, a_max integer)
	RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object(
			'id', finding, 'code', code, 'article', article, 'severity', severity,
			'recorder', recorder, 'unit', unit, 'subject_kind', subject_kind,
			'subject', subject, 'at', utc(at), 'raised_at', utc(raised_at),
			'session', session, 'confidence', confidence, 'detail', detail,
			'text_zh', text_zh, 'text_en', text_en,
			'next_step_zh', next_step_zh, 'next_step_en', next_step_en)
		ORDER BY recorder NULLS LAST, at, code, subject, fact), '[]')
	FROM (SELECT * FROM finding_list
	      WHERE raised_at >= day_start(a_from) AND raised_at < day_start(a_to + 1)
		AND (a_unit IS NULL OR unit = a_unit)
		AND (a_recorder IS NULL OR recorder = a_recorder)
	      ORDER BY raised_at DESC LIMIT a_max) AS f
$$;

CREATE FUNCTION dv.report_recorders(a_from date, a_to date, a_unit text, a_recorder text)
	RETURNS TABLE (recorder text, unit text, sessions numeric, recordings numeric,
		       segments numeric, signed numeric, duration_ms numeric, bytes numeric,
		       violations numeric, warnings numeric, notices numeric, infos numeric)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT b.recorder, b.unit, sum(b.sessions), sum(b.recordings), sum(b.segments),
		sum(b.signed), sum(b.duration_ms), sum(b.bytes),
		sum(b.n) FILTER (WHERE b.severity = 'violation'),
		sum(b.n) FILTER (WHERE b.severity = 'warning'),
		sum(b.n) FILTER (WHERE b.severity = 'notice'),
		sum(b.n) FILTER (WHERE b.severity = 'info')
	FROM (
		SELECT d.recorder, d.unit, d.sessions, d.recordings, d.segments, d.signed,
			d.duration_ms, d.bytes, NULL::text AS severity, 0 AS n
		FROM day_summary d WHERE d.recorded_day BETWEEN a_from AND a_to
		UNION ALL
		SELECT f.recorder, f.unit, 0, 0, 0, 0, 0, 0, f.severity, f.findings
		FROM finding_summary f WHERE f.raised_day BETWEEN a_from AND a_to
		UNION ALL	-- those that were not docked have their line, too
		SELECT c.recorder, coalesce(c.unit, ''), 0, 0, 0, 0, 0, 0, NULL, 0
		FROM recorder_current c WHERE c.retired_at IS NULL
	) AS b
	WHERE (a_unit IS NULL OR b.unit = a_unit) AND (a_recorder IS NULL OR b.recorder = a_recorder)
	GROUP BY b.recorder, b.unit
$$;

CREATE FUNCTION dv.report_integrity(a_from date, a_to date, a_unit text DEFAULT NULL,
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
			'sealed_at_dock', coalesce(sum(r.segments - r.signed), 0),
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
			'signed_by_recorder', r.signed, 'sealed_at_dock', r.segments - r.signed,
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
