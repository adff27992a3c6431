#include "format/bagit.h"

#include <ctype.h>
#include <errno.h>
#include <glib.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static size_t spaces(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_space(s[n]))
		n++;
	return n;
}

static size_t until_space(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && !is_space(s[n]))
		n++;
	return n;
}

static size_t trimmed(const char *s, size_t len)
{
	while (len > 0 && is_space(s[len - 1]))
		len--;
	return len;
}

bool bagit_next_line(struct bagit_lines *l, const char **ret, size_t *ret_len)
{
	const char *at = l->p;

	if (at == l->end)
		return false;
	while (at < l->end && *at != '\n' && *at != '\r')
		at++;
	*ret = l->p;
	*ret_len = (size_t)(at - l->p);
	if (at < l->end)
		at += at + 1 < l->end && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
	l->p = at;
	l->number++;
	return true;
}

/* Decimal digits and nothing else, below 2^63. */
static bool parse_number(const char *s, size_t len, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	if (len == 0 || len > 18)
		return false;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(s[i] - '0');
	}
	*ret = n;
	return true;
}

/* ------ bagit.txt ------ */

/* Registered names, and those of the C library's iconv.  GBK and GB 2312 are subsets of GB18030. */
static const struct { const char *name, *iconv; enum bagit_encoding encoding; } encodings[] = {
	{ "UTF-8", NULL, BAGIT_UTF8 },
	{ "UTF8", NULL, BAGIT_UTF8 },
	{ "UTF-16", NULL, BAGIT_UTF16 },
	{ "UTF-16BE", "UTF-16BE", BAGIT_UTF16BE },
	{ "UTF-16LE", "UTF-16LE", BAGIT_UTF16LE },
	{ "ISO-8859-1", "ISO-8859-1", BAGIT_LATIN1 },
	{ "US-ASCII", NULL, BAGIT_ASCII },
	{ "GB18030", "GB18030", BAGIT_GB18030 },
	{ "GBK", "GB18030", BAGIT_GB18030 },
	{ "GB2312", "GB18030", BAGIT_GB18030 },
};

static bool find_encoding(const char *s, size_t len, enum bagit_encoding *ret)
{
	size_t i;

	for (i = 0; i < COUNT(encodings); i++)
		if (strlen(encodings[i].name) == len &&
		    strncasecmp(encodings[i].name, s, len) == 0) {
			*ret = encodings[i].encoding;
			return true;
		}
	return false;
}

/* "M.N", one of those there are. */
static int parse_version(const char *s, size_t len, struct bagit_declaration *ret, struct err *e)
{
	const char *dot = memchr(s, '.', len);
	uint64_t major, minor;

	if (dot == NULL || !parse_number(s, (size_t)(dot - s), &major) ||
	    !parse_number(dot + 1, len - (size_t)(dot + 1 - s), &minor))
		return err_set(e, -EINVAL, "line 1: the version is not of the form M.N");
	if (!(major == 0 && minor >= 93 && minor <= 97) && !(major == 1 && minor == 0))
		return err_set(e, -EPROTONOSUPPORT, "version %.*s of BagIt is not known; "
			       "0.93 to 0.97 and 1.0 are", (int)MIN(len, 40), s);
	ret->major = (unsigned)major;
	ret->minor = (unsigned)minor;
	return 0;
}

/* The value of a line "LABEL: value"; white space behind it is not of it. */
static int take_line(struct bagit_lines *l, const char *label, const char **ret, size_t *ret_len,
		     struct err *e)
{
	const size_t n = strlen(label);
	const char *s;
	size_t len, skip;

	if (!bagit_next_line(l, &s, &len) || len <= n || memcmp(s, label, n) != 0 || s[n] != ':')
		return err_set(e, -EINVAL, "a line \"%s: ...\" is missing or not the %s", label,
			       l->number < 2 ? "first" : "second");
	skip = n + 1 + spaces(s + n + 1, len - n - 1);
	if (skip == n + 1)
		return err_set(e, -EINVAL, "line %d: no space behind \"%s:\"", (int)l->number,
			       label);
	*ret = s + skip;
	*ret_len = trimmed(s + skip, len - skip);
	return 0;
}

int bagit_parse_declaration(const uint8_t *text, size_t len, struct bagit_declaration *ret,
			    struct err *e)
{
	struct bagit_lines l = { (const char *)text, (const char *)text + len, 0 };
	struct bagit_declaration d = { .major = 0 };
	const char *version, *encoding, *more;
	size_t version_len, encoding_len, more_len;
	int r;

	if (len > BAGIT_DECLARATION_MAX)
		return err_set(e, -EINVAL, "%zu bytes; %d are allowed", len, BAGIT_DECLARATION_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, -EINVAL, "it begins with a byte order mark");
	if ((r = take_line(&l, "BagIt-Version", &version, &version_len, e)) < 0 ||
	    (r = take_line(&l, "Tag-File-Character-Encoding", &encoding, &encoding_len, e)) < 0)
		return r;
	if (bagit_next_line(&l, &more, &more_len))
		return err_set(e, -EINVAL, "a third line");
	r = parse_version(version, version_len, &d, e);
	if (r < 0)
		return r;
	if (!find_encoding(encoding, encoding_len, &d.encoding))
		return err_set(e, -EILSEQ, "the encoding \"%.*s\" is not known",
			       (int)MIN(encoding_len, 40), encoding);
	*ret = d;
	return 0;
}

bool bagit_is_strict(const struct bagit_declaration *d)
{
	return d->major >= 1;
}

/* ------ encodings ------ */

static int convert(const char *from, const uint8_t *text, size_t len, struct buf *to, struct err *e)
{
	iconv_t cd = iconv_open("UTF-8", from);
	char block[4096], *in = (char *)(uintptr_t)text, *out;
	size_t left = len, room, n = 0;
	int r = 0;

	if (cd == (iconv_t)-1)
		return err_set(e, -EILSEQ, "this system cannot read %s: %s", from, strerror(errno));
	do {
		out = block;
		room = sizeof(block);
		/* The last call, without input, puts out what a stateful encoding still holds. */
		n = iconv(cd, left > 0 ? &in : NULL, &left, &out, &room);
		if (n == (size_t)-1 && errno != E2BIG)
			r = err_set(e, -EILSEQ, "byte %zu is not %s", len - left, from);
		buf_add(to, block, sizeof(block) - room);
	} while (r == 0 && (left > 0 || n == (size_t)-1));
	iconv_close(cd);
	return r;
}

static int copy_utf8(const uint8_t *text, size_t len, bool ascii, struct buf *to, struct err *e)
{
	const char *end = (const char *)text;
	size_t i;

	for (i = 0; ascii && i < len; i++)
		if (text[i] >= 0x80)
			return err_set(e, -EILSEQ, "byte %zu is not ASCII", i);
	if (len > 0 && !g_utf8_validate_len((const char *)text, len, &end))
		return err_set(e, -EILSEQ, "byte %zu is not UTF-8", (size_t)(end - (const char *)text));
	buf_add(to, text, len);
	return 0;
}

int bagit_to_utf8(enum bagit_encoding from, const uint8_t *text, size_t len, struct buf *to,
		  struct err *e)
{
	const char *name = NULL;
	size_t i;
	int r;

	if (from == BAGIT_UTF16) {
		/* RFC 2781, section 4.3: big-endian where no mark says otherwise. */
		bool little = len >= 2 && text[0] == 0xff && text[1] == 0xfe;
		bool big = len >= 2 && text[0] == 0xfe && text[1] == 0xff;

		from = little ? BAGIT_UTF16LE : BAGIT_UTF16BE;
		if (little || big) {
			text += 2;
			len -= 2;
		}
	}
	for (i = 0; i < COUNT(encodings) && name == NULL; i++)
		if (encodings[i].encoding == from)
			name = encodings[i].iconv;
	if (name == NULL)
		r = copy_utf8(text, len, from == BAGIT_ASCII, to, e);
	else
		r = len == 0 ? 0 : convert(name, text, len, to, e);
	if (r == 0 && to->failed)
		return err_set(e, -ENOBUFS, "larger than %zu bytes as UTF-8", to->max);
	return r;
}

/* ------ names ------ */

static const struct { const char *name; size_t len; } algorithms[BAGIT_ALGORITHMS] = {
	[BAGIT_MD5] = { "md5", 16 },	   [BAGIT_SHA1] = { "sha1", 20 },
	[BAGIT_SHA224] = { "sha224", 28 }, [BAGIT_SHA256] = { "sha256", 32 },
	[BAGIT_SHA384] = { "sha384", 48 }, [BAGIT_SHA512] = { "sha512", 64 },
};

const char *bagit_algorithm_name(enum bagit_algorithm a)
{
	return algorithms[a].name;
}

size_t bagit_digest_len(enum bagit_algorithm a)
{
	return algorithms[a].len;
}

/* "PREFIX-ALG.txt"?  RFC 8493, section 2.4: the algorithm's name in lower case. */
static bool is_manifest(const char *path, const char *prefix, enum bagit_algorithm *ret)
{
	const size_t n = strlen(prefix), len = strlen(path);
	int a;

	if (len < n + 4 || strncmp(path, prefix, n) != 0 || strcmp(path + len - 4, ".txt") != 0 ||
	    strchr(path, '/') != NULL)
		return false;
	*ret = BAGIT_ALGORITHMS;
	for (a = 0; a < BAGIT_ALGORITHMS; a++)
		if (strlen(algorithms[a].name) == len - n - 4 &&
		    strncasecmp(path + n, algorithms[a].name, len - n - 4) == 0)
			*ret = (enum bagit_algorithm)a;
	return true;
}

enum bagit_file bagit_file_kind(const char *path, enum bagit_algorithm *ret)
{
	if (strncmp(path, "data/", 5) == 0)
		return BAGIT_PAYLOAD;
	if (strcmp(path, "bagit.txt") == 0)
		return BAGIT_DECLARATION;
	if (strcmp(path, "bag-info.txt") == 0)
		return BAGIT_INFO;
	if (strcmp(path, "fetch.txt") == 0)
		return BAGIT_FETCH;
	if (is_manifest(path, "manifest-", ret))
		return BAGIT_MANIFEST;
	return is_manifest(path, "tagmanifest-", ret) ? BAGIT_TAG_MANIFEST : BAGIT_TAG_FILE;
}

bool bagit_is_system_file(const char *path)
{
	static const char *const names[] = { ".DS_Store", "Thumbs.db", "desktop.ini", ".directory" };
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

void bagit_fold_path(const char *path, struct buf *to)
{
	char *folded, *normal;

	if (!g_utf8_validate(path, -1, NULL))
		return;
	folded = g_utf8_casefold(path, -1);
	normal = g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
	if (normal != NULL)
		buf_adds(to, normal);
	g_free(normal);
	g_free(folded);
}

static bool is_separator(char c)
{
	return c == '/' || c == '\\';
}

enum bagit_path bagit_check_path(const char *path, size_t len)
{
	size_t i, start = 0, n;

	if (len == 0)
		return BAGIT_PATH_EMPTY;
	if (len > BAGIT_PATH_MAX)
		return BAGIT_PATH_LONG;
	if (memchr(path, '\0', len) != NULL)
		return BAGIT_PATH_NUL;
	if (path[0] == '~')
		return BAGIT_PATH_HOME;
	if (is_separator(path[0]) ||
	    (len >= 2 && isalpha((unsigned char)path[0]) && path[1] == ':'))
		return BAGIT_PATH_ABSOLUTE;
	for (i = 0; i <= len; i++) {
		if (i < len && !is_separator(path[i]))
			continue;
		n = i - start;
		if (n == 0)
			return BAGIT_PATH_EMPTY;
		if (path[start] == '.' && (n == 1 || (n == 2 && path[start + 1] == '.')))
			return BAGIT_PATH_UPWARDS;
		start = i + 1;
	}
	return BAGIT_PATH_GOOD;
}

/* ------ lines of manifests and of fetch.txt ------ */

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *s, size_t len, uint8_t *ret, size_t n)
{
	size_t i;

	if (len != 2 * n)
		return false;
	for (i = 0; i < n; i++) {
		if (nibble(s[2 * i]) < 0 || nibble(s[2 * i + 1]) < 0)
			return false;
		ret[i] = (uint8_t)(nibble(s[2 * i]) << 4 | nibble(s[2 * i + 1]));
	}
	return true;
}

/* The byte that three characters at s stand for; 0: they stand for themselves. */
static char percent(const struct bagit_declaration *d, const char *s, size_t len)
{
	if (len < 3 || s[0] != '%')
		return '\0';
	if (s[1] == '0' && (s[2] | 0x20) == 'a')
		return '\n';
	if (s[1] == '0' && (s[2] | 0x20) == 'd')
		return '\r';
	return bagit_is_strict(d) && s[1] == '2' && s[2] == '5' ? '%' : '\0';
}

/* False: longer than a path can be. */
static bool decode_path(const struct bagit_declaration *d, const char *s, size_t len,
			struct bagit_entry *ret)
{
	size_t i, n = 0;
	char c;

	for (i = 0; i < len; i++) {
		if (n == BAGIT_PATH_MAX)
			return false;
		c = percent(d, s + i, len - i);
		if (c != '\0')
			i += 2;
		else if (s[i] == '%' && bagit_is_strict(d))
			ret->habits |= BAGIT_BARE_PERCENT;
		if (s[i] == '\\')
			ret->habits |= BAGIT_BACKSLASH;
		ret->path[n++] = c != '\0' ? c : s[i];
	}
	ret->path[n] = '\0';
	ret->path_len = n;
	return true;
}

/* The path at the end of a line.  payload: where it must be. */
static enum bagit_line take_path(const struct bagit_declaration *d, const char *s, size_t len,
				 bool payload, struct bagit_entry *ret)
{
	if (len > 0 && s[0] == '*') {
		ret->habits |= BAGIT_BINARY_MARK;
		s++;
		len--;
	}
	if (len >= 2 && memcmp(s, "./", 2) == 0) {
		ret->habits |= BAGIT_DOT_SLASH;
		s += 2;
		len -= 2;
	}
	if (!decode_path(d, s, len, ret))
		return BAGIT_LINE_MALFORMED;
	if (bagit_check_path(ret->path, ret->path_len) != BAGIT_PATH_GOOD)
		return BAGIT_LINE_PATH;
	if ((strncmp(ret->path, "data/", 5) == 0) != payload)
		return BAGIT_LINE_PLACE;
	return BAGIT_LINE_GOOD;
}

static void begin_entry(struct bagit_entry *ret)
{
	ret->size = UINT64_MAX;
	ret->path[0] = '\0';
	ret->path_len = 0;
	ret->habits = 0;
}

enum bagit_line bagit_parse_entry(const struct bagit_declaration *d, enum bagit_file kind,
				  enum bagit_algorithm a, const char *line, size_t len,
				  struct bagit_entry *ret)
{
	size_t n = until_space(line, len), at = n + spaces(line + n, len - n);

	begin_entry(ret);
	if (n == 0 || at == n || at == len)
		return BAGIT_LINE_MALFORMED;
	if (!parse_hex(line, n, ret->digest, bagit_digest_len(a)))
		return BAGIT_LINE_CHECKSUM;
	return take_path(d, line + at, len - at, kind == BAGIT_MANIFEST, ret);
}

enum bagit_line bagit_parse_fetch(const struct bagit_declaration *d, const char *line, size_t len,
				  struct bagit_entry *ret)
{
	size_t url = until_space(line, len), at = url + spaces(line + url, len - url);
	size_t size = until_space(line + at, len - at);
	size_t path = at + size + spaces(line + at + size, len - at - size);

	begin_entry(ret);
	if (url == 0 || at == url || size == 0 || path == at + size || path == len)
		return BAGIT_LINE_MALFORMED;
	if (!(size == 1 && line[at] == '-') && !parse_number(line + at, size, &ret->size))
		return BAGIT_LINE_MALFORMED;
	return take_path(d, line + path, len - path, true, ret);
}

/* ------ bag-info.txt ------ */

/* Append to a value, cut where it is full. */
static void extend(char value[BAGIT_VALUE_MAX + 1], const char *s, size_t len)
{
	size_t n = strlen(value), take = MIN(len, BAGIT_VALUE_MAX - n);

	memcpy(value + n, s, take);
	value[n + take] = '\0';
}

static bool take_label(const struct bagit_declaration *d, const char *line, size_t len,
		       struct bagit_tag *ret)
{
	const char *colon = memchr(line, ':', len);
	size_t n, from;

	/* White space first: it would go on with a tag that is not there. */
	if (colon == NULL || is_space(line[0]) || memchr(line, '\0', len) != NULL)
		return false;
	n = trimmed(line, (size_t)(colon - line));
	from = (size_t)(colon + 1 - line);
	if (n == 0 || n > BAGIT_LABEL_MAX)
		return false;
	/* RFC 8493, section 2.2.2: no white space before the colon, some behind it. */
	if (bagit_is_strict(d) && (n != (size_t)(colon - line) || from == len ||
				   !is_space(line[from])))
		return false;
	memcpy(ret->label, line, n);
	ret->label[n] = '\0';
	from += spaces(line + from, len - from);
	extend(ret->value, line + from, trimmed(line + from, len - from));
	return true;
}

int bagit_next_tag(const struct bagit_declaration *d, struct bagit_lines *l, struct bagit_tag *ret)
{
	const char *line;
	size_t len, skip;

	ret->value[0] = '\0';
	do {
		if (!bagit_next_line(l, &line, &len))
			return 0;
	} while (len == 0);
	if (!take_label(d, line, len, ret))
		return -EINVAL;
	while (l->p < l->end && is_space(*l->p)) {
		bagit_next_line(l, &line, &len);
		skip = spaces(line, len);
		if (memchr(line, '\0', len) != NULL)
			return -EINVAL;
		extend(ret->value, " ", 1);
		extend(ret->value, line + skip, trimmed(line + skip, len - skip));
	}
	return 1;
}

bool bagit_parse_oxum(const char *value, uint64_t *ret_octets, uint64_t *ret_files)
{
	const char *dot = strchr(value, '.');

	return dot != NULL && parse_number(value, (size_t)(dot - value), ret_octets) &&
	       parse_number(dot + 1, strlen(dot + 1), ret_files);
}
