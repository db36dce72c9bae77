/* SPDX-License-Identifier: GPL-2.0 */
/* ukl/file.h - files; see ukl.h */
#ifndef _UKL_FILE_H
#define _UKL_FILE_H

#include <linux/fcntl.h>
#include <linux/types.h>

struct ukl_app;
struct ukl_file;	/* a file that an application has open */

/**
 * ukl_file_open() - open a file
 * @path: from the root, or from the working directory, of the calling task; at most PATH_MAX bytes
 * @flags: as open(): O_RDONLY, O_WRONLY or O_RDWR with O_CREAT, O_EXCL, O_TRUNC, O_APPEND,
 *	O_SYNC...
 * @mode: the permissions of a file that is made; as for open(), the task's umask is taken off
 *
 * filp_open(), with the credentials, the mount namespace and the root of the calling task. For the
 * kernel threads that ukl_app_start() makes those are root's and init's.
 *
 * Return: A file, to be given back with ukl_file_close(). Errors: -EFAULT, and those of open().
 */
struct ukl_file *ukl_file_open(const char *path, int flags, umode_t mode);

/**
 * ukl_file_from_fd() - take over a file by its descriptor
 * @app: the application that gets it; NULL for that of the calling UKL thread
 * @fd: a descriptor of the calling task
 *
 * The process keeps its descriptor, and both use the file from then on, as with dup(). For a socket
 * there is ukl_sock_from_fd().
 *
 * Context: As ukl_sock_from_fd().
 * Return: A file, to be given back with ukl_file_close(). Errors: -EBADF if @fd is not open;
 * -EINVAL, -EPERM, -EINTR and -ENOMEM as ukl_sock_from_fd().
 */
struct ukl_file *ukl_file_from_fd(struct ukl_app *app, int fd);

/**
 * ukl_file_read() - read from where the file's position is
 * @file: a file that was opened for reading
 * @buf: kernel memory, written during the call
 * @len: bytes; more than INT_MAX is taken for the whole pages in it
 *
 * kernel_read(), and the position moves on. A pipe and its like have no position.
 *
 * Context: As all calls; blocks, unless the file is O_NONBLOCK.
 * Return: How many bytes are in @buf, 0 at the end. Errors: -EBADF if @file is NULL, ERR_PTR() or
 * not open for reading, -EFAULT, -EINVAL for a file that cannot be read into kernel memory,
 * -EAGAIN, -EISDIR, -EIO and what the file has.
 */
ssize_t ukl_file_read(struct ukl_file *file, void *buf, size_t len);

/**
 * ukl_file_write() - write to where the file's position is, or to its end with O_APPEND
 * @file: a file that was opened for writing
 * @buf: kernel memory, read during the call
 * @len: bytes; more than INT_MAX is taken for the whole pages in it
 *
 * As kernel_write(), but without SIGPIPE; the position moves on. Two writes with O_APPEND do not
 * get into each other. Works also when the thread was asked to stop, so that a log can be brought
 * to its end.
 *
 * Context: As ukl_file_read().
 * Return: How many bytes were taken. Errors: -EBADF if @file is NULL, ERR_PTR() or not open for
 * writing, -EFAULT, -EINVAL for a file that cannot be written from kernel memory (an eventfd is
 * one), -EAGAIN, -ENOSPC, -EDQUOT, -EFBIG, -EPIPE, -EIO and what the file has.
 */
ssize_t ukl_file_write(struct ukl_file *file, const void *buf, size_t len);

/**
 * ukl_file_pread() - read from a position
 * @file: a file that was opened for reading and has positions
 * @buf: kernel memory, written during the call
 * @len: bytes; more than INT_MAX is taken for the whole pages in it
 * @pos: in bytes from the start
 *
 * Return: As ukl_file_read(). -ESPIPE for a file without positions, -EINVAL for a @pos below 0.
 */
ssize_t ukl_file_pread(struct ukl_file *file, void *buf, size_t len, loff_t pos);

/**
 * ukl_file_pwrite() - write to a position
 * @file: a file that was opened for writing and has positions
 * @buf: kernel memory, read during the call
 * @len: bytes; more than INT_MAX is taken for the whole pages in it
 * @pos: in bytes from the start; of no meaning with O_APPEND
 *
 * Works also when the thread was asked to stop.
 *
 * Return: As ukl_file_write(). -ESPIPE for a file without positions, -EINVAL for a @pos below 0.
 */
ssize_t ukl_file_pwrite(struct ukl_file *file, const void *buf, size_t len, loff_t pos);

/**
 * ukl_file_sync() - wait until what was written is on the disk
 * @file: a file
 * @datasync: leave out metadata that reading the data back does not need, as fdatasync()
 *
 * vfs_fsync(). Works also when the thread was asked to stop.
 *
 * Return: 0. -EBADF if @file is NULL or ERR_PTR(), -EINVAL for a file that has no disk, -EIO,
 * -ENOSPC, -EDQUOT.
 */
int ukl_file_sync(struct ukl_file *file, bool datasync);

/**
 * ukl_file_size() - the size of a file
 * @file: a file
 *
 * vfs_getattr(): as stat() says it.
 *
 * Return: Bytes. -EBADF if @file is NULL or ERR_PTR(), -EIO.
 */
loff_t ukl_file_size(struct ukl_file *file);

/**
 * ukl_file_close() - close a file
 * @file: an open file of the calling application
 *
 * Calls that other threads have under way on it go on to their end, and the last of them closes it;
 * no call may begin on it any more. One that a signal of the process has interrupted, and that
 * would be made again, is -EBADF. An event set that it is in drops it. Works also when the thread
 * was asked to stop.
 *
 * Return: 0, or the error of writing that the file system kept for the closing. -EBADF if @file is
 * no open file of this application's.
 */
int ukl_file_close(struct ukl_file *file);

#endif /* _UKL_FILE_H */
