#include <errno.h>

#include "base/util.h"
#include "tlog/courier_impl.h"

void courier_head_clear(struct courier_head *h)
{
	tlog_reader_close(h->reader);
	buf_clear(&h->text);
	buf_clear(&h->own);
}

/* Its lines are parsed already, so that the one that was judged is the one that is carried. */
static void take_own(struct courier_head *h, const struct note_key *log)
{
	buf_add(&h->own, h->text.p, h->head.body_len);
	buf_adds(&h->own, "\n");
	for (size_t i = 0; i < h->head.n_lines; i++)
		if (note_line_is_of(&h->head.lines[i], log)) {
			note_line_write(log, h->head.lines[i].sig, h->head.lines[i].sig_len,
					&h->own);
			break;
		}
}

enum courier_outcome courier_head_load(const struct courier_log *log, struct courier_head *ret,
				       struct err *e)
{
	int r;

	*ret = (struct courier_head){ .text = BUF_INIT(CHECKPOINT_MAX),
				      .own = BUF_INIT(CHECKPOINT_MAX) };
	r = tlog_reader_open(log->dir, &ret->reader, e);
	if (r == 0)
		r = tlog_reader_checkpoint(ret->reader, &ret->text, &ret->head, e);
	if (r == -ENOENT)
		return COURIER_SAY(COURIER_NOTHING, e, "nothing is signed yet");
	if (r < 0)
		return COURIER_LATER;
	if (checkpoint_check(&ret->head, ret->text.p, log->key) != CHECKPOINT_SIGNED)
		return COURIER_SAY(COURIER_LATER, e, "%s/checkpoint is not signed by the key of "
				   "%s: run vaultctl verify log", log->dir, log->key->name);
	take_own(ret, log->key);
	return COURIER_DONE;
}
