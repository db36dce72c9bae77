#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A C program that stumbles over NULL is ended; the machine and the next program go on.
. "$(dirname "$0")/../lib.sh"

out=/tmp/out

# ends HOW STATUS: the module of a program that was ended in the midst of it stays loaded.
ends() {
	"$build/bin/ukl" run "$modules/ends.ko" -- "$1" >$out 2>&1
	local status=$?
	[ $status = "$2" ] || { echo "status $status"; cat $out; return 1; }
	! loaded ends || rmmod ends ukl_linux
}

is_named() {
	dmesg | grep -q "ukl: ends/[0-9]*: SIGSEGV in stumble[^ ]* \[ends\], address 0x0: the application is ended"
}

ktap_print_header
expect_reports
check "NULL" ends null 139
check "the log names the function" is_named
check "the next program runs" ends exit 5
check "nothing is left" eval '! loaded ends && ! loaded ukl_linux && nothing_runs'
check "the modules unload" rmmod ukl
finish
