/* docs/REGULATION.md: each article, what it demands and which rules answer it, in both languages. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl.h"

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static bool given(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL || json_is_null(v))
		return false;
	return !((json_is_array(v) && json_array_size(v) == 0) ||
		 (json_is_object(v) && json_object_size(v) == 0));
}

/* Texts of both languages, between words that say how they hang together. */
static void print_pairs(FILE *to, const json_t *pairs, const char *between)
{
	const json_t *pair;
	size_t i;

	json_array_foreach(pairs, i, pair)
		fprintf(to, "%s%s (%s)", i == 0 ? "" : between, str(pair, "zh"), str(pair, "en"));
}

static void print_words(FILE *to, const json_t *list)
{
	const json_t *w;
	size_t i;

	json_array_foreach(list, i, w)
		fprintf(to, "%s`%s`", i == 0 ? "" : ", ", json_string_value(w));
}

static void print_facts(FILE *to, const char *what, const json_t *o, const char *key)
{
	char *facts;

	if (!given(o, key))
		return;
	facts = json_dumps(json_object_get(o, key), JSON_SORT_KEYS);
	fprintf(to, "  - %s: `%s`\n", what, facts == NULL ? "?" : facts);
	free(facts);
}

static void print_documents(FILE *to, const json_t *q)
{
	const json_t *list;
	size_t i;

	if (given(q, "documents")) {
		fputs("  - documents: ", to);
		json_array_foreach(json_object_get(q, "documents"), i, list) {
			fputs(i == 0 ? "" : "; ", to);
			print_pairs(to, list, " or ");
		}
		fputc('\n', to);
	}
	if (given(q, "fields")) {
		fputs("  - that say: ", to);
		print_pairs(to, json_object_get(q, "fields"), ", ");
		fputc('\n', to);
	}
	if (given(q, "signers")) {
		fputs("  - signed by: ", to);
		print_words(to, json_object_get(q, "signers"));
		fputc('\n', to);
	}
}

static void print_requirement(FILE *to, const json_t *q)
{
	fprintf(to, "- **`%s`** (%s", str(q, "code"), str(q, "severity"));
	if (strcmp(str(q, "av"), "none") != 0)
		fprintf(to, ", AV %s", str(q, "av"));
	fprintf(to, "): %s %s\n", str(q, "text_zh"), str(q, "text_en"));
	if (given(q, "kinds")) {
		fputs("  - cases of kind: ", to);
		print_words(to, json_object_get(q, "kinds"));
		fputc('\n', to);
	}
	if (given(q, "steps")) {
		fputs("  - of each: ", to);
		print_pairs(to, json_object_get(q, "steps"), ", ");
		fputc('\n', to);
	}
	print_facts(to, "when", q, "condition");
	print_documents(to, q);
	if (given(q, "event"))
		fprintf(to, "  - %sevent `%s`\n", given(q, "documents") ? "or: " : "", str(q, "event"));
	print_facts(to, "has to be so", q, "demands");
	if (given(q, "deadline"))
		fprintf(to, "  - within %s of %s\n", str(q, "deadline"),
			given(q, "deadline_from") ? str(q, "deadline_from") : "the action's end");
	if (given(q, "finding"))
		fprintf(to, "  - found as `%s`\n", str(q, "finding"));
}

static void print_finding(FILE *to, const json_t *f)
{
	fprintf(to, "- **`%s`** (%s): %s %s\n", str(f, "code"), str(f, "severity"), str(f, "text_zh"),
		str(f, "text_en"));
	print_facts(to, "limits", f, "parameters");
	fprintf(to, "  - next: %s %s\n", str(f, "next_step_zh"), str(f, "next_step_en"));
}

static void print_article(FILE *to, const json_t *a)
{
	const json_t *row;
	size_t i;

	fprintf(to, "\n## Article %lld\n\n%s\n%s\n\n", json_integer_value(json_object_get(a, "article")),
		str(a, "demand_zh"), str(a, "demand_en"));
	fprintf(to, "*Answer.* %s\n%s\n", str(a, "answer_zh"), str(a, "answer_en"));
	if (given(a, "requirements"))
		fputs("\nRequirements:\n\n", to);
	json_array_foreach(json_object_get(a, "requirements"), i, row)
		print_requirement(to, row);
	if (given(a, "findings"))
		fputs("\nFindings:\n\n", to);
	json_array_foreach(json_object_get(a, "findings"), i, row)
		print_finding(to, row);
	if (given(a, "commands"))
		fputs("\nCommands: ", to);
	json_array_foreach(json_object_get(a, "commands"), i, row)
		fprintf(to, "%s`vaultctl %s`", i == 0 ? "" : ", ", json_string_value(row));
	if (given(a, "commands"))
		fputc('\n', to);
}

void regulation_print(FILE *to, const json_t *articles)
{
	const json_t *a;
	size_t i;

	fputs("# The regulation, article by article\n\n"
	      "Made of the rules in the catalog by `make regulation`; change the rules, not this page.\n"
	      "A requirement is a row of the checklists, held against the facts of a case and of its\n"
	      "actions; a finding is what is raised, and cites the words of its day (RULES.md).\n"
	      "Of documents parted by \"or\" one is enough; of signers, too, where `|` parts them.\n", to);
	json_array_foreach(articles, i, a)
		print_article(to, a);
}
