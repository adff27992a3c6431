/* lib/package/inspect on packages as they are written, and as somebody with the export key might have made them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "package/inspect.h"
#include "unit/package_rig.h"
#include "unit/suite.h"
#include "unit/tsa_rig.h"

#define MEDIA	"data/media/0001-REC-000123-0.mp4"
#define REC	"data/sidecar/0001-REC-000123-0.rec.bwm"
#define DOCK	"data/sidecar/0002-REC-000123-1.dock.bwm"

static struct package_rig g, shared;	/* a test's own; one that tests copy, since making it takes long */
static char dir[160];			/* where the package is, as bag or under other names */
static const struct minisign_secret_key *secret;
static struct minisign_public_key export_key;

static void write_as(enum package_form form, const char *name, uint64_t media_size)
{
	char path[512];
	const struct package_output o = { .form = form, .path = path, .media_size = media_size };
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(package_write(&g.p, &o, &e) == 0, "%s", e.msg);
}

static void use(const char *path, const struct package_rig *rig)
{
	snprintf(dir, sizeof(dir), "%s", path);
	secret = rig->p.export_key;
	minisign_secret_key_public(secret, &export_key);
}

static void up(size_t objects, size_t bytes)
{
	package_rig_new(&g, objects, bytes, true);
	use(g.dir, &g);
}

/* In the package, or where it is. */
static void run(const char *command)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(8192);

	buf_addf(&line, "cd %s && { test ! -d bag || { chmod -R u+w bag && cd bag; }; } && { %s\n}", dir,
		 command);
	ck_assert_msg(system(buf_str(&line)) == 0, "%s", command);
}

static void sign(const char *path)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(1024 * 1024), sig = BUF_INIT(MINISIGN_FILE_MAX);
	char full[512];
	struct err e = { 0 };

	snprintf(full, sizeof(full), "%s/bag/%s", dir, path);
	ck_assert_msg(file_read(full, &text, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(minisign_sign(secret, text.p, text.len, "", &sig, &e), 0);
	snprintf(full, sizeof(full), "%s/bag/%s.minisig", dir, path);
	ck_assert_msg(file_replace(full, sig.p, sig.len, 0644, &e) == 0, "%s", e.msg);
}

/* Whoever has the export key makes manifests and signature fit again. */
static void seal(void)
{
	run("o=$(find data -type f -printf '%s\\n' | awk '{ s += $1; n++ } END { print s \".\" n }');"
	    "sed -i \"s/^Payload-Oxum: .*/Payload-Oxum: $o/\" bag-info.txt;"
	    "for a in 256 512; do find data -type f | sort | xargs -d '\\n' sha${a}sum > manifest-sha$a.txt; done;"
	    "for a in 256 512; do sha${a}sum bag*.txt manifest-sha*.txt $(ls set.tsv 2>/dev/null)"
	    " > tagmanifest-sha$a.txt; done");
	sign("tagmanifest-sha512.txt");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All that is said, sorted. */
static const char *said_of(const struct inspect_report *r)
{
	static char lines[2 * INSPECT_PROBLEMS_MAX][256], text[65536];
	size_t n = 0, i;

	for (i = 0; i < r->bag.n_problems; i++)
		snprintf(lines[n++], sizeof(lines[0]), "%s%s%.200s",
			 bag_fault_name(r->bag.problems[i].fault),
			 r->bag.problems[i].path[0] == '\0' ? "" : " ", r->bag.problems[i].path);
	for (i = 0; i < r->n_problems; i++)
		snprintf(lines[n++], sizeof(lines[0]), "%s%s%.200s",
			 inspect_fault_name(r->problems[i].fault),
			 r->problems[i].path[0] == '\0' ? "" : " ", r->problems[i].path);
	qsort(lines, n, sizeof(lines[0]), by_text);
	text[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i == 0 ? "" : "|", lines[i]);
	return text;
}

static struct inspect_report *inspect(const char *name, const struct minisign_public_key *trusted)
{
	struct inspect_report *r = NULL;
	struct err e = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(package_inspect(path, trusted, NULL, NULL, &r, &e) == 0, "%s", e.msg);
	return r;
}

static void expect(const char *what, const char *want, bool whole)
{
	struct inspect_report *r = inspect("bag", &export_key);
	const char *said = said_of(r);

	/* A '*' at the end: and more of the kind. */
	if (want[0] != '\0' && want[strlen(want) - 1] == '*')
		ck_assert_msg(strncmp(said, want, strlen(want) - 1) == 0, "%s: %s", what, said);
	else
		ck_assert_msg(strcmp(said, want) == 0, "%s: \"%s\" instead of \"%s\"", what, said,
			      want);
	ck_assert_msg(r->whole == whole, "%s", what);
	inspect_report_free(r);
}

/* ------ whole ------ */

static const struct { enum package_form form; const char *name; } forms[] = {
	{ PACKAGE_FOLDER, "bag" }, { PACKAGE_TAR, "bag.tar" }, { PACKAGE_ISO, "bag.iso" },
};

START_TEST(finds_a_package_whole)
{
	struct inspect_report *r;

	up(5, 3000);
	write_as(forms[_i].form, forms[_i].name, 0);
	r = inspect(forms[_i].name, &export_key);
	ck_assert_str_eq(said_of(r), "");
	ck_assert(r->whole && r->inspected && r->is_signed && r->trusted && r->has_head);
	ck_assert_str_eq(r->key_id, "B256535EA362FA35");
	ck_assert_str_eq(r->id, g.p.id);
	ck_assert_str_eq(r->station, "QH-01");
	ck_assert_str_eq(r->made, "2026-11-27");
	ck_assert_uint_eq(r->media, 5);
	ck_assert_uint_eq(r->media_bytes, 5 * 3000 + 10);
	ck_assert_uint_eq(r->sidecars, 4);
	ck_assert_uint_eq(r->leaves, 11);
	ck_assert_uint_eq(r->head_size, 11);
	ck_assert_str_eq(r->origin, "example.cn/dockvault/QH-01");
	ck_assert_uint_eq(r->n_witnesses, 1);
	ck_assert_str_eq(r->witnesses[0].name, "example.cn/jijian");
	ck_assert_int_eq(r->witnesses[0].time_ms, 1795790303000);
	ck_assert_uint_eq(r->n_tokens, 0);
	ck_assert_uint_eq(r->n_discs, 0);
	inspect_report_free(r);
	r = inspect(forms[_i].name, NULL);	/* by the key that it brings */
	ck_assert(r->whole && r->is_signed && !r->trusted);
	inspect_report_free(r);
	package_rig_free(&g);
}
END_TEST

/* ------ spoilt, and sealed again by who has the key ------ */

#define LEAF(n)		"data/log/leaves/" #n ".json"
#define PROOF(n)	"data/log/proofs/" #n ".tlog-proof"

static const struct { const char *what, *command; bool sealed; const char *said; } spoilt[] = {
	{ "nothing", ":", false, "" },
	{ "nothing, sealed again", ":", true, "" },
	{ "media", "printf x | dd of=" MEDIA " bs=1 seek=99 conv=notrunc 2>/dev/null", false,
	  "other_media " MEDIA "|wrong_digest " MEDIA },
	{ "media, sealed", "printf x | dd of=" MEDIA " bs=1 seek=99 conv=notrunc 2>/dev/null", true,
	  "other_media " MEDIA },
	{ "media and its index, sealed", "echo >> " MEDIA "; b=$(b2sum -l 256 " MEDIA " | cut -d' ' -f1);"
	  "s=$(sha256sum " MEDIA " | cut -d' ' -f1); awk -v b=$b -v s=$s -v n=$(stat -c %s " MEDIA ") "
	  "'BEGIN { FS = OFS = \"\\t\" } $1 == \"0001\" { $4 = n; $5 = b; $6 = s } { print }' data/objects.tsv > x;"
	  "mv x data/objects.tsv; sed -i \"1s/^[^ ]*/$b/\" data/log/addresses.b2", true,
	  "leaf_strange " MEDIA "|sidecar_other " REC },
	{ "media gone", "rm " MEDIA, true, "file_missing " MEDIA },
	{ "media more", "echo > data/media/0009-blob.bin", true, "stray_media data/media/0009-blob.bin" },

	{ "no signature", "rm *.minisig", false, "unsigned tagmanifest-sha512.txt.minisig" },
	{ "no signed manifest", "rm tagmanifest-sha512.txt", false,
	  "uncovered bag-info.txt|uncovered bagit.txt|uncovered manifest-sha256.txt|"
	  "uncovered manifest-sha512.txt|unsigned tagmanifest-sha512.txt" },
	{ "another signed manifest", "sed -i '/bag-info/d' tagmanifest-sha512.txt", false,
	  "forged tagmanifest-sha512.txt.minisig|uncovered bag-info.txt" },
	{ "another signature", "sed -i '2s/[A-Z]/x/9' *.minisig", false,
	  "forged tagmanifest-sha512.txt.minisig" },
	{ "no signature's file", "echo > tagmanifest-sha512.txt.minisig", false,
	  "bad_file tagmanifest-sha512.txt.minisig" },
	{ "a tag file more", "echo > README", false, "uncovered README" },
	{ "a manifest more", "find data -type f | sort | xargs md5sum > manifest-md5.txt", false,
	  "uncovered manifest-md5.txt" },
	{ "a tag file that only the other manifest names", "echo > README; sha256sum README >> tagmanifest-sha256.txt",
	  false, "uncovered README" },
	{ "payload by SHA-256 alone", "rm manifest-sha512.txt; sed -i /manifest-sha512/d tagmanifest*.txt", false,
	  "forged tagmanifest-sha512.txt.minisig|uncovered data/VERIFY.txt|*" },

	{ "another version", "sed -i 's/Package: 1/Package: 2/' bag-info.txt", true, "no_package" },
	{ "an older bag", "sed -i 's/1.0/0.97/' bagit.txt", true, "no_package" },

	{ "a sidecar changed", "sed -i s/019001/019002/ " REC, true, "sidecar_forged " REC },
	{ "a sidecar gone", "rm " REC, true, "file_missing " REC },
	{ "a sidecar's signature gone", "rm " REC ".minisig", true, "file_missing " REC ".minisig" },
	{ "a sidecar's signature is none", "echo > " REC ".minisig", true, "bad_file " REC ".minisig" },
	{ "a sidecar's key gone", "rm data/log/keys/seal.pub", true,
	  "file_missing data/log/keys/seal.pub|file_missing data/log/keys/seal.pub" },
	{ "a sidecar's key is none", "echo > data/log/keys/seal.pub", true,
	  "bad_file data/log/keys/seal.pub|bad_file data/log/keys/seal.pub" },
	{ "a sidecar that no key verified, of which no leaf tells",
	  "awk 'BEGIN { FS = OFS = \"\\t\" } $1 == \"0001\" { $8 = \"-\" } { print }' data/objects.tsv > x;"
	  "mv x data/objects.tsv", true, "sidecar_forged " REC },

	{ "an index line that is none", "echo x >> data/objects.tsv", true, "bad_file data/objects.tsv" },
	{ "no index", "rm data/objects.tsv", true, "file_missing data/objects.tsv|"
	  "stray_media " MEDIA "|stray_media data/media/0002-REC-000123-1.mp4|"
	  "stray_media data/media/0003-blob.bin|stray_media data/media/0004-REC-000123-3.mp4" },
	{ "other addresses", "sed -i 1s/^./x/ data/log/addresses.b2", true, "bad_file data/log/addresses.b2" },

	{ "a leaf changed", "sed -i s/dv_ingest/dv_ingesu/ " LEAF(1), true, "proof_wrong " LEAF(1) },
	{ "a leaf that is not canonical", "sed -i 's/,/, /' " LEAF(1), true,
	  "leaf_bad " LEAF(1) "|proof_wrong " LEAF(1) },
	{ "a leaf gone", "rm " LEAF(1), true, "leaf_missing " MEDIA },
	{ "all leaves of an object gone", "awk 'BEGIN { FS = OFS = \"\\t\" } $1 == \"0001\" { $11 = \"0\" } { print }' "
	  "data/objects.tsv > x; mv x data/objects.tsv", true, "leaf_strange " MEDIA },
	{ "a leaf of others", "cp " LEAF(3) " " LEAF(1), true, "proof_wrong " LEAF(1) },
	{ "a proof gone", "rm " PROOF(1), true, "unproven " LEAF(1) },
	{ "a proof of another leaf", "cp " PROOF(2) " " PROOF(1), true,
	  "bad_file " PROOF(1) "|unproven " LEAF(1) },
	{ "a proof that was changed", "sed -i '3s/^./_/; 3s/^_/A/' " PROOF(1), true, "proof_wrong " LEAF(1) },
	{ "a proof to another checkpoint", "echo >> " PROOF(1), true, "proof_other " LEAF(1) },
	{ "a proof that is none", "echo > " PROOF(1), true, "bad_file " PROOF(1) "|unproven " LEAF(1) },

	{ "no checkpoint", "rm data/log/checkpoint", true, "file_missing data/log/checkpoint" },
	{ "a checkpoint that is none", "echo > data/log/checkpoint", true, "bad_file data/log/checkpoint" },
	{ "a checkpoint of another size", "sed -i 2s/9/10/ data/log/checkpoint", true,
	  "checkpoint_forged data/log/checkpoint" },
	{ "a checkpoint of another log", "sed -i 1s/QH-01/QH-02/ data/log/checkpoint", true,
	  "checkpoint_other data/log/checkpoint" },
	{ "a checkpoint that the log did not sign", "sed -i '/^— example.cn.dockvault/d' data/log/checkpoint", true,
	  "checkpoint_unsigned data/log/checkpoint" },
	{ "no cosignature", "sed -i '/jijian/d' data/log/checkpoint data/log/proofs/*", true,
	  "cosignature_missing data/log/checkpoint" },
	{ "another cosignature", "sed -i 's/\\(jijian .\\{60\\}\\)A/\\1_/; s/\\(jijian .\\{60\\}\\)[^_]/\\1A/;"
	  "s/\\(jijian .\\{60\\}\\)_/\\1B/' data/log/checkpoint data/log/proofs/*", true,
	  "cosignature_forged data/log/checkpoint" },
	{ "the log's key gone", "rm data/log/keys/log.vkey", true, "file_missing data/log/keys/log.vkey" },
	{ "the log's key is none", "echo > data/log/keys/log.vkey", true, "bad_file data/log/keys/log.vkey" },
	{ "another .pem", "cp data/log/keys/witness-1.pem data/log/keys/log.pem", true,
	  "pem_other data/log/keys/log.pem" },
	{ "no .pem", "rm data/log/keys/witness-1.pem", true, "file_missing data/log/keys/witness-1.pem" },
	{ "an entry in no folder of times", "mkdir data/log/time; echo > data/log/time/x", true,
	  "bad_file data/log/time/x" },
	{ "a set of others", "printf 'disc\\t1\\tDV_1A2B3C4D_01\\t%0128d\\n' 0 > set.tsv", true,
	  "set_other set.tsv" },
	{ "a set that is none", "echo x > set.tsv", true, "bad_file set.tsv|set_other set.tsv" },
};

static void setup(void)
{
	up(4, 3000);
	write_as(PACKAGE_FOLDER, "bag", 0);
	shared = g;
}

static void teardown(void)
{
	package_rig_free(&shared);
}

/* A copy of the shared package. */
static void borrow(void)
{
	char path[] = "/tmp/check-inspect-XXXXXX", command[512];

	ck_assert_ptr_nonnull(mkdtemp(path));
	use(path, &shared);
	snprintf(command, sizeof(command), "cp -r %s/bag .", shared.dir);
	run(command);
}

static void give_back(void)
{
	run("cd .. && rm -r bag");
	rmdir(dir);
}

START_TEST(finds_what_is_spoilt)
{
	borrow();
	run(spoilt[_i].command);
	if (spoilt[_i].sealed)
		seal();
	expect(spoilt[_i].what, spoilt[_i].said, spoilt[_i].said[0] == '\0');
	give_back();
}
END_TEST

/* ------ what the log knows ------ */

static const struct { const char *row, *command, *said; bool whole; } known[] = {
	{ "{\"digest\":\"bad\",\"signature\":\"valid\"}", "sed -i 's/^size .*/size 1/' " REC,
	  "sidecar_known " REC, true },
	{ "{\"digest\":\"ok\",\"signature\":\"valid\"}", "sed -i 's/^size .*/size 1/' " REC,
	  "sidecar_other " REC, false },
	{ "{\"digest\":\"bad\",\"signature\":\"valid\"}", "sed -i 's/^size .*/size 1/' " DOCK,
	  "sidecar_other " DOCK, false },
	{ "{\"digest\":\"ok\",\"signature\":\"invalid\"}",
	  "awk 'BEGIN { FS = OFS = \"\\t\" } $1 == \"0001\" { $8 = \"-\" } { print }' data/objects.tsv > x;"
	  "mv x data/objects.tsv", "sidecar_not_valid " REC, true },
};

START_TEST(knows_what_the_log_records)
{
	const char *row = package_rig_row;

	package_rig_row = known[_i].row;
	up(4, 3000);
	write_as(PACKAGE_FOLDER, "bag", 0);
	run(known[_i].command);
	sign(REC);
	sign(DOCK);
	seal();
	expect(known[_i].command, known[_i].said, known[_i].whole);
	package_rig_row = row;
	package_rig_free(&g);
}
END_TEST

/* ------ keys ------ */

START_TEST(wants_the_key_that_is_given)
{
	struct minisign_public_key other;
	struct inspect_report *r;

	up(1, 3000);
	write_as(PACKAGE_FOLDER, "bag", 0);
	other = export_key;
	other.id[0] ^= 1;
	r = inspect("bag", &other);
	ck_assert_str_eq(said_of(r), "other_key tagmanifest-sha512.txt.minisig");
	ck_assert_str_eq(r->problems[0].what, "B256535EA362FA35");
	ck_assert(!r->whole && !r->is_signed && !r->trusted);
	inspect_report_free(r);
	other = export_key;
	other.key[0] ^= 1;
	r = inspect("bag", &other);
	ck_assert_str_eq(said_of(r), "forged tagmanifest-sha512.txt.minisig");
	inspect_report_free(r);
	run("rm data/log/keys/export.pub");
	seal();
	r = inspect("bag", NULL);
	ck_assert_str_eq(said_of(r), "file_missing data/log/keys/export.pub");
	inspect_report_free(r);
	package_rig_free(&g);
}
END_TEST

/* ------ time stamps ------ */

static const struct { const char *what, *command, *said; } times[] = {
	{ "good", ":", "" },
	{ "of an authority among many", "yes 'no certificate' | head -n 16000 >> data/log/keys/authority-QH.pem", "" },
	{ "of other bytes", "sed -i 's/jijian/jijiao/' data/log/time/9/checkpoint", "proof_other" },
	{ "no token", "rm data/log/time/9/QH.tsr", "time_missing data/log/time/9/" },
	{ "a token that is none", "echo > data/log/time/9/QH.tsr", "time_bad data/log/time/9/QH.tsr" },
	{ "nobody vouches for it", "rm data/log/keys/authority-QH.pem",
	  "file_missing data/log/keys/authority-QH.pem" },
	{ "no checkpoint", "rm data/log/time/9/checkpoint", "file_missing data/log/time/9/checkpoint" },
	{ "of another size", "mv data/log/time/9 data/log/time/12", "checkpoint_other data/log/time/12/checkpoint" },
	{ "a leaf it does not prove", "rm data/log/time/9/proofs/5.tlog-proof",
	  "unproven data/log/leaves/5.json" },
	{ "a name that is none", "mv data/log/time/9/QH.tsr 'data/log/time/9/Q H.tsr'",
	  "bad_file data/log/time/9/Q H.tsr" },
};

static void put(const char *path, const struct buf *b)
{
	char full[512];
	struct err e = { 0 };

	snprintf(full, sizeof(full), "%s/bag/%s", dir, path);
	ck_assert_msg(file_replace(full, b->p, b->len, 0644, &e) == 0, "%s", e.msg);
}

START_TEST(judges_time_stamps)
{
	AUTO(tsa_cast_clear) struct tsa_cast cast = { .how = { .data = NULL } };
	AUTO(buf_clear) struct buf answer = BUF_INIT(TIMESTAMP_MAX);
	struct tsa_answer how = { .time = TSA_TIME };
	struct inspect_report *r;
	char said[8192];

	borrow();
	run("mkdir -p data/log/time/9; cp data/log/checkpoint data/log/time/9; cp -r data/log/proofs data/log/time/9");
	tsa_cast_make(&cast, &tsa_kind_ca, &tsa_kind_signer);
	how.data = shared.p.head.text.p;
	how.data_len = shared.p.head.text.len;
	tsa_answer(&cast.signer, &how, &answer);
	put("data/log/time/9/QH.tsr", &answer);
	put("data/log/keys/authority-QH.pem", &cast.ca);
	run(times[_i].command);
	seal();
	r = inspect("bag", &export_key);
	snprintf(said, sizeof(said), "%s", said_of(r));
	if (times[_i].said[0] == '\0') {
		ck_assert_str_eq(said, "");
		ck_assert_uint_eq(r->n_tokens, 1);
		ck_assert_str_eq(r->tokens[0].authority, "QH");
		ck_assert_int_eq(r->tokens[0].time_ms, TSA_TIME_MS);
		ck_assert_uint_eq(r->tokens[0].size, 9);
	}
	ck_assert_msg(strstr(said, times[_i].said) != NULL && r->whole == (said[0] == '\0'), "%s: %s",
		      times[_i].what, said);
	inspect_report_free(r);
	give_back();
}
END_TEST

/* ------ sets of discs ------ */

static const struct { const char *what; const char *discs[4]; const char *said; } sets[] = {
	{ "all", { "p-01.iso", "p-02.iso", "p-03.iso" }, "" },
	{ "in any order", { "p-03.iso", "p-01.iso", "p-02.iso" }, "" },
	{ "one missing", { "p-01.iso", "p-03.iso" }, "set_missing DV_1A2B3C4D_02" },
	{ "two missing", { "p-02.iso" }, "set_missing DV_1A2B3C4D_01|set_missing DV_1A2B3C4D_03" },
	{ "one twice", { "p-01.iso", "p-02.iso", "p-03.iso", "p-02.iso" }, "set_twice DV_1A2B3C4D_02" },
	{ "one of none", { "p-01.iso", "p-02.iso", "p-03.iso", "q.tar" }, "set_other " },
	{ "others first", { "q.tar", "p-01.iso" }, "set_other " },
};

START_TEST(judges_sets)
{
	struct inspect_report *reports[4] = { NULL };
	char said[4096] = "";
	size_t n = 0, i, k;

	up(3, 5 * 512 * 1024);	/* two do not go on one disc */
	write_as(PACKAGE_ISO, "p.iso", 4 * 1024 * 1024);
	write_as(PACKAGE_TAR, "q.tar", 0);
	for (n = 0; n < 4 && sets[_i].discs[n] != NULL; n++) {
		reports[n] = inspect(sets[_i].discs[n], &export_key);
		ck_assert_msg(reports[n]->whole, "%s: %s", sets[_i].discs[n], said_of(reports[n]));
	}
	package_inspect_set(reports, n);
	for (i = 0; i < n; i++) {
		for (k = 0; k < reports[i]->n_problems; k++)
			snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s %s",
				 said[0] == '\0' ? "" : "|",
				 inspect_fault_name(reports[i]->problems[k].fault),
				 reports[i]->problems[k].what);
		inspect_report_free(reports[i]);
	}
	ck_assert_msg(strcmp(said, sets[_i].said) == 0, "%s: %s", sets[_i].what, said);
	package_rig_free(&g);
}
END_TEST

/* Two sets of the same objects are two sets. */
START_TEST(keeps_sets_apart)
{
	struct inspect_report *reports[2];

	up(3, 5 * 512 * 1024);	/* two do not go on one disc */
	write_as(PACKAGE_ISO, "p.iso", 4 * 1024 * 1024);
	g.p.id[0] = '9';
	write_as(PACKAGE_ISO, "q.iso", 4 * 1024 * 1024);
	reports[0] = inspect("p-01.iso", NULL);
	reports[1] = inspect("q-02.iso", NULL);
	package_inspect_set(reports, 2);
	ck_assert_uint_eq(reports[1]->counts[INSPECT_SET_OTHER], 1);
	ck_assert_uint_eq(reports[0]->counts[INSPECT_SET_MISSING], 2);
	ck_assert(!reports[0]->whole && !reports[1]->whole);
	inspect_report_free(reports[0]);
	inspect_report_free(reports[1]);
	package_rig_free(&g);
}
END_TEST

/* ------ what is no package ------ */

START_TEST(tells_what_is_no_package)
{
	struct inspect_report *r = NULL;
	struct err e = { 0 };

	up(1, 3000);
	run("mkdir bag");
	ck_assert_int_eq(package_inspect(dir, NULL, NULL, NULL, &r, &e), 0);
	ck_assert(!r->whole && !r->inspected);
	ck_assert_uint_eq(r->bag.counts[BAG_NO_DECLARATION], 1);
	ck_assert_uint_eq(r->n_problems, 0);
	inspect_report_free(r);
	r = NULL;
	ck_assert_int_eq(package_inspect("/nowhere", NULL, NULL, NULL, &r, &e), -ENOENT);
	ck_assert_ptr_null(r);
	package_rig_free(&g);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, finds_a_package_whole, 0, (int)COUNT(forms));
	tcase_add_loop_test(tc, finds_what_is_spoilt, 0, (int)COUNT(spoilt));
	tcase_add_loop_test(tc, knows_what_the_log_records, 0, (int)COUNT(known));
	tcase_add_test(tc, wants_the_key_that_is_given);
	tcase_add_loop_test(tc, judges_time_stamps, 0, (int)COUNT(times));
	tcase_add_loop_test(tc, judges_sets, 0, (int)COUNT(sets));
	tcase_add_test(tc, keeps_sets_apart);
	tcase_add_test(tc, tells_what_is_no_package);
}

int main(void)
{
	return suite_main("inspect", fill);
}
