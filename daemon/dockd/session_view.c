/* The session as people see it. */
#include <stdio.h>

#include "session_impl.h"

const char *session_outcome_name(enum session_outcome o)
{
	switch (o) {
	case OUTCOME_NONE:
		break;
	case OUTCOME_RELEASED:
		return "released";
	case OUTCOME_INTERRUPTED:
		return "interrupted";
	case OUTCOME_REFUSED:
		return "refused";
	case OUTCOME_FAULT:
		return "fault";
	}
	return NULL;
}

static const char *paused(const struct session *s)
{
	const char *why = s->ledger != NULL ? ledger_paused(s->ledger) : NULL;

	if (why == NULL && s->pull != NULL)
		why = pull_paused(s->pull);
	return why;
}

static enum slot_state over(const struct session *s)
{
	switch (s->outcome) {
	case OUTCOME_RELEASED:
		return SLOT_SAFE;
	case OUTCOME_REFUSED:
		return SLOT_REFUSED;
	case OUTCOME_NONE:
	case OUTCOME_INTERRUPTED:
	case OUTCOME_FAULT:
		break;
	}
	return SLOT_FAULT;
}

static enum slot_state slot_state(const struct session *s)
{
	if (paused(s) != NULL)
		return SLOT_PAUSED;
	if (s->state < SESSION_LIST)
		return SLOT_IDENTIFYING;
	if (s->state < SESSION_REPORT)
		return SLOT_READING;
	return s->state < SESSION_DONE ? SLOT_RECORDING : over(s);
}

static void say_note(const struct session *s, bool recorded, char *note, size_t size)
{
	const char *why = paused(s);

	if (why == NULL)
		why = s->reason;
	if (s->state == SESSION_DONE && s->outcome == OUTCOME_RELEASED && !recorded)
		snprintf(note, size, "stored, not yet recorded: the catalog is away%s%.180s",
			 why[0] != '\0' ? "; " : "", why);
	else
		snprintf(note, size, "%.230s", why);
}

void session_view(const struct session *s, struct slot_view *ret)
{
	/* What was away when the session ended may have come since. */
	const bool recorded = s->recorded ||
		(s->state == SESSION_DONE && !s->lost &&
		 !clerk_pending(s->job.parts->clerk, s->id));

	*ret = (struct slot_view){
		.slot = s->job.slot, .port = s->info.port, .state = slot_state(s),
		.usb = s->import == NULL ? &s->info : NULL, .session = s->id, .recorder = s->recorder.id,
		.files_done = s->at, .files_total = s->n_items,
		.bytes_done = s->bytes_done + (s->pull != NULL ? pull_bytes(s->pull) : 0),
		.bytes_total = s->bytes_total,
		.outcome = s->state == SESSION_DONE ? session_outcome_name(s->outcome) : NULL,
		.recorded = recorded,
	};
	say_note(s, recorded, ret->note, sizeof(ret->note));
}
