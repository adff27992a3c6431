/*
 * An MTP host, by hand, at the device model (emulator/model.h).  What the test process has is one
 * model; where something else comes than what a function here is for, the test fails.
 *
 * The served folder:	handle 1	DCIM/
 *			2		a.txt		"hello"
 *			3		DCIM/v.mp4	1500 bytes
 *
 * It is always RIG_NOON, and everything is from then.
 */
#ifndef UNIT_MODEL_MTP_RIG_H
#define UNIT_MODEL_MTP_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "emulator/model_io.h"

enum { RIG_PACKET = 512, RIG_ROOM = 64 * 1024, RIG_VIDEO = 1500 };

#define OK		0x2001
#define ALL		0xffffffff
#define RIG_NOON	"'20261123T204258'"	/* as rig_bytes_of() takes it */

extern char rig_folder[32];		/* its path */
extern struct model *rig_model;
extern uint32_t rig_next_tid;		/* the number of the next transaction */

/* Make the folder and the model; remove both. */
void rig_begin(const char *faults);
void rig_end(void);

/* For a test that replaces or frees the model itself.  unlock: as model_unlock_parse(), or NULL. */
struct model *rig_model_of(const char *faults, const char *unlock);
void rig_remove_folder(void);

/* A file in the folder, which the model is not told of. */
void rig_put_file(const char *name, const uint8_t *p, size_t len);

/* The video's byte at offset i. */
uint8_t rig_video_byte(size_t i);

/* ------ containers ------ */

/* The number in that many bytes, four at most. */
uint32_t rig_get(const uint8_t *p, int bytes);

/* Write a container's header; its length. */
size_t rig_container(uint8_t *p, uint32_t len, uint16_t type, uint16_t code, uint32_t tid);

/* Send a command, and no more. */
enum model_answer rig_command(uint16_t code, uint32_t tid, unsigned n, const uint32_t *params);

/* What a transaction came to. */
struct rig_got {
	enum model_answer answer;	/* of the transfer that was the last */
	uint8_t data[2 * RIG_ROOM];	/* with its header */
	size_t len;
	uint16_t response;		/* 0: there was none */
	uint32_t tid, params[5];
	unsigned n_params;
};
extern struct rig_got rig_got;

/* Data, if there is any, by transfers of `room` bytes, and the response: into rig_got. */
void rig_collect(size_t room);

/* An operation that the host has no data for: its response; the rest is in rig_got. */
uint16_t rig_run(uint16_t code, unsigned n, const uint32_t *params);
uint16_t rig_run1(uint16_t code, uint32_t param);

/* By transaction 0; the next is 1. */
void rig_open_session(void);

/* The control request Cancel, of `len` bytes. */
enum model_answer rig_cancel(uint16_t code, uint32_t tid, uint16_t len);

/*
 * Bytes written as text: hexadecimal digits, and between apostrophes a string
 * as datasets have it: its length in units with the NUL, then UTF-16.
 */
size_t rig_bytes_of(const char *text, uint8_t *p);

/* The data of the last operation, which was `code`, are these. */
void rig_expect_data(const char *what, uint16_t code, const char *text);

#endif
