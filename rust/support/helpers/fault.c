// SPDX-License-Identifier: GPL-2.0
/* Exceptions in kernel mode, and what an interrupt interrupted. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/irq_regs.h>
#include <asm/ptrace.h>
#include <asm/special_insns.h>
#include <asm/trap_pf.h>

#include "helpers.h"

/*
 * Whether the code that @regs are of can be left where it is as far as the kernel can tell: kernel
 * code in task context, with interrupts and preemption enabled, in no RCU read-side section and, if
 * lockdep looks, with no lock. What is on top of it now is taken off: @preempt of the preemption
 * count, @rcu read-side sections.
 */
static bool may_be_left(struct pt_regs *regs, unsigned int preempt, int rcu)
{
	if (user_mode(regs) || !(regs->flags & X86_EFLAGS_IF))
		return false;
#ifdef CONFIG_PREEMPT_RCU
	if (current->rcu_read_lock_nesting != rcu)
		return false;
#else
	/* There rcu_read_lock() is preempt_disable(). */
	preempt += rcu;
#endif
#ifdef CONFIG_LOCKDEP
	if (current->lockdep_depth != rcu)
		return false;
#endif
	return preempt_count() == preempt;
}

/*
 * A die notifier is called in an RCU read-side section, on top of the exception; if that is being
 * reported, oops_enter() has disabled preemption (nbcon_cpu_emergency_enter()).
 */
bool ukl_helper_fault(unsigned long event, void *data, struct ukl_fault *fault)
{
	const struct die_args *args = data;

	if (event != DIE_OOPS && event != DIE_TRAP && event != DIE_GPF)
		return false;
	if (!args->regs || !may_be_left(args->regs, event == DIE_OOPS, 1))
		return false;
	fault->regs = args->regs;
	fault->signal = args->signr;
	fault->ip = args->regs->ip;
	fault->sp = args->regs->sp;
	/*
	 * A page fault says "Oops". Until here interrupts were disabled, so that the register is
	 * that of this one; but if there was no code to be read, the report has faulted as well.
	 */
	if (event != DIE_OOPS || strcmp(args->str, "Oops"))
		fault->address = 0;
	else if (args->err & X86_PF_INSTR)
		fault->address = args->regs->ip;
	else
		fault->address = read_cr2();
	return true;
}

/* What was interrupted is only known in the interrupt of a timer. One at a time uses these. */
static DEFINE_PER_CPU(struct hrtimer, timers);
static void (*on_interrupt)(struct ukl_fault *fault);

static enum hrtimer_restart interrupted(struct hrtimer *timer)
{
	struct pt_regs *regs = get_irq_regs();
	struct ukl_fault fault;

	if (regs && may_be_left(regs, HARDIRQ_OFFSET, 0)) {
		fault.regs = regs;
		fault.signal = SIGKILL;
		fault.ip = regs->ip;
		fault.sp = regs->sp;
		fault.address = 0;
		on_interrupt(&fault);
	}
	return HRTIMER_NORESTART;
}

static void start_timer(void *unused)
{
	struct hrtimer *timer = this_cpu_ptr(&timers);

	hrtimer_setup(timer, interrupted, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	/* When the task that asks sleeps again, which is on one of the CPUs. */
	hrtimer_start(timer, NSEC_PER_MSEC, HRTIMER_MODE_REL_PINNED_HARD);
}

void ukl_helper_interrupt_all(void (*f)(struct ukl_fault *fault))
{
	int cpu;

	on_interrupt = f;
	cpus_read_lock();
	on_each_cpu(start_timer, NULL, true);
	fsleep(2 * USEC_PER_MSEC);
	for_each_online_cpu(cpu)
		hrtimer_cancel(per_cpu_ptr(&timers, cpu));
	cpus_read_unlock();
}

/* Makes the code that @fault is of go on at @ip, on a stack of its own, with @arg. */
void ukl_helper_divert(struct ukl_fault *fault, unsigned long ip, unsigned long sp,
		       unsigned long arg)
{
	struct pt_regs *regs = fault->regs;

	regs->ip = ip;
	regs->sp = sp;
	regs->di = arg;
	regs->flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF;
}

bool ukl_helper_module_has_code(const struct module *module, unsigned long address)
{
	return module && within_module_mem_type(address, module, MOD_TEXT);
}

void ukl_helper_symbol(unsigned long address, char *name)
{
	BUILD_BUG_ON(UKL_SYMBOL_LEN < KSYM_SYMBOL_LEN);
	sprint_symbol(name, address);
}
