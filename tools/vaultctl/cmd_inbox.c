/*
 * vaultctl inbox: takes what lies in the watched folder (format/inbox.h has its names).
 *
 * A file is brought as `import` brings one, and moved away by a rename once dockd says that it is stored
 * and recorded.  So whatever ends a run leaves each file either where it was, and it is taken again, which
 * its content makes the same evidence; or below .done or .failed.  Nothing is ever removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utc.h"
#include "base/util.h"
#include "ctl.h"
#include "format/inbox.h"
#include "format/name.h"
#include "import.h"

enum {
	TAKEN_MAX = 1000,		/* files a run, refused ones too */
	NAMES_MAX = 4096,		/* of a folder; the rest is the next run's */
	SAME_NAME_MAX = 1000,		/* of a day */
	WHY_SIZE = 1024,
	SETTLED_S = 60,			/* written last, where nobody can tell who writes */
	SHANGHAI_S = 8 * 3600,
};

struct inbox {
	struct ctl *c;
	const char *reason, *class;
	bool dry_run;
	char path[PATH_MAX];
	int dir;
	char day[16];
	size_t taken, refused, left;
	bool away;			/* dockd or the catalog: what follows is left */
	json_t *list;			/* what became of each */
};

/* A folder while its files are gone through. */
struct folder {
	const char *name;		/* "": the inbox itself */
	int fd;
	struct inbox_folder is;
	bool asked;			/* the catalog, for its case */
	char why[WHY_SIZE];		/* nothing of it is taken; "": it is */
	char why_zh[WHY_SIZE], why_en[WHY_SIZE];
};

static void free_text(char **s)
{
	free(*s);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* FOLDER/NAME as people and the record see it. */
static char *shown_path(const struct folder *f, const char *name)
{
	struct buf b = BUF_INIT(PATH_MAX);
	char *shown;

	if (f->name[0] != '\0') {
		name_add_utf8(&b, (const uint8_t *)f->name, strlen(f->name));
		buf_addf(&b, "/");
	}
	name_add_utf8(&b, (const uint8_t *)name, strlen(name));
	shown = b.failed ? NULL : strdup(buf_str(&b));
	buf_clear(&b);
	return shown;
}

/* ------ what is told ------ */

static void tell(struct inbox *x, const struct folder *f, const char *name, const char *result,
		 const char *what)
{
	AUTO(free_text) char *path = shown_path(f, name);
	enum text_id id = strcmp(result, "taken") == 0 ? (x->dry_run ? T_INBOX_WOULD : T_INBOX_TAKEN) :
			  strcmp(result, "refused") == 0 ? T_INBOX_REFUSED : T_INBOX_LEFT;

	if (path == NULL)
		return;
	if (x->c->json)
		json_array_append_new(x->list, json_pack("{s:s, s:s, s:s%}", "path", path, "result", result,
							 "what", what, strlen(what)));
	else
		say(id == T_INBOX_TAKEN || id == T_INBOX_WOULD ? stdout : stderr, id, path, what);
}

static void leave(struct inbox *x, const struct folder *f, const char *name, const char *why)
{
	x->left++;
	tell(x, f, name, "left", why);
}

/* The same sentence in both languages, and in the one that is spoken. */
#define FILL(f, id, ...) do { \
	const enum lang spoken_ = text_language_now(); \
	text_language(LANG_ZH); \
	text_fill((f)->why_zh, WHY_SIZE, id, ##__VA_ARGS__); \
	text_language(LANG_EN); \
	text_fill((f)->why_en, WHY_SIZE, id, ##__VA_ARGS__); \
	text_language(spoken_); \
	text_fill((f)->why, WHY_SIZE, id, ##__VA_ARGS__); \
} while (0)

/* ------ moving ------ */

/* A folder below another, made if it is not there; -1 and errno. */
static int enter(int at, const char *name)
{
	if (mkdirat(at, name, 0770) < 0 && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* DIR/WHERE/DAY/FOLDER. */
static int enter_all(const struct inbox *x, const char *where, const char *folder)
{
	AUTO(close_fd) int top = enter(x->dir, where);
	AUTO(close_fd) int day = top >= 0 ? enter(top, x->day) : -1;

	if (day < 0)
		return -1;
	return folder[0] != '\0' ? enter(day, folder) : fcntl(day, F_DUPFD_CLOEXEC, 0);
}

static int write_why(const struct folder *f, int at, const char *name)
{
	struct buf b = BUF_INIT(2 * WHY_SIZE + 8);
	AUTO(close_fd) int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC |
				       O_NONBLOCK, 0660);
	int r;

	if (fd < 0)
		return -errno;
	buf_addf(&b, "%s\n%s\n", f->why_zh, f->why_en);
	r = b.failed ? -ENOMEM : file_write_all(fd, b.p, b.len);
	buf_clear(&b);
	return r;
}

/*
 * Below another name where that one is there already.  What says why comes first: a file without it would
 * be a riddle, while it without the file is written anew.
 */
static int move(struct inbox *x, const struct folder *f, const char *name, const char *where, bool why)
{
	AUTO(close_fd) int to = enter_all(x, where, f->name);
	char as[NAME_MAX + 1], beside[NAME_MAX + 1], number[16] = "";
	int n, r = to < 0 ? -errno : -EEXIST;
	struct stat st;

	for (n = 2; r == -EEXIST && n <= SAME_NAME_MAX; n++) {
		/* A name that is as long as can be has no room for a number. */
		snprintf(as, sizeof(as), "%.*s%s", number[0] == '\0' ? NAME_MAX : NAME_MAX - 12, name, number);
		snprintf(beside, sizeof(beside), "%.*s%s.why", NAME_MAX - 12, name, number);
		snprintf(number, sizeof(number), "~%d", n);
		if (fstatat(to, as, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		r = why ? write_why(f, to, beside) : 0;
		if (r == 0 && renameat2(f->fd, name, to, as, RENAME_NOREPLACE) < 0)
			r = -errno;
	}
	return r;
}

static void refuse(struct inbox *x, struct folder *f, const char *name)
{
	char why[WHY_SIZE];
	int r = x->dry_run ? 0 : move(x, f, name, ".failed", true);

	if (r < 0) {
		leave(x, f, name, text_fill(why, sizeof(why), T_INBOX_WHY_UNREADABLE, strerror(-r)));
		return;
	}
	x->refused++;
	tell(x, f, name, "refused", f->why);
}

/* ------ one file ------ */

/*
 * Whether somebody has it open for writing.  A lease says so, to the file's owner and whoever has CAP_LEASE;
 * to others only the time tells since it was last touched.
 */
static bool is_written(int fd, const struct stat *st)
{
	struct timespec now;

	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return false;
	}
	if (errno == EAGAIN)
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - MAX(st->st_mtim.tv_sec, st->st_ctim.tv_sec) < SETTLED_S;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       S_ISREG(b->st_mode) && same_time(a->st_mtim, b->st_mtim);
}

/* Still what was opened, there and in our hand, and nobody writes it. */
static bool is_unchanged(const struct folder *f, const char *name, int fd, const struct stat *was)
{
	struct stat there, here;

	return fstat(fd, &here) == 0 && fstatat(f->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same(was, &here) && is_same(was, &there) && !is_written(fd, &here);
}

static int bring(struct inbox *x, const struct folder *f, const char *name, int fd, const struct stat *st,
		 struct import_result *ret)
{
	AUTO(free_text) char *shown = shown_path(f, name);
	char path[2 * PATH_MAX], reason[640];
	const struct import_what what = {
		.path = path, .file = &fd, .reason = reason, .class = x->class,
		.case_id = f->is.kind == INBOX_CASE ? f->is.id : NULL,
		.camera = f->is.kind == INBOX_CAMERA ? f->is.id : NULL,
	};

	if (shown == NULL)
		return EXIT_AWAY;
	snprintf(path, sizeof(path), "%s/%s", x->path, shown);
	/* Who brings it is the program; whose the file is says who put it there. */
	snprintf(reason, sizeof(reason), "%s (file of uid %u)", x->reason, st->st_uid);
	return import_path(x->c, &what, ret);
}

static void take_open(struct inbox *x, struct folder *f, const char *name, int fd, const struct stat *st)
{
	struct import_result came = { .again = false };
	char why[WHY_SIZE];
	int r;

	if (is_written(fd, st)) {
		leave(x, f, name, text(T_INBOX_WHY_WRITTEN));
		return;
	}
	if (x->dry_run) {
		x->taken++;
		tell(x, f, name, "taken", "");
		return;
	}
	r = bring(x, f, name, fd, st, &came);
	/* Refused without a word of dockd's: it was never asked, which is not the file's fault. */
	x->away = r == EXIT_AWAY || came.again || (r != EXIT_GOOD && came.why[0] == '\0');
	if (x->away) {
		leave(x, f, name, text_fill(why, sizeof(why), T_INBOX_WHY_AWAY, came.why));
	} else if (!is_unchanged(f, name, fd, st)) {
		leave(x, f, name, text(T_INBOX_WHY_CHANGED));
	} else if (r != EXIT_GOOD || came.why[0] != '\0') {
		FILL(f, T_INBOX_WHY_IMPORT, came.why);
		refuse(x, f, name);
		f->why[0] = '\0';	/* that one's alone */
	} else if ((r = move(x, f, name, ".done", false)) < 0) {
		leave(x, f, name, text_fill(why, sizeof(why), T_INBOX_WHY_UNREADABLE, strerror(-r)));
	} else {
		x->taken++;
		tell(x, f, name, "taken", came.session);
	}
}

static void take_regular(struct inbox *x, struct folder *f, const char *name, const struct stat *was)
{
	/* NONBLOCK: a pipe may have taken its place. */
	AUTO(close_fd) int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char why[WHY_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		leave(x, f, name, text_fill(why, sizeof(why), T_INBOX_WHY_UNREADABLE, strerror(errno)));
	else if (!is_same(was, &st))
		leave(x, f, name, text(T_INBOX_WHY_CHANGED));
	else
		take_open(x, f, name, fd, &st);
}

/* ------ a folder ------ */

/* Does the catalog know its case, and does that take files?  EXIT_AWAY: nobody says. */
static int ask_for_case(struct inbox *x, struct folder *f)
{
	const char *const params[] = { f->is.id };
	json_t *rows = NULL;
	const char *state;
	int r;

	if (f->asked || f->is.kind != INBOX_CASE)
		return EXIT_GOOD;
	r = ctl_open_catalog(x->c, "dv_inbox");
	if (r == EXIT_GOOD)
		r = ctl_query(x->c, STATEMENT_CASE_TAKES, params, COUNT(params), &rows);
	if (r != EXIT_GOOD)
		return r;
	f->asked = true;
	state = json_string_value(json_object_get(json_array_get(rows, 0), "state"));
	if (state == NULL)
		FILL(f, T_INBOX_WHY_NO_CASE, f->is.id);
	else if (strcmp(state, "open") != 0 && strcmp(state, "concluded") != 0)
		FILL(f, T_INBOX_WHY_CLOSED, f->is.id, word(state));
	json_decref(rows);
	return EXIT_GOOD;
}

static void take(struct inbox *x, struct folder *f, const char *name)
{
	char why[WHY_SIZE];
	struct stat st;

	if (inbox_is_partial((const uint8_t *)name, strlen(name)) ||
	    fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;			/* not there yet, or not any more */
	if (x->taken + x->refused >= TAKEN_MAX) {
		leave(x, f, name, text(T_INBOX_WHY_MANY));
	} else if (S_ISDIR(st.st_mode)) {
		leave(x, f, name, text(T_INBOX_WHY_DEEP));
	} else if (x->away || ask_for_case(x, f) != EXIT_GOOD) {
		x->away = true;
		leave(x, f, name, text_fill(why, sizeof(why), T_INBOX_WHY_AWAY, ""));
	} else if (!S_ISREG(st.st_mode)) {
		struct folder odd = *f;

		FILL(&odd, T_INBOX_WHY_NO_FILE);
		refuse(x, &odd, name);
	} else if (f->why[0] != '\0') {
		refuse(x, f, name);
	} else {
		take_regular(x, f, name, &st);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names)
{
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

/* The names in a folder, in order; NULL and errno.  For free_names(). */
static char **names_in(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	char **names = calloc(NAMES_MAX + 1, sizeof(*names));
	const struct dirent *e;
	size_t n = 0;

	if (d == NULL && copy >= 0)
		close(copy);
	while (d != NULL && names != NULL && n < NAMES_MAX && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && (names[n] = strdup(e->d_name)) != NULL)
			n++;
	if (d != NULL)
		closedir(d);
	if (d == NULL)
		free_names(TAKE(names));
	if (names != NULL)
		qsort(names, n, sizeof(*names), by_name);
	return names;
}

static void take_folder(struct inbox *x, const char *name)
{
	AUTO(close_fd) int fd = openat(x->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct folder f = { .name = name, .fd = fd,
			    .is = inbox_folder((const uint8_t *)name, strlen(name)) };
	char shown[NAME_MAX * 4], why[WHY_SIZE];
	char **names = fd >= 0 ? names_in(fd) : NULL;
	size_t i;

	if (names == NULL) {
		leave(x, &(struct folder){ .name = "" }, name,
		      text_fill(why, sizeof(why), T_INBOX_WHY_UNREADABLE, strerror(errno)));
		return;
	}
	if (f.is.kind == INBOX_NONE)
		FILL(&f, T_INBOX_WHY_FOLDER, text_shown(name, shown, sizeof(shown)));
	for (i = 0; names[i] != NULL; i++)
		take(x, &f, names[i]);
	free_names(names);
}

static void take_all(struct inbox *x, char *const *names)
{
	struct folder top = { .name = "", .fd = x->dir };
	struct stat st;
	size_t i;

	FILL(&top, T_INBOX_WHY_TOP);
	for (i = 0; names[i] != NULL; i++) {
		if (fstatat(x->dir, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			take_folder(x, names[i]);
		else
			take(x, &top, names[i]);
	}
}

/* ------ the run ------ */

static int cannot(const struct inbox *x, const char *path)
{
	(void)x;
	say(stderr, T_INBOX_CANNOT, path, strerror(errno));
	return EXIT_USAGE;
}

static int open_inbox(struct inbox *x, const char *path)
{
	char now[UTC_TEXT_SIZE];

	if (realpath(path, x->path) == NULL)
		return cannot(x, path);
	x->dir = open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dir < 0)
		return cannot(x, path);
	if (flock(x->dir, LOCK_EX | LOCK_NB) < 0) {
		say(stderr, T_INBOX_OTHER, path);
		return EXIT_AWAY;
	}
	utc_format(utc_now() + (int64_t)SHANGHAI_S * 1000, now);
	snprintf(x->day, sizeof(x->day), "%.10s", now);
	return EXIT_GOOD;
}

static int conclude(const struct inbox *x)
{
	if (x->c->json)
		ctl_print_json(x->list);
	else if (x->taken + x->refused + x->left > 0)
		say(stdout, T_INBOX_SUM, x->taken, x->refused, x->left);
	if (x->dry_run)
		say(x->c->json ? stderr : stdout, T_DRY_RUN);
	return x->away ? EXIT_AWAY : x->refused > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

int cmd_inbox(struct ctl *c, int argc, char **argv)
{
	static const char *const words[] = { "DIR" };
	struct inbox x = { .c = c, .dir = -1, .list = json_array() };
	const char *path = NULL;
	const struct option_spec options[] = { { "--reason", &x.reason, NULL }, { "--class", &x.class, NULL },
					       { "--dry-run", NULL, &x.dry_run } };
	char **names = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &path, words, 1, 1);

	if (r == EXIT_GOOD && (r = ctl_check_reason(x.reason)) == EXIT_GOOD &&
	    (r = class_check_import(x.class)) == EXIT_GOOD &&
	    (r = ctl_open_conf(c)) == EXIT_GOOD)
		r = open_inbox(&x, path);
	if (r == EXIT_GOOD && (names = names_in(x.dir)) == NULL)
		r = cannot(&x, path);
	if (r == EXIT_GOOD) {
		take_all(&x, names);
		r = conclude(&x);
	}
	free_names(names);
	close_fd(&x.dir);
	json_decref(x.list);
	return r;
}
