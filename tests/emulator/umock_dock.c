/* The dock command: from words to a recorder that is plugged in. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulator/umock_control.h"

/* What to plug in, its files not yet opened. */
struct order {
	struct model_config config;
	const char *source, *luns[MODEL_UNITS_MAX - 1];
	unsigned n_luns;
};

static int parse_id(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 16);

	if (end == text || *end != '\0' || strlen(text) > 4)
		return -EINVAL;
	*ret = (uint16_t)n;
	return 0;
}

static int parse_ids(char *text, uint16_t *ret_vid, uint16_t *ret_pid)
{
	char *colon = strchr(text, ':');

	if (colon == NULL)
		return -EINVAL;
	*colon = '\0';
	return parse_id(text, ret_vid) < 0 ? -EINVAL : parse_id(colon + 1, ret_pid);
}

static int add_lun(struct order *o, const char *image)
{
	if (o->n_luns == G_N_ELEMENTS(o->luns))
		return -EINVAL;
	o->luns[o->n_luns++] = image;
	return 0;
}

static int parse_block(const char *text, uint32_t *ret)
{
	*ret = strcmp(text, "4096") == 0 ? 4096 : 512;
	return *ret == 4096 || strcmp(text, "512") == 0 ? 0 : -EINVAL;
}

static int parse_option(char *word, struct order *o, struct err *e)
{
	struct model_config *c = &o->config;
	char *value = strchr(word, '=');
	size_t len = value != NULL ? (size_t)(value - word) : 0;
	int r = 0;

#define IS(name) (len == sizeof(name) - 1 && memcmp(word, name, len) == 0)
	if (value++ == NULL)
		r = -EINVAL;
	else if (IS("vid"))
		r = parse_id(value, &c->vid);
	else if (IS("pid"))
		r = parse_id(value, &c->pid);
	else if (IS("serial"))
		c->serial = value;
	else if (IS("product"))
		c->product = value;
	else if (IS("manufacturer"))
		c->manufacturer = value;
	else if (IS("block"))
		r = parse_block(value, &c->block_size);
	else if (IS("superspeed"))
		c->superspeed = strcmp(value, "1") == 0;
	else if (IS("mtp"))
		c->protocol = strcmp(value, "1") == 0 ? MODEL_MTP : MODEL_STORAGE;
	else if (IS("lun"))
		r = add_lun(o, value);
	else if (IS("unlock"))
		r = model_unlock_parse(value, &c->unlock);
	else if (IS("locked-as"))
		r = parse_ids(value, &c->unlock.vid, &c->unlock.pid);
	else if (IS("fault"))
		r = model_faults_parse(value, &c->faults);
	else
		r = -EINVAL;
#undef IS
	return r < 0 ? err_set(e, r, "%s: not understood", word) : 0;
}

static int open_image(const char *path, uint32_t block_size, struct model_unit *ret, struct err *e)
{
	struct stat st;

	*ret = (struct model_unit){ .image_fd = -1, .block_size = block_size };
	if (strcmp(path, "-") == 0)
		return 0;
	ret->image_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ret->image_fd < 0 || fstat(ret->image_fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	ret->image_size = (uint64_t)st.st_size;
	return 0;
}

/* What was opened is in the config, also when another could not be. */
static int open_images(struct order *o, struct err *e)
{
	struct model_config *c = &o->config;
	struct model_unit first;
	int r = open_image(o->source, c->block_size, &first, e);

	c->image_fd = first.image_fd;
	c->image_size = first.image_size;
	while (r == 0 && c->n_more < o->n_luns) {
		r = open_image(o->luns[c->n_more], c->block_size, &c->more[c->n_more], e);
		c->n_more++;
	}
	return r;
}

static int open_files(struct order *o, struct err *e)
{
	if (o->config.protocol == MODEL_STORAGE)
		return open_images(o, e);
	o->config.folder_fd = open(o->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return o->config.folder_fd >= 0 ? 0 :
	       err_set(e, -errno, "%s: %s", o->source, strerror(errno));
}

int umock_dock(struct umock_bus *b, char *words[], int n, struct err *e)
{
	struct order o = { .config = {
		.vid = 0x3310, .pid = 0x0101, .product = "Body Camera",
		.manufacturer = "Dockvault", .block_size = 512, .image_fd = -1, .folder_fd = -1,
		.unlock = { .vid = 0x3310, .pid = 0x0100 },
	} };
	int r = n >= 3 ? model_faults_parse("", &o.config.faults) :
		err_set(e, -EINVAL, "dock PORT IMAGE|FOLDER [name=value...]");

	for (int i = 3; r == 0 && i < n; i++)
		r = parse_option(words[i], &o, e);
	if (r < 0)
		return r;
	o.source = words[2];
	r = open_files(&o, e);
	if (r == 0)
		r = umock_plug(b, words[1], &o.config, e);
	if (r < 0)
		umock_config_close(&o.config);
	return r;
}
