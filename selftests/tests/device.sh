#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The ABI of /dev/ukl, sentence by sentence.
. "$(dirname "$0")/../lib.sh"

# by NAME PROGRAM: a test of one of the programs, which leaves no application behind.
by() {
	"$build/selftests/$2" "$1" || return 1
	until_true 20000 nothing_runs || {
		cat "$ukl_debugfs/apps" "$ukl_debugfs/threads"
		return 1
	}
}

ktap_print_header
expect_containment
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
for program in device exits; do
	for name in $("$build/selftests/$program"); do
		echo "<6>selftests: $program $name" >/dev/kmsg
		check "$name" by "$name" $program
	done
done
check "the module is not in use" rmmod ukl_test_process
check "ukl is not in use" rmmod ukl
check "the device is gone" test ! -e /dev/ukl
finish
