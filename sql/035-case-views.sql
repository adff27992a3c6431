-- Cases, actions, papers and links as people look at them: each asks with the reader's rights.

CREATE VIEW dv.case_list WITH (security_invoker = true) AS
SELECT c."case", c.revision, c.kind, c.origin, c.named, c.procedure, c.urgent, c.urgent_reason, c.major,
	c.contentious, c.unit, c.title, c.started_at, c.reason, c.by, c.entered_at,
	coalesce(e.state, 'open') AS state, coalesce(e.stage, 'start') AS stage, e.approved_at,
	e.concluded_at, e.archived_at, a.actions, d.documents,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('officer', o.officer, 'name', n.name, 'lead', o.lead)
				   ORDER BY NOT o.lead, o.officer), '[]')
	 FROM dv.case_officer_current o LEFT JOIN dv.officer_current n USING (officer)
	 WHERE o."case" = c."case") AS officers
FROM dv.case_current c
CROSS JOIN LATERAL (
	SELECT (array_agg(CASE kind WHEN 'reopened' THEN 'open' ELSE kind END ORDER BY number DESC)
			FILTER (WHERE kind IN ('concluded', 'not_taken_up', 'archived', 'reopened')))[1] AS state,
		(array_agg(detail ->> 'stage' ORDER BY number DESC) FILTER (WHERE kind = 'stage'))[1] AS stage,
		min(at) FILTER (WHERE kind = 'approved') AS approved_at,
		max(at) FILTER (WHERE kind = 'concluded') AS concluded_at,
		max(at) FILTER (WHERE kind = 'archived') AS archived_at
	FROM dv.case_event e WHERE e."case" = c."case"
) AS e
CROSS JOIN LATERAL (
	SELECT count(*) AS actions FROM dv.action_current x WHERE x."case" = c."case" AND NOT x.withdrawn
) AS a
CROSS JOIN LATERAL (
	SELECT count(*) AS documents FROM dv.document_current x WHERE x."case" = c."case"
) AS d;

CREATE VIEW dv.action_list WITH (security_invoker = true) AS
SELECT x.action, x.revision, x."case", x.stage, x.step, s.text_zh AS step_zh, s.text_en AS step_en,
	x.start_at, x.end_at, x.place, x.av_notice, x.av_unsuitable, x.withdrawn, x.reason, x.by, x.entered_at,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('officer', o.officer, 'name', n.name,
				'certificate', o.certificate, 'shown', o.shown) ORDER BY o.officer), '[]')
	 FROM dv.action_officer o LEFT JOIN dv.officer_current n USING (officer)
	 WHERE o.action = x.action AND o.revision = x.revision) AS officers,
	(SELECT count(*) FROM dv.link_current l WHERE l.action = x.action AND l.kind <> 'document') AS recordings,
	(SELECT count(*) FROM dv.link_current l WHERE l.action = x.action AND l.kind = 'document') AS documents
FROM dv.action_current x LEFT JOIN dv.step s ON s.step = x.step;

CREATE VIEW dv.document_list WITH (security_invoker = true) AS
SELECT d.document, d."case", d.kind, k.text_zh AS kind_zh, k.text_en AS kind_en, d.title, d.number,
	d.made_at, d.segment, d.kept_where, d.fields, d.refusal, d.by, d.entered_at,
	w.entered_at AS withdrawn_at, w.reason AS withdrawn_reason,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('signer', s.signer, 'name', s.name,
				'signed_at', dv.utc(s.signed_at), 'refusal', s.refusal) ORDER BY s.number), '[]')
	 FROM dv.document_signature s WHERE s.document = d.document) AS signatures,
	(SELECT coalesce(jsonb_agg(l.action ORDER BY l.action), '[]') FROM dv.link_current l
	 WHERE l.kind = 'document' AND l.object = d.document::text) AS actions
FROM dv.document d
LEFT JOIN dv.document_kind k ON k.kind = d.kind
LEFT JOIN dv.document_withdrawn w ON w.document = d.document;

CREATE VIEW dv.link_list WITH (security_invoker = true) AS
SELECT l.link, x."case", l.action, l.kind, l.object, l.how, l.why, l.by, l.entered_at
FROM dv.link_current l JOIN dv.action x ON x.action = l.action AND x.revision = 1;

-- Recordings that overlap an action of the officer who made them, and belong to it not yet.  No
-- segment that is believed is longer than a day.  reason: facts, for a sentence in any language.
CREATE VIEW dv.link_proposal WITH (security_invoker = true) AS
SELECT x."case", x.action, g.recorder::text AS recorder, g.recording, g.overlap_ms,
	jsonb_build_object('officer', g.officer, 'action_start', dv.utc(x.start_at),
		'action_end', dv.utc(x.end_at), 'start_at', dv.utc(g.start_at), 'end_at', dv.utc(g.end_at),
		'segments', g.segments, 'overlap_ms', g.overlap_ms, 'clock_offset_ms', k.clock_offset_ms,
		'clock_uncertainty_ms', k.clock_uncertainty_ms, 'clock_checked_at', dv.utc(k.checked_at)) AS reason,
	-- A clock that is off by as much as the two share could make up all of it; one that nobody
	-- looked at, too.
	CASE WHEN k.clock_offset_ms IS NULL THEN 0.5
	     WHEN abs(k.clock_offset_ms) + coalesce(k.clock_uncertainty_ms, 0) >= g.overlap_ms THEN 0.3
	     WHEN abs(k.clock_offset_ms) + coalesce(k.clock_uncertainty_ms, 0) > 30000 THEN 0.7
	     ELSE 0.95 END::numeric(4, 3) AS confidence
FROM dv.action_current x
CROSS JOIN LATERAL (
	SELECT s.recorder, s.recording, min(o.officer) AS officer, min(s.start_at) AS start_at,
		max(s.end_at) AS end_at, count(*) AS segments,
		sum(dv.epoch_ms(least(s.end_at, coalesce(x.end_at, now())))
			- dv.epoch_ms(greatest(s.start_at, x.start_at)))::bigint AS overlap_ms
	FROM dv.action_officer o
	JOIN dv.segment s ON left(s.officer, 32) = o.officer AND s.officer = o.officer
		AND s.placed_at > x.start_at - interval '1 day'
		AND s.placed_at < coalesce(x.end_at, now())
	WHERE o.action = x.action AND o.revision = x.revision AND s.start_at < coalesce(x.end_at, now())
		AND s.end_at > x.start_at AND s.end_at - s.start_at <= interval '24 hours'
		AND s.assurance <> 'imported'
	GROUP BY s.recorder, s.recording
) AS g
LEFT JOIN LATERAL (
	SELECT c.clock_offset_ms, c.clock_uncertainty_ms, c.checked_at FROM dv.dock_check c
	WHERE c.recorder = g.recorder AND c.checked_at >= g.start_at AND c.phase = 'dock'
		AND c.clock_offset_ms IS NOT NULL
	ORDER BY c.checked_at LIMIT 1
) AS k ON true
WHERE NOT x.withdrawn AND NOT EXISTS (
	SELECT FROM dv.link_current l WHERE l.action = x.action AND l.kind = 'recording'
		AND l.object = g.recorder || '/' || g.recording);

-- Parties that hold, for one who sees the case: in full for whoever has to do with it and who decides,
-- covered for the others, as dv.party_list has them.
CREATE FUNCTION dv.case_parties(a_case text)
	RETURNS TABLE (number bigint, kind text, role text, name text, identifier text, address text,
		       phone text, covered boolean, by text, entered_at timestamptz)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	full_rows boolean := am('supervisor') OR am('head') OR am_legal() OR a_case = ANY (my_cases());
BEGIN
	IF full_rows OR pg_has_role(session_user, 'dv_all', 'MEMBER') THEN
		RETURN QUERY SELECT p.number, p.kind, p.role,
			CASE WHEN full_rows THEN p.name::text ELSE masked_name(p.name) END,
			CASE WHEN full_rows THEN p.identifier::text ELSE masked_number(p.identifier) END,
			CASE WHEN full_rows THEN p.address::text END, CASE WHEN full_rows THEN p.phone::text END,
			NOT full_rows, p.by, p.entered_at
		FROM party p
		WHERE p."case" = a_case AND NOT EXISTS (SELECT FROM party q
			WHERE q."case" = p."case" AND q.replaces = p.number)
		ORDER BY p.number;
	END IF;
END
$$;
GRANT EXECUTE ON FUNCTION dv.case_parties(text) TO dv_read;

GRANT SELECT ON dv.case_list, dv.action_list, dv.document_list, dv.link_list, dv.link_proposal TO dv_read;
