/* SPDX-License-Identifier: GPL-2.0 */
/* What bindgen reads for rust/bindings: ukl.h, and what of the kernel goes with it. */
#include <ukl.h>
#include <ukl/extend.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <uapi/linux/tcp.h>
#include <uapi/linux/un.h>
#include <uapi/linux/signal.h>
#include <uapi/ukl.h>

/* Macros with casts, which bindgen does not see through. */
const __poll_t UKL_EPOLLIN = EPOLLIN;
const __poll_t UKL_EPOLLPRI = EPOLLPRI;
const __poll_t UKL_EPOLLOUT = EPOLLOUT;
const __poll_t UKL_EPOLLERR = EPOLLERR;
const __poll_t UKL_EPOLLHUP = EPOLLHUP;
const __poll_t UKL_EPOLLRDHUP = EPOLLRDHUP;
const __poll_t UKL_EPOLLET = EPOLLET;
const __poll_t UKL_EPOLLONESHOT = EPOLLONESHOT;
