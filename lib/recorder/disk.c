#include "recorder/disk_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/patience.h"

enum {
	ATTEMPTS_OPEN = 6,	/* a reader may have several unit attentions to tell first */
	ATTEMPTS_READ = 2,
};

static void on_command(void *data, enum transport_end end);
static void on_timer(uv_timer_t *t);
static void serve(struct disk *d);

/* --- one command, with the patience and the retries it is due --- */

static void send_command(struct disk *d)
{
	d->sensing = false;
	d->not_sent = transport_run(&d->transport, &d->command, d->into, on_command, d);
	if (d->not_sent < 0)
		uv_timer_start(&d->timer, on_timer, 0, 0);
}

static void ask_units(struct disk *d)
{
	d->busy = true;
	d->not_sent = transport_ask_units(&d->transport, on_command, d);
	if (d->not_sent < 0)
		uv_timer_start(&d->timer, on_timer, 0, 0);
}

void disk_start(struct disk *d, struct scsi_command c, uint8_t *into)
{
	d->command = c;
	d->command.lun = d->unit;
	d->into = into;
	d->attempts = 0;
	d->waited_ms = 0;
	d->busy = true;
	send_command(d);
}

void disk_explain(struct disk *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
}

void disk_open_done(struct disk *d, int r)
{
	struct err e = { 0 };

	if (r < 0) {
		d->dead = r;
		err_set(&e, r, "%s", d->why);
	}
	d->busy = false;
	d->stage = STAGE_SERVE;
	d->opened(d->opened_data, r, d, r == 0 ? &d->info : NULL, r == 0 ? NULL : &e);
}

/*
 * Content comes into memory that the seam lends, where it does, and is copied
 * to its reader while the next command is under way.
 */
struct load {
	uint8_t *from, *to;
	uint32_t len;
};

static void borrow(struct disk *d, uint8_t *to, uint32_t len)
{
	d->to = to;
	d->lent = d->io->ops->lend != NULL ? d->io->ops->lend(d->io, len) : NULL;
}

static void give_back(struct disk *d)
{
	if (d->lent != NULL)
		d->io->ops->give_back(d->io, TAKE(d->lent), d->command.data_len);
}

static struct load take_load(struct disk *d)
{
	return (struct load){ TAKE(d->lent), d->to, d->command.data_len };
}

static void unload(struct disk *d, const struct load *l)
{
	if (l->from == NULL)
		return;
	memcpy(l->to, l->from, l->len);
	d->io->ops->give_back(d->io, l->from, l->len);
}

/* The first read is over; the next one is on its way before its owner hears of it. */
static void read_done(struct disk *d, int r)
{
	struct disk_read *read = d->head;
	struct load load;

	if (r < 0)
		give_back(d);
	load = take_load(d);
	d->head = read->next;
	d->queued--;
	d->alone -= d->alone > 0;
	d->done = 0;
	d->busy = false;
	read->next = NULL;
	read->why = r < 0 ? d->why : NULL;
	read->hung = r < 0 && d->transport.timed_out;
	if (d->head != NULL && d->dead == 0)
		serve(d);
	unload(d, &load);
	read->cb(read, r);
}

/* The first read needs another command. */
static void read_on(struct disk *d)
{
	struct load load = take_load(d);

	serve(d);
	unload(d, &load);
}

/* The same for all that one command read. */
static void reads_done(struct disk *d)
{
	struct disk_read *first = d->head, *last = first, *read;
	struct load load = take_load(d);

	for (d->queued--; --d->merged > 0; d->queued--)
		last = last->next;
	d->head = last->next;
	last->next = NULL;
	d->done = 0;
	d->busy = false;
	if (d->head != NULL && d->dead == 0)
		serve(d);
	unload(d, &load);
	while ((read = first) != NULL) {
		first = read->next;
		read->next = NULL;
		read->why = NULL;
		read->hung = false;
		read->cb(read, 0);
	}
}

static void end_all(struct disk *d, int r)
{
	while (d->head != NULL)
		read_done(d, r);
}

/* The disk is of no more use. */
static void die(struct disk *d, int r)
{
	bool opening = d->stage != STAGE_SERVE;

	d->dead = r;
	d->busy = false;
	if (opening)
		disk_open_done(d, r);
	else
		end_all(d, r);
}

static void answered(struct disk *d);

/* The command at hand is given up; the disk goes on. */
static void command_failed(struct disk *d, int r)
{
	char what[sizeof(d->why)];

	if (d->stage != STAGE_SERVE) {
		disk_open_done(d, r);
		return;
	}
	if (d->merged > 1) {		/* which of them it was is found out one by one */
		d->alone = d->merged;
		d->timeouts = 0;
		give_back(d);
		serve(d);
		return;
	}
	memcpy(what, d->why, sizeof(what));
	disk_explain(d, "reading %" PRIu32 " bytes at %" PRIu64 ": %s", d->command.data_len,
		d->head->offset + d->done, what);
	read_done(d, r);
}

static void again(struct disk *d)
{
	if (++d->attempts < (d->stage == STAGE_SERVE ? ATTEMPTS_READ : ATTEMPTS_OPEN))
		send_command(d);
	else
		command_failed(d, -EIO);
}

/* Send the command again after a wait; false: it has waited long enough. */
static bool waits(struct disk *d)
{
	uint32_t ms = patience_next(d->waited_ms);

	if (ms == 0)
		return false;
	d->waited_ms += ms;
	d->not_sent = 0;
	uv_timer_start(&d->timer, on_timer, ms, 0);
	return true;
}

static void wait_until_ready(struct disk *d)
{
	if (waits(d))
		return;
	disk_explain(d, "the card is still not ready after %d s; take it out and put it "
		"back, or try another card", PATIENCE_MAX_MS / 1000);
	die(d, -ETIMEDOUT);
}

/* That says nothing about the card: it must not look like one that cannot be read. */
static void wait_for_memory(struct disk *d)
{
	if (waits(d))
		return;
	disk_explain(d, "this computer has no memory for USB transfers: raise usbcore's "
		"usbfs_memory_mb, or dock fewer recorders at once");
	die(d, -ENOMEM);
}

static void no_medium(struct disk *d)
{
	if (d->stage == STAGE_SERVE) {
		disk_explain(d, "there is no card in the recorder any more");
		die(d, -ENOMEDIUM);
	} else {
		disk_explain(d, "there is no card in the recorder");
		disk_pass_over(d, -ENOMEDIUM);
	}
}

static void judge_sense(struct disk *d, struct scsi_sense s)
{
	char text[48];

	disk_explain(d, "%s", scsi_sense_text(s, text, sizeof(text)));
	switch (scsi_advise(s)) {
	case SCSI_GOOD:
		if (d->whole)
			answered(d);
		else
			again(d);
		return;
	case SCSI_CHANGED:
		if (d->stage == STAGE_SERVE && (d->reset_before & 1U << d->unit) == 0) {
			disk_explain(d, "the card was changed while it was read");
			die(d, -ENOMEDIUM);
			return;
		}
		again(d);
		return;
	case SCSI_AGAIN:
		again(d);
		return;
	case SCSI_WAIT:
		wait_until_ready(d);
		return;
	case SCSI_NO_MEDIUM:
		no_medium(d);
		return;
	case SCSI_FAILED:
		if (d->stage == STAGE_INQUIRY && d->unit > 0)	/* it counted one too many */
			disk_pass_over(d, -ENOTSUP);
		else if (d->stage == STAGE_READY)	/* why it was not may be lost: QEMU's */
			again(d);			/* units but the first say 5/25 to all */
		else
			command_failed(d, -EIO);
		return;
	}
}

static void ask_sense(struct disk *d)
{
	struct scsi_command c = scsi_request_sense();

	c.lun = d->unit;
	d->sensing = true;
	d->not_sent = transport_run(&d->transport, &c, d->sense, on_command, d);
	if (d->not_sent < 0)
		uv_timer_start(&d->timer, on_timer, 0, 0);
}

/* It failed: the sense data says why, and may have come along. */
static void judge_failure(struct disk *d)
{
	const struct transport *t = &d->transport;

	if (t->sense_len > 0)
		judge_sense(d, scsi_parse_sense(t->sense, t->sense_len));
	else
		ask_sense(d);
}

/* There is a status: does the data agree with it? */
static void judge_status(struct disk *d)
{
	const struct transport *t = &d->transport;

	d->timeouts = 0;
	d->whole = t->delivered == BOT_WHOLE;
	if (t->status == TRANSPORT_BUSY) {
		wait_until_ready(d);
	} else if (t->status == TRANSPORT_FAILED) {
		judge_failure(d);
	} else if (d->stage != STAGE_SERVE || d->whole) {
		answered(d);
	} else if (t->delivered == BOT_SHORT) {
		disk_explain(d, "the device sent only %" PRIu32 " bytes", t->actual);
		again(d);
	} else {
		disk_explain(d, "the device sent %" PRIu32 " bytes and claims that %" PRIu32
			" are missing", t->actual, t->residue);
		command_failed(d, -EIO);
	}
}

static void judge_sense_reply(struct disk *d)
{
	const struct transport *t = &d->transport;
	bool passed = t->status == TRANSPORT_PASSED;

	judge_sense(d, scsi_parse_sense(d->sense, passed ? t->actual : 0));
}

/* The command was lost and the device brought back. */
static void recovered(struct disk *d)
{
	disk_explain(d, "%s", d->transport.why);
	d->reset_before = UINT32_MAX;
	if (d->transport.no_memory) {
		wait_for_memory(d);
	} else if (!d->transport.timed_out) {
		again(d);
	} else if (d->stage == STAGE_INQUIRY && d->timeouts++ == 0) {
		/* It was in the middle of a command that a reader before us never finished. */
		transport_set_timeout(&d->transport, DISK_COMMAND_TIMEOUT_MS);
		again(d);
	} else if (++d->timeouts > 1 || d->stage != STAGE_SERVE) {
		/* Each costs half a minute: a card full of them would take the day. */
		die(d, -ETIMEDOUT);
	} else {
		command_failed(d, -EIO);
	}
}

static void finish_close(struct disk *d);

static void on_command(void *data, enum transport_end end)
{
	struct disk *d = data;

	switch (end) {
	case TRANSPORT_ANSWERED:
		if (d->stage == STAGE_UNITS)
			disk_take_units(d);
		else if (d->sensing)
			judge_sense_reply(d);
		else
			judge_status(d);
		return;
	case TRANSPORT_RECOVERED:
		recovered(d);
		return;
	case TRANSPORT_GONE:
		disk_explain(d, "the recorder was unplugged");
		d->dead = -ENODEV;
		if (d->closing)
			finish_close(d);
		else
			die(d, -ENODEV);
		return;
	case TRANSPORT_CANCELLED:
		finish_close(d);
		return;
	case TRANSPORT_BROKEN:
		if (d->transport.no_memory) {
			d->reset_before = UINT32_MAX;
			wait_for_memory(d);
			return;
		}
		disk_explain(d, "%s, and two resets did not help", d->transport.why);
		die(d, d->transport.timed_out ? -ETIMEDOUT : -EPROTO);
	}
}

static void on_timer(uv_timer_t *t)
{
	struct disk *d = t->data;

	if (d->closing) {
		finish_close(d);
	} else if (d->not_sent == -ENODEV) {
		disk_explain(d, "the recorder was unplugged");
		die(d, -ENODEV);
	} else if (d->not_sent == -ENOMEM) {
		wait_for_memory(d);
	} else if (d->not_sent < 0) {
		disk_explain(d, "the command could not be sent: %s", strerror(-d->not_sent));
		command_failed(d, -EIO);
	} else if (d->stage == STAGE_UNITS) {
		ask_units(d);
	} else {
		send_command(d);
	}
}

/* The command succeeded. */
static void answered(struct disk *d)
{
	switch (d->stage) {
	case STAGE_UNITS:
		return;
	case STAGE_INQUIRY:
		disk_take_identity(d);
		return;
	case STAGE_READY:
		d->stage = STAGE_CAPACITY;
		disk_start(d, scsi_read_capacity_10(), d->reply);
		return;
	case STAGE_CAPACITY:
	case STAGE_CAPACITY_16:
		disk_take_capacity(d);
		return;
	case STAGE_SERVE:
		d->reset_before &= ~(1U << d->unit);
		d->done += d->command.data_len;
		if (d->merged > 1)
			reads_done(d);
		else if (d->done < d->head->len)
			read_on(d);
		else
			read_done(d, 0);
		return;
	}
}

int disk_open(uv_loop_t *loop, struct usb_io *io, disk_open_cb cb, void *data, struct disk **ret)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	d->io = io;
	d->opened = cb;
	d->opened_data = data;
	transport_init(&d->transport, io, DISK_GREETING_TIMEOUT_MS);
	uv_timer_init(loop, &d->timer);
	d->timer.data = d;
	*ret = d;
	ask_units(d);
	return 0;
}

/* --- reading --- */

static bool goes_on(const struct disk_read *a, const struct disk_read *b)
{
	return b != NULL && b->unit == a->unit && b->offset == a->offset + a->len &&
	       b->buf == a->buf + a->len;
}

/*
 * How much the next READ takes: of the first read, and those that go on behind
 * it, on the disk and in memory, when one command may take them.  What a command
 * costs besides its data is the same for all of them.
 */
static uint32_t gather(struct disk *d)
{
	const struct disk_read *r = d->head;
	uint32_t most = d->io->superspeed ? DISK_REQUEST_SS : DISK_REQUEST_HS;
	uint32_t n = MIN(r->len - d->done, most);

	d->merged = 1;
	if (d->alone > 0 || d->done > 0 || n < r->len)
		return n;
	for (; goes_on(r, r->next) && r->next->len <= most - n; r = r->next) {
		n += r->next->len;
		d->merged++;
	}
	return n;
}

/* Send the next READ of the first read in the queue. */
static void serve(struct disk *d)
{
	const struct disk_read *read = d->head;
	uint32_t n = gather(d), block = d->info.units[read->unit].block_size;

	d->unit = read->unit;
	borrow(d, read->buf + d->done, n);
	disk_start(d, scsi_read((read->offset + d->done) / block, n / block, block),
		   d->lent != NULL ? d->lent : d->to);
}

int disk_read(struct disk *d, struct disk_read *r)
{
	const struct disk_unit *u;

	if (d->closing)
		return -ECANCELED;
	if (d->dead < 0)
		return d->dead;
	if (r->unit >= d->info.n_units || d->info.units[r->unit].size == 0)
		return -ERANGE;
	u = &d->info.units[r->unit];
	if (r->len == 0 || r->len > DISK_READ_MAX || r->len % u->block_size != 0 ||
	    r->offset % u->block_size != 0)
		return -EINVAL;
	if (r->offset > u->size || r->len > u->size - r->offset)
		return -ERANGE;
	if (d->queued == DISK_QUEUE_MAX)
		return -EAGAIN;
	r->next = NULL;
	if (d->head == NULL)
		d->head = r;
	else
		d->last->next = r;
	d->last = r;
	d->queued++;
	if (!d->busy)
		serve(d);
	return 0;
}

/* --- letting go --- */

static void on_timer_closed(uv_handle_t *h)
{
	struct disk *d = h->data;
	void (*cb)(void *data) = d->closed;
	void *data = d->closed_data;

	free(d);
	if (cb != NULL)
		cb(data);
}

static void on_io_closed(void *data)
{
	struct disk *d = data;

	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

static void finish_close(struct disk *d)
{
	if (d->dead == 0) {
		d->dead = -ECANCELED;
		disk_explain(d, "the disk was closed");
	}
	if (d->stage != STAGE_SERVE)
		disk_open_done(d, d->dead);
	end_all(d, d->dead);
	d->io->ops->close(d->io, on_io_closed, d);
}

void disk_close(struct disk *d, void (*cb)(void *data), void *data)
{
	if (d->closing)
		BUG("disk: closed twice");
	d->closing = true;
	d->closed = cb;
	d->closed_data = data;
	if (d->transport.running)
		transport_cancel(&d->transport);
	else
		uv_timer_start(&d->timer, on_timer, 0, 0);
}
