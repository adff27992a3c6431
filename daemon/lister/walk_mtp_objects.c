/*
 * Which objects an MTP device has: the list of all properties first, then the
 * handles of each storage, in which objects may stand that the list left out,
 * then what is still not known of an object, one by one, and what is in folders
 * of which nothing is known: there are devices (QEMU's) that name what is at the
 * root when they are asked for all.
 */
#include <errno.h>
#include <string.h>

#include "walk_mtp_impl.h"

static void take_time(char to[LISTING_TIME_MAX + 1], const struct mtp_string *s)
{
	struct mtp_time t;

	if (mtp_time_read(s, &t))
		memcpy(to, t.text, LISTING_TIME_MAX + 1);
}

/* ------ the list of all properties ------ */

struct list {
	struct mtp_walk *w;
	struct mtp_props props;
	unsigned twice;			/* properties that were said twice */
	bool bad;
};

static uint16_t bit_of(uint16_t prop)
{
	switch (prop) {
	case MTP_PROP_STORAGE:		return OBJECT_STORAGE;
	case MTP_PROP_FORMAT:		return OBJECT_FORMAT;
	case MTP_PROP_SIZE:		return OBJECT_SIZE;
	case MTP_PROP_ASSOCIATION:	return OBJECT_ASSOCIATION;
	case MTP_PROP_NAME:		return OBJECT_NAME;
	case MTP_PROP_CREATED:		return OBJECT_CREATED;
	case MTP_PROP_MODIFIED:		return OBJECT_MODIFIED;
	case MTP_PROP_PARENT:		return OBJECT_PARENT;
	default:			return 0;
	}
}

/*
 * Of the type that the property has by the standard.  A size may be of 4 bytes
 * on old devices; where those do not suffice it is to be asked for again.
 */
static bool type_fits(const struct mtp_prop *e)
{
	switch (e->code) {
	case MTP_PROP_STORAGE:
	case MTP_PROP_PARENT:
		return e->value.type == MTP_TYPE_UINT32;
	case MTP_PROP_FORMAT:
	case MTP_PROP_ASSOCIATION:
		return e->value.type == MTP_TYPE_UINT16;
	case MTP_PROP_SIZE:
		return e->value.type == MTP_TYPE_UINT64 ||
		       (e->value.type == MTP_TYPE_UINT32 && e->value.number != UINT32_MAX);
	default:
		return e->value.type == MTP_TYPE_STRING;
	}
}

static void set_prop(struct mtp_walk *w, struct object *x, const struct mtp_prop *e)
{
	switch (e->code) {
	case MTP_PROP_STORAGE:		x->storage = (uint32_t)e->value.number; break;
	case MTP_PROP_FORMAT:		x->format = (uint16_t)e->value.number; break;
	case MTP_PROP_SIZE:		x->size = e->value.number; break;
	case MTP_PROP_ASSOCIATION:	x->association = (uint16_t)e->value.number; break;
	case MTP_PROP_CREATED:		take_time(x->created, &e->value.text); break;
	case MTP_PROP_MODIFIED:		take_time(x->modified, &e->value.text); break;
	case MTP_PROP_PARENT:		x->parent = (uint32_t)e->value.number; break;
	case MTP_PROP_NAME:
		w->full |= !objects_set_name(&w->objects, x, &e->value.text);
		return;			/* which says itself whether the name is known */
	default:
		break;
	}
	x->known |= bit_of(e->code);
}

static void take_prop(struct list *l, const struct mtp_prop *e)
{
	struct object *x;

	if (bit_of(e->code) == 0 || !type_fits(e))
		return;
	x = objects_get(&l->w->objects, e->handle);
	if (x == NULL)
		l->w->full = true;
	else if ((x->known & bit_of(e->code)) != 0)
		l->twice++;
	else
		set_prop(l->w, x, e);
}

static void take_piece(void *data, const uint8_t *bytes, size_t len)
{
	struct list *l = data;
	struct mtp_prop e;
	int r = 0;

	while (!l->bad && (r = mtp_props_next(&l->props, &bytes, &len, &e)) > 0)
		take_prop(l, &e);
	l->bad |= r < 0;
}

/*
 * Whether the device gave a list, and all of it.  What a broken one said is
 * forgotten where there is another way; where the time is up, there is none.
 */
static bool take_list(struct mtp_walk *w)
{
	/* Of all objects, of any format, all properties, of any group, at any depth. */
	const struct listing_operation op = {
		MTP_OP_OBJECT_PROP_LIST, 5, { UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX },
	};
	struct list l = { .w = w };
	int r;

	if (!mtp_can(w, op.code))
		return false;
	r = mtp_ask_in_pieces(w, &op, take_piece, &l);
	if (r == 0 && !l.bad && mtp_props_complete(&l.props)) {
		if (l.twice > 0)
			report_trouble(w->report, "", "the device says %u properties of its objects "
				       "twice: the first of each is taken", l.twice);
		return true;
	}
	if (w->gone == 0 && mtp_can(w, MTP_OP_OBJECT_HANDLES)) {
		objects_reset(&w->objects);
		w->full = false;
	}
	return false;
}

/* ------ handles ------ */

static void take_handles(struct mtp_walk *w, uint32_t storage, const struct mtp_array *handles)
{
	unsigned zeros = 0, twice = 0;

	for (uint32_t i = 0; i < handles->n && !w->full; i++) {
		uint32_t handle = mtp_array_at(handles, i);
		struct object *x = handle == 0 ? NULL : objects_get(&w->objects, handle);

		if (handle == 0) {
			zeros++;
		} else if (x == NULL) {
			w->full = true;
		} else if ((x->known & OBJECT_COUNTED) != 0) {
			twice++;
		} else {
			x->known |= OBJECT_COUNTED;
			if ((x->known & OBJECT_STORAGE) == 0)
				x->storage = storage;
		}
	}
	if (zeros > 0)
		report_trouble(w->report, "", "%u objects have the handle 0, by which nothing can be "
			       "read: look at the device by hand", zeros);
	if (twice > 0)
		report_trouble(w->report, "", "%u objects have a handle that another has: they are "
			       "listed once", twice);
}

/* All objects of a storage, whatever their format and folder. */
static void ask_handles(struct mtp_walk *w, unsigned n, bool listed)
{
	const struct listing_operation op = {
		MTP_OP_OBJECT_HANDLES, 3, { w->storages[n], 0, 0 },
	};
	struct mtp_array handles;
	char why[48];
	int r;

	r = mtp_ask(w, &op, MTP_HANDLES_MAX);
	if (r == 0 && mtp_array_read(w->data.p, w->data.len, 4, &handles) == 0) {
		take_handles(w, w->storages[n], &handles);
		w->full |= w->data_cut;
		if (handles.cut && !w->data_cut)
			report_trouble(w->report, "", "the list of what is on storage %u is cut short: "
				       "copy what is missing here by hand", n + 1);
	} else if (!listed) {
		report_trouble(w->report, "", "the device does not name what is on storage %u (%s): "
			       "copy it by hand", n + 1, mtp_why(r, why));
	}
}

/* ------ one by one ------ */

/* ObjectInfo has room for 32 bits; the property has 64. */
static void ask_size(struct mtp_walk *w, struct object *x)
{
	const struct listing_operation op = {
		MTP_OP_OBJECT_PROP_VALUE, 2, { x->handle, MTP_PROP_SIZE },
	};
	struct mtp_value v;

	if (mtp_can(w, op.code) && mtp_ask(w, &op, MTP_INFO_MAX) == 0 &&
	    mtp_value_read(w->data.p, w->data.len, MTP_TYPE_UINT64, &v) >= 0)
		x->size = v.number;
	else
		x->known |= OBJECT_HUGE;
}

/* What is known already was said of it more precisely. */
static void take_info(struct mtp_walk *w, struct object *x, const struct mtp_object_info *i)
{
	const uint16_t known = x->known;

	if ((known & OBJECT_STORAGE) == 0 && i->storage != 0)
		x->storage = i->storage;
	if ((known & OBJECT_FORMAT) == 0)
		x->format = i->format;
	if ((known & OBJECT_ASSOCIATION) == 0)
		x->association = i->association;
	if ((known & OBJECT_PARENT) == 0)
		x->parent = i->parent;
	if ((known & OBJECT_CREATED) == 0)
		take_time(x->created, &i->created);
	if ((known & OBJECT_MODIFIED) == 0)
		take_time(x->modified, &i->modified);
	if ((known & OBJECT_SIZE) == 0)
		x->size = i->size;
	if ((known & OBJECT_NAME) == 0)
		w->full |= !objects_set_name(&w->objects, x, &i->name);
	x->known |= OBJECT_FORMAT | OBJECT_PARENT;
}

static void describe(struct mtp_walk *w, struct object *x)
{
	const struct listing_operation op = { MTP_OP_OBJECT_INFO, 1, { x->handle } };
	struct mtp_object_info i;
	bool has_size = (x->known & OBJECT_SIZE) != 0;
	char why[48];
	int r;

	r = mtp_ask(w, &op, MTP_INFO_MAX);
	if (r != 0 || mtp_object_info_read(w->data.p, w->data.len, &i) < 0) {
		if (w->gone == 0 && (x->known & OBJECT_NAME) == 0)
			report_trouble(w->report, "", "the object %08x cannot be listed (%s): look at "
				       "the device by hand", x->handle, mtp_why(r, why));
		return;
	}
	take_info(w, x, &i);
	if (!has_size && x->size == UINT32_MAX && !object_is_folder(x))
		ask_size(w, x);		/* `i` is gone with the data */
	x->known |= OBJECT_SIZE;
}

/* ------ folders ------ */

/* Whether the device names what is in folders without being asked folder by folder. */
static bool mark_full_folders(struct mtp_walk *w)
{
	bool deep = false;

	for (uint32_t i = 0; i < w->objects.n; i++) {
		struct object *folder = objects_find(&w->objects, w->objects.list[i].parent);

		if (folder != NULL) {
			folder->known |= OBJECT_FULL;
			deep = true;
		}
	}
	return deep;
}

/* What is new among it is there by the folder's word, whatever its ObjectInfo says. */
static void take_inside(struct mtp_walk *w, const struct object *folder,
			const struct mtp_array *handles)
{
	const struct object f = *folder;	/* which objects_get may move */

	for (uint32_t i = 0; i < handles->n && !w->full; i++) {
		uint32_t handle = mtp_array_at(handles, i);
		struct object *x = handle == 0 ? NULL : objects_get(&w->objects, handle);

		w->full |= handle != 0 && x == NULL;
		if (x == NULL || (x->known & OBJECT_COUNTED) != 0)
			continue;
		if ((x->known & OBJECT_PARENT) == 0)
			x->parent = f.handle;
		if ((x->known & OBJECT_STORAGE) == 0)
			x->storage = f.storage;
		x->known |= OBJECT_COUNTED | OBJECT_PARENT;
	}
}

/* One refusal is what a device may have to say of an empty folder, if it named what is in others. */
static void ask_inside(struct mtp_walk *w, uint32_t n, bool deep)
{
	const struct object *folder = &w->objects.list[n];
	const struct listing_operation op = {
		MTP_OP_OBJECT_HANDLES, 3, { folder->storage, 0, folder->handle },
	};
	struct mtp_array handles;
	char why[48];
	int r;

	r = mtp_ask(w, &op, MTP_HANDLES_MAX);
	if (r == 0 && mtp_array_read(w->data.p, w->data.len, 4, &handles) == 0) {
		w->full |= w->data_cut;
		take_inside(w, folder, &handles);
	} else if (w->gone == 0 && (r <= 0 || !deep)) {
		report_trouble(w->report, "", "the device does not name what is in the folder %08x "
			       "(%s): copy it by hand", folder->handle, mtp_why(r, why));
	}
}

static void describe_all(struct mtp_walk *w, uint32_t from)
{
	for (uint32_t i = from; i < w->objects.n && w->gone == 0 && !w->report->stop; i++) {
		if (!object_is_described(&w->objects.list[i]) && w->objects.list[i].handle != 0)
			describe(w, &w->objects.list[i]);
	}
}

/* Folder by folder; what is found in one is behind it, and its folders have their turn. */
static void look_into_folders(struct mtp_walk *w)
{
	bool deep = mark_full_folders(w);

	for (uint32_t i = 0; i < w->objects.n && w->gone == 0 && !w->report->stop; i++) {
		const struct object *x = &w->objects.list[i];
		const uint32_t before = w->objects.n;

		if (x->handle == 0 || !object_is_folder(x) || (x->known & OBJECT_FULL) != 0)
			continue;
		ask_inside(w, i, deep);
		describe_all(w, before);
	}
}

void mtp_find_objects(struct mtp_walk *w)
{
	bool listed = take_list(w);

	if (mtp_can(w, MTP_OP_OBJECT_HANDLES)) {
		for (unsigned i = 0; i < w->n_storages && w->gone == 0; i++)
			ask_handles(w, i, listed);
	} else if (!listed) {
		report_trouble(w->report, "", "the device does not support what it takes to list it: "
			       "copy what is on it by hand");
	}
	describe_all(w, 0);
	if (mtp_can(w, MTP_OP_OBJECT_HANDLES))
		look_into_folders(w);
}
