/*
 * Every statement that C runs, by name.  Their text is in statements.c, and
 * nowhere else; parameters are text, NULL for SQL's null, and what comes back
 * is text too.
 *
 * Columns are named here as they are named in JSON output.  Moments are
 * "2026-11-23T12:42:58.123Z", days "2026-11-23", digests and bytes hex.  A
 * limit is a decimal number.  A parameter in (brackets) may be NULL: any.
 *
 * Pure; any thread.
 */
#ifndef CATALOG_STATEMENTS_H
#define CATALOG_STATEMENTS_H

#include <stddef.h>

enum catalog_statement {
	/* ------ dockd (role dv_ingest), run by catalog.c ------ */
	STATEMENT_LISTEN_RECORDER,
	STATEMENT_RECORDERS,		/* columns: see sql/002, dv.recorders() */
	STATEMENT_KNOWN,		/* recorder, fingerprint -> blob size gone (disposed of) */
	STATEMENT_INGEST,		/* records -> ingest */
	STATEMENT_CHAIN,		/* session -> see sql/006, dv.chain_context() */
	STATEMENT_JUDGE,		/* session, findings -> judge */
	/* session -> what (now, before, cleared); of a ledger part entries; of a file that was to
	 * go path path_raw size ok */
	STATEMENT_LEDGER,
	STATEMENT_RECORDED,		/* session, blobs (an array of PostgreSQL's) -> i */
	STATEMENT_STORED,		/* recorder, files (JSON) -> i cleared */
	STATEMENT_SWEEP_NOT_DOCKED,	/* -> raised (number) */
	/* station, program, SHA-256 of its configuration, by -> changed.  custodyd and the admin, too. */
	STATEMENT_NOTE_CONFIG,

	/* ------ custodyd (role dv_custody) ------ */
	STATEMENT_LISTEN_CUSTODY,
	STATEMENT_LOG_LOCK,		/* -> locked: nobody else sequences while this connection lasts */
	/* limit, (mark: as it came back last; NULL: at first) -> size of the log then, placed (number),
	 * mark; see sql/020 */
	STATEMENT_LOG_SEQUENCE,
	STATEMENT_LOG_LEAVES,		/* from, below -> leaf_index leaf (hex), in order */
	STATEMENT_LOG_SIGNED,		/* size, root, note -> signed: false when it was told before */
	STATEMENT_LOG_HEAD,		/* -> entries, size, root, note as below, in the time of a look-up */
	/* (mark) -> entries; of the checkpoint told last size root note signed_at, or null; waiting
	 * (events without a place), oldest_ms (since that of them that waits longest, or null) */
	STATEMENT_LOG_STATE,
	/* code, subject_kind (log, row, event, blob, object), subject, fact, detail (JSON)
	 * -> raised: false when it was there.  The admin and the supervisor, too. */
	STATEMENT_LOG_FINDING,
	/* -> changed: roles, rights or triggers are not those noted last.  The admin, too. */
	STATEMENT_NOTE_ROLES,

	/* ------ alertd (role dv_alert) ------ */
	STATEMENT_LISTEN_DEADLINE,
	STATEMENT_ALERT_LOCK,		/* -> locked: nobody else leads while this connection lasts */
	/* limit -> of the deadlines that were due: due (how many it looked at), warned, raised, more */
	STATEMENT_SWEEP,
	/* -> due_ms (of the earliest; null: none), now_ms: since 1970, by the database's clock */
	STATEMENT_NEXT_DUE,
	/* ------ alertd: notices (role dv_alert) ------ */
	/* channels (JSON, notify_channels()) -> made (number), wait_ms (until there is more to do; null: not known) */
	STATEMENT_NOTICES_MAKE,
	/* limit, channels that something is under way to (a JSON array) -> notice channel attempt body */
	STATEMENT_NOTICE_NEXT,
	/* notice, outcome (sent, failed, dead), answer, (not before so many seconds) -> outcome as it was
	 * written down; null: it was answered before */
	STATEMENT_NOTICE_ANSWERED,

	/* ------ acts and the log (roles dv_admin, dv_supervisor) ------ */
	/* kind (view, scrub; the supervisor also play, export, disclosure, hold, hold_released,
	 * disposal), objects (a JSON array of names as docs/CUSTODY.md has them), by, (reason), detail
	 * (JSON) -> act (UUID) */
	STATEMENT_DO_ACT,		/* null: what is to be looked at is beyond their reading */
	/* words (a JSON array, as people call objects), command -> refused: null, or a list of {object class};
	 * what was wanted is on record then */
	STATEMENT_READ_REFUSED,
	/* object: a segment's UUID, a session's, RECORDER/RECORDING, a blob's hash, or case:ID (what was
	 * imported for it) -> object
	 * (segment:UUID, or blob:HASH of one that is no segment's), recorder seq blob size (null: not
	 * known) recording session manifest signature_blob key_id key seal_manifest seal_signature, and
	 * facts: one JSON object (package/package.h); by recorder, start and seq */
	STATEMENT_EXPORT_OBJECTS,
	/* objects (a JSON array of names), (recording RECORDER/UUID), (session) -> event act at
	 * leaf_index (null: it has no place yet): of the objects, and of the recording and the session
	 * themselves; by event */
	STATEMENT_EXPORT_EVENTS,
	STATEMENT_CUSTODY_SOURCES,	/* -> source act personal (parted by spaces) changes */
	/* objects (a JSON array of names), after (event), limit -> event leaf_index (null: waits) source
	 * key act objects leaf recorded_at, of the events that name any of them, in order */
	STATEMENT_OBJECT_EVENTS,

	/* ------ what `verify log` reads, in a transaction of catalog_sync_begin_reading(): tables, and
	 * functions of PostgreSQL's own, since any other may have been replaced ------ */
	STATEMENT_AUDIT_COVERED,	/* -> covered: a row when whoever is connected is a person (sql/045) */
	STATEMENT_AUDIT_LOCK,		/* the log's own tables, as below those that events are made of */
	STATEMENT_AUDIT_LOCK_BLOBS,	/* what is read of blobs alone */
	STATEMENT_AUDIT_GUARDED,	/* -> guarded: dv.party is not for whoever is connected */
	STATEMENT_AUDIT_BLOBS_HIDE,	/* -> name, of those for blobs, as in the next */
	/* names (parted by spaces) -> name hides: each of these tables, and of the log's own, that is not one, or that shows some of its rows
	 * (dv.party, to whom it is not granted, is not read; of salts, those of parties may be covered);
	 * and what would be asked instead of PostgreSQL's own (hides false): columns of other types,
	 * casts between its types, functions and operators in its schema that have a name of its */
	STATEMENT_AUDIT_TABLES,
	/* from, below -> leaf_index event, and of that event leaf (null: there is none) fields (JSON:
	 * act at event key objects source) */
	STATEMENT_AUDIT_ENTRIES,
	/* size -> events not among so many leaves: event leaf fields late (for over a minute,
	 * or from so far in the future that it might be for ever) */
	STATEMENT_AUDIT_WAITING,
	STATEMENT_AUDIT_CHECKPOINTS,	/* -> size root note, by size */
	STATEMENT_AUDIT_EVENTS,		/* source -> event leaf fields null, of all its events */
	/* (after hash), limit; by hash -> hash size (null: a sidecar) */
	STATEMENT_AUDIT_BLOBS,
	/* (after hash), hash; by blob -> blob, of those up to it that a tombstone names */
	STATEMENT_AUDIT_TOMBSTONED,
	STATEMENT_AUDIT_SEGMENTS_OF,	/* blob -> segment */
	STATEMENT_AUDIT_TOMB_EVENTS,	/* segment -> leaf, of its disposal's events, in order */
	STATEMENT_AUDIT_PLAN_EVENTS,	/* plan -> leaf, of its making, decisions and recall, in order */
	STATEMENT_AUDIT_ITEMS,		/* plan -> number segment blob size rule rule_version due_on, by number */
	STATEMENT_AUDIT_ITEM,		/* segment, plan, blob -> number: it is an item of it, with these bytes */
	/* blobs (a JSON array of addresses) -> hash, of those that no event names */
	STATEMENT_AUDIT_UNLOGGED,
	/* of a source's events and of its table's rows, each beside the other by key, those without
	 * their other half too -> key event leaf has_row row (null: none, or longer than 4 MiB) salts
	 * erased; of one key the first event first, or the last where rows change by right */
#define SOURCE_(id, ...) STATEMENT_AUDIT_ROWS_##id,
#define SOURCE(...) SOURCE_(__VA_ARGS__)
#include "catalog/sources.def"
#undef SOURCE_
	/* event of that source -> the same, of it alone */
#define SOURCE_(id, ...) STATEMENT_AUDIT_ROW_##id,
#include "catalog/sources.def"
#undef SOURCE_
	/* what guards that table is held as it is, to the end of the transaction; its first statements */
#define SOURCE_(id, ...) STATEMENT_AUDIT_LOCK_##id,
#include "catalog/sources.def"
#undef SOURCE_
#undef SOURCE

	/* ------ the admin (role dv_admin) ------ */
	/* recorder, vid and pid (decimal), serial ("": any), (officer), (unit), reason, by,
	 * (key_id 16 hex digits as minisign prints it), (key 64 hex digits)
	 * -> result: enrolled | changed | unchanged */
	STATEMENT_ENROLL,
	STATEMENT_RETIRE,		/* recorder, reason, by */
	/* recorder, key_id, key, (from; NULL: 2000), (to; NULL: open), reason, by
	 * -> added: true, or false when it was there */
	STATEMENT_KEY_ADD,
	STATEMENT_KEY_REVOKE,		/* recorder, key_id, (at; NULL: now), reason, by */

	/* unit, (parent; NULL: none), (name), closed, reason -> result: made | changed | unchanged.  Here
	 * and below what is NULL is as it was. */
	STATEMENT_UNIT_SET,
	/* officer, (name), (certificate), (certified_to), (unit), (from), (to; days, "infinity": no
	 * end), reason -> result: the same */
	STATEMENT_OFFICER_SET,
	/* login, (name), (officer), (unit), roles (parted by commas, "": closed), reason
	 * -> result: made | changed | closed | unchanged */
	STATEMENT_ACCOUNT_SET,
	STATEMENT_RECORDER_ISSUE,	/* recorder, officer, reason -> result: issued | unchanged */
	STATEMENT_RECORDER_RETURN,	/* recorder, reason */
	/* recorder, kind (damaged, lost), reason, (segment) -> report: a supervisor, or the head of its unit */
	STATEMENT_RECORDER_REPORT,
	/* -> copies (stores besides the vault that are to have everything), unread (copies that were to be read
	 * again by now), backup_days (since the last backup; null: there was none) */
	STATEMENT_KEEPING,
	/* ------ classes and leave to read (role dv_person; what is read, dv_read) ------ */
	STATEMENT_CLASS_SET,		/* kind (segment, recording, case), subject, class, reason */
	STATEMENT_CLASS_LOWER,		/* kind, subject, class, reason -> lowering */
	STATEMENT_CLASS_DECIDE,		/* lowering, approved (true, false), reason */
	/* kind, subject -> shown: {kind subject class own segments unread follows readers export text_zh text_en
	 * rule_version history proposed} */
	STATEMENT_CLASS_SHOW,
	/* (class), limit; the highest first -> kind subject class revision reason by entered_at */
	STATEMENT_CLASS_LIST,
	/* (lowering), (state: proposed approved rejected) -> lowering kind subject class reason by entered_at state
	 * decided_by decided_reason decided_at */
	STATEMENT_CLASS_LOWERINGS,
	STATEMENT_GRANT_GIVE,		/* login, kind, subject, until (last day), reason -> read_grant */
	STATEMENT_GRANT_END,		/* read_grant, reason */
	/* (login), (state: given lapsed taken_back), limit -> read_grant login kind subject class until reason by
	 * entered_at state ended_by ended_reason ended_at */
	STATEMENT_GRANT_LIST,
	/* recorder, day -> recorder recording class segments: what of that day is covered from who asks */
	STATEMENT_COVERED_ON,
	STATEMENT_SEGMENT_MASKED,	/* segment -> segment recorder recording unit class: of one that is covered */

	/* ------ legal holds (people: sql/049) ------ */
	/* entry (JSON, dv.hold_add) -> hold objects bytes (what of it is there) begun gone (what came too late:
	 * its removal is under way, or over) lost (a list of at most 100 of those) */
	STATEMENT_HOLD_ADD,
	STATEMENT_HOLD_REVIEW,		/* hold, review_on, reason */
	STATEMENT_HOLD_RELEASE,		/* hold, reason */
	/* (hold), (kind and subject of an object: those that cover something of it), limit; those whose review
	 * comes first before the others -> hold kind subject from_day to_day review_on state (open, review_due,
	 * released) reason by entered_at review_reason reviewed_by reviewed_at release_reason released_by
	 * released_at */
	STATEMENT_HOLD_LIST,
	STATEMENT_HOLD_REACH,		/* hold -> objects bytes begun gone lost, as above */
	/* ------ the watched folder (role dv_inbox) ------ */
	STATEMENT_ROLE_HELD,		/* role -> held: by whoever is connected */
	STATEMENT_CASE_TAKES,		/* case -> state; null: there is none */

	/* ------ whoever may read (roles dv_admin, dv_supervisor) ------ */
	/* (recorder) -> recorder vid pid serial officer unit state (enrolled, retired) keys reason
	 * enrolled_at enrolled_by retired_at retired_reason last_docked_at, of the last check that
	 * learned anything checked_at check_phase battery free capacity clock_offset_ms
	 * clock_uncertainty_ms faults (list), and last_undocked_at */
	STATEMENT_RECORDER_LIST,
	/* (recorder), limit; newest first -> recorder session station phase checked_at battery free
	 * capacity clock_offset_ms clock_uncertainty_ms clock_set faults (list) recorded_at */
	STATEMENT_RECORDER_CHECKS,
	/* recorder, limit; newest first -> recorder session listed_at files parts complete bytes
	 * blob signature_blob recorded_at */
	STATEMENT_RECORDER_INVENTORIES,
	STATEMENT_INVENTORY_ENTRIES,	/* session -> entries, its parts put together */
	/* recorder, limit; newest first -> recorder session path path_raw size blob clearing_at
	 * cleared_at ok (null: nothing is known) why recorded_at */
	STATEMENT_RECORDER_CLEARED,
	/* (unit) -> unit parent name state (active, closed) officers accounts reason by entered_at */
	STATEMENT_UNIT_LIST,
	/* (officer), (unit) -> officer name certificate certified_to unit valid_from valid_to state
	 * (serving, ended) recorders login reason by entered_at */
	STATEMENT_OFFICER_LIST,
	STATEMENT_OFFICER_HISTORY,	/* officer -> the same but recorders and login, each revision */
	/* (login) -> login name officer unit roles (list) state (active, closed) reason by entered_at */
	STATEMENT_ACCOUNT_LIST,
	/* recorder, newest first -> recorder officer unit issued_at returned_at reason by */
	STATEMENT_RECORDER_ASSIGNMENTS,
	/* recorder -> key_id key valid_from valid_to reason added_at added_by revoked_at
	 * revoked_reason */
	STATEMENT_RECORDER_KEYS,
	/* (recorder), (session), limit; newest first -> session station slot port vid pid serial
	 * manufacturer product recorder unit officer started_at listed_at card files listed_bytes
	 * deleted ended_at outcome (open, ...) reason planned stored known failed bytes judged_at
	 * findings (number), of an unlock unlocked_model unlocked_vid unlocked_pid, of an import
	 * import_kind import_source import_by import_case import_reason */
	STATEMENT_SESSION_LIST,
	/* (recorder), (from day), (to day), (unit), limit; days on which they were recorded by the
	 * catalog, as in the report; newest first -> recorder recording unit session officer
	 * start_at end_at segments duration_ms bytes assurance stored_at recorded_at findings */
	STATEMENT_RECORDING_LIST,
	/* recording, (recorder) -> the same; more than one row when two recorders claim one UUID */
	STATEMENT_RECORDING_SHOW,
	/* recorder, recording; in order of seq -> columns of SEGMENT_SHOW */
	STATEMENT_RECORDING_SEGMENTS,
	/* segment -> segment recorder recording seq session unit officer path path_raw size blob
	 * stored_at start_at end_at duration_ms time_source claim_created claim_modified
	 * claim_accessed assurance signature digest manifest seal_manifest seal_signature
	 * seal_dseq recorded_at holes hole_bytes important signature_blob */
	STATEMENT_SEGMENT_SHOW,
	/* (from day), (to day), (unit), (recorder), (code), (session), limit; days as in the report;
	 * newest first -> finding code article severity recorder unit subject_kind subject fact at
	 * raised_at session confidence detail text_zh text_en next_step_zh next_step_en */
	STATEMENT_FINDING_LIST,
	STATEMENT_FINDING_SHOW,		/* finding -> the same */
	/* (unit), (officer), (recorder), (code), (state; "waiting": all but closed), overdue alone (true,
	 * false), limit; by what is due first -> finding code article severity state owner due_at overdue
	 * joins excused closed_at raised_at recorder unit officer case subject_kind subject fact at detail;
	 * those that are answered with another are not among them */
	STATEMENT_ANSWER_LIST,
	/* finding -> number kind other owner due_at reason_code excused text document segment by at, of it
	 * and, when it joined another, of that one; in order */
	STATEMENT_RECTIFICATION_LIST,

	/* ------ alertd (role dv_alert): coverage, sql/028 ------ */
	STATEMENT_COVERAGE_DUE,		/* -> due_ms: since 1970, or null */
	STATEMENT_COVERAGE_NEXT,	/* limit -> facts (JSON), as rules/coverage_json.h reads them */
	STATEMENT_COVERAGE_JUDGED,	/* verdict (JSON) -> judged: stored waits same changed */
	STATEMENT_COVERAGE_POSTPONE,	/* action: an hour -> done */
	/* (case), (action) -> action number revision case step place start end av av_unsuitable requirement
	 * article verdict confidence wanted_ms covered_ms proven_ms uncertainty_ms holes officers used
	 * doubts (JSON) judged_at: the last judgement of each, by start */
	STATEMENT_COVERAGE_LIST,

	/* ------ people who answer findings (role dv_person); findings: a JSON array of UUIDs ------ */
	STATEMENT_FINDING_ACKNOWLEDGE,	/* findings, (text) -> done (number) */
	STATEMENT_FINDING_EXPLAIN,	/* findings, reason_code, text, (attachment) -> done */
	STATEMENT_FINDING_REVIEW,	/* findings, verdict (closed, excused, reopened), text -> done */
	STATEMENT_FINDING_ASSIGN,	/* findings, (owner), (due: a moment), text -> done */

	/* ------ notices (the supervisor or the admin, by their own login; the list: whoever may read) ------ */
	/* (channel), (state: queued failed sent dead unanswered), limit; newest first -> notice channel kind
	 * subject created_at state attempts answer last_at next_at findings */
	STATEMENT_NOTICE_LIST,
	STATEMENT_NOTICE_RETRY,		/* notice, reason */
	STATEMENT_NOTICE_TEST,		/* channel, language -> notice body */
	STATEMENT_NOTICE_TEST_ANSWERED,	/* notice, outcome, answer */
	/* ------ people and cases (role dv_person; what is read, dv_read) ------ */

	/* What is entered is one JSON object; its fields are those of the function's in sql/033 and 034. */
	STATEMENT_CASE_OPEN,		/* object -> case */
	STATEMENT_CASE_CHANGE,		/* object -> revision */
	STATEMENT_CASE_OFFICER_SET,	/* case, officer, lead (true, false), leaves (true, false) */
	STATEMENT_PARTY_ADD,		/* object -> number */
	STATEMENT_CASE_EVENT_ADD,	/* object -> number */
	STATEMENT_ACTION_ADD,		/* object -> action */
	STATEMENT_ACTION_CHANGE,	/* object -> revision */
	STATEMENT_DOCUMENT_ADD,		/* object -> document */
	STATEMENT_DOCUMENT_SIGN,	/* object */
	STATEMENT_DOCUMENT_REFUSE,	/* object */
	STATEMENT_DOCUMENT_WITHDRAW,	/* document, reason */
	STATEMENT_LINK_ADD,		/* object -> link */
	STATEMENT_LINK_REMOVE,		/* link, reason */
	STATEMENT_RECORDING_REVIEW,	/* recorder, recording, verdict, why */
	/* session, case -> segment: what an import for a case brought; none until the catalog has it */
	STATEMENT_SCAN_OF,
	/* (case), (unit), (state), (officer), limit; newest first -> case revision kind origin named
	 * procedure urgent urgent_reason major contentious unit title started_at reason by entered_at
	 * state stage approved_at concluded_at archived_at actions documents officers */
	STATEMENT_CASE_LIST,
	STATEMENT_CASE_EVENTS,		/* case -> number kind at due_at detail note by entered_at */
	/* case -> number kind role name identifier address phone covered by entered_at */
	STATEMENT_CASE_PARTIES,
	/* case -> requirement version article severity stage step action state due_at what text_zh text_en */
	STATEMENT_CASE_CHECK,
	/* (case), (action) -> action revision case stage step step_zh step_en start_at end_at place
	 * av_notice av_unsuitable withdrawn reason by entered_at officers recordings documents */
	STATEMENT_ACTION_LIST,
	/* case, (document) -> document case kind kind_zh kind_en title number made_at segment kept_where
	 * fields refusal by entered_at withdrawn_at withdrawn_reason signatures actions */
	STATEMENT_DOCUMENT_LIST,
	STATEMENT_LINK_LIST,		/* (case), (action) -> link case action kind object how why by entered_at */
	/* (case), (action) -> case action recorder recording overlap_ms confidence reason (sql/035) */
	STATEMENT_LINK_PROPOSALS,
	STATEMENT_CASE_INDEX,		/* case -> index (hex) */
	STATEMENT_CASE_ARCHIVE,		/* case, index (hex), signature, key_id, (incomplete) -> revision */
	/* case, (revision); newest first -> case revision index (hex) sha256 signature key_id incomplete by
	 * archived_at */
	STATEMENT_CASE_ARCHIVES,

	STATEMENT_RULE_SHOW,		/* code -> code article severity */
	/* (day; today), (article), by article -> what (rule, requirement) code version valid_from valid_to
	 * article severity text_zh text_en body (JSON: its columns, as STATEMENT_RULE_PROPOSE takes them) */
	STATEMENT_RULE_LIST,
	/* code -> the same of all versions, in order, and proposal proposed_by reason decided_by
	 * decided_reason, null where it came with a release */
	STATEMENT_RULE_VERSIONS,
	/* (proposal), (code), (state: proposed, approved, rejected), newest first -> proposal what code
	 * valid_from body reason by entered_at state decided_by decided_reason decided_at */
	STATEMENT_RULE_PROPOSALS,
	/* what (also step, document, field), code, from day, body -> name was becomes, a column that would be
	 * another than on that day it is */
	STATEMENT_RULE_CHANGES,
	/* -> article demand_zh demand_en answer_zh answer_en commands, and lists of what is in force today:
	 * requirements, of code text_zh text_en severity kinds (or null) steps (or null) documents av (lists of
	 * words: zh, en) fields deadline deadline_from finding; findings, of code severity text_zh text_en
	 * parameters; by article */
	STATEMENT_RULE_ARTICLES,

	/* ------ people who change rules (role dv_person) ------ */
	STATEMENT_RULE_PROPOSE,		/* what, code, from day, body, reason -> proposal */
	STATEMENT_RULE_DECIDE,		/* proposal, approved (true, false), reason -> done */

	/* ------ disclosure (role dv_person) ------ */
	STATEMENT_DISCLOSURE_REQUEST,	/* object -> disclosure */
	/* objects (a JSON array), owner (true, false) -> segment class refused (never, owner, gone) plan: those that
	 * would be refused */
	STATEMENT_DISCLOSURE_LOOK,
	/* disclosure, (true: those that were refused alone) -> segment class refused plan; by segment */
	STATEMENT_DISCLOSURE_OBJECTS,
	STATEMENT_DISCLOSURE_SEEN,	/* disclosure -> seen: how many of its objects whoever is connected may read */
	STATEMENT_DISCLOSURE_DECIDE,	/* disclosure, approved, (last day), reason -> expires_at */
	STATEMENT_DISCLOSURE_LOCK,	/* disclosure -> locked: until the connection ends */
	/* disclosure -> number act host path by entered_at failed failed_at sealed; by number.  The last one is open
	 * when it neither failed nor is sealed */
	STATEMENT_DISCLOSURE_ATTEMPTS,
	STATEMENT_DISCLOSURE_BEGIN,	/* disclosure, host, path, reason -> number act */
	STATEMENT_DISCLOSURE_FAIL,	/* disclosure, number, why -> done */
	STATEMENT_DISCLOSURE_SEAL,	/* disclosure, number, sha256, size -> done */
	STATEMENT_DISCLOSURE_RECEIPT,	/* object -> disclosure */
	/* (disclosure), (from day), (to day) -> the columns of dv.disclosure_register(); by when it was asked */
	STATEMENT_DISCLOSURE_LIST,

	/* recorder, recording -> columns of FINDING_LIST: about it and about its segments */
	STATEMENT_RECORDING_FINDINGS,
	/* recorder, day -> columns of SEGMENT_SHOW but signature_blob, those that touch the day, by start */
	STATEMENT_TIMELINE,
	STATEMENT_TIMELINE_FINDINGS,	/* recorder, day -> columns of FINDING_LIST */
	/* from day, to day, (unit), (recorder) -> report: one JSON object (DESIGN.md) */
	STATEMENT_REPORT_INTEGRITY,
	/* first day of the month, (unit), (unit|officer|recorder|article) -> report: one JSON object (DESIGN.md) */
	STATEMENT_REPORT_MONTH,
	/*
	 * first day of a month, (unit); or of one, its id -> report kind from_day to_day unit content (its
	 * figures, text) sha256 files signature key_id reason by signed_at
	 */
	STATEMENT_REPORT_SIGNED,
	STATEMENT_REPORT_SIGNED_SHOW,
	/*
	 * first day of the month, (unit), (content: figures in canonical form), (files: a list), (signature),
	 * (key id), reason -> report (null: content was, and it may be signed)
	 */
	STATEMENT_REPORT_SIGN,
	/* officer, day -> day: one JSON object (DESIGN.md) */
	STATEMENT_OFFICER_DAY,
	/* ------ retention and disposal (sql/050) ------ */
	/* due day, (unit), reason -> plan objects bytes digest document: made, and not signed yet (role dv_person) */
	STATEMENT_DISPOSAL_PLAN,
	STATEMENT_DISPOSAL_SIGN,	/* plan, document, signature, key id -> done (role dv_person) */
	/*
	 * -> plan day unit objects bytes digest reason by made_at approvals approved_at recovery_ends_at gone
	 * spared state (unsigned proposed rejected recalled recovery approved done), the newest first
	 */
	STATEMENT_DISPOSAL_LIST,
	/* plan -> the same columns, and document signature key_id sha256 (null: unsigned) */
	STATEMENT_DISPOSAL_SHOW,
	STATEMENT_DISPOSAL_DECISIONS,	/* plan -> by approved reason entered_at, in order */
	/* plan -> number segment blob size rule rule_version due_on, in order of number: a million at most */
	STATEMENT_DISPOSAL_ITEMS,
	/*
	 * plan, limit (null: all) -> number segment blob size rule rule_version due_on fate (waits spared begun disposed) why
	 * (of what was spared) at sha256 stores blob_kept recorder recording, in order of number
	 */
	STATEMENT_DISPOSAL_OBJECTS,
	/* plan, approved (true, false), reason, digest -> said: approved_first approved rejected changed (role dv_person) */
	STATEMENT_DISPOSAL_DECIDE,
	STATEMENT_DISPOSAL_RECALL,	/* plan, (segment), reason -> done (role dv_person) */
	/* limit -> what plan segment blob remove why, see sql/050, dv.disposal_next() (role dv_keep, or an admin) */
	STATEMENT_DISPOSAL_NEXT,
	/* segment, which is begun -> what: remove, keep, gone; right before its bytes are removed */
	STATEMENT_DISPOSAL_STILL,
	/* segment, stores (an array of PostgreSQL's), kept -> done: false when it was (role dv_keep, or an admin) */
	STATEMENT_DISPOSAL_DONE,
	STATEMENT_DISPOSAL_CERTIFICATE,	/* plan -> certificate: one JSON object (sql/050), no row: no such plan */
	STATEMENT_RETENTION_EXPLAIN,	/* segment -> explain: one JSON object (sql/050) */
	STATEMENT_RETENTION_MARK,	/* kind, subject, mark, reason -> mark_id (role dv_person) */
	STATEMENT_RETENTION_UNMARK,	/* the same (role dv_person) */
	STATEMENT_RETENTION_REVIEW,	/* recorder, recording, dispose|keep, reason -> done (role dv_person) */
	STATEMENT_RETENTION_REVIEWS,	/* limit -> recorder recording unit segments bytes rule version due_on */
	STATEMENT_CLOCK_DAYS,		/* limit -> day noted_at verdict (wrong lived null) reason by, the newest first */
	STATEMENT_CLOCK_PROBLEM,	/* -> problem: a sentence, or null */
	STATEMENT_CLOCK_SAY,		/* day, wrong|lived, reason -> done (role dv_person) */
	/* blobs (an array of PostgreSQL's) -> blob segment plan at, of those that are gone by right */
	STATEMENT_BLOBS_DISPOSED,
	STATEMENT_TOMBSTONES,		/* recorder, recording -> segment plan at blob_kept, of those that are gone */
	/* limit -> done, more, due_ms (role dv_alert) */
	STATEMENT_RETENTION_DAILY,
	/* ------ copies (roles dv_keep and dv_person; what is read, dv_read) ------ */

	/* -> store revision holds reread reason by entered_at, the newest of each */
	STATEMENT_STORE_LIST,
	STATEMENT_STORE_SET,		/* store, (holds), (reread), reason -> outcome (made, changed, unchanged) */
	STATEMENT_STORE_NAMES,		/* -> store holds walked_at (null: never) */
	STATEMENT_SCRUB_BEGIN,		/* store, run, everything -> resumed */
	/* run, limit, bad; run, blob -> blob size state sha256 sm3 logged leaving: sql/042, dv.scrub_next() */
	STATEMENT_SCRUB_NEXT,
	STATEMENT_SCRUB_ONE,
	STATEMENT_SCRUB_SAMPLE,		/* store, how many -> blob */
	STATEMENT_SCRUB_LOCK,		/* run, blobs (a list) -> blob: which may be written, until the transaction ends */
	STATEMENT_SCRUB_FOUND,		/* run, what was found: sql/042, dv.scrub_found() -> findings (how many) */
	STATEMENT_SCRUB_UNRECORDED,	/* run, blobs (a list) -> blob removed (it was to be gone) */
	STATEMENT_SCRUB_EXTRA,		/* run, list, how many, (size of the log's files) -> findings */
	STATEMENT_SCRUB_END,		/* run */
	STATEMENT_FIXITY,		/* -> a store a row: sql/042, dv.fixity() */
	/* limit -> run store scope outcome by started_at ended_at and the counters of dv.scrub_run, newest first */
	STATEMENT_SCRUB_RUNS,
	STATEMENT_SCRUB_WATCH,		/* -> raised next_ms (by the database's clock; null: never).  alertd */
	STATEMENT_DRILL_BLOB,		/* -> blob: of trials; no row: there was none */
	STATEMENT_DRILL_BEGIN,		/* drill, store, blob, size, reason */
	STATEMENT_DRILL_TOLD,		/* drill, code -> finding notices sent failed answers; no row: not found */
	STATEMENT_DRILL_END,		/* drill, passed, steps (an object) */

	STATEMENT_STATUS,		/* -> status: one JSON object (DESIGN.md) */
	/* (after hash), limit; by hash -> hash size (null: a sidecar) stored_at */
	STATEMENT_BLOB_PAGE,
	/* hash -> hash size stored_at, and segment recorder path (null: not a segment's) */
	STATEMENT_BLOB_SHOW,

	/* ------ backups ------ */
	/*
	 * -> snapshot (for pg_dump, while the transaction lasts) at log_size checkpoint (of that size; null:
	 * nothing was signed) counts (an object: rows by table) server
	 */
	STATEMENT_BACKUP_SNAPSHOT,
	STATEMENT_BACKUP_COUNTS,	/* -> counts, as above */
	STATEMENT_BACKUP_ROLES,		/* -> line: statements, in order */
	STATEMENT_BACKUP_BLOBS,		/* -> hash size (null: a sidecar), by hash: what the vault is to hold */
	STATEMENT_BACKUP_GOING,		/* list of hashes -> hash: those whose disposal was begun */
	/* place, started, ended, log size, blobs, missing, bytes, digest, reason -> backup */
	STATEMENT_BACKUP_NOTE,
	STATEMENT_RESTORE_EMPTY,	/* (of a database without catalog) -> empty */
	STATEMENT_BACKUP_SWEEP,		/* (alertd) -> raised due_ms (null: nothing to wait for) */

	STATEMENTS
};

struct catalog_statement_text {
	const char *name;		/* of the prepared statement */
	const char *text;
	size_t n_params;
};

extern const struct catalog_statement_text catalog_statements[STATEMENTS];

#endif
