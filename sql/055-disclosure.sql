-- Disclosure (Art. 33, 35, 36): who asked for what and by which right, who let it out, what left, to whom.
--
-- What leaves is asked for, looked at (what the law keeps secret is refused at once, on record), decided by the
-- head, written once, sealed for who asked, and registered.  Everything else that leaves is found.
--
-- Written once: each attempt is a row before the first byte of its file, and one alone is open at a time.  An
-- attempt ends by the digest of the file that is whole, after which there is never another, or by the word that
-- nothing is left of it (docs/KEEPING.md).

-- ---- tables ----

CREATE TABLE dv.disclosure (
	disclosure	uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	capacity	text NOT NULL CHECK (capacity IN ('party', 'agent', 'court', 'procuratorate', 'police',
				'supervisory_organ', 'superior', 'other')),
	right_of	dv.sentence NOT NULL,	-- by which right
	purpose		dv.sentence NOT NULL,
	"case"		dv.ident,
	owner		boolean NOT NULL,	-- of trade secrets: they are its own, or it may by law have them
	recipient	text CHECK (recipient ~ '^age1[02-9ac-hj-np-z]{58}$'),	-- null: a passphrase
	refused		boolean NOT NULL,	-- at once: for what its objects are, or because they are gone
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disclosure_entered ON dv.disclosure (entered_at);
CREATE TABLE dv.disclosure_object (
	disclosure	uuid NOT NULL REFERENCES dv.disclosure,
	segment		uuid NOT NULL REFERENCES dv.segment_place,
	class		dv.class NOT NULL,	-- when it was asked for
	refused		text CHECK (refused IN ('never', 'owner', 'gone')),	-- as the class has it; disposed of
	plan		uuid,			-- gone: by which plan
	PRIMARY KEY (disclosure, segment)
);
CREATE INDEX disclosure_object_segment ON dv.disclosure_object (segment);
-- Who asks, and who got it.  Protected, as parties are.
CREATE TABLE dv.disclosure_name (
	disclosure	uuid NOT NULL REFERENCES dv.disclosure,
	what		text NOT NULL CHECK (what IN ('asked_by', 'received_by')),
	name		dv.title NOT NULL,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (disclosure, what)
);
CREATE TABLE dv.disclosure_decision (
	disclosure	uuid PRIMARY KEY REFERENCES dv.disclosure,
	approved	boolean NOT NULL,
	expires_at	timestamptz,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,	-- the head
	entered_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (approved = (expires_at IS NOT NULL))
);
-- From here on bytes may be in PATH.NUMBER.part on that machine, and nowhere else.
CREATE TABLE dv.disclosure_attempt (
	disclosure	uuid NOT NULL REFERENCES dv.disclosure,
	number		integer NOT NULL CHECK (number BETWEEN 1 AND 10),
	act		uuid NOT NULL UNIQUE,	-- as dv.act has it: what the package is named
	host		dv.title NOT NULL,
	path		text NOT NULL CHECK (path ~ '^/' AND octet_length(path) <= 16384),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (disclosure, number)
);
-- Nothing is left of it.
CREATE TABLE dv.disclosure_failed (
	disclosure	uuid NOT NULL,
	number		integer NOT NULL,
	why		text NOT NULL CHECK (dv.says(why) AND length(why) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (disclosure, number),
	FOREIGN KEY (disclosure, number) REFERENCES dv.disclosure_attempt
);
-- The sealed file, whole: entered before it gets its name.
CREATE TABLE dv.disclosure_sealed (
	disclosure	uuid PRIMARY KEY REFERENCES dv.disclosure,
	number		integer NOT NULL,
	sha256		bytea NOT NULL CHECK (octet_length(sha256) = 32),
	size		dv.counter NOT NULL,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	FOREIGN KEY (disclosure, number) REFERENCES dv.disclosure_attempt
);
CREATE TABLE dv.disclosure_receipt (
	disclosure	uuid PRIMARY KEY REFERENCES dv.disclosure,
	received_at	timestamptz NOT NULL,
	segment		uuid REFERENCES dv.segment_place,	-- the signed receipt, imported
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.disclosure', 'dv.disclosure_object',
	'dv.disclosure_name', 'dv.disclosure_decision', 'dv.disclosure_attempt', 'dv.disclosure_failed',
	'dv.disclosure_sealed', 'dv.disclosure_receipt']) AS t;
-- What somebody is told of a right and a purpose names people; a path does.
SELECT dv.log_acts('dv.disclosure', 'disclosure_asked', '{disclosure}', '{right_of,purpose,reason,by}',
	'{case:case,disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_object', 'disclosure_of', '{disclosure,segment}', '{}',
	'{disclosure:disclosure,segment:segment}');
SELECT dv.log_acts('dv.disclosure_name', 'disclosure_named', '{disclosure,what}', '{name,by}',
	'{disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_decision', 'approved?disclosure_approved:disclosure_refused', '{disclosure}',
	'{reason,by}', '{disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_attempt', 'disclosure_begun', '{disclosure,number}', '{path,by}',
	'{disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_failed', 'disclosure_failed', '{disclosure,number}', '{why,by}',
	'{disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_sealed', 'disclosure_sealed', '{disclosure}', '{by}',
	'{disclosure:disclosure}');
SELECT dv.log_acts('dv.disclosure_receipt', 'disclosure_received', '{disclosure}', '{by}',
	'{disclosure:disclosure,segment:segment}');

-- ---- who sees what ----

SELECT dv.show_rows(t::regclass, '(SELECT dv.am_legal())') FROM unnest(ARRAY['dv.disclosure', 'dv.disclosure_object',
	'dv.disclosure_decision', 'dv.disclosure_attempt', 'dv.disclosure_failed', 'dv.disclosure_sealed',
	'dv.disclosure_receipt']) AS t;
GRANT SELECT ON dv.disclosure, dv.disclosure_object, dv.disclosure_decision, dv.disclosure_attempt,
	dv.disclosure_failed, dv.disclosure_sealed, dv.disclosure_receipt TO dv_read;
ALTER TABLE dv.disclosure_name ENABLE ROW LEVEL SECURITY;
SELECT dv.show_to(g, 'dv.disclosure_name', 'true') FROM unnest(ARRAY['supervisor', 'head']) AS g;
SELECT dv.show_to('legal', 'dv.disclosure_name', '(SELECT dv.am_legal())');
GRANT SELECT ON dv.disclosure_name TO dv_supervisor, dv_head, dv_legal;
-- Nor by the log, as in 032; whoever checks the log knows these words.
ALTER POLICY to_admin ON dv.custody_salt USING (NOT event IN (SELECT e.event FROM dv.custody_event e
	WHERE e.source IN ('party', 'disclosure_name')));
ALTER POLICY to_auditor ON dv.custody_salt USING (NOT event IN (SELECT e.event FROM dv.custody_event e
	WHERE e.source IN ('party', 'disclosure_name')));

-- ---- what is asked for, and what the law says of it ----

-- The segments of a name: a segment, RECORDER/RECORDING, case:ID.
CREATE FUNCTION dv.segments_named(a_name text) RETURNS SETOF uuid
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT p.segment FROM segment_place p WHERE p.segment = uuid_or_null(a_name)
	UNION
	SELECT g.segment FROM segment g
	WHERE g.recorder = split_part(a_name, '/', 1) AND g.recording = uuid_or_null(split_part(a_name, '/', 2))
	UNION
	SELECT v.segment FROM dock_import i JOIN segment_seen v USING (session)
	WHERE a_name LIKE 'case:%' AND i."case" = substr(a_name, 6)
	UNION
	SELECT x FROM case_segments(substr(a_name, 6)) AS x WHERE a_name LIKE 'case:%'
$$;

-- Those of them that are not given out, of which class they are, and why: never, owner (as its class has it), or
-- gone (disposed of, by that plan).
CREATE FUNCTION dv.disclosure_refusals(a_segments uuid[], a_owner boolean)
	RETURNS TABLE (segment uuid, class text, refused text, plan uuid)
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH x AS MATERIALIZED (SELECT * FROM classes_of(a_segments)),
	c AS MATERIALIZED (SELECT d.class, (class_rule_at(d.class, today())).export
		FROM (SELECT DISTINCT x.class FROM x) AS d)
	SELECT x.segment, x.class, CASE WHEN b.segment IS NOT NULL THEN 'gone' ELSE c.export END, b.plan
	FROM x JOIN c USING (class) LEFT JOIN disposal_begun b ON b.segment = x.segment
	WHERE b.segment IS NOT NULL OR c.export = 'never' OR (c.export = 'owner' AND NOT a_owner)
$$;

-- Again, now: what was asked for may have been classified higher since, or be gone.
CREATE FUNCTION dv.disclosure_check(d dv.disclosure) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	n bigint;
	list text;
BEGIN
	SELECT count(*), string_agg(format('%s (%s)', r.segment, CASE r.refused
			WHEN 'gone' THEN 'disposed of by plan ' || r.plan ELSE r.class END), ', ')
			FILTER (WHERE r.i <= 5)
	INTO n, list
	FROM (SELECT x.*, row_number() OVER (ORDER BY x.segment) AS i FROM disclosure_refusals(
		ARRAY(SELECT o.segment FROM disclosure_object o WHERE o.disclosure = d.disclosure), d.owner) AS x) AS r;
	IF n > 0 THEN
		RAISE EXCEPTION 'disclosure %: % of what it asks for may not be given out (Art. 36, 37): %: let the head refuse it, and ask again without these',
			d.disclosure, n, list USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- One that is there, and nobody decides on or writes meanwhile.
CREATE FUNCTION dv.disclosure_take(a_disclosure uuid) RETURNS dv.disclosure
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
BEGIN
	SELECT * INTO d FROM disclosure x WHERE x.disclosure = a_disclosure FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no disclosure %: vaultctl disclosure list shows them', a_disclosure
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN d;
END
$$;

-- What would be said of them, for who may ask; nothing is entered.
CREATE FUNCTION dv.disclosure_look(a_objects jsonb, a_owner boolean)
	RETURNS TABLE (segment uuid, class text, refused text, plan uuid)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('supervisor', 'legal');
	RETURN QUERY SELECT * FROM disclosure_refusals(ARRAY(SELECT DISTINCT s
		FROM jsonb_array_elements_text(a_objects) AS x, segments_named(x) AS s), a_owner);
END
$$;

-- a: asked_by capacity right purpose (case) (owner) (recipient) objects reason.  What may not be given out refuses all
-- of it, and that is on record: refused, with what is said of each in dv.disclosure_object.
CREATE FUNCTION dv.disclosure_request(a jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	segments uuid[];
	missing text;
	d disclosure;
BEGIN
	PERFORM require_role('supervisor', 'legal');
	PERFORM only_fields(a, 'asked_by', 'capacity', 'right', 'purpose', 'case', 'owner', 'recipient', 'objects',
		'reason');
	PERFORM need_field(a, n) FROM unnest(ARRAY['asked_by', 'capacity', 'right', 'purpose', 'reason']) AS n;
	PERFORM check_word('capacity', a ->> 'capacity',
		'{party,agent,court,procuratorate,police,supervisory_organ,superior,other}');
	IF a ->> 'case' IS NOT NULL AND case_state(a ->> 'case') IS NULL THEN
		RAISE EXCEPTION 'there is no case %: vaultctl case list shows them', left(a ->> 'case', 40)
			USING ERRCODE = 'no_data_found';
	END IF;
	IF jsonb_typeof(a -> 'objects') IS DISTINCT FROM 'array'
			OR jsonb_array_length(a -> 'objects') NOT BETWEEN 1 AND 20000 THEN
		RAISE EXCEPTION 'what is asked for? name 1 to 20000 objects' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT min(n.name) FILTER (WHERE s.segment IS NULL), array_agg(DISTINCT s.segment)
	INTO missing, segments
	FROM (SELECT DISTINCT x AS name FROM jsonb_array_elements_text(a -> 'objects') AS x) AS n
	LEFT JOIN LATERAL (SELECT x AS segment FROM segments_named(n.name) AS x) AS s ON true;
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'there is no object %, or nothing belongs to it: name segments, RECORDER/RECORDING or case:ID',
			left(missing, 160) USING ERRCODE = 'no_data_found';
	END IF;
	IF cardinality(segments) > 20000 THEN
		RAISE EXCEPTION '% objects are asked for, and a package takes 20000: ask in parts',
			cardinality(segments) USING ERRCODE = 'invalid_parameter_value';
	END IF;
	d.disclosure := gen_random_uuid();
	d.owner := coalesce((a ->> 'owner')::boolean, false);
	INSERT INTO disclosure (disclosure, capacity, right_of, purpose, "case", owner, recipient, refused, reason)
	VALUES (d.disclosure, a ->> 'capacity', a ->> 'right', a ->> 'purpose', a ->> 'case', d.owner,
		a ->> 'recipient', EXISTS (SELECT FROM disclosure_refusals(segments, d.owner)), a ->> 'reason');
	INSERT INTO disclosure_name (disclosure, what, name) VALUES (d.disclosure, 'asked_by', a ->> 'asked_by');
	INSERT INTO disclosure_object (disclosure, segment, class, refused, plan)
	SELECT d.disclosure, x.segment, x.class, r.refused, r.plan
	FROM classes_of(segments) AS x LEFT JOIN disclosure_refusals(segments, d.owner) AS r ON r.segment = x.segment;
	RETURN d.disclosure;
END
$$;

-- ---- the head decides ----

-- What time it is: never earlier than the last day that was lived through, so that a clock that is set back brings
-- no approval back.
CREATE FUNCTION dv.disclosure_now() RETURNS timestamptz
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT greatest(now(), (SELECT day_start(max(day)) FROM clock_lived_day))
$$;

-- a_until: the last day on which it may be written, 30 days from now at most; of what is refused null.
CREATE FUNCTION dv.disclosure_decide(a_disclosure uuid, a_approved boolean, a_until date, a_reason text)
	RETURNS timestamptz
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
	until timestamptz := day_start(a_until + 1);
BEGIN
	PERFORM require_role('head');
	d := disclosure_take(a_disclosure);
	IF same_person(d."by") THEN
		RAISE EXCEPTION 'disclosure %: you entered it yourself; another person decides (Art. 36)', a_disclosure
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF d.refused OR EXISTS (SELECT FROM disclosure_decision x WHERE x.disclosure = a_disclosure) THEN
		RAISE EXCEPTION 'disclosure %: it is decided already; what is asked for again is another request',
			a_disclosure USING ERRCODE = 'unique_violation';
	END IF;
	IF NOT says(a_reason) OR length(a_reason) > 500 THEN
		RAISE EXCEPTION 'disclosure %: say why, in 500 characters at most', a_disclosure
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF a_approved THEN
		IF until IS NULL OR until <= now() OR until > day_start(today() + 31) THEN
			RAISE EXCEPTION 'disclosure %: until when? a day from % to %', a_disclosure, today(), today() + 30
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF until <= disclosure_now() THEN
			RAISE EXCEPTION 'disclosure %: the clock says %, and % was lived through: set the clock right first',
				a_disclosure, utc(now()), day_of(disclosure_now()) USING ERRCODE = 'check_violation';
		END IF;
		PERFORM disclosure_check(d);
	END IF;
	INSERT INTO disclosure_decision (disclosure, approved, expires_at, reason)
	VALUES (a_disclosure, coalesce(a_approved, false), CASE WHEN a_approved THEN until END, a_reason)
	RETURNING expires_at INTO until;
	RETURN until;
END
$$;

-- ---- and it is written, once ----

-- Whoever writes it holds this until their connection ends.  False: another does.
CREATE FUNCTION dv.disclosure_lock(a_disclosure uuid) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('supervisor');
	RETURN pg_try_advisory_lock(25746, hashtext(a_disclosure::text));
END
$$;

-- The attempt that is open: its file may be there; number null: none.
CREATE FUNCTION dv.disclosure_open(a_disclosure uuid) RETURNS dv.disclosure_attempt
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT a FROM disclosure_attempt a WHERE a.disclosure = a_disclosure
		AND NOT EXISTS (SELECT FROM disclosure_failed f WHERE (f.disclosure, f.number) = (a.disclosure, a.number))
		AND NOT EXISTS (SELECT FROM disclosure_sealed s WHERE s.disclosure = a.disclosure)
$$;

-- That it may be written now.
CREATE FUNCTION dv.disclosure_may_begin(d dv.disclosure) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	x disclosure_decision;
BEGIN
	SELECT * INTO x FROM disclosure_decision y WHERE y.disclosure = d.disclosure;
	IF d.refused OR NOT x.approved THEN
		RAISE EXCEPTION 'disclosure %: it was refused (Art. 36): nothing leaves', d.disclosure
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF x.disclosure IS NULL THEN
		RAISE EXCEPTION 'disclosure %: the head has not decided yet (Art. 36): vaultctl disclosure decide', d.disclosure
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF EXISTS (SELECT FROM disclosure_sealed s WHERE s.disclosure = d.disclosure) THEN
		RAISE EXCEPTION 'disclosure %: it was used, and an approval is used once (Art. 36): ask again (vaultctl disclosure request)',
			d.disclosure USING ERRCODE = 'unique_violation';
	END IF;
	IF disclosure_now() >= x.expires_at THEN
		RAISE EXCEPTION 'disclosure %: the approval was good until % (Art. 36): ask again (vaultctl disclosure request)',
			d.disclosure, utc(x.expires_at) USING ERRCODE = 'check_violation';
	END IF;
	IF now() < x.entered_at THEN
		RAISE EXCEPTION 'disclosure %: it was approved at %, and the clock says %: set the clock right first',
			d.disclosure, utc(x.entered_at), utc(now()) USING ERRCODE = 'check_violation';
	END IF;
	PERFORM disclosure_check(d);
END
$$;

-- An attempt begins: the act that the package is named after, on record with all that it has, and its number.
CREATE FUNCTION dv.disclosure_begin(a_disclosure uuid, a_host text, a_path text, a_reason text)
	RETURNS dv.disclosure_attempt
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
	x disclosure_attempt;
	names text[];
	i integer;
BEGIN
	PERFORM require_role('supervisor');
	IF NOT disclosure_lock(a_disclosure) THEN
		RAISE EXCEPTION 'disclosure %: another process is writing it: wait for that one', a_disclosure
			USING ERRCODE = 'unique_violation';
	END IF;
	d := disclosure_take(a_disclosure);
	PERFORM disclosure_may_begin(d);
	x := disclosure_open(a_disclosure);
	IF x.number IS NOT NULL THEN
		RAISE EXCEPTION 'disclosure %: attempt % was not concluded: % on % is looked at first', a_disclosure, x.number,
			x.path, x.host USING ERRCODE = 'unique_violation';
	END IF;
	x.disclosure := a_disclosure;
	x.number := coalesce((SELECT max(y.number) FROM disclosure_attempt y WHERE y.disclosure = a_disclosure), 0) + 1;
	x.act := gen_random_uuid();
	IF x.number > 10 THEN
		RAISE EXCEPTION 'disclosure %: ten attempts came to nothing: find out why, and ask again', a_disclosure
			USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO disclosure_attempt (disclosure, number, act, host, path)
	VALUES (x.disclosure, x.number, x.act, a_host, a_path) RETURNING * INTO x;
	names := ARRAY(SELECT 'segment:' || o.segment FROM disclosure_object o WHERE o.disclosure = a_disclosure
		ORDER BY o.segment);
	-- As vaultctl export does: one act takes so many, and further ones name the first.
	FOR i IN 0 .. (cardinality(names) - 1) / 199 LOOP
		INSERT INTO act (act, kind, objects, by, reason, detail)
		VALUES (CASE WHEN i = 0 THEN x.act ELSE gen_random_uuid() END, 'disclosure',
			sorted('disclosure:' || a_disclosure || names[i * 199 + 1 : i * 199 + 199]), session_user, a_reason,
			jsonb_strip_nulls(jsonb_build_object('disclosure', a_disclosure, 'attempt', x.number, 'host', a_host,
				'path', a_path, 'objects', cardinality(names), 'package', CASE WHEN i > 0 THEN x.act END)));
	END LOOP;
	RETURN x;
END
$$;

-- Nothing is left of that attempt.
CREATE FUNCTION dv.disclosure_fail(a_disclosure uuid, a_number integer, a_why text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
BEGIN
	PERFORM require_role('supervisor');
	IF NOT disclosure_lock(a_disclosure) THEN
		RAISE EXCEPTION 'disclosure %: another process is writing it: wait for that one', a_disclosure
			USING ERRCODE = 'unique_violation';
	END IF;
	d := disclosure_take(a_disclosure);
	IF (disclosure_open(a_disclosure)).number IS DISTINCT FROM a_number THEN
		RAISE EXCEPTION 'disclosure %: attempt % is not open', a_disclosure, a_number USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO disclosure_failed (disclosure, number, why) VALUES (a_disclosure, a_number, left(a_why, 500));
END
$$;

-- Its file is whole: from here on there is no other.  Looked at a last time: what was classified higher while it was
-- written does not leave.
CREATE FUNCTION dv.disclosure_seal(a_disclosure uuid, a_number integer, a_sha256 text, a_size numeric) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
BEGIN
	PERFORM require_role('supervisor');
	d := disclosure_take(a_disclosure);
	IF (disclosure_open(a_disclosure)).number IS DISTINCT FROM a_number THEN
		RAISE EXCEPTION 'disclosure %: attempt % is not open any more: another process took its place', a_disclosure,
			a_number USING ERRCODE = 'unique_violation';
	END IF;
	PERFORM disclosure_check(d);
	INSERT INTO disclosure_sealed (disclosure, number, sha256, size)
	VALUES (a_disclosure, a_number, unhex(a_sha256), a_size);
END
$$;

-- a: disclosure received_by received_at (segment)
CREATE FUNCTION dv.disclosure_receipt(a jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	d disclosure;
	left_at timestamptz;
	a_at timestamptz := moment_field(a, 'received_at');
BEGIN
	PERFORM require_role('supervisor');
	PERFORM only_fields(a, 'disclosure', 'received_by', 'received_at', 'segment');
	PERFORM need_field(a, n) FROM unnest(ARRAY['disclosure', 'received_by', 'received_at']) AS n;
	d := disclosure_take(uuid_or_null(a ->> 'disclosure'));
	SELECT s.entered_at INTO left_at FROM disclosure_sealed s WHERE s.disclosure = d.disclosure;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'disclosure %: nothing has left yet: write the package first (vaultctl disclosure package)',
			d.disclosure USING ERRCODE = 'check_violation';
	END IF;
	IF EXISTS (SELECT FROM disclosure_receipt r WHERE r.disclosure = d.disclosure) THEN
		RAISE EXCEPTION 'disclosure %: it has a receipt', d.disclosure USING ERRCODE = 'unique_violation';
	END IF;
	PERFORM refuse_future('received_at', a_at);
	-- People write minutes.
	IF a_at < date_trunc('minute', left_at) THEN
		RAISE EXCEPTION 'disclosure %: received at %, and it was sealed at %: look at the date', d.disclosure,
			utc(a_at), utc(left_at) USING ERRCODE = 'check_violation';
	END IF;
	IF a ->> 'segment' IS NOT NULL AND NOT EXISTS (SELECT FROM segment_place p JOIN segment g USING (segment, placed_at)
			WHERE p.segment = uuid_or_null(a ->> 'segment') AND g.assurance = 'imported') THEN
		RAISE EXCEPTION 'receipt %: it is not imported: bring it first (vaultctl import)', left(a ->> 'segment', 40)
			USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO disclosure_receipt (disclosure, received_at, segment)
	VALUES (d.disclosure, a_at, (a ->> 'segment')::uuid);
	INSERT INTO disclosure_name (disclosure, what, name) VALUES (d.disclosure, 'received_by', a ->> 'received_by');
	RETURN d.disclosure;
END
$$;
