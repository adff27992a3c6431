-- Records of a dock session (lib/catalog/RECORDS.md), from JSON into rows.
--
-- Everything here may be done again: a row that is there already is left as it
-- is and counted nowhere.  Values are checked by the domains and constraints
-- of the tables they go to.

CREATE FUNCTION dv.take_session(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	u record;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(station ident, slot ident, port ident,
		recorder ident, started moment, usb jsonb);
	SELECT * INTO u FROM jsonb_to_record(x.usb) AS u(vid text, pid text, serial words,
		manufacturer words, product words);
	IF u.vid !~ '^[0-9a-f]{4}$' OR u.pid !~ '^[0-9a-f]{4}$' THEN
		RAISE EXCEPTION 'usb: vid and pid are four hexadecimal digits each'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO dock_session (session, station, slot, port, vid, pid, serial, manufacturer,
				  product, recorder, unit, officer, started_at)
	VALUES (a_session, x.station, x.slot, x.port, ('x' || lpad(u.vid, 8, '0'))::bit(32)::integer,
		('x' || lpad(u.pid, 8, '0'))::bit(32)::integer, u.serial, u.manufacturer, u.product,
		x.recorder, unit_of(x.recorder), officer_of(x.recorder), x.started::timestamptz)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM count_day(x.recorder, unit_of(x.recorder), day_of(x.started::timestamptz),
			  1, 0, 0, 0, 0, 0);
	RETURN true;
END
$$;

CREATE FUNCTION dv.take_listed(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO dock_session_listed (session, listed_at, card, files, bytes, deleted)
	SELECT a_session, at::timestamptz, card, files, bytes, deleted
	FROM jsonb_to_record(r) AS x(at moment, card jsonb, files counter, bytes counter,
		deleted counter)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE FUNCTION dv.take_end(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO dock_session_end (session, ended_at, outcome, reason, planned, stored, known,
				      failed, bytes)
	SELECT a_session, ended::timestamptz, outcome, reason, planned, stored, known, failed, bytes
	FROM jsonb_to_record(r) AS x(ended moment, outcome text, reason words, planned counter,
		stored counter, known counter, failed counter, bytes counter)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

-- Two sessions that bring the same bytes at once may wait for one another here;
-- PostgreSQL then fails one of them, and its station asks again.
CREATE FUNCTION dv.take_blob(a_hash text, a_size numeric, a_stored timestamptz) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	there numeric;
BEGIN
	IF a_hash IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO blob (hash, size, stored_at) VALUES (unhex(a_hash), a_size, a_stored)
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		RETURN;
	END IF;
	SELECT size INTO there FROM blob WHERE hash = unhex(a_hash);
	IF there <> a_size THEN
		RAISE EXCEPTION 'blob %: % bytes are recorded, % bytes told', a_hash, there, a_size
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

CREATE FUNCTION dv.take_manifest(a_session uuid, r jsonb) RETURNS boolean
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
		media_blake2b digest_hex, media_sha256 digest_hex, marks jsonb);
	PERFORM take_blob(x.manifest, NULL, x.at::timestamptz);
	PERFORM take_blob(x.signature_blob, NULL, x.at::timestamptz);
	INSERT INTO manifest (recorder, manifest, kind, device, firmware, rec, seq, dseq, prev,
		start_at, end_at, clock, boot, mono_start_ms, mono_end_ms, officer, size, last,
		end_reason, media_name, media_blake2b, media_sha256, marks)
	VALUES (x.recorder, unhex(x.manifest), y.kind, y.device, y.firmware, y.rec, y.seq, y.dseq,
		unhex(y.prev), y.start::timestamptz, y."end"::timestamptz, y.clock, y.boot,
		y.mono_start_ms, y.mono_end_ms, y.officer, y.size, y.last, y.end_reason,
		y.media_name, unhex(y.media_blake2b), unhex(y.media_sha256),
		nullif(y.marks, 'null'))
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

-- The first sighting of a segment: its row, its recording, and the counters.
CREATE FUNCTION dv.take_new_segment(a_session uuid, r jsonb, a_placed timestamptz) RETURNS void
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
	a_unit := unit_of(x.recorder);
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
			  believed_ms(x.start::timestamptz, x."end"::timestamptz), x.size);
END
$$;

CREATE FUNCTION dv.take_segment(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	x record;
	s record;
	placed timestamptz;
BEGIN
	SELECT * INTO x FROM jsonb_to_record(r) AS x(segment uuid, recorder ident, size counter,
		blob digest_hex, fingerprint digest_hex, stored moment, start moment,
		assurance text, signature text, digest text, manifest digest_hex, seal jsonb,
		findings jsonb);
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
	INSERT INTO segment_known (recorder, fingerprint, blob, size)
	VALUES (x.recorder, unhex(x.fingerprint), unhex(x.blob), x.size)
	ON CONFLICT DO NOTHING;
	INSERT INTO segment_seen (session, segment, recorder, stored_at, manifest, signature,
		digest, assurance)
	VALUES (a_session, x.segment, x.recorder, x.stored::timestamptz, unhex(x.manifest),
		x.signature, x.digest, x.assurance)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM raise_findings(a_session, x.findings);
	RETURN true;
END
$$;

CREATE FUNCTION dv.take_finding(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	IF jsonb_typeof(r -> 'finding') IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'finding: not an object' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN raise_finding(a_session, r -> 'finding');
END
$$;

CREATE FUNCTION dv.take_record(r jsonb) RETURNS boolean
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
	WHEN 'listed' THEN RETURN take_listed(a_session, r);
	WHEN 'manifest' THEN RETURN take_manifest(a_session, r);
	WHEN 'segment' THEN RETURN take_segment(a_session, r);
	WHEN 'finding' THEN RETURN take_finding(a_session, r);
	WHEN 'end' THEN RETURN take_end(a_session, r);
	ELSE
		RAISE EXCEPTION 'type: not one of those known here'
			USING ERRCODE = 'invalid_parameter_value';
	END CASE;
END
$$;

-- For looking ahead at times before their records are taken: what is no moment
-- is refused there, by name.
CREATE FUNCTION dv.moment_or_null(t text) RETURNS timestamptz
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
BEGIN
	RETURN (t::moment)::timestamptz;
EXCEPTION WHEN data_exception OR check_violation THEN
	RETURN NULL;
END
$$;

-- What is written of one recorder is written by one transaction at a time, and
-- the locks are taken in one order, so that two stations cannot wait for one
-- another over its rows.  '' stands for devices that nobody knows.
CREATE FUNCTION dv.lock_recorders(ids text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	k integer;
BEGIN
	FOR k IN SELECT DISTINCT hashtext(coalesce(id, '')) FROM unnest(ids) AS id ORDER BY 1 LOOP
		PERFORM pg_advisory_xact_lock(25718, k);
	END LOOP;
END
$$;

-- Record a batch, in order, all or nothing.  Returns how many records were new.
CREATE FUNCTION dv.ingest(records jsonb) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	r jsonb := '{}';
	i integer := 0;
	n integer := 0;
	e_state text;
	e_message text;
	e_detail text;
BEGIN
	IF jsonb_typeof(records) IS DISTINCT FROM 'array' OR jsonb_array_length(records) > 1024 THEN
		RAISE EXCEPTION 'records: not a list of at most 1024'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM ensure_months(array_agg(moment_or_null(coalesce(value ->> 'start', value ->> 'stored'))))
	FROM jsonb_array_elements(records) WHERE value ->> 'type' = 'segment';
	PERFORM lock_recorders(array_agg(coalesce(value ->> 'recorder',
						  value -> 'finding' ->> 'recorder')))
	FROM jsonb_array_elements(records);
	BEGIN
		FOR r IN SELECT value FROM jsonb_array_elements(records) LOOP
			i := i + 1;
			n := n + take_record(r)::integer;
		END LOOP;
	EXCEPTION WHEN OTHERS THEN
		-- The same failure, with the record's name in front.
		GET STACKED DIAGNOSTICS e_state = RETURNED_SQLSTATE, e_message = MESSAGE_TEXT,
			e_detail = PG_EXCEPTION_DETAIL;
		RAISE EXCEPTION USING ERRCODE = e_state, DETAIL = e_detail,
			MESSAGE = format('record %s (%s of session %s): %s', i,
				coalesce(left(r ->> 'type', 32), 'no type'),
				coalesce(left(r ->> 'session', 36), 'none'), e_message);
	END;
	RETURN n;
END
$$;

-- A file with this fingerprint, if it is recorded.
CREATE FUNCTION dv.known(a_recorder text, a_fingerprint text)
	RETURNS TABLE (blob text, size numeric)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT hex(k.blob), k.size::numeric FROM segment_known k
	WHERE k.recorder = a_recorder AND k.fingerprint = unhex(a_fingerprint)
$$;
