#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# overflow.sh: an application that overflows its stack ends the machine, with the kernel's own words and not with
# a silent write. Boots a machine of its own; runs outside of it. Prints KTAP.
set -u
clone=$(cd "$(dirname "$0")/.." && pwd)
. "$clone/selftests/harness.sh"
log=$clone/build/vm/overflow/console.log

# field PATTERN: what follows PATTERN in the console's log, a hexadecimal number.
field() {
	grep -aoE "$1[0-9a-f]+" "$log" | head -n 1 | grep -oE '[0-9a-f]+$'
}

# The access that failed is on the page below the stack, and the stack pointer has got there or is about to.
in_the_guard_page() {
	local bottom cr2
	bottom=$(field 'stack of [0-9]* bytes ends at ')
	cr2=$(field 'CR2: ')
	echo "the stack ends at $bottom, the access was to $cr2"
	[ -n "$bottom" ] && [ -n "$cr2" ] && [ $((0x$bottom - 0x$cr2)) -gt 0 ] && [ $((0x$bottom - 0x$cr2)) -le 4096 ]
}

in_the_log() {
	grep -qaE "$1" "$log" || tail -n 30 "$log"
	grep -qaE "$1" "$log"
}

job='insmod build/modules/ukl_test.ko && echo fault.overflow >/sys/kernel/debug/ukl_test/run'
echo "KTAP version 1"
NAME=overflow TIMEOUT=${TIMEOUT:-120} "$clone/tools/vm.sh" "$job" </dev/null >"$clone/build/vm/overflow.out" 2>&1
status=$?
result "the machine ends" [ $status = 125 ]
result "by a double fault" in_the_log 'double fault: 0000'
result "in the function that recurses" in_the_log 'RIP: 0010:recurse\+'
result "at the page below the stack" in_the_guard_page
result "with a panic" in_the_log 'Kernel panic - not syncing: '
echo "1..$test_count"
[ "$test_failed" = 0 ]
