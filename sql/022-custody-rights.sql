-- Who may do what with 018 to 021, as 009 says it of the rest.

-- custodyd: these functions, and no table.
GRANT EXECUTE ON FUNCTION dv.log_lock(), dv.log_sequence(integer, text), dv.log_leaves(bigint, bigint),
	dv.log_signed(bigint, text, text), dv.log_head(), dv.log_state(text), dv.note_roles() TO dv_custody;
GRANT EXECUTE ON FUNCTION dv.log_finding(text, text, text, text, jsonb)
	TO dv_custody, dv_admin, dv_supervisor;
GRANT EXECUTE ON FUNCTION dv.note_config(text, text, text, text) TO dv_ingest, dv_custody, dv_admin;
GRANT EXECUTE ON FUNCTION dv.note_roles(), dv.login_failed(text, text, integer) TO dv_admin;

GRANT EXECUTE ON FUNCTION dv.do_act(text, text[], text, text, jsonb) TO dv_admin, dv_supervisor;
GRANT EXECUTE ON FUNCTION dv.erase_personal(bigint, text, text, text) TO dv_supervisor;

GRANT SELECT ON dv.custody_source, dv.custody_event, dv.custody_salt, dv.custody_entry,
	dv.custody_checkpoint, dv.custody_noted, dv.act TO dv_read;
GRANT EXECUTE ON FUNCTION dv.log_state(text) TO dv_read;
