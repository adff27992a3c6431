#!/bin/bash
# Goal: who had no part in making it can check our custody log: Go's sumdb its checkpoint,
# cosignature, leaves and growth from our tiles, npm's sigstore a proof as a person is given it; and
# both refuse one that was changed.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/alter.sh
. tests/alter.sh
gocode=/usr/share/gocode modules=build/peers/sigstore-inclusion/node_modules
# needs WHAT PROGRAM FILE
needs() {
	command -v "$2" >/dev/null && [ -e "$3" ] && return
	echo "$1 is not installed: tools/setup --peers installs it"
	exit 77
}
needs "Go's sumdb" go "$gocode/src/golang.org/x/mod/sumdb/tlog/tile.go"
needs "npm's @sigstore/verify" node "$modules/@sigstore/verify/package.json"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; cat "$dir/said"; exit 1; }
vaultctl() { "$BUILD/vaultctl" "$@"; }
drive() { "$BUILD/tlog-drive" "$@"; }

# Nothing is fetched: the packages are Debian's.
GO111MODULE=off GOPATH=$gocode GOPROXY=off GOFLAGS='' GOCACHE=$dir/gocache \
	go build -o "$dir/tlogcheck" tests/peers/tlogcheck.go

log=$dir/log key=$dir/log.key
# go_says STATUS OPTION...: of the log there
go_says() {
	local wanted=$1 got=0
	shift
	"$dir/tlogcheck" -log "$log" -vkey "$key.vkey" "$@" >"$dir/said" 2>&1 || got=$?
	[ $got = "$wanted" ] || fail "Go's sumdb: status $got instead of $wanted: $*"
}
# npm_says STATUS PROOF LEAF
npm_says() {
	local got=0
	node tests/peers/sigstore-inclusion/verify.js "$modules" "${vkey:-$key.vkey}" "$2" "$3" \
		>"$dir/said" 2>&1 || got=$?
	[ $got = "$1" ] || fail "npm's sigstore: status $got instead of $1: $2 $3"
}
# proves INDEX: its proof and its leaf, into files
proves() {
	drive prove "$log" "$1" >"$dir/proof.$1"
	drive leaf "$log" "$1" >"$dir/leaf.$1"
}

vaultctl log keygen evidence.example/证据 "$key" >/dev/null 2>&1
vaultctl witness keygen 检察院.example/w1 "$dir/w.key" >/dev/null 2>&1

# Around each width that a tile and a level of tiles can have.
for size in 1 2 255 256 257 511 512 65535 65536 65537 70003; do
	before=$([ -e "$log/checkpoint" ] && sed -n 2p "$log/checkpoint" || echo 0)
	[ "$before" = 0 ] || cp "$log/checkpoint" "$dir/older"
	drive make "$log" "$key" $((size - before)) >/dev/null
	go_says 0 -all ${older:+-older "$older"}
	older=$dir/older
	for index in 0 $((size / 2)) $((size - 1)); do
		proves $index
		go_says 0 -proof "$dir/proof.$index" -leaf "$dir/leaf.$index" \
			$index "$dir/leaf.$index"
		npm_says 0 "$dir/proof.$index" "$dir/leaf.$index"
	done
done
ok "both accept every leaf that is asked for, at every size"

vaultctl witness check --key "$dir/w.key" --state "$dir/state" --log "$key.vkey" "$log" \
	--out "$dir/cosigned" >/dev/null 2>&1
go_says 1 -witness "$dir/w.key.vkey"
cp "$dir/cosigned" "$log/checkpoint"
go_says 0 -witness "$dir/w.key.vkey" -all
proves 12345
npm_says 0 "$dir/proof.12345" "$dir/leaf.12345"
ok "Go finds the witness's signature right"

go_says 1 12345 "$dir/leaf.0"
go_says 1 12346 "$dir/leaf.12345"
go_says 1 -proof "$dir/proof.12345" -leaf "$dir/leaf.0"
npm_says 1 "$dir/proof.12345" "$dir/leaf.0"
npm_says 1 "$dir/proof.0" "$dir/leaf.12345"
sed 's/^index 12345$/index 12344/' "$dir/proof.12345" >"$dir/spoilt"
go_says 1 -proof "$dir/spoilt" -leaf "$dir/leaf.12345"
npm_says 1 "$dir/spoilt" "$dir/leaf.12345"
sed 's/^70003$/70004/' "$dir/proof.12345" >"$dir/spoilt"
go_says 1 -proof "$dir/spoilt" -leaf "$dir/leaf.12345"
npm_says 1 "$dir/spoilt" "$dir/leaf.12345"
vaultctl log keygen evidence.example/证据 "$dir/thief.key" >/dev/null 2>&1
go_says 1 -vkey "$dir/thief.key.vkey"
vkey=$dir/thief.key.vkey npm_says 1 "$dir/proof.12345" "$dir/leaf.12345"
ok "both refuse another leaf, another place, another head, another key"

# change FILE: one byte in the first hash or leaf of it
change() { alter "$log/$1" 5; }
cp -r "$log" "$dir/kept"
for file in tile/0/100 tile/1/000 tile/1/001.p/17 tile/2/000.p/1 tile/entries/100; do
	change "$file"
	cmp -s "$log/$file" "$dir/kept/$file" && fail "$file is the same"
	go_says 1 -all
	cp "$dir/kept/$file" "$log/$file"
done
go_says 0 -all
drive make "$dir/rewritten" "$key" 70500 rewritten >/dev/null
log=$dir/rewritten
go_says 0 -all
go_says 1 -older "$dir/kept/checkpoint"
ok "Go refuses what was changed on the disk, and a log that was rewritten with its own key"
