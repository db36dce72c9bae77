// SPDX-License-Identifier: GPL-2.0
/* Waiting for a change of a word of memory, and waking who waits. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "../stream.h"
#include "hook.h"

/** SHORT - a time-out in nanoseconds that has to pass */
#define SHORT	(200 * NSEC_PER_MSEC)

/** struct waiter - a thread that waits for a word */
struct waiter {
	struct child child;
	u32 *word;
	u32 expected;
	s64 timeout;
	/* When it came back, among others. */
	atomic_t *order;
	int place;
};

static int wait_main(void *data)
{
	struct child *child = data;
	struct waiter *w = container_of(child, struct waiter, child);

	child->result = ukl_futex_wait(w->word, w->expected, w->timeout);
	if (w->order)
		w->place = atomic_inc_return(w->order);
	return child->result;
}

static int values(struct test *t)
{
	u32 word = 5;

	EXPECT_EQ(t, ukl_futex_wait(&word, 6, UKL_FOREVER), -EAGAIN);
	EXPECT_EQ(t, ukl_futex_wait(&word, 0, 0), -EAGAIN);
	EXPECT_EQ(t, ukl_futex_wait(&word, 5, 0), -ETIMEDOUT);
	word = U32_MAX;
	EXPECT_EQ(t, ukl_futex_wait(&word, 0, UKL_FOREVER), -EAGAIN);
	EXPECT_EQ(t, ukl_futex_wait(&word, U32_MAX, 1), -ETIMEDOUT);
	EXPECT_EQ(t, word, U32_MAX);
	return 0;
}

static int timeouts(struct test *t)
{
	static const s64 times[] = { 1, NSEC_PER_USEC * 100, NSEC_PER_MSEC * 3, SHORT };
	u32 word = 0;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		s64 start = ktime_get();

		EXPECT_EQ(t, ukl_futex_wait(&word, 0, times[i]), -ETIMEDOUT);
		EXPECT_TRUE(t, ktime_get() - start >= times[i]);
	}
	return 0;
}

static int words_that_cannot_be(struct test *t)
{
	u32 words[2] = { };

	for (int i = 1; i < 4; i++)
		EXPECT_EQ(t, ukl_futex_wait((void *)words + i, 0, 0), -EINVAL);
	EXPECT_EQ(t, ukl_futex_wait(NULL, 0, 0), -EFAULT);
	EXPECT_EQ(t, ukl_futex_wait((void *)0x1000, 0, 0), -EFAULT);
	EXPECT_EQ(t, ukl_futex_wait((void *)0x7fffffffe000, 0, 0), -EFAULT);
	EXPECT_EQ(t, ukl_futex_wake(words, 0), -EINVAL);
	EXPECT_EQ(t, ukl_futex_wake(words, -1), -EINVAL);
	EXPECT_EQ(t, ukl_futex_wake(words, INT_MIN), -EINVAL);
	/* It is not read: nobody waits for any of these. */
	EXPECT_EQ(t, ukl_futex_wake(NULL, 1), 0);
	EXPECT_EQ(t, ukl_futex_wake((void *)0x1000, INT_MAX), 0);
	EXPECT_EQ(t, ukl_futex_wake(words, INT_MAX), 0);
	return 0;
}

#define WAITERS	8

/* Starts @n threads that wait for @word, one after the other. */
static bool start(struct test *t, struct waiter *waiters, int n, u32 *word, atomic_t *order)
{
	for (int i = 0; i < n; i++) {
		waiters[i] = (struct waiter){
			.word = word, .expected = *word, .timeout = UKL_FOREVER, .order = order,
		};
		if (!child_start(t, &waiters[i].child, wait_main))
			return false;
	}
	return true;
}

static int wake_counts(struct test *t)
{
	struct waiter *waiters = kcalloc(WAITERS, sizeof(*waiters), GFP_KERNEL);
	atomic_t order = ATOMIC_INIT(0);
	u32 word = 0, other = 0;
	int back = 0;

	if (!waiters || !start(t, waiters, WAITERS, &word, &order))
		return 0;
	EXPECT_EQ(t, ukl_futex_wake(&other, INT_MAX), 0);
	EXPECT_EQ(t, ukl_futex_wake(&word + 1, INT_MAX), 0);
	settle();
	EXPECT_EQ(t, atomic_read(&order), 0);
	/* Also if the word is as it was. */
	EXPECT_EQ(t, ukl_futex_wake(&word, 1), 1);
	EXPECT_EQ(t, ukl_futex_wake(&word, 3), 3);
	for (int i = 0; i < 500 && atomic_read(&order) < 4; i++)
		fsleep(10000);
	settle();
	EXPECT_EQ(t, atomic_read(&order), 4);
	for (int i = 0; i < WAITERS; i++)
		back += !child_pending(&waiters[i].child);
	EXPECT_EQ(t, back, 4);
	EXPECT_EQ(t, ukl_futex_wake(&word, INT_MAX), WAITERS - 4);
	EXPECT_EQ(t, ukl_futex_wake(&word, INT_MAX), 0);
	for (int i = 0; i < WAITERS; i++)
		EXPECT_EQ(t, child_end(t, &waiters[i].child), 0);
	kfree(waiters);
	return 0;
}

static int longest_waiting_first(struct test *t)
{
	struct waiter *waiters = kcalloc(WAITERS, sizeof(*waiters), GFP_KERNEL);
	atomic_t order = ATOMIC_INIT(0);
	u32 word = 7;

	if (!waiters || !start(t, waiters, WAITERS, &word, &order))
		return 0;
	for (int i = 0; i < WAITERS; i++) {
		EXPECT_EQ(t, ukl_futex_wake(&word, 1), 1);
		EXPECT_EQ(t, child_end(t, &waiters[i].child), 0);
		EXPECT_EQ(t, waiters[i].place, i + 1);
	}
	kfree(waiters);
	return 0;
}

static int stop_ends_a_wait(struct test *t)
{
	struct waiter *waiters = kcalloc(WAITERS, sizeof(*waiters), GFP_KERNEL);
	u32 word = 0;

	if (!waiters || !start(t, waiters, 3, &word, NULL))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(waiters[1].child.thread), 0);
	EXPECT_EQ(t, child_end(t, &waiters[1].child), -EINTR);
	/* Who is gone is not woken, and not counted. */
	EXPECT_EQ(t, ukl_futex_wake(&word, INT_MAX), 2);
	EXPECT_EQ(t, child_end(t, &waiters[0].child), 0);
	EXPECT_EQ(t, child_end(t, &waiters[2].child), 0);
	kfree(waiters);
	return 0;
}

static int waiting_app(void *data)
{
	struct waiter *w = data;

	w->child.result = ukl_futex_wait(w->word, w->expected, w->timeout);
	return w->child.result;
}

static int woken_by_a_process(struct test *t)
{
	u32 word = 0;
	struct waiter w = {
		.word = &word, .timeout = UKL_FOREVER, .child.result = -EL2HLT,
	};
	struct ukl_app *app = ukl_app_start("waiting", waiting_app, &w);
	int woken = 0;

	if (!EXPECT_OK(t, app))
		return 0;
	for (int i = 0; i < 500 && !woken; i++) {
		woken = ukl_futex_wake(&word, 1);
		fsleep(10000);
	}
	EXPECT_EQ(t, woken, 1);
	for (int i = 0; i < 500 && child_pending(&w.child); i++)
		fsleep(10000);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	return 0;
}

/** struct waker - a timer that wakes */
struct waker {
	struct hrtimer timer;
	u32 word;
	int woken;
};

static enum hrtimer_restart wake_from_timer(struct hrtimer *timer)
{
	struct waker *waker = container_of(timer, struct waker, timer);

	WRITE_ONCE(waker->word, 1);
	waker->woken = ukl_futex_wake(&waker->word, 1);
	return HRTIMER_NORESTART;
}

static int woken_by_an_interrupt(struct test *t)
{
	enum hrtimer_mode mode = HRTIMER_MODE_REL_HARD;
	struct waker waker = { };

	/* With PREEMPT_RT a wait queue's lock is none for hard interrupts; lockdep can check it. */
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		mode = HRTIMER_MODE_REL_SOFT;

	hrtimer_setup(&waker.timer, wake_from_timer, CLOCK_MONOTONIC, mode);
	hrtimer_start(&waker.timer, ms_to_ktime(100), mode);
	while (!READ_ONCE(waker.word)) {
		int err = ukl_futex_wait(&waker.word, 0, UKL_FOREVER);

		EXPECT_TRUE(t, err == 0 || err == -EAGAIN);
	}
	hrtimer_cancel(&waker.timer);
	EXPECT_EQ(t, waker.woken, 1);
	return 0;
}

/** TURNS - how many times two threads take turns, if there is time for so many */
#define TURNS	100000
/** GAME_LIMIT - nanoseconds for that */
#define GAME_LIMIT	(8 * (s64)NSEC_PER_SEC)

/** struct game - two threads that take turns: a word says whose it is */
struct game {
	struct test *t;
	int cpus[2];
	u32 turn;
	/* How many looks at the word, at most, come before waiting for it. */
	unsigned int looks;
	bool over;
	unsigned long waits[2], turns[2];
};

static int play(struct game *game, u32 me)
{
	s64 end = ktime_get() + GAME_LIMIT;
	u64 random = me;
	int err = 0;

	pin(game->t, game->cpus[me]);
	while (!READ_ONCE(game->over)) {
		unsigned int looks = game->looks ? stream_random(&random) % game->looks : 0;

		/* So that the wait begins at any time of the other one's turn. */
		while (looks-- && READ_ONCE(game->turn) != me)
			cpu_relax();
		while (READ_ONCE(game->turn) != me) {
			err = ukl_futex_wait(&game->turn, !me, UKL_FOREVER);
			if (err && err != -EAGAIN)
				return err;
			game->waits[me]++;
		}
		game->turns[me]++;
		if (!me && (game->turns[me] == TURNS || ktime_get() > end))
			WRITE_ONCE(game->over, true);
		WRITE_ONCE(game->turn, !me);
		err = ukl_futex_wake(&game->turn, 1);
		if (err < 0)
			return err;
	}
	return 0;
}

static int second_player(void *data)
{
	return play(data, 1);
}

static void take_turns(struct test *t, int cpu, int other, unsigned int looks)
{
	struct game game = { .t = t, .cpus = { cpu, other }, .looks = looks };
	struct ukl_thread *thread = ukl_thread_spawn(second_player, &game, 0);
	int status = -1;

	if (!EXPECT_OK(t, thread))
		return;
	EXPECT_EQ(t, play(&game, 0), 0);
	EXPECT_EQ(t, ukl_thread_join(thread, &status), 0);
	EXPECT_EQ(t, status, 0);
	test_log(t, "%lu and %lu turns, %lu and %lu waits\n", game.turns[0], game.turns[1],
		 game.waits[0], game.waits[1]);
	EXPECT_TRUE(t, game.turns[0] > 100);
}

/* A lost wake-up would end these for ever. */
static int turns_on_one_cpu(struct test *t)
{
	take_turns(t, 0, 0, 0);
	return 0;
}

static int turns_on_two_cpus(struct test *t)
{
	take_turns(t, 0, other_cpu(0), 3000);
	return 0;
}

/** struct mutex_word - a lock made of a word: 0 free, 1 taken, 2 taken and waited for */
struct mutex_word {
	u32 word;
	unsigned long count;
	int error;
};

static int lock_word(struct mutex_word *lock)
{
	u32 was = cmpxchg(&lock->word, 0, 1);
	int err;

	while (was) {
		if (was == 2 || cmpxchg(&lock->word, 1, 2)) {
			err = ukl_futex_wait(&lock->word, 2, UKL_FOREVER);
			if (err && err != -EAGAIN)
				return err;
		}
		was = cmpxchg(&lock->word, 0, 2);
	}
	return 0;
}

static void unlock_word(struct mutex_word *lock)
{
	if (xchg(&lock->word, 0) == 2)
		ukl_futex_wake(&lock->word, 1);
}

#define LOCKERS	16
#define LOCKS	2000

static int locker(void *data)
{
	struct mutex_word *lock = data;

	for (int i = 0; i < LOCKS; i++) {
		int err = lock_word(lock);

		if (err)
			return err;
		/* Nobody else is in here. */
		lock->count++;
		if (i % 64 == 0)
			ukl_null();
		unlock_word(lock);
	}
	return 0;
}

static int lock_of_many_threads(struct test *t)
{
	struct ukl_thread *threads[LOCKERS];
	struct mutex_word lock = { };
	int status = -1;

	for (int i = 0; i < LOCKERS; i++) {
		threads[i] = ukl_thread_spawn(locker, &lock, UKL_STACK_MIN);
		EXPECT_OK(t, threads[i]);
	}
	for (int i = 0; i < LOCKERS; i++) {
		EXPECT_EQ(t, ukl_thread_join(threads[i], &status), 0);
		EXPECT_EQ(t, status, 0);
	}
	EXPECT_EQ(t, lock.count, (long)LOCKERS * LOCKS);
	EXPECT_EQ(t, lock.word, 0);
	return 0;
}

/** struct impatient - a thread that waits again and again, each time for not long */
struct impatient {
	u32 word;
	bool over;
	unsigned long woken, late, other;
};

static int impatient_main(void *data)
{
	struct impatient *i = data;
	u64 random = 1;

	for (int n = 0; n < 10000; n++) {
		s64 timeout = (stream_random(&random) % 60 + 1) * NSEC_PER_USEC;

		switch (ukl_futex_wait(&i->word, 0, timeout)) {
		case 0:
			i->woken++;
			break;
		case -ETIMEDOUT:
			i->late++;
			break;
		default:
			i->other++;
		}
	}
	WRITE_ONCE(i->over, true);
	return 0;
}

/* Wake-ups and time-outs at the same time: who is counted is who came back with 0. */
static int wake_and_timeout_at_once(struct test *t)
{
	struct impatient i = { };
	struct ukl_thread *thread = ukl_thread_spawn(impatient_main, &i, 0);
	unsigned long counted = 0;
	u64 random = 2;

	if (!EXPECT_OK(t, thread))
		return 0;
	while (!READ_ONCE(i.over) && !ukl_null()) {
		counted += ukl_futex_wake(&i.word, 1);
		for (unsigned int n = stream_random(&random) % 4000; n--;)
			cpu_relax();
	}
	EXPECT_EQ(t, ukl_thread_join(thread, NULL), 0);
	test_log(t, "%lu woken, %lu timed out\n", i.woken, i.late);
	EXPECT_EQ(t, counted, i.woken);
	EXPECT_EQ(t, i.other, 0);
	return 0;
}

const struct test_case futex_cases[] = {
	{ "futex.values", values },
	{ "futex.timeouts", timeouts },
	{ "futex.words_that_cannot_be", words_that_cannot_be },
	{ "futex.wake_counts", wake_counts },
	{ "futex.longest_waiting_first", longest_waiting_first },
	{ "futex.stop_ends_a_wait", stop_ends_a_wait },
	{ "futex.woken_by_a_process", woken_by_a_process, TEST_TASK },
	{ "futex.woken_by_an_interrupt", woken_by_an_interrupt },
	{ "futex.turns_on_one_cpu", turns_on_one_cpu },
	{ "futex.turns_on_two_cpus", turns_on_two_cpus },
	{ "futex.lock_of_many_threads", lock_of_many_threads },
	{ "futex.wake_and_timeout_at_once", wake_and_timeout_at_once },
	{ }
};
