// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program of /dev/ukl as uapi/ukl.h says, and nothing else of the command `ukl`: the tests'
 * own, second implementation of a process's side.
 *
 *   run_process [-b BYPASS] [-s STACK] [-u UID] [-k] PROGRAM [ARGUMENT...]
 *
 * -u makes it a process of another user once the device is open. -k keeps the signals blocked that
 * were when it was started. The exit status is that of the program's first thread; it ends itself
 * by a signal if that has ended the program. 125 if something is wrong with the device.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <ucontext.h>
#include <unistd.h>

#include "device.h"

#define TROUBLE 125

static int device;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int others;

/* The run area of the calling thread. */
static __thread volatile struct ukl_run *self __attribute__((tls_model("local-exec")));

__attribute__((format(printf, 1, 2), noreturn)) static void trouble(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(TROUBLE);
}

/*
 * A system call that a signal which comes before it is made turns into -EINTR, so that it does not
 * begin to wait after the signal that was to end its wait.
 */
long guarded_syscall(long nr, const __u64 *args, const volatile __u32 *flags);
extern const char guarded_begin[], guarded_end[], guarded_interrupted[];

asm(".text\n"
    ".globl guarded_syscall\n"
    ".type guarded_syscall, @function\n"
    "guarded_syscall:\n"
    "	push %rbx\n"
    "	mov %rdi, %rax\n"
    "	mov %rsi, %rbx\n"
    "	mov %rdx, %r11\n"
    "	mov 0(%rbx), %rdi\n"
    "	mov 8(%rbx), %rsi\n"
    "	mov 16(%rbx), %rdx\n"
    "	mov 24(%rbx), %r10\n"
    "	mov 32(%rbx), %r8\n"
    "	mov 40(%rbx), %r9\n"
    ".globl guarded_begin, guarded_end, guarded_interrupted\n"
    "guarded_begin:\n"
    "	cmpl $0, (%r11)\n"
    "	jne guarded_interrupted\n"
    "	syscall\n"
    "guarded_end:\n"
    "	pop %rbx\n"
    "	ret\n"
    "guarded_interrupted:\n"
    "	mov $-513, %rax\n" /* ERESTARTNOINTR */
    "	pop %rbx\n"
    "	ret\n"
    ".size guarded_syscall, . - guarded_syscall\n");

/* Hands the signal to the thread's application, and lets none come until that has it. */
static void catch(int number, siginfo_t *what, void *context)
{
	ucontext_t *at = context;
	greg_t *ip = &at->uc_mcontext.gregs[REG_RIP];
	__u64 mask;

	/* Its application has ended. */
	if (!self)
		return;
	memcpy(&mask, &at->uc_sigmask, sizeof(mask));
	self->signal.number = number;
	self->signal.reserved = 0;
	self->signal.mask = mask;
	memcpy((void *)self->signal.info, what, sizeof(self->signal.info));
	self->flags = UKL_RUN_SIGNAL;
	memset(&at->uc_sigmask, 0xff, sizeof(mask));
	if (*ip >= (greg_t)guarded_begin && *ip < (greg_t)guarded_end)
		*ip = (greg_t)guarded_interrupted;
}

static long change_handling(unsigned int number, unsigned int handling)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	switch (handling) {
	case UKL_SIGNAL_DEFAULT:
		action.sa_handler = SIG_DFL;
		break;
	case UKL_SIGNAL_IGNORE:
		action.sa_handler = SIG_IGN;
		break;
	case UKL_SIGNAL_HANDLE:
	case UKL_SIGNAL_ONCE:
		action.sa_sigaction = catch;
		/* Then a call is about to be made again: the application says whether it is. */
		action.sa_flags = SA_SIGINFO | SA_RESTART |
				  (handling == UKL_SIGNAL_ONCE ? SA_RESETHAND : 0);
		sigfillset(&action.sa_mask);
		break;
	default:
		trouble("handling %u of signal %u", handling, number);
	}
	return sigaction(number, &action, NULL) ? -errno : 0;
}

/* As the kernel would end it for what its application did. */
__attribute__((noreturn)) static void end_by(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	trouble("still there after signal %d", number);
}

static volatile struct ukl_run *map_area(unsigned int number)
{
	struct ukl_run *run = map(device, number, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (run != MAP_FAILED)
		run->data = (unsigned long)run + info.data_offset;
	return run;
}

struct begin {
	volatile struct ukl_run *run;
	unsigned int number;
	sigset_t mask;
};

static int run_thread(unsigned int number);

static void *other(void *arg)
{
	struct begin begin = *(struct begin *)arg;

	free(arg);
	self = begin.run;
	pthread_sigmask(SIG_SETMASK, &begin.mask, NULL);
	run_thread(begin.number);
	pthread_mutex_lock(&lock);
	others--;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static long start_thread(unsigned int number)
{
	struct begin *begin = allocate(sizeof(*begin));
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	begin->number = number;
	begin->run = map_area(number);
	if (begin->run == MAP_FAILED) {
		err = errno;
		free(begin);
		return -err;
	}
	pthread_mutex_lock(&lock);
	others++;
	pthread_mutex_unlock(&lock);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* It blocks what this one does, not what this one does until a signal is handed over. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	begin->mask = old;
	if (self->flags)
		memcpy(&begin->mask, (void *)&self->signal.mask, sizeof(self->signal.mask));
	err = pthread_create(&thread, &attr, other, begin);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (!err)
		return 0;
	pthread_mutex_lock(&lock);
	others--;
	pthread_mutex_unlock(&lock);
	munmap((void *)begin->run, info.run_size);
	free(begin);
	return -err;
}

/* Runs a thread to its end; its status. */
static int run_thread(unsigned int number)
{
	volatile struct ukl_run *run = self;
	__u64 args[6];
	int status;

	for (;;) {
		long err = ask(device, UKL_RUN, number);

		if (err == -EINTR && run->exit == UKL_EXIT_SIGNAL)
			continue;
		if (err)
			trouble("thread %u: UKL_RUN: %s, exit %u", number, strerror(-err),
				run->exit);
		switch (run->exit) {
		case UKL_EXIT_FINISHED:
			status = run->finished.status;
			self = NULL;
			munmap((void *)run, info.run_size);
			return status;
		case UKL_EXIT_THREAD:
			run->result = start_thread(run->thread.number);
			break;
		case UKL_EXIT_SYSCALL:
			for (int i = 0; i < 6; i++)
				args[i] = run->syscall.args[i];
			run->result = guarded_syscall(run->syscall.nr, args, &run->flags);
			break;
		case UKL_EXIT_SIGACTION:
			run->result =
				change_handling(run->sigaction.number, run->sigaction.handling);
			break;
		case UKL_EXIT_FAULT:
			end_by(run->fault.signal);
		default:
			trouble("thread %u has left for %u", number, run->exit);
		}
	}
}

int main(int argc, char **argv)
{
	struct arguments args = { .size = 0 }, env = { .size = 0 };
	struct ukl_bind bind;
	__u64 stack = 0;
	__u32 bypass = 0;
	uid_t user = 0;
	sigset_t none;
	bool keep = false;
	int option, status;

	while ((option = getopt(argc, argv, "+b:s:u:k")) != -1) {
		switch (option) {
		case 'b':
			bypass = strtoul(optarg, NULL, 0);
			break;
		case 's':
			stack = strtoull(optarg, NULL, 0);
			break;
		case 'u':
			user = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			keep = true;
			break;
		default:
			return TROUBLE;
		}
	}
	if (optind == argc)
		trouble("usage: see the comment at the top of the source");
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0 || ASK(device, UKL_INFO, &info))
		trouble("%s: %s", DEVICE, strerror(errno));
	if (user && (setgid(user) || setuid(user)))
		trouble("user %u: %s", user, strerror(errno));
	for (int i = optind; i < argc; i++)
		add_argument(&args, argv[i]);
	for (int i = 0; environ[i]; i++)
		add_argument(&env, environ[i]);
	bind = binding(argv[optind], &args);
	bind.env = (unsigned long)env.bytes;
	bind.env_size = env.size;
	bind.bypass = bypass;
	bind.stack_size = stack;
	if (ASK(device, UKL_BIND, &bind))
		trouble("%s: %s", argv[optind], strerror(errno));
	sigemptyset(&none);
	if (!keep)
		sigprocmask(SIG_SETMASK, &none, NULL);
	self = map_area(0);
	if (self == MAP_FAILED)
		trouble("run area: %s", strerror(errno));
	status = run_thread(0);
	/* Signals that the application handled have nobody any more. */
	sigfillset(&none);
	pthread_sigmask(SIG_BLOCK, &none, NULL);
	ask(device, UKL_STOP, 0);
	pthread_mutex_lock(&lock);
	while (others)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return status;
}
