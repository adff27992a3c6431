-- The scrub: copies are read again, what was read is compared, what is found is told.

-- ---- the scrub ----

-- What the custody log has of a blob's row, by its first event: 'good', 'changed', 'unlogged', or 'waiting',
-- without a place in the log for longer than a minute.
CREATE FUNCTION dv.blob_logged(b dv.blob) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
	e custody_event;
	l jsonb;
BEGIN
	-- Those of the key first, and then the first of them: never all events in their order.
	SELECT y.* INTO e FROM (SELECT * FROM custody_event x WHERE x.source = 'blob' AND x.key = hex(b.hash) OFFSET 0) AS y
	ORDER BY y.event LIMIT 1;
	IF NOT FOUND THEN
		RETURN 'unlogged';
	END IF;
	BEGIN
		l := convert_from(e.leaf, 'UTF8')::jsonb;
		IF (l ->> 'source' = 'blob' AND l ->> 'key' = hex(b.hash) AND l ->> 'event' = e.event::text
				AND l #>> '{row,hash}' = '\x' || hex(b.hash)
				AND l #>> '{row,size}' IS NOT DISTINCT FROM b.size::text
				AND (l #>> '{row,stored_at}')::timestamptz = b.stored_at) IS NOT TRUE THEN
			RETURN 'changed';
		END IF;
	EXCEPTION WHEN data_exception OR character_not_in_repertoire THEN
		RETURN 'changed';	-- it is no leaf at all
	END;
	IF e.recorded_at < now() - interval '60 seconds'
			AND NOT EXISTS (SELECT FROM custody_entry n WHERE n.event = e.event) THEN
		RETURN 'waiting';
	END IF;
	RETURN 'good';
END
$$;

-- How many, before a run's findings are told as one of its store: a store that lost a disk has millions.
CREATE FUNCTION dv.scrub_findings_max() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 1000;

-- The run of a scrub that is going on in this connection, or was and died.
CREATE FUNCTION dv.scrub_going(a_run uuid) RETURNS dv.scrub_open
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp AS $$
DECLARE
	o scrub_open;
BEGIN
	SELECT * INTO o FROM scrub_open WHERE run = a_run;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'scrub %: it is over: begin another (vaultctl scrub)', a_run
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN o;
END
$$;

-- Many copies that are not there, all of them the newest: the store was set back, and lost nothing by itself.
CREATE FUNCTION dv.scrub_set_back(o dv.scrub_open) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	first_gone timestamptz;
	gone bigint;
	newer bigint;
BEGIN
	IF o.missing < 10 THEN
		RETURN;
	END IF;
	SELECT min(b.recorded_at), count(*) INTO first_gone, gone FROM blob b
	WHERE b.hash IN (SELECT e.blob FROM copy_event e WHERE e.run = o.run AND e.kind = 'missing');
	SELECT count(*) INTO newer FROM blob b JOIN copy c ON c.store = o.store AND c.blob = b.hash
	WHERE b.recorded_at > first_gone AND c.state = 'present'
		AND NOT EXISTS (SELECT FROM copy_event e WHERE e.run = o.run AND e.kind = 'missing' AND e.blob = b.hash);
	-- Where nothing older is there either, it is a new disk.
	IF gone >= 10 AND newer * 10 <= gone AND EXISTS (SELECT FROM blob b JOIN copy c ON c.store = o.store
			AND c.blob = b.hash WHERE b.recorded_at < first_gone AND c.state = 'present') THEN
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'store_is_older', 'subject_kind', 'store',
			'subject', o.store, 'fact', o.run, 'at', utc(now()), 'detail', jsonb_build_object('run', o.run,
				'missing', gone, 'recorded_since', utc(first_gone))));
	END IF;
END
$$;

-- It is over: what there was of it, as a row that stays.
CREATE FUNCTION dv.scrub_close(o dv.scrub_open, a_interrupted boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM scrub_set_back(o);
	IF o.found > scrub_findings_max() THEN
		PERFORM raise_finding(NULL, jsonb_build_object('code', 'storage_damaged', 'subject_kind', 'store',
			'subject', o.store, 'fact', o.run, 'at', utc(now()), 'detail', jsonb_build_object('run', o.run,
				'damaged', o.damaged, 'missing', o.missing, 'unreadable', o.unreadable,
				'repaired', o.repaired, 'found', o.found)));
	END IF;
	INSERT INTO scrub_run (run, store, everything, interrupted, by, started_at, ended_at, checked, bytes, whole,
		damaged, missing, unreadable, repaired, made, extra)
	VALUES (o.run, o.store, o.everything, a_interrupted, o."by", o.started_at,
		CASE WHEN a_interrupted THEN o.told_at ELSE now() END, o.checked, o.bytes, o.whole, o.damaged, o.missing,
		o.unreadable, o.repaired, o.made, o.extra);
	DELETE FROM scrub_open WHERE run = o.run;
END
$$;

-- One scrub a store; its connection holds the store until it ends.  everything: not what is due alone; one that
-- was interrupted goes on where it was.  slack: how far ahead of its time what is due is taken.
CREATE FUNCTION dv.scrub_begin(a_store text, a_run uuid, a_everything boolean) RETURNS TABLE (resumed boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	o scrub_open;
BEGIN
	PERFORM require_keeper();
	IF NOT EXISTS (SELECT FROM store_current WHERE store = a_store) THEN
		RAISE EXCEPTION 'store %: there is none: enter it first (vaultctl store set), or look for it (vaultctl store list)',
			a_store USING ERRCODE = 'no_data_found';
	END IF;
	IF NOT pg_try_advisory_lock(25733, hashtext(a_store)) THEN
		RAISE EXCEPTION 'store %: another scrub of it is going on: wait for its end, or look at it (vaultctl scrub --report)',
			a_store USING ERRCODE = 'unique_violation';
	END IF;
	SELECT * INTO o FROM scrub_open WHERE store = a_store FOR UPDATE;
	IF FOUND THEN
		PERFORM scrub_close(o, true);
	END IF;
	resumed := o.everything AND a_everything AND o.since > now() - interval '30 days';
	INSERT INTO scrub_open (store, run, everything, since, by, started_at, told_at)
	VALUES (a_store, a_run, a_everything, CASE WHEN resumed THEN o.since ELSE now() END, session_user, now(), now());
	resumed := coalesce(resumed, false);
	RETURN NEXT;
END
$$;

-- Which copies a scrub looks at next.  By the index, whatever statistics say of a table that was small yesterday.
CREATE FUNCTION dv.scrub_due(o dv.scrub_open, a_limit integer, a_bad boolean) RETURNS bytea[]
	LANGUAGE plpgsql STABLE SET search_path = dv, pg_temp SET enable_seqscan = off SET enable_sort = off
	SET jit = off AS $$
DECLARE
	ahead interval;
BEGIN
	IF a_bad THEN
		RETURN ARRAY(SELECT c.blob::bytea FROM unnest(ARRAY['damaged', 'unreadable', 'missing', 'wanted']) AS bad
			CROSS JOIN LATERAL (SELECT n.blob FROM copy n WHERE n.store = o.store AND n.state = bad
				AND n.state <> 'present' AND (n.looked_at IS NULL OR n.looked_at < o.started_at)
				ORDER BY n.since LIMIT a_limit) AS c LIMIT a_limit);
	END IF;
	SELECT duration_of(s.reread) / 10 INTO ahead FROM store_current s WHERE s.store = o.store;
	RETURN ARRAY(SELECT c.blob::bytea FROM copy c
		WHERE c.store = o.store AND c.check_at IS NOT NULL
			AND (c.looked_at IS NULL OR c.looked_at < o.since
				OR (c.state <> 'present' AND c.looked_at < o.started_at))
			AND (o.everything OR c.check_at <= now() + CASE WHEN c.checked_at >= c.since THEN ahead
				ELSE least(ahead, interval '12 hours') END)
			AND c.check_at <= CASE WHEN o.everything THEN 'infinity' ELSE now() + ahead END
		ORDER BY c.check_at, c.blob LIMIT a_limit);
END
$$;

-- Some of what there is to look at, the longest unread first: what is due within twelve hours, if it is new, or
-- within a tenth of its period.  What is bad or owed is looked at once in each run over everything, resumed or
-- not; bad: those alone, due or not.  logged: dv.blob_logged().  leaving: it is disposed of; say 'leaving' of it.
CREATE FUNCTION dv.scrub_next(a_run uuid, a_limit integer, a_bad boolean DEFAULT false)
	RETURNS TABLE (blob text, size numeric, state text, sha256 text, sm3 text, logged text, leaving boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	o scrub_open;
	a_blobs bytea[];
	gone bytea[];
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	a_blobs := scrub_due(o, least(a_limit, 4096), a_bad);
	gone := ARRAY(SELECT * FROM leaving(a_blobs));
	RETURN QUERY
	SELECT hex(b.hash), b.size::numeric, c.state, hex(d.sha256), hex(d.sm3), blob_logged(b), b.hash = ANY (gone)
	FROM unnest(a_blobs) WITH ORDINALITY AS x(hash, i) JOIN blob b USING (hash)
	JOIN copy c ON c.store = o.store AND c.blob = b.hash
	LEFT JOIN blob_digest d ON d.blob = b.hash
	ORDER BY x.i;
END
$$;

-- One, whether it is due or not.
CREATE FUNCTION dv.scrub_one(a_run uuid, a_blob text)
	RETURNS TABLE (blob text, size numeric, state text, sha256 text, sm3 text, logged text, leaving boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	o scrub_open;
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	RETURN QUERY
	SELECT hex(b.hash), b.size::numeric, c.state, hex(d.sha256), hex(d.sm3), blob_logged(b),
		b.hash IN (SELECT * FROM leaving(ARRAY[b.hash::bytea]))
	FROM blob b JOIN copy c ON c.store = o.store AND c.blob = b.hash AND c.state <> 'removed'
	LEFT JOIN blob_digest d ON d.blob = b.hash WHERE b.hash = unhex(a_blob);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'blob %: store % is to have no copy of it', a_blob, o.store USING ERRCODE = 'no_data_found';
	END IF;
END
$$;

-- Some that are said to be there, by chance: a store that has none of them is not the one that is meant.
CREATE FUNCTION dv.scrub_sample(a_store text, a_count integer) RETURNS TABLE (blob text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp SET enable_seqscan = off
	SET jit = off AS $$
#variable_conflict use_column
BEGIN
	PERFORM require_keeper();
	RETURN QUERY
	SELECT DISTINCT hex(x.blob) FROM generate_series(1, least(a_count, 100)) AS i CROSS JOIN LATERAL (
		SELECT c.blob FROM copy c WHERE c.store = a_store AND c.state = 'present'
			AND c.blob >= sha256(convert_to(i || clock_timestamp()::text, 'UTF8')) ORDER BY c.blob LIMIT 1) AS x;
END
$$;

-- Before bytes are written: of these, those of which that may be.  Until the transaction ends nobody else
-- disposes of them.
CREATE FUNCTION dv.scrub_lock(a_run uuid, a_blobs jsonb) RETURNS TABLE (blob text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	o scrub_open;
	list bytea[] := ARRAY(SELECT unhex(x) FROM jsonb_array_elements_text(a_blobs) AS x);
	there bytea[];
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	-- Every store's, since a disposal takes all of them.
	PERFORM FROM copy c WHERE c.blob = ANY (list) ORDER BY c.blob, c.store FOR UPDATE;
	there := ARRAY(SELECT c.blob::bytea FROM copy c WHERE c.store = o.store AND c.blob = ANY (list)
		AND c.state <> 'removed');
	there := ARRAY(SELECT x FROM unnest(there) AS x EXCEPT SELECT * FROM leaving(there));
	RETURN QUERY SELECT hex(x) FROM unnest(there) AS x;
END
$$;

-- Null where a segment has the same bytes: whoever knew them beforehand could call evidence a trial's blob.
CREATE FUNCTION dv.is_drill(a_blob bytea) RETURNS uuid
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT drill FROM drill WHERE blob = a_blob AND NOT EXISTS (SELECT FROM segment s WHERE s.blob = a_blob)
	ORDER BY begun_at DESC LIMIT 1
$$;

-- Findings about copies: those of a drill are told as if they were real, and counted as what they are.
CREATE FUNCTION dv.storage_finding(a_code text, a_store text, a_blob bytea, a_fact text, a_detail jsonb)
	RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT jsonb_build_object('code', a_code, 'subject_kind', 'blob', 'subject', hex(a_blob), 'fact', a_fact,
		'at', utc(now()), 'severity', CASE WHEN is_drill(a_blob) IS NOT NULL THEN 'notice' END,
		'detail', a_detail || jsonb_strip_nulls(jsonb_build_object('store', a_store, 'drill', is_drill(a_blob),
			'segments', (SELECT jsonb_agg(x.segment) FROM (SELECT s.segment FROM segment s
				WHERE s.blob = a_blob LIMIT 5) AS x))))
$$;

-- One of a batch, and what is known of it.
CREATE TYPE dv.scrub_item AS (blob bytea, result text, was text, size numeric, found text, error text, sha256 bytea,
	sm3 bytea, source text, aside text, logged text,
	state text, recorded numeric, told_sha256 bytea, told_sm3 bytea);

-- What a batch brought: [{"blob": hex, "result": ..., "was": ..., "size": n, "found": hex, "error": text,
-- "sha256": hex, "sm3": hex, "from": store, "aside": name, "logged": ...}].  result: whole; damaged, missing,
-- unreadable; made or repaired (was: one of the three, or null), from another store; owed, not made; leaving.
-- found: the address of the bytes that were read.  How many findings were new.
CREATE FUNCTION dv.scrub_found(a_run uuid, list jsonb) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
	o scrub_open;
	findings jsonb := '[]';
	events jsonb := '[]';
	items scrub_item[];
	item scrub_item;
	a_reread interval;
	a_detail jsonb;
	raised bigint;
	keeping constant timestamptz := keeping_since();
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	IF jsonb_typeof(list) <> 'array' OR jsonb_array_length(list) NOT BETWEEN 1 AND 4096 THEN
		RAISE EXCEPTION 'scrub %: not a list of 1 to 4096', a_run USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT duration_of(reread) INTO a_reread FROM store_current WHERE store = o.store;
	items := ARRAY(
		SELECT ROW(b.hash, g.result, g.was, g.size, g.found, g.error, unhex(g.sha256), unhex(g.sm3), g."from",
			g.aside, g.logged, c.state, b.size, d.sha256, d.sm3)::scrub_item
		FROM jsonb_to_recordset(list) AS g(blob digest_hex, result text, was text, size numeric, found text,
			error text, sha256 digest_hex, sm3 digest_hex, "from" text, aside text, logged text)
		JOIN blob b ON b.hash = unhex(g.blob)
		JOIN copy c ON c.store = o.store AND c.blob = b.hash
		LEFT JOIN blob_digest d ON d.blob = b.hash
		WHERE c.state <> 'removed'
		ORDER BY b.hash FOR UPDATE OF c);

	FOR item IN SELECT * FROM unnest(items) WHERE result IN ('damaged', 'missing', 'unreadable', 'made', 'repaired')
			OR (result = 'whole' AND state <> 'present') ORDER BY blob LOOP
		a_detail := jsonb_strip_nulls(jsonb_build_object('size', item.size, 'found', item.found, 'error', item.error));
		IF coalesce(item.was, item.result) IN ('damaged', 'missing', 'unreadable')
				AND coalesce(item.was, item.result) <> item.state THEN
			events := events || jsonb_build_object('blob', hex(item.blob), 'kind', coalesce(item.was, item.result),
				'detail', a_detail);
		END IF;
		IF item.aside IS NOT NULL THEN
			events := events || jsonb_build_object('blob', hex(item.blob), 'kind', 'set_aside', 'detail',
				jsonb_build_object('as', item.aside) || a_detail);
		END IF;
		IF item.result IN ('made', 'repaired', 'whole') THEN
			events := events || jsonb_build_object('blob', hex(item.blob), 'kind', item.result, 'detail',
				jsonb_strip_nulls(jsonb_build_object('from', item.source)));
		END IF;
	END LOOP;
	PERFORM copy_events_note(o.store, a_run, events);

	INSERT INTO copy_read (run, number, store, whole, other)
	SELECT a_run, o.batches + 1, o.store,
		coalesce(string_agg(blob, '' ORDER BY blob) FILTER (WHERE result = 'whole'), ''),
		coalesce(string_agg(blob, '' ORDER BY blob) FILTER (WHERE result <> 'whole'), '')
	FROM unnest(items) HAVING count(*) > 0;
	UPDATE copy c SET looked_at = now(), checked_at = CASE WHEN x.result = 'whole' THEN now() ELSE c.checked_at END,
		check_at = copy_check_at(c.state, c.blob, c.since,
			CASE WHEN x.result = 'whole' THEN now() ELSE c.checked_at END, now(), a_reread,
			keeping_of(b.recorded_at, keeping))
	FROM unnest(items) AS x JOIN blob b ON b.hash = x.blob WHERE c.store = o.store AND c.blob = x.blob;
	INSERT INTO blob_digest (blob, sha256, sm3, run)
	SELECT blob, sha256, sm3, a_run FROM unnest(items)
	WHERE sha256 IS NOT NULL AND sm3 IS NOT NULL AND result IN ('whole', 'made', 'repaired')
	ON CONFLICT DO NOTHING;

	-- What the bytes are not, though their name says so, and what the records are not.
	SELECT coalesce(jsonb_agg(f), '[]') INTO findings FROM (
		SELECT storage_finding(CASE WHEN result = 'repaired' THEN 'storage_repaired' ELSE 'storage_damaged' END,
			o.store, blob, o.store || '/' || (SELECT max(e.event) FROM copy_event e WHERE e.store = o.store
				AND e.blob = b.blob), jsonb_strip_nulls(jsonb_build_object('run', a_run, 'was',
				coalesce(was, result), 'size', size, 'recorded_size', recorded, 'found', found, 'error', error,
				'from', source, 'aside', aside))) AS f
		FROM unnest(items) AS b
		WHERE result = 'repaired' OR (result IN ('damaged', 'missing', 'unreadable') AND state <> result)
		UNION ALL
		SELECT storage_finding('storage_record_differs', o.store, blob, 'size', jsonb_build_object('run', a_run,
			'size', size, 'recorded_size', recorded))
		FROM unnest(items) WHERE result IN ('whole', 'made') AND size <> recorded
		UNION ALL
		SELECT storage_finding('storage_record_differs', o.store, blob, 'digest', jsonb_build_object('run', a_run,
			'sha256', hex(sha256), 'recorded_sha256', hex(told_sha256), 'sm3', hex(sm3), 'recorded_sm3',
			hex(told_sm3)))
		FROM unnest(items) WHERE result IN ('whole', 'made', 'repaired')
			AND (sha256 <> told_sha256 OR sm3 <> told_sm3)
		UNION ALL
		SELECT jsonb_build_object('code', CASE logged WHEN 'unlogged' THEN 'custody_row_unlogged'
				ELSE 'custody_row_changed' END, 'subject_kind', 'row', 'subject', 'blob/' || hex(blob), 'fact',
			CASE logged WHEN 'changed' THEN 'leaf' ELSE '' END, 'at', utc(now()), 'detail',
			jsonb_build_object('run', a_run, 'store', o.store))
		FROM unnest(items) WHERE logged IN ('unlogged', 'changed')
		UNION ALL	-- the log's program stands still: one for all of them
		SELECT jsonb_build_object('code', 'custody_event_waiting', 'subject_kind', 'store', 'subject', o.store,
			'fact', today(), 'at', utc(now()), 'detail', jsonb_build_object('run', a_run, 'blobs', count(*)))
		FROM unnest(items) WHERE logged = 'waiting' HAVING count(*) > 0) AS y;
	raised := jsonb_array_length(findings);
	IF o.found + raised <= scrub_findings_max() THEN
		PERFORM raise_findings(NULL, findings);
	END IF;
	UPDATE scrub_open u SET told_at = now(), batches = u.batches + 1, found = u.found + raised,
		checked = u.checked + n.checked, bytes = u.bytes + n.bytes, whole = u.whole + n.whole,
		damaged = u.damaged + n.damaged, missing = u.missing + n.missing,
		unreadable = u.unreadable + n.unreadable, repaired = u.repaired + n.repaired, made = u.made + n.made
	FROM (SELECT count(*) FILTER (WHERE result NOT IN ('owed', 'leaving')) AS checked, coalesce(sum(size), 0) AS bytes,
			count(*) FILTER (WHERE result = 'whole') AS whole,
			count(*) FILTER (WHERE coalesce(was, result) = 'damaged') AS damaged,
			count(*) FILTER (WHERE coalesce(was, result) = 'missing') AS missing,
			count(*) FILTER (WHERE coalesce(was, result) = 'unreadable') AS unreadable,
			count(*) FILTER (WHERE result = 'repaired') AS repaired,
			count(*) FILTER (WHERE result = 'made') AS made
	      FROM unnest(items)) AS n
	WHERE u.run = a_run;
	RETURN raised;
END
$$;

-- Of the files that lie in a store, those that no record names, or whose copy was removed.
CREATE FUNCTION dv.scrub_unrecorded(a_run uuid, a_blobs jsonb) RETURNS TABLE (blob text, removed boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	o scrub_open;
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	RETURN QUERY
	SELECT x, b.hash IS NOT NULL FROM jsonb_array_elements_text(a_blobs) AS x
	LEFT JOIN blob b ON b.hash = unhex(x::digest_hex)
	LEFT JOIN copy c ON c.store = o.store AND c.blob = b.hash
	WHERE b.hash IS NULL OR c.state = 'removed';
END
$$;

-- What of these is told, and how many there were: [{"name": hex or path, "kind": "unlogged" | "foreign" |
-- "removed"}], of at most 1000.  log_size: what the custody log's files have of leaves; null: not known.
CREATE FUNCTION dv.scrub_extra(a_run uuid, list jsonb, a_extra bigint, a_log_size bigint) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	o scrub_open;
	entries bigint;
	n integer;
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	IF jsonb_typeof(list) <> 'array' OR jsonb_array_length(list) > scrub_findings_max() THEN
		RAISE EXCEPTION 'scrub %: not a list of at most %', a_run, scrub_findings_max()
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	n := raise_findings(NULL, (SELECT coalesce(jsonb_agg(jsonb_build_object(
		'code', CASE x.value ->> 'kind' WHEN 'removed' THEN 'storage_left_over' ELSE 'blob_unlogged' END,
		'subject_kind', 'blob', 'subject', left(x.value ->> 'name', 160),
		'fact', CASE x.value ->> 'kind' WHEN 'removed' THEN o.store ELSE x.value ->> 'kind' END, 'at', utc(now()),
		'detail', jsonb_build_object('store', o.store, 'run', a_run))), '[]')
		FROM jsonb_array_elements(list) AS x(value)));
	SELECT coalesce(max(leaf_index) + 1, 0) INTO entries FROM custody_entry;
	IF a_log_size > entries THEN
		n := n + raise_findings(NULL, jsonb_build_array(jsonb_build_object('code', 'catalog_is_older',
			'subject_kind', 'store', 'subject', o.store, 'fact', entries || '/' || a_log_size, 'at', utc(now()),
			'detail', jsonb_build_object('run', a_run, 'log_size', a_log_size, 'entries', entries, 'extra', a_extra))));
	END IF;
	UPDATE scrub_open SET extra = a_extra, told_at = now() WHERE run = a_run;
	RETURN n;
END
$$;

CREATE FUNCTION dv.scrub_end(a_run uuid) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	o scrub_open;
BEGIN
	PERFORM require_keeper();
	o := scrub_going(a_run);
	PERFORM scrub_close(o, false);
	PERFORM pg_advisory_unlock(25733, hashtext(o.store));
END
$$;

-- When everything was last looked through for what no record names.
CREATE FUNCTION dv.scrub_walked_at(a_store text) RETURNS timestamptz
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT max(ended_at) FROM scrub_run WHERE store = a_store AND extra IS NOT NULL
$$;

CREATE FUNCTION dv.store_names() RETURNS TABLE (store text, holds text, walked_at text)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM require_keeper();
	RETURN QUERY SELECT c.store::text, c.holds, utc(scrub_walked_at(c.store)) FROM store_current c
	ORDER BY c.store <> 'vault', c.store;
END
$$;

-- ---- copies that nobody looked at ----

-- For alertd: one finding a store and day, not one a blob.  raised: how many; next_ms: when there will be
-- something to find if nobody scrubs until then.
CREATE FUNCTION dv.scrub_watch() RETURNS TABLE (raised bigint, next_ms bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	s record;
	late timestamptz;
	owed timestamptz;
	n integer;
	a_day date := today();
	a_next timestamptz;
BEGIN
	raised := 0;
	FOR s IN SELECT c.store, duration_of(c.reread) AS reread, h.since AS begun FROM store_current c
		 LEFT JOIN stores_holding() h USING (store) LOOP
		-- The clock that says a day was lived through is the one that is asked; a day's grace, since a
		-- machine is off over night.
		SELECT min(c.check_at) + interval '24 hours' INTO late FROM copy c
		WHERE c.store = s.store AND c.check_at IS NOT NULL AND c.state = 'present';
		SELECT min(c.since + CASE WHEN c.since = s.begun THEN s.reread ELSE interval '24 hours' END) INTO owed
		FROM copy c WHERE c.store = s.store AND c.state = 'wanted';
		IF late <= now() THEN
			SELECT count(*) INTO n FROM (SELECT FROM copy c WHERE c.store = s.store AND c.state = 'present'
				AND c.check_at <= now() - interval '24 hours' LIMIT 100000) AS x;
			raised := raised + raise_findings(NULL, jsonb_build_array(jsonb_build_object('code', 'scrub_overdue',
				'subject_kind', 'store', 'subject', s.store, 'fact', a_day, 'at', utc(now()), 'detail',
				jsonb_build_object('copies', n, 'more', n = 100000, 'since', utc(late)))));
			late := day_start(a_day + 1);
		END IF;
		IF owed <= now() THEN
			SELECT count(*) INTO n FROM (SELECT FROM copy c WHERE c.store = s.store AND c.state = 'wanted'
				AND c.since + CASE WHEN c.since = s.begun THEN s.reread ELSE interval '24 hours' END <= now()
				LIMIT 100000) AS x;
			raised := raised + raise_findings(NULL, jsonb_build_array(jsonb_build_object('code', 'copy_missing',
				'subject_kind', 'store', 'subject', s.store, 'fact', a_day, 'at', utc(now()), 'detail',
				jsonb_build_object('copies', n, 'more', n = 100000, 'since', utc(owed)))));
			owed := day_start(a_day + 1);
		END IF;
		a_next := least(a_next, late, owed);
	END LOOP;
	next_ms := epoch_ms(a_next);
	RETURN NEXT;
END
$$;
