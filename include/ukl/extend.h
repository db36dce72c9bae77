/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/extend.h - for modules that add calls of their own to those of ukl.h, as ukl_linux.ko does */
#ifndef _UKL_EXTEND_H
#define _UKL_EXTEND_H

/**
 * ukl_call() - run kernel code as a call of the application
 * @f: what to run, in mode %UKL_MODE_KERNEL on the task's kernel stack, or with a bypass on the
 *	application stack if that has room
 * @arg: handed to @f
 *
 * A transition like that of any call. @f may do what a system call may, and gives back what it
 * takes before it returns. If it returns that it was interrupted (-EINTR, -ERESTARTSYS and their
 * kin) by what the application does not want to hear of, it is run again, so it has to leave @arg
 * as it was. After a handler with %SA_RESTART it is run again if it returned -ERESTARTSYS or
 * -ERESTARTNOINTR, as a system call is.
 *
 * Context: As all calls.
 * Return: What @f returned, its restart codes as -EINTR. Errors: also those of all calls.
 */
long ukl_call(long (*f)(void *arg), void *arg);

/**
 * ukl_call_polling() - ukl_call() for what waits for events
 * @f: what to run; returns -ERESTARTNOHAND if it is interrupted
 * @arg: handed to @f
 *
 * Once a handler of a signal has run, whatever its flags, @f is not run any more, not even for the
 * first time: what it would wait for may be what the handler has seen to.
 *
 * Context: As all calls.
 * Return: What @f returned, -EINTR after a handler. Errors: also those of all calls.
 */
long ukl_call_polling(long (*f)(void *arg), void *arg);

/**
 * ukl_attach() - keep something for the calling thread's application
 * @data: what; not NULL
 * @release: called with it when no thread runs the application any more, from any task, may sleep
 *
 * Once for an application, by its first thread before there is a second. The application's module
 * has to depend on the one that @release is in, or be it. Not a transition.
 *
 * Return: 0. -EPERM if the caller is no UKL thread, -EBUSY if there is something, -EINVAL.
 */
int ukl_attach(void *data, void (*release)(void *data));

/**
 * ukl_attached() - what was attached
 *
 * Not a transition.
 *
 * Return: The data, NULL if there is none or the caller is no UKL thread.
 */
void *ukl_attached(void);

#endif /* _UKL_EXTEND_H */
