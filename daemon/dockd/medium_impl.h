/* What medium.c and the kinds of media share; nobody else includes it. */
#ifndef DOCKD_MEDIUM_IMPL_H
#define DOCKD_MEDIUM_IMPL_H

#include "medium.h"

/* A kind of medium.  The last three are optional. */
struct medium_ops {
	/*
	 * Ask for the next bytes of r: some or all of r->len - r->filled, into
	 * r->buf + r->filled.  want: how many of them lie before file->valid; the
	 * grain they end in is read whole.  0: medium_read_went_on() comes later.
	 */
	int (*read)(struct medium *m, struct medium_read *r, size_t want);
	/* What medium.h says of medium_serve; -EPROTO for what this kind has not. */
	int (*serve)(struct medium *m, struct medium_serving *s);
	uint32_t (*grain)(const struct medium *m, const struct listing_file *f);
	/* End what is under way and let go of everything, then medium_closed(). */
	void (*close)(struct medium *m);

	void (*serve_more)(struct medium *m, struct medium_serving *s);
	void (*listed)(struct medium *m, const struct listing *l);
	bool (*reads_anywhere)(const struct medium *m);	/* not there: it does */
};

struct medium {
	const struct medium_ops *ops;
	struct medium_events events;
	uv_timer_t later;		/* for reads of nothing but zeros */
	struct medium_read *zeros, **zeros_tail;
	bool closing;
	void (*closed)(void *data);
	void *closed_data;
};

/* m is the first member of the kind's own struct, which is freed with free(). */
void medium_init(struct medium *m, uv_loop_t *loop, const struct medium_ops *ops,
		 const struct medium_events *events);
/* Undo that, when it could not be opened: frees it as the loop runs on. */
void medium_drop(struct medium *m);

/* n more bytes of r are there, or it failed. */
void medium_read_went_on(struct medium_read *r, size_t n, int result);
void medium_closed(struct medium *m);

int medium_disk_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		     struct medium **ret);
int medium_mtp_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		    struct medium **ret);

#endif
