/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ukl.h - the C interface of ukl.ko for applications that live in the kernel.
 *
 * An application is a kernel module that depends on ukl.ko. Its code runs on UKL threads: kernel
 * threads or threads of a process, each with a mode, an application stack and counters. While the
 * application's own code runs, its thread is in mode UKL_MODE_APP; every call below is a transition
 * into the kernel and back (mode UKL_MODE_KERNEL in between) and is a plain procedure call.
 *
 * Unless a function says otherwise:
 *
 *  * it is called from a UKL thread in mode UKL_MODE_APP, in task context with interrupts and
 *    preemption enabled; it may sleep and it may reschedule before it returns;
 *  * any other task gets -EPERM, a call from interrupt context or with preemption or interrupts
 *    disabled gets -EDEADLK, a call made while another call of the same thread is under way gets
 *    -EBUSY;
 *  * once the thread was asked to stop (by ukl_app_stop(), ukl_thread_stop(), SIGTERM or SIGKILL;
 *    in a process by that, or its being killed), it fails with -EINTR without doing anything, so
 *    that a loop of calls ends; a handler of ukl_sigaction() may make a call fail so as well, which
 *    ukl_should_stop() tells apart;
 *  * buffers are kernel memory that stays mapped during the call; a pointer into the user half of
 *    the address space, or NULL with a length, gets -EFAULT;
 *  * a handle that a function returns is the application's until it is given back, and may be used
 *    by all of its threads, several at a time; what is left is taken back when the application
 *    stops; NULL and ERR_PTR() are refused, other values have to be handles that are open;
 *  * a time-out is in nanoseconds of the monotonic clock, none if it is negative (%UKL_FOREVER).
 *
 * Errors are negative errno values; functions that return a pointer return ERR_PTR() and never
 * NULL.
 *
 * What calls leave out against the system calls of their name, and what that means for security, is
 * in Documentation/security.md.
 */
#ifndef _UKL_H
#define _UKL_H

#include <ukl/app.h>
#include <ukl/process.h>
#include <ukl/memory.h>
#include <ukl/socket.h>
#include <ukl/tcp.h>
#include <ukl/poll.h>
#include <ukl/file.h>
#include <ukl/time.h>

#endif /* _UKL_H */
