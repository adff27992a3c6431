/*
 * What is known of models of recorders: recorders.d/NAME.conf, read with
 * libconfuse, any number of blocks a file.  The keys are one table (models.c);
 * the manual is recorders.d(5).
 *
 *	model "dcam" {
 *		vid = "4255"
 *		class = "storage"
 *		unlock_scsi = "ff 55 53 42 43 00 00 00 00 00"
 *		names = { "DCAM_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}[_IMP:important].{ext}" }
 *	}
 *
 * Several directories are read as one; a file in a later one replaces that of
 * the same name in an earlier one.  A block without any condition is the
 * generic one; without it there is one built in.
 *
 * Nothing that a block says makes anything be written to a recorder but what
 * its `unlock_...` is: vendor commands and START STOP UNIT, no others; and
 * `clear`, `clock_set` and `challenge`, which are off until said.
 *
 * Errors   0 or a negative errno and a sentence with file and line.
 * Threads  loading blocks; a struct models never changes after it.
 */
#ifndef RECORDER_MODELS_H
#define RECORDER_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/listing.h"
#include "format/pattern.h"
#include "recorder/usb_host.h"
#include "rules/naming.h"

enum {
	MODELS_MAX = 64,		/* blocks in all files, with the generic one */
	MODEL_NAMES_MAX = 8, MODEL_FOLDERS_MAX = 8,
	MODEL_TEXT_MAX = NAMING_FOLDER_SIZE - 1,		/* bytes of a name, glob, folder or file name */
	MODEL_CDB_MAX = 16, MODEL_DATA_MAX = 64, MODEL_PARAMS_MAX = 5,
};

enum model_class { MODEL_CLASS_ANY, MODEL_CLASS_STORAGE, MODEL_CLASS_MTP };
enum model_unlock { MODEL_UNLOCK_NONE, MODEL_UNLOCK_SCSI, MODEL_UNLOCK_MTP };

/* What a device has to be; what is not said fits everything. */
struct model_match {
	bool has_vid, has_pid;
	uint16_t vid, pid;
	enum model_class class;
	/* Globs (* and ?), ASCII letters in either case; "" is not said. */
	char manufacturer[MODEL_TEXT_MAX + 1], product[MODEL_TEXT_MAX + 1],
	     serial[MODEL_TEXT_MAX + 1];
};

struct model {
	char name[MODEL_TEXT_MAX + 1];
	struct model_match match;

	enum model_unlock unlock;
	uint8_t cdb[MODEL_CDB_MAX], cdb_len;	/* SCSI */
	uint8_t data[MODEL_DATA_MAX], data_len;	/* SCSI, to the device; 0: no data stage */
	uint16_t operation;			/* MTP, without data */
	uint32_t params[MODEL_PARAMS_MAX];
	uint8_t n_params;
	uint32_t wait_ms;		/* for it to come back after that, 10000 */

	struct pattern names[MODEL_NAMES_MAX];
	size_t n_names;
	char folders[MODEL_FOLDERS_MAX][MODEL_TEXT_MAX + 1];	/* "DCIM/100MEDIA", no '/' at the ends */
	size_t n_folders;
	int zone_min;			/* of its clock, minutes east of UTC: 480 */
	enum listing_encoding encoding;	/* of names that are bytes: GB18030 */
	uint32_t megabytes_per_hour;	/* of recording: 3600 */

	bool clock_set;			/* set its clock at the dock, where it can: off */
	bool clear;			/* remove from it what was stored: off */
	char challenge[MODEL_TEXT_MAX + 1];	/* file to leave a challenge in; "": none */
	bool ledger;			/* keep the card ledger: on */
};

struct models {
	struct model *m;
	size_t n;			/* at least 1 */
};

/* dirs: absolute paths parted by ':'; one that does not exist has no files. */
int models_load(const char *dirs, struct models *ret, struct err *e);
void models_clear(struct models *l);

/*
 * The most specific block that fits; never NULL.  Of more weight than all
 * conditions behind it together is a serial, then product number, product text,
 * vendor number, manufacturer, class.  Of two that weigh the same the one whose
 * file's name comes first; two with the very same conditions are refused when
 * loading.
 */
const struct model *models_match(const struct models *l, const struct usb_device_info *info);

/* How its files are named, for lib/rules; borrows from m. */
struct naming model_naming(const struct model *m);

#endif
