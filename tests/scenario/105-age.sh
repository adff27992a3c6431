#!/bin/bash
# Goal: what we seal, stock age opens, and what stock age sealed, we open: for keys and for passphrases, at each
# size where chunks begin and end; what was changed, cut or is for somebody else is refused and leaves nothing.
# Takes 4 s
set -eu -o pipefail
cd "$(dirname "$0")/../.."
for tool in age age-keygen python3; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed: tools/setup installs it"; exit 77; }
done
unset LC_ALL LC_MESSAGES
export LANG=en
BUILD=$(realpath "$BUILD")
vectors=$PWD/build/peers/cctv-age/node_modules/cctv-age/index.js in_tree=$PWD/tests/cctv-age unpack=$PWD/tests/peers/cctv-age/unpack.mjs
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
umask 077
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1"; exit 1; }
seal() { rm -f "${!#}"; "$BUILD/age-drive" seal "$@"; }
unseal() { "$BUILD/vaultctl" unseal "$@"; }
# refused STATUS WORDS COMMAND...: it ends so, says so, and leaves no file "out"
refused() {
	local wanted=$1 words=$2 got=0
	shift 2
	"$@" >said 2>&1 || got=$?
	[ "$got" = "$wanted" ] || { cat said; fail "status $got instead of $wanted: $*"; }
	grep -q -- "$words" said || { cat said; fail "nothing of \"$words\" was said"; }
	[ ! -e out ] || fail "something was left: $*"
}
# at_terminal COMMAND TYPED...: a command with a terminal of its own, at which each line is typed when it is asked for
at_terminal() {
	local command=$1
	shift
	python3 - "$command" "$@" <<'END'
import os, pty, sys
command, typed = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", command])
seen = b""
for line in typed:
    asked = b""
    while not asked.rstrip().endswith(b":"):
        got = os.read(fd, 1)
        asked += got
    seen += asked
    os.write(fd, line.encode() + b"\n")
try:
    while True:
        got = os.read(fd, 4096)
        if not got:
            break
        seen += got
except OSError:
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
sys.exit(status)
END
}

# ------ keys ------

age-keygen -o theirs.key 2>/dev/null
"$BUILD/age-drive" keygen >ours.key
for who in theirs ours; do
	age-keygen -y "$who.key" >"$who.pub"
	[ "$(sed -n 's/^# public key: //p' "$who.key")" = "$(cat "$who.pub")" ] || fail "the public key of $who"
done
age-keygen -o stranger.key 2>/dev/null
cat ours.pub theirs.pub >both.pub
ok "keys are the same to both"

# ------ both ways ------

sizes='0 1 65535 65536 65537 1048577'
for size in $sizes; do
	head -c "$size" /dev/urandom >in
	seal -R both.pub in ours.age
	for who in theirs ours; do
		age -d -i "$who.key" ours.age | cmp - in || fail "age does not open $size bytes for $who"
	done
	age -R both.pub -o theirs.age in
	age -a -R both.pub -o theirs.txt in
	for sealed in theirs.age theirs.txt ours.age; do
		unseal --identity ours.key "$sealed" out >/dev/null
		cmp out in || fail "we do not open $size bytes of $sealed"
		[ "$(stat -c %a out)" = 600 ] || fail "others may read what was opened"
		rm out
	done
done
ok "for keys, armored or not: $sizes bytes"

echo 'correct horse battery staple' >passphrase
head -c 70000 /dev/urandom >in
seal -p passphrase in words.age
grep -aq '^-> scrypt .* 15$' words.age || fail "another work factor than 15"
at_terminal 'age -d -o back words.age' "$(cat passphrase)" >said || { cat said; fail "age does not open by passphrase"; }
cmp back in || fail "age opened something else"
at_terminal 'age -p -o theirs.age in' "$(cat passphrase)" "$(cat passphrase)" >said || { cat said; fail "age -p"; }
unseal --passphrase-file passphrase theirs.age out >/dev/null
cmp out in || fail "we do not open what age sealed by a passphrase"
rm out
at_terminal "$BUILD/vaultctl unseal words.age out" "$(cat passphrase)" >said || { cat said; fail "unseal at a terminal"; }
! grep -q correct said || fail "the terminal showed the passphrase"
cmp out in || fail "opened something else by what was typed"
rm out
ok "for passphrases, also typed ones"

# ------ what is refused ------

refused 2 'no key that was given opens it' unseal --identity stranger.key theirs.txt out
seal -r "$(cat ours.pub)" in ours.age
refused 2 'no key that was given opens it' unseal --identity stranger.key ours.age out
echo 'correct horse battery stapler' >wrong
refused 2 'no key that was given opens it' unseal --passphrase-file wrong words.age out
refused 2 'by a passphrase, not by both' unseal --passphrase-file wrong --identity ours.key ours.age out
chmod 644 wrong
refused 2 'open to others' unseal --passphrase-file wrong words.age out
refused 2 'no terminal' setsid -w "$BUILD/vaultctl" unseal theirs.age out
refused 2 'No such file' unseal --identity ours.key nowhere out
# flipped N: one bit of the byte N from the end
flipped() {
	local at
	at=$(($(stat -c %s ours.age) - $1))
	cp ours.age bad.age
	printf '%b' "$(printf '\\x%02x' $((0x$(xxd -p -s "$at" -l 1 ours.age) ^ 1)))" | dd of=bad.age bs=1 seek="$at" conv=notrunc status=none
}
for at in 1 4000 70000; do
	flipped "$at"
	refused 3 'changed, cut or continued' unseal --identity ours.key bad.age out
done
head -c -1 ours.age >bad.age
refused 3 'changed, cut or continued' unseal --identity ours.key bad.age out
(cat ours.age; echo) >bad.age
refused 3 'changed, cut or continued' unseal --identity ours.key bad.age out
sed 's/^--- ./--- A/' words.age >bad.age
refused 3 'MAC is wrong' unseal --passphrase-file passphrase bad.age out
sed 's/^\(-> scrypt .*\) 15$/\1 22/' words.age >bad.age
refused 2 'would take 4096 MiB' unseal --passphrase-file passphrase bad.age out
refused 3 'not an age v1 file' unseal --identity ours.key in out
echo kept >out2
if unseal --identity ours.key ours.age out2 >said 2>&1; then fail "a file was replaced"; fi
[ "$(cat out2)" = kept ] || fail "a file was replaced"
ok "what is not as it was is refused, and leaves nothing"

# ------ C2SP's vectors are those of today's package ------

if [ -e "$vectors" ] && command -v node >/dev/null; then
	mkdir vectors
	node "$unpack" "$vectors" vectors
	(cd "$in_tree" && find . -type f ! -name README.md | sort) >here
	(cd vectors && find . -type f | sort) >there
	cmp here there || { diff here there; fail "other vectors than npm's"; }
	diff -r -x README.md "$in_tree" vectors || fail "a vector differs from npm's"
	ok "C2SP's vectors are npm's, byte for byte"
else
	echo "C2SP's vectors of npm are not installed (tools/setup --peers): those in the tree are not held against them"
fi
