// SPDX-License-Identifier: GPL-2.0
/* What programs may use. The functions are defined in entry.rs. */
#include <linux/export.h>
#include <ukl/linux.h>

/* Not _GPL: see ukl/linux.h. */
EXPORT_SYMBOL(ukl_linux_register);
EXPORT_SYMBOL(ukl_linux_unregister);
EXPORT_SYMBOL(ukl_linux_syscall);
EXPORT_SYMBOL(ukl_linux_read);
EXPORT_SYMBOL(ukl_linux_write);
EXPORT_SYMBOL(ukl_linux_send_vector);
EXPORT_SYMBOL(ukl_linux_clock_gettime);
EXPORT_SYMBOL(ukl_linux_thread);
