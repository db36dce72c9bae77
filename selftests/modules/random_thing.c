// SPDX-License-Identifier: GPL-2.0
/* Memory and threads of a thread, the calls that need no object, and handles that are gone. */
#include <linux/slab.h>

#include "random.h"

#define BLOCKS		6
#define BLOCK_MAX	SZ_256K
#define CHILDREN	2

/** struct block - memory, and what all of it holds */
struct block {
	u8 *memory;
	size_t size;
	u8 byte;
};

/** struct youth - a thread, and what it will return */
struct youth {
	struct ukl_thread *thread;
	int status;
	bool waits;
};

struct things {
	struct block blocks[BLOCKS];
	struct youth children[CHILDREN];
	s64 monotonic;
	u32 word;
};

static void block_step(struct actor *a, struct block *b)
{
	if (!b->memory) {
		b->size = size_up_to(a, BLOCK_MAX);
		b->memory = CALL(a, ukl_alloc, b->size);
		if (!made_it(a, b->memory)) {
			b->memory = NULL;
			return;
		}
		b->byte = 0;
	}
	if (memchr_inv(b->memory, b->byte, b->size)) {
		differ(a, "all bytes to be %u", 0, 1, b->byte);
		return;
	}
	b->byte = pick(a, 256);
	memset(b->memory, b->byte, b->size);
	if (pick(a, 2))
		return;
	answer(a, CALL(a, ukl_free, b->memory), 0, 0);
	b->memory = NULL;
}

static int return_status(void *status)
{
	return (long)status;
}

static int until_stopped(void *status)
{
	while (!ukl_null() && !ukl_sleep(NSEC_PER_USEC * 100))
		;
	return (long)status;
}

static void child_begin(struct actor *a, struct youth *c)
{
	size_t stack = pick(a, 2) ? 0 : UKL_STACK_MIN + pick(a, SZ_64K);

	c->status = (int)stream_random(&a->random);
	c->waits = pick(a, 2);
	c->thread = CALL(a, ukl_thread_spawn, c->waits ? until_stopped : return_status,
			 (void *)(long)c->status, stack);
	if (!made_it(a, c->thread))
		c->thread = NULL;
}

static void child_finish(struct actor *a, struct youth *c)
{
	int status = ~c->status;

	if (c->waits || !pick(a, 4))
		answer(a, CALL(a, ukl_thread_stop, c->thread), 0, 0);
	switch (pick(a, 4)) {
	case 0:
		answer(a, CALL(a, ukl_thread_detach, c->thread), 0, 0);
		break;
	case 1:
		answer(a, CALL(a, ukl_thread_join, c->thread, NULL), 0, 0);
		break;
	default:
		if (answer(a, CALL(a, ukl_thread_join, c->thread, &status), 0, 0))
			answer(a, status, c->status, c->status);
		break;
	}
	c->thread = NULL;
}

static void child_step(struct actor *a, struct youth *c)
{
	if (c->thread)
		child_finish(a, c);
	else
		child_begin(a, c);
}

static void clocks(struct actor *a)
{
	s64 now = CALL(a, ukl_clock_monotonic);

	answer(a, now, a->things->monotonic, LLONG_MAX);
	a->things->monotonic = now;
	answer(a, CALL(a, ukl_clock_realtime), 1, LLONG_MAX);
}

static void word(struct actor *a)
{
	u32 *word = &a->things->word;

	*word = pick(a, 10);
	if (pick(a, 2))
		answer(a, CALL(a, ukl_futex_wait, word, *word + 1, UKL_FOREVER), -EAGAIN, -EAGAIN);
	else
		/* It may end without a reason. */
		either(a, CALL(a, ukl_futex_wait, word, *word, pick(a, 10000)), -ETIMEDOUT, 0);
	answer(a, CALL(a, ukl_futex_wake, word, 1 + pick(a, 9)), 0, 0);
}

static void bad_input(struct actor *a)
{
	struct ukl_thread *thread = pick(a, 2) ? NULL : ERR_PTR(-1L - pick(a, MAX_ERRNO));
	u32 *word = &a->things->word;

	switch (pick(a, 14)) {
	case 0:
		refused_pointer(a, CALL(a, ukl_alloc, pick(a, 2) ? 0 : SIZE_MAX - pick(a, 99)),
				-EINVAL);
		break;
	case 1:
		/* Memory, but of another kind, or its middle. */
		refused(a, CALL(a, ukl_free, a->buf), -EINVAL);
		if (a->things->blocks[0].memory)
			refused(a, CALL(a, ukl_free, a->things->blocks[0].memory + 1), -EINVAL);
		break;
	case 2:
		refused_pointer(a, CALL(a, ukl_thread_spawn, NULL, NULL, 0), -EINVAL);
		break;
	case 3:
		refused_pointer(a, CALL(a, ukl_thread_spawn, return_status, NULL,
					1 + pick(a, UKL_STACK_MIN - 1)), -EINVAL);
		break;
	case 4:
		refused(a, CALL(a, ukl_thread_join, thread, NULL), -ESRCH);
		break;
	case 5:
		refused(a, CALL(a, ukl_thread_stop, thread), -ESRCH);
		break;
	case 6:
		refused(a, CALL(a, ukl_thread_detach, thread), -ESRCH);
		break;
	case 7:
		/* What is open, but something else. */
		refused(a, CALL(a, ukl_thread_join, (void *)a->pollables[1]->sock, NULL), -ESRCH);
		break;
	case 8:
		refused(a, CALL(a, ukl_thread_join, a->thread, NULL), -EDEADLK);
		break;
	case 9:
		refused(a, CALL(a, ukl_bypass, UKL_BYPASS_MAX + 1 + pick(a, INT_MAX)), -EINVAL);
		break;
	case 10:
		refused(a, CALL(a, ukl_sleep, -1LL - pick(a, INT_MAX)), -EINVAL);
		break;
	case 11:
		refused(a, CALL(a, ukl_futex_wait, (void *)word + 1 + pick(a, 3), 0, 0), -EINVAL);
		break;
	case 12:
		refused(a, CALL(a, ukl_futex_wake, word, -(int)pick(a, 99)), -EINVAL);
		break;
	case 13:
		refused_pointer(a, CALL(a, ukl_sock_from_fd, NULL, (int)pick(a, 1000) - 10),
				-EBADF);
		break;
	}
}

void things_step(struct actor *a)
{
	struct things *things = a->things;

	if (!pick(a, 8)) {
		bad_input(a);
		return;
	}
	switch (pick(a, 32)) {
	case 0 ... 8:
		block_step(a, &things->blocks[pick(a, BLOCKS)]);
		break;
	case 9 ... 10:
		child_step(a, &things->children[pick(a, CHILDREN)]);
		break;
	case 11 ... 13:
		clocks(a);
		break;
	case 14:
		word(a);
		break;
	case 15:
		answer(a, CALL(a, ukl_sleep, pick(a, 4) ? 0 : pick(a, 50000)), 0, 0);
		break;
	case 16 ... 18:
		answer(a, CALL(a, ukl_bypass, pick(a, 4) ? pick(a, 50) :
			       pick(a, UKL_BYPASS_MAX + 1)), 0, 0);
		break;
	case 19 ... 22:
		answer(a, CALL(a, ukl_null_same_stack), 0, 0);
		break;
	case 23 ... 25:
		answer(a, CALL(a, ukl_mode), UKL_MODE_APP, UKL_MODE_APP);
		answer(a, CALL(a, ukl_should_stop), false, false);
		break;
	case 26:
		answer(a, CALL(a, ukl_free, NULL), 0, 0);
		break;
	default:
		for (unsigned int n = pick(a, 20); n; n--)
			answer(a, CALL(a, ukl_null), 0, 0);
		break;
	}
}

static void stale_socket(struct actor *a)
{
	struct ukl_sock *sock = CALL(a, ukl_socket, AF_INET, SOCK_DGRAM, 0);

	if (!made_it(a, sock))
		return;
	answer(a, CALL(a, ukl_close, sock), 0, 0);
	refused(a, CALL(a, ukl_close, sock), -EBADF);
	refused(a, CALL(a, ukl_sock_to_fd, NULL, sock, 0), -EBADF);
}

static void stale_set(struct actor *a)
{
	struct ukl_poll *poll = CALL(a, ukl_poll_create);

	if (!made_it(a, poll))
		return;
	answer(a, CALL(a, ukl_poll_close, poll), 0, 0);
	refused(a, CALL(a, ukl_poll_close, poll), -EBADF);
}

static void stale_file(struct actor *a)
{
	struct ukl_file *file = CALL(a, ukl_file_open, "/dev/null", O_RDWR, 0);

	if (!made_it(a, file))
		return;
	answer(a, CALL(a, ukl_file_close, file), 0, 0);
	refused(a, CALL(a, ukl_file_close, file), -EBADF);
}

static void stale_thread(struct actor *a)
{
	struct youth c = { };

	child_begin(a, &c);
	if (!c.thread)
		return;
	answer(a, CALL(a, ukl_thread_stop, c.thread), 0, 0);
	if (pick(a, 2))
		answer(a, CALL(a, ukl_thread_join, c.thread, NULL), 0, 0);
	else
		answer(a, CALL(a, ukl_thread_detach, c.thread), 0, 0);
	refused(a, CALL(a, ukl_thread_join, c.thread, NULL), -ESRCH);
	refused(a, CALL(a, ukl_thread_stop, c.thread), -ESRCH);
	refused(a, CALL(a, ukl_thread_detach, c.thread), -ESRCH);
}

static void stale_memory(struct actor *a)
{
	void *memory = CALL(a, ukl_alloc, size_up_to(a, SZ_16K));

	if (!made_it(a, memory))
		return;
	answer(a, CALL(a, ukl_free, memory), 0, 0);
	refused(a, CALL(a, ukl_free, memory), -EINVAL);
}

void stale_step(struct actor *a)
{
	static void (*const steps[])(struct actor *a) = {
		stale_socket, stale_set, stale_file, stale_thread, stale_memory,
	};

	steps[pick(a, ARRAY_SIZE(steps))](a);
}

bool things_open(struct actor *a)
{
	struct things *things = kzalloc(sizeof(*things), GFP_KERNEL);

	a->things = things;
	return a->things;
}

void things_close(struct actor *a)
{
	if (!a->things)
		return;
	for (int i = 0; i < CHILDREN; i++)
		if (a->things->children[i].thread)
			child_finish(a, &a->things->children[i]);
	for (int i = 0; i < BLOCKS; i++)
		answer(a, CALL(a, ukl_free, a->things->blocks[i].memory), 0, 0);
	kfree(a->things);
}
