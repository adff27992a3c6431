/* exFAT: entries as libtsk names them. */
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "format/listing.h"
#include "walk_impl.h"

/* Types of directory entries, the in-use bit apart (exFAT specification, 6.2). */
enum { TYPE_MASK = 0x7f, TYPE_FILE = 0x05, TYPE_LABEL_IN_USE = 0x83 };

static void list_dir(struct walk *w, TSK_INUM_T dir, bool deleted, unsigned depth);

/* The digits that libtsk made of the card's, see TZ in main.c. */
static void claim(char to[LISTING_TIME_MAX + 1], time_t t)
{
	struct tm tm;

	to[0] = '\0';
	if (t > 0 && gmtime_r(&t, &tm) != NULL && tm.tm_year <= 8099)
		strftime(to, LISTING_TIME_MAX + 1, "%Y-%m-%dT%H:%M:%S", &tm);
}

/* libtsk keeps the first cluster with the file: entries in two places may lead to one. */
static uint64_t first_cluster(const TSK_FS_META *meta)
{
	TSK_DADDR_T cluster;

	if (meta->content_ptr == NULL || meta->content_len < sizeof(cluster))
		return 0;
	memcpy(&cluster, meta->content_ptr, sizeof(cluster));
	return cluster;
}

/* The type byte of an entry; libtsk tells labels and bitmaps from files by a name alone. */
static bool read_type(struct walk *w, TSK_INUM_T entry, uint8_t *ret)
{
	uint64_t offset;

	return fat_entry_offset(&w->geometry, entry, &offset) &&
	       tsk_fs_read(w->fs, (TSK_OFF_T)offset, (char *)ret, 1) == 1;
}

static void tell_entry(struct walk *w, TSK_FS_FILE *file, bool in_deleted, unsigned depth)
{
	const TSK_FS_META *meta = file->meta;
	struct walk_mark here = walk_here(w);
	struct listing_file f = {
		.deleted = in_deleted || (file->name->flags & TSK_FS_NAME_FLAG_UNALLOC) != 0,
	};
	size_t len = strlen(file->name->name);

	name_add_utf8(&w->path, (const uint8_t *)file->name->name, len);
	buf_add(&w->raw, file->name->name, len);
	if (file->name->type == TSK_FS_NAME_TYPE_DIR) {
		if (meta != NULL &&
		    walk_may_enter(w, first_cluster(meta), f.deleted, depth + 1)) {
			walk_down(w);
			list_dir(w, meta->addr, f.deleted, depth + 1);
		}
	} else {
		if (meta != NULL) {
			f.size = f.valid = meta->size > 0 ? (uint64_t)meta->size : 0;
			claim(f.created, meta->crtime);
			claim(f.modified, meta->mtime);
			claim(f.accessed, meta->atime);
		} else if (!f.deleted) {
			snprintf(f.trouble, sizeof(f.trouble),
				 "its directory entry cannot be read");
		}
		walk_tell(w, &f, file->name->meta_addr);
	}
	walk_back(w, here);
}

static bool is_entry(struct walk *w, const TSK_FS_NAME *n)
{
	uint8_t type;

	if (n->type != TSK_FS_NAME_TYPE_DIR && n->type != TSK_FS_NAME_TYPE_REG)
		return false;
	return !read_type(w, n->meta_addr, &type) || (type & TYPE_MASK) == TYPE_FILE;
}

static TSK_FS_DIR *open_dir(struct walk *w, TSK_INUM_T dir)
{
	tsk_error_reset();
	return tsk_fs_dir_open_meta(w->fs, dir);
}

static void list_dir(struct walk *w, TSK_INUM_T dir, bool deleted, unsigned depth)
{
	TSK_FS_DIR *d = open_dir(w, dir);

	if (d == NULL) {
		if (!deleted)
			walk_trouble(w, "this directory cannot be read: %s", walk_why());
		return;
	}
	for (size_t i = 0; i < tsk_fs_dir_getsize(d) && !w->report->stop; i++) {
		TSK_FS_FILE *f = tsk_fs_dir_get(d, i);

		if (f == NULL)
			continue;
		if (f->name != NULL && f->name->name != NULL && is_entry(w, f->name))
			tell_entry(w, f, deleted, depth);
		tsk_fs_file_close(f);
	}
	tsk_fs_dir_close(d);
}

/* An entry of the root directory; libtsk puts a note in parentheses behind it. */
static void find_label(struct walk *w, char label[LISTING_LABEL_SIZE])
{
	TSK_FS_DIR *root = open_dir(w, w->fs->root_inum);
	struct buf text = BUF_INIT(1024);

	for (size_t i = 0; root != NULL && i < tsk_fs_dir_getsize(root); i++) {
		const TSK_FS_NAME *n = tsk_fs_dir_get_name(root, i);
		const char *note = n == NULL ? NULL : strrchr(n->name, '(');
		uint8_t type;

		if (note == NULL || note == n->name || !read_type(w, n->meta_addr, &type) ||
		    type != TYPE_LABEL_IN_USE)
			continue;
		name_add_text(&text, (const uint8_t *)n->name, (size_t)(note - n->name) - 1);
		report_cut(label, LISTING_LABEL_SIZE, text.p, text.len);
		break;
	}
	buf_clear(&text);
	tsk_fs_dir_close(root);
}

void walk_exfat(struct walk *w)
{
	char label[LISTING_LABEL_SIZE] = "";

	find_label(w, label);
	walk_volume(w, label);
	if (walk_may_enter(w, w->geometry.root_cluster, false, 0))
		list_dir(w, w->fs->root_inum, false, 0);
}
