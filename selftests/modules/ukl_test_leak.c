// SPDX-License-Identifier: GPL-2.0
/* Leaks on purpose each time it is loaded: what the leak test must notice. */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static int slab;
module_param(slab, int, 0);
MODULE_PARM_DESC(slab, "bytes of slab memory to leak");

static int pages;
module_param(pages, int, 0);
MODULE_PARM_DESC(pages, "pages of vmalloc memory to leak");

static int __init leak_init(void)
{
	void *lost = NULL;

	if (slab)
		lost = kmalloc(slab, GFP_KERNEL);
	OPTIMIZER_HIDE_VAR(lost);
	if (pages)
		lost = vmalloc(pages * PAGE_SIZE);
	OPTIMIZER_HIDE_VAR(lost);
	return 0;
}
module_init(leak_init);

static void __exit leak_exit(void)
{
}
module_exit(leak_exit);

MODULE_DESCRIPTION("Leaks on purpose, to test the leak test");
MODULE_LICENSE("GPL");
