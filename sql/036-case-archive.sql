-- Archiving (Art. 32): the index of a case's file, frozen and signed.
--
-- The index is what the catalog has of the case, in canonical form, and the same each time that it is
-- asked for until something changes.  What the custody log salts is in it as the log has it, so that it
-- proves a name to whoever knows name and salt and tells it to nobody else: it can be shown.

-- Rows of a logged table, each with its event and the digest of that one's leaf.  Personal values are
-- salted from what the row says now; where the salt was erased, as the leaf has them.
CREATE FUNCTION dv.archived_rows(a_source text, a_rows jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	s custody_source;
	result jsonb;
BEGIN
	SELECT * INTO STRICT s FROM custody_source WHERE source = a_source;
	SELECT jsonb_agg(x.fields || jsonb_build_object('event', e.event,
			'leaf', encode(sha256(e.leaf), 'hex')) ORDER BY e.event)
	INTO result
	FROM jsonb_array_elements(a_rows) AS r(row)
	JOIN LATERAL (SELECT event, leaf FROM custody_event
		      WHERE source = s.source AND key = (SELECT string_agg(r.row ->> k, '/' ORDER BY i)
				FROM unnest(s.key) WITH ORDINALITY AS y(k, i))
		      ORDER BY event LIMIT 1) AS e ON true
	CROSS JOIN LATERAL (
		SELECT jsonb_object_agg(f.key, CASE WHEN NOT f.key = ANY (s.personal) OR f.value = 'null'
			THEN f.value
			ELSE coalesce((SELECT jsonb_build_object('salted', encode(sha256(t.salt || convert_to(
					CASE WHEN jsonb_typeof(f.value) IN ('object', 'array')
						THEN canonical(f.value) ELSE f.value #>> '{}' END, 'UTF8')), 'hex'))
				FROM custody_salt t WHERE t.event = e.event AND t.field = f.key),
			convert_from(e.leaf, 'UTF8')::jsonb -> 'row' -> f.key) END) AS fields
		FROM jsonb_each(r.row) AS f
	) AS x;
	RETURN coalesce(result, '[]');
END
$$;

-- All that was entered of a case, table by table.
CREATE FUNCTION dv.case_rows(a_case text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
	result jsonb := '{}';
	t record;
	rows jsonb;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('case_file', '"case" = $1'), ('case_officer', '"case" = $1'), ('party', '"case" = $1'),
		('case_event', '"case" = $1'), ('action', '"case" = $1'),
		('action_officer', 'action IN (SELECT action FROM action WHERE "case" = $1)'),
		('document', '"case" = $1'),
		('document_withdrawn', 'document IN (SELECT document FROM document WHERE "case" = $1)'),
		('document_signature', 'document IN (SELECT document FROM document WHERE "case" = $1)'),
		('link', 'action IN (SELECT action FROM action WHERE "case" = $1)'),
		('link_removed', 'link IN (SELECT link FROM link WHERE action IN '
			'(SELECT action FROM action WHERE "case" = $1))')) AS x(source, its)
	LOOP
		EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM %I r WHERE %s', t.source, t.its)
		INTO rows USING a_case;
		result := result || jsonb_build_object(t.source, archived_rows(t.source, rows));
	END LOOP;
	RETURN result;
END
$$;

-- Segments that belong to a case: scans of its papers, and what its actions have.
CREATE FUNCTION dv.case_segments(a_case text) RETURNS SETOF uuid
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT segment FROM document WHERE "case" = a_case AND segment IS NOT NULL
	UNION
	SELECT l.object::uuid FROM link_current l JOIN action x ON x.action = l.action AND x.revision = 1
	WHERE x."case" = a_case AND l.kind = 'segment'
	UNION
	SELECT g.segment FROM link_current l JOIN action x ON x.action = l.action AND x.revision = 1
	CROSS JOIN LATERAL (SELECT s.segment FROM segment s
		WHERE s.recorder = split_part(l.object, '/', 1)
			AND s.recording = split_part(l.object, '/', 2)::uuid) AS g
	WHERE x."case" = a_case AND l.kind = 'recording'
$$;

CREATE FUNCTION dv.archived_segments(a_case text) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('segment', s.segment, 'recorder', s.recorder,
		'recording', s.recording, 'seq', s.seq, 'blob', hex(s.blob), 'size', s.size,
		'sha256', hex(m.media_sha256), 'start_at', utc(s.start_at), 'end_at', utc(s.end_at),
		'assurance', s.assurance, 'signature', s.signature, 'digest', s.digest,
		'manifest', hex(s.manifest), 'seal_manifest', hex(s.seal_manifest),
		'seal_signature', hex(s.seal_signature)) ORDER BY s.segment), '[]')
	FROM case_segments(a_case) AS x(segment)
	JOIN segment_place p ON p.segment = x.segment
	JOIN segment s ON s.segment = p.segment AND s.placed_at = p.placed_at
	LEFT JOIN manifest m ON m.recorder = s.recorder AND m.manifest = s.manifest
$$;

-- Findings about it, and about what belongs to it, with the version of the rule of their day.
CREATE FUNCTION dv.archived_findings(a_case text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('finding', f.finding, 'code', f.code,
			'rule_version', (rule_at(f.code, day_of(f.at))).version, 'severity', f.severity,
			'subject_kind', f.subject_kind, 'subject', f.subject, 'at', utc(f.at),
			'requirement', f.requirement, 'requirement_version', f.requirement_version,
			'state', s.state, 'excused', s.excused) ORDER BY f.finding), '[]')
		FROM (SELECT finding FROM finding WHERE "case" = a_case
		      UNION
		      SELECT finding FROM finding WHERE subject = ANY (ARRAY(
				SELECT action::text FROM action WHERE "case" = a_case
				UNION SELECT document::text FROM document WHERE "case" = a_case
				UNION SELECT l.object FROM link_current l JOIN action USING (action) WHERE "case" = a_case
				UNION SELECT x::text FROM case_segments(a_case) AS x))) AS i
		JOIN finding f USING (finding) LEFT JOIN finding_state s USING (finding));
END
$$;

-- What its checklist says today, as the index has it.
CREATE FUNCTION dv.archived_checklist(a_case text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('requirement', k.requirement,
			'version', k.version, 'article', k.article, 'severity', k.severity, 'stage', k.stage,
			'step', k.step, 'action', k.action, 'state', k.state, 'due_at', utc(k.due_at))
			ORDER BY k.requirement, k.version, k.action), '[]')
		FROM case_check(a_case) AS k);
END
$$;

-- The index: UTF-8, canonical JSON (dv.canonical).  For whoever sees the case.
CREATE FUNCTION dv.case_archive_index(a_case text) RETURNS bytea
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	c case_current;
	before case_archive;
BEGIN
	SELECT * INTO c FROM case_current WHERE "case" = a_case;
	IF c."case" IS NULL OR NOT (pg_has_role(session_user, 'dv_all', 'MEMBER') OR am_legal()
			OR a_case = ANY (my_cases())) THEN
		RAISE EXCEPTION 'case %: there is none, or it is none of yours: vaultctl case list shows those that are',
			a_case USING ERRCODE = 'no_data_found';
	END IF;
	SELECT * INTO before FROM case_archive WHERE "case" = a_case ORDER BY revision DESC LIMIT 1;
	RETURN convert_to(canonical(jsonb_build_object('dockvault_case', 1, 'case', c."case",
		'revision', coalesce(before.revision, 0) + 1, 'before', hex(before.sha256),
		'kind', c.kind, 'unit', c.unit, 'started_at', utc(c.started_at),
		'rows', case_rows(a_case), 'segments', archived_segments(a_case),
		'findings', archived_findings(a_case), 'checklist', archived_checklist(a_case))), 'UTF8');
END
$$;

-- What the checklist misses, as it is told and kept.
CREATE FUNCTION dv.case_missing(a_case text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(x ORDER BY x ->> 'requirement', x ->> 'action'), '[]')
		FROM jsonb_array_elements(archived_checklist(a_case)) AS x
		WHERE x ->> 'state' IN ('missing', 'incomplete', 'unsigned'));
END
$$;

-- The revision that it has now: 1, and one more each time that it was reopened.
CREATE FUNCTION dv.case_archive(a_case text, a_index bytea, a_signature text, a_key_id text,
				a_incomplete text) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_revision integer;
	missing jsonb;
BEGIN
	PERFORM case_write(a_case, 'officer', 'unit_head', 'supervisor');
	IF case_state(a_case) = 'open' THEN
		RAISE EXCEPTION 'case %: it is still going on: conclude it first (vaultctl case close %)', a_case, a_case
			USING ERRCODE = 'check_violation';
	END IF;
	IF case_archive_index(a_case) IS DISTINCT FROM a_index THEN
		RAISE EXCEPTION 'case %: something changed since its index was made: make it and sign it again', a_case
			USING ERRCODE = 'check_violation';
	END IF;
	missing := case_missing(a_case);
	IF missing <> '[]' AND NOT says(a_incomplete) THEN
		RAISE EXCEPTION 'case %: % things are missing (vaultctl case check %): add them, or say why it is archived without (--incomplete-reason)',
			a_case, jsonb_array_length(missing), a_case USING ERRCODE = 'check_violation';
	END IF;
	SELECT coalesce(max(revision), 0) + 1 INTO a_revision FROM case_archive WHERE "case" = a_case;
	INSERT INTO case_archive ("case", revision, index, sha256, signature, key_id, incomplete)
	VALUES (a_case, a_revision, a_index, sha256(a_index), a_signature, a_key_id,
		jsonb_build_object('missing', missing, 'reason', CASE WHEN missing <> '[]' THEN a_incomplete END));
	INSERT INTO case_event ("case", kind, at, detail)
	VALUES (a_case, 'archived', now(), jsonb_build_object('revision', a_revision,
		'sha256', encode(sha256(a_index), 'hex'), 'missing', jsonb_array_length(missing)));
	RETURN a_revision;
END
$$;

GRANT EXECUTE ON FUNCTION dv.case_archive_index(text), dv.case_segments(text) TO dv_read;
GRANT EXECUTE ON FUNCTION dv.case_archive(text, bytea, text, text, text) TO dv_person;
