// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

void *memmove(void *dest, const void *src, size_t n)
{
	unsigned char *d = dest;
	const unsigned char *s = src;
	u64 a, b, y, z;

	if (n <= 32) {
		copy_short(d, s, n);
		return dest;
	}
	if ((uintptr_t)d - (uintptr_t)s >= n && (uintptr_t)s - (uintptr_t)d >= n)
		return memcpy(dest, src, n);

	if (d < s) {
		y = *(u64 *)(s + n - 16);
		z = *(u64 *)(s + n - 8);
		for (size_t left = n; left > 16; left -= 16, d += 16, s += 16) {
			a = *(u64 *)s;
			b = *(u64 *)(s + 8);
			*(u64 *)d = a;
			*(u64 *)(d + 8) = b;
		}
		d = dest;
		*(u64 *)(d + n - 16) = y;
		*(u64 *)(d + n - 8) = z;
	} else {
		y = *(u64 *)s;
		z = *(u64 *)(s + 8);
		for (; n > 16; n -= 16) {
			a = *(u64 *)(s + n - 16);
			b = *(u64 *)(s + n - 8);
			*(u64 *)(d + n - 16) = a;
			*(u64 *)(d + n - 8) = b;
		}
		*(u64 *)d = y;
		*(u64 *)(d + 8) = z;
	}
	return dest;
}
