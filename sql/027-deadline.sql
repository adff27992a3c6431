-- The clock of the regulation: what is due when.
--
-- Derived: an obligation is a row from the transaction that gave rise to it until it was met in time, or was
-- found to be missed and then met.  alertd sleeps until the earliest and calls dv.sweep(); who is late by
-- a year finds the same as who is not, since a row that was met too late stays until that was found.
--
-- What is owed is said once for each code, by dv.owed_CODE(subjects): of these subjects alone, or (null) of
-- all.  The trigger of a fact, the sweep's second look and the making anew all ask it, and cannot differ.

CREATE TABLE dv.deadline (
	code		text NOT NULL,		-- of the finding when it is missed
	subject_kind	text NOT NULL,
	subject		text NOT NULL CHECK (length(subject) BETWEEN 1 AND 160),
	fact		text NOT NULL CHECK (length(fact) <= 120),	-- which of several of that subject
	since		timestamptz NOT NULL,
	warn_at		timestamptz,		-- null: no warning
	due_at		timestamptz NOT NULL,
	detail		jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(detail) = 'object'),	-- for the
				-- finding; what it has fields for is taken out of it: dv.deadline_find()
	warned_at	timestamptz,
	raised_at	timestamptz,		-- it was missed, and found
	met_at		timestamptz,		-- after one of the two moments: found next
	next_at		timestamptz GENERATED ALWAYS AS (CASE	-- when a sweep is to look; null: nothing is to be found
				WHEN warned_at IS NULL AND raised_at IS NULL AND warn_at < coalesce(met_at, 'infinity')
				THEN warn_at
				WHEN raised_at IS NULL AND due_at < coalesce(met_at, 'infinity')
				THEN due_at END) STORED,
	PRIMARY KEY (code, subject, fact),
	CHECK (warn_at < due_at)
) WITH (fillfactor = 70);
CREATE INDEX deadline_next ON dv.deadline (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deadline_met ON dv.deadline (code, subject) WHERE met_at IS NOT NULL;
COMMENT ON TABLE dv.deadline IS 'Derived from cases, actions, recordings, assignments and findings';
SELECT dv.show_rows('dv.deadline', $$(detail ->> 'unit') = ANY ((SELECT dv.my_units())::text[])
	OR (detail ->> 'officer') = (SELECT dv.my_officer())$$);

CREATE TYPE dv.owed AS (
	subject_kind text, subject text, fact text, since timestamptz, warn_at timestamptz,
	due_at timestamptz,
	met_at timestamptz,			-- as the facts say it; null: it is still owed
	detail jsonb
);

-- The finding that warns of another, or null.
CREATE FUNCTION dv.deadline_warning(a_code text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE a_code WHEN 'approval_overdue' THEN 'approval_due' WHEN 'archive_overdue' THEN 'archive_due'
		WHEN 'not_docked' THEN 'dock_due' WHEN 'unlinked_recording' THEN 'unlinked_due' END;

-- Codes whose facts carry the moment at which they were so: what a station tells late counts from then.
-- Of all others the catalog learns as they are entered.
CREATE FUNCTION dv.deadline_told_late(a_code text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN a_code = 'not_docked';

-- ---- how long ----

-- The thresholds of a code, from when until when: "limit" of its rule of each day, and of the rule that warns.
-- A version that says nothing of it means what the regulation says.
CREATE FUNCTION dv.deadline_terms(a_code text)
	RETURNS TABLE (from_at timestamptz, to_at timestamptz, warn interval, due interval)
	LANGUAGE sql STABLE ROWS 2 SET search_path = dv, pg_temp AS $$
	WITH usual(code, warn, due) AS (VALUES
		('approval_overdue', interval '18 hours', interval '24 hours'),
		('complaint_unanswered', NULL, interval '168 hours'),
		('archive_overdue', interval '480 hours', interval '720 hours'),
		('not_docked', interval '18 hours', interval '24 hours'),
		('unlinked_recording', interval '480 hours', interval '720 hours')
	), change AS (
		SELECT date '-infinity' AS day
		UNION
		SELECT valid_from FROM rule_version WHERE code IN (a_code, deadline_warning(a_code))
	), term AS (
		SELECT c.day, coalesce(rule_limit(deadline_warning(a_code), 'limit', c.day), u.warn) AS warn,
			coalesce(rule_limit(a_code, 'limit', c.day), u.due) AS due
		FROM change c JOIN usual u ON u.code = a_code
	)
	SELECT CASE WHEN day = '-infinity' THEN '-infinity' ELSE day_start(day) END,
		coalesce(day_start(lead(day) OVER (ORDER BY day)), 'infinity'),
		CASE WHEN warn < due THEN warn END, due
	FROM term
$$;

-- Nobody is blamed for what was before there were deadlines: what is due since a recorder was issued or
-- a recording came in, is so at the earliest since this file was applied.
CREATE FUNCTION dv.deadlines_since() RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT applied_at FROM schema_version WHERE number = 27), now())
$$;

-- ---- what is owed ----

CREATE FUNCTION dv.owed_approval_overdue(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'case', f."case"::text, '', f.started_at, f.started_at + t.warn, f.started_at + t.due,
		(SELECT min(e.entered_at) FROM case_event e WHERE e."case" = f."case" AND e.kind = 'approved'),
		jsonb_build_object('case', f."case", 'unit', f.unit, 'urgent', f.urgent)
	FROM (SELECT DISTINCT ON (x."case") x.* FROM case_file x
	      WHERE a_subjects IS NULL OR x."case" = ANY (a_subjects) ORDER BY x."case", x.revision DESC) AS f
	JOIN deadline_terms('approval_overdue') t ON f.started_at >= t.from_at AND f.started_at < t.to_at
	-- Of what is begun by the bureau itself (Art. 6), and was.
	WHERE f.procedure = 'general' AND f.origin <> 'application' AND NOT EXISTS
		(SELECT FROM case_event e WHERE e."case" = f."case" AND e.kind = 'not_taken_up');
END
$$;

-- Taken up: approved, or brought beyond its start.  That it is not is no answer before the person was told.
CREATE FUNCTION dv.owed_complaint_unanswered(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'case', f."case"::text, '', f.started_at, f.started_at + t.warn, f.started_at + t.due,
		(SELECT min(e.entered_at) FROM case_event e WHERE e."case" = f."case"
			AND (e.kind IN ('approved', 'informed', 'decided', 'concluded')
			     OR (e.kind = 'stage' AND e.detail ->> 'stage' <> 'start'))),
		jsonb_build_object('case', f."case", 'unit', f.unit)
	FROM (SELECT DISTINCT ON (x."case") x.* FROM case_file x
	      WHERE a_subjects IS NULL OR x."case" = ANY (a_subjects) ORDER BY x."case", x.revision DESC) AS f
	JOIN deadline_terms('complaint_unanswered') t ON f.started_at >= t.from_at AND f.started_at < t.to_at
	WHERE f.origin = 'complaint' AND f.named;
END
$$;

-- A check answers the order that it names (detail.order), or all that were entered before it.
CREATE FUNCTION dv.owed_correction_check_overdue(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'case', o."case"::text, o.number::text, o.at, NULL::timestamptz, o.due_at,
		(SELECT min(e.entered_at) FROM case_event e WHERE e."case" = o."case" AND e.number > o.number
			AND e.kind = 'correction_checked'
			AND coalesce(e.detail ->> 'order', o.number::text) = o.number::text),
		jsonb_build_object('case', o."case", 'unit', f.unit, 'ordered', utc(o.at))
	FROM case_event o
	LEFT JOIN LATERAL (SELECT x.unit FROM case_file x WHERE x."case" = o."case"
			   ORDER BY x.revision DESC LIMIT 1) AS f ON true
	WHERE o.kind = 'correction_ordered' AND (a_subjects IS NULL OR o."case" = ANY (a_subjects));
END
$$;

-- From where an act was first concluded since it was begun, or begun again.
CREATE FUNCTION dv.owed_archive_overdue(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'case', c."case"::text, c.number::text, c.at, c.at + t.warn, c.at + t.due,
		(SELECT min(e.entered_at) FROM case_event e WHERE e."case" = c."case" AND e.number > c.number
			AND e.kind IN ('archived', 'reopened')),
		jsonb_build_object('case', c."case", 'unit', f.unit)
	FROM (SELECT e.*, lag(e.kind) OVER (PARTITION BY e."case" ORDER BY e.number) AS before
	      FROM case_event e WHERE e.kind IN ('concluded', 'archived', 'reopened')
		AND (a_subjects IS NULL OR e."case" = ANY (a_subjects))) AS c
	JOIN deadline_terms('archive_overdue') t ON c.at >= t.from_at AND c.at < t.to_at
	LEFT JOIN LATERAL (SELECT x.unit FROM case_file x WHERE x."case" = c."case"
			   ORDER BY x.revision DESC LIMIT 1) AS f ON true
	WHERE c.kind = 'concluded' AND c.before IS DISTINCT FROM 'concluded';
END
$$;

-- Each row of the checklists that has a day and is not answered.  Which it is is 025's to say; when it
-- was answered nobody says, so it is met by being told no more.
CREATE FUNCTION dv.owed_step_overdue(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'case', f."case"::text, concat_ws('/', k.requirement, k.action), f.started_at,
		NULL::timestamptz, k.due_at, NULL::timestamptz,
		jsonb_strip_nulls(jsonb_build_object('case', f."case", 'unit', f.unit,
			'requirement', k.requirement, 'requirement_version', k.version, 'article', k.article,
			'severity', k.severity, 'step', k.step, 'action', k.action))
	FROM (SELECT DISTINCT ON (x."case") x.* FROM case_file x
	      WHERE a_subjects IS NULL OR x."case" = ANY (a_subjects) ORDER BY x."case", x.revision DESC) AS f
	CROSS JOIN LATERAL case_check(f."case") AS k
	-- Most have none with a day, and need not be asked at each paper that comes in.
	WHERE EXISTS (SELECT FROM requirement q WHERE q.deadline IS NOT NULL
			AND (q.kinds IS NULL OR f.kind = ANY (q.kinds)))
		AND k.due_at IS NOT NULL AND k.code = 'step_overdue';
END
$$;

-- Since when each recorder is its officer's without a break: null, it always was.
CREATE FUNCTION dv.recorder_issued(a_subjects text[])
	RETURNS TABLE (recorder text, officer text, unit text, revision integer, issued_at timestamptz,
		       always boolean)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.recorder::text, c.officer::text, c.unit::text, s.revision, s.enrolled_at, b.revision IS NULL
	FROM recorder_current c
	CROSS JOIN LATERAL (
		SELECT max(r.revision) AS revision FROM recorder r
		WHERE r.recorder = c.recorder AND (r.officer IS NULL OR EXISTS (SELECT FROM recorder_retired x
			WHERE x.recorder = r.recorder AND x.revision = r.revision))
	) AS b
	CROSS JOIN LATERAL (
		SELECT r.revision, r.enrolled_at FROM recorder r
		WHERE r.recorder = c.recorder AND r.revision > coalesce(b.revision, 0)
		ORDER BY r.revision LIMIT 1
	) AS s
	WHERE c.retired_at IS NULL AND c.officer IS NOT NULL
		AND (a_subjects IS NULL OR c.recorder = ANY (a_subjects));
END
$$;

-- Its last two dockings, and since when it was out after each (null: it was in), as dv.recorder_away
-- has it; the last of all is met by none.
CREATE FUNCTION dv.recorder_stays(a_subjects text[])
	RETURNS TABLE (recorder text, session uuid, station text, slot text, out_at timestamptz, back_at timestamptz)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.recorder::text, s.session, s.station::text, s.slot::text,
		CASE WHEN k.undocked_at IS NOT NULL THEN k.undocked_at
		     WHEN k.checked AND e.outcome IS DISTINCT FROM 'interrupted' THEN
			(SELECT min(n.started_at) FROM dock_session n
			 WHERE n.station = s.station AND n.slot = s.slot AND n.started_at > s.started_at)
		     ELSE e.ended_at END, s.back_at
	FROM recorder_current c
	CROSS JOIN LATERAL (
		SELECT d.*, lag(d.started_at) OVER (ORDER BY d.started_at DESC, d.session) AS back_at
		FROM dock_session d
		WHERE d.recorder = c.recorder
			AND NOT EXISTS (SELECT FROM dock_import i WHERE i.session = d.session)
		ORDER BY d.started_at DESC, d.session LIMIT 2
	) AS s
	LEFT JOIN dock_session_end e ON e.session = s.session
	CROSS JOIN LATERAL (
		SELECT max(x.checked_at) FILTER (WHERE x.phase = 'undock') AS undocked_at,
			count(*) > 0 AS checked
		FROM dock_check x WHERE x.session = s.session
	) AS k
	WHERE c.retired_at IS NULL AND c.officer IS NOT NULL
		AND (a_subjects IS NULL OR c.recorder = ANY (a_subjects));
END
$$;

-- An officer's recorder is out since it left its dock, or since it was issued: whichever is later.
CREATE FUNCTION dv.owed_not_docked(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	WITH out AS (
		SELECT i.*, s.session, s.station, s.slot, s.back_at,
			-- Of one that was somebody's already, being out counts; of one that was nobody's, being issued.
			s.session IS NULL OR (NOT i.always AND s.out_at < i.issued_at) AS by_issue,
			CASE WHEN s.session IS NULL THEN greatest(i.issued_at, deadlines_since())
			     WHEN NOT i.always THEN greatest(s.out_at, i.issued_at)
			     ELSE s.out_at END AS since
		FROM recorder_issued(a_subjects) i
		LEFT JOIN recorder_stays(a_subjects) s USING (recorder)
		WHERE s.session IS NULL OR s.out_at IS NOT NULL		-- otherwise it is in its dock
	)
	SELECT 'recorder', o.recorder, CASE WHEN o.by_issue THEN 'issued ' || o.revision ELSE o.session::text END,
		o.since, o.since + t.warn, o.since + t.due, o.back_at,
		jsonb_strip_nulls(jsonb_build_object('recorder', o.recorder, 'officer', o.officer, 'unit', o.unit,
			'session', o.session, 'station', o.station, 'slot', o.slot,
			CASE WHEN o.by_issue THEN 'issued' ELSE 'undocked' END, utc(o.since),
			'limit_ms', (extract(epoch FROM t.due) * 1000)::bigint))
	FROM out o
	JOIN deadline_terms('not_docked') t ON o.since >= t.from_at AND o.since < t.to_at
	WHERE o.since < coalesce(o.back_at, 'infinity');
END
$$;

-- When which segments belong to something: linked to an action, the scan of a document, the paper that an
-- answer came with, a report that was signed.
CREATE INDEX rectification_segment ON dv.rectification (segment) WHERE segment IS NOT NULL;
CREATE FUNCTION dv.segment_covers(a_segments uuid[]) RETURNS TABLE (segment uuid, during tstzrange)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT l.object::uuid, tstzrange(l.entered_at, x.entered_at)
	FROM link l LEFT JOIN link_removed x USING (link)
	WHERE l.kind = 'segment' AND (a_segments IS NULL OR l.object = ANY (a_segments::text[]))
	UNION ALL
	SELECT d.segment, tstzrange(d.entered_at, x.entered_at)
	FROM document d LEFT JOIN document_withdrawn x USING (document)
	WHERE d.segment IS NOT NULL AND (a_segments IS NULL OR d.segment = ANY (a_segments))
	UNION ALL
	SELECT r.segment, tstzrange(r.at, NULL) FROM rectification r
	WHERE r.segment IS NOT NULL AND (a_segments IS NULL OR r.segment = ANY (a_segments));
	-- Of a later file: it is not there when this one makes the deadlines of what is.
	IF to_regclass('dv.report_signed') IS NOT NULL THEN
		RETURN QUERY
		SELECT (f.value ->> 'segment')::uuid, tstzrange(p.signed_at, NULL)
		FROM report_signed p CROSS JOIN LATERAL jsonb_array_elements(p.files) AS f
		WHERE a_segments IS NULL OR f.value ->> 'segment' = ANY (a_segments::text[]);
	END IF;
END
$$;

-- Of one recording: each time that it belonged to nothing, since it came in.  The first ends in 30 days; whoever
-- takes a link away later has let it fall due.
-- Without settings of its own: it is a part of each statement that calls it, and costs no call a row.
CREATE FUNCTION dv.unlinked_periods(r dv.recording, a_covered tstzmultirange, a_came timestamptz, a_warn interval,
				    a_due interval) RETURNS SETOF dv.owed
	LANGUAGE sql STABLE AS $$
	SELECT 'recording', r.recorder || '/' || r.recording, CASE WHEN lower(p) > a_came THEN dv.utc(lower(p)) ELSE '' END,
		lower(p), CASE WHEN lower(p) = a_came OR a_came + a_warn > lower(p) THEN a_came + a_warn END,
		greatest(a_came + a_due, lower(p)), upper(p),
		jsonb_strip_nulls(jsonb_build_object('recorder', r.recorder, 'unit', r.unit,
			'officer', coalesce(i.officer, s.officer), 'session', r.session))
	FROM unnest(tstzmultirange(tstzrange(a_came, NULL)) - coalesce(a_covered, tstzmultirange())) AS p
	LEFT JOIN dv.dock_session s ON s.session = r.session
	LEFT JOIN dv.dock_import i ON i.session = r.session
$$;

CREATE FUNCTION dv.owed_unlinked_recording(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	segments uuid[];
	a_from timestamptz := deadlines_since();
BEGIN
	IF a_subjects IS NOT NULL THEN
		segments := ARRAY(SELECT g.segment FROM unnest(a_subjects) AS s JOIN segment g
			ON g.recorder = split_part(s, '/', 1) AND g.recording = split_part(s, '/', 2)::uuid);
	END IF;
	RETURN QUERY
	WITH cover AS (
		SELECT x.subject, range_agg(x.during) AS during FROM (
			SELECT l.object AS subject, tstzrange(l.entered_at, y.entered_at) AS during
			FROM link l LEFT JOIN link_removed y USING (link)
			WHERE l.kind = 'recording' AND (a_subjects IS NULL OR l.object = ANY (a_subjects))
			UNION ALL
			SELECT v.recorder || '/' || v.recording, tstzrange(v.entered_at, NULL)
			FROM recording_review v
			WHERE a_subjects IS NULL OR (v.recorder, v.recording) IN
				(SELECT split_part(s, '/', 1), split_part(s, '/', 2)::uuid FROM unnest(a_subjects) AS s)
			UNION ALL
			SELECT g.recorder || '/' || g.recording, c.during
			FROM segment_covers(segments) c
			JOIN segment_place p ON p.segment = c.segment
			JOIN segment g ON g.segment = p.segment AND g.placed_at = p.placed_at
		) AS x GROUP BY x.subject
	), term AS MATERIALIZED (
		SELECT * FROM deadline_terms('unlinked_recording')
	), wanted AS (
		SELECT r, greatest(r.recorded_at, a_from) AS came FROM recording r
		WHERE a_subjects IS NULL OR (r.recorder, r.recording) IN
			(SELECT split_part(s, '/', 1), split_part(s, '/', 2)::uuid FROM unnest(a_subjects) AS s)
	)
	SELECT o.* FROM wanted w
	LEFT JOIN cover c ON c.subject = (w.r).recorder || '/' || (w.r).recording
	JOIN term t ON w.came >= t.from_at AND w.came < t.to_at
	CROSS JOIN LATERAL unlinked_periods(w.r, c.during, w.came, t.warn, t.due) AS o;
END
$$;

-- Until when whoever has to answer, or to look at the answer, has to.  One about such a finding would
-- never end.
CREATE FUNCTION dv.answer_owed(s dv.finding_state) RETURNS SETOF dv.owed
	LANGUAGE sql STABLE ROWS 1 AS $$
	SELECT 'finding', s.finding::text, 'due ' || dv.utc(s.due_at), s.raised_at, NULL::timestamptz, s.due_at,
		NULL::timestamptz, jsonb_strip_nulls(jsonb_build_object('recorder', nullif(s.recorder, ''),
			'unit', nullif(s.unit, ''), 'officer', nullif(s.officer, ''), 'case', nullif(s."case", ''),
			'code', s.code, 'article_of', s.article, 'state', s.state, 'owner', s.owner))
	WHERE s.state <> 'closed' AND s.due_at IS NOT NULL AND s.joins IS NULL AND s.code <> 'rectification_overdue'
$$;
CREATE FUNCTION dv.owed_rectification_overdue(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT o.* FROM finding_state s CROSS JOIN LATERAL answer_owed(s) AS o
	WHERE a_subjects IS NULL OR s.finding = ANY (a_subjects::uuid[]);
END
$$;

-- ---- from facts to rows ----

-- When that was found; null: it was not.  Its id is made once, however the table is read.
CREATE FUNCTION dv.found_at(a_code text, a_subject text, a_fact text) RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT f.raised_at FROM (SELECT finding_id(a_code, a_subject, a_fact) AS id OFFSET 0) AS x
	JOIN finding f ON f.finding = x.id
$$;

-- Make the rows of these subjects (null: of all) what they are to be.  Not compiled: that takes longer than it does.
CREATE FUNCTION dv.deadline_refresh(a_code text, a_subjects text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp SET jit = off AS $$
DECLARE
	warning text := deadline_warning(a_code);
	earliest timestamptz;
BEGIN
	EXECUTE format($code$
	WITH owed AS MATERIALIZED (SELECT * FROM %I($1)
	), gone AS (	-- facts that give rise to it no more
		UPDATE deadline d SET met_at = now()
		WHERE d.code = $2 AND ($1 IS NULL OR d.subject = ANY ($1)) AND d.met_at IS NULL
			AND NOT EXISTS (SELECT FROM owed o WHERE o.subject = d.subject AND o.fact = d.fact)
	), put AS (
		INSERT INTO deadline AS d (code, subject_kind, subject, fact, since, warn_at, due_at, met_at,
			detail, warned_at, raised_at)
		SELECT $2, o.subject_kind, o.subject, o.fact, o.since, o.warn_at, o.due_at, o.met_at, o.detail,
			-- What was found was marked, whatever became of the mark; what was not due yet was not found.
			CASE WHEN o.warn_at <= now() THEN found_at($3, o.subject, o.fact) END,
			CASE WHEN o.due_at <= now() THEN found_at($2, o.subject, o.fact) END
		FROM owed o
		WHERE o.met_at IS NULL OR o.due_at < o.met_at OR o.warn_at < o.met_at
			OR EXISTS (SELECT FROM deadline x WHERE x.code = $2 AND x.subject = o.subject
				AND x.fact = o.fact)
		ON CONFLICT (code, subject, fact) DO UPDATE SET subject_kind = excluded.subject_kind,
			since = excluded.since, warn_at = excluded.warn_at, due_at = excluded.due_at,
			met_at = excluded.met_at, detail = excluded.detail,
			-- One that was moved to later is looked at again then; the finding stays the one it is.
			warned_at = CASE WHEN excluded.warn_at <= now() THEN coalesce(d.warned_at, excluded.warned_at) END,
			raised_at = CASE WHEN excluded.due_at <= now() THEN coalesce(d.raised_at, excluded.raised_at) END
		WHERE (d.since, d.warn_at, d.due_at, d.met_at, d.detail) IS DISTINCT FROM
			(excluded.since, excluded.warn_at, excluded.due_at, excluded.met_at, excluded.detail)
		RETURNING next_at
	)
	SELECT min(next_at) FROM put
	$code$, 'owed_' || a_code) INTO earliest USING a_subjects, a_code, warning;
	DELETE FROM deadline d
	WHERE d.code = a_code AND (a_subjects IS NULL OR d.subject = ANY (a_subjects)) AND d.met_at IS NOT NULL
		AND (d.next_at IS NULL
		     OR (deadline_told_late(a_code) AND d.met_at = now()));
	IF earliest <= (SELECT min(next_at) FROM deadline WHERE next_at IS NOT NULL) THEN
		PERFORM pg_notify('dv_deadline', '');
	END IF;
END
$$;

-- The same, from a transaction that changed one of their facts.  One at a time for each subject: the second
-- looks once the first is over, and sees what it did.  Of many, one lock for all: a lock for each of ten
-- thousand would be more than the server has.
CREATE FUNCTION dv.deadline_touch(a_codes text[], a_subjects text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	k integer;
	a_code text;
BEGIN
	IF a_subjects IS NULL THEN	-- no row, no subject: not all of them
		RETURN;
	END IF;
	IF cardinality(a_subjects) > 256 THEN	-- more locks than a server has to spare
		LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	ELSE
		FOR k IN SELECT DISTINCT hashtext(s) FROM unnest(a_subjects) AS s ORDER BY 1 LOOP
			PERFORM pg_advisory_xact_lock(25725, k);
		END LOOP;
	END IF;
	FOREACH a_code IN ARRAY a_codes LOOP
		PERFORM deadline_refresh(a_code, a_subjects);
	END LOOP;
END
$$;

-- All of them anew from the facts: the same rows as are there.
CREATE FUNCTION dv.deadlines_rebuild() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	-- Whoever changed a fact and its row commits first; whoever changes one later looks at it later.
	LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	PERFORM deadline_refresh(c, NULL) FROM unnest(ARRAY['approval_overdue', 'complaint_unanswered',
		'correction_check_overdue', 'archive_overdue', 'step_overdue', 'not_docked',
		'unlinked_recording', 'rectification_overdue']) AS c;
END
$$;

-- ---- triggers: whose fact changed ----
--
-- Once a statement, so that ten thousand rows at once are one look.  TG_ARGV: codes.

-- Of rows with a case.
CREATE FUNCTION dv.deadline_of_case() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_touch(TG_ARGV, (SELECT array_agg(DISTINCT "case"::text) FROM fresh));
	RETURN NULL;
END
$$;

-- Of rows about a document or about who was at an action, of which a case is made.
CREATE FUNCTION dv.deadline_of_paper() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	documents uuid[];
	cases text[];
BEGIN
	IF TG_TABLE_NAME = 'action_officer' THEN
		SELECT array_agg(DISTINCT a."case"::text) INTO cases FROM fresh JOIN action a USING (action, revision);
	ELSE
		SELECT array_agg(DISTINCT document) INTO documents FROM fresh;
		SELECT array_agg(DISTINCT d."case"::text) INTO cases FROM document d WHERE d.document = ANY (documents);
		PERFORM deadline_of_segments(ARRAY(SELECT d.segment FROM document d
			WHERE d.document = ANY (documents) AND d.segment IS NOT NULL));
	END IF;
	PERFORM deadline_touch(ARRAY['step_overdue'], cases);
	RETURN NULL;
END
$$;

CREATE FUNCTION dv.deadline_of_segments(a_segments uuid[]) RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT deadline_touch(ARRAY['unlinked_recording'], (SELECT array_agg(DISTINCT g.recorder || '/' || g.recording)
		FROM unnest(a_segments) AS s JOIN segment_place p ON p.segment = s
		JOIN segment g ON g.segment = p.segment AND g.placed_at = p.placed_at))
$$;

CREATE FUNCTION dv.deadline_of_link() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	links uuid[] := ARRAY(SELECT link FROM fresh);
BEGIN
	PERFORM deadline_touch(ARRAY['unlinked_recording'], (SELECT array_agg(DISTINCT l.object) FROM link l
		WHERE l.link = ANY (links) AND l.kind = 'recording'));
	PERFORM deadline_of_segments(ARRAY(SELECT l.object::uuid FROM link l
		WHERE l.link = ANY (links) AND l.kind = 'segment'));
	RETURN NULL;
END
$$;

CREATE FUNCTION dv.deadline_of_review() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_touch(ARRAY['unlinked_recording'],
		(SELECT array_agg(DISTINCT recorder || '/' || recording) FROM fresh));
	RETURN NULL;
END
$$;

CREATE FUNCTION dv.deadline_of_answer() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_of_segments(ARRAY(SELECT segment FROM fresh WHERE segment IS NOT NULL));
	RETURN NULL;
END
$$;

-- What comes in belongs to nothing yet.
CREATE FUNCTION dv.deadline_of_recording() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_from timestamptz := deadlines_since();
BEGIN
	INSERT INTO deadline (code, subject_kind, subject, fact, since, warn_at, due_at, met_at, detail)
	SELECT 'unlinked_recording', o.*
	FROM (SELECT r, greatest(r.recorded_at, a_from) AS came
	      FROM recording r JOIN fresh f USING (recorder, recording)) AS x
	JOIN deadline_terms('unlinked_recording') t ON x.came >= t.from_at AND x.came < t.to_at
	CROSS JOIN LATERAL unlinked_periods(x.r, NULL, x.came, t.warn, t.due) AS o
	ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;

CREATE FUNCTION dv.deadline_of_recorder() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_touch(ARRAY['not_docked'], (SELECT array_agg(DISTINCT recorder::text) FROM fresh
		WHERE recorder IS NOT NULL));
	RETURN NULL;
END
$$;

-- Whoever is put into a slot shows that the one before is out of it.
CREATE FUNCTION dv.deadline_of_docking() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	sessions uuid[] := ARRAY(SELECT session FROM fresh);
BEGIN
	PERFORM deadline_touch(ARRAY['not_docked'], (SELECT array_agg(DISTINCT x.recorder::text) FROM (
		SELECT s.recorder FROM dock_session s WHERE s.session = ANY (sessions)
		UNION ALL
		SELECT b.recorder FROM dock_session s CROSS JOIN LATERAL (
			SELECT p.recorder FROM dock_session p
			WHERE p.station = s.station AND p.slot = s.slot AND p.started_at < s.started_at
			ORDER BY p.started_at DESC LIMIT 1) AS b
		WHERE s.session = ANY (sessions) AND TG_TABLE_NAME = 'dock_session') AS x
		WHERE x.recorder IS NOT NULL));
	RETURN NULL;
END
$$;

-- Also where rows of it are removed, as they are when it is made anew.  All facts of such a subject are this
-- one row, and whoever is here has it: it needs no other lock, of which ten thousand findings that are
-- raised or answered at once would need as many.
CREATE FUNCTION dv.deadline_of_state() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	findings text[] := (SELECT array_agg(finding::text) FROM fresh WHERE due_at IS NOT NULL OR state = 'closed');
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO deadline (code, subject_kind, subject, fact, since, warn_at, due_at, met_at, detail)
		SELECT 'rectification_overdue', o.*
		FROM (SELECT s FROM finding_state s WHERE s.finding IN (SELECT f.finding FROM fresh f)) AS x
		CROSS JOIN LATERAL answer_owed(x.s) AS o
		ON CONFLICT (code, subject, fact) DO UPDATE SET met_at = NULL;
		RETURN NULL;
	END IF;
	IF findings IS NOT NULL THEN	-- none are not all
		PERFORM deadline_refresh('rectification_overdue', findings);
	END IF;
	RETURN NULL;
END
$$;

-- Another threshold: of what began on its days, or (a case that is to start) will.
CREATE FUNCTION dv.deadline_of_rule() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	PERFORM deadline_refresh(d.code, NULL) FROM (SELECT DISTINCT d.code
		FROM fresh f CROSS JOIN unnest(ARRAY['approval_overdue', 'complaint_unanswered', 'archive_overdue',
			'not_docked', 'unlinked_recording']) AS d(code)
		WHERE f.code IN (d.code, deadline_warning(d.code)) AND EXISTS (SELECT FROM deadline x
			WHERE x.code = d.code AND x.since >= day_start(f.valid_from))) AS d;
	RETURN NULL;
END
$$;

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('case_file', 'INSERT', $x$case('approval_overdue', 'complaint_unanswered', 'step_overdue')$x$),
		('case_event', 'INSERT', $x$case('approval_overdue', 'complaint_unanswered',
			'correction_check_overdue', 'archive_overdue', 'step_overdue')$x$),
		('action', 'INSERT', $x$case('step_overdue')$x$),
		('party', 'INSERT', $x$case('step_overdue')$x$),
		('action_officer', 'INSERT', 'paper()'),
		('document', 'INSERT', 'paper()'),
		('document_withdrawn', 'INSERT', 'paper()'),
		('document_signature', 'INSERT', 'paper()'),
		('link', 'INSERT', 'link()'),
		('link_removed', 'INSERT', 'link()'),
		('recording_review', 'INSERT', 'review()'),
		('rectification', 'INSERT', 'answer()'),
		('recording', 'INSERT', 'recording()'),
		('recorder', 'INSERT', 'recorder()'),
		('recorder_retired', 'INSERT', 'recorder()'),
		('dock_check', 'INSERT', 'recorder()'),
		('dock_session', 'INSERT', 'docking()'),
		('dock_session_end', 'INSERT', 'docking()'),
		('dock_import', 'INSERT', 'docking()'),
		('finding_state', 'INSERT', 'state()'),
		('finding_state', 'UPDATE', 'state()'),
		('finding_state', 'DELETE', 'state()'),
		('rule_version', 'INSERT', 'rule()')) AS x(name, act, made_by)
	LOOP
		EXECUTE format('CREATE TRIGGER %I AFTER %s ON dv.%I REFERENCING %s TABLE AS fresh '
			       'FOR EACH STATEMENT EXECUTE FUNCTION dv.deadline_of_%s',
			       'deadline_' || lower(t.act), t.act, t.name,
			       CASE t.act WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END, t.made_by);
		EXECUTE format('ALTER TABLE dv.%I ENABLE ALWAYS TRIGGER %I', t.name, 'deadline_' || lower(t.act));
	END LOOP;
END
$$;

-- ---- the sweep ----

-- Raise what a row is about.  What detail has of these has a field of its own in a finding.
CREATE FUNCTION dv.deadline_finding(a_code text, d dv.deadline, a_at timestamptz) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_build_object('code', a_code,
		'subject_kind', d.subject_kind, 'subject', d.subject, 'fact', d.fact, 'at', utc(a_at),
		'recorder', d.detail -> 'recorder', 'unit', d.detail -> 'unit', 'officer', d.detail -> 'officer',
		'case', d.detail -> 'case', 'article', d.detail -> 'article',
		'requirement', d.detail -> 'requirement',
		'requirement_version', d.detail -> 'requirement_version',
		'severity', CASE WHEN a_code = d.code THEN d.detail -> 'severity' END,
		'detail', d.detail - ARRAY['recorder', 'unit', 'case', 'article', 'requirement',
			'requirement_version', 'severity', 'session']
			|| jsonb_build_object('since', utc(d.since), 'due', utc(d.due_at)))
$$;

-- The warnings of these rows that are due, or what was missed: all at once.  How many are new.
CREATE FUNCTION dv.deadlines_find(a_rows dv.deadline[], a_warnings boolean) RETURNS integer
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT coalesce(sum(raise_findings(x.session, x.list)), 0)::integer FROM (
		SELECT (d.detail ->> 'session')::uuid AS session, jsonb_agg(CASE WHEN a_warnings
			THEN deadline_finding(deadline_warning(d.code), d, d.warn_at)
			ELSE deadline_finding(d.code, d, d.due_at) END) AS list
		FROM unnest(a_rows) AS d GROUP BY 1) AS x
$$;

-- Take what is due before it is looked at, and wait for nobody: false, another has it.  Whoever changes facts
-- of it has the same lock before any row that is written here, so neither has what the other waits for:
-- that of its recorder, whose counters a batch of the dock's writes first (lock_recorders); and that
-- of the subject, or the row that is all there is of a finding's answer.
CREATE FUNCTION dv.deadline_take(a_code text, a_subject text, a_recorder text) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF a_recorder IS NOT NULL AND NOT pg_try_advisory_xact_lock(25718, hashtext(a_recorder)) THEN
		RETURN false;
	END IF;
	IF a_code <> 'rectification_overdue' THEN
		RETURN pg_try_advisory_xact_lock(25725, hashtext(a_subject));
	END IF;
	PERFORM FROM finding_state WHERE finding = a_subject::uuid FOR UPDATE SKIP LOCKED;
	RETURN FOUND OR NOT EXISTS (SELECT FROM finding_state WHERE finding = a_subject::uuid);
END
$$;

-- Find what is due by now, at most a_limit rows, the longest due first: a warning, a finding, or both where
-- nobody looked in time.  Each is looked at again first: facts decide.  What another transaction is
-- changing is left for the next call.  more: there was no end to it.
CREATE FUNCTION dv.sweep(a_limit integer DEFAULT 500, a_code text DEFAULT NULL)
	RETURNS TABLE (due integer, warned integer, raised integer, more boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	most constant integer := greatest(1, least(a_limit, 1000));	-- each takes two locks of the server's table
	codes text[];
	subjects text[];
	c record;
	rows deadline[];	-- that are due, as they are now
	warn deadline[];
	miss deadline[];
BEGIN
	SELECT array_agg(x.code), array_agg(x.subject), count(*), count(*) >= most
	INTO codes, subjects, due, more
	FROM (SELECT l.code, l.subject, l.detail ->> 'recorder' AS recorder FROM deadline l
	      WHERE l.next_at <= now() AND (a_code IS NULL OR l.code = a_code)
	      ORDER BY l.next_at LIMIT most) AS x
	WHERE deadline_take(x.code, x.subject, x.recorder);
	warned := 0;
	raised := 0;
	FOR c IN SELECT x.code, array_agg(DISTINCT x.subject) AS subjects
		 FROM unnest(codes, subjects) AS x(code, subject) GROUP BY x.code ORDER BY x.code
	LOOP
		PERFORM deadline_refresh(c.code, c.subjects);
	END LOOP;
	SELECT array_agg(x.l) INTO rows
	FROM (SELECT l FROM deadline l
	      WHERE (l.code, l.subject) IN (SELECT * FROM unnest(codes, subjects)) AND l.next_at <= now()
	      ORDER BY l.code, l.subject, l.fact FOR UPDATE) AS x;
	SELECT array_agg(d) FILTER (WHERE d.warned_at IS NULL AND d.warn_at <= now()
			AND d.warn_at < coalesce(d.met_at, 'infinity')),
		array_agg(d) FILTER (WHERE d.due_at <= now() AND d.due_at < coalesce(d.met_at, 'infinity'))
	INTO warn, miss FROM unnest(rows) AS d;
	warned := deadlines_find(warn, true);
	-- The head is told of what is overdue still (026).
	raised := deadlines_find(ARRAY(SELECT d FROM unnest(miss) AS d
			WHERE d.code <> 'rectification_overdue' OR d.met_at IS NOT NULL), false)
		+ rectifications_escalate(
			ARRAY(SELECT d.subject::uuid FROM unnest(miss) AS d
			      WHERE d.code = 'rectification_overdue' AND d.met_at IS NULL));
	DELETE FROM deadline l USING unnest(rows) AS d
	WHERE (l.code, l.subject, l.fact) = (d.code, d.subject, d.fact) AND l.met_at IS NOT NULL;
	UPDATE deadline l SET warned_at = coalesce(found_at(deadline_warning(l.code), l.subject, l.fact), now())
	FROM unnest(warn) AS d WHERE (l.code, l.subject, l.fact) = (d.code, d.subject, d.fact);
	UPDATE deadline l SET raised_at = coalesce(found_at(l.code, l.subject, l.fact), now())
	FROM unnest(miss) AS d WHERE (l.code, l.subject, l.fact) = (d.code, d.subject, d.fact);
	RETURN NEXT;
END
$$;

-- The earliest moment at which a sweep has anything to do (null: none), and what time it is.  The first is
-- rounded up: who waits for it does not come too early.
CREATE FUNCTION dv.next_due() RETURNS TABLE (due_ms bigint, now_ms bigint)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ceil(extract(epoch FROM (SELECT min(next_at) FROM deadline WHERE next_at IS NOT NULL)) * 1000)::bigint,
		floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- Only one of several alertd looks; others ask again and take over.  Held until the connection ends.
CREATE FUNCTION dv.alert_lock() RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT pg_try_advisory_lock(25723, 0)
$$;

-- As dockd asks it, with or without an alertd: the same rows, and so the same findings.  A bounded part, as its
-- locks are of one transaction; the rest at the next call.
CREATE OR REPLACE FUNCTION dv.sweep_not_docked() RETURNS integer
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT raised FROM sweep(1000, 'not_docked')
$$;

-- ---- for people ----

CREATE VIEW dv.deadline_list WITH (security_invoker = true) AS
SELECT code, subject_kind, subject, fact, detail ->> 'unit' AS unit, detail ->> 'officer' AS officer,
	detail ->> 'case' AS "case", since, warn_at, due_at, warned_at, raised_at
FROM dv.deadline WHERE met_at IS NULL;

GRANT SELECT ON dv.deadline, dv.deadline_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.sweep(integer, text), dv.next_due(), dv.alert_lock(),
	dv.note_config(text, text, text, text) TO dv_alert;

-- What there is already.
SELECT dv.deadlines_rebuild();
