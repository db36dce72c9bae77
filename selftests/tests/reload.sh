#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading ukl.ko and the samples 100 times in a row: nothing leaks, nothing is logged.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../leak.sh"

rounds=100
scan=$(dirname "$0")/../../tools/klog-scan.sh
load_leaker() {
	insmod "$modules/ukl_test_leak.ko" "$1=$2" && rmmod ukl_test_leak
}

finds() {
	leaks 20 load_leaker "$1" "$2" >"$seen.found"
	cat "$seen.found"
	grep -q "$3" "$seen.found"
}

load_each() {
	insmod "$modules/ukl.ko" && insmod "$modules/echo.ko" port=7040 && insmod "$modules/kv.ko" port=7041 &&
		rmmod kv echo ukl
}

no_leak() {
	local start status
	start=$(now_ms)
	leaks "$@"
	status=$?
	note "took $(($(now_ms) - start)) ms"
	[ $status = 1 ]
}

# Above info is notice, level 5. The mark is in the log, so that nothing of it was lost.
quiet() {
	local lines
	dmesg | grep -q "$mark" || return 1
	lines=$(dmesg --raw | awk -v mark="$mark" 'seen; index($0, mark) { seen = 1 }' | "$scan" --judged | grep -aE '^<[0-5]>')
	printf '%s\n' "$lines" | head -n 20
	[ -z "$lines" ]
}

ktap_print_header
unload_all
# Grace periods of RCU are what all of this would wait for.
echo 1 >/sys/kernel/rcu_expedited
check "a slab leak is found" finds slab 3000 '^slab:kmalloc-4k'
check "a vmalloc leak is found" finds pages 1 '^vmalloc:areas'
check "no leak is found where none is" no_leak 20 load_leaker slab 0
# The first one says that it taints the kernel.
check "each can be loaded and unloaded" load_each
mark="selftests: reload: $rounds rounds begin"
echo "<6>$mark" >/dev/kmsg
check "ukl, echo and kv leak nothing in $rounds rounds" no_leak $((rounds / 2)) load_each
check "nothing was logged above info" quiet
echo 0 >/sys/kernel/rcu_expedited
rm -rf "$seen" "$seen.found"
finish
