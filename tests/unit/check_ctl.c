#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/ctl.h"

enum { ARGUMENTS_MAX = 8 };

static size_t count(char *const *argv)
{
	size_t n = 0;

	while (n < ARGUMENTS_MAX && argv[n] != NULL)
		n++;
	return n;
}

/* A command with one word that must be there, one that may, an option and a switch. */
static const struct {
	const char *argv[ARGUMENTS_MAX];
	int r;
	const char *words[2], *from, *config;
	bool dry, json;
} lines[] = {
	{ { "A" }, EXIT_GOOD, { "A" }, NULL, "preset", false, false },
	{ { "A", "B" }, EXIT_GOOD, { "A", "B" }, NULL, "preset", false, false },
	{ { "--from", "x", "A" }, EXIT_GOOD, { "A" }, "x", "preset", false, false },
	{ { "A", "--from=x" }, EXIT_GOOD, { "A" }, "x", "preset", false, false },
	{ { "A", "--from=" }, EXIT_GOOD, { "A" }, "", "preset", false, false },
	{ { "A", "--from=a=b" }, EXIT_GOOD, { "A" }, "a=b", "preset", false, false },
	{ { "A", "--from", "--dry" }, EXIT_GOOD, { "A" }, "--dry", "preset", false, false },
	{ { "A", "--from", "1", "--from", "2" }, EXIT_GOOD, { "A" }, "2", "preset", false, false },
	{ { "--json", "A", "--dry" }, EXIT_GOOD, { "A" }, NULL, "preset", true, true },
	{ { "A", "--config", "c", "--lang", "en" }, EXIT_GOOD, { "A" }, NULL, "c", false, false },
	{ { "A", "--config=c", "--lang=en" }, EXIT_GOOD, { "A" }, NULL, "c", false, false },
	{ { "" }, EXIT_GOOD, { "" }, NULL, "preset", false, false },
	{ { "-x" }, EXIT_GOOD, { "-x" }, NULL, "preset", false, false },
	{ { NULL }, EXIT_USAGE, { NULL }, NULL, "preset", false, false },
	{ { "A", "B", "C" }, EXIT_USAGE, { "A", "B" }, NULL, "preset", false, false },
	{ { "A", "--from" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--lang" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--fro", "x" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--fromx=1" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--dry=yes" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--json=yes" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--" }, EXIT_USAGE, { "A" }, NULL, "preset", false, false },
	{ { "A", "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	  EXIT_USAGE, { "A" }, NULL, "preset", false, false },
};

static void same(const char *is, const char *should)
{
	ck_assert_msg((is == NULL) == (should == NULL) && (is == NULL || strcmp(is, should) == 0),
		      "\"%s\" instead of \"%s\"", is == NULL ? "(null)" : is,
		      should == NULL ? "(null)" : should);
}

START_TEST(arguments_are_read_or_refused)
{
	static const char *const names[] = { "FIRST", "SECOND" };
	const char *from = NULL, *words[2] = { NULL };
	bool dry = false;
	const struct option_spec options[] = { { "--from", &from, NULL }, { "--dry", NULL, &dry } };
	struct ctl c = { .conf_path = "preset" };
	char *argv[ARGUMENTS_MAX];

	memcpy(argv, lines[_i].argv, sizeof(argv));
	ck_assert_int_eq(ctl_arguments(&c, (int)count(argv), argv, options, COUNT(options), words,
				       names, 1, COUNT(words)), lines[_i].r);
	if (lines[_i].r != EXIT_GOOD)
		return;
	same(words[0], lines[_i].words[0]);
	same(words[1], lines[_i].words[1]);
	same(from, lines[_i].from);
	same(c.conf_path, lines[_i].config);
	ck_assert(dry == lines[_i].dry);
	ck_assert(c.json == lines[_i].json);
}
END_TEST

static const struct { const char *argv[ARGUMENTS_MAX], *locale; int r; enum lang lang; } langs[] = {
	{ { NULL }, "", EXIT_GOOD, LANG_ZH },
	{ { NULL }, "de_DE.UTF-8", EXIT_GOOD, LANG_ZH },
	{ { NULL }, "en_GB.UTF-8", EXIT_GOOD, LANG_EN },
	{ { "report", "--lang", "zh" }, "en_GB.UTF-8", EXIT_GOOD, LANG_ZH },
	{ { "--lang=en", "help" }, "zh_CN.UTF-8", EXIT_GOOD, LANG_EN },
	{ { "--lang", "zh", "x", "--lang=en" }, "", EXIT_GOOD, LANG_EN },
	{ { "--lang" }, "", EXIT_GOOD, LANG_ZH },	/* ctl_arguments() says what is missing */
	{ { "--lang", "fr" }, "", EXIT_USAGE, LANG_ZH },
	{ { "--lang=" }, "", EXIT_USAGE, LANG_ZH },
	{ { "--lang=english" }, "", EXIT_USAGE, LANG_ZH },
};

START_TEST(the_language_is_known_first)
{
	char *argv[ARGUMENTS_MAX];

	memcpy(argv, langs[_i].argv, sizeof(argv));
	setenv("LC_ALL", langs[_i].locale, 1);
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	text_language(LANG_ZH);
	ck_assert_int_eq(ctl_language((int)count(argv), argv), langs[_i].r);
	ck_assert_int_eq(text_language_now(), langs[_i].lang);
}
END_TEST

static const struct { const char *from, *to; int r; } periods[] = {
	{ NULL, NULL, EXIT_GOOD },
	{ "2026-11-23", NULL, EXIT_GOOD },
	{ NULL, "2026-11-23", EXIT_GOOD },
	{ "2026-11-23", "2026-11-23", EXIT_GOOD },
	{ "2025-12-31", "2026-01-01", EXIT_GOOD },
	{ "2024-02-29", NULL, EXIT_GOOD },
	{ "2026-11-24", "2026-11-23", EXIT_USAGE },
	{ "2026-02-29", NULL, EXIT_USAGE },
	{ "2026-11-31", NULL, EXIT_USAGE },
	{ NULL, "2026-13-01", EXIT_USAGE },
	{ "1999-12-31", NULL, EXIT_USAGE },
	{ "2026-1-1", NULL, EXIT_USAGE },
	{ "2026-11-23T14:30", NULL, EXIT_USAGE },
	{ "infinity", NULL, EXIT_USAGE },	/* a date to PostgreSQL */
	{ "yesterday", NULL, EXIT_USAGE },
	{ "", NULL, EXIT_USAGE },
};

START_TEST(a_period_is_whole_days)
{
	ck_assert_int_eq(ctl_check_period(periods[_i].from, periods[_i].to), periods[_i].r);
}
END_TEST

static const struct { const char *s; bool is; } uuids[] = {
	{ "0190f3c2-7b1e-8000-9c3d-0123456789ab", true },
	{ "0190F3C2-7B1E-8000-9C3D-0123456789AB", true },
	{ "0190f3c2-7b1e-8000-9c3d-0123456789a", false },
	{ "0190f3c2-7b1e-8000-9c3d-0123456789abc", false },
	{ "0190f3c2-7b1e-8000-9c3d-0123456789ag", false },
	{ "0190f3c27-b1e-8000-9c3d-0123456789ab", false },
	{ "------------------------------------", false },
	{ "{190f3c2-7b1e-8000-9c3d-0123456789a}", false },
	{ "", false },
};

START_TEST(a_uuid_has_one_shape)
{
	ck_assert(ctl_is_uuid(uuids[_i].s) == uuids[_i].is);
}
END_TEST

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct { const char *s, *vid, *pid, *serial; } identities[] = {
	{ "1d6b:0104", "7531", "260", "" },
	{ "FFFF:0000", "65535", "0", "" },
	{ "1d6b:0104:SN 1:2", "7531", "260", "SN 1:2" },
	{ "1d6b:0104:" X63 "x" X63, "7531", "260", X63 "x" X63 },
	{ "1d6b:0104:" X63 "xx" X63, NULL, NULL, NULL },	/* 128 bytes */
	{ "1d6b:0104:", NULL, NULL, NULL },	/* any serial is said by saying none */
	{ "1d6b:104", NULL, NULL, NULL },
	{ "1d6b:01040", NULL, NULL, NULL },
	{ "1d6b0104", NULL, NULL, NULL },
	{ "0x1d:0104", NULL, NULL, NULL },
	{ "-123:0104", NULL, NULL, NULL },
	{ " 123:0104", NULL, NULL, NULL },
	{ "1d6b: 104", NULL, NULL, NULL },
	{ "1d6g:0104", NULL, NULL, NULL },
	{ "1d6b", NULL, NULL, NULL },
	{ "1d6b:", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
};

START_TEST(a_usb_identity_is_digits_and_a_serial)
{
	struct usb_identity id = { .vid = "" };

	ck_assert(usb_identity_parse(identities[_i].s, &id) == (identities[_i].vid != NULL));
	if (identities[_i].vid == NULL)
		return;
	ck_assert_str_eq(id.vid, identities[_i].vid);
	ck_assert_str_eq(id.pid, identities[_i].pid);
	ck_assert_str_eq(id.serial, identities[_i].serial);
}
END_TEST

static const struct { const char *s, *id; } key_ids[] = {
	{ "0123456789ABCDEF", "0123456789ABCDEF" },
	{ "123456789abcdef", "0123456789ABCDEF" },	/* as minisign prints that one */
	{ "0", "0000000000000000" },
	{ "FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF" },
	{ "00123456789ABCDEF", NULL },
	{ "0x12", NULL },
	{ "-1", NULL },
	{ " 1", NULL },
	{ "", NULL },
};

START_TEST(a_key_id_may_lack_its_zeros)
{
	char id[17];

	ck_assert(key_id_parse(key_ids[_i].s, id) == (key_ids[_i].id != NULL));
	if (key_ids[_i].id != NULL)
		ck_assert_str_eq(id, key_ids[_i].id);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, arguments_are_read_or_refused, 0, (int)COUNT(lines));
	tcase_add_loop_test(tc, the_language_is_known_first, 0, (int)COUNT(langs));
	tcase_add_loop_test(tc, a_period_is_whole_days, 0, (int)COUNT(periods));
	tcase_add_loop_test(tc, a_uuid_has_one_shape, 0, (int)COUNT(uuids));
	tcase_add_loop_test(tc, a_usb_identity_is_digits_and_a_serial, 0, (int)COUNT(identities));
	tcase_add_loop_test(tc, a_key_id_may_lack_its_zeros, 0, (int)COUNT(key_ids));
}

int main(void)
{
	/* What is refused is said there, as it should be; here it would only hide failures. */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return EXIT_FAILURE;
	return suite_main("ctl", fill);
}
