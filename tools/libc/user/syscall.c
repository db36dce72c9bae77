// SPDX-License-Identifier: GPL-2.0
/* What ukl_linux.ko does in ring 0, for the same objects in user space. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ukl/linux.h>

#define PAGE 4096

const int __ukl_ring0;

void __ukl_restore(void);
long __ukl_clone(unsigned long flags, void *stack, int *tid, int *clear_tid, void *tls,
		 const struct ukl_linux_thread *thread);
void __ukl_leave(void *stack, size_t size, int status) __attribute__((__noreturn__));

struct ksigaction {
	void (*handler)(int signal);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/* The stack of a thread, kept at its top. */
struct stack {
	struct stack *next;
	char *base;
	size_t size;
	struct ukl_linux_thread thread;
} __attribute__((__aligned__(16)));

static struct stack *stacks;
static int stacks_lock;

static inline long syscall6(long nr, unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			    unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a3;
	register unsigned long r8 __asm__("r8") = a4;
	register unsigned long r9 __asm__("r9") = a5;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static void lock(void)
{
	while (__atomic_exchange_n(&stacks_lock, 1, __ATOMIC_ACQUIRE))
		syscall6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void unlock(void)
{
	__atomic_store_n(&stacks_lock, 0, __ATOMIC_RELEASE);
}

/* exit(): the stack of a thread goes with it. musl has blocked the signals that run code of the program. */
void __ukl_exit(int status)
{
	const char *here = __builtin_frame_address(0);
	struct stack **p, *stack;

	lock();
	for (p = &stacks; (stack = *p); p = &stack->next) {
		if (here >= stack->base && here < stack->base + stack->size)
			break;
	}
	if (stack)
		*p = stack->next;
	unlock();
	if (stack)
		__ukl_leave(stack->base, stack->size, status);
	syscall6(SYS_exit, status, 0, 0, 0, 0, 0);
}

long ukl_linux_read(int fd, void *to, size_t len)
{
	return syscall6(SYS_read, fd, (unsigned long)to, len, 0, 0, 0);
}

long ukl_linux_write(int fd, const void *from, size_t len)
{
	return syscall6(SYS_write, fd, (unsigned long)from, len, 0, 0, 0);
}

long ukl_linux_send_vector(int fd, const void *vec, size_t count, int flags)
{
	/* The kernel's struct msghdr. */
	const struct {
		void *name;
		size_t namelen;
		const void *vec;
		size_t count;
		void *control;
		size_t controllen;
		size_t flags;
	} message = { .vec = vec, .count = count };

	return syscall6(SYS_sendmsg, fd, (unsigned long)&message, flags, 0, 0, 0);
}

long ukl_linux_clock_gettime(int clock, void *time)
{
	return syscall6(SYS_clock_gettime, clock, (unsigned long)time, 0, 0, 0, 0);
}

long ukl_linux_thread(const struct ukl_linux_thread *thread)
{
	const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	size_t size = ((thread->stack_size ? thread->stack_size : 1 << 20) + PAGE + sizeof(struct stack) + PAGE - 1) &
		      -PAGE;
	struct stack *stack, **p;
	char *base;
	long ret;

	base = (char *)syscall6(SYS_mmap, 0, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if ((unsigned long)base >= -4095UL)
		return -EAGAIN;
	syscall6(SYS_mprotect, (unsigned long)base, PAGE, PROT_NONE, 0, 0, 0);

	stack = (struct stack *)(base + size) - 1;
	stack->base = base;
	stack->size = size;
	stack->thread = *thread;
	lock();
	stack->next = stacks;
	stacks = stack;
	unlock();

	ret = __ukl_clone(flags, stack, thread->tid, thread->clear_tid, thread->tls, &stack->thread);
	if (ret < 0) {
		lock();
		for (p = &stacks; *p != stack; p = &(*p)->next)
			;
		*p = stack->next;
		unlock();
		syscall6(SYS_munmap, (unsigned long)base, size, 0, 0, 0, 0);
	}
	return ret;
}

long ukl_linux_syscall(long nr, unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		       unsigned long a4, unsigned long a5)
{
	struct ksigaction action;

	if (nr == SYS_rt_sigaction && a1) {
		action = *(struct ksigaction *)a1;
		action.flags |= SA_RESTORER;
		action.restorer = __ukl_restore;
		a1 = (unsigned long)&action;
	} else if (nr == SYS_exit) {
		__ukl_exit(a0);
	}
	return syscall6(nr, a0, a1, a2, a3, a4, a5);
}
