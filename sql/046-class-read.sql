-- Who reads what of a class, and what is covered from the others (Art. 37).

-- ---- who reads what ----

-- A program's login is the machine's: `verify log` reads rows with it, and hidden ones would be an error.
CREATE FUNCTION dv.am_program() RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT NOT pg_has_role(session_user, 'dv_person', 'MEMBER')
		OR (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
$$;

-- Classes that the roles of whoever is connected do not read, by the rules of today; none, for a program.
CREATE FUNCTION dv.my_unread() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT CASE WHEN am_program() THEN '{}' ELSE ARRAY(
		SELECT c FROM unnest(ARRAY['public', 'internal', 'personal', 'trade_secret', 'state_secret']) AS c
		WHERE NOT EXISTS (SELECT FROM unnest((class_rule_at(c, today())).readers) AS r WHERE am(r))) END
$$;
-- What they were given leave to read, as long as it is of no higher class than it was then.
CREATE FUNCTION dv.my_granted() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT DISTINCT x FROM read_grant_open g CROSS JOIN LATERAL segments_of_subject(g.kind, g.subject) AS x
	WHERE g.login::text = session_user::text AND class_rank(class_of(x)) <= class_rank(g.class)
$$;

-- What a policy asks, each once a statement.  Where nothing is covered from anybody who asks, the first alone.
CREATE FUNCTION dv.sees_all() RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT am_program() OR (SELECT NOT EXISTS (SELECT FROM segment_class WHERE class = ANY (u))
			AND NOT EXISTS (SELECT FROM recording_class WHERE class = ANY (u))
		FROM (SELECT my_unread() AS u) AS x)
$$;
CREATE FUNCTION dv.my_hidden_segments() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT segment FROM segment_class WHERE class = ANY ((SELECT my_unread())::text[])
$$;
CREATE FUNCTION dv.my_hidden_recordings() RETURNS TABLE (recorder text, recording uuid)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT recorder, recording FROM recording_class WHERE class = ANY ((SELECT my_unread())::text[])
$$;
-- All segments that are covered from whoever asks, whether or not it is theirs to know of: for the owner's
-- functions, of which people have ids alone.  A recording's are found by its own index, month by month.
CREATE FUNCTION dv.hidden_rows() RETURNS TABLE (segment uuid, recorder text, recording uuid, blob bytea,
		manifest bytea, seal_manifest bytea, seal_signature bytea)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT s.segment, s.recorder::text, s.recording, s.blob::bytea, s.manifest::bytea, s.seal_manifest::bytea,
		s.seal_signature::bytea
	FROM recording_class r JOIN segment s ON s.recorder = r.recorder AND s.recording = r.recording
	WHERE r.class = ANY ((SELECT my_unread())::text[]) AND s.segment NOT IN (SELECT my_granted())
	UNION ALL
	SELECT s.segment, s.recorder, s.recording, s.blob, s.manifest, s.seal_manifest, s.seal_signature
	FROM segment_class c JOIN segment_place p USING (segment) JOIN segment s USING (segment, placed_at)
	WHERE c.class = ANY ((SELECT my_unread())::text[]) AND s.segment NOT IN (SELECT my_granted())
		AND NOT EXISTS (SELECT FROM recording_class r WHERE r.recorder = s.recorder AND r.recording = s.recording
			AND r.class = ANY ((SELECT my_unread())::text[]))
$$;
CREATE FUNCTION dv.my_hidden() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT segment FROM hidden_rows()
$$;
-- What else tells of them: their sidecars and seals, what brought them, what was found about them, the log.
CREATE FUNCTION dv.my_hidden_blobs() RETURNS SETOF bytea
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT DISTINCT b FROM hidden_rows() AS s,
		LATERAL (SELECT unnest(ARRAY[s.blob, s.manifest, s.seal_manifest, s.seal_signature]) AS b
			 UNION ALL SELECT m.manifest FROM manifest m
			 WHERE m.recorder = s.recorder AND m.media_blake2b = s.blob
			 UNION ALL SELECT v.signature_blob FROM manifest_seen v
			 WHERE v.recorder = s.recorder AND v.manifest = s.manifest) AS x
	WHERE b IS NOT NULL
$$;
CREATE FUNCTION dv.my_hidden_sessions() RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT DISTINCT v.session FROM hidden_rows() AS s JOIN segment_seen v ON v.segment = s.segment
$$;
CREATE FUNCTION dv.my_hidden_recorders() RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT DISTINCT recorder FROM hidden_rows()
$$;
CREATE FUNCTION dv.my_hidden_subjects() RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT DISTINCT x FROM hidden_rows() AS s, unnest(ARRAY[s.segment::text, s.recorder || '/' || s.recording]) AS x
	UNION ALL SELECT hex(b) FROM my_hidden_blobs() AS b
$$;
CREATE FUNCTION dv.my_hidden_names() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT CASE length(x) WHEN 36 THEN 'segment:' WHEN 64 THEN 'blob:' ELSE 'recording:' END || x
		     FROM my_hidden_subjects() AS x
		     UNION SELECT 'finding:' || f.finding FROM finding f
			WHERE f.subject IN (SELECT my_hidden_subjects()))
$$;
CREATE FUNCTION dv.my_hidden_events() RETURNS SETOF bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp ROWS 100 AS $$
	SELECT event FROM custody_event WHERE objects && (SELECT my_hidden_names())
	UNION
	SELECT event FROM custody_event WHERE source = 'card_inventory'
		AND objects && ARRAY(SELECT 'recorder:' || r FROM my_hidden_recorders() AS r)
	UNION
	SELECT event FROM custody_event WHERE source = 'dock_import'
		AND objects && ARRAY(SELECT 'session:' || x FROM my_hidden_sessions() AS x)
$$;
GRANT EXECUTE ON FUNCTION dv.sees_all(), dv.my_unread(), dv.my_granted(), dv.my_hidden_segments(),
	dv.my_hidden_recordings(), dv.my_hidden(), dv.my_hidden_blobs(), dv.my_hidden_sessions(),
	dv.my_hidden_recorders(), dv.my_hidden_subjects(), dv.my_hidden_names(), dv.my_hidden_events() TO dv_read;

-- One more condition for people, whatever else shows them a row, and as whichever of their groups: a person may
-- become dv_supervisor, which is a program's login, too, so that it is who is connected that counts.  What
-- programs are let by comes first and asks PostgreSQL alone: whoever checks the log (lib/catalog) believes that,
-- word by word, and nothing else.
CREATE FUNCTION dv.cover(a_table regclass, a_shown text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	EXECUTE format('CREATE POLICY covered ON %s AS RESTRICTIVE FOR SELECT TO PUBLIC USING '
		       '((SELECT NOT pg_has_role(session_user, ''dv_person'', ''MEMBER'')) OR (SELECT dv.sees_all()) OR (%s))',
		       a_table, a_shown);
END
$$;
SELECT dv.cover('dv.segment', '(segment NOT IN (SELECT dv.my_hidden_segments()) '
	'AND (recorder::text, recording) NOT IN (SELECT r.recorder, r.recording FROM dv.my_hidden_recordings() r)) '
	'OR segment IN (SELECT dv.my_granted())');
SELECT dv.cover('dv.segment_place', 'EXISTS (SELECT FROM dv.segment s WHERE s.segment = segment_place.segment '
	'AND s.placed_at = segment_place.placed_at)');
SELECT dv.cover(t::regclass, 'segment NOT IN (SELECT dv.my_hidden())')
FROM unnest(ARRAY['dv.segment_seen', 'dv.segment_hole']) AS t;
SELECT dv.cover(t::regclass, 'manifest NOT IN (SELECT dv.my_hidden_blobs())')
FROM unnest(ARRAY['dv.manifest', 'dv.manifest_seen']) AS t;
SELECT dv.cover(t::regclass, 'blob NOT IN (SELECT dv.my_hidden_blobs())')
FROM unnest(ARRAY['dv.card_clearing', 'dv.card_cleared']) AS t;
-- A ledger is one text of all names on the card, and the card's next one has them again.
SELECT dv.cover('dv.card_inventory', 'recorder NOT IN (SELECT dv.my_hidden_recorders())');
SELECT dv.cover('dv.dock_import', 'session NOT IN (SELECT dv.my_hidden_sessions())');
-- What somebody did wrong about a secret is no secret to who answers it, and names nothing of its content.
SELECT dv.cover('dv.finding', $$subject_kind NOT IN ('segment', 'recording', 'blob', 'object')
	OR code IN ('read_outside_grant', 'secret_found', 'unapproved_export')
	OR subject NOT IN (SELECT dv.my_hidden_subjects())$$);
SELECT dv.cover('dv.custody_event', 'NOT objects && (SELECT dv.my_hidden_names())::text[]');
SELECT dv.cover('dv.custody_salt', 'event NOT IN (SELECT dv.my_hidden_events())');

-- An index that is searched before a policy is asked searches by what gives nothing away, which a part of a text
-- is not.  By its hash a claim may be as long as it likes.
CREATE INDEX segment_of_officer ON dv.segment USING hash (officer);

SELECT dv.show_rows(t::regclass, a_shown) FROM (VALUES
	('dv.class_rule', 'true'),
	('dv.classification', '(SELECT dv.am_legal()) OR by = (SELECT session_user)::text'),
	('dv.class_lowering', '(SELECT dv.am_legal())'),
	('dv.class_lowering_decision', '(SELECT dv.am_legal())'),
	('dv.read_grant', 'login = (SELECT session_user)::text'),
	('dv.read_grant_ended', 'read_grant IN (SELECT g.read_grant FROM dv.read_grant g)'),
	('dv.segment_class', NULL), ('dv.recording_class', NULL)) AS x(t, a_shown);
GRANT SELECT ON dv.class_rule, dv.classification, dv.class_lowering, dv.class_lowering_decision, dv.read_grant,
	dv.read_grant_ended, dv.segment_class, dv.recording_class, dv.classification_current, dv.read_grant_open
	TO dv_read;

-- Is it in what policies show whoever is connected, whatever its class?  Also within functions of the owner.
CREATE FUNCTION dv.in_my_scope(a_unit text, a_officer text) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT (SELECT pg_has_role(session_user, 'dv_all', 'MEMBER'))
		OR coalesce(a_unit = ANY ((SELECT my_units())::text[]), false)
		OR coalesce(a_officer = (SELECT my_officer()), false)
$$;
CREATE FUNCTION dv.in_my_scope(a_segment uuid) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT in_my_scope(s.unit, s.officer) FROM segment_place p
		JOIN segment s USING (segment, placed_at) WHERE p.segment = a_segment), false)
$$;
CREATE FUNCTION dv.may_read(a_segment uuid) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT in_my_scope(a_segment) AND (sees_all() OR class_of(a_segment) <> ALL (my_unread())
		OR a_segment IN (SELECT my_granted()))
$$;

-- May it be given out, by the rule of today?  owner: to whose secret it is, or who by law may have it.  Null:
-- it may, once that is approved.
CREATE FUNCTION dv.export_refusal(a_segment uuid, a_owner boolean) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT CASE (class_rule_at(class_of(a_segment), today())).export
		WHEN 'never' THEN 'never' WHEN 'owner' THEN CASE WHEN a_owner THEN NULL ELSE 'not_owner' END END
$$;

-- ---- covered: that it is there, and nothing of it ----
--
-- With the owner's rights, as party_list: what its reader may know of and not read.  Not where nothing is hidden
-- from whoever asks, as in a function of the owner's.

CREATE VIEW dv.segment_masked WITH (security_barrier = true) AS
SELECT s.segment, s.recorder, s.recording, s.unit, s.session, s.recorded_at, '***'::text AS path,
	dv.higher_class((SELECT c.class FROM dv.segment_class c WHERE c.segment = s.segment),
		(SELECT r.class FROM dv.recording_class r WHERE r.recorder = s.recorder AND r.recording = s.recording)) AS class
FROM dv.segment s
WHERE row_security_active('dv.segment') AND NOT (SELECT dv.sees_all())
	-- What the policy hides, asked of those rows that somebody asks for.
	AND (s.segment IN (SELECT dv.my_hidden_segments())
		OR (s.recorder::text, s.recording) IN (SELECT r.recorder, r.recording FROM dv.my_hidden_recordings() r))
	AND s.segment NOT IN (SELECT dv.my_granted())
	AND (pg_has_role(session_user, 'dv_all', 'MEMBER') OR s.unit = ANY ((SELECT dv.my_units())::text[])
		OR s.officer = (SELECT dv.my_officer()));

CREATE VIEW dv.finding_masked WITH (security_barrier = true) AS
SELECT f.finding, f.code, f.article, f.severity, f.recorder, f.unit, f.subject_kind, f.subject,
	'***'::text AS fact, f.raised_at, f.officer, f."case", f.requirement, f.requirement_version
FROM dv.finding f
WHERE f.subject IN (SELECT dv.my_hidden_subjects()) AND row_security_active('dv.finding') AND NOT (SELECT dv.sees_all())
	AND f.code NOT IN ('read_outside_grant', 'secret_found', 'unapproved_export')
	AND (pg_has_role(session_user, 'dv_all', 'MEMBER') OR f.unit = ANY ((SELECT dv.my_units())::text[])
		OR f.officer = (SELECT dv.my_officer()) OR f."case" = ANY ((SELECT dv.my_cases())::text[])
		OR f.finding = ANY ((SELECT dv.my_answers())::uuid[])
		OR f.subject = ANY ((SELECT dv.my_subjects())::text[])
		OR (f."case" IS NOT NULL AND (SELECT dv.am_legal())));
GRANT SELECT ON dv.segment_masked, dv.finding_masked TO dv_read;

-- As in 013 and 016; class null: as nobody said anything, or as all of it is shown.
CREATE OR REPLACE VIEW dv.recording_list WITH (security_invoker = true) AS
SELECT r.recorder, r.recording, r.unit, r.session,
	CASE WHEN m.segments IS NULL THEN s.officer ELSE '***' END AS officer,
	CASE WHEN m.segments IS NULL THEN s.start_at END AS start_at,
	CASE WHEN m.segments IS NULL THEN s.end_at END AS end_at,
	s.segments + coalesce(m.segments, 0) AS segments,
	CASE WHEN m.segments IS NULL THEN s.duration_ms END AS duration_ms,
	CASE WHEN m.segments IS NULL THEN s.bytes END AS bytes,
	CASE WHEN m.segments IS NULL THEN s.assurance END AS assurance,
	CASE WHEN m.segments IS NULL THEN s.stored_at END AS stored_at, r.recorded_at,
	-- About it as a whole and about its segments; an array, so that the index is used.
	(SELECT count(*) FROM dv.finding f WHERE f.subject = ANY (ARRAY(
		SELECT r.recorder || '/' || r.recording
		UNION ALL SELECT g.segment::text FROM dv.segment g
		WHERE g.recorder = r.recorder AND g.recording = r.recording)))
		+ CASE WHEN m.segments IS NULL THEN 0 ELSE (SELECT count(*) FROM dv.finding_masked f
			WHERE f.subject = ANY (m.subjects)) END AS findings,
	CASE WHEN m.segments IS NULL THEN s.important END AS important, m.class AS covered
FROM dv.recording r
CROSS JOIN LATERAL (
	SELECT min(g.start_at) AS start_at, max(g.end_at) AS end_at, count(*) AS segments,
		sum(g.size) AS bytes, max(g.stored_at) AS stored_at, min(g.officer) AS officer,
		bool_or(g.important) AS important,
		sum(dv.believed_ms(g.start_at, g.end_at))::bigint AS duration_ms,
		-- Only as good as its weakest segment.
		CASE WHEN bool_or(g.assurance = 'imported') THEN 'imported'
		     WHEN bool_and(g.assurance = 'signed_by_recorder')
		     THEN 'signed_by_recorder' ELSE 'sealed_at_dock' END AS assurance
	FROM dv.segment g WHERE g.recorder = r.recorder AND g.recording = r.recording
) AS s
CROSS JOIN LATERAL (
	SELECT nullif(count(*), 0) AS segments, (array_agg(g.class ORDER BY dv.class_rank(g.class) DESC))[1] AS class,
		array_agg(g.segment::text) || (r.recorder || '/' || r.recording) AS subjects
	FROM dv.segment_masked g WHERE g.recorder = r.recorder AND g.recording = r.recording
) AS m;
GRANT EXECUTE ON FUNCTION dv.class_rank(text), dv.class_of(uuid), dv.higher_class(text, text) TO dv_read;

-- As in 037, with what is covered.  covered: it is there, and whoever asks reads nothing of it.
CREATE OR REPLACE VIEW dv.finding_list WITH (security_invoker = true) AS
SELECT f.finding, f.code, coalesce(f.article, q.article, v.article) AS article, f.severity, f.recorder,
	f.unit, f.subject_kind, f.subject, f.fact, f.at, f.raised_at, f.session, f.confidence, f.detail,
	v.text_zh || coalesce(q.text_zh, '') AS text_zh, v.text_en || coalesce(' ' || q.text_en, '') AS text_en,
	v.next_step_zh, v.next_step_en, f.officer, f."case", f.requirement, f.requirement_version, f.covered
FROM (
	SELECT finding, code, article, severity, recorder, unit, subject_kind, subject, fact, at, raised_at, session,
		confidence, detail, officer, "case", requirement, requirement_version, false AS covered
	FROM dv.finding
	UNION ALL
	SELECT finding, code, article, severity, recorder, unit, subject_kind, subject, fact, NULL::timestamptz,
		raised_at, NULL::uuid, NULL::numeric(4, 3), '{}'::jsonb, officer, "case", requirement, requirement_version, true
	FROM dv.finding_masked
) AS f
CROSS JOIN LATERAL (
	SELECT * FROM dv.rule_version v
	WHERE v.code = f.code AND (v.valid_from <= dv.day_of(coalesce(f.at, f.raised_at)) OR v.version = 1)
	ORDER BY v.version DESC LIMIT 1
) AS v
LEFT JOIN dv.requirement q ON q.requirement = f.requirement AND q.version = f.requirement_version;

-- As in 026: what is to be answered is told of to who answers it.
CREATE OR REPLACE VIEW dv.answer_list WITH (security_invoker = true) AS
SELECT s.finding, s.code, s.article, s.severity, s.state, s.owner, s.due_at, s.overdue, s.joins, s.excused,
	s.closed_at, s.raised_at, nullif(s.recorder, '') AS recorder, nullif(s.unit, '') AS unit,
	nullif(s.officer, '') AS officer, nullif(s."case", '') AS "case",
	coalesce(f.subject_kind, m.subject_kind) AS subject_kind, s.subject, coalesce(f.fact, m.fact) AS fact,
	f.at, coalesce(f.detail, '{}') AS detail, m.finding IS NOT NULL AS covered
FROM dv.finding_state s
LEFT JOIN dv.finding f USING (finding)
LEFT JOIN dv.finding_masked m USING (finding)
WHERE f.finding IS NOT NULL OR m.finding IS NOT NULL;

-- As in 041, with what is covered: what a month has is counted, and the worst of it named, whoever asks.
CREATE OR REPLACE FUNCTION dv.month_worst(a_month date, a_scope text[], a_max integer) RETURNS json
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
		SELECT y.finding FROM (
			SELECT finding, severity, raised_at, unit FROM finding
			UNION ALL SELECT finding, severity, raised_at, unit FROM finding_masked) AS y
		WHERE y.severity = s.severity AND y.raised_at >= day_start(a_month)
			AND y.raised_at < day_start((a_month + interval '1 month')::date)
			AND (a_scope IS NULL OR y.unit = ANY (a_scope))
		ORDER BY y.raised_at, y.finding LIMIT a_max) AS x
	      ORDER BY s.rank LIMIT a_max) AS w
	JOIN LATERAL (
		SELECT finding, code, article, severity, recorder, unit, officer, "case", subject_kind, subject, at, raised_at
		FROM finding WHERE finding = w.finding
		UNION ALL
		SELECT finding, code, article, severity, recorder, unit, officer, "case", subject_kind, subject, NULL, raised_at
		FROM finding_masked WHERE finding = w.finding) AS f ON true
	JOIN rule r USING (code)
	LEFT JOIN LATERAL (
		SELECT c.kind FROM rectification c
		WHERE c.finding = f.finding AND c.at < day_start((a_month + interval '1 month')::date)
			AND c.kind IN ('opened', 'acknowledged', 'explained', 'closed', 'reopened')
		ORDER BY c.number DESC LIMIT 1) AS a ON true
$$;

-- How much of a day of a recorder, or of an officer, is covered from whoever asks, recording by recording.
CREATE FUNCTION dv.covered_on(a_recorder text, a_officer text, a_day date)
	RETURNS TABLE (recorder text, recording uuid, class text, segments bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT s.recorder::text, s.recording,
		(array_agg(class_of(s.segment) ORDER BY class_rank(class_of(s.segment)) DESC))[1], count(*)
	FROM segment_place p JOIN segment s USING (segment, placed_at)
	WHERE NOT sees_all() AND p.segment IN (SELECT my_hidden()) AND (a_recorder IS NULL OR s.recorder = a_recorder)
		AND (a_officer IS NULL OR s.officer = a_officer)
		AND s.placed_at >= day_start(a_day) - interval '1 day' AND s.placed_at < day_start(a_day + 1)
		AND s.start_at < day_start(a_day + 1) AND s.end_at > day_start(a_day)
		AND in_my_scope(s.unit, s.officer)
	GROUP BY s.recorder, s.recording ORDER BY s.recorder, s.recording
$$;
-- As in 041, with how many segments of that day are covered.
CREATE OR REPLACE FUNCTION dv.officer_day(a_officer text, a_day date) RETURNS jsonb
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
			FROM found JOIN finding f USING (finding) JOIN rule r USING (code)),
		'covered', (SELECT coalesce(sum(v.segments), 0) FROM covered_on(NULL, a_officer, a_day) AS v))
$$;
GRANT EXECUTE ON FUNCTION dv.may_read(uuid), dv.covered_on(text, text, date), dv.class_rule_at(text, date) TO dv_read;
