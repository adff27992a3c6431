-- The records of 011 from JSON into rows, as 005 does it for the others.

-- The unit of evidence of a session: the recorder's, or the one that whoever
-- imported it named.
CREATE FUNCTION dv.unit_in(a_session uuid, a_recorder text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(unit_of(a_recorder),
			(SELECT unit::text FROM dock_import WHERE session = a_session))
$$;

-- vid and pid, four hexadecimal digits each, as numbers.
CREATE FUNCTION dv.usb_number(digits text) RETURNS integer
	LANGUAGE plpgsql IMMUTABLE SET search_path = dv, pg_temp AS $$
BEGIN
	IF digits IS NULL OR digits !~ '^[0-9a-f]{4}$' THEN
		RAISE EXCEPTION 'usb: vid and pid are four hexadecimal digits each'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN ('x' || lpad(digits, 8, '0'))::bit(32)::integer;
END
$$;

DROP FUNCTION dv.count_day(text, text, date, bigint, bigint, bigint, bigint, bigint, numeric);
CREATE FUNCTION dv.count_day(a_recorder text, a_unit text, a_day date, a_sessions bigint,
			     a_recordings bigint, a_segments bigint, a_signed bigint,
			     a_imported bigint, a_duration_ms bigint, a_bytes numeric)
	RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	INSERT INTO day_summary AS s (recorded_day, recorder, unit, day, sessions, recordings,
				      segments, signed, imported, duration_ms, bytes)
	VALUES (day_of(now()), coalesce(a_recorder, ''), coalesce(a_unit, ''), a_day,
		a_sessions, a_recordings, a_segments, a_signed, a_imported, a_duration_ms, a_bytes)
	ON CONFLICT (recorded_day, recorder, unit, day) DO UPDATE SET
		sessions = s.sessions + excluded.sessions,
		recordings = s.recordings + excluded.recordings,
		segments = s.segments + excluded.segments,
		signed = s.signed + excluded.signed,
		imported = s.imported + excluded.imported,
		duration_ms = s.duration_ms + excluded.duration_ms,
		bytes = s.bytes + excluded.bytes
$$;

CREATE OR REPLACE FUNCTION dv.raise_finding(a_session uuid, f jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	a_severity text;
	a_unit text;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(f) AS x(code text, subject_kind text, subject text,
		recorder ident, fact text, at moment, severity severity, confidence numeric,
		detail jsonb);
	SELECT coalesce(x.severity, severity) INTO a_severity FROM rule WHERE code = x.code;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'finding %: there is no such rule', x.code
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	a_unit := unit_in(a_session, x.recorder);
	INSERT INTO finding (finding, code, recorder, unit, subject_kind, subject, fact, severity,
			     confidence, at, session, detail)
	VALUES (finding_id(x.code, x.subject, coalesce(x.fact, '')), x.code, x.recorder, a_unit,
		x.subject_kind, x.subject, coalesce(x.fact, ''), a_severity, x.confidence,
		x.at::timestamptz, a_session, coalesce(x.detail, '{}'))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO finding_summary AS s (raised_day, recorder, unit, code, severity, findings)
	VALUES (day_of(now()), coalesce(x.recorder, ''), coalesce(a_unit, ''), x.code, a_severity, 1)
	ON CONFLICT (raised_day, recorder, unit, code, severity)
		DO UPDATE SET findings = s.findings + 1;
	RETURN true;
END
$$;

-- The one record whose session the table of findings does not ask for any more.
CREATE OR REPLACE FUNCTION dv.take_finding(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF jsonb_typeof(r -> 'finding') IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'finding: not an object' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT EXISTS (SELECT FROM dock_session WHERE session = a_session) THEN
		RAISE EXCEPTION 'finding: its session is not recorded'
			USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN raise_finding(a_session, r -> 'finding');
END
$$;

CREATE OR REPLACE FUNCTION dv.take_session(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	u record;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(station ident, slot ident, port ident,
		recorder ident, started moment);
	SELECT * INTO u FROM jsonb_to_record(nullif(r -> 'usb', 'null')) AS u(vid text, pid text,
		serial words, manufacturer words, product words);
	IF NOT r ? 'usb' THEN
		RAISE EXCEPTION 'usb: neither told nor null' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO dock_session (session, station, slot, port, vid, pid, serial, manufacturer,
				  product, recorder, unit, officer, started_at)
	VALUES (a_session, x.station, x.slot, x.port,
		CASE WHEN r -> 'usb' <> 'null' THEN usb_number(u.vid) END,
		CASE WHEN r -> 'usb' <> 'null' THEN usb_number(u.pid) END,
		u.serial, u.manufacturer, u.product,
		x.recorder, unit_of(x.recorder), officer_of(x.recorder), x.started::timestamptz)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM count_day(x.recorder, unit_of(x.recorder), day_of(x.started::timestamptz),
			  1, 0, 0, 0, 0, 0, 0);
	RETURN true;
END
$$;

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
		digest text, manifest digest_hex, seal jsonb);
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
		digest, manifest, seal_manifest, seal_signature, seal_dseq)
	VALUES (x.segment, a_placed, x.recorder, x.recording, x.seq, a_session, a_unit, x.path,
		unhex(x.path_raw), x.size, unhex(x.blob), unhex(x.fingerprint),
		x.stored::timestamptz, x.start::timestamptz, x."end"::timestamptz, x.time_source,
		c.created, c.modified, c.accessed, nullif(x.officer, '-'), x.assurance, x.signature,
		x.digest, unhex(x.manifest), unhex(s.manifest), unhex(s.signature), s.dseq);
	PERFORM count_day(x.recorder, a_unit, day_of(a_placed), 0, new_recording::integer, 1,
			  (x.assurance = 'signed_by_recorder')::integer,
			  (x.assurance = 'imported')::integer,
			  believed_ms(x.start::timestamptz, x."end"::timestamptz), x.size);
END
$$;

CREATE FUNCTION dv.take_holes(a_session uuid, a_segment uuid, a_size numeric, holes jsonb)
	RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	h record;
BEGIN
	IF holes IS NULL OR holes = 'null' THEN
		RETURN;
	END IF;
	IF jsonb_typeof(holes) <> 'array' OR jsonb_array_length(holes) > 4096 THEN
		RAISE EXCEPTION 'holes: not a list of at most 4096'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR h IN SELECT * FROM jsonb_to_recordset(holes) AS h("offset" counter, size counter) LOOP
		IF h."offset" + h.size > a_size THEN
			RAISE EXCEPTION 'holes: % bytes at % are not in a file of %', h.size,
				h."offset", a_size USING ERRCODE = 'invalid_parameter_value';
		END IF;
		INSERT INTO segment_hole (session, segment, "offset", size)
		VALUES (a_session, a_segment, h."offset", h.size);
	END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION dv.take_segment(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	s record;
	placed timestamptz;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(segment uuid, recorder ident, size counter,
		blob digest_hex, fingerprint digest_hex, stored moment, start moment,
		assurance text, signature text, digest text, manifest digest_hex, seal jsonb,
		holes jsonb, findings jsonb);
	SELECT * INTO s FROM jsonb_to_record(nullif(x.seal, 'null'))
		AS s(manifest digest_hex, signature digest_hex);
	placed := coalesce(x.start, x.stored)::timestamptz;
	PERFORM take_blob(x.blob, x.size, x.stored::timestamptz);
	-- Also when the segment is known: the dock that read it again sealed it again.
	PERFORM take_blob(s.manifest, NULL, x.stored::timestamptz);
	PERFORM take_blob(s.signature, NULL, x.stored::timestamptz);
	INSERT INTO segment_place (segment, placed_at) VALUES (x.segment, placed)
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		PERFORM take_new_segment(a_session, r, placed);
	END IF;
	-- One with holes is read again: the card may give them next time.
	IF coalesce(nullif(x.holes, 'null'), '[]') = '[]' THEN
		INSERT INTO segment_known (recorder, fingerprint, blob, size)
		VALUES (x.recorder, unhex(x.fingerprint), unhex(x.blob), x.size)
		ON CONFLICT DO NOTHING;
	END IF;
	INSERT INTO segment_seen (session, segment, recorder, stored_at, manifest, signature,
		digest, assurance)
	VALUES (a_session, x.segment, x.recorder, x.stored::timestamptz, unhex(x.manifest),
		x.signature, x.digest, x.assurance)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM take_holes(a_session, x.segment, x.size, x.holes);
	PERFORM raise_findings(a_session, x.findings);
	RETURN true;
END
$$;

CREATE FUNCTION dv.take_unlocked(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF jsonb_typeof(r -> 'from') IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'from: not an object' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO dock_unlock (session, unlocked_at, model, vid, pid, serial, manufacturer, product)
	SELECT a_session, x.at::timestamptz, x.model, usb_number(u.vid), usb_number(u.pid),
		u.serial, u.manufacturer, u.product
	FROM jsonb_to_record(r) AS x(at moment, model words),
		jsonb_to_record(r -> 'from') AS u(vid text, pid text, serial words,
			manufacturer words, product words)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION dv.take_import(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO dock_import (session, imported_at, kind, source, by, officer, unit, "case", reason)
	SELECT a_session, at::timestamptz, kind, source, by, officer, unit, "case", reason
	FROM jsonb_to_record(r) AS x(at moment, kind text, source words, by text, officer ident,
		unit ident, "case" words, reason text)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION dv.take_check(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO dock_check (session, phase, checked_at, recorder, station, battery, free,
		capacity, clock_offset_ms, clock_uncertainty_ms, clock_set, faults)
	SELECT a_session, phase, at::timestamptz, recorder, station, battery, free, capacity,
		clock_offset_ms, clock_uncertainty_ms, clock_set, faults
	FROM jsonb_to_record(r) AS x(phase text, at moment, recorder ident, station ident,
		battery integer, free counter, capacity counter, clock_offset_ms bigint,
		clock_uncertainty_ms counter, clock_set boolean, faults words[])
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM raise_findings(a_session, r -> 'findings');
	RETURN true;
END
$$;

CREATE FUNCTION dv.take_inventory(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(recorder ident, at moment, part integer,
		parts integer, files counter, entries ledger_text, blob digest_hex,
		signature_blob digest_hex);
	PERFORM take_blob(x.blob, NULL, x.at::timestamptz);
	PERFORM take_blob(x.signature_blob, NULL, x.at::timestamptz);
	INSERT INTO card_inventory (session, part, parts, recorder, listed_at, files, entries, blob,
		signature_blob)
	VALUES (a_session, x.part, x.parts, x.recorder, x.at::timestamptz, x.files, x.entries,
		unhex(x.blob), unhex(x.signature_blob))
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION dv.take_clearing(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO card_clearing (session, path_raw, clearing_at, recorder, path, size, blob)
	SELECT a_session, unhex(path_raw), at::timestamptz, recorder, path, size, unhex(blob)
	FROM jsonb_to_record(r) AS x(recorder ident, at moment, path words, path_raw bytes_hex,
		size counter, blob digest_hex)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION dv.take_cleared(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO card_cleared (session, path_raw, cleared_at, recorder, path, size, blob, ok, why)
	SELECT a_session, unhex(path_raw), at::timestamptz, recorder, path, size, unhex(blob), ok, why
	FROM jsonb_to_record(r) AS x(recorder ident, at moment, path words, path_raw bytes_hex,
		size counter, blob digest_hex, ok boolean, why words)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM raise_findings(a_session, r -> 'findings');
	RETURN true;
END
$$;

CREATE FUNCTION dv.take_challenge(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO card_challenge (session, nonce, challenged_at, recorder, name)
	SELECT a_session, unhex(nonce), at::timestamptz, recorder, name
	FROM jsonb_to_record(r) AS x(recorder ident, at moment, nonce digest_hex, name words)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE OR REPLACE FUNCTION dv.take_record(r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	a_session uuid;
BEGIN
	IF r -> 'v' IS DISTINCT FROM '1' THEN
		RAISE EXCEPTION 'v: records of version 1 are known here'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	a_session := r ->> 'session';
	CASE r ->> 'type'
	WHEN 'session' THEN RETURN take_session(a_session, r);
	WHEN 'unlocked' THEN RETURN take_unlocked(a_session, r);
	WHEN 'import' THEN RETURN take_import(a_session, r);
	WHEN 'check' THEN RETURN take_check(a_session, r);
	WHEN 'listed' THEN RETURN take_listed(a_session, r);
	WHEN 'manifest' THEN RETURN take_manifest(a_session, r);
	WHEN 'segment' THEN RETURN take_segment(a_session, r);
	WHEN 'inventory' THEN RETURN take_inventory(a_session, r);
	WHEN 'clearing' THEN RETURN take_clearing(a_session, r);
	WHEN 'cleared' THEN RETURN take_cleared(a_session, r);
	WHEN 'challenge' THEN RETURN take_challenge(a_session, r);
	WHEN 'finding' THEN RETURN take_finding(a_session, r);
	WHEN 'end' THEN RETURN take_end(a_session, r);
	ELSE
		RAISE EXCEPTION 'type: not one of those known here'
			USING ERRCODE = 'invalid_parameter_value';
	END CASE;
END
$$;
