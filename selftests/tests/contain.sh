#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Faults of applications that end them and nothing else: those of which the kernel makes no report of its own. For the
# others see selftests/contain.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../each_fault.sh"
. "$(dirname "$0")/../flood.sh"

ktap_print_header
expect_containment
each_fault_begin
for kind in noncanonical:SEGV ud2:ILL divide:FPE abort:ABRT; do
	each_fault "${kind%:*}" "${kind#*:}"
done
check "a kernel thread's others end as well" others_end_too
rmmod ukl_test_process ukl
flood_begin
for kind in noncanonical:SEGV ud2:ILL divide:FPE abort:ABRT; do
	flood "${kind%:*}" "${kind#*:}"
done
flood_end
finish
