#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# contain.sh [TEST...]: what the kernel's log is full of afterwards, in machines of their own; runs outside of them.
# First the tests of selftests/contain, in which applications are ended for what they do and the kernel goes on. Then
# a fault in the kernel, in a call of an application, which is none of ukl.ko's business, and an abort there. Prints KTAP.
set -u
clone=$(cd "$(dirname "$0")/.." && pwd)
. "$clone/selftests/harness.sh"
: "${TIMEOUT:=1400}"
log=$clone/build/vm/kernel_fault/dmesg.log

contained() {
	NAME=contain LOAD=0 TIMEOUT=$TIMEOUT "$clone/tools/vm.sh" \
		TESTS=/ukl/selftests/contain bash selftests/run.sh "$@"
}

in_the_log() {
	grep -qaE "$1" "$log" || tail -n 60 "$log"
	grep -qaE "$1" "$log"
}

not_in_the_log() {
	[ -s "$log" ] && ! grep -aE "$1" "$log"
}

echo "KTAP version 1"
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(find "$clone/selftests/contain" -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' | sort)
export -f contained
export clone TIMEOUT
run_test "contained" $((TIMEOUT + 30)) bash -c 'contained "$@"' sh "$@"

# Their applications are in the tables for good: nobody can take them back.
job='insmod build/modules/ukl.ko && insmod build/modules/ukl_test.ko
(echo fault.in_the_kernel >/sys/kernel/debug/ukl_test/run) >/dev/null 2>&1 &
sleep 3
insmod build/modules/ukl_test_rust.ko case=100 >/dev/null 2>&1 &
sleep 3
timeout 5 cat /sys/kernel/debug/ukl/apps && timeout 5 cat /sys/kernel/debug/ukl/threads && echo still there'

goes_on() {
	NAME=kernel_fault LOAD=0 TIMEOUT=120 "$clone/tools/vm.sh" "$job" </dev/null >"$clone/build/vm/kernel_fault.out" 2>&1
	cat "$clone/build/vm/kernel_fault.out"
	grep -q 'still there' "$clone/build/vm/kernel_fault.out"
}

result "a fault in the kernel: the machine goes on" goes_on
result "an oops in the function that made it" in_the_log 'RIP: 0010:fault_in_the_kernel\+'
result "which is fatal to its task" in_the_log 'note: .* exited with irqs disabled|Fixing recursive fault|---\[ end trace'
result "an abort in a call: a panic" in_the_log 'rust_kernel: panicked at .*rust/ukl/process\.rs'
result "neither is contained" not_in_the_log 'the application is ended'
echo "1..$test_count"
[ "$test_failed" = 0 ]
