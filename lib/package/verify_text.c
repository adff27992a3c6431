#include "package/verify_text.h"

#include <string.h>

#include "base/util.h"

/*
 * What is asked for: sh as POSIX has it, coreutils, minisign, openssl.  No awk, sed, grep,
 * cmp, find, xxd or bc.  A function ends in the status of its check, since -e does not reach
 * into what stands before || and &&.
 */

static const char begin_zh[] =
"  需要：POSIX sh、coreutils、minisign、openssl（3.0 以上），不需要网络。\n"
"  先进入本目录（光盘则为光盘根目录），再依次运行以“$”开头的命令（不含“$ ”本身）。\n"
"  任何一步报错或与所述不符，即为不完整，请勿采信，并与出具单位联系。\n";
static const char begin_en[] =
"  Needed: a POSIX sh, coreutils, minisign, openssl (3.0 or newer); no network.\n"
"  Change to this folder (of a disc: its top), then run the commands that begin with \"$\"\n"
"  (without the \"$ \") one after another.  When any of them complains, or something is not\n"
"  as said here, the package is not whole: do not rely on it, and ask who issued it.\n";
static const char begin_sh[] =
"LC_ALL=C; export LC_ALL\n"
"T=$(mktemp -d)\n"
"tab=$(printf '\\t')\n";

static const char keys_zh[] =
"  本包的签名密钥、采集站封存密钥、日志公钥都在 data/log/keys 中。请与出具单位另行公布的\n"
"  公钥比对：下列命令显示它们。来源不明的密钥只能证明本包自相一致。\n";
static const char keys_en[] =
"  The keys are in data/log/keys.  Compare those shown here with the ones that the bureau\n"
"  has published elsewhere: keys that only this package vouches for prove no more than that\n"
"  the package agrees with itself.\n";
static const char keys_sh[] =
"cat data/log/keys/*.pub data/log/keys/*.vkey\n";

static const char tags_zh[] =
"  应见：Signature and comment signature verified；随后每行 OK。\n";
static const char tags_en[] =
"  To be seen: \"Signature and comment signature verified\", then OK in each line.\n";
static const char tags_sh[] =
"minisign -Vm tagmanifest-sha512.txt -p data/log/keys/export.pub\n"
"sha512sum --strict -c tagmanifest-sha512.txt\n"
"sha256sum --strict -c tagmanifest-sha256.txt\n";

static const char files_zh[] =
"  应见：每行 OK。最后两条命令检查没有清单以外的文件，应当什么也不显示。\n";
static const char files_en[] =
"  To be seen: OK in each line.  The last commands look for files that no manifest names:\n"
"  they should print nothing.\n";
static const char files_sh[] =
"sha512sum --strict -c manifest-sha512.txt\n"
"sha256sum --strict -c manifest-sha256.txt\n"
"list() {\n"
"    for f in \"$1\"/* \"$1\"/.[!.]* \"$1\"/..?*; do\n"
"        if [ -d \"$f\" ] && [ ! -h \"$f\" ]; then list \"$f\"\n"
"        elif [ -e \"$f\" ] || [ -h \"$f\" ]; then printf '%s\\n' \"$f\"\n"
"        fi\n"
"    done\n"
"}\n"
"tags='tagmanifest-sha256.txt tagmanifest-sha512.txt tagmanifest-sha512.txt.minisig'\n"
"named() {\n"
"    for f in $tags; do printf './%s\\n' \"$f\"; done\n"
"    cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt | while read -r f; do printf './%s\\n' \"$f\"; done\n"
"}\n"
"list . | sort > \"$T/there\"\n"
"named | sort > \"$T/named\"\n"
"comm -3 \"$T/there\" \"$T/named\" | tee \"$T/differ\"\n"
"test ! -s \"$T/differ\"\n";

static const char set_zh[] =
"  本包为多张光盘之一。下列命令显示本盘卷标和全套清单 set.tsv 的摘要：各盘的 set.tsv 必须\n"
"  完全相同（摘要一致），每张盘的卷标各不相同且与 set.tsv 所列一一对应。\n";
static const char set_en[] =
"  This is one disc of a set.  Printed are its label and the digest of set.tsv, the index of\n"
"  the set: set.tsv must be the same on all discs (one digest), and each label that it names must be\n"
"  seen once.\n";
static const char set_sh[] =
"disc() {\n"
"    sum=$(sha512sum manifest-sha512.txt | cut -c 1-128)\n"
"    while IFS=$tab read -r kind number label digest; do\n"
"        [ \"$kind $digest\" = \"disc $sum\" ] && echo \"$label\" && return 0\n"
"    done < set.tsv\n"
"    return 1\n"
"}\n"
"disc\n"
"sha256sum set.tsv\n";

static const char media_zh[] =
"  每个媒体文件的 BLAKE2b-256 就是它在证据库中的地址。应见：每行 OK。\n";
static const char media_en[] =
"  The BLAKE2b-256 of each media file is its address in the vault.  To be seen: OK in each line.\n";
static const char media_sh[] =
"b2sum --strict -c data/log/addresses.b2\n";

static const char sidecars_zh[] =
"  记录仪的清单（.rec.bwm）和采集站的封存（.dock.bwm）由各自的密钥签名，其末行是媒体文件的\n"
"  SHA-256。应见：每个文件 Signature and comment signature verified，随后 OK。入库时签名或\n"
"  校验不正确的清单不在此列，见 certificate.pdf。\n";
static const char sidecars_en[] =
"  The recorder's manifest (.rec.bwm) and the dock's seal (.dock.bwm) are signed with their\n"
"  keys, and end with the SHA-256 of the media file.  To be seen, for each: \"Signature and\n"
"  comment signature verified\", then OK.  Left out are those whose signature or digest was not\n"
"  right when they were docked: certificate.pdf says which.\n";
static const char sidecars_sh[] =
"sidecar() {\n"
"    minisign -Vm \"$1\" -p \"$2\" < /dev/null || return 1\n"
"    claim=$(tail -n 1 \"$1\")\n"
"    printf '%s  %s\\n' \"${claim##* }\" \"$3\" | sha256sum --strict -c -\n"
"}\n"
"sidecars() {\n"
"    while IFS=$tab read -r number object media size b2 sha rec reckey dock dockkey leaves; do\n"
"        case $number in '#'*) continue ;; esac\n"
"        if [ \"$reckey\" != - ]; then sidecar \"$rec\" \"$reckey\" \"$media\" || return 1; fi\n"
"        if [ \"$dockkey\" != - ]; then sidecar \"$dock\" \"$dockkey\" \"$media\" || return 1; fi\n"
"    done < data/objects.tsv\n"
"}\n"
"sidecars\n";

static const char head_zh[] =
"  日志的检查点：前三行（名称、条目数、根哈希）由日志密钥签名（Ed25519）。log.pem 与 log.vkey\n"
"  是同一密钥的两种写法。应见：Signature Verified Successfully。\n";
static const char head_en[] =
"  The checkpoint of the custody log: its first three lines (name, number of entries, root\n"
"  hash) are signed with the log's key (Ed25519).  log.pem is the same key as log.vkey in another\n"
"  form.  To be seen: \"Signature Verified Successfully\".\n";
static const char head_sh[] =
"same_key() {\n"
"    read -r v < \"$1\"\n"
"    a=$(printf %s \"${v#*+*+}\" | base64 -d | tail -c 32 | base64)\n"
"    b=$(openssl pkey -pubin -in \"$2\" -outform DER | tail -c 32 | base64)\n"
"    [ -n \"$a\" ] && [ \"$a\" = \"$b\" ]\n"
"}\n"
"signature() {\n"
"    read -r v < \"$2\"\n"
"    key=${v%%+*}; id=${v#*+}; id=${id%%+*}\n"
"    while read -r dash who line; do\n"
"        [ \"$dash $who\" = \"\xe2\x80\x94 $key\" ] || continue\n"
"        printf %s \"$line\" | base64 -d > \"$T/line\" || return 1\n"
"        found=$(head -c 4 \"$T/line\" | od -An -tx1 | tr -d ' ')\n"
"        [ \"$found\" = \"$id\" ] && return 0\n"
"    done < \"$1\"\n"
"    return 1\n"
"}\n"
"signed() {\n"
"    tail -c 64 \"$T/line\" > \"$T/sig\"\n"
"    openssl pkeyutl -verify -pubin -inkey \"$1\" -rawin -in \"$T/body\" -sigfile \"$T/sig\"\n"
"}\n"
"checkpoint() {\n"
"    same_key data/log/keys/log.vkey data/log/keys/log.pem || return 1\n"
"    signature \"$1\" data/log/keys/log.vkey || return 1\n"
"    read -r origin < \"$1\"\n"
"    [ \"$origin\" = \"$key\" ] || return 1\n"
"    head -n 3 \"$1\" > \"$T/body\"\n"
"    signed data/log/keys/log.pem\n"
"}\n"
"checkpoint data/log/checkpoint\n";

static const char witness_zh[] =
"  见证单位（另一单位）对同一检查点的副署；签名覆盖其时间。应见：每个见证单位一次 Signature\n"
"  Verified Successfully 和副署时间。\n";
static const char witness_en[] =
"  Witnesses, at other offices, cosigned the same checkpoint, with the time.  To be seen, for each:\n"
"  \"Signature Verified Successfully\" and when.\n";
static const char witness_sh[] =
"cosignature() {\n"
"    same_key \"$1\" \"$2\" || return 1\n"
"    signature data/log/checkpoint \"$1\" || return 1\n"
"    t=0\n"
"    for byte in $(head -c 12 \"$T/line\" | tail -c 8 | od -An -tu1); do t=$((t * 256 + byte)); done\n"
"    { printf 'cosignature/v1\\ntime %d\\n' \"$t\"; head -n 3 data/log/checkpoint; } > \"$T/body\"\n"
"    signed \"$2\" || return 1\n"
"    echo \"$key: $(date -u -d \"@$t\")\"\n"
"}\n"
"for k in data/log/keys/witness-*.vkey; do cosignature \"$k\" \"${k%.vkey}.pem\"; done\n";

static const char proofs_zh[] =
"  每个日志条目（data/log/leaves）都在检查点所述的树中（RFC 6962 包含证明）。应见：每行 OK。\n"
"  随后检查每个媒体文件的地址确有日志条目记载，\n"
"  且没有其他媒体文件（不显示其他内容）。\n";
static const char proofs_en[] =
"  Each leaf in data/log/leaves is in the tree of the checkpoint (RFC 6962, proof of inclusion).  To be\n"
"  seen: OK in each line.  Then: the address of each media file stands in a leaf of its object, and there\n"
"  are no media but those, which is said by printing nothing else.\n";
static const char proofs_sh[] =
"digest() { openssl dgst -sha256 -binary | base64; }\n"
"node() { { printf '\\001'; printf '%s\\n%s\\n' \"$1\" \"$2\" | bytes; } | digest; }\n"
"bytes() { while read -r half; do printf %s \"$half\" | base64 -d; done; }\n"
"included() {\n"
"    case $1 in ''|0?*|*[!0-9]*) return 1 ;; esac\n"
"    { read -r origin; read -r size; read -r root; } < \"$4\"\n"
"    r=$({ printf '\\000'; cat \"$3\"; } | digest)\n"
"    {\n"
"        read -r version; read -r word index\n"
"        [ \"$version $word $index\" = \"c2sp.org/tlog-proof@v1 index $1\" ] || return 1\n"
"        [ \"$index\" -lt \"$size\" ] || return 1\n"
"        fn=$index; sn=$((size - 1))\n"
"        while read -r p && [ -n \"$p\" ]; do\n"
"            [ $sn -gt 0 ] || return 1\n"
"            if [ $((fn & 1)) = 1 ] || [ $fn = $sn ]; then\n"
"                r=$(node \"$p\" \"$r\")\n"
"                while [ $((fn & 1)) = 0 ] && [ $fn != 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done\n"
"            else\n"
"                r=$(node \"$r\" \"$p\")\n"
"            fi\n"
"            fn=$((fn >> 1)); sn=$((sn >> 1))\n"
"        done\n"
"        cat > \"$T/rest\"\n"
"    } < \"$2\"\n"
"    [ $sn = 0 ] && [ \"$r\" = \"$root\" ] && [ \"$(cat \"$T/rest\")\" = \"$(cat \"$4\")\" ]\n"
"}\n"
"proofs() {\n"
"    for proof in \"$1\"/*.tlog-proof; do\n"
"        i=${proof##*/}; i=${i%.tlog-proof}\n"
"        if ! included \"$i\" \"$proof\" \"data/log/leaves/$i.json\" \"$2\"; then\n"
"            echo \"$proof: FAILED\"; return 1\n"
"        fi\n"
"        echo \"$proof: OK\"\n"
"    done\n"
"}\n"
"objects() {\n"
"    : > \"$T/addresses\"\n"
"    while IFS=$tab read -r number object media size b2 sha rec reckey dock dockkey leaves; do\n"
"        case $number in '#'*) continue ;; esac\n"
"        printf '%s  %s\\n' \"$b2\" \"$media\" >> \"$T/addresses\"\n"
"        found=\n"
"        for i in $(printf %s \"$leaves\" | tr , ' '); do\n"
"            case $i in 0?*|*[!0-9]*) found=; break ;; esac\n"
"            [ -e \"data/log/proofs/$i.tlog-proof\" ] || { found=; break; }\n"
"            leaf=$(cat \"data/log/leaves/$i.json\")\n"
"            case $leaf in *\"\\\"blob:$b2\\\"\"*) ;; *) continue ;; esac\n"
"            case $leaf in *\"\\\"$object\\\"\"*) found=$i ;; esac\n"
"        done\n"
"        [ -n \"$found\" ] || { echo \"$media: FAILED\"; return 1; }\n"
"        echo \"$media: leaf $found: OK\"\n"
"    done < data/objects.tsv\n"
"    [ \"$(cat \"$T/addresses\")\" = \"$(cat data/log/addresses.b2)\" ] || return 1\n"
"    list data/media | sort > \"$T/there\"\n"
"    cut -c 67- data/log/addresses.b2 | sort | comm -3 \"$T/there\" - | tee \"$T/differ\"\n"
"    [ ! -s \"$T/differ\" ]\n"
"}\n"
"proven() {\n"
"    for leaf in data/log/leaves/*; do\n"
"        i=${leaf##*/}; i=${i%.json}\n"
"        [ -e \"data/log/proofs/$i.tlog-proof\" ] || { echo \"$leaf: FAILED\"; return 1; }\n"
"    done\n"
"}\n"
"proofs data/log/proofs data/log/checkpoint\n"
"proven\n"
"objects\n";

static const char stamps_zh[] =
"  时间戳机构（RFC 3161）对一个检查点签发的时间戳：其所含条目在该时刻之前已经存在。证书按时间戳\n"
"  的时刻判断。应见：Signature Verified Successfully、Verification: OK、时刻，随后所覆盖的条目每行 OK。\n";
static const char stamps_en[] =
"  A time-stamp authority (RFC 3161) stamped a checkpoint: what that holds was there before.  Its\n"
"  certificates are judged at the time of the stamp.  To be seen: \"Signature Verified\n"
"  Successfully\", \"Verification: OK\", the time, then OK for each leaf that it covers.\n";
static const char stamps_sh[] =
"stamp() {\n"
"    head=${1%/*}/checkpoint; authority=${1##*/}; authority=${authority%.tsr}; t=\n"
"    checkpoint \"$head\" || return 1\n"
"    openssl ts -reply -in \"$1\" -text > \"$T/text\" || return 1\n"
"    while read -r line; do\n"
"        case $line in 'Time stamp: '*) t=${line#Time stamp: } ;; esac\n"
"    done < \"$T/text\"\n"
"    openssl ts -verify -data \"$head\" -in \"$1\" \\\n"
"        -CAfile \"data/log/keys/authority-$authority.pem\" -attime \"$(date -d \"$t\" +%s)\" || return 1\n"
"    echo \"$authority: $t\"\n"
"}\n"
"for s in data/log/time/*/*.tsr; do stamp \"$s\"; done\n"
"for d in data/log/time/*; do [ ! -d \"$d/proofs\" ] || proofs \"$d/proofs\" \"$d/checkpoint\"; done\n";

static const char end_zh[] =
"  一切无误。删除临时目录。\n";
static const char end_en[] =
"  All is right.  Remove the scratch folder.\n";
static const char end_sh[] =
"rm -r \"$T\"\n"
"echo OK\n";

enum only { ALWAYS, IN_A_SET, WHEN_COSIGNED, WHEN_STAMPED };

static const struct section {
	const char *head_zh, *head_en, *zh, *en, *sh;
	enum only only;
} sections[] = {
	{ "准备", "To begin", begin_zh, begin_en, begin_sh, ALWAYS },
	{ "密钥", "Keys", keys_zh, keys_en, keys_sh, ALWAYS },
	{ "本包的签名", "The signature of the package", tags_zh, tags_en, tags_sh, ALWAYS },
	{ "全部文件", "All files", files_zh, files_en, files_sh, ALWAYS },
	{ "光盘", "Discs", set_zh, set_en, set_sh, IN_A_SET },
	{ "媒体的地址", "Addresses of the media", media_zh, media_en, media_sh, ALWAYS },
	{ "清单与封存", "Manifests and seals", sidecars_zh, sidecars_en, sidecars_sh, ALWAYS },
	{ "保管日志的检查点", "The checkpoint of the log", head_zh, head_en, head_sh, ALWAYS },
	{ "见证", "Witnesses", witness_zh, witness_en, witness_sh, WHEN_COSIGNED },
	{ "日志条目", "Leaves of the log", proofs_zh, proofs_en, proofs_sh, ALWAYS },
	{ "时间戳", "Time stamps", stamps_zh, stamps_en, stamps_sh, WHEN_STAMPED },
	{ "结束", "To end", end_zh, end_en, end_sh, ALWAYS },
};

static bool wanted(const struct verify_text *v, enum only only)
{
	switch (only) {
	case ALWAYS:		return true;
	case IN_A_SET:		return v->set;
	case WHEN_COSIGNED:	return v->cosigned;
	case WHEN_STAMPED:	return v->stamped;
	}
	BUG("verify_text: no such condition %d", (int)only);
}

static void add_commands(struct buf *to, const char *sh)
{
	size_t len;

	for (; *sh != '\0'; sh += len + 1) {
		len = strcspn(sh, "\n");
		buf_adds(to, VERIFY_COMMAND);
		buf_add(to, sh, len);
		buf_add(to, "\n", 1);
	}
}

void verify_text_write(const struct verify_text *v, struct buf *to)
{
	unsigned number = 0;
	size_t i;

	buf_addf(to, "如何核验本证据包\nHow to check this evidence package\n\n%s  %s\n", v->id,
		 v->station);
	for (i = 0; i < COUNT(sections); i++) {
		if (!wanted(v, sections[i].only))
			continue;
		buf_addf(to, "\n%u. %s / %s\n\n%s\n%s\n", ++number, sections[i].head_zh,
			 sections[i].head_en, sections[i].zh, sections[i].en);
		add_commands(to, sections[i].sh);
	}
}
