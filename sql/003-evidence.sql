-- Dock sessions and what they brought: observations, never changed.

CREATE TABLE dv.dock_session (
	session		uuid PRIMARY KEY,
	station		dv.ident NOT NULL,
	slot		dv.ident NOT NULL,
	port		dv.ident NOT NULL,
	vid		integer NOT NULL CHECK (vid BETWEEN 0 AND 65535),
	pid		integer NOT NULL CHECK (pid BETWEEN 0 AND 65535),
	serial		dv.words,
	manufacturer	dv.words,
	product		dv.words,
	-- No foreign key from evidence to recorder: what was docked was docked, even when
	-- the catalog was restored from a time before the enrolment.
	recorder	dv.ident,		-- null: unknown device
	unit		dv.ident,		-- the recorder's, then
	officer		dv.ident,
	started_at	timestamptz NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dock_session_recorder ON dv.dock_session (recorder, started_at);
CREATE INDEX dock_session_started ON dv.dock_session (started_at);

CREATE TABLE dv.dock_session_listed (
	session		uuid PRIMARY KEY REFERENCES dv.dock_session,
	listed_at	timestamptz NOT NULL,
	card		jsonb NOT NULL CHECK (jsonb_typeof(card) = 'object'),
	files		dv.counter NOT NULL,
	bytes		dv.counter NOT NULL,
	deleted		dv.counter NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dv.dock_session_end (
	session		uuid PRIMARY KEY REFERENCES dv.dock_session,
	ended_at	timestamptz NOT NULL,
	outcome		text NOT NULL CHECK (outcome IN ('released', 'interrupted', 'refused', 'fault')),
	reason		dv.words,
	planned		dv.counter NOT NULL,
	stored		dv.counter NOT NULL,
	known		dv.counter NOT NULL,
	failed		dv.counter NOT NULL,
	bytes		dv.counter NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dv.dock_session_judged (
	session		uuid PRIMARY KEY REFERENCES dv.dock_session,
	findings	integer NOT NULL,	-- how many the chain gave, new or not
	judged_at	timestamptz NOT NULL DEFAULT now()
);

-- Apart from the segments: a partitioned table cannot keep a hash unique.
CREATE TABLE dv.blob (
	hash		dv.address PRIMARY KEY,
	size		dv.counter,		-- null: a sidecar, whose size no record tells
	stored_at	timestamptz NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now()
);

-- What a sidecar says: claims.  Whether they are believed is in manifest_seen,
-- since a key may be enrolled after the first docking.
CREATE TABLE dv.manifest (
	recorder	dv.ident NOT NULL,	-- on whose card it was found
	manifest	dv.address NOT NULL,	-- address of the .bwm
	kind		text CHECK (kind IN ('segment', 'inventory', 'event')),	-- null: not parsable
	device		dv.words,
	firmware	dv.words,
	rec		uuid,
	seq		dv.counter,
	dseq		dv.counter,
	prev		dv.address,
	start_at	timestamptz,
	end_at		timestamptz,
	clock		text,
	boot		dv.counter,
	mono_start_ms	dv.counter,
	mono_end_ms	dv.counter,
	officer		dv.words,
	size		dv.counter,
	last		boolean,
	end_reason	text,
	media_name	dv.words,
	media_blake2b	dv.address,
	media_sha256	dv.address,
	marks		jsonb,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (recorder, manifest),
	CHECK (kind IS NULL OR (dseq IS NOT NULL AND prev IS NOT NULL)),
	CHECK (kind IS DISTINCT FROM 'segment' OR (rec IS NOT NULL AND seq IS NOT NULL
		AND start_at IS NOT NULL AND end_at IS NOT NULL AND media_blake2b IS NOT NULL))
);
CREATE INDEX manifest_dseq ON dv.manifest (recorder, dseq);
CREATE INDEX manifest_rec ON dv.manifest (recorder, rec);
CREATE INDEX manifest_media ON dv.manifest (recorder, media_blake2b);

CREATE TABLE dv.manifest_seen (
	session		uuid NOT NULL REFERENCES dv.dock_session,
	recorder	dv.ident NOT NULL,
	manifest	dv.address NOT NULL,
	path_raw	bytea NOT NULL,
	path		dv.words NOT NULL,
	signature_blob	dv.address,		-- null: there was no .minisig
	signature	dv.signature_verdict NOT NULL,
	key_id		text CHECK (key_id ~ '^[0-9A-F]{16}$'),
	seen_at		timestamptz NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, recorder, manifest, path_raw),
	FOREIGN KEY (recorder, manifest) REFERENCES dv.manifest
);
CREATE INDEX manifest_seen_manifest ON dv.manifest_seen (recorder, manifest);

CREATE TABLE dv.recording (
	recorder	dv.ident NOT NULL,
	recording	uuid NOT NULL,
	session		uuid NOT NULL REFERENCES dv.dock_session,	-- that brought its first segment
	unit		dv.ident,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (recorder, recording)
);
CREATE INDEX recording_recorded ON dv.recording (recorded_at);
CREATE INDEX recording_recording ON dv.recording (recording);

-- Keeps a segment's id unique across partitions, and says in which one it is.
CREATE TABLE dv.segment_place (
	segment		uuid PRIMARY KEY,
	placed_at	timestamptz NOT NULL
);

-- The first time a segment came in.  Later sightings are in segment_seen.
CREATE TABLE dv.segment (
	segment		uuid NOT NULL,
	placed_at	timestamptz NOT NULL,	-- start_at, or stored_at when that is not known
	recorder	dv.ident NOT NULL,
	recording	uuid NOT NULL,
	seq		dv.counter NOT NULL,
	session		uuid NOT NULL REFERENCES dv.dock_session,
	unit		dv.ident,		-- the recorder's at that time
	path		dv.words NOT NULL,
	path_raw	bytea NOT NULL,
	size		dv.counter NOT NULL,
	blob		dv.address NOT NULL REFERENCES dv.blob,
	fingerprint	dv.address NOT NULL,
	stored_at	timestamptz NOT NULL,
	start_at	timestamptz,
	end_at		timestamptz,
	time_source	text NOT NULL CHECK (time_source IN ('manifest', 'directory', 'none')),
	claim_created	text CHECK (length(claim_created) <= 64),	-- as the device wrote it
	claim_modified	text CHECK (length(claim_modified) <= 64),
	claim_accessed	text CHECK (length(claim_accessed) <= 64),
	officer		dv.words,
	assurance	dv.assurance NOT NULL,
	signature	dv.signature_verdict NOT NULL,
	digest		dv.digest_verdict NOT NULL,
	manifest	dv.address,
	seal_manifest	dv.address,		-- the dock's own sidecar
	seal_signature	dv.address,
	seal_dseq	dv.counter,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (segment, placed_at)
) PARTITION BY RANGE (placed_at);
CREATE INDEX segment_time ON dv.segment (recorder, placed_at);
CREATE INDEX segment_recording ON dv.segment (recorder, recording);
CREATE INDEX segment_blob ON dv.segment (blob);

-- A recorder's clock may say anything from 2000 to 2100.  What is far from now
-- lies here, so that a lying clock cannot make 1200 partitions.
CREATE TABLE dv.segment_other PARTITION OF dv.segment DEFAULT;

CREATE TABLE dv.segment_seen (
	session		uuid NOT NULL REFERENCES dv.dock_session,
	segment		uuid NOT NULL REFERENCES dv.segment_place,
	recorder	dv.ident NOT NULL,
	stored_at	timestamptz NOT NULL,
	manifest	dv.address,
	signature	dv.signature_verdict NOT NULL,
	digest		dv.digest_verdict NOT NULL,
	assurance	dv.assurance NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, segment)
);
CREATE INDEX segment_seen_segment ON dv.segment_seen (segment);
CREATE INDEX segment_seen_manifest ON dv.segment_seen (recorder, manifest);

-- Finds a stored file again without reading all of it (RECORDS.md, fingerprint).
CREATE TABLE dv.segment_known (
	recorder	dv.ident NOT NULL,
	fingerprint	dv.address NOT NULL,
	blob		dv.address NOT NULL REFERENCES dv.blob,
	size		dv.counter NOT NULL,
	PRIMARY KEY (recorder, fingerprint)
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY[
	'dv.dock_session', 'dv.dock_session_listed', 'dv.dock_session_end',
	'dv.dock_session_judged', 'dv.blob', 'dv.manifest', 'dv.manifest_seen', 'dv.recording',
	'dv.segment_place', 'dv.segment', 'dv.segment_other', 'dv.segment_seen',
	'dv.segment_known']) AS t;

-- Make the monthly partitions that these moments need.
--
-- Attaching locks the default partition against everyone, so it must be the
-- first thing that a transaction does with segments, or two of them could wait
-- for one another.  A month whose rows are in the default partition already
-- (its clock ran ahead, once) stays there: rows of evidence are not moved.
CREATE FUNCTION dv.ensure_months(moments timestamptz[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	month date;
	name text;
	low timestamptz;
	high timestamptz;
BEGIN
	FOR month IN SELECT DISTINCT date_trunc('month', day_of(m))::date
		     FROM unnest(moments) AS m
		     WHERE m >= now() - interval '2 years' AND m < now() + interval '1 month'
		     ORDER BY 1
	LOOP
		name := 'segment_' || to_char(month, 'YYYY_MM');
		CONTINUE WHEN to_regclass('dv.' || name) IS NOT NULL;
		PERFORM pg_advisory_xact_lock(25719, 0);
		CONTINUE WHEN to_regclass('dv.' || name) IS NOT NULL;	-- while waiting
		low := day_start(month);
		high := day_start((month + interval '1 month')::date);
		CONTINUE WHEN EXISTS (SELECT FROM segment_other
				      WHERE placed_at >= low AND placed_at < high);
		EXECUTE format('CREATE TABLE dv.%I PARTITION OF dv.segment FOR VALUES FROM (%L) TO (%L)',
			       name, low, high);
		PERFORM make_append_only(('dv.' || name)::regclass);
	END LOOP;
END
$$;
