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
echo 'SELECT 1;' >"$CLUSTER/sql/900-below.sql"
refused "a number below the last" '900-below.sql: a later one is applied already'

# Somebody who may not.
createuser -h "$CLUSTER" -U postgres stranger
rm "$CLUSTER/sql/900-below.sql"
migrate stranger && fail "a stranger migrates"
grep -q 'permission denied' "$CLUSTER/out" || fail "a stranger is told why"
ok "a stranger may not"
echo "all passed"
