-- What the rules of 050 make of each recording, kept as facts come in.

-- ---- what the rules make of recordings ----

CREATE FUNCTION dv.retention_rules_at(a_day date) RETURNS SETOF dv.retention_rule
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT (x.r).* FROM (SELECT DISTINCT ON (rule) r FROM retention_rule r WHERE valid_from <= a_day
			     ORDER BY rule, version DESC) AS x
	WHERE coalesce((x.r).valid_to >= a_day, true)
$$;

-- Segments that are papers of the vault's own among these (null: all).  A later file whose rows name segments
-- puts its own besides.
CREATE FUNCTION dv.retention_papers(a_segments uuid[]) RETURNS SETOF uuid
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT segment FROM rectification WHERE segment IS NOT NULL AND (a_segments IS NULL OR segment = ANY (a_segments))
	UNION
	SELECT segment FROM recorder_report WHERE segment IS NOT NULL AND (a_segments IS NULL OR segment = ANY (a_segments))
	UNION
	SELECT x FROM (SELECT (f.value ->> 'segment')::uuid AS x FROM report_signed p
		       CROSS JOIN LATERAL jsonb_array_elements(p.files) AS f) AS y
	WHERE a_segments IS NULL OR x = ANY (a_segments)
$$;

CREATE TYPE dv.retention_facts AS (
	recorder text, recording uuid, unit text, class text,
	cases text[], open_cases text[],	-- it belongs to; of these, that are not archived
	case_kinds text[], archived_on date[],	-- of each of cases; null: it is not
	marks text[],
	recorded_on date, stored_on date,	-- when it was complete: the last of its segments
	reviewed text				-- dispose, keep; null: nobody did
);

-- The facts of recordings.  a_strict: ask for the class of each segment, whether or not anybody said one.
--
-- Neither a recorder's clock nor a dock's can make anything older than the catalog's own day of taking it in, nor can
-- the catalog's make it older than the last day that was noted by then.
CREATE FUNCTION dv.retention_facts_of(a_recorders text[], a_recordings uuid[], a_strict boolean)
	RETURNS SETOF dv.retention_facts
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off
	SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH rec AS MATERIALIZED (
		SELECT DISTINCT x.recorder, x.recording FROM unnest(a_recorders, a_recordings) AS x(recorder, recording)
	), behind AS MATERIALIZED (	-- clock_behind(); not of a day that never was
		SELECT f.subject_kind, f.subject, max(d.day) AS day FROM finding f
		JOIN clock_lived_day d ON d.day = (f.detail ->> 'noted')::date
		WHERE f.code = 'clock_set_back' AND f.subject_kind IN ('session', 'case') GROUP BY f.subject_kind, f.subject
	), seg AS MATERIALIZED (
		SELECT s.recorder::text, s.recording, s.segment, s.unit::text, s.placed_at, s.manifest, s.session,
			greatest(day_of(s.stored_at), day_of(s.recorded_at), b.day) AS came_on
		FROM rec r JOIN segment s ON s.recorder = r.recorder AND s.recording = r.recording
		LEFT JOIN behind b ON b.subject_kind = 'session' AND b.subject = s.session::text
	), span AS (
		SELECT s.recorder, s.recording, max(s.unit) AS unit,
			max(greatest(day_of(s.placed_at), s.came_on)) AS recorded_on, max(s.came_on) AS stored_on
		FROM seg s GROUP BY s.recorder, s.recording
	), member AS MATERIALIZED (
		SELECT r.recorder, r.recording, x."case"::text AS "case" FROM rec r
		JOIN link_current l ON l.kind = 'recording' AND l.object = r.recorder || '/' || r.recording
		JOIN action x ON x.action = l.action AND x.revision = 1
		UNION
		SELECT s.recorder, s.recording, x."case"::text FROM seg s
		JOIN link_current l ON l.kind = 'segment' AND l.object = s.segment::text
		JOIN action x ON x.action = l.action AND x.revision = 1
		UNION
		SELECT s.recorder, s.recording, d."case"::text FROM seg s JOIN document d ON d.segment = s.segment
		UNION	-- brought for one
		SELECT s.recorder, s.recording, f."case"::text FROM seg s JOIN dock_import i ON i.session = s.session
		JOIN case_file f ON f."case"::text = i."case"::text AND f.revision = 1
	), file AS MATERIALIZED (
		SELECT c."case", f.kind::text AS kind,
			(SELECT bool_or(v.major) FROM case_file v WHERE v."case" = c."case") AS major,
			CASE WHEN case_state(c."case") = 'archived' THEN
				greatest((SELECT max(day_of(greatest(e.at, e.entered_at))) FROM case_event e
					  WHERE e."case" = c."case" AND e.kind = 'archived'), (SELECT b.day FROM behind b
					  WHERE b.subject_kind = 'case' AND b.subject = c."case")) END AS archived_on
		FROM (SELECT DISTINCT m."case" FROM member m) AS c
		LEFT JOIN LATERAL (SELECT v.kind FROM case_file v WHERE v."case" = c."case"
				   ORDER BY v.revision DESC LIMIT 1) AS f ON true
	), belongs AS (
		SELECT m.recorder, m.recording, array_agg(f."case" ORDER BY f."case") AS cases,
			array_agg(f."case" ORDER BY f."case") FILTER (WHERE f.archived_on IS NULL) AS open_cases,
			array_agg(f.kind ORDER BY f."case") AS kinds, array_agg(f.archived_on ORDER BY f."case") AS archived
		FROM member m JOIN file f USING ("case") GROUP BY m.recorder, m.recording
	), said AS MATERIALIZED (
		SELECT k.* FROM retention_mark k
		WHERE NOT EXISTS (SELECT FROM retention_mark_removed x WHERE x.mark_id = k.mark_id)
	), marked AS (
		SELECT x.recorder, x.recording, array_agg(DISTINCT x.mark ORDER BY x.mark) AS marks FROM (
			SELECT r.recorder, r.recording, k.mark FROM rec r
			JOIN said k ON k.kind = 'recording' AND k.subject = r.recorder || '/' || r.recording
			UNION ALL
			SELECT s.recorder, s.recording, k.mark FROM seg s
			JOIN said k ON k.kind = 'segment' AND k.subject = s.segment::text
			UNION ALL
			SELECT m.recorder, m.recording, k.mark FROM member m
			JOIN said k ON k.kind = 'case' AND k.subject = m."case"
			UNION ALL
			SELECT m.recorder, m.recording, 'major_case' FROM member m JOIN file f USING ("case") WHERE f.major
			UNION ALL
			SELECT s.recorder, s.recording, 'important' FROM seg s
			JOIN manifest f ON f.recorder = s.recorder AND f.manifest = s.manifest
			WHERE jsonb_typeof(f.marks) = 'array' AND f.marks <> '[]'
			UNION ALL
			SELECT s.recorder, s.recording, 'paper' FROM seg s
			JOIN retention_papers(ARRAY(SELECT y.segment FROM seg y)) AS p(segment) USING (segment)
		) AS x GROUP BY x.recorder, x.recording
	), classed AS (
		SELECT r.recorder, r.recording FROM rec r WHERE a_strict
		UNION
		SELECT r.recorder, r.recording FROM rec r
		JOIN classification c ON c.kind = 'recording' AND c.subject = r.recorder || '/' || r.recording
		UNION
		SELECT s.recorder, s.recording FROM seg s
		JOIN classification c ON c.kind = 'segment' AND c.subject = s.segment::text
		UNION
		SELECT m.recorder, m.recording FROM member m
		JOIN classification c ON c.kind = 'case' AND c.subject = m."case"
	), class AS (
		SELECT y.recorder, y.recording, (array_agg(y.class ORDER BY class_rank(y.class) DESC))[1] AS class
		FROM (SELECT s.recorder, s.recording, class_of(s.segment) AS class
		      FROM classed c JOIN seg s ON s.recorder = c.recorder AND s.recording = c.recording) AS y
		GROUP BY y.recorder, y.recording
	)
	SELECT s.recorder, s.recording, s.unit, coalesce(c.class, 'internal'), coalesce(b.cases, '{}'),
		coalesce(b.open_cases, '{}'), coalesce(b.kinds, '{}'), coalesce(b.archived, '{}'), coalesce(m.marks, '{}'),
		s.recorded_on, s.stored_on,
		(SELECT v.verdict FROM retention_review v WHERE v.recorder = s.recorder AND v.recording = s.recording
		 ORDER BY v.number DESC LIMIT 1)
	FROM span s
	LEFT JOIN belongs b ON b.recorder = s.recorder AND b.recording = s.recording
	LEFT JOIN marked m ON m.recorder = s.recorder AND m.recording = s.recording
	LEFT JOIN class c ON c.recorder = s.recorder AND c.recording = s.recording;
END
$$;

-- Why a rule does not fit; null: it does.
CREATE FUNCTION dv.retention_misfit(r dv.retention_rule, f dv.retention_facts) RETURNS text
	LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN NOT coalesce((f).class = ANY ((r).classes), true) THEN 'class'
		WHEN (r).linked <> ((f).cases <> '{}') THEN 'linked'
		WHEN NOT coalesce((r).case_kinds::text[] && (f).case_kinds, true) THEN 'case_kind'
		WHEN NOT coalesce((r).marks && (f).marks, true) THEN 'mark' END;

-- The first day on which it lets a recording go; infinity: never, or not before a case is archived.
CREATE FUNCTION dv.retention_until(r dv.retention_rule, f dv.retention_facts) RETURNS date
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT CASE WHEN (r).keep IS NULL OR x.day IS NULL OR x.day = 'infinity' THEN date 'infinity'
		ELSE x.day + 1 + ceil(extract(epoch FROM duration_of((r).keep)) / 86400)::integer END
	FROM (SELECT CASE (r).since WHEN 'recorded' THEN (f).recorded_on WHEN 'stored' THEN (f).stored_on
		ELSE (SELECT max(coalesce(y.day, 'infinity')) FROM unnest((f).case_kinds, (f).archived_on) AS y(kind, day)
		      WHERE coalesce(y.kind = ANY ((r).case_kinds::text[]), true)) END AS day) AS x
$$;

CREATE TYPE dv.retention_verdict AS (
	recorder text, recording uuid, unit text, class text, in_case boolean, reviewed text,
	rule text, version integer,		-- the one that wins; null: none fits, and it stays
	due_on date,				-- by it; infinity: permanently
	review boolean,				-- one that fits asks for a person's look, or it belongs to no case
	disposable_on date			-- null: not as things are
);

CREATE FUNCTION dv.retention_judge(a_recorders text[], a_recordings uuid[], a_day date, a_strict boolean)
	RETURNS SETOF dv.retention_verdict
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off AS $$
	WITH rules AS MATERIALIZED (SELECT r FROM retention_rules_at(a_day) r),
	fit AS (
		SELECT f, r, CASE WHEN (r).rule IS NOT NULL THEN retention_until(r, f) END AS until
		FROM retention_facts_of(a_recorders, a_recordings, a_strict) f
		LEFT JOIN rules ON retention_misfit(r, f) IS NULL
	), best AS (
		SELECT (f).recorder, (f).recording, (f).unit, (f).class, (f).open_cases <> '{}' AS in_case, (f).reviewed,
			(array_agg((r).rule ORDER BY until DESC, (r).rule) FILTER (WHERE until IS NOT NULL))[1] AS rule,
			(array_agg((r).version ORDER BY until DESC, (r).rule) FILTER (WHERE until IS NOT NULL))[1] AS version,
			max(until) AS due_on, coalesce(bool_or((r).review), false) OR (f).cases = '{}' AS review
		FROM fit GROUP BY 1, 2, 3, 4, 5, 6, (f).cases
	)
	SELECT recorder, recording, unit, class, in_case, reviewed, rule, version, due_on, review,
		CASE WHEN due_on < 'infinity' AND NOT in_case AND coalesce(reviewed, '') <> 'keep'
			AND (NOT review OR coalesce(reviewed, '') = 'dispose') THEN due_on END
	FROM best
$$;

-- ---- where each stands ----

CREATE TABLE dv.retention_state (
	segment		uuid PRIMARY KEY,
	recorder	text NOT NULL,
	recording	uuid NOT NULL,
	unit		text NOT NULL,		-- '': none
	blob		bytea NOT NULL,
	size		numeric(20, 0) NOT NULL,
	class		text NOT NULL,
	rule		text,			-- null: none fits
	version		integer,
	due_on		date,
	review		boolean NOT NULL,
	in_case		boolean NOT NULL,
	disposable_on	date			-- null: not as things are
) WITH (fillfactor = 90);
CREATE INDEX retention_state_recording ON dv.retention_state (recorder, recording);
CREATE INDEX retention_state_due ON dv.retention_state (disposable_on) WHERE disposable_on IS NOT NULL;
CREATE INDEX retention_state_review ON dv.retention_state (due_on)
	WHERE review AND disposable_on IS NULL AND NOT in_case;
COMMENT ON TABLE dv.retention_state IS 'Derived from segment and all that retention_facts_of() reads';
-- Recordings to be judged again.  One again and again: whoever writes facts must not wait for one another here.
CREATE TABLE dv.retention_dirty (
	number		bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	recorder	text NOT NULL,
	recording	uuid NOT NULL
);
COMMENT ON TABLE dv.retention_dirty IS 'Derived: what of retention_state is to be made anew';
-- By which rules it was judged last, and what was told last: one row.
CREATE TABLE dv.retention_pass (
	one		boolean PRIMARY KEY DEFAULT true CHECK (one),
	rules		text NOT NULL,		-- "rule/version ..." in force then
	swept_on	date,			-- when it was last looked for what is to be told
	told_on		date			-- and for what of the week
);
COMMENT ON TABLE dv.retention_pass IS 'Derived from retention_rule and the notices';
-- How far the executor is in a plan: items up to it are begun, gone or spared.
CREATE TABLE dv.disposal_progress (
	plan		uuid PRIMARY KEY,
	number		integer NOT NULL,
	begun		uuid[] NOT NULL DEFAULT '{}'	-- of these, what is not concluded
);
COMMENT ON TABLE dv.disposal_progress IS 'Derived from disposal_begun, disposal_spared and tombstone';

CREATE FUNCTION dv.retention_rules_now() RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(string_agg(rule || '/' || version, ' ' ORDER BY rule), '') FROM retention_rules_at(day_of(now()))
$$;

-- Judge up to so many of those that wait.  How many are left.  One at a time: what is judged from facts of
-- before must not be written over what was judged from those of now.
CREATE FUNCTION dv.retention_refresh(a_limit integer) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	recorders text[];
	recordings uuid[];
BEGIN
	PERFORM pg_advisory_xact_lock(25730, 0);
	WITH taken AS (
		DELETE FROM retention_dirty WHERE number IN (SELECT number FROM retention_dirty ORDER BY number LIMIT a_limit)
		RETURNING recorder, recording
	)
	SELECT array_agg(recorder), array_agg(recording) INTO recorders, recordings
	FROM (SELECT DISTINCT recorder, recording FROM taken) AS x;
	IF recorders IS NOT NULL THEN	-- a statement of its own: it sees all that these rows were about
		INSERT INTO retention_state AS t (segment, recorder, recording, unit, blob, size, class, rule, version,
			due_on, review, in_case, disposable_on)
		SELECT s.segment, s.recorder, s.recording, coalesce(s.unit, ''), s.blob, s.size, v.class, v.rule, v.version,
			v.due_on, v.review, v.in_case, v.disposable_on
		FROM retention_judge(recorders, recordings, day_of(now()), false) AS v
		JOIN segment s ON s.recorder = v.recorder AND s.recording = v.recording
		WHERE NOT EXISTS (SELECT FROM disposal_begun b WHERE b.segment = s.segment)
		ON CONFLICT (segment) DO UPDATE SET class = excluded.class, rule = excluded.rule,
			version = excluded.version, due_on = excluded.due_on, review = excluded.review,
			in_case = excluded.in_case, disposable_on = excluded.disposable_on
		WHERE (t.class, t.rule, t.version, t.due_on, t.review, t.in_case, t.disposable_on) IS DISTINCT FROM
			(excluded.class, excluded.rule, excluded.version, excluded.due_on, excluded.review,
			 excluded.in_case, excluded.disposable_on);
	END IF;
	RETURN (SELECT count(*) FROM (SELECT FROM retention_dirty LIMIT 1000000) AS x);
END
$$;

-- Other rules are in force than those it was judged by: all of it once more.
CREATE FUNCTION dv.retention_rules_noted() RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	rules_now text := retention_rules_now();
BEGIN
	PERFORM pg_advisory_xact_lock(25730, 0);
	IF EXISTS (SELECT FROM retention_pass WHERE rules = rules_now) THEN
		RETURN false;
	END IF;
	INSERT INTO retention_pass (rules) VALUES (rules_now) ON CONFLICT (one) DO UPDATE SET rules = excluded.rules;
	INSERT INTO retention_dirty (recorder, recording) SELECT recorder, recording FROM recording;
	RETURN true;
END
$$;

-- All of it anew.
CREATE FUNCTION dv.retention_rebuild() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(25730, 0);
	DELETE FROM retention_state;
	DELETE FROM retention_dirty;
	INSERT INTO retention_dirty (recorder, recording) SELECT recorder, recording FROM recording;
	WHILE retention_refresh(20000) > 0 LOOP
		NULL;
	END LOOP;
END
$$;

-- ---- triggers: whose facts changed ----

-- TG_ARGV[0]: what of the new rows says which recordings, as a query of (recorder, recording).
CREATE FUNCTION dv.retention_touch() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	CASE TG_ARGV[0]
	WHEN 'recording' THEN
		INSERT INTO retention_dirty (recorder, recording) SELECT DISTINCT recorder, recording FROM fresh;
	WHEN 'segment' THEN
		INSERT INTO retention_dirty (recorder, recording)
		SELECT DISTINCT s.recorder, s.recording FROM fresh f JOIN segment_place p ON p.segment = f.segment
		JOIN segment s ON s.segment = p.segment AND s.placed_at = p.placed_at;
	WHEN 'case' THEN
		PERFORM retention_touch_case(c) FROM (SELECT DISTINCT "case"::text AS c FROM fresh) AS x;
	WHEN 'kind' THEN
		PERFORM retention_touch_subject(kind, subject) FROM fresh;
	WHEN 'link' THEN
		PERFORM retention_touch_subject(l.kind, l.object) FROM fresh f JOIN link l USING (link);
	WHEN 'mark' THEN
		PERFORM retention_touch_subject(k.kind, k.subject) FROM fresh f JOIN retention_mark k USING (mark_id);
	WHEN 'clock' THEN
		INSERT INTO retention_dirty (recorder, recording)
		SELECT DISTINCT r.recorder, r.recording FROM fresh f JOIN finding x ON (x.detail ->> 'noted')::date = f.day
		JOIN recording r ON r.session = uuid_or_null(x.subject)
		WHERE x.code = 'clock_set_back' AND x.subject_kind = 'session';
		PERFORM retention_touch_case(c) FROM (SELECT DISTINCT x.subject AS c FROM fresh f
			JOIN finding x ON (x.detail ->> 'noted')::date = f.day
			WHERE x.code = 'clock_set_back' AND x.subject_kind = 'case') AS y;
	WHEN 'report' THEN
		PERFORM retention_touch_subject('segment', x.value ->> 'segment')
		FROM fresh f CROSS JOIN LATERAL jsonb_array_elements(f.files) AS x;
	END CASE;
	RETURN NULL;
END
$$;
CREATE FUNCTION dv.retention_touch_subject(a_kind text, a_subject text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_kind = 'recording' THEN
		INSERT INTO retention_dirty (recorder, recording)
		SELECT r.recorder, r.recording FROM recording r WHERE r.recorder = split_part(a_subject, '/', 1)
			AND r.recording = uuid_or_null(split_part(a_subject, '/', 2));
	ELSIF a_kind = 'segment' THEN
		INSERT INTO retention_dirty (recorder, recording)
		SELECT s.recorder, s.recording FROM segment_place p JOIN segment s USING (segment, placed_at)
		WHERE p.segment = uuid_or_null(a_subject);
	ELSIF a_kind = 'case' THEN
		PERFORM retention_touch_case(a_subject);
	END IF;
END
$$;
-- All that ever belonged to it.
CREATE FUNCTION dv.retention_touch_case(a_case text) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO retention_dirty (recorder, recording)
	SELECT r.recorder, r.recording FROM action x JOIN link l ON l.action = x.action AND l.kind = 'recording'
	JOIN recording r ON r.recorder = split_part(l.object, '/', 1) AND r.recording = uuid_or_null(split_part(l.object, '/', 2))
	WHERE x."case" = a_case AND x.revision = 1
	UNION
	SELECT s.recorder, s.recording FROM (
		SELECT uuid_or_null(l.object) AS segment FROM action x JOIN link l ON l.action = x.action AND l.kind = 'segment'
		WHERE x."case" = a_case AND x.revision = 1
		UNION
		SELECT d.segment FROM document d WHERE d."case" = a_case AND d.segment IS NOT NULL) AS y
	JOIN segment_place p USING (segment) JOIN segment s USING (segment, placed_at)
	UNION
	SELECT s.recorder, s.recording FROM dock_import i JOIN recording s ON s.session = i.session
	WHERE i."case"::text = a_case
$$;
CREATE INDEX dock_import_case ON dv.dock_import ("case") WHERE "case" IS NOT NULL;
CREATE INDEX recording_session ON dv.recording (session);

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES ('segment', 'recording'), ('retention_review', 'recording'),
		('document', 'segment'), ('rectification', 'segment'), ('recorder_report', 'segment'),
		('case_file', 'case'), ('case_event', 'case'), ('retention_mark', 'kind'), ('classification', 'kind'),
		('link', 'link'), ('link_removed', 'link'), ('retention_mark_removed', 'mark'),
		('report_signed', 'report'), ('clock_said', 'clock')) AS x(name, how)
	LOOP
		EXECUTE format('CREATE TRIGGER retention_touch AFTER INSERT ON dv.%I REFERENCING NEW TABLE AS fresh '
			       'FOR EACH STATEMENT EXECUTE FUNCTION dv.retention_touch(%L)', t.name, t.how);
		EXECUTE format('ALTER TABLE dv.%I ENABLE ALWAYS TRIGGER retention_touch', t.name);
	END LOOP;
END
$$;

-- ---- what people say ----

-- The segments of what KIND:SUBJECT names, all of which must be there.
CREATE FUNCTION dv.retention_subject(a_kind text, a_subject text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM check_word('kind', coalesce(a_kind, ''), ARRAY['segment', 'recording', 'case']);
	IF NOT (CASE a_kind
		WHEN 'segment' THEN EXISTS (SELECT FROM segment_place WHERE segment = uuid_or_null(a_subject))
		WHEN 'recording' THEN EXISTS (SELECT FROM recording r WHERE r.recorder = split_part(a_subject, '/', 1)
			AND r.recording = uuid_or_null(split_part(a_subject, '/', 2)))
		ELSE EXISTS (SELECT FROM case_file WHERE "case" = a_subject) END) THEN
		RAISE EXCEPTION '% %: there is none: look for it (vaultctl recording list, vaultctl case list)', a_kind,
			coalesce(a_subject, '?') USING ERRCODE = 'no_data_found';
	END IF;
END
$$;

-- Lower case, as whatever it is compared with has it.
CREATE FUNCTION dv.retention_name(a_kind text, a_subject text) RETURNS text
	LANGUAGE sql IMMUTABLE
	RETURN CASE a_kind WHEN 'segment' THEN lower(a_subject)
		WHEN 'recording' THEN split_part(a_subject, '/', 1) || '/' || lower(split_part(a_subject, '/', 2))
		ELSE a_subject END;

CREATE FUNCTION dv.retention_mark_set(a_kind text, a_subject text, a_mark text, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_id uuid;
BEGIN
	PERFORM require_role('supervisor', 'legal');
	PERFORM retention_subject(a_kind, a_subject);
	PERFORM check_word('mark', coalesce(a_mark, ''), ARRAY['obstruction', 'major_incident', 'complaint', 'training']);
	IF EXISTS (SELECT FROM retention_mark k WHERE (k.kind, k.subject, k.mark) = (a_kind, retention_name(a_kind, a_subject), a_mark)
			AND NOT EXISTS (SELECT FROM retention_mark_removed x WHERE x.mark_id = k.mark_id)) THEN
		RAISE EXCEPTION '% % is marked as % already', a_kind, a_subject, a_mark USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO retention_mark (kind, subject, mark, reason)
	VALUES (a_kind, retention_name(a_kind, a_subject), a_mark, a_reason) RETURNING mark_id INTO a_id;
	RETURN a_id;
END
$$;

-- By another person than who marked it: without it, it may go earlier.
CREATE FUNCTION dv.retention_mark_remove(a_kind text, a_subject text, a_mark text, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	k retention_mark;
BEGIN
	PERFORM require_role('supervisor', 'legal');
	SELECT * INTO k FROM retention_mark m
	WHERE (m.kind, m.subject, m.mark) = (a_kind, retention_name(a_kind, a_subject), a_mark)
		AND NOT EXISTS (SELECT FROM retention_mark_removed x WHERE x.mark_id = m.mark_id) FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% % is not marked as %', a_kind, a_subject, a_mark USING ERRCODE = 'no_data_found';
	END IF;
	IF same_person(k."by") THEN
		RAISE EXCEPTION '% %: you marked it yourself; another person takes that back', a_kind, a_subject
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO retention_mark_removed (mark_id, reason) VALUES (k.mark_id, a_reason);
	RETURN k.mark_id;
END
$$;

CREATE FUNCTION dv.retention_review(a_recorder text, a_recording uuid, a_verdict text, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('supervisor');
	PERFORM check_word('verdict', coalesce(a_verdict, ''), ARRAY['dispose', 'keep']);
	PERFORM retention_subject('recording', a_recorder || '/' || a_recording);
	INSERT INTO retention_review (recorder, recording, verdict, reason) VALUES (a_recorder, a_recording, a_verdict, a_reason);
END
$$;
