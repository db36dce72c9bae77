// SPDX-License-Identifier: GPL-2.0
/*
 * What tcp_sendmsg() copies goes into pages of TCP's, which the page allocator zeroes before they
 * are overwritten (init_on_alloc, which distributions set). Here it is copied into pages that are
 * used again when nobody has a reference any more, and TCP is handed those (MSG_SPLICE_PAGES).
 *
 * A page's bytes are written once between two times that it is ours alone, and a packet refers to
 * no others than those of its message. So nobody sees what another message left in a page.
 */
#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "helpers.h"
#include "staged.h"

#define STAGE_ORDER	3	/* as SKB_FRAG_PAGE_ORDER */
#define STAGE_SIZE	(PAGE_SIZE << STAGE_ORDER)
#define STAGES		8	/* what a CPU keeps: 256 KiB */

struct stages {
	local_lock_t lock;
	struct page *page[STAGES];
	unsigned int at;		/* the one that is being filled, */
	unsigned int used;		/* and so far */
};

static DEFINE_PER_CPU(struct stages, stages) = {
	.lock = INIT_LOCAL_LOCK(lock),
};

static bool is_free(const struct page *page)
{
	return !page || page_ref_count(page) == 1;
}

/* The next page, which is empty. If packets refer to all, one is left to them. */
static struct page *next_stage(struct stages *s)
{
	struct page **page;

	for (int tries = 0; tries < STAGES; tries++) {
		s->at = (s->at + 1) % STAGES;
		if (is_free(s->page[s->at]))
			break;
	}
	s->used = 0;
	page = &s->page[s->at];
	if (!is_free(*page)) {
		put_page(*page);
		*page = NULL;
	}
	if (!*page)
		*page = alloc_pages(GFP_NOWAIT | __GFP_COMP | __GFP_NOWARN, STAGE_ORDER);
	return *page;
}

/* Copies @len bytes to where a reference is taken to. False: there is no page. */
static bool stage(struct iov_iter *from, size_t len, struct bio_vec *copy)
{
	struct stages *s;
	struct page *page;
	bool copied;

	local_lock(&stages.lock);
	s = this_cpu_ptr(&stages);
	page = s->page[s->at];
	if (!page || s->used + len > STAGE_SIZE)
		page = next_stage(s);
	copied = page && copy_from_iter_full(page_address(page) + s->used, len, from);
	if (likely(copied)) {
		bvec_set_page(copy, page, len, s->used);
		get_page(page);
		s->used += len;
	}
	local_unlock(&stages.lock);
	return copied;
}

/* tcp_sendmsg() of @len bytes, of STAGED_MIN to STAGED_MAX. */
int ukl_linux_send_staged(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct bio_vec copy;
	int ret;

	if (unlikely(!stage(&msg->msg_iter, len, &copy)))
		return tcp_sendmsg(sk, msg, len);
	/* Nobody writes to them, so a packet need not be copied before it is looked at. */
	msg->msg_flags |= MSG_SPLICE_PAGES | MSG_NO_SHARED_FRAGS;
	iov_iter_bvec(&msg->msg_iter, ITER_SOURCE, &copy, 1, len);
	ret = tcp_sendmsg(sk, msg, len);
	put_page(copy.bv_page);
	return ret;
}

/* When nobody sends any more. Packets keep what they refer to. */
void ukl_linux_helper_free_stages(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct stages *s = per_cpu_ptr(&stages, cpu);

		for (int i = 0; i < STAGES; i++)
			if (s->page[i])
				put_page(s->page[i]);
	}
}
