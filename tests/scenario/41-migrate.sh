#!/bin/bash
# Goal: migrations are applied once, in order, whole or not at all, and nothing
# that was applied may differ from its file.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
trap cluster_end EXIT
drive=$BUILD/catalog-drive

fail() { echo "FAILED: $1"; exit 1; }
ok() { echo "ok: $1"; }
migrate() { "$drive" migrate "$CONNINFO user=${1:-postgres}" "$CLUSTER/sql" >"$CLUSTER/out" 2>&1; }
# refused WHAT PATTERN: migrating fails, says so, and leaves the database as it is
refused() {
	local before after
	before=$(state)
	! migrate || fail "$1: was not refused"
	grep -q -e "$2" "$CLUSTER/out" || { cat "$CLUSTER/out"; fail "$1: says something else"; }
	after=$(state)
	[ "$before" = "$after" ] || fail "$1: changed something"
	ok "$1"
}
state() {
	db postgres "SELECT number, name, sha256 FROM dv.schema_version ORDER BY number" \
		"SELECT count(*) FROM pg_class" "SELECT count(*) FROM pg_proc"
}

cluster_start
cp -r sql "$CLUSTER/sql"
files=$(find "$CLUSTER/sql" -name '*.sql' | wc -l)

[ "$("$drive" status "$CONNINFO user=postgres" "$CLUSTER/sql" | grep -c 'pending$')" -eq "$files" ] ||
	fail "status of a new database"
ok "a new database has everything pending"

# As the database's owner, who is no superuser, twice at once.
createuser -h "$CLUSTER" -U postgres --createrole keeper
db postgres "ALTER DATABASE dv OWNER TO keeper"
for n in 1 2; do
	"$drive" migrate "$CONNINFO user=keeper" "$CLUSTER/sql" >"$CLUSTER/$n.out" 2>&1 &
	declare "pid$n=$!"
done
# shellcheck disable=SC2154	# set by declare
wait "$pid1" || { cat "$CLUSTER/1.out"; fail "the first of two at once"; }
# shellcheck disable=SC2154
wait "$pid2" || { cat "$CLUSTER/2.out"; fail "the second of two at once"; }
[ "$(sort "$CLUSTER/1.out" "$CLUSTER/2.out" | grep -c 'applied$')" -eq "$files" ] ||
	fail "two at once applied something twice"
ok "the owner of the database migrates, two at once once"
migrate || fail "again"
[ ! -s "$CLUSTER/out" ] || fail "again did something"
ok "again is nothing to do"

# sha256 is that of sha256sum.
[ "$(db postgres "SELECT encode(sha256, 'hex') FROM dv.schema_version WHERE number = 3")" = \
  "$(sha256sum "$CLUSTER"/sql/003-*.sql | cut -d ' ' -f 1)" ] || fail "the sha256"
ok "sha256sum tells the same"

sed -i '1s/^/-- a word more\n/' "$CLUSTER"/sql/004-*.sql
refused "a changed file" '004-finding.sql: changed after it was applied'
"$drive" status "$CONNINFO user=postgres" "$CLUSTER/sql" | grep -q '^004-finding.sql changed$' ||
	fail "status of a changed file"
cp sql/004-*.sql "$CLUSTER/sql"

mv "$CLUSTER"/sql/009-*.sql "$CLUSTER/kept"
refused "a file that is gone" '009-rights.sql: applied on .* but not there'
mv "$CLUSTER/kept" "$CLUSTER/sql/009-rights.sql"

cat >"$CLUSTER/sql/900-half.sql" <<'END'
CREATE TABLE dv.half ();
SELECT 1 / 0;
END
refused "a file that fails half-way" '900-half.sql: division by zero'
echo 'CREATE TABLE dv.half (); ROLLBACK;' >"$CLUSTER/sql/900-half.sql"
refused "a file that ends its transaction" '900-half.sql: ends the transaction'
rm "$CLUSTER/sql/900-half.sql"

touch "$CLUSTER/sql/x-y.sql"
refused "a file without number" 'x-y.sql: not the name of a migration'
rm "$CLUSTER/sql/x-y.sql"
echo 'SELECT 1;' >"$CLUSTER/sql/004-other.sql"
refused "a number used twice" '004-.*.sql: .* has the same number'
rm "$CLUSTER/sql/004-other.sql"
: >"$CLUSTER/sql/901-empty.sql"
refused "an empty file" '901-empty.sql: empty'

echo 'CREATE TABLE dv.later ();' >"$CLUSTER/sql/901-empty.sql"
migrate || { cat "$CLUSTER/out"; fail "one more file"; }
[ "$(cat "$CLUSTER/out")" = '901-empty.sql applied' ] || fail "one more file alone"
[ "$(db postgres "SELECT tableowner FROM pg_tables WHERE tablename = 'later'")" = dv_owner ] ||
	fail "what later files make belongs to dv_owner"
ok "one more file is applied, as the schema's owner"
[ "$(db postgres "SELECT detail -> 'changed' -> 'table later' ->> 'is' FROM dv.act
	ORDER BY done_at DESC LIMIT 1")" = "dv_owner " ] || fail "what a migration changes of rights is no act"
ok "rights that a migration changes are an act of its transaction"
echo 'SELECT 1;' >"$CLUSTER/sql/900-below.sql"
refused "a number below the last" '900-below.sql: a later one is applied already'

# Somebody who may not.
createuser -h "$CLUSTER" -U postgres stranger
rm "$CLUSTER/sql/900-below.sql"
migrate stranger && fail "a stranger migrates"
grep -q 'permission denied' "$CLUSTER/out" || fail "a stranger is told why"
ok "a stranger may not"

# What was there before there was a log is logged when it comes.
db postgres "SET client_min_messages = warning" "DROP SCHEMA dv CASCADE"
cp -r sql "$CLUSTER/new"
rm "$CLUSTER"/sql/*
cp "$CLUSTER"/new/00* "$CLUSTER"/new/01[0-7]* "$CLUSTER/sql"
migrate keeper || { cat "$CLUSTER/out"; fail "up to 017"; }
uid=00000000-0000-8000-8000-00000000000
hex() { printf '%064d' "$1"; }
db keeper "SET ROLE dv_owner" "SELECT dv.enroll('REC-1', 1, 2, 'S', '019123', 'U1', 'r', 'zhang', '00112233AABBCCDD', sha256('k'))" \
	"SELECT dv.ingest('[
{\"v\": 1, \"type\": \"session\", \"station\": \"QH-01\", \"session\": \"${uid}1\", \"slot\": \"A1\", \"port\": \"1-1\",
 \"usb\": {\"vid\": \"0001\", \"pid\": \"0002\", \"serial\": \"S\"}, \"recorder\": \"REC-1\", \"started\": \"2026-11-23T08:00:00.000Z\"},
{\"v\": 1, \"type\": \"manifest\", \"station\": \"QH-01\", \"session\": \"${uid}1\", \"recorder\": \"REC-1\", \"manifest\": \"$(hex 1)\",
 \"path\": \"1.bwm\", \"path_raw\": \"31\", \"signature\": \"unsigned\", \"at\": \"2026-11-23T08:00:01.000Z\"},
{\"v\": 1, \"type\": \"segment\", \"station\": \"QH-01\", \"session\": \"${uid}1\", \"segment\": \"${uid}2\", \"recorder\": \"REC-1\",
 \"recording\": \"${uid}3\", \"seq\": 0, \"path\": \"019123.mp4\", \"path_raw\": \"30\", \"size\": 7, \"blob\": \"$(hex 2)\",
 \"fingerprint\": \"$(hex 3)\", \"stored\": \"2026-11-23T08:00:02.000Z\", \"start\": \"2026-11-23T07:00:00.000Z\", \"time_source\": \"name\",
 \"officer\": \"019123\", \"assurance\": \"sealed_at_dock\", \"signature\": \"unsigned\", \"digest\": \"not_claimed\",
 \"findings\": [{\"code\": \"late_upload\", \"subject_kind\": \"segment\", \"subject\": \"${uid}2\", \"recorder\": \"REC-1\", \"fact\": \"\",
  \"at\": \"2026-11-23T08:00:00.000Z\", \"detail\": {}}]}]')" >/dev/null
cp "$CLUSTER"/new/* "$CLUSTER/sql"
migrate keeper || { cat "$CLUSTER/out"; fail "a catalog that holds something gets its log"; }
for source in $(db postgres "SELECT source FROM dv.custody_source WHERE NOT changes"); do
	[ "$(db postgres "SELECT count(*) FROM dv.$source")" = \
	  "$(db postgres "SELECT count(DISTINCT key) FROM dv.custody_event WHERE source = '$source'")" ] ||
		fail "a row of $source is not logged"
done
[ "$(db postgres "SELECT count(*) FROM dv.custody_event WHERE act = 'logged_later' AND source NOT IN ('rule', 'schema_version')")" -eq 12 ] ||
	fail "what was there is not logged later"
[ "$(db postgres "SELECT objects FROM dv.custody_event WHERE source = 'finding'")" = \
  "{finding:$(db postgres "SELECT finding FROM dv.finding"),recorder:REC-1,segment:${uid}2,session:${uid}1}" ] ||
	fail "or not found by its names"
ok "what was there before the log is logged later"
echo "all passed"
