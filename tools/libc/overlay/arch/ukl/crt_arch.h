/* SPDX-License-Identifier: GPL-2.0 */
/* _start_c() is called by ukl_linux.ko, and by user/start.S in user space. */
