// SPDX-License-Identifier: GPL-2.0
/* Signals of the current task. */
#include <linux/sched/signal.h>
#include <linux/signal.h>

#include "helpers.h"

u64 ukl_helper_set_signal_mask(u64 mask)
{
	sigset_t new, old;

	siginitset(&new, 0);
	new.sig[0] = mask;
	/* sigprocmask() is for the kernel, and would block them. */
	sigdelsetmask(&new, sigmask(SIGKILL) | sigmask(SIGSTOP));
	sigprocmask(SIG_SETMASK, &new, &old);
	return old.sig[0];
}

u64 ukl_helper_signal_mask(void)
{
	return current->blocked.sig[0];
}

bool ukl_helper_fatal_signal_pending(struct task_struct *task)
{
	/* A kernel thread that allows SIGKILL has it pending like any other signal. */
	return signal_pending(task) &&
		/* Not locked, as in fatal_signal_pending(): one on its way is seen next time. */
		data_race(sigismember(&task->pending.signal, SIGKILL) ||
			  sigismember(&task->signal->shared_pending.signal, SIGKILL));
}
