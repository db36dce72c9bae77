// SPDX-License-Identifier: GPL-2.0
/*
 * Measures calls from an application in the kernel: on a kernel thread while it is loaded, and in a
 * process when "ukl run" runs it. What it counted last is in ukl_bench/samples of debugfs. Its
 * counterpart in user space is syscalls.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <ukl.h>

struct end {
	struct ukl_sock *sock;
};

#include "measure.h"

static bool quick;
module_param(quick, bool, 0400);
MODULE_PARM_DESC(quick, "fewer sizes and rounds");

static DECLARE_COMPLETION(measured);
static struct ukl_program *program;
static const char *carrier;
static struct dentry *dir;

static inline void bypass_null(void)
{
	ukl_bypass(CALLS);
}

static inline void bypass_one(void)
{
	ukl_bypass(1);
}

static inline long send(struct end end, const char *buffer, unsigned int size)
{
	return ukl_tcp_send(end.sock, buffer, size, 0);
}

static inline long recv(struct end end, char *buffer, unsigned int size)
{
	return ukl_tcp_recv(end.sock, buffer, size, 0);
}

static inline long send_same_stack(struct end end, const char *buffer, unsigned int size)
{
	return ukl_tcp_send(end.sock, buffer, size, UKL_NSS);
}

static inline long recv_same_stack(struct end end, char *buffer, unsigned int size)
{
	return ukl_tcp_recv(end.sock, buffer, size, UKL_NSS);
}

/* What is opened here is closed when the application stops. */
static int open_connection(struct end *ends)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_storage addr;
	struct ukl_sock *listener;
	int len;

	listener = ukl_tcp_listen((struct sockaddr *)&in, sizeof(in), 1);
	if (IS_ERR(listener))
		return PTR_ERR(listener);
	len = ukl_getsockname(listener, &addr);
	if (len < 0)
		return len;
	ends[0].sock = ukl_tcp_connect((struct sockaddr *)&addr, len, UKL_FOREVER);
	if (IS_ERR(ends[0].sock))
		return PTR_ERR(ends[0].sock);
	ends[1].sock = ukl_accept(listener, NULL, 0);
	if (IS_ERR(ends[1].sock))
		return PTR_ERR(ends[1].sock);
	return ukl_tcp_nodelay(ends[0].sock, true) ?: ukl_tcp_nodelay(ends[1].sock, true);
}

static int measure(char *buffer)
{
	int err;

	measure_overhead();
	err = ukl_null() ?: ukl_null_same_stack();
	if (err)
		return err;
	measure_null("null.full", nothing, ukl_null);
	measure_null("null.same_stack", nothing, ukl_null_same_stack);
	measure_null("null.bypass", bypass_null, ukl_null);

	for (const struct size *size = sizes; size->name; size++) {
		if ((quick || current->mm) && !size->everywhere)
			continue;
		if (!measure_tcp(size, "full", "full", buffer, nothing, send, recv) ||
		    !measure_tcp(size, "same_stack", "same_stack", buffer, nothing,
				 send_same_stack, recv_same_stack) ||
		    !measure_tcp(size, "bypass", "bypass", buffer, bypass_one, send, recv))
			return -EIO;
	}
	return 0;
}

static int bench(void *unused)
{
	char *buffer = kzalloc(SIZE_MAX_TCP, GFP_KERNEL);
	int err;

	carrier = current->mm ? "process" : "kernel";
	result_count = 0;
	err = buffer ? measure(buffer) : -ENOMEM;

	kfree(buffer);
	complete(&measured);
	return err;
}

static int samples_show(struct seq_file *file, void *unused)
{
	for (unsigned int i = 0; i < result_count; i++) {
		seq_printf(file, "%s %s %u", carrier, results[i].name, results[i].calls);
		for (int round = 0; round < rounds; round++)
			seq_printf(file, " %lu", results[i].total[round]);
		seq_putc(file, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(samples);

static int __init ukl_bench_init(void)
{
	struct ukl_app *app;
	int err;

	if (quick)
		rounds = ROUNDS_QUICK;
	app = ukl_app_start("ukl_bench", bench, NULL);
	if (IS_ERR(app))
		return PTR_ERR(app);
	wait_for_completion(&measured);
	err = ukl_app_stop(app);
	if (err)
		return err;
	program = ukl_program_register("ukl_bench", bench, NULL);
	if (IS_ERR(program))
		return PTR_ERR(program);
	dir = debugfs_create_dir("ukl_bench", NULL);
	debugfs_create_file("samples", 0400, dir, NULL, &samples_fops);
	return 0;
}
module_init(ukl_bench_init);

static void __exit ukl_bench_exit(void)
{
	debugfs_remove(dir);
	ukl_program_unregister(program);
}
module_exit(ukl_bench_exit);

MODULE_DESCRIPTION("Counts the instructions of calls from an application in the kernel");
MODULE_LICENSE("GPL");
