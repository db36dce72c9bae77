// SPDX-License-Identifier: GPL-2.0
/* threads: what the C library makes of threads, as a program that ring 0 and user space run; KTAP */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "result.h"

#define THREADS 64
#define ROUNDS 200

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter, turn;

static _Thread_local long own = 41;
static _Thread_local char zeroes[100];
static _Thread_local struct {
	_Alignas(64) char c;
} aligned = { 7 };
static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
	__atomic_add_fetch(&destroyed, (int)(long)value, __ATOMIC_RELAXED);
}

static void *add(void *arg)
{
	long good = own == 41 && !zeroes[99] && aligned.c == 7 && !((unsigned long)&aligned & 63);

	own = (long)arg;
	zeroes[99] = 1;
	pthread_setspecific(key, (void *)1);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(long)(good && own == (long)arg);
}

static void many(void)
{
	pthread_t threads[THREADS];
	long made = 0, good = 0;
	void *value;

	for (long i = 0; i < THREADS; i++)
		made += !pthread_create(&threads[i], NULL, add, (void *)i);
	for (long i = 0; i < made; i++) {
		pthread_join(threads[i], &value);
		good += (long)value;
	}
	ok(made == THREADS, "64 threads");
	ok(good == THREADS && own == 41, "thread-local variables");
	ok(counter == THREADS * ROUNDS, "a mutex");
	ok(destroyed == THREADS, "destructors of thread-specific data");
}

static void *pong(void *arg)
{
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < ROUNDS; i++) {
		while (turn != 1)
			pthread_cond_wait(&cond, &mutex);
		turn = 0;
		pthread_cond_signal(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void *take(void *arg)
{
	int ret = pthread_mutex_trylock(arg);

	if (!ret)
		pthread_mutex_unlock(arg);
	return (void *)(long)ret;
}

static long taken_by_another(pthread_mutex_t *which)
{
	pthread_t thread;
	void *ret;

	pthread_create(&thread, NULL, take, which);
	pthread_join(thread, &ret);
	return (long)ret;
}

/* Those that are not unlocked by the short way. */
static void kinds_of_mutex(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t again, checked;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&again, &attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checked, &attr);

	ok(!pthread_mutex_lock(&again) && !pthread_mutex_lock(&again) && !pthread_mutex_unlock(&again) &&
	   taken_by_another(&again) == EBUSY && !pthread_mutex_unlock(&again) && !taken_by_another(&again),
	   "a recursive mutex");
	ok(pthread_mutex_unlock(&checked) == EPERM && !pthread_mutex_lock(&checked) && pthread_mutex_lock(&checked) == EDEADLK &&
	   !pthread_mutex_unlock(&checked) && pthread_mutex_unlock(&checked) == EPERM, "a mutex that checks");
}

static void conditions(void)
{
	struct timespec until;
	pthread_t thread;
	int ret;

	pthread_create(&thread, NULL, pong, NULL);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < ROUNDS; i++) {
		turn = 1;
		pthread_cond_signal(&cond);
		while (turn != 0)
			pthread_cond_wait(&cond, &mutex);
	}
	pthread_mutex_unlock(&mutex);
	ok(!pthread_join(thread, NULL), "a condition variable");

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	ret = pthread_cond_timedwait(&cond, &mutex, &until);
	pthread_mutex_unlock(&mutex);
	ok(ret == ETIMEDOUT, "a condition variable that times out");
}

static int cleaned;

static void clean(void *arg)
{
	cleaned++;
}

static void *sleeper(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *reader(void *arg)
{
	char c;

	pthread_cleanup_push(clean, NULL);
	read(*(int *)arg, &c, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *stubborn(void *arg)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	sem_post(arg);
	usleep(50000);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	return NULL;
}

static void cancellation(void)
{
	pthread_t threads[3];
	void *values[3];
	int fds[2];
	sem_t sem;

	sem_init(&sem, 0, 0);
	pipe(fds);
	pthread_create(&threads[0], NULL, sleeper, NULL);
	pthread_create(&threads[1], NULL, reader, &fds[0]);
	pthread_create(&threads[2], NULL, stubborn, &sem);
	sem_wait(&sem);
	usleep(20000);
	for (int i = 0; i < 3; i++)
		pthread_cancel(threads[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], &values[i]);
	ok(values[0] == PTHREAD_CANCELED && values[1] == PTHREAD_CANCELED && cleaned == 2,
	   "cancellation of what is blocked");
	ok(values[2] == PTHREAD_CANCELED, "cancellation, when it is enabled");

	/* Cancelled before it gets there, too. */
	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&threads[0], NULL, reader, &fds[0]);
		pthread_cancel(threads[0]);
		pthread_join(threads[0], &values[0]);
		if (values[0] != PTHREAD_CANCELED)
			break;
	}
	ok(values[0] == PTHREAD_CANCELED, "cancellation at any time");
	close(fds[0]);
	close(fds[1]);
}

static void *post(void *arg)
{
	sem_post(arg);
	return NULL;
}

static void detached(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sem_t sem;
	int made = 0;

	sem_init(&sem, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 4 * THREADS; i++) {
		if (pthread_create(&thread, &attr, post, &sem))
			break;
		sem_wait(&sem);
		made++;
	}
	ok(made == 4 * THREADS, "detached threads");
}

/* About as deep as the stack of a megabyte that it is given. */
static long deep(long n)
{
	volatile char frame[1024];

	frame[0] = n;
	return n ? deep(n - 1) + frame[0] : 0;
}

static void *dive(void *arg)
{
	pthread_attr_t attr;
	size_t size = 0;
	void *stack;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &size);
	deep(900);
	return (void *)(long)(size == 1 << 20 && (char *)&attr > (char *)stack && (char *)&attr < (char *)stack + size);
}

static void stacks(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *value = NULL;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 20);
	if (!pthread_create(&thread, &attr, dive, NULL))
		pthread_join(thread, &value);
	ok(value != NULL, "a stack as large as asked for");
}

static volatile sig_atomic_t got;
static volatile pthread_t getter;

static void handler(int signal, siginfo_t *info, void *context)
{
	getter = pthread_self();
	got = signal;
}

static sigjmp_buf back;

static void jumper(int signal)
{
	siglongjmp(back, signal);
}

static void signals(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	pthread_t thread;
	sigset_t set;
	void *value;

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok(got == SIGUSR1 && getter == pthread_self(), "a signal to oneself");

	cleaned = 0;
	pthread_create(&thread, NULL, sleeper, NULL);
	got = 0;
	pthread_kill(thread, SIGUSR1);
	while (!got)
		usleep(1000);
	ok(getter == thread, "a signal to another thread");
	pthread_cancel(thread);
	pthread_join(thread, &value);
	ok(value == PTHREAD_CANCELED && cleaned == 1, "cancellation after a signal");

	signal(SIGUSR2, jumper);
	if (!sigsetjmp(back, 1)) {
		raise(SIGUSR2);
		ok(0, "siglongjmp() out of a handler");
	} else {
		pthread_sigmask(SIG_BLOCK, NULL, &set);
		ok(!sigismember(&set, SIGUSR2), "siglongjmp() out of a handler");
	}
}

static jmp_buf deep_back;

static void __attribute__((__noinline__)) throw(int n)
{
	if (!n)
		longjmp(deep_back, 0);
	throw(n - 1);
	__asm__ volatile("");
}

static void jumps(void)
{
	volatile int times = 0;

	if (setjmp(deep_back) != 1) {
		times++;
		throw(10);
	}
	ok(times == 1, "longjmp()");
}

static int constructed;

static void __attribute__((__constructor__)) construct(void)
{
	constructed = 1;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	ok(constructed, "a constructor");
	pthread_key_create(&key, destroy);
	many();
	kinds_of_mutex();
	conditions();
	cancellation();
	detached();
	stacks();
	signals();
	jumps();
	return results();
}
