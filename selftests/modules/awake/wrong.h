/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UKL_TEST_AWAKE_WRONG_H
#define _UKL_TEST_AWAKE_WRONG_H

char read_in_rust(const char *memory, unsigned int at);
void count_in_rust(unsigned long *counter);

#endif /* _UKL_TEST_AWAKE_WRONG_H */
