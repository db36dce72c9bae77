#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The counter of page faults on application stacks is awake: it counts those that are made on purpose,
# and no others. run.sh has it count over all tests.
. "$(dirname "$0")/../lib.sh"

counter=/sys/module/ukl_test_faults/parameters

# counts CASE DELIBERATE ALL: runs a case; faults that are counted at its address, and at least in all.
counts() {
	local deliberate application kernel
	deliberate=$(cat $counter/deliberate)
	application=$(cat $counter/application)
	kernel=$(cat $counter/kernel)
	run_case "$1" || return 1
	deliberate=$(($(cat $counter/deliberate) - deliberate))
	application=$(($(cat $counter/application) - application))
	kernel=$(($(cat $counter/kernel) - kernel))
	echo "$deliberate deliberate, $application on application stacks, $kernel in the kernel"
	[ $deliberate = "$2" ] && [ $application = "$2" ] && [ $kernel -ge "$3" ]
}

ktap_print_header
want ukl ukl_test ukl_test_faults
check "faults of an application are counted" counts fault.in_application_mode 3 3
check "one in a call is not the application's" counts fault.in_a_call 0 1
check "calls take none" counts tcp.both_ways_at_once 0 0
finish
