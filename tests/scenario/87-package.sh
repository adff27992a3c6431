#!/bin/bash
# Goal: a stranger checks an evidence package with coreutils, minisign and openssl alone, by doing
# what its VERIFY.txt says, to the letter.
#
#   folder, tar, image, set of discs     -> every command ends well; xorriso and bsdtar read the discs
#   a byte of each kind of file changed  -> a command fails
#   the same, with manifests made anew and signed by the forger -> a command fails
#   a blob that is damaged in the vault  -> exit 3, nothing is written
#   killed half-way                      -> there is a *.part and nothing else
# Takes 75 s
set -eu -o pipefail

cd "$(dirname "$0")/../.."
# shellcheck source=tests/alter.sh
. tests/alter.sh
for tool in minisign openssl xorriso bsdtar pdftotext jq; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
. tests/dock.sh
. tests/tsa.sh
unset LC_ALL LC_MESSAGES
export LANG=C.UTF-8

dock_begin
finish() {
	[ -z "${tsa_pid:-}" ] || kill "$tsa_pid" 2>/dev/null || true
	"$BUILD/stackproc" stop --pidfile "$DOCK/witness.pid" >/dev/null 2>&1 || true
	dock_end
}
trap finish EXIT
chmod 0711 "$DOCK"

# ------ a station whose log is stamped and witnessed ------

log=$DOCK/stack/custody
tsa_make "$DOCK/city" "City of Qinghe"
tsa_start "$DOCK/city"
vaultctl witness keygen example.cn/jijian "$DOCK/witness.key" >/dev/null 2>&1
line=$("$BUILD/stackproc" start --pidfile "$DOCK/witness.pid" --log "$DOCK/witness.log" --ready line -- \
	"$BUILD/vaultctl" witness serve --key "$DOCK/witness.key" --state "$DOCK/witness.state" \
	--log "$log/log.vkey" --listen 127.0.0.1:0)
port=${line##*:}
cat >>"$DOCK/stack/dockvault.conf" <<-END
	authority "city" { url = "$tsa_url" ca = "$DOCK/city/ca.pem" interval_s = 86400 }
	witness "jijian" { url = "http://127.0.0.1:${port%% *}" key = "$(cat "$DOCK/witness.key.vkey")" }
END
stack kill-custodyd 15
stack start-custodyd

new_key REC-A
vaultctl recorder enroll REC-A --usb 1209:5a01:SNA --key "$DOCK/REC-A.pub" --officer 019001 --unit QH-01 \
	--reason "登记" >/dev/null
signed_card "$DOCK/a" REC-A 3 2000000
mkdir "$DOCK/a/张三"
head -c 300000 /dev/urandom >"$DOCK/a/张三/现场检查_0001.MP4"
touch -d "@$clock" "$DOCK/a/张三/现场检查_0001.MP4"
plug A1 "$DOCK/a" SNA
stack wait >/dev/null
session=$(sql "SELECT session FROM dock_session WHERE recorder = 'REC-A'")
recording=$(sql "SELECT DISTINCT recording FROM segment WHERE recorder = 'REC-A' AND manifest IS NOT NULL")
segment=$(sql "SELECT segment FROM segment WHERE recorder = 'REC-A' AND manifest IS NOT NULL ORDER BY seq LIMIT 1")
plain=$(sql "SELECT segment FROM segment WHERE recorder = 'REC-A' AND manifest IS NULL")
blob=$(sql "SELECT encode(blob, 'hex') FROM segment WHERE segment = '$segment'")
acts() { sql "SELECT count(*) FROM act WHERE kind = 'export'"; }

# Waits for the log as export itself does; then what is sealed is stamped.
vaultctl export "$session" "$DOCK/dry" --reason "试" --dry-run --json >"$DOCK/out" ||
	fail "a dry run: $(cat "$DOCK/out")"
jq -e '.objects == 4 and .dry_run and .witnesses == 1' "$DOCK/out" >/dev/null || fail "$(cat "$DOCK/out")"
[ ! -e "$DOCK/dry" ] && [ "$(acts)" = 0 ] || fail "a dry run did something"
"$BUILD/courier" stamp "$log" "$log/log.vkey" city "$tsa_url" "$DOCK/city/ca.pem" >"$DOCK/out" ||
	fail "no time stamp: $(cat "$DOCK/out")"
status=0
vaultctl export "$plain" --tar "$DOCK/nowhere/p.tar" --reason "试" >"$DOCK/out" 2>&1 || status=$?
[ $status = 2 ] && [ "$(acts)" = 0 ] || fail "a folder that is not there: $status, $(cat "$DOCK/out")"
ok "a dry run says what would be exported, and does nothing"

# ------ a stranger ------

# Nothing but these is on his path.
mkdir "$DOCK/only" "$DOCK/tmp"
chmod 1777 "$DOCK/tmp"
dpkg -L coreutils | grep -E '^(/usr)?/bin/[^/]+$' | xargs ln -s -t "$DOCK/only"
for tool in minisign openssl sh; do ln -s "$(command -v $tool)" "$DOCK/only/$tool"; done
[ ! -e "$DOCK/only/grep" ] && [ ! -e "$DOCK/only/awk" ] || fail "more than coreutils is on the path"
as_stranger() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
	as_stranger() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
fi

# follow FOLDER: the commands of VERIFY.txt, all of them and nothing else, by somebody who may only read it
follow() {
	sed -n 's/^    \$ //p' "$1/data/VERIFY.txt" >"$DOCK/script"
	chmod a+r "$DOCK/script"
	(cd "$1" && as_stranger env -i PATH="$DOCK/only" TMPDIR="$DOCK/tmp" "$DOCK/only/sh" -e "$DOCK/script") \
		>"$DOCK/followed" 2>&1
}
followed() {
	follow "$1" || fail "$2: $(tail -n 5 "$DOCK/followed")"
	[ "$(tail -n 1 "$DOCK/followed")" = OK ] || fail "$2: the last command was not reached"
}
sound() {
	followed "$1" "$2"
	vaultctl verify-package "$1" >"$DOCK/out" 2>&1 || fail "$2: verify-package: $(cat "$DOCK/out")"
	ok "$2: verified with coreutils, minisign and openssl alone, and by verify-package"
}
# unsound FOLDER WHAT: neither takes it
unsound() {
	local status=0
	if follow "$1"; then fail "$2: VERIFY.txt was content: $(cat "$DOCK/followed")"; fi
	vaultctl verify-package "$1" >"$DOCK/out" 2>&1 || status=$?
	[ "$status" -eq 3 ] || fail "$2: verify-package says $status: $(cat "$DOCK/out")"
	ok "$2: refused by both: $(tail -n 1 "$DOCK/followed" | cut -c 1-80)"
}

# ------ a folder ------

vaultctl export "$session" "$DOCK/bag" --reason "移送区法院" --json >"$DOCK/out" || fail "a folder: $(cat "$DOCK/out")"
jq -e '.objects == 4 and .witnesses == 1 and .time_stamps == 1' "$DOCK/out" >/dev/null || fail "$(cat "$DOCK/out")"
[ "$(sql "SELECT act FROM act WHERE kind = 'export'")" = "$(jq -r .package "$DOCK/out")" ] ||
	fail "the package is not named after its act"
[ "$(sql "SELECT reason || '/' || (objects @> '{session:$session,segment:$segment}') FROM act WHERE kind = 'export'")" = \
	移送区法院/true ] || fail "the act does not say what was exported and why"
[ -z "$(find "$DOCK/bag" | LC_ALL=C grep '[^ -~]')" ] || fail "a name is not ASCII"
find "$DOCK/bag" -type f -printf '%p %s %T@\n' | sort >"$DOCK/before"
[ "$(stat -c %a "$DOCK/bag")" = 700 ] || fail "others may read it"
chmod a+rx "$DOCK/bag"
sound "$DOCK/bag" "a folder"
grep -qx 'Trusted comment: .*张三/现场检查_0001.MP4' "$DOCK/followed" || fail "the dock's seal does not name the file"
find "$DOCK/bag" -type f -printf '%p %s %T@\n' | sort | cmp -s - "$DOCK/before" || fail "verifying changed the package"
cmp "$DOCK/bag/data/media/0001-REC-A-0.mp4" "$DOCK/a/SEG_000000.mp4" || fail "the media is another"
pdftotext -layout "$DOCK/bag/data/certificate.pdf" "$DOCK/certificate"
for text in 电子证据完整性证明 移送区法院 执法证号 019001 张三/现场检查_0001.MP4 记录仪签名 采集站封存 example.cn/jijian \
		"$blob" "第35条"; do
	grep -qF -- "$text" "$DOCK/certificate" || fail "the certificate does not say $text"
done
ok "the certificate says what, whose, when"

# ------ a tar and an image ------

vaultctl export "REC-A/$recording" --tar "$DOCK/p.tar" --reason "复制" >"$DOCK/out" || fail "a tar: $(cat "$DOCK/out")"
mkdir "$DOCK/tar"
tar -C "$DOCK/tar" --strip-components 1 -xf "$DOCK/p.tar"
[ "$(find "$DOCK/tar/data/media" -type f | wc -l)" = 3 ] || fail "not the three segments of the recording"
sound "$DOCK/tar" "a tar"

vaultctl export "$blob" "$plain" --iso "$DOCK/p.iso" --reason "复制" >"$DOCK/out" || fail "an image: $(cat "$DOCK/out")"
mkdir "$DOCK/iso" "$DOCK/iso2"
bsdtar -C "$DOCK/iso" -xf "$DOCK/p.iso"
xorriso -osirrox on -indev "$DOCK/p.iso" -extract / "$DOCK/iso2" >"$DOCK/out" 2>&1 || fail "xorriso: $(cat "$DOCK/out")"
chmod -R a+rX "$DOCK/iso" "$DOCK/iso2"
diff -r "$DOCK/iso" "$DOCK/iso2" || fail "xorriso and bsdtar read different things"
sound "$DOCK/iso" "an image"
vaultctl verify-package "$DOCK/p.iso" >/dev/null || fail "verify-package does not take the image itself"

# ------ a set ------

vaultctl export "$session" --iso "$DOCK/set.iso" --media-size 4000000 --reason "刻录" --json >"$DOCK/out" ||
	fail "a set: $(cat "$DOCK/out")"
discs=$(jq '.paths | length' "$DOCK/out")
[ "$discs" -ge 2 ] && [ ! -e "$DOCK/set.iso" ] || fail "no set: $(cat "$DOCK/out")"
for ((i = 1; i <= discs; i++)); do
	disc=$DOCK/set-0$i
	[ "$(stat -c %s "$disc.iso")" -le 4000000 ] || fail "disc $i is larger than a disc"
	xorriso -indev "$disc.iso" -pvd_info 2>/dev/null | grep -q "^Volume Id *: DV_[0-9A-F]*_0$i\$" ||
		fail "disc $i has another label"
	mkdir "$disc"
	bsdtar -C "$disc" -xf "$disc.iso"
	chmod -R a+rX "$disc"
	followed "$disc" "disc $i of $discs"
	grep -q "^DV_[0-9A-F]*_0$i\$" "$DOCK/followed" || fail "disc $i does not know itself"
	cmp "$disc/set.tsv" "$DOCK/set-01/set.tsv" || fail "disc $i has another index of the set"
done
grep -h '^0' "$DOCK"/set-0?/data/objects.tsv | cut -f 1 | sort | tr '\n' ' ' | grep -qx '0001 0002 0003 0004 ' ||
	fail "not each object once in the set"
# A disc of another export in its place.
vaultctl export "$session" --iso "$DOCK/other.iso" --media-size 4000000 --reason "刻录" >/dev/null
mkdir "$DOCK/other"
bsdtar -C "$DOCK/other" -xf "$DOCK/other-01.iso"
! cmp -s "$DOCK/other/set.tsv" "$DOCK/set-01/set.tsv" || fail "a disc of another set looks the same"
vaultctl verify-package "$DOCK"/set-0?.iso >"$DOCK/out" || fail "verify-package, all discs: $(cat "$DOCK/out")"
for other in "$DOCK/other-01.iso" ''; do
	status=0
	# shellcheck disable=SC2086	# with none in its place
	vaultctl verify-package "$DOCK"/set-0[2-9].iso $other >"$DOCK/out" || status=$?
	[ $status -eq 3 ] || fail "verify-package: $status with ${other:-nothing} for a disc: $(cat "$DOCK/out")"
done
ok "a set of $discs discs"
status=0
vaultctl export "$session" --iso "$DOCK/small.iso" --media-size 2000000 --reason "刻录" >"$DOCK/out" 2>&1 || status=$?
[ "$status" -eq 2 ] && grep -q 2000000 "$DOCK/out" || fail "an object larger than a disc: $status $(cat "$DOCK/out")"
! compgen -G "$DOCK/small*" >/dev/null || fail "something of it was written"

# ------ damage ------

vaultctl export "$segment" "$DOCK/one/" --reason "核验" >/dev/null
chmod a+rx "$DOCK/one"
name=0001-REC-A-0
stamp=$(basename "$DOCK/one"/data/log/time/*)
leaf=$(sort -n <<<"$(basename -s .json "$DOCK/one/data/log/leaves/"*)" | head -n 1)	# enrolment of the key

# flip FILE [OFFSET]: one bit of a byte
flip() {
	alter "$1" "${2:-$(($(stat -c %s "$1") / 2))}"
}
fresh() {
	rm -rf "$DOCK/bad"
	cp -a "$DOCK/one" "$DOCK/bad"
	chmod -R u+w "$DOCK/bad"
}
for file in data/media/$name.mp4 data/sidecar/$name.rec.bwm data/sidecar/$name.rec.bwm.minisig data/objects.tsv \
		data/log/leaves/"$leaf".json data/log/proofs/"$leaf".tlog-proof data/log/checkpoint \
		data/log/time/"$stamp"/city.tsr data/certificate.pdf manifest-sha256.txt manifest-sha512.txt \
		tagmanifest-sha256.txt tagmanifest-sha512.txt tagmanifest-sha512.txt.minisig bag-info.txt; do
	fresh
	flip "$DOCK/bad/$file"
	unsound "$DOCK/bad" "a bit of $file"
done
fresh
rm "$DOCK/bad/data/log/leaves/$leaf.json"
unsound "$DOCK/bad" "a leaf that is gone"
fresh
echo x >"$DOCK/bad/data/media/more"
chmod a+r "$DOCK/bad/data/media/more"
unsound "$DOCK/bad" "a file that no manifest names"
fresh
echo x >"$DOCK/bad/README"
chmod a+r "$DOCK/bad/README"
unsound "$DOCK/bad" "one beside the manifests"

# ------ forgery: the manifests are right again, and signed ------

new_key forger
forge() {
	local algorithm oxum
	cp "$DOCK/forger.pub" "$DOCK/bad/data/log/keys/export.pub"
	(
		cd "$DOCK/bad"
		oxum=$(find data -type f -printf '%s\n' | awk '{ n += $1 } END { print n "." NR }')
		sed -i "s/^Payload-Oxum: .*/Payload-Oxum: $oxum/" bag-info.txt
		for algorithm in sha256 sha512; do
			find data -type f | LC_ALL=C sort | xargs ${algorithm}sum >manifest-$algorithm.txt
		done
		for algorithm in sha256 sha512; do
			${algorithm}sum bag-info.txt bagit.txt manifest-*.txt >tagmanifest-$algorithm.txt
		done
		rm tagmanifest-sha512.txt.minisig
		minisign -S -m tagmanifest-sha512.txt -s "$DOCK/forger.sec" >/dev/null
		chmod -R a+rX .
	)
}
# altered WHAT COMMAND...: what the forger did, in the package
altered() {
	fresh
	(cd "$DOCK/bad" && "${@:2}")
	forge
	unsound "$DOCK/bad" "forged: $1"
}
fresh
forge
follow "$DOCK/bad" || fail "what the forger makes of it is no package: $(tail -n 3 "$DOCK/followed")"
vaultctl verify-package "$DOCK/bad" >"$DOCK/out" 2>&1 ||
	fail "verify-package, without a key that is trusted: $(cat "$DOCK/out")"
! vaultctl verify-package "$DOCK/bad" --key "$DOCK/stack/keys/export.pub" >/dev/null 2>&1 ||
	fail "verify-package takes another's signature"
vaultctl verify-package "$DOCK/one" --key "$DOCK/stack/keys/export.pub" >/dev/null || fail "and not the right one"
ok "who signed a package is told by its key alone"

readdress() {	# new media, with its address in the indices
	local b2 sha
	flip data/media/$name.mp4
	b2=$(b2sum -l 256 data/media/$name.mp4 | cut -d ' ' -f 1)
	sha=$(sha256sum data/media/$name.mp4 | cut -d ' ' -f 1)
	b2sum -l 256 data/media/$name.mp4 >data/log/addresses.b2
	sed -i "2s/\t[0-9a-f]\{64\}\t[0-9a-f]\{64\}\t/\t$b2\t$sha\t/" data/objects.tsv
}
unsign() {	# the same, and without the recorder's word
	readdress
	rm data/sidecar/*
	awk -F '\t' -v OFS='\t' 'NR > 1 { $7 = $8 = "-" } { print }' data/objects.tsv >x
	mv x data/objects.tsv
}
other_log() { openssl genpkey -algorithm ed25519 | openssl pkey -pubout >data/log/keys/log.pem; }
shrink() { sed -i "2s/.*/$((stamp + 1))/" data/log/checkpoint; }
strip_witness() { sed -i '/jijian/s/.\{20\}$/AAAAAAAAAAAAAAAAAAA=/' data/log/checkpoint; }
more_media() { cp data/media/$name.mp4 data/media/0002-blob.bin; }
unproven_leaf() { cp data/log/leaves/"$leaf".json data/log/leaves/999999.json; }
leaf_elsewhere() {	# in a folder whose proofs nobody follows
	unsign
	mkdir data/log/x
	echo x >data/log/x/1.tlog-proof
	printf '{"objects":["blob:%s"]}' "$(cut -c 1-64 data/log/addresses.b2)" >data/log/x/1.json
	sed -i '2s,\t[0-9\,]*$,\t../x/1,' data/objects.tsv
}
other_segment() { sed -i "2s/segment:.\{8\}/segment:00000000/" data/objects.tsv; }
other_leaf() { sed -i "2s/\t[0-9,]*\$/\t$leaf/" data/objects.tsv; }
altered "other media" flip data/media/$name.mp4
altered "other media with its address" readdress
altered "other media that no recorder signed" unsign
altered "media that no object has" more_media
altered "media whose leaf is none of the log's" leaf_elsewhere
altered "a leaf that no proof leads from" unproven_leaf
altered "the recorder's manifest" flip data/sidecar/$name.rec.bwm
altered "a leaf" flip data/log/leaves/"$leaf".json
altered "a proof" flip data/log/proofs/"$leaf".tlog-proof 60
altered "the size of the tree" shrink
altered "a cosignature" strip_witness
altered "the key of the log" other_log
altered "a time stamp" flip data/log/time/"$stamp"/city.tsr
altered "the stamped head" flip data/log/time/"$stamp"/checkpoint 40
altered "the name of another segment" other_segment
altered "leaves of other things" other_leaf

# ------ what is not exported ------

refused() {	# STATUS WORD ARGUMENT...
	local status=0
	vaultctl export "${@:3}" --reason "核验" >"$DOCK/out" 2>&1 || status=$?
	[ "$status" -eq "$1" ] || fail "export ${*:3}: $status: $(cat "$DOCK/out")"
	grep -qF -- "$2" "$DOCK/out" || fail "export ${*:3} said: $(cat "$DOCK/out")"
}
before=$(acts)
refused 2 "$DOCK/one" "$segment" "$DOCK/one"
refused 2 no-such "no-such" "$DOCK/x"
refused 2 00000000-0000-0000-0000-000000000000 00000000-0000-0000-0000-000000000000 "$DOCK/x"
refused 2 --tar "$segment" --tar "$DOCK/x" --iso "$DOCK/x"
refused 2 --media-size "$segment" --iso "$DOCK/x" --media-size 25G
refused 2 DIR "$segment"
[ ! -e "$DOCK/x" ] && [ "$(acts)" = "$before" ] || fail "what was refused left something"
# A name that is no UTF-8 is no reason for an act without facts.
vaultctl export "$plain" "$DOCK/"$'\xff' --reason "试" --json >"$DOCK/out" || fail "a name that is no text"
[ "$(sql "SELECT detail ->> 'path' FROM act WHERE act = '$(jq -r .package "$DOCK/out")'")" = "$DOCK/\\xff" ] ||
	fail "the act does not say where to"
[ "$(jq -r '.paths[0]' "$DOCK/out")" = "$DOCK/\\xff" ] || fail "nor is it told"
ok "refused before anything is done"

chmod u+w "$(blob_path "$blob")"
flip "$(blob_path "$blob")"
for form in "$DOCK/x" "--tar $DOCK/x" "--iso $DOCK/x"; do
	# shellcheck disable=SC2086	# two words
	refused 3 "$blob" "$segment" $form
done
flip "$(blob_path "$blob")"
! compgen -G "$DOCK/x*" >/dev/null || fail "damaged evidence left $(ls "$DOCK")"
ok "evidence that is not whole is not exported"

# Until the log covers it, it waits; nobody sealed this yet.
stack kill-custodyd >/dev/null
head -c 100000 /dev/urandom >"$DOCK/a/late.mp4"
stack undock A1 >/dev/null
await_dock "$(slot A1) == \"empty\""
plug A1 "$DOCK/a" SNA
stack wait >/dev/null
late=$(sql "SELECT segment FROM segment WHERE path LIKE '%late.mp4'")
vaultctl export "$late" "$DOCK/late" --reason "迟" >"$DOCK/out" 2>&1 &
waiting=$!
[ ! -e "$DOCK/late" ] || fail "exported what is not sealed"
stack start-custodyd
wait $waiting || fail "it did not wait for the log: $(cat "$DOCK/out")"
chmod a+rx "$DOCK/late"
sound "$DOCK/late" "exported when it was sealed"

head -c 70000 /dev/urandom >"$DOCK/照片.jpg"
vaultctl import "$DOCK/照片.jpg" --case QH-2026-17 --unit QH-01 --reason "现场照片" >/dev/null
vaultctl export case:QH-2026-17 "$DOCK/case" --reason "移送" >"$DOCK/out" || fail "a case: $(cat "$DOCK/out")"
cmp -s "$DOCK/照片.jpg" "$DOCK"/case/data/media/0001-*.jpg || fail "the case's photo is not in its package"
vaultctl verify-package "$DOCK/case" >"$DOCK/out" || fail "the case's package: $(cat "$DOCK/out")"
[ "$(sql "SELECT 'case:QH-2026-17' = ANY (objects) FROM act WHERE kind = 'export' ORDER BY done_at DESC LIMIT 1")" = t ] ||
	fail "the act does not name the case"
status=0
vaultctl export case:QH-0 "$DOCK/case0" --reason "移送" >"$DOCK/out" 2>&1 || status=$?
[ $status = 2 ] || fail "a case without evidence: $status"
ok "what was imported for a case is exported by its number"

# Killed while it writes; again, when it was quicker.
for ((i = 0; i < 10; i++)); do
	# Not by the function, or a shell would be killed and the program go on.
	"$BUILD/vaultctl" export "$session" "$DOCK/cut$i" --reason "断电" >/dev/null 2>&1 &
	cut=$!
	until [ -e "$DOCK/cut$i.part" ] || ! kill -0 $cut 2>/dev/null; do :; done
	kill -9 $cut 2>/dev/null || true
	wait $cut 2>/dev/null || true
	[ ! -e "$DOCK/cut$i.part" ] || break
done
[ -e "$DOCK/cut$i.part" ] && [ ! -e "$DOCK/cut$i" ] || fail "killed ten times, never half-way"
refused 2 "$DOCK/cut$i.part" "$segment" "$DOCK/cut$i"
ok "what was cut short has another name, and is not written over"

dock_finish
echo "package: 1 passed, 0 failed"
