// SPDX-License-Identifier: GPL-2.0
/* What ukl_test_upper.ko depends on: gives its program a call, and something to keep. */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <ukl.h>
#include <ukl/extend.h>

#include "lower.h"

static long answer(void *arg)
{
	return *(const long *)arg;
}

static void release(void *data)
{
	kfree(data);
}

long ukl_test_lower_answer(void)
{
	long *data = kmalloc(sizeof(*data), GFP_KERNEL);
	int err;

	if (!data)
		return -ENOMEM;
	*data = 42;
	err = ukl_attach(data, release);
	if (err) {
		kfree(data);
		return err;
	}
	return ukl_call(answer, ukl_attached());
}
EXPORT_SYMBOL_GPL(ukl_test_lower_answer);

MODULE_DESCRIPTION("A call of another module's");
MODULE_LICENSE("GPL");
