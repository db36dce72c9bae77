/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/ukl_test/fd: each process that opens it has an application of its own, which
 * ends when the file is closed. Calls of ioctl() with descriptors of the process:
 */
#ifndef _SELFTESTS_FDS_H
#define _SELFTESTS_FDS_H

#include <linux/ioctl.h>

/* Takes a socket over; a thread of the application gives back what comes, until its end. */
#define FD_ECHO		_IO('u', 1)
/* Takes a socket that listens over; accepts, and a thread for each connection gives back. */
#define FD_SERVE	_IO('u', 2)
/* Takes a socket over and closes it at once. */
#define FD_ADOPT	_IO('u', 3)
/* Takes a socket over and hands it back as a new descriptor. */
#define FD_AGAIN	_IO('u', 4)
/* Hands an end of a connection over, the other end gives back. The flags are the argument. */
#define FD_HAND		_IO('u', 5)
/* Hands over a socket that a thread is blocked on: what that gives. */
#define FD_BUSY		_IO('u', 6)
/* Hands over a socket that is in an event set; -EIO if the set still knows it. */
#define FD_POLLED	_IO('u', 7)
/* Takes two files over: a thread copies the one to the other, FD_PAIR(from, to). */
#define FD_COPY		_IO('u', 8)
#define FD_PAIR(from, to) ((from) << 16 | (to))
/* Takes a file over and closes it at once. */
#define FD_FILE		_IO('u', 9)
/* Takes a socket over, and a file: for NULL, for what is no application, for one that stopped. */
#define FD_NULL		_IO('u', 10)
#define FD_NO_APP	_IO('u', 11)
#define FD_STOPPED	_IO('u', 12)
/* Takes a file over, reads or writes 8 bytes once: what that gives. */
#define FD_READ		_IO('u', 13)
#define FD_WRITE	_IO('u', 14)
/* Hands over a socket that was handed over already. */
#define FD_GONE		_IO('u', 15)
/* Takes over a socket with a filter of FILTER_LEN blocks and reads it: 0, or what went wrong. */
#define FD_FILTER	_IO('u', 16)
#define FILTER_LEN	3

#endif /* _SELFTESTS_FDS_H */
