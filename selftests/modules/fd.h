/* SPDX-License-Identifier: GPL-2.0 */
/* fd.h - the file by which a process hands its descriptors over. */
#ifndef _UKL_TEST_FD_H
#define _UKL_TEST_FD_H

#include <linux/fs.h>

extern const struct file_operations fd_ops;

#endif /* _UKL_TEST_FD_H */
