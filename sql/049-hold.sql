-- Legal holds: what is kept whatever any rule says, until another person than who placed it lifts it.
--
-- What a hold covers is asked anew each time, since more comes in every day; what could be changed to get out
-- of one counts as it was when the hold was placed, as well as it is now: a link that is taken away, a unit
-- that is put elsewhere in the tree.

-- ---- tables ----

CREATE TABLE dv.hold (
	hold		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	kind		text NOT NULL CHECK (kind IN ('segment', 'recording', 'case', 'officer', 'period')),
	subject		text NOT NULL,		-- as dv.classification has them; the officer; the unit, or '': all
	units		text[] NOT NULL DEFAULT '{}',	-- period: the unit and those below it, then
	from_day	date,			-- of recording or coming in: of kinds officer and period
	to_day		date,			-- last day; null: open
	review_on	date NOT NULL,		-- by then somebody looks whether it is still needed
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (to_day >= from_day),
	CHECK (kind IN ('officer', 'period') OR num_nonnulls(from_day, to_day) = 0),
	CHECK (kind <> 'period' OR from_day IS NOT NULL),
	CHECK (subject <> '' OR kind = 'period')
);
CREATE INDEX hold_subject ON dv.hold (kind, subject);
-- Somebody looked, and it is still needed.
CREATE TABLE dv.hold_review (
	hold		uuid NOT NULL REFERENCES dv.hold,
	number		integer NOT NULL CHECK (number > 0),
	review_on	date NOT NULL,		-- when next
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hold, number)
);
CREATE TABLE dv.hold_released (
	hold		uuid PRIMARY KEY REFERENCES dv.hold,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- another than who placed it
	entered_at	timestamptz NOT NULL DEFAULT now()
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.hold', 'dv.hold_review', 'dv.hold_released']) AS t;
SELECT dv.log_acts('dv.hold', 'hold', '{hold}', '{subject,reason,by}', '{hold:hold}');
SELECT dv.log_acts('dv.hold_review', 'hold_reviewed', '{hold,number}', '{reason,by}', '{hold:hold}');
SELECT dv.log_acts('dv.hold_released', 'hold_released', '{hold}', '{reason,by}', '{hold:hold}');

-- To those who see everything, and to the legal office: not to whom it is about.
SELECT dv.show_rows('dv.hold');
SELECT dv.show_to('legal', 'dv.hold', $$(SELECT dv.am_legal())
	AND (kind <> 'officer' OR subject IS DISTINCT FROM (SELECT (dv.me()).officer::text))$$);
SELECT dv.show_rows(t::regclass) FROM unnest(ARRAY['dv.hold_review', 'dv.hold_released']) AS t;
SELECT dv.show_to('legal', t::regclass, 'hold IN (SELECT h.hold FROM dv.hold h)')
FROM unnest(ARRAY['dv.hold_review', 'dv.hold_released']) AS t;

CREATE VIEW dv.hold_open WITH (security_invoker = true) AS
SELECT h.* FROM dv.hold h WHERE NOT EXISTS (SELECT FROM dv.hold_released r WHERE r.hold = h.hold);

CREATE VIEW dv.hold_list WITH (security_invoker = true) AS
SELECT h.hold, h.kind, h.subject, h.from_day, h.to_day, coalesce(v.review_on, h.review_on) AS review_on,
	CASE WHEN r.hold IS NOT NULL THEN 'released'
	     WHEN coalesce(v.review_on, h.review_on) < dv.today() THEN 'review_due' ELSE 'open' END AS state,
	h.reason, h.by, h.entered_at, v.reason AS review_reason, v.by AS reviewed_by, v.entered_at AS reviewed_at,
	r.reason AS release_reason, r.by AS released_by, r.entered_at AS released_at
FROM dv.hold h
LEFT JOIN dv.hold_released r USING (hold)
LEFT JOIN LATERAL (SELECT x.* FROM dv.hold_review x WHERE x.hold = h.hold
		   ORDER BY x.number DESC LIMIT 1) AS v ON true;
GRANT SELECT ON dv.hold, dv.hold_review, dv.hold_released, dv.hold_open, dv.hold_list TO dv_read;

-- ---- what is covered ----

-- What open holds name, each as one of the keys of a segment (below), and on which days of it.  For the
-- owner's functions alone.  Of a case: what is linked to it or was when the hold was placed, the scans of its
-- papers, withdrawn ones too, what was imported for it, and what came with an answer about it.
CREATE VIEW dv.hold_scope WITH (security_invoker = true) AS
SELECT h.hold, h.kind AS what, h.subject AS key, '{(,)}'::datemultirange AS days
FROM dv.hold_open h WHERE h.kind IN ('segment', 'recording')
UNION ALL
SELECT h.hold, 'officer', h.subject, datemultirange(daterange(h.from_day, h.to_day, '[]'))
FROM dv.hold_open h WHERE h.kind = 'officer'
UNION ALL
SELECT h.hold, CASE h.subject WHEN '' THEN 'all' ELSE 'unit' END, u.unit,
	datemultirange(daterange(h.from_day, h.to_day, '[]'))
FROM dv.hold_open h
CROSS JOIN LATERAL (SELECT unnest(h.units) AS unit UNION SELECT dv.units_below(h.subject)) AS u
WHERE h.kind = 'period'
UNION ALL
SELECT h.hold, 'segment', d.segment::text, '{(,)}'
FROM dv.hold_open h JOIN dv.document d ON d."case" = h.subject WHERE h.kind = 'case' AND d.segment IS NOT NULL
UNION ALL
SELECT h.hold, l.kind, l.object, '{(,)}'
FROM dv.hold_open h JOIN dv.action a ON a."case" = h.subject AND a.revision = 1
JOIN dv.link l ON l.action = a.action AND l.kind IN ('segment', 'recording')
LEFT JOIN dv.link_removed r USING (link)
WHERE h.kind = 'case' AND coalesce(r.entered_at >= h.entered_at, true)
UNION ALL
SELECT h.hold, 'segment', s.segment::text, '{(,)}'
FROM dv.hold_open h JOIN dv.dock_import i ON i."case" = h.subject JOIN dv.segment_seen s USING (session)
WHERE h.kind = 'case'
UNION ALL
SELECT h.hold, 'segment', r.segment::text, '{(,)}'
FROM dv.hold_open h JOIN dv.finding_state f ON f."case" = h.subject JOIN dv.rectification r USING (finding)
WHERE h.kind = 'case' AND r.segment IS NOT NULL;

-- What a segment may be held by: itself, its recording, whose it is (what it says of itself, whose the recorder
-- was when it was docked, whom it was imported of), its unit; and the days it was recorded and came in on, of
-- which a recorder's wrong clock can falsify one alone.
CREATE VIEW dv.hold_key WITH (security_invoker = true) AS
SELECT s.segment, s.placed_at, k.what, k.key,
	dv.day_of(s.placed_at) AS recorded, dv.day_of(s.stored_at) AS stored
FROM dv.segment s
LEFT JOIN dv.dock_session d USING (session)
LEFT JOIN dv.dock_import i USING (session)
CROSS JOIN LATERAL (VALUES ('segment', s.segment::text), ('recording', s.recorder || '/' || s.recording),
	('officer', s.officer::text), ('officer', d.officer::text), ('officer', i.officer::text),
	('unit', s.unit::text), ('unit', i.unit::text), ('all', '')) AS k(what, key)
WHERE k.key IS NOT NULL;

-- Which open holds cover which of these segments.  Planned for the list that it is given: one or a million.
CREATE FUNCTION dv.holds_of_segments(a_segments uuid[]) RETURNS TABLE (segment uuid, hold uuid)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off
	SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH named AS MATERIALIZED (
		SELECT k.* FROM unnest(a_segments) AS w JOIN segment_place p ON p.segment = w
		JOIN hold_key k ON k.segment = p.segment AND k.placed_at = p.placed_at
	), scope AS MATERIALIZED (
		SELECT * FROM hold_scope
	)
	SELECT DISTINCT k.segment, c.hold FROM named k
	JOIN scope c ON c.what = k.what AND c.key = k.key AND (k.recorded <@ c.days OR k.stored <@ c.days);
END
$$;
CREATE FUNCTION dv.holds_on(a_segment uuid) RETURNS SETOF dv.hold
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT h.* FROM holds_of_segments(ARRAY[a_segment]) x JOIN hold h ON h.hold = x.hold ORDER BY h.entered_at
$$;

-- Of these segments (null: of all) those that this hold covers (null: any open one): what hold_key says of a
-- segment, asked the other way about, since eight names for each of a million take a minute.  All holds on one
-- key are one range of days first, so that how many there are is no matter; and what holds name by itself is
-- looked up from their side.
CREATE FUNCTION dv.hold_matches(a_segments uuid[], a_hold uuid) RETURNS SETOF uuid
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hold_open) THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format($query$
	WITH scope AS MATERIALIZED (
		SELECT what, key, range_agg(days) AS days FROM hold_scope WHERE hold = $2 OR $2 IS NULL GROUP BY what, key
	), named AS (
		SELECT key::uuid AS segment FROM scope WHERE what = 'segment'
		UNION
		SELECT s.segment FROM scope c JOIN segment s ON s.recorder = split_part(c.key, '/', 1)
			AND s.recording = split_part(c.key, '/', 2)::uuid
		WHERE c.what = 'recording'
	), of_session AS MATERIALIZED (
		SELECT x.session, range_agg(c.days) AS days FROM (
			SELECT session, 'officer' AS what, officer::text AS key FROM dock_session
			UNION SELECT session, 'officer', officer::text FROM dock_import
			UNION SELECT session, 'unit', unit::text FROM dock_import) AS x
		JOIN scope c USING (what, key) GROUP BY x.session
	), everyone AS MATERIALIZED (
		SELECT range_agg(days) AS days FROM scope WHERE what = 'all'
	)
	SELECT n.segment FROM named n %1$s
	UNION
	SELECT s.segment FROM segment s %2$s
	LEFT JOIN scope o ON o.what = 'officer' AND o.key = s.officer
	LEFT JOIN scope u ON u.what = 'unit' AND u.key = s.unit
	LEFT JOIN of_session f ON f.session = s.session
	CROSS JOIN everyone e
	WHERE num_nonnulls(o.days, u.days, f.days, e.days) > 0
		AND (day_of(s.placed_at) <@ o.days OR day_of(s.stored_at) <@ o.days
			OR day_of(s.placed_at) <@ u.days OR day_of(s.stored_at) <@ u.days
			OR day_of(s.placed_at) <@ f.days OR day_of(s.stored_at) <@ f.days
			OR day_of(s.placed_at) <@ e.days OR day_of(s.stored_at) <@ e.days)
	$query$, CASE WHEN a_segments IS NOT NULL THEN 'JOIN unnest($1) AS w ON w = n.segment' END,
		CASE WHEN a_segments IS NOT NULL THEN 'JOIN unnest($1) AS w ON w = s.segment' END)
	USING a_segments, a_hold;
END
$$;
-- Those of them that are held.
CREATE FUNCTION dv.held(a_segments uuid[]) RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT hold_matches(coalesce(a_segments, '{}'), NULL)
$$;
-- What one open hold covers.
CREATE FUNCTION dv.hold_covers(a_hold uuid) RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT hold_matches(NULL, a_hold)
$$;

-- ---- against removal ----

-- What a hold covers now: how many are there and their bytes; of how many the removal is begun, and how
-- many are gone; and the first hundred of those.
CREATE FUNCTION dv.hold_count(a_hold uuid)
	RETURNS TABLE (objects bigint, bytes numeric, begun bigint, gone bigint, lost jsonb)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH it AS MATERIALIZED (
		SELECT s.segment, s.size, b.segment IS NOT NULL AS begun, t.segment IS NOT NULL AS gone
		FROM hold_covers(a_hold) AS c(segment) JOIN segment_place p USING (segment)
		JOIN segment s USING (segment, placed_at)
		LEFT JOIN disposal_begun b USING (segment) LEFT JOIN tombstone t USING (segment)
	)
	SELECT count(*) FILTER (WHERE NOT i.begun), coalesce(sum(i.size) FILTER (WHERE NOT i.begun), 0),
		count(*) FILTER (WHERE i.begun AND NOT i.gone), count(*) FILTER (WHERE i.gone),
		coalesce((SELECT jsonb_agg(l.segment) FROM (SELECT x.segment FROM it x WHERE x.begun
			ORDER BY x.segment LIMIT 100) AS l), '[]')
	FROM it i;
END
$$;

-- ---- acts ----

CREATE FUNCTION dv.day_field(a jsonb, a_name text) RETURNS date
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF a ->> a_name !~ '^20\d\d-\d\d-\d\d$' THEN
		RAISE EXCEPTION '% "%": no day: write it as 2026-11-23', a_name, left(a ->> a_name, 40)
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN (a ->> a_name)::date;
EXCEPTION WHEN datetime_field_overflow THEN
	RAISE EXCEPTION '% "%": there is no such day', a_name, a ->> a_name USING ERRCODE = 'invalid_parameter_value';
END
$$;

CREATE FUNCTION dv.check_review_day(a_day date) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF (a_day > today() AND a_day <= today() + 731) IS NOT TRUE THEN
		RAISE EXCEPTION 'review: a day after today and within two years, not %: a hold that nobody looks at again is none',
			coalesce(a_day::text, 'nothing') USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

-- That what is to be held is there: a mistyped id would hold nothing, and look as if it did.
CREATE FUNCTION dv.check_held(h dv.hold) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF (CASE h.kind
			WHEN 'segment' THEN EXISTS (SELECT FROM segment_place WHERE segment::text = h.subject)
			WHEN 'recording' THEN EXISTS (SELECT FROM recording
				WHERE recorder = split_part(h.subject, '/', 1) AND recording::text = split_part(h.subject, '/', 2))
			WHEN 'case' THEN case_state(h.subject) IS NOT NULL
			WHEN 'officer' THEN EXISTS (SELECT FROM officer WHERE officer = h.subject)
				OR EXISTS (SELECT FROM month_summary WHERE officer = h.subject)
			ELSE h.subject = '' OR EXISTS (SELECT FROM unit WHERE unit = h.subject)
				OR EXISTS (SELECT FROM month_summary WHERE unit = h.subject) END) THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'hold: there is no % %: look at the id; nothing is held',
		CASE h.kind WHEN 'period' THEN 'unit' ELSE h.kind END, left(h.subject, 160)
		USING ERRCODE = 'no_data_found';
END
$$;

-- a: kind, subject (period: none), unit, from, to (of officer and period), review, reason.  Besides the
-- hold, what of it is there now, and what came too late: dv.hold_count().  A removal that is being begun has
-- the gate (050), which the insert waits for: either it sees the hold, or the count after sees what it began.
CREATE FUNCTION dv.hold_add(a jsonb)
	RETURNS TABLE (hold uuid, objects bigint, bytes numeric, begun bigint, gone bigint, lost jsonb)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	h hold;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'head');
	PERFORM only_fields(a, 'kind', 'subject', 'unit', 'from', 'to', 'review', 'reason');
	h.kind := need_field(a, 'kind');
	PERFORM check_word('kind', h.kind, '{segment,recording,case,officer,period}');
	IF h.kind = 'period' THEN
		h.subject := coalesce(a ->> 'unit', '');
		PERFORM need_field(a, 'from');
	ELSE
		h.subject := need_field(a, 'subject');
	END IF;
	IF (h.kind <> 'period' AND a ->> 'unit' IS NOT NULL) OR (h.kind = 'period' AND a ->> 'subject' IS NOT NULL)
			OR (h.kind NOT IN ('officer', 'period') AND num_nonnulls(a ->> 'from', a ->> 'to') > 0) THEN
		RAISE EXCEPTION 'hold: a unit is of a period, and days are of a period or an officer: a % has an id alone',
			h.kind USING ERRCODE = 'invalid_parameter_value';
	END IF;
	h.from_day := day_field(a, 'from');
	h.to_day := day_field(a, 'to');
	h.review_on := day_field(a, 'review');
	h.reason := need_field(a, 'reason');
	IF h.to_day < h.from_day THEN
		RAISE EXCEPTION 'hold: it ends (%) before it begins (%)', h.to_day, h.from_day
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM check_review_day(h.review_on);
	IF length(h.reason) > 500 THEN
		RAISE EXCEPTION 'hold: say why, in 500 characters at most' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM check_held(h);
	INSERT INTO hold (kind, subject, units, from_day, to_day, review_on, reason)
	VALUES (h.kind, h.subject, CASE WHEN h.kind = 'period' THEN ARRAY(SELECT units_below(h.subject)) ELSE '{}' END,
		h.from_day, h.to_day, h.review_on, h.reason)
	RETURNING hold.hold INTO h.hold;
	RETURN QUERY SELECT h.hold, c.* FROM hold_count(h.hold) AS c;
END
$$;

-- Does whoever is connected see it?  As the policies of dv.hold have it.
CREATE FUNCTION dv.sees_hold(h dv.hold) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT pg_has_role(session_user, 'dv_all', 'MEMBER')
		OR (am_legal() AND (h.kind <> 'officer' OR h.subject IS DISTINCT FROM (me()).officer::text))
$$;

-- One that is open, for who reviews or releases it; locked, so that of two one waits.
CREATE FUNCTION dv.hold_enter(a_hold uuid, a_reason text) RETURNS dv.hold
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	h hold;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'head');
	SELECT * INTO h FROM hold WHERE hold = a_hold FOR UPDATE;
	IF h.hold IS NULL OR NOT sees_hold(h) THEN
		RAISE EXCEPTION 'hold %: there is none (vaultctl hold list shows them)', a_hold
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM hold_released WHERE hold = a_hold) THEN
		RAISE EXCEPTION 'hold %: it is released already: place another one (vaultctl hold add)', a_hold
			USING ERRCODE = 'check_violation';
	END IF;
	IF h.kind = 'officer' AND (h.subject = (me()).officer) IS TRUE THEN
		RAISE EXCEPTION 'hold %: it is about %: somebody else decides', a_hold, session_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT says(a_reason) OR length(a_reason) > 500 THEN
		RAISE EXCEPTION 'hold %: say why, in 500 characters at most', a_hold
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN h;
END
$$;

CREATE FUNCTION dv.hold_review(a_hold uuid, a_review_on date, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	h hold := hold_enter(a_hold, a_reason);
BEGIN
	PERFORM check_review_day(a_review_on);
	INSERT INTO hold_review (hold, number, review_on, reason)
	VALUES (a_hold, (SELECT coalesce(max(r.number), 0) + 1 FROM hold_review r WHERE r.hold = a_hold), a_review_on,
		a_reason);
END
$$;

CREATE FUNCTION dv.hold_release(a_hold uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	h hold := hold_enter(a_hold, a_reason);
BEGIN
	IF same_person(h."by") THEN
		RAISE EXCEPTION 'hold %: % placed it: another person releases it', a_hold, h."by"
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO hold_released (hold, reason) VALUES (a_hold, a_reason);
END
$$;

-- ---- looking ----

-- What an open hold that whoever asks sees covers now; of one that is released nothing.
CREATE FUNCTION dv.hold_reach(a_hold uuid)
	RETURNS TABLE (objects bigint, bytes numeric, begun bigint, gone bigint, lost jsonb)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT c.* FROM hold h CROSS JOIN LATERAL hold_count(h.hold) AS c WHERE h.hold = a_hold AND sees_hold(h)
$$;

-- Open holds that cover something of an object, which is named as holds name it.
CREATE FUNCTION dv.holds_over(a_kind text, a_subject text) RETURNS SETOF uuid
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	segments uuid[];
BEGIN
	PERFORM check_word('object', a_kind, '{segment,recording,case,officer}');
	IF a_kind = 'segment' THEN
		segments := ARRAY(SELECT segment FROM segment_place WHERE segment::text = a_subject);
	ELSIF a_kind = 'recording' THEN
		segments := ARRAY(SELECT s.segment FROM segment s WHERE s.recorder = split_part(a_subject, '/', 1)
			AND s.recording::text = split_part(a_subject, '/', 2));
	ELSIF a_kind = 'case' THEN
		segments := ARRAY(SELECT case_segments(a_subject));
	END IF;
	RETURN QUERY SELECT x.hold FROM (
		SELECT o.hold FROM hold_open o WHERE o.kind = a_kind AND o.subject = a_subject
		UNION
		SELECT s.hold FROM holds_of_segments(segments) s) AS x
	JOIN hold h ON h.hold = x.hold WHERE sees_hold(h);
END
$$;

GRANT EXECUTE ON FUNCTION dv.hold_add(jsonb), dv.hold_review(uuid, date, text), dv.hold_release(uuid, text),
	dv.hold_reach(uuid), dv.holds_over(text, text) TO dv_person;

-- ---- the review ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters) VALUES
('hold_review_due', 33, 'notice',
 '一项证据保全已到复核日，尚未有人复核。',
 'The day on which a legal hold was to be looked at again is over, and nobody has.',
 '监察室或者法制机构复核是否仍需保全：仍需的，写明理由并定下次复核日（vaultctl hold review）；不再需要的，由设置人以外的人解除（vaultctl hold release）。保全在此之前一直有效。',
 'The supervision or the legal office looks whether it is still needed: if so, it says why and when next (vaultctl hold review); if not, another person than who placed it releases it (vaultctl hold release). Until then it holds.',
 '{}');

-- Each day of review by itself: the next one is found anew.
CREATE FUNCTION dv.owed_hold_review_due(a_subjects text[]) RETURNS SETOF dv.owed
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY
	SELECT 'hold', x.hold::text, x.review_on::text, x.entered_at, NULL::timestamptz, day_start(x.review_on + 1),
		coalesce(x.next_at, r.entered_at), jsonb_build_object('hold', x.hold, 'kind', x.kind, 'review_on', x.review_on)
	FROM (SELECT y.*, lead(y.entered_at) OVER (PARTITION BY y.hold ORDER BY y.number) AS next_at
	      FROM (SELECT h.hold, h.kind, 0 AS number, h.review_on, h.entered_at FROM hold h
		    WHERE a_subjects IS NULL OR h.hold = ANY (a_subjects::uuid[])
		    UNION ALL
		    SELECT v.hold, h.kind, v.number, v.review_on, v.entered_at FROM hold_review v JOIN hold h USING (hold)
		    WHERE a_subjects IS NULL OR v.hold = ANY (a_subjects::uuid[])) AS y) AS x
	LEFT JOIN hold_released r ON r.hold = x.hold;
END
$$;
CREATE FUNCTION dv.deadline_of_hold() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM deadline_touch(ARRAY['hold_review_due'], (SELECT array_agg(DISTINCT hold::text) FROM fresh));
	RETURN NULL;
END
$$;
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['hold', 'hold_review', 'hold_released'] LOOP
		EXECUTE format('CREATE TRIGGER deadline_insert AFTER INSERT ON dv.%I REFERENCING NEW TABLE AS fresh '
			       'FOR EACH STATEMENT EXECUTE FUNCTION dv.deadline_of_hold()', t);
		EXECUTE format('ALTER TABLE dv.%I ENABLE ALWAYS TRIGGER deadline_insert', t);
	END LOOP;
END
$$;

-- Of every code that says what is owed, those of later files too.
CREATE OR REPLACE FUNCTION dv.deadlines_rebuild() RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	-- Whoever changed a fact and its row commits first; whoever changes one later looks at it later.
	LOCK TABLE deadline IN SHARE ROW EXCLUSIVE MODE;
	PERFORM deadline_refresh(substr(p.proname, 6), NULL) FROM pg_proc p
	WHERE p.pronamespace = 'dv'::regnamespace AND p.proname LIKE 'owed\_%' ORDER BY p.proname;
END
$$;

-- ---- how the articles are answered with it ----

UPDATE dv.article SET
	answer_zh = answer_zh || '涉案、投诉或者争议中的资料可以保全：保全优先于任何保存期限，到期复核，只能由设置人以外的人解除。',
	answer_en = answer_en || ' What a case, a complaint or a dispute needs is put on hold: a hold goes before every rule of how long things are kept, is looked at again by its day, and is released by another person than who placed it.',
	commands = commands || '{"hold add","hold list","hold show","hold review","hold release"}'
WHERE article = 33;
