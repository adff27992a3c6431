/* What mtp.c, mtp_read.c and mtp_act.c share, and nobody else includes. */
#ifndef RECORDER_MTP_IMPL_H
#define RECORDER_MTP_IMPL_H

#include "recorder/mtp.h"
#include "recorder/transaction.h"

enum mtp_stage { MTP_OPENING, MTP_SERVING, MTP_CLOSING };

enum mtp_kind { MTP_QUERY, MTP_READ, MTP_ACT };

/* Transactions one after the other, until one is answered with anything but OK. */
struct mtp_act {
	mtp_act_cb cb;
	void *data;
	unsigned n_steps, step;
	struct {
		struct mtp_operation op;
		uint32_t len;		/* of its data */
	} steps[2];
	uint8_t bytes[];		/* the data of the steps, one behind the other */
};

struct mtp_request {
	enum mtp_kind kind;
	union {
		struct mtp_query *query;
		struct mtp_read *read;
		struct mtp_act *act;
	};
};

enum mtp_way { MTP_NO_WAY, MTP_BY_PARTIAL64, MTP_BY_PARTIAL, MTP_BY_OBJECT };

enum { MTP_EVENT_PACKET_MAX = 1024 };

struct mtp {
	struct usb_io *io;
	struct transaction t;
	uv_timer_t timer;	/* waits until the device is not busy; makes closing begin later */
	uv_timer_t deadline;	/* of closing */
	enum mtp_stage stage;
	void (*opened)(void *data, int r, struct mtp *m, const struct err *e);
	void (*changed)(void *data, const char *why);
	void *data;

	struct mtp_request queue[MTP_QUEUE_MAX];
	unsigned head, queued;
	bool busy;		/* the first request is at work */
	unsigned attempts;	/* at it that failed */
	uint32_t waited_ms;	/* for it, since the device was busy */
	const char *refusal;	/* why we stopped it, or NULL */
	unsigned timeouts;	/* in a row */

	bool lent;		/* a piece is with the owner of the query */
	bool delivered;		/* of this query something is */

	bool partial64, partial, object;
	struct {
		bool open;	/* a GetObject is at hand, and waits for takes */
		bool stopping;	/* it is being cancelled */
		uint32_t handle;
		uint64_t at, size;
	} stream;

	struct usb_xfer x_event;
	bool listening;		/* x_event is in flight */
	uint8_t event_packet[MTP_EVENT_PACKET_MAX], event[PTP_CONTAINER_MAX];
	size_t event_len;
	uint32_t deleted[MTP_QUEUE_MAX];	/* by us, of late */
	unsigned n_deleted;

	int dead;		/* what every request gets from now on */
	char why[sizeof(((struct err *)0)->msg)];
	bool closing;
	bool letting_go;	/* the io closes as soon as nothing listens */
	unsigned handles;	/* still to be closed */
	void (*closed)(void *data);
	void *closed_data;
};

_Static_assert(sizeof(struct mtp) <= MTP_MEMORY_MAX, "the session keeps its promise");

/* --- mtp.c --- */

__attribute__((format(printf, 2, 3)))
void mtp_explain(struct mtp *m, const char *fmt, ...);

int mtp_enqueue(struct mtp *m, struct mtp_request r);
/* Set the first request to work, also again. */
void mtp_send_request(struct mtp *m);
/* Its attempt was answered with `code`: true when it waits and is sent again. */
bool mtp_waits(struct mtp *m, uint16_t code);
/* The first request is over. */
void mtp_request_done(struct mtp *m, int r);
/* It is given up, for the reason that was explained. */
void mtp_request_failed(struct mtp *m);
/* Nothing listens for events any more. */
void mtp_close_io(struct mtp *m);

/* --- mtp_read.c: the first request is a read --- */

/* By the GetObject at hand. */
bool mtp_read_goes_on(const struct mtp *m);
void mtp_read_send(struct mtp *m);
void mtp_read_data(struct mtp *m);
void mtp_read_taken(struct mtp *m);
void mtp_read_answered(struct mtp *m);

/* --- mtp_act.c: the first request is an act --- */

void mtp_act_send(struct mtp *m);
void mtp_act_answered(struct mtp *m);

/* --- mtp_event.c --- */

/* Unless it does, or there is nothing to listen to. */
void mtp_event_listen(struct mtp *m);
/* Our own deletion is no alarm. */
void mtp_event_expect_removal(struct mtp *m, uint32_t handle);

#endif
