/* The snapshot as JSON: {"v":1,"recorders":[{...,"keys":[{...}]}]}, times in milliseconds. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

static json_t *hex(const uint8_t *p, size_t len)
{
	char t[65];

	return json_string(sodium_bin2hex(t, sizeof(t), p, len));
}

static json_t *encode_key(const struct recorder_key *k)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:I}", "id", hex(k->key.id, sizeof(k->key.id)),
			 "key", hex(k->key.key, sizeof(k->key.key)),
			 "from", (json_int_t)k->from_ms, "to", (json_int_t)k->to_ms,
			 "revoked", (json_int_t)k->revoked_ms);
}

static json_t *encode_recorder(const struct catalog_recorder *r)
{
	json_t *keys = json_array();
	size_t i;

	for (i = 0; i < r->n_keys; i++)
		json_array_append_new(keys, encode_key(&r->keys[i]));
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:o}", "id", r->id, "vid", (int)r->vid,
			 "pid", (int)r->pid, "serial", r->serial, "officer", r->officer,
			 "unit", r->unit, "keys", keys);
}

json_t *snapshot_encode(const struct catalog_recorder *list, size_t n)
{
	json_t *recorders = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (json_array_append_new(recorders, encode_recorder(&list[i])) < 0) {
			json_decref(recorders);
			return NULL;
		}
	}
	return json_pack("{s:i, s:o}", "v", 1, "recorders", recorders);
}

static int take_hex(const char *text, uint8_t *ret, size_t len)
{
	size_t got;

	if (strlen(text) != 2 * len ||
	    sodium_hex2bin(ret, len, text, 2 * len, NULL, &got, NULL) != 0 || got != len)
		return -EINVAL;
	return 0;
}

static int take_text(const char *text, char *ret, size_t size)
{
	size_t len = strlen(text);

	if (len >= size)
		return -EINVAL;
	memcpy(ret, text, len + 1);
	return 0;
}

static int decode_key(json_t *j, struct recorder_key *k)
{
	json_int_t from, to, revoked;
	const char *id, *key;

	if (json_unpack(j, "{s:s, s:s, s:I, s:I, s:I!}", "id", &id, "key", &key, "from", &from,
			"to", &to, "revoked", &revoked) < 0 ||
	    take_hex(id, k->key.id, sizeof(k->key.id)) < 0 ||
	    take_hex(key, k->key.key, sizeof(k->key.key)) < 0)
		return -EINVAL;
	k->from_ms = from;
	k->to_ms = to;
	k->revoked_ms = revoked;
	return 0;
}

static int decode_recorder(json_t *j, struct catalog_recorder *r)
{
	const char *id, *serial, *officer, *unit;
	json_t *keys, *key;
	int vid, pid;
	size_t i;

	if (json_unpack(j, "{s:s, s:i, s:i, s:s, s:s, s:s, s:o!}", "id", &id, "vid", &vid, "pid",
			&pid, "serial", &serial, "officer", &officer, "unit", &unit, "keys",
			&keys) < 0 ||
	    vid < 0 || vid > UINT16_MAX || pid < 0 || pid > UINT16_MAX || !json_is_array(keys) ||
	    json_array_size(keys) > RECORDER_KEYS_MAX || id[0] == '\0' ||
	    take_text(id, r->id, sizeof(r->id)) < 0 ||
	    take_text(serial, r->serial, sizeof(r->serial)) < 0 ||
	    take_text(officer, r->officer, sizeof(r->officer)) < 0 ||
	    take_text(unit, r->unit, sizeof(r->unit)) < 0)
		return -EINVAL;
	r->vid = (uint16_t)vid;
	r->pid = (uint16_t)pid;
	json_array_foreach(keys, i, key)
		if (decode_key(key, &r->keys[i]) < 0)
			return -EINVAL;
	r->n_keys = json_array_size(keys);
	return 0;
}

int snapshot_decode(const json_t *j, struct catalog_recorder **ret_list, size_t *ret_n,
		    struct err *e)
{
	json_t *recorders = json_object_get(j, "recorders"), *recorder;
	struct catalog_recorder *list;
	size_t n, i;

	if (json_integer_value(json_object_get(j, "v")) != 1 || !json_is_array(recorders))
		return err_set(e, -EINVAL, "not a list of recorders of version 1");
	n = json_array_size(recorders);
	if (n > SNAPSHOT_MAX)
		return err_set(e, -EINVAL, "more than %d recorders", SNAPSHOT_MAX);
	list = calloc(n + 1, sizeof(*list));
	if (list == NULL)
		return err_set(e, -ENOMEM, "no memory for %zu recorders", n);
	json_array_foreach(recorders, i, recorder) {
		if (decode_recorder(recorder, &list[i]) < 0) {
			free(list);
			return err_set(e, -EINVAL, "entry %zu is not a recorder", i);
		}
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}
