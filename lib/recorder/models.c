#include "recorder/models.h"

#include <confuse.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/models_impl.h"

enum { FILES_MAX = 256, PATH_SIZE = 1024 };

/* ------ the files of all directories, by name ------ */

struct file {
	char path[PATH_SIZE];
	const char *name;		/* its last component */
};

struct files {
	struct file *f;
	size_t n;
};

static bool is_conf(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static int add_file(struct files *l, const char *dir, const char *name, struct err *e)
{
	struct file *f;
	size_t i;
	int n;

	for (i = 0; i < l->n && strcmp(l->f[i].name, name) != 0; i++)
		;
	if (i == FILES_MAX)
		return err_set(e, -E2BIG, "%s: more than %d files", dir, FILES_MAX);
	f = &l->f[i];
	n = snprintf(f->path, sizeof(f->path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(f->path))
		return err_set(e, -ENAMETOOLONG, "%s/%s: the path is too long", dir, name);
	f->name = f->path + strlen(dir) + 1;
	l->n = MAX(l->n, i + 1);
	return 0;
}

static int add_dir(struct files *l, const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int r = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: cannot read: %s", dir,
						     strerror(errno));
	while (r == 0 && (entry = readdir(d)) != NULL)
		if (is_conf(entry->d_name))
			r = add_file(l, dir, entry->d_name, e);
	closedir(d);
	return r;
}

static int file_cmp(const void *pa, const void *pb)
{
	const struct file *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

static int find_files(const char *dirs, struct files *l, struct err *e)
{
	char dir[PATH_SIZE];
	size_t len;
	int r = 0;

	for (; r == 0 && *dirs != '\0'; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		if (len >= sizeof(dir))
			return err_set(e, -ENAMETOOLONG, "%.40s...: the path is too long", dirs);
		memcpy(dir, dirs, len);
		dir[len] = '\0';
		r = len > 0 ? add_dir(l, dir, e) : 0;
	}
	if (r == 0 && l->n > 0) {
		qsort(l->f, l->n, sizeof(*l->f), file_cmp);
		/* The names point into the paths, which have moved. */
		for (size_t i = 0; i < l->n; i++)
			l->f[i].name = strrchr(l->f[i].path, '/') + 1;
	}
	return r;
}

/* ------ a file's blocks ------ */

struct load {				/* what libconfuse's callbacks need, which get no pointer */
	struct models *models;
	struct err said;
};
static _Thread_local struct load *loading;

/* The first sentence is the one that helps: later ones are its consequences. */
__attribute__((format(printf, 2, 0)))
static void keep_sentence(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[200];

	if (loading->said.code != 0)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	err_set(&loading->said, -EINVAL, "%s:%d: %s", cfg->filename, cfg->line, text);
}

static bool same_conditions(const struct model_match *a, const struct model_match *b)
{
	return a->has_vid == b->has_vid && a->vid == b->vid && a->has_pid == b->has_pid &&
	       a->pid == b->pid && a->class == b->class &&
	       strcasecmp(a->manufacturer, b->manufacturer) == 0 &&
	       strcasecmp(a->product, b->product) == 0 && strcasecmp(a->serial, b->serial) == 0;
}

static const struct model_match nothing;	/* the generic block's */

static int check_against(const struct models *l, const struct model *m, char *why, size_t room)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (strcmp(l->m[i].name, m->name) == 0) {
			snprintf(why, room, "there is a block of that name already");
			return -1;
		}
		if (same_conditions(&l->m[i].match, &m->match)) {
			snprintf(why, room, "it has the same conditions as \"%s\": which of the two "
				 "a device is cannot be told", l->m[i].name);
			return -1;
		}
	}
	if (l->n < MODELS_MAX)
		return 0;
	snprintf(why, room, "more than %d blocks", MODELS_MAX);
	return -1;
}

/* Called when the latest block ends, so its line is still known. */
static int check_model(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *block = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct models *l = loading->models;
	char why[160];
	struct model m;

	if (model_from_block(block, &m, why, sizeof(why)) < 0 ||
	    check_against(l, &m, why, sizeof(why)) < 0) {
		cfg_error(cfg, "model \"%s\": %s", cfg_title(block), why);
		return -1;
	}
	l->m[l->n++] = m;
	return 0;
}

static int load_file(const char *path, struct models *l, struct err *e)
{
	cfg_opt_t block[MODEL_KEYS_MAX + 1], keys[] = {
		CFG_SEC("model", block, CFGF_MULTI | CFGF_TITLE), CFG_END()
	};
	struct load load = { .models = l };
	cfg_t *cfg;
	int r;

	model_block_keys(block);
	cfg = cfg_init(keys, CFGF_NONE);
	if (cfg == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", path);
	cfg_set_error_function(cfg, keep_sentence);
	cfg_set_validate_func(cfg, "model", check_model);
	loading = &load;
	errno = 0;
	r = cfg_parse(cfg, path);
	loading = NULL;
	if (r == CFG_FILE_ERROR)
		r = err_set(e, errno > 0 ? -errno : -EIO, "%s: cannot read: %s", path,
			    strerror(errno > 0 ? errno : EIO));
	else if (r != CFG_SUCCESS)
		r = err_set(e, -EINVAL, "%s", load.said.code != 0 ? load.said.msg : path);
	else
		r = 0;
	cfg_free(cfg);
	return r;
}

/* ------ all of them ------ */

static int load_files(const struct files *files, struct models *l, struct err *e)
{
	size_t i;
	int r;

	for (i = 0; i < files->n; i++) {
		r = load_file(files->f[i].path, l, e);
		if (r < 0)
			return r;
	}
	for (i = 0; i < l->n; i++)
		if (same_conditions(&l->m[i].match, &nothing))
			return 0;
	model_generic(&l->m[l->n++]);	/* there is room for it: models_load() */
	return 0;
}

int models_load(const char *dirs, struct models *ret, struct err *e)
{
	struct files files = { .f = calloc(FILES_MAX, sizeof(struct file)) };
	struct models l = { .m = calloc(MODELS_MAX + 1, sizeof(struct model)) };
	struct model *m;
	int r;

	if (files.f == NULL || l.m == NULL)
		r = err_set(e, -ENOMEM, "%s: no memory to read it", dirs);
	else
		r = find_files(dirs, &files, e);
	if (r == 0)
		r = load_files(&files, &l, e);
	free(files.f);
	if (r < 0) {
		models_clear(&l);
		return r;
	}
	m = realloc(l.m, l.n * sizeof(*m));	/* a block is large, and few are used */
	if (m != NULL)
		l.m = m;
	*ret = l;
	return 0;
}

void models_clear(struct models *l)
{
	free(l->m);
	*l = (struct models){ .m = NULL };
}

/* ------ which one a device is ------ */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One '*' is gone back to at most: never more work than glob times text. */
static bool glob(const char *g, const char *s)
{
	const char *star = NULL, *from = NULL;

	while (*s != '\0') {
		if (*g == '*') {
			star = ++g;
			from = s;
		} else if (*g == '?' || (*g != '\0' && fold(*g) == fold(*s))) {
			g++;
			s++;
		} else if (star != NULL) {
			g = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (*g == '*')
		g++;
	return *g == '\0';
}

static bool class_fits(enum model_class want, enum usb_class is)
{
	return want == MODEL_CLASS_ANY ||
	       (want == MODEL_CLASS_STORAGE && is == USB_CLASS_STORAGE) ||
	       (want == MODEL_CLASS_MTP && is == USB_CLASS_MTP);
}

static bool fits(const struct model_match *m, const struct usb_device_info *info)
{
	return (!m->has_vid || m->vid == info->vid) && (!m->has_pid || m->pid == info->pid) &&
	       class_fits(m->class, info->class) &&
	       (m->manufacturer[0] == '\0' || glob(m->manufacturer, info->manufacturer)) &&
	       (m->product[0] == '\0' || glob(m->product, info->product)) &&
	       (m->serial[0] == '\0' || glob(m->serial, info->serial));
}

static unsigned weight(const struct model_match *m)
{
	return (m->serial[0] != '\0' ? 32u : 0) + (m->has_pid ? 16u : 0) +
	       (m->product[0] != '\0' ? 8u : 0) + (m->has_vid ? 4u : 0) +
	       (m->manufacturer[0] != '\0' ? 2u : 0) + (m->class != MODEL_CLASS_ANY ? 1u : 0);
}

const struct model *models_match(const struct models *l, const struct usb_device_info *info)
{
	const struct model *best = NULL, *m;

	for (m = l->m; m < l->m + l->n; m++)
		if (fits(&m->match, info) &&
		    (best == NULL || weight(&m->match) > weight(&best->match)))
			best = m;
	if (best == NULL)
		BUG("models: no generic block");
	return best;
}

struct naming model_naming(const struct model *m)
{
	return (struct naming){
		.certain = m->n_names > 0 && !same_conditions(&m->match, &nothing),
		.patterns = m->names, .n_patterns = m->n_names,
		.folders = m->folders, .n_folders = m->n_folders, .zone_min = m->zone_min,
	};
}
