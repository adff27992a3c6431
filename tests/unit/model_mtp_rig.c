#include "unit/model_mtp_rig.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"

char rig_folder[32];
struct model *rig_model;
uint32_t rig_next_tid;
struct rig_got rig_got;

static int64_t noon(void)
{
	return utc_from_civil(2026, 11, 23, 12, 42, 58) / 1000;
}

static void set_time(const char *path)
{
	const struct timespec times[2] = { { .tv_sec = noon() }, { .tv_sec = noon() } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

void rig_put_file(const char *name, const uint8_t *p, size_t len)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", rig_folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
	close(fd);
	set_time(path);
}

uint8_t rig_video_byte(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

static void make_folder(void)
{
	uint8_t video[RIG_VIDEO];
	char path[64];
	size_t i;

	snprintf(rig_folder, sizeof(rig_folder), "/tmp/check_mtp.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(rig_folder));
	snprintf(path, sizeof(path), "%s/DCIM", rig_folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	for (i = 0; i < RIG_VIDEO; i++)
		video[i] = rig_video_byte(i);
	rig_put_file("a.txt", (const uint8_t *)"hello", 5);
	rig_put_file("DCIM/v.mp4", video, RIG_VIDEO);
	set_time(path);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void rig_remove_folder(void)
{
	nftw(rig_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct model *rig_model_of(const char *faults, const char *unlock)
{
	struct model_config c = {
		.protocol = MODEL_MTP, .vid = 0x3310, .pid = 0x0101, .serial = "S1",
		.manufacturer = "M", .product = "P", .now = noon,
	};
	struct model *ret;

	c.folder_fd = open(rig_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(c.folder_fd, 0);
	ck_assert_int_eq(model_faults_parse(faults, &c.faults), 0);
	if (unlock != NULL)
		ck_assert_int_eq(model_unlock_parse(unlock, &c.unlock), 0);
	ck_assert_int_eq(model_new(&c, &ret), 0);
	return ret;
}

void rig_begin(const char *faults)
{
	make_folder();
	rig_model = rig_model_of(faults, NULL);
	rig_next_tid = 0;
}

void rig_end(void)
{
	close(model_config(rig_model)->folder_fd);
	model_free(rig_model);
	rig_remove_folder();
}

/* ------ containers ------ */

static void put(uint8_t *p, uint32_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		*p++ = (uint8_t)n;
}

uint32_t rig_get(const uint8_t *p, int bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[bytes];
	return n;
}

size_t rig_container(uint8_t *p, uint32_t len, uint16_t type, uint16_t code, uint32_t tid)
{
	put(p, len, 4);
	put(p + 4, type, 2);
	put(p + 6, code, 2);
	put(p + 8, tid, 4);
	return 12;
}

enum model_answer rig_command(uint16_t code, uint32_t tid, unsigned n, const uint32_t *params)
{
	uint8_t p[32];
	unsigned i;

	rig_container(p, 12 + 4 * n, 1, code, tid);
	for (i = 0; i < n; i++)
		put(p + 12 + 4 * i, params[i], 4);
	return model_bulk_out(rig_model, p, 12 + 4 * n);
}

static void take_response(const uint8_t *p, size_t len)
{
	unsigned i;

	ck_assert_uint_eq(rig_get(p, 4), len);
	rig_got.response = (uint16_t)rig_get(p + 6, 2);
	rig_got.tid = rig_get(p + 8, 4);
	rig_got.n_params = (unsigned)(len - 12) / 4;
	for (i = 0; i < rig_got.n_params; i++)
		rig_got.params[i] = rig_get(p + 12 + 4 * i, 4);
}

void rig_collect(size_t room)
{
	uint8_t p[RIG_ROOM];
	bool in_data = false;
	size_t len;

	rig_got.len = 0;
	rig_got.response = 0;
	do {
		rig_got.answer = model_bulk_in(rig_model, p, room, &len);
		if (in_data || (len >= 12 && rig_get(p + 4, 2) == 2)) {
			ck_assert_uint_le(rig_got.len + len, sizeof(rig_got.data));
			memcpy(rig_got.data + rig_got.len, p, len);
			rig_got.len += len;
			in_data = len == room && len % RIG_PACKET == 0;
		} else if (rig_got.answer == MODEL_OK) {
			ck_assert_uint_eq(rig_get(p + 4, 2), 3);
			take_response(p, len);
		}
	} while (rig_got.answer == MODEL_OK && rig_got.response == 0);
}

uint16_t rig_run(uint16_t code, unsigned n, const uint32_t *params)
{
	ck_assert_int_eq(rig_command(code, rig_next_tid++, n, params), MODEL_OK);
	rig_collect(RIG_ROOM);
	return rig_got.response;
}

uint16_t rig_run1(uint16_t code, uint32_t param)
{
	return rig_run(code, 1, &param);
}

void rig_open_session(void)
{
	rig_next_tid = 0;
	ck_assert_uint_eq(rig_run1(0x1002, 1), OK);
}

size_t rig_bytes_of(const char *text, uint8_t *p)
{
	size_t n = 0, start, i;
	unsigned byte;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text != '\'') {
			ck_assert_int_eq(sscanf(text++, "%2x", &byte), 1);
			p[n++] = (uint8_t)byte;
			continue;
		}
		start = n++;
		for (text++; *text != '\''; text++) {
			p[n++] = (uint8_t)*text;
			p[n++] = 0;
		}
		for (i = 0; n > start + 1 && i < 2; i++)
			p[n++] = 0;
		p[start] = (uint8_t)((n - start) / 2);
	}
	return n;
}

void rig_expect_data(const char *what, uint16_t code, const char *text)
{
	uint8_t want[4096];
	size_t n = rig_bytes_of(text, want + 12), i;

	rig_container(want, 12 + (uint32_t)n, 2, code, rig_next_tid - 1);
	n += 12;
	for (i = 0; i < MIN(n, rig_got.len); i++)
		ck_assert_msg(want[i] == rig_got.data[i], "%s: byte %zu is %02x, not %02x", what, i,
			      rig_got.data[i], want[i]);
	ck_assert_msg(n == rig_got.len, "%s: %zu bytes, not %zu", what, rig_got.len, n);
}

enum model_answer rig_cancel(uint16_t code, uint32_t tid, uint16_t len)
{
	uint8_t setup[8] = { 0x21, 0x64, 0, 0, 0, 0, (uint8_t)len, 0 }, p[8];
	size_t n = len;

	put(p, code, 2);
	put(p + 2, tid, 4);
	return model_control(rig_model, setup, p, &n);
}
