/* Files that no recorder makes. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "format/name.h"
#include "rules/card_names.h"

enum kind { KIND_OWN, KIND_PROGRAM, KIND_ARCHIVE, KIND_DOCUMENT, KIND_MEDIA, KIND_OTHER, KINDS };

static const struct { const char *name; double confidence; } kinds[KINDS] = {
	[KIND_PROGRAM] = { "program", 0.8 }, [KIND_ARCHIVE] = { "archive", 0.7 },
	[KIND_DOCUMENT] = { "document", 0.6 }, [KIND_MEDIA] = { "media", 0.6 },
	[KIND_OTHER] = { "other", 0.4 },
};

static const double LIKELY = 0.6;

static const struct { const char *extension; enum kind kind; } extensions[] = {
	{ "exe", KIND_PROGRAM }, { "com", KIND_PROGRAM }, { "scr", KIND_PROGRAM },
	{ "dll", KIND_PROGRAM }, { "msi", KIND_PROGRAM }, { "bat", KIND_PROGRAM },
	{ "cmd", KIND_PROGRAM }, { "ps1", KIND_PROGRAM }, { "vbs", KIND_PROGRAM },
	{ "js", KIND_PROGRAM }, { "jar", KIND_PROGRAM }, { "apk", KIND_PROGRAM },
	{ "lnk", KIND_PROGRAM }, { "sh", KIND_PROGRAM }, { "py", KIND_PROGRAM },
	{ "inf", KIND_PROGRAM },
	{ "zip", KIND_ARCHIVE }, { "rar", KIND_ARCHIVE }, { "7z", KIND_ARCHIVE },
	{ "tar", KIND_ARCHIVE }, { "gz", KIND_ARCHIVE }, { "tgz", KIND_ARCHIVE },
	{ "bz2", KIND_ARCHIVE }, { "xz", KIND_ARCHIVE }, { "iso", KIND_ARCHIVE },
	{ "img", KIND_ARCHIVE }, { "cab", KIND_ARCHIVE },
	{ "doc", KIND_DOCUMENT }, { "docx", KIND_DOCUMENT }, { "xls", KIND_DOCUMENT },
	{ "xlsx", KIND_DOCUMENT }, { "ppt", KIND_DOCUMENT }, { "pptx", KIND_DOCUMENT },
	{ "pdf", KIND_DOCUMENT }, { "wps", KIND_DOCUMENT }, { "et", KIND_DOCUMENT },
	{ "mp4", KIND_MEDIA }, { "mov", KIND_MEDIA }, { "avi", KIND_MEDIA },
	{ "flv", KIND_MEDIA }, { "ts", KIND_MEDIA }, { "mts", KIND_MEDIA }, { "mkv", KIND_MEDIA },
	{ "3gp", KIND_MEDIA }, { "wmv", KIND_MEDIA }, { "rmvb", KIND_MEDIA },
	{ "wav", KIND_MEDIA }, { "mp3", KIND_MEDIA }, { "aac", KIND_MEDIA }, { "m4a", KIND_MEDIA },
	{ "flac", KIND_MEDIA }, { "wma", KIND_MEDIA }, { "jpg", KIND_MEDIA },
	{ "jpeg", KIND_MEDIA }, { "png", KIND_MEDIA }, { "bmp", KIND_MEDIA }, { "gif", KIND_MEDIA },
	{ "heic", KIND_MEDIA },
	/* What a recorder writes beside what it records. */
	{ "bwm", KIND_OWN }, { "minisig", KIND_OWN }, { "log", KIND_OWN }, { "gps", KIND_OWN },
	{ "nmea", KIND_OWN }, { "idx", KIND_OWN }, { "thm", KIND_OWN }, { "cfg", KIND_OWN },
	{ "ini", KIND_OWN }, { "dat", KIND_OWN },
};

/* What a computer leaves on a card that was in it: a folder with all in it, or a name. */
static const char *const computers_folders[] = {
	"System Volume Information", "$RECYCLE.BIN", ".Trashes", ".Spotlight-V100", ".fseventsd",
	".Trash-1000",
};
static const char *const computers_names[] = {
	".DS_Store", "Thumbs.db", "desktop.ini", "IndexerVolumeGuid", "WPSettings.dat",
};
/* And what recorders leave themselves, or repairing a file system does. */
static const char *const folders[] = { "LOST.DIR", "LOST+FOUND", "FOUND.000", "Android" };
static const char *const names[] = { ".nomedia" };

static bool lies_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncasecmp(path, folder, len) == 0 && path[len] == '/';
}

static bool is_among(const char *path, const char *const *dirs, size_t n_dirs,
		     const char *const *files, size_t n_files)
{
	const char *base = name_last(path);
	size_t i;

	for (i = 0; i < n_dirs; i++)
		if (lies_in(path, dirs[i]))
			return true;
	for (i = 0; i < n_files; i++)
		if (strcasecmp(base, files[i]) == 0)
			return true;
	return false;
}

bool card_left_by_computer(const char *path)
{
	return is_among(path, computers_folders, COUNT(computers_folders), computers_names,
			COUNT(computers_names)) ||
	       strncmp(name_last(path), "._", 2) == 0;	/* a Mac's, beside each file it touched */
}

static bool is_of_a_system(const char *path)
{
	return card_left_by_computer(path) ||
	       is_among(path, folders, COUNT(folders), names, COUNT(names));
}

static enum kind kind_by_extension(const char *path)
{
	const char *base = name_last(path), *dot = strrchr(base, '.');
	size_t i;

	for (i = 0; dot != NULL && i < COUNT(extensions); i++)
		if (strcasecmp(dot + 1, extensions[i].extension) == 0)
			return extensions[i].kind;
	return KIND_OTHER;
}

bool card_is_recorded(const struct card *c, const struct listing_file *f)
{
	if (f->deleted || card_left_by_computer(f->path))
		return false;
	if (c->names[f - c->listing->files].pattern != NAMED_NOT)
		return true;
	return !c->naming->certain && kind_by_extension(f->path) == KIND_MEDIA;
}

static enum kind kind_of(const struct card *c, const struct listing_file *f)
{
	const struct naming *n = c->naming;
	enum kind kind = kind_by_extension(f->path);
	size_t i;

	if (is_of_a_system(f->path))
		return KIND_OWN;
	if (kind == KIND_PROGRAM || kind == KIND_ARCHIVE || kind == KIND_OWN)
		return kind;
	if (!n->certain)
		return kind == KIND_DOCUMENT ? kind : KIND_OWN;
	if (c->names[f - c->listing->files].pattern != NAMED_NOT)
		return KIND_OWN;
	for (i = 0; i < n->n_folders; i++)
		if (lies_in(f->path, n->folders[i]))
			return KIND_OWN;
	return kind;
}

static void find_kind(const struct card *c, enum kind kind, struct findings *out)
{
	struct finding f = card_finding(c->recorder, FINDING_FOREIGN_FILE, c->docked_ms);
	json_t *samples = json_array();
	crypto_generichash_state st;
	char fact[FINDING_FACT_MAX + 1], hex[DIGEST_HEX_SIZE];
	struct digest d;
	size_t i, count = 0;

	crypto_generichash_init(&st, NULL, 0, sizeof(d.b));
	for (i = 0; i < c->listing->n_files; i++) {
		const struct listing_file *file = &c->listing->files[i];

		if (file->deleted || kind_of(c, file) != kind)
			continue;
		card_file_fact(file, fact);
		crypto_generichash_update(&st, (const uint8_t *)fact, strlen(fact));
		if (count++ < CARD_SAMPLES_MAX)
			json_array_append_new(samples, card_file_detail(file));
	}
	if (count == 0) {
		json_decref(samples);
		return;
	}
	crypto_generichash_final(&st, d.b, sizeof(d.b));
	snprintf(f.fact, sizeof(f.fact), "%s %s", kinds[kind].name, digest_hex(&d, hex));
	f.confidence = kinds[kind].confidence;
	if (f.confidence < LIKELY)
		f.severity = SEVERITY_NOTICE;
	f.detail = json_pack("{s:s, s:o, s:o}", "kind", kinds[kind].name, "files",
			     finding_number(count), "samples", samples);
	findings_add(out, &f);
}

void card_foreign_files(const struct card *c, struct findings *out)
{
	int kind;

	for (kind = KIND_PROGRAM; kind < KINDS; kind++)
		find_kind(c, (enum kind)kind, out);
}
