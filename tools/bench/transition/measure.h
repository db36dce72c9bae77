/* SPDX-License-Identifier: GPL-2.0 */
/*
 * measure.h - the loops that ukl_bench.c runs in the kernel and syscalls.c in user space
 *
 * Shared so that both sides count alike. The clock is the TSC, which counts instructions under
 * QEMU's -icount shift=0; calibrate() is there to prove it. Totals are stored as read: the cost of
 * the loop ("loop") or of the two clock reads ("interval") is measured by the same code around
 * nothing, and report.py subtracts it. The call instruction and its arguments stay counted.
 *
 * The includer defines struct end, one end of a connection.
 */
#ifndef _UKL_BENCH_MEASURE_H
#define _UKL_BENCH_MEASURE_H

#define WARM_UP		10	/* rounds that are not recorded */
#define ROUNDS		100	/* short ones, so that most have no timer tick in them */
#define CALLS		1000	/* null calls in a round: 100,000 in all */
#define EXCHANGES	10	/* there and back in a round */
#define KNOWN		100000	/* instructions in a round of calibrate() */
#define SIZE_MAX_TCP	8192

struct series {
	const char *name;
	unsigned int calls;		/* in a round */
	unsigned long total[ROUNDS];	/* instructions of a round, overhead included */
};

static struct series results[24];
static unsigned int result_count;

static struct series *new_series(const char *name, unsigned int calls)
{
	struct series *series = &results[result_count++];

	series->name = name;
	series->calls = calls;
	return series;
}

static void record(struct series *series, int round, unsigned long total)
{
	if (round >= 0)
		series->total[round] = total;
}

static __always_inline unsigned long now(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (unsigned long)high << 32 | low;
}

static inline void nothing(void)
{
}

static inline int no_call(void)
{
	return 0;
}

/* A loop of two instructions, run so often that they are KNOWN. */
static void calibrate(void)
{
	struct series *series = new_series("calibration", KNOWN);

	for (int round = -WARM_UP; round < ROUNDS; round++) {
		unsigned int count = KNOWN / 2;
		unsigned long start = now();

		asm volatile("1: dec %0; jnz 1b" : "+r" (count) : : "cc");
		record(series, round, now() - start);
	}
}

/* The functions handed to the following two are inlined or called directly, never by pointer. */
static __always_inline void measure_null(const char *name, void (*before)(void), int (*call)(void))
{
	struct series *series = new_series(name, CALLS);

	for (int round = -WARM_UP; round < ROUNDS; round++) {
		unsigned long start;

		before();
		start = now();
		for (int left = CALLS; left; left--) {
			call();
			/* Hides the count, so that the empty loop is not unrolled. */
			asm volatile("" : "+r" (left) : : "memory");
		}
		record(series, round, now() - start);
	}
}

/*
 * Sends from one end to the other and back, as request and answer do, so that every segment
 * acknowledges the one before it. There is always something to receive: loopback delivers before a
 * send returns. Returns whether all calls took or brought @size bytes.
 */
static __always_inline int measure_tcp(const char *send_name, const char *recv_name,
				       const struct end *ends, char *buffer, unsigned int size,
				       void (*before)(void),
				       long (*send)(struct end, const char *, unsigned int),
				       long (*recv)(struct end, char *, unsigned int))
{
	struct series *sends = new_series(send_name, 2 * EXCHANGES);
	struct series *recvs = new_series(recv_name, 2 * EXCHANGES);

	for (int round = -WARM_UP; round < ROUNDS; round++) {
		unsigned long send_total = 0, recv_total = 0;

		for (int i = 0; i < 2 * EXCHANGES; i++) {
			struct end from = ends[i % 2], to = ends[1 - i % 2];
			unsigned long start;
			long sent, received;

			before();
			start = now();
			sent = send(from, buffer, size);
			send_total += now() - start;

			before();
			start = now();
			received = recv(to, buffer, size);
			recv_total += now() - start;

			if (sent != size || received != size)
				return 0;
		}
		record(sends, round, send_total);
		record(recvs, round, recv_total);
	}
	return 1;
}

/* What it costs to measure. */
static void measure_overhead(void)
{
	struct series *series;

	calibrate();
	measure_null("loop", nothing, no_call);
	series = new_series("interval", 2 * EXCHANGES);
	for (int round = -WARM_UP; round < ROUNDS; round++) {
		unsigned long total = 0;

		for (int i = 0; i < 2 * EXCHANGES; i++) {
			unsigned long start = now();

			total += now() - start;
		}
		record(series, round, total);
	}
}

#endif /* _UKL_BENCH_MEASURE_H */
