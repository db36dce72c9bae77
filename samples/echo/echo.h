/* SPDX-License-Identifier: GPL-2.0 */
/* What the variants of the echo server share. */
#ifndef _ECHO_H
#define _ECHO_H

#include <ukl.h>

/* Bytes that are moved at a time. */
#define BUFFER_SIZE	(16 * 1024)

/* The parameters of the module, see echo_main.c. */
extern unsigned int threads;
extern unsigned int spin_us;

/* A socket that listens; with @shared, on a port that others of ours listen on as well. */
struct ukl_sock *echo_listen(bool shared);

/* The first threads of the variants. */
int blocking_main(void *arg);
int readiness_main(void *arg);
int inplace_main(void *arg);

#endif /* _ECHO_H */
