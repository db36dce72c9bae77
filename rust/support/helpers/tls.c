// SPDX-License-Identifier: GPL-2.0
/* What tls.rs wraps. */
#include <asm/cpufeature.h>
#include <asm/fsgsbase.h>
#include "helpers.h"

unsigned long ukl_helper_swap_fs_base(unsigned long base)
{
	unsigned long was;

	if (!cpu_feature_enabled(X86_FEATURE_FSGSBASE))
		return 0;
	was = rdfsbase();
	wrfsbase(base);
	return was;
}
