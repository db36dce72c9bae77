// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

void *memcpy(void *restrict dest, const void *restrict src, size_t n)
{
	unsigned char *d = dest;
	const unsigned char *s = src;
	u64 w, x, y, z;

	if (n <= 32) {
		copy_short(d, s, n);
		return dest;
	}
	w = *(u64 *)(s + n - 32);
	x = *(u64 *)(s + n - 24);
	y = *(u64 *)(s + n - 16);
	z = *(u64 *)(s + n - 8);
	d += n;
	if (n >= LONG) {
		unsigned char *to = dest;
		size_t words = (n - 1) / 8;

		__asm__ volatile("rep movsq" : "+D"(to), "+S"(s), "+c"(words) : : "memory");
		*(u64 *)(d - 8) = z;
		return dest;
	}
	for (unsigned char *to = dest; to < d - 32; to += 32, s += 32) {
		u64 a = *(u64 *)s, b = *(u64 *)(s + 8), c = *(u64 *)(s + 16), e = *(u64 *)(s + 24);

		*(u64 *)to = a;
		*(u64 *)(to + 8) = b;
		*(u64 *)(to + 16) = c;
		*(u64 *)(to + 24) = e;
	}
	*(u64 *)(d - 32) = w;
	*(u64 *)(d - 24) = x;
	*(u64 *)(d - 16) = y;
	*(u64 *)(d - 8) = z;
	return dest;
}
