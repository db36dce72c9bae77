// SPDX-License-Identifier: GPL-2.0
/* Memory that is shared with user space. */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "helpers.h"

/* The child of a fork() has no business in it, and it cannot grow. */
int ukl_helper_area_map(void *area, size_t size, struct vm_area_struct *vma)
{
	int err = 0;

	if (vma->vm_end - vma->vm_start != size)
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	for (size_t at = 0; at < size && !err; at += PAGE_SIZE)
		err = vm_insert_page(vma, vma->vm_start + at, vmalloc_to_page(area + at));
	return err;
}
