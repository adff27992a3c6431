/* The half of a pull that judges what was read, keeps it, vouches for it and records it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"
#include "pull_impl.h"
#include "rules/plan.h"

enum { SHA_BLOCK = 256 * 1024 };

/* ------ digest ------ */

static bool is_signed_by_recorder(const struct pull *p)
{
	return p->sidecar.verdict == SIGNATURE_VALID && p->digest == DIGEST_OK && p->n_holes == 0;
}

static bool expects_sidecar(const struct pull *p)
{
	return p->s->recorder->n_keys > 0 && !p->item->plain && !p->sidecar_unreadable;
}

/* What the card did not give of a file that is stored all the same. */
static void note_holes(struct pull *p)
{
	const struct listing_file *f = p->item->media;
	uint64_t bytes = 0;
	size_t i;

	if (p->n_holes == 0)
		return;
	for (i = 0; i < p->n_holes; i++)
		bytes += p->holes[i].size;
	log_warn("%s: %s: %" PRIu64 " bytes in %zu places cannot be read: zeros stand for them",
		 p->s->recorder->id, f->path, bytes, p->n_holes);
	plan_holes(f, p->s->recorder->id, p->s->docked_ms, p->n_holes, bytes, &p->others);
}

/* Now that the bytes have an address, they have names and a verdict. */
static void judge(struct pull *p)
{
	const struct listing_file *f = p->item->media;
	const struct segment_seen seen = {
		.recorder = p->s->recorder->id, .segment = p->segment, .path = f->path,
		.name = name_last(f->path), .size = f->size, .blob = p->blob.address,
		.stored_ms = utc_now(),
	};

	record_uuid_derived("segment", p->s->recorder->id, f, &p->blob.address, p->segment);
	if (record_has_times(&p->sidecar))
		memcpy(p->recording, p->sidecar.m.rec, sizeof(p->recording));
	else
		record_uuid_derived("recording", p->s->recorder->id, f, &p->blob.address,
				    p->recording);
	p->stored_ms = seen.stored_ms;
	note_holes(p);
	p->digest = segment_judge(&seen, &p->sidecar, expects_sidecar(p), &p->found);
}

static int sha256_fd(int fd, uint8_t *buf, uint8_t ret[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ssize_t n = -1;
	int r = -EIO;

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		goto out;
	while ((n = read(fd, buf, SHA_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			goto out;
		}
		if (EVP_DigestUpdate(ctx, buf, (size_t)n) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, ret, NULL) == 1)
		r = 0;
out:
	EVP_MD_CTX_free(ctx);
	return r;
}

/* On the thread pool: the blob once more, for the digest that was not taken in passing. */
static void hash_again(uv_work_t *w)
{
	struct pull *p = w->data;
	char path[VAULT_PATH_MAX];
	uint8_t *buf;
	int fd;

	p->work_r = vault_path(p->s->parts->conf->vault, &p->blob.address, path, sizeof(path));
	if (p->work_r < 0)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		p->work_r = -errno;
		return;
	}
	buf = malloc(SHA_BLOCK);
	p->work_r = buf != NULL ? sha256_fd(fd, buf, p->blob.sha256) : -ENOMEM;
	free(buf);
	close(fd);
}

static void on_hashed(uv_work_t *w, int status)
{
	struct pull *p = w->data;
	int r = status < 0 ? status : p->work_r;

	p->blob.has_sha256 = r == 0;
	pull_step(p, r == 0 ? PULL_OK : pull_store_failed(p, r, uv_strerror(r)));
}

enum pull_event pull_start_digest(struct pull *p)
{
	if (!p->sealed)			/* known, unreadable, or no media */
		return PULL_SKIP;
	if (p->segment[0] == '\0')
		judge(p);
	if (is_signed_by_recorder(p) || p->blob.has_sha256)
		return PULL_SKIP;
	p->work.data = p;
	uv_queue_work(p->s->parts->loop, &p->work, hash_again, on_hashed);
	return PULL_WAIT;
}

/* ------ keep ------ */

static void on_signature_kept(void *data, int r, const struct vault_sealed *sealed,
			      const struct err *e)
{
	struct pull *p = data;

	if (r == 0) {
		p->signature_blob = sealed->address;
		p->has_signature_blob = true;
	}
	pull_step(p, r == 0 ? PULL_OK : pull_store_failed(p, r, e->msg));
}

static enum pull_event keep_signature(struct pull *p)
{
	struct err e = { .code = 0 };
	int r;

	if (p->sidecar.minisig == NULL || p->sidecar.minisig_len > MINISIGN_FILE_MAX)
		return PULL_OK;
	r = vault_store(p->s->parts->vault, p->sidecar.minisig, p->sidecar.minisig_len,
			on_signature_kept, p, &e);
	return r < 0 ? pull_store_failed(p, r, e.msg) : PULL_WAIT;
}

static void on_manifest_kept(void *data, int r, const struct vault_sealed *sealed,
			     const struct err *e)
{
	struct pull *p = data;
	enum pull_event event;

	(void)sealed;			/* the address is known: sidecar.address */
	p->manifest_kept = r == 0;
	event = r == 0 ? keep_signature(p) : pull_store_failed(p, r, e->msg);
	if (event != PULL_WAIT)
		pull_step(p, event);
}

enum pull_event pull_start_keep(struct pull *p)
{
	struct err e = { .code = 0 };
	int r;

	if (!pull_has_manifest(p))
		return PULL_SKIP;
	r = vault_store(p->s->parts->vault, p->sidecar.bwm, p->sidecar.bwm_len, on_manifest_kept, p,
			&e);
	return r < 0 ? pull_store_failed(p, r, e.msg) : PULL_WAIT;
}

/* ------ sign ------ */

static void on_signed(struct seal_request *q, int r, const struct record_seal *sealed,
		      const struct err *e)
{
	struct pull *p = q->data;

	if (r == 0) {
		p->seal = *sealed;
		p->has_seal = true;
	}
	pull_step(p, r == 0 ? PULL_OK : pull_store_failed(p, r, e->msg));
}

enum pull_event pull_start_sign(struct pull *p)
{
	if (!p->sealed || is_signed_by_recorder(p))
		return PULL_SKIP;
	p->request = (struct seal_request){
		.recorder = p->s->recorder->id, .session = p->s->session,
		.path = p->item->media->path, .recording = p->recording, .segment = p->segment,
		.name = name_last(p->item->media->path), .size = p->blob.size,
		.blob = p->blob.address, .start_ms = p->start_ms, .end_ms = p->end_ms,
		.mono_start_ms = p->mono_start_ms, .mono_end_ms = p->mono_end_ms,
		.cb = on_signed, .data = p,
	};
	memcpy(p->request.sha256, p->blob.sha256, sizeof(p->request.sha256));
	seal_sign(p->s->parts->seal, &p->request);
	return PULL_WAIT;
}

/* ------ record ------ */

static struct record_name name_claims(const struct pull *p, char officer[PATTERN_FIELD_MAX + 1])
{
	const struct plan_item *named = p->item->named;

	naming_officer(&p->s->naming, p->item->media->path, officer);
	return (struct record_name){
		.start_ms = named->start_ms, .end_ms = named->end_ms,
		.important = named->important, .officer = officer,
	};
}

static json_t *segment_record(const struct pull *p)
{
	char officer[PATTERN_FIELD_MAX + 1];
	struct record_name name;
	const struct record_segment r = {
		.segment = p->segment, .recorder = p->s->recorder->id, .recording = p->recording,
		.file = p->item->media, .blob = p->blob.address, .fingerprint = p->fingerprint,
		.stored_ms = p->stored_ms, .sidecar = &p->sidecar,
		.manifest_kept = p->manifest_kept, .digest = p->digest,
		.seal = p->has_seal ? &p->seal : NULL, .holes = p->holes, .n_holes = p->n_holes,
		.imported = p->s->imported, .zone_min = p->s->zone_min,
		.name = p->item->named != NULL ? &name : NULL, .findings = &p->found,
	};

	if (p->item->named != NULL)
		name = name_claims(p, officer);
	return record_segment(&r);
}

/* With media, what is wrong with the manifest is a finding of the segment. */
static json_t *manifest_record(const struct pull *p)
{
	static const struct findings none;

	return record_manifest(p->s->recorder->id, utc_now(), &p->sidecar, p->item->bwm,
			       p->has_signature_blob ? &p->signature_blob : NULL,
			       p->item->media != NULL ? &none : &p->found);
}

/* What there is to record of the item; NULL: no memory. */
static json_t *all_records(const struct pull *p)
{
	json_t *records = json_array();
	const bool alone = p->item->media == NULL;

	if ((p->manifest_kept && json_array_append_new(records, manifest_record(p)) < 0) ||
	    (p->sealed && json_array_append_new(records, segment_record(p)) < 0) ||
	    (alone && !p->manifest_kept && record_findings(records, &p->found) < 0) ||
	    record_findings(records, &p->others) < 0) {
		json_decref(records);
		return NULL;
	}
	return records;
}

static enum pull_event recorded(struct pull *p, int r)
{
	if (r < 0)
		p->result = r == -ECANCELED ? PULL_STOPPED : PULL_LOST;
	else if (p->known)
		p->result = PULL_KNOWN;
	else if (p->unreadable)
		p->result = PULL_UNREADABLE;
	else
		p->result = p->n_holes > 0 ? PULL_HOLED : PULL_STORED;
	p->r = r;
	return PULL_OK;
}

static void on_recorded(void *data, int r)
{
	struct pull *p = data;

	pull_step(p, recorded(p, r));
}

/* A sidecar alone is judged here, since no segment is there to carry its findings. */
static void judge_alone(struct pull *p)
{
	const struct listing_file *f = p->item->bwm != NULL ? p->item->bwm : p->item->minisig;

	if (p->item->media == NULL && p->found.n == 0 && !p->sidecar_unreadable)
		sidecar_judge(p->s->recorder->id, f->path, &p->sidecar, expects_sidecar(p),
			      p->s->docked_ms, &p->found);
}

enum pull_event pull_start_record(struct pull *p)
{
	json_t *records;
	int r;

	judge_alone(p);
	records = all_records(p);
	if (json_array_size(records) == 0 && records != NULL) {
		json_decref(records);
		return recorded(p, 0);
	}
	r = ledger_write(p->s->ledger, records, on_recorded, p);
	return r < 0 ? recorded(p, r) : PULL_WAIT;
}
