// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of the headers that applications may use. They are defined in abi/; a Rust
 * module cannot export symbols itself.
 */
#include <linux/export.h>
#include <ukl.h>
#include <ukl/extend.h>

/* ukl/app.h */
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

/* ukl/process.h */
EXPORT_SYMBOL_GPL(__ukl_program_register);
EXPORT_SYMBOL_GPL(ukl_program_unregister);
EXPORT_SYMBOL_GPL(ukl_arg);
EXPORT_SYMBOL_GPL(ukl_env);
EXPORT_SYMBOL_GPL(ukl_exit);
EXPORT_SYMBOL_GPL(ukl_thread_exit);
EXPORT_SYMBOL_GPL(ukl_sigaction);
EXPORT_SYMBOL_GPL(ukl_sigmask);
EXPORT_SYMBOL_GPL(ukl_syscall);
EXPORT_SYMBOL_GPL(ukl_data);
EXPORT_SYMBOL_GPL(__ukl_abort);

/* ukl/extend.h */
EXPORT_SYMBOL_GPL(ukl_call);
EXPORT_SYMBOL_GPL(ukl_call_polling);
EXPORT_SYMBOL_GPL(ukl_attach);
EXPORT_SYMBOL_GPL(ukl_attached);

/* ukl/memory.h */
EXPORT_SYMBOL_GPL(ukl_alloc);
EXPORT_SYMBOL_GPL(ukl_free);

/* ukl/socket.h */
EXPORT_SYMBOL_GPL(ukl_socket);
EXPORT_SYMBOL_GPL(ukl_sock_adopt);
EXPORT_SYMBOL_GPL(ukl_sock_from_fd);
EXPORT_SYMBOL_GPL(ukl_sock_to_fd);
EXPORT_SYMBOL_GPL(ukl_bind);
EXPORT_SYMBOL_GPL(ukl_listen);
EXPORT_SYMBOL_GPL(ukl_accept);
EXPORT_SYMBOL_GPL(ukl_connect);
EXPORT_SYMBOL_GPL(ukl_sendto);
EXPORT_SYMBOL_GPL(ukl_recvfrom);
EXPORT_SYMBOL_GPL(ukl_send);
EXPORT_SYMBOL_GPL(ukl_recv);
EXPORT_SYMBOL_GPL(ukl_sendv);
EXPORT_SYMBOL_GPL(ukl_recvv);
EXPORT_SYMBOL_GPL(ukl_setsockopt);
EXPORT_SYMBOL_GPL(ukl_getsockopt);
EXPORT_SYMBOL_GPL(ukl_shutdown);
EXPORT_SYMBOL_GPL(ukl_getsockname);
EXPORT_SYMBOL_GPL(ukl_getpeername);
EXPORT_SYMBOL_GPL(ukl_close);

/* ukl/tcp.h */
EXPORT_SYMBOL_GPL(ukl_tcp_listen);
EXPORT_SYMBOL_GPL(ukl_tcp_connect);
EXPORT_SYMBOL_GPL(ukl_tcp_send);
EXPORT_SYMBOL_GPL(ukl_tcp_recv);
EXPORT_SYMBOL_GPL(ukl_tcp_sendv);
EXPORT_SYMBOL_GPL(ukl_tcp_recvv);
EXPORT_SYMBOL_GPL(ukl_tcp_send_pages);
EXPORT_SYMBOL_GPL(ukl_tcp_recv_inplace);
EXPORT_SYMBOL_GPL(ukl_tcp_exchange);
EXPORT_SYMBOL_GPL(ukl_tcp_nodelay);

/* ukl/poll.h */
EXPORT_SYMBOL_GPL(ukl_poll_create);
EXPORT_SYMBOL_GPL(ukl_poll_add);
EXPORT_SYMBOL_GPL(ukl_poll_modify);
EXPORT_SYMBOL_GPL(ukl_poll_remove);
EXPORT_SYMBOL_GPL(ukl_poll_add_file);
EXPORT_SYMBOL_GPL(ukl_poll_modify_file);
EXPORT_SYMBOL_GPL(ukl_poll_remove_file);
EXPORT_SYMBOL_GPL(ukl_poll_wait);
EXPORT_SYMBOL_GPL(ukl_poll_wake);
EXPORT_SYMBOL_GPL(ukl_poll_spin);
EXPORT_SYMBOL_GPL(ukl_poll_close);

/* ukl/file.h */
EXPORT_SYMBOL_GPL(ukl_file_open);
EXPORT_SYMBOL_GPL(ukl_file_from_fd);
EXPORT_SYMBOL_GPL(ukl_file_read);
EXPORT_SYMBOL_GPL(ukl_file_write);
EXPORT_SYMBOL_GPL(ukl_file_pread);
EXPORT_SYMBOL_GPL(ukl_file_pwrite);
EXPORT_SYMBOL_GPL(ukl_file_sync);
EXPORT_SYMBOL_GPL(ukl_file_size);
EXPORT_SYMBOL_GPL(ukl_file_close);

/* ukl/time.h */
EXPORT_SYMBOL_GPL(ukl_clock_monotonic);
EXPORT_SYMBOL_GPL(ukl_clock_realtime);
EXPORT_SYMBOL_GPL(ukl_sleep);
EXPORT_SYMBOL_GPL(ukl_futex_wait);
EXPORT_SYMBOL_GPL(ukl_futex_wake);
