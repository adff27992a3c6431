-- Classifying, leave to read, and what is beyond it (Art. 35, 37).

-- ---- classifying ----

CREATE FUNCTION dv.class_named(a_class text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF class_rank(a_class) IS NULL THEN
		RAISE EXCEPTION 'class %: classes are public, internal, personal, trade_secret, state_secret',
			coalesce(a_class, '?') USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
CREATE FUNCTION dv.reason_given(a_what text, a_reason text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF NOT says(a_reason) OR length(a_reason) > 500 THEN
		RAISE EXCEPTION '%: say why, in 500 characters at most', a_what USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

-- That there is such an object, by the one name that it has, and that whoever asks may know of it: the head of
-- a unit of what is of that unit or those below, an officer of their own.  a_all: whose role it takes.
CREATE FUNCTION dv.check_subject(a_kind text, a_subject text, VARIADIC a_all text[]) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	of_all boolean := EXISTS (SELECT FROM unnest(a_all) AS r WHERE am(r));
	there boolean;
BEGIN
	IF a_kind IS NULL OR a_kind NOT IN ('segment', 'recording', 'case') THEN
		RAISE EXCEPTION '%: an object is segment:UUID, recording:RECORDER/UUID or case:CASE', coalesce(a_kind, '?')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	there := CASE a_kind
		WHEN 'segment' THEN EXISTS (SELECT FROM segment_place p JOIN segment s USING (segment, placed_at)
			WHERE p.segment = uuid_or_null(a_subject) AND p.segment::text = a_subject
				AND (of_all OR s.unit = ANY (my_units()) OR s.officer = my_officer()))
		WHEN 'recording' THEN EXISTS (SELECT FROM recording r
			WHERE r.recorder = split_part(a_subject, '/', 1)
				AND r.recording = uuid_or_null(split_part(a_subject, '/', 2))
				AND r.recorder || '/' || r.recording = a_subject
				AND (of_all OR r.unit = ANY (my_units())
					OR (r.recorder, r.recording) IN (SELECT * FROM my_recordings())))
		ELSE EXISTS (SELECT FROM case_file f WHERE f."case" = a_subject AND (of_all OR f."case" = ANY (my_cases())))
		END;
	IF NOT there THEN
		RAISE EXCEPTION '% %: there is none: look at its name (vaultctl recording list, case list)', a_kind, a_subject
			USING ERRCODE = 'no_data_found';
	END IF;
END
$$;

-- The highest of what was said of it and of all that is in it.
CREATE FUNCTION dv.class_of_subject(a_kind text, a_subject text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(higher_class((SELECT c.class FROM classes_of(ARRAY(SELECT segments_of_subject(a_kind, a_subject))) c
			ORDER BY class_rank(c.class) DESC LIMIT 1),
		own_class(a_kind, a_subject)), 'internal')
$$;

-- The next thing that is said of it.
CREATE FUNCTION dv.classify(a_kind text, a_subject text, a_class text, a_lowering uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO classification (kind, subject, revision, class, lowering, reason)
	SELECT a_kind, a_subject, coalesce(max(revision), 0) + 1, a_class, a_lowering, a_reason
	FROM classification WHERE kind = a_kind AND subject = a_subject;
END
$$;

-- A state secret in here is found, whoever brought it, and told of.
CREATE FUNCTION dv.secret_found(a_kind text, a_subject text, a_reason text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	r record;
BEGIN
	SELECT s.recorder::text, s.unit::text INTO r FROM segments_of_subject(a_kind, a_subject) AS x
	JOIN segment_place p ON p.segment = x JOIN segment s USING (segment, placed_at) LIMIT 1;
	PERFORM raise_finding(NULL, jsonb_build_object('code', 'secret_found', 'subject_kind', a_kind,
		'subject', a_subject, 'recorder', CASE WHEN a_kind <> 'case' THEN r.recorder END,
		'unit', coalesce((SELECT unit FROM case_current WHERE a_kind = 'case' AND "case" = a_subject), r.unit),
		'at', utc(now()), 'detail', jsonb_build_object('by', session_user, 'why', a_reason))
		|| CASE a_kind WHEN 'case' THEN jsonb_build_object('case', a_subject) ELSE '{}' END);
END
$$;

-- Raised at once, by one person; lowered never.
CREATE FUNCTION dv.class_set(a_kind text, a_subject text, a_class text, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	was text;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'unit_head');
	PERFORM class_named(a_class);
	PERFORM reason_given(a_kind || ' ' || a_subject, a_reason);
	PERFORM check_subject(a_kind, a_subject, 'supervisor', 'legal');
	IF a_kind <> 'case' AND NOT am('supervisor') AND NOT am('legal') AND NOT EXISTS (
			SELECT FROM segments_of_subject(a_kind, a_subject) AS x JOIN segment_place p ON p.segment = x
			JOIN segment s USING (segment, placed_at) WHERE s.unit = ANY (my_units())) THEN
		RAISE EXCEPTION '% %: it is none of your unit''s: its head, the supervision office or the legal office classifies it',
			a_kind, a_subject USING ERRCODE = 'insufficient_privilege';
	ELSIF a_kind = 'case' AND NOT am('supervisor') AND NOT am('legal') AND NOT EXISTS (
			SELECT FROM case_current f WHERE f."case" = a_subject AND f.unit = ANY (my_units())) THEN
		RAISE EXCEPTION 'case %: it is none of your unit''s: its head, the supervision office or the legal office classifies it',
			a_subject USING ERRCODE = 'insufficient_privilege';
	END IF;
	PERFORM class_lock(true);
	was := own_class(a_kind, a_subject);
	IF class_rank(a_class) < class_rank(coalesce(was, 'internal')) THEN
		RAISE EXCEPTION '% % is %: nobody makes it % alone: propose it (vaultctl class lower), and another person decides (Art. 37)',
			a_kind, a_subject, coalesce(was, 'internal'), a_class USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF was = a_class THEN
		RAISE EXCEPTION '% % is % already', a_kind, a_subject, a_class USING ERRCODE = 'unique_violation';
	END IF;
	PERFORM classify(a_kind, a_subject, a_class, NULL, a_reason);
	IF a_class = 'state_secret' THEN
		PERFORM secret_found(a_kind, a_subject, a_reason);
	END IF;
END
$$;

CREATE FUNCTION dv.class_lower(a_kind text, a_subject text, a_class text, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	was text;
	a_lowering uuid;
BEGIN
	PERFORM require_role('supervisor', 'legal');
	PERFORM class_named(a_class);
	PERFORM reason_given(a_kind || ' ' || a_subject, a_reason);
	PERFORM check_subject(a_kind, a_subject, 'supervisor', 'legal');
	PERFORM class_lock(true);
	was := own_class(a_kind, a_subject);
	IF class_rank(a_class) >= class_rank(coalesce(was, 'internal')) THEN
		RAISE EXCEPTION '% %: what was said of itself is %, and % is not lower%', a_kind, a_subject,
			coalesce(was, 'nothing'), a_class, CASE WHEN class_of_subject(a_kind, a_subject) <> coalesce(was, 'internal')
			THEN ': what it has more than that comes of a recording or a case (vaultctl class show), lower that one' ELSE '' END
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT lowering INTO a_lowering FROM class_lowering l WHERE l.kind = a_kind AND l.subject = a_subject
		AND l.revision = (SELECT coalesce(max(revision), 0) FROM classification WHERE kind = a_kind AND subject = a_subject)
		AND NOT EXISTS (SELECT FROM class_lowering_decision d WHERE d.lowering = l.lowering);
	IF FOUND THEN
		RAISE EXCEPTION '% %: it is proposed already, and waits for another person: %', a_kind, a_subject, a_lowering
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO class_lowering (kind, subject, revision, class, reason)
	SELECT a_kind, a_subject, coalesce(max(revision), 0), a_class, a_reason
	FROM classification WHERE kind = a_kind AND subject = a_subject
	RETURNING lowering INTO a_lowering;
	RETURN a_lowering;
END
$$;

-- By another person; and only while what was looked at is what is there.
CREATE FUNCTION dv.class_decide(a_lowering uuid, a_approved boolean, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	l class_lowering;
BEGIN
	PERFORM require_role('supervisor', 'legal', 'head');
	PERFORM reason_given('proposal ' || a_lowering, a_reason);
	PERFORM class_lock(true);
	SELECT * INTO l FROM class_lowering WHERE lowering = a_lowering;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no proposal %: vaultctl class list --proposed shows them', a_lowering
			USING ERRCODE = 'no_data_found';
	END IF;
	IF same_person(l."by") THEN
		RAISE EXCEPTION '% %: you proposed it yourself; another person decides (Art. 37)', l.kind, l.subject
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF EXISTS (SELECT FROM class_lowering_decision WHERE lowering = a_lowering) THEN
		RAISE EXCEPTION '% %: it is decided already; to change that, propose anew', l.kind, l.subject
			USING ERRCODE = 'unique_violation';
	END IF;
	IF a_approved AND l.revision <> (SELECT coalesce(max(revision), 0) FROM classification
			WHERE kind = l.kind AND subject = l.subject) THEN
		RAISE EXCEPTION '% %: it was classified anew since this was proposed: reject it, and look at it again', l.kind, l.subject
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO class_lowering_decision (lowering, approved, reason) VALUES (a_lowering, coalesce(a_approved, false), a_reason);
	IF a_approved THEN
		PERFORM classify(l.kind, l.subject, l.class, a_lowering, a_reason);
	END IF;
END
$$;

-- ---- leave to read ----

CREATE FUNCTION dv.grant_give(a_login text, a_kind text, a_subject text, a_until timestamptz, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_class text;
	a_grant uuid;
BEGIN
	PERFORM require_role('head', 'supervisor');
	PERFORM reason_given(a_kind || ' ' || a_subject, a_reason);
	PERFORM check_subject(a_kind, a_subject, 'head', 'supervisor');
	IF NOT EXISTS (SELECT FROM account_current WHERE login = a_login AND roles <> '{}') THEN
		RAISE EXCEPTION 'account %: there is none that is open (vaultctl person list shows them)', coalesce(a_login, '?')
			USING ERRCODE = 'no_data_found';
	END IF;
	IF same_person(a_login) THEN
		RAISE EXCEPTION '% %: nobody gives leave to themselves, nor to another login of their own: another person does', a_kind, a_subject
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF a_until IS NULL OR a_until <= now() OR a_until > now() + interval '366 days' THEN
		RAISE EXCEPTION '% %: leave is given until a day to come, within a year: --until DAY', a_kind, a_subject
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM class_lock(true);	-- of the class that it reaches
	a_class := class_of_subject(a_kind, a_subject);
	IF a_class = 'state_secret' AND NOT am('head') THEN
		RAISE EXCEPTION '% % is a state secret, and shut away: the head of the bureau gives leave, nobody else (Art. 37)', a_kind, a_subject
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	INSERT INTO read_grant (login, kind, subject, class, until, reason)
	VALUES (a_login, a_kind, a_subject, a_class, a_until, a_reason)
	RETURNING read_grant INTO a_grant;
	RETURN a_grant;
END
$$;

CREATE FUNCTION dv.grant_end(a_grant uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('head', 'supervisor');
	PERFORM reason_given('grant ' || a_grant, a_reason);
	IF NOT EXISTS (SELECT FROM read_grant WHERE read_grant = a_grant) THEN
		RAISE EXCEPTION 'there is no grant %: vaultctl grant list shows them', a_grant USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM read_grant_ended WHERE read_grant = a_grant) THEN
		RAISE EXCEPTION 'grant % was ended already', a_grant USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO read_grant_ended (read_grant, reason) VALUES (a_grant, a_reason);
END
$$;
GRANT EXECUTE ON FUNCTION dv.class_set(text, text, text, text), dv.class_lower(text, text, text, text),
	dv.class_decide(uuid, boolean, text), dv.grant_give(text, text, text, timestamptz, text),
	dv.grant_end(uuid, text) TO dv_person;

-- ---- what people look at ----

CREATE VIEW dv.class_lowering_list WITH (security_invoker = true) AS
SELECT l.lowering, l.kind, l.subject, l.class, l.reason, l.by, l.entered_at,
	CASE WHEN d.approved THEN 'approved' WHEN NOT d.approved THEN 'rejected' ELSE 'proposed' END AS state,
	d.by AS decided_by, d.reason AS decided_reason, d.entered_at AS decided_at
FROM dv.class_lowering l LEFT JOIN dv.class_lowering_decision d USING (lowering);
CREATE VIEW dv.read_grant_list WITH (security_invoker = true) AS
SELECT g.read_grant, g.login, g.kind, g.subject, g.class, g.until, g.reason, g.by, g.entered_at,
	CASE WHEN e.read_grant IS NOT NULL THEN 'taken_back' WHEN g.until <= now() THEN 'lapsed' ELSE 'given' END AS state,
	e.by AS ended_by, e.reason AS ended_reason, e.entered_at AS ended_at
FROM dv.read_grant g LEFT JOIN dv.read_grant_ended e USING (read_grant);
GRANT SELECT ON dv.class_lowering_list, dv.read_grant_list TO dv_read;

-- Of which class an object is, and by what; what was said of it, and what is proposed; what the class's rule says.
CREATE FUNCTION dv.class_show(a_kind text, a_subject text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_class text;
	r class_rule;
BEGIN
	IF NOT am_program() THEN
		PERFORM check_subject(a_kind, a_subject, 'supervisor', 'legal', 'head', 'admin', 'auditor');
	END IF;
	a_class := class_of_subject(a_kind, a_subject);
	r := class_rule_at(a_class, today());
	RETURN jsonb_build_object('kind', a_kind, 'subject', a_subject, 'class', a_class,
		'own', own_class(a_kind, a_subject),
		'segments', (SELECT count(*) FROM segments_of_subject(a_kind, a_subject)),
		'unread', CASE WHEN sees_all() THEN 0 ELSE (SELECT count(*) FROM segments_of_subject(a_kind, a_subject) AS x
			WHERE NOT may_read(x)) END,
		'follows', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('kind', f.kind, 'subject', f.subject,
				'class', own_class(f.kind, f.subject))), '[]')
			FROM segments_of_subject(a_kind, a_subject) AS x
			CROSS JOIN LATERAL (SELECT 'segment' AS kind, x::text AS subject
				UNION ALL SELECT 'recording', s.recorder || '/' || s.recording
					FROM segment_place p JOIN segment s USING (segment, placed_at) WHERE p.segment = x
				UNION ALL SELECT 'case', c FROM cases_of(x) AS c) AS f
			WHERE own_class(f.kind, f.subject) IS NOT NULL AND (f.kind, f.subject) <> (a_kind, a_subject)),
		'readers', to_jsonb(r.readers), 'export', r.export, 'text_zh', r.text_zh, 'text_en', r.text_en,
		'rule_version', r.version,
		'history', (SELECT coalesce(jsonb_agg(jsonb_build_object('revision', c.revision, 'class', c.class,
				'lowering', c.lowering, 'reason', c.reason, 'by', c.by, 'entered_at', utc(c.entered_at))
				ORDER BY c.revision), '[]') FROM classification c WHERE c.kind = a_kind AND c.subject = a_subject),
		'proposed', (SELECT coalesce(jsonb_agg(jsonb_build_object('lowering', l.lowering, 'class', l.class,
				'reason', l.reason, 'by', l.by, 'entered_at', utc(l.entered_at)) ORDER BY l.entered_at), '[]')
			FROM class_lowering_list l WHERE l.kind = a_kind AND l.subject = a_subject AND l.state = 'proposed'));
END
$$;
GRANT EXECUTE ON FUNCTION dv.class_show(text, text) TO dv_read;

-- ---- reading beyond one's grant (Art. 35) ----

-- What an object of an act, or a word that somebody gave, is, as people are told of it; null: no evidence, or
-- none that is there.
CREATE FUNCTION dv.evidence_named(a_word text, OUT kind text, OUT subject text)
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	w text := a_word;
BEGIN
	IF w ~ '^(segment|recording|blob|session|case):' THEN
		kind := split_part(w, ':', 1);
		subject := substr(w, length(kind) + 2);
	ELSIF w ~ '^[0-9a-f]{64}$' THEN
		kind := 'blob';
		subject := w;
	ELSIF strpos(w, '/') > 0 THEN
		kind := 'recording';
		subject := w;
	ELSIF uuid_or_null(w) IS NOT NULL THEN
		kind := CASE WHEN EXISTS (SELECT FROM segment_place p WHERE p.segment = w::uuid) THEN 'segment'
			WHEN EXISTS (SELECT FROM dock_session s WHERE s.session = w::uuid) THEN 'session' ELSE 'recording' END;
		subject := w;
		-- A recording by its id alone.
		IF kind = 'recording' THEN
			subject := (SELECT r.recorder || '/' || r.recording FROM recording r WHERE r.recording = w::uuid LIMIT 1);
		END IF;
	END IF;
	IF subject IS NULL OR length(subject) > 160 THEN
		kind := NULL;
	END IF;
END
$$;
CREATE FUNCTION dv.segments_of_evidence(a_kind text, a_subject text) RETURNS SETOF uuid
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT segments_of_subject(a_kind, a_subject) WHERE a_kind IN ('segment', 'recording', 'case')
	UNION
	SELECT v.segment FROM segment_seen v WHERE a_kind = 'session' AND v.session = uuid_or_null(a_subject)
	UNION
	SELECT s.segment FROM segment s WHERE a_kind = 'blob' AND s.blob = unhex(a_subject)
	UNION
	SELECT s.segment FROM manifest m JOIN segment s ON s.recorder = m.recorder AND s.blob = m.media_blake2b
	WHERE a_kind = 'blob' AND m.manifest = unhex(a_subject)
	UNION	-- for a case's export: what its import brought
	SELECT v.segment FROM dock_import i JOIN segment_seen v USING (session)
	WHERE a_kind = 'case' AND i."case" = a_subject
$$;

-- What of these objects whoever is connected may not read; of a case or a session, what is covered in it.
CREATE FUNCTION dv.beyond_reading(a_objects text[]) RETURNS TABLE (kind text, subject text, class text, there boolean)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT e.kind, e.subject, (array_agg(class_of(x) ORDER BY class_rank(class_of(x)) DESC))[1], bool_or(in_my_scope(x))
	FROM unnest(a_objects) AS o CROSS JOIN LATERAL evidence_named(o) AS e
	CROSS JOIN LATERAL segments_of_evidence(e.kind, e.subject) AS x
	WHERE NOT am_program() AND e.kind IS NOT NULL AND NOT may_read(x)
		AND (e.kind NOT IN ('case', 'session') OR in_my_scope(x))
	GROUP BY e.kind, e.subject ORDER BY e.kind, e.subject
$$;

-- Enter that somebody wanted to read what they may not: an act, and a finding, once a person, object and day.
-- Of what they may not even know of they are told nothing.  Null: there is nothing to refuse.
CREATE FUNCTION dv.read_refused(a_objects text[], a_command text) RETURNS jsonb
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_me account := me();
	b record;
	told jsonb := '[]';
	names text[] := '{}';
BEGIN
	IF am_program() THEN
		RETURN NULL;
	END IF;
	FOR b IN SELECT * FROM beyond_reading(a_objects[1:200]) LIMIT 200 LOOP
		names := names || (b.kind || ':' || b.subject);
		IF b.there THEN
			told := told || jsonb_build_object('object', b.kind || ':' || b.subject, 'class', b.class);
		END IF;
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'read_outside_grant', 'subject_kind', b.kind,
			'subject', b.subject, 'fact', session_user || ' ' || today(), 'at', utc(now()), 'officer', a_me.officer,
			'unit', a_me.unit, 'detail', jsonb_build_object('by', session_user, 'command', left(a_command, 200),
				'class', b.class)));
	END LOOP;
	IF names = '{}' THEN
		RETURN NULL;
	END IF;
	INSERT INTO act (kind, objects, by, detail)
	VALUES ('read_refused', sorted(names), session_user, jsonb_build_object('command', left(a_command, 200)));
	RETURN nullif(told, '[]');
END
$$;

-- What the law keeps is not given out, whoever asks, programs too: a plain export is to nobody in particular, so
-- that it is not to whose secret it is.  A disclosure (055) enters its act by itself, once it was approved.
CREATE FUNCTION dv.check_export(a_objects text[]) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
BEGIN
	SELECT o, export_refusal(s, false) AS refusal, class_of(s) AS class INTO x
	FROM unnest(a_objects) AS o CROSS JOIN LATERAL evidence_named(o) AS e
	CROSS JOIN LATERAL segments_of_evidence(e.kind, e.subject) AS s
	WHERE e.kind IS NOT NULL AND export_refusal(s, false) IS NOT NULL LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% is of class %: %', x.o, x.class, CASE x.refusal
			WHEN 'never' THEN 'it is never given out (Art. 36, 37)'
			ELSE 'it is given to whose secret it is, or who by law may have it: enter a disclosure that says so (Art. 36, 37)' END
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;

-- As in 032.  Null: what is to be looked at is not theirs to read, which is on record; nothing is shown then.
CREATE OR REPLACE FUNCTION dv.do_act(a_kind text, a_objects text[], a_by text, a_reason text, a_detail jsonb)
	RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_act uuid;
BEGIN
	IF NOT (a_kind = 'view' OR (a_kind = 'scrub' AND (has_role('admin') OR has_role('supervisor')))
			OR (a_kind IN ('play', 'export', 'disclosure')
				AND has_role('supervisor'))) THEN
		RAISE EXCEPTION 'act %: not one that % may do', a_kind, session_user
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	-- Whoever still sees what was there before it was classified has not looked at it now.
	IF NOT am_program() THEN
		PERFORM require_now();
	END IF;
	-- A case and a session are looked at without what is covered of them, and not taken away without it.
	IF (a_kind IN ('play', 'export') OR (a_kind = 'view' AND EXISTS (SELECT FROM unnest(a_objects) AS o
			WHERE o ~ '^(segment|recording|blob):'))) AND NOT sees_all() AND EXISTS (SELECT FROM
			beyond_reading(ARRAY(SELECT o FROM unnest(a_objects) AS o
				WHERE a_kind <> 'view' OR o ~ '^(segment|recording|blob):'))) THEN
		PERFORM read_refused(a_objects, coalesce(a_detail ->> 'command', a_kind));
		RETURN NULL;
	END IF;
	IF a_kind = 'export' THEN
		PERFORM check_export(a_objects);
	END IF;
	INSERT INTO act (kind, objects, by, reason, detail)
	VALUES (a_kind, sorted(a_objects), coalesce((me()).login::text, a_by), a_reason, coalesce(a_detail, '{}'))
	RETURNING act INTO a_act;
	RETURN a_act;
END
$$;
GRANT EXECUTE ON FUNCTION dv.read_refused(text[], text) TO dv_read;

-- Is it one that the log's policies hide from whoever is connected?  Asked of one name at a time, as the log has it.
CREATE FUNCTION dv.name_is_hidden(a_name text) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	a_kind text := split_part(a_name, ':', 1);
	a_subject text := substr(a_name, length(a_kind) + 2);
BEGIN
	IF a_kind = 'finding' THEN
		SELECT f.subject_kind, f.subject INTO a_kind, a_subject FROM finding f WHERE f.finding = uuid_or_null(a_subject);
	END IF;
	RETURN coalesce(a_kind IN ('segment', 'recording', 'blob') AND EXISTS (
		SELECT FROM segments_of_evidence(a_kind, a_subject) AS x
		WHERE class_of(x) = ANY (my_unread()) AND x NOT IN (SELECT my_granted())), false);
END
$$;
-- What is in the log of an object, for whoever may read it: found by the index, which a policy would be in the way
-- of.
CREATE FUNCTION dv.events_about(a_names text[]) RETURNS SETOF bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT event FROM custody_event e WHERE objects && a_names AND ((SELECT sees_all())
		OR NOT (EXISTS (SELECT FROM unnest(e.objects) AS o WHERE name_is_hidden(o))
			OR CASE e.source WHEN 'card_inventory' THEN EXISTS (SELECT FROM my_hidden_recorders() AS r
					WHERE 'recorder:' || r = ANY (e.objects))
				WHEN 'dock_import' THEN EXISTS (SELECT FROM my_hidden_sessions() AS x
					WHERE 'session:' || x = ANY (e.objects)) ELSE false END))
$$;
GRANT EXECUTE ON FUNCTION dv.events_about(text[]) TO dv_read;
