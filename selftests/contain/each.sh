#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Faults of applications that the kernel reports before they are contained.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../each_fault.sh"

ktap_print_header
expect_reports
each_fault_begin
for kind in read:SEGV write:SEGV readonly:SEGV call:SEGV memcpy:SEGV bug:ILL; do
	each_fault "${kind%:*}" "${kind#*:}"
done
check "what UKL_RUN says" "$build/selftests/exits" -reported
check "the modules unload" rmmod ukl_test_process ukl
finish
