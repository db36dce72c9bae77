/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands of ukl_test_process share. */
#ifndef _UKL_TEST_PROCESS_H
#define _UKL_TEST_PROCESS_H

#include <ukl.h>

/* The number in argument @n of the process; @otherwise if there is none. */
long number(unsigned int n, long otherwise);

/* Writes a line to the process's standard output. */
__printf(1, 2) void say(const char *format, ...);

/* The value of a string of the environment; NULL if there is none of that name. */
const char *environment(const char *name);

/* Attaches something to the application, and looks whether that is as it should be; 0 if so. */
int attach_something(void);

/* Commands: each is named in the table of main.c. */
int command_batch(void);
int command_busy(void);
int command_call(void);
int command_data(void);
int command_env(void);
int command_env_hash(void);
int command_fault(void);
int command_hash(void);
int command_none(void);
int command_nulls(void);
int command_over(void);
int command_pipe(void);
int command_race(void);
int command_sigaction(void);
int command_signal(void);
int command_spawn(void);
int command_speakers(void);
int command_stack(void);
int command_syscall(void);
int command_thread_exit(void);
int command_tls(void);
int command_turns(void);

#endif
