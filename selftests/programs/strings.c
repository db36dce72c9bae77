// SPDX-License-Identifier: GPL-2.0
/* strings: the functions of <string.h> that the library has of its own, as a program that ring 0 and user space run; KTAP */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "result.h"

#define PAGE 4096
/* Longer than what they do in one piece. */
#define LONG 600

static unsigned char *page, *other;

/* Bytes that are not zero, the top bit in some of them; the same each time. */
static void fill(unsigned char *at, size_t len, unsigned int seed)
{
	for (; len; len--, at++) {
		seed = seed * 1103515245 + 12345;
		*at = seed >> 16 | 1;
	}
}

/* For the compiler not to compute it. */
static const char *v(const void *s)
{
	__asm__ volatile("" : "+r"(s));
	return s;
}

/* A string of len bytes, behind some garbage, that ends with its page or anywhere. */
static char *string(size_t len, size_t behind)
{
	char *s = (char *)page + PAGE - behind - len - 1;

	fill(page, PAGE, len);
	memset(s - 3, 0, 3);
	s[len] = 0;
	return s;
}

static void looking(void)
{
	int lengths = 1, chars = 1, null = 1, absent = 1, bytes = 1, others = 1;

	for (size_t len = 0; len < 80; len++) {
		for (size_t behind = 0; behind < 10; behind++) {
			char *s = string(len, behind);

			lengths &= strlen(v(s)) == len;
			null &= strchr(v(s), 0) == s + len && strchrnul(v(s), 256) == s + len;
			for (size_t i = 0; i < len; i++) {
				size_t first = 0;

				while (s[first] != s[i])
					first++;
				chars &= strchr(v(s), s[i]) == s + first && strchrnul(v(s), s[i]) == s + first;
				bytes &= memchr(v(s), s[i] | 0x100, len) == s + first &&
					 memchr(v(s), s[i], SIZE_MAX) == s + first && !memchr(v(s), s[i], first);
			}
			/* All bytes are odd. */
			absent &= !strchr(v(s), 2) && strchrnul(v(s), 0x80) == s + len;
			/* The garbage before it and what is behind it is no part of it, and what has no length is not read. */
			s[len] = 2;
			others &= !memchr(v(s), 0, len) && !memchr(v(s), 2, len) && !memchr(v((char *)other + PAGE), 0, 0) &&
				  memchr(v(s), 2, len + 1) == s + len;
			s[len] = 0;
		}
	}
	ok(lengths, "strlen()");
	ok(chars, "strchr(), strchrnul()");
	ok(bytes, "memchr()");
	ok(others, "of what is elsewhere");
	ok(null, "of the end");
	ok(absent, "of what is not there");
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void comparing(void)
{
	int good = 1, bytes = 1;

	ok(!strcasecmp(v("Content-LENGTH"), v("cONTENT-length")) && strcasecmp(v("a"), v("B")) < 0 &&
	   strcasecmp(v("abc"), v("AB")) > 0 && strcasecmp(v(""), v("a")) < 0, "strcasecmp()");
	/* Letters only: '@' and '`', '[' and '{' are 32 apart, too. */
	ok(strcasecmp(v("@"), v("`")) < 0 && strcasecmp(v("["), v("{")) < 0 && strcasecmp(v("\xc0"), v("\xe0")) < 0 &&
	   strcasecmp(v("_"), v("A")) < 0, "strcasecmp() of what is no letter");
	for (size_t len = 0; len < 40; len++) {
		unsigned char *a = page + PAGE - len, *b = other + PAGE - len - 1;

		fill(a, len, 7);
		memcpy(b, a, len);
		good &= memcmp(v(a), v(b), len) == 0;
		for (size_t i = 0; i < len; i++) {
			b[i] ^= 0x80;
			bytes &= sign(memcmp(v(a), v(b), len)) == (a[i] < b[i] ? -1 : 1);
			b[i] ^= 0x80;
		}
	}
	ok(good && bytes, "memcmp()");
}

/* Whether to holds what want says from 8 bytes before it on. */
static int holds(const unsigned char *to, const unsigned char *want, size_t len)
{
	for (size_t i = 0; i < len + 16; i++) {
		if (to[i] != want[i])
			return 0;
	}
	return 1;
}

static void copying(void)
{
	static unsigned char want[2 * LONG];
	int copies = 1, sets = 1, moves = 1;

	for (size_t len = 0; len < LONG; len += len < 70 ? 1 : 37) {
		for (size_t shift = 0; shift < 9; shift++) {
			unsigned char *to = other + 16 + shift, *from = page + PAGE - len;

			fill(from, len, len);
			fill(other, PAGE, 1);
			memcpy(want, to - 8, len + 16);
			for (size_t i = 0; i < len; i++)
				want[8 + i] = from[i];
			copies &= memcpy(to, v(from), len) == to && holds(to - 8, want, len);
			for (size_t i = 0; i < len; i++)
				want[8 + i] = 0xa5;
			sets &= memset(to, *v("\xa5"), len) == to && holds(to - 8, want, len);

			for (int forth = 0; forth < 2; forth++) {
				unsigned char *source = forth ? to + shift : to - shift;

				fill(other, PAGE, len + 3);
				memcpy(want, to - 8, len + 16);
				for (size_t i = 0; i < len; i++)
					want[8 + i] = source[i];
				moves &= memmove(to, v(source), len) == to && holds(to - 8, want, len);
			}
		}
	}
	ok(copies, "memcpy()");
	ok(sets, "memset()");
	ok(moves, "memmove()");
}

/* A page with nothing behind it, in user space. */
static unsigned char *alone(void)
{
	unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + PAGE, PAGE)) {
		perror("mmap");
		exit(1);
	}
	return pages;
}

int main(void)
{
	page = alone();
	other = alone();
	looking();
	comparing();
	copying();
	return results();
}
