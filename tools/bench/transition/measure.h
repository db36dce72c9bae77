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
#define ROUNDS_QUICK	15	/* in a quick run */
#define CALLS		1000	/* null calls in a round: 100,000 in all */
#define INTERVALS	20	/* of nothing, in a round */
#define KNOWN		100000	/* instructions in a round of calibrate() */
#define SIZE_MAX_TCP	65536

/*
 * What is sent and received. A task takes its memory for sends by 32 KiB, which are set to zero: in
 * a round of a KiB and more is a multiple of that, so that all rounds are alike. In one of less
 * there is seldom any, and the median leaves out up to 2 % (256 bytes), on all sides.
 */
static const struct size {
	const char *name;	/* in the results */
	unsigned int bytes;
	unsigned int exchanges;	/* there and back in a round */
	bool everywhere;	/* by all system calls, in a process, and in a quick run */
} sizes[] = {
	{ "1", 1, 10, true },
	{ "64", 64, 10 },
	{ "256", 256, 10 },
	{ "1k", 1024, 16 },
	{ "4k", 4096, 4 },
	{ "8k", 8192, 10, true },
	{ "16k", 16384, 2 },
	{ "64k", SIZE_MAX_TCP, 1 },
	{ }
};

struct series {
	char name[24];
	unsigned int calls;		/* in a round */
	unsigned long total[ROUNDS];	/* instructions of a round, overhead included */
};

static int rounds = ROUNDS;
static struct series results[64];
static unsigned int result_count;

static struct series *new_series(const char *name, unsigned int calls)
{
	struct series *series = &results[result_count++];

	snprintf(series->name, sizeof(series->name), "%s", name);
	series->calls = calls;
	return series;
}

static void record(struct series *series, int round, unsigned long total)
{
	if (round >= 0)
		series->total[round] = total;
}

/* Its ends. Returns 0, or an error. It stays open. */
static int open_connection(struct end *ends);

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

	for (int round = -WARM_UP; round < rounds; round++) {
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

	for (int round = -WARM_UP; round < rounds; round++) {
		unsigned long start;

		before();
		start = now();
		for (int left = CALLS; left; left--) {
			call();
			/*
			 * Hides the count, so that the empty loop is not unrolled; in a register
			 * that calls keep, so that a loop with a call does not copy it.
			 */
			asm volatile("" : "+b" (left) : : "memory");
		}
		record(series, round, now() - start);
	}
}

/*
 * Sends from one end to the other and back, as request and answer do, so that every segment
 * acknowledges the one before it; on a new connection, for one that has received much takes another
 * path now and then. There is always something to receive: loopback delivers before a
 * send returns, and all of it, once the window is as large as what is sent. 64 KiB are two segments
 * for a window that begins as large as one, and grows while they are received: in the warm-up a
 * receive may bring less than all. Later, every send has to take all and every receive to bring all
 * in one call, without an option of the sockets or a flag: returns whether they did.
 */
static __always_inline int measure_tcp(const struct size *size, const char *send_name,
				       const char *recv_name, char *buffer,
				       void (*before)(void),
				       long (*send)(struct end, const char *, unsigned int),
				       long (*recv)(struct end, char *, unsigned int))
{
	struct series *sends = new_series(send_name, 2 * size->exchanges);
	struct series *recvs = new_series(recv_name, 2 * size->exchanges);
	struct end ends[2];

	if (open_connection(ends))
		return 0;
	snprintf(sends->name, sizeof(sends->name), "send_%s.%s", size->name, send_name);
	snprintf(recvs->name, sizeof(recvs->name), "recv_%s.%s", size->name, recv_name);
	for (int round = -WARM_UP; round < rounds; round++) {
		unsigned long send_total = 0, recv_total = 0;

		for (unsigned int i = 0; i < 2 * size->exchanges; i++) {
			struct end from = ends[i % 2], to = ends[1 - i % 2];
			unsigned long start;
			long sent, received, more;

			before();
			start = now();
			sent = send(from, buffer, size->bytes);
			send_total += now() - start;

			before();
			start = now();
			received = recv(to, buffer, size->bytes);
			recv_total += now() - start;

			for (more = received; round < 0 && received < size->bytes && more > 0;
			     received += more)
				more = recv(to, buffer, size->bytes - received);
			if (sent != size->bytes || received != size->bytes)
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
	series = new_series("interval", INTERVALS);
	for (int round = -WARM_UP; round < rounds; round++) {
		unsigned long total = 0;

		for (int i = 0; i < INTERVALS; i++) {
			unsigned long start = now();

			total += now() - start;
		}
		record(series, round, total);
	}
}

#endif /* _UKL_BENCH_MEASURE_H */
