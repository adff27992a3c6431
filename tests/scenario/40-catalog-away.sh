#!/bin/bash
# Goal: however the catalog goes away, every call is answered exactly once, what
# was asked again is recorded once, and the connection comes back by itself.
#
#   not there yet, mute, without schema, killed and stopped in the middle of an
#   ingest, frozen; two stations at once
# Takes 60 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/cluster.sh
. tests/cluster.sh
drive=$BUILD/catalog-drive
pids=()
clean() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait
	cluster_end
}
trap clean EXIT

fail() { echo "FAILED: $1"; cat "$CLUSTER"/*.out 2>/dev/null || true; exit 1; }
ok() { echo "ok: $1"; }

# await FILE PATTERN [SECONDS [N]]: until N lines of the file have it
await() {
	local lines follower status=0
	exec {lines}< <(exec tail -n +1 -F "$1" 2>/dev/null)
	follower=$!
	timeout "${3:-60}" grep -m "${4:-1}" -e "$2" <&"$lines" | cat >/dev/null ||
		status=$?	# with /dev/null itself, grep would end at the first
	kill "$follower"
	exec {lines}<&-
	[ "$status" -eq 0 ] || fail "no \"$2\" in $(basename "$1")"
}

# A server that accepts and never speaks, and one that takes the question and
# never answers.  Both take their time, though not the 10 s and 60 s of dockd, beside all the rest.
mute() {
	exec perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die;
		$| = 1; print "listening\n";
		my @kept; while (my $c = $s->accept) { push @kept, $c }' "$1"
}
freeze() (
	drove=
	cluster_start
	trap 'kill "$drove" 2>/dev/null || true; cluster_end' EXIT
	"$drive" migrate "$CONNINFO user=postgres" sql >/dev/null
	PATIENCE_MS=8000 "$drive" ingest "$CONNINFO user=dv_ingest" 1500 >"$CLUSTER/out" 2>&1 &
	drove=$!
	await "$CLUSTER/out" '^recorded 300 of 3000'
	kill -STOP $drove		# or it would be done before we come
	backend=$(db postgres "SELECT pid FROM pg_stat_activity WHERE usename = 'dv_ingest'")
	kill -STOP "$backend"
	kill -CONT $drove
	await "$CLUSTER/out" '^down: the server gives no answer' 90
	kill -CONT "$backend"
	wait $drove || fail "ingest after a frozen server"
	grep -q 'outages 1$' "$CLUSTER/out" || fail "one outage"
	[ "$(db postgres 'SELECT count(*) FROM dv.segment' \
		'SELECT sum(segments) FROM dv.day_summary')" = $'7500\n7500' ] || fail "lost or doubled"
)
freeze & frozen=$!; pids+=("$frozen")
cluster_start
mkdir "$CLUSTER/mute"
mute "$CLUSTER/mute/.s.PGSQL.5432" >"$CLUSTER/listen.out" & pids+=("$!")
await "$CLUSTER/listen.out" '^listening'
PATIENCE_MS=4000 "$drive" ask "host=$CLUSTER/mute dbname=dv" ffffffff-ffff-8fff-8fff-ffffffffffff \
	>"$CLUSTER/mute.out" 2>&1 & pids+=("$!")

# A server that is not there.
cluster_stop
"$drive" ask "$CONNINFO user=dv_ingest" ffffffff-ffff-8fff-8fff-ffffffffffff \
	>"$CLUSTER/ask.out" 2>&1 & ask=$!; pids+=("$ask")
await "$CLUSTER/ask.out" '^down: .*No such file'
ok "a server that is not there is told as down"

# A server without the role, then without the schema, then with it.
cluster_again
"$drive" ingest "$CONNINFO user=dv_ingest" 400 >"$CLUSTER/first.out" 2>&1 & first=$!; pids+=("$first")
await "$CLUSTER/first.out" '^down: .*role "dv_ingest" does not exist'
ok "a missing role is told in the server's words"
"$drive" migrate "$CONNINFO user=postgres" sql >"$CLUSTER/migrate.log"
await "$CLUSTER/first.out" '^up'
wait $first || fail "ingest after the schema came"
ok "dockd waits for the schema and goes on by itself"
wait $ask && fail "a session that is not there has a chain"
grep -q 'is not recorded' "$CLUSTER/ask.out" || fail "a refusal in the server's words"
"$drive" ask "$CONNINFO user=dv_ingest" 00000000-0000-8000-8000-000000000001 >"$CLUSTER/ask2.out" ||
	fail "ask"
diff - <(sed 's/refused -22: .*uuid.*/refused: uuid/; s/refused -22: .*version.*/refused: version/
	s/refused -22: .*digest_hex.*/refused: digest/' \
	 "$CLUSTER/ask2.out") <<'END' || fail "the answers"
known 3486dad841f230afd81281f856d5794063a8f0771eecc19246d360acb1054619 1000
refused: version
not known
plain 097e36ce-0000-8000-8000-ef00e582a0e5 1/0
plain 2ee7b03f-0000-8000-8000-61ecd233f16c 1/1
plain a5fcbfd1-0000-8000-8000-cf5b23368fd3 1/2
plain dae6dd55-0000-8000-8000-7addcfc97ce8 1/3
plain a5055623-0000-8000-8000-c7657d5b5fcc 1/4
judged
refused: uuid
ledger now none before none cleared 0
which 0 1
stored 1 0
raised 0
noted
refused: digest
END
ok "every call gets its own answer, those behind a refusal too"

# A right that was forgotten is for an operator to give, not for dockd to lose records over.
db postgres "REVOKE EXECUTE ON FUNCTION dv.ingest(jsonb) FROM dv_ingest"
"$drive" ingest "$CONNINFO user=dv_ingest" 1 >"$CLUSTER/right.out" 2>&1 & right=$!; pids+=("$right")
await "$CLUSTER/right.out" '^down: permission denied for function ingest'
db postgres "GRANT EXECUTE ON FUNCTION dv.ingest(jsonb) TO dv_ingest"
wait $right || fail "ingest after the right was given"
ok "a missing right is told and waited for"

# Killed again and again, while the calls are on their way.
"$drive" ingest "$CONNINFO user=dv_ingest" 1500 >"$CLUSTER/kill.out" 2>&1 & kill=$!; pids+=("$kill")
await "$CLUSTER/kill.out" '^recorded 300 of 3000'
times=1
for way in kill kill kill kill stop; do
	# Connected, and held there.
	await "$CLUSTER/kill.out" '^up' 60 $times
	kill -STOP $kill
	"cluster_$way"
	cluster_again
	kill -CONT $kill
	times=$((times + 1))
done
wait $kill || fail "ingest with a server that dies"
grep '^done' "$CLUSTER/kill.out"
outages=$(sed -n 's/^done: .*outages //p' "$CLUSTER/kill.out")
[ "$outages" -ge 5 ] || fail "only $outages outages were noticed"
ok "$outages times away, every call answered exactly once"

counts() {
	db postgres "SELECT count(*) FROM dv.dock_session" "SELECT count(*) FROM dv.dock_session_end" \
		"SELECT count(*) FROM dv.segment" "SELECT count(*) FROM dv.segment_seen" \
		"SELECT count(*) FROM dv.recording" \
		"SELECT sum(sessions), sum(recordings), sum(segments), sum(bytes) FROM dv.day_summary"
}
expected='1500
1500
7500
7500
1500
1500|1500|7500|7500000'
[ "$(counts)" = "$expected" ] || { counts; fail "something is lost or doubled"; }
ok "nothing is lost and nothing doubled"

# All of it again, by two stations at once.
"$drive" ingest "$CONNINFO user=dv_ingest" 1500 >"$CLUSTER/a.out" 2>&1 & a=$!; pids+=("$a")
"$drive" ingest "$CONNINFO user=dv_ingest" 1500 >"$CLUSTER/b.out" 2>&1 & b=$!; pids+=("$b")
wait $a || fail "the first of two"
wait $b || fail "the second of two"
[ "$(counts)" = "$expected" ] || { counts; fail "doing it again changed something"; }
ok "doing all of it again changes nothing"

# New ones by two stations at once.
"$drive" ingest "$CONNINFO user=dv_ingest" 2000 >"$CLUSTER/c.out" 2>&1 & a=$!; pids+=("$a")
"$drive" ingest "$CONNINFO user=dv_ingest" 2000 >"$CLUSTER/d.out" 2>&1 & b=$!; pids+=("$b")
wait $a || fail "the first of two new ones"
wait $b || fail "the second of two new ones"
[ "$(db postgres 'SELECT count(*) FROM dv.segment' \
	'SELECT sum(segments) FROM dv.day_summary')" = $'10000\n10000' ] || fail "two at once doubled something"
ok "two stations with the same records make them once"

await "$CLUSTER/mute.out" '^down: the server does not finish connecting'
ok "a server that never speaks is given up"

# The server that takes the question and never answers was frozen at the start.
wait $frozen || fail "a server that gives no answer"
ok "a frozen server is given up, and asked again by another connection"

# The admin's word reaches who listens, also over an outage before it.
"$drive" watch "$CONNINFO user=dv_ingest" 2 >"$CLUSTER/watch.out" 2>&1 & watch=$!; pids+=("$watch")
await "$CLUSTER/watch.out" '^up'
db dv_admin "SELECT dv.enroll('REC-0', 4660, 22136, 'S', '019123', 'U1', 'test', 'li',
	'0011223344556677', decode(repeat('ab', 32), 'hex'))" >/dev/null
await "$CLUSTER/watch.out" '^changed'
cluster_stop
await "$CLUSTER/watch.out" '^down: server closed the connection'
cluster_again
# Up again: the second "up" of the file.
await "$CLUSTER/watch.out" '^up' 60 2
db dv_admin "SELECT dv.enroll('REC-00', 1, 2, '', NULL, NULL, 'test', 'li')" >/dev/null
wait $watch || fail "a change after an outage"
"$drive" ask "$CONNINFO user=dv_ingest" 00000000-0000-8000-8000-000000000001 | head -n 3 |
	diff - <(printf '%s\n' 'recorder REC-0 1234:5678 S officer 019123 unit U1' \
		'key 0011223344556677' 'recorder REC-00 0001:0002  officer  unit ') || fail "the recorders"
ok "an enrolment is told, with its key"

[ "$("$drive" cancel "$CONNINFO user=dv_ingest" -)" = '256 calls, 256 cancelled' ] || fail "cancelling"
ok "calls in flight are cancelled at the end, each once"

# What tools run, with the rights of the supervisor, gives JSON of the right types.
"$drive" read "$CONNINFO user=dv_supervisor" "$(TZ=Asia/Shanghai date +%F)" >"$CLUSTER/read.out" ||
	fail "reading"
sed -n 's/^report_integrity //p' "$CLUSTER/read.out" |
	jq -e '.[0].report.totals | .segments == 10000 and .recordings == 2000 and .recorders == 41' >/dev/null ||
	fail "the report"
sed -n 's/^session_list //p' "$CLUSTER/read.out" |
	jq -e 'length == 2000 and .[0].stored == 5 and .[0].card == null and .[0].outcome == "released"' >/dev/null ||
	fail "the sessions"
ok "every statement that reads is let, and gives what it says"
echo "all passed"
