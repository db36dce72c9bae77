// SPDX-License-Identifier: GPL-2.0
/* Files of a thread, and what is in them. */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "random.h"

/** FILES - files of a thread */
#define FILES		2
/** FILE_MAX - bytes of the largest */
#define FILE_MAX	SZ_64K

/**
 * struct shadow - what has to be in a file
 * @flags: how it was opened
 * @bytes: FILE_MAX bytes, those behind @size are 0
 * @pos: where the next read or write is
 */
struct shadow {
	struct ukl_file *file;
	char path[48];
	int flags;
	char *bytes;
	size_t size, pos;
};

struct files {
	struct shadow all[FILES];
};

static bool file_open(struct actor *a, struct shadow *s, int flags)
{
	if (flags & O_TRUNC) {
		memset(s->bytes, 0, FILE_MAX);
		s->size = 0;
	}
	s->pos = 0;
	s->flags = flags;
	s->file = CALL(a, ukl_file_open, s->path, flags, 0600);
	return made_it(a, s->file);
}

static void file_close(struct actor *a, struct shadow *s)
{
	if (!IS_ERR_OR_NULL(s->file))
		answer(a, CALL(a, ukl_file_close, s->file), 0, 0);
	s->file = NULL;
}

static void open_again(struct actor *a, struct shadow *s)
{
	static const int access[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };
	int flags = access[pick(a, ARRAY_SIZE(access))];

	if (flags != O_RDONLY)
		flags |= good_bits(a, O_APPEND | O_TRUNC);
	file_close(a, s);
	file_open(a, s, flags | good_bits(a, O_CREAT));
}

static void read_some(struct actor *a, struct shadow *s)
{
	size_t len = size_up_to(a, RUN), pos = pick(a, FILE_MAX + 999), want;
	bool at_pos = pick(a, 2);
	ssize_t n;

	put_guard(a, len);
	if (at_pos) {
		n = CALL(a, ukl_file_pread, s->file, a->buf, len, pos);
	} else {
		pos = s->pos;
		n = CALL(a, ukl_file_read, s->file, a->buf, len);
	}
	if (!guard_holds(a, len))
		return;
	if ((s->flags & O_ACCMODE) == O_WRONLY) {
		answer(a, n, -EBADF, -EBADF);
		return;
	}
	want = pos < s->size ? min(len, s->size - pos) : 0;
	if (!answer(a, n, want, want))
		return;
	same(a, a->buf, s->bytes + pos, n);
	if (!at_pos)
		s->pos += n;
}

static void write_some(struct actor *a, struct shadow *s)
{
	size_t len = size_up_to(a, SZ_8K), pos = pick(a, FILE_MAX);
	const char *data = pattern(pick(a, INT_MAX), 0);
	bool at_pos = pick(a, 2);
	ssize_t n;

	if (!at_pos)
		pos = s->pos;
	if (s->flags & O_APPEND)
		pos = s->size;
	len = pos < FILE_MAX ? min(len, FILE_MAX - pos) : 0;
	if (at_pos)
		n = CALL(a, ukl_file_pwrite, s->file, data, len, pos);
	else
		n = CALL(a, ukl_file_write, s->file, data, len);
	if ((s->flags & O_ACCMODE) == O_RDONLY) {
		answer(a, n, -EBADF, -EBADF);
		return;
	}
	if (!answer(a, n, len, len) || !len)
		return;
	memcpy(s->bytes + pos, data, len);
	s->size = max(s->size, pos + len);
	if (!at_pos)
		s->pos = pos + len;
}

static void bad_input(struct actor *a, struct shadow *s)
{
	static const size_t lengths[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 2,
		SIZE_MAX / 4,
	};
	size_t endless = lengths[pick(a, ARRAY_SIZE(lengths))];
	char *buf = a->buf;

	switch (pick(a, 14)) {
	case 0:
		refused(a, CALL(a, ukl_file_read, bad_handle(a), buf, 1), -EBADF);
		break;
	case 1:
		refused(a, CALL(a, ukl_file_write, bad_handle(a), buf, 1), -EBADF);
		break;
	case 2:
		refused(a, CALL(a, ukl_file_read, s->file, bad_pointer(a), 9), -EFAULT);
		break;
	case 3:
		refused(a, CALL(a, ukl_file_write, s->file, bad_pointer(a), 9), -EFAULT);
		break;
	case 4:
		refused(a, CALL(a, ukl_file_pread, s->file, bad_pointer(a), 9, 0), -EFAULT);
		break;
	case 5:
		refused(a, CALL(a, ukl_file_pwrite, s->file, bad_pointer(a), 9, 0), -EFAULT);
		break;
	case 6:
		/* So long that it comes to the user half. */
		refused(a, CALL(a, ukl_file_pread, s->file, buf, endless, 0), -EFAULT);
		refused(a, CALL(a, ukl_file_write, s->file, buf, endless), -EFAULT);
		break;
	case 7:
		if ((s->flags & O_ACCMODE) != O_WRONLY)
			refused(a, CALL(a, ukl_file_pread, s->file, buf, 1, -1LL - pick(a, 99)),
				-EINVAL);
		break;
	case 8:
		if ((s->flags & O_ACCMODE) != O_RDONLY)
			refused(a, CALL(a, ukl_file_pwrite, s->file, buf, 1, -1LL - pick(a, 99)),
				-EINVAL);
		break;
	case 9:
		refused(a, CALL(a, ukl_file_size, bad_handle(a)), -EBADF);
		refused(a, CALL(a, ukl_file_sync, bad_handle(a), false), -EBADF);
		break;
	case 10:
		refused_pointer(a, CALL(a, ukl_file_open, bad_pointer(a), O_RDONLY, 0), -EFAULT);
		break;
	case 11:
		refused_pointer(a, CALL(a, ukl_file_open, s->path, O_RDWR | O_CREAT | O_EXCL, 0600),
				-EEXIST);
		break;
	case 12:
		/* A kernel thread has no descriptors. */
		refused_pointer(a, CALL(a, ukl_file_from_fd, NULL, pick(a, 1000) - 10), -EBADF);
		break;
	case 13:
		refused(a, CALL(a, ukl_file_close, bad_handle(a)), -EBADF);
		/* What is open, but something else. */
		refused(a, CALL(a, ukl_close, (void *)s->file), -EBADF);
		break;
	}
}

void files_step(struct actor *a)
{
	struct shadow *s = &a->files->all[pick(a, FILES)];

	if (!pick(a, 8)) {
		bad_input(a, s);
		return;
	}
	switch (pick(a, 32)) {
	case 0 ... 13:
		read_some(a, s);
		break;
	case 14 ... 26:
		write_some(a, s);
		break;
	case 27 ... 29:
		answer(a, CALL(a, ukl_file_size, s->file), s->size, s->size);
		break;
	case 30:
		if (!pick(a, 4))
			answer(a, CALL(a, ukl_file_sync, s->file, pick(a, 2)), 0, 0);
		break;
	case 31:
		open_again(a, s);
		break;
	}
}

bool files_open(struct actor *a)
{
	struct files *files = kzalloc(sizeof(*files), GFP_KERNEL);

	a->files = files;
	if (!a->files)
		return false;
	for (int i = 0; i < FILES; i++) {
		struct shadow *s = &a->files->all[i];

		s->bytes = vzalloc(FILE_MAX);
		snprintf(s->path, sizeof(s->path), "/tmp/ukl_test.random.%u.%d", a->number, i);
		if (!s->bytes || !file_open(a, s, O_RDWR | O_CREAT | O_TRUNC))
			return false;
	}
	return true;
}

void files_close(struct actor *a)
{
	for (int i = 0; a->files && i < FILES; i++) {
		file_close(a, &a->files->all[i]);
		vfree(a->files->all[i].bytes);
	}
	kfree(a->files);
}
