/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stream of bytes that both ends can make and check at any position, from a seed: word i is
 * splitmix64 of seed and i. For the test modules and for the peers in user space.
 */
#ifndef _SELFTESTS_STREAM_H
#define _SELFTESTS_STREAM_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <stddef.h>
#include <string.h>
#endif

/** STREAM_CHUNK_MAX - the largest chunk that stream_chunk() gives, in bytes */
#define STREAM_CHUNK_MAX	1048576UL

static inline __u64 stream_mix(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline __u64 stream_word(__u64 seed, __u64 index)
{
	return stream_mix(seed + (index + 1) * 0x9e3779b97f4a7c15ULL);
}

static inline __u8 stream_byte(__u64 seed, __u64 pos)
{
	__u64 word = stream_word(seed, pos / 8);
	__u8 bytes[8];

	memcpy(bytes, &word, 8);
	return bytes[pos % 8];
}

/** stream_fill() - write the @len bytes at position @pos of the stream to @buf */
static inline void stream_fill(void *buf, size_t len, __u64 seed, __u64 pos)
{
	__u8 *p = buf;

	for (; len && pos % 8; len--)
		*p++ = stream_byte(seed, pos++);
	for (; len >= 8; len -= 8, p += 8, pos += 8) {
		__u64 word = stream_word(seed, pos / 8);

		memcpy(p, &word, 8);
	}
	while (len--)
		*p++ = stream_byte(seed, pos++);
}

/** stream_check() - how many bytes of @buf are those of the stream at @pos: @len if all are */
static inline size_t stream_check(const void *buf, size_t len, __u64 seed, __u64 pos)
{
	const __u8 *p = buf;
	size_t i = 0;

	for (; i < len && (pos + i) % 8; i++)
		if (p[i] != stream_byte(seed, pos + i))
			return i;
	for (; len - i >= 8; i += 8) {
		__u64 word;

		memcpy(&word, p + i, 8);
		if (word != stream_word(seed, (pos + i) / 8))
			break;
	}
	for (; i < len; i++)
		if (p[i] != stream_byte(seed, pos + i))
			return i;
	return i;
}

/** stream_random() - the next of a row of random numbers */
static inline __u64 stream_random(__u64 *state)
{
	return stream_mix(*state += 0x9e3779b97f4a7c15ULL);
}

/**
 * stream_chunk() - a random size from 1 byte to STREAM_CHUNK_MAX
 *
 * Each power of two is as likely as any other, so that small and large chunks both come often and
 * a gigabyte takes about 13,000 of them.
 */
static inline size_t stream_chunk(__u64 *state)
{
	unsigned int order = stream_random(state) % 21;
	size_t size = 1UL << order;

	return order == 20 ? size : size + stream_random(state) % size;
}

#endif /* _SELFTESTS_STREAM_H */
