// SPDX-License-Identifier: GPL-2.0
/* Files. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/xacct.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "helpers.h"
#include "init_fs.h"

struct file *ukl_helper_file_open(const char *path, int flags, umode_t mode)
{
	CLASS(init_fs, fs)(true);

	/* filp_open() takes it for the directory it starts from. */
	if (!*path)
		return ERR_PTR(-ENOENT);
	return filp_open(path, flags | O_LARGEFILE, mode);
}

struct file *ukl_helper_file_from_fd(int fd)
{
	return fget(fd) ?: ERR_PTR(-EBADF);
}

/* The last fput() of a kernel thread is put off; here the file is closed on return. */
void ukl_helper_file_put(struct file *file)
{
	if (current->flags & PF_KTHREAD)
		__fput_sync(file);
	else
		fput(file);
}

/* What kernel_read() would complain of in the log, and kernel_write() likewise. */
static int refuse(struct file *file, bool write)
{
	const struct file_operations *ops = file->f_op;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (S_ISDIR(file_inode(file)->i_mode))
		return -EISDIR;
	if (write ? !ops->write_iter || ops->write : !ops->read_iter || ops->read)
		return -EINVAL;
	return 0;
}

/* kernel_write(), but a pipe or socket that nobody reads raises no SIGPIPE. */
static ssize_t write_without_signal(struct file *file, void *buf, size_t len, loff_t *pos)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb kiocb;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	init_sync_kiocb(&kiocb, file);
	kiocb.ki_flags |= IOCB_NOSIGNAL;
	kiocb.ki_pos = pos ? *pos : 0;
	ret = vfs_iocb_iter_write(file, &kiocb, &iter);
	if (ret > 0) {
		if (pos)
			*pos = kiocb.ki_pos;
		add_wchar(current, ret);
	}
	inc_syscw(current);
	return ret;
}

static ssize_t transfer(struct file *file, void *buf, size_t len, loff_t *pos, bool write)
{
	len = min_t(size_t, len, MAX_RW_COUNT);
	return write ? write_without_signal(file, buf, len, pos) :
		       kernel_read(file, buf, len, pos);
}

/* At the file's position, as read() and write(). */
ssize_t ukl_helper_file_rw(struct file *file, void *buf, size_t len, bool write)
{
	int err = refuse(file, write);
	ssize_t ret;

	if (err)
		return err;
	if (file->f_mode & FMODE_STREAM)
		return transfer(file, buf, len, NULL, write);
	if (!(file->f_mode & FMODE_ATOMIC_POS))
		return transfer(file, buf, len, &file->f_pos, write);
	mutex_lock(&file->f_pos_lock);
	ret = transfer(file, buf, len, &file->f_pos, write);
	mutex_unlock(&file->f_pos_lock);
	return ret;
}

/* At @pos, as pread() and pwrite(). */
ssize_t ukl_helper_file_prw(struct file *file, void *buf, size_t len, loff_t pos, bool write)
{
	int err;

	if (pos < 0)
		return -EINVAL;
	err = refuse(file, write);
	if (err)
		return err;
	if (!(file->f_mode & (write ? FMODE_PWRITE : FMODE_PREAD)))
		return -ESPIPE;
	return transfer(file, buf, len, &pos, write);
}

loff_t ukl_helper_file_size(struct file *file)
{
	struct kstat stat;
	int err = vfs_getattr(&file->f_path, &stat, STATX_SIZE, AT_STATX_SYNC_AS_STAT);

	return err ?: stat.size;
}

/* What close() says; the caller's reference stays. */
int ukl_helper_file_flush(struct file *file)
{
	get_file(file);
	return filp_close(file, NULL);
}
