/* The dock's chain of seals: what is signed, and that no counter is ever used twice. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "dockd/seal.h"
#include "format/manifest.h"
#include "format/minisign.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

static const char secret_text[] =
	"untrusted comment: minisign encrypted secret key\n"
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"Nfpio15TVrKP3dlx/9p0gs6KoI/9RA5hNXJKR8DDCHcdo+kccjB6HmPSsz+8lV/O2w+CjenH"
	"ZPtZ74ebiv7iAYcUF7TBBAYSAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

struct rig {
	uv_loop_t loop;
	struct vault *vault;
	struct seal *seal;
	char dir[128], key[256], head[256], vault_dir[256];
};

static int open_seal(struct rig *k, struct err *e)
{
	return seal_new(&k->loop, k->vault, k->vault_dir, "QH-01", k->key, k->dir, &k->seal, e);
}

static void begin(struct rig *k)
{
	struct err e = { 0 };

	snprintf(k->dir, sizeof(k->dir), "%s", rig_dir());
	snprintf(k->key, sizeof(k->key), "%s/seal.key", k->dir);
	snprintf(k->head, sizeof(k->head), "%s/seal.chain", k->dir);
	snprintf(k->vault_dir, sizeof(k->vault_dir), "%s/vault", k->dir);
	ck_assert_int_eq(file_replace(k->key, secret_text, strlen(secret_text), 0600, &e), 0);
	ck_assert_int_eq(uv_loop_init(&k->loop), 0);
	ck_assert_int_eq(vault_open(&k->loop, k->vault_dir, 0, &k->vault, &e), 0);
	ck_assert_int_eq(open_seal(k, &e), 0);
}

static void end(struct rig *k)
{
	seal_free(k->seal);
	vault_close(k->vault);
	rig_end_loop(&k->loop);
	rig_clean();
}

struct answer {
	struct seal_request q;
	int calls, r;
	struct record_seal seal;
};

static void on_sealed(struct seal_request *q, int r, const struct record_seal *sealed,
		      const struct err *e)
{
	struct answer *a = q->data;

	ck_assert(r == 0 || e->msg[0] != '\0');
	a->calls++;
	a->r = r;
	if (r == 0)
		a->seal = *sealed;
}

static void ask(struct rig *k, struct answer *a, const char *name);

/* Who is told of one seal may want the next. */
struct asks_on {
	struct rig *k;
	struct answer first, second;
};

static void on_sealed_ask_on(struct seal_request *q, int r, const struct record_seal *sealed,
			     const struct err *e)
{
	struct asks_on *two = q->data;

	q->data = &two->first;
	on_sealed(q, r, sealed, e);
	ask(two->k, &two->second, "b.mp4");
}

static void ask(struct rig *k, struct answer *a, const char *name)
{
	*a = (struct answer){ .q = {
		.recorder = "REC-1", .session = "11111111-2222-4333-8444-555555555555",
		.path = "DCIM/\xe5\xbd\x95.mp4", .recording = "0b1e4c5d-9d2c-8e6f-8a3b-1c2d3e4f5a6b",
		.segment = "1b1e4c5d-9d2c-8e6f-8a3b-1c2d3e4f5a6b", .name = name, .size = 5,
		.blob = digest_of("hello", 5), .start_ms = INT64_C(1795437778123),
		.end_ms = INT64_C(1795437779123), .mono_end_ms = 1000, .cb = on_sealed, .data = a,
	} };
	seal_sign(k->seal, &a->q);
	ck_assert_int_eq(a->calls, 0);		/* never from inside the call */
}

static void read_blob(const struct rig *k, const struct digest *d, struct buf *b)
{
	char path[VAULT_PATH_MAX];
	struct err e = { 0 };

	ck_assert_int_eq(vault_path(k->vault_dir, d, path, sizeof(path)), 0);
	ck_assert_int_eq(file_read(path, b, &e), 0);
}

/* What lies in the vault under these addresses is a manifest and a signature for it. */
static void read_seal(const struct rig *k, const struct record_seal *s, struct manifest *ret,
		      struct minisign_signature *ret_sig)
{
	struct buf m = BUF_INIT(MANIFEST_MAX), sig = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_secret_key *secret;
	struct minisign_public_key key;
	struct err e = { 0 };

	read_blob(k, &s->manifest, &m);
	read_blob(k, &s->signature, &sig);
	ck_assert_msg(manifest_parse(m.p, m.len, ret, &e) == 0, "%s", e.msg);
	ck_assert_msg(minisign_parse_signature(sig.p, sig.len, ret_sig, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(minisign_parse_secret_key((const uint8_t *)secret_text,
						   strlen(secret_text), &secret, &e), 0);
	minisign_secret_key_public(secret, &key);
	minisign_secret_key_free(secret);
	ck_assert(minisign_verify(&key, ret_sig, m.p, m.len));
	ck_assert_uint_eq(ret->dseq, s->dseq);
	buf_clear(&m);
	buf_clear(&sig);
}

START_TEST(says_what_the_dock_read)
{
	struct minisign_signature sig;
	struct answer a;
	struct manifest m;
	struct rig k;

	begin(&k);
	ask(&k, &a, "MOV_0001.mp4");
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(a.r, 0);
	read_seal(&k, &a.seal, &m, &sig);
	ck_assert_str_eq(m.device, "QH-01");
	ck_assert_str_eq(m.name, "MOV_0001.mp4");
	ck_assert_int_eq(m.clock, MANIFEST_CLOCK_DOCK);
	ck_assert(digest_equal(&m.blake2b, &a.q.blob));
	ck_assert(digest_is_zero(&m.prev));
	ck_assert_ptr_nonnull(strstr(sig.trusted, "recorder REC-1"));
	ck_assert_ptr_nonnull(strstr(sig.trusted, a.q.session));
	ck_assert_ptr_nonnull(strstr(sig.trusted, a.q.path));
	end(&k);
}
END_TEST

/* Asked for all at once, across a restart: one chain. */
START_TEST(is_one_chain)
{
	struct minisign_signature sig;
	struct answer a[6];
	struct manifest m;
	struct err e = { 0 };
	struct rig k;
	int i;

	begin(&k);
	for (i = 0; i < 6; i++) {
		if (i == 3) {
			uv_run(&k.loop, UV_RUN_DEFAULT);
			seal_free(k.seal);
			ck_assert_int_eq(open_seal(&k, &e), 0);
		}
		ask(&k, &a[i], "a.mp4");
	}
	uv_run(&k.loop, UV_RUN_DEFAULT);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(a[i].r, 0);
		read_seal(&k, &a[i].seal, &m, &sig);
		ck_assert_uint_eq(m.dseq, (uint64_t)i);
		if (i > 0)
			ck_assert(digest_equal(&m.prev, &a[i - 1].seal.manifest));
	}
	end(&k);
}
END_TEST

START_TEST(is_asked_from_its_callback)
{
	struct minisign_signature sig;
	struct asks_on two;
	struct manifest m;
	struct rig k;

	begin(&k);
	two.k = &k;
	ask(&k, &two.first, "a.mp4");
	two.first.q.cb = on_sealed_ask_on;
	two.first.q.data = &two;
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(two.first.calls, 1);
	ck_assert_int_eq(two.second.calls, 1);
	ck_assert_int_eq(two.second.r, 0);
	read_seal(&k, &two.second.seal, &m, &sig);
	ck_assert_uint_eq(m.dseq, 1);
	ck_assert(digest_equal(&m.prev, &two.first.seal.manifest));
	end(&k);
}
END_TEST

static const struct { const char *name; bool kept; } names[] = {
	{ "plain name (1).mp4", true },
	{ "\xe5\xbd\x95.mp4", false },
	{ "a\nb", false },
	{ "-", false },
	{ "..", false },
	{ "", false },
};

START_TEST(names_that_a_manifest_cannot_hold)
{
	struct minisign_signature sig;
	struct answer a;
	struct manifest m;
	struct rig k;

	begin(&k);
	ask(&k, &a, names[_i].name);
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(a.r, 0);
	read_seal(&k, &a.seal, &m, &sig);
	ck_assert_str_eq(m.name, names[_i].kept ? names[_i].name : a.q.segment);
	end(&k);
}
END_TEST

/* The head cannot be written: nobody is told of the seal, and its counter is given again. */
START_TEST(a_seal_nobody_was_told_of_is_none)
{
	struct answer a, b;
	char tmp[300];
	struct rig k;

	begin(&k);
	snprintf(tmp, sizeof(tmp), "%s.tmp", k.head);
	ck_assert_int_eq(mkdir(tmp, 0700), 0);		/* in the way of the new head */
	ask(&k, &a, "a.mp4");
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_lt(a.r, 0);
	ck_assert_int_eq(rmdir(tmp), 0);
	ask(&k, &b, "b.mp4");
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(b.r, 0);
	ck_assert_uint_eq(b.seal.dseq, 0);
	end(&k);
}
END_TEST

static const char *const damaged[] = {
	"", "{}", "{\"dseq\": 1}", "{\"dseq\": -1, \"prev\": \"00\"}",
	"{\"dseq\": 1, \"prev\": \"00\"}",
};

START_TEST(a_damaged_head_is_not_guessed)
{
	struct err e = { 0 };
	struct rig k;

	begin(&k);
	seal_free(TAKE(k.seal));
	ck_assert_int_eq(file_replace(k.head, damaged[_i], strlen(damaged[_i]), 0600, &e), 0);
	ck_assert_int_eq(open_seal(&k, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "seal.chain"));
	end(&k);
}
END_TEST

/* An empty mount point, say: the disk will come, and must not find a second chain. */
START_TEST(a_vault_without_the_last_seal_is_not_ours)
{
	struct err e = { 0 };
	struct vault *empty = NULL;
	char moved[256], inside[300];
	struct answer a;
	struct rig k;

	begin(&k);
	ask(&k, &a, "a.mp4");
	uv_run(&k.loop, UV_RUN_DEFAULT);
	seal_free(TAKE(k.seal));
	snprintf(moved, sizeof(moved), "%s/moved", k.dir);
	ck_assert_int_eq(rename(k.vault_dir, moved), 0);
	ck_assert_int_eq(vault_open(&k.loop, k.vault_dir, 0, &empty, &e), 0);
	vault_close(empty);
	ck_assert_int_eq(open_seal(&k, &e), -ESTALE);
	ck_assert_ptr_nonnull(strstr(e.msg, k.vault_dir));
	ck_assert_ptr_null(k.seal);
	snprintf(inside, sizeof(inside), "%s/objects", k.vault_dir);
	ck_assert_int_eq(rmdir(inside), 0);
	snprintf(inside, sizeof(inside), "%s/partial", k.vault_dir);
	ck_assert_int_eq(rmdir(inside), 0);
	ck_assert_int_eq(rmdir(k.vault_dir), 0);
	ck_assert_int_eq(rename(moved, k.vault_dir), 0);
	ck_assert_int_eq(open_seal(&k, &e), 0);
	end(&k);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, says_what_the_dock_read);
	tcase_add_test(tc, is_one_chain);
	tcase_add_test(tc, is_asked_from_its_callback);
	tcase_add_loop_test(tc, names_that_a_manifest_cannot_hold, 0, (int)COUNT(names));
	tcase_add_test(tc, a_seal_nobody_was_told_of_is_none);
	tcase_add_test(tc, a_vault_without_the_last_seal_is_not_ours);
	tcase_add_loop_test(tc, a_damaged_head_is_not_guessed, 0, (int)COUNT(damaged));
}

int main(void)
{
	return suite_main("seal", fill);
}
