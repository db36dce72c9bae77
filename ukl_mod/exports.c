// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of include/ukl.h that applications may use. They are defined in abi.rs; a Rust
 * module cannot export symbols itself.
 */
#include <linux/export.h>
#include <ukl.h>

EXPORT_SYMBOL_GPL(__ukl_app_start);
EXPORT_SYMBOL_GPL(ukl_app_stop);
EXPORT_SYMBOL_GPL(ukl_thread_spawn);
EXPORT_SYMBOL_GPL(ukl_thread_join);
EXPORT_SYMBOL_GPL(ukl_thread_stop);
EXPORT_SYMBOL_GPL(ukl_thread_detach);
EXPORT_SYMBOL_GPL(ukl_should_stop);
EXPORT_SYMBOL_GPL(ukl_mode);
EXPORT_SYMBOL_GPL(ukl_null);
EXPORT_SYMBOL_GPL(ukl_null_same_stack);
EXPORT_SYMBOL_GPL(ukl_bypass);
EXPORT_SYMBOL_GPL(ukl_tcp_listen);
EXPORT_SYMBOL_GPL(ukl_tcp_accept);
EXPORT_SYMBOL_GPL(ukl_tcp_connect);
EXPORT_SYMBOL_GPL(ukl_tcp_send);
EXPORT_SYMBOL_GPL(ukl_tcp_recv);
EXPORT_SYMBOL_GPL(ukl_tcp_nodelay);
EXPORT_SYMBOL_GPL(ukl_sock_adopt);
EXPORT_SYMBOL_GPL(ukl_shutdown);
EXPORT_SYMBOL_GPL(ukl_getsockname);
EXPORT_SYMBOL_GPL(ukl_getpeername);
EXPORT_SYMBOL_GPL(ukl_close);
