// SPDX-License-Identifier: GPL-2.0
/* Event sets of a thread: what is in them, and which events have to come, and may. */
#include <linux/slab.h>

#include "random.h"

/** SETS - event sets of a thread */
#define SETS		2
/** PATIENCE - nanoseconds within which comes what has to come, on a slow machine too */
#define PATIENCE	(20 * NSEC_PER_SEC)
#define ASKED		(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI)
#define UNASKED		(EPOLLERR | EPOLLHUP)

struct sets {
	struct ukl_poll *all[SETS];
	/* Something that is always ready. */
	struct pollable file;
	/* Tokens differ by their upper half from those that were there before. */
	u32 tokens;
	struct ukl_event events[POLLABLES];
};

static void levels(const struct pollable *it, __poll_t *must, __poll_t *may)
{
	/* The kernel's log has something to read, or has lost it. */
	*must = EPOLLIN;
	*may = EPOLLIN | EPOLLERR | EPOLLPRI;
}

/* What @it has to be reported for, in the set that it is in. */
static __poll_t expected(const struct pollable *it)
{
	__poll_t must, may;

	it->levels(it, &must, &may);
	if (it->events & EPOLLET)
		return it->due ? must & EPOLLIN : 0;
	return must & (it->events | UNASKED);
}

void pollable_new(struct actor *a, struct pollable *it)
{
	it->set = -1;
	it->due = false;
}

static void registered(struct pollable *it, int set, __poll_t events, u64 token)
{
	__poll_t must, may;

	it->levels(it, &must, &may);
	it->set = set;
	it->events = events;
	it->token = token;
	/* What is ready now is the first event. */
	it->due = events & EPOLLET && events & must & EPOLLIN;
}

static __poll_t some_events(struct actor *a)
{
	__poll_t events = (__force __poll_t)good_bits(a, (__force u32)ASKED);

	/* Mostly without EPOLLPRI, which never comes. */
	if (pick(a, 4))
		events &= ~EPOLLPRI;
	return pick(a, 3) ? events : events | EPOLLET;
}

static int call_add(struct actor *a, struct ukl_poll *poll, struct pollable *it, __poll_t events,
		    u64 token)
{
	if (it->file)
		return CALL(a, ukl_poll_add_file, poll, it->file, events, token);
	return CALL(a, ukl_poll_add, poll, it->sock, events, token);
}

static int call_modify(struct actor *a, struct ukl_poll *poll, struct pollable *it, __poll_t events,
		       u64 token)
{
	if (it->file)
		return CALL(a, ukl_poll_modify_file, poll, it->file, events, token);
	return CALL(a, ukl_poll_modify, poll, it->sock, events, token);
}

static int call_remove(struct actor *a, struct ukl_poll *poll, struct pollable *it)
{
	if (it->file)
		return CALL(a, ukl_poll_remove_file, poll, it->file);
	return CALL(a, ukl_poll_remove, poll, it->sock);
}

static void change(struct actor *a, int set, struct pollable *it)
{
	struct ukl_poll *poll = a->sets->all[set];
	__poll_t events = some_events(a);
	int want;
	u64 token;

	a->sets->tokens++;
	token = ((u64)a->sets->tokens << 32) | pick(a, 1000);
	switch (pick(a, 4)) {
	case 0:
	case 1:
		want = it->set == set ? -EEXIST : it->set >= 0 ? -EBUSY : 0;
		if (answer(a, call_add(a, poll, it, events, token), want, want) && !want)
			registered(it, set, events, token);
		break;
	case 2:
		want = it->set == set ? 0 : -ENOENT;
		if (answer(a, call_modify(a, poll, it, events, token), want, want) && !want)
			registered(it, set, events, token);
		break;
	case 3:
		want = it->set == set ? 0 : -ENOENT;
		if (answer(a, call_remove(a, poll, it), want, want) && !want)
			pollable_new(a, it);
		break;
	}
}

static struct pollable *find(struct actor *a, int set, u64 token)
{
	for (unsigned int i = 0; i < a->n_pollables; i++)
		if (a->pollables[i]->set == set && a->pollables[i]->token == token)
			return a->pollables[i];
	return NULL;
}

/* An event has to be one of what is in the set, and may have to be true. */
static bool event_is_right(struct actor *a, int set, const struct ukl_event *event)
{
	struct pollable *it = find(a, set, event->token);
	__poll_t must, may;

	if (!it) {
		differ(a, "an event of what is in the set", event->token, 0);
		return false;
	}
	it->levels(it, &must, &may);
	may &= it->events | UNASKED;
	/* An edge may turn out to be nothing. */
	if (it->events & EPOLLET)
		may = it->events | UNASKED;
	if (!event->events || event->events & ~may) {
		differ(a, "events of %x", (__force u32)event->events, (__force u32)may,
		       (__force u32)may);
		return false;
	}
	if (event->events & EPOLLIN)
		it->due = false;
	return true;
}

/* One wait; what it reports goes to @seen, by the order of a->pollables. */
static int wait_once(struct actor *a, int set, s64 timeout, __poll_t *seen)
{
	struct ukl_event *events = a->sets->events;
	unsigned int max = 1 + pick(a, POLLABLES);
	int n = CALL(a, ukl_poll_wait, a->sets->all[set], events, max, timeout);

	if (!answer(a, n, 0, max))
		return -1;
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++)
			if (events[k].token == events[i].token) {
				differ(a, "each once at most", events[i].token, 0);
				return -1;
			}
		if (!event_is_right(a, set, &events[i]))
			return -1;
		for (unsigned int k = 0; seen && k < a->n_pollables; k++)
			if (a->pollables[k]->set == set &&
			    a->pollables[k]->token == events[i].token)
				seen[k] |= events[i].events;
	}
	return n;
}

/* Waits until all has come that has to. Gives back whether anything had. */
static bool wait_for_all(struct actor *a, int set)
{
	s64 end = ukl_clock_monotonic() + PATIENCE;
	__poll_t want[POLLABLES] = { }, seen[POLLABLES] = { };
	unsigned int missing = 0, first = 0;
	bool any = false;

	for (unsigned int i = 0; i < a->n_pollables; i++)
		if (a->pollables[i]->set == set)
			want[i] = expected(a->pollables[i]);
	for (;;) {
		missing = 0;
		for (unsigned int i = 0; i < a->n_pollables; i++)
			if (want[i] & ~seen[i]) {
				first = i;
				missing++;
			}
		if (!missing)
			return any;
		any = true;
		if (ukl_clock_monotonic() > end) {
			differ(a, "%x of %s %u, and %u more", (__force u32)seen[first],
			       (__force u32)want[first], (__force u32)want[first],
			       a->pollables[first]->events & EPOLLET ? "edge" : "level", first,
			       missing - 1);
			return any;
		}
		if (wait_once(a, set, PATIENCE, seen) < 0)
			return any;
	}
}

/* A wait that is ended, though nothing has to be ready. */
static void wake(struct actor *a, int set)
{
	s64 start = ukl_clock_monotonic();

	CALL(a, ukl_poll_wake, a->sets->all[set]);
	if (wait_once(a, set, PATIENCE, NULL) < 0)
		return;
	if (ukl_clock_monotonic() - start > PATIENCE / 2)
		differ(a, "to be woken", ukl_clock_monotonic() - start, 0);
}

static bool set_open(struct actor *a, int set)
{
	a->sets->all[set] = CALL(a, ukl_poll_create);
	return made_it(a, a->sets->all[set]);
}

static void set_close(struct actor *a, int set)
{
	if (IS_ERR_OR_NULL(a->sets->all[set]))
		return;
	answer(a, CALL(a, ukl_poll_close, a->sets->all[set]), 0, 0);
	a->sets->all[set] = NULL;
	for (unsigned int i = 0; i < a->n_pollables; i++)
		if (a->pollables[i]->set == set)
			pollable_new(a, a->pollables[i]);
}

static void bad_input(struct actor *a, int set, struct pollable *it)
{
	struct ukl_poll *poll = a->sets->all[set];
	u32 good = (__force u32)(ASKED | EPOLLET | EPOLLONESHOT);
	__poll_t bad = (__force __poll_t)bad_bits(a, good);

	switch (pick(a, 14)) {
	case 0:
		refused(a, call_add(a, poll, it, bad, 1), -EINVAL);
		break;
	case 1:
		refused(a, call_modify(a, poll, it, bad, 1), -EINVAL);
		break;
	case 2:
		refused(a, call_add(a, bad_handle(a), it, EPOLLIN, 1), -EINVAL);
		break;
	case 3:
		refused(a, call_modify(a, bad_handle(a), it, EPOLLIN, 1), -EINVAL);
		break;
	case 4:
		refused(a, call_remove(a, bad_handle(a), it), -EINVAL);
		break;
	case 5:
		refused(a, CALL(a, ukl_poll_add, poll, bad_handle(a), EPOLLIN, 1), -ENOTSOCK);
		break;
	case 6:
		refused(a, CALL(a, ukl_poll_remove, poll, bad_handle(a)), -ENOTSOCK);
		break;
	case 7:
		refused(a, CALL(a, ukl_poll_add_file, poll, bad_handle(a), EPOLLIN, 1), -EBADF);
		break;
	case 8:
		refused(a, CALL(a, ukl_poll_remove_file, poll, bad_handle(a)), -EBADF);
		break;
	case 9:
		refused(a, CALL(a, ukl_poll_wait, poll, bad_pointer(a), 1 + pick(a, 99), 0),
			-EFAULT);
		break;
	case 10:
		refused(a, CALL(a, ukl_poll_wait, poll, a->sets->events, -(int)pick(a, 99), 0),
			-EINVAL);
		break;
	case 11:
		refused(a, CALL(a, ukl_poll_spin, poll, UKL_SPIN_MAX + 1 + pick(a, INT_MAX)),
			-EINVAL);
		break;
	case 12:
		refused(a, CALL(a, ukl_poll_wait, bad_handle(a), a->sets->events, 1, 0), -EINVAL);
		break;
	case 13:
		refused(a, CALL(a, ukl_poll_close, bad_handle(a)), -EINVAL);
		/* What is open, but something else. */
		if (it->sock)
			refused(a, CALL(a, ukl_poll_close, (void *)it->sock), -EBADF);
		break;
	}
}

void sets_step(struct actor *a)
{
	struct pollable *it = a->pollables[pick(a, a->n_pollables)];
	int set = pick(a, SETS);

	if (!pick(a, 8)) {
		bad_input(a, set, it);
		return;
	}
	switch (pick(a, 32)) {
	case 0 ... 15:
		change(a, set, it);
		break;
	case 16 ... 20:
		wait_once(a, set, pick(a, 4) ? 0 : pick(a, NSEC_PER_MSEC), NULL);
		break;
	case 21 ... 28:
		wait_for_all(a, set);
		break;
	case 29:
		wake(a, set);
		break;
	case 30:
		answer(a, CALL(a, ukl_poll_spin, a->sets->all[set],
			       pick(a, 2) ? 0 : pick(a, UKL_SPIN_MAX + 1)), 0, 0);
		break;
	case 31:
		if (pick(a, 8))
			break;
		set_close(a, set);
		set_open(a, set);
		break;
	}
}

bool sets_open(struct actor *a)
{
	struct sets *sets = kzalloc(sizeof(*sets), GFP_KERNEL);

	a->sets = sets;
	if (!a->sets)
		return false;
	for (int set = 0; set < SETS; set++)
		if (!set_open(a, set))
			return false;
	a->sets->file.file = CALL(a, ukl_file_open, "/dev/kmsg", O_RDONLY | O_NONBLOCK, 0);
	if (!made_it(a, a->sets->file.file))
		return false;
	a->sets->file.levels = levels;
	pollable_new(a, &a->sets->file);
	a->pollables[a->n_pollables++] = &a->sets->file;
	return true;
}

void sets_close(struct actor *a)
{
	if (!a->sets)
		return;
	/* The others are closed, and gone. */
	a->n_pollables = 0;
	for (int set = 0; set < SETS; set++)
		set_close(a, set);
	if (!IS_ERR_OR_NULL(a->sets->file.file))
		answer(a, CALL(a, ukl_file_close, a->sets->file.file), 0, 0);
	kfree(a->sets);
}
