// SPDX-License-Identifier: GPL-2.0
/* A program that uses another module: ends with the answer, or waits if it has an argument. */
#include <linux/module.h>
#include <ukl.h>

#include "lower.h"

static int upper(void *arg)
{
	long answer = ukl_test_lower_answer();

	if (answer != 42 || !ukl_arg(1))
		return answer;
	return ukl_sleep(3600L * NSEC_PER_SEC);
}

module_ukl_program("ukl_test_upper", upper);

MODULE_INFO(ukl, "stack=1M bypass=64 sched=batch");
MODULE_DESCRIPTION("A program that uses another module");
MODULE_LICENSE("GPL");
