/* Bringing a disk up, unit by unit. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "recorder/disk_impl.h"

static void send_inquiry(struct disk *d)
{
	d->stage = STAGE_INQUIRY;
	disk_start(d, scsi_inquiry(), d->reply);
}

void disk_take_units(struct disk *d)
{
	d->info.n_units = MIN(d->transport.units, (unsigned)DISK_UNITS_MAX);
	send_inquiry(d);
}

/* This unit is settled: on to the next one, or the disk is open if any has a medium. */
static void next_unit(struct disk *d)
{
	unsigned i;

	if (++d->unit < d->info.n_units) {
		send_inquiry(d);
		return;
	}
	for (i = 0; i < d->info.n_units && d->info.units[i].size == 0; i++)
		;
	if (i == d->info.n_units)
		disk_explain(d, "%s", d->absent.msg);
	disk_open_done(d, i < d->info.n_units ? 0 : d->absent.code);
}

void disk_pass_over(struct disk *d, int r)
{
	if (d->absent.code == 0 || (r == -ENOMEDIUM && d->absent.code != -ENOMEDIUM))
		err_set(&d->absent, r, "%s", d->why);
	next_unit(d);
}

static void open_failed(struct disk *d, const struct err *e)
{
	disk_explain(d, "%s", e->msg);
	disk_open_done(d, e->code);
}

/* The names of the first unit that has a medium stay. */
static bool is_named(const struct disk *d)
{
	unsigned i;

	for (i = 0; i < d->unit; i++)
		if (d->info.units[i].size > 0)
			return true;
	return false;
}

void disk_take_identity(struct disk *d)
{
	struct scsi_identity id;
	struct err e;
	int r = scsi_parse_inquiry(d->reply, d->transport.actual, &id, &e);

	if (r == -ENOTSUP) {
		disk_explain(d, "%s", e.msg);
		disk_pass_over(d, r);
		return;
	}
	if (r < 0) {
		open_failed(d, &e);
		return;
	}
	if (!is_named(d)) {
		memcpy(d->info.vendor, id.vendor, sizeof(id.vendor));
		memcpy(d->info.product, id.product, sizeof(id.product));
		memcpy(d->info.revision, id.revision, sizeof(id.revision));
	}
	d->stage = STAGE_READY;
	transport_set_timeout(&d->transport, DISK_COMMAND_TIMEOUT_MS);
	disk_start(d, scsi_test_unit_ready(), NULL);
}

void disk_take_capacity(struct disk *d)
{
	struct disk_unit *unit = &d->info.units[d->unit];
	bool ten = d->stage == STAGE_CAPACITY;
	uint64_t blocks;
	struct err e;
	int r;

	r = (ten ? scsi_parse_capacity_10 : scsi_parse_capacity_16)(
		d->reply, d->transport.actual, &blocks, &unit->block_size, &e);
	if (r == -EOVERFLOW) {
		d->stage = STAGE_CAPACITY_16;
		disk_start(d, scsi_read_capacity_16(), d->reply);
	} else if (r < 0) {
		open_failed(d, &e);
	} else {
		unit->size = blocks * unit->block_size;
		next_unit(d);
	}
}
