/*
 * bench_ingest - dockd with recorders in this process in place of USB: all
 * else, from bulk-only transport to the catalog, is the daemon's own.
 *
 *	bench_ingest CONF SERIAL=IMAGE|FOLDER...
 *
 * A card's image is storage, a folder is served by MTP.  Docks one recorder at each slot of CONF, in order, all at once, and ends as
 * soon as every slot is safe to remove and recorded.  Exit 0: so it came.  Then
 * one line tells the most memory that this process ever had in RAM, in KiB:
 *
 *	peak_kib N
 *
 * The models read their images straight into the transfers' buffers and keep
 * nothing of their own, so that the memory is dockd's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "dockd/dock.h"
#include "dockd/dockd.h"
#include "emulator/model.h"
#include "emulator/model_io.h"

enum {
	VID = 0x1209, PID = 0x5a01, SECTOR = 512,
	LOOK_MS = 10,		/* how often the slots are looked at: what the end may be late */
};

struct recorder {
	const char *serial, *path;
	bool mtp;
	int fd;			/* of the image or the folder */
	uint64_t size;
	struct usb_device_info info;
	uv_timer_t timer;	/* callbacks come from the loop */
	void (*identified)(void *data, int r, const struct usb_device_info *info);
	void (*opened)(void *data, int r, struct usb_io *io);
	struct usb_io *io;
	void *data;
};

static struct conf conf;
static struct {
	uv_loop_t loop;
	struct dock *dock;
	struct recorder recorders[CONF_SLOTS_MAX];
	unsigned n;
	uv_timer_t look;
	int status;
} bench = { .status = EXIT_FAILURE };

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_ingest: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

/* ------ recorders ------ */

static void on_identify(uv_timer_t *t)
{
	struct recorder *r = t->data;

	r->identified(r->data, 0, &r->info);
}

static int identify(void *device, void (*cb)(void *data, int r, const struct usb_device_info *info),
		    void *data)
{
	struct recorder *r = device;

	r->identified = cb;
	r->data = data;
	return uv_timer_start(&r->timer, on_identify, 0, 0);
}

static void on_open(uv_timer_t *t)
{
	struct recorder *r = t->data;

	r->opened(r->data, 0, TAKE(r->io));
}

static int open_device(void *device, void (*cb)(void *data, int r, struct usb_io *io), void *data)
{
	struct recorder *rec = device;
	struct model_config c = {
		.protocol = rec->mtp ? MODEL_MTP : MODEL_STORAGE,
		.vid = VID, .pid = PID, .serial = rec->serial, .superspeed = true,
		.block_size = SECTOR, .image_fd = rec->fd, .image_size = rec->size,
		.folder_fd = rec->fd,
	};
	struct model *m;
	int r;

	r = model_faults_parse("", &c.faults);
	if (r == 0)
		r = model_new(&c, &m);
	if (r < 0)
		return r;
	r = model_io_new(&bench.loop, m, &rec->io);
	if (r < 0) {
		model_free(m);
		return r;
	}
	rec->opened = cb;
	rec->data = data;
	return uv_timer_start(&rec->timer, on_open, 0, 0);
}

static const struct source models = { .identify = identify, .open = open_device };

/* SERIAL=IMAGE|FOLDER */
static void add_recorder(char *spec)
{
	struct recorder *r = &bench.recorders[bench.n];
	char *path = strchr(spec, '=');
	struct stat st;

	if (path == NULL)
		die(spec, "write SERIAL=IMAGE or SERIAL=FOLDER");
	if (bench.n == conf.n_slots)
		die(spec, "more recorders than slots");
	*path++ = '\0';
	r->serial = spec;
	r->path = path;
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		die(path, strerror(errno));
	r->mtp = S_ISDIR(st.st_mode);
	r->size = (uint64_t)st.st_size;
	r->info = (struct usb_device_info){
		.vid = VID, .pid = PID, .superspeed = true,
		.class = r->mtp ? USB_CLASS_MTP : USB_CLASS_STORAGE,
	};
	snprintf(r->info.port, sizeof(r->info.port), "%s", conf.slots[bench.n].port);
	snprintf(r->info.serial, sizeof(r->info.serial), "%s", spec);
	uv_timer_init(&bench.loop, &r->timer);
	r->timer.data = r;
	bench.n++;
}

/* ------ until all is recorded ------ */

static void on_stopped(void *data)
{
	unsigned i;

	(void)data;
	for (i = 0; i < bench.n; i++)
		uv_close((uv_handle_t *)&bench.recorders[i].timer, NULL);
	uv_close((uv_handle_t *)&bench.look, NULL);
}

static void end(int status)
{
	bench.status = status;
	uv_timer_stop(&bench.look);
	dock_stop(bench.dock, on_stopped, NULL);
}

enum progress { BUSY, RECORDED, WRONG };

static enum progress slot_progress(const json_t *slot)
{
	const char *state = json_string_value(json_object_get(slot, "state"));

	if (strcmp(state, "safe") == 0 && json_is_true(json_object_get(slot, "recorded")))
		return RECORDED;
	if (strcmp(state, "identifying") == 0 || strcmp(state, "reading") == 0 ||
	    strcmp(state, "recording") == 0)
		return BUSY;
	return WRONG;
}

static void on_look(uv_timer_t *t)
{
	json_t *state = dock_state(bench.dock), *slots = json_object_get(state, "slots"), *slot;
	unsigned recorded = 0, i;
	char *text;

	(void)t;
	for (i = 0; i < bench.n; i++) {
		slot = json_array_get(slots, i);
		switch (slot_progress(slot)) {
		case BUSY:
			break;
		case RECORDED:
			recorded++;
			break;
		case WRONG:
			text = json_dumps(slot, JSON_COMPACT);
			fprintf(stderr, "bench_ingest: %s\n", text);
			free(text);
			json_decref(state);
			end(EXIT_FAILURE);
			return;
		}
	}
	json_decref(state);
	if (recorded == bench.n)
		end(EXIT_SUCCESS);
}

static void print_memory(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long peak_kib = 0;
	char line[128];

	if (f == NULL)
		die("/proc/self/status", strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak_kib = strtoul(line + 6, NULL, 10);
	fclose(f);
	printf("peak_kib %lu\n", peak_kib);
}

int main(int argc, char **argv)
{
	struct err e = { .code = 0 };
	unsigned i;

	if (argc < 3) {
		fputs("usage: bench_ingest CONF SERIAL=IMAGE|FOLDER...\n", stderr);
		return 2;
	}
	log_init("bench_ingest", LOG_LEVEL_INFO);
	dockd_size_up();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || conf_load(argv[1], &conf, &e) < 0 ||
	    uv_loop_init(&bench.loop) < 0 || dock_new(&bench.loop, &conf, &bench.dock, &e) < 0)
		die(argv[1], e.msg);
	for (i = 2; i < (unsigned)argc; i++)
		add_recorder(argv[i]);
	for (i = 0; i < bench.n; i++)
		dock_arrived(bench.dock, &models, &bench.recorders[i], &bench.recorders[i].info);
	uv_timer_init(&bench.loop, &bench.look);
	uv_timer_start(&bench.look, on_look, LOOK_MS, LOOK_MS);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	dock_free(bench.dock);
	while (wait(NULL) > 0)		/* for what listers leave behind to be counted: lister_peak.c */
		;
	print_memory();
	return bench.status;
}
