// SPDX-License-Identifier: GPL-2.0
/*
 * Calls at random, from several threads, with answers compared with what each thread knows of its
 * objects. What a thread asks for in a step is made of the seed and of the numbers of the thread
 * and the step alone, so that a run with the same seed comes to the same step.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "random.h"

/** PERIOD - how many bytes of the pattern there are before it repeats: a prime */
#define PERIOD		65521
/** STALL - seconds without a step after which a thread has lost its way */
#define STALL		60
/** ENOUGH - steps in which every call has been made */
#define ENOUGH		30000
#define THREADS_MAX	64
#define GUARD		8

static const char *const names[CALLS] = {
	[CALL_ukl_null] = "ukl_null", [CALL_ukl_null_same_stack] = "ukl_null_same_stack",
	[CALL_ukl_bypass] = "ukl_bypass", [CALL_ukl_mode] = "ukl_mode",
	[CALL_ukl_should_stop] = "ukl_should_stop", [CALL_ukl_thread_spawn] = "ukl_thread_spawn",
	[CALL_ukl_thread_join] = "ukl_thread_join", [CALL_ukl_thread_stop] = "ukl_thread_stop",
	[CALL_ukl_thread_detach] = "ukl_thread_detach", [CALL_ukl_alloc] = "ukl_alloc",
	[CALL_ukl_free] = "ukl_free", [CALL_ukl_socket] = "ukl_socket",
	[CALL_ukl_sock_adopt] = "ukl_sock_adopt", [CALL_ukl_sock_from_fd] = "ukl_sock_from_fd",
	[CALL_ukl_sock_to_fd] = "ukl_sock_to_fd", [CALL_ukl_bind] = "ukl_bind",
	[CALL_ukl_listen] = "ukl_listen", [CALL_ukl_accept] = "ukl_accept",
	[CALL_ukl_connect] = "ukl_connect", [CALL_ukl_sendto] = "ukl_sendto",
	[CALL_ukl_recvfrom] = "ukl_recvfrom", [CALL_ukl_send] = "ukl_send",
	[CALL_ukl_recv] = "ukl_recv", [CALL_ukl_sendv] = "ukl_sendv",
	[CALL_ukl_recvv] = "ukl_recvv", [CALL_ukl_setsockopt] = "ukl_setsockopt",
	[CALL_ukl_getsockopt] = "ukl_getsockopt", [CALL_ukl_shutdown] = "ukl_shutdown",
	[CALL_ukl_getsockname] = "ukl_getsockname", [CALL_ukl_getpeername] = "ukl_getpeername",
	[CALL_ukl_close] = "ukl_close", [CALL_ukl_tcp_listen] = "ukl_tcp_listen",
	[CALL_ukl_tcp_connect] = "ukl_tcp_connect", [CALL_ukl_tcp_send] = "ukl_tcp_send",
	[CALL_ukl_tcp_recv] = "ukl_tcp_recv", [CALL_ukl_tcp_sendv] = "ukl_tcp_sendv",
	[CALL_ukl_tcp_recvv] = "ukl_tcp_recvv", [CALL_ukl_tcp_send_pages] = "ukl_tcp_send_pages",
	[CALL_ukl_tcp_recv_inplace] = "ukl_tcp_recv_inplace",
	[CALL_ukl_tcp_exchange] = "ukl_tcp_exchange", [CALL_ukl_tcp_nodelay] = "ukl_tcp_nodelay",
	[CALL_ukl_poll_create] = "ukl_poll_create", [CALL_ukl_poll_add] = "ukl_poll_add",
	[CALL_ukl_poll_modify] = "ukl_poll_modify", [CALL_ukl_poll_remove] = "ukl_poll_remove",
	[CALL_ukl_poll_add_file] = "ukl_poll_add_file",
	[CALL_ukl_poll_modify_file] = "ukl_poll_modify_file",
	[CALL_ukl_poll_remove_file] = "ukl_poll_remove_file",
	[CALL_ukl_poll_wait] = "ukl_poll_wait", [CALL_ukl_poll_wake] = "ukl_poll_wake",
	[CALL_ukl_poll_spin] = "ukl_poll_spin", [CALL_ukl_poll_close] = "ukl_poll_close",
	[CALL_ukl_file_open] = "ukl_file_open", [CALL_ukl_file_from_fd] = "ukl_file_from_fd",
	[CALL_ukl_file_read] = "ukl_file_read", [CALL_ukl_file_write] = "ukl_file_write",
	[CALL_ukl_file_pread] = "ukl_file_pread", [CALL_ukl_file_pwrite] = "ukl_file_pwrite",
	[CALL_ukl_file_sync] = "ukl_file_sync", [CALL_ukl_file_size] = "ukl_file_size",
	[CALL_ukl_file_close] = "ukl_file_close",
	[CALL_ukl_clock_monotonic] = "ukl_clock_monotonic",
	[CALL_ukl_clock_realtime] = "ukl_clock_realtime", [CALL_ukl_sleep] = "ukl_sleep",
	[CALL_ukl_futex_wait] = "ukl_futex_wait", [CALL_ukl_futex_wake] = "ukl_futex_wake",
};

/* All threads' bytes: the period, and the beginning once more. */
static char *bytes;
static bool stop;
static DECLARE_COMPLETION(go);
/* For writing while a handle that was given back is used: no other thread makes one meanwhile. */
static DECLARE_RWSEM(handles);

const char *pattern(u64 base, u64 pos)
{
	return bytes + (base + pos) % PERIOD;
}

size_t size_up_to(struct actor *a, size_t max)
{
	size_t size = 1UL << pick(a, ilog2(max) + 1);

	return min(size + pick(a, size), max);
}

void differ(struct actor *a, const char *wanted, long long got, long long want, ...)
{
	char text[64], what[96];
	va_list args;

	if (a->failed)
		return;
	a->failed = true;
	va_start(args, want);
	vsnprintf(text, sizeof(text), wanted, args);
	va_end(args);
	snprintf(what, sizeof(what), "seed %llu thread %u step %llu: %s", a->seed, a->number,
		 a->step, names[a->call]);
	test_equal(a->t, __FILE__, __LINE__, what, got, want, text);
}

bool answer(struct actor *a, long long got, long long low, long long high)
{
	if (got >= low && got <= high)
		return true;
	if (low == high)
		differ(a, "just this", got, low);
	else
		differ(a, "%lld to %lld", got, low, low, high);
	return false;
}

bool either(struct actor *a, long long got, long long one, long long other)
{
	if (got == one || got == other)
		return true;
	differ(a, "that or %lld", got, one, other);
	return false;
}

bool refused(struct actor *a, long long got, long long error)
{
	a->bad[a->call]++;
	if (got == error)
		return true;
	differ(a, "an error for bad input", got, error);
	return false;
}

bool made_it(struct actor *a, const void *got)
{
	if (!IS_ERR_OR_NULL(got))
		return true;
	differ(a, "a pointer", PTR_ERR(got), 1);
	return false;
}

bool permitted(struct actor *a, long long got, const int *errors)
{
	if (got >= 0)
		return true;
	for (; *errors; errors++)
		if (*errors == got)
			return true;
	differ(a, "one of the errors that may be", got, 0);
	return false;
}

bool same(struct actor *a, const void *got, const void *want, size_t len)
{
	const char *one = got, *other = want;
	size_t i = 0;

	if (!memcmp(got, want, len))
		return true;
	while (one[i] == other[i])
		i++;
	differ(a, "all %zu bytes to be right", i, len, len);
	return false;
}

void *bad_pointer(struct actor *a)
{
	static const unsigned long pointers[] = { 0, 1, 0x1000, 0x7ffffffff000, LONG_MAX };
	unsigned int i = pick(a, ARRAY_SIZE(pointers) + 1);

	if (i < ARRAY_SIZE(pointers))
		return (void *)pointers[i];
	return (void *)(unsigned long)(stream_random(&a->random) >> 1);
}

void *bad_handle(struct actor *a)
{
	return pick(a, 2) ? NULL : ERR_PTR(-1L - pick(a, MAX_ERRNO));
}

size_t bad_length(struct actor *a)
{
	static const size_t lengths[] = {
		(size_t)INT_MAX + 1, UINT_MAX, SZ_8G, SSIZE_MAX, (size_t)SSIZE_MAX + 1, SIZE_MAX,
	};

	return lengths[pick(a, ARRAY_SIZE(lengths))];
}

u32 bad_bits(struct actor *a, u32 good)
{
	u32 bits = good_bits(a, good), bit;

	do {
		bit = 1U << pick(a, 32);
	} while (bit & good);
	return bits | bit;
}

u32 good_bits(struct actor *a, u32 good)
{
	return stream_random(&a->random) & good;
}

size_t cut(struct actor *a, const void *buf, size_t len)
{
	size_t n = 1 + pick(a, PARTS - 1), done = 0;

	for (size_t i = 0; i < n; i++) {
		size_t part = i == n - 1 ? len - done : pick(a, 2 * (len - done) / (n - i) + 1);

		part = min(part, len - done);
		a->vec[i] = (struct kvec){ (void *)buf + done, part };
		/* A part of no length may point anywhere. */
		if (!part)
			a->vec[i].iov_base = bad_pointer(a);
		done += part;
	}
	return n;
}

void put_guard(struct actor *a, size_t len)
{
	memset(a->buf + len, 0xa5, GUARD);
}

bool guard_holds(struct actor *a, size_t len)
{
	const char *broken = memchr_inv(a->buf + len, 0xa5, GUARD);

	if (!broken)
		return true;
	differ(a, "no byte behind the %zu of the buffer", broken - (a->buf + len) + 1, 0, len);
	return false;
}

static void one_step(struct actor *a)
{
	if (!pick(a, 400)) {
		down_write(&handles);
		stale_step(a);
		up_write(&handles);
		return;
	}
	down_read(&handles);
	switch (pick(a, 32)) {
	case 0 ... 12:
		streams_step(a);
		break;
	case 13 ... 16:
		datagrams_step(a);
		break;
	case 17 ... 21:
		sets_step(a);
		break;
	case 22 ... 24:
		files_step(a);
		break;
	case 25 ... 29:
		things_step(a);
		break;
	default:
		shared_step(a);
		break;
	}
	up_read(&handles);
}

static int actor_main(void *data)
{
	struct actor *a = data;

	wait_for_completion(&go);
	a->random = stream_word(a->seed, (u64)a->number << 48);
	a->buf = vmalloc(BUF_SIZE);
	if (a->buf && sets_open(a) && streams_open(a) && datagrams_open(a) && files_open(a) &&
	    things_open(a)) {
		while (!READ_ONCE(stop) && !a->failed) {
			WRITE_ONCE(a->step, a->step + 1);
			a->random = stream_word(a->seed, ((u64)a->number << 48) + a->step);
			one_step(a);
		}
	} else if (!a->failed) {
		differ(a, "to begin", 0, 1);
	}
	/* What is left has no meaning for the bypass. */
	ukl_bypass(0);
	things_close(a);
	files_close(a);
	datagrams_close(a);
	streams_close(a);
	sets_close(a);
	vfree(a->buf);
	/* Its last word: pairs with actors_ended(). */
	smp_store_release(&a->ended, true);
	return 0;
}

static bool actors_ended(struct actor *actors, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		/* Pairs with actor_main(). */
		if (!smp_load_acquire(&actors[i].ended))
			return false;
	return true;
}

/* Waits for the end of the time and of the threads. One that hangs in a call is asked to stop. */
static void look_after(struct test *t, struct actor *actors, unsigned int n, unsigned int seconds)
{
	s64 now = ukl_clock_monotonic(), end = now + seconds * NSEC_PER_SEC;
	u64 seen[THREADS_MAX] = { };
	s64 since[THREADS_MAX];

	for (unsigned int i = 0; i < n; i++)
		since[i] = now;
	while (!actors_ended(actors, n)) {
		msleep(50);
		now = ukl_clock_monotonic();
		if (now >= end)
			WRITE_ONCE(stop, true);
		for (unsigned int i = 0; i < n; i++) {
			u64 step = READ_ONCE(actors[i].step);

			if (step != seen[i] || READ_ONCE(actors[i].ended)) {
				seen[i] = step;
				since[i] = now;
			} else if (now - since[i] > STALL * NSEC_PER_SEC) {
				test_log(t, "seed %llu thread %u step %llu: %s does not return\n",
					 actors[i].seed, i, step,
					 names[READ_ONCE(actors[i].call)]);
				EXPECT_EQ(t, ukl_thread_stop(actors[i].thread), 0);
				EXPECT_TRUE(t, false);
				since[i] = now;
				WRITE_ONCE(stop, true);
			}
		}
	}
}

static void sum_up(struct test *t, struct actor *actors, unsigned int n, u64 seed, s64 ns)
{
	unsigned long calls = 0, wrong = 0, steps = 0;

	for (unsigned int i = 0; i < n; i++)
		steps += actors[i].step;
	for (int call = 0; call < CALLS; call++) {
		unsigned long made = 0, bad = 0;

		for (unsigned int i = 0; i < n; i++) {
			made += actors[i].made[call];
			bad += actors[i].bad[call];
		}
		calls += made;
		wrong += bad;
		test_log(t, "%s %lu (%lu)%s", names[call] + strlen("ukl_"), made, bad,
			 call % 6 == 5 || call == CALLS - 1 ? "\n" : ", ");
		if (!made && steps >= ENOUGH) {
			test_log(t, "\n%s was never called\n", names[call]);
			EXPECT_TRUE(t, made);
		}
	}
	test_log(t, "(in brackets: with bad input)\n");
	test_log(t, "seed %llu: %u threads made %lu steps and %lu calls, %lu with bad input, ",
		 seed, n, steps, calls, wrong);
	test_log(t, "in %lld ms\n", ns / NSEC_PER_MSEC);
	EXPECT_TRUE(t, steps > 0 && (wrong > 0 || steps < ENOUGH));
}

static bool begin(struct test *t, u64 seed)
{
	bytes = vmalloc(PERIOD + RUN);
	if (!bytes)
		return false;
	stream_fill(bytes, PERIOD, seed, 0);
	for (size_t i = 0; i < RUN; i++)
		bytes[PERIOD + i] = bytes[i];
	WRITE_ONCE(stop, false);
	reinit_completion(&go);
	return true;
}

/* ARGUMENTS: seed, for how many seconds, how many threads. */
static int random_calls(struct test *t)
{
	struct actor *actors, *host;
	unsigned int seconds, n, started;
	s64 start;
	u64 seed;

	if (sscanf(t->args, "%llu %u %u", &seed, &seconds, &n) != 3 || !n || n >= THREADS_MAX) {
		EXPECT_EQ(t, -EINVAL, 0);
		return 0;
	}
	/* The last one is no thread of its own: it has what all share. */
	actors = kvcalloc(n + 1, sizeof(*actors), GFP_KERNEL);
	if (!actors || !begin(t, seed)) {
		EXPECT_EQ(t, -ENOMEM, 0);
		kvfree(actors);
		return 0;
	}
	for (unsigned int i = 0; i <= n; i++) {
		actors[i].t = t;
		actors[i].seed = seed;
		actors[i].number = i;
	}
	host = &actors[n];
	host->random = stream_word(seed, 0);
	if (shared_open(host)) {
		for (started = 0; started < n; started++) {
			actors[started].thread = ukl_thread_spawn(actor_main, &actors[started], 0);
			if (!EXPECT_OK(t, actors[started].thread))
				break;
		}
		start = ukl_clock_monotonic();
		complete_all(&go);
		look_after(t, actors, started, seconds);
		for (unsigned int i = 0; i < started; i++)
			EXPECT_EQ(t, ukl_thread_join(actors[i].thread, NULL), 0);
		sum_up(t, actors, started, seed, ukl_clock_monotonic() - start);
	}
	shared_close(host);
	vfree(bytes);
	kvfree(actors);
	return 0;
}

const struct test_case random_cases[] = {
	{ "random.calls", random_calls, TEST_ARGS },
	{ }
};
