// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

static int differ(u64 a, u64 b)
{
	return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

int memcmp(const void *left, const void *right, size_t n)
{
	const unsigned char *l = left, *r = right;

	for (; n >= 8; n -= 8, l += 8, r += 8) {
		u64 a = *(u64 *)l, b = *(u64 *)r;

		if (a != b)
			return differ(a, b);
	}
	for (; n; n--, l++, r++) {
		if (*l != *r)
			return *l - *r;
	}
	return 0;
}
