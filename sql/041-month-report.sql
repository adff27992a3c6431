-- The monthly report (月度完整性报告), out of the counters of 030; what of it was signed; an officer's day.

-- Who was enrolled at a moment, as of that moment.
CREATE FUNCTION dv.recorders_at(a_at timestamptz)
	RETURNS TABLE (recorder text, unit text, officer text)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT x.recorder, coalesce(x.unit, ''), coalesce(x.officer, '')
	FROM (SELECT DISTINCT ON (r.recorder) r.recorder::text, r.unit::text, r.officer::text, e.retired_at
	      FROM recorder r LEFT JOIN recorder_retired e USING (recorder, revision)
	      WHERE r.enrolled_at < a_at ORDER BY r.recorder, r.revision DESC) AS x
	WHERE x.retired_at IS NULL OR x.retired_at >= a_at
$$;

CREATE TYPE dv.month_line AS (
	by text,			-- 'all', 'unit', 'officer', 'recorder' (and unit): what it is the line of
	unit text, officer text, recorder text,
	enrolled bigint, docked bigint, sessions numeric, recordings numeric, segments numeric,
	signed_by_recorder numeric, sealed_at_dock numeric, imported numeric, in_time numeric, late numeric,
	duration_ms numeric, bytes numeric, violations numeric, warnings numeric, notices numeric,
	infos numeric, gaps numeric, asked numeric, closed numeric, reopened numeric, overdue numeric,
	excused numeric, answer_mean_ms numeric, answer_max_ms numeric,
	open numeric, open_overdue numeric	-- at the end of the month
);

-- Lines of a month.  a_scope: units; null: all.  a_by: of what there are to be lines.  Each table is summed
-- by itself first; of the rows that meet one alone has a counter that is not nought, which max() finds.
CREATE FUNCTION dv.month_lines(a_month date, a_scope text[], a_by text[]) RETURNS SETOF dv.month_line
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_end constant timestamptz := day_start((a_month + interval '1 month')::date);
	part constant text := $query$
		SELECT %1$L, u, o, r, max(enrolled), max(docked), max(sessions)::numeric,
			max(recordings)::numeric, max(segments)::numeric, max(signed)::numeric,
			max(segments - signed - imported)::numeric, max(imported)::numeric,
			max(in_time)::numeric, max(late)::numeric, max(duration_ms)::numeric, max(bytes),
			max(violations)::numeric, max(warnings)::numeric, max(notices)::numeric,
			max(infos)::numeric, max(gaps)::numeric, max(asked)::numeric, max(closed)::numeric,
			max(reopened)::numeric, max(overdue)::numeric, max(excused)::numeric,
			div(max(answer_ms)::numeric, nullif(max(closed), 0)::numeric),
			max(answer_max_ms)::numeric, sum(open), sum(open_overdue)
		FROM (
			SELECT %2$s, 0::bigint AS enrolled, 0::bigint AS docked, sum(sessions)::bigint AS sessions,
				sum(recordings)::bigint AS recordings, sum(segments)::bigint AS segments, sum(signed)::bigint AS signed,
				sum(imported)::bigint AS imported, sum(in_time)::bigint AS in_time, sum(late)::bigint AS late,
				sum(duration_ms)::bigint AS duration_ms, sum(bytes) AS bytes,
				sum(violations)::bigint AS violations, sum(warnings)::bigint AS warnings,
				sum(notices)::bigint AS notices, sum(infos)::bigint AS infos, sum(gaps)::bigint AS gaps,
				sum(asked)::bigint AS asked, sum(closed)::bigint AS closed, sum(reopened)::bigint AS reopened,
				sum(overdue)::bigint AS overdue, sum(excused)::bigint AS excused, sum(answer_ms)::bigint AS answer_ms,
				max(answer_max_ms) AS answer_max_ms, 0::bigint AS open,
				0::bigint AS open_overdue
			FROM month_summary WHERE month = $1 AND ($2 IS NULL OR unit = ANY ($2))
			GROUP BY 1, 2, 3
			UNION ALL	-- what is open now ...
			SELECT %2$s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				sum(open)::bigint, sum(overdue)::bigint
			FROM finding_open WHERE $2 IS NULL OR unit = ANY ($2) GROUP BY 1, 2, 3
			UNION ALL	-- ... without what came since
			SELECT %2$s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				sum(closed - asked - returned)::bigint, sum(relieved - overdue)::bigint
			FROM month_summary WHERE month > $1 AND ($2 IS NULL OR unit = ANY ($2))
				AND (asked <> 0 OR closed <> 0 OR returned <> 0 OR overdue <> 0 OR relieved <> 0)
			GROUP BY 1, 2, 3
			UNION ALL	-- those that were not docked have their line, too
			SELECT %2$s, count(*), count(*) FILTER (WHERE docked), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
			FROM (SELECT e.*, e.recorder IN (SELECT m.recorder FROM month_summary m
					WHERE m.month = $1 AND m.sessions > 0) AS docked
			      FROM recorders_at($3) e WHERE $2 IS NULL OR e.unit = ANY ($2)) AS e
			GROUP BY 1, 2, 3
		) AS x %3$s$query$;
	parts text;
BEGIN
	SELECT string_agg(format(part, g.name, g.keys, 'GROUP BY u, o, r'), ' UNION ALL ')
	INTO parts
	FROM (VALUES ('all', 'NULL::text AS u, NULL::text AS o, NULL::text AS r'),
		('unit', 'unit AS u, NULL::text AS o, NULL::text AS r'),
		('officer', 'NULL::text AS u, officer AS o, NULL::text AS r'),
		('recorder', 'unit AS u, NULL::text AS o, recorder AS r')) AS g(name, keys)
	WHERE g.name = ANY (a_by);
	RETURN QUERY EXECUTE parts USING a_month, a_scope, a_end;
END
$$;

-- Findings by article.  open, open_overdue: at the month's end.
CREATE FUNCTION dv.month_articles(a_month date, a_scope text[]) RETURNS json
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(json_agg(to_json(x) ORDER BY x.article, x.code,
		array_position(ARRAY['violation', 'warning', 'notice', 'info'], x.severity)), '[]')
	FROM (
		SELECT c.article, c.code, c.severity::text, r.text_zh, r.text_en, c.raised, c.asked,
			c.closed, c.reopened, c.overdue, c.excused, c.answer_mean_ms, c.answer_max_ms,
			c.open, c.open_overdue
		FROM (
			SELECT y.article, y.code, y.severity, sum(y.raised) AS raised, sum(y.asked) AS asked,
				sum(y.closed) AS closed, sum(y.reopened) AS reopened,
				sum(y.overdue) AS overdue, sum(y.excused) AS excused,
				div(sum(y.answer_ms), nullif(sum(y.closed), 0)) AS answer_mean_ms,
				max(y.answer_max_ms) AS answer_max_ms, sum(y.open) AS open,
				sum(y.open_overdue) AS open_overdue
			FROM (
				SELECT m.article, m.code, m.severity, m.raised, m.asked, m.closed,
					m.reopened, m.overdue, m.excused, m.answer_ms, m.answer_max_ms,
					0::bigint AS open, 0::bigint AS open_overdue
				FROM month_finding m
				WHERE m.month = a_month AND (a_scope IS NULL OR m.unit = ANY (a_scope))
				UNION ALL
				SELECT o.article, o.code, o.severity, 0, 0, 0, 0, 0, 0, 0, 0, o.open, o.overdue
				FROM finding_open o WHERE a_scope IS NULL OR o.unit = ANY (a_scope)
				UNION ALL
				SELECT m.article, m.code, m.severity, 0, 0, 0, 0, 0, 0, 0, 0,
					m.closed - m.asked - m.returned, m.relieved - m.overdue
				FROM month_finding m
				WHERE m.month > a_month AND (a_scope IS NULL OR m.unit = ANY (a_scope))
			) AS y GROUP BY y.article, y.code, y.severity
		) AS c JOIN rule r USING (code)
		WHERE (c.raised, c.asked, c.closed, c.reopened, c.overdue, c.open, c.open_overdue)
			<> (0, 0, 0, 0, 0, 0, 0)
	) AS x
$$;

-- Actions that were to be recorded: a line a unit, and one of all ('total').
CREATE TYPE dv.month_cover AS (unit text, total boolean, wanted bigint, covered bigint, short bigint,
	missing bigint, unsuitable bigint, wanted_ms numeric, covered_ms numeric, advised bigint,
	advised_covered bigint);
CREATE FUNCTION dv.month_coverage(a_month date, a_scope text[]) RETURNS SETOF dv.month_cover
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT a.unit, GROUPING(a.unit) = 1, count(*) FILTER (WHERE a.av = 'mandatory'),
		count(*) FILTER (WHERE a.av = 'mandatory' AND a.verdict = 'covered'),
		count(*) FILTER (WHERE a.av = 'mandatory' AND a.verdict = 'short'),
		count(*) FILTER (WHERE a.av = 'mandatory' AND a.verdict = 'missing'),
		count(*) FILTER (WHERE a.av = 'mandatory' AND a.verdict = 'unsuitable'),
		coalesce(sum(a.wanted_ms) FILTER (WHERE a.av = 'mandatory'), 0),
		coalesce(sum(a.covered_ms) FILTER (WHERE a.av = 'mandatory'), 0),
		count(*) FILTER (WHERE a.av = 'advised'),
		count(*) FILTER (WHERE a.av = 'advised' AND a.verdict = 'covered')
	FROM month_action a
	WHERE a.month = a_month AND (a_scope IS NULL OR a.unit = ANY (a_scope))
	GROUP BY GROUPING SETS ((), (a.unit))
$$;

-- What came in and was found, day by day.
CREATE FUNCTION dv.month_days(a_month date, a_scope text[]) RETURNS json
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT json_agg(json_build_object('day', d.day, 'recordings', coalesce(s.recordings, 0),
		'segments', coalesce(s.segments, 0), 'duration_ms', coalesce(s.duration_ms, 0),
		'bytes', coalesce(s.bytes, 0), 'findings', coalesce(f.findings, 0)) ORDER BY d.day)
	FROM (SELECT g::date AS day FROM generate_series(a_month::timestamp,
		a_month + interval '1 month - 1 day', interval '1 day') AS g) AS d
	LEFT JOIN (
		SELECT y.recorded_day AS day, sum(y.recordings) AS recordings, sum(y.segments) AS segments,
			sum(y.duration_ms) AS duration_ms, sum(y.bytes) AS bytes
		FROM day_summary y
		WHERE y.recorded_day >= a_month AND y.recorded_day < (a_month + interval '1 month')::date
			AND (a_scope IS NULL OR y.unit = ANY (a_scope))
		GROUP BY 1
	) AS s USING (day)
	LEFT JOIN (
		SELECT y.raised_day AS day, sum(y.findings) AS findings FROM finding_summary y
		WHERE y.raised_day >= a_month AND y.raised_day < (a_month + interval '1 month')::date
			AND (a_scope IS NULL OR y.unit = ANY (a_scope))
		GROUP BY 1
	) AS f USING (day)
$$;

-- How long each recorder recorded on which day, of what came in that month: {"03": ms, ...} of its
-- days, and together what is of before (or, by a wrong clock, of after).
CREATE FUNCTION dv.month_strips(a_month date, a_scope text[])
	RETURNS TABLE (recorder text, unit text, days json, other_days_ms numeric)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT x.recorder, x.unit,
		json_object_agg(to_char(x.day, 'DD'), x.duration_ms ORDER BY x.day) FILTER (WHERE x.here),
		coalesce(sum(x.duration_ms) FILTER (WHERE NOT x.here), 0)
	FROM (
		SELECT y.recorder, y.unit, y.day, sum(y.duration_ms) AS duration_ms,
			date_trunc('month', y.day::timestamp) = a_month AS here
		FROM day_summary y
		WHERE y.recorded_day >= a_month AND y.recorded_day < (a_month + interval '1 month')::date
			AND (a_scope IS NULL OR y.unit = ANY (a_scope)) AND y.duration_ms > 0
		GROUP BY y.recorder, y.unit, y.day
	) AS x GROUP BY x.recorder, x.unit
$$;

-- Findings come worst first, those answered behind: by what was answered when the month ended.
CREATE INDEX finding_severity ON dv.finding (severity, raised_at);
CREATE FUNCTION dv.month_worst(a_month date, a_scope text[], a_max integer) RETURNS json
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(json_agg(json_build_object('id', f.finding, 'code', f.code,
			'article', coalesce(f.article, r.article), 'severity', f.severity,
			'recorder', f.recorder, 'unit', f.unit, 'officer', f.officer, 'case', f."case",
			'subject_kind', f.subject_kind, 'subject', f.subject, 'at', utc(f.at),
			'raised_at', utc(f.raised_at), 'answer', coalesce(a.kind, 'none'),
			'text_zh', r.text_zh, 'text_en', r.text_en,
			'next_step_zh', r.next_step_zh, 'next_step_en', r.next_step_en)
		ORDER BY w.rank, f.raised_at, f.finding), '[]')
	FROM (SELECT s.rank, x.finding FROM unnest(ARRAY['violation', 'warning', 'notice', 'info'])
		WITH ORDINALITY AS s(severity, rank)
	      CROSS JOIN LATERAL (
		SELECT y.finding FROM finding y
		WHERE y.severity = s.severity AND y.raised_at >= day_start(a_month)
			AND y.raised_at < day_start((a_month + interval '1 month')::date)
			AND (a_scope IS NULL OR y.unit = ANY (a_scope))
		ORDER BY y.raised_at, y.finding LIMIT a_max) AS x
	      ORDER BY s.rank LIMIT a_max) AS w
	JOIN finding f USING (finding)
	JOIN rule r USING (code)
	LEFT JOIN LATERAL (
		SELECT c.kind FROM rectification c
		WHERE c.finding = f.finding AND c.at < day_start((a_month + interval '1 month')::date)
			AND c.kind IN ('opened', 'acknowledged', 'explained', 'closed', 'reopened')
		ORDER BY c.number DESC LIMIT 1) AS a ON true
$$;

-- By how much each counter of two lines differs; in thousandths of the one before, if there was any.
CREATE FUNCTION dv.month_change(a_now jsonb, a_before jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_object_agg(n.key, jsonb_build_object('by', coalesce(n.value::numeric, 0) - b.v,
		'permille', CASE WHEN b.v > 0
			THEN round((coalesce(n.value::numeric, 0) - b.v) * 1000 / b.v) END))
	FROM jsonb_each_text(a_now) AS n
	CROSS JOIN LATERAL (SELECT coalesce((a_before ->> n.key)::numeric, 0) AS v) AS b
$$;

-- Lines of one kind as JSON, by name.
CREATE FUNCTION dv.month_json(lines dv.month_line[], a_by text) RETURNS json
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(json_agg(to_json(x)), '[]') FROM (
		SELECT nullif(l.unit, '') AS unit, u.name AS unit_name, nullif(l.officer, '') AS officer,
			o.name AS officer_name, l.enrolled, l.docked, l.sessions, l.recordings, l.segments,
			l.signed_by_recorder, l.sealed_at_dock, l.imported, l.in_time, l.late,
			l.duration_ms, l.bytes, l.violations, l.warnings, l.notices, l.infos, l.gaps,
			l.asked, l.closed, l.reopened, l.overdue, l.excused, l.answer_mean_ms,
			l.answer_max_ms, l.open, l.open_overdue
		FROM unnest(lines) AS l
		LEFT JOIN unit_current u ON u.unit = l.unit
		LEFT JOIN officer_current o ON o.officer = l.officer
		WHERE l.by = a_by ORDER BY l.unit, l.officer
	) AS x
$$;

CREATE FUNCTION dv.month_recorders(lines dv.month_line[], a_month date, a_scope text[], a_strips boolean)
	RETURNS json
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(json_agg(to_json(x)), '[]') FROM (
		SELECT l.recorder, nullif(l.unit, '') AS unit, l.enrolled, l.docked, l.sessions, l.recordings,
			l.segments, l.signed_by_recorder, l.sealed_at_dock, l.imported, l.in_time, l.late,
			l.duration_ms, l.bytes, l.violations, l.warnings, l.notices, l.infos, l.gaps,
			l.asked, l.closed, l.reopened, l.overdue, l.excused, l.answer_mean_ms,
			l.answer_max_ms, l.open, l.open_overdue, s.days, s.other_days_ms
		FROM unnest(lines) AS l
		LEFT JOIN (SELECT * FROM month_strips(a_month, a_scope) WHERE a_strips) AS s
			ON s.recorder = l.recorder AND s.unit = l.unit
		WHERE l.by = 'recorder' AND l.recorder <> '' ORDER BY l.recorder, l.unit
	) AS x
$$;

-- The line of all; nothing at all is nought.
CREATE FUNCTION dv.month_total(l dv.month_line) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_object_agg(x.key, CASE WHEN x.value = 'null' AND x.key <> 'answer_mean_ms'
		THEN '0' ELSE x.value END)
	FROM jsonb_each(to_jsonb(coalesce(l, jsonb_populate_record(l, '{}')))
		- ARRAY['by', 'unit', 'officer', 'recorder']) AS x
$$;

-- The report of one month.  a_unit: with all below it; null: all.  a_by: 'unit', 'officer', 'recorder'
-- or 'article' for that alone; null: everything, with days and the worst findings.  Shows what the
-- reader's policies show.  The same month gives the same but for made_at and over; what may differ is
-- said at the head of this file.
CREATE FUNCTION dv.report_month(a_month date, a_unit text DEFAULT NULL, a_by text DEFAULT NULL,
				a_max integer DEFAULT 200) RETURNS json
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	scope constant text[] := CASE WHEN a_unit IS NOT NULL THEN ARRAY(SELECT units_below(a_unit)) END;
	whole constant boolean := a_by IS NULL;
	lines month_line[];
	covers month_cover[];
	totals jsonb;
	before jsonb;
	found json;
	n bigint;
BEGIN
	IF a_month IS NULL OR extract(day FROM a_month) <> 1 THEN
		RAISE EXCEPTION 'report: a month is named by its first day'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_by NOT IN ('unit', 'officer', 'recorder', 'article') THEN
		RAISE EXCEPTION 'report: by unit, officer, recorder or article, not by %', a_by
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	lines := ARRAY(SELECT l FROM month_lines(a_month, scope, CASE WHEN whole
		THEN ARRAY['all', 'unit', 'officer', 'recorder'] ELSE ARRAY['all', a_by] END) AS l);
	covers := ARRAY(SELECT c FROM month_coverage(a_month, scope) AS c);
	totals := month_total((SELECT l FROM unnest(lines) AS l WHERE l.by = 'all'));
	before := month_total((SELECT l FROM month_lines((a_month - interval '1 month')::date, scope,
							 ARRAY['all']) AS l));
	IF whole THEN
		found := month_worst(a_month, scope, a_max);
		n := (totals ->> 'violations')::bigint + (totals ->> 'warnings')::bigint
			+ (totals ->> 'notices')::bigint + (totals ->> 'infos')::bigint;
	END IF;
	RETURN json_build_object('kind', 'month', 'month', to_char(a_month, 'YYYY-MM'), 'from', a_month,
		'to', (a_month + interval '1 month - 1 day')::date, 'unit', a_unit, 'by', a_by,
		'over', day_of(now()) >= (a_month + interval '1 month')::date, 'made_at', utc(now()),
		'totals', totals, 'before', before, 'change', month_change(totals, before),
		'units', CASE WHEN whole OR a_by = 'unit' THEN month_json(lines, 'unit') END,
		'officers', CASE WHEN whole OR a_by = 'officer' THEN month_json(lines, 'officer') END,
		'recorders', CASE WHEN whole OR a_by = 'recorder'
			THEN month_recorders(lines, a_month, scope, whole) END,
		'articles', CASE WHEN whole OR a_by = 'article' THEN month_articles(a_month, scope) END,
		'coverage', (SELECT to_json(c) FROM unnest(covers) AS c WHERE c.total),
		'coverage_before', (SELECT to_json(c) FROM month_coverage((a_month - interval '1 month')::date,
			scope) c WHERE c.total),
		'coverage_units', CASE WHEN whole OR a_by = 'unit' THEN
			(SELECT coalesce(json_agg(to_json(c) ORDER BY c.unit), '[]')
			 FROM unnest(covers) AS c WHERE NOT c.total) END,
		'days', CASE WHEN whole THEN month_days(a_month, scope) END,
		'findings', found,
		'findings_omitted', n - json_array_length(found));
END
$$;

-- ---- an officer's day ----

-- What a recorder claims may be longer than an index takes: longer ones than a number are no officer's.
CREATE INDEX segment_officer ON dv.segment (left(officer, 32), placed_at);
CREATE INDEX finding_officer ON dv.finding (officer, at) WHERE officer IS NOT NULL;

-- Recordings, actions and findings of an officer on a Shanghai day.  As dv.timeline() has it, looking
-- back one day for the start of a segment is looking far enough; of an action, a month.
CREATE FUNCTION dv.officer_day(a_officer text, a_day date) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH mine AS MATERIALIZED (
		SELECT s.recorder::text, s.recording, min(s.unit::text) AS unit, min(s.start_at) AS start_at,
			max(s.end_at) AS end_at, count(*) AS segments, sum(s.size) AS bytes,
			sum(believed_ms(s.start_at, s.end_at)) AS duration_ms,
			max(s.stored_at) AS stored_at, array_agg(s.segment::text) AS ids
		FROM segment s
		WHERE left(s.officer, 32) = a_officer AND s.officer = a_officer
			AND s.placed_at >= day_start(a_day) - interval '1 day'
			AND s.placed_at < day_start(a_day + 1)
			AND s.start_at < day_start(a_day + 1) AND s.end_at > day_start(a_day)
		GROUP BY s.recorder, s.recording
	), found AS MATERIALIZED (
		SELECT f.finding FROM finding f
		WHERE f.officer = a_officer AND f.at >= day_start(a_day) AND f.at < day_start(a_day + 1)
		UNION
		SELECT f.finding FROM finding f WHERE f.subject = ANY (ARRAY(
			SELECT m.recorder || '/' || m.recording FROM mine m
			UNION ALL SELECT unnest(m.ids) FROM mine m))
	)
	SELECT jsonb_build_object('officer', a_officer, 'day', a_day,
		'recordings', (SELECT coalesce(jsonb_agg(jsonb_build_object('recorder', m.recorder,
				'recording', m.recording, 'unit', m.unit, 'start_at', utc(m.start_at),
				'end_at', utc(m.end_at), 'segments', m.segments, 'bytes', m.bytes,
				'duration_ms', m.duration_ms, 'stored_at', utc(m.stored_at))
				ORDER BY m.start_at, m.recording), '[]') FROM mine m),
		'actions', (SELECT coalesce(jsonb_agg(jsonb_build_object('action', a.action, 'case', a."case",
				'step', a.step, 'stage', a.stage, 'start_at', utc(a.start_at),
				'end_at', utc(a.end_at), 'place', a.place, 'coverage', v.verdict)
				ORDER BY a.start_at, a.action), '[]')
			FROM (SELECT DISTINCT o.action, o.revision FROM action_officer o
			      WHERE o.officer = a_officer) AS o
			JOIN action a USING (action, revision)
			LEFT JOIN month_action v ON v.action = a.action
			WHERE a.start_at < day_start(a_day + 1)
				AND a.start_at >= day_start(a_day) - interval '31 days'
				AND coalesce(a.end_at, a.start_at) >= day_start(a_day) AND NOT a.withdrawn
				AND a.revision = (SELECT max(l.revision) FROM action l
						  WHERE l.action = a.action)),
		'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.finding, 'code', f.code,
				'article', coalesce(f.article, r.article), 'severity', f.severity,
				'subject_kind', f.subject_kind, 'subject', f.subject, 'at', utc(f.at),
				'text_zh', r.text_zh, 'text_en', r.text_en) ORDER BY f.at, f.code, f.finding),
				'[]')
			FROM found JOIN finding f USING (finding) JOIN rule r USING (code)))
$$;

-- ---- signing ----

-- What the supervisor signed: the bytes are evidence objects, which these rows name.
CREATE TABLE dv.report_signed (
	report		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	kind		text NOT NULL CHECK (kind IN ('month', 'integrity')),
	from_day	date NOT NULL,
	to_day		date NOT NULL,
	unit		dv.ident,		-- null: all
	content		bytea NOT NULL CHECK (octet_length(content) <= 16777216),	-- canonical JSON: its figures
	sha256		bytea NOT NULL CHECK (octet_length(sha256) = 32),
	files		jsonb NOT NULL CHECK (jsonb_typeof(files) = 'array'),	-- [{format, segment, blob, size}]
	signature	text NOT NULL CHECK (octet_length(signature) <= 1024),	-- minisign, over content
	key_id		text NOT NULL CHECK (key_id ~ '^[0-9A-F]{16}$'),
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	signed_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (to_day >= from_day),
	CHECK (sha256 = sha256(content))
);
CREATE UNIQUE INDEX report_signed_scope ON dv.report_signed (kind, from_day, to_day, coalesce(unit, ''));
SELECT dv.make_append_only('dv.report_signed');
SELECT dv.log_acts('dv.report_signed', 'report_signed', '{report}', '{reason,by}', '{report:report,unit:unit}');

-- Each of these files, its bytes as stored: one PDF and one workbook.
CREATE FUNCTION dv.check_report_files(a_files jsonb) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	f record;
BEGIN
	IF (SELECT array_agg(x ->> 'format' ORDER BY x ->> 'format') FROM jsonb_array_elements(a_files) AS x)
			IS DISTINCT FROM ARRAY['pdf', 'xlsx'] THEN
		RAISE EXCEPTION 'report: a PDF and a workbook are stored before it is signed'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR f IN SELECT * FROM jsonb_to_recordset(a_files) AS x(format text, segment uuid, blob digest_hex,
			size counter) LOOP
		IF NOT EXISTS (SELECT FROM segment_place p JOIN segment s USING (segment, placed_at)
			       WHERE p.segment = f.segment AND s.blob = unhex(f.blob) AND s.size = f.size) THEN
			RAISE EXCEPTION 'report: % % is not in the catalog: import it first', f.format, f.blob
				USING ERRCODE = 'no_data_found';
		END IF;
	END LOOP;
END
$$;

-- By a supervisor, of a month that is over, once a month and unit; what is signed is what the catalog
-- says now.  a_content: dv.report_month(...) without made_at and over, in canonical form.
CREATE FUNCTION dv.report_sign(a_month date, a_unit text, a_content bytea, a_files jsonb,
			       a_signature text, a_key_id text, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_to constant date := (a_month + interval '1 month - 1 day')::date;
	there report_signed;
	a_report uuid;
BEGIN
	PERFORM require_role('supervisor');
	IF day_of(now()) <= a_to THEN
		RAISE EXCEPTION 'report %: the month is not over: sign it on %, or later',
			to_char(a_month, 'YYYY-MM'), a_to + 1 USING ERRCODE = 'invalid_parameter_value';
	END IF;
	LOCK TABLE report_signed IN SHARE ROW EXCLUSIVE MODE;
	SELECT * INTO there FROM report_signed
	WHERE kind = 'month' AND from_day = a_month AND unit IS NOT DISTINCT FROM a_unit;
	IF FOUND THEN
		RAISE EXCEPTION 'report % is signed already, as %, by % on %: it stays as it is',
			to_char(a_month, 'YYYY-MM'), there.report, there."by", day_of(there.signed_at)
			USING ERRCODE = 'unique_violation';
	END IF;
	IF a_content IS NULL THEN	-- asked beforehand: may it be signed?
		RETURN NULL;
	END IF;
	IF convert_from(a_content, 'UTF8')::jsonb IS DISTINCT FROM
			report_month(a_month, a_unit)::jsonb - ARRAY['made_at', 'over'] THEN
		RAISE EXCEPTION 'report %: these are not the figures of the catalog: make it anew, then sign it',
			to_char(a_month, 'YYYY-MM') USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM check_report_files(a_files);
	INSERT INTO report_signed (kind, from_day, to_day, unit, content, sha256, files, signature, key_id,
				   reason)
	VALUES ('month', a_month, a_to, a_unit, a_content, sha256(a_content), a_files, a_signature,
		a_key_id, a_reason)
	RETURNING report INTO a_report;
	RETURN a_report;
END
$$;

-- ---- rights ----

SELECT dv.show_rows('dv.report_signed', 'unit = ANY ((SELECT dv.my_units())::text[])');
GRANT SELECT ON dv.report_signed TO dv_read;
GRANT EXECUTE ON FUNCTION dv.units_below(text),
	dv.recorders_at(timestamptz), dv.month_lines(date, text[], text[]),
	dv.month_articles(date, text[]), dv.month_coverage(date, text[]), dv.month_days(date, text[]),
	dv.month_strips(date, text[]), dv.month_worst(date, text[], integer),
	dv.month_change(jsonb, jsonb), dv.month_json(dv.month_line[], text),
	dv.month_total(dv.month_line),
	dv.month_recorders(dv.month_line[], date, text[], boolean),
	dv.report_month(date, text, text, integer), dv.officer_day(text, date) TO dv_read;
GRANT EXECUTE ON FUNCTION dv.report_sign(date, text, bytea, jsonb, text, text, text) TO dv_person;
