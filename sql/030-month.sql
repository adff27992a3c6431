-- The counters of months, kept as things happen: what the monthly report (月度完整性报告) is made of.
--
-- A month is one of Shanghai.  Evidence and findings are of the month in which the catalog learned of
-- them, as in 008: what comes late is in the report of the month it came in, and that of a month that
-- is over stays.  An answer to a finding is of the month in which it was given.  Coverage alone is of
-- the month in which the action ended, and is judged again when a recording comes late: which is why
-- a report is signed.

CREATE FUNCTION dv.month_of(t timestamptz) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN date_trunc('month', t AT TIME ZONE 'Asia/Shanghai')::date;

-- What a report may be about, of what a recorder claims: text of any other shape is nobody's number.
CREATE FUNCTION dv.counted_officer(a_officer text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN a_officer ~ '^[A-Za-z0-9._-]{1,32}$' THEN a_officer ELSE '' END;

-- ---- counters ----

-- Derived.  '': none, as in day_summary.  A recorder in each key: its rows are written by one
-- transaction at a time already (lock_recorders), so that counting makes nobody wait.
CREATE TABLE dv.month_summary (
	month		date NOT NULL CHECK (extract(day FROM month) = 1),
	recorder	text NOT NULL,
	unit		text NOT NULL,
	officer		text NOT NULL,		-- of segments what the recorder says, of sessions whose it was
	sessions	bigint NOT NULL DEFAULT 0,
	recordings	bigint NOT NULL DEFAULT 0,	-- under the officer of the first segment that came
	segments	bigint NOT NULL DEFAULT 0,
	signed		bigint NOT NULL DEFAULT 0,	-- segments signed_by_recorder
	imported	bigint NOT NULL DEFAULT 0,	-- the others were sealed at the dock
	in_time		bigint NOT NULL DEFAULT 0,	-- segments stored within 24 h of their end (Art. 32)
	late		bigint NOT NULL DEFAULT 0,	-- later; neither: nobody knows when it ended
	duration_ms	bigint NOT NULL DEFAULT 0,
	bytes		numeric(30, 0) NOT NULL DEFAULT 0,
	violations	bigint NOT NULL DEFAULT 0,	-- findings raised, and so on
	warnings	bigint NOT NULL DEFAULT 0,
	notices		bigint NOT NULL DEFAULT 0,
	infos		bigint NOT NULL DEFAULT 0,
	gaps		bigint NOT NULL DEFAULT 0,	-- of these: something is missing (gap, name_gap)
	asked		bigint NOT NULL DEFAULT 0,	-- an answer was asked for
	closed		bigint NOT NULL DEFAULT 0,	-- of those that were asked
	reopened	bigint NOT NULL DEFAULT 0,	-- an explanation did not hold
	returned	bigint NOT NULL DEFAULT 0,	-- of these: it had been closed
	overdue		bigint NOT NULL DEFAULT 0,	-- a deadline passed
	relieved	bigint NOT NULL DEFAULT 0,	-- and what was due came after all
	excused		bigint NOT NULL DEFAULT 0,	-- closed: a technical reason, with its document
	answer_ms	bigint NOT NULL DEFAULT 0,	-- from asking to closing, of those closed
	answer_max_ms	bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (month, recorder, unit, officer)
) WITH (fillfactor = 50);

-- The same of findings, by what they are.
CREATE TABLE dv.month_finding (
	month		date NOT NULL CHECK (extract(day FROM month) = 1),
	recorder	text NOT NULL,
	unit		text NOT NULL,
	officer		text NOT NULL,
	article		integer NOT NULL,
	code		text NOT NULL,
	severity	dv.severity NOT NULL,
	raised		bigint NOT NULL DEFAULT 0,
	asked		bigint NOT NULL DEFAULT 0,
	closed		bigint NOT NULL DEFAULT 0,
	reopened	bigint NOT NULL DEFAULT 0,
	returned	bigint NOT NULL DEFAULT 0,
	overdue		bigint NOT NULL DEFAULT 0,
	relieved	bigint NOT NULL DEFAULT 0,
	excused		bigint NOT NULL DEFAULT 0,
	answer_ms	bigint NOT NULL DEFAULT 0,
	answer_max_ms	bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (month, recorder, unit, officer, article, code, severity)
) WITH (fillfactor = 70);

-- How many are open now, and overdue: what months gave and took.  None: no row.  How many were at a
-- month's end is this without what came since.
CREATE TABLE dv.finding_open (
	recorder	text NOT NULL,
	unit		text NOT NULL,
	officer		text NOT NULL,
	article		integer NOT NULL,
	code		text NOT NULL,
	severity	dv.severity NOT NULL,
	open		bigint NOT NULL,
	overdue		bigint NOT NULL,
	PRIMARY KEY (recorder, unit, officer, article, code, severity)
) WITH (fillfactor = 70);

-- An action that was to be recorded, by the last judgement of it.
CREATE TABLE dv.month_action (
	action		uuid PRIMARY KEY,
	month		date NOT NULL,
	unit		text NOT NULL,
	av		text NOT NULL,
	verdict		text NOT NULL,
	wanted_ms	bigint NOT NULL,
	covered_ms	bigint NOT NULL
);
CREATE INDEX month_action_month ON dv.month_action (month, unit);

COMMENT ON TABLE dv.month_summary IS 'Derived from dock_session, recording, segment, finding and rectification';
COMMENT ON TABLE dv.month_finding IS 'Derived from finding and rectification';
COMMENT ON TABLE dv.finding_open IS 'Derived from rectification';
COMMENT ON TABLE dv.month_action IS 'Derived from coverage, action and case_file';

-- ---- counting what comes in ----

CREATE FUNCTION dv.count_evidence(a_month date, a_recorder text, a_unit text, a_officer text,
				  a_sessions bigint, a_recordings bigint, a_segments bigint,
				  a_signed bigint, a_imported bigint, a_in_time bigint, a_late bigint,
				  a_duration_ms bigint, a_bytes numeric) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO month_summary AS s (month, recorder, unit, officer, sessions, recordings, segments,
		signed, imported, in_time, late, duration_ms, bytes)
	VALUES (a_month, coalesce(a_recorder, ''), coalesce(a_unit, ''), counted_officer(a_officer),
		a_sessions, a_recordings, a_segments, a_signed, a_imported, a_in_time, a_late,
		a_duration_ms, a_bytes)
	ON CONFLICT (month, recorder, unit, officer) DO UPDATE SET
		sessions = s.sessions + excluded.sessions,
		recordings = s.recordings + excluded.recordings,
		segments = s.segments + excluded.segments,
		signed = s.signed + excluded.signed,
		imported = s.imported + excluded.imported,
		in_time = s.in_time + excluded.in_time,
		late = s.late + excluded.late,
		duration_ms = s.duration_ms + excluded.duration_ms,
		bytes = s.bytes + excluded.bytes
$$;

-- 24 hours from its end: Art. 32.  Null: nobody knows when it ended.
CREATE FUNCTION dv.stored_late(a_end timestamptz, a_stored timestamptz) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN a_stored - a_end > interval '24 hours';

CREATE FUNCTION dv.count_session() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM count_evidence(month_of(new.recorded_at), new.recorder, new.unit, new.officer, 1, 0, 0,
			       0, 0, 0, 0, 0, 0);
	RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT ON dv.dock_session
	FOR EACH ROW EXECUTE FUNCTION dv.count_session();

-- As 016 has it, but that it is counted by month and officer, too.  Not by a trigger: a partition has
-- those two that dv.rights() knows, and no others.
CREATE OR REPLACE FUNCTION dv.take_new_segment(a_session uuid, r jsonb, a_placed timestamptz)
	RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	c record;
	s record;
	a_unit text;
	new_recording boolean;
	late boolean;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(segment uuid, recorder ident, recording uuid,
		seq counter, path words, path_raw bytes_hex, size counter, blob digest_hex,
		fingerprint digest_hex, stored moment, start moment, "end" moment,
		time_source text, claims jsonb, officer words, assurance text, signature text,
		digest text, manifest digest_hex, seal jsonb, important boolean);
	SELECT * INTO c FROM jsonb_to_record(nullif(x.claims, 'null'))
		AS c(created text, modified text, accessed text);
	SELECT * INTO s FROM jsonb_to_record(nullif(x.seal, 'null'))
		AS s(manifest digest_hex, signature digest_hex, dseq counter);
	a_unit := unit_in(a_session, x.recorder);
	INSERT INTO recording (recorder, recording, session, unit)
	VALUES (x.recorder, x.recording, a_session, a_unit)
	ON CONFLICT DO NOTHING;
	new_recording := FOUND;
	INSERT INTO segment (segment, placed_at, recorder, recording, seq, session, unit, path,
		path_raw, size, blob, fingerprint, stored_at, start_at, end_at, time_source,
		claim_created, claim_modified, claim_accessed, officer, assurance, signature,
		digest, manifest, seal_manifest, seal_signature, seal_dseq, important)
	VALUES (x.segment, a_placed, x.recorder, x.recording, x.seq, a_session, a_unit, x.path,
		unhex(x.path_raw), x.size, unhex(x.blob), unhex(x.fingerprint),
		x.stored::timestamptz, x.start::timestamptz, x."end"::timestamptz, x.time_source,
		c.created, c.modified, c.accessed, nullif(x.officer, '-'), x.assurance, x.signature,
		x.digest, unhex(x.manifest), unhex(s.manifest), unhex(s.signature), s.dseq,
		coalesce(x.important, false));
	PERFORM count_day(x.recorder, a_unit, day_of(a_placed), 0, new_recording::integer, 1,
			  (x.assurance = 'signed_by_recorder')::integer,
			  (x.assurance = 'imported')::integer,
			  believed_ms(x.start::timestamptz, x."end"::timestamptz), x.size);
	late := stored_late(x."end"::timestamptz, x.stored::timestamptz);
	PERFORM count_evidence(month_of(now()), x.recorder, a_unit, nullif(x.officer, '-'), 0,
			       new_recording::integer, 1, (x.assurance = 'signed_by_recorder')::integer,
			       (x.assurance = 'imported')::integer, coalesce(NOT late, false)::integer,
			       coalesce(late, false)::integer,
			       believed_ms(x.start::timestamptz, x."end"::timestamptz), x.size);
END
$$;

-- ---- counting findings and their answers ----

-- One row a thing to count: a finding, or a step of its answer.  Counting as it happens and counting
-- anew both read this.  Overdue is from `escalated` until it is closed or has another deadline, which an
-- explanation has, too: its review's.  What joined another finding is answered with that one, once.
CREATE VIEW dv.finding_step WITH (security_invoker = true) AS
SELECT f.finding, 0 AS number, dv.month_of(f.raised_at) AS month, coalesce(f.recorder::text, '') AS recorder,
	coalesce(f.unit::text, '') AS unit, dv.counted_officer(f.officer) AS officer,
	coalesce(f.article, (dv.rule_at(f.code, dv.day_of(f.at))).article) AS article, f.code, f.severity,
	1 AS raised, 0 AS asked, 0 AS closed, 0 AS reopened, 0 AS returned, 0 AS overdue, 0 AS relieved,
	0 AS excused, 0::bigint AS answer_ms
FROM dv.finding f
UNION ALL
SELECT f.finding, s.number, dv.month_of(s.at), coalesce(f.recorder::text, ''), coalesce(f.unit::text, ''),
	dv.counted_officer(f.officer), coalesce(f.article, (dv.rule_at(f.code, dv.day_of(f.at))).article),
	f.code, f.severity, 0,
	(s.kind = 'opened')::integer, (s.kind = 'closed' AND NOT s.was_closed)::integer,
	(s.kind = 'reopened')::integer, (s.kind = 'reopened' AND s.was_closed)::integer,
	(s.kind = 'escalated' AND NOT s.was_overdue)::integer,
	(s.was_overdue AND s.moves AND s.kind <> 'escalated')::integer,
	(s.kind = 'closed' AND NOT s.was_closed AND s.excused IS TRUE)::integer,
	CASE WHEN s.kind = 'closed' AND NOT s.was_closed
		THEN greatest(dv.epoch_ms(s.at) - dv.epoch_ms(s.opened_at), 0) ELSE 0 END
FROM (
	SELECT x.finding, x.number, x.kind, x.at, x.excused, x.moves,
		min(x.at) FILTER (WHERE x.kind = 'opened') OVER (PARTITION BY x.finding) AS opened_at,
		bool_or(x.kind = 'opened' AND x.due_at IS NOT NULL) OVER (PARTITION BY x.finding) AS is_asked,
		coalesce(max(x.number) FILTER (WHERE x.kind = 'closed') OVER before
			> max(x.number) FILTER (WHERE x.kind IN ('opened', 'reopened')) OVER before, false)
			AS was_closed,
		coalesce(max(x.number) FILTER (WHERE x.kind = 'escalated') OVER before
			= max(x.number) FILTER (WHERE x.moves) OVER before, false) AS was_overdue
	FROM (SELECT c.*, c.kind IN ('opened', 'closed', 'reopened', 'escalated') OR c.due_at IS NOT NULL AS moves
	      FROM dv.rectification c WHERE c.kind NOT IN ('joined', 'seen_again')) AS x
	WINDOW before AS (PARTITION BY x.finding ORDER BY x.number
		ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS s
JOIN dv.finding f USING (finding)
WHERE s.is_asked AND s.moves;

CREATE FUNCTION dv.is_gap(a_code text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN a_code IN ('gap', 'name_gap');

-- All of a statement at once: a row that is counted up for each of ten thousand findings is looked for
-- among as many old ones.
CREATE FUNCTION dv.count_steps(a_steps dv.finding_step[]) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO month_summary AS m (month, recorder, unit, officer, violations, warnings, notices,
		infos, gaps, asked, closed, reopened, returned, overdue, relieved, excused, answer_ms,
		answer_max_ms)
	SELECT s.month, s.recorder, s.unit, s.officer,
		coalesce(sum(s.raised) FILTER (WHERE s.severity = 'violation'), 0),
		coalesce(sum(s.raised) FILTER (WHERE s.severity = 'warning'), 0),
		coalesce(sum(s.raised) FILTER (WHERE s.severity = 'notice'), 0),
		coalesce(sum(s.raised) FILTER (WHERE s.severity = 'info'), 0),
		coalesce(sum(s.raised) FILTER (WHERE is_gap(s.code)), 0), sum(s.asked), sum(s.closed),
		sum(s.reopened), sum(s.returned), sum(s.overdue), sum(s.relieved), sum(s.excused),
		sum(s.answer_ms), max(s.answer_ms)
	FROM unnest(a_steps) AS s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (month, recorder, unit, officer) DO UPDATE SET
		violations = m.violations + excluded.violations,
		warnings = m.warnings + excluded.warnings,
		notices = m.notices + excluded.notices,
		infos = m.infos + excluded.infos,
		gaps = m.gaps + excluded.gaps,
		asked = m.asked + excluded.asked,
		closed = m.closed + excluded.closed,
		reopened = m.reopened + excluded.reopened,
		returned = m.returned + excluded.returned,
		overdue = m.overdue + excluded.overdue,
		relieved = m.relieved + excluded.relieved,
		excused = m.excused + excluded.excused,
		answer_ms = m.answer_ms + excluded.answer_ms,
		answer_max_ms = greatest(m.answer_max_ms, excluded.answer_max_ms);
	INSERT INTO month_finding AS m (month, recorder, unit, officer, article, code, severity, raised,
		asked, closed, reopened, returned, overdue, relieved, excused, answer_ms, answer_max_ms)
	SELECT s.month, s.recorder, s.unit, s.officer, s.article, s.code, s.severity, sum(s.raised),
		sum(s.asked), sum(s.closed), sum(s.reopened), sum(s.returned), sum(s.overdue), sum(s.relieved),
		sum(s.excused), sum(s.answer_ms), max(s.answer_ms)
	FROM unnest(a_steps) AS s GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
	ON CONFLICT (month, recorder, unit, officer, article, code, severity) DO UPDATE SET
		raised = m.raised + excluded.raised,
		asked = m.asked + excluded.asked,
		closed = m.closed + excluded.closed,
		reopened = m.reopened + excluded.reopened,
		returned = m.returned + excluded.returned,
		overdue = m.overdue + excluded.overdue,
		relieved = m.relieved + excluded.relieved,
		excused = m.excused + excluded.excused,
		answer_ms = m.answer_ms + excluded.answer_ms,
		answer_max_ms = greatest(m.answer_max_ms, excluded.answer_max_ms);
	INSERT INTO finding_open AS o (recorder, unit, officer, article, code, severity, open, overdue)
	SELECT s.recorder, s.unit, s.officer, s.article, s.code, s.severity,
		sum(s.asked - s.closed + s.returned), sum(s.overdue - s.relieved)
	FROM unnest(a_steps) AS s GROUP BY 1, 2, 3, 4, 5, 6
	HAVING sum(s.asked - s.closed + s.returned) <> 0 OR sum(s.overdue - s.relieved) <> 0
	ORDER BY 1, 2, 3, 4, 5, 6
	ON CONFLICT (recorder, unit, officer, article, code, severity) DO UPDATE SET
		open = o.open + excluded.open, overdue = o.overdue + excluded.overdue;
	DELETE FROM finding_open o USING (SELECT DISTINCT s.recorder, s.unit, s.officer, s.article, s.code,
		s.severity FROM unnest(a_steps) AS s) AS s
	WHERE (o.recorder, o.unit, o.officer, o.article, o.code, o.severity)
			= (s.recorder, s.unit, s.officer, s.article, s.code, s.severity)
		AND o.open = 0 AND o.overdue = 0;
END
$$;

CREATE FUNCTION dv.count_finding() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM count_steps(ARRAY(SELECT (SELECT s FROM finding_step s WHERE s.finding = f.finding AND s.number = 0)
		FROM fresh f));
	RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT ON dv.finding REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.count_finding();

-- What is not counted is not looked for among ten thousand others.
CREATE FUNCTION dv.count_answer() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM count_steps(ARRAY(SELECT x.s FROM (SELECT (SELECT s FROM finding_step s
			WHERE s.finding = f.finding AND s.number = f.number) AS s
		FROM fresh f
		WHERE f.kind IN ('opened', 'closed', 'reopened', 'escalated') OR f.due_at IS NOT NULL) AS x
		WHERE x.s IS DISTINCT FROM NULL));
	RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT ON dv.rectification REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.count_answer();

-- ---- coverage ----

-- The last judgement of each action that was not withdrawn, under the unit that had the case then.
CREATE VIEW dv.action_judged WITH (security_invoker = true) AS
SELECT c.action, dv.month_of(coalesce(a.end_at, a.start_at)) AS month, coalesce(u.unit::text, '') AS unit,
	c.av, c.verdict, c.wanted_ms, c.covered_ms
FROM dv.coverage c
JOIN dv.action a USING (action, revision)
LEFT JOIN LATERAL (
	SELECT f.unit FROM dv.case_file f WHERE f."case" = a."case"
	ORDER BY f.entered_at > c.judged_at, CASE WHEN f.entered_at > c.judged_at THEN f.revision
		ELSE -f.revision END LIMIT 1
) AS u ON true
WHERE c.number = (SELECT max(l.number) FROM dv.coverage l WHERE l.action = c.action)
	AND NOT (SELECT l.withdrawn FROM dv.action l WHERE l.action = c.action ORDER BY l.revision DESC LIMIT 1);

CREATE FUNCTION dv.count_action() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	DELETE FROM month_action WHERE action = new.action;
	INSERT INTO month_action SELECT * FROM action_judged j WHERE j.action = new.action;
	RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT ON dv.coverage
	FOR EACH ROW EXECUTE FUNCTION dv.count_action();
-- A revision may withdraw it, or take that back.
CREATE TRIGGER counted AFTER INSERT ON dv.action
	FOR EACH ROW WHEN (new.revision > 1) EXECUTE FUNCTION dv.count_action();

-- ALWAYS, as the triggers that log: what is brought by a subscriber is counted, too.
ALTER TABLE dv.dock_session ENABLE ALWAYS TRIGGER counted;
ALTER TABLE dv.finding ENABLE ALWAYS TRIGGER counted;
ALTER TABLE dv.rectification ENABLE ALWAYS TRIGGER counted;
ALTER TABLE dv.coverage ENABLE ALWAYS TRIGGER counted;
ALTER TABLE dv.action ENABLE ALWAYS TRIGGER counted;

-- ---- counting anew ----

-- Of a recording whose segments name several officers, the first that came says whose it is, in the
-- order of their events.
CREATE FUNCTION dv.month_rebuild() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	LOCK TABLE month_summary, month_finding, finding_open, month_action IN EXCLUSIVE MODE;
	DELETE FROM month_summary;
	DELETE FROM month_finding;
	DELETE FROM finding_open;
	DELETE FROM month_action;
	INSERT INTO month_summary (month, recorder, unit, officer, sessions, recordings, segments, signed,
		imported, in_time, late, duration_ms, bytes, violations, warnings, notices, infos, gaps,
		asked, closed, reopened, returned, overdue, relieved, excused, answer_ms, answer_max_ms)
	WITH came AS (
		SELECT s.recorder, s.recording, min(counted_officer(s.officer)) AS officer,
			min(counted_officer(s.officer)) <> max(counted_officer(s.officer)) AS several
		FROM segment s GROUP BY s.recorder, s.recording
	)
	SELECT x.month, x.recorder, x.unit, x.officer, sum(x.sessions), sum(x.recordings), sum(x.segments),
		sum(x.signed), sum(x.imported), sum(x.in_time), sum(x.late), sum(x.duration_ms),
		sum(x.bytes), sum(x.violations), sum(x.warnings), sum(x.notices), sum(x.infos), sum(x.gaps),
		sum(x.asked), sum(x.closed), sum(x.reopened), sum(x.returned), sum(x.overdue),
		sum(x.relieved), sum(x.excused), sum(x.answer_ms), max(x.answer_ms)
	FROM (
		SELECT month_of(s.recorded_at) AS month, coalesce(s.recorder::text, '') AS recorder,
			coalesce(s.unit::text, '') AS unit, counted_officer(s.officer) AS officer,
			count(*) AS sessions, 0 AS recordings, 0 AS segments, 0 AS signed, 0 AS imported,
			0 AS in_time, 0 AS late, 0 AS duration_ms, 0::numeric AS bytes, 0 AS violations,
			0 AS warnings, 0 AS notices, 0 AS infos, 0 AS gaps, 0 AS asked, 0 AS closed,
			0 AS reopened, 0 AS returned, 0 AS overdue, 0 AS relieved, 0 AS excused,
			0 AS answer_ms
		FROM dock_session s GROUP BY 1, 2, 3, 4
		UNION ALL
		SELECT month_of(r.recorded_at), r.recorder::text, coalesce(r.unit::text, ''),
			CASE WHEN c.several THEN
				(SELECT counted_officer(g.officer) FROM segment g
				 JOIN custody_event e ON e.source = 'segment' AND e.key = g.segment::text
				 WHERE g.recorder = r.recorder AND g.recording = r.recording
				 ORDER BY g.recorded_at, e.event LIMIT 1) ELSE c.officer END,
			0, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
		FROM recording r JOIN came c USING (recorder, recording) GROUP BY 1, 2, 3, 4
		UNION ALL
		SELECT month_of(s.recorded_at), s.recorder::text, coalesce(s.unit::text, ''),
			counted_officer(s.officer), 0, 0, count(*),
			count(*) FILTER (WHERE s.assurance = 'signed_by_recorder'),
			count(*) FILTER (WHERE s.assurance = 'imported'),
			count(*) FILTER (WHERE NOT stored_late(s.end_at, s.stored_at)),
			count(*) FILTER (WHERE stored_late(s.end_at, s.stored_at)),
			sum(believed_ms(s.start_at, s.end_at)), sum(s.size),
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
		FROM segment s GROUP BY 1, 2, 3, 4
		UNION ALL
		SELECT f.month, f.recorder, f.unit, f.officer, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			CASE WHEN f.severity = 'violation' THEN f.raised ELSE 0 END,
			CASE WHEN f.severity = 'warning' THEN f.raised ELSE 0 END,
			CASE WHEN f.severity = 'notice' THEN f.raised ELSE 0 END,
			CASE WHEN f.severity = 'info' THEN f.raised ELSE 0 END,
			CASE WHEN is_gap(f.code) THEN f.raised ELSE 0 END, f.asked, f.closed, f.reopened,
			f.returned, f.overdue, f.relieved, f.excused, f.answer_ms
		FROM finding_step f
	) AS x GROUP BY 1, 2, 3, 4 ORDER BY 1, 2;	-- as they came: a month lies together
	INSERT INTO month_finding
	SELECT f.month, f.recorder, f.unit, f.officer, f.article, f.code, f.severity, sum(f.raised),
		sum(f.asked), sum(f.closed), sum(f.reopened), sum(f.returned), sum(f.overdue),
		sum(f.relieved), sum(f.excused), sum(f.answer_ms), max(f.answer_ms)
	FROM finding_step f GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2;
	INSERT INTO finding_open
	SELECT m.recorder, m.unit, m.officer, m.article, m.code, m.severity,
		sum(m.asked - m.closed + m.returned), sum(m.overdue - m.relieved)
	FROM month_finding m GROUP BY 1, 2, 3, 4, 5, 6
	HAVING sum(m.asked - m.closed + m.returned) <> 0 OR sum(m.overdue - m.relieved) <> 0;
	INSERT INTO month_action SELECT * FROM action_judged;
END
$$;
SELECT dv.month_rebuild();

-- ---- rights ----

SELECT dv.show_rows(t::regclass, 'unit = ANY ((SELECT dv.my_units())::text[]) OR officer = (SELECT dv.my_officer())')
FROM unnest(ARRAY['dv.month_summary', 'dv.month_finding', 'dv.finding_open']) AS t;
SELECT dv.show_rows('dv.month_action', 'unit = ANY ((SELECT dv.my_units())::text[])');
GRANT SELECT ON dv.month_summary, dv.month_finding, dv.finding_open, dv.month_action TO dv_read;
GRANT EXECUTE ON FUNCTION dv.month_of(timestamptz), dv.counted_officer(text) TO dv_read;
