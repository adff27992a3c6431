-- What the supervision office is told, and whether it was heard.

-- One row a message and channel (a block of dockvault.conf).  Derived of findings, but kept: it is the
-- proof that somebody was told.
CREATE TABLE dv.notice (
	notice		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	channel		text NOT NULL CHECK (channel ~ '^[A-Za-z0-9._-]{1,32}$'),
	kind		text NOT NULL CHECK (kind IN ('at_once', 'digest', 'escalation', 'more', 'test')),
	-- at_once: the finding; escalation: finding/number of the rectification; digest: its day;
	-- more: when it was made; test: who, and when
	subject		text NOT NULL,
	body		jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'
				AND octet_length(body::text) <= 262144),	-- facts, no words: lib/notify
	created_at	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (channel, kind, subject)		-- nothing twice
);
CREATE INDEX notice_created ON dv.notice (created_at);
CREATE TABLE dv.notice_attempt (
	notice		uuid NOT NULL REFERENCES dv.notice,
	number		integer NOT NULL CHECK (number > 0),
	outcome		text NOT NULL CHECK (outcome IN ('sent', 'failed', 'dead', 'again')),	-- again: by hand
	answer		text NOT NULL CHECK (length(answer) <= 500),	-- what the other side said; again: why
	by		text NOT NULL DEFAULT session_user,
	at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (notice, number)
);
SELECT dv.make_append_only(t::regclass) FROM unnest(ARRAY['dv.notice', 'dv.notice_attempt']) AS t;
-- body: of a mail, whose finding it is; answer: a server that repeats what it was sent.
SELECT dv.log_acts('dv.notice', 'notice_made', '{notice}', '{subject,body}', '{notice:notice}');
SELECT dv.log_acts('dv.notice_attempt', 'notice_attempted', '{notice,number}', '{answer,by}', '{notice:notice}');

-- Derived: what is still to be sent.
CREATE TABLE dv.notice_queue (
	notice		uuid PRIMARY KEY REFERENCES dv.notice,
	channel		text NOT NULL,
	due_at		timestamptz NOT NULL,
	attempts	integer NOT NULL DEFAULT 0,	-- since it was queued
	queued_at	timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notice_queue_due ON dv.notice_queue (due_at);
CREATE INDEX notice_queue_channel ON dv.notice_queue (channel, due_at);
COMMENT ON TABLE dv.notice_queue IS 'Derived from notice and notice_attempt';

-- Channels that failed, until when nothing is sent to them: one that hangs is not asked with each of a hundred
-- notices, and those that do not hang have their turn.
CREATE TABLE dv.notice_pause (
	channel		text PRIMARY KEY,
	until		timestamptz NOT NULL
);
COMMENT ON TABLE dv.notice_pause IS 'Derived from notice_attempt';

-- ---- what is to be told ----

-- Nothing is passed over, whatever transactions are open: there is no mark that could move past a row that
-- does not show yet.  What a finding gives rise to is a row of its own, written by the finding's transaction,
-- so both show at one moment; and it goes in the transaction that made notices of it, so it is made use of
-- once.  Two that ask at the same time take rows apart (SKIP LOCKED); one that is taken back leaves
-- its rows.  Nothing here depends on clocks or on the order in which transactions end.
CREATE TABLE dv.notice_news (
	finding		uuid NOT NULL,
	number		integer NOT NULL,	-- of the rectification that escalated it; 0: it was raised
	PRIMARY KEY (finding, number)
);
COMMENT ON TABLE dv.notice_news IS 'Derived from finding and rectification: not told to the channels yet';

-- The same, channel by channel, until it was told: at once, and in the digest.
CREATE TABLE dv.notice_pending (
	channel		text NOT NULL,
	finding		uuid NOT NULL,
	number		integer NOT NULL,
	urgent		boolean NOT NULL,	-- it has not been told at once yet
	digest		boolean NOT NULL,	-- it goes into the next digest
	PRIMARY KEY (channel, finding, number)
);
CREATE INDEX notice_pending_urgent ON dv.notice_pending (channel) WHERE urgent;
CREATE INDEX notice_pending_told ON dv.notice_pending (channel) WHERE NOT urgent AND NOT digest;
COMMENT ON TABLE dv.notice_pending IS 'Derived from finding and rectification: not told to this channel yet';

CREATE FUNCTION dv.notice_finding() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO notice_news (finding, number) SELECT finding, 0 FROM fresh ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER notice_finding AFTER INSERT ON dv.finding REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.notice_finding();
CREATE FUNCTION dv.notice_escalated() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	INSERT INTO notice_news (finding, number)
	SELECT finding, number FROM fresh WHERE kind = 'escalated' ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CREATE TRIGGER notice_escalated AFTER INSERT ON dv.rectification REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION dv.notice_escalated();

ALTER TABLE dv.finding ENABLE ALWAYS TRIGGER notice_finding;
ALTER TABLE dv.rectification ENABLE ALWAYS TRIGGER notice_escalated;

-- ---- the facts of a message ----

-- How bad, as a number.
CREATE FUNCTION dv.notice_rank(a_severity text) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = dv, pg_temp
	RETURN array_position(ARRAY['info', 'notice', 'warning', 'violation'], a_severity);

-- Some of what is pending for a channel, the worst first, at most 50 of them; who and what it is about only where
-- the message stays in the house (a_full).  Words: those that the finding cites, in the channel's language, cut, so
-- that no rule's words make a message that cannot be kept.
CREATE FUNCTION dv.notice_facts(a_channel text, a_findings uuid[], a_english boolean, a_full boolean)
	RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	WITH worst AS (
		SELECT f.finding, f.raised_at, notice_rank(f.severity) AS rank
		FROM unnest(a_findings) AS x(id) JOIN finding f ON f.finding = x.id
		ORDER BY rank DESC, f.raised_at, f.finding LIMIT 50
	)
	SELECT jsonb_build_object(
		'findings', coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
			'finding', l.finding, 'code', l.code, 'article', l.article, 'severity', l.severity,
			'recorder', l.recorder, 'unit', l.unit, 'at', utc(l.at), 'due_at', utc(s.due_at),
			'text', left(CASE WHEN a_english THEN l.text_en ELSE l.text_zh END, 300),
			'next_step', left(CASE WHEN a_english THEN l.next_step_en ELSE l.next_step_zh END, 300),
			'subject_kind', CASE WHEN a_full THEN l.subject_kind END,
			'subject', CASE WHEN a_full THEN l.subject END,
			'officer', CASE WHEN a_full THEN nullif(s.officer, '') END,
			'case', CASE WHEN a_full THEN nullif(s."case", '') END))
			ORDER BY w.rank DESC, w.raised_at, w.finding)
			FROM worst w JOIN finding_list l USING (finding)
			LEFT JOIN finding_state s USING (finding)), '[]'),
		'more', greatest(0, (SELECT count(*) FROM unnest(a_findings)) - 50))
$$;

-- How many of each article and severity.
CREATE FUNCTION dv.notice_counts(a_findings uuid[]) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = dv, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('article', article, 'severity', severity, 'findings', n)
		ORDER BY article, notice_rank(severity) DESC), '[]')
	FROM (SELECT l.article, l.severity, count(*) AS n
	      FROM unnest(a_findings) AS x(id) JOIN finding_list l ON l.finding = x.id
	      GROUP BY 1, 2) AS c
$$;

-- A channel as lib/notify describes it: {"channel": name, "unit": code or null, "language": "zh" | "en",
-- "at_once": severity or "none", "digest": minute of the day in Shanghai or null, "full": boolean}.
CREATE TYPE dv.notice_channel AS (channel text, unit text, language text, at_once text, digest integer, "full" boolean);

-- Is a finding for this channel?  units: those of the channel, null: all.
CREATE FUNCTION dv.notice_is_urgent(c dv.notice_channel, a_severity text, a_number integer) RETURNS boolean
	LANGUAGE sql IMMUTABLE SET search_path = dv, pg_temp
	RETURN a_number > 0 OR (c.at_once <> 'none' AND dv.notice_rank(a_severity) >= dv.notice_rank(c.at_once));

-- One message, queued; false: it was made before.
CREATE FUNCTION dv.notice_add(c dv.notice_channel, a_kind text, a_subject text, a_body jsonb) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	a_notice uuid;
BEGIN
	INSERT INTO notice (channel, kind, subject, body)
	VALUES (c.channel, a_kind, a_subject, a_body || jsonb_strip_nulls(jsonb_build_object('v', 1, 'kind', a_kind,
		'language', c.language, 'made_at', utc(now()), 'unit', c.unit)))
	ON CONFLICT (channel, kind, subject) DO NOTHING RETURNING notice INTO a_notice;
	IF a_notice IS NULL THEN
		RETURN false;
	END IF;
	INSERT INTO notice_queue (notice, channel, due_at) VALUES (a_notice, c.channel, now());
	RETURN true;
END
$$;

-- ---- making them ----

-- What is new, to each channel that it is for.  At most 20,000 a call: the rest at the next.
CREATE FUNCTION dv.notice_spread(channels dv.notice_channel[]) RETURNS boolean
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	most constant integer := 20000;
	c notice_channel;
	units text[];
	fresh uuid[];
	numbers integer[];
BEGIN
	WITH taken AS (
		DELETE FROM notice_news n USING (SELECT finding, number FROM notice_news
			ORDER BY finding, number LIMIT most FOR UPDATE SKIP LOCKED) AS t
		WHERE n.finding = t.finding AND n.number = t.number
		RETURNING n.finding, n.number
	) SELECT array_agg(finding), array_agg(number) INTO fresh, numbers FROM taken;
	FOREACH c IN ARRAY channels LOOP
		units := CASE WHEN c.unit IS NOT NULL THEN ARRAY(SELECT units_below(c.unit)) END;
		INSERT INTO notice_pending (channel, finding, number, urgent, digest)
		SELECT * FROM (
			-- What is answered together with one that is open was told with that one.
			SELECT c.channel, f.finding, x.number, notice_is_urgent(c, f.severity, x.number)
				AND (x.number > 0 OR s.joins IS NULL) AS urgent,
				c.digest IS NOT NULL AND x.number = 0 AS digest	-- what is new
			FROM unnest(fresh, numbers) AS x(id, number) JOIN finding f ON f.finding = x.id
			LEFT JOIN finding_state s ON s.finding = x.id
			WHERE units IS NULL OR f.unit = ANY (units)) AS n
		WHERE n.urgent OR n.digest
		ON CONFLICT DO NOTHING;
	END LOOP;
	RETURN cardinality(fresh) = most;
END
$$;

-- Told at once: at most 20 messages in 10 minutes, so that ten thousand findings are not ten thousand
-- mails; what is beyond goes into one that counts it, of which there is one in 10 minutes, too.  Returns
-- when to ask again, if anything has to wait.
CREATE FUNCTION dv.notice_at_once(c dv.notice_channel) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	most constant integer := 20;
	within constant interval := interval '10 minutes';
	room integer;
	more_at timestamptz;
	p record;
	rest uuid[];
BEGIN
	IF NOT EXISTS (SELECT FROM notice_pending WHERE channel = c.channel AND urgent) THEN
		RETURN NULL;
	END IF;
	SELECT most - count(*) FILTER (WHERE kind <> 'more'), max(created_at) FILTER (WHERE kind = 'more') + within
	INTO room, more_at FROM notice
	WHERE created_at > now() - within AND channel = c.channel AND kind IN ('at_once', 'escalation', 'more');
	-- Escalations and the worst first.
	FOR p IN SELECT n.finding, n.number FROM notice_pending n JOIN finding f USING (finding)
		 WHERE n.channel = c.channel AND n.urgent
		 ORDER BY n.number = 0, notice_rank(f.severity) DESC, f.raised_at, n.finding LIMIT greatest(room, 0)
	LOOP
		PERFORM notice_add(c, CASE p.number WHEN 0 THEN 'at_once' ELSE 'escalation' END,
			p.finding || CASE p.number WHEN 0 THEN '' ELSE '/' || p.number END,
			notice_facts(c.channel, ARRAY[p.finding], c.language = 'en', c."full"));
		UPDATE notice_pending SET urgent = false
		WHERE channel = c.channel AND finding = p.finding AND number = p.number;
	END LOOP;
	IF more_at > now() THEN
		RETURN CASE WHEN EXISTS (SELECT FROM notice_pending WHERE channel = c.channel AND urgent) THEN more_at END;
	END IF;
	SELECT array_agg(finding) INTO rest FROM notice_pending WHERE channel = c.channel AND urgent;
	IF rest IS NULL THEN
		RETURN NULL;
	END IF;
	PERFORM notice_add(c, 'more', utc(now()), notice_facts(c.channel, rest, c.language = 'en', c."full")
		|| jsonb_build_object('count', cardinality(rest), 'counts', notice_counts(rest)));
	UPDATE notice_pending SET urgent = false WHERE channel = c.channel AND urgent;
	RETURN NULL;
END
$$;

-- Once a day, also when nothing was found: a day without one is a day on which something is wrong.
-- Days that nobody made one for are in the next.  Returns when the next is due.
CREATE FUNCTION dv.notice_digest(c dv.notice_channel) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	-- The last day of Shanghai whose hour has come.
	a_day date := day_of(now() - make_interval(mins => c.digest));
	a_subject text := to_char(a_day, 'YYYY-MM-DD');
	a_next timestamptz := day_start(a_day + 1) + make_interval(mins => c.digest);
	units text[] := CASE WHEN c.unit IS NOT NULL THEN ARRAY(SELECT units_below(c.unit)) END;
	found uuid[];
	is_open bigint;
	is_late bigint;
BEGIN
	IF c.digest IS NULL OR EXISTS (SELECT FROM notice WHERE channel = c.channel AND kind = 'digest'
			AND subject >= a_subject) THEN
		RETURN a_next;
	END IF;
	WITH told AS (
		UPDATE notice_pending SET digest = false WHERE channel = c.channel AND digest
		RETURNING finding
	) SELECT coalesce(array_agg(DISTINCT finding), '{}') INTO found FROM told;
	SELECT count(*), count(*) FILTER (WHERE overdue OR due_at < now()) INTO is_open, is_late
	FROM finding_state WHERE state <> 'closed' AND due_at IS NOT NULL AND joins IS NULL
		AND (units IS NULL OR unit = ANY (units));
	PERFORM notice_add(c, 'digest', a_subject, notice_facts(c.channel, found, c.language = 'en', c."full")
		|| jsonb_build_object('day', a_day, 'count', cardinality(found), 'counts', notice_counts(found),
			'open', is_open, 'overdue', is_late));
	RETURN a_next;
END
$$;

-- For alertd: make what is to be told, by the database's clock.  Called late, early or twice it makes the
-- same, once.  channels: a list as above; a channel that is none any more is owed nothing.  next_at: when
-- there will be something to do if nothing is found until then, or null.
CREATE FUNCTION dv.notices_make(channels jsonb) RETURNS TABLE (made bigint, next_at timestamptz)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	list notice_channel[];
	c notice_channel;
	before bigint;
	again boolean;
	a_next timestamptz;
BEGIN
	PERFORM pg_advisory_xact_lock(25724);
	IF jsonb_typeof(channels) <> 'array' OR jsonb_array_length(channels) > 8 THEN
		RAISE EXCEPTION 'channels: not a list of at most 8' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT coalesce(array_agg(x), '{}') INTO list FROM jsonb_populate_recordset(NULL::notice_channel, channels) AS x;
	FOREACH c IN ARRAY list LOOP
		IF c.channel IS NULL OR c.language IS NULL OR c.at_once IS NULL OR c."full" IS NULL
				OR c.digest NOT BETWEEN 0 AND 1439 OR c.language NOT IN ('zh', 'en')
				OR (c.at_once <> 'none' AND notice_rank(c.at_once) IS NULL) THEN
			RAISE EXCEPTION 'channel %: not one as notices_make() takes them', c.channel
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
	END LOOP;
	SELECT count(*) INTO before FROM notice_queue;
	again := notice_spread(list);
	-- From name to name: of each there may be a million rows that wait for a digest.
	WITH RECURSIVE name(channel) AS (
		SELECT min(channel) FROM notice_pending
		UNION ALL
		SELECT (SELECT min(p.channel) FROM notice_pending p WHERE p.channel > n.channel)
		FROM name n WHERE n.channel IS NOT NULL
	) DELETE FROM notice_pending p USING name n
	WHERE p.channel = n.channel AND NOT n.channel = ANY (ARRAY(SELECT x.channel FROM unnest(list) AS x));
	FOREACH c IN ARRAY list LOOP
		-- Of nulls, least() takes no notice.
		a_next := least(a_next, notice_at_once(c), notice_digest(c));
		DELETE FROM notice_pending WHERE channel = c.channel AND NOT urgent AND NOT digest;
	END LOOP;
	RETURN QUERY SELECT (SELECT count(*) FROM notice_queue) - before,
		CASE WHEN again THEN now()
		     ELSE least(a_next, (SELECT min(greatest(q.due_at, p.until))
			FROM notice_queue q LEFT JOIN notice_pause p USING (channel))) END;
END
$$;

-- ---- sending them ----

-- What is due: the first of each channel, but of those in a_busy, to which something is under way, and of
-- those that have just failed.  Who waits longest comes first.  So each channel is told in order, and those that
-- hang hold up no other.  attempt: its number, from 1.
CREATE FUNCTION dv.notice_next(a_limit integer, a_busy text[] DEFAULT '{}')
	RETURNS TABLE (notice uuid, channel text, attempt integer, body jsonb)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT n.notice, n.channel, (SELECT count(*)::integer + 1 FROM notice_attempt a WHERE a.notice = n.notice),
		n.body
	FROM (SELECT DISTINCT ON (q.channel) q.notice, greatest(q.due_at, p.until) AS due_at
	      FROM notice_queue q LEFT JOIN notice_pause p USING (channel)
	      WHERE q.due_at <= now() AND (p.until > now()) IS NOT TRUE
		AND NOT q.channel = ANY (coalesce(a_busy, '{}'))
	      ORDER BY q.channel, q.due_at, q.queued_at, q.notice) AS q
	JOIN notice n USING (notice)
	ORDER BY q.due_at, n.notice LIMIT least(a_limit, 64)
$$;

-- What became of one: 'sent'; 'dead', where asking again will not help; 'failed', which is tried again
-- after a minute, then two, four ... an hour, not before a_next_at, and is dead after a day.  To that channel
-- nothing is sent for a minute, or before a_next_at.
-- Returns what was written down; null: it is not queued any more, so it was answered before.
CREATE FUNCTION dv.notice_answered(a_notice uuid, a_outcome text, a_answer text, a_next_at timestamptz DEFAULT NULL)
	RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	q notice_queue;
	a_next timestamptz;
BEGIN
	IF a_outcome NOT IN ('sent', 'failed', 'dead') THEN
		RAISE EXCEPTION 'notice %: sent, failed or dead, not %', a_notice, a_outcome
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT * INTO q FROM notice_queue WHERE notice = a_notice FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	IF a_outcome = 'failed' THEN
		INSERT INTO notice_pause AS p (channel, until)
		VALUES (q.channel, greatest(a_next_at, now() + interval '1 minute'))
		ON CONFLICT (channel) DO UPDATE SET until = excluded.until;
	ELSE
		DELETE FROM notice_pause WHERE channel = q.channel;
	END IF;
	a_next := greatest(a_next_at, now() + least(interval '1 minute' * 2 ^ least(q.attempts, 10), interval '1 hour'));
	IF a_outcome = 'failed' AND a_next > q.queued_at + interval '24 hours' THEN
		a_outcome := 'dead';
	END IF;
	INSERT INTO notice_attempt (notice, number, outcome, answer)
	SELECT a_notice, count(*) + 1, a_outcome, left(a_answer, 500) FROM notice_attempt WHERE notice = a_notice;
	IF a_outcome = 'failed' THEN
		UPDATE notice_queue SET due_at = a_next, attempts = attempts + 1 WHERE notice = a_notice;
	ELSE
		DELETE FROM notice_queue WHERE notice = a_notice;
	END IF;
	RETURN a_outcome;
END
$$;

-- ---- by hand ----

-- Once more, from now: what is dead, or what waits for its next attempt.
CREATE FUNCTION dv.notice_retry(a_notice uuid, a_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_channel text;
	last text;
BEGIN
	PERFORM require_role('supervisor', 'admin');
	IF btrim(coalesce(a_reason, '')) = '' OR length(a_reason) > 500 THEN
		RAISE EXCEPTION 'notice %: say why it is sent again, in at most 500 characters', a_notice
			USING ERRCODE = 'check_violation';
	END IF;
	SELECT channel INTO a_channel FROM notice WHERE notice = a_notice;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no notice %: vaultctl notify list shows them', a_notice
			USING ERRCODE = 'no_data_found';
	END IF;
	-- Whoever sends it answers it first, or finds it queued anew.
	PERFORM FROM notice_queue WHERE notice = a_notice FOR UPDATE;
	SELECT outcome INTO last FROM notice_attempt WHERE notice = a_notice ORDER BY number DESC LIMIT 1;
	IF last = 'sent' THEN
		RAISE EXCEPTION 'notice % was sent: there is nothing to send again', a_notice
			USING ERRCODE = 'unique_violation';
	END IF;
	INSERT INTO notice_attempt (notice, number, outcome, answer)
	SELECT a_notice, count(*) + 1, 'again', a_reason FROM notice_attempt WHERE notice = a_notice;
	INSERT INTO notice_queue AS q (notice, channel, due_at) VALUES (a_notice, a_channel, now())
	ON CONFLICT (notice) DO UPDATE SET due_at = now(), attempts = 0, queued_at = now();
	DELETE FROM notice_pause WHERE channel = a_channel;
END
$$;

-- One to see whether a channel works, sent by who asks and not by alertd: so it is not queued.
CREATE FUNCTION dv.notice_test(a_channel text, a_language text) RETURNS TABLE (notice uuid, body jsonb)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM require_role('supervisor', 'admin');
	RETURN QUERY INSERT INTO notice AS n (channel, kind, subject, body)
	VALUES (a_channel, 'test', session_user || ' ' || utc(clock_timestamp()), jsonb_build_object('v', 1, 'kind', 'test',
		'language', a_language, 'made_at', utc(now()), 'findings', '[]'::jsonb))
	RETURNING n.notice, n.body;
END
$$;
CREATE FUNCTION dv.notice_test_answered(a_notice uuid, a_outcome text, a_answer text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
BEGIN
	PERFORM require_role('supervisor', 'admin');
	IF NOT EXISTS (SELECT FROM notice WHERE notice = a_notice AND kind = 'test'
			AND split_part(subject, ' ', 1) = session_user::text) THEN
		RAISE EXCEPTION 'notice %: not a test of %', a_notice, session_user
			USING ERRCODE = 'no_data_found';
	END IF;
	INSERT INTO notice_attempt (notice, number, outcome, answer)
	VALUES (a_notice, 1, CASE a_outcome WHEN 'sent' THEN 'sent' ELSE 'dead' END, left(a_answer, 500));
END
$$;

-- What was to be told and what came of it.  state: queued, failed (and tried again), sent, dead, or
-- unanswered: a test that was given up.
CREATE VIEW dv.notice_list WITH (security_invoker = true) AS
SELECT n.notice, n.channel, n.kind, n.subject, n.created_at,
	CASE WHEN q.notice IS NOT NULL AND a.outcome = 'failed' THEN 'failed'
	     WHEN q.notice IS NOT NULL THEN 'queued' ELSE coalesce(a.outcome, 'unanswered') END AS state,
	coalesce(a.number, 0) AS attempts, a.answer, a.at AS last_at, q.due_at AS next_at,
	(n.body ->> 'count')::bigint AS findings
FROM dv.notice n
LEFT JOIN dv.notice_queue q USING (notice)
LEFT JOIN LATERAL (SELECT * FROM dv.notice_attempt x WHERE x.notice = n.notice ORDER BY number DESC LIMIT 1) AS a
	ON true;

-- What is still to be sent, made anew from the facts: due now.
CREATE FUNCTION dv.rebuild_notice_queue() RETURNS bigint
	LANGUAGE plpgsql SET search_path = dv, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	DELETE FROM notice_pause;
	DELETE FROM notice_queue;
	INSERT INTO notice_queue (notice, channel, due_at)
	SELECT n.notice, n.channel, now() FROM notice n
	WHERE n.kind <> 'test' AND coalesce((SELECT outcome FROM notice_attempt a WHERE a.notice = n.notice
		ORDER BY number DESC LIMIT 1), 'again') IN ('failed', 'again');
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END
$$;

SELECT dv.show_rows(t::regclass) FROM unnest(ARRAY['dv.notice', 'dv.notice_attempt', 'dv.notice_queue',
	'dv.notice_pause', 'dv.notice_news', 'dv.notice_pending']) AS t;
GRANT SELECT ON dv.notice, dv.notice_attempt, dv.notice_queue, dv.notice_pause, dv.notice_news,
	dv.notice_pending, dv.notice_list TO dv_read;
GRANT EXECUTE ON FUNCTION dv.notices_make(jsonb), dv.notice_next(integer, text[]),
	dv.notice_answered(uuid, text, text, timestamptz) TO dv_alert;
GRANT EXECUTE ON FUNCTION dv.notice_retry(uuid, text), dv.notice_test(text, text),
	dv.notice_test_answered(uuid, text, text) TO dv_person;
