/*
 * sidecar - writes and checks sidecars as a recorder would, for scenarios and
 * demo cards.
 *
 *	sidecar sign --key KEY.sec --media FILE --device ID --rec UUID --seq N
 *		--dseq N --prev HEX|FILE.bwm --start TIME --end TIME --clock WORD
 *		--boot N --mono-start MS --mono-end MS --officer ID --last 0|1
 *		--end-reason WORD [--firmware ID] [--mark TIME]...
 *	sidecar inventory --key ... --device ... --dseq ... --prev ... --nonce HEX --out FILE.bwm
 *	sidecar event --key ... --device ... --dseq ... --prev ... --what WORD --detail TEXT
 *		--time TIME --out FILE.bwm
 *	sidecar verify --pub KEY.pub FILE.bwm
 *
 * sign writes NAME.bwm and NAME.bwm.minisig beside NAME.mp4.  The writers print
 * the BLAKE2b-256 of the manifest: the next one's --prev (which may be the file
 * as well).  verify exits 0 when signature and manifest are good and the media
 * file, if it is there, has the digests; 1 when not; 2 when it could not tell.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/utc.h"
#include "base/util.h"
#include "format/manifest.h"
#include "format/minisign.h"

enum { BAD = 1, TROUBLE = 2 };

/* ------ the media file ------ */

/* Both digests and the size of a file; false when there is none. */
static bool digest_file(const char *path, struct manifest *ret)
{
	crypto_generichash_state blake2b;
	crypto_hash_sha256_state sha256;
	static uint8_t block[256 * 1024];
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0)
		err(TROUBLE, "%s", path);
	crypto_generichash_init(&blake2b, NULL, 0, DIGEST_LEN);
	crypto_hash_sha256_init(&sha256);
	ret->size = 0;
	while ((n = read(fd, block, sizeof(block))) > 0) {
		crypto_generichash_update(&blake2b, block, (size_t)n);
		crypto_hash_sha256_update(&sha256, block, (size_t)n);
		ret->size += (uint64_t)n;
	}
	if (n < 0)
		err(TROUBLE, "%s", path);
	close(fd);
	crypto_generichash_final(&blake2b, ret->blake2b.b, DIGEST_LEN);
	crypto_hash_sha256_final(&sha256, ret->sha256);
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* ------ options ------ */

struct options {
	const char *key, *pub, *media, *out;
	char out_room[PATH_MAX];
	struct manifest m;
};

static void text_option(const char *name, const char *value, char *ret, size_t room)
{
	if (strlen(value) >= room)
		errx(TROUBLE, "--%s: longer than %zu characters", name, room - 1);
	memcpy(ret, value, strlen(value) + 1);
}

static uint64_t number_option(const char *name, const char *value)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno != 0 || *end != '\0' || value[0] < '0' || value[0] > '9')
		errx(TROUBLE, "--%s %s: not a number", name, value);
	return n;
}

static int64_t time_option(const char *name, const char *value)
{
	int64_t ms;

	if (utc_parse(value, strlen(value), &ms) < 0)
		errx(TROUBLE, "--%s %s: a time looks like 2026-11-23T12:42:58.123Z", name, value);
	return ms;
}

static enum manifest_clock clock_option(const char *value)
{
	enum manifest_clock c;

	for (c = MANIFEST_CLOCK_GNSS; c <= MANIFEST_CLOCK_UNSET; c++)
		if (strcmp(value, manifest_clock_name(c)) == 0)
			return c;
	errx(TROUBLE, "--clock %s: gnss, dock, rtc or unset", value);
}

static enum manifest_end end_option(const char *value)
{
	enum manifest_end end;

	for (end = MANIFEST_END_NONE; end <= MANIFEST_END_DOCK; end++)
		if (strcmp(value, manifest_end_name(end)) == 0)
			return end;
	errx(TROUBLE, "--end-reason %s: none, button, battery, full, fault or dock", value);
}

/* 64 hex digits, or the manifest whose digest is meant. */
static struct digest digest_option(const char *value)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MANIFEST_MAX);
	struct digest d;
	struct err e;

	if (digest_parse(value, strlen(value), &d) == 0)
		return d;
	if (file_read(value, &b, &e) < 0)
		errx(TROUBLE, "neither 64 hex digits nor a manifest: %s", e.msg);
	return digest_of(b.p, b.len);
}

static const struct option long_options[] = {
	{ "key", required_argument, NULL, 'k' },	{ "pub", required_argument, NULL, 'p' },
	{ "media", required_argument, NULL, 'm' },	{ "out", required_argument, NULL, 'o' },
	{ "device", required_argument, NULL, 'd' },	{ "firmware", required_argument, NULL, 'f' },
	{ "rec", required_argument, NULL, 'r' },	{ "seq", required_argument, NULL, 's' },
	{ "dseq", required_argument, NULL, 'q' },	{ "prev", required_argument, NULL, 'P' },
	{ "start", required_argument, NULL, 'S' },	{ "end", required_argument, NULL, 'E' },
	{ "clock", required_argument, NULL, 'c' },	{ "boot", required_argument, NULL, 'b' },
	{ "mono-start", required_argument, NULL, '1' },	{ "mono-end", required_argument, NULL, '2' },
	{ "officer", required_argument, NULL, 'O' },	{ "mark", required_argument, NULL, 'M' },
	{ "last", required_argument, NULL, 'l' },	{ "end-reason", required_argument, NULL, 'R' },
	{ "nonce", required_argument, NULL, 'n' },	{ "what", required_argument, NULL, 'w' },
	{ "detail", required_argument, NULL, 'D' },	{ "time", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct options *o, int c, const char *name, const char *v)
{
	struct manifest *m = &o->m;

	switch (c) {
	case 'k':	o->key = v; break;
	case 'p':	o->pub = v; break;
	case 'm':	o->media = v; break;
	case 'o':	o->out = v; break;
	case 'd':	text_option(name, v, m->device, sizeof(m->device)); break;
	case 'f':	text_option(name, v, m->firmware, sizeof(m->firmware)); break;
	case 'r':	text_option(name, v, m->rec, sizeof(m->rec)); break;
	case 's':	m->seq = number_option(name, v); break;
	case 'q':	m->dseq = number_option(name, v); break;
	case 'P':	m->prev = digest_option(v); break;
	case 'S':	m->start_ms = time_option(name, v); break;
	case 'E':	m->end_ms = time_option(name, v); break;
	case 'c':	m->clock = clock_option(v); break;
	case 'b':	m->boot = number_option(name, v); break;
	case '1':	m->mono_start_ms = number_option(name, v); break;
	case '2':	m->mono_end_ms = number_option(name, v); break;
	case 'O':	text_option(name, v, m->officer, sizeof(m->officer)); break;
	case 'M':
		if (m->n_marks == MANIFEST_MARKS_MAX)
			errx(TROUBLE, "--mark: at most %d", MANIFEST_MARKS_MAX);
		m->marks[m->n_marks++] = time_option(name, v);
		break;
	case 'l':	m->last = number_option(name, v) != 0; break;
	case 'R':	m->end = end_option(v); break;
	case 'n':	m->nonce = digest_option(v); break;
	case 'w':	text_option(name, v, m->what, sizeof(m->what)); break;
	case 'D':	text_option(name, v, m->detail, sizeof(m->detail)); break;
	case 't':	m->at_ms = time_option(name, v); break;
	default:	exit(TROUBLE);		/* getopt said why */
	}
}

/* ------ the commands ------ */

/* NAME.mp4 -> NAME.bwm */
static void out_beside_media(struct options *o)
{
	const char *name = base_name(o->media), *dot = strrchr(name, '.');
	int stem = (int)((dot == NULL ? name + strlen(name) : dot) - o->media);

	if (snprintf(o->out_room, sizeof(o->out_room), "%.*s.bwm", stem, o->media) >=
	    (int)sizeof(o->out_room))
		errx(TROUBLE, "%s: the path is too long", o->media);
	o->out = o->out_room;
}

static void replace(const char *path, const char *suffix, const struct buf *b)
{
	char whole[PATH_MAX];
	struct err e;

	if (snprintf(whole, sizeof(whole), "%s%s", path, suffix) >= (int)sizeof(whole))
		errx(TROUBLE, "%s: the path is too long", path);
	if (file_replace(whole, b->p, b->len, 0644, &e) < 0)
		errx(TROUBLE, "%s", e.msg);
}

static struct minisign_secret_key *load_key(const char *path)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_secret_key *k;
	struct err e;

	if (path == NULL)
		errx(TROUBLE, "--key KEY.sec is missing");
	if (file_read(path, &b, &e) < 0)
		errx(TROUBLE, "%s", e.msg);
	if (minisign_parse_secret_key(b.p, b.len, &k, &e) < 0)
		errx(TROUBLE, "%s: %s", path, e.msg);
	sodium_memzero(b.p, b.len);
	return k;
}

static int write_sidecar(struct options *o, enum manifest_kind kind)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX);
	AUTO(buf_clear) struct buf sig = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_secret_key *k = load_key(o->key);
	char comment[128], hex[DIGEST_HEX_SIZE];
	struct digest d;
	struct err e;

	o->m.kind = kind;
	if (kind == MANIFEST_SEGMENT) {
		if (o->media == NULL)
			errx(TROUBLE, "--media FILE is missing");
		if (!digest_file(o->media, &o->m))
			errx(TROUBLE, "%s: no such file", o->media);
		text_option("media", base_name(o->media), o->m.name, sizeof(o->m.name));
		out_beside_media(o);
	}
	if (o->out == NULL)
		errx(TROUBLE, "--out FILE.bwm is missing");
	snprintf(comment, sizeof(comment), "device=%s dseq=%llu", o->m.device,
		 (unsigned long long)o->m.dseq);
	if (manifest_write(&o->m, &text, &e) < 0 ||
	    minisign_sign(k, text.p, text.len, comment, &sig, &e) < 0)
		errx(TROUBLE, "%s: %s", o->out, e.msg);
	minisign_secret_key_free(k);
	replace(o->out, "", &text);
	replace(o->out, ".minisig", &sig);
	d = digest_of(text.p, text.len);
	printf("%s\n", digest_hex(&d, hex));
	return 0;
}

/* The media file lies beside the manifest that names it. */
static bool media_fits(const char *path, const struct manifest *m)
{
	struct manifest got = { .size = 0 };
	char media[PATH_MAX];
	int dir = (int)(base_name(path) - path);

	if (snprintf(media, sizeof(media), "%.*s%s", dir, path, m->name) >= (int)sizeof(media))
		errx(TROUBLE, "%s: the path is too long", path);
	if (!digest_file(media, &got)) {
		printf("media: absent\n");
		return true;
	}
	if (got.size == m->size && digest_equal(&got.blake2b, &m->blake2b) &&
	    memcmp(got.sha256, m->sha256, sizeof(got.sha256)) == 0) {
		printf("media: ok\n");
		return true;
	}
	printf("media: bad\n");
	return false;
}

static void load(const char *path, const char *suffix, struct buf *b)
{
	char whole[PATH_MAX];
	struct err e;

	if (snprintf(whole, sizeof(whole), "%s%s", path, suffix) >= (int)sizeof(whole))
		errx(TROUBLE, "%s: the path is too long", path);
	if (file_read(whole, b, &e) < 0)
		errx(TROUBLE, "%s", e.msg);
}

static int verify(const struct options *o, const char *path)
{
	AUTO(buf_clear) struct buf pub = BUF_INIT(MINISIGN_FILE_MAX);
	AUTO(buf_clear) struct buf sig = BUF_INIT(MINISIGN_FILE_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX + 1);
	struct minisign_public_key key;
	struct minisign_signature s;
	struct manifest m;
	struct err e;
	bool good = false;

	if (o->pub == NULL || path == NULL)
		errx(TROUBLE, "verify --pub KEY.pub FILE.bwm");
	load(o->pub, "", &pub);
	load(path, "", &text);
	load(path, ".minisig", &sig);
	if (minisign_parse_public_key(pub.p, pub.len, &key, &e) < 0)
		errx(TROUBLE, "%s: %s", o->pub, e.msg);
	if (minisign_parse_signature(sig.p, sig.len, &s, &e) < 0) {
		printf("signature: invalid: %s\n", e.msg);
	} else {
		good = minisign_verify(&key, &s, text.p, text.len);
		printf("signature: %s (%s, %s)\n", good ? "valid" : "invalid",
		       s.prehashed ? "prehashed" : "legacy", s.trusted);
	}
	if (manifest_parse(text.p, text.len, &m, &e) < 0) {
		printf("manifest: %s\n", e.msg);
		return BAD;
	}
	printf("manifest: %s of %s, dseq %llu\n", manifest_kind_name(m.kind), m.device,
	       (unsigned long long)m.dseq);
	if (m.kind == MANIFEST_SEGMENT && !media_fits(path, &m))
		good = false;
	return good ? 0 : BAD;
}

int main(int argc, char **argv)
{
	struct options o = { .m = { .firmware = "1.4.2", .officer = "-" } };
	const char *command = argc > 1 ? argv[1] : "";
	int c, i;

	if (sodium_init() < 0)
		errx(TROUBLE, "libsodium does not start");
	optind = 2;
	while ((c = getopt_long(argc, argv, "", long_options, &i)) != -1)
		take_option(&o, c, c == '?' ? "" : long_options[i].name, optarg);
	if (strcmp(command, "sign") == 0)
		return write_sidecar(&o, MANIFEST_SEGMENT);
	if (strcmp(command, "inventory") == 0)
		return write_sidecar(&o, MANIFEST_INVENTORY);
	if (strcmp(command, "event") == 0)
		return write_sidecar(&o, MANIFEST_EVENT);
	if (strcmp(command, "verify") == 0)
		return verify(&o, argv[optind]);
	errx(TROUBLE, "sidecar sign|inventory|event|verify ...");
}
