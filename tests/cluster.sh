# shellcheck shell=bash
# A PostgreSQL cluster of one test: in its own directory, on a Unix socket there
# and nowhere else, gone when the test ends.  Sourced by tests/run-sql and by
# scenarios.
#
#	cluster_start		make and start it; sets CLUSTER and CONNINFO
#	cluster_stop		as an operator stops it
#	cluster_kill		as a power cut stops it: no process of it is left
#	cluster_again		start it anew after either
#	cluster_end		stop and remove it; for a trap
#	db ROLE SQL...		run as ROLE on database dv, values alone

PGBIN=${PGBIN:-/usr/lib/postgresql/15/bin}
CLUSTER=

# The server refuses to run as root.
as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

cluster_start() {
	if [ ! -x "$PGBIN/initdb" ]; then
		echo "PostgreSQL 15 is not installed: run tools/setup"
		exit 77
	fi
	CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/dv-pg.XXXXXX")
	if [ "$(id -u)" -eq 0 ]; then
		chown postgres: "$CLUSTER"
		chmod 0755 "$CLUSTER"
	fi
	# shellcheck disable=SC2034	# for whoever sourced this
	CONNINFO="host=$CLUSTER dbname=dv"
	as_postgres "$PGBIN/initdb" -D "$CLUSTER/data" -U postgres -A trust -E UTF8 \
		--locale=C.UTF-8 --no-sync >"$CLUSTER/initdb.log"
	cluster_again
	createdb -h "$CLUSTER" -U postgres dv
}

# Without fsync: a killed process loses nothing that the kernel has.
cluster_again() {
	as_postgres "$PGBIN/pg_ctl" -D "$CLUSTER/data" -w -t 60 -l "$CLUSTER/log" \
		-o "-c listen_addresses= -c unix_socket_directories='$CLUSTER' -c fsync=off" \
		start >/dev/null
}

cluster_stop() {
	as_postgres "$PGBIN/pg_ctl" -D "$CLUSTER/data" -w -t 60 -m "${1:-fast}" stop >/dev/null
}

cluster_kill() {
	local postmaster backends
	postmaster=$(head -n 1 "$CLUSTER/data/postmaster.pid")
	backends=$(pgrep -P "$postmaster" || true)
	# shellcheck disable=SC2086	# a list of pids
	kill -9 "$postmaster" $backends 2>/dev/null || true
	while kill -0 "$postmaster" 2>/dev/null; do
		sleep 0.02	# until init has reaped it; nothing tells us
	done
}

cluster_end() {
	[ -n "$CLUSTER" ] || return 0
	if [ -e "$CLUSTER/data/postmaster.pid" ]; then
		cluster_stop immediate || true
	fi
	rm -rf "$CLUSTER"
}

db() {
	local role=$1 sql
	shift
	local commands=()
	for sql in "$@"; do
		commands+=(-c "$sql")
	done
	psql -h "$CLUSTER" -U "$role" -d dv -X -q -A -t -v ON_ERROR_STOP=1 "${commands[@]}"
}
