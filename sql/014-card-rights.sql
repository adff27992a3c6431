-- Who may do what with 011 to 013, as 009 says it of the rest.

GRANT EXECUTE ON FUNCTION dv.ledger(uuid), dv.recorded(uuid, text[]), dv.stored(text, jsonb),
	dv.sweep_not_docked() TO dv_ingest;

GRANT SELECT ON dv.dock_unlock, dv.dock_import, dv.dock_check, dv.card_inventory,
	dv.card_clearing, dv.card_cleared, dv.card_challenge, dv.segment_hole,
	dv.recorder_check_list, dv.recorder_away, dv.inventory_list, dv.cleared_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.report_recorders(date, date, text, text) TO dv_read;
