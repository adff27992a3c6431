/*
 * Any bytes as what begins an age file, as armor, and as keys.  A header that is taken is given out again byte
 * for byte where its stanzas are of the kinds that are written here; what opens without its key is none; keys
 * have one text.
 */
#include <string.h>

#include "age/age.h"
#include "age/armor.h"
#include "age/header.h"
#include "fuzz/fuzz.h"

static const char identity[] =
	"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/* Stanzas with a body of one line are what is written here. */
static void write_again(const struct age_header *h, const uint8_t *bytes)
{
	AUTO(buf_clear) struct buf again = BUF_INIT(AGE_HEAD_MAX), args = BUF_INIT(AGE_HEAD_MAX);
	size_t i, j;

	age_header_begin(&again);
	for (i = 0; i < h->n; i++) {
		const struct age_stanza *s = &h->stanza[i];

		if (s->body_len != AGE_WRAPPED || s->args > AGE_ARGS_MAX)
			return;
		buf_reset(&args);
		for (j = 0; j < s->args; j++) {
			buf_adds(&args, j > 0 ? " " : "");
			buf_add(&args, s->arg[j].p, s->arg[j].len);
		}
		age_header_stanza(&again, buf_str(&args), s->body);
	}
	age_header_end(&again);
	MUST(again.len == h->signed_len);
	age_header_mac(&again, h->mac);
	MUST(again.len == h->len && memcmp(again.p, bytes, h->len) == 0);
}

static void as_file(const uint8_t *bytes, size_t len)
{
	static struct age_header h;
	struct age_open *o = NULL;
	struct age_keys *k;
	struct err e = { 0, "" };
	uint8_t to[AGE_OPEN_ROOM(20000)];
	size_t at, n;

	if (age_header_parse(bytes, len, &h, &e) == 0)
		write_again(&h, bytes);
	else
		MUST(e.msg[0] != '\0');
	MUST(age_keys_new(&k, &e) == 0);
	MUST(age_keys_add_file(k, (const uint8_t *)identity, sizeof(identity) - 1, &e) == 0);
	MUST(age_keys_add_passphrase(k, "password", 8, &e) == 0);
	if (age_open_new(bytes, len, k, 8, &o, &at, &e) == AGE_OK) {
		MUST(at <= len);
		while (at < len && age_open_put(o, bytes + at, MIN(len - at, 20000), to, &n) == AGE_OK)
			at += MIN(len - at, 20000);
		if (at == len)
			(void)age_open_end(o, to, &n);
	}
	age_open_free(o);
	age_keys_free(k);
}

static void as_armor(const uint8_t *bytes, size_t len)
{
	struct age_armor whole = { 0 }, split = { 0 };
	AUTO(buf_clear) struct buf one = BUF_INIT(1024 * 1024), two = BUF_INIT(1024 * 1024);
	const size_t half = len / 2;
	size_t n, m;
	bool is_whole, is_split;

	MUST(buf_room(&one, len + 48) != NULL && buf_room(&two, len + 96) != NULL);
	is_whole = age_armor_put(&whole, bytes, len, one.p, &n) && age_armor_end(&whole);
	is_split = age_armor_put(&split, bytes, half, two.p, &m);
	if (is_split) {
		buf_grew(&two, m);
		is_split = age_armor_put(&split, bytes + half, len - half, two.p + two.len, &m) &&
			age_armor_end(&split);
		buf_grew(&two, m);
	}
	MUST(is_whole == is_split);
	MUST(!is_whole || (n == two.len && memcmp(one.p, two.p, n) == 0 && age_armor_is(bytes, len)));
}

static void as_keys(const uint8_t *bytes, size_t len)
{
	struct age_recipient r, several[4];
	char text[AGE_RECIPIENT_SIZE];
	struct age_keys *k;
	struct err e;
	size_t n;

	if (age_recipient_parse((const char *)bytes, len, &r, &e) == 0) {
		age_recipient_text(&r, text);
		MUST(len == AGE_RECIPIENT_SIZE - 1 && memcmp(text, bytes, len) == 0);
	}
	if (age_recipients_parse(bytes, len, COUNT(several), several, &n, &e) == 0)
		MUST(n > 0 && n <= COUNT(several));
	MUST(age_keys_new(&k, &e) == 0);
	if (age_keys_add_file(k, bytes, len, &e) == 0)
		MUST(age_keys_count(k) > 0);
	else
		MUST(age_keys_count(k) == 0);
	age_keys_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	as_file(bytes, len);
	as_armor(bytes, len);
	as_keys(bytes, len);
	return 0;
}
