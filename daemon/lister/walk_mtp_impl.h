/* What the parts of the walk of an MTP device share.  For them alone. */
#ifndef LISTER_WALK_MTP_IMPL_H
#define LISTER_WALK_MTP_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "objects.h"
#include "peer.h"
#include "report.h"

enum {
	MTP_STORAGES_MAX = LISTING_VOLUMES_MAX,
	MTP_INFO_MAX = 64 * 1024,	/* bytes of a dataset that describes one thing */
	MTP_HANDLES_MAX = 4 + 4 * OBJECTS_MAX,
	MTP_FAILURES_MAX = 32,		/* operations in a row that could not be carried out */
};

struct mtp_walk {
	struct peer *peer;
	struct report *report;
	struct buf info;		/* DeviceInfo, which `device` points into */
	struct mtp_device_info device;
	struct buf data;		/* what the last operation returned */
	bool data_cut;			/* it was more than is kept */
	uint32_t asked;			/* operations */
	unsigned failures;		/* in a row */
	int gone;			/* why nothing can be asked any more; 0: it can */
	uint32_t storages[MTP_STORAGES_MAX];
	uint64_t capacity[MTP_STORAGES_MAX];	/* bytes of each; 0: not said */
	unsigned n_storages;
	struct objects objects;
	bool full;			/* the device has more than `objects` takes */
};

/*
 * Carry out an operation; what it returns is in `data`, at most `most` bytes.
 * 0; a positive number: the device's response, which is not OK; negative: it
 * could not be carried out.
 */
int mtp_ask(struct mtp_walk *w, const struct listing_operation *op, size_t most);

/* The same, and the dataset in pieces to take(); -EIO also when it did not come to its end. */
int mtp_ask_in_pieces(struct mtp_walk *w, const struct listing_operation *op,
		      void (*take)(void *data, const uint8_t *bytes, size_t len), void *data);

bool mtp_can(const struct mtp_walk *w, uint16_t operation);
bool mtp_has_prop(const struct mtp_walk *w, uint16_t prop);

/* "response 2009", or what kept the operation from being carried out. */
const char *mtp_why(int r, char to[48]);

/* walk_mtp_device.c: DEVICE, the storages and their VOLUMEs.  False: there is nothing to list. */
bool mtp_tell_device(struct mtp_walk *w);
void mtp_tell_storages(struct mtp_walk *w);

/* walk_mtp_objects.c: all objects that the device names, as far as it describes them. */
void mtp_find_objects(struct mtp_walk *w);

#endif
