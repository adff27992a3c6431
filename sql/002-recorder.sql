-- Recorders: who is enrolled, with which keys, for whom, and why.
--
-- Nothing is ever changed: a new assignment is a new revision, the end of one
-- is a row in recorder_retired, the end of a key one in recorder_key_revoked.
-- What was true when a segment came in stays readable.

CREATE TABLE dv.recorder (
	recorder	dv.ident NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	vid		integer NOT NULL CHECK (vid BETWEEN 0 AND 65535),
	pid		integer NOT NULL CHECK (pid BETWEEN 0 AND 65535),
	serial		text NOT NULL CHECK (octet_length(serial) < 128),	-- '': any
	officer		dv.ident,
	unit		dv.ident,
	reason		text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 500),
	enrolled_at	timestamptz NOT NULL DEFAULT now(),
	enrolled_by	text NOT NULL,		-- the person, as the program was told
	enrolled_role	text NOT NULL DEFAULT session_user,	-- as the database saw it
	PRIMARY KEY (recorder, revision)
);

CREATE TABLE dv.recorder_retired (
	recorder	dv.ident NOT NULL,
	revision	integer NOT NULL,
	reason		text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 500),
	retired_at	timestamptz NOT NULL DEFAULT now(),
	retired_by	text NOT NULL,
	retired_role	text NOT NULL DEFAULT session_user,
	PRIMARY KEY (recorder, revision),
	FOREIGN KEY (recorder, revision) REFERENCES dv.recorder
);

CREATE TABLE dv.recorder_key (
	recorder	dv.ident NOT NULL,
	key		bytea NOT NULL CHECK (octet_length(key) = 32),	-- Ed25519
	key_id		text NOT NULL CHECK (key_id ~ '^[0-9A-F]{16}$'),	-- as minisign prints it
	valid_from	timestamptz NOT NULL,
	valid_to	timestamptz,		-- null: open
	reason		text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 500),
	added_at	timestamptz NOT NULL DEFAULT now(),
	added_by	text NOT NULL,
	added_role	text NOT NULL DEFAULT session_user,
	PRIMARY KEY (recorder, key),
	CHECK (valid_to > valid_from)
);

CREATE TABLE dv.recorder_key_revoked (
	recorder	dv.ident NOT NULL,
	key		bytea NOT NULL,
	revoked_at	timestamptz NOT NULL,	-- what it signed from then on is not believed
	reason		text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 500),
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	recorded_by	text NOT NULL,
	recorded_role	text NOT NULL DEFAULT session_user,
	PRIMARY KEY (recorder, key),
	FOREIGN KEY (recorder, key) REFERENCES dv.recorder_key
);

SELECT dv.make_append_only('dv.recorder');
SELECT dv.make_append_only('dv.recorder_retired');
SELECT dv.make_append_only('dv.recorder_key');
SELECT dv.make_append_only('dv.recorder_key_revoked');

-- The newest revision of each recorder, retired or not.
CREATE VIEW dv.recorder_current AS
SELECT DISTINCT ON (r.recorder)
	r.recorder, r.revision, r.vid, r.pid, r.serial, r.officer, r.unit, r.reason,
	r.enrolled_at, r.enrolled_by, x.retired_at, x.reason AS retired_reason
FROM dv.recorder r
LEFT JOIN dv.recorder_retired x USING (recorder, revision)
ORDER BY r.recorder, r.revision DESC;

-- Changes of recorders are rare; one at a time, so that two enrolments cannot
-- both find the USB identity free.  Tells dockd to fetch its snapshot anew.
CREATE FUNCTION dv.recorder_changing() RETURNS void
	LANGUAGE sql SET search_path = dv, pg_temp AS $$
	SELECT pg_advisory_xact_lock(25721, 0);
	SELECT pg_notify('dv_recorder', '');
$$;

CREATE FUNCTION dv.key_add(a_recorder text, a_key_id text, a_key bytea, a_from timestamptz,
			   a_to timestamptz, a_reason text, a_by text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM recorder_changing();
	IF NOT EXISTS (SELECT FROM recorder_current
		       WHERE recorder = a_recorder AND retired_at IS NULL) THEN
		RAISE EXCEPTION 'recorder % is not enrolled: enrol it first', a_recorder
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM recorder_key WHERE key = a_key AND recorder <> a_recorder) THEN
		RAISE EXCEPTION 'key % belongs to another recorder: each recorder has its own',
			a_key_id USING ERRCODE = 'unique_violation';
	END IF;
	-- Enrolling it again would look as if it were believed again.
	IF EXISTS (SELECT FROM recorder_key_revoked WHERE recorder = a_recorder AND key = a_key) THEN
		RAISE EXCEPTION 'key % of recorder % is revoked: make a new key', a_key_id, a_recorder
			USING ERRCODE = 'unique_violation';
	END IF;
	IF EXISTS (SELECT FROM recorder_key WHERE recorder = a_recorder AND key = a_key) THEN
		RETURN false;
	END IF;
	-- An id is only what the key's maker wrote in its file; revoking goes by it.
	IF EXISTS (SELECT FROM recorder_key WHERE recorder = a_recorder AND key_id = upper(a_key_id)) THEN
		RAISE EXCEPTION 'recorder % has another key with the id %: make a new key', a_recorder,
			a_key_id USING ERRCODE = 'unique_violation';
	END IF;
	-- RECORDER_KEYS_MAX of lib/rules: dockd keeps no more.
	IF (SELECT count(*) FROM recorder_key WHERE recorder = a_recorder) >= 16 THEN
		RAISE EXCEPTION 'recorder % has 16 keys, which is the most: enrol it under a new id',
			a_recorder USING ERRCODE = 'program_limit_exceeded';
	END IF;
	INSERT INTO recorder_key (recorder, key, key_id, valid_from, valid_to, reason, added_by)
	VALUES (a_recorder, a_key, upper(a_key_id),
		coalesce(a_from, timestamptz '2000-01-01 00:00:00Z'), a_to, a_reason, a_by);
	RETURN true;
END
$$;
COMMENT ON FUNCTION dv.key_add IS
	'From null: a key is believed for all recordings made before it was enrolled, too';

CREATE FUNCTION dv.key_revoke(a_recorder text, a_key_id text, a_at timestamptz, a_reason text,
			      a_by text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_key bytea;
BEGIN
	PERFORM recorder_changing();
	SELECT key INTO a_key FROM recorder_key
	WHERE recorder = a_recorder AND key_id = upper(a_key_id);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'recorder % has no key %: look at its keys', a_recorder, a_key_id
			USING ERRCODE = 'no_data_found';
	END IF;
	IF EXISTS (SELECT FROM recorder_key_revoked WHERE recorder = a_recorder AND key = a_key) THEN
		RAISE EXCEPTION 'key % of recorder % is revoked already', a_key_id, a_recorder
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO recorder_key_revoked (recorder, key, revoked_at, reason, recorded_by)
	VALUES (a_recorder, a_key, coalesce(a_at, now()), a_reason, a_by);
END
$$;

-- 'enrolled' (new, or again after retirement), 'changed' (another device,
-- officer or unit: a new revision), 'unchanged'.  The key, if any, is added.
CREATE FUNCTION dv.enroll(a_recorder text, a_vid integer, a_pid integer, a_serial text,
			  a_officer text, a_unit text, a_reason text, a_by text,
			  a_key_id text DEFAULT NULL, a_key bytea DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	old recorder_current;
	other text;
	result text := 'unchanged';
BEGIN
	PERFORM recorder_changing();
	SELECT * INTO old FROM recorder_current WHERE recorder = a_recorder;
	SELECT recorder INTO other FROM recorder_current
	WHERE vid = a_vid AND pid = a_pid AND serial = a_serial AND retired_at IS NULL
		AND recorder <> a_recorder;
	IF FOUND THEN
		RAISE EXCEPTION 'recorder % is enrolled with the same USB identity: retire it first',
			other USING ERRCODE = 'unique_violation';
	END IF;
	IF old.recorder IS NULL OR old.retired_at IS NOT NULL THEN
		result := 'enrolled';
	ELSIF (old.vid, old.pid, old.serial, old.officer, old.unit)
			IS DISTINCT FROM (a_vid, a_pid, a_serial, a_officer, a_unit) THEN
		result := 'changed';
	END IF;
	IF result <> 'unchanged' THEN
		INSERT INTO recorder (recorder, revision, vid, pid, serial, officer, unit,
				      reason, enrolled_by)
		VALUES (a_recorder, coalesce(old.revision, 0) + 1, a_vid, a_pid, a_serial,
			a_officer, a_unit, a_reason, a_by);
	END IF;
	IF a_key IS NOT NULL AND key_add(a_recorder, a_key_id, a_key, NULL, NULL, a_reason, a_by)
			AND result = 'unchanged' THEN
		result := 'changed';
	END IF;
	RETURN result;
END
$$;

CREATE FUNCTION dv.retire(a_recorder text, a_reason text, a_by text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_revision integer;
BEGIN
	PERFORM recorder_changing();
	SELECT revision INTO a_revision FROM recorder_current
	WHERE recorder = a_recorder AND retired_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'recorder % is not enrolled: look at the list of recorders', a_recorder
			USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO recorder_retired (recorder, revision, reason, retired_by)
	VALUES (a_recorder, a_revision, a_reason, a_by);
END
$$;

-- What dockd keeps in memory: one row a recorder and key, at least one a recorder.
CREATE FUNCTION dv.recorders()
	RETURNS TABLE (recorder text, vid integer, pid integer, serial text, officer text,
		       unit text, key_id text, key text, from_ms bigint, to_ms bigint,
		       revoked_ms bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT r.recorder::text, r.vid, r.pid, r.serial, r.officer::text, r.unit::text,
		k.key_id, hex(k.key), epoch_ms(k.valid_from), epoch_ms(k.valid_to),
		epoch_ms(x.revoked_at)
	FROM recorder_current r
	LEFT JOIN recorder_key k ON k.recorder = r.recorder
	LEFT JOIN recorder_key_revoked x ON x.recorder = k.recorder AND x.key = k.key
	WHERE r.retired_at IS NULL
	ORDER BY r.recorder, k.added_at, k.key_id
$$;
