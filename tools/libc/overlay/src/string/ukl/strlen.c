// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

size_t strlen(const char *s)
{
	u64 before, zeroes;
	const word *at = word_of(s, &before);

	zeroes = ZEROES(*at | before);
	while (!zeroes) {
		at++;
		zeroes = ZEROES(*at);
	}
	return (const char *)at + __builtin_ctzll(zeroes) / 8 - s;
}
