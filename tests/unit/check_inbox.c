/* What names in the watched folder say (format/inbox.h). */
#include <string.h>

#include "base/util.h"
#include "format/inbox.h"
#include "unit/suite.h"

#define TEXT32	"0123456789abcdef0123456789ABCDEF"

static const struct { const char *name; enum inbox_kind kind; const char *id; } folders[] = {
	{ "C-2026-7", INBOX_CASE, "C-2026-7" }, { "a", INBOX_CASE, "a" }, { TEXT32, INBOX_CASE, TEXT32 },
	{ TEXT32 "0", INBOX_NONE, "" }, { "", INBOX_NONE, "" }, { "C 7", INBOX_NONE, "" },
	{ "案件", INBOX_NONE, "" }, { "C\n7", INBOX_NONE, "" }, { "a/b", INBOX_NONE, "" },
	{ "unsorted", INBOX_UNSORTED, "" }, { "Unsorted", INBOX_CASE, "Unsorted" },
	{ "unsorted2", INBOX_CASE, "unsorted2" }, { "unsort", INBOX_CASE, "unsort" },
	{ "camera-hall-1", INBOX_CAMERA, "hall-1" }, { "camera-", INBOX_NONE, "" },
	{ "camera", INBOX_CASE, "camera" }, { "camera-" TEXT32, INBOX_CAMERA, TEXT32 },
	{ "camera-" TEXT32 "0", INBOX_NONE, "" }, { "camera-\xff", INBOX_NONE, "" },
	{ ".done", INBOX_OURS, "" }, { ".", INBOX_OURS, "" }, { "..", INBOX_OURS, "" }, { ".C-7", INBOX_OURS, "" },
};

START_TEST(tells_folders_apart)
{
	const char *name = folders[_i].name;
	struct inbox_folder f = inbox_folder((const uint8_t *)name, strlen(name));

	ck_assert_msg(f.kind == folders[_i].kind, "%s: %d", name, (int)f.kind);
	ck_assert_str_eq(f.id, folders[_i].id);
}
END_TEST

static const struct { const char *name; bool partial; } files[] = {
	{ "a.mp4", false }, { "a.mp4.part", true }, { "a.PART", true }, { ".part", true }, { "part", false },
	{ ".a.mp4.Xk2", true }, { "~$a.docx", true }, { "a.tmp", true }, { "a.tmp.mp4", false }, { "", false },
	{ "a.crdownload", true }, { "apart", false }, { "a.partial", true },
};

START_TEST(leaves_what_is_not_there_yet)
{
	const char *name = files[_i].name;

	ck_assert_msg(inbox_is_partial((const uint8_t *)name, strlen(name)) == files[_i].partial, "%s", name);
}
END_TEST

START_TEST(a_nul_is_no_letter)
{
	ck_assert_int_eq(inbox_folder((const uint8_t *)"C\0007", 3).kind, INBOX_NONE);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, tells_folders_apart, 0, (int)COUNT(folders));
	tcase_add_loop_test(tc, leaves_what_is_not_there_yet, 0, (int)COUNT(files));
	tcase_add_test(tc, a_nul_is_no_letter);
}

int main(void)
{
	return suite_main("inbox", fill);
}
