/* SPDX-License-Identifier: GPL-2.0 */
/* Words of any alignment, and copies of up to 32 bytes, which read everything before they write anything. */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t __attribute__((__may_alias__, __aligned__(1))) u64;
typedef uint64_t __attribute__((__may_alias__)) word;
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) u32;
typedef uint16_t __attribute__((__may_alias__, __aligned__(1))) u16;

/* From here on the processor's string instructions are worth their start. */
#define LONG 256

static inline void copy_short(unsigned char *d, const unsigned char *s, size_t n)
{
	if (n >= 16) {
		u64 a = *(u64 *)s, b = *(u64 *)(s + 8), y = *(u64 *)(s + n - 16), z = *(u64 *)(s + n - 8);

		*(u64 *)d = a;
		*(u64 *)(d + 8) = b;
		*(u64 *)(d + n - 16) = y;
		*(u64 *)(d + n - 8) = z;
	} else if (n >= 8) {
		u64 a = *(u64 *)s, z = *(u64 *)(s + n - 8);

		*(u64 *)d = a;
		*(u64 *)(d + n - 8) = z;
	} else if (n >= 4) {
		u32 a = *(u32 *)s, z = *(u32 *)(s + n - 4);

		*(u32 *)d = a;
		*(u32 *)(d + n - 4) = z;
	} else if (n >= 2) {
		u16 a = *(u16 *)s, z = *(u16 *)(s + n - 2);

		*(u16 *)d = a;
		*(u16 *)(d + n - 2) = z;
	} else if (n) {
		*d = *s;
	}
}

/* Of a word: bit 7 of each byte that is zero, and perhaps of some behind the first of them. */
#define ONES 0x0101010101010101
#define ZEROES(x) (((x) - ONES) & ~(x) & ONES << 7)

/* The aligned word that has the byte at s, which is in the same page, and how much of it is before s. */
static inline const word *word_of(const char *s, u64 *before)
{
	*before = ((u64)1 << (uintptr_t)s % 8 * 8) - 1;
	return (const word *)((uintptr_t)s & -8);
}

/* The first byte from s on that is c or zero. */
static inline char *find(const char *s, int c)
{
	u64 before, found, all = ONES * (unsigned char)c;
	const word *at = word_of(s, &before);

	found = ZEROES(*at | before) | ZEROES((*at ^ all) | before);
	while (!found) {
		at++;
		found = ZEROES(*at) | ZEROES(*at ^ all);
	}
	return (char *)at + __builtin_ctzll(found) / 8;
}
