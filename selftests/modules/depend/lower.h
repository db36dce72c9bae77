/* SPDX-License-Identifier: GPL-2.0 */
/* What ukl-test-lower.ko has for ukl_test_upper.ko. */
#ifndef _UKL_TEST_LOWER_H
#define _UKL_TEST_LOWER_H

/* 42, once for an application; -EBUSY then. */
long ukl_test_lower_answer(void);

#endif
