// SPDX-License-Identifier: GPL-2.0
/*
 * A process that gives descriptors of its own to an application, a case of ukl_test.ko, and wakes
 * it through them.
 *
 *   process wake ROUNDS   eventfd, timerfd, pipe, epoll file and a socket that both wait for
 *   process twice         a socket, twice
 *   process signal        a signalfd
 *   process tls           a socket with TLS on top
 *   process tls_meanwhile a socket that gets TLS while threads wait for it
 *   process sockmap       a socket in a BPF socket map
 *
 * Exit status 0 if the application answered as it should; else 1 and a line that says what was not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "net.h"
#include "stream.h"

#define RUN	"/sys/kernel/debug/ukl_test/run"
#define PORT	7060

/* Runs a case in a process of its own, which has the same descriptors, as it waits for its end. */
__attribute__((format(printf, 1, 2)))
static pid_t run(const char *format, ...)
{
	char text[256];
	va_list args;
	pid_t pid;
	int fd, n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	fd = open(RUN, O_WRONLY);
	if (fd < 0 || write(fd, text, n) != n)
		fail("%s: %s", RUN, strerror(errno));
	exit(0);
}

static void ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		fail("the case ended with status %#x", status);
}

static void put(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		fail("write: %s", strerror(errno));
}

/* What the application says about an event. */
struct answer {
	__u64 what, events, value;
};

static void expect(int answers, __u64 what, __u64 value)
{
	struct pollfd fd = { .fd = answers, .events = POLLIN };
	struct answer answer;

	if (poll(&fd, 1, PATIENCE) != 1)
		fail("no answer to %c in %d s", (int)what, PATIENCE / 1000);
	if (read(answers, &answer, sizeof(answer)) != sizeof(answer))
		fail("the application ended instead of an answer to %c", (int)what);
	if (answer.what != what || answer.events != EPOLLIN || answer.value != value)
		fail("answer to %c: %c, events %#lx, value %lu; expected value %lu", (int)what,
		     (int)answer.what, (long)answer.events, (long)answer.value, (long)value);
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		fail("epoll_ctl: %s", strerror(errno));
}

/* Whether something is ready, within @ms. */
static int ready(int epoll, int ms)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, ms) == 1 && event.events == EPOLLIN;
}

static int wake(int rounds)
{
	int event = eventfd(0, EFD_NONBLOCK), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	int outer = epoll_create1(0), inner = epoll_create1(0);
	int bytes[2], answers[2], nested[2], listener, near, far;
	__u64 random = 1, value;
	char byte;
	pid_t app;

	listener = listen_on(4, PORT, 0);
	far = dial(4, PORT);
	near = accept(listener, NULL, NULL);
	if (event < 0 || timer < 0 || outer < 0 || inner < 0 || near < 0 || pipe(bytes) ||
	    pipe(answers) || pipe(nested))
		fail("descriptors: %s", strerror(errno));
	watch(inner, nested[0]);
	watch(outer, near);
	app = run("poll_file.woken_by_a_process %d %d %d %d %d %d", event, timer, bytes[0], inner,
		  near, answers[1]);
	close(answers[1]);
	for (int i = 0; i < rounds; i++) {
		switch (stream_random(&random) % 6) {
		case 0:
			value = 1 + stream_random(&random) % 90;
			put(event, &value, sizeof(value));
			expect(answers[0], 'E', value);
			break;
		case 1:
			if (timerfd_settime(timer, 0, &soon, NULL))
				fail("timerfd_settime: %s", strerror(errno));
			expect(answers[0], 'T', 1);
			break;
		case 2:
			byte = stream_random(&random) % 100;
			put(bytes[1], &byte, 1);
			expect(answers[0], 'P', byte);
			break;
		case 3:
			put(nested[1], "x", 1);
			expect(answers[0], 'K', 0);
			if (!ready(inner, 0) || read(nested[0], &byte, 1) != 1)
				fail("what the epoll file had is lost");
			break;
		case 4:
			/* For the application: nothing is left for this process. */
			put(far, "a", 1);
			expect(answers[0], 'S', 'a');
			if (ready(outer, 0))
				fail("what the application received is ready");
			break;
		case 5:
			/* Both are told, and this process reads. */
			put(far, "b", 1);
			expect(answers[0], 'S', 'b');
			if (!ready(outer, PATIENCE) || read(near, &byte, 1) != 1 || byte != 'b')
				fail("the process was not told what the application was");
			break;
		}
	}
	/* The application has what it was given also when this process has closed it. */
	close(near);
	close(outer);
	put(far, "a", 1);
	expect(answers[0], 'S', 'a');
	close(bytes[0]);
	put(bytes[1], "z", 1);
	expect(answers[0], 'P', 'z');
	value = 99;
	put(event, &value, sizeof(value));
	expect(answers[0], 'E', 99);
	ended(app);
	/* And now it has let go. */
	if (read(far, &byte, 1))
		fail("the socket is still open");
	printf("%d events answered\n", rounds);
	return 0;
}

static int signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	if (fd < 0)
		fail("signalfd: %s", strerror(errno));
	ended(run("poll_file.queue_that_goes_away %d", fd));
	return 0;
}

static int twice(void)
{
	int listener = listen_on(4, PORT + 2, 0), far = dial(4, PORT + 2);
	int near = accept(listener, NULL, NULL);
	char byte;

	put(far, "x", 1);
	ended(run("poll_file.one_socket_twice %d", near));
	/* What the application sent, and then this process still has the socket. */
	if (read(far, &byte, 1) != 1 || byte != 'x')
		fail("the application's answer is not there");
	put(near, "y", 1);
	if (read(far, &byte, 1) != 1 || byte != 'y')
		fail("the process's own answer is not there");
	return 0;
}

static void put_tls_on(int sock)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = { TLS_1_2_VERSION, TLS_CIPHER_AES_GCM_128 },
	};

	if (setsockopt(sock, SOL_TCP, TCP_ULP, "tls", 3))
		fail("TCP_ULP: %s", strerror(errno));
	if (setsockopt(sock, SOL_TLS, TLS_RX, &info, sizeof(info)))
		fail("TLS_RX: %s", strerror(errno));
}

/* A socket with TLS on top, in whose queue is something. */
static int tls(void)
{
	int listener = listen_on(4, PORT + 1, 0), far = dial(4, PORT + 1);
	int near = accept(listener, NULL, NULL);

	put_tls_on(near);
	put(far, "x", 1);
	ended(run("inplace.under_another_layer %d", near));
	return 0;
}

/* A whole record wakes who waits: it has to be left for who can read it, and answered by nobody. */
static int tls_meanwhile(void)
{
	static const char record[5 + 29] = { 23, 3, 3, 0, 29 };
	int listener = listen_on(4, PORT + 4, 0), far = dial(4, PORT + 4);
	int near = accept(listener, NULL, NULL);
	char byte;
	pid_t app;

	app = run("inplace.another_layer_meanwhile %d", near);
	if (read(far, &byte, 1) != 1)
		fail("the application does not wait");
	usleep(200000);
	put_tls_on(near);
	put(far, record, sizeof(record));
	ended(app);
	if (recv(far, &byte, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN)
		fail("there is an answer");
	return 0;
}

static int sockmap(void)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_SOCKMAP, .key_size = 4, .value_size = 4, .max_entries = 1,
	};
	int listener = listen_on(4, PORT + 3, 0), far = dial(4, PORT + 3), map, key = 0;
	int near = accept(listener, NULL, NULL);
	union bpf_attr update;

	map = syscall(__NR_bpf, BPF_MAP_CREATE, &create, sizeof(create));
	if (map < 0)
		fail("BPF_MAP_CREATE: %s", strerror(errno));
	memset(&update, 0, sizeof(update));
	update.map_fd = map;
	update.key = (unsigned long)&key;
	update.value = (unsigned long)&near;
	if (syscall(__NR_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof(update)))
		fail("BPF_MAP_UPDATE_ELEM: %s", strerror(errno));
	put(far, "x", 1);
	ended(run("inplace.under_another_layer %d", near));
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "wake"))
		return wake(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "signal"))
		return signals();
	if (argc == 2 && !strcmp(argv[1], "twice"))
		return twice();
	if (argc == 2 && !strcmp(argv[1], "tls"))
		return tls();
	if (argc == 2 && !strcmp(argv[1], "tls_meanwhile"))
		return tls_meanwhile();
	if (argc == 2 && !strcmp(argv[1], "sockmap"))
		return sockmap();
	fputs("usage: see the comment at the top of the source\n", stderr);
	return 2;
}
