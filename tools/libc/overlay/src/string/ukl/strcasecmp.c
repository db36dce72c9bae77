// SPDX-License-Identifier: GPL-2.0
#include <strings.h>

static inline int lower(unsigned char c)
{
	return c - 'A' < 26U ? c | 32 : c;
}

int strcasecmp(const char *left, const char *right)
{
	const unsigned char *l = (const void *)left, *r = (const void *)right;

	while (*l && (*l == *r || lower(*l) == lower(*r))) {
		l++;
		r++;
	}
	return lower(*l) - lower(*r);
}

int __strcasecmp_l(const char *left, const char *right, locale_t locale)
{
	return strcasecmp(left, right);
}

int strcasecmp_l(const char *left, const char *right, locale_t locale)
	__attribute__((__weak__, __alias__("__strcasecmp_l")));
