// SPDX-License-Identifier: GPL-2.0
/* What the TCP shortcuts end in. */
#include <linux/indirect_call_wrapper.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "helpers.h"

/* Whether what is in the queues is what is sent and received: no TLS and no BPF on top of it. */
static bool is_plain(const struct sock *sk)
{
	const struct proto *prot = READ_ONCE(sk->sk_prot);

	return prot->sendmsg == tcp_sendmsg && prot->recvmsg == tcp_prot.recvmsg;
}

int ukl_helper_nodelay(struct socket *sock, bool on)
{
	int value = on;

	return sock_common_setsockopt(sock, SOL_TCP, TCP_NODELAY, KERNEL_SOCKPTR(&value),
				      sizeof(value));
}

int ukl_helper_tcp_send(struct socket *sock, const void *buf, size_t len, int flags)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };

	return ukl_helper_tcp_sendv(sock, &vec, 1, len, flags);
}

int ukl_helper_tcp_sendv(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
			 int flags)
{
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, count, len);
	/* Another one if TLS or BPF has been put on top of the socket. */
	return INDIRECT_CALL_1(READ_ONCE(sock->sk->sk_prot)->sendmsg, tcp_sendmsg, sock->sk, &msg,
			       len);
}

int ukl_helper_tcp_recv(struct socket *sock, void *buf, size_t len, int flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };

	return ukl_helper_tcp_recvv(sock, &vec, 1, len, flags);
}

/* tcp_recvmsg() is not exported; the socket's protocol knows it. */
int ukl_helper_tcp_recvv(struct socket *sock, const struct kvec *vec, size_t count, size_t len,
			 int flags)
{
	struct sock *sk = sock->sk;
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, vec, count, len);
	return READ_ONCE(sk->sk_prot)->recvmsg(sk, &msg, len, flags);
}

/* Whether every page of a buffer may be referred to by a socket: it has a count of its own. */
static bool is_spliceable(const void *buf, size_t len)
{
	const void *end = buf + len;

	for (buf = PTR_ALIGN_DOWN(buf, PAGE_SIZE); buf < end; buf += PAGE_SIZE) {
		struct page *page = NULL;

		/* A device's memory may be mapped there as well. */
		if (is_vmalloc_addr(buf))
			page = pfn_to_online_page(vmalloc_to_pfn(buf));
		else if (virt_addr_valid(buf))
			page = virt_to_page(buf);
		if (!page || PageReserved(page) || PageLargeKmalloc(page) || !sendpage_ok(page))
			return false;
	}
	return true;
}

int ukl_helper_tcp_send_pages(struct socket *sock, const void *buf, size_t len, int flags)
{
	if (!is_spliceable(buf, len))
		return -EINVAL;
	return ukl_helper_tcp_send(sock, buf, len, flags | MSG_SPLICE_PAGES);
}

/* Hands @len contiguous bytes to the reader. Gives back how many it consumed. */
static size_t read_part(read_descriptor_t *desc, const void *data, size_t len)
{
	struct ukl_tcp_reader *reader = desc->arg.data;
	ssize_t used;

	reader->called = true;
	used = reader->consume(reader, data, len);
	if (used == len)
		return len;
	/* What it leaves ends the receive. */
	desc->count = 0;
	if (used > (ssize_t)len)
		used = -EINVAL;
	if (used < 0) {
		desc->error = used;
		return 0;
	}
	return used;
}

/* A contiguous part of an skb: @size bytes at @data, the first one with the number @start. */
struct skb_part {
	const void *data;
	size_t start, size;
};

/* What is left to read of an skb: @left bytes from number @offset on. */
struct skb_rest {
	size_t offset, left;
};

/* Reads what a part has of the rest. Gives back whether there is more to read behind the part. */
static bool read_rest(read_descriptor_t *desc, const struct skb_part *part, struct skb_rest *rest)
{
	size_t skip = rest->offset - part->start, used;

	if (skip >= part->size)
		return true;
	used = read_part(desc, part->data + skip, min(rest->left, part->size - skip));
	rest->offset += used;
	rest->left -= used;
	return rest->left && desc->count;
}

/* What tcp_read_sock() calls for an skb: reads @len bytes from @offset on, part by part. */
static int read_actor(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	struct skb_rest rest = { .offset = offset, .left = len };
	struct skb_part part = { .data = skb->data, .size = skb_headlen(skb) };
	struct sk_buff *next;

	/* Called once more for what the consumer has left. */
	if (!desc->count)
		return 0;
	if (unlikely(!skb_frags_readable(skb))) {
		desc->error = -EFAULT;
		desc->count = 0;
		return 0;
	}
	if (part.size && !read_rest(desc, &part, &rest))
		return len - rest.left;
	for (int i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		part.start += part.size;
		part.size = skb_frag_size(frag);
		part.data = skb_frag_address(frag);
		if (!read_rest(desc, &part, &rest))
			return len - rest.left;
	}
	/* Packets that were merged into this one; they have no such list of their own. */
	skb_walk_frags(skb, next) {
		size_t used;

		part.start += part.size;
		part.size = next->len;
		if (rest.offset >= part.start + part.size)
			continue;
		used = read_actor(desc, next, rest.offset - part.start,
				  min(rest.left, part.start + part.size - rest.offset));
		rest.offset += used;
		rest.left -= used;
		if (!rest.left || !desc->count)
			break;
	}
	return len - rest.left;
}

/* Nothing was read: 0 at the end of the stream, 1 if it is worth waiting, else an error. */
static int why_empty(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (tp->urg_data && tp->urg_seq == tp->copied_seq)
		return -EBADMSG;
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	return sk->sk_state == TCP_CLOSE ? -ENOTCONN : 1;
}

/* Sends what the reader has to say, with the socket locked. */
static ssize_t answer(struct sock *sk, struct ukl_tcp_reader *reader)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = {};

	vec.iov_base = (void *)reader->reply(reader, &vec.iov_len);
	if (IS_ERR(vec.iov_base))
		return PTR_ERR(vec.iov_base);
	if (!vec.iov_len)
		return 0;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	return tcp_sendmsg_locked(sk, &msg, vec.iov_len);
}

/*
 * Receives in place under the socket lock, as tcp_recvmsg() does it: waits for the first byte
 * unless MSG_DONTWAIT. Then sends what the reader has to answer, under the same lock and without
 * waiting.
 */
ssize_t ukl_helper_tcp_read(struct socket *sock, struct ukl_tcp_reader *reader, int flags)
{
	read_descriptor_t desc = { .arg.data = reader };
	struct sock *sk = sock->sk;
	ssize_t ret;
	long timeo;

	lock_sock(sk);
	if (unlikely(!is_plain(sk))) {
		release_sock(sk);
		return -EOPNOTSUPP;
	}
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	for (;;) {
		desc.count = 1;
		ret = tcp_read_sock(sk, &desc, read_actor);
		if (ret || desc.error || reader->called)
			break;
		ret = why_empty(sk);
		if (ret <= 0)
			break;
		ret = -EAGAIN;
		if (!timeo)
			break;
		if (signal_pending(current)) {
			ret = sock_intr_errno(timeo);
			break;
		}
		ret = sk_wait_data(sk, &timeo, NULL);
		if (ret < 0)
			break;
		/* The socket was unlocked, and a process may have it as well. */
		if (unlikely(!is_plain(sk))) {
			ret = -EOPNOTSUPP;
			break;
		}
	}
	if (reader->called && reader->reply)
		reader->sent = answer(sk, reader);
	release_sock(sk);
	return ret ?: desc.error;
}
