/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ukl_linux.ko runs in mode KERNEL, and what Rust cannot reach by itself. bindgen reads this
 * header.
 *
 * Functions that take a void pointer are for ukl_call(): they may be run again, so they leave
 * what is handed over as it is, but for results.
 */
#ifndef _UKL_LINUX_HELPERS_H
#define _UKL_LINUX_HELPERS_H

#include <asm/unistd.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/signal.h>
#include <linux/socket.h>
#include <linux/time64.h>
#include <linux/uio.h>
#include <uapi/asm/ioctls.h>
#include <uapi/linux/close_range.h>
#include <ukl/linux.h>

/* A read or write, whatever it is on. */
struct ukl_linux_io {
	int fd;
	int flags;		/* MSG_* */
	const struct kvec *vec;
	size_t count;
	size_t len;		/* of all */
	loff_t pos;		/* pread(), pwrite() */
	void *name;		/* an address, or room for a sockaddr_storage; NULL */
	int namelen;		/* result when receiving */
	void *control;
	size_t controllen;	/* result when receiving */
	int msg_flags;		/* result when receiving */
};

/* What these cannot do: another way has to be found. */
#define UKL_LINUX_OTHER	(-ENOTSUPP)

long ukl_linux_helper_read(void *io);
long ukl_linux_helper_write(void *io);
long ukl_linux_helper_pread(void *io);
long ukl_linux_helper_pwrite(void *io);
long ukl_linux_helper_recv(void *io);
long ukl_linux_helper_send(void *io);

/* Hot forms of read and write: one buffer. */
struct ukl_linux_buffer {
	int fd;
	struct kvec vec;
};

/* A message that has nothing but its parts. */
struct ukl_linux_vector {
	int fd;
	int flags;		/* MSG_* */
	const struct kvec *vec;
	size_t count;
	size_t len;
};

long ukl_linux_helper_read_buffer(void *buffer);
long ukl_linux_helper_write_buffer(void *buffer);
long ukl_linux_helper_send_vector(void *vector);

struct ukl_linux_accept {
	int fd;
	int flags;		/* SOCK_CLOEXEC | SOCK_NONBLOCK */
	void *name;		/* room for a struct sockaddr_storage */
	int namelen;		/* result */
};

long ukl_linux_helper_accept(void *accept);
long ukl_linux_helper_close(void *fd);
int ukl_linux_helper_device_fd(void);

struct ukl_linux_pollfd {
	int fd;
	short events;
	short revents;
};

/* What a wait blocks instead of what the thread blocks, so that what it lets through ends it. */
struct ukl_linux_mask {
	bool is_set;		/* if not, nothing changes */
	u64 during;
	u64 before;		/* what the thread blocks; again after the wait, but for -EINTR */
};

struct ukl_linux_poll {
	struct ukl_linux_pollfd *fds;
	unsigned int count;
	s64 deadline;		/* CLOCK_MONOTONIC; negative: none; 0: do not wait */
	unsigned int always;	/* POLL*: events that are not asked for and count */
	struct ukl_linux_mask mask;
};

long ukl_linux_helper_poll(void *poll);
long ukl_linux_helper_ready(void *pollfd);

struct ukl_linux_sleep {
	s64 deadline;
	int clock;
};

long ukl_linux_helper_sleep(void *sleep);

long ukl_linux_helper_pause(void *mask);
/* For a wait that follows: whether it is over before it begins. */
long ukl_linux_helper_mask(void *mask);

/* A descriptor for an event set: /proc/PID/fd shows it. */
struct ukl_linux_epoll {
	int flags;		/* O_CLOEXEC */
};

long ukl_linux_helper_epoll_create(void *epoll);

int ukl_linux_helper_clock(int clock, struct timespec64 *time);
u64 ukl_linux_helper_blocked(void);
void ukl_linux_helper_block(u64 signals);
u64 ukl_linux_helper_ignored(void);
int ukl_linux_helper_tid(void);
int ukl_linux_helper_pid(void);
int ukl_linux_helper_cpu(void);
unsigned int ukl_linux_helper_max_fds(void);
void ukl_linux_helper_random(void *buffer, size_t len);
unsigned long ukl_linux_helper_available_pages(void);
bool ukl_linux_helper_has_fsgsbase(void);
void ukl_linux_helper_set_fs_base(unsigned long base);
unsigned long ukl_linux_helper_fs_base(void);

struct ukl_linux_ids {
	unsigned int uid, euid, gid, egid;
};

void ukl_linux_helper_ids(struct ukl_linux_ids *ids);

struct ukl_linux_stack {
	unsigned long bottom, top;
};

void ukl_linux_helper_stack(struct ukl_linux_stack *stack);

void ukl_linux_helper_free_stages(void);

#endif /* _UKL_LINUX_HELPERS_H */
