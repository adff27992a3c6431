#!/bin/bash
# Goal: whatever somebody hands a court as an evidence package, vaultctl verify-package says in a
# sentence what is wrong with it, and its exit status says whether it is whole, without a
# configuration, a database or a right to anything.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'chmod -R u+rwX "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C.UTF-8 DOCKVAULT_CONF=/nowhere
command -v minisign >/dev/null || { echo "minisign is not installed"; exit 77; }

fail() { echo "FAILED: $1"; cat out; exit 1; }

# says STATUS SENTENCE ARGUMENT...: in English; and in Chinese with the same status
says() {
	local want=$1 sentence=$2 status=0
	shift 2
	timeout 60 "$BUILD/vaultctl" verify-package --lang zh "$@" >out 2>&1 || status=$?
	[ "$status" = "$want" ] || fail "$* in Chinese: status $status instead of $want"
	status=0
	timeout 60 "$BUILD/vaultctl" verify-package --lang en "$@" >out 2>&1 || status=$?
	[ "$status" = "$want" ] || fail "$*: status $status instead of $want"
	grep -qF -- "$sentence" out || fail "$*: \"$sentence\" is not said"
	echo "ok: $sentence"
}

tags() {
	local a
	for a in 256 512; do
		"sha${a}sum" bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt >"tagmanifest-sha$a.txt"
	done
}

# A bag as we make them, with what coreutils and minisign have; of the log it has nothing.
bag() {
	local a
	chmod -R u+rwX bag 2>/dev/null || true
	rm -rf bag
	mkdir -p bag/data/media bag/data/log/keys
	cd bag
	printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' >bagit.txt
	head -c 300000 /dev/urandom >data/media/0001-blob.bin
	cp ../key.pub data/log/keys/export.pub
	printf 'Source-Organization: QH-01\nPayload-Oxum: %s\nDockvault-Package: 1\n' \
		"$(find data -type f -printf '%s\n' | awk '{ s += $1; n++ } END { print s "." n }')" >bag-info.txt
	for a in 256 512; do
		find data -type f | sort | xargs "sha${a}sum" >"manifest-sha$a.txt"
	done
	tags
	minisign -Sm tagmanifest-sha512.txt -s ../key.sec >/dev/null
	cd ..
}

minisign -G -W -p key.pub -s key.sec >/dev/null
minisign -G -W -p other.pub -s other.sec >/dev/null

# ------ what is no package ------

says 2 "PATH is missing"
says 2 "not a public key file" bag --key /etc/hostname
says 2 "no such option" bag --frobnicate
says 2 "No such file" nowhere
says 4 "neither a tar nor an ISO 9660 image" /etc/hostname
says 4 "neither a folder nor an archive" /dev/null
mkfifo fifo
says 4 "neither a folder nor an archive" fifo
mkdir empty
says 3 "there is no bagit.txt" empty
bag
sed -i '/Dockvault/d' bag/bag-info.txt
(cd bag && tags)
says 3 "not a package of this system" bag
tar -czf bag.tgz bag
says 4 "unpack it first" bag.tgz

# ------ signatures ------

bag
says 3 "signed with the key that was given" bag --key key.pub
says 3 "data/objects.tsv: it is missing" bag
says 3 "data/log/checkpoint: it is missing" bag
says 3 "the key that the package itself brings" bag
says 3 "signed with another key" bag --key other.pub
rm bag/*.minisig
says 3 "unsigned: anybody may have made it" bag
bag
echo 'Contact-Name: x' >>bag/bag-info.txt
(cd bag && tags)
says 3 "the signature is not right" bag
bag
echo >bag/README
says 3 "README: not covered by the signature" bag

# ------ files ------

bag
printf x | dd of=bag/data/media/0001-blob.bin bs=1 seek=1000 conv=notrunc 2>/dev/null
says 3 "data/media/0001-blob.bin: its digest is another: the content was changed (sha256 sha512)" bag
bag
rm bag/data/media/0001-blob.bin
says 3 "data/media/0001-blob.bin: listed, and not there" bag
bag
echo >bag/data/more
says 3 "data/more: a file beyond the manifests" bag
for kind in link fifo; do
	bag
	rm bag/data/media/0001-blob.bin
	case $kind in
	link)	ln -s /dev/zero bag/data/media/0001-blob.bin ;;
	fifo)	mkfifo bag/data/media/0001-blob.bin ;;
	esac
	says 3 "no regular file, it was not opened (a $kind" bag
done
bag
truncate -s 2T bag/data/media/huge
says 3 "data/media/huge: a file beyond the manifests" bag

# ------ manifests ------

for path in /etc/passwd data/../../../etc/passwd '~root/.ssh/id_rsa' 'data\..\..\x'; do
	bag
	printf '%064d  %s\n' 0 "$path" >>bag/manifest-sha256.txt
	says 3 "a path that leads out of the package" bag
done
bag
head -n 1 bag/manifest-sha256.txt >line
cat line >>bag/manifest-sha256.txt
says 3 "listed twice" bag
bag
printf '%064d  data/%s\n' 0 "$(printf '\316\304')" >>bag/manifest-sha256.txt
says 3 "not in the encoding that is declared" bag
bag
seq -f '751e32179ec8acd71081654527f2e771  data/%07.0f' 1000000 >bag/manifest-md5.txt
says 4 "more than 250000 files" bag
bag
truncate -s 1T bag/manifest-md5.txt
says 4 "larger than" bag

# ------ archives ------

bag
tar -cf bag.tar bag
says 3 "data/objects.tsv: it is missing" bag.tar
tar -cf twice.tar -C bag .
tar -rf twice.tar -C bag ./data/media/0001-blob.bin
says 3 "it is in the archive twice" twice.tar
tar -cf up.tar --transform 's,^[.]/data/media,../../x,' -P -C bag .
says 3 "a name that leads out of the package" up.tar
head -c 200000 bag.tar >torn.tar
says 3 "it is cut off" torn.tar
truncate -s 1T sparse
tar -Scf bomb.tar sparse
says 3 "claim more bytes" bomb.tar

# ------ several of them ------

says 3 "not of the set" bag bag.tar

# A program reads the same.
status=0
"$BUILD/vaultctl" verify-package bag nowhere --json >out 2>err || status=$?
[ "$status" = 3 ] || fail "JSON: status $status"
python3 - <<'PYTHON' || fail "JSON"
import json
told = json.load(open("out"))
package, = told["packages"]
assert told["whole"] is False and package["whole"] is False
assert package["verdicts"]["bag"] == "bad" and package["verdicts"]["signature"] == "ok", package["verdicts"]
assert {p["fault"] for p in package["problems"]} >= {"file_missing"}
PYTHON
grep -q nowhere err || fail "JSON says nothing of what is not there"
echo "ok: JSON"
