/*
 * Linked into every program that is built with AddressSanitizer: what it finds is written to the
 * folder that a runner of tests names, for the program's standard error may go anywhere.
 *
 * Not by log_path in ASAN_OPTIONS, which is looked at so early that umockdev's preload crashes.
 */
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) void reports_to_folder(void);

void reports_to_folder(void)
{
	const char *folder = getenv("SANITIZER_REPORTS");
	char path[4096];

	if (folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/report", folder);
	__sanitizer_set_report_path(path);
}
