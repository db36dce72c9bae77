// SPDX-License-Identifier: GPL-2.0
/*
 * Files. The cases with arguments get a folder of some file system; those without use /tmp.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/vmalloc.h>

#include "../stream.h"
#include "test.h"

#define SEED	0x66696c65ULL

/** struct place - the path of a file in the folder that a case works in */
struct place {
	char path[128];
};

static struct place in(const char *folder, const char *name)
{
	struct place place;

	snprintf(place.path, sizeof(place.path), "%s/ukl_test.%s", folder, name);
	return place;
}

static struct ukl_file *made(struct test *t, const char *folder, const char *name, int flags)
{
	struct ukl_file *file = ukl_file_open(in(folder, name).path, flags | O_CREAT | O_TRUNC,
					      0600);

	EXPECT_OK(t, file);
	return file;
}

static int read_and_write(struct test *t)
{
	struct ukl_file *file = made(t, t->args, "rw", O_RDWR), *again;
	char bytes[16] = "";

	EXPECT_EQ(t, ukl_file_size(file), 0);
	EXPECT_EQ(t, ukl_file_read(file, bytes, 16), 0);
	EXPECT_EQ(t, ukl_file_write(file, "0123456789", 10), 10);
	EXPECT_EQ(t, ukl_file_size(file), 10);
	/* The position is behind what was written, and one for both. */
	EXPECT_EQ(t, ukl_file_read(file, bytes, 16), 0);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 4, 3), 4);
	EXPECT_EQ(t, memcmp(bytes, "3456\0", 5), 0);
	EXPECT_EQ(t, ukl_file_pwrite(file, "xy", 2, 5), 2);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 16, 0), 10);
	EXPECT_EQ(t, memcmp(bytes, "01234xy789", 10), 0);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 16, 10), 0);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 16, 100000), 0);
	EXPECT_EQ(t, ukl_file_write(file, "ab", 2), 2);
	EXPECT_EQ(t, ukl_file_size(file), 12);
	/* Behind the end: zeros between. */
	EXPECT_EQ(t, ukl_file_pwrite(file, "z", 1, 5000), 1);
	EXPECT_EQ(t, ukl_file_size(file), 5001);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 4, 4000), 4);
	EXPECT_EQ(t, memcmp(bytes, "\0\0\0", 4), 0);
	EXPECT_EQ(t, ukl_file_sync(file, false), 0);
	EXPECT_EQ(t, ukl_file_sync(file, true), 0);

	/* Another file of the same path has a position of its own. */
	again = ukl_file_open(in(t->args, "rw").path, O_RDONLY, 0);
	EXPECT_EQ(t, ukl_file_read(again, bytes, 3), 3);
	EXPECT_EQ(t, ukl_file_read(again, bytes + 3, 9), 9);
	EXPECT_EQ(t, memcmp(bytes, "01234xy789ab", 12), 0);
	EXPECT_EQ(t, ukl_file_close(again), 0);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	return 0;
}

static int lengths_of_any_size(struct test *t)
{
	struct ukl_file *file = made(t, t->args, "len", O_RDWR);
	char *buf = kzalloc(SZ_4K, GFP_KERNEL);

	if (!buf)
		return 0;
	EXPECT_EQ(t, ukl_file_write(file, NULL, 0), 0);
	EXPECT_EQ(t, ukl_file_write(file, "abc", 3), 3);
	EXPECT_EQ(t, ukl_file_pread(file, NULL, 0, 0), 0);
	EXPECT_EQ(t, ukl_file_pread(file, (void *)1, 0, 0), 0);
	/* More than INT_MAX is not too much to ask for. */
	EXPECT_EQ(t, ukl_file_pread(file, buf, (size_t)INT_MAX + 1, 0), 3);
	EXPECT_EQ(t, ukl_file_pread(file, buf, SZ_8G, 1), 2);
	EXPECT_EQ(t, memcmp(buf, "bcc", 3), 0);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	kfree(buf);
	return 0;
}

static int ways_to_open(struct test *t)
{
	struct place place = in(t->args, "open");
	struct ukl_file *file = made(t, t->args, "open", O_WRONLY);
	char bytes[16];

	EXPECT_EQ(t, ukl_file_write(file, "0123456789", 10), 10);
	EXPECT_EQ(t, ukl_file_read(file, bytes, 1), -EBADF);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 1, 0), -EBADF);
	EXPECT_EQ(t, ukl_file_close(file), 0);

	EXPECT_ERR(t, ukl_file_open(place.path, O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	file = ukl_file_open(place.path, O_RDONLY, 0);
	EXPECT_EQ(t, ukl_file_write(file, "x", 1), -EBADF);
	EXPECT_EQ(t, ukl_file_pwrite(file, "x", 1, 0), -EBADF);
	EXPECT_EQ(t, ukl_file_size(file), 10);
	EXPECT_EQ(t, ukl_file_close(file), 0);

	/* At the end, wherever the position was and whatever pwrite() says. */
	file = ukl_file_open(place.path, O_RDWR | O_APPEND, 0);
	EXPECT_EQ(t, ukl_file_read(file, bytes, 2), 2);
	EXPECT_EQ(t, ukl_file_write(file, "ab", 2), 2);
	EXPECT_EQ(t, ukl_file_read(file, bytes, 2), 0);
	EXPECT_EQ(t, ukl_file_pwrite(file, "cd", 2, 0), 2);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 16, 0), 14);
	EXPECT_EQ(t, memcmp(bytes, "0123456789abcd", 14), 0);
	EXPECT_EQ(t, ukl_file_close(file), 0);

	file = ukl_file_open(place.path, O_WRONLY | O_TRUNC | O_SYNC, 0);
	EXPECT_EQ(t, ukl_file_size(file), 0);
	EXPECT_EQ(t, ukl_file_write(file, "x", 1), 1);
	EXPECT_EQ(t, ukl_file_close(file), 0);

	file = ukl_file_open(in(t->args, "open.new").path, O_RDWR | O_CREAT | O_EXCL, 0640);
	if (EXPECT_OK(t, file))
		EXPECT_EQ(t, ukl_file_close(file), 0);
	return 0;
}

static int opens_that_cannot_be(struct test *t)
{
	struct place place = in(t->args, "file"), inside = in(place.path, "inside");
	char *longest = kmalloc(PATH_MAX + 1, GFP_KERNEL);
	struct ukl_file *file = made(t, t->args, "file", O_RDONLY);
	char bytes[16];

	if (!longest)
		return 0;
	EXPECT_EQ(t, ukl_file_close(file), 0);
	EXPECT_ERR(t, ukl_file_open(in(t->args, "nothing").path, O_RDONLY, 0), -ENOENT);
	EXPECT_ERR(t, ukl_file_open(in(t->args, "nothing").path, O_RDWR, 0), -ENOENT);
	EXPECT_ERR(t, ukl_file_open("", O_RDONLY, 0), -ENOENT);
	EXPECT_ERR(t, ukl_file_open(inside.path, O_RDONLY, 0), -ENOTDIR);
	EXPECT_ERR(t, ukl_file_open(t->args, O_WRONLY, 0), -EISDIR);
	EXPECT_ERR(t, ukl_file_open(t->args, O_RDWR, 0), -EISDIR);
	EXPECT_ERR(t, ukl_file_open(place.path, O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	memset(longest, 'x', PATH_MAX);
	longest[0] = '/';
	longest[PATH_MAX] = 0;
	EXPECT_ERR(t, ukl_file_open(longest, O_RDONLY, 0), -ENAMETOOLONG);
	longest[300] = 0;
	EXPECT_ERR(t, ukl_file_open(longest, O_RDONLY, 0), -ENAMETOOLONG);
	EXPECT_ERR(t, ukl_file_open(NULL, O_RDONLY, 0), -EFAULT);
	EXPECT_ERR(t, ukl_file_open((void *)0x1000, O_RDONLY, 0), -EFAULT);
	EXPECT_ERR(t, ukl_file_open((void *)0x7fffffffe000, O_RDONLY, 0), -EFAULT);

	/* A folder can be opened, not read. */
	file = ukl_file_open(t->args, O_RDONLY | O_DIRECTORY, 0);
	if (EXPECT_OK(t, file)) {
		EXPECT_EQ(t, ukl_file_read(file, bytes, 1), -EISDIR);
		EXPECT_EQ(t, ukl_file_pread(file, bytes, 1, 0), -EISDIR);
		EXPECT_EQ(t, ukl_file_close(file), 0);
	}
	kfree(longest);
	return 0;
}

static int positions_that_cannot_be(struct test *t)
{
	struct ukl_file *file = made(t, t->args, "pos", O_RDWR);
	char byte = 0;
	ssize_t n;

	EXPECT_EQ(t, ukl_file_pread(file, &byte, 1, -1), -EINVAL);
	EXPECT_EQ(t, ukl_file_pwrite(file, &byte, 1, -1), -EINVAL);
	EXPECT_EQ(t, ukl_file_pread(file, &byte, 1, LLONG_MIN), -EINVAL);
	EXPECT_EQ(t, ukl_file_pwrite(file, &byte, 1, LLONG_MIN), -EINVAL);
	EXPECT_EQ(t, ukl_file_pread(file, &byte, 1, LLONG_MAX - 1), 0);
	EXPECT_EQ(t, ukl_file_size(file), 0);
	/* A file system may allow it. */
	n = ukl_file_pwrite(file, &byte, 1, LLONG_MAX - 1);
	EXPECT_TRUE(t, n == 1 || n == -EFBIG);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	return 0;
}

static int buffers_of_the_user_half(struct test *t)
{
	static const size_t long_ones[] = {
		SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 2, SIZE_MAX - 1, SIZE_MAX,
	};
	void *bad[] = { NULL, (void *)1, (void *)0x1000, (void *)0x7fffffffe000 };
	struct ukl_file *file = made(t, t->args, "user", O_RDWR);
	char byte = 0;

	EXPECT_EQ(t, ukl_file_write(file, "x", 1), 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_file_read(file, bad[i], 1), -EFAULT);
		EXPECT_EQ(t, ukl_file_write(file, bad[i], 1), -EFAULT);
		EXPECT_EQ(t, ukl_file_pread(file, bad[i], 1, 0), -EFAULT);
		EXPECT_EQ(t, ukl_file_pwrite(file, bad[i], 1, 0), -EFAULT);
	}
	/* So long that they come to it, or all around. */
	for (size_t i = 0; i < ARRAY_SIZE(long_ones); i++) {
		EXPECT_EQ(t, ukl_file_read(file, &byte, long_ones[i]), -EFAULT);
		EXPECT_EQ(t, ukl_file_write(file, &byte, long_ones[i]), -EFAULT);
		EXPECT_EQ(t, ukl_file_pread(file, &byte, long_ones[i], 0), -EFAULT);
		EXPECT_EQ(t, ukl_file_pwrite(file, &byte, long_ones[i], 0), -EFAULT);
	}
	EXPECT_EQ(t, ukl_file_size(file), 1);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	return 0;
}

/* Megabytes in random chunks, then all of it again. */
static int large_file(struct test *t)
{
	struct ukl_file *file = made(t, t->args, "large", O_RDWR);
	char *buf = vmalloc(STREAM_CHUNK_MAX);
	size_t pos = 0, total = SZ_8M;
	u64 random = SEED;
	ssize_t n;

	while (buf && pos < total) {
		size_t len = min(stream_chunk(&random), total - pos);

		stream_fill(buf, len, SEED, pos);
		n = ukl_file_write(file, buf, len);
		EXPECT_EQ(t, n, len);
		if (n <= 0)
			break;
		pos += n;
	}
	EXPECT_EQ(t, ukl_file_sync(file, true), 0);
	EXPECT_EQ(t, ukl_file_size(file), total);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	file = ukl_file_open(in(t->args, "large").path, O_RDONLY, 0);
	for (pos = 0; buf && (n = ukl_file_read(file, buf, stream_chunk(&random))) > 0; pos += n)
		EXPECT_EQ(t, stream_check(buf, n, SEED, pos), n);
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, pos, total);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	vfree(buf);
	return 0;
}

#define RECORDS		500
#define RECORD_SIZE	100
#define WRITERS		4

/** struct writer - a thread that writes records of its own */
struct writer {
	struct ukl_file *file;
	char mark;
};

static int writer_main(void *data)
{
	struct writer *w = data;
	char record[RECORD_SIZE];

	memset(record, w->mark, sizeof(record));
	for (int i = 0; i < RECORDS; i++)
		if (ukl_file_write(w->file, record, sizeof(record)) != sizeof(record))
			return -EIO;
	return 0;
}

/* What several threads append is whole, by one handle and by handles of their own. */
static void append(struct test *t, bool shared)
{
	struct ukl_file *file = made(t, t->args, "append", O_RDWR | O_APPEND);
	struct ukl_thread *threads[WRITERS];
	struct writer writers[WRITERS];
	char record[RECORD_SIZE];
	int seen[WRITERS] = { };
	int status = -1;

	for (int i = 0; i < WRITERS; i++) {
		writers[i].mark = 'a' + i;
		writers[i].file = shared ? file :
			ukl_file_open(in(t->args, "append").path, O_WRONLY | O_APPEND, 0);
		EXPECT_OK(t, writers[i].file);
		threads[i] = ukl_thread_spawn(writer_main, &writers[i], 0);
		EXPECT_OK(t, threads[i]);
	}
	for (int i = 0; i < WRITERS; i++) {
		EXPECT_EQ(t, ukl_thread_join(threads[i], &status), 0);
		EXPECT_EQ(t, status, 0);
	}
	EXPECT_EQ(t, ukl_file_size(file), WRITERS * RECORDS * RECORD_SIZE);
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		EXPECT_EQ(t, ukl_file_pread(file, record, RECORD_SIZE, i * RECORD_SIZE),
			  RECORD_SIZE);
		if (record[0] < 'a' || record[0] >= 'a' + WRITERS ||
		    memchr_inv(record, record[0], RECORD_SIZE)) {
			EXPECT_EQ(t, i, -1);
			break;
		}
		seen[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++) {
		EXPECT_EQ(t, seen[i], RECORDS);
		if (!shared)
			EXPECT_EQ(t, ukl_file_close(writers[i].file), 0);
	}
	EXPECT_EQ(t, ukl_file_close(file), 0);
}

static int appends_by_one_handle(struct test *t)
{
	append(t, true);
	return 0;
}

static int appends_by_many_handles(struct test *t)
{
	append(t, false);
	return 0;
}

/* ARGUMENTS: a folder of a file system with less than a megabyte of room. */
static int no_room(struct test *t)
{
	struct ukl_file *file = made(t, t->args, "full", O_RDWR);
	char *buf = kzalloc(SZ_64K, GFP_KERNEL);
	size_t total = 0;
	ssize_t n = 0;

	for (int i = 0; buf && i < 64; i++) {
		n = ukl_file_write(file, buf, SZ_64K);
		if (n <= 0)
			break;
		total += n;
	}
	EXPECT_EQ(t, n, -ENOSPC);
	EXPECT_EQ(t, ukl_file_size(file), total);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	kfree(buf);
	return 0;
}

/* ARGUMENTS: a folder of a file system that is read-only, with a file ukl_test.there. */
static int read_only(struct test *t)
{
	struct ukl_file *file = ukl_file_open(in(t->args, "there").path, O_RDONLY, 0);
	char byte;

	if (EXPECT_OK(t, file)) {
		EXPECT_EQ(t, ukl_file_read(file, &byte, 1), 1);
		EXPECT_EQ(t, ukl_file_close(file), 0);
	}
	EXPECT_ERR(t, ukl_file_open(in(t->args, "there").path, O_WRONLY, 0), -EROFS);
	EXPECT_ERR(t, ukl_file_open(in(t->args, "not").path, O_WRONLY | O_CREAT, 0600), -EROFS);
	return 0;
}

static int handles_that_are_none(struct test *t)
{
	struct ukl_file *bad[] = { NULL, ERR_PTR(-ENOMEM), ERR_PTR(-1), ERR_PTR(-MAX_ERRNO) };
	char byte = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ukl_file_read(bad[i], &byte, 1), -EBADF);
		EXPECT_EQ(t, ukl_file_write(bad[i], &byte, 1), -EBADF);
		EXPECT_EQ(t, ukl_file_pread(bad[i], &byte, 1, 0), -EBADF);
		EXPECT_EQ(t, ukl_file_pwrite(bad[i], &byte, 1, 0), -EBADF);
		EXPECT_EQ(t, ukl_file_sync(bad[i], false), -EBADF);
		EXPECT_EQ(t, ukl_file_size(bad[i]), -EBADF);
		EXPECT_EQ(t, ukl_file_close(bad[i]), -EBADF);
	}
	EXPECT_EQ(t, ukl_file_close((struct ukl_file *)&byte), -EBADF);
	return 0;
}

static int close_twice(struct test *t)
{
	struct ukl_file *file = made(t, "/tmp", "twice", O_RDWR);

	EXPECT_EQ(t, ukl_file_close(file), 0);
	EXPECT_EQ(t, ukl_file_close(file), -EBADF);
	return 0;
}

/* Files that have no way to the kernel's memory. */
static int files_for_processes_only(struct test *t)
{
	struct ukl_file *run = ukl_file_open("/sys/kernel/debug/ukl_test/run", O_WRONLY, 0);
	struct ukl_file *cases = ukl_file_open("/sys/kernel/debug/ukl_test/cases", O_RDONLY, 0);
	char byte = 0;

	if (!EXPECT_OK(t, run) || !EXPECT_OK(t, cases))
		return 0;
	EXPECT_EQ(t, ukl_file_write(run, &byte, 1), -EINVAL);
	EXPECT_EQ(t, ukl_file_pwrite(run, &byte, 1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_file_read(cases, &byte, 1), -EINVAL);
	EXPECT_EQ(t, ukl_file_pread(cases, &byte, 1, 0), -EINVAL);
	EXPECT_EQ(t, ukl_file_close(run), 0);
	EXPECT_EQ(t, ukl_file_close(cases), 0);
	return 0;
}

/* ARGUMENTS: a fifo, which another process has open for both. */
static int fifo(struct test *t)
{
	struct ukl_file *file = ukl_file_open(t->args, O_RDWR | O_NONBLOCK, 0);
	char bytes[8], *buf = kzalloc(SZ_64K, GFP_KERNEL);
	ssize_t n;

	if (!buf || !EXPECT_OK(t, file))
		return 0;
	EXPECT_EQ(t, ukl_file_read(file, bytes, 8), -EAGAIN);
	EXPECT_EQ(t, ukl_file_write(file, "abc", 3), 3);
	EXPECT_EQ(t, ukl_file_pread(file, bytes, 8, 0), -ESPIPE);
	EXPECT_EQ(t, ukl_file_pwrite(file, bytes, 8, 0), -ESPIPE);
	EXPECT_EQ(t, ukl_file_sync(file, false), -EINVAL);
	EXPECT_EQ(t, ukl_file_size(file), 0);
	EXPECT_EQ(t, ukl_file_read(file, bytes, 8), 3);
	EXPECT_EQ(t, memcmp(bytes, "abc", 3), 0);
	do {
		n = ukl_file_write(file, buf, SZ_64K);
	} while (n > 0);
	EXPECT_EQ(t, n, -EAGAIN);
	do {
		n = ukl_file_read(file, buf, SZ_64K);
	} while (n > 0);
	EXPECT_EQ(t, n, -EAGAIN);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	kfree(buf);
	return 0;
}

static int child_file_read(void *data)
{
	struct child *child = data;

	child->result = ukl_file_read((struct ukl_file *)child->sock, child->buf, child->len);
	return child->result;
}

/* ARGUMENTS: a fifo. A thread that waits for bytes of it goes on when its handle is closed. */
static int close_in_the_middle(struct test *t)
{
	struct ukl_file *reader = ukl_file_open(t->args, O_RDWR, 0);
	struct ukl_file *writer = ukl_file_open(t->args, O_RDWR, 0);
	struct child child;
	char bytes[8];

	child = (struct child){ .sock = (void *)reader, .buf = bytes, .len = 8 };
	if (!child_start(t, &child, child_file_read))
		return 0;
	EXPECT_EQ(t, ukl_file_close(reader), 0);
	EXPECT_EQ(t, ukl_file_close(reader), -EBADF);
	settle();
	EXPECT_TRUE(t, child_pending(&child));
	EXPECT_EQ(t, ukl_file_write(writer, "abc", 3), 3);
	EXPECT_EQ(t, child_end(t, &child), 3);
	EXPECT_EQ(t, memcmp(bytes, "abc", 3), 0);
	EXPECT_EQ(t, ukl_file_close(writer), 0);
	return 0;
}

/* ARGUMENTS: a fifo. */
static int stop_in_the_middle(struct test *t)
{
	struct ukl_file *file = ukl_file_open(t->args, O_RDWR, 0);
	struct child child;
	char bytes[8];

	child = (struct child){ .sock = (void *)file, .buf = bytes, .len = 8 };
	if (!child_start(t, &child, child_file_read))
		return 0;
	EXPECT_EQ(t, ukl_thread_stop(child.thread), 0);
	EXPECT_EQ(t, child_end(t, &child), -EINTR);
	EXPECT_EQ(t, ukl_file_close(file), 0);
	return 0;
}

/* ARGUMENTS: a fifo. The application is stopped with a thread in a read, and files left open. */
static int left_open(struct test *t)
{
	char byte;

	made(t, "/tmp", "left", O_RDWR);
	return ukl_file_read(ukl_file_open(t->args, O_RDWR, 0), &byte, 1);
}

/** struct owner - an application with a file that others know of */
struct owner {
	struct completion ready, finish;
	struct ukl_file *file;
	long closed;
};

static int owner_main(void *data)
{
	struct owner *owner = data;

	owner->file = ukl_file_open("/tmp", O_RDONLY, 0);
	complete(&owner->ready);
	wait_for_completion(&owner->finish);
	owner->closed = ukl_file_close(owner->file);
	return 0;
}

static int foreign_main(void *data)
{
	struct owner *owner = data;
	int error = ukl_file_close(owner->file);

	complete(&owner->finish);
	return error;
}

static int close_by_another_application(struct test *t)
{
	struct owner owner = { };
	struct ukl_app *app, *other;

	init_completion(&owner.ready);
	init_completion(&owner.finish);
	app = ukl_app_start("owner", owner_main, &owner);
	if (!EXPECT_OK(t, app))
		return 0;
	wait_for_completion(&owner.ready);
	EXPECT_OK(t, owner.file);
	other = ukl_app_start("foreign", foreign_main, &owner);
	if (!EXPECT_OK(t, other))
		complete(&owner.finish);
	settle();
	if (!IS_ERR(other))
		EXPECT_EQ(t, ukl_app_stop(other), -EBADF);
	EXPECT_EQ(t, ukl_app_stop(app), 0);
	EXPECT_EQ(t, owner.closed, 0);
	return 0;
}

const struct test_case file_cases[] = {
	{ "file.read_and_write", read_and_write, TEST_ARGS },
	{ "file.lengths_of_any_size", lengths_of_any_size, TEST_ARGS },
	{ "file.ways_to_open", ways_to_open, TEST_ARGS },
	{ "file.opens_that_cannot_be", opens_that_cannot_be, TEST_ARGS },
	{ "file.positions_that_cannot_be", positions_that_cannot_be, TEST_ARGS },
	{ "file.buffers_of_the_user_half", buffers_of_the_user_half, TEST_ARGS },
	{ "file.large_file", large_file, TEST_ARGS },
	{ "file.appends_by_one_handle", appends_by_one_handle, TEST_ARGS },
	{ "file.appends_by_many_handles", appends_by_many_handles, TEST_ARGS },
	{ "file.no_room", no_room, TEST_ARGS },
	{ "file.read_only", read_only, TEST_ARGS },
	{ "file.handles_that_are_none", handles_that_are_none },
	{ "file.close_twice", close_twice },
	{ "file.close_by_another_application", close_by_another_application, TEST_TASK },
	{ "file.files_for_processes_only", files_for_processes_only },
	{ "file.fifo", fifo, TEST_ARGS },
	{ "file.close_in_the_middle", close_in_the_middle, TEST_ARGS },
	{ "file.stop_in_the_middle", stop_in_the_middle, TEST_ARGS },
	{ "file.left_open", left_open, TEST_ARGS },
	{ }
};
