// SPDX-License-Identifier: GPL-2.0
/* Clocks and sleeping. */
#include <linux/hrtimer.h>
#include <linux/ktime.h>

#include "test.h"

static int clocks(struct test *t)
{
	s64 last = ukl_clock_monotonic(), now, before, after;

	for (int i = 0; i < 1000; i++) {
		now = ukl_clock_monotonic();
		EXPECT_TRUE(t, now >= last);
		last = now;
	}
	before = ktime_get();
	now = ukl_clock_monotonic();
	after = ktime_get();
	EXPECT_TRUE(t, before <= now && now <= after);

	before = ktime_get_real();
	now = ukl_clock_realtime();
	after = ktime_get_real();
	EXPECT_TRUE(t, before <= now && now <= after);
	/* After 2025. */
	EXPECT_TRUE(t, now > 1735689600 * (s64)NSEC_PER_SEC);
	return 0;
}

/** struct alarm_clock - reads the clocks from an interrupt */
struct alarm_clock {
	struct hrtimer timer;
	s64 monotonic, realtime;
	bool rang;
};

static enum hrtimer_restart ring(struct hrtimer *timer)
{
	struct alarm_clock *alarm = container_of(timer, struct alarm_clock, timer);

	alarm->monotonic = ukl_clock_monotonic();
	alarm->realtime = ukl_clock_realtime();
	WRITE_ONCE(alarm->rang, true);
	return HRTIMER_NORESTART;
}

static int clocks_in_an_interrupt(struct test *t)
{
	struct alarm_clock alarm = { };
	s64 before = ktime_get();

	hrtimer_setup(&alarm.timer, ring, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&alarm.timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	while (!READ_ONCE(alarm.rang))
		EXPECT_EQ(t, ukl_sleep(NSEC_PER_MSEC), 0);
	hrtimer_cancel(&alarm.timer);
	EXPECT_TRUE(t, alarm.monotonic >= before && alarm.monotonic <= ktime_get());
	EXPECT_TRUE(t, alarm.realtime <= ktime_get_real());
	return 0;
}

static int clocks_in_a_process(struct test *t)
{
	s64 before = ktime_get();

	EXPECT_TRUE(t, ukl_clock_monotonic() >= before);
	EXPECT_TRUE(t, ukl_clock_realtime() > 0);
	return 0;
}

static int sleep_is_not_too_short(struct test *t)
{
	static const s64 times[] = {
		0, 1, 1000, NSEC_PER_USEC * 50, NSEC_PER_MSEC, NSEC_PER_MSEC * 7,
		NSEC_PER_MSEC * 333,
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		s64 start = ktime_get();

		EXPECT_EQ(t, ukl_sleep(times[i]), 0);
		EXPECT_TRUE(t, ktime_get() - start >= times[i]);
	}
	return 0;
}

static int sleep_that_cannot_be(struct test *t)
{
	EXPECT_EQ(t, ukl_sleep(-1), -EINVAL);
	EXPECT_EQ(t, ukl_sleep(S64_MIN), -EINVAL);
	return 0;
}

static int sleeper(void *data)
{
	struct child *child = data;

	child->result = ukl_sleep(*(s64 *)child->buf);
	return child->result;
}

static int stop_ends_a_sleep(struct test *t)
{
	/* The longest there is: it must not wrap around to nothing. */
	static s64 times[] = { 3600 * (s64)NSEC_PER_SEC, S64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct child child = { .buf = &times[i] };
		s64 start = ktime_get();

		if (!child_start(t, &child, sleeper))
			return 0;
		EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
		EXPECT_EQ(t, child_end(t, &child), -EINTR);
		EXPECT_TRUE(t, ktime_get() - start < 2 * NSEC_PER_SEC);
	}
	return 0;
}

const struct test_case time_cases[] = {
	{ "time.clocks", clocks },
	{ "time.clocks_in_an_interrupt", clocks_in_an_interrupt },
	{ "time.clocks_in_a_process", clocks_in_a_process, TEST_TASK },
	{ "time.sleep_is_not_too_short", sleep_is_not_too_short },
	{ "time.sleep_that_cannot_be", sleep_that_cannot_be },
	{ "time.stop_ends_a_sleep", stop_ends_a_sleep },
	{ }
};
