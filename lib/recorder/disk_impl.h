/* What disk.c (the queue, and what an answer means) and disk_units.c (bringing it up) share. */
#ifndef RECORDER_DISK_IMPL_H
#define RECORDER_DISK_IMPL_H

#include <stdbool.h>

#include "recorder/disk.h"
#include "recorder/scsi.h"
#include "recorder/transport.h"

enum { DISK_REPLY_MAX = 64 };

/* What the command at hand is for. */
enum disk_stage { STAGE_UNITS, STAGE_INQUIRY, STAGE_READY, STAGE_CAPACITY, STAGE_CAPACITY_16, STAGE_SERVE };

typedef void (*disk_open_cb)(void *data, int r, struct disk *d, const struct disk_info *info,
			     const struct err *e);

struct disk {
	struct usb_io *io;
	struct transport transport;
	uv_timer_t timer;	/* waits until it is ready; or makes a callback come later */
	struct disk_info info;
	enum disk_stage stage;
	uint8_t unit;		/* that the command at hand is for */
	struct err absent;	/* why the first unit without a medium has none */
	disk_open_cb opened;
	void *opened_data;

	struct scsi_command command;
	uint8_t *into;		/* where its data goes */
	uint8_t reply[DISK_REPLY_MAX], sense[SCSI_SENSE_LEN];
	bool busy;		/* a command or the wait before it is under way */
	bool sensing;
	bool whole;		/* all the data came, though the status said it failed */
	uint32_t reset_before;	/* units, as bits: we reset them, and they will tell so by a unit
				 * attention */
	unsigned attempts;
	uint32_t waited_ms;
	unsigned timeouts;	/* in a row */
	int not_sent;		/* why the command could not be submitted */

	struct disk_read *head, *last;
	unsigned queued;
	uint32_t done;		/* bytes of the first read that are there */
	unsigned merged;	/* reads that the command at hand is for */
	unsigned alone;		/* reads to come that have a command each: one of them failed */
	uint8_t *to;		/* where the content of the command at hand goes in the end, */
	uint8_t *lent;		/* and where it comes to before, when that is not the same */

	int dead;		/* what every read gets from now on */
	char why[sizeof(((struct err *)0)->msg)];
	bool closing;
	void (*closed)(void *data);
	void *closed_data;
};

_Static_assert(sizeof(struct disk) <= DISK_MEMORY_MAX, "the disk keeps its promise");

/* Send a command to d->unit, with the patience and the retries it is due. */
void disk_start(struct disk *d, struct scsi_command c, uint8_t *into);

/* What happened, for who asks later. */
__attribute__((format(printf, 2, 3)))
void disk_explain(struct disk *d, const char *fmt, ...);

/* It is open, or will never be: then disk_explain said why. */
void disk_open_done(struct disk *d, int r);

/* How many units there are is in d->transport: bring up the first. */
void disk_take_units(struct disk *d);

/* The reply to INQUIRY and READ CAPACITY is there: go on. */
void disk_take_identity(struct disk *d);
void disk_take_capacity(struct disk *d);

/*
 * The unit at hand has nothing to read, disk_explain said why: on to the next.  When none has,
 * an empty slot goes before other reasons: that a person can do something about.
 */
void disk_pass_over(struct disk *d, int r);

#endif
