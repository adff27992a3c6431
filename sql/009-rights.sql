-- Who may do what.  Whatever is not granted here (or in a later migration) is
-- refused; tests/sql/rights.sql holds the same table against the catalog.

-- dockd: these functions, and no table.
GRANT EXECUTE ON FUNCTION dv.ingest(jsonb), dv.known(text, text), dv.recorders(),
	dv.chain_context(uuid), dv.judge(uuid, jsonb) TO dv_ingest;

-- The admin and the supervisor read everything ...
GRANT SELECT ON ALL TABLES IN SCHEMA dv TO dv_read;
GRANT EXECUTE ON FUNCTION dv.utc(timestamptz), dv.epoch_ms(timestamptz), dv.day_of(timestamptz),
	dv.believed_ms(timestamptz, timestamptz), dv.day_start(date), dv.hex(bytea), dv.unhex(text), dv.officer_of(text), dv.timeline(text, date),
	dv.timeline_findings(text, date), dv.status(),
	dv.report_findings(date, date, text, text, integer),
	dv.report_recorders(date, date, text, text),
	dv.report_integrity(date, date, text, text, integer) TO dv_read;

-- ... and only the admin says which recorders there are.
GRANT EXECUTE ON FUNCTION
	dv.enroll(text, integer, integer, text, text, text, text, text, text, bytea),
	dv.retire(text, text, text),
	dv.key_add(text, text, bytea, timestamptz, timestamptz, text, text),
	dv.key_revoke(text, text, timestamptz, text, text) TO dv_admin;
