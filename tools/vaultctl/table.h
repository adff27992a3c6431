/*
 * A JSON array of objects as a table for people, or as CSV.
 *
 * Nothing in either is a control character (text_shown); a table's cells are cut
 * at CELL_MAX bytes, those of CSV never.
 *
 * CSV is RFC 4180 with a UTF-8 byte order mark; a cell that a spreadsheet would
 * run as a formula (= + - @, also in full width) gets an apostrophe in front.
 */
#ifndef VAULTCTL_TABLE_H
#define VAULTCTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "text.h"

enum { CELL_MAX = 512, TABLE_COLUMNS_MAX = 24 };

enum cell {
	CELL_TEXT,		/* as it is; null: "-" */
	CELL_WORD,		/* through word() */
	CELL_NUMBER,		/* right-aligned */
	CELL_BYTES,		/* 1.5 MiB */
	CELL_MOMENT,		/* RFC 3339 UTC -> Shanghai wall clock */
	CELL_DURATION,		/* milliseconds -> 1:02:03 */
	CELL_ARTICLE,		/* Art. 12 */
	CELL_SHORT,		/* its first 8 characters: an address or a UUID */
	CELL_PERCENT,		/* 80 % */
	CELL_OFFSET,		/* milliseconds, with their sign -> -1.5 s, +1:02:03 */
	CELL_LIST,		/* its texts in one line; none: "-" */
};

struct column {
	enum text_id head;
	const char *key;	/* "a.b" looks into an object */
	enum cell cell;
};

void table_print(FILE *to, const json_t *rows, const struct column *columns, size_t n);

/* The same of texts that somebody else has: cell(data, row, head.column, buf) returns one. */
struct table_head {
	const char *text;
	size_t column;
	bool right;			/* aligned */
};
void table_texts(FILE *to, const struct table_head *heads, size_t n, size_t n_rows,
		 const char *(*cell)(void *data, size_t row, size_t column, char ret[CELL_MAX]), void *data);

/* Heads are the keys, values raw: stable for programs. */
void table_csv(FILE *to, const json_t *rows, const struct column *columns, size_t n);

/* One cell's text for people; returns ret. */
const char *cell_text(const json_t *row, const struct column *c, char ret[CELL_MAX]);

/* Helpers for sentences. */
const char *bytes_text(long long bytes, char ret[32]);
const char *duration_text(long long ms, char ret[32]);
const char *offset_text(long long ms, char ret[32]);

#endif
