#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Allocations that fail, one after the other: in the calls of applications, in loading modules, in /dev/ukl, in the system
# calls of C programs.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/leaked.sh"

# What fails, fails without a stack dump of its own; and what fails is also what may sleep, and single pages.
for fault in /sys/kernel/debug/fail*/; do
	echo 0 >"$fault/verbose"
	echo 0 >"$fault/probability"
done
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# expect_failures: what the kernel says when it has no memory: a stack dump and how much there is, at times; and those that
# had no memory. Loading a module without some of it makes the kernel warn of its own code (jump labels).
expect_failures() {
	local at='^<[34]>\[[^]]*\]'
	expect_in_log "$at (fail|scarce): (vmalloc error: size|page allocation failure: order)"
	expect_in_log "$at (CPU|Tainted|Hardware name|Call Trace|(RIP|RSP): [0-9]+|Code|(R[A-Z]X|R[A-Z]P|R[0-9]+)|Mem-Info):"
	expect_in_log "$at  (</?TASK>|(\\? )?[a-zA-Z_0-9.]+\\+0x)"
	expect_in_log "$at (active_anon|Node 0|DMA(32)?( free)?|Normal( free)?|lowmem_reserve\\[]|Memory cgroup min protection)[: ]"
	expect_in_log "$at [0-9]+ (total pagecache pages|pages (RAM|reserved|HighMem|hwpoisoned|cma reserved))"
	expect_in_log "$at (WARNING: at jump_label_(module_notify|del_module)\\+|Failed to allocate memory(: jump_label| for static))"
	expect_in_log "$at (Modules linked in:|(FS|CS|CR2):|irq event stamp:|(hard|soft)irqs last|---\\[ end trace)"
	expect_in_log "$at (warn_alloc|execmem_vmalloc): [0-9]+ callbacks suppressed"
	expect_in_log "$at (ERROR: alloc failure, ftrace filter could be stale|virtio-fs: virtio_fs_enqueue_req\\(\\) failed -12)"
	expect_in_log "$at (execmem:|ftrace:|socket:|debugfs:|kobject:|kunit module:|kmemleak: Cannot allocate a scan area)"
	expect_in_log "$at     # [a-z_]+: internal error occurred"
	expect_in_log "$at [a-z_]+: (Unknown symbol ukl_[a-z_]+ \\(err -12\\)|unknown parameter 'start' ignored)"
	expect_in_log "$at echo: cannot listen on port 7: -EINTR"
}

# in_ring_0 NAME: runs a C program whose output is KTAP, and shows what its comments say.
in_ring_0() {
	local status
	"$build/bin/ukl" run "$modules/$1.ko" >"$test_output.said" 2>&1
	status=$?
	grep '^#' "$test_output.said" >&4
	cat "$test_output.said"
	return $status
}

ktap_print_header
expect_failures
run_cases fail run_noted
check "nothing has leaked" nothing_leaked
unload_all
for what in load device; do
	while read -r case; do
		check "$what, $case" "$build/selftests/fail" $what "$case"
	done < <("$build/selftests/fail" $what)
	check "$what: nothing has leaked" nothing_leaked
done
check "system calls of a C program" in_ring_0 scarce
check "C programs: nothing has leaked" nothing_leaked
rm -f "$test_output.said"
finish
