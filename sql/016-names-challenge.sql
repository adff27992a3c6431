-- What names claim, in the records; whether a challenge was answered; what of
-- an import could not be read.

-- ---- names ----

ALTER TABLE dv.segment DROP CONSTRAINT segment_time_source_check,
	ADD CONSTRAINT segment_time_source_check
		CHECK (time_source IN ('manifest', 'name', 'directory', 'none')),
	ADD COLUMN important boolean NOT NULL DEFAULT false;	-- its name says so

CREATE OR REPLACE FUNCTION dv.take_new_segment(a_session uuid, r jsonb, a_placed timestamptz)
	RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	c record;
	s record;
	a_unit text;
	new_recording boolean;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(segment uuid, recorder ident, recording uuid,
		seq counter, path words, path_raw bytes_hex, size counter, blob digest_hex,
		fingerprint digest_hex, stored moment, start moment, "end" moment,
		time_source text, claims jsonb, officer words, assurance text, signature text,
		digest text, manifest digest_hex, seal jsonb, important boolean);
	SELECT * INTO c FROM jsonb_to_record(nullif(x.claims, 'null'))
		AS c(created text, modified text, accessed text);
	SELECT * INTO s FROM jsonb_to_record(nullif(x.seal, 'null'))
		AS s(manifest digest_hex, signature digest_hex, dseq counter);
	a_unit := unit_in(a_session, x.recorder);
	INSERT INTO recording (recorder, recording, session, unit)
	VALUES (x.recorder, x.recording, a_session, a_unit)
	ON CONFLICT DO NOTHING;
	new_recording := FOUND;
	INSERT INTO segment (segment, placed_at, recorder, recording, seq, session, unit, path,
		path_raw, size, blob, fingerprint, stored_at, start_at, end_at, time_source,
		claim_created, claim_modified, claim_accessed, officer, assurance, signature,
		digest, manifest, seal_manifest, seal_signature, seal_dseq, important)
	VALUES (x.segment, a_placed, x.recorder, x.recording, x.seq, a_session, a_unit, x.path,
		unhex(x.path_raw), x.size, unhex(x.blob), unhex(x.fingerprint),
		x.stored::timestamptz, x.start::timestamptz, x."end"::timestamptz, x.time_source,
		c.created, c.modified, c.accessed, nullif(x.officer, '-'), x.assurance, x.signature,
		x.digest, unhex(x.manifest), unhex(s.manifest), unhex(s.signature), s.dseq,
		coalesce(x.important, false));
	PERFORM count_day(x.recorder, a_unit, day_of(a_placed), 0, new_recording::integer, 1,
			  (x.assurance = 'signed_by_recorder')::integer,
			  (x.assurance = 'imported')::integer,
			  believed_ms(x.start::timestamptz, x."end"::timestamptz), x.size);
END
$$;

CREATE OR REPLACE VIEW dv.segment_list AS
SELECT s.segment, s.placed_at, s.recorder, s.recording, s.seq, s.session, s.unit, s.officer, s.path,
	dv.hex(s.path_raw) AS path_raw, s.size, dv.hex(s.blob) AS blob, s.stored_at, s.start_at,
	s.end_at, dv.epoch_ms(s.end_at) - dv.epoch_ms(s.start_at) AS duration_ms, s.time_source,
	s.claim_created, s.claim_modified, s.claim_accessed, s.assurance, s.signature, s.digest,
	dv.hex(s.manifest) AS manifest, dv.hex(s.seal_manifest) AS seal_manifest,
	dv.hex(s.seal_signature) AS seal_signature, s.seal_dseq, s.recorded_at,
	h.holes, h.hole_bytes, s.important
FROM dv.segment s
CROSS JOIN LATERAL (
	SELECT count(*) AS holes, coalesce(sum(x.size), 0) AS hole_bytes FROM dv.segment_hole x
	WHERE x.session = s.session AND x.segment = s.segment
) AS h;

CREATE OR REPLACE VIEW dv.recording_list AS
SELECT r.recorder, r.recording, r.unit, r.session, s.officer, s.start_at, s.end_at, s.segments,
	s.duration_ms, s.bytes, s.assurance, s.stored_at, r.recorded_at,
	-- About it as a whole and about its segments; an array, so that the index is used.
	(SELECT count(*) FROM dv.finding f WHERE f.subject = ANY (ARRAY(
		SELECT r.recorder || '/' || r.recording
		UNION ALL SELECT g.segment::text FROM dv.segment g
		WHERE g.recorder = r.recorder AND g.recording = r.recording))) AS findings,
	s.important
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
) AS s;

-- ---- challenges ----

ALTER TABLE dv.manifest ADD COLUMN nonce dv.address;	-- of an inventory: what it answers
CREATE INDEX manifest_nonce ON dv.manifest (recorder, nonce) WHERE nonce IS NOT NULL;

CREATE OR REPLACE FUNCTION dv.take_manifest(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	y record;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(recorder ident, manifest digest_hex,
		signature_blob digest_hex, path words, path_raw bytes_hex, signature text,
		key_id text, at moment, findings jsonb);
	SELECT * INTO y FROM jsonb_to_record(r) AS y(kind text, device words, firmware words,
		rec uuid, seq counter, dseq counter, prev digest_hex, start moment, "end" moment,
		clock text, boot counter, mono_start_ms counter, mono_end_ms counter,
		officer words, size counter, last boolean, end_reason text, media_name words,
		media_blake2b digest_hex, media_sha256 digest_hex, marks jsonb, nonce digest_hex);
	PERFORM take_blob(x.manifest, NULL, x.at::timestamptz);
	PERFORM take_blob(x.signature_blob, NULL, x.at::timestamptz);
	INSERT INTO manifest (recorder, manifest, kind, device, firmware, rec, seq, dseq, prev,
		start_at, end_at, clock, boot, mono_start_ms, mono_end_ms, officer, size, last,
		end_reason, media_name, media_blake2b, media_sha256, marks, nonce)
	VALUES (x.recorder, unhex(x.manifest), y.kind, y.device, y.firmware, y.rec, y.seq, y.dseq,
		unhex(y.prev), y.start::timestamptz, y."end"::timestamptz, y.clock, y.boot,
		y.mono_start_ms, y.mono_end_ms, y.officer, y.size, y.last, y.end_reason,
		y.media_name, unhex(y.media_blake2b), unhex(y.media_sha256),
		nullif(y.marks, 'null'), unhex(y.nonce))
	ON CONFLICT DO NOTHING;
	INSERT INTO manifest_seen (session, recorder, manifest, path_raw, path, signature_blob,
		signature, key_id, seen_at)
	VALUES (a_session, x.recorder, unhex(x.manifest), unhex(x.path_raw), x.path,
		unhex(x.signature_blob), x.signature, upper(x.key_id), x.at::timestamptz)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;	-- and then its findings are there, too
	END IF;
	PERFORM raise_findings(a_session, x.findings);
	RETURN true;
END
$$;

-- As 006 has it, but that a name's claim of a start is enough to be late, and
-- that nobody is late with what belongs to no recorder.
CREATE OR REPLACE FUNCTION dv.chain_context(a_session uuid)
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
		s.recording::text, s.seq::numeric, epoch_ms(s.start_at),
		epoch_ms(coalesce(s.end_at, s.start_at)), NULL::numeric, NULL::numeric,
		NULL::numeric, NULL::boolean, NULL::text, hex(s.blob), true, epoch_ms(s.stored_at), s.path::text, s.segment::text, NULL::text
	FROM segment_seen v
	JOIN segment_place p ON p.segment = v.segment
	JOIN segment s ON s.segment = v.segment AND s.placed_at = p.placed_at
	WHERE v.session = a_session AND v.manifest IS NULL AND s.manifest IS NULL
		AND (s.end_at IS NOT NULL OR s.time_source = 'name')
		AND a_recorder <> 'IMPORT'
	ORDER BY s.path LIMIT 65536;
END
$$;

-- The number of a believed answer to a challenge; null: there is none.
CREATE FUNCTION dv.challenge_answer(a_recorder text, a_nonce bytea) RETURNS numeric
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT min(m.dseq)::numeric FROM manifest m
	WHERE m.recorder = a_recorder AND m.kind = 'inventory' AND m.nonce = a_nonce
		AND EXISTS (SELECT FROM manifest_seen v WHERE v.recorder = m.recorder
			AND v.manifest = m.manifest AND v.signature = 'valid')
$$;

-- The last challenge before the session: its answer comes behind all that was
-- known then, or something was left out; and a recorder that signed since has
-- to have answered.  One that never answered any may not know how: a notice.
CREATE FUNCTION dv.judge_challenge(a_session uuid) RETURNS integer
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	s dock_session;
	c card_challenge;
	answer numeric;
	top numeric;
	able boolean;
	f jsonb;
BEGIN
	SELECT d.* INTO s FROM dock_session d JOIN dock_session_end e USING (session)
	WHERE d.session = a_session AND e.outcome = 'released' AND d.recorder IS NOT NULL
		AND NOT EXISTS (SELECT FROM dock_import i WHERE i.session = d.session);
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	SELECT * INTO c FROM card_challenge x
	WHERE x.recorder = s.recorder AND x.challenged_at < s.started_at
	ORDER BY x.challenged_at DESC, x.nonce LIMIT 1;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	f := jsonb_build_object('subject_kind', 'recorder', 'subject', s.recorder,
		'recorder', s.recorder, 'fact', 'challenge ' || hex(c.nonce), 'at', utc(s.started_at));
	answer := challenge_answer(s.recorder, c.nonce);
	IF answer IS NOT NULL THEN
		SELECT max(m.dseq)::numeric INTO top FROM manifest_seen v
		JOIN manifest m ON m.recorder = v.recorder AND m.manifest = v.manifest
		WHERE v.recorder = s.recorder AND v.signature = 'valid'
			AND v.seen_at < c.challenged_at;
		IF answer > coalesce(top, -1) THEN
			RETURN 0;
		END IF;
		RETURN raise_finding(a_session, f || jsonb_build_object('code', 'chain_break',
			'detail', jsonb_build_object('path', c.name, 'challenged', utc(c.challenged_at),
				'dseq', answer, 'known_dseq', top,
				'why', 'the answer to the challenge is numbered before what was known then')))::integer;
	END IF;
	-- Has it signed anything since?
	IF NOT EXISTS (SELECT FROM manifest_seen v
		       WHERE v.session = a_session AND v.recorder = s.recorder AND v.signature = 'valid'
				AND NOT EXISTS (SELECT FROM manifest_seen o
					WHERE o.recorder = v.recorder AND o.manifest = v.manifest
						AND o.seen_at < c.challenged_at))
	THEN
		RETURN 0;
	END IF;
	able := EXISTS (SELECT FROM card_challenge x WHERE x.recorder = s.recorder
			AND challenge_answer(x.recorder, x.nonce) IS NOT NULL);
	RETURN raise_finding(a_session, f || jsonb_build_object('code', 'challenge_unanswered',
		'severity', CASE WHEN NOT able THEN 'notice' END,
		'confidence', CASE WHEN able THEN 0.8 ELSE 0.3 END,
		'detail', jsonb_build_object('path', c.name, 'challenged', utc(c.challenged_at),
			'answered_before', able)))::integer;
END
$$;

CREATE OR REPLACE FUNCTION dv.judge(a_session uuid, a_findings jsonb) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	n integer;
BEGIN
	PERFORM lock_recorders(ARRAY[(SELECT recorder::text FROM dock_session
				      WHERE session = a_session)]);
	n := raise_findings(a_session, a_findings) + judge_challenge(a_session);
	INSERT INTO dock_session_judged (session, findings)
	VALUES (a_session, coalesce(jsonb_array_length(a_findings), 0))
	ON CONFLICT DO NOTHING;
	RETURN n;
END
$$;

-- ---- imports ----

INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
('import_incomplete', 33, 'notice',
 '导入的内容中有一部分不是普通文件，或者无法读取，未导入。',
 'A part of what was imported is no ordinary file, or could not be read, and was left out.',
 '导入人查明遗漏的内容；其中有音像记录的，排除后再次导入。',
 'Whoever imported it finds out what was left out; if recordings are among it, they are imported again once that is mended.',
 '{}');

UPDATE dv.rule SET
	text_zh = '文件内容无法读出，未能完整保存。',
	text_en = 'The content of the file could not be read, so it is not kept whole.'
WHERE code = 'unreadable_file';
