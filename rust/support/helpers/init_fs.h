/* SPDX-License-Identifier: GPL-2.0 */
/* Paths as user space has them. */
#ifndef _UKL_SUPPORT_INIT_FS_H
#define _UKL_SUPPORT_INIT_FS_H

#include <linux/cleanup.h>
#include <linux/fs_struct.h>
#include <linux/sched.h>

/*
 * CLASS(init_fs, name)(paths): to the end of the block a kernel thread has init's root and working
 * directory, if @paths. Since Linux 7.3 it has a root of its own otherwise, with nothing in it;
 * before, it shares init's.
 */
#ifdef scoped_with_init_fs
DEFINE_CLASS(init_fs, struct fs_struct *, if (_T) __revert_init_fs(_T),
	     paths && (current->flags & PF_KTHREAD) ? __override_init_fs() : NULL, bool paths)
#else
DEFINE_CLASS(init_fs, bool, (void)_T, paths, bool paths)
#endif

#endif
