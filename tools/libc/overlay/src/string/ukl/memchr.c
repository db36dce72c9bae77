// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

void *memchr(const void *s, int c, size_t n)
{
	u64 before, found, all = ONES * (unsigned char)c;
	const word *at = word_of(s, &before);
	const char *first;

	if (!n)
		return NULL;
	found = ZEROES((*at ^ all) | before);
	while (!found) {
		at++;
		if ((uintptr_t)at - (uintptr_t)s >= n)
			return NULL;
		found = ZEROES(*at ^ all);
	}
	first = (const char *)at + __builtin_ctzll(found) / 8;
	return (uintptr_t)first - (uintptr_t)s < n ? (void *)first : NULL;
}
