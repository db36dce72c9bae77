// SPDX-License-Identifier: GPL-2.0
/* What programs may use. The functions are defined in entry.rs. */
#include <linux/export.h>
#include <ukl/linux.h>

EXPORT_SYMBOL_GPL(ukl_linux_run);
EXPORT_SYMBOL_GPL(ukl_linux_syscall);
EXPORT_SYMBOL_GPL(ukl_linux_thread);
