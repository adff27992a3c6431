/* The operations of the MTP responder, one function each, and which of them a device knows. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "emulator/model_mtp.h"

enum { SEND_OBJECT = 0x100d, INFO_NAME_AT = 52 };

static enum resp_response answer(struct model *m, uint32_t n)
{
	m->mtp->answers[m->mtp->n_answers++] = n;
	return MTP_OK;
}

/* ------ device, session ------ */

static enum resp_response get_device_info(struct model *m)
{
	resp_device_info(m);
	return MTP_OK;
}

static enum resp_response open_session(struct model *m)
{
	struct model_mtp *mtp = m->mtp;

	if (mtp->session) {
		answer(m, mtp->session_id);
		return MTP_SESSION_OPEN;
	}
	if (mtp->params[0] == 0)
		return MTP_INVALID_PARAMETER;
	if (mtp->tid != 0)
		return MTP_INVALID_TRANSACTION;
	mtp->session = true;
	mtp->session_id = mtp->params[0];
	mtp->last_tid = 0;
	return MTP_OK;
}

static enum resp_response close_session(struct model *m)
{
	resp_break_promise(m);
	m->mtp->session = false;
	return MTP_OK;
}

enum resp_response resp_unlock(struct model *m)
{
	const struct model_unlock *u = &m->c.unlock;

	return m->mtp->n_params == u->n_params &&
	       memcmp(m->mtp->params, u->params, u->n_params * sizeof(u->params[0])) == 0 ?
	       MTP_OK : MTP_INVALID_PARAMETER;
}

/* ------ storage, objects ------ */

static enum resp_response get_storage_ids(struct model *m)
{
	resp_add_count(m, m->mtp->removed ? 0 : 1);
	if (!m->mtp->removed)
		resp_add32(m, MTP_STORAGE);
	return MTP_OK;
}

static enum resp_response get_storage_info(struct model *m)
{
	if (m->mtp->params[0] != MTP_STORAGE)
		return MTP_INVALID_STORAGE;
	resp_storage_info(m);
	return MTP_OK;
}

static bool is_asked_for(const struct model *m, const struct resp_object *o)
{
	const uint32_t *p = m->mtp->params;	/* storage, format, parent */

	return !o->gone && (p[1] == 0 || o->format == p[1]) &&
	       (p[2] == 0 || o->parent == (p[2] == MTP_ROOT ? 0 : p[2]));
}

static enum resp_response check_asked(const struct model *m)
{
	const uint32_t *p = m->mtp->params;
	const struct resp_object *o = resp_store_find(&m->mtp->store, p[2]);

	if (p[0] != MTP_ALL && p[0] != MTP_STORAGE)
		return MTP_INVALID_STORAGE;
	if (p[1] != 0 && !resp_is_format(p[1]))
		return MTP_INVALID_FORMAT;
	if (p[2] != 0 && p[2] != MTP_ROOT && (o == NULL || o->format != MTP_FORMAT_FOLDER))
		return MTP_INVALID_PARENT;
	return MTP_OK;
}

static uint32_t count_asked(const struct model *m)
{
	const struct resp_store *s = &m->mtp->store;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		n += is_asked_for(m, &s->objects[i]);
	return n;
}

static enum resp_response get_num_objects(struct model *m)
{
	enum resp_response r = check_asked(m);

	return r != MTP_OK ? r : answer(m, count_asked(m));
}

static enum resp_response get_object_handles(struct model *m)
{
	const struct resp_store *s = &m->mtp->store;
	enum resp_response r = check_asked(m);
	size_t i;

	if (r != MTP_OK)
		return r;
	resp_add_count(m, count_asked(m));
	for (i = 0; i < s->n; i++)
		if (is_asked_for(m, &s->objects[i]))
			resp_add32(m, s->objects[i].handle);
	return MTP_OK;
}

static struct resp_object *object(const struct model *m)
{
	return resp_store_find(&m->mtp->store, m->mtp->params[0]);
}

static enum resp_response get_object_info(struct model *m)
{
	const struct resp_object *o = object(m);

	if (o == NULL)
		return MTP_INVALID_HANDLE;
	resp_object_info(m, o);
	return MTP_OK;
}

/* ------ content ------ */

static enum resp_response content(struct model *m, uint64_t offset, uint64_t max)
{
	struct model_mtp *mtp = m->mtp;
	struct resp_object *o = object(m);
	uint64_t size;

	if (o == NULL || o->format == MTP_FORMAT_FOLDER)
		return MTP_INVALID_HANDLE;
	if (++mtp->reads == m->c.faults.handle_gone) {
		o->gone = true;
		return MTP_INVALID_HANDLE;
	}
	size = o->size - (m->c.faults.size_changes && o->size > 0);
	if (offset > size)
		return MTP_INVALID_PARAMETER;
	mtp->fd = resp_store_open(&mtp->store, o);
	if (mtp->fd < 0)
		return errno == ENOENT ? MTP_INVALID_HANDLE : MTP_GENERAL_ERROR;
	mtp->at = offset;
	mtp->left = MIN(max, size - offset);
	return MTP_OK;
}

static enum resp_response get_object(struct model *m)
{
	return content(m, 0, UINT64_MAX);
}

static enum resp_response get_partial(struct model *m, uint64_t offset, uint32_t max)
{
	enum resp_response r = content(m, offset, max);

	return r != MTP_OK ? r : answer(m, (uint32_t)m->mtp->left);
}

static enum resp_response get_partial_object(struct model *m)
{
	return get_partial(m, m->mtp->params[1], m->mtp->params[2]);
}

static enum resp_response get_partial_object_64(struct model *m)
{
	const uint32_t *p = m->mtp->params;

	return get_partial(m, (uint64_t)p[2] << 32 | p[1], p[3]);
}

/* ------ properties ------ */

static enum resp_response get_object_props_supported(struct model *m)
{
	if (!resp_is_format(m->mtp->params[0]))
		return MTP_INVALID_FORMAT;
	resp_object_properties(m);
	return MTP_OK;
}

static enum resp_response get_object_prop_desc(struct model *m)
{
	const uint32_t *p = m->mtp->params;

	if (!resp_is_format(p[1]))
		return MTP_INVALID_FORMAT;
	return resp_object_property_desc(m, p[0], (uint16_t)p[1]) ?
	       MTP_OK : MTP_INVALID_OBJECT_PROPERTY;
}

static enum resp_response get_object_prop_value(struct model *m)
{
	const struct resp_object *o = object(m);

	if (o == NULL)
		return MTP_INVALID_HANDLE;
	return resp_object_property(m, o, m->mtp->params[1]) ?
	       MTP_OK : MTP_INVALID_OBJECT_PROPERTY;
}

/* Object handle, format, property, group, depth (MTP 1.1, E.2.5). */
static enum resp_response check_list(const struct model *m)
{
	const uint32_t *p = m->mtp->params;

	if (p[0] != 0 && p[0] != MTP_ALL && object(m) == NULL)
		return MTP_INVALID_HANDLE;
	if (p[1] != 0 && !resp_is_format(p[1]))
		return MTP_INVALID_FORMAT;
	if (p[2] == 0 && !resp_is_property_group(p[3]))
		return p[3] == 0 ? MTP_PARAMETER_NOT_SUPPORTED : MTP_BY_GROUP_UNSUPPORTED;
	if (p[2] != 0 && p[2] != MTP_ALL && !resp_is_object_property(p[2]))
		return MTP_INVALID_OBJECT_PROPERTY;
	return MTP_OK;
}

static bool is_listed(const struct model *m, const struct resp_object *o)
{
	const uint32_t *p = m->mtp->params;
	int depth;

	if (o->gone || (p[1] != 0 && o->format != p[1]))
		return false;
	if (p[0] == MTP_ALL)
		return true;
	depth = resp_store_depth(&m->mtp->store, o, p[0]);
	return depth >= 0 && (uint32_t)depth <= p[4];
}

static enum resp_response get_object_prop_list(struct model *m)
{
	struct model_mtp *mtp = m->mtp;
	enum resp_response r = check_list(m);
	uint32_t n = 0;
	size_t i;

	if (r != MTP_OK)
		return r;
	resp_add_count(m, 0);
	for (i = 0; i < mtp->store.n; i++)
		if (is_listed(m, &mtp->store.objects[i]))
			n += resp_object_property_list(m, &mtp->store.objects[i], mtp->params[2],
						       mtp->params[3]);
	if (!m->c.faults.array_bomb && !mtp->data.failed)
		resp_put(mtp->data.p + MTP_HEADER, n, 4);
	return MTP_OK;
}

static enum resp_response get_device_prop_desc(struct model *m)
{
	return resp_device_property(m, m->mtp->params[0], true) ?
	       MTP_OK : MTP_PROPERTY_NOT_SUPPORTED;
}

static enum resp_response get_device_prop_value(struct model *m)
{
	return resp_device_property(m, m->mtp->params[0], false) ?
	       MTP_OK : MTP_PROPERTY_NOT_SUPPORTED;
}

static int number(const char *s, int digits)
{
	int n = 0;

	for (; digits > 0; digits--, s++)
		n = n * 10 + (*s - '0');
	return n;
}

/* "YYYYMMDDThhmmss" as Shanghai's wall shows it, with or without tenths. */
static bool parse_time(const char *s, int64_t *ret)
{
	static const char shape[] = "ddddddddTdddddd";
	char again[16];
	int i;

	for (i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	if (s[15] != '\0' && (s[15] != '.' || s[16] < '0' || s[16] > '9' || s[17] != '\0'))
		return false;
	*ret = (utc_from_civil(number(s, 4), number(s + 4, 2), number(s + 6, 2), number(s + 9, 2),
			       number(s + 11, 2), number(s + 13, 2)) - UTC_SHANGHAI_MS) / 1000;
	resp_format_time(*ret, again);
	return strncmp(s, again, 15) == 0;
}

static enum resp_response set_device_prop_value(struct model *m)
{
	struct model_mtp *mtp = m->mtp;
	const uint8_t *p = mtp->data.p;
	size_t left = mtp->data.len;
	char text[4 * MTP_TEXT_MAX];
	int64_t time;

	if (mtp->params[0] == MTP_BATTERY)
		return MTP_ACCESS_DENIED;
	if (mtp->params[0] != MTP_DATE_TIME)
		return MTP_PROPERTY_NOT_SUPPORTED;
	if (m->c.faults.no_clock_set)
		return MTP_ACCESS_DENIED;
	if (!resp_get_text(&p, &left, text) || left > 0)
		return MTP_INVALID_PROPERTY_FORMAT;
	if (!parse_time(text, &time))
		return MTP_INVALID_PROPERTY_VALUE;
	mtp->clock_offset += time - resp_now(m);
	return MTP_OK;
}

/* ------ what changes the folder ------ */

static enum resp_response delete_object(struct model *m)
{
	struct resp_object *o = object(m);

	if (m->mtp->params[0] == MTP_ALL)
		return MTP_PARAMETER_NOT_SUPPORTED;
	if (o == NULL)
		return MTP_INVALID_HANDLE;
	if (m->c.faults.no_delete)
		return MTP_WRITE_PROTECTED;
	return resp_store_delete(&m->mtp->store, o) ? MTP_OK : MTP_PARTIAL_DELETION;
}

void resp_break_promise(struct model *m)
{
	struct model_mtp *mtp = m->mtp;
	struct resp_object *o = resp_store_find(&mtp->store, mtp->promised);

	if (mtp->promised_fd >= 0) {
		close(mtp->promised_fd);
		mtp->promised_fd = -1;
		if (o != NULL)
			resp_store_delete(&mtp->store, o);
	}
	mtp->promised = 0;
}

static enum resp_response send_object_info(struct model *m)
{
	struct model_mtp *mtp = m->mtp;
	uint32_t storage = mtp->params[0], parent = mtp->params[1];
	const struct resp_object *in = resp_store_find(&mtp->store, parent);
	const uint8_t *p;
	size_t left;
	char name[4 * MTP_TEXT_MAX];
	const struct resp_object *o;

	if (storage != 0 && storage != MTP_STORAGE)
		return MTP_INVALID_STORAGE;
	if (parent != 0 && parent != MTP_ROOT && (in == NULL || in->format != MTP_FORMAT_FOLDER))
		return MTP_INVALID_PARENT;
	if (mtp->data.len <= INFO_NAME_AT)
		return MTP_INVALID_DATASET;
	p = mtp->data.p + INFO_NAME_AT;
	left = mtp->data.len - INFO_NAME_AT;
	if (!resp_get_text(&p, &left, name))
		return MTP_INVALID_DATASET;
	resp_break_promise(m);
	o = resp_store_create(&mtp->store, in != NULL ? parent : 0, name,
			      resp_get(mtp->data.p + 4, 2) == MTP_FORMAT_FOLDER,
			      &mtp->promised_fd);
	if (o == NULL)
		return errno == ENOSPC ? MTP_STORE_FULL :
		       errno == EINVAL ? MTP_INVALID_DATASET : MTP_ACCESS_DENIED;
	mtp->promised = mtp->promised_fd >= 0 ? o->handle : 0;
	mtp->promised_size = resp_get(mtp->data.p + 8, 4);
	mtp->taken = 0;
	answer(m, MTP_STORAGE);
	answer(m, in != NULL ? parent : MTP_ROOT);
	return answer(m, o->handle);
}

bool resp_is_send_object(const struct resp_operation *op)
{
	return op != NULL && op->code == SEND_OBJECT;
}

void resp_take_content(struct model *m, const uint8_t *p, size_t len)
{
	struct model_mtp *mtp = m->mtp;
	ssize_t n;

	while (len > 0 && mtp->promised_fd >= 0) {
		n = pwrite(mtp->promised_fd, p, len, (off_t)mtp->taken);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			mtp->response = MTP_STORE_FULL;
			return;
		}
		p += n;
		len -= (size_t)n;
		mtp->taken += (uint64_t)n;
	}
}

static enum resp_response send_object(struct model *m)
{
	struct model_mtp *mtp = m->mtp;
	struct resp_object *o = resp_store_find(&mtp->store, mtp->promised);

	if (o == NULL)
		return MTP_NO_OBJECT_INFO;
	if (mtp->taken != mtp->promised_size) {
		resp_break_promise(m);
		return MTP_INCOMPLETE_TRANSFER;
	}
	close(mtp->promised_fd);
	mtp->promised_fd = -1;
	mtp->promised = 0;
	o->size = mtp->taken;
	o->modified = resp_now(m);
	return MTP_OK;
}

/* ------ the table ------ */

static const struct resp_operation operations[] = {
	{ 0x1001, MTP_DATA_IN, .anywhere = true, .run = get_device_info },
	{ 0x1002, MTP_NO_DATA, .anywhere = true, .run = open_session },
	{ 0x1003, MTP_NO_DATA, .run = close_session },
	{ 0x1004, MTP_DATA_IN, .run = get_storage_ids },
	{ 0x1005, MTP_DATA_IN, .needs_store = true, .run = get_storage_info },
	{ 0x1006, MTP_NO_DATA, .needs_store = true, .run = get_num_objects },
	{ 0x1007, MTP_DATA_IN, .needs_store = true, .run = get_object_handles },
	{ 0x1008, MTP_DATA_IN, .needs_store = true, .run = get_object_info },
	{ 0x1009, MTP_DATA_IN, .needs_store = true, .run = get_object },
	{ 0x100b, MTP_NO_DATA, .needs_store = true, .writes = true, .run = delete_object },
	{ 0x100c, MTP_DATA_OUT, .needs_store = true, .writes = true, .run = send_object_info },
	{ SEND_OBJECT, MTP_DATA_OUT, .needs_store = true, .writes = true, .run = send_object },
	{ 0x1010, MTP_NO_DATA, .anywhere = true, .run = close_session },	/* ResetDevice */
	{ 0x1014, MTP_DATA_IN, .run = get_device_prop_desc },
	{ 0x1015, MTP_DATA_IN, .run = get_device_prop_value },
	{ 0x1016, MTP_DATA_OUT, .run = set_device_prop_value },
	{ 0x101b, MTP_DATA_IN, .needs_store = true, .run = get_partial_object },
	{ 0x95c1, MTP_DATA_IN, .needs_store = true, .run = get_partial_object_64 },
	{ 0x9801, MTP_DATA_IN, .run = get_object_props_supported },
	{ 0x9802, MTP_DATA_IN, .run = get_object_prop_desc },
	{ 0x9803, MTP_DATA_IN, .needs_store = true, .run = get_object_prop_value },
	{ 0x9805, MTP_DATA_IN, .needs_store = true, .run = get_object_prop_list },
};

static bool knows(const struct model *m, const struct resp_operation *op)
{
	const struct model_faults *f = &m->c.faults;
	size_t i;

	for (i = 0; i < MODEL_HIDDEN_MAX && f->hidden[i] != 0; i++)
		if (f->hidden[i] == op->code)
			return false;
	return !op->writes || f->writable;
}

const struct resp_operation *resp_operation_find(const struct model *m, uint16_t code)
{
	size_t i;

	if (model_is_locked(m) && m->mtp->unlock.code == code)
		return &m->mtp->unlock;
	for (i = 0; i < COUNT(operations); i++)
		if (operations[i].code == code)
			return knows(m, &operations[i]) ? &operations[i] : NULL;
	return NULL;
}

bool resp_operation_code(const struct model *m, size_t i, uint16_t *ret)
{
	size_t k;

	for (k = 0; k < COUNT(operations); k++) {
		if (!knows(m, &operations[k]) || i-- > 0)
			continue;
		*ret = operations[k].code;
		return true;
	}
	*ret = m->mtp->unlock.code;
	return model_is_locked(m) && i == 0;
}
