-- What came in before, and what the dock removed, is told by its time of change,
-- too: a recorder that uses its names again, with files of one size, puts
-- another recording where the stored one was.

ALTER TABLE dv.card_clearing ADD COLUMN modified text CHECK (length(modified) <= 64);
ALTER TABLE dv.card_cleared ADD COLUMN modified text CHECK (length(modified) <= 64);

CREATE OR REPLACE FUNCTION dv.take_clearing(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO card_clearing (session, path_raw, clearing_at, recorder, path, size, modified,
		blob)
	SELECT a_session, unhex(path_raw), at::timestamptz, recorder, path, size, modified,
		unhex(blob)
	FROM jsonb_to_record(r) AS x(recorder ident, at moment, path words, path_raw bytes_hex,
		size counter, modified text, blob digest_hex)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$$;

CREATE OR REPLACE FUNCTION dv.take_cleared(a_session uuid, r jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO card_cleared (session, path_raw, cleared_at, recorder, path, size, modified,
		blob, ok, why)
	SELECT a_session, unhex(path_raw), at::timestamptz, recorder, path, size, modified,
		unhex(blob), ok, why
	FROM jsonb_to_record(r) AS x(recorder ident, at moment, path words, path_raw bytes_hex,
		size counter, modified text, blob digest_hex, ok boolean, why words)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM raise_findings(a_session, r -> 'findings');
	RETURN true;
END
$$;

CREATE OR REPLACE VIEW dv.cleared_list AS
SELECT c.recorder, c.session, c.path, dv.hex(c.path_raw) AS path_raw, c.size,
	dv.hex(c.blob) AS blob, c.clearing_at, d.cleared_at, d.ok, d.why, c.recorded_at, c.modified
FROM dv.card_clearing c
LEFT JOIN LATERAL (
	SELECT x.cleared_at, x.ok, x.why FROM dv.card_cleared x
	WHERE x.session = c.session AND x.path_raw = c.path_raw AND x.cleared_at >= c.clearing_at
	ORDER BY x.cleared_at LIMIT 1
) AS d ON true;

-- As 013 has it, but that it tells the time of change.
DROP FUNCTION dv.ledger(uuid);
CREATE FUNCTION dv.ledger(a_session uuid)
	RETURNS TABLE (what text, part integer, entries text, path text, path_raw text,
		       size numeric, modified text, ok boolean)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
DECLARE
	this dock_session;
	before dock_session;
BEGIN
	SELECT * INTO this FROM dock_session s WHERE s.session = a_session;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'session % is not recorded', a_session
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT s.* INTO before FROM inventory_list l JOIN dock_session s USING (session)
	WHERE l.recorder = this.recorder AND l.complete AND s.started_at < this.started_at
	ORDER BY s.started_at DESC, s.session LIMIT 1;
	RETURN QUERY
	SELECT CASE WHEN i.session = a_session THEN 'now' ELSE 'before' END, i.part, i.entries::text,
		NULL::text, NULL::text, NULL::numeric, NULL::text, NULL::boolean
	FROM card_inventory i JOIN inventory_list l USING (session)
	WHERE i.session IN (a_session, before.session) AND i.recorder = this.recorder AND l.complete
	ORDER BY 1, 2;
	RETURN QUERY
	SELECT 'cleared', NULL::integer, NULL::text, c.path::text, c.path_raw, c.size::numeric,
		c.modified, c.ok
	FROM cleared_list c
	WHERE c.recorder = this.recorder AND c.clearing_at >= before.started_at
	ORDER BY c.clearing_at DESC, c.path_raw LIMIT 65536;
END
$$;
GRANT EXECUTE ON FUNCTION dv.ledger(uuid) TO dv_ingest;

-- As 013 has it, but of {path, size, modified}: where either side does not know
-- a time of change, the rest has to do.
CREATE OR REPLACE FUNCTION dv.stored(a_recorder text, a_files jsonb)
	RETURNS TABLE (i integer, cleared boolean)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	WITH f AS MATERIALIZED (
		SELECT value ->> 'path' AS path, (value ->> 'size')::numeric AS size,
			value ->> 'modified' AS modified, ordinality AS place
		FROM jsonb_array_elements(a_files) WITH ORDINALITY
	)
	SELECT f.place::integer - 1,
		f.place IN (SELECT x.place FROM f x
			    JOIN cleared_list c ON c.path::text = x.path AND c.size::numeric = x.size
			    WHERE c.recorder = a_recorder AND c.ok IS NOT false
				AND coalesce(c.modified = x.modified, true))
	FROM f
	WHERE f.place IN (SELECT x.place FROM f x
			  JOIN segment g ON g.path::text = x.path AND g.size::numeric = x.size
			  WHERE g.recorder = a_recorder
				AND coalesce(g.claim_modified = x.modified, true))
	ORDER BY 1
$$;
