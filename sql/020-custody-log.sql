-- What custodyd asks.

-- Only one sequences; others ask again and take over.  Held until the connection ends.
CREATE FUNCTION dv.log_lock() RETURNS boolean
	LANGUAGE sql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT pg_try_advisory_lock(25722, 0)
$$;

-- Give up to a_count events that have no place in the log yet the next ones, in order of their
-- numbers.
--
-- A number is taken before its transaction commits, so a lower one may show after a higher one has
-- its place.  Hence what has no place is looked for from a mark on, below which there can be none:
-- the greatest number of which is known that whoever took it or a lower one is over.  That is
-- learned in two steps, so that a long transaction delays the mark and nothing else:
--
-- 1.	Read the greatest number taken, `last`, then take a transaction id of one's own, `xid`.
--	An event's transaction had its id before it took the number (it had written the row that the
--	event is about), and ids are handed out in order: whoever took a number up to `last` has an
--	id below `xid`.
-- 2.	Once no transaction with an id below `xid` is going on (the oldest of a snapshot is not below
--	it), all of those have committed, and show in any later snapshot, or never will.  What has no
--	place up to `last` is then seen, and once it has one, `last` is the mark.
--
-- The mark, as LOW/LAST/XID, is the caller's to keep and to hand back; null: begin from nothing.
-- That costs one reading of all events, and what it then finds was never passed over by a mark that
-- somebody set.
--
-- Plans are kept for as long as a connection lasts, and statistics say nothing of a table that was
-- empty yesterday: so a table is read by its index, from the mark on, whatever they say.
CREATE FUNCTION dv.log_sequence(a_count integer, a_mark text DEFAULT NULL)
	RETURNS TABLE (size bigint, placed integer, mark text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp
	SET enable_seqscan = off SET enable_hashjoin = off AS $$
#variable_conflict use_column
DECLARE
	low bigint := coalesce(split_part(a_mark, '/', 1)::bigint, 0);
	a_last bigint := nullif(split_part(a_mark, '/', 2), '')::bigint;
	a_xid xid8 := nullif(split_part(a_mark, '/', 3), '')::xid8;
	old_size bigint;
	n integer;
	top bigint;
	most constant integer := least(a_count, 65536);
	settled boolean;
BEGIN
	PERFORM pg_advisory_xact_lock(25722, 1);
	-- With an id that was taken earlier, step 1 would prove nothing.
	IF a_xid IS NULL AND pg_current_xact_id_if_assigned() IS NULL THEN
		SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO a_last
		FROM custody_event_event_seq;
		-- Where nothing is new, no id is used up.
		a_xid := CASE WHEN a_last > low THEN pg_current_xact_id() END;
	END IF;
	-- In a statement of its own: the next one's snapshot is later.
	settled := a_xid IS NOT NULL AND pg_snapshot_xmin(pg_current_snapshot()) >= a_xid;
	SELECT coalesce(max(leaf_index) + 1, 0) INTO old_size FROM custody_entry;
	-- `x.event > low` follows from the rest: without it, all entries may be read each time.
	WITH next AS (
		SELECT e.event, row_number() OVER (ORDER BY e.event) - 1 AS i
		FROM (SELECT e.event FROM custody_event e
		      WHERE e.event > low AND NOT EXISTS (SELECT FROM custody_entry x
				WHERE x.event = e.event AND x.event > low)
		      ORDER BY e.event LIMIT most) AS e
	), placed AS (
		INSERT INTO custody_entry (leaf_index, event)
		SELECT old_size + i, event FROM next ORDER BY i
		RETURNING event
	)
	SELECT count(*), max(event) INTO n, top FROM placed;
	IF settled THEN
		-- All that there is, or all up to the last of them.
		low := greatest(low, CASE WHEN n < most THEN a_last ELSE least(top, a_last) END);
		IF low >= a_last THEN
			a_xid := NULL;
		END IF;
	END IF;
	RETURN QUERY SELECT old_size + n, n,
		concat(low, '/', CASE WHEN a_xid IS NOT NULL THEN a_last END, '/', a_xid);
END
$$;

-- Entries in order, from a_from on, below a_to.
CREATE FUNCTION dv.log_leaves(a_from bigint, a_to bigint)
	RETURNS TABLE (leaf_index bigint, event bigint, leaf text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp
	SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
	SELECT x.leaf_index, x.event, hex(e.leaf)
	FROM custody_entry x JOIN custody_event e USING (event)
	WHERE x.leaf_index >= a_from AND x.leaf_index < a_to
	ORDER BY x.leaf_index
$$;

-- What was signed.  Telling it again changes nothing; another root of one size is refused, and so
-- is a size that is not beyond the last.  True: new.
CREATE FUNCTION dv.log_signed(a_size bigint, a_root text, a_note text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	last custody_checkpoint;
BEGIN
	PERFORM pg_advisory_xact_lock(25722, 1);
	SELECT * INTO last FROM custody_checkpoint ORDER BY size DESC LIMIT 1;
	IF EXISTS (SELECT FROM custody_checkpoint
		   WHERE size = a_size AND root = unhex(a_root::digest_hex)) THEN
		RETURN false;
	END IF;
	IF a_size <= last.size THEN
		RAISE EXCEPTION 'the log was signed at size % with the root %: a root % of size % '
			'contradicts it', last.size, hex(last.root), a_root, a_size
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO custody_checkpoint (size, root, note)
	VALUES (a_size, unhex(a_root::digest_hex), a_note);
	RETURN true;
END
$$;

-- How far it is, without what waits: custodyd asks it before each signature.
CREATE FUNCTION dv.log_head()
	RETURNS TABLE (entries bigint, size bigint, root text, note text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT max(leaf_index) + 1 FROM custody_entry), 0), c.size, hex(c.root), c.note
	FROM (VALUES (0)) AS one
	LEFT JOIN (SELECT * FROM custody_checkpoint ORDER BY size DESC LIMIT 1) AS c ON true
$$;

-- How far it is: entries, what was signed last, and what waits for its place.  a_mark: as of
-- log_sequence, so that not all events are read.
CREATE FUNCTION dv.log_state(a_mark text DEFAULT NULL)
	RETURNS TABLE (entries bigint, size bigint, root text, note text, signed_at timestamptz,
		       waiting bigint, oldest_ms bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT max(leaf_index) + 1 FROM custody_entry), 0), c.size, hex(c.root), c.note,
		c.signed_at, w.n, w.oldest_ms
	FROM (SELECT count(*) AS n,
		     (extract(epoch FROM clock_timestamp() - min(e.recorded_at)) * 1000)::bigint AS oldest_ms
	      FROM custody_event e
	      WHERE e.event > coalesce(split_part(a_mark, '/', 1)::bigint, 0)
		AND NOT EXISTS (SELECT FROM custody_entry x WHERE x.event = e.event
			AND x.event > coalesce(split_part(a_mark, '/', 1)::bigint, 0))) AS w
	LEFT JOIN (SELECT * FROM custody_checkpoint ORDER BY size DESC LIMIT 1) AS c ON true
$$;
