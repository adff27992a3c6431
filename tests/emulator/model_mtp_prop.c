/* Object properties (MTP 1.1, appendix B): one table, from which all that is said of them comes. */
#include "base/util.h"
#include "emulator/model_mtp.h"

enum {
	STORAGE_ID = 0xdc01, OBJECT_FORMAT = 0xdc02, PROTECTION = 0xdc03, OBJECT_SIZE = 0xdc04,
	FILE_NAME = 0xdc07, DATE_CREATED = 0xdc08, DATE_MODIFIED = 0xdc09, PARENT = 0xdc0b,
	PERSISTENT_ID = 0xdc41, NAME = 0xdc44,
	UINT16 = 0x0004, UINT32 = 0x0006, UINT64 = 0x0008, UINT128 = 0x000a, TEXT = 0xffff,
	GROUP_FACTS = 1, GROUP_NAMES = 2,
};

static const struct property { uint16_t code, type; uint8_t group; } properties[] = {
	{ STORAGE_ID, UINT32, GROUP_FACTS },	{ OBJECT_FORMAT, UINT16, GROUP_FACTS },
	{ PROTECTION, UINT16, GROUP_FACTS },	{ OBJECT_SIZE, UINT64, GROUP_FACTS },
	{ FILE_NAME, TEXT, GROUP_NAMES },	{ DATE_CREATED, TEXT, GROUP_NAMES },
	{ DATE_MODIFIED, TEXT, GROUP_NAMES },	{ PARENT, UINT32, GROUP_FACTS },
	{ PERSISTENT_ID, UINT128, GROUP_FACTS }, { NAME, TEXT, GROUP_NAMES },
};

static const struct property *find(uint32_t code)
{
	size_t i;

	for (i = 0; i < COUNT(properties); i++)
		if (properties[i].code == code)
			return &properties[i];
	return NULL;
}

bool resp_is_object_property(uint32_t code)
{
	return find(code) != NULL;
}

bool resp_is_property_group(uint32_t group)
{
	return group == GROUP_FACTS || group == GROUP_NAMES;
}

void resp_object_properties(struct model *m)
{
	size_t i;

	resp_add_count(m, COUNT(properties));
	for (i = 0; i < COUNT(properties); i++)
		resp_add16(m, properties[i].code);
}

/* What a property is before anybody set it. */
static void add_default(struct model *m, const struct property *p, uint16_t format)
{
	switch (p->type) {
	case UINT16:	resp_add16(m, p->code == OBJECT_FORMAT ? format : 0); break;
	case UINT32:	resp_add32(m, 0); break;
	case UINT64:	resp_add64(m, 0); break;
	case UINT128:	resp_add64(m, 0); resp_add64(m, 0); break;
	default:	resp_add_text(m, ""); break;
	}
}

bool resp_object_property_desc(struct model *m, uint32_t code, uint16_t format)
{
	const struct property *p = find(code);

	if (p == NULL)
		return false;
	resp_add16(m, p->code);
	resp_add16(m, p->type);
	resp_add8(m, 0);		/* get only */
	add_default(m, p, format);
	resp_add32(m, p->group);
	resp_add8(m, 0);		/* of no form */
	return true;
}

static void add_value(struct model *m, const struct resp_object *o, uint16_t code)
{
	char time[16];

	switch (code) {
	case STORAGE_ID:	resp_add32(m, MTP_STORAGE); break;
	case OBJECT_FORMAT:	resp_add16(m, o->format); break;
	case PROTECTION:	resp_add16(m, m->c.faults.writable ? 0 : 1); break;
	case OBJECT_SIZE:	resp_add64(m, o->size); break;
	case PARENT:		resp_add32(m, o->parent); break;
	case PERSISTENT_ID:	resp_add64(m, o->handle); resp_add64(m, MTP_STORAGE); break;
	case FILE_NAME:
	case NAME:		resp_add_text(m, o->name); break;
	default:
		resp_format_time(o->modified, time);
		resp_add_text(m, time);
		break;
	}
}

bool resp_object_property(struct model *m, const struct resp_object *o, uint32_t code)
{
	if (find(code) == NULL)
		return false;
	add_value(m, o, (uint16_t)code);
	return true;
}

unsigned resp_object_property_list(struct model *m, const struct resp_object *o, uint32_t code,
				   uint32_t group)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < COUNT(properties); i++) {
		const struct property *p = &properties[i];

		if (code == 0 ? p->group != group : code != MTP_ALL && p->code != code)
			continue;
		resp_add32(m, o->handle);
		resp_add16(m, p->code);
		resp_add16(m, p->type);
		add_value(m, o, p->code);
		n++;
	}
	return n;
}
