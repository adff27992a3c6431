/*
 * The MTP responder (resp_*): ISO 15740 (PTP), MTP 1.1 and the USB still image
 * class.  model_mtp.c moves containers, model_mtp_ops.c carries out operations,
 * model_mtp_data.c writes datasets, model_mtp_store.c is the folder,
 * model_mtp_event.c events and class requests.
 */
#ifndef EMULATOR_MODEL_MTP_H
#define EMULATOR_MODEL_MTP_H

#include "base/buf.h"
#include "emulator/model_impl.h"

enum {
	MTP_PARAMS = 5, MTP_HEADER = 12, MTP_EVENTS = 16, MTP_TEXT_MAX = 254,
	MTP_STORAGE = 0x00010001,
	MTP_DATASET_MAX = 64 * 1024 * 1024, MTP_OPERATIONS_MAX = 32,

	MTP_CONTAINER_COMMAND = 1, MTP_CONTAINER_DATA = 2, MTP_CONTAINER_RESPONSE = 3,
	MTP_CONTAINER_EVENT = 4,
};

/* As parameters. */
#define MTP_ALL		UINT32_MAX
#define MTP_ROOT	UINT32_MAX

enum resp_response {
	MTP_OK = 0x2001, MTP_GENERAL_ERROR = 0x2002, MTP_SESSION_NOT_OPEN = 0x2003,
	MTP_INVALID_TRANSACTION = 0x2004, MTP_OPERATION_NOT_SUPPORTED = 0x2005,
	MTP_PARAMETER_NOT_SUPPORTED = 0x2006, MTP_INCOMPLETE_TRANSFER = 0x2007,
	MTP_INVALID_STORAGE = 0x2008, MTP_INVALID_HANDLE = 0x2009,
	MTP_PROPERTY_NOT_SUPPORTED = 0x200a, MTP_INVALID_FORMAT = 0x200b,
	MTP_STORE_FULL = 0x200c, MTP_WRITE_PROTECTED = 0x200d, MTP_ACCESS_DENIED = 0x200f,
	MTP_PARTIAL_DELETION = 0x2012, MTP_STORE_NOT_AVAILABLE = 0x2013,
	MTP_NO_OBJECT_INFO = 0x2015, MTP_DEVICE_BUSY = 0x2019, MTP_INVALID_PARENT = 0x201a,
	MTP_INVALID_PROPERTY_FORMAT = 0x201b, MTP_INVALID_PROPERTY_VALUE = 0x201c,
	MTP_INVALID_PARAMETER = 0x201d, MTP_SESSION_OPEN = 0x201e, MTP_CANCELLED = 0x201f,
	MTP_BY_GROUP_UNSUPPORTED = 0xa807, MTP_INVALID_DATASET = 0xa806,
	MTP_INVALID_OBJECT_PROPERTY = 0xa80a,
};

enum resp_event {
	MTP_OBJECT_ADDED = 0x4002, MTP_OBJECT_REMOVED = 0x4003, MTP_STORE_REMOVED = 0x4005,
	MTP_PROPERTY_CHANGED = 0x4006,
};

enum { MTP_FORMAT_UNDEFINED = 0x3000, MTP_FORMAT_FOLDER = 0x3001 };
enum { MTP_BATTERY = 0x5001, MTP_DATE_TIME = 0x5011 };

/* ------ the folder ------ */

struct resp_object {
	uint32_t handle, parent;	/* parent 0: in the root */
	uint16_t format;
	bool gone;			/* its handle is not used again */
	uint64_t size;
	int64_t modified;		/* UTC, seconds */
	char *path;			/* below the folder */
	const char *name;		/* the last part of path */
};

struct resp_store {
	int fd;
	struct resp_object *objects;	/* by handle, from 1; a folder before what is in it */
	size_t n, room;
};

int resp_store_scan(struct resp_store *s);	/* -E2BIG: more than it takes */
void resp_store_clear(struct resp_store *s);
/* NULL: no such object, or no more. */
struct resp_object *resp_store_find(const struct resp_store *s, uint32_t handle);
struct resp_object *resp_store_find_path(const struct resp_store *s, const char *path);
/* How deep below an ancestor (0: the root) an object is: 0 itself, -1 not at all. */
int resp_store_depth(const struct resp_store *s, const struct resp_object *o, uint32_t ancestor);
/* What is at path becomes an object, all its parents being objects.  NULL: it cannot. */
struct resp_object *resp_store_add(struct resp_store *s, const char *path);
int resp_store_open(const struct resp_store *s, const struct resp_object *o);
/* The file and the object, or the folder and all in it; false: something is left. */
bool resp_store_delete(struct resp_store *s, struct resp_object *o);
/* An empty file or folder of that name below parent.  NULL and errno: it cannot be. */
struct resp_object *resp_store_create(struct resp_store *s, uint32_t parent, const char *name,
				    bool folder, int *ret_fd);
uint64_t resp_store_bytes(const struct resp_store *s);
extern const uint16_t resp_formats[];
extern const size_t resp_n_formats;
bool resp_is_format(uint32_t code);

/* ------ transactions ------ */

enum resp_phase {
	MTP_IDLE,		/* waiting for a command */
	MTP_TAKE,		/* taking the data of one */
	MTP_SEND,		/* data, then */
	MTP_RESPOND,
};

struct resp_container {
	uint8_t bytes[MTP_HEADER + 4 * MTP_PARAMS];
	uint8_t len;
};

enum resp_direction { MTP_NO_DATA, MTP_DATA_IN, MTP_DATA_OUT };

struct resp_operation {
	uint16_t code;
	enum resp_direction direction;
	bool anywhere;			/* needs no session */
	bool writes;			/* only of a writable device */
	bool needs_store;
	/* What it comes to.  DATA_IN: dataset or file are set up; DATA_OUT: data is there. */
	enum resp_response (*run)(struct model *m);
};

struct model_mtp {
	struct resp_store store;
	bool removed;			/* the card is out */
	bool session;
	uint32_t session_id, last_tid;
	int64_t clock_offset;
	uint32_t busy, reads;

	/* the transaction */
	enum resp_phase phase;
	const struct resp_operation *op;
	uint16_t code;			/* as commanded */
	uint32_t tid, params[MTP_PARAMS];
	unsigned n_params;
	enum resp_response response;
	uint32_t answers[3];
	unsigned n_answers;

	/* its data: the dataset, or `left` bytes at `at` of a file, behind a header */
	struct buf data;
	size_t data_at;
	int fd;				/* -1: none */
	uint64_t at, left;
	uint64_t moved;			/* bytes of the phase so far, header included */
	uint32_t declared;		/* taking: the container's length */
	bool stalls;			/* this phase ends in a stall */
	bool loses_store;		/* this phase ends with the card */

	uint32_t promised;		/* the object that SendObjectInfo made; 0: none */
	uint64_t promised_size, taken;
	int promised_fd;		/* -1 of a folder */
	struct resp_operation unlock;	/* of a locked device */

	uint16_t status;		/* of Get Device Status */
	struct resp_container events[MTP_EVENTS], last_event;
	unsigned n_events;
};

/* Drop the transaction at hand, and what it was sending. */
void resp_abandon(struct model *m);

/* ------ operations ------ */

/* NULL: this device does not know it. */
const struct resp_operation *resp_operation_find(const struct model *m, uint16_t code);
/* The i-th of those it knows; false: there are no more. */
bool resp_operation_code(const struct model *m, size_t i, uint16_t *ret);
enum resp_response resp_unlock(struct model *m);
bool resp_is_send_object(const struct resp_operation *op);
/* Bytes for SendObject, as they come. */
void resp_take_content(struct model *m, const uint8_t *p, size_t len);
/* The object that was promised will not come. */
void resp_break_promise(struct model *m);

/* ------ datasets ------ */

void resp_add8(struct model *m, uint8_t n);
void resp_add16(struct model *m, uint16_t n);
void resp_add32(struct model *m, uint32_t n);
void resp_add64(struct model *m, uint64_t n);
void resp_add_text(struct model *m, const char *utf8);
/* How many elements an array claims to have. */
void resp_add_count(struct model *m, size_t n);

void resp_device_info(struct model *m);
void resp_storage_info(struct model *m);
void resp_object_info(struct model *m, const struct resp_object *o);
/* "20261123T204258", Shanghai; ret has 16 bytes. */
void resp_format_time(int64_t seconds, char *ret);
int64_t resp_now(const struct model *m);
/* false: no such property */
bool resp_device_property(struct model *m, uint32_t code, bool describe);
/* A string of a dataset, as UTF-8; false: it is not one. */
bool resp_get_text(const uint8_t **p, size_t *left, char ret[4 * MTP_TEXT_MAX]);

/* ------ object properties ------ */

void resp_object_properties(struct model *m);
bool resp_object_property_desc(struct model *m, uint32_t code, uint16_t format);
bool resp_object_property(struct model *m, const struct resp_object *o, uint32_t code);
/* The property list's elements of one object; code 0: those of the group, MTP_ALL: all.  Number. */
unsigned resp_object_property_list(struct model *m, const struct resp_object *o, uint32_t code,
				  uint32_t group);
bool resp_is_object_property(uint32_t code);
bool resp_is_property_group(uint32_t group);

/* ------ events, class requests ------ */

void resp_raise(struct model *m, uint16_t code, unsigned n_params, uint32_t param);
enum model_answer resp_event_in(struct model *m, uint8_t *buf, size_t room, size_t *len);
size_t resp_class_in(struct model *m, const uint8_t setup[8], uint8_t buf[255]);
bool resp_class_out(struct model *m, const uint8_t setup[8], const uint8_t *data, size_t len);

/* Little-endian, as everything is here. */
uint32_t resp_get(const uint8_t *p, unsigned bytes);
void resp_put(uint8_t *p, uint32_t n, unsigned bytes);

#endif
