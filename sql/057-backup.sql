-- Backups: what was set aside where, so that one that is overdue is found (Art. 33).
--
-- A backup is files (vaultctl backup); its row is made when they are whole, so the row of a backup is
-- never in that backup itself, and a restored catalog tells of those before it.

CREATE TABLE dv.backup (
	backup		uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	place		dv.sentence NOT NULL,
	started_at	timestamptz NOT NULL,	-- by the clock of the machine that made it
	ended_at	timestamptz NOT NULL,
	log_size	bigint NOT NULL CHECK (log_size >= 0),	-- leaves of the custody log that its files hold
	blobs		bigint NOT NULL CHECK (blobs >= 0),
	missing		bigint NOT NULL CHECK (missing >= 0),	-- that the catalog names and the vault has not, or not whole
	bytes		numeric(30, 0) NOT NULL CHECK (bytes >= 0),
	digest		bytea NOT NULL CHECK (octet_length(digest) = 32),	-- of its manifest
	reason		text NOT NULL CHECK (dv.says(reason) AND length(reason) <= 500),
	by		text NOT NULL DEFAULT session_user,
	entered_at	timestamptz NOT NULL DEFAULT now(),
	CHECK (ended_at >= started_at)
);
CREATE INDEX backup_entered ON dv.backup (entered_at);

SELECT dv.make_append_only('dv.backup');
SELECT dv.log_acts('dv.backup', 'backed_up', '{backup}', '{place,reason,by}', '{backup:backup}');
SELECT dv.show_rows('dv.backup');
GRANT SELECT ON dv.backup TO dv_read;

-- Not a deadline of a person's: limit is how long the newest backup may lie back.
INSERT INTO dv.rule (code, article, severity, text_zh, text_en, next_step_zh, next_step_en, parameters)
VALUES
('backup_overdue', 33, 'warning',
 '音像记录和案件数据超过规定期限没有备份。',
 'Recordings and the catalog have not been backed up for longer than is allowed.',
 '系统管理员立即执行 vaultctl backup，备份到另一块磁盘或者另一台设备，并查明定时备份为何没有执行；备份后按 OPERATIONS.md 试恢复一次。',
 'The administrator runs vaultctl backup at once, onto another disk or another machine, finds out why the timer did not, and then tries to restore it as OPERATIONS.md says.',
 '{"limit": "P7D"}');
-- ---- what a backup asks ----

-- Rows of each table, as whoever asks sees the catalog at that moment: what a restored one is compared with.
CREATE FUNCTION dv.backup_counts() RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_table text;
	n bigint;
	counts jsonb := '{}';
BEGIN
	FOR a_table IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'dv'::regnamespace
			AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*) FROM dv.%I', a_table) INTO n;
		counts := counts || jsonb_build_object(a_table, n);
	END LOOP;
	RETURN counts;
END
$$;

-- The moment, the newest tree that was signed, with its checkpoint (null: none was), and the rows.
CREATE FUNCTION dv.backup_state() RETURNS TABLE (at text, log_size bigint, checkpoint text, counts jsonb)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT utc(now()), coalesce(c.size, 0)::bigint, c.note, backup_counts()
	FROM (VALUES (1)) AS one LEFT JOIN LATERAL (SELECT size, note FROM custody_checkpoint ORDER BY size DESC LIMIT 1) AS c ON true
$$;

-- Statements that make the roles of this catalog where they are not, and what they are to one another; roles are
-- no part of a database, and so of no dump of one.
CREATE FUNCTION dv.backup_roles() RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $roles$
	WITH ours AS (
		SELECT r.oid, r.rolname, r.rolcanlogin, r.rolinherit FROM pg_roles r
		WHERE r.rolname LIKE 'dv\_%' OR EXISTS (SELECT FROM account a WHERE a.login::text = r.rolname)
	), made AS (
		SELECT 1 AS part, rolname AS a, '' AS b, format(
			'DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %L) THEN CREATE ROLE %I %s %s; END IF; END$$;',
			rolname, rolname, CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
			CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END) AS line
		FROM ours
		UNION ALL
		-- Whoever applied the migrations has kept a function or two of that login's rights.  Where the server has
		-- another superuser, one of that name is made, and nobody logs in as it.
		SELECT 1, r.rolname, '', format(
			'DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %L) THEN CREATE ROLE %I NOLOGIN %s %s; END IF; END$$;',
			r.rolname, r.rolname, CASE WHEN r.rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
			CASE WHEN r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END)
		FROM pg_roles r WHERE r.oid NOT IN (SELECT oid FROM ours)
			AND r.oid IN (SELECT proowner FROM pg_proc WHERE pronamespace = 'dv'::regnamespace)
		UNION ALL
		SELECT 2, g.rolname, m.rolname, format('GRANT %I TO %I%s;', g.rolname, m.rolname,
			CASE WHEN x.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END)
		FROM pg_auth_members x JOIN ours g ON g.oid = x.roleid JOIN ours m ON m.oid = x.member
		UNION ALL
		SELECT 3, '', '', 'DO $$BEGIN EXECUTE pg_catalog.format(''REVOKE ALL ON DATABASE %I FROM PUBLIC'', '
			'pg_catalog.current_database()); END$$;'
		UNION ALL
		SELECT 4, o.rolname, x.privilege_type, format('DO $$BEGIN EXECUTE pg_catalog.format(''GRANT %s ON DATABASE %%I TO %%I'', '
			'pg_catalog.current_database(), %L); END$$;', x.privilege_type, o.rolname)
		FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) x JOIN ours o ON o.oid = x.grantee
		WHERE d.datname = current_database()
	)
	SELECT line FROM made ORDER BY part, a, b
$roles$;

-- What the vault is to hold, by address: all that is recorded, but for what was disposed of.
CREATE FUNCTION dv.backup_blobs() RETURNS TABLE (hash text, size bigint)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT hex(b.hash), b.size::bigint FROM blob b
	WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.blob = b.hash AND NOT t.blob_kept)
	ORDER BY b.hash
$$;

-- Which of these blobs are being disposed of, or were: their copies may be gone.
CREATE FUNCTION dv.backup_going(a_blobs text[]) RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT DISTINCT hex(b.blob) FROM disposal_begun b WHERE b.blob = ANY (SELECT unhex(x) FROM unnest(a_blobs) AS x)
$$;

-- The row of one that is whole.  A timer does it as the program dv_keep, a person by a login of their own.
CREATE FUNCTION dv.backup_note(a_place text, a_started text, a_ended text, a_log_size bigint, a_blobs bigint,
		a_missing bigint, a_bytes numeric, a_digest text, a_reason text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_backup uuid;
BEGIN
	IF session_user::text <> 'dv_keep' THEN
		PERFORM require_role('admin');
	END IF;
	IF NOT says(a_reason) OR length(a_reason) > 500 OR NOT says(a_place) OR length(a_place) > 2000 THEN
		RAISE EXCEPTION 'backup: its place and its reason are said in words, the reason in at most 500'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO backup (place, started_at, ended_at, log_size, blobs, missing, bytes, digest, reason)
	VALUES (a_place, a_started::timestamptz, a_ended::timestamptz, a_log_size, a_blobs, a_missing, a_bytes,
		unhex(a_digest), a_reason)
	RETURNING backup INTO a_backup;
	-- alertd sleeps until the old one is overdue.
	NOTIFY dv_deadline;
	RETURN a_backup;
END
$$;

-- ---- that there is one ----

-- Since when there is something that no backup has: the newest backup, without one the first evidence; null: there
-- is nothing to lose.  A bureau that never made one is told as well.
CREATE FUNCTION dv.backup_since() RETURNS timestamptz
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = dv, pg_temp AS $$
	SELECT coalesce((SELECT max(entered_at) FROM backup), (SELECT min(started_at) FROM dock_session))
$$;

-- alertd's chore: found once for each time that no backup came; then when to look again, or null.
CREATE FUNCTION dv.backup_sweep() RETURNS TABLE (raised bigint, due_ms bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = dv, pg_temp AS $$
DECLARE
	a_since timestamptz := backup_since();
	a_due timestamptz := a_since + coalesce(rule_limit('backup_overdue', 'limit', day_of(now())),
		interval '168 hours');
BEGIN
	raised := 0;
	IF a_due <= now() THEN
		raised := raise_finding(NULL, jsonb_build_object('code', 'backup_overdue', 'subject_kind', 'backup',
			'subject', 'all', 'fact', utc(a_since), 'at', utc(a_due), 'detail', jsonb_build_object(
				'since', utc(a_since), 'ever', EXISTS (SELECT FROM backup))))::integer;
	ELSE
		due_ms := ceil(extract(epoch FROM a_due) * 1000)::bigint;
	END IF;
	RETURN NEXT;
END
$$;

GRANT EXECUTE ON FUNCTION dv.backup_state(), dv.backup_counts(), dv.backup_roles(), dv.backup_blobs(),
	dv.backup_going(text[]) TO dv_admin, dv_keep;
GRANT EXECUTE ON FUNCTION dv.backup_note(text, text, text, bigint, bigint, bigint, numeric, text, text)
	TO dv_person, dv_keep;
GRANT EXECUTE ON FUNCTION dv.backup_sweep() TO dv_alert;

UPDATE dv.article SET
	answer_zh = answer_zh || '备份连同日志、密钥一并保存并试恢复，逾期未备份的提示。',
	answer_en = answer_en || ' Backups hold evidence, catalog, log and keys together and are tried by restoring; one that is overdue is found.',
	commands = commands || '{backup,restore}'
WHERE article = 33;
