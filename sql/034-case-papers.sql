-- What belongs to an action: papers, recordings, and recordings that belong to none.

-- ---- documents ----

CREATE FUNCTION dv.check_document_fields(a_fields jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
DECLARE
	other text;
BEGIN
	SELECT string_agg(key, ', ') INTO other FROM jsonb_each(a_fields)
	WHERE key !~ '^[a-z][a-z0-9_]{0,63}$' OR jsonb_typeof(value) <> 'string'
		OR length(value #>> '{}') > 2000;
	IF other IS NOT NULL THEN
		RAISE EXCEPTION 'fields %: a field has a name of lower-case letters, digits and _, and a text of at most 2000 characters',
			left(other, 100) USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

-- The scan is there, nobody's document yet, and of one who has a hand in it: imported for this
-- case, or one's own, or the supervision office does it.
CREATE FUNCTION dv.check_scan(a_segment uuid, a_case text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	other document;
BEGIN
	PERFORM lock_words('segment ' || a_segment);
	IF NOT EXISTS (SELECT FROM segment_place p JOIN segment s USING (segment, placed_at)
			WHERE p.segment = a_segment AND (am('supervisor') OR s.officer = my_officer()
				OR s.unit = ANY (my_units()) OR EXISTS (SELECT FROM segment_seen v
					JOIN dock_import i USING (session)
					WHERE v.segment = p.segment AND i."case" = a_case))) THEN
		RAISE EXCEPTION 'segment %: there is none, or it was not imported for case %: vaultctl document add % FILE imports and enters a file in one',
			a_segment, a_case, a_case USING ERRCODE = 'no_data_found';
	END IF;
	SELECT * INTO other FROM document_current WHERE segment = a_segment;
	IF other."case" = a_case THEN
		RAISE EXCEPTION 'segment % is document % of this case already', a_segment, other.document
			USING ERRCODE = 'unique_violation';
	END IF;
	IF FOUND THEN
		RAISE EXCEPTION 'segment % is a document of another case: one case each, import a copy under another name for case %',
			a_segment, a_case USING ERRCODE = 'unique_violation';
	END IF;
END
$$;

-- What is printed on a paper is there once.
CREATE FUNCTION dv.check_number(a_kind text, a_number text, a_case text) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	other document;
BEGIN
	PERFORM lock_words('number ' || a_kind || ' ' || a_number);
	SELECT * INTO other FROM document_current WHERE kind = a_kind AND number = a_number LIMIT 1;
	IF other."case" = a_case THEN
		RAISE EXCEPTION 'document % has this kind and the number % already: withdraw that one if it is wrong',
			other.document, a_number USING ERRCODE = 'unique_violation';
	END IF;
	IF FOUND THEN
		RAISE EXCEPTION '% % belongs to another case: one case each; a copy of it is entered without the number, its title saying what it copies',
			a_kind, a_number USING ERRCODE = 'unique_violation';
	END IF;
END
$$;

-- What an import for a case brought, once the catalog has all of it.
CREATE FUNCTION dv.scan_of(a_session uuid, a_case text) RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT v.segment FROM dock_import i JOIN dock_session_end USING (session)
	JOIN segment_seen v USING (session)
	WHERE i.session = a_session AND i."case" = a_case AND a_case = ANY (my_cases())
$$;

CREATE FUNCTION dv.document_add(a jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	c case_file := case_write(a ->> 'case', 'officer', 'unit_head');
	made timestamptz := moment_field(a, 'made_at', now());
	fields jsonb := coalesce(nullif(a -> 'fields', 'null'), '{}');
	a_document uuid;
BEGIN
	PERFORM only_fields(a, 'case', 'kind', 'title', 'number', 'made_at', 'segment', 'kept_where', 'fields',
		'refusal');
	PERFORM need_field(a, n) FROM unnest(ARRAY['kind', 'title']) AS n;
	IF NOT EXISTS (SELECT FROM document_kind WHERE kind = a ->> 'kind') THEN
		RAISE EXCEPTION 'document kind % is not known: vaultctl rule list shows the kinds', a ->> 'kind'
			USING ERRCODE = 'no_data_found';
	END IF;
	IF a ->> 'segment' IS NULL AND a ->> 'kept_where' IS NULL THEN
		RAISE EXCEPTION 'case %: a document has a file, or a place where the paper is kept: say --kept-where', c."case"
			USING ERRCODE = 'check_violation';
	END IF;
	PERFORM refuse_future('made_at', made);
	PERFORM check_document_fields(fields);
	IF a ->> 'segment' IS NOT NULL THEN
		PERFORM check_scan((a ->> 'segment')::uuid, c."case");
	END IF;
	IF a ->> 'number' IS NOT NULL THEN
		PERFORM check_number(a ->> 'kind', a ->> 'number', c."case");
	END IF;
	INSERT INTO document ("case", kind, title, number, made_at, segment, kept_where, fields, refusal)
	VALUES (c."case", a ->> 'kind', a ->> 'title', a ->> 'number', made, (a ->> 'segment')::uuid,
		a ->> 'kept_where', fields, a ->> 'refusal')
	RETURNING document INTO a_document;
	RETURN a_document;
END
$$;

-- The document, its case locked for one who may write it.
CREATE FUNCTION dv.document_enter(a_document uuid) RETURNS dv.document
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	d document;
BEGIN
	PERFORM require_role('officer', 'unit_head');
	SELECT * INTO d FROM document WHERE document = a_document;
	IF NOT FOUND OR NOT d."case" = ANY (my_cases()) THEN
		RAISE EXCEPTION 'document %: there is none: vaultctl document list shows those of a case', a_document
			USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM case_write(d."case", 'officer', 'unit_head');
	IF EXISTS (SELECT FROM document_withdrawn WHERE document = a_document) THEN
		RAISE EXCEPTION 'document % was withdrawn: add the one that holds', a_document
			USING ERRCODE = 'check_violation';
	END IF;
	RETURN d;
END
$$;

CREATE FUNCTION dv.check_signer(a_signer text) RETURNS void
	LANGUAGE sql IMMUTABLE SET search_path = dv, pg_temp AS $$
	SELECT check_word('signer', a_signer, '{officer,party,present,witness,head,unit_head,legal,server,recipient,other}')
$$;

-- document, signer, name, signed_at.
CREATE FUNCTION dv.document_sign(a jsonb) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d document := document_enter((a ->> 'document')::uuid);
	signed timestamptz := moment_field(a, 'signed_at', now());
BEGIN
	PERFORM only_fields(a, 'document', 'signer', 'name', 'signed_at');
	PERFORM need_field(a, n) FROM unnest(ARRAY['signer', 'name']) AS n;
	PERFORM check_signer(a ->> 'signer');
	PERFORM refuse_future('signed_at', signed);
	IF signed < d.made_at THEN
		RAISE EXCEPTION 'document % was made at %, and cannot have been signed at %: put one of the two right',
			d.document, utc(d.made_at), utc(signed) USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM document_signature WHERE document = d.document AND signer = a ->> 'signer'
			AND name = a ->> 'name' AND signed_at IS NOT NULL) THEN
		RAISE EXCEPTION 'document %: it was signed by them already', d.document
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO document_signature (document, signer, name, signed_at)
	VALUES (d.document, a ->> 'signer', a ->> 'name', signed);
END
$$;

-- document, signer, name, refusal: what they said.
CREATE FUNCTION dv.document_refuse(a jsonb) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d document := document_enter((a ->> 'document')::uuid);
BEGIN
	PERFORM only_fields(a, 'document', 'signer', 'name', 'refusal');
	PERFORM need_field(a, n) FROM unnest(ARRAY['signer', 'name']) AS n;
	PERFORM check_signer(a ->> 'signer');
	IF NOT says(a ->> 'refusal') THEN
		RAISE EXCEPTION 'document %: what they said, and who saw it, is missing (Art. 10): say it', d.document
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF EXISTS (SELECT FROM document_signature WHERE document = d.document
			AND signer = a ->> 'signer' AND name = a ->> 'name') THEN
		RAISE EXCEPTION 'document %: they signed it, or refused to, already', d.document
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO document_signature (document, signer, name, refusal)
	VALUES (d.document, a ->> 'signer', a ->> 'name', a ->> 'refusal');
END
$$;

CREATE FUNCTION dv.document_withdraw(a_document uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM document_enter(a_document);
	IF EXISTS (SELECT FROM link_current WHERE kind = 'document' AND object = a_document::text) THEN
		RAISE EXCEPTION 'document % belongs to an action: remove that link first (vaultctl link remove)',
			a_document USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO document_withdrawn (document, reason) VALUES (a_document, a_reason);
END
$$;

-- ---- recordings ----

-- Who may say of a recording what it belongs to: whose it is, the head of its unit, the
-- supervision office; of one that is proposed for the action, whoever may write the case.
CREATE FUNCTION dv.check_linked(x dv.action, a_kind text, a_object text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	d document;
BEGIN
	IF a_kind = 'document' THEN
		SELECT * INTO d FROM document_current
		WHERE document = uuid_or_null(a_object) AND document::text = a_object;
		IF NOT FOUND OR d."case" <> x."case" THEN
			RAISE EXCEPTION 'document %: it is none of case %: add it, or a copy of it, to the case first',
				a_object, x."case" USING ERRCODE = 'no_data_found';
		END IF;
	ELSIF NOT EXISTS (SELECT FROM (
			SELECT g.* FROM segment_place p JOIN segment g USING (segment, placed_at)
			WHERE a_kind = 'segment' AND p.segment = uuid_or_null(a_object)
				AND p.segment::text = a_object
			UNION ALL SELECT g.* FROM segment g
			WHERE a_kind = 'recording' AND g.recorder = split_part(a_object, '/', 1)
				AND g.recording = uuid_or_null(split_part(a_object, '/', 2))
				-- As others name it: under another spelling it would belong to nothing.
				AND g.recorder || '/' || g.recording = a_object) AS s
		WHERE (am('supervisor') OR s.unit = ANY (my_units()) OR s.officer = my_officer()
				OR EXISTS (SELECT FROM action_officer o WHERE o.action = x.action
					AND o.revision = x.revision AND o.officer = s.officer)
				OR EXISTS (SELECT FROM segment_seen v JOIN dock_import i USING (session)
					WHERE v.segment = s.segment AND i."case" = x."case"))) THEN
		RAISE EXCEPTION '% %: there is none, or of nobody who was there: the supervision office links those of others',
			a_kind, a_object USING ERRCODE = 'no_data_found';
	END IF;
END
$$;

CREATE FUNCTION dv.link_add(a jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	x action := action_enter((a ->> 'action')::uuid, 'officer', 'unit_head', 'supervisor');
	a_how text := coalesce(a ->> 'how', 'hand');
	a_link uuid;
BEGIN
	PERFORM only_fields(a, 'action', 'kind', 'object', 'how', 'why');
	PERFORM need_field(a, n) FROM unnest(ARRAY['kind', 'object', 'why']) AS n;
	PERFORM lock_words((a ->> 'kind') || ' ' || (a ->> 'object'));	-- it may be reviewed meanwhile
	PERFORM check_linked(x, a ->> 'kind', a ->> 'object');
	SELECT link INTO a_link FROM link_current
	WHERE action = x.action AND kind = a ->> 'kind' AND object = a ->> 'object';
	IF FOUND THEN
		RAISE EXCEPTION '% % belongs to action % already: link %', a ->> 'kind', a ->> 'object', x.action, a_link
			USING ERRCODE = 'unique_violation';
	END IF;
	IF a_how = 'proposed' AND NOT EXISTS (SELECT FROM link_proposal WHERE action = x.action
			AND recorder || '/' || recording = a ->> 'object') THEN
		RAISE EXCEPTION '% % is not proposed for action %: link it by hand, and say why', a ->> 'kind',
			a ->> 'object', x.action USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO link (action, kind, object, how, why)
	VALUES (x.action, a ->> 'kind', a ->> 'object', a_how, a ->> 'why')
	RETURNING link INTO a_link;
	RETURN a_link;
END
$$;

CREATE FUNCTION dv.link_remove(a_link uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	l link;
BEGIN
	PERFORM require_role('officer', 'unit_head', 'supervisor');
	SELECT * INTO l FROM link WHERE link = a_link;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'link %: there is none: vaultctl action show lists those of an action', a_link
			USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM action_enter(l.action, 'officer', 'unit_head', 'supervisor');
	IF EXISTS (SELECT FROM link_removed WHERE link = a_link) THEN
		RAISE EXCEPTION 'link % was removed already', a_link USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO link_removed (link, reason) VALUES (a_link, a_reason);
END
$$;

CREATE FUNCTION dv.recording_review(a_recorder text, a_recording uuid, a_verdict text, a_why text)
	RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_link uuid;
BEGIN
	PERFORM require_role('supervisor', 'unit_head');
	PERFORM check_word('verdict', a_verdict, '{no_case,unrelated}');
	PERFORM lock_words('recording ' || a_recorder || '/' || a_recording);
	IF NOT EXISTS (SELECT FROM recording WHERE recorder = a_recorder AND recording = a_recording
			AND (am('supervisor') OR unit = ANY (my_units()))) THEN
		RAISE EXCEPTION 'recording %/%: there is none, or it is none of your unit''s', a_recorder, a_recording
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM segment s WHERE s.recorder = a_recorder AND s.recording = a_recording
			AND s.officer = (me()).officer) THEN
		RAISE EXCEPTION 'recording %/%: it is one of your own: another person looks at it (Art. 35)', a_recorder,
			a_recording USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT link INTO a_link FROM link_current
	WHERE kind = 'recording' AND object = a_recorder || '/' || a_recording LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'recording %/% belongs to an action: remove the link % first', a_recorder, a_recording,
			a_link USING ERRCODE = 'check_violation';
	END IF;
	IF (SELECT verdict FROM recording_review r WHERE r.recorder = a_recorder AND r.recording = a_recording
			ORDER BY number DESC LIMIT 1) = a_verdict THEN
		RAISE EXCEPTION 'recording %/%: this was said of it already', a_recorder, a_recording
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO recording_review (recorder, recording, verdict, why)
	VALUES (a_recorder, a_recording, a_verdict, a_why);
	IF a_verdict = 'unrelated' THEN
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'unrelated_recording',
			'subject_kind', 'recording', 'subject', r.recorder || '/' || r.recording,
			'recorder', r.recorder, 'unit', r.unit, 'at', utc(now()),
			'officer', (SELECT nullif(counted_officer(min(s.officer)), '') FROM segment s
				WHERE s.recorder = r.recorder AND s.recording = r.recording),
			'detail', jsonb_build_object('why', a_why, 'by', session_user)))
		FROM recording r WHERE r.recorder = a_recorder AND r.recording = a_recording;
	END IF;
END
$$;

GRANT EXECUTE ON FUNCTION dv.document_add(jsonb), dv.document_sign(jsonb), dv.document_refuse(jsonb),
	dv.scan_of(uuid, text), dv.document_withdraw(uuid, text), dv.link_add(jsonb),
	dv.link_remove(uuid, text), dv.recording_review(text, uuid, text, text) TO dv_person;
