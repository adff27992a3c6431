#!/bin/bash
# Goal: what is installed is complete, documented and hardened: every unit at most 2.0 in
# systemd-analyze, every manual clean, every program's manual there, both configurations valid.
# Takes 25 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

make -s install DESTDIR="$dir" PREFIX=/usr BUILD="$BUILD"

for file in usr/libexec/dockvault/dockd usr/libexec/dockvault/dock-lister \
	    usr/libexec/dockvault/dock-clear usr/bin/vaultctl usr/lib/systemd/system/dock-clear.socket \
	    usr/lib/systemd/system/dockvault-inbox.service usr/lib/systemd/system/dockvault-inbox.path \
	    usr/lib/systemd/system/dockvault-inbox.timer \
	    usr/lib/systemd/system/dockvault-disposal.service usr/lib/systemd/system/dockvault-disposal.timer \
	    usr/lib/systemd/system/dockvault-scrub.service usr/lib/systemd/system/dockvault-scrub.timer \
	    usr/lib/systemd/system/dockvault-backup.service usr/lib/systemd/system/dockvault-backup.timer \
	    usr/lib/systemd/system/dock-clear@.service usr/share/man/man8/dock-clear.8 \
	    usr/lib/systemd/system/dockd.service usr/lib/udev/rules.d/70-dockvault.rules \
	    usr/lib/sysusers.d/dockvault.conf usr/lib/tmpfiles.d/dockvault.conf \
	    usr/share/man/man8/dockd.8 usr/share/man/man8/dock-lister.8 usr/share/man/man8/vaultctl.8 \
	    usr/libexec/dockvault/custodyd usr/lib/systemd/system/custodyd.service \
	    usr/share/man/man8/custodyd.8 usr/libexec/dockvault/alertd \
	    usr/lib/systemd/system/alertd.service usr/share/man/man8/alertd.8 \
	    usr/share/dockvault/postgresql/pg_hba.conf usr/share/man/man8/dockvault-database.8 \
	    usr/share/man/man5/dockvault.conf.5 usr/share/man/man5/recorders.d.5 \
	    usr/share/dockvault/recorders.d/generic.conf etc/dockvault/dockvault.conf; do
	[ -s "$dir/$file" ] || { echo "not installed: $file"; exit 1; }
done
[ "$(find "$dir/usr/share/dockvault/sql" -name '[0-9]*.sql' | wc -l)" -gt 1 ]

for unit in "$dir"/usr/lib/systemd/system/*.service; do
	score=$(systemd-analyze security --no-pager --offline=true "$unit" 2>/dev/null |
		sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
	echo "${unit##*/}: exposure $score"
	awk -v s="$score" 'BEGIN { exit !(s != "" && s <= 2.0) }'
done

# An administrator's own configuration survives an upgrade.
echo '# mine' >>"$dir/etc/dockvault/dockvault.conf"
make -s install DESTDIR="$dir" PREFIX=/usr BUILD="$BUILD"
grep -q '^# mine$' "$dir/etc/dockvault/dockvault.conf"

for page in docs/man/*; do
	mandoc -Tlint -W warning "$page"
done
for conf in systemd/dockvault.conf.minimal systemd/dockvault.conf.full; do
	"$BUILD/vaultctl" config check --config "$conf"
done
shellcheck -S warning tools/setup tools/devstack tools/demo tests/run-* tests/*.sh tests/scenario/*.sh .ci/run \
	tests/check-deb tests/deb-inside tools/debian/assemble tools/debian/dockvault-database tools/debian/dockvault.p*
