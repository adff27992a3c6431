-- What is learned of a recorder at the dock and done to its card, and what a
-- person brings in place of one: observations, never changed.
--
-- Of these, dock_unlock and dock_import belong to a session's journal.  The
-- others may come in a note of their own, before the session they speak of
-- (RECORDS.md); they refer to none, so that a note is never refused for it.

CREATE DOMAIN dv.ledger_text AS text
	CHECK (octet_length(VALUE) <= 524288);
-- As found: of an MTP object without a name nothing at all.
CREATE DOMAIN dv.card_path AS bytea
	CHECK (octet_length(VALUE) <= 1024);	-- LISTING_PATH_MAX

-- An import is a session without a device.
ALTER TABLE dv.dock_session ALTER COLUMN vid DROP NOT NULL, ALTER COLUMN pid DROP NOT NULL,
	ADD CONSTRAINT dock_session_device CHECK ((vid IS NULL) = (pid IS NULL));
CREATE INDEX dock_session_slot ON dv.dock_session (station, slot, started_at);

-- What no recorder is known for: no recorder may be called that.
ALTER TABLE dv.recorder ADD CONSTRAINT recorder_not_import CHECK (recorder <> 'IMPORT') NOT VALID;

-- A note's findings may come before the session they name.
ALTER TABLE dv.finding DROP CONSTRAINT finding_session_fkey;

ALTER TABLE dv.day_summary ADD COLUMN imported bigint NOT NULL DEFAULT 0;	-- segments

CREATE TABLE dv.dock_unlock (
	session		uuid PRIMARY KEY REFERENCES dv.dock_session,
	unlocked_at	timestamptz NOT NULL,
	model		dv.words NOT NULL,
	vid		integer NOT NULL CHECK (vid BETWEEN 0 AND 65535),	-- before
	pid		integer NOT NULL CHECK (pid BETWEEN 0 AND 65535),
	serial		dv.words,
	manufacturer	dv.words,
	product		dv.words,
	recorded_at	timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dv.dock_import (
	session		uuid PRIMARY KEY REFERENCES dv.dock_session,
	imported_at	timestamptz NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('folder', 'image', 'file')),
	source		dv.words NOT NULL,
	by		text NOT NULL CHECK (btrim(by) <> '' AND length(by) <= 500),
	officer		dv.ident,
	unit		dv.ident,
	"case"		dv.words,
	reason		text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 500),
	recorded_at	timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dv.dock_check (
	session		uuid NOT NULL,
	phase		text NOT NULL CHECK (phase IN ('dock', 'ready', 'undock')),
	checked_at	timestamptz NOT NULL,
	recorder	dv.ident NOT NULL,
	station		dv.ident NOT NULL,
	battery		integer CHECK (battery BETWEEN 0 AND 100),	-- percent; null: unknown
	free		dv.counter,
	capacity	dv.counter,
	clock_offset_ms	bigint,			-- device less dock
	clock_uncertainty_ms dv.counter,
	clock_set	boolean NOT NULL,	-- in this session
	faults		dv.words[] NOT NULL CHECK (cardinality(faults) <= 64
				AND array_position(faults, NULL) IS NULL),
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, phase, checked_at)
);
CREATE INDEX dock_check_recorder ON dv.dock_check (recorder, checked_at);

-- The card ledger, in parts; it counts once all are there.
CREATE TABLE dv.card_inventory (
	session		uuid NOT NULL,
	part		integer NOT NULL CHECK (part >= 0),
	parts		integer NOT NULL CHECK (parts BETWEEN 1 AND 64),
	recorder	dv.ident NOT NULL,
	listed_at	timestamptz NOT NULL,
	files		dv.counter NOT NULL,		-- of the whole ledger
	entries		dv.ledger_text NOT NULL,
	blob		dv.address NOT NULL REFERENCES dv.blob,
	signature_blob	dv.address REFERENCES dv.blob,	-- null: none
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, part),
	CHECK (part < parts)
);
CREATE INDEX card_inventory_recorder ON dv.card_inventory (recorder, listed_at) WHERE part = 0;

CREATE TABLE dv.card_clearing (
	session		uuid NOT NULL,
	path_raw	dv.card_path NOT NULL,
	clearing_at	timestamptz NOT NULL,
	recorder	dv.ident NOT NULL,
	path		dv.words NOT NULL,
	size		dv.counter NOT NULL,
	blob		dv.address NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, path_raw, clearing_at)
);
CREATE INDEX card_clearing_recorder ON dv.card_clearing (recorder, clearing_at);

CREATE TABLE dv.card_cleared (
	session		uuid NOT NULL,
	path_raw	dv.card_path NOT NULL,
	cleared_at	timestamptz NOT NULL,
	recorder	dv.ident NOT NULL,
	path		dv.words NOT NULL,
	size		dv.counter NOT NULL,
	blob		dv.address NOT NULL,
	ok		boolean NOT NULL,
	why		dv.words,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, path_raw, cleared_at),
	CHECK (ok OR why IS NOT NULL)
);

CREATE TABLE dv.card_challenge (
	session		uuid NOT NULL,
	nonce		dv.address NOT NULL,
	challenged_at	timestamptz NOT NULL,
	recorder	dv.ident NOT NULL,
	name		dv.words NOT NULL,
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, nonce)
);
CREATE INDEX card_challenge_recorder ON dv.card_challenge (recorder, challenged_at);

-- What the card did not give of a segment, sighting by sighting: the bytes are
-- zeros in the blob, and may be zeros on a card that gives them.
CREATE TABLE dv.segment_hole (
	session		uuid NOT NULL,
	segment		uuid NOT NULL,
	"offset"	dv.counter NOT NULL,
	size		dv.counter NOT NULL CHECK (size > 0),
	recorded_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (session, segment, "offset"),
	FOREIGN KEY (session, segment) REFERENCES dv.segment_seen
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY[
	'dv.dock_unlock', 'dv.dock_import', 'dv.dock_check', 'dv.card_inventory',
	'dv.card_clearing', 'dv.card_cleared', 'dv.card_challenge', 'dv.segment_hole']) AS t;
