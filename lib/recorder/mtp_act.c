/* What writes, and the unlock: each is carried out once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/mtp_impl.h"

/* One of up to two steps, whose data takes len bytes in all. */
static struct mtp_act *act_new(size_t len, mtp_act_cb cb, void *data)
{
	struct mtp_act *a = calloc(1, sizeof(*a) + len);

	if (a == NULL)
		return NULL;
	a->n_steps = 1;
	a->cb = cb;
	a->data = data;
	return a;
}

static int enqueue(struct mtp *m, struct mtp_act *a)
{
	int r = mtp_enqueue(m, (struct mtp_request){ .kind = MTP_ACT, .act = a });

	if (r < 0)
		free(a);
	return r;
}

int mtp_delete(struct mtp *m, uint32_t handle, mtp_act_cb cb, void *data)
{
	struct mtp_act *a;

	if (handle == 0 || handle == UINT32_MAX)	/* the latter is every object there is */
		return -EINVAL;
	a = act_new(0, cb, data);
	if (a == NULL)
		return -ENOMEM;
	a->steps[0].op = (struct mtp_operation){
		.code = PTP_DELETE_OBJECT, .n_params = 2, .params = { handle },
	};
	return enqueue(m, a);
}

int mtp_set_clock(struct mtp *m, const char *datetime, mtp_act_cb cb, void *data)
{
	struct mtp_act *a = act_new(PTP_CLOCK_DATA_LEN, cb, data);

	if (a == NULL)
		return -ENOMEM;
	if (!ptp_clock(datetime, a->bytes)) {
		free(a);
		return -EINVAL;
	}
	a->steps[0].op = (struct mtp_operation){
		.code = PTP_SET_DEVICE_PROP_VALUE, .n_params = 1, .params = { PTP_PROP_DATE_TIME },
	};
	a->steps[0].len = PTP_CLOCK_DATA_LEN;
	return enqueue(m, a);
}

int mtp_send(struct mtp *m, uint32_t storage, uint32_t parent, const char *name,
	     const uint8_t *p, uint32_t len, mtp_act_cb cb, void *data)
{
	uint8_t info[PTP_OBJECT_INFO_MAX];
	size_t info_len = ptp_object_info(name, len, info);
	struct mtp_act *a;

	if (info_len == 0 || len == 0 || len > MTP_SEND_MAX)
		return -EINVAL;
	a = act_new(info_len + len, cb, data);
	if (a == NULL)
		return -ENOMEM;
	memcpy(a->bytes, info, info_len);
	memcpy(a->bytes + info_len, p, len);
	a->n_steps = 2;
	a->steps[0].op = (struct mtp_operation){
		.code = PTP_SEND_OBJECT_INFO, .n_params = 2, .params = { storage, parent },
	};
	a->steps[0].len = (uint32_t)info_len;
	a->steps[1].op = (struct mtp_operation){ .code = PTP_SEND_OBJECT };
	a->steps[1].len = len;
	return enqueue(m, a);
}

int mtp_vendor(struct mtp *m, const struct mtp_operation *op, mtp_act_cb cb, void *data)
{
	struct mtp_act *a;

	if (!ptp_is_vendor(op->code) || op->n_params > MTP_PARAMS_MAX)
		return -EINVAL;
	a = act_new(0, cb, data);
	if (a == NULL)
		return -ENOMEM;
	a->steps[0].op = *op;
	return enqueue(m, a);
}

static struct mtp_act *at_hand(const struct mtp *m)
{
	return m->queue[m->head].act;
}

void mtp_act_send(struct mtp *m)
{
	const struct mtp_act *a = at_hand(m);
	const uint8_t *bytes = a->bytes + (a->step > 0 ? a->steps[0].len : 0);

	if (a->steps[a->step].op.code == PTP_DELETE_OBJECT)
		mtp_event_expect_removal(m, a->steps[a->step].op.params[0]);
	transaction_run(&m->t, &a->steps[a->step].op, bytes, a->steps[a->step].len, 0);
}

void mtp_act_answered(struct mtp *m)
{
	struct mtp_act *a = at_hand(m);

	if (mtp_waits(m, m->t.response.code))
		return;
	if (m->t.response.code == PTP_OK && a->step + 1 < a->n_steps) {
		a->step++;
		mtp_act_send(m);
		return;
	}
	mtp_request_done(m, 0);
}
