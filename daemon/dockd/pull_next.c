#include "base/util.h"
#include "pull.h"

static const char *const names[PULL_STATES] = {
	[PULL_SIDECAR] = "sidecar",	[PULL_PROBE] = "probe",		[PULL_ASK] = "ask",
	[PULL_RESUME] = "resume",	[PULL_CONTENT] = "content",	[PULL_SEAL] = "seal",		[PULL_DIGEST] = "digest",
	[PULL_KEEP] = "keep",		[PULL_SIGN] = "sign",		[PULL_RECORD] = "record",
	[PULL_PAUSE] = "pause",		[PULL_END] = "end",
};

const char *pull_state_name(enum pull_state s)
{
	return names[s];
}

/*
 * A file that cannot be read still has a sidecar to keep and a finding to
 * record, so it goes to `keep`; so does one that is known, whose manifest this
 * session saw all the same.  After a pause, what is sealed is not read again.
 */
enum pull_state pull_next(enum pull_state s, enum pull_event event)
{
	static const struct { enum pull_state ok, skip, local; } moves[PULL_STATES] = {
		[PULL_SIDECAR]	= { PULL_PROBE,   PULL_PROBE,  PULL_END },
		[PULL_PROBE]	= { PULL_ASK,     PULL_KEEP,   PULL_KEEP },
		[PULL_ASK]	= { PULL_RESUME,  PULL_KEEP,   PULL_END },
		[PULL_RESUME]	= { PULL_CONTENT, PULL_SEAL,   PULL_END },
		[PULL_CONTENT]	= { PULL_SEAL,    PULL_SEAL,   PULL_KEEP },
		[PULL_SEAL]	= { PULL_DIGEST,  PULL_END,    PULL_END },
		[PULL_DIGEST]	= { PULL_KEEP,    PULL_KEEP,   PULL_END },
		[PULL_KEEP]	= { PULL_SIGN,    PULL_SIGN,   PULL_END },
		[PULL_SIGN]	= { PULL_RECORD,  PULL_RECORD, PULL_END },
		[PULL_RECORD]	= { PULL_END,     PULL_END,    PULL_END },
		[PULL_PAUSE]	= { PULL_RESUME,  PULL_DIGEST, PULL_END },
		[PULL_END]	= { PULL_END,     PULL_END,    PULL_END },
	};

	if ((unsigned)s >= PULL_STATES)
		BUG("pull: no state %d", (int)s);
	switch (event) {
	case PULL_OK:		return moves[s].ok;
	case PULL_SKIP:		return moves[s].skip;
	case PULL_LOCAL:	return moves[s].local;
	case PULL_NO_ROOM:	return PULL_PAUSE;
	case PULL_STOP:		return PULL_END;
	case PULL_WAIT:		break;
	}
	BUG("pull: no event %d in state %s", (int)event, names[s]);
}
