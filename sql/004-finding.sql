-- Rules, findings, and the counters that reports read.

-- A rule is data: its article, its words, its thresholds.  Not evidence: later
-- migrations may put better words.
CREATE TABLE dv.rule (
	code		text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{1,63}$'),
	article		integer NOT NULL CHECK (article BETWEEN 1 AND 40),
	severity	dv.severity NOT NULL,
	text_zh		text NOT NULL CHECK (text_zh <> ''),
	text_en		text NOT NULL CHECK (text_en <> ''),
	next_step_zh	text NOT NULL CHECK (next_step_zh <> ''),
	next_step_en	text NOT NULL CHECK (next_step_en <> ''),
	parameters	jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object')
);

CREATE TABLE dv.finding (
	finding		uuid PRIMARY KEY,	-- from code, subject and fact
	code		text NOT NULL REFERENCES dv.rule,
	recorder	dv.ident,		-- null: unknown
	unit		dv.ident,		-- the recorder's when it was raised
	subject_kind	text NOT NULL CHECK (subject_kind IN
				('recorder', 'session', 'recording', 'segment', 'slot')),
	subject		text NOT NULL CHECK (length(subject) BETWEEN 1 AND 160),
	fact		text NOT NULL CHECK (length(fact) <= 120),
	severity	dv.severity NOT NULL,
	confidence	numeric(4, 3) CHECK (confidence BETWEEN 0 AND 1),
	at		timestamptz NOT NULL,	-- when it was so
	session		uuid NOT NULL REFERENCES dv.dock_session,	-- that found it out
	detail		jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object'),
	raised_at	timestamptz NOT NULL DEFAULT now()	-- when the catalog learned it
);
CREATE INDEX finding_raised ON dv.finding (raised_at);
CREATE INDEX finding_recorder ON dv.finding (recorder, at);
CREATE INDEX finding_session ON dv.finding (session);
CREATE INDEX finding_subject ON dv.finding (subject);
SELECT dv.make_append_only('dv.finding');

-- Derived: the only tables whose rows change.  Both can be counted anew from
-- the evidence; they are kept in the transaction that brings it, so that they
-- never differ from it.
--
-- recorded_day is when the catalog learned of it, by its own clock.  A report
-- selects by it: what comes late is in the report of the day on which it came,
-- and a report of days that are over never changes.
CREATE TABLE dv.day_summary (
	recorded_day	date NOT NULL,
	recorder	text NOT NULL,		-- '': unknown device
	unit		text NOT NULL,		-- '': none
	day		date NOT NULL,		-- on which it was recorded, as far as is known
	sessions	bigint NOT NULL DEFAULT 0,	-- under the day of docking
	recordings	bigint NOT NULL DEFAULT 0,
	segments	bigint NOT NULL DEFAULT 0,
	signed		bigint NOT NULL DEFAULT 0,	-- segments signed_by_recorder
	duration_ms	bigint NOT NULL DEFAULT 0,
	bytes		numeric(30, 0) NOT NULL DEFAULT 0,
	PRIMARY KEY (recorded_day, recorder, unit, day)
) WITH (fillfactor = 50);		-- rows change often: room for the next version beside them
CREATE INDEX day_summary_day ON dv.day_summary (recorder, day);

CREATE TABLE dv.finding_summary (
	raised_day	date NOT NULL,
	recorder	text NOT NULL,
	unit		text NOT NULL,
	code		text NOT NULL REFERENCES dv.rule,
	severity	dv.severity NOT NULL,
	findings	bigint NOT NULL,
	PRIMARY KEY (raised_day, recorder, unit, code, severity)
) WITH (fillfactor = 50);
COMMENT ON TABLE dv.day_summary IS 'Derived from dock_session, recording and segment';
COMMENT ON TABLE dv.finding_summary IS 'Derived from finding';

CREATE FUNCTION dv.count_day(a_recorder text, a_unit text, a_day date, a_sessions bigint,
			     a_recordings bigint, a_segments bigint, a_signed bigint,
			     a_duration_ms bigint, a_bytes numeric) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO day_summary AS s (recorded_day, recorder, unit, day, sessions, recordings,
				      segments, signed, duration_ms, bytes)
	VALUES (day_of(now()), coalesce(a_recorder, ''), coalesce(a_unit, ''), a_day,
		a_sessions, a_recordings, a_segments, a_signed, a_duration_ms, a_bytes)
	ON CONFLICT (recorded_day, recorder, unit, day) DO UPDATE SET
		sessions = s.sessions + excluded.sessions,
		recordings = s.recordings + excluded.recordings,
		segments = s.segments + excluded.segments,
		signed = s.signed + excluded.signed,
		duration_ms = s.duration_ms + excluded.duration_ms,
		bytes = s.bytes + excluded.bytes
$$;

-- The unit and officer a recorder has now, retired or not.
CREATE FUNCTION dv.unit_of(a_recorder text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT unit::text FROM recorder WHERE recorder = a_recorder ORDER BY revision DESC LIMIT 1
$$;

CREATE FUNCTION dv.officer_of(a_recorder text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT officer::text FROM recorder WHERE recorder = a_recorder ORDER BY revision DESC LIMIT 1
$$;

-- The first 16 bytes of SHA-256 of the three, a line feed between them.
CREATE FUNCTION dv.finding_id(a_code text, a_subject text, a_fact text) RETURNS uuid
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = dv, pg_temp
	RETURN encode(substr(sha256(convert_to(
		a_code || E'\n' || a_subject || E'\n' || a_fact, 'UTF8')), 1, 16), 'hex')::uuid;

-- True when it was not known before.
CREATE FUNCTION dv.raise_finding(a_session uuid, f jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	a_severity text;
	a_unit text;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(f) AS x(code text, subject_kind text, subject text,
		recorder ident, fact text, at moment, severity severity, confidence numeric,
		detail jsonb);
	SELECT coalesce(x.severity, severity) INTO a_severity FROM rule WHERE code = x.code;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'finding %: there is no such rule', x.code
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	a_unit := unit_of(x.recorder);
	INSERT INTO finding (finding, code, recorder, unit, subject_kind, subject, fact, severity,
			     confidence, at, session, detail)
	VALUES (finding_id(x.code, x.subject, coalesce(x.fact, '')), x.code, x.recorder, a_unit,
		x.subject_kind, x.subject, coalesce(x.fact, ''), a_severity, x.confidence,
		x.at::timestamptz, a_session, coalesce(x.detail, '{}'))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO finding_summary AS s (raised_day, recorder, unit, code, severity, findings)
	VALUES (day_of(now()), coalesce(x.recorder, ''), coalesce(a_unit, ''), x.code, a_severity, 1)
	ON CONFLICT (raised_day, recorder, unit, code, severity)
		DO UPDATE SET findings = s.findings + 1;
	RETURN true;
END
$$;

-- A list of findings, as segment and manifest records carry one.
CREATE FUNCTION dv.raise_findings(a_session uuid, list jsonb) RETURNS integer
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	f jsonb;
	n integer := 0;
BEGIN
	IF list IS NULL OR jsonb_typeof(list) = 'null' THEN
		RETURN 0;
	END IF;
	IF jsonb_typeof(list) <> 'array' OR jsonb_array_length(list) > 65536 THEN
		RAISE EXCEPTION 'findings: not a list of at most 65536'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR f IN SELECT value FROM jsonb_array_elements(list) LOOP
		n := n + raise_finding(a_session, f)::integer;
	END LOOP;
	RETURN n;
END
$$;
