/* SPDX-License-Identifier: GPL-2.0 */
#include "../x86_64/atomic_arch.h"

/* Its "hlt" does not fault in ring 0. */
#undef a_crash
#define a_crash() __builtin_trap()
