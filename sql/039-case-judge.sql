-- What the checklist of a case lacks, found: when it is concluded, and when what an action itself has to
-- be is entered and is not so.  Rows with a deadline of their own are 027's, recordings 028's.

-- Derived: cases whose checklist is looked at when the transaction that touched them commits, once each
-- however much it did, and as it left them.
CREATE TABLE dv.case_touched (
	"case"		text PRIMARY KEY
);
COMMENT ON TABLE dv.case_touched IS 'Derived from what changes a case; empty between transactions';
SELECT dv.show_rows('dv.case_touched');

-- How many findings are new.
CREATE FUNCTION dv.case_judge(a_case text) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	k record;
	a_unit text := (SELECT unit FROM case_file WHERE "case" = a_case ORDER BY revision DESC LIMIT 1);
	n integer := 0;
BEGIN
	FOR k IN SELECT * FROM case_check(a_case) c
		 WHERE c.state IN ('missing', 'incomplete', 'unsigned') AND c.code <> 'step_overdue'
		 ORDER BY c.due_at, c.requirement, c.action LOOP
		n := n + raise_finding(NULL, jsonb_build_object('code', k.code, 'unit', a_unit, 'case', a_case,
			'subject_kind', CASE WHEN k.action IS NULL THEN 'case' ELSE 'action' END,
			'subject', coalesce(k.action::text, a_case), 'fact', k.requirement,
			'at', utc(k.due_at), 'article', k.article, 'severity', k.severity,
			'requirement', k.requirement, 'requirement_version', k.version,
			'detail', k.what || jsonb_strip_nulls(jsonb_build_object('step', k.step))))::integer;
	END LOOP;
	RETURN n;
END
$$;

CREATE FUNCTION dv.case_judge_touched() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	DELETE FROM case_touched WHERE "case" = new."case";
	IF FOUND THEN
		PERFORM case_judge(new."case");
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER judged AFTER INSERT ON dv.case_touched DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION dv.case_judge_touched();

-- In one order, so that two transactions wait for one another and not in a circle.
CREATE FUNCTION dv.case_touch() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	cases text[];
BEGIN
	CASE TG_TABLE_NAME
	WHEN 'case_event' THEN
		SELECT array_agg(DISTINCT "case"::text) INTO cases FROM fresh WHERE kind IN ('concluded', 'not_taken_up');
	WHEN 'link' THEN
		SELECT array_agg(DISTINCT a."case"::text) INTO cases FROM fresh f JOIN action a USING (action)
		WHERE f.kind IN ('recording', 'segment');
	-- What is taken away, or said otherwise, once the case was judged is judged again: a paper that was there
	-- until then only would have answered for nothing.
	WHEN 'case_file' THEN
		SELECT array_agg(DISTINCT "case"::text) INTO cases FROM fresh
		WHERE revision > 1 AND case_state("case") <> 'open';
	WHEN 'document_withdrawn' THEN
		SELECT array_agg(DISTINCT d."case"::text) INTO cases FROM fresh JOIN document d USING (document)
		WHERE case_state(d."case") <> 'open';
	WHEN 'link_removed' THEN
		SELECT array_agg(DISTINCT a."case"::text) INTO cases FROM fresh JOIN link l USING (link)
		JOIN action a ON a.action = l.action AND a.revision = 1 WHERE case_state(a."case") <> 'open';
	ELSE
		SELECT array_agg(DISTINCT a."case"::text) INTO cases FROM fresh f JOIN action a USING (action, revision)
		WHERE a.end_at IS NOT NULL;
	END CASE;
	INSERT INTO case_touched SELECT c FROM unnest(cases) AS c ORDER BY c ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER touched AFTER INSERT ON dv.case_event REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
CREATE TRIGGER touched AFTER INSERT ON dv.action_officer REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
CREATE TRIGGER touched AFTER INSERT ON dv.link REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
CREATE TRIGGER touched AFTER INSERT ON dv.case_file REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
CREATE TRIGGER touched AFTER INSERT ON dv.document_withdrawn REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
CREATE TRIGGER touched AFTER INSERT ON dv.link_removed REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.case_touch();
ALTER TABLE dv.case_file ENABLE ALWAYS TRIGGER touched;
ALTER TABLE dv.document_withdrawn ENABLE ALWAYS TRIGGER touched;
ALTER TABLE dv.link_removed ENABLE ALWAYS TRIGGER touched;
ALTER TABLE dv.case_touched ENABLE ALWAYS TRIGGER judged;
ALTER TABLE dv.case_event ENABLE ALWAYS TRIGGER touched;
ALTER TABLE dv.action_officer ENABLE ALWAYS TRIGGER touched;
ALTER TABLE dv.link ENABLE ALWAYS TRIGGER touched;
