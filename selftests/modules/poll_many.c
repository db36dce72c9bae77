// SPDX-License-Identifier: GPL-2.0
/* Event sets with thousands of sockets, what they cost, and everything at once. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../stream.h"
#include "poll.h"

#define EDGE	EPOLLET

/** struct tally - counts how often the current task enters functions of the kernel */
struct tally {
	struct kprobe probes[6];
	struct task_struct *task;
	unsigned long count;
};

/* The tally that counts now. */
static struct tally *counting;

static int tallied(struct kprobe *probe, struct pt_regs *regs)
{
	struct tally *tally = READ_ONCE(counting);

	if (tally && current == tally->task && in_task())
		tally->count++;
	return 0;
}

NOKPROBE_SYMBOL(tallied);

/** tally_set() - count @functions, those of them that this kernel has; gives back how many */
static int tally_set(struct tally *tally, const char *const functions[])
{
	int found = 0;

	*tally = (struct tally){ .task = current };
	for (int i = 0; functions[i]; i++) {
		struct kprobe *probe = &tally->probes[found];

		*probe = (struct kprobe){ .symbol_name = functions[i], .pre_handler = tallied };
		if (!register_kprobe(probe))
			found++;
		else
			probe->symbol_name = NULL;
	}
	WRITE_ONCE(counting, tally);
	return found;
}

static void tally_clear(struct tally *tally)
{
	WRITE_ONCE(counting, NULL);
	for (int i = 0; i < ARRAY_SIZE(tally->probes); i++)
		if (tally->probes[i].symbol_name)
			unregister_kprobe(&tally->probes[i]);
}

static unsigned long tally_take(struct tally *tally)
{
	unsigned long count = tally->count;

	tally->count = 0;
	return count;
}

static const char *const allocations[] = {
	"__kmalloc_noprof", "__kmalloc_cache_noprof", "__kmalloc_large_noprof",
	"kmem_cache_alloc_noprof", NULL,
};

/* Of ukl.ko: without asking tcp_poll() and, if it has to, by asking it. */
static const char *const looks[] = {
	"ukl_helper_sock_peek", "ukl_helper_sock_poll", NULL
};

/* Neither being in a set nor an event takes memory. */
static int no_allocations(struct test *t)
{
	enum { N = 50 };
	struct ukl_poll *poll = ukl_poll_create();
	struct ukl_event events[N];
	struct tally tally;
	struct crowd crowd;
	void *probe;

	if (!EXPECT_OK(t, poll) || !crowd_open(t, &crowd, N))
		return 0;
	EXPECT_TRUE(t, tally_set(&tally, allocations) > 0);
	/* That it counts. */
	probe = kmalloc(64 + N * t->used, GFP_KERNEL);
	kfree(probe);
	EXPECT_EQ(t, tally_take(&tally), 1);
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, ukl_poll_add(poll, crowd.near[i], EPOLLIN, i), 0);
	EXPECT_EQ(t, tally_take(&tally), 0);
	for (int i = 0; i < N; i++)
		send_byte(t, crowd.far[i], crowd.near[i]);
	tally_take(&tally);
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(t, ukl_poll_wait(poll, events, N, UKL_FOREVER), N);
	EXPECT_EQ(t, ukl_poll_wait(poll, events, 1, 0), 1);
	EXPECT_EQ(t, tally_take(&tally), 0);
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, ukl_poll_modify(poll, crowd.near[i], EPOLLPRI, i), 0);
	EXPECT_EQ(t, ukl_poll_wait(poll, events, N, MOMENT), 0);
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t, ukl_poll_remove(poll, crowd.near[i]), 0);
	EXPECT_EQ(t, tally_take(&tally), 0);
	tally_clear(&tally);
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	crowd_close(t, &crowd);
	return 0;
}

/* Takes all events there are, @max at a time; gives back how many, and counts them by socket. */
static unsigned int collect(struct test *t, struct ukl_poll *poll, u8 *seen, unsigned int n,
			    unsigned int want)
{
	struct ukl_event events[64];
	unsigned int sum = 0;
	int got;

	/* The last ones may still be on their way. */
	while (sum < want) {
		got = ukl_poll_wait(poll, events, min(want - sum, 64U), PATIENCE);
		if (got <= 0)
			break;
		for (int i = 0; i < got; i++) {
			EXPECT_TRUE(t, events[i].token < n);
			EXPECT_EQ(t, events[i].events, EPOLLIN);
			if (events[i].token < n && seen[events[i].token] < U8_MAX)
				seen[events[i].token]++;
		}
		sum += got;
	}
	EXPECT_EQ(t, sum, want);
	return sum;
}

static void each_one_once(struct test *t, const u8 *seen, unsigned int n)
{
	unsigned int once = 0;

	for (unsigned int i = 0; i < n; i++)
		once += seen[i] == 1;
	EXPECT_EQ(t, once, n);
}

static struct ukl_sock *member(struct crowd *crowd, unsigned int i)
{
	return i % 2 ? crowd->far[i / 2] : crowd->near[i / 2];
}

/* A few of many are ready: how often a wait looks at a socket depends on the few only. */
static void few_of_many(struct test *t, struct ukl_poll *poll, struct crowd *crowd, u8 *seen,
			u64 *random)
{
	enum { ROUNDS = 50, FEW = 10 };
	unsigned long all = 0, most = 0;
	unsigned int n = 2 * crowd->n;
	struct tally tally;

	EXPECT_EQ(t, tally_set(&tally, looks), 2);
	for (int round = 0; round < ROUNDS && !t->failures; round++) {
		unsigned int picks[FEW];
		unsigned long count;

		memset(seen, 0, n);
		for (int i = 0; i < FEW; i++) {
			do {
				picks[i] = stream_random(random) % n;
			} while (seen[picks[i]]);
			seen[picks[i]] = 1;
			send_byte(t, member(crowd, picks[i] ^ 1), member(crowd, picks[i]));
		}
		memset(seen, 0, n);
		tally_take(&tally);
		collect(t, poll, seen, n, FEW);
		for (int i = 0; i < FEW; i++) {
			EXPECT_EQ(t, seen[picks[i]], 1);
			recv_byte(t, member(crowd, picks[i]));
		}
		/* Those that were in level mode are looked at again. */
		EXPECT_QUIET(t, poll);
		count = tally_take(&tally);
		most = max(most, count);
		all += count;
	}
	tally_clear(&tally);
	test_log(t, "%u of %u ready: two waits look at %lu on average, at %lu at most\n", FEW, n,
		 all / ROUNDS, most);
	EXPECT_TRUE(t, all >= ROUNDS * FEW);
	EXPECT_TRUE(t, most <= 4 * FEW);
}

/* ARGUMENTS: how many connections, of which both ends are in one set, and a seed. */
static int many(struct test *t)
{
	struct ukl_poll *poll = ukl_poll_create();
	unsigned long start = jiffies;
	struct crowd crowd;
	unsigned int n;
	u64 random;
	u8 *seen;

	if (sscanf(t->args, "%u %llu", &n, &random) != 2) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	seen = kvzalloc(2 * n, GFP_KERNEL);
	if (!seen || !EXPECT_OK(t, poll) || !crowd_open(t, &crowd, n))
		return 0;
	test_log(t, "%u sockets made in %u ms", 2 * n, jiffies_to_msecs(jiffies - start));
	start = jiffies;
	for (unsigned int i = 0; i < 2 * n; i++)
		EXPECT_EQ(t, ukl_poll_add(poll, member(&crowd, i), EPOLLIN | (i % 3 ? 0 : EDGE), i),
			  0);
	test_log(t, ", added in %u ms\n", jiffies_to_msecs(jiffies - start));
	EXPECT_QUIET(t, poll);
	few_of_many(t, poll, &crowd, seen, &random);

	/* All of them at once. */
	for (unsigned int i = 0; i < 2 * n; i++)
		send_byte(t, member(&crowd, i), member(&crowd, i ^ 1));
	memset(seen, 0, 2 * n);
	start = jiffies;
	collect(t, poll, seen, 2 * n, 2 * n);
	test_log(t, "all of them told in %u ms\n", jiffies_to_msecs(jiffies - start));
	each_one_once(t, seen, 2 * n);
	for (unsigned int i = 0; i < 2 * n; i++)
		recv_byte(t, member(&crowd, i));
	EXPECT_QUIET(t, poll);

	/* Some leave, some are closed, and the set goes with the rest of them in it. */
	for (unsigned int i = 0; i < n; i++) {
		if (i % 4 == 0) {
			EXPECT_EQ(t, ukl_poll_remove(poll, crowd.near[i]), 0);
		} else if (i % 4 == 1) {
			EXPECT_EQ(t, ukl_close(crowd.near[i]), 0);
			crowd.near[i] = NULL;
		}
	}
	start = jiffies;
	EXPECT_EQ(t, ukl_poll_close(poll), 0);
	test_log(t, "set closed in %u ms\n", jiffies_to_msecs(jiffies - start));
	crowd_close(t, &crowd);
	kvfree(seen);
	return 0;
}

/* Everything at once */

#define SLOTS		24
#define SETS		4
#define WAITERS		3
#define USERS		2
#define TOKEN		0x756b6c00ULL

/** struct slot - a connection that comes and goes; whoever uses it holds the lock for reading */
struct slot {
	struct rw_semaphore lock;
	struct ukl_sock *near, *far;
};

/** struct set - an event set that comes and goes; whoever but a waiter uses it holds the lock */
struct set {
	struct rw_semaphore lock;
	struct ukl_poll *poll;
	bool closing;
};

/** struct race - all that goes on */
struct race {
	struct test *t;
	struct ukl_sock *listener;
	struct slot slots[SLOTS];
	struct set sets[SETS];
	/* For each waiter, the set that it has a wait on under way or is about to, or NULL. */
	struct race_waiter {
		struct task_struct *task;
		struct set *in;
	} waiters[WAITERS];
	u64 seed;
	atomic_t next, waits, events, adds, changes, sends, sockets_closed, sets_closed, badf;
	bool end;
};

/** struct racer - one of the threads */
struct racer {
	struct race *race;
	struct ukl_thread *thread;
	int (*fn)(struct racer *r);
	int index;
	u64 random;
};

static unsigned int pick(struct racer *r, unsigned int n)
{
	return stream_random(&r->random) % n;
}

/* Reports a result that is not one of the four. */
static void one_of(struct race *race, const char *what, long got, long a, long b, long c, long d)
{
	if (got == a || got == b || got == c || got == d)
		return;
	test_log(race->t, "%s gives %ld\n", what, got);
	EXPECT_TRUE(race->t, !"a result that it may have");
	WRITE_ONCE(race->end, true);
}

static bool slot_open(struct race *race, struct slot *slot)
{
	slot->far = connect_to(race->listener);
	if (!EXPECT_OK(race->t, slot->far))
		return false;
	slot->near = ukl_accept(race->listener, NULL, 0);
	return EXPECT_OK(race->t, slot->near);
}

/* Puts sockets into sets, changes what they are waited for, takes them out. */
static int race_user(struct racer *r)
{
	static const __poll_t masks[] = {
		EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLRDHUP, EPOLLPRI, 0,
	};
	struct race *race = r->race;

	while (!READ_ONCE(race->end)) {
		unsigned int at = pick(r, SLOTS);
		struct slot *slot = &race->slots[at];
		struct set *set = &race->sets[pick(r, SETS)];
		__poll_t events = masks[pick(r, ARRAY_SIZE(masks))] | (pick(r, 2) ? EDGE : 0);
		int err;

		down_read(&set->lock);
		down_read(&slot->lock);
		switch (pick(r, 6)) {
		case 0:
		case 1:
		case 2:
			err = ukl_poll_add(set->poll, slot->near, events, TOKEN + at);
			one_of(race, "ukl_poll_add()", err, 0, -EEXIST, -EBUSY, 0);
			atomic_add(!err, &race->adds);
			break;
		case 3:
		case 4:
			err = ukl_poll_modify(set->poll, slot->near, events, TOKEN + at);
			one_of(race, "ukl_poll_modify()", err, 0, -ENOENT, 0, 0);
			atomic_add(!err, &race->changes);
			break;
		case 5:
			err = ukl_poll_remove(set->poll, slot->near);
			one_of(race, "ukl_poll_remove()", err, 0, -ENOENT, 0, 0);
			atomic_add(!err, &race->changes);
			break;
		}
		up_read(&slot->lock);
		up_read(&set->lock);
	}
	return 0;
}

/* Sends to sockets, and receives from them. */
static int race_traffic(struct racer *r)
{
	struct race *race = r->race;
	char bytes[64] = "";

	while (!READ_ONCE(race->end)) {
		struct slot *slot = &race->slots[pick(r, SLOTS)];
		ssize_t n;

		down_read(&slot->lock);
		n = ukl_tcp_send(slot->far, bytes, 1 + pick(r, 64), MSG_DONTWAIT);
		/* The other end may have ended its half, or all of it. */
		if (n < 0)
			one_of(race, "ukl_tcp_send()", n, -EAGAIN, -EPIPE, -ECONNRESET, -EAGAIN);
		atomic_add(n > 0, &race->sends);
		if (pick(r, 2)) {
			do {
				n = ukl_tcp_recv(slot->near, bytes, 64, MSG_DONTWAIT);
			} while (n > 0);
			one_of(race, "ukl_tcp_recv()", n, 0, -EAGAIN, -ECONNRESET, 0);
		}
		up_read(&slot->lock);
		if (!pick(r, 8))
			fsleep(100);
	}
	return 0;
}

/* Closes connections, in sets or not, in one way or the other, and makes new ones. */
static int race_closer(struct racer *r)
{
	struct linger reset = { .l_onoff = 1 };
	struct race *race = r->race;
	struct test *t = race->t;

	while (!READ_ONCE(race->end)) {
		struct slot *slot = &race->slots[pick(r, SLOTS)];
		bool first = pick(r, 2);

		down_write(&slot->lock);
		if (!pick(r, 3))
			EXPECT_EQ(t, ukl_setsockopt(slot->far, SOL_SOCKET, SO_LINGER, &reset,
						    sizeof(reset)), 0);
		if (first)
			EXPECT_EQ(t, ukl_close(slot->far), 0);
		EXPECT_EQ(t, ukl_close(slot->near), 0);
		if (!first)
			EXPECT_EQ(t, ukl_close(slot->far), 0);
		atomic_inc(&race->sockets_closed);
		if (!slot_open(race, slot))
			WRITE_ONCE(race->end, true);
		up_write(&slot->lock);
		fsleep(200 + pick(r, 2000));
	}
	return 0;
}

/*
 * No call may begin on a set that is closed, while those that are under way end: a waiter says
 * which set it is about to wait for and then looks whether that is closing. The closer says that it
 * is, then sees that each waiter has either left or sleeps, which it does in nothing but its wait.
 */
static int race_set_closer(struct racer *r)
{
	struct race *race = r->race;
	struct test *t = race->t;

	while (!READ_ONCE(race->end)) {
		struct set *set = &race->sets[pick(r, SETS)];

		down_write(&set->lock);
		/* Before it looks at the waiters: pairs with race_waiter(). */
		smp_store_mb(set->closing, true);
		for (int i = 0; i < WAITERS; i++)
			while (READ_ONCE(race->waiters[i].in) == set &&
			       READ_ONCE(race->waiters[i].task->__state) == TASK_RUNNING)
				EXPECT_EQ(t, ukl_null(), 0);
		EXPECT_EQ(t, ukl_poll_close(set->poll), 0);
		atomic_inc(&race->sets_closed);
		/* Whoever waited has to leave before there is another set in its place. */
		for (int i = 0; i < WAITERS; i++)
			while (READ_ONCE(race->waiters[i].in) == set)
				fsleep(50);
		set->poll = ukl_poll_create();
		if (!EXPECT_OK(t, set->poll))
			WRITE_ONCE(race->end, true);
		/* With the new set: pairs with race_waiter(). */
		smp_store_release(&set->closing, false);
		up_write(&set->lock);
		fsleep(1000 + pick(r, 10000));
	}
	return 0;
}

/* Wakes waits. */
static int race_waker(struct racer *r)
{
	struct race *race = r->race;

	while (!READ_ONCE(race->end)) {
		struct set *set = &race->sets[pick(r, SETS)];

		down_read(&set->lock);
		if (!pick(r, 4))
			EXPECT_EQ(race->t, ukl_poll_spin(set->poll, pick(r, UKL_SPIN_MAX)), 0);
		ukl_poll_wake(set->poll);
		up_read(&set->lock);
		fsleep(100 + pick(r, 3000));
	}
	return 0;
}

static int race_waiter(struct racer *r)
{
	static const s64 times[] = { 0, NSEC_PER_USEC, NSEC_PER_MSEC, 20 * NSEC_PER_MSEC };
	struct race *race = r->race;
	struct race_waiter *self = &race->waiters[r->index];
	const __poll_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP;

	while (!READ_ONCE(race->end)) {
		struct set *set = &race->sets[pick(r, SETS)];
		struct ukl_event events[8];
		int n = 0, max = 1 + pick(r, 8);

		/* Before it looks whether it may: pairs with race_set_closer(). */
		smp_store_mb(self->in, set);
		/* And before it reads which set: as above. */
		if (!smp_load_acquire(&set->closing)) {
			n = ukl_poll_wait(set->poll, events, max, times[pick(r, 4)]);
			atomic_inc(&race->waits);
		}
		/* Behind the wait. */
		smp_store_release(&self->in, NULL);
		if (n < 0) {
			one_of(race, "ukl_poll_wait()", n, -EBADF, -EBADF, -EBADF, -EBADF);
			atomic_inc(&race->badf);
		}
		if (n > max)
			one_of(race, "ukl_poll_wait()", n, max, max, max, max);
		for (int i = 0; i < n; i++) {
			EXPECT_TRUE(race->t, events[i].token - TOKEN < SLOTS);
			EXPECT_TRUE(race->t, events[i].events && !(events[i].events & ~all));
			atomic_inc(&race->events);
		}
		if (race->t->failures)
			WRITE_ONCE(race->end, true);
	}
	return 0;
}

static int racer_main(void *data)
{
	struct racer *r = data;

	if (r->fn == race_waiter)
		WRITE_ONCE(r->race->waiters[r->index].task, current);
	atomic_dec(&r->race->next);
	while (atomic_read(&r->race->next) > 0 && !READ_ONCE(r->race->end))
		fsleep(1000);
	return r->fn(r);
}

/* After all that, each set tells what happens to each socket. */
static void all_as_before(struct race *race)
{
	struct test *t = race->t;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *slot = &race->slots[i];

		for (int j = 0; j < SETS; j++)
			one_of(race, "ukl_poll_remove()",
			       ukl_poll_remove(race->sets[j].poll, slot->near), 0, -ENOENT, 0, 0);
		drain(slot->near);
	}
	/* One wake-up may be left over. */
	for (int i = 0; i < SETS; i++) {
		struct ukl_event event;

		EXPECT_EQ(t, ukl_poll_wait(race->sets[i].poll, &event, 1, 0), 0);
		EXPECT_QUIET(t, race->sets[i].poll);
	}
	for (int i = 0; i < SLOTS && !t->failures; i++) {
		struct slot *slot = &race->slots[i];
		struct ukl_poll *poll = race->sets[i % SETS].poll;

		EXPECT_EQ(t, ukl_poll_add(poll, slot->near, EPOLLIN | (i % 3 ? 0 : EDGE), i), 0);
		EXPECT_QUIET(t, poll);
		send_byte(t, slot->far, slot->near);
		EXPECT_EVENT(t, poll, i, EPOLLIN);
		EXPECT_EQ(t, drain(slot->near), 1);
		EXPECT_QUIET(t, poll);
	}
}

/* ARGUMENTS: for how many seconds, and a seed. */
static int race(struct test *t)
{
	static int (*const fns[])(struct racer *r) = {
		race_waiter, race_waiter, race_waiter, race_user, race_user, race_traffic,
		race_closer, race_set_closer, race_waker,
	};
	struct race *race = kzalloc(sizeof(*race), GFP_KERNEL);
	struct racer racers[ARRAY_SIZE(fns)] = { };
	unsigned int seconds;

	if (!race || sscanf(t->args, "%u %llu", &seconds, &race->seed) != 2) {
		EXPECT_EQ(t, -EINVAL, 0);
		goto out;
	}
	race->t = t;
	race->listener = listen_on(4, 0);
	if (!EXPECT_OK(t, race->listener))
		goto out;
	for (int i = 0; i < SLOTS; i++) {
		init_rwsem(&race->slots[i].lock);
		if (!slot_open(race, &race->slots[i]))
			goto out;
	}
	for (int i = 0; i < SETS; i++) {
		init_rwsem(&race->sets[i].lock);
		race->sets[i].poll = ukl_poll_create();
		if (!EXPECT_OK(t, race->sets[i].poll))
			goto out;
	}
	atomic_set(&race->next, ARRAY_SIZE(fns));
	for (int i = 0; i < ARRAY_SIZE(fns); i++) {
		racers[i] = (struct racer){
			.race = race, .fn = fns[i], .index = i, .random = race->seed * 1000 + i,
		};
		racers[i].thread = ukl_thread_spawn(racer_main, &racers[i], 0);
		EXPECT_OK(t, racers[i].thread);
	}
	for (unsigned int i = 0; i < seconds * 10 && !READ_ONCE(race->end); i++)
		msleep(100);
	WRITE_ONCE(race->end, true);
	for (int i = 0; i < ARRAY_SIZE(fns); i++)
		if (!IS_ERR(racers[i].thread))
			EXPECT_EQ(t, ukl_thread_join(racers[i].thread, NULL), 0);
	test_log(t, "seed %llu: %d waits, %d ended by a close, %d events; %d sends\n", race->seed,
		 atomic_read(&race->waits), atomic_read(&race->badf), atomic_read(&race->events),
		 atomic_read(&race->sends));
	test_log(t, "%d adds, %d modified or removed, %d sockets and %d sets closed\n",
		 atomic_read(&race->adds), atomic_read(&race->changes),
		 atomic_read(&race->sockets_closed), atomic_read(&race->sets_closed));
	EXPECT_TRUE(t, atomic_read(&race->events) > 100);
	EXPECT_TRUE(t, atomic_read(&race->sockets_closed) > 100);
	EXPECT_TRUE(t, atomic_read(&race->sets_closed) > 20);
	if (!t->failures)
		all_as_before(race);
	/* Threads that could not be joined may still use it. */
	for (int i = 0; i < SLOTS && !t->failures; i++) {
		EXPECT_EQ(t, ukl_close(race->slots[i].near), 0);
		EXPECT_EQ(t, ukl_close(race->slots[i].far), 0);
	}
out:
	kfree(race);
	return 0;
}

/*
 * ARGUMENTS: how many rounds. Each makes sets, connections and files, and gives them back in
 * another order, or leaves them to the end of the application.
 */
static int rounds(struct test *t)
{
	struct linger reset = { .l_onoff = 1 };
	unsigned int n;

	if (kstrtouint(t->args, 10, &n)) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	for (unsigned int i = 0; i < n && !t->failures; i++) {
		struct ukl_file *file = ukl_file_open("/dev/kmsg", O_RDONLY | O_NONBLOCK, 0);
		struct ukl_poll *poll = ukl_poll_create(), *other = ukl_poll_create();
		struct pair pair;
		char byte;

		if (!EXPECT_OK(t, file) || !EXPECT_OK(t, poll) || !pair_open(t, &pair, 4))
			break;
		/* So that no connection stays behind. */
		EXPECT_EQ(t, ukl_setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &reset,
					    sizeof(reset)), 0);
		EXPECT_EQ(t, ukl_setsockopt(pair.server, SOL_SOCKET, SO_LINGER, &reset,
					    sizeof(reset)), 0);
		EXPECT_EQ(t, ukl_poll_add(poll, pair.listener, EPOLLIN, 1), 0);
		EXPECT_EQ(t, ukl_poll_add(poll, pair.server, EPOLLIN | (i % 2 ? EDGE : 0), 2), 0);
		send_byte(t, pair.client, pair.server);
		EXPECT_EVENT(t, poll, 2, EPOLLIN);
		EXPECT_EQ(t, ukl_tcp_recv(pair.server, &byte, 1, 0), 1);
		EXPECT_EQ(t, ukl_poll_add_file(other, file, EPOLLIN, 3), 0);
		switch (i % 4) {
		case 0:
			pair_close(t, &pair);
			EXPECT_EQ(t, ukl_file_close(file), 0);
			EXPECT_EQ(t, ukl_poll_close(poll), 0);
			EXPECT_EQ(t, ukl_poll_close(other), 0);
			break;
		case 1:
			EXPECT_EQ(t, ukl_poll_close(other), 0);
			EXPECT_EQ(t, ukl_poll_close(poll), 0);
			EXPECT_EQ(t, ukl_file_close(file), 0);
			pair_close(t, &pair);
			break;
		case 2:
			EXPECT_EQ(t, ukl_poll_remove(poll, pair.server), 0);
			EXPECT_EQ(t, ukl_poll_remove_file(other, file), 0);
			EXPECT_EQ(t, ukl_poll_close(poll), 0);
			break;
		}
	}
	return 0;
}

const struct test_case poll_many_cases[] = {
	{ "poll_many.no_allocations", no_allocations },
	{ "poll_many.ready", many, TEST_ARGS },
	{ "poll_many.race", race, TEST_ARGS },
	{ "poll_many.rounds", rounds, TEST_ARGS },
	{ }
};
