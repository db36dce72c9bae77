// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

void *memset(void *dest, int c, size_t n)
{
	unsigned char *d = dest, *end = d + n;
	u64 v = 0x0101010101010101 * (unsigned char)c;

	if (n < 8) {
		if (n >= 4) {
			*(u32 *)d = v;
			*(u32 *)(end - 4) = v;
		} else if (n >= 2) {
			*(u16 *)d = v;
			*(u16 *)(end - 2) = v;
		} else if (n) {
			*d = v;
		}
		return dest;
	}
	*(u64 *)(end - 8) = v;
	if (n >= LONG) {
		size_t words = (n - 1) / 8;

		__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
		return dest;
	}
	for (; d < end - 32; d += 32) {
		*(u64 *)d = v;
		*(u64 *)(d + 8) = v;
		*(u64 *)(d + 16) = v;
		*(u64 *)(d + 24) = v;
	}
	for (; d < end - 8; d += 8)
		*(u64 *)d = v;
	return dest;
}
