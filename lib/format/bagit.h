/*
 * BagIt: a folder of files that manifests vouch for, RFC 8493 (version 1.0) and
 * the drafts before it (0.93 to 0.97).
 *
 *	bagit.txt		"BagIt-Version: M.N", "Tag-File-Character-Encoding: NAME"; UTF-8 without mark
 *	bag-info.txt		"Label: value"; a line that begins with white space goes on
 *	manifest-ALG.txt	"CHECKSUM  data/PATH": payload
 *	tagmanifest-ALG.txt	"CHECKSUM  PATH": all the others
 *	fetch.txt		"URL LENGTH data/PATH": what is to be fetched
 *
 * Lines end with LF, CR or CR LF.  The checksum is hex of either case.  In paths %0A, %0D and,
 * from 1.0 on, %25 stand for the bytes that they name.
 *
 * What the Library of Congress' conformance suite calls a warning is a *habit*
 * here: it is taken, and told.
 *
 * Pure, once bagit_to_utf8() has loaded the C library's tables; any thread.
 * Memory: what the caller's buffers allow.
 */
#ifndef FORMAT_BAGIT_H
#define FORMAT_BAGIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	BAGIT_DECLARATION_MAX = 1024,	/* bytes of bagit.txt */
	BAGIT_PATH_MAX = 4095,		/* of a path, without its NUL: what Linux opens */
	BAGIT_DIGEST_MAX = 64,
	BAGIT_VALUE_MAX = 4096,		/* of a value of bag-info.txt */
	BAGIT_LABEL_MAX = 255,
};

/* ------ bagit.txt ------ */

enum bagit_encoding { BAGIT_UTF8, BAGIT_UTF16, BAGIT_UTF16BE, BAGIT_UTF16LE, BAGIT_LATIN1, BAGIT_ASCII,
		      BAGIT_GB18030 };

struct bagit_declaration {
	unsigned major, minor;		/* 0.97 is 0 and 97 */
	enum bagit_encoding encoding;
};

/*
 * 0, or a sentence and -EINVAL (not such a text), -EPROTONOSUPPORT (a version we do not know),
 * -EILSEQ (an encoding we do not know).
 */
int bagit_parse_declaration(const uint8_t *text, size_t len, struct bagit_declaration *ret,
			    struct err *e);

/* From 1.0 on every manifest lists every file, once, and labels are strict. */
bool bagit_is_strict(const struct bagit_declaration *d);

/* Append the text of another tag file as UTF-8.  0, -ENOBUFS, or -EILSEQ: it is not in that encoding. */
int bagit_to_utf8(enum bagit_encoding from, const uint8_t *text, size_t len, struct buf *to,
		  struct err *e);

/* ------ names ------ */

enum bagit_algorithm { BAGIT_MD5, BAGIT_SHA1, BAGIT_SHA224, BAGIT_SHA256, BAGIT_SHA384, BAGIT_SHA512,
		       BAGIT_ALGORITHMS };
const char *bagit_algorithm_name(enum bagit_algorithm a);	/* "sha512" */
size_t bagit_digest_len(enum bagit_algorithm a);

enum bagit_file { BAGIT_TAG_FILE, BAGIT_DECLARATION, BAGIT_INFO, BAGIT_FETCH, BAGIT_MANIFEST,
		  BAGIT_TAG_MANIFEST, BAGIT_PAYLOAD };

/* What a path in a bag is.  Manifests: *ret is the algorithm, BAGIT_ALGORITHMS: one we do not know. */
enum bagit_file bagit_file_kind(const char *path, enum bagit_algorithm *ret);

/* Something that an operating system makes and loses by itself, .DS_Store or Thumbs.db. */
bool bagit_is_system_file(const char *path);

/*
 * Append what two paths have in common when they differ in case or in Unicode's normalization
 * alone.  path is UTF-8, or nothing is appended.
 */
void bagit_fold_path(const char *path, struct buf *to);

/*
 * Is it a path within a bag, and nothing else to any system that may read it?  Absolute ones,
 * "~", "C:", and empty, "." or ".." components are not, with '/' or '\' between them.
 */
enum bagit_path { BAGIT_PATH_GOOD, BAGIT_PATH_EMPTY, BAGIT_PATH_LONG, BAGIT_PATH_NUL,
		  BAGIT_PATH_ABSOLUTE, BAGIT_PATH_HOME, BAGIT_PATH_UPWARDS };
enum bagit_path bagit_check_path(const char *path, size_t len);

/* ------ lines ------ */

struct bagit_lines {
	const char *p, *end;
	uint64_t number;		/* of the line returned last, from 1 */
};

/* The next line without its end; false: there is none. */
bool bagit_next_line(struct bagit_lines *l, const char **ret, size_t *ret_len);

/* What one should not write, and what is taken nevertheless. */
enum bagit_habit {
	BAGIT_DOT_SLASH = 1,		/* "./" before the path */
	BAGIT_BINARY_MARK = 2,		/* "*" before the path, as md5sum writes */
	BAGIT_BACKSLASH = 4,		/* another path on Windows */
	BAGIT_BARE_PERCENT = 8,		/* a '%' that 1.0 wants written %25 */
};

enum bagit_line {
	BAGIT_LINE_GOOD,
	BAGIT_LINE_MALFORMED,		/* not of this shape */
	BAGIT_LINE_CHECKSUM,		/* not a checksum of this algorithm */
	BAGIT_LINE_PATH,		/* not a path within a bag; the entry has it as it was written */
	BAGIT_LINE_PLACE,		/* payload in a list of tag files, or the other way */
};

struct bagit_entry {
	uint8_t digest[BAGIT_DIGEST_MAX];	/* of a manifest */
	uint64_t size;				/* of fetch.txt; UINT64_MAX: not said */
	char path[BAGIT_PATH_MAX + 1];		/* decoded, without "./"; not for MALFORMED */
	size_t path_len;			/* it may hold NUL when it is not a path */
	unsigned habits;			/* enum bagit_habit */
};

/* A line of a manifest (kind: BAGIT_MANIFEST or BAGIT_TAG_MANIFEST), in UTF-8. */
enum bagit_line bagit_parse_entry(const struct bagit_declaration *d, enum bagit_file kind,
				  enum bagit_algorithm a, const char *line, size_t len,
				  struct bagit_entry *ret);

/* A line of fetch.txt. */
enum bagit_line bagit_parse_fetch(const struct bagit_declaration *d, const char *line, size_t len,
				  struct bagit_entry *ret);

struct bagit_tag {
	char label[BAGIT_LABEL_MAX + 1];	/* as written; compared without case */
	char value[BAGIT_VALUE_MAX + 1];	/* lines joined by a space; cut when longer */
};

/* The next tag of bag-info.txt: 1; 0: there is none; -EINVAL: line l->number is not one. */
int bagit_next_tag(const struct bagit_declaration *d, struct bagit_lines *l, struct bagit_tag *ret);

/* "OCTETS.FILES", the value of Payload-Oxum. */
bool bagit_parse_oxum(const char *value, uint64_t *ret_octets, uint64_t *ret_files);

#endif
