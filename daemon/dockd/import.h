/*
 * The import socket: where people bring what comes from no dock, by
 * `vaultctl import`: a folder, the image of a card, a file.
 *
 * A Unix SOCK_SEQPACKET socket, mode 0660.  A request is one message of JSON,
 * at most IMPORT_REQUEST_MAX bytes, that carries one descriptor, open for
 * reading: dockd need not be able to open what the person can.
 *
 *	kind		folder | image | file
 *	source		where it lies, as the person said it
 *	by, reason	who brings it, and why; not blank.  Anybody can give any name:
 *			the record has the uid of who connected behind it
 *	officer, unit, case, recorder
 *			whose it is; "", null or absent: not said
 *	class		internal, personal or trade_secret, of all that it brings (Art. 37); as those above.  A
 *			state secret is refused, and so is public, which takes two people
 *
 * The answer is one message: {"session": UUID, "slot": name in `list`}, or
 * {"error": sentence, "again": whether the same may be taken later} and the end.  The connection is to the import what the
 * cable is to a recorder: when it closes, what is not in yet is left out.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 */
#ifndef DOCKD_IMPORT_H
#define DOCKD_IMPORT_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"

enum {
	IMPORT_REQUEST_MAX = 8192,
	IMPORT_PEERS_MAX = 4,
	IMPORT_SOURCE_MAX = 1024,
	IMPORT_NAME_MAX = 32,		/* A-Z a-z 0-9 . _ -, as all ids of the catalog */
	IMPORT_TEXT_MAX = 500,
	IMPORT_BY_MAX = 480,		/* with a uid behind it at most IMPORT_TEXT_MAX */
};

enum import_kind { IMPORT_FOLDER, IMPORT_IMAGE, IMPORT_FILE, IMPORT_KINDS };

struct import_request {
	enum import_kind kind;
	int fd;				/* owned by whoever has the request */
	char source[IMPORT_SOURCE_MAX + 1], by[IMPORT_BY_MAX + 1], reason[IMPORT_TEXT_MAX + 1];
	char who[IMPORT_TEXT_MAX + 1];	/* "by (uid N)": whose process connected; the server's */
	char officer[IMPORT_NAME_MAX + 1], unit[IMPORT_NAME_MAX + 1],
	     case_id[IMPORT_NAME_MAX + 1], recorder[IMPORT_NAME_MAX + 1], class[IMPORT_NAME_MAX + 1];
};

const char *import_kind_name(enum import_kind k);

/*
 * What a request says; fd is left alone, and who is "".  0, or -EINVAL and a sentence.  Pure.
 */
int import_parse(const char *text, size_t len, struct import_request *ret, struct err *e);

struct import_server;
struct import_peer;

struct import_events {
	/*
	 * Begin an import: 0, q->fd is the callee's from now on, and ret_session and ret_slot
	 * (valid until the callback returns) name it; or a negative errno and a sentence.
	 */
	int (*begin)(void *data, struct import_peer *peer, const struct import_request *q,
		     const char **ret_session, const char **ret_slot, struct err *e);
	/* The connection of an import that had begun is closed.  peer is gone. */
	void (*left)(void *data, struct import_peer *peer);
};

/* Listen at path; a socket that a dead dockd left there is replaced. */
int import_server_new(uv_loop_t *loop, const char *path, const struct import_events *events,
		      void *data, struct import_server **ret, struct err *e);

/* Close all connections (left() comes for each that had begun, from inside), remove the socket.
 * NULL is fine; the memory goes as the loop runs on. */
void import_server_free(struct import_server *s);

#endif
