// SPDX-License-Identifier: GPL-2.0
/* Code of a test inside a call, and on which stack it finds itself. */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "hook.h"

static int hook_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct hook *hook = sk->sk_user_data;

	stacks_count(&hook->stacks, current_stack_pointer);
	if (hook->during)
		hook->during(hook);
	return hook->proto->recvmsg(sk, msg, len, flags);
}

bool hook_open(struct test *t, struct hook *hook)
{
	struct peer peer;

	memset(hook, 0, sizeof(*hook));
	if (!peer_open(t, &peer))
		return false;
	hook->listener = peer.listener;
	hook->far = peer.sock;
	hook->sk = peer.far->sk;
	hook->sock = ukl_sock_adopt(peer.far);
	if (!EXPECT_OK(t, hook->sock)) {
		peer_close(&peer);
		return false;
	}
	hook->proto = hook->sk->sk_prot;
	hook->ours = *hook->proto;
	hook->ours.recvmsg = hook_recvmsg;
	hook->sk->sk_user_data = hook;
	WRITE_ONCE(hook->sk->sk_prot, &hook->ours);
	return true;
}

void hook_close(struct test *t, struct hook *hook)
{
	WRITE_ONCE(hook->sk->sk_prot, hook->proto);
	hook->sk->sk_user_data = NULL;
	EXPECT_EQ(t, ukl_close(hook->sock), 0);
	EXPECT_EQ(t, ukl_close(hook->far), 0);
	EXPECT_EQ(t, ukl_close(hook->listener), 0);
}

void hook_recv(struct test *t, struct hook *hook, unsigned int calls, int flags)
{
	char byte;

	while (calls--) {
		long result = ukl_tcp_recv(hook->sock, &byte, 1, MSG_DONTWAIT | flags);

		if (result != -EAGAIN) {
			EXPECT_EQ(t, result, -EAGAIN);
			return;
		}
	}
}

static int trapped(struct kprobe *probe, struct pt_regs *regs)
{
	struct trap *trap = container_of(probe, struct trap, probe);

	if (current == trap->task && in_task()) {
		stacks_count(&trap->stacks, regs->sp);
		trap->mode = ukl_mode();
		trap->null = ukl_null();
	}
	return 0;
}

NOKPROBE_SYMBOL(trapped);

bool trap_set(struct test *t, struct trap *trap, const char *function)
{
	int error;

	memset(trap, 0, sizeof(*trap));
	trap->task = current;
	trap->probe.symbol_name = function;
	trap->probe.pre_handler = trapped;
	error = register_kprobe(&trap->probe);
	EXPECT_EQ(t, error, 0);
	return !error;
}

void trap_clear(struct trap *trap)
{
	unregister_kprobe(&trap->probe);
}

/* Not a tail call, and not inlined into itself. */
static noinline void descend(unsigned long until, void (*fn)(void *data), void *data)
{
	char frame[128];

	barrier_data(frame);
	if (current_stack_pointer > until)
		descend(until, fn, data);
	else
		fn(data);
	barrier_data(frame);
}

void with_stack_left(size_t left, void (*fn)(void *data), void *data)
{
	/* The caller is one of the first frames, in the uppermost page. */
	unsigned long top = PAGE_ALIGN(current_stack_pointer);

	descend(top - UKL_STACK_DEFAULT + left, fn, data);
}

void pin(struct test *t, int cpu)
{
	EXPECT_EQ(t, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
	EXPECT_EQ(t, raw_smp_processor_id(), cpu);
}

int other_cpu(int cpu)
{
	int other = cpumask_any_but(cpu_online_mask, cpu);

	return other < nr_cpu_ids ? other : cpu;
}
