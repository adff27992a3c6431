#!/bin/bash
# Goal: dock-lister, jailed, lists an MTP device over its socket, a full one within 24 MiB, and ends
# when dockd goes.
set -eu -o pipefail

command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $1"; exit 1; }
# expect WHAT JQ OPTION...: the listing makes the expression true
expect() {
	what=$1 true=$2
	shift 2
	timeout 60 "$BUILD/list-device" "$@" "$BUILD/dock-lister" >out.json ||
		fail "$what: list-device exited $?"
	jq -e "$true" out.json >/dev/null || { jq . out.json; fail "$what"; }
	echo "ok: $what ($(jq -r .peak_kib out.json) KiB)"
}

small='[.files[].path] == ["DCIM/100MEDIA/A.MP4", "DCIM/100MEDIA/B.MP4", "EMPTY.TXT", "storage-2/C.MP4"]
	and .files[1].size == 5368709120 and .volumes == 2 and .troubles == []
	and .model == "DSJ/A1" and .clock == "2026-11-23T20:42:58"'
expect "a device" "$small"
expect "one without a list" "$small" --no-list
# Sanitizers take memory of their own.
limit='.peak_kib < 24576'
case $BUILD in *address*) limit=true ;; esac
expect "20,000 files" ".n_files == 20000 and .troubles == [] and $limit" --files 20000
expect "20,000 files one by one" ".n_files == 20000 and .troubles == [] and $limit" \
	--files 20000 --no-list
expect "65,000 files" '.n_files > 10000 and (.troubles | length) == 1' --files 65000

for n in 1 2 8 10; do
	code=0
	timeout 20 "$BUILD/list-device" --gone-after "$n" "$BUILD/dock-lister" >out.json || code=$?
	[ "$code" -eq 1 ] || fail "dockd gone at operation $n: exit $code"
done
echo "ok: it ends when dockd goes"
