-- The ground everything stands on: roles, the schema, the shapes of values.
--
-- Runs as whoever migrates: a superuser, or a role that owns the database and
-- may create roles.  Every later file runs as dv_owner.

-- Roles belong to the cluster, not to the database: another database of the
-- same cluster may have made them already.
DO $$
DECLARE
	a_role text;
BEGIN
	-- Own the objects, group the rights to read: nobody logs in as these.
	FOREACH a_role IN ARRAY ARRAY['dv_owner', 'dv_read'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = a_role) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', a_role);
		END IF;
	END LOOP;
	-- One for each program.  No passwords: the socket's peer says who calls.
	FOREACH a_role IN ARRAY ARRAY['dv_ingest', 'dv_admin', 'dv_supervisor'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = a_role) THEN
			EXECUTE format('CREATE ROLE %I LOGIN', a_role);
		END IF;
	END LOOP;
	IF NOT pg_has_role(current_user, 'dv_owner', 'MEMBER') THEN
		EXECUTE format('GRANT dv_owner TO %I', current_user);
	END IF;
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO dv_ingest, dv_admin, dv_supervisor',
		       current_database());
END
$$;
GRANT dv_read TO dv_admin, dv_supervisor;

CREATE SCHEMA dv AUTHORIZATION dv_owner;
GRANT USAGE ON SCHEMA dv TO dv_ingest, dv_read;

SET LOCAL ROLE dv_owner;

-- PostgreSQL lets everyone execute a new function.  Here a right that nobody
-- granted is a right that nobody has.
ALTER DEFAULT PRIVILEGES FOR ROLE dv_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

COMMENT ON SCHEMA dv IS 'Dockvault: recorders, dock sessions, evidence, findings';

-- ---- shapes of what comes from outside; their texts are those of RECORDS.md ----

CREATE DOMAIN dv.ident AS text
	CHECK (VALUE ~ '^[A-Za-z0-9._-]{1,32}$');
-- What a device said: kept as it came, only not without end.
CREATE DOMAIN dv.words AS text
	CHECK (length(VALUE) <= 4096);
CREATE DOMAIN dv.moment AS text
	CHECK (VALUE ~ '^(20[0-9][0-9]|2100)-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$');
CREATE DOMAIN dv.digest_hex AS text
	CHECK (VALUE ~ '^[0-9a-f]{64}$');
CREATE DOMAIN dv.bytes_hex AS text
	CHECK (length(VALUE) <= 8192 AND length(VALUE) % 2 = 0 AND VALUE ~ '^[0-9a-f]*$');
-- A recorder counts in 64 bits without sign, which bigint does not hold.
CREATE DOMAIN dv.counter AS numeric(20, 0)
	CHECK (VALUE >= 0 AND VALUE <= 18446744073709551615);
CREATE DOMAIN dv.address AS bytea
	CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN dv.severity AS text
	CHECK (VALUE IN ('info', 'notice', 'warning', 'violation'));
CREATE DOMAIN dv.signature_verdict AS text
	CHECK (VALUE IN ('valid', 'invalid', 'key_unknown', 'key_revoked', 'unsigned'));
CREATE DOMAIN dv.digest_verdict AS text
	CHECK (VALUE IN ('ok', 'bad', 'not_claimed'));
CREATE DOMAIN dv.assurance AS text
	CHECK (VALUE IN ('signed_by_recorder', 'signed_in_media', 'sealed_at_dock', 'imported'));

-- ---- moments ----

-- The text of a moment everywhere outside the database.
CREATE FUNCTION dv.utc(t timestamptz) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION dv.epoch_ms(t timestamptz) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN floor(extract(epoch FROM t) * 1000)::bigint;

-- Days and months are cut where the bureau lives.
CREATE FUNCTION dv.day_of(t timestamptz) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (t AT TIME ZONE 'Asia/Shanghai')::date;

CREATE FUNCTION dv.day_start(d date) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN d::timestamp AT TIME ZONE 'Asia/Shanghai';

-- How long a segment is believed to last: a claimed length below nothing or
-- beyond a day is a wrong clock, not a recording.
CREATE FUNCTION dv.believed_ms(a_start timestamptz, a_end timestamptz) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN a_end - a_start BETWEEN interval '0' AND interval '24 hours'
		THEN dv.epoch_ms(a_end) - dv.epoch_ms(a_start) ELSE 0 END;

CREATE FUNCTION dv.hex(b bytea) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN encode(b, 'hex');

CREATE FUNCTION dv.unhex(t text) RETURNS bytea
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN decode(t, 'hex');

-- ---- append-only ----

CREATE FUNCTION dv.refuse_change() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '%.% is append-only: % is refused for every role',
		TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
		USING ERRCODE = 'insufficient_privilege';
END
$$;

-- By statement, so that it refuses even what would match no row.  On a
-- partition it has to be made again: statement triggers are not inherited.
-- ALWAYS: session_replication_role = replica would silence an ordinary one.
CREATE FUNCTION dv.make_append_only(a_table regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
		       'FOR EACH STATEMENT EXECUTE FUNCTION dv.refuse_change()', a_table);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', a_table);
END
$$;

-- ---- what was migrated ----

CREATE TABLE dv.schema_version (
	number		integer PRIMARY KEY CHECK (number > 0),
	name		text NOT NULL,
	sha256		bytea NOT NULL CHECK (octet_length(sha256) = 32),
	applied_at	timestamptz NOT NULL DEFAULT now(),
	applied_by	text NOT NULL DEFAULT session_user
);
SELECT dv.make_append_only('dv.schema_version');
COMMENT ON TABLE dv.schema_version IS
	'One row a migration; a file that changed after it was applied is refused by its sha256';
