#include "custody/event.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "base/util.h"
#include "custody/canonical.h"

/* The form of a digest or salted hash within a leaf: an object of these members. */
#define SALTED		"{\"salted\":\""
#define DIGESTED	"{\"bytes\":"
enum { HASH_LEN = 32, HASH_HEX_LEN = 64 };
_Static_assert(crypto_hash_sha256_BYTES == HASH_LEN, "SHA-256");

static bool is(const char *s, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(s, want, len) == 0;
}

/* ------ the leaf's fields ------ */

/* A string of 1 to EVENT_WORD_MAX printable ASCII characters, none of them escaped. */
static bool take_word(const struct canonical_member *m, char ret[EVENT_WORD_MAX + 1])
{
	size_t len = m->value_len - 2, i;

	if (m->value_len < 3 || m->value[0] != '"' || len > EVENT_WORD_MAX)
		return false;
	for (i = 1; i <= len; i++)
		if (m->value[i] < '!' || m->value[i] > '~' || m->value[i] == '\\')
			return false;
	memcpy(ret, m->value + 1, len);
	ret[len] = '\0';
	return true;
}

/* An integer in canonical form: no more digits than 2^53-1 has. */
static bool take_number(const struct canonical_member *m, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < m->value_len; i++) {
		if (m->value[i] < '0' || m->value[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(m->value[i] - '0');
	}
	*ret = n;
	return true;
}

/* "2026-11-27T14:38:22.123456+00:00", with as much of a fraction as it needs. */
static bool take_moment(const char *s, size_t len, int64_t *ret_ms)
{
	char text[UTC_TEXT_SIZE] = "0000-00-00T00:00:00.000Z";
	const size_t whole = 19, zone = sizeof("+00:00") - 1;
	size_t fraction, i;

	if (len < whole + zone || memcmp(s + len - zone, "+00:00", zone) != 0)
		return false;
	fraction = len - whole - zone;
	if (fraction == 1 || fraction > 7 || (fraction > 0 && s[whole] != '.'))
		return false;
	for (i = 1; i < fraction; i++)
		if (s[whole + i] < '0' || s[whole + i] > '9')
			return false;
	memcpy(text, s, whole);
	memcpy(text + whole, s + whole, MIN(fraction, 4));
	return utc_parse(text, UTC_TEXT_LEN, ret_ms) == 0;
}

static bool take_at(const struct canonical_member *m, struct event *ev)
{
	return m->value_len > 2 && take_moment(m->value + 1, m->value_len - 2, &ev->at_ms);
}

static bool take_act(const struct canonical_member *m, struct event *ev)
{
	return take_word(m, ev->act);
}

static bool take_source(const struct canonical_member *m, struct event *ev)
{
	return take_word(m, ev->source);
}

static bool take_role(const struct canonical_member *m, struct event *ev)
{
	return take_word(m, ev->role);
}

static bool take_event(const struct canonical_member *m, struct event *ev)
{
	return take_number(m, &ev->event);
}

static bool take_key(const struct canonical_member *m, struct event *ev)
{
	ev->key = (struct event_text){ m->value, m->value_len };
	return m->value[0] == '"';
}

static bool take_objects(const struct canonical_member *m, struct event *ev)
{
	struct canonical_member one;
	size_t at = 0;

	ev->objects = (struct event_text){ m->value, m->value_len };
	while (canonical_element(m->value, m->value_len, &at, &one))
		if (one.value[0] != '"')
			return false;
	return m->value[0] == '[';
}

static bool take_row(const struct canonical_member *m, struct event *ev)
{
	ev->row = (struct event_text){ m->value, m->value_len };
	return m->value[0] == '{';
}

static bool take_version(const struct canonical_member *m, struct event *ev)
{
	(void)ev;
	return is(m->value, m->value_len, "1");
}

/* All of them and no others, in the order of canonical form. */
static const struct {
	const char *name;
	bool (*take)(const struct canonical_member *m, struct event *ev);
} fields[] = {
	{ "act", take_act }, { "at", take_at }, { "event", take_event }, { "key", take_key },
	{ "objects", take_objects }, { "role", take_role }, { "row", take_row },
	{ "source", take_source }, { "v", take_version },
};

static int is_canonical(const char *text, size_t len, struct err *e)
{
	AUTO(buf_clear) struct buf form = BUF_INIT(EVENT_LEAF_MAX + 1);
	int r = canonical_json(text, len, &form, e);

	if (r == -ENOMEM || r == -EINVAL)
		return r;
	if (r < 0 || form.len != len || memcmp(form.p, text, len) != 0)
		return err_set(e, -EINVAL, "a leaf that is not in canonical form");
	return 0;
}

int event_parse(const void *leaf, size_t len, struct event *ret, struct err *e)
{
	struct event ev = { .leaf = { leaf, len } };
	struct canonical_member m;
	size_t at = 0, i;
	int r;

	if (len > EVENT_LEAF_MAX)
		return err_set(e, -EINVAL, "a leaf of %zu bytes; %d are allowed", len,
			       EVENT_LEAF_MAX);
	r = is_canonical(leaf, len, e);
	if (r < 0)
		return r;
	for (i = 0; i < COUNT(fields); i++)
		if (!canonical_member(leaf, len, &at, &m) ||
		    !is(m.name, m.name_len, fields[i].name) || !fields[i].take(&m, &ev))
			return err_set(e, -EINVAL, "a leaf whose field \"%s\" is missing or not "
				       "as it must be", fields[i].name);
	if (canonical_member(leaf, len, &at, &m))
		return err_set(e, -EINVAL, "a leaf with a field too many");
	*ret = ev;
	return 0;
}

/* ------ salts ------ */

static bool take_hex(const char *s, size_t len, uint8_t ret[HASH_LEN])
{
	size_t got;

	return len == HASH_HEX_LEN && strspn(s, "0123456789abcdef") >= len &&
		sodium_hex2bin(ret, HASH_LEN, s, len, NULL, &got, NULL) == 0 && got == HASH_LEN;
}

int event_salts_parse(const char *text, const char *erased, struct event_salts *ret,
		      struct err *e)
{
	struct event_salts salts = { .erased = erased };
	struct event_salt *s;
	size_t name, len;

	for (; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		name = strcspn(text, "= ");
		if (salts.n == EVENT_SALTS_MAX)
			return err_set(e, -EINVAL, "more than %d salts of one event",
				       EVENT_SALTS_MAX);
		s = &salts.list[salts.n++];
		if (name == 0 || name > EVENT_WORD_MAX || name == len ||
		    !take_hex(text + name + 1, len - name - 1, s->salt))
			return err_set(e, -EINVAL, "a salt that is not FIELD=64 hexadecimal digits");
		memcpy(s->field, text, name);
		s->field[name] = '\0';
	}
	*ret = salts;
	return 0;
}

static const struct event_salt *find_salt(const struct event_salts *salts, const char *name,
					  size_t len)
{
	size_t i;

	for (i = 0; i < salts->n; i++)
		if (is(name, len, salts->list[i].field))
			return &salts->list[i];
	return NULL;
}

/* ------ one column ------ */

/* Is the name one of these, which are parted by spaces? */
static bool is_among(const char *name, size_t len, const char *list)
{
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (n == len && memcmp(list, name, len) == 0)
			return true;
	}
	return false;
}

/* {"salted":"HEX"}? */
static bool take_salted(const char *value, size_t len, uint8_t ret[HASH_LEN])
{
	const size_t front = sizeof(SALTED) - 1;

	return len == front + HASH_HEX_LEN + 2 && memcmp(value, SALTED, front) == 0 &&
		take_hex(value + front, HASH_HEX_LEN, ret);
}

static enum event_verdict compare_salted(const struct canonical_member *leaf,
					 const uint8_t hash[HASH_LEN],
					 const struct canonical_member *row,
					 const struct event_salts *salts)
{
	const struct event_salt *salt = find_salt(salts, leaf->name, leaf->name_len);
	AUTO(buf_clear) struct buf text = BUF_INIT(EVENT_ROW_MAX);
	crypto_hash_sha256_state state;
	uint8_t got[HASH_LEN];

	if (salt == NULL)
		return is_among(leaf->name, leaf->name_len, salts->erased) ? EVENT_CANNOT_TELL :
			EVENT_SALT_GONE;
	if (row == NULL)
		return EVENT_CHANGED;
	if (!canonical_text(row->value, row->value_len, &text))
		buf_add(&text, row->value, row->value_len);
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, salt->salt, sizeof(salt->salt));
	crypto_hash_sha256_update(&state, text.p, text.len);
	crypto_hash_sha256_final(&state, got);
	return sodium_memcmp(got, hash, sizeof(got)) == 0 ? EVENT_SAME : EVENT_CHANGED;
}

/*
 * As a leaf holds a value that is not personal.  One that could be taken for the digest of a longer
 * one is held by its digest itself, so that neither can be put in the other's place.
 */
static bool is_plain(const struct canonical_member *leaf, const struct canonical_member *row)
{
	char digest[sizeof(DIGESTED ",\"sha256\":\"\"}") + 20 + HASH_HEX_LEN];
	char hex[HASH_HEX_LEN + 1];
	uint8_t hash[HASH_LEN];

	if (row->value_len <= EVENT_INLINE_MAX &&
	    (row->value_len < sizeof(DIGESTED) - 1 ||
	     memcmp(row->value, DIGESTED, sizeof(DIGESTED) - 1) != 0))
		return leaf->value_len == row->value_len &&
			memcmp(leaf->value, row->value, row->value_len) == 0;
	crypto_hash_sha256(hash, (const uint8_t *)row->value, row->value_len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(digest, sizeof(digest), DIGESTED "%zu,\"sha256\":\"%s\"}", row->value_len, hex);
	return is(leaf->value, leaf->value_len, digest);
}

/* A column as the leaf and as the row have it, either of which may be NULL, for null. */
static enum event_verdict compare_column(const struct canonical_member *leaf,
					 const struct canonical_member *row, const char *personal,
					 const struct event_salts *salts)
{
	uint8_t hash[HASH_LEN];

	if (leaf == NULL)
		return EVENT_CHANGED;
	if (is_among(leaf->name, leaf->name_len, personal) &&
	    take_salted(leaf->value, leaf->value_len, hash))
		return compare_salted(leaf, hash, row, salts);
	return row != NULL && is_plain(leaf, row) ? EVENT_SAME : EVENT_CHANGED;
}

/* ------ all columns ------ */

/* Two objects in canonical form, walked side by side: the next name of either, in order. */
struct sides {
	struct event_text object[2];	/* the leaf's, the row's */
	size_t at[2];
	struct canonical_member m[2];
	bool has[2];
	bool null_is_none;		/* of the row's */
};

static void step(struct sides *s, int i)
{
	do {
		s->has[i] = canonical_member(s->object[i].p, s->object[i].len, &s->at[i], &s->m[i]);
	} while (s->has[i] && i == 1 && s->null_is_none &&
		 is(s->m[i].value, s->m[i].value_len, "null"));
}

/* Which of them have it; false: both are over. */
static bool next_column(struct sides *s, const struct canonical_member **ret_leaf,
			const struct canonical_member **ret_row)
{
	int order;

	if (!s->has[0] && !s->has[1])
		return false;
	order = !s->has[0] ? 1 : !s->has[1] ? -1 :
		canonical_compare(s->m[0].name, s->m[0].name_len, s->m[1].name, s->m[1].name_len);
	*ret_leaf = order <= 0 ? &s->m[0] : NULL;
	*ret_row = order >= 0 ? &s->m[1] : NULL;
	return true;
}

static void put_name(const struct canonical_member *m, char ret[EVENT_WORD_MAX + 1])
{
	size_t len = MIN(m->name_len, EVENT_WORD_MAX);

	memcpy(ret, m->name, len);
	ret[len] = '\0';
}

static int too_large(struct err *e)
{
	return err_set(e, -EINVAL, "a row of more than %d bytes", EVENT_ROW_MAX);
}

int event_compare(const struct event *ev, const char *row, size_t len, const char *personal,
		  const struct event_salts *salts, enum event_verdict *ret,
		  char ret_column[EVENT_WORD_MAX + 1], struct err *e)
{
	AUTO(buf_clear) struct buf form = BUF_INIT(EVENT_ROW_MAX);
	const struct canonical_member *of_leaf, *of_row;
	enum event_verdict v, all = EVENT_SAME;
	struct sides s = { .object = { ev->row }, .null_is_none = true };
	bool in_leaf, in_row;
	int r = canonical_json(row, len, &form, e);

	if (r < 0)
		return r == -ENOBUFS ? too_large(e) : r;
	s.object[1] = (struct event_text){ buf_str(&form), form.len };
	step(&s, 0);
	step(&s, 1);
	while (all != EVENT_CHANGED && next_column(&s, &of_leaf, &of_row)) {
		v = compare_column(of_leaf, of_row, personal, salts);
		if (v > all) {
			put_name(of_leaf != NULL ? of_leaf : of_row, ret_column);
			all = v;
		}
		in_leaf = of_leaf != NULL;
		in_row = of_row != NULL;
		if (in_leaf)
			step(&s, 0);
		if (in_row)
			step(&s, 1);
	}
	*ret = all;
	return 0;
}

int event_compare_fields(const struct event *ev, const char *text, size_t len,
			 enum event_verdict *ret, char ret_column[EVENT_WORD_MAX + 1],
			 struct err *e)
{
	AUTO(buf_clear) struct buf form = BUF_INIT(EVENT_ROW_MAX);
	const struct canonical_member *of_leaf, *of_row;
	struct sides s = { .object = { ev->leaf } };
	int r = canonical_json(text, len, &form, e);

	if (r < 0)
		return r == -ENOBUFS ? too_large(e) : r;
	s.object[1] = (struct event_text){ buf_str(&form), form.len };
	step(&s, 0);
	for (step(&s, 1); s.has[1]; step(&s, 1)) {
		while (next_column(&s, &of_leaf, &of_row) && of_row == NULL)
			step(&s, 0);	/* what the leaf alone has */
		if (of_leaf != NULL && of_leaf->value_len == of_row->value_len &&
		    memcmp(of_leaf->value, of_row->value, of_row->value_len) == 0)
			continue;
		put_name(of_row, ret_column);
		*ret = EVENT_CHANGED;
		return 0;
	}
	*ret = EVENT_SAME;
	return 0;
}
