-- Cases: acts of enforcement, step by step, with the papers and recordings that belong to each.
--
-- Facts alone: what somebody entered, when and who.  A correction is a new revision or another
-- event; what a checklist makes of them is in 025, what deadlines in 027.

CREATE DOMAIN dv.case_kind AS text		-- Art. 2
	CHECK (VALUE IN ('licence', 'penalty', 'compulsion', 'levy', 'fee', 'inspection'));
CREATE DOMAIN dv.stage AS text			-- Art. 3
	CHECK (VALUE IN ('start', 'investigation', 'decision', 'execution', 'archive'));

CREATE TABLE dv.case_file (
	"case"		dv.ident NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	kind		dv.case_kind NOT NULL,
	origin		text NOT NULL CHECK (origin IN ('application', 'inspection', 'complaint',
				'transfer', 'own')),
	named		boolean NOT NULL,	-- the complaint was
	procedure	text NOT NULL CHECK (procedure IN ('general', 'simple')),
	urgent		boolean NOT NULL,	-- started before the approval (Art. 6)
	urgent_reason	dv.sentence,
	major		boolean NOT NULL,	-- the legal office is asked (Art. 6)
	contentious	boolean NOT NULL,	-- AV is advised (Art. 22)
	unit		dv.ident NOT NULL,
	title		dv.title NOT NULL,
	started_at	timestamptz NOT NULL,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY ("case", revision),
	CHECK (urgent = (urgent_reason IS NOT NULL)),
	CHECK (NOT named OR origin = 'complaint')
);

CREATE TABLE dv.case_officer (
	"case"		dv.ident NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	officer		dv.ident NOT NULL,
	lead		boolean NOT NULL,
	leaves		boolean NOT NULL,	-- the case is not theirs any more
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY ("case", number)
);

-- Who it is about.  Protected: policies and views of 032 say who reads it.
CREATE TABLE dv.party (
	"case"		dv.ident NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	kind		text NOT NULL CHECK (kind IN ('person', 'organisation')),
	role		text NOT NULL CHECK (role IN ('party', 'complainant', 'applicant', 'witness', 'other')),
	replaces	bigint,			-- the row that was wrong
	name		dv.title NOT NULL,
	identifier	dv.title,		-- identity card, credit code
	address		dv.title,
	phone		dv.title,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY ("case", number)
);

-- What happened to the case as a whole.  Where an event says until when something is due, due_at does.
CREATE TABLE dv.case_event (
	"case"		dv.ident NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	kind		text NOT NULL CHECK (kind IN (
				'stage',	-- detail.stage is entered
				'approved',	-- the start, by the head: detail opinions (Art. 6)
				'not_taken_up',	-- a complaint is not (Art. 7)
				'informed',	-- the complainant was (Art. 7)
				'decided',	-- the decision was made (Art. 20, 21)
				'served',	-- the decision was (Art. 23 to 27): detail.way
				'correction_ordered',	-- due_at: when it is looked at (Art. 28)
				'correction_checked',	-- detail.corrected
				'performed',	-- the decision was (Art. 28)
				'demanded',	-- written demand (Art. 29)
				'enforced',	-- detail.way (Art. 30)
				'court_applied',	-- Art. 31
				'concluded',	-- the act ended: 30 days from here (Art. 32)
				'archived',	-- by dv.case_archive alone
				'reopened',
				'note')),
	at		timestamptz NOT NULL,
	due_at		timestamptz,
	detail		jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(detail) = 'object'
				AND octet_length(detail::text) <= 65536),
	note		dv.sentence,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY ("case", number),
	CHECK (due_at > at),
	CHECK (kind <> 'correction_ordered' OR due_at IS NOT NULL)
);
CREATE INDEX case_event_kind ON dv.case_event (kind, "case");

-- One step of a case (执法环节): of which kind, when, where, who.
CREATE TABLE dv.action (
	action		uuid NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	"case"		dv.ident NOT NULL,
	stage		dv.stage NOT NULL,
	step		text NOT NULL CHECK (step ~ '^[a-z][a-z0-9_]{1,63}$'),	-- as dv.step has it (025)
	start_at	timestamptz NOT NULL,
	end_at		timestamptz,		-- null: under way
	place		dv.title NOT NULL,
	av_notice	boolean,		-- told beforehand that it is recorded; null: not said (Art. 12)
	av_unsuitable	dv.sentence,		-- why it is not to be recorded (Art. 11)
	withdrawn	boolean NOT NULL DEFAULT false,	-- entered by mistake
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (action, revision),
	CHECK (end_at > start_at),
	CHECK (end_at - start_at <= interval '31 days')
);
CREATE INDEX action_case ON dv.action ("case", action);
CREATE INDEX action_time ON dv.action (end_at);

-- Who was present at a revision of it, with what they showed (Art. 8).
CREATE TABLE dv.action_officer (
	action		uuid NOT NULL,
	revision	integer NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY UNIQUE,	-- what the log calls it by
	officer		dv.ident NOT NULL,
	certificate	dv.ident,		-- as noted in the record; null: not noted
	shown		boolean NOT NULL,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (action, revision, officer),
	FOREIGN KEY (action, revision) REFERENCES dv.action
);
CREATE INDEX action_officer_officer ON dv.action_officer (officer, action);

CREATE TABLE dv.document (
	document	uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"case"		dv.ident NOT NULL,	-- one case: another one's file has a copy of its own
	kind		text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{1,63}$'),	-- dv.document_kind (025)
	title		dv.title NOT NULL,
	number		dv.title,		-- as printed on it (文号)
	made_at		timestamptz NOT NULL,
	segment		uuid REFERENCES dv.segment_place,	-- the scan, imported; null: paper alone
	kept_where	dv.title,		-- the paper
	fields		jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(fields) = 'object'
				AND octet_length(fields::text) <= 65536),	-- name: text
	refusal		dv.sentence,		-- the party refused to answer or to give (Art. 10)
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (segment IS NOT NULL OR kept_where IS NOT NULL)
);
CREATE INDEX document_case ON dv.document ("case", kind);
CREATE INDEX document_segment ON dv.document (segment);	-- once, but for withdrawn ones
CREATE INDEX document_number ON dv.document (number);

CREATE TABLE dv.document_withdrawn (
	document	uuid PRIMARY KEY REFERENCES dv.document,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);

-- Who signed, or refused to, and who saw that.
CREATE TABLE dv.document_signature (
	document	uuid NOT NULL REFERENCES dv.document,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	signer		text NOT NULL CHECK (signer IN ('officer', 'party', 'present', 'witness', 'head',
				'unit_head', 'legal', 'server', 'recipient', 'other')),
	name		dv.title NOT NULL,
	signed_at	timestamptz,		-- null: refused
	refusal		dv.sentence,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (document, number),
	CHECK ((signed_at IS NULL) = (refusal IS NOT NULL))
);

-- A recording, a single segment or a document belongs to an action.
CREATE TABLE dv.link (
	link		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	action		uuid NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('recording', 'segment', 'document')),
	object		text NOT NULL CHECK (length(object) BETWEEN 1 AND 160),	-- RECORDER/RECORDING; UUID
	how		text NOT NULL CHECK (how IN ('hand', 'proposed')),	-- proposed, and a person took it
	why		dv.sentence NOT NULL,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX link_object ON dv.link (kind, object);
CREATE INDEX link_action ON dv.link (action);

CREATE TABLE dv.link_removed (
	link		uuid PRIMARY KEY REFERENCES dv.link,
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now()
);

-- A recording that is looked at and belongs to no case (training, a test): why.
CREATE TABLE dv.recording_review (
	recorder	dv.ident NOT NULL,
	recording	uuid NOT NULL,
	number		bigint GENERATED ALWAYS AS IDENTITY,
	verdict		text NOT NULL CHECK (verdict IN ('no_case', 'unrelated')),	-- unrelated: Art. 35 (4)
	why		dv.sentence NOT NULL,
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (recorder, recording, number)
);

-- The index of the file as it was archived, signed.  A case that was reopened is archived again.
CREATE TABLE dv.case_archive (
	"case"		dv.ident NOT NULL,
	revision	integer NOT NULL CHECK (revision > 0),
	index		bytea NOT NULL CHECK (octet_length(index) <= 67108864),	-- canonical JSON, sql/024
	sha256		bytea NOT NULL CHECK (octet_length(sha256) = 32),
	signature	text NOT NULL CHECK (octet_length(signature) <= 1024),	-- minisign, over index
	key_id		text NOT NULL CHECK (key_id ~ '^[0-9A-F]{16}$'),
	incomplete	jsonb NOT NULL,		-- what the checklist missed, and was archived without
	by		text NOT NULL DEFAULT session_user,
	archived_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY ("case", revision),
	CHECK (sha256 = sha256(index))
);

SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.case_file', 'dv.case_officer', 'dv.party',
	'dv.case_event', 'dv.action', 'dv.action_officer', 'dv.document', 'dv.document_withdrawn',
	'dv.document_signature', 'dv.link', 'dv.link_removed', 'dv.recording_review',
	'dv.case_archive']) AS t;

-- ---- custody ----

-- Personal besides who did it: parties, places, what people wrote, and titles, which name parties.
SELECT dv.log_acts('dv.case_file', 'case_changed', '{case,revision}', '{urgent_reason,title,reason,by}',
	'{case:case,unit:unit}');
SELECT dv.log_acts('dv.case_officer', 'case_officer_set', '{case,number}', '{officer,by}', '{case:case}');
SELECT dv.log_acts('dv.party', 'party_added', '{case,number}', '{name,identifier,address,phone,by}',
	'{case:case}');
SELECT dv.log_acts('dv.case_event', 'case_event', '{case,number}', '{detail,note,by}', '{case:case}');
SELECT dv.log_acts('dv.action', 'action_changed', '{action,revision}',
	'{place,av_unsuitable,reason,by}', '{action:action,case:case}');
SELECT dv.log_acts('dv.action_officer', 'action_officer_noted', '{action,number}',
	'{officer,certificate}', '{action:action}');
SELECT dv.log_acts('dv.document', 'document_added', '{document}', '{title,kept_where,fields,refusal,by}',
	'{case:case,document:document,segment:segment}');
SELECT dv.log_acts('dv.document_withdrawn', 'document_withdrawn', '{document}', '{reason,by}',
	'{document:document}');
SELECT dv.log_acts('dv.document_signature', 'document_signed', '{document,number}', '{name,refusal,by}',
	'{document:document}');
SELECT dv.log_acts('dv.link', 'linked', '{link}', '{why,by}', '{action:action,=kind:object}');
SELECT dv.log_acts('dv.link_removed', 'link_removed', '{link}', '{reason,by}', '{link:link}');
SELECT dv.log_acts('dv.recording_review', 'recording_reviewed', '{recorder,recording,number}',
	'{why,by}', '{recorder:recorder,recording:recorder/recording}');
SELECT dv.log_acts('dv.case_archive', 'case_archived', '{case,revision}', '{incomplete,by}',
	'{case:case}');

-- ---- what holds now ----

CREATE VIEW dv.case_current WITH (security_invoker = true) AS
SELECT DISTINCT ON ("case") * FROM dv.case_file ORDER BY "case", revision DESC;

-- Whose it is.
CREATE VIEW dv.case_officer_current WITH (security_invoker = true) AS
SELECT o.* FROM (SELECT DISTINCT ON ("case", officer) * FROM dv.case_officer
		 ORDER BY "case", officer, number DESC) AS o
WHERE NOT o.leaves;

-- An action stays in its case: so what asks for either finds it by an index.
CREATE VIEW dv.action_current WITH (security_invoker = true) AS
SELECT DISTINCT ON ("case", action) * FROM dv.action ORDER BY "case", action, revision DESC;

CREATE VIEW dv.document_current WITH (security_invoker = true) AS
SELECT d.* FROM dv.document d
WHERE NOT EXISTS (SELECT FROM dv.document_withdrawn w WHERE w.document = d.document);

CREATE VIEW dv.link_current WITH (security_invoker = true) AS
SELECT l.* FROM dv.link l WHERE NOT EXISTS (SELECT FROM dv.link_removed r WHERE r.link = l.link);

-- 'open', 'concluded', 'not_taken_up', 'archived'; null: there is no such case.
CREATE FUNCTION dv.case_state(a_case text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT CASE kind WHEN 'reopened' THEN 'open' ELSE kind END FROM case_event e
			 WHERE e."case" = f."case"
				AND kind IN ('concluded', 'not_taken_up', 'archived', 'reopened')
			 ORDER BY number DESC LIMIT 1), 'open')
	FROM case_file f WHERE f."case" = a_case AND f.revision = 1
$$;
CREATE FUNCTION dv.case_stage(a_case text) RETURNS text
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT detail ->> 'stage' FROM case_event e
			 WHERE e."case" = f."case" AND kind = 'stage' ORDER BY number DESC LIMIT 1), 'start')
	FROM case_file f WHERE f."case" = a_case AND f.revision = 1
$$;

-- ---- who sees a case ----

-- The cases of who is connected: those they are in, and those of a unit that they are the head of.
CREATE FUNCTION dv.my_cases() RETURNS text[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(
		SELECT o."case"::text FROM case_officer o WHERE o.officer = my_officer()
			AND NOT o.leaves AND NOT EXISTS (SELECT FROM case_officer n
				WHERE n."case" = o."case" AND n.officer = o.officer AND n.number > o.number)
		UNION
		SELECT f."case"::text FROM case_file f WHERE f.unit = ANY (my_units())
			AND NOT EXISTS (SELECT FROM case_file n
				WHERE n."case" = f."case" AND n.revision > f.revision))
$$;
GRANT EXECUTE ON FUNCTION dv.my_cases() TO dv_read;
CREATE INDEX case_officer_officer ON dv.case_officer (officer, "case");
CREATE INDEX case_file_unit ON dv.case_file (unit, "case");

-- For dv.show_rows(): the rows of a case that whoever asks has to do with, or all, for the legal office.
CREATE FUNCTION dv.sees_case(a_column text DEFAULT '"case"') RETURNS text
	LANGUAGE sql IMMUTABLE
	RETURN a_column || ' = ANY ((SELECT dv.my_cases())::text[]) OR (SELECT dv.am_legal())';

-- The same of actions.
CREATE FUNCTION dv.my_actions() RETURNS uuid[]
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT ARRAY(SELECT DISTINCT action FROM action WHERE "case" = ANY ((SELECT my_cases())::text[]))
$$;
SELECT dv.show_rows(t::regclass, dv.sees_case())
FROM unnest(ARRAY['dv.case_file', 'dv.case_officer', 'dv.case_event', 'dv.action', 'dv.document',
	'dv.case_archive']) AS t;
SELECT dv.show_rows(t::regclass, 'action = ANY ((SELECT dv.my_actions())::uuid[]) OR (SELECT dv.am_legal())')
FROM unnest(ARRAY['dv.action_officer', 'dv.link']) AS t;
SELECT dv.show_rows(t::regclass, format('EXISTS (SELECT FROM dv.document d WHERE d.document = %s.document)', t))
FROM unnest(ARRAY['dv.document_withdrawn', 'dv.document_signature']) AS t;
SELECT dv.show_rows('dv.link_removed', 'EXISTS (SELECT FROM dv.link l WHERE l.link = link_removed.link)');
-- Whoever sees the recording, which is for 032 to say.
SELECT dv.show_rows('dv.recording_review', 'EXISTS (SELECT FROM dv.recording r '
	'WHERE r.recorder = recording_review.recorder AND r.recording = recording_review.recording)');

GRANT SELECT ON dv.case_file, dv.case_officer, dv.case_event, dv.action, dv.action_officer, dv.document,
	dv.document_withdrawn, dv.document_signature, dv.link, dv.link_removed, dv.recording_review,
	dv.case_archive, dv.case_current, dv.case_officer_current, dv.action_current, dv.document_current,
	dv.link_current TO dv_read;
GRANT EXECUTE ON FUNCTION dv.case_state(text), dv.case_stage(text), dv.my_actions()
	TO dv_read;
