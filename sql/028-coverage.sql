-- Is an action that was to be recorded, recorded?  The arithmetic is lib/rules/coverage (docs/COVERAGE.md).

CREATE TABLE dv.coverage (
	action		uuid NOT NULL,
	number		integer NOT NULL CHECK (number > 0),	-- 1, 2, ...: the last one counts
	revision	integer NOT NULL,	-- of the action
	"case"		dv.ident NOT NULL,
	requirement	text NOT NULL,
	requirement_version integer NOT NULL,
	av		text NOT NULL CHECK (av IN ('mandatory', 'advised')),
	verdict		text NOT NULL CHECK (verdict IN ('covered', 'short', 'missing', 'unsuitable')),
	confidence	numeric(4, 3) NOT NULL CHECK (confidence BETWEEN 0 AND 1),	-- in the verdict
	wanted_ms	bigint NOT NULL CHECK (wanted_ms > 0),
	covered_ms	bigint NOT NULL CHECK (covered_ms BETWEEN 0 AND wanted_ms),
	proven_ms	bigint NOT NULL CHECK (proven_ms BETWEEN 0 AND covered_ms),	-- signed, clock compared
	uncertainty_ms	bigint NOT NULL CHECK (uncertainty_ms >= 0),	-- of the clocks
	holes		jsonb NOT NULL CHECK (jsonb_typeof(holes) = 'array'),	-- {from, to, uncertainty_ms, class,
				-- reason, confidence, grade}
	officers	jsonb NOT NULL CHECK (jsonb_typeof(officers) = 'array'),	-- {officer, segments, covered_ms}
	used		jsonb NOT NULL CHECK (jsonb_typeof(used) = 'array'),	-- recordings: {recording (as
				-- RECORDER/RECORDING), segments, from, to, offset_ms, uncertainty_ms, says}
	doubts		jsonb NOT NULL CHECK (jsonb_typeof(doubts) = 'object'),	-- what could not count: how many
	judged_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (action, number),
	FOREIGN KEY (action, revision) REFERENCES dv.action
);
SELECT dv.make_append_only('dv.coverage');
SELECT dv.log_acts('dv.coverage', 'coverage_judged', '{action,number}', '{officers}',
	'{action:action,case:case}');
CREATE INDEX coverage_case ON dv.coverage ("case");

-- Derived: actions to be judged, from when on.
CREATE TABLE dv.coverage_due (
	action		uuid PRIMARY KEY,
	due_at		timestamptz NOT NULL
);
CREATE INDEX coverage_due_at ON dv.coverage_due (due_at);
COMMENT ON TABLE dv.coverage_due IS 'Derived from action, recording and link';

-- The last judgement of each action, with what it was about.
CREATE VIEW dv.coverage_list WITH (security_invoker = true) AS
SELECT DISTINCT ON (c.action) c.*, a.step, a.place, a.start_at, a.end_at, a.av_unsuitable, q.article
FROM dv.coverage c JOIN dv.action a USING (action, revision)
LEFT JOIN dv.requirement q ON q.requirement = c.requirement AND q.version = c.requirement_version
ORDER BY c.action, c.number DESC;

-- ---- when ----

-- What was recorded is to be stored within this time (Art. 32): until then nothing is missing.
CREATE FUNCTION dv.coverage_patience(a_day date) RETURNS interval
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(rule_limit('late_upload', 'limit', a_day), interval '24 hours')
$$;

-- Judge these once more: when their time is over, or soon, when something new is known.
CREATE FUNCTION dv.coverage_want(a_actions uuid[], a_new boolean) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	DELETE FROM coverage_due d USING action_current a
	WHERE d.action = ANY (a_actions) AND a.action = d.action AND (a.withdrawn OR a.end_at IS NULL);
	INSERT INTO coverage_due AS d (action, due_at)
	SELECT a.action, CASE WHEN a_new THEN greatest(now(), a.end_at) + interval '1 minute'
		ELSE greatest(now(), a.end_at + coverage_patience(day_of(a.start_at))) END
	FROM action_current a
	WHERE a.action = ANY (a_actions) AND NOT a.withdrawn AND a.end_at IS NOT NULL
	ORDER BY a.action
	ON CONFLICT (action) DO UPDATE SET due_at = least(d.due_at, excluded.due_at);
	-- Who waits for the earliest is told when there is an earlier one.
	SELECT pg_notify('dv_deadline', '') FROM coverage_due d WHERE d.action = ANY (a_actions)
	HAVING min(d.due_at) <= (SELECT min(due_at) FROM coverage_due);
$$;

CREATE FUNCTION dv.coverage_of_action() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	-- Another interval is another time.
	DELETE FROM coverage_due WHERE action = new.action;
	PERFORM coverage_want(ARRAY[new.action], false);
	RETURN NULL;
END
$$;
CREATE TRIGGER covered AFTER INSERT ON dv.action FOR EACH ROW EXECUTE FUNCTION dv.coverage_of_action();

CREATE FUNCTION dv.coverage_of_link() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM coverage_want(ARRAY(SELECT l.action FROM link l WHERE l.link = new.link
				    AND l.kind <> 'document'), true);
	RETURN NULL;
END
$$;
CREATE TRIGGER covered AFTER INSERT ON dv.link FOR EACH ROW EXECUTE FUNCTION dv.coverage_of_link();
CREATE TRIGGER covered AFTER INSERT ON dv.link_removed FOR EACH ROW EXECUTE FUNCTION dv.coverage_of_link();

-- The case became a contentious one, or of another kind: another row of the checklist asks.
CREATE FUNCTION dv.coverage_of_case() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM coverage_want(ARRAY(SELECT DISTINCT action FROM action WHERE "case" = new."case"), false);
	RETURN NULL;
END
$$;
CREATE TRIGGER covered AFTER INSERT ON dv.case_file FOR EACH ROW WHEN (new.revision > 1)
	EXECUTE FUNCTION dv.coverage_of_case();

-- A version of a row that asks for a recording, of days that are over or today's.
CREATE FUNCTION dv.coverage_of_requirement() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM coverage_want(ARRAY(SELECT DISTINCT action FROM action
		WHERE end_at >= day_start(new.valid_from) AND start_at < now()), false);
	RETURN NULL;
END
$$;
CREATE TRIGGER covered AFTER INSERT ON dv.requirement FOR EACH ROW
	WHEN (new.version > 1 AND new.valid_from <= current_date + 1)
	EXECUTE FUNCTION dv.coverage_of_requirement();

-- Once a session, not once a segment: what came in, of whom and when, and the actions that it touches.
-- Claimed times are by clocks that may be off; an hour more costs nothing.
CREATE FUNCTION dv.coverage_of_session() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM coverage_want(ARRAY(
		WITH came AS MATERIALIZED (
			SELECT s.recorder::text, s.recording, s.segment, left(s.officer, 32) AS officer,
				coalesce(s.start_at, s.stored_at) AS low, coalesce(s.end_at, s.stored_at) AS high
			FROM segment_seen v JOIN segment_place p ON p.segment = v.segment
			JOIN segment s ON s.segment = p.segment AND s.placed_at = p.placed_at
			WHERE v.session = new.session
		), spans AS MATERIALIZED (
			SELECT recorder, recording, officer, min(low) - interval '1 hour' AS low,
				max(high) + interval '1 hour' AS high
			FROM came GROUP BY 1, 2, 3
		), whose AS MATERIALIZED (
			SELECT officer, min(low) AS low, max(high) AS high FROM (
				SELECT officer, low, high FROM spans WHERE officer IS NOT NULL
				UNION ALL
				SELECT r.officer::text, s.low, s.high FROM spans s JOIN recorder r ON r.recorder = s.recorder
				WHERE r.officer IS NOT NULL) AS x
			GROUP BY 1
		)
		SELECT a.action FROM whose w JOIN action_officer o ON o.officer = w.officer
		JOIN action a ON a.action = o.action AND a.revision = o.revision
		WHERE a.start_at <= w.high AND a.end_at >= w.low
		UNION
		SELECT l.action FROM spans s JOIN link_current l ON l.kind = 'recording'
			AND l.object = s.recorder || '/' || s.recording
		UNION
		SELECT l.action FROM came s JOIN link_current l ON l.kind = 'segment' AND l.object = s.segment::text),
		true);
	RETURN NULL;
END
$$;
CREATE TRIGGER covered AFTER INSERT ON dv.dock_session_judged FOR EACH ROW
	EXECUTE FUNCTION dv.coverage_of_session();
CREATE TRIGGER covered AFTER INSERT ON dv.dock_session_end FOR EACH ROW
	EXECUTE FUNCTION dv.coverage_of_session();

-- All that no judgement of the newest revision is there for; what was judged waits for something new.
CREATE FUNCTION dv.coverage_due_rebuild() RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM coverage_due;
	PERFORM coverage_want(ARRAY(SELECT a.action FROM action_current a WHERE NOT EXISTS
		(SELECT FROM coverage c WHERE c.action = a.action AND c.revision = a.revision)), false);
	SELECT count(*) INTO n FROM coverage_due;
	RETURN n;
END
$$;

-- ---- what is known ----

-- The parameters of the arithmetic on a day, in milliseconds.
CREATE FUNCTION dv.coverage_limits(a_day date) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_strip_nulls(jsonb_object_agg(name || '_ms', (extract(epoch FROM
		rule_limit('coverage_short', name, a_day)) * 1000)::bigint))
	FROM unnest(ARRAY['continuous', 'notice', 'overlap', 'clock_off', 'unchecked']) AS name
$$;

-- Who has which recorder during an action.
CREATE FUNCTION dv.coverage_recorders(a_officers text[], a_start timestamptz, a_end timestamptz)
	RETURNS TABLE (recorder text, officer text)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT DISTINCT ON (r.recorder) r.recorder::text, r.officer::text FROM recorder r
	WHERE r.officer = ANY (a_officers) AND r.enrolled_at <= a_end
		AND NOT EXISTS (SELECT FROM recorder n WHERE n.recorder = r.recorder
			AND n.revision > r.revision AND n.enrolled_at <= a_start)
		AND NOT EXISTS (SELECT FROM recorder_retired x WHERE x.recorder = r.recorder
			AND x.revision = r.revision AND x.retired_at <= a_start)
	ORDER BY r.recorder, r.revision DESC
$$;

-- What a link names; null: no id, which finds nothing.
CREATE FUNCTION dv.coverage_id(a_text text) RETURNS uuid
	LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN a_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN a_text::uuid END;

-- Segments that may be of an action: of recorders that its officers had, of those officers by what the
-- recorder says, and of what is linked.  A believed segment lasts a day at most, and a clock that is
-- off by more than an hour is for a person to link.
CREATE FUNCTION dv.coverage_segments(a dv.action, a_officers text[])
	RETURNS TABLE (segment uuid, placed_at timestamptz, officer text, linked boolean)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH issued AS MATERIALIZED (
		SELECT * FROM coverage_recorders(a_officers, a.start_at, a.end_at)
	), linked AS MATERIALIZED (
		SELECT s.segment, s.placed_at FROM link_current l
		JOIN segment s ON s.recorder = split_part(l.object, '/', 1)
			AND s.recording = coverage_id(split_part(l.object, '/', 2))
		WHERE l.action = a.action AND l.kind = 'recording'
		UNION
		SELECT p.segment, p.placed_at FROM link_current l JOIN segment_place p ON p.segment = coverage_id(l.object)
		WHERE l.action = a.action AND l.kind = 'segment'
	), near AS MATERIALIZED (
		SELECT s.segment, s.placed_at FROM issued i JOIN segment s ON s.recorder = i.recorder
			AND s.placed_at BETWEEN a.start_at - interval '25 hours' AND a.end_at + interval '25 hours'
		UNION
		SELECT s.segment, s.placed_at FROM unnest(a_officers) AS o
		JOIN segment s ON left(s.officer, 32) = o AND s.officer = o AND s.assurance <> 'imported'
			AND s.placed_at BETWEEN a.start_at - interval '25 hours' AND a.end_at + interval '25 hours'
	)
	SELECT s.segment, s.placed_at, CASE WHEN s.officer = ANY (a_officers) THEN s.officer ELSE i.officer END,
		l.segment IS NOT NULL
	FROM (SELECT * FROM near UNION SELECT * FROM linked) AS x
	JOIN segment s ON s.segment = x.segment AND s.placed_at = x.placed_at
	LEFT JOIN linked l ON l.segment = x.segment
	LEFT JOIN issued i ON i.recorder = s.recorder
	WHERE l.segment IS NOT NULL OR s.time_source = 'none'
		OR (s.start_at < a.end_at + interval '1 hour' AND s.end_at > a.start_at - interval '1 hour')
		-- Its clock was off, and the dock knows by how much.
		OR EXISTS (SELECT FROM dock_check k WHERE k.session = s.session AND k.phase = 'dock'
			AND s.start_at - k.clock_offset_ms * interval '1 millisecond' < a.end_at + interval '1 hour'
			AND s.end_at - k.clock_offset_ms * interval '1 millisecond' > a.start_at - interval '1 hour')
$$;

-- As JSON integers are read; null stays null, where least() would pass over it.
CREATE FUNCTION dv.coverage_number(n numeric) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT RETURN least(n, 9223372036854775807)::bigint;

-- What lib/rules/coverage_json.h reads of each, as many as COVERAGE_SEGMENTS_MAX.  The best sighting
-- counts: a key may have been enrolled after the first docking.
CREATE FUNCTION dv.coverage_segments_json(a dv.action, a_officers text[], OUT list jsonb, OUT left_out bigint)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH taken AS MATERIALIZED (
		SELECT c.*, count(*) OVER () AS n FROM coverage_segments(a, a_officers) c
		ORDER BY c.linked DESC, c.placed_at, c.segment LIMIT 16384
	), told AS MATERIALIZED (
		SELECT t.linked, t.n, array_position(a_officers, t.officer) - 1 AS officer, s.recorder::text,
			s.recording, s.seq, s.session, s.stored_at, v.signature, v.digest, m.dseq, m.clock, m.boot,
			m.mono_start_ms, m.mono_end_ms, m.end_reason,
			CASE WHEN m.start_at IS NULL THEN s.time_source ELSE 'manifest' END AS source,
			coalesce(m.start_at, s.start_at) AS start_at, coalesce(m.end_at, s.end_at) AS end_at
		FROM taken t JOIN segment s ON s.segment = t.segment AND s.placed_at = t.placed_at
		JOIN LATERAL (
			SELECT w.manifest, w.signature, w.digest FROM segment_seen w WHERE w.segment = s.segment
			ORDER BY w.signature = 'valid' AND w.digest = 'ok' DESC, w.stored_at, w.session LIMIT 1
		) AS v ON true
		LEFT JOIN manifest m ON m.recorder = s.recorder AND m.manifest = v.manifest AND m.kind = 'segment'
	), docked AS MATERIALIZED (
		SELECT x.session, k.* FROM (SELECT DISTINCT session FROM told) AS x
		JOIN LATERAL (
			SELECT d.checked_at, d.battery, floor(100 * d.free / nullif(d.capacity, 0))::integer AS free,
				d.clock_offset_ms, d.clock_uncertainty_ms, cardinality(d.faults) > 0 AS fault
			FROM dock_check d WHERE d.session = x.session AND d.phase = 'dock'
			ORDER BY d.checked_at LIMIT 1
		) AS k ON true
	), jumps AS MATERIALIZED (
		-- Over a restart: within a run the monotonic clock knows.
		SELECT f.recorder::text, f.at, abs((f.detail ->> 'utc_ms')::numeric) AS ms
		FROM (SELECT DISTINCT recorder FROM told) AS x JOIN finding f ON f.recorder = x.recorder
			AND f.code = 'clock_jump' AND f.at >= a.start_at - interval '1 day'
		WHERE NOT f.detail ? 'jump_ms' AND jsonb_typeof(f.detail -> 'utc_ms') = 'number'
	)
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('recorder', t.recorder,
		'recording', t.recording, 'seq', coverage_number(t.seq),
		'source', t.source, 'signed', t.signature = 'valid',
		'forged', t.signature IN ('invalid', 'key_revoked') OR t.digest = 'bad',
		'clock_unset', t.clock = 'unset', 'dseq', coverage_number(t.dseq),
		'boot', coverage_number(t.boot),
		'mono_start_ms', coverage_number(t.mono_start_ms),
		'mono_end_ms', coverage_number(t.mono_end_ms), 'end', t.end_reason,
		'start_ms', epoch_ms(t.start_at), 'end_ms', epoch_ms(t.end_at), 'officer', t.officer,
		'linked', t.linked) || jsonb_build_object('clock_offset_ms', k.clock_offset_ms,
		'clock_uncertainty_ms', coverage_number(k.clock_uncertainty_ms),
		'docked_ms', epoch_ms(coalesce(k.checked_at, t.stored_at)),
		'battery', k.battery, 'free', k.free, 'fault', k.fault,
		'jump_ms', (SELECT coverage_number(sum(j.ms)) FROM jumps j
			WHERE j.recorder = t.recorder AND j.at > t.end_at
			AND j.at <= coalesce(k.checked_at, t.stored_at))))
		ORDER BY t.recorder, t.recording, t.seq, t.start_at), '[]'),
		coalesce(max(t.n), 0) - count(*)
	FROM told t LEFT JOIN docked k ON k.session = t.session
$$;

CREATE FUNCTION dv.coverage_facts(a dv.action) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_officers text[] := ARRAY(SELECT officer::text FROM action_officer o
		WHERE o.action = a.action AND o.revision = a.revision ORDER BY officer LIMIT 32);
	s record;
BEGIN
	SELECT * INTO s FROM coverage_segments_json(a, a_officers);
	RETURN jsonb_build_object('action', a.action, 'revision', a.revision, 'start_ms', epoch_ms(a.start_at),
		-- Not nothing, where both are within a millisecond.
		'end_ms', greatest(epoch_ms(a.end_at), epoch_ms(a.start_at) + 1),
		'officers', to_jsonb(a_officers), 'left_out', s.left_out,
		'not_docked', (SELECT count(*) FROM coverage_recorders(a_officers, a.start_at, a.end_at) r
			WHERE NOT EXISTS (SELECT FROM dock_session d WHERE d.recorder = r.recorder
				AND d.started_at >= a.end_at)),
		'limits', coverage_limits(day_of(a.start_at)), 'segments', s.list);
END
$$;

-- ---- for alertd ----

-- When the next is due; null: none is.
CREATE FUNCTION dv.coverage_due_at() RETURNS timestamptz
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT min(due_at) FROM coverage_due
$$;

-- Facts of actions that are due, as many as a_limit; those that need no recording are let go.
CREATE FUNCTION dv.coverage_next(a_limit integer) RETURNS TABLE (facts jsonb)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	d record;
	a action;
	n integer := 0;
BEGIN
	FOR d IN SELECT action FROM coverage_due WHERE due_at <= now() ORDER BY due_at, action LOOP
		EXIT WHEN n >= least(greatest(a_limit, 1), 1000);
		SELECT * INTO a FROM action WHERE action = d.action ORDER BY revision DESC LIMIT 1;
		IF a.withdrawn OR a.end_at IS NULL OR NOT EXISTS (SELECT FROM action_av(d.action)) THEN
			DELETE FROM coverage_due WHERE action = d.action;
			CONTINUE;
		END IF;
		n := n + 1;
		facts := coverage_facts(a);
		RETURN NEXT;
	END LOOP;
END
$$;

-- The finding that a judgement is, if it is one.
CREATE FUNCTION dv.coverage_raise(c dv.coverage, a dv.action, a_article integer, a_grade text) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	a_code text := CASE WHEN c.verdict = 'missing' AND c.av = 'mandatory' THEN 'av_missing'
		WHEN c.verdict = 'missing' THEN 'av_advised_missing'
		WHEN c.verdict = 'short' AND c.av = 'mandatory' THEN 'coverage_short' END;
	bad jsonb := (SELECT coalesce(jsonb_agg(h), '[]') FROM jsonb_array_elements(c.holes) AS h
		WHERE h ->> 'grade' <> 'tolerated' AND h ->> 'class' <> 'overlap');
BEGIN
	IF a_code IS NULL THEN
		RETURN false;
	END IF;
	RETURN raise_finding(NULL, jsonb_build_object('code', a_code, 'subject_kind', 'action',
		'subject', c.action, 'case', c."case",
		'unit', (SELECT unit FROM case_file f WHERE f."case" = c."case" ORDER BY revision DESC LIMIT 1),
		'officer', (SELECT o.officer FROM action_officer o
			LEFT JOIN LATERAL (SELECT lead AND NOT leaves AS lead FROM case_officer x
				WHERE x."case" = c."case" AND x.officer = o.officer
				ORDER BY number DESC LIMIT 1) AS x ON true
			WHERE o.action = c.action AND o.revision = c.revision
			ORDER BY coalesce(x.lead, false) DESC, o.officer LIMIT 1),
		-- That it is to be from start to end is one article's (12), whatever asked for it.
		'article', CASE WHEN c.verdict = 'missing' THEN a_article
			ELSE (rule_at(a_code, day_of(a.start_at))).article END,
		'requirement', c.requirement, 'requirement_version', c.requirement_version,
		-- A hole is the same one whatever else is covered meanwhile.
		'fact', 'revision ' || c.revision || CASE WHEN c.verdict = 'short' THEN ' holes '
			|| left(encode(sha256(convert_to((SELECT string_agg(concat_ws('-', h ->> 'from', h ->> 'to'), ' '
				ORDER BY h ->> 'from') FROM jsonb_array_elements(bad) AS h), 'UTF8')), 'hex'), 32) ELSE '' END,
		'at', utc(coalesce(CASE WHEN c.verdict = 'short' THEN (bad -> 0 ->> 'from')::timestamptz END, a.start_at)),
		'severity', CASE WHEN c.verdict = 'short' AND a_grade = 'notice' THEN 'notice' END,
		'confidence', c.confidence,
		'detail', jsonb_build_object('step', a.step, 'start', utc(a.start_at), 'end', utc(a.end_at),
			'wanted_ms', c.wanted_ms, 'covered_ms', c.covered_ms, 'proven_ms', c.proven_ms,
			'uncertainty_ms', c.uncertainty_ms, 'holes', bad, 'doubts', c.doubts, 'coverage', c.number)));
END
$$;

-- What lib/rules/coverage_json.h wrote of facts that coverage_next() gave.  stored: a judgement that is
-- another than the last; waits: something is missing that may still be stored in time; same; changed:
-- the action is another one meanwhile, and is due again.
CREATE FUNCTION dv.coverage_judged(j jsonb) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	c coverage;
	last coverage;
	a action;
	q record;
	told_at timestamptz;
BEGIN
	PERFORM FROM coverage_due WHERE action = (j ->> 'action')::uuid FOR UPDATE;
	SELECT * INTO a FROM action WHERE action = (j ->> 'action')::uuid ORDER BY revision DESC LIMIT 1;
	SELECT * INTO q FROM action_av(a.action);
	IF a.action IS NULL OR a.revision <> (j ->> 'revision')::integer OR q.av IS NULL THEN
		RETURN 'changed';
	END IF;
	c := jsonb_populate_record(NULL::coverage, j - '{number,judged_at}'::text[]);
	c."case" := a."case";
	c.av := q.av;
	c.requirement := q.requirement;
	c.requirement_version := q.version;
	IF a.av_unsuitable IS NOT NULL AND c.verdict <> 'covered' THEN
		c.verdict := 'unsuitable';
	END IF;
	told_at := a.end_at + coverage_patience(day_of(a.start_at));
	IF c.verdict IN ('short', 'missing') AND now() < told_at THEN
		UPDATE coverage_due SET due_at = told_at WHERE action = a.action;
		RETURN 'waits';
	END IF;
	DELETE FROM coverage_due WHERE action = a.action;
	SELECT * INTO last FROM coverage WHERE action = a.action ORDER BY number DESC LIMIT 1;
	c.number := coalesce(last.number, 0) + 1;
	c.judged_at := now();
	IF to_jsonb(c) - '{number,judged_at}'::text[] = to_jsonb(last) - '{number,judged_at}'::text[] THEN
		RETURN 'same';
	END IF;
	INSERT INTO coverage SELECT c.*;
	PERFORM coverage_raise(c, a, q.article, j ->> 'grade');
	RETURN 'stored';
END
$$;

-- What cannot be judged holds up nothing else.
CREATE FUNCTION dv.coverage_postpone(a_action uuid) RETURNS void
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	UPDATE coverage_due SET due_at = now() + interval '1 hour' WHERE action = a_action
$$;

-- ---- rights ----

SELECT dv.show_rows('dv.coverage', dv.sees_case());
SELECT dv.show_rows('dv.coverage_due', 'EXISTS (SELECT FROM dv.action a WHERE a.action = coverage_due.action)');
GRANT SELECT ON dv.coverage, dv.coverage_list, dv.coverage_due TO dv_read;
GRANT EXECUTE ON FUNCTION dv.coverage_due_at(), dv.coverage_next(integer), dv.coverage_judged(jsonb),
	dv.coverage_postpone(uuid) TO dv_alert;
