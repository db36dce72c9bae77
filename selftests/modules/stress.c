// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads that make all kinds of calls while they are moved from CPU to CPU and timers look at
 * their mode: registers, stacks, bytes and modes stay what they are.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/xarray.h>
#include <asm/irq_regs.h>

#include "hook.h"

#define CANARIES	16
#define SAMPLE_US	937

/** struct worker - a thread of the many */
struct worker {
	struct ukl_thread *thread;
	struct task_struct *task;
	struct ukl_sock *client, *server;
	u32 id, random;
	/* The thread is between two calls. */
	bool computing;
	unsigned long calls, moved;
	unsigned int registers, canaries, markers, results;
};

/* Who the task with some pid is. */
static DEFINE_XARRAY(workers);
static DECLARE_COMPLETION(go);
static bool stop;
static atomic_t ready;

/** struct sampler - looks at what its CPU does */
struct sampler {
	struct hrtimer timer;
	int cpu;
	bool active;
	unsigned long modes[UKL_MODE_APP + 1], of_workers;
	unsigned int switching, no_mode, lost, not_computing, strangers, wrong_stack;
};

static DEFINE_PER_CPU(struct sampler, samplers);

static enum hrtimer_restart sample(struct hrtimer *timer)
{
	struct sampler *s = container_of(timer, struct sampler, timer);
	struct worker *w = xa_load(&workers, current->pid);
	struct pt_regs *regs = get_irq_regs();
	int mode = ukl_mode();

	/* The CPU went offline and its timer came here. */
	if (s->cpu != smp_processor_id() || READ_ONCE(stop)) {
		WRITE_ONCE(s->active, false);
		return HRTIMER_NORESTART;
	}
	if (mode < 0 || mode > UKL_MODE_APP)
		s->no_mode++;
	else
		s->modes[mode]++;
	if (w && preempt_count() & PREEMPT_MASK && mode == UKL_MODE_NONE) {
		/* The scheduler has made it current and has yet to call the preempt notifiers. */
		s->switching++;
	} else if (w) {
		s->of_workers++;
		s->lost += mode == UKL_MODE_NONE;
		s->not_computing += READ_ONCE(w->computing) && mode != UKL_MODE_APP;
	} else if (is_idle_task(current) || (regs && user_mode(regs))) {
		s->strangers += mode != UKL_MODE_NONE;
	}
	/* What a softirq runs on is not the thread's. */
	if (mode == UKL_MODE_APP && regs && !in_serving_softirq() && on_task_stack(regs->sp))
		s->wrong_stack++;
	hrtimer_forward_now(timer, us_to_ktime(SAMPLE_US));
	return HRTIMER_RESTART;
}

static void sampler_start(void *data)
{
	struct sampler *s = data;

	WRITE_ONCE(s->active, true);
	hrtimer_start(&s->timer, us_to_ktime(SAMPLE_US), HRTIMER_MODE_REL_PINNED_HARD);
}

/* Those of CPUs that came online again, too. */
static void samplers_start(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct sampler *s = per_cpu_ptr(&samplers, cpu);

		if (!READ_ONCE(s->active))
			smp_call_function_single(cpu, sampler_start, s, 1);
	}
}

static void samplers_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sampler *s = per_cpu_ptr(&samplers, cpu);

		memset(s, 0, sizeof(*s));
		s->cpu = cpu;
		hrtimer_setup(&s->timer, sample, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	}
}

static void samplers_end(struct test *t)
{
	struct sampler sum = { };
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sampler *s = per_cpu_ptr(&samplers, cpu);

		hrtimer_cancel(&s->timer);
		for (int mode = 0; mode <= UKL_MODE_APP; mode++)
			sum.modes[mode] += s->modes[mode];
		sum.of_workers += s->of_workers;
		sum.switching += s->switching;
		sum.no_mode += s->no_mode;
		sum.lost += s->lost;
		sum.not_computing += s->not_computing;
		sum.strangers += s->strangers;
		sum.wrong_stack += s->wrong_stack;
	}
	test_log(t, "samples: %lu of the threads; %lu in mode app, %lu kernel, %lu none\n",
		 sum.of_workers, sum.modes[UKL_MODE_APP], sum.modes[UKL_MODE_KERNEL],
		 sum.modes[UKL_MODE_NONE]);
	test_log(t, "%u more of a thread that the scheduler was switching to\n", sum.switching);
	EXPECT_EQ(t, sum.no_mode, 0);
	EXPECT_EQ(t, sum.lost, 0);
	EXPECT_EQ(t, sum.not_computing, 0);
	EXPECT_EQ(t, sum.strangers, 0);
	EXPECT_EQ(t, sum.wrong_stack, 0);
	EXPECT_TRUE(t, sum.modes[UKL_MODE_APP] > 100);
	EXPECT_TRUE(t, sum.modes[UKL_MODE_KERNEL] > 100);
}

/*
 * Calls fn(a, b, c, d) with a pattern in each register that a call has to keep, and a word of the
 * pattern on top of the stack. What differs afterwards is in @damage.
 */
#define PATTERN_CALL(fn, pattern, damage, a, b, c, d) ({			\
	unsigned long __a = (unsigned long)(a), __b = (unsigned long)(b);	\
	unsigned long __c = (unsigned long)(c), __d = (unsigned long)(d);	\
	unsigned long __pattern = (pattern), __result = __pattern, __damage;	\
										\
	asm volatile("push %%rbp\n\t"						\
		     "push %%rax\n\t"						\
		     "lea 1(%%rax), %%rbx\n\t"					\
		     "lea 2(%%rax), %%rbp\n\t"					\
		     "lea 3(%%rax), %%r12\n\t"					\
		     "lea 4(%%rax), %%r13\n\t"					\
		     "lea 5(%%rax), %%r14\n\t"					\
		     "lea 6(%%rax), %%r15\n\t"					\
		     "call " #fn "\n\t"						\
		     "pop %%rcx\n\t"						\
		     "lea 1(%%rcx), %%rdx\n\t"					\
		     "xor %%rdx, %%rbx\n\t"					\
		     "inc %%rdx\n\t"						\
		     "xor %%rdx, %%rbp\n\t"					\
		     "or %%rbp, %%rbx\n\t"					\
		     "inc %%rdx\n\t"						\
		     "xor %%rdx, %%r12\n\t"					\
		     "or %%r12, %%rbx\n\t"					\
		     "inc %%rdx\n\t"						\
		     "xor %%rdx, %%r13\n\t"					\
		     "or %%r13, %%rbx\n\t"					\
		     "inc %%rdx\n\t"						\
		     "xor %%rdx, %%r14\n\t"					\
		     "or %%r14, %%rbx\n\t"					\
		     "inc %%rdx\n\t"						\
		     "xor %%rdx, %%r15\n\t"					\
		     "or %%r15, %%rbx\n\t"					\
		     "pop %%rbp\n\t"						\
		     : "+a" (__result), "=&b" (__damage), "+D" (__a), "+S" (__b),	\
		       "+d" (__c), "+c" (__d), ASM_CALL_CONSTRAINT		\
		     :								\
		     : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc"); \
	(damage) = __damage | (__d ^ __pattern);				\
	(long)__result;								\
})

/* xorshift: what it gives is always in registers that a call keeps, or in the pattern. */
static u32 next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random;
}

static void compute(struct worker *w)
{
	u32 rounds = next(w) % 512;

	WRITE_ONCE(w->computing, true);
	barrier();
	while (rounds--)
		cpu_relax();
	barrier();
	WRITE_ONCE(w->computing, false);
}

static void move_bytes(struct worker *w, unsigned long pattern)
{
	int flags = next(w) & 1 ? UKL_NSS : 0;
	unsigned long out[32], in[32], damage;
	size_t len = 1 + next(w) % sizeof(out);
	long n;

	for (size_t i = 0; i < ARRAY_SIZE(out); i++)
		out[i] = pattern * (i + 1);
	n = PATTERN_CALL(ukl_tcp_send, pattern, damage, w->client, out, len, flags);
	w->registers += damage != 0;
	w->results += n != len;
	w->moved += len;
	memset(in, 0, sizeof(in));
	n = PATTERN_CALL(ukl_tcp_recv, pattern, damage, w->server, in, len, MSG_WAITALL | flags);
	w->registers += damage != 0;
	w->results += n != len || memcmp(in, out, len);
	w->calls += 2;
}

static void one_round(struct worker *w)
{
	unsigned long pattern = ((unsigned long)next(w) << 32) + (w->id << 12);
	unsigned long canaries[CANARIES], damage = 0;
	long result = 0;

	for (int i = 0; i < CANARIES; i++)
		canaries[i] = pattern + i;
	barrier_data(canaries);
	switch (next(w) % 8) {
	case 0:
	case 1:
	case 2:
		result = PATTERN_CALL(ukl_null, pattern, damage, 0, 0, 0, 0);
		break;
	case 3:
	case 4:
		result = PATTERN_CALL(ukl_null_same_stack, pattern, damage, 0, 0, 0, 0);
		break;
	case 5:
		result = PATTERN_CALL(ukl_bypass, pattern, damage, next(w) % 32, 0, 0, 0);
		break;
	case 6:
		compute(w);
		break;
	case 7:
		move_bytes(w, pattern);
		break;
	}
	w->calls++;
	w->results += result != 0;
	w->registers += damage != 0;
	barrier_data(canaries);
	for (int i = 0; i < CANARIES; i++)
		w->canaries += canaries[i] != pattern + i;
	w->markers += current != w->task || xa_load(&workers, current->pid) != w;
}

static int worker_main(void *data)
{
	struct worker *w = data;

	w->task = get_task_struct(current);
	if (xa_err(xa_store(&workers, current->pid, w, GFP_KERNEL)))
		return -ENOMEM;
	atomic_inc(&ready);
	wait_for_completion(&go);
	while (!READ_ONCE(stop))
		one_round(w);
	xa_erase(&workers, current->pid);
	return 0;
}

/* All connections have the one listener, which accepts in the order in which they connect. */
static bool workers_start(struct test *t, struct worker *w, unsigned int n)
{
	struct ukl_sock *listener = listen_on(4, 0);

	for (unsigned int i = 0; i < n; i++, w++) {
		w->id = i + 1;
		w->random = get_random_u32() | 1;
		w->client = connect_to(listener);
		if (!EXPECT_OK(t, w->client))
			return false;
		w->server = ukl_accept(listener, NULL, 0);
		if (!EXPECT_OK(t, w->server))
			return false;
		EXPECT_EQ(t, ukl_tcp_nodelay(w->client, true), 0);
		w->thread = ukl_thread_spawn(worker_main, w, 0);
		if (!EXPECT_OK(t, w->thread))
			return false;
	}
	EXPECT_EQ(t, ukl_close(listener), 0);
	for (int i = 0; i < 500 && atomic_read(&ready) != n; i++)
		msleep(20);
	EXPECT_EQ(t, atomic_read(&ready), n);
	return !t->failures;
}

static unsigned long migrate(struct test *t, struct worker *workers, unsigned int n,
			     unsigned int seconds)
{
	unsigned long end = jiffies + seconds * HZ, moves = 0;

	while (time_before(jiffies, end)) {
		struct worker *w = &workers[get_random_u32_below(n)];
		int cpu;

		/* A kernel thread must not be moved to a CPU that is about to go offline. */
		cpus_read_lock();
		cpu = cpumask_nth(get_random_u32_below(num_online_cpus()), cpu_online_mask);
		moves += !set_cpus_allowed_ptr(w->task, cpumask_of(cpu));
		samplers_start();
		cpus_read_unlock();
		usleep_range(300, 500);
		EXPECT_EQ(t, ukl_null(), 0);
	}
	return moves;
}

static void workers_end(struct test *t, struct worker *w, unsigned int n)
{
	struct worker sum = { };
	unsigned int idle = 0;

	for (unsigned int i = 0; i < n; i++, w++) {
		int status = -1;

		EXPECT_EQ(t, ukl_thread_join(w->thread, &status), 0);
		EXPECT_EQ(t, status, 0);
		EXPECT_EQ(t, ukl_close(w->client), 0);
		EXPECT_EQ(t, ukl_close(w->server), 0);
		put_task_struct(w->task);
		sum.calls += w->calls;
		sum.moved += w->moved;
		sum.registers += w->registers;
		sum.canaries += w->canaries;
		sum.markers += w->markers;
		sum.results += w->results;
		idle += w->calls < 10;
	}
	test_log(t, "%u threads made %lu calls and moved %lu bytes\n", n, sum.calls, sum.moved);
	EXPECT_EQ(t, sum.registers, 0);
	EXPECT_EQ(t, sum.canaries, 0);
	EXPECT_EQ(t, sum.markers, 0);
	EXPECT_EQ(t, sum.results, 0);
	EXPECT_EQ(t, idle, 0);
}

/* ARGUMENTS: how many threads, for how many seconds. */
static int stress(struct test *t)
{
	unsigned int n, seconds;
	struct worker *all;
	unsigned long moves;

	if (sscanf(t->args, "%u %u", &n, &seconds) != 2)
		return 1;
	all = kvcalloc(n, sizeof(*all), GFP_KERNEL);
	WRITE_ONCE(stop, false);
	atomic_set(&ready, 0);
	reinit_completion(&go);
	samplers_setup();
	/* Or it would wait for all of them before each move. */
	sched_set_fifo_low(current);
	if (workers_start(t, all, n)) {
		complete_all(&go);
		moves = migrate(t, all, n, seconds);
		test_log(t, "%lu moves to another CPU\n", moves);
		EXPECT_TRUE(t, moves > 20 * seconds);
	}
	WRITE_ONCE(stop, true);
	complete_all(&go);
	if (!t->failures)
		workers_end(t, all, n);
	samplers_end(t);
	xa_destroy(&workers);
	kvfree(all);
	return 0;
}

const struct test_case stress_cases[] = {
	{ "stress.many", stress, TEST_ARGS },
	{ }
};
