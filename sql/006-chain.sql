-- What lib/rules needs to judge a session, and where its judgement goes.

-- The manifests that a session touched and their neighbours: those of the same
-- recordings, those between (and next to) its first and last counter, the
-- nearest below and above, those that claim the same counter or the same media.
-- A forged counter widens nothing: the span is that of believed manifests.
--
-- Rows with what = 'plain' are segments of the session without any manifest,
-- judged for lateness alone.  At most 40000 rows of manifests, touched ones
-- first: a card has at most 32768 (LISTING_FILES_MAX, in pairs).
CREATE FUNCTION dv.chain_context(a_session uuid)
	RETURNS TABLE (what text, manifest text, valid boolean, touched boolean, dseq numeric,
		       prev text, rec text, seq numeric, start_ms bigint, end_ms bigint,
		       boot numeric, mono_start_ms numeric, mono_end_ms numeric, last boolean,
		       end_reason text, media text, has_media boolean, stored_ms bigint,
		       path text, segment text, clock text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	a_recorder text;
BEGIN
	SELECT s.recorder INTO a_recorder FROM dock_session s WHERE s.session = a_session;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'session % is not recorded', a_session
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY
	WITH touch AS MATERIALIZED (
		SELECT m.manifest AS id, m.rec, m.dseq, m.media_blake2b AS media,
			EXISTS (SELECT FROM manifest_seen v WHERE v.recorder = a_recorder
				AND v.manifest = m.manifest AND v.signature = 'valid') AS valid
		FROM manifest m
		WHERE m.recorder = a_recorder AND m.kind IS NOT NULL AND m.manifest IN
			(SELECT v.manifest FROM manifest_seen v
			 WHERE v.session = a_session AND v.recorder = a_recorder)
	), span AS MATERIALIZED (
		SELECT min(t.dseq) AS low, max(t.dseq) AS high FROM touch t WHERE t.valid
	), wanted AS MATERIALIZED (
		SELECT t.id FROM touch t
		UNION
		SELECT m.manifest FROM manifest m WHERE m.recorder = a_recorder
			AND m.rec IN (SELECT t.rec FROM touch t)
		UNION
		SELECT m.manifest FROM manifest m, span WHERE m.recorder = a_recorder
			AND m.dseq BETWEEN span.low - 1 AND span.high + 1
		UNION
		SELECT m.manifest FROM manifest m WHERE m.recorder = a_recorder
			AND m.dseq IN (SELECT t.dseq FROM touch t)
		UNION
		SELECT m.manifest FROM manifest m WHERE m.recorder = a_recorder
			AND m.media_blake2b IN (SELECT t.media FROM touch t)
		UNION
		(SELECT m.manifest FROM manifest m, span
		 WHERE m.recorder = a_recorder AND m.dseq < span.low
			AND EXISTS (SELECT FROM manifest_seen v WHERE v.recorder = a_recorder
				AND v.manifest = m.manifest AND v.signature = 'valid')
		 ORDER BY m.dseq DESC LIMIT 1)
		UNION
		(SELECT m.manifest FROM manifest m, span
		 WHERE m.recorder = a_recorder AND m.dseq > span.high
			AND EXISTS (SELECT FROM manifest_seen v WHERE v.recorder = a_recorder
				AND v.manifest = m.manifest AND v.signature = 'valid')
		 ORDER BY m.dseq LIMIT 1)
	)
	SELECT m.kind, hex(m.manifest), seen.valid, coalesce(seen.touched, false), m.dseq::numeric,
		hex(m.prev), m.rec::text, m.seq::numeric, epoch_ms(m.start_at), epoch_ms(m.end_at),
		m.boot::numeric, m.mono_start_ms::numeric, m.mono_end_ms::numeric, m.last,
		m.end_reason, hex(m.media_blake2b), media.stored_at IS NOT NULL,
		epoch_ms(media.stored_at), coalesce(media.path, seen.path)::text,
		media.segment::text, m.clock
	FROM wanted w
	JOIN manifest m ON m.recorder = a_recorder AND m.manifest = w.id
	CROSS JOIN LATERAL (
		SELECT bool_or(v.signature = 'valid') AS valid, bool_or(v.session = a_session) AS touched,
			min(v.path) AS path
		FROM manifest_seen v WHERE v.recorder = a_recorder AND v.manifest = m.manifest
	) AS seen
	-- Its media, if stored: since the first sighting of those bytes, whichever
	-- sidecar lay beside them then.
	LEFT JOIN LATERAL (
		SELECT s.segment, s.path, s.stored_at FROM segment_seen v
		JOIN segment_place p ON p.segment = v.segment
		JOIN segment s ON s.segment = v.segment AND s.placed_at = p.placed_at
		WHERE v.recorder = a_recorder AND v.manifest = m.manifest
		ORDER BY s.stored_at LIMIT 1
	) AS media ON true
	WHERE m.kind IS NOT NULL
	ORDER BY coalesce(seen.touched, false) DESC, m.dseq DESC
	LIMIT 40000;
	RETURN QUERY
	SELECT 'plain', NULL::text, NULL::boolean, NULL::boolean, NULL::numeric, NULL::text,
		s.recording::text, s.seq::numeric, epoch_ms(s.start_at), epoch_ms(s.end_at),
		NULL::numeric, NULL::numeric, NULL::numeric, NULL::boolean, NULL::text, hex(s.blob),
		true, epoch_ms(s.stored_at), s.path::text, s.segment::text, NULL::text
	FROM segment_seen v
	JOIN segment_place p ON p.segment = v.segment
	JOIN segment s ON s.segment = v.segment AND s.placed_at = p.placed_at
	WHERE v.session = a_session AND v.manifest IS NULL AND s.manifest IS NULL
		AND s.end_at IS NOT NULL
	ORDER BY s.path LIMIT 65536;
END
$$;

-- Store what the chain said and mark the session judged, in one transaction.
-- Returns how many findings were new.
CREATE FUNCTION dv.judge(a_session uuid, a_findings jsonb) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	n integer;
BEGIN
	PERFORM lock_recorders(ARRAY[(SELECT recorder::text FROM dock_session
				      WHERE session = a_session)]);
	n := raise_findings(a_session, a_findings);
	INSERT INTO dock_session_judged (session, findings)
	VALUES (a_session, coalesce(jsonb_array_length(a_findings), 0))
	ON CONFLICT DO NOTHING;
	RETURN n;
END
$$;
