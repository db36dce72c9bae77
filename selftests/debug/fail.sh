#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Allocations that fail, one after the other: in the calls of applications, in loading modules, in /dev/ukl.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/leaked.sh"

# What fails, fails without a stack dump; and what fails is also what may sleep, and single pages.
for what in failslab fail_page_alloc; do
	echo 0 >/sys/kernel/debug/$what/verbose
	echo 0 >/sys/kernel/debug/$what/probability
	echo N >/sys/kernel/debug/$what/ignore-gfp-wait
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

ktap_print_header
run_cases fail run_noted
check "nothing has leaked" nothing_leaked
unload_all
for what in load device; do
	while read -r case; do
		check "$what, $case" "$build/selftests/fail" $what "$case"
	done < <("$build/selftests/fail" $what)
	check "$what: nothing has leaked" nothing_leaked
done
finish
