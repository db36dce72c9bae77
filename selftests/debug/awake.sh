#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whether the checkers of a debug kernel report what they are there for: each thing that is done wrong on purpose. For
# a boot of its own, whose log is full of reports then; some of them say nothing any more after their first.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/leaked.sh"

awake=/sys/module/ukl_test_awake/parameters/do

# reported REGEX NAME: NAME is done wrong, and the log says so.
reported() {
	local before
	before=$(dmesg | wc -l)
	echo "$2" >$awake || return 1
	if [ "$2" = leak ] && nothing_leaked; then return 1; fi
	until_true 30000 in_log "$1" "$before"
}

# in_log REGEX LINES: behind so many lines.
in_log() {
	dmesg | tail -n +$(($2 + 1)) | grep -aE "$1"
}

ktap_print_header
expect_in_log .
want ukl_test_awake
case $KERNEL in
kcsan)
	check "a data race" reported 'BUG: KCSAN: data-race in count_in_c.*ukl_test_awake' race
	check "a data race in Rust" reported 'BUG: KCSAN: data-race in count_in_rust.*ukl_test_awake' rust_race
	;;
*)
	# A report of KASAN ends those of lockdep, and the first of lockdep its others.
	check "memory that leaks" reported 'kmemleak: [0-9]+ new suspected' leak
	check "sleeping in atomic context" reported 'BUG: (sleeping function called from invalid context|scheduling while atomic)' atomic_sleep
	check "a pointer that RCU does not protect" reported 'suspicious RCU usage' rcu
	check "locks in two orders" reported 'possible circular locking dependency' locks
	check "a shift that is too far" reported 'UBSAN: shift-out-of-bounds' shift
	check "a list that is broken" reported 'list_del corruption' list
	check "a timer that is freed while it runs" reported 'ODEBUG: free active' object
	check "a read behind an object" reported 'BUG: KASAN: slab-out-of-bounds in read_behind' bounds
	check "a read behind an object in Rust" reported 'BUG: KASAN: slab-out-of-bounds in read_in_rust' rust_bounds
	check "a read behind an area" reported 'BUG: KASAN: vmalloc-out-of-bounds in read_behind' vmalloc_bounds
	check "a read of what was freed" reported 'BUG: KASAN: slab-use-after-free in read_behind' freed
	;;
esac
rmmod ukl_test_awake
finish
